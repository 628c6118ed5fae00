//! The books of one reading: what was read, what it cost, what was wrong.
//!
//! Every layer of a nested archive holds the same [`State`], so that one budget covers all of them. A layer never
//! returns an error to the layer above it: it writes down what was wrong and ends early.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use bundlescope_facts::{Problem, Text};

use crate::names::Names;
use crate::{LimitHit, Limits, Summary};

/// Problems, notes and limit hits that are kept one by one; the rest is counted.
const KEPT: usize = 1000;

/// Shared by all layers of one reading.
pub(crate) struct State<'l> {
    limits: &'l Limits,
    started: Instant,
    stopped: Cell<bool>,
    incomplete: Cell<bool>,
    /// Bytes read from disk or standard input.
    consumed: Cell<u64>,
    /// The same, for whoever looks on from another thread.
    watch: &'l AtomicU64,
    /// Bytes that left any decompressor.
    unpacked: Cell<u64>,
    /// Bytes given to the sink.
    yielded: Cell<u64>,
    documents: Cell<u64>,
    entries: Cell<u64>,
    /// Decoders with a large window that are open now.
    windows: Cell<u32>,
    names: RefCell<Names>,
    problems: RefCell<Kept<Problem>>,
    hits: RefCell<Kept<LimitHit>>,
    notes: RefCell<Notes>,
    /// Documents and archives that were read in part only, or whose content is in doubt.
    partial: RefCell<BTreeSet<Text>>,
}

