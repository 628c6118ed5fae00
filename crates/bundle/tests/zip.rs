//! Zip archives that lie, are broken, or are written as a stream.

#![allow(clippy::expect_used, clippy::panic, reason = "helpers outside test functions are test code too")]

mod common;

use bundlescope_bundle::Limits;
use common::{log, open, open_within, tar, zip, zip_with};

/// Where `signature` stands for the `nth` time.
fn find(archive: &[u8], signature: &[u8], nth: usize) -> usize {
    memchr::memmem::find_iter(archive, signature).nth(nth).expect("the record")
}

fn put(archive: &mut [u8], at: usize, bytes: &[u8]) {
    archive[at..at + bytes.len()].copy_from_slice(bytes);
}

const STORED: zip::CompressionMethod = zip::CompressionMethod::Stored;

#[test]
fn sizes_that_lie_are_harmless() {
    // Fields of the directory record: 20 compressed size, 24 size.
    for (field, value) in [(20, u32::MAX - 1), (20, 1), (24, u32::MAX - 1), (24, 1)] {
        for method in [STORED, zip::CompressionMethod::Deflated] {
            let mut archive = zip_with(&[("a", b"first text"), ("b", b"second")], method);
            let record = find(&archive, b"PK\x01\x02", 0);
            put(&mut archive, record + field, &value.to_le_bytes());
            let got = open(&archive);
            assert_eq!(got.paths(), ["a", "b"]);
            assert_eq!(got.content("b"), b"second");
            assert!(b"first text".starts_with(got.content("a")), "{field} {value}");
            assert!(!got.summary.problems.is_empty(), "{field} {value}");
        }
    }
}

#[test]
fn entries_that_share_data_are_read_once() {
    let text = log(100);
    let mut archive = zip(&[("a", &text), ("b", &text), ("c", b"3")]);
    let (first, second) = (find(&archive, b"PK\x01\x02", 0), find(&archive, b"PK\x01\x02", 1));
    let offset = archive[first + 42..first + 46].to_vec();
    put(&mut archive, second + 42, &offset);
    let got = open(&archive);
    // The data of `b` itself is there, and read although the directory points elsewhere.
    assert_eq!(got.paths(), ["a", "b", "c"]);
    assert!(got.has_problem("entries that the directory of the zip archive does not list were read too"));
    assert!(got.has_problem("b (2): shares its data with another entry of `bundle` and was not read again"));
    assert!(!got.summary.complete);
}

/// An entry that reaches into the next one, as overlap bombs do, ends where that starts.
#[test]
fn entries_end_where_the_next_starts() {
    let mut archive = zip_with(&[("a", b"12345"), ("b", b"67890")], STORED);
    let record = find(&archive, b"PK\x01\x02", 0);
    put(&mut archive, record + 20, &20_u32.to_le_bytes());
    put(&mut archive, record + 24, &20_u32.to_le_bytes());
    let got = open(&archive);
    assert_eq!((got.content("a"), got.content("b")), (&b"12345"[..], &b"67890"[..]));
    assert!(got.has_problem("a: is cut off: 15 bytes are missing"), "{:?}", got.problems());
}

#[test]
fn encrypted_entries_are_named() {
    for (flags, method, way) in [(1_u16, 8_u16, "ZipCrypto"), (1, 99, "AES"), (0x41, 8, "strong encryption")] {
        let mut archive = zip(&[("secret", b"text"), ("plain", b"text")]);
        let record = find(&archive, b"PK\x01\x02", 0);
        put(&mut archive, record + 8, &flags.to_le_bytes());
        put(&mut archive, record + 10, &method.to_le_bytes());
        let got = open(&archive);
        assert_eq!(got.paths(), ["plain"]);
        assert_eq!(got.problems(), [format!("secret: is encrypted ({way}) and was not read; ask for it unencrypted")]);
        assert!(!got.summary.complete);
    }
}

#[test]
fn methods_that_are_not_read_are_named() {
    for (method, name) in [(1_u16, "shrink"), (98, "PPMd"), (1234, "method 1234")] {
        let mut archive = zip(&[("a", b"text")]);
        let record = find(&archive, b"PK\x01\x02", 0);
        put(&mut archive, record + 10, &method.to_le_bytes());
        assert_eq!(
            open(&archive).problems(),
            [format!("a: is compressed with {name}, which is not read; repack the archive with deflate")]
        );
    }
}

fn packed_by_7zip(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/fixtures/{name}.zip", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(path).expect("a fixture")
}

