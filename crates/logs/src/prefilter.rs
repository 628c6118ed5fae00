//! Finds the places of a log where a signature may match, at memory speed.
//!
//! One automaton over all literals reads a byte at a time and is bound by the latency of its table: about half a
//! gigabyte a second, half of what inflating yields. So the raw bytes are first looked at five at a time: every third
//! position is hashed and looked up in a bitmap of 16 KiB that stays in the first-level cache. Each literal enters the
//! rarest three neighbouring groups of five bytes that it holds, one of which stands at a position that is looked at, so
//! ten literals cost about what thousands do. Which patterns a record may match is then asked of an automaton, over the
//! record only.

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use crate::literal::CommonGroups;

/// Words of the bitmap, a power of two. A group sets two bits of one word, so strangers seldom look like it.
const WORDS: usize = 1 << 11;
/// Buckets of the groups that are in the bitmap, a power of two.
const BUCKETS: usize = 1 << 12;
/// Bytes of a group, and the distance between two positions that are looked at.
const GROUP: usize = 5;
const STRIDE: usize = 3;
/// Makes ASCII letters lower-case, eight bytes at a time. It maps other bytes onto each other too, which only means that
/// the comparison of the literal decides.
const FOLD: u64 = 0x2020_2020_2020_2020;
/// The first group of eight bytes.
const FIRST: u64 = (1 << (8 * GROUP)) - 1;

/// The literals of all patterns.
#[derive(Debug)]
pub(crate) struct Prefilter {
    /// Which hashes of groups occur.
    bitmap: Box<[u64; WORDS]>,
    /// Groups by bucket; `starts[b]..starts[b + 1]` are those of bucket b.
    groups: Vec<Group>,
    starts: Vec<u32>,
    literals: Vec<Vec<u8>>,
    /// For each literal, the patterns that need it.
    owners: Vec<Vec<usize>>,
    automaton: Option<AhoCorasick>,
    longest: usize,
}

/// A group of a literal.
#[derive(Debug, Clone, Copy)]
struct Group {
    /// The literal from the group on, up to eight bytes, and which of them count.
    bytes: u64,
    mask: u64,
    literal: u32,
    offset: u32,
}

impl Prefilter {
    /// `literals` are lower-case and at least [`SHORTEST`](crate::literal::SHORTEST) bytes long, each with the index of the pattern that
    /// needs it.
    pub(crate) fn new(literals: &[(Vec<u8>, usize)]) -> Result<Self, String> {
        let mut distinct = std::collections::BTreeMap::<&[u8], Vec<usize>>::new();
        for (literal, owner) in literals {
            let owners = distinct.entry(literal).or_default();
            if owners.last() != Some(owner) {
                owners.push(*owner);
            }
        }
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .ascii_case_insensitive(true)
            .build(distinct.keys())
            .map_err(|error| format!("the literals of all signatures do not fit into one automaton: {error}"))?;
        let literals: Vec<Vec<u8>> = distinct.keys().map(|literal| literal.to_vec()).collect();

        let mut bitmap = Box::new([0u64; WORDS]);
        let mut groups = Vec::new();
        let common = CommonGroups::of(GROUP);
        for (index, literal) in (0u32..).zip(&literals) {
            let first = common.rarest(literal, STRIDE);
            for offset in first..first + STRIDE {
                let Some(group) = literal.get(offset..offset + GROUP) else {
                    return Err(format!("`{}` is too short to be looked for", String::from_utf8_lossy(literal)));
                };
                let tail = literal.get(offset..).map_or(group, |tail| &tail[..tail.len().min(8)]);
                let bytes = tail.iter().rev().fold(0, |bytes, byte| bytes << 8 | u64::from(*byte | FOLD as u8));
                let mask = u64::MAX >> (64 - 8 * tail.len());
                let (word, bits) = place(bytes & FIRST);
                bitmap[word] |= bits;
                // Literals are far shorter than 4 GiB.
                groups.push(Group { bytes, mask, literal: index, offset: offset as u32 });
            }
        }
        groups.sort_by_key(|group| (bucket(group.bytes & FIRST), group.bytes, group.literal, group.offset));
        let starts =
            (0..=BUCKETS).map(|b| groups.partition_point(|group| bucket(group.bytes & FIRST) < b) as u32).collect();
        let longest = literals.iter().map(Vec::len).max().unwrap_or_default();
        let automaton = (!literals.is_empty()).then_some(automaton);
        Ok(Self { bitmap, groups, starts, literals, owners: distinct.into_values().collect(), automaton, longest })
    }

    /// Length of the longest literal.
    pub(crate) fn longest(&self) -> usize {
        self.longest
    }

