//! Traced packets: the TRACE lines of the kernel's log become one fact for each packet, and every step gets the text of the rule that it
//! names by number, handle or words, from the same host's firewall documents.
//!
//! xt_TRACE (`net/ipv4/netfilter/ip_tables.c`) numbers rules in their chain from 1; `policy:N` is the end of a base chain behind its N-1
//! rules, `return:N` a rule with RETURN or the end of a user-defined chain.

use std::collections::HashMap;

use bundlescope_facts::{
    Backend, Data, Fact, Family, FirewallForm, FirewallRule, PacketTrace, Source, Text, TraceStep, TraceStepKind,
};

/// Steps of one packet; a packet that loops is cut.
const MAX_STEPS: usize = 4096;

/// Makes traces of the steps that signatures read, and joins every trace to the rules.
pub(crate) fn add_traces(facts: &mut Vec<Fact>) {
    let traces = from_log(facts);
    facts.retain(|fact| {
        let prefix = fact.get("prefix");
        fact.kind() != "packet_logged" || !prefix.as_text().is_some_and(|prefix| prefix.starts_with("TRACE: "))
    });
    facts.extend(traces);
    let joined = join(facts);
    for (at, trace) in joined {
        if let Some(fact) = facts.get_mut(at) {
            fact.data = trace.into();
        }
    }
}

/// The packets of TRACE lines, each with its steps in order.
fn from_log(facts: &[Fact]) -> Vec<Fact> {
    let mut packets: Vec<Fact> = Vec::new();
    let mut current: HashMap<String, usize> = HashMap::new();
    for fact in facts.iter().filter(|fact| fact.kind() == "trace_step") {
        let text = |field: &str| fact.get(field).as_text().map(Text::from);
        let port = |field: &str| fact.get(field).as_int().and_then(|port| u16::try_from(port).ok());
        let family = if text("source").is_some_and(|source| source.contains(':')) { Family::Ip6 } else { Family::Ip };
        let step = TraceStep {
            family,
            table: text("table").unwrap_or_default(),
            chain: text("chain").unwrap_or_default(),
            step: text("step").and_then(|word| TraceStepKind::from_word(&word)).unwrap_or_default(),
            number: fact.get("number").as_int().and_then(|number| u32::try_from(number).ok()),
            line: fact.source.first_line,
            ..TraceStep::default()
        };
        // Addresses and ports may be translated on the way; the id of the packet stays. IPv6 has none.
        let who = match text("id") {
            Some(id) => format!("{id} {}", text("protocol").unwrap_or_default()),
            None => format!("{:?} {:?} {:?}", text("source"), port("source_port"), text("protocol")),
        };
        let key = format!("{}\u{1}{}\u{1}{who}", fact.node, fact.source.document);
        // A packet meets the end of a base chain, and each rule of a chain, once.
        let known = current.get(&key).copied().filter(|at| match packets.get(*at).map(|packet| &packet.data) {
            Some(Data::PacketTrace(trace)) => !trace.steps.iter().any(|seen| same_place(seen, &step)),
            _ => false,
        });
        let at = known.unwrap_or_else(|| {
            let trace = PacketTrace {
                id: text("id").unwrap_or_else(|| who.clone().into()),
                source: text("source").and_then(|address| address.parse().ok()),
                destination: text("destination").and_then(|address| address.parse().ok()),
                protocol: text("protocol").map(|protocol| protocol.to_lowercase().into()),
                source_port: port("source_port"),
                destination_port: port("destination_port"),
                container: text("container"),
                ..PacketTrace::default()
            };
            let mut packet = Fact::new(fact.source.clone(), trace);
            packet.node = fact.node.clone();
            packets.push(packet);
            current.insert(key, packets.len() - 1);
            packets.len() - 1
        });
        if let Some(packet) = packets.get_mut(at)
            && let Data::PacketTrace(trace) = &mut packet.data
            && trace.steps.len() < MAX_STEPS
        {
            trace.in_interface = trace.in_interface.take().or_else(|| text("in_interface"));
            trace.out_interface = trace.out_interface.take().or_else(|| text("out_interface"));
            trace.steps.push(step);
            let Source { last_line, span, .. } = &fact.source;
            packet.source.last_line = packet.source.last_line.max(*last_line);
            packet.source.span.1 = packet.source.span.1.max(span.1);
        }
    }
    packets
}