/// Each document has its checksum in the archive, and with it the bytes that were packed.
#[test]
fn deflate64_and_lzma_are_read() {
    for name in ["deflate64", "lzma"] {
        let archive = packed_by_7zip(name);
        // By its directory, and from front to back inside another archive.
        for (got, inside) in [(open(&archive), ""), (open(&common::tar(&[("z.zip", &archive)])), "z.zip!/")] {
            assert_eq!(got.content(&format!("{inside}first.txt")), b"first\n", "{name}");
            assert_eq!(got.content(&format!("{inside}logs/app.log")), log(400), "{name}");
            assert_eq!(got.content(&format!("{inside}last.txt")), b"last\n", "{name}");
            assert!(got.summary.complete, "{name}: {:?}", got.problems());
        }
    }
}

#[test]
fn lzma_ends_by_its_size_where_no_marker_is_told() {
    let mut archive = packed_by_7zip("lzma");
    for (signature, flags) in [(b"PK\x03\x04", 6), (b"PK\x01\x02", 8)] {
        for nth in 0..3 {
            let header = find(&archive, signature, nth);
            put(&mut archive, header + flags, &[0, 0]);
        }
    }
    let got = open(&archive);
    assert_eq!(got.content("logs/app.log"), log(400));
    assert!(got.summary.complete, "{:?}", got.problems());
}

#[test]
fn a_dictionary_beyond_the_window_gets_no_memory() {
    let mut archive = packed_by_7zip("lzma");
    let data = find(&archive, b"logs/app.log", 0) + "logs/app.log".len();
    assert_eq!(archive[data + 2..data + 4], [5, 0], "the length of the properties");
    put(&mut archive, data + 5, &0x7fff_ffff_u32.to_le_bytes());
    let got = open(&archive);
    assert_eq!(got.content("last.txt"), b"last\n");
    assert!(got.has_problem("needs more memory than the reader allows"), "{:?}", got.problems());
}

/// Methods beside deflate: the stored data of an entry is a whole stream of that kind.
#[test]
fn other_methods_are_read() {
    let text = log(200);
    for (method, packed) in [(12_u16, common::bz2(&text)), (93, common::zst(&text)), (95, common::xz(&text))] {
        let mut archive = zip_with(&[("a", &packed)], STORED);
        let record = find(&archive, b"PK\x01\x02", 0);
        let mut crc = flate2::Crc::new();
        crc.update(&text);
        put(&mut archive, record + 10, &method.to_le_bytes());
        put(&mut archive, record + 16, &crc.sum().to_le_bytes());
        put(&mut archive, record + 24, &u32::try_from(text.len()).expect("small").to_le_bytes());
        let got = open(&archive);
        assert_eq!(got.content("a"), text, "{method}");
        assert!(got.summary.complete, "{:?}", got.problems());
    }
}

#[test]
fn a_directory_that_is_wrong_is_replaced_by_the_headers() {
    let files: [(&str, &[u8]); 2] = [("a", b"1"), ("b", b"2")];
    // Its second record is damaged.
    let mut archive = zip(&files);
    let record = find(&archive, b"PK\x01\x02", 1);
    archive[record] = b'?';
    let got = open(&archive);
    assert_eq!(got.paths(), ["a", "b"]);
    assert!(got.has_problem("the zip archive says that it has 2 entries, and its directory has 1"));
    // It points nowhere.
    let mut archive = zip(&files);
    for nth in 0..2 {
        let record = find(&archive, b"PK\x01\x02", nth);
        put(&mut archive, record + 42, &1_000_000_u32.to_le_bytes());
    }
    let got = open(&archive);
    assert_eq!(got.paths(), ["a", "b"]);
    assert!(got.has_problem("the directory of the zip archive points to no entry"));
    // One of its records points nowhere.
    let mut archive = zip(&files);
    let record = find(&archive, b"PK\x01\x02", 1);
    put(&mut archive, record + 42, &7_u32.to_le_bytes());
    let got = open(&archive);
    assert_eq!(got.paths(), ["a", "b"]);
    assert!(got.has_problem("expected the data of entry `b` at byte 7 and found none"));
    assert!(!got.summary.complete);
}

