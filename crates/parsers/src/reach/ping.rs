//! `ping` and `ping6`: iputils, busybox and inetutils.

use std::net::IpAddr;

use bundlescope_facts::{Outcome, Reachability, Text};

use crate::document::{Document, Line, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words;

/// The format.
pub(crate) static PING: Format =
    Format { name: "ping", collect: "ping -c 3 HOST", kinds: &["reachability"], detect, parse };

/// `PING db.lab (172.30.0.3) 56(84) bytes of data.`, `PING 8.8.8.8 (8.8.8.8): 56 data bytes`, `PING host(address (address)) 56 data bytes`.
fn header(line: &str) -> Option<(Text, Option<IpAddr>)> {
    let rest = line.strip_prefix("PING ").or_else(|| line.strip_prefix("PING6("))?;
    rest.contains("data").then_some(())?;
    let (host, behind) = rest.split_once('(').unwrap_or((rest.split_ascii_whitespace().next()?, rest));
    let mut inner = behind.split(['(', ')', ' ']).filter(|word| !word.is_empty());
    let address = inner.find_map(words::address);
    Some((host.trim().into(), address))
}

/// What ping says when it does not even begin.
fn failure(line: &str) -> Option<Reachability> {
    let rest = line.strip_prefix("ping: ").or_else(|| line.strip_prefix("ping6: "))?;
    let known: &[(&str, Outcome)] = &[
        ("Name or service not known", Outcome::NameNotFound),
        ("No address associated with hostname", Outcome::NameNotFound),
        ("unknown host", Outcome::NameNotFound),
        ("bad address", Outcome::NameNotFound),
        ("Temporary failure in name resolution", Outcome::NameLookupFailed),
        ("Network is unreachable", Outcome::NetworkUnreachable),
        ("Network unreachable", Outcome::NetworkUnreachable),
        ("No route to host", Outcome::NoRoute),
    ];
    let (words, outcome) = known.iter().find(|(words, _)| rest.contains(words))?;
    let host = match (rest.split_once(": "), rest.strip_prefix("unknown host "), rest.strip_prefix("bad address ")) {
        (_, Some(host), _) | (_, _, Some(host)) => Some(host.trim_matches('\'')),
        (Some((host, _)), ..) if host != "connect" && host != "sendto" && host != "sendmsg" => Some(host),
        _ => None,
    };
    let _ = words;
    Some(Reachability {
        tool: "ping".into(),
        address: host.and_then(words::address),
        host: host.map(Text::from),
        proto: Some("icmp".into()),
        outcome: *outcome,
        ..Reachability::default()
    })
}

/// `From 172.30.0.1 icmp_seq=1 Destination Net Unreachable`; the `-D` stamp is off.
fn error(line: &str) -> Option<(Option<IpAddr>, Outcome)> {
    let rest = line.strip_prefix("From ").or_else(|| line.split_once("bytes from ").map(|(_, rest)| rest))?;
    let by = rest.split([' ', ':', '(']).next().and_then(words::address);
    let by = by.or_else(|| rest.split_once('(').and_then(|(_, rest)| words::address(rest.split(')').next()?)));
    let lower = rest.to_ascii_lowercase();
    let outcome = if lower.contains("prohibited") || lower.contains("filtered") {
        Outcome::Prohibited
    } else if lower.contains("net unreachable") || lower.contains("no route") {
        Outcome::NetworkUnreachable
    } else if lower.contains("host unreachable") || lower.contains("address unreachable") {
        Outcome::NoRoute
    } else if lower.contains("port unreachable") || lower.contains("protocol unreachable") {
        Outcome::Refused
    } else if lower.contains("frag needed")
        || lower.contains("packet too big")
        || lower.contains("time to live exceeded")
    {
        Outcome::Other
    } else {
        return None;
    };
    Some((by, outcome))
}

/// `3 packets transmitted, 0 received, +3 errors, 100% packet loss, time 631ms`.
fn statistics(line: &str) -> Option<(u64, u64, f64)> {
    let (sent, rest) = line.split_once(" packets transmitted, ")?;
    let received = rest.split_ascii_whitespace().next()?.parse().ok()?;
    let loss = line.split(", ").find_map(|part| part.trim().strip_suffix("% packet loss"))?;
    Some((sent.trim().parse().ok()?, received, loss.parse().ok()?))
}

fn unstamped(line: &str) -> &str {
    let cut = line.strip_prefix('[').and_then(|rest| rest.split_once("] "));
    cut.filter(|(stamp, _)| stamp.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'))
        .map_or(line, |(_, rest)| rest)
}

fn detect(hint: &Hint<'_>) -> Match {
    let mut lines = hint.head.lines().filter(|line| !line.trim().is_empty()).take(4);
    let content = lines.any(|line| header(line).is_some() || failure(line).is_some());
    let named = words::subject_is(hint.subject, &["ping"]) || words::subject_is(hint.subject, &["ping6"]);
    let first = hint.head.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let begins = header(first).is_some()
        || failure(first).is_some()
        || first.starts_with("WARNING: ping")
        || preamble(first)
        || first.starts_with("PATTERN: ");
    Match::of(content && (named || begins), named)
}

/// One run of ping.
struct Run<'a> {
    first: Line<'a>,
    last: Line<'a>,
    found: Reachability,
    replies: u64,
    error: Option<(Option<IpAddr>, Outcome)>,
}

fn emit(document: &Document<'_>, parsed: &mut Parsed, run: Option<Run<'_>>) {
    let Some(Run { first, last, mut found, replies, error }) = run else { return };
    let answered = replies > 0 || found.received.is_some_and(|received| received > 0);
    (found.reported_by, found.outcome) = match error {
        _ if answered => (None, Outcome::Reached),
        Some((by, outcome)) => (by, outcome),
        None => (None, Outcome::TimedOut),
    };
    found.container = document.container.clone();
    // Without statistics and without answers it was cut off, and nothing is known.
    if answered || error.is_some() || found.sent.is_some() {
        parsed.fact(document, first, last, found);
    }
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut open: Option<Run<'_>> = None;
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        let text = unstamped(line.text);
        if let Some((host, address)) = header(text) {
            emit(document, &mut parsed, open.take());
            let host = Some(host).filter(|host| !host.is_empty());
            let found = Reachability {
                tool: "ping".into(),
                host,
                address,
                proto: Some("icmp".into()),
                ..Reachability::default()
            };
            open = Some(Run { first: line, last: line, found, replies: 0, error: None });
            continue;
        }
        if let Some(found) = failure(text).filter(|_| open.is_none()) {
            parsed.line_fact(document, line, Reachability { container: document.container.clone(), ..found });
            continue;
        }
        let Some(run) = &mut open else {
            if !text.starts_with("WARNING: ") && !text.starts_with("PATTERN: ") && !preamble(text) {
                parsed.problem(document, line.number, "expected `PING HOST (ADDRESS) …`; line skipped");
            }
            continue;
        };
        if let Some((sent, received, loss)) = statistics(text) {
            (run.found.sent, run.found.received, run.found.loss) = (Some(sent), Some(received), Some(loss));
            run.last = line;
        } else if let Some(error) = error(text) {
            run.error.get_or_insert(error);
            run.last = line;
        } else if text.contains("bytes from ") && text.contains("seq=") && text.contains("time=") {
            run.replies += 1;
            run.last = line;
        } else if text.contains("sendmsg: Operation not permitted") || text.contains("sendto: Operation not permitted")
        {
            // A rule of this host's own output drops it, and the kernel tells the sender (EPERM).
            run.error.get_or_insert((None, Outcome::Prohibited));
            run.last = line;
        } else if text.contains("local error: message too long") || text.contains("Message too long") {
            run.error.get_or_insert((None, Outcome::Other));
            run.last = line;
        } else if !decoration(text) {
            parsed.problem(document, line.number, "expected an answer as ping prints it; line skipped");
        }
    }
    emit(document, &mut parsed, open);
    parsed
}

