//! Formats of the network family.

mod bridge;
mod conntrack;
mod ifconfig;
mod ip_addr;
mod ip_json;
mod ip_route;
mod ip_rule;
mod neighbour;
mod netstat;
mod ports;
mod resolver;
mod route_table;
mod ss;
mod sysctl;

use crate::format::Format;

/// Every format of the family, the more specific ones first.
pub(crate) static FORMATS: &[&Format] = &[
    &ip_json::IP_JSON,
    &bridge::BRIDGE_LINK,
    &ip_addr::IP_ADDR,
    &neighbour::IP_NEIGH,
    &ip_route::IP_ROUTE,
    &ip_rule::IP_RULE,
    &ss::SS,
    &netstat::NETSTAT,
    &route_table::ROUTE,
    &ifconfig::IFCONFIG,
    &neighbour::ARP,
    &bridge::BRCTL,
    &conntrack::CONNTRACK,
    &resolver::RESOLV_CONF,
    &resolver::HOSTS,
    &sysctl::SYSCTL_CONF,
    &sysctl::SYSCTL,
    &sysctl::PROC_SYS,
];
