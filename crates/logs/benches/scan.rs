//! How fast logs are scanned, beside what bounds it: counting line ends, one automaton, inflating.
//!
//! `cargo bench -p bundlescope-logs`. All benches read the same generated log, so their throughputs are ratios:
//! `signatures/1000` against `signatures/10`, both against `automaton` and `inflate`. `BENCH_MB` sets the size (200).
#![allow(clippy::expect_used, reason = "a bench may panic")]

#[path = "../tests/common/mod.rs"]
mod common;

use std::io::Read;
use std::sync::LazyLock;

use bundlescope_logs::{Pattern, Scanner, Signature, SignatureSet};
use divan::counter::BytesCount;
use divan::{Bencher, black_box};

/// Pieces as an archive reader hands them on.
const PIECE: usize = 64 << 10;

fn main() {
    divan::main();
}

/// Lines of web servers, applications, databases and the Docker daemon; one in 20,000 is a failure to connect.
static LOG: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let megabytes: usize = std::env::var("BENCH_MB").ok().and_then(|value| value.parse().ok()).unwrap_or(200);
    let mut log = Vec::with_capacity((megabytes << 20) + 1024);
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    let mut n = 0u64;
    while log.len() < megabytes << 20 {
        n += 1;
        let (h, m, s, ms) = (n / 3_600_000 % 24, n / 60_000 % 60, n / 1000 % 60, n % 1000);
        let stamp = format!("2026-11-21T{h:02}:{m:02}:{s:02}.{ms:03}Z");
        let (a, b, id) = (random(256), random(256), random(1 << 40));
        let line = match random(20_000) {
            0 => format!(
                "{stamp} level=error msg=\"failed to reach cache\" err=\"dial tcp 10.0.{a}.7:6379: connect: connection refused\"\n"
            ),
            1..4000 => format!(
                "10.1.{a}.{b} - - [21/Nov/2026:{h:02}:{m:02}:{s:02} +0000] \"GET /v1/orders/{id:x}?page={a} HTTP/1.1\" 200 {b}87 \"-\" \"Mozilla/5.0 (X11; Linux x86_64)\"\n"
            ),
            4000..9000 => format!(
                "{stamp} INFO  [http-nio-8080-exec-{a}] c.e.orders.OrderService : order {id:x} accepted for customer {b}, 3 items, total 41.{a} EUR\n"
            ),
            9000..13000 => format!(
                "{{\"ts\":\"{stamp}\",\"level\":\"info\",\"logger\":\"api.http\",\"msg\":\"request finished\",\"path\":\"/v1/users/{id:x}\",\"status\":200,\"ms\":{a}}}\n"
            ),
            13000..16000 => format!(
                "{stamp} LOG:  checkpoint complete: wrote {b} buffers (5.7%); 0 WAL file(s) added, write=0.0{a} s, sync=0.001 s, distance=4292 kB\n"
            ),
            16000..19000 => format!(
                "time=\"{stamp}\" level=info msg=\"loading plugin\" id=io.containerd.snapshotter.v1.{id:x} type=io.containerd.snapshotter.v1\n"
            ),
            _ => format!(
                "{stamp} DEBUG pool: connections=10 idle={a} waiting=0, connection {id:x} returned after {b} ms\n"
            ),
        };
        log.extend_from_slice(line.as_bytes());
    }
    log
});

