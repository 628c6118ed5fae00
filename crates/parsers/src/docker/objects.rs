//! Images, volumes and usage figures: `docker images`, `docker volume ls`, `docker stats`, `docker system df`, their
//! inspects and the API's lists, Docker 1.0 to 29.

use bundlescope_facts::{ContainerUsage, DockerDiskUsage, Fact, Image, Source, Text, Volume};

use crate::Parsed;
use crate::json::Fields;

use super::cells::{self, Cells};
use super::container;

/// An image of the API's list or of `docker image inspect`.
pub(super) fn image(record: Fields<'_, '_>, parsed: &mut Parsed) {
    let config = record.object("Config");
    let named = |key: &str| record.texts(key).into_iter().filter(|name| !name.starts_with("<none>")).collect();
    let created = record.get("Created");
    let data = Image {
        id: short_of(record.word("Id")),
        tags: named("RepoTags"),
        digests: named("RepoDigests"),
        size: record.int("Size"),
        // A number in the list, text in the inspect.
        created: match created.as_text() {
            Some(text) => text.parse().ok(),
            None => record.int("Created").and_then(|seconds| jiff::Timestamp::from_second(seconds).ok()),
        },
        architecture: record.text("Architecture"),
        os: record.text("Os"),
        env: config.list("Env").filter_map(Fields::str).map(container::pair).collect(),
        command: config.texts("Entrypoint").into_iter().chain(config.texts("Cmd")).collect(),
        exposed_ports: config.object("ExposedPorts").entries().map(|(port, _)| port.into()).collect(),
    };
    parsed.facts.push(Fact::new(record.source_of(&["Id", "RepoTags", "RepoDigests"]), data));
}

/// A row of `docker images`, or of its tree since Docker 29 (`IMAGE`, `DISK USAGE`).
pub(super) fn image_row(cells: &dyn Cells, source: &Source, parsed: &mut Parsed) {
    let (repository, tag, digest) = (cells.first(&["REPOSITORY", "IMAGE"]), cells.cell("TAG"), cells.cell("DIGEST"));
    if repository.starts_with(['├', '└', '│']) {
        // A platform of the image above.
        return;
    }
    let named = !repository.is_empty() && repository != "<none>" && !repository.starts_with("<untagged>");
    let tags = match tag {
        _ if !named => Vec::new(),
        "<none>" => Vec::new(),
        "" => vec![repository.into()],
        tag => vec![Text::from(format!("{repository}:{tag}"))],
    };
    let data = Image {
        id: short_of(cells.first(&["IMAGE ID", "ID"])),
        tags,
        digests: if named && digest.contains(':') { vec![format!("{repository}@{digest}").into()] } else { Vec::new() },
        size: cells::size(cells.first(&["SIZE", "VIRTUAL SIZE", "DISK USAGE"])),
        created: cells::time(cells.cell("CREATED AT")),
        ..Image::default()
    };
    parsed.facts.push(Fact::new(source.clone(), data));
}

fn short_of(id: &str) -> Text {
    id.strip_prefix("sha256:").unwrap_or(id).into()
}

/// A volume of the API, of `docker volume inspect` or of `docker volume ls --format json`.
pub(super) fn volume(record: Fields<'_, '_>, parsed: &mut Parsed) {
    let created = record.get("CreatedAt").as_text().filter(|text| !text.is_empty());
    let data = Volume {
        name: record.text("Name").unwrap_or_default(),
        driver: record.text("Driver"),
        mountpoint: record.text("Mountpoint"),
        options: record.map("Options"),
        created: created.and_then(|text| text.parse().ok().or_else(|| cells::time(text))),
    };
    parsed.facts.push(Fact::new(record.source_of(&["Name", "Driver", "Mountpoint", "Options", "CreatedAt"]), data));
}

/// A row of `docker volume ls`.
pub(super) fn volume_row(cells: &dyn Cells, source: &Source, parsed: &mut Parsed) {
    let driver = Some(cells.cell("DRIVER")).filter(|driver| !driver.is_empty()).map(Text::from);
    let data = Volume { name: cells.cell("VOLUME NAME").into(), driver, ..Volume::default() };
    parsed.facts.push(Fact::new(source.clone(), data));
}

/// A row of `docker stats`.
pub(super) fn usage_row(cells: &dyn Cells, source: &Source, parsed: &mut Parsed) {
    let (used, limit) = cells.cell("MEM USAGE / LIMIT").split_once('/').unwrap_or_default();
    let data = ContainerUsage {
        container: cells.first(&["NAME", "CONTAINER", "CONTAINER ID"]).into(),
        cpu_percent: cells.cell("CPU %").trim_end_matches('%').parse().ok(),
        memory: cells::size(used),
        memory_limit: cells::size(limit),
        pids: cells.cell("PIDS").parse().ok(),
    };
    parsed.facts.push(Fact::new(source.clone(), data));
}

/// A sample of the API's stats (`GET /containers/ID/stats`).
pub(super) fn usage(record: Fields<'_, '_>, parsed: &mut Parsed) {
    let memory = record.object("memory_stats");
    let id = record.text("id").unwrap_or_default();
    let data = ContainerUsage {
        container: container::name(record.word("name"), &id),
        cpu_percent: None,
        memory: memory.int("usage"),
        memory_limit: memory.int("limit"),
        pids: record.object("pids_stats").int("current"),
    };
    let stated = memory.source_of(&["usage", "limit"]);
    parsed.facts.push(Fact::new(stated, data));
}

/// A row of `docker system df`.
pub(super) fn disk_row(cells: &dyn Cells, source: &Source, parsed: &mut Parsed) {
    let data = DockerDiskUsage {
        object: cells.cell("TYPE").into(),
        total: cells.cell("TOTAL").parse().ok(),
        active: cells.cell("ACTIVE").parse().ok(),
        size: cells::size(cells.cell("SIZE")),
        reclaimable: cells::size(cells.cell("RECLAIMABLE")),
    };
    parsed.facts.push(Fact::new(source.clone(), data));
}
