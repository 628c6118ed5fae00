//! The pack that the program carries with it.

use crate::pack::{RuleFile, RuleSource};

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The rule files of the top-level `rules/` folder as they were when the program was built.
pub fn embedded() -> RuleSource {
    let files = FILES.iter().map(|(path, text)| RuleFile { path: (*path).into(), text: (*text).into() }).collect();
    RuleSource { name: "core".into(), version: env!("CARGO_PKG_VERSION").into(), files }
}
