//! The services that a container is configured to use, from its environment and command line.
//!
//! Many clients do not log where they could not connect (`psql: timeout expired`); their configuration tells.

use std::net::IpAddr;
use std::sync::LazyLock;

use bundlescope_facts::{Container, Dependency, Text};
use regex::Regex;

/// Schemes and words of variable names, with the service that they mean and its registered port.
const SERVICES: &[(&str, &str, u16)] = &[
    ("postgresql", "postgres", 5432),
    ("postgres", "postgres", 5432),
    ("pg", "postgres", 5432),
    ("mysql", "mysql", 3306),
    ("mariadb", "mysql", 3306),
    ("rediss", "redis", 6379),
    ("redis", "redis", 6379),
    ("amqps", "rabbitmq", 5671),
    ("amqp", "rabbitmq", 5672),
    ("rabbitmq", "rabbitmq", 5672),
    ("rabbit", "rabbitmq", 5672),
    ("mongodb", "mongodb", 27017),
    ("mongo", "mongodb", 27017),
    ("https", "https", 443),
    ("http", "http", 80),
    ("ldaps", "ldap", 636),
    ("ldap", "ldap", 389),
    ("memcached", "memcached", 11211),
    ("elasticsearch", "elasticsearch", 9200),
    ("kafka", "kafka", 9092),
    ("nats", "nats", 4222),
    ("etcd", "etcd", 2379),
    ("zookeeper", "zookeeper", 2181),
    ("smtp", "smtp", 25),
];

/// `scheme://[user[:password]@]host[:port]`, where the host may be an IPv6 literal.
static URL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?i)\b([a-z][a-z0-9+.-]*)://(?:[^\s/"']*@)?(\[[0-9a-f:.]+\]|[a-z0-9_][a-z0-9_.-]*)(?::(\d{1,5}))?"#)
        .ok()
});
/// `host:port` and nothing else.
static HOST_PORT: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)^(\[[0-9a-f:.]+\]|[a-z0-9_][a-z0-9_.-]*):(\d{1,5})$").ok());
/// `tcp(host:port)` of Go's MySQL driver and `host=… port=…` of libpq.
static DSN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)(?:@tcp\(([a-z0-9_.-]+):(\d{1,5})\)|\bhost=([a-z0-9_.:-]+)(?:[ ;,]+(?:\S+=\S+[ ;,]+)*?port=(\d{1,5}))?)",
    )
    .ok()
});

/// Every dependency that the configuration of a container names, in a stable order, each once.
pub(crate) fn of_container(container: &Container) -> Vec<Dependency> {
    let mut found = Vec::new();
    for (name, value) in &container.env {
        if is_listen_address(name) || name.to_ascii_lowercase().ends_with("_proxy") {
            continue;
        }
        let origin: Text = format!("env {name}").into();
        if !from_text(&mut found, container, value, &origin) {
            from_host_variable(&mut found, container, name, value, &origin);
        }
    }
    let origin = Text::from("command");
    let mut listens = false;
    for argument in &container.command {
        if !listens && !is_listen_address(argument) {
            from_text(&mut found, container, argument, &origin);
        }
        listens = argument.starts_with('-') && is_listen_address(argument);
    }
    let mut seen = std::collections::BTreeSet::new();
    found.retain(|dependency| seen.insert((dependency.host.clone(), dependency.port)));
    found
}

/// URLs, DSNs and bare `host:port` lists. Returns whether the value was one of them.
fn from_text(found: &mut Vec<Dependency>, container: &Container, value: &str, origin: &Text) -> bool {
    let before = found.len();
    for capture in URL.iter().flat_map(|url| url.captures_iter(value)) {
        let scheme = capture[1].to_ascii_lowercase();
        let port = capture.get(3).and_then(|port| port.as_str().parse().ok());
        add(found, container, &capture[2], port, &scheme, origin);
    }
    if found.len() > before || value.contains("://") {
        return true;
    }
    for capture in DSN.iter().flat_map(|dsn| dsn.captures_iter(value)) {
        let (host, port) = (capture.get(1).or(capture.get(3)), capture.get(2).or(capture.get(4)));
        let service = if capture.get(1).is_some() { "mysql" } else { "" };
        if let Some(host) = host {
            add(found, container, host.as_str(), port.and_then(|port| port.as_str().parse().ok()), service, origin);
        }
    }
    for part in value.split(',') {
        if let Some(capture) = HOST_PORT.as_ref().and_then(|pattern| pattern.captures(part.trim())) {
            let plausible =
                capture[1].bytes().any(|byte| byte.is_ascii_alphabetic()) || capture[1].parse::<IpAddr>().is_ok();
            if plausible {
                add(found, container, &capture[1], capture[2].parse().ok(), "", origin);
            }
        }
    }
    found.len() > before
}

