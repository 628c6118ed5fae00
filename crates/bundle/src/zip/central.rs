//! Reading by the directory at the archive's end.

use std::io::{Read, SeekFrom};

use super::Seekable;
use super::content::entry;
use super::end::{End, read_at};
use super::local::header;
use super::names::entry_name;
use super::record::{CENTRAL, Record, u16_at};
use crate::feed::{Feed, read_full};
use crate::names::escape;
use crate::walk::{Place, Walk};

/// Bytes held at a time.
const BUFFER: usize = 256 << 10;
/// Longest record without its comment.
const LONGEST: usize = CENTRAL + 2 * u16::MAX as usize;
/// A descriptor of 64 bits with its signature.
const LONGEST_DESCRIPTOR: u64 = 24;
/// Lost entries that are named; the others are counted.
const TOLD: usize = 100;

/// An entry of the directory. Records are read again when it is their turn: a million of them would not fit in memory.
#[derive(Debug, Clone, Copy)]
struct Listed {
    /// Where its local header is.
    offset: u64,
    /// Where its record is.
    record: u64,
}

/// Reads the archive `at` whose directory `end` has found, in the order of the entries' places.
pub(super) fn read(walk: &mut Walk<'_>, at: &Place, file: &mut dyn Seekable, end: &End) {
    if let Some(oddity) = end.oddity {
        walk.state.note(&at.path, oddity, "");
    }
    match end.shift {
        1.. => before(walk, at, file, end.shift.unsigned_abs()),
        0 => {}
        _ => {
            let text = format!("{} bytes are missing at the start of the zip archive", end.shift.unsigned_abs());
            walk.state.damage(&at.path, text);
        }
    }
    let Some(mut entries) = directory(walk, at, file, end) else { return by_headers(walk, at, file) };
    let Ok(length) = file.seek(SeekFrom::End(0)) else { return };
    entries.sort_unstable_by_key(|entry| (entry.offset, entry.record));
    let listed = entries.len();
    let lost = drop_lost(walk, at, file, end, &mut entries);
    if lost > 0 && lost == listed {
        walk.state.damage(&at.path, "the directory of the zip archive points to no entry");
        return by_headers(walk, at, file);
    }
    let mut previous = None;
    if let Some(first) = entries.first() {
        let start = u64::try_from(end.shift).unwrap_or(0);
        if first.offset > start && file.seek(SeekFrom::Start(start)).is_ok() {
            let mut limited = Read::take(&mut *file, first.offset - start);
            unlisted(walk, at, &mut Feed::new(&mut limited, BUFFER));
        }
    }
    for (index, entry) in entries.iter().enumerate() {
        let Some(record) = record_at(file, entry.record, end).filter(|_| !walk.state.stopped()) else { return };
        if previous == Some(entry.offset) {
            let text = format!("shares its data with another entry of `{}` and was not read again", at.path);
            walk.state.damage(&walk.entry_path(at, &entry_name(&record).0), text);
            continue;
        }
        previous = Some(entry.offset);
        // Each entry is passed over once at most, since `previous` skips those with the same place.
        let next = entries.get(index + 1..).and_then(|rest| rest.iter().find(|other| other.offset > entry.offset));
        let bound = match next {
            Some(next) => next.offset,
            None if entry.offset < end.directory => end.directory,
            None => length,
        };
        one(walk, at, file, &record, bound);
    }
}

/// Drops the entries that are not where the directory says, and says so; returns how many. They would otherwise bound the
/// data of the entries before them.
fn drop_lost(walk: &Walk<'_>, at: &Place, file: &mut dyn Seekable, end: &End, entries: &mut Vec<Listed>) -> usize {
    let before = entries.len();
    let mut lost = Vec::new();
    entries.retain(|entry| {
        let found = is_header(file, entry.offset);
        if !found && lost.len() < TOLD {
            lost.push(*entry);
        }
        found
    });
    let count = before - entries.len();
    if count == before {
        return count;
    }
    for entry in &lost {
        let name = record_at(file, entry.record, end).map(|record| escape(&record.name)).unwrap_or_default();
        let text = match entry.offset {
            u64::MAX => format!("the data of entry `{name}` stood in the part that is missing at the start"),
            offset => format!("expected the data of entry `{name}` at byte {offset} and found none"),
        };
        walk.state.damage(&at.path, text);
    }
    if count > lost.len() {
        walk.state.damage(&at.path, format!("{} more entries were not found", count - lost.len()));
    }
    count
}

/// Reads along the local headers instead.
fn by_headers(walk: &mut Walk<'_>, at: &Place, file: &mut dyn Seekable) {
    if file.rewind().is_ok() {
        super::local::read(walk, at, file);
    }
}

fn is_header(file: &mut dyn Seekable, position: u64) -> bool {
    let mut bytes = [0; 4];
    read_at(file, position, &mut bytes) && bytes == *b"PK\x03\x04"
}

