//! Declared requirements, and how they differ from what a bundle shows.

use std::collections::{BTreeMap, BTreeSet};

use bundlescope_facts::Text;
use serde::Serialize;

use super::{Decider, PortReport};

/// Ports that one line may declare with a range.
const MOST_PORTS: usize = 65_535;

/// Which way a requirement is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Declared {
    /// From outside to the server.
    Inbound,
    /// On the server.
    Internal,
    /// From the server to others.
    Outbound,
}

/// A list of declared requirements.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Requirements {
    /// Direction, port and protocol, with the line that declares them.
    ports: BTreeMap<(Declared, u16, Text), u32>,
}

impl Requirements {
    /// Reads a list such as
    ///
    /// ```text
    /// - at least 8 cores and 16 GB of RAM
    /// - inbound access to ports 8800, 80 and 443
    /// - internal communication on ports 3306, 6379 and 11211 on the server
    /// ```
    ///
    /// A line counts when it speaks of ports; the numbers behind that word are the ports, `53/udp` names a protocol and `8000-8010` a range.
    /// A line without `inbound` or `outbound` is about the server itself. A line that holds ports alone (`5432/tcp`) counts as well.
    pub fn parse(text: &str) -> Self {
        let mut found = Self::default();
        for (index, line) in text.lines().enumerate() {
            let lower = line.to_lowercase();
            let alone = lower.trim().trim_start_matches(['-', '*', ' ']);
            let numbers = match port_word(&lower) {
                Some(at) => lower.get(at..).unwrap_or_default(),
                None if alone.starts_with(|first: char| first.is_ascii_digit())
                    && !alone.contains(|other: char| other.is_alphabetic() && !"tcpuds".contains(other)) =>
                {
                    alone
                }
                None => continue,
            };
            let declared = if lower.contains("inbound") || lower.contains("incoming") {
                Declared::Inbound
            } else if lower.contains("outbound") || lower.contains("outgoing") {
                Declared::Outbound
            } else {
                Declared::Internal
            };
            let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
            for (port, proto) in ports(numbers) {
                if found.ports.len() >= MOST_PORTS {
                    break;
                }
                found.ports.entry((declared, port, proto)).or_insert(number);
            }
        }
        found
    }

    /// Nothing is declared.
    pub fn is_empty(&self) -> bool {
        self.ports.is_empty()
    }
}

/// Where the word `port` or `ports` ends, which is not that of `support`.
fn port_word(lower: &str) -> Option<usize> {
    let mut at = 0;
    for word in lower.split(|sign: char| !sign.is_alphabetic()) {
        let end = at + word.len();
        if matches!(word, "port" | "ports") {
            return Some(end);
        }
        // What separates words is one character, of any length.
        at = end + lower.get(end..)?.chars().next().map_or(0, char::len_utf8);
    }
    None
}

/// `80`, `443/tcp`, `8000-8010`, `tcp/80`.
fn ports(text: &str) -> Vec<(u16, Text)> {
    let mut found = Vec::new();
    for word in text.split([' ', ',', ';', '(', ')', '\t', ':']) {
        let word = word.trim_matches(|sign: char| !sign.is_alphanumeric() && sign != '-');
        let (numbers, proto) = match word.split_once('/') {
            Some((numbers, proto @ ("tcp" | "udp" | "sctp"))) => (numbers, proto),
            Some((proto @ ("tcp" | "udp" | "sctp"), numbers)) => (numbers, proto),
            Some(_) => continue,
            None => (word, "tcp"),
        };
        let (first, last) = numbers.split_once(['-', '–']).unwrap_or((numbers, numbers));
        if let (Ok(first), Ok(last)) = (first.parse::<u16>(), last.parse::<u16>()) {
            let range = (first.max(1)..=last).take(MOST_PORTS);
            found.extend(range.map(|port| (port, Text::from(proto))));
        }
    }
    found
}

/// A port on which the list and the bundle differ, or that is stopped.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Difference {
    /// The way.
    pub direction: Declared,
    /// Port.
    pub port: u16,
    /// Protocol.
    pub proto: Text,
    /// Who uses or publishes it; empty where nobody does.
    pub used_by: Vec<String>,
    /// Line of the list that declares it; absent where none does.
    pub declared_on: Option<u32>,
    /// What stops it now.
    pub blocked_by: Vec<String>,
}

