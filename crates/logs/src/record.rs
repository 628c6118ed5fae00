//! Which physical lines make one record, and the record's text.
//!
//! A line continues the one before it when it is indented, closes a bracket, or is one of the lines that traces of
//! Java, Python, Node, Ruby and .NET and messages of libpq are made of. A record holds at most [`MAX_LINES`] lines and
//! [`MAX_BYTES`] bytes.

use std::ops::Range;

use jiff::Timestamp;

use crate::framing::{self, Line, Writer};
use crate::unescape;

/// Lines of one record at most.
pub(crate) const MAX_LINES: usize = 256;
/// Bytes of one record at most, and of one line that is looked at.
pub(crate) const MAX_BYTES: usize = 64 << 10;
/// Lines of other sources that may stand between two lines of a record.
const MAX_SKIPPED: usize = 32;
/// Fields of one entry of the journal that are looked at.
const MAX_FIELDS: usize = 128;
/// Lines of one record were written at one time, give or take.
const MAX_SECONDS_BETWEEN: i64 = 5;

/// One record: where its lines are and what they say together.
#[derive(Debug, Default)]
pub(crate) struct Record {
    /// The lines of the record, in order, as ranges of the buffer without line ends.
    pub(crate) lines: Vec<Range<usize>>,
    /// The text without framing and escapes, lines separated by line ends.
    pub(crate) text: Vec<u8>,
    /// Time of the first line that has one.
    pub(crate) time: Option<Timestamp>,
    /// Container that the framing names.
    pub(crate) container: Option<String>,
    /// Who wrote it, where the framing says so.
    pub(crate) writer: Writer,
}

/// Reads the record around a hit.
pub(crate) fn around(buffer: &[u8], hit: usize, year: Option<i16>) -> Record {
    let own = line_at(buffer, hit);
    // A longer line is looked at around the hit only.
    let own = own.start.max(hit.saturating_sub(MAX_BYTES / 2))..own.end.min(hit.saturating_add(MAX_BYTES / 2));
    let parse = |range: &Range<usize>| framing::parse(buffer.get(range.clone()).unwrap_or_default(), year);
    let mut lines = vec![(own.clone(), parse(&own))];
    let mut bytes = own.len();

    // Forwards while the next line is a continuation of the last one.
    let mut ahead = Walk { buffer, at: own.clone(), skipped: 0 };
    while lines.len() < MAX_LINES && bytes < MAX_BYTES {
        let Some((_, last)) = lines.last() else { break };
        let Some((range, line)) = ahead.next(last.source, year) else { break };
        if !last.partial {
            if !close_in_time(last, &line) {
                break;
            }
            let mut peek = Walk { buffer, at: range.clone(), skipped: 0 };
            let mut following = || peek.next(line.source, year).map(|(_, next)| next.text);
            let belongs = if line.text.trim_ascii().is_empty() {
                // A blank line belongs to the record when the trace goes on behind it.
                following().is_some_and(|next| never_begins(&next))
            } else {
                continues(&last.text, &line.text, || following().is_some_and(|next| is_trace(&next)))
            };
            if !belongs {
                break;
            }
        }
        bytes += range.len();
        lines.push((range, line));
    }

    // Backwards while the first line is a continuation of an earlier one.
    let mut traced = lines.len() > 1;
    lines.reverse();
    let mut back = Walk { buffer, at: own, skipped: 0 };
    while lines.len() < MAX_LINES && bytes < MAX_BYTES {
        let Some((_, first)) = lines.last() else { break };
        let Some((range, line)) = back.previous(first.source, year) else { break };
        if !(line.partial || close_in_time(&line, first) && continues(&line.text, &first.text, || traced)) {
            break;
        }
        traced = true;
        bytes += range.len();
        lines.push((range, line));
    }
    lines.reverse();
    // Blank lines that lead nowhere are not part of it.
    let leading = lines.iter().take_while(|(_, line)| line.text.trim_ascii().is_empty()).count();
    lines.drain(..leading.min(lines.len() - 1));

    let mut record = Record {
        time: lines.iter().find_map(|(_, line)| line.time).or_else(|| time_above(buffer, lines.first()?.0.start)),
        container: lines.iter().find_map(|(_, line)| line.container.clone()),
        writer: lines
            .first()
            .map(|(range, line)| entry_writer(buffer, range).unwrap_or_else(|| line.writer.clone()))
            .unwrap_or_default(),
        ..Record::default()
    };
    let mut glue = true;
    for (range, line) in lines {
        if !glue {
            record.text.push(b'\n');
        }
        glue = line.partial;
        record.text.extend_from_slice(&line.text);
        record.lines.push(range);
    }
    if memchr::memchr(b'\\', &record.text).is_some() {
        unescape::unescape(&mut record.text);
        if memchr::memchr(0x1b, &record.text).is_some() {
            record.text = unescape::strip_ansi(&record.text);
        }
    }
    record
}

