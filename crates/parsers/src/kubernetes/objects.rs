//! Objects of the Kubernetes API as JSON or YAML: `kubectl get -o json|yaml`, `kubectl cluster-info dump`, `helm get
//! manifest`, static pods, troubleshoot.sh's cluster-resources; one object, a list, a bare array of objects, several
//! documents after one another.

use bundlescope_facts::{Fact, KubeCondition, KubeObject, Text};

use crate::json::{self, Fields, Node, Value};
use crate::{Document, Parsed, yaml};

use super::{config, network, node, pod, storage, workload};

/// True when a record is an object of Kubernetes, or a list of such.
pub(super) fn is_object(node: &Node<'_>) -> bool {
    let text = |key: &str| node.member(key).is_some_and(|member| matches!(member.value.value, Value::Text(_)));
    // kubectl writes the kind of a list behind its items, where the beginning of a document may not reach.
    text("apiVersion") && (node.has("items") || text("kind"))
        // Lists of troubleshoot.sh and of the Go client leave kind and version out of their items.
        || node.has("metadata") && node.has("spec") && node.has("status")
        || node.has("metadata") && node.has("involvedObject")
        || node.has("items") && text("kind") && node.has("metadata")
        // Config maps and others of those lists have no specification.
        || is_metadata(node)
}

/// True when a record has the metadata that the API server writes.
fn is_metadata(node: &Node<'_>) -> bool {
    let metadata = node.member("metadata").map(|member| &member.value);
    metadata.is_some_and(|metadata| metadata.has("creationTimestamp") && metadata.has("uid") && metadata.has("name"))
}

/// True when a text begins with an object as YAML: its version and its kind each on a line of their own.
pub(super) fn is_yaml(head: &str) -> bool {
    const LINES: usize = 3000;
    let (mut version, mut kind) = (false, false);
    for line in head.lines().take(LINES) {
        // The elements of a list begin with a dash.
        let bare = line.strip_prefix("- ").or_else(|| line.strip_prefix("  - ")).unwrap_or(line);
        let inside = line.strip_prefix("  ").unwrap_or(bare);
        version |= bare.starts_with("apiVersion:");
        kind |= [bare, inside].iter().any(|line| line.starts_with("kind:") && line.len() > 6);
        // A template is no object yet.
        if line.trim_start().starts_with("{{") {
            return false;
        }
        // Text before the first key, as of a log or of notes, tells that it is something else.
        let known = bare.starts_with(['#', ' ', '"', '\'', '-', '%', '.']) || bare.trim().is_empty();
        if !known && !version && !bare.split_once(':').is_some_and(|(key, _)| is_key(key)) {
            return false;
        }
        if version && kind {
            return true;
        }
    }
    false
}

fn is_key(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Reads a document of objects as JSON.
pub(super) fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    json::read_items(document, &mut parsed, record);
    parsed
}

/// Reads a document of objects as YAML.
pub(super) fn parse_yaml(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    yaml::read_items(document, &mut parsed, record);
    parsed
}

/// A record: an object, an element of a list, or the list, whose elements came before.
pub(super) fn record(record: Fields<'_, '_>, list: &str, parsed: &mut Parsed) {
    let kind = record.get("kind").as_text().unwrap_or_default();
    if record.has("items") && (kind.is_empty() || kind.ends_with("List")) {
        return;
    }
    // `PodList`, or `List` with a kind in every item.
    object(record, if kind.is_empty() { list.strip_suffix("List").unwrap_or_default() } else { kind }, parsed);
}

fn object(record: Fields<'_, '_>, kind: &str, parsed: &mut Parsed) {
    let has = |part: &str, key: &str| record.get(part).has(key);
    match kind {
        "Pod" => pod::pod(record, parsed),
        "Node" => node::node(record, parsed),
        "Service" if !is_custom(record) => network::service(record, parsed),
        "Endpoints" => network::endpoints(record, parsed),
        "EndpointSlice" => network::slice(record, parsed),
        "Ingress" if !is_custom(record) => network::ingress(record, parsed),
        "NetworkPolicy" if !is_custom(record) => network::policy(record, parsed),
        "Event" => node::event(record, parsed),
        "NodeMetrics" | "PodMetrics" => node::usage(record, kind, parsed),
        "ComponentStatus" => node::component(record, parsed),
        "PersistentVolumeClaim" => storage::claim(record, parsed),
        "PersistentVolume" => storage::volume(record, parsed),
        "StorageClass" => storage::class(record, parsed),
        "ResourceQuota" => storage::quota(record, parsed),
        "ConfigMap" => config::config_map(record, parsed),
        "Secret" => config::secret(record, parsed),
        "Config" => config::kubeconfig(record, parsed),
        "KubeletConfiguration" => config::kubelet(record, parsed),
        "ClusterConfiguration" | "MasterConfiguration" | "InitConfiguration" => config::kubeadm(record, parsed),
        "SupportBundle" if has("spec", "versionNumber") => config::bundle_tool(record, parsed),
        workload if workload::KINDS.contains(&workload) => self::workload::workload(record, workload, parsed),
        // An item of a bare array tells its kind by its parts only.
        "" if record.has("involvedObject") => node::event(record, parsed),
        "" if has("status", "nodeInfo") => node::node(record, parsed),
        "" if has("spec", "containers") => pod::pod(record, parsed),
        "" if has("spec", "clusterIP") => network::service(record, parsed),
        "" if record.has("subsets") => network::endpoints(record, parsed),
        "" if record.has("provisioner") => storage::class(record, parsed),
        "" if has("spec", "volumeName") || has("spec", "resources") && has("spec", "accessModes") => {
            storage::claim(record, parsed);
        }
        "" if has("spec", "persistentVolumeReclaimPolicy") => storage::volume(record, parsed),
        "" => match untold(record) {
            Some(kind) => workload::workload(record, kind, parsed),
            None if record.has("data") && record.has("metadata") => config::config_map(record, parsed),
            // A namespace, or something that cannot be told.
            None if has("status", "phase") => other(record, "Namespace", parsed),
            None => {}
        },
        kind => other(record, kind, parsed),
    }
}

