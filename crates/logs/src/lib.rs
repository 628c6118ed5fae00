//! Strips log framings into records and runs all signatures in one pass.

use bundlescope_facts::Text;

/// A signature as the scanner wants it; made from a rule file's `signature:`.
#[derive(Debug, Clone, Default)]
pub struct Signature {
    /// Id of the rule file.
    pub id: Text,
    /// Kind of the event that it emits.
    pub event: Text,
    /// Patterns, any of which makes an event. Named groups are captures.
    pub patterns: Vec<Text>,
    /// Fields with fixed values, and fields under another name than their capture: `error: refused`.
    pub fields: Vec<(Text, bundlescope_facts::Value)>,
}
