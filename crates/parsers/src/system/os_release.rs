//! os-release(5).

use bundlescope_facts::{OsRelease, Text};

use crate::document::{Document, Parsed};
use crate::format::{Format, Hint, Match};

/// The format.
pub(crate) static OS_RELEASE: Format =
    Format { name: "os-release", collect: "cat /etc/os-release", kinds: &["os_release"], detect, parse };

/// `NAME="value"` of shell syntax, quotes taken away.
fn assignment(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.trim().split_once('=')?;
    let good =
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    let value = value.trim();
    let quoted = value.len() >= 2
        && (value.starts_with('"') && value.ends_with('"') || value.starts_with('\'') && value.ends_with('\''));
    good.then(|| (name, if quoted { &value[1..value.len() - 1] } else { value }))
}

fn detect(hint: &Hint<'_>) -> Match {
    let named = hint.subject.ends_with("os-release");
    let has = |wanted: &str| hint.head.lines().filter_map(assignment).any(|(name, _)| name == wanted);
    let content = has("ID") && has("NAME") && (has("VERSION_ID") || has("PRETTY_NAME"));
    match (content, named) {
        (true, true) => Match::Both,
        (true, false) => Match::Content,
        (false, true) if has("NAME") || has("ID") => Match::Both,
        _ => Match::No,
    }
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut release = OsRelease::default();
    let mut lines = None;
    for line in document.lines() {
        let text = line.text.trim();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let Some((name, value)) = assignment(text) else {
            parsed.problem(document, line.number, "expected NAME=value; line skipped");
            continue;
        };
        match name {
            "ID" => release.id = value.into(),
            "VERSION_ID" => release.version = Some(value.into()),
            "PRETTY_NAME" => release.pretty_name = Some(value.into()),
            "ID_LIKE" => release.id_like = value.split_ascii_whitespace().map(Text::from).collect(),
            _ => continue,
        }
        lines = Some((lines.map_or(line, |(first, _)| first), line));
    }
    if let Some((first, last)) = lines {
        if release.id.is_empty() {
            // The manual's default.
            release.id = "linux".into();
        }
        parsed.fact(document, first, last, release);
    }
    parsed
}
