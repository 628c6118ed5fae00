//! Which host a document was taken on, when one bundle holds several.
//!
//! A collector puts each host's documents below a root of their own (`sosreport-web1-…/`, `node1.tar.gz!/`). Roots
//! whose documents state the same hostname, or none, are one host; roots with different hostnames stay apart.

use std::collections::{BTreeMap, BTreeSet};

use bundlescope_facts::{Data, Fact, Text};

use crate::intake::Outcome;

/// Gives every fact its node and returns the hosts in order, together with the node of each outcome.
pub(crate) fn assign(outcomes: &mut [Outcome]) -> (Vec<Text>, Vec<Text>) {
    let mut named: BTreeMap<Text, Text> = BTreeMap::new();
    for outcome in outcomes.iter() {
        if let Some(name) = outcome.facts.iter().find_map(hostname) {
            named.entry(outcome.root.clone()).or_insert(name);
        }
    }
    let distinct: BTreeSet<&Text> = named.values().collect();
    if distinct.len() < 2 {
        let seeing: BTreeSet<&Text> = outcomes.iter().filter(|o| sees_a_host(o)).map(|o| &o.root).collect();
        if distinct.is_empty() && seeing.len() > 1 {
            named = seeing.into_iter().map(|root| (root.clone(), last_part(root))).collect();
        } else {
            let only = distinct.first().map_or_else(|| Text::from(""), |name| (*name).clone());
            named = BTreeMap::from([(Text::from(""), only)]);
        }
    }
    let nodes: Vec<Text> = outcomes.iter().map(|outcome| node_of(&named, outcome)).collect();
    for (outcome, node) in outcomes.iter_mut().zip(&nodes) {
        for fact in &mut outcome.facts {
            fact.node = node.clone();
        }
    }
    let hosts: BTreeSet<Text> = named.into_values().filter(|name| !name.is_empty()).collect();
    (hosts.into_iter().collect(), nodes)
}

/// The name that a fact gives the host, without its domain, because tools differ in printing it.
fn hostname(fact: &Fact) -> Option<Text> {
    let name = match &fact.data {
        Data::Hostname(hostname) => &hostname.name,
        Data::DockerDaemon(daemon) => daemon.name.as_ref()?,
        _ => return None,
    };
    let short = name.split('.').next().unwrap_or(name);
    (!short.is_empty()).then(|| short.into())
}

/// The document shows the network of a host itself, so that two of them are two hosts.
fn sees_a_host(outcome: &Outcome) -> bool {
    outcome.facts.iter().any(|fact| matches!(&fact.data, Data::Address(address) if address.container.is_none()))
}

fn last_part(root: &Text) -> Text {
    root.trim_end_matches(['/', '!']).rsplit('/').next().unwrap_or_default().into()
}

/// The name of the longest root that the document lies below; an only host takes everything.
fn node_of(named: &BTreeMap<Text, Text>, outcome: &Outcome) -> Text {
    named
        .iter()
        .filter(|(root, _)| outcome.root.starts_with(&***root) || outcome.path.starts_with(&***root))
        .max_by_key(|(root, _)| root.len())
        .map_or_else(|| Text::from(""), |(_, name)| name.clone())
}

#[cfg(test)]
mod tests {
    use bundlescope_facts::{Address, Hostname, Source};

    use super::*;

    fn outcome(root: &str, data: Data) -> Outcome {
        Outcome {
            path: format!("{root}x").into(),
            root: root.into(),
            container: None,
            sections: Vec::new(),
            stated: 1,
            taken_for: "test",
            bytes: 0,
            facts: vec![Fact::new(Source::default(), data)],
            problems: Vec::new(),
            partial: false,
            errors: Vec::new(),
            kept: None,
        }
    }

    fn nodes(outcomes: &mut [Outcome]) -> Vec<String> {
        assign(outcomes).1.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn one_name_takes_every_root_and_two_names_stay_apart() {
        let name = |name: &str| Data::from(Hostname { name: name.into() });
        let address = || Data::from(Address::default());
        let mut one = [outcome("default/", name("web1.corp")), outcome("app/", address()), outcome("", name("web1"))];
        assert_eq!(nodes(&mut one), ["web1", "web1", "web1"]);
        let mut two = [
            outcome("a/", name("web1")),
            outcome("b/", name("web2")),
            outcome("b/", address()),
            outcome("", address()),
        ];
        assert_eq!(nodes(&mut two), ["web1", "web2", "web2", ""]);
        let mut unnamed = [outcome("node-a.tgz!/", address()), outcome("node-b.tgz!/", address())];
        assert_eq!(nodes(&mut unnamed), ["node-a.tgz", "node-b.tgz"]);
    }
}
