//! Each limit: it is hit where it should be and named, and what is before it is read.

#![allow(clippy::expect_used, clippy::panic, reason = "helpers outside test functions are test code too")]

mod common;

use std::time::{Duration, Instant};

use bundlescope_bundle::Limits;
use common::{
    COMPRESSIONS, bz2, gz, log, open, open_within, pax, tar, tar_extension, tar_file, tar_of, xz, zip, zip_with, zst,
};

fn limits() -> Limits {
    Limits::default()
}

#[test]
fn total_bytes_end_the_reading() {
    let archive = tar(&[("a", &[b'a'; 600]), ("b", &[b'b'; 600]), ("c", b"c")]);
    for (total, read, complete) in [(1201, 1201, true), (1200, 1200, false), (1000, 1000, false), (0, 0, false)] {
        let got = open_within(&archive, &Limits { total_bytes: total, ..limits() }).expect("a bundle");
        assert_eq!(got.summary.bytes, read, "{total}");
        assert_eq!(got.summary.complete, complete, "{total}");
        assert_eq!(got.limits(), if complete { vec![] } else { vec!["total_bytes"] }, "{total}");
        assert_eq!(got.problems(), [""; 0]);
    }
}

/// What never becomes a document costs as well: here data of a folder listing, unpacked twice.
#[test]
fn total_bytes_count_what_is_unpacked_and_skipped() {
    let skipped = common::tar_entry(b"dump", b'D', b"", b"00000100000", &[0; 32 << 10]);
    let archive = gz(&tar_of(&[skipped.clone(), skipped, tar_file(b"a", b"1")]));
    let got = open_within(&archive, &Limits { total_bytes: 40 << 10, ..limits() }).expect("a bundle");
    assert_eq!((got.paths(), got.limits()), (vec![], vec!["total_bytes"]));
    assert!(open(&archive).summary.complete);
    // Exactly as many bytes as are allowed are no hit.
    let plain = tar(&[("a", b"1")]);
    for (less, hit) in [(0, vec![]), (1, vec!["total_bytes"])] {
        let total_bytes = plain.len() as u64 - less;
        let got = open_within(&gz(&plain), &Limits { total_bytes, ..limits() }).expect("a bundle");
        assert_eq!(got.limits(), hit);
    }
}

#[test]
fn document_bytes_cut_one_document() {
    let files: [(&str, &[u8]); 3] = [("exact", &[b'a'; 100]), ("over", &[b'b'; 101]), ("last", b"c")];
    for archive in [tar(&files), gz(&tar(&files)), zip(&files)] {
        let got = open_within(&archive, &Limits { document_bytes: 100, ..limits() }).expect("a bundle");
        let sizes: Vec<usize> = got.documents.iter().map(|(_, content)| content.len()).collect();
        assert_eq!(sizes, [100, 100, 1]);
        assert_eq!(got.limits(), ["document_bytes"]);
        assert_eq!(&*got.summary.limits[0].document, "over");
        assert_eq!(got.summary.limits[0].message, "the document was read to byte 100 only");
        assert!(!got.summary.complete);
    }
}

#[test]
fn entries_count_whatever_their_type() {
    let folder = common::tar_entry(b"folder/", b'5', b"", b"00000000000", b"");
    let link = common::tar_entry(b"link", b'2', b"a", b"00000000000", b"");
    let archive = tar_of(&[folder, link, tar_file(b"a", b"1"), tar_file(b"b", b"2")]);
    for (entries, paths) in [(4, vec!["a", "b"]), (3, vec!["a"]), (2, vec![])] {
        let got = open_within(&archive, &Limits { entries, ..limits() }).expect("a bundle");
        assert_eq!(got.paths(), paths);
        assert_eq!(got.limits(), if entries == 4 { vec![] } else { vec!["entries"] });
        assert_eq!(got.summary.complete, entries == 4);
    }
    let got = open_within(&zip(&[("a", b"1"), ("b", b"2")]), &Limits { entries: 1, ..limits() }).expect("a bundle");
    assert_eq!(got.limits(), ["entries"]);
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["a", "b", "c"] {
        std::fs::write(folder.path().join(name), name).expect("a file");
    }
    let got = common::open_path(folder.path(), &Limits { entries: 2, ..limits() }).expect("a bundle");
    assert_eq!((got.paths(), got.limits()), (vec!["a", "b"], vec!["entries"]));
}

/// Makes an archive of files.
type Pack = fn(&[(&str, &[u8])]) -> Vec<u8>;

/// `levels` archives inside each other, each with a text beside the next one.
fn nest(levels: usize, pack: Pack) -> Vec<u8> {
    (0..levels).fold(pack(&[("end", b"end")]), |inner, _| pack(&[("text", b"text"), ("in", &inner)]))
}

