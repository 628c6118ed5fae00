//! Takes from the facts what a report draws: how containers are connected, and what happened when.

use std::collections::{BTreeMap, BTreeSet};

use bundlescope_engine::{Clock, Finding, MapContainer, MapHost, MapNetwork, Moment, NetworkMap, Timeline};
use bundlescope_facts::{Container, Data, Fact, Source, Text, Value};
use jiff::Timestamp;

/// Moments of a timeline; what proves a finding comes first.
const MAX_MOMENTS: usize = 400;
/// Containers of one map; further ones are in the facts only.
const MAX_CONTAINERS: usize = 5_000;
/// Routes and addresses of one host.
const MAX_LINES: usize = 100;

/// One host while its facts come by.
#[derive(Default)]
struct Draft {
    addresses: BTreeSet<Text>,
    routes: BTreeSet<Text>,
    networks: BTreeMap<Text, MapNetwork>,
    /// By network and container: the address.
    endpoints: BTreeMap<(Text, Text), Text>,
    status: BTreeMap<Text, Text>,
    modes: BTreeMap<Text, Text>,
    ports: BTreeMap<Text, BTreeSet<Text>>,
}

/// How the containers of each host are connected.
pub(crate) fn network(facts: &[Fact]) -> NetworkMap {
    let mut hosts: BTreeMap<Text, Draft> = BTreeMap::new();
    for fact in facts {
        if matches!(fact.get("container"), Value::Text(name) if !name.is_empty())
            && !matches!(fact.data, Data::Endpoint(_) | Data::PublishedPort(_))
        {
            // What is seen inside a container is no part of the host.
            continue;
        }
        hosts.entry(fact.node.clone()).or_default().add(&fact.data);
    }
    let mut left = MAX_CONTAINERS;
    let hosts = hosts.into_iter().filter_map(|(host, draft)| draft.finish(host, &mut left)).collect();
    NetworkMap { hosts }
}

impl Draft {
    fn add(&mut self, data: &Data) {
        match data {
            Data::Address(address) => {
                let Some(ip) = address.address.filter(|ip| !ip.is_loopback()) else { return };
                if address.scope.as_deref() != Some("link") {
                    self.addresses.insert(format!("{} {ip}/{}", address.interface, address.prefix).into());
                }
            }
            Data::Route(route) => {
                let (Some(to), Some(gateway)) = (route.destination, route.gateway) else { return };
                let through = route.interface.as_deref().map(|name| format!(" dev {name}")).unwrap_or_default();
                self.routes.insert(format!("{to} via {gateway}{through}").into());
            }
            Data::Network(network) => {
                let known = self.networks.entry(network.name.clone()).or_default();
                known.name = network.name.clone();
                fill(&mut known.driver, network.driver.as_ref());
                fill(&mut known.bridge, network.bridge.as_ref());
                known.internal |= network.internal;
                if known.subnets.is_empty() {
                    known.subnets = network.subnets.iter().map(|net| net.to_string().into()).collect();
                }
                for container in &network.containers {
                    self.endpoints.entry((network.name.clone(), container.clone())).or_default();
                }
            }
            Data::Endpoint(endpoint) => {
                let key = (endpoint.network.clone(), endpoint.container.clone());
                let address = endpoint.address.or(endpoint.address6).map(|ip| Text::from(ip.to_string()));
                fill(self.endpoints.entry(key).or_default(), address.as_ref());
            }
            Data::Container(container) => {
                fill(self.status.entry(container.name.clone()).or_default(), container.status.as_ref());
                fill(self.modes.entry(container.name.clone()).or_default(), container.network_mode.as_ref());
            }
            Data::PublishedPort(port) => {
                let Some(host_port) = port.host_port else { return };
                let to = format!("{}/{}", port.container_port, port.proto.word());
                let from = match port.host_address {
                    Some(ip) if ip.is_ipv6() => format!("[{ip}]:{host_port}"),
                    Some(ip) => format!("{ip}:{host_port}"),
                    None => host_port.to_string(),
                };
                self.ports.entry(port.container.clone()).or_default().insert(format!("{from} -> {to}").into());
            }
            _ => {}
        }
    }

    fn finish(mut self, host: Text, left: &mut usize) -> Option<MapHost> {
        if self.endpoints.is_empty() && self.status.is_empty() && self.networks.is_empty() {
            return None;
        }
        let placed: BTreeSet<Text> = self.endpoints.keys().map(|(_, container)| container.clone()).collect();
        for name in self.status.keys().filter(|name| !placed.contains(*name)) {
            // `host` and `none` are networks of their own; others stand apart where nothing tells.
            let network = self.modes.get(name).filter(|mode| matches!(&***mode, "host" | "none")).cloned();
            self.endpoints.insert((network.unwrap_or_default(), name.clone()), "".into());
        }
        for ((network, name), address) in self.endpoints {
            if *left == 0 {
                break;
            }
            *left -= 1;
            let known = self.networks.entry(network.clone()).or_default();
            known.name = network;
            known.containers.push(MapContainer {
                address,
                status: self.status.get(&name).cloned().unwrap_or_default(),
                ports: self.ports.get(&name).into_iter().flatten().cloned().collect(),
                name,
            });
        }
        // Every daemon has `host` and `none`; only what is on them says something.
        let empty = |network: &MapNetwork| network.containers.is_empty() && matches!(&*network.name, "host" | "none");
        Some(MapHost {
            host,
            addresses: self.addresses.into_iter().take(MAX_LINES).collect(),
            routes: self.routes.into_iter().take(MAX_LINES).collect(),
            networks: self.networks.into_values().filter(|network| !empty(network)).collect(),
        })
    }
}