/// `PGHOST` with `PGPORT`, `REDIS_HOST` with `REDIS_PORT`, and their like.
fn from_host_variable(found: &mut Vec<Dependency>, container: &Container, name: &str, value: &str, origin: &Text) {
    let upper = name.to_ascii_uppercase();
    let Some(stem) = ["HOSTNAME", "HOST", "SERVER", "ADDRESS", "ADDR"].iter().find_map(|end| upper.strip_suffix(end))
    else {
        return;
    };
    let is_name =
        !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-:".contains(&byte));
    if stem.is_empty() || !is_name {
        return;
    }
    let port = container
        .env
        .iter()
        .find(|(key, _)| key.to_ascii_uppercase().strip_suffix("PORT") == Some(stem))
        .and_then(|(_, port)| port.parse().ok());
    let words = stem.to_ascii_lowercase();
    let service = words
        .split('_')
        .find_map(|word| SERVICES.iter().find(|(name, ..)| *name == word))
        .map_or("", |(name, ..)| name);
    // A name alone, without a port or a known service, may be anything.
    if port.is_some() || !service.is_empty() {
        add(found, container, value, port, service, origin);
    }
}

fn add(found: &mut Vec<Dependency>, container: &Container, host: &str, port: Option<u16>, scheme: &str, origin: &Text) {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let scheme = scheme.split('+').next().unwrap_or(scheme);
    let known = SERVICES.iter().find(|(name, ..)| *name == scheme);
    let address: Option<IpAddr> = host.parse().ok();
    if host.is_empty() || address.is_some_and(|address| address.is_unspecified()) || port == Some(0) {
        return;
    }
    let port = port.or(known.map(|(.., port)| *port));
    let by_port = || SERVICES.iter().find(|(.., default)| Some(*default) == port);
    let service = known.or_else(by_port).map(|(_, service, _)| Text::from(*service));
    found.push(Dependency {
        container: container.name.clone(),
        host: host.into(),
        address,
        port,
        service,
        origin: origin.clone(),
    });
}

/// Names of settings that say where a server listens, not what it uses.
fn is_listen_address(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    ["listen", "bind", "advertise", "serve"].iter().any(|word| lower.contains(word)) || lower == "hostname"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dependencies(env: &[(&str, &str)], command: &[&str]) -> Vec<String> {
        let container = Container {
            name: "api".into(),
            env: env.iter().map(|(key, value)| (Text::from(*key), Text::from(*value))).collect(),
            command: command.iter().map(|argument| Text::from(*argument)).collect(),
            ..Container::default()
        };
        of_container(&container)
            .iter()
            .map(|d| {
                let port = d.port.map_or_else(|| "-".into(), |port| port.to_string());
                format!("{} {port} {} {}", d.host, d.service.as_deref().unwrap_or("-"), d.origin)
            })
            .collect()
    }

    #[test]
    fn urls_and_host_port_pairs_of_the_environment_are_dependencies() {
        let env = [
            ("DATABASE_URL", "postgres://app:s3cr@t@dep1.local:5433/orders"),
            ("PGHOST", "10.0.0.1"),
            ("PGPORT", "15432"),
            ("REDIS_HOST", "cache"),
            ("SPRING_DATASOURCE_URL", "jdbc:mysql://sql/app?x=y"),
            ("UPSTREAM", "idp:8080,idp2:8080"),
            ("GO_DSN", "u:p@tcp(maria:3307)/app"),
            ("CONN", "dbname=x host=pg.corp user=y port=6000"),
            ("HTTP_PROXY", "http://proxy:3128"),
            ("HOSTNAME", "abc"),
            ("LISTEN_ADDR", "0.0.0.0:80"),
            ("APP_VERSION", "1.2.3"),
            ("STARTED", "12:30"),
        ];
        assert_eq!(
            dependencies(&env, &["serve", "--bind", "web:80", "--queue=x", "amqp://rabbit"]),
            [
                "pg.corp 6000 - env CONN",
                "dep1.local 5433 postgres env DATABASE_URL",
                "maria 3307 mysql env GO_DSN",
                "10.0.0.1 15432 postgres env PGHOST",
                "cache 6379 redis env REDIS_HOST",
                "sql 3306 mysql env SPRING_DATASOURCE_URL",
                "idp 8080 - env UPSTREAM",
                "idp2 8080 - env UPSTREAM",
                "rabbit 5672 rabbitmq command",
            ]
        );
    }
}
