//! Formats of the docker family: the CLI's tables, texts and JSON, the Engine API's JSON, the daemon's settings.
//!
//! Every JSON document goes through [`records`], which tells each record by its keys, and every table through
//! [`tables`], which tells it by its titles: collectors concatenate, and `docker inspect` takes any objects at once. A
//! [`Format`] therefore only says what a document is mainly about.

mod cells;
mod compose;
mod compose_file;
mod config;
mod container;
mod endpoint;
mod events;
mod info;
mod network;
mod objects;
mod podman;
mod podman_pod;
mod port;
mod ports;
mod pretty;
mod ps;
mod records;
mod status;
mod swarm;
mod tables;
mod tool_version;

use bundlescope_facts::DaemonConfig;

use crate::format::{Format, Hint, Match};
use crate::json::{self, Value};
use crate::{Document, Parsed};

pub(crate) use cells::size;
pub(crate) use config::parse_options as daemon_options;
use records::Record;
use tables::Listing;

/// Every format of the family, the more specific ones first.
pub(crate) static FORMATS: &[&Format] = &[
    &INSPECT,
    &NETWORKS,
    // Of several tables, of which one looks like that of `docker ps`.
    &DISK,
    &PS,
    &COMPOSE_PS,
    &NETWORK_LS,
    &INFO,
    &VERSION,
    &IMAGES,
    &IMAGE_INSPECT,
    &VOLUMES,
    &STATS,
    &EVENTS,
    &DAEMON_JSON,
    &DAEMON_OPTIONS,
    &NODES,
    &SERVICES,
    &TASKS,
    &PRETTY,
    &SWARM_OBJECTS,
    &STACKS,
    &HISTORY,
    &CONTEXTS,
    &PLUGINS,
    &PROJECTS,
    &COMPOSE_IMAGES,
    &COMPOSE_FILE,
    &PORTS,
    &PODMAN_INFO,
    &podman_pod::PODMAN_PODS,
    &tool_version::TOOL_VERSION,
    &PODMAN_NETWORKS,
    &FAILURE,
];

static INSPECT: Format = Format {
    name: "docker-inspect",
    collect: "docker inspect $(docker ps -aq)",
    kinds: &["container", "endpoint", "published_port"],
    detect: |hint| listing(hint, &["docker inspect", "docker container inspect"], &[Record::Container], &[]),
    parse: records_or_tables,
};

static NETWORKS: Format = Format {
    name: "docker-network-inspect",
    collect: "docker network inspect $(docker network ls -q)",
    kinds: &["network", "endpoint"],
    detect: |hint| match listing(hint, &["docker network inspect"], &[Record::Network], &[]) {
        Match::No => Match::No,
        _ if !hint.head.contains("\"IPAM\"") && hint.head.contains("\"Driver\"") => Match::No,
        found => found,
    },
    parse: records_or_tables,
};

static PS: Format = Format {
    name: "docker-ps",
    collect: "docker ps -a --no-trunc",
    kinds: &["container", "endpoint", "published_port"],
    detect: |hint| {
        listing(
            hint,
            &["docker ps", "docker container ls", "docker compose ps", "docker-compose ps"],
            &[Record::ContainerRow],
            &[Listing::Containers],
        )
    },
    parse: records_or_tables,
};

static COMPOSE_PS: Format = Format {
    name: "docker-compose-ps",
    collect: "docker-compose ps",
    kinds: &["container", "published_port"],
    detect: |hint| sure(first_lines(hint).any(compose::titles), hint, &["docker-compose ps"]),
    parse: compose::parse,
};

static NETWORK_LS: Format = Format {
    name: "docker-network-ls",
    collect: "docker network ls --no-trunc",
    kinds: &["network"],
    detect: |hint| listing(hint, &["docker network ls"], &[Record::Network], &[Listing::Networks]),
    parse: records_or_tables,
};

static INFO: Format = Format {
    name: "docker-info",
    collect: "docker info",
    kinds: &["docker_daemon", "hostname", "collection_error"],
    detect: |hint| {
        let subjects = &["docker info", "docker system info"];
        let text = has_line(hint, |line| line.starts_with("Server Version: "))
            && has_line(hint, |line| line.starts_with("Storage Driver: "))
            || has_line(hint, |line| line == "Debug Mode: false" || line == "Debug Mode: true")
                && has_line(hint, |line| line.starts_with("Server:"))
            || hint.head.starts_with("Containers: ") && has_line(hint, |line| line.starts_with("Execution Driver: "));
        listing(hint, subjects, &[Record::Info], &[]).max(sure(text, hint, subjects))
    },
    parse: |document| if is_json(document) { records::parse(document) } else { info::parse_info(document) },
};