/// The list beside the bundle.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Comparison {
    /// Used, and not on the list.
    pub undeclared: Vec<Difference>,
    /// On the list, and not used by anything in the bundle.
    pub missing: Vec<Difference>,
    /// Used, and stopped on this host now.
    pub blocked: Vec<Difference>,
}

/// Who uses a port, and what stops it.
#[derive(Default)]
struct Shown {
    who: BTreeSet<String>,
    blocked: BTreeSet<String>,
}

/// Compares what is declared with what a bundle shows.
pub fn compare(report: &PortReport, requirements: &Requirements) -> Comparison {
    let mut shown: BTreeMap<(Declared, u16, Text), Shown> = BTreeMap::new();
    let mut show = |declared, port, proto: &Text, who: String, blocked: Option<&Decider>| {
        let entry: &mut Shown = shown.entry((declared, port, proto.clone())).or_default();
        entry.who.insert(who);
        entry.blocked.extend(blocked.map(place));
    };
    for host in &report.hosts {
        for published in &host.inbound {
            let who = format!("{} publishes it", published.container);
            show(Declared::Inbound, published.port, &published.proto, who, published.blocked_by.as_ref());
        }
        for (declared, uses) in [(Declared::Internal, &host.internal), (Declared::Outbound, &host.outbound)] {
            for used in uses {
                let who = format!("{} to {}", used.from, used.to);
                show(declared, used.port, &used.proto, who, used.blocked_by.as_ref());
            }
        }
    }
    let mut comparison = Comparison::default();
    for ((direction, port, proto), Shown { who, blocked }) in &shown {
        let declared_on = requirements.ports.get(&(*direction, *port, proto.clone())).copied();
        let difference = Difference {
            direction: *direction,
            port: *port,
            proto: proto.clone(),
            used_by: who.iter().cloned().collect(),
            declared_on,
            blocked_by: blocked.iter().cloned().collect(),
        };
        if !blocked.is_empty() {
            comparison.blocked.push(difference.clone());
        }
        if declared_on.is_none() {
            comparison.undeclared.push(difference);
        }
    }
    for ((direction, port, proto), line) in &requirements.ports {
        if !shown.contains_key(&(*direction, *port, proto.clone())) {
            comparison.missing.push(Difference {
                direction: *direction,
                port: *port,
                proto: proto.clone(),
                used_by: Vec::new(),
                declared_on: Some(*line),
                blocked_by: Vec::new(),
            });
        }
    }
    comparison
}

/// What stops a port, with its place.
fn place(decider: &Decider) -> String {
    match (&decider.document, decider.line) {
        (Some(document), Some(line)) => format!("{} ({document}:{line})", decider.text),
        _ => decider.text.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared(text: &str) -> Vec<String> {
        let found = Requirements::parse(text);
        found.ports.iter().map(|((way, port, proto), line)| format!("{line} {way:?} {port}/{proto}")).collect()
    }

    #[test]
    fn lists_of_requirements_are_read_as_people_write_them() {
        let text = "- at least 8 cores and 16 GB of RAM\n- inbound access to ports 8800, 80 and 443\n- 250GB of SSD storage\n\
            * Internal communication on ports 3306, 6379 and 53/udp on the server\noutbound access to port 443 (HTTPS)\n";
        assert_eq!(
            declared(text),
            [
                "2 Inbound 80/tcp",
                "2 Inbound 443/tcp",
                "2 Inbound 8800/tcp",
                "4 Internal 53/udp",
                "4 Internal 3306/tcp",
                "4 Internal 6379/tcp",
                "5 Outbound 443/tcp",
            ]
        );
        assert_eq!(
            declared("5432/tcp\n- 8000-8002\n"),
            ["1 Internal 5432/tcp", "2 Internal 8000/tcp", "2 Internal 8001/tcp", "2 Internal 8002/tcp",]
        );
        assert_eq!(declared("support for 3 servers\nports 70000, 0 and -1\n1-65535 years\n"), Vec::<String>::new());
    }
}
