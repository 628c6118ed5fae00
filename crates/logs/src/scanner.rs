//! One pass over one log.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::Instant;

use bundlescope_facts::{Excerpt, Fact, Log, Problem, Source, Text, Value};
use jiff::Timestamp;

use crate::errors::{self, ErrorCluster, Errors};
use crate::fields::{self, Fields};
use crate::framing;
use crate::memo::{Memo, Message};
use crate::merge::{Events, Place};
use crate::ongoing::{self, End};
use crate::record::{self, MAX_BYTES, Record};
use crate::sequence::{Begin, Waiting};
use crate::signature::SignatureSet;
use crate::time;
use crate::trace::{self, Reason};

/// Bytes held at a time.
const BUFFER: usize = 1 << 20;
/// Bytes kept before the place that is searched, for the beginning of a record and its context.
const BACK: usize = MAX_BYTES + MAX_BYTES / 2;
/// Bytes that must be there behind a hit, for the rest of its record and its context.
const AHEAD: usize = BACK;
/// Matches of one pattern and events of one record at most.
const MAX_MATCHES: usize = 16;
/// Lines shown before and after a record.
const CONTEXT: usize = 3;
/// Characters of one line in an excerpt.
const MAX_LINE: usize = 2000;
/// Lines of one excerpt, context included, and bytes of all excerpts of a document.
const EXCERPT_LINES: usize = 48;
const EXCERPT_BYTES: usize = 4 << 20;
/// Lines searched for the first and for the last time of a log.
const TIME_LINES: usize = 256;
/// Records of one log that are told to have nearly been an event of the traced signature.
const MAX_NEAR: usize = 50;

/// Kind of the facts that tell why a record is no event of the traced signature. Fields: `signature`, `pattern` (counted
/// from 1), `text`, and `reason`: `restricted` (the signature does not apply to the log), `other_signature` (with `by`),
/// or `pattern`, with what the longest beginning of the pattern `matched`, what is `wanted` there and what is `found`.
pub const NEAR_MATCH: &str = "near_match";

/// What one log says.
#[derive(Debug, Clone, PartialEq)]
pub struct Scanned {
    /// Distinct events, in the order of their first records.
    pub events: Vec<Fact>,
    /// The log itself: its container, times and size.
    pub log: Fact,
    /// What was left out.
    pub problems: Vec<Problem>,
    /// Error-like lines that are part of no event, in the order of their first ones.
    pub errors: Vec<ErrorCluster>,
    /// Wordings of such lines that were too many to be kept.
    pub errors_left_out: u64,
}

/// Reads one log piece by piece. Its memory does not depend on the length of the log or of its lines.
#[derive(Debug)]
pub struct Scanner<'s> {
    set: &'s SignatureSet,
    admitted: Vec<bool>,
    document: Text,
    container: Option<Text>,
    namespace: Option<Text>,
    pod: Option<Text>,
    year: Option<i16>,
    buffer: Vec<u8>,
    /// Position of the buffer's first byte in the document.
    base: u64,
    /// Where the log begins in the document: position, and number of line ends before it.
    start: (u64, u64),
    /// Index in the buffer up to which has been searched.
    searched: usize,
    /// An index in the buffer, and the number of line ends before it in the document.
    counted: (usize, u64),
    /// Parts of the document that belong to records already read, sorted, in document positions.
    covered: Vec<Range<u64>>,
    /// Where lines begin that belong to an event, in document positions.
    explained: BTreeSet<u64>,
    errors: Errors,
    /// Index in the buffer up to which errors have been looked for.
    looked: usize,
    first_time: Option<Timestamp>,
    events: Events,
    memo: Memo,
    waiting: Waiting,
    /// A pattern without a literal applies here, so that every record is read.
    everywhere: bool,
    excerpt_bytes: usize,
    candidates: Vec<usize>,
    /// For the traced signature: the wordings that the record at hand fails, and all of them as facts.
    failing: Vec<(usize, Reason)>,
    near: Vec<Fact>,
}

/// One match in a record.
struct Found {
    wording: usize,
    span: Range<usize>,
    fields: Fields,
}

