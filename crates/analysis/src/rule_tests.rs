//! Runs the tests that stand inside rule files, through everything that a real bundle goes through.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use bundlescope_bundle::Input;
use bundlescope_engine::{Diagnosis, Finding};
use bundlescope_facts::{Fact, Text, Value};
use bundlescope_logs::{Scanner, SignatureSet};
use bundlescope_rules::{Expect, Rule, RuleTest, Signature, SignatureTest};

use crate::intake::{take_overlaid, take_texts};
use crate::loaded::{Loaded, Options, analyze};
use crate::signatures::Rulebook;

/// What is wrong with the outcome of a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mistake {
    /// Something that should be there is not.
    Missing(String),
    /// Something is there that should not be.
    Noisy(String),
    /// Something is there, but different.
    Wrong {
        /// What is different.
        what: String,
        /// What the test says.
        expected: String,
        /// What came out.
        found: String,
    },
}

/// The outcome of one test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestOutcome {
    /// Id of the rule or signature.
    pub rule: Text,
    /// File of the rule.
    pub path: Text,
    /// Line of the test in that file, counted from 1.
    pub line: usize,
    /// Name of the test.
    pub test: Text,
    /// Why it was not run, when it was not.
    pub skipped: Option<String>,
    /// Empty when the test passed.
    pub mistakes: Vec<Mistake>,
}

/// Runs every test of the rules and signatures whose id satisfies `wanted`. `base` is the folder to which the bundles
/// of tests are relative; tests with a bundle are skipped where there is none.
pub fn run_tests(rules: &Rulebook, base: Option<&Path>, wanted: impl Fn(&str) -> bool) -> Vec<TestOutcome> {
    let (pack, set) = (&rules.pack, &rules.signatures);
    let mut bundles = BTreeMap::new();
    let mut outcomes = Vec::new();
    for signature in pack.signatures().iter().filter(|signature| wanted(&signature.id)) {
        for test in &signature.tests {
            let mistakes = compare_events(&events_of(set, signature, test), test);
            outcomes.push(TestOutcome {
                rule: signature.id.clone(),
                path: signature.path.clone(),
                line: test.line,
                test: test.name.clone(),
                skipped: None,
                mistakes,
            });
        }
    }
    for rule in pack.rules().iter().filter(|rule| wanted(&rule.id)) {
        for test in &rule.tests {
            let (skipped, mistakes) = match diagnosis(rules, base, test, &mut bundles) {
                Ok(diagnosis) => (None, compare(&diagnosis, rule, &test.expect)),
                Err(reason) => (Some(reason), Vec::new()),
            };
            outcomes.push(TestOutcome {
                rule: rule.id.clone(),
                path: rule.path.clone(),
                line: test.line,
                test: test.name.clone(),
                skipped,
                mistakes,
            });
        }
    }
    outcomes
}

/// The diagnosis of the test's bundle or files; a bundle that several tests use as it is is analysed once.
fn diagnosis<'b>(
    rules: &Rulebook,
    base: Option<&Path>,
    test: &RuleTest,
    bundles: &'b mut BTreeMap<Text, Result<Diagnosis, String>>,
) -> Result<Cow<'b, Diagnosis>, String> {
    let Some(bundle) = &test.bundle else {
        let loaded = Loaded::new(take_texts(&test.files, &rules.signatures), &rules.pack);
        return Ok(Cow::Owned(loaded.diagnose(&rules.pack)));
    };
    let Some(base) = base else { return Err(format!("the bundle {bundle} is not at hand")) };
    if !test.files.is_empty() {
        let input = Input::Path(base.join(&**bundle));
        let intake = take_overlaid(&input, &Options::default().limits, &test.files, &rules.signatures);
        let loaded = Loaded::new(intake.map_err(|error| error.to_string())?, &rules.pack);
        return Ok(Cow::Owned(loaded.diagnose(&rules.pack)));
    }
    let known = bundles.entry(bundle.clone()).or_insert_with(|| {
        analyze(&Input::Path(base.join(&**bundle)), rules, &Options::default()).map_err(|error| error.to_string())
    });
    known.as_ref().map(Cow::Borrowed).map_err(Clone::clone)
}

