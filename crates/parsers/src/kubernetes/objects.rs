//! Objects of the Kubernetes API as JSON: `kubectl get -o json`, `kubectl cluster-info dump`, troubleshoot.sh's
//! cluster-resources; one object, a list, a bare array of objects.

use std::collections::BTreeMap;
use std::net::IpAddr;

use bundlescope_facts::{
    Fact, KubeClaim, KubeEndpoints, KubeEvent, KubeNode, KubeService, KubeWorkload, NetworkPolicy, Proto, ServicePort,
    Text,
};

use crate::json::{self, Fields, Node, Value};
use crate::{Document, Parsed};

use super::pod;

/// Kinds that become facts; others are recognised and passed over.
const WORKLOADS: &[&str] = &["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job"];

/// True when a record is an object of Kubernetes, or a list of such.
pub(super) fn is_object(node: &Node<'_>) -> bool {
    let text = |key: &str| node.member(key).is_some_and(|member| matches!(member.value.value, Value::Text(_)));
    // kubectl writes the kind of a list behind its items, where the beginning of a document may not reach.
    text("apiVersion") && (node.has("items") || text("kind") && node.has("metadata"))
        // Lists of troubleshoot.sh and of the Go client leave kind and version out of their items.
        || node.has("metadata") && node.has("spec") && node.has("status")
        || node.has("metadata") && node.has("involvedObject")
}

/// Reads a document of objects.
pub(super) fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    json::read(document, &mut parsed, |record, parsed| {
        let kind = record.get("kind").as_text().unwrap_or_default();
        if record.has("items") {
            // `PodList`, or `List` with a kind in every item.
            let kind = kind.strip_suffix("List").unwrap_or_default();
            for item in record.list("items") {
                object(item, item.get("kind").as_text().unwrap_or(kind), parsed);
            }
        } else {
            object(record, kind, parsed);
        }
    });
    parsed
}

fn object(record: Fields<'_, '_>, kind: &str, parsed: &mut Parsed) {
    let has = |part: &str, key: &str| record.get(part).has(key);
    match kind {
        "Pod" => pod::pod(record, parsed),
        "Node" => node(record, parsed),
        "Service" => service(record, parsed),
        "Endpoints" => endpoints(record, parsed),
        "EndpointSlice" => slice(record, parsed),
        "Event" => event(record, parsed),
        "PersistentVolumeClaim" => claim(record, parsed),
        "NetworkPolicy" => policy(record, parsed),
        workload if WORKLOADS.contains(&workload) => self::workload(record, workload, parsed),
        // An item of a bare array tells its kind by its parts only.
        "" if record.has("involvedObject") => event(record, parsed),
        "" if has("status", "nodeInfo") => node(record, parsed),
        "" if has("spec", "containers") => pod::pod(record, parsed),
        "" if has("spec", "clusterIP") => service(record, parsed),
        "" if record.has("subsets") => endpoints(record, parsed),
        _ => {}
    }
}

/// Name and namespace.
pub(super) fn named(record: Fields<'_, '_>) -> (Text, Option<Text>) {
    let metadata = record.object("metadata");
    (metadata.text("name").unwrap_or_default(), metadata.text("namespace"))
}

/// The condition of that type: status, and its reason and message in one text.
pub(super) fn condition(status: Fields<'_, '_>, wanted: &str) -> Option<(Text, Option<Text>)> {
    let found = status.list("conditions").find(|condition| condition.word("type") == wanted)?;
    let message = match (found.word("reason"), found.word("message")) {
        ("", "") => None,
        (reason, "") => Some(reason.into()),
        ("", message) => Some(message.into()),
        (reason, message) => Some(format!("{reason}: {message}").into()),
    };
    Some((found.text("status").unwrap_or_default(), message))
}