fn same_place(one: &TraceStep, other: &TraceStep) -> bool {
    (&one.table, &one.chain, one.step, one.number) == (&other.table, &other.chain, other.step, other.number)
}

/// What a rule is looked up by: host, view, family, table, chain.
type Place<'a> = (&'a str, Option<&'a str>, Family, &'a str, &'a str);

/// Rules that are in force, by their place; those of the better document first.
fn rules(facts: &[Fact]) -> HashMap<Place<'_>, Vec<(&Fact, &FirewallRule)>> {
    let mut found: HashMap<Place<'_>, Vec<(&Fact, &FirewallRule)>> = HashMap::new();
    for fact in facts {
        let Data::FirewallRule(rule) = &fact.data else { continue };
        if !rule.saved {
            let place = (&*fact.node, rule.container.as_deref(), rule.family, &*rule.table, &*rule.chain);
            found.entry(place).or_default().push((fact, rule));
        }
    }
    for list in found.values_mut() {
        list.sort_by_key(|(_, rule)| match rule.form {
            FirewallForm::Save => 0,
            FirewallForm::Spec => 1,
            FirewallForm::Nft => 2,
            FirewallForm::List => 3,
        });
    }
    found
}

/// The words of a rule without what may differ between two commands: options of the table, counters, comments of nft.
fn normal(text: &str) -> String {
    let text = text.split(" # handle ").next().unwrap_or(text);
    let mut words: Vec<&str> = Vec::new();
    let mut all = text.split_ascii_whitespace().peekable();
    while let Some(word) = all.next() {
        match word {
            "-4" | "-6" => {}
            "-t" => drop(all.next()),
            "packets" | "bytes" if words.last() == Some(&"counter") => drop(all.next()),
            _ => words.push(word),
        }
    }
    words.join(" ")
}

/// Every trace with its steps joined, by its place among the facts.
fn join(facts: &[Fact]) -> Vec<(usize, PacketTrace)> {
    let traces = |fact: &&Fact| matches!(fact.data, Data::PacketTrace(_));
    if !facts.iter().any(|fact| traces(&fact)) {
        return Vec::new();
    }
    let rules = rules(facts);
    let policies: HashMap<Place<'_>, &Text> = facts
        .iter()
        .filter_map(|fact| match &fact.data {
            Data::FirewallChain(chain) if !chain.saved => {
                let place = (&*fact.node, chain.container.as_deref(), chain.family, &*chain.table, &*chain.chain);
                Some((place, chain.policy.as_ref()?))
            }
            _ => None,
        })
        .collect();
    let mut joined = Vec::new();
    for (at, fact) in facts.iter().enumerate() {
        let Data::PacketTrace(trace) = &fact.data else { continue };
        let mut trace = trace.clone();
        let container = trace.container.clone();
        for step in &mut trace.steps {
            let (table, chain) = (step.table.clone(), step.chain.clone());
            let place = (&*fact.node, container.as_deref(), step.family, &*table, &*chain);
            if step.step == TraceStepKind::Policy {
                step.verdict = step.verdict.take().or_else(|| policies.get(&place).map(|policy| (*policy).clone()));
                continue;
            }
            let Some((source, rule)) = rules.get(&place).and_then(|list| pick(list, step)) else { continue };
            if step.step == TraceStepKind::Return && rule.target.as_deref() != Some("RETURN") {
                continue;
            }
            step.number = Some(rule.number);
            step.text = Some(step.text.take().unwrap_or_else(|| rule.text.clone()));
            step.verdict = step.verdict.take().or_else(|| rule.target.clone());
            (step.document, step.rule_line) = (Some(source.source.document.clone()), Some(source.source.first_line));
        }
        if trace.verdict.is_none() {
            trace.verdict = trace.steps.last().and_then(|step| step.verdict.as_deref()).and_then(terminal);
        }
        // xtables-monitor calls a REJECT what it does to the packet: a drop.
        let rejects = trace.steps.last().and_then(|step| step.text.as_deref()).is_some_and(|text| {
            text.contains("-j REJECT") || text.split_ascii_whitespace().any(|word| word == "reject")
        });
        if rejects {
            trace.verdict = Some("reject".into());
        }
        joined.push((at, *trace));
    }
    joined
}

