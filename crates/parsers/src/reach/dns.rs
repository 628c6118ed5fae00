//! Lookups of names: `dig`, `nslookup`, `host`, `getent hosts` (`ahosts`).

use std::net::IpAddr;

use bundlescope_facts::{LookupOutcome, NameLookup, Text};

use crate::document::{Document, Line, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words;

/// `dig`, in its long form.
pub(crate) static DIG: Format =
    Format { name: "dig", collect: "dig NAME", kinds: &["name_lookup"], detect: detect_dig, parse: parse_dig };

/// `nslookup` and `host`.
pub(crate) static NSLOOKUP: Format = Format {
    name: "nslookup",
    collect: "nslookup NAME",
    kinds: &["name_lookup"],
    detect: detect_nslookup,
    parse: parse_nslookup,
};

fn dotless(name: &str) -> Text {
    let name = name.trim_end_matches([':', ';', ',']);
    name.strip_suffix('.').filter(|rest| !rest.is_empty()).unwrap_or(name).into()
}

fn status(word: &str) -> LookupOutcome {
    match word {
        "NOERROR" => LookupOutcome::Answered,
        "NXDOMAIN" => LookupOutcome::NameNotFound,
        "SERVFAIL" => LookupOutcome::ServerFailure,
        "REFUSED" => LookupOutcome::Refused,
        _ => LookupOutcome::Other,
    }
}

/// What stands where no server answered.
fn unanswered(text: &str) -> Option<LookupOutcome> {
    if text.contains("no servers could be reached")
        || text.contains("connection timed out")
        || text.ends_with(": timed out")
    {
        Some(LookupOutcome::TimedOut)
    } else if text.contains("connection refused") {
        Some(LookupOutcome::Refused)
    } else if text.contains("network unreachable") || text.contains("host unreachable") {
        Some(LookupOutcome::Other)
    } else {
        None
    }
}

/// `172.30.0.3#53`.
fn server(word: &str) -> (Option<IpAddr>, Option<u16>) {
    let (address, port) = word.split_once('#').unwrap_or((word, ""));
    (words::address(address), port.split(['(', ':', ')']).next().and_then(|port| port.parse().ok()))
}

fn detect_dig(hint: &Hint<'_>) -> Match {
    let content = hint
        .head
        .lines()
        .filter(|line| !line.trim().is_empty())
        .take(6)
        .any(|line| line.starts_with("; <<>> DiG ") || line.starts_with(";; ->>HEADER<<-"));
    Match::of(content, words::subject_is(hint.subject, &["dig"]))
}

/// One lookup of dig.
struct Lookup<'a> {
    first: Line<'a>,
    last: Line<'a>,
    found: NameLookup,
    asked: bool,
    /// `dig +qr` printed the question itself as a message.
    echoed: bool,
}

fn emit_dig(document: &Document<'_>, parsed: &mut Parsed, open: Option<Lookup<'_>>) {
    // Of a question alone nothing is known.
    let told = |open: &Lookup<'_>| open.asked || !open.echoed || open.found.outcome != LookupOutcome::Answered;
    let named = open.filter(|open| !open.found.name.is_empty() && told(open));
    let Some(Lookup { first, last, mut found, .. }) = named else { return };
    if found.outcome == LookupOutcome::Answered && found.answers.is_empty() {
        found.outcome = LookupOutcome::NoData;
    }
    found.container = document.container.clone();
    parsed.fact(document, first, last, found);
}

