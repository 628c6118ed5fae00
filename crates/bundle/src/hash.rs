//! The hash of a bundle, made on a thread of its own: it would otherwise add a tenth to the time of decompression.

use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread::JoinHandle;

use sha2::{Digest as _, Sha256};

/// Bytes passed on at a time.
const CHUNK: usize = 256 << 10;
/// Chunks that may wait.
const WAITING: usize = 4;

/// A SHA-256 in the making.
pub(crate) struct Hash {
    chunk: Vec<u8>,
    mode: Mode,
}

enum Mode {
    /// Little was hashed so far, and no thread is worth it.
    Here(Sha256),
    There {
        full: SyncSender<Vec<u8>>,
        empty: Receiver<Vec<u8>>,
        made: JoinHandle<Sha256>,
    },
}

impl Hash {
    pub(crate) fn new() -> Self {
        Self { chunk: Vec::new(), mode: Mode::Here(Sha256::new()) }
    }

    /// Adds bytes.
    pub(crate) fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let room = CHUNK - self.chunk.len().min(CHUNK);
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.chunk.extend_from_slice(now);
            bytes = later;
            if self.chunk.len() >= CHUNK {
                self.pass_on();
            }
        }
    }

    /// Hands the chunk to the thread, which the first full chunk starts.
    fn pass_on(&mut self) {
        let chunk = std::mem::take(&mut self.chunk);
        match &mut self.mode {
            Mode::There { full, empty, .. } => {
                // The thread ends only when this end is dropped.
                let _ = full.send(chunk);
                self.chunk = match empty.try_recv() {
                    Ok(chunk) => chunk,
                    Err(TryRecvError::Empty | TryRecvError::Disconnected) => Vec::with_capacity(CHUNK),
                };
            }
            Mode::Here(hash) => {
                hash.update(&chunk);
                let hash = std::mem::take(hash);
                let copy = hash.clone();
                let (full, chunks) = sync_channel::<Vec<u8>>(WAITING);
                let (back, empty) = sync_channel(WAITING + 1);
                let work = move || {
                    let mut hash = hash;
                    for mut chunk in chunks {
                        hash.update(&chunk);
                        chunk.clear();
                        let _ = back.try_send(chunk);
                    }
                    hash
                };
                // Where no thread can be had, it goes on here.
                self.mode = match std::thread::Builder::new().name("hash".to_owned()).spawn(work) {
                    Ok(made) => Mode::There { full, empty, made },
                    Err(_) => Mode::Here(copy),
                };
            }
        }
    }

    /// The hash in lower-case hex.
    pub(crate) fn finish(self) -> String {
        let mut hash = match self.mode {
            Mode::Here(hash) => hash,
            Mode::There { full, made, .. } => {
                drop(full);
                // The thread runs no code that panics.
                made.join().unwrap_or_default()
            }
        };
        hash.update(&self.chunk);
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
