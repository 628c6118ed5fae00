//! What bytes are, by what they say and never by their name.

use crate::tar::header;

/// So many bytes decide.
pub(crate) const HEAD: usize = 512;

/// A compression of one stream of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Codec {
    Gzip,
    Xz,
    Zstd,
    Bzip2,
}

impl Codec {
    /// As people call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Xz => "xz",
            Self::Zstd => "zstd",
            Self::Bzip2 => "bzip2",
        }
    }

    /// The codec whose stream starts here.
    pub(crate) fn of(head: &[u8]) -> Option<Self> {
        match head {
            [0x1f, 0x8b, 8, ..] => Some(Self::Gzip),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Self::Xz),
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstd),
            // A block or, of an empty file, the end of the stream.
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, ..]
            | [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, 0x45, 0x38, ..] => Some(Self::Bzip2),
            _ => None,
        }
    }
}

/// What a file is to the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Compressed(Codec),
    Tar,
    Zip,
    /// An archive or encryption that is not read, with its name.
    Unsupported(&'static str),
    /// Anything else.
    Document,
}

/// The format of a file that starts with `head` ([`HEAD`] bytes, fewer when the file is shorter).
pub(crate) fn sniff(head: &[u8]) -> Format {
    if let Some(codec) = Codec::of(head) {
        return Format::Compressed(codec);
    }
    match head {
        // A local header, the end record of an empty archive, the marker of a split one.
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] | [b'P', b'K', 7, 8, b'P', b'K', 3, 4, ..] => Format::Zip,
        [b'7', b'z', 0xbc, 0xaf, 0x27, 0x1c, ..] => Format::Unsupported("a 7z archive"),
        [b'R', b'a', b'r', b'!', 0x1a, 7, ..] => Format::Unsupported("a RAR archive"),
        [0x1f, 0x9d, ..] => Format::Unsupported("a file of compress(1)"),
        [4, 0x22, 0x4d, 0x18, ..] => Format::Unsupported("an lz4 file"),
        [b'L', b'Z', b'I', b'P', 1, ..] => Format::Unsupported("an lzip file"),
        [b'0', b'7', b'0', b'7', b'0', b'1' | b'2' | b'7', ..] => Format::Unsupported("a cpio archive"),
        [b'S', b'a', b'l', b't', b'e', b'd', b'_', b'_', ..] => Format::Unsupported("a file encrypted with openssl"),
        // Packet with a session key for a public key (old and new form) or for a passphrase.
        [0x85, 1 | 2, _, 3, ..] | [0xc1, _, _, 3, ..] | [0x8c, 0x0d, 4, ..] => {
            Format::Unsupported("a file encrypted with gpg")
        }
        _ if head.starts_with(b"-----BEGIN PGP MESSAGE-----") => Format::Unsupported("a file encrypted with gpg"),
        _ if head.starts_with(b"age-encryption.org/") => Format::Unsupported("a file encrypted with age"),
        _ if header::looks_like_tar(head) => Format::Tar,
        _ => Format::Document,
    }
}

/// Whether bytes at the start of a file are text in UTF-8, Latin-1 or UTF-16.
pub(crate) fn is_text(head: &[u8]) -> bool {
    if head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) {
        return true;
    }
    let strange = head.iter().filter(|byte| matches!(byte, 0..=6 | 14..=26 | 28..=31 | 127)).count();
    !head.contains(&0) && strange * 20 <= head.len()
}
