//! Bundles in which texts stand for documents, as the tests of rules have them.

use std::io::Read;

use bundlescope_bundle::{Entry, Sink};
use bundlescope_facts::Text;

/// Puts texts in the place of documents.
pub(super) struct Overlay<'s> {
    pub(super) sink: &'s mut dyn Sink,
    /// Path and content of those that did not come by yet.
    pub(super) files: Vec<(Text, Text)>,
}

impl Sink for Overlay<'_> {
    fn document(&mut self, entry: &Entry, content: &mut dyn Read) {
        match self.files.iter().position(|(path, _)| *path == entry.path) {
            Some(index) => {
                let (_, text) = self.files.remove(index);
                self.sink.document(entry, &mut text.as_bytes());
            }
            None => self.sink.document(entry, content),
        }
    }

    fn link(&mut self, path: &Text, target: &str) {
        self.sink.link(path, target);
    }
}

impl Overlay<'_> {
    /// Hands on the texts in whose place no document came by.
    pub(super) fn finish(self) {
        for (path, text) in self.files {
            self.sink.document(&Entry { path, size: None }, &mut text.as_bytes());
        }
    }
}
