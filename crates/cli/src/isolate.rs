//! A process for each bundle, so that a bundle that makes the program crash, hang or eat memory costs nothing but itself.
//!
//! The parent starts the program again with the same arguments and [`Worker`]; the worker limits its own memory, prints
//! the report of its bundle, and answers with the usual exit codes. Whatever else happens to it is told as an error of
//! that bundle. Commands about one question run as a whole in one worker. The memory limit is `RLIMIT_DATA` of getrlimit(2), which the kernel keeps.

use std::io::{IsTerminal, Read};
use std::path::Path;
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use bundlescope_report::TextOptions;
use wait_timeout::ChildExt;

use crate::analyze::{Report, report, width};
use crate::args::{Analyze, Command as Asked, Reading, Worker};
use crate::{Failure, aside, complain, packs, print, progress};

/// Memory of a worker unless told otherwise: far above what any bundle needs, below what hurts a machine.
const MEMORY: u64 = 2 << 30;

/// How long a worker may run unless told otherwise.
const TIME: Duration = Duration::from_secs(60 * 60);

/// What of a worker's standard error is passed on: complaints, or the profile.
const BESIDE: u64 = 64 << 10;

/// Largest report that is taken from a worker.
const REPORT: u64 = 512 << 20;

/// A command other than `analyze` that is to run apart, run there; what a worker of one does here is to limit its memory.
pub(crate) fn apart(command: &Asked) -> Option<Result<ExitCode, Failure>> {
    let reading = command.reading().filter(|_| !matches!(command, Asked::Analyze(_)))?;
    if reading.worker.is_some() {
        return held(reading).err().map(Err);
    }
    if !reading.isolate {
        return None;
    }
    let terminal = std::io::stdout().is_terminal();
    let worker = Worker { bundle: 0, width: width(terminal, None), colour: false };
    let words = if matches!(command, Asked::Rules(_)) { 2 } else { 1 };
    let ended = start(worker, words)
        .map_err(|error| format!("cannot start a worker process: {error}"))
        .and_then(|child| attend(child, reading.max_run.unwrap_or(TIME)));
    Some(match ended {
        Ok(Ended { code, text, said }) => {
            let said = said.trim_end();
            match said.strip_prefix("bundlescope: ") {
                Some(said) => complain(said),
                None if said.is_empty() => {}
                None => aside(said),
            }
            print(&text).map(|()| ExitCode::from(code))
        }
        Err(message) => Err(Failure::unreadable(message)),
    })
}

/// Holds this process, a worker, to its memory.
fn held(reading: &Reading) -> Result<(), Failure> {
    limit_memory(reading.max_memory.unwrap_or(MEMORY))
        .map_err(|error| Failure::usage(format!("--max-memory: cannot limit memory: {error}")))
}

/// The worker's side: the report of one bundle, on standard output.
pub(crate) fn work(args: &Analyze, worker: Worker) -> Result<ExitCode, Failure> {
    held(&args.reading)?;
    let bundle = args.bundles.get(worker.bundle).ok_or_else(|| Failure::usage("--worker: no bundle of that number"))?;
    let rules = packs::load_for(&args.reading)?;
    let rules = if args.profile { rules.measured() } else { rules };
    let style = TextOptions { width: worker.width, colour: worker.colour };
    let Report { text, reached, beside } = report(bundle, &rules, args, &style).map_err(Failure::unreadable)?;
    if !beside.is_empty() {
        aside(&beside);
    }
    print(&text)?;
    Ok(ExitCode::from(u8::from(reached)))
}

#[cfg(unix)]
fn limit_memory(bytes: u64) -> std::io::Result<()> {
    rlimit::setrlimit(rlimit::Resource::DATA, bytes, bytes)
}

#[cfg(not(unix))]
fn limit_memory(_: u64) -> std::io::Result<()> {
    Err(std::io::Error::other("this system has no limit for it"))
}

