//! A whole conversation: who listens, the handshake, errors on their way back, docker-proxy's own connection.

mod ends;
mod proxy;

use std::net::IpAddr;

use bundlescope_facts::{Proto, Source, Text};

use crate::answer::{Left, Verdict};
use crate::flow::Flow;
use crate::model::{Listening, Namespace};
use crate::packet::{ACK, ICMP, ICMPV6, PSH, Packet, SYN, Sender, TCP, Tuple, UDP};
use crate::walk::{Cause, Decider, Event, Fate, Leg, Sim, Via, error_packet, reset};

/// One end of the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// A namespace of this host.
    Namespace(usize),
    /// A machine outside, by an interface of the host.
    Outside(usize),
}

/// What was reached.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Target {
    /// Namespace; `None` for a machine outside.
    pub(crate) namespace: Option<usize>,
    pub(crate) address: IpAddr,
    pub(crate) port: Option<u16>,
    pub(crate) process: Option<Text>,
    pub(crate) source: Option<Source>,
}

/// How a run of the conversation ended.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    pub(crate) verdict: Verdict,
    pub(crate) leg: Option<Leg>,
    pub(crate) reject_with: Option<String>,
    pub(crate) cause: Option<Cause>,
    pub(crate) target: Option<Target>,
    /// For `unknown`: what decides, and the formats that would tell.
    pub(crate) open: Option<(String, Vec<&'static str>)>,
}

impl Outcome {
    fn new(verdict: Verdict) -> Self {
        Self { verdict, leg: None, reject_with: None, cause: None, target: None, open: None }
    }

    pub(crate) fn unknown(reason: impl Into<String>, missing: Vec<&'static str>) -> Self {
        Self { open: Some((reason.into(), missing)), ..Self::new(Verdict::Unknown) }
    }

    fn stopped(verdict: Verdict, leg: Leg, cause: Option<Cause>) -> Self {
        Self { leg: Some(leg), cause, ..Self::new(verdict) }
    }

    fn reached(verdict: Verdict, target: Target) -> Self {
        Self { target: Some(target), ..Self::new(verdict) }
    }
}

/// What a namespace does with a packet that reached it.
enum Socket<'a> {
    Open(&'a Listening),
    Closed,
    /// Nothing tells, but the container is known to use the port.
    Likely,
    Unknown,
}

impl Sim<'_, '_> {
    /// Follows the conversation to its end.
    pub(crate) fn converse(&mut self, flow: &Flow) -> Outcome {
        let client = match self.client(flow) {
            Ok(client) => client,
            Err(outcome) => return *outcome,
        };
        let tuple = match self.first_tuple(flow, client) {
            Ok(tuple) => tuple,
            Err(outcome) => return *outcome,
        };
        match tuple.proto {
            ICMP | ICMPV6 => self.ping(client, tuple),
            TCP => self.connect(client, tuple),
            _ => self.datagram(client, tuple),
        }
    }

    /// Sends a packet from one end.
    fn depart(&mut self, leg: Leg, end: End, mut packet: Packet) -> Fate {
        match end {
            End::Namespace(namespace) => {
                self.begin(leg, &packet, Some(namespace));
                self.send(namespace, packet)
            }
            End::Outside(device) => {
                self.begin(leg, &packet, None);
                packet.ttl = None;
                packet.mac = self.host.own().and_then(|own| {
                    let known = own.neighbours.iter().find(|neighbour| neighbour.address == packet.tuple.src);
                    known.and_then(|neighbour| neighbour.mac.clone())
                });
                self.receive(0, device, packet)
            }
        }
    }

    fn packet(&self, tuple: Tuple, flags: u8, sender: Sender) -> Packet {
        let length = match (tuple.proto, flags) {
            (TCP, flags) if flags & SYN != 0 => (60, 60),
            (TCP, flags) if flags & PSH == 0 => (52, 52),
            (TCP, _) => (53, 1500),
            // What a first datagram or ping keeps to without knowing the path: 576 bytes (RFC 1122, 3.3.3).
            _ => (28, 576),
        };
        Packet { flags, length, sender, ..Packet::new(tuple) }
    }

