//! Connection tracking of one namespace, as far as one new connection needs it.
//!
//! Follows net/netfilter/nf_conntrack_core.c and nf_conntrack_proto_tcp.c.

use crate::packet::{ACK, CtKind, CtRef, ICMP, ICMPV6, Packet, RST, SYN, TCP, Tuple};

/// TCP's state as conntrack sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tcp {
    SynSent,
    SynReceived,
    Established,
    Closed,
}

/// A connection.
#[derive(Debug, Clone)]
pub(crate) struct Conn {
    pub(crate) original: Tuple,
    pub(crate) reply: Tuple,
    zone: (u16, bool, bool),
    pub(crate) confirmed: bool,
    pub(crate) seen_reply: bool,
    pub(crate) assured: bool,
    pub(crate) mark: u32,
    pub(crate) snat: bool,
    pub(crate) dnat: bool,
    /// NAT has been decided for the source, for the destination.
    pub(crate) source_done: bool,
    pub(crate) destination_done: bool,
    tcp: Option<Tcp>,
}

/// The table.
#[derive(Debug, Clone, Default)]
pub(crate) struct ConnTable {
    pub(crate) conns: Vec<Conn>,
}

/// The zone of a packet for one direction.
fn zone_id(zone: (u16, bool, bool), reply: bool) -> u16 {
    let counts = if reply { zone.2 } else { zone.1 };
    if counts { zone.0 } else { 0 }
}

impl ConnTable {
    pub(crate) fn get(&self, packet: &Packet) -> Option<&Conn> {
        self.conns.get(packet.ct?.conn)
    }

    pub(crate) fn get_mut(&mut self, packet: &Packet) -> Option<&mut Conn> {
        self.conns.get_mut(packet.ct?.conn)
    }

    /// `nf_conntrack_in`: finds or makes the packet's connection. Leaves it without one when it is invalid.
    pub(crate) fn track(&mut self, packet: &mut Packet) {
        if packet.ct.is_some() || packet.untracked {
            return;
        }
        if let Some(quoted) = &packet.quoted {
            let found = self.find(&quoted.inverse(), packet.zone);
            packet.ct = found.map(|(conn, reply)| CtRef { conn, reply, kind: CtKind::Related });
            return;
        }
        let (conn, reply) = match self.find(&packet.tuple, packet.zone) {
            Some(found) => found,
            None => {
                if !may_begin(packet) {
                    return;
                }
                self.conns.push(new_conn(packet));
                (self.conns.len() - 1, false)
            }
        };
        let Some(entry) = self.conns.get_mut(conn) else { return };
        if packet.tuple.proto == TCP && !advance(entry, packet.flags, reply) {
            return;
        }
        if reply {
            entry.seen_reply = true;
        }
        let kind = if entry.seen_reply { CtKind::Established } else { CtKind::New };
        packet.ct = Some(CtRef { conn, reply, kind });
    }

    fn find(&self, tuple: &Tuple, zone: (u16, bool, bool)) -> Option<(usize, bool)> {
        let of = |conn: &Conn, reply: bool| {
            let own = if reply { &conn.reply } else { &conn.original };
            own == tuple && zone_id(conn.zone, reply) == zone_id(zone, reply)
        };
        self.conns.iter().enumerate().filter(|(_, conn)| conn.confirmed).find_map(|(index, conn)| {
            if of(conn, false) {
                Some((index, false))
            } else if of(conn, true) {
                Some((index, true))
            } else {
                None
            }
        })
    }

    /// `nf_confirm`: from here on later packets find the connection.
    pub(crate) fn confirm(&mut self, packet: &Packet) {
        if let Some(conn) = self.get_mut(packet) {
            conn.confirmed = true;
        }
    }

    /// `nf_ct_attach`: an answer made from `cause` is related to its connection.
    pub(crate) fn attach(answer: &mut Packet, cause: &Packet) {
        // An answer to an untracked packet is looked up like any other.
        answer.ct = cause.ct.map(|ct| CtRef { conn: ct.conn, reply: !ct.reply, kind: CtKind::Related });
    }
}

