//! Nodes, events and components of the control plane, as JSON or YAML.

use bundlescope_facts::{Fact, KubeComponent, KubeEvent, KubeNode, KubeUsage, Text};

use crate::Parsed;
use crate::json::Fields;

use super::objects::{condition, conditions, named, number_or_name};

/// A node of the API.
pub(super) fn node(record: Fields<'_, '_>, parsed: &mut Parsed) {
    let (metadata, spec, status) = (record.object("metadata"), record.object("spec"), record.object("status"));
    let info = status.object("nodeInfo");
    let ready = condition(status, "Ready");
    let addresses = |wanted: &'static [&'static str]| {
        status.list("addresses").filter(move |address| wanted.contains(&address.word("type")))
    };
    let labels = metadata.object("labels");
    // The first label is the one of kubectl; the second was used until 1.15.
    let role = |(label, value): (&str, Fields<'_, '_>)| match label.strip_prefix("node-role.kubernetes.io/") {
        Some(role) => Some(Text::from(role)),
        None if label == "kubernetes.io/role" => value.as_text().map(Text::from),
        None => None,
    };
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
        address: addresses(&["InternalIP"]).find_map(|address| address.address("address")),
        version: info.text("kubeletVersion"),
        operating_system: info.text("osImage"),
        kernel: info.text("kernelVersion"),
        runtime: info.text("containerRuntimeVersion"),
        taints: spec.list("taints").map(taint).collect(),
        pod_networks: if spec.has("podCIDRs") { spec.texts("podCIDRs") } else { spec.texts("podCIDR") },
        conditions: conditions(status),
        labels: metadata.map("labels"),
        hostname: addresses(&["Hostname"]).find_map(|address| address.text("address")),
        external: addresses(&["ExternalIP", "ExternalDNS"]).filter_map(|address| address.text("address")).collect(),
        capacity: status.map("capacity"),
        allocatable: status.map("allocatable"),
        created: metadata.time("creationTimestamp"),
        ..KubeNode::default()
    };
    let source = match status.get("conditions") {
        conditions if conditions.is_present() => conditions.source(),
        _ => record.source_of(&["metadata"]),
    };
    parsed.facts.push(Fact::new(source, data));
}

/// `key=value:effect`.
fn taint(taint: Fields<'_, '_>) -> Text {
    let value = taint.text("value").map_or_else(String::new, |value| format!("={value}"));
    format!("{}{value}:{}", taint.word("key"), taint.word("effect")).into()
}

/// An event of the API.
pub(super) fn event(record: Fields<'_, '_>, parsed: &mut Parsed) {
    // The newer API calls the object `regarding` and the message `note`.
    let object = if record.has("regarding") { record.object("regarding") } else { record.object("involvedObject") };
    let namespace = object.text("namespace").or_else(|| named(record).1);
    let last = record.time("lastTimestamp").or_else(|| record.time("deprecatedLastTimestamp"));
    let first = record.time("firstTimestamp").or_else(|| record.time("deprecatedFirstTimestamp"));
    let at = record.time("eventTime");
    let source = if record.has("deprecatedSource") { "deprecatedSource" } else { "source" };
    let source = record.object(source);
    let count = record.int("count").or_else(|| record.int("deprecatedCount")).filter(|count| *count > 0);
    let data = KubeEvent {
        namespace,
        event_type: record.text("type"),
        object_kind: object.word("kind").to_lowercase().into(),
        object: object.text("name").unwrap_or_default(),
        reason: record.text("reason").unwrap_or_default(),
        message: record.text("message").or_else(|| record.text("note")).unwrap_or_default(),
        times: record.object("series").int("count").or(count),
        first_time: first.or(at),
        last_time: record.object("series").time("lastObservedTime").or(last).or(at),
        age: None,
        component: source
            .text("component")
            .or_else(|| record.text("reportingComponent"))
            .or_else(|| record.text("reportingController")),
        on_node: source.text("host"),
    };
    parsed.facts.push(Fact::new(record.source_of(&["reason", "message", "note", "type"]), data));
}

/// The status of a component.
pub(super) fn component(record: Fields<'_, '_>, parsed: &mut Parsed) {
    let healthy = record.list("conditions").find(|condition| condition.word("type") == "Healthy");
    let shown = |key: &str| healthy.and_then(|condition| condition.text(key)).filter(|text| &**text != "nil");
    let data = KubeComponent {
        name: named(record).0,
        healthy: match healthy.map(|condition| condition.word("status")) {
            Some("True") => Some(true),
            Some("False") => Some(false),
            _ => None,
        },
        message: shown("message"),
        error: shown("error"),
    };
    parsed.facts.push(Fact::new(record.source(), data));
}

/// What a node, or each container of a pod, uses, as the metrics server tells it.
pub(super) fn usage(record: Fields<'_, '_>, kind: &str, parsed: &mut Parsed) {
    let (name, namespace) = named(record);
    let mut push = |of: Fields<'_, '_>, container_name: Option<Text>| {
        let usage = of.object("usage");
        let data = KubeUsage {
            object_kind: kind.trim_end_matches("Metrics").to_lowercase().into(),
            name: name.clone(),
            namespace: namespace.clone(),
            container_name,
            cpu: number_or_name(usage.get("cpu")),
            memory: number_or_name(usage.get("memory")),
            ..KubeUsage::default()
        };
        parsed.facts.push(Fact::new(of.source(), data));
    };
    if kind == "NodeMetrics" {
        push(record, None);
    } else {
        record.list("containers").for_each(|container| push(container, container.text("name")));
    }
}
