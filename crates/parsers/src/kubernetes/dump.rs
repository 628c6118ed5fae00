//! `kubectl cluster-info dump`: lists of objects, and between them the logs of containers between lines that name them.
//! With `--output-directory` these logs are documents of their own.

use crate::document::{LogPart, PodName};
use crate::format::{Format, Match};
use crate::{Document, Parsed};

use super::objects;

/// Logs of a dump alone.
pub(super) static LOGS: Format = Format {
    name: "kubectl-cluster-info-dump",
    collect: "kubectl cluster-info dump --all-namespaces",
    kinds: &["log"],
    detect: |hint| {
        let first = hint.head.lines().find(|line| !line.trim().is_empty());
        if first.is_some_and(|line| heading(line).is_some()) { Match::Both } else { Match::No }
    },
    parse,
};

/// What stands before the name of a container.
const START: &str = "==== START logs for container ";

/// The container and the pod that a heading names: `==== START logs for container web of pod shop/web-5d9 ====`.
fn heading(line: &str) -> Option<(&str, PodName)> {
    let rest = line.strip_prefix(START)?;
    let (container, rest) = rest.split_once(" of pod ")?;
    let pod = rest.trim_end().strip_suffix(" ====")?;
    let (namespace, name) = pod.split_once('/').unwrap_or(("", pod));
    Some((container, PodName::new(namespace, name)))
}

/// Reads a document of objects as JSON, with the logs of a dump between them.
pub(super) fn parse(document: &Document<'_>) -> Parsed {
    if memchr::memmem::find(document.bytes, START.as_bytes()).is_none() {
        return objects::parse(document);
    }
    let mut parsed = Parsed::default();
    // Where the objects that come next begin, with the number of that line.
    let mut objects_at = (0usize, document.first_line);
    // The container whose log is read: where it begins, and its heading's line.
    let mut log: Option<((&str, PodName), usize, u32)> = None;
    let mut last = (0usize, document.first_line);
    for line in document.lines() {
        let start = usize::try_from(line.start.saturating_sub(document.offset)).unwrap_or(usize::MAX);
        let end = usize::try_from(line.end.saturating_sub(document.offset)).unwrap_or(usize::MAX);
        last = (document.bytes.len().min(end + 1), line.number.saturating_add(1));
        match &log {
            None => {
                if let Some(container) = heading(line.text) {
                    section(document, objects_at, start, &mut parsed);
                    log = Some((container, last.0, last.1));
                }
            }
            Some((container, from, number)) => {
                let ends = line.text.strip_prefix("==== END logs for container ");
                if ends.is_some_and(|rest| rest.starts_with(container.0)) {
                    parsed.logs.push(part(document, container, (*from, start), *number));
                    log = None;
                    objects_at = last;
                }
            }
        }
    }
    match log {
        // The document was cut, or the log says the same.
        Some((container, from, number)) => parsed.logs.push(part(document, &container, (from, last.0), number)),
        None => section(document, objects_at, document.bytes.len(), &mut parsed),
    }
    parsed
}

fn part(document: &Document<'_>, (container, pod): &(&str, PodName), span: (usize, usize), first_line: u32) -> LogPart {
    let offset = usize::try_from(document.offset).unwrap_or_default();
    LogPart {
        container: Some((*container).into()),
        pod: Some(pod.clone()),
        is_log: true,
        first_line,
        span: (offset + span.0, offset + span.1),
    }
}

/// The objects from one place to another.
fn section(document: &Document<'_>, (from, first_line): (usize, u32), to: usize, parsed: &mut Parsed) {
    let bytes = document.bytes.get(from..to).unwrap_or_default();
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return;
    }
    let inner = Document { bytes, first_line, offset: document.offset + from as u64, ..document.clone() };
    let found = objects::parse(&inner);
    parsed.facts.extend(found.facts);
    parsed.problems.extend(found.problems);
}
