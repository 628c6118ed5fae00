//! Why records that hold a literal of a signature did not become its events, and what each signature costs.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bundlescope_facts::{Text, Value};
use regex::bytes::{Regex, RegexBuilder};
use regex_syntax::ast::{self, Ast};

/// Bytes of a record that are told around the place where a pattern stopped matching.
const SHOWN: usize = 80;

/// What one signature took, over all logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureCost {
    /// Its id.
    pub signature: Text,
    /// Time in its regular expressions.
    pub time: Duration,
    /// Records that held one of its literals, so that an expression was run; equal records count once.
    pub records: u64,
    /// Matches.
    pub matches: u64,
}

/// The counters of one wording.
#[derive(Debug, Default)]
pub(crate) struct Counter {
    pub(crate) nanoseconds: AtomicU64,
    pub(crate) records: AtomicU64,
    pub(crate) matches: AtomicU64,
}

impl Counter {
    pub(crate) fn add(&self, time: Duration, matches: usize) {
        self.nanoseconds.fetch_add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
        self.records.fetch_add(1, Ordering::Relaxed);
        self.matches.fetch_add(matches as u64, Ordering::Relaxed);
    }
}

/// Why a record is no event of the traced signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reason {
    /// The signature does not apply to the document or the container.
    Restricted,
    /// The expression does not match.
    Unmatched(Stop),
    /// Another signature says more about the record.
    Beaten(Text),
}

/// Where an expression stopped matching.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Stop {
    /// The end of what the longest part of the pattern matched.
    pub(crate) matched: String,
    /// What the pattern wants there.
    pub(crate) wanted: String,
    /// What the record has there.
    pub(crate) found: String,
}

impl Reason {
    /// The fields of the fact that tells it.
    pub(crate) fn fields(&self) -> Vec<(Text, Value)> {
        let text = |name: &str, value: &str| (Text::from(name), Value::from(value));
        match self {
            Self::Restricted => vec![text("reason", "restricted")],
            Self::Beaten(by) => vec![text("reason", "other_signature"), text("by", by)],
            Self::Unmatched(stop) => vec![
                text("reason", "pattern"),
                text("matched", &stop.matched),
                text("wanted", &stop.wanted),
                text("found", &stop.found),
            ],
        }
    }
}

/// The place where an expression that does not match stops: the longest beginning of it that is found in the record.
pub(crate) fn stop(pattern: &str, record: &[u8]) -> Stop {
    let Ok(parsed) = ast::parse::Parser::new().parse(pattern) else { return Stop::default() };
    let branches: Vec<&Ast> = match &parsed {
        Ast::Alternation(alternation) => alternation.asts.iter().collect(),
        other => vec![other],
    };
    let found = branches.into_iter().filter_map(|branch| longest(pattern, branch, record));
    let (_, at, end, stop_at) = found.max_by_key(|(length, ..)| *length).unwrap_or((0, 0, 0, 0));
    let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let from = end.saturating_sub(SHOWN).max(at);
    let behind = record.get(end..record.len().min(end + SHOWN)).unwrap_or_default();
    let wanted: String = pattern.get(stop_at..).unwrap_or_default().chars().take(SHOWN).collect();
    Stop { matched: shown(record.get(from..end).unwrap_or_default()), wanted, found: shown(behind) }
}

/// Of one branch: the length of its longest beginning that is found, where that match begins and ends, and the place in
/// the pattern behind it.
fn longest(pattern: &str, branch: &Ast, record: &[u8]) -> Option<(usize, usize, usize, usize)> {
    let start = branch.span().start.offset;
    let ends: Vec<usize> = match branch {
        Ast::Concat(concat) => concat.asts.iter().map(|part| part.span().end.offset).collect(),
        other => vec![other.span().end.offset],
    };
    let find = |end: usize| {
        let found = build(pattern.get(start..end)?)?.find(record).map(|found| found.range())?;
        Some((end - start, found.start, found.end, end))
    };
    // A longer beginning is found only where the shorter ones are.
    let (mut low, mut high) = (0, ends.len());
    let mut best = None;
    while low < high {
        let middle = low.midpoint(high);
        match ends.get(middle).and_then(|end| find(*end)) {
            Some(found) => {
                best = Some(found);
                low = middle + 1;
            }
            None => high = middle,
        }
    }
    best.or(Some((0, 0, 0, start)))
}

fn build(source: &str) -> Option<Regex> {
    RegexBuilder::new(source).unicode(false).build().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_stops_where_the_record_differs() {
        let found = stop(
            r"provider (?<endpoint>\S+) does not answer: (?<error>refused|deadline)",
            b"x provider a:1 does answer",
        );
        assert_eq!(found.matched, "provider a:1 does ");
        assert_eq!(found.wanted, "not answer: (?<error>refused|deadline)");
        assert_eq!(found.found, "answer");
        let found = stop(r"cannot (?:open|read) \S+|no such (?<path>file)", b"there is no such folder");
        assert_eq!((found.matched.as_str(), found.wanted.as_str()), ("no such ", "(?<path>file)"));
        assert_eq!(found.found, "folder");
        assert_eq!(stop("(", b"x"), Stop::default());
    }
}
