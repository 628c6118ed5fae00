//! The program `bundlescope`: arguments, progress, exit codes. The only crate that prints.

mod analyze;
mod args;
mod brand;
mod diff;
mod facts;
mod isolate;
mod open;
mod packs;
mod ports;
mod probe;
mod progress;
mod rules;

use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use crate::args::{Cli, Command};

/// Why the program ends early; the exit code is part of the contract.
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    message: String,
}

impl Failure {
    /// The request makes no sense as it stands.
    pub(crate) fn usage(message: impl Display) -> Self {
        Self { code: 2, message: message.to_string() }
    }

    /// The bundle cannot be read at all.
    pub(crate) fn unreadable(message: impl Display) -> Self {
        Self { code: 3, message: message.to_string() }
    }

    /// A rule file is wrong.
    pub(crate) fn rules(message: impl Display) -> Self {
        Self { code: 4, message: message.to_string() }
    }
}

fn main() -> ExitCode {
    let command = Cli::parse().command;
    let result = isolate::apart(&command).unwrap_or_else(|| run(command));
    match result {
        Ok(code) => code,
        Err(failure) => {
            complain(&failure.message);
            ExitCode::from(failure.code)
        }
    }
}

fn run(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Analyze(args) => analyze::run(&args),
        Command::Open(args) => open::run(&args),
        Command::Diff(args) => diff::run(&args),
        Command::Facts(args) => facts::run(&args),
        Command::Probe(args) => probe::run(&args),
        Command::Ports(args) => ports::run(&args),
        Command::Rules(args) => rules::run(&args),
    }
}

/// Writes to standard output; a reader that went away is not an error.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::usage(format!("cannot write to standard output: {error}"))),
        Ok(()) => Ok(()),
    }
}

/// A file as it is, for a terminal: tabs stay, because they may mean something in it.
pub(crate) fn verbatim(text: &str) -> String {
    text.split('\t').map(bundlescope_report::plain).collect::<Vec<_>>().join("\t")
}

/// Writes a text for people to standard error, beside what the command was asked for.
pub(crate) fn aside(text: &str) {
    let _ = writeln!(std::io::stderr(), "{}", bundlescope_report::plain(text.trim_end()));
}

/// Writes a message to standard error, where nothing can be done about a failure. Control characters, which may come
/// from file names, are shown and not sent.
pub(crate) fn complain(message: &str) {
    let _ = writeln!(std::io::stderr(), "bundlescope: {}", bundlescope_report::plain(message));
}