#[test]
fn the_directory_wins_over_the_headers() {
    let mut archive = zip(&[("good", b"1")]);
    let header = find(&archive, b"good", 0);
    put(&mut archive, header, b"evil");
    let got = open(&archive);
    assert_eq!(got.paths(), ["good"]);
    assert_eq!(
        got.problems(),
        ["bundle: entries have two names, and that of the directory was used: `good` and `evil`"]
    );
    let mut archive = zip(&[("good", b"1")]);
    put(&mut archive, 14, b"\x01\x02\x03\x04");
    let got = open(&archive);
    assert!(got.has_problem("another size or checksum than the directory") && got.summary.complete);
}

#[test]
fn bytes_around_the_archive_are_said() {
    let archive = zip(&[("a", b"1"), ("b", b"2")]);
    let got = open(&[b"#!/bin/sh\nself extracting\n", archive.as_slice()].concat());
    assert_eq!(got.paths(), ["a", "b"]);
    assert_eq!(got.problems(), ["bundle: bytes before the zip archive were left out: 26 bytes"]);
    let got = open(&[archive.as_slice(), b"trailing"].concat());
    assert_eq!(got.paths(), ["a", "b"]);
    assert_eq!(got.problems(), ["bundle: bytes follow behind the end of the zip archive, or its comment is cut"]);
    assert!(got.summary.complete);
    let got = open(&archive[8..]);
    assert_eq!(got.paths(), ["b"]);
    assert!(got.has_problem("8 bytes are missing at the start of the zip archive"));
}

#[test]
fn links_in_zip_are_data() {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    writer.add_symlink("link", "../../etc/passwd", zip::write::SimpleFileOptions::default()).expect("a link");
    let got = open(&writer.finish().expect("an archive").into_inner());
    assert_eq!(got.links, [("link".to_owned(), "../../etc/passwd".to_owned())]);
    assert_eq!(got.documents, []);
}

/// As written to a pipe: sizes and checksums behind the data.
fn streamed(files: &[(&str, &[u8])], method: zip::CompressionMethod) -> Vec<u8> {
    use std::io::Write as _;
    let mut writer = zip::ZipWriter::new_stream(Vec::new());
    for (name, content) in files {
        writer
            .start_file(*name, zip::write::SimpleFileOptions::default().compression_method(method))
            .expect("an entry");
        writer.write_all(content).expect("memory");
    }
    writer.finish().expect("an archive").into_inner()
}

#[test]
fn streamed_archives_are_read_with_and_without_their_directory() {
    let text = log(300);
    // Data that holds the signature of a descriptor.
    let tricky = [&text[..1000], b"PK\x07\x08 is no end", &text[..500]].concat();
    let files: [(&str, &[u8]); 4] = [("a.log", &text), ("tricky", &tricky), ("empty", b""), ("last", b"end")];
    for method in [STORED, zip::CompressionMethod::Deflated] {
        let archive = streamed(&files, method);
        let directory = find(&archive, b"PK\x01\x02", 0);
        for (bytes, complete) in [(&archive[..], true), (&archive[..directory], false)] {
            let got = open(bytes);
            assert_eq!(got.documents, files.map(|(name, content)| (name.to_owned(), content.to_vec())), "{method}");
            assert_eq!(got.summary.complete, complete, "{method}: {:?}", got.problems());
            assert_eq!(got.summary.problems.len(), usize::from(!complete), "{method}: {:?}", got.problems());
        }
    }
}

/// A nested archive that is too large to be held in memory is read along its headers.
#[test]
fn large_nested_archives_are_streamed() {
    let large: Vec<u8> = log(60_000).iter().enumerate().map(|(place, byte)| byte ^ (place as u8)).collect();
    let files: Vec<(String, &[u8])> = (0..8).map(|number| (format!("{number}.log"), large.as_slice())).collect();
    let files: Vec<(&str, &[u8])> = files.iter().map(|(name, content)| (name.as_str(), *content)).collect();
    let inner = zip_with(&files, STORED);
    assert!(inner.len() > 26 << 20, "{}", inner.len());
    let got = open(&tar(&[("inner.zip", &inner), ("after", b"1")]));
    assert_eq!(got.documents.len(), 9);
    assert_eq!(got.content("inner.zip!/7.log"), large);
    assert!(got.has_problem("too large to hold and was read without its directory") && got.summary.complete);
    let got = open(&tar(&[("inner.zip", &inner[..inner.len() - 5_000_000]), ("after", b"1")]));
    assert_eq!(got.content("after"), b"1");
    assert!(got.has_problem("inner.zip!/6.log: is cut off") && !got.summary.complete);
}

