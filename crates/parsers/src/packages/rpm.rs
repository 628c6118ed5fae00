//! `rpm -qa` (plain, with dates of `--last`, and with the query formats of sosreport's `package-data`), `rpm -qai`, `yum list installed`.

use bundlescope_facts::{Package, Text};

use crate::document::{Document, Line, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words;

/// `rpm -qa`.
pub(crate) static RPM_LIST: Format =
    Format { name: "rpm-qa", collect: "rpm -qa", kinds: &["package"], detect: detect_list, parse: parse_list };

/// `rpm -qai`.
pub(crate) static RPM_INFO: Format =
    Format { name: "rpm-qai", collect: "rpm -qai", kinds: &["package"], detect: detect_info, parse: parse_info };

/// `yum list installed`, `dnf list --installed`.
pub(crate) static YUM_LIST: Format = Format {
    name: "yum-list",
    collect: "yum list installed",
    kinds: &["package"],
    detect: detect_yum,
    parse: parse_yum,
};

/// Architectures that rpm knows, as they end a package's name.
const ARCHITECTURES: &[&str] = &[
    "x86_64",
    "noarch",
    "i386",
    "i486",
    "i586",
    "i686",
    "athlon",
    "aarch64",
    "armv7hl",
    "armv6hl",
    "ppc64le",
    "ppc64",
    "ppc",
    "s390x",
    "s390",
    "ia64",
    "riscv64",
    "loongarch64",
    "amd64",
    "src",
    "(none)",
];

/// `epoch:name-version-release.arch` and its usual variants: the epoch may stand before the version, the architecture may be
/// missing.
fn nevra(word: &str) -> Option<Package> {
    let (rest, arch) = match word.rsplit_once('.') {
        Some((rest, arch)) if ARCHITECTURES.contains(&arch) => (rest, Some(arch)),
        _ => (word, None),
    };
    let (rest, release) = rest.rsplit_once('-')?;
    let (name, version) = rest.rsplit_once('-')?;
    // Keys of signers are packages too: `gpg-pubkey-f4a80eb5-53a7ff4b`.
    let versioned =
        version.bytes().any(|byte| byte.is_ascii_digit()) && release.bytes().any(|byte| byte.is_ascii_digit());
    let plain = |text: &str| {
        !text.is_empty()
            && text.bytes().all(|byte| {
                byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'+' | b'-' | b'~' | b'^' | b':')
            })
    };
    if !versioned || !plain(name) || !plain(version) || !plain(release) || release.contains(':') {
        return None;
    }
    let (epoch, version) = match version.split_once(':') {
        Some((epoch, version)) => (Some(epoch), version),
        None => (None, version),
    };
    let (epoch, name) = match name.split_once(':') {
        Some((before, name)) if before.bytes().all(|byte| byte.is_ascii_digit()) => (Some(before), name),
        Some(_) => return None,
        None => (epoch, name),
    };
    Some(Package {
        name: name.into(),
        version: Some(version.into()),
        release: Some(release.into()),
        epoch: epoch.filter(|epoch| *epoch != "0").map(Text::from),
        arch: arch.filter(|arch| *arch != "(none)").map(Text::from),
        manager: "rpm".into(),
        state: "installed".into(),
        ..Package::default()
    })
}

/// The package of a line: its first word, which a date or sosreport's further columns follow.
fn row(line: &str) -> Option<Package> {
    let mut words = line.split_ascii_whitespace();
    let package = nevra(words.next()?)?;
    let after = words.next();
    // `--last` and `package-data` print the day of the installation; in a sentence anything could follow.
    let dated = after.is_none_or(|word| {
        let day = word.len() == 3 && word.starts_with(|c: char| c.is_ascii_uppercase());
        day || word.starts_with(|c: char| c.is_ascii_digit()) || word.ends_with(',')
    });
    dated.then_some(package)
}

fn detect_list(hint: &Hint<'_>) -> Match {
    let named = words::subject_is(hint.subject, &["rpm"])
        || hint.path.ends_with("package-data")
        || hint.path.ends_with("installed-rpms");
    let content = words::most_lines(hint.head, |line| row(line).is_some());
    // One word of this form alone may be anything.
    let many =
        hint.head.lines().filter(|line| row(line).is_some_and(|package| package.arch.is_some())).take(3).count() == 3;
    Match::of(content && (named || many), named)
}

fn parse_list(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        let problem = match row(line.text) {
            Some(package) => {
                parsed.line_fact(document, line, Package { container: document.container.clone(), ..package });
                continue;
            }
            None if is_message(line.text) => continue,
            None => "expected a package such as `bash-5.1.8-6.el9.x86_64`; line skipped",
        };
        parsed.problem(document, line.number, problem);
    }
    parsed
}

/// What rpm says besides packages.
fn is_message(line: &str) -> bool {
    ["error: ", "warning: ", "rpmdb: "].iter().any(|start| line.starts_with(start))
}

