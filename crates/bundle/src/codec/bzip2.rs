//! One bzip2 stream. Its blocks and its end carry checksums, which the crate checks.

use bzip2::{Decompress, Status};

use super::{Damage, Member};
use crate::feed::Feed;

/// A bzip2 stream.
pub(crate) struct Bzip2 {
    inner: Decompress,
    ended: bool,
    broken: Option<&'static str>,
}

impl Bzip2 {
    pub(crate) fn new() -> Self {
        Self { inner: Decompress::new(false), ended: false, broken: None }
    }
}

impl Member for Bzip2 {
    fn read(&mut self, feed: &mut Feed<'_>, out: &mut [u8]) -> Result<usize, Damage> {
        while !self.ended {
            if let Some(message) = self.broken.take() {
                return Err(Damage::fatal(message));
            }
            let (before_in, before_out) = (self.inner.total_in(), self.inner.total_out());
            let input = feed.fill();
            let at_end = input.is_empty();
            let result = self.inner.decompress(input, out);
            // Both are bounded by the slices' lengths.
            let used = (self.inner.total_in() - before_in) as usize;
            let made = (self.inner.total_out() - before_out) as usize;
            feed.consume(used);
            match result {
                Ok(Status::StreamEnd) => self.ended = true,
                Ok(_) if made == 0 && used == 0 => self.broken = Some(if at_end { "is cut off" } else { "is damaged" }),
                Ok(_) => {}
                Err(_) => self.broken = Some("is damaged or does not match its checksum"),
            }
            if made > 0 {
                return Ok(made);
            }
        }
        Ok(0)
    }
}
