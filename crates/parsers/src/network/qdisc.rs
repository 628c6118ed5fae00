//! `tc qdisc`, also with `-s`, as text and as JSON; iproute2 3 to 6 (`tc/tc_qdisc.c`).

use bundlescope_facts::{Fact, Qdisc};

use crate::document::{Document, Line, Parsed};
use crate::format::{Format, Hint, Match};
use crate::json;
use crate::words::{self, Words};

/// The format.
pub(crate) static QDISC: Format = Format { name: "tc-qdisc", collect: "tc -s qdisc", kinds: &["qdisc"], detect, parse };

/// `tc -j qdisc`.
pub(crate) static QDISC_JSON: Format = Format {
    name: "tc-qdisc-json",
    collect: "tc -s -j qdisc",
    kinds: &["qdisc"],
    detect: detect_json,
    parse: parse_json,
};

fn detect_json(hint: &Hint<'_>) -> Match {
    let content = hint.head.trim_start().starts_with('[')
        && json::first_record(hint.head)
            .is_some_and(|record| record.has("kind") && record.has("handle") && record.has("refcnt"));
    Match::of(content, words::subject_is(hint.subject, &["tc"]))
}

/// Options differ with the kind, and are left out.
fn parse_json(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    json::read(document, &mut parsed, |record, parsed| {
        let (Some(discipline), Some(handle)) = (record.text("kind"), record.text("handle")) else {
            parsed.problem(
                document,
                record.source().first_line,
                "expected a queueing discipline with `kind` and `handle`",
            );
            return;
        };
        let interface = record.text("dev").or_else(|| asked(&document.subject).map(Into::into)).unwrap_or_default();
        let found = Qdisc {
            interface,
            discipline,
            handle,
            parent: record.text("parent"),
            options: None,
            bytes: record.int("bytes"),
            packets: record.int("packets"),
            dropped: record.int("drops"),
            overlimits: record.int("overlimits"),
            backlog: record.int("qlen"),
            container: document.container.clone(),
        };
        parsed.facts.push(Fact::new(record.source(), found));
    });
    parsed
}

fn detect(hint: &Hint<'_>) -> Match {
    let content = hint.head.lines().find(|line| !line.trim().is_empty()).is_some_and(|line| head(line).is_some());
    Match::of(content, words::subject_is(hint.subject, &["tc"]))
}

/// `qdisc fq_codel 8001: dev eth0 root refcnt 2 limit 10240p …`.
fn head(line: &str) -> Option<Qdisc> {
    let mut words = Words::new(line);
    if words.next()? != "qdisc" {
        return None;
    }
    let (discipline, handle) = (words.next()?, words.next().filter(|word| word.ends_with(':'))?);
    let mut found = Qdisc { discipline: discipline.into(), handle: handle.into(), ..Qdisc::default() };
    words.eat("[Unknown");
    loop {
        match words.peek()? {
            "dev" => {
                words.next();
                found.interface = words.next()?.into();
            }
            "root" => drop(words.next()),
            "parent" => {
                words.next();
                found.parent = words.next().map(Into::into);
            }
            "deleted" | "offloaded" | "ingress_block" | "egress_block" => drop(words.next()),
            "refcnt" => {
                words.next();
                words.next();
            }
            _ => break,
        }
        if words.peek().is_none() {
            break;
        }
    }
    found.options = Some(words.rest()).filter(|rest| !rest.is_empty()).map(Into::into);
    Some(found)
}

/// The device that `tc qdisc show dev DEV` was asked for; its rows do not name it.
fn asked(subject: &str) -> Option<&str> {
    let mut words = subject.split_ascii_whitespace().skip_while(|word| *word != "dev");
    words.nth(1)
}

/// ` Sent 294766 bytes 2843 pkt (dropped 0, overlimits 0 requeues 0)`.
fn sent(found: &mut Qdisc, text: &str) -> Option<()> {
    let words: Vec<&str> = text.split(|c: char| c.is_ascii_whitespace() || "(),".contains(c)).collect();
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    let ["Sent", bytes, "bytes", packets, "pkt" | "pkts", rest @ ..] = words.as_slice() else { return None };
    (found.bytes, found.packets) = (Some(bytes.parse().ok()?), Some(packets.parse().ok()?));
    for (name, value) in rest.iter().zip(rest.iter().skip(1)) {
        match *name {
            "dropped" => found.dropped = value.parse().ok(),
            "overlimits" => found.overlimits = value.parse().ok(),
            _ => {}
        }
    }
    Some(())
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut open: Option<(Line<'_>, Line<'_>, Qdisc)> = None;
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        if let Some(found) = head(line.text) {
            if let Some((first, last, done)) = open.take() {
                parsed.fact(document, first, last, done);
            }
            let mut found = Qdisc { container: document.container.clone(), ..found };
            if let ("", Some(device)) = (&*found.interface, asked(&document.subject)) {
                found.interface = device.into();
            }
            open = Some((line, line, found));
        } else if let (Some((_, last, found)), true) = (&mut open, line.text.starts_with([' ', '\t'])) {
            *last = line;
            let text = line.text.trim();
            if text.starts_with("Sent ") && sent(found, text).is_none() {
                parsed.problem(document, line.number, "expected `Sent … bytes … pkt`; line skipped");
            }
            if let Some(rest) = text.strip_prefix("backlog ") {
                found.backlog =
                    rest.split_ascii_whitespace().nth(1).and_then(|packets| packets.strip_suffix('p')?.parse().ok());
            }
        } else {
            parsed.problem(document, line.number, "expected `qdisc KIND HANDLE: dev …`; line skipped");
        }
    }
    if let Some((first, last, done)) = open {
        parsed.fact(document, first, last, done);
    }
    parsed
}
