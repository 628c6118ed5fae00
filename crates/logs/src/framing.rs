//! What a collector or a log driver put around a line of a program.
//!
//! Recognised line by line, so a document may mix them and nest them:
//!
//! - `docker compose logs`: `api_1  | text`;
//! - Docker's json-file driver: `{"log":"text\n","stream":"stderr","time":"…"}`, a long line in several entries of which
//!   only the last ends with `\n`;
//! - CRI (containerd, CRI-O, podman's k8s-file): `2026-… stderr P text`, `P` for a part and `F` for the last or only part;
//! - `docker logs --timestamps`, `kubectl logs --timestamps`: `2026-11-21T01:35:55.546135159Z text`;
//! - syslog and journalctl (short, short-precise, short-iso, short-full, RFC 3164 and 5424 priorities):
//!   `Nov 21 01:36:02 host dockerd[123]: text`, `<30>1 2026-… host dockerd 123 - - text`;
//! - the journal's own forms: a JSON object a line with `MESSAGE`, and `MESSAGE=text` among the fields of `-o export` (its
//!   time stands in the lines before it, see [`journal_time`]); `-o verbose` and `-o json-pretty` are records of several lines;
//! - the kernel's ring buffer: `[   12.345678] text`, `[   12.345678][  T123] text`, `[Sat Nov 21 01:36:02 2026] text`, also behind
//!   syslog's framing and behind `<6>` or `kern  :info  : `;
//! - terminal colours anywhere.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::Timestamp;

use crate::{time, unescape};

/// One physical line without its framing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Line<'a> {
    /// What the program wrote, without the line end.
    pub(crate) text: Cow<'a, [u8]>,
    /// Time of the framing, otherwise of the program's own stamp.
    pub(crate) time: Option<Timestamp>,
    /// The program continues this line in the next one of the same source.
    pub(crate) partial: bool,
    /// Differs for lines of different sources (containers, streams, processes) in one document.
    pub(crate) source: u64,
    /// Container that the framing names.
    pub(crate) container: Option<String>,
    /// Who wrote it, as the framing of syslog or of the journal says.
    pub(crate) writer: Writer,
}

/// Who wrote a record.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Writer {
    /// Unit of systemd; only the journal's own forms name it.
    pub(crate) unit: Option<String>,
    /// Program, as it names itself to syslog.
    pub(crate) program: Option<String>,
    /// Its process id.
    pub(crate) pid: Option<i64>,
}

impl Writer {
    /// `ident[pid]` of syslog.
    fn of_ident(ident: &[u8]) -> Self {
        let ident = String::from_utf8_lossy(ident);
        let (program, pid) = match ident.split_once('[') {
            Some((program, rest)) => (program, rest.trim_end_matches(']').parse().ok()),
            None => (&*ident, None),
        };
        Self { unit: None, program: Some(program.to_owned()).filter(|program| !program.is_empty()), pid }
    }

    /// Takes in a field of the journal, unless one that says it better was taken in before.
    fn take(&mut self, key: &str, value: &[u8]) {
        let text = || Some(String::from_utf8_lossy(value).into_owned()).filter(|text| !text.is_empty());
        match key {
            "_SYSTEMD_UNIT" => self.unit = text(),
            // What systemd itself writes is about another unit.
            "UNIT" => self.unit = self.unit.take().or_else(text),
            "SYSLOG_IDENTIFIER" => self.program = text(),
            "_COMM" => self.program = self.program.take().or_else(text),
            "_PID" => self.pid = text().and_then(|text| text.parse().ok()),
            _ => {}
        }
    }
}

/// The fields of the journal that [`Writer::take`] reads.
const WRITER_FIELDS: [&str; 5] = ["_SYSTEMD_UNIT", "UNIT", "SYSLOG_IDENTIFIER", "_COMM", "_PID"];

/// Takes in a line `FIELD=value` of `journalctl -o export`.
pub(crate) fn journal_writer(raw: &[u8], writer: &mut Writer) {
    for key in WRITER_FIELDS {
        if let Some(value) = raw.strip_prefix(key.as_bytes()).and_then(|rest| rest.strip_prefix(b"=")) {
            writer.take(key, value);
        }
    }
}

