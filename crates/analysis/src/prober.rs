//! Answers the probes of rules from the network model, in the words that rules use.

use std::collections::BTreeMap;
use std::net::IpAddr;

use bundlescope_engine::{ProbeAnswer, ProbeQuestion, Prober, Simulated};
use bundlescope_facts::{Backend, Data, Fact, FirewallForm, Listener, Proto, Source, Text, Value};
use bundlescope_netfilter::{
    Answer, DecidedBy, DecidedKind, Flow, From, Host, Network, PathEntry, RuleNumber, Unlisted, Verdict,
};
use ipnet::IpNet;

use crate::commands;
use crate::loaded::Loaded;
use crate::resolve::Resolver;

/// Answers probes about the hosts of one bundle.
#[derive(Debug)]
pub struct ModelProber<'l> {
    facts: &'l [Fact],
    network: &'l Network,
    resolver: Resolver<'l>,
}

/// What the bundle does not hold, so that a question cannot be put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeError(String);

impl std::fmt::Display for ProbeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ProbeError {}

/// The same with one host changed.
struct Changed<'p, 'l> {
    base: &'p ModelProber<'l>,
    node: Text,
    host: Host,
}

impl<'l> ModelProber<'l> {
    pub(crate) fn new(loaded: &'l Loaded) -> Self {
        Self { facts: &loaded.facts, network: &loaded.network, resolver: Resolver::learn(&loaded.facts) }
    }

    /// The flow that a question means; `Err` says what is not known.
    fn flow(&self, question: &ProbeQuestion) -> Result<Flow, ProbeError> {
        let from = self.party(&question.node, &question.from)?;
        let to = self.destination(&question.node, &from, &question.to)?;
        let proto = Proto::from_word(&question.proto).unwrap_or_default();
        Ok(Flow { from, proto, to, port: question.port, sport: None })
    }

