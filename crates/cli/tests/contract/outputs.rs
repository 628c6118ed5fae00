//! What is printed does not depend on threads, on the run or on where it goes.

use std::fs;
use std::process::Stdio;

use crate::{REFUSED, code, command, fixture, ok, stderr};

const FORMATS: [&str; 8] = ["text", "json", "markdown", "markdown-short", "html", "sarif", "csv", "junit"];

#[test]
fn every_format_is_the_same_with_any_number_of_threads_and_each_time() {
    let bundle = fixture(REFUSED);
    let mut calls: Vec<Vec<&str>> = FORMATS.iter().map(|format| vec!["analyze", &bundle, "--format", format]).collect();
    calls.push(vec!["facts", &bundle]);
    calls.push(vec!["facts", &bundle, "--kind", "listener", "--format", "jsonl"]);
    // Hundreds of documents.
    let large = fixture("a-host-input-firewall-ufw_deny.sos.tar.gz");
    calls.push(vec!["analyze", &large, "--format", "json"]);
    for call in calls {
        let with = |threads| ok(&[&call as &[&str], &["--threads", threads]].concat());
        let one = with("1");
        assert!(one.len() > 100, "{call:?}");
        for threads in ["3", "8", "8"] {
            assert!(one == with(threads), "{call:?} {threads}");
        }
    }
}

#[test]
fn a_file_gets_what_standard_output_would_get() {
    let folder = tempfile::tempdir().unwrap();
    for format in FORMATS {
        let file = folder.path().join(format);
        let path = file.to_str().unwrap();
        assert_eq!(ok(&["analyze", &fixture(REFUSED), "--format", format, "-o", path]), "");
        assert_eq!(fs::read_to_string(&file).unwrap(), ok(&["analyze", &fixture(REFUSED), "--format", format]));
    }
    let nowhere = folder.path().join("no/such/folder/report");
    let output = command(&["analyze", &fixture(REFUSED), "-o", nowhere.to_str().unwrap()]).output().unwrap();
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("cannot write"), "{}", stderr(&output));
}

#[test]
fn no_colour_and_no_progress_where_nobody_looks() {
    // `ok` holds that standard error stays empty.
    let text = ok(&["analyze", &fixture(REFUSED)]);
    assert!(!text.contains('\x1b'));
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    let mut wide = command(&["analyze", &fixture(REFUSED)]);
    let wide = wide.env("COLUMNS", "180").env("CLICOLOR_FORCE", "1").env("TERM", "xterm").output().unwrap();
    assert_eq!(String::from_utf8(wide.stdout).unwrap(), text);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    for args in [
        &["analyze", &fixture(REFUSED), "--format", "html"] as &[&str],
        &["facts", &fixture(REFUSED), "--format", "json"],
        &["rules", "list"],
    ] {
        let mut child = command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!((code(&output), stderr(&output).as_str()), (0, ""), "{args:?}");
    }
}
