//! Reading logs, against bare decompression of the same bytes in the same run.
//!
//! `cargo bench -p bundlescope-bundle` prints the ratio first; the target is 1.05. `BUNDLESCOPE_BENCH_MB` sets the size of
//! the logs (200).

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark may fail loudly and speaks on standard output"
)]

use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use bundlescope_bundle::{Entry, Input, Limits, Sink, read};
use flate2::bufread::MultiGzDecoder;

/// Bytes taken at a time.
const CHUNK: usize = 256 << 10;

struct Drop(Vec<u8>);

impl Sink for Drop {
    fn document(&mut self, _: &Entry, content: &mut dyn Read) {
        while content.read(&mut self.0).is_ok_and(|read| read > 0) {}
    }
}

/// The archives, in a folder that goes with the process.
struct Archives {
    _folder: tempfile::TempDir,
    /// A few large logs.
    logs: PathBuf,
    /// The same bytes in documents of a few kilobytes.
    small: PathBuf,
}

fn archives() -> &'static Archives {
    static MADE: OnceLock<Archives> = OnceLock::new();
    MADE.get_or_init(|| {
        let megabytes = std::env::var("BUNDLESCOPE_BENCH_MB").ok().and_then(|size| size.parse().ok()).unwrap_or(200);
        let folder = tempfile::tempdir().expect("a folder");
        let [logs, small] = ["logs.tar.gz", "small.tar.gz"].map(|name| folder.path().join(name));
        write(&logs, megabytes << 20, 50 << 20);
        write(&small, megabytes << 18, 4 << 10);
        Archives { _folder: folder, logs, small }
    })
}

/// An archive with `total` bytes of log lines in documents of `each` bytes.
fn write(path: &Path, total: usize, each: usize) {
    let encoder = flate2::write::GzEncoder::new(File::create(path).expect("a file"), flate2::Compression::new(6));
    let mut builder = tar::Builder::new(encoder);
    let mut random = 42_u64;
    let mut text = Vec::with_capacity(each + 200);
    for number in 0..total.div_ceil(each) {
        text.clear();
        while text.len() < each {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let (second, id, took) = (random >> 58, random >> 32 & 0xffff_ffff, random >> 40 & 0xfff);
            let _ = writeln!(
                text,
                "2026-11-21T04:17:{second:02}.{took:04}Z INFO  [worker-{}] request id={id:08x} GET /api/v1/items/{took} status=200 took={took}ms",
                random >> 60
            );
        }
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        builder.append_data(&mut header, format!("logs/app-{number}.log"), text.as_slice()).expect("an entry");
    }
    builder.into_inner().expect("an archive").finish().expect("an archive");
}

fn bare(path: &Path) {
    let file = BufReader::with_capacity(CHUNK, File::open(path).expect("a file"));
    let mut decoder = MultiGzDecoder::new(file);
    let mut chunk = vec![0; CHUNK];
    while decoder.read(&mut chunk).expect("sound data") > 0 {}
}

fn reader(path: &Path) {
    let summary = read(&Input::Path(path.to_owned()), &Limits::default(), &mut Drop(vec![0; CHUNK])).expect("a bundle");
    assert!(summary.complete);
}

#[divan::bench(args = ["logs", "small"], sample_count = 5)]
fn bare_decompression(name: &str) {
    bare(path(name));
}

#[divan::bench(args = ["logs", "small"], sample_count = 5)]
fn bundle_reader(name: &str) {
    reader(path(name));
}

fn path(name: &str) -> &'static PathBuf {
    if name == "logs" { &archives().logs } else { &archives().small }
}

/// The shortest of several alternating runs of each.
fn ratio(path: &Path) -> (Duration, Duration) {
    let mut best = [Duration::MAX; 2];
    for _ in 0..7 {
        for (best, run) in best.iter_mut().zip([bare, reader]) {
            let start = Instant::now();
            run(path);
            *best = start.elapsed().min(*best);
        }
    }
    (best[0], best[1])
}

fn main() {
    for name in ["logs", "small"] {
        let (bare, reader) = ratio(path(name));
        let times = reader.as_secs_f64() / bare.as_secs_f64();
        println!("{name}.tar.gz: reader {reader:.2?}, bare decompression {bare:.2?}, ratio {times:.3}");
    }
    divan::main();
}
