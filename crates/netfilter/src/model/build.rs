//! Facts of one host in, its model out.

use std::collections::BTreeMap;
use std::net::IpAddr;

use bundlescope_facts::{Data, Fact, Interface as InterfaceFact, RouteKind, Source, Text};
use ipnet::IpNet;

use super::{
    Fib, Hop, Host, IfAddress, Interface, Link, Listening, Namespace, Neighbour, Off, Port, Published, Route, Sets,
    containers, fib::Policy, table_name,
};
use crate::rules::Builder;

/// Builds the host's own namespace, then those of its containers.
pub(super) fn host(node: Text, facts: &[&Fact]) -> Host {
    let mut own = Namespace::default();
    let mut firewall = Builder::default();
    for fact in facts {
        if container_of(fact).is_none() {
            add(&mut own, fact);
            firewall.add(fact);
        }
    }
    mark_bridges(&mut own, facts);
    finish(&mut own);
    own.firewall = firewall.build(true);
    let mut host = Host {
        node,
        namespaces: vec![own],
        ports: Vec::new(),
        containers: Vec::new(),
        published: Vec::new(),
        sets: Sets::default(),
        bridge_nf: [None; 2],
        bridge_nf_source: None,
    };
    add_ports(&mut host, facts);
    containers::add(&mut host, facts);
    for fact in facts {
        match &fact.data {
            Data::IpSet(set) => host.sets.add(set, &fact.source),
            Data::PublishedPort(port) if port.active => {
                if let Some(host_port) = port.host_port {
                    host.published.push(Published {
                        container: port.container.clone(),
                        proto: port.proto,
                        container_port: port.container_port,
                        host_address: port.host_address,
                        host_port,
                        source: fact.source.clone(),
                    });
                }
            }
            _ => {}
        }
    }
    forwarding(&mut host, facts);
    bridge_nf(&mut host, facts);
    host
}

/// The container in whose view a fact was seen.
pub(super) fn container_of(fact: &Fact) -> Option<&Text> {
    match &fact.data {
        Data::Interface(data) => data.container.as_ref(),
        Data::Address(data) => data.container.as_ref(),
        Data::Route(data) => data.container.as_ref(),
        Data::PolicyRule(data) => data.container.as_ref(),
        Data::Neighbour(data) => data.container.as_ref(),
        Data::Sysctl(data) => data.container.as_ref(),
        Data::Listener(data) => data.container.as_ref(),
        Data::ListenerList(data) => data.container.as_ref(),
        Data::FirewallTable(data) => data.container.as_ref(),
        Data::FirewallChain(data) => data.container.as_ref(),
        Data::FirewallRule(data) => data.container.as_ref(),
        _ => None,
    }
}

/// Adds a fact to the namespace in which it was seen.
pub(super) fn add(namespace: &mut Namespace, fact: &Fact) {
    match &fact.data {
        Data::Interface(data) => add_interface(namespace, data, &fact.source),
        Data::Address(data) => {
            let Some(address) = data.address else { return };
            let interface = interface_named(namespace, &data.interface);
            if interface.addresses.iter().any(|other| other.address == address && other.prefix == data.prefix) {
                return;
            }
            let scope = data
                .scope
                .clone()
                .unwrap_or_else(|| if address.is_loopback() { "host".into() } else { "global".into() });
            let (prefix, secondary, peer) = (data.prefix, data.secondary, data.peer);
            interface.addresses.push(IfAddress { address, prefix, secondary, scope, peer });
        }
        Data::Route(data) => {
            let Some(destination) = data.destination else { return };
            let mut hops: Vec<Hop> = data
                .nexthops
                .iter()
                .filter(|hop| !hop.flags.iter().any(|flag| &**flag == "dead"))
                .filter_map(|hop| Some(Hop { gateway: hop.gateway, interface: hop.interface.clone()? }))
                .collect();
            if let (true, Some(interface)) = (hops.is_empty(), &data.interface) {
                hops.push(Hop { gateway: data.gateway, interface: interface.clone() });
            }
            if data.flags.iter().any(|flag| &**flag == "dead") {
                return;
            }
            let table = table_name(&data.table).into();
            // The kernel gives IPv6 routes a metric of 1024 when none is set.
            let metric = data.metric.unwrap_or(if matches!(destination, IpNet::V6(_)) { 1024 } else { 0 });
            namespace.fib.complete |= &*data.table == "local" || &*data.table == "255";
            namespace.fib.routes.push(Route {
                destination,
                kind: data.kind,
                hops,
                source: data.source,
                metric,
                table,
                fact: Some(fact.source.clone()),
            });
        }
        Data::PolicyRule(rule) => {
            let mut rule = rule.as_ref().clone();
            rule.table = rule.table.map(|table| table_name(&table).into());
            if !namespace.fib.policies.iter().any(|policy| policy.rule == rule) {
                namespace.fib.policies.push(Policy { rule, fact: Some(fact.source.clone()) });
            }
        }
        Data::Neighbour(data) => {
            let Some(address) = data.address else { return };
            namespace.neighbours.push(Neighbour {
                address,
                interface: data.interface.clone(),
                mac: data.mac.clone(),
                state: data.state.clone(),
                source: fact.source.clone(),
            });
        }
        Data::Sysctl(data) => {
            let live = !data.configured;
            if live || !namespace.sysctls.contains_key(&data.key) {
                // Keys are written with dots or with slashes.
                let key = if data.key.contains('/') { data.key.replace('/', ".").into() } else { data.key.clone() };
                namespace.sysctls.insert(key, (data.value.clone(), Some(fact.source.clone())));
            }
        }
        Data::Listener(data) => add_listener(namespace, data, fact),
        Data::ListenerList(data) => {
            namespace.tcp_listed |= data.tcp;
            namespace.udp_listed |= data.udp;
        }
        _ => {}
    }
}

