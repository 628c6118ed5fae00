//! Damaged and hostile documents: nothing panics, sources stay inside, and time stays linear.

use bundlescope_parsers::{Document, Parsed, all, identify};
use proptest::prelude::*;

use crate::{fixtures, read};

/// Every format of the two families, by what it says of itself.
fn formats() -> impl Iterator<Item = fn(&Document<'_>) -> Parsed> {
    const OTHERS: &[&str] = &["docker", "daemon", "kube", "iptables", "nft", "ipset"];
    all().filter(|format| !OTHERS.iter().any(|family| format.name.starts_with(family))).map(|format| format.parse)
}

fn stays_inside(bytes: &[u8], parsed: &Parsed) {
    let lines = bytes.iter().filter(|byte| **byte == b'\n').count() as u32 + 1;
    for fact in &parsed.facts {
        let source = &fact.source;
        assert!(1 <= source.first_line && source.first_line <= source.last_line && source.last_line <= lines);
        assert!(source.span.0 <= source.span.1 && source.span.1 <= bytes.len() as u64);
    }
    assert!(parsed.problems.iter().all(|problem| problem.line <= lines && !problem.message.is_empty()));
}

fn survives(bytes: &[u8]) {
    identify("document", bytes);
    for parse in formats() {
        stays_inside(bytes, &parse(&Document::new("proc/sys/net/x", bytes)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn mutated_documents_survive(pick: prop::sample::Index, edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4u8), 0..12), cut: prop::sample::Index) {
        let documents = fixtures();
        let mut bytes = pick.get(&documents).1.clone();
        for (at, byte, kind) in edits {
            let at = at.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => { bytes.remove(at); }
                2 => bytes.insert(at, b" :/@<>\n\\=,[(%*"[usize::from(byte) % 14]),
                _ => { let piece = bytes[at..bytes.len().min(at + usize::from(byte))].to_vec(); bytes.splice(at..at, piece); }
            }
            if bytes.is_empty() { bytes.push(b' '); }
        }
        bytes.truncate(cut.index(bytes.len()).max(bytes.len() / 2));
        survives(&bytes);
    }

    #[test]
    fn any_bytes_survive(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        survives(&bytes);
    }

    #[test]
    fn any_path_and_words_survive(path in "[a-z0-9_./!-]{0,60}", text in "([a-z0-9:./<>@#$=+-]{0,12}[ \n]){0,60}") {
        identify(&path, text.as_bytes());
        stays_inside(text.as_bytes(), &(all().next().unwrap().parse)(&Document::new(path.as_str(), text.as_bytes())));
    }
}

/// A document of `count` times a part takes about `count` times as long: far from the square, whatever the machine.
#[test]
fn large_documents_take_linear_time() {
    for (name, bytes) in fixtures().into_iter().filter(|(name, bytes)| !name.ends_with(".json") && bytes.len() > 200) {
        let once = bytes.repeat(40_000 / bytes.len() + 1);
        let many = once.repeat(16);
        let time = |bytes: &[u8]| {
            let start = std::time::Instant::now();
            read(&name, bytes);
            start.elapsed()
        };
        let small = (0..3).map(|_| time(&once)).min().unwrap();
        let large = time(&many);
        assert!(
            large < small * 100 + std::time::Duration::from_millis(200),
            "{name}: {small:?} and 16 times as much {large:?}"
        );
    }
}
