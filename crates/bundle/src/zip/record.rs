//! The headers of an entry, in the directory and before its data.

/// What a header says of an entry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Record {
    /// Name as written.
    pub(super) name: Vec<u8>,
    /// Name of a `0x7075` field, which is UTF-8.
    pub(super) unicode_name: Option<Vec<u8>>,
    /// System that made the entry; only the directory tells.
    pub(super) host: Option<u8>,
    /// Unix mode; only the directory tells.
    pub(super) mode: u32,
    pub(super) flags: u16,
    pub(super) method: u16,
    pub(super) crc: u32,
    /// Compressed size.
    pub(super) packed: u64,
    /// Size when unpacked.
    pub(super) size: u64,
    /// Where the local header is; only the directory tells.
    pub(super) offset: u64,
}

/// Bytes of a record in the directory, before name, extra field and comment.
pub(super) const CENTRAL: usize = 46;
/// Bytes of a local header, before name and extra field.
pub(super) const LOCAL: usize = 30;

const ENCRYPTED: u16 = 1;
/// With LZMA: a marker ends the data.
const MARKER: u16 = 1 << 1;
const DESCRIPTOR: u16 = 1 << 3;
const STRONG: u16 = 1 << 6;
const UTF8: u16 = 1 << 11;
const MASKED: u16 = 1 << 13;

impl Record {
    /// A directory record: the fixed part, the name, the extra field.
    pub(super) fn central(fixed: &[u8], name: &[u8], extra: &[u8]) -> Self {
        let host = (u16_at(fixed, 4) >> 8).to_le_bytes()[0];
        let mut record = Self {
            name: name.to_vec(),
            host: Some(host),
            mode: if matches!(host, 3 | 19) { u32_at(fixed, 38) >> 16 } else { 0 },
            flags: u16_at(fixed, 8),
            method: u16_at(fixed, 10),
            crc: u32_at(fixed, 16),
            packed: u64::from(u32_at(fixed, 20)),
            size: u64::from(u32_at(fixed, 24)),
            offset: u64::from(u32_at(fixed, 42)),
            ..Self::default()
        };
        record.extra(extra, true);
        record
    }

    /// A local header.
    pub(super) fn local(fixed: &[u8], name: &[u8], extra: &[u8]) -> Self {
        let mut record = Self {
            name: name.to_vec(),
            flags: u16_at(fixed, 6),
            method: u16_at(fixed, 8),
            crc: u32_at(fixed, 14),
            packed: u64::from(u32_at(fixed, 18)),
            size: u64::from(u32_at(fixed, 22)),
            ..Self::default()
        };
        record.extra(extra, false);
        record
    }

    /// Encrypted in one of the ways there are.
    pub(super) fn encryption(&self) -> Option<&'static str> {
        match self.method {
            99 => Some("AES"),
            _ if self.flags & (STRONG | MASKED) != 0 && self.flags & ENCRYPTED != 0 => Some("strong encryption"),
            _ if self.flags & ENCRYPTED != 0 => Some("ZipCrypto"),
            _ => None,
        }
    }

    /// Whether checksum and sizes stand behind the data and nowhere else: a local header that leaves them open.
    pub(super) fn sizes_follow(&self) -> bool {
        self.host.is_none() && self.flags & DESCRIPTOR != 0 && self.packed == 0
    }

    /// The size when unpacked, where the data itself does not mark its end.
    pub(super) fn known_size(&self) -> Option<u64> {
        (self.flags & MARKER == 0 && !self.sizes_follow()).then_some(self.size)
    }

    /// Whether the name says that it is UTF-8.
    pub(super) fn is_utf8(&self) -> bool {
        self.flags & UTF8 != 0
    }

    fn extra(&mut self, mut extra: &[u8], central: bool) {
        while let Some((head, rest)) = extra.split_at_checked(4) {
            let length = usize::from(u16_at(head, 2));
            let Some((data, rest)) = rest.split_at_checked(length) else { return };
            match u16_at(head, 0) {
                1 => self.zip64(data, central),
                // Version 1, a CRC of the name that it replaces, the name.
                0x7075 => {
                    if let (Some(1), Some(name)) = (data.first(), data.get(5..)) {
                        let mut crc = flate2::Crc::new();
                        crc.update(&self.name);
                        if crc.sum() == u32_at(data, 1) {
                            self.unicode_name = Some(name.to_vec());
                        }
                    }
                }
                _ => {}
            }
            extra = rest;
        }
    }

    /// The zip64 field holds, in this order, those of the values that did not fit.
    fn zip64(&mut self, mut data: &[u8], central: bool) {
        let mut next = |value: &mut u64| {
            if *value == 0xffff_ffff
                && let Some((head, rest)) = data.split_at_checked(8)
            {
                *value = u64_at(head, 0);
                data = rest;
            }
        };
        next(&mut self.size);
        next(&mut self.packed);
        if central {
            next(&mut self.offset);
        }
    }
}

/// A little-endian number; 0 where the bytes are missing.
pub(super) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |chunk| u16::from_le_bytes(*chunk))
}

/// A little-endian number; 0 where the bytes are missing.
pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |chunk| u32::from_le_bytes(*chunk))
}

/// A little-endian number; 0 where the bytes are missing.
pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |chunk| u64::from_le_bytes(*chunk))
}
