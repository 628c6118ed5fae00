//! The end record, which says where the directory is.

use std::io::SeekFrom;

use super::Seekable;
use super::record::{CENTRAL, u16_at, u32_at, u64_at};
use crate::feed::read_full;

/// Bytes of the end record without its comment.
const RECORD: usize = 22;
/// An end record stands at most its comment, 65,535 bytes, before the end; trailing bytes get some room too.
const TAIL: u64 = (RECORD + 65_535 + 4096) as u64;
/// End records that are tried; a hostile comment may be full of them.
const TRIES: usize = 64;

/// Where the directory is and what it should hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct End {
    /// First byte of the directory in the file.
    pub(super) directory: u64,
    pub(super) directory_size: u64,
    /// Entries that the record declares.
    pub(super) entries: u64,
    /// Bytes before the archive, which all offsets leave out; negative when so many are missing at the start.
    pub(super) shift: i64,
    /// What is odd about the end.
    pub(super) oddity: Option<&'static str>,
}

impl End {
    /// Finds the end record: the last one whose comment reaches exactly to the end and whose directory is there; failing
    /// that, the last one whose directory is there.
    pub(super) fn find(file: &mut dyn Seekable) -> Option<Self> {
        let length = file.seek(SeekFrom::End(0)).ok()?;
        let start = length.saturating_sub(TAIL);
        file.seek(SeekFrom::Start(start)).ok()?;
        let mut tail = vec![0; usize::try_from(length - start).ok()?];
        let filled = read_full(file, &mut tail);
        tail.truncate(filled);
        let mut found: Option<Self> = None;
        let mut fits = false;
        for position in memchr::memmem::rfind_iter(&tail, b"PK\x05\x06").take(TRIES) {
            let Some(record) = tail.get(position..position + RECORD) else { continue };
            let fitting = position + RECORD + usize::from(u16_at(record, 20)) == tail.len();
            if found.is_some() && (fits || !fitting) {
                continue;
            }
            let locator = position.checked_sub(20).and_then(|from| tail.get(from..position));
            if let Some(mut end) = Self::at(file, record, locator, start + position as u64) {
                if !fitting {
                    end.oddity = Some("bytes follow behind the end of the zip archive, or its comment is cut");
                } else if found.is_some() {
                    end.oddity = Some("the zip archive has more than one end record, and the last that fits was used");
                }
                fits = fitting;
                found = Some(end);
            }
        }
        found
    }

    /// The end record at `position`, when a directory is where it says.
    fn at(file: &mut dyn Seekable, record: &[u8], locator: Option<&[u8]>, position: u64) -> Option<Self> {
        let mut entries = u64::from(u16_at(record, 10));
        let mut size = u64::from(u32_at(record, 12));
        let mut offset = u64::from(u32_at(record, 16));
        let mut behind = position;
        let large = entries == 0xffff || size == 0xffff_ffff || offset == 0xffff_ffff;
        if let Some(locator) = locator.filter(|locator| large && locator.starts_with(b"PK\x06\x07"))
            && let Some((large, at)) = zip64(file, u64_at(locator, 8), position)
        {
            entries = u64_at(&large, 32);
            size = u64_at(&large, 40);
            offset = u64_at(&large, 48);
            behind = at;
        }
        let split = u16_at(record, 4) != 0 && u16_at(record, 4) != 0xffff;
        let oddity = split.then_some("the zip archive is one part of several");
        let end = Self { directory: 0, directory_size: 0, entries, shift: 0, oddity };
        if size == 0 && entries == 0 {
            return Some(Self { directory: behind, ..end });
        }
        // Bytes before the archive, or missing at its start, move everything: the directory ends where its end record
        // starts.
        let moved = behind.checked_sub(size).map(|start| (start, start.wrapping_sub(offset).cast_signed()));
        for (directory, shift) in moved.into_iter().chain([(offset, 0)]) {
            let mut first = [0; CENTRAL];
            if directory >= behind || !read_at(file, directory, &mut first) || !first.starts_with(b"PK\x01\x02") {
                continue;
            }
            // Where the sizes are wrong rather than the place, the entries are where they say.
            let entry = u64::from(u32_at(&first, 42));
            let mut is_entry = |place: Option<u64>| {
                let mut bytes = [0; 4];
                place.is_some_and(|place| read_at(file, place, &mut bytes)) && bytes == *b"PK\x03\x04"
            };
            let unmoved = shift != 0 && !is_entry(entry.checked_add_signed(shift)) && is_entry(Some(entry));
            let shift = if unmoved { 0 } else { shift };
            return Some(Self { directory, directory_size: behind - directory, shift, ..end });
        }
        None
    }
}

/// The zip64 end record: where its locator says, or just before the locator when bytes precede the archive.
fn zip64(file: &mut dyn Seekable, says: u64, end: u64) -> Option<([u8; 56], u64)> {
    for position in [says, end.saturating_sub(20 + 56)] {
        let mut record = [0; 56];
        if read_at(file, position, &mut record) && record.starts_with(b"PK\x06\x06") {
            return Some((record, position));
        }
    }
    None
}

/// Fills `out` from `position` on; false when the file ends before.
pub(super) fn read_at(file: &mut dyn Seekable, position: u64, out: &mut [u8]) -> bool {
    file.seek(SeekFrom::Start(position)).is_ok() && read_full(file, out) == out.len()
}
