//! Records that must follow each other: what has begun and waits for its next record.

use std::collections::VecDeque;

use jiff::Timestamp;

use crate::fields::Fields;
use crate::signature::SignatureSet;

/// Sequences that wait at a time; the oldest gives way.
const MAX_OPEN: usize = 1_000;

/// Where the first record of a sequence stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Begin {
    /// First line.
    pub(crate) line: u32,
    /// First byte in the document.
    pub(crate) byte: u64,
    pub(crate) time: Option<Timestamp>,
}

/// A sequence that waits for its next record.
#[derive(Debug)]
struct Open {
    sequence: usize,
    /// The step that comes next.
    next: usize,
    fields: Fields,
    begin: Begin,
}

/// What waits in one log.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    open: VecDeque<Open>,
}

impl Waiting {
    /// Takes a record that is a step of a sequence; of a last step the fields of all and the place of the first are
    /// returned. Of several that wait with agreeing fields the latest goes on.
    pub(crate) fn step(
        &mut self,
        set: &SignatureSet,
        (sequence, step): (usize, usize),
        fields: Fields,
        here: Begin,
    ) -> Option<(Fields, Begin)> {
        let spec = set.sequences.get(sequence)?;
        if step == 0 {
            if self.open.len() >= MAX_OPEN {
                self.open.pop_front();
            }
            self.open.push_back(Open { sequence, next: 1, fields, begin: here });
            return None;
        }
        let near = |begin: &Begin| {
            let lines = spec.within_lines.is_none_or(|most| here.line.saturating_sub(begin.line) <= most);
            let time = spec.within.is_none_or(|most| match (begin.time, here.time) {
                (Some(first), Some(last)) => last >= first && last.duration_since(first) <= most,
                // Without times the lines decide, when they are bounded.
                _ => spec.within_lines.is_some(),
            });
            lines && time
        };
        let too_late = |open: &Open| {
            let lines = spec.within_lines.is_some_and(|most| here.line.saturating_sub(open.begin.line) > most);
            let time = spec.within.zip(open.begin.time).zip(here.time);
            lines || time.is_some_and(|((most, first), last)| last.duration_since(first) > most)
        };
        self.open.retain(|open| open.sequence != sequence || !too_late(open));
        let agrees =
            |open: &Open| open.fields.iter().all(|(name, value)| fields.get(name).is_none_or(|own| own == value));
        let fits = |open: &Open| open.sequence == sequence && open.next == step && near(&open.begin) && agrees(open);
        let at = self.open.iter().rposition(fits)?;
        let mut open = self.open.remove(at)?;
        for (name, value) in fields {
            open.fields.entry(name).or_insert(value);
        }
        if step + 1 == spec.steps {
            return Some((open.fields, open.begin));
        }
        open.next += 1;
        self.open.push_back(open);
        None
    }
}
