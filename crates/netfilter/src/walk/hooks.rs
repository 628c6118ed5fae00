//! The hooks: base chains in the order of their priorities, conntrack and NAT between them.

use bundlescope_facts::Family;
use bundlescope_facts::firewall::{Action, NatRange};

use super::route::Out;
use super::{Cause, Event, Fate, Place, Sim};
use crate::answer::{At, RuleNumber};
use crate::branch::Subject;
use crate::eval::{Outcome, View, nat_value, passes, value_of};
use crate::packet::Packet;
use crate::rules::{Hook, Policy, Rule, Ruleset, Step};

/// Where a packet meets a hook.
#[derive(Debug, Clone, Copy)]
pub(super) struct Env {
    pub(super) namespace: usize,
    pub(super) hook: Hook,
    /// Interfaces of the namespace.
    pub(super) input: Option<usize>,
    pub(super) output: Option<usize>,
    pub(super) port_out: Option<usize>,
    /// Next hop, for MASQUERADE.
    pub(super) next: Option<std::net::IpAddr>,
}

/// How a hook ended.
pub(super) enum HookEnd {
    /// Goes on; by another way when the route was looked up again.
    Pass(Option<Out>),
    Stop(Fate),
}

/// How a base chain ended.
pub(super) enum ChainEnd {
    Accept,
    Drop(Cause),
    Reject(String, Cause),
    Unknown(String),
}

/// What a rule does next.
enum RuleEnd {
    Next,
    Return,
    Jump(usize),
    Goto(usize),
    End(ChainEnd),
}

/// The kernel's stack of chains is bounded by their number; a dump may be broken.
const DEEPEST: usize = 256;
const MOST_STEPS: usize = 2_000_000;

impl Sim<'_, '_> {
    /// Runs a hook.
    pub(super) fn hook(&mut self, env: &Env, packet: &mut Packet) -> HookEnd {
        let v6 = packet.is_v6();
        let Some(namespace) = self.host.ns(env.namespace) else { return HookEnd::Pass(None) };
        let rules = namespace.firewall.rules(v6);
        self.note_unseen(rules, env.hook);
        let mut tracked = !matches!(env.hook, Hook::Prerouting | Hook::Output);
        let mut translated = env.hook == Hook::Forward;
        let nat_priority = if matches!(env.hook, Hook::Prerouting | Hook::Output) { -100 } else { 100 };
        let mut way = None;
        for base in rules.bases(env.hook) {
            if !tracked && base.priority >= -200 {
                tracked = true;
                self.track(env.namespace, packet);
            }
            if !translated && base.priority >= nat_priority {
                translated = true;
                if let Err(stop) = self.translate(env, rules, packet, &mut way) {
                    return HookEnd::Stop(*stop);
                }
            }
            let before = (packet.tuple.clone(), packet.mark);
            match self.chain(env, rules, base.chain, packet) {
                ChainEnd::Accept => {}
                mut end => {
                    if let ChainEnd::Drop(cause) | ChainEnd::Reject(_, cause) = &mut end {
                        cause.at = self.at(env, rules, base.chain, packet).map(Box::new);
                    }
                    return HookEnd::Stop(self.stop(env, packet, end));
                }
            }
            let reroutes = rules.chains.get(base.chain).is_some_and(|chain| chain.reroutes);
            if reroutes
                && (before.0.src != packet.tuple.src || before.0.dst != packet.tuple.dst || before.1 != packet.mark)
            {
                match self.reroute(env.namespace, packet) {
                    Ok(out) => way = Some(out),
                    Err(stop) => return HookEnd::Stop(*stop),
                }
            }
        }
        if !tracked {
            self.track(env.namespace, packet);
        }
        if !translated && let Err(stop) = self.translate(env, rules, packet, &mut way) {
            return HookEnd::Stop(*stop);
        }
        if matches!(env.hook, Hook::Input | Hook::Postrouting)
            && let Some(table) = self.tables.get_mut(env.namespace)
        {
            table.confirm(packet);
        }
        HookEnd::Pass(way)
    }

