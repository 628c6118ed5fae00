//! Every signature of the pack against its own tests.

mod common;

use bundlescope_facts::{Data, Fact, Value};
use bundlescope_logs::SignatureSet;
use serde_json::Value as Json;

/// The fields that a test does not have to list: they come from the scanner or from the signature as a whole.
const IMPLIED: &[&str] = &[
    "namespace",
    "pod",
    "unit",
    "program",
    "program_pid",
    "ongoing",
    "client",
    "container",
    "inferred",
    "service",
    "phase",
];

#[test]
fn every_signature_passes_its_own_tests() {
    let files = common::pack();
    assert!(!files.is_empty());
    let mut failures = Vec::new();
    for file in &files {
        let set = match SignatureSet::compile(vec![file.signature.clone()]) {
            Ok(set) => set,
            Err(errors) => {
                failures.extend(errors.iter().map(ToString::to_string));
                continue;
            }
        };
        assert!(!file.tests.is_empty(), "{} has no tests", file.name);
        for test in &file.tests {
            let events = common::scan(&set, test.log.as_bytes());
            let seen = seen(&test.expect, events.iter());
            if seen != test.expect {
                failures.push(format!(
                    "{}: {}:\n  expected {}\n  seen     {}",
                    file.name,
                    test.name,
                    Json::from(test.expect.clone()),
                    Json::from(seen)
                ));
            }
        }
    }
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

/// What one signature is for, another must not see: all tests again with the whole pack, comparing events of the kind.
#[test]
fn the_pack_as_a_whole_sees_the_same() {
    let files = common::pack();
    let set =
        SignatureSet::compile(files.iter().map(|file| file.signature.clone()).collect()).expect("the pack compiles");
    let mut failures = Vec::new();
    for file in &files {
        for test in &file.tests {
            let events = common::scan(&set, test.log.as_bytes());
            let seen = seen(&test.expect, events.iter().filter(|event| event.kind() == &*file.signature.event));
            if seen != test.expect {
                failures.push(format!(
                    "{}: {}:\n  expected {}\n  seen     {}",
                    file.name,
                    test.name,
                    Json::from(test.expect.clone()),
                    Json::from(seen)
                ));
            }
        }
    }
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

/// A pattern whose literals stand in many lines makes every scan slow.
#[test]
fn no_pattern_hits_healthy_logs_often() {
    let set = common::set();
    for (name, log) in [("access log", common::access_log()), ("application log", common::application_log())] {
        assert_eq!(
            common::scan(&set, &log).iter().map(|event| event.kind().to_owned()).collect::<Vec<_>>(),
            [""; 0],
            "{name}"
        );
    }
}

/// The events as JSON, each without the implied fields that its expectation does not ask for.
fn seen<'a>(expect: &[Json], events: impl Iterator<Item = &'a Fact>) -> Vec<Json> {
    let mut expect = expect.iter();
    events
        .map(|event| {
            let expected = expect.next();
            let asked = |name: &str| expected.is_some_and(|expected| expected.get(name).is_some());
            let Data::Dynamic { fields, .. } = &event.data else { return Json::Null };
            fields
                .iter()
                .filter(|(name, value)| {
                    let own_address = &***name == "address" && fields.get("host") == Some(value);
                    !(IMPLIED.contains(&&***name) || own_address) || asked(name)
                })
                .map(|(name, value)| (name.to_string(), json(value)))
                .collect::<serde_json::Map<_, _>>()
                .into()
        })
        .collect()
}

fn json(value: &Value) -> Json {
    serde_json::to_value(value).unwrap_or_default()
}
