//! Real bundles of real faults: the first finding names the cause, and healthy hosts stay quiet.

#![allow(clippy::unwrap_used, reason = "what cannot be read fails the test")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bundlescope_analysis::{Options, Rulebook, analyze};
use bundlescope_bundle::Input;
use bundlescope_engine::Diagnosis;
use bundlescope_rules::{DiagnosticSeverity, Pack};

/// What is known of a bundle.
#[derive(Debug, Default)]
struct Truth {
    /// Accepted causes, best first; empty for a healthy host.
    causes: Vec<String>,
    container: Option<String>,
    undecidable: bool,
}

fn strings(value: &serde_json::Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(|v| v.as_str().map(str::to_owned)).collect()
}

fn rules() -> Rulebook {
    let (pack, diagnostics) = Pack::load_sources(&[bundlescope_rules::embedded()]);
    assert!(diagnostics.iter().all(|diagnostic| diagnostic.severity() != DiagnosticSeverity::Error), "{diagnostics:?}");
    Rulebook::new(pack).unwrap()
}

/// What is wrong with the diagnosis, if anything.
fn judge(diagnosis: &Diagnosis, truth: &Truth, pack: &Pack) -> Option<String> {
    let first = diagnosis.findings.first().map_or("nothing", |finding| &*finding.cause);
    let loud = |severity: &str| matches!(severity, "critical" | "high" | "medium");
    if truth.causes.is_empty() {
        let noise: Vec<&str> =
            diagnosis.findings.iter().filter(|f| loud(&f.severity)).map(|finding| &*finding.rule).collect();
        return (!noise.is_empty()).then(|| format!("healthy, but {noise:?} fired"));
    }
    if truth.undecidable {
        let claimed = diagnosis.findings.iter().any(|finding| truth.causes.iter().any(|c| **c == *finding.cause));
        let undecided = diagnosis.undecided.iter().any(|u| truth.causes.iter().any(|c| **c == *u.cause));
        let cleared = pack
            .rules()
            .iter()
            .any(|rule| truth.causes.iter().any(|c| **c == *rule.cause) && diagnosis.clear.contains(&rule.id));
        return (claimed || cleared || !undecided)
            .then(|| format!("should be undecided: claimed {claimed}, cleared {cleared}, undecided {undecided}"));
    }
    if !truth.causes.iter().any(|cause| cause == first) {
        return Some(format!("first finding is {first}, not {:?}", truth.causes));
    }
    let top = diagnosis.findings.first()?;
    if top.evidence.is_empty() {
        return Some("the first finding has no evidence".into());
    }
    // The one that failed is named by the finding, or by one of the same cause or the symptom below it.
    let names_it = |container: &str| {
        diagnosis.findings.iter().any(|finding| {
            finding.subjects.values().any(|value| value.as_text() == Some(container))
                || finding.message.contains(container)
                || finding.evidence.iter().any(|e| e.document.contains(container))
        })
    };
    // A full disk is nobody's in particular.
    match truth.container.as_deref().filter(|_| first != "disk-full") {
        Some(container) if !names_it(container) => Some(format!("no finding names {container}")),
        _ => None,
    }
}

fn run(cases: BTreeMap<PathBuf, Truth>) {
    let (rules, mut failures) = (rules(), Vec::new());
    let total = cases.len();
    for (path, truth) in cases {
        match analyze(&Input::Path(path.clone()), &rules, &Options::default()) {
            Ok(diagnosis) => {
                if let Some(failure) = judge(&diagnosis, &truth, rules.pack()) {
                    failures.push(format!("{}: {failure}", path.file_name().unwrap().display()));
                }
            }
            Err(error) => failures.push(format!("{}: {error}", path.display())),
        }
    }
    assert!(failures.is_empty(), "{} of {total} bundles:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn fixtures() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    let truth: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(root.join("truth.json")).unwrap()).unwrap();
    let cases = truth.as_object().unwrap().iter().map(|(file, truth)| {
        let causes = strings(&truth["cause"]);
        let folder = if causes.is_empty() { "healthy" } else { "bundles" };
        let container = truth["container"].as_str().map(str::to_owned);
        let undecidable = truth["undecidable"].as_bool().unwrap_or(false);
        (root.join(folder).join(file), Truth { causes, container, undecidable })
    });
    run(cases.collect());
}

#[test]
fn shared_bundles() {
    let Some(shared) = std::env::var_os("BUNDLESCOPE_SHARED").filter(|path| !path.is_empty()) else {
        eprintln!("SKIPPED: BUNDLESCOPE_SHARED is not set, so the shared bundles are not analysed");
        return;
    };
    let folder = Path::new(&shared).join("bundles");
    let mut cases = BTreeMap::new();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let Some((case, _)) = [".flat.", ".replicated.", ".sos."].iter().find_map(|layout| name.split_once(layout))
        else {
            continue;
        };
        let truth = std::fs::read_to_string(folder.join("truth").join(format!("{case}.json"))).unwrap();
        let truth: serde_json::Value = serde_json::from_str(&truth).unwrap();
        let undecidable = strings(&truth["undecidable"]).contains(&name);
        let container = truth["affected_container"].as_str().map(str::to_owned);
        cases.insert(path, Truth { causes: strings(&truth["cause"]), container, undecidable });
    }
    assert!(cases.len() > 50, "the shared bundles are there");
    run(cases);
}
