//! Names of archive entries: text that can be shown, and paths that are unique.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash, Hasher};

use bundlescope_facts::Text;

/// Longest path that is kept; a longer one loses its middle. Linux allows 4096 bytes.
const LONGEST: usize = 4096;

/// An entry's name as it is shown and used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    /// The path: relative, without `.` and `..`, escaped.
    pub(crate) path: String,
    /// What was changed to get there.
    pub(crate) oddity: Option<&'static str>,
    /// The name as the archive has it, escaped.
    pub(crate) written: String,
}

/// Makes a path of the bytes of a name.
///
/// Empty and `.` components are dropped; `..` removes the component before it and never more than there is, so that
/// `../../etc/hosts` and `/etc/hosts` both are `etc/hosts`. [`escape`] says how bytes become text.
pub(crate) fn name(raw: &[u8]) -> Name {
    let written = escape(raw);
    let absolute = written.starts_with('/') || drive(&written);
    let mut climbs = false;
    let mut parts: Vec<&str> = Vec::new();
    for part in written.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                climbs = true;
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let mut path = parts.join("/");
    let mut oddity = match (climbs, absolute) {
        (true, _) => Some("names with `..` in them were read as if they could not leave the archive"),
        (false, true) => Some("absolute names were read as relative to the archive"),
        (false, false) => None,
    };
    if path.is_empty() {
        path.push_str("(unnamed)");
        oddity = oddity.or(Some("entries without a name"));
    }
    if path.len() > LONGEST {
        path = shorten(&path);
        oddity = Some("names longer than 4096 bytes were shortened in the middle");
    }
    let written = if written.len() > 200 { shorten_to(&written, 100) } else { written };
    Name { path, oddity, written }
}

/// `C:` at the start, which is absolute on Windows.
fn drive(name: &str) -> bool {
    matches!(name.as_bytes(), [letter, b':', b'/', ..] if letter.is_ascii_alphabetic())
}

fn shorten(path: &str) -> String {
    shorten_to(path, LONGEST / 2 - 2)
}

/// Keeps `half` bytes at either end, at character boundaries.
fn shorten_to(path: &str, half: usize) -> String {
    let is_boundary = |at: &usize| path.is_char_boundary(*at);
    let head = (0..=half).rev().find(is_boundary).unwrap_or_default();
    let tail = (path.len().saturating_sub(half)..=path.len()).find(is_boundary).unwrap_or_default();
    format!("{}…{}", path.get(..head).unwrap_or_default(), path.get(tail..).unwrap_or_default())
}

/// Text of bytes: invalid UTF-8 and ASCII control characters as `\x1b`, other invisible or direction-changing characters as
/// `\u{202e}`. A backslash stays as it is, since file names of systemd units are full of them.
pub(crate) fn escape(raw: &[u8]) -> String {
    let mut text = String::with_capacity(raw.len());
    for chunk in raw.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c.is_ascii_control() {
                let _ = write!(text, "\\x{:02x}", u32::from(c));
            } else if is_invisible(c) {
                let _ = write!(text, "\\u{{{:x}}}", u32::from(c));
            } else {
                text.push(c);
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

/// Characters that hide, reorder or break text: C1 controls, zero-width and bidi characters, fillers, separators, tags.
fn is_invisible(c: char) -> bool {
    matches!(u32::from(c),
        0x80..=0x9f | 0xad | 0x34f | 0x61c | 0x115f..=0x1160 | 0x17b4..=0x17b5 | 0x180b..=0x180f | 0x200b..=0x200f
        | 0x2028..=0x202e | 0x2060..=0x206f | 0x3164 | 0xfeff | 0xffa0 | 0xfff0..=0xfffb | 0xe0000..=0xe0fff)
}

/// The paths given out so far.
///
/// Only hashes are kept: a million paths take some 40 MB that way. Two paths with the same hash cost a needless ` (2)`,
/// no more.
#[derive(Default)]
pub(crate) struct Names {
    seen: HashMap<u64, u32>,
}

impl Names {
    /// `path`, or `path (2)`, `path (3)` … where it was given out before.
    pub(crate) fn unique(&mut self, path: String) -> Text {
        let key = hash(&path);
        let Some(&count) = self.seen.get(&key) else {
            self.seen.insert(key, 1);
            return path.into();
        };
        let mut number = count;
        loop {
            number = number.saturating_add(1);
            let candidate = format!("{path} ({number})");
            let other = hash(&candidate);
            if !self.seen.contains_key(&other) || number == u32::MAX {
                self.seen.insert(other, 1);
                self.seen.insert(key, number);
                return candidate.into();
            }
        }
    }
}

fn hash(path: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    hasher.finish()
}
