//! Limits of resources: /proc/PID/limits, `prlimit`, `ulimit -a` of bash and dash, limits.conf(5).

use bundlescope_facts::Limit;

use crate::document::{Document, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words;

/// /proc/PID/limits.
pub(crate) static PROC_LIMITS: Format = Format {
    name: "proc-limits",
    collect: "cat /proc/PID/limits",
    kinds: &["limit"],
    detect: detect_proc,
    parse: parse_proc,
};

/// `prlimit` of util-linux.
pub(crate) static PRLIMIT: Format =
    Format { name: "prlimit", collect: "prlimit", kinds: &["limit"], detect: detect_prlimit, parse: parse_prlimit };

/// `ulimit -a`, `ulimit -aH`.
pub(crate) static ULIMIT: Format =
    Format { name: "ulimit", collect: "ulimit -a", kinds: &["limit"], detect: detect_ulimit, parse: parse_ulimit };

/// /etc/security/limits.conf and limits.d.
pub(crate) static LIMITS_CONF: Format = Format {
    name: "limits.conf",
    collect: "cat /etc/security/limits.conf /etc/security/limits.d/*",
    kinds: &["limit"],
    detect: detect_conf,
    parse: parse_conf,
};

/// A limit in the unit of the vocabulary, and whether it is unlimited.
fn amount(word: &str, unit: i64) -> Option<(Option<i64>, bool)> {
    match word {
        "unlimited" | "infinity" | "-1" => Some((None, true)),
        _ => Some((Some(word.parse::<i64>().ok()?.checked_mul(unit)?), false)),
    }
}

/// The names of limits.conf for those of /proc/PID/limits (fs/proc/base.c), of bash and of dash.
const NAMES: &[(&str, &str)] = &[
    ("Max cpu time", "cpu"),
    ("Max file size", "fsize"),
    ("Max data size", "data"),
    ("Max stack size", "stack"),
    ("Max core file size", "core"),
    ("Max resident set", "rss"),
    ("Max processes", "nproc"),
    ("Max open files", "nofile"),
    ("Max locked memory", "memlock"),
    ("Max address space", "as"),
    ("Max file locks", "locks"),
    ("Max pending signals", "sigpending"),
    ("Max msgqueue size", "msgqueue"),
    ("Max nice priority", "nice"),
    ("Max realtime priority", "rtprio"),
    ("Max realtime timeout", "rttime"),
    ("real-time non-blocking time", "rttime"),
    ("core file size", "core"),
    ("data seg size", "data"),
    ("scheduling priority", "nice"),
    ("file size", "fsize"),
    ("pending signals", "sigpending"),
    ("max locked memory", "memlock"),
    ("max memory size", "rss"),
    ("open files", "nofile"),
    ("pipe size", "pipe"),
    ("POSIX message queues", "msgqueue"),
    ("real-time priority", "rtprio"),
    ("stack size", "stack"),
    ("cpu time", "cpu"),
    ("max user processes", "nproc"),
    ("virtual memory", "as"),
    ("file locks", "locks"),
    ("time", "cpu"),
    ("file", "fsize"),
    ("data", "data"),
    ("stack", "stack"),
    ("coredump", "core"),
    ("memory", "rss"),
    ("locked memory", "memlock"),
    ("process", "nproc"),
    ("nofiles", "nofile"),
    ("vmemory", "as"),
    ("locks", "locks"),
    ("rtprio", "rtprio"),
];

fn item(name: &str) -> Option<&'static str> {
    NAMES.iter().find(|(known, _)| *known == name).map(|(_, item)| *item)
}

/// `Max open files            1024                 4096                 files`.
fn proc_row(line: &str) -> Option<Limit> {
    let (name, item) =
        NAMES.iter().filter(|(name, _)| name.starts_with("Max ")).find(|(name, _)| line.starts_with(name))?;
    let mut words = line.get(name.len()..)?.split_ascii_whitespace();
    let (soft, hard) = (words.next()?, words.next()?);
    // `us` is microseconds, which the vocabulary has no use for.
    let unit = words.next();
    if words.next().is_some() || unit == Some("us") && *item != "rttime" {
        return None;
    }
    let ((soft, soft_unlimited), (hard, hard_unlimited)) = (amount(soft, 1)?, amount(hard, 1)?);
    let seconds = |value: Option<i64>| if *item == "rttime" { value.map(|value| value / 1_000_000) } else { value };
    Some(Limit {
        item: (*item).into(),
        soft: seconds(soft),
        soft_unlimited,
        hard: seconds(hard),
        hard_unlimited,
        ..Limit::default()
    })
}

fn proc_titles(line: &str) -> bool {
    line.starts_with("Limit ") && line.contains("Soft Limit") && line.contains("Hard Limit")
}

