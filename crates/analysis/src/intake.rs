//! Takes the documents as they pass by and has them read: one thread decompresses, the others parse and scan.
//!
//! Each document goes to one worker through a bounded queue, so that memory stays bounded whatever the bundle's size,
//! and the outcomes are put back into the bundle's order, so that nothing depends on the number of threads.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io::Read;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

use bundlescope_bundle::{Entry, Input, LimitHit, Limits, OpenError, Sink, Summary};
use bundlescope_facts::{Fact, Problem, Text};
use bundlescope_logs::{ErrorCluster, Scanner, SignatureSet};
use bundlescope_parsers::{Document, Format, Identified, Identity, LogPart, Parsed, identify};

use crate::loaded::Options;

/// Bytes handed over at once; large enough that queues cost nothing, small enough for the caches.
const CHUNK: usize = 256 << 10;
/// The first piece of a document that is asked for.
const SMALL: usize = 4 << 10;
/// Chunks that wait for one worker.
const QUEUE: usize = 16;
/// Bytes of documents that wait to be parsed or are being parsed, all together; one alone may be larger.
const WAITING: usize = 16 << 20;
/// Documents up to this size are kept to quote from.
const KEEP_DOCUMENT: usize = 4 << 20;
/// Bytes of kept documents, all together.
const KEEP_TOTAL: usize = 40 << 20;

/// How much of what was read is kept as facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Bytes of the largest document that is parsed; a larger one is searched like a log.
    pub parse_bytes: usize,
    /// Facts of one bundle; those beyond it are left out.
    pub facts: usize,
}

impl Default for Bounds {
    /// So many facts take some 150 MB.
    fn default() -> Self {
        Self { parse_bytes: 16 << 20, facts: 150_000 }
    }
}

/// What became of one document.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) path: Text,
    /// Part of the path that stands for the host.
    pub(crate) root: Text,
    /// Container whose view or log it is.
    pub(crate) container: Option<Text>,
    /// Format, or `log`, `text`, `binary`, `empty`.
    pub(crate) taken_for: &'static str,
    pub(crate) bytes: u64,
    pub(crate) facts: Vec<Fact>,
    /// The formats of its sections, where it holds the outputs of several commands, and in whose view they are.
    pub(crate) sections: Vec<(&'static str, Option<Text>)>,
    /// Number of facts and events that it gave, which stays when they are taken out.
    pub(crate) stated: usize,
    pub(crate) problems: Vec<Problem>,
    /// Whether a part of it was not read as what it is.
    pub(crate) partial: bool,
    /// Error-like lines of its logs that no signature knows.
    pub(crate) errors: Vec<LogErrors>,
    /// The bytes, of parsed documents that are small enough.
    pub(crate) kept: Option<Vec<u8>>,
}

/// The error-like lines of one log that no signature knows.
#[derive(Debug)]
pub(crate) struct LogErrors {
    /// Container whose log it is.
    pub(crate) container: Option<Text>,
    pub(crate) clusters: Vec<ErrorCluster>,
}

/// The year of stamps that have none, where a path tells it.
type Year = Option<i16>;

/// Everything that was read, in the bundle's order.
#[derive(Debug)]
pub(crate) struct Intake {
    pub(crate) summary: Summary,
    pub(crate) outcomes: Vec<Outcome>,
    /// Links as (path, target).
    pub(crate) links: Vec<(Text, Text)>,
}

