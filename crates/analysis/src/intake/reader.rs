//! The reading side: identifies each document and hands it to its worker, with a bound on what waits.

use std::io::Read;
use std::sync::mpsc::{Receiver, Sender, SyncSender};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use bundlescope_bundle::{Entry, Sink};
use bundlescope_facts::Text;
use bundlescope_parsers::{Identified, Identity, identify};

use super::Outcome;
use super::worker::Job;
use super::year::{Year, year_in};

/// Bytes handed over at once; large enough that queues cost nothing, small enough for the caches.
pub(super) const CHUNK: usize = 256 << 10;
/// The first piece of a document that is asked for.
const SMALL: usize = 4 << 10;
/// Bytes of documents that wait to be parsed or are being parsed, all together; one alone may be larger.
const WAITING: usize = 16 << 20;
/// Documents up to this size are kept to quote from.
const KEEP_DOCUMENT: usize = 4 << 20;
/// Bytes of kept documents, all together.
const KEEP_TOTAL: usize = 40 << 20;

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
pub(super) struct Room {
    of: Arc<Waiting>,
    size: usize,
}

impl Drop for Room {
    fn drop(&mut self) {
        *self.of.bytes.lock().unwrap_or_else(PoisonError::into_inner) -= self.size;
        self.of.freed.notify_all();
    }
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
pub(super) struct Reader {
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
    /// A reader for these queues of the workers, which give their buffers back by `spare` and take documents up to
    /// `parse_bytes` whole; the year is that of the bundle's name.
    pub(super) fn new(
        queues: Vec<SyncSender<Job>>,
        spare: Receiver<Vec<u8>>,
        done: Sender<(usize, Outcome)>,
        parse_bytes: usize,
        year: Year,
    ) -> Self {
        let waiting = Arc::new(Waiting::default());
        Self { queues, spare, done, waiting, parse_bytes, year, next: 0, kept: 0, links: Vec::new() }
    }

    /// Closes the queues and returns the links as (path, target).
    pub(super) fn finish(self) -> Vec<(Text, Text)> {
        self.links
    }

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
            let Identified { root, container, .. } = identified;
            let outcome = Outcome { path, root, container, taken_for, bytes, ..Outcome::default() };
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

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::thread;

    use super::*;

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
}
