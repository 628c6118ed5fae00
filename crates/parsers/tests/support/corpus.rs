//! Outputs of real commands and what other projects' parsers read from them, compared field by field; they are not part of this
//! repository but lie in the folder that `BUNDLESCOPE_SHARED` names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use bundlescope_facts::{Fact, Value};
use bundlescope_parsers::{Document, Identity, identify};
use serde_json::Value as Json;

/// The rows of a document, each with the fields that the mapping compares.
pub(crate) type Rows = Vec<BTreeMap<&'static str, String>>;

/// What one document says, and what it should say.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) found: Rows,
    pub(crate) expected: Rows,
}

pub(crate) fn corpus() -> Option<PathBuf> {
    let shared = std::env::var("BUNDLESCOPE_SHARED").ok();
    if shared.is_none() {
        eprintln!("SKIPPED: BUNDLESCOPE_SHARED is not set, so the readings of other projects were not compared");
    }
    shared.map(|shared| Path::new(&shared).join("corpus"))
}

/// The facts of a kind that a document states; the path only names the command.
pub(crate) fn facts(path: &str, bytes: &[u8], kinds: &[&str]) -> Vec<Fact> {
    let Identity::Format(format) = identify(path, bytes).identity else { return Vec::new() };
    let facts = format.read(&Document::new(path, bytes)).facts;
    facts.into_iter().filter(|fact| kinds.contains(&fact.kind())).collect()
}

pub(crate) fn shown(value: &Value) -> String {
    match value {
        Value::List(values) => values.iter().map(shown).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

/// Rows of facts by the names of their fields.
pub(crate) fn rows(facts: &[Fact], fields: &[&'static str]) -> Rows {
    facts.iter().map(|fact| fields.iter().map(|field| (*field, shown(&fact.get(field)))).collect()).collect()
}

/// A member of the expectation as text; absent and null alike are empty.
pub(crate) fn text(json: &Json, key: &str) -> String {
    match &json[key] {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        Json::Array(items) => items
            .iter()
            .map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned))
            .collect::<Vec<_>>()
            .join(" "),
        other => other.to_string(),
    }
}

/// An address in the spelling of the vocabulary; what is not an address is empty.
pub(crate) fn address(text: &str) -> String {
    let bare = text.trim_matches(['[', ']']).split(['%', '/']).next().unwrap_or_default();
    match bare {
        "localhost" => "127.0.0.1".into(),
        _ => bare.parse::<std::net::IpAddr>().map(|address| address.to_canonical().to_string()).unwrap_or_default(),
    }
}

/// Every pair of jc of one parser and of Linux.
pub(crate) fn jc(corpus: &Path, parser: &str) -> Vec<(String, Vec<u8>, Json)> {
    let manifest = std::fs::read_to_string(corpus.join("jc/MANIFEST.tsv")).unwrap();
    let mut cases = Vec::new();
    for line in manifest.lines() {
        let columns: Vec<&str> = line.split('\t').collect();
        let other = ["osx", "freebsd", "windows", "aix"].iter().any(|system| columns[1].contains(system));
        if columns[0] != parser || other {
            continue;
        }
        let folder = corpus.join("jc").join(parser);
        let bytes = std::fs::read(folder.join(columns[2])).unwrap();
        let json = serde_json::from_slice(&std::fs::read(folder.join(columns[3])).unwrap()).unwrap();
        cases.push((columns[2].to_owned(), bytes, json));
    }
    assert!(!cases.is_empty(), "no sample of {parser}");
    cases
}

/// Compares and fails with every difference at once. The page `CONFORMANCE.md` tells under the same name how much was compared.
pub(crate) fn compare(name: &str, cases: Vec<Case>) {
    let mut wrong = Vec::new();
    let (documents, mut rows, mut fields) = (cases.len(), 0, 0);
    for case in cases {
        rows += case.expected.len();
        fields += case.expected.iter().map(BTreeMap::len).sum::<usize>();
        if case.found.len() != case.expected.len() {
            wrong.push(format!("{}: {} rows instead of {}", case.name, case.found.len(), case.expected.len()));
        }
        for (at, (found, expected)) in case.found.iter().zip(&case.expected).enumerate() {
            for (field, value) in expected.iter().filter(|(field, value)| found[*field] != **value) {
                wrong.push(format!("{} row {at}: {field} is `{}`, expected `{value}`", case.name, found[field]));
            }
        }
    }
    assert!(rows > 0, "nothing was compared");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    tell(name, &[documents, rows, fields]);
}

/// Holds the figures of one line of `CONFORMANCE.md`; with `CONFORMANCE=update` in the environment they are written.
pub(crate) fn tell(name: &str, figures: &[usize]) {
    static PAGE: Mutex<()> = Mutex::new(());
    let _one_by_one = PAGE.lock();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("CONFORMANCE.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let start = format!("| {name} |");
    let Some(line) = page.lines().find(|line| line.starts_with(&start)) else {
        panic!("{} has no line for `{name}`", path.display());
    };
    let mut cells: Vec<String> = line.split('|').map(|cell| cell.trim().to_owned()).collect();
    for (cell, figure) in cells.iter_mut().skip(2).zip(figures) {
        *cell = figure.to_string();
    }
    let told = cells.join(" | ").trim().replace("|  |", "| |");
    if std::env::var_os("CONFORMANCE").is_some() {
        std::fs::write(&path, page.replacen(line, &told, 1)).unwrap();
    } else {
        assert_eq!(
            line, told,
            "the figures have changed: run the tests with CONFORMANCE=update and look at the difference"
        );
    }
}

/// Rows of a `.yml` of ntc-templates: flat records below `parsed_sample`, lists of texts in them.
pub(crate) fn ntc_records(text: &str) -> Vec<BTreeMap<String, String>> {
    let mut records: Vec<BTreeMap<String, String>> = Vec::new();
    let mut last = String::new();
    for line in text.lines() {
        let unquote = |word: &str| word.trim().trim_matches('"').to_owned();
        if let Some(item) = line.strip_prefix("      - ") {
            let record = records.last_mut().unwrap();
            let list = record.entry(last.clone()).or_default();
            *list = format!("{list} {}", unquote(item)).trim().to_owned();
            continue;
        }
        let Some(entry) = line.strip_prefix("  - ").or_else(|| line.strip_prefix("    ")) else { continue };
        if line.starts_with("  - ") {
            records.push(BTreeMap::new());
        }
        let Some((key, value)) = entry.split_once(':') else { continue };
        last = key.trim().to_owned();
        let value = unquote(value);
        records.last_mut().unwrap().insert(last.clone(), if value == "[]" { String::new() } else { value });
    }
    records
}
