//! What surrounds the findings: the events on one clock, the hosts' networks in words, and errors that nothing explains.

use std::collections::BTreeMap;

use bundlescope_engine::{Clock, Diagnosis, MapHost, Moment, Role, Unexplained};
use serde::Serialize;

use super::paths::Paths;
use crate::plain::{plain, plain_line};
use crate::words::{self, Words};

/// A moment of the timeline.
#[derive(Debug, Serialize)]
pub(crate) struct MomentView {
    /// RFC 3339, in UTC.
    pub(crate) time: String,
    /// The last time, where it is another one.
    pub(crate) until: String,
    /// `5 records`; empty where it is one.
    pub(crate) count: String,
    /// Container, or host.
    pub(crate) who: String,
    pub(crate) text: String,
    pub(crate) place: String,
    /// Anchor of the finding that it proves; empty where there is none.
    pub(crate) anchor: String,
    /// It is the first sign of the first cause.
    pub(crate) sign: bool,
}

/// A host of the network map in words.
#[derive(Debug, Serialize)]
pub(crate) struct HostView {
    pub(crate) name: String,
    pub(crate) lines: Vec<String>,
    pub(crate) networks: Vec<NetworkView>,
}

/// A network in words.
#[derive(Debug, Serialize)]
pub(crate) struct NetworkView {
    pub(crate) title: String,
    pub(crate) containers: Vec<String>,
}

/// Errors that nothing explains.
#[derive(Debug, Serialize)]
pub(crate) struct UnexplainedView {
    pub(crate) template: String,
    pub(crate) example: String,
    pub(crate) count: u64,
    pub(crate) first: String,
    pub(crate) last: String,
    pub(crate) who: String,
    pub(crate) place: String,
    /// `12 times, 2026-… to 2026-…, api`.
    pub(crate) summary: String,
    pub(crate) signature: String,
}

/// The place among the moments of the first sign of the first cause: of what proves it, or what it explains.
pub(crate) fn sign(diagnosis: &Diagnosis) -> Option<usize> {
    let cause = diagnosis.findings.iter().find(|finding| finding.role == Role::Cause)?;
    diagnosis.timeline.moments.iter().position(|moment| {
        &*moment.kind == "event" && (moment.finding == cause.id || cause.explains.contains(&moment.finding))
    })
}

pub(super) fn moments(
    diagnosis: &Diagnosis,
    anchors: &BTreeMap<&str, String>,
    paths: &Paths,
    w: &Words,
) -> Vec<MomentView> {
    let sign = sign(diagnosis);
    let view = |(index, moment): (usize, &Moment)| MomentView {
        time: moment.first.to_string(),
        until: if moment.last > moment.first { moment.last.to_string() } else { String::new() },
        count: if moment.count > 1 { w.records.with(moment.count) } else { String::new() },
        who: who(&moment.host, std::slice::from_ref(&moment.container)),
        text: plain_line(&moment.text),
        place: if moment.document.is_empty() {
            String::new()
        } else {
            paths.place(&moment.document, moment.line, moment.line)
        },
        anchor: anchors.get(&*moment.finding).cloned().unwrap_or_default(),
        sign: sign == Some(index),
    };
    diagnosis.timeline.moments.iter().enumerate().map(view).collect()
}

/// What is known of each clock: `node-1: 94.000 s ahead (chronyc.txt:4)`.
pub(super) fn clocks(clocks: &[Clock], paths: &Paths, w: &Words) -> Vec<String> {
    let shift = |clock: &Clock| match (clock.ahead_ms, clock.synchronized) {
        (Some(ms), _) => {
            let way = if ms < 0 { &w.clock_behind } else { &w.clock_ahead };
            format!("{}.{:03} s {way}", ms.unsigned_abs() / 1000, ms.unsigned_abs() % 1000)
        }
        (None, Some(true)) => w.clock_synchronized.to_string(),
        (None, Some(false)) => w.clock_unsynchronized.to_string(),
        (None, None) => w.clock_unknown.to_string(),
    };
    let line = |clock: &Clock| {
        let host = if clock.host.is_empty() { w.host.to_string() } else { plain_line(&clock.host) };
        let place = paths.place(&clock.document, clock.line, clock.line);
        let place = if clock.document.is_empty() { String::new() } else { format!(" ({place})") };
        format!("{host}: {}{place}", shift(clock))
    };
    clocks.iter().map(line).collect()
}

pub(super) fn hosts(hosts: &[MapHost], w: &Words) -> Vec<HostView> {
    let view = |host: &MapHost| HostView {
        name: if host.host.is_empty() { w.host.to_string() } else { plain_line(&host.host) },
        lines: host.addresses.iter().chain(&host.routes).map(|line| plain_line(line)).collect(),
        networks: host
            .networks
            .iter()
            .map(|network| {
                let name: &str = if network.name.is_empty() { &w.no_network } else { &network.name };
                let subnets: Vec<String> = network.subnets.iter().map(|subnet| plain_line(subnet)).collect();
                let parts = [plain_line(name), plain_line(&network.bridge), subnets.join(", ")];
                let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
                let containers = network.containers.iter().map(|container| {
                    let mut parts = vec![plain_line(&container.name), plain_line(&container.address)];
                    if &*container.status != "running" {
                        parts.push(plain_line(&container.status));
                    }
                    parts.extend(container.ports.iter().map(|port| plain_line(port)));
                    parts.retain(|part| !part.is_empty());
                    parts.join(" ")
                });
                NetworkView { title: parts.join(" "), containers: containers.collect() }
            })
            .collect(),
    };
    hosts.iter().map(view).collect()
}

pub(super) fn unexplained(all: &[Unexplained], paths: &Paths, w: &Words) -> Vec<UnexplainedView> {
    let time = |time: Option<_>| time.map_or_else(String::new, |time: jiff::Timestamp| time.to_string());
    let view = |one: &Unexplained| {
        let (first, last) = (time(one.first), time(one.last));
        let who = who(&one.host, &one.containers);
        let count = usize::try_from(one.count).unwrap_or(usize::MAX);
        let mut parts = vec![words::counted(count, &w.times_one, &w.times)];
        match (first.as_str(), last.as_str()) {
            ("", _) => {}
            (first, last) if first == last => parts.push(first.to_owned()),
            (first, last) => parts.push(format!("{first} {} {last}", w.to)),
        }
        if !who.is_empty() {
            parts.push(who.clone());
        }
        UnexplainedView {
            template: plain_line(&one.template),
            example: plain_line(&one.example),
            count: one.count,
            first,
            last,
            who,
            place: paths.place(&one.document, one.line, one.line),
            summary: parts.join(", "),
            signature: plain(&one.signature),
        }
    };
    all.iter().map(view).collect()
}

/// The containers, or the host where it is none.
fn who(host: &str, containers: &[bundlescope_facts::Text]) -> String {
    let names: Vec<String> = containers.iter().filter(|name| !name.is_empty()).map(|name| plain_line(name)).collect();
    if names.is_empty() { plain_line(host) } else { names.join(", ") }
}
