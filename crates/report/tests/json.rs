//! What programs read: JSON of format 1, held against the schema that is published with it.
#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use bundlescope_report::render_json;
use serde_json::Value;

fn schema() -> Value {
    serde_json::from_str(include_str!("../schema/diagnosis-1.schema.json")).expect("the schema is JSON")
}

/// The keywords of JSON Schema that the schema uses; an unknown keyword is an error, so that none is passed over.
fn validate(root: &Value, schema: &Value, value: &Value, at: &str, errors: &mut Vec<String>) {
    for (keyword, rule) in schema.as_object().expect("a schema is an object") {
        match keyword.as_str() {
            "$schema" | "$id" | "$defs" | "title" | "description" => {}
            "$ref" => {
                let pointer = rule.as_str().and_then(|text| text.strip_prefix('#')).expect("a local $ref");
                validate(root, root.pointer(pointer).expect("$ref leads somewhere"), value, at, errors);
            }
            "type" => {
                let types: Vec<&str> = match rule {
                    Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
                    one => one.as_str().into_iter().collect(),
                };
                let is = |name: &&str| match *name {
                    "object" => value.is_object(),
                    "array" => value.is_array(),
                    "string" => value.is_string(),
                    "integer" => value.is_i64() || value.is_u64(),
                    "boolean" => value.is_boolean(),
                    "null" => value.is_null(),
                    other => panic!("type {other}"),
                };
                if !types.iter().any(is) {
                    errors.push(format!("{at}: expected {types:?}, found {value}"));
                }
            }
            "const" if value != rule => errors.push(format!("{at}: expected {rule}, found {value}")),
            "const" => {}
            "enum" if !rule.as_array().expect("enum").contains(value) => {
                errors.push(format!("{at}: {value} is none of {rule}"));
            }
            "enum" => {}
            "minimum" if value.is_i64() && value.as_i64() < rule.as_i64() => {
                errors.push(format!("{at}: {value} is below {rule}"))
            }
            "minimum" => {}
            "required" => {
                for name in rule.as_array().expect("required").iter().filter_map(Value::as_str) {
                    if value.is_object() && value.get(name).is_none() {
                        errors.push(format!("{at}: {name} is missing"));
                    }
                }
            }
            "properties" => {
                for (name, schema) in rule.as_object().expect("properties") {
                    if let Some(inner) = value.get(name) {
                        validate(root, schema, inner, &format!("{at}/{name}"), errors);
                    }
                }
            }
            "items" => {
                for (index, inner) in value.as_array().into_iter().flatten().enumerate() {
                    validate(root, rule, inner, &format!("{at}/{index}"), errors);
                }
            }
            other => panic!("the validator does not know {other}"),
        }
    }
}

fn errors(json: &Value) -> Vec<String> {
    let (schema, mut errors) = (schema(), Vec::new());
    validate(&schema, &schema, json, "", &mut errors);
    errors
}

#[test]
fn the_json() {
    insta::assert_snapshot!("json_story", render_json(&support::story()));
    insta::assert_snapshot!("json_undecided", render_json(&support::undecided()));
}

#[test]
fn every_diagnosis_follows_the_schema() {
    for (name, diagnosis) in support::all() {
        let json = render_json(&diagnosis);
        assert!(json.ends_with("}\n"));
        assert_eq!(errors(&serde_json::from_str(&json).unwrap()), [""; 0], "{name}");
    }
}

#[test]
fn the_schema_refuses_what_the_contract_does_not_allow() {
    let good: Value = serde_json::from_str(&render_json(&support::story())).unwrap();
    let broken = |pointer: &str, value: Value| {
        let mut json = good.clone();
        *json.pointer_mut(pointer).expect(pointer) = value;
        errors(&json)
    };
    assert_eq!(broken("/format", 2.into()), ["/format: expected 1, found 2"]);
    assert_eq!(
        broken("/findings/0/role", "culprit".into()),
        ["/findings/0/role: \"culprit\" is none of [\"cause\",\"symptom\",\"note\"]"]
    );
    assert_eq!(broken("/problems/0/line", Value::Null), ["/problems/0/line: expected [\"integer\"], found null"]);
    let mut without = good.clone();
    without["findings"][0].as_object_mut().unwrap().remove("evidence");
    assert_eq!(errors(&without), ["/findings/0: evidence is missing"]);
}

#[test]
fn values_are_exact_and_printing_them_is_harmless() {
    let hostile = "\x1b]0;t\x07 \u{9b}31m \u{202e}x\u{2028}y\u{e0041} \u{7f} \"q\" \\ 日本";
    let mut diagnosis = support::story();
    diagnosis.findings[0].title = hostile.into();
    diagnosis.findings[0].evidence[0].excerpt = hostile.into();
    let json = render_json(&diagnosis);
    assert!(json.chars().all(|c| c == '\n' || !c.is_control()), "a control character is left");
    assert!(!json.contains(['\u{202e}', '\u{2028}', '\u{e0041}']));
    let read: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(read["findings"][0]["title"], hostile);
    assert_eq!(read["findings"][0]["evidence"][0]["excerpt"], hostile);
}
