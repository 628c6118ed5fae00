//! Damaged and hostile documents: nothing panics, sources stay inside, and time stays linear.

use bundlescope_parsers::{Document, Parsed, all, identify};
use proptest::prelude::*;

use crate::fixtures;
use crate::support::hostile::{mutations, stays_inside, takes_linear_time};
use crate::support::read;

/// Every format of the families, by what it says of itself.
fn formats() -> impl Iterator<Item = fn(&Document<'_>) -> Parsed> {
    const OURS: &[&str] = &[
        "system",
        "time",
        "chronyc",
        "ntp",
        "nsswitch",
        "resolvectl",
        "crontab",
        "ssh-",
        "rpm",
        "dpkg",
        "ap",
        "package",
        "ansible",
        "compose",
        "deploy",
        "registry",
        "certificate",
        "openssl",
        "date",
    ];
    all().filter(|format| OURS.iter().any(|family| format.name.starts_with(family))).map(|format| format.parse)
}

fn survives(bytes: &[u8]) {
    identify("document", bytes);
    for parse in formats() {
        stays_inside(bytes, &parse(&Document::new("etc/ssl/x.pem", bytes)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn mutated_documents_survive(bytes in mutations(fixtures(), b" :/=<>\n\\()[*-+.")) {
        survives(&bytes);
    }

    #[test]
    fn any_bytes_survive(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        survives(&bytes);
    }
}

#[test]
fn large_documents_take_linear_time() {
    for (name, bytes) in fixtures().into_iter().filter(|(name, bytes)| !name.ends_with(".json") && bytes.len() > 200) {
        takes_linear_time(&name, &bytes, |document| read(&name, document.bytes).1);
    }
}
