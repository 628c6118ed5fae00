//! The cost of evaluation grows with the facts that can match, whatever order a rule is written in.

mod common;

use std::time::{Duration, Instant};

use bundlescope_engine::{Coverage, Evaluation, World, evaluate};
use bundlescope_facts::{Container, Fact, Listener, Source};
use common::{Table, pack, rule};

/// 50,000 containers and 50,000 listeners, of which pairs belong together.
fn facts() -> Vec<Fact> {
    let mut facts = Vec::new();
    for n in 0..50_000_u32 {
        let container = Container {
            name: format!("c{n}").into(),
            hostname: Some(format!("h{n}").into()),
            pid: Some(n),
            running: true,
            ..Container::default()
        };
        facts.push(Fact::new(Source::lines("inspect.json", n, n), container));
        let listener = Listener {
            port: u16::try_from(n % 60_000).unwrap_or(0),
            process: Some(format!("h{n}").into()),
            pid: Some(n),
            ..Listener::default()
        };
        facts.push(Fact::new(Source::lines("ss.txt", n, n), listener));
    }
    facts
}

fn timed(texts: &[&str], facts: &[Fact]) -> (Evaluation, Duration) {
    let pack = pack(texts);
    let coverage = Coverage::default();
    let start = Instant::now();
    let world = World { facts, prober: &Table::default(), coverage: &coverage, now: None };
    let evaluation = evaluate(&pack, &world);
    (evaluation, start.elapsed())
}

/// An unoptimised build on a busy machine is many times slower than what is promised, a quadratic join thousands of
/// times.
const LIMIT: Duration = if cfg!(debug_assertions) { Duration::from_secs(20) } else { Duration::from_secs(1) };

#[test]
fn joins_of_a_hundred_thousand_facts_are_linear() {
    let facts = facts();
    let joined = rule(
        "joined",
        "when:\n  l: { listener: { pid: $p } }\n  c: { container: { pid: $p, name: { ends_with: '49999' } } }\n",
    );
    let (evaluation, time) = timed(&[&joined], &facts);
    assert_eq!(evaluation.findings.len(), 1);
    assert!(evaluation.problems.is_empty());
    assert!(time < LIMIT, "{time:?}");
}

#[test]
fn a_bad_order_does_not_combine_everything_with_everything() {
    let facts = facts();
    // Nothing joins the first two conditions but the third, which is written last.
    let bad = rule(
        "bad",
        "when:\n  a: { container: { name: $n } }\n  b: { listener: { process: $h } }\n  c: { container: { name: $n, hostname: $h, pid: 777 } }\n",
    );
    let (evaluation, time) = timed(&[&bad], &facts);
    assert!(evaluation.problems.is_empty(), "{:?}", evaluation.problems);
    assert_eq!(evaluation.findings.len(), 1);
    assert!(time < LIMIT, "{time:?}");
}

#[test]
fn a_product_without_a_join_is_cut_and_reported() {
    let facts = facts();
    let product = rule("product", "when:\n  a: { container: { name: $n } }\n  b: { listener: { process: $h } }\n");
    let (evaluation, time) = timed(&[&product], &facts);
    assert_eq!(evaluation.problems.len(), 2, "{:?}", evaluation.problems);
    assert!(evaluation.problems.iter().any(|p| p.message.contains("more combinations than are tried")));
    assert!(time < LIMIT * 2, "{time:?}");
}

#[test]
fn a_thousand_rules_cost_what_their_facts_cost() {
    let facts = facts();
    let texts: Vec<String> = (0..1_000)
        .map(|n| {
            let id = format!("r{n}");
            rule(&id, &format!("when:\n  c: {{ container: {{ name: c{n}, pid: $p }} }}\n  l: {{ listener: {{ pid: $p, port: 99 }} }}\n"))
        })
        .collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let (evaluation, time) = timed(&texts, &facts);
    assert_eq!(evaluation.findings.len(), 1);
    assert_eq!(evaluation.clear.len(), 999);
    assert!(time < LIMIT, "{time:?}");
}

/// Facts looked at for one rule over the facts, which do not depend on the machine.
fn checks(text: &str, facts: &[Fact]) -> (Evaluation, u64) {
    let (evaluation, _) = timed(&[text], facts);
    let checks = evaluation.checks;
    (evaluation, checks)
}

#[test]
fn the_facts_looked_at_do_not_depend_on_the_order_of_the_conditions() {
    let facts = facts();
    // One container, its listener by pid, and something that joins nothing and holds for every container.
    let conditions = [
        "  a: { container: { pid: $p, hostname: $h } }",
        "  b: { container: { name: c777, pid: $p } }",
        "  l: { listener: { pid: $p, process: $h, port: $port } }",
    ];
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let when: Vec<&str> = order.iter().map(|at| conditions[*at]).collect();
        let text = rule("r", &format!("when:\n{}\nmessage: '{{{{ h }}}} {{{{ port }}}}'\n", when.join("\n")));
        let (evaluation, checks) = checks(&text, &facts);
        assert_eq!(evaluation.findings.len(), 1, "{order:?}");
        assert_eq!(evaluation.findings[0].message, "h777 777");
        assert!(evaluation.problems.is_empty(), "{:?}", evaluation.problems);
        assert!(checks < 20, "{order:?}: {checks}");
    }
}

#[test]
fn a_selective_condition_that_is_written_last_comes_first() {
    let mut facts = facts();
    for n in 0..120_000_u32 {
        let listener = Listener { port: 9, process: Some(format!("x{n}").into()), ..Listener::default() };
        facts.push(Fact::new(Source::lines("other.txt", n, n), listener));
    }
    let text = rule(
        "r",
        "when:\n  l: { listener: { process: $h } }\n  c: { container: { hostname: $h, name: { matches: '^c42$' } } }\n  d: { container: { hostname: $h, pid: 42 } }\n",
    );
    let (evaluation, checks) = checks(&text, &facts);
    assert_eq!(evaluation.findings.len(), 1);
    assert!(evaluation.problems.is_empty(), "{:?}", evaluation.problems);
    assert!(checks < 20, "{checks}");
}
