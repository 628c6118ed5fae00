//! A firewall rule taken apart: what it tests and what it does.
//!
//! One form for iptables and nftables, so that the simulator follows either. A rule is a list of [`Step`]s that are
//! taken in order: a failing [`Match`] ends the rule, an [`Action`] acts. An iptables rule is its matches followed by
//! at most one action. Names follow iptables-extensions(8) and nft(8).

use std::net::IpAddr;
use std::ops::RangeInclusive;

use crate::{Field, FieldType, Text, Value};

/// One step of a rule.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Goes on only when the packet passes.
    Match(Match),
    /// Does something with the packet.
    Action(Action),
}

/// A test, perhaps negated.
#[derive(Debug, Clone, PartialEq)]
pub struct Match {
    /// True for `! …` and `!=`.
    pub negated: bool,
    /// What is tested.
    pub test: Test,
}

/// Which end of a packet or connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Where it comes from.
    Source,
    /// Where it goes to.
    Destination,
}

/// A set of addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AddressRange {
    /// Equal under a mask; masks need not be contiguous (`10.0.0.1/255.0.0.255`).
    Masked {
        /// The address, already masked.
        address: IpAddr,
        /// The mask, of the same family.
        mask: IpAddr,
    },
    /// Between two addresses, both included.
    Between {
        /// The lowest.
        first: IpAddr,
        /// The highest.
        last: IpAddr,
    },
}

/// Conntrack states and the two virtual ones that `--ctstate` also takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CtState {
    /// First packet of a connection.
    New,
    /// Packet of a connection that has seen both directions.
    Established,
    /// ICMP error or helper connection.
    Related,
    /// Belongs to no connection that conntrack could follow.
    Invalid,
    /// Conntrack was told not to look.
    Untracked,
    /// The connection's source was translated.
    Snat,
    /// The connection's destination was translated.
    Dnat,
}

/// Which way of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// As the first packet went.
    Original,
    /// The other way.
    Reply,
}

/// A part of a packet that an nft set or map looks up; a concatenation (`ip saddr . tcp dport`) is a list of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// Layer-4 protocol (`meta l4proto`, `ip protocol`, `ip6 nexthdr`); elements are names or numbers.
    Protocol,
    /// Network family (`meta nfproto`, `meta protocol`); elements are `ipv4`, `ipv6`, `ip`, `ip6`.
    Version,
    /// Address of one end (`ip saddr`, `ip6 daddr`); elements are addresses, prefixes or `a-b`.
    Address(Side),
    /// Port of one end (`tcp dport`, `th sport`); elements are ports, service names or `a-b`.
    Port(Side),
    /// Name of the input device (`iifname`, `iif`); elements are names, `*` at the end stands for any rest.
    InInterface,
    /// Name of the output device (`oifname`, `oif`).
    OutInterface,
    /// Conntrack state (`ct state`); elements are `new`, `established`, `related`, `invalid`, `untracked`.
    CtState,
    /// Direction within the connection (`ct direction`); elements are `original`, `reply`.
    CtDirection,
    /// Address of the tracked connection (`ct original ip daddr`).
    CtAddress(Direction, Side),
    /// Port of the tracked connection (`ct original proto-dst`).
    CtPort(Direction, Side),
    /// Packet mark (`meta mark`); elements are numbers or `a-b`.
    Mark,
    /// Connection mark (`ct mark`).
    ConnMark,
    /// Kind of address (`fib daddr type`); elements are `local`, `unicast`, `broadcast`, …
    AddrType(Side),
    /// ICMP or ICMPv6 type; elements are names or numbers.
    IcmpType,
    /// `meta pkttype`.
    PktType,
    /// Source hardware address (`ether saddr`).
    Mac,
    /// A part whose value a captured bundle cannot tell: `numgen random mod 2`, `jhash …`, `meta skuid`. Holds the text.
    Unknowable(Text),
}

/// The elements that an nft expression looks up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Elements {
    /// A set or map of the same table, without the `@`; its [`IpSet`](crate::IpSet) fact holds the members.
    Named(Text),
    /// Written in the rule: key and, for maps, value, each as nft writes it (`10.0.0.0/8 . 80`, `jump x`, `10.0.0.2 . 80`).
    /// A set's values are empty. `*` as a key is the catch-all.
    Inline(Vec<(Text, Text)>),
}