/// An object that only shares the name of its kind with one of Kubernetes (Knative, Istio, Calico).
fn is_custom(record: Fields<'_, '_>) -> bool {
    record.get("apiVersion").as_text().and_then(|version| version.split_once('/')).is_some_and(|(group, _)| {
        !matches!(group, "networking.k8s.io" | "extensions" | "apps" | "batch") && group.contains('.')
    })
}

/// The kind of a workload by the parts of its specification and of its status.
fn untold(record: Fields<'_, '_>) -> Option<&'static str> {
    let (spec, status) = (record.get("spec"), record.get("status"));
    if spec.has("jobTemplate") {
        return Some("CronJob");
    }
    if !spec.has("template") {
        return None;
    }
    Some(if spec.has("serviceName") {
        "StatefulSet"
    } else if status.has("desiredNumberScheduled") {
        "DaemonSet"
    } else if spec.has("strategy") {
        "Deployment"
    } else if spec.has("backoffLimit") {
        "Job"
    } else if spec.has("replicas") {
        "ReplicaSet"
    } else {
        return None;
    })
}

/// An object that has no kind of fact of its own.
fn other(record: Fields<'_, '_>, kind: &str, parsed: &mut Parsed) {
    let (name, namespace) = named(record);
    let status = record.get("status");
    let data = KubeObject {
        kind: kind.into(),
        name,
        namespace,
        api_version: record.get("apiVersion").as_text().map(Text::from),
        phase: ["phase", "state"].iter().find_map(|key| status.get(key).as_text()).map(Text::from),
        // Custom resources may call anything a status.
        conditions: conditions(status),
        created: record.object("metadata").time("creationTimestamp"),
    };
    let source = if status.is_present() && (data.phase.is_some() || !data.conditions.is_empty()) {
        record.source_of(&["apiVersion", "kind", "metadata", "status"])
    } else {
        record.source_of(&["apiVersion", "kind", "metadata"])
    };
    parsed.facts.push(Fact::new(source, data));
}

/// Name and namespace.
pub(super) fn named(record: Fields<'_, '_>) -> (Text, Option<Text>) {
    let metadata = record.object("metadata");
    (metadata.text("name").unwrap_or_default(), metadata.text("namespace"))
}

/// What an object belongs to, as `ReplicaSet/web-5d9`.
pub(super) fn owner(record: Fields<'_, '_>) -> Option<Text> {
    let owner = record.object("metadata").list("ownerReferences").next()?;
    Some(format!("{}/{}", owner.word("kind"), owner.word("name")).into())
}

/// The conditions of a status; what is not of their form is passed over.
pub(super) fn conditions(status: Fields<'_, '_>) -> Vec<KubeCondition> {
    let text = |condition: Fields<'_, '_>, key: &str| {
        condition.get(key).as_text().filter(|text| !text.is_empty()).map(Text::from)
    };
    let condition = |condition: Fields<'_, '_>| {
        Some(KubeCondition {
            condition: text(condition, "type")?,
            status: text(condition, "status").unwrap_or_default(),
            reason: text(condition, "reason"),
            message: text(condition, "message"),
        })
    };
    status.get("conditions").items().filter_map(condition).collect()
}

/// The condition of that type: status, and its reason and message in one text.
pub(super) fn condition(status: Fields<'_, '_>, wanted: &str) -> Option<(Text, Option<Text>)> {
    let found = status.list("conditions").find(|condition| condition.word("type") == wanted)?;
    Some((found.text("status").unwrap_or_default(), reason_and_message(found)))
}

/// `reason: message` of a condition or a status.
pub(super) fn reason_and_message(of: Fields<'_, '_>) -> Option<Text> {
    match (of.word("reason"), of.word("message")) {
        ("", "") => None,
        (reason, "") => Some(reason.into()),
        ("", message) => Some(message.into()),
        (reason, message) => Some(format!("{reason}: {message}").into()),
    }
}

/// A number or a name, as written.
pub(super) fn number_or_name(value: Fields<'_, '_>) -> Option<Text> {
    match &value.node()?.value {
        Value::Text(text) if !text.is_empty() => Some(text.as_ref().into()),
        Value::Number(number) => Some((*number).into()),
        _ => None,
    }
}

/// Labels of a selector in text, `app=web,tier=db`.
pub(super) fn labels(text: &str) -> std::collections::BTreeMap<Text, Text> {
    let pairs = text.split(',').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.trim().into(), value.trim().into())).collect()
}
