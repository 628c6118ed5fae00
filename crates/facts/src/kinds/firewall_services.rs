//! What firewall services were told, and what traced packets went through.

use std::net::IpAddr;

use crate::{Family, Text, fact_kind, fact_record, fact_words};

fact_kind! {
    /// Whether a firewall service runs, and what it does with packets that no rule of its own names: `ufw status`, `firewall-cmd --state`,
    /// /etc/default/ufw, /etc/ufw/ufw.conf, /etc/firewalld/firewalld.conf.
    "firewall_service": FirewallService {
        /// `ufw` or `firewalld`.
        service: Text,
        /// It is active; absent for files that do not tell.
        active: Option<bool>,
        /// True for files that are read at boot: what should be, not what is.
        configured: bool,
        /// What becomes of incoming packets: `deny`, `allow`, `reject`, …
        incoming: Option<Text>,
        /// What becomes of outgoing packets.
        outgoing: Option<Text>,
        /// What becomes of routed packets; `disabled` where the host does not route.
        routed: Option<Text>,
        /// Level of logging, `off` where it is off.
        logging: Option<Text>,
        /// Default zone of firewalld.
        default_zone: Option<Text>,
        /// Backend of firewalld: `nftables` or `iptables`.
        backend: Option<Text>,
    }
}

fact_kind! {
    /// A rule of ufw: `ufw status`, also `verbose` and `numbered`.
    "ufw_rule": UfwRule {
        /// Its number; counted where it is not printed.
        number: u32,
        /// `ALLOW`, `DENY`, `REJECT`, `LIMIT`.
        action: Text,
        /// `in`, `out`, `fwd`; `in` where it is not printed.
        direction: Text,
        /// Destination as printed: `22/tcp`, `10.0.0.1 67/udp`, `OpenSSH`, `Anywhere`.
        to: Text,
        /// Source as printed.
        from: Text,
        /// Ports of the destination as printed (`8000:8010`, `80,443`); absent for all and for profiles.
        ports: Option<Text>,
        /// Protocol; absent for any.
        protocol: Option<Text>,
        /// Interface on the side of the destination.
        to_interface: Option<Text>,
        /// Interface on the side of the source.
        from_interface: Option<Text>,
        /// Address family.
        family: Family,
        /// Comment.
        comment: Option<Text>,
    }
}

fact_record! {
    /// A port that firewalld forwards.
    ForwardPort {
        /// Port or range.
        port: Text,
        /// Protocol.
        protocol: Text,
        /// Port or range that it goes to.
        to_port: Option<Text>,
        /// Address that it goes to.
        to_address: Option<Text>,
    }
}

fact_kind! {
    /// A zone of firewalld: `firewall-cmd --list-all`, `--list-all-zones`, `--get-active-zones`, /etc/firewalld/zones/*.xml.
    "firewalld_zone": FirewalldZone {
        /// Its name.
        zone: Text,
        /// Interfaces or sources are bound to it now; absent for files.
        active: Option<bool>,
        /// What becomes of packets that nothing here names: `default`, `ACCEPT`, `DROP`, `%%REJECT%%`.
        target: Option<Text>,
        /// True for files: what should be, not what is.
        configured: bool,
        /// Interfaces whose packets are of this zone.
        interfaces: Vec<Text>,
        /// Sources whose packets are of this zone.
        sources: Vec<Text>,
        /// Services that are let in.
        services: Vec<Text>,
        /// Ports that are let in: `8080/tcp`, `60000-61000/udp`.
        ports: Vec<Text>,
        /// Source ports that are let in.
        source_ports: Vec<Text>,
        /// Protocols that are let in.
        protocols: Vec<Text>,
        /// ICMP types that are blocked.
        icmp_blocks: Vec<Text>,
        /// Ports that are forwarded.
        forward_ports: Vec<ForwardPort>,
        /// Rich rules as printed; as XML, without line ends, where a file holds them.
        rich_rules: Vec<Text>,
        /// Packets may pass between the zone's interfaces.
        forward: Option<bool>,
        /// Packets that leave get the address of the host.
        masquerade: Option<bool>,
    }
}

fact_kind! {
    /// A rule that was given to firewalld in the words of iptables: `firewall-cmd --direct --get-all-rules`, /etc/firewalld/direct.xml.
    "firewalld_direct_rule": FirewalldDirectRule {
        /// `ipv4`, `ipv6`, `eb`.
        ipv: Text,
        /// Table.
        table: Text,
        /// Chain.
        chain: Text,
        /// Lower ones come first.
        priority: i32,
        /// The rule's arguments.
        text: Text,
        /// True for files.
        configured: bool,
    }
}

fact_words! {
    /// What a step of a traced packet is.
    TraceStepKind {
        /// A rule matched.
        #[default]
        Rule = "rule",
        /// The end of a base chain: its policy.
        Policy = "policy",
        /// A chain gave the packet back to the one that had jumped to it.
        Return = "return",
    }
}

fact_record! {
    /// One step of a traced packet.
    TraceStep {
        /// Family of the table.
        family: Family,
        /// Table.
        table: Text,
        /// Chain.
        chain: Text,
        /// What it is.
        step: TraceStepKind,
        /// Number of the rule in its chain, from the trace (TRACE of iptables-legacy) or found by its handle or text.
        number: Option<u32>,
        /// Handle of the rule (`xtables-monitor`).
        handle: Option<u64>,
        /// The verdict as printed: `ACCEPT`, `drop`, `jump web`; that of the rule where TRACE does not print it.
        verdict: Option<Text>,
        /// The rule in the words of the trace, or of the document that lists it.
        text: Option<Text>,
        /// Document that lists the rule, where it was found.
        document: Option<Text>,
        /// Line of the rule in that document.
        rule_line: Option<u32>,
        /// Line of the step.
        line: u32,
    }
}

fact_kind! {
    /// The way of one traced packet through the firewall: TRACE lines of the kernel, `xtables-monitor --trace`, `nft monitor trace`.
    "packet_trace": PacketTrace {
        /// Identifier that the trace gives to the packet; the IP id for TRACE lines.
        id: Text,
        /// Input interface.
        in_interface: Option<Text>,
        /// Output interface.
        out_interface: Option<Text>,
        /// Source address.
        source: Option<IpAddr>,
        /// Destination address as the packet had it first.
        destination: Option<IpAddr>,
        /// Protocol by name or number.
        protocol: Option<Text>,
        /// Source port.
        source_port: Option<u16>,
        /// Destination port as the packet had it first.
        destination_port: Option<u16>,
        /// What it went through, in order.
        steps: Vec<TraceStep>,
        /// What became of it in the last chain seen, in lower case: `accept`, `drop`, `reject`; absent where the trace does not tell.
        verdict: Option<Text>,
        /// Container in whose network namespace it was seen; absent for the host.
        container: Option<Text>,
    }
}
