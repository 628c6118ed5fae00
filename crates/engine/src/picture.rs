//! What a report draws besides the findings: the hosts' networks, the events on one clock, and the errors that nothing
//! explains. All of it is taken from facts and decides nothing.

use bundlescope_facts::Text;
use jiff::Timestamp;
use serde::Serialize;

/// How the containers of a bundle are connected.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct NetworkMap {
    /// Hosts that run containers or show routes, by name.
    pub hosts: Vec<MapHost>,
}

/// One host of the map.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct MapHost {
    /// Name of the host; empty where the bundle has one and does not name it.
    pub host: Text,
    /// Addresses of the host itself as `eth0 10.0.0.5/24`.
    pub addresses: Vec<Text>,
    /// Routes that leave the host through a router, as `0.0.0.0/0 via 10.0.0.1 dev eth0`.
    pub routes: Vec<Text>,
    /// Networks with what is on them, by name; containers without a network stand on one without a name.
    pub networks: Vec<MapNetwork>,
}

/// One network of a host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct MapNetwork {
    /// Name.
    pub name: Text,
    /// `bridge`, `overlay`, `host`, …; empty where not told.
    pub driver: Text,
    /// Linux bridge; empty where there is none.
    pub bridge: Text,
    /// Subnets.
    pub subnets: Vec<Text>,
    /// No way out (`--internal`).
    pub internal: bool,
    /// Containers on it, by name.
    pub containers: Vec<MapContainer>,
}

/// A container on one network.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct MapContainer {
    /// Name.
    pub name: Text,
    /// Address on this network; empty while stopped.
    pub address: Text,
    /// `running`, `exited`, …; empty where not told.
    pub status: Text,
    /// Published ports, as `0.0.0.0:8080 -> 80/tcp`.
    pub ports: Vec<Text>,
}

/// What happened when, on the clock of each host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Timeline {
    /// What is known of each host's clock, by host.
    pub clocks: Vec<Clock>,
    /// Moments, the earliest first.
    pub moments: Vec<Moment>,
    /// Moments that were too many to be kept.
    pub left_out: u64,
}

/// A host's clock.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Clock {
    /// Host.
    pub host: Text,
    /// Milliseconds by which it is ahead of its reference (negative: behind); absent where the bundle does not tell.
    pub ahead_ms: Option<i64>,
    /// Whether it says that it is synchronised; absent where it does not tell.
    pub synchronized: Option<bool>,
    /// The document that says so; empty where none does.
    pub document: Text,
    /// Its line.
    pub line: u32,
}

/// Something that happened, once or again and again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Moment {
    /// When it happened first.
    pub first: Timestamp,
    /// When it happened last.
    pub last: Timestamp,
    /// How often.
    pub count: u64,
    /// Host.
    pub host: Text,
    /// Container; empty for the host itself.
    pub container: Text,
    /// `event` for what a log says, `started` and `stopped` for containers, `captured` for the bundle itself.
    pub kind: Text,
    /// In words.
    pub text: Text,
    /// Document that tells it.
    pub document: Text,
    /// Its line.
    pub line: u32,
    /// Finding that it is evidence of; empty where there is none.
    pub finding: Text,
}

/// Error-like records of one wording that no signature knows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Unexplained {
    /// The wording, `<*>` where records differ.
    pub template: String,
    /// One record as it was logged, its first line without the framing.
    pub example: String,
    /// How often it was logged.
    pub count: u64,
    /// When it was logged first; absent where its log has no times.
    pub first: Option<Timestamp>,
    /// When it was logged last.
    pub last: Option<Timestamp>,
    /// Host.
    pub host: Text,
    /// Containers that logged it, by name; empty for the host itself.
    pub containers: Vec<Text>,
    /// Document of the first record.
    pub document: Text,
    /// Its line.
    pub line: u32,
    /// A rule file to start a signature from; empty where none was asked for.
    pub signature: String,
}