    /// A place at or behind `from` where some literal stands: the index of its last byte. Of several in one line any
    /// may be found, of several lines the first.
    pub(crate) fn find(&self, text: &[u8], from: usize) -> Option<usize> {
        let mut at = from;
        let mut rest = text.get(from..)?;
        // Eight bytes hold the groups of two positions.
        while let Some(eight) = rest.first_chunk::<8>() {
            let bytes = u64::from_le_bytes(*eight) | FOLD;
            if (self.maybe(bytes & FIRST) || self.maybe(bytes >> (8 * STRIDE)))
                && let Some(found) = self.verify(text, at)
            {
                return Some(found);
            }
            at += 2 * STRIDE;
            rest = rest.get(2 * STRIDE..)?;
        }
        self.verify(text, at)
    }

    #[inline]
    fn maybe(&self, bytes: u64) -> bool {
        let (word, bits) = place(bytes);
        self.bitmap[word] & bits == bits
    }

    /// Compares the literals that have a group at one of the two positions.
    #[cold]
    fn verify(&self, text: &[u8], at: usize) -> Option<usize> {
        for position in [0, STRIDE] {
            let eight = eight_at(text, at + position);
            let bucket = bucket(eight & FIRST);
            let range = *self.starts.get(bucket)? as usize..*self.starts.get(bucket + 1)? as usize;
            for found in self.groups.get(range)?.iter().filter(|known| (known.bytes ^ eight) & known.mask == 0) {
                let Some(start) = (at + position).checked_sub(found.offset as usize) else { continue };
                let Some(literal) = self.literals.get(found.literal as usize) else { continue };
                let end = start + literal.len();
                if text.get(start..end).is_some_and(|found| found.eq_ignore_ascii_case(literal)) {
                    return Some(end - 1);
                }
            }
        }
        None
    }

    /// Adds the patterns that have a literal in a record, in order and without repetition.
    pub(crate) fn candidates(&self, record: &[u8], out: &mut Vec<usize>) {
        let Some(automaton) = &self.automaton else { return };
        for found in automaton.find_overlapping_iter(record) {
            out.extend_from_slice(self.owners.get(found.pattern().as_usize()).map_or(&[], Vec::as_slice));
        }
        out.sort_unstable();
        out.dedup();
    }
}

/// Eight bytes in lower case; zeros stand for those behind the end.
fn eight_at(text: &[u8], at: usize) -> u64 {
    let rest = text.get(at..).unwrap_or_default();
    let eight = rest.first_chunk::<8>().copied().unwrap_or_else(|| {
        let mut last = [0; 8];
        for (to, from) in last.iter_mut().zip(rest) {
            *to = *from;
        }
        last
    });
    u64::from_le_bytes(eight) | FOLD
}

/// Fibonacci hashing; its upper bits are the good ones.
#[inline]
fn hash(bytes: u64) -> u64 {
    bytes.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// The word of the bitmap and the two bits of it that stand for a group.
#[inline]
fn place(bytes: u64) -> (usize, u64) {
    let hash = hash(bytes);
    let word = hash >> (64 - WORDS.trailing_zeros());
    (word as usize, 1 << (hash >> 46 & 63) | 1 << (hash >> 40 & 63))
}

fn bucket(bytes: u64) -> usize {
    (hash(bytes) >> (64 - BUCKETS.trailing_zeros())) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(literals: &[&str]) -> Prefilter {
        let literals: Vec<_> = literals.iter().enumerate().map(|(n, l)| (l.as_bytes().to_vec(), n)).collect();
        Prefilter::new(&literals).unwrap()
    }

    #[test]
    fn a_literal_is_found_in_any_case_at_any_position() {
        let filter = of(&["econnrefused", "dial tcp", "is the "]);
        for before in 0..20 {
            for after in 0..12 {
                let text = format!("{}Dial TCP{}", "x".repeat(before), "y".repeat(after));
                assert_eq!(filter.find(text.as_bytes(), 0), Some(before + 7), "{text}");
            }
        }
        assert_eq!(filter.find(b"dial  tcp, econnrefuse", 0), None);
        assert_eq!(of(&[]).find(b"anything at all", 0), None);
    }

    proptest! {
        #[test]
        fn it_finds_exactly_what_a_plain_search_finds(
            literals in prop::collection::vec("[a-c ]{7,11}", 1..6),
            text in "[a-cA-C ]{0,200}",
            from in 0usize..20,
        ) {
            let filter = of(&literals.iter().map(String::as_str).collect::<Vec<_>>());
            let lower = text.to_ascii_lowercase();
            let tail = lower.get(from..).unwrap_or_default();
            match filter.find(text.as_bytes(), from) {
                Some(last) => prop_assert!(literals.iter().any(|l| lower[..=last].ends_with(l.as_str()))),
                None => prop_assert!(!literals.iter().any(|l| tail.contains(l.as_str()))),
            }
        }
    }
}
