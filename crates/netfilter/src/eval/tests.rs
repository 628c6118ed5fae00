//! Every [`Test`] against a packet. Names of kernel files in comments are below net/netfilter or net/ipv4/netfilter.

use std::net::IpAddr;

use bundlescope_facts::firewall::{AddressRange, CtState, Direction, Match, Side, Test};
use bundlescope_facts::{Proto, RouteKind, Text};

use super::lookup::in_elements;
use super::{Outcome, View};
use crate::conntrack::Conn;
use crate::model::{Key, Port, element_matches};
use crate::packet::{ACK, CtKind, ICMP, ICMPV6, SYN, Sender, TCP, Tuple, UDP};

/// The outcome of a match, negation included.
pub(crate) fn passes(view: &View<'_>, found: &Match) -> Outcome {
    match test(view, &found.test) {
        Outcome::Yes if found.negated => Outcome::No,
        Outcome::No if found.negated => Outcome::Yes,
        Outcome::Never => Outcome::No,
        other => other,
    }
}

fn test(view: &View<'_>, test: &Test) -> Outcome {
    let packet = view.packet;
    let tuple = &packet.tuple;
    let of = Outcome::from;
    match test {
        Test::Always => Outcome::Yes,
        Test::AnyOf(matches) => any_of(view, matches),
        Test::In { keys, elements } => in_elements(view, keys, elements),
        Test::InInterface(name) => of(name_matches(name, view.input)),
        Test::OutInterface(name) => of(name_matches(name, view.output)),
        Test::Version(version) => of((*version == 6) == view.v6),
        Test::Protocol(number) => of(*number == tuple.proto),
        Test::Address(Side::Source, ranges) => of(in_ranges(ranges, tuple.src)),
        Test::Address(Side::Destination, ranges) => of(in_ranges(ranges, tuple.dst)),
        Test::Port(..) | Test::EitherPort(_) if !packet.has_ports() => Outcome::Never,
        Test::Port(Side::Source, ports) => of(ports.iter().any(|range| range.contains(&tuple.sport))),
        Test::Port(Side::Destination, ports) => of(ports.iter().any(|range| range.contains(&tuple.dport))),
        Test::EitherPort(ports) => {
            of(ports.iter().any(|range| range.contains(&tuple.sport) || range.contains(&tuple.dport)))
        }
        Test::TcpFlags { .. } | Test::TcpOption(_) | Test::TcpMss(_) if tuple.proto != TCP => Outcome::Never,
        Test::TcpFlags { mask, set } => of(packet.flags & mask == *set),
        // MSS, SACK, timestamps and window scaling stand in every SYN of today's systems.
        Test::TcpOption(number) => of(packet.flags & SYN != 0 && matches!(number, 2 | 3 | 4 | 8) || *number == 8),
        Test::TcpMss(range) if packet.flags & SYN != 0 => {
            if range.contains(&1460) {
                Outcome::Yes
            } else {
                Outcome::Unknown("the segment size that the client offers".to_owned())
            }
        }
        Test::TcpMss(_) => Outcome::Never,
        Test::Icmp { kind, codes } => match packet.icmp {
            Some((own, code)) => of(kind.is_none_or(|kind| kind == own) && codes.contains(&code)),
            None => Outcome::Never,
        },
        Test::CtState(states) => of(states.iter().any(|state| has_state(view, *state))),
        Test::CtProtocol(number) => with_conn(view, |conn| conn.original.proto == *number),
        Test::CtAddress(direction, side, ranges) => with_conn(view, |conn| {
            let tuple = tuple_of(conn, *direction);
            in_ranges(ranges, if *side == Side::Source { tuple.src } else { tuple.dst })
        }),
        Test::CtPort(direction, side, ports) => ct_port(view, *direction, *side, ports),
        Test::CtDirection(direction) => match packet.ct {
            Some(ct) => of(ct.reply == (*direction == Direction::Reply)),
            None => Outcome::Never,
        },
        Test::CtStatus(words) => with_conn(view, |conn| words.iter().any(|word| has_status(conn, word))),
        Test::Mark { value, mask } => of(packet.mark & mask == *value),
        Test::ConnMark { value, mask } => with_conn(view, |conn| conn.mark & mask == *value),
        Test::AddrType { side, types, limit_in, limit_out } => {
            let address = if *side == Side::Source { tuple.src } else { tuple.dst };
            let device = match (limit_in, limit_out) {
                (true, _) => Some(view.input),
                (_, true) => Some(view.output),
                _ => None,
            };
            if view.v6 && !view.native {
                return of(address_type6(view, address, device, types));
            }
            of(types.iter().any(|kind| **kind == *address_kind(view, address, device)))
        }
        Test::Fragment => Outcome::No,
        Test::Length(range) => within(packet.length, (*range.start(), *range.end()), "the size of the packet"),
        Test::Ttl(range) => match packet.ttl {
            Some(ttl) => of(range.contains(&ttl)),
            None => Outcome::Unknown("how many hops the packet has left".to_owned()),
        },
        // Nobody sets a type of service on the connections that are asked about.
        Test::Tos { value, .. } => of(*value == 0),
        Test::Mac(mac) => mac_is(view, mac),
        Test::PhysdevIn(name) => physdev(view, packet.port_in.and_then(|port| view.host.ports.get(port)), name),
        Test::PhysdevOut(name) => {
            // Without bridge information the test fails, negated it holds.
            let port = view.port_out.filter(|_| packet.port_in.is_some()).and_then(|port| view.host.ports.get(port));
            physdev(view, port, name)
        }
        Test::PhysdevIsIn => of(packet.port_in.is_some()),
        Test::PhysdevIsOut | Test::PhysdevIsBridged => of(packet.port_in.is_some() && view.port_out.is_some()),
        // Every packet of a connection between two addresses is addressed to this host's link address.
        Test::PktType(kind) => of(matches!(&**kind, "unicast" | "host" | "us")),
        Test::Set { name, flags } => set(view, name, flags),
        Test::RpFilter { loose, validmark, accept_local, invert } => {
            of(reverse_path(view, *loose, *validmark, *accept_local) != *invert)
        }
        Test::Socket { transparent, nowildcard } => socket(view, *transparent, *nowildcard),
        Test::OwnerUser(_) | Test::OwnerGroup(_) | Test::OwnerSocket if packet.sender == Sender::Nobody => Outcome::No,
        Test::OwnerSocket => Outcome::Yes,
        Test::OwnerUser(wanted) => owner(&packet.sender, wanted, "user"),
        Test::OwnerGroup(wanted) => owner(&packet.sender, wanted, "group"),
        Test::IpsecPolicy => Outcome::No,
        Test::Unknowable { module, text } => unknowable(module, text),
        other => Outcome::Unknown(format!("a test that is not modelled: {other:?}")),
    }
}