fn node(record: Fields<'_, '_>, parsed: &mut Parsed) {
    let (spec, status) = (record.object("spec"), record.object("status"));
    let info = status.object("nodeInfo");
    let ready = condition(status, "Ready");
    let address = status.list("addresses").find(|address| address.word("type") == "InternalIP");
    let taint = |taint: Fields<'_, '_>| {
        let value = taint.text("value").map_or_else(String::new, |value| format!("={value}"));
        format!("{}{value}:{}", taint.word("key"), taint.word("effect")).into()
    };
    let labels = record.object("metadata").object("labels");
    let role = |(label, _): (&str, Fields<'_, '_>)| label.strip_prefix("node-role.kubernetes.io/").map(Text::from);
    let troubles = status.list("conditions").filter(|c| c.word("type") != "Ready" && c.word("status") == "True");
    let data = KubeNode {
        name: named(record).0,
        ready: match ready.as_ref().map(|(status, _)| &**status) {
            Some("True") => Some(true),
            Some("False") => Some(false),
            _ => None,
        },
        unschedulable: spec.bool("unschedulable").unwrap_or(false),
        pressures: troubles.filter_map(|condition| condition.text("type")).collect(),
        message: ready.filter(|(status, _)| &**status != "True").and_then(|(_, message)| message),
        roles: labels.entries().filter_map(role).collect(),
        address: address.and_then(|address| address.address("address")),
        version: info.text("kubeletVersion"),
        operating_system: info.text("osImage"),
        kernel: info.text("kernelVersion"),
        runtime: info.text("containerRuntimeVersion"),
        taints: spec.list("taints").map(taint).collect(),
        pod_networks: if spec.has("podCIDRs") { spec.texts("podCIDRs") } else { spec.texts("podCIDR") },
    };
    let source = match status.get("conditions") {
        conditions if conditions.is_present() => conditions.source(),
        _ => record.source_of(&["metadata"]),
    };
    parsed.facts.push(Fact::new(source, data));
}

/// A number or a name, as written.
fn number_or_name(value: Fields<'_, '_>) -> Option<Text> {
    match &value.node()?.value {
        Value::Text(text) => Some(text.as_ref().into()),
        Value::Number(number) => Some((*number).into()),
        _ => None,
    }
}

fn proto(port: Fields<'_, '_>) -> Proto {
    Proto::from_word(&port.word("protocol").to_lowercase()).unwrap_or_default()
}

fn service(record: Fields<'_, '_>, parsed: &mut Parsed) {
    let spec = record.object("spec");
    let (name, namespace) = named(record);
    let port = |port: Fields<'_, '_>| ServicePort {
        name: port.text("name"),
        proto: proto(port),
        port: port.int("port"),
        target: number_or_name(port.get("targetPort")),
        node_port: port.int("nodePort"),
    };
    let balancers = record.object("status").object("loadBalancer");
    let balancer = |ingress: Fields<'_, '_>| ingress.text("ip").or_else(|| ingress.text("hostname"));
    let mut external = spec.texts("externalIPs");
    external.extend(spec.text("externalName"));
    external.extend(balancers.list("ingress").filter_map(balancer));
    let data = KubeService {
        name,
        namespace,
        service_type: spec.text("type"),
        cluster_address: spec.text("clusterIP").and_then(|address| address.parse().ok()),
        external,
        ports: spec.list("ports").map(port).collect(),
        selector: spec.map("selector"),
    };
    parsed.facts.push(Fact::new(spec.source(), data));
}

fn endpoints(record: Fields<'_, '_>, parsed: &mut Parsed) {
    let (service, namespace) = named(record);
    let mut data = KubeEndpoints { service, namespace, ..KubeEndpoints::default() };
    for subset in record.list("subsets") {
        data.addresses.extend(subset.list("addresses").filter_map(|address| address.address("ip")));
        data.not_ready.extend(subset.list("notReadyAddresses").filter_map(|address| address.address("ip")));
        data.ports.extend(subset.list("ports").filter_map(declared_port));
    }
    let source = if record.get("subsets").is_present() {
        record.get("subsets").source()
    } else {
        record.source_of(&["metadata"])
    };
    parsed.facts.push(Fact::new(source, data));
}

/// A slice of the endpoints of a service; a large service has several.
fn slice(record: Fields<'_, '_>, parsed: &mut Parsed) {
    let (name, namespace) = named(record);
    let service = record.object("metadata").object("labels").text("kubernetes.io/service-name").unwrap_or(name);
    let ports = record.list("ports").filter_map(declared_port).collect();
    let mut data = KubeEndpoints { service, namespace, ports, ..KubeEndpoints::default() };
    for endpoint in record.list("endpoints") {
        let ready = endpoint.object("conditions").bool("ready").unwrap_or(true);
        let list = if ready { &mut data.addresses } else { &mut data.not_ready };
        list.extend(endpoint.texts("addresses").iter().filter_map(|address| address.parse::<IpAddr>().ok()));
    }
    parsed.facts.push(Fact::new(record.source_of(&["endpoints", "ports"]), data));
}

