//! A pod as `kubectl describe` shows it.

use std::collections::BTreeSet;

use bundlescope_facts::{KubeProbe, Pod, PodContainer, Text};

use crate::{Document, Line, Parsed};

use super::{Description, Entry, below, push, text};

/// A pod.
pub(super) fn pod(of: &Description<'_>, document: &Document<'_>, parsed: &mut Parsed) {
    let (mut containers, mut unwell) = (Vec::new(), None);
    for (section, init) in [("Init Containers", true), ("Containers", false)] {
        let block = of.block(section);
        let names = block.iter().enumerate().filter(|(_, entry)| entry.indent == 2 && entry.value.is_empty());
        for (at, entry) in names {
            let (container, lines) = container(entry.key, init, below(block, at));
            let well = container.reason.as_deref().is_none_or(|reason| reason == "Completed");
            if unwell.is_none() && (!well || container.restarts.is_some_and(|restarts| restarts > 0)) {
                unwell = lines;
            }
            containers.push(container);
        }
    }
    let status = of.text("Status");
    let terminating = status.as_deref().is_some_and(|status| status.starts_with("Terminating"));
    let unready = containers.iter().rev().filter(|container: &&PodContainer| !container.ready);
    let reason = unready.filter_map(|container| container.reason.clone()).find(|reason| &**reason != "Completed");
    let conditions = of.conditions();
    let ready = conditions.iter().find(|condition| &*condition.condition == "Ready");
    let ended = matches!(status.as_deref(), Some("Succeeded" | "Failed"));
    let message = match (of.text("Reason"), of.text("Message")) {
        (Some(reason), Some(message)) => Some(format!("{reason}: {message}").into()),
        (reason, message) => message.or(reason),
    };
    let (node, host) = of.value("Node").split_once('/').unwrap_or((of.value("Node"), ""));
    let mounted = mounted(of);
    let data = Pod {
        name: of.name(),
        namespace: of.namespace(),
        phase: status.clone().filter(|_| !terminating),
        status: if terminating { Some("Terminating".into()) } else { reason.or_else(|| of.text("Reason")).or(status) },
        ready: ready.filter(|_| !ended).map(|condition| &*condition.status == "True"),
        restarts: Some(containers.iter().filter_map(|container| container.restarts).sum()),
        node: text(node),
        address: of.value("IP").parse().ok(),
        host_address: host.parse().ok(),
        message,
        labels: of.map("Labels"),
        owner: of.text("Controlled By"),
        terminating,
        conditions,
        node_selector: of.map("Node-Selectors"),
        tolerations: of.values("Tolerations").collect(),
        qos: of.text("QoS Class"),
        service_account: of.text("Service Account"),
        claims: mounted.0.into_iter().collect(),
        config_maps: mounted.1.into_iter().collect(),
        secrets: mounted.2.into_iter().collect(),
        containers,
        ..Pod::default()
    };
    let line = |line: Line<'_>| document.source(line, line);
    let source = match (unwell, of.entry("Status")) {
        (Some((first, last)), _) => document.source(first, last),
        (None, Some(status)) => line(status.line),
        (None, None) => of.source(document),
    };
    push(parsed, source, data);
}

/// Claims, config maps and secrets of the volumes.
fn mounted(of: &Description<'_>) -> (BTreeSet<Text>, BTreeSet<Text>, BTreeSet<Text>) {
    let mut found = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let mut volume = "";
    for entry in of.block("Volumes") {
        match entry.key {
            "Type" => volume = entry.value.split([' ', '(']).next().unwrap_or_default(),
            "ClaimName" => found.0.extend(text(entry.value)),
            "Name" if volume == "ConfigMap" => found.1.extend(text(entry.value)),
            "ConfigMapName" => found.1.extend(text(entry.value)),
            "SecretName" => found.2.extend(text(entry.value)),
            _ => {}
        }
    }
    found
}

/// The lines from the state to the count of restarts.
type Shown<'a> = Option<(Line<'a>, Line<'a>)>;

