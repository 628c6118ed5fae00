//! Containers: `docker inspect` (Docker 1.0 to 29), and podman's, which imitates it.

use std::collections::BTreeMap;

use bundlescope_facts::{Container, Fact, Mount, Source, Text};

use crate::Parsed;
use crate::json::Fields;

use super::{endpoint, ports};

/// A record of `docker inspect`.
///
/// Its evidence is the state: a triager who doubts that a container is down wants to see those lines. Environment,
/// mounts and the like stand elsewhere in the record.
pub(super) fn inspected(record: Fields<'_, '_>, parsed: &mut Parsed) {
    let (state, config, host) = (record.object("State"), record.object("Config"), record.object("HostConfig"));
    let health =
        Some(state.object("Health")).filter(|health| health.is_present()).unwrap_or(state.object("Healthcheck"));
    let id = record.text("Id").or_else(|| record.text("ID")).unwrap_or_default();
    let restarting = state.bool("Restarting").unwrap_or(false);
    let running = state.bool("Running").unwrap_or(false) && !restarting;
    let started = state.time("StartedAt");
    let container_status = state.text("Status").unwrap_or_else(|| {
        let flag = |key| state.bool(key).unwrap_or(false);
        // Docker before 1.9 has the flags only.
        Text::from(match () {
            () if flag("Paused") => "paused",
            () if restarting => "restarting",
            () if running => "running",
            () if flag("Dead") => "dead",
            () if started.is_none() => "created",
            () => "exited",
        })
    });
    let container = Container {
        name: name(record.word("Name"), &id),
        image: config.text("Image").or_else(|| record.text("ImageName")).or_else(|| record.text("Image")),
        exit_code: state.int("ExitCode").filter(|code| !running && (*code != 0 || &*container_status != "created")),
        status: Some(container_status),
        running,
        oom_killed: state.bool("OOMKilled"),
        error: state.text("Error"),
        restart_count: record.int("RestartCount"),
        restart_policy: restart_policy(host),
        status_text: None,
        state_age: None,
        health: health.text("Status").filter(|status| &**status != "none"),
        health_output: health.list("Log").last().and_then(|log| log.text("Output")).map(|output| output.trim().into()),
        created: record.time("Created"),
        started,
        finished: state.time("FinishedAt"),
        hostname: config.text("Hostname"),
        network_mode: host.text("NetworkMode"),
        env: config.list("Env").filter_map(Fields::str).map(pair).collect(),
        command: command(record, config),
        labels: config.map("Labels"),
        extra_hosts: host.texts("ExtraHosts"),
        links: host.list("Links").filter_map(Fields::str).map(link).collect(),
        dns: if host.has("Dns") { host.texts("Dns") } else { config.texts("Dns") },
        exposed_ports: config.object("ExposedPorts").entries().map(|(port, _)| port.into()).collect(),
        mounts: mounts(record),
        memory_limit: host.int("Memory").or_else(|| config.int("Memory")),
        ulimits: ulimits(host),
        privileged: host.bool("Privileged"),
        pid: state.int("Pid"),
        id,
        inspected: true,
    };
    let owner = endpoint::Owner { name: container.name.clone(), id: container.id.clone() };
    parsed.facts.push(Fact::new(state_source(record, state, health), container));
    endpoint::of_container(record, &owner, parsed);
    ports::of_container(record, &owner.name, running, parsed);
}

/// A name without its leading slash; the short id where a record has none.
pub(super) fn name(written: &str, id: &str) -> Text {
    match written.strip_prefix('/').unwrap_or(written) {
        "" => id.get(..12).unwrap_or(id).into(),
        name => name.into(),
    }
}

/// Splits `NAME=value`; `NAME` alone has an empty value.
pub(super) fn pair(text: &str) -> (Text, Text) {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    (name.into(), value.into())
}

/// `/db:/web/database` becomes `db:database`.
fn link(text: &str) -> Text {
    let (container, alias) = text.split_once(':').unwrap_or((text, text));
    let last = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
    format!("{}:{}", container.trim_start_matches('/'), last(alias)).into()
}

/// What is executed.
pub(super) fn command(record: Fields<'_, '_>, config: Fields<'_, '_>) -> Vec<Text> {
    let path = record.text("Path");
    if path.is_some() {
        return path.into_iter().chain(record.texts("Args")).collect();
    }
    config.texts("Entrypoint").into_iter().chain(config.texts("Cmd")).collect()
}

/// The policy; an empty name is how the API says `no`.
fn restart_policy(host: Fields<'_, '_>) -> Option<Text> {
    let policy = host.object("RestartPolicy");
    policy.is_present().then(|| policy.text("Name").unwrap_or_else(|| "no".into()))
}

fn ulimits(host: Fields<'_, '_>) -> BTreeMap<Text, Text> {
    let limit = |limit: Fields<'_, '_>| {
        let (soft, hard) = (limit.int::<i64>("Soft")?, limit.int::<i64>("Hard")?);
        Some((limit.text("Name")?, format!("{soft}:{hard}").into()))
    };
    host.list("Ulimits").filter_map(limit).collect()
}

/// Mounts; Docker before 1.8 has two maps by destination instead.
pub(super) fn mounts(record: Fields<'_, '_>) -> Vec<Mount> {
    if record.has("Mounts") {
        let mount = |mount: Fields<'_, '_>| {
            let volume = mount.text("Name");
            let kind = mount.text("Type").unwrap_or_else(|| if volume.is_some() { "volume" } else { "bind" }.into());
            Mount {
                source: volume.or_else(|| mount.text("Source")).unwrap_or_default(),
                destination: mount.text("Destination").unwrap_or_default(),
                writable: mount.bool("RW").unwrap_or(true),
                kind,
            }
        };
        return record.list("Mounts").map(mount).collect();
    }
    let writable = record.object("VolumesRW");
    let entry = |(destination, source): (&str, Fields<'_, '_>)| Mount {
        kind: "bind".into(),
        source: source.str().unwrap_or_default().into(),
        destination: destination.into(),
        writable: writable.bool(destination).unwrap_or(true),
    };
    record.object("Volumes").entries().map(entry).collect()
}

/// The lines of the state. The log of the health checks belongs to them only where it matters.
fn state_source(record: Fields<'_, '_>, state: Fields<'_, '_>, health: Fields<'_, '_>) -> Source {
    if !state.is_present() {
        return record.source();
    }
    if !health.is_present() || health.word("Status") == "unhealthy" {
        return state.source();
    }
    let flags = state.entries().filter(|(key, _)| !matches!(*key, "Health" | "Healthcheck"));
    let last = flags.map(|(_, value)| value).last().unwrap_or(state);
    let narrow = state.source_up_to(last);
    let status = state.source_up_to(health.get("Status"));
    if status.span.1 > narrow.span.1 { status } else { narrow }
}
