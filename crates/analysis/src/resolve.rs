//! What a name means to a client: its hosts file, Docker's resolver, the host's hosts file.
//!
//! Follows the order in which a lookup happens in a container: /etc/hosts, which Docker writes from the container's
//! own name, `--add-host` and `--link`, then Docker's embedded resolver, which knows the names and aliases of the
//! containers that share a user-defined network with the client. Names that only a DNS server knows stay unresolved.

use std::collections::BTreeMap;
use std::net::IpAddr;

use bundlescope_facts::{Container, Data, Endpoint, Fact, HostsEntry, Network, Text};

/// Who asks: the host itself, or a container of it.
pub(crate) type Client<'a> = Option<&'a str>;

/// The names of one host.
#[derive(Debug, Default)]
struct Node<'f> {
    hosts: Vec<&'f HostsEntry>,
    containers: BTreeMap<&'f str, &'f Container>,
    endpoints: Vec<&'f Endpoint>,
    networks: Vec<&'f Network>,
    /// IPv4 addresses of the host's interfaces.
    bridges: Vec<(&'f str, IpAddr)>,
}

/// The names of every host in the bundle.
#[derive(Debug, Default)]
pub(crate) struct Resolver<'f> {
    nodes: BTreeMap<&'f str, Node<'f>>,
}

impl<'f> Resolver<'f> {
    /// Learns every name that the facts state.
    pub(crate) fn learn(facts: &'f [Fact]) -> Self {
        let mut nodes: BTreeMap<&str, Node<'_>> = BTreeMap::new();
        for fact in facts {
            let node = nodes.entry(&*fact.node).or_default();
            match &fact.data {
                Data::HostsEntry(entry) => node.hosts.push(entry),
                // A full inspect knows more than a list's row.
                Data::Container(container) if container.inspected => {
                    node.containers.insert(&container.name, container);
                }
                Data::Container(container) => {
                    node.containers.entry(&container.name).or_insert(container);
                }
                Data::Endpoint(endpoint) => node.endpoints.push(endpoint),
                Data::Network(network) => node.networks.push(network),
                Data::Address(address) if address.container.is_none() => {
                    node.bridges
                        .extend(address.address.filter(IpAddr::is_ipv4).map(|held| (&*address.interface, held)));
                }
                _ => {}
            }
        }
        Self { nodes }
    }

    /// The addresses that the name has for the client; empty when the bundle does not tell.
    pub(crate) fn resolve(&self, node: &str, client: Client<'_>, name: &str) -> Vec<IpAddr> {
        if let Ok(address) = name.parse() {
            return vec![address];
        }
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        let Some(node) = self.nodes.get(node) else { return Vec::new() };
        let client = client.and_then(|client| node.containers.get(client)).filter(|container| !is_host_mode(container));
        let found = match client {
            Some(container) => node.for_container(container, &name),
            None => node.in_hosts_file(None, &name),
        };
        if found.is_empty() && (name == "localhost" || name.ends_with(".localhost")) {
            return vec![IpAddr::from([127, 0, 0, 1])];
        }
        found
    }
}

/// The container uses the host's network and its hosts file.
fn is_host_mode(container: &Container) -> bool {
    container.network_mode.as_deref() == Some("host")
}

impl Node<'_> {
    fn in_hosts_file(&self, container: Option<&str>, name: &str) -> Vec<IpAddr> {
        let entries = self.hosts.iter().filter(|entry| entry.container.as_deref() == container);
        let mut found: Vec<IpAddr> = entries
            .filter(|entry| entry.names.iter().any(|known| known.eq_ignore_ascii_case(name)))
            .filter_map(|entry| entry.address)
            .collect();
        // Clients try IPv4 on networks that have no IPv6, which is what the model can follow best.
        found.sort_by_key(IpAddr::is_ipv6);
        found.dedup();
        found
    }

    fn for_container(&self, client: &Container, name: &str) -> Vec<IpAddr> {
        let found = self.in_hosts_file(Some(&client.name), name);
        if !found.is_empty() {
            return found;
        }
        for extra in &client.extra_hosts {
            if let Some((known, address)) = extra.split_once([':', '='])
                && known.eq_ignore_ascii_case(name)
            {
                let address = address.trim_matches(['[', ']']);
                if address == "host-gateway" {
                    return self.default_gateway().into_iter().collect();
                }
                return address.parse().into_iter().collect();
            }
        }
        for link in &client.links {
            let (target, alias) = link.rsplit_once(':').unwrap_or((link, link));
            let (target, alias) = (last_segment(target), last_segment(alias));
            if alias.eq_ignore_ascii_case(name) || target.eq_ignore_ascii_case(name) {
                return self.addresses(|endpoint| &*endpoint.container == target);
            }
        }
        let own: Vec<&Text> = self
            .endpoints
            .iter()
            .filter(|endpoint| endpoint.container == client.name)
            .map(|endpoint| &endpoint.network)
            .collect();
        if client.hostname.as_deref().is_some_and(|hostname| hostname.eq_ignore_ascii_case(name)) {
            return self.addresses(|endpoint| endpoint.container == client.name);
        }
        self.addresses(|endpoint| {
            &*endpoint.network != "bridge" && own.contains(&&endpoint.network) && answers_to(endpoint, name)
        })
    }

    /// What Docker puts for `host-gateway`: the address of the default bridge.
    fn default_gateway(&self) -> Option<IpAddr> {
        let default = self.networks.iter().find(|network| &*network.name == "bridge");
        let configured = default.and_then(|network| network.gateways.first().copied());
        let bridge = default.and_then(|network| network.bridge.as_deref()).unwrap_or("docker0");
        let held = || self.bridges.iter().find(|(name, _)| *name == bridge).map(|(_, address)| *address);
        let told = || self.endpoints.iter().find(|endpoint| &*endpoint.network == "bridge")?.gateway;
        configured.or_else(held).or_else(told)
    }

    fn addresses(&self, wanted: impl Fn(&Endpoint) -> bool) -> Vec<IpAddr> {
        let mut found: Vec<IpAddr> =
            self.endpoints.iter().filter(|endpoint| wanted(endpoint)).filter_map(|endpoint| endpoint.address).collect();
        found.sort();
        found.dedup();
        found
    }
}

/// Docker's resolver answers to the container's name, its short id and its aliases on that network.
fn answers_to(endpoint: &Endpoint, name: &str) -> bool {
    endpoint.container.eq_ignore_ascii_case(name)
        || endpoint.aliases.iter().chain(&endpoint.dns_names).any(|alias| alias.eq_ignore_ascii_case(name))
        || (name.len() == 12 && endpoint.container_id.starts_with(name))
}

fn last_segment(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
