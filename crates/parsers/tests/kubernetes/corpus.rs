//! Documents of other projects, which are not part of this repository: the folder that `BUNDLESCOPE_SHARED` names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bundlescope_parsers::{Document, Identity, Parsed, identify};

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

/// The documents of a folder of the corpus; none where the corpus is not there.
fn corpus(folder: &str) -> Vec<(String, Vec<u8>)> {
    let Some(shared) = std::env::var_os("BUNDLESCOPE_SHARED").filter(|path| !path.is_empty()).map(PathBuf::from) else {
        eprintln!("SKIPPED: BUNDLESCOPE_SHARED does not name the folder with the corpus");
        return Vec::new();
    };
    let root = shared.join("corpus").join(folder);
    let mut paths = Vec::new();
    files(&root, &mut paths);
    let named =
        |path: PathBuf| (path.strip_prefix(&root).unwrap().display().to_string(), std::fs::read(&path).unwrap());
    paths.into_iter().map(named).filter(|(name, _)| !name.ends_with("LICENSE")).collect()
}

/// Name of the format that a document is taken for, and what it says.
fn read(path: &str, bytes: &[u8]) -> Option<(&'static str, Parsed)> {
    match identify(path, bytes).identity {
        Identity::Format(format) => Some((format.name, format.read(&Document::new(path, bytes)))),
        _ => None,
    }
}

#[test]
fn manifests_with_faults_are_read_wholly() {
    let mut documents = corpus("popeye_k8s_yaml");
    // The configuration of the linter itself.
    documents.retain(|(name, _)| name != "config/1.yaml");
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for (name, bytes) in &documents {
        let (format, parsed) = read("document", bytes).unwrap_or_else(|| panic!("{name} is not recognised"));
        assert_eq!((format, &*parsed.problems), ("kubernetes-objects-yaml", &[][..]), "{name}");
        // Every object became a fact: each begins with its version, be it an element of a list or a document.
        let text = String::from_utf8_lossy(bytes);
        let begins = |line: &&str| {
            line.starts_with("apiVersion:")
                || ["- apiVersion:", "  - apiVersion:"].iter().any(|start| line.starts_with(start))
        };
        let lists = text.lines().filter(|line| line.starts_with("kind:") && line.trim_end().ends_with("List")).count();
        let objects = text.lines().filter(begins).count() - lists;
        assert_eq!(parsed.facts.len(), objects, "{name}");
        for fact in &parsed.facts {
            *kinds.entry(fact.kind().to_owned()).or_default() += 1;
        }
    }
    assert!(documents.is_empty() || kinds.len() >= 12 && kinds["pod"] >= 10, "{kinds:?}");
}

#[test]
fn objects_that_troubleshoot_collected_are_read_wholly() {
    let documents = corpus("troubleshoot_analyze_files");
    for (name, bytes) in &documents {
        let (format, parsed) = read("document", bytes).unwrap_or_else(|| panic!("{name} is not recognised"));
        assert_eq!((format, &*parsed.problems), ("kubernetes-objects", &[][..]), "{name}");
        let json: serde_json::Value = serde_json::from_slice(bytes).unwrap();
        let items = json.get("items").unwrap_or(&json).as_array().map_or(1, Vec::len);
        assert!(parsed.facts.len() >= items, "{name}: {items} items, {} facts", parsed.facts.len());
    }
}

/// What the goldens of helm's own tests are taken for and say.
#[test]
fn goldens_of_helm_are_read() {
    let (mut seen, mut releases) = (BTreeMap::<&str, usize>::new(), 0);
    let documents = corpus("helm_goldens");
    for (name, bytes) in &documents {
        let Some((format, parsed)) = read("document", bytes) else { continue };
        // A template that is not YAML is there to fail.
        let broken = name.contains("invalid") || name.contains("bad-type") && name.starts_with("template");
        assert!(parsed.problems.is_empty() || broken, "{name} as {format}: {:?}", parsed.problems);
        *seen.entry(format).or_default() += 1;
        releases += parsed.facts.iter().filter(|fact| fact.kind() == "helm_release").count();
        if format == "helm-list" {
            let text = String::from_utf8_lossy(bytes);
            let rows = text
                .lines()
                .filter(|line| line.contains("chickadee") || line.contains("foo-") || line.contains("test-chart"))
                .count();
            assert_eq!(parsed.facts.len(), rows, "{name}");
        }
    }
    for (name, bytes) in
        documents.iter().filter(|(name, bytes)| bytes.starts_with(b"Error: ") && !name.starts_with("dependency"))
    {
        let known = read("helm install", bytes)
            .is_some_and(|(format, parsed)| format == "helm-error" && !parsed.facts.is_empty());
        assert!(known, "{name}");
    }
    if !documents.is_empty() {
        assert!(
            seen["helm-list"] >= 20 && seen["helm-status"] >= 30 && seen["helm-lint"] >= 5 && releases >= 120,
            "{seen:?} {releases}"
        );
    }
}

/// crictl's tables; one sample has lost its titles, so that nothing tells what it is.
#[test]
fn tables_of_crictl_are_read() {
    for (name, bytes) in corpus("insights/crictl_ps") {
        let text = String::from_utf8_lossy(&bytes);
        if text.trim_start().starts_with("INVALID HEADER") {
            continue;
        }
        let (format, parsed) = read("document", &bytes).unwrap_or_else(|| panic!("{name} is not recognised"));
        let rows = text.lines().filter(|line| !line.trim().is_empty()).count() - 1;
        assert_eq!((format, parsed.facts.len(), &*parsed.problems), ("crictl", rows, &[][..]), "{name}");
    }
}
