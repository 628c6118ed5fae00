//! Matches compiled rules against facts, events and probes, and records why each did or did not fire.
//!
//! [`evaluate`] takes a [`Pack`](bundlescope_rules::Pack) and a [`World`] and answers for every rule: it fired (the
//! findings), it is undecided because evidence is missing, or it is clear. [`explain`] tells for one rule which
//! condition left how many candidates and how near the nearest came.
//!
//! Conditions are joined over hash indexes that are built when first asked for, those that leave least first; probes
//! are asked once each. The order of facts never shows, nor does that of the conditions in what fires. No I/O, and it cannot fail; what a rule may look at is bounded.
//!
//! ```
//! use bundlescope_engine::{Coverage, ProbeAnswer, ProbeQuestion, Prober, Simulated, World, evaluate};
//! use bundlescope_facts::{Container, Fact, Source};
//! use bundlescope_rules::{Pack, RuleFile};
//!
//! struct Nobody;
//! impl Prober for Nobody {
//!     fn probe(&self, question: &ProbeQuestion) -> ProbeAnswer {
//!         ProbeAnswer { question: question.clone(), verdict: "unknown".into(), ..ProbeAnswer::default() }
//!     }
//!     fn after<'a>(&'a self, _: &str, _: &str) -> Result<Simulated<'a>, String> {
//!         Err("nothing is simulated here".into())
//!     }
//! }
//!
//! let text = "
//! id: redis-exited
//! title: '{{ name }} does not run'
//! severity: high
//! when:
//!   server: { container: { name: $name, image: { contains: redis }, running: false } }
//! message: '{{ name }} ended with {{ server.exit_code }}.'
//! ";
//! let (pack, _) = Pack::load(vec![RuleFile { path: "redis-exited.yaml".into(), text: text.into() }]);
//! let cache = Container {
//!     name: "cache".into(),
//!     image: Some("redis:7".into()),
//!     exit_code: Some(137),
//!     ..Container::default()
//! };
//! let facts = [Fact::new(Source::lines("docker-inspect.json", 1, 200), cache)];
//! let coverage = Coverage::default();
//! let world = World { facts: &facts, prober: &Nobody, coverage: &coverage, now: None };
//! assert_eq!(evaluate(&pack, &world).findings[0].message, "cache ended with 137.");
//! ```

mod answer;
mod arrange;
mod compare;
mod diagnosis;
mod difference;
mod evaluate;
mod exercise;
mod explain;
mod finding;
mod index;
mod join;
mod matching;
mod near;
mod picture;
mod probe;
mod profile;
mod render;
mod scope;
mod select;
mod suppress;
mod vacuous;
mod world;

pub use diagnosis::{
    BundleInfo, Diagnosis, DocumentInfo, Evidence, Finding, Fix, Missing, NotApplicable, ProbePath, Role, Suppressed,
    Undecided,
};
pub use difference::{BundleDiff, Change, ChangeKind, Fate, FieldChange, FindingDiff, NotCompared};
pub use evaluate::{Evaluation, evaluate};
pub use exercise::{Part, exercise};
pub use explain::{
    Asked, Blocker, ConditionReport, Explanation, Filter, Firing, Lacking, Remedy, Shown, Untried, explain,
};
pub use near::Nearest;
pub use picture::{Clock, MapContainer, MapHost, MapNetwork, Moment, NetworkMap, Timeline, Unexplained};
pub use probe::{ProbeAnswer, ProbeQuestion, Prober, Simulated, Unlisted};
pub use profile::{RuleCost, profile};
pub use vacuous::{meets_nothing, says_nothing};
pub use world::{Coverage, World};
