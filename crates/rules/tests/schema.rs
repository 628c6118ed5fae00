//! `rules/schema.json` is what the vocabulary yields, and what it says of rule files is true.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failing test may panic")]

use bundlescope_rules::{embedded, schema};
use serde_json::Value;

fn parsed(text: &str) -> Value {
    serde_yaml::from_str(text).unwrap()
}

#[test]
fn the_committed_schema_is_current() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules/schema.json");
    let current = format!("{}\n", serde_json::to_string_pretty(&schema()).unwrap());
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(&path, &current).unwrap();
    }
    assert!(std::fs::read_to_string(&path).unwrap_or_default() == current, "make it again with UPDATE_SCHEMA=1");
}

#[test]
fn the_schema_is_one_and_every_file_of_the_pack_is_valid() {
    let schema = schema();
    jsonschema::meta::validate(&schema).expect("a JSON Schema");
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut wrong = Vec::new();
    for file in embedded().files.iter().filter(|file| !file.path.ends_with("pack.yaml")) {
        let tree = parsed(&file.text);
        wrong.extend(
            validator.iter_errors(&tree).map(|error| format!("{}: {}: {error}", file.path, error.instance_path())),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn mistakes_that_an_editor_can_tell_are_told() {
    let schema = schema();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let good = "id: a\ntitle: t\nseverity: high\nmessage: m\nwhen:\n  c: { container: { name: $n, mounts.source: /x, env.A: { starts_with: b }, restart_count: { gt: 3 } } }\n";
    assert!(validator.is_valid(&parsed(good)));
    for (from, to) in [
        ("severity: high", "severity: hihg"),
        ("title:", "titel:"),
        ("name:", "nmae:"),
        ("gt: 3", "greater: 3"),
        ("restart_count: { gt: 3 }", "restart_count: oops"),
        ("restart_count: { gt: 3 }", "running: maybe"),
        ("restart_count: { gt: 3 }", "running: { gt: 1 }"),
        ("id: a", "id: A_b"),
        ("  c:", "  C:"),
        ("container: {", "listener: {"),
    ] {
        let wrong = good.replace(from, to);
        assert_ne!(wrong, good);
        assert!(!validator.is_valid(&parsed(&wrong)), "{wrong}");
    }
}
