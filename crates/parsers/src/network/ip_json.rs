//! `ip -j addr`, `link`, `route`, `rule`, `neigh` and `bridge -j link`, with `-d`, `-s` and `-p`.
//!
//! The keys are those of iproute2 4.18 and later.

use bundlescope_facts::{
    Address, BridgePort, Fact, Interface, InterfaceTraffic, Neighbour, NextHop, PolicyRule, Route, RouteKind, Text,
};

use super::ip_addr::set_flags;
use crate::document::{Document, Parsed};
use crate::format::{Format, Hint, Match};
use crate::json::{self, Fields, Node};
use crate::words;

/// The format.
pub(crate) static IP_JSON: Format = Format {
    name: "ip-json",
    collect: "ip -j addr; ip -j route show table all; ip -j rule; ip -j neigh",
    kinds: &["interface", "address", "bridge_port", "interface_traffic", "route", "policy_rule", "neighbour"],
    detect,
    parse,
};

/// What a record is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Subject {
    Link,
    Port,
    Route,
    Rule,
    Neighbour,
}

fn subject(has: impl Fn(&str) -> bool) -> Option<Subject> {
    if has("ifname") && has("ifindex") && has("flags") {
        let port = has("state") && !has("operstate");
        Some(if port { Subject::Port } else { Subject::Link })
    } else if has("priority") && (has("src") || has("table") || has("action")) && !has("dst_port") {
        Some(Subject::Rule)
    } else if has("dst") && has("dev") && (has("lladdr") || has("state")) {
        Some(Subject::Neighbour)
    } else if has("dst") && (has("flags") || has("dev") || has("type") || has("nexthops")) {
        Some(Subject::Route)
    } else {
        None
    }
}

