//! One row of a listing, whether the CLI printed it as a line of a table or as a line of JSON (`--format json`).

use crate::json::Fields;
use crate::table::Row;

/// Gives the text under a title of the table; empty where the listing has no such column.
pub(super) trait Cells {
    /// The cell under that title.
    fn cell(&self, title: &str) -> &str;

    /// The first of these cells that holds something.
    fn first(&self, titles: &[&str]) -> &str {
        titles.iter().map(|title| self.cell(title)).find(|cell| !cell.is_empty()).unwrap_or_default()
    }
}

impl Cells for Row<'_, '_> {
    fn cell(&self, title: &str) -> &str {
        self.get(title)
    }
}

impl Cells for Fields<'_, '_> {
    fn cell(&self, title: &str) -> &str {
        let key = match title {
            "CONTAINER ID" | "IMAGE ID" | "NETWORK ID" | "ID" => "ID",
            "VOLUME NAME" | "NAME" => "Name",
            "CONTAINER" => "Container",
            "IMAGE" => "Image",
            "COMMAND" => "Command",
            "CREATED AT" => "CreatedAt",
            "STATUS" => "Status",
            "STATE" => "State",
            "HEALTH" => "Health",
            "PORTS" => "Ports",
            "NAMES" => "Names",
            "LABELS" => "Labels",
            "NETWORKS" => "Networks",
            "CPU %" => "CPUPerc",
            "MEM USAGE / LIMIT" => "MemUsage",
            "PIDS" => "PIDs",
            "REPOSITORY" => "Repository",
            "TAG" => "Tag",
            "DIGEST" => "Digest",
            "SIZE" => "Size",
            "TYPE" => "Type",
            "TOTAL" => "TotalCount",
            "ACTIVE" => "Active",
            "RECLAIMABLE" => "Reclaimable",
            "HOSTNAME" => "Hostname",
            "AVAILABILITY" => "Availability",
            "MANAGER STATUS" => "ManagerStatus",
            "ENGINE VERSION" => "EngineVersion",
            "MODE" => "Mode",
            "REPLICAS" => "Replicas",
            "NODE" => "Node",
            "DESIRED STATE" => "DesiredState",
            "CURRENT STATE" => "CurrentState",
            "ERROR" => "Error",
            "SERVICES" => "Services",
            "ORCHESTRATOR" => "Orchestrator",
            "DRIVER" => "Driver",
            "CONFIG FILES" => "ConfigFiles",
            _ => return "",
        };
        // Podman's statistics.
        let other = match title {
            "CPU %" => "cpu_percent",
            "MEM USAGE / LIMIT" => "mem_usage",
            "PIDS" => "pids",
            "NAME" => "name",
            "CONTAINER ID" => "id",
            _ => return self.word(key),
        };
        if self.has(key) { self.word(key) } else { self.word(other) }
    }
}

/// Bytes of a size as go-units writes it: `643MB` and `35.58 kB` are decimal, `3.289MiB` is binary. What follows in
/// brackets does not count.
pub(crate) fn size(text: &str) -> Option<u64> {
    let text = text.split('(').next().unwrap_or_default().trim();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor: f64 = match unit.trim() {
        "B" => 1.0,
        "kB" | "KB" => 1e3,
        "MB" => 1e6,
        "GB" => 1e9,
        "TB" => 1e12,
        "PB" => 1e15,
        "KiB" => 1024.0,
        "MiB" => 1024.0 * 1024.0,
        "GiB" => 1024.0 * 1024.0 * 1024.0,
        "TiB" => 1024.0 * 1024.0 * 1024.0 * 1024.0,
        _ => return None,
    };
    let bytes = number.parse::<f64>().ok()? * factor;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative, and the cast saturates")]
    let whole = bytes.round() as u64;
    bytes.is_finite().then_some(whole)
}

/// A time as Go's `time.Time` prints itself: `2021-03-10 00:15:05 +0100 CET`, perhaps with a fraction.
pub(super) fn time(text: &str) -> Option<jiff::Timestamp> {
    let mut words = text.split_whitespace();
    let (date, clock, offset) = (words.next()?, words.next()?, words.next()?);
    let clock = clock.split('.').next().unwrap_or(clock);
    let read = jiff::fmt::strtime::parse("%Y-%m-%d %H:%M:%S %z", format!("{date} {clock} {offset}")).ok()?;
    read.to_timestamp().ok()
}

/// The same with its fraction.
pub(super) fn time_exact(text: &str) -> Option<jiff::Timestamp> {
    let mut words = text.split_whitespace();
    let (date, clock, offset) = (words.next()?, words.next()?, words.next()?);
    let read = jiff::fmt::strtime::parse("%Y-%m-%d %H:%M:%S%.f %z", format!("{date} {clock} {offset}")).ok()?;
    read.to_timestamp().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_decimal_or_binary_by_their_unit() {
        assert_eq!(size("643MB"), Some(643_000_000));
        assert_eq!(size("35.58 kB (virtual 109.2 MB)"), Some(35_580));
        assert_eq!(size("1.5GiB"), Some(1_610_612_736));
        assert_eq!((size("0B"), size("N/A"), size("")), (Some(0), None, None));
    }

    #[test]
    fn times_of_the_cli_are_points_in_time() {
        let expected: jiff::Timestamp = "2021-03-09T23:15:05Z".parse().unwrap();
        assert_eq!(time("2021-03-10 00:15:05 +0100 CET"), Some(expected));
        assert_eq!(time("2021-03-09 23:15:05.798999529 +0000 UTC"), Some(expected));
        assert_eq!(time("3 weeks ago"), None);
    }
}