    fn client_sender(&self, client: End) -> Sender {
        match client {
            End::Namespace(_) => Sender::Process,
            End::Outside(_) => Sender::Nobody,
        }
    }

    /// True when a packet that went its way is back at the client.
    fn is_home(client: End, fate: &Fate, expected: &Tuple) -> Option<bool> {
        match (client, fate) {
            (End::Namespace(own), Fate::Arrived { namespace, packet }) => {
                Some(own == *namespace && packet.tuple == *expected)
            }
            (End::Outside(_), Fate::Left { packet, .. }) => Some(packet.tuple == *expected),
            (_, Fate::Arrived { .. } | Fate::Left { .. }) => Some(false),
            _ => None,
        }
    }

    fn connect(&mut self, client: End, tuple: Tuple) -> Outcome {
        let sender = self.client_sender(client);
        let first = self.packet(tuple.clone(), SYN, sender.clone());
        let (server, seen, target) = match self.deliver_first(Leg::Fwd, client, first) {
            Ok(found) => found,
            Err(outcome) => return *outcome,
        };
        let answer = self.packet(seen.tuple.inverse(), SYN | ACK, self.server_sender(&target));
        if let Some(outcome) = self.answer(Leg::Rep, client, server, answer, &tuple) {
            return outcome;
        }
        let ack = self.packet(tuple.clone(), ACK, sender.clone());
        let lost_ack = self.later(Leg::Ack, client, server, ack, &seen.tuple);
        let data = self.packet(tuple.clone(), ACK | PSH, sender);
        if let Some(outcome) = self.later(Leg::Dat, client, server, data, &seen.tuple) {
            // Data acknowledges as well: a lost acknowledgement alone does no harm.
            return lost_ack.unwrap_or(outcome);
        }
        // What the server has to say is as much a part of the connection as what it was asked.
        let answer = self.packet(seen.tuple.inverse(), ACK | PSH, self.server_sender(&target));
        if let Some(outcome) = self.answer(Leg::Rep, client, server, answer, &tuple) {
            let verdict = if outcome.verdict == Verdict::Unknown { Verdict::Unknown } else { Verdict::Stalled };
            return Outcome { verdict, ..outcome };
        }
        if let Some(outcome) = self.kept(&target) {
            return outcome;
        }
        match self.proxied(&target) {
            Some(proxied) => self.behind_proxy(server, proxied),
            None => Outcome::reached(Verdict::Delivered, target),
        }
    }

    /// A packet behind the handshake: the client is connected whatever becomes of it.
    fn later(&mut self, leg: Leg, client: End, server: End, packet: Packet, seen: &Tuple) -> Option<Outcome> {
        let fate = self.depart(leg, client, packet);
        let there = match (&fate, server) {
            (Fate::Arrived { namespace, packet }, End::Namespace(own)) => own == *namespace && packet.tuple == *seen,
            (Fate::Left { packet, .. }, End::Outside(_)) => packet.tuple == *seen,
            _ => false,
        };
        if there {
            return None;
        }
        Some(match fate {
            Fate::Unknown { reason, missing } => Outcome::unknown(reason, missing),
            Fate::Lost(cause) | Fate::Unroutable(cause) | Fate::Answered { cause, .. } => {
                Outcome::stopped(Verdict::Stalled, leg, Some(cause))
            }
            Fate::Arrived { .. } | Fate::Left { .. } => {
                let text = "the packet reaches the server with other addresses than the first one did";
                Outcome::stopped(Verdict::Stalled, leg, Some(Cause::new(Decider::Route, text, None)))
            }
        })
    }

