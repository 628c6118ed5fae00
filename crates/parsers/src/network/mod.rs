//! Formats of the network family.

mod bonding;
mod bridge;
mod conntrack;
mod counters;
mod detail;
mod ethtool;
mod fdb;
mod ifconfig;
mod ip_addr;
mod ip_json;
mod ip_route;
mod ip_rule;
mod ipvs;
mod multicast;
mod neighbour;
mod netstat;
mod nmcli;
pub(crate) mod ports;
mod proc_net;
mod qdisc;
mod resolver;
mod route_table;
mod ss;
mod ss_summary;
mod sysctl;
mod traffic;

use crate::format::Format;

/// Every format of the family, the more specific ones first.
pub(crate) static FORMATS: &[&Format] = &[
    &ip_json::IP_JSON,
    &bonding::BONDING,
    &bridge::BRIDGE_LINK,
    &ip_addr::IP_ADDR,
    &neighbour::IP_NEIGH,
    &ip_route::IP_ROUTE,
    &ip_rule::IP_RULE,
    &ss::SS,
    &ss_summary::SS_SUMMARY,
    &netstat::NETSTAT,
    &route_table::ROUTE,
    &ifconfig::IFCONFIG,
    &neighbour::ARP,
    &bridge::BRCTL,
    &conntrack::CONNTRACK,
    &conntrack::CONNTRACK_XML,
    &traffic::NETSTAT_I,
    &traffic::PROC_NET_DEV,
    &counters::NETSTAT_S,
    &counters::PROC_SNMP,
    &counters::SOCKSTAT,
    &counters::CONNTRACK_S,
    &counters::NSTAT,
    &counters::NSTAT_JSON,
    &ethtool::ETHTOOL,
    &ethtool::ETHTOOL_I,
    &ethtool::ETHTOOL_K,
    &ethtool::ETHTOOL_S,
    &fdb::FDB,
    &fdb::FDB_JSON,
    &fdb::VLAN,
    &fdb::SHOWMACS,
    &fdb::SHOWSTP,
    &ipvs::IPVS,
    &multicast::MADDR,
    &multicast::MADDR_JSON,
    &multicast::NETSTAT_G,
    &multicast::NETNS,
    &nmcli::NMCLI,
    &nmcli::NMCLI_SHOW,
    &qdisc::QDISC,
    &qdisc::QDISC_JSON,
    &proc_net::PROC_SOCKETS,
    &proc_net::PROC_ROUTE,
    &proc_net::PROC_ROUTE6,
    &proc_net::IF_INET6,
    &resolver::RESOLV_CONF,
    &resolver::HOSTS,
    &sysctl::SYSCTL_CONF,
    &sysctl::SYSCTL,
    &sysctl::PROC_SYS,
    &detail::DETAIL,
];