fn fill(field: &mut Text, value: Option<&Text>) {
    if let Some(value) = value.filter(|_| field.is_empty()) {
        *field = value.clone();
    }
}

/// What happened when; `captured` is the time of the capture.
pub(crate) fn timeline(facts: &[Fact], findings: &[Finding], captured: Option<Timestamp>) -> Timeline {
    let mut proof: BTreeMap<(&str, u32), &Text> = BTreeMap::new();
    for finding in findings {
        for evidence in &finding.evidence {
            proof.entry((&evidence.document, evidence.line)).or_insert(&finding.id);
        }
    }
    let mut moments: BTreeSet<(Timestamp, Text, Text, Text, Text)> = BTreeSet::new();
    let mut all: Vec<Moment> = Vec::new();
    let mut keep = |moment: Moment| {
        // An inspect and a list tell one start; a log that was collected twice tells one event.
        let key = (
            moment.first,
            moment.host.clone(),
            moment.container.clone(),
            moment.kind.clone(),
            if &*moment.kind == "event" { moment.text.clone() } else { Text::from("") },
        );
        if moments.insert(key) {
            all.push(moment);
        }
    };
    for fact in facts {
        let finding = proof.get(&(&*fact.source.document, fact.source.first_line));
        let finding = finding.map_or_else(Text::default, |id| (*id).clone());
        match &fact.data {
            Data::Container(container) => started_and_stopped(fact, container, &finding, &mut keep),
            _ => {
                if let Some((occurrences, first)) = fact.occurrences.and_then(|all| Some((all, all.first?))) {
                    keep(Moment {
                        first,
                        last: occurrences.last.unwrap_or(first).max(first),
                        count: occurrences.count,
                        kind: "event".into(),
                        text: said(fact).into(),
                        finding,
                        ..moment(fact, text_of(fact, "container"))
                    });
                }
            }
        }
    }
    // Of too many, what proves something is kept, then what a log says, then the latest.
    all.sort_by_key(|moment| {
        (moment.finding.is_empty(), &*moment.kind != "event", std::cmp::Reverse(moment.last), moment.text.clone())
    });
    let left_out = all.len().saturating_sub(MAX_MOMENTS) as u64;
    all.truncate(MAX_MOMENTS);
    if let Some(time) = captured.filter(|_| !all.is_empty()) {
        let (text, kind) = ("bundle captured".into(), "captured".into());
        all.push(Moment { first: time, last: time, count: 1, kind, text, ..Moment::default() });
    }
    all.sort_by(|a, b| (a.first, &a.host, &a.container, &a.text).cmp(&(b.first, &b.host, &b.container, &b.text)));
    let hosts: BTreeSet<Text> = all.iter().filter(|one| &*one.kind != "captured").map(|one| one.host.clone()).collect();
    Timeline { clocks: clocks(facts, hosts), moments: all, left_out }
}

fn moment(fact: &Fact, container: Text) -> Moment {
    let Source { document, first_line, .. } = &fact.source;
    Moment {
        host: fact.node.clone(),
        container,
        document: document.clone(),
        line: *first_line,
        count: 1,
        ..Moment::default()
    }
}

fn started_and_stopped(fact: &Fact, container: &Container, finding: &Text, keep: &mut impl FnMut(Moment)) {
    let mut say = |kind: &str, time: Option<Timestamp>, text: String| {
        if let Some(time) = time {
            let finding = finding.clone();
            keep(Moment {
                first: time,
                last: time,
                kind: kind.into(),
                text: text.into(),
                finding,
                ..moment(fact, container.name.clone())
            });
        }
    };
    say("started", container.started, format!("{} started", container.name));
    if container.running {
        return;
    }
    let code = container.exit_code.map(|code| format!(" with exit code {code}")).unwrap_or_default();
    say("stopped", container.finished, format!("{} stopped{code}", container.name));
}

fn text_of(fact: &Fact, field: &str) -> Text {
    match fact.get(field) {
        Value::Text(text) => text,
        _ => Text::default(),
    }
}

