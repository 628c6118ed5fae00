//! Forwarding tables of bridges: `bridge fdb` and `bridge vlan` (text and `-j`), `brctl showmacs` and `showstp`.

use bundlescope_facts::{BridgePort, BridgeVlan, Fact, FdbEntry, Text};

use crate::document::{Document, Line, Parsed};
use crate::format::{Format, Hint, Match};
use crate::json;
use crate::words::{self, Words};

/// `bridge fdb`.
pub(crate) static FDB: Format =
    Format { name: "bridge-fdb", collect: "bridge fdb", kinds: &["fdb_entry"], detect: detect_fdb, parse: parse_fdb };

/// `bridge -j fdb` and `bridge -j vlan`.
pub(crate) static FDB_JSON: Format = Format {
    name: "bridge-json",
    collect: "bridge -j fdb; bridge -j vlan",
    kinds: &["fdb_entry", "bridge_vlan"],
    detect: detect_json,
    parse: parse_json,
};

/// `bridge vlan`.
pub(crate) static VLAN: Format = Format {
    name: "bridge-vlan",
    collect: "bridge vlan",
    kinds: &["bridge_vlan"],
    detect: detect_vlan,
    parse: parse_vlan,
};

/// `brctl showmacs`.
pub(crate) static SHOWMACS: Format = Format {
    name: "brctl-showmacs",
    collect: "brctl showmacs BRIDGE",
    kinds: &["fdb_entry"],
    detect: detect_macs,
    parse: parse_macs,
};

/// `brctl showstp`.
pub(crate) static SHOWSTP: Format = Format {
    name: "brctl-showstp",
    collect: "brctl showstp BRIDGE",
    kinds: &["bridge_port"],
    detect: detect_stp,
    parse: parse_stp,
};

/// `72:5d:… dev vx0 dst 172.30.0.3 via br0 used 56/29 self permanent`.
fn entry(line: &str) -> Option<FdbEntry> {
    let mut words = Words::new(line);
    let mut found = FdbEntry { mac: words::mac(words.next()?)?, ..FdbEntry::default() };
    while let Some(word) = words.next() {
        match word {
            "dev" => found.interface = words.next().map(Text::from),
            "master" => found.bridge = words.next().map(Text::from),
            "dst" => found.destination = Some(words.next()?.parse().ok()?),
            "vni" => found.vni = Some(words.next().and_then(words::number)?),
            "vlan" => found.vlan = Some(words.next().and_then(words::number)?),
            "permanent" => found.permanent = true,
            // Ports, seconds, namespaces, next hop groups.
            "via" | "port" | "src_vni" | "used" | "link-netnsid" | "nhid" | "state" => drop(words.next()?),
            _ => found.flags.push(word.into()),
        }
    }
    found.interface.is_some().then_some(found)
}

fn detect_fdb(hint: &Hint<'_>) -> Match {
    let content = words::most_lines(hint.head, |line| entry(line).is_some());
    Match::of(content, words::subject_is(hint.subject, &["bridge", "fdb"]))
}

fn parse_fdb(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        match entry(line.text) {
            Some(found) => {
                parsed.line_fact(document, line, FdbEntry { container: document.container.clone(), ..found })
            }
            None => parsed.problem(document, line.number, "expected an address and `dev`; line skipped"),
        }
    }
    parsed
}

fn detect_json(hint: &Hint<'_>) -> Match {
    let content = hint.head.trim_start().starts_with('[')
        && json::first_record(hint.head).is_some_and(|record| {
            record.has("mac") && record.has("ifname") || record.has("vlans") && record.has("ifname")
        });
    Match::of(content, words::subject_is(hint.subject, &["bridge"]))
}

fn parse_json(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    json::read(document, &mut parsed, |record, parsed| {
        let container = document.container.clone();
        let Some(interface) = record.text("ifname") else { return };
        if let Some(mac) = record.text("mac").and_then(|mac| words::mac(&mac)) {
            let state = record.word("state");
            let found = FdbEntry {
                mac,
                interface: Some(interface),
                bridge: record.text("master"),
                destination: record.address("dst"),
                vni: record.int("vni"),
                vlan: record.int("vlan"),
                permanent: state == "permanent",
                // The text prints a state that is not `permanent` among the flags.
                flags: std::iter::once(Text::from(state))
                    .filter(|state| &**state == "static")
                    .chain(record.texts("flags"))
                    .collect(),
                container,
                ..FdbEntry::default()
            };
            parsed.facts.push(Fact::new(record.source(), found));
            return;
        }
        for vlan in record.list("vlans") {
            let Some(number) = vlan.int("vlan") else { continue };
            let flags = vlan.texts("flags");
            let has = |flag: &str| flags.iter().any(|known| &**known == flag);
            let found = BridgeVlan {
                interface: interface.clone(),
                vlan: number,
                last: vlan.int("vlanEnd"),
                pvid: has("PVID"),
                untagged: has("Egress Untagged"),
                container: container.clone(),
            };
            parsed.facts.push(Fact::new(record.source_to(vlan), found));
        }
    });
    parsed
}

