//! `rules new`, `capture`, `docs`, `watch`, `fmt` and `profile`: from a line of a log or a bundle to a tested rule.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::{REFUSED, code, fixture, json, ok, run, stderr, stdout};

const LINE: &str =
    "2026-11-21T01:36:02Z ERROR payment provider pay.example.org:443 does not answer after 30s (attempt 3)";

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_line_of_a_log_becomes_a_signature_that_finds_it() {
    let folder = tempfile::tempdir().unwrap();
    let dir = text(folder.path());
    let healthy = "2026-11-21T01:36:05Z INFO payment provider pay.example.org:443 answers after 3s";
    let told = ok(&["rules", "new", "shop-pay", "--dir", dir, "--from-log", LINE, "--healthy", healthy]);
    let path = folder.path().join("shop-pay.yaml");
    assert!(told.starts_with(&format!("wrote the signature shop-pay to {}\n", text(&path))), "{told}");
    let written = fs::read_to_string(&path).unwrap();
    let pattern = r"    - match: 'payment provider (?<endpoint>[^\s,;]+:\d+) does not answer after (?<duration>\S+) \(attempt (?<attempt>-?\d+)\)'";
    assert!(written.contains(pattern), "{written}");
    assert!(
        written.contains("      - { attempt: 3, duration: \"30s\", host: pay.example.org, port: 443 }\n"),
        "{written}"
    );
    assert!(ok(&["rules", "check", text(&path)]).contains("0 errors, 0 warnings"));
    assert_eq!(ok(&["rules", "test", text(&path)]), "2 passed, 0 failed, 0 skipped\n");
    // A line of the same program with other values is found too, once the signature is no draft any more.
    fs::write(&path, written.replace("status: draft", "status: stable")).unwrap();
    let bundle = folder.path().join("bundle");
    fs::create_dir(&bundle).unwrap();
    fs::write(bundle.join("shop.log"), LINE.replace("30s", "1m5s").replace("attempt 3", "attempt 12") + "\n").unwrap();
    let facts = ok(&["facts", text(&bundle), "--rules", text(&path), "--kind", "shop_pay", "--format", "jsonl"]);
    assert_eq!(json(facts.trim())["attempt"], "12", "{facts}");
    // Nobody's file is overwritten.
    let output = run(&["rules", "new", "shop-pay", "--dir", dir, "--from-log", LINE]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("cannot write: File exists"), "{}", stderr(&output));
}

#[test]
fn structured_logs_give_up_their_message_and_known_lines_are_told() {
    let line = r#"{"level":"error","ts":1,"msg":"license a1b2c3d4e5f6 expired 3 days ago for tenant \"acme\""}"#;
    let told = ok_dry(&["rules", "new", "license-expired", "--dry-run", "--from-log", line]);
    assert!(
        told.contains(
            r#"match: 'license (?<license>\S+) expired (?<days>-?\d+) days ago for tenant "(?<tenant>[^"]*)"'"#
        ),
        "{told}"
    );
    let line = "Could not connect to Redis at cache:6379: Connection refused";
    let output = run(&["rules", "new", "redis-down", "--dry-run", "--from-log", line]);
    assert!(stderr(&output).contains("the built-in signatures already make a `connection_failure` of this line"));
    assert!(stdout(&output).contains("event: connection_failure"), "{}", stdout(&output));
    // A pattern without a fixed text would be tried with every record.
    let output = run(&["rules", "new", "short", "--dry-run", "--from-log", "a 1 b 2"]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("the pattern needs no fixed text"), "{}", stderr(&output));
}

/// Standard output of a run that succeeds and may make remarks.
fn ok_dry(args: &[&str]) -> String {
    let output = run(args);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    stdout(&output)
}

