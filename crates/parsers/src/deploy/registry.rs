//! Answers of a registry (distribution API v2): `/v2/_catalog`, `/v2/NAME/tags/list`, and errors.

use bundlescope_facts::{Fact, RegistryCatalog, RegistryError, RegistryTags, Text};

use crate::document::{Document, Parsed};
use crate::format::{Format, Hint, Match};
use crate::json::{self, Node, Value};

/// The format.
pub(crate) static REGISTRY: Format = Format {
    name: "registry",
    collect: "curl -sk https://REGISTRY:5000/v2/_catalog",
    kinds: &["registry_catalog", "registry_tags", "registry_error"],
    detect,
    parse,
};

fn texts(node: Option<&Node<'_>>) -> bool {
    node.is_some_and(|node| match &node.value {
        Value::Array(items) => items.iter().all(|item| matches!(item.value, Value::Text(_))),
        Value::Null => true,
        _ => false,
    })
}

/// `MANIFEST_UNKNOWN` and the like.
fn is_code(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
}

fn is_answer(record: &Node<'_>) -> bool {
    let value = |key: &str| record.member(key).map(|member| &member.value);
    let alone = |keys: &[&str]| record.members().iter().all(|member| keys.contains(&member.key.as_ref()));
    if alone(&["repositories"]) && record.has("repositories") {
        return texts(value("repositories"));
    }
    if alone(&["name", "tags"]) && record.has("tags") && record.has("name") {
        return texts(value("tags"));
    }
    let errors = value("errors").filter(|_| alone(&["errors"])).map(Node::items).unwrap_or_default();
    let code = |error: &Node<'_>| {
        let code = error.member("code").map(|member| &member.value.value);
        matches!(code, Some(Value::Text(code)) if is_code(code))
    };
    !errors.is_empty() && errors.iter().all(code)
}

fn detect(hint: &Hint<'_>) -> Match {
    if !hint.head.trim_start().starts_with('{') {
        return Match::No;
    }
    let content = json::first_record(hint.head).is_some_and(|record| is_answer(&record));
    Match::of(content, hint.subject.contains("/v2/"))
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    json::read(document, &mut parsed, |record, parsed| {
        if record.has("repositories") {
            let repositories = record.texts("repositories");
            parsed.facts.push(Fact::new(record.source(), RegistryCatalog { repositories }));
        } else if record.has("tags") {
            let repository = record.text("name").unwrap_or_default();
            parsed.facts.push(Fact::new(record.source(), RegistryTags { repository, tags: record.texts("tags") }));
        } else if record.has("errors") {
            for error in record.list("errors") {
                let code = error.text("code").unwrap_or_default();
                let subject = subject(&error.get("detail").value());
                parsed
                    .facts
                    .push(Fact::new(error.source(), RegistryError { code, message: error.text("message"), subject }));
            }
        } else {
            record.wrong("repositories, a name with tags, or errors of a registry");
        }
    });
    parsed
}

/// The name or tag in the detail of an error.
fn subject(detail: &bundlescope_facts::Value) -> Option<Text> {
    let keys = ["Tag", "tag", "Name", "name", "repository", "Digest", "digest"];
    let found = keys.iter().map(|key| detail.at(key)).find(|value| !value.is_null());
    found.or_else(|| detail.as_text().map(bundlescope_facts::Value::from)).map(|value| value.to_string().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Identity, identify};

    #[test]
    fn every_answer_is_told_by_its_content() {
        let text = "{\"repositories\":[\"etcd\",\"shop/web\"]}\n{\"name\":\"etcd\",\"tags\":[\"3.4\",\"3.5\"]}\n{\"name\":\"gone\",\"tags\":null}\n\
                    {\"errors\":[{\"code\":\"MANIFEST_UNKNOWN\",\"message\":\"manifest unknown\",\"detail\":{\"Tag\":\"1.2.0\"}}]}\n";
        let Identity::Format(format) = identify("answers", text.as_bytes()).identity else { panic!("not known") };
        assert_eq!(format.name, "registry");
        let parsed = format.read(&Document::new("answers", text.as_bytes()));
        assert_eq!(parsed.problems, []);
        let told: Vec<String> =
            parsed.facts.iter().map(|fact| format!("{} {:?}", fact.source.first_line, fact.kind())).collect();
        assert_eq!(
            told,
            ["1 \"registry_catalog\"", "2 \"registry_tags\"", "3 \"registry_tags\"", "4 \"registry_error\""]
        );
        assert_eq!(parsed.facts[3].get("subject").to_string(), "1.2.0");
    }

    #[test]
    fn what_only_resembles_an_answer_is_not_claimed() {
        for text in [
            "{\"errors\":[{\"code\":\"E1\",\"path\":\"x\"}]}",
            "{\"name\":\"a\",\"tags\":[{\"k\":1}]}",
            "{\"repositories\":5}",
            "{}",
        ] {
            assert!(
                !matches!(identify("x", text.as_bytes()).identity, Identity::Format(f) if f.name == "registry"),
                "{text}"
            );
        }
    }
}
