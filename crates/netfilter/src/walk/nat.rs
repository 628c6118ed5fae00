//! NAT, after net/netfilter/nf_nat_core.c and nf_nat_proto.c.

use std::net::IpAddr;

use bundlescope_facts::Backend;
use bundlescope_facts::firewall::{Action, NatRange};

use super::hooks::{ChainEnd, Env};
use super::route::Out;
use super::{Cause, Event, Fate, Place, Sim};
use crate::branch::Subject;
use crate::conntrack::Conn;
use crate::packet::{CtKind, ICMP, ICMPV6, Packet, Tuple};
use crate::rules::{Base, Hook, Ruleset};

/// PREROUTING and OUTPUT translate destinations, the others sources.
fn destination_hook(hook: Hook) -> bool {
    matches!(hook, Hook::Prerouting | Hook::Output)
}

impl Sim<'_, '_> {
    /// `nf_nat_inet_fn` and what the OUTPUT hook does behind it.
    pub(super) fn translate(
        &mut self,
        env: &Env,
        rules: &Ruleset,
        packet: &mut Packet,
        way: &mut Option<Out>,
    ) -> Result<(), Box<Fate>> {
        let Some(ct) = packet.ct else { return Ok(()) };
        let before = packet.tuple.clone();
        if ct.kind == CtKind::Related && matches!(packet.tuple.proto, ICMP | ICMPV6) {
            self.translate_error(env, packet);
            self.note_translation(env, &before, packet);
            return Ok(());
        }
        if ct.kind != CtKind::Established && !self.nat_done(env, packet) {
            for base in self.nat_order(rules, env.hook) {
                match self.chain(env, rules, base.chain, packet) {
                    ChainEnd::Accept => {}
                    end => return Err(Box::new(self.stop(env, packet, end))),
                }
                if self.nat_done(env, packet) {
                    break;
                }
            }
            if let Some(conn) = self.conn(env, packet) {
                let done = if destination_hook(env.hook) { &mut conn.destination_done } else { &mut conn.source_done };
                *done = true;
            }
        }
        self.apply(env, packet);
        self.note_translation(env, &before, packet);
        if env.hook == Hook::Output {
            let differs = self.conn(env, packet).is_some_and(|conn| {
                let (own, other) = if ct.reply { (&conn.reply, &conn.original) } else { (&conn.original, &conn.reply) };
                own.dst != other.src
            });
            if differs {
                *way = Some(self.reroute(env.namespace, packet)?);
            }
        }
        Ok(())
    }

    fn conn(&mut self, env: &Env, packet: &Packet) -> Option<&mut Conn> {
        self.tables.get_mut(env.namespace)?.get_mut(packet)
    }

    fn nat_done(&mut self, env: &Env, packet: &Packet) -> bool {
        let destination = destination_hook(env.hook);
        self.conn(env, packet).is_some_and(|conn| if destination { conn.destination_done } else { conn.source_done })
    }

    /// With both backends the one registered last runs first, and nothing tells which that was.
    fn nat_order(&mut self, rules: &Ruleset, hook: Hook) -> Vec<Base> {
        let mut bases = rules.nat(hook).to_vec();
        let busy = |backend: Backend| {
            bases.iter().any(|base| {
                let rules_there = rules.chains.get(base.chain).is_some_and(|chain| !chain.rules.is_empty());
                rules_there && rules.table_of(base.chain).is_some_and(|table| table.backend == backend)
            })
        };
        if busy(Backend::Legacy) && busy(Backend::Nft) {
            let reason = "whether the NAT rules of iptables-legacy or those of nftables were loaded last";
            let nft_first = self.branches.ask(Subject::LoadOrder, reason);
            bases.sort_by_key(|base| {
                let nft = rules.table_of(base.chain).is_some_and(|table| table.backend == Backend::Nft);
                (nft != nft_first, base.priority)
            });
        }
        bases
    }

    /// `nf_nat_packet`: the packet takes what was decided for its connection.
    fn apply(&mut self, env: &Env, packet: &mut Packet) {
        let Some(ct) = packet.ct else { return };
        let source = !destination_hook(env.hook);
        let Some(conn) = self.conn(env, packet) else { return };
        let changed = if source != ct.reply { conn.snat } else { conn.dnat };
        if !changed {
            return;
        }
        let target = if ct.reply { conn.original.inverse() } else { conn.reply.inverse() };
        if source {
            (packet.tuple.src, packet.tuple.sport) = (target.src, target.sport);
        } else {
            (packet.tuple.dst, packet.tuple.dport) = (target.dst, target.dport);
        }
    }