fn any_of(view: &View<'_>, matches: &[Match]) -> Outcome {
    let mut unknown = None;
    for found in matches {
        match passes(view, found) {
            Outcome::Yes => return Outcome::Yes,
            Outcome::Unknown(reason) => unknown = Some(reason),
            _ => {}
        }
    }
    unknown.map_or(Outcome::No, Outcome::Unknown)
}

/// `ifname_compare`: a `+` at the end stands for any rest; no device has the empty name.
pub(super) fn name_matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('+').or_else(|| pattern.strip_suffix('*')) {
        Some(start) => name.starts_with(start),
        None => pattern == name,
    }
}

pub(crate) fn in_ranges(ranges: &[AddressRange], address: IpAddr) -> bool {
    ranges.iter().any(|range| match (range, address) {
        (AddressRange::Masked { address: IpAddr::V4(wanted), mask: IpAddr::V4(mask) }, IpAddr::V4(own)) => {
            u32::from(own) & u32::from(*mask) == u32::from(*wanted)
        }
        (AddressRange::Masked { address: IpAddr::V6(wanted), mask: IpAddr::V6(mask) }, IpAddr::V6(own)) => {
            u128::from(own) & u128::from(*mask) == u128::from(*wanted)
        }
        (AddressRange::Between { first, last }, own) => {
            first.is_ipv4() == own.is_ipv4() && (*first..=*last).contains(&own)
        }
        _ => false,
    })
}

/// Tests of conntrack's entry fail without one, negated or not.
fn with_conn(view: &View<'_>, holds: impl Fn(&Conn) -> bool) -> Outcome {
    view.conn.map_or(Outcome::Never, |conn| Outcome::from(holds(conn)))
}

pub(super) fn has_state(view: &View<'_>, state: CtState) -> bool {
    let packet = view.packet;
    match (state, packet.ct) {
        (CtState::Untracked, _) => packet.untracked,
        (CtState::Invalid, ct) => ct.is_none() && !packet.untracked,
        (CtState::New, Some(ct)) => ct.kind == CtKind::New,
        (CtState::Established, Some(ct)) => ct.kind == CtKind::Established,
        (CtState::Related, Some(ct)) => ct.kind == CtKind::Related,
        (CtState::Snat, _) => view.conn.is_some_and(|conn| conn.snat),
        (CtState::Dnat, _) => view.conn.is_some_and(|conn| conn.dnat),
        (_, None) => false,
    }
}

fn has_status(conn: &Conn, word: &str) -> bool {
    match word {
        "SEEN_REPLY" => conn.seen_reply,
        "ASSURED" => conn.assured,
        "CONFIRMED" => conn.confirmed,
        _ => false,
    }
}