fn parse_dig(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut open: Option<Lookup<'_>> = None;
    let mut section = "";
    // `;; communications error to …` stands before the heading.
    let mut early: Option<(LookupOutcome, &str, Line<'_>)> = None;
    for line in document.lines() {
        let text = line.text.trim_end();
        if text.is_empty() {
            continue;
        }
        let fresh = || Lookup {
            first: line,
            last: line,
            found: NameLookup { tool: "dig".into(), ..NameLookup::default() },
            asked: false,
            echoed: false,
        };
        if let Some(rest) = text.strip_prefix("; <<>> DiG ") {
            emit_dig(document, &mut parsed, open.take());
            let mut new = fresh();
            let arguments = rest.split_once("<<>>").map_or("", |(_, arguments)| arguments);
            let words = arguments.split_ascii_whitespace().filter(|word| !word.starts_with(['+', '-', '@']));
            let types = ["A", "AAAA", "PTR", "MX", "NS", "TXT", "SOA", "SRV", "CNAME", "AXFR", "ANY"];
            new.found.name = words.clone().find(|word| !types.contains(word)).map(dotless).unwrap_or_default();
            let server_word = arguments.split_ascii_whitespace().find_map(|word| word.strip_prefix('@'));
            new.found.server = server_word.and_then(words::address);
            if let Some((outcome, who, first)) = early.take() {
                new.found.outcome = outcome;
                (new.found.server, new.found.server_port) = server(who);
                new.first = first;
            }
            (open, section) = (Some(new), "");
            continue;
        }
        if let Some(rest) = text.strip_prefix(";; ->>HEADER<<-") {
            if open.as_ref().is_some_and(|open| open.asked) {
                emit_dig(document, &mut parsed, open.take());
            }
            let lookup = open.get_or_insert_with(fresh);
            lookup.asked = true;
            lookup.last = line;
            let word = rest.split_once("status: ").and_then(|(_, rest)| rest.split(',').next()).unwrap_or_default();
            lookup.found.outcome = status(word);
            continue;
        }
        if let Some(rest) = text.strip_prefix(";; communications error to ") {
            let (who, _) = rest.split_once(": ").unwrap_or((rest, ""));
            let outcome = unanswered(rest).unwrap_or(LookupOutcome::Other);
            match &mut open {
                Some(open) if !open.asked => {
                    open.found.outcome = outcome;
                    (open.found.server, open.found.server_port) = server(who);
                    open.last = line;
                }
                _ => early = Some((outcome, who, line)),
            }
            continue;
        }
        let Some(lookup) = &mut open else { continue };
        if let Some(name) = text.strip_prefix(";; ").and_then(|rest| rest.split_once(" SECTION:")).map(|(name, _)| name)
        {
            section = name;
        } else if let Some(rest) = text.strip_prefix(";; SERVER: ") {
            (lookup.found.server, lookup.found.server_port) = server(rest);
            lookup.last = line;
        } else if let Some(flags) = text.strip_prefix(";; flags: ").and_then(|rest| rest.split(';').next()) {
            // A message that is no response is what was sent.
            if !flags.split_ascii_whitespace().any(|flag| flag == "qr") {
                (lookup.asked, lookup.echoed) = (false, true);
            }
        } else if text.starts_with(";;") {
            if let (Some(outcome), false) = (unanswered(text), lookup.asked) {
                if lookup.found.outcome == LookupOutcome::Answered {
                    lookup.found.outcome = outcome;
                }
                lookup.last = line;
            }
        } else if let (Some(question), "QUESTION") = (text.strip_prefix(';'), section) {
            let mut words = question.split_ascii_whitespace();
            lookup.found.name = words.next().map(dotless).unwrap_or_default();
            lookup.found.record_type = words.nth(1).map(Text::from);
            lookup.last = line;
        } else if !text.starts_with(';')
            && (section == "ANSWER" || (section.is_empty() && lookup.found.record_type.is_none()))
        {
            // Name, seconds, class, type, data; `dig axfr` has no sections.
            let mut words = words::Words::new(text);
            let (_, seconds, class, kind) = (words.next(), words.next(), words.next(), words.next());
            let good = seconds.is_some_and(|word| word.parse::<u64>().is_ok()) && matches!(class, Some("IN" | "CH"));
            match kind.filter(|_| good) {
                Some("RRSIG") => {}
                Some(_) => {
                    let data = words.rest();
                    lookup.found.answers.push(if data.contains(' ') { data.into() } else { dotless(data) });
                    lookup.last = line;
                }
                None => parsed.problem(document, line.number, "expected a record with its type; line skipped"),
            }
        }
    }
    emit_dig(document, &mut parsed, open);
    parsed
}

/// `db.lab has address 172.30.0.3`, `Host nosuch.lab not found: 3(NXDOMAIN)`.
fn host(line: &str) -> Option<(Text, Option<&'static str>, LookupOutcome, Option<&str>)> {
    let answers: &[(&str, Option<&'static str>)] = &[
        (" has address ", Some("A")),
        (" has IPv6 address ", Some("AAAA")),
        (" domain name pointer ", Some("PTR")),
        (" is an alias for ", Some("CNAME")),
        (" mail is handled by ", Some("MX")),
    ];
    for (words, kind) in answers {
        if let Some((name, data)) = line.split_once(words) {
            return (!name.contains(' ')).then(|| (dotless(name), *kind, LookupOutcome::Answered, Some(data.trim())));
        }
    }
    let rest = line.strip_prefix("Host ")?;
    let (name, rest) = rest.split_once(" not found: ")?;
    let word = rest.split(['(', ')']).nth(1).unwrap_or_default();
    Some((dotless(name), None, status(word), None))
}

fn detect_nslookup(hint: &Hint<'_>) -> Match {
    let mut lines = hint.head.lines().filter(|line| !line.trim().is_empty());
    let first = lines.next().unwrap_or_default();
    let second = lines.next().unwrap_or_default();
    let asks = first.starts_with("Server:") && second.starts_with("Address");
    let content = asks || host(first).is_some();
    let named = ["nslookup", "host", "getent"].iter().any(|tool| words::subject_is(hint.subject, &[tool]));
    let getent =
        words::subject_is(hint.subject, &["getent"]) && words::most_lines(hint.head, |line| getent(line).is_some());
    let silent = named && unanswered(first).is_some();
    Match::of(content || getent || silent, named)
}

/// `172.30.0.3      db.lab`, `172.30.0.3      STREAM db.lab`.
fn getent(line: &str) -> Option<(IpAddr, Option<&str>)> {
    let mut words = line.split_ascii_whitespace();
    let address = words.next().and_then(words::address)?;
    let name = words.find(|word| !matches!(*word, "STREAM" | "DGRAM" | "RAW"));
    Some((address, name))
}

fn parse_nslookup(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let tool =
        document.subject.split_ascii_whitespace().next().and_then(|word| word.rsplit('/').next()).unwrap_or_default();
    let asked = document.subject.split_ascii_whitespace().skip(1).filter(|word| !word.starts_with('-')).last();
    let (mut who, mut first): ((Option<IpAddr>, Option<u16>), Option<Line<'_>>) = ((None, None), None);
    let mut open: Option<(Line<'_>, Line<'_>, NameLookup)> = None;
    for line in document.lines() {
        let text = line.text.trim();
        if text.is_empty() {
            continue;
        }
        if text.starts_with("Server:") {
            emit(document, &mut parsed, open.take());
            first = Some(line);
            let word = text.split_ascii_whitespace().nth(1).unwrap_or_default();
            who = (words::address(word), None);
            continue;
        }
        let lookup = |name: Text, outcome| NameLookup {
            tool: if matches!(tool, "host" | "getent" | "nslookup") {
                tool
            } else if first.is_some() {
                "nslookup"
            } else {
                "host"
            }
            .into(),
            name,
            outcome,
            server: who.0,
            server_port: who.1,
            ..NameLookup::default()
        };
        let start = first.unwrap_or(line);
        if let Some(rest) = text.strip_prefix("Address").filter(|_| first.is_some()) {
            let word = rest.split_once(':').map_or("", |(_, word)| word.trim());
            match &mut open {
                Some((_, last, found)) => {
                    found.answers.extend(words::address(word).map(|address| Text::from(address.to_string())));
                    *last = line;
                }
                None => {
                    let (address, port) = server(word.split_ascii_whitespace().next().unwrap_or_default());
                    who = (address.or(who.0), port);
                }
            }
        } else if let Some(name) = text.strip_prefix("Name:") {
            let name = dotless(name.trim());
            match &mut open {
                Some((_, last, found)) if found.name == name => *last = line,
                _ => {
                    emit(document, &mut parsed, open.take());
                    open = Some((start, line, lookup(name, LookupOutcome::Answered)));
                }
            }
        } else if let Some(rest) = text.strip_prefix("** server can't find ") {
            let (name, word) = rest.split_once(": ").unwrap_or((rest, ""));
            let outcome = if word.starts_with("No answer") { LookupOutcome::NoData } else { status(word.trim()) };
            emit(document, &mut parsed, open.take());
            open = Some((start, line, lookup(dotless(name), outcome)));
        } else if let Some((name, kind, outcome, data)) = host(text) {
            match &mut open {
                Some((_, last, found)) if found.name == name => {
                    found.answers.extend(data.map(dotless));
                    if found.record_type.as_deref() != kind {
                        found.record_type = None;
                    }
                    *last = line;
                }
                _ => {
                    emit(document, &mut parsed, open.take());
                    let mut found = lookup(name, outcome);
                    found.record_type = kind.map(Text::from);
                    found.answers = data.map(dotless).into_iter().collect();
                    open = Some((start, line, found));
                }
            }
        } else if let (Some((address, name)), "getent") = (getent(text), tool) {
            match &mut open {
                Some((_, last, found)) => {
                    let answer = Text::from(address.to_string());
                    if !found.answers.contains(&answer) {
                        found.answers.push(answer);
                    }
                    *last = line;
                }
                None => {
                    let mut found = lookup(asked.or(name).unwrap_or_default().into(), LookupOutcome::Answered);
                    found.answers.push(address.to_string().into());
                    open = Some((line, line, found));
                }
            }
        } else if let (Some(outcome), Some(name)) = (unanswered(text), asked) {
            if open.is_none() {
                open = Some((line, line, lookup(dotless(name), outcome)));
            }
        } else if !text.starts_with("Non-authoritative answer")
            && !text.contains("canonical name = ")
            && !text.starts_with(";;")
            && !text.contains(" = ")
            && !text.starts_with("Authoritative answers")
        {
            parsed.problem(document, line.number, "expected an answer of a lookup; line skipped");
        }
    }
    emit(document, &mut parsed, open);
    parsed
}

fn emit(document: &Document<'_>, parsed: &mut Parsed, open: Option<(Line<'_>, Line<'_>, NameLookup)>) {
    if let Some((first, last, mut found)) = open {
        found.container = document.container.clone();
        parsed.fact(document, first, last, found);
    }
}
