//! Zip archives (APPNOTE 6.3), read with an own reader.
//!
//! The `zip` crate is not used: it keeps one of several entries with the same name, can panic in its overlap check, trusts sizes that the data contradict, and opens no archive whose end is lost.
//!
//! From a path, and from memory where a nested archive is small enough for that, the central directory says what there is
//! ([`central`]). Else, and where the directory is lost, the local headers are followed ([`local`]). Rules where the two
//! disagree: the central directory wins; the last end record whose comment fits wins; an entry's data ends at the latest
//! where the next entry starts, so that overlapping entries cannot multiply what is read.

mod central;
mod content;
mod end;
mod local;
mod names;
mod record;

use std::fs::File;
use std::io::{Cursor, Read, Seek};

use self::end::End;
use crate::feed::{Rejoined, read_full};
use crate::walk::{Place, Walk};

/// A nested archive, or one from standard input, is held in memory up to this size so that its directory can be used.
const HELD: usize = 24 << 20;

/// Something that can be read at any place.
pub(crate) trait Seekable: Read + Seek {}

impl<T: Read + Seek> Seekable for T {}

/// Whether the file ends as a zip archive does.
pub(crate) fn has_end(file: &mut File) -> bool {
    End::find(file).is_some_and(|end| end.directory_size > 0)
}

/// Reads the archive `at` from a stream.
pub(crate) fn read_stream(walk: &mut Walk<'_>, at: &Place, content: &mut dyn Read) {
    let mut held = Vec::new();
    let _ = Read::take(&mut *content, HELD as u64).read_to_end(&mut held);
    let mut next = [0];
    if held.len() < HELD || read_full(content, &mut next) == 0 {
        read_file(walk, at, &mut Cursor::new(held));
        return;
    }
    let text = "the zip archive is too large to hold and was read without its directory";
    walk.state.note(&at.path, text, "");
    let mut rest = Rejoined { head: &next, rest: content };
    local::read(walk, at, &mut Rejoined { head: &held, rest: &mut rest });
}

/// Reads the archive `at` from a file, by its directory where it has one.
pub(crate) fn read_file(walk: &mut Walk<'_>, at: &Place, file: &mut dyn Seekable) {
    match End::find(file) {
        Some(end) => central::read(walk, at, file, &end),
        None => {
            walk.state.damage(&at.path, "the directory at the end of the zip archive is missing, so it may be cut off");
            if file.rewind().is_ok() {
                local::read(walk, at, file);
            }
        }
    }
}