pub(super) fn tuple_of(conn: &Conn, direction: Direction) -> &Tuple {
    if direction == Direction::Original { &conn.original } else { &conn.reply }
}

fn ct_port(view: &View<'_>, direction: Direction, side: Side, ports: &[std::ops::RangeInclusive<u16>]) -> Outcome {
    let Some(conn) = view.conn else { return Outcome::Never };
    let tuple = tuple_of(conn, direction);
    let port = match (tuple.proto, side) {
        // xt_conntrack compares the place where ICMP keeps its type and code; the source is the echo's identifier.
        (ICMP | ICMPV6, Side::Source) => return Outcome::Unknown("the identifier of the ping".to_owned()),
        (ICMP, Side::Destination) => {
            if direction == Direction::Original {
                8 << 8
            } else {
                0
            }
        }
        (ICMPV6, Side::Destination) => {
            if direction == Direction::Original {
                128 << 8
            } else {
                129 << 8
            }
        }
        (_, Side::Source) => tuple.sport,
        (_, Side::Destination) => tuple.dport,
    };
    Outcome::from(ports.iter().any(|range| range.contains(&port)))
}

pub(super) fn address_kind(view: &View<'_>, address: IpAddr, device: Option<&str>) -> &'static str {
    view.host.ns(view.namespace).map_or("UNICAST", |namespace| namespace.fib.address_kind(address, device))
}

/// `match_type6` of xt_addrtype: with IPv6 every address of one machine is `UNICAST`, the host's own as well.
fn address_type6(view: &View<'_>, address: IpAddr, device: Option<&str>, types: &[Text]) -> bool {
    let wants = |kind: &str| types.iter().any(|wanted| **wanted == *kind);
    let unicast = !address.is_multicast() && !address.is_unspecified();
    if (wants("MULTICAST") && !address.is_multicast())
        || (wants("UNICAST") && !unicast)
        || (wants("UNSPEC") && !address.is_unspecified())
    {
        return false;
    }
    if wants("LOCAL") || wants("ANYCAST") || wants("UNREACHABLE") {
        return wants(address_kind(view, address, device));
    }
    true
}

/// Where a value is only known to lie in a range.
fn within(own: (u32, u32), wanted: (u32, u32), what: &str) -> Outcome {
    if own.0 >= wanted.0 && own.1 <= wanted.1 {
        Outcome::Yes
    } else if own.1 < wanted.0 || own.0 > wanted.1 {
        Outcome::No
    } else {
        Outcome::Unknown(what.to_owned())
    }
}

/// xt_mac: packets of the host itself have no hardware header yet.
fn mac_is(view: &View<'_>, wanted: &str) -> Outcome {
    if view.input.is_empty() || view.input == "lo" {
        return Outcome::Never;
    }
    match &view.packet.mac {
        Some(mac) => Outcome::from(mac.eq_ignore_ascii_case(wanted)),
        None => Outcome::Unknown("the sender's hardware address".to_owned()),
    }
}

fn physdev(view: &View<'_>, port: Option<&Port>, pattern: &str) -> Outcome {
    let Some(port) = port else { return Outcome::No };
    if !port.guessed {
        return Outcome::from(name_matches(pattern, &port.name));
    }
    let same_bridge = view.host.ports.iter().filter(|other| other.bridge == port.bridge && other.virtual_link);
    let mut answers = same_bridge.map(|other| !other.name.is_empty() && name_matches(pattern, &other.name));
    let first = answers.next().unwrap_or(false);
    if answers.all(|answer| answer == first) {
        Outcome::from(first)
    } else {
        Outcome::Unknown("which port of the bridge the container is connected to".to_owned())
    }
}

fn set(view: &View<'_>, name: &Text, flags: &[Side]) -> Outcome {
    set_named(view, name, flags, 0)
}

fn set_named(view: &View<'_>, name: &Text, flags: &[Side], depth: u8) -> Outcome {
    let Some(set) = view.host.sets.ipset(name) else {
        return Outcome::Unknown(format!("the members of ipset {name} (`ipset save`)"));
    };
    if set.list && depth < 4 {
        let mut unknown = None;
        for member in &set.members {
            match set_named(view, member, flags, depth + 1) {
                Outcome::Yes => return Outcome::Yes,
                Outcome::Unknown(reason) => unknown = Some(reason),
                _ => {}
            }
        }
        return unknown.map_or(Outcome::No, Outcome::Unknown);
    }
    if flags.len() < set.parts.len() {
        return Outcome::No;
    }
    let mut parts = Vec::with_capacity(set.parts.len());
    for (part, side) in set.parts.iter().zip(flags) {
        match packet_part(view, part, *side) {
            Some(found) => parts.push(found),
            None => return Outcome::No,
        }
    }
    let bitmap = set.parts.len() == 1 && &*set.parts[0] == "port";
    let mut found = false;
    for member in &set.members {
        let (element, nomatch) = match member.split_once(' ') {
            Some((element, rest)) => (element, rest.split(' ').any(|word| word == "nomatch")),
            None => (&**member, false),
        };
        if element_matches(element, &parts, bitmap) {
            if nomatch {
                return Outcome::No;
            }
            found = true;
        }
    }
    Outcome::from(found)
}

fn packet_part(view: &View<'_>, part: &str, side: Side) -> Option<crate::model::Part> {
    use crate::model::Part;
    let tuple = &view.packet.tuple;
    let source = side == Side::Source;
    Some(match part {
        "ip" | "net" => Part::Address(if source { tuple.src } else { tuple.dst }),
        "port" => {
            let proto = match tuple.proto {
                TCP => "tcp",
                UDP => "udp",
                132 => "sctp",
                136 => "udplite",
                // ip_set_get_ip4_port: the type and code of ICMP; members of this kind are written by name.
                _ => return None,
            };
            Part::Port(proto, if source { tuple.sport } else { tuple.dport })
        }
        "iface" => Part::Device(if source { view.input } else { view.output }.into()),
        "mark" => Part::Mark(view.packet.mark),
        "mac" => Part::Mac(view.packet.mac.clone()?),
        _ => return None,
    })
}

/// xt_rpfilter / ipt_rpfilter.
fn reverse_path(view: &View<'_>, loose: bool, validmark: bool, accept_local: bool) -> bool {
    if view.input == "lo" {
        return true;
    }
    let Some(namespace) = view.host.ns(view.namespace) else { return true };
    let tuple = &view.packet.tuple;
    let key = Key {
        dst: tuple.src,
        src: Some(tuple.dst),
        iif: "lo",
        oif: None,
        mark: if validmark { view.packet.mark } else { 0 },
        proto: tuple.proto,
        sport: 0,
        dport: 0,
    };
    match namespace.fib.lookup(&key) {
        Ok(found) => match found.route.kind {
            RouteKind::Local => accept_local,
            RouteKind::Unicast => loose || found.route.hops.iter().any(|hop| *hop.interface == *view.input),
            _ => false,
        },
        Err(_) => false,
    }
}

/// xt_socket: an open socket for the packet, those bound to any address left out unless told.
fn socket(view: &View<'_>, transparent: bool, nowildcard: bool) -> Outcome {
    let unknown = || Outcome::Unknown("whether a socket is open for the packet".to_owned());
    let Some(namespace) = view.host.ns(view.namespace) else { return unknown() };
    let tuple = &view.packet.tuple;
    if view.packet.flags & ACK != 0 {
        return unknown();
    }
    let proto = if tuple.proto == UDP { Proto::Udp } else { Proto::Tcp };
    let open = namespace.listeners.iter().any(|listener| {
        let bound = listener.address == tuple.dst || (nowildcard && listener.address.is_unspecified());
        listener.proto == proto && listener.port == tuple.dport && bound
    });
    if open && transparent { unknown() } else { Outcome::from(open) }
}

fn owner(sender: &Sender, wanted: &str, what: &str) -> Outcome {
    let unknown = || Outcome::Unknown(format!("the {what} of the process that sends"));
    let Sender::User(own) = sender else { return unknown() };
    let alias = matches!((&**own, wanted), ("root", "0") | ("0", "root"));
    if alias || **own == *wanted {
        return Outcome::Yes;
    }
    let own = if &**own == "root" { Some(0) } else { own.parse::<u32>().ok() };
    let range = match wanted.split_once('-') {
        Some((low, high)) => low.parse::<u32>().ok().zip(high.parse::<u32>().ok()),
        None => wanted.parse::<u32>().ok().map(|id| (id, id)),
    };
    match (own, range) {
        (Some(own), Some((low, high))) => Outcome::from((low..=high).contains(&own)),
        _ => unknown(),
    }
}

/// A limit with much room is not used up by the connection that is asked about.
fn unknowable(module: &str, text: &str) -> Outcome {
    if module == "limit" && generous(text) {
        return Outcome::Yes;
    }
    let gap = if text.is_empty() { "" } else { " " };
    Outcome::Unknown(format!("-m {module}{gap}{text}"))
}

fn generous(text: &str) -> bool {
    let mut words = text.split_whitespace();
    let (mut per_second, mut burst) = (0, 5);
    while let Some(word) = words.next() {
        match word {
            "--limit" => {
                let rate = words.next().unwrap_or_default();
                let (count, unit) = rate.split_once('/').unwrap_or((rate, "sec"));
                per_second = if unit.starts_with('s') { count.parse().unwrap_or(0) } else { 0 };
            }
            "--limit-burst" => burst = words.next().and_then(|word| word.parse().ok()).unwrap_or(0),
            _ => {}
        }
    }
    per_second >= 100 && burst >= 100
}
