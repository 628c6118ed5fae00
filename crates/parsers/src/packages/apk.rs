//! `apk info -v`, `apk info -vv`, `apk list -I` of Alpine.

use bundlescope_facts::{Package, Text};

use crate::document::{Document, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words::{self, Words};

/// The format.
pub(crate) static APK_INFO: Format =
    Format { name: "apk-info", collect: "apk info -v", kinds: &["package"], detect, parse };

/// `musl-1.2.4-r2`, with ` - the musl c library` (`-vv`) or ` x86_64 {musl} (MIT) [installed]` (`apk list`) behind it.
fn row(line: &str) -> Option<Package> {
    let mut words = Words::new(line);
    let word = words.next()?;
    let (rest, release) = word.rsplit_once('-')?;
    release.strip_prefix('r')?.parse::<u32>().ok()?;
    let (name, version) = rest.rsplit_once('-')?;
    if name.is_empty() || !version.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let arch = match words.next() {
        None | Some("-") => None,
        Some(arch) if words.rest().contains('{') => {
            if !words.rest().contains("[installed]") && words.rest().contains('[') {
                return None;
            }
            Some(arch)
        }
        Some(_) => return None,
    };
    Some(Package {
        name: name.into(),
        version: Some(version.into()),
        release: Some(release.into()),
        arch: arch.map(Text::from),
        manager: "apk".into(),
        state: "installed".into(),
        ..Package::default()
    })
}

fn detect(hint: &Hint<'_>) -> Match {
    let many = hint.head.lines().filter(|line| row(line).is_some()).take(3).count() == 3;
    let named = words::subject_is(hint.subject, &["apk"]);
    let content = words::most_lines(hint.head, |line| row(line).is_some());
    Match::of(content && (many || named), named)
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        match row(line.text) {
            Some(package) => {
                parsed.line_fact(document, line, Package { container: document.container.clone(), ..package })
            }
            None if line.text.starts_with("WARNING: ") || line.text.starts_with("ERROR: ") => {}
            None => parsed.problem(document, line.number, "expected a package such as `musl-1.2.4-r2`; line skipped"),
        }
    }
    parsed
}
