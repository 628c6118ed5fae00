//! How long an analysis takes beside what bounds it: unpacking the same archive, searching the same folder for 20 words.
//!
//! `cargo bench -p bundlescope-analysis --bench analyze`. The bundle is made in a temporary folder: six containers' logs
//! in three framings, of `BENCH_MB` megabytes together (200). All are timed alternately in one run, `BENCH_ROUNDS` times
//! (5), and the fastest round counts, so the ratios mean something on a busy machine too.
#![allow(clippy::expect_used, clippy::print_stdout, reason = "a bench may panic and print")]

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use aho_corasick::AhoCorasick;
use bundlescope_analysis::{Options, Rulebook, analyze};
use bundlescope_bundle::Input;
use bundlescope_rules::{Pack, embedded};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

/// Bytes read at a time.
const PIECE: usize = 256 << 10;
/// Distinct text of one log; it is repeated, farther apart than gzip can see.
const BLOCK: usize = 8 << 20;

fn main() {
    // `cargo test --benches` only wants to know that it compiles.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let number = |name, default| std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default);
    let (megabytes, rounds) = (number("BENCH_MB", 200), number("BENCH_ROUNDS", 5));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let rulebook = rules();
    println!("{megabytes} MB of logs, best of {rounds}");
    for (name, failing) in [("one failure in 50,000 lines", 50_000), ("every line a failure", 1)] {
        let (archive, logs) = bundle(&folder.path().join(failing.to_string()), megabytes << 20, failing);
        let mut times = [Duration::MAX; 4];
        for _ in 0..rounds {
            let runs: [&dyn Fn(); 4] =
                [&|| inflate(&archive), &|| diagnose(&archive, &rulebook), &|| search(&logs), &|| {
                    diagnose(&logs, &rulebook)
                }];
            for (time, run) in times.iter_mut().zip(runs) {
                let start = Instant::now();
                run();
                *time = start.elapsed().min(*time);
            }
        }
        let [inflated, of_archive, searched, of_folder] = times.map(|time| time.as_secs_f64());
        println!("{name}:");
        println!(
            "  tar.gz: analysis {of_archive:.2} s, zlib-rs alone {inflated:.2} s, ratio {:.2}",
            of_archive / inflated
        );
        println!("  folder: analysis {of_folder:.2} s, 20 literals {searched:.2} s, ratio {:.2}", of_folder / searched);
    }
}

fn rules() -> Rulebook {
    let (pack, _) = Pack::load_sources(&[embedded()]);
    Rulebook::new(pack).expect("the built-in rules are sound")
}

fn diagnose(path: &Path, rules: &Rulebook) {
    let diagnosis = analyze(&Input::Path(path.to_owned()), rules, &Options::default()).expect("the bundle is readable");
    assert!(!diagnosis.findings.is_empty());
}

fn inflate(path: &Path) {
    let mut unpacked = GzDecoder::new(File::open(path).expect("the archive"));
    let mut piece = vec![0; PIECE];
    while unpacked.read(&mut piece).expect("sound gzip") > 0 {}
}

/// What `grep -F` does with as many words.
fn search(folder: &Path) {
    let words = (0..20).map(|n| format!("failure {n} of the subsystem"));
    let words = AhoCorasick::new(words).expect("few words");
    let mut piece = vec![0; PIECE];
    for entry in fs::read_dir(folder.join("app/logs")).expect("the folder") {
        let mut file = File::open(entry.expect("an entry").path()).expect("a log");
        loop {
            let read = file.read(&mut piece).expect("a readable log");
            if read == 0 {
                break;
            }
            assert_eq!(words.find_iter(piece.get(..read).expect("read bytes")).count(), 0);
        }
    }
}

/// An archive and a folder with the same logs, in which one line of `failing` is a failure to connect.
fn bundle(base: &Path, bytes: usize, failing: u64) -> (PathBuf, PathBuf) {
    let (archive, folder) = (base.join("bundle.tar.gz"), base.join("bundle"));
    let logs = folder.join("app/logs");
    fs::create_dir_all(&logs).expect("a folder");
    let packed = GzEncoder::new(File::create(&archive).expect("a file"), Compression::new(6));
    let mut tar = tar::Builder::new(packed);
    for number in 0..6 {
        let block = block(number, failing);
        let times = (bytes / 6 / BLOCK).max(1);
        let path = logs.join(format!("api{number}.log"));
        let mut file = File::create(&path).expect("a file");
        for _ in 0..times {
            file.write_all(&block).expect("room on the disk");
        }
        drop(file);
        tar.append_path_with_name(&path, format!("app/logs/api{number}.log")).expect("room on the disk");
    }
    tar.into_inner().and_then(GzEncoder::finish).and_then(|mut file| file.flush()).expect("room on the disk");
    (archive, folder)
}

/// Lines of one container: json-file, `docker logs --timestamps`, or plain.
fn block(number: u64, failing: u64) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64 ^ (number << 32);
    let mut random = move |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    let mut log = Vec::with_capacity(BLOCK + 1024);
    let mut n = 0_u64;
    while log.len() < BLOCK {
        n += 1;
        let (h, m, s, nanos) = (n / 3_600_000 % 24, n / 60_000 % 60, n / 1000 % 60, random(1_000_000_000));
        let (a, b, id) = (random(256), random(256), random(1 << 40));
        let text = match random(20) {
            _ if n.is_multiple_of(failing) => {
                format!(
                    "level=error msg=\"no cache\" err=\"dial tcp 10.0.{}.7:6379: connect: connection refused\"",
                    n % 4
                )
            }
            0..4 => {
                format!("10.1.{a}.{b} - - \"GET /v1/orders/{id:x}?page={a} HTTP/1.1\" 200 {b}87 \"-\" \"Mozilla/5.0\"")
            }
            4..9 => {
                format!("INFO  [exec-{a}] c.e.orders.OrderService : order {id:x} accepted for customer {b}, 3 items")
            }
            9..13 => {
                format!("{{\"level\":\"info\",\"msg\":\"request finished\",\"path\":\"/v1/users/{id:x}\",\"ms\":{a}}}")
            }
            13..16 => format!("LOG:  checkpoint complete: wrote {b} buffers (5.7%); write=0.0{a} s, distance=4292 kB"),
            _ => format!("DEBUG pool: connections=10 idle={a} waiting=0, connection {id:x} returned after {b} ms"),
        };
        let line = match number % 3 {
            0 => format!(
                "{{\"log\":\"{}\\n\",\"stream\":\"stderr\",\"time\":\"2026-11-21T{h:02}:{m:02}:{s:02}.{nanos:09}Z\"}}\n",
                text.replace('"', "\\\"")
            ),
            1 => format!("2026-11-21T{h:02}:{m:02}:{s:02}.{nanos:09}Z {text}\n"),
            _ => format!("2026-11-21 {h:02}:{m:02}:{s:02} {text}\n"),
        };
        log.extend_from_slice(line.as_bytes());
    }
    log
}
