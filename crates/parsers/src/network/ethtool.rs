//! `ethtool DEV`, `-i`, `-k` and `-S`, ethtool 2.6 to 6.

use bundlescope_facts::{Counter, EthernetDriver, EthernetLink, Offload, Text};

use crate::document::{Document, Line, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words;

/// `ethtool DEV`.
pub(crate) static ETHTOOL: Format = Format {
    name: "ethtool",
    collect: "ethtool DEV",
    kinds: &["ethernet_link"],
    detect: detect_link,
    parse: parse_link,
};

/// `ethtool -i DEV`.
pub(crate) static ETHTOOL_I: Format = Format {
    name: "ethtool-i",
    collect: "ethtool -i DEV",
    kinds: &["ethernet_driver"],
    detect: detect_driver,
    parse: parse_driver,
};

/// `ethtool -k DEV`.
pub(crate) static ETHTOOL_K: Format = Format {
    name: "ethtool-k",
    collect: "ethtool -k DEV",
    kinds: &["offload"],
    detect: detect_features,
    parse: parse_features,
};

/// `ethtool -S DEV`.
pub(crate) static ETHTOOL_S: Format = Format {
    name: "ethtool-S",
    collect: "ethtool -S DEV",
    kinds: &["counter"],
    detect: detect_counters,
    parse: parse_counters,
};

fn first(head: &str) -> &str {
    head.lines().find(|line| !line.trim().is_empty() && !is_noise(line)).unwrap_or_default()
}

/// Complaints in between: `netlink error: Operation not permitted`, `Cannot get wake-on-lan settings: …`.
fn is_noise(line: &str) -> bool {
    line.starts_with("netlink error") || line.starts_with("Cannot get ") || line.starts_with("\tCannot get ")
}

fn named(hint: &Hint<'_>) -> bool {
    words::subject_is(hint.subject, &["ethtool"])
}

/// The device at the end of the command line.
fn device(document: &Document<'_>) -> Option<Text> {
    let mut words = document.subject.split_ascii_whitespace();
    (words.next()?.rsplit('/').next() == Some("ethtool")).then_some(())?;
    words.last().filter(|word| !word.starts_with('-')).map(Text::from)
}

fn settings_of(line: &str) -> Option<&str> {
    line.strip_prefix("Settings for ")?.trim_end().strip_suffix(':')
}

fn detect_link(hint: &Hint<'_>) -> Match {
    Match::of(settings_of(first(hint.head)).is_some(), named(hint))
}

fn parse_link(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut open: Option<(Line<'_>, Line<'_>, EthernetLink)> = None;
    let mut lists = false;
    for line in document.lines().filter(|line| !line.text.trim().is_empty() && !is_noise(line.text)) {
        if let Some(name) = settings_of(line.text) {
            if let Some((first, last, done)) = open.take() {
                parsed.fact(document, first, last, done);
            }
            let found =
                EthernetLink { interface: name.into(), container: document.container.clone(), ..Default::default() };
            (open, lists) = (Some((line, line, found)), false);
            continue;
        }
        let Some((_, last, found)) = open.as_mut().filter(|_| line.text.starts_with([' ', '\t'])) else {
            if !line.text.starts_with("No data available") {
                parsed.problem(document, line.number, "expected `Settings for DEV:`; line skipped");
            }
            continue;
        };
        *last = line;
        let Some((key, value)) = line.text.trim().split_once(':').map(|(key, value)| (key.trim(), value.trim())) else {
            // Further link modes and flags stand below the first ones.
            if !lists {
                parsed.problem(document, line.number, "expected a setting and its value; line skipped");
            }
            continue;
        };
        lists = true;
        match key {
            "Speed" => match value.strip_suffix("Mb/s") {
                Some(speed) => found.speed = speed.parse().ok(),
                None if value.starts_with("Unknown") => {}
                None => parsed.problem(document, line.number, "expected a speed in Mb/s"),
            },
            "Duplex" => found.duplex = known(value),
            "Auto-negotiation" => found.auto_negotiation = super::ip_addr::on(value),
            "Port" => found.port = known(value),
            "Link detected" => {
                found.link_detected = match value.split_ascii_whitespace().next() {
                    Some("yes") => Some(true),
                    Some("no") => Some(false),
                    _ => None,
                }
            }
            _ => {}
        }
    }
    if let Some((first, last, done)) = open {
        parsed.fact(document, first, last, done);
    }
    parsed
}

fn known(value: &str) -> Option<Text> {
    (!value.starts_with("Unknown") && !value.is_empty()).then(|| value.into())
}

fn detect_driver(hint: &Hint<'_>) -> Match {
    let mut lines = hint.head.lines().filter(|line| !line.trim().is_empty());
    let content = lines.next().is_some_and(|line| line.starts_with("driver: "))
        && lines.any(|line| line.starts_with("firmware-version:") || line.starts_with("bus-info:"));
    Match::of(content, named(hint))
}

fn parse_driver(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut open: Option<(Line<'_>, Line<'_>, EthernetDriver)> = None;
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        let Some((key, value)) = line.text.split_once(':') else {
            parsed.problem(document, line.number, "expected a key and its value; line skipped");
            continue;
        };
        let value = value.trim();
        let text = Some(value).filter(|value| !value.is_empty() && *value != "N/A").map(Text::from);
        if key == "driver" {
            if let Some((first, last, done)) = open.take() {
                parsed.fact(document, first, last, done);
            }
            let found = EthernetDriver {
                driver: value.into(),
                interface: device(document),
                container: document.container.clone(),
                ..Default::default()
            };
            open = Some((line, line, found));
        } else if let Some((_, last, found)) = &mut open {
            match key {
                "version" => found.version = text,
                "firmware-version" => found.firmware = text,
                "bus-info" => found.bus = text,
                _ => {}
            }
            *last = line;
        } else {
            parsed.problem(document, line.number, "expected `driver:` first; line skipped");
        }
    }
    if let Some((first, last, done)) = open {
        parsed.fact(document, first, last, done);
    }
    parsed
}

