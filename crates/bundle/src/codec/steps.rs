//! The loop that the streams of `lzma-rust2` share.

use std::io;

use lzma_rust2::{Action, LzmaStream, Status, StreamResult, XzStream};

use super::Damage;
use crate::feed::Feed;

/// What the streams of `lzma-rust2` have in common; it has no trait for it.
pub(super) trait Stream {
    fn process(&mut self, input: &[u8], out: &mut [u8], action: Action) -> io::Result<StreamResult>;
    fn total_out(&self) -> u64;
}

impl Stream for XzStream {
    fn process(&mut self, input: &[u8], out: &mut [u8], action: Action) -> io::Result<StreamResult> {
        self.process(input, out, action)
    }
    fn total_out(&self) -> u64 {
        self.total_out()
    }
}

impl Stream for LzmaStream {
    fn process(&mut self, input: &[u8], out: &mut [u8], action: Action) -> io::Result<StreamResult> {
        self.process(input, out, action)
    }
    fn total_out(&self) -> u64 {
        self.total_out()
    }
}

/// How far a stream is.
#[derive(Default)]
pub(super) struct Steps {
    ended: bool,
    /// Told by the next call, behind what came out before the damage.
    broken: Option<String>,
}

impl Steps {
    /// Unpacks until something comes out, the stream ends, or damage is met.
    pub(super) fn read(
        &mut self,
        stream: &mut impl Stream,
        feed: &mut Feed<'_>,
        out: &mut [u8],
    ) -> Result<usize, Damage> {
        while !self.ended {
            if let Some(message) = self.broken.take() {
                return Err(Damage::fatal(message));
            }
            let before = stream.total_out();
            let input = feed.fill();
            let action = if input.is_empty() { Action::Finish } else { Action::Run };
            let (used, made) = match stream.process(input, out, action) {
                Ok(result) => {
                    self.ended = result.status == Status::StreamEnd;
                    if result.bytes_consumed == 0 && result.bytes_produced == 0 && !self.ended {
                        self.broken = Some("is cut off".to_owned());
                    }
                    (result.bytes_consumed, result.bytes_produced)
                }
                Err(error) => {
                    self.broken = Some(match error.kind() {
                        io::ErrorKind::UnexpectedEof => "is cut off".to_owned(),
                        io::ErrorKind::OutOfMemory => {
                            "needs more memory than the reader allows, so it is not read".to_owned()
                        }
                        _ => format!("is damaged ({error})"),
                    });
                    // Bounded by the length of `out`.
                    (0, (stream.total_out() - before) as usize)
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
