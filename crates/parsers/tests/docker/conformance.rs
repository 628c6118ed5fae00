//! Conformance: the Engine API's JSON, read here by its keys, and the tables of the command line, read here by the columns below
//! their titles, compared field by field with the facts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bundlescope_parsers::{Document, Identity, identify};
use serde_json::Value as Json;

use crate::support::corpus::{Case, Rows, compare, corpus, facts, rows};

/// Where each field stands: pointers into an object, of which the first that is there counts, or the title of a column.
type Mapping = &'static [(&'static str, &'static [&'static str])];

const CONTAINER: Mapping = &[
    ("name", &["/Name", "/Names/0"]),
    ("id", &["/Id", "/ID"]),
    ("image", &["/Config/Image", "/Image"]),
    ("exit_code", &["/State/ExitCode"]),
    ("pid", &["/State/Pid"]),
    ("restart_count", &["/RestartCount"]),
    ("hostname", &["/Config/Hostname"]),
    ("network_mode", &["/HostConfig/NetworkMode"]),
    ("privileged", &["/HostConfig/Privileged"]),
];
const IMAGE: Mapping = &[
    ("id", &["/Id"]),
    ("tags", &["/RepoTags"]),
    ("size", &["/Size"]),
    ("architecture", &["/Architecture"]),
    ("os", &["/Os"]),
];
const VOLUME: Mapping = &[("name", &["/Name"]), ("driver", &["/Driver"]), ("mountpoint", &["/Mountpoint"])];
const DAEMON: Mapping = &[
    ("name", &["/Name"]),
    ("version", &["/ServerVersion", "/Version"]),
    ("kernel", &["/KernelVersion"]),
    ("operating_system", &["/OperatingSystem"]),
    ("running", &["/ContainersRunning"]),
];

fn value(object: &Json, pointers: &[&str]) -> Option<String> {
    let value = pointers.iter().find_map(|pointer| object.pointer(pointer))?;
    Some(match value {
        Json::String(text) => text.trim_start_matches("sha256:").to_owned(),
        Json::Array(items) => items.iter().filter_map(Json::as_str).collect::<Vec<_>>().join(" "),
        Json::Null => String::new(),
        other => other.to_string(),
    })
}

fn json_documents(root: &Path, below: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in below.iter().map(|below| root.join(below)) {
        if path.is_dir() { super::corpus::files(&path, &mut found) } else { found.push(path) }
    }
    found.sort();
    found
}

/// Compares what every object of the documents says with the facts of the kind.
fn conforms(name: &str, kind: &str, below: &[&str], mapping: Mapping) {
    let Some(corpus) = corpus() else { return };
    let mut cases = Vec::new();
    for path in json_documents(&corpus, below) {
        let bytes = std::fs::read(&path).unwrap();
        let Ok(json) = serde_json::from_slice::<Json>(&bytes) else { continue };
        let objects = match &json {
            Json::Array(objects) => objects.clone(),
            Json::Object(object) if object.contains_key("Volumes") && kind == "volume" => {
                object["Volumes"].as_array().cloned().unwrap_or_default()
            }
            one => vec![one.clone()],
        };
        let expected: Rows = objects
            .iter()
            .map(|object| {
                let told = mapping.iter().filter_map(|(field, at)| Some((*field, value(object, at)?)));
                let mut row: BTreeMap<_, _> = told.collect();
                if let Some(name) = row.get_mut("name") {
                    *name = name.trim_start_matches('/').to_owned();
                }
                // The code is one of the last end, and 0 where there was none.
                let finished = object.pointer("/State/FinishedAt").and_then(Json::as_str).unwrap_or_default();
                if object.pointer("/State/Running") == Some(&Json::Bool(true)) || finished.starts_with("0001-") {
                    row.remove("exit_code");
                }
                row
            })
            .collect();
        let fields: Vec<&str> = mapping.iter().map(|(field, _)| *field).collect();
        let found = rows(&facts("document", &bytes, &[kind]), &fields);
        cases.push(Case { name: path.display().to_string(), found, expected });
    }
    compare(name, cases);
}

#[test]
fn containers_of_the_api() {
    // The other samples of go-dockerclient are of drafts before Docker 1.0, without names.
    let below = [
        "go_dockerclient_json/container_inspect",
        "docker_java_samples/1.22/containers/container/json",
        "docker_java_samples/1.22/containers/json",
        "docker_java_samples/1.24/containers",
        "docker_java_samples/1.38/containers",
    ];
    conforms("docker API: containers", "container", &below, CONTAINER);
}

#[test]
fn images_of_the_api() {
    let below = [
        "docker_java_samples/1.22/images/docImage/doc.json",
        "docker_java_samples/1.22/images/overlay",
        "docker_java_samples/1.22/images/image1",
        "docker_java_samples/1.25/images",
    ];
    conforms("docker API: images", "image", &below, IMAGE);
}

