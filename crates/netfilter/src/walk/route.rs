//! Sending, receiving and forwarding, after net/ipv4/route.c, fib_frontend.c and ip_forward.c.

use std::net::IpAddr;

use bundlescope_facts::{RouteKind, Source, Text};

use super::hooks::{Env, HookEnd};
use super::{Cause, Decider, Event, Fate, Sim};
use crate::model::{Key, Link, Namespace, NoRoute, Off};
use crate::packet::{Packet, Tuple};
use crate::rules::Hook;

/// The way out of a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Out {
    /// Interface.
    pub(super) device: usize,
    /// Address whose neighbour is asked for.
    pub(super) next: IpAddr,
    /// It stays on this host.
    pub(super) local: bool,
}

/// Where an incoming packet goes.
enum Way {
    Local,
    Forward(Out),
    Stop(Fate),
}

/// `Err` of a route lookup in a form that does not borrow.
enum Lookup {
    Stop(Cause, &'static str, bool),
    Unknown(Fate),
}

impl Sim<'_, '_> {
    fn key<'k>(tuple: &Tuple, mark: u32, iif: &'k str) -> Key<'k> {
        let (sport, dport) = (tuple.sport, tuple.dport);
        Key { dst: tuple.dst, src: Some(tuple.src), iif, oif: None, mark, proto: tuple.proto, sport, dport }
    }

    /// The source address of a packet of this namespace that has none yet.
    pub(crate) fn source_towards(&self, namespace: usize, to: IpAddr) -> Option<IpAddr> {
        let own = self.host.ns(namespace)?;
        let key = Key { dst: to, src: None, iif: "lo", oif: None, mark: 0, proto: 0, sport: 0, dport: 0 };
        let found = own.fib.lookup(&key).ok()?;
        if found.route.kind == RouteKind::Local {
            return Some(found.route.source.unwrap_or(to));
        }
        if let Some(source) = found.route.source {
            return Some(source);
        }
        let hop = found.hop?;
        own.select_address(own.interface(&hop.interface)?, hop.gateway.or(Some(to)), to.is_ipv6())
    }

    /// A route for a packet of this namespace.
    fn output_route(&mut self, namespace: usize, packet: &Packet) -> Result<Out, Box<Fate>> {
        let Some(own) = self.host.ns(namespace) else { return Err(Box::new(unknown("the network namespace", &[]))) };
        let key = Self::key(&packet.tuple, packet.mark, "lo");
        match own.fib.lookup(&key) {
            Ok(found) => {
                let local = found.route.kind == RouteKind::Local;
                let hop = found.hop.filter(|_| !local);
                let name = hop.map_or("lo", |hop| &*hop.interface);
                let Some(device) = own.interface(name).or_else(|| own.interface("lo")) else {
                    return Err(Box::new(unknown("the interfaces of the host", &["ip addr"])));
                };
                let next = hop.and_then(|hop| hop.gateway).unwrap_or(packet.tuple.dst);
                let text = if local {
                    format!("{} is an own address: by lo", packet.tuple.dst)
                } else {
                    way_text(found.route.destination, hop.and_then(|hop| hop.gateway), name, &found.route.table)
                };
                self.events.push(Event::Route { text, source: found.route.fact.clone() });
                Ok(Out { device, next, local })
            }
            Err(error) => match describe(own, packet.tuple.dst, error) {
                Lookup::Stop(cause, ..) => Err(Box::new(Fate::Unroutable(cause))),
                Lookup::Unknown(fate) => Err(Box::new(fate)),
            },
        }
    }

    /// `ip_route_me_harder`: the route of a packet of the host that mangle or NAT has changed.
    pub(super) fn reroute(&mut self, namespace: usize, packet: &Packet) -> Result<Out, Box<Fate>> {
        self.output_route(namespace, packet).map_err(|fate| match *fate {
            // TCP tries again and again; only datagram senders see the error.
            Fate::Unroutable(cause) if packet.tuple.proto == crate::packet::TCP => Box::new(Fate::Lost(cause)),
            other => Box::new(other),
        })
    }

    /// Sends a packet of this namespace.
    pub(crate) fn send(&mut self, namespace: usize, mut packet: Packet) -> Fate {
        if let Some(end) = self.hop() {
            return end;
        }
        let mut out = match self.output_route(namespace, &packet) {
            Ok(out) => out,
            Err(fate) => return *fate,
        };
        let env = Env {
            namespace,
            hook: Hook::Output,
            input: None,
            output: Some(out.device),
            port_out: None,
            next: Some(out.next),
        };
        match self.hook(&env, &mut packet) {
            HookEnd::Pass(None) => {}
            HookEnd::Pass(Some(way)) => out = way,
            HookEnd::Stop(fate) => return fate,
        }
        self.postroute(namespace, None, out, packet)
    }

    fn postroute(&mut self, namespace: usize, input: Option<usize>, out: Out, mut packet: Packet) -> Fate {
        let env = Env {
            namespace,
            hook: Hook::Postrouting,
            input,
            output: Some(out.device),
            port_out: None,
            next: Some(out.next),
        };
        if let HookEnd::Stop(fate) = self.hook(&env, &mut packet) {
            return fate;
        }
        if out.local {
            self.loop_back(namespace, packet)
        } else {
            self.transmit(namespace, out, packet, input.is_some())
        }
    }

    /// Over lo: the packet keeps its route, so nothing is looked up again.
    fn loop_back(&mut self, namespace: usize, mut packet: Packet) -> Fate {
        if let Some(end) = self.hop() {
            return end;
        }
        let lo = self.host.ns(namespace).and_then(|own| own.interface("lo"));
        packet.sender = crate::packet::Sender::Nobody;
        let env = Env { namespace, hook: Hook::Prerouting, input: lo, output: None, port_out: None, next: None };
        if let HookEnd::Stop(fate) = self.hook(&env, &mut packet) {
            return fate;
        }
        self.deliver(namespace, lo, packet)
    }

    /// INPUT, then the sockets.
    fn deliver(&mut self, namespace: usize, input: Option<usize>, mut packet: Packet) -> Fate {
        let env = Env { namespace, hook: Hook::Input, input, output: None, port_out: None, next: None };
        match self.hook(&env, &mut packet) {
            HookEnd::Pass(_) => Fate::Arrived { namespace, packet },
            HookEnd::Stop(fate) => fate,
        }
    }

    /// A packet comes in by a device; PREROUTING is run here.
    pub(crate) fn receive(&mut self, namespace: usize, device: usize, mut packet: Packet) -> Fate {
        if let Some(end) = self.hop() {
            return end;
        }
        let env =
            Env { namespace, hook: Hook::Prerouting, input: Some(device), output: None, port_out: None, next: None };
        match self.hook(&env, &mut packet) {
            HookEnd::Pass(_) => self.route(namespace, device, packet),
            HookEnd::Stop(fate) => fate,
        }
    }

    /// Behind PREROUTING: the routing decision and what follows from it.
    pub(super) fn route(&mut self, namespace: usize, device: usize, packet: Packet) -> Fate {
        match self.input_route(namespace, device, &packet, false) {
            Way::Local => self.deliver(namespace, Some(device), packet),
            Way::Forward(out) => self.forward(namespace, device, out, packet),
            Way::Stop(fate) => fate,
        }
    }

    /// Whether a bridged packet whose destination was translated is routed, and where to; `Err` when it is lost.
    pub(super) fn bridged_route(
        &mut self,
        namespace: usize,
        device: usize,
        packet: &Packet,
    ) -> Result<Option<Out>, Box<Fate>> {
        match self.input_route(namespace, device, packet, true) {
            Way::Local => Ok(None),
            Way::Forward(out) => Ok(Some(out)),
            Way::Stop(fate) => Err(Box::new(fate)),
        }
    }

    pub(super) fn forward(&mut self, namespace: usize, input: usize, out: Out, mut packet: Packet) -> Fate {
        if let Some(end) = self.hop() {
            return end;
        }
        packet.ttl = packet.ttl.map(|ttl| ttl.saturating_sub(1));
        let env = Env {
            namespace,
            hook: Hook::Forward,
            input: Some(input),
            output: Some(out.device),
            port_out: None,
            next: Some(out.next),
        };
        if let HookEnd::Stop(fate) = self.hook(&env, &mut packet) {
            return fate;
        }
        self.postroute(namespace, Some(input), out, packet)
    }

    /// `ip_route_input_slow`. IPv6 asks whether it may forward after the route, in `ip6_forward`, where a packet that stays on
    /// its bridge never comes (`br_nf_pre_routing_finish_ipv6`).
    fn input_route(&mut self, namespace: usize, device: usize, packet: &Packet, bridged: bool) -> Way {
        let lost = |text: String, decider: Decider, source: Option<&Source>| {
            Way::Stop(Fate::Lost(Cause::new(decider, text, source)))
        };
        let Some(own) = self.host.ns(namespace) else { return Way::Stop(unknown("the network namespace", &[])) };
        let name = own.interfaces.get(device).map_or("", |interface| &*interface.name);
        let tuple = &packet.tuple;
        let v6 = packet.is_v6();
        let localnet = || own.either_sysctl(name, "route_localnet");
        if (tuple.src.is_loopback() || tuple.dst.is_loopback()) && (v6 || !localnet()) {
            let which = if tuple.dst.is_loopback() { tuple.dst } else { tuple.src };
            let text = format!("{which} is not taken from {name}: net.ipv4.conf.{name}.route_localnet is off");
            let source = own.sysctl_source(&format!("net.ipv4.conf.{name}.route_localnet"));
            return lost(text, Decider::Sysctl, source);
        }
        if !v6 && (tuple.src.is_multicast() || tuple.src == IpAddr::from([255; 4]) || tuple.src.is_unspecified()) {
            return lost(format!("{} cannot be a source address", tuple.src), Decider::Route, None);
        }
        let key = Self::key(tuple, packet.mark, name);
        let found = own.fib.lookup(&key);
        if let Ok(found) = &found
            && found.route.kind == RouteKind::Local
        {
            if let Some(cause) = source_is_invalid(own, device, packet) {
                return Way::Stop(Fate::Lost(cause));
            }
            let source = found.route.fact.clone();
            self.events.push(Event::Route { text: format!("{} is an own address", tuple.dst), source });
            return Way::Local;
        }
        let forwards = match own.forwards(v6, name) {
            _ if v6 && bridged => true,
            Some(forwards) => forwards,
            None if self.host.containers.iter().any(|container| container.running) => {
                self.assumed.insert(
                    "packets are forwarded, as Docker needs it (no document shows net.ipv4.ip_forward)".to_owned(),
                );
                self.unlisted.insert(crate::Unlisted::Settings);
                true
            }
            None => return Way::Stop(unknown("whether packets are forwarded (net.ipv4.ip_forward)", &["sysctl"])),
        };
        if !forwards {
            // The switch for everything where that is off, for it sets the others; else the device's own.
            let all = if v6 { "net.ipv6.conf.all.forwarding" } else { "net.ipv4.ip_forward" };
            let device_key = format!("net.ipv4.conf.{name}.forwarding");
            let one = own.sysctl(all) != Some(0) && own.sysctl_source(&device_key).is_some();
            let key = if one { &*device_key } else { all };
            return lost(
                format!("{key} = 0: packets that are not for this host are not forwarded"),
                Decider::Sysctl,
                own.sysctl_source(key).or_else(|| own.sysctl_source(&device_key)),
            );
        }
        match found {
            Ok(found) if found.route.kind == RouteKind::Unicast => {
                let Some(hop) = found.hop else { return Way::Stop(unknown("the interface of a route", &["ip route"])) };
                if let Some(cause) = source_is_invalid(own, device, packet) {
                    return Way::Stop(Fate::Lost(cause));
                }
                let Some(device) = own.interface(&hop.interface) else {
                    return Way::Stop(unknown(&format!("interface {}", hop.interface), &["ip addr"]));
                };
                let text = way_text(found.route.destination, hop.gateway, &hop.interface, &found.route.table);
                self.events.push(Event::Route { text, source: found.route.fact.clone() });
                Way::Forward(Out { device, next: hop.gateway.unwrap_or(tuple.dst), local: false })
            }
            Ok(found) => lost(
                format!("{} is not an address of one machine", tuple.dst),
                Decider::Route,
                found.route.fact.as_ref(),
            ),
            Err(error) => match describe(own, tuple.dst, error) {
                Lookup::Unknown(fate) => Way::Stop(fate),
                Lookup::Stop(cause, _, true) => Way::Stop(Fate::Lost(cause)),
                Lookup::Stop(cause, word, false) => Way::Stop(self.router_error(namespace, packet, cause, word)),
            },
        }
    }

    /// `ip_error`: the router says that there is no way.
    pub(super) fn router_error(&mut self, namespace: usize, packet: &Packet, cause: Cause, word: &str) -> Fate {
        let Some(kind) = crate::packet::reject_icmp(word, packet.is_v6()) else { return Fate::Lost(cause) };
        match self.icmp_error(namespace, packet, kind, false) {
            Some(answer) => Fate::Answered {
                cause,
                word: word.to_owned(),
                unroutable: true,
                answer: Box::new(answer),
                via: super::Via::Output(namespace),
            },
            None => Fate::Lost(cause),
        }
    }

    /// Hands a packet to its interface: the neighbour is asked for, then it is on the other side.
    pub(super) fn transmit(&mut self, namespace: usize, out: Out, packet: Packet, forwarded: bool) -> Fate {
        if let Some(end) = self.hop() {
            return end;
        }
        let Some(own) = self.host.ns(namespace) else { return unknown("the network namespace", &[]) };
        let Some(interface) = own.interfaces.get(out.device) else { return unknown("the interface", &["ip addr"]) };
        let known = own.neighbours.iter().find(|n| n.address == out.next && n.interface == interface.name);
        // Who has just sent a packet is known; others are asked for, with the packet's source as the asking address.
        let asks = matches!(self.leg, super::Leg::Fwd | super::Leg::ProxyFwd);
        if packet.tuple.src.is_loopback() && asks && known.is_none_or(|neighbour| neighbour.mac.is_none()) {
            let text = format!("a request from {} for {} is not answered", packet.tuple.src, out.next);
            return self.no_neighbour(namespace, &packet, Cause::new(Decider::Neighbour, text, None), forwarded);
        }
        if namespace == 0
            && let Some((off, source)) = interface.is_off().filter(|_| !interface.bridge)
        {
            let text = match off {
                Off::Down => format!("{} is down", interface.name),
                Off::NoCarrier => format!("{} has no carrier", interface.name),
            };
            return self.no_neighbour(
                namespace,
                &packet,
                Cause::new(Decider::Neighbour, text, Some(source)),
                forwarded,
            );
        }
        if interface.bridge && namespace == 0 {
            return self.bridge_out(out, packet, forwarded);
        }
        if let (Link::Port(port), true) = (interface.link, namespace != 0)
            && let Some((name, source)) = self.bridge_down(port)
        {
            let cause = Cause::new(Decider::Neighbour, format!("the bridge {name} is down"), Some(&source));
            return self.no_neighbour(namespace, &packet, cause, forwarded);
        }
        match interface.link {
            Link::Loopback => self.loop_back(namespace, packet),
            Link::Port(port) if namespace != 0 => self.bridge_from(namespace, out, port, packet),
            Link::Outside if own.container.is_some() => {
                let missing = &["docker network inspect", "ip addr"];
                unknown(&format!("the bridge that {} of the container is connected to", interface.name), missing)
            }
            Link::Port(_) | Link::Outside => {
                let failed = known.filter(|neighbour| {
                    neighbour.mac.is_none() && matches!(neighbour.state.as_deref(), Some("FAILED" | "INCOMPLETE"))
                });
                match failed {
                    Some(neighbour) => {
                        let text = format!("{} does not answer on {}", out.next, interface.name);
                        let cause = Cause::new(Decider::Neighbour, text, Some(&neighbour.source));
                        self.no_neighbour(namespace, &packet, cause, forwarded)
                    }
                    None => Fate::Left { device: out.device, packet },
                }
            }
        }
    }

    /// The bridge of a port, when it is set down: it takes no frames.
    fn bridge_down(&self, port: usize) -> Option<(Text, Source)> {
        let bridge = self.host.own()?.interfaces.get(self.host.ports.get(port)?.bridge)?;
        let (off, source) = bridge.is_off()?;
        // Without a carrier it has no member that is up, which a member itself contradicts.
        (*off == Off::Down).then(|| (bridge.name.clone(), source.clone()))
    }

    /// A neighbour that does not exist: an error for local senders, an ICMP error for others.
    pub(super) fn no_neighbour(&mut self, namespace: usize, packet: &Packet, cause: Cause, forwarded: bool) -> Fate {
        if !forwarded {
            return Fate::Unroutable(cause);
        }
        let word = if packet.is_v6() { "icmp6-addr-unreachable" } else { "icmp-host-unreachable" };
        self.router_error(namespace, packet, cause, word)
    }
}