fn container<'a>(name: &str, init: bool, entries: &[Entry<'a>]) -> (PodContainer, Shown<'a>) {
    let mut data = PodContainer { name: name.into(), init, ..PodContainer::default() };
    let (mut state, mut shown) = (None, None);
    // The field that lines set in further belong to.
    let mut field = "";
    for entry in entries {
        let (key, value) = (entry.key, entry.value);
        if entry.indent == 4 && !key.is_empty() {
            field = key;
            match key {
                "Image" => data.image = text(value),
                "Port" | "Ports" => data.ports = ports(value),
                "Host Port" | "Host Ports" => {
                    data.host_ports = ports(value).into_iter().filter(|port| !port.starts_with("0/")).collect()
                }
                "State" => {
                    data.state = text(&value.to_lowercase());
                    state = Some(entry.line);
                }
                "Ready" => data.ready = value == "True",
                "Restart Count" => {
                    data.restarts = value.parse().ok();
                    shown = state.map(|state| (state, entry.line));
                }
                "Liveness" => data.liveness = probe(value),
                "Readiness" => data.readiness = probe(value),
                "Startup" => data.startup = probe(value),
                _ => {}
            }
            continue;
        }
        match (field, key) {
            ("State", "Reason") => data.reason = text(value),
            ("State", "Message") => data.message = text(value),
            ("State", "Exit Code") => data.exit_code = value.parse().ok(),
            ("State", "Started") => data.started = time(value),
            // That of the current state stands first, where the container has ended.
            ("State" | "Last State", "Finished") => data.finished = data.finished.or_else(|| time(value)),
            ("Last State", "Reason") => data.last_reason = text(value),
            ("Last State", "Message") => data.last_message = text(value),
            ("Last State", "Exit Code") => data.last_exit_code = value.parse().ok(),
            ("Limits", "memory") => data.memory_limit = text(value),
            ("Limits", "cpu") => data.cpu_limit = text(value),
            ("Requests", "memory") => data.memory_request = text(value),
            ("Requests", "cpu") => data.cpu_request = text(value),
            ("Command" | "Args", _) => data.command.extend(text(entry.text())),
            // References to secrets and the like stand in angle brackets or behind.
            ("Environment", key) if !key.is_empty() && !value.contains(['<', '(']) => {
                data.env.insert(key.into(), value.into());
            }
            _ => {}
        }
    }
    (data, shown)
}

/// `80/TCP`, `4000/TCP, 9090/TCP`, `5000/TCP (http)`.
fn ports(value: &str) -> Vec<Text> {
    let ports = value.split(',').filter_map(|port| port.split_whitespace().next()).filter_map(text);
    ports.map(|port| port.to_lowercase().into()).collect()
}

/// `http-get http://:8080/healthz delay=0s timeout=1s …`, `tcp-socket :5432 delay=…`, `exec [cat /tmp/ok] delay=…`.
fn probe(value: &str) -> Option<KubeProbe> {
    let (kind, rest) = value.split_once(' ')?;
    let target = rest.split(" delay=").next().unwrap_or_default().trim();
    let mut data = KubeProbe::default();
    let mut address = |address: &str| {
        let (host, port) = address.rsplit_once(':').unwrap_or((address, ""));
        (data.host, data.port) = (text(host), text(port));
    };
    match kind {
        "http-get" => {
            let url = target.split_once("://").map_or(target, |(_, rest)| rest);
            let at = url.find('/').unwrap_or(url.len());
            address(&url[..at]);
            data.path = text(&url[at..]);
        }
        "tcp-socket" | "grpc" => address(target.trim_start_matches("<pod>")),
        "exec" => {
            let command = target.trim_start_matches('[').trim_end_matches(']');
            data.command = command.split_whitespace().map(Text::from).collect();
        }
        _ => return None,
    }
    data.method = kind.split('-').next().unwrap_or_default().into();
    Some(data)
}

/// `Mon, 18 Jan 2021 18:31:55 +0800`.
fn time(value: &str) -> Option<jiff::Timestamp> {
    jiff::fmt::rfc2822::parse(value).ok().map(|zoned| zoned.timestamp())
}
