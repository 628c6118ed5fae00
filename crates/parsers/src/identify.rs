//! Says what a document is: by path pattern and by content, content first.

use bundlescope_facts::Text;

use crate::document::common_indent;
use crate::format::{Format, Hint, Match, all};
use crate::layout;

/// What a document was taken for.
#[derive(Debug, Clone, Copy)]
pub enum Identity {
    /// A format that a parser reads.
    Format(&'static Format),
    /// A log, to be streamed through the signatures.
    Log,
    /// Text of no known format; it is scanned like a log.
    Text,
    /// Not text.
    Binary,
    /// Nothing in it.
    Empty,
}

/// What a document was taken for, and what its path says about it.
#[derive(Debug, Clone)]
pub struct Identified {
    /// What it was taken for.
    pub identity: Identity,
    /// Container by name or id, when the path names one (`app/logs/api.log`, `docker_logs_-t_18cb6aee2e16`).
    pub container: Option<Text>,
    /// The part of the path that stands for the host on which it was taken, such as `sosreport-web1-…/`; may be
    /// empty. Documents with different roots may be of different hosts.
    pub root: Text,
}

/// Identifies a document by its path and its first bytes (64 KiB are enough).
pub fn identify(path: &str, head: &[u8]) -> Identified {
    let place = layout::place(path);
    let head = &head[..head.len().min(64 << 10)];
    let identity = if head.is_empty() {
        Identity::Empty
    } else if is_binary(head) {
        Identity::Binary
    } else {
        let text = valid_prefix(head);
        // An output that was pasted with an indent is read without it.
        let indent = common_indent(text.as_bytes());
        let dedented: String;
        let text = if indent == 0 {
            text
        } else {
            dedented = text.split_inclusive('\n').map(|line| line.get(indent..).unwrap_or("\n")).collect();
            &dedented
        };
        let hint = Hint { path, subject: &place.subject, head: text };
        let mut best: (Match, Option<&'static Format>) = (Match::No, None);
        let log = place.log || layout::looks_like_log(text);
        // A log may quote the output of commands, but it is not a sequence of them.
        for format in all().filter(|format| !(log && format.name == "transcript")) {
            let found = (format.detect)(&hint);
            if found > best.0 {
                best = (found, Some(format));
            }
        }
        match best {
            (found, Some(format)) if found > Match::Path || !log => Identity::Format(format),
            _ if log => Identity::Log,
            _ => Identity::Text,
        }
    };
    Identified { identity, container: place.container, root: place.root }
}

/// A NUL byte, or mostly control characters, means that it is not text.
fn is_binary(head: &[u8]) -> bool {
    let sample = &head[..head.len().min(4096)];
    if sample.contains(&0) {
        return true;
    }
    let control =
        sample.iter().filter(|byte| **byte < 0x20 && !matches!(**byte, b'\n' | b'\r' | b'\t' | 0x1b | 0x0c)).count();
    control * 10 > sample.len()
}

/// The longest valid start; a character cut at the end does not matter, an invalid byte ends what content can tell.
pub(crate) fn valid_prefix(head: &[u8]) -> &str {
    match std::str::from_utf8(head) {
        Ok(text) => text,
        // The bytes up to the error are valid, so the second conversion cannot fail.
        Err(error) => std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default(),
    }
}
