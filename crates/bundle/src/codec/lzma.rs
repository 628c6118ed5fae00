//! LZMA as zip holds it (APPNOTE 5.8): a header of nine bytes, then one raw stream.

use lzma_rust2::{Action, LzmaStream, Status};

use super::{Damage, Member};
use crate::feed::Feed;
use crate::state::State;

/// Version of the packer, length of the properties, properties, size of the dictionary.
const HEADER: usize = 9;

/// One stream. Its dictionary is held to the window that [`State::open_window`] allows.
pub(crate) struct Lzma<'s> {
    inner: Option<LzmaStream>,
    /// Size when unpacked; `u64::MAX` where a marker ends the stream.
    size: u64,
    window: u32,
    ended: bool,
    broken: Option<String>,
    state: &'s State<'s>,
}

impl<'s> Lzma<'s> {
    /// The decoder of an entry of that size; none where a marker ends the stream.
    pub(crate) fn new(size: Option<u64>, state: &'s State<'s>) -> Self {
        let size = size.unwrap_or(u64::MAX);
        Self { inner: None, size, window: state.open_window(), ended: false, broken: None, state }
    }

    fn start(&self, feed: &mut Feed<'_>) -> Result<LzmaStream, Damage> {
        let &[_, _, 5, 0, props, a, b, c, d, ..] = feed.peek(HEADER) else {
            return Err(if feed.peek(HEADER).len() < HEADER {
                Damage::cut()
            } else {
                Damage::fatal("has no header of LZMA")
            });
        };
        let dictionary = u32::from_le_bytes([a, b, c, d]);
        if dictionary > self.window {
            return Err(Damage::fatal("needs more memory than the reader allows, so it is not read"));
        }
        feed.consume(HEADER);
        LzmaStream::new_with_props(self.size, props, dictionary, None)
            .map_err(|error| Damage::fatal(format!("is damaged ({error})")))
    }
}

impl Drop for Lzma<'_> {
    fn drop(&mut self) {
        self.state.close_window();
    }
}

impl Member for Lzma<'_> {
    fn read(&mut self, feed: &mut Feed<'_>, out: &mut [u8]) -> Result<usize, Damage> {
        let mut inner = match self.inner.take() {
            Some(inner) => inner,
            None => self.start(feed)?,
        };
        while !self.ended {
            if let Some(message) = self.broken.take() {
                return Err(Damage::fatal(message));
            }
            let before = inner.total_out();
            let input = feed.fill();
            let action = if input.is_empty() { Action::Finish } else { Action::Run };
            let (used, made) = match inner.process(input, out, action) {
                Ok(result) => {
                    self.ended = result.status == Status::StreamEnd;
                    if result.bytes_consumed == 0 && result.bytes_produced == 0 && !self.ended {
                        self.broken = Some("is cut off".to_owned());
                    }
                    (result.bytes_consumed, result.bytes_produced)
                }
                Err(error) => {
                    self.broken = Some(match error.kind() {
                        std::io::ErrorKind::UnexpectedEof => "is cut off".to_owned(),
                        _ => format!("is damaged ({error})"),
                    });
                    // Bounded by the length of `out`.
                    (0, (inner.total_out() - before) as usize)
                }
            };
            feed.consume(used);
            if made > 0 {
                self.inner = Some(inner);
                return Ok(made);
            }
        }
        self.inner = Some(inner);
        Ok(0)
    }
}
