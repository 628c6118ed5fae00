//! What people and tools saw when they tried to reach something.

use std::net::IpAddr;

use crate::{Text, fact_kind, fact_words};

fact_words! {
    /// How an attempt ended, in the words of `connection_failure`.
    Outcome {
        /// It was answered.
        Reached = "reached",
        /// Refused: nobody listens, or a rule answers with a reset or port unreachable.
        Refused = "refused",
        /// Nothing came back.
        #[default]
        TimedOut = "timed_out",
        /// Host unreachable: no route, or nobody there.
        NoRoute = "no_route",
        /// Network unreachable.
        NetworkUnreachable = "network_unreachable",
        /// Administratively prohibited.
        Prohibited = "prohibited",
        /// Reset after it was accepted.
        Reset = "reset",
        /// Closed without an answer.
        Closed = "closed",
        /// The name does not exist.
        NameNotFound = "name_not_found",
        /// The name could not be looked up.
        NameLookupFailed = "name_lookup_failed",
        /// Another failure.
        Other = "other",
    }
}

fact_kind! {
    /// An attempt to reach something, by hand or by a script: `ping`, `traceroute`, `tracepath`, `mtr`, `arping`, `curl -v`, `wget`, `nc -v`, `telnet`.
    "reachability": Reachability {
        /// The tool.
        tool: Text,
        /// Host as it was asked for: a name or an address.
        host: Option<Text>,
        /// Address that was tried.
        address: Option<IpAddr>,
        /// Destination port.
        port: Option<u16>,
        /// `tcp`, `udp`, `icmp`, `arp`.
        proto: Option<Text>,
        /// How it ended. Some of several packets that come back mean `reached`.
        outcome: Outcome,
        /// Who reported that it cannot be reached.
        reported_by: Option<IpAddr>,
        /// Packets sent.
        sent: Option<u64>,
        /// Packets that came back.
        received: Option<u64>,
        /// What was lost, in percent.
        loss: Option<f64>,
        /// Largest packet that the path takes, in bytes, where the tool found it out.
        mtu: Option<u32>,
        /// Addresses (or names) of the routers on the path in order; `*` where none answered.
        hops: Vec<Text>,
        /// Status of HTTP, when the server sent one.
        status: Option<u16>,
        /// Container from which it was tried; absent for the host.
        container: Option<Text>,
    }
}

fact_words! {
    /// How a lookup ended.
    LookupOutcome {
        /// There are records.
        #[default]
        Answered = "answered",
        /// The name exists, but has no record of the type.
        NoData = "no_data",
        /// The name does not exist (NXDOMAIN).
        NameNotFound = "name_not_found",
        /// The server could not answer (SERVFAIL).
        ServerFailure = "server_failure",
        /// The server would not answer (REFUSED), or nobody listens on its port.
        Refused = "refused",
        /// Nothing came back.
        TimedOut = "timed_out",
        /// Another failure.
        Other = "other",
    }
}

fact_kind! {
    /// A lookup of a name: `dig`, `nslookup`, `host`, `getent hosts`, or DNS packets in a `tcpdump`.
    "name_lookup": NameLookup {
        /// The tool.
        tool: Text,
        /// Name without its final dot.
        name: Text,
        /// Type of the records asked for: `A`, `AAAA`, `PTR`, …; absent where the tool does not tell.
        record_type: Option<Text>,
        /// How it ended.
        outcome: LookupOutcome,
        /// Addresses and names that were answered.
        answers: Vec<Text>,
        /// The DNS server.
        server: Option<IpAddr>,
        /// Port of the DNS server.
        server_port: Option<u16>,
        /// Who asked, in a `tcpdump`.
        client: Option<IpAddr>,
        /// How often it was asked, in a `tcpdump`.
        times: Option<u32>,
        /// Container from which it was tried; absent for the host.
        container: Option<Text>,
    }
}

fact_kind! {
    /// Who asked whom and what came back, on one interface of a `tcpdump`. Several connections to one port are one.
    "conversation": Conversation {
        /// Interface, where it is printed (`-i any`) or the command line names it.
        interface: Option<Text>,
        /// `tcp`, `udp`, `icmp`, `icmp6`, `arp`, or what tcpdump calls it.
        proto: Text,
        /// Who asked.
        client: Option<IpAddr>,
        /// Who was asked.
        server: Option<IpAddr>,
        /// Port of the server.
        port: Option<u16>,
        /// VXLAN network identifier, for packets that were inside a tunnel.
        vni: Option<u32>,
        /// Packets of the client.
        requests: u64,
        /// Packets of the server.
        replies: u64,
        /// SYN packets of the client.
        syn: u64,
        /// SYN-ACK packets of the server.
        syn_ack: u64,
        /// RST packets of the server.
        resets: u64,
        /// ICMP errors and what they mean for the client.
        errors: u64,
        /// Who sent the ICMP errors.
        error_by: Option<IpAddr>,
        /// How it ended; absent where the capture does not show its beginning.
        outcome: Option<Outcome>,
        /// Hardware address that answered, for ARP.
        mac: Option<Text>,
        /// Time of its first packet, as printed.
        first_time: Option<Text>,
        /// Time of its last packet, as printed.
        last_time: Option<Text>,
        /// Container in whose network namespace it was captured; absent for the host.
        container: Option<Text>,
    }
}
