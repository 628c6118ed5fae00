//! Where documents lie: what all their paths begin with is said once.

use bundlescope_engine::DocumentInfo;

use crate::plain::plain_line;

/// The folder in which every document of a bundle lies, as with sosreports.
pub(super) struct Paths {
    /// With the slash at its end; empty where there is none.
    root: String,
}

impl Paths {
    pub(super) fn new(documents: &[DocumentInfo]) -> Self {
        let root = match documents.first().and_then(|first| first.path.split_once('/')) {
            Some((top, _)) if documents.len() > 1 && !top.is_empty() => format!("{top}/"),
            _ => String::new(),
        };
        let shared = documents.iter().all(|document| document.path.starts_with(&root));
        Self { root: if shared { root } else { String::new() } }
    }

    /// The folder's name.
    pub(super) fn folder(&self) -> String {
        plain_line(self.root.trim_end_matches('/'))
    }

    /// A document's path inside the folder.
    pub(super) fn shown(&self, document: &str) -> String {
        plain_line(document.strip_prefix(&self.root).unwrap_or(document))
    }

    /// Text that names documents, such as a step of a packet's path.
    pub(super) fn shorten(&self, text: &str) -> String {
        if self.root.is_empty() { plain_line(text) } else { plain_line(&text.replace(&format!("({}", self.root), "(")) }
    }

    /// Text, already plain, that names documents after a space.
    pub(super) fn within(&self, text: String) -> String {
        if self.root.is_empty() { text } else { text.replace(&format!(" {}", self.root), " ") }
    }

    /// `path`, `path:12`, `path:12-14`.
    pub(super) fn place(&self, document: &str, line: u32, end_line: u32) -> String {
        let document = self.shown(document);
        match (line, end_line) {
            (0, _) => document,
            (line, end_line) if end_line > line => format!("{document}:{line}-{end_line}"),
            (line, _) => format!("{document}:{line}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(documents: &[&str]) -> Paths {
        let info = |path: &&str| DocumentInfo { path: (*path).into(), ..DocumentInfo::default() };
        Paths::new(&documents.iter().map(info).collect::<Vec<_>>())
    }

    #[test]
    fn only_a_folder_that_holds_every_document_is_left_out() {
        let all = paths(&["sos-1/etc/hosts", "sos-1/ps"]);
        assert_eq!(all.folder(), "sos-1");
        assert_eq!(all.place("sos-1/etc/hosts", 2, 4), "etc/hosts:2-4");
        assert_eq!(all.shorten("INPUT 6 (sos-1/ps:3)"), "INPUT 6 (ps:3)");
        for some in [paths(&["a/x", "b/x"]), paths(&["a/x", "a"]), paths(&["a/x"]), paths(&["/x", "/y"]), paths(&[])] {
            assert_eq!(some.folder(), "");
            assert_eq!(some.place("a/x", 0, 0), "a/x");
        }
    }
}
