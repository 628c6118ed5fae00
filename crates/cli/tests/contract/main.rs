//! What users and scripts rely on, asked of the program itself: exit codes, streams, formats.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod authoring;
mod comparing;
mod exit_codes;
mod explaining;
mod guide;
mod hostile;
mod inputs;
mod isolation;
mod outputs;
mod ports;
mod questions;
mod rule_check;
mod rule_tests;
mod secrets;
mod site;
mod unexplained;

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A firewall of the host that refuses a container; the finding is critical.
const REFUSED: &str = "a-host-input-firewall-flagship2.replicated.tar.gz";

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn fixture(name: &str) -> String {
    top().join("fixtures/bundles").join(name).to_str().unwrap().to_owned()
}

/// The program with these arguments, in the top folder of the checkout.
fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bundlescope"));
    command.args(args).current_dir(top()).stdin(Stdio::null());
    command
}

fn run(args: &[&str]) -> Output {
    command(args).output().unwrap()
}

/// Runs with these bytes at standard input.
fn run_with(args: &[&str], input: &[u8]) -> Output {
    let mut child = command(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || stdin.write_all(input));
        child.wait_with_output().unwrap()
    })
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Standard output of a run that has to succeed in silence.
fn ok(args: &[&str]) -> String {
    let output = run(args);
    assert_eq!((code(&output), stderr(&output).as_str()), (0, ""), "{args:?}");
    stdout(&output)
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Unpacks a tar.gz of the fixtures.
fn unpack(archive: &str, to: &Path) {
    let mut tar = Vec::new();
    flate2::read::GzDecoder::new(fs::File::open(archive).unwrap()).read_to_end(&mut tar).unwrap();
    for entry in tar::Archive::new(&tar[..]).entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = to.join(entry.path().unwrap());
        if entry.header().entry_type().is_file() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::io::copy(&mut entry, &mut fs::File::create(path).unwrap()).unwrap();
        }
    }
}