/// The time of the entry of `journalctl -o export` in which the line that begins here stands: an earlier line of the same entry.
fn time_above(buffer: &[u8], start: usize) -> Option<Timestamp> {
    if !buffer.get(start..)?.starts_with(b"MESSAGE=") {
        return None;
    }
    let mut end = start.checked_sub(1)?;
    for _ in 0..MAX_FIELDS {
        let from = memchr::memrchr(b'\n', buffer.get(..end)?).map_or(0, |at| at + 1);
        let line = buffer.get(from..end)?;
        if line.is_empty() {
            return None;
        }
        if let Some(time) = framing::journal_time(line) {
            return Some(time);
        }
        end = from.checked_sub(1)?;
    }
    None
}

/// Who wrote the entry of `journalctl -o export` in which this line is a field; the others stand above and below it.
fn entry_writer(buffer: &[u8], field: &Range<usize>) -> Option<Writer> {
    let name = buffer.get(field.clone())?.split(|byte| *byte == b'=').next()?;
    let plain = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_';
    if name.is_empty() || name.len() == field.len() || !name.iter().all(plain) {
        return None;
    }
    let mut writer = Writer::default();
    let mut start = field.start;
    for _ in 0..MAX_FIELDS {
        let Some(end) = start.checked_sub(1) else { break };
        let from = memchr::memrchr(b'\n', buffer.get(..end)?).map_or(0, |at| at + 1);
        if from == end {
            break;
        }
        framing::journal_writer(buffer.get(from..end)?, &mut writer);
        start = from;
    }
    let mut end = field.end;
    for _ in 0..MAX_FIELDS {
        if end + 1 >= buffer.len() {
            break;
        }
        let line = line_at(buffer, end + 1);
        if line.is_empty() {
            break;
        }
        framing::journal_writer(buffer.get(line.clone())?, &mut writer);
        end = line.end;
    }
    Some(writer)
}

/// The line that contains a byte, without its line end.
pub(crate) fn line_at(buffer: &[u8], at: usize) -> Range<usize> {
    let start = memchr::memrchr(b'\n', buffer.get(..at).unwrap_or_default()).map_or(0, |end| end + 1);
    let end = memchr::memchr(b'\n', buffer.get(at..).unwrap_or_default()).map_or(buffer.len(), |len| at + len);
    start..end
}

/// Goes from line to line, over those of other sources.
struct Walk<'a> {
    buffer: &'a [u8],
    at: Range<usize>,
    skipped: usize,
}

impl<'a> Walk<'a> {
    fn previous(&mut self, source: u64, year: Option<i16>) -> Option<(Range<usize>, Line<'a>)> {
        loop {
            let end = self.at.start.checked_sub(1)?;
            if self.buffer.get(end) != Some(&b'\n') {
                return None;
            }
            let start = memchr::memrchr(b'\n', self.buffer.get(..end)?).map_or(0, |at| at + 1);
            if let Some(found) = self.arrive(start..end, source, year) {
                return found;
            }
        }
    }

    fn next(&mut self, source: u64, year: Option<i16>) -> Option<(Range<usize>, Line<'a>)> {
        loop {
            let start = self.at.end + 1;
            if self.buffer.get(self.at.end) != Some(&b'\n') || start >= self.buffer.len() {
                return None;
            }
            let range = start..line_at(self.buffer, start).end;
            if let Some(found) = self.arrive(range, source, year) {
                return found;
            }
        }
    }

