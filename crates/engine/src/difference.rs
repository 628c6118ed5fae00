//! What differs between two bundles of one installation.

use bundlescope_facts::Text;
use serde::Serialize;

use crate::{BundleInfo, Finding};

/// Two bundles compared: it worked yesterday, what is different today?
#[derive(Debug, Clone, Default)]
pub struct BundleDiff {
    /// The earlier one.
    pub old: BundleInfo,
    /// The later one.
    pub new: BundleInfo,
    /// Findings of both: new ones first, then moved, gone and unchanged ones.
    pub findings: Vec<FindingDiff>,
    /// What changed in the state of the hosts, what is behind a new or gone finding first.
    pub changes: Vec<Change>,
    /// Changes that were too many to be kept.
    pub left_out: u64,
    /// What only one of the bundles shows, so that it could not be compared.
    pub not_compared: Vec<NotCompared>,
}

/// What became of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Fate {
    /// In the later bundle only.
    New,
    /// In both, about the same subjects on another host.
    Moved,
    /// In the earlier bundle only.
    Gone,
    /// In both.
    Unchanged,
}

/// A finding of either bundle.
#[derive(Debug, Clone)]
pub struct FindingDiff {
    /// What became of it.
    pub fate: Fate,
    /// The finding, of the later bundle where it is in both.
    pub finding: Finding,
    /// For a moved one: the host where it was.
    pub from: Text,
}

/// How a piece of state changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ChangeKind {
    /// It is there now.
    Added,
    /// It is not there any more.
    Removed,
    /// It is another one.
    Changed,
}

/// A piece of state that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// How it changed.
    pub change: ChangeKind,
    /// Kind of fact.
    pub kind: Text,
    /// Host; that of the later bundle where each has one.
    pub host: Text,
    /// What it is, in words: `-A INPUT -j DROP in INPUT of filter`, `container api`.
    pub what: String,
    /// What is different about it, for changed ones.
    pub fields: Vec<FieldChange>,
    /// Where the earlier bundle states it, as `document:line`; empty where it does not.
    pub old: Text,
    /// Where the later one does.
    pub new: Text,
    /// Ids of new and gone findings of which it is evidence.
    pub findings: Vec<Text>,
}

/// One field that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldChange {
    /// Its name in the vocabulary.
    pub field: Text,
    /// Its value in the earlier bundle.
    pub old: String,
    /// Its value in the later bundle.
    pub new: String,
}

/// A kind of state that one of the bundles does not show.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct NotCompared {
    /// Host.
    pub host: Text,
    /// Kind of fact, or table of a firewall.
    pub what: Text,
    /// `old` or `new`: the bundle that does not show it.
    pub missing_in: Text,
}
