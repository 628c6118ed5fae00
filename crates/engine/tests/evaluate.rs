//! Rules over hand-made facts: joins, three answers, nesting, remedies.

#![allow(clippy::unwrap_used, reason = "a failing test may panic")]

mod common;

use bundlescope_engine::{Coverage, ProbeAnswer, Unlisted};
use bundlescope_facts::{Source, Value};
use common::{Table, container, failure, listener, map, on, pack, rule, run, run_with, shown, verdict};

const FIREWALL: &str = "
id: host-firewall
title: Host firewall blocks {{ client.name }} from {{ failure.host }}:{{ failure.port }}
severity: critical
confidence: high
when:
  failure: { connection_failure: { container: $c, host: $dst, port: $port } }
  client: { container: { name: $c } }
  server: { listener: { proto: tcp, port: $port } }
  path: { probe: { from: $c, to: $dst, port: $port, verdict: [dropped, rejected] } }
unless:
  - { container: { name: $c, network_mode: host } }
explains: [connection_failure]
message: '`{{ path.rule.text }}` (rule {{ path.rule.number }} of {{ path.rule.chain }}) stops {{ c }}'
fix:
  - say: Allow it.
    run: iptables -I INPUT {{ path.rule.number }} -i {{ path.in_interface }} -p tcp --dport {{ failure.port }} -j ACCEPT
    proves: { probe: { from: $c, to: $dst, port: $port, verdict: delivered } }
  - say: Or ask the administrator.
";

const SYMPTOM: &str = "
id: cannot-reach
title: '{{ c }} cannot reach {{ failure.host }}'
severity: medium
role: symptom
when:
  failure: { connection_failure: { container: $c, ongoing: true } }
message: '{{ failure.count }} times {{ failure.error }}, by {{ failure.client }}'
";

fn dropped() -> ProbeAnswer {
    let rule = map([("text", "-A INPUT -j DROP".into()), ("number", Value::Int(4)), ("chain", "INPUT".into())]);
    let value = map([
        ("verdict", "dropped".into()),
        ("rule", rule),
        ("in_interface", "docker0".into()),
        ("decided_by", map([("kind", "rule".into())])),
    ]);
    let evidence = vec![Source::lines("iptables-save.txt", 12, 12)];
    ProbeAnswer { verdict: "dropped".into(), value, evidence, ..ProbeAnswer::default() }
}

fn facts() -> Vec<bundlescope_facts::Fact> {
    vec![
        failure("api", "172.17.0.1", 5432, 3),
        failure("web", "172.17.0.1", 5432, 8),
        container("api", true),
        container("web", true),
        listener(5432, "0.0.0.0", 4),
    ]
}

fn prober() -> Table {
    let mut table = Table::default();
    table.answers.insert("api 172.17.0.1:5432".into(), dropped());
    table.answers.insert("web 172.17.0.1:5432".into(), verdict("delivered"));
    let command = "iptables -I INPUT 4 -i docker0 -p tcp --dport 5432 -j ACCEPT";
    table.after.insert(command.into(), [("api 172.17.0.1:5432".to_owned(), verdict("delivered"))].into());
    table
}

#[test]
fn a_cause_is_proved_and_its_symptom_nested_below_it() {
    insta::assert_snapshot!(shown(&run(&[FIREWALL, SYMPTOM], &facts(), &prober())));
}

#[test]
fn a_remedy_that_does_not_help_is_told_without_its_command() {
    let mut prober = prober();
    prober.after.values_mut().for_each(|answers| {
        answers.insert("api 172.17.0.1:5432".into(), verdict("rejected"));
    });
    let evaluation = run(&[FIREWALL], &facts(), &prober);
    let fix = &evaluation.findings[0].fix[0];
    assert_eq!((fix.run.as_deref(), fix.proved), (None, false));
    prober.after.clear();
    let evaluation = run(&[FIREWALL], &facts(), &prober);
    assert_eq!(evaluation.findings[0].fix[0].run, None);
}

#[test]
fn an_exception_holds_the_rule_back() {
    let mut facts = facts();
    let mut host = bundlescope_facts::Container { name: "api".into(), ..Default::default() };
    host.network_mode = Some("host".into());
    facts.push(bundlescope_facts::Fact::new(Source::lines("inspect.json", 1, 2), host));
    let evaluation = run(&[FIREWALL], &facts, &prober());
    assert_eq!(shown(&evaluation), "clear [\"host-firewall\"]\n");
}

