//! A process for each bundle: the same reports, and what goes wrong costs one bundle only.

use std::process::Stdio;

use crate::{REFUSED, code, command, fixture, ok, run, run_with, stderr, stdout};

#[test]
fn reports_are_the_same_and_keep_the_order_of_the_bundles() {
    let first = fixture(REFUSED);
    let second = "examples/postgres-refused.tar.gz";
    for format in ["text", "csv"] {
        let plain = ok(&["analyze", &first, second, &first, "--format", format]);
        let isolated = ["analyze", "--isolate", "--jobs", "2", &first, second, &first, "--format", format];
        assert_eq!(ok(&isolated), plain, "{format}");
    }
}

#[test]
fn exit_codes_are_the_same() {
    let bundle = fixture(REFUSED);
    assert_eq!(code(&run(&["analyze", "--isolate", &bundle, "--fail-on", "critical"])), 1);
    let missing = run(&["analyze", "--isolate", "no-such-bundle.tar.gz", &bundle]);
    let plain = run(&["analyze", "no-such-bundle.tar.gz", &bundle]);
    assert_eq!(code(&missing), 3);
    assert_eq!((stdout(&missing), stderr(&missing)), (stdout(&plain), stderr(&plain)));
}

#[test]
fn the_profile_of_a_worker_is_passed_on() {
    let bundle = fixture(REFUSED);
    let output = run(&["analyze", "--isolate", "--profile", &bundle]);
    assert_eq!((code(&output), stdout(&output)), (0, ok(&["analyze", &bundle])));
    assert!(stderr(&output).contains("host-firewall-blocks-container"), "{}", stderr(&output));
}

#[test]
fn a_worker_without_memory_is_an_error_of_its_bundle() {
    let output = run(&["analyze", "--isolate", "--max-memory", "2M", &fixture(REFUSED)]);
    assert_eq!(code(&output), 3);
    assert!(stderr(&output).contains("flagship2.replicated.tar.gz: the analysis crashed"), "{}", stderr(&output));
}

#[test]
fn a_worker_that_waits_for_ever_is_stopped() {
    // Standard input that never ends.
    let mut child = command(&["analyze", "--isolate", "--max-run", "1s", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let held_open = child.stdin.take();
    let output = child.wait_with_output().unwrap();
    drop(held_open);
    assert_eq!(code(&output), 3);
    assert!(stderr(&output).contains("-: the analysis did not end within 1 s and was stopped"), "{}", stderr(&output));
}

#[test]
fn standard_input_reaches_the_worker() {
    let bytes = std::fs::read(fixture(REFUSED)).unwrap();
    let isolated = run_with(&["analyze", "--isolate", "-"], &bytes);
    assert_eq!(stdout(&isolated), stdout(&run_with(&["analyze", "-"], &bytes)));
}

/// Commands about one question run in one worker: the same output, and a crash is an error.
#[test]
fn every_command_that_reads_a_bundle_can_run_apart() {
    let bundle = fixture(REFUSED);
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("r.html");
    let page = page.to_str().unwrap();
    for args in [
        vec!["facts", &bundle, "--kind", "container"],
        vec!["facts", &bundle, "--kind", "no-such-kind"],
        vec!["facts", "no-such-bundle"],
        vec!["probe", &bundle, "--from", "host", "--to", "127.0.0.1:22", "--format", "json"],
        vec!["ports", &bundle],
        vec!["diff", &bundle, &bundle],
        vec!["open", &bundle, "-o", page],
        vec!["rules", "explain", "connection-failure", &bundle],
        vec!["rules", "capture", "connection-failure", &bundle, "--dry-run"],
    ] {
        let plain = run(&args);
        let apart = run(&[&args[..], &["--isolate"]].concat());
        assert_eq!(code(&apart), code(&plain), "{args:?}: {}", stderr(&apart));
        assert_eq!((stdout(&apart), stderr(&apart)), (stdout(&plain), stderr(&plain)), "{args:?}");
    }
    for args in [vec!["diff", &bundle, &bundle], vec!["facts", &bundle], vec!["rules", "explain", "disk-full", &bundle]]
    {
        let starved = run(&[&args[..], &["--isolate", "--max-memory", "2M"]].concat());
        assert_eq!(code(&starved), 3, "{args:?}");
        assert!(stderr(&starved).contains("the analysis crashed"), "{args:?}: {}", stderr(&starved));
    }
    assert_eq!(code(&run(&["facts", &bundle, "--max-memory", "2M"])), 2, "only with --isolate");
}
