//! Listeners of containers whose sockets no document lists, from what their servers log and how they were started.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use bundlescope_facts::{Data, Fact, Listener, Text};

/// Adds the listeners that logs and command lines tell, for running containers without a socket list of their own.
pub(crate) fn add_listeners(facts: &mut Vec<Fact>) {
    let key = |fact: &Fact, container: &Text| (fact.node.clone(), container.clone());
    let mut listed = BTreeSet::new();
    let mut running = BTreeSet::new();
    for fact in facts.iter() {
        match &fact.data {
            Data::Listener(listener) => {
                listed.extend(listener.container.as_ref().map(|container| key(fact, container)))
            }
            Data::Container(container) if container.running && container.network_mode.as_deref() != Some("host") => {
                running.insert(key(fact, &container.name));
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    let mut told = BTreeSet::new();
    for fact in facts.iter().filter(|fact| fact.kind() == "service_listening") {
        let Some(container) = fact.get("container").as_text().map(Text::from) else { continue };
        let place = key(fact, &container);
        if listed.contains(&place) || !running.contains(&place) {
            continue;
        }
        let (address, port) = (fact.get("address"), fact.get("port"));
        if let (Some(address), Some(port)) = (address.as_text().and_then(parse), port.as_int()) {
            told.insert(place);
            found.push(derived(fact, container, address, port));
        }
    }
    for fact in facts.iter() {
        let Data::Container(container) = &fact.data else { continue };
        let place = key(fact, &container.name);
        if container.inspected && running.contains(&place) && !listed.contains(&place) && !told.contains(&place) {
            for (address, port) in bound_by_command(&container.command, container.image.as_deref()) {
                found.push(derived(fact, container.name.clone(), address, port.into()));
            }
        }
    }
    facts.extend(found);
}

fn derived(fact: &Fact, container: Text, address: IpAddr, port: i64) -> Fact {
    let listener = Listener {
        address: Some(address),
        port: u16::try_from(port).unwrap_or(0),
        container: Some(container),
        ..Listener::default()
    };
    Fact { node: fact.node.clone(), excerpt: fact.excerpt.clone(), ..Fact::new(fact.source.clone(), listener) }
}

fn parse(address: &str) -> Option<IpAddr> {
    match address {
        "localhost" => Some(Ipv4Addr::LOCALHOST.into()),
        "*" | "" => Some(Ipv4Addr::UNSPECIFIED.into()),
        other => other.parse().ok(),
    }
}

/// Servers, the option that names their address, and their usual port.
const SERVERS: &[(&str, &[&str], u16)] = &[
    ("redis", &["--bind"], 6379),
    ("valkey", &["--bind"], 6379),
    ("mysql", &["--bind-address", "--bind_address"], 3306),
    ("mariadb", &["--bind-address", "--bind_address"], 3306),
    ("mongo", &["--bind_ip", "--bindIp"], 27017),
    ("postgres", &["listen_addresses"], 5432),
    ("memcached", &["-l", "--listen"], 11211),
];

/// The words of a command; `sh -c "server --bind …"` is taken apart.
fn words(command: &[Text]) -> Vec<Text> {
    let shell = command.first().and_then(|program| program.rsplit('/').next());
    let script = command.iter().position(|word| &**word == "-c").and_then(|at| command.get(at + 1));
    match (shell, script) {
        (Some("sh" | "bash" | "ash" | "dash"), Some(script)) => {
            // The last command of a script is the one that stays.
            let last = script.rsplit([';', '&', '|', '\n']).find(|part| !part.trim().is_empty()).unwrap_or_default();
            let bare = |word: &str| Text::from(word.trim_matches(['"', '\'']));
            last.split_whitespace().filter(|word| *word != "exec").map(bare).collect()
        }
        _ => command.to_vec(),
    }
}

/// What `--bind 127.0.0.1 --port 8000` and the like say. Only commands that name an address are taken at their word.
fn bound_by_command(command: &[Text], image: Option<&str>) -> Vec<(IpAddr, u16)> {
    let command = words(command);
    let option = |names: &[&str]| {
        command.iter().enumerate().find_map(|(index, word)| {
            let (name, value) = word.trim_start_matches("-c").split_once('=').unwrap_or((word, ""));
            if !names.contains(&name) {
                return None;
            }
            if value.is_empty() { command.get(index + 1).map(|next| &**next) } else { Some(value) }
        })
    };
    // `registry.example/team/redis:7` is redis.
    let image = image.map(|image| image.rsplit('/').next().unwrap_or(image));
    let server = SERVERS.iter().find(|(name, ..)| {
        let program = command.iter().filter_map(|word| word.rsplit('/').next()).any(|word| word.starts_with(name));
        program || image.is_some_and(|image| image.contains(name))
    });
    let own = server.and_then(|(_, names, _)| option(names));
    let Some(bound) = own.or_else(|| option(&["--bind", "-b", "--host", "--listen", "--address"])) else {
        return Vec::new();
    };
    let port = option(&["--port", "-p", "port"]).and_then(|port| port.parse().ok());
    let default = port.or(server.map(|(.., port)| *port));
    bound
        .split([' ', ','])
        .filter_map(|part| {
            let part = part.trim_start_matches('-');
            if let Some(address) = parse(part).filter(|_| !part.is_empty()) {
                return default.map(|port| (address, port));
            }
            let (address, port) = part.rsplit_once(':')?;
            Some((parse(address.trim_matches(['[', ']']))?, port.parse().ok()?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_that_name_an_address_are_taken_at_their_word() {
        let bound = |words: &[&str]| {
            let command: Vec<Text> = words.iter().map(|word| Text::from(*word)).collect();
            bound_by_command(&command, Some("registry.example/team/image:1"))
                .iter()
                .map(|(address, port)| format!("{address} {port}"))
                .collect::<Vec<_>>()
        };
        assert_eq!(bound(&["redis-server", "--bind", "127.0.0.1", "--save", ""]), ["127.0.0.1 6379"]);
        assert_eq!(bound(&["gunicorn", "-b", "127.0.0.1:8000", "app"]), ["127.0.0.1 8000"]);
        assert_eq!(bound(&["uvicorn", "--host=localhost", "--port=9000"]), ["127.0.0.1 9000"]);
        assert_eq!(bound(&["/entry.sh", "postgres", "-c", "listen_addresses=localhost"]), ["127.0.0.1 5432"]);
        assert_eq!(bound(&["docker-entrypoint.sh", "mongod", "--bind_ip", "127.0.0.1"]), ["127.0.0.1 27017"]);
        assert_eq!(bound(&["mysqld", "--bind-address=127.0.0.1", "--port=3307"]), ["127.0.0.1 3307"]);
        assert_eq!(bound(&["sh", "-c", "migrate; exec redis-server --bind '127.0.0.1'"]), ["127.0.0.1 6379"]);
        assert!(bound(&["sh", "-c", "redis-server --bind 127.0.0.1 & worker"]).is_empty());
        assert!(bound(&["psql", "--host", "db"]).is_empty());
        assert!(bound(&["server"]).is_empty());
    }
}