/// `Name        : make` of `rpm -qi`.
fn tag(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once(':')?;
    let key = key.trim_end();
    (key.len() <= 14 && key.starts_with(|c: char| c.is_ascii_uppercase())).then_some((key, value.trim()))
}

fn detect_info(hint: &Hint<'_>) -> Match {
    let mut lines = hint.head.lines().filter(|line| !line.trim().is_empty()).take(8);
    let first = lines.next().is_some_and(|line| line.starts_with("Name        :") || line.starts_with("Name       :"));
    let others: Vec<&str> = lines.filter_map(tag).map(|(key, _)| key).collect();
    let content = first && ["Version", "Release"].iter().all(|key| others.contains(key));
    Match::of(content, words::subject_is(hint.subject, &["rpm"]))
}

fn parse_info(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut open: Option<(Package, Line<'_>, Line<'_>)> = None;
    // A description is free text, which ends where the next package begins.
    let mut described = false;
    for line in document.lines() {
        let Some((key, value)) = tag(line.text) else {
            if !described && !line.text.trim().is_empty() && !is_message(line.text) {
                parsed.problem(document, line.number, "expected a tag such as `Version     : 3.82`; line skipped");
            }
            continue;
        };
        if key == "Name" && line.text.starts_with("Name     ") {
            if let Some((package, first, last)) = open.take() {
                parsed.fact(document, first, last, package);
            }
            // Old versions print a second column: `Name        : make        Relocations: (not relocatable)`.
            let name = value.split_ascii_whitespace().next().unwrap_or_default();
            let package = Package {
                name: name.into(),
                manager: "rpm".into(),
                state: "installed".into(),
                container: document.container.clone(),
                ..Package::default()
            };
            open = Some((package, line, line));
            described = false;
            continue;
        }
        let Some((package, _, last)) = &mut open else {
            parsed.problem(document, line.number, "expected `Name` before the other tags of a package; line skipped");
            continue;
        };
        if described {
            continue;
        }
        let word = value.split_ascii_whitespace().next().map(Text::from);
        match key {
            "Version" => package.version = word,
            "Release" => package.release = word,
            "Epoch" => package.epoch = word.filter(|epoch| &**epoch != "0"),
            "Architecture" => package.arch = word.filter(|arch| &**arch != "(none)"),
            "Description" => {
                described = true;
                continue;
            }
            _ => continue,
        }
        *last = line;
    }
    if let Some((package, first, last)) = open {
        parsed.fact(document, first, last, package);
    }
    parsed
}

/// `bash.x86_64   5.1.8-6.el9   @anaconda`.
fn yum_row(line: &str) -> Option<Package> {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let [name, version, _] = words[..] else { return None };
    let (name, arch) = name.rsplit_once('.')?;
    if !ARCHITECTURES.contains(&arch) {
        return None;
    }
    let (version, release) = version.rsplit_once('-')?;
    let (epoch, version) = version.split_once(':').map_or((None, version), |(epoch, version)| (Some(epoch), version));
    version.bytes().any(|byte| byte.is_ascii_digit()).then(|| Package {
        name: name.into(),
        version: Some(version.into()),
        release: Some(release.into()),
        epoch: epoch.filter(|epoch| *epoch != "0").map(Text::from),
        arch: Some(arch.into()),
        manager: "rpm".into(),
        state: "installed".into(),
        ..Package::default()
    })
}

fn detect_yum(hint: &Hint<'_>) -> Match {
    let content = hint.head.lines().take(30).any(|line| line.trim() == "Installed Packages")
        && hint.head.lines().any(|line| yum_row(line).is_some());
    let named = words::subject_is(hint.subject, &["yum", "list"]) || words::subject_is(hint.subject, &["dnf", "list"]);
    Match::of(content, named)
}

fn parse_yum(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut installed = false;
    let mut wrapped: Option<Line<'_>> = None;
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        let text = line.text.trim();
        if text == "Installed Packages" || text.ends_with(" Packages") && !text.contains('.') {
            installed = text == "Installed Packages";
            continue;
        }
        if !installed {
            continue;
        }
        // Long names break the line.
        let (first, text) = match wrapped.take() {
            Some(before) => (before, format!("{} {text}", before.text.trim())),
            None => (line, text.to_owned()),
        };
        match yum_row(&text) {
            Some(package) => {
                parsed.fact(document, first, line, Package { container: document.container.clone(), ..package })
            }
            None if text.split_ascii_whitespace().count() < 3 && first.number == line.number => wrapped = Some(line),
            None => parsed.problem(
                document,
                line.number,
                "expected a package such as `bash.x86_64 5.1.8-6.el9 @anaconda`; line skipped",
            ),
        }
    }
    if let Some(line) = wrapped {
        parsed.problem(document, line.number, "a package without its version and repository; line skipped");
    }
    parsed
}
