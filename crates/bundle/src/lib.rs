//! Opens folders and archives, nested too, within limits, and yields their documents in one forward pass.
//!
//! Nothing is written to disk, links are data, and every limit that is hit is reported.

use std::io::Read;
use std::path::PathBuf;

use bundlescope_facts::{Problem, Text};

/// What to open.
#[derive(Debug, Clone)]
pub enum Input {
    /// A folder or a file on disk.
    Path(PathBuf),
    /// Standard input.
    Stdin,
}

/// How much of a bundle is read at most.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of all documents together, unpacked.
    pub total_bytes: u64,
    /// Bytes of one document.
    pub document_bytes: u64,
    /// Entries of all archives together.
    pub entries: u64,
    /// Archives inside archives; 0 reads the outermost only.
    pub depth: u32,
    /// Bytes of one archive header (PAX, GNU long name).
    pub header_bytes: u64,
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

/// A document as it passes by.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Path inside the bundle, unique within it; nested archives add `!/`.
    pub path: Text,
    /// Declared size in bytes, where the archive tells one. Not to be relied on.
    pub size: Option<u64>,
}

/// What takes the documents. The content that is not read is skipped.
pub trait Sink {
    /// Takes one document.
    fn document(&mut self, entry: &Entry, content: &mut dyn Read);
    /// Takes a link, which is never followed.
    fn link(&mut self, path: &Text, target: &str) {
        let _ = (path, target);
    }
}

/// What was read.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// File name of the bundle.
    pub name: String,
    /// SHA-256 of the file's bytes; of the documents' paths and bytes for a folder. Lower-case hex.
    pub sha256: String,
    /// Documents yielded.
    pub documents: u64,
    /// Bytes yielded, unpacked.
    pub bytes: u64,
    /// Limits that were hit.
    pub limits: Vec<LimitHit>,
    /// Damage and everything else that was not read: truncated, wrong checksum, encrypted, unsupported.
    pub problems: Vec<Problem>,
    /// False when anything was left out.
    pub complete: bool,
}
