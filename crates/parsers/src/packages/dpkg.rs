//! `dpkg -l`, `dpkg --get-selections`, `apt list --installed`, and dpkg's database /var/lib/dpkg/status.

use bundlescope_facts::{Package, Text};

use crate::document::{Document, Line, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words::{self, Words};

/// `dpkg -l`.
pub(crate) static DPKG_LIST: Format =
    Format { name: "dpkg-l", collect: "dpkg -l", kinds: &["package"], detect: detect_list, parse: parse_list };

/// /var/lib/dpkg/status, and `dpkg -s`.
pub(crate) static DPKG_STATUS: Format = Format {
    name: "dpkg-status",
    collect: "cat /var/lib/dpkg/status",
    kinds: &["package"],
    detect: detect_status,
    parse: parse_status,
};

/// `dpkg --get-selections`, `apt-mark showhold`.
pub(crate) static SELECTIONS: Format = Format {
    name: "dpkg-selections",
    collect: "dpkg --get-selections",
    kinds: &["package"],
    detect: detect_selections,
    parse: parse_selections,
};

/// `apt list --installed`.
pub(crate) static APT_LIST: Format = Format {
    name: "apt-list",
    collect: "apt list --installed",
    kinds: &["package"],
    detect: detect_apt,
    parse: parse_apt,
};

/// The state that the second letter of `dpkg -l` stands for.
fn state(letter: u8) -> Option<&'static str> {
    Some(match letter {
        b'i' => "installed",
        b'c' => "config-files",
        b'n' => "not-installed",
        b'U' | b'u' => "unpacked",
        b'F' | b'f' => "half-configured",
        b'H' | b'h' => "half-installed",
        b'W' | b'w' => "triggers-awaited",
        b'T' | b't' => "triggers-pending",
        _ => return None,
    })
}

/// `ii  bash:amd64  5.2.15-2  amd64  GNU Bourne Again SHell`. Before dpkg 1.16 there is no column of architectures.
fn list_row(line: &str, arched: bool) -> Option<Package> {
    let mut words = Words::new(line);
    let letters = words.next().filter(|_| !line.starts_with(' '))?.as_bytes();
    let (want, status) = match letters {
        [want, status] | [want, status, b'R' | b'r'] => (want, status),
        _ => return None,
    };
    if !b"uirph".contains(want) {
        return None;
    }
    let (name, of_name) = split_arch(words.next()?);
    let version = words.next()?;
    let arch = if arched { Some(words.next()?) } else { of_name };
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".+-_~:<>".contains(&byte));
    if !plain(name) || !plain(version) {
        return None;
    }
    Some(Package {
        name: name.into(),
        version: Some(Text::from(version)).filter(|version| &**version != "<none>"),
        arch: arch.filter(|arch| *arch != "<none>").map(Text::from),
        manager: "dpkg".into(),
        state: state(*status)?.into(),
        held: *want == b'h',
        ..Package::default()
    })
}

/// `libc6:amd64`.
fn split_arch(name: &str) -> (&str, Option<&str>) {
    name.split_once(':').map_or((name, None), |(name, arch)| (name, Some(arch)))
}

/// The line below the titles: `+++-===========-==========-============-=====`.
fn is_rule(line: &str) -> bool {
    line.starts_with("+++-=")
}

fn is_list_title(line: &str) -> bool {
    line.starts_with("||/ Name")
}

fn detect_list(hint: &Hint<'_>) -> Match {
    let content = hint.head.lines().take(20).any(|line| is_rule(line) || is_list_title(line));
    let rows = words::most_lines(hint.head, |line| line.starts_with("ii  ") && list_row(line, true).is_some());
    Match::of(content || rows, words::subject_is(hint.subject, &["dpkg"]) || hint.subject.contains("installed-debs"))
}

fn parse_list(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut arched = true;
    // What the columns mean stands above their titles, in the language of the host.
    let mut legend = document.lines().any(|line| is_rule(line.text));
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        let text = line.text.trim_end();
        if is_rule(text) {
            // A column each for the name, the version and the description, and one for the architecture since dpkg 1.16.
            arched = text.split('-').filter(|piece| piece.starts_with('=')).count() > 3;
            legend = false;
            continue;
        }
        let complaint = text.starts_with("dpkg-query: ") || text.starts_with("dpkg: ");
        if complaint || (legend && list_row(text, true).is_none()) || is_list_title(text) {
            continue;
        }
        match list_row(text, arched) {
            Some(package) => {
                parsed.line_fact(document, line, Package { container: document.container.clone(), ..package })
            }
            None => parsed.problem(
                document,
                line.number,
                "expected a package such as `ii  bash  5.2.15-2  amd64  …`; line skipped",
            ),
        }
    }
    parsed
}

fn detect_status(hint: &Hint<'_>) -> Match {
    let mut lines = hint.head.lines().filter(|line| !line.trim().is_empty());
    let first = lines.next().is_some_and(|line| line.starts_with("Package: "));
    let content = first && lines.take(12).any(|line| line.starts_with("Status: "));
    Match::of(content, hint.subject.ends_with("dpkg/status") || words::subject_is(hint.subject, &["dpkg"]))
}

