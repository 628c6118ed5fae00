//! What one site changes about rules without touching their packs: parameters, severities, suppressions.

use std::collections::BTreeMap;

use bundlescope_facts::{Text, Value};
use jiff::Timestamp;

use crate::model::{Confidence, Severity};

/// A site file.
#[derive(Debug, Clone, Default)]
pub struct Site {
    /// What is different about rules, by id.
    pub rules: BTreeMap<Text, Override>,
    /// Findings that are accepted.
    pub suppressions: Vec<Suppression>,
    /// Drafts are evaluated.
    pub drafts: bool,
}

/// What is different about one rule.
#[derive(Debug, Clone, Default)]
pub struct Override {
    /// Another severity.
    pub severity: Option<Severity>,
    /// Another confidence.
    pub confidence: Option<Confidence>,
    /// False takes the rule out.
    pub enabled: Option<bool>,
    /// Other values of parameters.
    pub params: BTreeMap<Text, Value>,
}

/// Findings of a rule that somebody has accepted for a time.
#[derive(Debug, Clone)]
pub struct Suppression {
    /// Id of the rule.
    pub rule: Text,
    /// Only on the host of this name; `*` and `?` stand for any text and any character.
    pub node: Option<Text>,
    /// Only findings with these subjects; patterns like that of the host.
    pub subjects: BTreeMap<Text, Text>,
    /// Why it is accepted.
    pub reason: Text,
    /// Who accepted it.
    pub author: Text,
    /// The end as written.
    pub until: Text,
    /// The moment from which on it no longer holds.
    pub end: Timestamp,
    /// File that holds it.
    pub path: Text,
    /// Line of the site file, counted from 1.
    pub line: usize,
}

impl Suppression {
    /// Whether a finding on that host with these subjects is meant.
    pub fn covers(&self, node: &str, subjects: &BTreeMap<Text, Value>) -> bool {
        self.node.as_ref().is_none_or(|pattern| glob(pattern, node))
            && self.subjects.iter().all(|(name, pattern)| {
                subjects.get(name).is_some_and(|value| match value {
                    Value::List(items) => items.iter().any(|item| glob(pattern, &item.to_string())),
                    value => glob(pattern, &value.to_string()),
                })
            })
    }
}

/// Whether a text fits a pattern in which `*` stands for any text and `?` for one character. Linear in the product of
/// their lengths at worst.
pub(crate) fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    // Where the last star stands, and how much of the text it takes so far.
    let mut star: Option<(usize, usize)> = None;
    while let Some(c) = text.get(t) {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(wanted) if *wanted == '?' || wanted == c => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((at, taken)) = star else { return false };
                star = Some((at, taken + 1));
                p = at + 1;
                t = taken + 1;
            }
        }
    }
    pattern.get(p..).unwrap_or_default().iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_question_marks() {
        for (pattern, text) in [("*", ""), ("db?", "db1"), ("/mnt/*", "/mnt/a/b"), ("a*b*c", "axxbyyc"), ("x", "x")] {
            assert!(glob(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("db?", "db"), ("/mnt/*", "/data"), ("a*b", "abc"), ("", "x")] {
            assert!(!glob(pattern, text), "{pattern} {text}");
        }
    }
}