static VERSION: Format = Format {
    name: "docker-version",
    collect: "docker version",
    kinds: &["docker_daemon", "collection_error"],
    detect: |hint| {
        let subjects = &["docker version"];
        let text = has_line(hint, |line| {
            ["API version:", "API Version:", "Client API version:", "RemoteAPI Version:"]
                .iter()
                .any(|start| line.starts_with(start))
        }) && has_line(hint, |line| line.starts_with("Go version") || line.starts_with("Go Version"));
        listing(hint, subjects, &[Record::Version], &[]).max(sure(text, hint, subjects))
    },
    parse: |document| if is_json(document) { records::parse(document) } else { info::parse_version(document) },
};

static IMAGES: Format = Format {
    name: "docker-images",
    collect: "docker images --no-trunc",
    kinds: &["image"],
    detect: |hint| {
        let found = listing(
            hint,
            &["docker images", "docker image ls"],
            &[Record::Image, Record::ImageRow],
            &[Listing::Images],
        );
        // An inspect tells more, and is a format of its own.
        if hint.head.contains("\"RootFS\"") { Match::No } else { found }
    },
    parse: records_or_tables,
};

static IMAGE_INSPECT: Format = Format {
    name: "docker-image-inspect",
    collect: "docker image inspect $(docker images -q)",
    kinds: &["image"],
    detect: |hint| listing(hint, &["docker image inspect"], &[Record::Image], &[]),
    parse: records_or_tables,
};

static VOLUMES: Format = Format {
    name: "docker-volume-ls",
    collect: "docker volume ls",
    kinds: &["volume"],
    detect: |hint| listing(hint, &["docker volume"], &[Record::Volume, Record::VolumeList], &[Listing::Volumes]),
    parse: records_or_tables,
};

static STATS: Format = Format {
    name: "docker-stats",
    collect: "docker stats --no-stream",
    kinds: &["container_usage"],
    detect: |hint| listing(hint, &["docker stats"], &[Record::Usage, Record::UsageRow], &[Listing::Usage]),
    parse: records_or_tables,
};

static DISK: Format = Format {
    name: "docker-system-df",
    collect: "docker system df",
    kinds: &["docker_disk_usage", "image", "volume", "container"],
    detect: |hint| {
        let usage = has_line(hint, |line| line == "Images space usage:");
        let subjects = &["docker system df"];
        listing(hint, subjects, &[Record::DiskRow, Record::Lists], &[Listing::Disk, Listing::BuildCache])
            .max(sure(usage, hint, subjects))
    },
    parse: records_or_tables,
};

static EVENTS: Format = Format {
    name: "docker-events",
    collect: "docker events --since 24h --until 1s",
    kinds: &["docker_event"],
    detect: |hint| {
        let subjects = &["docker events", "docker system events"];
        let first = hint.head.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        listing(hint, subjects, &[Record::Event, Record::PodmanEvent], &[]).max(sure(
            events::is_event(first),
            hint,
            subjects,
        ))
    },
    parse: |document| if is_json(document) { records::parse(document) } else { events::parse(document) },
};

static DAEMON_JSON: Format = Format {
    name: "daemon.json",
    collect: "cat /etc/docker/daemon.json",
    kinds: &["daemon_config"],
    detect: |hint| {
        let path = hint.subject == "/etc/docker/daemon.json" || hint.path.ends_with("docker_daemon.json");
        let begins = hint.head.trim_start_matches('\u{feff}').trim_start().starts_with('{');
        let record = if begins { json::first_record(hint.head) } else { None };
        match record {
            Some(record) if config::is_config(&record) => {
                if path {
                    Match::Both
                } else {
                    Match::Content
                }
            }
            // Anything in that place is meant to be it, an empty object included, and a damaged one above all.
            _ if path && (begins || hint.head.trim().is_empty()) => Match::Path,
            _ => Match::No,
        }
    },
    parse: config::parse_json,
};

static DAEMON_OPTIONS: Format = Format {
    name: "docker-options",
    collect: "cat /etc/default/docker /etc/sysconfig/docker; systemctl cat docker",
    kinds: &["daemon_config"],
    detect: |hint| {
        let place = matches!(hint.subject, "/etc/default/docker" | "/etc/sysconfig/docker")
            || hint.path.contains("docker.service.d/")
            || hint.path.ends_with("/docker.service")
            || hint.path.ends_with("etc/default/docker")
            || hint.path.ends_with("etc/sysconfig/docker");
        let text = has_line(hint, |line| line.trim_start_matches(['#', ' ']).starts_with("DOCKER_OPTS=\""))
            || has_line(hint, |line| line.starts_with("ExecStart=") && line.contains("dockerd"));
        match (place, text) {
            (true, true) => Match::Both,
            (false, true) => Match::Content,
            (true, false) => Match::Path,
            (false, false) => Match::No,
        }
    },
    parse: config::parse_options,
};

