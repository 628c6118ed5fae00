//! `top -b` of procps 3.2 to 4 and of busybox: the summary of each interval, and its processes.

use bundlescope_facts::{Activity, Memory, Process, Text};

use crate::document::{Document, Line, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words;

use super::load;
use super::units::{cpu_time, fraction, scaled};

/// The format.
pub(crate) static TOP: Format = Format {
    name: "top",
    collect: "top -b -n 1 -w 512",
    kinds: &["load", "uptime", "activity", "memory", "process"],
    detect,
    parse,
};

fn detect(hint: &Hint<'_>) -> Match {
    let head = |line: &str| line.starts_with("top - ") && load::status(line).is_some();
    let content = hint.head.lines().take(10).any(|line| head(line) || titles(line).is_some());
    match (content, words::subject_is(hint.subject, &["top"])) {
        (true, true) => Match::Both,
        (true, false) => Match::Content,
        _ => Match::No,
    }
}

/// The titles of the processes, with where each ends, counted in bytes.
struct Titles<'a> {
    titles: Vec<(&'a str, usize)>,
    command: usize,
}

fn titles(line: &str) -> Option<Titles<'_>> {
    if line.len() > 4000 {
        return None;
    }
    let mut from = 0;
    let mut titles = Vec::new();
    for word in line.split_ascii_whitespace() {
        from += line.get(from..)?.find(word)? + word.len();
        // German, French and Portuguese translate three of them.
        let title = match word {
            "BEFEHL" | "COM." | "COMANDO" => "COMMAND",
            "ZEIT+" | "TEMPS+" | "TEMPO+" => "TIME+",
            "UTIL." | "USUARIO" => "USER",
            word => word,
        };
        titles.push((title, from));
    }
    let has = |name: &str| titles.iter().any(|(title, _)| *title == name);
    let command = titles.iter().position(|(title, _)| *title == "COMMAND")?;
    let procps = has("PID") && has("USER") && has("RES") && has("S");
    let busybox = has("PID") && has("PPID") && has("VSZ") && has("%CPU") && (has("%VSZ") || has("%MEM")) && has("STAT");
    let toplike = procps || busybox && !has("START") && !has("TTY");
    toplike.then_some(Titles { titles, command })
}

