//! The host's name: `hostname`, /etc/hostname, `hostnamectl`.

use bundlescope_facts::Hostname;

use crate::document::{Document, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words;

/// `hostname` and /etc/hostname: a name and nothing else, so that only the path can tell.
pub(crate) static HOSTNAME: Format =
    Format { name: "hostname", collect: "hostname", kinds: &["hostname"], detect: detect_name, parse: parse_name };

/// `hostnamectl`.
pub(crate) static HOSTNAMECTL: Format = Format {
    name: "hostnamectl",
    collect: "hostnamectl",
    kinds: &["hostname"],
    detect: detect_control,
    parse: parse_control,
};

/// The lines that are neither empty nor comments.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

pub(super) fn is_name(word: &str) -> bool {
    word.len() <= 253
        && word.starts_with(|c: char| c.is_ascii_alphanumeric())
        && word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'))
}

fn detect_name(hint: &Hint<'_>) -> Match {
    // `hostname -I` prints addresses.
    let plain = words::subject_is(hint.subject, &["hostname"])
        && !hint.subject.contains(" -I")
        && !hint.subject.contains(" -i");
    let named = plain || hint.subject.ends_with("/hostname");
    let mut lines = lines(hint.head);
    if named && lines.next().is_some_and(is_name) && lines.next().is_none() { Match::Both } else { Match::No }
}

fn parse_name(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    // A container's own hostname is its inspect's business.
    if document.container.is_some() {
        return parsed;
    }
    if let Some(line) = document.lines().find(|line| !line.text.trim().is_empty() && !line.text.starts_with('#')) {
        parsed.line_fact(document, line, Hostname { name: line.text.trim().into() });
    }
    parsed
}

fn static_name(line: &str) -> Option<&str> {
    line.trim().strip_prefix("Static hostname:").map(str::trim).filter(|name| is_name(name))
}

fn detect_control(hint: &Hint<'_>) -> Match {
    let content = hint.head.lines().take(3).any(|line| static_name(line).is_some())
        && hint.head.contains("Icon name:") | hint.head.contains("Machine ID:");
    match (content, words::subject_is(hint.subject, &["hostnamectl"])) {
        (true, true) => Match::Both,
        (true, false) => Match::Content,
        _ => Match::No,
    }
}

fn parse_control(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    if document.container.is_some() {
        return parsed;
    }
    for line in document.lines() {
        if let Some(name) = static_name(line.text) {
            parsed.line_fact(document, line, Hostname { name: name.into() });
        }
    }
    parsed
}
