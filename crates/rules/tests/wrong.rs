//! Wrong rule files: the exact place, and help that is right.

use bundlescope_rules::{Diagnostic, Pack, RuleFile};

/// A rule that is right, to which each case does something wrong.
const GOOD: &str = "\
id: redis-exited
title: '{{ name }} does not run'
severity: high
when:
  failure: { connection_failure: { container: $c, host: $name, port: $port } }
  server: { container: { name: $name, running: false } }
message: '{{ name }} ended with {{ server.exit_code }}, {{ c }} needs it.'
explains: [connection_failure]
tests:
  - name: it ended
    files: { a.txt: x }
    expect: { fires: 1 }
  - name: it runs
    files: { a.txt: y }
    expect: { fires: 0 }
";

/// Replaces one piece of the good rule.
fn instead(of: &str, put: &str) -> String {
    assert!(GOOD.contains(of), "{of}");
    GOOD.replacen(of, put, 1)
}

/// Replaces the condition on the server.
fn server(put: &str) -> String {
    instead("{ container: { name: $name, running: false } }", put)
}

fn cases() -> Vec<(&'static str, String)> {
    let signature = |body: &str| format!("id: s\nstatus: draft\nsignature:\n  event: connection_failure\n{body}");
    vec![
        ("a tab for indentation", instead("  failure:", "\tfailure:")),
        ("a colon in plain text", instead("'{{ name }} does not run'", "Redis: it ended: {{ name }}")),
        ("a bracket that stays open", instead("explains: [connection_failure]", "explains: [connection_failure")),
        ("a key twice", instead("severity: high", "severity: high\nseverity: low")),
        ("an unknown key", instead("message:", "mesage:")),
        ("no id", instead("id: redis-exited\n", "")),
        ("no severity and no message", instead("severity: high\n", "").replace("message: ", "about: ")),
        ("no conditions", "id: a\nstatus: draft\ntitle: t\nseverity: low\nmessage: m\n".to_owned()),
        ("empty conditions", "id: a\nstatus: draft\ntitle: t\nseverity: low\nmessage: m\nwhen: {}\n".to_owned()),
        (
            "a list instead of a map",
            instead("when:\n  failure:", "when:\n  - failure:").replace("\n  server:", "\n    server:"),
        ),
        ("a file that is a list", "- id: a\n".to_owned()),
        ("an empty file", String::new()),
        ("a word that is not allowed", instead("severity: high", "severity: hihg")),
        ("an id with capitals", instead("id: redis-exited", "id: Redis_Exited")),
        ("an alias with a dash", instead("  server:", "  the-server:")),
        ("an unknown kind", server("{ contianer: { name: $name } }")),
        ("a kind that nobody makes", server("{ weather: { name: $name } }")),
        ("an unknown field", server("{ container: { nmae: $name, running: false } }")),
        ("a field of a record", server("{ container: { mounts.sorce: /x, name: $name } }")),
        ("a part of a plain field", server("{ container: { name.first: x, name: $name } }")),
        ("an unknown operator", server("{ container: { name: $name, exit_code: { greater: 0 } } }")),
        ("an operator on the wrong field", server("{ container: { name: $name, running: { gt: 0 } } }")),
        ("a subnet of a number", server("{ container: { name: $name, exit_code: { in_subnet: 10.0.0.0/8 } } }")),
        ("text for a number", server("{ container: { name: $name, exit_code: oops } }")),
        ("a number in quotes", server("{ container: { name: $name, exit_code: '137' } }")),
        ("yes for true", server("{ container: { name: $name, running: yes } }")),
        ("a version without quotes", server("{ docker_daemon: { name: $name, version: { ge: 20.10 } } }")),
        ("nothing for a value", server("{ container: { name: $name, health: null } }")),
        ("a word that a field never has", server("{ listener: { proto: tpc } }").replace("server.exit_code", "port")),
        ("a name for an address", server("{ listener: { address: localhost } }").replace("server.exit_code", "port")),
        ("a whole map", server("{ container: { name: $name, env: DATABASE_URL } }")),
        ("an open group", server("{ container: { name: $name, image: { matches: 'redis(' } } }")),
        ("a look-ahead", server("{ container: { name: $name, image: { matches: 'redis(?!-x)' } } }")),
        (
            "an address for a subnet",
            server("{ listener: { address: { in_subnet: 10.0.0.1 } } }").replace("server.exit_code", "port"),
        ),
        (
            "a subnet too wide",
            server("{ listener: { address: { in_subnet: 10.0.0.0/33 } } }").replace("server.exit_code", "port"),
        ),
        ("a duration without a unit", server("{ container: { name: $name, started: { within: 5 } } }")),
        ("a time of day", server("{ container: { name: $name, started: { before: 12:00 } } }")),
        ("a size with a wrong unit", server("{ container: { name: $name, memory_limit: { gt: 5 XB } } }")),
        ("of without within", server("{ container: { name: $name, started: { of: $t } } }")),
        ("an unbound variable", server("{ container: { name: $name, exit_code: { gt: $limit } } }")),
        ("a misspelt variable", instead("running: false", "running: false, hostname: { not: $prot }")),
        ("an alias as a variable", instead("running: false", "running: false, hostname: { not: $failure }")),
        ("a later alias", instead("port: $port", "port: $port, client: $server.name")),
        ("an unknown field of an alias", instead("running: false", "running: false, hostname: $failure.hots")),
        ("a variable called like an alias", instead("$name", "$server")),
        (
            "a variable that only one alternative binds",
            server("{ any: [ { container: { name: $name, image: $i } }, { endpoint: { container: $name } } ] }")
                .replace("server.exit_code", "i"),
        ),
        (
            "a variable of unless in a message",
            instead("message: '", "unless: [ { listener: { port: $other } } ]\nmessage: '{{ other }} "),
        ),
        ("a template in a condition", instead("name: $name, running", "name: '{{ failure.host }}', running")),
        ("a template that stays open", instead("{{ c }} needs", "{{ c needs")),
        ("an unknown filter", instead("{{ c }}", "{{ c | uper }}")),
        ("an unknown name in a template", instead("{{ c }} needs", "{{ client }} needs")),
        ("an unknown field in a template", instead("server.exit_code", "server.exitcode")),
        ("an expression with a mistake", instead("message:", "where: [ 'port >' ]\nmessage:")),
        ("an expression with an unknown name", instead("message:", "where: prt > 10\nmessage:")),
        ("explains nothing that there is", instead("[connection_failure]", "[connection_failures, disk-full]")),
        ("supersedes nothing that there is", instead("explains: [connection_failure]", "supersedes: [redis-exitd]")),
        (
            "a probe without a target",
            server("{ probe: { from: $c, port: 80, verdict: dropped } }").replace("server.exit_code", "port"),
        ),
        (
            "a probe without a port",
            server("{ probe: { from: $c, to: $name, verdict: dropped } }").replace("server.exit_code", "port"),
        ),
        (
            "an unknown verdict",
            server("{ probe: { from: $c, to: $name, port: 80, verdict: droped } }").replace("server.exit_code", "port"),
        ),
        (
            "a probe of nobody",
            server("{ probe: { from: $who, to: $name, port: 80, verdict: dropped } }")
                .replace("server.exit_code", "port"),
        ),
        ("a count of nothing", server("{ count: { ge: 3 } }").replace("server.exit_code", "port")),
        ("a count without a comparison", server("{ count: { container: {} } }").replace("server.exit_code", "port")),
        (
            "a count of two things",
            server("{ count: { container: {}, listener: {}, ge: 3 } }").replace("server.exit_code", "port"),
        ),
        (
            "a distinct field that is not there",
            server("{ count: { container: {}, distinct: colour, ge: 3 } }").replace("server.exit_code", "port"),
        ),
        ("two kinds in one condition", server("{ container: {}, listener: {} }")),
        (
            "a proof without a command",
            instead(
                "tests:",
                "fix:\n  - say: x\n    proves: { probe: { from: $c, to: $name, port: $port, verdict: delivered } }\ntests:",
            ),
        ),
        (
            "a proof without a verdict",
            instead(
                "tests:",
                "fix:\n  - say: x\n    run: y\n    proves: { probe: { from: $c, to: $name, port: $port } }\ntests:",
            ),
        ),
        (
            "a proof that is no probe",
            instead("tests:", "fix:\n  - say: x\n    run: y\n    proves: { container: {} }\ntests:"),
        ),
        ("a remedy without words", instead("tests:", "fix:\n  - run: y\ntests:")),
        ("a test without expectation", instead("    expect: { fires: 1 }\n", "")),
        ("a test with an unknown expectation", instead("fires: 1", "fire: 1")),
        ("a parameter that is a list", instead("when:", "params: { limits: [1] }\nwhen:")),
        (
            "emits a kind that parsers make",
            "id: a\nwhen: { c: { container: { name: $n } } }\nemit: { container: { name: $n } }\n".to_owned(),
        ),
        ("emits what it needs", "id: a\nwhen: { c: { bad: { name: $n } } }\nemit: { bad: { name: $n } }\n".to_owned()),
        ("a signature with an unknown group", signature("  patterns:\n    - match: 'to (?<hots>\\S+) failed'\n")),
        ("a signature with an unknown word", signature("  fields: { error: refussed }\n  patterns:\n    - match: x\n")),
        (
            "a signature that maps nothing",
            signature("  patterns:\n    - match: '(?<host>\\S+)'\n      map: { error: { a: refused } }\n"),
        ),
        ("a signature without patterns", signature("")),
        ("a signature with an empty list", signature("  patterns: []\n")),
        ("a signature with a wrong regex", signature("  patterns:\n    - match: '[a'\n")),
        ("a rule without tests", GOOD.split("tests:").next().unwrap_or_default().to_owned()),
        (
            "a signature that is never silent",
            "id: s\nsignature:\n  event: connection_failure\n  patterns: [ { match: x } ]\ntests: [ { name: n, log: x, expect: [{}] } ]\n".to_owned(),
        ),
        (
            "a signature of a parser's kind",
            "id: s\nstatus: draft\nsignature: { event: listener, patterns: [ { match: x } ] }\n".to_owned(),
        ),
    ]
}

