//! The rules that let internal uses pass, and their proof.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use bundlescope_facts::{Data, Proto, Text};
use bundlescope_netfilter::{Change, Flow, From, Host, Verdict};

use super::{Allow, HostPorts, Use};
use crate::commands;
use crate::loaded::Loaded;

/// Answers and later packets of what was let in.
const ESTABLISHED: &str = "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT";

/// Ports that one rule can name (xt_multiport).
const MOST_PORTS: usize = 15;

/// Who uses each port by one way, and what the simulator said.
type Ports = BTreeMap<u16, (BTreeSet<Text>, Proof)>;

/// What one rule is about: chain, way in, way out, destination, protocol.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Way {
    chain: &'static str,
    input: Text,
    output: Option<Text>,
    to: Option<IpAddr>,
    proto: Text,
}

impl Way {
    /// The match and the target, without chain and position.
    fn rule(&self, ports: &[u16]) -> String {
        let mut rule = format!("-i {}", self.input);
        if let Some(output) = &self.output {
            rule.push_str(&format!(" -o {output}"));
        }
        if let Some(to) = self.to {
            rule.push_str(&format!(" -d {to}"));
        }
        rule.push_str(&format!(" -p {}", self.proto));
        match ports {
            [one] => rule.push_str(&format!(" --dport {one}")),
            many => {
                let list: Vec<String> = many.iter().map(u16::to_string).collect();
                rule.push_str(&format!(" -m multiport --dports {}", list.join(",")));
            }
        }
        rule.push_str(" -j ACCEPT");
        rule
    }
}

/// Finds the rules for the internal uses of a host, and proves them one use at a time: on this host made to deny everything that comes from
/// a bridge, the connection passes with the rules and not without.
pub(super) fn prove(loaded: &Loaded, ports: &mut HostPorts) {
    let Some(host) = loaded.network.host(&ports.host) else { return };
    let bridges = Bridges::learn(loaded, &ports.host);
    let forward = if has_chain(loaded, &ports.host, "DOCKER-USER") { "DOCKER-USER" } else { "FORWARD" };
    let deny = bridges.deny(forward);
    let denied = after(host, &deny);
    let mut ways: BTreeMap<Way, Ports> = BTreeMap::new();
    for used in ports.internal.iter().filter(|used| used.address.is_none_or(|address| address.is_ipv4())) {
        let Some((way, proof)) = bridges.way(host, denied.as_ref(), &deny, forward, used) else { continue };
        let entry = ways.entry(way).or_default().entry(used.port).or_default();
        entry.0.insert(format!("{} to {}", used.from, used.to).into());
        entry.1 = entry.1.and(proof);
    }
    let mut rules = Vec::new();
    // Chains whose answers have to be let pass as well, and whether all of their rules are proved.
    let mut answers: BTreeMap<&str, bool> = BTreeMap::new();
    for (way, by_port) in &ways {
        let all: Vec<(&u16, &(BTreeSet<Text>, Proof))> = by_port.iter().collect();
        for part in all.chunks(MOST_PORTS) {
            let numbers: Vec<u16> = part.iter().map(|(port, _)| **port).collect();
            let who: BTreeSet<&Text> = part.iter().flat_map(|(_, (who, _))| who).collect();
            let who: Vec<&str> = who.into_iter().map(|who| &**who).collect();
            let proof = part.iter().fold(Proof::default(), |all, (_, (_, proof))| all.and(*proof));
            if proof.answers || way.chain == forward {
                *answers.entry(way.chain).or_insert(true) &= proof.holds();
            }
            rules.push(Allow {
                command: format!("iptables -I {} 1 {}", way.chain, way.rule(&numbers)),
                reason: who.join(", "),
                proved: proof.holds(),
            });
        }
    }
    for (chain, proved) in answers {
        let command = format!("iptables -I {chain} 1 {ESTABLISHED}");
        rules.push(Allow { command, reason: format!("answers to what was let pass ({chain})"), proved });
    }
    ports.rules = rules;
}

/// What the simulator said of some uses.
#[derive(Debug, Clone, Copy, Default)]
struct Proof {
    /// How many passed with the rule and not without.
    held: usize,
    /// How many did not.
    failed: usize,
    /// Answers have to be let pass by a rule of their own.
    answers: bool,
}

impl Proof {
    fn and(self, other: Self) -> Self {
        Self {
            held: self.held + other.held,
            failed: self.failed + other.failed,
            answers: self.answers || other.answers,
        }
    }

    /// A container that does not run connects to nothing, so that its uses prove nothing either way.
    fn holds(self) -> bool {
        self.held > 0 && self.failed == 0
    }
}

fn has_chain(loaded: &Loaded, node: &str, name: &str) -> bool {
    loaded.facts.iter().any(|fact| {
        *fact.node == *node
            && matches!(&fact.data, Data::FirewallChain(chain) if *chain.chain == *name && !chain.saved && chain.container.is_none())
    })
}