fn is_vlan_header(line: &str) -> bool {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    matches!(words.as_slice(), ["port", "vlan-id", ..] | ["port", "vlan", "ids", ..] | ["port", "vlan-ids", ..])
}

fn detect_vlan(hint: &Hint<'_>) -> Match {
    let content = hint.head.lines().find(|line| !line.trim().is_empty()).is_some_and(is_vlan_header);
    Match::of(content, words::subject_is(hint.subject, &["bridge", "vlan"]))
}

/// `10-20 PVID Egress Untagged`, and the settings of `-d` behind it.
fn vlan(text: &str, interface: &Text) -> Option<BridgeVlan> {
    let mut words = Words::new(text);
    let range = words.next()?;
    let (first, last) = range.split_once('-').map_or((range, None), |(first, last)| (first, Some(last)));
    let last = match last {
        Some(last) => Some(last.parse().ok()?),
        None => None,
    };
    let mut found = BridgeVlan { interface: interface.clone(), vlan: first.parse().ok()?, last, ..Default::default() };
    while let Some(word) = words.next() {
        match word {
            "PVID" => found.pvid = true,
            "Egress" => found.untagged = words.next() == Some("Untagged"),
            _ => {}
        }
    }
    Some(found)
}

fn parse_vlan(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut port: Option<(Line<'_>, Text)> = None;
    for line in document.lines().filter(|line| !line.text.trim().is_empty() && !is_vlan_header(line.text)) {
        let mut words = Words::new(line.text);
        if !line.text.starts_with([' ', '\t']) {
            port = words.next().map(|name| (line, name.into()));
        }
        let rest = words.rest();
        // A port without VLANs (`None`), a setting of the VLAN above.
        if rest.is_empty() || rest == "None" || rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
            continue;
        }
        match port.as_ref().and_then(|(first, name)| Some((*first, vlan(rest, name)?))) {
            Some((first, found)) => {
                parsed.fact(document, first, line, BridgeVlan { container: document.container.clone(), ..found });
            }
            None => parsed.problem(document, line.number, "expected a port and its VLANs; line skipped"),
        }
    }
    parsed
}

fn is_macs_header(line: &str) -> bool {
    line.starts_with("port no") && line.contains("mac addr") && line.contains("ageing timer")
}

fn detect_macs(hint: &Hint<'_>) -> Match {
    let content = hint.head.lines().find(|line| !line.trim().is_empty()).is_some_and(is_macs_header);
    Match::of(content, words::subject_is(hint.subject, &["brctl", "showmacs"]))
}

fn parse_macs(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let bridge = document.subject.split_ascii_whitespace().nth(2).map(Text::from);
    for line in document.lines().filter(|line| !line.text.trim().is_empty() && !is_macs_header(line.text)) {
        let words: Vec<&str> = line.text.split_ascii_whitespace().collect();
        let read = match words.as_slice() {
            [port, mac, local @ ("yes" | "no"), age] => {
                let all = (port.parse().ok(), words::mac(mac), age.parse().ok());
                if let (Some(port), Some(mac), Some(age)) = all { Some((port, mac, *local, age)) } else { None }
            }
            _ => None,
        };
        let Some((port, mac, local, age)) = read else {
            parsed.problem(document, line.number, "expected a port, an address and its age; line skipped");
            continue;
        };
        let found = FdbEntry {
            mac,
            port: Some(port),
            bridge: bridge.clone(),
            permanent: local == "yes",
            age: Some(age),
            container: document.container.clone(),
            ..FdbEntry::default()
        };
        parsed.line_fact(document, line, found);
    }
    parsed
}

fn detect_stp(hint: &Hint<'_>) -> Match {
    let mut lines = hint.head.lines().filter(|line| !line.trim().is_empty());
    let content = lines.next().is_some_and(|line| !line.starts_with([' ', '\t']))
        && lines.next().is_some_and(|line| line.starts_with(" bridge id"));
    Match::of(content, words::subject_is(hint.subject, &["brctl", "showstp"]))
}

/// Blocks of the bridge and, as `vapp (1)`, of its ports.
fn parse_stp(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut bridge: Option<(Line<'_>, Text)> = None;
    let mut port: Option<Text> = None;
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        let text = line.text.trim_end();
        if !text.starts_with([' ', '\t']) {
            port = text.strip_suffix(')').and_then(|text| text.rsplit_once(" (")).map(|(name, _)| name.into());
            if port.is_none() {
                bridge = Some((line, text.into()));
            }
            continue;
        }
        let state = text.split_once("state").map(|(_, state)| state.trim());
        if let (Some(name), Some((first, bridge)), Some(state)) =
            (&port, &bridge, state.filter(|_| text.contains("port id")))
        {
            let found = BridgePort {
                interface: name.clone(),
                bridge: bridge.clone(),
                state: Some(state.into()),
                container: document.container.clone(),
                ..BridgePort::default()
            };
            parsed.fact(document, *first, line, found);
        }
    }
    parsed
}
