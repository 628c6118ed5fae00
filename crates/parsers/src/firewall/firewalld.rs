//! firewalld: `firewall-cmd --list-all`, `--list-all-zones`, `--get-active-zones`, `--state`, `--direct --get-all-rules`, and its configuration files.

use bundlescope_facts::{FirewallService, FirewalldDirectRule, FirewalldZone, ForwardPort, Text};

use crate::document::{Document, Line, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words;

/// `firewall-cmd --list-all`, `--list-all-zones` and `--get-active-zones`.
pub(crate) static ZONES: Format = Format {
    name: "firewalld-zones",
    collect: "firewall-cmd --list-all-zones",
    kinds: &["firewalld_zone"],
    detect: detect_zones,
    parse: parse_zones,
};

/// `firewall-cmd --direct --get-all-rules`.
pub(crate) static DIRECT: Format = Format {
    name: "firewalld-direct",
    collect: "firewall-cmd --direct --get-all-rules",
    kinds: &["firewalld_direct_rule"],
    detect: detect_direct,
    parse: parse_direct,
};

/// `firewall-cmd --state`.
pub(crate) static STATE: Format = Format {
    name: "firewalld-state",
    collect: "firewall-cmd --state",
    kinds: &["firewall_service"],
    detect: detect_state,
    parse: parse_state,
};

/// /etc/firewalld/firewalld.conf.
pub(crate) static CONF: Format = Format {
    name: "firewalld-conf",
    collect: "cat /etc/firewalld/firewalld.conf",
    kinds: &["firewall_service"],
    detect: detect_conf,
    parse: parse_conf,
};

fn named(hint: &Hint<'_>) -> bool {
    words::subject_is(hint.subject, &["firewall-cmd"])
}

/// `public (active)`, `public (default, active)`, `docker`.
fn zone_name(line: &str) -> Option<(&str, bool)> {
    if line.starts_with([' ', '\t']) {
        return None;
    }
    let (name, states) = line.trim_end().split_once(" (").unwrap_or((line.trim_end(), ""));
    let good = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_/".contains(&byte));
    good.then_some((name, states.contains("active")))
}

fn detect_zones(hint: &Hint<'_>) -> Match {
    let mut lines = hint.head.lines().filter(|line| !line.trim().is_empty());
    let content = lines.next().is_some_and(|line| zone_name(line).is_some())
        && lines.next().is_some_and(|line| {
            let keys = ["target:", "interfaces:", "sources:"];
            line.starts_with([' ', '\t']) && keys.iter().any(|key| line.trim().starts_with(key))
        })
        && hint.head.lines().all(|line| line.starts_with([' ', '\t']) || line.is_empty() || zone_name(line).is_some());
    Match::of(content, named(hint))
}

fn forward_port(text: &str) -> Option<ForwardPort> {
    let mut found = ForwardPort::default();
    // Newer versions write `port=80:proto=tcp:toport=8080:toaddr=10.0.0.1`; addresses may hold colons themselves.
    let (text, address) = text.split_once("toaddr=").unwrap_or((text, ""));
    for part in text.split(':').filter(|part| !part.is_empty()) {
        let (key, value) = part.split_once('=')?;
        match key {
            "port" => found.port = value.into(),
            "proto" => found.protocol = value.into(),
            "toport" => found.to_port = Some(value).filter(|value| !value.is_empty()).map(Text::from),
            _ => {}
        }
    }
    found.to_address = Some(address.trim()).filter(|address| !address.is_empty()).map(Text::from);
    (!found.port.is_empty()).then_some(found)
}

fn parse_zones(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let configured = document.subject.contains("--permanent");
    // `--get-active-zones` lists the zones to which something is bound, and says no more of them.
    let actives = !document.lines().any(|line| line.text.trim_start().starts_with("target:"));
    let mut open: Option<(Line<'_>, Line<'_>, FirewalldZone)> = None;
    let mut section = "";
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        if let Some((name, active)) = zone_name(line.text) {
            if let Some((first, last, done)) = open.take() {
                parsed.fact(document, first, last, done);
            }
            let zone = FirewalldZone {
                zone: name.into(),
                active: Some(active || actives),
                configured,
                ..FirewalldZone::default()
            };
            (open, section) = (Some((line, line, zone)), "");
            continue;
        }
        let Some((_, last, zone)) = open.as_mut().filter(|_| line.text.starts_with([' ', '\t'])) else {
            parsed.problem(document, line.number, "expected a zone of firewalld; line skipped");
            continue;
        };
        *last = line;
        let text = line.text.trim();
        // Lists of rules stand below their key, one a line.
        if !section.is_empty() && (text.starts_with("rule ") || text.starts_with("port=")) {
            match section {
                "rich rules" => zone.rich_rules.push(text.into()),
                _ => match forward_port(text) {
                    Some(port) => zone.forward_ports.push(port),
                    None => parsed.problem(document, line.number, "expected a forwarded port; line skipped"),
                },
            }
            continue;
        }
        let Some((key, value)) = text.split_once(':').or(Some((text, ""))).map(|(key, value)| (key, value.trim()))
        else {
            continue;
        };
        section = key;
        let list = || value.split_ascii_whitespace().map(Text::from).collect::<Vec<_>>();
        let yes = || match value {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        };
        match key {
            "target" => zone.target = Some(value.into()),
            "interfaces" => zone.interfaces = list(),
            "sources" => zone.sources = list(),
            "services" => zone.services = list(),
            "ports" => zone.ports = list(),
            "source-ports" => zone.source_ports = list(),
            "protocols" => zone.protocols = list(),
            "icmp-blocks" => zone.icmp_blocks = list(),
            "forward" => zone.forward = yes(),
            "masquerade" => zone.masquerade = yes(),
            // Up to firewalld 0.6 they stand behind the key.
            "forward-ports" => zone.forward_ports = value.split_ascii_whitespace().filter_map(forward_port).collect(),
            "rich rules" | "icmp-block-inversion" | "ingress-priority" | "egress-priority" | "priority" => {}
            "summary" | "description" | "version" => {}
            _ => parsed.problem(document, line.number, "a setting of a zone that is not known; line skipped"),
        }
    }
    if let Some((first, last, done)) = open {
        parsed.fact(document, first, last, done);
    }
    parsed
}

