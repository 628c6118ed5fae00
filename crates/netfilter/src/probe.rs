//! Asks a host, follows open questions both ways, and puts the answer together.

use bundlescope_facts::Text;

use crate::answer::{Answer, DecidedBy, DecidedKind, Left, PathEntry, Reached, RuleNumber, Verdict};
use crate::branch::Branches;
use crate::dialogue::{Outcome, Target};
use crate::flow::Flow;
use crate::model::Host;
use crate::rules::Policy;
use crate::walk::{Cause, Decider, Event, Leg, Place, Sim};

/// Ways that are followed before an answer is given up.
const MOST_RUNS: usize = 256;

/// One way through the open questions.
struct Run {
    outcome: Outcome,
    events: Vec<Event>,
    assumed: Vec<String>,
    unseen: Vec<&'static str>,
    unlisted: Vec<crate::Unlisted>,
    asked: Vec<String>,
    left: Option<Left>,
}

impl Host {
    /// Would this connection be delivered? Every packet of it is followed, the answers as well.
    pub fn probe(&self, flow: &Flow) -> Answer {
        let mut branches = Branches::default();
        let first = self.run(flow, &mut branches);
        if branches.is_empty() {
            return self.answer(first, None);
        }
        let mut reasons = first.asked.clone();
        // The verdict can be sure where it is not what decides.
        let place = |run: &Run| run.outcome.cause.as_ref().and_then(|cause| self.decided_by(cause)).map(|by| by.text);
        let mut deciders = Vec::from_iter(place(&first));
        for _ in 1..MOST_RUNS {
            if !branches.next() {
                let mut answer = self.answer(first, None);
                if deciders.len() > 1 {
                    let names: Vec<String> = deciders.iter().map(|text| format!("`{text}`")).collect();
                    let which = names.join(" or ");
                    answer.assumed.push(format!("not known which decides, {which}: {}", reasons.join("; ")));
                }
                return answer;
            }
            let other = self.run(flow, &mut branches);
            deciders.extend(place(&other).filter(|text| !deciders.contains(text)));
            for reason in other.asked {
                if !reasons.contains(&reason) {
                    reasons.push(reason);
                }
            }
            if other.outcome.verdict != first.outcome.verdict {
                let other = other.outcome.verdict;
                let reason = format!(
                    "{} or {}, which depends on {}",
                    first.outcome.verdict.word(),
                    other.word(),
                    reasons.join("; ")
                );
                return self.answer(first, Some(reason));
            }
        }
        self.answer(first, Some(format!("more ways than can be followed, which depend on {}", reasons.join("; "))))
    }

    fn run(&self, flow: &Flow, branches: &mut Branches) -> Run {
        let mut sim = Sim::new(self, branches);
        let outcome = sim.converse(flow);
        let events = std::mem::take(&mut sim.events);
        let assumed = std::mem::take(&mut sim.assumed).into_iter().collect();
        let unseen = std::mem::take(&mut sim.unseen).into_iter().collect();
        let unlisted = std::mem::take(&mut sim.unlisted).into_iter().collect();
        let left = sim.left.take();
        Run { outcome, events, assumed, unseen, unlisted, asked: branches.reasons().map(str::to_owned).collect(), left }
    }

    fn answer(&self, run: Run, open: Option<String>) -> Answer {
        let outcome = run.outcome;
        let v6 = run.events.iter().any(|event| matches!(event, Event::Packet { tuple, .. } if tuple.dst.is_ipv6()));
        let mut assumed = run.assumed;
        let mut missing = Vec::new();
        let mut verdict = outcome.verdict;
        let mut if_empty = None;
        if let Some((reason, formats)) = &outcome.open {
            assumed.push(format!("not known: {reason}"));
            missing.extend(formats.iter().copied());
        }
        if let Some(reason) = open {
            assumed.push(format!("not known: {reason}"));
            verdict = Verdict::Unknown;
        }
        if !run.unseen.is_empty() && verdict != Verdict::Unknown {
            let names = run.unseen.join(", ");
            let dump = if v6 { "ip6tables-save -c" } else { "iptables-save -c" };
            if matches!(verdict, Verdict::Dropped | Verdict::Rejected | Verdict::Stalled | Verdict::Unroutable) {
                assumed.push(format!("tables {names}, which no document shows, leave the packet as it is"));
            } else {
                assumed.push(format!("not known: what tables {names} hold, which no document shows"));
                missing.push(dump);
                if_empty = Some(verdict);
                verdict = Verdict::Unknown;
            }
        }
        let own = self.own().map(|own| own.firewall.rules(v6));
        assumed.extend(own.iter().flat_map(|rules| rules.notes.iter().cloned()));
        let known = verdict != Verdict::Unknown;
        let cause = outcome.cause.as_ref().filter(|_| known);
        Answer {
            verdict,
            packet: outcome.leg.filter(|_| known).map(Leg::word),
            reject_with: outcome.reject_with.filter(|_| known),
            reached: outcome.target.as_ref().map(|target| self.reached(target)),
            at: cause.and_then(|cause| cause.at.as_deref().cloned()),
            left: run.left,
            decided_by: cause.and_then(|cause| self.decided_by(cause)),
            path: self.path(&run.events),
            assumed,
            missing,
            unlisted: own.iter().flat_map(|rules| rules.unlisted.iter().copied()).chain(run.unlisted).collect(),
            if_unseen_tables_are_empty: if_empty,
        }
    }

