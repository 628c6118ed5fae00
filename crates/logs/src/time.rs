//! Time stamps as log framings and applications write them.
//!
//! RFC 3339 and its relatives (space or `T`, comma or point before the fraction, `Z`, `+00:00`, `+0000`, ` UTC`, or no
//! zone), Go and nginx (`2026/11/21 02:36:51`), access logs (`21/Nov/2026:02:02:05 +0000`), redis
//! (`21 Nov 2026 01:46:47.872`), ctime and Apache (`Sat Nov 21 01:36:02.123 2026`), journalctl's short-full
//! (`Sat 2026-11-21 01:42:09 UTC`), syslog (`Nov 21 01:36:02`), klog (`E1121 01:36:02.123456`), and the seconds or
//! milliseconds since 1970 of JSON loggers. Where no zone is given UTC is assumed; where no year is given, the year must
//! be told by the caller, otherwise there is no time.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

/// How far into a line an application's own stamp may begin.
const SEARCHED: usize = 160;

/// A stamp and the index of the byte behind it.
type Stamp = (Timestamp, usize);

/// Finds the first time stamp near the beginning of a line.
pub(crate) fn find(line: &[u8], year: Option<i16>) -> Option<Timestamp> {
    let head = line.get(..line.len().min(SEARCHED + 40)).unwrap_or_default();
    let mut previous = b' ';
    for at in 0..head.len().min(SEARCHED) {
        let byte = head[at]; // in range by the loop's bounds
        let behind = previous;
        previous = byte;
        if byte.is_ascii_digit()
            && matches!(behind, b':' | b'=' | b'"' | b' ')
            && is_time_key(&head[..at])
            && let Some(time) = epoch(&head[at..])
        {
            return Some(time);
        }
        // Not in the middle of a word, a number or a clock.
        let fresh = !behind.is_ascii_alphanumeric() && !matches!(behind, b'.' | b':');
        if fresh
            && (byte.is_ascii_digit() || byte.is_ascii_uppercase())
            && let Some((time, _)) = at_start(&head[at..], year)
        {
            return Some(time);
        }
    }
    None
}

/// Finds the time of a JSON log record by its key, wherever in the object it stands.
pub(crate) fn find_json(text: &[u8]) -> Option<Timestamp> {
    JSON_KEYS.iter().find_map(|key| {
        let at = memchr::memmem::find(text, key)? + key.len();
        let value = text.get(at..)?.trim_ascii_start();
        let value = value.strip_prefix(b":")?.trim_ascii_start();
        let value = value.strip_prefix(b"\"").unwrap_or(value);
        at_start(value, None).map(|(time, _)| time).or_else(|| epoch(value))
    })
}

/// The keys of the time in JSON records: Docker, zap, logrus, slog, pino, bunyan, winston, logstash, journald.
const JSON_KEYS: &[&[u8]] = &[
    b"\"time\"",
    b"\"ts\"",
    b"\"timestamp\"",
    b"\"@timestamp\"",
    b"\"Timestamp\"",
    b"\"asctime\"",
    b"\"__REALTIME_TIMESTAMP\"",
    b"\"t\"",
];

/// Reads a time stamp at the very beginning of `text`.
pub(crate) fn at_start(text: &[u8], year: Option<i16>) -> Option<Stamp> {
    let first = *text.first()?;
    if first.is_ascii_digit() {
        return iso(text).or_else(|| day_first(text));
    }
    if let Some(weekday) = text.get(..4).filter(|w| w.is_ascii() && w[3] == b' ' && is_weekday(&w[..3])) {
        let after = weekday.len();
        let rest = &text[after..]; // `weekday` is a prefix of `text`
        return iso(rest).or_else(|| month_first(rest, year)).map(|(time, end)| (time, end + after));
    }
    klog(text, year).or_else(|| month_first(text, year))
}

/// `2026-11-21T01:35:55.546135159Z`, `2026-11-21 01:35:55,546`, `2026/11/21 01:35:55`, with or without zone.
pub(crate) fn iso(text: &[u8]) -> Option<Stamp> {
    let year = number(text, 0, 4)?;
    let separator = *text.get(4)?;
    if separator != b'-' && separator != b'/' || text.get(7) != Some(&separator) {
        return None;
    }
    let (month, day) = (number(text, 5, 2)?, number(text, 8, 2)?);
    if !matches!(text.get(10)?, b'T' | b't' | b' ' | b'_') {
        return None;
    }
    let (clock, end) = clock(text, 11)?;
    let (offset, end) = zone(text, end);
    Some((instant(year, month, day, clock, offset)?, end))
}

/// `21/Nov/2026:02:02:05 +0000` and `21 Nov 2026 01:46:47.872`.
fn day_first(text: &[u8]) -> Option<Stamp> {
    let digits = text.iter().take(2).take_while(|b| b.is_ascii_digit()).count();
    let day = number(text, 0, digits)?;
    let separator = *text.get(digits)?;
    if separator != b'/' && separator != b' ' && separator != b'-' || text.get(digits + 4) != Some(&separator) {
        return None;
    }
    let month = month(text.get(digits + 1..digits + 4)?)?;
    let year = number(text, digits + 5, 4)?;
    if !matches!(text.get(digits + 9)?, b':' | b' ') {
        return None;
    }
    let (clock, end) = clock(text, digits + 10)?;
    let (offset, end) = zone(text, end);
    Some((instant(year, month, day, clock, offset)?, end))
}

