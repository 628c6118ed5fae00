//! JSON of the Docker CLI and of the Engine API: what a record is, by its keys.
//!
//! One parser reads them all, because one document may mix them (`docker inspect web db_net pgdata`), and because the
//! CLI's array, the API's object and JSON lines differ only in their framing, which [`crate::json`] takes.

use crate::format::{Format, Hint, Match};
use crate::json::{self, Fields, Node, Value};
use crate::{Document, Parsed};

use super::{container, network};

/// `docker inspect` of any objects, Docker 1.0 to 29; also one object of the API.
pub(super) static INSPECT: Format = Format {
    name: "docker-inspect",
    collect: "docker inspect $(docker ps -aq)",
    kinds: &["container", "endpoint", "published_port"],
    detect: |hint| detect(hint, "\"State\"", &[Record::Container], &["docker inspect"]),
    parse,
};

/// `docker network inspect` and the API's list of networks, Docker 1.9 to 29.
pub(super) static NETWORKS: Format = Format {
    name: "docker-network-inspect",
    collect: "docker network inspect $(docker network ls -q)",
    kinds: &["network", "endpoint"],
    detect: |hint| detect(hint, "\"Driver\"", &[Record::Network], &["docker network inspect"]),
    parse,
};

/// The API's list of containers (`GET /containers/json?all=1`), Docker 1.0 to 29.
pub(super) static CONTAINER_LIST: Format = Format {
    name: "docker-ps",
    collect: "docker ps -a --no-trunc",
    kinds: &["container", "endpoint", "published_port"],
    detect: |hint| detect(hint, "\"Names\"", &[Record::ContainerRow], &["docker ps", "docker container ls"]),
    parse,
};

/// What a record describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Record {
    /// `docker inspect` of a container.
    Container,
    /// A row of the list of containers.
    ContainerRow,
    /// A network, inspected or listed.
    Network,
}

/// Tells a record by its keys.
fn classify(node: &Node<'_>) -> Option<Record> {
    let has = |keys: &[&str]| keys.iter().all(|key| node.has(key));
    let any = |keys: &[&str]| keys.iter().any(|key| node.has(key));
    let identified = any(&["Id", "ID"]);
    if identified && has(&["State"]) && any(&["Config", "HostConfig", "NetworkSettings"]) && !has(&["Names"]) {
        Some(Record::Container)
    } else if identified && has(&["Names", "Image"]) {
        Some(Record::ContainerRow)
    } else if identified && has(&["Name", "Driver"]) && any(&["IPAM", "Scope"]) && !has(&["Mountpoint"]) {
        Some(Record::Network)
    } else {
        None
    }
}

/// Content decides; an empty list is what its path says. `mark` is a key that every such document holds, looked for
/// first because it is cheap.
fn detect(hint: &Hint<'_>, mark: &str, wanted: &[Record], subjects: &[&str]) -> Match {
    let by_path = subjects.iter().any(|subject| hint.subject.starts_with(subject));
    if hint.head.contains(mark) {
        let record = json::first_record(hint.head).and_then(|record| classify(&record));
        return match record {
            Some(record) if wanted.contains(&record) && by_path => Match::Both,
            Some(record) if wanted.contains(&record) => Match::Content,
            _ => Match::No,
        };
    }
    let empty = matches!(hint.head.trim(), "[]" | "null");
    if by_path && empty { Match::Path } else { Match::No }
}

/// Reads a document of records.
pub(super) fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    json::read(document, &mut parsed, |record, parsed| match record.node().map(|node| &node.value) {
        Some(Value::Array(_)) => record.items().for_each(|inner| one(inner, parsed)),
        _ => one(record, parsed),
    });
    network::settle_listing(document, &mut parsed);
    parsed
}

fn one(record: Fields<'_, '_>, parsed: &mut Parsed) {
    match record.node().and_then(classify) {
        Some(Record::Container) => container::inspected(record, parsed),
        Some(Record::ContainerRow) => container::listed(record, parsed),
        Some(Record::Network) => network::network(record, parsed),
        None => {}
    }
}
