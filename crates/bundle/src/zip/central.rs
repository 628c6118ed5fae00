//! Reading by the directory at the archive's end.

use std::io::{Read, SeekFrom};

use super::Seekable;
use super::content::entry;
use super::end::{End, read_at};
use super::local::header;
use super::record::{CENTRAL, Record, u16_at};
use crate::feed::Feed;
use crate::names::escape;
use crate::walk::{Place, Walk};

/// Compressed bytes held at a time.
const BUFFER: u64 = 256 << 10;
/// Bytes of all directory records that are held in memory.
const DIRECTORY: u64 = 64 << 20;

/// Reads the archive `at` whose directory `end` has found, in the order of the entries' places.
pub(super) fn read(walk: &mut Walk<'_>, at: &Place, file: &mut dyn Seekable, end: &End) {
    if let Some(oddity) = end.oddity {
        walk.state.note(&at.path, oddity, "");
    }
    match end.shift {
        1.. => walk.state.note(&at.path, "bytes before the zip archive were left out", &format!("{} bytes", end.shift)),
        0 => {}
        _ => {
            let text = format!("{} bytes are missing at the start of the zip archive", end.shift.unsigned_abs());
            walk.state.damage(&at.path, text);
        }
    }
    let Some(mut entries) = directory(walk, at, file, end) else { return by_headers(walk, at, file) };
    entries.sort_by_key(|entry| entry.offset);
    // A record that points nowhere must not bound the data of the entry before it.
    let (entries, lost): (Vec<Record>, Vec<Record>) =
        entries.into_iter().partition(|entry| is_header(file, entry.offset));
    if entries.is_empty() && !lost.is_empty() {
        walk.state.damage(&at.path, "the directory of the zip archive points to no entry");
        return by_headers(walk, at, file);
    }
    for record in lost {
        let (name, offset) = (escape(&record.name), record.offset);
        walk.state.damage(&at.path, format!("expected the data of entry `{name}` at byte {offset} and found none"));
    }
    let Ok(length) = file.seek(SeekFrom::End(0)) else { return };
    let mut previous = None;
    for (index, record) in entries.iter().enumerate() {
        if walk.state.stopped() {
            return;
        }
        if previous == Some(record.offset) {
            let text = format!("shares its data with another entry of `{}` and was not read again", at.path);
            walk.state.damage(&walk.state.unique(shown(at, record)), text);
            continue;
        }
        previous = Some(record.offset);
        let next = entries.get(index + 1..).and_then(|rest| rest.iter().find(|other| other.offset > record.offset));
        let bound = match next {
            Some(next) => next.offset,
            None if record.offset < end.directory => end.directory,
            None => length,
        };
        one(walk, at, file, record, bound);
    }
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

fn shown(at: &Place, record: &Record) -> String {
    let name = super::names::entry_name(record).0.path;
    if at.outermost { name } else { format!("{}!/{name}", at.path) }
}

/// All records of the directory, offsets counted from the start of the file; `None` when it is damaged.
fn directory(walk: &Walk<'_>, at: &Place, file: &mut dyn Seekable, end: &End) -> Option<Vec<Record>> {
    let (state, path) = (walk.state, &at.path);
    file.seek(SeekFrom::Start(end.directory)).ok()?;
    let mut limited = file.take(end.directory_size);
    let mut feed = Feed::new(&mut limited, 256 << 10);
    let mut entries = Vec::new();
    let mut cut = false;
    while !feed.fill().is_empty() {
        let fixed =
            feed.peek(CENTRAL).first_chunk::<CENTRAL>().filter(|fixed| fixed.starts_with(b"PK\x01\x02")).copied();
        let Some(fixed) = fixed else {
            break;
        };
        if !state.entry(path) {
            break;
        }
        let [name, extra, comment] = [28, 30, 32].map(|place| usize::from(u16_at(&fixed, place)));
        let there = feed.peek(CENTRAL + name + extra);
        let (Some(name_bytes), extra_bytes) =
            (there.get(CENTRAL..CENTRAL + name), there.get(CENTRAL + name..CENTRAL + name + extra).unwrap_or_default())
        else {
            state.damage(path, "the directory of the zip archive is cut off in a name");
            break;
        };
        let mut record = Record::central(&fixed, name_bytes, extra_bytes);
        // Out of range, and so found nowhere, when the archive lacks its start.
        record.offset = record.offset.checked_add_signed(end.shift).unwrap_or(u64::MAX);
        entries.push(record);
        feed.consume(CENTRAL + name + extra);
        feed.skip(comment as u64);
        if feed.taken() > DIRECTORY {
            let text = format!(
                "the directory of the zip archive has more than {DIRECTORY} bytes; {} entries of it are read",
                entries.len()
            );
            state.limit("header_bytes", path, text);
            cut = true;
            break;
        }
    }
    let found = entries.len() as u64;
    // Without zip64 the count is kept modulo 2^16.
    if found != end.entries && found & 0xffff != end.entries && !cut && !state.stopped() {
        let text = format!("the zip archive says that it has {} entries, and its directory has {found}", end.entries);
        state.damage(path, text);
        if found < end.entries {
            return None;
        }
    }
    Some(entries)
}

/// One entry, whose data ends before `bound`.
fn one(walk: &mut Walk<'_>, at: &Place, file: &mut dyn Seekable, record: &Record, bound: u64) {
    let room = bound.saturating_sub(record.offset);
    if file.seek(SeekFrom::Start(record.offset)).is_err() {
        return;
    }
    let mut limited = file.take(room);
    // At most BUFFER, which fits.
    let mut feed = Feed::new(&mut limited, room.min(BUFFER) as usize);
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
    entry(walk, at, record, &mut feed);
}