    fn datagram(&mut self, client: End, tuple: Tuple) -> Outcome {
        let first = self.packet(tuple.clone(), 0, self.client_sender(client));
        let (server, seen, target) = match self.deliver_first(Leg::Fwd, client, first) {
            Ok(found) => found,
            Err(outcome) => return *outcome,
        };
        let proxied = self.proxied(&target);
        if let Some(proxied) = proxied {
            let outcome = self.behind_proxy(server, proxied);
            if outcome.verdict != Verdict::Delivered {
                // Without a handshake the client sees nothing but silence.
                let verdict = if outcome.verdict == Verdict::Unknown { Verdict::Unknown } else { Verdict::Dropped };
                return Outcome { verdict, ..outcome };
            }
        }
        let answer = self.packet(seen.tuple.inverse(), 0, self.server_sender(&target));
        match self.answer(Leg::Rep, client, server, answer, &tuple) {
            Some(outcome) => outcome,
            None => Outcome::reached(Verdict::Delivered, target),
        }
    }

    fn ping(&mut self, client: End, tuple: Tuple) -> Outcome {
        let (request, reply) = if tuple.proto == ICMPV6 { (128, 129) } else { (8, 0) };
        let mut first = self.packet(tuple.clone(), 0, self.client_sender(client));
        first.icmp = Some((request, 0));
        let (server, seen, target) = match self.deliver_first(Leg::Fwd, client, first) {
            Ok(found) => found,
            Err(outcome) => return *outcome,
        };
        let mut answer = self.packet(seen.tuple.inverse(), 0, Sender::Nobody);
        answer.icmp = Some((reply, 0));
        match self.answer(Leg::Rep, client, server, answer, &tuple) {
            Some(outcome) => outcome,
            None => Outcome::reached(Verdict::Delivered, target),
        }
    }

    /// Brings the first packet to somebody who takes it; everything else is an outcome.
    fn deliver_first(&mut self, leg: Leg, client: End, first: Packet) -> Result<(End, Packet, Target), Box<Outcome>> {
        let tuple = first.tuple.clone();
        let fate = self.depart(leg, client, first);
        let outcome = match fate {
            Fate::Unknown { reason, missing } => Outcome::unknown(reason, missing),
            Fate::Lost(cause) => Outcome::stopped(Verdict::Dropped, leg, Some(cause)),
            Fate::Unroutable(cause) => Outcome::stopped(Verdict::Unroutable, leg, Some(cause)),
            Fate::Answered { cause, word, unroutable, answer, via } => {
                let verdict = if unroutable { Verdict::Unroutable } else { Verdict::Rejected };
                self.error_home(
                    client,
                    &tuple,
                    *answer,
                    via,
                    Outcome { reject_with: Some(word), ..Outcome::stopped(verdict, leg, Some(cause)) },
                )
            }
            Fate::Left { device, packet } => {
                let port = packet.has_ports().then_some(packet.tuple.dport);
                if self.left.is_none() && leg == Leg::Fwd {
                    let own = self.host.own().and_then(|own| own.interfaces.get(device));
                    let (source, translated) = (packet.tuple.src, packet.tuple.src != tuple.src);
                    self.left = own.map(|own| Left { interface: own.name.clone(), source, translated });
                }
                let (address, process, source) = (packet.tuple.dst, None, None);
                let target = Target { namespace: None, address, port, process, source };
                self.events.push(Event::Socket { text: format!("{address} outside this host"), source: None });
                return Ok((End::Outside(device), packet, target));
            }
            Fate::Arrived { namespace, packet } => return self.at_socket(client, &tuple, namespace, packet),
        };
        Err(Box::new(outcome))
    }

