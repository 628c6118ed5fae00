//! Whether a failure lasted until the end of the log, and what else the rest of the log tells about it.

use bundlescope_facts::{Value, event_spec};
use jiff::Timestamp;

use crate::merge::Event;

/// A log that goes on this long without the failure has left it behind, seconds.
const QUIET_SECONDS: i64 = 30;
/// Or this many times the usual gap between two failures.
const QUIET_GAPS: i64 = 3;
/// Stands in for a year that stamps do not have and nobody knows: a leap year in which no log was written. Stamps of one log
/// are still as far apart as they are.
pub(crate) const STAND_IN_YEAR: i16 = 1604;
/// Without times: lines behind a failure that still count as the end of the log.
const FEW_LINES: u64 = 10;

/// What a connection is about: groups of words that mean the same service, as applications name it.
const TOPICS: &[&[&str]] = &[
    &["database", "postgres", "psql", "libpq", "mysql", "mariadb", "sql", "jdbc", "hikari", "mongo", "db", "pg"],
    &["cache", "redis", "valkey", "memcached", "session", "sessions"],
    &["rabbit", "rabbitmq", "amqp", "broker", "queue", "kafka", "celery", "nats"],
    &["upstream", "backend", "http", "https"],
    &["ldap", "directory"],
    &["elasticsearch", "opensearch", "search"],
];

/// The word of each topic in an event's `service`.
const SERVICES: [&str; 6] = ["database", "cache", "broker", "upstream", "directory", "search"];

/// Well-known ports and the topic that they mean.
const PORTS: &[(i64, u32)] = &[
    (5432, 0),
    (3306, 0),
    (27017, 0),
    (1433, 0),
    (6379, 1),
    (11211, 1),
    (5672, 2),
    (5671, 2),
    (9092, 2),
    (389, 4),
    (636, 4),
    (9200, 5),
];

/// True for a time in the year that stands in.
pub(crate) fn is_stand_in(time: Timestamp) -> bool {
    // A zone may put the first and the last hours of that year into its neighbours; 1900-01-01 is far behind all of them.
    time.as_second() < -2_208_988_800
}

/// The end of a log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct End {
    pub(crate) time: Option<Timestamp>,
    pub(crate) lines: u64,
}

/// The topics that a record's text and an event's fields name, as bits.
pub(crate) fn topics(text: &[u8], client: Option<&str>, port: Option<i64>) -> u32 {
    let lower = text.get(..text.len().min(4096)).unwrap_or_default().to_ascii_lowercase();
    let mut found = 0;
    let words = lower.split(|b| !b.is_ascii_alphanumeric()).chain(client.iter().map(|client| client.as_bytes()));
    for word in words {
        for (bit, names) in TOPICS.iter().enumerate() {
            if names.iter().any(|name| name.as_bytes() == word) {
                found |= 1 << bit;
            }
        }
    }
    for (known, bit) in PORTS {
        if port == Some(*known) {
            found |= 1 << bit;
        }
    }
    found
}

/// Sets `ongoing` of every event whose kind has that field, and the target of failures that do not name theirs.
pub(crate) fn judge(events: &mut [Event], end: End) {
    infer_targets(events);
    name_services(events);
    let targets = events
        .iter()
        .filter(|event| &*event.kind == "connection_failure")
        .map(|event| (event.text("host"), event.int("port")))
        .collect::<std::collections::BTreeSet<_>>()
        .len();
    let verdicts: Vec<Option<bool>> = events
        .iter()
        .map(|event| {
            event_spec(&event.kind)?.field("ongoing")?;
            ongoing(event, events, targets == 1, end)
        })
        .collect();
    for (event, verdict) in events.iter_mut().zip(verdicts) {
        if let Some(verdict) = verdict {
            event.fields.insert("ongoing".into(), Value::Bool(verdict));
        }
    }
}

fn ongoing(event: &Event, all: &[Event], only_target: bool, end: End) -> Option<bool> {
    let later =
        |kind: &'static str| all.iter().filter(move |other| &*other.kind == kind && other.last_line > event.last_line);
    if later("connection_success").any(|success| concerns(success, event, only_target)) {
        return Some(false);
    }
    if later("gave_up").any(|other| concerns(other, event, only_target)) {
        return Some(true);
    }
    let lines_after = end.lines.saturating_sub(event.last_end.into());
    if lines_after == 0 {
        return Some(true);
    }
    // Stamps with and without a year in one log cannot be compared.
    if let (Some(first), Some(last), Some(end)) = (event.first, event.last, end.time)
        && is_stand_in(first) == is_stand_in(end)
        && is_stand_in(last) == is_stand_in(end)
    {
        let repeats = i64::try_from(event.count).unwrap_or(i64::MAX).saturating_sub(1);
        let gap = if repeats > 0 { (last.as_second() - first.as_second()) / repeats } else { 0 };
        let quiet = end.as_second() - last.as_second();
        if quiet > QUIET_SECONDS.max(gap.saturating_mul(QUIET_GAPS)) {
            return Some(false);
        }
        return (repeats > 0 || lines_after <= FEW_LINES).then_some(true);
    }
    let usual = (u64::from(event.last_line.saturating_sub(event.source.first_line)))
        .checked_div(event.count.saturating_sub(1))
        .unwrap_or_default();
    (lines_after <= FEW_LINES.max(usual.saturating_mul(3))).then_some(true)
}

/// True when a success or a resignation is about the connection of a failure.
fn concerns(other: &Event, failure: &Event, only_target: bool) -> bool {
    let same = |field: &str| match (other.fields.get(field), failure.fields.get(field)) {
        (Some(a), Some(b)) => Some(a == b),
        _ => None,
    };
    match (same("host"), same("port")) {
        (Some(host), port) => host && port.unwrap_or(true),
        _ if other.topics == 0 || failure.topics == 0 => only_target,
        _ => other.topics & failure.topics != 0,
    }
}

/// A failure whose record names no target says at least what it is about, when that is clear.
fn name_services(events: &mut [Event]) {
    for event in events {
        let silent = !event.fields.contains_key("host") && !event.fields.contains_key("port");
        let declared = event_spec(&event.kind).is_some_and(|spec| spec.field("service").is_some());
        if silent && declared && event.topics.is_power_of_two() {
            let name = SERVICES.get(event.topics.trailing_zeros() as usize).copied().unwrap_or_default();
            event.fields.entry("service".into()).or_insert(Value::from(name));
        }
    }
}

/// A client that does not say where it wanted to connect means the only target that its log names, when that was
/// named before.
fn infer_targets(events: &mut [Event]) {
    let mut targets = events.iter().filter(|event| &*event.kind == "connection_target");
    let (Some(target), None) = (targets.next(), targets.next()) else { return };
    let origin = format!("{}:{}", target.source.document, target.source.first_line);
    let (line, known): (_, Vec<_>) = (
        target.source.first_line,
        ["host", "address", "port"]
            .iter()
            .filter_map(|name| Some((*name, target.fields.get(*name)?.clone())))
            .collect(),
    );
    for event in events.iter_mut() {
        let silent = !event.fields.contains_key("host") && !event.fields.contains_key("port");
        let declared = event_spec(&event.kind).is_some_and(|spec| spec.field("inferred").is_some());
        if silent && declared && event.source.first_line > line {
            event.fields.extend(known.iter().map(|(name, value)| ((*name).into(), value.clone())));
            event.fields.insert("inferred".into(), Value::from(origin.as_str()));
        }
    }
}
