//! The same bundle gives the same findings, however it comes; a damaged one gives what could be read.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::{REFUSED, code, fixture, json, ok, run, run_with, stderr, stdout, unpack};

/// What does not depend on how the bundle was packed.
fn findings(report: &str) -> [Value; 4] {
    let report = json(report);
    ["findings", "undecided", "clear", "problems"].map(|part| report[part].clone())
}

#[test]
fn standard_input_is_like_the_file() {
    let path = fixture(REFUSED);
    let bytes = fs::read(&path).unwrap();
    let output = run_with(&["analyze", "-", "--format", "json"], &bytes);
    assert_eq!((code(&output), stderr(&output).as_str()), (0, ""));
    let of_file = ok(&["analyze", &path, "--format", "json"]);
    assert_eq!(findings(&stdout(&output)), findings(&of_file));
    assert_eq!(json(&stdout(&output))["bundle"]["sha256"], json(&of_file)["bundle"]["sha256"]);
    assert_eq!(json(&of_file)["findings"][0]["cause"], "host-firewall-blocks-container");
}

#[test]
fn a_folder_is_like_its_archive() {
    let folder = tempfile::tempdir().unwrap();
    let path = fixture(REFUSED);
    unpack(&path, folder.path());
    let of_folder = ok(&["analyze", folder.path().to_str().unwrap(), "--format", "json"]);
    let of_archive = ok(&["analyze", &path, "--format", "json"]);
    assert_eq!(findings(&of_folder), findings(&of_archive));
}

#[test]
fn a_truncated_archive_is_read_as_far_as_it_goes() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = fs::read(fixture(REFUSED)).unwrap();
    let cut = folder.path().join("cut.tar.gz");
    fs::write(&cut, &bytes[..bytes.len() * 2 / 3]).unwrap();
    let cut = cut.to_str().unwrap();

    let text = ok(&["analyze", cut]);
    assert!(text.contains("Incomplete    What was not found was not found in the part that could be read."), "{text}");
    assert!(text.contains("cut.tar.gz: gzip data is cut off behind"), "{text}");

    let report = json(&ok(&["analyze", cut, "--format", "json"]));
    assert_eq!(report["bundle"]["complete"], false);
    assert!(report["bundle"]["limits"][0].as_str().unwrap().contains("cut off"), "{}", report["bundle"]);
    let whole = json(&ok(&["analyze", &fixture(REFUSED), "--format", "json"]));
    let documents = |report: &Value| report["bundle"]["documents"].as_u64().unwrap();
    assert!(documents(&report) > 3 && documents(&report) < documents(&whole));
}

#[test]
fn a_limit_that_was_hit_is_in_the_header() {
    let report = json(&ok(&["analyze", &fixture(REFUSED), "--format", "json", "--max-bytes", "20K"]));
    assert_eq!(report["bundle"]["complete"], false);
    assert!(report["bundle"]["limits"][0].as_str().unwrap().contains("20480 bytes"), "{}", report["bundle"]);
    let report = json(&ok(&["analyze", &fixture(REFUSED), "--format", "json", "--max-entries", "5"]));
    assert_eq!(report["bundle"]["documents"], 5);
}

/// What is parsed and kept has limits of its own, which are told like those of reading.
#[test]
fn limits_of_what_is_kept_have_flags() {
    let bundle = fixture(REFUSED);
    let limits = |args: &[&str]| {
        let all = [&["analyze", &bundle, "--format", "json"], args].concat();
        let report = json(&ok(&all));
        assert_eq!(report["bundle"]["complete"], false, "{args:?}");
        report["bundle"]["limits"].to_string()
    };
    let parsed = limits(&["--max-parse", "2K"]);
    assert!(parsed.contains("larger than 2048 bytes, so it was scanned like a log"), "{parsed}");
    let kept = limits(&["--max-facts", "100"]);
    assert!(kept.contains("states more than 100 facts"), "{kept}");
}

/// What a document does not say in the part that was read is undecided: no finding comes of it, and no check is clear
/// that the whole bundle does not clear.
#[test]
fn what_was_cut_off_is_undecided() {
    let bundle = fixture(REFUSED);
    let texts = |list: &Value, key: &str| -> BTreeSet<String> {
        list.as_array()
            .unwrap()
            .iter()
            .map(|entry| entry[key].as_str().or(entry.as_str()).unwrap().to_owned())
            .collect()
    };
    let whole = json(&ok(&["analyze", &bundle, "--format", "json"]));
    for most in ["300", "2K", "20K"] {
        let part = json(&ok(&["analyze", &bundle, "--format", "json", "--max-document", most]));
        assert_eq!(part["bundle"]["complete"], false);
        let limits = part["bundle"]["limits"].as_array().unwrap();
        let first = limits[0].as_str().unwrap();
        assert!(
            first.contains(": the document was read to byte") && first.ends_with("(limit document_bytes)"),
            "{first}"
        );
        // Ten are named, the others counted.
        assert!(limits.len() <= 22, "{}", limits.len());
        let (clear, mut cleared) = (texts(&part["clear"], "id"), texts(&whole["clear"], "id"));
        // What was cut off may have held a trace of any product.
        cleared.extend(texts(&whole["not_applicable"], "rule"));
        assert!(clear.is_subset(&cleared), "{most}: {:?}", clear.difference(&cleared));
        assert!(clear.len() < whole["clear"].as_array().unwrap().len(), "{most}: as if nothing was cut off");
        let (causes, all) = (texts(&part["findings"], "cause"), texts(&whole["findings"], "cause"));
        assert!(causes.is_subset(&all), "{most}: {:?}", causes.difference(&all));
    }
}

#[test]
fn a_single_text_file_is_a_bundle_too() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("api.log");
    let line = "2026-11-21T01:36:02Z err=\"dial tcp 10.0.0.1:6379: connect: connection refused\"\n";
    fs::write(&log, line).unwrap();
    let facts = ok(&["facts", log.to_str().unwrap(), "--kind", "connection_failure", "--format", "jsonl"]);
    assert_eq!(json(&facts)["port"], 6379);
}

#[test]
fn several_bundles_follow_each_other() {
    let (first, second) = (fixture(REFUSED), fixture("p-disk-full-ext4.flat.zip"));
    let output = run(&["analyze", &first, &second, "--format", "json"]);
    let text = stdout(&output);
    let reports: Vec<Value> = text.lines().map(json).collect();
    assert_eq!(reports.len(), 2);
    // One line says what the pretty form says.
    assert_eq!(reports[0], json(&ok(&["analyze", &first, "--format", "json"])));
    assert_eq!(reports[1]["findings"][0]["cause"], "disk-full");

    let table = ok(&["analyze", &first, &second, "--format", "csv"]);
    assert_eq!(table.matches("bundle,id,role").count(), 1, "{table}");
    assert!(table.contains("p-disk-full-ext4.flat.zip"), "{table}");
    let text = ok(&["analyze", &first, &second]);
    assert!(text.contains(REFUSED) && text.contains("p-disk-full-ext4.flat.zip"));
}
