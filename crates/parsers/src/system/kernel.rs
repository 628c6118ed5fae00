//! The running kernel: `uname -a` (the host's name too), `uname -r`, `-v`, `-m`, /proc/version.

use bundlescope_facts::{Hostname, Kernel, Text};

use crate::document::{Document, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words;

use super::hostname::is_name;

/// `uname`.
pub(crate) static UNAME: Format = Format {
    name: "uname",
    collect: "uname -a",
    kinds: &["hostname", "kernel"],
    detect: detect_uname,
    parse: parse_uname,
};

/// /proc/version.
pub(crate) static VERSION: Format = Format {
    name: "proc-version",
    collect: "cat /proc/version",
    kinds: &["kernel"],
    detect: detect_version,
    parse: |document| super::load::one_line(document, "expected `Linux version … #…`", version),
};

/// `5.15.0-91-generic`.
fn is_release(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit())
        && word.contains('.')
        && word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'+' | b'~'))
}

/// Machines that `uname -m` names.
const MACHINES: &[&str] = &[
    "x86_64",
    "aarch64",
    "i386",
    "i486",
    "i586",
    "i686",
    "ppc64le",
    "ppc64",
    "s390x",
    "riscv64",
    "armv7l",
    "armv6l",
    "loongarch64",
    "mips64",
    "amd64",
    "arm64",
];

/// The name and the kernel in `Linux web1 5.15.0-91-generic #101-Ubuntu SMP … x86_64 x86_64 x86_64 GNU/Linux`.
fn uname(line: &str) -> Option<(&str, Kernel)> {
    let mut words = words::Words::new(line);
    words.next().filter(|word| *word == "Linux")?;
    let (name, release) = (words.next()?, words.next()?);
    let rest = words.rest();
    let version =
        rest.strip_suffix("GNU/Linux").or_else(|| rest.strip_suffix("Linux")).unwrap_or(rest).trim_ascii_end();
    let mut machine = None;
    let mut version = version;
    // The machine, the processor and the platform follow, as far as they are known.
    while let Some((front, last)) = version.rsplit_once(' ')
        && (MACHINES.contains(&last) || last == "unknown")
    {
        machine = Some(last).filter(|last| *last != "unknown").or(machine);
        version = front.trim_ascii_end();
    }
    let kernel =
        Kernel { release: Some(release.into()), version: Some(Text::from(version)), machine: machine.map(Text::from) };
    (is_release(release) && is_name(name) && version.starts_with('#')).then_some((name, kernel))
}

/// The word of a `uname` with one option, which only the path can tell.
fn single(subject: &str, line: &str) -> Option<Kernel> {
    let option = subject.split_ascii_whitespace().skip(1).collect::<Vec<_>>();
    let text = || Some(Text::from(line.trim()));
    match option.as_slice() {
        ["-r" | "--kernel-release"] if is_release(line.trim()) => Some(Kernel { release: text(), ..Kernel::default() }),
        ["-m" | "-p" | "-i" | "--machine"] if MACHINES.contains(&line.trim()) => {
            Some(Kernel { machine: text(), ..Kernel::default() })
        }
        ["-v" | "--kernel-version"] if line.starts_with('#') => Some(Kernel { version: text(), ..Kernel::default() }),
        [] if is_release(line.trim()) => Some(Kernel { release: text(), ..Kernel::default() }),
        _ => None,
    }
}

/// The only line that holds anything and is no comment.
fn only_line(head: &str) -> Option<&str> {
    let mut lines =
        head.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#') || line.starts_with("#1"));
    lines.next().filter(|_| lines.next().is_none())
}

fn detect_uname(hint: &Hint<'_>) -> Match {
    let path = words::subject_is(hint.subject, &["uname"]);
    match (only_line(hint.head).is_some_and(|line| uname(line).is_some()), path) {
        (true, true) => Match::Both,
        (true, false) => Match::Content,
        (false, true) if only_line(hint.head).is_some_and(|line| single(hint.subject, line).is_some()) => Match::Both,
        (false, true) if hint.head.lines().take(10).any(|line| uname(line).is_some()) => Match::Path,
        _ => Match::No,
    }
}

fn parse_uname(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    // A container sees the kernel of its host, and its own name is its inspect's business.
    if document.container.is_some() {
        return parsed;
    }
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        if let Some((name, kernel)) = uname(line.text) {
            parsed.line_fact(document, line, Hostname { name: name.into() });
            parsed.line_fact(document, line, kernel);
        } else if let Some(kernel) = single(&document.subject, line.text) {
            parsed.line_fact(document, line, kernel);
        } else if !line.text.starts_with('#') {
            parsed.problem(document, line.number, "expected `Linux name release #version machine`; line skipped");
        }
    }
    parsed
}

/// `Linux version 5.8.0-63-generic (buildd@lcy01) (gcc … , GNU ld …) #71-Ubuntu SMP Tue …`.
fn version(line: &str) -> Option<Kernel> {
    let rest = line.trim().strip_prefix("Linux version ")?;
    let release = rest.split(' ').next().filter(|word| is_release(word))?;
    let at = rest.rfind(") #")? + 2;
    Some(Kernel { release: Some(release.into()), version: Some(rest.get(at..)?.into()), machine: None })
}

fn detect_version(hint: &Hint<'_>) -> Match {
    let content = only_line(hint.head).is_some_and(|line| version(line).is_some());
    match (content, hint.subject == "/proc/version") {
        (true, true) => Match::Both,
        (true, false) => Match::Content,
        _ => Match::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_is_told_where_it_is_known() {
        let machine = |line: &str| {
            uname(line).map(|(_, kernel)| (kernel.version.unwrap().to_string(), kernel.machine.map(|m| m.to_string())))
        };
        let x86 = Some("x86_64".to_owned());
        assert_eq!(
            machine("Linux debian 5.7.0-2-amd64 #1 SMP Debian 5.7.10-1 (2020-07-26) x86_64 GNU/Linux"),
            Some(("#1 SMP Debian 5.7.10-1 (2020-07-26)".to_owned(), x86.clone()))
        );
        assert_eq!(
            machine("Linux m 2.6.18-194.e15PAE #1 SMP Fri i686 i686 i386 GNU/Linux").unwrap().1,
            Some("i686".to_owned())
        );
        assert_eq!(machine("Linux m 6.1.0 #1 SMP x86_64 unknown unknown GNU/Linux").unwrap().1, x86);
        assert_eq!(machine("Linux is a kernel 5 #1"), None);
    }

    #[test]
    fn a_word_alone_is_told_by_the_command() {
        assert!(single("uname -r", "6.1.0-18-amd64").is_some());
        assert!(single("uname -m", "x86_64").is_some());
        assert!(single("uname -r", "web1").is_none());
    }
}
