//! The documents that the tests run over.

use std::io::Read;
use std::path::{Path, PathBuf};

use bundlescope_bundle::{Entry, Input, Limits, Sink};
use bundlescope_parsers::{Document, Format, Identity, Parsed, identify};

/// Larger documents say nothing more here, and cost time.
const LARGEST: usize = 4 << 20;

/// Calls `each` with the path and the bytes of every fixture of every family.
pub(crate) fn fixtures(each: &mut impl FnMut(&str, &[u8])) {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    for family in sorted(&tests) {
        let folder = family.join("fixtures");
        if folder.is_dir() {
            visit(&folder, &folder, each);
        }
    }
}

/// Calls `each` with the path and the bytes of every output of other projects.
pub(crate) fn corpus(each: &mut impl FnMut(&str, &[u8])) {
    if let Some(shared) = shared() {
        let corpus = shared.join("corpus");
        for folder in sorted(&corpus).iter().filter(|path| path.is_dir()) {
            visit(folder, folder, each);
        }
    }
}

/// Calls `each` with the path and the bytes of every document of every shared bundle.
pub(crate) fn bundles(each: &mut impl FnMut(&str, &[u8])) {
    let Some(shared) = shared() else { return };
    for path in sorted(&shared.join("bundles")).into_iter().filter(|path| path.is_file()) {
        if path.extension().is_some_and(|extension| extension == "gz" || extension == "zip") {
            let read = bundlescope_bundle::read(&Input::Path(path.clone()), &Limits::default(), &mut Each(each));
            read.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        }
    }
}

/// The folder with what other projects printed, which is not part of this repository.
pub(crate) fn shared() -> Option<PathBuf> {
    let shared = std::env::var_os("BUNDLESCOPE_SHARED").filter(|path| !path.is_empty()).map(PathBuf::from);
    if shared.is_none() {
        eprintln!("SKIPPED: BUNDLESCOPE_SHARED does not name the folder with the documents of other projects");
    }
    shared
}

/// What a document is taken for and what is read of it; `None` where no parser takes it.
pub(crate) fn read(path: &str, bytes: &[u8]) -> Option<(&'static Format, Parsed)> {
    match identify(path, bytes).identity {
        Identity::Format(format) => Some((format, format.read(&Document::new(path, bytes)))),
        _ => None,
    }
}

struct Each<'e, F>(&'e mut F);

impl<F: FnMut(&str, &[u8])> Sink for Each<'_, F> {
    fn document(&mut self, entry: &Entry, content: &mut dyn Read) {
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes).unwrap();
        if bytes.len() <= LARGEST {
            (self.0)(&entry.path, &bytes);
        }
    }
}

fn visit(base: &Path, folder: &Path, each: &mut impl FnMut(&str, &[u8])) {
    for path in sorted(folder) {
        if path.is_dir() {
            visit(base, &path, each);
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let name = path.strip_prefix(base).unwrap().to_string_lossy();
        if bytes.len() <= LARGEST && path.file_name().is_some_and(|name| name != "README.md") {
            each(&name, &bytes);
        }
    }
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}
