//! The dialects of tar, and what they do to readers.

#![allow(clippy::expect_used, clippy::panic, reason = "helpers outside test functions are test code too")]

mod common;

use common::{open, pax, seal, tar_entry, tar_extension, tar_file, tar_of};

/// A PAX header with these records.
fn with(records: &[(&str, &str)]) -> Vec<u8> {
    let data: String = records.iter().map(|(key, value)| pax(key, value)).collect();
    tar_extension(b'x', data.as_bytes())
}

#[test]
fn pax_wins_over_gnu_and_gnu_over_ustar() {
    let archive = tar_of(&[
        tar_extension(b'L', b"gnu\0"),
        tar_file(b"ustar", b"1"),
        tar_extension(b'L', b"gnu2\0"),
        with(&[("path", "pax"), ("size", "3")]),
        tar_entry(b"ustar", b'0', b"", b"00000000001", b"abc"),
        tar_file(b"after", b"2"),
        with(&[("linkpath", "pax")]),
        tar_entry(b"link", b'2', b"ustar", b"00000000000", b""),
    ]);
    let got = open(&archive);
    assert_eq!(got.paths(), ["gnu", "pax", "after"]);
    assert_eq!(got.content("pax"), b"abc");
    assert_eq!(got.links, [("link".to_owned(), "pax".to_owned())]);
    assert!(got.summary.complete && got.summary.problems.is_empty(), "{:?}", got.problems());
}

/// A size from PAX is the entry's and never that of another extension header.
#[test]
fn a_pax_size_leaves_extension_headers_alone() {
    let got = open(&tar_of(&[
        with(&[("size", "5")]),
        tar_extension(b'L', b"long-name\0"),
        tar_entry(b"x", b'0', b"", b"00000000000", b"12345"),
        tar_file(b"b", b"2"),
    ]));
    assert_eq!((got.paths(), got.content("long-name")), (vec!["long-name", "b"], &b"12345"[..]));
}

#[test]
fn a_global_header_renames_nothing() {
    let got = open(&tar_of(&[
        tar_extension(b'g', (pax("path", "evil") + &pax("size", "0") + &pax("comment", "hello")).as_bytes()),
        tar_file(b"a", b"1"),
        tar_file(b"b", b"2"),
    ]));
    assert_eq!(got.paths(), ["a", "b"]);
    assert_eq!(
        got.problems(),
        ["bundle: a global PAX header sets name, link or size of every entry, which was ignored"]
    );
    // The comment that git archive writes is nothing to speak of.
    let got = open(&tar_of(&[tar_extension(b'g', pax("comment", "0123456").as_bytes()), tar_file(b"a", b"1")]));
    assert_eq!(got.problems(), [""; 0]);
}

#[test]
fn records_before_a_mistake_count() {
    let data = pax("path", "kept") + "9999 size=1\n";
    let got = open(&tar_of(&[tar_extension(b'x', data.as_bytes()), tar_file(b"a", b"1")]));
    assert_eq!(got.paths(), ["kept"]);
    assert_eq!(got.problems(), ["bundle: a PAX header has records that cannot be read"]);
    for bad in ["x", "0 a=b\n", "3 \n", "-5 a=b\n", "6 a=bc", "6 abcd\n", "99999999999999999999 a=b\n", "8 size=x\n"] {
        assert!(
            open(&tar_of(&[tar_extension(b'x', bad.as_bytes()), tar_file(b"a", b"1")])).has_problem("cannot be read"),
            "{bad:?}"
        );
    }
}

#[test]
fn an_extension_header_without_entry_is_said() {
    let lonely = with(&[("path", "lost")]);
    let got = open(&tar_of(&[tar_file(b"a", b"1"), lonely.clone()]));
    assert!(got.has_problem("tar data ends behind an extension header, before the entry that this describes"));
    assert!(!got.summary.complete);
    // It does not describe the first entry of an archive that follows.
    let got = open(&[tar_of(&[tar_file(b"a", b"1"), lonely]), tar_of(&[tar_file(b"b", b"2")])].concat());
    assert_eq!(got.paths(), ["a", "b"]);
}

