//! JSON of the Docker CLI and of the Engine API: what a record is, by its keys.
//!
//! One parser reads them all, because one document may mix them (`docker inspect web db_net pgdata`), and because the
//! CLI's array, the API's object and JSON lines differ only in their framing, which [`crate::json`] takes.

use crate::json::{self, Fields, Node, Value};
use crate::{Document, Parsed};

use super::{container, events, info, network, objects, ps, swarm};

/// What a record describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Record {
    /// `docker inspect` of a container.
    Container,
    /// A row of the list of containers, of the API or of `docker ps --format json`.
    ContainerRow,
    /// A network, inspected or listed.
    Network,
    /// An image, inspected or listed.
    Image,
    /// A line of `docker images --format json`.
    ImageRow,
    /// A volume, inspected or listed.
    Volume,
    /// The API's list of volumes, or its disk usage: lists of other records.
    Lists,
    /// A line of `docker stats --format json`.
    UsageRow,
    /// A sample of the API's stats.
    Usage,
    /// A line of `docker system df --format json`.
    DiskRow,
    /// `docker info`.
    Info,
    /// `docker version`.
    Version,
    /// An event.
    Event,
    /// A node of a swarm.
    Node,
    /// A line of `docker node ls --format json`.
    NodeRow,
    /// A service of a swarm.
    Service,
    /// A line of `docker service ls --format json`.
    ServiceRow,
    /// A task of a swarm.
    Task,
    /// A line of `docker service ps --format json`.
    TaskRow,
}

/// Keys of which every record of a kind has all of the first list, one of the second unless that is empty, and none of
/// the third. The first kind that fits counts.
type Keys = (&'static [&'static str], &'static [&'static str], &'static [&'static str]);

const KINDS: &[(Record, Keys)] = &[
    (Record::Container, (&["State"], &["Config", "HostConfig", "NetworkSettings"], &["Names"])),
    (Record::ContainerRow, (&["Names", "Image"], &["Id", "ID"], &[])),
    (Record::ContainerRow, (&["ID", "Name", "Project", "Service", "State"], &[], &[])),
    (Record::UsageRow, (&["CPUPerc", "MemUsage"], &[], &[])),
    (Record::Usage, (&["cpu_stats", "memory_stats"], &[], &[])),
    (Record::Volume, (&["Mountpoint", "Name", "Driver"], &[], &[])),
    (Record::Network, (&["Name", "Driver"], &["IPAM", "Scope"], &[])),
    (Record::Image, (&["Id", "RepoTags"], &["Size", "RootFS", "VirtualSize", "Created"], &[])),
    (Record::Image, (&["Id", "RootFS", "Architecture"], &[], &[])),
    (Record::ImageRow, (&["Repository", "Tag", "ID"], &[], &[])),
    (Record::Lists, (&["LayersSize"], &["Images", "Containers", "Volumes"], &[])),
    (Record::Lists, (&["Volumes", "Warnings"], &[], &["ServerVersion"])),
    (Record::DiskRow, (&["TotalCount", "Reclaimable", "Type"], &[], &[])),
    (Record::Info, (&["Containers", "Images"], &["ServerVersion", "KernelVersion", "Driver", "OperatingSystem"], &[])),
    (Record::Info, (&["ClientInfo"], &["ServerErrors", "ServerVersion"], &[])),
    (Record::Version, (&["ApiVersion", "Version", "GoVersion"], &[], &[])),
    (Record::Version, (&["Client", "Server"], &[], &[])),
    (Record::Event, (&["Action", "Type", "Actor"], &[], &[])),
    (Record::Event, (&["status", "id", "from", "timeNano"], &[], &[])),
    (Record::Task, (&["ServiceID", "DesiredState"], &[], &[])),
    (Record::TaskRow, (&["CurrentState", "DesiredState"], &[], &[])),
    (Record::Node, (&["Description", "Spec", "Status"], &[], &[])),
    (Record::NodeRow, (&["Hostname", "Availability", "ID"], &[], &[])),
    (Record::Service, (&["ID", "Spec"], &["Endpoint", "CreatedAt"], &["Description"])),
    (Record::ServiceRow, (&["Replicas", "Mode", "Name"], &[], &[])),
];

/// Tells a record by its keys.
pub(super) fn classify(node: &Node<'_>) -> Option<Record> {
    let fits = |(all, any, none): &Keys| {
        all.iter().all(|key| node.has(key))
            && (any.is_empty() || any.iter().any(|key| node.has(key)))
            && !none.iter().any(|key| node.has(key))
    };
    let record = KINDS.iter().find(|(_, keys)| fits(keys)).map(|(record, _)| *record)?;
    // Kubernetes objects have a spec and a status as well, but in lower case; secrets and configs of a swarm have a
    // spec without a task.
    let inside = |outer: &str, inner: &str| node.member(outer).is_some_and(|member| member.value.has(inner));
    let fits = match record {
        Record::Service => inside("Spec", "TaskTemplate"),
        Record::Version => node.has("Version") || inside("Client", "Version"),
        _ => true,
    };
    fits.then_some(record)
}

/// True when the text can hold a record of one of these kinds at all: cheaper than reading it.
pub(super) fn may_hold(text: &str, kinds: &[Record]) -> bool {
    let holds = |(all, ..): &Keys| all.iter().all(|key| text.contains(&format!("\"{key}\"")));
    KINDS.iter().any(|(kind, keys)| kinds.contains(kind) && holds(keys))
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
    let Some(kind) = record.node().and_then(classify) else { return };
    let source = || record.source();
    match kind {
        Record::Container => container::inspected(record, parsed),
        Record::ContainerRow => ps::record(record, parsed),
        Record::Network => network::network(record, parsed),
        Record::Image => objects::image(record, parsed),
        Record::ImageRow => objects::image_row(&record, &source(), parsed),
        Record::Volume => objects::volume(record, parsed),
        Record::Lists => {
            for list in ["Images", "Containers", "Volumes"] {
                // Lists do not hold lists, so this goes one level down only.
                let inner = record.list(list).filter(|inner| inner.node().and_then(classify) != Some(Record::Lists));
                inner.for_each(|inner| one(inner, parsed));
            }
        }
        Record::UsageRow => objects::usage_row(&record, &source(), parsed),
        Record::Usage => objects::usage(record, parsed),
        Record::DiskRow => objects::disk_row(&record, &source(), parsed),
        Record::Info => info::info(record, parsed),
        Record::Version => info::version(record, parsed),
        Record::Event => events::record(record, parsed),
        Record::Node => swarm::node(record, parsed),
        Record::NodeRow => swarm::node_row(&record, &source(), parsed),
        Record::Service => swarm::service(record, parsed),
        Record::ServiceRow => swarm::service_row(&record, &source(), parsed),
        Record::Task => swarm::task(record, parsed),
        Record::TaskRow => swarm::task_row(&record, &source(), parsed),
    }
}