fn diagnostics(text: &str) -> Vec<Diagnostic> {
    Pack::load(vec![RuleFile { path: "rules/x.yaml".into(), text: text.into() }]).1
}

#[test]
fn the_rule_that_the_cases_are_made_of_is_right() {
    assert!(diagnostics(GOOD).is_empty());
}

#[test]
fn every_mistake_is_shown_where_it_is() {
    let mut all = String::new();
    for (name, text) in cases() {
        let found = diagnostics(&text);
        assert!(!found.is_empty(), "{name}: nothing was told\n{text}");
        let drawn: Vec<String> = found.iter().map(Diagnostic::render).collect();
        all += &format!("## {name}\n{}\n\n", drawn.join("\n\n"));
    }
    insta::assert_snapshot!(all);
}

#[test]
fn two_files_with_one_id_are_told() {
    let twice = |path: &str| RuleFile { path: path.into(), text: GOOD.into() };
    let (pack, found) = Pack::load(vec![twice("b.yaml"), twice("a.yaml")]);
    assert_eq!(pack.rules().len(), 1);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].to_string(), "b.yaml:1:5: error[BS0008]: the id `redis-exited` stands in two files");
}

#[test]
fn all_mistakes_of_all_files_are_told_at_once_and_good_rules_stay() {
    let files = vec![
        RuleFile { path: "good.yaml".into(), text: GOOD.into() },
        RuleFile { path: "bad.yaml".into(), text: instead("host: $name", "hots: $name").replace("id: redis", "id: x") },
        RuleFile {
            path: "worse.yaml".into(),
            text: instead("severity: high", "severity: hihg")
                .replace("port: $port", "prt: 1")
                .replace("id: redis", "id: y")
                .replace("{{ c }}", "{{ d }}"),
        },
    ];
    let (pack, found) = Pack::load(files);
    assert_eq!(pack.rules().len(), 1);
    let told: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "bad.yaml:5:51: error[BS0010]: connection_failure has no field `hots`",
            "worse.yaml:3:11: error[BS0006]: `severity` cannot be `hihg`",
            "worse.yaml:5:64: error[BS0010]: connection_failure has no field `prt`",
            "worse.yaml:7:60: error[BS0020]: `message` names `d`, which this rule does not bind",
        ]
    );
}

#[test]
fn editors_get_json() {
    let found = diagnostics(&instead("severity: high", "severity: hihg"));
    let json = serde_json::to_string_pretty(&found).unwrap();
    insta::assert_snapshot!(json);
}
