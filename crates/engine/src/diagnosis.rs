//! What comes out: the findings of one bundle, in the order in which a triager reads them.

use std::collections::BTreeMap;

use bundlescope_facts::{Excerpt, Problem, Text, Value};

use crate::{NetworkMap, Timeline, Unexplained};

/// The ordered findings of one bundle and what surrounds them.
#[derive(Debug, Clone, Default)]
pub struct Diagnosis {
    /// The bundle itself.
    pub bundle: BundleInfo,
    /// Identity of the rule packs that were used, such as `core 0.1.0 (1f3a…)`.
    pub rules: String,
    /// Likeliest root cause first; symptoms follow the cause that explains them.
    pub findings: Vec<Finding>,
    /// Rules that could not be decided.
    pub undecided: Vec<Undecided>,
    /// Ids of the rules that the evidence contradicts, in order.
    pub clear: Vec<Text>,
    /// Findings that the site has accepted, with who did and until when.
    pub suppressed: Vec<Suppressed>,
    /// Rules that are for other products or versions.
    pub not_applicable: Vec<NotApplicable>,
    /// Drafts that were not asked for, by id.
    pub drafts: Vec<Text>,
    /// What could not be read.
    pub problems: Vec<Problem>,
    /// Every document and what it was taken for.
    pub documents: Vec<DocumentInfo>,
    /// How containers are connected.
    pub network: NetworkMap,
    /// What happened when.
    pub timeline: Timeline,
    /// Errors in logs that no signature knows, the most frequent first.
    pub unexplained: Vec<Unexplained>,
}

/// The bundle's header.
#[derive(Debug, Clone, Default)]
pub struct BundleInfo {
    /// File or folder name.
    pub name: String,
    /// SHA-256 as lower-case hex.
    pub sha256: String,
    /// Capture time, RFC 3339 with the zone offset where known.
    pub captured_at: Option<String>,
    /// Hosts, in order.
    pub hosts: Vec<Text>,
    /// Number of documents.
    pub documents: u64,
    /// Bytes, unpacked.
    pub bytes: u64,
    /// False when anything was left out: truncated, encrypted, limits.
    pub complete: bool,
    /// Limits that were hit and damage that was met, for people.
    pub limits: Vec<String>,
    /// Different secrets that are masked in the texts of the diagnosis; 0 where nothing was, or nobody looked.
    pub masked: u64,
}

/// What became of a document.
#[derive(Debug, Clone, Default)]
pub struct DocumentInfo {
    /// Path inside the bundle.
    pub path: Text,
    /// Host on which it was taken.
    pub node: Text,
    /// Format name, `log`, `text`, `binary`, `empty`.
    pub taken_for: Text,
    /// Bytes.
    pub bytes: u64,
    /// Facts and events that it gave.
    pub facts: u64,
    /// Problems that it gave.
    pub problems: u64,
}

impl DocumentInfo {
    /// Whether a parser reads it, or it is searched as a log, or there is nothing to read in it.
    pub fn is_recognised(&self) -> bool {
        !matches!(&*self.taken_for, "" | "text" | "binary" | "unknown")
    }

    /// Whether it is a link, which has no content of its own and is not counted among the documents of a bundle.
    pub fn is_link(&self) -> bool {
        &*self.taken_for == "link"
    }
}

/// Whether a finding is a cause, a symptom or worth knowing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// What is wrong.
    Cause,
    /// What was seen because of it.
    Symptom,
    /// Worth telling, not a fault by itself.
    Note,
}

