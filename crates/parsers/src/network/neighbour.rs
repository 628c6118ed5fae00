//! The neighbour table: `ip neigh`, `arp -an`, `arp -n`, /proc/net/arp.

use bundlescope_facts::{Neighbour, Text};

use crate::document::{Document, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words::{self, Words};

/// `ip neigh`.
pub(crate) static IP_NEIGH: Format =
    Format { name: "ip-neigh", collect: "ip neigh", kinds: &["neighbour"], detect: detect_neigh, parse: parse_neigh };

/// `arp`, in each of its forms.
pub(crate) static ARP: Format =
    Format { name: "arp", collect: "arp -an", kinds: &["neighbour"], detect: detect_arp, parse: parse_arp };

const STATES: &[&str] = &["PERMANENT", "NOARP", "REACHABLE", "STALE", "NONE", "INCOMPLETE", "DELAY", "PROBE", "FAILED"];

/// `10.0.0.1   eth0   02:…` of `ip -br neigh`, which tells no state.
fn brief(line: &str) -> Option<Neighbour> {
    let mut words = Words::new(line);
    let address = words.next()?.parse().ok()?;
    let interface = words.next()?.into();
    let mac = match words.next() {
        Some(mac) => Some(words::mac(mac)?),
        None => None,
    };
    words.next().is_none().then(|| Neighbour { address: Some(address), interface, mac, ..Neighbour::default() })
}

/// `10.0.0.1 dev eth0 lladdr 02:… ref 1 used 1/2/3 probes 4 REACHABLE`.
fn neigh(line: &str) -> Option<Neighbour> {
    let mut words = Words::new(line);
    let address = words.next()?.parse().ok()?;
    let mut found = Neighbour { address: Some(address), ..Neighbour::default() };
    let mut proxy = false;
    while let Some(word) = words.next() {
        match word {
            "dev" => found.interface = words.next()?.into(),
            "lladdr" => found.mac = words.next().map(|mac| words::mac(mac).unwrap_or_else(|| mac.into())),
            "proxy" => proxy = true,
            "router" | "extern_learn" | "offload" | "managed" | "extern_valid" => {}
            // iproute2 6 writes no blank in `used 2/62/2probes 0`.
            "used" if words.next().is_some_and(|times| times.ends_with("probes")) => drop(words.next()),
            "used" => {}
            "ref" | "refcnt" | "probes" | "proto" | "nud" | "protocol" => drop(words.next()),
            _ if word.split(',').all(|state| STATES.contains(&state)) => found.state = Some(word.into()),
            _ => return None,
        }
    }
    (found.state.is_some() || found.mac.is_some() || proxy).then_some(found)
}

fn detect_neigh(hint: &Hint<'_>) -> Match {
    let named = words::subject_is(hint.subject, &["ip", "neigh"]);
    let content = words::most_lines(hint.head, |line| neigh(line).is_some())
        || named && words::most_lines(hint.head, |line| brief(line).is_some());
    match (content, named) {
        (true, true) => Match::Both,
        (true, false) => Match::Content,
        _ => Match::No,
    }
}

fn parse_neigh(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        match neigh(line.text).or_else(|| brief(line.text)) {
            Some(found) => {
                parsed.line_fact(document, line, Neighbour { container: document.container.clone(), ..found })
            }
            None => parsed.problem(
                document,
                line.number,
                "expected a neighbour such as `10.0.0.1 dev eth0 lladdr … STALE`; line skipped",
            ),
        }
    }
    parsed
}

/// `? (10.0.0.1) at 02:… [ether] on eth0`, `<incomplete>` or `incomplete` for the address, `PERM` and `PUB` behind it. In German
/// both prepositions are `auf`, in Portuguese `em`.
fn bsd(line: &str) -> Option<Neighbour> {
    let (_, rest) = line.split_once(" (")?;
    let (address, rest) = rest.split_once(") ")?;
    let (at, rest) = rest.split_once(' ')?;
    let on = match at {
        "at" => " on ",
        "auf" => " auf ",
        "em" => " em ",
        _ => return None,
    };
    let (front, interface) = rest.rsplit_once(on)?;
    let mac = front.split_ascii_whitespace().next()?;
    let state = if mac.contains("incomplete") {
        Some("INCOMPLETE")
    } else {
        front.split_ascii_whitespace().any(|word| word == "PERM").then_some("PERMANENT")
    };
    Some(Neighbour {
        address: Some(address.parse().ok()?),
        interface: interface.split_ascii_whitespace().next()?.into(),
        mac: words::mac(mac),
        state: state.map(Text::from),
        container: None,
    })
}

/// A row below `Address HWtype HWaddress Flags Mask Iface`, or below the header of /proc/net/arp.
fn row(line: &str) -> Option<Neighbour> {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let address = Some(words.first()?.parse().ok()?);
    let interface: Text = (*words.last().filter(|_| words.len() >= 3)?).into();
    if words.contains(&"(incomplete)") {
        return Some(Neighbour { address, interface, mac: None, state: Some("INCOMPLETE".into()), container: None });
    }
    let (mac, flags) = words.iter().position(|word| words::mac(word).is_some()).map(|at| (words[at], &words[1..]))?;
    // /proc/net/arp tells an unresolved one by its flags, arp a permanent one by an M.
    let unresolved = flags.get(1) == Some(&"0x0");
    let permanent = flags.iter().any(|word| matches!(*word, "CM" | "CMP" | "0x6"));
    let state = if unresolved { Some("INCOMPLETE".into()) } else { permanent.then(|| "PERMANENT".into()) };
    Some(Neighbour { address, interface, mac: words::mac(mac).filter(|_| !unresolved), state, container: None })
}

/// `10.9.0.88  *  <from_interface>  MP  br0`: an address that this host answers for, and no neighbour.
fn answered_for(line: &str) -> bool {
    let mut words = line.split_ascii_whitespace();
    words.next().is_some_and(|word| words::address(word).is_some())
        && (line.contains("<from_interface>") || words.next() == Some("*"))
}

fn is_arp_header(line: &str) -> bool {
    let squeezed = line.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
    squeezed.starts_with("Address HWtype HWaddress Flags Mask Iface")
        || squeezed.starts_with("IP address HW type Flags HW address Mask Device")
}

fn detect_arp(hint: &Hint<'_>) -> Match {
    let first = hint.head.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let content = is_arp_header(first) || words::most_lines(hint.head, |line| bsd(line).is_some());
    match (content, words::subject_is(hint.subject, &["arp"]) || hint.subject == "/proc/net/arp") {
        (true, true) => Match::Both,
        (true, false) => Match::Content,
        _ => Match::No,
    }
}

fn parse_arp(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut names = 0u32;
    for line in document.lines().filter(|line| !line.text.trim().is_empty() && !is_arp_header(line.text)) {
        if let Some(found) = bsd(line.text).or_else(|| row(line.text)) {
            parsed.line_fact(document, line, Neighbour { container: document.container.clone(), ..found });
        } else if line.text.starts_with("Entries:") || answered_for(line.text) {
        } else if line.text.split_ascii_whitespace().count() >= 3
            && line.text.split_ascii_whitespace().any(|word| words::mac(word).is_some() || word == "(incomplete)")
        {
            names = line.number;
        } else {
            parsed.problem(document, line.number, "expected a neighbour as arp prints it; line skipped");
        }
    }
    if names > 0 {
        parsed.problem(document, names, "neighbours are given by name and were left out; collect with `arp -n`");
    }
    parsed
}
