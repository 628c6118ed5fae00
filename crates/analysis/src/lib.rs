//! The facade: a bundle in, a diagnosis out.
//!
//! [`load`] reads a bundle and completes what its documents state: which host and which container they are about,
//! which services a container is configured to use, which container a failing client means. [`analyze`] also evaluates
//! rules. Both work in parallel, and neither depends on the number of threads.
//!
//! This crate opens no files itself and prints nothing.
//!
//! ```no_run
//! use bundlescope_analysis::{Options, Rulebook, analyze};
//! use bundlescope_bundle::Input;
//! use bundlescope_rules::{Pack, embedded};
//!
//! let (pack, _) = Pack::load_sources(&[embedded()]);
//! let rules = Rulebook::new(pack).expect("the built-in rules are sound");
//! let diagnosis = analyze(&Input::Path("bundle.tar.gz".into()), &rules, &Options::default())?;
//! for finding in &diagnosis.findings {
//!     println!("{}: {}", finding.cause, finding.title);
//! }
//! # Ok::<(), bundlescope_bundle::OpenError>(())
//! ```

mod canonical;
mod captured;
mod commands;
mod coverage;
mod dependencies;
mod diff;
mod enrich;
mod hosts;
mod intake;
mod kubectl_rows;
mod listening;
mod loaded;
mod names;
mod packet_traces;
mod picture;
mod ports;
mod prober;
mod quotes;
mod reasons;
mod resolve;
mod rule_tests;
mod shell;
mod signatures;
mod target;
mod trace;
mod unexplained;
mod vocabulary;

pub use bundlescope_bundle::{Limits, OpenError};
pub use diff::diff;
pub use intake::Bounds;
pub use loaded::{Loaded, Options, analyze, load, load_texts};
pub use ports::{
    Allow, Comparison, Decider, Declared, Difference, HostPorts, PortReport, Published, Requirements, Seen, Use,
    compare, ports,
};
pub use prober::{ModelProber, ProbeError};
pub use rule_tests::{
    Actual, Exercised, Fault, Mistake, TestOptions, TestOutcome, TestRun, impossible_tests, run_tests, vacuous_tests,
};
pub use signatures::Rulebook;
pub use trace::{NearMatch, SignatureTrace, TracedEvent};
pub use vocabulary::vocabulary;
