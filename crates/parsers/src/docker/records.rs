//! JSON of the Docker CLI and of the Engine API: what a record is, by its keys.
//!
//! One parser reads them all, because one document may mix them (`docker inspect web db_net pgdata`), and because the
//! CLI's array, the API's object and JSON lines differ only in their framing, which [`crate::json`] takes.

use crate::json::{self, Fields, Node, Value};
use crate::{Document, Parsed};

use super::{container, events, info, network, objects, podman, ps, swarm};

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
    /// The API's list of volumes.
    VolumeList,
    /// The disk usage of the API or of `docker system df -v --format json`: lists of other records.
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
    /// A secret or a config of a swarm.
    Object,
    /// A line of `docker secret ls --format json` or of its sister.
    ObjectRow,
    /// A line of `docker stack ls --format json`.
    StackRow,
    /// A line of `docker context ls --format json`.
    Context,
    /// A plugin, inspected or listed.
    Plugin,
    /// A layer of an image's history.
    Layer,
    /// A row of `docker compose ls --format json`.
    Project,
    /// A network of podman.
    PodmanNetwork,
    /// A network as the container network interface configures it, which podman before 4 inspects.
    CniNetwork,
    /// `podman info --format json`.
    PodmanInfo,
    /// An event of podman.
    PodmanEvent,
}

/// Keys of which every record of a kind has all of the first list, one of the second unless that is empty, and none of
/// the third. The first kind that fits counts.
type Keys = (&'static [&'static str], &'static [&'static str], &'static [&'static str]);

const KINDS: &[(Record, Keys)] = &[
    (Record::Container, (&["State"], &["Config", "HostConfig", "NetworkSettings"], &["Names"])),
    (Record::ContainerRow, (&["Names", "Image"], &["Id", "ID"], &[])),
    (Record::ContainerRow, (&["ID", "Name", "Project", "Service", "State"], &[], &[])),
    (Record::UsageRow, (&["CPUPerc", "MemUsage"], &[], &[])),
    (Record::UsageRow, (&["cpu_percent", "mem_usage"], &[], &[])),
    (Record::Usage, (&["cpu_stats", "memory_stats"], &[], &[])),
    (Record::Volume, (&["Mountpoint", "Name", "Driver"], &[], &[])),
    (Record::Network, (&["Name", "Driver"], &["IPAM", "Scope"], &[])),
    (Record::Image, (&["Id", "RepoTags"], &["Size", "RootFS", "VirtualSize", "Created"], &[])),
    (Record::Image, (&["Id", "RootFS", "Architecture"], &[], &[])),
    (Record::ImageRow, (&["Repository", "Tag", "ID"], &[], &[])),
    (Record::Lists, (&["LayersSize"], &["Images", "Containers", "Volumes"], &[])),
    (Record::VolumeList, (&["Volumes", "Warnings"], &[], &["ServerVersion"])),
    (Record::Lists, (&["Images", "Containers", "Volumes", "BuildCache"], &[], &["ServerVersion"])),
    (Record::DiskRow, (&["TotalCount", "Reclaimable", "Type"], &[], &[])),
    (Record::Info, (&["Containers", "Images"], &["ServerVersion", "KernelVersion", "Driver", "OperatingSystem"], &[])),
    (Record::Info, (&["ClientInfo"], &["ServerErrors", "ServerVersion"], &[])),
    (Record::Version, (&["ApiVersion", "Version", "GoVersion"], &[], &[])),
    (Record::Version, (&["Client"], &[], &["ServerVersion"])),
    (Record::Event, (&["Action", "Type", "Actor"], &[], &[])),
    (Record::Event, (&["status", "id", "from", "timeNano"], &[], &[])),
    (Record::Task, (&["ServiceID", "DesiredState"], &[], &[])),
    (Record::TaskRow, (&["CurrentState", "DesiredState"], &[], &[])),
    (Record::Node, (&["Description", "Spec", "Status"], &[], &[])),
    (Record::NodeRow, (&["Hostname", "Availability", "ID"], &[], &[])),
    (Record::Service, (&["ID", "Spec"], &["Endpoint", "CreatedAt"], &["Description"])),
    (Record::ServiceRow, (&["Replicas", "Mode", "Name"], &[], &[])),
    (
        Record::Object,
        (&["ID", "Spec", "CreatedAt", "UpdatedAt"], &[], &["Description", "Endpoint", "JoinTokens", "TLSInfo"]),
    ),
    (Record::ObjectRow, (&["ID", "Name", "CreatedAt", "UpdatedAt", "Labels"], &[], &["Spec", "Image"])),
    (Record::StackRow, (&["Name", "Services"], &[], &[])),
    (Record::Context, (&["Name", "DockerEndpoint", "Current"], &[], &[])),
    (Record::Plugin, (&["Name", "Enabled", "PluginReference"], &[], &[])),
    (Record::Layer, (&["CreatedBy"], &["ID", "Id", "id"], &["Spec"])),
    (Record::Project, (&["Name", "Status", "ConfigFiles"], &[], &[])),
    (Record::PodmanNetwork, (&["name", "id", "driver", "network_interface"], &[], &[])),
    (Record::CniNetwork, (&["cniVersion", "name", "plugins"], &[], &[])),
    (Record::PodmanInfo, (&["host", "store"], &[], &[])),
    (Record::PodmanEvent, (&["Status", "Time", "Type"], &["Attributes", "ID", "Name"], &["Actor"])),
];

