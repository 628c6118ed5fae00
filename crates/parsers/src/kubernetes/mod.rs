//! Formats of the kubernetes family: objects of the API as JSON, the tables of `kubectl get`, `kubectl describe`.
//!
//! As with Docker a document may mix kinds, so that one parser reads all JSON and one all tables; a [`Format`] says what
//! a document is mainly about.

mod describe;
mod objects;
mod pod;
mod tables;
#[cfg(test)]
mod tests;

use crate::format::{Format, Hint, Match};
use crate::json;

/// Every format of the family, the more specific ones first.
pub(crate) static FORMATS: &[&Format] = &[&OBJECTS, &TABLES, &DESCRIPTIONS];

static OBJECTS: Format = Format {
    name: "kubernetes-objects",
    collect: "kubectl get pods,nodes,services,endpoints,deployments,statefulsets,daemonsets,jobs,events,pvc,networkpolicies -A -o json",
    kinds: KINDS,
    detect: |hint| {
        let marked = hint.head.contains("\"metadata\"") && hint.head.contains("\"kind\"")
            || hint.head.contains("\"metadata\"") && hint.head.contains("\"status\"");
        let found = marked && json::first_record(hint.head).is_some_and(|record| objects::is_object(&record));
        sure(found, hint)
    },
    parse: objects::parse,
};

static TABLES: Format = Format {
    name: "kubectl-get",
    collect: "kubectl get pods,nodes,services,endpoints,deployments,statefulsets,daemonsets,jobs,events,pvc -A -o wide",
    kinds: KINDS,
    detect: |hint| sure(hint.head.lines().take(10).any(|line| tables::titles(line).is_some()), hint),
    parse: tables::parse,
};

static DESCRIPTIONS: Format = Format {
    name: "kubectl-describe",
    collect: "kubectl describe pods,nodes,services -A",
    kinds: &["pod", "kube_node", "kube_service", "kube_endpoints", "kube_event"],
    detect: |hint| sure(describe::is_description(hint.head), hint),
    parse: describe::parse,
};

const KINDS: &[&str] = &[
    "pod",
    "kube_node",
    "kube_service",
    "kube_endpoints",
    "kube_event",
    "kube_workload",
    "kube_claim",
    "network_policy",
];

/// The match of a document whose content is, or is not, of a format.
fn sure(content: bool, hint: &Hint<'_>) -> Match {
    match (content, hint.subject.starts_with("kubectl")) {
        (true, true) => Match::Both,
        (true, false) => Match::Content,
        (false, _) => Match::No,
    }
}