/// `Nov 21 01:36:02` with the year behind the clock, in front of it, or from the caller.
pub(crate) fn month_first(text: &[u8], hint: Option<i16>) -> Option<Stamp> {
    let month = month(text.get(..3)?)?;
    if text.get(3) != Some(&b' ') {
        return None;
    }
    let (day, mut at) = match text.get(4)? {
        b' ' => (number(text, 5, 1)?, 6),
        _ => match number(text, 4, 2) {
            Some(day) => (day, 6),
            None => (number(text, 4, 1)?, 5),
        },
    };
    if text.get(at) != Some(&b' ') {
        return None;
    }
    at += 1;
    let mut year = None;
    if let (Some(stated), Some(b' ')) = (number(text, at, 4), text.get(at + 4)) {
        year = Some(stated);
        at += 5;
    }
    let (clock, mut end) = clock(text, at)?;
    if year.is_none()
        && text.get(end) == Some(&b' ')
        && !text.get(end + 5).is_some_and(u8::is_ascii_alphanumeric)
        && let Some(stated) = number(text, end + 1, 4).filter(|y| (1970..2200).contains(y))
    {
        year = Some(stated);
        end += 5;
    }
    let (offset, end) = zone(text, end);
    let year = year.or(hint.map(i32::from))?;
    Some((instant(year, month, day, clock, offset)?, end))
}

/// `E1121 01:36:02.123456`, the header of klog and glog.
fn klog(text: &[u8], year: Option<i16>) -> Option<Stamp> {
    if !matches!(text.first()?, b'I' | b'W' | b'E' | b'F') || text.get(5) != Some(&b' ') {
        return None;
    }
    let (month, day) = (number(text, 1, 2)?, number(text, 3, 2)?);
    let (clock, end) = clock(text, 6)?;
    Some((instant(year?.into(), month, day, clock, Offset::UTC)?, end))
}

/// True behind `"ts":`, `time=` and the like, where a bare number is a time.
fn is_time_key(before: &[u8]) -> bool {
    let before = before.strip_suffix(b"\"").unwrap_or(before);
    let trimmed = before.trim_ascii_end();
    let Some((b':' | b'=', key)) = trimmed.split_last() else { return false };
    let key = key.trim_ascii_end();
    let key = key.strip_suffix(b"\"").unwrap_or(key);
    let start = key.iter().rposition(|b| !(b.is_ascii_alphanumeric() || *b == b'_' || *b == b'@')).map_or(0, |p| p + 1);
    matches!(
        key.get(start..).unwrap_or_default(),
        b"ts" | b"time" | b"timestamp" | b"t" | b"@timestamp" | b"date" | b"asctime" | b"__REALTIME_TIMESTAMP"
    )
}

/// Seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by their magnitude.
fn epoch(text: &[u8]) -> Option<Timestamp> {
    let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
    let value: i64 = std::str::from_utf8(text.get(..digits)?).ok()?.parse().ok()?;
    let unit: i128 = match digits {
        10 => 1_000_000_000,
        13 => 1_000_000,
        16 => 1_000,
        19 => 1,
        _ => return None,
    };
    let mut nanoseconds = i128::from(value) * unit;
    if digits == 10 && text.get(10) == Some(&b'.') {
        nanoseconds += i128::from(fraction(text, 11).0);
    }
    Timestamp::from_nanosecond(nanoseconds).ok()
}

/// `01:35:55` with an optional fraction after a point or comma; the seconds may be missing.
fn clock(text: &[u8], at: usize) -> Option<((i32, i32, i32, i32), usize)> {
    let (hour, minute) = (number(text, at, 2)?, number(text, at + 3, 2)?);
    if text.get(at + 2) != Some(&b':') {
        return None;
    }
    if text.get(at + 5) != Some(&b':') {
        return Some(((hour, minute, 0, 0), at + 5));
    }
    let second = number(text, at + 6, 2)?;
    match text.get(at + 8) {
        Some(b'.' | b',') if text.get(at + 9).is_some_and(u8::is_ascii_digit) => {
            let (nanosecond, end) = fraction(text, at + 9);
            Some(((hour, minute, second, nanosecond), end))
        }
        _ => Some(((hour, minute, second, 0), at + 8)),
    }
}

/// Digits behind a decimal point as nanoseconds, and where they end.
fn fraction(text: &[u8], at: usize) -> (i32, usize) {
    let (mut value, mut scale, mut end) = (0i32, 100_000_000i32, at);
    while let Some(digit) = text.get(end).filter(|b| b.is_ascii_digit()) {
        value += i32::from(digit - b'0') * scale;
        scale /= 10;
        end += 1;
    }
    (value, end)
}