/// The rule of a step: by handle, by number, or by its words where only one fits.
fn pick<'a>(list: &[(&'a Fact, &'a FirewallRule)], step: &TraceStep) -> Option<(&'a Fact, &'a FirewallRule)> {
    if let Some(handle) = step.handle
        && let Some(found) = list.iter().find(|(_, rule)| rule.handle == Some(handle))
    {
        return Some(*found);
    }
    if let Some(text) = &step.text {
        let wanted = normal(text);
        return list.iter().find(|(_, rule)| normal(&rule.text) == wanted).copied();
    }
    let number = step.number?;
    // TRACE lines with numbers are of iptables-legacy.
    let legacy = |rule: &FirewallRule| rule.backend != Backend::Nft;
    list.iter().find(|(_, rule)| rule.number == number && legacy(rule)).copied()
}

/// A verdict that ends the packet's way through a chain.
fn terminal(verdict: &str) -> Option<Text> {
    let word = verdict.split_ascii_whitespace().next()?.to_ascii_lowercase();
    matches!(word.as_str(), "accept" | "drop" | "reject" | "queue").then(|| word.into())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use bundlescope_facts::Value;

    use super::*;

    fn step(line: u32, table: &str, chain: &str, step: &str, number: i64) -> Fact {
        let text = |value: &str| Value::Text(value.into());
        let fields: BTreeMap<Text, Value> = [
            ("table", text(table)),
            ("chain", text(chain)),
            ("step", text(step)),
            ("number", Value::Int(number)),
            ("id", text("51864")),
            ("in_interface", text("eth0")),
            ("source", text("172.30.0.2")),
            ("destination", text("172.30.0.3")),
            ("protocol", text("TCP")),
            ("destination_port", Value::Int(82)),
        ]
        .into_iter()
        .map(|(name, value)| (name.into(), value))
        .collect();
        Fact::dynamic(Source::lines("dmesg", line, line), "trace_step", fields)
    }

    fn rule(line: u32, chain: &str, number: u32, text: &str, target: &str) -> Fact {
        let rule = FirewallRule {
            table: "filter".into(),
            chain: chain.into(),
            number,
            text: text.into(),
            target: Some(target.into()),
            ..FirewallRule::default()
        };
        Fact::new(Source::lines("iptables-save", line, line), rule)
    }

    #[test]
    fn a_packet_is_one_fact_with_the_text_of_each_rule() {
        let mut facts = vec![
            step(1, "raw", "PREROUTING", "policy", 2),
            step(2, "filter", "INPUT", "rule", 1),
            step(3, "filter", "WEB", "return", 2),
            step(4, "filter", "INPUT", "rule", 3),
            rule(9, "INPUT", 1, "-A INPUT -j WEB", "WEB"),
            rule(10, "INPUT", 3, "-A INPUT -p tcp -m tcp --dport 82 -j DROP", "DROP"),
            rule(11, "WEB", 2, "-A WEB -j RETURN", "RETURN"),
            // The same packet once more: it begins where it meets a chain again.
            step(20, "raw", "PREROUTING", "policy", 2),
        ];
        add_traces(&mut facts);
        let traces: Vec<&PacketTrace> = facts
            .iter()
            .filter_map(|fact| if let Data::PacketTrace(trace) = &fact.data { Some(trace.as_ref()) } else { None })
            .collect();
        let [first, second] = traces[..] else { panic!("{traces:?}") };
        assert_eq!((first.steps.len(), second.steps.len()), (4, 1));
        assert_eq!((first.verdict.as_deref(), first.destination_port), (Some("drop"), Some(82)));
        let last = first.steps.last().expect("a step");
        assert_eq!(last.text.as_deref(), Some("-A INPUT -p tcp -m tcp --dport 82 -j DROP"));
        assert_eq!((last.document.as_deref(), last.rule_line), (Some("iptables-save"), Some(10)));
        assert_eq!(first.steps[2].text.as_deref(), Some("-A WEB -j RETURN"));
        assert_eq!(second.verdict, None);
    }
}
