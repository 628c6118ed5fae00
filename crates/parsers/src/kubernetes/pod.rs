//! Pods as JSON or YAML, and the status that kubectl would print for them.

use std::collections::BTreeSet;

use bundlescope_facts::{Fact, KubeProbe, Pod, PodContainer, Source, Text};

use crate::Parsed;
use crate::json::Fields;

use super::network::declared_port;
use super::objects::{condition, conditions, named, number_or_name, owner, reason_and_message};

/// A pod of the API.
pub(super) fn pod(record: Fields<'_, '_>, parsed: &mut Parsed) {
    let (metadata, spec, status) = (record.object("metadata"), record.object("spec"), record.object("status"));
    let (name, namespace) = named(record);
    let mut containers = containers(spec, status, "initContainers", "initContainerStatuses", true);
    containers.extend(self::containers(spec, status, "containers", "containerStatuses", false));
    let phase = status.text("phase");
    let ended = matches!(phase.as_deref(), Some("Succeeded" | "Failed"));
    let bad =
        |wanted: &str| condition(status, wanted).filter(|(value, _)| &**value == "False").and_then(|(_, text)| text);
    let mounted = mounted(spec);
    let data = Pod {
        name,
        namespace,
        status: Some(printed(metadata, status, phase.as_deref(), &containers)).filter(|status| !status.is_empty()),
        ready: condition(status, "Ready").filter(|_| !ended).map(|(value, _)| &*value == "True"),
        restarts: Some(containers.iter().filter_map(|container| container.restarts).sum()),
        node: spec.text("nodeName"),
        address: status.address("podIP"),
        host_address: status.address("hostIP"),
        host_network: spec.bool("hostNetwork").unwrap_or(false),
        message: reason_and_message(status).or_else(|| bad("PodScheduled")).or_else(|| bad("Ready").filter(|_| !ended)),
        labels: metadata.map("labels"),
        owner: owner(record),
        terminating: metadata.get("deletionTimestamp").is_present(),
        conditions: conditions(status),
        node_selector: spec.map("nodeSelector"),
        tolerations: spec.list("tolerations").map(toleration).collect(),
        qos: status.text("qosClass"),
        service_account: spec.text("serviceAccountName").or_else(|| spec.text("serviceAccount")),
        claims: mounted.claims.into_iter().collect(),
        config_maps: mounted.config_maps.into_iter().collect(),
        secrets: mounted.secrets.into_iter().collect(),
        image_pull_secrets: spec.list("imagePullSecrets").filter_map(|secret| secret.text("name")).collect(),
        created: metadata.time("creationTimestamp"),
        age: None,
        phase,
        containers,
    };
    parsed.facts.push(Fact::new(source(record, status, &data), data));
}

/// `key=value:effect`; what is left out matches all.
fn toleration(toleration: Fields<'_, '_>) -> Text {
    let value = toleration.text("value").map_or_else(String::new, |value| format!("={value}"));
    let effect = toleration.text("effect").map_or_else(String::new, |effect| format!(":{effect}"));
    format!("{}{value}{effect}", toleration.word("key")).into()
}

/// What a pod mounts or reads, by name.
#[derive(Default)]
struct Mounted {
    claims: BTreeSet<Text>,
    config_maps: BTreeSet<Text>,
    secrets: BTreeSet<Text>,
}

fn mounted(spec: Fields<'_, '_>) -> Mounted {
    let mut found = Mounted::default();
    for volume in spec.list("volumes").take(MOST) {
        found.claims.extend(volume.object("persistentVolumeClaim").text("claimName"));
        found.config_maps.extend(volume.object("configMap").text("name"));
        found.secrets.extend(volume.object("secret").text("secretName"));
        for source in volume.object("projected").list("sources") {
            found.config_maps.extend(source.object("configMap").text("name"));
            found.secrets.extend(source.object("secret").text("name"));
        }
    }
    let containers = spec.list("initContainers").chain(spec.list("containers"));
    for container in containers.take(2 * MOST) {
        for entry in container.list("env") {
            let from = entry.object("valueFrom");
            found.config_maps.extend(from.object("configMapKeyRef").text("name"));
            found.secrets.extend(from.object("secretKeyRef").text("name"));
        }
        for entry in container.list("envFrom") {
            found.config_maps.extend(entry.object("configMapRef").text("name"));
            found.secrets.extend(entry.object("secretRef").text("name"));
        }
    }
    found
}

/// A probe of a container.
fn probe(container: Fields<'_, '_>, key: &str) -> Option<KubeProbe> {
    let probe = container.object(key);
    let kinds = [("httpGet", "http"), ("tcpSocket", "tcp"), ("grpc", "grpc"), ("exec", "exec")];
    let (kind, method) = kinds.into_iter().find(|(kind, _)| probe.get(kind).is_present())?;
    let of = probe.object(kind);
    Some(KubeProbe {
        method: method.into(),
        port: number_or_name(of.get("port")),
        host: of.text("host"),
        path: of.text("path"),
        command: of.texts("command"),
    })
}

