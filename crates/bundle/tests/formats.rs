//! Every format, from a path and from a stream, alone and inside each other.

#![allow(clippy::expect_used, clippy::panic, reason = "helpers outside test functions are test code too")]

mod common;

use std::io::Write;
use std::process::{Command, Stdio};

use bundlescope_bundle::Limits;
use common::{COMPRESSIONS, Got, gz, log, open, open_path, tar, xz, zip, zip_with, zst};

fn names_and_contents(got: &Got) -> Vec<(&str, &str)> {
    let text = |bytes| std::str::from_utf8(bytes).expect("text");
    got.documents.iter().map(|(path, content)| (path.as_str(), text(content))).collect()
}

#[test]
fn every_compression_of_a_tar_is_read_by_content() {
    let text = log(2000);
    for (name, compress) in COMPRESSIONS {
        let got = open(&compress(&tar(&[("a/one.txt", b"1"), ("b/two.log", &text)])));
        assert_eq!(got.paths(), ["a/one.txt", "b/two.log"], "{name}");
        assert_eq!(got.content("b/two.log"), text, "{name}");
        assert!(got.summary.complete && got.summary.problems.is_empty(), "{name}: {:?}", got.problems());
        assert_eq!((got.summary.documents, got.summary.bytes), (2, 1 + text.len() as u64), "{name}");
    }
}

#[test]
fn zip_is_read_in_each_method_that_is_supported() {
    use zip::CompressionMethod;
    let text = log(500);
    for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
        let got = open(&zip_with(&[("dir/", b""), ("dir/app.log", &text), ("empty", b"")], method));
        assert_eq!(got.paths(), ["dir/app.log", "empty"]);
        assert_eq!(got.content("dir/app.log"), text);
        assert!(got.summary.complete && got.summary.problems.is_empty(), "{:?}", got.problems());
    }
    assert_eq!(open(&zip(&[])).documents, []);
}

#[test]
fn archives_inside_archives_join_their_paths() {
    let node = gz(&tar(&[("logs/api.log", b"api"), ("./etc/hosts", b"hosts")]));
    let bundle = zip(&[
        ("node1.tar.gz", &node),
        ("plain.txt", b"plain"),
        ("inner.zip", &zip(&[("x", b"x"), ("y.tar", &tar(&[("z", b"z")]))])),
    ]);
    assert_eq!(
        names_and_contents(&open(&bundle)),
        [
            ("node1.tar.gz!/logs/api.log", "api"),
            ("node1.tar.gz!/etc/hosts", "hosts"),
            ("plain.txt", "plain"),
            ("inner.zip!/x", "x"),
            ("inner.zip!/y.tar!/z", "z"),
        ]
    );
}

#[test]
fn a_compressed_file_keeps_its_path() {
    for (name, compress) in &COMPRESSIONS[1..] {
        let got = open(&gz(&tar(&[("logs/app.log.old", &compress(b"line\n"))])));
        assert_eq!(names_and_contents(&got), [("logs/app.log.old", "line\n")], "{name}");
        let got = open(&compress(b"line\n"));
        assert_eq!(names_and_contents(&got), [("bundle", "line\n")], "{name}");
    }
}

/// What a file is called says nothing about what it is.
#[test]
fn a_name_never_decides() {
    let got = open(&tar(&[
        ("report.txt", &gz(&tar(&[("in.txt", b"in")]))),
        ("fake.zip", b"no zip"),
        ("fake.tar.gz", b"text"),
    ]));
    assert_eq!(
        names_and_contents(&got),
        [("report.txt!/in.txt", "in"), ("fake.zip", "no zip"), ("fake.tar.gz", "text")]
    );
}

#[test]
fn an_archive_that_is_not_read_is_said() {
    let got = open(&tar(&[("a.7z", b"7z\xbc\xaf\x27\x1c\0\x04rest"), ("b.txt", b"b")]));
    assert_eq!(got.paths(), ["b.txt"]);
    assert_eq!(got.problems(), ["a.7z: is a 7z archive, which is not read; unpack it before or repack it as tar.gz"]);
    assert!(!got.summary.complete);
}