    /// The model of a host; of the only one where the name is empty.
    pub fn host(&self, node: &str) -> Result<&'l Host, ProbeError> {
        self.network.host(node).ok_or_else(|| {
            let known: Vec<&str> = self.network.hosts().map(Host::node).filter(|name| !name.is_empty()).collect();
            let which = if node.is_empty() { "which host is meant".to_owned() } else { format!("the host {node}") };
            ProbeError(format!("{which}; hosts of the bundle: {}", known.join(", ")))
        })
    }

    /// Who starts a connection: `host`, `outside` (a machine beside the host), a container by name, id or address, or a
    /// foreign address.
    pub fn party(&self, node: &str, name: &str) -> Result<From, ProbeError> {
        let host = self.host(node)?;
        match name {
            "host" => return Ok(From::Host { bound: None }),
            "outside" => {
                let found = from_outside(host, self.facts, host.node());
                return found.ok_or_else(|| ProbeError("no interface is known to lead outside".into()));
            }
            _ => {}
        }
        if !host.container_addresses(name).is_empty() || self.is_container(host.node(), name) {
            return Ok(From::Container(name.into()));
        }
        let address: IpAddr =
            name.parse().map_err(|_| ProbeError(format!("there is no container {name} in the bundle")))?;
        if host.is_own_address(address) {
            return Ok(From::Host { bound: Some(address) });
        }
        Ok(From::Outside { address, input: None })
    }

    /// The address that a name has for the one who starts the connection.
    pub fn destination(&self, node: &str, from: &From, name: &str) -> Result<IpAddr, ProbeError> {
        let host = self.host(node)?;
        if name == "host" {
            let own = own_address(self.facts, host.node());
            return own.ok_or_else(|| ProbeError("the address of the host is not in the bundle".into()));
        }
        let client = match from {
            From::Container(name) => Some(&**name),
            _ => None,
        };
        if let Some(address) = self.resolver.resolve(host.node(), client, name).first() {
            return Ok(*address);
        }
        let known = host.container_addresses(name).first().copied();
        known.ok_or_else(|| ProbeError(format!("the address of {name} is not in the bundle")))
    }

    fn is_container(&self, node: &str, name: &str) -> bool {
        self.facts.iter().any(|fact| {
            *fact.node == *node && matches!(&fact.data, Data::Container(container) if *container.name == *name)
        })
    }

    fn answer(&self, host: &Host, question: &ProbeQuestion) -> ProbeAnswer {
        let flow = match self.flow(question) {
            Ok(flow) => flow,
            Err(reason) => return unknown(question, &reason),
        };
        let answer = host.probe(&flow);
        let resolved = ProbeQuestion { to: flow.to.to_string().into(), ..question.clone() };
        ProbeAnswer {
            question: resolved,
            verdict: answer.verdict.word().into(),
            value: self.value(host, &flow, &answer),
            evidence: evidence(&answer),
            related: self.related(host, &answer),
            path: answer.lines(),
            missing: missing(&answer),
            unlisted: unlisted(&answer),
            assumed: answer.assumed,
        }
    }

    /// What a rule may name of an answer; absent where it does not apply.
    fn value(&self, host: &Host, flow: &Flow, answer: &Answer) -> Value {
        let mut map = Fields::default();
        map.text("verdict", answer.verdict.word());
        map.text("packet", answer.packet.unwrap_or("fwd"));
        map.set("reject_with", answer.reject_with.clone().map_or(Value::Null, Value::from));
        map.set("assumed", Value::List(answer.assumed.iter().map(|text| Value::from(text.as_str())).collect()));
        if let Some(reached) = &answer.reached {
            let mut fields = Fields::default();
            fields.optional("host", reached.host.as_ref());
            fields.optional("container", reached.container.as_ref());
            fields.text("address", &reached.address.to_string());
            fields.set("port", reached.port.map_or(Value::Null, |port| Value::Int(port.into())));
            fields.optional("process", reached.process.as_ref());
            map.set("reached", fields.into());
        }
        if let Some(by) = &answer.decided_by {
            let mut fields = Fields::default();
            fields.text("kind", kind_word(by.kind));
            fields.text("text", &by.text);
            fields.optional("document", by.document.as_ref());
            fields.set("line", by.line.map_or(Value::Null, |line| Value::Int(line.into())));
            if by.kind == DecidedKind::Sysctl {
                fields.text("setting", by.text.split([' ', '=']).next().unwrap_or_default());
            }
            map.set("decided_by", fields.into());
            if matches!(by.kind, DecidedKind::Rule | DecidedKind::Policy) {
                let mut fields = Fields::default();
                fields.text("text", &by.text);
                fields.optional("table", by.table.as_ref());
                fields.optional("chain", by.chain.as_ref());
                if let Some(RuleNumber::Number(number)) = by.rule {
                    fields.set("number", Value::Int(number as i64));
                }
                fields.optional("document", by.document.as_ref());
                if let Some((backend, beside)) = self.tables_of(by) {
                    fields.text("backend", backend.word());
                    fields.set("native", Value::Bool(beside));
                }
                map.set("rule", fields.into());
            }
        }
        if let Some(at) = &answer.at {
            map.text("hook", at.hook);
            map.text("in_interface", &at.in_interface);
            map.text("out_interface", &at.out_interface);
            map.text("source", &at.source.to_string());
            map.text("destination", &at.destination.to_string());
            map.set("destination_port", Value::Int(at.destination_port.into()));
            let allow = commands::allow(answer, at, flow.proto);
            map.set("allow_command", allow.map_or(Value::Null, Value::from));
            map.set("remove_command", commands::remove(answer, at).map_or(Value::Null, Value::from));
        }
        if let Some(step) = redirecting(answer) {
            map.set("redirected_by", step_fields(step));
        }
        if let Some(left) = &answer.left {
            if answer.at.is_none() {
                map.text("out_interface", &left.interface);
                map.text("source", &left.source.to_string());
            }
            map.set("source_translated", Value::Bool(left.translated));
            if let Some(step) = sparing(answer) {
                map.set("spared_by", step_fields(step));
            }
        }
        map.text("traffic", &traffic(host, flow, answer));
        if let Some(likely) = answer.if_unseen_tables_are_empty {
            map.text("if_unseen", likely.word());
        }
        let nobody = |verdict| matches!(verdict, Verdict::Refused | Verdict::Closed);
        if (nobody(answer.verdict) || answer.if_unseen_tables_are_empty.is_some_and(nobody))
            && let Some(fields) = self.loopback(host.node(), answer)
        {
            map.set("bound_to_loopback", Value::Bool(true));
            map.set("loopback", fields);
        }
        map.into()
    }

    /// Which kernel interface holds the deciding rule, and whether its table is one of nft alone, which no command of
    /// iptables shows.
    fn tables_of(&self, by: &DecidedBy) -> Option<(Backend, bool)> {
        let (document, line) = (by.document.as_ref()?, by.line?);
        let backend = self.facts.iter().find_map(|fact| {
            let here = fact.source.first_line == line && fact.source.document == *document;
            match &fact.data {
                Data::FirewallRule(rule) if here => Some((rule.backend, rule.family)),
                Data::FirewallChain(chain) if here => Some((chain.backend, chain.family)),
                _ => None,
            }
        })?;
        let compat = self.facts.iter().any(|fact| match &fact.data {
            Data::FirewallTable(table) => {
                table.compat
                    && fact.source.document == *document
                    && Some(&table.table) == by.table.as_ref()
                    && table.family == backend.1
            }
            _ => false,
        });
        let listed_by_nft = self.facts.iter().any(|fact| {
            matches!(&fact.data, Data::FirewallTable(table)
                if table.form == FirewallForm::Nft && fact.source.document == *document)
        });
        Some((backend.0, listed_by_nft && !compat))
    }

    /// Lines beside those that decide: who listens, and which rule kept the source from being translated.
    fn related(&self, host: &Host, answer: &Answer) -> Vec<(Text, Source)> {
        let mut found = self.listeners(host, answer);
        if let Some((document, line)) = sparing(answer).and_then(|step| step.document.clone().zip(step.line)) {
            let source = self.facts.iter().map(|fact| &fact.source);
            let source = source.filter(|source| source.document == document && source.first_line == line);
            found
                .extend(source.take(1).map(|source| ("keeps the source from being translated".into(), source.clone())));
        }
        found
    }

    /// Who listens where the stopped packet wanted to go: it proves that the service is there and is not the fault.
    fn listeners(&self, host: &Host, answer: &Answer) -> Vec<(Text, Source)> {
        let Some(at) = &answer.at else { return Vec::new() };
        let container = host.container_at(at.destination);
        if container.is_none() && !host.is_own_address(at.destination) {
            return Vec::new();
        }
        let mut found: Vec<(&Listener, &Source)> = Vec::new();
        for fact in self.facts.iter().filter(|fact| *fact.node == *host.node()) {
            if let Data::Listener(listener) = &fact.data
                && listener.port == at.destination_port
                && listener.container.as_deref() == container
                && listener.address.is_none_or(|address| address.is_unspecified() || address == at.destination)
            {
                found.push((listener, &fact.source));
            }
        }
        // One says it; the family that is asked, and a line that names the process, say more.
        let best = found.into_iter().min_by_key(|(listener, _)| {
            let family = listener.address.is_none_or(|address| address.is_ipv4() == at.destination.is_ipv4());
            (listener.process.is_none(), !family)
        });
        let label = |listener: &Listener| match &listener.process {
            Some(process) => format!("listens on the port: {process}").into(),
            None => Text::from("listens on the port"),
        };
        best.into_iter().map(|(listener, source)| (label(listener), source.clone())).collect()
    }

    /// The listeners on loopback of the place that was reached, when all that listen on that port do so. docker-proxy
    /// on loopback is a published port and no service.
    fn loopback(&self, node: &str, answer: &Answer) -> Option<Value> {
        let reached = answer.reached.as_ref()?;
        let port = reached.port?;
        let mut sockets = Vec::new();
        let mut first: Option<(&Fact, &Listener)> = None;
        for fact in self.facts.iter().filter(|fact| *fact.node == *node) {
            match &fact.data {
                Data::Listener(listener) if listener.port == port && listener.container == reached.container => {
                    let address = listener.address.filter(IpAddr::is_loopback)?;
                    let socket = std::net::SocketAddr::new(address, port).to_string();
                    if !sockets.contains(&socket) {
                        sockets.push(socket);
                    }
                    // The family that is asked tells more.
                    if first.is_none() || address.is_ipv4() == reached.address.is_ipv4() {
                        first = Some((fact, listener));
                    }
                }
                _ => {}
            }
        }
        let (fact, listener) = first?;
        if listener.process.as_deref().is_some_and(|process| process.starts_with("docker-proxy")) {
            return None;
        }
        let mut fields = Fields::default();
        sockets.sort();
        fields.text("sockets", &sockets.join(" and "));
        fields.optional("process", listener.process.as_ref());
        let whose = match &listener.container {
            Some(container) => format!("inside {container}"),
            None => "on the host".to_owned(),
        };
        fields.text("where", &whose);
        fields.text("document", &fact.source.document);
        fields.set("line", Value::Int(fact.source.first_line.into()));
        Some(fields.into())
    }
}

