//! Completes events with what the rest of the bundle knows: where a failing client was configured to connect, and
//! which address a name has for it.

use std::collections::BTreeMap;

use bundlescope_facts::{Data, Dependency, Fact, Text, Value};

use crate::dependencies;
use crate::resolve::Resolver;
use crate::target::Targets;

/// Events that name the other end of a connection.
const CONNECTION_EVENTS: &[&str] = &["connection_failure", "connection_success", "tls_failure", "client_rejected"];

/// An event that names no host is tried against this many configured services; with more, none is likely enough.
const CANDIDATES: usize = 3;

/// Adds a `dependency` fact for every service that a container is configured to use.
pub(crate) fn add_dependencies(facts: &mut Vec<Fact>) {
    let mut found = Vec::new();
    for fact in facts.iter() {
        if let Data::Container(container) = &fact.data
            && container.inspected
        {
            for dependency in dependencies::of_container(container) {
                found.push(Fact { node: fact.node.clone(), ..Fact::new(fact.source.clone(), dependency) });
            }
        }
    }
    let resolved: Vec<Fact> = {
        let resolver = Resolver::learn(facts);
        found
            .into_iter()
            .map(|mut fact| {
                if let Data::Dependency(dependency) = &mut fact.data {
                    let addresses = resolver.resolve(&fact.node, Some(&dependency.container), &dependency.host);
                    dependency.address = dependency.address.or(addresses.first().copied());
                }
                fact
            })
            .collect()
    };
    facts.extend(resolved);
}

/// Completes host, address and port of connection events.
pub(crate) fn complete_events(facts: &mut Vec<Fact>) {
    let mut by_container: BTreeMap<(Text, Text), Vec<Dependency>> = BTreeMap::new();
    for fact in facts.iter() {
        if let Data::Dependency(dependency) = &fact.data {
            let key = (fact.node.clone(), dependency.container.clone());
            by_container.entry(key).or_default().push(dependency.as_ref().clone());
        }
    }
    let mut completed: Vec<(usize, Vec<Fact>)> = Vec::new();
    {
        let (resolver, targets) = (Resolver::learn(facts), Targets::learn(facts));
        for (index, fact) in facts.iter().enumerate() {
            if !CONNECTION_EVENTS.contains(&fact.kind()) {
                continue;
            }
            let container = fact.get("container").as_text().map(Text::from);
            let dependencies = container
                .as_ref()
                .and_then(|container| by_container.get(&(fact.node.clone(), container.clone())))
                .map_or(&[][..], Vec::as_slice);
            let mut events = with_target(fact, dependencies);
            for event in &mut events {
                fill_address(event, container.as_deref(), &resolver);
                fill_target(event, container.as_deref(), &targets);
            }
            completed.push((index, events));
        }
    }
    for (index, events) in completed.into_iter().rev() {
        facts.splice(index..=index, events);
    }
}

/// The event with host and port; several where the record names neither and several services are configured.
fn with_target(event: &Fact, dependencies: &[Dependency]) -> Vec<Fact> {
    let (host, port) = (event.get("host"), event.get("port"));
    if !host.is_null() && !port.is_null() {
        return vec![event.clone()];
    }
    let service = event.get("client").as_text().and_then(service_of_client);
    let fits = |dependency: &&Dependency| {
        let same_host = host.is_null() || host.as_text().is_some_and(|host| *host == *dependency.host);
        let same_port = port.is_null() || port.as_int() == dependency.port.map(i64::from);
        let same_service = match (service, dependency.service.as_deref()) {
            (Some(wanted), Some(configured)) => wanted == configured || !host.is_null(),
            _ => true,
        };
        same_host && same_port && same_service
    };
    let candidates: Vec<&Dependency> = dependencies.iter().filter(fits).collect();
    if candidates.is_empty() || candidates.len() > CANDIDATES {
        return vec![event.clone()];
    }
    candidates
        .into_iter()
        .map(|dependency| {
            let mut event = event.clone();
            if let Data::Dynamic { fields, .. } = &mut event.data {
                fields.insert("host".into(), Value::Text(dependency.host.clone()));
                if let Some(port) = dependency.port {
                    fields.insert("port".into(), Value::Int(port.into()));
                }
                fields.insert("inferred".into(), Value::Text(dependency.origin.clone()));
            }
            event
        })
        .collect()
}

