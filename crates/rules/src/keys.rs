//! The keys of the maps of a rule file, in the order in which the guide shows them: what the checker knows, what the
//! formatter puts in order and what the schema lists.

/// The file of a rule.
pub(crate) const RULE: &[&str] = &[
    "id",
    "title",
    "severity",
    "confidence",
    "status",
    "role",
    "cause",
    "about",
    "references",
    "applies_to",
    "params",
    "across_nodes",
    "when",
    "unless",
    "where",
    "subjects",
    "together",
    "collect",
    "explains",
    "supersedes",
    "emit",
    "message",
    "customer",
    "fix",
    "tests",
];

/// The file of a signature.
pub(crate) const SIGNATURE_FILE: &[&str] = &["id", "title", "status", "about", "references", "signature", "tests"];

/// `signature:`.
pub(crate) const SIGNATURE: &[&str] = &["event", "fields", "types", "documents", "containers", "patterns"];

/// A pattern of a signature.
pub(crate) const PATTERN: &[&str] = &["match", "then", "within", "within_lines", "fields", "map"];

/// A step of `fix:`.
pub(crate) const STEP: &[&str] = &["say", "run", "proves", "risk"];

/// A test of a rule.
pub(crate) const RULE_TEST: &[&str] = &["name", "bundle", "files", "expect"];

/// A test of a signature.
pub(crate) const SIGNATURE_TEST: &[&str] = &["name", "log", "expect"];

/// What a test of a rule expects.
pub const EXPECT: &[&str] = &["fires", "undecided", "missing", "title", "message", "evidence", "subjects", "run"];
