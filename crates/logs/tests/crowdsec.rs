//! Conformance with the tests of crowdsec's hub for logs of packet filters: what its parsers read of every record, the signature reads
//! too. The logs lie in the folder that `BUNDLESCOPE_SHARED` names.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "a failing test says where")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// `results["s01-parse"]["…"][3].Evt.Parsed["src_ip"] == "192.0.2.1"`: the fields of each record that is a packet.
fn asserted(text: &str) -> BTreeSet<Vec<String>> {
    let mut records: BTreeMap<(&str, &str), BTreeMap<&str, &str>> = BTreeMap::new();
    for line in text.lines() {
        let Some((_, rest)) = line.split_once(r#"results["s01-parse"][""#) else { continue };
        let parts = rest.split_once(r#""]["#).and_then(|(parser, rest)| {
            let (index, rest) = rest.split_once(r#"].Evt.Parsed[""#)?;
            let (name, value) = rest.split_once(r#""] == ""#)?;
            Some(((parser, index), name, value.strip_suffix('"')?))
        });
        if let Some((record, name, value)) = parts {
            records.entry(record).or_default().insert(name, value);
        }
    }
    let fields = ["src_ip", "dst_ip", "proto", "dst_port"];
    let packets = records.values().filter(|record| record.contains_key("src_ip"));
    packets
        .map(|record| fields.map(|field| record.get(field).copied().unwrap_or_default().to_owned()).to_vec())
        .collect()
}

#[test]
fn logged_packets_are_read_as_crowdsec_reads_them() {
    let Ok(shared) = std::env::var("BUNDLESCOPE_SHARED") else {
        eprintln!("SKIPPED: BUNDLESCOPE_SHARED is not set, so the logs of crowdsec were not compared");
        return;
    };
    let set = common::set();
    let mut packets = 0;
    for (folder, log) in [("iptables-logs", "iptables-logs.log"), ("proxmox-iptables-logs", "proxmox-iptables.log")] {
        let folder = Path::new(&shared).join("corpus/crowdsec_netfilter_log").join(folder);
        let expected =
            asserted(&std::fs::read_to_string(folder.join("parser.assert")).expect("the assertions are there"));
        let events = common::scan(&set, &std::fs::read(folder.join(log)).expect("the log is there"));
        let fields = ["source", "destination", "protocol", "destination_port"];
        let found: BTreeSet<Vec<String>> = events
            .iter()
            .filter(|event| event.kind() == "packet_logged")
            .map(|event| fields.map(|field| event.get(field).to_string()).to_vec())
            .collect();
        assert!(!expected.is_empty());
        let missing: Vec<_> = expected.difference(&found).collect();
        assert!(missing.is_empty(), "{log}: {missing:?} are not among {found:?}");
        packets += expected.len();
    }
    assert_eq!(packets, 6);
}

#[test]
fn framings_come_off_as_crowdsec_takes_them_off() {
    let Ok(shared) = std::env::var("BUNDLESCOPE_SHARED") else {
        eprintln!("SKIPPED: BUNDLESCOPE_SHARED is not set, so the logs of crowdsec were not compared");
        return;
    };
    for (folder, lines) in [("cri-logs", 3), ("docker-logs", 3)] {
        let path = Path::new(&shared).join("corpus/crowdsec_netfilter_log").join(folder);
        let assertions = std::fs::read_to_string(path.join("parser.assert")).expect("the assertions are there");
        let log = std::fs::read_to_string(path.join(format!("{folder}.log"))).expect("the log is there");
        // `…Evt.Parsed["message"] == "…"`, with Go's escapes.
        let expected: Vec<String> = assertions
            .lines()
            .filter(|line| line.starts_with(r#"results["s00-raw"]"#))
            .filter_map(|line| line.split_once(r#"Evt.Parsed["message"] == "#))
            .filter_map(|(_, text)| serde_json::from_str::<String>(text).ok())
            .map(|text| text.trim_end().to_owned())
            .collect();
        let found: Vec<String> = log.lines().map(bundlescope_logs::message).collect();
        assert_eq!((expected.len(), &found), (lines, &expected), "{folder}");
    }
}
