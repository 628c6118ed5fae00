//! Which finding stands under which, and the counts of the verdict line.

use std::collections::{BTreeMap, BTreeSet};

use bundlescope_engine::{Diagnosis, Finding};

use super::finding::FindingView;
use super::paths::Paths;
use crate::words::{Tally, Words};

/// The findings with those that another explains nested under it, one level deep.
///
/// Only a finding that stands earlier can take another in, as the diagnosis puts causes before what they explain;
/// so no circle can arise, whatever `explains` says.
pub(super) fn nest(findings: &[Finding], paths: &Paths, w: &Words) -> Vec<FindingView> {
    let mut index_of: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, finding) in findings.iter().enumerate() {
        index_of.entry(&finding.id).or_insert(index);
    }
    // Roots of earlier findings are final when a later one asks, so a chain needs one step only.
    let mut roots: Vec<usize> = (0..findings.len()).collect();
    for (index, finding) in findings.iter().enumerate() {
        for child in finding.explains.iter().filter_map(|id| index_of.get(&**id)) {
            let root = roots.get(index).copied().unwrap_or(index);
            if let Some(slot) = roots.get_mut(*child)
                && *child > index
                && *slot == *child
            {
                *slot = root;
            }
        }
    }
    let anchors = anchors(findings);
    let mut views: BTreeMap<usize, FindingView> = BTreeMap::new();
    for (index, (finding, anchor)) in findings.iter().zip(anchors).enumerate() {
        let root = roots.get(index).copied().unwrap_or(index);
        let mut view = FindingView::new(finding, anchor, paths, w);
        match views.get_mut(&root) {
            Some(parent) => {
                view.number = format!("{}.{}", parent.number, parent.children.len() + 1);
                parent.children.push(view);
            }
            None => {
                view.number = (views.len() + 1).to_string();
                views.insert(index, view);
            }
        }
    }
    views.into_values().collect()
}

/// One anchor a finding: letters, digits, `-` and `_` of its id, told apart where two ids come out the same.
pub(super) fn anchors(findings: &[Finding]) -> Vec<String> {
    let mut taken = BTreeSet::new();
    let mut repeats: BTreeMap<String, u32> = BTreeMap::new();
    findings
        .iter()
        .map(|finding| {
            let id = finding.id.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' });
            let base: String = "f-".chars().chain(id.take(80)).collect();
            let mut anchor = base.clone();
            while !taken.insert(anchor.clone()) {
                let repeat = repeats.entry(base.clone()).or_insert(1);
                *repeat += 1;
                anchor = format!("{base}-{repeat}");
            }
            anchor
        })
        .collect()
}

/// Counts what the verdict line says; `asked` of the open questions are raised by something in the bundle.
pub(super) fn tally(findings: &[FindingView], diagnosis: &Diagnosis, asked: usize) -> Tally {
    let count = |role: &str| findings.iter().filter(|finding| finding.role == role).count();
    let causes = count("cause");
    let explaining = findings.iter().filter(|finding| finding.role == "cause" && !finding.children.is_empty()).count();
    let likely = explaining.max(causes.min(1));
    Tally {
        likely,
        contributing: causes - likely,
        unexplained: count("symptom"),
        notes: count("note"),
        clear: diagnosis.clear.len(),
        undecided: asked,
        no_subject: diagnosis.undecided.len().saturating_sub(asked),
        complete: diagnosis.bundle.complete,
    }
}
