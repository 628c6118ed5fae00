//! Paths: `traceroute`, `tracepath` and `mtr --report`.

use std::net::IpAddr;

use bundlescope_facts::{Outcome, Reachability, Text};

use crate::document::{Document, Line, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words;

/// `traceroute` and `tracepath`.
pub(crate) static TRACEROUTE: Format =
    Format { name: "traceroute", collect: "traceroute -n HOST", kinds: &["reachability"], detect, parse };

/// `mtr --report`.
pub(crate) static MTR: Format =
    Format { name: "mtr", collect: "mtr -r -n HOST", kinds: &["reachability"], detect: detect_mtr, parse: parse_mtr };

/// `traceroute to google.com (216.58.194.46), 30 hops max, 60 byte packets`.
fn header(line: &str) -> Option<(Text, Option<IpAddr>)> {
    let rest = line.strip_prefix("traceroute to ").or_else(|| line.strip_prefix("traceroute6 to "))?;
    let (host, behind) = rest.split_once('(')?;
    Some((host.trim().into(), words::address(behind.split(')').next()?)))
}

/// Number of the hop and what follows: ` 1  …`, ` 1?: …`, ` 1:  …`.
fn hop(line: &str) -> Option<(u32, &str)> {
    let text = line.trim_start();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let number = text.get(..digits)?.parse().ok()?;
    let rest = text.get(digits..)?;
    let rest = rest.strip_prefix("?:").or_else(|| rest.strip_prefix(':')).unwrap_or(rest);
    (rest.starts_with([' ', '\t'])).then(|| (number, rest.trim()))
}

/// A further answer of the hop above, which traceroute of BSD puts on a line of its own: `    10.0.0.1 (10.0.0.1)  65.096 ms`.
fn further(line: &str) -> Option<&str> {
    let text = line.trim();
    let answered = text.split_once(" (").is_some_and(|(_, inner)| inner.contains(')')) && text.contains(" ms");
    (line.starts_with([' ', '\t']) && answered).then_some(text)
}

/// The mark of traceroute for an error (`!H`, `!N`, `!X`, …).
fn mark(word: &str) -> Option<Outcome> {
    match word {
        "!H" => Some(Outcome::NoRoute),
        "!N" => Some(Outcome::NetworkUnreachable),
        "!P" => Some(Outcome::Refused),
        "!X" | "!A" | "!C" | "!S" | "!Z" | "!V" => Some(Outcome::Prohibited),
        _ if word.starts_with("!F") || word.starts_with("!<") => Some(Outcome::Other),
        _ => None,
    }
}

fn detect(hint: &Hint<'_>) -> Match {
    let first = hint.head.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    // What is on this host is reached without a line of its own address.
    let near = first.trim_start().starts_with("1: ") && hint.head.contains("Resume: pmtu ");
    let tracepath = first.trim_start().starts_with("1?: [LOCALHOST]") || near;
    let named = ["traceroute", "traceroute6", "tracepath", "tracepath6"]
        .iter()
        .any(|tool| words::subject_is(hint.subject, &[tool]));
    let content =
        header(first).is_some() || tracepath || hint.head.lines().take(4).any(|line| header(line).is_some()) && named;
    Match::of(content || named && failure(first).is_some(), named)
}

/// `nosuch.lab: Name or service not known`, `tracepath: nosuch.lab: …`.
fn failure(line: &str) -> Option<(Option<&str>, Outcome)> {
    let rest = line.strip_prefix("tracepath: ").or_else(|| line.strip_prefix("traceroute: ")).unwrap_or(line);
    let (host, reason) = rest.split_once(": ")?;
    let found = super::dial::outcome(reason);
    let host = Some(host).filter(|host| !matches!(*host, "connect" | "send" | "connect: "));
    (found != Outcome::Other).then_some((host, found))
}

/// One path being read.
struct Path<'a> {
    first: Line<'a>,
    last: Line<'a>,
    found: Reachability,
    reached: bool,
    error: Option<(Option<IpAddr>, Outcome)>,
    hop: u32,
}