#[test]
fn missing_evidence_makes_it_undecided_and_says_what_to_collect() {
    let mut coverage = Coverage::default();
    coverage.add_producer("listener", "ss", "ss -tulpn");
    coverage.add_producer("listener", "netstat", "netstat -tulpn");
    coverage.add_producer("connection_failure", "container-log", "docker logs");
    coverage.add("", "connection_failure", Some("api".into()));
    let mut facts = facts();
    facts.retain(|fact| fact.kind() != "listener");
    // The probe of a client whose fate is known does not matter, the listener before it does.
    insta::assert_snapshot!(shown(&run_with(&[FIREWALL, SYMPTOM], &facts, &prober(), &coverage)));
    // The document was collected and shows no such listener: that is an answer.
    coverage.add("", "listener", None);
    let evaluation = run_with(&[FIREWALL], &facts, &prober(), &coverage);
    assert_eq!(shown(&evaluation), "clear [\"host-firewall\"]\n");
}

#[test]
fn an_unknown_verdict_makes_it_undecided() {
    let evaluation = run(&[FIREWALL], &facts(), &Table::default());
    assert_eq!(evaluation.undecided.len(), 1);
    assert_eq!(&*evaluation.undecided[0].missing[0].kind, "iptables-save");
    assert!(evaluation.clear.is_empty());
}

#[test]
fn a_rule_without_a_trigger_is_clear_or_could_not_run() {
    let mut coverage = Coverage::default();
    coverage.add_producer("connection_failure", "container-log", "docker logs NAME");
    coverage.add_producer("listener", "ss", "ss -tulpn");
    let evaluation = run_with(&[FIREWALL], &[], &Table::default(), &coverage);
    assert_eq!(evaluation.undecided[0].because, "");
    assert_eq!(evaluation.undecided[0].missing[0].collect, "docker logs NAME");
    coverage.add("web1", "connection_failure", None);
    let evaluation = run_with(&[FIREWALL], &[], &Table::default(), &coverage);
    assert_eq!(shown(&evaluation), "clear [\"host-firewall\"]\n");
}

#[test]
fn facts_of_different_hosts_do_not_join_unless_the_rule_says_so() {
    let facts = [on("a", failure("api", "h", 80, 1)), on("b", listener(80, "0.0.0.0", 2))];
    let body = "when:\n  f: { connection_failure: { port: $p } }\n  l: { listener: { port: $p } }\n";
    let same = rule("same", body);
    let across = rule("across", &format!("{body}across_nodes: true\n"));
    let evaluation = run(&[&same, &across], &facts, &Table::default());
    assert_eq!(evaluation.findings.len(), 1);
    assert_eq!(&*evaluation.findings[0].rule, "across");
    assert_eq!(&*evaluation.findings[0].node, "a");
    assert_eq!(evaluation.clear, ["same".into()]);
}

#[test]
fn a_list_binds_each_of_its_elements_and_a_captured_number_joins_one() {
    let mut api = bundlescope_facts::Container { name: "api".into(), ..Default::default() };
    api.env.insert("DATABASE_URL".into(), "postgres://db:5432/x".into());
    api.exposed_ports = vec!["80/tcp".into(), "443/tcp".into()];
    let facts = [
        bundlescope_facts::Fact::new(Source::lines("inspect.json", 1, 2), api),
        listener(5432, "127.0.0.1", 1),
        listener(5433, "127.0.0.1", 2),
    ];
    let url = rule(
        "url",
        "when:\n  c: { container: { env.DATABASE_URL: { matches: '//(?<host>[^:/]+):(?<port>\\d+)' } } }\n  l: { listener: { port: $port } }\nmessage: '{{ host }} {{ port }} line {{ l.line }}'\n",
    );
    let ports = rule("ports", "when:\n  c: { container: { exposed_ports: $p } }\nmessage: '{{ p }}'\n");
    let evaluation = run(&[&url, &ports], &facts, &Table::default());
    let messages: Vec<&str> = evaluation.findings.iter().map(|finding| finding.message.as_str()).collect();
    let mut sorted = messages.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, ["443/tcp", "80/tcp", "db 5432 line 1"]);
}

