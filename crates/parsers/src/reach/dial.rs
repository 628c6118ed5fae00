//! Transcripts of programs that connect: `curl` (also `-v`), `wget`, `nc -v` (OpenBSD) and `telnet`.
//!
//! The text is also searched for events, since it holds the words that clients log.

use std::net::IpAddr;

use bundlescope_facts::{Outcome, Reachability, Text};

use crate::document::{Document, Line, LogPart, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words;

/// The format.
pub(crate) static DIAL: Format =
    Format { name: "connection-transcript", collect: "curl -v URL", kinds: &["reachability"], detect, parse };

/// What the system said.
pub(super) fn outcome(text: &str) -> Outcome {
    let known: &[(&str, Outcome)] = &[
        ("onnection refused", Outcome::Refused),
        ("imed out", Outcome::TimedOut),
        ("imeout was reached", Outcome::TimedOut),
        ("No route to host", Outcome::NoRoute),
        ("ost is unreachable", Outcome::NoRoute),
        ("etwork is unreachable", Outcome::NetworkUnreachable),
        ("etwork unreachable", Outcome::NetworkUnreachable),
        ("Permission denied", Outcome::Prohibited),
        ("Name or service not known", Outcome::NameNotFound),
        ("could not be resolved", Outcome::NameNotFound),
        ("Could not resolve", Outcome::NameNotFound),
        ("Couldn't resolve", Outcome::NameNotFound),
        ("No address associated", Outcome::NameNotFound),
        ("emporary failure in name resolution", Outcome::NameLookupFailed),
        ("reset by peer", Outcome::Reset),
        ("Empty reply", Outcome::Closed),
        ("losed by", Outcome::Closed),
    ];
    known.iter().find(|(words, _)| text.contains(words)).map_or(Outcome::Other, |(_, outcome)| *outcome)
}

/// What a line says of an attempt.
enum Said<'a> {
    /// A tool begins: host and port where it names them.
    Begins { tool: &'static str, host: Option<&'a str>, address: Option<IpAddr>, port: Option<u16> },
    /// The connection is there.
    Connected { host: Option<&'a str>, address: Option<IpAddr>, port: Option<u16> },
    /// It failed.
    Failed {
        outcome: Outcome,
        tool: Option<&'static str>,
        host: Option<&'a str>,
        address: Option<IpAddr>,
        port: Option<u16>,
    },
    /// Status of HTTP.
    Status(u16),
}

/// `[2001:db8::1]:80`, `10.0.0.1:80`.
fn end(word: &str) -> Option<(IpAddr, u16)> {
    let (address, port) = word.trim_end_matches("...").rsplit_once(':')?;
    Some((words::address(address)?, port.parse().ok()?))
}

/// `172.30.0.3 port 85`, what stands before ` failed:` or ` after`.
fn host_port(text: &str) -> (Option<&str>, Option<u16>) {
    let mut words = text.split_ascii_whitespace();
    let host = words.next();
    let port = text.split_once(" port ").and_then(|(_, rest)| rest.split([' ', ':', ';', ',']).next()?.parse().ok());
    (host.map(|host| host.trim_end_matches(':')), port)
}

fn said(line: &str) -> Option<Said<'_>> {
    // curl's progress meter returns to the start of the line; the words that matter are behind it.
    let text = line.rsplit('\r').find(|part| !part.trim().is_empty()).unwrap_or(line);
    let text =
        match text.find("*   Trying ").or_else(|| text.find("* connect to ")).or_else(|| text.find("* Could not ")) {
            Some(at) => text.get(at..).unwrap_or(text),
            None => text,
        };
    curl(text).or_else(|| wget(text)).or_else(|| others(text))
}

fn curl(text: &str) -> Option<Said<'_>> {
    if let Some(rest) = text.strip_prefix("*   Trying ").or_else(|| text.strip_prefix("* Trying ")) {
        let word = rest.split_ascii_whitespace().next()?;
        let (address, port) = match end(word) {
            Some((address, port)) => (Some(address), Some(port)),
            None => (words::address(word.trim_end_matches("...")), None),
        };
        address?;
        return Some(Said::Begins { tool: "curl", host: None, address, port });
    }
    if let Some(rest) = text.strip_prefix("* Connected to ") {
        let (host, port) = host_port(rest);
        let address = rest.split_once('(').and_then(|(_, inner)| words::address(inner.split(')').next()?));
        return Some(Said::Connected { host, address, port });
    }
    if let Some(rest) = text.strip_prefix("* connect to ") {
        let (host, port) = host_port(rest);
        return Some(Said::Failed {
            outcome: outcome(rest),
            tool: Some("curl"),
            host: None,
            address: host.and_then(words::address),
            port,
        });
    }
    if let Some(rest) = text.strip_prefix("curl: (") {
        let (number, message) = rest.split_once(") ")?;
        let outcome = match number {
            "6" => Outcome::NameNotFound,
            "28" => Outcome::TimedOut,
            "52" => Outcome::Closed,
            "56" => Outcome::Reset,
            "7" => match outcome(message) {
                // The reason stands in the lines above, if anywhere.
                Outcome::Other => Outcome::Refused,
                told => told,
            },
            _ => outcome(message),
        };
        let host = message
            .split_once("host: ")
            .map(|(_, host)| host.split_ascii_whitespace().next().unwrap_or_default())
            .or_else(|| {
                message.split_once("onnect to ").map(|(_, rest)| rest.split([' ', ':']).next().unwrap_or_default())
            });
        let port = message.split_once(" port ").and_then(|(_, rest)| rest.split([' ', ':', ';']).next()?.parse().ok());
        let address = host.and_then(words::address);
        return Some(Said::Failed { outcome, tool: Some("curl"), host, address, port });
    }
    let status = text.trim_start_matches("< ").strip_prefix("HTTP/")?;
    let mut words = status.split_ascii_whitespace();
    words.next().filter(|version| version.starts_with(|c: char| c.is_ascii_digit()))?;
    Some(Said::Status(words.next()?.parse().ok()?))
}

