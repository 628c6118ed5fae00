//! Images, volumes and usage figures: `docker images`, `docker volume ls`, `docker stats`, `docker system df`, their
//! inspects and the API's lists, Docker 1.0 to 29.

use bundlescope_facts::{
    ComposeProject, ContainerUsage, DockerContext, DockerDiskUsage, DockerPlugin, Fact, Image, ImageLayer, Source,
    Text, Volume,
};

use crate::Parsed;
use crate::json::Fields;

use super::cells::{self, Cells};
use super::container;

/// An image of the API's list or of `docker image inspect`.
pub(super) fn image(record: Fields<'_, '_>, parsed: &mut Parsed) {
    let config = record.object("Config");
    let named =
        |key: &str| -> Vec<Text> { record.texts(key).into_iter().filter(|name| !name.starts_with("<none>")).collect() };
    // Podman's list leaves `RepoTags` null and writes `Names`.
    let tags = Some(named("RepoTags")).filter(|tags| !tags.is_empty()).unwrap_or_else(|| named("Names"));
    let created = record.get("Created");
    let data = Image {
        id: short_of(record.word("Id")),
        tags,
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
    parsed.facts.push(Fact::new(record.source_of(&["Id", "RepoTags", "RepoDigests", "Names"]), data));
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

/// A row of `docker history`, as table or as JSON; the command says of which image.
pub(super) fn layer_row(cells: &dyn Cells, source: &Source, subject: &str, parsed: &mut Parsed) {
    let text = |title: &str| Some(cells.cell(title)).filter(|cell| !cell.is_empty()).map(Text::from);
    let id = cells.first(&["IMAGE", "ID"]);
    let data = ImageLayer {
        image: image_of(subject),
        id: Some(id).filter(|id| !id.is_empty() && *id != "<missing>").map(short_of),
        created_by: cells.cell("CREATED BY").into(),
        size: cells::size(cells.cell("SIZE")),
        comment: text("COMMENT"),
    };
    parsed.facts.push(Fact::new(source.clone(), data));
}

/// A layer of the API's `GET /images/NAME/history`, of `docker history --format json` or of podman's.
pub(super) fn layer(record: Fields<'_, '_>, subject: &str, parsed: &mut Parsed) {
    let first = |keys: &[&str]| keys.iter().find_map(|key| record.text(key));
    let sized = ["Size", "size"].iter().find(|key| record.has(key)).copied().unwrap_or("Size");
    let data = ImageLayer {
        image: image_of(subject),
        id: first(&["ID", "Id", "id"]).filter(|id| &**id != "<missing>").map(|id| short_of(&id)),
        created_by: record.text("CreatedBy").unwrap_or_default(),
        // Text in the lines of the CLI, a number elsewhere.
        size: match record.get(sized).as_text() {
            Some(text) => cells::size(text),
            None => record.int(sized),
        },
        comment: first(&["Comment", "comment"]),
    };
    parsed.facts.push(Fact::new(record.source(), data));
}

/// The image that `docker history [OPTIONS] IMAGE` asks about.
fn image_of(subject: &str) -> Option<Text> {
    let last = subject.split_ascii_whitespace().last()?;
    (subject.contains("history") && last != "history" && !last.starts_with('-')).then(|| last.into())
}

/// A row of `docker context ls`; a star marks the one in use.
pub(super) fn context_row(cells: &dyn Cells, source: &Source, parsed: &mut Parsed) {
    let text = |title: &str| Some(cells.cell(title)).filter(|cell| !cell.is_empty()).map(Text::from);
    let name = cells.cell("NAME");
    let data = DockerContext {
        name: name.trim_end_matches('*').trim().into(),
        current: name.ends_with('*') || cells.cell("CURRENT") == "true",
        description: text("DESCRIPTION"),
        endpoint: text("DOCKER ENDPOINT"),
        error: text("ERROR"),
    };
    parsed.facts.push(Fact::new(source.clone(), data));
}

/// A line of `docker context ls --format json`.
pub(super) fn context(record: Fields<'_, '_>, parsed: &mut Parsed) {
    let data = DockerContext {
        name: record.text("Name").unwrap_or_default(),
        current: record.bool("Current").unwrap_or(false),
        description: record.text("Description"),
        endpoint: record.text("DockerEndpoint"),
        error: record.text("Error"),
    };
    parsed.facts.push(Fact::new(record.source(), data));
}

/// A row of `docker plugin ls`.
pub(super) fn plugin_row(cells: &dyn Cells, source: &Source, parsed: &mut Parsed) {
    let data = DockerPlugin {
        id: cells.cell("ID").into(),
        name: cells.cell("NAME").into(),
        description: Some(cells.cell("DESCRIPTION")).filter(|cell| !cell.is_empty()).map(Text::from),
        enabled: cells.cell("ENABLED") == "true",
    };
    parsed.facts.push(Fact::new(source.clone(), data));
}

/// A plugin of the API, of `docker plugin inspect` or of `docker plugin ls --format json`.
pub(super) fn plugin(record: Fields<'_, '_>, parsed: &mut Parsed) {
    let data = DockerPlugin {
        id: record.text("Id").or_else(|| record.text("ID")).unwrap_or_default(),
        name: record.text("Name").unwrap_or_default(),
        description: record.text("Description").or_else(|| record.object("Config").text("Description")),
        enabled: record.bool("Enabled").unwrap_or(false),
    };
    let source = if record.has("Config") { record.source_of(&["Id", "Name", "Enabled"]) } else { record.source() };
    parsed.facts.push(Fact::new(source, data));
}

/// A row of `docker compose ls`, as table or as JSON.
pub(super) fn project_row(cells: &dyn Cells, source: &Source, parsed: &mut Parsed) {
    let data = ComposeProject {
        name: cells.cell("NAME").into(),
        status: Some(cells.cell("STATUS")).filter(|cell| !cell.is_empty()).map(Text::from),
        config_files: cells.cell("CONFIG FILES").split(',').filter(|file| !file.is_empty()).map(Text::from).collect(),
    };
    parsed.facts.push(Fact::new(source.clone(), data));
}
