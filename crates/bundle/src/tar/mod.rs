//! Tar archives: V7, ustar, GNU, star and PAX, read with an own reader.
//!
//! The `tar` crate is not used: it expands sparse files without limit and returns the PAX kind of them unparsed, reads
//! extension headers of any size into memory, shows a global PAX header as an entry, stops at the first of joined archives and at the first damaged header.
//! Rules where formats disagree: a PAX record wins over a GNU header, that over ustar; path, link and size of a global PAX
//! header are ignored; links, devices and folders have no data whatever their size says, as in GNU tar and Go.

mod body;
pub(crate) mod header;
mod pax;

use std::io::Read;

use self::body::Body;
use self::header::{Header, Kind};
use self::pax::Records;
use crate::feed::Feed;
use crate::names::{escape, name};
use crate::walk::{Place, Walk};

/// Bytes of a block; headers and data are padded to it.
const BLOCK: u64 = 512;

/// Buffer of the archive; large reads of content go past it.
const BUFFER: usize = 128 << 10;

/// What extension headers say of the entry after them.
#[derive(Default)]
struct Pending {
    pax: Records,
    long_name: Option<Vec<u8>>,
    long_link: Option<Vec<u8>>,
    /// Whether an extension header waits for its entry.
    waits: bool,
}

/// Reads the archive `at` from `source` to the end of its input.
pub(crate) fn read(walk: &mut Walk<'_>, at: &Place, source: &mut dyn Read) {
    // A bundle may hold a hundred thousand small archives.
    let capacity = at.size.and_then(|size| usize::try_from(size).ok()).map_or(BUFFER, |size| size.clamp(4096, BUFFER));
    let mut archive =
        Archive { walk, at, feed: Feed::new(source, capacity), zeros: 0, headers: 0, lost: None, joined: false };
    let mut pending = Pending::default();
    while archive.walk.state.in_time(&at.path) {
        let Some(header) = archive.header(&mut pending) else { break };
        if !archive.walk.state.entry(&at.path) {
            break;
        }
        archive.entry(&header, &mut pending);
    }
    archive.finish(&mut pending);
}

struct Archive<'a, 'w, 'r> {
    walk: &'a mut Walk<'w>,
    at: &'a Place,
    feed: Feed<'r>,
    /// Zero blocks since the last header.
    zeros: u64,
    headers: u64,
    /// Where the last readable header ended, while searching the next one.
    lost: Option<u64>,
    joined: bool,
}

