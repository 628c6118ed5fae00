//! ntpd's tools: `ntpq -p` (also `-pn`, `-w`; NTPsec's too), `ntpq -c rv`, `ntpstat`, `ntptime`.

use bundlescope_facts::{ClockSync, Text, TimeSource};

use crate::document::{Document, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words;

/// `ntpq -p`.
pub(crate) static PEERS: Format = Format {
    name: "ntpq-peers",
    collect: "ntpq -pn",
    kinds: &["time_source"],
    detect: detect_peers,
    parse: parse_peers,
};

/// `ntpstat`, `ntpq -c rv`, `ntptime`.
pub(crate) static STATUS: Format = Format {
    name: "ntp-status",
    collect: "ntpstat",
    kinds: &["clock_sync"],
    detect: detect_status,
    parse: parse_status,
};

/// A time with its unit: `-479ns`, `+7161us`, `43ms`, `5.386ms`, `2s`. A number alone is of seconds.
pub(crate) fn seconds(text: &str) -> Option<f64> {
    let text = text.trim();
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == 'µ');
    let power = match &text[number.len()..] {
        "" | "s" => 0,
        "ms" => -3,
        "us" | "µs" => -6,
        "ns" => -9,
        _ => return None,
    };
    // Only digits may follow here, as `inf` and exponents would be read too.
    let plain = number.trim_start_matches(['+', '-']).bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let value: f64 = format!("{number}e{power}").parse().ok()?;
    plain.then_some(value)
}

fn is_title(line: &str) -> bool {
    let mut words = line.split_ascii_whitespace();
    words.next() == Some("remote") && words.next() == Some("refid") && line.contains("reach")
}

/// `*44.190.6.254    127.67.113.92    2 u    1   64    1   23.399   -2.805   2.131`. Names are cut, and may end with a blank and a
/// part of a word, so the columns are told from the right.
fn peer(line: &str) -> Option<TimeSource> {
    let state = match line.chars().next()? {
        ' ' => "unusable",
        'x' => "falseticker",
        '.' | '#' => "excess",
        '-' => "outlier",
        '+' => "combined",
        '*' => "selected",
        'o' => "pps",
        _ => return None,
    };
    let mut words: Vec<&str> = line[1..].split_ascii_whitespace().collect();
    if words.len() < 10 {
        return None;
    }
    let mut numbers = words.split_off(words.len() - 9).into_iter();
    let refid = numbers.next()?;
    let stratum: u64 = numbers.next()?.parse().ok()?;
    let mode = match numbers.next()? {
        "u" => "server",
        "s" => "symmetric",
        "p" => "pool",
        "l" => "local",
        "b" | "B" => "broadcast",
        "m" | "M" | "a" | "A" => "multicast",
        "-" => "unknown",
        _ => return None,
    };
    let age = |word: &str| word == "-" || word.trim_end_matches(['m', 'h', 'd', 'y']).parse::<u64>().is_ok();
    numbers.next().filter(|when| age(when))?;
    numbers.next().filter(|poll| age(poll))?;
    let reach = numbers.next().filter(|reach| reach.len() <= 3 && u16::from_str_radix(reach, 8).is_ok())?;
    // Milliseconds; NTPsec may print a unit.
    let mut time = || {
        let word = numbers.next()?;
        if word.ends_with('s') { seconds(word) } else { seconds(&format!("{word}ms")) }
    };
    let (_, offset, error) = (time()?, time()?, time()?);
    let name = words.join(" ");
    Some(TimeSource {
        address: name.parse().ok(),
        name: name.into(),
        mode: mode.into(),
        state: state.into(),
        refid: Some(refid.into()),
        stratum: Some(stratum),
        reach: Some(reach.into()),
        // ntpq tells how far the source is ahead of the clock.
        offset: Some(0.0 - offset),
        error: Some(error),
    })
}

fn detect_peers(hint: &Hint<'_>) -> Match {
    let content = hint.head.lines().take(10).any(is_title);
    Match::of(content, words::subject_is(hint.subject, &["ntpq"]))
}