/// What a match looks at.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Test {
    /// Holds for every packet. Negated it never holds, as tests for IPv6 extension headers in a packet without any.
    Always,
    /// Holds when any of these holds: an nft expression that has no single test of its own.
    AnyOf(Vec<Match>),
    /// Holds when the keys, concatenated, are among the elements of an nft set.
    In {
        /// Parts of the packet, in the order of the concatenation.
        keys: Vec<Key>,
        /// What they are looked up in.
        elements: Elements,
    },
    /// Input device; `+` at the end stands for any rest.
    InInterface(Text),
    /// Output device; `+` at the end stands for any rest.
    OutInterface(Text),
    /// Network family of the packet, where a table takes both: 4 or 6.
    Version(u8),
    /// Layer-4 protocol number.
    Protocol(u8),
    /// Address of one end.
    Address(Side, Vec<AddressRange>),
    /// Port of one end (tcp, udp, sctp, dccp, udplite).
    Port(Side, Vec<RangeInclusive<u16>>),
    /// Port of either end, as `multiport --ports`.
    EitherPort(Vec<RangeInclusive<u16>>),
    /// TCP flags: those of `mask` must be exactly `set`.
    TcpFlags {
        /// Flags that are looked at.
        mask: u8,
        /// Flags among them that must be set.
        set: u8,
    },
    /// TCP option number that must be present.
    TcpOption(u8),
    /// ICMP type and codes; `None` stands for any.
    Icmp {
        /// Type number; `None` for `any`.
        kind: Option<u8>,
        /// Codes, both ends included.
        codes: RangeInclusive<u8>,
    },
    /// Any of these conntrack states.
    CtState(Vec<CtState>),
    /// Protocol number of the connection.
    CtProtocol(u8),
    /// Address of the tracked connection, as seen in one direction before or after translation.
    CtAddress(Direction, Side, Vec<AddressRange>),
    /// Port of the tracked connection.
    CtPort(Direction, Side, Vec<RangeInclusive<u16>>),
    /// Direction of the packet within its connection.
    CtDirection(Direction),
    /// Words of `--ctstatus`: `NONE`, `EXPECTED`, `SEEN_REPLY`, `ASSURED`, `CONFIRMED`.
    CtStatus(Vec<Text>),
    /// Packet mark under a mask.
    Mark {
        /// Wanted value.
        value: u32,
        /// Bits looked at.
        mask: u32,
    },
    /// Connection mark under a mask.
    ConnMark {
        /// Wanted value.
        value: u32,
        /// Bits looked at.
        mask: u32,
    },
    /// Kind of address in the routing table: `LOCAL`, `UNICAST`, `BROADCAST`, …
    AddrType {
        /// Which address.
        side: Side,
        /// Any of these types, upper case.
        types: Vec<Text>,
        /// Only on the packet's input device.
        limit_in: bool,
        /// Only on the packet's output device.
        limit_out: bool,
    },
    /// Second or later fragment.
    Fragment,
    /// Length of the packet in bytes, IP header included.
    Length(RangeInclusive<u32>),
    /// Time to live or hop limit.
    Ttl(RangeInclusive<u8>),
    /// Type of service under a mask (`tos`, `dscp` shifted by two).
    Tos {
        /// Wanted value.
        value: u8,
        /// Bits looked at.
        mask: u8,
    },
    /// Source MAC address, lower case with colons.
    Mac(Text),
    /// Bridge port by which the packet came; `+` at the end stands for any rest.
    PhysdevIn(Text),
    /// Bridge port by which the packet leaves.
    PhysdevOut(Text),
    /// The packet came by a bridge port.
    PhysdevIsIn,
    /// The packet leaves by a bridge port.
    PhysdevIsOut,
    /// The packet is bridged and not routed.
    PhysdevIsBridged,
    /// `unicast`, `broadcast` or `multicast` on the link.
    PktType(Text),
    /// Membership in a named set; `flags` says which part of the packet is looked up per dimension (`src`, `dst`).
    Set {
        /// Name of the ipset.
        name: Text,
        /// One side per dimension of the set.
        flags: Vec<Side>,
    },
    /// The reverse path of the packet leads out of its input device.
    RpFilter {
        /// Any device will do.
        loose: bool,
        /// Routes with the packet's mark.
        validmark: bool,
        /// Accepts packets from own addresses.
        accept_local: bool,
        /// Holds when the check fails.
        invert: bool,
    },
    /// An open socket exists for the packet.
    Socket {
        /// Only transparent sockets.
        transparent: bool,
        /// Also sockets bound to any address.
        nowildcard: bool,
    },
    /// User of the local process that sent the packet: a number, a range `1000-1999`, or a name.
    OwnerUser(Text),
    /// Group of the local process that sent the packet, like [`Test::OwnerUser`].
    OwnerGroup(Text),
    /// The packet comes from a socket of this host (`--socket-exists`).
    OwnerSocket,
    /// The packet was (`--pol ipsec`) or will be protected by IPsec. `--pol none` is its negation.
    IpsecPolicy,
    /// TCP maximum segment size.
    TcpMss(RangeInclusive<u16>),
    /// A test whose outcome a captured bundle cannot tell: `limit`, `recent`, `statistic`, `time`, …
    Unknowable {
        /// Name of the match module.
        module: Text,
        /// Its options as written.
        text: Text,
    },
}

/// Addresses and ports that a translation may choose from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NatRange {
    /// Lowest and highest address; `None` keeps the address.
    pub addresses: Option<(IpAddr, IpAddr)>,
    /// Ports; `None` keeps the port where it can.
    pub ports: Option<RangeInclusive<u16>>,
    /// `base` of a shifted port mapping (`--to-destination 10.0.0.1:2000-2010/1000`).
    pub base_port: Option<u16>,
    /// `--persistent`, `--random`, `--random-fully` do not change which addresses are possible.
    pub random: bool,
}

