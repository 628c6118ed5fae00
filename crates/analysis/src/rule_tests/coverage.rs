//! What tests put to use together.

use bundlescope_engine::Part;
use bundlescope_logs::{Scanner, SignatureSet};
use bundlescope_rules::{Signature, SignatureTest};

use super::Exercised;
use crate::signatures::alone;

/// Adds what one more test did with each part.
pub(super) fn merge(known: &mut Vec<Part>, more: Vec<Part>) {
    if known.is_empty() {
        *known = more;
        return;
    }
    for (known, more) in known.iter_mut().zip(more) {
        known.held |= more.held;
        known.failed |= more.failed;
    }
}

/// Which patterns of a signature match in its tests, each asked alone.
pub(super) fn of_signature<'t>(signature: &Signature, tests: impl Iterator<Item = &'t SignatureTest>) -> Exercised {
    let logs: Vec<&str> = tests.map(|test| &*test.log).collect();
    let parts = signature.patterns.iter().enumerate().map(|(number, pattern)| {
        let set = SignatureSet::compile(vec![alone(signature, number)]).ok();
        let matches = |log: &&str| {
            let Some(set) = &set else { return false };
            let mut scanner = Scanner::new(set, "test.log".into(), None);
            scanner.feed(log.as_bytes());
            !scanner.finish().events.is_empty()
        };
        Part {
            kind: "pattern",
            line: pattern.line,
            what: pattern.regex.to_string(),
            held: logs.iter().any(matches),
            failed: true,
        }
    });
    Exercised { rule: signature.id.clone(), path: signature.path.clone(), parts: parts.collect() }
}