/// `ipv4 filter INPUT 0 -p tcp --dport 82 -j DROP`.
fn direct(line: &str) -> Option<FirewalldDirectRule> {
    let mut words = words::Words::new(line);
    let ipv = words.next().filter(|word| matches!(*word, "ipv4" | "ipv6" | "eb"))?;
    let (table, chain) = (words.next()?, words.next()?);
    let priority = words.next()?.parse().ok()?;
    let text = words.rest();
    let named = [table, chain].iter().all(|word| word.starts_with(|c: char| c.is_ascii_alphabetic()));
    (named && text.starts_with(['-', '!'])).then(|| FirewalldDirectRule {
        ipv: ipv.into(),
        table: table.into(),
        chain: chain.into(),
        priority,
        text: text.into(),
        configured: false,
    })
}

fn detect_direct(hint: &Hint<'_>) -> Match {
    Match::of(words::most_lines(hint.head, |line| direct(line).is_some()), named(hint))
}

fn parse_direct(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let configured = document.subject.contains("--permanent");
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        match direct(line.text) {
            Some(found) => parsed.line_fact(document, line, FirewalldDirectRule { configured, ..found }),
            None => parsed.problem(document, line.number, "expected `ipv4 TABLE CHAIN PRIORITY …`; line skipped"),
        }
    }
    parsed
}

fn state(line: &str) -> Option<bool> {
    match line.trim() {
        "running" => Some(true),
        "not running" | "FirewallD is not running" => Some(false),
        _ => None,
    }
}

fn detect_state(hint: &Hint<'_>) -> Match {
    let first = hint.head.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let alone = hint.head.lines().filter(|line| !line.trim().is_empty()).count() == 1;
    let sure = first.trim() == "FirewallD is not running" && alone;
    Match::of(sure || named(hint) && state(first).is_some() && alone, named(hint))
}

fn parse_state(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        match state(line.text) {
            Some(active) => {
                let service = "firewalld".into();
                parsed.line_fact(
                    document,
                    line,
                    FirewallService { service, active: Some(active), ..Default::default() },
                );
            }
            None => parsed.problem(document, line.number, "expected `running` or `not running`; line skipped"),
        }
    }
    parsed
}

fn detect_conf(hint: &Hint<'_>) -> Match {
    let content = hint.head.lines().any(|line| line.starts_with("DefaultZone="))
        && hint.head.lines().any(|line| line.starts_with("CleanupOnExit=") || line.starts_with("Lockdown="));
    Match::of(content, hint.subject == "/etc/firewalld/firewalld.conf")
}

fn parse_conf(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut service = FirewallService { service: "firewalld".into(), configured: true, ..FirewallService::default() };
    let mut lines: Option<(Line<'_>, Line<'_>)> = None;
    for line in document.lines().filter(|line| !line.text.trim().is_empty() && !line.text.starts_with('#')) {
        let Some((key, value)) = line.text.split_once('=') else {
            parsed.problem(document, line.number, "expected `Key=value`; line skipped");
            continue;
        };
        let value = Some(Text::from(value.trim()));
        match key.trim() {
            "DefaultZone" => service.default_zone = value,
            "FirewallBackend" => service.backend = value,
            "LogDenied" => service.logging = value,
            _ => continue,
        }
        lines = Some((lines.map_or(line, |(first, _)| first), line));
    }
    if let Some((first, last)) = lines {
        parsed.fact(document, first, last, service);
    }
    parsed
}