#[test]
fn kinds_of_facts_become_a_rule_that_passes_the_check() {
    let folder = tempfile::tempdir().unwrap();
    let dir = text(folder.path());
    let args = ["rules", "new", "fs-of-container", "--dir", dir, "--fact", "filesystem", "--fact", "container"];
    ok(&[&args[..], &["--bundle", &fixture(REFUSED)]].concat());
    let path = folder.path().join("fs-of-container.yaml");
    let written = fs::read_to_string(&path).unwrap();
    assert!(written.contains("  the_container: { container: { name: $container } }\n"), "{written}");
    assert!(written.contains("  #   mount: text. Where it is mounted. Here: /\n"), "{written}");
    let checked = ok(&["rules", "check", text(&path)]);
    assert!(checked.contains(": 0 errors, "), "{checked}");
    for kinds in [vec!["listener"], vec!["connection_failure", "listener"], vec!["firewall_rule"], vec!["sysctl"]] {
        let id = format!("about-{}", kinds.join("-").replace('_', "-"));
        let mut args = vec!["rules", "new", &id, "--dir", dir];
        kinds.iter().for_each(|kind| args.extend(["--fact", kind]));
        ok(&args);
    }
    assert!(ok(&["rules", "check", dir]).contains(": 0 errors, "));
    let output = run(&["rules", "new", "x", "--dir", dir, "--fact", "filesystm"]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("did you mean `filesystem`?"), "{}", stderr(&output));
    // Not a terminal: it does not ask.
    for args in [&["rules", "new"] as &[&str], &["rules", "new", "x"], &["rules", "new", "X y", "--fact", "container"]]
    {
        assert_eq!(code(&run(args)), 2, "{args:?}");
    }
}

#[test]
fn a_bundle_becomes_a_small_anonymous_test_that_still_fires() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("host-firewall-blocks-container.yaml");
    let source = crate::top().join("rules/firewall/host-firewall-blocks-container.yaml");
    let before = fs::read_to_string(source).unwrap();
    fs::write(&path, &before).unwrap();
    let args = ["rules", "capture", "host-firewall-blocks-container", &fixture(REFUSED), "--rules", text(&path)];
    let dry = ok_dry(&[&args[..], &["--dry-run"]].concat());
    assert_eq!(fs::read_to_string(&path).unwrap(), before);
    let output = run(&[&args[..], &["--name", "seen at a customer's"]].concat());
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let after = fs::read_to_string(&path).unwrap();
    let test = after.strip_prefix(&before).unwrap();
    assert_eq!(
        test.trim_end().replace("seen at a customer's", "captured from a bundle").replace('"', ""),
        dry.trim_end().replace('"', "")
    );
    // Nothing of the customer is left, and what mattered is.
    for gone in ["orders", "pgdata", "onprem01", "10.32.184.40", "northwind"] {
        assert!(!test.contains(gone), "{gone}: {test}");
    }
    assert!(test.contains("-A INPUT -j REJECT --reject-with icmp-port-unreachable"), "{test}");
    assert!(test.contains("subjects: { c: container-1, ip: \"192.0.2.40\", port: 5432, rule: "), "{test}");
    assert!(test.lines().count() < 80, "{test}");
    assert_eq!(ok(&["rules", "test", text(&path), "--filter", "seen at"]), "1 passed, 0 failed, 0 skipped\n");
}