fn add_listener(namespace: &mut Namespace, data: &bundlescope_facts::Listener, fact: &Fact) {
    let Some(address) = data.address else { return };
    match data.proto {
        bundlescope_facts::Proto::Tcp => namespace.tcp_listed = true,
        bundlescope_facts::Proto::Udp => namespace.udp_listed = true,
        _ => {}
    }
    let same = namespace.listeners.iter_mut().find(|other| {
        other.proto == data.proto
            && other.address == address
            && other.port == data.port
            && other.interface == data.interface
    });
    match same {
        // The same socket in ss and netstat: each may know what the other does not.
        Some(other) => {
            other.process = other.process.take().or_else(|| data.process.clone());
            other.user = other.user.take().or_else(|| data.user.clone());
            other.v6_only = other.v6_only.or(data.v6_only);
        }
        None => namespace.listeners.push(Listening {
            proto: data.proto,
            address,
            port: data.port,
            interface: data.interface.clone(),
            v6_only: data.v6_only,
            process: data.process.clone(),
            user: data.user.clone(),
            source: fact.source.clone(),
        }),
    }
}

fn add_interface(namespace: &mut Namespace, data: &InterfaceFact, source: &Source) {
    let bond = data.flags.iter().any(|flag| &**flag == "SLAVE");
    let interface = interface_named(namespace, &data.name);
    interface.index = interface.index.or(data.index);
    interface.mac = interface.mac.take().or_else(|| data.mac.clone());
    interface.peer = interface.peer.take().or_else(|| data.peer.clone());
    interface.kind = interface.kind.take().or_else(|| data.link_kind.clone());
    if !bond {
        interface.master = interface.master.take().or_else(|| data.master.clone());
    }
    interface.bridge |= data.link_kind.as_deref() == Some("bridge");
    // Forms without flags do not tell whether it is up.
    let down = !data.up && !data.flags.is_empty();
    match data.carrier {
        _ if down => interface.off = Some((Off::Down, source.clone())),
        Some(false) => interface.off = interface.off.take().or_else(|| Some((Off::NoCarrier, source.clone()))),
        Some(true) => interface.works = true,
        None => {}
    }
}

/// The interface of that name, made when it is new.
pub(super) fn interface_named<'n>(namespace: &'n mut Namespace, name: &Text) -> &'n mut Interface {
    let at = match namespace.interface(name) {
        Some(at) => at,
        None => {
            namespace.interfaces.push(Interface {
                name: name.clone(),
                index: None,
                bridge: false,
                mac: None,
                addresses: Vec::new(),
                link: if &**name == "lo" { Link::Loopback } else { Link::Outside },
                peer: None,
                master: None,
                kind: None,
                off: None,
                works: false,
            });
            namespace.interfaces.len() - 1
        }
    };
    // `at` was found or pushed right above.
    &mut namespace.interfaces[at]
}

