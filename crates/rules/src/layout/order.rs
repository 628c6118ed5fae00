//! The order in which keys stand in a rule file.

use crate::keys;

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
        self.keys().into_iter().flatten().position(|known| *known == key).unwrap_or(usize::MAX)
    }

    /// Whether the keys of such a map are put in order.
    pub(super) fn is_ordered(self) -> bool {
        !self.keys().is_empty()
    }

    fn keys(self) -> Vec<&'static [&'static str]> {
        match self {
            // The tests of either come last.
            Self::Root => match keys::RULE.split_last() {
                Some((_, before)) => vec![before, keys::SIGNATURE_FILE],
                None => Vec::new(),
            },
            Self::Test => vec![keys::RULE_TEST.split_last().map_or(&[], |(_, before)| before), keys::SIGNATURE_TEST],
            Self::Expect => vec![keys::EXPECT],
            Self::Fix => vec![keys::STEP],
            Self::Signature => vec![keys::SIGNATURE],
            Self::Pattern => vec![keys::PATTERN],
            Self::Other => Vec::new(),
        }
    }
}