    /// Where a packet is in a base chain, and which of its rules was the last to take it further.
    fn at(&self, env: &Env, rules: &Ruleset, base: usize, packet: &Packet) -> Option<At> {
        let own = self.host.ns(env.namespace)?;
        let name = |interface: Option<usize>| {
            interface.and_then(|at| own.interfaces.get(at)).map_or_else(|| "".into(), |found| found.name.clone())
        };
        let rule = self.events.iter().rev().find_map(|event| match event {
            Event::Rule { place, .. } if place.namespace == env.namespace && place.chain == base => Some(place.rule),
            _ => None,
        })?;
        let number = rule.map_or(RuleNumber::Policy, |rule| RuleNumber::Number(rule + 1));
        Some(At {
            hook: env.hook.word(),
            in_interface: name(env.input),
            out_interface: name(env.output),
            source: packet.tuple.src,
            destination: packet.tuple.dst,
            destination_port: packet.tuple.dport,
            base: (rules.chains.get(base)?.name.clone(), number),
        })
    }

    fn track(&mut self, namespace: usize, packet: &mut Packet) {
        if let Some(table) = self.tables.get_mut(namespace) {
            table.track(packet);
        }
    }

    fn note_unseen(&mut self, rules: &Ruleset, hook: Hook) {
        for name in &rules.unseen {
            let there = match *name {
                "raw" => matches!(hook, Hook::Prerouting | Hook::Output),
                "nat" => hook != Hook::Forward,
                "filter" => matches!(hook, Hook::Input | Hook::Forward | Hook::Output),
                _ => true,
            };
            if there {
                self.unseen.insert(name);
            }
        }
    }

    /// The fate that a chain's end means.
    pub(super) fn stop(&mut self, env: &Env, packet: &Packet, end: ChainEnd) -> Fate {
        match end {
            ChainEnd::Accept => Fate::Lost(Cause::new(super::Decider::Route, "", None)),
            ChainEnd::Drop(cause) => Fate::Lost(cause),
            ChainEnd::Reject(word, cause) => self.reject(env, packet, &word, cause),
            ChainEnd::Unknown(reason) => Fate::Unknown { reason, missing: Vec::new() },
        }
    }

    /// Follows a base chain to its verdict.
    pub(super) fn chain(&mut self, env: &Env, rules: &Ruleset, base: usize, packet: &mut Packet) -> ChainEnd {
        let v6 = packet.is_v6();
        let place = |chain, rule| Place { namespace: env.namespace, v6, chain, rule };
        let mut callers: Vec<(usize, usize)> = Vec::new();
        let (mut chain, mut next) = (base, 0);
        for _ in 0..MOST_STEPS {
            let Some(current) = rules.chains.get(chain) else { return ChainEnd::Accept };
            let number = match &current.index {
                Some(index) => index.next(packet.tuple.dst, next),
                None => (next < current.rules.len()).then_some(next),
            };
            let end = match number.and_then(|number| Some((number, current.rules.get(number)?))) {
                Some((number, rule)) => {
                    next = number + 1;
                    self.rule(env, rules, place(chain, Some(number)), rule, packet)
                }
                None => RuleEnd::Return,
            };
            match end {
                RuleEnd::Next => {}
                RuleEnd::Jump(to) => {
                    if callers.len() >= DEEPEST {
                        return ChainEnd::Unknown(format!("chain {} calls itself without an end", current.name));
                    }
                    callers.push((chain, next));
                    (chain, next) = (to, 0);
                }
                RuleEnd::Goto(to) => (chain, next) = (to, 0),
                RuleEnd::End(end) => return end,
                RuleEnd::Return => match callers.pop() {
                    Some(caller) => (chain, next) = caller,
                    None => {
                        let place = place(base, None);
                        self.events.push(Event::Rule { place, hook: env.hook });
                        let policy = rules.chains.get(base).map_or(Policy::Accept, |chain| chain.policy);
                        return match policy {
                            Policy::Accept => ChainEnd::Accept,
                            Policy::Drop => ChainEnd::Drop(Cause::place(place)),
                        };
                    }
                },
            }
        }
        ChainEnd::Unknown("chains that go to each other without an end".to_owned())
    }

