//! From an input to a summary.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::atomic::AtomicU64;

use bundlescope_facts::Text;

use crate::feed::{Rejoined, read_full};
use crate::format::{Format, HEAD, is_text, sniff};
use crate::hash::Hash;
use crate::names::escape;
use crate::source::Source;
use crate::state::State;
use crate::walk::{Place, Walk};
use crate::{Input, Limits, OpenError, Sink, Summary, folder, zip};

/// Reads a bundle in one pass and hands its documents and links to `sink`.
///
/// The order of the documents is that of the archive; of a folder, that of its names' bytes. Damage inside a bundle is no
/// error: everything that can be read is passed on, and [`Summary::problems`] says what could not.
///
/// # Errors
/// When the input is not there, cannot be read, or is neither a folder nor an archive nor text.
pub fn read(input: &Input, limits: &Limits, sink: &mut dyn Sink) -> Result<Summary, OpenError> {
    read_watched(input, limits, sink, &AtomicU64::new(0))
}

/// The same; `watch` grows by the bytes that are read from disk or standard input, for a progress bar in another thread.
pub fn read_watched(
    input: &Input,
    limits: &Limits,
    sink: &mut dyn Sink,
    watch: &AtomicU64,
) -> Result<Summary, OpenError> {
    let state = State::new(limits, watch);
    let mut hash = Hash::new();
    let name = match input {
        Input::Path(path) => name_of(path),
        Input::Stdin => "stdin".to_owned(),
    };
    let at = Place { path: Text::from(name.as_str()), outermost: true, depth: 0, size: None };
    let mut walk = Walk { state: &state, sink };
    match input {
        Input::Stdin => stream(&mut walk, &at, io::stdin().lock(), &mut hash, &name)?,
        Input::Path(path) => disk(&mut walk, &at, path, &mut hash)?,
    }
    Ok(state.finish(name, hash.finish()))
}

/// The last component of a path, `.` and `..` resolved.
fn name_of(path: &Path) -> String {
    let resolved = path.file_name().map(ToOwned::to_owned);
    let resolved = resolved.or_else(|| path.canonicalize().ok()?.file_name().map(ToOwned::to_owned));
    escape(resolved.unwrap_or_else(|| path.as_os_str().to_owned()).as_encoded_bytes())
}

fn disk(walk: &mut Walk<'_>, at: &Place, path: &Path, hash: &mut Hash) -> Result<(), OpenError> {
    let shown = || escape(path.as_os_str().as_encoded_bytes());
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => OpenError::NotFound(shown()),
        _ => OpenError::Unreadable(shown(), error),
    };
    let metadata = path.metadata().map_err(failed)?;
    if metadata.is_dir() {
        path.read_dir().map_err(failed)?;
        folder::read(walk, at, path, hash);
        return Ok(());
    }
    let mut file = File::open(path).map_err(failed)?;
    if !metadata.is_file() {
        return stream(walk, at, file, hash, &shown());
    }
    let at = Place { size: Some(metadata.len()), ..at.clone() };
    let mut head = [0; HEAD];
    let filled = read_full(&mut file, &mut head);
    let head = head.get(..filled).unwrap_or_default();
    // A zip archive is defined by its end, so anything may stand before it.
    let is_zip = match sniff(head) {
        Format::Zip => true,
        Format::Document => zip::has_end(&mut file),
        _ => false,
    };
    file.seek(SeekFrom::Start(0)).map_err(failed)?;
    if !is_zip {
        return stream(walk, &at, file, hash, &shown());
    }
    walk.state.consume(metadata.len());
    zip::read_file(walk, &at, &mut file);
    file.seek(SeekFrom::Start(0)).map_err(failed)?;
    Source::new(file, hash, walk.state, at.path.clone()).drain();
    Ok(())
}

/// Reads a bundle that comes as a stream; `shown` is what an error calls it.
fn stream(walk: &mut Walk<'_>, at: &Place, input: impl Read, hash: &mut Hash, shown: &str) -> Result<(), OpenError> {
    let mut source = Source::new(input, hash, walk.state, at.path.clone());
    let mut head = [0; HEAD];
    let filled = read_full(&mut source, &mut head);
    let head = head.get(..filled).unwrap_or_default();
    let not_a_bundle = |found| Err(OpenError::NotABundle(shown.to_owned(), found));
    let format = sniff(head);
    match format {
        Format::Unsupported(what) => return not_a_bundle(what),
        Format::Document if head.is_empty() => return not_a_bundle("is empty"),
        Format::Document if !is_text(head) => return not_a_bundle("holds binary data that is no archive"),
        _ => {}
    }
    // The bundle's own name is the path of a text file, and no entry may take it from it.
    let at = if format == Format::Document {
        Place { path: walk.state.unique(at.path.to_string()), ..at.clone() }
    } else {
        at.clone()
    };
    walk.sniffed(&at, format, false, &mut Rejoined { head, rest: &mut source });
    source.drain();
    Ok(())
}