/// Which of a container's conditions hold, one rule each.
fn holding(conditions: &[&str]) -> Vec<usize> {
    let mut api = bundlescope_facts::Container { name: "api".into(), ..Default::default() };
    api.memory_limit = Some(512 << 20);
    api.exit_code = Some(137);
    api.labels.insert("com.example.version".into(), "1.10.2".into());
    api.started = "2026-11-21T11:58:00Z".parse().ok();
    api.created = "2026-11-20T11:58:00Z".parse().ok();
    api.command = vec!["nginx".into(), "-g".into()];
    let net = bundlescope_facts::Network {
        name: "n".into(),
        subnets: vec!["172.18.0.0/16".parse().unwrap(), "fd00::/64".parse().unwrap()],
        ..Default::default()
    };
    let facts = [
        bundlescope_facts::Fact::new(Source::lines("inspect.json", 1, 2), api),
        bundlescope_facts::Fact::new(Source::lines("net.json", 1, 2), net),
        listener(80, "10.1.2.3", 1),
    ];
    let texts: Vec<String> = conditions
        .iter()
        .enumerate()
        .map(|(n, condition)| rule(&format!("r{n}"), &format!("when:\n  x: {{ {condition} }}\n")))
        .collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let evaluation = run(&texts, &facts, &Table::default());
    assert!(evaluation.problems.is_empty());
    (0..conditions.len()).filter(|n| evaluation.findings.iter().any(|f| *f.rule == *format!("r{n}"))).collect()
}

#[test]
fn every_operator_holds_and_fails_where_it_should() {
    let good = [
        "container: { memory_limit: { ge: 512MiB, lt: 1GiB } }",
        "container: { memory_limit: 512MiB }",
        "container: { exit_code: { gt: 128, le: 137 } }",
        "container: { exit_code: [1, 137] }",
        "container: { exit_code: { not: [0, 1], any_of: [137], none_of: [2] } }",
        "container: { labels.com.example.version: { ge: '1.9', lt: '1.11' } }",
        "container: { name: { matches: '^a', contains: p, starts_with: ap, ends_with: pi } }",
        "container: { started: { within: 5m } }",
        "container: { started: { within: 24h, of: '2026-11-20T12:00:00Z' } }",
        "container: { created: $t, started: { after: $t } }",
        "container: { created: { before: '2026-11-21T00:00:00Z' } }",
        "container: { health: { absent: true }, exit_code: { absent: false } }",
        "container: { dns: { absent: true } }",
        "container: { health: { not: healthy } }",
        "container: { command: { contains: -g } }",
        "container: { command: nginx }",
        "listener: { address: { in_subnet: 10.0.0.0/8 } }",
        "listener: { address: { in_subnet: [192.168.0.0/16, 10.1.0.0/16] } }",
        "network: { subnets: { overlaps: 172.16.0.0/12 } }",
        "network: { subnets: { contains_address: 'fd00::1' } }",
        "network: { subnets: { in_subnet: 172.16.0.0/12 } }",
        "count: { listener: { port: 80 }, is: 1 }",
        "count: { listener: { port: 81 }, le: 0 }",
        "count: { container: { name: $n }, distinct: exit_code, ge: 1 }",
        "count: { container: {}, sum: exit_code, gt: 100 }",
        "any: [ { listener: { port: 1 } }, { listener: { port: 80 } } ]",
        "all: [ { listener: { port: $p } }, { listener: { port: $p, address: 10.1.2.3 } } ]",
    ];
    assert_eq!(holding(&good), (0..good.len()).collect::<Vec<_>>());
    let bad = [
        "container: { memory_limit: { gt: 512MiB } }",
        "container: { exit_code: { not: 137 } }",
        "container: { exit_code: { none_of: [1, 137] } }",
        "container: { labels.com.example.version: { lt: '1.9' } }",
        "container: { labels.nothing: x }",
        "container: { health: healthy }",
        "container: { started: { within: 1m } }",
        "container: { created: $t, started: { before: $t } }",
        "container: { finished: { within: 100000h } }",
        "listener: { address: { in_subnet: 10.1.2.4/32 } }",
        "listener: { address: { in_subnet: '::/0' } }",
        "network: { subnets: { contains_address: 172.19.0.1 } }",
        "count: { listener: {}, gt: 1 }",
        "count: { listener: { port: $p, address: 10.9.9.9 }, le: 0 }",
        "any: [ { listener: { port: 1 } }, { listener: { port: 2 } } ]",
        "all: [ { listener: { port: $p } }, { listener: { port: $p, address: 10.1.2.4 } } ]",
    ];
    assert_eq!(holding(&bad), Vec::<usize>::new());
}

