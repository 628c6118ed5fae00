//! Match modules: their options, and the tests that they stand for.

use std::ops::RangeInclusive;

use bundlescope_facts::Text;
use bundlescope_facts::firewall::{CtState, Direction, Match, Side, Test};

use super::{Extension, Opt, RuleSpec, value, words};

const PORTS: &[&str] = &["sport", "source-port", "dport", "destination-port"];

/// Options of the modules that are modelled; empty for the others, which take any option.
pub(super) fn options(module: &str) -> &'static [&'static str] {
    match module {
        "tcp" => &["sport", "source-port", "dport", "destination-port", "tcp-flags", "syn", "tcp-option"],
        "udp" | "udplite" => PORTS,
        "sctp" => &["sport", "source-port", "dport", "destination-port", "chunk-types"],
        "dccp" => &["sport", "source-port", "dport", "destination-port", "dccp-types", "dccp-option"],
        "multiport" => &["sports", "source-ports", "dports", "destination-ports", "ports"],
        "icmp" => &["icmp-type"],
        "icmp6" | "icmpv6" => &["icmpv6-type"],
        "conntrack" => &[
            "ctstate",
            "ctproto",
            "ctorigsrc",
            "ctorigdst",
            "ctreplsrc",
            "ctrepldst",
            "ctorigsrcport",
            "ctorigdstport",
            "ctreplsrcport",
            "ctrepldstport",
            "ctstatus",
            "ctexpire",
            "ctdir",
        ],
        "state" => &["state"],
        "mark" | "connmark" => &["mark"],
        "comment" => &["comment"],
        "addrtype" => &["src-type", "dst-type", "limit-iface-in", "limit-iface-out"],
        "iprange" => &["src-range", "dst-range"],
        "set" => &[
            "match-set",
            "set",
            "return-nomatch",
            "update-counters",
            "update-subcounters",
            "packets-eq",
            "packets-lt",
            "packets-gt",
            "bytes-eq",
            "bytes-lt",
            "bytes-gt",
        ],
        "mac" => &["mac-source"],
        "physdev" => &["physdev-in", "physdev-out", "physdev-is-in", "physdev-is-out", "physdev-is-bridged"],
        "pkttype" => &["pkt-type"],
        "length" => &["length"],
        "ttl" => &["ttl-eq", "ttl-lt", "ttl-gt", "ttl"],
        "hl" => &["hl-eq", "hl-lt", "hl-gt"],
        "tos" => &["tos"],
        "dscp" => &["dscp", "dscp-class"],
        "tcpmss" => &["mss"],
        "owner" => &["uid-owner", "gid-owner", "socket-exists", "suppl-groups", "pid-owner", "sid-owner", "cmd-owner"],
        "rpfilter" => &["loose", "validmark", "accept-local", "invert"],
        "socket" => &["transparent", "nowildcard", "restore-skmark"],
        "policy" => &["dir", "pol", "strict", "reqid", "spi", "proto", "mode", "tunnel-src", "tunnel-dst", "next"],
        "helper" => &["helper"],
        "statistic" => &["mode", "probability", "every", "packet"],
        "recent" => &[
            "set", "rcheck", "update", "remove", "seconds", "reap", "hitcount", "rttl", "name", "rsource", "rdest",
            "mask",
        ],
        "rt" => &["rt-type", "rt-segsleft", "rt-len", "rt-0-res", "rt-0-addrs", "rt-0-not-strict"],
        "frag" => &["fragid", "fraglen", "fragres", "fragfirst", "fragmore", "fraglast"],
        "hbh" => &["hbh-len", "hbh-opts"],
        "dst" => &["dst-len", "dst-opts"],
        "mh" => &["mh-type"],
        _ => &[],
    }
}

/// How many values an option takes at most.
pub(super) fn arity(option: &str) -> usize {
    match option {
        "syn" | "limit-iface-in" | "limit-iface-out" | "physdev-is-in" | "physdev-is-out" | "physdev-is-bridged"
        | "socket-exists" | "suppl-groups" | "loose" | "validmark" | "accept-local" | "invert" | "transparent"
        | "nowildcard" | "restore-skmark" | "strict" | "next" | "rcheck" | "update" | "remove" | "reap" | "rttl"
        | "rsource" | "rdest" | "return-nomatch" | "rt-0-res" | "rt-0-not-strict" | "fragres" | "fragfirst"
        | "fragmore" | "fraglast" => 0,
        "tcp-flags" | "match-set" | "chunk-types" => 2,
        // `set` of recent takes nothing, of the old set module a name and flags; both end at the next option.
        "set" => 2,
        // An option of a module whose options are not listed.
        "" => usize::MAX,
        _ => 1,
    }
}