    /// `nf_nat_icmp_reply_translation`: addresses of the error and of the packet that it quotes.
    fn translate_error(&mut self, env: &Env, packet: &mut Packet) {
        let Some(ct) = packet.ct else { return };
        let source = !destination_hook(env.hook);
        let Some(conn) = self.conn(env, packet) else { return };
        let changed = if source != ct.reply { conn.snat } else { conn.dnat };
        if !changed {
            return;
        }
        let other = if ct.reply { conn.original.clone() } else { conn.reply.clone() };
        if let Some(quoted) = &mut packet.quoted {
            if source {
                (quoted.dst, quoted.dport) = (other.dst, other.dport);
            } else {
                (quoted.src, quoted.sport) = (other.src, other.sport);
            }
        }
        if source {
            packet.tuple.src = other.dst;
        } else {
            packet.tuple.dst = other.src;
        }
    }

    fn note_translation(&mut self, env: &Env, before: &Tuple, packet: &Packet) {
        if *before != packet.tuple {
            self.events.push(Event::Nat { hook: env.hook, before: before.clone(), after: packet.tuple.clone() });
        }
    }

    /// A NAT target: decides for the connection, once per direction.
    pub(super) fn bind(&mut self, env: &Env, place: Place, action: &Action, packet: &Packet) -> ChainEnd {
        let destination = destination_hook(env.hook);
        let range = match action {
            Action::Dnat(range) | Action::Snat(range) => range.clone(),
            Action::Masquerade(range) => {
                let address = env.output.zip(self.host.ns(env.namespace)).and_then(|(device, namespace)| {
                    namespace.select_address(device, env.next.or(Some(packet.tuple.dst)), packet.is_v6())
                });
                match address {
                    Some(address) => NatRange { addresses: Some((address, address)), ..range.clone() },
                    // The kernel drops when the device has no address.
                    None => return ChainEnd::Drop(Cause::place(place)),
                }
            }
            Action::Redirect(range) => {
                let address = self.redirect_address(env, packet);
                NatRange { addresses: Some((address, address)), ..range.clone() }
            }
            Action::Netmap { address, mask } => {
                let old = if destination { packet.tuple.dst } else { packet.tuple.src };
                let new = netmap(old, *address, *mask);
                NatRange { addresses: Some((new, new)), ..NatRange::default() }
            }
            _ => return ChainEnd::Accept,
        };
        if range.addresses.is_some_and(|(first, last)| first != last) {
            self.assumed.insert(format!("the first address of the range is chosen by {}", word(action)));
        }
        let Some(conn) = self.conn(env, packet) else { return ChainEnd::Accept };
        let current = conn.reply.inverse();
        let new = choose(&current, &range, destination);
        if new != current {
            conn.reply = new.inverse();
            if destination {
                conn.dnat = true;
            } else {
                conn.snat = true;
            }
        }
        if destination {
            conn.destination_done = true;
        } else {
            conn.source_done = true;
        }
        ChainEnd::Accept
    }

    /// REDIRECT's address: 127.0.0.1 for the host's own packets, else the first of the input device.
    pub(super) fn redirect_address(&self, env: &Env, packet: &Packet) -> IpAddr {
        let v6 = packet.is_v6();
        let loopback = if v6 { IpAddr::from(std::net::Ipv6Addr::LOCALHOST) } else { IpAddr::from([127, 0, 0, 1]) };
        if env.hook == Hook::Output {
            return loopback;
        }
        let interface = env.input.and_then(|at| self.host.ns(env.namespace)?.interfaces.get(at));
        let first = interface.and_then(|found| found.addresses.iter().find(|address| address.address.is_ipv6() == v6));
        first.map_or(packet.tuple.dst, |address| address.address)
    }
}

fn word(action: &Action) -> &'static str {
    if matches!(action, Action::Dnat(_)) { "DNAT" } else { "SNAT" }
}

/// The tuple that a translation leads to. A port is kept where the range allows it.
fn choose(current: &Tuple, range: &NatRange, destination: bool) -> Tuple {
    let mut new = current.clone();
    let echo = matches!(current.proto, ICMP | ICMPV6);
    let (address, port) = if destination { (&mut new.dst, &mut new.dport) } else { (&mut new.src, &mut new.sport) };
    if let Some((first, last)) = range.addresses
        && !(first..=last).contains(address)
    {
        *address = first;
    }
    if let Some(ports) = range.ports.as_ref().filter(|_| !echo) {
        match range.base_port {
            Some(base) => {
                let shifted = ports.start().saturating_add(port.saturating_sub(base));
                *port = shifted.min(*ports.end());
            }
            None if !ports.contains(port) => *port = *ports.start(),
            None => {}
        }
    }
    new
}

fn netmap(old: IpAddr, network: IpAddr, mask: IpAddr) -> IpAddr {
    match (old, network, mask) {
        (IpAddr::V4(old), IpAddr::V4(network), IpAddr::V4(mask)) => {
            IpAddr::V4(((u32::from(old) & !u32::from(mask)) | (u32::from(network) & u32::from(mask))).into())
        }
        (IpAddr::V6(old), IpAddr::V6(network), IpAddr::V6(mask)) => {
            IpAddr::V6(((u128::from(old) & !u128::from(mask)) | (u128::from(network) & u128::from(mask))).into())
        }
        _ => old,
    }
}
