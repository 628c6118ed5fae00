//! Tells logs from other text by how their lines begin.

/// Most of the first lines begin with a time, or with a log framing. Continuation lines of stack traces lower the share, so
/// three lines of five are enough.
pub(crate) fn looks_like_log(text: &str) -> bool {
    let (mut framed, mut plain) = (0usize, 0usize);
    // Indented lines continue a record; they say nothing.
    for line in text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with([' ', '\t'])).take(60) {
        plain += 1;
        framed += usize::from(is_record(line));
    }
    framed > 0 && framed * 5 >= plain * 3
}

/// The line begins as a log record does.
fn is_record(line: &str) -> bool {
    let line = line.trim_ascii_start();
    // An object that begins with the time of something (`{"CreatedAt":"2024-…`) is no record of a log for it.
    if line.starts_with('{') {
        return json_record(line);
    }
    logfmt(line) || klog(line) || dmesg(line) || compose(line) || timed(line.trim_start_matches(['[', '<', '(', '"']))
}

/// `{"log":"…","stream":…}` of Docker's json-file driver, or a JSON record with a time or a level.
fn json_record(line: &str) -> bool {
    line.starts_with("{\"")
        && line.ends_with('}')
        && ["\"time\"", "\"ts\"", "\"timestamp\"", "\"@timestamp\"", "\"level\"", "\"msg\"", "\"t\""]
            .iter()
            .any(|key| line.contains(key))
}

/// `time="…" level=info msg=…`, `ts=… level=…`.
fn logfmt(line: &str) -> bool {
    ["time=", "ts=", "level=", "t=", "date="].iter().any(|start| line.starts_with(start))
        && (line.contains(" level=") || line.contains(" msg=") || line.contains(" lvl="))
}

/// `I0102 15:04:05.000000   1 file.go:12] …`.
fn klog(line: &str) -> bool {
    let bytes = line.as_bytes();
    bytes.len() > 20
        && matches!(bytes[0], b'I' | b'W' | b'E' | b'F')
        && bytes[1..5].iter().all(u8::is_ascii_digit)
        && bytes[5] == b' '
        && bytes[8] == b':'
        && line.contains("] ")
}

/// `[    0.000000] Linux version …`.
fn dmesg(line: &str) -> bool {
    let Some((stamp, _)) = line.strip_prefix('[').and_then(|line| line.split_once(']')) else { return false };
    let stamp = stamp.trim();
    stamp.contains('.') && stamp.len() > 6 && stamp.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// `api_1  | 2024-…` of docker-compose, where the rest decides.
fn compose(line: &str) -> bool {
    line.split_once(" | ").is_some_and(|(name, rest)| {
        name.trim().len() < 64 && !name.trim().contains(' ') && timed(rest.trim_start_matches('['))
    })
}

/// A date and a time, or a syslog stamp, stands at the start or behind one or two short words (`postgres 12:01 …`, `1:M 02 Jan 2024 …`).
fn timed(line: &str) -> bool {
    let mut rest = line;
    for _ in 0..3 {
        if iso(rest) || syslog(rest) || european(rest) || epoch(rest) {
            return true;
        }
        match rest.split_once(' ') {
            Some((word, after)) if word.len() <= 24 => rest = after.trim_start_matches([' ', '[', '-']),
            _ => return false,
        }
    }
    false
}

/// `2024-01-02T15:04`, `2024/01/02 15:04`, `20240102 15:04`; also the date alone with a comma (log4j), and the bare time `15:04:05.000`.
fn iso(line: &str) -> bool {
    let b = line.as_bytes();
    let digits = |from: usize, to: usize| b.get(from..to).is_some_and(|part| part.iter().all(u8::is_ascii_digit));
    let dated = digits(0, 4)
        && matches!(b.get(4), Some(b'-' | b'/' | b'.'))
        && digits(5, 7)
        && b.get(7) == b.get(4)
        && digits(8, 10);
    let time_at = |at: usize| digits(at, at + 2) && b.get(at + 2) == Some(&b':') && digits(at + 3, at + 5);
    (dated && matches!(b.get(10), Some(b'T' | b' ' | b'_')) && time_at(11))
        || (time_at(0)
            && b.get(5) == Some(&b':')
            && digits(6, 8)
            && b[0] < b'3'
            && !matches!(b.get(8), Some(b':' | b'-')))
}

/// `Jan  2 15:04:05`, `Tue Jan  2 15:04:05 2024`.
fn syslog(line: &str) -> bool {
    let mut words = line.split_ascii_whitespace();
    let mut month = words.next().unwrap_or_default().trim_end_matches(',');
    if matches!(month, "Mon" | "Tue" | "Wed" | "Thu" | "Fri" | "Sat" | "Sun") {
        month = words.next().unwrap_or_default();
    }
    let named =
        matches!(month, "Jan" | "Feb" | "Mar" | "Apr" | "May" | "Jun" | "Jul" | "Aug" | "Sep" | "Oct" | "Nov" | "Dec");
    let day = words.next().unwrap_or_default().trim_end_matches(',');
    let time = words.next().unwrap_or_default();
    named && day.len() <= 2 && day.parse::<u8>().is_ok() && (is_time(time) || words.next().is_some_and(is_time))
}

/// `02/Jan/2024:15:04:05 +0000`, `02 Jan 2024 15:04:05`, `02-Jan-2024 15:04:05`.
fn european(line: &str) -> bool {
    let b = line.as_bytes();
    let separator = b.get(2).copied();
    let letters = b.get(3..6).is_some_and(|month| month.iter().all(u8::is_ascii_alphabetic));
    matches!(separator, Some(b'/' | b' ' | b'-'))
        && b[..2].iter().all(u8::is_ascii_digit)
        && letters
        && b.get(6).copied() == separator
        && b.get(7..11).is_some_and(|year| year.iter().all(u8::is_ascii_digit))
        && line.get(12..).is_some_and(is_time)
}

/// `1704207845.123` seconds since 1970 with a fraction, as some programs write them.
fn epoch(line: &str) -> bool {
    let word = line.split([' ', ']', ',']).next().unwrap_or_default();
    word.split_once('.').is_some_and(|(seconds, fraction)| {
        seconds.len() == 10
            && seconds.starts_with('1')
            && !fraction.is_empty()
            && seconds.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit())
    })
}

fn is_time(text: &str) -> bool {
    let b = text.as_bytes();
    let digits = |from: usize, to: usize| b.get(from..to).is_some_and(|part| part.iter().all(u8::is_ascii_digit));
    digits(0, 2) && b.get(2) == Some(&b':') && digits(3, 5) && b.get(5) == Some(&b':') && digits(6, 8)
}