    fn at_socket(
        &mut self,
        client: End,
        tuple: &Tuple,
        namespace: usize,
        packet: Packet,
    ) -> Result<(End, Packet, Target), Box<Outcome>> {
        let (address, port) = packet.tproxy.unwrap_or((packet.tuple.dst, packet.tuple.dport));
        let host = self.host;
        let Some(own) = host.ns(namespace) else { return Err(Box::new(Outcome::unknown("the namespace", Vec::new()))) };
        let icmp = matches!(packet.tuple.proto, ICMP | ICMPV6);
        let target =
            Target { namespace: Some(namespace), address, port: (!icmp).then_some(port), process: None, source: None };
        if icmp {
            self.events.push(Event::Socket { text: format!("{address} answers pings"), source: None });
            return Ok((End::Namespace(namespace), packet, target));
        }
        let proto = match packet.tuple.proto {
            TCP => Proto::Tcp,
            UDP => Proto::Udp,
            _ => Proto::Sctp,
        };
        let whose = own.container.as_ref().map_or_else(|| "the host".to_owned(), |name| format!("container {name}"));
        match self.socket(namespace, own, proto, address, port) {
            Socket::Open(listener) => {
                let text = format!(
                    "{} listens on {}:{}",
                    listener.process.as_deref().unwrap_or("a process"),
                    listener.address,
                    port
                );
                self.events.push(Event::Socket { text, source: Some(listener.source.clone()) });
                let (process, source) = (listener.process.clone(), Some(listener.source.clone()));
                Ok((End::Namespace(namespace), packet, Target { process, source, ..target }))
            }
            Socket::Likely => {
                self.assumed
                    .insert(format!("{whose} listens on {}/{port}, which it exposes or publishes", proto.word()));
                self.events.push(Event::Socket { text: format!("{whose} exposes port {port}"), source: None });
                Ok((End::Namespace(namespace), packet, target))
            }
            Socket::Unknown => {
                let missing =
                    vec![if own.container.is_some() { "docker exec CONTAINER ss -lntup" } else { "ss -lntup" }];
                let reason = format!("whether {whose} listens on {}/{port}", proto.word());
                Err(Box::new(Outcome { target: Some(target), ..Outcome::unknown(reason, missing) }))
            }
            Socket::Closed => {
                let text = format!("nobody listens on {}/{port} at {address} in {whose}", proto.word());
                self.events.push(Event::Socket { text: text.clone(), source: None });
                let refused = Outcome {
                    target: Some(target),
                    ..Outcome::stopped(Verdict::Refused, Leg::Err, Some(Cause::new(Decider::Listener, text, None)))
                };
                Err(Box::new(self.refuse(client, tuple, namespace, &packet, refused)))
            }
        }
    }

    /// The stack's own refusal sets out: a reset, or ICMP port unreachable.
    fn refuse(&mut self, client: End, tuple: &Tuple, namespace: usize, packet: &Packet, outcome: Outcome) -> Outcome {
        let (answer, word) = if packet.tuple.proto == TCP {
            (reset(packet), "tcp-reset")
        } else {
            let (kind, word) =
                if packet.is_v6() { ((1, 4), "icmp6-port-unreachable") } else { ((3, 3), "icmp-port-unreachable") };
            let mut answer = error_packet(packet.tuple.dst, packet.tuple.src, kind, &packet.tuple);
            crate::conntrack::ConnTable::attach(&mut answer, packet);
            (answer, word)
        };
        let outcome = Outcome { reject_with: Some(word.to_owned()), leg: None, ..outcome };
        self.error_home(client, tuple, answer, Via::Output(namespace), outcome)
    }

