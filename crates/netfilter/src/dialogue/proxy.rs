//! docker-proxy: a process of the host that takes a connection and makes another to the container.

use std::net::IpAddr;

use bundlescope_facts::firewall::{Action, Side, Test};

use super::{End, Outcome, Target};
use crate::answer::Verdict;
use crate::packet::{ACK, PSH, SYN, Sender, TCP, Tuple};
use crate::rules::Step;
use crate::walk::{Cause, Decider, Leg, Sim};

impl Sim<'_, '_> {
    /// Where docker-proxy hands a connection on to; `None` when it is not docker-proxy that was reached.
    pub(super) fn proxied(&self, target: &Target) -> Option<Option<(IpAddr, u16)>> {
        if target.namespace != Some(0) || target.process.as_deref() != Some("docker-proxy") {
            return None;
        }
        let port = target.port?;
        let fits = |address: Option<IpAddr>| {
            address.is_none_or(|address| address.is_unspecified() || address == target.address)
        };
        let published =
            self.host.published.iter().find(|published| published.host_port == port && fits(published.host_address));
        if let Some(published) = published {
            let v4 = |address: &&IpAddr| address.is_ipv4();
            let container = self.host.find_container(&published.container)?;
            let address = container.addresses.iter().find(v4).or(container.addresses.first());
            return Some(address.map(|address| (*address, published.container_port)));
        }
        Some(self.dnat_of(target.address, port))
    }

    /// With docker-proxy switched off, Docker 26 and later listens on published ports itself, so that nobody else takes them, and
    /// accepts nothing: DNAT is meant to take the connections. The kernel completes the handshake all the same.
    pub(super) fn kept(&self, target: &Target) -> Option<Outcome> {
        let port = target.port?;
        if target.namespace != Some(0) || target.process.as_deref() != Some("dockerd") {
            return None;
        }
        self.host.published.iter().find(|published| published.host_port == port)?;
        let text = format!("dockerd only keeps port {port} and accepts nothing: no DNAT rule takes the connection");
        let cause = Cause::new(Decider::Listener, text, target.source.as_ref());
        Some(Outcome { target: Some(target.clone()), ..Outcome::stopped(Verdict::Stalled, Leg::Dat, Some(cause)) })
    }

    /// Docker makes a DNAT rule for every port for which it starts a proxy.
    fn dnat_of(&self, address: IpAddr, port: u16) -> Option<(IpAddr, u16)> {
        let rules = self.host.own()?.firewall.rules(address.is_ipv6());
        let nat = rules
            .chains
            .iter()
            .filter(|chain| rules.tables.get(chain.table).is_some_and(|table| &*table.name == "nat"));
        let mut other = None;
        for rule in nat.flat_map(|chain| &chain.rules) {
            let (mut wants_port, mut wants_address, mut to) = (false, true, None);
            for step in &rule.steps {
                match step {
                    Step::Match(found) if !found.negated => match &found.test {
                        Test::Port(Side::Destination, ports) => {
                            wants_port |= ports.iter().any(|range| range.contains(&port))
                        }
                        Test::Address(Side::Destination, ranges) => {
                            wants_address &= crate::eval::in_ranges(ranges, address);
                        }
                        _ => {}
                    },
                    Step::Act(Action::Dnat(range)) => {
                        to = range
                            .addresses
                            .map(|(first, _)| (first, range.ports.as_ref().map_or(port, |ports| *ports.start())));
                    }
                    _ => {}
                }
            }
            match (wants_port, wants_address, to) {
                (true, true, Some(to)) => return Some(to),
                // A proxy bound to all addresses has a rule for one at least.
                (true, false, Some(to)) => other = other.or(Some(to)),
                _ => {}
            }
        }
        other
    }

    /// docker-proxy's own connection to the container.
    pub(super) fn behind_proxy(&mut self, server: End, to: Option<(IpAddr, u16)>) -> Outcome {
        let (End::Namespace(namespace), Some((address, port))) = (server, to) else {
            return Outcome::unknown("to which container docker-proxy hands the connection", vec!["docker inspect"]);
        };
        let Some(source) = self.source_towards(namespace, address) else {
            return Outcome::unknown(format!("the route to {address}"), vec!["ip route"]);
        };
        let tuple = Tuple { proto: TCP, src: source, dst: address, sport: 50000, dport: port };
        let client = End::Namespace(namespace);
        let sender = Sender::User("0".into());
        let first = self.packet(tuple.clone(), SYN, sender.clone());
        let (server, seen, target) = match self.deliver_first(Leg::ProxyFwd, client, first) {
            Ok(found) => found,
            Err(outcome) => return stalled_or_closed(*outcome),
        };
        let answer = self.packet(seen.tuple.inverse(), SYN | ACK, Sender::Process);
        if let Some(outcome) = self.answer(Leg::ProxyRep, client, server, answer, &tuple) {
            return stalled_or_closed(outcome);
        }
        for flags in [ACK, ACK | PSH] {
            let packet = self.packet(tuple.clone(), flags, sender.clone());
            let lost = self.later(Leg::ProxyFwd, client, server, packet, &seen.tuple);
            if let (true, Some(outcome)) = (flags & PSH != 0, lost) {
                return outcome;
            }
        }
        let answer = self.packet(seen.tuple.inverse(), ACK | PSH, Sender::Process);
        match self.answer(Leg::ProxyRep, client, server, answer, &tuple) {
            Some(outcome) => stalled_or_closed(outcome),
            None => Outcome::reached(Verdict::Delivered, target),
        }
    }
}

/// The client is connected to docker-proxy already: silence behind it stalls, a refusal closes.
fn stalled_or_closed(outcome: Outcome) -> Outcome {
    let verdict = match outcome.verdict {
        Verdict::Unknown => Verdict::Unknown,
        Verdict::Refused | Verdict::Rejected | Verdict::Unroutable => Verdict::Closed,
        _ => Verdict::Stalled,
    };
    Outcome { verdict, ..outcome }
}