/// An event in words: its kind, what it is about, and how it failed.
fn said(fact: &Fact) -> String {
    let mut out = fact.kind().replace('_', " ");
    let field = |name: &str| match fact.get(name) {
        Value::Null => None,
        value => Some(value.to_string()).filter(|text| !text.is_empty() && text.len() <= 120),
    };
    if let Some(target) = field("host").or_else(|| field("address")).or_else(|| field("target")) {
        out.push_str(&format!(" {target}"));
        if let Some(port) = field("port") {
            out.push_str(&format!(":{port}"));
        }
    }
    if let Some(how) = field("error").or_else(|| field("reason")) {
        out.push_str(&format!(": {}", how.replace('_', " ")));
    }
    out
}

/// What is known of the clocks of these hosts; the document that measures an offset says most.
fn clocks(facts: &[Fact], hosts: BTreeSet<Text>) -> Vec<Clock> {
    let mut clocks: BTreeMap<Text, Clock> =
        hosts.into_iter().map(|host| (host.clone(), Clock { host, ..Clock::default() })).collect();
    for fact in facts {
        let (Data::ClockSync(sync), Some(clock)) = (&fact.data, clocks.get_mut(&fact.node)) else { continue };
        clock.synchronized = clock.synchronized.or(sync.synchronized);
        // Years are beyond every clock that is worth a number.
        let offset = sync.offset.filter(|offset| offset.is_finite() && offset.abs() < 1e9);
        if let Some(offset) = offset.filter(|_| clock.ahead_ms.is_none()) {
            clock.ahead_ms = Some((offset * 1000.0).round() as i64);
            (clock.document, clock.line) = (fact.source.document.clone(), fact.source.first_line);
        } else if clock.document.is_empty() {
            (clock.document, clock.line) = (fact.source.document.clone(), fact.source.first_line);
        }
    }
    clocks.into_values().collect()
}

#[cfg(test)]
mod tests {
    use bundlescope_facts::{Endpoint, Network, Occurrences, PublishedPort};

    use super::*;

    fn fact(document: &str, line: u32, data: impl Into<Data>) -> Fact {
        Fact::new(Source::lines(document, line, line), data)
    }

    #[test]
    fn containers_stand_on_their_networks_and_the_others_apart() {
        let facts = [
            fact(
                "n",
                1,
                Network {
                    name: "front".into(),
                    bridge: Some("br-1".into()),
                    containers: vec!["api".into()],
                    ..Network::default()
                },
            ),
            fact("i", 2, Container { name: "api".into(), status: Some("running".into()), ..Container::default() }),
            fact("i", 3, Container { name: "agent".into(), network_mode: Some("host".into()), ..Container::default() }),
            fact("i", 4, Container { name: "lost".into(), ..Container::default() }),
            fact(
                "e",
                5,
                Endpoint {
                    container: "api".into(),
                    network: "front".into(),
                    address: "172.18.0.2".parse().ok(),
                    ..Endpoint::default()
                },
            ),
            fact(
                "p",
                6,
                PublishedPort {
                    container: "api".into(),
                    container_port: 80,
                    host_port: Some(8080),
                    ..PublishedPort::default()
                },
            ),
        ];
        let map = network(&facts);
        let [host] = &map.hosts[..] else { panic!("{map:?}") };
        let shown: Vec<String> = host
            .networks
            .iter()
            .map(|network| {
                let on: Vec<String> = network
                    .containers
                    .iter()
                    .map(|one| format!("{} {} {:?}", one.name, one.address, one.ports))
                    .collect();
                format!("{}/{}: {}", network.name, network.bridge, on.join(", "))
            })
            .collect();
        assert_eq!(shown, ["/: lost  []", "front/br-1: api 172.18.0.2 [\"8080 -> 80/tcp\"]", "host/: agent  []"]);
        // The order of the documents does not matter.
        let mut turned = facts.to_vec();
        turned.reverse();
        assert_eq!(network(&turned), map);
    }

    #[test]
    fn a_timeline_is_ordered_and_says_each_thing_once() {
        let time = |text: &str| text.parse::<Timestamp>().ok();
        let mut event = Fact::dynamic(
            Source::lines("api.log", 7, 7),
            "connection_failure",
            [("host".into(), "db".into()), ("port".into(), Value::Int(5432)), ("error".into(), "timed_out".into())]
                .into(),
        );
        event.occurrences = Some(Occurrences {
            count: 3,
            first: time("2026-11-21T01:00:02Z"),
            last: time("2026-11-21T01:00:09Z"),
            last_line: 9,
        });
        let inspect = Container {
            name: "api".into(),
            started: time("2026-11-21T01:00:00Z"),
            finished: time("2026-11-21T01:00:05Z"),
            exit_code: Some(1),
            ..Container::default()
        };
        let facts = [event.clone(), fact("a", 1, inspect.clone()), fact("b", 1, inspect), event];
        let line = timeline(&facts, &[], time("2026-11-21T02:00:00Z"));
        let told: Vec<&str> = line.moments.iter().map(|moment| &*moment.text).collect();
        assert_eq!(
            told,
            ["api started", "connection failure db:5432: timed out", "api stopped with exit code 1", "bundle captured"]
        );
        assert_eq!((line.left_out, line.clocks.len()), (0, 1));
    }
}
