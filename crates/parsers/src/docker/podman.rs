//! Where podman (1 to 5) does not imitate Docker: networks, `podman info`, `podman version`.

use bundlescope_facts::{DockerDaemon, Endpoint, Fact, Hostname, Network, Text};

use crate::json::Fields;
use crate::{Document, Parsed};

/// A network of `podman network inspect` (since 4.0; podman 5 lists the containers on it).
pub(super) fn network(record: Fields<'_, '_>, parsed: &mut Parsed) {
    let (name, id) = (record.text("name").unwrap_or_default(), record.text("id").unwrap_or_default());
    let mut endpoints = Vec::new();
    for (key, entry) in record.object("containers").entries() {
        let interface = entry.object("interfaces").entries().next();
        let subnet = interface.and_then(|(_, interface)| interface.list("subnets").next());
        let address = subnet.and_then(|subnet| subnet.address_and_prefix("ipnet"));
        let endpoint = Endpoint {
            container: super::container::name(entry.word("name"), key),
            container_id: key.into(),
            network: name.clone(),
            network_id: Some(id.clone()).filter(|id| !id.is_empty()),
            address: address.map(|(address, _)| address),
            prefix: address.and_then(|(_, prefix)| prefix),
            gateway: subnet.and_then(|subnet| subnet.address("gateway")),
            mac: interface.and_then(|(_, interface)| interface.text("mac_address")),
            ..Endpoint::default()
        };
        endpoints.push(Fact::new(entry.source(), endpoint));
    }
    let data = Network {
        driver: record.text("driver"),
        subnets: record.list("subnets").filter_map(|subnet| subnet.network("subnet")).collect(),
        gateways: record.list("subnets").filter_map(|subnet| subnet.address("gateway")).collect(),
        internal: record.bool("internal").unwrap_or(false),
        ipv6: record.bool("ipv6_enabled").unwrap_or(false),
        options: record.map("options"),
        bridge: record.text("network_interface"),
        icc: true,
        masquerade: true,
        containers: endpoints.iter().filter_map(|fact| fact.get("container").as_text().map(Text::from)).collect(),
        containers_listed: record.has("containers"),
        inspected: true,
        name,
        id,
        ..Network::default()
    };
    let stated = ["name", "id", "driver", "network_interface", "subnets", "internal"];
    parsed.facts.push(Fact::new(record.source_of(&stated), data));
    parsed.facts.append(&mut endpoints);
}

/// A network as /etc/cni/net.d configures it, which podman before 4.0 inspects as it is.
pub(super) fn cni_network(record: Fields<'_, '_>, parsed: &mut Parsed) {
    let bridge = |plugin: &Fields<'_, '_>| matches!(plugin.word("type"), "bridge" | "macvlan" | "ipvlan");
    let Some(plugin) = record.list("plugins").find(bridge) else { return };
    // A list of alternatives, each a list of ranges.
    let ranges: Vec<_> = plugin.object("ipam").list("ranges").flat_map(Fields::items).collect();
    let data = Network {
        name: record.text("name").unwrap_or_default(),
        driver: plugin.text("type"),
        subnets: ranges.iter().filter_map(|range| range.network("subnet")).collect(),
        gateways: ranges.iter().filter_map(|range| range.address("gateway")).collect(),
        internal: plugin.bool("isGateway") == Some(false),
        bridge: plugin.text("bridge"),
        icc: true,
        masquerade: plugin.bool("ipMasq").unwrap_or(true),
        inspected: true,
        ..Network::default()
    };
    parsed.facts.push(Fact::new(record.source_of(&["name", "plugins"]), data));
}

/// `podman info --format json`.
pub(super) fn info(record: Fields<'_, '_>, parsed: &mut Parsed) {
    let (host, version) = (record.object("host"), record.object("version"));
    let containers = record.object("store").object("containerStore");
    let data = DockerDaemon {
        name: host.text("hostname"),
        version: version.text("Version"),
        kernel: host.text("kernel"),
        operating_system: host.object("distribution").text("distribution"),
        running: containers.int("running"),
        ..DockerDaemon::default()
    };
    if let Some(name) = data.name.clone() {
        parsed.facts.push(Fact::new(host.get("hostname").source(), Hostname { name }));
    }
    let source = if version.is_present() { version.source() } else { host.get("kernel").source() };
    parsed.facts.push(Fact::new(source, data));
}

/// True for the text of `podman info`, which is YAML; before podman 1.8 it was indented otherwise and had capitals in places.
pub(super) fn is_info(head: &str) -> bool {
    let at = |word: &str| head.lines().any(|line| line.trim_end() == word);
    at("host:") && (at("store:") || head.contains("ociRuntime:") || head.contains("OCIRuntime:"))
        || head.lines().any(|line| line.trim_start().starts_with("buildahVersion: "))
}

/// The text of `podman info`: the few values that a triager asks for, each by its name and the name above it.
pub(super) fn parse_info(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut daemon = DockerDaemon::default();
    let mut open: Vec<(usize, &str)> = Vec::new();
    let mut stated = None;
    for line in document.lines() {
        let text = line.text.trim();
        let Some((key, value)) = text.split_once(':') else { continue };
        let depth = line.text.len() - line.text.trim_start().len();
        open.retain(|(outer, _)| *outer < depth);
        let parent = open.last().map_or("", |(_, key)| *key);
        let value = value.trim().trim_matches(['"', '\'']);
        let text = || Some(value).filter(|value| !value.is_empty()).map(Text::from);
        match (parent, key) {
            ("host", "hostname") => {
                daemon.name = text();
                if let Some(name) = text() {
                    parsed.line_fact(document, line, Hostname { name });
                }
            }
            ("host", "kernel") => daemon.kernel = text(),
            ("distribution" | "Distribution", "distribution") => daemon.operating_system = text(),
            ("containerStore", "running") => daemon.running = value.parse().ok(),
            ("version", "Version") => {
                daemon.version = text();
                stated = Some(line);
            }
            _ => {}
        }
        if stated.is_none() && key == "kernel" {
            stated = Some(line);
        }
        open.push((depth, key));
    }
    if let Some(line) = stated {
        parsed.facts.insert(0, Fact::new(document.source(line, line), daemon));
    }
    parsed
}