#[test]
fn a_count_groups_by_what_it_binds() {
    let facts = [failure("api", "a", 1, 1), failure("api", "b", 2, 2), failure("web", "a", 1, 3)];
    let text = rule(
        "often",
        "when:\n  n: { count: { connection_failure: { container: $c }, distinct: host, ge: 2 } }\nmessage: '{{ c }} {{ n.count }}'\n",
    );
    let evaluation = run(&[&text], &facts, &Table::default());
    assert_eq!(evaluation.findings.iter().map(|f| f.message.as_str()).collect::<Vec<_>>(), ["api 2"]);
    assert_eq!(evaluation.findings[0].evidence.len(), 2);
}

#[test]
fn parameters_and_expressions_decide() {
    let text = rule(
        "big",
        "params: { limit: 100 }\nwhen:\n  l: { listener: { port: { gt: $limit } } }\nwhere: [ 'l.port % 2 == 0', 'l.port > limit' ]\n",
    );
    let facts = [listener(80, "::", 1), listener(101, "::", 2), listener(102, "::", 3)];
    let evaluation = run(&[&text], &facts, &Table::default());
    assert_eq!(evaluation.findings[0].evidence[0].line, 3);
    assert_eq!(evaluation.findings.len(), 1);
    let mut pack = pack(&[&text]);
    assert!(pack.set_parameter("big", "limit", Value::Int(50)));
    assert!(!pack.set_parameter("big", "other", Value::Int(50)));
    let coverage = Coverage::default();
    let world = bundlescope_engine::World { facts: &facts, prober: &Table::default(), coverage: &coverage, now: None };
    let lines: Vec<u32> =
        bundlescope_engine::evaluate(&pack, &world).findings[0].evidence.iter().map(|e| e.line).collect();
    assert_eq!(lines, [1, 3]);
}

#[test]
fn findings_about_one_thing_give_way_to_the_one_that_knows_more() {
    let general = rule("general", "when:\n  f: { connection_failure: { container: $c } }\n");
    let special =
        rule("special", "supersedes: [general]\nwhen:\n  f: { connection_failure: { container: $c, host: db } }\n");
    let facts = [failure("api", "db", 1, 1), failure("web", "x", 2, 2)];
    let evaluation = run(&[&general, &special], &facts, &Table::default());
    let rules: Vec<String> =
        evaluation.findings.iter().map(|f| format!("{} {}", f.rule, f.subjects.values().next().unwrap())).collect();
    assert_eq!(rules, ["general web", "special api"]);
}

