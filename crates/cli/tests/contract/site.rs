//! What a site changes, drafts, and packs without the built-in one.

use std::fs;
use std::path::Path;

use crate::{code, json, ok, run, stderr, stdout};

const PS: &str = "CONTAINER ID   IMAGE     COMMAND   CREATED        STATUS                    PORTS     NAMES\n\
                  0123456789ab   redis:7   \"r\"       2 hours ago    Exited (1) 1 hour ago               cache\n\
                  1123456789ab   redis:7   \"r\"       2 hours ago    Exited (1) 1 hour ago               queue\n";

const RULE: &str = "\
id: ended
title: '{{ name }} ended'
severity: high
message: It ended.
when:
  c: { container: { name: $name, running: false } }
";

/// A bundle, a pack with that rule, and a site file.
fn scene(rule: &str, site: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("bundle/docker-ps-a.txt", PS);
    write("bundle/date.txt", "Fri Nov 20 12:00:00 UTC 2026\n");
    write("pack/ended.yaml", rule);
    write("site.yaml", site);
    folder
}

fn path(folder: &tempfile::TempDir, name: &str) -> String {
    folder.path().join(name).to_str().unwrap().to_owned()
}

fn report(folder: &tempfile::TempDir, more: &[&str]) -> serde_json::Value {
    let (bundle, pack) = (path(folder, "bundle"), path(folder, "pack"));
    let args = ["analyze", &bundle, "--rules", &pack, "--no-default-rules", "--format", "json"];
    json(&ok(&[&args as &[&str], more].concat()))
}

fn of<'r>(report: &'r serde_json::Value, list: &str) -> &'r Vec<serde_json::Value> {
    report[list].as_array().unwrap()
}

const SITE: &str = "\
suppress:
  - rule: ended
    subjects: { name: 'ca*' }
    reason: '<b>kept</b> for tests'
    author: ops@example.org
    until: 2026-12-31
";

#[test]
fn a_suppressed_finding_is_listed_as_such_in_every_report() {
    let folder = scene(RULE, SITE);
    let (site, bundle, pack) = (path(&folder, "site.yaml"), path(&folder, "bundle"), path(&folder, "pack"));
    let all = report(&folder, &[]);
    assert_eq!((of(&all, "findings").len(), of(&all, "suppressed").len()), (2, 0));
    let found = report(&folder, &["--site", &site]);
    assert_eq!((of(&found, "findings").len(), of(&found, "suppressed").len()), (1, 1));
    let one = &of(&found, "suppressed")[0];
    assert_eq!(one["finding"]["subjects"]["name"], "cache");
    assert_eq!((&one["author"], &one["until"]), (&"ops@example.org".into(), &"2026-12-31".into()));
    for (format, wanted) in [
        ("text", "cache ended: <b>kept</b> for tests (ops@example.org, until 2026-12-31)"),
        ("markdown", "ops@example.org"),
        ("html", "&lt;b&gt;kept"),
        ("sarif", "\"justification\": \"<b>kept</b> for tests (ops@example.org, until 2026-12-31)\""),
    ] {
        let args = ["analyze", &bundle, "--rules", &pack, "--no-default-rules", "--site", &site, "--format", format];
        let text = ok(&args);
        // A terminal's lines are wrapped.
        let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(wanted), "{format}: {text}");
        assert!(format == "text" || format == "sarif" || !text.contains("<b>kept"), "{format}: {text}");
    }
}

