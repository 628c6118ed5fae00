//! Counters of the kernel: `nstat` (text and `-j`), `netstat -s`, /proc/net/snmp, snmp6, netstat, sockstat, and `conntrack -S`.

use bundlescope_facts::{Counter, Text};

use crate::document::{Document, Line, Parsed};
use crate::format::{Format, Hint, Match};
use crate::json;
use crate::words::{self, Words};

/// `nstat`, /proc/net/snmp6, /proc/net/dev_snmp6/*.
pub(crate) static NSTAT: Format =
    Format { name: "nstat", collect: "nstat -az", kinds: &["counter"], detect: detect_nstat, parse: parse_nstat };

/// `nstat -j`.
pub(crate) static NSTAT_JSON: Format = Format {
    name: "nstat-json",
    collect: "nstat -az -j",
    kinds: &["counter"],
    detect: detect_nstat_json,
    parse: parse_nstat_json,
};

/// `netstat -s`.
pub(crate) static NETSTAT_S: Format =
    Format { name: "netstat-s", collect: "netstat -s", kinds: &["counter"], detect: detect_s, parse: parse_s };

/// /proc/net/snmp and /proc/net/netstat.
pub(crate) static PROC_SNMP: Format = Format {
    name: "proc-net-snmp",
    collect: "cat /proc/net/snmp /proc/net/netstat",
    kinds: &["counter"],
    detect: detect_snmp,
    parse: parse_snmp,
};

/// /proc/net/sockstat and sockstat6.
pub(crate) static SOCKSTAT: Format = Format {
    name: "sockstat",
    collect: "cat /proc/net/sockstat",
    kinds: &["counter"],
    detect: detect_sockstat,
    parse: parse_sockstat,
};

/// `conntrack -S`.
pub(crate) static CONNTRACK_S: Format = Format {
    name: "conntrack-S",
    collect: "conntrack -S",
    kinds: &["counter"],
    detect: detect_conntrack,
    parse: parse_conntrack,
};

fn emit(
    document: &Document<'_>,
    parsed: &mut Parsed,
    lines: (Line<'_>, Line<'_>),
    scope: Option<Text>,
    of: (&str, i64),
) {
    let counter = Counter { name: of.0.into(), scope, value: of.1, container: document.container.clone() };
    parsed.fact(document, lines.0, lines.1, counter);
}

/// `TcpRetransSegs  12  0.0`; snmp6 has no rate.
fn nstat(line: &str) -> Option<(&str, i64)> {
    let mut words = line.split_ascii_whitespace();
    let name = words.next().filter(|name| name.starts_with(|c: char| c.is_ascii_uppercase()))?;
    let good = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') && name.len() > 3;
    let value = words.next()?.parse().ok()?;
    let rate = words.next().is_none_or(|rate| rate.contains('.') && rate.parse::<f64>().is_ok());
    (good && rate && words.next().is_none()).then_some((name, value))
}

fn detect_nstat(hint: &Hint<'_>) -> Match {
    let known = ["Ip", "Tcp", "Udp", "Icmp"];
    let content = hint.head.starts_with("#kernel")
        || words::most_lines(hint.head, |line| {
            nstat(line).is_some_and(|(name, _)| known.iter().any(|start| name.starts_with(start)))
        });
    let file = hint.subject == "/proc/net/snmp6" || hint.subject.starts_with(DEV_SNMP6);
    Match::of(content, words::subject_is(hint.subject, &["nstat"]) || file)
}

/// A file for each interface, with the interface's number above the counters.
const DEV_SNMP6: &str = "/proc/net/dev_snmp6/";

fn parse_nstat(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    for line in document.lines().filter(|line| !line.text.trim().is_empty() && !line.text.starts_with('#')) {
        match nstat(line.text) {
            _ if line.text.starts_with("ifIndex") => {}
            Some(counter) => emit(document, &mut parsed, (line, line), None, counter),
            None => parsed.problem(document, line.number, "expected a counter and its value; line skipped"),
        }
    }
    parsed
}