/// Takes the framing off a line. `year` is used for stamps that have none.
pub(crate) fn parse(raw: &[u8], year: Option<i16>) -> Line<'_> {
    let raw = raw.strip_suffix(b"\r").unwrap_or(raw);
    if memchr::memchr(0x1b, raw).is_some() {
        let clean = unescape::strip_ansi(raw);
        let line = parse_clean(&clean, year);
        return Line { text: Cow::Owned(line.text.into_owned()), ..line };
    }
    parse_clean(raw, year)
}

fn parse_clean(raw: &[u8], year: Option<i16>) -> Line<'_> {
    let (label, raw) = compose_label(raw).map_or((None, raw), |(label, rest)| (Some(label), rest));
    let framed = json_file(raw).or_else(|| journal(raw));
    let mut line = framed.unwrap_or_else(|| prefixed(raw, year));
    if let Some(label) = label {
        line.source ^= hash(label);
        line.container = Some(String::from_utf8_lossy(label).into_owned());
    }
    if line.time.is_none() {
        line.time = if line.text.starts_with(b"{") { time::find_json(&line.text) } else { None }
            .or_else(|| time::find(&line.text, year));
    }
    line
}

/// `name  | text`; the name is padded so that the bars stand in one column.
fn compose_label(raw: &[u8]) -> Option<(&[u8], &[u8])> {
    let bar = memchr::memchr(b'|', raw.get(..raw.len().min(96))?)?;
    let (padded, rest) = raw.split_at(bar);
    let name = padded.trim_ascii_end();
    let plain = name.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'));
    if name.is_empty() || name.len() == padded.len() || !plain || !name[0].is_ascii_alphanumeric() {
        return None;
    }
    let rest = rest.get(1..)?;
    (rest.is_empty() || rest.starts_with(b" ")).then(|| (name, rest.get(1..).unwrap_or_default()))
}