/// `Z`, `+01:00`, `+0100`, ` +0000`, ` UTC`, ` GMT`. Other abbreviations are ambiguous and taken as UTC.
fn zone(text: &[u8], at: usize) -> (Offset, usize) {
    let blank = usize::from(text.get(at) == Some(&b' '));
    let start = at + blank;
    match text.get(start) {
        Some(b'Z' | b'z') if blank == 0 => (Offset::UTC, start + 1),
        Some(sign @ (b'+' | b'-')) => {
            let Some(hours) = number(text, start + 1, 2) else { return (Offset::UTC, at) };
            let colon = usize::from(text.get(start + 3) == Some(&b':'));
            let (minutes, end) = match number(text, start + 3 + colon, 2) {
                Some(minutes) => (minutes, start + 5 + colon),
                // `+01` alone, but not the `-2` of a sentence.
                None if blank == 0 => (0, start + 3),
                None => return (Offset::UTC, at),
            };
            let seconds = (hours * 60 + minutes) * 60 * if *sign == b'-' { -1 } else { 1 };
            Offset::from_seconds(seconds).map_or((Offset::UTC, at), |offset| (offset, end))
        }
        _ if text.get(start..start + 3).is_some_and(|z| z == b"UTC" || z == b"GMT") => (Offset::UTC, start + 3),
        _ => (Offset::UTC, at),
    }
}

fn instant(year: i32, month: i32, day: i32, clock: (i32, i32, i32, i32), offset: Offset) -> Option<Timestamp> {
    let (hour, minute, second, nanosecond) = clock;
    let date = DateTime::new(
        i16::try_from(year).ok()?,
        i8::try_from(month).ok()?,
        i8::try_from(day).ok()?,
        i8::try_from(hour).ok()?,
        i8::try_from(minute).ok()?,
        // A leap second is the second before it; the order of records is all that matters here.
        i8::try_from(second.min(59)).ok()?,
        nanosecond,
    )
    .ok()?;
    offset.to_timestamp(date).ok()
}

/// Exactly `len` digits (1 to 4) at a place.
fn number(text: &[u8], at: usize, len: usize) -> Option<i32> {
    let digits = text.get(at..at + len)?;
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(digits.iter().fold(0, |value, digit| value * 10 + i32::from(digit - b'0')))
}

fn month(name: &[u8]) -> Option<i32> {
    const MONTHS: [&[u8; 3]; 12] =
        [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
    (1..).zip(MONTHS).find(|(_, month)| *month == name).map(|(index, _)| index)
}

fn is_weekday(name: &[u8]) -> bool {
    const DAYS: [&[u8; 3]; 7] = [b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"];
    DAYS.iter().any(|day| *day == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(line: &str) -> Option<String> {
        find(line.as_bytes(), Some(2026)).map(|time| time.to_string())
    }

    #[test]
    fn every_common_form_is_the_same_instant() {
        let same = "2026-11-21T01:36:02Z";
        for line in [
            "2026-11-21T01:36:02Z api: x",
            "2026-11-21T02:36:02+01:00 api",
            "2026-11-21T01:36:02+0000 node1 systemd[1]: x",
            "2026-11-21 01:36:02 UTC [31] LOG:  x",
            "[2026-11-21T01:36:02.000Z] error: x",
            "2026/11/21 01:36:02 [emerg] 1#1: x",
            "api 2026/11/21 01:36:02 level=error",
            r#"127.0.0.1 - - [21/Nov/2026:01:36:02 +0000] "GET / HTTP/1.1" 200"#,
            "1:M 21 Nov 2026 01:36:02.000 * Ready",
            "Nov 21 01:36:02 host dockerd[123]: x",
            "E1121 01:36:02.000000    1412 kubelet.go:2448] x",
            "[Sat Nov 21 01:36:02.000000 2026] [proxy:error] x",
            "[Sat Nov 21 01:36:02 2026] oom-kill",
            "Sat 2026-11-21 01:36:02 UTC node1 x",
            r#"{"level":50,"time":1795224962000,"msg":"x"}"#,
            r#"{"ts":1795224962.000,"msg":"x"}"#,
            r#"time="2026-11-21T01:36:02Z" level=info"#,
        ] {
            assert_eq!(found(line).as_deref(), Some(same), "{line}");
        }
    }

    #[test]
    fn without_a_year_there_is_no_time_unless_one_is_told() {
        assert_eq!(find(b"Nov 21 01:36:02 host x", None), None);
        assert_eq!(find(b"E1121 01:36:02.000000 x", None), None);
        assert!(find(b"Nov  1 01:36:02 host x", Some(2026)).is_some());
    }

    #[test]
    fn numbers_that_are_no_time_are_not_taken_for_one() {
        for line in
            ["version 2026-11-2", "10.0.0.1:5432 refused", "2026-13-45 99:99:99", "pid 1795224962000 x", "May be"]
        {
            assert_eq!(found(line), None, "{line}");
        }
    }
}
