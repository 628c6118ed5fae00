//! A signature file as a whole.

use std::collections::BTreeMap;

use bundlescope_facts::{COMPOUND_GROUPS, FieldType, KindSpec, Text, Value, event_spec};

use super::literal::plain;
use super::{Checker, Entries};
use crate::codes;
use crate::model::{Signature, SignaturePattern, SignatureTest, Status};
use crate::suggest;
use crate::yaml::{Node, Yaml};

/// The keys of `signature:`.
pub(crate) const KEYS: &[&str] = &["event", "fields", "types", "patterns", "documents", "containers"];

/// The keys of a pattern.
pub(crate) const PATTERN_KEYS: &[&str] = &["match", "then", "within", "within_lines", "fields", "map"];

/// What a captured text may be.
pub(crate) const TYPES: &[&str] =
    &["text", "integer", "float", "bool", "address", "network", "time", "size", "duration"];

/// The type of that name; a size is a number of bytes, a duration a number of seconds.
pub(crate) fn type_of(word: &str) -> Option<FieldType> {
    Some(match word {
        "text" => FieldType::Text,
        "integer" | "size" => FieldType::Integer,
        "float" | "duration" => FieldType::Float,
        "bool" => FieldType::Bool,
        "address" => FieldType::Address,
        "network" => FieldType::Network,
        "time" => FieldType::Time,
        _ => return None,
    })
}

/// Reads a signature; `None` when a mistake leaves nothing to search for.
pub(crate) fn signature(checker: &mut Checker<'_>, entries: Entries<'_>) -> Option<Signature> {
    let keys = ["id", "title", "status", "about", "references", "signature", "tests"];
    checker.known_keys(entries, "a signature file", &keys);
    let id = checker.id(entries)?;
    let mut text = |name: &str| entries.get(name).and_then(|node| checker.text(node, name)).unwrap_or_default();
    let title = text("title");
    let about = text("about");
    let status = entries
        .get("status")
        .and_then(|node| checker.word(node, "`status`", Status::WORDS, Status::from_word))
        .unwrap_or(Status::Stable);
    let tests = entries.get("tests").map(|node| checker.signature_tests(node)).unwrap_or_default();
    let body = checker.map(entries.get("signature")?, "`signature`")?;
    checker.known_keys(body, "`signature`", KEYS);
    let Some(event_node) = body.get("event") else {
        checker.missing_key(body.span, "`signature`", "event", "name the kind of event that it makes");
        return None;
    };
    let event = checker.text(event_node, "`event`")?;
    if !checker.name(&event_node.span.clone(), &event, "a kind", '_') {
        return None;
    }
    if bundlescope_facts::KINDS.iter().any(|spec| spec.name == &*event) {
        let message = format!("`{event}` is a kind that parsers make");
        let help = Some("choose another name for the event".to_owned());
        checker.report(&codes::NAME_CLASH, event_node.span.clone(), message, "already taken", help);
    }
    let spec = event_spec(&event);
    let types = body.get("types").map(|node| checker.event_types(node, spec)).unwrap_or_default();
    let fields = body.get("fields").map(|node| checker.event_fields(node, spec)).unwrap_or_default();
    let documents = body.get("documents").map(|node| checker.texts(node, "`documents`")).unwrap_or_default();
    let containers = body.get("containers").map(|node| checker.texts(node, "`containers`")).unwrap_or_default();
    let mut patterns = Vec::new();
    match body.get("patterns") {
        Some(node) => {
            let items = checker.list(node, "`patterns`")?;
            if items.is_empty() {
                let message = "`patterns` is empty";
                let help = Some("list at least one `- match: 'expression'`".to_owned());
                checker.report(&codes::NOTHING_TO_MATCH, node.span.clone(), message, "no pattern", help);
            }
            patterns.extend(items.iter().filter_map(|item| checker.pattern(item, spec)));
        }
        None => checker.missing_key(body.span, "`signature`", "patterns", "list at least one `match:`"),
    }
    let ok = checker.diagnostics.iter().all(|diagnostic| diagnostic.code.warning);
    if ok && status != Status::Draft {
        let found = |test: &SignatureTest| !test.expect.is_empty();
        checker.tested(entries, tests.iter().any(found), tests.iter().any(|test| !found(test)));
    }
    ok.then(|| Signature {
        id,
        path: checker.path.clone(),
        title,
        status,
        about,
        event,
        fields,
        types,
        patterns,
        documents,
        containers,
        tests,
    })
}