#[test]
fn what_gives_way_itself_pushes_nobody_aside() {
    let when = "when:\n  f: { connection_failure: { container: $c } }\n";
    let a = rule("a", when);
    let b = rule("b", &format!("supersedes: [a]\n{when}"));
    let c = rule("c", &format!("supersedes: [b]\n{when}"));
    let facts = [failure("api", "db", 1, 1)];
    let rules = |texts: &[&str]| {
        let evaluation = run(texts, &facts, &Table::default());
        evaluation.findings.iter().map(|finding| finding.rule.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(rules(&[&a, &b]), ["b"]);
    assert_eq!(rules(&[&a, &b, &c]), ["a", "c"]);
}

#[test]
fn the_document_that_says_most_is_told() {
    let text = rule(
        "ended",
        "when:\n  s: { container: { name: $n, running: false } }\nmessage: '{{ n }} ended with {{ s.exit_code }}'\n",
    );
    let listed = container("api", false);
    let full = bundlescope_facts::Container { name: "api".into(), exit_code: Some(3), ..Default::default() };
    let full = bundlescope_facts::Fact::new(Source::lines("zz-inspect.json", 1, 2), full);
    let evaluation = run(&[&text], &[listed, full], &Table::default());
    assert_eq!(evaluation.findings.len(), 1);
    assert_eq!(evaluation.findings[0].message, "api ended with 3");
    assert_eq!(evaluation.findings[0].evidence.len(), 2);
}

#[test]
fn a_value_of_the_bundle_stays_one_word_of_a_command() {
    let text = rule(
        "r",
        "when:\n  s: { container: { name: $n } }\nfix:\n  - say: start {{ n }}\n    run: docker start {{ n }}\n  - say: x\n    run: docker kill {{ s.health }}\n",
    );
    let evaluation = run(&[&text], &[container("a; reboot #\n", false)], &Table::default());
    let fix = &evaluation.findings[0].fix;
    assert_eq!(fix[0].run.as_deref(), Some("docker start 'a; reboot #'"));
    assert_eq!(fix[1].run, None);
}

#[test]
fn rules_build_on_facts_of_rules() {
    let user = rule("user", "when:\n  b: { broken: { name: $n, why: $w } }\nmessage: '{{ n }}: {{ w }}'\n");
    let maker = "id: zz-maker\nwhen:\n  c: { container: { name: $n, running: false } }\nemit: { broken: { name: $n, why: $c.document } }\n";
    let evaluation = run(&[&user, maker], &[container("api", false), container("web", true)], &Table::default());
    assert_eq!(evaluation.findings[0].message, "api: api.json");
    assert_eq!(evaluation.derived.len(), 1);
    assert_eq!(evaluation.findings[0].evidence[0].document.as_ref(), "api.json");
}

/// What is delivered as far as was captured may still be stopped where nobody has looked: who asks for that place has no
/// answer, who asks for another one has.
#[test]
fn what_no_document_lists_leaves_open_what_asks_for_it() {
    let rule = |id: &str, field: &str| {
        format!(
            "id: {id}\ntitle: x\nseverity: high\nwhen:\n  failure: {{ connection_failure: {{ container: $c, host: $h, \
             port: $p }} }}\n  path: {{ probe: {{ from: $c, to: $h, port: $p, verdict: dropped, {field} }} }}\nmessage: x\n"
        )
    };
    let texts = [rule("native", "rule.native: true"), rule("iptables", "rule.native: false")];
    let mut table = Table::default();
    let unlisted = Unlisted {
        path: "rule.native".into(),
        value: true.into(),
        kind: "nft".into(),
        collect: "nft list ruleset".into(),
    };
    let answer = ProbeAnswer { unlisted: vec![unlisted], ..verdict("delivered") };
    table.answers.insert("api 172.17.0.1:5432".into(), answer);
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let evaluation = run(&texts, &[failure("api", "172.17.0.1", 5432, 3)], &table);
    assert_eq!(evaluation.clear, [bundlescope_facts::Text::from("iptables")]);
    let [undecided] = &evaluation.undecided[..] else { panic!("{:?}", evaluation.undecided) };
    assert_eq!((&*undecided.rule, &*undecided.missing[0].collect), ("native", "nft list ruleset"));
}

/// A row of `docker network ls` does not say whether a network is internal.
#[test]
fn what_only_an_inspect_tells_is_missing_where_there_are_but_rows_of_a_list() {
    let text = "id: inside\ntitle: x\nseverity: high\nwhen:\n  failure: { connection_failure: { container: $c } }\n  \
                network: { network: { inspected: true, internal: true } }\nmessage: x\n";
    let network = |inspected| {
        let network = bundlescope_facts::Network { name: "back".into(), inspected, ..Default::default() };
        bundlescope_facts::Fact::new(Source::lines("networks.txt", 2, 2), network)
    };
    let mut coverage = Coverage::default();
    coverage.add_producer("network", "docker-network-inspect", "docker network inspect");
    coverage.add("", "network", None);
    let ask = |inspected| {
        let facts = [failure("api", "172.17.0.1", 5432, 3), network(inspected)];
        run_with(&[text], &facts, &Table::default(), &coverage)
    };
    let listed = ask(false);
    assert_eq!(listed.undecided.first().map(|open| &*open.missing[0].collect), Some("docker network inspect"));
    assert_eq!(ask(true).clear, [bundlescope_facts::Text::from("inside")]);
}
