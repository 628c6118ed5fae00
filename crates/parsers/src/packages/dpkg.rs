//! `dpkg -l`, `dpkg-query -W`, `apt-cache policy`, `dpkg --get-selections`, `apt list --installed`, and dpkg's database /var/lib/dpkg/status.

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

/// `dpkg-query -W`: a name and a version, with a tab between them.
pub(crate) static DPKG_QUERY: Format = Format {
    name: "dpkg-query-W",
    collect: "dpkg-query -W",
    kinds: &["package"],
    detect: detect_query,
    parse: |document| {
        each_line(document, query_row, "expected a package and its version with a tab between; line skipped")
    },
};

/// `apt-cache policy PACKAGE`, `apt policy PACKAGE`.
pub(crate) static APT_POLICY: Format = Format {
    name: "apt-policy",
    collect: "apt-cache policy PACKAGE",
    kinds: &["package"],
    detect: detect_policy,
    parse: parse_policy,
};

/// Letters, digits and signs that names and versions of packages are made of.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".+-_~:".contains(&byte))
}

/// Those that are not installed, and whose files of configuration are there, have no version.
fn query_row(line: &str) -> Option<Package> {
    let (name, version) = line.split_once('\t')?;
    let (name, arch) = split_arch(name);
    let known = is_plain(version) && version.bytes().any(|byte| byte.is_ascii_digit());
    (is_plain(name) && (known || version.is_empty())).then(|| Package {
        name: name.into(),
        version: known.then(|| version.into()),
        arch: arch.map(Text::from),
        manager: "dpkg".into(),
        state: if known { "installed" } else { "config-files" }.into(),
        ..Package::default()
    })
}

fn detect_query(hint: &Hint<'_>) -> Match {
    let rows = hint.head.lines().filter(|line| query_row(line).is_some()).take(3).count();
    let content = rows > 0 && words::most_lines(hint.head, |line| query_row(line).is_some());
    // Two words with a tab between may be of much else.
    let named = words::subject_is(hint.subject, &["dpkg-query"]);
    Match::of(content && (named || rows == 3 && hint.head.contains("libc6")), named)
}

/// The name above and the line with its installed version.
fn installed(line: &str) -> Option<&str> {
    line.strip_prefix("  Installed: ")
}

fn detect_policy(hint: &Hint<'_>) -> Match {
    let mut lines = hint.head.lines().filter(|line| !line.trim().is_empty());
    let name = lines.next().and_then(|line| line.strip_suffix(':'));
    let content = name.is_some_and(is_plain)
        && lines.next().is_some_and(|line| installed(line).is_some())
        && lines.next().is_some_and(|line| line.starts_with("  Candidate: "));
    let named = words::subject_is(hint.subject, &["apt-cache", "policy"])
        || words::subject_is(hint.subject, &["apt", "policy"]);
    Match::of(content, named)
}

/// What could be installed, and from where, gives no facts.
fn parse_policy(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut name: Option<(Line<'_>, &str)> = None;
    for line in document.lines() {
        if let Some(found) = line.text.strip_suffix(':').filter(|found| is_plain(found)) {
            name = Some((line, found));
        } else if let Some(version) = installed(line.text)
            && let Some((first, name)) = name.take()
        {
            let (name, arch) = split_arch(name);
            let known = version.bytes().any(|byte| byte.is_ascii_digit());
            let package = Package {
                name: name.into(),
                version: known.then(|| version.into()),
                arch: arch.map(Text::from),
                manager: "dpkg".into(),
                state: if known { "installed" } else { "not-installed" }.into(),
                container: document.container.clone(),
                ..Package::default()
            };
            parsed.fact(document, first, line, package);
        }
    }
    parsed
}

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
    let installed = flags
        .split(',')
        .any(|flag| flag.starts_with("installed") || flag.to_ascii_lowercase().starts_with("installiert"));
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

/// `0ad/oldstable 0.0.26-3 amd64` of `apt list`: a package that could be installed and is not.
fn is_available(line: &str) -> bool {
    let mut words = Words::new(line);
    let named = words.next().is_some_and(|word| word.split_once('/').is_some_and(|(name, _)| is_plain(name)));
    named && words.next().is_some_and(is_plain) && words.next().is_some_and(is_plain) && words.next().is_none()
}

/// A package a line.
fn each_line(document: &Document<'_>, row: impl Fn(&str) -> Option<Package>, expected: &str) -> Parsed {
    let mut parsed = Parsed::default();
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        let text = line.text.trim_end();
        let decoration = is_available(text)
            || TITLES.iter().any(|title| text.starts_with(title))
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