impl Checker<'_> {
    fn pattern(&mut self, node: &Node, spec: Option<&KindSpec>) -> Option<SignaturePattern> {
        let entries = self.map(node, "a pattern")?;
        self.known_keys(entries, "a pattern", PATTERN_KEYS);
        let line = self.line(node.span.start);
        let Some(source) = entries.get("match") else {
            self.missing_key(entries.span, "a pattern", "match", "give it a regular expression");
            return None;
        };
        let regex = self.text(source, "`match`")?;
        let mut groups = self.groups(source, &regex, false)?;
        let mut then = Vec::new();
        if let Some(node) = entries.get("then") {
            let items = match &node.value {
                Yaml::List(items) => items.as_slice(),
                _ => std::slice::from_ref(node),
            };
            for item in items {
                let later = self.text(item, "`then`")?;
                let own = self.groups(item, &later, false)?;
                for name in own.iter().filter(|name| !COMPOUND_GROUPS.contains(&name.as_str())) {
                    self.event_field(self.word_within(item, name), name, spec, "the group");
                }
                groups.extend(own);
                then.push(later);
            }
        }
        let within = entries.get("within").and_then(|node| self.duration(node));
        let mut within_lines = None;
        if let Some(node) = entries.get("within_lines") {
            match node.value {
                Yaml::Int(lines) if lines > 0 => within_lines = u32::try_from(lines).ok(),
                _ => self.wrong_shape(node, "`within_lines`", "a whole number"),
            }
        }
        let bounded = entries.entries.iter().find(|(key, _)| key.name.starts_with("within"));
        match (bounded, then.is_empty()) {
            (Some((key, _)), true) => {
                let message = format!("`{}` stands beside `then`", key.name);
                let help = Some("say with `then:` what a later record must say".to_owned());
                self.report(&codes::BAD_SIGNATURE, key.span.clone(), message, "bounds nothing", help);
            }
            (None, false) => {
                let help = "bound the way to the later record: `within: 30s`, or `within_lines: 100`";
                self.missing_key(entries.span, "a pattern with `then`", "within", help);
            }
            _ => {}
        }
        let mut map = BTreeMap::new();
        if let Some(node) = entries.get("map")
            && let Some(fields) = self.map(node, "`map`")
        {
            for (key, words) in fields.entries {
                if !groups.contains(&key.name) {
                    let help = suggest::help(&key.name, "groups", groups.iter().map(String::as_str));
                    let message = format!("the pattern has no group `{}` to map", key.name);
                    self.report(&codes::BAD_SIGNATURE, key.span.clone(), message, "no such group", help);
                    continue;
                }
                let Some(words) = self.map(words, "the words of `map`") else {
                    continue;
                };
                let mut meanings = BTreeMap::new();
                for (from, to) in words.entries {
                    let value = self.event_value(to, &key.name, spec);
                    meanings.extend(value.map(|value| (Text::from(from.name.as_str()), value)));
                }
                map.insert(Text::from(key.name.as_str()), meanings);
            }
        }
        // Two groups stand for several fields, which the scanner takes apart.
        for name in groups.iter().filter(|name| !COMPOUND_GROUPS.contains(&name.as_str())) {
            self.event_field(self.word_within(source, name), name, spec, "the group");
        }
        let fields = entries.get("fields").map(|node| self.event_fields(node, spec)).unwrap_or_default();
        Some(SignaturePattern { regex, then, within, within_lines, fields, map, span: source.span.clone(), line })
    }

    /// The types of the fields of a vendor's event.
    fn event_types(&mut self, node: &Node, spec: Option<&KindSpec>) -> BTreeMap<Text, FieldType> {
        let mut types = BTreeMap::new();
        if let Some(spec) = spec {
            let message = format!("the fields of {} have their types already", spec.name);
            let help = Some("leave `types` out, or choose another name for the event".to_owned());
            self.report(&codes::BAD_SIGNATURE, node.span.clone(), message, "not needed", help);
            return types;
        }
        let Some(entries) = self.map(node, "`types`") else { return types };
        for (key, value) in entries.entries {
            if self.name(&key.span, &key.name, "a field", '_')
                && let Some(ty) = self.word(value, "a type", TYPES, type_of)
            {
                types.insert(Text::from(key.name.as_str()), ty);
            }
        }
        types
    }

    /// Fixed fields of an event.
    fn event_fields(&mut self, node: &Node, spec: Option<&KindSpec>) -> Vec<(Text, Value)> {
        let Some(entries) = self.map(node, "`fields`") else {
            return Vec::new();
        };
        let mut fields = Vec::new();
        for (key, value) in entries.entries {
            if self.event_field(key.span.clone(), &key.name, spec, "the field") {
                let value = self.event_value(value, &key.name, spec);
                fields.extend(value.map(|value| (Text::from(key.name.as_str()), value)));
            }
        }
        fields
    }

    /// Whether a documented event has that field; an event of a vendor has whatever its signatures fill.
    fn event_field(&mut self, span: std::ops::Range<usize>, name: &str, spec: Option<&KindSpec>, what: &str) -> bool {
        let Some(spec) = spec else {
            return self.name(&span, name, "a field", '_');
        };
        if spec.field(name).is_some() {
            return true;
        }
        let help = suggest::help(name, "its fields", spec.fields.iter().map(|field| field.name));
        let message = format!("{what} `{name}` is no field of {}", spec.name);
        self.report(&codes::BAD_SIGNATURE, span, message, "unknown field", help);
        false
    }

    fn event_value(&mut self, node: &Node, field: &str, spec: Option<&KindSpec>) -> Option<Value> {
        let ty = match spec {
            Some(spec) => spec.field(field)?.ty,
            None => FieldType::Any,
        };
        match &node.value {
            Yaml::List(_) | Yaml::Map(_) => {
                self.wrong_shape(node, &format!("`{field}`"), "a scalar");
                None
            }
            scalar if ty == FieldType::Any => Some(plain(scalar)),
            _ => self.literal(node, ty),
        }
    }
}
