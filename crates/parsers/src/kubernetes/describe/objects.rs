//! Nodes, services, storage and everything else that `kubectl describe` shows.

use std::collections::BTreeMap;
use std::net::IpAddr;

use bundlescope_facts::{
    IngressRule, KubeClaim, KubeConfigMap, KubeEndpoints, KubeIngress, KubeNode, KubeObject, KubeSecret, KubeService,
    KubeVolume, NetworkPolicy, Proto, ResourceQuota, ServicePort, StorageClass, Text,
};

use crate::{Document, Parsed};

use super::super::objects::labels;
use super::super::tables::access_modes;
use super::{Description, Entry, below, push, text};

/// `name: value` on each line of a block.
fn named(entries: &[Entry<'_>]) -> BTreeMap<Text, Text> {
    entries.iter().filter_map(|entry| Some((text(entry.key)?, text(entry.value)?))).collect()
}

/// A node.
pub(super) fn node(of: &Description<'_>, document: &Document<'_>, parsed: &mut Parsed) {
    let conditions = of.conditions();
    let ready = conditions.iter().find(|condition| &*condition.condition == "Ready");
    let info =
        |key: &str| of.block("System Info").iter().find(|entry| entry.key == key).and_then(|entry| text(entry.value));
    let addresses = |key: &'static str| {
        of.block("Addresses").iter().filter(move |entry| entry.key == key).filter_map(|entry| text(entry.value))
    };
    // `cpu  850m (21%)  100m (2%)`, below titles.
    let requested = of.block("Allocated resources").iter().filter_map(|entry| {
        let mut words = entry.text().split_whitespace();
        let (resource, amount) = (words.next()?, words.next()?);
        let quantity = amount.starts_with(|c: char| c.is_ascii_digit()) && words.next()?.starts_with('(');
        quantity.then(|| (resource.into(), amount.into()))
    });
    let networks = if of.has("PodCIDRs") { of.value("PodCIDRs") } else { of.value("PodCIDR") };
    let data = KubeNode {
        name: of.name(),
        ready: match ready.map(|condition| &*condition.status) {
            Some("True") => Some(true),
            Some("False") => Some(false),
            _ => None,
        },
        unschedulable: of.value("Unschedulable") == "true",
        pressures: conditions
            .iter()
            .filter(|condition| &*condition.condition != "Ready" && &*condition.status == "True")
            .map(|condition| condition.condition.clone())
            .collect(),
        message: ready.filter(|condition| &*condition.status != "True").map(|condition| {
            let part = |part: &Option<Text>| part.clone().unwrap_or_default();
            format!("{}: {}", part(&condition.reason), part(&condition.message)).into()
        }),
        roles: of.value("Roles").split(',').filter_map(text).collect(),
        address: addresses("InternalIP").next().and_then(|address| address.parse().ok()),
        version: info("Kubelet Version"),
        operating_system: info("OS Image"),
        kernel: info("Kernel Version"),
        runtime: info("Container Runtime Version"),
        taints: of.values("Taints").collect(),
        pod_networks: networks.split(',').filter_map(text).collect(),
        labels: of.map("Labels"),
        hostname: addresses("Hostname").next(),
        external: addresses("ExternalIP").chain(addresses("ExternalDNS")).collect(),
        capacity: named(of.block("Capacity")),
        allocatable: named(of.block("Allocatable")),
        requested: requested.collect(),
        conditions,
        ..KubeNode::default()
    };
    let ready = of.block("Conditions").iter().find(|entry| entry.text().starts_with("Ready "));
    let line = ready.or(of.entry("Name")).map(|entry| entry.line);
    let source = line.map_or_else(|| of.source(document), |line| document.source(line, line));
    push(parsed, source, data);
}

