//! `bridge link` (also `-d`, `-s`, `-o`) and `brctl show`.

use bundlescope_facts::{BridgePort, Text};

use super::ip_addr::on;
use crate::document::{Document, Line, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words::{self, Words};

/// `bridge link`.
pub(crate) static BRIDGE_LINK: Format = Format {
    name: "bridge-link",
    collect: "bridge -d link",
    kinds: &["bridge_port"],
    detect: detect_link,
    parse: parse_link,
};

/// `brctl show`.
pub(crate) static BRCTL: Format =
    Format { name: "brctl", collect: "brctl show", kinds: &["bridge_port"], detect: detect_brctl, parse: parse_brctl };

fn detect_link(hint: &Hint<'_>) -> Match {
    let named = words::subject_is(hint.subject, &["bridge", "link"]);
    let content = hint.head.lines().find(|line| !line.trim().is_empty()).is_some_and(|line| port(line).is_some());
    match (content, named) {
        (true, true) => Match::Both,
        (true, false) => Match::Content,
        _ => Match::No,
    }
}

/// `4: veth0@if3: <…> mtu 1500 master br0 state forwarding priority 32 cost 2`; up to iproute2 4.x
/// `4: veth0 state UP @if3: <…> …`, where the first state is the interface's. The second part is false for the bridge itself.
fn port(text: &str) -> Option<(BridgePort, bool)> {
    let (index, rest) = text.split_once(": ")?;
    index.parse::<u32>().ok()?;
    let (head, rest) = rest.split_once('<')?;
    let (_, rest) = rest.split_once('>')?;
    let name = head.split_ascii_whitespace().next()?.trim_end_matches(':');
    let name = name.rsplit_once('@').map_or(name, |(name, _)| name);
    let mut port = BridgePort { interface: name.into(), ..BridgePort::default() };
    let (mut bridge, mut words) = (None, Words::new(rest));
    while let Some(word) = words.next() {
        match word {
            "master" => bridge = words.next().map(Text::from),
            "state" => port.state = words.next().map(Text::from),
            _ => {}
        }
    }
    port.bridge = bridge?;
    let is_port = port.state.is_some() && port.bridge != port.interface;
    // `ip link` has the operational state here, in capitals.
    let lower =
        port.state.as_deref().is_none_or(|state| state.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'('));
    (lower && !rest.contains(" qdisc ")).then_some((port, is_port))
}

fn details(port: &mut BridgePort, text: &str) {
    let mut words = Words::new(text);
    while let Some(word) = words.next() {
        match word {
            "hairpin" => port.hairpin = words.next().and_then(on),
            "isolated" => port.isolated = words.next().and_then(on),
            _ => {}
        }
    }
}

fn parse_link(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut open: Option<(Line<'_>, Line<'_>, BridgePort)> = None;
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        let mut parts = line.text.split('\\');
        let first = parts.next().unwrap_or_default();
        if first.starts_with([' ', '\t']) {
            if let Some((_, last, port)) = &mut open {
                details(port, first);
                *last = line;
            }
        } else {
            if let Some((first, last, port)) = open.take() {
                parsed.fact(document, first, last, port);
            }
            match port(first) {
                Some((mut port, true)) => {
                    port.container = document.container.clone();
                    open = Some((line, line, port));
                }
                Some((_, false)) => {}
                None => parsed.problem(
                    document,
                    line.number,
                    "expected a port such as `4: veth0: <…> master br0 state forwarding`",
                ),
            }
        }
        if let Some((_, _, port)) = &mut open {
            parts.for_each(|part| details(port, part));
        }
    }
    if let Some((first, last, port)) = open {
        parsed.fact(document, first, last, port);
    }
    parsed
}

fn is_brctl_header(line: &str) -> bool {
    let mut words = line.split_ascii_whitespace();
    words.next() == Some("bridge") && words.next() == Some("name") && line.contains("STP enabled")
}

fn detect_brctl(hint: &Hint<'_>) -> Match {
    let content = hint.head.lines().find(|line| !line.trim().is_empty()).is_some_and(is_brctl_header);
    match (content, words::subject_is(hint.subject, &["brctl", "show"])) {
        (true, true) => Match::Both,
        (true, false) => Match::Content,
        _ => Match::No,
    }
}

/// Rows have a bridge, its id, STP and a port; further ports stand alone on lines of their own.
fn parse_brctl(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut bridge: Option<(Line<'_>, Text)> = None;
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        if is_brctl_header(line.text) {
            continue;
        }
        let mut words = Words::new(line.text);
        if !line.text.starts_with([' ', '\t']) {
            let name = words.next().unwrap_or_default();
            let id = words.next().filter(|id| id.split_once('.').is_some_and(|(_, mac)| mac.len() == 12));
            if id.is_none() || words.next().is_none_or(|stp| !matches!(stp, "yes" | "no")) {
                parsed.problem(document, line.number, "expected a bridge as brctl prints it; line skipped");
                bridge = None;
                continue;
            }
            bridge = Some((line, name.into()));
        }
        if let (Some(interface), Some((first, name))) = (words.next(), &bridge) {
            let container = document.container.clone();
            let port =
                BridgePort { interface: interface.into(), bridge: name.clone(), container, ..BridgePort::default() };
            parsed.fact(document, *first, line, port);
        }
    }
    parsed
}