/// One firing of a rule.
#[derive(Debug, Clone)]
pub struct Finding {
    /// Stable across runs and hosts' order: rule id and a hash of the subjects.
    pub id: Text,
    /// Rule id.
    pub rule: Text,
    /// Cause id of the vocabulary.
    pub cause: Text,
    /// Cause, symptom or note.
    pub role: Role,
    /// `critical`, `high`, `medium`, `low`, `info`.
    pub severity: Text,
    /// `high`, `medium`, `low`.
    pub confidence: Text,
    /// Rendered title.
    pub title: String,
    /// Rendered message.
    pub message: String,
    /// The rule's `about`.
    pub about: String,
    /// Text for the customer, rendered; empty where the rule has none.
    pub customer: String,
    /// Links of the rule.
    pub references: Vec<Text>,
    /// Host that it concerns.
    pub node: Text,
    /// What it is about, by the rule's variables: container, port, …
    pub subjects: BTreeMap<Text, Value>,
    /// The lines that prove it, most telling first.
    pub evidence: Vec<Evidence>,
    /// What to do.
    pub fix: Vec<Fix>,
    /// Ids of the findings that this one explains.
    pub explains: Vec<Text>,
    /// Probes that took part, with their paths.
    pub probes: Vec<ProbePath>,
}

/// Lines that prove something.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// Path inside the bundle.
    pub document: Text,
    /// First line, counted from 1.
    pub line: u32,
    /// Last line.
    pub end_line: u32,
    /// The lines themselves.
    pub excerpt: String,
    /// The lines with up to three lines before and after.
    pub context: Option<Excerpt>,
    /// What the evidence shows, such as `firewall rule that decides`.
    pub label: Text,
    /// For events: how many records say the same.
    pub count: u64,
    /// Other places that state the same, as `document:line`: an inspect and a list, a log that was collected twice.
    pub also: Vec<Text>,
    /// Values that the rule asked for here; of a long stretch only the lines that hold one are the point.
    pub sought: Vec<Text>,
}

impl Evidence {
    /// Lines that need no picking.
    pub const FEW: u32 = 6;

    /// Whether a line of it holds what was asked for: the value as a word of its own, quoted or behind a colon.
    pub fn holds(&self, line: &str) -> bool {
        let is_end = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() && !"._-".contains(c));
        let key = line.trim_start().split_once(':').filter(|_| line.trim_start().starts_with('"'));
        self.sought.iter().any(|value| match (&**value, key) {
            ("", _) => false,
            // A number or a switch says nothing without its key, and stands behind it as a whole.
            (value, Some((_, stated))) if value.bytes().all(|b| b.is_ascii_digit()) || value == "true" => {
                stated.trim().trim_end_matches(',').trim_matches('"') == value
            }
            (value, _) => line.match_indices(value).any(|(at, _)| {
                is_end(line[..at].chars().next_back()) && is_end(line[at + value.len()..].chars().next())
            }),
        })
    }
}

/// One step of a remedy.
#[derive(Debug, Clone)]
pub struct Fix {
    /// What to do, for people.
    pub say: String,
    /// The command; absent where there is none or where it is not proved although it should be.
    pub run: Option<String>,
    /// True when re-simulation showed that it works.
    pub proved: bool,
    /// Why the rule's command is withheld, for people; absent where it has none or it stands in `run`.
    pub reason: Option<String>,
}

/// A probe as a report draws it.
#[derive(Debug, Clone)]
pub struct ProbePath {
    /// The rule's alias for it.
    pub alias: Text,
    /// The question and the answer.
    pub answer: crate::ProbeAnswer,
}

/// A finding that the site has accepted.
#[derive(Debug, Clone)]
pub struct Suppressed {
    /// What was found.
    pub finding: Finding,
    /// Why it is accepted.
    pub reason: Text,
    /// Who accepted it.
    pub author: Text,
    /// Until when, as written.
    pub until: Text,
}

/// A rule that is for other products or versions than the bundle shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotApplicable {
    /// Rule id.
    pub rule: Text,
    /// What the bundle shows instead, and where.
    pub because: String,
}

/// A rule that evidence neither confirms nor contradicts.
#[derive(Debug, Clone)]
pub struct Undecided {
    /// Rule id.
    pub rule: Text,
    /// Cause id.
    pub cause: Text,
    /// Why, for people: what was seen that makes the question worth asking.
    pub because: String,
    /// What is missing.
    pub missing: Vec<Missing>,
}

/// Evidence that is missing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Missing {
    /// Document kind, such as `iptables-save`.
    pub kind: Text,
    /// Command that the customer should run.
    pub collect: String,
    /// Why it is not there, as the collector says: `iptables-save was run and is not installed`.
    pub why: Option<String>,
}
