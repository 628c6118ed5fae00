//! Fixed texts that look like something else: patterns, operators, lists, variables, words that a field never holds.

use bundlescope_facts::FieldType;

use super::Checker;
use super::scope::Scope;
use crate::codes;
use crate::suggest;
use crate::vocabulary::element;
use crate::yaml::{Node, Yaml};

/// How a text is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    /// Compared as a whole.
    Whole,
    /// Looked for inside.
    Part,
    /// A regular expression.
    Pattern,
}

/// The field that a text is compared with.
#[derive(Clone, Copy)]
pub(super) struct Field<'f> {
    pub(super) kind: &'f str,
    pub(super) path: &'f str,
    pub(super) ty: FieldType,
}

impl Checker<'_> {
    /// Warns of the fixed texts of a condition that its author probably means as something else.
    pub(super) fn likeness(&mut self, node: &Node, field: Field<'_>) {
        if matches!(element(field.ty), FieldType::Text | FieldType::Any) {
            self.alike(node, How::Whole, field);
        }
    }

    fn alike(&mut self, node: &Node, how: How, field: Field<'_>) {
        match &node.value {
            Yaml::List(items) => items.iter().for_each(|item| self.alike(item, how, field)),
            Yaml::Map(entries) => {
                for (key, value) in entries {
                    let how = match key.name.as_str() {
                        "is" | "not" | "any_of" | "none_of" => How::Whole,
                        "contains" | "starts_with" | "ends_with" => How::Part,
                        "matches" => How::Pattern,
                        _ => continue,
                    };
                    self.alike(value, how, field);
                }
            }
            Yaml::Text(text) if !text.starts_with('$') => {
                let found = match how {
                    How::Whole => whole(text, field),
                    How::Part => part(text),
                    How::Pattern => slashed(text, true).map(|inner| {
                        let flags = if text.ends_with('/') { "" } else { "(?i)" };
                        (
                            "the slashes are part of the expression".to_owned(),
                            format!("leave them out: '{flags}{inner}'"),
                        )
                    }),
                };
                let found = found.or_else(|| if how == How::Whole { self.never_said(text, field) } else { None });
                if let Some((message, help)) = found {
                    self.report(&codes::AS_IT_IS, node.span.clone(), message, "as it is", Some(help));
                }
            }
            _ => {}
        }
    }

    /// Warns of the name of a variable or an alias without its dollar, where a fixed text is rarely meant.
    pub(super) fn name_of(&mut self, node: &Node, scope: &Scope) {
        let Some(text) = node.as_text() else { return };
        let variable = scope.slot(text).filter(|slot| scope.bound.contains(slot)).is_some_and(|slot| slot > 0);
        if !variable && scope.alias(text).is_none() {
            return;
        }
        let meant = if variable { format!("${text}") } else { format!("${text}.FIELD") };
        let message = format!("`{text}` is taken as a text, and is also a name of this rule");
        let help = Some(format!("write `{meant}` for its value"));
        self.report(&codes::AS_IT_IS, node.span.clone(), message, "as it is", help);
    }

    /// A word that a field never holds whose documentation lists all of its words.
    fn never_said(&self, text: &str, field: Field<'_>) -> Option<(String, String)> {
        let words = self.vocabulary.words(field.kind, field.path)?;
        if words.contains(&text) {
            return None;
        }
        let help = suggest::help(text, "it is one of", words.iter().copied());
        Some((format!("`{}` of {} is never `{text}`", field.path, field.kind), help.unwrap_or_default()))
    }
}

