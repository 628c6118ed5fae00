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
                self.bad_regex(node, pattern, &reason, span.start.offset..span.end.offset);
                None
            }
        }
    }

    fn bad_regex(&mut self, node: &Node, pattern: &str, reason: &str, place: Range<usize>) {
        let linear = reason.contains("look-around") || reason.contains("backreferences");
        let help = linear.then(|| {
            "only expressions whose time is linear are supported: no look-around, no back-references".to_owned()
        });
        let span = match self.offset_within(node, pattern) {
            Some(start) if !place.is_empty() => start + place.start..start + place.end,
            _ => node.span.clone(),
        };
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
