//! resolv.conf(5) and hosts(5), of hosts and of containers.

use bundlescope_facts::{HostsEntry, Resolver, Text};

use crate::document::{Document, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words::{self, Words};

/// resolv.conf(5).
pub(crate) static RESOLV_CONF: Format = Format {
    name: "resolv.conf",
    collect: "cat /etc/resolv.conf",
    kinds: &["resolver"],
    detect: detect_resolver,
    parse: parse_resolver,
};

/// hosts(5).
pub(crate) static HOSTS: Format = Format {
    name: "hosts",
    collect: "cat /etc/hosts",
    kinds: &["hosts_entry"],
    detect: detect_hosts,
    parse: parse_hosts,
};

const KEYWORDS: &[&str] = &["nameserver", "search", "domain", "options", "sortlist", "lookup", "family"];

/// The lines that state something.
fn settings(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(['#', ';']))
}

fn detect_resolver(hint: &Hint<'_>) -> Match {
    let named = hint.subject.ends_with("/resolv.conf") || hint.subject.ends_with("-resolv.conf");
    let known = settings(hint.head)
        .all(|line| line.split_ascii_whitespace().next().is_some_and(|word| KEYWORDS.contains(&word)));
    let server = settings(hint.head).any(|line| {
        let mut words = line.split_ascii_whitespace();
        words.next() == Some("nameserver") && words.next().and_then(words::address).is_some()
    });
    match (known && server, named) {
        (true, true) => Match::Both,
        (true, false) => Match::Content,
        // A file of comments, or with a search list alone.
        (false, true) if known => Match::Both,
        (false, true) => Match::Path,
        _ => Match::No,
    }
}

fn parse_resolver(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut resolver = Resolver { container: document.container.clone(), ..Resolver::default() };
    let mut lines = None;
    for line in document.lines() {
        let text = line.text.split(['#', ';']).next().unwrap_or_default();
        let mut words = Words::new(text);
        let Some(word) = words.next() else { continue };
        match word {
            "nameserver" => resolver.nameservers.extend(words.next().map(Text::from)),
            // The last of `domain` and `search` wins.
            "search" | "domain" => resolver.search = words.map(Text::from).collect(),
            "options" => resolver.options.extend(words.map(Text::from)),
            "sortlist" | "lookup" | "family" => {}
            _ => {
                parsed.problem(
                    document,
                    line.number,
                    "expected `nameserver`, `search`, `domain` or `options`; line skipped",
                );
                continue;
            }
        }
        lines = Some((lines.map_or(line, |(first, _)| first), line));
    }
    if let Some((first, last)) = lines {
        parsed.fact(document, first, last, resolver);
    }
    parsed
}

/// `10.0.0.1 name alias …`, a comment behind it.
fn entry(line: &str) -> Option<(std::net::IpAddr, Vec<Text>)> {
    let mut words = Words::new(line.split('#').next().unwrap_or_default());
    let address = words.next()?.split('%').next()?.parse().ok()?;
    let names: Vec<Text> = words.map(Text::from).collect();
    (!names.is_empty()).then_some((address, names))
}

fn detect_hosts(hint: &Hint<'_>) -> Match {
    let named = hint.subject.rsplit('/').next() == Some("hosts") && hint.subject.contains("etc");
    let mut entries = settings(hint.head);
    let good = settings(hint.head).count() > 0 && entries.all(|line| entry(line).is_some());
    // Any list of addresses has this form; a hosts file names itself.
    let local = settings(hint.head).any(|line| {
        entry(line).is_some_and(|(address, names)| {
            address.is_loopback() && names.iter().any(|name| name.contains("localhost"))
        })
    });
    match (good && local, named) {
        (true, true) => Match::Both,
        (true, false) => Match::Content,
        (false, true) if good => Match::Both,
        (false, true) if settings(hint.head).any(|line| entry(line).is_some()) => Match::Path,
        _ => Match::No,
    }
}

fn parse_hosts(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    for line in document.lines() {
        let text = line.text.split('#').next().unwrap_or_default().trim();
        if text.is_empty() {
            continue;
        }
        match entry(text) {
            Some((address, names)) => {
                let container = document.container.clone();
                parsed.line_fact(document, line, HostsEntry { address: Some(address), names, container });
            }
            None => parsed.problem(document, line.number, "expected an address and at least one name; line skipped"),
        }
    }
    parsed
}