impl Prober for ModelProber<'_> {
    fn probe(&self, question: &ProbeQuestion) -> ProbeAnswer {
        match self.host(&question.node) {
            Ok(host) => self.answer(host, question),
            Err(reason) => unknown(question, &reason),
        }
    }

    fn after<'a>(&'a self, node: &str, command: &str) -> Result<Simulated<'a>, String> {
        let changes = commands::changes(command)?;
        let host =
            self.host(node).map_err(|error| error.to_string())?.after(&changes).map_err(|error| error.to_string())?;
        Ok(Box::new(Changed { base: self, node: node.into(), host }))
    }
}

impl Prober for Changed<'_, '_> {
    fn probe(&self, question: &ProbeQuestion) -> ProbeAnswer {
        let same = question.node == self.node || question.node.is_empty();
        if same { self.base.answer(&self.host, question) } else { self.base.probe(question) }
    }

    fn after<'a>(&'a self, node: &str, command: &str) -> Result<Simulated<'a>, String> {
        if *self.node != *node {
            return self.base.after(node, command);
        }
        let host = self.host.after(&commands::changes(command)?).map_err(|error| error.to_string())?;
        Ok(Box::new(Changed { base: self.base, node: self.node.clone(), host }))
    }
}

fn unknown(question: &ProbeQuestion, reason: &ProbeError) -> ProbeAnswer {
    let verdict = Value::from(Verdict::Unknown.word());
    ProbeAnswer {
        question: question.clone(),
        verdict: Verdict::Unknown.word().into(),
        value: Value::Map(BTreeMap::from([("verdict".into(), verdict)])),
        assumed: vec![format!("not known: {reason}")],
        ..ProbeAnswer::default()
    }
}

