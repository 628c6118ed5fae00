//! Unit files and drop-ins of systemd.unit(5), and `systemctl cat`, which prints each file behind a comment with its path.

use bundlescope_facts::{Text, UnitSetting};

use super::systemctl::is_unit;
use crate::document::{Document, Line, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words;

/// The format.
pub(crate) static UNIT_FILE: Format = Format {
    name: "systemd-unit",
    collect: "systemctl cat docker.service",
    kinds: &["unit_setting", "daemon_config"],
    detect,
    parse,
};

/// Sections of unit files, and of the configuration of systemd itself.
const SECTIONS: &[&str] = &[
    "Unit",
    "Service",
    "Install",
    "Socket",
    "Timer",
    "Mount",
    "Automount",
    "Swap",
    "Path",
    "Slice",
    "Scope",
    "Manager",
];

fn section(line: &str) -> Option<&str> {
    let name = line.trim().strip_prefix('[')?.strip_suffix(']')?;
    (SECTIONS.contains(&name) || name.starts_with("X-")).then_some(name)
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with(['#', ';'])
}

/// `# /etc/systemd/system/docker.service` of `systemctl cat`.
fn file_name(line: &str) -> Option<&str> {
    let path = line.trim_end().strip_prefix("# ")?;
    let known = ["/etc/systemd/", "/lib/systemd/", "/usr/lib/systemd/", "/run/systemd/", "/usr/local/lib/systemd/"];
    known.iter().any(|folder| path.starts_with(folder)).then_some(path)
}

/// The unit whose file or drop-in a path is: `…/docker.service`, `…/docker.service.d/proxy.conf`.
fn unit_of(path: &str) -> Option<&str> {
    let mut segments = path.rsplit('/');
    let name = segments.next()?;
    if is_unit(name) {
        return Some(name);
    }
    let folder = segments.next()?;
    folder.strip_suffix(".d").filter(|unit| is_unit(unit))
}

/// A copied file keeps its path, or has a name such as `docker.service.txt`.
fn unit_of_document(path: &str) -> Option<&str> {
    unit_of(path).or_else(|| unit_of(path.strip_suffix(".txt")?))
}

fn setting(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once('=')?;
    let key = key.trim();
    let named = key.starts_with(|c: char| c.is_ascii_uppercase() || c == '-')
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    named.then_some((key, value.trim()))
}

fn detect(hint: &Hint<'_>) -> Match {
    let first = hint
        .head
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty() && (!is_comment(line) || file_name(line).is_some()));
    let begins = first.is_some_and(|line| section(line).is_some() || file_name(line).is_some());
    let content = begins
        && hint.head.lines().any(|line| section(line).is_some())
        && hint.head.lines().any(|line| setting(line).is_some());
    let named = unit_of_document(hint.path).is_some()
        || hint.subject.starts_with('/') && unit_of(hint.subject).is_some()
        || words::subject_is(hint.subject, &["systemctl", "cat"]);
    Match::of(content, named)
}

/// The words of a value, of which each may stand in quotes, with C's escapes left as they are.
pub(crate) fn assignments(value: &str) -> Vec<&str> {
    let (mut words, mut rest) = (Vec::new(), value.trim());
    while let Some(first) = rest.chars().next() {
        let (word, after) = match first {
            '"' | '\'' => rest[1..].split_once(first).unwrap_or((&rest[1..], "")),
            _ => {
                // `NAME="a b"`: the quotes begin behind the name.
                let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
                match rest[..end].split_once(['"', '\'']) {
                    Some((before, _)) => {
                        let quote = &rest[before.len()..=before.len()];
                        let close = rest[before.len() + 1..].find(quote).map_or(rest.len(), |at| before.len() + 2 + at);
                        rest.split_at(close)
                    }
                    None => rest.split_at(end),
                }
            }
        };
        if !word.is_empty() {
            words.push(word);
        }
        rest = after.trim_start();
    }
    words
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    // A section of a transcript is named by its heading.
    let subject = Some(&document.subject).filter(|subject| subject.starts_with('/'));
    let mut file: Option<Text> = subject.cloned();
    let mut unit = unit_of_document(&document.path).or_else(|| unit_of(subject?)).map(Text::from);
    let mut current: Option<&str> = None;
    let mut lines = document.lines();
    while let Some(first) = lines.next() {
        if let Some(path) = file_name(first.text) {
            file = Some(path.into());
            unit = unit_of(path).map(Text::from).or(unit);
            current = None;
            continue;
        }
        if first.text.trim().is_empty() || is_comment(first.text) {
            continue;
        }
        if let Some(name) = section(first.text) {
            current = Some(name);
            continue;
        }
        let (last, text) = joined(first, &mut lines);
        match (setting(&text), current) {
            (Some((key, value)), Some(section)) => {
                let setting = |variable: Option<&str>, value: &str| UnitSetting {
                    unit: unit.clone(),
                    section: Some(section.into()),
                    key: key.into(),
                    variable: variable.map(Text::from),
                    value: value.into(),
                    file: file.clone(),
                };
                if key == "Environment" && !value.is_empty() {
                    for pair in assignments(value) {
                        match pair.split_once('=') {
                            Some((variable, value)) => {
                                let value = value.trim_matches(['"', '\'']);
                                parsed.fact(document, first, last, setting(Some(variable), value));
                            }
                            None => parsed.problem(
                                document,
                                first.number,
                                format!("`{pair}` is no assignment such as NAME=value"),
                            ),
                        }
                    }
                } else {
                    parsed.fact(document, first, last, setting(None, value));
                }
            }
            (Some(_), None) => {
                parsed.problem(document, first.number, "a setting before the first section, which systemd ignores");
            }
            (None, _) => parsed.problem(
                document,
                first.number,
                "expected a section such as `[Service]` or a setting such as `LimitNOFILE=1024`; line skipped",
            ),
        }
    }
    if unit.as_deref().is_some_and(|unit| unit.starts_with("docker")) {
        let options = crate::docker::daemon_options(document);
        parsed.facts.extend(options.facts);
    }
    parsed
}

/// A line with those that it continues on; comments in between do not count.
fn joined<'a>(first: Line<'a>, lines: &mut impl Iterator<Item = Line<'a>>) -> (Line<'a>, String) {
    let (mut last, mut text) = (first, first.text.trim_end().to_owned());
    while text.ends_with('\\') {
        text.pop();
        let Some(next) = lines.next() else { break };
        last = next;
        if is_comment(next.text) {
            text.push('\\');
        } else {
            text.truncate(text.trim_end().len());
            text.push(' ');
            text.push_str(next.text.trim());
        }
    }
    (last, text)
}
