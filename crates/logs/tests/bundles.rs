//! The logs of real bundles: what fails in each is known.

#![allow(clippy::expect_used, reason = "a test may panic")]

mod common;

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use bundlescope_facts::{Fact, Value};
use bundlescope_logs::{Scanner, SignatureSet};
use serde_json::Value as Json;

/// Log documents of an archive by path, unpacked.
fn logs(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut keep = |name: String, bytes: Vec<u8>| {
        let parts = ["/logs/", "docker_logs", "-json.log", "container-logs"];
        if !parts.iter().any(|part| name.contains(part))
            || name.contains("sos_logs")
            || name.contains("sos_commands/logs")
        {
            return;
        }
        let mut inner = Vec::new();
        if name.ends_with(".gz") && flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_end(&mut inner).is_ok() {
            found.insert(name, inner);
        } else {
            found.insert(name, bytes);
        }
    };
    let file = std::fs::File::open(path).expect("readable");
    if path.extension().is_some_and(|extension| extension == "zip") {
        let mut archive = zip::ZipArchive::new(file).expect("a zip");
        for index in 0..archive.len() {
            let mut entry = archive.by_index(index).expect("an entry");
            let mut bytes = Vec::new();
            if entry.is_file() && entry.read_to_end(&mut bytes).is_ok() {
                let name = entry.name().map(|name| name.into_owned()).unwrap_or_default();
                keep(name, bytes);
            }
        }
    } else {
        let mut archive = tar::Archive::new(flate2::read::MultiGzDecoder::new(file));
        for entry in archive.entries().expect("a tar").flatten() {
            let mut entry = entry;
            let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            let mut bytes = Vec::new();
            if entry.read_to_end(&mut bytes).is_ok() && !bytes.is_empty() {
                keep(name, bytes);
            }
        }
    }
    found
}

fn events(set: &SignatureSet, name: &str, log: &[u8]) -> Vec<Fact> {
    let mut scanner = Scanner::new(set, name.into(), None).with_year(Some(2026));
    for piece in log.chunks(4096) {
        scanner.feed(piece);
    }
    scanner.finish().events
}

/// Kinds that accuse someone.
const FAILURES: &[&str] = &[
    "connection_failure",
    "tls_failure",
    "client_rejected",
    "server_error",
    "open_files_exhausted",
    "no_space",
    "port_conflict",
];

#[test]
fn failing_clients_say_where_and_healthy_ones_say_nothing() {
    let Some(shared) = std::env::var_os("BUNDLESCOPE_SHARED") else {
        eprintln!("SKIPPED: set BUNDLESCOPE_SHARED to the folder of real bundles to run this test");
        return;
    };
    let bundles = Path::new(&shared).join("bundles");
    let set = common::set();
    let mut complaints = Vec::new();
    let mut paths: Vec<_> = std::fs::read_dir(&bundles).expect("bundles").flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Some((name, _)) = file.split_once('.') else { continue };
        let Ok(truth) = std::fs::read(bundles.join(format!("truth/{name}.json"))) else { continue };
        let truth: Json = serde_json::from_slice(&truth).expect("the truth is JSON");
        let logs = logs(&path);
        let all: Vec<Fact> = logs.iter().flat_map(|(name, log)| events(&set, name, log)).collect();
        let symptoms = truth["symptom_lines"].as_array().map(Vec::as_slice).unwrap_or_default();
        if truth["healthy"] == true {
            for event in all.iter().filter(|e| FAILURES.contains(&e.kind()) && e.get("ongoing") != Value::Bool(false)) {
                complaints.push(format!(
                    "{file}: healthy, but {} {:?} at {:?}",
                    event.kind(),
                    event.data,
                    event.source
                ));
            }
        } else if !symptoms.is_empty() {
            // Bundles whose logs were not collected have nothing to show.
            let shown = logs.values().any(|log| {
                let text = String::from_utf8_lossy(log);
                symptoms.iter().filter_map(Json::as_str).any(|line| {
                    let head: String = line.chars().take_while(|c| *c != '"').collect();
                    text.contains(&head)
                })
            });
            let failures: Vec<_> =
                all.iter().filter(|e| FAILURES.contains(&e.kind()) && e.get("ongoing") != Value::Bool(false)).collect();
            let port = truth["port"].as_i64().map_or(Value::Null, Value::Int);
            let named = failures.iter().any(|e| e.get("port") == port || e.get("port").is_null());
            if shown && !named {
                let seen: Vec<_> = failures.iter().map(|e| format!("{:?}", e.data)).collect();
                complaints.push(format!("{file}: expected port {port}, seen {seen:?}"));
            }
        }
        if std::env::var_os("BUNDLESCOPE_SHOW").is_some() {
            for event in &all {
                eprintln!(
                    "{file}: {} {:?} x{} {}:{}",
                    event.kind(),
                    match &event.data {
                        bundlescope_facts::Data::Dynamic { fields, .. } =>
                            fields.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(" "),
                        _ => String::new(),
                    },
                    event.get("count"),
                    event.source.document,
                    event.source.first_line
                );
            }
        }
    }
    assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), complaints.join("\n"));
}
