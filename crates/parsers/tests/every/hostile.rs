//! Damaged and hostile documents, for every format: nothing panics, and sources stay inside the document.

use bundlescope_parsers::{Document, all, identify};
use proptest::prelude::*;

use crate::documents;
use crate::support::hostile::{mutations, stays_inside};

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
