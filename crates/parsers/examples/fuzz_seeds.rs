//! Writes seeds for the fuzz targets of the parsers: `fuzz_seeds CORPUS FOLDER…` takes every file below the folders for a
//! document, and writes what a parser takes to `CORPUS/FAMILY/` as a byte for the format, a line for the path, and the
//! document; everything goes to `CORPUS/identify/` without the byte.

#![allow(clippy::print_stderr, reason = "a tool of this repository's own")]

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::path::Path;
use std::{env, fs, io};

use bundlescope_parsers::{FAMILIES, Identity, identify};

/// Larger documents make the fuzzer slow and say nothing more.
const LARGEST: usize = 16_000;

fn main() -> io::Result<()> {
    let mut arguments = env::args_os().skip(1);
    let Some(corpus) = arguments.next() else {
        eprintln!("usage: fuzz_seeds CORPUS FOLDER...");
        std::process::exit(2);
    };
    for (family, _) in FAMILIES {
        fs::create_dir_all(Path::new(&corpus).join(family))?;
    }
    fs::create_dir_all(Path::new(&corpus).join("identify"))?;
    for folder in arguments {
        visit(Path::new(&corpus), Path::new(&folder), Path::new(&folder))?;
    }
    Ok(())
}

fn visit(corpus: &Path, base: &Path, path: &Path) -> io::Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            visit(corpus, base, &entry?.path())?;
        }
        return Ok(());
    }
    let bytes = fs::read(path)?;
    if bytes.is_empty() || bytes.len() > LARGEST {
        return Ok(());
    }
    let name = path.strip_prefix(base).unwrap_or(path).to_string_lossy();
    let document = [name.as_bytes(), b"\n", &bytes].concat();
    write(&corpus.join("identify"), &document)?;
    if let Identity::Format(format) = identify(&name, &bytes).identity {
        for (family, formats) in FAMILIES {
            if let Some(index) = formats.iter().position(|other| other.name == format.name) {
                write(&corpus.join(family), &[&[index as u8], document.as_slice()].concat())?;
            }
        }
    }
    Ok(())
}

/// The name is a hash of the content, so that seeds are written once.
fn write(folder: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    fs::write(folder.join(format!("seed-{:016x}", hasher.finish())), bytes)
}
