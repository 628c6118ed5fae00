//! What the network, system, reach and firewall families read from real documents, to the letter, and what must hold for all of them.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "a failing test says where")]

mod corpus;
mod corpus_firewall;
mod corpus_links;
mod corpus_reach;
mod hostile;
#[path = "../support/mod.rs"]
mod support;

use crate::support::{read, shown};

fn fixtures() -> Vec<(String, Vec<u8>)> {
    support::fixtures("network")
}

/// Families whose fixtures are recorded here.
const FAMILIES: [&str; 3] = ["network", "reach", "firewall"];

#[test]
fn every_fixture_is_read_as_recorded() {
    for family in FAMILIES {
        for (name, bytes) in support::fixtures(family) {
            let (format, parsed) = read(&name, &bytes);
            insta::with_settings!({ prepend_module_to_snapshot => false, snapshot_path => format!("../{family}/snapshots"), omit_expression => true }, {
                insta::assert_snapshot!(name.as_str(), format!("taken for {format}\n{}", shown(&parsed)));
            });
        }
    }
}

#[test]
fn content_alone_tells_every_format_that_can_be_told() {
    for (name, bytes) in FAMILIES.into_iter().flat_map(support::fixtures) {
        // A date or a name alone may be of anything.
        if matches!(name.as_str(), "date.txt" | "error.json" | "ip-netns.txt") {
            continue;
        }
        let named = read(&name, &bytes).0;
        assert_eq!(read("document", &bytes).0, named, "{name}");
    }
}

/// Text and JSON of the same state say the same.
#[test]
fn text_and_json_agree() {
    let facts = |name: &str, kinds: &[&str]| {
        let bytes = fixtures().into_iter().find(|(found, _)| found == name).unwrap().1;
        let facts = read(name, &bytes).1.facts;
        let kept = facts.into_iter().filter(|fact| kinds.contains(&fact.kind()));
        kept.map(|fact| format!("{:?}", fact.data)).collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(
        facts("ip-d-addr.txt", &["interface", "bridge_port"]),
        facts("ip-j-d-addr.json", &["interface", "bridge_port"])
    );
    assert_eq!(facts("ip-d-addr.txt", &["address"]), facts("ip-addr.txt", &["address"]));
    assert_eq!(facts("ip-d-addr.txt", &["address"]), facts("ip-j-d-addr.json", &["address"]));
    assert_eq!(facts("ip-neigh.txt", &["neighbour"]), facts("ip-j-neigh.json", &["neighbour"]));
    assert_eq!(facts("ip-rule.txt", &["policy_rule"]), facts("ip-j-rule.json", &["policy_rule"]));
    assert_eq!(facts("bridge-d-link.txt", &["bridge_port"]), facts("bridge-j-d-link.json", &["bridge_port"]));
    assert_eq!(facts("ip-route-all.txt", &["route"]), facts("ip-j-route.json", &["route"]));
}