fn detect_proc(hint: &Hint<'_>) -> Match {
    let content = hint.head.lines().take(5).any(proc_titles);
    match (content, hint.subject.starts_with("/proc/") && hint.subject.ends_with("/limits")) {
        (true, true) => Match::Both,
        (true, false) => Match::Content,
        _ => Match::No,
    }
}

fn parse_proc(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let pid = document.path.rsplit('/').nth(1).and_then(|folder| folder.parse().ok());
    for line in document.lines().filter(|line| !line.text.trim().is_empty() && !proc_titles(line.text)) {
        match proc_row(line.text) {
            Some(limit) => {
                parsed.line_fact(document, line, Limit { pid, container: document.container.clone(), ..limit });
            }
            None => {
                parsed.problem(document, line.number, "expected a limit, its soft and its hard value; line skipped")
            }
        }
    }
    parsed
}

/// `NOFILE     max number of open files                1024      1048576 files`: bytes, seconds and numbers (`sys-utils/prlimit.c`).
fn prlimit_row(line: &str) -> Option<Limit> {
    let mut words = line.split_ascii_whitespace();
    let item = words.next()?.to_ascii_lowercase();
    // NICE and RTPRIO have no unit behind them.
    let mut words = words.rev().peekable();
    words.next_if(|word| amount(word, 1).is_none());
    let (hard, soft) = (words.next()?, words.next()?);
    let known = NAMES.iter().any(|(_, name)| *name == item) && words.next().is_some();
    let ((soft, soft_unlimited), (hard, hard_unlimited)) = (amount(soft, 1)?, amount(hard, 1)?);
    let seconds = |value: Option<i64>| if item == "rttime" { value.map(|value| value / 1_000_000) } else { value };
    known.then(|| Limit {
        item: item.as_str().into(),
        soft: seconds(soft),
        soft_unlimited,
        hard: seconds(hard),
        hard_unlimited,
        ..Limit::default()
    })
}

fn prlimit_titles(line: &str) -> bool {
    line.split_ascii_whitespace().eq(["RESOURCE", "DESCRIPTION", "SOFT", "HARD", "UNITS"])
}

fn detect_prlimit(hint: &Hint<'_>) -> Match {
    let content = hint.head.lines().find(|line| !line.trim().is_empty()).is_some_and(prlimit_titles);
    Match::of(content, words::subject_is(hint.subject, &["prlimit"]))
}

/// Whose limits they are: `prlimit --pid 1`.
fn prlimit_pid(subject: &str) -> Option<u32> {
    let mut words = subject.split_ascii_whitespace();
    words.by_ref().find(|word| matches!(*word, "-p" | "--pid"))?;
    words.next()?.parse().ok()
}

fn parse_prlimit(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let pid = prlimit_pid(&document.subject);
    for line in document.lines().filter(|line| !line.text.trim().is_empty() && !prlimit_titles(line.text)) {
        match prlimit_row(line.text) {
            Some(limit) => {
                parsed.line_fact(document, line, Limit { pid, container: document.container.clone(), ..limit });
            }
            None => {
                parsed.problem(document, line.number, "expected a resource, its soft and its hard limit; line skipped")
            }
        }
    }
    parsed
}

/// `open files                          (-n) 1024`, `stack size (kbytes, -s) 8192`; dash: `nofiles  1024`, `stack(kbytes) 8192`.
fn shell_row(line: &str) -> Option<(&'static str, Option<i64>, bool)> {
    let (front, value) = line.trim().rsplit_once(|c: char| c.is_ascii_whitespace())?;
    let (name, detail) =
        front.split_once('(').map_or((front, ""), |(name, detail)| (name, detail.trim_end().trim_end_matches(')')));
    let item = item(name.trim())?;
    let unit = match detail.split(',').next().unwrap_or_default().trim() {
        "kbytes" => 1024,
        // bash counts 1024 bytes, and dash and POSIX half of it.
        "blocks" if detail.contains('-') => 1024,
        "blocks" => 512,
        "512 bytes" => 512,
        "microseconds" => {
            return amount(value, 1).map(|(value, unlimited)| (item, value.map(|v| v / 1_000_000), unlimited));
        }
        "" | "bytes" | "seconds" => 1,
        option if option.starts_with('-') => 1,
        _ => return None,
    };
    let (value, unlimited) = amount(value, unit)?;
    Some((item, value, unlimited))
}

fn detect_ulimit(hint: &Hint<'_>) -> Match {
    let found: Vec<_> = hint.head.lines().take(40).filter_map(shell_row).map(|(item, ..)| item).collect();
    let content =
        found.len() >= 5 && found.contains(&"nofile") && words::most_lines(hint.head, |line| shell_row(line).is_some());
    match (content, words::subject_is(hint.subject, &["ulimit"])) {
        (true, true) => Match::Both,
        (true, false) => Match::Content,
        _ => Match::No,
    }
}

