//! What other files need to know of a file before any is checked.

use bundlescope_facts::{COMPOUND_GROUPS, FieldType};
use regex_syntax::ParserBuilder;

use super::pattern::names;
use crate::vocabulary::Vocabulary;
use crate::yaml::{Node, Yaml};

/// Ids, events, emitted kinds.
pub(crate) fn outline(top: &Node, vocabulary: &mut Vocabulary) {
    let signature = top.get("signature").filter(|node| !node.entries().is_empty());
    if signature.is_none() {
        vocabulary.rules.extend(top.get("id").and_then(Node::as_text).map(str::to_owned));
    }
    for (kind, fields) in top.get("emit").map(Node::entries).unwrap_or_default() {
        let known = vocabulary.dynamic.entry(kind.name.clone()).or_default();
        known.extend(fields.entries().iter().map(|(key, _)| (key.name.clone(), FieldType::Any)));
    }
    let Some((signature, event)) = signature.and_then(|node| Some((node, node.get("event")?.as_text()?))) else {
        return;
    };
    if bundlescope_facts::kind_spec(event).is_some() {
        return;
    }
    let known = vocabulary.dynamic.entry(event.to_owned()).or_default();
    for name in captured(signature) {
        known.entry(name).or_insert(FieldType::Any);
    }
    for (key, node) in signature.get("types").map(Node::entries).unwrap_or_default() {
        if let Some(ty) = node.as_text().and_then(super::signature::type_of) {
            known.insert(key.name.clone(), ty);
        }
    }
}

/// The fields that a signature fills: its groups, its fixed fields, and what is known of every event.
pub(super) fn captured(signature: &Node) -> Vec<String> {
    let mut found = vec!["container".to_owned()];
    let patterns = match signature.get("patterns").map(|node| &node.value) {
        Some(Yaml::List(patterns)) => patterns.as_slice(),
        _ => &[],
    };
    for node in patterns.iter().chain([signature]) {
        for name in ["fields", "map"] {
            found.extend(node.get(name).map(Node::entries).unwrap_or_default().iter().map(|(key, _)| key.name.clone()));
        }
        let expressions = ["match", "then"].into_iter().filter_map(|name| node.get(name)).flat_map(Node::items);
        // A parser can be used once only.
        let parse = |pattern: &str| ParserBuilder::new().unicode(false).utf8(false).build().parse(pattern).ok();
        for parsed in expressions.filter_map(Node::as_text).filter_map(parse) {
            for name in names(&parsed) {
                if COMPOUND_GROUPS.contains(&name.as_str()) {
                    found.extend(["host", "port"].map(str::to_owned));
                } else {
                    found.push(name);
                }
            }
        }
    }
    // The address that a host names is told beside it.
    if found.iter().any(|name| name == "host") {
        found.push("address".to_owned());
    }
    found
}
