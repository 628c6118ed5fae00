//! A network namespace: the host's own or a container's.

use std::collections::BTreeMap;
use std::net::IpAddr;

use bundlescope_facts::{Proto, Source, Text};
use ipnet::IpNet;

use super::Fib;
use crate::rules::Firewall;

/// An address of an interface.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct IfAddress {
    pub(crate) address: IpAddr,
    pub(crate) prefix: u8,
    pub(crate) secondary: bool,
    /// `link` and `host` addresses are not chosen for packets that go further.
    pub(crate) scope: Text,
    pub(crate) peer: Option<IpAddr>,
}

impl IfAddress {
    /// The network on the link.
    pub(crate) fn network(&self) -> Option<IpNet> {
        IpNet::new(self.peer.unwrap_or(self.address), self.prefix).ok().map(|net| net.trunc())
    }
}

/// What is at the other end of an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Link {
    /// The wire, a tunnel: machines that the bundle does not hold.
    Outside,
    /// This namespace itself.
    Loopback,
    /// Port of a bridge of the host: index of the port.
    Port(usize),
}

/// An interface.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Interface {
    pub(crate) name: Text,
    pub(crate) index: Option<u32>,
    pub(crate) bridge: bool,
    pub(crate) mac: Option<Text>,
    pub(crate) addresses: Vec<IfAddress>,
    pub(crate) link: Link,
    pub(crate) peer: Option<Text>,
    pub(crate) master: Option<Text>,
    pub(crate) kind: Option<Text>,
}

/// A port of a bridge of the host.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Port {
    /// Index of the bridge among the host's interfaces.
    pub(crate) bridge: usize,
    /// Name of the port; empty when no document shows it.
    pub(crate) name: Text,
    pub(crate) hairpin: Option<bool>,
    pub(crate) isolated: bool,
    pub(crate) forwarding: bool,
    /// Interface of a container behind it (namespace, interface).
    pub(crate) member: Option<(usize, usize)>,
    /// The container might as well be behind another port of the bridge.
    pub(crate) guessed: bool,
    /// It is one end of a veth pair or tap: behind it is a namespace or machine, not the wire.
    pub(crate) virtual_link: bool,
    pub(crate) source: Option<Source>,
}

/// A listening socket.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Listening {
    pub(crate) proto: Proto,
    pub(crate) address: IpAddr,
    pub(crate) port: u16,
    pub(crate) interface: Option<Text>,
    pub(crate) v6_only: Option<bool>,
    pub(crate) process: Option<Text>,
    pub(crate) user: Option<Text>,
    pub(crate) source: Source,
}

/// An entry of the neighbour table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Neighbour {
    pub(crate) address: IpAddr,
    pub(crate) interface: Text,
    pub(crate) mac: Option<Text>,
    pub(crate) state: Option<Text>,
    pub(crate) source: Source,
}

/// A network namespace.
#[derive(Debug, Clone, Default)]
pub(crate) struct Namespace {
    /// Name of the container; absent for the host.
    pub(crate) container: Option<Text>,
    /// In the order of the device list.
    pub(crate) interfaces: Vec<Interface>,
    pub(crate) fib: Fib,
    pub(crate) sysctls: BTreeMap<Text, (Text, Option<Source>)>,
    pub(crate) listeners: Vec<Listening>,
    /// Lists of TCP and UDP sockets were seen.
    pub(crate) tcp_listed: bool,
    pub(crate) udp_listed: bool,
    pub(crate) neighbours: Vec<Neighbour>,
    pub(crate) firewall: Firewall,
}

impl Namespace {
    /// Index of the interface of that name.
    pub(crate) fn interface(&self, name: &str) -> Option<usize> {
        self.interfaces.iter().position(|interface| *interface.name == *name)
    }

    /// A numeric setting.
    pub(crate) fn sysctl(&self, key: &str) -> Option<i64> {
        self.sysctls.get(key).and_then(|(value, _)| value.trim().parse().ok())
    }

    /// Where a setting stands.
    pub(crate) fn sysctl_source(&self, key: &str) -> Option<&Source> {
        self.sysctls.get(key).and_then(|(_, source)| source.as_ref())
    }

    /// A setting of a device, `None` when it was not captured.
    pub(crate) fn device_sysctl(&self, v6: bool, device: &str, name: &str) -> Option<i64> {
        let family = if v6 { "ipv6" } else { "ipv4" };
        self.sysctl(&format!("net.{family}.conf.{device}.{name}"))
    }

    /// A setting that holds when it is on for all devices or for this one (`IN_DEV_ORCONF`).
    pub(crate) fn either_sysctl(&self, device: &str, name: &str) -> bool {
        let one = |device| self.device_sysctl(false, device, name).unwrap_or(0);
        one("all") != 0 || one(device) != 0
    }

    /// The larger of a setting for all devices and for this one (`IN_DEV_MAXCONF`).
    pub(crate) fn max_sysctl(&self, device: &str, name: &str) -> i64 {
        let one = |device| self.device_sysctl(false, device, name).unwrap_or(0);
        one("all").max(one(device))
    }

    /// Packets that come by the device are forwarded; `None` when nothing tells.
    pub(crate) fn forwards(&self, v6: bool, device: &str) -> Option<bool> {
        if v6 {
            // IPv6 forwards when the switch for all devices is on.
            return self.device_sysctl(true, "all", "forwarding").map(|value| value != 0);
        }
        let one = self.device_sysctl(false, device, "forwarding");
        one.or_else(|| self.sysctl("net.ipv4.ip_forward"))
            .or_else(|| self.device_sysctl(false, "all", "forwarding"))
            .map(|value| value != 0)
    }

    /// The address that the kernel picks on a device (`inet_select_addr`): in the network of `towards`, else the
    /// first; when the device has none, the first of any device.
    pub(crate) fn select_address(&self, device: usize, towards: Option<IpAddr>, v6: bool) -> Option<IpAddr> {
        let interface = self.interfaces.get(device)?;
        let usable = |address: &&IfAddress| {
            address.address.is_ipv6() == v6 && !address.secondary && !matches!(&*address.scope, "host" | "link")
        };
        let host_scope_too = self.either_sysctl(&interface.name, "route_localnet") && !v6;
        let own: Vec<_> = interface
            .addresses
            .iter()
            .filter(|address| {
                usable(address) || (host_scope_too && !address.secondary && address.address.is_ipv6() == v6)
            })
            .collect();
        let near = towards
            .and_then(|towards| own.iter().find(|a| a.network().is_some_and(|network| network.contains(&towards))));
        if let Some(address) = near.or(own.first()) {
            return Some(address.address);
        }
        self.interfaces.iter().flat_map(|interface| interface.addresses.iter().filter(usable)).map(|a| a.address).next()
    }
}
