//! One header block.

/// Bytes of a header.
pub(crate) const SIZE: usize = 512;

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    HardLink,
    SymbolicLink,
    /// Character or block device, or a pipe.
    Device,
    Folder,
    /// GNU sparse file with its map in the header.
    Sparse,
    /// GNU folder listing of an incremental backup.
    Dump,
    /// GNU: the rest of a file from another volume.
    Continued,
    /// GNU volume label, or old GNU names.
    Label,
    PaxLocal,
    PaxGlobal,
    LongName,
    LongLink,
    /// A type that POSIX wants read as a file.
    Other,
}

impl Kind {
    fn of(flag: u8) -> Self {
        match flag {
            b'0' | 0 | b'7' => Self::File,
            b'1' => Self::HardLink,
            b'2' => Self::SymbolicLink,
            b'3' | b'4' | b'6' => Self::Device,
            b'5' => Self::Folder,
            b'S' => Self::Sparse,
            b'D' => Self::Dump,
            b'M' => Self::Continued,
            b'V' | b'N' => Self::Label,
            b'x' | b'X' => Self::PaxLocal,
            b'g' => Self::PaxGlobal,
            b'L' => Self::LongName,
            b'K' => Self::LongLink,
            _ => Self::Other,
        }
    }
}

/// What a header block says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) kind: Kind,
    pub(super) name: Vec<u8>,
    pub(super) link: Vec<u8>,
    /// Bytes of data; `None` when the field is no number or a negative one.
    pub(super) size: Option<u64>,
    /// Whether the block says `ustar`.
    pub(super) magic: bool,
    /// GNU sparse: the size with holes.
    pub(super) real_size: Option<u64>,
    /// GNU sparse: more map blocks follow.
    pub(super) more_maps: bool,
}

impl Header {
    /// Reads a block; `None` when its checksum is wrong.
    pub(super) fn parse(block: &[u8; SIZE]) -> Option<Self> {
        if !checksum_matches(block) {
            return None;
        }
        let posix = field(block, 257, 6) == b"ustar\0";
        let gnu = field(block, 257, 8) == b"ustar  \0";
        let star = posix && field(block, 508, 4) == b"tar\0";
        let mut name = text(field(block, 0, 100));
        // GNU keeps other things where ustar has the prefix, star only a shorter one.
        let prefix = match (star, posix) {
            (true, _) => text(field(block, 345, 131)),
            (false, true) => text(field(block, 345, 155)),
            (false, false) => Vec::new(),
        };
        if !prefix.is_empty() {
            name = [prefix, name].join(&b'/');
        }
        let kind = Kind::of(*block.get(156)?);
        Some(Self {
            kind,
            name,
            link: text(field(block, 157, 100)),
            size: number(field(block, 124, 12)),
            magic: posix || gnu,
            real_size: number(field(block, 483, 12)),
            more_maps: field(block, 482, 1) != [0],
        })
    }
}

/// Whether a file that starts like this is a tar archive, be its first header damaged.
pub(crate) fn looks_like_tar(head: &[u8]) -> bool {
    head.first_chunk::<SIZE>().is_some_and(|block| checksum_matches(block) || field(block, 257, 5) == b"ustar")
}

/// Whether yet another block of the sparse map follows this one.
pub(super) fn map_continues(block: &[u8; SIZE]) -> bool {
    field(block, 504, 1) != [0]
}

fn field(block: &[u8; SIZE], from: usize, length: usize) -> &[u8] {
    block.get(from..from + length).unwrap_or_default()
}

fn text(field: &[u8]) -> Vec<u8> {
    super::until_zero(field)
}

/// The sum of all bytes with the checksum field as spaces; old archives summed signed bytes.
fn checksum_matches(block: &[u8; SIZE]) -> bool {
    let Some(written) = octal(field(block, 148, 8)).filter(|_| block.iter().any(|byte| *byte != 0)) else {
        return false;
    };
    let (mut unsigned, mut signed) = (8 * 32_i64, 8 * 32_i64);
    for (index, byte) in block.iter().enumerate() {
        if !(148..156).contains(&index) {
            unsigned += i64::from(*byte);
            signed += i64::from(byte.cast_signed());
        }
    }
    i64::try_from(written).is_ok_and(|written| written == unsigned || written == signed)
}

/// A number field: octal text, or base 256 where the first bit is set.
fn number(field: &[u8]) -> Option<u64> {
    match field {
        // The second bit is the sign.
        [first, rest @ ..] if first & 0x80 != 0 => {
            if first & 0x40 != 0 {
                return None;
            }
            let mut value = u64::from(first & 0x3f);
            for byte in rest {
                value = value.checked_mul(256)?.checked_add(u64::from(*byte))?;
            }
            // No archive of this size exists, and sums of such sizes must not overflow.
            (value < 1 << 62).then_some(value)
        }
        field => octal(field).or_else(|| field.iter().all(|byte| matches!(byte, 0 | b' ')).then_some(0)),
    }
}

/// Octal digits between spaces and zero bytes.
fn octal(field: &[u8]) -> Option<u64> {
    let digits = field.iter().skip_while(|byte| matches!(byte, b' ' | 0));
    let mut value = 0_u64;
    let mut any = false;
    let mut over = false;
    for byte in digits {
        match byte {
            b'0'..=b'7' if !over => {
                value = value.checked_mul(8)?.checked_add(u64::from(byte - b'0'))?;
                any = true;
            }
            b' ' | 0 => over = true,
            // Old archives leave anything behind the terminator.
            _ if over => {}
            _ => return None,
        }
    }
    any.then_some(value)
}
