//! The signature pack, read as simply as tests need it, and logs to scan.
#![allow(
    dead_code,
    clippy::expect_used,
    clippy::panic,
    reason = "each test binary uses its part, and a test may panic"
)]

use std::path::{Path, PathBuf};

use bundlescope_facts::{Fact, Text, Value};
use bundlescope_logs::{Pattern, Scanner, Signature, SignatureSet};
use serde_json::Value as Json;

pub(crate) struct File {
    pub name: String,
    pub signature: Signature,
    pub tests: Vec<Test>,
}

pub(crate) struct Test {
    pub name: String,
    pub log: String,
    pub expect: Vec<Json>,
}

/// All files of `rules/signatures`, by name.
pub(crate) fn pack() -> Vec<File> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules/signatures");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the pack is in the repository")
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    paths.sort();
    paths.iter().map(|path| read(path)).collect()
}

/// All signatures in one set.
pub(crate) fn set() -> SignatureSet {
    SignatureSet::compile(pack().into_iter().map(|file| file.signature).collect()).expect("the pack compiles")
}

/// The events of a log.
pub(crate) fn scan(set: &SignatureSet, log: &[u8]) -> Vec<Fact> {
    let mut scanner = Scanner::new(set, "test.log".into(), None).with_year(Some(2026));
    scanner.feed(log);
    scanner.finish().events
}

fn read(path: &Path) -> File {
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let text = std::fs::read_to_string(path).expect("readable");
    let json: Json = serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(json["id"], name.as_str(), "the id of a file is its name");
    let signature = &json["signature"];
    let pattern = |pattern: &Json| Pattern {
        regex: text_of(&pattern["match"]),
        fields: fields(&pattern["fields"]),
        map: pattern["map"]
            .as_object()
            .map(|map| map.iter().map(|(group, values)| (group.as_str().into(), fields(values))).collect())
            .unwrap_or_default(),
        ..Pattern::default()
    };
    File {
        signature: Signature {
            id: name.as_str().into(),
            event: text_of(&signature["event"]),
            fields: fields(&signature["fields"]),
            patterns: list(&signature["patterns"]).iter().map(pattern).collect(),
            ..Signature::default()
        },
        tests: list(&json["tests"])
            .iter()
            .map(|test| Test {
                name: test["name"].as_str().expect("a test has a name").to_owned(),
                log: test["log"].as_str().unwrap_or_else(|| panic!("{name}: a test has a log")).to_owned(),
                expect: list(&test["expect"]).to_vec(),
            })
            .collect(),
        name,
    }
}

fn list(json: &Json) -> &[Json] {
    json.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text_of(json: &Json) -> Text {
    json.as_str().unwrap_or_else(|| panic!("a text is expected, not {json}")).into()
}

fn fields(json: &Json) -> Vec<(Text, Value)> {
    let value = |json: &Json| match json {
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => number.as_i64().map_or(Value::Null, Value::Int),
        other => Value::from(&*text_of(other)),
    };
    json.as_object()
        .map(|map| map.iter().map(|(name, json)| (name.as_str().into(), value(json))).collect())
        .unwrap_or_default()
}

/// A web server's access log in which requests fail and people search for error messages.
pub(crate) fn access_log() -> Vec<u8> {
    let mut log = String::new();
    for n in 0..2000u32 {
        let (minute, second) = (n / 60 % 60, n % 60);
        let (path, status) = match n % 7 {
            0 => ("/search?q=connection+refused+redis:6379", 200),
            1 => ("/docs/could-not-connect-to-server", 404),
            2 => ("/v1/items", 502),
            3 => ("/v1/items?timeout=30&error=ECONNREFUSED%2010.0.0.1:80", 504),
            _ => ("/assets/app.js", 200),
        };
        log.push_str(&format!(
            "10.1.{}.{} - - [21/Nov/2026:02:{minute:02}:{second:02} +0000] \"GET {path} HTTP/1.1\" {status} {} \"-\" \"Mozilla/5.0\"\n",
            n % 200, n % 250, 100 + n
        ));
    }
    log.into_bytes()
}

/// An application's log: prose about connections, servers starting, nothing wrong.
pub(crate) fn application_log() -> Vec<u8> {
    let lines = [
        "INFO  retry policy loaded: connection refused and timed out are retried 5 times",
        "INFO  configured dependency: database",
        "DEBUG pool statistics: connections=10 idle=9 timeout=30s",
        "INFO  health check passed for upstream http://idp:8080/health in 3ms",
        "INFO  certificate for web.example.com expires in 42 days",
        "INFO  user 4711 opened the article \"Too many open files: what to do\"",
        "WARN  slow query: SELECT * FROM errors WHERE message LIKE '%could not connect%' took 1200 ms",
        "INFO  worker 3 finished job 1234 (no errors, 0 failed, 0 timed out)",
        "LOG:  listening on Unix socket \"/var/run/postgresql/.s.PGSQL.5432\"",
        "LOG:  database system is ready to accept connections",
        "FATAL:  could not write init file",
        "* Ready to accept connections",
    ];
    let mut log = String::new();
    for n in 0..3000usize {
        log.push_str(&format!("2026-11-21 01:{:02}:{:02}.000 {}\n", n / 60 % 60, n % 60, lines[n % lines.len()]));
    }
    log.into_bytes()
}