static NODES: Format = Format {
    name: "docker-node-ls",
    collect: "docker node inspect $(docker node ls -q)",
    kinds: &["swarm_node"],
    detect: |hint| listing(hint, &["docker node"], &[Record::Node, Record::NodeRow], &[Listing::Nodes]),
    parse: records_or_tables,
};

static SERVICES: Format = Format {
    name: "docker-service-ls",
    collect: "docker service inspect $(docker service ls -q)",
    kinds: &["swarm_service"],
    detect: |hint| {
        let subjects = &["docker service", "docker stack services"];
        listing(hint, subjects, &[Record::Service, Record::ServiceRow], &[Listing::Services])
    },
    parse: records_or_tables,
};

static TASKS: Format = Format {
    name: "docker-service-ps",
    collect: "docker service ps --no-trunc $(docker service ls -q)",
    kinds: &["swarm_task"],
    detect: |hint| {
        let subjects = &["docker service ps", "docker stack ps", "docker node ps"];
        listing(hint, subjects, &[Record::Task, Record::TaskRow], &[Listing::Tasks])
    },
    parse: records_or_tables,
};

static PRETTY: Format = Format {
    name: "docker-inspect-pretty",
    collect: "docker service inspect --pretty $(docker service ls -q)",
    kinds: &["swarm_node", "swarm_service", "swarm_object"],
    detect: |hint| {
        let subjects = &["docker node", "docker service", "docker secret", "docker config"];
        sure(pretty::is_pretty(hint.head), hint, subjects)
    },
    parse: pretty::parse,
};

static SWARM_OBJECTS: Format = Format {
    name: "docker-secret-ls",
    collect: "docker secret ls; docker config ls",
    kinds: &["swarm_object"],
    detect: |hint| {
        let subjects = &["docker secret", "docker config"];
        listing(hint, subjects, &[Record::Object, Record::ObjectRow], &[Listing::Objects])
    },
    parse: records_or_tables,
};

static STACKS: Format = Format {
    name: "docker-stack-ls",
    collect: "docker stack ls",
    kinds: &["swarm_stack"],
    detect: |hint| listing(hint, &["docker stack ls"], &[Record::StackRow], &[Listing::Stacks]),
    parse: records_or_tables,
};

static HISTORY: Format = Format {
    name: "docker-history",
    collect: "docker history --no-trunc IMAGE",
    kinds: &["image_layer"],
    detect: |hint| listing(hint, &["docker history", "docker image history"], &[Record::Layer], &[Listing::Layers]),
    parse: records_or_tables,
};

static CONTEXTS: Format = Format {
    name: "docker-context-ls",
    collect: "docker context ls",
    kinds: &["docker_context"],
    detect: |hint| listing(hint, &["docker context"], &[Record::Context], &[Listing::Contexts]),
    parse: records_or_tables,
};

static PLUGINS: Format = Format {
    name: "docker-plugin-ls",
    collect: "docker plugin ls",
    kinds: &["docker_plugin"],
    detect: |hint| listing(hint, &["docker plugin"], &[Record::Plugin], &[Listing::Plugins]),
    parse: records_or_tables,
};

static PROJECTS: Format = Format {
    name: "docker-compose-ls",
    collect: "docker compose ls -a",
    kinds: &["compose_project"],
    detect: |hint| listing(hint, &["docker compose ls"], &[Record::Project], &[Listing::Projects]),
    parse: records_or_tables,
};

static COMPOSE_IMAGES: Format = Format {
    name: "docker-compose-images",
    collect: "docker-compose images",
    kinds: &["image"],
    detect: |hint| sure(first_lines(hint).any(compose::image_titles), hint, &["docker-compose images"]),
    parse: compose::parse_images,
};

static COMPOSE_FILE: Format = Format {
    name: "compose-file",
    collect: "docker compose config",
    kinds: &["compose_service", "compose_network"],
    detect: |hint| {
        let name = hint.path.rsplit('/').next().unwrap_or_default();
        let named = name.contains("compose") && (name.ends_with(".yml") || name.ends_with(".yaml"));
        let asked = by_path(hint, &["docker compose config", "docker-compose config"]);
        match (compose_file::is_compose(hint.head, named || asked), named || asked) {
            (true, true) => Match::Both,
            (true, false) => Match::Content,
            _ => Match::No,
        }
    },
    parse: compose_file::parse,
};

