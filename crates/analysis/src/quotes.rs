//! Quotes documents: the lines that prove something, with what stands around them.

use std::collections::BTreeMap;

use bundlescope_engine::Evidence;
use bundlescope_facts::{Excerpt, Text};

/// Lines of context before and after.
const CONTEXT: u32 = 3;
/// Longest quoted line in characters; what a person needs stands further in front.
const LINE: usize = 400;
/// Most lines of one excerpt.
const LINES: u32 = 12;

/// The documents that were kept to quote from.
#[derive(Debug, Default)]
pub(crate) struct Quotes {
    documents: BTreeMap<Text, Vec<u8>>,
}

impl Quotes {
    pub(crate) fn keep(&mut self, path: Text, bytes: Vec<u8>) {
        self.documents.insert(path, bytes);
    }

    /// Fills in the lines of an evidence that does not carry them yet.
    pub(crate) fn fill(&self, evidence: &mut Evidence) {
        if !evidence.excerpt.is_empty() || evidence.line == 0 {
            return;
        }
        let Some(bytes) = self.documents.get(&evidence.document) else { return };
        let last = evidence.end_line.max(evidence.line).min(evidence.line.saturating_add(LINES - 1));
        let from = evidence.line.saturating_sub(CONTEXT).max(1);
        let lines = lines(bytes, from, last.saturating_add(CONTEXT));
        let skip = (evidence.line - from) as usize;
        let quoted = lines.iter().skip(skip).take((last - evidence.line + 1) as usize);
        evidence.excerpt = quoted.map(|line| &**line).collect::<Vec<_>>().join("\n");
        evidence.context = Some(Excerpt { first_line: from, lines });
    }
}

/// The lines from `first` to `last`, counted from 1, as far as there are any.
fn lines(bytes: &[u8], first: u32, last: u32) -> Vec<Text> {
    let count = (last.saturating_sub(first) as usize).saturating_add(1);
    let lines = bytes.split(|byte| *byte == b'\n').skip(first as usize - 1).take(count);
    let mut found: Vec<Text> = lines.map(|line| cut(&String::from_utf8_lossy(line)).into()).collect();
    // The piece behind the last line end is no line.
    if found.last().is_some_and(|line| line.is_empty()) && bytes.ends_with(b"\n") {
        found.pop();
    }
    found
}

fn cut(line: &str) -> String {
    let line = line.trim_end_matches('\r');
    match line.char_indices().nth(LINE) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_evidence_gets_its_lines_and_three_around_them() {
        let mut quotes = Quotes::default();
        quotes.keep("a".into(), b"1\n2\r\n3\n4\n5\n6\n7\n8\n".to_vec());
        let mut evidence = Evidence {
            document: "a".into(),
            line: 6,
            end_line: 7,
            excerpt: String::new(),
            context: None,
            label: "x".into(),
            count: 1,
        };
        quotes.fill(&mut evidence);
        assert_eq!(evidence.excerpt, "6\n7");
        let context = evidence.context.unwrap();
        assert_eq!((context.first_line, context.lines.join(" ")), (3, "3 4 5 6 7 8".to_owned()));
    }
}
