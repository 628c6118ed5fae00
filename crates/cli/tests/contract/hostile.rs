//! Nothing that a bundle holds acts on the terminal.

use std::fs;

use crate::{code, run, stderr, stdout};

/// Clears the screen, sets the window's title, C1 control, right-to-left override, delete.
const EVIL: &str = "\x1b[2J\x1b]0;owned\x07\u{9b}31m\u{202e}\x7f";

#[test]
fn names_and_logs_of_a_bundle_reach_no_terminal_raw() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join(format!("b{EVIL}"));
    let logs = bundle.join("app/logs");
    fs::create_dir_all(&logs).unwrap();
    let line = format!("2026-11-21T01:36:02Z {EVIL} dial tcp 10.0.0.1:6379: connect: connection refused {EVIL}\r\n");
    fs::write(logs.join(format!("api{EVIL}.log")), line).unwrap();
    fs::write(
        bundle.join("iptables-save.txt"),
        format!("*filter\n:INPUT DROP [0:0]\n-A INPUT {EVIL}\n-A INPUT --wrong\nCOMMIT\n"),
    )
    .unwrap();
    fs::create_dir_all(bundle.join("etc")).unwrap();
    fs::write(bundle.join("etc/hostname"), format!("host{EVIL}\n")).unwrap();
    let bundle = bundle.to_str().unwrap();

    let mut calls: Vec<Vec<&str>> = ["text", "json", "markdown", "html", "sarif", "csv"]
        .map(|format| vec!["analyze", bundle, "--format", format])
        .into();
    calls.push(vec!["analyze", bundle, "no-such-bundle", "--format", "json"]);
    for format in ["table", "json", "jsonl"] {
        calls.push(vec!["facts", bundle, "--format", format]);
        for kind in ["log", "connection_failure", "hostname", "firewall_rule"] {
            calls.push(vec!["facts", bundle, "--format", format, "--kind", kind]);
        }
    }
    for format in ["text", "json", "jsonl"] {
        calls.push(vec!["probe", bundle, "--from", EVIL, "--to", "10.0.0.1:1", "--format", format]);
        calls.push(vec!["probe", bundle, "--from", "host", "--to", "10.0.0.1:1", "--format", format]);
    }
    calls.push(vec!["rules", "explain", "connection-failure", bundle]);
    calls.push(vec!["facts", bundle, "--kind", EVIL]);
    calls.push(vec!["analyze", "/no/such\x1b[2Jbundle"]);
    for args in calls {
        let output = run(&args);
        assert!([0, 2, 3].contains(&code(&output)), "{args:?}: {}", stderr(&output));
        let text = stdout(&output) + &stderr(&output);
        // CSV has its line ends of two characters.
        let acts = |c: &char| c.is_control() && !matches!(c, '\n' | '\r') || *c == '\u{202e}';
        let found: Vec<char> = text.chars().filter(acts).collect();
        assert!(found.is_empty(), "{args:?} prints {found:?}: {}", text.escape_debug());
        assert!(args.contains(&"csv") || !text.contains('\r'), "{args:?}");
    }
}
