//! Opens folders and archives, nested too, within limits, and yields their documents in one forward pass.
//!
//! Nothing is written to disk, links are data, and every limit that is hit is reported. What a file is, its first bytes
//! decide and never its name: tar (V7, ustar, GNU, PAX), zip, and gzip, xz, zstd or bzip2 around them or around a single
//! file, from a path or from standard input, up to [`Limits::depth`] of them inside each other.
//!
//! A document's path is the name in its archive, relative, without `.` and `..`, with control and invisible characters
//! escaped; that of an entry of a nested archive is `outer.tar.gz!/inner/path`. A second entry with the same path becomes
//! `path (2)`, so that both are kept. A compressed file that holds no archive keeps its path (`logs/app.log.gz`).
//!
//! This crate does not say what a document means, and it holds no document in memory.
//!
//! ```
//! use std::io::Read;
//! use bundlescope_bundle::{Entry, Input, Limits, Sink, read};
//!
//! struct Sizes(Vec<(String, usize)>);
//!
//! impl Sink for Sizes {
//!     fn document(&mut self, entry: &Entry, content: &mut dyn Read) {
//!         let mut chunk = vec![0; 256 << 10];
//!         let mut size = 0;
//!         while let Ok(read @ 1..) = content.read(&mut chunk) {
//!             size += read;
//!         }
//!         self.0.push((entry.path.to_string(), size));
//!     }
//! }
//!
//! let folder = tempfile::tempdir()?;
//! std::fs::write(folder.path().join("netstat.txt"), "tcp 0 0 0.0.0.0:22\n")?;
//! let mut sizes = Sizes(Vec::new());
//! let summary = read(&Input::Path(folder.path().into()), &Limits::default(), &mut sizes).expect("a folder");
//! assert_eq!(sizes.0, [("netstat.txt".to_owned(), 19)]);
//! assert!(summary.complete);
//! # Ok::<(), std::io::Error>(())
//! ```

mod codec;
mod error;
mod feed;
mod folder;
mod format;
mod hash;
mod limits;
mod names;
mod open;
mod source;
mod state;
mod tar;
mod walk;
mod zip;

use std::collections::BTreeSet;
use std::io::Read;
use std::path::PathBuf;

use bundlescope_facts::{Problem, Text};

pub use error::OpenError;
pub use limits::{LimitHit, Limits};
pub use open::{read, read_watched};

/// What to open.
#[derive(Debug, Clone)]
pub enum Input {
    /// A folder or a file on disk.
    Path(PathBuf),
    /// Standard input.
    Stdin,
}

/// A document as it passes by.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Path inside the bundle, unique within it; nested archives add `!/`.
    pub path: Text,
    /// Declared size in bytes, where the archive tells one. Not to be relied on.
    pub size: Option<u64>,
}

/// What takes the documents and links.
pub trait Sink {
    /// Takes one document. What is not read of `content` is skipped.
    ///
    /// `content` never returns an error: where the archive is damaged or a limit is hit it ends early, and the summary says
    /// so. Large reads (256 KiB) are passed down to the decompressor without a copy.
    fn document(&mut self, entry: &Entry, content: &mut dyn Read);
    /// Takes a symbolic or hard link, which is never followed. The target is escaped like a path and otherwise as written.
    fn link(&mut self, path: &Text, target: &str) {
        let _ = (path, target);
    }
}

/// What was read.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// File name of the bundle; `stdin` for standard input.
    pub name: String,
    /// SHA-256 of the file's bytes; of the documents' paths and bytes for a folder. Lower-case hex.
    pub sha256: String,
    /// Documents yielded.
    pub documents: u64,
    /// Bytes yielded, unpacked.
    pub bytes: u64,
    /// Limits that were hit.
    pub limits: Vec<LimitHit>,
    /// Damage and everything else that was not read (truncated, wrong checksum, encrypted, unsupported), and oddities that
    /// cost nothing.
    pub problems: Vec<Problem>,
    /// Documents that were read in part only or whose content is in doubt, and archives of which the same is true: what is
    /// not found in them may be there all the same.
    pub partial: BTreeSet<Text>,
    /// False when anything was left out or is in doubt.
    pub complete: bool,
}