    /// `None` to go on, `Some(None)` to stop.
    fn arrive(
        &mut self,
        range: Range<usize>,
        source: u64,
        year: Option<i16>,
    ) -> Option<Option<(Range<usize>, Line<'a>)>> {
        if range.len() > MAX_BYTES {
            return Some(None);
        }
        self.at = range.clone();
        let line = framing::parse(self.buffer.get(range.clone())?, year);
        if line.source == source {
            self.skipped = 0;
            return Some(Some((range, line)));
        }
        self.skipped += 1;
        (self.skipped > MAX_SKIPPED).then_some(None)
    }
}

fn close_in_time(earlier: &Line<'_>, later: &Line<'_>) -> bool {
    match (earlier.time, later.time) {
        (Some(earlier), Some(later)) => (later.as_second() - earlier.as_second()).abs() <= MAX_SECONDS_BETWEEN,
        _ => true,
    }
}

/// True when `line` goes on with what `previous` began. `traced` says whether a trace follows the line.
fn continues(previous: &[u8], line: &[u8], traced: impl FnOnce() -> bool) -> bool {
    let Some(first) = line.first() else {
        // Reached backwards from a line that is a continuation.
        return true;
    };
    if matches!(first, b' ' | b'\t') {
        return !begins_record(line.trim_ascii_start());
    }
    if matches!(first, b'}' | b']' | b')') {
        return line.iter().all(|b| matches!(b, b'}' | b']' | b')' | b',' | b';' | b' '));
    }
    if never_begins(line) {
        return true;
    }
    if matches!(previous.first(), Some(b' ' | b'\t')) {
        return is_exception(line, true);
    }
    // An exception below the message of a logger, but not one of several that follow each other without a trace.
    is_exception(line, false) && !is_exception(previous, true) && traced()
}

/// True for a line that can only go on with what an earlier one began.
pub(crate) fn goes_on(line: &[u8]) -> bool {
    is_trace(line) || line.starts_with(b"DETAIL:") || line.starts_with(b"STATEMENT:") || line.starts_with(b"HINT:")
}

fn never_begins(line: &[u8]) -> bool {
    CONTINUATIONS.iter().any(|start| line.starts_with(start))
}

/// A line of a trace, or of a message's further lines.
fn is_trace(line: &[u8]) -> bool {
    matches!(line.first(), Some(b' ' | b'\t')) && !begins_record(line.trim_ascii_start()) || never_begins(line)
}

/// Beginnings of lines that never begin a record.
const CONTINUATIONS: &[&[u8]] = &[
    b"Caused by",
    b"Suppressed:",
    b"... ",
    b"at ",
    b"Traceback (most recent call last)",
    b"During handling of the above exception",
    b"The above exception was the direct cause",
    b"--- End of",
    b"---> ",
    b"(Background on this error at:",
    b"Is the server running",
    b"TCP/IP connections on port",
    b"The last packet s",
];

/// An indented line that nevertheless begins a record: loggers that pad the level or indent the stamp.
fn begins_record(trimmed: &[u8]) -> bool {
    const LEVELS: [&[u8]; 7] = [b"INFO ", b"WARN ", b"ERROR ", b"DEBUG ", b"TRACE ", b"FATAL ", b"WARNING "];
    LEVELS.iter().any(|level| trimmed.starts_with(level)) || crate::time::at_start(trimmed, Some(2000)).is_some()
}

