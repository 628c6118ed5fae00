//! The probe against what the Linux kernel did: hosts that were really built, flows that were really sent.
//!
//! The recordings are in the folder that `BUNDLESCOPE_SHARED` names, below `oracle/cases`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use bundlescope_facts::{Fact, Proto};
use bundlescope_netfilter::{Answer, Flow, From, Network, RuleNumber, Verdict};
use bundlescope_parsers::{Document, Identity, identify};
use serde_json::Value;

#[test]
fn every_recorded_flow() {
    let Some(shared) = std::env::var_os("BUNDLESCOPE_SHARED") else {
        eprintln!("SKIPPED: set BUNDLESCOPE_SHARED to the folder that holds oracle/cases to compare with the kernel");
        return;
    };
    let cases = cases(&Path::new(&shared).join("oracle/cases"));
    assert!(!cases.is_empty(), "no recordings in {}", Path::new(&shared).display());
    let mut styles: BTreeMap<String, Tally> = BTreeMap::new();
    let mut wrong = Vec::new();
    for case in &cases {
        let style = case.file_name().and_then(|name| name.to_str()).and_then(|name| name.split('-').nth(1));
        let tally = styles.entry(style.unwrap_or("?").to_owned()).or_default();
        run(case, tally, &mut wrong);
    }
    println!("{:<12}{:>7}{:>9}{:>9}{:>9}", "style", "flows", "wrong", "unknown", "visited");
    let mut total = Tally::default();
    for (style, tally) in &styles {
        print_row(style, tally);
        total.add(tally);
    }
    print_row("all", &total);
    for line in wrong.iter().take(std::env::var("ORACLE_SHOW").ok().and_then(|n| n.parse().ok()).unwrap_or(40)) {
        println!("{line}");
    }
    assert!(total.unknown * 100 <= total.flows, "{} of {} unknown", total.unknown, total.flows);
    assert!(wrong.is_empty(), "{} of {} flows differ", wrong.len(), total.flows);
}

#[derive(Default)]
struct Tally {
    flows: usize,
    wrong: usize,
    unknown: usize,
    visited: usize,
}

impl Tally {
    fn add(&mut self, other: &Self) {
        self.flows += other.flows;
        self.wrong += other.wrong;
        self.unknown += other.unknown;
        self.visited += other.visited;
    }
}

fn print_row(name: &str, tally: &Tally) {
    println!("{name:<12}{:>7}{:>9}{:>9}{:>9}", tally.flows, tally.wrong, tally.unknown, tally.visited);
}

fn cases(folder: &Path) -> Vec<PathBuf> {
    let only = std::env::var("ORACLE_ONLY").unwrap_or_default();
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.to_string_lossy().ends_with(".tar.gz") && path.to_string_lossy().contains(&only))
        .collect();
    found.sort();
    found
}

fn facts(bundle: &Path) -> Vec<Fact> {
    let file = std::fs::File::open(bundle).expect("the bundle opens");
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(file));
    let mut facts = Vec::new();
    for entry in archive.entries().expect("a tar archive") {
        let mut entry = entry.expect("an entry");
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).expect("an entry's bytes");
        let identified = identify(&path, &bytes);
        if let Identity::Format(format) = identified.identity {
            let document = Document { container: identified.container, ..Document::new(path.as_str(), &bytes) };
            facts.extend(format.read(&document).facts);
        }
    }
    facts
}

fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).expect("a readable file");
    text.lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect()
}

fn flow(value: &Value) -> Flow {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let address = |value: &Value| value.as_str().and_then(|text| text.parse().ok());
    let from = match &value["from"] {
        Value::String(name) if name == "host" => From::Host { bound: address(&value["bound"]) },
        Value::String(name) => From::Container(name.as_str().into()),
        outside => From::Outside {
            address: address(&outside["ip"]).expect("an address"),
            input: outside["in"].as_str().map(Into::into),
        },
    };
    let port = |value: &Value| value.as_u64().and_then(|port| u16::try_from(port).ok());
    Flow {
        from,
        proto: Proto::from_word(&text(&value["proto"])).expect("a protocol"),
        to: address(&value["to"]).expect("an address"),
        port: port(&value["port"]).unwrap_or(0),
        sport: port(&value["sport"]),
    }
}

