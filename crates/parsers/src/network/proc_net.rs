//! What a sosreport copies of /proc/net: tcp, tcp6, udp, udp6, route, ipv6_route and if_inet6.
//!
//! The kernel prints addresses in hexadecimal digits: in /proc/net/tcp (`net/ipv4/tcp_ipv4.c`) and /proc/net/route each 32-bit word in
//! the byte order of the processor (taken as little-endian, which every platform of Docker but s390x is), elsewhere as written.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use bundlescope_facts::{Address, Connection, Data, Listener, Proto, Route, RouteKind};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::ports;
use crate::document::{Document, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words;

/// /proc/net/tcp, tcp6, udp, udp6.
pub(crate) static PROC_SOCKETS: Format = Format {
    name: "proc-net-sockets",
    collect: "cat /proc/net/tcp /proc/net/tcp6",
    kinds: &["listener", "connection"],
    detect: detect_sockets,
    parse: parse_sockets,
};

/// /proc/net/route.
pub(crate) static PROC_ROUTE: Format = Format {
    name: "proc-net-route",
    collect: "cat /proc/net/route",
    kinds: &["route"],
    detect: detect_route,
    parse: parse_route,
};

/// /proc/net/ipv6_route.
pub(crate) static PROC_ROUTE6: Format = Format {
    name: "proc-net-ipv6-route",
    collect: "cat /proc/net/ipv6_route",
    kinds: &["route"],
    detect: detect_route6,
    parse: parse_route6,
};

/// /proc/net/if_inet6.
pub(crate) static IF_INET6: Format = Format {
    name: "proc-net-if-inet6",
    collect: "cat /proc/net/if_inet6",
    kinds: &["address"],
    detect: detect_inet6,
    parse: parse_inet6,
};

fn is_sockets_header(line: &str) -> bool {
    let mut words = line.split_ascii_whitespace();
    words.next() == Some("sl")
        && words.next() == Some("local_address")
        && words.next().is_some_and(|word| matches!(word, "rem_address" | "remote_address"))
}

/// Which protocol: the path names it, or the content: only udp has drops, and its sockets are in state 7 or 1.
fn proto(path: &str, subject: &str, text: &str) -> Option<Proto> {
    let name = if subject.starts_with("/proc/") { subject } else { path };
    let name = name.rsplit(['/', ' ', '_', '-']).next().unwrap_or_default().split('.').next().unwrap_or_default();
    match name {
        "tcp" | "tcp6" => Some(Proto::Tcp),
        "udp" | "udp6" => Some(Proto::Udp),
        "udplite" | "udplite6" | "raw" | "raw6" | "icmp" | "icmp6" => None,
        _ => Some(if text.lines().next().is_some_and(|line| line.contains("drops")) { Proto::Udp } else { Proto::Tcp }),
    }
}

fn detect_sockets(hint: &Hint<'_>) -> Match {
    let content =
        hint.head.lines().next().is_some_and(is_sockets_header) && proto(hint.path, hint.subject, hint.head).is_some();
    Match::of(content, hint.subject.starts_with("/proc/net/"))
}

/// `03001EAC:1538`.
fn end(word: &str) -> Option<(IpAddr, u16)> {
    let (address, port) = word.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let word = |at: usize| Some(u32::from_str_radix(address.get(at..at + 8)?, 16).ok()?.to_le_bytes());
    let address: IpAddr = match address.len() {
        8 => Ipv4Addr::from(word(0)?).into(),
        32 => {
            let mut bytes = [0; 16];
            for at in 0..4 {
                bytes[at * 4..at * 4 + 4].copy_from_slice(&word(at * 8)?);
            }
            Ipv6Addr::from(bytes).into()
        }
        _ => return None,
    };
    Some((address, port))
}

fn parse_sockets(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let text = crate::identify::valid_prefix(document.bytes);
    let Some(proto) = proto(&document.path, &document.subject, text) else { return parsed };
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        let container = document.container.clone();
        // IPv4 and IPv6 sockets are in files of their own, so that neither is the whole list of listeners.
        if is_sockets_header(line.text) {
            continue;
        }
        let words: Vec<&str> = line.text.split_ascii_whitespace().collect();
        let read = match words.as_slice() {
            [number, local, remote, state, _, _, _, uid, ..] if number.ends_with(':') => {
                end(local).zip(end(remote)).zip(u8::from_str_radix(state, 16).ok()).zip(Some(*uid))
            }
            _ => None,
        };
        let Some(((((local, local_port), (remote, remote_port)), state), uid)) = read else {
            parsed.problem(document, line.number, "expected a socket with its addresses and state; line skipped");
            continue;
        };
        let listens = if proto == Proto::Tcp { state == 10 } else { remote_port == 0 };
        let data: Data = if listens {
            Listener {
                proto,
                address: Some(local.to_canonical()),
                port: local_port,
                user: Some(uid.into()),
                container,
                ..Listener::default()
            }
            .into()
        } else {
            let Some(state) = ports::TCP_STATES.get(usize::from(state).wrapping_sub(1)) else {
                parsed.problem(document, line.number, "a state that is not known");
                continue;
            };
            Connection {
                proto,
                local_address: Some(local.to_canonical()),
                local_port,
                remote_address: Some(remote.to_canonical()),
                remote_port,
                state: (proto == Proto::Tcp).then(|| (*state).into()),
                process: None,
                pid: None,
                container,
            }
            .into()
        };
        parsed.line_fact(document, line, data);
    }
    parsed
}

fn is_route_header(line: &str) -> bool {
    line.split_ascii_whitespace().take(4).eq(["Iface", "Destination", "Gateway", "Flags"])
}