/// A service, and what stands behind it.
pub(super) fn service(of: &Description<'_>, document: &Document<'_>, parsed: &mut Parsed) {
    let mut data = KubeService {
        name: of.name(),
        namespace: of.namespace(),
        service_type: of.text("Type"),
        selector: labels(of.value("Selector")),
        external_traffic_policy: of.text("External Traffic Policy"),
        ..KubeService::default()
    };
    let (mut backends, mut shown) = (Vec::<Text>::new(), None);
    for entry in of.entries.iter().filter(|entry| entry.indent == 0) {
        match entry.key {
            "IP" => data.cluster_address = entry.value.parse().ok(),
            "LoadBalancer Ingress" | "External IPs" | "External Name" => {
                // `10.0.0.1 (VIP)` since 1.31.
                let names = entry.value.split(',').filter_map(|name| text(name.split(" (").next().unwrap_or(name)));
                data.external.extend(names);
            }
            "Port" => match service_port(entry.value) {
                Some(port) => data.ports.push(port),
                None => parsed.problem(document, entry.line.number, "expected a port such as `http  80/TCP`"),
            },
            "TargetPort" => {
                if let Some(port) = data.ports.last_mut() {
                    port.target = entry.value.split('/').next().and_then(text);
                }
            }
            "NodePort" => {
                let number =
                    entry.value.split_whitespace().last().and_then(|last| last.split('/').next()?.parse().ok());
                if let Some(port) = data.ports.last_mut() {
                    port.node_port = number;
                }
            }
            "Endpoints" => {
                // Newer versions count those that they leave out: `10.1.0.4:80 + 2 more...`
                backends.extend(entry.value.split(" + ").next().unwrap_or_default().split(',').filter_map(text));
                let (first, _) = *shown.get_or_insert((entry.line, entry.line));
                shown = Some((first, entry.line));
            }
            _ => {}
        }
    }
    data.pending = data.service_type.as_deref() == Some("LoadBalancer") && data.external.is_empty();
    push(parsed, of.head_source(document, &["Session Affinity", "Events"]), data);
    let Some((first, last)) = shown else { return };
    let split = |entry: &Text| -> Option<(IpAddr, Text)> {
        let (host, port) = entry.rsplit_once(':')?;
        Some((host.trim_matches(['[', ']']).parse().ok()?, port.into()))
    };
    let (mut addresses, mut ports): (Vec<_>, Vec<_>) = backends.iter().filter_map(split).unzip();
    ports.sort();
    ports.dedup();
    addresses.sort();
    addresses.dedup();
    let data =
        KubeEndpoints { service: of.name(), namespace: of.namespace(), addresses, ports, ..KubeEndpoints::default() };
    push(parsed, document.source(first, last), data);
}

/// `http  80/TCP`, `<unset>  80/TCP`.
fn service_port(value: &str) -> Option<ServicePort> {
    let (name, port) = value.rsplit_once([' ', '\t']).unwrap_or(("", value));
    let (number, proto) = port.split_once('/')?;
    Some(ServicePort {
        name: text(name),
        proto: Proto::from_word(&proto.to_lowercase())?,
        port: Some(number.parse().ok()?),
        target: None,
        node_port: None,
    })
}

/// `dns   53   UDP` below titles.
fn port_rows(entries: &[Entry<'_>]) -> Vec<Text> {
    let row = |entry: &Entry<'_>| {
        let words: Vec<&str> = entry.text().split_whitespace().collect();
        let [.., number, proto] = words[..] else { return None };
        number.parse::<u16>().ok()?;
        Some(format!("{number}/{}", proto.to_lowercase()).into())
    };
    entries.iter().filter_map(row).collect()
}

/// Endpoints.
pub(super) fn endpoints(of: &Description<'_>, document: &Document<'_>, parsed: &mut Parsed) {
    let block = of.block("Subsets");
    let mut data = KubeEndpoints { service: of.name(), namespace: of.namespace(), ..KubeEndpoints::default() };
    for (at, entry) in block.iter().enumerate() {
        let addresses = entry.value.split(',').filter_map(|address| address.trim().parse::<IpAddr>().ok());
        match entry.key {
            "Addresses" => data.addresses.extend(addresses),
            "NotReadyAddresses" => data.not_ready.extend(addresses),
            "Ports" => data.ports.extend(port_rows(below(block, at))),
            _ => {}
        }
    }
    push(parsed, of.head_source(document, &["Events"]), data);
}

/// A slice of the endpoints of a service.
pub(super) fn slice(of: &Description<'_>, document: &Document<'_>, parsed: &mut Parsed) {
    let labels = of.map("Labels");
    let service = labels.get("kubernetes.io/service-name").cloned().unwrap_or_else(|| of.name());
    let ports = port_rows(of.block("Ports"));
    let mut data = KubeEndpoints { service, namespace: of.namespace(), ports, ..KubeEndpoints::default() };
    let mut addresses: Vec<IpAddr> = Vec::new();
    let mut ready = true;
    let mut put = |addresses: &mut Vec<IpAddr>, ready: bool| {
        let list = if ready { &mut data.addresses } else { &mut data.not_ready };
        list.append(addresses);
    };
    for entry in of.block("Endpoints") {
        match entry.key {
            "- Addresses" => {
                put(&mut addresses, ready);
                addresses = entry.value.split(',').filter_map(|address| address.trim().parse().ok()).collect();
                ready = true;
            }
            "Ready" => ready = entry.value != "false",
            _ => {}
        }
    }
    put(&mut addresses, ready);
    push(parsed, of.head_source(document, &["Events"]), data);
}

