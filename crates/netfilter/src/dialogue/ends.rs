//! Where a conversation begins: the client and its first addresses.

use std::net::IpAddr;

use bundlescope_facts::Proto;

use super::{End, Outcome};
use crate::branch::Subject;
use crate::flow::{Flow, From};
use crate::packet::{ICMP, ICMPV6, TCP, Tuple, UDP};
use crate::walk::Sim;

impl Sim<'_, '_> {
    pub(super) fn client(&mut self, flow: &Flow) -> Result<End, Box<Outcome>> {
        let unknown =
            |reason: String, missing: &[&'static str]| Err(Box::new(Outcome::unknown(reason, missing.to_vec())));
        match &flow.from {
            From::Host { .. } => Ok(End::Namespace(0)),
            From::Container(name) => match self.host.find_container(name) {
                None => unknown(format!("container {name}"), &["docker inspect"]),
                Some(found) if !found.running => unknown(format!("container {name} does not run"), &[]),
                Some(found) => match found.namespace {
                    Some(namespace) => Ok(End::Namespace(namespace)),
                    None if !found.candidates.is_empty() => Ok(End::Namespace(self.candidate(name, &found.candidates))),
                    None => match &found.foreign_driver {
                        Some(driver) => unknown(format!("how a network of driver {driver} carries packets"), &[]),
                        None => unknown(format!("the network of container {name}"), &["docker inspect"]),
                    },
                },
            },
            From::Outside { address, input } => self.outside(*address, input.as_deref()),
        }
    }

    /// One of the places where a container may be; the others are followed in other runs.
    fn candidate(&mut self, name: &str, candidates: &[usize]) -> usize {
        self.assumed
            .insert(format!("{name} is connected to a bridge of Docker (no `docker inspect` to tell to which)"));
        let (last, others) = candidates.split_last().map_or((0, [].as_slice()), |(last, others)| (*last, others));
        let reason = format!("which of Docker's networks {name} is connected to (`docker inspect`)");
        let chosen = others.iter().find(|namespace| self.branches.ask(Subject::Network(**namespace), &reason));
        chosen.copied().unwrap_or(last)
    }

    fn outside(&mut self, address: IpAddr, input: Option<&str>) -> Result<End, Box<Outcome>> {
        let unknown =
            |reason: String, missing: &[&'static str]| Err(Box::new(Outcome::unknown(reason, missing.to_vec())));
        // An address of a container that runs here is that container.
        let container = self.host.containers.iter().find(|found| found.running && found.addresses.contains(&address));
        if let (None, Some(namespace)) = (input, container.and_then(|found| found.namespace)) {
            return Ok(End::Namespace(namespace));
        }
        let Some(own) = self.host.own() else { return unknown("the host".to_owned(), &["ip addr"]) };
        if input.is_none() && own.fib.is_local(address) {
            return Ok(End::Namespace(0));
        }
        match input {
            Some(name) => match own.interface(name) {
                Some(device) => Ok(End::Outside(device)),
                None => unknown(format!("interface {name}"), &["ip addr"]),
            },
            None => {
                let key = crate::model::Key {
                    dst: address,
                    src: None,
                    iif: "lo",
                    oif: None,
                    mark: 0,
                    proto: 0,
                    sport: 0,
                    dport: 0,
                };
                let device = own.fib.lookup(&key).ok().and_then(|found| own.interface(&found.hop?.interface));
                match device {
                    Some(device) => {
                        let name = own.interfaces.get(device).map_or("", |interface| &*interface.name);
                        self.assumed.insert(format!("packets of {address} come by {name}, where the answers go"));
                        Ok(End::Outside(device))
                    }
                    None => unknown(format!("by which interface packets of {address} come"), &["ip route"]),
                }
            }
        }
    }

    pub(super) fn first_tuple(&mut self, flow: &Flow, client: End) -> Result<Tuple, Box<Outcome>> {
        let v6 = flow.to.is_ipv6();
        let proto = match flow.proto {
            Proto::Tcp => TCP,
            Proto::Udp => UDP,
            Proto::Sctp => 132,
            Proto::Icmp if v6 => ICMPV6,
            Proto::Icmp => ICMP,
        };
        let src = match (&flow.from, client) {
            (From::Host { bound: Some(bound) }, _) => *bound,
            (From::Outside { address, .. }, End::Outside(_)) => *address,
            (From::Outside { address, .. }, End::Namespace(_)) => *address,
            (_, End::Namespace(namespace)) => match self.source_towards(namespace, flow.to) {
                Some(source) => source,
                // Without a route the lookup that follows says so; the source does not matter.
                None if v6 => std::net::Ipv6Addr::UNSPECIFIED.into(),
                None => IpAddr::from([0, 0, 0, 0]),
            },
            _ => return Err(Box::new(Outcome::unknown("the client", Vec::new()))),
        };
        let sport = flow.sport.unwrap_or(49152);
        if matches!(proto, ICMP | ICMPV6) {
            // Request and reply have different types, which keeps their tuples apart even on one address.
            return Ok(Tuple { proto, src, dst: flow.to, sport: 1, dport: 8 });
        }
        Ok(Tuple { proto, src, dst: flow.to, sport, dport: flow.port })
    }
}