/// The parent's side: hands the outcome of every bundle to `take`, in the order of the bundles.
pub(crate) fn each(
    args: &Analyze,
    style: &TextOptions,
    mut take: impl FnMut(Result<Report, String>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    // Mistakes in rule files are told once, and not by every worker.
    packs::load_for(&args.reading)?;
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..args.jobs.clamp(1, args.bundles.len()) {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(bundle) = args.bundles.get(at) else { break };
                    let worker = Worker { bundle: at, width: style.width, colour: style.colour };
                    // The receiver is gone when a report could not be written: the run is over.
                    if sender.send((at, run(args, bundle, worker))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        let mut early: Vec<Option<Result<Report, String>>> = args.bundles.iter().map(|_| None).collect();
        let mut due = 0;
        let mut result = Ok(());
        for (at, outcome) in &receiver {
            early[at] = Some(outcome);
            while let Some(outcome) = early.get_mut(due).and_then(Option::take) {
                due += 1;
                result = result.and_then(|()| take(outcome));
            }
            if result.is_err() {
                // Running workers end; no other one begins.
                next.store(args.bundles.len(), Ordering::Relaxed);
            }
        }
        result
    })
}

/// Runs one worker to its end.
fn run(args: &Analyze, bundle: &Path, worker: Worker) -> Result<Report, String> {
    let bar = if args.jobs <= 1 { Some(progress::spinner(bundle, &args.reading)) } else { None };
    let outcome = start(worker, 1)
        .map_err(|error| format!("cannot start a worker process: {error}"))
        .and_then(|child| attend(child, args.reading.max_run.unwrap_or(TIME)))
        .and_then(|Ended { code, text, said }| {
            let said = said.trim();
            match code {
                0 | 1 => Ok(Report { text, reached: code == 1, beside: said.to_owned() }),
                _ => Err(said.strip_prefix("bundlescope: ").unwrap_or(said).to_owned()),
            }
        });
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    outcome.map_err(|message| {
        // Messages about the bundle itself begin with its name already.
        let name = bundle.display().to_string();
        if message.starts_with(&name) { message } else { format!("{name}: {message}") }
    })
}

/// Starts the program again; its subcommand has so many words.
fn start(worker: Worker, words: usize) -> std::io::Result<Child> {
    let mut arguments = std::env::args_os().skip(1);
    let mut command = Command::new(std::env::current_exe()?);
    // The subcommand comes first; options may stand anywhere behind it, paths only behind a `--`.
    command.args(arguments.by_ref().take(words)).arg("--worker").arg(worker.to_string()).args(arguments);
    // The standard library deadlocks when memory ends while it collects a backtrace.
    command.env("RUST_BACKTRACE", "0").env("RUST_LIB_BACKTRACE", "0");
    command.stdin(Stdio::inherit()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()
}

/// A worker that came to its end, whatever it found.
struct Ended {
    code: u8,
    text: String,
    said: String,
}

/// Collects what the worker says and how it ends; an end that is none of the program's own is an error.
fn attend(mut child: Child, time: Duration) -> Result<Ended, String> {
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (ended, text, said) = std::thread::scope(|scope| {
        let text = scope.spawn(move || stdout.map_or_else(String::new, |pipe| drain(pipe, REPORT)));
        let said = scope.spawn(move || stderr.map_or_else(String::new, |pipe| drain(pipe, BESIDE)));
        let ended = child.wait_timeout(time);
        if !matches!(ended, Ok(Some(_))) {
            // It may be gone by now, which is as good.
            let _ = child.kill();
            let _ = child.wait();
        }
        // The readers only read, and cannot panic; if one did, its text is lost and nothing else.
        (ended, text.join().unwrap_or_default(), said.join().unwrap_or_default())
    });
    match ended {
        Ok(Some(status)) => match status.code().and_then(|code| u8::try_from(code).ok()) {
            Some(code @ (0..=1 | 3..=5)) => Ok(Ended { code, text, said }),
            // Complaints about usage come before a worker is started, but for those about what it reads.
            Some(code @ 2) if said.starts_with("bundlescope: ") => Ok(Ended { code, text, said }),
            _ => Err(format!("the analysis crashed ({}){}", end(status), quoted(said.trim()))),
        },
        Ok(None) => Err(format!("the analysis did not end within {} s and was stopped", time.as_secs())),
        Err(error) => Err(format!("the worker process was lost: {error}")),
    }
}

fn drain(pipe: impl Read, limit: u64) -> String {
    let mut bytes = Vec::new();
    let mut pipe = pipe.take(limit);
    // What was read before an error is still worth showing.
    let _ = pipe.read_to_end(&mut bytes);
    // A worker that waits for a reader would never end.
    let _ = std::io::copy(&mut pipe.into_inner(), &mut std::io::sink());
    String::from_utf8_lossy(&bytes).into_owned()
}

fn quoted(said: &str) -> String {
    if said.is_empty() { String::new() } else { format!(": {said}") }
}

#[cfg(unix)]
fn end(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match (status.signal(), status.code()) {
        (Some(6), _) => "aborted; it may have reached the memory limit, see --max-memory".to_owned(),
        (Some(signal), _) => format!("ended by signal {signal}"),
        (None, Some(code)) => format!("exit code {code}"),
        (None, None) => "ended".to_owned(),
    }
}

#[cfg(not(unix))]
fn end(status: ExitStatus) -> String {
    status.code().map_or_else(|| "ended".to_owned(), |code| format!("exit code {code}"))
}
