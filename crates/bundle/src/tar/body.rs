//! The data of one entry.

use std::io::{self, Read};

use super::BLOCK;
use crate::feed::Feed;

/// The bytes of one entry, and the padding behind them.
pub(super) struct Body<'f, 'r> {
    feed: &'f mut Feed<'r>,
    left: u64,
    padding: u64,
}

impl<'f, 'r> Body<'f, 'r> {
    pub(super) fn new(feed: &'f mut Feed<'r>, size: u64) -> Self {
        Self { feed, left: size, padding: size.next_multiple_of(BLOCK) - size }
    }

    /// Bytes that are declared and not read yet.
    pub(super) fn left(&self) -> u64 {
        self.left
    }

    /// Skips what was not read, and returns how many bytes the archive lacks.
    pub(super) fn finish(self) -> u64 {
        let missing = self.left - self.feed.skip(self.left);
        // Padding alone may be missing without harm.
        self.feed.skip(self.padding);
        missing
    }

    /// Skips the map before the data of a PAX 1.0 sparse file: decimal lines, the first says how many pairs follow, padded
    /// to a block. False when it is none or larger than `limit`.
    pub(super) fn skip_map(&mut self, limit: u64) -> bool {
        let before = self.left;
        let Some(pairs) = self.decimal() else { return false };
        for _ in 0..pairs.saturating_mul(2) {
            if before - self.left > limit || self.decimal().is_none() {
                return false;
            }
        }
        let read = before - self.left;
        let padding = (read.next_multiple_of(BLOCK) - read).min(self.left);
        self.left -= self.feed.skip(padding);
        true
    }

    fn decimal(&mut self) -> Option<u64> {
        let mut value: u64 = 0;
        loop {
            let mut byte = [0];
            if self.read(&mut byte).ok()? == 0 {
                return None;
            }
            match byte {
                [b'\n'] => return Some(value),
                [digit @ b'0'..=b'9'] => value = value.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?,
                _ => return None,
            }
        }
    }
}

impl Read for Body<'_, '_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let room = usize::try_from(self.left).unwrap_or(usize::MAX).min(out.len());
        let read = match out.get_mut(..room) {
            Some(out) if room > 0 => self.feed.read(out)?,
            _ => 0,
        };
        self.left -= read as u64;
        Ok(read)
    }
}