fn json_file(raw: &[u8]) -> Option<Line<'_>> {
    let (mut text, end) = unescape::json_string(raw.strip_prefix(br#"{"log":""#)?);
    let rest = raw.get(8 + end..).unwrap_or_default();
    let partial = text.last() != Some(&b'\n');
    if !partial {
        text.pop();
    }
    if text.last() == Some(&b'\r') {
        text.pop();
    }
    if memchr::memchr(0x1b, &text).is_some() {
        text = unescape::strip_ansi(&text);
    }
    let source = if memchr::memmem::find(rest, br#""stream":"stderr""#).is_some() { 2 } else { 1 };
    Some(Line { text: Cow::Owned(text), time: time::find_json(rest), partial, source, ..Line::default() })
}

/// `journalctl -o json`, and the message of `-o export`.
fn journal(raw: &[u8]) -> Option<Line<'_>> {
    if let Some(text) = raw.strip_prefix(b"MESSAGE=") {
        return Some(Line { text: Cow::Borrowed(text), ..Line::default() });
    }
    if !raw.starts_with(b"{\"") || memchr::memmem::find(raw, b"\"__REALTIME_TIMESTAMP\"").is_none() {
        return None;
    }
    let member = |key: &str| {
        let key = format!("\"{key}\":\"");
        let at = memchr::memmem::find(raw, key.as_bytes()).filter(|at| matches!(raw[at - 1], b'{' | b','))?; // never at 0
        Some(unescape::json_string(raw.get(at + key.len()..)?).0)
    };
    let text = member("MESSAGE")?;
    let ident = member("SYSLOG_IDENTIFIER").or_else(|| member("_COMM")).unwrap_or_default();
    let pid = member("_PID").unwrap_or_default();
    // Docker's journald driver names the container.
    let container = member("CONTAINER_NAME").or_else(|| member("CONTAINER_ID"));
    let mut writer = Writer::default();
    for key in WRITER_FIELDS {
        if let Some(value) = member(key) {
            writer.take(key, &value);
        }
    }
    Some(Line {
        text: Cow::Owned(text),
        time: time::find_json(raw),
        partial: member("CONTAINER_PARTIAL_MESSAGE").is_some_and(|partial| partial == b"true"),
        source: hash(&[ident, pid].concat()),
        container: container.map(|name| String::from_utf8_lossy(&name).into_owned()),
        writer,
    })
}

/// The time in a line of `journalctl -o export` that holds it.
pub(crate) fn journal_time(raw: &[u8]) -> Option<Timestamp> {
    let digits = raw.strip_prefix(b"__REALTIME_TIMESTAMP=")?;
    let microseconds: i64 = std::str::from_utf8(digits.trim_ascii()).ok()?.parse().ok()?;
    Timestamp::from_microsecond(microseconds).ok()
}

/// The text behind the kernel's own stamp: `[   12.345678] text`, with the task that printed it in some kernels.
fn uptime(text: &[u8]) -> Option<&[u8]> {
    let rest = text.strip_prefix(b"[")?;
    let close = memchr::memchr(b']', rest.get(..rest.len().min(24))?)?;
    let (inside, after) = rest.split_at(close);
    let seconds = inside.trim_ascii();
    if !seconds.contains(&b'.') || !seconds.iter().all(|b| b.is_ascii_digit() || *b == b'.') {
        return None;
    }
    let mut text = after.get(1..)?;
    if let Some(rest) = text.strip_prefix(b"[")
        && let Some(close) = memchr::memchr(b']', rest.get(..rest.len().min(12)).unwrap_or_default())
        && matches!(rest.trim_ascii_start().first(), Some(b'T' | b'C'))
    {
        text = rest.get(close + 1..)?;
    }
    Some(text.strip_prefix(b" ").unwrap_or(text))
}

/// Framings that are a prefix of the line.
fn prefixed(raw: &[u8], year: Option<i16>) -> Line<'_> {
    let line = |text, time| Line { text: Cow::Borrowed(text), time, ..Line::default() };
    let body = facility(priority(raw));
    if let Some((stamp, end)) = time::iso(body).filter(|_| body.get(10) == Some(&b'T')) {
        let Some(rest) = body.get(end..).unwrap_or_default().strip_prefix(b" ") else {
            // Docker writes the stamp of an empty line without the space.
            return if end == body.len() { line(&[], Some(stamp)) } else { line(raw, None) };
        };
        if let [b's', b't', b'd', stream @ (b'o' | b'e'), _, _, b' ', part @ (b'P' | b'F'), tail @ ..] = rest {
            let text = tail.strip_prefix(b" ").unwrap_or(tail);
            let source = if *stream == b'e' { 2 } else { 1 };
            return Line { partial: *part == b'P', source, ..line(text, Some(stamp)) };
        }
        if raw.len() > body.len()
            && let Some(found) = rfc5424(rest, Some(stamp))
        {
            return found;
        }
        return syslog(rest, Some(stamp)).unwrap_or_else(|| line(rest, Some(stamp)));
    }
    if body.first().is_some_and(u8::is_ascii_uppercase) {
        // The year 2000 stands in where none is known: the prefix is taken off, and there is no time.
        let stamp = time::month_first(body, year.or(Some(2000))).or_else(|| time::at_start(body, None));
        if let Some((stamp, end)) = stamp {
            let known = year.is_some() || time::at_start(body, None).is_some();
            let rest = body.get(end..).unwrap_or_default();
            if let Some(found) = rest.strip_prefix(b" ").and_then(|rest| syslog(rest, known.then_some(stamp))) {
                return found;
            }
        }
    }
    if let Some(text) = uptime(body) {
        return line(text, None);
    }
    if let Some(rest) = body.strip_prefix(b"[")
        && let Some(close) = memchr::memchr(b']', rest.get(..rest.len().min(40)).unwrap_or_default())
    {
        let (inside, after) = rest.split_at(close);
        let text = after.get(1..).unwrap_or_default();
        let text = text.strip_prefix(b" ").unwrap_or(text);
        if let Some((stamp, end)) = time::at_start(inside, None).filter(|(_, end)| *end == inside.len()) {
            debug_assert!(end <= inside.len());
            return line(text, Some(stamp));
        }
    }
    line(raw, None)
}

/// Takes off `<34>` and RFC 5424's version behind it.
fn priority(raw: &[u8]) -> &[u8] {
    let Some(rest) = raw.strip_prefix(b"<") else { return raw };
    let digits = rest.iter().take(3).take_while(|b| b.is_ascii_digit()).count();
    match rest.get(digits) {
        Some(b'>') if digits > 0 => {
            let body = rest.get(digits + 1..).unwrap_or_default();
            body.strip_prefix(b"1 ").unwrap_or(body)
        }
        _ => raw,
    }
}

