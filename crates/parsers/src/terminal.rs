//! Colours and other control sequences (ECMA-48), which commands print when they are told to or think that a person looks on.

use std::borrow::Cow;

use crate::document::{Document, Parsed};

/// Text without its control sequences, and where they were.
pub(crate) struct Plain {
    pub(crate) bytes: Vec<u8>,
    /// Position behind a cut, and how many bytes were cut so far.
    cuts: Vec<(usize, usize)>,
}

impl Plain {
    /// Cuts the sequences out; `None` where there are none.
    pub(crate) fn of(raw: &[u8]) -> Option<Self> {
        let first = memchr::memchr(0x1b, raw)?;
        let (mut bytes, mut cuts, mut cut) = (raw[..first].to_vec(), Vec::new(), 0);
        let mut at = first;
        while at < raw.len() {
            let length = sequence(&raw[at..]);
            cut += length;
            cuts.push((bytes.len(), cut));
            at += length;
            let next = memchr::memchr(0x1b, &raw[at..]).map_or(raw.len(), |found| at + found);
            bytes.extend_from_slice(&raw[at..next]);
            at = next;
        }
        Some(Self { bytes, cuts })
    }

    /// Where a position in the plain text is in the raw one.
    fn raw(&self, position: usize) -> usize {
        let before = self.cuts.partition_point(|(at, _)| *at <= position);
        before.checked_sub(1).and_then(|last| self.cuts.get(last)).map_or(position, |(_, cut)| position + cut)
    }

    /// Reads the plain text and tells the places in the raw one.
    pub(crate) fn read(&self, document: &Document<'_>, parse: impl Fn(&Document<'_>) -> Parsed) -> Parsed {
        let indent = crate::document::common_indent(&self.bytes);
        let mut parsed = parse(&Document { bytes: &self.bytes, indent, ..document.clone() });
        let raw = |at: u64| document.offset + self.raw(at.saturating_sub(document.offset) as usize) as u64;
        for fact in &mut parsed.facts {
            let (start, end) = fact.source.span;
            fact.source.span = (raw(start), raw(end));
        }
        for part in &mut parsed.logs {
            part.span = (self.raw(part.span.0), self.raw(part.span.1));
        }
        parsed
    }
}

/// The text without control sequences.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    match Plain::of(text.as_bytes()) {
        // Sequences are whole characters, so what is left is as valid as before.
        Some(plain) => String::from_utf8(plain.bytes).map_or(Cow::Borrowed(text), Cow::Owned),
        None => Cow::Borrowed(text),
    }
}

/// Length of the control sequence at the start, which is an escape; it never takes in a line end. No further than to the next
/// escape is looked, so that a line of nothing but escapes takes linear time.
fn sequence(text: &[u8]) -> usize {
    let ends = |byte: &u8| matches!(byte, b'\n' | b'\r');
    match text.get(1) {
        // Parameters up to a final byte.
        Some(b'[') => text.iter().skip(2).position(|byte| !(0x20..0x40).contains(byte)).map_or(text.len(), |at| {
            let last = text.get(at + 2).is_some_and(|byte| (0x40..0x7f).contains(byte));
            at + 2 + usize::from(last)
        }),
        // A title, up to a bell or a string terminator.
        Some(b']') => {
            let rest = text.get(2..).unwrap_or_default();
            match rest.iter().position(|byte| matches!(byte, 0x07 | 0x1b) || ends(byte)) {
                Some(at) if rest.get(at) == Some(&0x07) => at + 3,
                Some(at) if rest.get(at) == Some(&0x1b) && rest.get(at + 1) == Some(&b'\\') => at + 4,
                _ => 1,
            }
        }
        // A character set.
        Some(b'(' | b')') => 2 + usize::from(text.get(2).is_some_and(|byte| byte.is_ascii() && !ends(byte))),
        Some(byte) if byte.is_ascii() && *byte != 0x1b && !ends(byte) => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn colours_are_left_out_and_places_are_told_in_the_raw_text() {
        let raw = b"\x1b[36mlo \x1b[0mUP\x1b(B\n\x1b]0;title\x07a\x1b";
        let found = Plain::of(raw).unwrap();
        assert_eq!(found.bytes, b"lo UP\na");
        assert_eq!((found.raw(0), found.raw(3), found.raw(6)), (5, 12, 28));
        assert!(Plain::of(b"plain").is_none());
    }

    #[test]
    fn a_line_of_escapes_takes_linear_time() {
        let start = std::time::Instant::now();
        for raw in [b"\x1b[".as_slice(), b"\x1b]0;", b"\x1b"] {
            assert_eq!(Plain::of(&raw.repeat(1 << 20)).unwrap().bytes.iter().find(|byte| **byte == 0x1b), None);
        }
        // Minutes, where each escape looks for the end of the line.
        assert!(start.elapsed() < std::time::Duration::from_secs(20), "{:?}", start.elapsed());
    }

    proptest! {
        #[test]
        fn lines_stay_and_places_grow(raw in prop::collection::vec(prop::sample::select(b"\x1b[]0;mK\n\x07(B\\a".to_vec()), 0..60)) {
            if let Some(found) = Plain::of(&raw) {
                let lines = |bytes: &[u8]| bytes.iter().filter(|byte| **byte == b'\n').count();
                prop_assert_eq!(lines(&raw), lines(&found.bytes));
                prop_assert!(!found.bytes.contains(&0x1b));
                let places: Vec<usize> = (0..=found.bytes.len()).map(|at| found.raw(at)).collect();
                prop_assert!(places.windows(2).all(|pair| pair[0] < pair[1]));
                prop_assert!(places.last().is_none_or(|last| *last <= raw.len()));
                for (at, byte) in found.bytes.iter().enumerate() {
                    prop_assert_eq!(raw[found.raw(at)], *byte);
                }
            }
        }
    }
}