/// The pack's signatures, filled up with generated ones whose words are those of log messages.
fn signatures(count: usize) -> SignatureSet {
    let mut all: Vec<Signature> = common::pack()
        .into_iter()
        .flat_map(|file| {
            file.signature
                .patterns
                .clone()
                .into_iter()
                .map(move |pattern| Signature { patterns: vec![pattern], ..file.signature.clone() })
        })
        .collect();
    const WORDS: [&str; 12] = [
        "worker", "session", "replica", "lease", "shard", "volume", "snapshot", "token", "index", "tenant", "leader",
        "journal",
    ];
    const FAILURES: [&str; 10] = [
        "could not be renewed",
        "was lost by its owner",
        "is not available any more",
        "failed to synchronise",
        "rejected by peer",
        "exceeded its deadline",
        "has an invalid checksum",
        "cannot be allocated",
        "is out of range",
        "was cancelled by the operator",
    ];
    let mut n = 0;
    while all.len() < count {
        let (word, failure) = (WORDS[n % 12], FAILURES[n / 12 % 10]);
        let pattern = Pattern {
            regex: format!(r"{word} (?<id>\w+) {failure} \(code {n}\)").as_str().into(),
            ..Pattern::default()
        };
        all.push(Signature {
            id: format!("generated-{n}").as_str().into(),
            event: "generated".into(),
            patterns: vec![pattern],
            ..Signature::default()
        });
        n += 1;
    }
    // A tenth of a small set is the pack's too.
    let step = (all.len() / count).max(1);
    let chosen = all.into_iter().step_by(step).take(count).collect();
    SignatureSet::compile(chosen).expect("the signatures compile")
}

#[divan::bench(args = [10, 100, 1000], sample_count = 20, sample_size = 1)]
fn signature_count(bencher: Bencher, count: usize) {
    let set = signatures(count);
    bencher.counter(BytesCount::of_slice(&*LOG)).bench(|| scan(&set));
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn pack(bencher: Bencher) {
    let set = common::set();
    bencher.counter(BytesCount::of_slice(&*LOG)).bench(|| scan(&set));
}

fn scan(set: &SignatureSet) -> usize {
    let mut scanner = Scanner::new(set, "bench.log".into(), None);
    for piece in LOG.chunks(PIECE) {
        scanner.feed(piece);
    }
    black_box(scanner.finish()).events.len()
}

/// What no scanner can do without.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn line_ends(bencher: Bencher) {
    bencher.counter(BytesCount::of_slice(&*LOG)).bench(|| memchr::memchr_iter(b'\n', black_box(&LOG)).count());
}

/// One DFA over a thousand literals and nothing else.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn automaton(bencher: Bencher) {
    let literals: Vec<String> = (0..1000).map(|n| format!("failure number {n} of the subsystem")).collect();
    let automaton = aho_corasick::AhoCorasick::builder()
        .kind(Some(aho_corasick::AhoCorasickKind::DFA))
        .ascii_case_insensitive(true)
        .build(&literals)
        .expect("a thousand literals fit");
    bencher.counter(BytesCount::of_slice(&*LOG)).bench(|| automaton.find_iter(&**black_box(&LOG)).count());
}

/// Unpacking the same log from gzip.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn inflate(bencher: Bencher) {
    let mut packed = flate2::read::GzEncoder::new(&LOG[..], flate2::Compression::new(6));
    let mut bytes = Vec::new();
    packed.read_to_end(&mut bytes).expect("packed in memory");
    let mut piece = vec![0; PIECE];
    bencher.counter(BytesCount::of_slice(&*LOG)).bench_local(|| {
        let mut reader = flate2::read::GzDecoder::new(&bytes[..]);
        let mut total = 0;
        while let Ok(read @ 1..) = reader.read(&mut piece) {
            total += read;
        }
        total
    });
}

/// The worst that an honest log does: every line is a failure.
#[divan::bench(sample_count = 3, sample_size = 1)]
fn every_line_fails(bencher: Bencher) {
    let set = common::set();
    let line = b"2026-11-21T01:36:02.123Z level=error msg=\"failed to reach cache\" err=\"dial tcp 10.0.0.7:6379: connect: connection refused\"\n";
    let log = line.repeat((8 << 20) / line.len());
    bencher.counter(BytesCount::of_slice(&log)).bench(|| {
        let mut scanner = Scanner::new(&set, "bench.log".into(), None);
        scanner.feed(black_box(&log));
        scanner.finish().events.len()
    });
}
