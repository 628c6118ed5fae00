//! The comments of a YAML text and the tokens that they belong to.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::yaml::{Node, Yaml};

/// Comments by the byte at which the token begins that they belong to.
#[derive(Debug, Default)]
pub(super) struct Comments {
    /// Whole lines before the token, each without its indentation; an empty one is a blank line.
    pub(super) leading: BTreeMap<usize, Vec<String>>,
    /// Behind the token on its line.
    pub(super) trailing: BTreeMap<usize, String>,
    /// Lines behind the last token, with their indentation.
    pub(super) footer: Vec<String>,
    /// How many comments there are.
    pub(super) number: usize,
}

/// The spans of all keys and scalars, in order.
fn tokens(node: &Node, text: &str, out: &mut Vec<Range<usize>>) {
    let is_alias = text.get(node.span.clone()).is_some_and(|source| source.starts_with('*'));
    match &node.value {
        Yaml::Map(entries) if !entries.is_empty() && !is_alias => {
            for (key, value) in entries {
                out.push(key.span.clone());
                tokens(value, text, out);
            }
        }
        Yaml::List(items) if !items.is_empty() && !is_alias => {
            items.iter().for_each(|item| tokens(item, text, out));
        }
        _ => out.push(node.span.clone()),
    }
}

impl Comments {
    /// Finds every comment of a text that was read as this tree.
    pub(super) fn of(text: &str, tree: &Node) -> Self {
        let mut spans = Vec::new();
        tokens(tree, text, &mut spans);
        // An absent value takes no room and says nothing about places.
        spans.retain(|span| !span.is_empty());
        spans.sort_by_key(|span| span.start);
        let mut comments = Self::default();
        let mut waiting: Vec<String> = Vec::new();
        let mut columns: Vec<usize> = Vec::new();
        let mut previous: Option<Range<usize>> = None;
        for span in spans.into_iter().map(Some).chain([None]) {
            let from = previous.as_ref().map_or(0, |span| span.end);
            let to = span.as_ref().map_or(text.len(), |span| span.start);
            let gap = text.get(from..to).unwrap_or_default();
            for (number, line) in gap.split('\n').enumerate() {
                let own_line = number > 0 || previous.is_none();
                let Some(at) = start_of_comment(line, own_line) else {
                    // The line of the next token ends the gap; it is not blank.
                    let last = number + 1 == gap.split('\n').count();
                    if own_line && line.trim().is_empty() && !last && waiting.last().is_none_or(|l| !l.is_empty()) {
                        waiting.push(String::new());
                        columns.push(0);
                    }
                    continue;
                };
                comments.number += 1;
                let comment = line.get(at..).unwrap_or_default().trim_end().to_owned();
                match &previous {
                    Some(token) if !own_line => {
                        comments.trailing.insert(token.start, comment);
                    }
                    _ if line.get(..at).is_some_and(|before| before.trim().is_empty()) => {
                        waiting.push(comment);
                        columns.push(at);
                    }
                    // Behind a dash or a bracket that begins a line.
                    _ => {
                        waiting.push(comment);
                        columns.push(0);
                    }
                }
            }
            match &span {
                Some(span) => {
                    if !waiting.is_empty() {
                        comments.leading.insert(span.start, std::mem::take(&mut waiting));
                        columns.clear();
                    }
                }
                None => {
                    let lines = waiting.drain(..).zip(columns.drain(..));
                    comments.footer = lines.map(|(line, column)| format!("{}{line}", " ".repeat(column))).collect();
                }
            }
            previous = span.or(previous);
        }
        while comments.footer.last().is_some_and(|line| line.trim().is_empty()) {
            comments.footer.pop();
        }
        comments
    }

    /// Takes out what stands behind any token of a span.
    pub(super) fn take_trailing(&mut self, span: Range<usize>) -> Vec<String> {
        let keys: Vec<usize> = self.trailing.range(span).map(|(key, _)| *key).collect();
        keys.iter().filter_map(|key| self.trailing.remove(key)).collect()
    }

    /// Whether whole lines of comments stand inside a span, or comments behind any but its last token.
    pub(super) fn inside(&self, text: &str, span: &Range<usize>) -> bool {
        let leading = self.leading.range(span.start + 1..span.end.max(span.start + 1));
        let lines = leading.flat_map(|(_, lines)| lines).any(|line| !line.is_empty());
        let inner = self
            .trailing
            .range(span.clone())
            .any(|(token, _)| text.get(*token..span.end).is_some_and(|rest| rest.contains('\n')));
        lines || inner
    }
}

/// Where a comment begins in a line of a gap between tokens.
fn start_of_comment(line: &str, own_line: bool) -> Option<usize> {
    line.match_indices('#').map(|(at, _)| at).find(|at| {
        let before = line.get(..*at).unwrap_or_default();
        if before.is_empty() { own_line } else { before.ends_with([' ', '\t']) }
    })
}
