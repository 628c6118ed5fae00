//! `tc qdisc`, also with `-s`, as text; iproute2 3 to 6 (`tc/tc_qdisc.c`).

use bundlescope_facts::Qdisc;

use crate::document::{Document, Line, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words::{self, Words};

/// The format.
pub(crate) static QDISC: Format = Format { name: "tc-qdisc", collect: "tc -s qdisc", kinds: &["qdisc"], detect, parse };

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
    (!found.interface.is_empty()).then_some(found)
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
            open = Some((line, line, Qdisc { container: document.container.clone(), ..found }));
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
