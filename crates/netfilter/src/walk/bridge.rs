//! Bridges: who is behind which port, and the hooks that br_netfilter adds (net/bridge/br_netfilter_hooks.c).

use std::net::IpAddr;

use super::hooks::{Env, HookEnd};
use super::route::{Out, unknown};
use super::{Cause, Decider, Event, Fate, Sim, Via};
use crate::packet::Packet;
use crate::rules::Hook;

/// Whom a frame is for.
enum Frame {
    /// The bridge's own address.
    Host,
    /// The container behind a port.
    Port(usize),
    /// A machine behind a wire that is a port.
    Wire,
    /// Nobody has the address.
    Nobody,
    /// Perhaps somebody behind a port of which nothing is known.
    Somebody(String),
}

impl Sim<'_, '_> {
    /// Who on a bridge answers for an address.
    fn frame_for(&self, bridge: usize, address: IpAddr, from_port: Option<usize>) -> Frame {
        let host = self.host;
        let has = |member: (usize, usize)| {
            let interface = host.ns(member.0).and_then(|namespace| namespace.interfaces.get(member.1));
            interface.is_some_and(|interface| interface.addresses.iter().any(|own| own.address == address))
        };
        let mut ports = host.ports.iter().enumerate().filter(|(_, port)| port.bridge == bridge);
        if let Some((at, _)) = ports.clone().find(|(_, port)| port.member.is_some_and(has)) {
            return Frame::Port(at);
        }
        // A host answers for every address that it has, on whatever interface.
        if from_port.is_some() && !address.is_loopback() && host.own().is_some_and(|own| own.fib.is_local(address)) {
            return Frame::Host;
        }
        if ports.clone().any(|(_, port)| !port.virtual_link) {
            return Frame::Wire;
        }
        match ports.find(|(_, port)| port.member.is_none()) {
            Some((_, port)) => Frame::Somebody(format!("what is behind port {} of the bridge", port.name)),
            None => Frame::Nobody,
        }
    }

    fn bridge_name(&self, bridge: usize) -> &str {
        self.host.own().and_then(|own| own.interfaces.get(bridge)).map_or("", |interface| &*interface.name)
    }

    /// A packet of the host, or routed by it, leaves by a bridge.
    pub(super) fn bridge_out(&mut self, out: Out, packet: Packet, forwarded: bool) -> Fate {
        match self.frame_for(out.device, out.next, None) {
            Frame::Port(port) => self.hand_over(port, packet),
            Frame::Wire | Frame::Host => Fate::Left { device: out.device, packet },
            Frame::Somebody(what) => unknown(&what, &["docker inspect"]),
            Frame::Nobody => {
                let text = format!("nobody on {} has {}", self.bridge_name(out.device), out.next);
                self.no_neighbour(0, &packet, Cause::new(Decider::Neighbour, text, None), forwarded)
            }
        }
    }

    /// The container behind a port gets the packet.
    fn hand_over(&mut self, port: usize, mut packet: Packet) -> Fate {
        let Some((member, interface)) = self.host.ports.get(port).and_then(|port| port.member) else {
            return unknown("the container behind the port", &["docker inspect"]);
        };
        packet.scrub();
        self.receive(member, interface, packet)
    }

    /// A container's packet enters the bridge by its port.
    pub(super) fn bridge_from(&mut self, namespace: usize, out: Out, port: usize, mut packet: Packet) -> Fate {
        let Some(bridge) = self.host.ports.get(port).map(|port| port.bridge) else {
            return unknown("the bridge of the container", &["docker network inspect"]);
        };
        let mac =
            self.host.ns(namespace).and_then(|own| own.interfaces.get(out.device)).and_then(|own| own.mac.clone());
        packet.scrub();
        packet.mac = mac;
        match self.frame_for(bridge, out.next, Some(port)) {
            Frame::Nobody => {
                let text = format!("nobody on {} has {}", self.bridge_name(bridge), out.next);
                Fate::Unroutable(Cause::new(Decider::Neighbour, text, None))
            }
            Frame::Somebody(what) if self.switched_by_rules(&packet).is_none_or(|on| !on) => {
                unknown(&what, &["docker inspect"])
            }
            frame => self.switch(bridge, port, frame, packet),
        }
    }

    /// bridge-nf-call-iptables for the packet's family.
    fn switched_by_rules(&self, packet: &Packet) -> Option<bool> {
        self.host.bridge_nf.get(usize::from(packet.is_v6())).copied().flatten()
    }