fn emit(document: &Document<'_>, parsed: &mut Parsed, path: Option<Path<'_>>) {
    let Some(Path { first, last, mut found, reached, error, .. }) = path else { return };
    (found.reported_by, found.outcome) = match error {
        // Prohibited by the target itself is a refusal of the port, but its address was reached all the same.
        Some((by, outcome)) => (by, outcome),
        None if reached => (None, Outcome::Reached),
        None => (None, Outcome::TimedOut),
    };
    found.container = document.container.clone();
    parsed.fact(document, first, last, found);
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut open: Option<Path<'_>> = None;
    let target = document.subject.split_ascii_whitespace().skip(1).filter(|word| !word.starts_with('-')).last();
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        let text = line.text.trim_end();
        let fresh = |tool: &str, host: Option<Text>, address| Path {
            first: line,
            last: line,
            found: Reachability { tool: tool.into(), host, address, ..Reachability::default() },
            reached: false,
            error: None,
            hop: 0,
        };
        if let Some((host, address)) = header(text) {
            emit(document, &mut parsed, open.take());
            open = Some(fresh("traceroute", Some(host), address));
            continue;
        }
        let same = open.as_ref().and_then(|path| Some((path.hop, further(text).filter(|_| path.hop > 0)?)));
        if let Some((number, rest)) = hop(text).or(same) {
            let tracepath = text.trim_start().contains(": ")
                && text.trim_start().split(' ').next().is_some_and(|word| word.ends_with(':'));
            if tracepath && rest.starts_with("[LOCALHOST]") {
                emit(document, &mut parsed, open.take());
                let mut path = fresh("tracepath", target.map(Text::from), target.and_then(words::address));
                path.found.mtu = rest.split_once("pmtu ").and_then(|(_, mtu)| mtu.trim().parse().ok());
                open = Some(path);
                continue;
            }
            if tracepath && number == 1 && open.is_none() {
                open = Some(fresh("tracepath", target.map(Text::from), target.and_then(words::address)));
            }
            let Some(path) = &mut open else {
                parsed.problem(document, line.number, "a hop without the heading of its path; line skipped");
                continue;
            };
            path.last = line;
            let who = if rest.starts_with("no reply") {
                "*"
            } else {
                rest.split_ascii_whitespace().find(|word| *word != "*").unwrap_or("*")
            };
            let inner = rest.split_once('(').and_then(|(_, inner)| words::address(inner.split(')').next()?));
            let address = inner.or(words::address(who));
            let shown = address.map_or_else(|| Text::from(who), |address| address.to_string().into());
            if number != path.hop {
                path.found.hops.push(shown);
                path.hop = number;
            } else if let Some(last) = path.found.hops.last_mut().filter(|last| &***last == "*") {
                *last = shown;
            }
            path.reached |=
                rest.trim_end().ends_with("reached") || (address.is_some() && address == path.found.address);
            if let Some(outcome) = rest.split_ascii_whitespace().find_map(mark) {
                path.error.get_or_insert((address, outcome));
            }
            if let Some((_, mtu)) = rest.split_once("pmtu ") {
                path.found.mtu =
                    mtu.split_ascii_whitespace().next().and_then(|mtu| mtu.parse().ok()).or(path.found.mtu);
            }
        } else if let Some(rest) = text.trim_start().strip_prefix("Resume: ") {
            if let Some(path) = &mut open {
                path.found.mtu = rest
                    .split_once("pmtu ")
                    .and_then(|(_, mtu)| mtu.split_ascii_whitespace().next()?.parse().ok())
                    .or(path.found.mtu);
                path.last = line;
            }
        } else if let Some((host, outcome)) = failure(text).filter(|_| open.is_none()) {
            let tool = if text.starts_with("tracepath") { "tracepath" } else { "traceroute" };
            let container = document.container.clone();
            let found = Reachability {
                tool: tool.into(),
                host: host.map(Text::from),
                outcome,
                container,
                ..Reachability::default()
            };
            parsed.line_fact(document, line, found);
        } else if !text.trim_start().starts_with("Too many hops")
            && !text.starts_with("Cannot handle ")
            && !text.starts_with("traceroute: Warning")
        {
            parsed.problem(document, line.number, "expected a hop as traceroute prints it; line skipped");
        }
    }
    emit(document, &mut parsed, open);
    parsed
}

fn is_mtr_header(line: &str) -> bool {
    line.starts_with("HOST: ") && line.contains("Loss%") && line.contains("Snt")
}

fn detect_mtr(hint: &Hint<'_>) -> Match {
    Match::of(hint.head.lines().take(4).any(is_mtr_header), words::subject_is(hint.subject, &["mtr"]))
}

/// `  1.|-- 172.30.0.3   0.0%  2  0.1 …`, ` 1. AS???  172.30.0.3  0.0% …` with `-z`.
fn parse_mtr(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let target = document.subject.split_ascii_whitespace().skip(1).filter(|word| !word.starts_with('-')).last();
    let mut open: Option<(Line<'_>, Line<'_>, Reachability)> = None;
    let host = target.filter(|target| target.parse::<u32>().is_err());
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        if is_mtr_header(line.text) {
            // Whose path it is and whether its end was reached, only the command line tells.
            let Some(host) = host else {
                parsed.problem(
                    document,
                    line.number,
                    "the target is not named here, so that nothing is known of its reachability",
                );
                return parsed;
            };
            if let Some((first, last, found)) = open.take() {
                parsed.fact(document, first, last, found);
            }
            let found = Reachability {
                tool: "mtr".into(),
                host: Some(host.into()),
                address: words::address(host),
                container: document.container.clone(),
                ..Reachability::default()
            };
            open = Some((line, line, found));
            continue;
        }
        let words: Vec<&str> = line.text.split_ascii_whitespace().collect();
        let at = words.iter().position(|word| word.strip_suffix('%').is_some_and(|loss| loss.parse::<f64>().is_ok()));
        let numbered = words
            .first()
            .is_some_and(|word| word.split('.').next().is_some_and(|number| number.parse::<u32>().is_ok()));
        match (at.filter(|at| *at > 0 && numbered), &mut open) {
            (Some(at), Some((_, last, found))) => {
                *last = line;
                let who = words.get(at - 1).copied().unwrap_or("???");
                found.hops.push(if who == "???" { "*".into() } else { who.into() });
                found.loss = words.get(at).and_then(|word| word.trim_end_matches('%').parse().ok());
                found.sent = words.get(at + 1).and_then(|sent| sent.parse().ok());
                let end =
                    Some(who) == host || words::address(who).is_some_and(|address| found.address == Some(address));
                let answers = found.loss.is_some_and(|loss| loss < 100.0);
                found.outcome = if end && answers { Outcome::Reached } else { Outcome::TimedOut };
            }
            (None, _) if line.text.starts_with("Start: ") || line.text.trim_start().starts_with("|") => {}
            _ => parsed.problem(document, line.number, "expected a hop as mtr prints it; line skipped"),
        }
    }
    if let Some((first, last, found)) = open {
        parsed.fact(document, first, last, found);
    }
    parsed
}
