//! A reader with a buffer that can be looked into.

use std::io::{self, Read};

/// Bytes of a layer below, with lookahead.
///
/// Errors of the layer below end it: that layer has written down what was wrong.
pub(crate) struct Feed<'r> {
    inner: &'r mut dyn Read,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    ended: bool,
    taken: u64,
}

impl<'r> Feed<'r> {
    /// A buffer of `capacity` bytes over `inner`.
    pub(crate) fn new(inner: &'r mut dyn Read, capacity: usize) -> Self {
        Self { inner, buffer: vec![0; capacity.max(1024)], start: 0, end: 0, ended: false, taken: 0 }
    }

    /// Bytes consumed so far.
    pub(crate) fn taken(&self) -> u64 {
        self.taken
    }

    /// What is buffered; at least one byte unless the input has ended.
    pub(crate) fn fill(&mut self) -> &[u8] {
        self.peek(1);
        self.buffered()
    }

    /// The next `count` bytes, or fewer when the input ends before them or the buffer is smaller. More may be returned.
    pub(crate) fn peek(&mut self, count: usize) -> &[u8] {
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
        }
        if self.end - self.start < count && self.buffer.len() - self.start < count {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        while self.end - self.start < count && self.end < self.buffer.len() && !self.ended {
            let read = self.buffer.get_mut(self.end..).map_or(0, |free| pull(self.inner, free));
            self.end += read;
            self.ended = read == 0;
        }
        self.buffered()
    }

    fn buffered(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// Marks bytes of the buffer as used.
    pub(crate) fn consume(&mut self, count: usize) {
        let count = count.min(self.end - self.start);
        self.start += count;
        self.taken += count as u64;
    }

    /// Skips `count` bytes and says how many there were.
    pub(crate) fn skip(&mut self, count: u64) -> u64 {
        let mut left = count;
        while left > 0 {
            let there = self.fill().len() as u64;
            if there == 0 {
                break;
            }
            let step = there.min(left);
            // `step` is at most the buffer's length.
            self.consume(step as usize);
            left -= step;
        }
        count - left
    }
}

impl Read for Feed<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.start == self.end && out.len() >= self.buffer.len() {
            if self.ended {
                return Ok(0);
            }
            // Large reads go past the buffer: no copy.
            let read = pull(self.inner, out);
            self.ended = read == 0 && !out.is_empty();
            self.taken += read as u64;
            return Ok(read);
        }
        let read = self.fill().read(out)?;
        self.consume(read);
        Ok(read)
    }
}

/// One read that is not interrupted; 0 at the end and on errors.
fn pull(inner: &mut dyn Read, out: &mut [u8]) -> usize {
    loop {
        match inner.read(out) {
            Ok(read) => return read.min(out.len()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return 0,
        }
    }
}

/// Fills `out` as far as the input reaches.
pub(crate) fn read_full(inner: &mut dyn Read, out: &mut [u8]) -> usize {
    let mut filled = 0;
    while let Some(free) = out.get_mut(filled..)
        && !free.is_empty()
    {
        let read = pull(inner, free);
        if read == 0 {
            break;
        }
        filled += read;
    }
    filled
}

/// Reads to the end.
pub(crate) fn drain(inner: &mut dyn Read) -> u64 {
    let mut buffer = vec![0; 128 << 10];
    let mut total = 0;
    loop {
        let read = pull(inner, &mut buffer);
        if read == 0 {
            return total;
        }
        total += read as u64;
    }
}

/// Bytes that were read to look at them, and then the rest.
pub(crate) struct Rejoined<'r> {
    pub(crate) head: &'r [u8],
    pub(crate) rest: &'r mut dyn Read,
}

impl Read for Rejoined<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let from_head = Read::read(&mut self.head, out)?;
        match out.get_mut(from_head..) {
            Some(free) if !free.is_empty() => Ok(from_head + pull(self.rest, free)),
            _ => Ok(from_head),
        }
    }
}
