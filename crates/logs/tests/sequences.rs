//! Records that must follow each other, types of captured fields, and patterns without a fixed text.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failing test may panic")]

use bundlescope_facts::{Fact, FieldType, Value};
use bundlescope_logs::{Pattern, Scanner, Signature, SignatureSet};
use jiff::SignedDuration;
use proptest::prelude::*;

fn set(pattern: Pattern, types: &[(&str, FieldType)]) -> SignatureSet {
    let types = types.iter().map(|(name, ty)| ((*name).into(), *ty)).collect();
    let signature = Signature {
        id: "s".into(),
        event: "request_failed".into(),
        types,
        patterns: vec![pattern],
        ..Signature::default()
    };
    SignatureSet::compile(vec![signature]).expect("sound")
}

fn scan(set: &SignatureSet, log: &str, piece: usize) -> Vec<Fact> {
    let mut scanner = Scanner::new(set, "app.log".into(), None);
    log.as_bytes().chunks(piece.max(1)).for_each(|bytes| scanner.feed(bytes));
    scanner.finish().events
}

fn shown(events: &[Fact]) -> Vec<String> {
    let one = |event: &Fact| {
        format!(
            "{}-{} x{} {} {} {}",
            event.source.first_line,
            event.source.last_line,
            event.get("count"),
            event.get("id"),
            event.get("what"),
            event.get("last")
        )
    };
    events.iter().map(one).collect()
}

/// A request begins, and the same request fails.
fn joined(within: Option<i64>, within_lines: Option<u32>) -> SignatureSet {
    let pattern = Pattern {
        regex: r"begin of request (?<id>\w+)".into(),
        then: vec![r"request (?<id>\w+) gave up: (?<what>\w+)".into()],
        within: within.map(SignedDuration::from_secs),
        within_lines,
        ..Pattern::default()
    };
    set(pattern, &[])
}

const LOG: &str = "\
2026-11-21T01:00:00Z begin of request a
2026-11-21T01:00:01Z begin of request b
2026-11-21T01:00:02Z something else happens
2026-11-21T01:00:03Z request a gave up: timeout
2026-11-21T01:00:04Z request c gave up: never begun
2026-11-21T01:02:00Z request b gave up: late
";

#[test]
fn a_record_follows_another_that_agrees() {
    let all = ["1-4 x1 a timeout 2026-11-21T01:00:03Z", "2-6 x1 b late 2026-11-21T01:02:00Z"];
    assert_eq!(shown(&scan(&joined(Some(600), None), LOG, 4096)), all);
    assert_eq!(shown(&scan(&joined(Some(10), None), LOG, 4096)), all[..1]);
    assert_eq!(shown(&scan(&joined(None, Some(4)), LOG, 4096)), all);
    assert_eq!(shown(&scan(&joined(None, Some(3)), LOG, 4096)), all[..1]);
    assert_eq!(shown(&scan(&joined(Some(600), Some(3)), LOG, 4096)), all[..1]);
    // Both records are shown.
    let events = scan(&joined(Some(10), None), LOG, 4096);
    let lines = &events[0].excerpt.as_ref().unwrap().lines;
    assert!(lines[0].contains("begin of request a") && lines[3].contains("request a gave up"));
}

#[test]
fn without_times_only_lines_bound() {
    let log = "begin of request a\nx\nrequest a gave up: timeout\n";
    assert!(scan(&joined(Some(600), None), log, 4096).is_empty());
    assert_eq!(scan(&joined(Some(600), Some(2)), log, 4096).len(), 1);
}

#[test]
fn equal_records_are_not_remembered_as_steps() {
    // The memory of equal messages must not hide that each pair is one.
    let log = "begin of request a\nrequest a gave up: timeout\n".repeat(3);
    let events = scan(&joined(None, Some(1)), &log, 4096);
    assert_eq!(shown(&events), ["1-2 x3 a timeout (unknown)".replace("(unknown)", &Value::Null.to_string())]);
}

#[test]
fn three_steps_and_the_records_in_between() {
    let pattern = Pattern {
        regex: "first thing of (?<id>\\w+)".into(),
        then: vec!["second thing of (?<id>\\w+)".into(), "third thing (?<what>\\w+) of (?<id>\\w+)".into()],
        within_lines: Some(10),
        ..Pattern::default()
    };
    let set = set(pattern, &[]);
    let log = "first thing of a\nfirst thing of b\nsecond thing of a\nthird thing x of b\nthird thing y of a\n";
    assert_eq!(shown(&scan(&set, log, 4096)), [format!("1-5 x1 a y {}", Value::Null)]);
}

#[test]
fn captured_texts_have_the_types_that_are_stated() {
    let pattern = Pattern {
        regex: r"slow query took (?<took>\S+) for (?<size>\S+) from (?<peer>\S+), retry (?<retry>\S+)".into(),
        ..Pattern::default()
    };
    let types = [
        ("took", FieldType::Float),
        ("size", FieldType::Integer),
        ("peer", FieldType::Address),
        ("retry", FieldType::Bool),
    ];
    let set = set(pattern, &types);
    let log = "slow query took 1.5s for 512MiB from [::1], retry true\nslow query took x for y from db, retry maybe\n";
    let events = scan(&set, log, 4096);
    let values: Vec<Value> = ["took", "size", "peer", "retry"].iter().map(|name| events[0].get(name)).collect();
    assert_eq!(values, [Value::Float(1.5), Value::Int(512 << 20), "::1".into(), Value::Bool(true)]);
    assert!(["took", "size", "peer", "retry"].iter().all(|name| events[1].get(name).is_null()));
}

#[test]
fn a_pattern_without_a_fixed_text_works_and_is_told() {
    let pattern = Pattern { regex: r"^E(?<id>\d+)$".into(), ..Pattern::default() };
    let set = set(pattern, &[]);
    assert_eq!(set.slow(), [("s".into(), 0)]);
    let events = scan(&set, "E1\n\nnothing\r\nE22\nE1", 3);
    let found: Vec<String> = events.iter().map(|e| format!("{} x{}", e.get("id"), e.get("count"))).collect();
    assert_eq!(found, ["1 x2", "22 x1"]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn pieces_do_not_matter(piece in 1usize..200, order in prop::collection::vec(0usize..4, 0..40)) {
        let lines = ["begin of request a\n", "begin of request b\n", "request a gave up: x\n", "request b gave up: y\n"];
        let log: String = order.iter().map(|at| lines[*at]).collect();
        let set = joined(None, Some(7));
        prop_assert_eq!(scan(&set, &log, piece), scan(&set, &log, 1 << 20));
    }
}