/// What `-v` tells of the sockets before it begins.
fn preamble(text: &str) -> bool {
    text.starts_with("ping: sock4.fd: ") || text.starts_with("ai->ai_family: ")
}

/// The routers of `-R`, the stamps of `-T`, the dots of `-f` (one for each packet that is not answered yet, `E` for an error).
fn recorded(text: &str) -> bool {
    text.starts_with("RR: ")
        || text.starts_with("TS: ")
        || text.starts_with("NOP")
        || text.starts_with('\t')
        || text.bytes().all(|byte| matches!(byte, b'.' | b' ' | b'E' | 8))
}

fn decoration(text: &str) -> bool {
    recorded(text)
        || text.starts_with("--- ")
        || text.starts_with("rtt ")
        || text.starts_with("round-trip ")
        || text.starts_with("pipe ")
        || text.starts_with("no answer yet for ")
        || text.contains("bytes from ") && text.contains("seq=")
        || text.starts_with("^C")
        || text.starts_with("Request timeout")
        || text.starts_with("ping: ")
        || text.starts_with("Warning: time of day goes back")
        || text.starts_with("wrong data byte")
        || text.starts_with('#')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `error(0, errno, "sendmsg")` in iputils' ping_common.c, where the host's own firewall drops what it sends.
    #[test]
    fn what_the_host_itself_drops_is_prohibited() {
        let text = "PING 10.0.0.2 (10.0.0.2) 56(84) bytes of data.\n\
            ping: sendmsg: Operation not permitted\n\n\
            --- 10.0.0.2 ping statistics ---\n\
            1 packets transmitted, 0 received, 100% packet loss, time 0ms\n";
        let parsed = parse(&Document::new("ping.txt", text.as_bytes()));
        let outcomes: Vec<_> = parsed.facts.iter().map(|fact| fact.data.get("outcome").to_string()).collect();
        assert_eq!((outcomes, parsed.problems), (vec!["prohibited".to_owned()], vec![]));
    }
}