/// What a rule does with a packet that passed its matches.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Action {
    /// Ends this table in this hook.
    Accept,
    /// Discards silently.
    Drop,
    /// Discards and answers; the word of `--reject-with` in its canonical form: `icmp-net-unreachable`,
    /// `icmp-host-unreachable`, `icmp-port-unreachable` (default of IPv4), `icmp-proto-unreachable`,
    /// `icmp-net-prohibited`, `icmp-host-prohibited`, `icmp-admin-prohibited`, `tcp-reset`, `icmp6-no-route`,
    /// `icmp6-adm-prohibited`, `icmp6-addr-unreachable`, `icmp6-port-unreachable` (default of IPv6),
    /// `icmp6-policy-fail`, `icmp6-reject-route`; for nft's inet `icmpx-no-route`, `icmpx-port-unreachable`,
    /// `icmpx-host-unreachable`, `icmpx-admin-prohibited`.
    Reject(Text),
    /// Goes back to the caller; in a base chain the policy decides.
    Return,
    /// Calls a chain.
    Jump(Text),
    /// Goes to a chain and returns to the caller's caller.
    Goto(Text),
    /// Goes on to the next rule: `LOG`, `NFLOG`, `TRACE`, `TCPMSS`, `CHECKSUM`, counters. Holds the name.
    Pass(Text),
    /// Packet mark becomes `(mark & !mask) ^ value`.
    SetMark {
        /// Bits to toggle after clearing.
        value: u32,
        /// Bits to clear.
        mask: u32,
    },
    /// Connection mark becomes `(mark & !mask) ^ value`.
    SetConnMark {
        /// Bits to toggle after clearing.
        value: u32,
        /// Bits to clear.
        mask: u32,
    },
    /// Copies the packet mark into the connection mark: `ct = (ct & !ctmask) ^ (nf & nfmask)`.
    SaveMark {
        /// Mask on the packet's side.
        nfmask: u32,
        /// Mask on the connection's side.
        ctmask: u32,
    },
    /// Copies the connection mark into the packet mark: `nf = (nf & !nfmask) ^ (ct & ctmask)`.
    RestoreMark {
        /// Mask on the packet's side.
        nfmask: u32,
        /// Mask on the connection's side.
        ctmask: u32,
    },
    /// Translates the destination.
    Dnat(NatRange),
    /// Translates the source.
    Snat(NatRange),
    /// Translates the source to the output device's address.
    Masquerade(NatRange),
    /// Translates the destination to the host itself.
    Redirect(NatRange),
    /// Maps a network onto another, one to one: `prefix` bits are replaced.
    Netmap {
        /// Network address of the new range.
        address: IpAddr,
        /// Its mask.
        mask: IpAddr,
    },
    /// Looks the keys up in an nft verdict map and does what it says: `accept`, `drop`, `continue`, `return`,
    /// `jump CHAIN`, `goto CHAIN`. Goes on when there is no such element.
    VerdictMap {
        /// Parts of the packet, in the order of the concatenation.
        keys: Vec<Key>,
        /// The map.
        elements: Elements,
    },
    /// Looks the translation up in an nft map, whose values are `ADDRESS`, `ADDRESS . PORT` or `PORT`. No translation
    /// when there is no such element.
    NatMap {
        /// Which end is translated.
        side: Side,
        /// Parts of the packet, in the order of the concatenation.
        keys: Vec<Key>,
        /// The map.
        elements: Elements,
    },
    /// Leaves the packet out of connection tracking (`NOTRACK`, `CT --notrack`).
    NoTrack,
    /// Puts the packet into a conntrack zone (`CT --zone`), per direction or both.
    Zone {
        /// Zone number.
        zone: u16,
        /// `None` for both directions.
        direction: Option<Direction>,
    },
    /// Hands the packet to a local socket without changing it.
    Tproxy {
        /// Address of the socket; `None` for the input device's.
        address: Option<IpAddr>,
        /// Port of the socket; `None` keeps the packet's.
        port: Option<u16>,
        /// Mark value and mask to set.
        mark: (u32, u32),
    },
    /// Hands the packet to a program; what becomes of it cannot be known.
    Queue,
    /// An action that is not known; holds the text.
    Unknown(Text),
}

/// The steps of a rule; rules of the rule language see them as the list of their debug forms only for reference.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Steps(pub Vec<Step>);

impl Field for Steps {
    const TYPE: FieldType = FieldType::Any;
    fn value(&self) -> Value {
        Value::Null
    }
}

impl Steps {
    /// The tests of the rule, with their negation.
    pub fn matches(&self) -> impl Iterator<Item = &Match> {
        self.0.iter().filter_map(|step| match step {
            Step::Match(test) => Some(test),
            Step::Action(_) => None,
        })
    }

    /// The actions of the rule.
    pub fn actions(&self) -> impl Iterator<Item = &Action> {
        self.0.iter().filter_map(|step| match step {
            Step::Action(action) => Some(action),
            Step::Match(_) => None,
        })
    }
}
