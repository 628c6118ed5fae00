//! Sockets: who listens, who is connected.

use std::net::IpAddr;

use crate::{Text, fact_kind, fact_words};

fact_words! {
    /// Transport protocol of a socket or port.
    Proto {
        /// TCP.
        #[default]
        Tcp = "tcp",
        /// UDP.
        Udp = "udp",
        /// SCTP.
        Sctp = "sctp",
        /// ICMP, in probes.
        Icmp = "icmp",
    }
}

fact_kind! {
    /// A socket that accepts connections or datagrams: `netstat`, `ss`.
    "listener": Listener {
        /// Protocol.
        proto: Proto,
        /// Bound address; `0.0.0.0` or `::` for every address. A `*` of ss is `::` with `v6_only` false.
        address: Option<IpAddr>,
        /// Bound port.
        port: u16,
        /// Bound device (`%eth0` in ss).
        interface: Option<Text>,
        /// False when an IPv6 wildcard socket also takes IPv4; absent where the document does not tell.
        v6_only: Option<bool>,
        /// Program name, perhaps cut by the tool.
        process: Option<Text>,
        /// Process id.
        pid: Option<u32>,
        /// User name or number.
        user: Option<Text>,
        /// Container in whose network namespace it was seen; absent for the host.
        container: Option<Text>,
    }
}

fact_kind! {
    /// A list of listening sockets that a document showed, even when it is empty: `netstat`, `ss`. With it a missing
    /// listener is known to be missing.
    "listener_list": ListenerList {
        /// The list takes in TCP sockets.
        tcp: bool,
        /// The list takes in UDP sockets.
        udp: bool,
        /// Container in whose network namespace it was seen; absent for the host.
        container: Option<Text>,
    }
}

fact_kind! {
    /// A connection: `netstat`, `ss`.
    "connection": Connection {
        /// Protocol.
        proto: Proto,
        /// Local address.
        local_address: Option<IpAddr>,
        /// Local port.
        local_port: u16,
        /// Remote address.
        remote_address: Option<IpAddr>,
        /// Remote port.
        remote_port: u16,
        /// TCP state as the tool prints it: `ESTABLISHED`, `SYN_SENT`, `TIME_WAIT`, … (ss's `ESTAB` becomes `ESTABLISHED`).
        state: Option<Text>,
        /// Program name.
        process: Option<Text>,
        /// Process id.
        pid: Option<u32>,
        /// Container in whose network namespace it was seen; absent for the host.
        container: Option<Text>,
    }
}

fact_kind! {
    /// A connection that the kernel tracks: `conntrack -L`, /proc/net/nf_conntrack. Where the reply's addresses differ from the
    /// original ones, the connection is translated.
    "flow": Flow {
        /// Protocol by name: `tcp`, `udp`, `icmp`, `icmpv6`, `sctp`, `gre`, `unknown`.
        proto: Text,
        /// State of TCP and SCTP: `SYN_SENT`, `ESTABLISHED`, …
        state: Option<Text>,
        /// Seconds until it is forgotten.
        timeout: Option<u64>,
        /// Source address, as its first packet had it.
        source: Option<IpAddr>,
        /// Source port.
        source_port: Option<u16>,
        /// Destination address, before any translation.
        destination: Option<IpAddr>,
        /// Destination port.
        destination_port: Option<u16>,
        /// Source address that replies have: the real destination.
        reply_source: Option<IpAddr>,
        /// Source port that replies have.
        reply_source_port: Option<u16>,
        /// Destination address that replies have.
        reply_destination: Option<IpAddr>,
        /// Destination port that replies have.
        reply_destination_port: Option<u16>,
        /// Nothing came back.
        unreplied: bool,
        /// Packets went both ways and it will not be dropped early.
        assured: bool,
        /// Connection mark.
        mark: Option<u32>,
        /// Conntrack zone.
        zone: Option<u16>,
        /// Other flags as printed: `OFFLOAD`, `HW_OFFLOAD`.
        flags: Vec<Text>,
        /// Container in whose network namespace it was seen; absent for the host.
        container: Option<Text>,
    }
}
