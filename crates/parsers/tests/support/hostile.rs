//! What must hold for any bytes: nothing panics, sources stay inside, and time stays linear.

use bundlescope_parsers::{Document, Parsed};
use proptest::prelude::*;

/// Documents made from real ones by a few edits of bytes, of which `signs` are likely, and by a cut.
pub(crate) fn mutations(documents: Vec<(String, Vec<u8>)>, signs: &'static [u8]) -> impl Strategy<Value = Vec<u8>> {
    let edit = (any::<prop::sample::Index>(), any::<u8>(), 0..4u8);
    (any::<prop::sample::Index>(), prop::collection::vec(edit, 0..12), any::<prop::sample::Index>()).prop_map(
        move |(pick, edits, cut)| {
            let mut bytes = pick.get(&documents).1.clone();
            for (at, byte, kind) in edits {
                let at = at.index(bytes.len());
                match kind {
                    0 => bytes[at] = byte,
                    1 => {
                        bytes.remove(at);
                    }
                    2 => bytes.insert(at, signs[usize::from(byte) % signs.len()]),
                    _ => {
                        let piece = bytes[at..bytes.len().min(at + usize::from(byte))].to_vec();
                        bytes.splice(at..at, piece);
                    }
                }
                if bytes.is_empty() {
                    bytes.push(b' ');
                }
            }
            bytes.truncate(cut.index(bytes.len()).max(bytes.len() / 2));
            bytes
        },
    )
}

/// A document of 16 times a part takes about 16 times as long: far from the square, whatever the machine.
pub(crate) fn takes_linear_time(name: &str, bytes: &[u8], parse: impl Fn(&Document<'_>) -> Parsed) {
    let once = bytes.repeat(40_000 / bytes.len() + 1);
    let many = once.repeat(16);
    let time = |bytes: &[u8]| {
        let start = std::time::Instant::now();
        parse(&Document::new(name, bytes));
        start.elapsed()
    };
    let small = (0..3).map(|_| time(&once)).min().unwrap();
    let large = time(&many);
    assert!(
        large < small * 100 + std::time::Duration::from_millis(200),
        "{name}: {small:?} and 16 times as much {large:?}"
    );
}