fn row(titles: &Titles<'_>, line: &str) -> Result<Process, &'static str> {
    const COLUMNS: &str = "expected the columns of the titles";
    let mut words = words::Words::new(line);
    let mut cells: Vec<(&str, &str)> = Vec::with_capacity(titles.titles.len());
    for (title, _) in titles.titles.iter().take(titles.command) {
        let mut cell = words.next().ok_or(COLUMNS)?;
        // Busybox: `S <`, `I N`.
        if *title == "STAT" && cell.len() == 1 && matches!(words.peek(), Some("<" | "N")) {
            cell = words.next().map_or(cell, |_| cell);
        }
        cells.push((title, cell));
    }
    let mut command = words.rest();
    // Behind the command only the parent's id is read: further columns may hold blanks or nothing.
    if let Some((title, end)) = titles.titles.get(titles.command + 1) {
        let start = line.len() - command.len();
        let piece = line.get(start..(*end).min(line.len()).max(start)).ok_or(COLUMNS)?;
        let (name, cell) = piece.rsplit_once(' ').ok_or(COLUMNS)?;
        command = name.trim_ascii_end();
        if *title == "PPID" {
            cells.push((title, cell));
        }
    }
    let command = super::ps::without_program(command.trim_ascii_end());
    if command.is_empty() {
        return Err(COLUMNS);
    }
    let get = |name: &str| cells.iter().find(|(title, _)| *title == name).map(|(_, cell)| *cell);
    let number =
        |name: &str| get(name).map(str::parse::<u32>).transpose().map_err(|_| "expected a number below PID or PPID");
    let percent = |name: &str| match get(name) {
        Some(cell) => fraction(cell.trim_end_matches('%')).map(Some).ok_or("expected a number below %CPU or %MEM"),
        None => Ok(None),
    };
    let kilobytes = |name: &str| match get(name) {
        Some(cell) => scaled(cell, 1024).map(Some).ok_or("expected a size below VIRT, VSZ or RES"),
        None => Ok(None),
    };
    let state = get("S").or_else(|| get("STAT"));
    let (program, _) = super::ps::executable(command);
    Ok(Process {
        pid: number("PID")?.ok_or(COLUMNS)?,
        ppid: number("PPID")?,
        user: get("USER").map(Text::from),
        command: command.into(),
        executable: program.into(),
        // `top` writes the names of kernel threads without brackets; they have no memory.
        kernel_thread: command.starts_with('['),
        zombie: state.is_some_and(|state| state.starts_with('Z')),
        state: state.map(Text::from),
        cpu_percent: percent("%CPU")?,
        memory_percent: percent("%MEM")?,
        virtual_size: kilobytes("VIRT")?.map_or_else(|| kilobytes("VSZ"), |bytes| Ok(Some(bytes)))?,
        rss: kilobytes("RES")?,
        cpu_seconds: match get("TIME+").or_else(|| get("TIME")) {
            Some(cell) => Some(cpu_time(cell).ok_or("expected a time below TIME+")?),
            None => None,
        },
        ..Process::default()
    })
}

/// `%Cpu(s):  5.6 us, 11.1 sy,  0.0 ni, …`, `Cpu(s):  0.3%us,  0.1%sy, …`, `CPU:   0% usr   4% sys …`.
fn cpu(line: &str) -> Option<Activity> {
    let (name, rest) = line.split_once(':')?;
    if !matches!(name.trim(), "%Cpu(s)" | "%CPU(s)" | "Cpu(s)" | "CPU") {
        return None;
    }
    let mut found = Activity::default();
    let mut number = None;
    // In languages with a decimal comma a comma stands inside numbers too.
    for word in rest.split_ascii_whitespace().flat_map(parts) {
        let (digits, unit) =
            word.split_at(word.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ','))).unwrap_or(word.len()));
        if !digits.is_empty() {
            number = Some(fraction(digits)?);
        }
        let field = match unit.trim_matches(['%', ',']) {
            "us" | "usr" | "ut" => &mut found.user,
            "sy" | "sys" => &mut found.system,
            "id" | "idle" => &mut found.idle,
            "wa" | "io" => &mut found.io_wait,
            "st" => &mut found.stolen,
            _ => continue,
        };
        *field = number;
    }
    found.idle.is_some().then_some(found)
}

/// `us,100.0`: a number of five characters leaves no blank before it. A comma behind a digit belongs to the number.
fn parts(word: &str) -> impl Iterator<Item = &str> {
    let mut letter = false;
    word.split_inclusive(move |c: char| {
        let behind = std::mem::replace(&mut letter, c.is_alphabetic());
        c == ',' && behind
    })
}

/// `KiB Mem :  3861332 total, …`, `Mem:   7989880k total, …`, `Mem: 1234K used, 567K free, …` of busybox. `None` when the line is none of
/// memory or swap; otherwise what was found so far may be partly overwritten.
fn memory(line: &str, found: &mut Memory) -> Option<()> {
    let (name, rest) = line.split_once(':')?;
    let mut name = name.split_ascii_whitespace();
    let (first, second) = (name.next()?, name.next());
    let (unit, name) = match second {
        Some(name) => (first, name),
        None => ("", first),
    };
    let unit = match unit {
        "" | "KiB" => 1024,
        "MiB" | "MB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        "PiB" => 1 << 50,
        _ => return None,
    };
    let swap = match name {
        "Mem" | "mem" | "Spch" => false,
        "Swap" | "swap" | "Éch" | "Intercambio" => true,
        _ => return None,
    };
    // A comma may also stand inside a number.
    let mut words = rest.split(' ').map(|word| word.trim_end_matches(',')).filter(|word| !word.is_empty());
    while let Some(word) = words.next() {
        // `512.0 used.   5757.0 avail Mem`; wide numbers of procps 3.3 end with `+`, and are not known.
        let bytes = if word.ends_with('+') { None } else { Some(scaled(word, unit)?) };
        let label = words.next()?.trim_end_matches('.');
        let field = match (label, swap) {
            ("total", false) => &mut found.total,
            ("free" | "libr", false) => &mut found.free,
            ("used" | "util", false) => &mut found.used,
            ("buff/cache" | "tamp/cache", _) => &mut found.buffers_and_cache,
            ("buffers" | "buff", _) => &mut found.buffers,
            ("cached", _) => &mut found.cached,
            ("shrd", _) => &mut found.shared,
            ("avail" | "dispo", _) => {
                words.next();
                &mut found.available
            }
            ("total", true) => &mut found.swap_total,
            ("free" | "libr", true) => &mut found.swap_free,
            ("used" | "util", true) => &mut found.swap_used,
            _ => return None,
        };
        *field = bytes;
    }
    Some(())
}

