//! Compose files: docker-compose.yml and compose.yaml of the versions 1 to 3 and of the Compose specification, and what
//! `docker compose config` makes of them. YAML's anchors and merge keys are resolved by [`crate::yaml`].

use std::collections::BTreeMap;

use bundlescope_facts::{ComposeNetwork, ComposePort, ComposeService, Fact, Proto, Text};

use crate::json::{Fields, Value};
use crate::{Document, Parsed, yaml};

/// Ports of one service that are kept when ranges are expanded.
const MOST_PORTS: usize = 1_000;

/// True for a file of services; version 1 has them at the top, and only its name tells such a file.
pub(super) fn is_compose(head: &str, named: bool) -> bool {
    let line = |is: &dyn Fn(&str) -> bool| head.lines().any(|line| is(line.trim_end()));
    let made = |line: &str| {
        let line = line.trim_start();
        line.starts_with("image:") || line.starts_with("build:")
    };
    let other = line(&|line| line.starts_with("apiVersion:") || line.starts_with("kind:"));
    let services = line(&|line| line == "services:");
    !other && line(&made) && (services || named && line(&|line| line.ends_with(':') && !line.starts_with([' ', '#'])))
}

/// Reads services and networks.
pub(super) fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    yaml::read_items(document, &mut parsed, |file, _, parsed| {
        let project = scalar(file.get("name"));
        // Version 1 has neither `version` nor `services`.
        let services = if file.has("services") { file.object("services") } else { file };
        for (name, service) in services.entries() {
            if file.has("services") || service.has("image") || service.has("build") {
                let data = of_service(name, project.clone(), service);
                parsed.facts.push(Fact::new(service.source(), data));
            }
        }
        if file.has("services") {
            for (key, network) in file.get("networks").entries() {
                parsed.facts.push(Fact::new(network.source(), of_network(key, network)));
            }
        }
    });
    parsed
}

fn of_service(name: &str, project: Option<Text>, service: Fields<'_, '_>) -> ComposeService {
    let networks = service.get("networks");
    let of_networks = networks.entries().flat_map(|(_, network)| texts(network.get("aliases")));
    let deploy = service.get("deploy");
    let limits = deploy.get("resources").get("limits");
    let health = texts(service.get("healthcheck").get("test"));
    let mut ports: Vec<ComposePort> = Vec::new();
    for port in service.get("ports").items() {
        if !add_ports(port, &mut ports) {
            port.wrong("a port such as 8080:80 or 127.0.0.1:8080:80/tcp");
        }
    }
    ports.truncate(MOST_PORTS);
    ComposeService {
        name: name.into(),
        project,
        image: scalar(service.get("image")),
        build: service.has("build"),
        container_name: scalar(service.get("container_name")),
        ports,
        expose: texts(service.get("expose")),
        networks: names(networks),
        aliases: of_networks.collect(),
        network_mode: scalar(service.get("network_mode")).or_else(|| scalar(service.get("net"))),
        depends_on: names(service.get("depends_on")),
        links: texts(service.get("links")),
        extra_hosts: pairs(service.get("extra_hosts"), ':'),
        dns: texts(service.get("dns")),
        env: pairs(service.get("environment"), '=').iter().map(|pair| super::container::pair(pair)).collect(),
        command: texts(service.get("command")),
        healthcheck: match health.split_first() {
            Some((first, rest)) if matches!(&**first, "CMD" | "CMD-SHELL") => rest.to_vec(),
            _ => health,
        },
        restart: scalar(service.get("restart")).or_else(|| scalar(deploy.get("restart_policy").get("condition"))),
        volumes: service.get("volumes").items().filter_map(volume).collect(),
        replicas: scalar(deploy.get("replicas"))
            .or_else(|| scalar(service.get("scale")))
            .and_then(|count| count.parse().ok()),
        memory_limit: scalar(limits.get("memory")).or_else(|| scalar(service.get("mem_limit"))),
        cpu_limit: scalar(limits.get("cpus")).or_else(|| scalar(service.get("cpus"))),
        secrets: sources(service.get("secrets")),
        configs: sources(service.get("configs")),
    }
}

fn of_network(key: &str, network: Fields<'_, '_>) -> ComposeNetwork {
    let yes = |key: &str| matches!(network.get(key).node().map(|node| &node.value), Some(Value::Bool(true)));
    // `external: {name: …}` before version 3.5.
    let external = network.get("external");
    let options = network.get("driver_opts").entries();
    ComposeNetwork {
        key: key.into(),
        name: scalar(network.get("name")).or_else(|| scalar(external.get("name"))),
        driver: scalar(network.get("driver")),
        external: yes("external") || external.has("name"),
        internal: yes("internal"),
        subnets: network
            .get("ipam")
            .get("config")
            .items()
            .filter_map(|config| scalar(config.get("subnet"))?.parse().ok())
            .collect(),
        options: options
            .filter_map(|(name, value)| Some((Text::from(name), scalar(value)?)))
            .collect::<BTreeMap<_, _>>(),
    }
}

/// `source:target` of the long form.
fn volume(volume: Fields<'_, '_>) -> Option<Text> {
    if let Some(short) = scalar(volume) {
        return Some(short);
    }
    let target = scalar(volume.get("target"))?;
    Some(match scalar(volume.get("source")) {
        Some(source) => format!("{source}:{target}").into(),
        None => target,
    })
}