    fn rule(&mut self, env: &Env, rules: &Ruleset, place: Place, rule: &Rule, packet: &mut Packet) -> RuleEnd {
        let mut open: Option<String> = None;
        let mut matched = false;
        for (at, step) in rule.steps.iter().enumerate() {
            if let Step::Match(test) = step {
                match passes(&self.view(env, rules, place.chain, packet), test) {
                    Outcome::Yes => {}
                    Outcome::Unknown(reason) => open = Some(reason),
                    _ => return RuleEnd::Next,
                }
                continue;
            }
            if let Some(reason) = open.take() {
                // A rule that only logs makes no difference.
                let rest = rule.steps.get(at..).unwrap_or_default();
                let logs = rest.iter().all(|step| matches!(step, Step::Act(Action::Pass(_)) | Step::Match(_)));
                if !logs {
                    let subject = Subject::Rule(place.namespace, place.v6, place.chain, place.rule.unwrap_or(0));
                    let reason = format!("{} in `{}`", reason, rule.text);
                    if !self.branches.ask(subject, &reason) {
                        return RuleEnd::Next;
                    }
                }
            }
            if !matched {
                matched = true;
                self.events.push(Event::Rule { place, hook: env.hook });
            }
            match step {
                Step::Jump(to, _) => return RuleEnd::Jump(*to),
                Step::Goto(to, _) => return RuleEnd::Goto(*to),
                Step::Act(action) => match self.act(env, rules, place, action, packet) {
                    RuleEnd::Next => {}
                    end => return end,
                },
                Step::Match(_) => {}
            }
        }
        if !matched && open.is_none() {
            self.events.push(Event::Rule { place, hook: env.hook });
        }
        RuleEnd::Next
    }

