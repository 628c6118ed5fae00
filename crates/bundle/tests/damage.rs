//! Broken bundles: everything that is there is read, and what is wrong is said.

#![allow(clippy::expect_used, clippy::panic, reason = "helpers outside test functions are test code too")]

mod common;

use std::io::Read;

use bundlescope_bundle::{Limits, OpenError};
use common::{
    COMPRESSIONS, Maker, bz2, gz, log, open, open_within, tar, tar_entry, tar_file, tar_of, xz, zip, zip_with, zst,
};

/// Three documents, the second of which is long.
fn files() -> Vec<(&'static str, Vec<u8>)> {
    vec![("first.txt", b"first\n".to_vec()), ("logs/app.log", log(400)), ("last.txt", b"last\n".to_vec())]
}

fn archive_of(make: impl Fn(&[(&str, &[u8])]) -> Vec<u8>) -> Vec<u8> {
    let files = files();
    let files: Vec<(&str, &[u8])> = files.iter().map(|(name, content)| (*name, content.as_slice())).collect();
    make(&files)
}

/// Cuts `archive` at every byte in `step`s: what is read is the beginning of what was there, never less than a shorter cut
/// gave, and never complete before all content is there.
fn cut_everywhere(name: &str, archive: &[u8], step: usize) {
    cut_of(name, archive, step, &files());
}

fn cut_of(name: &str, archive: &[u8], step: usize, files: &[(&str, Vec<u8>)]) {
    let mut most = 0;
    // The first bytes alone may be anything, a text too.
    for length in (16..archive.len()).step_by(step) {
        let got = match open_within(&archive[..length], &Limits::default()) {
            Ok(got) => got,
            // A few bytes are no archive yet.
            Err(error) => {
                assert!(length < 512, "{name} cut at {length}: {error}");
                continue;
            }
        };
        let mut bytes = 0;
        let mut all = got.documents.len() == files.len();
        for ((path, content), (real_path, real)) in got.documents.iter().zip(files) {
            // A compressed file that is cut in the first header is no tar yet.
            if path == "bundle" {
                continue;
            }
            assert_eq!(path, real_path, "{name} cut at {length}");
            assert!(real.starts_with(content), "{name} cut at {length}: {path} has other bytes");
            all &= content == real;
            bytes += content.len();
        }
        assert!(bytes >= most, "{name} cut at {length} yields {bytes} bytes, a shorter cut {most}");
        most = bytes;
        assert!(all || !got.summary.complete, "{name} cut at {length} calls itself complete");
        assert!(got.summary.complete || !got.summary.problems.is_empty(), "{name} cut at {length} says nothing");
    }
    let total: usize = files.iter().map(|(_, content)| content.len()).sum();
    assert_eq!(most, total, "{name}: the last cut has all content");
}

#[test]
fn a_tar_that_is_cut_anywhere_yields_what_is_before() {
    for (name, compress) in COMPRESSIONS {
        let archive = compress(&archive_of(tar));
        cut_everywhere(name, &archive, if name == "plain" { 37 } else { 5 });
    }
}

#[test]
fn a_zip_that_is_cut_anywhere_yields_what_is_before() {
    cut_everywhere("deflated zip", &archive_of(zip), 5);
    for name in ["deflate64", "lzma"] {
        let path = format!("{}/tests/fixtures/{name}.zip", env!("CARGO_MANIFEST_DIR"));
        let mut sorted = files();
        sorted.sort();
        cut_of(name, &std::fs::read(path).expect(name), 5, &sorted);
    }
    cut_everywhere("stored zip", &archive_of(|files| zip_with(files, zip::CompressionMethod::Stored)), 41);
}

#[test]
fn a_cut_in_the_middle_yields_a_good_part() {
    let text = log(12_000);
    for (name, compress) in &COMPRESSIONS[1..] {
        let archive = compress(&tar(&[("app.log", &text)]));
        let got = open(&archive[..archive.len() / 2]);
        let there = got.content("app.log").len();
        assert!(there * 3 > text.len(), "{name}: {there} of {} bytes", text.len());
        assert!(got.has_problem("is cut off"), "{name}: {:?}", got.problems());
    }
}