/// Each is named or counted, and the others are read.
#[test]
fn many_records_that_point_nowhere_cost_nothing_else() {
    let names: Vec<String> = (0..400).map(|number| format!("{number:03}")).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b"text"[..])).collect();
    let mut archive = zip(&files);
    for nth in 50..350 {
        let record = find(&archive, b"PK\x01\x02", nth);
        put(&mut archive, record + 42, &(5_000_000 + nth as u32).to_le_bytes());
    }
    let got = open(&archive);
    // All are found behind the entry before them.
    assert_eq!(got.documents.len(), 400);
    assert!(got.documents.iter().all(|(_, content)| content == b"text"));
    assert_eq!(got.summary.problems.len(), 102);
    assert!(got.has_problem("bundle: 200 more entries were not found"));
}

/// Removed from the directory, or never in it: two readers would see two archives.
#[test]
fn entries_that_the_directory_does_not_list_are_read() {
    let archive = zip(&[("first", b"1"), ("middle", b"2"), ("last", b"3")]);
    for hidden in 0..3 {
        let (start, directory) = (find(&archive, b"PK\x01\x02", hidden), find(&archive, b"PK\x01\x02", 0));
        let end =
            if hidden == 2 { find(&archive, b"PK\x05\x06", 0) } else { find(&archive, b"PK\x01\x02", hidden + 1) };
        let mut bytes = [&archive[..start], &archive[end..]].concat();
        let record = find(&bytes, b"PK\x05\x06", 0);
        put(&mut bytes, record + 8, &2_u16.to_le_bytes());
        put(&mut bytes, record + 10, &2_u16.to_le_bytes());
        put(&mut bytes, record + 12, &((record - directory) as u32).to_le_bytes());
        let got = open(&bytes);
        let mut paths = got.paths();
        paths.sort_unstable();
        assert_eq!(paths, ["first", "last", "middle"], "{hidden}: {:?}", got.problems());
        assert_eq!(
            got.problems(),
            ["bundle: entries that the directory of the zip archive does not list were read too"],
            "{hidden}"
        );
    }
}

/// Two archives joined into one file: the directory at the end is that of the second one.
#[test]
fn zip_archives_that_follow_each_other_are_all_read() {
    let got = open(&[zip(&[("a", b"1"), ("b", b"2")]), zip(&[("b", b"3")])].concat());
    assert_eq!((got.content("a"), got.content("b"), got.content("b (2)")), (&b"1"[..], &b"2"[..], &b"3"[..]));
    assert!(got.has_problem("another zip archive stands before this one, and was read along its headers"));
}

/// `zip out.zip -` marks what it packs from a pipe as a pipe.
#[test]
fn what_was_packed_from_a_pipe_is_read() {
    let mut archive = zip(&[("-", b"text"), ("pipe", b"")]);
    for nth in 0..2 {
        let record = find(&archive, b"PK\x01\x02", nth);
        put(&mut archive, record + 5, &[3]);
        put(&mut archive, record + 38, &(0o010_600_u32 << 16).to_le_bytes());
    }
    // An entry without any data is a pipe.
    let (record, local) = (find(&archive, b"PK\x01\x02", 1), find(&archive, b"PK\x03\x04", 1));
    put(&mut archive, record + 10, &0_u16.to_le_bytes());
    put(&mut archive, record + 20, &0_u32.to_le_bytes());
    put(&mut archive, local + 8, &0_u16.to_le_bytes());
    put(&mut archive, local + 18, &0_u32.to_le_bytes());
    let got = open(&archive);
    assert_eq!(got.documents, [("-".to_owned(), b"text".to_vec())]);
    assert!(got.has_problem("devices and pipes have no content to read: `pipe`"), "{:?}", got.problems());
}

/// The target of a link is a path and no document.
#[test]
fn targets_of_links_are_bounded() {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    writer.add_symlink("link", "x/".repeat(5000), zip::write::SimpleFileOptions::default()).expect("a link");
    let got = open(&writer.finish().expect("an archive").into_inner());
    assert_eq!(got.links[0].1.len(), 4096);
}

/// The limits hold along the local headers as well.
#[test]
fn entries_are_counted_without_a_directory() {
    let archive = zip(&[("a", b"1"), ("b", b"2"), ("c", b"3")]);
    let directory = find(&archive, b"PK\x01\x02", 0);
    let got = open_within(&archive[..directory], &Limits { entries: 2, ..Limits::default() }).expect("a bundle");
    assert_eq!((got.paths(), got.limits()), (vec!["a", "b"], vec!["entries"]));
}
