//! `ps` of procps in any form (`aux`, `-ef`, `auxwwwm`, `fauxwww`, `-elfL`, `-o` with columns of choice) and of busybox.
//!
//! After the titles each line is a process. The columns before the command hold no blanks, but for a few dates; the
//! command is the rest of the line. A command in another column ends where the columns behind it begin. Lines of threads
//! (`-m`, `-L`, `-T`) belong to the process before them.

use bundlescope_facts::{Data, Process, Text};

use crate::docker;
use crate::document::{Document, Line, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words;

use super::units::{cpu_time, fraction, scaled};

/// The format.
pub(crate) static PS: Format =
    Format { name: "ps", collect: "ps auxwww", kinds: &["process", "daemon_config"], detect, parse };

/// `docker top`: what `ps` prints on the host, of the processes of one container, which the command names.
pub(crate) static DOCKER_TOP: Format = Format {
    name: "docker-top",
    collect: "docker top CONTAINER",
    kinds: &["process"],
    detect: |hint| Match::of(topped(hint.subject).is_some() && titled(hint), true),
    parse: |document| parse(&Document { container: topped(&document.subject).map(Text::from), ..document.clone() }),
};

/// The container of `docker top CONTAINER`.
fn topped(subject: &str) -> Option<&str> {
    let mut words = subject.split_ascii_whitespace().skip_while(|word| *word != "top");
    let docker = ["docker", "podman", "nerdctl"].iter().any(|program| subject.starts_with(program));
    words.next().filter(|_| docker && !subject.contains("compose"))?;
    words.find(|word| !word.starts_with('-'))
}

/// Titles of procps 2 to 4 and busybox; `ps -L` lists those of a version.
const TITLES: &[&str] = &[
    "%CPU", "%MEM", "ADDR", "ARGS", "BLOCKED", "C", "CAUGHT", "CGROUP", "CLS", "CMD", "COMMAND", "CP", "CPU", "DRS",
    "EGID", "EGROUP", "EIP", "ELAPSED", "ESP", "EUID", "EUSER", "F", "FGID", "FGROUP", "FUID", "FUSER", "GID", "GROUP",
    "IGNORED", "IPCNS", "LABEL", "LWP", "MAJFL", "MAJFLT", "MINFL", "MINFLT", "MNTNS", "NETNS", "NI", "NLWP", "OWNER",
    "PENDING", "PGID", "PGRP", "PID", "PIDNS", "POL", "PPID", "PRI", "PSR", "RGID", "RGROUP", "RSS", "RSZ", "RTPRIO",
    "RUID", "RUSER", "S", "SCH", "SESS", "SGI_P", "SGI_RSS", "SGID", "SGROUP", "SID", "SIGMASK", "SIZE", "SPID",
    "STACKP", "START", "STARTED", "STAT", "STIME", "SUID", "SUSER", "SVGID", "SVUID", "SZ", "THCNT", "TID", "TIME",
    "TPGID", "TRS", "TT", "TTY", "UID", "UNIT", "USER", "USERNS", "UTSNS", "VSIZE", "VSZ", "WCHAN",
];

/// The titles of a list, with where each begins, counted in bytes.
#[derive(Debug)]
struct Titles<'a> {
    titles: Vec<(&'a str, usize)>,
    /// Which of them is the command line.
    command: usize,
}

fn titles(line: &str) -> Option<Titles<'_>> {
    if line.len() > 2000 {
        return None;
    }
    let mut titles = Vec::new();
    let mut words = words::Words::new(line);
    while let Some(word) = words.next() {
        titles.push((word, line.len() - words.rest().len()));
    }
    // Where each begins: `Words` tells where the rest begins, so the places are looked up one after the other.
    let mut from = 0;
    for (title, at) in &mut titles {
        *at = from + line.get(from..)?.find(*title)?;
        from = *at + title.len();
    }
    let has = |names: &[&str]| titles.iter().any(|(title, _)| names.contains(title));
    let command = titles.iter().rposition(|(title, _)| matches!(*title, "COMMAND" | "CMD" | "ARGS"))?;
    let known = titles.iter().all(|(title, _)| TITLES.contains(title));
    // Any column may be given a title of its own.
    let usual = has(&["PID"]) && has(&["TIME"]) && command + 1 == titles.len();
    (has(&["PID"]) && titles.len() >= 2 && (known || usual) && !has(&["TIME+", "FD", "CONTAINER"]))
        .then_some(Titles { titles, command })
}

