//! Packets as the simulator carries them.

use std::net::IpAddr;

use bundlescope_facts::Text;

/// Protocol numbers.
pub(crate) const ICMP: u8 = 1;
pub(crate) const TCP: u8 = 6;
pub(crate) const UDP: u8 = 17;
pub(crate) const ICMPV6: u8 = 58;

/// TCP flags.
pub(crate) const SYN: u8 = 0x02;
pub(crate) const RST: u8 = 0x04;
pub(crate) const PSH: u8 = 0x08;
pub(crate) const ACK: u8 = 0x10;

/// Conntrack's view of a packet: which way it goes, and whether it is only related.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CtRef {
    /// Index in the namespace's table.
    pub(crate) conn: usize,
    pub(crate) reply: bool,
    pub(crate) kind: CtKind,
}

/// `ctinfo` without its direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CtKind {
    New,
    Established,
    Related,
}

/// Who sent a packet, as far as a process is behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sender {
    /// Forwarded, or made by the kernel: no socket.
    Nobody,
    /// A process whose user is not known.
    Process,
    /// A process of this user.
    User(Text),
}

/// Where NAT may find ports.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Tuple {
    pub(crate) proto: u8,
    pub(crate) src: IpAddr,
    pub(crate) dst: IpAddr,
    /// Port, or the identifier of an ICMP echo.
    pub(crate) sport: u16,
    pub(crate) dport: u16,
}

impl Tuple {
    /// The tuple of the answer.
    pub(crate) fn inverse(&self) -> Self {
        Self { proto: self.proto, src: self.dst, dst: self.src, sport: self.dport, dport: self.sport }
    }
}

/// One packet.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Packet {
    pub(crate) tuple: Tuple,
    /// ICMP type and code.
    pub(crate) icmp: Option<(u8, u8)>,
    pub(crate) flags: u8,
    /// Length with the IP header; a range where the payload is not known.
    pub(crate) length: (u32, u32),
    /// Hops left; `None` when it comes from outside.
    pub(crate) ttl: Option<u8>,
    pub(crate) mark: u32,
    pub(crate) ct: Option<CtRef>,
    pub(crate) untracked: bool,
    /// Conntrack zone set by a rule, and the directions for which it counts (original, reply).
    pub(crate) zone: (u16, bool, bool),
    /// Bridge port by which it came while bridge netfilter saw it.
    pub(crate) port_in: Option<usize>,
    /// The packet that an ICMP error quotes.
    pub(crate) quoted: Option<Box<Tuple>>,
    pub(crate) sender: Sender,
    /// Source hardware address where known.
    pub(crate) mac: Option<Text>,
    /// Socket that TPROXY has chosen.
    pub(crate) tproxy: Option<(IpAddr, u16)>,
}

impl Packet {
    /// A packet of a process or of the kernel of some host.
    pub(crate) fn new(tuple: Tuple) -> Self {
        let length = if tuple.proto == TCP { (60, 60) } else { (28, 576) };
        Self {
            tuple,
            icmp: None,
            flags: 0,
            length,
            ttl: Some(64),
            mark: 0,
            ct: None,
            untracked: false,
            zone: (0, false, false),
            port_in: None,
            quoted: None,
            sender: Sender::Nobody,
            mac: None,
            tproxy: None,
        }
    }

    pub(crate) fn is_v6(&self) -> bool {
        self.tuple.dst.is_ipv6()
    }

    pub(crate) fn has_ports(&self) -> bool {
        matches!(self.tuple.proto, TCP | UDP | 33 | 132 | 136)
    }

    pub(crate) fn is_icmp_error(&self) -> bool {
        self.quoted.is_some()
    }

    /// What does not survive the way into another network namespace: marks, tracking, bridge information.
    pub(crate) fn scrub(&mut self) {
        self.mark = 0;
        self.ct = None;
        self.untracked = false;
        self.zone = (0, false, false);
        self.port_in = None;
        self.sender = Sender::Nobody;
        self.tproxy = None;
    }
}

/// The ICMP error of a `--reject-with` word: type and code; `None` for `tcp-reset`.
pub(crate) fn reject_icmp(word: &str, v6: bool) -> Option<(u8, u8)> {
    if v6 {
        return Some(match word {
            "tcp-reset" => return None,
            "icmp6-no-route" | "icmpx-no-route" | "icmp-net-unreachable" => (1, 0),
            "icmp6-adm-prohibited" | "icmpx-admin-prohibited" => (1, 1),
            "icmp6-addr-unreachable" | "icmpx-host-unreachable" => (1, 3),
            "icmp6-policy-fail" => (1, 5),
            "icmp6-reject-route" => (1, 6),
            _ => (1, 4),
        });
    }
    Some(match word {
        "tcp-reset" => return None,
        "icmp-net-unreachable" | "icmpx-no-route" => (3, 0),
        "icmp-host-unreachable" | "icmpx-host-unreachable" => (3, 1),
        "icmp-proto-unreachable" => (3, 2),
        "icmp-net-prohibited" => (3, 9),
        "icmp-host-prohibited" => (3, 10),
        "icmp-admin-prohibited" | "icmpx-admin-prohibited" => (3, 13),
        _ => (3, 3),
    })
}
