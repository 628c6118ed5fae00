//! A network namespace: the host's own or a container's.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};

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
    /// It is set down or has no carrier, and no document says otherwise: why, and where that stands.
    pub(crate) off: Option<(Off, Source)>,
    /// A document shows it up and with a carrier.
    pub(crate) works: bool,
}

impl Interface {
    /// Why nothing leaves by it.
    pub(crate) fn is_off(&self) -> Option<&(Off, Source)> {
        self.off.as_ref().filter(|_| !self.works)
    }
}

/// Why nothing leaves by an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Off {
    /// `ip link set … down`.
    Down,
    /// The other end is not there.
    NoCarrier,
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

    /// The address that the kernel picks on a device. IPv4 (`inet_select_addr`): in the network of `towards`, else the
    /// first; when the device has none, the first of any device. IPv6 has rules of its own, see `select_v6`.
    pub(crate) fn select_address(&self, device: usize, towards: Option<IpAddr>, v6: bool) -> Option<IpAddr> {
        let interface = self.interfaces.get(device)?;
        if let (true, Some(IpAddr::V6(towards))) = (v6, towards) {
            return self.select_v6(device, towards);
        }
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

    /// `ipv6_dev_get_saddr`, which follows RFC 6724: the destination itself, the right scope, this device, the same label, the
    /// longest prefix; among equals the first. Deprecated and temporary addresses are not told apart.
    fn select_v6(&self, device: usize, towards: Ipv6Addr) -> Option<IpAddr> {
        let only_here = towards.is_multicast() || scope(towards) <= LINK_SCOPE;
        let rank = |at: usize, address: Ipv6Addr| {
            let own = i32::from(scope(address));
            let fit = if own >= i32::from(scope(towards)) { -own } else { own - 128 };
            let common = (address.to_bits() ^ towards.to_bits()).leading_zeros();
            (address == towards, fit, at == device, label(address) == label(towards), common)
        };
        let all = self.interfaces.iter().enumerate().filter(|(at, _)| !only_here || *at == device);
        let candidates = all.flat_map(|(at, interface)| {
            interface.addresses.iter().filter_map(move |one| match one.address {
                IpAddr::V6(address) if !address.is_unspecified() && !address.is_multicast() => Some((at, address)),
                _ => None,
            })
        });
        let mut best: Option<(_, Ipv6Addr)> = None;
        for (at, address) in candidates {
            let rank = rank(at, address);
            if best.as_ref().is_none_or(|(other, _)| rank > *other) {
                best = Some((rank, address));
            }
        }
        best.map(|(_, address)| IpAddr::V6(address))
    }
}

/// Scope of what stays on a link, and of the rest (RFC 4291).
const LINK_SCOPE: u8 = 2;
const GLOBAL_SCOPE: u8 = 14;

/// The scope of an address as `__ipv6_addr_src_scope` has it: that of a loopback address is the link's.
fn scope(address: Ipv6Addr) -> u8 {
    let [first, second, ..] = address.octets();
    match first {
        0xff => second & 0x0f,
        0xfe if second & 0xc0 == 0x80 => LINK_SCOPE,
        0xfe if second & 0xc0 == 0xc0 => 5,
        _ if address.is_loopback() => LINK_SCOPE,
        _ => GLOBAL_SCOPE,
    }
}

/// The label of the kernel's default policy table (net/ipv6/addrlabel.c).
fn label(address: Ipv6Addr) -> u8 {
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 1] => 0,
        [0, 0, 0, 0, 0, 0xffff, ..] => 4,
        [0, 0, 0, 0, 0, 0, ..] => 3,
        [0x2002, ..] => 2,
        [0x2001, 0, ..] => 6,
        [0x2001, second, ..] if second & 0xfff0 == 0x10 => 7,
        [first, ..] if first & 0xfe00 == 0xfc00 => 5,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ipv6_sources_follow_rfc_6724() {
        let mut own = Namespace::default();
        for (name, addresses) in [
            ("lo", ["::1"].as_slice()),
            ("eth0", &["2001:db8::10", "fe80::1"]),
            ("br0", &["fd00:17::1", "fe80::2"]),
            ("br1", &["fd00:18::1"]),
        ] {
            let interface = super::super::build::interface_named(&mut own, &name.into());
            interface.addresses.extend(addresses.iter().map(|address| IfAddress {
                address: address.parse().unwrap(),
                prefix: 64,
                secondary: false,
                scope: "global".into(),
                peer: None,
            }));
        }
        let pick = |device: usize, towards: &str| {
            own.select_address(device, Some(towards.parse().unwrap()), true).map(|address| address.to_string())
        };
        for (device, towards, wanted) in [
            // What leaves by lo goes to an own address, which is the best source.
            (0, "fd00:18::1", "fd00:18::1"),
            (0, "::1", "::1"),
            (1, "2001:db8:1::5", "2001:db8::10"),
            // The device counts before the label, and the label before the prefix.
            (1, "fd00:17::9", "2001:db8::10"),
            (0, "fd00:18::9", "fd00:18::1"),
            (0, "2600::1", "2001:db8::10"),
            (1, "fe80::77", "fe80::1"),
            (2, "ff02::1", "fe80::2"),
        ] {
            assert_eq!(pick(device, towards).as_deref(), Some(wanted), "{towards} by {device}");
        }
    }
}