fn detect(hint: &Hint<'_>) -> Match {
    // `docker top` prints what ps prints, of one container, and not even which one where no path tells it.
    if words::subject_is(hint.subject, &["docker", "top"]) {
        return Match::No;
    }
    match (titled(hint), words::subject_is(hint.subject, &["ps"])) {
        (true, true) => Match::Both,
        (true, false) => Match::Content,
        _ => Match::No,
    }
}

fn titled(hint: &Hint<'_>) -> bool {
    hint.head.lines().take(10).any(|line| titles(line).is_some())
}

/// The value of a column in front of the command, which may hold a blank in a date and in the state of busybox.
fn value<'a>(words: &mut words::Words<'a>, title: &str) -> Option<&'a str> {
    let before = words.rest();
    let first = words.next()?;
    let count = match title {
        "STARTED" | "START" | "STIME" => {
            let day = matches!(first, "Mon" | "Tue" | "Wed" | "Thu" | "Fri" | "Sat" | "Sun");
            let month = first.len() == 3 && first.bytes().all(|byte| byte.is_ascii_alphabetic());
            // `Sat Nov 21 01:36:02 2026`, `Nov 21`.
            if day { 4 } else { usize::from(month) }
        }
        // Busybox: `S <`, `I N`.
        "STAT"
            if first.len() == 1
                && matches!(words.peek(), Some("<" | "N"))
                && before.as_bytes().get(1) == Some(&b' ') =>
        {
            usize::from(before.as_bytes().get(2).is_some_and(|byte| *byte != b' '))
        }
        _ => 0,
    };
    for _ in 0..count {
        words.next()?;
    }
    let taken = before.len() - words.rest().len();
    before.get(..taken).map(str::trim_ascii_end)
}

/// The columns in front of the command, the command, and those behind it.
fn cells<'t, 'a>(titles: &'t Titles<'_>, line: &'a str) -> Option<Vec<(&'t str, &'a str)>> {
    let (before, behind) = (titles.titles.get(..titles.command)?, titles.titles.get(titles.command + 1..)?);
    let mut cells = Vec::with_capacity(titles.titles.len());
    let mut words = words::Words::new(line);
    for (at, (title, _)) in before.iter().enumerate() {
        // The name of the program in front of the command line may hold blanks, and fills 15 characters.
        if matches!(*title, "COMMAND" | "CMD") {
            let start = line.len() - words.rest().len();
            let padded = titles.titles.get(at)?.1 == start
                && line.as_bytes().get(start + 15).is_some_and(|byte| *byte == b' ')
                && line.is_char_boundary(start + 15);
            let name = if padded { line.get(start..start + 15)? } else { words.peek()? };
            cells.push((*title, name.trim_ascii_end()));
            words = words::Words::new(line.get(start + name.len()..)?);
            continue;
        }
        cells.push((title, value(&mut words, title)?));
    }
    let mut command = words.rest();
    let mut last = Vec::new();
    for (title, _) in behind.iter().rev() {
        let at = command.rfind(|c: char| c.is_ascii_whitespace())?;
        last.push((*title, &command[at + 1..]));
        command = command[..at].trim_ascii_end();
    }
    let title = titles.titles.get(titles.command)?.0;
    cells.push((title, without_program(branch(command))));
    cells.extend(last.into_iter().rev());
    (!command.is_empty()).then_some(cells)
}

/// The command behind the branches of a tree: `|   \_ nginx: worker process`.
fn branch(command: &str) -> &str {
    let mut rest = command.trim_ascii_start();
    while let Some(inner) = rest.strip_prefix("| ") {
        rest = inner.trim_ascii_start();
    }
    rest.strip_prefix("\\_ ").map_or(
        if rest.len() < command.len() && command.starts_with('|') { command } else { rest },
        str::trim_ascii_start,
    )
}

/// A command line without what busybox puts before it when the program's name is another one: `{sleep} /usr/bin/dockerd`.
pub(super) fn without_program(command: &str) -> &str {
    let rest = command.strip_prefix('{').and_then(|inner| inner.split_once("} ")).filter(|(name, _)| name.len() <= 15);
    rest.map_or(command, |(_, rest)| rest)
}

