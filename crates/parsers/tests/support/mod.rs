//! What the test targets of the families share: fixtures, the corpus of other projects, and what must hold for every parser.

#![allow(dead_code, reason = "each test target uses its part")]

pub(crate) mod corpus;
pub(crate) mod hostile;
pub(crate) mod inside;
pub(crate) mod sources;

use std::fmt::Write;
use std::path::PathBuf;

use bundlescope_facts::{Fact, Value};
use bundlescope_parsers::{Document, Identity, Parsed, identify};

/// Every fixture of a family (`tests/FAMILY/fixtures`) with its name, in the order of names.
pub(crate) fn fixtures(family: &str) -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests").join(family).join("fixtures");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let name = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
    let named = files.iter().map(|path| (name(path), std::fs::read(path).unwrap()));
    named.filter(|(name, _)| name != "README.md").collect()
}

/// Name of the format that a document is taken for, and what it reads.
pub(crate) fn read(path: &str, bytes: &[u8]) -> (&'static str, Parsed) {
    match identify(path, bytes).identity {
        Identity::Format(format) => (format.name, format.read(&Document::new(path, bytes))),
        other => panic!("{path} not recognised: {other:?}"),
    }
}

/// Each fact in one line: kind, lines, and every field that says something.
pub(crate) fn shown(parsed: &Parsed) -> String {
    listed(parsed, " ", "=")
}

/// Kind and lines of each fact, and every field that says something, each behind `before` and with `between` in front of its value.
pub(crate) fn listed(parsed: &Parsed, before: &str, between: &str) -> String {
    let mut text = String::new();
    for Fact { source, data, .. } in &parsed.facts {
        let spec = data.spec().unwrap();
        write!(text, "{}-{} {}", source.first_line, source.last_line, spec.name).unwrap();
        for field in spec.fields {
            match data.get(field.name) {
                Value::Null | Value::Bool(false) => {}
                Value::List(list) if list.is_empty() => {}
                Value::Map(map) if map.is_empty() => {}
                value => write!(text, "{before}{}{between}{value}", field.name).unwrap(),
            }
        }
        text.push('\n');
    }
    for problem in &parsed.problems {
        writeln!(text, "PROBLEM {}: {}", problem.line, problem.message).unwrap();
    }
    text
}