fn parse_peers(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut inside = false;
    let mut wrapped = None;
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        let text = line.text.trim_end();
        if is_title(text) {
            inside = true;
            continue;
        }
        if !inside || text.trim_matches('=').is_empty() {
            continue;
        }
        // `-w` breaks the line behind a long name.
        if wrapped.is_none() && text.split_ascii_whitespace().count() == 1 {
            wrapped = Some(line);
            continue;
        }
        let (first, whole) = match wrapped.take() {
            Some(before) => (before, format!("{} {}", before.text.trim_end(), text.trim())),
            None => (line, text.to_owned()),
        };
        match peer(&whole) {
            Some(found) => parsed.fact(document, first, line, found),
            None => parsed.problem(
                document,
                line.number,
                "expected a peer with refid, stratum, reach, delay, offset and jitter; line skipped",
            ),
        }
    }
    if let Some(line) = wrapped {
        parsed.problem(document, line.number, "a peer without its numbers; line skipped");
    }
    parsed
}

fn detect_status(hint: &Hint<'_>) -> Match {
    let first = hint.head.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let stat =
        (first.starts_with("synchronised to ") || first == "unsynchronised" || first.starts_with("unsynchronised"))
            && first.len() < 100;
    let variables =
        (first.starts_with("associd=0 status=") || first.starts_with("assID=0 status=")) && hint.head.contains("leap");
    let time = first.starts_with("ntp_gettime() returns code ");
    let named = ["ntpstat", "ntptime", "ntpq"].iter().any(|program| words::subject_is(hint.subject, &[program]));
    Match::of(stat || variables || time, named)
}

fn parse_status(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut clock = ClockSync::default();
    let mut bounds = None;
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        let text = line.text.trim();
        let read = if clock.source.is_empty() { begin(&mut clock, text) } else { go_on(&mut clock, text) };
        if !read {
            parsed.problem(document, line.number, "not a line that ntpstat, ntpq or ntptime prints; line skipped");
            continue;
        }
        bounds = Some((bounds.map_or(line, |(first, _)| first), line));
    }
    if let Some((first, last)) = bounds {
        parsed.fact(document, first, last, clock);
    }
    parsed
}

/// The first line, which tells the program.
fn begin(clock: &mut ClockSync, text: &str) -> bool {
    if let Some(rest) = text.strip_prefix("synchronised to ") {
        clock.source = "ntpstat".into();
        clock.synchronized = Some(true);
        // `NTP server (10.0.0.1) at stratum 3`, `local net at stratum 11`.
        let (reference, stratum) = rest.split_once(" at stratum ").unwrap_or((rest, ""));
        let inner = reference.split_once('(').and_then(|(_, inner)| inner.split_once(')'));
        clock.reference = Some(inner.map_or(reference, |(inner, _)| inner).trim_end_matches(',').into());
        clock.stratum = stratum.trim().parse().ok();
        true
    } else if text.starts_with("unsynchronised") {
        clock.source = "ntpstat".into();
        clock.synchronized = Some(false);
        true
    } else if text.starts_with("ntp_gettime() returns code ") {
        clock.source = "ntptime".into();
        true
    } else if text.starts_with("associd=") || text.starts_with("assID=") {
        clock.source = "ntpq".into();
        if text.contains("leap_alarm") || text.contains("sync_unspec") {
            clock.synchronized = Some(false);
        } else if text.contains("sync_") {
            clock.synchronized = Some(true);
        }
        true
    } else {
        false
    }
}

fn go_on(clock: &mut ClockSync, text: &str) -> bool {
    match &*clock.source {
        "ntptime" => {
            if let Some((_, inner)) = text.split_once("status 0x").and_then(|(_, rest)| rest.split_once('(')) {
                let unsynchronised = inner.split([',', ')']).any(|word| word == "UNSYNC");
                clock.synchronized = Some(!unsynchronised);
            }
            true
        }
        "ntpq" => {
            for pair in text.split(", ").map(|pair| pair.trim_end_matches(',')) {
                let Some((key, value)) = pair.split_once('=') else { continue };
                let value = value.trim_matches('"');
                match key.trim() {
                    "leap" => {
                        clock.leap = Some(value.into());
                        if value == "11" {
                            clock.synchronized = Some(false);
                        }
                    }
                    "stratum" => clock.stratum = value.parse().ok(),
                    "refid" => clock.reference = Some(Text::from(value)),
                    "offset" => clock.offset = seconds(&format!("{value}ms")).map(|offset| 0.0 - offset),
                    _ => {}
                }
            }
            true
        }
        _ => ["time correct to within", "polling server every", "time server", "unknown", "clock source"]
            .iter()
            .any(|start| text.starts_with(start)),
    }
}
