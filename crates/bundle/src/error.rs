//! Why a bundle cannot be opened at all.

use std::fmt;
use std::io;

/// The input is no bundle. The text of each is for people and says what to do.
#[derive(Debug)]
pub enum OpenError {
    /// Nothing is at the path.
    NotFound(String),
    /// The path is there and cannot be read.
    Unreadable(String, io::Error),
    /// It can be read, and holds neither an archive nor text.
    NotABundle(String, &'static str),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound(name) => write!(f, "{name}: no such file or folder"),
            Self::Unreadable(name, error) => write!(f, "{name}: cannot be read: {error}"),
            Self::NotABundle(name, found) => write!(
                f,
                "{name}: {found}; expected a folder, a tar archive (plain or gz, xz, zst, bz2), a zip archive or a text file"
            ),
        }
    }
}

impl std::error::Error for OpenError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unreadable(_, error) => Some(error),
            Self::NotFound(_) | Self::NotABundle(..) => None,
        }
    }
}