fn detect_nstat_json(hint: &Hint<'_>) -> Match {
    let content = hint.head.trim_start().starts_with('{')
        && json::first_record(hint.head).is_some_and(|record| record.has("kernel"))
        && (hint.head.contains("\"IpInReceives\"") || hint.head.contains("\"Tcp"));
    Match::of(content, words::subject_is(hint.subject, &["nstat"]))
}

fn parse_nstat_json(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    json::read(document, &mut parsed, |record, parsed| {
        for (name, value) in record.object("kernel").entries() {
            let Some(number) = value.value().as_int() else { continue };
            let counter =
                Counter { name: name.into(), scope: None, value: number, container: document.container.clone() };
            parsed.facts.push(bundlescope_facts::Fact::new(value.source(), counter));
        }
    });
    parsed
}

/// Headings of `netstat -s` (statistics.c).
const PROTOCOLS: &[&str] = &[
    "Ip", "Ip6", "Icmp", "Icmp6", "IcmpMsg", "Tcp", "Udp", "Udp6", "UdpLite", "UdpLite6", "TcpExt", "IpExt",
    "MPTcpExt", "Sctp",
];

fn heading(line: &str) -> Option<&str> {
    line.trim_end().strip_suffix(':').filter(|name| PROTOCOLS.contains(name))
}

fn detect_s(hint: &Hint<'_>) -> Match {
    let mut lines = hint.head.lines().filter(|line| !line.trim().is_empty() && !line.starts_with("error parsing"));
    let content = lines.next().is_some_and(|line| heading(line).is_some())
        && lines.next().is_some_and(|line| line.starts_with(' '));
    Match::of(content, words::subject_is(hint.subject, &["netstat"]))
}

/// `    12 segments retransmitted`, `    TCPLostRetransmit: 1`, `        echo requests: 4` below `    ICMP input histogram:`, and sentences
/// with the number inside (`Quick ack mode was activated 9 times`, `Detected reordering 2 times using time stamp`).
fn parse_s(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut protocol: Option<(Line<'_>, &str)> = None;
    let mut histogram: Option<&str> = None;
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        if let Some(name) = heading(line.text) {
            (protocol, histogram) = (Some((line, name)), None);
            continue;
        }
        let text = line.text.trim();
        let deep = line.text.starts_with("        ");
        if !deep {
            histogram = None;
        }
        if let Some(name) = text.strip_suffix(" histogram:").or_else(|| text.strip_suffix("histogramm:")) {
            histogram = Some(name);
            continue;
        }
        let Some((first, name)) = protocol.filter(|_| line.text.starts_with([' ', '\t'])) else {
            if !line.text.starts_with("error parsing") {
                parsed.problem(document, line.number, "expected a heading such as `Tcp:`; line skipped");
            }
            continue;
        };
        // `Forwarding: 1` with a value, or a sentence around one number.
        let named = text.rsplit_once(':').and_then(|(name, value)| Some((name.to_owned(), value.trim().parse().ok()?)));
        let Some((counter, value)) = named.or_else(|| sentence(text)) else {
            parsed.problem(document, line.number, "expected a counter and its value; line skipped");
            continue;
        };
        let counter = histogram.map_or(counter.clone(), |histogram| format!("{histogram}: {counter}"));
        emit(document, &mut parsed, (first, line), Some(name.into()), (&counter, value));
    }
    parsed
}

/// The sentence without its first number.
fn sentence(text: &str) -> Option<(String, i64)> {
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let at = words.iter().position(|word| word.parse::<i64>().is_ok())?;
    let value = words.get(at)?.parse().ok()?;
    let rest: Vec<&str> = words.iter().enumerate().filter(|(index, _)| *index != at).map(|(_, word)| *word).collect();
    (!rest.is_empty()).then(|| (rest.join(" "), value))
}

/// `Tcp: RtoAlgorithm RtoMin …` and below it `Tcp: 1 200 …`.
fn detect_snmp(hint: &Hint<'_>) -> Match {
    let mut lines = hint.head.lines();
    let pair = lines.next().zip(lines.next());
    let content = pair.is_some_and(|(names, values)| same_protocol(names, values).is_some());
    Match::of(content, matches!(hint.subject, "/proc/net/snmp" | "/proc/net/netstat"))
}