fn parse_status(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut open: Option<(Package, Line<'_>, Line<'_>)> = None;
    for line in document.lines() {
        let Some((key, value)) = line.text.split_once(':').filter(|_| !line.text.starts_with([' ', '\t'])) else {
            // Continued values begin with a blank; a paragraph ends with an empty line.
            if line.text.trim().is_empty()
                && let Some((package, first, last)) = open.take()
            {
                parsed.fact(document, first, last, package);
            } else if !line.text.trim().is_empty() && !line.text.starts_with([' ', '\t']) {
                parsed.problem(document, line.number, "expected a field such as `Version: 1.2-3`; line skipped");
            }
            continue;
        };
        let value = value.trim();
        if key == "Package" {
            if let Some((package, first, last)) = open.take() {
                parsed.fact(document, first, last, package);
            }
            let package = Package {
                name: value.into(),
                manager: "dpkg".into(),
                state: "installed".into(),
                container: document.container.clone(),
                ..Package::default()
            };
            open = Some((package, line, line));
            continue;
        }
        let Some((package, _, last)) = &mut open else { continue };
        match key {
            "Status" => {
                // `install ok installed`: what is wanted, whether an error was met, the state.
                let words: Vec<&str> = value.split(' ').collect();
                let [want, _, state] = words[..] else {
                    parsed.problem(document, line.number, "expected a status such as `install ok installed`");
                    continue;
                };
                package.held = want == "hold";
                package.state = state.into();
            }
            "Version" => package.version = Some(value.into()),
            "Architecture" => package.arch = Some(value.into()),
            _ => continue,
        }
        *last = line;
    }
    if let Some((package, first, last)) = open {
        parsed.fact(document, first, last, package);
    }
    parsed
}

/// `docker-ce:amd64    hold`.
fn selection(line: &str) -> Option<Package> {
    let mut words = line.split_ascii_whitespace();
    let (name, arch) = split_arch(words.next()?);
    let state = match words.next()? {
        "install" | "hold" => "installed",
        "deinstall" => "config-files",
        "purge" => "not-installed",
        _ => return None,
    };
    words.next().is_none().then(|| Package {
        name: name.into(),
        arch: arch.map(Text::from),
        manager: "dpkg".into(),
        state: state.into(),
        held: line.trim_end().ends_with("hold"),
        ..Package::default()
    })
}

fn detect_selections(hint: &Hint<'_>) -> Match {
    let content = words::most_lines(hint.head, |line| selection(line).is_some());
    let many = hint.head.lines().filter(|line| selection(line).is_some()).take(3).count() == 3;
    let named = words::subject_is(hint.subject, &["dpkg"]) && hint.subject.contains("selections");
    Match::of(content && (many || named), named)
}

fn parse_selections(document: &Document<'_>) -> Parsed {
    each_line(document, selection, "expected a package and its selection, such as `bash install`; line skipped")
}

/// `bash/stable,now 5.2.15-2+b2 amd64 [installed,automatic]`.
fn apt_row(line: &str) -> Option<Package> {
    let mut words = Words::new(line);
    let (name, suites) = words.next()?.split_once('/')?;
    let version = words.next()?;
    let arch = words.next()?;
    let flags = words.rest().strip_prefix('[')?.strip_suffix(']')?;
    let installed = flags.split(',').any(|flag| flag.starts_with("installed"));
    let state = match flags {
        _ if installed => "installed",
        _ if flags.starts_with("upgradable") => "installed",
        _ if flags.contains("residual-config") => "config-files",
        _ => return None,
    };
    let known = !name.is_empty()
        && !suites.contains('/')
        && arch.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    // What can be upgraded is installed in another version than the one beside it.
    let version = if flags.starts_with("upgradable") {
        flags.rsplit_once(": ").map(|(_, version)| version)
    } else {
        Some(version)
    };
    known.then(|| Package {
        name: name.into(),
        version: version.map(Text::from),
        arch: Some(arch.into()),
        manager: "dpkg".into(),
        state: state.into(),
        ..Package::default()
    })
}

/// `Listing...`, in English and German.
const TITLES: [&str; 2] = ["Listing...", "Auflistung"];

fn detect_apt(hint: &Hint<'_>) -> Match {
    let titled = hint.head.lines().take(6).any(|line| TITLES.iter().any(|title| line.starts_with(title)));
    let rows = hint.head.lines().filter(|line| apt_row(line).is_some()).take(3).count();
    Match::of(
        titled && rows > 0 || rows == 3 && words::most_lines(hint.head, |line| apt_row(line).is_some()),
        words::subject_is(hint.subject, &["apt", "list"]),
    )
}

fn parse_apt(document: &Document<'_>) -> Parsed {
    each_line(
        document,
        apt_row,
        "expected a package such as `bash/stable,now 5.2.15-2 amd64 [installed]`; line skipped",
    )
}

/// A package a line.
fn each_line(document: &Document<'_>, row: impl Fn(&str) -> Option<Package>, expected: &str) -> Parsed {
    let mut parsed = Parsed::default();
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        let text = line.text.trim_end();
        let decoration = TITLES.iter().any(|title| text.starts_with(title))
            || text.starts_with("WARNING: apt does not have a stable CLI");
        match row(text) {
            Some(package) => {
                parsed.line_fact(document, line, Package { container: document.container.clone(), ..package })
            }
            None if decoration => {}
            None => parsed.problem(document, line.number, expected),
        }
    }
    parsed
}
