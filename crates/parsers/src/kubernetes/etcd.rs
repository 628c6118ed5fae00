//! etcd's answers: `etcdctl endpoint health`, `endpoint status`, `member list` and `cluster-health` (etcdctl 2 to 3.6; simple,
//! table, JSON), and `/health` asked with curl.

use bundlescope_facts::{Data, EtcdEndpoint, EtcdMember, Fact, Text};

use crate::format::{Format, Match};
use crate::json::{self, Fields};
use crate::{Document, Line, Parsed};

const KINDS: &[&str] = &["etcd_endpoint", "etcd_member"];

/// Lines and tables.
pub(super) static TEXT: Format = Format {
    name: "etcdctl",
    collect: "etcdctl endpoint health --cluster; etcdctl endpoint status --cluster; etcdctl member list",
    kinds: KINDS,
    detect: |hint| {
        let known = |line: &str| titles(line).is_some() || simple(line).is_some();
        let content = hint.head.lines().filter(|line| !line.trim().is_empty()).take(8).any(known);
        match (content, hint.subject.contains("etcd")) {
            (true, true) => Match::Both,
            (true, false) => Match::Content,
            _ => Match::No,
        }
    },
    parse,
};

/// JSON.
pub(super) static JSON: Format = Format {
    name: "etcdctl-json",
    collect: "etcdctl endpoint status --cluster -w json",
    kinds: KINDS,
    detect: |hint| {
        let marks = ["\"health\"", "\"Status\"", "\"members\""];
        if !hint.head.trim_start().starts_with(['{', '[']) || !marks.iter().any(|mark| hint.head.contains(mark)) {
            return Match::No;
        }
        let content = json::first_record(hint.head).is_some_and(|record| {
            let only_health = record.has("health") && record.members().len() <= 2 && !record.has("name");
            let member = record.member("members").and_then(|list| list.value.items().first());
            record.has("endpoint") && record.has("health") && record.has("took")
                || record.has("Endpoint") && record.has("Status")
                || record.has("header") && member.is_some_and(|member| member.has("peerURLs"))
                || only_health && (record.has("reason") || record.members().len() == 1)
        });
        if content { Match::Content } else { Match::No }
    },
    parse: |document| {
        let mut parsed = Parsed::default();
        json::read(document, &mut parsed, record);
        parsed
    },
};

/// A number of a member, which JSON has in decimal.
fn hex(of: Fields<'_, '_>, key: &str) -> Option<Text> {
    let written = super::objects::number_or_name(of.get(key))?;
    written.parse::<u64>().ok().map(|id| format!("{id:x}").into())
}

fn record(of: Fields<'_, '_>, parsed: &mut Parsed) {
    if of.has("members") {
        for member in of.list("members") {
            let data = EtcdMember {
                id: hex(member, "ID").unwrap_or_default(),
                name: member.text("name"),
                status: None,
                peer_urls: member.texts("peerURLs"),
                client_urls: member.texts("clientURLs"),
                learner: member.bool("isLearner"),
                leader: None,
            };
            parsed.facts.push(Fact::new(member.source(), data));
        }
        return;
    }
    let status = of.object("Status");
    let id = hex(status.object("header"), "member_id");
    let leader = hex(status, "leader");
    let size = |size: Fields<'_, '_>| super::objects::number_or_name(size);
    let errors = status.texts("errors");
    let data = EtcdEndpoint {
        endpoint: of.text("endpoint").or_else(|| of.text("Endpoint")),
        healthy: of.bool("health"),
        error: of
            .text("error")
            .or_else(|| of.text("reason"))
            .or_else(|| Some(errors.join("; ").into()).filter(|text: &Text| !text.is_empty())),
        leader: id.as_ref().zip(leader.as_ref()).map(|(id, leader)| id == leader),
        member_id: id,
        version: status.text("version"),
        db_size: size(status.get("dbSize")),
        learner: status.bool("isLearner"),
        raft_term: status.int("raftTerm"),
        raft_index: status.int("raftIndex"),
    };
    parsed.facts.push(Fact::new(of.source(), data));
}

/// The cells of a row between bars.
fn bars(line: &str) -> Option<Vec<&str>> {
    let inner = line.trim().strip_prefix('|')?.strip_suffix('|')?;
    Some(inner.split('|').map(str::trim).collect())
}

/// The titles of a table of etcdctl.
fn titles(line: &str) -> Option<Vec<&str>> {
    let titles = bars(line)?;
    let all = |wanted: &[&str]| wanted.iter().all(|title| titles.contains(title));
    (all(&["ENDPOINT", "HEALTH"]) || all(&["ENDPOINT", "VERSION", "IS LEADER"]) || all(&["ID", "STATUS", "PEER ADDRS"]))
        .then_some(titles)
}

/// A row of a table, or of cells with commas between them.
fn row(titles: &[&str], cells: &[&str]) -> Option<Data> {
    let get = |title: &str| titles.iter().position(|name| *name == title).and_then(|at| cells.get(at)).copied();
    let text = |title: &str| get(title).filter(|cell| !cell.is_empty()).map(Text::from);
    let flag = |title: &str| get(title).and_then(|cell| cell.parse().ok());
    let urls = |title: &str| -> Vec<Text> {
        get(title).unwrap_or_default().split(',').map(str::trim).filter(|url| !url.is_empty()).map(Text::from).collect()
    };
    if titles.contains(&"PEER ADDRS") {
        return Some(
            EtcdMember {
                id: text("ID")?,
                name: text("NAME"),
                status: text("STATUS"),
                peer_urls: urls("PEER ADDRS"),
                client_urls: urls("CLIENT ADDRS"),
                learner: flag("IS LEARNER"),
                leader: None,
            }
            .into(),
        );
    }
    let number = |title: &str| get(title).and_then(|cell| cell.parse().ok());
    Some(
        EtcdEndpoint {
            endpoint: Some(text("ENDPOINT")?),
            healthy: flag("HEALTH"),
            error: text("ERROR").or_else(|| text("ERRORS")),
            member_id: text("ID"),
            version: text("VERSION"),
            db_size: text("DB SIZE"),
            leader: flag("IS LEADER"),
            learner: flag("IS LEARNER"),
            raft_term: number("RAFT TERM"),
            raft_index: number("RAFT INDEX"),
        }
        .into(),
    )
}

