//! Which container a client means by a host and port, whether or not the name resolves for it or anything answers.
//!
//! A stopped container has no address and answers to no name, yet it is what the client asks for; so names are looked
//! up among all containers of the host: names, network aliases, compose services and hostnames, in this order, those
//! that share a network or a compose project with the client first.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use bundlescope_facts::{Container, Data, Fact, PublishedPort, Text};
use ipnet::IpNet;

const SERVICE: &str = "com.docker.compose.service";
const PROJECT: &str = "com.docker.compose.project";

/// What one host knows.
#[derive(Debug, Default)]
struct Node<'f> {
    containers: BTreeMap<&'f str, &'f Container>,
    /// Container, network, other names on it.
    places: Vec<(&'f str, &'f str, Vec<&'f str>)>,
    by_address: BTreeMap<IpAddr, &'f str>,
    /// Container, network, its subnet as the container sees it.
    subnets: Vec<(&'f str, &'f str, IpNet)>,
    own_addresses: BTreeSet<IpAddr>,
    published: Vec<&'f PublishedPort>,
}

/// The containers of every host.
#[derive(Debug, Default)]
pub(crate) struct Targets<'f> {
    nodes: BTreeMap<&'f str, Node<'f>>,
}

impl<'f> Targets<'f> {
    /// Learns the containers and the addresses.
    pub(crate) fn learn(facts: &'f [Fact]) -> Self {
        let mut nodes: BTreeMap<&str, Node<'_>> = BTreeMap::new();
        for fact in facts {
            let node = nodes.entry(&*fact.node).or_default();
            match &fact.data {
                Data::Container(container) if container.inspected => {
                    node.containers.insert(&container.name, container);
                }
                Data::Container(container) => {
                    node.containers.entry(&container.name).or_insert(container);
                }
                Data::Endpoint(endpoint) => {
                    let names = endpoint.aliases.iter().chain(&endpoint.dns_names).map(|name| &**name).collect();
                    node.places.push((&endpoint.container, &endpoint.network, names));
                    let subnet = endpoint.address.zip(endpoint.prefix).and_then(|(a, p)| IpNet::new(a, p).ok());
                    node.subnets.extend(subnet.map(|subnet| (&*endpoint.container, &*endpoint.network, subnet)));
                    for address in endpoint.address.into_iter().chain(endpoint.address6) {
                        node.by_address.insert(address, &endpoint.container);
                    }
                }
                Data::Address(address) if address.container.is_none() => node.own_addresses.extend(address.address),
                Data::PublishedPort(port) => node.published.push(port),
                _ => {}
            }
        }
        Self { nodes }
    }

    /// The container that the client means, and by what it was found.
    pub(crate) fn find(
        &self,
        node: &str,
        client: Option<&str>,
        host: &str,
        address: Option<IpAddr>,
        port: Option<u16>,
    ) -> Option<(Text, &'static str)> {
        let node = self.nodes.get(node)?;
        let address = address.or(host.parse().ok());
        if let Some(container) = address.and_then(|address| node.by_address.get(&address)) {
            return Some(((*container).into(), "address"));
        }
        if let (Some(address), Some(port)) = (address, port)
            && node.own_addresses.contains(&address)
        {
            let publisher = node.published.iter().find(|published| published.host_port == Some(port))?;
            return Some((publisher.container.clone(), "published port"));
        }
        if host.parse::<IpAddr>().is_ok() {
            return node.stopped(client?, address?, port?);
        }
        node.by_name(client, host)
    }
}

impl Node<'_> {
    /// The only stopped container that serves the port on the network of the client to which the address belongs: it
    /// had the address, most likely.
    fn stopped(&self, client: &str, address: IpAddr, port: u16) -> Option<(Text, &'static str)> {
        let (_, network, _) =
            self.subnets.iter().find(|(name, _, subnet)| *name == client && subnet.contains(&address))?;
        let exposed = format!("{port}/tcp");
        let serves = |name: &str| {
            self.containers
                .get(name)
                .is_some_and(|c| !c.running && c.inspected && c.exposed_ports.iter().any(|port| **port == *exposed))
        };
        let mut found = self.places.iter().filter(|(name, place, _)| place == network && serves(name));
        let (name, ..) = found.next()?;
        found.all(|(other, ..)| other == name).then(|| ((*name).into(), "exposed port"))
    }

    fn by_name(&self, client: Option<&str>, host: &str) -> Option<(Text, &'static str)> {
        let same = |name: &str| name.eq_ignore_ascii_case(host);
        if let Some((name, _)) = self.containers.iter().find(|(name, _)| same(name)) {
            return Some(((*name).into(), "name"));
        }
        let aliased =
            self.places.iter().filter(|(.., names)| names.iter().any(|name| same(name))).map(|(name, ..)| *name);
        let labelled = |label: &'static str| {
            self.containers
                .iter()
                .filter(move |(_, container)| container.labels.get(label).is_some_and(|value| same(value)))
                .map(|(name, _)| *name)
        };
        let hosts = self
            .containers
            .iter()
            .filter(|(_, container)| container.hostname.as_deref().is_some_and(same))
            .map(|(name, _)| *name);
        let found = [
            ("alias", self.nearest(client, aliased)),
            ("compose service", self.nearest(client, labelled(SERVICE))),
            ("hostname", self.nearest(client, hosts)),
        ];
        found.into_iter().find_map(|(by, name)| name.map(|name| (name.into(), by)))
    }

    /// Of several, the one that shares a network with the client, then the one of its compose project, then the first.
    fn nearest<'n>(&self, client: Option<&str>, found: impl Iterator<Item = &'n str>) -> Option<&'n str> {
        let networks = |container: &str| -> BTreeSet<&str> {
            self.places.iter().filter(|(name, ..)| *name == container).map(|(_, network, _)| *network).collect()
        };
        let project = |container: &str| self.containers.get(container).and_then(|c| c.labels.get(PROJECT));
        let client = client.map(|client| (networks(client), project(client)));
        found.filter(|name| self.containers.contains_key(name)).min_by_key(|name| match &client {
            Some((own, own_project)) => {
                let apart = networks(name).is_disjoint(own);
                let stranger = own_project.is_none() || project(name) != *own_project;
                (apart, stranger, *name)
            }
            None => (true, true, *name),
        })
    }
}
