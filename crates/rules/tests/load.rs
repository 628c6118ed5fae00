//! Rule files that are right load; those that are wrong are told about, all at once, with exact text.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failing test may panic")]

use bundlescope_rules::{Pack, RuleFile, RuleSource};

fn load(text: &str) -> (Pack, String) {
    let (pack, diagnostics) = Pack::load(vec![RuleFile { path: "rules/x.yaml".into(), text: text.into() }]);
    let drawn: Vec<String> = diagnostics.iter().map(|diagnostic| diagnostic.render()).collect();
    (pack, drawn.join("\n\n"))
}

const FIREWALL: &str = r#"
id: host-firewall-blocks-container
title: Host firewall blocks {{ client.name }} from {{ failure.host }}:{{ failure.port }}
severity: critical
confidence: high
status: stable
about: One paragraph for the triager.
references: [https://example.org/]
when:
  failure: { connection_failure: { container: $c, host: $dst, port: $port } }
  client:  { container: { name: $c } }
  server:  { listener: { proto: tcp, port: $port } }
  path:    { probe: { from: $c, to: $dst, port: $port, verdict: [dropped, rejected] } }
unless:
  - { container: { name: $c, network_mode: host } }
explains: [connection_failure]
message: "`{{ path.rule.text }}` (rule {{ path.rule.number }} of {{ path.rule.chain }}) stops {{ c }}"
fix:
  - say: Allow the bridge to reach the port.
    run: iptables -I INPUT {{ path.rule.number }} -i {{ path.in_interface }} -p tcp --dport {{ failure.port }} -j ACCEPT
    proves: { probe: { from: $c, to: $dst, port: $port, verdict: delivered } }
tests:
  - name: default-deny INPUT
    files: { iptables-save.txt: "*filter\n" }
    expect: { fires: 1, message: "stops", evidence: ["iptables-save.txt:1"] }
  - name: the same with the port open
    bundle: fixtures/open
    expect: { fires: 0 }
"#;

#[test]
fn a_whole_rule_loads() {
    let (pack, drawn) = load(FIREWALL);
    assert_eq!(drawn, "");
    let rule = &pack.rules()[0];
    let names: Vec<&str> = rule.variables.iter().map(|variable| &*variable.name).collect();
    assert_eq!(names, ["node", "c", "dst", "port"]);
    assert_eq!(rule.subjects.len(), 3);
}

#[test]
fn the_embedded_pack_has_no_mistake() {
    let (_, diagnostics) = Pack::load_sources(&[bundlescope_rules::embedded()]);
    let errors = diagnostics.iter().filter(|diagnostic| !diagnostic.code.warning);
    let drawn: Vec<String> = errors.map(|diagnostic| diagnostic.render()).collect();
    assert!(drawn.is_empty(), "{}", drawn.join("\n"));
}

#[test]
fn the_cost_of_loading_grows_with_the_rules_and_no_faster() {
    let timed = |count: usize| {
        let file = |n: usize| RuleFile {
            path: format!("rules/r{n}.yaml"),
            text: FIREWALL.replace("id: host-firewall-blocks-container", &format!("id: r{n}")),
        };
        let files: Vec<RuleFile> = (0..count).map(file).collect();
        let start = std::time::Instant::now();
        let (pack, diagnostics) = Pack::load(files);
        assert!(diagnostics.is_empty());
        assert_eq!(pack.rules().len(), count);
        start.elapsed()
    };
    let (few, many) = if cfg!(debug_assertions) { (50, 400) } else { (1_250, 10_000) };
    // Eight times the rules; quadratic loading would take 64 times as long. The bound leaves room for a busy machine.
    let (one, eight) = (timed(few), timed(many));
    assert!(eight < one * 30, "{few} rules in {one:?}, {many} in {eight:?}");
}

#[test]
fn a_later_pack_replaces_rules_and_each_tells_its_name() {
    let source = |name: &str, text: &str| RuleSource {
        name: name.into(),
        version: "1.0".into(),
        files: vec![
            RuleFile { path: "x.yaml".into(), text: text.into() },
            RuleFile { path: "pack.yaml".into(), text: "name: named\nversion: '2'\n".into() },
        ],
    };
    let vendor = FIREWALL.replace("severity: critical", "severity: low");
    let (pack, diagnostics) = Pack::load_sources(&[source("core", FIREWALL), source("site", &vendor)]);
    assert!(diagnostics.is_empty());
    assert_eq!(pack.rules().len(), 1);
    assert_eq!(pack.rules()[0].severity.word(), "low");
    let parts: Vec<&str> = pack.id().split(", ").collect();
    assert!(parts.iter().all(|part| part.starts_with("named 2 (") && part.len() == "named 2 (12345678)".len()));
    assert_ne!(parts[0], parts[1]);
}

#[test]
fn a_domain_says_what_belongs_to_it() {
    let told = |text: &str| {
        let file = RuleFile { path: "pack.yaml".into(), text: text.into() };
        let (_, found) = Pack::load(vec![file]);
        found.iter().map(|one| format!("{} {}", one.code.id, one.message)).collect::<Vec<_>>()
    };
    assert!(told("name: n\ndomains:\n  - { name: a, rules: ['a/*'], traces: { pod: { name: x } } }\n").is_empty());
    assert_eq!(told("name: n\ndomains:\n  - { name: a, rules: ['a/*'] }\n"), ["BS0004 a domain needs `traces`"]);
    assert_eq!(
        told("name: n\ndomains:\n  - { name: a, rules: ['a/*'], traces: { pod: { name: $p } } }\n"),
        ["BS0017 `traces` binds no variable, and `$p` is one"]
    );
    assert_eq!(
        told("name: n\ndomains:\n  - { name: a, rules: ['a/*'], traces: { poid: {} } }\n"),
        ["BS0009 there is no kind of fact `poid`"]
    );
}
