//! Routing: policy rules and tables, as `fib_lookup` in Linux' net/ipv4/fib_rules.c and fib_trie.c goes through them.

use std::collections::BTreeSet;
use std::net::IpAddr;

use bundlescope_facts::{PolicyRule, RouteKind, Source, Text};
use ipnet::IpNet;

use crate::packet::{ICMP, ICMPV6, TCP, UDP};

/// One way of a route.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Hop {
    pub(crate) gateway: Option<IpAddr>,
    pub(crate) interface: Text,
}

/// A route.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Route {
    pub(crate) destination: IpNet,
    pub(crate) kind: RouteKind,
    pub(crate) hops: Vec<Hop>,
    pub(crate) source: Option<IpAddr>,
    pub(crate) metric: u32,
    pub(crate) table: Text,
    pub(crate) fact: Option<Source>,
}

/// A policy rule and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Policy {
    pub(crate) rule: PolicyRule,
    pub(crate) fact: Option<Source>,
}

/// Routes and policy rules of a namespace.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fib {
    /// Longest prefix first, lowest metric first.
    pub(crate) routes: Vec<Route>,
    pub(crate) policies: Vec<Policy>,
    /// Tables that no document showed do not exist.
    pub(crate) complete: bool,
    /// Some routes were seen, not only derived from addresses.
    pub(crate) seen: bool,
}

/// What is looked up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key<'a> {
    pub(crate) dst: IpAddr,
    pub(crate) src: Option<IpAddr>,
    /// `lo` for packets of the host itself.
    pub(crate) iif: &'a str,
    /// Only routes by this device.
    pub(crate) oif: Option<&'a str>,
    pub(crate) mark: u32,
    pub(crate) proto: u8,
    pub(crate) sport: u16,
    pub(crate) dport: u16,
}

/// A route that was found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found<'a> {
    pub(crate) route: &'a Route,
    pub(crate) hop: Option<&'a Hop>,
}

