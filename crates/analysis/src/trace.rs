//! What a signature makes of a bundle: its events, and the records that nearly were some.

use bundlescope_facts::{Fact, Text};
use bundlescope_logs::NEAR_MATCH;
use serde::Serialize;

use crate::loaded::Loaded;
use crate::signatures::Rulebook;

/// What a signature makes of a bundle.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SignatureTrace {
    /// Id of the signature.
    pub signature: Text,
    /// Kind of its events.
    pub event: Text,
    /// Logs and other documents that were searched.
    pub documents: usize,
    /// Events of that kind, of this signature and of others, as `document:line` with their fields.
    pub events: Vec<TracedEvent>,
    /// Records that hold a literal of it and are none of its events.
    pub near: Vec<NearMatch>,
}

/// An event and what it says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TracedEvent {
    /// Path inside the bundle.
    pub document: Text,
    /// First line, counted from 1.
    pub line: u32,
    /// Its fields as `name=value`.
    pub fields: Vec<String>,
}

/// A record that nearly was an event.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NearMatch {
    /// Path inside the bundle.
    pub document: Text,
    /// First line, counted from 1.
    pub line: u32,
    /// Pattern of the signature, counted from 1.
    pub pattern: i64,
    /// The record.
    pub text: String,
    /// Why it is none: `pattern`, `restricted`, `other_signature`.
    pub reason: String,
    /// For `pattern`: the end of what the longest beginning of the pattern matched.
    pub matched: String,
    /// For `pattern`: what the pattern wants there.
    pub wanted: String,
    /// For `pattern`: what the record has there.
    pub found: String,
    /// For `other_signature`: the one whose event says more.
    pub by: String,
}

impl Loaded {
    /// What the traced signature of these rules made of the bundle; `None` when the rules trace none, see
    /// [`Rulebook::traced`].
    pub fn trace(&self, rules: &Rulebook, id: &str) -> Option<SignatureTrace> {
        let signature = rules.pack().signatures().iter().find(|signature| &*signature.id == id)?;
        let of_kind = |kind: &str| self.facts.iter().filter(move |fact| fact.kind() == kind).collect::<Vec<&Fact>>();
        let event = |fact: &Fact| TracedEvent {
            document: fact.source.document.clone(),
            line: fact.source.first_line,
            fields: fact
                .fields()
                .into_iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(name, value)| format!("{name}={value}"))
                .collect(),
        };
        let near = |fact: &Fact| {
            let text = |name: &str| fact.get(name).as_text().unwrap_or_default().to_owned();
            NearMatch {
                document: fact.source.document.clone(),
                line: fact.source.first_line,
                pattern: fact.get("pattern").as_int().unwrap_or(0),
                text: text("text"),
                reason: text("reason"),
                matched: text("matched"),
                wanted: text("wanted"),
                found: text("found"),
                by: text("by"),
            }
        };
        let searched = self.documents.iter();
        let searched = searched.filter(|document| !matches!(&*document.taken_for, "binary" | "empty" | "link"));
        Some(SignatureTrace {
            signature: signature.id.clone(),
            event: signature.event.clone(),
            documents: searched.count(),
            events: of_kind(&signature.event).into_iter().map(event).collect(),
            near: of_kind(NEAR_MATCH).into_iter().map(near).collect(),
        })
    }
}