/// The line that names an exception: `redis.exceptions.TimeoutError: …`, `java.net.ConnectException`.
///
/// Behind an indented line any name will do, as Python prints it; elsewhere it must be qualified and end like one.
fn is_exception(line: &[u8], behind_trace: bool) -> bool {
    let end = line
        .iter()
        .take(160)
        .position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'$' | b':')))
        .unwrap_or(line.len().min(160));
    let name = line.get(..end).unwrap_or_default();
    let colon = name.ends_with(b":");
    let name = name.strip_suffix(b":").unwrap_or(name);
    if name.is_empty() || !(colon || end == line.len()) || name.first().is_some_and(u8::is_ascii_digit) {
        return false;
    }
    let qualified = name.contains(&b'.') || name.windows(2).any(|pair| pair == b"::");
    let ends_like_one =
        [b"Exception".as_slice(), b"Error", b"Refused", b"Timeout"].iter().any(|ending| name.ends_with(ending));
    ends_like_one && (qualified || behind_trace) || behind_trace && qualified
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(log: &str, hit: &str) -> String {
        let record = around(log.as_bytes(), log.find(hit).unwrap(), Some(2026));
        String::from_utf8(record.text).unwrap()
    }

    #[test]
    fn libpq_with_a_stamp_on_every_line() {
        let log = "2026-11-21T01:35:55.1Z [worker] start\n\
                   2026-11-21T01:35:55.7Z psql: could not connect to server: Connection refused\n\
                   2026-11-21T01:35:55.7Z \tIs the server running on host \"db\" and accepting\n\
                   2026-11-21T01:35:55.7Z \tTCP/IP connections on port 5432?\n\
                   2026-11-21T01:35:55.8Z [worker] retry 1\n";
        let expected = "psql: could not connect to server: Connection refused\n\
                        \tIs the server running on host \"db\" and accepting\n\
                        \tTCP/IP connections on port 5432?";
        assert_eq!(record(log, "could not"), expected);
        assert_eq!(record(log, "accepting"), expected);
        assert_eq!(record(log, "on port"), expected);
    }

    #[test]
    fn a_node_error_object_up_to_its_bracket() {
        let log = "up\n[x] error: Error: connect ECONNREFUSED 172.18.0.2:5432\n    at f (node:net:1552:16) {\n  errno: -111,\n  port: 5432\n}\nnext\n";
        assert!(record(log, "ECONN").ends_with("port: 5432\n}"));
        assert!(record(log, "errno").starts_with("[x] error"));
    }

    #[test]
    fn a_python_chain_is_one_record() {
        let log = "2026-11-21 01:41:47.758 ERROR cache unavailable\nTraceback (most recent call last):\n  File \"a\", line 1\n    x()\n\
                   TimeoutError: timed out\n\nDuring handling of the above exception, another exception occurred:\n\n\
                   Traceback (most recent call last):\n  File \"b\"\nredis.exceptions.TimeoutError: Timeout connecting to server\n\
                   2026-11-21 01:41:48 INFO next\n";
        for hit in ["cache", "timed out", "During", "Timeout connecting"] {
            let text = record(log, hit);
            assert!(text.starts_with("2026-11-21 01:41:47") && text.ends_with("connecting to server"), "{hit}: {text}");
        }
    }

    #[test]
    fn java_causes_and_interleaved_sources() {
        let log = "api_1  | ERROR request failed\ndb_1   | LOG: checkpoint\napi_1  | java.net.ConnectException: Connection refused\n\
                   db_1   | LOG: done\napi_1  | \tat java.base/x\napi_1  | Caused by: y\napi_1  | INFO next\n";
        assert_eq!(
            record(log, "Connection refused"),
            "ERROR request failed\njava.net.ConnectException: Connection refused\n\tat java.base/x\nCaused by: y"
        );
    }

    #[test]
    fn parts_are_glued_and_escapes_undone() {
        let log = "{\"log\":\"dial tcp 10.0.0.1:6379: conn\",\"stream\":\"stderr\",\"time\":\"2026-11-21T01:36:02Z\"}\n\
                   {\"log\":\"ect: refused\\n\",\"stream\":\"stderr\",\"time\":\"2026-11-21T01:36:02Z\"}\n";
        assert_eq!(record(log, "dial"), "dial tcp 10.0.0.1:6379: connect: refused");
        assert_eq!(record(log, "refused"), "dial tcp 10.0.0.1:6379: connect: refused");
    }

    #[test]
    fn records_are_bounded() {
        let log = format!("first\n{}", "  indented\n".repeat(2000));
        let at = log.len() - 500;
        let record = around(log.as_bytes(), at, None);
        assert_eq!(record.lines.len(), MAX_LINES);
        let long = "x".repeat(1 << 20);
        assert!(around(long.as_bytes(), 500_000, None).text.len() <= MAX_BYTES);
    }
}