/// A bridge is known by its kind, by having ports, or by Docker naming it.
fn mark_bridges(own: &mut Namespace, facts: &[&Fact]) {
    let no_interfaces = own.interfaces.iter().all(|interface| &*interface.name == "lo");
    let mut names: Vec<Text> = own.interfaces.iter().filter_map(|interface| interface.master.clone()).collect();
    for fact in facts {
        match &fact.data {
            Data::BridgePort(port) => names.push(port.bridge.clone()),
            Data::Network(network) if network.driver.as_deref().is_none_or(|driver| driver == "bridge") => {
                let Some(bridge) = &network.bridge else { continue };
                names.push(bridge.clone());
                // Without `ip addr` the network itself tells the bridge's address.
                if no_interfaces && !own.interfaces.iter().any(|interface| interface.name == *bridge) {
                    let interface = interface_named(own, bridge);
                    for (gateway, subnet) in network.gateways.iter().zip(&network.subnets) {
                        let (address, prefix) = (*gateway, subnet.prefix_len());
                        let (scope, secondary, peer) = ("global".into(), false, None);
                        interface.addresses.push(IfAddress { address, prefix, secondary, scope, peer });
                    }
                }
            }
            // Without the network itself: its bridge has the address that its containers take for their gateway, and
            // Docker names it after the network's id unless told otherwise.
            Data::Endpoint(endpoint) => {
                let has = |interface: &&Interface| {
                    let gateway = |own: &IfAddress| endpoint.gateway == Some(own.address);
                    let id = endpoint.network_id.as_deref();
                    interface.addresses.iter().any(gateway) || is_named_after(&interface.name, id)
                };
                names.extend(own.interfaces.iter().filter(has).map(|interface| interface.name.clone()));
            }
            _ => {}
        }
    }
    for interface in &mut own.interfaces {
        let bond = interface.kind.as_deref() == Some("bond");
        interface.bridge |= !bond && names.contains(&interface.name);
    }
}

/// Whether a bridge has the name that Docker gives to that of a network: `br-` and twelve digits of the id.
fn is_named_after(bridge: &str, network_id: Option<&str>) -> bool {
    let id = bridge.strip_prefix("br-").filter(|id| id.len() == 12);
    id.zip(network_id).is_some_and(|(id, network)| network.starts_with(id))
}

fn add_ports(host: &mut Host, facts: &[&Fact]) {
    let Some(own) = host.namespaces.first_mut() else { return };
    let mut order: Vec<(Text, Text)> = own
        .interfaces
        .iter()
        .filter_map(|interface| Some((interface.name.clone(), interface.master.clone()?)))
        .collect();
    let mut details = BTreeMap::new();
    for fact in facts {
        if let Data::BridgePort(port) = &fact.data {
            if !order.iter().any(|(name, _)| *name == port.interface) {
                order.push((port.interface.clone(), port.bridge.clone()));
            }
            let slot: &mut (Option<bool>, Option<bool>, Option<Text>, _) =
                details.entry(port.interface.clone()).or_insert((None, None, None, fact.source.clone()));
            slot.0 = slot.0.or(port.hairpin);
            slot.1 = slot.1.or(port.isolated);
            slot.2 = slot.2.take().or_else(|| port.state.clone());
        }
    }
    for (name, master) in order {
        let Some(bridge) = own.interface(&master).filter(|at| own.interfaces.get(*at).is_some_and(|i| i.bridge)) else {
            continue;
        };
        let detail = details.get(&name);
        let interface = own.interface(&name).and_then(|at| own.interfaces.get_mut(at));
        let mut virtual_link = name.starts_with("veth") || name.starts_with("vnet") || name.starts_with("tap");
        if let Some(interface) = interface {
            interface.link = Link::Port(host.ports.len());
            virtual_link |= interface.kind.as_deref() == Some("veth") || interface.peer.is_some();
        }
        host.ports.push(Port {
            bridge,
            name,
            hairpin: detail.and_then(|detail| detail.0),
            isolated: detail.and_then(|detail| detail.1).unwrap_or(false),
            forwarding: detail
                .and_then(|detail| detail.2.as_deref())
                .is_none_or(|state| matches!(state, "forwarding" | "learning" | "listening")),
            member: None,
            guessed: false,
            virtual_link,
            source: detail.map(|detail| detail.3.clone()),
        });
    }
}

