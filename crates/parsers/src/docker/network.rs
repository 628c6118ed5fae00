//! Networks: `docker network inspect`, the API's `GET /networks`, `docker network ls` as table and as JSON lines,
//! Docker 1.9 to 29.

use std::collections::BTreeMap;

use bundlescope_facts::{Data, Endpoint, Fact, Network, Source, Text};

use crate::json::Fields;
use crate::{Document, Parsed};

use super::cells::Cells;

const OPTION: &str = "com.docker.network.bridge.";

/// A network and the containers that its record lists.
pub(super) fn network(record: Fields<'_, '_>, parsed: &mut Parsed) {
    let name = record.text("Name").unwrap_or_default();
    let id = record.text("Id").or_else(|| record.text("ID")).unwrap_or_default();
    let options = record.map("Options");
    let ipam = record.object("IPAM");
    let listed = record.object("Containers");
    let endpoints: Vec<_> =
        listed.entries().map(|(key, entry)| (endpoint(key, entry, &name, &id), entry.source())).collect();
    let flag = |key: &str| record.bool(key).unwrap_or(false);
    let driver = record.text("Driver");
    let data = Network {
        scope: record.text("Scope"),
        subnets: ipam.list("Config").filter_map(|config| config.network("Subnet")).collect(),
        gateways: ipam.list("Config").filter_map(|config| config.address("Gateway")).collect(),
        internal: flag("Internal"),
        attachable: flag("Attachable"),
        ingress: flag("Ingress"),
        ipv6: flag("EnableIPv6"),
        config_only: flag("ConfigOnly"),
        config_from: record.object("ConfigFrom").text("Network"),
        bridge: bridge(&name, &id, driver.as_deref(), &options),
        icc: option_flag(&options, "enable_icc"),
        masquerade: option_flag(&options, "enable_ip_masquerade"),
        containers: endpoints.iter().map(|(endpoint, _)| endpoint.container.clone()).collect(),
        containers_listed: record.get("Containers").is_present(),
        inspected: ipam.is_present(),
        name,
        id,
        driver,
        options,
    };
    // The options stand behind the containers, so they count as evidence only where they matter.
    let stated = ["Name", "Id", "ID", "Driver", "Scope", "IPAM", "Internal", "Ingress", "ConfigOnly", "Options"];
    let end = if data.icc && data.masquerade { stated.len() - 1 } else { stated.len() };
    let source = record.source_of(&stated[..end]);
    parsed.facts.push(Fact::new(source, data));
    parsed.facts.extend(endpoints.into_iter().map(|(endpoint, source)| Fact::new(source, endpoint)));
}

/// A row of `docker network ls`, which tells neither subnets nor options.
pub(super) fn row(cells: &dyn Cells, source: &Source, parsed: &mut Parsed) {
    let text = |title: &str| Some(cells.cell(title)).filter(|cell| !cell.is_empty()).map(Text::from);
    let (name, id, driver) = (cells.cell("NAME"), cells.cell("NETWORK ID"), text("DRIVER"));
    let data = Network {
        name: name.into(),
        id: id.into(),
        bridge: bridge(name, id, driver.as_deref(), &BTreeMap::new()),
        scope: text("SCOPE"),
        driver,
        icc: true,
        masquerade: true,
        ..Network::default()
    };
    parsed.facts.push(Fact::new(source.clone(), data));
}

fn endpoint(key: &str, entry: Fields<'_, '_>, network: &Text, network_id: &Text) -> Endpoint {
    let address = entry.address_and_prefix("IPv4Address");
    Endpoint {
        container: super::container::name(entry.word("Name"), key),
        container_id: key.into(),
        network: network.clone(),
        network_id: Some(network_id.clone()).filter(|id| !id.is_empty()),
        address: address.map(|(address, _)| address),
        prefix: address.and_then(|(_, prefix)| prefix),
        gateway: None,
        address6: entry.address("IPv6Address"),
        mac: entry.text("MacAddress").map(|mac| mac.to_lowercase().into()),
        aliases: Vec::new(),
        dns_names: Vec::new(),
    }
}

/// The Linux bridge of a network with the bridge driver: the name that an option gives, `docker0` for the default
/// network, otherwise `br-` and the first twelve digits of the id (moby's `bridge.getBridgeName`).
pub(super) fn bridge(name: &str, id: &str, driver: Option<&str>, options: &BTreeMap<Text, Text>) -> Option<Text> {
    if driver != Some("bridge") {
        return None;
    }
    if let Some(given) = options.get(format!("{OPTION}name").as_str()).filter(|given| !given.is_empty()) {
        return Some(given.clone());
    }
    match name {
        "bridge" => Some("docker0".into()),
        "docker_gwbridge" => Some(name.into()),
        _ if options.get(format!("{OPTION}default_bridge").as_str()).is_some_and(|value| &**value == "true") => {
            Some("docker0".into())
        }
        _ => id.get(..12).map(|short| format!("br-{short}").into()),
    }
}

/// An option of the bridge driver that is on unless it says otherwise.
fn option_flag(options: &BTreeMap<Text, Text>, name: &str) -> bool {
    let value = options.get(format!("{OPTION}{name}").as_str());
    // What Go's strconv.ParseBool takes for false.
    !value.is_some_and(|value| matches!(&**value, "false" | "False" | "FALSE" | "f" | "F" | "0"))
}

/// The API's list shows `"Containers": {}` for every network, whoever is on it; the CLI's inspect lists them and is
/// always indented by four blanks. Where a list of several networks names no container at all, it is the former.
pub(super) fn settle_listing(document: &Document<'_>, parsed: &mut Parsed) {
    let networks = || {
        parsed.facts.iter().filter_map(|fact| match &fact.data {
            Data::Network(network) => Some(network),
            _ => None,
        })
    };
    let from_cli = document.bytes.trim_ascii_start().starts_with(b"[\n    {");
    if from_cli || networks().count() < 2 || networks().any(|network| !network.containers.is_empty()) {
        return;
    }
    for fact in &mut parsed.facts {
        if let Data::Network(network) = &mut fact.data {
            network.containers_listed = false;
        }
    }
}
