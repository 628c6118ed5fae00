//! Load averages and time since the boot: `uptime`, the first line of `w`, /proc/loadavg, /proc/uptime.

use bundlescope_facts::{Load, Uptime};

use crate::document::{Document, Line, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words;

use super::units::fraction;

/// `uptime` and `w`.
pub(crate) static UPTIME: Format = Format {
    name: "uptime",
    collect: "uptime",
    kinds: &["load", "uptime"],
    detect: detect_uptime,
    parse: parse_uptime,
};

/// /proc/loadavg.
pub(crate) static LOADAVG: Format = Format {
    name: "loadavg",
    collect: "cat /proc/loadavg",
    kinds: &["load"],
    detect: detect_loadavg,
    parse: parse_loadavg,
};

/// /proc/uptime: two numbers, so that only the path can tell.
pub(crate) static PROC_UPTIME: Format = Format {
    name: "proc-uptime",
    collect: "cat /proc/uptime",
    kinds: &["uptime"],
    detect: detect_seconds,
    parse: parse_seconds,
};

/// What the line of `uptime` and the first line of `top` say.
#[derive(Debug, PartialEq)]
pub(super) struct Status {
    pub(super) load: Load,
    pub(super) uptime: Uptime,
}

/// `10:25:20 up 16:03,  2 users,  load average: 0.00, 0.01, 0.05`; decimal commas of other languages are read too.
pub(super) fn status(line: &str) -> Option<Status> {
    let (front, averages) = line.split_once("load average")?;
    let averages = averages.trim_start_matches('s').strip_prefix(':')?;
    let mut load = averages.split_ascii_whitespace().map(|word| fraction(word.strip_suffix(',').unwrap_or(word)));
    let load = Load { one: load.next()??, five: load.next()??, fifteen: load.next()??, ..Load::default() };
    let at = front.find(" up ").map(|at| at + 4).or_else(|| front.strip_prefix("up ").map(|_| 3))?;
    let mut uptime = Uptime::default();
    let mut known = false;
    for part in front.get(at..)?.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let (number, unit) = part.split_once(' ').unwrap_or((part, ""));
        if let Some((hours, minutes)) = number.split_once(':') {
            uptime.seconds +=
                hours.parse::<u32>().ok().map(u64::from)? * 3600 + u64::from(minutes.parse::<u32>().ok()?) * 60;
            known = true;
            continue;
        }
        let count = number.parse::<u32>().ok()?;
        let unit = match unit.trim_start() {
            "user" | "users" => {
                uptime.users = Some(count);
                continue;
            }
            "day" | "days" | "day(s)" => 86_400,
            "hour" | "hours" | "hrs" | "hr" => 3600,
            "min" | "mins" | "minutes" | "minute" => 60,
            "week" | "weeks" => 7 * 86_400,
            "year" | "years" => 365 * 86_400,
            "decade" | "decades" => 3650 * 86_400,
            "sec" | "secs" | "second" | "seconds" => 1,
            _ => return None,
        };
        uptime.seconds += u64::from(count) * unit;
        known = true;
    }
    known.then_some(Status { load, uptime })
}

/// Adds both facts of a status line.
pub(super) fn emit(parsed: &mut Parsed, document: &Document<'_>, line: Line<'_>, status: Status) {
    let container = document.container.clone();
    parsed.line_fact(document, line, Load { container: container.clone(), ..status.load });
    parsed.line_fact(document, line, Uptime { container, ..status.uptime });
}

/// The titles of `w`, below which its rows of users stand.
fn users(line: &str) -> bool {
    line.trim_start().starts_with("USER ") && line.contains("LOGIN@")
}

fn detect_uptime(hint: &Hint<'_>) -> Match {
    let mut lines = hint.head.lines().filter(|line| !line.trim().is_empty());
    let first = lines.next().is_some_and(|line| status(line).is_some() && !line.starts_with("top - "));
    let content = first && lines.next().is_none_or(|line| users(line) || status(line).is_some());
    match (content, words::subject_is(hint.subject, &["uptime"]) || words::subject_is(hint.subject, &["w"])) {
        (true, true) => Match::Both,
        (true, false) => Match::Content,
        _ => Match::No,
    }
}

