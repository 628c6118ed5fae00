//! What the kubernetes and helm families read from real documents, and what must hold for all of them.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "a failing test says where")]

mod corpus;
#[path = "../support/mod.rs"]
mod support;

/// Every fixture, to the letter; the paths tell nothing.
#[test]
fn every_fixture_is_read_as_recorded() {
    for (name, bytes) in support::fixtures("kubernetes") {
        let (format, parsed) = support::read("document", &bytes);
        insta::with_settings!({ prepend_module_to_snapshot => false, snapshot_path => "snapshots", omit_expression => true }, {
            insta::assert_snapshot!(name.as_str(), format!("taken for {format}\n{}", support::shown(&parsed)));
        });
    }
}

/// The same objects say the same as JSON and as YAML.
#[test]
fn both_syntaxes_agree() {
    let facts = |name: &str| {
        let bytes = support::fixtures("kubernetes").into_iter().find(|(found, _)| found == name).unwrap().1;
        let facts = support::read("document", &bytes).1.facts;
        facts.into_iter().map(|fact| fact.data).collect::<Vec<_>>()
    };
    let (json, yaml) = (facts("objects.json"), facts("objects.yaml"));
    assert_eq!(json, yaml);
    assert!(json.len() > 25);
}

/// Sixteen times the pods take about sixteen times as long.
#[test]
fn long_lists_take_linear_time() {
    let bytes = support::fixtures("kubernetes").into_iter().find(|(found, _)| found == "objects.json").unwrap().1;
    let objects: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    let pod = serde_json::to_string(&objects["items"][0]).unwrap();
    let list = |count: usize| {
        format!(r#"{{"apiVersion":"v1","kind":"PodList","items":[{}]}}"#, vec![pod.as_str(); count].join(","))
    };
    let time = |text: &str, pods: usize| {
        let start = std::time::Instant::now();
        assert_eq!(support::read("pods.json", text.as_bytes()).1.facts.len(), pods);
        start.elapsed()
    };
    let (few, many) = (list(200), list(3_200));
    let small = (0..3).map(|_| time(&few, 200)).min().unwrap();
    let large = time(&many, 3_200);
    assert!(large < small * 100 + std::time::Duration::from_millis(500), "{small:?} {large:?}");
}
