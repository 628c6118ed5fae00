//! Finds the places of a log where a signature may match, at memory speed.

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

/// The literals of all patterns.
#[derive(Debug)]
pub(crate) struct Prefilter {
    automaton: Option<AhoCorasick>,
    /// For each literal of the automaton, the patterns that need it.
    owners: Vec<Vec<usize>>,
    longest: usize,
}

impl Prefilter {
    /// `literals` are lower-case, each with the index of the pattern that needs it.
    pub(crate) fn new(literals: &[(Vec<u8>, usize)]) -> Result<Self, String> {
        let mut distinct = std::collections::BTreeMap::<&[u8], Vec<usize>>::new();
        for (literal, owner) in literals {
            let owners = distinct.entry(literal).or_default();
            if owners.last() != Some(owner) {
                owners.push(*owner);
            }
        }
        let longest = distinct.keys().map(|literal| literal.len()).max().unwrap_or_default();
        let automaton = if distinct.is_empty() {
            None
        } else {
            let automaton = AhoCorasick::builder()
                .match_kind(MatchKind::Standard)
                .kind(Some(AhoCorasickKind::DFA))
                .ascii_case_insensitive(true)
                .build(distinct.keys())
                .map_err(|error| format!("the literals of all signatures do not fit into one automaton: {error}"))?;
            Some(automaton)
        };
        Ok(Self { automaton, owners: distinct.into_values().collect(), longest })
    }

    /// Length of the longest literal.
    pub(crate) fn longest(&self) -> usize {
        self.longest
    }

    /// A place at or behind `from` where some literal stands: the index of its last byte.
    pub(crate) fn find(&self, text: &[u8], from: usize) -> Option<usize> {
        let found = self.automaton.as_ref()?.find(text.get(from..)?)?;
        Some(from + found.end() - 1)
    }

    /// Adds the patterns that have a literal in a record, in order and without repetition.
    pub(crate) fn candidates(&self, record: &[u8], out: &mut Vec<usize>) {
        let Some(automaton) = &self.automaton else { return };
        for found in automaton.find_overlapping_iter(record) {
            out.extend_from_slice(self.owners.get(found.pattern().as_usize()).map_or(&[], Vec::as_slice));
        }
        out.sort_unstable();
        out.dedup();
    }
}