/// Tells a record by its keys.
pub(super) fn classify(node: &Node<'_>) -> Option<Record> {
    let fits = |(all, any, none): &Keys| {
        all.iter().all(|key| node.has(key))
            && (any.is_empty() || any.iter().any(|key| node.has(key)))
            && !none.iter().any(|key| node.has(key))
    };
    // Kubernetes objects have a spec and a status as well, but in lower case; secrets and configs of a swarm have a
    // spec without a task.
    let inside = |outer: &str, inner: &str| node.member(outer).is_some_and(|member| member.value.has(inner));
    let sure = |record: Record| match record {
        Record::Service => inside("Spec", "TaskTemplate"),
        Record::Object => inside("Spec", "Name") && !inside("Spec", "TaskTemplate"),
        Record::Version => node.has("Version") || inside("Client", "Version"),
        Record::PodmanInfo => inside("host", "kernel") || inside("host", "hostname"),
        // Two everyday words: there is little else in it.
        Record::StackRow => {
            let known = ["Name", "Namespace", "Orchestrator", "Services"];
            node.members().iter().all(|member| known.contains(&&*member.key))
                && node.member("Services").is_some_and(|member| matches!(&member.value.value, Value::Text(_)))
        }
        _ => true,
    };
    KINDS.iter().find(|(record, keys)| fits(keys) && sure(*record)).map(|(record, _)| *record)
}

/// True when the text can hold a record of one of these kinds at all: cheaper than reading it.
pub(super) fn may_hold(text: &str, kinds: &[Record]) -> bool {
    let holds = |(all, ..): &Keys| all.iter().all(|key| text.contains(&format!("\"{key}\"")));
    KINDS.iter().any(|(kind, keys)| kinds.contains(kind) && holds(keys))
}

/// Reads a document of records.
pub(super) fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let subject = &document.subject;
    json::read(document, &mut parsed, |record, parsed| match record.node().map(|node| &node.value) {
        Some(Value::Array(_)) => record.items().for_each(|inner| one(inner, subject, parsed)),
        _ => one(record, subject, parsed),
    });
    network::settle_listing(document, &mut parsed);
    parsed
}

fn one(record: Fields<'_, '_>, subject: &str, parsed: &mut Parsed) {
    let Some(kind) = record.node().and_then(classify) else { return };
    let source = || record.source();
    match kind {
        Record::Container => container::inspected(record, parsed),
        Record::ContainerRow => ps::record(record, parsed),
        Record::Network => network::network(record, parsed),
        Record::Image => objects::image(record, parsed),
        Record::ImageRow => objects::image_row(&record, &source(), parsed),
        Record::Volume => objects::volume(record, parsed),
        Record::Lists | Record::VolumeList => {
            for list in ["Images", "Containers", "Volumes"] {
                // Lists do not hold lists, so this goes one level down only.
                let inner = record.list(list).filter(|inner| {
                    !matches!(inner.node().and_then(classify), Some(Record::Lists | Record::VolumeList))
                });
                inner.for_each(|inner| one(inner, subject, parsed));
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
        Record::Object => swarm::object(record, subject, parsed),
        Record::ObjectRow => swarm::object_row(&record, &source(), subject, parsed),
        Record::StackRow => swarm::stack_row(&record, &source(), parsed),
        Record::Context => objects::context(record, parsed),
        Record::Plugin => objects::plugin(record, parsed),
        Record::Layer => objects::layer(record, subject, parsed),
        Record::Project => objects::project_row(&record, &source(), parsed),
        Record::PodmanNetwork => podman::network(record, parsed),
        Record::CniNetwork => podman::cni_network(record, parsed),
        Record::PodmanInfo => podman::info(record, parsed),
        Record::PodmanEvent => events::podman(record, parsed),
    }
}
