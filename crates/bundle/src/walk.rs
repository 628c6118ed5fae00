//! From a file to its documents: what it is, and what is inside it.

use std::io::{self, Read};

use bundlescope_facts::Text;

use crate::codec::Decoder;
use crate::feed::{Rejoined, read_full};
use crate::format::{Format, HEAD, sniff};
use crate::names::Name;
use crate::state::State;
use crate::{Entry, Sink, tar, zip};

/// A file in the bundle, or the bundle itself.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// Its unique path; of the bundle itself its file name.
    pub(crate) path: Text,
    /// Whether it is the bundle itself, whose entries need no `outer!/` before them.
    pub(crate) outermost: bool,
    /// Archives and compressions around it.
    pub(crate) depth: u32,
    /// Size that is declared for it.
    pub(crate) size: Option<u64>,
}

/// The way through a bundle.
pub(crate) struct Walk<'w> {
    pub(crate) state: &'w State<'w>,
    pub(crate) sink: &'w mut dyn Sink,
}

impl Walk<'_> {
    /// Reads one file: opens it where it is an archive, and else hands it to the sink.
    pub(crate) fn file(&mut self, at: &Place, content: &mut dyn Read) {
        let mut head = [0; HEAD];
        let filled = read_full(content, &mut head);
        let head = head.get(..filled).unwrap_or_default();
        self.sniffed(at, sniff(head), false, &mut Rejoined { head, rest: content });
    }

    /// As [`Walk::file`] with the format known. `unpacked`: a compression of this very file was opened just now, and an archive
    /// in it is no deeper than that.
    pub(crate) fn sniffed(&mut self, at: &Place, format: Format, unpacked: bool, content: &mut dyn Read) {
        match format {
            Format::Document => self.document(at, content),
            Format::Unsupported(what) => {
                self.state
                    .damage(&at.path, format!("is {what}, which is not read; unpack it before or repack it as tar.gz"));
            }
            Format::Compressed(_) if at.depth + u32::from(unpacked) > self.state.depth() => self.too_deep(at),
            Format::Tar | Format::Zip if at.depth > self.state.depth() => self.too_deep(at),
            Format::Tar => tar::read(self, at, content),
            Format::Zip => zip::read_stream(self, at, content),
            Format::Compressed(codec) => {
                let inner = Place { depth: at.depth + u32::from(unpacked), size: None, ..at.clone() };
                let mut decoder = Decoder::new(codec, content, at.size, self.state, at.path.clone());
                let mut head = [0; HEAD];
                let filled = read_full(&mut decoder, &mut head);
                let head = head.get(..filled).unwrap_or_default();
                self.sniffed(&inner, sniff(head), true, &mut Rejoined { head, rest: &mut decoder });
            }
        }
    }

    fn too_deep(&self, at: &Place) {
        let depth = self.state.depth();
        self.state.limit("depth", &at.path, format!("an archive inside {depth} others was not opened"));
    }

    /// The unique path of an entry of the archive `at`.
    pub(crate) fn entry_path(&self, at: &Place, name: &Name) -> Text {
        if let Some(oddity) = name.oddity {
            self.state.note(&at.path, oddity, &format!("`{}`", name.written));
        }
        let wanted = if at.outermost { name.path.clone() } else { format!("{}!/{}", at.path, name.path) };
        let length = wanted.len();
        let path = self.state.unique(wanted);
        if path.len() != length {
            let text = "entries have the name of one before them, and got a number";
            self.state.note(&at.path, text, &format!("`{path}`"));
        }
        path
    }

    /// Hands a document to the sink.
    fn document(&mut self, at: &Place, content: &mut dyn Read) {
        if self.state.stopped() {
            return;
        }
        self.state.document();
        let entry = Entry { path: at.path.clone(), size: at.size };
        let left = self.state.limits().document_bytes;
        self.sink
            .document(&entry, &mut Content { inner: content, state: self.state, path: &at.path, left, ended: false });
    }
}

/// What the sink reads: never an error, and never more than the limits allow.
struct Content<'c> {
    inner: &'c mut dyn Read,
    state: &'c State<'c>,
    path: &'c Text,
    left: u64,
    ended: bool,
}

impl Read for Content<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.ended || out.is_empty() || !self.state.in_time(self.path) {
            return Ok(0);
        }
        let total = self.state.allowance();
        let allowed = self.left.min(total);
        if allowed == 0 {
            if read_full(self.inner, &mut [0]) == 1 {
                if self.left == 0 {
                    let limit = self.state.limits().document_bytes;
                    self.state.limit(
                        "document_bytes",
                        self.path,
                        format!("the document was read to byte {limit} only"),
                    );
                } else {
                    self.state.total_reached(self.path);
                }
                self.ended = true;
            }
            return Ok(0);
        }
        let room = usize::try_from(allowed).unwrap_or(usize::MAX).min(out.len());
        let read = match out.get_mut(..room) {
            Some(out) => self.inner.read(out).unwrap_or(0),
            None => 0,
        };
        self.left -= read as u64;
        self.state.give(read as u64);
        Ok(read)
    }
}
