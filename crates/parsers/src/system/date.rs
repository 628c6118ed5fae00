//! The time of the capture: `date` in its usual forms, and `timedatectl`.

use bundlescope_facts::{CaptureTime, ClockSync, Text, TimeZone};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

use crate::document::{Document, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words;

/// `date`.
pub(crate) static DATE: Format =
    Format { name: "date", collect: "date", kinds: &["capture_time"], detect: detect_date, parse: parse_date };

/// `timedatectl`.
pub(crate) static TIMEDATECTL: Format = Format {
    name: "timedatectl",
    collect: "timedatectl",
    kinds: &["capture_time", "clock_sync", "time_zone"],
    detect: detect_control,
    parse: parse_control,
};

/// `timedatectl show`, systemd 239 and later.
pub(crate) static TIMEDATECTL_SHOW: Format = Format {
    name: "timedatectl-show",
    collect: "timedatectl show",
    kinds: &["capture_time", "clock_sync", "time_zone"],
    detect: detect_show,
    parse: parse_show,
};

/// `timedatectl timesync-status`, systemd 239 and later.
pub(crate) static TIMESYNC: Format = Format {
    name: "timedatectl-timesync-status",
    collect: "timedatectl timesync-status",
    kinds: &["clock_sync"],
    detect: detect_timesync,
    parse: parse_timesync,
};

/// Abbreviations that mean one offset only, in minutes. `CST`, `IST` and others mean several, so their time is not told.
const ZONES: &[(&str, i32)] = &[
    ("UTC", 0),
    ("GMT", 0),
    ("Z", 0),
    ("WET", 0),
    ("WEST", 60),
    ("CET", 60),
    ("CEST", 120),
    ("EET", 120),
    ("EEST", 180),
    ("MSK", 180),
    ("EST", -300),
    ("EDT", -240),
    ("CDT", -300),
    ("MST", -420),
    ("MDT", -360),
    ("PST", -480),
    ("PDT", -420),
    ("AKST", -540),
    ("AKDT", -480),
    ("HST", -600),
    ("JST", 540),
    ("KST", 540),
    ("AEST", 600),
    ("AEDT", 660),
    ("NZST", 720),
    ("NZDT", 780),
    ("SAST", 120),
    ("BRT", -180),
    ("HKT", 480),
    ("PKT", 300),
];

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Abbreviations of the months in German, French, Spanish, Italian and Portuguese (glibc's locales), without a point.
const FOREIGN_MONTHS: [&[&str]; 12] = [
    &["Jan", "janv", "ene", "gen", "jan"],
    &["Feb", "févr", "feb", "fev"],
    &["Mär", "mars", "mar"],
    &["Apr", "avril", "abr", "apr"],
    &["Mai", "mai", "may", "mag"],
    &["Jun", "juin", "jun", "giu"],
    &["Jul", "juil", "jul", "lug"],
    &["Aug", "août", "ago"],
    &["Sep", "sept", "sep", "set"],
    &["Okt", "oct", "ott", "out"],
    &["Nov", "nov"],
    &["Dez", "déc", "dic", "dez"],
];

/// Days of the week in these languages.
const FOREIGN_DAYS: &[&str] = &[
    "Mo", "Di", "Mi", "Do", "Fr", "Sa", "So", "lun", "mar", "mer", "jeu", "ven", "sam", "dim", "mié", "jue", "vie",
    "sáb", "dom", "gio", "sab", "seg", "ter", "qua", "qui", "sex",
];

fn month(word: &str) -> Option<i8> {
    let bare = word.trim_end_matches('.');
    let at = MONTHS.iter().position(|month| word.get(..3) == Some(*month));
    let at = at.or_else(|| FOREIGN_MONTHS.iter().position(|names| names.contains(&bare)))?;
    i8::try_from(at + 1).ok()
}

/// `CET`, `+01`, `+01:00`, `+0100`: seconds east of UTC.
fn offset(word: &str) -> Option<i32> {
    if let Some((_, minutes)) = ZONES.iter().find(|(name, _)| *name == word) {
        return Some(minutes * 60);
    }
    let sign = match word.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let digits: String = word[1..].chars().filter(char::is_ascii_digit).collect();
    let (hours, minutes) = match digits.len() {
        2 => (digits.parse::<i32>().ok()?, 0),
        4 => (digits[..2].parse::<i32>().ok()?, digits[2..].parse::<i32>().ok()?),
        _ => return None,
    };
    (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes) * 60)
}

fn is_zone(word: &str) -> bool {
    offset(word).is_some() || (2..=5).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// A time as systemd prints it: `Mon 2026-11-30 20:27:54 UTC`. `None` where the zone stands for several offsets.
pub(crate) fn zoned_time(stamp: &str) -> Option<Timestamp> {
    let mut words = stamp.split_ascii_whitespace().skip_while(|word| !word.starts_with(|c: char| c.is_ascii_digit()));
    let date = format!("{}T{}", words.next()?, words.next()?).parse().ok()?;
    at(date, words.next()?)
}

fn at(date: DateTime, zone: &str) -> Option<Timestamp> {
    let offset = Offset::from_seconds(offset(zone)?).ok()?;
    offset.to_timestamp(date).ok()
}

/// Reads a line that holds a time and nothing else.
fn time(line: &str) -> Option<CaptureTime> {
    let line = line.trim();
    if let Ok(time) = line.replace(',', ".").parse::<Timestamp>() {
        let zone =
            line.get(19..).map(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.' || c == ','));
        return Some(CaptureTime { time: Some(time), zone: zone.map(Text::from) });
    }
    let mut words: Vec<&str> = line.split_ascii_whitespace().map(|word| word.trim_end_matches(',')).collect();
    // The day of the week says nothing new, but a line without one is hardly the output of `date`.
    let day = words.first().is_some_and(|word| {
        ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].iter().any(|day| word.starts_with(day))
            && word.bytes().all(|b| b.is_ascii_alphabetic())
            || FOREIGN_DAYS.contains(&word.trim_end_matches('.'))
    });
    if !day {
        return None;
    }
    words.remove(0);
    let afternoon = words.iter().position(|word| matches!(*word, "AM" | "PM")).map(|at| words.remove(at) == "PM");
    if words.len() != 5 {
        return None;
    }
    let clock_at = words.iter().position(|word| word.len() >= 8 && word.as_bytes()[2] == b':')?;
    let clock = words.remove(clock_at);
    let zone_at = words.iter().position(|word| is_zone(word))?;
    let zone = words.remove(zone_at);
    let month_at = words.iter().position(|word| month(word).is_some())?;
    let month = month(words.remove(month_at))?;
    let year_at = words.iter().position(|word| word.len() == 4)?;
    let year: i16 = words.remove(year_at).parse().ok()?;
    // German has a point behind it.
    let day: i8 = words.first()?.trim_end_matches('.').parse().ok()?;
    let mut parts = clock.split([':', '.']).map(|part| part.parse::<i8>().ok());
    let (mut hour, minute, second) = (parts.next()??, parts.next()??, parts.next()??);
    if let Some(afternoon) = afternoon {
        hour = hour % 12 + if afternoon { 12 } else { 0 };
    }
    let date = DateTime::new(year, month, day, hour, minute, second, 0).ok()?;
    Some(CaptureTime { time: at(date, zone), zone: Some(zone.into()) })
}

fn detect_date(hint: &Hint<'_>) -> Match {
    let mut lines = hint.head.lines().filter(|line| !line.trim().is_empty());
    let content = lines.next().is_some_and(|line| time(line).is_some()) && lines.next().is_none();
    match (content, words::subject_is(hint.subject, &["date"])) {
        (true, true) => Match::Both,
        // The time of any event may stand alone in a file, as one written by a job does.
        (true, false) if hint.subject.is_empty() => Match::Path,
        _ => Match::No,
    }
}

fn parse_date(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        match time(line.text) {
            Some(time) => {
                if time.time.is_none() {
                    let zone = time.zone.as_deref().unwrap_or_default();
                    parsed.problem(document, line.number, format!("the zone `{zone}` stands for several offsets, so the time is not known; collect with `date -u`"));
                }
                parsed.line_fact(document, line, time);
            }
            None => parsed.problem(document, line.number, "expected a time as date prints it; line skipped"),
        }
    }
    parsed
}

/// `Universal time: Sat 2026-11-21 01:46:55 UTC`.
fn universal(line: &str) -> Option<Timestamp> {
    let rest = line.trim().strip_prefix("Universal time")?.trim_start().strip_prefix(':')?;
    let mut words = rest.split_ascii_whitespace().skip_while(|word| !word.starts_with(|c: char| c.is_ascii_digit()));
    format!("{}T{}Z", words.next()?, words.next()?).parse().ok()
}

fn detect_control(hint: &Hint<'_>) -> Match {
    let content = hint.head.lines().take(6).any(|line| universal(line).is_some()) && hint.head.contains("Local time:");
    match (content, words::subject_is(hint.subject, &["timedatectl"])) {
        (true, true) => Match::Both,
        (true, false) => Match::Content,
        _ => Match::No,
    }
}

fn parse_control(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let found = document.lines().find_map(|line| Some((line, universal(line.text)?)));
    let Some((first, time)) = found else {
        parsed.problem(document, 0, "expected a line `Universal time:`");
        return parsed;
    };
    // `Time zone: Europe/Paris (CET, +0100)`, in older versions `Timezone`.
    let zone = document.lines().find_map(|line| {
        let (_, zone) = line.text.split_once("zone: ")?;
        Some((line, zone.split(['(', ',']).nth(1)?))
    });
    let last = zone.as_ref().map_or(first, |(line, _)| *line);
    let (first, last) = if last.number < first.number { (last, first) } else { (first, last) };
    parsed.fact(document, first, last, CaptureTime { time: Some(time), zone: zone.map(|(_, zone)| zone.into()) });
    control_clock(document, &mut parsed);
    parsed
}

/// `yes` and `no` of timedatectl; `active` and `inactive` since systemd 239. `n/a` says nothing.
fn flag(value: &str) -> Option<bool> {
    match value.trim() {
        "yes" | "active" => Some(true),
        "no" | "inactive" => Some(false),
        _ => None,
    }
}

/// Whether the clock is synchronised and by what, in the words of all versions.
fn control_clock(document: &Document<'_>, parsed: &mut Parsed) {
    let mut clock = ClockSync { source: "timedatectl".into(), ..ClockSync::default() };
    let mut bounds = None;
    for line in document.lines() {
        let Some((key, value)) = line.text.trim().split_once(": ") else { continue };
        match key.trim() {
            "NTP synchronized" | "System clock synchronized" => clock.synchronized = flag(value),
            "NTP enabled" | "NTP service" | "systemd-timesyncd.service active" | "Network time on" => {
                clock.service_active = flag(value);
            }
            "RTC in local TZ" => clock.rtc_local = flag(value),
            "Time zone" | "Timezone" => {
                let name = value.trim().split(" (").next().unwrap_or_default();
                if !name.is_empty() && name != "n/a" {
                    parsed.line_fact(document, line, TimeZone { name: name.into() });
                }
                continue;
            }
            _ => continue,
        }
        bounds = Some((bounds.map_or(line, |(first, _)| first), line));
    }
    if let Some((first, last)) = bounds {
        parsed.fact(document, first, last, clock);
    }
}

fn detect_show(hint: &Hint<'_>) -> Match {
    let has = |key: &str| hint.head.lines().any(|line| line.starts_with(key));
    let content = has("Timezone=") && has("NTPSynchronized=");
    Match::of(content, words::subject_is(hint.subject, &["timedatectl", "show"]))
}

fn parse_show(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut clock = ClockSync { source: "timedatectl".into(), ..ClockSync::default() };
    let mut bounds = None;
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        let Some((key, value)) = line.text.trim().split_once('=') else {
            parsed.problem(document, line.number, "expected `Name=value` as timedatectl show prints it; line skipped");
            continue;
        };
        match key {
            "Timezone" => {
                parsed.line_fact(document, line, TimeZone { name: value.into() });
                continue;
            }
            "TimeUSec" => {
                let zone = value.rsplit(' ').next().map(Text::from);
                parsed.line_fact(document, line, CaptureTime { time: zoned_time(value), zone });
                continue;
            }
            "LocalRTC" => clock.rtc_local = flag(value),
            "NTP" => clock.service_active = flag(value),
            "NTPSynchronized" => clock.synchronized = flag(value),
            _ => continue,
        }
        bounds = Some((bounds.map_or(line, |(first, _)| first), line));
    }
    if let Some((first, last)) = bounds {
        parsed.fact(document, first, last, clock);
    }
    parsed
}

