//! Turns the tree of a rule file into a rule, and tells every mistake on the way.

mod condition;
mod contradiction;
mod field;
mod fix;
mod literal;
mod pack;
mod pattern;
mod rule;
mod scope;
mod signature;
mod site;
mod tests;
mod unused;

use std::ops::Range;
use std::sync::Arc;

use bundlescope_facts::Text;
use minijinja::Environment;

pub(crate) use pack::{Manifest, manifest};
pub(crate) use rule::{KEYS as RULE_KEYS, outline, rule};
pub(crate) use signature::{KEYS as SIGNATURE_KEYS, PATTERN_KEYS, TYPES, signature};
pub(crate) use site::site;

use crate::codes::{self, Code};
use crate::diagnostic::Diagnostic;
use crate::suggest;
use crate::template::{self, Template};
use crate::vocabulary::Vocabulary;
use crate::yaml::{Key, Node, Yaml};

/// One file while it is checked.
pub(crate) struct Checker<'a> {
    pub(crate) path: Arc<str>,
    pub(crate) text: Arc<str>,
    pub(crate) vocabulary: &'a Vocabulary,
    pub(crate) environment: &'a Environment<'static>,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// A map whose keys are looked up by name.
#[derive(Clone, Copy)]
pub(crate) struct Entries<'n> {
    pub(crate) span: (usize, usize),
    pub(crate) entries: &'n [(Key, Node)],
}

impl<'n> Entries<'n> {
    pub(crate) fn get(&self, name: &str) -> Option<&'n Node> {
        self.entries.iter().find(|(key, _)| key.name == name).map(|(_, value)| value)
    }
}

impl<'a> Checker<'a> {
    pub(crate) fn new(
        path: Arc<str>,
        text: Arc<str>,
        vocabulary: &'a Vocabulary,
        environment: &'a Environment<'static>,
    ) -> Self {
        Self { path, text, vocabulary, environment, diagnostics: Vec::new() }
    }

    pub(crate) fn report(
        &mut self,
        code: &'static Code,
        span: Range<usize>,
        message: impl Into<String>,
        label: impl Into<String>,
        help: Option<String>,
    ) {
        let (path, text) = (self.path.clone(), self.text.clone());
        // Libraries count bytes and may point into a character.
        let whole = |at: &usize| text.is_char_boundary(*at);
        let start = (0..=span.start.min(text.len())).rev().find(whole).unwrap_or(0);
        let end = (span.end.clamp(start, text.len())..=text.len()).find(whole).unwrap_or(text.len());
        let span = start..end;
        self.diagnostics.push(Diagnostic {
            code,
            path,
            span,
            message: message.into(),
            label: label.into(),
            help,
            text,
        });
    }

    /// Line of an offset, counted from 1.
    pub(crate) fn line(&self, offset: usize) -> usize {
        self.text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() + 1
    }

    fn wrong_shape(&mut self, node: &Node, what: &str, wanted: &str) {
        let found = match &node.value {
            Yaml::Null => "nothing",
            Yaml::Bool(_) => "a boolean",
            Yaml::Int(_) | Yaml::Float(_) => "a number",
            Yaml::Text(_) => "text",
            Yaml::List(_) => "a list",
            Yaml::Map(_) => "a map",
        };
        let help = shape_help(node, what, wanted);
        self.report(
            &codes::WRONG_SHAPE,
            self.place_of(node),
            format!("{what} must be {wanted}, not {found}"),
            format!("expected {wanted}"),
            Some(help),
        );
    }

    /// Where a node stands; one that is not written stands behind its key.
    fn place_of(&self, node: &Node) -> Range<usize> {
        let written = self.text.get(node.span.clone()).unwrap_or_default().trim();
        if node.value != Yaml::Null || !matches!(written, "" | ":") {
            return node.span.clone();
        }
        let before = self.text.get(..node.span.start).unwrap_or_default().trim_end().trim_end_matches(':').trim_end();
        let start = before.rfind(|c: char| c.is_whitespace() || "{[,".contains(c)).map_or(0, |at| at + 1);
        if start < before.len() { start..before.len() } else { node.span.clone() }
    }

