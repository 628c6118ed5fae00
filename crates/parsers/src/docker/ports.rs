//! Published ports: the maps of `docker inspect`, the lists of the API, the column of `docker ps`.

use std::collections::BTreeSet;
use std::net::IpAddr;

use bundlescope_facts::{Fact, Problem, Proto, PublishedPort, Source, Text};

use crate::Parsed;
use crate::json::Fields;

/// Reads `80/tcp`; `80` alone is TCP.
pub(super) fn port_and_proto(text: &str) -> Option<(u16, Proto)> {
    let (port, proto) = text.split_once('/').unwrap_or((text, "tcp"));
    Some((port.parse().ok()?, Proto::from_word(proto)?))
}

/// The bindings of an inspected container: those that hold now (`NetworkSettings.Ports`), and the configured ones
/// (`HostConfig.PortBindings`) that do not.
pub(super) fn of_container(record: Fields<'_, '_>, container: &Text, running: bool, parsed: &mut Parsed) {
    let mut bound = BTreeSet::new();
    let maps = [
        (record.object("NetworkSettings").object("Ports"), running),
        (record.object("HostConfig").object("PortBindings"), false),
    ];
    for (map, active) in maps {
        let mut seen = BTreeSet::new();
        for (written, bindings) in map.entries() {
            let Some((container_port, proto)) = port_and_proto(written) else {
                bindings.wrong("a name such as 80/tcp");
                continue;
            };
            if bound.contains(&(container_port, proto)) {
                continue;
            }
            for binding in bindings.items() {
                seen.insert((container_port, proto));
                let data = PublishedPort {
                    container: container.clone(),
                    proto,
                    container_port,
                    host_address: binding.address("HostIp"),
                    // A range such as 8000-8010 leaves the choice to Docker, like no port.
                    host_port: binding.word("HostPort").parse().ok().filter(|port| *port != 0),
                    active,
                };
                parsed.facts.push(Fact::new(bindings.source_up_to(binding), data));
            }
        }
        bound.append(&mut seen);
    }
}

/// The ports of a row of the API's list, or of podman's, which names them otherwise and counts ranges. A port without
/// one of the host is exposed only.
pub(super) fn of_row(record: Fields<'_, '_>, container: &Text, active: bool, parsed: &mut Parsed) {
    for port in record.list("Ports") {
        let podman = port.has("container_port");
        let names = if podman {
            ["container_port", "host_port", "protocol", "host_ip"]
        } else {
            ["PrivatePort", "PublicPort", "Type", "IP"]
        };
        let [inside, outside, proto, address] = names;
        let (Some(inside), Some(outside)) = (port.int::<u16>(inside), port.int::<u16>(outside)) else { continue };
        let written = port.word(proto);
        let Some(proto) = Proto::from_word(if written.is_empty() { "tcp" } else { written }) else {
            port.get(proto).wrong("tcp, udp or sctp");
            continue;
        };
        let host_address = port.address(address);
        let wanted = port.int::<u16>("range").unwrap_or(1).max(1);
        let count = if parsed.facts.len() + usize::from(wanted) > MOST_FACTS { 1 } else { wanted };
        for step in 0..count {
            let data = PublishedPort {
                container: container.clone(),
                proto,
                container_port: inside.saturating_add(step),
                host_address,
                host_port: Some(outside.saturating_add(step)),
                active,
            };
            parsed.facts.push(Fact::new(port.source(), data));
        }
    }
}

/// The ports of `docker compose ps --format json`, where it has no text for them (Compose 2 before 2.21).
pub(super) fn of_publishers(record: Fields<'_, '_>, parsed: &mut Parsed) {
    if record.has("Ports") || !record.has("Publishers") {
        return;
    }
    let container = record.text("Name").unwrap_or_default();
    for port in record.list("Publishers") {
        let (Some(container_port), Some(host_port)) = (port.int("TargetPort"), port.int("PublishedPort")) else {
            continue;
        };
        if host_port == 0 {
            continue;
        }
        let data = PublishedPort {
            container: container.clone(),
            proto: Proto::from_word(port.word("Protocol")).unwrap_or_default(),
            container_port,
            host_address: port.address("URL"),
            host_port: Some(host_port),
            active: record.word("State") == "running",
        };
        parsed.facts.push(Fact::new(port.source(), data));
    }
}

