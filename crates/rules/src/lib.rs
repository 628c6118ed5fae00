//! Reads rule files, checks them and compiles them.
//!
//! A rule file is YAML: a rule that joins facts, events and probes, or a signature that makes events of log records.
//! Every mistake of every file is told at once, as a [`Diagnostic`] with a stable code, the exact place and help.
//! This crate evaluates nothing; it does not read files either: whoever opens them hands over their text.
//!
//! ```
//! use bundlescope_rules::{Pack, RuleFile};
//!
//! let text = "
//! id: redis-exited
//! title: Redis does not run
//! severity: high
//! when:
//!   server: { container: { name: $name, image: { contains: redis }, running: flase } }
//! message: '{{ name }} ended with {{ server.exit_code }}'
//! ";
//! let (pack, diagnostics) = Pack::load(vec![RuleFile { path: "redis-exited.yaml".into(), text: text.into() }]);
//! assert!(pack.rules().is_empty());
//! assert!(diagnostics[0].to_string().starts_with("redis-exited.yaml:6:76: error[BS0013]"));
//! ```

mod check;
mod codes;
mod diagnostic;
mod embedded;
mod keys;
mod layout;
mod model;
mod order;
mod pack;
mod place;
mod schema;
mod site;
mod suggest;
mod syntax;
mod template;
mod vocabulary;
mod yaml;

pub use codes::{CODES, Code, code};
pub use diagnostic::{Diagnostic, Severity as DiagnosticSeverity};
pub use embedded::embedded;
pub use keys::EXPECT as EXPECT_KEYS;
pub use layout::{Fragment, RuleText, Step, format, scalar};
pub use model::{
    Aggregate, Comparison, Condition, Confidence, CountPattern, Domain, Emit, Expect, FactPattern, FieldCondition,
    FixStep, Operand, Pattern, ProbePattern, Rule, RuleRole, RuleTest, Severity, Signature, SignaturePattern,
    SignatureTest, Status, Test, TestPlaces, Variable,
};
pub use pack::{Pack, RuleFile, RuleSource};
pub use schema::schema;
pub use site::{Override, Site, Suppression};
pub use suggest::nearest;
pub use template::{Purpose, Template, UNKNOWN, environment};
pub use vocabulary::{PROBE, VERDICTS};
