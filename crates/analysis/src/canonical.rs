//! One fact for one object where several documents describe it.
//!
//! A list's row (`docker ps`, `docker network ls`) says less than an inspect of the same object, and what it leaves out
//! reads as a default; so rows give way to inspects. The same endpoint or published port in two documents is one. Files of
//! /proc/net say the same as ss, netstat and ip, with less.

use std::collections::BTreeSet;

use bundlescope_facts::{Data, Fact, Text};

use crate::intake::Outcome;

/// Drops rows that an inspect makes superfluous, and repetitions. The order of the others stays.
pub(crate) fn reduce(facts: &mut Vec<Fact>) {
    let mut inspected = BTreeSet::new();
    for fact in facts.iter() {
        match &fact.data {
            Data::Container(container) if container.inspected => {
                inspected.insert((fact.node.clone(), "container", container.name.clone()));
            }
            Data::Network(network) if network.inspected => {
                inspected.insert((fact.node.clone(), "network", network.name.clone()));
            }
            _ => {}
        }
    }
    let mut seen = BTreeSet::new();
    facts.retain(|fact| match &fact.data {
        Data::Container(container) if !container.inspected => {
            !inspected.contains(&(fact.node.clone(), "container", container.name.clone()))
        }
        Data::Network(network) if !network.inspected => {
            !inspected.contains(&(fact.node.clone(), "network", network.name.clone()))
        }
        Data::PublishedPort(port) => seen.insert((
            fact.node.clone(),
            format!(
                "{} {} {} {:?} {:?} {}",
                port.container, port.proto, port.container_port, port.host_address, port.host_port, port.active
            ),
        )),
        _ => true,
    });
}

/// Drops what files of /proc/net say where a tool's output of the same host and view says it too.
pub(crate) fn prefer_tools(outcomes: &mut [Outcome], nodes: &[Text]) {
    let is_file = |outcome: &Outcome| outcome.taken_for.starts_with("proc-net-");
    let view = |fact: &Fact| (fact.kind().to_owned(), fact.get("container").to_string());
    let mut told = BTreeSet::new();
    for (outcome, node) in outcomes.iter().zip(nodes).filter(|(outcome, _)| !is_file(outcome)) {
        for fact in outcome.facts.iter().filter(|fact| PROC_KINDS.contains(&fact.kind())) {
            told.insert((node.clone(), view(fact)));
        }
    }
    for (outcome, node) in outcomes.iter_mut().zip(nodes).filter(|(outcome, _)| is_file(outcome)) {
        outcome.facts.retain(|fact| !told.contains(&(node.clone(), view(fact))));
    }
}

/// Kinds that files of /proc/net and tools both state.
const PROC_KINDS: &[&str] = &["listener", "connection", "route", "address", "interface_traffic"];

#[cfg(test)]
mod tests {
    use bundlescope_facts::{Network, Source};

    use super::*;

    #[test]
    fn a_listed_network_gives_way_to_the_inspected_one() {
        let network = |name: &str, inspected| {
            let network = Network { name: name.into(), inspected, ..Network::default() };
            Fact::new(Source::default(), network)
        };
        let mut facts = vec![network("a", false), network("a", true), network("b", false)];
        reduce(&mut facts);
        let left: Vec<String> = facts.iter().map(|f| format!("{} {}", f.get("name"), f.get("inspected"))).collect();
        assert_eq!(left, ["a true", "b false"]);
    }
}
