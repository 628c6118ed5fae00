//! Writes seeds for the fuzz targets: `fuzz_seeds CORPUS PATH…` takes every file of the folders, and every document of the
//! archives, and writes it in the form of each target that is concerned (`.fuzz/src/lib.rs` tells the forms).

#![allow(clippy::print_stderr, reason = "a tool of this repository's own")]

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::io::Read;
use std::path::PathBuf;
use std::{env, fs, io};

use bundlescope_bundle::{Entry, Input, Limits, Sink};
use bundlescope_parsers::{FAMILIES, Identity, identify};

/// Larger documents make the fuzzer slow and say nothing more.
const LARGEST: usize = 16_000;

/// From outside, TCP, port 5432; from a container, UDP, port 53; see the target.
const FLOWS: [&[u8; 8]; 2] = [b"\x01\x00\x15\x38\xc0\x00\x02\x4d", b"\x03\x01\x00\x35\x08\x08\x08\x08"];

fn main() -> io::Result<()> {
    let mut arguments = env::args_os().skip(1);
    let Some(corpus) = arguments.next() else {
        eprintln!("usage: fuzz_seeds CORPUS PATH...");
        std::process::exit(2);
    };
    let mut seeds = Seeds { corpus: corpus.into(), failure: None };
    for path in arguments {
        if let Err(error) = bundlescope_bundle::read(&Input::Path(path.into()), &Limits::default(), &mut seeds) {
            eprintln!("{error}");
        }
    }
    seeds.failure.map_or(Ok(()), Err)
}

struct Seeds {
    corpus: PathBuf,
    failure: Option<io::Error>,
}

impl Sink for Seeds {
    fn document(&mut self, entry: &Entry, content: &mut dyn Read) {
        let mut bytes = Vec::new();
        let read = content.take(LARGEST as u64).read_to_end(&mut bytes);
        if let Err(error) = read.and_then(|_| self.keep(&entry.path, &bytes)) {
            self.failure = Some(error);
        }
    }
}

impl Seeds {
    fn keep(&self, path: &str, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        let document = [path.as_bytes(), b"\n", bytes].concat();
        self.write("identify", &[&document])?;
        let format = match identify(path, bytes).identity {
            Identity::Format(format) => format,
            Identity::Log | Identity::Text => {
                self.write("report", &[&document])?;
                return self.write("logs", &[&[7], bytes]);
            }
            _ => return Ok(()),
        };
        for (family, formats) in FAMILIES {
            if let Some(index) = formats.iter().position(|other| other.name == format.name) {
                self.write(family, &[&[index as u8], &document])?;
                if matches!(*family, "firewall" | "network" | "reach" | "docker" | "transcript") {
                    for flow in FLOWS {
                        self.write("netfilter", &[flow, bytes])?;
                    }
                }
            }
        }
        Ok(())
    }

    /// The name is a hash of the content, so that seeds are written once.
    fn write(&self, target: &str, parts: &[&[u8]]) -> io::Result<()> {
        let bytes = parts.concat();
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        let folder = self.corpus.join(target);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(format!("seed-{:016x}", hasher.finish())), bytes)
    }
}
