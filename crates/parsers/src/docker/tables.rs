//! Tables of the Docker CLI: which one a line of titles begins, and its rows.
//!
//! Columns vary with options, versions and `--format`, so they are found by their titles. Several tables may follow one
//! another in a document, as in `docker system df -v`.

use bundlescope_facts::Source;

use crate::table::Table;
use crate::{Document, Parsed};

use super::cells::Cells;
use super::{network, objects, ps, swarm};

/// A table of the CLI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Listing {
    /// `docker ps`, `docker compose ps`.
    Containers,
    /// `docker stats`.
    Usage,
    /// `docker network ls`.
    Networks,
    /// `docker images`.
    Images,
    /// `docker volume ls`.
    Volumes,
    /// `docker system df`.
    Disk,
    /// `docker node ls`.
    Nodes,
    /// `docker service ls`, `docker stack services`.
    Services,
    /// `docker service ps`, `docker stack ps`, `docker node ps`.
    Tasks,
    /// `docker history`.
    Layers,
    /// `docker context ls`.
    Contexts,
    /// `docker plugin ls`.
    Plugins,
    /// `docker stack ls`.
    Stacks,
    /// `docker secret ls`, `docker config ls`.
    Objects,
    /// `docker compose ls`.
    Projects,
    /// The last table of `docker system df -v`, of which nothing is kept.
    BuildCache,
}

/// Says which table a line of titles begins.
pub(super) fn titles(line: &str) -> Option<(Listing, Table<'_>)> {
    // Titles are in capitals; looking at the first letter spares most lines the rest.
    if !line.starts_with(|first: char| first.is_ascii_uppercase()) || line.chars().any(|c| c.is_ascii_lowercase()) {
        return None;
    }
    let table = Table::titles(line);
    let all = |titles: &[&str]| titles.iter().all(|title| table.has(title));
    let any = |titles: &[&str]| titles.iter().any(|title| table.has(title));
    // Those of crictl are the kubernetes family's; pods of podman have a format of their own.
    if table.has("ATTEMPT") || table.first() == Some("POD ID") {
        return None;
    }
    let listing = if all(&["CPU %"]) && any(&["CONTAINER ID", "CONTAINER", "NAME"]) {
        Listing::Usage
    } else if all(&["CONTAINER ID"])
        || all(&["NAME", "COMMAND", "SERVICE", "STATUS"])
        || all(&["NAMES"]) && any(&["IMAGE", "STATUS", "STATE", "PORTS"])
    {
        Listing::Containers
    } else if all(&["NETWORK ID", "NAME"]) {
        Listing::Networks
    } else if all(&["REPOSITORY"]) && any(&["TAG", "IMAGE ID"]) || all(&["IMAGE", "ID", "DISK USAGE"]) {
        Listing::Images
    } else if all(&["VOLUME NAME"]) {
        Listing::Volumes
    } else if all(&["TYPE", "TOTAL", "RECLAIMABLE"]) {
        Listing::Disk
    } else if all(&["HOSTNAME", "STATUS", "AVAILABILITY"]) {
        Listing::Nodes
    } else if all(&["ID", "NAME", "REPLICAS"]) {
        Listing::Services
    } else if all(&["NAME", "DESIRED STATE", "CURRENT STATE"]) {
        Listing::Tasks
    } else if all(&["CREATED BY", "SIZE"]) && any(&["IMAGE", "ID"]) {
        Listing::Layers
    } else if all(&["NAME", "DOCKER ENDPOINT"]) {
        Listing::Contexts
    } else if all(&["ID", "NAME", "ENABLED"]) {
        Listing::Plugins
    } else if all(&["NAME", "SERVICES"]) && !any(&["TYPE", "AGE"]) {
        Listing::Stacks
    } else if all(&["ID", "NAME", "CREATED", "UPDATED"]) {
        Listing::Objects
    } else if all(&["NAME", "STATUS", "CONFIG FILES"]) {
        Listing::Projects
    } else if all(&["CACHE ID", "CACHE TYPE"]) {
        Listing::BuildCache
    } else {
        return None;
    };
    Some((listing, table))
}

/// Reads a document of tables. Text before the first one (a prompt, a warning) is no part of it.
pub(super) fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut current: Option<(Listing, Table<'_>)> = None;
    for line in document.lines() {
        if let Some(found) = titles(line.text) {
            current = Some(found);
        } else if let Some((listing, table)) = &current {
            let text = line.text.trim();
            if text.ends_with("space usage:") || text.starts_with("Build cache usage:") {
                // The next table of `docker system df -v`.
                current = None;
                continue;
            }
            // Docker 29 warns below its tables that they are for people.
            if text.is_empty() || text.starts_with("WARNING:") {
                continue;
            }
            match table.row(line.text, listing.optional()) {
                Some(row) => listing.row(&row, &document.source(line, line), &document.subject, &mut parsed),
                None => parsed.problem(document, line.number, "not a row under the titles above"),
            }
        }
    }
    parsed
}

impl Listing {
    /// The titles whose cells may be empty.
    fn optional(self) -> &'static [&'static str] {
        match self {
            Self::Containers | Self::Services => &["PORTS"],
            Self::Nodes => &["MANAGER STATUS"],
            Self::Tasks => &["ERROR", "PORTS"],
            Self::Layers => &["CREATED BY", "COMMENT"],
            Self::Contexts => &["DESCRIPTION", "KUBERNETES ENDPOINT", "ORCHESTRATOR", "ERROR"],
            Self::Plugins => &["DESCRIPTION"],
            Self::Objects => &["DRIVER"],
            _ => &[],
        }
    }

    fn row(self, cells: &dyn Cells, source: &Source, subject: &str, parsed: &mut Parsed) {
        let read: fn(&dyn Cells, &Source, &mut Parsed) = match self {
            Self::Layers => return objects::layer_row(cells, source, subject, parsed),
            Self::Objects => return swarm::object_row(cells, source, subject, parsed),
            Self::BuildCache => return,
            Self::Containers => ps::row,
            Self::Usage => objects::usage_row,
            Self::Networks => network::row,
            Self::Images => objects::image_row,
            Self::Volumes => objects::volume_row,
            Self::Disk => objects::disk_row,
            Self::Nodes => swarm::node_row,
            Self::Services => swarm::service_row,
            Self::Tasks => swarm::task_row,
            Self::Contexts => objects::context_row,
            Self::Plugins => objects::plugin_row,
            Self::Stacks => swarm::stack_row,
            Self::Projects => objects::project_row,
        };
        read(cells, source, parsed);
    }
}
