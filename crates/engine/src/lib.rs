//! Matches compiled rules against facts, events and probes, and records why each did or did not fire.
//!
//! No I/O, and it cannot fail.

mod diagnosis;
mod probe;

pub use diagnosis::{BundleInfo, Diagnosis, DocumentInfo, Evidence, Finding, Fix, Missing, ProbePath, Role, Undecided};
pub use probe::{ProbeAnswer, ProbeQuestion, Prober, Simulated};
