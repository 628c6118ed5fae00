//! Interfaces, addresses, routes and what surrounds them.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::{Text, fact_kind, fact_record, fact_words};

fact_kind! {
    /// A network interface: `ip addr`, `ip link`, `ifconfig`.
    "interface": Interface {
        /// Name without the `@if5` suffix.
        name: Text,
        /// Index in its network namespace.
        index: Option<u32>,
        /// Kind of link where told: `bridge`, `veth`, `vxlan`, `vlan`, `bond`, `dummy`, `loopback`, `ether`, `tun`.
        link_kind: Option<Text>,
        /// Administratively up (`UP` flag).
        up: bool,
        /// Has a carrier (`LOWER_UP` flag, `RUNNING` in ifconfig); absent where the form does not tell.
        carrier: Option<bool>,
        /// Operational state as printed: `UP`, `DOWN`, `UNKNOWN`, `LOWERLAYERDOWN`.
        state: Option<Text>,
        /// Maximum transmission unit in bytes.
        mtu: Option<u32>,
        /// Hardware address, lower case with colons.
        mac: Option<Text>,
        /// The bridge or bond that it is a port of.
        master: Option<Text>,
        /// What follows the `@`: `if5` (index of the peer in another namespace) or a name.
        peer: Option<Text>,
        /// Flags as printed between `<` and `>`.
        flags: Vec<Text>,
        /// Container in whose network namespace it was seen; absent for the host.
        container: Option<Text>,
    }
}

fact_kind! {
    /// An address on an interface: `ip addr`, `ifconfig`.
    "address": Address {
        /// The interface's name.
        interface: Text,
        /// The address.
        address: Option<IpAddr>,
        /// Length of the prefix in bits.
        prefix: u8,
        /// Address of the other end of a point-to-point link.
        peer: Option<IpAddr>,
        /// `global`, `link`, `host`, `site`.
        scope: Option<Text>,
        /// Marked `secondary`: packets use the primary address of the same subnet as their source.
        secondary: bool,
        /// Flags as printed: `deprecated`, `tentative`, `dadfailed`, `noprefixroute`, `dynamic`, …
        flags: Vec<Text>,
        /// Container in whose network namespace it was seen; absent for the host.
        container: Option<Text>,
    }
}

fact_words! {
    /// What a route does with a packet.
    RouteKind {
        /// Forwards or delivers on a link.
        #[default]
        Unicast = "unicast",
        /// The host itself.
        Local = "local",
        /// A broadcast address.
        Broadcast = "broadcast",
        /// Multicast.
        Multicast = "multicast",
        /// Discards silently.
        Blackhole = "blackhole",
        /// Answers host unreachable.
        Unreachable = "unreachable",
        /// Answers administratively prohibited.
        Prohibit = "prohibit",
        /// Goes on with the next policy rule.
        Throw = "throw",
        /// An anycast address.
        Anycast = "anycast",
        /// Translates (obsolete).
        Nat = "nat",
    }
}

fact_record! {
    /// One way of a route.
    NextHop {
        /// Router; absent for directly connected networks.
        gateway: Option<IpAddr>,
        /// Output interface.
        interface: Option<Text>,
        /// Weight among several next hops.
        weight: Option<u32>,
        /// `onlink`, `linkdown`, `dead`, `pervasive`, `offload`.
        flags: Vec<Text>,
    }
}

fact_kind! {
    /// A route: `ip route` (also `show table all`), `route -n`, `netstat -rn`.
    "route": Route {
        /// Destination; `0.0.0.0/0` or `::/0` for the default route.
        destination: Option<IpNet>,
        /// What it does.
        kind: RouteKind,
        /// Router; absent for directly connected networks. The first next hop's where there are several.
        gateway: Option<IpAddr>,
        /// Output interface, the first next hop's where there are several.
        interface: Option<Text>,
        /// Every next hop of a multipath route; empty for the others.
        nexthops: Vec<NextHop>,
        /// Preferred source address.
        source: Option<IpAddr>,
        /// Metric; lower wins. Absent means 0 for IPv4.
        metric: Option<u32>,
        /// Routing table by name or number; `main` where not printed, `cache` for what `ip route get` was answered.
        table: Text,
        /// `link`, `host`, `global`.
        scope: Option<Text>,
        /// Who added it: `kernel`, `static`, `dhcp`, `bird`, …
        protocol: Option<Text>,
        /// Type of service.
        tos: Option<u8>,
        /// MTU in bytes that the route sets.
        mtu: Option<u32>,
        /// `onlink`, `linkdown`, `dead`, and others.
        flags: Vec<Text>,
        /// Container in whose network namespace it was seen; absent for the host.
        container: Option<Text>,
    }
}

