//! The reader against `serde_json`, against damage and against hostile input.

use proptest::prelude::*;

use super::reader::*;

/// The same value as `serde_json` sees it.
fn plain(node: &Node<'_>) -> serde_json::Value {
    match &node.value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(value) => (*value).into(),
        Value::Number(number) => serde_json::from_str(number).unwrap(),
        Value::Text(text) => text.as_ref().into(),
        Value::Array(items) => items.iter().map(plain).collect(),
        Value::Object(members) => {
            serde_json::Value::Object(members.iter().map(|m| (m.key.to_string(), plain(&m.value))).collect())
        }
    }
}

fn all(text: &str) -> (Vec<serde_json::Value>, Vec<(u32, String)>) {
    let mut reader = Reader::new(text.as_bytes());
    let records = reader.by_ref().map(|node| plain(&node)).collect();
    (records, reader.damages.into_iter().map(|damage| (damage.at, damage.message)).collect())
}

#[test]
fn records_come_from_arrays_concatenations_and_lines_alike() {
    let (records, damages) = all("\u{feff}[{\"a\":1},{\"a\":2}]\n[ {\"a\":3} ] {\"a\":4}\n{\"a\":5}\nnull\n[]\n");
    assert_eq!(records.iter().map(|r| r["a"].as_i64().unwrap()).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    assert_eq!(damages, []);
}

#[test]
fn what_stands_before_a_cut_is_used_but_nothing_half() {
    let (records, damages) = all("[\n  {\"name\": \"db\", \"port\": 543");
    assert_eq!(records, [serde_json::json!({"name": "db"})]);
    assert_eq!(damages[0], (30, "the document ends where `,` or a closing bracket is expected".to_owned()));
    assert_eq!(all("{\"a\": {\"b\": [1, \"x").0, [serde_json::json!({"a": {"b": [1]}})]);
    assert_eq!(all("{\"a\": 1, \"b").0, [serde_json::json!({"a": 1})]);
}

#[test]
fn reading_goes_on_with_the_next_record_after_a_damage() {
    let text = "[\n    {\n        \"a\": 1,\n        \"b\": oops\n    },\n    {\n        \"a\": 2\n    }\n]\n";
    let (records, damages) = all(text);
    assert_eq!(records, [serde_json::json!({"a": 1}), serde_json::json!({"a": 2})]);
    assert_eq!(damages, [(37, "`o` stands where a value is expected".to_owned())]);
    let (records, damages) = all("{\"a\":1}\nError: No such object: x\n{\"a\":\n{\"a\":3}\n");
    assert_eq!(records[0], serde_json::json!({"a": 1}));
    assert_eq!(damages[0].1, "`Error: No such object: x` is not JSON and was skipped");
}

#[test]
fn mistakes_of_a_hand_are_named_and_forgiven() {
    let (records, damages) = all("{\n  \"icc\": false\n  \"dns\": [\"10.0.0.2\",],\n}\n");
    assert_eq!(records, [serde_json::json!({"icc": false, "dns": ["10.0.0.2"]})]);
    assert_eq!(
        damages,
        [
            (19, "a comma is missing before this name".to_owned()),
            (38, "a comma stands before `]`".to_owned()),
            (41, "a comma stands before `}`".to_owned()),
        ]
    );
}

#[test]
fn depth_is_limited() {
    let (records, damages) = all(&"[".repeat(100_000));
    assert_eq!(records.len(), 1);
    assert_eq!(damages[0].1, "values nest more than 128 deep");
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_filter("finite", |f| f.is_finite()).prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            prop::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_serde_json_writes_is_read_back(value in json(), pretty: bool) {
        let wrapped = serde_json::json!({ "v": value });
        let text = if pretty { serde_json::to_string_pretty(&wrapped) } else { serde_json::to_string(&wrapped) }.unwrap();
        let (records, damages) = all(&text);
        prop_assert_eq!(damages, []);
        prop_assert_eq!(records, [serde_json::from_str::<serde_json::Value>(&text).unwrap()]);
    }

    #[test]
    fn spans_cut_out_the_value(value in json()) {
        let text = serde_json::to_string(&serde_json::json!({ "v": value })).unwrap();
        let node = Reader::new(text.as_bytes()).next().unwrap();
        let inner = &node.member("v").unwrap().value;
        let cut = &text[inner.start as usize..inner.end as usize];
        prop_assert_eq!(plain(inner), serde_json::from_str::<serde_json::Value>(cut).unwrap());
    }

    #[test]
    fn any_bytes_survive(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Reader::new(&bytes).count();
    }

    #[test]
    fn any_json_like_text_survives(text in r#"([\[\]{},:"\\ \n]|null|12|"a"|\\u[0-9a-f]{1,4}){0,80}"#) {
        let mut reader = Reader::new(text.as_bytes());
        for node in reader.by_ref() {
            prop_assert!(node.start <= node.end && node.end as usize <= text.len());
        }
    }
}

/// Records of a list, with the kind of the list, and the problems.
fn listed(text: &str) -> (Vec<String>, Vec<String>) {
    let mut reader = Reader::new(text.as_bytes()).with_list("items");
    let mut found = Vec::new();
    while let Some(record) = reader.next() {
        let inside = reader
            .envelope()
            .map(|members| members.iter().map(|member| member.key.to_string()).collect::<Vec<_>>().join(","));
        found
            .push(format!("{} {inside:?}", &text[record.start as usize..record.end as usize].replace(['\n', ' '], "")));
    }
    (found, reader.damages.into_iter().map(|damage| damage.message).collect())
}

#[test]
fn elements_of_a_list_are_records_and_its_object_follows() {
    let (found, damages) =
        listed(r#"{"kind": "PodList", "items": [{"a": {"items": [1]}}, {}, 7], "metadata": {"b": 1}}{"c": 2}"#);
    assert_eq!(
        found,
        [
            "{\"a\":{\"items\":[1]}} Some(\"kind\")",
            "{} Some(\"kind\")",
            "7 Some(\"kind\")",
            "{\"kind\":\"PodList\",\"items\":[{\"a\":{\"items\":[1]}},{},7],\"metadata\":{\"b\":1}} None",
            "{\"c\":2} None",
        ]
    );
    assert_eq!(damages, [] as [&str; 0]);
    assert_eq!(listed(r#"{"items": [], "x": 1}"#).0.len(), 1);
}

#[test]
fn a_damaged_element_costs_itself_only() {
    let text = "{\n  \"items\": [\n    {\n      \"a\": 1,,\n    },\n    {\n      \"a\": 2\n    }\n  ]\n}\n{\"b\": 3}";
    let (found, damages) = listed(text);
    assert_eq!(damages.len(), 1);
    assert!(
        found.iter().any(|record| record.starts_with("{\"a\":2}"))
            && found.iter().any(|record| record.starts_with("{\"b\":3}")),
        "{found:?}"
    );
    // Cut in the middle: what stands before counts.
    let (found, damages) = listed(&text[..text.len() - 25].replace(",,", ","));
    assert!(found.len() == 2 && !damages.is_empty(), "{found:?} {damages:?}");
}
