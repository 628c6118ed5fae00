//! One gzip member (RFC 1952): header, deflate data, CRC-32 and length.

use flate2::Crc;

use super::{Damage, Inflate, Member};
use crate::feed::Feed;

const EXTRA: u8 = 4;
const NAME: u8 = 8;
const COMMENT: u8 = 16;
const HEADER_CRC: u8 = 2;

/// A gzip member.
pub(super) struct Gzip {
    body: Inflate,
    crc: Crc,
    length: u32,
    place: Place,
}

enum Place {
    Header,
    Body,
    Trailer,
    End,
}

impl Gzip {
    pub(super) fn new() -> Self {
        Self { body: Inflate::new(), crc: Crc::new(), length: 0, place: Place::Header }
    }

    fn trailer(&self, feed: &mut Feed<'_>) -> Result<usize, Damage> {
        let Some(&[c0, c1, c2, c3, l0, l1, l2, l3]) = feed.peek(8).first_chunk() else {
            return Err(Damage::fatal("ends without its checksum, so it may be cut off"));
        };
        feed.consume(8);
        if u32::from_le_bytes([c0, c1, c2, c3]) != self.crc.sum() {
            return Err(Damage::doubt("does not match its checksum (CRC-32)"));
        }
        if u32::from_le_bytes([l0, l1, l2, l3]) != self.length {
            return Err(Damage::doubt("does not have the length it says"));
        }
        Ok(0)
    }
}

impl Member for Gzip {
    fn read(&mut self, feed: &mut Feed<'_>, out: &mut [u8]) -> Result<usize, Damage> {
        loop {
            match self.place {
                Place::Header => {
                    header(feed)?;
                    self.place = Place::Body;
                }
                Place::Body => {
                    let made = self.body.read(feed, out)?;
                    if made > 0 {
                        self.crc.update(out.get(..made).unwrap_or_default());
                        // The length is kept modulo 2^32.
                        self.length = self.length.wrapping_add(made as u32);
                        return Ok(made);
                    }
                    self.place = Place::Trailer;
                }
                Place::Trailer => {
                    self.place = Place::End;
                    return self.trailer(feed);
                }
                Place::End => return Ok(0),
            }
        }
    }
}

/// Reads past the header.
fn header(feed: &mut Feed<'_>) -> Result<(), Damage> {
    let Some(&[_, _, _, flags, ..]) = feed.peek(10).first_chunk::<10>() else {
        return Err(Damage::cut());
    };
    feed.consume(10);
    if flags & 0xe0 != 0 {
        return Err(Damage::fatal("has header flags that do not exist"));
    }
    if flags & EXTRA != 0 {
        let Some(&[low, high]) = feed.peek(2).first_chunk() else {
            return Err(Damage::cut());
        };
        feed.consume(2);
        feed.skip(u64::from(u16::from_le_bytes([low, high])));
    }
    for flag in [NAME, COMMENT] {
        if flags & flag != 0 {
            skip_text(feed)?;
        }
    }
    if flags & HEADER_CRC != 0 {
        feed.skip(2);
    }
    Ok(())
}

/// Skips text up to and with the zero byte that ends it.
fn skip_text(feed: &mut Feed<'_>) -> Result<(), Damage> {
    loop {
        let there = feed.fill();
        if there.is_empty() {
            return Err(Damage::cut());
        }
        if let Some(end) = memchr::memchr(0, there) {
            feed.consume(end + 1);
            return Ok(());
        }
        let length = there.len();
        feed.consume(length);
    }
}
