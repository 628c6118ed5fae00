//! What came out of a test against what the test expects.

use std::collections::BTreeMap;

use bundlescope_engine::{Diagnosis, Finding};
use bundlescope_facts::{Fact, Text, Value};
use bundlescope_rules::{Expect, Rule, SignatureTest};

use super::{Actual, Fault, Mistake};

/// What a rule says of a bundle.
pub(super) fn actual(diagnosis: &Diagnosis, rule: &Rule) -> Actual {
    let findings = || diagnosis.findings.iter().filter(|finding| finding.rule == rule.id);
    let undecided = diagnosis.undecided.iter().find(|undecided| undecided.rule == rule.id);
    let mut actual = Actual { undecided: undecided.is_some(), ..Actual::default() };
    actual.missing = undecided.iter().flat_map(|one| one.missing.iter().map(|missing| missing.kind.clone())).collect();
    for finding in findings() {
        actual.fires += 1;
        actual.titles.push(finding.title.clone());
        actual.messages.push(finding.message.clone());
        for piece in &finding.evidence {
            let place = format!("{}:{}", piece.document, piece.line);
            if !actual.evidence.contains(&place) {
                actual.evidence.push(place);
            }
        }
        actual.commands.extend(finding.fix.iter().filter_map(|fix| fix.run.clone()));
        for (name, value) in &finding.subjects {
            actual.subjects.entry(name.clone()).or_default().push(value.to_string().into());
        }
    }
    actual
}

pub(super) fn rule(diagnosis: &Diagnosis, rule: &Rule, expect: &Expect) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    let findings: Vec<&Finding> = diagnosis.findings.iter().filter(|finding| finding.rule == rule.id).collect();
    if let Some(wanted) = expect.fires {
        let fired = findings.len() as u64;
        if fired < wanted {
            let instead: Vec<&str> = diagnosis.findings.iter().map(|finding| &*finding.rule).collect();
            let instead = if instead.is_empty() { "none".to_owned() } else { instead.join(", ") };
            mistakes.push(Mistake {
                fault: Fault::Missing,
                key: "fires".into(),
                what: format!("findings of {}", rule.id),
                expected: wanted.to_string(),
                found: format!("{fired}; findings of the bundle: {instead}"),
            });
        }
        for extra in findings.iter().skip(usize::try_from(wanted).unwrap_or(usize::MAX)) {
            mistakes.push(noisy("fires", &extra.rule, &extra.message));
        }
    }
    let undecided = diagnosis.undecided.iter().find(|undecided| undecided.rule == rule.id);
    match (expect.undecided, undecided) {
        (Some(true), None) => {
            let answer = if findings.is_empty() { "clear" } else { "fired" };
            mistakes.push(missing("undecided", "answer", "undecided", answer));
        }
        (Some(false), Some(found)) => {
            mistakes.push(noisy("undecided", "answer", &format!("undecided: {}", found.because)));
        }
        _ => {}
    }
    for kind in &expect.missing {
        if !undecided.is_some_and(|undecided| undecided.missing.iter().any(|missing| missing.kind == *kind)) {
            let named: Vec<&str> = undecided.iter().flat_map(|one| one.missing.iter().map(|m| &*m.kind)).collect();
            mistakes.push(missing("missing", "document to collect", kind, &named.join(", ")));
        }
    }
    contains(&mut mistakes, "title", &expect.title, findings.iter().map(|finding| finding.title.clone()).collect());
    contains(&mut mistakes, "message", &expect.message, findings.iter().map(|f| f.message.clone()).collect());
    let places = findings
        .iter()
        .flat_map(|finding| {
            finding.evidence.iter().flat_map(|e| {
                std::iter::once(format!("{}:{}", e.document, e.line)).chain(e.also.iter().map(ToString::to_string))
            })
        })
        .collect::<Vec<_>>();
    for wanted in &expect.evidence {
        let there = places.iter().any(|place| *place == **wanted || place.ends_with(&format!("/{wanted}")));
        if !there {
            mistakes.push(different("evidence", "evidence", wanted, &places.join("\n")));
        }
    }
    let commands = findings.iter().flat_map(|f| f.fix.iter().filter_map(|fix| fix.run.clone())).collect::<Vec<_>>();
    for wanted in &expect.run {
        if !commands.iter().any(|command| *command == **wanted) {
            mistakes.push(different("run", "command", wanted, &commands.join("\n")));
        }
    }
    for (name, wanted) in &expect.subjects {
        let found: Vec<Value> = findings.iter().filter_map(|finding| finding.subjects.get(name).cloned()).collect();
        if !found.contains(wanted) {
            let found: Vec<String> = found.iter().map(ToString::to_string).collect();
            mistakes.push(different("subjects", &format!("subject {name}"), &wanted.to_string(), &found.join(", ")));
        }
    }
    mistakes
}

/// A difference; where nothing came out, something is missing.
fn different(key: &str, what: &str, expected: &str, found: &str) -> Mistake {
    let fault = if found.is_empty() { Fault::Missing } else { Fault::Wrong };
    Mistake { fault, ..missing(key, what, expected, found) }
}

fn missing(key: &str, what: &str, expected: &str, found: &str) -> Mistake {
    Mistake {
        fault: Fault::Missing,
        key: key.into(),
        what: what.to_owned(),
        expected: expected.to_owned(),
        found: found.to_owned(),
    }
}

fn noisy(key: &str, what: &str, found: &str) -> Mistake {
    Mistake { fault: Fault::Noisy, ..missing(key, what, "", found) }
}

fn contains(mistakes: &mut Vec<Mistake>, what: &str, wanted: &[Text], found: Vec<String>) {
    for wanted in wanted {
        if !found.iter().any(|text| text.contains(&**wanted)) {
            mistakes.push(different(what, what, wanted, &found.join("\n")));
        }
    }
}

/// The events of a log against those that a test lists.
pub(super) fn events(events: &[Fact], test: &SignatureTest) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    for (index, wanted) in test.expect.iter().enumerate() {
        let Some(event) = events.get(index) else {
            mistakes.push(missing("event", &format!("event {}", index + 1), &shown(wanted), ""));
            continue;
        };
        for (name, value) in wanted {
            let found = event.get(name);
            if found != *value && found.to_string() != value.to_string() {
                mistakes.push(different(
                    "event",
                    &format!("event {}, {name}", index + 1),
                    &value.to_string(),
                    &found.to_string(),
                ));
            }
        }
    }
    for extra in events.iter().skip(test.expect.len()) {
        let place = format!("event in line {}", extra.source.first_line);
        mistakes.push(noisy("event", &place, &shown(&extra.fields().into_iter().collect())));
    }
    mistakes
}

fn shown(fields: &BTreeMap<Text, Value>) -> String {
    Value::Map(fields.iter().filter(|(_, value)| !value.is_null()).map(|(k, v)| (k.clone(), v.clone())).collect())
        .to_string()
}
