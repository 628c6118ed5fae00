//! Collects the uses of ports from the facts.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use bundlescope_facts::{Container, Data, Fact, Proto, Text};
use bundlescope_netfilter::{Answer, Flow, From, Verdict};

use super::{Decider, HostPorts, Published, Seen, Use, word};
use crate::loaded::Loaded;
use crate::prober::ModelProber;
use crate::target::Targets;

/// Uses that are listed for one host, and sightings for one use; a bundle with more was made to have them.
const MOST_USES: usize = 2_000;
const MOST_SEEN: usize = 8;

/// One sighting.
struct Sighting<'f> {
    client: &'f str,
    host: Text,
    address: Option<IpAddr>,
    port: u16,
    proto: Proto,
    service: Option<Text>,
    how: Text,
}

/// What is known of one host.
struct Node<'f> {
    name: &'f str,
    containers: BTreeMap<&'f str, &'f Container>,
    by_address: BTreeMap<IpAddr, &'f str>,
    own: BTreeSet<IpAddr>,
    facts: Vec<&'f Fact>,
}

/// Every host that has containers, with its ports; rules and bullets are still missing.
pub(super) fn hosts(loaded: &Loaded) -> Vec<HostPorts> {
    let mut nodes: BTreeMap<&str, Node<'_>> = BTreeMap::new();
    for fact in &loaded.facts {
        let node = nodes.entry(&*fact.node).or_insert_with(|| Node {
            name: &fact.node,
            containers: BTreeMap::new(),
            by_address: BTreeMap::new(),
            own: BTreeSet::new(),
            facts: Vec::new(),
        });
        node.facts.push(fact);
        match &fact.data {
            Data::Container(container) => {
                let known = node.containers.entry(&container.name).or_insert(container);
                if container.inspected {
                    *known = container;
                }
            }
            Data::Endpoint(endpoint) => {
                for address in endpoint.address.into_iter().chain(endpoint.address6) {
                    node.by_address.insert(address, &endpoint.container);
                }
            }
            Data::Address(address) if address.container.is_none() => node.own.extend(address.address),
            _ => {}
        }
    }
    let (targets, prober) = (Targets::learn(&loaded.facts), loaded.prober());
    nodes
        .into_values()
        .filter(|node| !node.containers.is_empty())
        .map(|node| {
            let (internal, outbound) = uses(&node, &targets, loaded, &prober);
            HostPorts {
                host: node.name.into(),
                inbound: published(&node, loaded, &prober),
                internal,
                outbound,
                requirements: Vec::new(),
                rules: Vec::new(),
            }
        })
        .collect()
}

/// The uses inside of the host and those outside.
fn uses(node: &Node<'_>, targets: &Targets<'_>, loaded: &Loaded, prober: &ModelProber<'_>) -> (Vec<Use>, Vec<Use>) {
    let mut found: BTreeMap<(bool, Text, Text, u16, Text), Use> = BTreeMap::new();
    for fact in &node.facts {
        for sighting in sightings(node, fact) {
            let address = sighting.address.or_else(|| sighting.host.parse().ok()).or_else(|| {
                let from = From::Container(sighting.client.into());
                prober.destination(node.name, &from, &sighting.host).ok()
            });
            let Some((to, inside)) = destination(node, targets, &sighting, address) else { continue };
            let key = (!inside, Text::from(sighting.client), to.clone(), sighting.port, word(sighting.proto));
            if found.len() >= MOST_USES && !found.contains_key(&key) {
                continue;
            }
            let used = found.entry(key).or_insert_with(|| Use {
                from: sighting.client.into(),
                to,
                address,
                port: sighting.port,
                proto: word(sighting.proto),
                service: None,
                verdict: Text::default(),
                blocked_by: None,
                seen: Vec::new(),
            });
            used.address = used.address.or(address);
            used.service = used.service.take().or(sighting.service);
            let seen = Seen { how: sighting.how, document: fact.source.document.clone(), line: fact.source.first_line };
            let known = used.seen.iter().any(|other| other.how == seen.how);
            if !known && used.seen.len() < MOST_SEEN {
                used.seen.push(seen);
            }
        }
    }
    let mut sides = (Vec::new(), Vec::new());
    for ((outside, ..), mut used) in found {
        let answer = used.address.and_then(|address| {
            let proto = Proto::from_word(&used.proto).unwrap_or_default();
            let flow =
                Flow { from: From::Container(used.from.clone()), proto, to: address, port: used.port, sport: None };
            Some(loaded.network.host(node.name)?.probe(&flow))
        });
        (used.verdict, used.blocked_by) = told(answer.as_ref());
        if outside { sides.1.push(used) } else { sides.0.push(used) }
    }
    sides
}

