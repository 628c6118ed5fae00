//! Turns the tree of a rule file into a rule, and tells every mistake on the way.

mod condition;
mod contradiction;
mod field;
mod fix;
mod likeness;
mod literal;
mod outline;
mod pack;
mod pattern;
mod references;
mod rule;
mod scope;
mod shape;
mod signature;
mod site;
mod tests;
mod texts;
mod unused;

use std::ops::Range;
use std::sync::Arc;

use bundlescope_facts::Text;
use minijinja::Environment;

pub(crate) use outline::outline;
pub(crate) use pack::{Manifest, manifest};
pub(crate) use rule::rule;
pub(crate) use signature::{TYPES, signature};
pub(crate) use site::site;

use crate::codes::{self, Code};
use crate::diagnostic::Diagnostic;
use crate::place;
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
        let found = match &node.value {
            Yaml::List(items) if items.is_empty() => "an empty list",
            Yaml::Int(_) if wanted == "a whole number" => "a negative one",
            Yaml::Float(_) if wanted == "a whole number" => "a fraction",
            _ => found,
        };
        // A text that begins with a hash is a comment.
        let comment = self.comment_behind(node);
        let (span, help) = match comment {
            Some(comment) => (comment, "a `#` begins a comment: put the text in quotes".to_owned()),
            None => (self.place_of(node), shape::help(node, what, wanted)),
        };
        self.report(
            &codes::WRONG_SHAPE,
            span,
            format!("{what} must be {wanted}, not {found}"),
            format!("expected {wanted}"),
            Some(help),
        );
    }

    /// The comment that stands on the line of a key in the place of its value.
    fn comment_behind(&self, node: &Node) -> Option<Range<usize>> {
        if node.value != Yaml::Null {
            return None;
        }
        let key = self.place_of(node);
        let line = self.text.get(key.end..)?.lines().next()?;
        let rest = line.trim_start().strip_prefix(':')?;
        rest.trim_start().starts_with('#').then(|| {
            let end = key.end + line.trim_end().len();
            end - rest.trim().len()..end
        })
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

    /// Text that says something.
    pub(crate) fn filled(&mut self, node: &Node, what: &str) -> Option<Text> {
        let text = self.text(node, what)?;
        if text.trim().is_empty() {
            let help = "write a text, or leave the key out".to_owned();
            self.report(&codes::WRONG_SHAPE, node.span.clone(), format!("{what} is empty"), "empty", Some(help));
            return None;
        }
        Some(text)
    }

    /// One text or several.
    pub(crate) fn texts(&mut self, node: &Node, what: &str) -> Vec<Text> {
        match &node.value {
            Yaml::Map(_) => {
                self.wrong_shape(node, what, "a list");
                Vec::new()
            }
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
                    _ => shape::of_other_file(&key.name, what).or_else(|| shape::glued(&key.name)).or_else(|| {
                        let blank = key.name.starts_with(char::is_whitespace);
                        let spaces = "a no-break space stands before it: indent with plain spaces".to_owned();
                        blank.then_some(spaces)
                    }),
                };
                let help = help.or_else(|| suggest::help(&key.name, "keys", known.iter().copied()));
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
        unknown.into_iter().any(|(key, _)| suggest::meant(&key.name, known.iter().copied()) == Some(wanted))
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
            self.report(
                &codes::BAD_NAME,
                span.clone(),
                format!("`{name}` cannot be {what}"),
                format!("lower-case letters, digits and `{separator}`, beginning with a letter"),
                Some(shape::good_name(name, separator)),
            );
        }
        good
    }

    /// A template or an expression.
    pub(crate) fn template(&mut self, node: &Node, what: &str, expression: bool) -> Option<Template> {
        if expression && !matches!(node.value, Yaml::Text(_)) {
            let message = format!("{what} must be an expression");
            let help = "write an expression in quotes, such as `'port > 1024'`".to_owned();
            self.report(&codes::WRONG_SHAPE, self.place_of(node), message, "no expression", Some(help));
            return None;
        }
        let source = self.text(node, what)?;
        if expression && (source.contains("{{") || source.contains("{%")) {
            let message = format!("{what} is an expression, and no template");
            let inner = source.trim().trim_start_matches("{{").trim_end_matches("}}").trim();
            let help = Some(format!("write it without braces: `{inner}`"));
            self.report(&codes::BAD_TEMPLATE, node.span.clone(), message, "braces", help);
            return None;
        }
        match template::check(self.environment, &source, expression) {
            Ok(template) => Some(template),
            Err(broken) => {
                let opened = template::opened(&source, &broken.message, expression).map(|at| at..at + 2);
                let range = opened.or_else(|| Some(broken.range.clone()).filter(|range| !range.is_empty()));
                let range = range.map(|range| match template::known(&broken.message) {
                    // Of `name(…)` only the name is meant.
                    Some((word, ..)) if source.get(range.clone()).is_some_and(|text| text.starts_with(word)) => {
                        range.start..range.start + word.len()
                    }
                    _ => range,
                });
                let span = range.and_then(|range| self.part_within(node, &source, range));
                let span = span.unwrap_or_else(|| self.line_within(node, broken.line));
                self.report(
                    &codes::BAD_TEMPLATE,
                    span,
                    format!("{what} cannot be read: {}", broken.message),
                    if expression { "in this expression" } else { "in this template" },
                    Some(template::help(&source, &broken, expression)),
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

    /// Where a part of the value of a scalar stands in the file.
    pub(crate) fn part_within(&self, node: &Node, value: &str, part: Range<usize>) -> Option<Range<usize>> {
        let scalar = self.text.get(node.span.clone())?;
        let found = place::written(scalar, value, part)?;
        Some(node.span.start + found.start..node.span.start + found.end)
    }

    /// Where a template or an expression looks a name up; the scalar itself when it cannot be told.
    pub(crate) fn name_within(&self, node: &Node, name: &str, expression: bool) -> Range<usize> {
        let Yaml::Text(source) = &node.value else { return node.span.clone() };
        let found = template::lookup(source, name, expression);
        found.and_then(|part| self.part_within(node, source, part)).unwrap_or_else(|| node.span.clone())
    }

    /// Where a named group of a regular expression has its name.
    pub(crate) fn group_within(&self, node: &Node, name: &str) -> Range<usize> {
        let Yaml::Text(pattern) = &node.value else { return node.span.clone() };
        let marks = [format!("(?<{name}>"), format!("(?P<{name}>")];
        let found = marks.iter().find_map(|mark| Some((pattern.find(mark)?, mark)));
        let part = found.map(|(at, mark)| {
            let end = at + mark.len() - 1;
            end - name.len()..end
        });
        part.and_then(|part| self.part_within(node, pattern, part)).unwrap_or_else(|| node.span.clone())
    }

    /// Where the name of a variable stands behind its dollar.
    pub(crate) fn behind_dollar(&self, node: &Node, name: &str) -> Range<usize> {
        let Yaml::Text(text) = &node.value else { return node.span.clone() };
        let part = text.find(name).map(|at| at..at + name.len());
        part.and_then(|part| self.part_within(node, text, part)).unwrap_or_else(|| node.span.clone())
    }
}
