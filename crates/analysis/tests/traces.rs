//! Real traces of packets beside the rules that they met: each step is joined to its rule.
//!
//! `traces/nft`: `nft monitor trace` of nftables 1.0.6 while two programs connect to a table whose chain sets `meta nftrace set 1`, and
//! `nft list ruleset`. `traces/iptables-nft`: `xtables-monitor --trace` of iptables 1.8.9 with a rule of `-j TRACE`, and `iptables-save`.
//! Both in a network namespace of their own.

#![allow(clippy::unwrap_used, reason = "what cannot be read fails the test")]

use std::path::PathBuf;

use bundlescope_analysis::{Options, Rulebook, load};
use bundlescope_bundle::Input;
use bundlescope_facts::{Data, PacketTrace, TraceStep, TraceStepKind};
use bundlescope_rules::Pack;

/// The packets of a folder, and the line of the rule that each step names.
fn packets(folder: &str) -> Vec<PacketTrace> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/traces").join(folder);
    let (pack, _) = Pack::load_sources(&[]);
    let loaded = load(&Input::Path(path), &Rulebook::new(pack).unwrap(), &Options::default()).unwrap();
    let traces = loaded.facts.iter().filter_map(|fact| match &fact.data {
        Data::PacketTrace(trace) => Some(trace.as_ref().clone()),
        _ => None,
    });
    traces.collect()
}

/// The line of the ruleset that a step was joined to.
fn line_of(folder: &str, step: &TraceStep) -> String {
    let document = step.document.as_deref().unwrap();
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/traces").join(folder).join(document);
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().nth(step.rule_line.unwrap() as usize - 1).unwrap().trim().to_owned()
}

fn rules(folder: &str, packet: &PacketTrace) -> Vec<String> {
    let steps = packet.steps.iter().filter(|step| step.step == TraceStepKind::Rule);
    steps.map(|step| line_of(folder, step)).collect()
}

#[test]
fn a_traced_packet_of_nft_names_the_lines_of_its_rules() {
    let packets = packets("nft");
    let [dropped, accepted] = &packets[..] else { panic!("{packets:?}") };
    assert_eq!((dropped.verdict.as_deref(), dropped.destination_port), (Some("drop"), Some(5432)));
    assert_eq!(
        rules("nft", dropped),
        [
            "tcp dport { 5432, 8080 } meta nftrace set 1",
            "tcp dport 5432 jump db",
            "counter packets 0 bytes 0 drop comment \"no database from here\"",
        ]
    );
    assert_eq!((accepted.verdict.as_deref(), accepted.destination_port), (Some("accept"), Some(8080)));
    assert_eq!(
        rules("nft", accepted),
        ["tcp dport { 5432, 8080 } meta nftrace set 1", "tcp dport 8080 counter packets 0 bytes 0 accept"]
    );
}

#[test]
fn a_traced_packet_of_iptables_nft_names_the_lines_of_its_rules() {
    let packets = packets("iptables-nft");
    let [dropped] = &packets[..] else { panic!("{packets:?}") };
    assert_eq!((dropped.verdict.as_deref(), dropped.destination_port), (Some("drop"), Some(5432)));
    assert_eq!(
        rules("iptables-nft", dropped),
        [
            "-A PREROUTING -p tcp -m tcp --dport 5432 -j TRACE",
            "-A INPUT -p tcp -m tcp --dport 5432 -j DB",
            "-A DB -j DROP",
        ]
    );
}
