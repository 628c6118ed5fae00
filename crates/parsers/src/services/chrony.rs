//! `chronyc sources` (also `-v`, `-n`, and `-c` with commas), `sourcestats` and `tracking`; chrony 1.29 to 4.6.

use bundlescope_facts::{ClockSync, Text, TimeSource, TimeSourceStatistics};

use super::ntp::seconds;
use crate::document::{Document, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words::{self, Words};

/// `chronyc sources`.
pub(crate) static SOURCES: Format = Format {
    name: "chronyc-sources",
    collect: "chronyc -n sources",
    kinds: &["time_source"],
    detect: detect_sources,
    parse: parse_sources,
};

/// `chronyc sourcestats`.
pub(crate) static SOURCE_STATS: Format = Format {
    name: "chronyc-sourcestats",
    collect: "chronyc -n sourcestats",
    kinds: &["time_source_statistics"],
    detect: detect_stats,
    parse: parse_stats,
};

/// `chronyc tracking`.
pub(crate) static TRACKING: Format = Format {
    name: "chronyc-tracking",
    collect: "chronyc tracking",
    kinds: &["clock_sync"],
    detect: detect_tracking,
    parse: parse_tracking,
};

fn is_sources_title(line: &str) -> bool {
    line.starts_with("MS Name/IP address") && line.contains("Reach")
}

fn is_stats_title(line: &str) -> bool {
    line.starts_with("Name/IP Address") && line.contains("Std Dev")
}

/// The mode and state in the first two characters of a row.
fn signs(mode: char, state: char) -> Option<(&'static str, &'static str)> {
    let mode = match mode {
        '^' => "server",
        '=' => "peer",
        '#' => "local",
        _ => return None,
    };
    let state = match state {
        '*' => "selected",
        '+' => "combined",
        '-' => "not_combined",
        'x' => "falseticker",
        '~' => "variable",
        '?' => "unusable",
        _ => return None,
    };
    Some((mode, state))
}

fn is_octal(word: &str) -> bool {
    word.len() <= 3 && !word.is_empty() && word.bytes().all(|byte| (b'0'..b'8').contains(&byte))
}

/// `^* 10.64.108.95   2  10   377   371    -91us[ -128us] +/-   30ms`.
fn source(line: &str) -> Option<TimeSource> {
    let mut characters = line.chars();
    let (mode, state) = signs(characters.next()?, characters.next()?)?;
    let mut words = Words::new(characters.as_str());
    let name = words.next()?;
    let stratum = words.next()?.parse().ok()?;
    words.next()?.parse::<i32>().ok()?;
    let reach = words.next().filter(|word| is_octal(word))?;
    words.next()?;
    let (adjusted, rest) = words.rest().split_once('[')?;
    let (measured, error) = rest.split_once(']')?;
    seconds(adjusted)?;
    Some(TimeSource {
        name: name.into(),
        address: name.parse().ok(),
        mode: mode.into(),
        state: state.into(),
        refid: None,
        stratum: Some(stratum),
        reach: Some(reach.into()),
        offset: Some(seconds(measured)?),
        error: Some(seconds(error.trim().strip_prefix("+/-")?)?),
    })
}

/// `^,*,10.64.108.95,2,10,377,371,-0.000091,-0.000128,0.03` of `chronyc -c`.
fn separated(line: &str) -> Option<TimeSource> {
    let cells: Vec<&str> = line.trim().split(',').collect();
    let [mode, state, name, stratum, _, reach, _, _, measured, error] = cells[..] else { return None };
    let sign = |cell: &str| cell.chars().next().filter(|_| cell.len() == 1);
    let (mode, state) = signs(sign(mode)?, sign(state)?)?;
    Some(TimeSource {
        name: name.into(),
        address: name.parse().ok(),
        mode: mode.into(),
        state: state.into(),
        refid: None,
        stratum: Some(stratum.parse().ok()?),
        reach: Some(Text::from(reach)).filter(|reach| is_octal(reach)),
        offset: Some(measured.parse().ok()?),
        error: Some(error.parse().ok()?),
    })
}

fn detect_sources(hint: &Hint<'_>) -> Match {
    let titled = hint.head.lines().take(20).any(is_sources_title);
    let content = titled || words::most_lines(hint.head, |line| separated(line).is_some());
    Match::of(content, words::subject_is(hint.subject, &["chronyc", "sources"]))
}

/// What is no row: the answer's number, a rule, the drawing that `-v` prints.
fn is_decoration(line: &str) -> bool {
    line.starts_with("210 Number of sources") || line.trim_matches('=').is_empty()
}

fn parse_sources(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let titled = document.lines().any(|line| is_sources_title(line.text));
    // Above the titles `-v` explains the columns.
    let mut inside = !titled;
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        let text = line.text.trim_end();
        if is_sources_title(text) {
            inside = true;
            continue;
        }
        if !inside || is_decoration(text) {
            continue;
        }
        match source(text).or_else(|| separated(text)) {
            Some(found) => parsed.line_fact(document, line, found),
            None => parsed.problem(
                document,
                line.number,
                "expected a source such as `^* 10.0.0.1 2 10 377 371 -91us[-128us] +/- 30ms`; line skipped",
            ),
        }
    }
    parsed
}

