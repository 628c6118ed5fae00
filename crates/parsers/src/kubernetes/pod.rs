//! Pods as JSON, and the status that kubectl would print for them.

use bundlescope_facts::{Fact, Pod, PodContainer, Source, Text};

use crate::Parsed;
use crate::json::Fields;

use super::objects::{condition, declared_port, named};

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
    let message = match (status.text("reason"), status.text("message")) {
        (Some(reason), Some(message)) => Some(format!("{reason}: {message}").into()),
        (reason, message) => message.or(reason),
    };
    let owner = metadata.list("ownerReferences").next();
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
        message: message.or_else(|| bad("PodScheduled")).or_else(|| bad("Ready").filter(|_| !ended)),
        labels: metadata.map("labels"),
        owner: owner.map(|owner| format!("{}/{}", owner.word("kind"), owner.word("name")).into()),
        created: metadata.time("creationTimestamp"),
        age: None,
        phase,
        containers,
    };
    parsed.facts.push(Fact::new(source(record, status, &data), data));
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
        let mut data = PodContainer {
            image: container.text("image"),
            init,
            memory_limit: container.object("resources").object("limits").text("memory"),
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
            if let Some((state, details)) = status.object("state").entries().next() {
                data.state = Some(state.into());
                data.reason = details.text("reason");
                data.message = details.text("message");
                data.exit_code = details.int("exitCode");
            }
        }
        data
    };
    spec.list(specified).take(MOST).map(container).collect()
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