/// The lines that show how it is: of a pod that is not well its containers' statuses or its conditions, otherwise the
/// phase.
fn source(record: Fields<'_, '_>, status: Fields<'_, '_>, pod: &Pod) -> Source {
    let unwell = |container: &PodContainer| container.reason.as_deref().is_some_and(|reason| reason != "Completed");
    let wanted: &[&str] = if pod.containers.iter().any(|container| container.init && unwell(container)) {
        &["initContainerStatuses"]
    } else if pod.containers.iter().any(unwell) || pod.restarts.is_some_and(|restarts| restarts > 0) {
        &["containerStatuses"]
    } else if pod.message.is_some() && status.has("conditions") {
        &["conditions"]
    } else {
        &["phase"]
    };
    if status.is_present() { status.source_of(wanted) } else { record.source_of(&["metadata"]) }
}

/// Joins what is specified with what is known, by name.
fn containers(
    spec: Fields<'_, '_>,
    status: Fields<'_, '_>,
    specified: &str,
    known: &str,
    init: bool,
) -> Vec<PodContainer> {
    let statuses: Vec<_> = status.list(known).collect();
    let container = |container: Fields<'_, '_>| {
        let name = container.text("name").unwrap_or_default();
        // A pod has few containers, so that looking each up is cheap; a hostile one ends here.
        let found = statuses.iter().take(MOST).find(|status| status.word("name") == &*name).copied();
        let literal = |entry: Fields<'_, '_>| Some((entry.text("name")?, entry.get("value").as_text()?.into()));
        let resource = |bound: &str, of: &str| number_or_name(container.object("resources").object(bound).get(of));
        let mut data = PodContainer {
            image: container.text("image"),
            init,
            memory_limit: resource("limits", "memory"),
            memory_request: resource("requests", "memory"),
            cpu_limit: resource("limits", "cpu"),
            cpu_request: resource("requests", "cpu"),
            host_ports: container.list("ports").filter_map(host_port).collect(),
            liveness: probe(container, "livenessProbe"),
            readiness: probe(container, "readinessProbe"),
            startup: probe(container, "startupProbe"),
            command: container.texts("command").into_iter().chain(container.texts("args")).collect(),
            ports: container.list("ports").filter_map(declared_port).collect(),
            env: container.list("env").filter_map(literal).collect(),
            name,
            ..PodContainer::default()
        };
        if let Some(status) = found {
            data.ready = status.bool("ready").unwrap_or(false);
            data.restarts = status.int("restartCount");
            let last = status.object("lastState").object("terminated");
            data.last_reason = last.text("reason");
            data.last_exit_code = last.int("exitCode");
            data.last_message = last.text("message");
            data.finished = last.time("finishedAt");
            if let Some((state, details)) = status.object("state").entries().next() {
                data.state = Some(state.into());
                data.reason = details.text("reason");
                data.message = details.text("message");
                data.exit_code = details.int("exitCode");
                data.started = details.time("startedAt");
                data.finished = details.time("finishedAt").or(data.finished);
            }
        }
        data
    };
    spec.list(specified).take(MOST).map(container).collect()
}

/// `8080/tcp` of the node, of a port that takes one.
fn host_port(port: Fields<'_, '_>) -> Option<Text> {
    let number = port.int::<u16>("hostPort").filter(|number| *number != 0)?;
    let proto = port.text("protocol").map_or_else(|| "tcp".to_owned(), |proto| proto.to_lowercase());
    Some(format!("{number}/{proto}").into())
}

/// Containers of a pod that are read; the API server refuses pods far smaller than this.
const MOST: usize = 1000;

/// The STATUS column, as kubectl's printers.go makes it up.
fn printed(metadata: Fields<'_, '_>, status: Fields<'_, '_>, phase: Option<&str>, containers: &[PodContainer]) -> Text {
    let reason = status.text("reason");
    if metadata.get("deletionTimestamp").is_present() {
        return if reason.as_deref() == Some("NodeLost") { "Unknown".into() } else { "Terminating".into() };
    }
    let ended = |container: &PodContainer| match (&container.reason, container.exit_code) {
        (Some(reason), _) => reason.to_string(),
        (None, Some(code)) => format!("ExitCode:{code}"),
        (None, None) => "Error".to_owned(),
    };
    let init: Vec<_> = containers.iter().filter(|container| container.init).collect();
    for (index, container) in init.iter().enumerate() {
        match container.state.as_deref() {
            Some("terminated") if container.exit_code == Some(0) => {}
            Some("terminated") => return format!("Init:{}", ended(container)).into(),
            Some("waiting") if !matches!(container.reason.as_deref(), None | Some("" | "PodInitializing")) => {
                return format!("Init:{}", container.reason.as_deref().unwrap_or_default()).into();
            }
            // A sidecar counts as done when it is ready.
            Some("running") if container.ready => {}
            None if phase != Some("Pending") => {}
            _ => return format!("Init:{index}/{}", init.len()).into(),
        }
    }
    let mut shown: Text = reason.or_else(|| phase.map(Text::from)).unwrap_or_default();
    let mut running = false;
    for container in containers.iter().filter(|container| !container.init).rev() {
        match container.state.as_deref() {
            Some("waiting") if container.reason.is_some() => shown = container.reason.clone().unwrap_or_default(),
            Some("terminated") => shown = ended(container).into(),
            Some("running") => running |= container.ready,
            _ => {}
        }
    }
    if &*shown == "Completed" && running {
        return if condition(status, "Ready").is_some_and(|(value, _)| &*value == "True") {
            "Running"
        } else {
            "NotReady"
        }
        .into();
    }
    shown
}