fn fill_address(event: &mut Fact, container: Option<&str>, resolver: &Resolver<'_>) {
    let Data::Dynamic { fields, .. } = &mut event.data else { return };
    if fields.contains_key("address") {
        return;
    }
    let Some(host) = fields.get("host").and_then(Value::as_text) else { return };
    if let Some(address) = resolver.resolve(&event.node, container, host).first() {
        fields.insert("address".into(), Value::from(address.to_string()));
    }
}

/// Names the container that is meant, and takes a failure for ongoing where its log cannot tell.
fn fill_target(event: &mut Fact, container: Option<&str>, targets: &Targets<'_>) {
    let host = event.get("host");
    let address = event.get("address").as_text().and_then(|address| address.parse().ok());
    let port = event.get("port").as_int().and_then(|port| u16::try_from(port).ok());
    let found = host.as_text().and_then(|host| targets.find(&event.node, container, host, address, port));
    let failure = event.kind() == "connection_failure";
    let Data::Dynamic { fields, .. } = &mut event.data else { return };
    if let Some((target, by)) = found {
        fields.insert("target".into(), Value::Text(target));
        fields.insert("target_by".into(), Value::from(by));
    }
    if failure {
        fields.entry("ongoing".into()).or_insert(Value::Bool(true));
    }
}

/// The service that a client library speaks to; `None` for general ones such as sockets and HTTP.
fn service_of_client(client: &str) -> Option<&'static str> {
    const CLIENTS: &[(&str, &str)] = &[
        ("libpq", "postgres"),
        ("psycopg", "postgres"),
        ("postgres", "postgres"),
        ("pg", "postgres"),
        ("redis", "redis"),
        ("jedis", "redis"),
        ("lettuce", "redis"),
        ("mysql", "mysql"),
        ("maria", "mysql"),
        ("mongo", "mongodb"),
        ("amqp", "rabbitmq"),
        ("rabbit", "rabbitmq"),
        ("pika", "rabbitmq"),
        ("ldap", "ldap"),
        ("kafka", "kafka"),
    ];
    let client = client.to_ascii_lowercase();
    CLIENTS.iter().find(|(word, _)| client.contains(word)).map(|(_, service)| *service)
}

#[cfg(test)]
mod tests {
    use bundlescope_facts::{Container, Source};

    use super::*;

    fn facts(env: &[(&str, &str)], event: &[(&str, Value)]) -> Vec<Fact> {
        let container = Container {
            name: "api".into(),
            inspected: true,
            env: env.iter().map(|(key, value)| (Text::from(*key), Text::from(*value))).collect(),
            ..Container::default()
        };
        let fields = event.iter().map(|(key, value)| (Text::from(*key), value.clone())).collect();
        vec![
            Fact::new(Source::default(), container),
            Fact::dynamic(Source::lines("api.log", 7, 7), "connection_failure", fields),
        ]
    }

    fn targets(mut facts: Vec<Fact>) -> Vec<String> {
        add_dependencies(&mut facts);
        complete_events(&mut facts);
        facts
            .iter()
            .filter(|fact| fact.kind() == "connection_failure")
            .map(|fact| {
                format!("{}:{} {} {}", fact.get("host"), fact.get("port"), fact.get("address"), fact.get("inferred"))
            })
            .collect()
    }

    #[test]
    fn a_failure_without_a_target_takes_the_configured_service_of_its_client() {
        let env = [("PGHOST", "172.18.0.1"), ("PGPORT", "15432"), ("REDIS_URL", "redis://cache")];
        let event = [("container", "api".into()), ("client", "libpq".into()), ("error", "timed_out".into())];
        assert_eq!(targets(facts(&env, &event)), ["172.18.0.1:15432 172.18.0.1 env PGHOST"]);
        let unknown_client = [("container", "api".into())];
        assert_eq!(
            targets(facts(&env, &unknown_client)),
            ["172.18.0.1:15432 172.18.0.1 env PGHOST", "cache:6379  env REDIS_URL"]
        );
    }

    #[test]
    fn what_the_record_names_stays() {
        let env = [("PGHOST", "172.18.0.1"), ("PGPORT", "15432")];
        let event = [("container", "api".into()), ("host", "10.0.0.9".into()), ("port", Value::Int(1))];
        assert_eq!(targets(facts(&env, &event)), ["10.0.0.9:1 10.0.0.9 "]);
    }
}
