//! LZMA as zip holds it (APPNOTE 5.8): a header of nine bytes, then one raw stream.

use lzma_rust2::LzmaStream;

use super::steps::Steps;
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
    steps: Steps,
    state: &'s State<'s>,
}

impl<'s> Lzma<'s> {
    /// The decoder of an entry of that size; none where a marker ends the stream.
    pub(crate) fn new(size: Option<u64>, state: &'s State<'s>) -> Self {
        let size = size.unwrap_or(u64::MAX);
        Self { inner: None, size, window: state.open_window(), steps: Steps::default(), state }
    }
}

/// The stream behind the header.
fn start(size: u64, window: u32, feed: &mut Feed<'_>) -> Result<LzmaStream, Damage> {
    let &[_, _, 5, 0, props, a, b, c, d, ..] = feed.peek(HEADER) else {
        return Err(if feed.peek(HEADER).len() < HEADER {
            Damage::cut()
        } else {
            Damage::fatal("has no header of LZMA")
        });
    };
    let dictionary = u32::from_le_bytes([a, b, c, d]);
    if dictionary > window {
        return Err(Damage::fatal("needs more memory than the reader allows, so it is not read"));
    }
    feed.consume(HEADER);
    LzmaStream::new_with_props(size, props, dictionary, None)
        .map_err(|error| Damage::fatal(format!("is damaged ({error})")))
}

impl Drop for Lzma<'_> {
    fn drop(&mut self) {
        self.state.close_window();
    }
}

impl Member for Lzma<'_> {
    fn read(&mut self, feed: &mut Feed<'_>, out: &mut [u8]) -> Result<usize, Damage> {
        let inner = match &mut self.inner {
            Some(inner) => inner,
            none => none.insert(start(self.size, self.window, feed)?),
        };
        self.steps.read(inner, feed, out)
    }
}
