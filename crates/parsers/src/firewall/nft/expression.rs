//! The left side of a test: which part of the packet.

use bundlescope_facts::firewall::{Direction, Key, Side};

use super::lex::Cursor;

/// A part of the packet.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Part {
    /// One that sets and maps can look up, too.
    Key(Key),
    /// `iif`, `oif`: a device by its number, which nft shows by name.
    Device(Key),
    CtProtocol,
    CtStatus,
    IcmpCode,
    Icmp6Type,
    TcpFlags,
    TcpMss,
    TcpOption(u8),
    Length,
    Hops,
    Dscp,
    FragmentOffset,
    /// `fib saddr . iif oif`: which device the way back takes.
    ReversePath {
        loose: bool,
        mark: bool,
    },
    AddrType {
        side: Side,
        limit_in: bool,
        limit_out: bool,
    },
    User,
    Group,
    SocketTransparent,
    /// IPv6 extension headers, connection helpers: what a new connection never has.
    Never,
    /// Known to nft, not to us; holds the module.
    Other(&'static str),
}

/// A part and what it takes for granted.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Operand {
    pub(super) part: Part,
    /// 4 or 6 when the packet must be of that family.
    pub(super) version: Option<u8>,
    /// The layer-4 protocol that the packet must have.
    pub(super) protocol: Option<u8>,
    /// As written.
    pub(super) text: String,
}

/// Words of `meta` that may stand without it.
fn meta(word: &str) -> Option<Part> {
    Some(match word {
        "iifname" => Part::Key(Key::InInterface),
        "oifname" => Part::Key(Key::OutInterface),
        "iif" => Part::Device(Key::InInterface),
        "oif" => Part::Device(Key::OutInterface),
        "mark" => Part::Key(Key::Mark),
        "pkttype" => Part::Key(Key::PktType),
        "l4proto" => Part::Key(Key::Protocol),
        "nfproto" | "protocol" => Part::Key(Key::Version),
        "skuid" => Part::User,
        "skgid" => Part::Group,
        "length" => Part::Length,
        "random" => Part::Other("statistic"),
        "hour" | "day" | "time" => Part::Other("time"),
        "cpu" => Part::Other("cpu"),
        "cgroup" => Part::Other("cgroup"),
        "iifgroup" | "oifgroup" => Part::Other("devgroup"),
        "rtclassid" => Part::Other("realm"),
        "iiftype" | "oiftype" | "iifkind" | "oifkind" | "priority" | "nftrace" | "secpath" | "ipsec" | "ibrname"
        | "obrname" | "ibridgename" | "obridgename" | "ibrpvid" | "ibrvproto" | "sdif" | "sdifname" | "secmark"
        | "prandom" => Part::Other("meta"),
        _ => return None,
    })
}

/// `meta` words that nft prints bare.
const BARE: &[&str] = &[
    "iifname",
    "oifname",
    "iif",
    "oif",
    "mark",
    "pkttype",
    "skuid",
    "skgid",
    "cpu",
    "iifgroup",
    "oifgroup",
    "rtclassid",
    "iiftype",
    "oiftype",
    "cgroup",
    "nftrace",
    "secpath",
    "ibrname",
    "obrname",
    "sdif",
    "sdifname",
];

/// Whether a test begins with this word.
pub(super) fn begins(word: &str) -> bool {
    BARE.contains(&word)
        || matches!(
            word,
            "meta"
                | "ip"
                | "ip6"
                | "tcp"
                | "udp"
                | "udplite"
                | "sctp"
                | "dccp"
                | "th"
                | "icmp"
                | "icmpv6"
                | "igmp"
                | "esp"
                | "ah"
                | "comp"
                | "ether"
                | "vlan"
                | "arp"
                | "ct"
                | "fib"
                | "socket"
                | "rt"
                | "frag"
                | "hbh"
                | "dst"
                | "mh"
                | "srh"
                | "exthdr"
                | "numgen"
                | "jhash"
                | "symhash"
                | "osf"
                | "ipsec"
                | "geneve"
                | "gre"
                | "gretap"
                | "vxlan"
        )
        || word.starts_with("@nh,")
        || word.starts_with("@th,")
        || word.starts_with("@ll,")
        || word.starts_with("@ih,")
}

fn operand(part: Part) -> Operand {
    Operand { part, version: None, protocol: None, text: String::new() }
}

/// Reads one part of a concatenation. `None` when none begins here; then nothing is taken.
pub(super) fn read(cursor: &mut Cursor<'_, '_>) -> Option<Operand> {
    let (before, start) = (cursor.clone(), cursor.at());
    if !begins(cursor.peek()) {
        return None;
    }
    match part(cursor) {
        Some(mut operand) => {
            operand.text = cursor.since(start);
            Some(operand)
        }
        None => {
            *cursor = before;
            None
        }
    }
}