#[test]
fn a_folder_is_walked_in_order_without_following_links() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().join("bundle");
    std::fs::create_dir_all(root.join("b/c")).expect("folders");
    for (name, content) in [
        ("b/c/deep.txt", &b"deep"[..]),
        ("b.txt", b"beside"),
        ("a.log.gz", &gz(b"packed")),
        ("z.tar", &tar(&[("in", b"in")])),
    ] {
        std::fs::write(root.join(name), content).expect("a file");
    }
    std::os::unix::fs::symlink("../../../etc/passwd", root.join("b/link")).expect("a link");
    std::os::unix::fs::symlink(".", root.join("loop")).expect("a link");
    assert!(Command::new("mkfifo").arg(root.join("pipe")).status().is_ok_and(|status| status.success()));
    let got = open_path(&root, &Limits::default()).expect("a folder");
    assert_eq!(
        names_and_contents(&got),
        [("a.log.gz", "packed"), ("b/c/deep.txt", "deep"), ("b.txt", "beside"), ("z.tar!/in", "in")]
    );
    assert_eq!(
        got.links,
        [("b/link".to_owned(), "../../../etc/passwd".to_owned()), ("loop".to_owned(), ".".to_owned())]
    );
    assert_eq!(got.problems(), ["bundle: devices and pipes have no content to read: `pipe`"]);
    assert_eq!(got.summary.name, "bundle");

    // The hash is that of paths and bytes: a rename and a changed byte both change it, reading again does not.
    let again = open_path(&root, &Limits::default()).expect("a folder");
    assert_eq!(again.summary.sha256, got.summary.sha256);
    std::fs::rename(root.join("b.txt"), root.join("d.txt")).expect("a rename");
    let renamed = open_path(&root, &Limits::default()).expect("a folder");
    assert_ne!(renamed.summary.sha256, got.summary.sha256);
    std::fs::write(root.join("d.txt"), "besidE").expect("a file");
    let changed = open_path(&root, &Limits::default()).expect("a folder");
    assert_ne!(changed.summary.sha256, renamed.summary.sha256);
}

/// Hashes made with sha256sum.
#[test]
fn the_hash_is_that_of_the_whole_file() {
    let sha256 = |bytes: &[u8]| {
        use sha2::Digest as _;
        sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    assert_eq!(open(b"abc").summary.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    // Padding, garbage and everything behind a limit belong to it too.
    let archive = [gz(&tar(&[("a", &log(50))])), b"garbage".repeat(100)].concat();
    for limits in [
        Limits::default(),
        Limits { entries: 0, ..Limits::default() },
        Limits { total_bytes: 10_000, ..Limits::default() },
    ] {
        let got = common::open_within(&archive, &limits).expect("a bundle");
        assert_eq!(got.summary.sha256, sha256(&archive));
    }
    let archive = zip(&[("a", &log(50))]);
    assert_eq!(open(&archive).summary.sha256, sha256(&archive));
}

/// A sink need not read what it is given.
#[test]
fn documents_that_are_not_read_are_skipped() {
    struct Names(Vec<String>);
    impl bundlescope_bundle::Sink for Names {
        fn document(&mut self, entry: &bundlescope_bundle::Entry, content: &mut dyn std::io::Read) {
            let mut some = [0; 7];
            let _ = content.read(&mut some);
            self.0.push(entry.path.to_string());
        }
    }
    let text = log(5000);
    let node = gz(&tar(&[("in", &text), ("next", b"1")]));
    let files: [(&str, &[u8]); 4] = [("a.log", &text), ("packed.log", &xz(&text)), ("node", &node), ("last", b"1")];
    let folder = tempfile::tempdir().expect("a folder");
    for archive in [tar(&files), zst(&tar(&files)), zip(&files)] {
        let path = folder.path().join("bundle");
        std::fs::write(&path, &archive).expect("a file");
        let mut names = Names(Vec::new());
        let summary = bundlescope_bundle::read(&bundlescope_bundle::Input::Path(path), &Limits::default(), &mut names)
            .expect("a bundle");
        assert_eq!(names.0, ["a.log", "packed.log", "node!/in", "node!/next", "last"]);
        assert!(summary.complete, "{:?}", summary.problems);
    }
}

/// The example reads standard input as a user's pipe gives it.
#[test]
fn standard_input_takes_every_format() {
    let text = log(200);
    let files: [(&str, &[u8]); 2] = [("a.log", &text), ("b", b"2")];
    let mut archives = vec![("zip", zip(&files))];
    archives.extend(COMPRESSIONS.iter().map(|(name, compress)| (*name, compress(&tar(&files)))));
    for (name, archive) in archives {
        let mut child = Command::new(env!("CARGO"))
            .args(["run", "--quiet", "--example", "list", "--", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("cargo");
        child.stdin.take().expect("a pipe").write_all(&archive).expect("a pipe");
        let output = child.wait_with_output().expect("an end");
        let listed = String::from_utf8(output.stdout).expect("text");
        assert!(listed.contains(&format!("{:>12}  a.log\n", text.len())), "{name}: {listed}");
        assert!(
            listed.contains("           1  b\n2 documents") && listed.contains("complete: true"),
            "{name}: {listed}"
        );
    }
}

/// A promise about hostile bundles that the code keeps by having nothing that could break it.
#[test]
fn the_reader_has_nothing_that_writes_to_disk() {
    let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            // Its example in the documentation makes a folder to read.
            let source = std::fs::read_to_string(&path).expect("source");
            for line in source.lines().filter(|line| !line.trim_start().starts_with("//")) {
                for writer in
                    ["File::create", "OpenOptions", "fs::write", "create_dir", "tempfile", "unix::fs", "fs::rename"]
                {
                    assert!(!line.contains(writer), "{}: {line}", path.display());
                }
            }
            seen += 1;
        }
    }
    assert!(seen > 20);
}