/// A piece of a PORTS column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mapping {
    /// Address of the host, where one is named.
    pub(super) host_address: Option<IpAddr>,
    /// First port of the host; `None` for a port that is exposed only.
    pub(super) host_port: Option<u16>,
    /// First port of the container.
    pub(super) container_port: u16,
    /// Number of ports, one unless a range.
    pub(super) count: u16,
    /// Protocol.
    pub(super) proto: Proto,
}

/// Reads `0.0.0.0:8080->80/tcp`, `:::8080->80/tcp` (Docker 20.10), `[::]:8080->80/tcp` (28), `*:80->80/tcp` (services),
/// ranges such as `0.0.0.0:8000-8003->9000-9003/udp`, and `443/tcp`.
pub(super) fn mapping(text: &str) -> Option<Mapping> {
    let range = |text: &str| -> Option<(u16, u16)> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let (first, last): (u16, u16) = (first.parse().ok()?, last.parse().ok()?);
        (first <= last).then_some((first, last))
    };
    let (host, inside) = match text.split_once("->") {
        Some((host, inside)) => (Some(host), inside),
        None => (None, text),
    };
    let (inside, proto) = inside.split_once('/').unwrap_or((inside, "tcp"));
    let (first, last) = range(inside)?;
    let mut mapping = Mapping {
        host_address: None,
        host_port: None,
        container_port: first,
        count: last - first,
        proto: Proto::from_word(proto)?,
    };
    if let Some(host) = host {
        let (address, ports) = host.rsplit_once(':').unwrap_or(("", host));
        let address = address.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(address);
        mapping.host_address = match address {
            "" | "*" => None,
            written => Some(written.parse().ok()?),
        };
        let (host_first, host_last) = range(ports)?;
        if host_last - host_first != last - first {
            return None;
        }
        mapping.host_port = Some(host_first);
    }
    mapping.count = mapping.count.saturating_add(1);
    Some(mapping)
}

/// Facts up to which ranges are expanded, so that a few bytes cannot fill the memory.
const MOST_FACTS: usize = 200_000;

/// The published ports of a PORTS column; the exposed ones are not published.
pub(super) fn of_column(column: &str, container: &Text, active: bool, source: &Source, parsed: &mut Parsed) {
    for piece in column.split(',').map(str::trim).filter(|piece| !piece.is_empty()) {
        let Some(mapping) = mapping(piece) else {
            let message = format!("`{piece}` is not a port such as 0.0.0.0:8080->80/tcp");
            parsed.problems.push(Problem { document: source.document.clone(), line: source.first_line, message });
            continue;
        };
        let Some(host_port) = mapping.host_port else { continue };
        let count = if parsed.facts.len() + usize::from(mapping.count) > MOST_FACTS {
            let message = format!("the range `{piece}` is not expanded: the document has too many");
            parsed.problems.push(Problem { document: source.document.clone(), line: source.first_line, message });
            1
        } else {
            mapping.count
        };
        for step in 0..count {
            let data = PublishedPort {
                container: container.clone(),
                proto: mapping.proto,
                container_port: mapping.container_port.saturating_add(step),
                host_address: mapping.host_address,
                host_port: Some(host_port.saturating_add(step)),
                active,
            };
            parsed.facts.push(Fact::new(source.clone(), data));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_mapping_is_read() {
        let read = |text: &str| {
            let m = mapping(text)?;
            Some((m.host_address.map(|a| a.to_string()), m.host_port, m.container_port, m.count, m.proto.word()))
        };
        let address = |text: &str| Some(text.to_owned());
        assert_eq!(read("0.0.0.0:8080->80/tcp"), Some((address("0.0.0.0"), Some(8080), 80, 1, "tcp")));
        assert_eq!(read(":::8080->80/tcp"), Some((address("::"), Some(8080), 80, 1, "tcp")));
        assert_eq!(read("[::1]:8080->80/tcp"), Some((address("::1"), Some(8080), 80, 1, "tcp")));
        assert_eq!(read("*:30000->80/sctp"), Some((None, Some(30000), 80, 1, "sctp")));
        assert_eq!(
            read("127.0.0.1:8000-8003->9000-9003/udp"),
            Some((address("127.0.0.1"), Some(8000), 9000, 4, "udp"))
        );
        assert_eq!(read("3300-3310/tcp"), Some((None, None, 3300, 11, "tcp")));
        for wrong in ["8000-8003->80/tcp", "80/foo", "x:80->80/tcp", "9-8/tcp", "70000/tcp", "->", ""] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
