//! `conntrack -L` (also `-o extended`, `-o timestamp`, `-o xml`), the events of `conntrack -E`, and /proc/net/nf_conntrack.

use std::collections::HashMap;
use std::net::IpAddr;

use bundlescope_facts::Flow;

use crate::document::{Document, Line, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words::{self, Words};

/// The format.
pub(crate) static CONNTRACK: Format =
    Format { name: "conntrack", collect: "conntrack -L", kinds: &["flow"], detect, parse };

/// `conntrack -L -o xml`.
pub(crate) static CONNTRACK_XML: Format =
    Format { name: "conntrack-xml", collect: "conntrack -L", kinds: &["flow"], detect: detect_xml, parse: parse_xml };

fn is_summary(line: &str) -> bool {
    line.starts_with("conntrack v") && line.contains(" have been ")
}

fn detect(hint: &Hint<'_>) -> Match {
    let named = words::subject_is(hint.subject, &["conntrack"]) || hint.subject.ends_with("/nf_conntrack");
    let content = hint.head.lines().any(is_summary) && !hint.head.starts_with("<?xml")
        || words::most_lines(hint.head, |line| event(line).is_some() || flow(line).is_some());
    Match::of(content, named)
}

/// A line of `conntrack -E`: a time, perhaps, and `[NEW]`, `[UPDATE]` or `[DESTROY]` before the flow.
fn event(line: &str) -> Option<(&str, &str)> {
    let mut text = line.trim_start();
    if let Some((stamp, rest)) = text.strip_prefix('[').and_then(|rest| rest.split_once(']'))
        && stamp.contains('.')
        && stamp.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
    {
        text = rest.trim_start();
    }
    let (kind, rest) = text.strip_prefix('[')?.split_once(']')?;
    matches!(kind, "NEW" | "UPDATE" | "DESTROY").then(|| (kind, rest.trim_start()))
}

/// `[ipv4 2] tcp 6 431999 ESTABLISHED src=… dst=… sport=… dport=… [UNREPLIED] src=… … [ASSURED] mark=0 use=1`.
fn flow(line: &str) -> Option<Flow> {
    let mut words = Words::new(line);
    let mut proto = words.next()?;
    if matches!(proto, "ipv4" | "ipv6") {
        words.next()?.parse::<u32>().ok()?;
        proto = words.next()?;
    }
    words.next()?.parse::<u8>().ok()?;
    let mut found = Flow { proto: proto.into(), ..Flow::default() };
    found.timeout = words.peek().and_then(|word| word.parse().ok());
    if found.timeout.is_some() {
        words.next();
    }
    let mut replies = false;
    for word in words {
        let Some((key, value)) = word.split_once('=') else {
            match word {
                "[UNREPLIED]" => found.unreplied = true,
                "[ASSURED]" => found.assured = true,
                _ if word.starts_with('[') => found.flags.push(word.trim_matches(['[', ']']).into()),
                _ if found.source.is_none()
                    && word.bytes().all(|b| b.is_ascii_uppercase() || b == b'_' || b.is_ascii_digit()) =>
                {
                    found.state = Some(word.into());
                }
                _ => {}
            }
            continue;
        };
        // The second source begins the other direction.
        replies |= key == "src" && found.source.is_some();
        match (key, replies) {
            ("src", false) => found.source = value.parse().ok(),
            ("dst", false) => found.destination = value.parse().ok(),
            ("sport", false) => found.source_port = value.parse().ok(),
            ("dport", false) => found.destination_port = value.parse().ok(),
            ("src", true) => found.reply_source = value.parse().ok(),
            ("dst", true) => found.reply_destination = value.parse().ok(),
            ("sport", true) => found.reply_source_port = value.parse().ok(),
            ("dport", true) => found.reply_destination_port = value.parse().ok(),
            ("mark", _) => found.mark = words::number(value),
            ("zone", _) => found.zone = words::number(value),
            _ => {}
        }
    }
    (found.source.is_some() && found.destination.is_some() && found.reply_source.is_some()).then_some(found)
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    // Of the events of one flow the last one counts.
    let mut events: HashMap<String, usize> = HashMap::new();
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        if let Some((kind, rest)) = event(line.text)
            && let Some(found) = flow(rest)
        {
            let ends = (found.source, found.source_port, found.destination, found.destination_port);
            let key = format!("{} {ends:?} {:?}", found.proto, found.zone);
            let mut found = Flow { container: document.container.clone(), ..found };
            if kind == "DESTROY" {
                found.flags.push("DESTROY".into());
            }
            match events.get(&key).and_then(|at| parsed.facts.get_mut(*at)) {
                Some(known) => *known = bundlescope_facts::Fact::new(document.source(line, line), found),
                None => {
                    events.insert(key, parsed.facts.len());
                    parsed.line_fact(document, line, found);
                }
            }
            continue;
        }
        match flow(line.text) {
            Some(found) => parsed.line_fact(document, line, Flow { container: document.container.clone(), ..found }),
            None if is_summary(line.text) => {}
            None => parsed.problem(
                document,
                line.number,
                "expected a flow with `src=` and `dst=` of both directions; line skipped",
            ),
        }
    }
    parsed
}