impl Archive<'_, '_, '_> {
    /// The next header; `None` at the end of the input.
    fn header(&mut self, pending: &mut Pending) -> Option<Header> {
        loop {
            let offset = self.feed.taken();
            let there = self.feed.peek(header::SIZE);
            let Some(block) = there.first_chunk::<{ header::SIZE }>() else {
                let rest = there.len();
                // Bytes short of a block: padding that was left off, or the start of a header.
                let blank = there.iter().all(|byte| *byte == 0) || self.lost.is_some() || self.zeros == u64::MAX;
                if !blank && self.zeros > 0 {
                    self.lost = Some(offset);
                } else if !blank {
                    self.walk.state.damage(&self.at.path, format!("tar data is cut off in a header at byte {offset}"));
                    self.zeros = u64::MAX;
                }
                self.feed.consume(rest);
                return None;
            };
            if block.iter().all(|byte| *byte == 0) {
                self.feed.consume(header::SIZE);
                self.zeros = self.zeros.saturating_add(1);
                if self.zeros.is_multiple_of(1024) && !self.walk.state.in_time(&self.at.path) {
                    return None;
                }
                continue;
            }
            let parsed = Header::parse(block);
            // While lost, only a header that says what it is counts: this may be the middle of a file.
            let parsed = parsed.filter(|header| self.lost.is_none() || header.magic);
            self.feed.consume(header::SIZE);
            let Some(header) = parsed else {
                if self.lost.is_none() {
                    self.lost = Some(offset);
                }
                if (self.feed.taken() / BLOCK).is_multiple_of(1024) && !self.walk.state.in_time(&self.at.path) {
                    return None;
                }
                continue;
            };
            self.found(offset, pending);
            return Some(header);
        }
    }

    /// Tells what lay between the last header and the one at `offset`.
    fn found(&mut self, offset: u64, pending: &mut Pending) {
        if let Some(from) = self.lost.take() {
            self.lost_bytes(from, offset);
        }
        if self.zeros > 0 && self.headers > 0 && !self.joined {
            self.joined = true;
            self.walk.state.note(
                &self.at.path,
                "more tar archives follow behind the end of the first, and were read too",
                "",
            );
        }
        if self.zeros > 0 {
            self.dangling(pending);
        }
        self.zeros = 0;
        self.headers += 1;
    }

    fn lost_bytes(&self, from: u64, to: u64) {
        let (state, path, bytes) = (self.walk.state, &self.at.path, to - from);
        if self.zeros > 0 && self.headers > 0 {
            state.note(
                path,
                "bytes behind the end of the tar archive were left out",
                &format!("{bytes} bytes from byte {from} on"),
            );
        } else {
            state.damage(
                path,
                format!("expected a tar header at byte {from} and found none; {bytes} bytes were skipped"),
            );
        }
    }

    fn entry(&mut self, header: &Header, pending: &mut Pending) {
        let Some(size) = header.size.or(pending.pax.size) else {
            let text = escape(&header.name);
            self.walk
                .state
                .damage(&self.at.path, format!("the size of entry `{text}` cannot be read; searching the next header"));
            *pending = Pending::default();
            return;
        };
        match header.kind {
            Kind::PaxLocal | Kind::LongName | Kind::LongLink => {
                pending.waits = true;
                let data = self.extension(header, size);
                match (header.kind, data) {
                    (Kind::PaxLocal, Some(data)) => self.records(&data, &mut pending.pax),
                    (Kind::LongName, Some(data)) => pending.long_name = Some(until_zero(&data)),
                    (Kind::LongLink, Some(data)) => pending.long_link = Some(until_zero(&data)),
                    _ => {}
                }
            }
            Kind::PaxGlobal => {
                let mut records = Records::default();
                if let Some(data) = self.extension(header, size) {
                    self.records(&data, &mut records);
                }
                if records.path.is_some() || records.link.is_some() || records.size.is_some() {
                    let text = "a global PAX header sets name, link or size of every entry, which was ignored";
                    self.walk.state.note(&self.at.path, text, "");
                }
            }
            Kind::Label => self.skip_data(size),
            kind => {
                let pending = std::mem::take(pending);
                self.member(header, kind, &pending, size);
            }
        }
    }

    /// A file, link, folder or device.
    fn member(&mut self, header: &Header, kind: Kind, pending: &Pending, size: u64) {
        let sparse = &pending.pax.sparse;
        let size = pending.pax.size.unwrap_or(size);
        let raw =
            sparse.name.as_ref().or(pending.pax.path.as_ref()).or(pending.long_name.as_ref()).unwrap_or(&header.name);
        let name = name(raw);
        let is_folder = kind == Kind::Folder || (matches!(kind, Kind::File | Kind::Other) && raw.ends_with(b"/"));
        match kind {
            Kind::HardLink | Kind::SymbolicLink => {
                let path = self.walk.entry_path(self.at, &name);
                let target = pending.pax.link.as_ref().or(pending.long_link.as_ref()).unwrap_or(&header.link);
                self.walk.sink.link(&path, &escape(target));
            }
            Kind::Device => {
                self.walk.state.note(
                    &self.at.path,
                    "devices and pipes have no content to read",
                    &format!("`{}`", name.written),
                );
            }
            // A dump folder lists its files as data.
            Kind::Dump => self.skip_data(size),
            _ if is_folder => self.skip_data(if kind == Kind::Folder { 0 } else { size }),
            _ => {
                if matches!(kind, Kind::Continued) {
                    self.walk.state.damage(
                        &self.at.path,
                        format!("`{}` is the rest of a file that starts in another volume", name.written),
                    );
                } else if matches!(kind, Kind::Other) {
                    self.walk.state.note(
                        &self.at.path,
                        "entries of an unknown type were read as files",
                        &format!("`{}`", name.written),
                    );
                }
                let path = self.walk.entry_path(self.at, &name);
                let mut holes = sparse.real_size;
                if kind == Kind::Sparse {
                    holes = header.real_size;
                    if header.more_maps {
                        self.skip_maps();
                    }
                }
                let place = Place { path, outermost: false, depth: self.at.depth + 1, size: Some(size) };
                let mut body = Body::new(&mut self.feed, size);
                if sparse.map_in_data && !body.skip_map(self.walk.state.limits().header_bytes) {
                    self.walk.state.damage(&place.path, "the map of this sparse file cannot be read");
                }
                let stored = body.left();
                if holes.is_some_and(|real| real > stored) {
                    let text = "sparse files were read without their holes";
                    self.walk.state.note(&self.at.path, text, &format!("`{}`", name.written));
                }
                self.walk.file(&place, &mut body);
                let missing = body.finish();
                if missing > 0 {
                    let missing = missing.min(size);
                    self.walk.state.damage(
                        &place.path,
                        format!("is cut off: {missing} of {size} bytes are missing at the end of the archive"),
                    );
                    self.zeros = u64::MAX;
                }
            }
        }
    }

    /// Skips the blocks that continue the map of a GNU sparse file.
    fn skip_maps(&mut self) {
        while let Some(block) = self.feed.peek(header::SIZE).first_chunk::<{ header::SIZE }>() {
            let more = header::map_continues(block);
            self.feed.consume(header::SIZE);
            if !more || !self.walk.state.in_time(&self.at.path) {
                break;
            }
        }
    }

    /// The data of an extension header, unless it is larger than allowed.
    fn extension(&mut self, header: &Header, size: u64) -> Option<Vec<u8>> {
        let allowed = self.walk.state.limits().header_bytes;
        if size > allowed {
            let text = format!(
                "an extension header of {size} bytes for `{}` was skipped; {allowed} are allowed",
                escape(&header.name)
            );
            self.walk.state.limit("header_bytes", &self.at.path, text);
            self.skip_data(size);
            return None;
        }
        // Grows with what is there, not with what the header claims.
        let mut data = Vec::new();
        let mut body = Body::new(&mut self.feed, size);
        let _ = body.read_to_end(&mut data);
        let missing = body.finish();
        if missing > 0 {
            self.cut(missing);
        }
        Some(data)
    }

    fn records(&self, data: &[u8], records: &mut Records) {
        if let Err(message) = records.read(data) {
            self.walk.state.note(&self.at.path, message, "");
        }
    }

    fn skip_data(&mut self, size: u64) {
        let missing = Body::new(&mut self.feed, size).finish();
        if missing > 0 {
            self.cut(missing.min(size));
        }
    }

    fn cut(&mut self, missing: u64) {
        self.walk.state.damage(&self.at.path, format!("tar data is cut off: {missing} bytes are missing at the end"));
        self.zeros = u64::MAX;
    }

    /// The end of the input.
    fn finish(&mut self, pending: &mut Pending) {
        let (state, path) = (self.walk.state, &self.at.path);
        if let Some(from) = self.lost.take() {
            self.lost_bytes(from, self.feed.taken());
        } else if self.zeros == 0 {
            state.damage(path, "tar data has no end mark, so it may be cut off");
        }
        if self.zeros == 1 {
            state.note(path, "the end mark of the tar archive is one block and not two", "");
        }
        self.dangling(pending);
    }

    /// Drops extension headers that no entry followed.
    fn dangling(&self, pending: &mut Pending) {
        if std::mem::take(pending).waits {
            let text = "tar data ends behind an extension header, before the entry that this describes";
            self.walk.state.damage(&self.at.path, text);
        }
    }
}

/// The bytes before the first zero.
fn until_zero(data: &[u8]) -> Vec<u8> {
    data.split(|byte| *byte == 0).next().unwrap_or_default().to_vec()
}
