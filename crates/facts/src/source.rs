//! Where a fact comes from, and what could not be read.

use serde::Serialize;

use crate::Text;

/// The place in a bundle that states a fact.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
pub struct Source {
    /// Path of the document inside the bundle; nested archives add `!/` (`node1.tar.gz!/logs/api.log`).
    pub document: Text,
    /// First line, counted from 1.
    pub first_line: u32,
    /// Last line, counted from 1 and included.
    pub last_line: u32,
    /// First byte and the byte behind the last one; both 0 where the parser only knows lines.
    pub span: (u64, u64),
}

impl Source {
    /// A source that knows its lines only.
    pub fn lines(document: impl Into<Text>, first_line: u32, last_line: u32) -> Self {
        Self { document: document.into(), first_line, last_line, span: (0, 0) }
    }
}

/// Lines kept for a report when the document itself is not kept in memory, as with logs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Excerpt {
    /// Number of the first line in `lines`, counted from 1.
    pub first_line: u32,
    /// The lines without their line ends; long lines are cut.
    pub lines: Vec<Text>,
}

/// What a parser could not read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Problem {
    /// Path of the document inside the bundle.
    pub document: Text,
    /// Line, counted from 1; 0 when the problem concerns the whole document.
    pub line: u32,
    /// Lowercase fragment: what was expected and what was found.
    pub message: String,
}
