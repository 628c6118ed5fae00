//! Lists what the reader finds in a bundle: `cargo run --example list -- BUNDLE` (`-` for standard input).

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example speaks on standard output")]

use std::io::Read;
use std::process::ExitCode;

use bundlescope_bundle::{Entry, Input, Limits, Sink, read};
use bundlescope_facts::Text;

struct Print(Vec<u8>);

impl Sink for Print {
    fn document(&mut self, entry: &Entry, content: &mut dyn Read) {
        let mut size = 0;
        while let Ok(read @ 1..) = content.read(&mut self.0) {
            size += read;
        }
        println!("{size:>12}  {}", entry.path);
    }

    fn link(&mut self, path: &Text, target: &str) {
        println!("{:>12}  {path} -> {target}", "link");
    }
}

fn main() -> ExitCode {
    let Some(argument) = std::env::args_os().nth(1) else {
        eprintln!("usage: list BUNDLE");
        return ExitCode::from(2);
    };
    let input = if argument == "-" { Input::Stdin } else { Input::Path(argument.into()) };
    match read(&input, &Limits::default(), &mut Print(vec![0; 256 << 10])) {
        Ok(summary) => {
            println!(
                "{} documents, {} bytes, sha256 {}, complete: {}",
                summary.documents, summary.bytes, summary.sha256, summary.complete
            );
            for hit in &summary.limits {
                println!("limit {}: {}: {}", hit.limit, hit.document, hit.message);
            }
            for problem in &summary.problems {
                println!("problem: {}: {}", problem.document, problem.message);
            }
            // Peak memory, where the system tells it.
            let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
            if let Some(peak) = status.lines().find(|line| line.starts_with("VmHWM")) {
                eprintln!("{peak}");
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(3)
        }
    }
}
