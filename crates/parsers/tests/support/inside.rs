//! What must hold of everything that is read, in tests and in fuzz targets.

use bundlescope_parsers::Parsed;

/// The facts of a document lie within it, and its problems name lines of it.
pub(crate) fn stays_inside(bytes: &[u8], parsed: &Parsed) {
    let lines = bytes.iter().filter(|byte| **byte == b'\n').count() as u32 + 1;
    for fact in &parsed.facts {
        let source = &fact.source;
        assert!(1 <= source.first_line && source.first_line <= source.last_line && source.last_line <= lines);
        assert!(source.span.0 <= source.span.1 && source.span.1 <= bytes.len() as u64);
    }
    assert!(parsed.problems.iter().all(|problem| problem.line <= lines && !problem.message.is_empty()));
    for log in &parsed.logs {
        assert!(log.first_line <= lines && log.span.0 <= log.span.1 && log.span.1 <= bytes.len());
    }
}
