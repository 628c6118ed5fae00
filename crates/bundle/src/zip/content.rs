//! The data of one entry, unpacked and checked.

use std::io::{self, Read};

use bundlescope_facts::Text;
use flate2::Crc;

use super::names::entry_name;
use super::record::{Record, u32_at, u64_at};
use crate::codec::{Bzip2, Damage, Inflate, Inflate64, Lzma, Member, Xz, Zstd};
use crate::feed::{Feed, drain};
use crate::names::escape;
use crate::state::State;
use crate::walk::{Place, Walk};

/// Longest target of a symbolic link that is read.
const LONGEST_TARGET: u64 = 4096;

/// How an entry was dealt with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Done {
    /// Its data was read, at least in part.
    Read,
    /// Its data was not touched.
    Untouched,
}

/// Hands the entry of `record` on, whose data starts in `feed`.
pub(super) fn entry(walk: &mut Walk<'_>, at: &Place, record: &Record, feed: &mut Feed<'_>) -> Done {
    let (name, is_folder) = entry_name(record);
    if is_folder {
        if record.size > 0 {
            walk.state.note(&at.path, "folders with data, which was left out", &format!("`{}`", name.written));
        }
        return Done::Untouched;
    }
    // Character device, block device, pipe, socket. What Info-ZIP packs from standard input calls itself a pipe, with data.
    if matches!(record.mode & 0xf000, 0x2000 | 0x6000 | 0x1000 | 0xc000) && record.packed == 0 {
        walk.state.note(&at.path, "devices and pipes have no content to read", &format!("`{}`", name.written));
        return Done::Untouched;
    }
    let path = walk.entry_path(at, &name);
    if let Some(way) = record.encryption() {
        walk.state.damage(&path, format!("is encrypted ({way}) and was not read; ask for it unencrypted"));
        return Done::Untouched;
    }
    let member: Box<dyn Member + '_> = match record.method {
        0 if record.sizes_follow() => Box::new(Unsized { crc: Crc::new(), length: 0, ended: false }),
        0 => Box::new(Stored { left: record.packed }),
        8 => Box::new(Inflate::new()),
        9 => Box::new(Inflate64::new((!record.sizes_follow()).then_some(record.packed))),
        12 => Box::new(Bzip2::new()),
        14 => Box::new(Lzma::new(record.known_size(), walk.state)),
        20 | 93 => Box::new(Zstd::new(walk.state)),
        95 => Box::new(Xz::new(walk.state)),
        method => {
            let what = method_name(method);
            walk.state.damage(
                &path,
                format!("is compressed with {what}, which is not read; repack the archive with deflate"),
            );
            return Done::Untouched;
        }
    };
    let state = walk.state;
    let mut content = Checked { member, feed, record, state, path: &path, crc: Crc::new(), produced: 0, ended: false };
    if record.mode & 0xf000 == 0xa000 {
        let mut target = Vec::new();
        let _ = content.by_ref().take(LONGEST_TARGET).read_to_end(&mut target);
        walk.sink.link(&path, &escape(&target));
    } else {
        let place = Place { path: path.clone(), outermost: false, depth: at.depth + 1, size: Some(record.size) };
        walk.file(&place, &mut content);
    }
    if record.sizes_follow() {
        // Only its own end says where the next entry starts.
        drain(&mut content);
    }
    Done::Read
}

/// Compression methods by name (APPNOTE 4.4.5).
fn method_name(method: u16) -> String {
    let name = match method {
        1 => "shrink",
        2..=5 => "reduce",
        6 => "implode",
        18 => "TERSE",
        19 => "LZ77 of z/OS",
        94 => "MP3",
        96 => "JPEG",
        97 => "WavPack",
        98 => "PPMd",
        other => return format!("method {other}"),
    };
    name.to_owned()
}

/// Unpacked bytes, whose checksum and size are compared at their end.
struct Checked<'c, 'f> {
    member: Box<dyn Member + 'c>,
    feed: &'c mut Feed<'f>,
    record: &'c Record,
    state: &'c State<'c>,
    path: &'c Text,
    crc: Crc,
    produced: u64,
    ended: bool,
}