impl<'s> Scanner<'s> {
    /// A scanner for the log of a container, or of the host.
    pub fn new(set: &'s SignatureSet, document: Text, container: Option<Text>) -> Self {
        let admitted: Vec<bool> =
            set.limits.iter().map(|limits| limits.admit(&document, container.as_deref())).collect();
        let signature = |wording: &usize| set.wordings.get(*wording).map(|wording| wording.signature);
        let applies = |wording: &usize| signature(wording).is_some_and(|at| admitted.get(at) == Some(&true));
        Self {
            everywhere: set.everywhere.iter().any(applies),
            waiting: Waiting::default(),
            set,
            admitted,
            document,
            container,
            namespace: None,
            pod: None,
            year: None,
            buffer: Vec::new(),
            base: 0,
            start: (0, 0),
            searched: 0,
            counted: (0, 0),
            covered: Vec::new(),
            explained: BTreeSet::new(),
            errors: Errors::default(),
            looked: 0,
            first_time: None,
            events: Events::default(),
            memo: Memo::default(),
            excerpt_bytes: 0,
            candidates: Vec::new(),
            failing: Vec::new(),
            near: Vec::new(),
        }
    }

    /// The year of stamps that have none (syslog, klog), such as the year of the capture.
    #[must_use]
    pub fn with_year(mut self, year: Option<i16>) -> Self {
        self.year = year;
        self
    }

    /// The container is one of this pod in this namespace.
    #[must_use]
    pub fn with_pod(mut self, namespace: Option<Text>, pod: Option<Text>) -> Self {
        self.namespace = namespace;
        self.pod = pod;
        self
    }

    /// The log is a part of the document that begins at this line (counted from 1) and byte.
    #[must_use]
    pub fn with_start(mut self, line: u32, byte: u64) -> Self {
        self.start = (byte, u64::from(line.saturating_sub(1)));
        self.base = byte;
        self.counted = (0, self.start.1);
        self
    }

