//! The time of the capture, which is "now" for every rule.

use bundlescope_facts::{Data, Fact, Text};
use jiff::Timestamp;

/// When the bundle was captured: what `date` says on the first host that has it, otherwise the last time that any log
/// or container states. The text is as exact as the source.
pub(crate) fn time(facts: &[Fact]) -> Option<(Timestamp, String)> {
    let stated = facts.iter().find_map(|fact| match &fact.data {
        Data::CaptureTime(capture) => Some((capture.time?, capture.zone.clone())),
        _ => None,
    });
    if let Some((time, zone)) = stated {
        return Some((time, with_zone(time, zone)));
    }
    let last = facts.iter().filter_map(|fact| match &fact.data {
        Data::Log(log) => log.last_time,
        Data::Container(container) => container.started,
        _ => fact.occurrences.and_then(|occurrences| occurrences.last),
    });
    last.max().map(|time| (time, with_zone(time, None)))
}

fn with_zone(time: Timestamp, zone: Option<Text>) -> String {
    match zone {
        Some(zone) if &*zone != "UTC" => format!("{time} ({zone})"),
        _ => time.to_string(),
    }
}
