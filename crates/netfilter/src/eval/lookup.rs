//! nft's sets and maps: parts of a packet looked up among written elements.

use std::net::IpAddr;

use bundlescope_facts::Text;
use bundlescope_facts::firewall::{CtState, Elements, Key, Side};

use super::tests::{address_kind, has_state, name_matches, tuple_of};
use super::{Outcome, View};
use crate::model::{address_matches, parse_number, port_matches};
use crate::packet::{ICMP, ICMPV6, TCP, UDP};

/// Whether the parts are among the elements.
pub(super) fn in_elements(view: &View<'_>, keys: &[Key], elements: &Elements) -> Outcome {
    match value_of(view, keys, elements) {
        Ok(found) => Outcome::from(found.is_some()),
        Err(reason) => Outcome::Unknown(reason),
    }
}

/// The value that a map holds for the parts; empty for a set. Errors: what the answer depends on.
pub(crate) fn value_of(view: &View<'_>, keys: &[Key], elements: &Elements) -> Result<Option<Text>, String> {
    if let Some(Key::Unknowable(text)) = keys.iter().find(|key| matches!(key, Key::Unknowable(_))) {
        return Err(text.to_string());
    }
    let (family, table) = view.table;
    let mut default = None;
    let mut visit = |key: &str, value: Text| -> Option<Text> {
        if key == "*" {
            default = Some(value);
            return None;
        }
        covers(view, keys, key).then_some(value)
    };
    match elements {
        Elements::Inline(list) => {
            for (key, value) in list {
                if let Some(found) = visit(key, value.clone()) {
                    return Ok(Some(found));
                }
            }
        }
        Elements::Named(name) => {
            let Some(set) = view.host.sets.nft(family, table, name) else {
                return Err(format!("the elements of nft set {name}"));
            };
            let members = set.members.iter().filter(|member| !set.data.contains_key(*member));
            let pairs = members.map(|member| (member, "".into())).chain(set.data.iter().map(|(k, v)| (k, v.clone())));
            for (key, value) in pairs {
                if let Some(found) = visit(key, value) {
                    return Ok(Some(found));
                }
            }
        }
    }
    Ok(default)
}

/// `ADDRESS`, `ADDRESS . PORT` or `PORT`.
pub(crate) fn nat_value(value: &str) -> Option<(Option<IpAddr>, Option<u16>)> {
    let mut parts = value.split(" . ").map(str::trim);
    let first = parts.next()?;
    match first.parse::<IpAddr>() {
        Ok(address) => Some((Some(address), parts.next().and_then(|port| port.parse().ok()))),
        Err(_) => first.parse().ok().map(|port| (None, Some(port))),
    }
}

fn covers(view: &View<'_>, keys: &[Key], element: &str) -> bool {
    // An element may carry a comment or a timeout behind its key.
    let element = [" comment ", " timeout ", " expires ", " counter "]
        .iter()
        .fold(element, |rest, word| rest.split_once(word).map_or(rest, |(before, _)| before));
    let parts: Vec<&str> =
        if keys.len() == 1 { vec![element.trim()] } else { element.split(" . ").map(str::trim).collect() };
    parts.len() == keys.len() && keys.iter().zip(parts).all(|(key, part)| part_covers(view, key, unquoted(part)))
}

fn unquoted(text: &str) -> &str {
    text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text)
}

fn part_covers(view: &View<'_>, key: &Key, text: &str) -> bool {
    let packet = view.packet;
    let tuple = &packet.tuple;
    let number = |own: u32| match text.split_once('-') {
        Some((low, high)) => {
            parse_number(low).zip(parse_number(high)).is_some_and(|(low, high)| (low..=high).contains(&own))
        }
        None => parse_number(text) == Some(own),
    };
    match key {
        Key::Protocol => match text {
            "tcp" => tuple.proto == TCP,
            "udp" => tuple.proto == UDP,
            "icmp" => tuple.proto == ICMP,
            "icmpv6" | "ipv6-icmp" => tuple.proto == ICMPV6,
            other => other.parse() == Ok(tuple.proto),
        },
        Key::Version => matches!((text, view.v6), ("ipv4" | "ip", false) | ("ipv6" | "ip6", true)),
        Key::Address(side) => address_matches(text, if *side == Side::Source { tuple.src } else { tuple.dst }),
        Key::Port(side) => {
            packet.has_ports() && port_matches(text, if *side == Side::Source { tuple.sport } else { tuple.dport })
        }
        Key::InInterface => name_matches(text, view.input),
        Key::OutInterface => name_matches(text, view.output),
        Key::CtState => {
            let state = match text {
                "new" => CtState::New,
                "established" => CtState::Established,
                "related" => CtState::Related,
                "invalid" => CtState::Invalid,
                "untracked" => CtState::Untracked,
                _ => return false,
            };
            has_state(view, state)
        }
        Key::CtDirection => packet.ct.is_some_and(|ct| ct.reply == (text == "reply")),
        Key::CtAddress(direction, side) => view.conn.is_some_and(|conn| {
            let tuple = tuple_of(conn, *direction);
            address_matches(text, if *side == Side::Source { tuple.src } else { tuple.dst })
        }),
        Key::CtPort(direction, side) => view.conn.is_some_and(|conn| {
            let tuple = tuple_of(conn, *direction);
            port_matches(text, if *side == Side::Source { tuple.sport } else { tuple.dport })
        }),
        Key::Mark => number(packet.mark),
        Key::ConnMark => view.conn.is_some_and(|conn| number(conn.mark)),
        Key::AddrType(side) => {
            let address = if *side == Side::Source { tuple.src } else { tuple.dst };
            text.eq_ignore_ascii_case(address_kind(view, address, None))
        }
        Key::IcmpType => packet.icmp.is_some_and(|(kind, _)| {
            let wanted = match (text, view.v6) {
                ("echo-request", false) => 8,
                ("echo-reply", false) => 0,
                ("destination-unreachable", false) => 3,
                ("time-exceeded", false) => 11,
                ("parameter-problem", false) => 12,
                ("echo-request", true) => 128,
                ("echo-reply", true) => 129,
                ("destination-unreachable", true) => 1,
                ("packet-too-big", true) => 2,
                ("time-exceeded", true) => 3,
                ("parameter-problem", true) => 4,
                (other, _) => return other.parse() == Ok(kind),
            };
            kind == wanted
        }),
        Key::PktType => matches!(text, "host" | "unicast"),
        Key::Mac => packet.mac.as_ref().is_some_and(|mac| mac.eq_ignore_ascii_case(text)),
        Key::Unknowable(_) => false,
    }
}