fn detect_xml(hint: &Hint<'_>) -> Match {
    let content = hint.head.lines().take(4).any(|line| line.trim() == "<conntrack>");
    Match::of(content, words::subject_is(hint.subject, &["conntrack"]))
}

/// The text of the first element of that name.
fn element<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    rest.split_once(&format!("</{name}>")).map(|(inner, _)| inner)
}

/// The addresses and ports of one direction.
fn direction(text: &str) -> Option<(IpAddr, IpAddr, Option<u16>, Option<u16>)> {
    let port = |name| element(text, name).and_then(|port| port.parse().ok());
    Some((element(text, "src")?.parse().ok()?, element(text, "dst")?.parse().ok()?, port("sport"), port("dport")))
}

/// conntrack writes one flow a line, always in this form (libnetfilter_conntrack, `snprintf_xml.c`).
fn xml_flow(line: &str) -> Option<Flow> {
    let text = line.trim();
    text.starts_with("<flow").then_some(())?;
    let meta = |which: &str| text.split_once(&format!("<meta direction=\"{which}\">")).map(|(_, rest)| rest);
    let (original, reply) = (direction(meta("original")?)?, direction(meta("reply")?)?);
    let rest = meta("independent").unwrap_or_default();
    let proto = text.split_once("<layer4 ").and_then(|(_, rest)| rest.split_once("protoname=\"")).map(|(_, rest)| rest);
    Some(Flow {
        proto: proto?.split('"').next()?.into(),
        state: element(rest, "state").map(Into::into),
        timeout: element(rest, "timeout").and_then(|value| value.parse().ok()),
        source: Some(original.0),
        destination: Some(original.1),
        source_port: original.2,
        destination_port: original.3,
        reply_source: Some(reply.0),
        reply_destination: Some(reply.1),
        reply_source_port: reply.2,
        reply_destination_port: reply.3,
        unreplied: rest.contains("<unreplied/>"),
        assured: rest.contains("<assured/>"),
        mark: element(rest, "mark").and_then(words::number),
        zone: element(rest, "zone").and_then(words::number),
        ..Flow::default()
    })
}

fn parse_xml(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let frame = |line: &Line<'_>| {
        let text = line.text.trim();
        text.is_empty() || text.starts_with("<?xml") || matches!(text, "<conntrack>" | "</conntrack>")
    };
    for line in document.lines().filter(|line| !frame(line)) {
        match xml_flow(line.text) {
            Some(found) => parsed.line_fact(document, line, Flow { container: document.container.clone(), ..found }),
            None if is_summary(line.text) => {}
            None => parsed.problem(document, line.number, "expected a `<flow>` with both directions; line skipped"),
        }
    }
    parsed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_translated_flow_has_both_directions() {
        let line = "tcp      6 117 SYN_SENT src=172.18.0.3 dst=10.0.0.5 sport=40001 dport=5432 [UNREPLIED] src=172.18.0.9 dst=172.18.0.3 \
                    sport=5432 dport=40001 mark=0 use=1";
        let found = flow(line).expect("a flow");
        assert_eq!((found.source_port, found.reply_source_port, found.timeout), (Some(40001), Some(5432), Some(117)));
        assert_eq!((found.unreplied, found.state.as_deref()), (true, Some("SYN_SENT")));
        assert_eq!(found.reply_source.map(|a| a.to_string()).as_deref(), Some("172.18.0.9"));
        assert_eq!(flow("tcp 6 nonsense"), None);
    }
}
