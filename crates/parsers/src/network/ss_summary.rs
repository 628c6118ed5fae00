//! `ss -s`: how many sockets there are, by state and by family (`misc/ss.c`, `print_summary`).

use bundlescope_facts::Counter;

use crate::document::{Document, Line, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words;

/// The format.
pub(crate) static SS_SUMMARY: Format =
    Format { name: "ss-summary", collect: "ss -s", kinds: &["counter"], detect, parse };

fn detect(hint: &Hint<'_>) -> Match {
    let mut lines = hint.head.lines().filter(|line| !line.trim().is_empty());
    let content = lines.next().is_some_and(|line| total(line).is_some_and(|(name, ..)| name == "Total"))
        && lines.next().is_some_and(|line| total(line).is_some_and(|(name, ..)| name == "TCP"));
    Match::of(content, words::subject_is(hint.subject, &["ss"]))
}

/// A name, its number, and the numbers of its parts.
type Total<'a> = (&'a str, i64, Vec<(&'a str, i64)>);

/// `TCP:   37 (estab 7, closed 24, orphaned 1, timewait 0)`; old versions have `timewait 0/0), ports 0` and `Total: 158 (kernel 200)`.
fn total(line: &str) -> Option<Total<'_>> {
    let (name, rest) = line.split_once(':')?;
    let (count, states) = rest.split_once('(').unwrap_or((rest, ""));
    let mut parts = Vec::new();
    for state in states.split([',', ')']).map(str::trim).filter(|state| !state.is_empty()) {
        let (state, count) = state.split_once(' ')?;
        parts.push((state, count.split('/').next()?.trim().parse().ok()?));
    }
    Some((name.trim(), count.trim().parse().ok()?, parts))
}

/// `Transport Total     IP        IPv6`.
fn titles(line: &str) -> Option<Vec<&str>> {
    let mut words = line.split_ascii_whitespace();
    (words.next()? == "Transport").then(|| words.collect())
}

/// `RAW\t  1         1         0`; a family that is not counted has `-`.
fn row(line: &str, columns: usize) -> Option<(&str, Vec<Option<i64>>)> {
    let mut words = line.split_ascii_whitespace();
    let family = words.next()?;
    let counts: Option<Vec<_>> =
        words.map(|word| if word == "-" { Some(None) } else { word.parse().ok().map(Some) }).collect();
    counts.filter(|counts| counts.len() == columns).map(|counts| (family, counts))
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut header: Option<(Line<'_>, Vec<&str>)> = None;
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        let mut emit = |first, scope: Option<&str>, name: &str, value| {
            let container = document.container.clone();
            let counter = Counter { name: name.into(), scope: scope.map(Into::into), value, container };
            parsed.fact(document, first, line, counter);
        };
        if let Some(columns) = titles(line.text) {
            header = Some((line, columns));
        } else if let Some((name, count, states)) = total(line.text) {
            emit(line, None, name, count);
            for (state, count) in states {
                emit(line, Some(name), state, count);
            }
        } else if let Some((first, columns)) = &header
            && let Some((family, counts)) = row(line.text, columns.len())
        {
            for (column, count) in columns.iter().zip(counts) {
                if let Some(count) = count {
                    emit(*first, Some(family), column, count);
                }
            }
        } else {
            parsed.problem(
                document,
                line.number,
                "expected the numbers of sockets as `ss -s` prints them; line skipped",
            );
        }
    }
    parsed
}
