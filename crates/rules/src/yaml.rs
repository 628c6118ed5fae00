//! YAML text in, a tree of nodes with byte spans out. The only module that knows which library reads YAML.
//!
//! The tree is generic on purpose: serde's typed structs stop at the first mistake, and an author wants to see all of
//! them. Options are the strict ones: YAML 1.1's `yes` and `on` are text, unknown tags, merge keys and duplicate keys
//! are mistakes.

use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_yaml::options::{DuplicateKeyPolicy, MergeKeyPolicy};
use serde_yaml::{Location, Options, Spanned};

use crate::syntax;

/// Largest rule file that is read, in bytes. The longest sensible ones are a few dozen KiB.
const MAX_BYTES: usize = 4 << 20;

/// Duplicate keys that are looked for in one file before it is given up.
const MAX_DUPLICATES: usize = 20;

/// A node and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    /// Bytes of the file that it takes.
    pub(crate) span: Range<usize>,
    /// What it holds.
    pub(crate) value: Yaml,
}

impl Node {
    /// The entries of a map; none of anything else.
    pub(crate) fn entries(&self) -> &[(Key, Node)] {
        match &self.value {
            Yaml::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The value of a key of a map.
    pub(crate) fn get(&self, name: &str) -> Option<&Node> {
        self.entries().iter().find(|(key, _)| key.name == name).map(|(_, node)| node)
    }

    /// The text of a scalar that is one.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match &self.value {
            Yaml::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The items of a list, or the node itself where one may stand alone.
    pub(crate) fn items(&self) -> &[Node] {
        match &self.value {
            Yaml::List(items) => items,
            _ => std::slice::from_ref(self),
        }
    }
}

/// What a node holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Yaml {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

/// The key of an entry.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Key {
    pub(crate) span: Range<usize>,
    pub(crate) name: String,
}

/// Why a file is not the YAML that is read here.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Mistake {
    pub(crate) span: Range<usize>,
    pub(crate) message: String,
    /// What to do, where it can be told.
    pub(crate) help: Option<String>,
    /// The mistake is a key that stands twice.
    pub(crate) duplicate: bool,
}

/// Reads one document. The tree is there unless the syntax is broken; of a key that stands twice it holds the first.
pub(crate) fn parse(text: &str) -> (Option<Node>, Vec<Mistake>) {
    if text.len() > MAX_BYTES {
        let message = format!("the file is larger than {} MiB", MAX_BYTES >> 20);
        let help = Some("put its tests' documents into a bundle on disk".to_owned());
        return (None, vec![Mistake { span: 0..0, message, help, duplicate: false }]);
    }
    match read(text, DuplicateKeyPolicy::Error) {
        Ok(node) => (Some(node), Vec::new()),
        Err(first) if first.duplicate => {
            // The library stops at the first duplicate; reading again without the check gives the tree, and the
            // remaining duplicates are found by blanking out those that are known.
            let mut mistakes = vec![first];
            let mut unique = text.to_owned();
            while mistakes.len() < MAX_DUPLICATES {
                let Some(last) = mistakes.last() else { break };
                rename(&mut unique, &last.span, mistakes.len());
                match read(&unique, DuplicateKeyPolicy::Error) {
                    Err(next) if next.duplicate && mistakes.iter().all(|known| known.span != next.span) => {
                        mistakes.push(next);
                    }
                    _ => break,
                }
            }
            match read(text, DuplicateKeyPolicy::FirstWins) {
                Ok(node) => (Some(node), mistakes),
                Err(other) => {
                    mistakes.push(other);
                    (None, mistakes)
                }
            }
        }
        Err(mistake) => (None, vec![mistake]),
    }
}

/// Gives a duplicate key a name that no other key has, of the same length so that the spans stay.
fn rename(text: &mut String, span: &Range<usize>, index: usize) {
    let Some(key) = text.get(span.clone()) else {
        return;
    };
    let length = key.len();
    let mark = char::from_u32(0x41 + u32::try_from(index % 26).unwrap_or(0)).unwrap_or('A');
    let fresh: String = std::iter::repeat_n(mark, length).collect();
    if key.bytes().all(|byte| byte.is_ascii_graphic()) {
        text.replace_range(span.clone(), &fresh);
    }
}