fn features_of(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("Features for ").or_else(|| line.strip_prefix("Offload parameters for "))?;
    rest.trim_end().strip_suffix(':')
}

fn detect_features(hint: &Hint<'_>) -> Match {
    Match::of(features_of(first(hint.head)).is_some(), named(hint))
}

/// `tx-checksumming: on`, `\ttx-checksum-ipv4: off [fixed]`, `rx-gro-hw: off [requested on]`.
fn parse_features(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut device: Option<(Line<'_>, Text)> = None;
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        if is_noise(line.text) {
            continue;
        }
        if let Some(name) = features_of(line.text) {
            device = Some((line, name.into()));
            continue;
        }
        let read = line.text.trim().split_once(':').and_then(|(feature, value)| {
            let mut words = value.split_ascii_whitespace();
            let enabled = words.next().and_then(super::ip_addr::on)?;
            Some((feature.trim(), enabled, value.contains("[fixed]")))
        });
        let (Some((first, interface)), Some((feature, enabled, fixed))) = (&device, read) else {
            parsed.problem(document, line.number, "expected a feature that is `on` or `off`; line skipped");
            continue;
        };
        let container = document.container.clone();
        let offload = Offload { interface: interface.clone(), feature: feature.into(), enabled, fixed, container };
        parsed.fact(document, *first, line, offload);
    }
    parsed
}

fn detect_counters(hint: &Hint<'_>) -> Match {
    let content = first(hint.head).trim_end() == "NIC statistics:";
    Match::of(content, named(hint))
}

/// `     rx_queue_0_drops: 0`; names may hold blanks, brackets and colons.
fn parse_counters(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let device = device(document);
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        if line.text.trim_end() == "NIC statistics:" || is_noise(line.text) {
            continue;
        }
        let read = line.text.rsplit_once(':').map(|(name, value)| (name.trim(), value.trim()));
        // Counters are unsigned; those beyond what a number holds here saturate.
        let value = read.and_then(|(_, value)| value.parse::<u64>().ok()).map(|v| i64::try_from(v).unwrap_or(i64::MAX));
        match (read, value) {
            (Some((name, _)), Some(value)) => {
                let container = document.container.clone();
                let counter = Counter { name: name.into(), scope: device.clone(), value, container };
                parsed.line_fact(document, line, counter);
            }
            // Headings between groups of counters.
            (Some((_, "")), None) => {}
            _ => parsed.problem(document, line.number, "expected a counter and its value; line skipped"),
        }
    }
    parsed
}