fact_kind! {
    /// A policy routing rule: `ip rule`.
    "policy_rule": PolicyRule {
        /// Rules are tried in ascending order.
        priority: u32,
        /// The selector is inverted.
        not: bool,
        /// Source network; absent for all.
        from: Option<IpNet>,
        /// Destination network; absent for all.
        to: Option<IpNet>,
        /// Input interface; `lo` means packets of the host itself.
        input_interface: Option<Text>,
        /// Output interface.
        output_interface: Option<Text>,
        /// Firewall mark.
        mark: Option<u32>,
        /// Bits of the mark that count; absent for all.
        mark_mask: Option<u32>,
        /// Protocol name or number.
        protocol: Option<Text>,
        /// Source ports, lowest and highest.
        source_ports: Vec<u16>,
        /// Destination ports, lowest and highest.
        destination_ports: Vec<u16>,
        /// Type of service.
        tos: Option<u8>,
        /// Users, lowest and highest.
        uids: Vec<u32>,
        /// `lookup`, `goto`, `nop`, `blackhole`, `unreachable`, `prohibit`.
        action: Text,
        /// Table that is looked up.
        table: Option<Text>,
        /// Priority to go on from, for `goto`.
        goto: Option<u32>,
        /// Routes with a prefix this short or shorter are ignored.
        suppress_prefix: Option<u8>,
        /// Address family: 4 or 6; absent where the document does not tell.
        version: Option<u8>,
        /// Container in whose network namespace it was seen; absent for the host.
        container: Option<Text>,
    }
}

fact_kind! {
    /// A neighbour table entry: `ip neigh`, `arp -an`.
    "neighbour": Neighbour {
        /// Address of the neighbour.
        address: Option<IpAddr>,
        /// Interface on which it lives.
        interface: Text,
        /// Hardware address; absent while unresolved.
        mac: Option<Text>,
        /// `REACHABLE`, `STALE`, `FAILED`, `INCOMPLETE`, `PERMANENT`, `NOARP`, …
        state: Option<Text>,
        /// Container in whose network namespace it was seen; absent for the host.
        container: Option<Text>,
    }
}

fact_kind! {
    /// A port of a bridge: `bridge link`, `brctl show`.
    "bridge_port": BridgePort {
        /// The port's interface.
        interface: Text,
        /// Name of the bridge.
        bridge: Text,
        /// `forwarding`, `disabled`, `blocking`, `learning`, `listening`.
        state: Option<Text>,
        /// Frames may leave by the port they came from; only told by `bridge -d link`.
        hairpin: Option<bool>,
        /// Isolated ports do not talk to each other.
        isolated: Option<bool>,
        /// Container in whose network namespace it was seen; absent for the host.
        container: Option<Text>,
    }
}

fact_kind! {
    /// A kernel setting: `sysctl -a`, `/proc/sys/…`.
    "sysctl": Sysctl {
        /// Key with dots, as `net.ipv4.ip_forward`. Interface names keep their own dots.
        key: Text,
        /// Value as printed, blanks trimmed.
        value: Text,
        /// True for files such as /etc/sysctl.conf: what should be, not what is.
        configured: bool,
        /// Container in whose network namespace it was seen; absent for the host.
        container: Option<Text>,
    }
}

fact_kind! {
    /// A resolv.conf(5).
    "resolver": Resolver {
        /// DNS servers in order.
        nameservers: Vec<Text>,
        /// Search list, or the domain.
        search: Vec<Text>,
        /// Options.
        options: Vec<Text>,
        /// Container whose file it is; absent for the host.
        container: Option<Text>,
    }
}

fact_kind! {
    /// A line of hosts(5).
    "hosts_entry": HostsEntry {
        /// The address.
        address: Option<IpAddr>,
        /// Canonical name and aliases.
        names: Vec<Text>,
        /// Container whose file it is; absent for the host.
        container: Option<Text>,
    }
}
