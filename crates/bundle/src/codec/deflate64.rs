//! Deflate64 ("enhanced deflate", APPNOTE 4.4.5 method 9), with which Windows Explorer packs files beyond 2 GB.

use deflate64::InflaterManaged;

use super::{Damage, Member};
use crate::feed::Feed;

/// One stream. The decoder takes up to four bytes ahead of the stream's end, so it is never given more than the entry has.
pub(crate) struct Inflate64 {
    inner: Box<InflaterManaged>,
    /// Packed bytes that were not taken yet; without a bound where the size is not known before the data.
    left: u64,
}

impl Inflate64 {
    /// The decoder of an entry of so many packed bytes.
    pub(crate) fn new(packed: Option<u64>) -> Self {
        Self { inner: Box::new(InflaterManaged::new()), left: packed.unwrap_or(u64::MAX) }
    }
}

impl Member for Inflate64 {
    fn read(&mut self, feed: &mut Feed<'_>, out: &mut [u8]) -> Result<usize, Damage> {
        loop {
            // What was decoded before an error is still in the window, and comes first.
            let errored = self.inner.errored();
            let input = if self.left == 0 { &[] } else { feed.fill() };
            let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(input.len());
            let input = input.get(..most).unwrap_or_default();
            let at_end = input.is_empty();
            let result = self.inner.inflate(input, out);
            feed.consume(result.bytes_consumed);
            self.left = self.left.saturating_sub(result.bytes_consumed as u64);
            if result.bytes_written > 0 {
                return Ok(result.bytes_written);
            }
            if errored {
                return Err(Damage::fatal("is damaged"));
            }
            if self.inner.finished() && !self.inner.errored() {
                return Ok(0);
            }
            if at_end && !self.inner.errored() {
                return Err(Damage::cut());
            }
        }
    }
}
