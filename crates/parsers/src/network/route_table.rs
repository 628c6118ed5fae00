//! `route -n`, `netstat -rn`, their IPv6 forms, and busybox; titles in any language of net-tools.

use std::net::Ipv4Addr;

use bundlescope_facts::{Route, RouteKind, Text};
use ipnet::{IpNet, Ipv4Net};

use crate::document::{Document, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words;

/// The format.
pub(crate) static ROUTE: Format = Format { name: "route", collect: "route -n", kinds: &["route"], detect, parse };

fn detect(hint: &Hint<'_>) -> Match {
    let content = hint.head.lines().filter(|line| !line.trim().is_empty()).take(2).any(|line| columns(line).is_some());
    let named = words::subject_is(hint.subject, &["route"]) || words::subject_is(hint.subject, &["netstat"]);
    match (content, named) {
        (true, true) => Match::Both,
        (true, false) => Match::Content,
        _ => Match::No,
    }
}

/// Which table follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Columns {
    /// `Destination Gateway Genmask Flags …`; true with a metric column.
    V4 { metric: bool },
    /// `Destination Next Hop Flag Met Ref Use If`.
    V6,
}

fn columns(line: &str) -> Option<Columns> {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    match words.as_slice() {
        ["Destination", "Gateway", "Genmask", "Flags", rest @ ..] if rest.contains(&"Iface") => {
            Some(Columns::V4 { metric: rest.contains(&"Metric") })
        }
        // Translations leave these titles as they are, and the order too.
        [_, _, _, _, _, "Ref", _, "Iface", ..] => Some(Columns::V4 { metric: true }),
        [_, _, _, _, "MSS", _, "irtt", "Iface"] => Some(Columns::V4 { metric: false }),
        ["Destination", "Next", "Hop", "Flag" | "Flags", "Met" | "Metric", ..] => Some(Columns::V6),
        _ => None,
    }
}

/// `Kernel IP routing table`, `Kernel-IPv6-Routentabelle`, `Table de routage IP du noyau`.
fn is_heading(line: &str) -> bool {
    let lower = line.to_ascii_lowercase();
    lower.starts_with("kernel")
        || (lower.contains(" ip") && ["noyau", "kernel"].iter().any(|word| lower.ends_with(word)))
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut table = None;
    let mut names = 0;
    for line in document.lines() {
        let text = line.text.trim();
        if let Some(found) = columns(text) {
            table = Some(found);
            continue;
        }
        if text.is_empty() || is_heading(text) {
            continue;
        }
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        let route = match table {
            Some(Columns::V4 { metric }) => v4(&words, metric),
            Some(Columns::V6) => v6(&words),
            None => None,
        };
        match route {
            Some(route) => parsed.line_fact(document, line, Route { container: document.container.clone(), ..route }),
            None if words.len() >= 7 && table.is_some() => names = line.number,
            None => parsed.problem(
                document,
                line.number,
                "expected a route with its destination, gateway and mask; line skipped",
            ),
        }
    }
    if names > 0 {
        parsed.problem(document, names, "routes to names instead of addresses were left out; collect with `route -n`");
    }
    parsed
}

fn route(destination: IpNet, flags: &str, interface: &str) -> Route {
    let kind = if flags.contains('!') { RouteKind::Unreachable } else { RouteKind::Unicast };
    let interface = (!matches!(interface, "-" | "*")).then(|| Text::from(interface));
    Route { destination: Some(destination), kind, interface, table: "main".into(), ..Route::default() }
}

fn v4(words: &[&str], metric: bool) -> Option<Route> {
    let [destination, gateway, mask, flags, rest @ ..] = words else { return None };
    let address: Ipv4Addr = if *destination == "default" { Ipv4Addr::UNSPECIFIED } else { destination.parse().ok()? };
    let mask: Ipv4Addr = mask.parse().ok()?;
    let network = IpNet::V4(Ipv4Net::with_netmask(address, mask).ok()?.trunc());
    let mut route = route(network, flags, rest.get(3)?);
    route.gateway = gateway.parse().ok().filter(|gateway: &std::net::IpAddr| !gateway.is_unspecified());
    if flags.contains('G') && route.gateway.is_none() {
        return None;
    }
    route.metric = if metric { rest.first().and_then(|metric| words::number(metric)) } else { None };
    Some(route)
}

fn v6(words: &[&str]) -> Option<Route> {
    let [destination, hop, flags, metric, .., interface] = words else { return None };
    let network = match *destination {
        "[::]/0" | "default" | "*/0" => words::default_network(true),
        // net-tools writes IPv4-compatible networks such as ::/96 like IPv4 ones.
        word => {
            let bare = word.replace(['[', ']'], "");
            words::network(&bare)
                .filter(|network| matches!(network, IpNet::V6(_)))
                .or_else(|| words::network(&format!("::{bare}")))?
        }
    };
    let mut route = route(network, flags, interface);
    route.gateway = words::address(hop).filter(|gateway| !gateway.is_unspecified());
    let direct = matches!(*hop, "::" | "[::]" | "*");
    if route.gateway.is_none() && !direct {
        return None;
    }
    route.metric = words::number(metric);
    // The local table is mixed in, and told by its flag only.
    if route.kind == RouteKind::Unicast && flags.starts_with("Un") {
        route.kind = RouteKind::Local;
        route.table = "local".into();
    }
    Some(route)
}
