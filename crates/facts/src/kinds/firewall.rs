//! Firewall tables, chains, rules and sets.

use crate::firewall::Steps;
use crate::{Text, Value, fact_kind, fact_words};

fact_words! {
    /// Which kernel interface holds the rules. Both may be in use at once, and both apply.
    Backend {
        /// Not told by the document.
        #[default]
        Unknown = "unknown",
        /// x_tables, `iptables-legacy`.
        Legacy = "legacy",
        /// nf_tables, `iptables-nft` and `nft`.
        Nft = "nft",
    }
}

fact_words! {
    /// Address family of a table.
    Family {
        /// IPv4.
        #[default]
        Ip = "ip",
        /// IPv6.
        Ip6 = "ip6",
        /// Both.
        Inet = "inet",
        /// Bridged frames.
        Bridge = "bridge",
        /// ARP.
        Arp = "arp",
        /// Ingress and egress of a device.
        Netdev = "netdev",
    }
}

fact_words! {
    /// Which command printed the rules.
    FirewallForm {
        /// `iptables-save`, `ip6tables-save`.
        #[default]
        Save = "iptables-save",
        /// `iptables -S`.
        Spec = "iptables-S",
        /// `iptables -L -n -v`.
        List = "iptables-L",
        /// `nft list ruleset`.
        Nft = "nft",
    }
}

fact_kind! {
    /// A table that a document showed, even when it is empty: `iptables-save`, `iptables -L`, `nft list ruleset`.
    "firewall_table": FirewallTable {
        /// Table name: `filter`, `nat`, `mangle`, `raw`, `security`, or a native nft name.
        table: Text,
        /// Address family.
        family: Family,
        /// Kernel interface.
        backend: Backend,
        /// Which command printed it.
        form: FirewallForm,
        /// True for files that are loaded at boot (/etc/sysconfig/iptables, rules.v4): what should be, not what is.
        saved: bool,
        /// True for an nft table that iptables-nft made, so that the same rules also appear in its own commands.
        compat: bool,
        /// True when the table is turned off (`flags dormant`).
        dormant: bool,
        /// True when the document lists every table of its family and backend, so that a table that it does not show
        /// does not exist: `iptables-save` and `nft list ruleset` without a table named.
        complete: bool,
        /// Container in whose network namespace it was seen; absent for the host.
        container: Option<Text>,
    }
}

fact_kind! {
    /// A chain: built in, base or user-defined.
    "firewall_chain": FirewallChain {
        /// Table name.
        table: Text,
        /// Chain name.
        chain: Text,
        /// Address family.
        family: Family,
        /// Kernel interface.
        backend: Backend,
        /// Which command printed it.
        form: FirewallForm,
        /// True for files that are loaded at boot.
        saved: bool,
        /// `ACCEPT` or `DROP` for base chains; absent for user-defined ones.
        policy: Option<Text>,
        /// Hook of a base chain: `prerouting`, `input`, `forward`, `output`, `postrouting`, `ingress`.
        hook: Option<Text>,
        /// Priority of an nft base chain; lower runs first.
        priority: Option<i32>,
        /// Type of an nft base chain: `filter`, `nat`, `route`.
        chain_type: Option<Text>,
        /// Packets that met the policy.
        packets: Option<u64>,
        /// Bytes that met the policy.
        bytes: Option<u64>,
        /// Number of references as `iptables -L` prints it.
        references: Option<u32>,
        /// Container in whose network namespace it was seen; absent for the host.
        container: Option<Text>,
    }
}

fact_kind! {
    /// A rule of a chain.
    "firewall_rule": FirewallRule {
        /// Table name.
        table: Text,
        /// Chain name.
        chain: Text,
        /// Position in the chain, counted from 1.
        number: u32,
        /// The rule in the words of its document; `-A CHAIN …` for iptables.
        text: Text,
        /// Address family.
        family: Family,
        /// Kernel interface.
        backend: Backend,
        /// Which command printed it.
        form: FirewallForm,
        /// True for files that are loaded at boot.
        saved: bool,
        /// Target: `ACCEPT`, `DROP`, `DOCKER`, …; an nft statement by the name that iptables has for it; absent for a
        /// rule that only counts.
        target: Option<Text>,
        /// Protocol by name (`tcp`) or number; absent for all.
        protocol: Option<Text>,
        /// Source as written, with its `!`; absent for all.
        source: Option<Text>,
        /// Destination as written, with its `!`; absent for all.
        destination: Option<Text>,
        /// Input interface as written, with its `!`; absent for all.
        in_interface: Option<Text>,
        /// Output interface as written, with its `!`; absent for all.
        out_interface: Option<Text>,
        /// Destination ports as written (`80`, `80,443`, `1000:2000`); absent for all.
        destination_ports: Option<Text>,
        /// Comment.
        comment: Option<Text>,
        /// Packets that matched.
        packets: Option<u64>,
        /// Bytes that matched.
        bytes: Option<u64>,
        /// nft handle.
        handle: Option<u64>,
        /// What the rule tests and does, for the simulator.
        steps: Steps,
        /// Container in whose network namespace it was seen; absent for the host.
        container: Option<Text>,
    }
}

fact_kind! {
    /// A named set of addresses: `ipset save`, `ipset list`, an nft set or map.
    "ipset": IpSet {
        /// Name of the set.
        name: Text,
        /// Type: `hash:net`, `hash:ip,port`, `bitmap:port`, `list:set`, … or the nft key type.
        set_type: Text,
        /// nft table that owns it; absent for ipsets.
        table: Option<Text>,
        /// Address family of an nft set's table.
        family: Option<Family>,
        /// Members as written (`10.0.0.0/8`, `10.0.0.1,tcp:80`, `10.1.0.0/16 nomatch`).
        members: Vec<Text>,
        /// Data of map members by key.
        data: Value,
    }
}
