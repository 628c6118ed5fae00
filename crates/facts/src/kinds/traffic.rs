//! What passed a host's links, and how these are set up.

use std::net::IpAddr;

use crate::{Text, fact_kind};

fact_kind! {
    /// What an interface has sent and received since it is there: `ip -s link`, `ifconfig`, `netstat -i`, /proc/net/dev.
    "interface_traffic": InterfaceTraffic {
        /// Name of the interface.
        interface: Text,
        /// Bytes received.
        rx_bytes: Option<u64>,
        /// Packets received.
        rx_packets: Option<u64>,
        /// Packets received with an error.
        rx_errors: Option<u64>,
        /// Packets received and dropped, for want of room or because nobody here takes the protocol.
        rx_dropped: Option<u64>,
        /// Packets lost because the device was too slow (`overrun`, `fifo`, `missed`).
        rx_overruns: Option<u64>,
        /// Bytes sent.
        tx_bytes: Option<u64>,
        /// Packets sent.
        tx_packets: Option<u64>,
        /// Packets that could not be sent for an error.
        tx_errors: Option<u64>,
        /// Packets dropped instead of being sent.
        tx_dropped: Option<u64>,
        /// Losses of the carrier.
        carrier_errors: Option<u64>,
        /// Collisions.
        collisions: Option<u64>,
        /// Container in whose network namespace it was seen; absent for the host.
        container: Option<Text>,
    }
}

fact_kind! {
    /// A counter of the kernel or of a driver: `nstat`, `netstat -s`, /proc/net/snmp, /proc/net/netstat, `ethtool -S`, `conntrack -S`.
    "counter": Counter {
        /// Its name as printed: `TcpRetransSegs`, `segments retransmitted`, `insert_failed`.
        name: Text,
        /// What it counts for: the protocol, the interface or the processor (`Tcp`, `eth0`, `cpu=0`); absent where the name
        /// tells all.
        scope: Option<Text>,
        /// Its value.
        value: i64,
        /// Container in whose network namespace it was seen; absent for the host.
        container: Option<Text>,
    }
}

fact_kind! {
    /// A queueing discipline: `tc -s qdisc`.
    "qdisc": Qdisc {
        /// Interface whose packets it queues.
        interface: Text,
        /// Its kind: `fq_codel`, `pfifo_fast`, `htb`, `netem`, `ingress`, …
        discipline: Text,
        /// Handle, such as `8001:`.
        handle: Text,
        /// Its parent; absent for the root.
        parent: Option<Text>,
        /// What follows as printed: limits, delays, rates.
        options: Option<Text>,
        /// Bytes sent.
        bytes: Option<u64>,
        /// Packets sent.
        packets: Option<u64>,
        /// Packets dropped.
        dropped: Option<u64>,
        /// Times that it held packets back.
        overlimits: Option<u64>,
        /// Packets that wait.
        backlog: Option<u64>,
        /// Container in whose network namespace it was seen; absent for the host.
        container: Option<Text>,
    }
}

fact_kind! {
    /// The physical state of a link: `ethtool DEV`, /proc/net/bonding/*.
    "ethernet_link": EthernetLink {
        /// Name of the interface.
        interface: Text,
        /// Speed in Mb/s; absent while unknown.
        speed: Option<u32>,
        /// `Full`, `Half`; absent while unknown.
        duplex: Option<Text>,
        /// Speed and duplex are negotiated.
        auto_negotiation: Option<bool>,
        /// `Twisted Pair`, `FIBRE`, `Other`, …
        port: Option<Text>,
        /// A link is there; for the links of a bond, what its MII monitor says.
        link_detected: Option<bool>,
        /// Container in whose network namespace it was seen; absent for the host.
        container: Option<Text>,
    }
}

fact_kind! {
    /// The driver of an interface: `ethtool -i`.
    "ethernet_driver": EthernetDriver {
        /// Name of the interface; absent where neither the output nor the path names it.
        interface: Option<Text>,
        /// `virtio_net`, `ixgbe`, `veth`, …
        driver: Text,
        /// Its version.
        version: Option<Text>,
        /// Version of the firmware.
        firmware: Option<Text>,
        /// Where the device sits, such as `0000:01:00.0`.
        bus: Option<Text>,
        /// Container in whose network namespace it was seen; absent for the host.
        container: Option<Text>,
    }
}

fact_kind! {
    /// A feature that a device does itself, or does not: `ethtool -k`.
    "offload": Offload {
        /// Name of the interface.
        interface: Text,
        /// `tx-checksumming`, `generic-receive-offload`, `tx-udp_tnl-segmentation`, …
        feature: Text,
        /// It is on.
        enabled: bool,
        /// It cannot be changed.
        fixed: bool,
        /// Container in whose network namespace it was seen; absent for the host.
        container: Option<Text>,
    }
}

