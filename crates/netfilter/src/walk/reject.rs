//! Answers that the firewall or the router makes, after nf_reject_ipv4.c and icmp.c.

use std::net::IpAddr;

use super::hooks::Env;
use super::{Cause, Fate, Sim, Via};
use crate::conntrack::ConnTable;
use crate::packet::{ACK, ICMP, ICMPV6, Packet, RST, Tuple, reject_icmp};
use crate::rules::Hook;

impl Sim<'_, '_> {
    /// What `REJECT` does with a packet.
    pub(super) fn reject(&mut self, env: &Env, packet: &Packet, word: &str, cause: Cause) -> Fate {
        let Some((kind, code)) = reject_icmp(word, packet.is_v6()) else {
            if packet.flags & RST != 0 {
                return Fate::Lost(cause);
            }
            let mut answer = reset(packet);
            ConnTable::attach(&mut answer, packet);
            // A packet that came over a bridge is answered through the port that it came by.
            let via = packet.port_in.map_or(Via::Output(env.namespace), Via::Port);
            let (answer, word) = (Box::new(answer), word.to_owned());
            return Fate::Answered { cause, word, unroutable: false, answer, via };
        };
        match self.icmp_error(env.namespace, packet, (kind, code), env.hook == Hook::Input) {
            Some(answer) => Fate::Answered {
                cause,
                word: word.to_owned(),
                unroutable: false,
                answer: Box::new(answer),
                via: Via::Output(env.namespace),
            },
            None => Fate::Lost(cause),
        }
    }

    /// An ICMP error about a packet; `None` where none may be sent. `local`: the packet was for this host.
    pub(super) fn icmp_error(&self, namespace: usize, packet: &Packet, kind: (u8, u8), local: bool) -> Option<Packet> {
        if packet.is_icmp_error() {
            return None;
        }
        let to = packet.tuple.src;
        let from = if local { packet.tuple.dst } else { self.source_towards(namespace, to)? };
        let mut answer = error_packet(from, to, kind, &packet.tuple);
        ConnTable::attach(&mut answer, packet);
        Some(answer)
    }
}

/// An ICMP error without a connection yet.
pub(crate) fn error_packet(from: IpAddr, to: IpAddr, kind: (u8, u8), quoted: &Tuple) -> Packet {
    let proto = if to.is_ipv6() { ICMPV6 } else { ICMP };
    let tuple = Tuple { proto, src: from, dst: to, sport: 0, dport: 0 };
    Packet { icmp: Some(kind), quoted: Some(Box::new(quoted.clone())), length: (56, 576), ..Packet::new(tuple) }
}

/// A TCP reset that answers a packet.
pub(crate) fn reset(packet: &Packet) -> Packet {
    let flags = if packet.flags & ACK != 0 { RST } else { RST | ACK };
    Packet { flags, length: (40, 40), ..Packet::new(packet.tuple.inverse()) }
}