    fn reached(&self, target: &Target) -> Reached {
        let own = target.namespace.and_then(|namespace| self.ns(namespace));
        Reached {
            host: own.map(|_| self.node.clone()).filter(|node| !node.is_empty()),
            container: own.and_then(|own| own.container.clone()),
            address: target.address,
            port: target.port,
            process: target.process.clone(),
        }
    }

    fn decided_by(&self, cause: &Cause) -> Option<DecidedBy> {
        let kind = match cause.decider {
            Decider::Place(place) => return self.decided_place(place),
            Decider::Listener => DecidedKind::Listener,
            Decider::Route => DecidedKind::Route,
            Decider::Sysctl => DecidedKind::Sysctl,
            Decider::Neighbour => DecidedKind::Neighbour,
        };
        let source = cause.source.as_ref().filter(|source| source.first_line > 0);
        Some(DecidedBy {
            kind,
            table: None,
            chain: None,
            rule: None,
            text: cause.text.as_str().into(),
            document: source.map(|source| source.document.clone()),
            line: source.map(|source| source.first_line),
        })
    }

    fn decided_place(&self, place: Place) -> Option<DecidedBy> {
        let found = self.shown(place)?;
        Some(DecidedBy {
            kind: if place.rule.is_some() { DecidedKind::Rule } else { DecidedKind::Policy },
            table: Some(found.table),
            chain: Some(found.chain),
            rule: Some(found.number),
            text: found.text,
            document: found.document,
            line: found.line,
        })
    }

    fn shown(&self, place: Place) -> Option<ShownRule> {
        let rules = self.ns(place.namespace)?.firewall.rules(place.v6);
        let chain = rules.chains.get(place.chain)?;
        let table = rules.tables.get(chain.table)?;
        let (number, text, target, source) = match place.rule {
            Some(rule) => {
                let found = chain.rules.get(rule)?;
                (RuleNumber::Number(rule + 1), found.text.clone(), found.target.clone(), &found.source)
            }
            None => {
                let policy = if chain.policy == Policy::Drop { "DROP" } else { "ACCEPT" };
                let text = Text::from(format!(":{} {policy}", chain.name));
                (RuleNumber::Policy, text, Some(policy.into()), &chain.source)
            }
        };
        let known = source.first_line > 0;
        Some(ShownRule {
            table: table.name.clone(),
            chain: chain.name.clone(),
            number,
            text,
            target,
            document: known.then(|| source.document.clone()),
            line: known.then_some(source.first_line),
        })
    }

    fn path(&self, events: &[Event]) -> Vec<PathEntry> {
        let mut packet = Leg::Fwd.word();
        events.iter().filter_map(|event| self.entry(event, &mut packet)).collect()
    }

    fn entry(&self, event: &Event, packet: &mut &'static str) -> Option<PathEntry> {
        let words = |hook: &str, text: String, source: Option<&bundlescope_facts::Source>, packet| {
            let source = source.filter(|source| source.first_line > 0);
            PathEntry {
                hook: hook.into(),
                table: None,
                chain: None,
                rule: None,
                target: None,
                packet,
                container: None,
                text: Some(text.into()),
                document: source.map(|source| source.document.clone()),
                line: source.map(|source| source.first_line),
            }
        };
        let ends = |tuple: &crate::packet::Tuple| {
            if tuple.sport == 0 || matches!(tuple.proto, 1 | 58) {
                format!("{} -> {}", tuple.src, tuple.dst)
            } else {
                format!(
                    "{} -> {}",
                    std::net::SocketAddr::new(tuple.src, tuple.sport),
                    std::net::SocketAddr::new(tuple.dst, tuple.dport)
                )
            }
        };
        Some(match event {
            Event::Packet { leg, tuple, namespace } => {
                *packet = leg.word();
                let container = namespace.and_then(|at| self.ns(at)?.container.clone());
                PathEntry { container, ..words("packet", ends(tuple), None, packet) }
            }
            Event::Rule { place, hook } => {
                let found = self.shown(*place)?;
                PathEntry {
                    hook: hook.word().into(),
                    table: Some(found.table),
                    chain: Some(found.chain),
                    rule: Some(found.number),
                    target: found.target,
                    packet,
                    container: self.ns(place.namespace).and_then(|own| own.container.clone()),
                    text: Some(found.text),
                    document: found.document,
                    line: found.line,
                }
            }
            Event::Nat { hook, before, after } => {
                words("nat", format!("{}: {} becomes {}", hook.word(), ends(before), ends(after)), None, packet)
            }
            Event::Route { text, source } => words("route", text.clone(), source.as_ref(), packet),
            Event::Bridge { text } => words("bridge", text.clone(), None, packet),
            Event::Socket { text, source } => words("socket", text.clone(), source.as_ref(), packet),
        })
    }
}

struct ShownRule {
    table: Text,
    chain: Text,
    number: RuleNumber,
    text: Text,
    target: Option<Text>,
    document: Option<Text>,
    line: Option<u32>,
}