    /// Brings an error to the client; when it dies on the way the client sees silence.
    fn error_home(&mut self, client: End, tuple: &Tuple, answer: Packet, via: Via, outcome: Outcome) -> Outcome {
        let namespace = match via {
            Via::Output(namespace) => namespace,
            Via::Port(_) => 0,
        };
        self.begin(Leg::Err, &answer, Some(namespace));
        let is_reset = answer.quoted.is_none();
        let fate = self.send_answer(via, answer);
        let home = match (&fate, client) {
            (Fate::Arrived { namespace, packet }, End::Namespace(own)) if own == *namespace => Some(packet),
            (Fate::Left { packet, .. }, End::Outside(_)) if packet.tuple.dst == tuple.src => Some(packet),
            _ => None,
        };
        if let Some(packet) = home {
            let fits = if is_reset { packet.tuple == tuple.inverse() } else { packet.quoted.as_deref() == Some(tuple) };
            if fits {
                return outcome;
            }
        }
        match fate {
            Fate::Unknown { reason, missing } => Outcome::unknown(reason, missing),
            // A rejection that does not come home is what the rule is worth: a drop.
            Fate::Lost(_) | Fate::Unroutable(_) | Fate::Answered { .. } if outcome.leg.is_some() => {
                Outcome { verdict: Verdict::Dropped, reject_with: None, ..outcome }
            }
            Fate::Lost(cause) | Fate::Unroutable(cause) | Fate::Answered { cause, .. } => {
                Outcome { target: outcome.target, ..Outcome::stopped(Verdict::Dropped, Leg::Err, Some(cause)) }
            }
            Fate::Arrived { .. } | Fate::Left { .. } => {
                let text = "the error comes with other addresses than the client knows, so it is ignored";
                Outcome::stopped(Verdict::Dropped, Leg::Err, Some(Cause::new(Decider::Route, text, None)))
            }
        }
    }

    /// Brings the answer to the client; `None` when it got there.
    fn answer(&mut self, leg: Leg, client: End, server: End, answer: Packet, tuple: &Tuple) -> Option<Outcome> {
        let fate = self.depart(leg, server, answer);
        match Self::is_home(client, &fate, &tuple.inverse()) {
            Some(true) => None,
            Some(false) => {
                let from = match &fate {
                    Fate::Arrived { packet, .. } | Fate::Left { packet, .. } => packet.tuple.src.to_string(),
                    _ => String::new(),
                };
                let text = format!("the answer comes from {from}, where the client expects {}", tuple.dst);
                Some(Outcome::stopped(Verdict::Dropped, leg, Some(Cause::new(Decider::Route, text, None))))
            }
            None => Some(match fate {
                Fate::Unknown { reason, missing } => Outcome::unknown(reason, missing),
                Fate::Lost(cause) | Fate::Unroutable(cause) | Fate::Answered { cause, .. } => {
                    Outcome::stopped(Verdict::Dropped, leg, Some(cause))
                }
                Fate::Arrived { .. } | Fate::Left { .. } => return None,
            }),
        }
    }

    fn server_sender(&self, target: &Target) -> Sender {
        match (target.namespace, target.process.as_deref()) {
            (None, _) => Sender::Nobody,
            (_, Some("docker-proxy")) => Sender::User("0".into()),
            _ => Sender::Process,
        }
    }

    fn socket<'n>(&self, namespace: usize, own: &'n Namespace, proto: Proto, address: IpAddr, port: u16) -> Socket<'n> {
        let takes = |listener: &&Listening| {
            let on_address = listener.address == address
                || (listener.address.is_unspecified()
                    && (listener.address.is_ipv4() == address.is_ipv4()
                        || (listener.address.is_ipv6() && listener.v6_only != Some(true))));
            listener.proto == proto && listener.port == port && on_address
        };
        // The socket bound to the address itself comes before one bound to all.
        let open = own.listeners.iter().filter(takes).min_by_key(|listener| listener.address.is_unspecified());
        if let Some(listener) = open {
            return Socket::Open(listener);
        }
        let listed = match proto {
            Proto::Tcp => own.tcp_listed,
            Proto::Udp => own.udp_listed,
            _ => false,
        };
        if listed {
            return Socket::Closed;
        }
        let uses = self.host.container_of(namespace).is_some_and(|container| container.ports.contains(&(proto, port)));
        if uses && namespace != 0 { Socket::Likely } else { Socket::Unknown }
    }
}
