//! Containers and their network namespaces, from what Docker tells and from what was seen inside them.

use std::collections::BTreeMap;
use std::net::IpAddr;

use bundlescope_facts::{Data, Endpoint, Fact, Network as NetworkFact, Text};
use ipnet::IpNet;

use super::build::{self, add_route, interface_named};
use super::{Container, Host, IfAddress, Link, Namespace, Port};
use crate::rules::Builder;

/// Adds the containers, those without a network of their own included.
pub(super) fn add(host: &mut Host, facts: &[&Fact]) {
    let mut endpoints: Vec<Endpoint> = Vec::new();
    let mut networks: BTreeMap<Text, &NetworkFact> = BTreeMap::new();
    let mut modes: Vec<(Text, Option<Text>)> = Vec::new();
    for fact in facts {
        match &fact.data {
            Data::Container(data) => add_container(host, data, &mut modes),
            Data::Endpoint(data) => merge_endpoint(&mut endpoints, data),
            Data::Network(data) => {
                networks.entry(data.name.clone()).or_insert(data);
            }
            Data::PublishedPort(data) => {
                if let Some(container) = host.containers.iter_mut().find(|c| c.name == data.container) {
                    container.ports.push((data.proto, data.container_port));
                }
            }
            _ => {}
        }
    }
    // An endpoint of a container that no list shows belongs to a running one: Docker lists them so.
    for endpoint in &endpoints {
        if endpoint.address.is_some() && !host.containers.iter().any(|c| is_of(endpoint, c)) {
            host.containers.push(new_container(endpoint.container.clone(), endpoint.container_id.clone(), true));
        }
    }
    for at in 0..host.containers.len() {
        let Some(container) = host.containers.get(at).cloned() else { break };
        let mode = modes.iter().find(|(name, _)| *name == container.name).and_then(|(_, mode)| mode.clone());
        if !container.running || mode.as_deref().is_some_and(|mode| mode.starts_with("container:")) {
            continue;
        }
        let own: Vec<&Endpoint> = endpoints.iter().filter(|endpoint| is_of(endpoint, &container)).collect();
        let (namespace, addresses, foreign) = if mode.as_deref() == Some("host") {
            (Some(0), Vec::new(), None)
        } else {
            namespace(host, &container, &own, &networks, facts)
        };
        if let Some(slot) = host.containers.get_mut(at) {
            (slot.namespace, slot.addresses, slot.foreign_driver) = (namespace, addresses, foreign);
        }
    }
    share(host, &modes);
    guess(host, &modes);
}

