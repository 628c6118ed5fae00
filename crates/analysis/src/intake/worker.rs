//! The workers: each parses and scans the documents that its queue brings.

use std::sync::mpsc::{Receiver, Sender};

use bundlescope_facts::{Problem, Text};
use bundlescope_logs::{Scanner, SignatureSet};
use bundlescope_parsers::{Document, Format, Identified, LogPart, Parsed, PodName};

use super::reader::{CHUNK, Room};
use super::year::Year;
use super::{LogErrors, Outcome};

/// Work for one document; the jobs of one document reach the same worker in order.
pub(super) enum Job {
    Parse {
        index: usize,
        path: Text,
        identified: Identified,
        format: &'static Format,
        bytes: Vec<u8>,
        year: Year,
        keep: bool,
        room: Room,
    },
    Open {
        index: usize,
        path: Text,
        identified: Identified,
        taken_for: &'static str,
        note: Option<String>,
        year: Year,
    },
    Chunk(Vec<u8>),
    Close,
}

/// A worker: parses and scans until its queue is closed.
pub(super) fn work(
    jobs: &Receiver<Job>,
    signatures: &SignatureSet,
    done: &Sender<(usize, Outcome)>,
    spare: &Sender<Vec<u8>>,
) {
    let mut open: Option<(usize, Outcome, Scanner<'_>)> = None;
    for job in jobs {
        match job {
            Job::Parse { index, path, identified, format, bytes, year, keep, room } => {
                let Identified { root, container, pod, .. } = identified;
                let document = Document { container: container.clone(), ..Document::new(path.clone(), &bytes) };
                let mut parsed = format.read(&document);
                let unread = unread(&parsed, container.as_ref(), pod.as_ref(), &bytes);
                let parts = std::mem::take(&mut parsed.logs).into_iter().chain(unread);
                let errors =
                    parts.filter_map(|part| scan_part(&mut parsed, part, &path, &bytes, signatures, year)).collect();
                if parsed.more_problems > 0 {
                    let message = format!("{} more lines could not be read", parsed.more_problems);
                    parsed.problems.push(Problem { document: path.clone(), line: 0, message });
                }
                let outcome = Outcome {
                    path,
                    root,
                    container,
                    taken_for: format.name,
                    bytes: bytes.len() as u64,
                    sections: parsed.sections,
                    stated: parsed.facts.len(),
                    facts: parsed.facts,
                    problems: parsed.problems,
                    partial: false,
                    errors,
                    kept: keep.then_some(bytes),
                };
                drop(room);
                let _ = done.send((index, outcome));
            }
            Job::Open { index, path, identified, taken_for, note, year } => {
                let Identified { root, container, pod, .. } = identified;
                let scanner = Scanner::new(signatures, path.clone(), container.clone()).with_year(year);
                let scanner = of_pod(scanner, pod);
                let partial = note.is_some();
                let problems: Vec<Problem> =
                    note.map(|message| Problem { document: path.clone(), line: 0, message }).into_iter().collect();
                let outcome = Outcome { path, root, container, taken_for, problems, partial, ..Outcome::default() };
                open = Some((index, outcome, scanner));
            }
            Job::Chunk(chunk) => {
                if let Some((_, outcome, scanner)) = &mut open {
                    outcome.bytes += chunk.len() as u64;
                    scanner.feed(&chunk);
                }
                // Larger buffers come from documents that turned out too large to parse; they are not worth keeping.
                if chunk.capacity() <= CHUNK {
                    let _ = spare.send(chunk);
                }
            }
            Job::Close => {
                if let Some((index, mut outcome, scanner)) = open.take() {
                    let scanned = scanner.finish();
                    outcome.facts.extend(scanned.events);
                    // A file of no known format is only called a log once something in it is known.
                    if outcome.taken_for == "log" {
                        outcome.facts.push(scanned.log);
                        outcome
                            .errors
                            .push(LogErrors { container: outcome.container.clone(), clusters: scanned.errors });
                    }
                    outcome.stated = outcome.facts.len();
                    outcome.problems.extend(scanned.problems);
                    let _ = done.send((index, outcome));
                }
            }
        }
    }
}

/// The lines of a parsed document that its parser could not read, as parts that are searched like a log: the words of a person
/// around a table, the output of a command below that of another one.
fn unread(parsed: &Parsed, container: Option<&Text>, pod: Option<&PodName>, bytes: &[u8]) -> Vec<LogPart> {
    let lines: std::collections::BTreeSet<u32> =
        parsed.problems.iter().map(|problem| problem.line).filter(|line| *line > 0).collect();
    let Some(last) = lines.last() else { return Vec::new() };
    let mut parts: Vec<LogPart> = Vec::new();
    let mut start = 0;
    for (line, raw) in (1u32..=*last).zip(bytes.split_inclusive(|byte| *byte == b'\n')) {
        let end = start + raw.len();
        let scanned = || parsed.logs.iter().any(|part| part.span.0 < end && part.span.1 > start);
        if lines.contains(&line) && !scanned() {
            match parts.last_mut().filter(|part| part.span.1 == start) {
                Some(open) => open.span.1 = end,
                None => parts.push(LogPart {
                    container: container.cloned(),
                    pod: pod.cloned(),
                    is_log: false,
                    first_line: line,
                    span: (start, end),
                }),
            }
        }
        start = end;
    }
    parts
}

/// Says of which pod the log is.
fn of_pod(scanner: Scanner<'_>, pod: Option<PodName>) -> Scanner<'_> {
    match pod {
        Some(PodName { namespace, name }) => scanner.with_pod(namespace, Some(name)),
        None => scanner,
    }
}

/// Scans the part of a document that no parser reads.
fn scan_part(
    parsed: &mut Parsed,
    part: LogPart,
    path: &Text,
    bytes: &[u8],
    signatures: &SignatureSet,
    year: Year,
) -> Option<LogErrors> {
    let (start, end) = part.span;
    let mut scanner = Scanner::new(signatures, path.clone(), part.container.clone())
        .with_year(year)
        .with_start(part.first_line, start as u64);
    scanner = of_pod(scanner, part.pod);
    scanner.feed(bytes.get(start..end).unwrap_or_default());
    let scanned = scanner.finish();
    parsed.facts.extend(scanned.events);
    if part.is_log {
        parsed.facts.push(scanned.log);
    }
    parsed.problems.extend(scanned.problems);
    part.is_log.then_some(LogErrors { container: part.container, clusters: scanned.errors })
}
