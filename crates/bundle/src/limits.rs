//! How much is read, and what is said when that was not enough.

use std::time::Duration;

use bundlescope_facts::Text;

/// How much of a bundle is read at most. Each limit that is hit becomes a [`LimitHit`].
///
/// The defaults let a sosreport of 10 GB through and keep the reader itself below 150 MB of memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of all documents together, unpacked; the output of all decompressors together is held to it as well.
    pub total_bytes: u64,
    /// Bytes of one document.
    pub document_bytes: u64,
    /// Entries of all archives and folders together, whatever their type.
    pub entries: u64,
    /// Archives inside archives; 0 reads the outermost only. At most [`Limits::MAX_DEPTH`] counts.
    pub depth: u32,
    /// Bytes of one archive header (PAX, GNU long name, zip directory record).
    pub header_bytes: u64,
    /// Bytes unpacked for each byte of the bundle, looked at once [`Limits::RATIO_FLOOR`] bytes are unpacked.
    pub ratio: u64,
    /// Wall time of the whole reading, the sink's share included.
    pub time: Option<Duration>,
}

impl Limits {
    /// The deepest nesting that `depth` can ask for; the reader's stack grows with it.
    pub const MAX_DEPTH: u32 = 16;
    /// So many unpacked bytes never are a bomb, whatever their ratio.
    pub const RATIO_FLOOR: u64 = 256 << 20;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            total_bytes: 512 << 30,
            document_bytes: 128 << 30,
            entries: 1_000_000,
            depth: 3,
            header_bytes: 1 << 20,
            // Deflate reaches 1032 on constant bytes only; logs stay below 100 in every format.
            ratio: 500,
            time: None,
        }
    }
}

/// A limit that was hit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitHit {
    /// Which limit, in the words of [`Limits`]' fields.
    pub limit: &'static str,
    /// Document or archive where it was hit.
    pub document: Text,
    /// What was left out, for people.
    pub message: String,
}
