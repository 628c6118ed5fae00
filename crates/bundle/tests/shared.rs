//! Archives of others: hostile and broken ones, and bundles as customers send them.
//!
//! They are not part of the repository. `BUNDLESCOPE_SHARED` names the folder that holds `evil/archives` with its
//! `evil/index.json` and `bundles`; without it these tests say so and pass.

#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "helpers of tests are test code too")]

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bundlescope_bundle::{Entry, Input, Limits, OpenError, Sink, Summary, read};
use bundlescope_facts::Text;

fn shared() -> Option<PathBuf> {
    let folder = std::env::var_os("BUNDLESCOPE_SHARED").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("SKIPPED: set BUNDLESCOPE_SHARED to the folder with the hostile archives and the real bundles");
    }
    folder
}

/// Counts, and checks every name.
#[derive(Default)]
struct Count {
    documents: BTreeMap<String, u64>,
    links: usize,
}

impl Sink for Count {
    fn document(&mut self, entry: &Entry, content: &mut dyn Read) {
        let mut chunk = vec![0; 256 << 10];
        let mut size = 0;
        while let read @ 1.. = content.read(&mut chunk).expect("contents never fail") {
            size += read as u64;
        }
        check_name(&entry.path);
        assert!(self.documents.insert(entry.path.to_string(), size).is_none(), "{} twice", entry.path);
    }

    fn link(&mut self, path: &Text, target: &str) {
        check_name(path);
        assert!(!target.chars().any(char::is_control));
        self.links += 1;
    }
}

/// Relative, without a way up, and harmless to print.
fn check_name(path: &str) {
    assert!(!path.starts_with('/') && path.split('/').all(|part| !part.is_empty() && part != ".."), "{path:?}");
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    assert!(!path.contains(hidden), "{path:?}");
}

fn open(path: &Path) -> Result<(Count, Summary), OpenError> {
    let mut count = Count::default();
    let summary = read(&Input::Path(path.to_owned()), &Limits::default(), &mut count)?;
    assert_eq!(summary.documents, count.documents.len() as u64, "{}", path.display());
    assert_eq!(summary.bytes, count.documents.values().sum::<u64>(), "{}", path.display());
    assert!(summary.complete || !(summary.problems.is_empty() && summary.limits.is_empty()), "{}", path.display());
    Ok((count, summary))
}

/// Where `"key": "value"` stands in one entry of the index, which is written one member a line.
fn member<'e>(entry: &'e str, key: &str) -> Option<&'e str> {
    let start = entry.find(&format!("\n  \"{key}\": "))?;
    let value = entry[start..].split_once(": ")?.1;
    let value = value.split_once('\n').map_or(value, |(line, _)| line);
    Some(value.trim_end_matches(',').trim_matches('"'))
}

#[test]
fn hostile_archives_are_read_within_bounds() {
    let Some(shared) = shared() else { return };
    let index = std::fs::read_to_string(shared.join("evil/index.json")).expect("the index");
    let mut seen = 0;
    for entry in index.split("\n {").skip(1) {
        let file = member(entry, "file").expect("a file");
        let class = member(entry, "class").expect("a class");
        let reader = member(entry, "good_reader").expect("a description");
        let start = Instant::now();
        let result = open(&shared.join("evil/archives").join(file));
        let took = start.elapsed();
        seen += 1;
        assert!(took < Duration::from_secs(20), "{file} takes {took:?}");
        let Ok((count, summary)) = result else {
            // Only what nothing could be read of may be refused.
            assert!(
                matches!(class, "corrupt" | "zip64" | "truncated" | "size" | "polyglot" | "control"),
                "{file}: {class}"
            );
            continue;
        };
        let problem = |part: &str| summary.problems.iter().any(|problem| problem.message.contains(part));
        match class {
            "encrypted" if reader.starts_with("report ENCRYPTED") => assert!(problem("is encrypted"), "{file}"),
            "bomb" if file.starts_with("generated/bomb") => assert_eq!(summary.limits[0].limit, "ratio", "{file}"),
            "bomb" => assert!(!summary.complete, "{file}"),
            // One of them has half an end mark, which is all that is missing.
            "truncated" => assert!(!summary.complete || file.contains("missing_last_header"), "{file}"),
            "traversal" if problem("names with `..`") || problem("absolute names") => {}
            // A backslash leads nowhere on the systems that bundles come from.
            "traversal" => assert!(file.contains("backslash") || file.contains("invalid_characters"), "{file}"),
            "device" if file.contains("special") => assert!(problem("devices and pipes"), "{file}"),
            "links" if !file.ends_with("symlinks3.zip") => assert!(count.links > 0, "{file}"),
            "sparse" => assert!(summary.bytes < 1 << 20, "{file}"),
            "control" if summary.limits.is_empty() => {}
            "control" => panic!("{file}: {:?}", summary.limits),
            _ => {}
        }
    }
    assert!(seen > 200, "{seen} archives only");
}