/// Adds what one entry publishes; false where it cannot be read.
fn add_ports(port: Fields<'_, '_>, ports: &mut Vec<ComposePort>) -> bool {
    let (inside, outside, address, proto) = if port.has("target") {
        let of = |key: &str| scalar(port.get(key));
        (of("target"), of("published"), of("host_ip"), of("protocol"))
    } else {
        let Some(written) = scalar(port) else { return false };
        let (ports, proto) = match written.split_once('/') {
            Some((ports, proto)) => (ports, Some(Text::from(proto))),
            None => (&*written, None),
        };
        let (outside, inside) = match ports.rsplit_once(':') {
            Some((outside, inside)) => (Some(outside), inside),
            None => (None, ports),
        };
        let (address, outside) = match outside.and_then(|outside| outside.rsplit_once(':')) {
            Some((address, outside)) => (Some(Text::from(address)), Some(outside)),
            None => (None, outside),
        };
        (Some(Text::from(inside)), outside.filter(|port| !port.is_empty()).map(Text::from), address, proto)
    };
    let range = |text: &str| -> Option<(u16, u16)> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let (first, last): (u16, u16) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        (first <= last).then_some((first, last))
    };
    let Some((first, last)) = inside.as_deref().and_then(range) else { return false };
    let published = match outside.as_deref() {
        None => None,
        Some(outside) => match range(outside) {
            // A range for one port leaves the choice to Docker.
            Some((low, high)) if high - low == last - first => Some(low),
            Some(_) if first == last => None,
            _ => return false,
        },
    };
    let proto = match proto.as_deref() {
        None => Proto::Tcp,
        Some(word) => match Proto::from_word(word) {
            Some(proto) => proto,
            None => return false,
        },
    };
    let host_address = address.as_deref().and_then(crate::words::address);
    if host_address.is_none() && address.is_some() {
        return false;
    }
    let room = MOST_PORTS.saturating_sub(ports.len());
    ports.extend((first..=last).take(room).enumerate().map(|(step, target)| ComposePort {
        proto,
        target,
        published: published.and_then(|port| port.checked_add(u16::try_from(step).ok()?)),
        host_address,
    }));
    true
}

/// A scalar as text, its variables replaced by their defaults.
fn scalar(value: Fields<'_, '_>) -> Option<Text> {
    let text = match &value.node()?.value {
        Value::Text(text) => substituted(text),
        Value::Number(number) => (*number).to_owned(),
        Value::Bool(value) => value.to_string(),
        _ => return None,
    };
    Some(text).filter(|text| !text.is_empty()).map(Text::from)
}

/// One text, or the texts of a list.
fn texts(value: Fields<'_, '_>) -> Vec<Text> {
    match scalar(value) {
        Some(text) => vec![text],
        None => value.items().filter_map(scalar).collect(),
    }
}

/// The names of what a service gets: of a list of names, or of the long form with a `source`.
fn sources(value: Fields<'_, '_>) -> Vec<Text> {
    value.items().filter_map(|item| scalar(item).or_else(|| scalar(item.get("source")))).collect()
}

/// The names of a list, or of a map by name.
fn names(value: Fields<'_, '_>) -> Vec<Text> {
    let of_map = value.entries().map(|(name, _)| Text::from(name));
    of_map.chain(value.items().filter_map(scalar)).collect()
}

/// Pairs of a list as they stand, or of a map with the sign between them.
fn pairs(value: Fields<'_, '_>, between: char) -> Vec<Text> {
    let of_map = value
        .entries()
        .map(|(name, value)| Text::from(format!("{name}{between}{}", scalar(value).unwrap_or_default())));
    // The other sign is allowed in lists of hosts since version 2.
    of_map.chain(value.items().filter_map(scalar)).collect()
}

/// `${NAME:-default}` and `${NAME-default}` are their default, `$$` is a dollar; everything else stays.
fn substituted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        if let Some(after) = after.strip_prefix("$$") {
            out.push('$');
            rest = after;
            continue;
        }
        let inner = after.strip_prefix("${").and_then(|inner| inner.split_once('}'));
        let default = inner.and_then(|(inside, rest)| {
            let end = inside.find([':', '-', '?', '+'])?;
            let default = inside[end..].strip_prefix(":-").or_else(|| inside[end..].strip_prefix('-'))?;
            Some((default, rest))
        });
        match default {
            Some((default, behind)) => {
                out.push_str(default);
                rest = behind;
            }
            None => {
                out.push('$');
                rest = &after[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_have_their_defaults() {
        assert_eq!(substituted("${PORT:-8080}:80"), "8080:80");
        assert_eq!(substituted("${PORT-8080}/$$x/${NAME}/$NAME/${A:?b}"), "8080/$x/${NAME}/$NAME/${A:?b}");
        assert_eq!(substituted("$"), "$");
    }

    #[test]
    fn the_first_version_has_its_services_at_the_top() {
        let text = "web:\n  build: .\n  ports:\n    - 5000:5000\n    - \"127.0.0.1::53/udp\"\n  links: [db]\ndb:\n  image: postgres\n";
        assert!(is_compose(text, true) && !is_compose(text, false));
        let parsed = parse(&Document::new("docker-compose.yml", text.as_bytes()));
        assert_eq!(parsed.problems, []);
        let of = |at: usize, field: &str| parsed.facts[at].get(field).to_string();
        assert_eq!((of(0, "name"), of(0, "links"), of(1, "image")), ("web".into(), "db".into(), "postgres".into()));
        let ports = parsed.facts[0].get("ports").to_string();
        assert!(ports.contains("published=5000") && ports.contains("host_address=127.0.0.1"), "{ports}");
    }

    #[test]
    fn a_port_that_is_none_is_told() {
        let text = "services:\n  web:\n    image: nginx\n    ports:\n      - \"http:80:80:80\"\n";
        let parsed = parse(&Document::new("compose.yaml", text.as_bytes()));
        assert_eq!((parsed.facts.len(), parsed.problems.len(), parsed.problems[0].line), (1, 1, 5));
    }
}