fn read(text: &str, duplicates: DuplicateKeyPolicy) -> Result<Node, Mistake> {
    let options: Options = serde_yaml::options! {
        strict_booleans: true,
        reject_unsupported_tags: true,
        duplicate_keys: duplicates,
        merge_keys: MergeKeyPolicy::Error,
        with_snippet: false,
    };
    serde_yaml::from_str_with_options::<Spanned<Raw>>(text, options).map_err(|error| mistake(&error, text)).and_then(
        |raw| {
            let mut aliases = Vec::new();
            let node = node(raw, text, &mut aliases);
            match aliases.into_iter().next() {
                Some(span) => Err(Mistake {
                    message: "aliases of YAML are not read: who reads the rule should see what it says".to_owned(),
                    span,
                    help: Some("write out what the alias stands for".to_owned()),
                    duplicate: false,
                }),
                None => Ok(node),
            }
        },
    )
}

fn mistake(error: &serde_yaml::Error, text: &str) -> Mistake {
    let error = error.without_snippet();
    let duplicate = matches!(error, serde_yaml::Error::DuplicateMappingKey { .. });
    let location = error.location().unwrap_or(Location::UNKNOWN);
    let mut message = error.to_string();
    // The position is shown by the caret.
    if let Some(at) = message.find(" at line ") {
        message.truncate(at);
    }
    let span = bytes(location, text);
    if duplicate {
        let message = format!("the key `{}` stands twice in one map", text.get(span.clone()).unwrap_or_default());
        return Mistake { span, message, help: Some("keep one of them".to_owned()), duplicate };
    }
    let told = syntax::told(text, span, &message);
    let start = (0..=told.span.start.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    // At least one character stands under the caret, where there is one.
    let least = told.span.end.max(start + 1);
    let end = (least.clamp(start, text.len())..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(start);
    Mistake { span: start..end, message: told.message, help: Some(told.help), duplicate }
}

/// The bytes of a location; positions that the library does not tell are worked out from line and column.
fn bytes(location: Location, text: &str) -> Range<usize> {
    let span = location.span();
    if let (Some(start), Some(length)) = (span.byte_offset(), span.byte_len()) {
        let start = usize::try_from(start).unwrap_or(usize::MAX).min(text.len());
        let end = start.saturating_add(usize::try_from(length).unwrap_or(0)).min(text.len());
        if text.is_char_boundary(start) && text.is_char_boundary(end) {
            return start..end;
        }
    }
    let line = usize::try_from(location.line()).unwrap_or(0);
    let column = usize::try_from(location.column()).unwrap_or(0);
    let mut start = 0;
    for (index, content) in text.split_inclusive('\n').enumerate() {
        if index + 1 >= line {
            let inside: usize = content.chars().take(column.saturating_sub(1)).map(char::len_utf8).sum();
            start += inside;
            break;
        }
        start += content.len();
    }
    start.min(text.len())..start.min(text.len())
}

/// The node, and the places where another one is named by an alias.
fn node(raw: Spanned<Raw>, text: &str, aliases: &mut Vec<Range<usize>>) -> Node {
    let alias = raw.referenced != raw.defined;
    let span = bytes(raw.referenced, text);
    if alias {
        aliases.push(trimmed(span.clone(), text));
    }
    let value = match raw.value {
        Raw::Null => Yaml::Null,
        Raw::Bool(value) => Yaml::Bool(value),
        Raw::Int(value) => Yaml::Int(value),
        Raw::Float(value) => Yaml::Float(value),
        Raw::Text(value) => Yaml::Text(value),
        // The depth is bounded by the library's own limit on nesting.
        Raw::List(items) => Yaml::List(items.into_iter().map(|item| node(item, text, aliases)).collect()),
        Raw::Map(entries) => Yaml::Map(
            entries
                .into_iter()
                .map(|(key, value)| {
                    (Key { span: bytes(key.referenced, text), name: key.value }, node(value, text, aliases))
                })
                .collect(),
        ),
    };
    let span = if alias { span } else { whole(span, &value, text) };
    Node { span: trimmed(span, text), value }
}

/// The library tells where a list or map begins; it reaches to the end of its last part, brackets included.
fn whole(span: Range<usize>, value: &Yaml, text: &str) -> Range<usize> {
    let last = match value {
        Yaml::List(items) => items.last().map(|item| item.span.end),
        Yaml::Map(entries) => entries.last().map(|(key, item)| item.span.end.max(key.span.end)),
        _ => return span,
    };
    let end = last.unwrap_or(span.end).max(span.end);
    let close = match text.as_bytes().get(span.start) {
        Some(b'[') => ']',
        Some(b'{') => '}',
        _ => return span.start..end,
    };
    let rest = text.get(end..).unwrap_or_default();
    let after = rest.trim_start_matches([' ', '\t', '\n', '\r', ',']);
    if after.starts_with(close) { span.start..end + (rest.len() - after.len()) + 1 } else { span.start..end }
}

/// A block ends where the next token begins; the caret should not reach that far.
fn trimmed(span: Range<usize>, text: &str) -> Range<usize> {
    let content = text.get(span.clone()).unwrap_or_default().trim_end();
    span.start..span.start + content.len()
}

/// The tree as the library hands it over.
enum Raw {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<String>, Spanned<Raw>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any YAML value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        Raw::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Int(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Raw, E> {
        i64::try_from(value).map(Raw::Int).map_err(|_| E::custom("the number is larger than 64 bits hold"))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
        Ok(Raw::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Raw, E> {
        Ok(Raw::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Raw, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Raw::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Raw, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<Spanned<String>>()? {
            if entries.len() > 100_000 {
                return Err(A::Error::custom("more than 100,000 keys in one map"));
            }
            entries.push((key, map.next_value()?));
        }
        Ok(Raw::Map(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        fn walk(node: &Node, text: &str, depth: usize, out: &mut String) {
            let source = text[node.span.clone()].replace('\n', "⏎");
            match &node.value {
                Yaml::Map(entries) => {
                    for (key, value) in entries {
                        out.push_str(&format!("{}{} <{}>\n", "  ".repeat(depth), key.name, &text[key.span.clone()]));
                        walk(value, text, depth + 1, out);
                    }
                }
                Yaml::List(items) => items.iter().for_each(|item| walk(item, text, depth + 1, out)),
                other => out.push_str(&format!("{}{other:?} <{source}>\n", "  ".repeat(depth))),
            }
        }
        let (node, mistakes) = parse(text);
        let mut out = String::new();
        if let Some(node) = node {
            walk(&node, text, 0, &mut out);
        }
        for mistake in mistakes {
            out.push_str(&format!("! {} <{}>@{}\n", mistake.message, &text[mistake.span.clone()], mistake.span.start));
        }
        out
    }

    #[test]
    fn every_scalar_keeps_its_type_and_its_place() {
        insta::assert_snapshot!(shown(
            "a: yes\nb: [1, 2.5, true, ~, \"x y\", 'é']\nc: |\n  two\n  lines\nd: { é: $x }\n"
        ));
    }

    #[test]
    fn all_duplicates_are_told() {
        insta::assert_snapshot!(shown("id: 1\nid: 2\nwhen:\n  a: 1\n  b: 2\n  a: 3\n"));
    }

    #[test]
    fn broken_syntax_is_told_where_it_is() {
        insta::assert_snapshot!(shown("id: x\nwhen: {a: [1, 2\nmessage: y\n"));
        insta::assert_snapshot!(shown("id: !secret x\n"));
        insta::assert_snapshot!(shown("a: &x { b: 1 }\nc:\n  <<: *x\n"));
        insta::assert_snapshot!(shown("a: 'open\n"));
    }

    #[test]
    fn hostile_text_ends() {
        let deep = "[".repeat(100_000);
        assert!(parse(&deep).0.is_none());
        let deep_blocks: String = (0..5_000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
        let _ = parse(&deep_blocks);
        let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\n\
                    d: &d [*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e]\n\
                    g: [*f,*f,*f,*f,*f,*f,*f,*f]\n";
        assert!(parse(bomb).0.is_none());
        assert!(parse("").0.is_none_or(|node| node.value == Yaml::Null));
    }
}
