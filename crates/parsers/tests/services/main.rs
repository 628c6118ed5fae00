//! What the services, packages, deploy and tls families read from real documents, to the letter, and what must hold for all of them.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "a failing test says where")]

mod corpus;
#[path = "../support/mod.rs"]
mod support;

use support::{read, shown};

fn fixtures() -> Vec<(String, Vec<u8>)> {
    support::fixtures("services")
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

#[test]
fn content_alone_tells_every_format_that_can_be_told() {
    for (name, bytes) in fixtures() {
        // A certificate in DER is told by its name too.
        if name.ends_with(".der") {
            continue;
        }
        // A state alone, or the name of a zone, may be of anything.
        if name.starts_with("systemctl_is-active") || name.starts_with("etc_timezone") {
            continue;
        }
        let named = read(&name, &bytes).0;
        assert_eq!(read("document", &bytes).0, named, "{name}");
    }
}