    fn switch(&mut self, bridge: usize, port: usize, frame: Frame, mut packet: Packet) -> Fate {
        let by_rules = match self.switched_by_rules(&packet) {
            Some(by_rules) => by_rules,
            // Only packets that stay on the bridge care.
            None if matches!(frame, Frame::Host) => false,
            None => {
                self.assumed.insert("bridged packets pass the firewall, as Docker sets it up (no document shows net.bridge.bridge-nf-call-iptables)".to_owned());
                true
            }
        };
        if !by_rules {
            return match frame {
                Frame::Host => self.receive(0, bridge, packet),
                Frame::Port(to) => {
                    let text = format!("over {} without passing any rule", self.bridge_name(bridge));
                    self.events.push(Event::Bridge { text });
                    match self.port_refuses(port, to) {
                        Some(cause) => Fate::Lost(cause),
                        None => self.hand_over(to, packet),
                    }
                }
                Frame::Wire => Fate::Left { device: bridge, packet },
                Frame::Somebody(what) => unknown(&what, &["docker inspect"]),
                Frame::Nobody => Fate::Lost(Cause::new(Decider::Neighbour, "nobody has the address", None)),
            };
        }
        packet.port_in = Some(port);
        let before = packet.tuple.dst;
        let env =
            Env { namespace: 0, hook: Hook::Prerouting, input: Some(bridge), output: None, port_out: None, next: None };
        if let HookEnd::Stop(fate) = self.hook(&env, &mut packet) {
            return fate;
        }
        if packet.tuple.dst == before {
            return match frame {
                Frame::Host => self.route(0, bridge, packet),
                frame => self.switch_on(bridge, port, frame, packet),
            };
        }
        // The destination was translated: the packet is routed, and stays on the bridge when that leads back to it.
        match self.bridged_route(0, bridge, &packet) {
            Err(fate) => match *fate {
                // The bridge does not answer for the router.
                Fate::Answered { cause, .. } => Fate::Lost(cause),
                other => other,
            },
            Ok(Some(out)) if out.device == bridge => {
                let frame = self.frame_for(bridge, out.next, None);
                self.switch_on(bridge, port, frame, packet)
            }
            Ok(_) => self.route(0, bridge, packet),
        }
    }

    /// From port to port, through FORWARD and POSTROUTING with the bridge as both devices.
    fn switch_on(&mut self, bridge: usize, port: usize, frame: Frame, mut packet: Packet) -> Fate {
        let to = match &frame {
            Frame::Port(to) => Some(*to),
            Frame::Nobody => {
                let text = format!("nobody on {} has {}", self.bridge_name(bridge), packet.tuple.dst);
                return Fate::Unroutable(Cause::new(Decider::Neighbour, text, None));
            }
            _ => None,
        };
        let text = format!("from port to port of {}", self.bridge_name(bridge));
        self.events.push(Event::Bridge { text });
        if let Some(cause) = to.and_then(|to| self.port_refuses(port, to)) {
            return Fate::Lost(cause);
        }
        // Where the frame leaves by an unknown port, it does leave by one.
        let port_out =
            to.or_else(|| self.host.ports.iter().position(|other| other.bridge == bridge && other.member.is_none()));
        let mut env = Env {
            namespace: 0,
            hook: Hook::Forward,
            input: Some(bridge),
            output: Some(bridge),
            port_out,
            next: Some(packet.tuple.dst),
        };
        if let HookEnd::Stop(fate) = self.hook(&env, &mut packet) {
            return fate;
        }
        (env.hook, env.input) = (Hook::Postrouting, None);
        if let HookEnd::Stop(fate) = self.hook(&env, &mut packet) {
            return fate;
        }
        match frame {
            Frame::Port(to) => self.hand_over(to, packet),
            Frame::Somebody(what) => unknown(&what, &["docker inspect"]),
            _ => Fate::Left { device: bridge, packet },
        }
    }

    /// Why a frame may not go from one port to another.
    fn port_refuses(&self, from: usize, to: usize) -> Option<Cause> {
        let (source, target) = (self.host.ports.get(from)?, self.host.ports.get(to)?);
        let cause = |text: String| Some(Cause::new(Decider::Route, text, target.source.as_ref()));
        if from == to && target.hairpin == Some(false) {
            return cause(format!("port {} does not send frames back where they came from (hairpin off)", target.name));
        }
        if source.isolated && target.isolated {
            return cause(format!("ports {} and {} are isolated from each other", source.name, target.name));
        }
        if !target.forwarding || !source.forwarding {
            let closed = if target.forwarding { source } else { target };
            return cause(format!("port {} does not forward", closed.name));
        }
        None
    }

    /// Sends an answer that was made on the way.
    pub(crate) fn send_answer(&mut self, via: Via, packet: Packet) -> Fate {
        match via {
            Via::Output(namespace) => self.send(namespace, packet),
            Via::Port(port) => match self.host.ports.get(port) {
                Some(found) if found.member.is_none() => Fate::Left { device: found.bridge, packet },
                _ => self.hand_over(port, packet),
            },
        }
    }
}