    fn view<'v>(&'v self, env: &Env, rules: &'v Ruleset, chain: usize, packet: &'v Packet) -> View<'v> {
        static NAMELESS: std::sync::LazyLock<bundlescope_facts::Text> = std::sync::LazyLock::new(|| "".into());
        let name = |interface: Option<usize>| {
            let own = self.host.namespaces.get(env.namespace);
            own.zip(interface).and_then(|(own, at)| own.interfaces.get(at)).map_or("", |found| &*found.name)
        };
        let table = rules.table_of(chain);
        let native = table.is_some_and(|table| table.native);
        let table = table.map_or((Family::Ip, &*NAMELESS), |table| (table.family, &table.name));
        View {
            host: self.host,
            namespace: env.namespace,
            v6: packet.is_v6(),
            packet,
            conn: self.tables.get(env.namespace).and_then(|table| table.get(packet)),
            input: name(env.input),
            output: name(env.output),
            port_out: env.port_out,
            table,
            native,
        }
    }

    fn act(&mut self, env: &Env, rules: &Ruleset, place: Place, action: &Action, packet: &mut Packet) -> RuleEnd {
        let cause = || Cause::place(place);
        match action {
            Action::Accept => RuleEnd::End(ChainEnd::Accept),
            Action::Drop => RuleEnd::End(ChainEnd::Drop(cause())),
            Action::Reject(word) => RuleEnd::End(ChainEnd::Reject(word.to_string(), cause())),
            Action::Return => RuleEnd::Return,
            Action::Pass(_) => RuleEnd::Next,
            Action::SetMark { value, mask } => {
                packet.mark = (packet.mark & !mask) ^ value;
                RuleEnd::Next
            }
            Action::SetConnMark { .. } | Action::SaveMark { .. } | Action::RestoreMark { .. } => {
                self.connmark(env.namespace, action, packet);
                RuleEnd::Next
            }
            Action::NoTrack => {
                // xt_CT leaves alone what an earlier CT rule or conntrack itself has already marked.
                if packet.ct.is_none() && packet.zone == (0, false, false) {
                    packet.untracked = true;
                }
                RuleEnd::Next
            }
            Action::Zone { zone, direction } => {
                use bundlescope_facts::firewall::Direction;
                if packet.ct.is_none() && !packet.untracked && packet.zone == (0, false, false) {
                    let original = *direction != Some(Direction::Reply);
                    let reply = *direction != Some(Direction::Original);
                    packet.zone = (*zone, original, reply);
                }
                RuleEnd::Next
            }
            Action::Dnat(_) | Action::Snat(_) | Action::Masquerade(_) | Action::Redirect(_) | Action::Netmap { .. } => {
                RuleEnd::End(self.bind(env, place, action, packet))
            }
            Action::Tproxy { address, port, mark } => {
                let listens_on = address.unwrap_or_else(|| self.redirect_address(env, packet));
                packet.tproxy = Some((listens_on, port.unwrap_or(packet.tuple.dport)));
                packet.mark = (packet.mark & !mark.1) ^ mark.0;
                RuleEnd::End(ChainEnd::Accept)
            }
            Action::Queue => RuleEnd::End(ChainEnd::Unknown("the program that reads the packet queue".to_owned())),
            Action::VerdictMap { keys, elements } => {
                let found = value_of(&self.view(env, rules, place.chain, packet), keys, elements);
                match found {
                    Ok(Some(value)) => verdict(rules, place, &value),
                    Ok(None) => RuleEnd::Next,
                    Err(reason) => RuleEnd::End(ChainEnd::Unknown(reason)),
                }
            }
            Action::NatMap { side, keys, elements } => {
                use bundlescope_facts::firewall::Side;
                let found = value_of(&self.view(env, rules, place.chain, packet), keys, elements);
                let (address, port) = match found.map(|value| value.and_then(|value| nat_value(&value))) {
                    Ok(Some(found)) => found,
                    Ok(None) => return RuleEnd::Next,
                    Err(reason) => return RuleEnd::End(ChainEnd::Unknown(reason)),
                };
                let range = NatRange {
                    addresses: address.map(|address| (address, address)),
                    ports: port.map(|port| port..=port),
                    ..NatRange::default()
                };
                let action = if *side == Side::Source { Action::Snat(range) } else { Action::Dnat(range) };
                RuleEnd::End(self.bind(env, place, &action, packet))
            }
            Action::Jump(name) | Action::Goto(name) => {
                RuleEnd::End(ChainEnd::Unknown(format!("chain {name}, which no document shows")))
            }
            Action::Unknown(text) => RuleEnd::End(ChainEnd::Unknown(format!("what `{text}` does"))),
            other => RuleEnd::End(ChainEnd::Unknown(format!("what {other:?} does"))),
        }
    }

    fn connmark(&mut self, namespace: usize, action: &Action, packet: &mut Packet) {
        let mark = packet.mark;
        let Some(conn) = self.tables.get_mut(namespace).and_then(|table| table.get_mut(packet)) else { return };
        match action {
            Action::SetConnMark { value, mask } => conn.mark = (conn.mark & !mask) ^ value,
            Action::SaveMark { nfmask, ctmask } => conn.mark = (conn.mark & !ctmask) ^ (mark & nfmask),
            Action::RestoreMark { nfmask, ctmask } => packet.mark = (mark & !nfmask) ^ (conn.mark & ctmask),
            _ => {}
        }
    }
}

/// What the value of an nft verdict map says.
fn verdict(rules: &Ruleset, place: Place, value: &str) -> RuleEnd {
    let chain = |name: &str| {
        let table = rules.chains.get(place.chain).map(|chain| chain.table);
        rules.chains.iter().position(|chain| Some(chain.table) == table && &*chain.name == name.trim())
    };
    let unknown = || RuleEnd::End(ChainEnd::Unknown(format!("what the verdict `{value}` does")));
    match value.trim() {
        "accept" => RuleEnd::End(ChainEnd::Accept),
        "drop" => RuleEnd::End(ChainEnd::Drop(Cause::place(place))),
        "return" => RuleEnd::Return,
        "continue" => RuleEnd::Next,
        other => match (other.strip_prefix("jump "), other.strip_prefix("goto ")) {
            (Some(name), _) => chain(name).map_or_else(unknown, RuleEnd::Jump),
            (_, Some(name)) => chain(name).map_or_else(unknown, RuleEnd::Goto),
            _ => unknown(),
        },
    }
}