    /// The entries of a map.
    pub(crate) fn map<'n>(&mut self, node: &'n Node, what: &str) -> Option<Entries<'n>> {
        match &node.value {
            Yaml::Map(entries) => Some(Entries { span: (node.span.start, node.span.end), entries }),
            _ => {
                self.wrong_shape(node, what, "a map");
                None
            }
        }
    }

    /// The items of a list.
    pub(crate) fn list<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n [Node]> {
        match &node.value {
            Yaml::List(items) => Some(items),
            _ => {
                self.wrong_shape(node, what, "a list");
                None
            }
        }
    }

    /// The only entry of a map.
    pub(crate) fn single<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n (Key, Node)> {
        match &node.value {
            Yaml::Map(entries) if entries.len() == 1 => entries.first(),
            _ => {
                self.wrong_shape(node, what, "a map with one key");
                None
            }
        }
    }

    /// Text; numbers are taken as they are written.
    pub(crate) fn text(&mut self, node: &Node, what: &str) -> Option<Text> {
        match &node.value {
            Yaml::Text(text) => Some(text.as_str().into()),
            Yaml::Int(_) | Yaml::Float(_) => Some(self.text.get(node.span.clone()).unwrap_or_default().into()),
            _ => {
                self.wrong_shape(node, what, "text");
                None
            }
        }
    }

    pub(crate) fn boolean(&mut self, node: &Node, what: &str) -> Option<bool> {
        match node.value {
            Yaml::Bool(value) => Some(value),
            _ => {
                self.wrong_shape(node, what, "true or false");
                None
            }
        }
    }

    /// One text or several.
    pub(crate) fn texts(&mut self, node: &Node, what: &str) -> Vec<Text> {
        match &node.value {
            Yaml::List(items) => items.iter().filter_map(|item| self.text(item, what)).collect(),
            _ => self.text(node, what).into_iter().collect(),
        }
    }

    /// Tells of keys that mean nothing here.
    pub(crate) fn known_keys(&mut self, entries: Entries<'_>, what: &str, known: &[&str]) {
        for (at, (key, _)) in entries.entries.iter().enumerate() {
            if !known.contains(&key.name.as_str()) {
                // What follows a key without a value, and is no key itself, is not indented enough.
                let before = entries.entries.get(..at).unwrap_or_default();
                let open = before.iter().rev().find(|(key, _)| known.contains(&key.name.as_str()));
                let help = match open {
                    Some((open, Node { value: Yaml::Null, .. })) => {
                        Some(format!("indent it with spaces, so that it stands below `{}:`", open.name))
                    }
                    _ => suggest::help(&key.name, "keys", known.iter().copied()),
                };
                self.report(
                    &codes::UNKNOWN_KEY,
                    key.span.clone(),
                    format!("{what} has no key `{}`", key.name),
                    "unknown key",
                    help,
                );
            }
        }
    }

    /// Whether a key stands there that was probably meant to be this one, and is told as unknown.
    pub(crate) fn misspelt(&self, entries: Entries<'_>, wanted: &str, known: &[&str]) -> bool {
        let unknown = entries.entries.iter().filter(|(key, _)| !known.contains(&key.name.as_str()));
        unknown.into_iter().any(|(key, _)| suggest::nearest(&key.name, known.iter().copied()) == Some(wanted))
    }

    pub(crate) fn missing_key(&mut self, span: (usize, usize), what: &str, key: &str, help: &str) {
        self.report(
            &codes::MISSING_KEY,
            span.0..span.1,
            format!("{what} needs `{key}`"),
            format!("`{key}` is missing"),
            Some(help.to_owned()),
        );
    }

    /// A word of a closed set.
    pub(crate) fn word<T>(
        &mut self,
        node: &Node,
        what: &str,
        words: &[&str],
        read: fn(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.text(node, what)?;
        let found = read(&text);
        if found.is_none() {
            let help = suggest::help(&text, "allowed", words.iter().copied());
            self.report(
                &codes::WRONG_WORD,
                node.span.clone(),
                format!("{what} cannot be `{text}`"),
                "not one of the allowed words",
                help,
            );
        }
        found
    }

    /// A name of letters, digits and one kind of separator.
    pub(crate) fn name(&mut self, span: &Range<usize>, name: &str, what: &str, separator: char) -> bool {
        let good = name.chars().next().is_some_and(|c| c.is_ascii_lowercase())
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == separator);
        if !good {
            let plain: String = name
                .to_ascii_lowercase()
                .chars()
                .map(|c| if c.is_ascii_alphanumeric() { c } else { separator })
                .collect();
            self.report(
                &codes::BAD_NAME,
                span.clone(),
                format!("`{name}` cannot be {what}"),
                format!("lower-case letters, digits and `{separator}`, beginning with a letter"),
                Some(format!("write `{plain}`")),
            );
        }
        good
    }

    /// What to do about a template that cannot be read.
    fn template_help(&self, source: &str, broken: &template::Broken, expression: bool) -> String {
        let word = source.get(broken.range.clone()).unwrap_or_default();
        if let Some((what, known)) = template::known(&broken.message) {
            let plain = broken.message.split_whitespace().nth(1).unwrap_or(word);
            let help = suggest::help(plain, what, known.iter().copied());
            return help.unwrap_or_else(|| format!("{what}: {}", known.join(", ")));
        }
        if expression {
            return "an expression compares names with values, such as `port > 1024 and c != 'db'`; it stands without braces"
                .to_owned();
        }
        let (open, close) = (source.matches("{{").count(), source.matches("}}").count());
        if open != close {
            return "close each `{{` with `}}`".to_owned();
        }
        if source.matches("{%").count() != source.matches("%}").count() {
            return "close each `{%` with `%}`".to_owned();
        }
        if source.contains("{% if") && !source.contains("endif") {
            return "end the `if` with `{% endif %}`".to_owned();
        }
        if source.contains("{% for") && !source.contains("endfor") {
            return "end the `for` with `{% endfor %}`".to_owned();
        }
        "inside `{{ … }}` stands a name such as `c` or `alias.field`, perhaps with a filter: `{{ size | bytes }}`"
            .to_owned()
    }

    /// A template or an expression.
    pub(crate) fn template(&mut self, node: &Node, what: &str, expression: bool) -> Option<Template> {
        let source = self.text(node, what)?;
        match template::check(self.environment, &source, expression) {
            Ok(template) => Some(template),
            Err(broken) => {
                let opened = template::opened(&source, &broken.message, expression).and_then(|at| {
                    let start = self.offset_within(node, &source)? + at;
                    Some(start..start + 2)
                });
                let span = match self.offset_within(node, &source) {
                    _ if opened.is_some() => opened.unwrap_or_default(),
                    Some(start) if !broken.range.is_empty() => start + broken.range.start..start + broken.range.end,
                    _ => self.line_within(node, broken.line),
                };
                self.report(
                    &codes::BAD_TEMPLATE,
                    span,
                    format!("{what} cannot be read: {}", broken.message),
                    if expression { "in this expression" } else { "in this template" },
                    Some(self.template_help(&source, &broken, expression)),
                );
                None
            }
        }
    }

    /// The span of one line of a scalar.
    fn line_within(&self, node: &Node, line: usize) -> Range<usize> {
        let text = self.text.get(node.span.clone()).unwrap_or_default();
        let mut start = node.span.start;
        for (index, content) in text.split_inclusive('\n').enumerate() {
            let indent = content.len() - content.trim_start().len();
            if index + 1 == line {
                return start + indent..start + content.trim_end().len().max(indent);
            }
            start += content.len();
        }
        node.span.clone()
    }

    /// Where the text of a scalar begins in the file, when it stands there as it is, without escapes or folding.
    pub(crate) fn offset_within(&self, node: &Node, text: &str) -> Option<usize> {
        let written = self.text.get(node.span.clone())?;
        written.find(text).map(|at| node.span.start + at)
    }

    /// Where a word stands inside a scalar; the scalar itself when it cannot be told.
    pub(crate) fn word_within(&self, node: &Node, word: &str) -> Range<usize> {
        let text = self.text.get(node.span.clone()).unwrap_or_default();
        let part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        // A template's names stand inside braces; the same word in the prose before is not meant.
        let inside = text.find("{{").into_iter().chain(text.find("{%")).min().unwrap_or(0);
        for from in [inside, 0] {
            let found = text.match_indices(word).find(|(at, _)| {
                *at >= from && !part(text[..*at].chars().next_back()) && !part(text[*at + word.len()..].chars().next())
            });
            if let Some((at, _)) = found {
                return node.span.start + at..node.span.start + at + word.len();
            }
        }
        node.span.clone()
    }
}