fn detect(hint: &Hint<'_>) -> Match {
    if !hint.head.trim_start().starts_with('[') {
        return Match::No;
    }
    let found = json::first_record(hint.head).and_then(|record: Node<'_>| subject(|key| record.has(key)));
    let named = hint.subject.starts_with("ip ") || hint.subject.starts_with("bridge ");
    match (found, named) {
        (Some(_), true) => Match::Both,
        (Some(_), false) => Match::Content,
        _ => Match::No,
    }
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let v6 = super::ip_route::is_v6(document);
    json::read(document, &mut parsed, |record, parsed| match subject(|key| record.has(key)) {
        Some(Subject::Link) => link(document, record, parsed),
        Some(Subject::Port) => port(document, record, parsed),
        Some(Subject::Route) => route(document, record, v6, parsed),
        Some(Subject::Rule) => rule(document, record, parsed),
        Some(Subject::Neighbour) => neighbour(document, record, parsed),
        // `ip -j addr` prints an empty object for what a filter leaves out.
        None => {}
    });
    super::ip_rule::settle_versions(document, &mut parsed);
    parsed
}

fn link(document: &Document<'_>, record: Fields<'_, '_>, parsed: &mut Parsed) {
    let container = document.container.clone();
    let name = record.text("ifname").unwrap_or_default();
    let kind = record.object("linkinfo").text("info_kind");
    let link_type = record.text("link_type").filter(|kind| matches!(&**kind, "ether" | "loopback"));
    // Without `link` the other end is in another namespace and known by its index alone.
    let peer = record.text("link").or_else(|| record.int::<u32>("link_index").map(|index| format!("if{index}").into()));
    let mut interface = Interface {
        name: name.clone(),
        index: record.int("ifindex"),
        link_kind: kind.or(link_type),
        state: record.text("operstate"),
        mtu: record.int("mtu"),
        mac: record.text("address").and_then(|mac| words::mac(&mac)),
        master: record.text("master"),
        peer,
        container: container.clone(),
        ..Interface::default()
    };
    set_flags(&mut interface, &record.texts("flags").join(","));
    let addresses = record.get("addr_info");
    let source = if addresses.is_present() { record.source_of(LINK_KEYS) } else { record.source() };
    let master = interface.master.clone();
    parsed.facts.push(Fact::new(source, interface));
    let info = record.object("linkinfo");
    if let (Some("bridge"), Some(bridge)) = (info.text("info_slave_kind").as_deref(), master) {
        let data = info.object("info_slave_data");
        let port = BridgePort {
            interface: name.clone(),
            bridge,
            state: data.text("state"),
            hairpin: data.bool("hairpin"),
            isolated: data.bool("isolated"),
            container: container.clone(),
        };
        parsed.facts.push(Fact::new(record.source_up_to(info), port));
    }
    let stats = if record.has("stats64") { record.object("stats64") } else { record.object("stats") };
    if stats.is_present() {
        let (rx, tx) = (stats.object("rx"), stats.object("tx"));
        let traffic = InterfaceTraffic {
            interface: name.clone(),
            rx_bytes: rx.int("bytes"),
            rx_packets: rx.int("packets"),
            rx_errors: rx.int("errors"),
            rx_dropped: rx.int("dropped"),
            rx_overruns: rx.int("over_errors"),
            tx_bytes: tx.int("bytes"),
            tx_packets: tx.int("packets"),
            tx_errors: tx.int("errors"),
            tx_dropped: tx.int("dropped"),
            carrier_errors: tx.int("carrier_errors"),
            collisions: tx.int("collisions"),
            container: container.clone(),
        };
        parsed.facts.push(Fact::new(record.source_up_to(stats), traffic));
    }
    for entry in addresses.items() {
        let Some(address) = entry.address("local") else { continue };
        let flags = [
            "secondary",
            "temporary",
            "tentative",
            "deprecated",
            "dadfailed",
            "noprefixroute",
            "dynamic",
            "nodad",
            "mngtmpaddr",
        ];
        let flags: Vec<Text> =
            flags.into_iter().filter(|flag| entry.bool(flag) == Some(true)).map(Text::from).collect();
        let data = Address {
            interface: name.clone(),
            address: Some(address),
            prefix: entry.int("prefixlen").unwrap_or(if address.is_ipv4() { 32 } else { 128 }),
            peer: entry.address("address"),
            scope: entry.text("scope"),
            secondary: entry.bool("secondary") == Some(true),
            flags,
            container: container.clone(),
        };
        // The label is the interface's name, for IPv4; otherwise it stands in the record.
        let named = entry.word("label").split(':').next() == Some(&*name);
        let source = if named { entry.source() } else { record.source_up_to(entry) };
        parsed.facts.push(Fact::new(source, data));
    }
}

/// The members of a link that its fact is made of.
const LINK_KEYS: &[&str] = &[
    "ifindex",
    "link_index",
    "ifname",
    "link",
    "flags",
    "mtu",
    "master",
    "operstate",
    "link_type",
    "address",
    "linkinfo",
];

fn port(document: &Document<'_>, record: Fields<'_, '_>, parsed: &mut Parsed) {
    let name = record.text("ifname").unwrap_or_default();
    let Some(bridge) = record.text("master").filter(|bridge| *bridge != name) else { return };
    let port = BridgePort {
        interface: name,
        bridge,
        state: record.text("state"),
        hairpin: record.bool("hairpin"),
        isolated: record.bool("isolated"),
        container: document.container.clone(),
    };
    parsed.facts.push(Fact::new(record.source(), port));
}

fn hop(record: Fields<'_, '_>) -> NextHop {
    let gateway = record.address("gateway").or_else(|| record.object("via").address("host"));
    NextHop { gateway, interface: record.text("dev"), weight: record.int("weight"), flags: record.texts("flags") }
}

fn route(document: &Document<'_>, record: Fields<'_, '_>, v6: bool, parsed: &mut Parsed) {
    let nexthops: Vec<NextHop> = record.list("nexthops").map(hop).collect();
    let own = hop(record);
    let (gateway, interface) = match nexthops.first() {
        Some(first) => (first.gateway, first.interface.clone()),
        None => (own.gateway, own.interface),
    };
    let source = record.address("prefsrc");
    // `via` holds a gateway of the other family.
    let crossed = record.object("via").is_present();
    let family = gateway.filter(|_| !crossed).or(source).map_or(v6 || record.has("pref"), |address| address.is_ipv6());
    let destination = match record.word("dst") {
        "default" | "" => Some(words::default_network(family)),
        word => words::network(word),
    };
    if destination.is_none() {
        record.get("dst").wrong("a network such as 10.0.0.0/8");
        return;
    }
    let kind = RouteKind::from_word(record.word("type")).unwrap_or_default();
    let route = Route {
        destination,
        kind,
        gateway,
        interface,
        nexthops,
        source,
        metric: record.int("metric"),
        // `ip -j route get` answers with what the kernel would use, which is in no table.
        table: record.text("table").unwrap_or_else(|| if record.has("cache") { "cache" } else { "main" }.into()),
        scope: record.text("scope"),
        protocol: record.text("protocol"),
        tos: record.text("tos").and_then(|tos| words::number(&tos)),
        mtu: record.list("metrics").find_map(|metrics| metrics.int("mtu")),
        flags: own.flags,
        container: document.container.clone(),
    };
    parsed.facts.push(Fact::new(record.source(), route));
}

fn rule(document: &Document<'_>, record: Fields<'_, '_>, parsed: &mut Parsed) {
    let network = |key: &str, length: &str| {
        let word = record.word(key);
        if word == "all" || word.is_empty() {
            return None;
        }
        match record.int::<u8>(length) {
            Some(length) => words::network(&format!("{word}/{length}")),
            None => words::network(word),
        }
    };
    let (from, to) = (network("src", "srclen"), network("dst", "dstlen"));
    let range = |one: &str, low: &str, high: &str| -> Vec<u32> {
        match (record.int(one), record.int(low), record.int(high)) {
            (Some(one), ..) => vec![one, one],
            (None, Some(low), Some(high)) => vec![low, high],
            _ => Vec::new(),
        }
    };
    let ports = |range: Vec<u32>| range.into_iter().filter_map(|port| u16::try_from(port).ok()).collect();
    let word = |key: &str| record.text(key).and_then(|word| words::number::<u32>(&word));
    let goto = record.int("goto");
    let action = match record.text("action") {
        Some(action) if &*action != "to_tbl" => action,
        _ if goto.is_some() => "goto".into(),
        _ if record.has("nop") => "nop".into(),
        _ => "lookup".into(),
    };
    let network = from.or(to).map(|network| if matches!(network, ipnet::IpNet::V6(_)) { 6 } else { 4 });
    let rule = PolicyRule {
        priority: record.int("priority").unwrap_or_default(),
        not: record.has("not"),
        from,
        to,
        input_interface: record.text("iif"),
        output_interface: record.text("oif"),
        mark: word("fwmark"),
        mark_mask: word("fwmask"),
        protocol: record.text("ipproto"),
        source_ports: ports(range("sport", "sport_start", "sport_end")),
        destination_ports: ports(range("dport", "dport_start", "dport_end")),
        tos: record.text("tos").and_then(|tos| words::number(&tos)),
        uids: range("uid", "uid_start", "uid_end"),
        action,
        table: record.text("table"),
        goto,
        suppress_prefix: record.int("suppress_prefixlen"),
        version: network,
        container: document.container.clone(),
    };
    parsed.facts.push(Fact::new(record.source(), rule));
}

fn neighbour(document: &Document<'_>, record: Fields<'_, '_>, parsed: &mut Parsed) {
    let Some(address) = record.address("dst") else { return };
    let data = Neighbour {
        address: Some(address),
        interface: record.text("dev").unwrap_or_default(),
        mac: record.text("lladdr").and_then(|mac| words::mac(&mac)),
        state: record.texts("state").first().cloned(),
        container: document.container.clone(),
    };
    parsed.facts.push(Fact::new(record.source(), data));
}
