//! `rules test`: what it says of tests that fail, what it writes, and what it finds untested.

use std::fs;
use std::path::PathBuf;

use crate::{code, json, run, stderr, stdout};

/// A rule with a test that holds, one that is silent, and whatever else is given.
pub(crate) fn rule(folder: &tempfile::TempDir, more: &str) -> PathBuf {
    let text = format!(
        "\
# Made for a test.
id: named
title: The host is called {{{{ name }}}}
severity: info
about: A name.
when:
  h: {{ hostname: {{ name: $name }} }}
unless:
  - {{ hostname: {{ name: {{ starts_with: spare }} }} }} # never used
where: ['name != \"test\"']
message: It is {{{{ name }}}}, and that is fine.
tests:
  - name: a name
    files: {{ etc/hostname: \"app-1\\n\" }}
    expect: {{ fires: 1, message: It is app-1, evidence: etc/hostname:1, subjects: {{ name: app-1 }} }}
  - name: no name
    files: {{ etc/hostname: \"test\\n\" }}
    expect: {{ fires: 0 }}
{more}"
    );
    let path = folder.path().join("named.yaml");
    fs::write(&path, text).unwrap();
    path
}

const WRONG: &str = "  - name: another name # of old
    files: { etc/hostname: \"app-2\\n\" }
    expect: { fires: 1, message: It is app-1, evidence: [etc/hostname:2], subjects: { name: app-3 } } # see above
  - name: noisy
    files: { etc/hostname: \"app-2\\n\" }
    expect: { fires: 0 }
  - name: missing
    files: { etc/hostname: \"test\\n\" }
    expect: { fires: 1 }
  - name: open
    files: { etc/hostname: \"app-9\\n\" }
    expect: {}
";

#[test]
fn failures_are_told_with_what_was_expected_and_what_came() {
    let folder = tempfile::tempdir().unwrap();
    let path = rule(&folder, WRONG);
    let path = path.to_str().unwrap();
    let output = run(&["rules", "test", path]);
    assert_eq!((code(&output), stderr(&output).as_str()), (5, ""));
    let expected = "\
Wrong      named: another name
  at PATH:19
  Wrong: message
    - It is app-1
    + It is app-2, and that is fine.
    differs behind `It is app-`: `1`
  Wrong: evidence
    - etc/hostname:2
    + etc/hostname:1
  Wrong: subject name
    - app-3
    + app-2
Noisy      named: noisy
  at PATH:22
  Noisy: named
    + It is app-2, and that is fine.
Missing    named: missing
  at PATH:25
  Missing: findings of named
    - 1
    + 0; findings of the bundle: none
3 passed, 3 failed, 0 skipped
";
    assert_eq!(stdout(&output), expected.replace("PATH", path));
    let output = run(&["rules", "test", path, "--verbose", "--filter", "name"]);
    assert!(
        stdout(&output).starts_with("Reported   named: a name\nValidated  named: no name\n"),
        "{}",
        stdout(&output)
    );
    let output = run(&["rules", "test", path, "--filter", "no name"]);
    assert_eq!((code(&output), stdout(&output).as_str()), (0, "1 passed, 0 failed, 0 skipped\n"));
}

#[test]
fn update_writes_what_came_out_and_keeps_everything_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = rule(&folder, WRONG);
    let before = fs::read_to_string(&path).unwrap();
    let output = run(&["rules", "test", path.to_str().unwrap(), "--update"]);
    assert_eq!(
        (code(&output), stdout(&output).as_str()),
        (0, "6 passed, 0 failed, 0 skipped\n"),
        "{}",
        stderr(&output)
    );
    assert!(stderr(&output).contains("updated another name, noisy, missing, open"), "{}", stderr(&output));
    let wanted = before
        .replace(
            "{ fires: 1, message: It is app-1, evidence: [etc/hostname:2], subjects: { name: app-3 } } # see above",
            "{ fires: 1, message: \"It is app-2, and that is fine.\", evidence: etc/hostname:1, subjects: { name: app-2 } } # see above",
        )
        .replace("app-2\\n\" }\n    expect: { fires: 0 }", "app-2\\n\" }\n    expect: { fires: 1 }")
        .replace("test\\n\" }\n    expect: { fires: 1 }", "test\\n\" }\n    expect: { fires: 0 }")
        .replace(
            "expect: {}",
            "expect:\n      fires: 1\n      message: \"It is app-9, and that is fine.\"\n      evidence: etc/hostname:1\n      subjects: { name: app-9 }",
        );
    assert_eq!(fs::read_to_string(&path).unwrap(), wanted);
    // There is nothing left to update.
    assert_eq!(stderr(&run(&["rules", "test", path.to_str().unwrap(), "--update"])), "");
    assert_eq!(code(&run(&["rules", "test", "--update"])), 2);
}

#[test]
fn events_of_signatures_are_updated_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pay.yaml");
    let text = |expect: &str| {
        format!(
            "id: pay\ntitle: Payment\nabout: Ours.\nsignature:\n  event: connection_failure\n  fields: {{ client: shop }}\n  patterns:\n    \
             - match: 'payment provider (?<endpoint>\\S+) does not answer'\n    - match: 'payment provider (?<host>\\S+) is unknown'\ntests:\n  \
             - name: one\n    log: |\n      12:00:01 payment provider pay.example.org:443 does not answer\n    expect: {expect}\n"
        )
    };
    fs::write(&path, text("[{ host: x, port: 443 }]")).unwrap();
    let path = path.to_str().unwrap();
    let output = run(&["rules", "test", path]);
    assert!(
        stdout(&output).contains("  Wrong: event 1, host\n    - x\n    + pay.example.org\n"),
        "{}",
        stdout(&output)
    );
    run(&["rules", "test", path, "--update"]);
    let wanted = text("\n      - { host: pay.example.org, port: 443 }").replace("expect: \n", "expect:\n");
    assert_eq!(fs::read_to_string(path).unwrap(), wanted);
    let output = run(&["rules", "test", path, "--coverage"]);
    let told = stdout(&output);
    assert!(told.contains("line 9: `pattern` payment provider (?<host>\\S+) is unknown never matches"), "{told}");
}

#[test]
fn coverage_names_what_no_test_puts_to_use() {
    let folder = tempfile::tempdir().unwrap();
    let path = rule(&folder, "");
    let path = path.to_str().unwrap();
    let told = stdout(&run(&["rules", "test", path, "--coverage"]));
    let expected = "\
Not put to use by any test:
named (PATH)
  line 9: `unless` hostname never matches

2 of 3 conditions and patterns are put to use
2 passed, 0 failed, 0 skipped
";
    assert_eq!(told, expected.replace("PATH", path));
    let all = json(&stdout(&run(&["rules", "test", path, "--coverage", "--json"])));
    assert_eq!(all["coverage"][0]["parts"][2]["gap"], "never matches");
    assert_eq!((&all["passed"], &all["tests"][1]["status"]), (&json("2"), &json("\"validated\"")));
}

#[test]
fn outcomes_are_written_for_other_programs() {
    let folder = tempfile::tempdir().unwrap();
    let path = rule(&folder, WRONG);
    let file = folder.path().join("out.xml");
    let output = run(&["rules", "test", path.to_str().unwrap(), "--json", "--junit", file.to_str().unwrap()]);
    assert_eq!(code(&output), 5);
    let all = json(&stdout(&output));
    assert_eq!((&all["format"], &all["failed"]), (&json("1"), &json("3")));
    let wrong = &all["tests"][2];
    assert_eq!((&wrong["status"], &wrong["line"]), (&json("\"wrong\""), &json("19")));
    assert_eq!(wrong["mistakes"][0]["key"], "message");
    assert_eq!(wrong["mistakes"][0]["expected"], "It is app-1");
    let xml = fs::read_to_string(file).unwrap();
    assert!(xml.contains("<testsuite name=\"named\" tests=\"6\"") && xml.contains("failures=\"3\""), "{xml}");
    assert!(xml.contains("type=\"Wrong\"") && xml.contains("expected It is app-1, found It is app-2"), "{xml}");
}

#[test]
fn outcomes_do_not_depend_on_threads() {
    let args = ["rules", "test", "--json", "--coverage", "--filter", "network"];
    let with = |threads: &str| crate::command(&args).env("RAYON_NUM_THREADS", threads).output().unwrap();
    let (one, many) = (with("1"), with("7"));
    assert_eq!(stdout(&one), stdout(&many));
    assert_eq!(code(&one), 0);
}