fn detect_timesync(hint: &Hint<'_>) -> Match {
    let has = |key: &str| hint.head.lines().any(|line| line.trim_start().starts_with(key));
    let content = has("Server: ") && has("Poll interval: ") && (has("Packet count: ") || has("Root distance: "));
    Match::of(content, words::subject_is(hint.subject, &["timedatectl", "timesync-status"]))
}

fn parse_timesync(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut clock = ClockSync { source: "timedatectl".into(), ..ClockSync::default() };
    let mut bounds = None;
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        let Some((key, value)) = line.text.trim().split_once(": ") else {
            parsed.problem(document, line.number, "expected a property such as `Stratum: 2`; line skipped");
            continue;
        };
        let value = value.trim();
        let good = match key {
            "Server" => {
                clock.reference = value.split(' ').next().map(Text::from);
                true
            }
            "Leap" => {
                clock.leap = Some(value.into());
                clock.synchronized = Some(!value.starts_with("not synchronized"));
                true
            }
            "Stratum" => {
                clock.stratum = value.parse().ok();
                clock.stratum.is_some()
            }
            // systemd tells how far the server is ahead of the clock.
            "Offset" => {
                clock.offset = crate::services::seconds(value).map(|offset| 0.0 - offset);
                clock.offset.is_some()
            }
            _ => true,
        };
        if !good {
            parsed.problem(document, line.number, format!("cannot read the value of `{key}`"));
        }
        bounds = Some((bounds.map_or(line, |(first, _)| first), line));
    }
    if let Some((first, last)) = bounds {
        parsed.fact(document, first, last, clock);
    }
    parsed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Option<(String, String)> {
        let found = time(line)?;
        Some((found.time.map(|time| time.to_string()).unwrap_or_default(), found.zone.unwrap_or_default().to_string()))
    }

    #[test]
    fn every_form_of_date_gives_the_same_time() {
        let same = |zone: &str| Some(("2026-11-21T13:46:55Z".to_owned(), zone.to_owned()));
        assert_eq!(read("Sat Nov 21 13:46:55 UTC 2026"), same("UTC"));
        assert_eq!(read("Sat Nov 21 01:46:55 PM UTC 2026"), same("UTC"));
        assert_eq!(read("Sat 21 Nov 2026 02:46:55 PM CET"), same("CET"));
        assert_eq!(read("Sat, 21 Nov 2026 14:46:55 +0100"), same("+0100"));
        assert_eq!(read("Sat Nov 21 10:46:55 -03 2026"), same("-03"));
        assert_eq!(read("2026-11-21T14:46:55+01:00"), same("+01:00"));
        assert_eq!(read("Fri Jun 24 16:13:43 CST 2016"), Some((String::new(), "CST".into())));
        assert_eq!(read("Sat is a day"), None);
    }

    /// What `date` of coreutils 9.1 prints with `LC_ALL` set to de_DE.UTF-8, fr_FR.UTF-8, es_ES.UTF-8, it_IT.UTF-8 and pt_BR.UTF-8.
    #[test]
    fn other_languages_give_the_same_time() {
        for [winter, spring] in [
            ["Di 1. Dez 00:56:23 UTC 2026", "Do 5. Mär 07:08:09 UTC 2026"],
            ["mar. 01 déc. 2026 00:56:23 UTC", "jeu. 05 mars 2026 07:08:09 UTC"],
            ["mar 01 dic 2026 00:56:23 UTC", "jue 05 mar 2026 07:08:09 UTC"],
            ["mar 1 dic 2026, 00:56:23, UTC", "gio 5 mar 2026, 07:08:09, UTC"],
            ["ter 01 dez 2026 00:56:23 UTC", "qui 05 mar 2026 07:08:09 UTC"],
        ] {
            assert_eq!(read(winter), Some(("2026-12-01T00:56:23Z".into(), "UTC".into())), "{winter}");
            assert_eq!(read(spring), Some(("2026-03-05T07:08:09Z".into(), "UTC".into())), "{spring}");
        }
        assert_eq!(read("Di 31. Feb 00:00:00 UTC 2026"), None);
    }
}