/// Work for one document; the jobs of one document reach the same worker in order.
enum Job {
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

/// The bytes of documents that wait to be parsed, as far as there is room for them.
#[derive(Default)]
struct Waiting {
    bytes: Mutex<usize>,
    freed: Condvar,
}

impl Waiting {
    /// Waits until there is room for so many bytes, and takes it.
    fn room(self: &Arc<Self>, size: usize) -> Room {
        // A thread that panicked with the lock has left a number, which is all there is to it.
        let mut bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        while *bytes > 0 && *bytes + size > WAITING {
            bytes = self.freed.wait(bytes).unwrap_or_else(PoisonError::into_inner);
        }
        *bytes += size;
        Room { of: Arc::clone(self), size }
    }
}

/// Room for one document, given back when it is dropped, also by a worker that panics.
struct Room {
    of: Arc<Waiting>,
    size: usize,
}

impl Drop for Room {
    fn drop(&mut self) {
        *self.of.bytes.lock().unwrap_or_else(PoisonError::into_inner) -= self.size;
        self.of.freed.notify_all();
    }
}

/// Reads a bundle from disk or standard input.
pub(crate) fn take_in(input: &Input, options: &Options, signatures: &SignatureSet) -> Result<Intake, OpenError> {
    let year = match input {
        Input::Path(path) => path.file_name().and_then(|name| year_in(&name.to_string_lossy())),
        Input::Stdin => None,
    };
    take(signatures, options.threads, options.bounds, year, |sink| {
        bundlescope_bundle::read_watched(input, &options.limits, sink, &options.watch)
    })
}

/// Reads a bundle in which these texts stand for the documents of the same path, or beside them, as the tests of rules
/// have it.
pub(crate) fn take_overlaid(
    input: &Input,
    limits: &Limits,
    files: &[(Text, Text)],
    signatures: &SignatureSet,
) -> Result<Intake, OpenError> {
    take(signatures, 1, Bounds::default(), None, |sink| {
        let mut overlay = Overlay { sink, files: files.to_vec() };
        let summary = bundlescope_bundle::read(input, limits, &mut overlay)?;
        for (path, text) in &overlay.files {
            overlay.sink.document(&Entry { path: path.clone(), size: None }, &mut text.as_bytes());
        }
        Ok(summary)
    })
}

/// Puts texts in the place of documents.
struct Overlay<'s> {
    sink: &'s mut dyn Sink,
    /// Path and content of those that did not come by yet.
    files: Vec<(Text, Text)>,
}

impl Sink for Overlay<'_> {
    fn document(&mut self, entry: &Entry, content: &mut dyn Read) {
        match self.files.iter().position(|(path, _)| *path == entry.path) {
            Some(index) => {
                let (_, text) = self.files.remove(index);
                self.sink.document(entry, &mut text.as_bytes());
            }
            None => self.sink.document(entry, content),
        }
    }

    fn link(&mut self, path: &Text, target: &str) {
        self.sink.link(path, target);
    }
}

/// Reads a bundle that consists of these texts, as the tests of rules have it.
pub(crate) fn take_texts(files: &[(Text, Text)], signatures: &SignatureSet) -> Intake {
    let intake = take::<Infallible>(signatures, 1, Bounds::default(), None, |sink| {
        let mut summary = Summary { complete: true, ..Summary::default() };
        for (path, text) in files {
            sink.document(&Entry { path: path.clone(), size: None }, &mut text.as_bytes());
            summary.documents += 1;
            summary.bytes += text.len() as u64;
        }
        Ok(summary)
    });
    match intake {
        Ok(intake) => intake,
    }
}