/// Containers of which nothing but a list tells: `docker ps` shows neither networks nor addresses. Each gets a namespace on every
/// bridge of Docker that has a member; an answer counts where it is the same on all of them.
fn guess(host: &mut Host, modes: &[(Text, Option<Text>)]) {
    let unplaced = |container: &Container| {
        container.running
            && container.namespace.is_none()
            && container.foreign_driver.is_none()
            && !modes.iter().any(|(name, _)| *name == container.name)
    };
    if !host.containers.iter().any(unplaced) {
        return;
    }
    let Some(own) = host.own() else { return };
    let ours = |name: &str| {
        let id = name.strip_prefix("br-");
        name == "docker0" || id.is_some_and(|id| id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    let used: Vec<(Text, IfAddress)> = own
        .interfaces
        .iter()
        .filter(|interface| ours(&interface.name) && interface.is_off().is_none())
        .filter_map(|interface| {
            let v4 = interface.addresses.iter().find(|own| own.address.is_ipv4() && own.prefix <= 30)?;
            Some((interface.name.clone(), v4.clone()))
        })
        .collect();
    let mut candidates = Vec::new();
    for (bridge, gateway) in used {
        candidates.extend(guest(host, &bridge, &gateway));
    }
    for container in host.containers.iter_mut().filter(|container| unplaced(container)) {
        container.candidates.clone_from(&candidates);
    }
}

/// A namespace on a bridge, with an address that nothing else has.
fn guest(host: &mut Host, bridge: &Text, gateway: &IfAddress) -> Option<usize> {
    let IpNet::V4(subnet) = gateway.network()? else { return None };
    let taken = |address: &IpAddr| {
        *address == gateway.address || host.containers.iter().any(|container| container.addresses.contains(address))
    };
    let address = subnet.hosts().skip(1).take(4096).map(IpAddr::V4).find(|address| !taken(address))?;
    // The rules do not tell it from others: whether it is reached is not asked of it.
    let at = host.namespaces.len();
    let mut made = Namespace::default();
    let interface = interface_named(&mut made, &"eth0".into());
    let (scope, secondary, peer) = ("global".into(), false, None);
    interface.addresses.push(IfAddress { address, prefix: gateway.prefix, secondary, scope, peer });
    let at_interface = made.interface("eth0")?;
    for known in &mut host.namespaces.first_mut()?.interfaces {
        known.bridge |= known.name == *bridge;
    }
    let at_bridge = host.own()?.interface(bridge)?;
    host.ports.push(Port {
        bridge: at_bridge,
        name: "".into(),
        hairpin: None,
        isolated: false,
        forwarding: true,
        member: Some((at, at_interface)),
        guessed: true,
        virtual_link: true,
        source: None,
    });
    let port = host.ports.len() - 1;
    if let Some(interface) = made.interfaces.get_mut(at_interface) {
        interface.link = Link::Port(port);
    }
    inherit_sysctls(host, &mut made);
    build::finish(&mut made);
    if let Ok(everything) = "0.0.0.0/0".parse::<IpNet>() {
        add_route(&mut made.fib, everything, Some(gateway.address), &"eth0".into());
    }
    made.fib.sort();
    (made.fib.complete, made.fib.seen) = (true, true);
    host.namespaces.push(made);
    Some(at)
}

fn new_container(name: Text, id: Text, running: bool) -> Container {
    Container {
        name,
        id,
        running,
        namespace: None,
        addresses: Vec::new(),
        ports: Vec::new(),
        foreign_driver: None,
        candidates: Vec::new(),
    }
}

fn add_container(host: &mut Host, data: &bundlescope_facts::Container, modes: &mut Vec<(Text, Option<Text>)>) {
    let at = match host.containers.iter().position(|container| container.name == data.name) {
        Some(at) => at,
        None => {
            host.containers.push(new_container(data.name.clone(), data.id.clone(), data.running));
            host.containers.len() - 1
        }
    };
    let Some(slot) = host.containers.get_mut(at) else { return };
    if data.id.len() > slot.id.len() {
        slot.id = data.id.clone();
    }
    // An inspect knows better than a list's row.
    slot.running = if data.inspected { data.running } else { slot.running || data.running };
    for port in &data.exposed_ports {
        let (number, proto) = port.split_once('/').unwrap_or((port, "tcp"));
        if let (Ok(number), Some(proto)) = (number.parse(), bundlescope_facts::Proto::from_word(proto)) {
            slot.ports.push((proto, number));
        }
    }
    if data.network_mode.is_some() {
        modes.push((data.name.clone(), data.network_mode.clone()));
    }
}

fn is_of(endpoint: &Endpoint, container: &Container) -> bool {
    endpoint.container == container.name || (!endpoint.container_id.is_empty() && endpoint.container_id == container.id)
}

fn merge_endpoint(endpoints: &mut Vec<Endpoint>, data: &Endpoint) {
    let same = endpoints.iter_mut().find(|other| other.container == data.container && other.network == data.network);
    let Some(other) = same else { return endpoints.push(data.clone()) };
    other.address = other.address.or(data.address);
    other.prefix = other.prefix.or(data.prefix);
    other.gateway = other.gateway.or(data.gateway);
    other.address6 = other.address6.or(data.address6);
    other.mac = other.mac.take().or_else(|| data.mac.clone());
}

/// Containers that share another's namespace (`container:ID`).
fn share(host: &mut Host, modes: &[(Text, Option<Text>)]) {
    for (name, mode) in modes {
        let Some(target) = mode.as_deref().and_then(|mode| mode.strip_prefix("container:")) else { continue };
        let found = host.find_container(target).map(|found| (found.namespace, found.addresses.clone()));
        let Some((namespace, addresses)) = found else { continue };
        if let Some(slot) = host.containers.iter_mut().find(|container| container.name == *name && container.running) {
            (slot.namespace, slot.addresses) = (namespace, addresses);
        }
    }
}

type Made = (Option<usize>, Vec<IpAddr>, Option<Text>);

fn namespace(
    host: &mut Host,
    container: &Container,
    endpoints: &[&Endpoint],
    networks: &BTreeMap<Text, &NetworkFact>,
    facts: &[&Fact],
) -> Made {
    let at = host.namespaces.len();
    let mut made = Namespace { container: Some(container.name.clone()), ..Namespace::default() };
    let mut firewall = Builder::default();
    let is_own = |name: &Text| *name == container.name || (name.len() >= 12 && container.id.starts_with(&**name));
    for fact in facts {
        if build::container_of(fact).is_some_and(is_own) {
            build::add(&mut made, fact);
            firewall.add(fact);
        }
    }
    made.firewall = firewall.build(false);
    let (mut addresses, mut foreign) = (Vec::new(), None);
    let seen_routes = !made.fib.routes.is_empty();
    let mut sorted: Vec<&&Endpoint> = endpoints.iter().collect();
    sorted.sort_by(|a, b| a.network.cmp(&b.network));
    let (mut gateway, mut gateway6) = (None, None);
    for (number, endpoint) in sorted.into_iter().enumerate() {
        let network = networks.get(&endpoint.network).copied();
        let driver = network.and_then(|network| network.driver.clone());
        if let Some(driver) = driver.filter(|driver| !matches!(&**driver, "bridge" | "host" | "null")) {
            foreign = Some(driver);
            continue;
        }
        let Some(address) = endpoint.address.or(endpoint.address6) else { continue };
        addresses.extend(endpoint.address);
        addresses.extend(endpoint.address6);
        let interface = attach(host, &mut made, at, number, endpoint, address, network);
        let internal = network.is_some_and(|network| network.internal);
        if let (false, None, Some(via)) = (internal, &gateway, endpoint.gateway.or_else(|| first_gateway(network))) {
            gateway = Some((via, interface.clone()));
        }
        if let (false, None, Some(address)) = (internal, &gateway6, endpoint.address6) {
            gateway6 = gateway_of(host, network, address).map(|via| (via, interface));
        }
    }
    if addresses.is_empty() && made.interfaces.is_empty() {
        return (None, addresses, foreign);
    }
    inherit_sysctls(host, &mut made);
    build::finish(&mut made);
    for (via, interface) in gateway.into_iter().chain(gateway6).filter(|_| !seen_routes) {
        let everything = if via.is_ipv4() { "0.0.0.0/0" } else { "::/0" };
        if let Ok(everything) = everything.parse::<IpNet>() {
            add_route(&mut made.fib, everything, Some(via), &interface);
        }
    }
    made.fib.sort();
    // What Docker tells is all there is: no table is missing.
    made.fib.complete |= !seen_routes;
    made.fib.seen = true;
    host.namespaces.push(made);
    (Some(at), addresses, foreign)
}

fn first_gateway(network: Option<&NetworkFact>) -> Option<IpAddr> {
    network?.gateways.iter().copied().find(IpAddr::is_ipv4)
}

/// The IPv6 gateway of an endpoint: the network tells it, or it is the bridge's own address.
fn gateway_of(host: &Host, network: Option<&NetworkFact>, address: IpAddr) -> Option<IpAddr> {
    let told = network.and_then(|network| network.gateways.iter().copied().find(|via| via.is_ipv6()));
    let own = || {
        let bridge = host.own()?.interfaces.get(bridge_with_subnet(host, address)?)?;
        bridge
            .addresses
            .iter()
            .find(|own| own.network().is_some_and(|net| net.contains(&address)))
            .map(|own| own.address)
    };
    told.or_else(own)
}

/// The interface of an endpoint, linked to a port of its bridge.
fn attach(
    host: &mut Host,
    made: &mut Namespace,
    at: usize,
    number: usize,
    endpoint: &Endpoint,
    address: IpAddr,
    network: Option<&NetworkFact>,
) -> Text {
    let seen = made.interfaces.iter().find(|interface| interface.addresses.iter().any(|own| own.address == address));
    let name = seen.map_or_else(|| Text::from(format!("eth{number}")), |interface| interface.name.clone());
    let interface = interface_named(made, &name);
    interface.mac = interface.mac.take().or_else(|| endpoint.mac.clone());
    let peer_index = interface.index;
    let v4 = endpoint
        .address
        .map(|address| (address, endpoint.prefix.or_else(|| subnet_prefix(network, address)).unwrap_or(16)));
    let v6 = endpoint.address6.map(|address| (address, subnet_prefix(network, address).unwrap_or(64)));
    for (address, prefix) in v4.into_iter().chain(v6) {
        if !interface.addresses.iter().any(|own| own.address == address) {
            let (scope, secondary, peer) = ("global".into(), false, None);
            interface.addresses.push(IfAddress { address, prefix, secondary, scope, peer });
        }
    }
    let at_interface = made.interface(&name).unwrap_or(0);
    let bridge = network
        .and_then(|network| network.bridge.clone())
        .and_then(|bridge| host.own()?.interface(&bridge))
        .or_else(|| bridge_with_subnet(host, address));
    let link = bridge.map(|bridge| Link::Port(port_for(host, bridge, (at, at_interface), peer_index)));
    if let (Some(link), Some(interface)) = (link, made.interfaces.get_mut(at_interface)) {
        interface.link = link;
    }
    name
}

fn subnet_prefix(network: Option<&NetworkFact>, address: IpAddr) -> Option<u8> {
    network?.subnets.iter().find(|subnet| subnet.contains(&address)).map(IpNet::prefix_len)
}

fn bridge_with_subnet(host: &Host, address: IpAddr) -> Option<usize> {
    host.own()?.interfaces.iter().position(|interface| {
        interface.bridge
            && interface.addresses.iter().any(|own| own.network().is_some_and(|net| net.contains(&address)))
    })
}

/// The port by which a container is connected: told by the interface index that the veth names as its peer, else
/// the first free one, which need not be the right one.
fn port_for(host: &mut Host, bridge: usize, member: (usize, usize), peer_index: Option<u32>) -> usize {
    let own = host.namespaces.first();
    let names_peer = |port: &Port| {
        let wanted = peer_index.map(|index| format!("if{index}"));
        let interface = own.and_then(|own| own.interfaces.iter().find(|interface| interface.name == port.name));
        wanted.is_some() && interface.and_then(|interface| interface.peer.as_deref()) == wanted.as_deref()
    };
    let free = |port: &Port| port.bridge == bridge && port.member.is_none() && port.virtual_link;
    let exact = host.ports.iter().position(|port| free(port) && names_peer(port));
    let several = host.ports.iter().filter(|port| port.bridge == bridge && port.virtual_link).count() > 1;
    let at = exact.or_else(|| host.ports.iter().position(free)).unwrap_or_else(|| {
        host.ports.push(Port {
            bridge,
            name: "".into(),
            hairpin: None,
            isolated: false,
            forwarding: true,
            member: None,
            guessed: true,
            virtual_link: true,
            source: None,
        });
        host.ports.len() - 1
    });
    if let Some(port) = host.ports.get_mut(at) {
        port.member = Some(member);
        port.guessed |= exact.is_none() && several;
    }
    at
}

/// A new namespace starts with the host's defaults (net.core.devconf_inherit_init_net = 0).
fn inherit_sysctls(host: &Host, made: &mut Namespace) {
    let Some(own) = host.own() else { return };
    let names: Vec<Text> = made.interfaces.iter().map(|interface| interface.name.clone()).collect();
    for setting in ["rp_filter", "route_localnet", "accept_local"] {
        for (from, to) in
            std::iter::once(("all", Text::from("all"))).chain(names.iter().map(|name| ("default", name.clone())))
        {
            let value = own.sysctls.get(format!("net.ipv4.conf.{from}.{setting}").as_str()).cloned();
            if let Some((value, _)) = value {
                made.sysctls.entry(format!("net.ipv4.conf.{to}.{setting}").into()).or_insert((value, None));
            }
        }
    }
}
