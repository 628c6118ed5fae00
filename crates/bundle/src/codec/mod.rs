//! Decompression of streams that consist of members: gzip, xz, zstd, bzip2.
//!
//! The members are walked here and not by the crates' own multi-member readers, because those stop in silence or with an
//! error at a wrong checksum, a missing trailer or garbage behind the last member. Here each of these is written down and
//! everything that can be decoded is passed on.

mod bzip2;
mod deflate;
mod deflate64;
mod gzip;
mod lzma;
mod steps;
mod xz;
mod zstd;

use std::io::{self, Read};

use bundlescope_facts::Text;

pub(crate) use self::bzip2::Bzip2;
pub(crate) use self::deflate::Inflate;
pub(crate) use self::deflate64::Inflate64;
pub(crate) use self::lzma::Lzma;
pub(crate) use self::xz::Xz;
pub(crate) use self::zstd::Zstd;

use crate::feed::Feed;
use crate::format::Codec;
use crate::state::State;

/// Compressed bytes held at a time. A zstd block (128 KiB) and its header must fit.
const BUFFER: usize = 256 << 10;

/// What is wrong with compressed data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Damage {
    /// For people.
    pub(crate) message: String,
    /// Whether nothing after this can be decoded.
    pub(crate) fatal: bool,
}

impl Damage {
    /// Decoding cannot go on.
    pub(crate) fn fatal(message: impl Into<String>) -> Self {
        Self { message: message.into(), fatal: true }
    }

    /// A checksum or a length is wrong; the decoded bytes are there.
    pub(crate) fn doubt(message: impl Into<String>) -> Self {
        Self { message: message.into(), fatal: false }
    }

    /// The input ends too early.
    pub(crate) fn cut() -> Self {
        Self::fatal("is cut off")
    }
}

/// The decoder of one member: header, data, trailer.
pub(crate) trait Member {
    /// Decodes into `out`, which is not empty. 0 is the member's end, behind its trailer.
    ///
    /// # Errors
    /// Everything decodable was returned before; a [`Damage`] that is not fatal is the member's end.
    fn read(&mut self, feed: &mut Feed<'_>, out: &mut [u8]) -> Result<usize, Damage>;
}

/// The decoder of one member of `codec`.
fn member<'r>(codec: Codec, state: &'r State<'r>) -> Box<dyn Member + 'r> {
    match codec {
        Codec::Gzip => Box::new(gzip::Gzip::new()),
        Codec::Xz => Box::new(Xz::new(state)),
        Codec::Zstd => Box::new(Zstd::new(state)),
        Codec::Bzip2 => Box::new(Bzip2::new()),
    }
}

/// All members of a compressed stream, one after the other.
pub(crate) struct Decoder<'r> {
    codec: Codec,
    feed: Feed<'r>,
    member: Option<Box<dyn Member + 'r>>,
    ended: bool,
    produced: u64,
    state: &'r State<'r>,
    path: Text,
}

impl<'r> Decoder<'r> {
    /// Decodes `input`; problems are told of `path`. `size` is the input's length where it is known.
    pub(crate) fn new(
        codec: Codec,
        input: &'r mut dyn Read,
        size: Option<u64>,
        state: &'r State<'r>,
        path: Text,
    ) -> Self {
        // A small file needs no large buffer, and a bundle may hold a hundred thousand of them.
        let capacity =
            size.and_then(|size| usize::try_from(size).ok()).map_or(BUFFER, |size| size.clamp(1 << 10, BUFFER));
        Self { codec, feed: Feed::new(input, capacity), member: None, ended: false, produced: 0, state, path }
    }

    /// Finds the next member; false at the end.
    fn next(&mut self) -> bool {
        loop {
            let head = self.feed.peek(8);
            if head.is_empty() {
                return false;
            }
            if Codec::of(head) == Some(self.codec) {
                self.member = Some(member(self.codec, self.state));
                return true;
            }
            // Tapes and xz pad with zeros.
            let zeros = head.iter().take_while(|byte| **byte == 0).count();
            if zeros == 0 {
                break;
            }
            self.feed.consume(zeros);
        }
        let garbage = self.feed.skip(u64::MAX);
        self.state.note(
            &self.path,
            "bytes behind the end of the compressed data were left out",
            &format!("{garbage} bytes"),
        );
        false
    }
}

impl Read for Decoder<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        while !self.ended {
            if !self.state.in_time(&self.path) {
                self.ended = true;
                break;
            }
            let Some(member) = &mut self.member else {
                self.ended = !self.next();
                continue;
            };
            match member.read(&mut self.feed, out) {
                Ok(0) => self.member = None,
                Ok(read) => {
                    self.produced += read as u64;
                    self.ended = !self.state.unpack(&self.path, read as u64);
                    return Ok(read);
                }
                Err(damage) => {
                    let (codec, produced) = (self.codec.name(), self.produced);
                    self.state.damage(
                        &self.path,
                        format!("{codec} data {} behind {produced} unpacked bytes", damage.message),
                    );
                    self.member = None;
                    self.ended = damage.fatal;
                }
            }
        }
        Ok(0)
    }
}