    /// Reads the next piece, of any size and cut anywhere.
    pub fn feed(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let room = BUFFER.saturating_sub(self.buffer.len()).max(1);
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.buffer.extend_from_slice(now);
            bytes = later;
            if self.buffer.len() >= BUFFER {
                self.search(false);
                self.compact();
            }
        }
    }

    /// Reads the end of the log.
    pub fn finish(mut self) -> Scanned {
        self.search(true);
        let (start, before) = self.start;
        let end = self.base + self.buffer.len() as u64;
        let ends = self.line_ends_before(self.buffer.len());
        let unfinished = self.buffer.last().is_some_and(|byte| *byte != b'\n');
        let last_line = ends + u64::from(unfinished);
        let last_time = self.last_time();
        let problems = self.problems();
        let mut events = self.events.list;
        ongoing::judge(&mut events, End { time: last_time, lines: last_line });
        // A year that stood in served to tell how long after each other records came, and is no fact.
        for event in &mut events {
            event.first = event.first.filter(|time| !ongoing::is_stand_in(*time));
            event.last = event.last.filter(|time| !ongoing::is_stand_in(*time));
        }
        let [first_time, last_time] =
            [self.first_time, last_time].map(|time| time.filter(|time| !ongoing::is_stand_in(*time)));
        let source = Source {
            document: self.document,
            first_line: u32::try_from(before + 1).unwrap_or(u32::MAX),
            last_line: u32::try_from(last_line.max(before + 1)).unwrap_or(u32::MAX),
            span: (start, end),
        };
        let (lines, bytes) = (last_line - before, end - start);
        let log = Log {
            container: self.container,
            namespace: self.namespace,
            pod: self.pod,
            first_time,
            last_time,
            lines,
            bytes,
        };
        let events = events.into_iter().map(Fact::from).chain(self.near).collect();
        let (errors, errors_left_out) = self.errors.finish();
        Scanned { events, log: Fact::new(source, log), problems, errors, errors_left_out }
    }

    fn problems(&self) -> Vec<Problem> {
        if self.events.left_out == 0 {
            return Vec::new();
        }
        vec![Problem {
            document: self.document.clone(),
            line: 0,
            message: format!(
                "more than {} different events: {} later records are counted but not kept",
                self.events.list.len(),
                self.events.left_out
            ),
        }]
    }

    /// Finds hits in the part of the buffer behind which enough of the log is known, and reads their records.
    fn search(&mut self, last: bool) {
        if self.base == self.start.0 && self.first_time.is_none() {
            self.first_time = self.buffer.split(|b| *b == b'\n').take(TIME_LINES).find_map(|raw| self.time_of(raw));
        }
        let limit = if last { self.buffer.len() } else { self.buffer.len().saturating_sub(AHEAD) };
        let mut at = self.searched;
        while at < limit {
            let readable = self.buffer.get(..limit).unwrap_or_default();
            let hit = if self.everywhere {
                readable
                    .get(at..)
                    .and_then(|rest| rest.iter().position(|byte| !b"\r\n".contains(byte)))
                    .map(|next| at + next)
            } else {
                self.set.prefilter.find(readable, at)
            };
            let Some(hit) = hit else { break };
            let line_end = record::line_at(&self.buffer, hit).end;
            if !self.is_covered(hit) {
                self.read_record(hit);
            }
            at = (line_end + 1).min(hit + MAX_BYTES / 2);
        }
        // A literal may begin before the limit and end behind it.
        let overlap = self.set.prefilter.longest().saturating_sub(1);
        self.searched = at.max(limit.saturating_sub(overlap));
        // A signature may find a record by one of its last lines, so errors are looked for one record behind it.
        self.look_for_errors(if last { limit } else { limit.saturating_sub(MAX_BYTES) });
    }

    /// Takes in the error-like lines in front of a place that belong to no event.
    fn look_for_errors(&mut self, to: usize) {
        while let Some(hit) = errors::find(&self.buffer, self.looked, to) {
            let line = record::line_at(&self.buffer, hit);
            if !self.explained.contains(&(self.base + line.start as u64)) {
                let mut errors = std::mem::take(&mut self.errors);
                let (buffer, (known, ends)) = (&self.buffer, self.counted);
                errors.line(buffer, hit, self.year, || {
                    let between = buffer.get(known.min(line.start)..known.max(line.start)).unwrap_or_default();
                    let between = memchr::memchr_iter(b'\n', between).count() as u64;
                    let before = if line.start < known { ends - between } else { ends + between };
                    u32::try_from(before + 1).unwrap_or(u32::MAX)
                });
                self.errors = errors;
            }
            self.looked = line.end + 1;
        }
        self.looked = self.looked.max(to);
    }

    /// Forgets what no later record can need.
    fn compact(&mut self) {
        let drop = self.searched.min(self.buffer.len()).saturating_sub(BACK);
        self.counted = (drop, self.line_ends_before(drop));
        self.buffer.drain(..drop);
        self.base += drop as u64;
        self.searched -= drop;
        self.looked = self.looked.saturating_sub(drop);
        self.counted.0 = 0;
        let base = self.base;
        self.explained = self.explained.split_off(&base);
        self.covered.retain(|range| range.end > base);
    }

    fn is_covered(&self, hit: usize) -> bool {
        let at = self.base + hit as u64;
        self.covered.iter().rev().any(|range| range.contains(&at))
    }

    fn read_record(&mut self, hit: usize) {
        let record = record::around(&self.buffer, hit, Some(self.some_year()));
        // Ranges of earlier records that end before this one begin are not needed any more; keeping the latest few
        // is enough because records of interleaved sources overlap within a bounded distance.
        let from = record.lines.first().map_or(0, |line| self.base + line.start as u64);
        self.covered.retain(|range| range.end + (MAX_BYTES as u64) > from);
        self.covered
            .extend(record.lines.iter().map(|line| self.base + line.start as u64..self.base + line.end as u64 + 1));

        // The program's own stamp makes equal messages differ.
        let stamp = time::at_start(&record.text, Some(2000)).map_or(0, |(_, end)| end);
        let message = Message { stamped: stamp > 0, container: &record.container, text: record.text.get(stamp..) };
        let key = message.key();
        let known = self.memo.get(&key);
        let mut steps = Vec::new();
        let found = if known.is_some() { Vec::new() } else { self.matches(&record, &mut steps) };
        self.note_failing(&record);
        if found.is_empty() && steps.is_empty() && known.as_ref().is_none_or(|known| known.is_empty()) {
            if known.is_none() {
                self.memo.put(key, Vec::new());
            }
            return;
        }
        let (first, last) = match (record.lines.first(), record.lines.last()) {
            (Some(first), Some(last)) => (first.clone(), last.clone()),
            _ => return,
        };
        self.explained.extend(record.lines.iter().map(|line| self.base + line.start as u64));
        let number = |ends: u64| u32::try_from(ends + 1).unwrap_or(u32::MAX);
        let (first_line, last_line) =
            (number(self.line_ends_before(first.start)), number(self.line_ends_before(last.start)));
        let place = Place { first_line, last_line, time: record.time };
        if let Some(known) = known {
            for event in known.iter() {
                self.events.again(*event, place);
            }
            return;
        }
        // What a step leads to depends on what came before it.
        let alone = steps.is_empty() && found.iter().all(|found| found.span.start >= stamp);
        if !steps.is_empty() {
            self.steps(steps, &record, (&first, &last), hit, place);
        }
        let mut events = alone.then(Vec::new);
        for Found { wording, mut fields, .. } in found {
            let Some(wording) = self.set.wordings.get(wording) else { continue };
            self.attribute(&mut fields, &record);
            let client = fields.get("client").and_then(Value::as_text).map(str::to_owned);
            let port = fields.get("port").and_then(Value::as_int);
            let (buffer, base, spent) = (&self.buffer, self.base, &mut self.excerpt_bytes);
            let event = self.events.add(&wording.event, fields, place, || {
                let source = Source {
                    document: self.document.clone(),
                    first_line,
                    last_line,
                    span: (base + first.start as u64, base + last.end as u64),
                };
                let excerpt = excerpt(buffer, &first, &last, hit, first_line, spent);
                (source, excerpt, ongoing::topics(&record.text, client.as_deref(), port))
            });
            self.events.written_by(event, &record.writer);
            events = events.zip(event).map(|(mut events, event)| {
                events.push(event);
                events
            });
        }
        if let Some(events) = events {
            self.memo.put(key, events);
        }
    }

    /// The events that a record states: of matches that overlap the one that says most, and none that another match of
    /// the record says better.
    fn matches(&mut self, record: &Record, steps: &mut Vec<Found>) -> Vec<Found> {
        self.candidates.clear();
        self.set.prefilter.candidates(&record.text, &mut self.candidates);
        if self.everywhere {
            self.candidates.extend(&self.set.everywhere);
        }
        let mut found: Vec<Found> = Vec::new();
        for &index in &self.candidates {
            let Some(wording) = self.set.wordings.get(index) else { continue };
            let traced = self.set.traced == Some(wording.signature);
            if !self.admitted.get(wording.signature).copied().unwrap_or(true) {
                if traced {
                    self.failing.push((index, Reason::Restricted));
                }
                continue;
            }
            let start = self.set.counters.get(index).map(|counter| (counter, Instant::now()));
            let Some(regex) = wording.regex() else { continue };
            let names: Vec<Option<&str>> = regex.capture_names().collect();
            let before = found.len() + steps.len();
            for captures in regex.captures_iter(&record.text).take(MAX_MATCHES) {
                let Some(whole) = captures.get(0) else { continue };
                let fields = fields::of_match(wording, &names, &captures);
                let found = if wording.step.is_some() { &mut *steps } else { &mut found };
                found.push(Found { wording: index, span: whole.range(), fields });
            }
            if let Some((counter, start)) = start {
                counter.add(start.elapsed(), found.len() + steps.len() - before);
            }
            if traced && found.len() + steps.len() == before && self.near.len() + self.failing.len() < MAX_NEAR {
                self.failing.push((index, Reason::Unmatched(trace::stop(&wording.source, &record.text))));
            }
        }
        let kind = |found: &Found| self.set.wordings.get(found.wording).map(|wording| &wording.event);
        // The better ones first, so that each later one is compared with those that stay.
        found.sort_by_key(|f| (std::cmp::Reverse((merit(&f.fields), f.span.len())), f.span.start, f.wording));
        let mut kept: Vec<Found> = Vec::new();
        for candidate in found {
            let beaten = kept.iter().find(|better| {
                kind(better) == kind(&candidate)
                    && (overlap(&better.span, &candidate.span) || says_more(&better.fields, &candidate.fields))
            });
            let signature = |wording: usize| self.set.wordings.get(wording).map(|wording| wording.signature);
            match beaten.map(|better| signature(better.wording)) {
                None => kept.push(candidate),
                Some(by) if self.set.traced.is_some() && self.set.traced == signature(candidate.wording) => {
                    let limits = by.filter(|by| Some(*by) != self.set.traced).and_then(|by| self.set.limits.get(by));
                    self.failing.extend(limits.map(|by| (candidate.wording, Reason::Beaten(by.id.clone()))));
                }
                Some(_) => {}
            }
        }
        kept.sort_by_key(|f| (f.span.start, f.wording));
        kept.truncate(MAX_MATCHES);
        kept
    }

    /// Keeps why the record is no event of the traced signature.
    fn note_failing(&mut self, record: &Record) {
        let failing = std::mem::take(&mut self.failing);
        let Some(traced) = self.set.traced.filter(|_| !failing.is_empty()) else { return };
        let (Some(first), Some(last)) = (record.lines.first().cloned(), record.lines.last().cloned()) else { return };
        let number = |ends: u64| u32::try_from(ends + 1).unwrap_or(u32::MAX);
        let (first_line, last_line) =
            (number(self.line_ends_before(first.start)), number(self.line_ends_before(last.start)));
        for (index, reason) in failing {
            let (Some(wording), Some(limits)) = (self.set.wordings.get(index), self.set.limits.get(traced)) else {
                continue;
            };
            if self.near.len() >= MAX_NEAR {
                break;
            }
            let text: String = String::from_utf8_lossy(&record.text).chars().take(MAX_LINE).collect();
            let mut fields: BTreeMap<Text, Value> = reason.fields().into_iter().collect();
            fields.insert("signature".into(), Value::Text(limits.id.clone()));
            fields.insert("pattern".into(), Value::Int(i64::try_from(wording.number).unwrap_or(0) + 1));
            fields.insert("text".into(), Value::from(text));
            let source = Source {
                document: self.document.clone(),
                first_line,
                last_line,
                span: (self.base + first.start as u64, self.base + last.end as u64),
            };
            self.near.push(Fact::dynamic(source, NEAR_MATCH, fields));
        }
    }

    /// Takes a record that is a step of sequences, and makes the events of those that it completes.
    fn steps(
        &mut self,
        mut steps: Vec<Found>,
        record: &Record,
        (first, last): (&Range<usize>, &Range<usize>),
        hit: usize,
        place: Place,
    ) {
        let set = self.set;
        // Later steps first, so that one record is not two steps of a sequence.
        let rank =
            |found: &Found| set.wordings.get(found.wording).and_then(|wording| wording.step).map(|(_, step)| step);
        steps.sort_by_key(|found| (std::cmp::Reverse(rank(found)), found.span.start, found.wording));
        let here = Begin { line: place.first_line, byte: self.base + first.start as u64, time: place.time };
        for Found { wording, mut fields, .. } in steps {
            let Some(wording) = set.wordings.get(wording) else { continue };
            let Some(step) = wording.step else { continue };
            self.attribute(&mut fields, record);
            let Some((mut fields, begin)) = self.waiting.step(set, step, fields, here) else { continue };
            for (name, value) in &wording.fields {
                fields.entry(name.clone()).or_insert_with(|| value.clone());
            }
            // Both ends are shown when they are near each other; else the end.
            let lines = place.last_line.saturating_sub(begin.line) as usize + 1 + 2 * CONTEXT;
            let near = lines <= EXCERPT_LINES && begin.byte >= self.base;
            let from = if near { (begin.byte - self.base) as usize } else { first.start };
            let first_line = if near { begin.line } else { place.first_line };
            let client = fields.get("client").and_then(Value::as_text).map(str::to_owned);
            let port = fields.get("port").and_then(Value::as_int);
            let (buffer, base, spent) = (&self.buffer, self.base, &mut self.excerpt_bytes);
            let document = &self.document;
            let event = self.events.add(&wording.event, fields, place, || {
                let source = Source {
                    document: document.clone(),
                    first_line,
                    last_line: place.last_line,
                    span: (base + from as u64, base + last.end as u64),
                };
                let excerpt = excerpt(buffer, &record::line_at(buffer, from), last, hit, first_line, spent);
                (source, excerpt, ongoing::topics(&record.text, client.as_deref(), port))
            });
            self.events.written_by(event, &record.writer);
        }
    }

    /// Says whose record an event was read from, unless the record says so itself.
    fn attribute(&self, fields: &mut Fields, record: &Record) {
        let container = self.container.clone().or_else(|| record.container.as_deref().map(Text::from));
        let of = [("container", container), ("namespace", self.namespace.clone()), ("pod", self.pod.clone())];
        for (name, value) in of {
            if let Some(value) = value {
                fields.entry(name.into()).or_insert(Value::Text(value));
            }
        }
    }

    fn line_ends_before(&mut self, at: usize) -> u64 {
        let (known, ends) = self.counted;
        let count =
            |range: Range<usize>| memchr::memchr_iter(b'\n', self.buffer.get(range).unwrap_or_default()).count() as u64;
        if at < known {
            return ends - count(at..known);
        }
        self.counted = (at, ends + count(known..at));
        self.counted.1
    }

    /// The year of stamps that have none, or one that stands in for it.
    fn some_year(&self) -> i16 {
        self.year.unwrap_or(ongoing::STAND_IN_YEAR)
    }

    fn time_of(&self, raw: &[u8]) -> Option<Timestamp> {
        framing::parse(raw.get(..raw.len().min(MAX_BYTES)).unwrap_or_default(), Some(self.some_year())).time
    }

    fn last_time(&self) -> Option<Timestamp> {
        let tail = self.buffer.get(self.buffer.len().saturating_sub(MAX_BYTES)..).unwrap_or_default();
        tail.rsplit(|b| *b == b'\n').take(TIME_LINES).find_map(|raw| self.time_of(raw))
    }
}

