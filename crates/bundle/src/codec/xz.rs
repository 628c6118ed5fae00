//! One xz stream.

use lzma_rust2::{Action, Status, XzStream};

use super::{Damage, Member};
use crate::feed::Feed;
use crate::state::State;

/// An xz stream. Its dictionary is held to the window that [`State::open_window`] allows.
pub(crate) struct Xz<'s> {
    inner: XzStream,
    ended: bool,
    broken: Option<String>,
    state: &'s State<'s>,
}

impl<'s> Xz<'s> {
    pub(crate) fn new(state: &'s State<'s>) -> Self {
        let inner = XzStream::new_mem_limit(false, state.open_window() >> 10);
        Self { inner, ended: false, broken: None, state }
    }
}

impl Drop for Xz<'_> {
    fn drop(&mut self) {
        self.state.close_window();
    }
}

impl Member for Xz<'_> {
    fn read(&mut self, feed: &mut Feed<'_>, out: &mut [u8]) -> Result<usize, Damage> {
        while !self.ended {
            if let Some(message) = self.broken.take() {
                return Err(Damage::fatal(message));
            }
            let before = self.inner.total_out();
            let input = feed.fill();
            let action = if input.is_empty() { Action::Finish } else { Action::Run };
            let (used, made) = match self.inner.process(input, out, action) {
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
                        std::io::ErrorKind::OutOfMemory => {
                            "needs more memory than the reader allows, so it is not read".to_owned()
                        }
                        _ => format!("is damaged ({error})"),
                    });
                    (0, (self.inner.total_out() - before) as usize)
                }
            };
            feed.consume(used);
            if made > 0 {
                return Ok(made);
            }
        }
        Ok(0)
    }
}
