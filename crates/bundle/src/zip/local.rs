//! Reading along the local headers, without a directory.

use std::io::Read;

use super::content::{Done, entry};
use super::record::{LOCAL, Record, u16_at};
use crate::feed::Feed;
use crate::walk::{Place, Walk};

/// Compressed bytes held at a time.
const BUFFER: usize = 256 << 10;

/// The local header at the start of `feed`, which then stands at the data.
pub(super) fn header(feed: &mut Feed<'_>) -> Option<Record> {
    let fixed = *feed.peek(LOCAL).first_chunk::<LOCAL>().filter(|fixed| fixed.starts_with(b"PK\x03\x04"))?;
    let [name, extra] = [26, 28].map(|place| usize::from(u16_at(&fixed, place)));
    let there = feed.peek(LOCAL + name + extra);
    let (name_bytes, extra_bytes) = (there.get(LOCAL..LOCAL + name)?, there.get(LOCAL + name..LOCAL + name + extra)?);
    let record = Record::local(&fixed, name_bytes, extra_bytes);
    feed.consume(LOCAL + name + extra);
    Some(record)
}

/// Reads the archive `at` as far as its local headers can be followed.
pub(super) fn read(walk: &mut Walk<'_>, at: &Place, input: &mut dyn Read) {
    let mut feed = Feed::new(input, BUFFER);
    while walk.state.in_time(&at.path) {
        let start = feed.taken();
        let there = feed.peek(4);
        if there.is_empty()
            || there.starts_with(b"PK\x01\x02")
            || there.starts_with(b"PK\x05\x06")
            || there.starts_with(b"PK\x06\x06")
        {
            break;
        }
        let Some(record) = header(&mut feed) else {
            if feed.peek(4).starts_with(b"PK\x03\x04") {
                walk.state.damage(&at.path, format!("zip data is cut off in a header at byte {start}"));
            }
            search(walk, at, &mut feed);
            continue;
        };
        if !walk.state.entry(&at.path) {
            break;
        }
        let before = feed.taken();
        if entry(walk, at, &record, &mut feed) == Done::Untouched || !record.sizes_follow() {
            let used = feed.taken() - before;
            feed.skip(record.packed.saturating_sub(used));
        }
    }
    // What is left is the directory, or behind a limit.
    feed.skip(u64::MAX);
}

/// Goes on to the next signature of a local header or of the directory, and says what was skipped.
fn search(walk: &Walk<'_>, at: &Place, feed: &mut Feed<'_>) {
    let start = feed.taken();
    feed.consume(1);
    seek(walk, at, feed);
    if walk.state.stopped() {
        return;
    }
    let skipped = feed.taken() - start;
    if skipped > 24 {
        walk.state.damage(
            &at.path,
            format!("expected a zip header at byte {start} and found none; {skipped} bytes were skipped"),
        );
    }
}

/// Goes on to the next signature of a local header or of the directory; whether that is a local header.
pub(super) fn seek(walk: &Walk<'_>, at: &Place, feed: &mut Feed<'_>) -> bool {
    while walk.state.in_time(&at.path) {
        let there = feed.peek(4);
        if there.len() < 4 {
            let rest = there.len();
            feed.consume(rest);
            return false;
        }
        let found = memchr::memmem::find_iter(there, b"PK").find(|at| {
            there.get(*at..).is_some_and(|rest| {
                rest.starts_with(b"PK\x03\x04") || rest.starts_with(b"PK\x01\x02") || rest.starts_with(b"PK\x05\x06")
            })
        });
        if let Some(place) = found {
            feed.consume(place);
            return feed.peek(4).starts_with(b"PK\x03\x04");
        }
        let length = there.len() - 3;
        feed.consume(length);
    }
    false
}