pub(super) fn unknown(reason: &str, missing: &[&'static str]) -> Fate {
    Fate::Unknown { reason: reason.to_owned(), missing: missing.to_vec() }
}

fn way_text(destination: ipnet::IpNet, gateway: Option<IpAddr>, device: &str, table: &str) -> String {
    let via = gateway.map(|gateway| format!(" via {gateway}")).unwrap_or_default();
    let table = if table == "main" { String::new() } else { format!(" (table {table})") };
    format!("{destination}{via} by {device}{table}")
}

/// The words for a failed lookup: cause, ICMP error, and whether it is silent.
fn describe(own: &Namespace, to: IpAddr, error: NoRoute<'_>) -> Lookup {
    let v6 = to.is_ipv6();
    let net = if v6 { "icmp6-no-route" } else { "icmp-net-unreachable" };
    let cause = |text: String, source: Option<&Source>| Cause::new(Decider::Route, text, source);
    match error {
        NoRoute::Unknown(table) => {
            Lookup::Unknown(unknown(&format!("routing table {table}"), &["ip route show table all"]))
        }
        NoRoute::None if !own.fib.seen => Lookup::Unknown(unknown(&format!("the route to {to}"), &["ip route"])),
        NoRoute::None => Lookup::Stop(cause(format!("no route to {to}"), None), net, false),
        NoRoute::Blackhole(source) => {
            Lookup::Stop(cause(format!("the route to {to} is a black hole"), Some(source)), net, true)
        }
        NoRoute::Unreachable(source) => {
            let word = if v6 { "icmp6-no-route" } else { "icmp-host-unreachable" };
            Lookup::Stop(cause(format!("the route to {to} says unreachable"), Some(source)), word, false)
        }
        NoRoute::Prohibit(source) => {
            let word = if v6 { "icmp6-adm-prohibited" } else { "icmp-admin-prohibited" };
            Lookup::Stop(cause(format!("the route to {to} says prohibit"), Some(source)), word, false)
        }
    }
}

/// `fib_validate_source`: martian sources and the reverse path filter of IPv4.
fn source_is_invalid(own: &Namespace, device: usize, packet: &Packet) -> Option<Cause> {
    if packet.is_v6() {
        return None;
    }
    let name = own.interfaces.get(device).map_or("", |interface| &*interface.name);
    let src = packet.tuple.src;
    let filter = own.max_sysctl(name, "rp_filter");
    let accept_local = own.either_sysctl(name, "accept_local");
    let martian =
        || Some(Cause::new(Decider::Route, format!("{src} is an own address and cannot come from {name}"), None));
    if filter == 0 && !own.fib.has_custom_rules() {
        let is_own =
            own.interfaces.iter().any(|interface| interface.addresses.iter().any(|address| address.address == src));
        return if is_own && !accept_local { martian() } else { None };
    }
    let strict = || {
        let key = format!("net.ipv4.conf.{name}.rp_filter");
        let source = own.sysctl_source(&key).or_else(|| own.sysctl_source("net.ipv4.conf.all.rp_filter"));
        let text = format!("rp_filter = {filter} on {name}: answers to {src} would not leave by {name}");
        Some(Cause::new(Decider::Sysctl, text, source))
    };
    let mark = if own.either_sysctl(name, "src_valid_mark") { packet.mark } else { 0 };
    let key = Key {
        dst: src,
        src: Some(packet.tuple.dst),
        iif: "lo",
        oif: None,
        mark,
        proto: packet.tuple.proto,
        sport: packet.tuple.dport,
        dport: packet.tuple.sport,
    };
    match own.fib.lookup(&key) {
        Ok(found) => match found.route.kind {
            RouteKind::Unicast if found.route.hops.iter().any(|hop| *hop.interface == *name) => None,
            RouteKind::Unicast if filter == 1 => strict(),
            RouteKind::Unicast => None,
            RouteKind::Local if accept_local => {
                if filter == 1 {
                    strict()
                } else {
                    None
                }
            }
            _ => martian(),
        },
        Err(_) if filter != 0 => strict(),
        Err(_) => None,
    }
}
