//! A signature file as a whole.

use std::collections::BTreeMap;

use bundlescope_facts::{COMPOUND_GROUPS, Fact, FieldType, KindSpec, ORIGIN_FIELDS, Text, Value, event_spec};

use super::literal::plain;
use super::{Checker, Entries, outline};
use crate::codes;
use crate::keys;
use crate::model::{Signature, SignaturePattern, SignatureTest, Status};
use crate::suggest;
use crate::yaml::{Node, Yaml};

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
    checker.known_keys(entries, "a signature file", keys::SIGNATURE_FILE);
    let id = checker.id(entries)?;
    if let Some(node) = entries.get("references") {
        checker.links(node);
    }
    let mut text = |name: &str| entries.get(name).and_then(|node| checker.text(node, name)).unwrap_or_default();
    let title = text("title");
    let about = text("about");
    let status = entries
        .get("status")
        .and_then(|node| checker.word(node, "`status`", Status::WORDS, Status::from_word))
        .unwrap_or(Status::Stable);
    let body = checker.map(entries.get("signature")?, "`signature`")?;
    checker.known_keys(body, "`signature`", keys::SIGNATURE);
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
    let whole = entries.get("signature")?;
    let captured = outline::captured(whole);
    let own = spec.into_iter().flat_map(|spec| spec.fields).chain(ORIGIN_FIELDS).map(|field| field.name);
    let known: Vec<&str> =
        captured.iter().map(String::as_str).chain(own).chain(Fact::COMMON_FIELDS.iter().copied()).collect();
    let types = body.get("types").map(|node| checker.event_types(node, spec)).unwrap_or_default();
    let fields = body.get("fields").map(|node| checker.event_fields(node, spec, &types)).unwrap_or_default();
    let documents = checker.globs(body, "documents");
    let containers = checker.globs(body, "containers");
    let mut patterns = Vec::new();
    match body.get("patterns") {
        Some(node) => {
            let items = checker.list(node, "`patterns`")?;
            if items.is_empty() {
                let message = "`patterns` is empty";
                let help = Some("list at least one `- match: 'expression'`".to_owned());
                checker.report(&codes::NOTHING_TO_MATCH, node.span.clone(), message, "no pattern", help);
            }
            patterns.extend(items.iter().filter_map(|item| checker.pattern(item, spec, &types)));
        }
        None if checker.misspelt(body, "patterns", keys::SIGNATURE) || body.get("match").is_some() => {}
        None => checker.missing_key(body.span, "`signature`", "patterns", "list at least one `match:`"),
    }
    // What a wrong expression captures is not known.
    let sound = checker.diagnostics.iter().all(|diagnostic| diagnostic.code.warning);
    let tests = entries
        .get("tests")
        .map(|node| checker.signature_tests(node, if sound { &known } else { &[] }))
        .unwrap_or_default();
    if spec.is_none() && sound {
        for (key, _) in body.get("types").map(Node::entries).unwrap_or_default() {
            if !known.contains(&key.name.as_str()) {
                let help = suggest::help(&key.name, "captured are", captured.iter().map(String::as_str));
                let message = format!("no pattern of the signature captures `{}`", key.name);
                checker.report(&codes::UNUSED, key.span.clone(), message, "not captured", help);
            }
        }
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
    /// Globs of documents or containers.
    fn globs(&mut self, body: Entries<'_>, name: &str) -> Vec<Text> {
        let Some(node) = body.get(name) else { return Vec::new() };
        let what = format!("`{name}`");
        for item in node.items() {
            let Some(text) = item.as_text() else { continue };
            let (message, help) = match text {
                "" => (format!("a pattern of {what} is empty"), "write `*` for all".to_owned()),
                _ if text.starts_with('/') => {
                    let plain = text.trim_start_matches('/');
                    (
                        format!("no document of a bundle begins with a slash, as `{text}` does"),
                        format!("write `**/{plain}`"),
                    )
                }
                _ if text.starts_with('^') || text.ends_with('$') || text.contains(".*") || text.contains('[') => (
                    format!("`{text}` is a glob, and no regular expression"),
                    "`*` stands for any text without a slash, `**` for any text, `?` for one character".to_owned(),
                ),
                _ => continue,
            };
            self.report(&codes::AS_IT_IS, item.span.clone(), message, "as it is", Some(help));
        }
        self.texts(node, &what)
    }

    /// Warns of an expression that is written as in another language.
    fn foreign(&mut self, node: &Node, pattern: &str) {
        let trimmed = pattern.trim_end();
        let slashes =
            trimmed.len() > 2 && trimmed.starts_with('/') && (trimmed.ends_with('/') || trimmed.ends_with("/i"));
        let (message, help) = if pattern.ends_with('\n') {
            let help = format!("write it on one line: '{}', or as `>-`", trimmed.replace('\'', "''"));
            ("the expression ends with a line break, which no record has", help)
        } else if slashes {
            let inner = trimmed.trim_start_matches('/').trim_end_matches('i').trim_end_matches('/');
            let flags = if trimmed.ends_with('i') { "(?i)" } else { "" };
            ("the slashes are part of the expression", format!("leave them out: '{flags}{inner}'"))
        } else {
            return;
        };
        self.report(&codes::AS_IT_IS, node.span.clone(), message, "as it is", Some(help));
    }

    fn pattern(
        &mut self,
        node: &Node,
        spec: Option<&KindSpec>,
        types: &BTreeMap<Text, FieldType>,
    ) -> Option<SignaturePattern> {
        let entries = self.map(node, "a pattern")?;
        self.known_keys(entries, "a pattern", keys::PATTERN);
        let line = self.line(node.span.start);
        let Some(source) = entries.get("match") else {
            if self.misspelt(entries, "match", keys::PATTERN) {
                return None;
            }
            self.missing_key(entries.span, "a pattern", "match", "give it a regular expression");
            return None;
        };
        let regex = self.filled(source, "`match`")?;
        self.foreign(source, &regex);
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
                    self.event_field(self.group_within(item, name), name, spec, "the group");
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
                    let value = self.event_value(to, &key.name, spec, types);
                    meanings.extend(value.map(|value| (Text::from(from.name.as_str()), value)));
                }
                map.insert(Text::from(key.name.as_str()), meanings);
            }
        }
        // Two groups stand for several fields, which the scanner takes apart.
        for name in groups.iter().filter(|name| !COMPOUND_GROUPS.contains(&name.as_str())) {
            self.event_field(self.group_within(source, name), name, spec, "the group");
        }
        let fields = entries.get("fields").map(|node| self.event_fields(node, spec, types)).unwrap_or_default();
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
    fn event_fields(
        &mut self,
        node: &Node,
        spec: Option<&KindSpec>,
        types: &BTreeMap<Text, FieldType>,
    ) -> Vec<(Text, Value)> {
        let Some(entries) = self.map(node, "`fields`") else {
            return Vec::new();
        };
        let mut fields = Vec::new();
        for (key, value) in entries.entries {
            if self.event_field(key.span.clone(), &key.name, spec, "the field") {
                let value = self.event_value(value, &key.name, spec, types);
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

    fn event_value(
        &mut self,
        node: &Node,
        field: &str,
        spec: Option<&KindSpec>,
        types: &BTreeMap<Text, FieldType>,
    ) -> Option<Value> {
        let ty = match spec {
            Some(spec) => spec.field(field)?.ty,
            None => types.get(field).copied().unwrap_or(FieldType::Any),
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