fact_kind! {
    /// Where a bridge or a VXLAN device sends frames for an address: `bridge fdb`, `brctl showmacs`.
    "fdb_entry": FdbEntry {
        /// Hardware address, lower case with colons; all zeros for what is not known.
        mac: Text,
        /// The port or device; absent where only its number is printed.
        interface: Option<Text>,
        /// Number of the port, in `brctl showmacs`.
        port: Option<u32>,
        /// The bridge.
        bridge: Option<Text>,
        /// Address of the other end of a tunnel.
        destination: Option<IpAddr>,
        /// VXLAN network identifier, where it is not the device's own.
        vni: Option<u32>,
        /// VLAN.
        vlan: Option<u16>,
        /// The host's own address, or one that was set by hand.
        permanent: bool,
        /// Seconds since it was last seen, in `brctl showmacs`.
        age: Option<f64>,
        /// Flags as printed: `self`, `offload`, `extern_learn`, `sticky`, …
        flags: Vec<Text>,
        /// Container in whose network namespace it was seen; absent for the host.
        container: Option<Text>,
    }
}

fact_kind! {
    /// A VLAN that a bridge's port carries: `bridge vlan`.
    "bridge_vlan": BridgeVlan {
        /// The port, or the bridge itself.
        interface: Text,
        /// The VLAN, the first one of a range.
        vlan: u16,
        /// The last one of a range.
        last: Option<u16>,
        /// Untagged frames that come in belong to it (`PVID`).
        pvid: bool,
        /// Frames leave without a tag (`Egress Untagged`).
        untagged: bool,
        /// Container in whose network namespace it was seen; absent for the host.
        container: Option<Text>,
    }
}

fact_kind! {
    /// A multicast group that a host takes packets of: `ip maddr`, `netstat -g`.
    "multicast_group": MulticastGroup {
        /// Name of the interface.
        interface: Text,
        /// Address of the group; absent for link layer addresses.
        group: Option<IpAddr>,
        /// Link layer address.
        mac: Option<Text>,
        /// How many programs want it; absent for one.
        users: Option<u32>,
        /// Container in whose network namespace it was seen; absent for the host.
        container: Option<Text>,
    }
}

fact_kind! {
    /// A named network namespace: `ip netns`.
    "network_namespace": NetworkNamespace {
        /// Its name.
        name: Text,
        /// Its id as seen from here.
        id: Option<u32>,
    }
}

fact_kind! {
    /// A virtual service of IPVS with its real servers: `ipvsadm -Ln`, /proc/net/ip_vs.
    "virtual_server": VirtualServer {
        /// `tcp`, `udp`, `sctp`, or `fwm` for a firewall mark.
        proto: Text,
        /// Address; absent for a firewall mark.
        address: Option<IpAddr>,
        /// Port.
        port: Option<u16>,
        /// Firewall mark.
        mark: Option<u32>,
        /// `rr`, `wrr`, `lc`, …
        scheduler: Text,
        /// Flags as printed: `persistent`, `ops`, …
        flags: Vec<Text>,
        /// Container in whose network namespace it was seen; absent for the host.
        container: Option<Text>,
    }
}

fact_kind! {
    /// A server behind a virtual service of IPVS: `ipvsadm -Ln`, /proc/net/ip_vs.
    "real_server": RealServer {
        /// `tcp`, `udp`, `sctp`, or `fwm` for a firewall mark.
        proto: Text,
        /// Address of the virtual service; absent for a firewall mark.
        virtual_address: Option<IpAddr>,
        /// Port of the virtual service.
        virtual_port: Option<u16>,
        /// Firewall mark of the virtual service.
        mark: Option<u32>,
        /// Address of the server.
        address: Option<IpAddr>,
        /// Port of the server.
        port: Option<u16>,
        /// `Masq`, `Route`, `Tunnel`, `Local`.
        forward: Text,
        /// Weight; 0 takes no new connections.
        weight: i64,
        /// Connections that are active.
        active: u64,
        /// Connections that are not.
        inactive: u64,
        /// Container in whose network namespace it was seen; absent for the host.
        container: Option<Text>,
    }
}

fact_kind! {
    /// A device as NetworkManager sees it: `nmcli device`, `nmcli device show`.
    "nm_device": NmDevice {
        /// Name of the interface.
        interface: Text,
        /// `ethernet`, `bridge`, `veth`, `loopback`, …
        device_type: Option<Text>,
        /// `connected`, `disconnected`, `unmanaged`, `unavailable`, …
        state: Option<Text>,
        /// Name of the connection that is active on it.
        connection: Option<Text>,
        /// Hardware address.
        mac: Option<Text>,
        /// Maximum transmission unit in bytes.
        mtu: Option<u32>,
        /// Addresses with their prefix.
        addresses: Vec<Text>,
        /// Routers.
        gateways: Vec<IpAddr>,
        /// DNS servers.
        nameservers: Vec<IpAddr>,
    }
}

fact_kind! {
    /// A connection of NetworkManager: `nmcli connection`.
    "nm_connection": NmConnection {
        /// Its name.
        name: Text,
        /// Its UUID.
        uuid: Option<Text>,
        /// `ethernet`, `802-3-ethernet`, `bridge`, …
        connection_type: Option<Text>,
        /// Interface on which it is active, or that it is meant for.
        interface: Option<Text>,
    }
}
