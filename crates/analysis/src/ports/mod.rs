//! Which ports the containers of a host use among themselves, on the host and outside: what installation requirements have to name.
//!
//! Read from what containers are configured with (environment, command lines, links), what their logs say, and the connections that were
//! open; each use says where it was seen. The simulator tells what becomes of each now, and proves the firewall rules that would let them
//! pass on a host that denies everything else.

mod gather;
mod requirements;
mod rules;

use std::net::IpAddr;

use bundlescope_facts::{Proto, Text};
use serde::Serialize;

use crate::loaded::Loaded;

pub use requirements::{Comparison, Declared, Difference, Requirements, compare};

/// The ports of every host of a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PortReport {
    /// One for each host that has containers, by name.
    pub hosts: Vec<HostPorts>,
}

/// The ports of one host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HostPorts {
    /// Name of the host; empty where the bundle does not tell.
    pub host: Text,
    /// Ports that containers publish on addresses that others can reach, by port.
    pub inbound: Vec<Published>,
    /// Ports that containers use on the host: of other containers and of the host itself.
    pub internal: Vec<Use>,
    /// What containers use outside of the host.
    pub outbound: Vec<Use>,
    /// The bullets for the installation requirements.
    pub requirements: Vec<String>,
    /// The tightest rules that let the internal uses pass on a host that denies the rest, in the order to enter them.
    pub rules: Vec<Allow>,
}

/// A published port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Published {
    /// Port of the host.
    pub port: u16,
    /// Protocol: `tcp`, `udp`, `sctp`.
    pub proto: Text,
    /// Container that publishes it.
    pub container: Text,
    /// Port inside of the container.
    pub container_port: u16,
    /// Addresses of the host on which it is open.
    pub addresses: Vec<IpAddr>,
    /// What becomes of a connection from outside now.
    pub verdict: Text,
    /// What stops it now; absent where nothing does.
    pub blocked_by: Option<Decider>,
    /// Where it was seen.
    pub seen: Vec<Seen>,
}

/// A port that a container uses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Use {
    /// The container that connects.
    pub from: Text,
    /// The container that serves, `host` for the host itself, or the name or address of a machine outside.
    pub to: Text,
    /// Address that is asked, where it is known.
    pub address: Option<IpAddr>,
    /// Port that is asked.
    pub port: u16,
    /// Protocol: `tcp`, `udp`, `sctp`.
    pub proto: Text,
    /// The service, such as `postgres`, where it is known.
    pub service: Option<Text>,
    /// What becomes of a connection now.
    pub verdict: Text,
    /// What stops it now; absent where nothing does.
    pub blocked_by: Option<Decider>,
    /// Where it was seen, each way once.
    pub seen: Vec<Seen>,
}

/// What stops packets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decider {
    /// Its words: a rule, a policy, a setting.
    pub text: Text,
    /// Document that holds it, and the line.
    pub document: Option<Text>,
    /// Line in that document.
    pub line: Option<u32>,
}

/// How and where a use was seen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Seen {
    /// `env DATABASE_URL`, `command`, `link`, `log`, `connection`, `tracked connection`, `published port`.
    pub how: Text,
    /// Document.
    pub document: Text,
    /// Line in it.
    pub line: u32,
}

/// A firewall rule that lets uses pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Allow {
    /// The command that enters it.
    pub command: String,
    /// What it is for.
    pub reason: String,
    /// The simulator let every use of it pass with the rules, and stopped it without them, on this host made to deny the rest.
    pub proved: bool,
}

/// The ports of a bundle.
pub fn ports(loaded: &Loaded) -> PortReport {
    let mut hosts = gather::hosts(loaded);
    for host in &mut hosts {
        rules::prove(loaded, host);
        host.requirements = bullets(host);
    }
    PortReport { hosts }
}

/// The bullets, as installation requirements are written.
fn bullets(host: &HostPorts) -> Vec<String> {
    let list = |ports: &mut dyn Iterator<Item = (u16, &Text)>| {
        let mut ports: Vec<(u16, &Text)> = ports.collect();
        ports.sort_unstable();
        ports.dedup();
        let words: Vec<String> = ports
            .iter()
            .map(|(port, proto)| if &***proto == "tcp" { port.to_string() } else { format!("{port}/{proto}") })
            .collect();
        (words.len(), joined(&words))
    };
    let ports = |count: usize| if count == 1 { "port" } else { "ports" };
    let mut bullets = Vec::new();
    let (count, inbound) = list(&mut host.inbound.iter().map(|published| (published.port, &published.proto)));
    if count > 0 {
        bullets.push(format!("inbound access to {} {inbound}", ports(count)));
    }
    let (count, internal) = list(&mut host.internal.iter().map(|used| (used.port, &used.proto)));
    if count > 0 {
        bullets.push(format!("internal communication on {} {internal} on the server", ports(count)));
    }
    let mut outside: Vec<(&Text, u16, &Text)> =
        host.outbound.iter().map(|used| (&used.to, used.port, &used.proto)).collect();
    outside.sort_unstable();
    outside.dedup();
    for (to, port, proto) in outside {
        let proto = if &**proto == "tcp" { String::new() } else { format!("/{proto}") };
        bullets.push(format!("outbound access to {to} port {port}{proto}"));
    }
    bullets
}

/// `1`, `1 and 2`, `1, 2 and 3`.
fn joined(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// The protocol's word.
fn word(proto: Proto) -> Text {
    proto.word().into()
}