fn detect_stats(hint: &Hint<'_>) -> Match {
    let content = hint.head.lines().take(20).any(is_stats_title);
    Match::of(content, words::subject_is(hint.subject, &["chronyc", "sourcestats"]))
}

fn statistics(line: &str) -> Option<TimeSourceStatistics> {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let [name, samples, _, _, _, _, offset, deviation] = words[..] else { return None };
    Some(TimeSourceStatistics {
        name: name.into(),
        samples: samples.parse().ok()?,
        offset: Some(seconds(offset)?),
        deviation: Some(seconds(deviation)?),
    })
}

fn parse_stats(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut inside = false;
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        let text = line.text.trim_end();
        if is_stats_title(text) {
            inside = true;
        } else if inside && !is_decoration(text) {
            match statistics(text) {
                Some(found) => parsed.line_fact(document, line, found),
                None => parsed.problem(document, line.number, "expected a source and its seven numbers; line skipped"),
            }
        }
    }
    parsed
}

fn detect_tracking(hint: &Hint<'_>) -> Match {
    let has = |key: &str| hint.head.lines().any(|line| line.starts_with(key));
    let content = has("Reference ID ") && has("Leap status") && has("System time");
    Match::of(content, words::subject_is(hint.subject, &["chronyc", "tracking"]))
}

fn parse_tracking(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut clock = ClockSync { source: "chronyc".into(), ..ClockSync::default() };
    let mut bounds = None;
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        let Some((key, value)) = line.text.split_once(':') else {
            parsed.problem(document, line.number, "expected a property such as `Stratum : 2`; line skipped");
            continue;
        };
        let value = value.trim();
        let good = match key.trim() {
            // `0A000001 (ntp.example.com)`, before chrony 3 `10.0.0.1 (ntp.example.com)`.
            "Reference ID" => {
                let (id, name) = value.split_once(" (").unwrap_or((value, ""));
                let name = name.trim_end_matches(')').trim();
                clock.reference = Some(if name.is_empty() { id.into() } else { name.into() });
                true
            }
            "Stratum" => {
                clock.stratum = value.parse().ok();
                clock.stratum.is_some()
            }
            // `0.000012 seconds fast of NTP time`.
            "System time" => {
                let mut words = value.split_ascii_whitespace();
                let number = words.next().and_then(|word| word.parse::<f64>().ok());
                clock.offset = match words.nth(1) {
                    Some("fast") => number,
                    Some("slow") => number.map(|number| -number),
                    _ => None,
                };
                clock.offset.is_some()
            }
            "Leap status" => {
                clock.leap = Some(value.into());
                clock.synchronized = Some(!value.starts_with("Not synchroni"));
                true
            }
            _ => true,
        };
        if !good {
            parsed.problem(document, line.number, format!("cannot read the value of `{}`", key.trim()));
        }
        bounds = Some((bounds.map_or(line, |(first, _)| first), line));
    }
    if let Some((first, last)) = bounds {
        parsed.fact(document, first, last, clock);
    }
    parsed
}