/// An ingress.
pub(super) fn ingress(of: &Description<'_>, document: &Document<'_>, parsed: &mut Parsed) {
    let mut rules: Vec<IngressRule> = Vec::new();
    let (mut hosts, mut host) = (Vec::new(), None::<Text>);
    // `web:80 (10.1.0.4:8080)`
    let backend = |word: &str| {
        let (service, port) = word.rsplit_once(':').unwrap_or((word, ""));
        (text(service), text(port))
    };
    for entry in of.block("Rules").iter().filter(|entry| !entry.text().starts_with("----")) {
        let words: Vec<&str> = entry.text().split_whitespace().collect();
        match words[..] {
            ["Host", "Path", "Backends"] => {}
            // A host stands further left than the paths below it.
            [name] | [name, ..] if entry.indent <= 2 => {
                host = text(name).filter(|name| &**name != "*");
                hosts.extend(host.clone());
            }
            [path, target, ..] if path.starts_with('/') => {
                let (service, port) = backend(target);
                rules.push(IngressRule { host: host.clone(), path: text(path), service, port });
            }
            [target, ..] => {
                let (service, port) = backend(target);
                rules.push(IngressRule { host: host.clone(), path: None, service, port });
            }
            [] => {}
        }
    }
    let default = of.value("Default backend").split_whitespace().next().unwrap_or_default();
    if let Some(default) = text(default) {
        let (service, port) = backend(&default);
        rules.push(IngressRule { service, port, ..IngressRule::default() });
    }
    // `tls-secret terminates shop.example`; `SNI routes shop.example` has none.
    let secrets = of.block("TLS").iter().filter_map(|entry| entry.text().split_once(" terminates"));
    let data = KubeIngress {
        name: of.name(),
        namespace: of.namespace(),
        class: of.text("Ingress Class"),
        hosts,
        addresses: of.value("Address").split(',').filter_map(text).collect(),
        rules,
        tls_secrets: secrets.map(|(name, _)| name.into()).collect(),
    };
    push(parsed, of.head_source(document, &["Events"]), data);
}

/// A volume.
pub(super) fn volume(of: &Description<'_>, document: &Document<'_>, parsed: &mut Parsed) {
    let source = of.block("Source");
    let inner =
        |keys: &[&str]| source.iter().find(|entry| keys.contains(&entry.key)).and_then(|entry| text(entry.value));
    let data = KubeVolume {
        name: of.name(),
        phase: of.text("Status"),
        claim: of.text("Claim"),
        storage_class: of.text("StorageClass"),
        capacity: of.text("Capacity"),
        reclaim_policy: of.text("Reclaim Policy"),
        access_modes: access_modes(of.value("Access Modes")),
        // `HostPath (bare host directory volume)`
        backing: inner(&["Type"]).and_then(|kind| text(kind.split(" (").next().unwrap_or_default())),
        path: inner(&["Path", "VolumeHandle", "VolumeID"]),
        server: inner(&["Server", "Driver"]),
        message: of.text("Message"),
    };
    push(parsed, of.head_source(document, &["Events"]), data);
}

/// A claim.
pub(super) fn claim(of: &Description<'_>, document: &Document<'_>, parsed: &mut Parsed) {
    let users = if of.has("Used By") { "Used By" } else { "Mounted By" };
    let data = KubeClaim {
        name: of.name(),
        namespace: of.namespace(),
        phase: of.value("Status").split_whitespace().next().and_then(text),
        volume: of.text("Volume"),
        storage_class: of.text("StorageClass"),
        capacity: of.text("Capacity").filter(|size| &**size != "0"),
        access_modes: access_modes(of.value("Access Modes")),
        used_by: of.values(users).collect(),
        requested: None,
    };
    push(parsed, of.head_source(document, &["Events"]), data);
}

/// A storage class.
pub(super) fn class(of: &Description<'_>, document: &Document<'_>, parsed: &mut Parsed) {
    let data = StorageClass {
        name: of.name(),
        provisioner: of.text("Provisioner"),
        is_default: of.value("IsDefaultClass") == "Yes",
        reclaim_policy: of.text("ReclaimPolicy"),
        binding_mode: of.text("VolumeBindingMode"),
    };
    push(parsed, of.head_source(document, &["Events"]), data);
}

/// Names of the entries below `Data`: each is followed by a line of dashes (config maps) or by its size (secrets).
fn data_keys(of: &Description<'_>) -> Vec<Text> {
    let mut keys = Vec::new();
    for pair in of.entries.windows(2) {
        let [entry, next] = pair else { continue };
        let size = entry.value.strip_suffix(" bytes").or_else(|| entry.value.strip_suffix(" byte"));
        if entry.indent == 0
            && !entry.key.is_empty()
            && (entry.value.is_empty() && next.text() == "----" || size.is_some_and(|size| size.parse::<u64>().is_ok()))
        {
            keys.push(entry.key.into());
        }
    }
    // The last one has no line behind it.
    let last = of.entries.last().filter(|entry| entry.value.ends_with(" bytes") && entry.indent == 0);
    keys.extend(last.map(|entry| Text::from(entry.key)));
    keys
}

