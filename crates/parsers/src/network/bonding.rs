//! /proc/net/bonding/*: the links of a bond (`drivers/net/bonding/bond_procfs.c`).

use bundlescope_facts::EthernetLink;

use crate::document::{Document, Line, Parsed};
use crate::format::{Format, Hint, Match};

/// The format.
pub(crate) static BONDING: Format =
    Format { name: "proc-net-bonding", collect: "cat /proc/net/bonding/*", kinds: &["ethernet_link"], detect, parse };

fn detect(hint: &Hint<'_>) -> Match {
    let content = hint.head.lines().take(3).any(|line| line.starts_with("Ethernet Channel Bonding Driver: "));
    Match::of(content, hint.subject.starts_with("/proc/net/bonding/"))
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut open: Option<(Line<'_>, Line<'_>, EthernetLink)> = None;
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        let Some((key, value)) = line.text.trim().split_once(':').map(|(key, value)| (key.trim(), value.trim())) else {
            // `802.3ad info` and the like head the details of a protocol.
            if !line.text.contains(" info") && !line.text.contains("details ") {
                parsed.problem(document, line.number, "expected a property of a bond and its value; line skipped");
            }
            continue;
        };
        if key == "Slave Interface" {
            if let Some((first, last, done)) = open.take() {
                parsed.fact(document, first, last, done);
            }
            let link = EthernetLink {
                interface: value.into(),
                container: document.container.clone(),
                ..EthernetLink::default()
            };
            open = Some((line, line, link));
            continue;
        }
        // What stands above the first link is of the bond as a whole.
        let Some((_, last, link)) = &mut open else { continue };
        *last = line;
        match key {
            // `going down` and `going back` are not yet what they become.
            "MII Status" => link.link_detected = Some(value == "up" || value == "going down"),
            "Speed" => link.speed = value.strip_suffix(" Mbps").unwrap_or(value).parse().ok(),
            "Duplex" => link.duplex = Some(capital(value)).filter(|word| word != "Unknown").map(Into::into),
            _ => {}
        }
    }
    if let Some((first, last, done)) = open {
        parsed.fact(document, first, last, done);
    }
    parsed
}

/// `full` is what ethtool calls `Full`.
fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
}