fn parse_uptime(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut in_users = false;
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        match status(line.text) {
            Some(status) => emit(&mut parsed, document, line, status),
            // Who is logged in is nobody's business here.
            None if in_users || users(line.text) => in_users = true,
            None => parsed.problem(
                document,
                line.number,
                "expected `… up …, load average: …` as uptime prints it; line skipped",
            ),
        }
    }
    parsed
}

/// `0.00 0.01 0.03 2/111 2039`.
fn averages(line: &str) -> Option<Load> {
    let mut words = line.split_ascii_whitespace();
    let mut next = || words.next().filter(|word| word.contains('.')).and_then(fraction);
    let load = Load { one: next()?, five: next()?, fifteen: next()?, ..Load::default() };
    let (running, tasks) = words.next()?.split_once('/')?;
    words.next()?.parse::<u32>().ok()?;
    words.next().is_none().then_some(Load {
        running: Some(running.parse().ok()?),
        tasks: Some(tasks.parse().ok()?),
        ..load
    })
}

/// The only line that holds anything.
fn only_line(head: &str) -> Option<&str> {
    let mut lines = head.lines().filter(|line| !line.trim().is_empty());
    lines.next().filter(|_| lines.next().is_none())
}

fn detect_loadavg(hint: &Hint<'_>) -> Match {
    let content = only_line(hint.head).is_some_and(|line| averages(line).is_some());
    match (content, hint.subject.ends_with("loadavg")) {
        (true, true) => Match::Both,
        (true, false) => Match::Content,
        _ => Match::No,
    }
}

fn parse_loadavg(document: &Document<'_>) -> Parsed {
    one_line(document, "expected three averages, `running/tasks` and a process id", |line| {
        averages(line).map(|load| Load { container: document.container.clone(), ..load })
    })
}

/// `46901.13 46856.66`.
fn seconds(line: &str) -> Option<Uptime> {
    let mut words = line.split_ascii_whitespace();
    let (up, idle) = (words.next()?, words.next()?);
    fraction(idle)?;
    let (whole, _) = up.split_once('.')?;
    fraction(up)?;
    words.next().is_none().then_some(Uptime { seconds: whole.parse().ok()?, ..Uptime::default() })
}

fn detect_seconds(hint: &Hint<'_>) -> Match {
    let content = only_line(hint.head).is_some_and(|line| seconds(line).is_some());
    let path = hint.subject == "/proc/uptime" || words::subject_is(hint.subject, &["uptime"]);
    if content && path { Match::Both } else { Match::No }
}

fn parse_seconds(document: &Document<'_>) -> Parsed {
    one_line(document, "expected two numbers of seconds", |line| {
        seconds(line).map(|uptime| Uptime { container: document.container.clone(), ..uptime })
    })
}

/// A document whose every line is one fact.
pub(super) fn one_line<T: Into<bundlescope_facts::Data>>(
    document: &Document<'_>,
    expected: &str,
    read: impl Fn(&str) -> Option<T>,
) -> Parsed {
    let mut parsed = Parsed::default();
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        match read(line.text) {
            Some(fact) => parsed.line_fact(document, line, fact),
            None => parsed.problem(document, line.number, format!("{expected}; line skipped")),
        }
    }
    parsed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_uptime() {
        let forms = [
            (" 10:25:20 up 16:03,  2 users,  load average: 0.00, 0.01, 0.05", 57_780, Some(2)),
            (" 19:43:06 up 2 days, 19:32,  1 user,  load average: 0.00, 0.00, 0.00", 243_120, Some(1)),
            ("top - 11:24:50 up 2 min,  2 users,  load average: 0.23, 0.22, 0.09", 120, Some(2)),
            (" 08:01:12 up 1 day,  5 min,  0 users,  load average: 1,20, 0,40, 0,10", 86_700, Some(0)),
            (" 01:36:02 up 10 days,  3:02,  load average: 0.08, 0.03, 0.01", 874_920, None),
            ("up 1 week, 2 days, 3 hours, 4 minutes, load average: 0, 0, 0", 788_640, None),
        ];
        for (line, seconds, users) in forms {
            let found = status(line).unwrap();
            assert_eq!((found.uptime.seconds, found.uptime.users), (seconds, users), "{line}");
        }
        assert_eq!(status("it was up for a load average of 2"), None);
        assert_eq!(status("10:25:20 up soon, load average: 0.00, 0.01, 0.05"), None);
    }
}
