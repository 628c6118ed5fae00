//! Equal events of one document become one, with the number, the times and the place of its records.

use std::collections::HashMap;

use bundlescope_facts::{Excerpt, Fact, Occurrences, Source, Text, Value};
use jiff::Timestamp;

use crate::fields::Fields;
use crate::framing::Writer;

/// Distinct events of one document; more are counted only.
const MAX_EVENTS: usize = 10_000;

/// One distinct event.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) kind: Text,
    pub(crate) fields: Fields,
    pub(crate) source: Source,
    pub(crate) excerpt: Excerpt,
    pub(crate) count: u64,
    pub(crate) first: Option<Timestamp>,
    pub(crate) last: Option<Timestamp>,
    /// First line of the last record, and its last line.
    pub(crate) last_line: u32,
    pub(crate) last_end: u32,
    /// What it is about, see [`crate::ongoing`].
    pub(crate) topics: u32,
}

/// Where and when a record was found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) first_line: u32,
    pub(crate) last_line: u32,
    pub(crate) time: Option<Timestamp>,
}

/// The distinct events of one document, in the order of their first records.
#[derive(Debug, Default)]
pub(crate) struct Events {
    pub(crate) list: Vec<Event>,
    index: HashMap<String, usize>,
    /// Records of events that were too many to be kept.
    pub(crate) left_out: u64,
}

impl Events {
    /// Counts an event and returns its index, unless there are too many; `details` is called for the first record of its
    /// kind and fields only.
    pub(crate) fn add(
        &mut self,
        kind: &Text,
        fields: Fields,
        place: Place,
        details: impl FnOnce() -> (Source, Excerpt, u32),
    ) -> Option<usize> {
        let key = key(kind, &fields);
        if let Some(&at) = self.index.get(&key) {
            self.again(at, place);
            return Some(at);
        }
        if self.list.len() >= MAX_EVENTS {
            self.left_out += 1;
            return None;
        }
        let (source, excerpt, topics) = details();
        let at = self.list.len();
        self.index.insert(key, at);
        self.list.push(Event {
            kind: kind.clone(),
            fields,
            source,
            excerpt,
            count: 1,
            first: place.time,
            last: place.time,
            last_line: place.first_line,
            last_end: place.last_line,
            topics,
        });
        Some(at)
    }

    /// Notes who wrote the first record of an event. Others may say the same later, so it does not tell events apart.
    pub(crate) fn written_by(&mut self, index: Option<usize>, writer: &Writer) {
        let Some(event) = index.and_then(|at| self.list.get_mut(at)).filter(|event| event.count == 1) else { return };
        let text = |name: &Option<String>| name.as_deref().map(|name| Value::Text(name.into()));
        let of = [
            ("unit", text(&writer.unit)),
            ("program", text(&writer.program)),
            ("program_pid", writer.pid.map(Value::Int)),
        ];
        for (name, value) in of {
            if let Some(value) = value {
                event.fields.entry(name.into()).or_insert(value);
            }
        }
    }

    /// Counts one more record of a known event.
    pub(crate) fn again(&mut self, index: usize, place: Place) {
        let Some(event) = self.list.get_mut(index) else { return };
        event.count += 1;
        event.last = place.time.or(event.last);
        event.first = event.first.or(place.time);
        event.last_line = place.first_line;
        event.last_end = place.last_line;
    }
}

impl Event {
    /// The text of a field.
    pub(crate) fn text(&self, field: &str) -> Option<&str> {
        self.fields.get(field).and_then(Value::as_text)
    }

    /// The whole number of a field.
    pub(crate) fn int(&self, field: &str) -> Option<i64> {
        self.fields.get(field).and_then(Value::as_int)
    }
}

impl From<Event> for Fact {
    fn from(event: Event) -> Self {
        let mut fact = Fact::dynamic(event.source, event.kind, event.fields);
        fact.occurrences =
            Some(Occurrences { count: event.count, first: event.first, last: event.last, last_line: event.last_line });
        fact.excerpt = Some(event.excerpt);
        fact
    }
}

/// Kinds and names cannot contain the separators; values are shown with their type's mark.
fn key(kind: &str, fields: &Fields) -> String {
    use std::fmt::Write as _;
    let mut key = String::with_capacity(128);
    key.push_str(kind);
    for (name, value) in fields {
        // Writing to a String cannot fail.
        let _ = write!(key, "\u{1}{name}\u{2}{value:?}");
    }
    key
}
