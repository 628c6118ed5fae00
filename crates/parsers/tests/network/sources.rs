//! Evidence: the lines that a fact names hold what it says.

use std::path::Path;

use bundlescope_parsers::{Document, Identity, identify};

use crate::fixtures;
use crate::support::read;
use crate::support::sources::{check, visit};

/// Fields that are concluded or taken from the path, and the words that stand for others.
fn concluded(kind: &str, field: &str) -> bool {
    matches!(
        (kind, field),
        // Which command, which family, which table where none is printed.
        (_, "container") | ("listener", "proto") | ("connection", "proto" | "state") | ("route", "kind" | "table") | ("policy_rule", "version" | "action")
            // `tun type tap` and `Link encap:Ethernet` name the kind in other words; so do flags the state of a neighbour.
            | ("interface", "link_kind" | "peer") | ("neighbour", "state") | ("bridge_port", "hairpin")
            // The path names them.
            | ("sysctl", "key") | ("collection_error", "subject")
            // Sizes are in bytes whatever the unit printed; a time is in UTC.
            | ("filesystem", "size" | "used" | "available" | "inodes" | "inodes_free") | ("capture_time", "time")
            // A mask with dots, a metric that is 0.
            | ("address", "prefix" | "scope") | ("os_release", "id")
    )
}

#[test]
fn every_value_of_a_fixture_stands_in_its_lines() {
    for (name, bytes) in fixtures() {
        check(&name, &bytes, &read(&name, &bytes).1, concluded);
    }
}

#[test]
fn every_value_of_the_corpus_stands_in_its_lines() {
    let Ok(shared) = std::env::var("BUNDLESCOPE_SHARED") else {
        eprintln!("SKIPPED: BUNDLESCOPE_SHARED is not set, so the outputs of other projects were not read");
        return;
    };
    let mut checked = 0;
    for folder in ["jc", "ntc_linux", "genie_linux", "facter_fixtures", "insights"] {
        visit(&Path::new(&shared).join("corpus").join(folder), &mut |path, bytes| {
            let Identity::Format(format) = identify("document", bytes).identity else { return };
            let ours = [
                "ip-",
                "bridge",
                "ss",
                "netstat",
                "route",
                "ifconfig",
                "arp",
                "brctl",
                "resolv",
                "hosts",
                "sysctl",
                "df",
                "os-",
                "uname",
                "timedatectl",
                "conntrack",
            ];
            if ours.iter().any(|start| format.name.starts_with(start)) {
                check(path, bytes, &(format.parse)(&Document::new("document", bytes)), concluded);
                checked += 1;
            }
        });
    }
    assert!(checked > 150, "only {checked} documents were recognised");
}
