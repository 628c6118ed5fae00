//! Documents of other projects, which are not part of this repository: the folder that `BUNDLESCOPE_SHARED` names.

use std::path::{Path, PathBuf};

use bundlescope_parsers::{Document, Identity, identify};

/// Files of the corpus whose row or record cannot be read because it was edited by hand, or is no such document.
pub(crate) const KNOWN: &[&str] = &["container-context-write-special-headers.golden", "02_docker_service_ps_redis.txt"];

pub(crate) fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

#[test]
fn documents_of_other_projects_are_read_without_problems() {
    let Some(shared) = std::env::var_os("BUNDLESCOPE_SHARED").filter(|path| !path.is_empty()).map(PathBuf::from) else {
        eprintln!("SKIPPED: BUNDLESCOPE_SHARED does not name the folder with the corpus");
        return;
    };
    let (mut recognised, mut facts) = (0, 0);
    for folder in [
        "docker_cli",
        "docker_java_samples",
        "go_dockerclient_json",
        "insights/docker_info",
        "troubleshoot_analyze_files",
        "insights/docker_list",
    ] {
        let mut paths = Vec::new();
        files(&shared.join("corpus").join(folder), &mut paths);
        for path in paths.iter().filter(|path| !KNOWN.iter().any(|known| path.ends_with(known))) {
            let bytes = std::fs::read(path).unwrap();
            let Identity::Format(format) = identify("document", &bytes).identity else { continue };
            // Whose ports they are, only a path tells.
            if format.name == "docker-port" {
                continue;
            }
            let parsed = format.read(&Document::new("document", &bytes));
            assert_eq!(parsed.problems, [], "{} as {}", path.display(), format.name);
            recognised += 1;
            facts += parsed.facts.len();
        }
    }
    assert!(recognised >= 200 && facts >= 600, "{recognised} documents, {facts} facts");
}
