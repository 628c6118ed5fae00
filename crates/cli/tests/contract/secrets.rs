//! Reports can be passed on: secrets of the bundle are masked in every form, and what proves the cause stays.

use std::fs;

use crate::{code, json, ok, run, stderr, stdout};

const LOG: &str = "\
2024-05-01T10:00:00Z starting with postgres://shop:hunter2-x@10.1.2.3:5432/shop\n\
2024-05-01T10:00:01Z could not connect to server: Connection refused\n\
\tIs the server running on host \"10.1.2.3\" and accepting\n\
\tTCP/IP connections on port 5432?\n\
2024-05-01T10:00:02Z retrying with PGPASSWORD=hunter2-x\n";

#[test]
fn secrets_are_masked_alike_counted_and_shown_on_request() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("app/logs")).unwrap();
    fs::write(folder.path().join("app/logs/api.log"), LOG).unwrap();
    let bundle = folder.path().to_str().unwrap();
    for format in ["text", "json", "markdown", "markdown-short", "html", "sarif", "csv", "junit"] {
        let report = ok(&["analyze", bundle, "--format", format]);
        assert!(!report.contains("hunter2-x"), "{format}: {report}");
        assert!(format == "markdown-short" || report.contains("5432"), "{format}: {report}");
    }
    let report = json(&ok(&["analyze", bundle, "--format", "json"]));
    assert_eq!(report["bundle"]["masked"], 1);
    let context = report["findings"][0]["evidence"][0]["context"]["lines"].to_string();
    assert!(context.contains("postgres://shop:[masked 1]@10.1.2.3:5432/shop"), "{context}");
    assert!(context.contains("PGPASSWORD=[masked 1]"), "{context}");

    let text = ok(&["analyze", bundle]);
    assert!(text.contains("Masked        1 secret (--no-redact shows it)"), "{text}");
    let shown = ok(&["analyze", bundle, "--no-redact"]);
    assert!(shown.contains("hunter2-x") && !shown.contains("Masked"), "{shown}");
}

/// Facts, answers and lists are passed on like reports.
#[test]
fn other_commands_mask_secrets_too() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("app/logs")).unwrap();
    let log = "2024-05-01T10:00:00Z dial tcp 10.1.2.3:5432: connect: connection refused PGPASSWORD=hunter2-x\n";
    fs::write(folder.path().join("app/logs/api.log"), log).unwrap();
    let rules = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n\
        -A OUTPUT -p tcp -m tcp --dport 5432 -m comment --comment \"token=hunter2-x\" -j DROP\nCOMMIT\n";
    fs::write(folder.path().join("iptables-save.txt"), rules).unwrap();
    let container = r#"[{"Id": "0123456789ab", "Name": "/api", "Config": {"Image": "api:1", "Env": ["DB_PASSWORD=hunter2-x"],
        "Cmd": ["run", "--token", "hunter2-x"]}, "State": {"Status": "running"}, "HostConfig": {}, "NetworkSettings": {}}]"#;
    fs::write(folder.path().join("docker_inspect.json"), container).unwrap();
    let bundle = folder.path().to_str().unwrap();
    let before = tempfile::tempdir().unwrap();
    let plain = log.replace(" PGPASSWORD=hunter2-x", "");
    fs::write(before.path().join("api.log"), plain).unwrap();
    fs::write(before.path().join("iptables-save.txt"), rules.replace("hunter2-x", "another-secret")).unwrap();
    fs::write(before.path().join("docker_inspect.json"), container.replace("hunter2-x", "another-secret")).unwrap();
    let before = before.path().to_str().unwrap();
    let mut calls = Vec::new();
    for format in ["text", "json", "markdown"] {
        calls.push(vec!["diff", before, bundle, "--format", format]);
        calls.push(vec!["ports", bundle, "--format", format]);
    }
    calls.push(vec!["rules", "explain", "connection-failure", bundle, "--format", "json"]);
    for format in ["table", "json", "jsonl"] {
        for kind in ["connection_failure", "firewall_rule", "container"] {
            calls.push(vec!["facts", bundle, "--kind", kind, "--format", format]);
        }
    }
    for format in ["text", "json", "jsonl"] {
        calls.push(vec!["probe", bundle, "--from", "host", "--to", "10.1.2.3:5432", "--format", format]);
    }
    calls.push(vec!["rules", "explain", "connection-failure", bundle]);
    let mut shown = 0;
    for mut args in calls {
        let masked = ok(&args);
        assert!(!masked.contains("hunter2-x") && !masked.contains("another-secret"), "{args:?}: {masked}");
        args.push("--no-redact");
        let plain = ok(&args);
        shown += usize::from(plain.contains("hunter2-x"));
        assert_eq!(plain.contains("hunter2-x"), masked.contains("[masked "), "{args:?}: {masked}\n{plain}");
    }
    assert!(shown >= 3, "{shown} outputs hold the secret at all");
    // What is captured for a test is anonymous whatever was asked for.
    for last in ["--quiet", "--no-redact"] {
        let output = run(&["rules", "capture", "connection-failure", bundle, "--dry-run", last]);
        let text = stdout(&output) + &stderr(&output);
        assert!(code(&output) == 0 && text.contains("connection refused") && !text.contains("hunter2-x"), "{text}");
    }
}
