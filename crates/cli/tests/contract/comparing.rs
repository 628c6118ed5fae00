//! Two bundles compared, and the report beside a bundle.

use std::fs;
use std::path::Path;

use crate::{REFUSED, code, fixture, json, ok, run, stderr, unpack};

/// A bundle, and the same one after a change of its documents.
fn changed(change: impl Fn(&Path)) -> (tempfile::TempDir, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (folder.path().join("old"), folder.path().join("new"));
    for place in [&old, &new] {
        fs::create_dir(place).unwrap();
        unpack(&fixture(REFUSED), place);
    }
    change(&new);
    let path = |path: &Path| path.to_str().unwrap().to_owned();
    (folder, path(&old), path(&new))
}

/// The document of that name, wherever it lies.
fn edit(folder: &Path, name: &str, edit: impl Fn(String) -> String) {
    let mut open = vec![folder.to_owned()];
    let mut found = 0;
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.file_name().unwrap() == name {
                let text = fs::read_to_string(&path).unwrap();
                fs::write(&path, edit(text)).unwrap();
                found += 1;
            }
        }
    }
    assert_eq!(found, 1, "{name}");
}

#[test]
fn a_bundle_does_not_differ_from_itself() {
    let bundle = fixture(REFUSED);
    let diff = json(&ok(&["diff", &bundle, &bundle, "--format", "json"]));
    assert_eq!((diff["format"].as_i64(), diff["changes"].as_array().unwrap().len()), (Some(1), 0), "{diff}");
    assert!(diff["findings"].as_array().unwrap().iter().all(|finding| finding["fate"] == "unchanged"), "{diff}");
    assert_eq!(diff["not_compared"].as_array().unwrap().len(), 0);
    let text = ok(&["diff", &bundle, &bundle]);
    assert!(text.contains("Nothing that both bundles show has changed"), "{text}");
}

#[test]
fn a_rule_that_went_is_told_with_the_finding_that_went_with_it() {
    let reject = "-A INPUT -j REJECT --reject-with icmp-port-unreachable\n";
    let (_folder, old, new) = changed(|new| {
        edit(new, "iptables_save", |text| {
            assert!(text.contains(reject));
            text.replace(reject, "").replace(":INPUT DROP", ":INPUT ACCEPT")
        });
    });
    let diff = json(&ok(&["diff", &old, &new, "--format", "json"]));
    let gone: Vec<&serde_json::Value> =
        diff["findings"].as_array().unwrap().iter().filter(|finding| finding["fate"] == "gone").collect();
    assert!(gone.iter().any(|finding| finding["rule"] == "host-firewall-blocks-container"), "{diff}");
    let mut changes = diff["changes"].as_array().unwrap().iter();
    let change = changes.find(|change| change["kind"] == "firewall_rule").unwrap();
    assert_eq!(change["change"], "removed");
    assert!(change["what"].as_str().unwrap().starts_with(reject.trim()), "{change}");
    let mut proved = change["findings"].as_array().unwrap().iter().filter_map(|id| id.as_str());
    assert!(proved.any(|id| id.starts_with("host-firewall-blocks-container")), "{change}");
    // The other way round it is what broke.
    let text = ok(&["diff", &new, &old]);
    // The first lines answer what is different: the finding, the change behind it, and what to do.
    let mut lines = text.lines();
    let at = |lines: &mut std::str::Lines<'_>, start: &str| {
        assert!(lines.by_ref().take(9).any(|line| line.starts_with(start)), "{start}: {text}");
    };
    for start in
        ["2 new findings", "New findings", "  - The firewall", "    - ", "    - Fix: ", "        iptables -I INPUT"]
    {
        at(&mut lines, start);
    }
    assert!(text.contains("added: -A INPUT -j REJECT --reject-with icmp-port-unreachable"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    let markdown = ok(&["diff", &new, &old, "--format", "markdown"]);
    assert!(markdown.contains("\n## New findings"), "{markdown}");
    assert_eq!(text, ok(&["diff", &new, &old, "--threads", "1"]));
}

#[test]
fn what_one_bundle_lacks_is_no_change() {
    let (_folder, old, new) = changed(|new| edit(new, "iptables_save", |_| String::new()));
    let diff = json(&ok(&["diff", &old, &new, "--format", "json"]));
    let rules = |list: &str, field: &str| {
        let all = diff[list].as_array().unwrap().iter();
        all.filter(|one| one[field].as_str().unwrap().starts_with("firewall_rule")).count()
    };
    assert_eq!(rules("changes", "kind"), 0, "{diff}");
    assert!(rules("not_compared", "what") > 0, "{diff}");
}

#[test]
fn open_writes_the_report_beside_the_bundle() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("b.tar.gz");
    fs::copy(fixture(REFUSED), &bundle).unwrap();
    let bundle = bundle.to_str().unwrap();
    assert_eq!(ok(&["open", bundle]), format!("{bundle}.html\n"));
    let report = fs::read_to_string(format!("{bundle}.html")).unwrap();
    assert_eq!(report, ok(&["analyze", bundle, "--format", "html", "--quiet"]));
    assert!(report.len() < 300_000, "{}", report.len());
    let elsewhere = folder.path().join("r.html");
    ok(&["open", bundle, "-o", elsewhere.to_str().unwrap()]);
    assert_eq!(fs::read_to_string(elsewhere).unwrap(), report);
    assert_eq!(code(&run(&["open", "-"])), 2);
    assert_eq!(code(&run(&["open", "no-such-bundle"])), 3);
}

#[test]
fn a_template_puts_its_own_in_place_and_its_mistakes_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let brand = folder.path().to_str().unwrap();
    let analyze = |format: &str| run(&["analyze", &fixture(REFUSED), "--format", format, "--template", brand]);
    assert_eq!(code(&analyze("html")), 2);
    let words = r#"{"language": "de", "fix": "Abhilfe", "likely_one": "{} wahrscheinliche Ursache",
        "severities": {"critical": "kritisch"}, "verdicts": {"rejected": "abgewiesen"}, "records": "{} Zeilen"}"#;
    fs::write(folder.path().join("words.json"), words).unwrap();
    let output = analyze("html");
    assert_eq!((code(&output), stderr(&output).as_str()), (0, ""));
    let page = String::from_utf8(output.stdout).unwrap();
    for own in [
        "<html lang=\"de\">",
        "<h3>Abhilfe</h3>",
        "1 wahrscheinliche Ursache",
        ">kritisch cause<",
        ">abgewiesen</strong>",
        ": abgewiesen</text>",
        " Zeilen</span>",
    ] {
        assert!(page.contains(own), "{own}");
    }
    assert_eq!(code(&analyze("json")), 2);
    fs::write(folder.path().join("report.html"), "<h1>\n{{ nmae }}").unwrap();
    let output = analyze("html");
    assert!(stderr(&output).contains("report.html:2: undefined value"), "{}", stderr(&output));
    assert_ne!(code(&output), 0);
}
