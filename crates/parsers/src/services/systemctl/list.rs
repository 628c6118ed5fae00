//! `systemctl list-units` (`--all`, `--failed`, `--plain`, `--no-legend`) and `systemctl list-unit-files`.

use bundlescope_facts::{Text, Unit, UnitFile};

use super::{ACTIVE, FILE_STATES, LOAD, is_unit};
use crate::document::{Document, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words::{self, Words};

/// `systemctl list-units`.
pub(crate) static LIST_UNITS: Format = Format {
    name: "systemctl-list-units",
    collect: "systemctl list-units --all --no-pager",
    kinds: &["unit"],
    detect: detect_units,
    parse: parse_units,
};

/// `systemctl list-unit-files`.
pub(crate) static LIST_UNIT_FILES: Format = Format {
    name: "systemctl-list-unit-files",
    collect: "systemctl list-unit-files --no-pager",
    kinds: &["unit_file"],
    detect: detect_files,
    parse: parse_files,
};

/// Jobs that may wait for a unit.
const JOBS: &[&str] =
    &["start", "verify-active", "stop", "reload", "restart", "reload-or-start", "try-restart", "try-reload", "nop"];

/// `UNIT LOAD ACTIVE SUB [JOB] DESCRIPTION`; true when there is a column of jobs.
fn titles(line: &str) -> Option<bool> {
    let mut words = line.split_ascii_whitespace();
    let start = words.by_ref().take(4).eq(["UNIT", "LOAD", "ACTIVE", "SUB"]);
    match (start, words.next()) {
        (true, Some("JOB")) => Some(true),
        (true, Some("DESCRIPTION") | None) => Some(false),
        _ => None,
    }
}

fn unit(line: &str, jobs: bool) -> Option<Unit> {
    let mut words = Words::new(line);
    if words.peek().is_some_and(|word| matches!(word, "●" | "○" | "×" | "↻" | "◌" | "*" | "x")) {
        words.next();
    }
    let name = words.next().filter(|name| is_unit(name))?;
    let load = words.next().filter(|word| LOAD.contains(word))?;
    let active = words.next().filter(|word| ACTIVE.contains(word))?;
    let sub = words.next().filter(|word| word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'))?;
    let job = if jobs && words.peek().is_some_and(|word| JOBS.contains(&word)) { words.next() } else { None };
    let description = Some(words.rest()).filter(|rest| !rest.is_empty());
    Some(Unit {
        name: name.into(),
        load: Some(load.into()),
        active: Some(active.into()),
        sub: Some(sub.into()),
        job: job.map(Text::from),
        description: description.map(Text::from),
        ..Unit::default()
    })
}

/// The legend and the count below the units.
pub(super) fn is_legend(line: &str) -> bool {
    let line = line.trim();
    let explained = ["LOAD", "ACTIVE", "SUB", "JOB", "Legend:"].iter().any(|word| line.starts_with(word))
        && (line.contains(" = ") || line.contains('→') || line.contains("->"));
    explained
        || line.starts_with("To show all installed unit files use ")
        || line.starts_with("Pass --all to see ")
        || line.contains(" listed.")
        || line.starts_with("lines ") && line.contains('-')
}

fn detect_units(hint: &Hint<'_>) -> Match {
    let titled = hint.head.lines().take(5).any(|line| titles(line).is_some());
    let content = titled || words::most_lines(hint.head, |line| unit(line, false).is_some());
    let named = words::subject_is(hint.subject, &["systemctl", "list-units"])
        || words::subject_is(hint.subject, &["systemctl"]) && !hint.subject.contains("status");
    let empty = named && hint.head.trim_start().starts_with("0 loaded units listed");
    Match::of(content || empty, named)
}

fn parse_units(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut jobs = false;
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        if let Some(found) = titles(line.text) {
            jobs = found;
        } else if let Some(unit) = unit(line.text, jobs) {
            parsed.line_fact(document, line, Unit { container: document.container.clone(), ..unit });
        } else if !is_legend(line.text) {
            let message = "expected a unit with its load, active and sub state; line skipped";
            parsed.problem(document, line.number, message);
        }
    }
    parsed
}

fn is_files_title(line: &str) -> bool {
    let mut words = line.split_ascii_whitespace();
    words.by_ref().take(3).eq(["UNIT", "FILE", "STATE"])
        && matches!(words.collect::<Vec<_>>()[..], [] | ["PRESET"] | ["VENDOR", "PRESET"])
}

fn file(line: &str) -> Option<UnitFile> {
    let mut words = Words::new(line);
    let name = words.next().filter(|name| is_unit(name))?;
    let state = words.next().filter(|state| FILE_STATES.contains(state))?;
    let preset = words.next();
    let known = preset.is_none_or(|preset| matches!(preset, "enabled" | "disabled" | "ignored" | "-" | "n/a"));
    (known && words.next().is_none()).then(|| UnitFile {
        name: name.into(),
        state: state.into(),
        preset: preset.filter(|preset| !matches!(*preset, "-" | "n/a")).map(Text::from),
    })
}

fn detect_files(hint: &Hint<'_>) -> Match {
    let titled = hint.head.lines().take(5).any(is_files_title);
    let content = titled || words::most_lines(hint.head, |line| file(line).is_some());
    Match::of(content, words::subject_is(hint.subject, &["systemctl", "list-unit-files"]))
}

fn parse_files(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        if is_files_title(line.text) || is_legend(line.text) {
            continue;
        }
        match file(line.text) {
            Some(file) => parsed.line_fact(document, line, file),
            None => parsed.problem(
                document,
                line.number,
                "expected a unit file and its state, such as `docker.service enabled`; line skipped",
            ),
        }
    }
    parsed
}
