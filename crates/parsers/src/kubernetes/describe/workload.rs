//! What keeps pods running, as `kubectl describe` shows it.

use bundlescope_facts::KubeWorkload;

use crate::{Document, Parsed};

use super::super::objects::labels;
use super::{Description, push, text};

/// A workload.
pub(super) fn workload(of: &Description<'_>, kind: &str, document: &Document<'_>, parsed: &mut Parsed) {
    let number = |key: &str| of.value(key).split_whitespace().next().and_then(|word| word.parse().ok());
    // `3 desired | 3 updated | 3 total | 2 available | 1 unavailable`, `1 current / 1 desired`.
    let replicas = |word: &str| counted(of.value("Replicas"), word);
    let statuses = if of.has("Pods Statuses") { of.value("Pods Statuses") } else { of.value("Pods Status") };
    let conditions = of.conditions();
    let images = of.block("Pod Template").iter().filter(|entry| entry.key == "Image");
    let trouble = |condition: &&bundlescope_facts::KubeCondition| {
        matches!(
            (&*condition.condition, &*condition.status),
            ("ReplicaFailure" | "Failed", "True") | ("Progressing" | "Available", "False")
        )
    };
    let data = KubeWorkload {
        kind: kind.into(),
        name: of.name(),
        namespace: of.namespace(),
        desired: match kind {
            "DaemonSet" => number("Desired Number of Nodes Scheduled"),
            "Job" => number("Completions"),
            _ => replicas("desired"),
        },
        ready: if kind == "Job" { counted(statuses, "Succeeded") } else { None },
        updated: match kind {
            "DaemonSet" => number("Number of Nodes Scheduled with Up-to-date Pods"),
            _ => replicas("updated"),
        },
        available: match kind {
            "DaemonSet" => number("Number of Nodes Scheduled with Available Pods"),
            _ => replicas("available"),
        },
        failed: counted(statuses, "Failed"),
        images: images.filter_map(|entry| text(entry.value)).collect(),
        selector: labels(of.value("Selector")),
        message: conditions.iter().find(trouble).and_then(|condition| condition.reason.clone()),
        conditions,
        owner: of.text("Controlled By"),
        node_selector: labels(of.value("Node-Selector")),
        schedule: of.text("Schedule"),
        suspended: of.value("Suspend").eq_ignore_ascii_case("true"),
        ..KubeWorkload::default()
    };
    push(parsed, of.head_source(document, &["Events"]), data);
}

/// The number before a word: `2 available` in `3 desired | 2 available`.
fn counted(value: &str, word: &str) -> Option<u64> {
    value.split(['|', '/']).find_map(|part| {
        let (number, rest) = part.trim().split_once(' ')?;
        // `1 Active (1 Ready)`.
        (rest.split(' ').next() == Some(word)).then(|| number.parse().ok())?
    })
}
