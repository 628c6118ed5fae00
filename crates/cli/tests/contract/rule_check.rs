//! `rules check`, `rules schema`, packs.

use std::fs;

use crate::{code, json, ok, run, stderr, stdout};

const GOOD: &str = "\
id: cache-down
title: The cache {{ name }} does not run
severity: high
message: It ended with {{ c.exit_code }}.
when:
  c: { container: { name: $name, running: false } }
tests:
  - name: it ended
    files: { docker-ps.txt: 'x' }
    expect: { fires: 1 }
  - name: nothing at all
    files: { notes.txt: hello }
    expect: { fires: 0 }
";

/// A pack of these files.
fn pack(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    files.iter().for_each(|(name, text)| fs::write(folder.path().join(name), text).unwrap());
    folder
}

#[test]
fn every_mistake_has_its_place_and_warnings_do_not_fail() {
    let signature =
        "id: shop-error\nstatus: draft\nsignature:\n  event: shop_error\n  patterns:\n    - match: '^E\\d+$'\n";
    let folder = pack(&[("cache-down.yaml", GOOD), ("shop-error.yaml", signature)]);
    let path = folder.path().to_str().unwrap();
    let text = ok(&["rules", "check", path]);
    assert!(text.contains("warning[BS0907]: nothing in the documents of `nothing at all`"), "{text}");
    assert!(text.contains("cache-down.yaml:11:5") && text.contains("shop-error.yaml:6:14"), "{text}");
    assert!(text.contains("warning[BS0906]") && text.contains("0 errors, 2 warnings"), "{text}");
    fs::write(folder.path().join("cache-down.yaml"), GOOD.replace("running:", "runing:")).unwrap();
    let output = run(&["rules", "check", path, "--format", "json"]);
    assert_eq!(code(&output), 4);
    let lines: Vec<_> = stdout(&output).lines().map(json).collect();
    let first = lines.iter().find(|line| line["severity"] == "error").unwrap();
    assert_eq!(
        (first["code"].as_str(), first["line"].as_u64(), first["column"].as_u64()),
        (Some("BS0010"), Some(6), Some(34))
    );
    assert_eq!(first["help"], "did you mean `running`?");
}

#[test]
fn a_pack_tells_what_it_needs() {
    let folder = pack(&[("cache-down.yaml", GOOD), ("pack.yaml", "name: shop\nversion: '3'\nrequires: '99.1'\n")]);
    let path = folder.path().to_str().unwrap();
    let output = run(&["rules", "check", path]);
    assert_eq!(code(&output), 4);
    assert!(stdout(&output).contains("error[BS0027]"), "{}", stdout(&output));
    // No command works with half a pack.
    let output = run(&["analyze", path, "--rules", path]);
    assert_eq!(code(&output), 4);
    assert!(stderr(&output).contains("needs version 99.1"), "{}", stderr(&output));
}

#[test]
fn the_schema_is_the_published_one() {
    let published = fs::read_to_string(crate::top().join("rules/schema.json")).unwrap();
    let current = ok(&["rules", "schema"]) == published;
    assert!(current, "out of date; renew it: cargo run -p bundlescope-cli -- rules schema > rules/schema.json");
}
