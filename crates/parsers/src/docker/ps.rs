//! Lists of containers: `docker ps` as table and as JSON lines (Docker 1.0 to 29), `docker compose ps` (Compose 2), the API's
//! `GET /containers/json`, and `podman ps --format json`.

use bundlescope_facts::{Container, Endpoint, Fact, Source, Text};

use crate::Parsed;
use crate::json::{Fields, Value};

use super::cells::{self, Cells};
use super::{container, endpoint, ports, status};

/// A record of a list: an object of the API, or a line of `docker ps --format json`, whose values are all text.
pub(super) fn record(record: Fields<'_, '_>, parsed: &mut Parsed) {
    if matches!(record.get("Names").node().map(|node| &node.value), Some(Value::Array(_))) {
        listed(record, parsed);
    } else {
        row(&record, &record.source(), parsed);
        ports::of_publishers(record, parsed);
    }
}

/// A row of the API's list. `State` is a word here, and absent before Docker 1.11 (API 1.23).
fn listed(record: Fields<'_, '_>, parsed: &mut Parsed) {
    let id = record.text("Id").or_else(|| record.text("ID")).unwrap_or_default();
    let names = record.texts("Names");
    let container = Container {
        name: container::name(own_name(names.iter().map(|name| &**name)), &id),
        image: record.text("Image"),
        // Podman writes text, and a list for the command.
        created: match record.get("Created").as_text() {
            Some(_) => record.time("Created"),
            None => record.int("Created").and_then(|seconds| jiff::Timestamp::from_second(seconds).ok()),
        },
        network_mode: record.object("HostConfig").text("NetworkMode"),
        command: record.texts("Command"),
        labels: record.map("Labels"),
        mounts: container::mounts(record),
        id,
        ..stated(record.word("State"), record.word("Status"))
    };
    let owner = endpoint::Owner { name: container.name.clone(), id: container.id.clone() };
    let source = record.source_of(&["Names", "State", "Status"]);
    let active = container.running;
    parsed.facts.push(Fact::new(source, container));
    endpoint::of_container(record, &owner, parsed);
    ports::of_row(record, &owner.name, active, parsed);
}

/// A row of `docker ps`, of which a format may have left out any column.
pub(super) fn row(cells: &dyn Cells, source: &Source, parsed: &mut Parsed) {
    let id = cells.first(&["CONTAINER ID", "CONTAINER"]);
    let name = container::name(own_name(cells.first(&["NAMES", "NAME"]).split(',')), id);
    let text = |title: &str| Some(cells.cell(title)).filter(|cell| !cell.is_empty()).map(Text::from);
    let container = Container {
        name: name.clone(),
        id: id.into(),
        image: text("IMAGE"),
        created: cells::time(cells.cell("CREATED AT")),
        command: text("COMMAND").map(|command| command.trim_matches('"').into()).into_iter().collect(),
        labels: cells.cell("LABELS").split(',').filter(|label| !label.is_empty()).map(container::pair).collect(),
        ..stated(cells.cell("STATE"), cells.cell("STATUS"))
    };
    let container = match text("HEALTH") {
        // A column of its own in the JSON of compose.
        Some(health) if container.health.is_none() => Container { health: Some(health), ..container },
        _ => container,
    };
    // Old versions keep the ports of containers that have ended.
    let active = container.running || container.status.is_none();
    parsed.facts.push(Fact::new(source.clone(), container));
    for network in cells.cell("NETWORKS").split(',').filter(|network| !network.is_empty()) {
        let data = Endpoint {
            container: name.clone(),
            container_id: id.into(),
            network: network.into(),
            ..Endpoint::default()
        };
        parsed.facts.push(Fact::new(source.clone(), data));
    }
    ports::of_column(cells.cell("PORTS"), &name, active, source, parsed);
}

/// What the words of a list say about the state.
fn stated(state: &str, written: &str) -> Container {
    let seen = status::read(written);
    let status = Some(state.to_lowercase()).filter(|state| !state.is_empty()).map(Text::from).or(seen.status);
    Container {
        running: matches!(status.as_deref(), Some("running" | "paused")),
        status,
        exit_code: seen.exit_code,
        status_text: Some(written).filter(|text| !text.is_empty()).map(Text::from),
        state_age: seen.age,
        health: seen.health,
        ..Container::default()
    }
}

/// Legacy links give a container further names, such as `/web/db` beside `/db`.
fn own_name<'a>(names: impl Iterator<Item = &'a str>) -> &'a str {
    names.min_by_key(|name| name.strip_prefix('/').unwrap_or(name).matches('/').count()).unwrap_or_default()
}
