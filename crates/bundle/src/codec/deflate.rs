//! Raw deflate, as gzip and zip hold it.

use flate2::{Decompress, FlushDecompress, Status};

use super::{Damage, Member};
use crate::feed::Feed;

/// One deflate stream.
pub(crate) struct Inflate {
    inner: Decompress,
    ended: bool,
    broken: Option<String>,
}

impl Inflate {
    pub(crate) fn new() -> Self {
        Self { inner: Decompress::new(false), ended: false, broken: None }
    }
}

impl Member for Inflate {
    fn read(&mut self, feed: &mut Feed<'_>, out: &mut [u8]) -> Result<usize, Damage> {
        while !self.ended {
            if let Some(message) = self.broken.take() {
                return Err(Damage::fatal(message));
            }
            let (before_in, before_out) = (self.inner.total_in(), self.inner.total_out());
            let input = feed.fill();
            let at_end = input.is_empty();
            let result = self.inner.decompress(input, out, FlushDecompress::None);
            // Both are bounded by the slices' lengths.
            let used = (self.inner.total_in() - before_in) as usize;
            let made = (self.inner.total_out() - before_out) as usize;
            feed.consume(used);
            match result {
                Ok(Status::StreamEnd) => self.ended = true,
                Ok(_) if made == 0 && used == 0 => {
                    self.broken = Some(if at_end { "is cut off" } else { "is damaged" }.to_owned());
                }
                Ok(_) => {}
                Err(error) => {
                    self.broken = Some(
                        error.message().map_or_else(|| "is damaged".to_owned(), |why| format!("is damaged ({why})")),
                    );
                }
            }
            if made > 0 {
                return Ok(made);
            }
        }
        Ok(0)
    }
}