#[test]
fn a_suppression_that_ended_or_covers_nothing_is_told() {
    let folder = scene(RULE, &SITE.replace("2026-12-31", "2026-11-19"));
    let site = path(&folder, "site.yaml");
    let problem = |report: &serde_json::Value| {
        let all = of(report, "problems").iter().filter(|p| p["document"].as_str().unwrap().ends_with("site.yaml"));
        all.map(|p| format!("{}: {}", p["line"], p["message"].as_str().unwrap())).collect::<Vec<_>>()
    };
    let found = report(&folder, &["--site", &site]);
    assert_eq!((of(&found, "findings").len(), of(&found, "suppressed").len()), (2, 0));
    assert!(
        problem(&found)[0].starts_with("2: the suppression of ended ended with 2026-11-19"),
        "{:?}",
        problem(&found)
    );
    fs::write(&site, SITE.replace("ca*", "nobody")).unwrap();
    let found = report(&folder, &["--site", &site]);
    assert!(problem(&found)[0].starts_with("2: nothing to suppress"), "{:?}", problem(&found));
    // One of a rule that does not exist is a warning of the checker, a misspelt key an error.
    fs::write(&site, SITE.replace("rule: ended", "rule: endet")).unwrap();
    let output = run(&["rules", "check", &path(&folder, "pack"), "--site", &site]);
    assert!(stdout(&output).contains("warning[BS0909]") && stdout(&output).contains("did you mean `ended`?"));
    fs::write(&site, SITE.replace("author:", "autor:")).unwrap();
    let output = run(&["analyze", &path(&folder, "bundle"), "--site", &site]);
    assert_eq!(code(&output), 4);
    assert!(stderr(&output).contains("did you mean `author`?"), "{}", stderr(&output));
}

#[test]
fn drafts_are_evaluated_when_asked_for_only() {
    let folder = scene(&format!("{RULE}status: draft\n"), "drafts: true\n");
    let silent = report(&folder, &[]);
    assert_eq!((of(&silent, "findings").len(), of(&silent, "drafts").len()), (0, 1));
    for asked in [vec!["--drafts"], vec!["--site", &path(&folder, "site.yaml")]] {
        let found = report(&folder, &asked);
        assert_eq!((of(&found, "findings").len(), of(&found, "drafts").len()), (2, 0));
    }
}

#[test]
fn a_rule_for_another_version_is_not_applicable() {
    let folder = scene(&format!("{RULE}applies_to:\n  os_release: {{ id: alpine }}\n"), "");
    let release = "NAME=\"Ubuntu\"\nID=ubuntu\nVERSION_ID=\"22.04\"\nPRETTY_NAME=\"Ubuntu 22.04.3 LTS\"\n";
    fs::write(Path::new(&path(&folder, "bundle")).join("os-release"), release).unwrap();
    let found = report(&folder, &[]);
    assert!(of(&found, "findings").is_empty());
    let because = of(&found, "not_applicable")[0]["because"].as_str().unwrap();
    assert!(because.contains("os_release.id is ubuntu") && because.contains("os-release:"), "{because}");
}

#[test]
fn documents_in_another_order_give_the_same_report() {
    let folder = tempfile::tempdir().unwrap();
    crate::unpack(&crate::fixture(crate::REFUSED), folder.path());
    let mut files = Vec::new();
    let mut open = vec![folder.path().to_owned()];
    while let Some(path) = open.pop() {
        for entry in fs::read_dir(&path).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { open.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    let packed = |files: &[std::path::PathBuf]| {
        let mut tar = tar::Builder::new(Vec::new());
        for file in files {
            tar.append_path_with_name(file, file.strip_prefix(folder.path()).unwrap()).unwrap();
        }
        let bytes = tar.into_inner().unwrap();
        let output = crate::run_with(&["analyze", "-", "--format", "json"], &bytes);
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        let mut report = json(&stdout(&output));
        report["bundle"]["sha256"] = "".into();
        report.to_string()
    };
    let sorted = packed(&files);
    files.reverse();
    assert!(sorted == packed(&files));
    let (odd, even): (Vec<_>, Vec<_>) = files.into_iter().enumerate().partition(|(at, _)| at % 2 == 1);
    let mixed: Vec<_> = odd.into_iter().chain(even).map(|(_, file)| file).collect();
    assert!(sorted == packed(&mixed));
}
