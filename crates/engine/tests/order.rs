//! The order in which facts and rules come in never shows in what comes out.

mod common;

use bundlescope_engine::{Coverage, World, evaluate};
use bundlescope_facts::{Fact, Value};
use common::{Table, container, failure, listener, on, pack, rule, shown, verdict};
use proptest::prelude::*;

fn facts() -> Vec<Fact> {
    let mut facts = Vec::new();
    for node in ["a", "b"] {
        for (line, name) in [(1, "api"), (2, "web"), (3, "job")] {
            facts.push(on(node, failure(name, "db", 5432, line)));
            facts.push(on(node, failure(name, "cache", 6379, line + 10)));
            facts.push(on(node, container(name, name != "job")));
        }
        facts.push(on(node, container("db", false)));
        facts.push(on(node, listener(6379, "127.0.0.1", 4)));
        // Two facts of one line.
        facts.push(on(node, listener(6379, "::1", 4)));
    }
    facts
}

fn texts() -> Vec<String> {
    vec![
        rule(
            "down",
            "explains: [connection_failure]\nwhen:\n  f: { connection_failure: { container: $c, host: $h } }\n  s: { container: { name: $h, running: false } }\n",
        ),
        rule(
            "loopback",
            "explains: [cannot-reach]\nwhen:\n  f: { connection_failure: { container: $c, port: $p } }\n  l: { listener: { port: $p, address: $a } }\nsubjects: { port: $p }\nmessage: '{{ c }} {{ a }}'\n",
        ),
        rule("cannot-reach", "role: symptom\nwhen:\n  f: { connection_failure: { container: $c, host: $h } }\n"),
        rule(
            "probed",
            "when:\n  x: { container: { name: $c } }\n  p: { probe: { from: $c, to: db, port: 5432, verdict: dropped } }\n",
        ),
        rule(
            "often",
            "role: note\nwhen:\n  n: { count: { connection_failure: { host: $h }, ge: 2 } }\nmessage: '{{ n.count }}'\n",
        ),
        "id: maker\nwhen:\n  c: { container: { name: $n, running: false } }\nemit: { down: { name: $n } }\n".to_owned(),
        rule("uses", "when:\n  d: { down: { name: $n } }\n"),
    ]
}

fn evaluated(facts: &[Fact], texts: &[String]) -> String {
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let mut prober = Table::default();
    prober.answers.insert("api db:5432".into(), verdict("dropped"));
    prober.answers.insert("web db:5432".into(), verdict("delivered"));
    let mut coverage = Coverage::default();
    coverage.add_producer("container", "docker-inspect", "docker inspect");
    let world = World { facts, prober: &prober, coverage: &coverage, now: None };
    shown(&evaluate(&pack(&texts), &world))
}

#[test]
fn the_example_shows_every_kind_of_answer() {
    insta::assert_snapshot!(evaluated(&facts(), &texts()));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn shuffled_facts_and_rules_give_the_same(
        facts in Just(facts()).prop_shuffle(),
        texts in Just(texts()).prop_shuffle(),
    ) {
        prop_assert_eq!(evaluated(&facts, &texts), evaluated(&self::facts(), &self::texts()));
    }

    /// What fires does not depend on the order of the conditions, only on what they ask.
    #[test]
    fn shuffled_conditions_find_the_same(
        conditions in Just(vec![
            "  f: { connection_failure: { container: $c, host: $h, port: $p } }",
            "  s: { container: { name: $h } }",
            "  k: { container: { name: $c, running: true } }",
            "  o: { listener: { port: { le: 6379 }, address: $a } }",
            "  i: { optional: { listener: { port: 6379 } } }",
        ]).prop_shuffle(),
    ) {
        let text = |conditions: &[&str]| {
            let when = conditions.join("\n");
            vec![rule("r", &format!("when:\n{when}\nsubjects: {{ c: $c, h: $h, p: $p, a: $a }}\nmessage: '{{{{ c }}}} {{{{ h }}}} {{{{ s.running }}}} {{{{ o.port }}}} {{{{ i.port }}}}'\n"))]
        };
        let sorted = {
            let mut sorted = conditions.clone();
            sorted.sort_unstable();
            sorted
        };
        // The order of the evidence is that of the conditions.
        let said = |text: &str| -> Vec<String> {
            text.lines().filter(|line| !line.starts_with("  ") || line.contains(" | ")).map(str::to_owned).collect()
        };
        prop_assert_eq!(said(&evaluated(&facts(), &text(&conditions))), said(&evaluated(&facts(), &text(&sorted))));
    }

    #[test]
    fn whatever_the_values_are_it_ends(values in prop::collection::vec((".{0,12}", any::<i64>(), any::<f64>()), 0..20)) {
        let facts: Vec<Fact> = values
            .iter()
            .map(|(text, int, float)| {
                let mut fact = failure(text, text, *int, 1);
                if let bundlescope_facts::Data::Dynamic { fields, .. } = &mut fact.data {
                    fields.insert("address".into(), Value::from(text.as_str()));
                    fields.insert("error".into(), Value::Float(*float));
                    fields.insert("client".into(), Value::List(vec![Value::Null, Value::Int(*int), Value::Float(*float)]));
                }
                fact
            })
            .collect();
        let text = rule("any", "when:\n  f: { connection_failure: { container: $c, address: { in_subnet: 0.0.0.0/0, not: { matches: '^x' } } } }\n  g: { connection_failure: { container: $c, port: { gt: 10 }, client: $k, error: { not: refused } } }\n  p: { probe: { from: $c, to: $c, port: $f.port, verdict: unknown } }\nmessage: '{{ f.address }} {{ g.client }} {{ k }}'\n");
        evaluated(&facts, &[text]);
    }
}