#[test]
fn a_wrong_checksum_is_said_and_costs_nothing() {
    let text = log(50);
    let archive = tar(&[("app.log", &text)]);
    let mut packed = gz(&archive);
    let crc = packed.len() - 8;
    packed[crc] ^= 1;
    let got = open(&packed);
    assert_eq!(got.content("app.log"), text);
    assert_eq!(
        got.problems(),
        [format!("bundle: gzip data does not match its checksum (CRC-32) behind {} unpacked bytes", archive.len())]
    );
    assert!(!got.summary.complete);

    let mut packed = gz(&archive);
    let length = packed.len() - 1;
    packed[length] ^= 1;
    assert!(open(&packed).has_problem("does not have the length it says"));

    let mut packed = zip_with(&[("app.log", &text)], zip::CompressionMethod::Stored);
    packed[30 + "app.log".len() + 5] ^= 1;
    let got = open(&packed);
    assert_eq!(got.content("app.log").len(), text.len());
    assert_eq!(got.problems(), ["app.log: does not match its checksum (CRC-32)"]);
}

#[test]
fn a_missing_gzip_trailer_is_said_and_costs_nothing() {
    let text = log(50);
    let packed = gz(&tar(&[("app.log", &text)]));
    for missing in 1..=8 {
        let got = open(&packed[..packed.len() - missing]);
        assert_eq!(got.content("app.log"), text);
        assert!(got.has_problem("ends without its checksum"), "{:?}", got.problems());
        assert!(!got.summary.complete);
    }
}

#[test]
fn damage_in_the_data_keeps_what_is_before_it() {
    let text = log(9000);
    for (name, compress) in &COMPRESSIONS[1..] {
        let mut packed = compress(&tar(&[("app.log", &text)]));
        let middle = packed.len() / 2;
        for byte in &mut packed[middle..middle + 64] {
            *byte = 0xff;
        }
        let got = open(&packed);
        let content = got.content("app.log");
        assert!(content.len() > 50_000, "{name}: {}", content.len());
        assert!(text.starts_with(&content[..50_000]), "{name}");
        assert!(!got.summary.complete, "{name}");
    }
}

#[test]
fn members_that_follow_each_other_are_one_stream() {
    let (first, second) = (log(30), log(60));
    for (name, compress) in &COMPRESSIONS[1..] {
        let mut packed = compress(&first);
        packed.extend(compress(b""));
        packed.extend(compress(&second));
        let got = open(&packed);
        assert_eq!(got.content("bundle"), [first.clone(), second.clone()].concat(), "{name}");
        assert!(got.summary.complete, "{name}: {:?}", got.problems());
    }
}

#[test]
fn garbage_behind_compressed_data_is_left_out_and_said() {
    let text = log(30);
    for (name, compress) in &COMPRESSIONS[1..] {
        let mut packed = compress(&text);
        packed.extend_from_slice(&[0; 12]);
        assert_eq!(open(&packed).problems(), [""; 0], "{name}: zeros are padding");
        packed.extend_from_slice(b"garbage");
        let got = open(&packed);
        assert_eq!(got.content("bundle"), text, "{name}");
        assert_eq!(
            got.problems(),
            ["bundle: bytes behind the end of the compressed data were left out: 7 bytes"],
            "{name}"
        );
        assert!(got.summary.complete, "{name}");
    }
}

#[test]
fn tar_archives_that_follow_each_other_are_all_read() {
    let archive = [tar(&[("a", b"1")]), tar(&[("b", b"2")]), tar(&[("a", b"3")])].concat();
    let got = open(&archive);
    assert_eq!(
        got.documents,
        [("a".to_owned(), b"1".to_vec()), ("b".to_owned(), b"2".to_vec()), ("a (2)".to_owned(), b"3".to_vec())]
    );
    assert!(got.has_problem("more tar archives follow behind the end of the first, and were read too"));
    assert!(got.summary.complete);
}

#[test]
fn a_damaged_tar_header_costs_its_entry_only() {
    let mut archive = tar(&[("a", b"1"), ("b", b"2"), ("c", b"3")]);
    archive[1024 + 2] ^= 0x55;
    let got = open(&archive);
    assert_eq!(got.paths(), ["a", "c"]);
    assert_eq!(got.problems(), ["bundle: expected a tar header at byte 1024 and found none; 1024 bytes were skipped"]);
    assert!(!got.summary.complete);
}

