//! One row of knowledge and its envelope.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::{Data, Excerpt, Source, Text, Value};

/// How often an event was seen, when the same event was logged many times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Occurrences {
    /// Number of records that stated it.
    pub count: u64,
    /// Time of the first record, when its framing tells one.
    pub first: Option<Timestamp>,
    /// Time of the last record.
    pub last: Option<Timestamp>,
    /// Line of the last record.
    pub last_line: u32,
}

impl Occurrences {
    /// Records a minute between the first and the last; nothing where there is only one, or where times are unknown.
    pub fn per_minute(&self) -> Option<f64> {
        let seconds = self.last?.duration_since(self.first?).as_secs_f64();
        // The first record begins the time and is not part of its rate.
        let later = self.count.checked_sub(1).filter(|later| *later > 0)?;
        (seconds > 0.0).then(|| later as f64 * 60.0 / seconds)
    }
}

/// One thing that one place of one document states.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    /// The host on which the document was taken; empty while unknown.
    pub node: Text,
    /// The lines that state it.
    pub source: Source,
    /// What is stated.
    pub data: Data,
    /// For events: how often and when.
    pub occurrences: Option<Occurrences>,
    /// The lines themselves, where the document is not kept.
    pub excerpt: Option<Excerpt>,
}

impl Fact {
    /// A fact of a host that is not known yet; the analysis fills it in.
    pub fn new(source: Source, data: impl Into<Data>) -> Self {
        Self { node: Text::from(""), source, data: data.into(), occurrences: None, excerpt: None }
    }

    /// A fact of a kind that is not declared in Rust: an event of a signature, or one that a rule emits.
    pub fn dynamic(source: Source, kind: impl Into<Text>, fields: BTreeMap<Text, Value>) -> Self {
        Self::new(source, Data::Dynamic { kind: kind.into(), fields })
    }

    /// The name of its kind.
    pub fn kind(&self) -> &str {
        match &self.data {
            Data::Dynamic { kind, .. } => kind,
            other => other.spec().map_or("", |spec| spec.name),
        }
    }

    /// Its own fields by name, in the order of the declaration; the occurrences of an event follow.
    pub fn fields(&self) -> Vec<(Text, Value)> {
        let mut fields: Vec<(Text, Value)> = match (&self.data, self.data.spec()) {
            (Data::Dynamic { fields, .. }, _) => {
                fields.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
            }
            (data, Some(spec)) => spec.fields.iter().map(|field| (field.name.into(), data.get(field.name))).collect(),
            (_, None) => Vec::new(),
        };
        if self.occurrences.is_some() {
            fields.extend(["count", "first", "last"].map(|name| (Text::from(name), self.get(name))));
        }
        fields
    }

    /// The fields that every fact has besides those of its kind.
    ///
    /// `node` is the host; `document` and `line` name the source; `count`, `first`, `last` and `per_minute` belong to
    /// events.
    pub const COMMON_FIELDS: &'static [&'static str] =
        &["node", "document", "line", "count", "first", "last", "per_minute"];

    /// The value of a field, common ones included; `Null` where the kind has no such field. Dotted paths reach into
    /// maps and records.
    pub fn get(&self, path: &str) -> Value {
        let own = self.data.get(path);
        if !own.is_null() {
            return own;
        }
        let time = |time: Option<Timestamp>| time.map_or(Value::Null, |time| Value::Text(time.to_string().into()));
        match (path, &self.occurrences) {
            ("node", _) => Value::Text(self.node.clone()),
            ("document", _) => Value::Text(self.source.document.clone()),
            ("line", _) => Value::Int(self.source.first_line.into()),
            ("count", Some(occurrences)) => Value::Int(i64::try_from(occurrences.count).unwrap_or(i64::MAX)),
            ("count", None) => Value::Int(1),
            ("first", Some(occurrences)) => time(occurrences.first),
            ("last", Some(occurrences)) => time(occurrences.last),
            ("per_minute", Some(occurrences)) => occurrences.per_minute().map_or(Value::Null, Value::Float),
            _ => match path.split_once('.') {
                Some((head, rest)) => self.data.get(head).at(rest),
                None => Value::Null,
            },
        }
    }
}