/// Why no route takes the packet.
#[derive(Debug, Clone, Copy)]
pub(crate) enum NoRoute<'a> {
    /// `ENETUNREACH`: no table has one.
    None,
    /// `EINVAL`: discarded without a word.
    Blackhole(&'a Source),
    /// `EHOSTUNREACH`.
    Unreachable(&'a Source),
    /// `EACCES`.
    Prohibit(&'a Source),
    /// The table that a policy rule names was not captured.
    Unknown(&'a str),
}

impl Fib {
    /// Sorts the routes; call after building or changing.
    pub(crate) fn sort(&mut self) {
        // Two routes that differ in nothing but the document are one.
        let mut seen = BTreeSet::new();
        self.routes.retain(|route| {
            let hops: Vec<_> = route.hops.iter().map(|hop| (hop.gateway, hop.interface.clone())).collect();
            seen.insert((route.table.clone(), route.destination, route.metric, route.kind, hops))
        });
        self.routes.sort_by(|a, b| {
            let length = |route: &Route| std::cmp::Reverse(route.destination.prefix_len());
            length(a).cmp(&length(b)).then(a.metric.cmp(&b.metric))
        });
        self.policies.sort_by_key(|policy| policy.rule.priority);
    }

    /// The route of a packet.
    pub(crate) fn lookup<'a>(&'a self, key: &Key<'_>) -> Result<Found<'a>, NoRoute<'a>> {
        let v6 = key.dst.is_ipv6();
        let of_family = |policy: &&Policy| match policy.rule.version {
            Some(version) => (version == 6) == v6,
            None => policy.rule.from.or(policy.rule.to).is_none_or(|net| matches!(net, IpNet::V6(_)) == v6),
        };
        if !self.policies.iter().any(|policy| of_family(&policy)) {
            return ["local", "main", "default"]
                .into_iter()
                .find_map(|table| self.table(table, key, None).transpose())
                .unwrap_or(Err(NoRoute::None));
        }
        let mut from = 0;
        for policy in self.policies.iter().filter(of_family) {
            let rule = &policy.rule;
            if rule.priority < from || !selects(rule, key) {
                continue;
            }
            match &*rule.action {
                "blackhole" => return Err(policy.fact.as_ref().map_or(NoRoute::None, NoRoute::Blackhole)),
                "unreachable" => return Err(policy.fact.as_ref().map_or(NoRoute::None, NoRoute::Unreachable)),
                "prohibit" => return Err(policy.fact.as_ref().map_or(NoRoute::None, NoRoute::Prohibit)),
                "nop" => continue,
                "goto" => from = rule.goto.unwrap_or(u32::MAX),
                _ => {
                    let table = table_name(rule.table.as_deref().unwrap_or("main"));
                    let known = self.complete || matches!(table, "local" | "main" | "default");
                    if !known && !self.routes.iter().any(|route| *route.table == *table) {
                        return Err(NoRoute::Unknown(rule.table.as_deref().unwrap_or("main")));
                    }
                    if let Some(found) = self.table(table, key, rule.suppress_prefix)? {
                        return Ok(found);
                    }
                }
            }
        }
        Err(NoRoute::None)
    }

    fn table<'a>(&'a self, table: &str, key: &Key<'_>, suppress: Option<u8>) -> Result<Option<Found<'a>>, NoRoute<'a>> {
        for route in self.routes.iter().filter(|route| *route.table == *table && route.destination.contains(&key.dst)) {
            let fact = route.fact.as_ref();
            match route.kind {
                RouteKind::Throw => return Ok(None),
                RouteKind::Blackhole => return Err(fact.map_or(NoRoute::None, NoRoute::Blackhole)),
                RouteKind::Unreachable => return Err(fact.map_or(NoRoute::None, NoRoute::Unreachable)),
                RouteKind::Prohibit => return Err(fact.map_or(NoRoute::None, NoRoute::Prohibit)),
                _ => {}
            }
            let hop = match key.oif {
                Some(oif) => route.hops.iter().find(|hop| *hop.interface == *oif),
                None => route.hops.first(),
            };
            if hop.is_none() && key.oif.is_some() && route.kind != RouteKind::Local {
                continue;
            }
            if suppress.is_some_and(|most| route.destination.prefix_len() <= most) {
                return Ok(None);
            }
            return Ok(Some(Found { route, hop }));
        }
        Ok(None)
    }

    /// Kind of an address by the local table, as `inet_addr_type` tells it; with `device`, only by routes on it.
    pub(crate) fn address_kind(&self, address: IpAddr, device: Option<&str>) -> &'static str {
        match address {
            IpAddr::V4(v4) if v4.octets()[0] == 0 || v4.is_broadcast() => return "BROADCAST",
            _ if address.is_multicast() => return "MULTICAST",
            _ => {}
        }
        let mut local = self.routes.iter().filter(|route| *route.table == *"local");
        let Some(route) = local.find(|route| route.destination.contains(&address)) else { return "UNICAST" };
        // The longest match decides, also when it is on another device.
        if device.is_some_and(|device| !route.hops.iter().any(|hop| *hop.interface == *device)) {
            return "UNICAST";
        }
        match route.kind {
            RouteKind::Local => "LOCAL",
            RouteKind::Broadcast => "BROADCAST",
            RouteKind::Multicast => "MULTICAST",
            RouteKind::Anycast => "ANYCAST",
            _ => "UNICAST",
        }
    }

    /// True when the address is one of the namespace's own.
    pub(crate) fn is_local(&self, address: IpAddr) -> bool {
        self.address_kind(address, None) == "LOCAL"
    }

    /// True when policy rules other than the three of every host exist.
    pub(crate) fn has_custom_rules(&self) -> bool {
        self.policies.iter().any(|policy| {
            let rule = &policy.rule;
            let standard = matches!(
                (rule.priority, rule.table.as_deref().map(table_name)),
                (0, Some("local")) | (32766, Some("main")) | (32767, Some("default"))
            );
            !standard && rule.version != Some(6)
        })
    }
}

/// The three tables that have names everywhere.
pub(crate) fn table_name(table: &str) -> &str {
    match table {
        "255" => "local",
        "254" => "main",
        "253" => "default",
        other => other,
    }
}

fn selects(rule: &PolicyRule, key: &Key<'_>) -> bool {
    let unspecified = |address: Option<IpAddr>| address.filter(|address| !address.is_unspecified());
    let from =
        rule.from.is_none_or(|net| net.prefix_len() == 0 || unspecified(key.src).is_some_and(|src| net.contains(&src)));
    let to = rule.to.is_none_or(|net| net.contains(&key.dst));
    let iif = rule.input_interface.as_deref().is_none_or(|name| name == key.iif);
    let oif = rule.output_interface.as_deref().is_none_or(|name| Some(name) == key.oif);
    let mark = rule.mark.is_none_or(|mark| {
        let mask = rule.mark_mask.unwrap_or(u32::MAX);
        key.mark & mask == mark & mask
    });
    let proto = rule.protocol.as_deref().is_none_or(|name| match name {
        "tcp" => key.proto == TCP,
        "udp" => key.proto == UDP,
        "icmp" => key.proto == ICMP,
        "ipv6-icmp" | "icmpv6" => key.proto == ICMPV6,
        other => other.parse() == Ok(key.proto),
    });
    let ports = |range: &[u16], port: u16| match range {
        [low, high, ..] => (*low..=*high).contains(&port),
        [only] => *only == port,
        [] => true,
    };
    let all = from
        && to
        && iif
        && oif
        && mark
        && proto
        && ports(&rule.source_ports, key.sport)
        && ports(&rule.destination_ports, key.dport)
        && rule.tos.is_none_or(|tos| tos == 0);
    all != rule.not
}
