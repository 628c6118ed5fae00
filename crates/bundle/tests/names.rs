//! Names of entries: unique, harmless to show, and what they lead out of is said.

#![allow(clippy::expect_used, clippy::panic, reason = "helpers outside test functions are test code too")]

mod common;

use common::{gz, open, pax, tar, tar_entry, tar_extension, tar_file, tar_of, zip};

/// The only path of an archive with one file of this name, and the problems.
fn path_of(name: &[u8]) -> (String, Vec<String>) {
    let got = open(&tar_of(&[tar_file(name, b"1")]));
    assert_eq!(got.documents.len(), 1);
    assert_eq!(got.documents[0].1, b"1");
    (got.documents[0].0.clone(), got.problems())
}

#[test]
fn names_become_relative_paths() {
    let climbs = "names with `..` in them were read as if they could not leave the archive";
    let absolute = "absolute names were read as relative to the archive";
    let cases: [(&str, &str, Option<&str>); 12] = [
        ("a/b.txt", "a/b.txt", None),
        ("./a//b/./c", "a/b/c", None),
        ("/etc/hosts", "etc/hosts", Some(absolute)),
        ("//etc/hosts", "etc/hosts", Some(absolute)),
        ("C:/Windows/win.ini", "C:/Windows/win.ini", Some(absolute)),
        ("../../etc/hosts", "etc/hosts", Some(climbs)),
        ("a/../b", "b", Some(climbs)),
        ("a/../../../b", "b", Some(climbs)),
        ("/../b", "b", Some(climbs)),
        ("a..b/..c", "a..b/..c", None),
        ("C:notes.txt", "C:notes.txt", None),
        ("..", "(unnamed)", Some(climbs)),
    ];
    for (name, path, oddity) in cases {
        let problems: Vec<String> = oddity.map(|oddity| format!("bundle: {oddity}: `{name}`")).into_iter().collect();
        assert_eq!(path_of(name.as_bytes()), (path.to_owned(), problems), "{name}");
    }
}

#[test]
fn what_hides_in_names_is_shown() {
    let cases: [(&[u8], &str); 9] = [
        (b"a\x1b[2Jb\x07", "a\\x1b[2Jb\\x07"),
        (b"line\nfeed\r\t", "line\\x0afeed\\x0d\\x09"),
        ("log\u{202e}gpj.exe".as_bytes(), "log\\u{202e}gpj.exe"),
        ("\u{feff}bom\u{200b}zero".as_bytes(), "\\u{feff}bom\\u{200b}zero"),
        ("c1\u{9b}31m".as_bytes(), "c1\\u{9b}31m"),
        ("isolate\u{2066}x\u{2069}".as_bytes(), "isolate\\u{2066}x\\u{2069}"),
        (b"latin \xe9", "latin \\xe9"),
        ("gr\u{f6}\u{df}e \u{1f4a9} 世界".as_bytes(), "gr\u{f6}\u{df}e \u{1f4a9} 世界"),
        (b"dev-disk-by\\x2dlabel.device", "dev-disk-by\\x2dlabel.device"),
    ];
    for (name, path) in cases {
        assert_eq!(path_of(name), (path.to_owned(), vec![]));
    }
}

#[test]
fn equal_names_are_all_kept_and_told_apart() {
    let said = "bundle: entries have the name of one before them, and got a number: `a (2)` and 2 more";
    let files: [(&str, &[u8]); 5] = [("a", b"1"), ("a", b"2"), ("./a", b"3"), ("a (2)", b"4"), ("A", b"5")];
    let got = open(&tar_of(&files.map(|(name, content)| tar_file(name.as_bytes(), content))));
    assert_eq!(got.paths(), ["a", "a (2)", "a (3)", "a (2) (2)", "A"]);
    assert_eq!(got.documents.iter().map(|(_, content)| content[0]).collect::<Vec<_>>(), b"12345");
    assert_eq!(got.problems(), [said]);
    assert!(got.summary.complete);
}

/// What is inside two archives of the same name stays apart too.
#[test]
fn equal_archives_are_told_apart() {
    let node = |text: &[u8]| gz(&tar(&[("log", text)]));
    let got = open(&tar(&[("n.tgz", &node(b"1")), ("n.tgz", &node(b"2"))]));
    assert_eq!(got.paths(), ["n.tgz!/log", "n.tgz (2)!/log"]);
}

#[test]
fn links_are_data() {
    let archive = tar_of(&[
        tar_entry(b"out", b'2', b"../../../etc/passwd", b"00000000000", b""),
        tar_entry(b"loop", b'2', b"loop", b"00000000000", b""),
        tar_entry(b"hard", b'1', b"/etc/shadow", b"00000000000", b""),
        tar_file(b"out/through", b"text"),
        tar_entry(b"odd", b'2', b"\x1b[2J", b"00000000000", b""),
    ]);
    let got = open(&archive);
    let links = [("out", "../../../etc/passwd"), ("loop", "loop"), ("hard", "/etc/shadow"), ("odd", "\\x1b[2J")];
    assert_eq!(got.links, links.map(|(path, target)| (path.to_owned(), target.to_owned())));
    assert_eq!(got.paths(), ["out/through"]);
    assert!(got.summary.complete && got.summary.problems.is_empty());
}

#[test]
fn long_names_are_read_whole_and_shortened_beyond_4096_bytes() {
    let name = format!("{}/end.txt", "d/".repeat(400));
    let clean = name.replace("//", "/");
    let got = open(&tar(&[(&clean, b"gnu")]));
    assert_eq!(got.paths(), [&clean]);
    let got = open(&tar_of(&[tar_extension(b'x', pax("path", &clean).as_bytes()), tar_file(b"short", b"pax")]));
    assert_eq!(got.paths(), [&clean]);
    let got = open(&zip(&[(&clean, b"zip")]));
    assert_eq!(got.paths(), [&clean]);

    let long = "é/".repeat(5000);
    let got = open(&tar_of(&[tar_extension(b'L', format!("{long}x").as_bytes()), tar_file(b"short", b"1")]));
    let path = got.paths()[0];
    assert!(path.len() <= 4096 && path.starts_with("é/é/") && path.ends_with("/é/x") && path.contains('…'));
    assert!(got.has_problem("names longer than 4096 bytes were shortened in the middle"));
}

#[test]
fn zip_names_are_utf8_or_code_page_437() {
    // A stored entry whose name is replaced by bytes of the same length, in both headers.
    let renamed = |from: &[u8], to: &[u8]| {
        let mut archive =
            common::zip_with(&[(std::str::from_utf8(from).expect("ascii"), b"1")], zip::CompressionMethod::Stored);
        while let Some(place) = memchr::memmem::find(&archive, from) {
            archive[place..place + from.len()].copy_from_slice(to);
        }
        open(&archive).paths()[0].to_owned()
    };
    assert_eq!(renamed(b"name_.txt", b"stra\xe1e.tx"), "straße.tx");
    assert_eq!(renamed(b"name__.txt", "größe.tx".as_bytes()), "größe.tx");
    // Made on Unix, where a backslash is a character like any other.
    assert_eq!(renamed(b"dir_a.txt", b"dir\\a.txt"), "dir\\a.txt");
}