/// The protocol, the names and the values of two lines of which the first names what the second counts.
fn same_protocol<'a>(names: &'a str, values: &'a str) -> Option<(&'a str, &'a str, &'a str)> {
    let (protocol, names) = names.split_once(": ")?;
    let (same, values) = values.split_once(": ")?;
    let named = !names.starts_with(|c: char| c.is_ascii_digit() || c == '-');
    (protocol == same && PROTOCOLS.contains(&protocol) && named).then_some((protocol, names, values))
}

fn pair_of<'a>(names: &'a str, values: &'a str) -> Option<(&'a str, Vec<(&'a str, i64)>)> {
    let (protocol, names, values) = same_protocol(names, values)?;
    let names: Vec<&str> = names.split_ascii_whitespace().collect();
    let values: Option<Vec<i64>> = values.split_ascii_whitespace().map(saturating).collect();
    let values = values.filter(|values| values.len() == names.len())?;
    Some((protocol, names.into_iter().zip(values).collect()))
}

/// Counters are unsigned; those beyond what a number holds here saturate.
fn saturating(word: &str) -> Option<i64> {
    word.parse::<i64>().ok().or_else(|| word.parse::<u64>().ok().map(|_| i64::MAX))
}

fn parse_snmp(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut names: Option<Line<'_>> = None;
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        match names.take() {
            None => names = Some(line),
            Some(first) => match pair_of(first.text, line.text) {
                Some((protocol, counters)) => {
                    for counter in counters {
                        emit(document, &mut parsed, (first, line), Some(protocol.into()), counter);
                    }
                }
                None => {
                    parsed.problem(
                        document,
                        first.number,
                        "expected the names of counters and their values below them",
                    );
                    // Of a pair that does not fit both lines are left out; a line of another protocol begins the next one.
                    names = same_protocol(first.text, line.text).is_none().then_some(line);
                }
            },
        }
    }
    if let Some(line) = names {
        parsed.problem(document, line.number, "names of counters without values");
    }
    parsed
}

/// `TCP: inuse 4 orphan 0 tw 4 alloc 8 mem 1`.
fn sockstat(line: &str) -> Option<(&str, Vec<(&str, i64)>)> {
    let (scope, rest) = line.split_once(": ")?;
    let words: Vec<&str> = rest.split_ascii_whitespace().collect();
    let (pairs, left) = words.as_chunks::<2>();
    let counters: Option<Vec<_>> = pairs.iter().map(|[name, value]| Some((*name, value.parse().ok()?))).collect();
    let named = counters?;
    (left.is_empty() && !named.is_empty() && scope.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        .then_some((scope, named))
}

fn detect_sockstat(hint: &Hint<'_>) -> Match {
    let content = words::most_lines(hint.head, |line| {
        sockstat(line).is_some_and(|(_, counters)| matches!(counters.first(), Some(("used" | "inuse", _))))
    });
    Match::of(content, hint.subject.starts_with("/proc/net/sockstat"))
}

fn parse_sockstat(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        let Some((scope, counters)) = sockstat(line.text) else {
            parsed.problem(document, line.number, "expected a protocol and its counters; line skipped");
            continue;
        };
        for counter in counters {
            emit(document, &mut parsed, (line, line), Some(scope.into()), counter);
        }
    }
    parsed
}

/// `cpu=0   found=0 invalid=0 insert=0 …`; up to conntrack-tools 1.2 one block, each line a name and a number.
fn detect_conntrack(hint: &Hint<'_>) -> Match {
    let content = words::most_lines(hint.head, |line| line.starts_with("cpu=") && line.contains("insert_failed="));
    Match::of(content, words::subject_is(hint.subject, &["conntrack"]))
}

fn parse_conntrack(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        let mut words = Words::new(line.text);
        let Some(scope) = words.next().filter(|word| word.starts_with("cpu=")) else {
            parsed.problem(document, line.number, "expected the counters of a processor; line skipped");
            continue;
        };
        for word in words {
            match word.split_once('=').and_then(|(name, value)| Some((name, value.parse().ok()?))) {
                Some(counter) => emit(document, &mut parsed, (line, line), Some(scope.into()), counter),
                None => parsed.problem(document, line.number, "a counter without a number"),
            }
        }
    }
    parsed
}