fn part(cursor: &mut Cursor<'_, '_>) -> Option<Operand> {
    let word = cursor.word()?;
    let side = |word: &str| match word {
        "saddr" | "sport" => Some(Side::Source),
        "daddr" | "dport" => Some(Side::Destination),
        _ => None,
    };
    match word {
        "meta" => Some(operand(meta(cursor.word()?).unwrap_or(Part::Other("meta")))),
        "ip" | "ip6" => {
            let version = Some(if word == "ip" { 4 } else { 6 });
            let field = cursor.word()?;
            let part = match field {
                "saddr" | "daddr" => Part::Key(Key::Address(side(field)?)),
                "protocol" | "nexthdr" => Part::Key(Key::Protocol),
                "ttl" | "hoplimit" => Part::Hops,
                "dscp" => Part::Dscp,
                "length" if word == "ip" => Part::Length,
                "frag-off" => Part::FragmentOffset,
                "version" => Part::Key(Key::Version),
                "ecn" => Part::Other("ecn"),
                _ => Part::Other("ip"),
            };
            Some(Operand { version, ..operand(part) })
        }
        "tcp" | "udp" | "udplite" | "sctp" | "dccp" | "th" => {
            let protocol = match word {
                "tcp" => Some(6),
                "udp" => Some(17),
                "udplite" => Some(136),
                "sctp" => Some(132),
                "dccp" => Some(33),
                _ => None,
            };
            let field = cursor.word()?;
            let part = match (word, field) {
                (_, "sport" | "dport") => Part::Key(Key::Port(side(field)?)),
                ("tcp", "flags") => Part::TcpFlags,
                ("tcp", "option") => {
                    let name = cursor.word()?;
                    match (name, cursor.peek()) {
                        ("maxseg" | "2", "size") => {
                            cursor.word();
                            Part::TcpMss
                        }
                        (_, "exists" | "missing") => Part::TcpOption(super::words::tcp_option(name)?),
                        _ => {
                            cursor.word();
                            Part::Other("tcp option")
                        }
                    }
                }
                ("sctp", "chunk") => {
                    cursor.word();
                    Part::Other("sctp")
                }
                _ => Part::Other("tcp"),
            };
            Some(Operand { protocol, ..operand(part) })
        }
        "icmp" | "icmpv6" => {
            let six = word == "icmpv6";
            let part = match (cursor.word()?, six) {
                ("type", false) => Part::Key(Key::IcmpType),
                ("type", true) => Part::Icmp6Type,
                ("code", _) => Part::IcmpCode,
                _ => Part::Other("icmp"),
            };
            let (version, protocol) = if six { (6, 58) } else { (4, 1) };
            Some(Operand { version: Some(version), protocol: Some(protocol), ..operand(part) })
        }
        "igmp" | "esp" | "ah" | "comp" | "gre" => {
            let (protocol, module) = match word {
                "igmp" => (2, "igmp"),
                "esp" => (50, "esp"),
                "ah" => (51, "ah"),
                "gre" => (47, "gre"),
                _ => (108, "ipcomp"),
            };
            cursor.word()?;
            Some(Operand { protocol: Some(protocol), ..operand(Part::Other(module)) })
        }
        "ether" => match cursor.word()? {
            "saddr" => Some(operand(Part::Key(Key::Mac))),
            _ => Some(operand(Part::Other("ether"))),
        },
        "vlan" | "geneve" | "vxlan" | "gretap" => {
            cursor.word()?;
            Some(operand(Part::Other("link")))
        }
        "arp" => {
            if matches!(cursor.word()?, "saddr" | "daddr") {
                cursor.word()?;
            }
            Some(operand(Part::Other("arp")))
        }
        "ct" => conntrack(cursor),
        "fib" => fib(cursor),
        "socket" => match cursor.word()? {
            "transparent" => Some(operand(Part::SocketTransparent)),
            "cgroupv2" => {
                cursor.word()?;
                cursor.word()?;
                Some(operand(Part::Other("cgroup")))
            }
            _ => Some(operand(Part::Other("socket"))),
        },
        "rt" => match cursor.word()? {
            "type" | "hdrlength" | "nexthdr" | "seg-left" => Some(Operand { version: Some(6), ..operand(Part::Never) }),
            "ip" | "ip6" => {
                cursor.word()?;
                Some(operand(Part::Other("rt")))
            }
            _ => Some(operand(Part::Other("rt"))),
        },
        "frag" | "hbh" | "dst" | "mh" | "srh" | "exthdr" => {
            cursor.word()?;
            Some(Operand { version: Some(6), ..operand(Part::Never) })
        }
        "numgen" => {
            cursor.word()?;
            modulo(cursor);
            Some(operand(Part::Other("statistic")))
        }
        "symhash" => {
            modulo(cursor);
            Some(operand(Part::Other("hash")))
        }
        "jhash" => {
            // A hash of a hash does not exist, and the parser must not follow one without end.
            if cursor.peek() != "jhash" {
                read_all(cursor);
            }
            modulo(cursor);
            Some(operand(Part::Other("hash")))
        }
        "osf" => {
            if cursor.eat("ttl") {
                cursor.word();
            }
            cursor.word()?;
            Some(operand(Part::Other("osf")))
        }
        "ipsec" => {
            // `ipsec in reqid`, `ipsec out ip saddr`.
            cursor.word()?;
            if matches!(cursor.word()?, "ip" | "ip6" | "spnum") {
                cursor.word();
            }
            Some(operand(Part::Other("policy")))
        }
        word => {
            if let Some(part) = meta(word).filter(|_| BARE.contains(&word)) {
                return Some(operand(part));
            }
            // Older versions print ports as raw payload.
            match word {
                "@th,0,16" => Some(operand(Part::Key(Key::Port(Side::Source)))),
                "@th,16,16" => Some(operand(Part::Key(Key::Port(Side::Destination)))),
                _ => Some(operand(Part::Other("payload"))),
            }
        }
    }
}