fn run(case: &Path, tally: &mut Tally, wrong: &mut Vec<String>) {
    let base = case.to_string_lossy().trim_end_matches(".tar.gz").to_owned();
    let network = Network::from_facts(&facts(case));
    let host = network.host("").expect("one host");
    let expected = lines(Path::new(&format!("{base}.expected.jsonl")));
    let flows = lines(Path::new(&format!("{base}.flows.jsonl")));
    for (question, expected) in flows.iter().zip(&expected) {
        assert_eq!(question["id"], expected["id"], "{base}");
        let answer = host.probe(&flow(question));
        tally.flows += 1;
        if answer.verdict == Verdict::Unknown {
            tally.unknown += 1;
        }
        let differs = visited(&answer) != expected["visited"].as_array().cloned().unwrap_or_default();
        if differs {
            tally.visited += 1;
        }
        if let Some(why) = difference(&answer, expected) {
            if answer.verdict != Verdict::Unknown {
                tally.wrong += 1;
                let path = answer.lines().join("\n        ");
                let name = base.rsplit('/').next().unwrap_or_default();
                wrong.push(format!(
                    "{name} {question}\n    {why}\n    expected {expected}\n        {path}\n        {:?}",
                    answer.assumed
                ));
            } else if std::env::var_os("ORACLE_UNKNOWN").is_some() {
                println!("{base} {question} {why} {:?}", answer.assumed);
            }
        } else if differs && std::env::var_os("ORACLE_VISITED").is_some() {
            println!("{base} {question}\n   {:?}\n   {}", visited(&answer), expected["visited"]);
        }
    }
}

/// Rules that the first packet matched, in the form of the recordings.
fn visited(answer: &Answer) -> Vec<Value> {
    let entries = answer.path.iter().filter(|entry| entry.packet == "fwd" && entry.container.is_none());
    entries
        .filter_map(|entry| {
            let number = match entry.rule? {
                RuleNumber::Number(number) => number,
                RuleNumber::Policy => 0,
            };
            Some(Value::from(format!("{}/{}/{number}", entry.table.as_ref()?, entry.chain.as_ref()?)))
        })
        .collect()
}

fn difference(answer: &Answer, expected: &Value) -> Option<String> {
    let verdict = expected["verdict"].as_str().unwrap_or_default();
    if answer.verdict.word() != verdict {
        return Some(format!("verdict {} instead of {verdict}", answer.verdict.word()));
    }
    let wanted = &expected["decided_by"];
    if wanted.is_null() {
        return None;
    }
    let found = serde_json::to_value(&answer.decided_by).expect("an answer is JSON");
    for field in ["table", "chain", "rule"] {
        if found[field] != wanted[field] {
            return Some(format!("decided by {found} instead of {wanted}"));
        }
    }
    let packet = answer.packet.unwrap_or_default();
    // Whether a machine outside answers or refuses is not in the bundle; either packet dies of the same rule.
    let outside =
        answer.path.iter().any(|entry| entry.text.as_deref().is_some_and(|text| text.ends_with(" outside this host")));
    let same = |wanted: &str| wanted == packet || (outside && (wanted, packet) == ("err", "rep"));
    if expected["packet"].as_str().is_some_and(|wanted| !same(wanted)) {
        return Some(format!("packet {packet}"));
    }
    let how = answer.reject_with.as_deref().unwrap_or_default();
    if expected["how"].as_str().is_some_and(|wanted| wanted != how) {
        return Some(format!("looks like {how}"));
    }
    None
}