/// The lines of one interval's summary.
#[derive(Default)]
struct Summary<'d> {
    activity: Option<(Line<'d>, Activity)>,
    memory: Option<(Line<'d>, Line<'d>, Memory)>,
    /// The line of tasks.
    tasks: Option<(Line<'d>, Option<u32>)>,
}

impl<'d> Summary<'d> {
    fn emit(&mut self, parsed: &mut Parsed, document: &Document<'d>) {
        let container = document.container.clone();
        let tasks = self.tasks.take();
        if let Some((processor, mut activity)) = self.activity.take() {
            let mut from = processor;
            if let Some((line, zombies)) = tasks {
                activity.zombies = zombies;
                from = line;
            }
            parsed.fact(document, from, processor, Activity { container: container.clone(), ..activity });
        }
        if let Some((first, last, memory)) = self.memory.take() {
            parsed.fact(document, first, last, Memory { container, ..memory });
        }
    }
}

/// `Tasks: 108 total,   2 running, 106 sleeping,   0 stopped,   5 zombie`.
fn tasks(line: &str) -> Option<Option<u32>> {
    let titles = ["Tasks:", "Threads:", "Tâches:", "Tareas:", "Tarefas:"];
    let rest = titles.iter().find_map(|title| line.strip_prefix(title))?;
    let zombies = |part: &&str| part.ends_with("zombie") || part.ends_with("zumbi");
    let zombies = rest.split(',').map(str::trim).find(zombies)?.split(' ').next()?;
    Some(zombies.trim().parse().ok())
}

/// Further lines of the summary that say nothing new: single CPUs, busybox's averages.
fn is_known(line: &str) -> bool {
    line.starts_with("%Cpu") || line.starts_with("Cpu") || line.starts_with("Load average:")
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut summary = Summary::default();
    let mut current: Option<Titles<'_>> = None;
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        let text = line.text.trim();
        if let Some(status) = Some(text).filter(|text| text.starts_with("top - ")).and_then(load::status) {
            summary.emit(&mut parsed, document);
            current = None;
            load::emit(&mut parsed, document, line, status);
        } else if let Some(found) = titles(line.text) {
            summary.emit(&mut parsed, document);
            current = Some(found);
        } else if let Some(titles) = current.as_ref().filter(|_| !text.starts_with("Mem: ")) {
            match row(titles, line.text) {
                Ok(process) => {
                    parsed.line_fact(document, line, Process { container: document.container.clone(), ..process });
                }
                Err(reason) => parsed.problem(document, line.number, format!("{reason}; line skipped")),
            }
        } else {
            current = None;
            let (first, mut found) = match &summary.memory {
                Some((first, _, found)) => (*first, found.clone()),
                None => (line, Memory::default()),
            };
            if memory(text, &mut found).is_some() {
                summary.memory = Some((first, line, found));
                continue;
            }
            if let Some(zombies) = tasks(text) {
                summary.tasks = Some((line, zombies));
            } else if let Some(activity) = cpu(text) {
                summary.activity = Some((line, activity));
            } else if !is_known(text) {
                parsed.problem(document, line.number, "expected a line of top's summary; line skipped");
            }
        }
    }
    summary.emit(&mut parsed, document);
    parsed
}
