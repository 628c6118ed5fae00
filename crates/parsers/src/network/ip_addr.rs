//! `ip addr` and `ip link` as text: all of `-o`, `-d`, `-s`, `-s -s`, `-4`, `-6`, `-br`.
//!
//! Follows iproute2 from 2.6.18 (no `state`) to 6.x (`altname`, `proto kernel_lo`), `ip/ipaddress.c`. Sources of addresses reach up
//! to the line that names the interface, unless their own line names it. Lines that `grep inet` left alone are read by their labels.

use bundlescope_facts::{Address, BridgePort, Interface, InterfaceTraffic, Text};

use crate::document::{Document, Line, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words::{self, Words};

/// The format.
pub(crate) static IP_ADDR: Format = Format {
    name: "ip-addr",
    collect: "ip addr",
    kinds: &["interface", "address", "bridge_port", "interface_traffic"],
    detect,
    parse,
};

/// Kinds of links that `-d` names at the start of a line (`ip link help`).
const LINK_KINDS: &[&str] = &[
    "amt",
    "bareudp",
    "bond",
    "bridge",
    "can",
    "dsa",
    "dummy",
    "erspan",
    "geneve",
    "gre",
    "gretap",
    "gtp",
    "hsr",
    "ifb",
    "ip6erspan",
    "ip6gre",
    "ip6gretap",
    "ip6tnl",
    "ip6_vti",
    "ipip",
    "ipoib",
    "ipvlan",
    "ipvtap",
    "macsec",
    "macvlan",
    "macvtap",
    "netdevsim",
    "netkit",
    "nlmon",
    "openvswitch",
    "ppp",
    "rmnet",
    "sit",
    "team",
    "tun",
    "vcan",
    "veth",
    "virt_wifi",
    "vlan",
    "vrf",
    "vti",
    "vti6",
    "vxcan",
    "vxlan",
    "wireguard",
    "wwan",
    "xfrm",
    "lowpan",
    "hsr",
    "batadv",
    "ovpn",
];

/// Words behind the scope of an address that are not its label.
const ADDRESS_FLAGS: &[&str] = &[
    "secondary",
    "temporary",
    "tentative",
    "deprecated",
    "home",
    "nodad",
    "mngtmpaddr",
    "noprefixroute",
    "autojoin",
    "dynamic",
    "permanent",
    "dadfailed",
    "optimistic",
    "stable-privacy",
    "-dynamic",
    "-tentative",
    "-deprecated",
];

fn detect(hint: &Hint<'_>) -> Match {
    let named = words::subject_is(hint.subject, &["ip", "addr"]) || words::subject_is(hint.subject, &["ip", "link"]);
    let first = hint.head.lines().find(|line| !line.trim().is_empty() && !is_noise(line));
    let content = first.is_some_and(|line| {
        header(line).is_some_and(|header| match header.1 {
            Rest::Link(rest) => rest.split_ascii_whitespace().next() == Some("mtu"),
            Rest::Address(rest) => address(rest).is_some(),
        }) || brief(line).is_some_and(|(interface, addresses)| interface.mac.is_some() || !addresses.is_empty())
            || labelled(line).is_some()
    });
    match (content, named) {
        (true, true) => Match::Both,
        (true, false) => Match::Content,
        _ => Match::No,
    }
}

/// Complaints of the tool before its output.
fn is_noise(line: &str) -> bool {
    line == "Message truncated"
        || line.starts_with("RTNETLINK answers")
        || line.starts_with("Cannot ")
        || line.starts_with("Dump ")
        || line.starts_with("Error: ")
}

/// What stands behind the name of the interface.
enum Rest<'a> {
    /// The link's own line: what follows the flags.
    Link(&'a str),
    /// A line of `ip -o addr`: begins with the family.
    Address(&'a str),
}

/// `2: eth0@if5: <…> …` or `2: eth0    inet …`.
fn header(line: &str) -> Option<(Interface, Rest<'_>)> {
    let (index, rest) = line.split_once(": ")?;
    let index: u32 = index.parse().ok()?;
    let rest = rest.trim_ascii_start();
    let end = rest.find(|c: char| c.is_ascii_whitespace())?;
    let (name, rest) = rest.split_at(end);
    let rest = rest.trim_ascii_start();
    let (full, link) = match name.strip_suffix(':') {
        Some(name) => (name, true),
        None => (name, false),
    };
    let (name, peer) = split_peer(full);
    let mut interface = Interface { name: name.into(), peer, index: Some(index), ..Interface::default() };
    if !link {
        return Some((interface, Rest::Address(rest)));
    }
    let (flags, rest) = rest.strip_prefix('<')?.split_once('>')?;
    set_flags(&mut interface, flags);
    Some((interface, Rest::Link(rest.trim_ascii_start())))
}

/// `eth0@if5`: the name and what follows the last `@`, since names may hold one themselves.
fn split_peer(name: &str) -> (&str, Option<Text>) {
    match name.rsplit_once('@') {
        Some((name, peer)) if !name.is_empty() => (name, Some(peer.into())),
        _ => (name, None),
    }
}

/// The flags and what they tell.
pub(super) fn set_flags(interface: &mut Interface, flags: &str) {
    interface.flags = flags.split(',').map(str::trim).filter(|flag| !flag.is_empty()).map(Text::from).collect();
    let has = |flag: &str| interface.flags.iter().any(|known| &**known == flag);
    interface.up = has("UP");
    interface.carrier = if has("LOWER_UP") {
        Some(true)
    } else if has("NO-CARRIER") {
        Some(false)
    } else {
        None
    };
}

/// The words behind the flags: `mtu 1500 qdisc noqueue master docker0 state UP …`.
fn set_attributes(interface: &mut Interface, rest: &str) {
    let mut words = Words::new(rest);
    while let Some(word) = words.next() {
        match word {
            "mtu" => interface.mtu = words.next().and_then(words::number),
            "master" => interface.master = words.next().map(Text::from),
            "state" => interface.state = words.next().map(Text::from),
            "qdisc" | "mode" | "group" | "qlen" | "vrf" => drop(words.next()),
            _ => {}
        }
    }
}

/// `lo  UNKNOWN  127.0.0.1/8 ::1/128`, `tun0  UP  10.0.0.1 peer 10.0.0.2/32` and `eth0@if5  UP  02:42:… <BROADCAST,…>` of `-br`.
/// An interface without addresses is a name and a state, which alone do not tell the format.
fn brief(line: &str) -> Option<(Interface, Vec<Address>)> {
    let mut words = line.split_ascii_whitespace();
    let (name, peer) = split_peer(words.next()?);
    let state = words.next().filter(|state| STATES.contains(state))?;
    let mut interface = Interface { name: name.into(), peer, state: Some(state.into()), ..Interface::default() };
    let mut addresses = Vec::new();
    let mut told = false;
    let mut own = None;
    for word in words {
        if let Some(flags) = word.strip_prefix('<').and_then(|word| word.strip_suffix('>')) {
            set_flags(&mut interface, flags);
            told = true;
        } else if let Some(mac) = words::mac(word) {
            interface.mac = Some(mac);
        } else if let Some((address, prefix)) =
            word.split_once('/').and_then(|(a, p)| Some((a.parse().ok()?, p.parse().ok()?)))
        {
            let (address, peer) = own.take().map_or((address, None), |own| (own, Some(address)));
            addresses.push(Address {
                interface: name.into(),
                address: Some(address),
                prefix,
                peer,
                ..Address::default()
            });
        } else if let Ok(address) = word.parse() {
            own = Some(address);
        } else if addresses.is_empty() && own.is_none() {
            return None;
        }
    }
    if !told {
        // Without flags an operational state is all there is; only DOWN leaves open whether it is set up.
        interface.up = state != "DOWN";
    }
    Some((interface, addresses))
}

/// Operational states as iproute2 prints them.
const STATES: &[&str] = &["UNKNOWN", "NOTPRESENT", "DOWN", "LOWERLAYERDOWN", "TESTING", "DORMANT", "UP"];

/// `inet 10.0.0.1 peer 10.0.0.2/32 brd … scope global secondary eth0`: the address without the interface, and the label.
fn address(text: &str) -> Option<(Address, Option<&str>)> {
    let mut words = Words::new(text);
    let v4 = match words.next()? {
        "inet" => true,
        "inet6" => false,
        _ => return None,
    };
    let local = words.next()?;
    let (mut local, mut prefix) = match local.split_once('/') {
        Some((local, prefix)) => (local.parse().ok()?, prefix.parse().ok()?),
        None => (local.parse::<std::net::IpAddr>().ok()?, if v4 { 32 } else { 128 }),
    };
    let (mut found, mut label) = (Address::default(), None);
    while let Some(word) = words.next() {
        match word {
            "peer" => {
                if let Some((peer, length)) = words.next().and_then(|word| word.split_once('/')) {
                    found.peer = peer.parse().ok();
                    prefix = length.parse().ok()?;
                }
            }
            // A remote address alone, as old versions print it for `0.0.0.0` locals.
            "any" => {
                if let Some(any) = words.next().and_then(|word| word.parse().ok()) {
                    local = any;
                }
            }
            "scope" => found.scope = words.next().map(Text::from),
            "brd" | "metric" | "proto" | "protocol" | "flags" => drop(words.next()),
            "secondary" => {
                found.secondary = true;
                found.flags.push(word.into());
            }
            _ if ADDRESS_FLAGS.contains(&word) => found.flags.push(word.into()),
            "valid_lft" | "preferred_lft" => drop(words.next()),
            _ => label = Some(word),
        }
    }
    (found.address, found.prefix) = (Some(local), prefix);
    Some((found, label.filter(|_| v4)))
}

/// An address that stands alone, as `ip addr | grep inet` leaves it: the label at its end names the interface.
fn labelled(line: &str) -> Option<Address> {
    let (found, label) = address(line.trim_ascii())?;
    let interface = label?.split(':').next()?.into();
    found.scope.is_some().then_some(Address { interface, ..found })
}

/// One interface being read, and what belongs to it.
struct Block<'a> {
    interface: Interface,
    /// The link's own lines; absent where the document lists addresses only.
    link: Option<(Line<'a>, Line<'a>)>,
    first: Line<'a>,
    port: Option<(Line<'a>, BridgePort)>,
    addresses: Vec<(Line<'a>, Line<'a>, Address)>,
    /// The titles whose numbers follow, and what was read of them.
    titles: Option<(bool, Vec<&'a str>)>,
    traffic: Option<(Line<'a>, InterfaceTraffic)>,
}

impl<'a> Block<'a> {
    /// One line, or one of the lines that `-o` joins.
    fn line(&mut self, line: Line<'a>, text: &'a str) {
        let text = text.trim_ascii();
        let mut words = Words::new(text);
        let Some(word) = words.next() else { return };
        if let Some((received, titles)) = self.titles.take() {
            self.counters(line, received, &titles, text);
            return;
        }
        // `RX: bytes  packets  errors  dropped missed  mcast`; `RX errors:` of `-s -s` tells details.
        if matches!(word, "RX:" | "TX:") && words.peek() == Some("bytes") {
            self.titles = Some((word == "RX:", words.collect()));
            return;
        }
        if let Some((mut address, label)) = address(text) {
            let named = label.is_some_and(|label| label.split(':').next() == Some(&*self.interface.name));
            address.interface = self.interface.name.clone();
            // The name stands in the label, or else in the first line.
            self.addresses.push((if named { line } else { self.first }, line, address));
        } else if let Some(kind) = word.strip_prefix("link/") {
            let mac = words.next().filter(|_| kind != "none").and_then(words::mac);
            self.interface.mac = mac;
            if matches!(kind, "ether" | "loopback") && self.interface.link_kind.is_none() {
                self.interface.link_kind = Some(kind.into());
            }
            self.extend(line);
        } else if LINK_KINDS.contains(&word) {
            let mut kind = Text::from(word);
            if word == "tun" {
                // `tun type tap pi off`.
                kind = if words.eat("type") { words.next().map_or(kind, Text::from) } else { kind };
            }
            self.interface.link_kind = Some(kind);
            self.extend(line);
        } else if word == "bridge_slave" {
            let mut port = BridgePort::default();
            while let Some(word) = words.next() {
                match word {
                    "state" => port.state = words.next().map(Text::from),
                    "hairpin" => port.hairpin = words.next().and_then(on),
                    "isolated" => port.isolated = words.next().and_then(on),
                    _ => {}
                }
            }
            self.port = Some((line, port));
        }
    }

    /// The numbers below the titles; those that do not fit are left out.
    fn counters(&mut self, line: Line<'a>, received: bool, titles: &[&str], text: &str) {
        let numbers: Vec<Option<u64>> = text.split_ascii_whitespace().map(|word| word.parse().ok()).collect();
        if numbers.len() != titles.len() || numbers.contains(&None) {
            return;
        }
        let of = |title: &str| titles.iter().position(|known| *known == title).and_then(|at| *numbers.get(at)?);
        let (last, traffic) = self.traffic.get_or_insert_with(|| (line, InterfaceTraffic::default()));
        *last = line;
        if received {
            (traffic.rx_bytes, traffic.rx_packets) = (of("bytes"), of("packets"));
            (traffic.rx_errors, traffic.rx_dropped) = (of("errors"), of("dropped"));
            traffic.rx_overruns = of("missed").or(of("overrun"));
        } else {
            (traffic.tx_bytes, traffic.tx_packets) = (of("bytes"), of("packets"));
            (traffic.tx_errors, traffic.tx_dropped) = (of("errors"), of("dropped"));
            (traffic.carrier_errors, traffic.collisions) = (of("carrier"), of("collsns"));
        }
    }

    fn extend(&mut self, line: Line<'a>) {
        if let Some((_, last)) = &mut self.link {
            *last = line;
        }
    }

    fn flush(self, document: &Document<'_>, parsed: &mut Parsed) {
        let container = document.container.clone();
        let name = self.interface.name.clone();
        let bridge = self.interface.master.clone();
        if let Some((first, last)) = self.link {
            parsed.fact(document, first, last, Interface { container: container.clone(), ..self.interface });
        }
        if let (Some((line, port)), Some(bridge)) = (self.port, bridge) {
            parsed.fact(
                document,
                self.first,
                line,
                BridgePort { interface: name.clone(), bridge, container: container.clone(), ..port },
            );
        }
        for (first, last, address) in self.addresses {
            parsed.fact(document, first, last, Address { container: container.clone(), ..address });
        }
        if let Some((last, traffic)) = self.traffic {
            parsed.fact(document, self.first, last, InterfaceTraffic { interface: name, container, ..traffic });
        }
    }
}

pub(super) fn on(word: &str) -> Option<bool> {
    match word {
        "on" => Some(true),
        "off" => Some(false),
        _ => None,
    }
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut block: Option<Block<'_>> = None;
    for line in document.lines() {
        // `-o` writes a backslash for every line end.
        let mut parts = line.text.split('\\');
        let first = parts.next().unwrap_or_default();
        if let Some((mut interface, rest)) = header(first) {
            let link = match rest {
                Rest::Link(rest) => {
                    set_attributes(&mut interface, rest);
                    true
                }
                Rest::Address(_) => false,
            };
            // `ip -o addr` repeats the name in every line.
            if let Some(done) = block.take() {
                done.flush(document, &mut parsed);
            }
            let link = link.then_some((line, line));
            let mut new =
                Block { interface, link, first: line, port: None, addresses: Vec::new(), titles: None, traffic: None };
            if let Rest::Address(text) = rest {
                new.line(line, text);
            }
            parts.for_each(|part| new.line(line, part));
            block = Some(new);
        } else if line.text.trim().is_empty() || is_noise(line.text) {
        } else if let (Some(block), true) = (&mut block, line.text.starts_with([' ', '\t'])) {
            block.line(line, first);
            parts.for_each(|part| block.line(line, part));
        } else if let Some(address) = labelled(first) {
            parsed.line_fact(document, line, Address { container: document.container.clone(), ..address });
        } else if let Some((interface, addresses)) = brief(first) {
            if let Some(done) = block.take() {
                done.flush(document, &mut parsed);
            }
            let container = document.container.clone();
            parsed.line_fact(document, line, Interface { container: container.clone(), ..interface });
            for address in addresses {
                parsed.line_fact(document, line, Address { container: container.clone(), ..address });
            }
        } else {
            parsed.problem(
                document,
                line.number,
                "expected an interface such as `2: eth0: <…>`, found something else; line skipped",
            );
        }
    }
    if let Some(done) = block {
        done.flush(document, &mut parsed);
    }
    parsed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_grep_left_name_their_interface_by_the_label() {
        let text = "    inet 10.10.2.1/24 scope global cni0\n    inet 10.10.1.0/32 scope global flannel.1\n";
        assert!(labelled("    inet 127.0.0.1/8").is_none());
        let facts = parse(&Document::new("x", text.as_bytes())).facts;
        let told: Vec<String> =
            facts.iter().map(|fact| format!("{} {}", fact.get("interface"), fact.get("address"))).collect();
        assert_eq!(told, ["cni0 10.10.2.1", "flannel.1 10.10.1.0"]);
    }
}
