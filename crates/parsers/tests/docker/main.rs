//! What the docker family reads from real documents, to the letter, and what must hold for all of them.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "a failing test says where")]

mod conformance;
mod corpus;
mod hostile;
#[path = "../support/mod.rs"]
mod support;

use bundlescope_facts::Value;
use bundlescope_parsers::{Identity, Parsed, identify};

fn fixtures() -> Vec<(String, Vec<u8>)> {
    support::fixtures("docker")
}

fn fixture(name: &str) -> Vec<u8> {
    fixtures().into_iter().find(|(found, _)| found == name).unwrap().1
}

/// Name of the format that the bytes are taken for, and what it reads; the path tells nothing.
fn read(bytes: &[u8]) -> (&'static str, Parsed) {
    support::read("document", bytes)
}

/// One line per field that says something.
fn shown(parsed: &Parsed) -> String {
    support::listed(parsed, "\n    ", ": ")
}

#[test]
fn every_fixture_is_read_as_recorded() {
    for (name, bytes) in fixtures() {
        let (format, parsed) = read(&bytes);
        insta::with_settings!({ prepend_module_to_snapshot => false, snapshot_path => "snapshots", omit_expression => true }, {
            insta::assert_snapshot!(name.as_str(), format!("taken for {format}\n{}", shown(&parsed)));
        });
    }
}

#[test]
fn the_evidence_of_a_container_is_short() {
    for (name, bytes) in fixtures().into_iter().filter(|(name, _)| name.starts_with("inspect-")) {
        let (_, parsed) = read(&bytes);
        let source = &parsed.facts.iter().find(|fact| fact.kind() == "container").unwrap().source;
        assert!(source.last_line - source.first_line < 15, "{name}: {source:?}");
    }
}

#[test]
fn one_document_may_hold_objects_of_several_kinds_and_several_arrays() {
    let bytes =
        [fixture("inspect-exited.json"), fixture("network-inspect.json"), fixture("inspect-running.json")].concat();
    let (format, parsed) = read(&bytes);
    assert_eq!(format, "docker-inspect");
    assert_eq!(parsed.problems, []);
    let count = |kind: &str| parsed.facts.iter().filter(|fact| fact.kind() == kind).count();
    assert_eq!((count("container"), count("network")), (2, 1));
}

#[test]
fn a_cut_inspect_still_tells_what_stands_before_the_cut() {
    let whole = fixture("inspect-exited.json");
    let text = String::from_utf8(whole.clone()).unwrap();
    let cut = &whole[..text.find("\"HostConfig\"").unwrap() + 30];
    let (_, parsed) = read(cut);
    assert_eq!(parsed.facts[0].get("name"), "medtrack_main-db_1".into());
    assert_eq!(parsed.facts[0].get("exit_code"), Value::Int(1));
    let lines = cut.iter().filter(|byte| **byte == b'\n').count() as u32 + 1;
    assert_eq!(parsed.problems.iter().map(|problem| problem.line).collect::<Vec<_>>(), [lines]);
}

#[test]
fn a_daemon_that_does_not_answer_is_told() {
    let bytes = b"Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?\n";
    let (format, parsed) = read(bytes);
    assert_eq!(format, "docker-failure");
    assert_eq!(parsed.facts[0].kind(), "collection_error");
}

#[test]
fn compose_lists_its_containers_in_every_form() {
    let forms = [
        "NAME       IMAGE      COMMAND   SERVICE   CREATED         STATUS                   PORTS\nshop-db-1  postgres   \"pg\"      db        2 minutes ago   Up 2 minutes (healthy)   0.0.0.0:5432->5432/tcp\n",
        "NAME        COMMAND   SERVICE   STATUS              PORTS\nshop-db-1   \"pg\"      db        running (healthy)   0.0.0.0:5432->5432/tcp\n",
        r#"{"ID":"abc","Name":"shop-db-1","Command":"pg","Project":"shop","Service":"db","State":"running","Health":"healthy","ExitCode":0,"Publishers":[{"URL":"0.0.0.0","TargetPort":5432,"PublishedPort":5432,"Protocol":"tcp"}]}"#,
    ];
    for form in forms {
        let (format, parsed) = read(form.as_bytes());
        assert_eq!(format, "docker-ps");
        let [container, port] = parsed.facts.as_slice() else { panic!("{parsed:?}") };
        let of = |name: &str| container.get(name).to_string();
        assert_eq!((of("name"), of("status"), of("health")), ("shop-db-1".into(), "running".into(), "healthy".into()));
        assert_eq!((port.get("host_port"), port.get("active")), (Value::Int(5432), Value::Bool(true)));
    }
}

#[test]
fn columns_may_be_any_that_a_format_chose() {
    let text = "NAMES     STATUS                     PORTS\nweb       Up 3 hours (Paused)        [::]:8000-8001->80-81/tcp\ndb        Exited (137) 2 weeks ago\n";
    let (format, parsed) = read(text.as_bytes());
    assert_eq!((format, parsed.problems.len()), ("docker-ps", 0));
    let told: Vec<_> = parsed
        .facts
        .iter()
        .map(|fact| (fact.kind(), fact.get("status").to_string(), fact.get("host_port").to_string()))
        .collect();
    assert_eq!(
        told,
        [
            ("container", "paused".into(), String::new()),
            ("published_port", String::new(), "8000".into()),
            ("published_port", String::new(), "8001".into()),
            ("container", "exited".into(), String::new()),
        ]
    );
}

#[test]
fn other_programs_json_is_left_alone() {
    let others = [
        r#"{"debug": true, "hosts": ["a"], "labels": ["x"], "log-level": "info"}"#,
        r#"{"level":"info","time":"2026-01-01T00:00:00Z","status":200,"id":"x","from":"10.0.0.1"}"#,
        r#"{"Client":{"name":"a"},"Server":{"name":"b"}}"#,
        r#"{"name":"web","version":"1.0","dependencies":{"pg":"^8"}}"#,
        r#"[{"Name":"a","State":"on","Status":"Up"}]"#,
        r#"{"metadata":{"a":1},"spec":2}"#,
    ];
    for other in others {
        let identity = identify("document", other.as_bytes()).identity;
        assert!(!matches!(identity, Identity::Format(_)), "{other} is taken for {identity:?}");
    }
}
