//! Damaged and hostile documents: nothing panics, sources stay inside, and time stays linear.

use bundlescope_parsers::{Document, Parsed, all};
use proptest::prelude::*;

use crate::{fixtures, read};

fn formats() -> impl Iterator<Item = fn(&Document<'_>) -> Parsed> {
    all()
        .filter(|format| ["docker", "daemon", "kube", "ps"].iter().any(|family| format.name.starts_with(family)))
        .map(|format| format.parse)
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

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn mutated_documents_survive(pick: prop::sample::Index, edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4u8), 0..12), cut: prop::sample::Index) {
        let documents = fixtures();
        let mut bytes = pick.get(&documents).1.clone();
        for (at, byte, kind) in edits {
            let at = at.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => { bytes.remove(at); }
                2 => bytes.insert(at, b"\"{}[],:\n"[usize::from(byte) % 8]),
                _ => { let piece = bytes[at..bytes.len().min(at + usize::from(byte))].to_vec(); bytes.splice(at..at, piece); }
            }
            if bytes.is_empty() { bytes.push(b' '); }
        }
        bytes.truncate(cut.index(bytes.len()).max(bytes.len() / 2));
        for parse in formats() {
            stays_inside(&bytes, &parse(&Document::new("document", &bytes)));
        }
    }

    #[test]
    fn any_bytes_survive(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        for parse in formats() {
            stays_inside(&bytes, &parse(&Document::new("document", &bytes)));
        }
    }
}

#[test]
fn ten_thousand_containers_on_one_line_are_read() {
    let one = r#"{"Id":"4fa6e0f0c6786287e131c3852c58a2e01cc697a68231826813597e4994f1d6e2","Names":["/web"],"Image":"redis","State":"running","Status":"Up 3 hours","Ports":[{"IP":"0.0.0.0","PrivatePort":80,"PublicPort":8080,"Type":"tcp"}]}"#;
    let text = format!("[{}]", vec![one; 10_000].join(","));
    let (format, parsed) = read(text.as_bytes());
    assert_eq!((format, parsed.facts.len(), parsed.problems.len()), ("docker-ps", 20_000, 0));
}

#[test]
fn ranges_of_ports_do_not_fill_the_memory() {
    let row = "aaaaaaaaaaaa   0.0.0.0:1-65535->1-65535/tcp   web\n";
    let text = format!("CONTAINER ID   PORTS                          NAMES\n{}", row.repeat(1000));
    let (_, parsed) = read(text.as_bytes());
    assert!(parsed.facts.len() < 210_000, "{}", parsed.facts.len());
    assert!(parsed.problems[0].message.contains("is not expanded"));
}
