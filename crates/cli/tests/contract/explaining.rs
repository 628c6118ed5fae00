//! `rules explain`: why a rule fired, did not fire, or is undecided, and what a signature nearly matched.

use std::fs;

use crate::{REFUSED, code, fixture, json, ok, run, stderr};

/// A bundle and a pack of one file, in a folder.
fn given(rule: &str, files: &[(&str, &str)]) -> (tempfile::TempDir, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let (bundle, pack) = (folder.path().join("bundle"), folder.path().join("pack"));
    fs::create_dir_all(&pack).unwrap();
    fs::write(pack.join("r.yaml"), rule).unwrap();
    for (path, text) in files {
        let path = bundle.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let text = |path: &std::path::Path| path.to_str().unwrap().to_owned();
    (folder, text(&bundle), text(&pack))
}

const LOG: &str = "2026-11-21T01:36:02Z dial tcp 10.0.0.1:8443: connect: connection refused\n";

#[test]
fn the_field_that_differs_and_the_key_without_a_partner_are_named() {
    let rule = "id: r\ntitle: t\nseverity: low\nwhen:\n  f: { connection_failure: { port: $p } }\n  l: { listener: { port: $p, proto: tcp } }\n  z: { hostname: { name: $n } }\nmessage: m\n";
    // As `ss -tln` of iproute2 prints it.
    let ss = "State  Recv-Q Send-Q Local Address:Port Peer Address:PortProcess\n\
              LISTEN 0      128          0.0.0.0:22        0.0.0.0:*          \n\
              LISTEN 0      128          0.0.0.0:8442      0.0.0.0:*          \n";
    let (_folder, bundle, pack) = given(rule, &[("app/logs/api.log", LOG), ("ss_-tln", ss)]);
    let told = ok(&["rules", "explain", "r", &bundle, "--rules", &pack]);
    let expected = "\
r: clear, it did not fire

- f: connection_failure (line 5), 1 fact in the bundle
    1 combination before it, 1 behind it
- l: listener (line 6), 2 facts in the bundle
    1 combination before it, none left
    nearest ss_-tln:3 meets 1 of 2 conditions:
      port is 8442, wanted 8443 ($p)
      no listener has port 8443, which comes from `f`
      for p=8443
- z: hostname (line 7): not looked at
";
    assert_eq!(told, expected);
    let all = json(&ok(&["rules", "explain", "r", &bundle, "--rules", &pack, "--format", "json"]));
    assert_eq!((&all["answer"], &all["conditions"][1]["nearest"]["found"]), (&json("\"clear\""), &json("\"8442\"")));
}

#[test]
fn missing_evidence_is_named_with_what_the_collector_says() {
    let rule = "id: r\ntitle: t\nseverity: low\nwhen:\n  f: { connection_failure: { port: $p } }\n  l: { listener: { port: $p } }\nmessage: m\n";
    let (_folder, bundle, pack) = given(rule, &[("app/logs/api.log", LOG), ("commands/ss_-tulpn.txt", "")]);
    let told = ok(&["rules", "explain", "r", &bundle, "--rules", &pack]);
    assert!(told.starts_with("r: undecided, because evidence is missing\n"), "{told}");
    assert!(told.contains("    missing: ss; collect it with `"), "{told}");
    assert!(told.contains("the collector says: commands/ss_-tulpn.txt is empty\n"), "{told}");
}

#[test]
fn alternatives_numbers_exceptions_and_expressions_are_told() {
    let rule = "id: r\ntitle: t\nseverity: low\nwhen:\n  f:\n    any:\n      - { connection_failure: { port: 1 } }\n      - { connection_failure: { port: $p } }\n  n: { count: { connection_failure: { port: 8443 }, ge: 5 } }\nmessage: m\n";
    let (_folder, bundle, pack) = given(rule, &[("app/logs/api.log", LOG)]);
    let told = ok(&["rules", "explain", "r", &bundle, "--rules", &pack]);
    assert!(told.contains("      port is 8443, wanted 1\n") || told.contains("port is 8443, wanted 1\n"), "{told}");
    assert!(told.contains("the number is 1, wanted ge: 5\n"), "{told}");
    let rule = "id: r\ntitle: t\nseverity: low\nwhen:\n  f: { connection_failure: { port: $p } }\nwhere: ['f.count > 5']\nmessage: m\n";
    let (_folder, bundle, pack) = given(rule, &[("app/logs/api.log", LOG)]);
    let told = ok(&["rules", "explain", "r", &bundle, "--rules", &pack]);
    assert!(told.contains("- where `f.count > 5`: not true for 1 combination\n    the first: f.count=1\n"), "{told}");
    let rule = "id: r\ntitle: t\nseverity: low\nwhen:\n  f: { connection_failure: { port: $p } }\nunless:\n  - { connection_failure: { port: $p } }\nmessage: m\n";
    let (_folder, bundle, pack) = given(rule, &[("app/logs/api.log", LOG)]);
    let told = ok(&["rules", "explain", "r", &bundle, "--rules", &pack]);
    assert!(told.contains("- unless connection_failure (line 7): holds for 1 combination\n"), "{told}");
}

#[test]
fn a_rule_that_fired_shows_its_proof_and_the_packets_way() {
    let told = ok(&["rules", "explain", "host-firewall-blocks-container", &fixture(REFUSED)]);
    for part in [
        "host-firewall-blocks-container: fired, 1 finding\n",
        "asked orders to 10.32.184.40:5432/tcp on onprem01: rejected\n",
        "      INPUT filter INPUT 5: ",
        "\n  subjects: c=orders, ip=10.32.184.40, port=5432, rule=-A INPUT -j REJECT\n",
        "\n  evidence: default/commands/iptables_save:29 (firewall rule that decides)\n",
        "\n    run (proved: simulated, and it works):\n      iptables -I INPUT 5 -i docker0 ",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let longest = told.lines().filter(|line| !line.contains("iptables -I")).map(|line| line.chars().count()).max();
    assert!(longest <= Some(80), "{told}");
}

#[test]
fn a_signature_tells_where_its_pattern_stopped() {
    let signature = "id: pay\ntitle: Payment\nabout: Ours.\nsignature:\n  event: payment_failure\n  patterns:\n    - match: 'payment provider (?<host>\\S+) does not answer: (?<why>deadline)'\n";
    let log = "12:00:01 payment provider a.example.org does not answer: deadline\n12:00:02 payment provider b.example.org does not answer: refused\n";
    let (_folder, bundle, pack) = given(signature, &[("logs/shop.log", log)]);
    let told = ok(&["rules", "explain", "pay", &bundle, "--rules", &pack]);
    assert!(
        told.starts_with("pay: 1 event of the kind payment_failure in 1 document\n\n- logs/shop.log:1\n"),
        "{told}"
    );
    for part in [
        "1 record with a text of the patterns that did not become its event:\n- logs/shop.log:2, pattern 1\n",
        "    matched up to: `payment provider b.example.org does not answer: `\n",
        "    the pattern wants: `(?<why>deadline)`\n",
        "    the record has: `refused`\n",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
}

#[test]
fn an_unknown_id_is_told_with_the_nearest() {
    let output = run(&["rules", "explain", "disk-ful", &fixture(REFUSED)]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("there is no rule or signature `disk-ful`; did you mean `disk-full`?"));
}
