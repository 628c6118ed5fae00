//! Firewalls: every rule of the rulesets of other projects becomes a fact, and ufw is read as jc reads it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bundlescope_parsers::{Document, Identity, identify};
use serde_json::Value as Json;

use crate::support::corpus::*;

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

/// Format, rules among the facts, and problems of a document of any name.
fn read(bytes: &[u8]) -> Option<(&'static str, usize, Vec<String>)> {
    let Identity::Format(format) = identify("document", bytes).identity else { return None };
    let parsed = format.read(&Document::new("document", bytes));
    let rules = parsed.facts.iter().filter(|fact| fact.kind() == "firewall_rule").count();
    Some((
        format.name,
        rules,
        parsed.problems.iter().map(|found| format!("{}: {}", found.line, found.message)).collect(),
    ))
}

#[test]
fn no_rule_of_a_saved_ruleset_is_lost() {
    let Some(corpus) = corpus() else { return };
    let index: Json = serde_json::from_slice(&std::fs::read(corpus.join("rulesets/index.json")).unwrap()).unwrap();
    let mut documents: Vec<PathBuf> = Vec::new();
    // What iptables-restore itself refuses is broken on purpose.
    for entry in index.as_array().unwrap() {
        let loads = entry["loads_legacy"] == true || entry["loads_nft"] == true;
        if entry["format"] == "iptables-save" && loads {
            documents.push(corpus.join("rulesets").join(text(entry, "file")));
        }
    }
    assert!(documents.len() > 30, "{} rulesets", documents.len());
    documents.extend(files(&corpus.join("moby/iptables_bridge_golden")));
    documents.extend(files(&corpus.join("moby/iptables_userchain_golden")));
    let (mut wrong, mut rules) = (Vec::new(), 0);
    for path in &documents {
        let bytes = std::fs::read(path).unwrap();
        let appended = String::from_utf8_lossy(&bytes)
            .lines()
            .map(|line| {
                line.trim_start_matches(|c: char| c == '[' || c == ']' || c == ':' || c == ' ' || c.is_ascii_digit())
            })
            .filter(|line| line.starts_with("-A "))
            .count();
        rules += appended;
        match read(&bytes) {
            // Of `iptables -S CHAIN` the parser says that the rest of the table is missing.
            Some((format, found, problems))
                if found == appended
                    && problems.iter().all(|problem| format == "iptables-S" && problem.contains("the whole table")) => {
            }
            None if appended == 0 => {}
            other => wrong.push(format!("{}: {appended} rules, but {other:?}", path.display())),
        }
    }
    assert!(rules > 4000, "{rules} rules");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_rule_of_a_listing_is_lost() {
    let Some(corpus) = corpus() else { return };
    let (mut wrong, mut rules) = (Vec::new(), 0);
    for path in files(&corpus.join("moby/iptablesdoc_split")) {
        let bytes = std::fs::read(&path).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        // Rows are numbered in listings, and the specifications below one say the same once more.
        let row = |line: &&str| line.starts_with(|c: char| c.is_ascii_digit()) && line.contains("--");
        let listed = match text.lines().filter(row).count() {
            0 => text.lines().filter(|line| line.starts_with("-A ")).count(),
            rows => rows,
        };
        if listed == 0 {
            continue;
        }
        rules += listed;
        match read(&bytes) {
            // Of an excerpt the parser says that the rest of the table is missing.
            Some((_, found, problems))
                if found == listed && problems.iter().all(|problem| problem.contains("the whole table")) => {}
            other => wrong.push(format!("{}: {listed} rules, but {other:?}", path.display())),
        }
    }
    assert!(rules > 200, "{rules} rules");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_rule_of_an_nft_ruleset_is_lost() {
    let Some(corpus) = corpus() else { return };
    let (mut wrong, mut rules) = (Vec::new(), 0);
    for path in files(&corpus.join("moby/nft_bridge_golden")) {
        let bytes = std::fs::read(&path).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        let mut block = String::new();
        let mut stated = 0;
        for line in text.lines().map(str::trim) {
            if let Some(opened) = line.strip_suffix(" {") {
                block = opened.to_owned();
            } else if block.starts_with("chain ") && !line.is_empty() && line != "}" && !line.starts_with("type ") {
                stated += 1;
            } else if line == "}" {
                block.clear();
            }
        }
        rules += stated;
        match read(&bytes) {
            Some((_, found, problems)) if found == stated && problems.is_empty() => {}
            other => wrong.push(format!("{}: {stated} rules, but {other:?}", path.display())),
        }
    }
    assert!(rules > 500, "{rules} rules");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn rules_of_ufw() {
    let Some(corpus) = corpus() else { return };
    let mut cases = Vec::new();
    for (name, bytes, json) in jc(&corpus, "ufw") {
        let fields = ["active", "logging"];
        let expected = BTreeMap::from([
            ("active", (json["status"] == "active").to_string()),
            ("logging", text(&json, "logging_level")),
        ]);
        let found = rows(&facts("ufw.txt", &bytes, &["firewall_service"]), &fields);
        cases.push(Case { name: name.clone(), found, expected: vec![expected] });
        let any = |word: String| if word == "any" { String::new() } else { word };
        let expected: Rows = json["rules"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|row| {
                BTreeMap::from([
                    ("action", text(row, "action")),
                    ("direction", text(row, "action_direction").to_lowercase()),
                    ("comment", text(row, "comment")),
                    ("to_interface", any(text(row, "to_interface"))),
                    ("from_interface", any(text(row, "from_interface"))),
                ])
            })
            .collect();
        if !expected.is_empty() {
            let fields = ["action", "direction", "comment", "to_interface", "from_interface"];
            let mut expected = expected;
            let mut found = rows(&facts("ufw.txt", &bytes, &["ufw_rule"]), &fields);
            for (found, expected) in found.iter_mut().zip(&mut expected) {
                // `ufw status` prints no direction for what comes in.
                if expected["direction"].is_empty() {
                    expected.insert("direction", found["direction"].clone());
                }
            }
            cases.push(Case { name, found, expected });
        }
    }
    compare("jc: ufw", cases);
}