#[test]
fn a_tar_without_end_mark_may_be_cut() {
    let whole = tar(&[("a", b"1")]);
    let got = open(&whole[..1024]);
    assert_eq!(got.content("a"), b"1");
    assert_eq!(got.problems(), ["bundle: tar data has no end mark, so it may be cut off"]);
    assert!(!got.summary.complete);
    assert!(open(&whole[..2048]).summary.complete);
    assert!(open(&whole[..1536]).has_problem("the end mark of the tar archive is one block and not two"));
}

#[test]
fn sizes_that_cannot_be_are_said_and_the_rest_is_read() {
    let mut negative = [0xff_u8; 12];
    negative[11] = 0xf0;
    let huge = b"77777777777\0";
    let archive = tar_of(&[
        tar_entry(b"negative", b'0', b"", &negative, b""),
        tar_entry(b"words", b'0', b"", b"many", b""),
        tar_file(b"fine", b"1"),
    ]);
    let got = open(&archive);
    assert_eq!(got.paths(), ["fine"]);
    assert!(got.has_problem("the size of entry `negative` cannot be read"));
    assert!(got.has_problem("the size of entry `words` cannot be read"));

    let got = open(&tar_of(&[tar_entry(b"huge", b'0', b"", huge, b"short")]));
    assert_eq!(&got.content("huge")[..5], b"short");
    assert!(got.has_problem("huge: is cut off"));
}

#[test]
fn what_is_no_bundle_is_refused_with_a_reason() {
    let refused = |bytes: &[u8]| match open_within(bytes, &Limits::default()) {
        // The bundle is named by the path as given, here one of a temporary folder.
        Err(error @ OpenError::NotABundle(..)) => {
            let told = error.to_string();
            told.split_once("/bundle: ").map(|(_, reason)| format!("bundle: {reason}")).unwrap_or(told)
        }
        other => panic!("{other:?}"),
    };
    let rest = "; expected a folder, a tar archive (plain or gz, xz, zst, bz2), a zip archive or a text file";
    assert_eq!(refused(b""), format!("bundle: is empty{rest}"));
    assert_eq!(refused(b"\x7fELF\x02\x01\x01\0\0\0\0"), format!("bundle: holds binary data that is no archive{rest}"));
    assert_eq!(refused(b"7z\xbc\xaf\x27\x1c\0\x04"), format!("bundle: a 7z archive{rest}"));
    assert_eq!(refused(b"Salted__12345678"), format!("bundle: a file encrypted with openssl{rest}"));
    let missing = common::open_path("/nowhere/bundle.tgz".as_ref(), &Limits::default()).expect_err("nothing there");
    assert_eq!(missing.to_string(), "/nowhere/bundle.tgz: no such file or folder");
}

/// Text alone is a bundle of one document.
#[test]
fn a_text_file_is_a_bundle_of_one_document() {
    for text in [&b"tcp 0 0 0.0.0.0:22\n"[..], "größe\n".as_bytes(), b"latin \xe9\n", b"\xff\xfet\0e\0x\0t\0"] {
        assert_eq!(open(text).documents, [("bundle".to_owned(), text.to_vec())]);
    }
}

#[test]
fn nested_archives_that_are_broken_cost_themselves_only() {
    let inner = gz(&tar(&[("deep.txt", &log(100))]));
    let archive = tar(&[
        ("a.txt", b"1"),
        ("node.tar.gz", &inner[..inner.len() / 2]),
        ("fake.gz", b"\x1f\x8b\x08\x00nonsense"),
        ("z.txt", b"2"),
    ]);
    let got = open(&archive);
    assert_eq!(got.paths(), ["a.txt", "node.tar.gz!/deep.txt", "fake.gz", "z.txt"]);
    assert!(got.has_problem("node.tar.gz: gzip data is cut off"));
    assert!(got.has_problem("fake.gz: gzip data is"));
}

/// The makers of the formats, so that random damage meets all of them.
const MAKERS: [Maker; 9] = [
    ("tar", |text| tar(&[("a/b.txt", text), ("c", b"2")])),
    ("tar.gz", |text| gz(&tar(&[("a/b.txt", text), ("c", b"2")]))),
    ("tar.xz", |text| xz(&tar(&[("a/b.txt", text)]))),
    ("tar.zst", |text| zst(&tar(&[("a/b.txt", text)]))),
    ("tar.bz2", |text| bz2(&tar(&[("a/b.txt", text)]))),
    ("zip", |text| zip(&[("a/b.txt", text), ("c", b"2")])),
    ("deflate64 zip", |_| include_bytes!("fixtures/deflate64.zip").to_vec()),
    ("LZMA zip", |_| include_bytes!("fixtures/lzma.zip").to_vec()),
    ("tar.gz in zip", |text| zip(&[("n.tar.gz", &gz(&tar(&[("x", text)])))])),
];

