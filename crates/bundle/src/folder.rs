//! A folder on disk: a sorted walk that follows no link.

use std::ffi::OsString;
use std::fs::{self, File, Metadata};
use std::path::{Path, PathBuf};

use bundlescope_facts::Text;

use crate::hash::Hash;
use crate::names::{escape, name};
use crate::source::Source;
use crate::walk::{Place, Walk};

/// One thing still to be visited: the path on disk and the path in the bundle.
struct Step {
    disk: PathBuf,
    inside: Vec<u8>,
}

/// Reads the folder `root`, depth first, each folder's entries in the order of their bytes. `hash` gets paths and contents.
pub(crate) fn read(walk: &mut Walk<'_>, at: &Place, root: &Path, hash: &mut Hash) {
    let mut steps = Vec::new();
    list(walk, at, root, &[], &mut steps);
    while let Some(step) = steps.pop() {
        if !walk.state.entry(&at.path) {
            return;
        }
        match fs::symlink_metadata(&step.disk) {
            Ok(metadata) if metadata.is_dir() => list(walk, at, &step.disk, &step.inside, &mut steps),
            Ok(metadata) => visit(walk, at, &step, &metadata, hash),
            Err(error) => walk.state.damage(&at.path, format!("`{}` cannot be read: {error}", escape(&step.inside))),
        }
    }
}

/// Puts the entries of a folder on the stack, so that they come off in order.
fn list(walk: &Walk<'_>, at: &Place, disk: &Path, inside: &[u8], steps: &mut Vec<Step>) {
    let unreadable = |error: &std::io::Error| {
        walk.state.damage(&at.path, format!("folder `{}` cannot be read: {error}", escape(inside)));
    };
    let entries = match fs::read_dir(disk) {
        Ok(entries) => entries,
        Err(error) => return unreadable(&error),
    };
    let mut names: Vec<OsString> = Vec::new();
    for entry in entries {
        match entry {
            Ok(entry) => names.push(entry.file_name()),
            Err(error) => return unreadable(&error),
        }
        // More than this many are never visited.
        if names.len() as u64 > walk.state.limits().entries {
            break;
        }
    }
    names.sort_unstable_by(|a, b| b.as_encoded_bytes().cmp(a.as_encoded_bytes()));
    for name in names {
        let mut path = inside.to_vec();
        if !path.is_empty() {
            path.push(b'/');
        }
        path.extend_from_slice(name.as_encoded_bytes());
        steps.push(Step { disk: disk.join(&name), inside: path });
    }
}

/// A file, link or device.
fn visit(walk: &mut Walk<'_>, at: &Place, step: &Step, metadata: &Metadata, hash: &mut Hash) {
    let name = name(&step.inside);
    if metadata.is_symlink() {
        let path = walk.entry_path(at, &name);
        let target = fs::read_link(&step.disk).map(PathBuf::into_os_string).unwrap_or_default();
        walk.sink.link(&path, &escape(target.as_encoded_bytes()));
        return;
    }
    if !metadata.is_file() {
        walk.state.note(&at.path, "devices and pipes have no content to read", &format!("`{}`", name.written));
        return;
    }
    let path = walk.entry_path(at, &name);
    match File::open(&step.disk) {
        Ok(file) => {
            hash_path(hash, &step.inside);
            let place = Place { path: path.clone(), outermost: false, depth: at.depth + 1, size: Some(metadata.len()) };
            let mut source = Source::new(file, hash, walk.state, path);
            walk.file(&place, &mut source);
            source.drain();
            let length = source.length();
            hash.update(&length.to_le_bytes());
        }
        Err(error) => unreadable(walk, &path, &error),
    }
}

fn unreadable(walk: &Walk<'_>, path: &Text, error: &std::io::Error) {
    walk.state.damage(path, format!("cannot be read: {error}"));
}

fn hash_path(hash: &mut Hash, path: &[u8]) {
    // The lengths keep a path apart from a content that continues it.
    hash.update(&(path.len() as u64).to_le_bytes());
    hash.update(path);
}