/// How much a match says: where, then what.
fn merit(fields: &Fields) -> usize {
    let weight = |name: &str| match name {
        "host" => 8,
        "port" => 6,
        "address" | "container" => 3,
        _ => 1,
    };
    let vague = fields.get("error").and_then(Value::as_text) == Some("other");
    // The address adds nothing to a host that is the same address.
    let repeated = fields.contains_key("address") && fields.get("address") == fields.get("host");
    fields.keys().map(|name| weight(name)).sum::<usize>() - usize::from(vague) - if repeated { 3 } else { 0 }
}

fn overlap(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start < b.end && b.start < a.end
}

/// True when the second event of a record adds nothing to the first: it does not say where, or less exactly.
fn says_more(better: &Fields, other: &Fields) -> bool {
    let agrees = |name: &str| other.get(name).is_none_or(|value| better.get(name) == Some(value));
    let located = better.contains_key("host") || better.contains_key("port");
    if located && !other.contains_key("host") && !other.contains_key("port") {
        return true;
    }
    let same_place = agrees("host") || other.get("host") == better.get("address");
    same_place && agrees("port") && (better.len() > other.len() || agrees("error"))
}

/// The lines of a record with their context.
fn excerpt(
    buffer: &[u8],
    first: &Range<usize>,
    last: &Range<usize>,
    hit: usize,
    first_line: u32,
    spent: &mut usize,
) -> Excerpt {
    let mut start = first.start;
    let mut number = first_line;
    for _ in 0..CONTEXT {
        let Some(end) = start.checked_sub(1).filter(|end| buffer.get(*end) == Some(&b'\n')) else { break };
        start = record::line_at(buffer, end).start;
        number = number.saturating_sub(1).max(1);
    }
    // A long record is shown from the line on that keeps the matched line in view.
    let before_hit = memchr::memchr_iter(b'\n', buffer.get(start..hit).unwrap_or_default()).count();
    let mut at = start;
    for _ in 0..before_hit.saturating_sub(EXCERPT_LINES - 2 * CONTEXT) {
        at = record::line_at(buffer, at).end + 1;
        number = number.saturating_add(1);
    }
    let budget = EXCERPT_BYTES.saturating_sub(*spent);
    let (mut lines, mut used, mut after) = (Vec::new(), 0usize, 0usize);
    while lines.len() < EXCERPT_LINES && at < buffer.len() && used < budget {
        let line = record::line_at(buffer, at);
        if line.start > last.end {
            after += 1;
            if after > CONTEXT {
                break;
            }
        }
        let raw = buffer.get(line.clone()).unwrap_or_default();
        // A line of which only a window was looked at is shown from there.
        let from = if line.len() > MAX_BYTES && line.contains(&hit) {
            (hit - line.start).saturating_sub(MAX_LINE / 2)
        } else {
            0
        };
        let raw = raw.get(from..raw.len().min(from + 4 * MAX_LINE)).unwrap_or_default();
        let shown = String::from_utf8_lossy(raw.strip_suffix(b"\r").unwrap_or(raw));
        let text: Text = match shown.char_indices().nth(MAX_LINE) {
            Some((cut, _)) => Text::from(&shown[..cut]),
            None => Text::from(&*shown),
        };
        used += text.len() + 32;
        lines.push(text);
        at = line.end + 1;
    }
    *spent += used;
    Excerpt { first_line: number, lines }
}
