//! `probe` and `facts`.

use std::fs;

use crate::{REFUSED, code, fixture, json, ok, run, run_with, stderr, stdout};

/// The container that fails in the fixture and what it asks, of its own report.
fn failing() -> (String, String, u64) {
    let facts = ok(&["facts", &fixture(REFUSED), "--kind", "connection_failure", "--format", "jsonl"]);
    let failure = json(facts.lines().next().unwrap());
    let text = |name: &str| failure[name].as_str().unwrap().to_owned();
    (text("container"), text("host"), failure["port"].as_u64().unwrap())
}

#[test]
fn a_probe_in_its_three_forms() {
    let (from, host, port) = failing();
    let to = format!("{host}:{port}");
    let args = ["probe", &fixture(REFUSED), "--from", &from, "--to", &to];
    let text = ok(&args);
    let (first, rest) = text.split_once('\n').unwrap();
    assert!(first.starts_with(&format!("{from} -> {host}")) && first.ends_with(": rejected"), "{text}");
    assert!(rest.starts_with("decided by filter INPUT: "), "{text}");

    let pretty = ok(&[&args as &[&str], &["--format", "json"]].concat());
    let answer = json(&pretty);
    assert_eq!(answer["verdict"], "rejected");
    assert_eq!(answer["decided_by"]["chain"], "INPUT");
    assert!(answer["decided_by"]["line"].as_u64().is_some() && answer["path"].is_array());
    let line = ok(&[&args as &[&str], &["--format", "jsonl"]].concat());
    assert_eq!(line.lines().count(), 1);
    assert_eq!(json(&line), answer);
}

#[test]
fn many_probes_are_answered_in_order_one_a_line() {
    let (from, host, port) = failing();
    let flow = |id: u32, port: u64| {
        serde_json::json!({"id": id, "from": from, "proto": "tcp", "to": host, "port": port, "sport": 36009})
            .to_string()
    };
    let flows =
        format!("{}\n\n{}\n{{\"id\": \"x\", \"from\": \"nobody\", \"to\": \"10.0.0.1\"}}\n", flow(7, port), flow(3, 1));
    let bundle = fixture(REFUSED);
    let output = run_with(&["probe", &bundle, "--flows", "-", "--format", "jsonl"], flows.as_bytes());
    assert_eq!((code(&output), stderr(&output).as_str()), (0, ""));
    let answers: Vec<_> = stdout(&output).lines().map(json).collect();
    assert_eq!(
        answers.iter().map(|answer| answer["id"].clone()).collect::<Vec<_>>(),
        [json("7"), json("3"), json("\"x\"")]
    );
    assert_eq!(answers[0]["verdict"], "rejected");
    assert_eq!(answers[2]["verdict"], "unknown");
    assert!(answers[2]["assumed"][0].as_str().unwrap().contains("nobody"));

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("flows.jsonl");
    fs::write(&file, &flows).unwrap();
    assert_eq!(ok(&["probe", &bundle, "--flows", file.to_str().unwrap(), "--format", "jsonl"]), stdout(&output));
}

#[test]
fn a_wrong_flow_is_told_with_its_line() {
    let output =
        run_with(&["probe", &fixture(REFUSED), "--flows", "-"], b"{\"from\":\"host\",\"to\":\"10.0.0.1\"}\nhello\n");
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).starts_with("bundlescope: line 2 of the flows: "), "{}", stderr(&output));
    let output = run(&["probe", &fixture(REFUSED), "--flows", "no/such/file"]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("no/such/file: cannot read the flows"), "{}", stderr(&output));
}

#[test]
fn facts_list_documents_and_kinds() {
    let table = ok(&["facts", &fixture(REFUSED)]);
    assert!(table.starts_with("FACTS PROBLEMS  TAKEN FOR ") && table.contains("  DOCUMENT\n"), "{table}");
    let documents = json(&ok(&["facts", &fixture(REFUSED), "--format", "json"]));
    let documents = documents.as_array().unwrap();
    let unknown: Vec<&str> = documents
        .iter()
        .filter(|document| document["recognised"] == false)
        .map(|document| document["document"].as_str().unwrap())
        .collect();
    assert!(!unknown.is_empty());
    let totals = format!("\n{} documents: ", documents.len());
    assert!(table.contains(&totals) && table.contains(&format!(", {} not recognised\n", unknown.len())), "{table}");
    let (_, listed) = table.split_once("\nNOT RECOGNISED").unwrap();
    let (listed, _) = listed.split_once("\n\n").unwrap();
    assert!(unknown.iter().all(|path| listed.contains(&format!("  {path}\n")) || listed.ends_with(path)), "{listed}");
    assert!(table.contains("firewall_rule"), "{table}");
    let rules = ok(&["facts", &fixture(REFUSED), "--kind", "firewall_rule", "--format", "json"]);
    let first = json(&rules)[0].clone();
    assert_eq!(first["kind"], "firewall_rule");
    assert!(first["source"]["line"].as_u64().unwrap() > 0);
    // Known, and not in this bundle.
    assert_eq!(ok(&["facts", &fixture(REFUSED), "--kind", "pod"]), "");
}

/// The collector's own words about what is missing stand in the answer, in every format.
#[test]
fn an_undecided_rule_says_why_its_evidence_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    crate::unpack(&fixture(REFUSED), folder.path());
    let bundle = folder.path().to_str().unwrap();
    for fact in ok(&["facts", bundle, "--kind", "firewall_table", "--format", "jsonl"]).lines().map(json) {
        let document = folder.path().join(fact["source"]["document"].as_str().unwrap());
        fs::write(document, "bash: iptables: command not found\n").unwrap();
    }
    let diagnosis = json(&ok(&["analyze", bundle, "--format", "json"]));
    let missing: Vec<_> = diagnosis["undecided"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|rule| rule["missing"].as_array().unwrap())
        .collect();
    let why: Vec<&str> = missing
        .iter()
        .filter(|missing| missing["kind"] == "iptables-save")
        .map(|missing| missing["why"].as_str().unwrap_or_default())
        .collect();
    assert!(!why.is_empty() && why.iter().all(|why| why.contains(" was run and is not installed (")), "{missing:?}");
    for format in ["text", "markdown", "html"] {
        let report = ok(&["analyze", bundle, "--format", format]);
        assert!(report.contains("was run and is not installed"), "{format}");
    }
}

#[test]
fn the_page_about_the_vocabulary_is_current() {
    let page = fs::read_to_string(crate::top().join("rules/VOCABULARY.md")).unwrap();
    assert!(
        page == ok(&["rules", "vocabulary"]),
        "out of date; renew it with `cargo run -p bundlescope-cli -- rules vocabulary > rules/VOCABULARY.md`"
    );
}

#[test]
fn an_unknown_kind_is_told_with_the_nearest() {
    for (wrong, meant) in [("lisener", "listener"), ("conection_failure", "connection_failure")] {
        let output = run(&["facts", &fixture(REFUSED), "--kind", wrong]);
        assert_eq!(code(&output), 2);
        let told = format!("bundlescope: no kind of fact is called `{wrong}`, did you mean `{meant}`?\nkinds are ");
        assert!(stderr(&output).starts_with(&told), "{}", stderr(&output));
    }
}