static PORTS: Format = Format {
    name: "docker-port",
    collect: "docker port CONTAINER",
    kinds: &["published_port"],
    detect: |hint| {
        let mut lines = first_lines(hint).filter(|line| !line.trim().is_empty()).peekable();
        sure(lines.peek().is_some() && lines.all(port::is_row), hint, &["docker port", "docker container port"])
    },
    parse: port::parse,
};

static PODMAN_INFO: Format = Format {
    name: "podman-info",
    collect: "podman info",
    kinds: &["docker_daemon", "hostname"],
    detect: |hint| {
        let subjects = &["docker info", "docker system info"];
        listing(hint, subjects, &[Record::PodmanInfo], &[]).max(sure(podman::is_info(hint.head), hint, subjects))
    },
    parse: |document| if is_json(document) { records::parse(document) } else { podman::parse_info(document) },
};

static PODMAN_NETWORKS: Format = Format {
    name: "podman-network-inspect",
    collect: "podman network inspect $(podman network ls -q)",
    kinds: &["network", "endpoint"],
    detect: |hint| listing(hint, &["docker network"], &[Record::PodmanNetwork, Record::CniNetwork], &[]),
    parse: records_or_tables,
};

/// What the CLI prints when it cannot reach the daemon, in the place of any answer.
static FAILURE: Format = Format {
    name: "docker-failure",
    collect: "docker info",
    kinds: &["collection_error"],
    detect: |hint| {
        let first = hint.head.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
        let short = hint.head.lines().filter(|line| !line.trim().is_empty()).take(4).count() < 4;
        // What the daemon answers to other commands is for the signatures.
        let asked = by_path(hint, &["docker"]) || !first.contains("Error response from daemon");
        sure(short && asked && info::is_failure(first), hint, &["docker"])
    },
    parse: info::parse_failure,
};

/// The settings in a daemon's command line; `None` for other programs and where it sets nothing.
pub(crate) fn daemon_settings(command: &str) -> Option<DaemonConfig> {
    config::of_command_line(command)
}

/// A JSON document whose first record is one of `records`, or a text with one of `tables` among its first lines. An
/// empty list is what its path says.
fn listing(hint: &Hint<'_>, subjects: &[&str], records: &[Record], tables: &[Listing]) -> Match {
    let by_path = by_path(hint, subjects);
    let head = hint.head.trim_start_matches('\u{feff}').trim_start();
    if records::may_hold(head, records)
        && let Some(record) = json::first_record(hint.head)
        && !record.members().is_empty()
    {
        return sure(records::classify(&record).is_some_and(|record| records.contains(&record)), hint, subjects);
    }
    if matches!(head.trim_end(), "[]" | "null" | "{}") {
        return if by_path && head != "{}" { Match::Path } else { Match::No };
    }
    let begins = |line| tables::titles(line).is_some_and(|(listing, _)| tables.contains(&listing));
    sure(!tables.is_empty() && first_lines(hint).any(begins), hint, subjects)
}

/// The match of a document whose content is, or is not, of a format.
fn sure(content: bool, hint: &Hint<'_>, subjects: &[&str]) -> Match {
    match (content, by_path(hint, subjects)) {
        (true, true) => Match::Both,
        (true, false) => Match::Content,
        (false, _) => Match::No,
    }
}

/// Podman and nerdctl take the words of Docker's command.
fn by_path(hint: &Hint<'_>, subjects: &[&str]) -> bool {
    let words = |subject: &'_ str| -> Option<String> {
        let rest = ["podman", "nerdctl"].iter().find_map(|twin| subject.strip_prefix(twin))?;
        Some(format!("docker{rest}"))
    };
    let twin = words(hint.subject);
    let said = twin.as_deref().unwrap_or(hint.subject);
    subjects.iter().any(|subject| said.starts_with(subject))
}

/// The lines among which titles are looked for: a prompt, a warning or a blank line may come before.
fn first_lines<'a>(hint: &Hint<'a>) -> impl Iterator<Item = &'a str> + use<'a> {
    hint.head.lines().take(10)
}

/// True when one of the first hundred lines, without its indentation, is such a one.
fn has_line(hint: &Hint<'_>, is: impl Fn(&str) -> bool) -> bool {
    hint.head.lines().take(100).any(|line| is(line.trim()))
}

fn is_json(document: &Document<'_>) -> bool {
    let head = &document.bytes[..document.bytes.len().min(64 << 10)];
    let record = json::first_record(std::str::from_utf8(head).unwrap_or_else(|error| {
        // The bytes up to the error are valid, so the second conversion cannot fail.
        std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default()
    }));
    record.is_some_and(|record| matches!(record.value, Value::Object(_)))
}

fn records_or_tables(document: &Document<'_>) -> Parsed {
    if is_json(document) { records::parse(document) } else { tables::parse(document) }
}