/// Modules that may be loaded more than once in one rule.
pub(super) fn repeats(module: &str) -> bool {
    !matches!(module, "tcp" | "udp" | "icmp" | "icmp6" | "icmpv6" | "sctp" | "dccp" | "udplite")
}

/// The module that `-p` loads.
pub(super) fn implied(protocol: u8) -> Option<&'static str> {
    Some(match protocol {
        1 => "icmp",
        6 => "tcp",
        17 => "udp",
        33 => "dccp",
        58 => "icmp6",
        132 => "sctp",
        136 => "udplite",
        _ => return None,
    })
}

/// Adds the tests of a module.
pub(super) fn tests(
    module: &Extension,
    version6: bool,
    out: &mut Vec<Match>,
    spec: &mut RuleSpec,
) -> Result<(), String> {
    let whole = |negated, test| Match { negated, test };
    let unknowable = || Test::Unknowable { module: module.name.as_str().into(), text: module.text.as_str().into() };
    match module.name.as_str() {
        "statistic" => out.push(statistic(module).unwrap_or_else(|| whole(false, unknowable()))),
        "recent" => {
            let set = module.options.iter().find(|option| option.name == "set");
            out.push(set.map_or_else(|| whole(false, unknowable()), |set| whole(set.negated, Test::Always)));
        }
        "policy" => {
            let kind = module.options.iter().find(|option| option.name == "pol");
            out.push(whole(kind.is_some_and(|kind| kind.value() == "none"), Test::IpsecPolicy));
        }
        "rpfilter" => {
            let has = |name| module.options.iter().any(|option| option.name == name);
            let (loose, validmark) = (has("loose"), has("validmark"));
            let (accept_local, invert) = (has("accept-local"), has("invert"));
            out.push(whole(false, Test::RpFilter { loose, validmark, accept_local, invert }));
        }
        "socket" => {
            let has = |name| module.options.iter().any(|option| option.name == name);
            out.push(whole(false, Test::Socket { transparent: has("transparent"), nowildcard: has("nowildcard") }));
        }
        // Packets of the connections that are asked about carry no IPv6 extension headers.
        "rt" | "frag" | "hbh" | "dst" | "mh" => out.push(whole(true, Test::Always)),
        name if options(name).is_empty() => out.push(whole(false, unknowable())),
        _ => {
            let first = out.len();
            for option in &module.options {
                if let Some(found) = option_test(module, option, version6, spec)? {
                    out.push(found);
                }
            }
            limit_interfaces(module, out.get_mut(first..).unwrap_or_default());
        }
    }
    Ok(())
}

/// `--limit-iface-in` concerns the module's own address types.
fn limit_interfaces(module: &Extension, tests: &mut [Match]) {
    for option in &module.options {
        for found in tests.iter_mut() {
            if let Test::AddrType { limit_in, limit_out, .. } = &mut found.test {
                *limit_in |= option.name == "limit-iface-in";
                *limit_out |= option.name == "limit-iface-out";
            }
        }
    }
}

/// `nth` of every packet and probabilities of 0 and 1 are certain.
fn statistic(module: &Extension) -> Option<Match> {
    let option = |name| module.options.iter().find(|option| option.name == name);
    if let Some(probability) = option("probability") {
        let certain = probability.value().parse::<f64>().ok().filter(|value| *value <= 0.0 || *value >= 1.0)?;
        return Some(Match { negated: (certain <= 0.0) != probability.negated, test: Test::Always });
    }
    let every = option("every").filter(|every| every.value() == "1")?;
    Some(Match { negated: every.negated, test: Test::Always })
}

