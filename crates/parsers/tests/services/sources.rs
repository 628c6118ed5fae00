//! Evidence: the lines that a fact names hold what it says.

use std::path::Path;

use bundlescope_parsers::{Document, Identity, identify};

use crate::fixtures;
use crate::support::read;
use crate::support::sources::{check, visit};

/// Fields that are concluded, told by the path, or in another unit than printed.
fn concluded(kind: &str, field: &str) -> bool {
    matches!(
        (kind, field),
        (_, "container")
            | ("unit", "since" | "load" | "sub" | "drop_ins")
            | ("unit_setting", "unit" | "section" | "file")
            | ("clock_sync", "source" | "offset")
            | ("time_source", "mode" | "state" | "offset" | "error")
            | ("time_source_statistics", "offset" | "deviation")
            | ("resolved_scope", "interface")
            | ("ssh_setting", "program" | "scope")
            | ("cron_job", "schedule" | "user")
            | ("capture_time" | "certificate", "time" | "not_before" | "not_after")
            | ("daemon_config", _)
    )
}

#[test]
fn every_value_of_a_fixture_stands_in_its_lines() {
    // A state alone is of the unit that the path names.
    for (name, bytes) in fixtures().into_iter().filter(|(name, _)| !name.starts_with("systemctl_is")) {
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
    for folder in ["jc", "insights", "ansible_lab"] {
        visit(&Path::new(&shared).join("corpus").join(folder), &mut |path, bytes| {
            // What is expected of the outputs lies beside them, with escapes of JSON.
            if path.ends_with(".json") {
                return;
            }
            let Identity::Format(format) = identify("document", bytes).identity else { return };
            let ours = [
                "systemctl",
                "chronyc",
                "ntp",
                "resolvectl",
                "timedatectl",
                "crontab",
                "ssh-",
                "rpm",
                "dpkg",
                "ansible",
            ];
            if ours.iter().any(|start| format.name.starts_with(start)) {
                check(path, bytes, &(format.parse)(&Document::new("document", bytes)), concluded);
                checked += 1;
            }
        });
    }
    assert!(checked > 45, "only {checked} documents were recognised");
}
