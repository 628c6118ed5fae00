//! /etc/timezone of Debian: the name of a zone and nothing else, so that only the path can tell.

use bundlescope_facts::TimeZone;

use crate::document::{Document, Parsed};
use crate::format::{Format, Hint, Match};

/// The format.
pub(crate) static TIMEZONE: Format =
    Format { name: "timezone", collect: "cat /etc/timezone", kinds: &["time_zone"], detect, parse };

fn is_zone(line: &str) -> bool {
    line.starts_with(|c: char| c.is_ascii_uppercase())
        && line.len() < 64
        && line.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_' | b'-' | b'+'))
}

fn detect(hint: &Hint<'_>) -> Match {
    let mut lines = hint.head.lines().map(str::trim).filter(|line| !line.is_empty());
    let one = lines.next().is_some_and(is_zone) && lines.next().is_none();
    if one && hint.subject.ends_with("/timezone") { Match::Both } else { Match::No }
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        match line.text.trim() {
            name if is_zone(name) => parsed.line_fact(document, line, TimeZone { name: name.into() }),
            _ => parsed.problem(
                document,
                line.number,
                "expected the name of a zone such as `Europe/Paris`; line skipped",
            ),
        }
    }
    parsed
}
