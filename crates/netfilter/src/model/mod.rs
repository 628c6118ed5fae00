//! The hosts of a bundle: namespaces, interfaces, bridges, routes, listeners, containers.

mod build;
mod containers;
mod fib;
mod namespace;
mod sets;

use std::collections::BTreeMap;
use std::net::IpAddr;

use bundlescope_facts::{Fact, Proto, Source, Text};

pub(crate) use fib::{Fib, Hop, Key, NoRoute, Route, table_name};
pub(crate) use namespace::{IfAddress, Interface, Link, Listening, Namespace, Neighbour, Off, Port};
pub(crate) use sets::{Part, Sets, address_matches, element_matches, parse_number, port_matches};

/// The hosts of a bundle.
#[derive(Debug, Clone, Default)]
pub struct Network {
    hosts: BTreeMap<Text, Host>,
}

/// A container as the model knows it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Container {
    pub(crate) name: Text,
    pub(crate) id: Text,
    pub(crate) running: bool,
    /// Its namespace; `None` when it does not run or has none that is known.
    pub(crate) namespace: Option<usize>,
    pub(crate) addresses: Vec<IpAddr>,
    /// Ports that it exposes or publishes.
    pub(crate) ports: Vec<(Proto, u16)>,
    /// A network of a driver that is not followed, such as `overlay`.
    pub(crate) foreign_driver: Option<Text>,
    /// Where nothing tells to which of Docker's bridges it is connected: a namespace on each of those that are in use.
    pub(crate) candidates: Vec<usize>,
}

/// A port of the host that docker-proxy or DNAT hands to a container.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Published {
    pub(crate) container: Text,
    pub(crate) proto: Proto,
    pub(crate) container_port: u16,
    pub(crate) host_address: Option<IpAddr>,
    pub(crate) host_port: u16,
    pub(crate) source: Source,
}

/// One host. Its methods are questions; [`Host::probe`] is the main one.
#[derive(Debug, Clone)]
pub struct Host {
    pub(crate) node: Text,
    /// The host's own namespace comes first.
    pub(crate) namespaces: Vec<Namespace>,
    pub(crate) ports: Vec<Port>,
    pub(crate) containers: Vec<Container>,
    pub(crate) published: Vec<Published>,
    pub(crate) sets: Sets,
    /// `net.bridge.bridge-nf-call-iptables` and `-ip6tables`; `None` when nothing tells.
    pub(crate) bridge_nf: [Option<bool>; 2],
    pub(crate) bridge_nf_source: Option<Source>,
}

impl Network {
    /// Builds the model. Facts that say nothing of networks are ignored.
    pub fn from_facts(facts: &[Fact]) -> Self {
        let mut by_node: BTreeMap<Text, Vec<&Fact>> = BTreeMap::new();
        for fact in facts {
            by_node.entry(fact.node.clone()).or_default().push(fact);
        }
        let hosts = by_node.into_iter().map(|(node, facts)| (node.clone(), build::host(node, &facts))).collect();
        Self { hosts }
    }

    /// The host of that name; with an empty name the only one.
    pub fn host(&self, node: &str) -> Option<&Host> {
        match self.hosts.get(node) {
            Some(host) => Some(host),
            None if node.is_empty() && self.hosts.len() == 1 => self.hosts.values().next(),
            None => None,
        }
    }

    /// Every host in the order of their names.
    pub fn hosts(&self) -> impl Iterator<Item = &Host> {
        self.hosts.values()
    }
}

impl Host {
    /// Name of the host as the facts have it; empty while unknown.
    pub fn node(&self) -> &str {
        &self.node
    }

    /// Addresses of a container by name or id; empty when it is not known or does not run.
    pub fn container_addresses(&self, container: &str) -> Vec<IpAddr> {
        self.find_container(container).map(|found| found.addresses.clone()).unwrap_or_default()
    }

    /// True when the address is one of the host's own.
    pub fn is_own_address(&self, address: IpAddr) -> bool {
        self.namespaces.first().is_some_and(|own| own.fib.is_local(address))
    }

    /// A container by name, id, the start of its id, or address.
    pub(crate) fn find_container(&self, name: &str) -> Option<&Container> {
        let by_name = self.containers.iter().find(|container| *container.name == *name || *container.id == *name);
        by_name
            .or_else(|| {
                let short = name.len() >= 6 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
                self.containers.iter().find(|container| short && container.id.starts_with(name))
            })
            .or_else(|| {
                let address: IpAddr = name.parse().ok()?;
                self.containers.iter().find(|container| container.running && container.addresses.contains(&address))
            })
    }

    /// Name of the running container that has this address.
    pub fn container_at(&self, address: IpAddr) -> Option<&str> {
        let holds = |container: &&Container| container.running && container.addresses.contains(&address);
        self.containers.iter().find(holds).map(|container| &*container.name)
    }

    /// The container whose namespace this is.
    pub(crate) fn container_of(&self, namespace: usize) -> Option<&Container> {
        self.containers.iter().find(|container| container.namespace == Some(namespace))
    }

    pub(crate) fn own(&self) -> Option<&Namespace> {
        self.namespaces.first()
    }

    pub(crate) fn ns(&self, namespace: usize) -> Option<&Namespace> {
        self.namespaces.get(namespace)
    }
}