/// The data of sparse files is read, their holes are not, however large.
#[test]
fn sparse_files_are_read_without_their_holes() {
    // GNU in PAX, version 1.0: the map stands before the data.
    let mut data = b"2\n0\n4\n1099511627776\n5\n".to_vec();
    data.resize(512, b'\0');
    data.extend_from_slice(b"headtail!");
    let version_1 = [
        ("GNU.sparse.major", "1"),
        ("GNU.sparse.minor", "0"),
        ("GNU.sparse.name", "v1"),
        ("GNU.sparse.realsize", "1099511627781"),
    ];
    // Version 0.1: the map is a record.
    let version_0 =
        [("GNU.sparse.map", "0,4,1099511627776,5"), ("GNU.sparse.name", "v0"), ("GNU.sparse.size", "1099511627781")];
    // Old GNU: the map is in the header and in a block behind it.
    let mut old: [u8; 512] = *tar_entry(b"old", b'S', b"", b"00000000011", b"").first_chunk().expect("a block");
    old[257..265].copy_from_slice(b"ustar  \0");
    old[482] = 1;
    old[483..495].copy_from_slice(b"777777777777");
    seal(&mut old);
    let mut old = old.to_vec();
    old.extend_from_slice(&[0; 512]);
    old.extend_from_slice(b"headtail!");
    old.resize(1536, 0);

    let entries = [
        with(&version_1),
        tar_file(b"made-up", &data),
        with(&version_0),
        tar_file(b"made-up", b"headtail!"),
        old,
        tar_file(b"last", b"1"),
    ];
    let got = open(&tar_of(&entries));
    assert_eq!(got.paths(), ["v1", "v0", "old", "last"]);
    for name in ["v1", "v0", "old"] {
        assert_eq!(got.content(name), b"headtail!", "{name}");
    }
    assert_eq!(got.problems(), ["bundle: sparse files were read without their holes: `v1` and 2 more"]);
    assert!(got.summary.complete);
}

/// The limit on a map is none on the data behind it, and a map goes on for as many blocks as say so.
#[test]
fn the_data_behind_a_map_is_read_whatever_its_size() {
    let version_1 = [("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.name", "v1")];
    let large = b"0123456789abcdef".repeat(100_000);
    let mut data = format!("1\n0\n{}\n", large.len()).into_bytes();
    data.resize(512, b'\0');
    data.extend_from_slice(&large);
    let mut old: [u8; 512] = *tar_entry(b"old", b'S', b"", b"00000000004", b"").first_chunk().expect("a block");
    old[257..265].copy_from_slice(b"ustar  \0");
    old[482] = 1;
    seal(&mut old);
    let mut goes_on = [0; 512];
    goes_on[504] = 1;
    let mut body = b"data".to_vec();
    body.resize(512, 0);
    let old = [&old[..], &goes_on, &[0; 512], &body].concat();
    let got = open(&tar_of(&[with(&version_1), tar_file(b"made-up", &data), old, tar_file(b"last", b"1")]));
    assert_eq!(got.paths(), ["v1", "old", "last"]);
    assert!(got.content("v1") == large);
    assert_eq!((got.content("old"), got.content("last")), (&b"data"[..], &b"1"[..]));
    assert!(got.summary.complete, "{:?}", got.problems());
}

#[test]
fn sparse_maps_without_end_end() {
    let version_1 = [("GNU.sparse.major", "1"), ("GNU.sparse.name", "v1")];
    for map in [&b"99999999999999999\n"[..], b"99999999999999999999999\n", b"two\n", b""] {
        let got = open(&tar_of(&[with(&version_1), tar_file(b"x", map), tar_file(b"last", b"1")]));
        assert!(got.has_problem("the map of this sparse file cannot be read"), "{map:?}");
        assert_eq!(got.content("last"), b"1");
    }
    // A map of many numbers is bounded like a header.
    let map = [b"400000\n".to_vec(), b"0\n".repeat(800_000)].concat();
    assert!(open(&tar_of(&[with(&version_1), tar_file(b"x", &map)])).has_problem("the map of this sparse file"));
    // Blocks that always say that another one follows.
    let mut old: [u8; 512] = *tar_entry(b"old", b'S', b"", b"00000000000", b"").first_chunk().expect("a block");
    old[482] = 1;
    seal(&mut old);
    let mut more = [0_u8; 512];
    more[504] = 1;
    assert_eq!(open(&[old.to_vec(), more.repeat(1000)].concat()).content("old"), b"");
}