/// Notes by archive and kind: how many, and the first example.
type Notes = BTreeMap<(Text, &'static str), (u64, String)>;

/// The first [`KEPT`] of many.
struct Kept<T> {
    items: Vec<T>,
    more: u64,
}

impl<T> Kept<T> {
    const fn new() -> Self {
        Self { items: Vec::new(), more: 0 }
    }

    fn push(&mut self, item: T) {
        if self.items.len() < KEPT {
            self.items.push(item);
        } else {
            self.more += 1;
        }
    }
}

impl<'l> State<'l> {
    pub(crate) fn new(limits: &'l Limits, watch: &'l AtomicU64) -> Self {
        Self {
            limits,
            started: Instant::now(),
            stopped: Cell::new(false),
            incomplete: Cell::new(false),
            consumed: Cell::new(0),
            watch,
            unpacked: Cell::new(0),
            yielded: Cell::new(0),
            documents: Cell::new(0),
            entries: Cell::new(0),
            windows: Cell::new(0),
            names: RefCell::new(Names::default()),
            problems: RefCell::new(Kept::new()),
            hits: RefCell::new(Kept::new()),
            notes: RefCell::new(BTreeMap::new()),
            partial: RefCell::new(BTreeSet::new()),
        }
    }

    pub(crate) fn limits(&self) -> &'l Limits {
        self.limits
    }

    /// The nesting depth that is allowed.
    pub(crate) fn depth(&self) -> u32 {
        self.limits.depth.min(Limits::MAX_DEPTH)
    }

    /// True once a limit for the whole bundle was hit; every layer then ends as if its input had.
    pub(crate) fn stopped(&self) -> bool {
        self.stopped.get()
    }

    /// Something could not be read. Silent after a stop, when every layer sees its input end.
    pub(crate) fn damage(&self, document: &Text, message: impl Into<String>) {
        if self.stopped() {
            return;
        }
        self.partly(document);
        self.problems.borrow_mut().push(Problem { document: document.clone(), line: 0, message: message.into() });
    }

    fn partly(&self, document: &Text) {
        self.incomplete.set(true);
        let mut partial = self.partial.borrow_mut();
        if !partial.contains(document) {
            partial.insert(document.clone());
        }
    }

    /// Something is odd and nothing was lost by it. Told once for each archive and kind, with the first example.
    pub(crate) fn note(&self, archive: &Text, kind: &'static str, example: &str) {
        let mut notes = self.notes.borrow_mut();
        let full = notes.len() >= KEPT;
        let key = (archive.clone(), kind);
        if let Some(known) = notes.get_mut(&key) {
            known.0 += 1;
        } else if !full {
            notes.insert(key, (1, example.to_owned()));
        }
    }

    /// A limit was hit that costs a part of the bundle only.
    pub(crate) fn limit(&self, limit: &'static str, document: &Text, message: impl Into<String>) {
        if self.stopped() {
            return;
        }
        self.partly(document);
        self.hits.borrow_mut().push(LimitHit { limit, document: document.clone(), message: message.into() });
    }

    /// A limit was hit that ends the reading.
    fn stop(&self, limit: &'static str, document: &Text, message: String) {
        self.limit(limit, document, message);
        self.stopped.set(true);
    }

    /// Books bytes read from disk.
    pub(crate) fn consume(&self, bytes: u64) {
        self.consumed.set(self.consumed.get().saturating_add(bytes));
        self.watch.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Books bytes that left the decompressor of `archive`; false when reading has to end.
    pub(crate) fn unpack(&self, archive: &Text, bytes: u64) -> bool {
        let unpacked = self.unpacked.get().saturating_add(bytes);
        self.unpacked.set(unpacked);
        if unpacked > self.limits.total_bytes {
            let allowed = self.limits.total_bytes;
            self.stop(
                "total_bytes",
                archive,
                format!("more than {allowed} bytes unpacked; the rest of the bundle was not read"),
            );
        } else if unpacked > Limits::RATIO_FLOOR && unpacked / self.limits.ratio.max(1) > self.consumed.get() {
            let (ratio, consumed) = (self.limits.ratio, self.consumed.get());
            self.stop(
                "ratio",
                archive,
                format!(
                    "{consumed} bytes unpacked to more than {ratio} times their size, as a bomb does; the rest of the bundle was not read"
                ),
            );
        }
        self.in_time(archive)
    }

    /// False when the time is up or reading has ended for another reason.
    pub(crate) fn in_time(&self, at: &Text) -> bool {
        if let Some(time) = self.limits.time
            && !self.stopped()
            && self.started.elapsed() >= time
        {
            self.stop("time", at, format!("{} s are over; the rest of the bundle was not read", time.as_secs_f64()));
        }
        !self.stopped()
    }

    /// Books one entry of `archive`; false when reading has to end.
    pub(crate) fn entry(&self, archive: &Text) -> bool {
        if self.entries.get() >= self.limits.entries {
            let allowed = self.limits.entries;
            self.stop("entries", archive, format!("more than {allowed} entries; the rest of the bundle was not read"));
        }
        self.entries.set(self.entries.get() + 1);
        self.in_time(archive)
    }

    pub(crate) fn document(&self) {
        self.documents.set(self.documents.get() + 1);
    }

    /// Bytes that the sink may still get.
    pub(crate) fn allowance(&self) -> u64 {
        if self.stopped() { 0 } else { self.limits.total_bytes.saturating_sub(self.yielded.get()) }
    }

    /// Books bytes given to the sink.
    pub(crate) fn give(&self, bytes: u64) {
        self.yielded.set(self.yielded.get().saturating_add(bytes));
    }

    /// Ends the reading because the documents together are too large.
    pub(crate) fn total_reached(&self, document: &Text) {
        let allowed = self.limits.total_bytes;
        self.stop(
            "total_bytes",
            document,
            format!("the documents have more than {allowed} bytes; the rest of the bundle was not read"),
        );
    }

    /// A path that no other entry of this bundle has.
    pub(crate) fn unique(&self, path: String) -> Text {
        self.names.borrow_mut().unique(path)
    }

    /// Bytes of window for a decoder that is about to open: plenty for the outermost, little for those inside it.
    pub(crate) fn open_window(&self) -> u32 {
        let open = self.windows.get();
        self.windows.set(open + 1);
        if open == 0 { 72 << 20 } else { 12 << 20 }
    }

    /// The decoder of [`State::open_window`] is gone.
    pub(crate) fn close_window(&self) {
        self.windows.set(self.windows.get().saturating_sub(1));
    }

    /// The books, closed.
    pub(crate) fn finish(self, name: String, sha256: String) -> Summary {
        let bundle = Text::from(name.as_str());
        let problems = self.problems.into_inner();
        let mut all = problems.items;
        for ((document, kind), (count, example)) in self.notes.into_inner() {
            let more = if count > 1 { format!(" and {} more", count - 1) } else { String::new() };
            let example = if example.is_empty() { String::new() } else { format!(": {example}{more}") };
            all.push(Problem { document, line: 0, message: format!("{kind}{example}") });
        }
        if problems.more > 0 {
            all.push(Problem {
                document: bundle.clone(),
                line: 0,
                message: format!("{} more problems of this kind", problems.more),
            });
        }
        let hits = self.hits.into_inner();
        let mut limits = hits.items;
        if let (Some(last), true) = (limits.last(), hits.more > 0) {
            let limit = last.limit;
            limits.push(LimitHit { limit, document: bundle, message: format!("{} more limits hit", hits.more) });
        }
        Summary {
            name,
            sha256,
            documents: self.documents.get(),
            bytes: self.yielded.get(),
            limits,
            partial: self.partial.into_inner(),
            problems: all,
            complete: !self.incomplete.get(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is allowed to the byte, which an archive of that size would take long to show.
    #[test]
    fn the_ratio_counts_behind_its_floor_only_and_is_allowed_itself() {
        let limits = Limits { ratio: 1 << 10, ..Limits::default() };
        let (watch, bomb) = (AtomicU64::new(0), Text::from("bomb"));
        let state = State::new(&limits, &watch);
        assert!(state.unpack(&bomb, Limits::RATIO_FLOOR), "up to the floor anything is allowed");
        assert!(!state.unpack(&bomb, 1), "behind it nothing may come of nothing");
        assert_eq!(state.finish(String::new(), String::new()).limits[0].limit, "ratio");

        let state = State::new(&limits, &watch);
        state.consume(Limits::RATIO_FLOOR >> 10);
        assert!(state.unpack(&bomb, Limits::RATIO_FLOOR + 1), "so much is the ratio itself");
        assert!(!state.unpack(&bomb, 1 << 10));
    }
}