/// Runs the workers while `read` feeds the sink.
fn take<E>(
    signatures: &SignatureSet,
    threads: usize,
    bounds: Bounds,
    year: Year,
    read: impl FnOnce(&mut dyn Sink) -> Result<Summary, E>,
) -> Result<Intake, E> {
    let workers = threads.saturating_sub(1).max(1);
    let (done, outcomes) = channel();
    thread::scope(|scope| {
        let mut queues = Vec::with_capacity(workers);
        let (give_back, spare) = channel();
        for _ in 0..workers {
            let (queue, jobs) = sync_channel(QUEUE);
            queues.push(queue);
            let (done, give_back) = (done.clone(), give_back.clone());
            scope.spawn(move || work(&jobs, signatures, &done, &give_back));
        }
        drop(give_back);
        let collector = scope.spawn(move || collect(&outcomes, bounds.facts));
        let waiting = Arc::new(Waiting::default());
        let parse_bytes = bounds.parse_bytes;
        let mut reader =
            Reader { queues, spare, done, waiting, parse_bytes, year, next: 0, kept: 0, links: Vec::new() };
        let summary = read(&mut reader);
        let Reader { queues, done, links, .. } = reader;
        // Closing the queues ends the workers, and these the collector.
        drop((queues, done));
        let (outcomes, hits) = match collector.join() {
            Ok(collected) => collected,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        let mut summary = summary?;
        let partial = outcomes.iter().filter(|outcome| outcome.partial);
        summary.partial.extend(partial.map(|outcome| outcome.path.clone()));
        summary.complete &= hits.is_empty();
        summary.limits.extend(hits);
        Ok(Intake { summary, outcomes, links })
    })
}

/// Puts the outcomes into the bundle's order, and leaves out the facts beyond `most`: in that order, so that the number of
/// threads decides nothing. Returns the limits that were hit as well.
fn collect(outcomes: &Receiver<(usize, Outcome)>, most: usize) -> (Vec<Outcome>, Vec<LimitHit>) {
    let mut early = BTreeMap::new();
    let mut collected: Vec<Outcome> = Vec::new();
    let (mut left, mut full) = (most, false);
    let mut hits = Vec::new();
    for (index, outcome) in outcomes {
        early.insert(index, outcome);
        while let Some(mut outcome) = early.remove(&collected.len()) {
            if let Some(note) = outcome.problems.first().filter(|_| outcome.partial) {
                let (document, message) = (note.document.clone(), note.message.clone());
                hits.push(LimitHit { limit: "parse_bytes", document, message });
            }
            if outcome.facts.len() > left {
                outcome.facts.truncate(left);
                outcome.facts.shrink_to_fit();
                outcome.partial = true;
                if !std::mem::replace(&mut full, true) {
                    let message =
                        format!("the bundle states more than {most} facts; the rest was left out from here on");
                    hits.push(LimitHit { limit: "facts", document: outcome.path.clone(), message });
                }
            }
            left -= outcome.facts.len();
            collected.push(outcome);
        }
    }
    // Outcomes behind a gap that a panic left; the panic goes on after this.
    collected.extend(early.into_values());
    (collected, hits)
}

/// What is said of a document that is too large to be parsed.
fn too_large(format: &str, allowed: usize) -> String {
    let allowed = match allowed {
        bytes if bytes >= 1 << 20 => format!("{} MiB", bytes >> 20),
        bytes => format!("{bytes} bytes"),
    };
    format!("larger than {allowed}, so it was scanned like a log and not read as {format}")
}

/// The sink on the reading side.
struct Reader {
    queues: Vec<SyncSender<Job>>,
    spare: Receiver<Vec<u8>>,
    /// For documents that need no worker.
    done: Sender<(usize, Outcome)>,
    waiting: Arc<Waiting>,
    parse_bytes: usize,
    /// Of the bundle's name.
    year: Year,
    next: usize,
    /// Bytes of documents that are kept to quote from.
    kept: usize,
    links: Vec<(Text, Text)>,
}

impl Reader {
    fn send(&self, index: usize, job: Job) {
        // The modulus keeps the index in range; a worker ends only when its queue is closed.
        let _ = self.queues[index % self.queues.len()].send(job);
    }

    /// Fills a buffer from the content; an error ends the content, which `bundle` reports itself.
    fn chunk(&self, content: &mut dyn Read) -> Vec<u8> {
        let mut buffer = self.spare.try_recv().unwrap_or_default();
        let mut filled = 0;
        while filled < CHUNK {
            if filled == buffer.len() {
                // Most documents are small: filling all of a chunk with zeros would cost more than reading them.
                buffer.resize((4 * filled).clamp(SMALL, CHUNK), 0);
            }
            match content.read(&mut buffer[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        buffer.truncate(filled);
        buffer
    }

    /// Streams the rest of the content to the worker that has the document open.
    fn stream(&self, index: usize, first: Vec<u8>, content: &mut dyn Read) {
        let mut chunk = first;
        while !chunk.is_empty() {
            let full = chunk.len() == CHUNK;
            self.send(index, Job::Chunk(chunk));
            if !full {
                break;
            }
            chunk = self.chunk(content);
        }
        self.send(index, Job::Close);
    }
}

impl Sink for Reader {
    fn document(&mut self, entry: &Entry, content: &mut dyn Read) {
        let index = self.next;
        self.next += 1;
        let head = self.chunk(content);
        let identified = identify(&entry.path, &head);
        let path = entry.path.clone();
        let year = year_in(&path).or(self.year);
        let (taken_for, format) = match identified.identity {
            Identity::Format(format) => (format.name, Some(format)),
            Identity::Log => ("log", None),
            Identity::Text => ("text", None),
            Identity::Binary => ("binary", None),
            Identity::Empty => ("empty", None),
        };
        if matches!(identified.identity, Identity::Binary | Identity::Empty) {
            let bytes = head.len() as u64 + std::io::copy(content, &mut std::io::sink()).unwrap_or(0);
            let outcome = Outcome {
                path,
                root: identified.root,
                container: identified.container,
                taken_for,
                bytes,
                sections: Vec::new(),
                facts: Vec::new(),
                stated: 0,
                problems: Vec::new(),
                partial: false,
                errors: Vec::new(),
                kept: None,
            };
            let _ = self.done.send((index, outcome));
            return;
        }
        let Some(format) = format else {
            self.send(index, Job::Open { index, path, identified, taken_for, note: None, year });
            self.stream(index, head, content);
            return;
        };
        let mut bytes = head;
        if bytes.len() == CHUNK {
            // An error ends the content, which `bundle` reports itself.
            let _ = content.take(self.parse_bytes.saturating_sub(CHUNK) as u64 + 1).read_to_end(&mut bytes);
        }
        if bytes.len() > self.parse_bytes {
            let note = too_large(format.name, self.parse_bytes);
            self.send(index, Job::Open { index, path, identified, taken_for: "text", note: Some(note), year });
            self.send(index, Job::Chunk(bytes));
            let next = self.chunk(content);
            self.stream(index, next, content);
        } else {
            bytes.shrink_to_fit();
            let keep = bytes.len() <= KEEP_DOCUMENT && self.kept + bytes.len() <= KEEP_TOTAL;
            self.kept += if keep { bytes.len() } else { 0 };
            let room = self.waiting.room(bytes.len());
            self.send(index, Job::Parse { index, path, identified, format, bytes, year, keep, room });
        }
    }

    fn link(&mut self, path: &Text, target: &str) {
        self.links.push((path.clone(), target.into()));
    }
}

/// The lines of a parsed document that its parser could not read, as parts that are searched like a log: the words of a person
/// around a table, the output of a command below that of another one.
fn unread(parsed: &Parsed, container: Option<&Text>, bytes: &[u8]) -> Vec<LogPart> {
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
    scanner.feed(bytes.get(start..end).unwrap_or_default());
    let scanned = scanner.finish();
    parsed.facts.extend(scanned.events);
    if part.is_log {
        parsed.facts.push(scanned.log);
    }
    parsed.problems.extend(scanned.problems);
    part.is_log.then_some(LogErrors { container: part.container, clusters: scanned.errors })
}

/// The year of the last date in a path: collectors put the day of the capture into the names of bundles and folders
/// (`sosreport-web1-2026-11-21-abcdef`), log rotation that of the log (`messages-20261121`).
fn year_in(path: &str) -> Year {
    let digits = |text: &[u8]| -> Option<i16> {
        text.iter().try_fold(0, |number, byte| Some(number * 10 + i16::from((*byte as char).to_digit(10)? as u8)))
    };
    let date = |text: &[u8]| -> Year {
        let year = digits(text.get(..4)?).filter(|year| (2000..2100).contains(year))?;
        let gap = usize::from(matches!(text.get(4)?, b'-' | b'_' | b'.'));
        let month = digits(text.get(4 + gap..6 + gap)?)?;
        let same = gap == 0 || text.get(4) == text.get(7);
        let day = digits(text.get(6 + 2 * gap..8 + 2 * gap)?)?;
        (same && (1..=12).contains(&month) && (1..=31).contains(&day)).then_some(year)
    };
    let bytes = path.as_bytes();
    let fresh = |at: &usize| at.checked_sub(1).and_then(|before| bytes.get(before)).is_none_or(|b| !b.is_ascii_digit());
    (0..bytes.len()).rev().filter(fresh).find_map(|at| date(bytes.get(at..)?))
}

/// A worker: parses and scans until its queue is closed.
fn work(jobs: &Receiver<Job>, signatures: &SignatureSet, done: &Sender<(usize, Outcome)>, spare: &Sender<Vec<u8>>) {
    let mut open: Option<(usize, Outcome, Scanner<'_>)> = None;
    for job in jobs {
        match job {
            Job::Parse { index, path, identified, format, bytes, year, keep, room } => {
                let container = identified.container;
                let document = Document { container: container.clone(), ..Document::new(path.clone(), &bytes) };
                let mut parsed = format.read(&document);
                let unread = unread(&parsed, container.as_ref(), &bytes);
                let parts = std::mem::take(&mut parsed.logs).into_iter().chain(unread);
                let errors =
                    parts.filter_map(|part| scan_part(&mut parsed, part, &path, &bytes, signatures, year)).collect();
                if parsed.more_problems > 0 {
                    let message = format!("{} more lines could not be read", parsed.more_problems);
                    parsed.problems.push(Problem { document: path.clone(), line: 0, message });
                }
                let outcome = Outcome {
                    path,
                    root: identified.root,
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
                let scanner = Scanner::new(signatures, path.clone(), identified.container.clone()).with_year(year);
                let Identified { root, container, .. } = identified;
                let (facts, stated) = (Vec::new(), 0);
                let partial = note.is_some();
                let problems: Vec<Problem> =
                    note.map(|message| Problem { document: path.clone(), line: 0, message }).into_iter().collect();
                let outcome = Outcome {
                    path,
                    root,
                    container,
                    taken_for,
                    bytes: 0,
                    sections: Vec::new(),
                    facts,
                    stated,
                    problems,
                    partial,
                    errors: Vec::new(),
                    kept: None,
                };
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

#[cfg(test)]
mod tests {
    use super::*;
    use bundlescope_logs::{Pattern, Signature};

    #[test]
    fn a_date_in_a_path_tells_the_year() {
        for (path, year) in [
            ("sosreport-web1-2026-11-21-abcdef/var/log/messages", Some(2026)),
            ("supportbundle_20261121T013602Z.tar.gz", Some(2026)),
            ("sos-2026-01-02/var/log/messages-20251228", Some(2025)),
            ("logs/2024.05.06/app", Some(2024)),
            ("var/log/1202611210", None),
            ("var/log/2026-1121", None),
            ("v2026/13/01", None),
            ("app-20261399.log", None),
            ("", None),
        ] {
            assert_eq!(year_in(path), year, "{path}");
        }
    }

    fn read(path: &str, text: &str) -> Vec<Fact> {
        let pattern = Pattern {
            regex: r"dial tcp (?<endpoint>\S+): connect: (?<error>connection refused)".into(),
            ..Pattern::default()
        };
        let signature = Signature {
            id: "go".into(),
            event: "connection_failure".into(),
            patterns: vec![pattern],
            ..Signature::default()
        };
        let set = SignatureSet::compile(vec![signature]).unwrap();
        let intake = take_texts(&[(path.into(), text.into())], &set);
        intake.outcomes.into_iter().flat_map(|outcome| outcome.facts).collect()
    }

    /// Facts beyond the limit are left out in the bundle's order, whatever order the workers end in.
    #[test]
    fn facts_beyond_the_limit_are_told_and_left_out_in_order() {
        let address = |index: usize| -> (usize, Outcome) {
            let data = bundlescope_facts::Data::from(bundlescope_facts::Address::default());
            let facts = vec![Fact::new(bundlescope_facts::Source::default(), data); 2];
            let path = Text::from(format!("{index}.txt"));
            let (root, problems) = (Text::from(""), Vec::new());
            let outcome = Outcome {
                path,
                root,
                container: None,
                taken_for: "test",
                bytes: 0,
                sections: Vec::new(),
                stated: 2,
                facts,
                problems,
                partial: false,
                errors: Vec::new(),
                kept: None,
            };
            (index, outcome)
        };
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
            let (sender, receiver) = channel();
            order.into_iter().for_each(|index| sender.send(address(index)).unwrap());
            drop(sender);
            let (outcomes, hits) = collect(&receiver, 3);
            let left: Vec<(usize, bool)> = outcomes.iter().map(|o| (o.facts.len(), o.partial)).collect();
            assert_eq!(left, [(2, false), (1, true), (0, true)], "{order:?}");
            assert_eq!(hits.len(), 1);
            assert_eq!((hits[0].limit, &*hits[0].document), ("facts", "1.txt"));
        }
    }

    /// What waits to be parsed is bounded; one document alone may be as large as any that is parsed.
    #[test]
    fn documents_wait_until_there_is_room() {
        let waiting = Arc::new(Waiting::default());
        let first = waiting.room(WAITING + 1);
        let (told, when) = channel();
        thread::scope(|scope| {
            let other = Arc::clone(&waiting);
            scope.spawn(move || {
                let room = other.room(1);
                told.send(()).unwrap();
                drop(room);
            });
            assert!(when.recv_timeout(std::time::Duration::from_millis(50)).is_err());
            drop(first);
            when.recv().unwrap();
        });
        assert_eq!(*waiting.bytes.lock().unwrap(), 0);
    }

    /// A document of a known format that is too large to be parsed is searched as a log, and said to be a limit.
    #[test]
    fn a_document_too_large_to_be_parsed_is_searched_and_told() {
        let line = "dial tcp 10.0.0.1:6379: connect: connection refused\n";
        let rules = "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n".repeat(Bounds::default().parse_bytes / 40);
        let text = format!("*filter\n:INPUT ACCEPT [0:0]\n{rules}COMMIT\n{line}");
        let pattern = Pattern { regex: r"dial tcp (?<endpoint>\S+): connect".into(), ..Pattern::default() };
        let signature =
            Signature { id: "go".into(), event: "refused".into(), patterns: vec![pattern], ..Signature::default() };
        let set = SignatureSet::compile(vec![signature]).unwrap();
        let intake = take_texts(&[("iptables-save.txt".into(), text.into())], &set);
        let [outcome] = &intake.outcomes[..] else { panic!("{}", intake.outcomes.len()) };
        assert_eq!((outcome.taken_for, outcome.partial), ("text", true));
        assert!(outcome.facts.iter().any(|fact| fact.kind() == "refused"));
        assert_eq!(intake.summary.limits.iter().map(|hit| hit.limit).collect::<Vec<_>>(), ["parse_bytes"]);
        assert!(!intake.summary.complete && intake.summary.partial.contains("iptables-save.txt"));
    }

    #[test]
    fn a_stamp_without_a_year_gets_that_of_the_folder() {
        let line = "Nov 21 01:36:02 web1 api[1]: dial tcp 10.0.0.1:6379: connect: connection refused\n";
        let facts = read("sosreport-web1-2025-11-21-ab/var/log/messages", line);
        let first = facts.iter().find_map(|fact| fact.occurrences?.first).unwrap();
        assert_eq!(first.to_string(), "2025-11-21T01:36:02Z");
    }

    #[test]
    fn logs_inside_a_transcript_are_read_with_their_lines_and_containers() {
        let text = "# ip route\ndefault via 10.0.0.1 dev eth0\n# docker logs api\nstarting\n\
                    dial tcp 10.0.0.1:6379: connect: connection refused\n# ip neigh\n10.0.0.1 dev eth0 lladdr 02:00:00:00:00:01 STALE\n";
        let facts = read("notes.txt", text);
        let event = facts.iter().find(|fact| fact.kind() == "connection_failure").unwrap();
        assert_eq!((event.source.first_line, event.get("container").as_text()), (5, Some("api")));
        let (start, end) = event.source.span;
        assert_eq!(&text[start as usize..end as usize], "dial tcp 10.0.0.1:6379: connect: connection refused");
        let log = facts.iter().find(|fact| fact.kind() == "log").unwrap();
        assert_eq!((log.source.first_line, log.source.last_line), (4, 5));
        assert_eq!(log.get("lines").as_int(), Some(2));
        assert!(facts.iter().any(|fact| fact.kind() == "neighbour"));
    }
}
