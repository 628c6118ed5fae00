//! Regular expressions: read for their mistakes and groups.

use std::collections::BTreeSet;
use std::ops::Range;

use regex::Regex;
use regex_syntax::hir::{Hir, HirKind};
use regex_syntax::{Error, ParserBuilder};

use super::Checker;
use crate::codes;
use crate::yaml::Node;

impl Checker<'_> {
    /// A compiled regular expression over text.
    pub(crate) fn regex(&mut self, node: &Node, pattern: &str) -> Option<Regex> {
        self.groups(node, pattern, true)?;
        match Regex::new(pattern) {
            Ok(regex) => Some(regex),
            Err(error) => {
                let reason = error.to_string().lines().last().unwrap_or_default().to_owned();
                self.bad_regex(node, pattern, &reason, 0..0);
                None
            }
        }
    }

    /// The names of the groups of a regular expression, without compiling it: signatures are compiled by whoever scans
    /// logs, over bytes when `unicode` is false.
    pub(crate) fn groups(&mut self, node: &Node, pattern: &str, unicode: bool) -> Option<BTreeSet<String>> {
        match ParserBuilder::new().unicode(unicode).utf8(unicode).build().parse(pattern) {
            Ok(parsed) => Some(names(&parsed)),
            Err(error) => {
                let (reason, span) = match &error {
                    Error::Parse(error) => (error.kind().to_string(), *error.span()),
                    Error::Translate(error) => (error.kind().to_string(), *error.span()),
                    _ => return None,
                };
                let (start, end) = (span.start.offset, span.end.offset);
                self.bad_regex(node, pattern, &reason, start..end.max((start + 1).min(pattern.len())));
                None
            }
        }
    }

    fn bad_regex(&mut self, node: &Node, pattern: &str, reason: &str, place: Range<usize>) {
        let linear = reason.contains("look-around") || reason.contains("backreferences");
        let help = if linear {
            "only expressions whose time is linear are supported: no look-around, no back-references; ask for what must \
             not be there with `not: { matches: … }` or `unless:`"
        } else if reason.contains("unclosed group") {
            "close the group with `)`, or write `\\(` for a bracket"
        } else if reason.contains("unclosed character class") {
            "close the class with `]`, or write `\\[` for a bracket"
        } else if reason.contains("unopened group") {
            "write `\\)` for a bracket, or open the group with `(`"
        } else if reason.contains("repetition operator missing") {
            "write `\\*`, `\\+` or `\\?` for the character itself; for any text write `.*`"
        } else if reason.contains("unrecognized escape") {
            "write `\\\\` for a backslash itself, and leave out the backslash before characters without a meaning"
        } else if reason.contains("duplicate") {
            "give each group a name of its own"
        } else if reason.contains("capture group character") || reason.contains("capture group name") {
            "the name of a group consists of letters, digits and `_`: `(?<name>…)`"
        } else if reason.contains("start must be <=") {
            "a count names the smaller number first: `{1,3}`"
        } else if reason.contains("repetition quantifier") || reason.contains("counted repetition") {
            "write `\\{` for a brace itself; a count is `{2}` or `{1,3}`"
        } else {
            "the syntax is that of https://docs.rs/regex; put the expression in single quotes"
        };
        let help = Some(help.to_owned());
        let part = if place.is_empty() { None } else { self.part_within(node, pattern, place) };
        let span = part.unwrap_or_else(|| node.span.clone());
        let message = format!("the regular expression cannot be read: {reason}");
        self.report(&codes::BAD_REGEX, span, message, "in this expression", help);
    }
}

/// The names of all groups of a parsed expression.
pub(crate) fn names(parsed: &Hir) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut parts = vec![parsed];
    while let Some(part) = parts.pop() {
        match part.kind() {
            HirKind::Capture(capture) => {
                names.extend(capture.name.as_deref().map(str::to_owned));
                parts.push(&capture.sub);
            }
            HirKind::Repetition(repetition) => parts.push(&repetition.sub),
            HirKind::Concat(inner) | HirKind::Alternation(inner) => parts.extend(inner),
            HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => {}
        }
    }
    names
}
