//! Quotes documents: the lines that prove something, with what stands around them.

use std::collections::BTreeMap;

use bundlescope_engine::Evidence;
use bundlescope_facts::{Excerpt, Text};

/// Lines of context before and after.
const CONTEXT: u32 = 3;
/// Longest quoted line in characters; what a person needs stands further in front.
const LINE: usize = 400;
/// Of them, how many stand before what was asked for.
const LEAD: usize = 80;
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
        narrow(evidence, bytes);
        let last = evidence.end_line.max(evidence.line).min(evidence.line.saturating_add(LINES - 1));
        let from = evidence.line.saturating_sub(CONTEXT).max(1);
        let lines = lines(bytes, from, last.saturating_add(CONTEXT), &evidence.sought);
        let skip = (evidence.line - from) as usize;
        let quoted = lines.iter().skip(skip).take((last - evidence.line + 1) as usize);
        evidence.excerpt = quoted.map(|line| &**line).collect::<Vec<_>>().join("\n");
        evidence.context = Some(Excerpt { first_line: from, lines });
    }
}

/// Of a long stretch, such as one container of an inspect, leaves what holds the values that were asked for.
fn narrow(evidence: &mut Evidence, bytes: &[u8]) {
    if evidence.end_line.saturating_sub(evidence.line) < Evidence::FEW {
        return;
    }
    let lines = lines(bytes, evidence.line, evidence.end_line, &evidence.sought);
    let mut holding = (evidence.line..).zip(&lines).filter(|(_, line)| evidence.holds(line)).map(|(number, _)| number);
    let Some(first) = holding.next() else { return };
    let last = holding.last().unwrap_or(first);
    evidence.line = first;
    evidence.end_line = last;
}

/// The lines from `first` to `last`, counted from 1, as far as there are any.
fn lines(bytes: &[u8], first: u32, last: u32, sought: &[Text]) -> Vec<Text> {
    let count = (last.saturating_sub(first) as usize).saturating_add(1);
    let lines = bytes.split(|byte| *byte == b'\n').skip(first as usize - 1).take(count);
    let mut found: Vec<Text> = lines.map(|line| cut(&String::from_utf8_lossy(line), sought).into()).collect();
    // The piece behind the last line end is no line.
    if found.last().is_some_and(|line| line.is_empty()) && bytes.ends_with(b"\n") {
        found.pop();
    }
    found
}

/// A long line is cut around the first value that was asked for, or behind its beginning.
fn cut(line: &str, sought: &[Text]) -> String {
    let line = line.trim_end_matches('\r');
    if line.len() <= LINE {
        return line.to_owned();
    }
    let at = sought.iter().filter(|value| value.len() > 2).filter_map(|value| line.find(&**value)).min().unwrap_or(0);
    let before = line[..at].char_indices().rev().nth(LEAD).map_or(0, |(start, _)| start);
    let rest = &line[before..];
    let end = rest.char_indices().nth(LINE).map_or(rest.len(), |(end, _)| end);
    let (lead, tail) = (if before > 0 { "…" } else { "" }, if end < rest.len() { "…" } else { "" });
    format!("{lead}{}{tail}", &rest[..end])
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
            also: Vec::new(),
            sought: Vec::new(),
        };
        quotes.fill(&mut evidence);
        assert_eq!(evidence.excerpt, "6\n7");
        let context = evidence.context.unwrap();
        assert_eq!((context.first_line, context.lines.join(" ")), (3, "3 4 5 6 7 8".to_owned()));
    }

    #[test]
    fn of_an_inspect_only_what_was_asked_for_is_quoted() {
        let mut quotes = Quotes::default();
        let state = "[{\n\"State\": {\n \"Status\": \"exited\",\n \"Running\": false,\n \"Pid\": 0,\n \"Dead\": false,\n \
            \"ExitCode\": 1,\n \"Error\": \"\",\n \"StartedAt\": \"2026-11-21T01:01:01Z\"\n}}]\n";
        quotes.keep("i".into(), state.into());
        let mut evidence = Evidence {
            document: "i".into(),
            line: 2,
            end_line: 10,
            excerpt: String::new(),
            context: None,
            label: "x".into(),
            count: 1,
            also: Vec::new(),
            sought: vec!["exited".into(), "1".into()],
        };
        quotes.fill(&mut evidence);
        assert_eq!((evidence.line, evidence.end_line), (3, 7));
        assert!(evidence.excerpt.starts_with(" \"Status\"") && evidence.excerpt.ends_with("\"ExitCode\": 1,"));
        let line = format!("{}needle{}", "x".repeat(1000), "y".repeat(1000));
        let cut = cut(&line, &["needle".into()]);
        assert!(cut.starts_with("…xxx") && cut.contains("needle") && cut.ends_with("y…") && cut.chars().count() < 410);
    }
}