#[test]
fn silence_and_records_are_captured_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = crate::rule_tests::rule(&folder, "");
    let bundle = folder.path().join("bundle");
    fs::create_dir_all(bundle.join("etc")).unwrap();
    fs::write(bundle.join("etc/hostname"), "spare-7\n").unwrap();
    let output = run(&["rules", "capture", "named", text(&bundle), "--rules", text(&path)]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("the rule does not fire on the texts of this bundle"), "{}", stderr(&output));
    let output = run(&["rules", "capture", "named", text(&bundle), "--rules", text(&path), "--silent"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert!(fs::read_to_string(&path).unwrap().ends_with("    expect: { fires: 0 }\n"));
    // The exception is put to use now.
    assert!(stdout(&run(&["rules", "test", text(&path), "--coverage"])).contains("3 of 3 conditions"));

    let signature = folder.path().join("pay.yaml");
    fs::write(&signature, "id: pay\ntitle: Pay\nabout: Ours.\nsignature:\n  event: payment_failure\n  patterns:\n    - match: 'payment provider (?<host>\\S+) is down'\n").unwrap();
    fs::write(bundle.join("shop.log"), "1 fine\n2 payment provider pay.corp.local is down, token=f00dcafe99\n3 fine\n")
        .unwrap();
    let output = run(&["rules", "capture", "pay", text(&bundle), "--rules", text(&signature)]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let written = fs::read_to_string(&signature).unwrap();
    assert!(written.contains("      2 payment provider domain-1.example.com is down, token=REDACTED1\n"), "{written}");
    assert_eq!(ok(&["rules", "test", text(&signature)]), "1 passed, 0 failed, 0 skipped\n");
    let output = run(&["rules", "capture", "disk-full", text(&bundle)]);
    assert!(stderr(&output).contains("`disk-full` is built in"), "{}", stderr(&output));
}

#[test]
fn a_name_that_the_rule_asks_for_is_kept_and_said() {
    let folder = tempfile::tempdir().unwrap();
    let rule = folder.path().join("r.yaml");
    fs::write(&rule, "id: r\ntitle: t\nseverity: low\nwhen:\n  f: { connection_failure: { container: $c, host: db } }\n  d: { container: { name: db, running: false } }\nmessage: '{{ c }} needs db'\n").unwrap();
    let bundle = folder.path().join("bundle");
    fs::create_dir_all(bundle.join("docker")).unwrap();
    fs::create_dir_all(bundle.join("logs")).unwrap();
    let one = |name: &str, running: bool| serde_json::json!({"Id": "a1".repeat(32), "Name": format!("/{name}"), "State": {"Running": running, "ExitCode": 1}, "NetworkSettings": {}});
    let all = serde_json::json!([one("db", false), one("web", true)]);
    fs::write(bundle.join("docker/inspect.json"), format!("{all:#}\n")).unwrap();
    let log = "2026-11-21T02:19:50.257857669Z level=error err=\"dial tcp: lookup db on 127.0.0.11:53: no such host\"\n";
    fs::write(bundle.join("logs/web.log"), log).unwrap();
    let output = run(&["rules", "capture", "r", text(&bundle), "--rules", text(&rule)]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert!(stderr(&output).contains("there is no room: the name db\n"), "{}", stderr(&output));
    let written = fs::read_to_string(&rule).unwrap();
    assert!(written.contains("lookup db on 127.0.0.11") && written.contains("\"Name\": \"/db\""), "{written}");
    assert!(!written.contains("web") && written.contains("message: container-2 needs db\n"), "{written}");
}

/// The targets of all links of a page.
fn links(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    for rest in page.split("href=\"").skip(1) {
        found.push(rest.split('"').next().unwrap().replace("&#x2f;", "/"));
    }
    found
}

#[test]
fn the_pages_of_a_pack_hang_together_and_carry_nothing_active() {
    let folder = tempfile::tempdir().unwrap();
    let pack = folder.path().join("pack");
    fs::create_dir(&pack).unwrap();
    fs::write(
        pack.join("r.yaml"),
        "id: r\ntitle: \"<script>alert(1)</script> {{ n }}\"\nseverity: low\nabout: \"</main><img src=x onerror=y>\"\nreferences: ['javascript:alert(1)', 'https://example.org/?a=1&b=2']\n\
         when:\n  h: { no_answer: { who: { is: $n, not: { starts_with: spare } } } }\nmessage: It is {{ n }}.\ncollect: { log: 'cat <file>' }\ntests:\n  - name: one\n    files: { app.log: \"no answer of app<b>1\\n\" }\n    expect: { fires: 1 }\n",
    )
    .unwrap();
    fs::write(
        pack.join("s.yaml"),
        "id: s\ntitle: S\nabout: Ours.\nsignature:\n  event: no_answer\n  patterns:\n    - match: 'no answer of (?<who>\\S+)'\ntests:\n  - name: one\n    log: no answer of db\n    expect: [{ who: db }]\n",
    )
    .unwrap();
    let out = folder.path().join("site");
    let told = ok(&["rules", "docs", text(&pack), "-o", text(&out)]);
    assert!(told.starts_with("wrote 5 pages; begin with "), "{told}");
    let mut pages = BTreeSet::new();
    for path in ["index.html", "facts.html", "rules/r.html", "signatures/s.html"] {
        let page = fs::read_to_string(out.join(path)).unwrap();
        assert!(!page.contains("<script") && !page.contains("<img") && !page.contains("href=\"javascript"), "{page}");
        for link in links(&page).iter().filter(|link| !link.starts_with("https://")) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { out.join(path) } else { out.join(path).parent().unwrap().join(file) };
            let target = fs::read_to_string(&target).unwrap_or_else(|error| panic!("{path}: {link}: {error}"));
            assert!(anchor.is_empty() || target.contains(&format!("id=\"{anchor}\"")), "{path}: {link}");
        }
        pages.insert(page);
    }
    let page = fs::read_to_string(out.join("rules/r.html")).unwrap();
    assert!(page.contains("there is a no answer whose who is $n and is nothing that starts with spare"), "{page}");
    assert!(page.contains("It is app&lt;b&gt;1.") && page.contains("cat &lt;file&gt;"), "{page}");
    let again = folder.path().join("again");
    ok(&["rules", "docs", text(&pack), "-o", text(&again)]);
    for path in ["index.html", "facts.html", "rules/r.html", "signatures/s.html"] {
        assert!(pages.contains(&fs::read_to_string(again.join(path)).unwrap()), "{path}");
    }
}

#[test]
fn files_are_laid_out_in_place_and_checked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.yaml");
    fs::write(&path, "title:  'T' # said\nid: r\nwhen: {h: {hostname: {name: $n}}}\n").unwrap();
    let output = run(&["rules", "fmt", "--check", text(&path)]);
    assert_eq!(code(&output), 4);
    let wanted = format!("{} is laid out otherwise\n1 of 1 file would be laid out anew\n", text(&path));
    assert_eq!(stdout(&output), wanted);
    ok(&["rules", "fmt", text(&path)]);
    let laid_out = "id: r\ntitle: \"T\" # said\nwhen: { h: { hostname: { name: $n } } }\n";
    assert_eq!(fs::read_to_string(&path).unwrap(), laid_out);
    assert_eq!(ok(&["rules", "fmt", "--check", text(&path)]), "0 of 1 file would be laid out anew\n");
    fs::write(&path, "id: [r\n").unwrap();
    let output = run(&["rules", "fmt", text(&path)]);
    assert_eq!(code(&output), 4);
    assert!(stdout(&output).contains("left as it is: "), "{}", stdout(&output));
}

#[test]
fn a_watched_file_is_checked_and_tested() {
    let folder = tempfile::tempdir().unwrap();
    let path = crate::rule_tests::rule(&folder, "");
    let told = ok(&["rules", "watch", "--once", text(&path)]);
    assert_eq!(told, format!("{}\n2 passed, 0 failed, 0 skipped\n", text(&path)));
    fs::write(&path, "id: named\nseverity: hihg\n").unwrap();
    let output = run(&["rules", "watch", "--once", text(folder.path())]);
    assert_eq!(code(&output), 4);
    assert!(stdout(&output).contains("did you mean `high`"), "{}", stdout(&output));
}

#[test]
fn a_profile_tells_the_cost_and_leaves_the_report_alone() {
    let bundle = fixture(REFUSED);
    let table = ok(&["rules", "profile", &bundle, "--top", "2"]);
    assert!(
        table.contains("  MATCHES  FINDINGS  RULE\n") && table.contains("  RECORDS  MATCHES  SIGNATURE\n"),
        "{table}"
    );
    let all = json(&ok(&["rules", "profile", &bundle, "--format", "json"]));
    let of = |list: &str, key: &str, id: &str| {
        let found = all[list].as_array().unwrap().iter().find(|one| one[key] == id).cloned();
        found.unwrap_or_else(|| panic!("{id}: {all}"))
    };
    assert_eq!(of("rules", "rule", "host-firewall-blocks-container")["findings"], 1);
    assert_eq!(of("rules", "rule", "disk-full")["findings"], 0);
    assert_eq!(of("signatures", "signature", "libpq-connection-failure")["matches"], 1);
    let times: Vec<u64> =
        all["rules"].as_array().unwrap().iter().map(|rule| rule["microseconds"].as_u64().unwrap()).collect();
    assert!(times.is_sorted_by(|a, b| a >= b), "{times:?}");
    let output = run(&["analyze", &bundle, "--profile"]);
    assert_eq!(stdout(&output), ok(&["analyze", &bundle]));
    assert!(stderr(&output).contains("host-firewall-blocks-container"), "{}", stderr(&output));
}