fn parse_ulimit(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let options = document.subject.split_ascii_whitespace().skip(1);
    let hard = options.filter(|word| word.starts_with('-')).any(|word| word.contains('H'));
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        let Some((item, value, unlimited)) = shell_row(line.text) else {
            parsed.problem(
                document,
                line.number,
                "expected a limit and its value as `ulimit -a` prints it; line skipped",
            );
            continue;
        };
        let limit = Limit { item: item.into(), container: document.container.clone(), ..Limit::default() };
        let limit = if hard {
            Limit { hard: value, hard_unlimited: unlimited, ..limit }
        } else {
            Limit { soft: value, soft_unlimited: unlimited, ..limit }
        };
        parsed.line_fact(document, line, limit);
    }
    parsed
}

/// Items of limits.conf(5) and the unit of their values.
const ITEMS: &[(&str, i64)] = &[
    ("core", 1024),
    ("data", 1024),
    ("fsize", 1024),
    ("memlock", 1024),
    ("nofile", 1),
    ("rss", 1024),
    ("stack", 1024),
    ("cpu", 60),
    ("nproc", 1),
    ("as", 1024),
    ("maxlogins", 1),
    ("maxsyslogins", 1),
    ("nonewprivs", 1),
    ("priority", 1),
    ("locks", 1),
    ("sigpending", 1),
    ("msgqueue", 1),
    ("nice", 1),
    ("rtprio", 1),
];

/// `@dbadmins soft nofile 1024`; the type `-` sets both.
fn conf_row(line: &str) -> Option<Limit> {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let [domain, kind, item, value] = words.as_slice() else { return None };
    let (item, unit) = ITEMS.iter().find(|(name, _)| name == item)?;
    let (value, unlimited) = match (*item, *value) {
        // -1 is a value of these.
        ("nice" | "priority", value) => (Some(value.parse().ok()?), false),
        (_, value) => amount(value, *unit)?,
    };
    let limit = Limit { domain: Some((*domain).into()), item: (*item).into(), ..Limit::default() };
    match *kind {
        "soft" => Some(Limit { soft: value, soft_unlimited: unlimited, ..limit }),
        "hard" => Some(Limit { hard: value, hard_unlimited: unlimited, ..limit }),
        "-" => Some(Limit { soft: value, soft_unlimited: unlimited, hard: value, hard_unlimited: unlimited, ..limit }),
        _ => None,
    }
}

/// The line without its comment.
fn without_comment(line: &str) -> &str {
    line.split('#').next().unwrap_or_default().trim()
}

fn detect_conf(hint: &Hint<'_>) -> Match {
    let path = hint.subject == "/etc/security/limits.conf" || hint.subject.contains("/security/limits.d/");
    let mut lines = hint.head.lines().map(without_comment).filter(|line| !line.is_empty()).peekable();
    // A file of comments alone has nothing to tell, and is no other document either.
    let comments = lines.peek().is_none() && hint.head.trim_start().starts_with('#');
    let content = lines.next().is_some()
        && words::most_lines(hint.head, |line| {
            let line = without_comment(line);
            line.is_empty() || conf_row(line).is_some()
        });
    let limited = hint.head.lines().map(without_comment).any(|line| conf_row(line).is_some());
    match (content && limited, path) {
        (true, true) => Match::Both,
        (true, false) => Match::Content,
        (false, true) if comments || limited => Match::Path,
        (false, true) => Match::Path,
        _ => Match::No,
    }
}

fn parse_conf(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    for line in document.lines() {
        let text = without_comment(line.text);
        if text.is_empty() {
            continue;
        }
        match conf_row(text) {
            // Debian's `chroot` limits where a user is, not what it uses.
            None if text.split_ascii_whitespace().nth(2) == Some("chroot") => {}
            Some(limit) => parsed.line_fact(document, line, Limit { container: document.container.clone(), ..limit }),
            None => parsed.problem(
                document,
                line.number,
                "expected `domain type item value` as in limits.conf(5); line skipped",
            ),
        }
    }
    parsed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_become_bytes_and_seconds() {
        assert_eq!(shell_row("stack size                  (kbytes, -s) 8192"), Some(("stack", Some(8_388_608), false)));
        assert_eq!(shell_row("core file size              (blocks, -c) unlimited"), Some(("core", None, true)));
        assert_eq!(shell_row("open files                          (-n) 1024"), Some(("nofile", Some(1024), false)));
        assert_eq!(shell_row("data(kbytes)         1"), Some(("data", Some(1024), false)));
        assert_eq!(shell_row("nofiles              1048576"), Some(("nofile", Some(1_048_576), false)));
        assert_eq!(shell_row("the file is 5"), None);
        let limit = conf_row("* - cpu 10").unwrap();
        assert_eq!((limit.soft, limit.hard), (Some(600), Some(600)));
        assert_eq!(conf_row("@audio - nice -10").unwrap().soft, Some(-10));
        assert!(conf_row("root soft nproc unlimitied").is_none());
    }
}