fn new_conn(packet: &Packet) -> Conn {
    // A packet from the middle of a connection is picked up as established (nf_conntrack_tcp_loose).
    let state = if packet.flags & SYN != 0 { Tcp::SynSent } else { Tcp::Established };
    let tcp = (packet.tuple.proto == TCP).then_some(state);
    Conn {
        original: packet.tuple.clone(),
        reply: packet.tuple.inverse(),
        zone: packet.zone,
        confirmed: false,
        seen_reply: false,
        assured: false,
        mark: 0,
        snat: false,
        dnat: false,
        source_done: false,
        destination_done: false,
        tcp,
    }
}

/// True when a packet that belongs to no connection makes one, and is not invalid.
fn may_begin(packet: &Packet) -> bool {
    match packet.tuple.proto {
        TCP => packet.flags & RST == 0 && (packet.flags & SYN == 0 || packet.flags & ACK == 0),
        ICMP => matches!(packet.icmp, Some((8 | 13 | 15 | 17, _))),
        ICMPV6 => matches!(packet.icmp, Some((128 | 139, _))),
        _ => true,
    }
}

/// The TCP state machine; false when the packet is invalid in this state.
fn advance(conn: &mut Conn, flags: u8, reply: bool) -> bool {
    let Some(state) = conn.tcp else { return true };
    let next = match (flags & RST != 0, flags & SYN != 0, flags & ACK != 0, reply, state) {
        (true, ..) => Tcp::Closed,
        (_, true, false, false, Tcp::SynSent) => Tcp::SynSent,
        (_, true, true, true, Tcp::SynSent | Tcp::SynReceived) => Tcp::SynReceived,
        (_, false, true, false, Tcp::SynSent) => return false,
        (_, false, true, _, Tcp::SynReceived | Tcp::Established) => {
            conn.assured |= conn.seen_reply;
            Tcp::Established
        }
        (_, _, _, _, state) => state,
    };
    conn.tcp = Some(next);
    true
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    fn packet(flags: u8, reply: bool) -> Packet {
        let (src, dst) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        let tuple = Tuple { proto: TCP, src, dst, sport: 40000, dport: 80 };
        Packet { flags, ..Packet::new(if reply { tuple.inverse() } else { tuple }) }
    }

    fn kinds(packets: &[(u8, bool, bool)]) -> Vec<Option<CtKind>> {
        let mut table = ConnTable::default();
        packets
            .iter()
            .map(|(flags, reply, tracked)| {
                let mut packet = packet(*flags, *reply);
                if *tracked {
                    table.track(&mut packet);
                    table.confirm(&packet);
                }
                packet.ct.map(|ct| ct.kind)
            })
            .collect()
    }

    #[test]
    fn a_handshake_is_new_then_established() {
        let found = kinds(&[(SYN, false, true), (SYN | ACK, true, true), (ACK, false, true)]);
        assert_eq!(found, [Some(CtKind::New), Some(CtKind::Established), Some(CtKind::Established)]);
    }

    #[test]
    fn tracking_one_way_only_makes_strangers() {
        // The SYN was not tracked: its answer is invalid, the client's next packet begins a connection.
        assert_eq!(
            kinds(&[(SYN, false, false), (SYN | ACK, true, true), (ACK, false, true)]),
            [None, None, Some(CtKind::New)]
        );
        // The answer was not tracked: the client's next packet is invalid.
        assert_eq!(
            kinds(&[(SYN, false, true), (SYN | ACK, true, false), (ACK, false, true)]),
            [Some(CtKind::New), None, None]
        );
    }

    #[test]
    fn a_zone_splits_the_table() {
        let mut table = ConnTable::default();
        let mut first = Packet { zone: (7, true, true), ..packet(SYN, false) };
        table.track(&mut first);
        table.confirm(&first);
        let mut stranger = packet(SYN | ACK, true);
        table.track(&mut stranger);
        assert_eq!(stranger.ct, None);
        let mut friend = Packet { zone: (7, true, true), ..packet(SYN | ACK, true) };
        table.track(&mut friend);
        assert_eq!(friend.ct.map(|ct| ct.reply), Some(true));
    }
}
