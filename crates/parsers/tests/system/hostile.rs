//! Damaged rows and large documents of this family.

use bundlescope_parsers::{Document, all};
use proptest::prelude::*;

use crate::fixtures;
use crate::support::hostile::takes_linear_time;
use crate::support::inside::stays_inside;
use crate::support::read;

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// Titles with any rows below them.
    #[test]
    fn any_rows_below_titles_survive(pick: prop::sample::Index, rows in "([a-zäß0-9:./<>@#$=+%-]{0,12}[ \n\t]){0,60}") {
        let documents = fixtures();
        let first = pick.get(&documents).1.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let (name, bytes) = (&pick.get(&documents).0, [first, b"\n", rows.as_bytes()].concat());
        let format = read(name, &pick.get(&documents).1).0;
        let parse = all().find(|known| known.name == format).unwrap().parse;
        stays_inside(&bytes, &parse(&Document::new(name.as_str(), &bytes)));
    }
}

#[test]
fn large_documents_take_linear_time() {
    for (name, bytes) in fixtures().into_iter().filter(|(name, bytes)| !name.ends_with(".json") && bytes.len() > 200) {
        takes_linear_time(&name, &bytes, |document| read(&name, document.bytes).1);
    }
}

/// One line may be as long as it likes.
#[test]
fn long_lines_take_linear_time() {
    for (name, bytes) in fixtures().into_iter().filter(|(name, _)| !name.ends_with(".json")) {
        let text = String::from_utf8(bytes).unwrap();
        let start = text.lines().take(3).collect::<Vec<_>>().join("\n");
        for word in ["x ", "| ", "a=\"", "x=1 ", "a,", "1:", "- ", " on "] {
            let long = format!("{start}\n{}\n", word.repeat(200_000 / word.len()));
            let (format, _) = read(&name, text.as_bytes());
            let parse = all().find(|known| known.name == format).unwrap().parse;
            let begin = std::time::Instant::now();
            stays_inside(long.as_bytes(), &parse(&Document::new(name.as_str(), long.as_bytes())));
            assert!(begin.elapsed().as_secs() < 20, "{name}: {word:?} took {:?}", begin.elapsed());
        }
    }
}
