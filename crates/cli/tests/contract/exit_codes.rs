//! One exit code for each way to end, and a message that says what to do.

use std::fs;

use crate::{REFUSED, code, fixture, ok, run, stderr, stdout};

#[test]
fn zero_whatever_is_found_unless_asked_otherwise() {
    let text = ok(&["analyze", &fixture(REFUSED)]);
    assert!(text.contains("1 likely cause"), "{text}");
}

#[test]
fn one_when_a_finding_is_as_severe_as_fail_on_says() {
    for (level, expected) in [("info", 1), ("medium", 1), ("critical", 1)] {
        assert_eq!(code(&run(&["analyze", &fixture(REFUSED), "--fail-on", level])), expected, "{level}");
    }
    let healthy = "fixtures/healthy/a-host-input-firewall-HEALTHY_accept_before.flat.tar.gz";
    assert_eq!(code(&run(&["analyze", healthy, "--fail-on", "medium"])), 0);
    // The worst of several bundles counts, wherever it stands.
    for bundles in [[&fixture(REFUSED), healthy], [healthy, &fixture(REFUSED)]] {
        assert_eq!(code(&run(&["analyze", bundles[0], bundles[1], "--fail-on", "critical"])), 1);
    }
}

#[test]
fn two_for_a_request_that_makes_no_sense() {
    let bundle = fixture(REFUSED);
    let wrong: [&[&str]; 12] = [
        &[],
        &["analyse", &bundle],
        &["analyze"],
        &["analyze", &bundle, "--format", "pdf"],
        &["analyze", &bundle, "--fail-on", "fatal"],
        &["analyze", &bundle, "--max-bytes", "3T"],
        &["analyze", &bundle, &bundle, "--format", "html"],
        &["analyze", "-", "-"],
        &["probe", &bundle, "--from", "api"],
        &["probe", &bundle, "--from", "host", "--to", "nowhere"],
        &["probe", "-", "--flows", "-"],
        &["rules", "explain", "no-such-rule", &bundle],
    ];
    for args in wrong {
        let output = run(args);
        assert_eq!(code(&output), 2, "{args:?}: {}", stderr(&output));
        assert!(!output.stderr.is_empty() && output.stdout.is_empty(), "{args:?}");
    }
}

#[test]
fn three_when_the_bundle_cannot_be_read_at_all() {
    let output = run(&["analyze", "no/such/bundle.tar.gz"]);
    assert_eq!(code(&output), 3);
    assert_eq!(stderr(&output), "bundlescope: no/such/bundle.tar.gz: no such file or folder\n");

    let folder = tempfile::tempdir().unwrap();
    let binary = folder.path().join("core");
    fs::write(&binary, b"\x7fELF\x02\x01\x01\0\0\0\0\0\xff\xfe\0\x01".repeat(64)).unwrap();
    let empty = folder.path().join("empty.tar.gz");
    fs::write(&empty, b"").unwrap();
    for (path, why) in [(&binary, "holds binary data that is no archive"), (&empty, "is empty")] {
        let path = path.to_str().unwrap();
        for args in [
            &["analyze", path] as &[&str],
            &["facts", path],
            &["probe", path, "--from", "host", "--to", "10.0.0.1:1"],
            &["rules", "explain", "disk-full", path],
        ] {
            let output = run(args);
            assert_eq!(code(&output), 3, "{args:?}");
            let expected = format!("bundlescope: {path}: {why}; expected a folder, a tar archive");
            assert!(stderr(&output).starts_with(&expected), "{}", stderr(&output));
        }
    }
}

#[test]
fn three_for_one_of_several_and_the_others_are_analysed() {
    let output = run(&["analyze", "--format", "json", "no-such-bundle", &fixture(REFUSED)]);
    assert_eq!(code(&output), 3);
    assert_eq!(stdout(&output).lines().count(), 1);
    assert_eq!(stderr(&output), "bundlescope: no-such-bundle: no such file or folder\n");
}

#[test]
fn four_for_a_wrong_rule_file_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("disk.yaml");
    fs::write(
        &file,
        "id: disk\ntitle: Disk\nseverity: hihg\nwhen:\n  d: { filesystem: { used_percnt: { ge: 95 } } }\nmessage: full\n",
    )
    .unwrap();
    let folder = folder.path().to_str().unwrap();
    let (bundle, file) = (fixture(REFUSED), file.to_str().unwrap());
    for args in [
        &["analyze", "--rules", folder, &bundle] as &[&str],
        &["facts", "--rules", folder, &bundle],
        &["rules", "test", folder],
        &["rules", "check", folder],
        &["rules", "check", folder, "--json"],
    ] {
        let output = run(args);
        let text = stdout(&output) + &stderr(&output);
        assert_eq!(code(&output), 4, "{args:?}: {text}");
        if !args.contains(&"--json") {
            assert!(text.contains(&format!("{file}:3:11")), "{args:?}: {text}");
        }
        // Every mistake is told at once.
        assert!(text.contains("did you mean `high`") && text.contains("used_percent"), "{args:?}: {text}");
    }
    assert_eq!(code(&run(&["analyze", "--rules", "no/such/folder", &bundle])), 4);
}

#[test]
fn five_when_a_rule_test_fails() {
    let folder = tempfile::tempdir().unwrap();
    let rule = |fires: u32| {
        format!(
            "id: named\ntitle: The host is called {{{{ h.name }}}}\nseverity: info\nabout: A name.\nwhen:\n  h: {{ hostname: {{ name: $name }} }}\n\
             message: 'It is {{{{ name }}}}'\ntests:\n  - name: a name\n    files: {{ etc/hostname: \"app-1\\n\" }}\n    expect: {{ fires: {fires} }}\n"
        )
    };
    let file = folder.path().join("named.yaml");
    for (fires, expected, told) in [(1, 0, "1 passed, 0 failed"), (0, 5, "0 passed, 1 failed")] {
        fs::write(&file, rule(fires)).unwrap();
        let output = run(&["rules", "test", file.to_str().unwrap()]);
        assert_eq!(code(&output), expected, "{}{}", stdout(&output), stderr(&output));
        assert!(stdout(&output).contains(told), "{}", stdout(&output));
    }
}