/// The program of a command line, without its folder, and whether it is a thread of the kernel.
pub(super) fn executable(command: &str) -> (&str, bool) {
    if let Some(name) = command.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')) {
        return (name, true);
    }
    let first = command.split_ascii_whitespace().next().unwrap_or_default();
    // `nginx: master process`, `-bash` of a login, `(sd-pam)`.
    let first = first.strip_suffix(':').unwrap_or(first);
    let first = first.strip_prefix('-').filter(|rest| !rest.is_empty()).unwrap_or(first);
    let first = first.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')).unwrap_or(first);
    (first.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or(first), false)
}

/// What a line says, and whether it is a thread of a process that has other lines.
#[derive(Debug, Default)]
struct Row {
    process: Process,
    /// Lines of `ps -m` for threads have no process id.
    numbered: bool,
    thread: bool,
}

fn row(titles: &Titles<'_>, line: &str) -> Result<Row, &'static str> {
    let cells = cells(titles, line).ok_or("expected the columns of the titles")?;
    let get =
        |name: &str| cells.iter().find(|(title, _)| *title == name).map(|(_, cell)| *cell).filter(|cell| *cell != "-");
    let text = |names: &[&str]| names.iter().find_map(|name| get(name)).map(Text::from);
    let state = get("STAT").or_else(|| get("S"));
    let mut process = Process {
        zombie: state.is_some_and(|state| state.starts_with('Z')),
        state: state.map(Text::from),
        ..Process::default()
    };
    let Some(pid) = get("PID") else {
        return Ok(Row { process, numbered: false, thread: true });
    };
    process.pid = pid.parse().map_err(|_| "expected a number below PID")?;
    let thread = ["LWP", "SPID", "TID"].iter().find_map(|title| get(title));
    let thread = thread.is_some_and(|thread| thread.parse() != Ok(process.pid));
    let command = cells.get(titles.command).map(|(_, command)| *command).unwrap_or_default();
    let (program, kernel_thread) = executable(command);
    process.user = text(&["USER", "UID", "EUSER", "RUSER", "EUID"]);
    process.command = command.into();
    process.executable = program.into();
    process.kernel_thread = kernel_thread;
    process.started = text(&["START", "STIME", "STARTED"]);
    process.cgroup = text(&["CGROUP"]);
    let number =
        |name: &str| get(name).map(str::parse::<u32>).transpose().map_err(|_| "expected a number below PPID or NLWP");
    process.ppid = number("PPID")?;
    process.threads = number("NLWP")?.map_or_else(|| number("THCNT"), |count| Ok(Some(count)))?;
    let percent = |name: &str| match get(name) {
        Some(cell) => fraction(cell).map(Some).ok_or("expected a number below %CPU, C or %MEM"),
        None => Ok(None),
    };
    process.cpu_percent = percent("%CPU")?.map_or_else(|| percent("C"), |share| Ok(Some(share)))?;
    process.memory_percent = percent("%MEM")?;
    let kilobytes = |names: [&str; 2]| match names.iter().find_map(|name| get(name)) {
        Some(cell) => scaled(cell, 1024).map(Some).ok_or("expected a size in kilobytes below VSZ or RSS"),
        None => Ok(None),
    };
    process.virtual_size = kilobytes(["VSZ", "VSIZE"])?;
    process.rss = kilobytes(["RSS", "RSZ"])?;
    process.cpu_seconds = match get("TIME") {
        Some(cell) => Some(cpu_time(cell).ok_or("expected a time below TIME")?),
        None => None,
    };
    Ok(Row { process, numbered: true, thread })
}

/// What ps writes above the titles.
fn is_warning(line: &str) -> bool {
    let line = line.trim_start().to_ascii_lowercase();
    ["your ", "warning", "error", "ps:"].iter().any(|start| line.starts_with(start))
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut current: Option<Titles<'_>> = None;
    // The place of the last process among the facts, and its id.
    let mut last: Option<(usize, u32)> = None;
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        if let Some(found) = titles(line.text) {
            current = Some(found);
            last = None;
            continue;
        }
        let Some(titles) = &current else {
            if !is_warning(line.text) {
                parsed.problem(document, line.number, "expected titles such as `PID` and `COMMAND`; line skipped");
            }
            continue;
        };
        match row(titles, line.text) {
            Ok(Row { process, numbered: false, .. }) => match last {
                // `ps -m` writes the state beside the threads alone.
                Some((at, _)) => state_of_thread(&mut parsed, at, &process, line),
                None => parsed.problem(document, line.number, "a thread without its process; line skipped"),
            },
            Ok(Row { process, thread: true, .. }) if last.is_some_and(|(_, pid)| pid == process.pid) => {}
            Ok(Row { process, .. }) => {
                last = Some((parsed.facts.len(), process.pid));
                // What is run in a container has no daemon of this host.
                let settings =
                    if document.container.is_none() { docker::daemon_settings(&process.command) } else { None };
                parsed.line_fact(document, line, Process { container: document.container.clone(), ..process });
                if let Some(settings) = settings {
                    parsed.line_fact(document, line, settings);
                }
            }
            Err(reason) => parsed.problem(document, line.number, format!("{reason}; line skipped")),
        }
    }
    parsed
}