/// A machine next to the host: an address of the subnet of the interface by which the default route leads.
fn from_outside(host: &Host, facts: &[Fact], node: &str) -> Option<From> {
    let (interface, subnet) = uplink(facts, node)?;
    let address = subnet.hosts().take(256).filter(|address| !host.is_own_address(*address)).last()?;
    Some(From::Outside { address, input: Some(interface) })
}

/// The address by which others know the host.
fn own_address(facts: &[Fact], node: &str) -> Option<IpAddr> {
    uplink(facts, node).map(|(_, subnet)| subnet.addr())
}

/// The interface by which the IPv4 default route leads, and its first address with the prefix.
fn uplink(facts: &[Fact], node: &str) -> Option<(Text, IpNet)> {
    let own = || facts.iter().filter(|fact| *fact.node == *node);
    let interface = own().find_map(|fact| match &fact.data {
        Data::Route(route) if route.container.is_none() => {
            let to = route.destination.filter(|to| to.prefix_len() == 0 && to.addr().is_ipv4());
            to.and(route.interface.clone())
        }
        _ => None,
    })?;
    let subnet = own().find_map(|fact| match &fact.data {
        Data::Address(address) if address.container.is_none() && address.interface == interface => {
            IpNet::new(address.address.filter(IpAddr::is_ipv4)?, address.prefix).ok()
        }
        _ => None,
    })?;
    Some((interface, subnet))
}

/// From where to where, as a client sees it: `container_to_host` and the like.
fn traffic(host: &Host, flow: &Flow, answer: &Answer) -> String {
    let from = match &flow.from {
        From::Container(_) => "container",
        From::Host { .. } => "host",
        From::Outside { .. } => "outside",
    };
    let container = |address: IpAddr| host.container_at(address).is_some();
    let to = match answer.at.as_ref().map(|at| at.hook) {
        Some("INPUT" | "OUTPUT") if from != "host" => "host",
        _ => {
            // Where it is stopped on its way, it may have another destination already.
            let there = answer.at.as_ref().filter(|_| answer.packet == Some("fwd")).map(|at| at.destination);
            let there = answer.reached.as_ref().map(|reached| reached.address).or(there);
            let destination = there.unwrap_or(flow.to);
            let behind = answer.reached.as_ref().is_some_and(|reached| reached.container.is_some());
            if behind || container(destination) {
                "container"
            } else if host.is_own_address(destination) {
                "host"
            } else {
                "outside"
            }
        }
    };
    format!("{from}_to_{to}")
}

/// The lines that decide.
fn evidence(answer: &Answer) -> Vec<Source> {
    let by = answer.decided_by.iter().filter_map(|by| Some((by.document.clone()?, by.line?)));
    by.map(|(document, line)| Source::lines(document, line, line)).collect()
}