fn option_test(module: &Extension, option: &Opt, version6: bool, spec: &mut RuleSpec) -> Result<Option<Match>, String> {
    let text = option.value();
    let expected = |what: &str| format!("expected {what} behind --{}, found {text:?}", option.name);
    let ports = || value::port_list(text).ok_or_else(|| expected("ports"));
    let addresses = || value::masked_list(text).ok_or_else(|| expected("an address"));
    let mut negated = option.negated;
    let test = match option.name {
        "sport" | "source-port" | "sports" | "source-ports" => Test::Port(Side::Source, ports()?),
        "dport" | "destination-port" | "dports" | "destination-ports" => {
            let not = if negated { "!" } else { "" };
            spec.destination_ports = Some(format!("{not}{text}").into());
            Test::Port(Side::Destination, ports()?)
        }
        "ports" => Test::EitherPort(ports()?),
        "syn" => Test::TcpFlags { mask: 0x17, set: 0x02 },
        "tcp-flags" => {
            let flags = |at: usize| {
                let list = option.values.get(at).map_or("", String::as_str);
                list.split(',').try_fold(0, |all, flag| Some(all | words::tcp_flag(flag)?))
            };
            let (mask, set) = (flags(0), flags(1));
            let (Some(mask), Some(set)) = (mask, set) else { return Err(expected("two lists of TCP flags")) };
            Test::TcpFlags { mask, set }
        }
        "tcp-option" => Test::TcpOption(text.parse().map_err(|_| expected("a number"))?),
        "icmp-type" | "icmpv6-type" => {
            let six = version6 || option.name == "icmpv6-type";
            let (kind, low, high) = words::icmp_type(text, six).ok_or_else(|| expected("an ICMP type"))?;
            Test::Icmp { kind, codes: low..=high }
        }
        "ctstate" | "state" => {
            let states: Option<Vec<_>> = text.split(',').map(state).collect();
            Test::CtState(states.ok_or_else(|| expected("conntrack states"))?)
        }
        "ctproto" => Test::CtProtocol(words::protocol(text).ok_or_else(|| expected("a protocol"))?),
        "ctorigsrc" => Test::CtAddress(Direction::Original, Side::Source, addresses()?),
        "ctorigdst" => Test::CtAddress(Direction::Original, Side::Destination, addresses()?),
        "ctreplsrc" => Test::CtAddress(Direction::Reply, Side::Source, addresses()?),
        "ctrepldst" => Test::CtAddress(Direction::Reply, Side::Destination, addresses()?),
        "ctorigsrcport" => Test::CtPort(Direction::Original, Side::Source, ports()?),
        "ctorigdstport" => Test::CtPort(Direction::Original, Side::Destination, ports()?),
        "ctreplsrcport" => Test::CtPort(Direction::Reply, Side::Source, ports()?),
        "ctrepldstport" => Test::CtPort(Direction::Reply, Side::Destination, ports()?),
        "ctstatus" => Test::CtStatus(text.split(',').map(Text::from).collect()),
        "ctdir" => match text.to_ascii_uppercase().as_str() {
            "ORIGINAL" => Test::CtDirection(Direction::Original),
            "REPLY" => Test::CtDirection(Direction::Reply),
            _ => return Err(expected("ORIGINAL or REPLY")),
        },
        "mark" => {
            let (value, mask) = value::mark(text).ok_or_else(|| expected("a mark"))?;
            if module.name == "connmark" { Test::ConnMark { value, mask } } else { Test::Mark { value, mask } }
        }
        "comment" => {
            let joined = spec.comment.take().map_or_else(|| text.to_owned(), |first| format!("{first} {text}"));
            spec.comment = Some(joined.into());
            return Ok(None);
        }
        "src-type" | "dst-type" => {
            let side = if option.name == "src-type" { Side::Source } else { Side::Destination };
            let types = text.split(',').map(|kind| Text::from(kind.to_ascii_uppercase())).collect();
            Test::AddrType { side, types, limit_in: false, limit_out: false }
        }
        "src-range" => {
            Test::Address(Side::Source, vec![value::between(text).ok_or_else(|| expected("an address range"))?])
        }
        "dst-range" => {
            Test::Address(Side::Destination, vec![value::between(text).ok_or_else(|| expected("an address range"))?])
        }
        "match-set" | "set" => {
            let flags = option.values.get(1).map_or("", String::as_str).split(',');
            let flags: Option<Vec<_>> = flags
                .map(|flag| match flag {
                    "src" => Some(Side::Source),
                    "dst" => Some(Side::Destination),
                    _ => None,
                })
                .collect();
            Test::Set { name: text.into(), flags: flags.ok_or_else(|| expected("a set and src or dst"))? }
        }
        "mac-source" => Test::Mac(text.to_ascii_lowercase().into()),
        "physdev-in" => Test::PhysdevIn(text.into()),
        "physdev-out" => Test::PhysdevOut(text.into()),
        "physdev-is-in" => Test::PhysdevIsIn,
        "physdev-is-out" => Test::PhysdevIsOut,
        "physdev-is-bridged" => Test::PhysdevIsBridged,
        "pkt-type" => Test::PktType(text.to_ascii_lowercase().into()),
        "length" => Test::Length(value::length_range(text).ok_or_else(|| expected("a length"))?),
        "mss" => {
            let range = value::length_range(text).ok_or_else(|| expected("a segment size"))?;
            let bound = |value: u32| u16::try_from(value).unwrap_or(u16::MAX);
            Test::TcpMss(bound(*range.start())..=bound(*range.end()))
        }
        "ttl" | "ttl-eq" | "hl-eq" | "ttl-lt" | "hl-lt" | "ttl-gt" | "hl-gt" => {
            Test::Ttl(ttl(option.name, text).ok_or_else(|| expected("a number of hops"))?)
        }
        "tos" => {
            let (value, mask) = tos(text).ok_or_else(|| expected("a type of service"))?;
            Test::Tos { value, mask }
        }
        "dscp" => {
            let value = value::number(text).filter(|value| *value < 64).ok_or_else(|| expected("a DSCP value"))?;
            Test::Tos { value: u8::try_from(value << 2).unwrap_or(u8::MAX), mask: 0xfc }
        }
        "dscp-class" => Test::Tos { value: dscp_class(text).ok_or_else(|| expected("a DSCP class"))? << 2, mask: 0xfc },
        "uid-owner" => Test::OwnerUser(text.into()),
        "gid-owner" => Test::OwnerGroup(text.into()),
        "socket-exists" => Test::OwnerSocket,
        // A helper's name is that of the connection's master; a new connection has none.
        "helper" => {
            negated = !negated;
            Test::Always
        }
        "chunk-types" | "dccp-types" | "dccp-option" | "pid-owner" | "sid-owner" | "cmd-owner" | "ctexpire"
        | "packets-eq" | "packets-lt" | "packets-gt" | "bytes-eq" | "bytes-lt" | "bytes-gt" => {
            let text = format!("--{} {}", option.name, option.values.join(" "));
            Test::Unknowable { module: module.name.as_str().into(), text: text.into() }
        }
        _ => return Ok(None),
    };
    Ok(Some(Match { negated, test }))
}