fn detect_route(hint: &Hint<'_>) -> Match {
    Match::of(hint.head.lines().next().is_some_and(is_route_header), hint.subject == "/proc/net/route")
}

fn v4(word: &str) -> Option<Ipv4Addr> {
    (word.len() == 8).then_some(())?;
    Some(Ipv4Addr::from(u32::from_str_radix(word, 16).ok()?.to_le_bytes()))
}

/// RTF_UP, RTF_GATEWAY and RTF_REJECT of `include/uapi/linux/route.h`.
const UP: u32 = 1;
const GATEWAY: u32 = 2;
const REJECT: u32 = 0x200;

fn parse_route(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    for line in document.lines().filter(|line| !line.text.trim().is_empty() && !is_route_header(line.text)) {
        let words: Vec<&str> = line.text.split_ascii_whitespace().collect();
        let route = match words.as_slice() {
            [interface, destination, gateway, flags, _, _, metric, mask, ..] => (|| {
                let flags = u32::from_str_radix(flags, 16).ok()?;
                let network = Ipv4Net::with_netmask(v4(destination)?, v4(mask)?).ok()?;
                // What rejects has no device.
                let rejects = *interface == "*" || flags & REJECT != 0;
                Some(Route {
                    destination: Some(IpNet::V4(network)),
                    kind: if rejects { RouteKind::Unreachable } else { RouteKind::Unicast },
                    gateway: Some(v4(gateway)?.into()).filter(|_| flags & GATEWAY != 0),
                    interface: (!rejects).then(|| (*interface).into()),
                    metric: Some(metric.parse().ok()?),
                    table: "main".into(),
                    container: document.container.clone(),
                    ..Route::default()
                })
            })(),
            _ => None,
        };
        match route {
            Some(route) => parsed.line_fact(document, line, route),
            None => parsed.problem(document, line.number, "expected a route of /proc/net/route; line skipped"),
        }
    }
    parsed
}

fn v6(word: &str) -> Option<Ipv6Addr> {
    (word.len() == 32).then_some(())?;
    Some(Ipv6Addr::from(u128::from_str_radix(word, 16).ok()?))
}

/// Destination, prefix, source, prefix, next hop, metric, references, use, flags, device.
fn route6(line: &str) -> Option<Option<Route>> {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let [destination, prefix, _, _, hop, metric, _, _, flags, interface] = words.as_slice() else { return None };
    let network = Ipv6Net::new(v6(destination)?, u8::from_str_radix(prefix, 16).ok()?).ok()?;
    let (flags, metric) = (u32::from_str_radix(flags, 16).ok()?, u32::from_str_radix(metric, 16).ok()?);
    let gateway = v6(hop)?;
    // The entry that stands for "nothing found".
    if metric == u32::MAX {
        return Some(None);
    }
    // RTF_LOCAL and RTF_ANYCAST of `include/uapi/linux/ipv6_route.h`.
    let local = flags & 0x8000_0000 != 0;
    let kind = if local {
        RouteKind::Local
    } else if flags & 0x0010_0000 != 0 {
        RouteKind::Anycast
    } else if flags & REJECT != 0 {
        RouteKind::Unreachable
    } else if network.addr().is_multicast() {
        RouteKind::Multicast
    } else {
        RouteKind::Unicast
    };
    let table =
        if matches!(kind, RouteKind::Local | RouteKind::Anycast | RouteKind::Multicast) { "local" } else { "main" };
    Some((flags & UP != 0).then(|| Route {
        destination: Some(IpNet::V6(network)),
        kind,
        gateway: (flags & GATEWAY != 0).then(|| gateway.into()),
        interface: Some((*interface).into()),
        metric: Some(metric),
        table: table.into(),
        ..Route::default()
    }))
}

fn detect_route6(hint: &Hint<'_>) -> Match {
    Match::of(words::most_lines(hint.head, |line| route6(line).is_some()), hint.subject == "/proc/net/ipv6_route")
}

fn parse_route6(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        match route6(line.text) {
            Some(Some(route)) => {
                parsed.line_fact(document, line, Route { container: document.container.clone(), ..route })
            }
            Some(None) => {}
            None => parsed.problem(document, line.number, "expected a route of /proc/net/ipv6_route; line skipped"),
        }
    }
    parsed
}

/// Address, index, prefix, scope, flags, device.
fn inet6(line: &str) -> Option<Address> {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let [address, index, prefix, scope, flags, interface] = words.as_slice() else { return None };
    u32::from_str_radix(index, 16).ok()?;
    u32::from_str_radix(flags, 16).ok()?;
    let scope = match u8::from_str_radix(scope, 16).ok()? {
        0x00 => "global",
        0x10 => "host",
        0x20 => "link",
        0x40 => "site",
        _ => "compat",
    };
    Some(Address {
        interface: (*interface).into(),
        address: Some(v6(address)?.into()),
        prefix: u8::from_str_radix(prefix, 16).ok()?,
        scope: Some(scope.into()),
        ..Address::default()
    })
}

fn detect_inet6(hint: &Hint<'_>) -> Match {
    Match::of(words::most_lines(hint.head, |line| inet6(line).is_some()), hint.subject == "/proc/net/if_inet6")
}

fn parse_inet6(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        match inet6(line.text) {
            Some(found) => parsed.line_fact(document, line, Address { container: document.container.clone(), ..found }),
            None => parsed.problem(document, line.number, "expected an address of /proc/net/if_inet6; line skipped"),
        }
    }
    parsed
}
