//! Remembers what records said, because a program that cannot connect says the same again and again.
//!
//! Its size is bounded, and forgetting costs time only.

use std::collections::HashMap;
use std::sync::Arc;

/// Records that are remembered, and bytes of a longer one that is not worth it.
const MAX_RECORDS: usize = 512;
const MAX_BYTES: usize = 2 << 10;

/// What decides which events a record states, its own stamp aside.
pub(crate) struct Message<'a> {
    /// A stamp stood before the text.
    pub(crate) stamped: bool,
    pub(crate) container: &'a Option<String>,
    pub(crate) text: Option<&'a [u8]>,
}

/// The latest messages and the places of their events in [`crate::merge::Events`].
#[derive(Debug, Default)]
pub(crate) struct Memo {
    known: HashMap<Vec<u8>, Arc<[usize]>>,
}

impl Memo {
    /// The events of a message that was seen before.
    pub(crate) fn get(&self, key: &Key) -> Option<Arc<[usize]>> {
        self.known.get(key.0.as_ref()?).cloned()
    }

    /// Remembers the events of a message.
    pub(crate) fn put(&mut self, key: Key, events: Vec<usize>) {
        let Some(key) = key.0 else { return };
        if self.known.len() >= MAX_RECORDS {
            self.known.clear();
        }
        self.known.insert(key, events.into());
    }
}

/// A message as it is remembered; nothing for one that is too long.
pub(crate) struct Key(Option<Vec<u8>>);

impl Message<'_> {
    /// Differs for messages that may state different events.
    pub(crate) fn key(&self) -> Key {
        Key(self.text.filter(|text| text.len() <= MAX_BYTES).map(|text| {
            let container = self.container.as_deref().unwrap_or_default().as_bytes();
            // No name of a container holds the separator.
            [&[u8::from(self.stamped)], container, b"\n", text].concat()
        }))
    }
}