fn state_of_thread(parsed: &mut Parsed, at: usize, thread: &Process, line: Line<'_>) {
    if let Some(fact) = parsed.facts.get_mut(at)
        && let Data::Process(process) = &mut fact.data
        && process.state.is_none()
        && thread.state.is_some()
    {
        process.state = thread.state.clone();
        process.zombie = thread.zombie;
        fact.source.last_line = line.number;
        fact.source.span.1 = line.end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_daemon_is_found_in_every_form_of_list() {
        let forms = [
            "USER PID %CPU %MEM VSZ RSS TTY STAT START TIME COMMAND\nroot 812 0.1 0.3 1 2 ? Ssl Nov21 0:01  \\_ /usr/bin/dockerd --icc=false -H fd://\n",
            "UID PID PPID C STIME TTY TIME CMD\nroot 812 1 0 04:00 ? 00:00:01 dockerd --icc=false\nroot 900 812 0 04:00 ? 00:00:00 grep dockerd --icc=false\n",
        ];
        for form in forms {
            let parsed = parse(&Document::new("ps", form.as_bytes()));
            let facts: Vec<_> = parsed.facts.iter().filter(|fact| fact.kind() == "daemon_config").collect();
            assert_eq!(facts.len(), 1);
            assert_eq!((facts[0].source.first_line, facts[0].get("icc").to_string()), (2, "false".to_owned()));
        }
    }

    #[test]
    fn processes_that_docker_lists_are_of_the_container_that_the_command_names() {
        let text = "UID        PID    PPID   C   STIME   TTY   TIME       CMD\n999        3087   815    0   01:44   ?     00:00:00   postgres\n";
        for (path, container) in [("docker_top_web.txt", "web"), ("docker_top_db-1", "db-1")] {
            let crate::Identity::Format(format) = crate::identify(path, text.as_bytes()).identity else {
                panic!("{path}")
            };
            let parsed = format.read(&Document::new(path, text.as_bytes()));
            assert_eq!((format.name, parsed.problems.len()), ("docker-top", 0), "{path}");
            assert_eq!(parsed.facts[0].get("container").to_string(), container);
            assert_eq!(parsed.facts[0].get("pid").to_string(), "3087");
        }
    }

    #[test]
    fn the_program_is_told_however_it_is_called() {
        let forms = [
            ("/usr/bin/dockerd -H fd://", ("dockerd", false)),
            ("nginx: master process nginx -g daemon off;", ("nginx", false)),
            ("-bash", ("bash", false)),
            ("(sd-pam)", ("sd-pam", false)),
            ("[kworker/0:1-events]", ("kworker/0:1-events", true)),
            ("sshd: root@pts/0", ("sshd", false)),
            ("/", ("/", false)),
        ];
        for (command, expected) in forms {
            assert_eq!(executable(command), expected, "{command}");
        }
    }

    #[test]
    fn branches_of_a_tree_are_no_part_of_a_command() {
        assert_eq!(branch(" |   |       \\_ nginx: worker process"), "nginx: worker process");
        assert_eq!(branch("|   \\_ a"), "a");
        assert_eq!(branch("| tee"), "| tee");
        assert_eq!(branch("_x | \\_ y"), "_x | \\_ y");
    }
}