fn wget(text: &str) -> Option<Said<'_>> {
    if let Some(rest) = text.strip_prefix("Connecting to ") {
        let (target, result) = rest.split_once("... ").unwrap_or((rest, ""));
        // `db.lab (db.lab)|172.30.0.3|:8080`, `172.30.0.3:8080`.
        let host = target.split([' ', '|']).next().unwrap_or_default();
        let port = target.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        let address = target.split('|').nth(1).or(host.rsplit_once(':').map(|(host, _)| host)).and_then(words::address);
        let host = Some(host.rsplit_once(':').map_or(host, |(host, _)| host)).filter(|host| !host.is_empty());
        if result.starts_with("connected") {
            return Some(Said::Connected { host, address, port });
        }
        if let Some(reason) = result.strip_prefix("failed: ") {
            return Some(Said::Failed { outcome: outcome(reason), tool: Some("wget"), host, address, port });
        }
        return None;
    }
    if let Some(rest) = text.strip_prefix("Resolving ") {
        let (host, result) = rest.split_once("... ")?;
        let host = host.split_ascii_whitespace().next();
        if let Some(reason) = result.strip_prefix("failed: ") {
            return Some(Said::Failed {
                outcome: outcome(reason),
                tool: Some("wget"),
                host,
                address: None,
                port: None,
            });
        }
        return None;
    }
    let status = text.split_once("HTTP request sent, awaiting response... ").map(|(_, rest)| rest)?;
    Some(Said::Status(status.split_ascii_whitespace().next()?.parse().ok()?))
}

fn others(text: &str) -> Option<Said<'_>> {
    // netcat-openbsd.
    if let Some(rest) = text.strip_prefix("Connection to ").filter(|rest| rest.contains(" succeeded!")) {
        let mut words = rest.split_ascii_whitespace();
        let host = words.next();
        let address = rest.split_once('(').and_then(|(_, inner)| words::address(inner.split(')').next()?));
        let port = words.find_map(|word| word.parse().ok());
        return Some(Said::Connected { host, address: address.or(host.and_then(words::address)), port });
    }
    if let Some(rest) = text.strip_prefix("nc: connect to ") {
        let (host, port) = host_port(rest);
        let address = rest.split_once('(').and_then(|(_, inner)| words::address(inner.split(')').next()?));
        let address = address.or(host.and_then(words::address));
        return Some(Said::Failed { outcome: outcome(rest), tool: Some("nc"), host, address, port });
    }
    if let Some(rest) = text.strip_prefix("nc: getaddrinfo for host \"") {
        let host = rest.split('"').next();
        let (_, port) = host_port(rest);
        return Some(Said::Failed { outcome: outcome(rest), tool: Some("nc"), host, address: None, port });
    }
    // telnet.
    if let Some(rest) = text.strip_prefix("Trying ").filter(|rest| rest.trim_end().ends_with("...")) {
        let address = words::address(rest.trim_end().trim_end_matches("..."))?;
        return Some(Said::Begins { tool: "telnet", host: None, address: Some(address), port: None });
    }
    if let Some(rest) = text.strip_prefix("Connected to ") {
        let host = rest.trim_end().trim_end_matches('.');
        return (!host.contains(' ')).then(|| Said::Connected {
            host: Some(host),
            address: words::address(host),
            port: None,
        });
    }
    if let Some(rest) = text.strip_prefix("telnet: ") {
        let address =
            rest.split_once("connect to address ").and_then(|(_, rest)| words::address(rest.split(": ").next()?));
        return Some(Said::Failed { outcome: outcome(rest), tool: Some("telnet"), host: None, address, port: None });
    }
    if let Some(rest) = text.strip_prefix("Server lookup failure:") {
        let target = rest.trim_start().split(", ").next()?;
        let (host, port) = target.rsplit_once(':')?;
        let port = port.parse().ok();
        return Some(Said::Failed {
            outcome: outcome(rest),
            tool: Some("telnet"),
            host: Some(host),
            address: None,
            port,
        });
    }
    None
}

