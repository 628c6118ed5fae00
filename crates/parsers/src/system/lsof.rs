//! `lsof` with any columns: threads (`-K`, `TASKCMD`), parents (`-R`), process groups (`-g`), sizes or offsets alone (`-s`, `-o`).

use std::collections::BTreeMap;

use bundlescope_facts::{OpenFile, OpenFileCount, Text};

use crate::document::{Document, Line, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words;

use super::table::Columns;

/// The format.
pub(crate) static LSOF: Format =
    Format { name: "lsof", collect: "lsof -n", kinds: &["open_file", "open_file_count"], detect, parse };

fn titles(line: &str) -> Option<Columns<'_>> {
    if !line.starts_with("COMMAND") || line.len() > 1000 {
        return None;
    }
    let columns = Columns::new(line);
    let all = ["PID", "FD", "TYPE", "NAME"].iter().all(|title| columns.has(title));
    (all && columns.names().last() == Some("NAME")).then_some(columns)
}

/// Lines that lsof writes about itself, and how it goes on with them.
fn is_warning(line: &str) -> bool {
    line.starts_with("lsof: ") || line.starts_with("      Output information may be incomplete")
}

fn detect(hint: &Hint<'_>) -> Match {
    let content = hint.head.lines().any(|line| titles(line).is_some());
    let warned = hint.head.lines().all(|line| line.trim().is_empty() || is_warning(line));
    match (content, words::subject_is(hint.subject, &["lsof"])) {
        (true, true) => Match::Both,
        (true, false) => Match::Content,
        (false, true) if warned => Match::Path,
        _ => Match::No,
    }
}

/// `14u`, `3r`, `5wW`, `cwd`, `mem`: the descriptor and how it is open.
fn descriptor(cell: &str) -> (&str, Option<&str>) {
    let digits = cell.find(|c: char| !c.is_ascii_digit()).unwrap_or(cell.len());
    if digits == 0 {
        return (cell, None);
    }
    let (number, rest) = cell.split_at(digits);
    let mode = rest.get(..1).filter(|mode| matches!(*mode, "r" | "w" | "u"));
    (number, mode)
}

fn row(columns: &Columns<'_>, line: &str) -> Option<OpenFile> {
    let cells = columns.row(line)?;
    let text = |title: &str| cells.get(title).map(Text::from);
    let (fd, mode) = descriptor(cells.get("FD")?);
    // Offsets begin with `0t` or `0x`.
    let size = cells.get("SIZE/OFF").or_else(|| cells.get("SIZE")).and_then(|cell| cell.parse().ok());
    let name = cells.get("NAME").unwrap_or_default();
    let thread = match cells.get("TID") {
        Some(cell) => Some(cell.parse().ok()?),
        None => None,
    };
    Some(OpenFile {
        command: text("COMMAND")?,
        pid: cells.get("PID")?.parse().ok()?,
        thread,
        user: text("USER"),
        fd: fd.into(),
        mode: mode.map(Text::from),
        file_type: text("TYPE"),
        size,
        node: text("NODE"),
        name: name.into(),
        deleted: name.ends_with("(deleted)") || fd == "DEL",
        container: None,
    })
}

/// The lines of a process and how many descriptors they name.
struct Process<'d> {
    command: Text,
    first: Line<'d>,
    last: Line<'d>,
    count: u64,
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut current: Option<Columns<'_>> = None;
    let mut processes: BTreeMap<u32, Process<'_>> = BTreeMap::new();
    for line in document.lines().filter(|line| !line.text.trim().is_empty() && !is_warning(line.text)) {
        if let Some(columns) = titles(line.text) {
            current = Some(columns);
            continue;
        }
        let Some(found) = current.as_ref().and_then(|columns| row(columns, line.text)) else {
            parsed.problem(document, line.number, "expected an open file with the columns of the titles; line skipped");
            continue;
        };
        if found.thread.is_none() {
            let process = processes.entry(found.pid).or_insert_with(|| Process {
                command: found.command.clone(),
                first: line,
                last: line,
                count: 0,
            });
            process.last = line;
            process.count += u64::from(found.fd.starts_with(|c: char| c.is_ascii_digit()));
        }
        parsed.line_fact(document, line, OpenFile { container: document.container.clone(), ..found });
    }
    for (pid, Process { command, first, last, count }) in processes {
        let container = document.container.clone();
        parsed.fact(document, first, last, OpenFileCount { command, pid, count, container });
    }
    parsed
}
