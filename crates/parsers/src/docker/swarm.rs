//! Swarm: nodes, services and tasks, as tables, JSON lines, inspects and the API's lists, Docker 1.12 to 29.

use bundlescope_facts::{
    Fact, Proto, Source, SwarmNode, SwarmObject, SwarmPort, SwarmService, SwarmStack, SwarmTask, Text,
};

use crate::Parsed;
use crate::json::Fields;

use super::cells::Cells;
use super::{container, ports, status};

/// A node of `docker node inspect` or of the API.
pub(super) fn node(record: Fields<'_, '_>, parsed: &mut Parsed) {
    let (spec, description) = (record.object("Spec"), record.object("Description"));
    let (state, manager) = (record.object("Status"), record.object("ManagerStatus"));
    let data = SwarmNode {
        id: record.text("ID").unwrap_or_default(),
        hostname: description.text("Hostname").unwrap_or_default(),
        role: spec.text("Role"),
        availability: spec.text("Availability"),
        state: state.text("State"),
        message: state.text("Message"),
        address: state.address("Addr"),
        reachability: manager.text("Reachability"),
        leader: manager.bool("Leader").unwrap_or(false),
        engine_version: description.object("Engine").text("EngineVersion"),
        this_node: false,
        labels: spec.map("Labels"),
    };
    let source = if manager.is_present() {
        record.source_of(&["Status", "ManagerStatus"])
    } else {
        record.source_of(&["Status"])
    };
    parsed.facts.push(Fact::new(source, data));
}

/// A row of `docker node ls`; a star marks the node that was asked.
pub(super) fn node_row(cells: &dyn Cells, source: &Source, parsed: &mut Parsed) {
    let id = cells.cell("ID");
    let manager = lower(cells.cell("MANAGER STATUS"));
    let leader = manager.as_deref() == Some("leader");
    let data = SwarmNode {
        id: id.trim_end_matches('*').trim().into(),
        hostname: cells.cell("HOSTNAME").into(),
        role: Some(if manager.is_some() { "manager" } else { "worker" }.into()),
        availability: lower(cells.cell("AVAILABILITY")),
        state: lower(cells.cell("STATUS")),
        reachability: if leader { Some("reachable".into()) } else { manager },
        leader,
        engine_version: text(cells.cell("ENGINE VERSION")),
        this_node: id.ends_with('*'),
        ..SwarmNode::default()
    };
    parsed.facts.push(Fact::new(source.clone(), data));
}

/// A service of `docker service inspect` or of the API.
pub(super) fn service(record: Fields<'_, '_>, parsed: &mut Parsed) {
    let spec = record.object("Spec");
    let template = spec.object("TaskTemplate");
    let container = template.object("ContainerSpec");
    let endpoint = record.object("Endpoint");
    let modes = spec.object("Mode");
    let mode = modes.entries().next().map(|(name, _)| match name {
        "ReplicatedJob" => "replicated-job".into(),
        "GlobalJob" => "global-job".into(),
        other => Text::from(other.to_lowercase()),
    });
    let networks = if template.has("Networks") { template.list("Networks") } else { spec.list("Networks") };
    let update = record.object("UpdateStatus");
    let progress = record.object("ServiceStatus");
    let wanted =
        modes.object("Replicated").int("Replicas").or_else(|| modes.object("ReplicatedJob").int("TotalCompletions"));
    let port = |port: Fields<'_, '_>| SwarmPort {
        proto: Proto::from_word(port.word("Protocol")).unwrap_or_default(),
        target: port.int("TargetPort"),
        published: port.int("PublishedPort"),
        mode: port.text("PublishMode").unwrap_or_else(|| "ingress".into()),
    };
    let data = SwarmService {
        id: record.text("ID").unwrap_or_default(),
        name: spec.text("Name").unwrap_or_default(),
        image: container.text("Image"),
        mode,
        desired: progress.int("DesiredTasks").or(wanted),
        running: progress.int("RunningTasks"),
        ports: endpoint.list("Ports").map(port).collect(),
        endpoint_mode: endpoint.object("Spec").text("Mode").or_else(|| spec.object("EndpointSpec").text("Mode")),
        vips: endpoint.list("VirtualIPs").filter_map(|vip| vip.address("Addr")).collect(),
        networks: networks.filter_map(|network| network.text("Target")).collect(),
        constraints: template.object("Placement").texts("Constraints"),
        env: container.list("Env").filter_map(Fields::str).map(container::pair).collect(),
        update_state: update.text("State"),
        update_message: update.text("Message"),
    };
    let source = if update.is_present() { update.source() } else { spec.source_of(&["Name"]) };
    parsed.facts.push(Fact::new(source, data));
}

/// Ports of a row that are kept when ranges are expanded.
const MOST_PORTS: usize = 100;

