//! Kernel settings: `sysctl -a`, files under /proc/sys, sysctl.conf(5).

use bundlescope_facts::{Sysctl, Text};

use crate::document::{Document, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words;

/// `sysctl -a`.
pub(crate) static SYSCTL: Format =
    Format { name: "sysctl", collect: "sysctl -a", kinds: &["sysctl"], detect: detect_list, parse: parse_list };

/// sysctl.conf and the files of sysctl.d.
pub(crate) static SYSCTL_CONF: Format = Format {
    name: "sysctl-conf",
    collect: "cat /etc/sysctl.conf /etc/sysctl.d/*.conf",
    kinds: &["sysctl"],
    detect: detect_conf,
    parse: parse_conf,
};

/// One file under /proc/sys.
pub(crate) static PROC_SYS: Format =
    Format { name: "proc-sys", collect: "sysctl -a", kinds: &["sysctl"], detect: detect_proc, parse: parse_proc };

/// The first parts of keys; a line such as `user = nginx` of any other configuration does not count.
const ROOTS: &[&str] = &["abi", "crypto", "debug", "dev", "fs", "kernel", "net", "sunrpc", "user", "vm", "xpc"];

/// The key with dots, when it is one. Where the first separator is a slash, or for a dot in an interface's name, procps writes a
/// slash for a dot; dots are what the vocabulary has everywhere.
fn key(word: &str) -> Option<String> {
    let word = word.strip_prefix("/proc/sys/").unwrap_or(word);
    let (root, rest) = word.split_once(['.', '/'])?;
    let good = ROOTS.contains(&root)
        && !rest.is_empty()
        && word.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'=' | b'"' | b'('));
    good.then(|| word.replace('/', "."))
}

fn setting(line: &str) -> Option<(String, &str)> {
    let (name, value) = line.split_once('=')?;
    Some((key(name.trim())?, value.trim()))
}

fn detect_list(hint: &Hint<'_>) -> Match {
    let named = words::subject_is(hint.subject, &["sysctl"]);
    let content =
        words::most_lines(hint.head, |line| setting(line).is_some() && !line.starts_with(' ') || complaint(line));
    match (content && hint.head.lines().any(|line| setting(line).is_some()), named) {
        (true, true) => Match::Both,
        (true, false) => Match::Content,
        _ => Match::No,
    }
}

/// `sysctl: permission denied on key 'fs.protected_fifos'` and the like.
fn complaint(line: &str) -> bool {
    line.starts_with("sysctl: ") || line.starts_with("error: ")
}

fn parse_list(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    for line in document.lines() {
        if let Some((key, value)) = setting(line.text) {
            let container = document.container.clone();
            parsed.line_fact(
                document,
                line,
                Sysctl { key: key.into(), value: value.into(), configured: false, container },
            );
        } else if !line.text.trim().is_empty() && !complaint(line.text) && line.text.contains(" = ") {
            parsed.problem(document, line.number, "expected `key = value` of a kernel setting; line skipped");
        }
        // Other lines go on with a value of several lines, such as `dev.cdrom.info`, whose first line names its key again.
    }
    parsed
}

fn detect_conf(hint: &Hint<'_>) -> Match {
    let named = hint.subject == "/etc/sysctl.conf" || hint.subject.contains("sysctl.d/");
    // Distributions explain the folder in it.
    if hint.subject.rsplit('/').next().is_some_and(|name| name.starts_with("README")) {
        return Match::No;
    }
    let lines = || hint.head.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(['#', ';']));
    let good = lines().all(|line| {
        line.strip_prefix('-')
            .unwrap_or(line)
            .split('=')
            .next()
            .is_some_and(|name| key(name.trim()).is_some() || !line.contains('='))
    });
    let any = lines().any(|line| setting(line.strip_prefix('-').unwrap_or(line)).is_some());
    let comments = hint.head.lines().any(|line| line.starts_with(['#', ';']));
    match (named && good, any && good && comments) {
        (true, true) => Match::Both,
        // Many such files hold comments alone.
        (true, false) => {
            if any {
                Match::Both
            } else {
                Match::Path
            }
        }
        (false, true) => Match::Content,
        _ => Match::No,
    }
}

fn parse_conf(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    for line in document.lines() {
        let text = line.text.trim();
        if text.is_empty() || text.starts_with(['#', ';']) {
            continue;
        }
        let text = text.strip_prefix('-').unwrap_or(text);
        match setting(text) {
            Some((key, value)) => {
                let container = document.container.clone();
                parsed.line_fact(
                    document,
                    line,
                    Sysctl { key: key.into(), value: value.into(), configured: true, container },
                );
            }
            // `-net.ipv4.conf.*.rp_filter` alone takes keys out of a pattern.
            None if key(text).is_some() => {}
            None => parsed.problem(document, line.number, "expected `key = value` of a kernel setting; line skipped"),
        }
    }
    parsed
}

fn proc_key(subject: &str) -> Option<Text> {
    let key = subject.strip_prefix("/proc/sys/")?;
    (!key.is_empty()).then(|| key.replace('/', ".").into())
}

fn detect_proc(hint: &Hint<'_>) -> Match {
    let short = hint.head.lines().filter(|line| !line.trim().is_empty()).count() == 1;
    if proc_key(hint.subject).is_some() && short { Match::Both } else { Match::No }
}

fn parse_proc(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let Some(key) = proc_key(&document.subject) else {
        parsed.problem(document, 0, "expected a path below /proc/sys that names the setting");
        return parsed;
    };
    if let Some(line) = document.lines().find(|line| !line.text.trim().is_empty()) {
        let container = document.container.clone();
        parsed.line_fact(document, line, Sysctl { key, value: line.text.trim().into(), configured: false, container });
    }
    parsed
}
