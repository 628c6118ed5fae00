//! `vmstat` with its intervals, narrow, wide (`-w`), with `-a` and `-t`.

use bundlescope_facts::Activity;

use crate::document::{Document, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words;

use super::units::fraction;

/// The format.
pub(crate) static VMSTAT: Format =
    Format { name: "vmstat", collect: "vmstat 1 5", kinds: &["activity"], detect, parse };

/// ` r  b   swpd   free   buff  cache   si   so    bi    bo   in   cs us sy id wa st`.
fn titles(line: &str) -> Option<Vec<&str>> {
    // German, French, Spanish and Portuguese translate four of them.
    let title = |word| match word {
        "frei" | "libre" | "livre" => "free",
        "tampon" | "búf" => "buff",
        "Cache" | "caché" => "cache",
        word => word,
    };
    let titles: Vec<&str> = line.split_ascii_whitespace().map(title).collect();
    (titles.starts_with(&["r", "b", "swpd", "free"]) && titles.len() < 40).then_some(titles)
}

/// The line of groups above the titles.
fn groups(line: &str) -> bool {
    line.trim_start_matches('-').starts_with("procs") && line.contains("--")
}

fn detect(hint: &Hint<'_>) -> Match {
    let content = hint.head.lines().take(8).any(|line| titles(line).is_some());
    match (content, words::subject_is(hint.subject, &["vmstat"])) {
        (true, true) => Match::Both,
        (true, false) => Match::Content,
        _ => Match::No,
    }
}

/// Bytes in a unit: `-S k`, `-S K`, `-S m`, `-S M`; kibibytes otherwise.
fn unit(subject: &str) -> u64 {
    let mut words = subject.split_ascii_whitespace();
    let unit = words.by_ref().find(|word| word.starts_with("-S")).map(|word| match word {
        "-S" => words.next().unwrap_or_default(),
        joined => &joined[2..],
    });
    match unit {
        Some("k") => 1000,
        Some("m") => 1_000_000,
        Some("M") => 1 << 20,
        _ => 1024,
    }
}

fn row(titles: &[&str], line: &str, unit: u64) -> Option<Activity> {
    let cells: Vec<&str> = line.split_ascii_whitespace().collect();
    // The stamp of `-t` is a date and a time below one title.
    let extra = cells.len().checked_sub(titles.len())?;
    if extra > 1 || (extra == 1 && !cells.last()?.contains(':')) {
        return None;
    }
    let mut found = Activity::default();
    let mut zone_or_end = titles.len();
    if extra == 1 {
        zone_or_end -= 1;
    }
    for (title, cell) in titles.iter().zip(&cells).take(zone_or_end) {
        let number = || cell.parse::<u64>().ok();
        let bytes = || number()?.checked_mul(unit);
        match *title {
            "r" => found.runnable = Some(cell.parse().ok()?),
            "b" => found.blocked = Some(cell.parse().ok()?),
            "swpd" => found.swap_used = Some(bytes()?),
            "free" => found.free = Some(bytes()?),
            "si" => found.swap_in = Some(bytes()?),
            "so" => found.swap_out = Some(bytes()?),
            "bi" => found.blocks_in = Some(number()?),
            "bo" => found.blocks_out = Some(number()?),
            "us" => found.user = Some(fraction(cell)?),
            "sy" => found.system = Some(fraction(cell)?),
            "id" => found.idle = Some(fraction(cell)?),
            "wa" => found.io_wait = Some(fraction(cell)?),
            "st" => found.stolen = Some(fraction(cell)?),
            _ => {
                number()?;
            }
        }
    }
    Some(found)
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let unit = unit(&document.subject);
    let mut current = None;
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        if let Some(found) = titles(line.text) {
            current = Some(found);
        } else if !groups(line.text) {
            match current.as_ref().and_then(|titles| row(titles, line.text, unit)) {
                Some(found) => {
                    parsed.line_fact(document, line, Activity { container: document.container.clone(), ..found });
                }
                None => parsed.problem(document, line.number, "expected a number below each title; line skipped"),
            }
        }
    }
    parsed
}
