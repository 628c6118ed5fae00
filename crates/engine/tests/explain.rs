//! What an author asks of a rule that did not fire: how far did it come, and what came nearest?

#![allow(clippy::unwrap_used, reason = "a failing test may panic")]

mod common;

use bundlescope_engine::{Coverage, Explanation, Part, World, exercise, explain};
use bundlescope_facts::Fact;
use common::{Table, container, failure, listener, pack, rule, verdict};

fn explained(text: &str, facts: &[Fact]) -> Explanation {
    let mut prober = Table::default();
    prober.answers.insert("api db:5432".into(), verdict("refused"));
    let mut coverage = Coverage::default();
    coverage.add_producer("endpoint", "docker-inspect", "docker inspect NAME");
    let world = World { facts, prober: &prober, coverage: &coverage, now: None };
    explain(&pack(&[text]), &world, "r").unwrap()
}

fn facts() -> Vec<Fact> {
    vec![
        failure("api", "db", 5432, 3),
        container("api", true),
        container("db", true),
        listener(5433, "0.0.0.0", 4),
        listener(8443, "127.0.0.1", 5),
    ]
}

#[test]
fn the_nearest_candidate_and_the_field_that_differs_are_told() {
    let text = rule(
        "r",
        "when:\n  f: { connection_failure: { container: $c, host: $h, port: $p } }\n  s: { container: { name: $h, running: false } }\n  l: { listener: { port: $p } }\n",
    );
    let explanation = explained(&text, &facts());
    assert_eq!(explanation.answer, "clear");
    assert_eq!(explanation.conditions.len(), 2);
    let failing = &explanation.conditions[1];
    assert_eq!((failing.before, failing.after, failing.facts), (1, 0, Some(2)));
    let nearest = failing.nearest.as_ref().unwrap();
    assert_eq!((&*nearest.document, nearest.line, nearest.meets), ("db.json", 1, (1, 2)));
    assert_eq!((&*nearest.field, &*nearest.wanted, &*nearest.found), ("running", "false", "true"));
    assert_eq!(nearest.bindings, "c=api, h=db, p=5432");
}

#[test]
fn a_probe_tells_its_verdict_and_missing_documents_are_counted() {
    let probe = rule(
        "r",
        "when:\n  f: { connection_failure: { container: $c, host: $h, port: $p } }\n  path: { probe: { from: $c, to: $h, port: $p, verdict: [dropped, rejected] } }\n",
    );
    let explanation = explained(&probe, &facts());
    let nearest = explanation.conditions[1].nearest.as_ref().unwrap();
    assert_eq!((&*nearest.wanted, &*nearest.found), ("[dropped, rejected]", "refused"));
    let missing =
        rule("r", "when:\n  f: { connection_failure: { container: $c } }\n  e: { endpoint: { container: $c } }\n");
    let explanation = explained(&missing, &facts());
    assert_eq!((explanation.answer, explanation.conditions[1].undecided), ("undecided", 1));
}

#[test]
fn exceptions_and_expressions_are_counted() {
    let text = rule(
        "r",
        "when:\n  l: { listener: { port: $p } }\nwhere: ['p > 5433']\nunless:\n  - { listener: { port: $p, address: 127.0.0.1 } }\n",
    );
    let explanation = explained(&text, &facts());
    assert_eq!((explanation.answer, explanation.filtered), ("clear", 1));
    let blocker = &explanation.blocked[0];
    assert_eq!((&*blocker.asks, blocker.combinations, &*blocker.matched), ("listener", 1, "netstat.txt:5"));
    assert_eq!(blocker.line, 9);
}

#[test]
fn a_join_without_a_partner_names_the_key_and_where_it_comes_from() {
    let text = rule(
        "r",
        "when:\n  f: { connection_failure: { container: $c, port: $p } }\n  l: { listener: { port: $p, address: 0.0.0.0 } }\n",
    );
    let explanation = explained(&text, &facts());
    let nearest = explanation.conditions[1].nearest.as_ref().unwrap();
    assert_eq!((&*nearest.field, &*nearest.found, nearest.value.as_deref()), ("port", "5433", Some("5432")));
    assert_eq!((nearest.joins.as_deref(), nearest.partners), (Some("f"), Some(0)));
    // Of two that meet as much, the one that the join means is the nearest.
    let text = rule(
        "r",
        "when:\n  f: { connection_failure: { container: $c } }\n  s: { container: { name: $c, running: false } }\n",
    );
    let mut world = facts();
    world.push(container("aside", false));
    let explanation = explained(&text, &world);
    let nearest = explanation.conditions[1].nearest.as_ref().unwrap();
    assert_eq!((&*nearest.document, &*nearest.field), ("api.json", "running"));
}

#[test]
fn the_parts_of_alternatives_and_what_was_not_reached_are_told() {
    let text = rule(
        "r",
        "when:\n  x:\n    any:\n      - { listener: { port: 1 } }\n      - all: [{ listener: { port: $p } }, { container: { name: nobody } }]\n  z: { container: { name: z } }\n",
    );
    let explanation = explained(&text, &facts());
    let parts = &explanation.conditions[0].parts;
    assert_eq!((parts.len(), parts[0].after, &*parts[0].nearest.as_ref().unwrap().wanted), (2, 0, "1"));
    let chain = &parts[1].parts;
    assert_eq!((chain[0].after, chain[1].before, chain[1].after), (2, 2, 0));
    assert_eq!(explanation.untried.iter().map(|untried| &*untried.alias).collect::<Vec<_>>(), ["z"]);
    let text = rule("r", "when:\n  n: { count: { listener: { port: { gt: 1 } }, ge: 5 } }\n");
    let explanation = explained(&text, &facts());
    let nearest = explanation.conditions[0].nearest.as_ref().unwrap();
    assert_eq!((&*nearest.found, &*nearest.wanted), ("2", "ge: 5"));
}

#[test]
fn what_a_world_leaves_unused_is_a_gap() {
    let text = rule(
        "r",
        "when:\n  l:\n    any:\n      - { listener: { port: $p, address: 0.0.0.0 } }\n      - { listener: { port: $p, address: 10.0.0.1 } }\nwhere: ['p > 1']\nunless:\n  - { container: { name: nobody } }\n  - { container: { name: db } }\n",
    );
    let (prober, coverage) = (Table::default(), Coverage::default());
    let facts = facts();
    let world = World { facts: &facts, prober: &prober, coverage: &coverage, now: None };
    let parts = exercise(&pack(&[&text]), &world, "r").unwrap();
    let told: Vec<(&str, Option<&str>)> = parts.iter().map(|part| (part.kind, part.gap())).collect();
    let wanted = [
        ("when", None),
        ("any", None),
        ("any", Some("never holds")),
        ("where", Some("is never false")),
        ("unless", Some("never matches")),
        ("unless", None),
    ];
    assert_eq!(told, wanted);
    let pattern = Part { kind: "pattern", line: 1, what: String::new(), held: false, failed: true };
    assert_eq!(pattern.gap(), Some("never matches"));
    assert!(exercise(&pack(&[&text]), &world, "nobody").is_none());
}