/// What each archive of the collection comes to. The documents, bytes and links were held against the listings of Python's
/// `tarfile` and `zipfile`, and every difference was judged: holes of sparse files, archives inside archives, links that
/// Python calls files, entries that it refuses or cannot find.
const EXPECTED: &str = include_str!("shared/expected.txt");

#[test]
fn every_archive_of_the_collection_comes_to_what_is_in_it() {
    let Some(shared) = shared() else { return };
    let mut differences = Vec::new();
    for line in EXPECTED.lines().filter(|line| !line.starts_with('#')) {
        let (file, expected) = line.split_once('\t').expect("two columns");
        let found = match open(&shared.join("evil/archives").join(file)) {
            Err(error) => format!("refused: {}", refusal(&error)),
            Ok((count, summary)) => {
                let mut hits: Vec<&str> = summary.limits.iter().map(|hit| hit.limit).collect();
                hits.dedup();
                format!(
                    "{} documents, {} bytes, {} links, {} problems, {}{}",
                    summary.documents,
                    summary.bytes,
                    count.links,
                    summary.problems.len(),
                    if summary.complete { "complete" } else { "incomplete" },
                    hits.iter().map(|hit| format!(", {hit}")).collect::<String>()
                )
            }
        };
        if found != expected {
            differences.push(format!("{file}\n  expected {expected}\n  found    {found}"));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

fn refusal(error: &OpenError) -> &str {
    match error {
        OpenError::NotABundle(_, why) => why,
        _ => "unreadable",
    }
}

/// What single archives of the collection must come to.
#[test]
fn hostile_archives_yield_what_is_in_them() {
    let Some(shared) = shared() else { return };
    let archives = shared.join("evil/archives");
    let paths = |file: &str| {
        let (count, _) = open(&archives.join(file)).expect("an archive");
        count.documents.into_keys().collect::<Vec<_>>()
    };
    assert_eq!(paths("tokio-tar/pax-hidden-entry.tar"), ["file_a", "file_b", "hidden"]);
    assert_eq!(paths("tokio-tar/pax-phantom-entry.tar"), ["file_a", "file_b"]);
    assert_eq!(paths("golang-tar/sparse-formats.tar").len(), 5);
    assert_eq!(paths("zt-zip/duplicate.zip"), ["foo.txt", "foo.txt (2)"]);
    assert_eq!(paths("generated/overlap-full.zip"), ["0"]);
    assert_eq!(paths("generated/file-then-dir.tar").len(), 4);
    assert_eq!(paths("generated/no-central-directory.zip"), ["also.log", "good.log"]);
    assert_eq!(paths("generated/multi-member.tar.gz"), ["logs/app.log"]);
    assert_eq!(paths("jszip/all_missing_bytes.zip"), ["images/smile.gif"]);
    assert_eq!(paths("yauzl/unicode-path-extra-field.zip"), ["七个房间.txt"]);
    assert_eq!(paths("cpython/zip_cp437_header.zip"), ["filename_with_æoå.txt", "filename_without.txt"]);
    let (count, summary) = open(&archives.join("generated/nested-31.tar.gz")).expect("an archive");
    assert_eq!((count.documents.len(), summary.limits[0].limit), (0, "depth"));
    let (count, summary) = open(&archives.join("generated/pax-64mib-record.tar.gz")).expect("an archive");
    assert_eq!((count.documents["a.log"], summary.limits[0].limit), (5, "header_bytes"));
}

#[test]
fn real_bundles_are_read_without_a_problem() {
    let Some(shared) = shared() else { return };
    let mut seen = 0;
    let bundles = std::fs::read_dir(shared.join("bundles")).expect("the bundles");
    for path in bundles.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_file()) {
        let is_archive = |extension| path.extension().is_some_and(|there| there == extension);
        if !is_archive("gz") && !is_archive("zip") {
            continue;
        }
        let (count, summary) = open(&path).expect("a bundle");
        assert!(count.documents.len() > 10, "{}", path.display());
        assert!(summary.complete && summary.limits.is_empty(), "{}: {:?}", path.display(), summary.problems);
        assert!(summary.problems.is_empty(), "{}: {:?}", path.display(), summary.problems);
        seen += 1;
    }
    assert!(seen > 50, "{seen} bundles only");
}
