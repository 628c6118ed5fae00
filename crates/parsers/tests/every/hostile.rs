//! Damaged and hostile documents, for every format: nothing panics, and sources stay inside the document.

use bundlescope_parsers::{Document, Identity, all, identify};
use proptest::prelude::*;

use crate::documents;
use crate::support::hostile::mutations;
use crate::support::inside::stays_inside;

/// Larger documents say nothing more here, and cost time.
const LARGEST: usize = 20_000;

/// What it is taken for and what every parser makes of it, whether it is of its format or not.
fn survives(path: &str, bytes: &[u8]) {
    identify(path, bytes);
    for format in all() {
        stays_inside(bytes, &format.read(&Document::new(path, bytes)));
    }
}

/// Every fixture, and every output of other projects that a parser takes.
fn documents() -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut keep = |path: &str, bytes: &[u8]| {
        if (1..LARGEST).contains(&bytes.len()) && documents::read(path, bytes).is_some() {
            found.push((path.to_owned(), bytes.to_vec()));
        }
    };
    documents::fixtures(&mut keep);
    documents::corpus(&mut keep);
    found
}

/// Lines of every document in other orders, as pastes, `sort` and tools that write to two streams at once leave them.
#[test]
fn lines_in_another_order_survive() {
    for (path, bytes) in documents() {
        let Identity::Format(format) = identify(&path, &bytes).identity else { continue };
        let lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
        let half = lines.len() / 2;
        let mut sorted = lines.clone();
        sorted.sort();
        let orders: [Vec<&[u8]>; 5] = [
            lines.iter().rev().copied().collect(),
            lines[half..].iter().chain(&lines[..half]).copied().collect(),
            lines.chunks(2).flat_map(|pair| pair.iter().rev()).copied().collect(),
            lines.iter().flat_map(|line| [*line, *line]).collect(),
            sorted,
        ];
        for order in orders {
            let bytes = order.join(&b'\n');
            stays_inside(&bytes, &format.read(&Document::new(path.as_str(), &bytes)));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn mutated_documents_survive(bytes in mutations(documents(), b" :/@<>\n\\=,[(%*\"{}]\t-|")) {
        survives("proc/sys/net/x", &bytes);
    }

    #[test]
    fn any_bytes_survive(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        survives("document", &bytes);
    }

    #[test]
    fn any_path_and_words_survive(path in "[a-z0-9_./!-]{0,60}", text in "([a-z0-9:./<>@#$=+-]{0,12}[ \n]){0,60}") {
        survives(&path, text.as_bytes());
    }
}