/// A rule on the packet's way.
fn step_fields(step: &PathEntry) -> Value {
    let mut fields = Fields::default();
    fields.optional("text", step.text.as_ref());
    fields.optional("table", step.table.as_ref());
    fields.optional("chain", step.chain.as_ref());
    fields.optional("document", step.document.as_ref());
    fields.set("line", step.line.map_or(Value::Null, |line| Value::Int(line.into())));
    fields.into()
}

/// The rule that lets the first packet out with its own source, ahead of those that would translate it.
fn sparing(answer: &Answer) -> Option<&PathEntry> {
    answer.left.as_ref().filter(|left| !left.translated)?;
    let spares = |step: &&PathEntry| {
        step.packet == "fwd"
            && step.container.is_none()
            && &*step.hook == "POSTROUTING"
            && step.table.as_deref() == Some("nat")
            && matches!(step.rule, Some(RuleNumber::Number(_)))
            && matches!(step.target.as_deref(), Some("ACCEPT" | "RETURN"))
    };
    answer.path.iter().rev().find(spares)
}

/// The last rule that gave the first packet another destination.
fn redirecting(answer: &Answer) -> Option<&PathEntry> {
    let translates = |step: &&PathEntry| {
        step.packet == "fwd"
            && step.container.is_none()
            && matches!(step.rule, Some(RuleNumber::Number(_)))
            && matches!(step.target.as_deref(), Some("DNAT" | "REDIRECT"))
    };
    answer.path.iter().rev().find(translates)
}

/// Documents that a probe misses, by the first word of the command that makes them.
pub(crate) const DOCUMENTS: &[&str] = &[
    "iptables-save",
    "ip6tables-save",
    "iptables-legacy-save",
    "iptables-nft-save",
    "nft",
    "ip",
    "ss",
    "sysctl",
    "docker",
];

fn missing(answer: &Answer) -> Vec<(Text, String)> {
    let container = answer.reached.as_ref().and_then(|reached| reached.container.as_deref());
    let named = |command: &str| match container {
        // A name as Docker allows it needs no quotes.
        Some(name) if name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c)) => {
            command.replace("CONTAINER", name)
        }
        _ => command.to_owned(),
    };
    let kind = |command: &str| Text::from(command.split(' ').next().unwrap_or(command));
    answer.missing.iter().map(|command| (kind(command), named(command))).collect()
}

/// Where else something may stand that stops what the captured documents let pass, or explains what they leave open.
fn unlisted(answer: &Answer) -> Vec<bundlescope_engine::Unlisted> {
    let entry = |path: &str, value, kind: &str, collect: &str| bundlescope_engine::Unlisted {
        path: path.into(),
        value,
        kind: kind.into(),
        collect: collect.to_owned(),
    };
    let told = |unlisted: &Unlisted| match unlisted {
        Unlisted::Native => entry("rule.native", Value::Bool(true), "nft", unlisted.command()),
        Unlisted::Legacy => {
            entry("rule.backend", Backend::Legacy.word().into(), "iptables-legacy-save", unlisted.command())
        }
        Unlisted::Settings => {
            entry("decided_by.kind", kind_word(DecidedKind::Sysctl).into(), "sysctl", unlisted.command())
        }
    };
    match answer.verdict {
        Verdict::Delivered => answer.unlisted.iter().map(told).collect(),
        // Where nobody has looked for sockets, a service may listen on loopback as well as not at all.
        Verdict::Unknown => {
            let sockets = missing(answer).into_iter().filter(|(_, command)| command.ends_with("ss -lntup"));
            sockets.map(|(_, command)| entry("bound_to_loopback", Value::Bool(true), "ss", &command)).collect()
        }
        _ => Vec::new(),
    }
}

fn kind_word(kind: DecidedKind) -> &'static str {
    match kind {
        DecidedKind::Rule => "rule",
        DecidedKind::Policy => "policy",
        DecidedKind::Listener => "listener",
        DecidedKind::Route => "route",
        DecidedKind::Sysctl => "sysctl",
        DecidedKind::Neighbour => "neighbour",
    }
}

/// Named values under construction.
#[derive(Default)]
struct Fields(BTreeMap<Text, Value>);

impl Fields {
    fn set(&mut self, name: &str, value: Value) {
        if !value.is_null() {
            self.0.insert(name.into(), value);
        }
    }

    fn text(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.set(name, Value::from(value));
        }
    }

    fn optional(&mut self, name: &str, value: Option<&Text>) {
        self.set(name, value.cloned().map_or(Value::Null, Value::Text));
    }
}

impl std::convert::From<Fields> for Value {
    fn from(fields: Fields) -> Self {
        Self::Map(fields.0)
    }
}