fn modulo(cursor: &mut Cursor<'_, '_>) {
    while matches!(cursor.peek(), "mod" | "offset" | "seed") {
        cursor.word();
        cursor.word();
    }
}

/// A concatenation: `ip saddr . tcp dport`. Empty when none begins here.
pub(super) fn read_all(cursor: &mut Cursor<'_, '_>) -> Vec<Operand> {
    let mut operands = Vec::new();
    while let Some(operand) = read(cursor) {
        operands.push(operand);
        if !cursor.eat(".") {
            break;
        }
    }
    operands
}

fn conntrack(cursor: &mut Cursor<'_, '_>) -> Option<Operand> {
    let mut direction = None;
    let mut word = cursor.word()?;
    if matches!(word, "original" | "reply") {
        direction = Some(if word == "original" { Direction::Original } else { Direction::Reply });
        word = cursor.word()?;
    }
    let mut version = None;
    if matches!(word, "ip" | "ip6") {
        version = Some(if word == "ip" { 4 } else { 6 });
        word = cursor.word()?;
    }
    let part = match (word, direction) {
        ("state", _) => Part::Key(Key::CtState),
        ("direction", _) => Part::Key(Key::CtDirection),
        ("status", _) => Part::CtStatus,
        ("mark", _) => Part::Key(Key::ConnMark),
        ("helper", _) => Part::Never,
        ("protocol", _) => Part::CtProtocol,
        ("l3proto", _) => Part::Key(Key::Version),
        ("saddr", Some(direction)) => Part::Key(Key::CtAddress(direction, Side::Source)),
        ("daddr", Some(direction)) => Part::Key(Key::CtAddress(direction, Side::Destination)),
        ("proto-src", direction) => Part::Key(Key::CtPort(direction.unwrap_or(Direction::Original), Side::Source)),
        ("proto-dst", direction) => Part::Key(Key::CtPort(direction.unwrap_or(Direction::Original), Side::Destination)),
        _ => Part::Other("conntrack"),
    };
    Some(Operand { version, ..operand(part) })
}

fn fib(cursor: &mut Cursor<'_, '_>) -> Option<Operand> {
    let (mut side, mut mark, mut limit_in, mut limit_out) = (None, false, false, false);
    loop {
        match cursor.word()? {
            "saddr" => side = Some(Side::Source),
            "daddr" => side = Some(Side::Destination),
            "mark" => mark = true,
            "iif" => limit_in = true,
            "oif" => limit_out = true,
            _ => return None,
        }
        if !cursor.eat(".") {
            break;
        }
    }
    let part = match (cursor.word()?, side?) {
        ("type", side) => Part::AddrType { side, limit_in, limit_out },
        // With the device in the tuple the way back must lead out of that very device.
        ("oif" | "oifname", Side::Source) => Part::ReversePath { loose: !limit_in, mark },
        _ => Part::Other("fib"),
    };
    Some(operand(part))
}

/// How a set or map looks the part up.
pub(super) fn key(operand: &Operand) -> Key {
    match &operand.part {
        Part::Key(key) | Part::Device(key) => key.clone(),
        Part::Icmp6Type => Key::IcmpType,
        Part::AddrType { side, limit_in: false, limit_out: false } => Key::AddrType(*side),
        _ => Key::Unknowable(operand.text.as_str().into()),
    }
}
