//! `systemctl is-active`, `is-failed` and `is-enabled`: one word a unit, so that only the command tells which.

use bundlescope_facts::{Unit, UnitFile};

use super::{ACTIVE, FILE_STATES, asked};
use crate::document::{Document, Parsed};
use crate::format::{Format, Hint, Match};

/// The format.
pub(crate) static ANSWERS: Format = Format {
    name: "systemctl-is",
    collect: "systemctl is-active docker; systemctl is-enabled docker",
    kinds: &["unit", "unit_file"],
    detect,
    parse,
};

fn verb(subject: &str) -> Option<&'static str> {
    let verbs = ["is-active", "is-failed", "is-enabled"];
    verbs.into_iter().find(|verb| crate::words::subject_is(subject, &["systemctl", verb]))
}

fn is_answer(word: &str) -> bool {
    ACTIVE.contains(&word) || FILE_STATES.contains(&word) || matches!(word, "unknown" | "not-found")
}

fn detect(hint: &Hint<'_>) -> Match {
    let Some(verb) = verb(hint.subject) else { return Match::No };
    let mut lines = hint.head.lines().map(str::trim).filter(|line| !line.is_empty());
    let answers = lines.all(is_answer);
    Match::of(answers && !asked(hint.subject, verb).is_empty(), true)
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let Some(verb) = verb(&document.subject) else { return parsed };
    let units = asked(&document.subject, verb);
    let mut units = units.iter();
    for line in document.lines() {
        let word = line.text.trim();
        if word.is_empty() {
            continue;
        }
        match units.next() {
            Some(name) if is_answer(word) => {
                let name = name.as_str().into();
                if verb == "is-enabled" {
                    parsed.line_fact(document, line, UnitFile { name, state: word.into(), preset: None });
                } else {
                    let unit = Unit {
                        name,
                        active: Some(word.into()),
                        container: document.container.clone(),
                        ..Unit::default()
                    };
                    parsed.line_fact(document, line, unit);
                }
            }
            _ => parsed.problem(
                document,
                line.number,
                "expected one state for each unit that was asked for; line skipped",
            ),
        }
    }
    parsed
}
