//! One xz stream.

use lzma_rust2::XzStream;

use super::steps::Steps;
use super::{Damage, Member};
use crate::feed::Feed;
use crate::state::State;

/// An xz stream. Its dictionary is held to the window that [`State::open_window`] allows.
pub(crate) struct Xz<'s> {
    inner: XzStream,
    steps: Steps,
    state: &'s State<'s>,
}

impl<'s> Xz<'s> {
    pub(crate) fn new(state: &'s State<'s>) -> Self {
        let inner = XzStream::new_mem_limit(false, state.open_window() >> 10);
        Self { inner, steps: Steps::default(), state }
    }
}

impl Drop for Xz<'_> {
    fn drop(&mut self) {
        self.state.close_window();
    }
}

impl Member for Xz<'_> {
    fn read(&mut self, feed: &mut Feed<'_>, out: &mut [u8]) -> Result<usize, Damage> {
        self.steps.read(&mut self.inner, feed, out)
    }
}
