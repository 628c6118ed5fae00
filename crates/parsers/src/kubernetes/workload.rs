//! What keeps pods running, as JSON or YAML.

use bundlescope_facts::{Fact, KubeWorkload};

use crate::Parsed;
use crate::json::Fields;

use super::objects::{condition, conditions, named, owner};

/// Kinds of workloads.
pub(super) const KINDS: &[&str] =
    &["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "CronJob"];

/// A workload of the API.
pub(super) fn workload(record: Fields<'_, '_>, kind: &str, parsed: &mut Parsed) {
    let (metadata, spec, status) = (record.object("metadata"), record.object("spec"), record.object("status"));
    let (name, namespace) = named(record);
    let inner = if kind == "CronJob" { spec.object("jobTemplate").object("spec") } else { spec };
    let template = inner.object("template").object("spec");
    let (desired, ready, updated, available) = match kind {
        "DaemonSet" => (
            status.int("desiredNumberScheduled"),
            status.int("numberReady"),
            status.int("updatedNumberScheduled"),
            status.int("numberAvailable"),
        ),
        "Job" => (spec.int("completions"), status.int("succeeded"), None, None),
        "CronJob" => (None, None, None, None),
        "ReplicaSet" | "ReplicationController" => {
            (spec.int("replicas"), status.int("readyReplicas"), None, status.int("availableReplicas"))
        }
        _ => (
            spec.int("replicas"),
            status.int("readyReplicas"),
            status.int("updatedReplicas"),
            status.int("availableReplicas"),
        ),
    };
    let troubles = [("ReplicaFailure", "True"), ("Failed", "True"), ("Progressing", "False"), ("Available", "False")];
    let trouble = |(wanted, bad): (&str, &str)| {
        condition(status, wanted).filter(|(status, _)| &**status == bad).and_then(|(_, message)| message)
    };
    // Go leaves a zero out.
    let counted = |count: Option<u64>, counts: bool| count.or_else(|| (counts && status.is_present()).then_some(0));
    let selector = spec.object("selector");
    let data = KubeWorkload {
        kind: kind.into(),
        name,
        namespace,
        desired,
        ready: counted(ready, kind != "CronJob"),
        updated: counted(updated, matches!(kind, "Deployment" | "DaemonSet" | "StatefulSet")),
        available: counted(available, !matches!(kind, "Job" | "CronJob")),
        failed: status.int("failed"),
        images: template.list("containers").filter_map(|container| container.text("image")).collect(),
        // A replication controller has the labels themselves.
        selector: if kind == "ReplicationController" { spec.map("selector") } else { selector.map("matchLabels") },
        message: troubles.into_iter().find_map(trouble),
        conditions: conditions(status),
        owner: owner(record),
        node_selector: template.map("nodeSelector"),
        schedule: spec.text("schedule"),
        suspended: spec.bool("suspend").unwrap_or(false),
        created: metadata.time("creationTimestamp"),
        age: None,
    };
    let source = if status.is_present() { status.source() } else { record.source_of(&["metadata"]) };
    parsed.facts.push(Fact::new(source, data));
}
