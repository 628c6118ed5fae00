//! What the system family reads from real documents, to the letter, and what must hold for all of them.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "a failing test says where")]

mod corpus;
mod hostile;
#[path = "../support/mod.rs"]
mod support;

use crate::support::{read, shown};

fn fixtures() -> Vec<(String, Vec<u8>)> {
    support::fixtures("system")
}

#[test]
fn every_fixture_is_read_as_recorded() {
    for (name, bytes) in fixtures() {
        let (format, parsed) = read(&name, &bytes);
        insta::with_settings!({ prepend_module_to_snapshot => false, snapshot_path => "snapshots", omit_expression => true }, {
            insta::assert_snapshot!(name.as_str(), format!("taken for {format}\n{}", shown(&parsed)));
        });
    }
}

/// What one line without titles says is told by the path alone, and files that set variables look like many others. A comment
/// that names its own file is a heading where the path says nothing.
const TOLD_BY_PATH: &[&str] = &["proc_uptime.txt", "uname-r.txt", "etc_environment", "etc_security_limits.conf"];

#[test]
fn content_alone_tells_every_format_that_can_be_told() {
    for (name, bytes) in fixtures().into_iter().filter(|(name, _)| !TOLD_BY_PATH.contains(&name.as_str())) {
        let named = read(&name, &bytes).0;
        assert_eq!(read("document", &bytes).0, named, "{name}");
    }
}

/// The facts of a kind that a fixture states, without what only one of several forms prints.
fn facts(name: &str, kind: &str, fields: &[&str]) -> Vec<String> {
    let bytes = fixtures().into_iter().find(|(found, _)| found == name).unwrap().1;
    let facts = read(name, &bytes).1.facts;
    let of = facts.iter().filter(|fact| fact.kind() == kind);
    let mut rows: Vec<String> =
        of.map(|fact| fields.iter().map(|field| fact.get(field).to_string()).collect::<Vec<_>>().join(" ")).collect();
    rows.sort();
    rows
}

#[test]
fn every_form_of_one_state_says_the_same() {
    let mounts = ["source", "target", "fs_type", "read_only"];
    let expected = facts("proc_mounts.txt", "mount", &mounts);
    assert!(expected.len() >= 20);
    for name in ["mount.txt", "mountinfo.txt", "findmnt.txt", "findmnt-l.txt", "findmnt-P.txt", "findmnt-J.json"] {
        assert_eq!(facts(name, "mount", &mounts), expected, "{name}");
    }
    let devices = ["name", "device_type", "size", "read_only", "mounts"];
    let expected = facts("lsblk.txt", "block_device", &devices);
    for name in ["lsblk-J.json", "lsblk-P.txt"] {
        assert_eq!(facts(name, "block_device", &devices), expected, "{name}");
    }
    let cpu = ["model", "vendor", "count", "sockets", "cores_per_socket", "threads_per_core"];
    assert_eq!(facts("lscpu.txt", "cpu", &cpu), facts("lscpu-J.json", "cpu", &cpu));
    assert_eq!(facts("lscpu.txt", "cpu", &cpu), facts("cpuinfo.txt", "cpu", &cpu));
    // Each list holds the command that made it, which is another one.
    let processes = |name: &str| {
        let rows = facts(name, "process", &["pid", "executable"]).into_iter();
        rows.filter(|row| !row.ends_with(" ps") && !row.ends_with(" busybox")).collect::<Vec<_>>()
    };
    let expected = processes("ps-aux.txt");
    assert_eq!(expected.len(), 5);
    for name in [
        "ps-ef.txt",
        "ps-fauxwww.txt",
        "ps-auxwwwm.txt",
        "ps-elfL.txt",
        "ps-eo-lstart.txt",
        "ps-busybox.txt",
        "top-busybox.txt",
    ] {
        assert_eq!(processes(name), expected, "{name}");
    }
}