/// The verdict and what stops the connection, if anything does.
fn told(answer: Option<&Answer>) -> (Text, Option<Decider>) {
    let Some(answer) = answer else { return (Verdict::Unknown.word().into(), None) };
    let stopped =
        matches!(answer.verdict, Verdict::Dropped | Verdict::Rejected | Verdict::Stalled | Verdict::Unroutable);
    let by = answer.decided_by.as_ref().filter(|_| stopped);
    let decider = by.map(|by| Decider { text: by.text.clone(), document: by.document.clone(), line: by.line });
    (answer.verdict.word().into(), decider)
}

/// What one fact says about ports that a container uses.
fn sightings<'f>(node: &Node<'f>, fact: &'f Fact) -> Vec<Sighting<'f>> {
    match &fact.data {
        Data::Dependency(dependency) => {
            let Some(port) = dependency.port else { return Vec::new() };
            vec![Sighting {
                client: &dependency.container,
                host: dependency.host.clone(),
                address: dependency.address,
                port,
                proto: Proto::Tcp,
                service: dependency.service.clone(),
                how: dependency.origin.clone(),
            }]
        }
        Data::Container(container) if container.inspected => links(node, container),
        Data::Connection(connection) => {
            let (Some(client), Some(remote)) = (&connection.container, connection.remote_address) else {
                return Vec::new();
            };
            let serves = node.facts.iter().any(|other| {
                matches!(&other.data, Data::Listener(listener)
                    if listener.port == connection.local_port && listener.container.as_ref() == Some(client))
            });
            if serves || remote.is_loopback() || remote.is_unspecified() || connection.remote_port == 0 {
                return Vec::new();
            }
            vec![Sighting {
                client,
                host: remote.to_string().into(),
                address: Some(remote),
                port: connection.remote_port,
                proto: connection.proto,
                service: None,
                how: "connection".into(),
            }]
        }
        Data::Flow(flow) if flow.container.is_none() => {
            let (Some(source), Some(to), Some(port)) = (flow.source, flow.destination, flow.destination_port) else {
                return Vec::new();
            };
            let (Some(client), Some(proto)) = (node.by_address.get(&source), Proto::from_word(&flow.proto)) else {
                return Vec::new();
            };
            vec![Sighting {
                client,
                host: to.to_string().into(),
                address: Some(to),
                port,
                proto,
                service: None,
                how: "tracked connection".into(),
            }]
        }
        Data::Dynamic { .. }
            if ["connection_failure", "connection_success", "connection_target"].contains(&fact.kind()) =>
        {
            event(node, fact).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// A log that names host and port.
fn event<'f>(node: &Node<'f>, fact: &'f Fact) -> Option<Sighting<'f>> {
    let container = fact.get("container");
    let (client, _) = node.containers.get_key_value(container.as_text()?)?;
    let host = fact.get("host");
    let address: Option<IpAddr> = fact.get("address").as_text().and_then(|text| text.parse().ok());
    let port = fact.get("port").as_int().and_then(|port| u16::try_from(port).ok()).filter(|port| *port > 0)?;
    let host = match (host.as_text(), address) {
        (Some(host), _) => Text::from(host),
        (None, Some(address)) => address.to_string().into(),
        (None, None) => return None,
    };
    Some(Sighting { client, host, address, port, proto: Proto::Tcp, service: None, how: "log".into() })
}

/// A legacy link opens every port that the other container exposes.
fn links<'f>(node: &Node<'f>, container: &'f Container) -> Vec<Sighting<'f>> {
    let mut found = Vec::new();
    for link in &container.links {
        let target = link.split(':').next().unwrap_or(link).trim_start_matches('/');
        let Some(other) = node.containers.get(target) else { continue };
        for exposed in &other.exposed_ports {
            let (port, proto) = exposed.split_once('/').unwrap_or((exposed, "tcp"));
            if let (Ok(port), Some(proto)) = (port.parse(), Proto::from_word(proto)) {
                found.push(Sighting {
                    client: &container.name,
                    host: target.into(),
                    address: None,
                    port,
                    proto,
                    service: None,
                    how: "link".into(),
                });
            }
        }
    }
    found
}

/// Who is meant: a container, `host`, or somebody outside, and whether that is on this host. `None` for the container itself.
fn destination(
    node: &Node<'_>,
    targets: &Targets<'_>,
    sighting: &Sighting<'_>,
    address: Option<IpAddr>,
) -> Option<(Text, bool)> {
    let own_loopback = address.is_some_and(|address| address.is_loopback());
    if own_loopback {
        let mode = node.containers.get(sighting.client).and_then(|container| container.network_mode.as_deref());
        return (mode == Some("host")).then(|| ("host".into(), true));
    }
    let found = targets.find(node.name, Some(sighting.client), &sighting.host, address, Some(sighting.port));
    if let Some((container, _)) = found {
        return (*container != *sighting.client).then_some((container, true));
    }
    match address {
        Some(address) if node.own.contains(&address) => Some(("host".into(), true)),
        _ => Some((sighting.host.clone(), false)),
    }
}

/// Ports that others can reach on an address of the host.
fn published(node: &Node<'_>, loaded: &Loaded, prober: &ModelProber<'_>) -> Vec<Published> {
    let mut found: BTreeMap<(u16, Text, Text), Published> = BTreeMap::new();
    for fact in &node.facts {
        let Data::PublishedPort(port) = &fact.data else { continue };
        let (Some(host_port), Some(address)) = (port.host_port, port.host_address) else { continue };
        if address.is_loopback() || found.len() >= MOST_USES {
            continue;
        }
        let entry = found.entry((host_port, word(port.proto), port.container.clone())).or_insert_with(|| Published {
            port: host_port,
            proto: word(port.proto),
            container: port.container.clone(),
            container_port: port.container_port,
            addresses: Vec::new(),
            verdict: Text::default(),
            blocked_by: None,
            seen: vec![Seen {
                how: "published port".into(),
                document: fact.source.document.clone(),
                line: fact.source.first_line,
            }],
        });
        if !entry.addresses.contains(&address) {
            entry.addresses.push(address);
        }
    }
    let mut list: Vec<Published> = found.into_values().collect();
    for entry in &mut list {
        entry.addresses.sort_unstable();
        let asked = entry.addresses.iter().copied().find(|address| address.is_ipv4() && !address.is_unspecified());
        let asked = asked.or_else(|| prober.destination(node.name, &From::Host { bound: None }, "host").ok());
        let answer = asked.zip(prober.party(node.name, "outside").ok()).and_then(|(to, from)| {
            let proto = Proto::from_word(&entry.proto).unwrap_or_default();
            Some(loaded.network.host(node.name)?.probe(&Flow { from, proto, to, port: entry.port, sport: None }))
        });
        (entry.verdict, entry.blocked_by) = told(answer.as_ref());
    }
    list
}