#[test]
fn depth_counts_archives_inside_archives() {
    let packs: [Pack; 3] = [tar, zip, |files| gz(&tar(files))];
    for pack in packs {
        let archive = nest(4, pack);
        for depth in 0..=4 {
            let got = open_within(&archive, &Limits { depth, ..limits() }).expect("a bundle");
            let read = if depth == 4 { 5 } else { depth as usize + 1 };
            assert_eq!(got.documents.len(), read, "{depth}");
            assert_eq!(got.limits(), if depth == 4 { vec![] } else { vec!["depth"] }, "{depth}");
            assert_eq!(got.summary.complete, depth == 4, "{depth}");
        }
    }
    let got = open(&nest(4, tar));
    assert_eq!(&*got.summary.limits[0].document, "in!/in!/in!/in");
    assert_eq!(got.summary.limits[0].message, "an archive inside 3 others was not opened");
}

#[test]
fn depth_counts_compressions_of_compressions() {
    let packed = |times: usize| (0..times).fold(b"text".to_vec(), |inner, _| gz(&inner));
    // The bundle itself may be compressed, and three more lie within the limit.
    assert_eq!(open(&packed(4)).content("bundle"), b"text");
    assert_eq!(open(&packed(5)).limits(), ["depth"]);
    assert_eq!(open(&tar(&[("a", &packed(3))])).content("a"), b"text");
    assert_eq!(open(&tar(&[("a", &packed(4))])).limits(), ["depth"]);
}

/// The depth that a caller may ask for is bounded, because each level takes stack.
#[test]
fn depth_is_bounded_itself() {
    let got = open_within(&nest(40, tar), &Limits { depth: u32::MAX, ..limits() }).expect("a bundle");
    assert_eq!(got.limits(), ["depth"]);
    assert_eq!(got.documents.len(), Limits::MAX_DEPTH as usize + 1);
}

#[test]
fn header_bytes_bound_extension_headers() {
    let comment = pax("comment", &"x".repeat(5000));
    let long = vec![b'n'; 5000];
    for extension in [
        tar_extension(b'x', comment.as_bytes()),
        tar_extension(b'g', comment.as_bytes()),
        tar_extension(b'L', &long),
        tar_extension(b'K', &long),
    ] {
        let archive = tar_of(&[extension, tar_file(b"a", b"1"), tar_file(b"b", b"2")]);
        let got = open_within(&archive, &Limits { header_bytes: 4096, ..limits() }).expect("a bundle");
        assert_eq!(got.paths(), ["a", "b"]);
        assert_eq!(got.limits(), ["header_bytes"]);
        assert!(!got.summary.complete);
        assert!(open(&archive).summary.complete);
    }
}

#[test]
fn a_huge_extension_header_costs_no_memory() {
    // 64 MiB from 65 KB, and one that claims a tebibyte.
    let huge = gz(&tar_of(&[tar_extension(b'x', &vec![b'a'; 64 << 20]), tar_file(b"a", b"1")]));
    let got = open(&huge);
    assert_eq!((got.paths(), got.limits()), (vec!["a"], vec!["header_bytes"]));
    let mut size = [0_u8; 12];
    size[0] = 0x80;
    size[6] = 1;
    let got = open(&common::tar_entry(b"claims", b'L', b"", &size, b""));
    assert_eq!(got.limits(), ["header_bytes"]);
}

#[test]
fn the_ratio_stops_bombs() {
    let zeros = vec![0; 64 << 20];
    let bombs = [
        ("gz", gz(&zeros)),
        ("bz2", bz2(&zeros)),
        ("xz", xz(&zeros)),
        ("zst", zst(&zeros)),
        ("zip", zip(&[("zeros", &zeros)])),
    ];
    for (name, bomb) in bombs {
        // Many members make a bomb of any size.
        let bomb = match name {
            // Alone it is counted against the size of the file.
            "zip" => zip_with(
                &[("1", &bomb), ("2", &bomb), ("3", &bomb), ("4", &bomb), ("5", &bomb)],
                zip::CompressionMethod::Stored,
            ),
            _ => bomb.repeat(5),
        };
        let got = drop_contents(&bomb, &limits());
        assert_eq!(got.limits.iter().map(|hit| hit.limit).collect::<Vec<_>>(), ["ratio"], "{name}");
        assert!(!got.complete && got.bytes < Limits::RATIO_FLOOR + (1 << 20), "{name}");
        let got = drop_contents(&bomb, &Limits { ratio: 1_000_000, ..limits() });
        assert!(got.complete, "{name}: {got:?}");
    }
}