/// What a text that is compared as a whole looks like: what is wrong, and what to write.
fn whole(text: &str, field: Field<'_>) -> Option<(String, String)> {
    let told = |what: &str, help: String| Some((format!("`{text}` is compared letter by letter: {what}"), help));
    if text.is_empty() {
        let plain = !field.path.contains('.') && field.ty != FieldType::Any;
        return plain.then(|| {
            let help = "to ask for a value that is not there, write `{ absent: true }`".to_owned();
            (format!("`{}` is never an empty text", field.path), help)
        });
    }
    if let Some((operator, value)) = operator(text) {
        // `20.10` alone is a number.
        let quote = if value.contains('.') { "'" } else { "" };
        return told("an operator has a key of its own", format!("write `{{ {operator}: {quote}{value}{quote} }}`"));
    }
    if let Some(inner) = slashed(text, !is_path(field.path)) {
        return told("a pattern has an operator", format!("write `{{ matches: '{inner}' }}`"));
    }
    if expression(text) {
        return told("a pattern has an operator", format!("write `{{ matches: '{text}' }}`"));
    }
    if let Some(help) = glob(text) {
        return told("`*` stands for itself", help);
    }
    let parts: Vec<&str> = if text.contains('|') { text.split('|').collect() } else { text.split(", ").collect() };
    let word = |part: &&str| {
        let part = part.trim();
        part.len() > 1 && part.chars().all(|c| c.is_ascii_lowercase() || c == '_' || c == '-')
    };
    if parts.len() > 1 && parts.iter().all(word) {
        let parts: Vec<&str> = parts.into_iter().map(str::trim).collect();
        return told("several values make a list", format!("write `[{}]`", parts.join(", ")));
    }
    None
}

/// What a text that is looked for inside of another looks like.
fn part(text: &str) -> Option<(String, String)> {
    let plain = text.trim_start_matches('^').trim_end_matches('$').trim_matches('*');
    let anchored = plain.len() >= 3
        && (text.starts_with('^') || text.ends_with('$') || text.starts_with('*') || text.ends_with('*'));
    if anchored || expression(text) {
        let help = if expression(plain) {
            format!("write `{{ matches: '{text}' }}`")
        } else {
            format!("leave the sign out: `{plain}`")
        };
        return Some((format!("`{text}` is looked for as it is, not as a pattern"), help));
    }
    None
}

/// An operator at the beginning of a text, by its name here, and the rest.
pub(super) fn operator(text: &str) -> Option<(&'static str, &str)> {
    const SIGNS: &[(&str, &str)] = &[
        (">=", "ge"),
        ("<=", "le"),
        ("!=", "not"),
        ("==", "is"),
        ("=~", "matches"),
        ("~=", "matches"),
        (">", "gt"),
        ("<", "lt"),
        ("!", "not"),
        ("~", "matches"),
    ];
    let (sign, name) = SIGNS.iter().find(|(sign, _)| text.starts_with(sign))?;
    let value = text.get(sign.len()..)?.trim();
    let first = value.chars().next()?;
    let fits = match *sign {
        ">" | "<" => first.is_ascii_digit(),
        "!" | "~" => first.is_ascii_alphabetic() && !value.contains(' '),
        _ => first.is_alphanumeric(),
    };
    fits.then_some((name, value))
}

/// What stands between two slashes, perhaps with flags behind them.
fn slashed(text: &str, plain: bool) -> Option<&str> {
    let inner = text.strip_prefix('/')?;
    let (inner, flags) = inner.rsplit_once('/')?;
    let fits = !inner.is_empty()
        && (matches!(flags, "i" | "g" | "gi" | "m" | "s")
            || flags.is_empty() && (plain && !inner.contains('/') || expression(inner)));
    fits.then_some(inner)
}

/// Signs that only a regular expression has.
fn expression(text: &str) -> bool {
    let signs = [".*", ".+", "\\d", "\\w", "\\s", "\\b", "(?", "[a-z", "[0-9", "[^"];
    text.len() > 1 && (text.starts_with('^') || text.ends_with('$') && text.chars().any(char::is_alphanumeric))
        || signs.iter().any(|sign| text.contains(sign))
}

/// What to write instead of a text with a star in it.
fn glob(text: &str) -> Option<String> {
    let inner = text.trim_matches('*');
    if text == inner || inner.is_empty() && text.len() < 3 {
        return None;
    }
    if inner.contains('*') || inner.is_empty() || text.contains("* ") {
        return None;
    }
    Some(match (text.starts_with('*'), text.ends_with('*')) {
        (true, true) => format!("write `{{ contains: '{inner}' }}`"),
        (true, false) => format!("write `{{ ends_with: '{inner}' }}`"),
        _ => format!("write `{{ starts_with: '{inner}' }}`"),
    })
}

/// Whether a field holds paths of files, which begin and may end with a slash.
fn is_path(path: &str) -> bool {
    let name = path.rsplit('.').next().unwrap_or(path);
    ["path", "mount", "source", "destination", "target", "dir", "file", "document", "root", "url", "cgroup"]
        .iter()
        .any(|part| name.contains(part))
}
