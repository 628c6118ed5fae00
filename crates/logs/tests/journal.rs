//! One journal in every form of journalctl says the same: the outputs lie in the folder that `BUNDLESCOPE_SHARED` names.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "a failing test says where")]

use std::path::Path;

use bundlescope_facts::Data;
use bundlescope_logs::{Pattern, Scanner, Signature, SignatureSet};

fn set() -> SignatureSet {
    let pattern = |regex: &str| Pattern { regex: regex.into(), ..Pattern::default() };
    let signature = Signature {
        id: "journal".into(),
        event: "journal_message".into(),
        patterns: vec![
            pattern(r"listen tcp4 (?<place>[0-9.]+:\d+): bind: address already in use"),
            pattern(r"Server listening on (?<place>\S+ port \d+)"),
            pattern(r"(?<place>disk almost full)"),
        ],
        ..Signature::default()
    };
    SignatureSet::compile(vec![signature]).unwrap()
}

/// What each event says and its time, in whole seconds.
fn events(set: &SignatureSet, bytes: &[u8]) -> Vec<String> {
    let mut scanner = Scanner::new(set, "journal".into(), None).with_year(Some(2026));
    scanner.feed(bytes);
    let events = scanner.finish().events;
    let mut told: Vec<String> = events
        .iter()
        .map(|event| {
            let Data::Dynamic { fields, .. } = &event.data else { panic!("{event:?}") };
            let time = event
                .occurrences
                .as_ref()
                .and_then(|seen| seen.first)
                .map(|time| time.as_second().to_string())
                .unwrap_or_default();
            format!("{} {time}", fields["place"])
        })
        .collect();
    told.sort();
    told
}

#[test]
fn every_form_of_one_journal_says_the_same() {
    let Ok(shared) = std::env::var("BUNDLESCOPE_SHARED") else {
        eprintln!("SKIPPED: BUNDLESCOPE_SHARED is not set, so the forms of the journal were not compared");
        return;
    };
    let folder = Path::new(&shared).join("corpus/journal_lab");
    let set = set();
    let read = |form: &str| events(&set, &std::fs::read(folder.join(format!("journalctl_-o_{form}.txt"))).unwrap());
    let expected = read("short-full");
    assert_eq!(expected.len(), 3, "{expected:?}");
    for form in ["short", "short-precise", "short-iso", "json", "json-pretty", "export", "verbose"] {
        assert_eq!(read(form), expected, "{form}");
    }
    let writers = |form: &str| {
        let mut scanner = Scanner::new(&set, "journal".into(), None);
        scanner.feed(&std::fs::read(folder.join(format!("journalctl_-o_{form}.txt"))).unwrap());
        let events = scanner.finish().events;
        events.iter().map(|event| format!("{} {}", event.get("program"), event.get("program_pid"))).collect::<Vec<_>>()
    };
    let expected = writers("short");
    assert!(expected.iter().all(|writer| !writer.starts_with(' ') && !writer.ends_with(' ')), "{expected:?}");
    for form in ["short-full", "short-precise", "short-iso", "json", "export"] {
        assert_eq!(writers(form), expected, "{form}");
    }
}