#[test]
fn volumes_of_the_api() {
    conforms("docker API: volumes", "volume", &["go_dockerclient_json/volume"], VOLUME);
}

#[test]
fn daemons_of_the_api() {
    let below = ["docker_java_samples/1.22/info", "docker_java_samples/1.38/info", "docker_java_samples/1.22/version"];
    conforms("docker API: daemons", "docker_daemon", &below, DAEMON);
}

/// Formats of tables, the kind of their rows, and the column of each field.
const TABLES: &[(&str, &str, Mapping)] = &[
    ("docker-ps", "container", &[("id", &["CONTAINER ID"]), ("image", &["IMAGE"]), ("name", &["NAMES"])]),
    ("docker-images", "image", &[("id", &["IMAGE ID"])]),
    (
        "docker-network-ls",
        "network",
        &[("id", &["NETWORK ID"]), ("name", &["NAME"]), ("driver", &["DRIVER"]), ("scope", &["SCOPE"])],
    ),
    ("docker-volume-ls", "volume", &[("driver", &["DRIVER"]), ("name", &["VOLUME NAME"])]),
    ("docker-service-ls", "swarm_service", &[("id", &["ID"]), ("name", &["NAME"]), ("image", &["IMAGE"])]),
    (
        "docker-service-ps",
        "swarm_task",
        &[("id", &["ID"]), ("node", &["NODE"]), ("image", &["IMAGE"]), ("error", &["ERROR"])],
    ),
    ("docker-stats", "container_usage", &[("pids", &["PIDS"])]),
];

/// The rows of a table, each cell by the title that it stands below.
fn table(text: &str) -> Vec<BTreeMap<String, String>> {
    let mut lines = text.lines().skip_while(|line| line.trim().is_empty() || line.starts_with('$'));
    let titles = lines.next().unwrap_or_default();
    let mut starts = vec![0];
    let bytes = titles.as_bytes();
    starts.extend((2..bytes.len()).filter(|at| bytes[*at] != b' ' && bytes[at - 1] == b' ' && bytes[at - 2] == b' '));
    let cut = |line: &str, at: usize| {
        let end = starts.get(at + 1).copied().unwrap_or(usize::MAX);
        line.chars().skip(starts[at]).take(end - starts[at]).collect::<String>().trim().to_owned()
    };
    lines
        .filter(|line| !line.trim().is_empty())
        .map(|line| (0..starts.len()).map(|at| (cut(titles, at), cut(line, at))).collect())
        .collect()
}

/// A table that was edited: an error goes on below the title of the next column.
const EDITED: &str = "03_docker_service_ps_--no-trunc_redis.txt";

/// Ids are told without their algorithm, errors without quotes, and the names that links give to a container, `webapp/db`, are not its own.
fn cell(text: &str) -> String {
    let linked = |name: &&str| name.contains('/');
    match text.split_once(',') {
        Some((own, others)) if others.split(',').all(|name| linked(&name)) => own.to_owned(),
        _ => text.trim_start_matches("sha256:").trim_matches('"').to_owned(),
    }
}

#[test]
fn tables_of_the_command_line() {
    let Some(corpus) = corpus() else { return };
    let mut cases: BTreeMap<&str, Vec<Case>> = BTreeMap::new();
    let mut paths = Vec::new();
    for folder in ["docker_cli", "genie_linux/DockerStatsNoStream", "insights/docker_list"] {
        super::corpus::files(&corpus.join(folder), &mut paths);
    }
    paths.sort();
    for path in paths {
        if super::corpus::KNOWN.iter().chain([&EDITED]).any(|known| path.ends_with(known)) {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let Identity::Format(format) = identify("document", &bytes).identity else { continue };
        let Some((_, kind, mapping)) = TABLES.iter().find(|(name, ..)| *name == format.name) else { continue };
        let text = String::from_utf8_lossy(&bytes);
        // JSON and `--format` are no tables.
        let titled = |row: &BTreeMap<String, String>| mapping.iter().all(|(_, titles)| row.contains_key(titles[0]));
        let cells = table(&text);
        if !cells.iter().all(titled) || cells.is_empty() {
            continue;
        }
        let expected: Rows = cells
            .iter()
            .map(|row| mapping.iter().map(|(field, titles)| (*field, cell(&row[titles[0]]))).collect())
            .collect();
        let parsed = format.read(&Document::new("document", &bytes)).facts;
        let of_kind: Vec<_> = parsed.into_iter().filter(|fact| fact.kind() == *kind).collect();
        let fields: Vec<&str> = mapping.iter().map(|(field, _)| *field).collect();
        let case = Case { name: path.display().to_string(), found: rows(&of_kind, &fields), expected };
        cases.entry(format.name).or_default().push(case);
    }
    for (format, cases) in cases {
        compare(&format!("tables: {format}"), cases);
    }
}