/// A config map.
pub(super) fn config_map(of: &Description<'_>, document: &Document<'_>, parsed: &mut Parsed) {
    let keys = data_keys(of);
    let entries = Some(keys.len() as u64);
    let data = KubeConfigMap { name: of.name(), namespace: of.namespace(), keys: keys.clone(), entries };
    push(parsed, of.source(document), data);
    // The text of a known entry goes from the line below its dashes to the next entry.
    let at = |key: &str| of.entries.iter().position(|entry| entry.indent == 0 && entry.key == key);
    for key in keys {
        let (Some(read), Some(at)) = (super::super::config::known(&key), at(&key)) else { continue };
        let lines = of.entries.get(at + 2..).unwrap_or_default();
        let ends = |pair: &[Entry<'_>]| pair[0].indent == 0 && pair[0].value.is_empty() && pair[1].text() == "----";
        let end = lines.windows(2).position(ends).unwrap_or(lines.len());
        let end = lines
            .iter()
            .position(|entry| matches!(entry.text(), "BinaryData" | "Events:  <none>"))
            .map_or(end, |at| at.min(end));
        let (Some(first), Some(last)) = (lines.first(), end.checked_sub(1).and_then(|end| lines.get(end))) else {
            continue;
        };
        let place = |at: u64| usize::try_from(at.saturating_sub(document.offset)).unwrap_or_default();
        let bytes = document.bytes.get(place(first.line.start)..place(last.line.end)).unwrap_or_default();
        let inner =
            Document { bytes, first_line: first.line.number, offset: first.line.start, indent: 0, ..document.clone() };
        let mut found = Parsed::default();
        read(&inner, &mut found);
        parsed.facts.extend(found.facts);
        parsed.problems.extend(found.problems);
    }
}

/// A secret; its values are not shown.
pub(super) fn secret(of: &Description<'_>, document: &Document<'_>, parsed: &mut Parsed) {
    let keys = data_keys(of);
    let entries = Some(keys.len() as u64);
    let data = KubeSecret { name: of.name(), namespace: of.namespace(), secret_type: of.text("Type"), keys, entries };
    push(parsed, of.source(document), data);
}

/// A resource quota.
pub(super) fn quota(of: &Description<'_>, document: &Document<'_>, parsed: &mut Parsed) {
    let mut data = ResourceQuota { name: of.name(), namespace: of.namespace(), ..ResourceQuota::default() };
    let rows = of.entries.iter().skip_while(|entry| !entry.text().starts_with("Resource "));
    for entry in rows.skip(1).filter(|entry| !entry.text().starts_with("--")) {
        let words: Vec<&str> = entry.text().split_whitespace().collect();
        match words[..] {
            [resource, used, hard] => {
                data.used.insert(resource.into(), used.into());
                data.hard.insert(resource.into(), hard.into());
            }
            _ => parsed.problem(document, entry.line.number, "expected a resource, what is used of it and its limit"),
        }
    }
    push(parsed, of.source(document), data);
}

/// A network policy: its selector and types; the rules are prose.
pub(super) fn policy(of: &Description<'_>, document: &Document<'_>, parsed: &mut Parsed) {
    let spec = of.block("Spec");
    let value = |key: &str| spec.iter().find(|entry| entry.key == key).map_or("", |entry| entry.value);
    let data = NetworkPolicy {
        name: of.name(),
        namespace: of.namespace(),
        selector: labels(value("PodSelector")),
        policy_types: value("Policy Types").split(',').filter_map(text).collect(),
        ..NetworkPolicy::default()
    };
    push(parsed, of.head_source(document, &["Events"]), data);
}

/// An object of another kind.
pub(super) fn other(of: &Description<'_>, kind: &str, document: &Document<'_>, parsed: &mut Parsed) {
    if kind.is_empty() {
        // Which events belong to is told by their table; the object itself is not known.
        if !of.has("Events") {
            let line = of.entries.first().map_or(1, |entry| entry.line.number);
            parsed.problem(document, line, "a description of a kind that is not known");
        }
        return;
    }
    // Custom resources show the status as a block of fields.
    let status = of.block("Status").iter().find(|entry| matches!(entry.key, "Phase" | "State"));
    let data = KubeObject {
        kind: kind.into(),
        name: of.name(),
        namespace: of.namespace(),
        api_version: of.text("API Version"),
        phase: of.text("Status").or_else(|| status.and_then(|entry| text(entry.value))),
        ..KubeObject::default()
    };
    push(parsed, of.head_source(document, &["Events"]), data);
}
