//! `arping` of iputils and busybox: whether an address answers in the same segment, and with which hardware address.

use bundlescope_facts::{Neighbour, Outcome, Reachability, Text};

use crate::document::{Document, Line, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words::{self, Words};

/// The format.
pub(crate) static ARPING: Format = Format {
    name: "arping",
    collect: "arping -c 3 -I INTERFACE ADDRESS",
    kinds: &["reachability", "neighbour"],
    detect,
    parse,
};

/// `ARPING 10.9.0.2 from 10.9.0.1 br0`: the target and the interface.
fn header(line: &str) -> Option<(&str, &str)> {
    let mut words = Words::new(line);
    (words.next()? == "ARPING").then_some(())?;
    let target = words.next()?;
    words.eat("from").then_some(())?;
    words::address(words.next()?)?;
    Some((target, words.next()?))
}

/// `Unicast reply from 10.9.0.2 [AE:5E:22:20:31:3D]  0.539ms`, also `Broadcast reply`, `Unicast request`.
fn reply(line: &str, interface: &str) -> Option<Neighbour> {
    let (_, rest) = line.split_once(" reply from ").or_else(|| line.split_once(" request from "))?;
    let mut words = Words::new(rest);
    let address = words::address(words.next()?)?;
    let mac = words::mac(words.next()?.trim_matches(['[', ']']))?;
    Some(Neighbour { address: Some(address), interface: interface.into(), mac: Some(mac), ..Neighbour::default() })
}

/// The number behind the first word: `Sent 2 probes (1 broadcast(s))`.
fn number(line: &str, word: &str) -> Option<u64> {
    line.strip_prefix(word)?.split_ascii_whitespace().next()?.parse().ok()
}

fn detect(hint: &Hint<'_>) -> Match {
    let content = hint.head.lines().find(|line| !line.trim().is_empty()).is_some_and(|line| header(line).is_some());
    Match::of(content, words::subject_is(hint.subject, &["arping"]))
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut open: Option<(Line<'_>, Reachability, Text)> = None;
    let mut known: Vec<Neighbour> = Vec::new();
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        let text = line.text.trim();
        if let Some((target, interface)) = header(text) {
            known.clear();
            let found = Reachability {
                tool: "arping".into(),
                host: Some(target.into()),
                address: words::address(target),
                proto: Some("arp".into()),
                container: document.container.clone(),
                ..Reachability::default()
            };
            open = Some((line, found, interface.into()));
        } else if let Some((_, found, interface)) = &mut open
            && let Some(neighbour) = reply(text, interface)
        {
            // The header says where; an address that two devices answer for is there twice.
            found.outcome = Outcome::Reached;
            if !known.contains(&neighbour) {
                known.push(neighbour.clone());
                let first = open.as_ref().map_or(line, |(first, ..)| *first);
                let neighbour = Neighbour { container: document.container.clone(), ..neighbour };
                parsed.fact(document, first, line, neighbour);
            }
        } else if let Some((_, found, _)) = &mut open
            && let Some(sent) = number(text, "Sent ")
        {
            found.sent = Some(sent);
        } else if let Some(received) = number(text, "Received ")
            && let Some((first, mut found, _)) = open.take()
        {
            found.received = Some(received);
            // Requests count as received too; an answer is what was asked for.
            parsed.fact(document, first, line, found);
        } else if !text.starts_with("Timeout") {
            parsed.problem(document, line.number, "expected an answer as arping prints it; line skipped");
        }
    }
    parsed
}