/// A row of `docker service ls` or `docker stack services`.
pub(super) fn service_row(cells: &dyn Cells, source: &Source, parsed: &mut Parsed) {
    // `3/3`, `1/1 (3/5 completed)`, `0/2 (max 1 per node)`
    let replicas = cells.cell("REPLICAS").split(' ').next().unwrap_or_default();
    let (running, desired) = replicas.split_once('/').unwrap_or_default();
    let port = |piece: &str| {
        let mapping = ports::mapping(piece.trim())?;
        Some((0..mapping.count).map(move |step| SwarmPort {
            proto: mapping.proto,
            target: mapping.container_port.checked_add(step),
            published: mapping.host_port.and_then(|port| port.checked_add(step)),
            mode: "ingress".into(),
        }))
    };
    let data = SwarmService {
        id: cells.cell("ID").into(),
        name: cells.cell("NAME").into(),
        image: text(cells.cell("IMAGE")),
        // The table writes `replicated job`.
        mode: lower(&cells.cell("MODE").replace(' ', "-")),
        desired: desired.parse().ok(),
        running: running.parse().ok(),
        ports: cells.cell("PORTS").split(',').filter_map(port).flatten().take(MOST_PORTS).collect(),
        ..SwarmService::default()
    };
    parsed.facts.push(Fact::new(source.clone(), data));
}

/// A task of `docker inspect` or of the API.
pub(super) fn task(record: Fields<'_, '_>, parsed: &mut Parsed) {
    let state = record.object("Status");
    let running = state.object("ContainerStatus");
    let data = SwarmTask {
        id: record.text("ID").unwrap_or_default(),
        name: record.text("Name"),
        service_id: record.text("ServiceID"),
        slot: record.int("Slot"),
        node: record.text("NodeID"),
        image: record.object("Spec").object("ContainerSpec").text("Image"),
        desired_state: record.text("DesiredState"),
        state: state.text("State"),
        state_age: None,
        since: state.time("Timestamp"),
        error: state.text("Err"),
        container_id: running.text("ContainerID"),
        exit_code: running.int("ExitCode"),
    };
    parsed.facts.push(Fact::new(record.source_of(&["Status", "DesiredState"]), data));
}

/// A row of `docker service ps`, `docker stack ps` or `docker node ps`. Former tasks of a slot are set in with `\_`.
pub(super) fn task_row(cells: &dyn Cells, source: &Source, parsed: &mut Parsed) {
    let name = cells.cell("NAME");
    let name = name.strip_prefix("\\_").unwrap_or(name).trim();
    let current = cells.cell("CURRENT STATE");
    let (state, since) = current.split_once(' ').unwrap_or((current, ""));
    let data = SwarmTask {
        id: cells.cell("ID").into(),
        name: text(name),
        slot: name.rsplit_once('.').and_then(|(_, slot)| slot.parse().ok()),
        node: text(cells.cell("NODE")),
        image: text(cells.cell("IMAGE")),
        desired_state: lower(cells.cell("DESIRED STATE")),
        state: lower(state),
        state_age: status::age(since),
        error: text(cells.cell("ERROR").trim_matches('"')),
        ..SwarmTask::default()
    };
    parsed.facts.push(Fact::new(source.clone(), data));
}

/// A row of `docker stack ls`, as table or as JSON.
pub(super) fn stack_row(cells: &dyn Cells, source: &Source, parsed: &mut Parsed) {
    let data = SwarmStack {
        name: cells.cell("NAME").into(),
        services: cells.cell("SERVICES").parse().ok(),
        orchestrator: lower(cells.cell("ORCHESTRATOR")),
    };
    parsed.facts.push(Fact::new(source.clone(), data));
}

/// What the command lists, where it is told.
fn object_of(subject: &str) -> Option<Text> {
    ["secret", "config"].into_iter().find(|object| subject.split(' ').any(|word| word == *object)).map(Text::from)
}

/// A row of `docker secret ls` or `docker config ls`, as table or as JSON; only the former has drivers.
pub(super) fn object_row(cells: &dyn Cells, source: &Source, subject: &str, parsed: &mut Parsed) {
    let data = SwarmObject {
        object: object_of(subject),
        id: cells.cell("ID").into(),
        name: cells.cell("NAME").into(),
        driver: text(cells.cell("DRIVER")),
        labels: cells.cell("LABELS").split(',').filter(|label| !label.is_empty()).map(container::pair).collect(),
        ..SwarmObject::default()
    };
    parsed.facts.push(Fact::new(source.clone(), data));
}

/// A secret or a config of the API or of an inspect; only configs show what they hold.
pub(super) fn object(record: Fields<'_, '_>, subject: &str, parsed: &mut Parsed) {
    let spec = record.object("Spec");
    let data = SwarmObject {
        object: if spec.has("Data") { Some("config".into()) } else { object_of(subject) },
        id: record.text("ID").unwrap_or_default(),
        name: spec.text("Name").unwrap_or_default(),
        driver: spec.object("Driver").text("Name"),
        created: record.time("CreatedAt"),
        updated: record.time("UpdatedAt"),
        labels: spec.map("Labels"),
    };
    parsed.facts.push(Fact::new(record.source(), data));
}

fn text(cell: &str) -> Option<Text> {
    Some(cell).filter(|cell| !cell.is_empty()).map(Text::from)
}

fn lower(cell: &str) -> Option<Text> {
    text(&cell.to_lowercase())
}
