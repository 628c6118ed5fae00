//! Writes what came out of tests into them.

use std::collections::{BTreeMap, BTreeSet};

use bundlescope_analysis::{Actual, TestOutcome};
use bundlescope_facts::{Text, Value};
use bundlescope_rules::{EXPECT_KEYS, Fragment, RuleText, Step};

/// Fields of events that depend on the log around the record.
pub(crate) const NOT_OWN: &[&str] = &[
    "node",
    "document",
    "line",
    "count",
    "first",
    "last",
    "ongoing",
    "container",
    "namespace",
    "unit",
    "program",
    "program_pid",
];

/// Those that a test gets that expects nothing yet.
const FILLED: &[&str] = &["fires", "message", "evidence", "subjects"];

/// The text of a rule file in which the tests that failed expect what came out, and those that expect nothing at all
/// (`expect: {}`) everything that did. Comments and layout stay. Also the names of the tests that were changed.
///
/// The outcomes are those of this file's tests. An error says why the file cannot be changed.
pub fn update(text: &str, outcomes: &[&TestOutcome]) -> Result<(String, Vec<Text>), String> {
    let mut file = RuleText::new(text)?;
    let mut changed = Vec::new();
    for outcome in outcomes {
        let test = [Step::Key("tests"), Step::Item(outcome.position)];
        let expect = [Step::Key("tests"), Step::Item(outcome.position), Step::Key("expect")];
        let before = file.text().to_owned();
        if outcome.skipped.is_some() {
            continue;
        }
        if file.is_signature() {
            if outcome.failed() {
                let events = events(&file, &expect, &outcome.actual);
                file.replace(&expect, &events)?;
            }
        } else {
            if file.is_empty(&expect) {
                fill(&mut file, &expect, outcome)?;
            }
            let wrong: BTreeSet<&str> = outcome.mistakes.iter().map(|mistake| &*mistake.key).collect();
            for key in EXPECT_KEYS.iter().filter(|key| wrong.contains(**key)) {
                match value_of(&file, &expect, key, outcome) {
                    Some(value) => file.set(&expect, key, &value)?,
                    None => file.remove(&expect, key)?,
                }
            }
        }
        if file.text() != before {
            changed.push(outcome.test.clone());
        }
        debug_assert!(file.has(&test));
    }
    Ok((file.text().to_owned(), changed))
}

/// Expects everything that came out.
fn fill(file: &mut RuleText, expect: &[Step<'_>], outcome: &TestOutcome) -> Result<(), String> {
    let open = outcome.actual.undecided && outcome.actual.fires == 0;
    let keys = if open { &["undecided", "missing"][..] } else { FILLED };
    let entries: Vec<(String, Fragment)> =
        keys.iter().filter_map(|key| Some(((*key).to_owned(), value_of(file, expect, key, outcome)?))).collect();
    let few = entries.len() < 2;
    let map = Fragment::Map(entries);
    file.replace(expect, &if few { Fragment::Flow(Box::new(map)) } else { map })
}

/// What one key of `expect` should say; `None` where nothing came out.
fn value_of(file: &RuleText, expect: &[Step<'_>], key: &str, outcome: &TestOutcome) -> Option<Fragment> {
    let actual = &outcome.actual;
    let texts = |found: &[String]| {
        let wrong: BTreeSet<&str> =
            outcome.mistakes.iter().filter(|m| &*m.key == key).map(|m| m.expected.as_str()).collect();
        let mut texts: Vec<String> =
            file.texts(expect, key).into_iter().filter(|text| !wrong.contains(text.as_str())).collect();
        for text in found {
            if !texts.iter().any(|known| text.contains(known.as_str())) {
                texts.push(text.clone());
            }
        }
        (!texts.is_empty()).then(|| Fragment::texts(&texts))
    };
    match key {
        "fires" => Some(Fragment::Value(Value::Int(i64::try_from(actual.fires).unwrap_or(i64::MAX)))),
        "undecided" => Some(Fragment::Value(Value::Bool(actual.undecided))),
        "missing" => {
            let kinds: Vec<String> = actual.missing.iter().map(ToString::to_string).collect();
            (!kinds.is_empty()).then(|| Fragment::texts(&kinds))
        }
        "title" => texts(&actual.titles),
        "message" => texts(&actual.messages),
        "evidence" => texts(&actual.evidence),
        "run" => texts(&actual.commands),
        "subjects" => subjects(file, expect, outcome),
        _ => None,
    }
}

/// The subjects that the test names, or all of one finding.
fn subjects(file: &RuleText, expect: &[Step<'_>], outcome: &TestOutcome) -> Option<Fragment> {
    let named = file.keys(expect, "subjects");
    let entries: Vec<(String, Fragment)> = outcome
        .actual
        .subjects
        .iter()
        .filter(|(name, _)| named.is_empty() || named.contains(&name.to_string()))
        .filter_map(|(name, values)| Some((name.to_string(), typed(values.first()?))))
        .collect();
    (!entries.is_empty()).then(|| Fragment::Flow(Box::new(Fragment::Map(entries))))
}

/// The events that came out, each with the fields that the test names of it, or with all of its own.
fn events(file: &RuleText, expect: &[Step<'_>], actual: &Actual) -> Fragment {
    let one = |(position, event): (usize, &BTreeMap<Text, Text>)| {
        let named = file.item_keys(expect, position);
        let own = event.iter().filter(|(name, _)| match named.is_empty() {
            true => !NOT_OWN.contains(&&***name),
            false => named.contains(&name.to_string()),
        });
        let entries = own.map(|(name, value)| (name.to_string(), typed(value))).collect();
        Fragment::Flow(Box::new(Fragment::Map(entries)))
    };
    let events: Vec<Fragment> = actual.events.iter().enumerate().map(one).collect();
    if events.is_empty() { Fragment::Flow(Box::new(Fragment::List(events))) } else { Fragment::List(events) }
}

/// A value as rule files write it: numbers and switches plain.
pub(crate) fn typed(text: &Text) -> Fragment {
    let number = text.parse::<i64>().ok().filter(|number| number.to_string() == **text);
    match (number, &**text) {
        (Some(number), _) => Fragment::Value(Value::Int(number)),
        (None, "true") => Fragment::Value(Value::Bool(true)),
        (None, "false") => Fragment::Value(Value::Bool(false)),
        (None, text) => Fragment::Text(text.to_owned()),
    }
}
