//! One zstd frame, or one skippable frame.

use std::io::Read;

use ruzstd::decoding::errors::FrameDecoderError;
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::{Damage, Member};
use crate::feed::Feed;
use crate::state::State;

/// The largest block that the format allows.
const BLOCK: usize = 128 << 10;

/// The end of a frame that has lost its own: an empty last block, and four bytes for a checksum.
const LAST_BLOCK: [u8; 7] = [1, 0, 0, 0, 0, 0, 0];

/// A zstd frame.
pub(crate) struct Zstd<'s> {
    inner: FrameDecoder,
    started: bool,
    ended: bool,
    broken: Option<Damage>,
    state: &'s State<'s>,
}

impl<'s> Zstd<'s> {
    pub(crate) fn new(state: &'s State<'s>) -> Self {
        let mut inner = FrameDecoder::new();
        inner.set_max_window_size(u64::from(state.open_window()));
        Self { inner, started: false, ended: false, broken: None, state }
    }

    fn start(&mut self, feed: &mut Feed<'_>) -> Result<(), Damage> {
        self.started = true;
        let head = feed.peek(18);
        if let Some(&[0x50..=0x5f, 0x2a, 0x4d, 0x18, a, b, c, d]) = head.first_chunk() {
            feed.consume(8);
            let length = u64::from(u32::from_le_bytes([a, b, c, d]));
            self.ended = true;
            return if feed.skip(length) == length { Ok(()) } else { Err(Damage::cut()) };
        }
        let mut rest = head;
        let result = self.inner.reset(&mut rest);
        let used = head.len() - rest.len();
        feed.consume(used);
        result.map_err(|error| match error {
            FrameDecoderError::WindowSizeTooBig { .. } => {
                Damage::fatal("needs more memory than the reader allows, so it is not read")
            }
            error => Damage::fatal(format!("has a damaged header ({error})")),
        })
    }

    /// Decodes one block.
    fn block(&mut self, feed: &mut Feed<'_>) -> Result<(), Damage> {
        let Some(&[a, b, c]) = feed.peek(3).first_chunk() else {
            return Err(Damage::cut());
        };
        let header = u32::from_le_bytes([a, b, c, 0]);
        // A run-length block holds one byte, whatever its size says.
        let size = if header >> 1 & 3 == 1 { 1 } else { (header >> 3) as usize };
        let last = header & 1 == 1;
        // With room for the checksum behind the last block.
        let wanted = 3 + size + if last { 4 } else { 0 };
        let there = feed.peek(wanted);
        if there.len() < 3 + size.min(BLOCK) {
            return Err(Damage::cut());
        }
        let mut rest = there;
        let result = self.inner.decode_blocks(&mut rest, BlockDecodingStrategy::UptoBlocks(1));
        let used = there.len() - rest.len();
        feed.consume(used);
        match result {
            Ok(_) => Ok(()),
            Err(FrameDecoderError::FailedToReadChecksum(_)) => {
                Err(Damage::fatal("ends without its checksum, so it may be cut off"))
            }
            Err(error) => Err(Damage::fatal(format!("is damaged ({error})"))),
        }
    }

    /// Compares the checksum, where the frame has one.
    fn check(&self) -> Result<usize, Damage> {
        match self.inner.get_checksum_from_data() {
            Some(written) if Some(written) != self.inner.get_calculated_checksum() => {
                Err(Damage::doubt("does not match its checksum"))
            }
            _ => Ok(0),
        }
    }
}

impl Drop for Zstd<'_> {
    fn drop(&mut self) {
        self.state.close_window();
    }
}

impl Member for Zstd<'_> {
    fn read(&mut self, feed: &mut Feed<'_>, out: &mut [u8]) -> Result<usize, Damage> {
        if !self.started {
            self.start(feed)?;
        }
        while !self.ended {
            if self.inner.can_collect() > 0 {
                return self.inner.read(out).map_err(|error| Damage::fatal(format!("is damaged ({error})")));
            }
            if let Some(damage) = self.broken.take() {
                self.ended = true;
                return Err(damage);
            }
            if self.inner.is_finished() {
                self.ended = true;
                return self.check();
            }
            if let Err(damage) = self.block(feed) {
                self.broken = Some(damage);
                // The decoder keeps a window of bytes back until the frame ends, so it is given an end.
                let _ = self.inner.decode_blocks(LAST_BLOCK.as_slice(), BlockDecodingStrategy::UptoBlocks(1));
            }
        }
        Ok(0)
    }
}
