//! Archives made on the spot, and a sink that keeps everything.

#![allow(dead_code, reason = "each test file uses its share")]
#![allow(clippy::expect_used, clippy::panic, reason = "only tests use this")]

use std::io::{Read, Write};
use std::path::Path;

use bundlescope_bundle::{Entry, Input, Limits, OpenError, Sink, Summary, read};
use bundlescope_facts::Text;

/// What was read of a bundle.
#[derive(Debug, Default)]
pub(crate) struct Got {
    pub(crate) documents: Vec<(String, Vec<u8>)>,
    pub(crate) links: Vec<(String, String)>,
    pub(crate) summary: Summary,
}

impl Sink for Got {
    fn document(&mut self, entry: &Entry, content: &mut dyn Read) {
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes).expect("contents never fail");
        self.documents.push((entry.path.to_string(), bytes));
    }

    fn link(&mut self, path: &Text, target: &str) {
        self.links.push((path.to_string(), target.to_owned()));
    }
}

impl Got {
    pub(crate) fn paths(&self) -> Vec<&str> {
        self.documents.iter().map(|(path, _)| path.as_str()).collect()
    }

    /// The content of a document.
    pub(crate) fn content(&self, path: &str) -> &[u8] {
        let found = self.documents.iter().find(|(other, _)| other == path);
        &found.unwrap_or_else(|| panic!("{path} is not among {:?}", self.paths())).1
    }

    /// The problems as `document: message`.
    pub(crate) fn problems(&self) -> Vec<String> {
        self.summary.problems.iter().map(|problem| format!("{}: {}", problem.document, problem.message)).collect()
    }

    pub(crate) fn has_problem(&self, part: &str) -> bool {
        self.problems().iter().any(|problem| problem.contains(part))
    }

    /// The limits hit, by name.
    pub(crate) fn limits(&self) -> Vec<&str> {
        self.summary.limits.iter().map(|hit| hit.limit).collect()
    }
}

/// Reads a path.
pub(crate) fn open_path(path: &Path, limits: &Limits) -> Result<Got, OpenError> {
    let mut got = Got::default();
    got.summary = read(&Input::Path(path.to_owned()), limits, &mut got)?;
    Ok(got)
}

/// Reads bytes as the file `bundle`.
pub(crate) fn open_within(bytes: &[u8], limits: &Limits) -> Result<Got, OpenError> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("bundle");
    std::fs::write(&path, bytes).expect("a file");
    open_path(&path, limits)
}

/// Reads bytes with the default limits, which must work.
pub(crate) fn open(bytes: &[u8]) -> Got {
    open_within(bytes, &Limits::default()).expect("a bundle")
}

/// A tar archive of files.
pub(crate) fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, *content).expect("an entry");
    }
    builder.into_inner().expect("an archive")
}

/// A tar entry whose header says whatever a test wants, padded.
pub(crate) fn tar_entry(name: &[u8], kind: u8, link: &[u8], size: &[u8], data: &[u8]) -> Vec<u8> {
    let mut block = [0_u8; 512];
    block[..name.len()].copy_from_slice(name);
    block[100..107].copy_from_slice(b"0000644");
    block[124..124 + size.len()].copy_from_slice(size);
    block[156] = kind;
    block[157..157 + link.len()].copy_from_slice(link);
    block[257..265].copy_from_slice(b"ustar\x0000");
    seal(&mut block);
    let mut entry = block.to_vec();
    entry.extend_from_slice(data);
    entry.resize(entry.len().next_multiple_of(512), 0);
    entry
}

/// Writes the checksum of a header.
pub(crate) fn seal(block: &mut [u8; 512]) {
    block[148..156].copy_from_slice(b"        ");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
}

/// An entry with its true size.
pub(crate) fn tar_file(name: &[u8], data: &[u8]) -> Vec<u8> {
    tar_entry(name, b'0', b"", format!("{:011o}", data.len()).as_bytes(), data)
}

/// An extension header (PAX or GNU) with its true size.
pub(crate) fn tar_extension(kind: u8, data: &[u8]) -> Vec<u8> {
    tar_entry(b"extension", kind, b"", format!("{:011o}", data.len()).as_bytes(), data)
}

/// One PAX record.
pub(crate) fn pax(key: &str, value: &str) -> String {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    while length != rest + length.to_string().len() {
        length = rest + length.to_string().len();
    }
    format!("{length} {key}={value}\n")
}

/// Entries and the end of the archive.
pub(crate) fn tar_of(entries: &[Vec<u8>]) -> Vec<u8> {
    let mut archive = entries.concat();
    archive.extend_from_slice(&[0; 1024]);
    archive
}

pub(crate) fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

pub(crate) fn bz2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::new(1));
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

pub(crate) fn xz(bytes: &[u8]) -> Vec<u8> {
    xz_with(1, bytes)
}

pub(crate) fn xz_with(preset: u32, bytes: &[u8]) -> Vec<u8> {
    let options = lzma_rust2::XzOptions::with_preset(preset);
    let mut encoder = lzma_rust2::XzWriter::new(Vec::new(), options).expect("options");
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

pub(crate) fn zst(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

/// A zip archive, deflated.
pub(crate) fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    zip_with(files, zip::CompressionMethod::Deflated)
}

pub(crate) fn zip_with(files: &[(&str, &[u8])], method: zip::CompressionMethod) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in files {
        let options = zip::write::SimpleFileOptions::default().compression_method(method);
        writer.start_file(*name, options).expect("an entry");
        writer.write_all(content).expect("memory");
    }
    writer.finish().expect("an archive").into_inner()
}

/// A name for a kind of archive, and its maker.
pub(crate) type Maker = (&'static str, fn(&[u8]) -> Vec<u8>);

/// Every compression, and none.
pub(crate) const COMPRESSIONS: [Maker; 5] =
    [("plain", <[u8]>::to_vec), ("gz", gz), ("bz2", bz2), ("xz", xz), ("zst", zst)];

/// Log lines that compress about as logs do.
pub(crate) fn log(lines: usize) -> Vec<u8> {
    let mut text = String::new();
    let mut random = 42_u64;
    for line in 0..lines {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (host, took) = (random >> 60, random >> 40 & 0xfff);
        text.push_str(&format!(
            "2026-11-21T04:{:02}:{:02}Z app-{host} GET /api/v1/items/{took} 200 in {took} ms\n",
            line / 60 % 60,
            line % 60
        ));
    }
    text.into_bytes()
}
