//! Which time servers a host asks: chrony.conf(5) with its confdir and sourcedir, ntp.conf(5), timesyncd.conf(5).

use bundlescope_facts::TimeServer;

use crate::document::{Document, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words::Words;

/// The format.
pub(crate) static TIME_SERVERS: Format = Format {
    name: "time-servers",
    collect: "cat /etc/chrony.conf /etc/chrony/chrony.conf /etc/ntp.conf /etc/systemd/timesyncd.conf",
    kinds: &["time_server"],
    detect,
    parse,
};

/// Directives of chrony.conf(5) and ntp.conf(5) that no other file has on lines of their own.
const DIRECTIVES: &[&str] = &[
    "driftfile",
    "makestep",
    "rtcsync",
    "maxupdateskew",
    "leapsectz",
    "ntsdumpdir",
    "sourcedir",
    "stratumweight",
    "bindcmdaddress",
    "noclientlog",
    "logchange",
    "restrict",
    "statsdir",
    "filegen",
    "disable",
    "tinker",
    "fudge",
    "keys",
    "keyfile",
    "leapfile",
    "ntpsigndsocket",
];

/// Words that begin a line with a server; `refclock` names a device.
fn mode(word: &str) -> Option<&'static str> {
    Some(match word {
        "server" => "server",
        "pool" => "pool",
        "peer" => "peer",
        _ => return None,
    })
}

/// A line without what is a comment: from the first sign on, or behind a blank.
fn plain(line: &str) -> &str {
    let line = line.trim_ascii();
    if line.starts_with(['#', '!', ';', '%']) { "" } else { line.split(" #").next().unwrap_or(line).trim_ascii_end() }
}

fn server(line: &str) -> Option<TimeServer> {
    let mut words = Words::new(line);
    let mode = mode(words.next()?)?;
    // ntpd is told the family in front of the name.
    while words.eat("-4") || words.eat("-6") {}
    let name = words.next().filter(|name| !name.contains([';', '{']))?;
    Some(TimeServer { name: name.into(), mode: mode.into(), options: words.map(Into::into).collect() })
}

fn is_timesyncd(head: &str) -> bool {
    let mut lines = head.lines().map(plain).filter(|line| !line.is_empty());
    lines.next() == Some("[Time]") && lines.all(|line| line.contains('='))
}

fn detect(hint: &Hint<'_>) -> Match {
    const FILES: &[&str] = &[
        "/etc/chrony.conf",
        "/etc/chrony/chrony.conf",
        "/etc/ntp.conf",
        "/etc/ntpsec/ntp.conf",
        "/etc/systemd/timesyncd.conf",
    ];
    const FOLDERS: &[&str] =
        &["/etc/chrony.d/", "/etc/chrony/conf.d/", "/etc/chrony/sources.d/", "/etc/systemd/timesyncd.conf.d/"];
    let named = FILES.contains(&hint.subject) || FOLDERS.iter().any(|folder| hint.subject.starts_with(folder));
    let lines = || hint.head.lines().map(plain).filter(|line| !line.is_empty());
    let directive = |line: &str| line.split_ascii_whitespace().next().is_some_and(|word| DIRECTIVES.contains(&word));
    // A server alone may be of many files; beside a directive that only these have, and without braces, it is theirs.
    let content = is_timesyncd(hint.head)
        || lines().any(|line| server(line).is_some())
            && lines().any(directive)
            && !lines().any(|line| line.ends_with(['{', '}', ';']));
    let alone = named && lines().any(|line| server(line).is_some() || directive(line));
    Match::of(content || alone, named)
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let timesyncd = document.lines().any(|line| plain(line.text) == "[Time]");
    for line in document.lines() {
        let text = plain(line.text);
        if !timesyncd {
            match server(text) {
                Some(found) => parsed.line_fact(document, line, found),
                None if text.split_ascii_whitespace().next().and_then(mode).is_some() => {
                    parsed.problem(document, line.number, "expected the name of a time server; line skipped");
                }
                None => {}
            }
            continue;
        }
        let (key, names) = text.split_once('=').unwrap_or_default();
        let mode = match key.trim() {
            "NTP" => "server",
            "FallbackNTP" => "fallback",
            _ => continue,
        };
        for name in names.split_ascii_whitespace() {
            let found = TimeServer { name: name.into(), mode: mode.into(), options: Vec::new() };
            parsed.line_fact(document, line, found);
        }
    }
    parsed
}
