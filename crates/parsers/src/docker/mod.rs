//! Formats of the docker family.
//!
//! Every JSON document goes through [`records`], which tells each record by its keys: `docker inspect` takes any
//! objects at once, so that containers, networks and volumes may stand in one document.

mod container;
mod endpoint;
mod network;
mod ports;
mod records;
mod status;

use crate::format::Format;

/// Every format of the family, the more specific ones first.
pub(crate) static FORMATS: &[&Format] = &[&records::INSPECT, &records::NETWORKS, &records::CONTAINER_LIST];