/// `8080/tcp` of a port with a number.
pub(super) fn declared_port(port: Fields<'_, '_>) -> Option<Text> {
    let number = port.int::<u16>("containerPort").or_else(|| port.int("port"))?;
    Some(format!("{number}/{}", proto(port)).into())
}

fn event(record: Fields<'_, '_>, parsed: &mut Parsed) {
    // The newer API calls the object `regarding` and the message `note`.
    let object = if record.has("regarding") { record.object("regarding") } else { record.object("involvedObject") };
    let namespace = object.text("namespace").or_else(|| named(record).1);
    let last = record.time("lastTimestamp").or_else(|| record.time("deprecatedLastTimestamp"));
    let first = record.time("firstTimestamp").or_else(|| record.time("deprecatedFirstTimestamp"));
    let at = record.time("eventTime");
    let data = KubeEvent {
        namespace,
        event_type: record.text("type"),
        object_kind: object.word("kind").to_lowercase().into(),
        object: object.text("name").unwrap_or_default(),
        reason: record.text("reason").unwrap_or_default(),
        message: record.text("message").or_else(|| record.text("note")).unwrap_or_default(),
        times: record.int("count").or_else(|| record.object("series").int("count")),
        first_time: first.or(at),
        last_time: last.or_else(|| record.object("series").time("lastObservedTime")).or(at),
        age: None,
    };
    parsed.facts.push(Fact::new(record.source_of(&["reason", "message", "note", "type"]), data));
}

fn workload(record: Fields<'_, '_>, kind: &str, parsed: &mut Parsed) {
    let (spec, status) = (record.object("spec"), record.object("status"));
    let (name, namespace) = named(record);
    let template = spec.object("template").object("spec");
    let (desired, ready) = match kind {
        "DaemonSet" => (status.int("desiredNumberScheduled"), status.int("numberReady")),
        "Job" => (spec.int("completions"), status.int("succeeded")),
        _ => (spec.int("replicas"), status.int("readyReplicas")),
    };
    let troubles = [("ReplicaFailure", "True"), ("Failed", "True"), ("Progressing", "False"), ("Available", "False")];
    let trouble = |(wanted, bad): (&str, &str)| {
        condition(status, wanted).filter(|(status, _)| &**status == bad).and_then(|(_, message)| message)
    };
    let data = KubeWorkload {
        kind: kind.into(),
        name,
        namespace,
        desired,
        // Go leaves a zero out.
        ready: ready.or_else(|| status.is_present().then_some(0)),
        failed: status.int("failed"),
        images: template.list("containers").filter_map(|container| container.text("image")).collect(),
        selector: spec.object("selector").map("matchLabels"),
        message: troubles.into_iter().find_map(trouble),
    };
    let source = if status.is_present() { status.source() } else { record.source_of(&["metadata"]) };
    parsed.facts.push(Fact::new(source, data));
}

fn claim(record: Fields<'_, '_>, parsed: &mut Parsed) {
    let (spec, status) = (record.object("spec"), record.object("status"));
    let (name, namespace) = named(record);
    let data = KubeClaim {
        name,
        namespace,
        phase: status.text("phase"),
        volume: spec.text("volumeName"),
        storage_class: spec.text("storageClassName"),
        capacity: status.object("capacity").text("storage"),
    };
    parsed.facts.push(Fact::new(record.source_of(&["spec", "status"]), data));
}

fn policy(record: Fields<'_, '_>, parsed: &mut Parsed) {
    let spec = record.object("spec");
    let (name, namespace) = named(record);
    let data = NetworkPolicy {
        name,
        namespace,
        selector: spec.object("podSelector").map("matchLabels"),
        policy_types: spec.texts("policyTypes"),
        ingress: spec.get("ingress").value(),
        egress: spec.get("egress").value(),
    };
    parsed.facts.push(Fact::new(spec.source(), data));
}

/// Labels of a selector in text, `app=web,tier=db`.
pub(super) fn labels(text: &str) -> BTreeMap<Text, Text> {
    let pairs = text.split(',').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.into(), value.into())).collect()
}