/// Reads and keeps nothing.
fn drop_contents(bytes: &[u8], limits: &Limits) -> bundlescope_bundle::Summary {
    struct Drop;
    impl bundlescope_bundle::Sink for Drop {
        fn document(&mut self, _: &bundlescope_bundle::Entry, content: &mut dyn std::io::Read) {
            let mut chunk = vec![0; 256 << 10];
            while content.read(&mut chunk).is_ok_and(|read| read > 0) {}
        }
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("bundle");
    std::fs::write(&path, bytes).expect("a file");
    bundlescope_bundle::read(&bundlescope_bundle::Input::Path(path), limits, &mut Drop).expect("a bundle")
}

#[test]
fn time_ends_the_reading() {
    let files: Vec<(String, Vec<u8>)> = (0..200).map(|number| (format!("{number}.log"), log(100))).collect();
    let files: Vec<(&str, &[u8])> = files.iter().map(|(name, content)| (name.as_str(), content.as_slice())).collect();
    for archive in [tar(&files), zip(&files), gz(&log(100)).repeat(100)] {
        let got = open_within(&archive, &Limits { time: Some(Duration::ZERO), ..limits() }).expect("a bundle");
        assert_eq!((got.documents.len(), got.limits()), (0, vec!["time"]));
        assert!(!got.summary.complete);
    }
    assert!(
        open_within(&tar(&files), &Limits { time: Some(Duration::from_secs(600)), ..limits() })
            .expect("a bundle")
            .summary
            .complete
    );
}

/// An xz stream with a window of 48 MiB.
fn wide(bytes: &[u8]) -> Vec<u8> {
    let mut options = lzma_rust2::XzOptions::with_preset(1);
    options.lzma_options.dict_size = 48 << 20;
    let mut encoder = lzma_rust2::XzWriter::new(Vec::new(), options).expect("options");
    std::io::Write::write_all(&mut encoder, bytes).expect("memory");
    encoder.finish().expect("memory")
}

/// A window is memory. What is inside another large window gets little of it.
#[test]
fn windows_inside_windows_are_bounded() {
    let inner = wide(b"text");
    assert_eq!(open(&inner).content("bundle"), b"text");
    assert_eq!(open(&gz(&tar(&[("a.xz", &inner)]))).content("a.xz"), b"text");
    let got = open(&wide(&tar(&[("a.xz", &inner), ("b", b"2")])));
    assert_eq!(got.content("b"), b"2");
    assert!(got.has_problem("a.xz: xz data needs more memory than the reader allows"), "{:?}", got.problems());
    assert!(!got.summary.complete);
    // What xz uses by default has room everywhere.
    assert_eq!(open(&common::xz_with(6, &tar(&[("a.xz", &common::xz_with(6, b"text"))]))).content("a.xz"), b"text");
    // A zstd frame says how large its window is: here 128 MiB, with one raw block of a byte.
    let large = b"\x28\xb5\x2f\xfd\x00\x88\x09\x00\x00a";
    let got = open(&tar(&[("a.zst", large), ("b", b"2")]));
    assert!(got.has_problem("a.zst: zstd data needs more memory than the reader allows"), "{:?}", got.problems());
    let small = b"\x28\xb5\x2f\xfd\x00\x50\x09\x00\x00a";
    assert_eq!(open(&tar(&[("a.zst", small)])).content("a.zst"), b"a");
}

/// A decoder gives its window back: the files of a bundle may each have a large one, as long as they follow each other.
#[test]
fn windows_that_follow_each_other_are_not_inside_each_other() {
    let text = log(20);
    let large = wide(&text);
    let got = open(&tar(&[("a.log.xz", &large), ("b.log.xz", &large), ("c.log.xz", &large)]));
    for path in ["a.log.xz", "b.log.xz", "c.log.xz"] {
        assert_eq!(got.content(path), text, "{path}: {:?}", got.problems());
    }
    assert!(got.summary.complete);
}

#[test]
fn many_problems_are_counted_and_not_kept() {
    let broken = gz(b"text");
    let broken = &broken[..broken.len() - 1];
    let names: Vec<String> = (0..1500).map(|number| format!("{number}.gz")).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), broken)).collect();
    let got = open(&tar(&files));
    assert_eq!(got.summary.problems.len(), 1001);
    assert_eq!(got.problems()[1000], "bundle: 500 more problems of this kind");
    let deep = nest(1, tar);
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), deep.as_slice())).collect();
    let got = open_within(&tar(&files), &Limits { depth: 0, ..limits() }).expect("a bundle");
    assert_eq!(got.summary.limits.len(), 1001);
    assert_eq!(got.summary.limits[1000].message, "500 more limits hit");
}

/// Many empty entries, many equal names, many folders: linear.
#[test]
fn many_small_entries_take_little_time() {
    let entry = tar_file(b"same/name", b"");
    let mut archive = entry.repeat(100_000);
    archive.extend_from_slice(&[0; 1024]);
    let start = Instant::now();
    let got = open(&gz(&archive));
    assert_eq!(got.documents.len(), 100_000);
    assert_eq!(got.documents[99_999].0, "same/name (100000)");
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
}

#[test]
fn empty_members_without_end_take_little_time() {
    for (name, compress) in &COMPRESSIONS[1..] {
        let bytes = compress(b"").repeat(20_000);
        let start = Instant::now();
        assert_eq!(open(&bytes).content("bundle"), b"", "{name}");
        assert!(start.elapsed() < Duration::from_secs(60), "{name}: {:?}", start.elapsed());
    }
}
