//! Bytes from disk or standard input: counted and hashed.

use std::io::{self, Read};

use bundlescope_facts::Text;

use crate::feed;
use crate::hash::Hash;
use crate::state::State;

/// The bottom of every stack of layers.
pub(crate) struct Source<'s, R> {
    inner: R,
    hash: &'s mut Hash,
    state: &'s State<'s>,
    path: Text,
    length: u64,
    ended: bool,
}

impl<'s, R: Read> Source<'s, R> {
    /// Reads `inner`, of which problems are told as `path`.
    pub(crate) fn new(inner: R, hash: &'s mut Hash, state: &'s State<'s>, path: Text) -> Self {
        Self { inner, hash, state, path, length: 0, ended: false }
    }

    /// Reads what is left, for the hash. After a stop, so much more at most as the bundle might have had: standard input
    /// need not end.
    pub(crate) fn drain(&mut self) {
        let most = self.state.limits().total_bytes;
        feed::drain(&mut self.by_ref().take(most));
    }

    /// Bytes read.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }
}

impl<R: Read> Read for Source<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.ended {
            return Ok(0);
        }
        match self.inner.read(out) {
            Ok(read) => {
                self.ended = read == 0 && !out.is_empty();
                self.length += read as u64;
                self.state.consume(read as u64);
                self.hash.update(out.get(..read).unwrap_or_default());
                Ok(read)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                self.ended = true;
                self.state.damage(&self.path, format!("cannot be read further than byte {}: {error}", self.length));
                Ok(0)
            }
        }
    }
}