fn compare(diagnosis: &Diagnosis, rule: &Rule, expect: &Expect) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    let findings: Vec<&Finding> = diagnosis.findings.iter().filter(|finding| finding.rule == rule.id).collect();
    if let Some(wanted) = expect.fires {
        let fired = findings.len() as u64;
        if fired < wanted {
            let instead: Vec<&str> = diagnosis.findings.iter().map(|finding| &*finding.rule).collect();
            mistakes.push(Mistake::Missing(format!(
                "{wanted} findings of {}, {fired} came; findings of the bundle: {}",
                rule.id,
                if instead.is_empty() { "none".to_owned() } else { instead.join(", ") }
            )));
        }
        for extra in findings.iter().skip(usize::try_from(wanted).unwrap_or(usize::MAX)) {
            mistakes.push(Mistake::Noisy(format!("{}: {}", extra.rule, extra.message)));
        }
    }
    let undecided = diagnosis.undecided.iter().find(|undecided| undecided.rule == rule.id);
    match (expect.undecided, undecided) {
        (Some(true), None) => mistakes.push(Mistake::Missing(format!("{} should be undecided", rule.id))),
        (Some(false), Some(found)) => {
            mistakes.push(Mistake::Noisy(format!("{} is undecided: {}", rule.id, found.because)));
        }
        _ => {}
    }
    for kind in &expect.missing {
        if !undecided.is_some_and(|undecided| undecided.missing.iter().any(|missing| missing.kind == *kind)) {
            mistakes.push(Mistake::Missing(format!("{kind} should be named as missing")));
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
            mistakes.push(different("evidence", wanted, &places.join(", ")));
        }
    }
    let commands = findings.iter().flat_map(|f| f.fix.iter().filter_map(|fix| fix.run.clone())).collect::<Vec<_>>();
    for wanted in &expect.run {
        if !commands.iter().any(|command| *command == **wanted) {
            mistakes.push(different("command", wanted, &commands.join("\n")));
        }
    }
    for (name, wanted) in &expect.subjects {
        let found: Vec<Value> = findings.iter().filter_map(|finding| finding.subjects.get(name).cloned()).collect();
        if !found.contains(wanted) {
            let found: Vec<String> = found.iter().map(ToString::to_string).collect();
            mistakes.push(different(&format!("subject {name}"), &wanted.to_string(), &found.join(", ")));
        }
    }
    mistakes
}

fn different(what: &str, expected: &str, found: &str) -> Mistake {
    Mistake::Wrong { what: what.to_owned(), expected: expected.to_owned(), found: found.to_owned() }
}

fn contains(mistakes: &mut Vec<Mistake>, what: &str, wanted: &[Text], found: Vec<String>) {
    for wanted in wanted {
        if !found.iter().any(|text| text.contains(&**wanted)) {
            mistakes.push(different(what, wanted, &found.join("\n")));
        }
    }
}

/// The events that the signature alone makes of the test's log.
fn events_of(set: &SignatureSet, signature: &Signature, test: &SignatureTest) -> Vec<Fact> {
    let mut scanner = Scanner::new(set, "test.log".into(), None);
    scanner.feed(test.log.as_bytes());
    scanner.finish().events.into_iter().filter(|event| *event.kind() == *signature.event).collect()
}

fn compare_events(events: &[Fact], test: &SignatureTest) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    for (index, wanted) in test.expect.iter().enumerate() {
        let Some(event) = events.get(index) else {
            mistakes.push(Mistake::Missing(format!("event {}: {}", index + 1, shown(wanted))));
            continue;
        };
        for (name, value) in wanted {
            let found = event.get(name);
            if found != *value && found.to_string() != value.to_string() {
                mistakes.push(different(
                    &format!("event {}, {name}", index + 1),
                    &value.to_string(),
                    &found.to_string(),
                ));
            }
        }
    }
    for extra in events.iter().skip(test.expect.len()) {
        mistakes.push(Mistake::Noisy(format!(
            "event {} in line {}",
            shown(&extra.fields().into_iter().collect()),
            extra.source.first_line
        )));
    }
    mistakes
}

fn shown(fields: &BTreeMap<Text, Value>) -> String {
    Value::Map(fields.iter().filter(|(_, value)| !value.is_null()).map(|(k, v)| (k.clone(), v.clone())).collect())
        .to_string()
}
