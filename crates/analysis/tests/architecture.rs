//! Holds the map in `crates/README.md` against the manifests and the sources.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The crates and what each may use, as the table of the map says.
fn map() -> Vec<(String, BTreeSet<String>)> {
    let text = fs::read_to_string(crates().join("README.md")).unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let uses =
            cells[2].split([',', ' ']).filter(|word| word.chars().all(|c| c.is_ascii_lowercase()) && !word.is_empty());
        (cells[0].trim_matches('`').to_owned(), uses.map(str::to_owned).collect())
    })
    .collect()
}

#[test]
fn dependencies_go_one_way() {
    let map = map();
    let all: BTreeSet<String> = map.iter().map(|(name, _)| name.clone()).collect();
    let folders: BTreeSet<String> = fs::read_dir(crates())
        .unwrap()
        .filter_map(|entry| entry.ok().filter(|e| e.path().is_dir()).map(|e| e.file_name().into_string().unwrap()))
        .collect();
    assert_eq!(all, folders, "the map names every crate");
    for (name, uses) in &map {
        let manifest = fs::read_to_string(crates().join(name).join("Cargo.toml")).unwrap();
        let manifest = manifest.split("[dev-dependencies]").next().unwrap();
        let used: BTreeSet<String> = manifest
            .lines()
            .filter_map(|line| line.strip_prefix("bundlescope-")?.split(['.', ' ', '=']).next().map(str::to_owned))
            .collect();
        let allowed = if uses.contains("all") { &all } else { uses };
        let illegal: Vec<&String> = used.difference(allowed).collect();
        assert!(illegal.is_empty(), "`{name}` uses {illegal:?}, which the map does not allow");
    }
}

/// Rust sources of a crate outside its tests and benches.
fn sources(name: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![crates().join(name).join("src")];
    let mut test_modules = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
                // `#[cfg(test)] mod name;` stands for a file that is a test as a whole.
                let declared = text.split("#[cfg(test)]").skip(1);
                for name in declared.filter_map(|rest| rest.trim_start().strip_prefix("mod ")?.split(';').next()) {
                    let parent = path.with_extension("");
                    let inside = ["mod", "lib", "main"].contains(&parent.file_stem().unwrap().to_str().unwrap());
                    let folder = if inside { path.parent().unwrap().to_owned() } else { parent };
                    test_modules.insert(folder.join(format!("{name}.rs")));
                }
                found.push((path, code));
            }
        }
    }
    found.retain(|(path, _)| !test_modules.contains(path));
    found
}

#[test]
fn only_bundle_and_cli_touch_files_and_only_cli_prints() {
    for (name, _) in map() {
        for (path, code) in sources(&name) {
            let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
            for line in lines {
                let opens =
                    ["std::fs", "File::open", "File::create", "std::net::Tcp"].iter().any(|word| line.contains(word));
                assert!(!opens || ["bundle", "cli"].contains(&&*name), "{}: opens files: {line}", path.display());
                let prints =
                    ["println!", "eprintln!", "print!(", "stdout()", "stderr()"].iter().any(|word| line.contains(word));
                assert!(!prints || name == "cli", "{}: prints: {line}", path.display());
            }
        }
    }
}