impl Checked<'_, '_> {
    /// Compares with what the headers say or, where these leave it open, the descriptor behind the data.
    fn check(&mut self) {
        let mut crc = self.record.crc;
        let mut size = self.record.size;
        if self.record.sizes_follow() {
            let Some(descriptor) = Descriptor::next(self.feed, self.produced) else {
                return self.state.damage(self.path, "is cut off, or its size and checksum behind it are");
            };
            (crc, size) = (descriptor.crc, descriptor.size);
        }
        // A descriptor of 32 bits holds the size modulo 2^32.
        let produced = if size > u64::from(u32::MAX) { self.produced } else { self.produced & u64::from(u32::MAX) };
        if size != produced {
            self.state.damage(self.path, format!("has {} bytes where the zip archive says {size}", self.produced));
        } else if crc != self.crc.sum() {
            self.state.damage(self.path, "does not match its checksum (CRC-32)");
        }
    }
}

impl Read for Checked<'_, '_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.ended || out.is_empty() || self.state.stopped() {
            return Ok(0);
        }
        match self.member.read(self.feed, out) {
            Ok(0) => {
                self.ended = true;
                self.check();
                Ok(0)
            }
            Ok(read) => {
                self.produced += read as u64;
                self.crc.update(out.get(..read).unwrap_or_default());
                self.ended = !self.state.unpack(self.path, read as u64);
                Ok(read)
            }
            Err(damage) => {
                self.ended = true;
                self.state.damage(self.path, format!("{} behind {} unpacked bytes", damage.message, self.produced));
                Ok(0)
            }
        }
    }
}

/// Checksum and sizes behind the data.
struct Descriptor {
    crc: u32,
    size: u64,
}

impl Descriptor {
    /// Reads it, with or without its signature and with sizes of 32 or 64 bits: the size that was unpacked tells.
    fn next(feed: &mut Feed<'_>, produced: u64) -> Option<Self> {
        let there = feed.peek(24);
        let from = if there.starts_with(b"PK\x07\x08") { 4 } else { 0 };
        let fields = there.get(from..).filter(|fields| fields.len() >= 12)?;
        let crc = u32_at(fields, 0);
        let small = u64::from(u32_at(fields, 8));
        let large = if fields.len() >= 20 { u64_at(fields, 12) } else { 0 };
        let (size, length) =
            if small != produced & u64::from(u32::MAX) && large == produced { (large, 20) } else { (small, 12) };
        feed.consume(from + length);
        Some(Self { crc, size })
    }
}

/// Data that is not compressed, of a known size.
struct Stored {
    left: u64,
}

impl Member for Stored {
    fn read(&mut self, feed: &mut Feed<'_>, out: &mut [u8]) -> Result<usize, Damage> {
        let room = usize::try_from(self.left).unwrap_or(usize::MAX).min(out.len());
        let Some(out) = out.get_mut(..room).filter(|out| !out.is_empty()) else {
            return Ok(0);
        };
        match feed.read(out) {
            Ok(read @ 1..) => {
                self.left -= read as u64;
                Ok(read)
            }
            _ => Err(Damage::fatal(format!("is cut off: {} bytes are missing", self.left))),
        }
    }
}

/// Data that is not compressed, of a size that stands behind it: it ends at a descriptor with the right size and checksum.
struct Unsized {
    crc: Crc,
    length: u64,
    ended: bool,
}

impl Member for Unsized {
    fn read(&mut self, feed: &mut Feed<'_>, out: &mut [u8]) -> Result<usize, Damage> {
        if self.ended {
            return Ok(0);
        }
        let there = feed.peek(16);
        if there.is_empty() {
            return Err(Damage::cut());
        }
        let stop = match memchr::memmem::find(there, b"PK\x07\x08") {
            Some(0) if self.is_end(there) => {
                self.ended = true;
                return Ok(0);
            }
            Some(0) => 1,
            Some(stop) => stop,
            // A signature may start in the last bytes.
            None if there.len() > 3 => there.len() - 3,
            None => there.len(),
        };
        let read = stop.min(out.len());
        let (Some(from), Some(to)) = (there.get(..read), out.get_mut(..read)) else { return Ok(0) };
        to.copy_from_slice(from);
        self.crc.update(to);
        self.length += read as u64;
        feed.consume(read);
        Ok(read)
    }
}

impl Unsized {
    fn is_end(&self, there: &[u8]) -> bool {
        u32_at(there, 4) == self.crc.sum() && u64::from(u32_at(there, 8)) == self.length & u64::from(u32::MAX)
    }
}