/// A line of the simple form.
fn simple(line: &str) -> Option<Data> {
    let endpoint = |endpoint: &str, healthy: bool, error: Option<&str>| {
        let error = error.map(str::trim).filter(|error| !error.is_empty()).map(Text::from);
        Data::from(EtcdEndpoint {
            endpoint: Some(endpoint.into()),
            healthy: Some(healthy),
            error,
            ..EtcdEndpoint::default()
        })
    };
    if let Some((name, rest)) = line.split_once(" is healthy: ")
        && !name.contains(' ')
        && rest.contains("took = ")
    {
        return Some(endpoint(name, true, None));
    }
    if let Some((name, rest)) = line.split_once(" is unhealthy: ")
        && !name.contains(' ')
    {
        return Some(endpoint(name, false, Some(rest)));
    }
    // etcdctl 2: `member ID is healthy: got healthy result from URL`.
    if let Some(rest) = line.strip_prefix("member ")
        && let Some((id, rest)) = rest.split_once(" is ")
        && is_id(id)
    {
        let (state, rest) = rest.split_once(": ").unwrap_or((rest, ""));
        let url = rest.rsplit(' ').next().filter(|url| url.contains("://")).map(Text::from);
        let data = EtcdEndpoint {
            endpoint: url,
            healthy: Some(state == "healthy"),
            error: (state != "healthy").then(|| rest.into()),
            member_id: Some(id.into()),
            ..EtcdEndpoint::default()
        };
        return matches!(state, "healthy" | "unhealthy" | "unreachable").then(|| data.into());
    }
    // etcdctl 2: `ID: name=m1 peerURLs=… clientURLs=… isLeader=true`.
    if let Some((id, rest)) = line.split_once(": ")
        && is_id(id.trim_end_matches("[unstarted]"))
        && rest.contains("peerURLs=")
    {
        let value =
            |key: &str| rest.split_ascii_whitespace().find_map(|word| word.strip_prefix(key)?.strip_prefix('='));
        let urls = |key: &str| -> Vec<Text> {
            value(key).unwrap_or_default().split(',').filter(|url| !url.is_empty()).map(Text::from).collect()
        };
        let unstarted = id.ends_with("[unstarted]");
        let data = EtcdMember {
            id: id.trim_end_matches("[unstarted]").into(),
            name: value("name").filter(|name| !name.is_empty()).map(Text::from),
            status: Some(if unstarted { "unstarted" } else { "started" }.into()),
            peer_urls: urls("peerURLs"),
            client_urls: urls("clientURLs"),
            learner: None,
            leader: value("isLeader").and_then(|flag| flag.parse().ok()),
        };
        return Some(data.into());
    }
    let cells: Vec<&str> = line.split(", ").map(|cell| cell.trim_end_matches(',').trim()).collect();
    match cells[..] {
        [id, "started" | "unstarted", ..] if is_id(id) && cells.len() >= 5 => row(MEMBER, &cells),
        // 3.3 has no learners.
        [endpoint, id, version, ..]
            if is_id(id) && endpoint.contains(':') && version.starts_with(|c: char| c.is_ascii_digit()) =>
        {
            if cells.len() >= 9 { row(STATUS, &cells) } else { row(STATUS_OLD, &cells) }
        }
        _ => None,
    }
}

const MEMBER: &[&str] = &["ID", "STATUS", "NAME", "PEER ADDRS", "CLIENT ADDRS", "IS LEARNER"];
const STATUS: &[&str] = &[
    "ENDPOINT",
    "ID",
    "VERSION",
    "DB SIZE",
    "IS LEADER",
    "IS LEARNER",
    "RAFT TERM",
    "RAFT INDEX",
    "RAFT APPLIED INDEX",
    "ERRORS",
];
const STATUS_OLD: &[&str] = &["ENDPOINT", "ID", "VERSION", "DB SIZE", "IS LEADER", "RAFT TERM", "RAFT INDEX"];

fn is_id(word: &str) -> bool {
    (8..=16).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut current: Option<Vec<&str>> = None;
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        if let Some(found) = titles(line.text) {
            current = Some(found);
            continue;
        }
        let bars = bars(line.text);
        let data = match (&current, &bars) {
            (Some(titles), Some(cells)) if cells.len() == titles.len() => row(titles, cells),
            (_, Some(_)) => None,
            _ => simple(line.text),
        };
        match data {
            Some(data) => parsed.line_fact(document, line, data),
            None if is_noise(line) => {}
            None => parsed.problem(document, line.number, "expected an endpoint or a member of etcd"),
        }
    }
    parsed
}

/// Frames of tables, the client's own log, and the sum at the end.
fn is_noise(line: Line<'_>) -> bool {
    let text = line.text.trim();
    text.starts_with("+--")
        || text.starts_with("{\"level\":")
        || text.starts_with("Error: unhealthy cluster")
        || text.starts_with("cluster is ")
        || text.starts_with("Failed to get the status of endpoint")
}