fn detect(hint: &Hint<'_>) -> Match {
    let named =
        ["curl", "wget", "nc", "telnet", "ncat", "netcat"].iter().any(|tool| words::subject_is(hint.subject, &[tool]));
    let mut lines = hint.head.lines().filter(|line| !line.trim().is_empty());
    let first = lines.next().unwrap_or_default();
    let meter = first.trim_start().starts_with("% Total    % Received");
    let begins = matches!(said(first), Some(Said::Begins { .. } | Said::Failed { .. }))
        || first.starts_with("Connection to ") && said(first).is_some()
        || meter
        || first.starts_with("--20") && first.contains("--  http")
        || first.starts_with("* Host ") && first.contains(" was resolved");
    let content = begins && hint.head.lines().take(60).any(|line| said(line).is_some());
    Match::of(content || named && hint.head.lines().take(60).any(|line| said(line).is_some()), named)
}

/// The attempt being read.
struct Attempt<'a> {
    first: Line<'a>,
    last: Line<'a>,
    found: Reachability,
    done: bool,
}

fn tool_of(subject: &str) -> Option<&'static str> {
    let first = subject.split_ascii_whitespace().next()?.rsplit('/').next()?;
    ["curl", "wget", "nc", "telnet"].into_iter().find(|tool| *tool == first)
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut open: Option<Attempt<'_>> = None;
    let mut wget = false;
    for line in document.lines() {
        wget |= line.text.starts_with("--20") && line.text.contains("--  http");
        let Some(what) = said(line.text) else { continue };
        let guess = tool_of(&document.subject).unwrap_or(if wget { "wget" } else { "curl" });
        let fresh = |tool: &str| Attempt {
            first: line,
            last: line,
            found: Reachability { tool: tool.into(), proto: Some("tcp".into()), ..Reachability::default() },
            done: false,
        };
        match what {
            Said::Begins { tool, host, address, port } => {
                flush(document, &mut parsed, open.take());
                let mut attempt = fresh(tool);
                name(&mut attempt.found, host, address, port);
                open = Some(attempt);
            }
            Said::Connected { host, address, port } => {
                let udp = line.text.contains("[udp/") || line.text.contains("(udp)");
                // nc says nothing before it succeeds.
                if line.text.starts_with("Connection to ") {
                    flush(document, &mut parsed, open.take());
                }
                let attempt = open
                    .get_or_insert_with(|| fresh(if line.text.starts_with("Connection to ") { "nc" } else { guess }));
                name(&mut attempt.found, host, address, port);
                if udp {
                    // Nobody answers in UDP; nc only did not hear that nobody listens.
                    attempt.found.proto = Some("udp".into());
                }
                (attempt.found.outcome, attempt.last, attempt.done) = (Outcome::Reached, line, true);
            }
            Said::Failed { outcome, tool, host, address, port } => {
                let reached = open.as_ref().is_some_and(|attempt| attempt.done);
                let attempt = open.get_or_insert_with(|| fresh(tool.unwrap_or(guess)));
                // What goes wrong behind the connection does not undo it, unless the peer hung up; the first reason is the exact one.
                if !reached || matches!(outcome, Outcome::Reset | Outcome::Closed) {
                    attempt.found.outcome = outcome;
                }
                name(&mut attempt.found, host, address, port);
                attempt.last = line;
                // curl repeats what it said.
                if tool != Some("curl") || line.text.starts_with("curl: (") {
                    flush(document, &mut parsed, open.take());
                } else {
                    attempt.done = true;
                }
            }
            Said::Status(status) => {
                let attempt = open.get_or_insert_with(|| fresh(guess));
                (attempt.found.status, attempt.found.outcome, attempt.last, attempt.done) =
                    (Some(status), Outcome::Reached, line, true);
            }
        }
    }
    flush(document, &mut parsed, open);
    parsed.logs.push(LogPart {
        container: document.container.clone(),
        pod: None,
        is_log: false,
        first_line: document.first_line,
        span: (0, document.bytes.len()),
    });
    parsed
}

/// Fills in what was not known yet.
fn name(found: &mut Reachability, host: Option<&str>, address: Option<IpAddr>, port: Option<u16>) {
    if found.host.is_none() {
        found.host = host.map(Text::from);
    }
    found.address = found.address.or(address);
    found.port = found.port.or(port);
}

fn flush(document: &Document<'_>, parsed: &mut Parsed, attempt: Option<Attempt<'_>>) {
    let Some(Attempt { first, last, mut found, .. }) = attempt else { return };
    found.container = document.container.clone();
    parsed.fact(document, first, last, found);
}
