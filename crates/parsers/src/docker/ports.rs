//! Published ports: the maps of `docker inspect` and the lists of the API.

use std::collections::BTreeSet;

use bundlescope_facts::{Fact, Proto, PublishedPort, Text};

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
    let maps = [(record.object("NetworkSettings").object("Ports"), running), (record.object("HostConfig").object("PortBindings"), false)];
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

/// The ports of a row of the API's list. Without `PublicPort` a port is exposed only.
pub(super) fn of_row(record: Fields<'_, '_>, container: &Text, parsed: &mut Parsed) {
    for port in record.list("Ports") {
        let (Some(container_port), Some(host_port)) = (port.int("PrivatePort"), port.int("PublicPort")) else { continue };
        let written = port.word("Type");
        let Some(proto) = Proto::from_word(if written.is_empty() { "tcp" } else { written }) else {
            port.get("Type").wrong("tcp, udp or sctp");
            continue;
        };
        let data = PublishedPort {
            container: container.clone(),
            proto,
            container_port,
            host_address: port.address("IP"),
            host_port: Some(host_port),
            active: true,
        };
        parsed.facts.push(Fact::new(port.source(), data));
    }
}