/// The host after commands; `None` where they cannot be simulated, as without a firewall document.
fn after(host: &Host, list: &[String]) -> Option<Host> {
    let mut all: Vec<Change> = Vec::new();
    for command in list {
        all.extend(commands::changes(command).ok()?);
    }
    host.after(&all).ok()
}

/// The bridges of a host's networks.
struct Bridges {
    /// Container, bridge of its network, its addresses there.
    places: Vec<(Text, Text, Option<IpAddr>)>,
    names: BTreeSet<Text>,
}

impl Bridges {
    fn learn(loaded: &Loaded, node: &str) -> Self {
        let here = || loaded.facts.iter().filter(|fact| *fact.node == *node);
        let mut bridge_of: BTreeMap<&str, Text> = BTreeMap::new();
        for fact in here() {
            if let Data::Network(network) = &fact.data
                && let Some(bridge) = &network.bridge
            {
                bridge_of.insert(&network.name, bridge.clone());
            }
        }
        // Without an inspect of the network its bridge is the interface that has the container's gateway.
        let by_gateway = |gateway: IpAddr| {
            here().find_map(|fact| match &fact.data {
                Data::Address(address) if address.container.is_none() && address.address == Some(gateway) => {
                    Some(address.interface.clone())
                }
                _ => None,
            })
        };
        let mut places = Vec::new();
        for fact in here() {
            let Data::Endpoint(endpoint) = &fact.data else { continue };
            let bridge = bridge_of.get(&*endpoint.network).cloned().or_else(|| endpoint.gateway.and_then(by_gateway));
            if let Some(bridge) = bridge {
                places.push((endpoint.container.clone(), bridge, endpoint.address));
            }
        }
        let names = places.iter().map(|(_, bridge, _)| bridge.clone()).collect();
        Self { places, names }
    }

    /// The commands after which nothing passes that comes from a bridge.
    fn deny(&self, forward: &str) -> Vec<String> {
        let chains = ["INPUT", forward];
        self.names
            .iter()
            .flat_map(|bridge| chains.iter().map(move |chain| format!("iptables -I {chain} 1 -i {bridge} -j DROP")))
            .collect()
    }

    /// The rule that a use needs, and whether the simulator proved it. `None` where no bridge is known, or the networks are kept apart by
    /// Docker, which no rule should undo.
    fn way(
        &self,
        host: &Host,
        denied: Option<&Host>,
        deny: &[String],
        forward: &'static str,
        used: &Use,
    ) -> Option<(Way, Proof)> {
        let inputs: BTreeSet<&Text> =
            self.places.iter().filter(|(name, ..)| *name == used.from).map(|(_, bridge, _)| bridge).collect();
        let to_host = used.address.filter(|address| host.is_own_address(*address));
        let mut ways = Vec::new();
        for input in inputs {
            let proto = used.proto.clone();
            if let Some(to) = to_host {
                ways.push(Way {
                    chain: "INPUT",
                    input: input.clone(),
                    output: None,
                    to: Some(to),
                    proto: proto.clone(),
                });
            }
            let outputs: BTreeSet<&Text> =
                self.places.iter().filter(|(name, ..)| *name == used.to).map(|(_, bridge, _)| bridge).collect();
            // Between networks Docker's isolation applies, unless the way leads by a published port.
            for output in outputs.into_iter().filter(|output| *output == input || to_host.is_some()) {
                ways.push(Way {
                    chain: forward,
                    input: input.clone(),
                    output: Some(output.clone()),
                    to: None,
                    proto: proto.clone(),
                });
            }
        }
        let passes = |host: &Host| {
            let flow = Flow {
                from: From::Container(used.from.clone()),
                proto: Proto::from_word(&used.proto).unwrap_or_default(),
                to: used.address?,
                port: used.port,
                sport: None,
            };
            Some(matches!(host.probe(&flow).verdict, Verdict::Delivered | Verdict::Refused | Verdict::Closed))
        };
        let stopped = denied.and_then(passes) == Some(false);
        for way in ways.iter().filter(|_| stopped) {
            let mut commands = deny.to_vec();
            commands.push(format!("iptables -I {} 1 {}", way.chain, way.rule(&[used.port])));
            // docker-proxy's own connections are answered by INPUT, so there too answers may have to be let in.
            for answers in [false, true] {
                if answers {
                    commands.push(format!("iptables -I {} 1 {ESTABLISHED}", way.chain));
                }
                if after(host, &commands).as_ref().and_then(passes) == Some(true) {
                    return Some((way.clone(), Proof { held: 1, failed: 0, answers }));
                }
            }
        }
        let idle = host.container_addresses(&used.from).is_empty();
        ways.into_iter().next().map(|way| (way, Proof { failed: usize::from(!idle), ..Proof::default() }))
    }
}