/// Links, devices and folders have no data, whatever their size says.
#[test]
fn sizes_of_what_has_no_data_are_ignored() {
    let mut entries = vec![];
    for kind in [b'1', b'2', b'3', b'4', b'5', b'6'] {
        entries.push(tar_entry(format!("kind{kind}").as_bytes(), kind, b"target", b"00000077777", b""));
    }
    entries.push(tar_file(b"file", b"1"));
    let got = open(&tar_of(&entries));
    assert_eq!((got.paths(), got.links.len()), (vec!["file"], 2));
    assert_eq!(got.problems(), ["bundle: devices and pipes have no content to read: `kind51` and 2 more"]);
    assert!(got.summary.complete);
}

#[test]
fn types_that_are_not_known_are_read_as_files() {
    let got = open(&tar_of(&[
        tar_entry(b"odd", b'Z', b"", b"00000000001", b"1"),
        tar_entry(b"label", b'V', b"", b"00000000000", b""),
        tar_entry(b"folder/", b'0', b"", b"00000000000", b""),
    ]));
    assert_eq!(got.paths(), ["odd"]);
    assert_eq!(got.problems(), ["bundle: entries of an unknown type were read as files: `odd`"]);
    let got = open(&tar_of(&[tar_entry(b"part", b'M', b"", b"00000000001", b"1")]));
    assert_eq!(got.paths(), ["part"]);
    assert!(got.has_problem("is the rest of a file that starts in another volume") && !got.summary.complete);
}

#[test]
fn old_archives_are_read() {
    // V7: no magic, name with a slash at its end for folders, sizes with spaces.
    let mut file: [u8; 512] = *tar_entry(b"v7.txt", 0, b"", b"         3 \0", b"").first_chunk().expect("a block");
    file[257..265].fill(0);
    seal(&mut file);
    let got = open(&[file.to_vec(), b"abc".to_vec(), vec![0; 509 + 1024]].concat());
    assert_eq!(got.documents, [("v7.txt".to_owned(), b"abc".to_vec())]);
    // Sums of signed bytes, as some old tars wrote.
    let mut signed: [u8; 512] = *tar_entry(b"n\xe4me", b'0', b"", b"00000000000", b"").first_chunk().expect("a block");
    signed[148..156].fill(b' ');
    let sum: i64 = signed.iter().map(|byte| i64::from(byte.cast_signed())).sum();
    signed[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    assert_eq!(open(&[signed.to_vec(), vec![0; 1024]].concat()).paths(), ["n\\xe4me"]);
    // The prefix of ustar.
    let mut prefixed: [u8; 512] = *tar_file(b"name", b"").first_chunk().expect("a block");
    prefixed[345..348].copy_from_slice(b"dir");
    seal(&mut prefixed);
    assert_eq!(open(&[prefixed.to_vec(), vec![0; 1024]].concat()).paths(), ["dir/name"]);
}

#[test]
fn base_256_sizes_are_read() {
    let mut size = [0_u8; 12];
    size[0] = 0x80;
    size[11] = 3;
    assert_eq!(open(&tar_of(&[tar_entry(b"a", b'0', b"", &size, b"abc")])).content("a"), b"abc");
    let over = [0xbf_u8; 12];
    assert!(
        open(&tar_of(&[tar_entry(b"a", b'0', b"", &over, b""), tar_file(b"b", b"1")]))
            .has_problem("the size of entry `a` cannot be read")
    );
}
