//! Formats of the kubernetes family: objects of the API as JSON, the tables of `kubectl get`, `kubectl describe`.
//!
//! As with Docker a document may mix kinds, so that one parser reads all JSON and one all tables; a [`Format`] says what
//! a document is mainly about.

mod cni;
mod config;
mod corefile;
mod cri;
mod describe;
mod dump;
mod etcd;
mod flannel;
mod info;
mod kubeadm;
mod network;
mod node;
mod objects;
mod pod;
mod rows;
mod storage;
mod tables;
#[cfg(test)]
mod tests;
mod workload;

use crate::format::{Format, Hint, Match};
use crate::json;

/// Every format of the family, the more specific ones first.
pub(crate) static FORMATS: &[&Format] = &[
    &dump::LOGS,
    &OBJECTS,
    &YAML,
    &info::VERSION,
    &info::VERSION_JSON,
    &info::CLUSTER_INFO,
    &info::API_VERSIONS,
    &flannel::NETWORK,
    &flannel::SUBNET,
    &cni::CNI,
    &corefile::COREFILE,
    &cri::TABLES,
    &cri::IMAGES,
    &cri::JSON,
    &etcd::TEXT,
    &etcd::JSON,
    &kubeadm::KUBEADM,
    &TABLES,
    &DESCRIPTIONS,
];

static OBJECTS: Format = Format {
    name: "kubernetes-objects",
    collect: "kubectl get pods,nodes,services,endpoints,deployments,statefulsets,daemonsets,jobs,events,pvc,networkpolicies -A -o json",
    kinds: KINDS,
    detect: |hint| {
        let has = |key: &str| hint.head.contains(key);
        let marked = has("\"kind\"") && has("\"apiVersion\"")
            || has("\"metadata\"") && (has("\"kind\"") || has("\"status\"") || has("\"creationTimestamp\""));
        let found = marked && json::first_record(hint.head).is_some_and(|record| objects::is_object(&record));
        sure(found, hint)
    },
    parse: dump::parse,
};

static YAML: Format = Format {
    name: "kubernetes-objects-yaml",
    collect: "kubectl get pods,nodes,services,endpoints,deployments,statefulsets,daemonsets,jobs,events,pvc,networkpolicies -A -o yaml",
    kinds: KINDS,
    detect: |hint| sure(objects::is_yaml(hint.head), hint),
    parse: objects::parse_yaml,
};

static TABLES: Format = Format {
    name: "kubectl-get",
    collect: "kubectl get pods,nodes,services,endpoints,deployments,statefulsets,daemonsets,jobs,events,pvc -A -o wide",
    kinds: TABLE_KINDS,
    detect: |hint| sure(tables::is_table(hint.head), hint),
    parse: tables::parse,
};

static DESCRIPTIONS: Format = Format {
    name: "kubectl-describe",
    collect: "kubectl describe pods,nodes,services,deployments,pvc -A",
    kinds: TABLE_KINDS,
    detect: |hint| sure(describe::is_description(hint.head) || describe::is_rest(hint.subject, hint.head), hint),
    parse: describe::parse,
};

/// The kinds of objects that every form of listing tells, and what one form tells beside them.
macro_rules! kinds {
    ($($beside:literal,)*) => {
        &[
            "pod",
            "kube_node",
            "kube_service",
            "kube_endpoints",
            "kube_event",
            "kube_workload",
            "kube_claim",
            "network_policy",
            "kube_volume",
            "kube_ingress",
            "kube_config_map",
            "kube_secret",
            "storage_class",
            "resource_quota",
            "kube_object",
            "kube_component",
            "kube_usage",
            $($beside,)*
        ]
    };
}

const KINDS: &[&str] = kinds![
    "kube_cluster",
    "kubelet_config",
    "kubeadm_config",
    "flannel_network",
    "cni_network",
    "coredns_zone",
    "bundle_tool",
];

const TABLE_KINDS: &[&str] = kinds!["collection_error",];

/// The match of a document whose content is, or is not, of a format.
fn sure(content: bool, hint: &Hint<'_>) -> Match {
    match (content, hint.subject.starts_with("kubectl")) {
        (true, true) => Match::Both,
        (true, false) => Match::Content,
        (false, _) => Match::No,
    }
}