fn state(word: &str) -> Option<CtState> {
    Some(match word.to_ascii_uppercase().as_str() {
        "NEW" => CtState::New,
        "ESTABLISHED" => CtState::Established,
        "RELATED" => CtState::Related,
        "INVALID" => CtState::Invalid,
        "UNTRACKED" => CtState::Untracked,
        "SNAT" => CtState::Snat,
        "DNAT" => CtState::Dnat,
        _ => return None,
    })
}

fn ttl(option: &str, text: &str) -> Option<RangeInclusive<u8>> {
    let value: u8 = text.parse().ok()?;
    Some(match option {
        // Nothing is below 0 or above 255: an empty range.
        "ttl-lt" | "hl-lt" => value.checked_sub(1).map_or(RangeInclusive::new(1, 0), |below| 0..=below),
        "ttl-gt" | "hl-gt" => value.checked_add(1).map_or(RangeInclusive::new(1, 0), |above| above..=255),
        _ => value..=value,
    })
}

fn tos(text: &str) -> Option<(u8, u8)> {
    let symbolic = match text {
        "Minimize-Delay" => Some(0x10),
        "Maximize-Throughput" => Some(0x08),
        "Maximize-Reliability" => Some(0x04),
        "Minimize-Cost" => Some(0x02),
        "Normal-Service" => Some(0),
        _ => None,
    };
    if let Some(value) = symbolic {
        return Some((value, 0x3f));
    }
    let (value, mask) = match text.split_once('/') {
        Some((value, mask)) => (value::number(value)?, value::number(mask)?),
        None => (value::number(text)?, 0xff),
    };
    Some((u8::try_from(value).ok()?, u8::try_from(mask).ok()?))
}

fn dscp_class(text: &str) -> Option<u8> {
    let upper = text.to_ascii_uppercase();
    let digit = |at: usize| upper.as_bytes().get(at).filter(|byte| byte.is_ascii_digit()).map(|byte| byte - b'0');
    match upper.as_str() {
        "EF" => Some(46),
        "BE" => Some(0),
        class if class.starts_with("CS") => Some(digit(2)?.min(7) * 8),
        class if class.starts_with("AF") => Some(digit(2)?.min(7) * 8 + digit(3)?.min(3) * 2),
        _ => None,
    }
}