/// What to write instead of a node of the wrong shape.
fn shape_help(node: &Node, what: &str, wanted: &str) -> String {
    let name = what.trim_matches('`');
    let key = if name.contains(' ') { "key" } else { name };
    if node.value == Yaml::Null {
        return match wanted {
            "a map" | "a list" if what.starts_with('`') => {
                format!("indent with spaces what belongs below `{key}:`, or write a value behind it")
            }
            "a map" if what == "a rule file" => "begin the file with `id: NAME`".to_owned(),
            _ => "write a value, or leave the key out".to_owned(),
        };
    }
    match (wanted, &node.value) {
        ("a map", _) if what == "a rule file" => "begin the file with `id: NAME`; one rule a file".to_owned(),
        ("a map", Yaml::List(_)) => "leave out the dashes: the entries are `name: value`, not `- value`".to_owned(),
        ("a map", _) if what == "the fields of a condition" => {
            "write the fields in braces: `container: { name: $c }`".to_owned()
        }
        ("a map", _) if what.starts_with('`') => format!("write `{key}:` and below it, indented, `name: value`"),
        ("a map", _) => "write it as `{ name: value }`".to_owned(),
        ("a list of conditions" | "a list", _) => {
            format!("begin each item with `- `, or put them in brackets: `{key}: [a, b]`")
        }
        ("a map with one key", _) => "write one `kind: { field: value }`".to_owned(),
        ("text", Yaml::Bool(_)) => "put it in quotes".to_owned(),
        ("text", Yaml::Map(_)) => "a text that begins with `{` stands in quotes".to_owned(),
        ("text", Yaml::List(_)) => "write one text; one that begins with `[` stands in quotes".to_owned(),
        ("true or false", _) => "write true or false, without quotes".to_owned(),
        ("a whole number", _) => "write a number without quotes, such as 1".to_owned(),
        ("a scalar", _) => "write a single value".to_owned(),
        (wanted, _) => format!("write {wanted}"),
    }
}
