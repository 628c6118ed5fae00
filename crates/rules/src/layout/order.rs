//! The order in which keys stand in a rule file.

/// Where a map stands in a rule file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The file itself.
    Root,
    /// A test.
    Test,
    /// What a test expects.
    Expect,
    /// A step of the remedy.
    Fix,
    /// `signature:`.
    Signature,
    /// A pattern of a signature.
    Pattern,
    /// Anything else, where the order means something or is the author's.
    Other,
}

impl Place {
    /// The place of the value, or of the items, of a key here.
    pub(super) fn below(self, key: &str) -> Self {
        match (self, key) {
            (Self::Root, "tests") => Self::Test,
            (Self::Root, "fix") => Self::Fix,
            (Self::Root, "signature") => Self::Signature,
            (Self::Signature, "patterns") => Self::Pattern,
            (Self::Test, "expect") => Self::Expect,
            _ => Self::Other,
        }
    }

    /// Position of a key: those of the language in the order in which the guide shows them, others where they are.
    pub(super) fn rank(self, key: &str) -> usize {
        self.keys().iter().position(|known| *known == key).unwrap_or(usize::MAX)
    }

    /// Whether the keys of such a map are put in order.
    pub(super) fn is_ordered(self) -> bool {
        !self.keys().is_empty()
    }

    fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Root => &[
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
                "collect",
                "explains",
                "supersedes",
                "emit",
                "message",
                "customer",
                "fix",
                "signature",
                "tests",
            ],
            Self::Test => &["name", "bundle", "files", "log", "expect"],
            Self::Expect => &["fires", "undecided", "missing", "title", "message", "evidence", "subjects", "run"],
            Self::Fix => &["say", "run", "proves", "risk"],
            Self::Signature => &["event", "fields", "types", "documents", "containers", "patterns"],
            Self::Pattern => &["match", "then", "within", "within_lines", "fields", "map"],
            Self::Other => &[],
        }
    }
}
