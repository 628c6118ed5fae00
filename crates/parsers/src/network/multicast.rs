//! Multicast groups and network namespaces: `ip maddr` (text and `-j`), `netstat -g`, `ip netns`.

use bundlescope_facts::{Fact, MulticastGroup, NetworkNamespace, Text};

use crate::document::{Document, Line, Parsed};
use crate::format::{Format, Hint, Match};
use crate::json;
use crate::words;

/// `ip maddr`.
pub(crate) static MADDR: Format = Format {
    name: "ip-maddr",
    collect: "ip maddr",
    kinds: &["multicast_group"],
    detect: detect_maddr,
    parse: parse_maddr,
};

/// `ip -j maddr`.
pub(crate) static MADDR_JSON: Format = Format {
    name: "ip-maddr-json",
    collect: "ip -j maddr",
    kinds: &["multicast_group"],
    detect: detect_json,
    parse: parse_json,
};

/// `netstat -g`.
pub(crate) static NETSTAT_G: Format =
    Format { name: "netstat-g", collect: "netstat -gn", kinds: &["multicast_group"], detect: detect_g, parse: parse_g };

/// `ip netns`.
pub(crate) static NETNS: Format = Format {
    name: "ip-netns",
    collect: "ip netns",
    kinds: &["network_namespace"],
    detect: detect_netns,
    parse: parse_netns,
};

/// `2:\teth0`.
fn device(line: &str) -> Option<&str> {
    let (index, name) = line.split_once(":\t")?;
    index.parse::<u32>().ok()?;
    Some(name.trim()).filter(|name| !name.is_empty() && !name.contains(' '))
}

fn detect_maddr(hint: &Hint<'_>) -> Match {
    let content = hint.head.lines().find(|line| !line.trim().is_empty()).is_some_and(|line| device(line).is_some());
    Match::of(content, words::subject_is(hint.subject, &["ip", "maddr"]))
}

/// `link`, `inet` or `inet6`, the address, and `users 2` or `static`.
fn group(text: &str, interface: &Text) -> Option<MulticastGroup> {
    let mut words = words::Words::new(text);
    let family = words.next()?;
    let address = words.next()?;
    let mut found = MulticastGroup { interface: interface.clone(), ..MulticastGroup::default() };
    match family {
        "link" => found.mac = Some(words::mac(address)?),
        "inet" | "inet6" => found.group = Some(address.parse().ok()?),
        _ => return None,
    }
    while let Some(word) = words.next() {
        if word == "users" {
            found.users = words.next().and_then(words::number);
        }
    }
    Some(found)
}

fn parse_maddr(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut open: Option<(Line<'_>, Text)> = None;
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        if let Some(name) = device(line.text) {
            open = Some((line, name.into()));
            continue;
        }
        match open.as_ref().and_then(|(first, name)| Some((*first, group(line.text, name)?))) {
            Some((first, found)) => {
                parsed.fact(document, first, line, MulticastGroup { container: document.container.clone(), ..found });
            }
            None => parsed.problem(document, line.number, "expected an interface or one of its groups; line skipped"),
        }
    }
    parsed
}

fn detect_json(hint: &Hint<'_>) -> Match {
    let content = hint.head.trim_start().starts_with('[')
        && json::first_record(hint.head).is_some_and(|record| record.has("ifname") && record.has("maddr"));
    Match::of(content, words::subject_is(hint.subject, &["ip", "maddr"]))
}

fn parse_json(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    json::read(document, &mut parsed, |record, parsed| {
        let Some(interface) = record.text("ifname") else { return };
        for one in record.list("maddr") {
            let found = MulticastGroup {
                interface: interface.clone(),
                group: one.address("address"),
                mac: one.text("link").and_then(|mac| words::mac(&mac)),
                users: one.int("users"),
                container: document.container.clone(),
            };
            parsed.facts.push(Fact::new(record.source_to(one), found));
        }
    });
    parsed
}

fn is_g_decoration(line: &str) -> bool {
    line.starts_with("IPv6/IPv4 Group Memberships")
        || line.starts_with("IPv4 Group Memberships")
        || line.starts_with("---")
        || line.split_ascii_whitespace().eq(["Interface", "RefCnt", "Group"])
}

fn detect_g(hint: &Hint<'_>) -> Match {
    let content = hint.head.lines().find(|line| !line.trim().is_empty()).is_some_and(|line| {
        line.contains("Group Memberships") || line.split_ascii_whitespace().eq(["Interface", "RefCnt", "Group"])
    });
    Match::of(content, words::subject_is(hint.subject, &["netstat"]))
}

/// Without `-n` a group may be a name, which is left out.
fn parse_g(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    for line in document.lines().filter(|line| !line.text.trim().is_empty() && !is_g_decoration(line.text)) {
        let words: Vec<&str> = line.text.split_ascii_whitespace().collect();
        match words.as_slice() {
            [interface, users, group] if users.parse::<u32>().is_ok() => {
                let found = MulticastGroup {
                    interface: (*interface).into(),
                    group: words::address(group),
                    mac: None,
                    users: users.parse().ok(),
                    container: document.container.clone(),
                };
                if found.group.is_none() {
                    parsed.problem(document, line.number, "a group is given by name; collect with `netstat -gn`");
                }
                parsed.line_fact(document, line, found);
            }
            _ => parsed.problem(document, line.number, "expected an interface, a number and a group; line skipped"),
        }
    }
    parsed
}

/// `cni-0f6c (id: 3)`; `nsid 0 (iproute2 netns name: app)` of `list-id`.
fn netns(line: &str) -> Option<NetworkNamespace> {
    let text = line.trim();
    if let Some(rest) = text.strip_prefix("nsid ") {
        let (id, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        let name = rest.split_once("name: ").map_or("", |(_, name)| name.trim_end_matches([')', ' ']));
        return Some(NetworkNamespace { name: name.into(), id: Some(id.parse().ok()?) });
    }
    let (name, id) = match text.split_once(" (id: ") {
        Some((name, id)) => (name, Some(id.trim_end_matches(')').parse().ok()?)),
        None => (text, None),
    };
    (!name.is_empty() && !name.contains(char::is_whitespace)).then(|| NetworkNamespace { name: name.into(), id })
}

fn detect_netns(hint: &Hint<'_>) -> Match {
    // Names alone may be anything; the ids make it sure.
    let content = words::most_lines(hint.head, |line| netns(line).is_some_and(|found| found.id.is_some()));
    let named = words::subject_is(hint.subject, &["ip", "netns"]) && !hint.subject.contains(" exec ");
    match (content, named && words::most_lines(hint.head, |line| netns(line).is_some())) {
        (true, true) => Match::Both,
        (true, false) => Match::Content,
        (false, true) => Match::Path,
        _ => Match::No,
    }
}

fn parse_netns(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        match netns(line.text) {
            Some(found) => parsed.line_fact(document, line, found),
            None => parsed.problem(document, line.number, "expected the name of a namespace; line skipped"),
        }
    }
    parsed
}