/// Adds what every namespace has even where no document shows it: lo, routes of its own addresses.
pub(super) fn finish(namespace: &mut Namespace) {
    let lo = interface_named(namespace, &"lo".into());
    if lo.addresses.is_empty() {
        for (address, prefix) in [(IpAddr::from([127, 0, 0, 1]), 8), (IpAddr::from(std::net::Ipv6Addr::LOCALHOST), 128)]
        {
            lo.addresses.push(IfAddress { address, prefix, secondary: false, scope: "host".into(), peer: None });
        }
    }
    namespace.fib.seen = !namespace.fib.routes.is_empty();
    let has = |routes: &[Route], table: &str, v6: bool| {
        routes.iter().any(|route| *route.table == *table && matches!(route.destination, IpNet::V6(_)) == v6)
    };
    for v6 in [false, true] {
        let local = !has(&namespace.fib.routes, "local", v6);
        let main = !has(&namespace.fib.routes, "main", v6);
        let mut derived = Vec::new();
        for interface in &namespace.interfaces {
            for address in interface.addresses.iter().filter(|address| address.address.is_ipv6() == v6) {
                let hops = vec![Hop { gateway: None, interface: interface.name.clone() }];
                if local {
                    derive_local(address, &hops, &mut derived);
                }
                let connected = address.network().filter(|net| net.prefix_len() < net.max_prefix_len());
                if let (true, false, Some(destination)) =
                    (main, address.secondary || &*interface.name == "lo", connected)
                {
                    derived.push(derived_route(destination, RouteKind::Unicast, hops, Some(address.address), "main"));
                }
            }
        }
        namespace.fib.routes.extend(derived);
    }
    namespace.fib.sort();
}

fn derive_local(address: &IfAddress, hops: &[Hop], derived: &mut Vec<Route>) {
    let single = IpNet::from(address.address);
    derived.push(derived_route(single, RouteKind::Local, hops.to_vec(), Some(address.address), "local"));
    if address.address.is_loopback() {
        if let Some(net) = address.network() {
            derived.push(derived_route(net, RouteKind::Local, hops.to_vec(), Some(address.address), "local"));
        }
    } else if let Some(IpNet::V4(net)) = address.network().filter(|net| net.prefix_len() < 31) {
        let broadcast = IpNet::from(IpAddr::V4(net.broadcast()));
        derived.push(derived_route(broadcast, RouteKind::Broadcast, hops.to_vec(), Some(address.address), "local"));
    }
}

pub(super) fn derived_route(
    destination: IpNet,
    kind: RouteKind,
    hops: Vec<Hop>,
    source: Option<IpAddr>,
    table: &str,
) -> Route {
    Route { destination, kind, hops, source, metric: 0, table: table.into(), fact: None }
}

fn bridge_nf(host: &mut Host, facts: &[&Fact]) {
    let Some(own) = host.namespaces.first() else { return };
    let key = "net.bridge.bridge-nf-call-iptables";
    let six = own.sysctl("net.bridge.bridge-nf-call-ip6tables").map(|value| value != 0);
    host.bridge_nf = [own.sysctl(key).map(|value| value != 0), six];
    host.bridge_nf_source = own.sysctl_source(key).cloned();
    if host.bridge_nf[0].is_none() {
        let daemon = facts.iter().find_map(|fact| match &fact.data {
            Data::DockerDaemon(daemon) => daemon.bridge_nf_iptables,
            _ => None,
        });
        // A list of all settings lacks those of br_netfilter when the module is not loaded.
        let whole_list = own.sysctls.values().filter(|(_, source)| source.is_some()).count() > 200;
        host.bridge_nf[0] = daemon.or(whole_list.then_some(false));
    }
    host.bridge_nf[1] = host.bridge_nf[1].or(host.bridge_nf[0]);
}

/// What the daemon says of forwarding, where no document shows the kernel's setting.
fn forwarding(host: &mut Host, facts: &[&Fact]) {
    let Some(own) = host.namespaces.first_mut() else { return };
    let off = facts.iter().find(|fact| matches!(&fact.data, Data::DockerDaemon(d) if d.ipv4_forwarding == Some(false)));
    if let Some(fact) = off {
        own.sysctls.entry("net.ipv4.ip_forward".into()).or_insert_with(|| ("0".into(), Some(fact.source.clone())));
    }
}

/// A namespace with routes that were derived, for a container of which only Docker tells.
pub(super) fn add_route(fib: &mut Fib, destination: IpNet, gateway: Option<IpAddr>, interface: &Text) {
    let hops = vec![Hop { gateway, interface: interface.clone() }];
    fib.routes.push(derived_route(destination, RouteKind::Unicast, hops, None, "main"));
}