/// Takes off `kern  :info  : `, which `dmesg -x` writes before its own stamp.
fn facility(body: &[u8]) -> &[u8] {
    let mut parts = body.splitn(3, |b| *b == b':');
    let (Some(facility), Some(level), Some(rest)) = (parts.next(), parts.next(), parts.next()) else { return body };
    let word =
        |part: &[u8]| !part.is_empty() && part.len() <= 8 && part.iter().all(|b| b.is_ascii_lowercase() || *b == b' ');
    let stamped = rest.strip_prefix(b" ").filter(|rest| rest.starts_with(b"["));
    stamped.filter(|_| word(facility) && word(level)).unwrap_or(body)
}

/// `host app pid msgid [data] text` behind the stamp of RFC 5424.
fn rfc5424(rest: &[u8], time: Option<Timestamp>) -> Option<Line<'_>> {
    let mut words = rest.splitn(5, |b| *b == b' ');
    let (_host, app, pid, _message) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let mut tail = words.next()?;
    let plain = |word: &[u8]| !word.is_empty() && word.iter().all(u8::is_ascii_graphic);
    if !plain(app) || app.ends_with(b":") || !(pid == b"-" || pid.iter().all(u8::is_ascii_digit) || plain(pid)) {
        return None;
    }
    if let Some(text) = tail.strip_prefix(b"-") {
        tail = text;
    } else {
        // Elements in brackets; a bracket inside quotes is escaped.
        while tail.starts_with(b"[") {
            let mut escaped = false;
            let end = tail.iter().position(|b| {
                let ends = *b == b']' && !escaped;
                escaped = *b == b'\\' && !escaped;
                ends
            })?;
            tail = tail.get(end + 1..)?;
        }
    }
    let text = tail.strip_prefix(b" ").unwrap_or(tail);
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let named = |word: &[u8]| (word != b"-").then(|| String::from_utf8_lossy(word).into_owned());
    let writer = Writer { unit: None, program: named(app), pid: named(pid).and_then(|pid| pid.parse().ok()) };
    Some(Line { text: Cow::Borrowed(text), time, source: hash(&[app, pid].concat()), writer, ..Line::default() })
}

/// `host ident[pid]: text` behind a stamp.
fn syslog(rest: &[u8], time: Option<Timestamp>) -> Option<Line<'_>> {
    let head = rest.get(..rest.len().min(200))?;
    let space = memchr::memchr(b' ', head)?;
    let host = &head[..space]; // `space` is an index into `head`
    let plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':' | b'/' | b'@');
    if host.is_empty() || !host.iter().all(plain) || host.ends_with(b":") {
        return None;
    }
    let tail = rest.get(space + 1..)?;
    let colon = tail.iter().take(128).position(|b| *b == b':' || *b == b' ')?;
    let ident = &tail[..colon]; // `colon` is an index into `tail`
    if tail.get(colon) != Some(&b':') || ident.is_empty() {
        return None;
    }
    let name = ident.split(|b| *b == b'[').next().unwrap_or(ident);
    // Only digits are the hour of the program's own stamp, behind its date.
    if !name.iter().all(plain) || name.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let text = tail.get(colon + 1..).unwrap_or_default();
    let text = text.strip_prefix(b" ").unwrap_or(text);
    let text = if name == b"kernel" { uptime(text).unwrap_or(text) } else { text };
    // Docker's syslog and journald drivers write the short id of the container as the program's name.
    let short = name.rsplit(|b| *b == b'/').next().unwrap_or(name);
    let container = (short.len() == 12 && short.iter().all(u8::is_ascii_hexdigit))
        .then(|| String::from_utf8_lossy(short).into_owned());
    // Then the name is no program's.
    let writer = if container.is_some() { Writer::default() } else { Writer::of_ident(ident) };
    Some(Line { text: Cow::Borrowed(text), time, partial: false, source: hash(ident), container, writer })
}

fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(raw: &str) -> (String, Option<String>) {
        let line = parse(raw.as_bytes(), Some(2026));
        (String::from_utf8_lossy(&line.text).into_owned(), line.time.map(|time| time.to_string()))
    }

    fn at(time: &str) -> Option<String> {
        Some(time.to_owned())
    }

    #[test]
    fn each_framing_comes_off() {
        let seconds = "2026-11-21T01:36:02Z";
        for raw in [
            "2026-11-21T01:36:02.000000000Z psql: no",
            "2026-11-21T01:36:02.000000000Z stderr F psql: no",
            "2026-11-21T02:36:02.000000000+01:00 stdout F psql: no",
            r#"{"log":"psql: no\n","stream":"stderr","time":"2026-11-21T01:36:02Z"}"#,
            "Nov 21 01:36:02 host worker[123]: psql: no",
            "<30>Nov 21 01:36:02 host worker[123]: psql: no",
            "2026-11-21T01:36:02+0000 node1 worker[8]: psql: no",
            "Sat 2026-11-21 01:36:02 UTC node1 worker[8]: psql: no",
            "[Sat Nov 21 01:36:02 2026] psql: no",
            "worker-1  | 2026-11-21T01:36:02Z psql: no",
            "<30>1 2026-11-21T01:36:02.000000Z 192.0.2.1 worker 8710 - - psql: no",
            "<165>1 2026-11-21T01:36:02Z host app - ID47 [example@32473 iut=\"3\" note=\"a\\]b\"][x@1 y=\"z\"] psql: no",
            r#"{"_PID":"14","MESSAGE":"psql: no","__REALTIME_TIMESTAMP":"1795224962000000","SYSLOG_IDENTIFIER":"worker"}"#,
            "\x1b[36mworker_1  |\x1b[0m 2026-11-21T01:36:02Z \x1b[31mpsql\x1b[0m: no\r",
        ] {
            assert_eq!(text(raw), ("psql: no".to_owned(), at(seconds)), "{raw}");
        }
        assert_eq!(text("[   12.345678] Out of memory"), ("Out of memory".to_owned(), None));
        for raw in [
            "<6>[   12.345678] Out of memory",
            "[   12.345678][  T123] Out of memory",
            "kern  :err   : [   12.345678] Out of memory",
            "MESSAGE=Out of memory",
        ] {
            assert_eq!(text(raw), ("Out of memory".to_owned(), None), "{raw}");
        }
        assert_eq!(text("Nov 21 01:36:02 host kernel: [   12.345678] Out of memory").0, "Out of memory");
        assert_eq!(text("\tIs the server running"), ("\tIs the server running".to_owned(), None));
    }

    #[test]
    fn indentation_behind_a_framing_stays() {
        assert_eq!(text("2026-11-21T01:36:02.0Z \tat x").0, "\tat x");
        assert_eq!(text("2026-11-21T01:36:02.0Z stderr F     at x").0, "    at x");
        assert_eq!(text("Nov 21 01:36:02 h api[1]:     at x").0, "    at x");
    }

    #[test]
    fn lines_of_different_sources_differ() {
        let source = |raw: &str| parse(raw.as_bytes(), None).source;
        assert_ne!(source("api_1  | x"), source("db_1   | x"));
        assert_eq!(source("api_1  | x"), source("api_1  | y"));
        assert_ne!(source("Nov 21 01:36:02 h a[1]: x"), source("Nov 21 01:36:02 h b[2]: x"));
        assert_eq!(parse(b"Nov 21 01:36:02 h 4f00eedc3b4a[812]: x", None).container.as_deref(), Some("4f00eedc3b4a"));
    }

    #[test]
    fn a_part_says_so() {
        assert!(parse(br#"{"log":"half","stream":"stdout","time":"2026-11-21T01:36:02Z"}"#, None).partial);
        assert!(parse(b"2026-11-21T01:36:02Z stdout P half", None).partial);
        assert!(!parse(b"2026-11-21T01:36:02Z stdout F half", None).partial);
    }

    #[test]
    fn a_program_that_looks_framed_keeps_its_words() {
        let own = "2026-11-21 02:19:49.326 GMT [1] FATAL:  the port is out of range";
        let line = format!("2026-11-21T02:19:49.326524906Z {own}");
        assert_eq!(text(&line).0, own);
        assert_eq!(parse(line.as_bytes(), None).writer, Writer::default());
        assert_eq!(text("a | b").0, "b");
        assert_eq!(text("|---|---|").0, "|---|---|");
        assert_eq!(text("May the source be with you: x").0, "May the source be with you: x");
        assert_eq!(text("2026-11-21T01:36:02Z gateway: ERROR curl: (7) x").0, "gateway: ERROR curl: (7) x");
    }
}