/// The places of all records of the directory and of their entries; `None` when the directory is damaged.
fn directory(walk: &Walk<'_>, at: &Place, file: &mut dyn Seekable, end: &End) -> Option<Vec<Listed>> {
    let (state, path) = (walk.state, &at.path);
    file.seek(SeekFrom::Start(end.directory)).ok()?;
    let mut limited = file.take(end.directory_size);
    let mut feed = Feed::new(&mut limited, BUFFER);
    let mut entries = Vec::new();
    loop {
        let place = end.directory + feed.taken();
        let Some((record, length)) = parse(feed.peek(LONGEST), end) else { break };
        if !state.entry(path) {
            break;
        }
        entries.push(Listed { offset: record.offset, record: place });
        feed.skip(length);
    }
    let found = entries.len() as u64;
    // Without zip64 the count is kept modulo 2^16.
    if found != end.entries && found & 0xffff != end.entries && !state.stopped() {
        let text = format!("the zip archive says that it has {} entries, and its directory has {found}", end.entries);
        state.damage(path, text);
        if found < end.entries {
            return None;
        }
    }
    Some(entries)
}

/// The directory record at the start of `bytes`, its offset counted from the start of the file, and its length.
fn parse(bytes: &[u8], end: &End) -> Option<(Record, u64)> {
    let (fixed, rest) = bytes.split_at_checked(CENTRAL)?;
    if !fixed.starts_with(b"PK\x01\x02") {
        return None;
    }
    let [name, extra, comment] = [28, 30, 32].map(|place| usize::from(u16_at(fixed, place)));
    let (name, rest) = rest.split_at_checked(name)?;
    let mut record = Record::central(fixed, name, rest.get(..extra)?);
    // Out of range, and so found nowhere, when the archive lacks its start.
    record.offset = record.offset.checked_add_signed(end.shift).unwrap_or(u64::MAX);
    Some((record, (CENTRAL + name.len() + extra + comment) as u64))
}

/// The directory record at `position`.
fn record_at(file: &mut dyn Seekable, position: u64, end: &End) -> Option<Record> {
    let mut fixed = [0; CENTRAL];
    if !read_at(file, position, &mut fixed) {
        return None;
    }
    let mut record = fixed.to_vec();
    record.resize(CENTRAL + usize::from(u16_at(&fixed, 28)) + usize::from(u16_at(&fixed, 30)), 0);
    read_full(file, record.get_mut(CENTRAL..)?);
    parse(&record, end).map(|(record, _)| record)
}

/// One entry, whose data ends before `bound`.
fn one(walk: &mut Walk<'_>, at: &Place, file: &mut dyn Seekable, record: &Record, bound: u64) {
    let room = bound.saturating_sub(record.offset);
    if file.seek(SeekFrom::Start(record.offset)).is_err() {
        return;
    }
    let mut limited = file.take(room);
    // At most BUFFER, which fits.
    let mut feed = Feed::new(&mut limited, room.min(BUFFER as u64) as usize);
    let name = escape(&record.name);
    let Some(local) = header(&mut feed) else {
        walk.state.damage(&at.path, format!("the header of entry `{name}` at byte {} is cut off", record.offset));
        return;
    };
    if local.name != record.name {
        let example = format!("`{name}` and `{}`", escape(&local.name));
        walk.state.note(&at.path, "entries have two names, and that of the directory was used", &example);
    }
    let differs = (local.crc, local.packed, local.size) != (record.crc, record.packed, record.size);
    if differs && local.packed > 0 {
        let text = "the headers of entries have another size or checksum than the directory, which was used";
        walk.state.note(&at.path, text, &format!("`{name}`"));
    }
    let before = feed.taken();
    entry(walk, at, record, &mut feed);
    let used = feed.taken() - before;
    feed.skip(record.packed.saturating_sub(used));
    unlisted(walk, at, &mut feed);
}

/// What stands before an archive: the stub that unpacks it, or another archive that it was joined to.
fn before(walk: &mut Walk<'_>, at: &Place, file: &mut dyn Seekable, length: u64) {
    if is_header(file, 0) && file.rewind().is_ok() {
        let text = "another zip archive stands before this one, and was read along its headers";
        walk.state.note(&at.path, text, "");
        super::local::read(walk, at, &mut Read::take(&mut *file, length));
    } else {
        walk.state.note(&at.path, "bytes before the zip archive were left out", &format!("{length} bytes"));
    }
}

/// What follows an entry before the next one. A descriptor belongs there, and sometimes padding; an entry there is one that
/// the directory does not list, or lists elsewhere, and is read all the same.
fn unlisted(walk: &mut Walk<'_>, at: &Place, feed: &mut Feed<'_>) {
    if walk.state.stopped() {
        return;
    }
    let start = feed.taken();
    let mut found = super::local::seek(walk, at, feed);
    while !found && !feed.fill().is_empty() && !walk.state.stopped() {
        // A piece of a directory, of this archive or of one inside it.
        feed.consume(1);
        found = super::local::seek(walk, at, feed);
    }
    let skipped = feed.taken() - start;
    if skipped > LONGEST_DESCRIPTOR {
        walk.state.note(
            &at.path,
            "bytes between the entries of the zip archive were left out",
            &format!("{skipped} bytes"),
        );
    }
    if found {
        walk.state.note(&at.path, "entries that the directory of the zip archive does not list were read too", "");
        super::local::read(walk, at, feed);
    }
}