/// What the library itself makes of the beginning of compressed data.
fn reference(name: &str, packed: &[u8]) -> Vec<u8> {
    let mut decoder: Box<dyn Read> = match name {
        "gz" => Box::new(flate2::read::GzDecoder::new(packed)),
        "bz2" => Box::new(bzip2::read::BzDecoder::new(packed)),
        "xz" => Box::new(lzma_rust2::XzReader::new(packed, false)),
        "zst" => match ruzstd::decoding::StreamingDecoder::new(packed) {
            Ok(decoder) => Box::new(decoder),
            Err(_) => return Vec::new(),
        },
        _ => return packed.to_vec(),
    };
    let (mut out, mut byte) = (Vec::new(), [0]);
    // Byte by byte, as a library may drop what it has when the rest of a larger read fails.
    while let Ok(1) = decoder.read(&mut byte) {
        out.push(byte[0]);
    }
    out
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(60))]
    /// A compressed tar that is cut at any byte yields what the tar would that its library can unpack up to there, and the
    /// tar itself yields every byte of a document that is before the cut.
    #[test]
    fn all_that_is_before_a_cut_is_read(format in 0_usize..5, lines in 1_usize..1500, cut in 0.0_f64..1.0) {
        let (name, compress) = COMPRESSIONS[format];
        let (first, second) = (log(lines), log(lines / 3 + 1));
        let whole = tar(&[("first.log", &first), ("second.log", &second)]);
        let packed = compress(&whole);
        // The position is within the length.
        let packed = &packed[..(packed.len() as f64 * cut) as usize];
        let unpacked = reference(name, packed);
        // Less than a header may be anything.
        proptest::prop_assume!(unpacked.len() >= 512);
        let got = open(packed);
        let expected = [("first.log", &first, 512), ("second.log", &second, 1024 + first.len().next_multiple_of(512))];
        for (path, content, start) in expected {
            let there = unpacked.len().saturating_sub(start).min(content.len());
            let read = got.documents.iter().find(|(known, _)| known == path).map_or(&[][..], |(_, content)| content);
            assert_eq!(read.len(), there, "{name}, {} of {} bytes", packed.len(), whole.len());
            assert_eq!(read, &content[..there], "{name}");
        }
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(200))]
    /// Random bytes written over any place of any format: never a panic, never more than was there.
    #[test]
    fn random_damage_never_panics(maker in 0_usize..9, place in 0_usize..100_000, patch in proptest::collection::vec(0_u8..=255, 1..24), cut in 0_usize..100_000) {
        let text = log(60);
        let mut bytes = MAKERS[maker].1(&text);
        let start = place % bytes.len();
        for (byte, new) in bytes[start..].iter_mut().zip(patch) {
            *byte = new;
        }
        bytes.truncate(bytes.len() - cut % 3 * (cut % bytes.len()) / 3);
        if let Ok(got) = open_within(&bytes, &Limits { total_bytes: 1 << 20, ..Limits::default() }) {
            let total: usize = got.documents.iter().map(|(_, content)| content.len()).sum();
            assert!(total <= 1 << 20);
            assert_eq!(got.summary.bytes, total as u64);
            assert_eq!(got.summary.documents, got.documents.len() as u64);
        }
    }

    /// Random bytes behind the magic of each format.
    #[test]
    fn random_bytes_never_panic(magic in 0_usize..6, noise in proptest::collection::vec(0_u8..=255, 0..2000)) {
        let magics: [&[u8]; 6] = [b"\x1f\x8b\x08\0", b"\xfd7zXZ\0\0\x04", b"\x28\xb5\x2f\xfd", b"BZh91AY&SY", b"PK\x03\x04", b""];
        let bytes = [magics[magic], &noise].concat();
        let _ = open_within(&bytes, &Limits { total_bytes: 1 << 24, ..Limits::default() });
    }
}
