//! Memory: /proc/meminfo, `free` with any unit and in five languages, `vmstat -s`.

use bundlescope_facts::Memory;

use crate::document::{Document, Line, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words;

use super::units::{in_powers, scaled};

/// /proc/meminfo.
pub(crate) static MEMINFO: Format = Format {
    name: "meminfo",
    collect: "cat /proc/meminfo",
    kinds: &["memory"],
    detect: detect_meminfo,
    parse: parse_meminfo,
};

/// `free`.
pub(crate) static FREE: Format =
    Format { name: "free", collect: "free -b", kinds: &["memory"], detect: detect_free, parse: parse_free };

/// `vmstat -s`.
pub(crate) static STATISTICS: Format = Format {
    name: "vmstat-s",
    collect: "vmstat -s",
    kinds: &["memory"],
    detect: detect_statistics,
    parse: parse_statistics,
};

/// `MemTotal:        8009912 kB`: the name and the bytes, or the number where it counts pages.
fn entry(line: &str) -> Option<(&str, u64)> {
    let (name, rest) = line.trim().split_once(':')?;
    let mut words = rest.split_ascii_whitespace();
    let number: u64 = words.next()?.parse().ok()?;
    let bytes = match words.next() {
        Some("kB") => number.checked_mul(1024)?,
        None => number,
        Some(_) => return None,
    };
    (words.next().is_none() && !name.is_empty() && !name.contains(' ')).then_some((name, bytes))
}

fn detect_meminfo(hint: &Hint<'_>) -> Match {
    let content = hint.head.lines().take(5).any(|line| entry(line).is_some_and(|(name, _)| name == "MemTotal"))
        && words::most_lines(hint.head, |line| entry(line).is_some());
    match (content, hint.subject.ends_with("meminfo")) {
        (true, true) => Match::Both,
        (true, false) => Match::Content,
        _ => Match::No,
    }
}

fn parse_meminfo(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut memory = Memory::default();
    let mut range: Option<(Line<'_>, Line<'_>)> = None;
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        let Some((name, bytes)) = entry(line.text) else {
            parsed.problem(document, line.number, "expected `Name: number kB`; line skipped");
            continue;
        };
        let field = match name {
            "MemTotal" => &mut memory.total,
            "MemFree" => &mut memory.free,
            "MemAvailable" => &mut memory.available,
            "Buffers" => &mut memory.buffers,
            "Cached" => &mut memory.cached,
            "Shmem" => &mut memory.shared,
            "SwapTotal" => &mut memory.swap_total,
            "SwapFree" => &mut memory.swap_free,
            "CommitLimit" => &mut memory.commit_limit,
            "Committed_AS" => &mut memory.committed,
            _ => continue,
        };
        *field = Some(bytes);
        range = Some((range.map_or(line, |(first, _)| first), line));
    }
    match range {
        Some((first, last)) => {
            parsed.fact(document, first, last, Memory { container: document.container.clone(), ..memory });
        }
        None => parsed.problem(document, 0, "expected a line `MemTotal`"),
    }
    parsed
}

/// A column of `free`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Total,
    Used,
    Free,
    Shared,
    Buffers,
    Cached,
    Both,
    Available,
}

/// `total used free shared buff/cache available`.
fn titles(line: &str) -> Option<Vec<Column>> {
    let mut columns = Vec::new();
    for word in line.split_ascii_whitespace() {
        columns.push(match word {
            "total" | "gesamt" => Column::Total,
            "used" | "benutzt" | "utilisé" | "usado" | "usada" => Column::Used,
            "free" | "frei" | "libre" | "livre" => Column::Free,
            "shared" | "gemns." | "gemeins." | "partagé" | "compartido" | "compart." => Column::Shared,
            "buffers" | "Puffer" | "tampons" | "búferes" => Column::Buffers,
            "cached" | "cache" | "Cache" | "caché" => Column::Cached,
            "buff/cache" | "Puffer/Cache" | "tamp/cache" | "búf/caché" => Column::Both,
            "available" | "verfügbar" | "disponible" | "disponível" => Column::Available,
            _ => return None,
        });
    }
    (columns.starts_with(&[Column::Total, Column::Used, Column::Free])).then_some(columns)
}

fn detect_free(hint: &Hint<'_>) -> Match {
    let mut lines = hint.head.lines().filter(|line| !line.trim().is_empty());
    let content = lines.next().is_some_and(|line| titles(line).is_some())
        && lines.next().is_some_and(|line| row(line).is_some_and(|(name, _)| name == "Mem"));
    match (content, words::subject_is(hint.subject, &["free"])) {
        (true, true) => Match::Both,
        (true, false) => Match::Content,
        _ => Match::No,
    }
}

/// The unit of numbers without one, as the options tell it.
fn unit_of_options(subject: &str) -> Option<u64> {
    let mut unit = None;
    let mut powers_of_1000 = false;
    for word in subject.split_ascii_whitespace().skip(1) {
        let power = match word {
            "--bytes" => 0,
            "--kilo" | "--kibi" => 1,
            "--mega" | "--mebi" => 2,
            "--giga" | "--gibi" => 3,
            "--tera" | "--tebi" => 4,
            "--si" => {
                powers_of_1000 = true;
                continue;
            }
            // `-mt`, `-k`; `-h` prints units, and `-s 5` repeats.
            _ if word.len() > 1
                && word.starts_with('-')
                && word.bytes().skip(1).all(|b| b"bkmghtlwsv".contains(&b)) =>
            {
                match word.bytes().find_map(|byte| b"bkmg".iter().position(|unit| *unit == byte)) {
                    Some(power) => power,
                    None => continue,
                }
            }
            _ => continue,
        };
        powers_of_1000 |= matches!(word, "--kilo" | "--mega" | "--giga" | "--tera");
        unit = u32::try_from(power).ok();
    }
    Some(if powers_of_1000 { 1000u64 } else { 1024 }.pow(unit?))
}

/// The unit that the numbers themselves tell. The kernel counts whole pages of 4 KiB, so that bytes are multiples of 4096 and
/// kilobytes of 4; rounded megabytes and gigabytes are not. The second part is false where it is a guess.
fn unit_of_numbers(numbers: &[u64]) -> Option<(u64, bool)> {
    let total = *numbers.iter().max()?;
    let told = numbers.iter().filter(|number| **number > 0).count();
    if total >= 1 << 25 && numbers.iter().all(|number| number % 4096 == 0) {
        return Some((1, true));
    }
    if total >= 1 << 15 && told >= 3 && numbers.iter().all(|number| number % 4 == 0) {
        return Some((1024, true));
    }
    // No machine has less than 32 MiB, and few of those that have 512 GiB are asked in gigabytes.
    Some(match total {
        0..=32 => (1 << 30, true),
        33..=511 => (1 << 30, false),
        512..=2047 => (1 << 20, false),
        _ => (1 << 20, true),
    })
}

/// The words of a row behind its name.
fn row(line: &str) -> Option<(&str, Vec<&str>)> {
    let (name, rest) = line.trim().rsplit_once(':')?;
    let name = match name {
        "Speicher" | "Mem." => "Mem",
        "Échange" | "Inter" => "Swap",
        name => name,
    };
    Some((name, rest.split_ascii_whitespace().collect()))
}

/// The rows of one sample.
struct Sample<'d> {
    columns: Vec<Column>,
    rows: Vec<(Line<'d>, &'d str, Vec<&'d str>)>,
}

fn parse_free(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut sample: Option<Sample<'_>> = None;
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        if let Some(columns) = titles(line.text) {
            finish(&mut parsed, document, sample.replace(Sample { columns, rows: Vec::new() }));
            continue;
        }
        match (&mut sample, row(line.text)) {
            (Some(sample), Some((name, cells)))
                if matches!(name, "Mem" | "Swap" | "-/+ buffers/cache" | "Low" | "High" | "Total" | "Comm") =>
            {
                sample.rows.push((line, name, cells));
            }
            _ => parsed.problem(document, line.number, "expected a row such as `Mem:` or `Swap:`; line skipped"),
        }
    }
    finish(&mut parsed, document, sample);
    parsed
}

fn finish(parsed: &mut Parsed, document: &Document<'_>, sample: Option<Sample<'_>>) {
    let Some(sample) = sample else { return };
    let Some((first, ..)) = sample.rows.iter().find(|(_, name, _)| *name == "Mem") else {
        parsed.problem(document, 0, "expected a row `Mem:`");
        return;
    };
    let all: Vec<u64> = sample.rows.iter().flat_map(|(.., cells)| cells).filter_map(|cell| cell.parse().ok()).collect();
    let bare = sample.rows.iter().flat_map(|(.., cells)| cells).any(|cell| cell.parse::<u64>().is_ok_and(|n| n > 0));
    let unit = match (unit_of_options(&document.subject), unit_of_numbers(&all)) {
        (Some(unit), _) => unit,
        (None, Some((unit, sure))) if bare => {
            if !sure {
                let name = if unit == 1 << 30 { "gigabytes" } else { "megabytes" };
                let message = format!("the unit is not told and taken for {name}; collect with `free -b`");
                parsed.problem(document, first.number, message);
            }
            unit
        }
        _ => 1,
    };
    let mut memory = Memory::default();
    let mut last = *first;
    // `23Gi` is what it is in any case.
    let si = document.subject.split_ascii_whitespace().any(|word| word == "--si");
    let read = |cell: &&str| if si && !cell.ends_with('i') { in_powers(cell, unit, 1000) } else { scaled(cell, unit) };
    for (line, name, cells) in &sample.rows {
        let bytes: Option<Vec<u64>> = cells.iter().map(read).collect();
        let Some(bytes) = bytes.filter(|bytes| !bytes.is_empty() && bytes.len() <= sample.columns.len()) else {
            parsed.problem(document, line.number, "expected numbers below the titles; line skipped");
            continue;
        };
        match *name {
            "Mem" => {
                for (column, bytes) in sample.columns.iter().zip(&bytes) {
                    let field = match column {
                        Column::Total => &mut memory.total,
                        Column::Used => &mut memory.used,
                        Column::Free => &mut memory.free,
                        Column::Shared => &mut memory.shared,
                        Column::Buffers => &mut memory.buffers,
                        Column::Cached => &mut memory.cached,
                        Column::Both => &mut memory.buffers_and_cache,
                        Column::Available => &mut memory.available,
                    };
                    *field = Some(*bytes);
                }
            }
            "Swap" => {
                let mut bytes = bytes.iter().copied();
                (memory.swap_total, memory.swap_used, memory.swap_free) = (bytes.next(), bytes.next(), bytes.next());
            }
            // Used and free without and with what buffers and cache would give back.
            "-/+ buffers/cache" => memory.available = bytes.get(1).copied(),
            _ => continue,
        }
        last = *line;
    }
    parsed.fact(document, *first, last, Memory { container: document.container.clone(), ..memory });
}

/// `      3861332 K total memory`.
fn statistic(line: &str) -> Option<(&str, u64)> {
    let mut words = words::Words::new(line);
    let number: u64 = words.next()?.parse().ok()?;
    let unit = match words.peek()? {
        "K" => 1024,
        "k" => 1000,
        "M" => 1 << 20,
        "m" => 1_000_000,
        _ => 0,
    };
    if unit > 0 {
        words.next();
    }
    Some((words.rest(), number.checked_mul(unit.max(1))?))
}

/// What `vmstat -s` counts, in German, French, Spanish and Portuguese: the lines that are read.
fn in_english(name: &str) -> &str {
    match name {
        "Gesamtspeicher" | "mémoire totale" | "memoria total" | "de memória total" => "total memory",
        "benutzter Speicher" | "mémoire utilisée" | "memoria usada" | "de memória usada" => "used memory",
        "freier Speicher" | "mémoire libre" | "memoria libre" | "de memória livre" => "free memory",
        "Pufferspeicher" | "mémoire tampon" | "memoria de búfer" | "de memória em buffer" => "buffer memory",
        "Auslagerungsspeicher-Cache" | "mémoire échange" | "caché de intercambio" | "de cache de swap" => {
            "swap cache"
        }
        "Gesamt-Auslagerungsspeicher" | "échange total" | "intercambio total" | "de swap total" => "total swap",
        "benutzter Auslagerungsspeicher" | "échange utilisé" | "intercambio usado" | "de swap usada" => "used swap",
        "freier Auslagerungsspeicher" | "échange libre" | "intercambio libre" | "de swap livre" => "free swap",
        other => other,
    }
}

fn detect_statistics(hint: &Hint<'_>) -> Match {
    let first = hint.head.lines().find(|line| !line.trim().is_empty());
    let content = first.and_then(statistic).is_some_and(|(name, _)| in_english(name) == "total memory");
    match (content, words::subject_is(hint.subject, &["vmstat"])) {
        (true, true) => Match::Both,
        (true, false) => Match::Content,
        _ => Match::No,
    }
}

fn parse_statistics(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut memory = Memory::default();
    let mut range: Option<(Line<'_>, Line<'_>)> = None;
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        let Some((name, bytes)) = statistic(line.text) else {
            parsed.problem(document, line.number, "expected a number and what it counts; line skipped");
            continue;
        };
        let field = match in_english(name) {
            "total memory" => &mut memory.total,
            "used memory" => &mut memory.used,
            "free memory" => &mut memory.free,
            "buffer memory" => &mut memory.buffers,
            "swap cache" => &mut memory.cached,
            "total swap" => &mut memory.swap_total,
            "used swap" => &mut memory.swap_used,
            "free swap" => &mut memory.swap_free,
            _ => continue,
        };
        *field = Some(bytes);
        range = Some((range.map_or(line, |(first, _)| first), line));
    }
    if let Some((first, last)) = range {
        parsed.fact(document, first, last, Memory { container: document.container.clone(), ..memory });
    }
    parsed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn total(path: &str, text: &str) -> (Option<u64>, usize) {
        let parsed = parse_free(&Document::new(path, text.as_bytes()));
        let bundlescope_facts::Data::Memory(memory) = &parsed.facts[0].data else { panic!("{parsed:?}") };
        (memory.total, parsed.problems.len())
    }

    const TITLES: &str = "              total        used        free      shared  buff/cache   available\n";

    #[test]
    fn the_unit_is_told_by_options_or_by_the_numbers() {
        let row = |cells: &str| format!("{TITLES}Mem: {cells}\nSwap: 0 0 0\n");
        let kilobytes = row("3861332 222820 3364176 11832 274336 3389588");
        let megabytes = row("64231 2226 33641 11 27433 33895");
        let gigabytes = row("125 2 100 0 23 121");
        assert_eq!(total("free.txt", &kilobytes), (Some(3_861_332 * 1024), 0));
        assert_eq!(total("free.txt", &megabytes), (Some(64_231 << 20), 0));
        assert_eq!(total("free.txt", &gigabytes), (Some(125 << 30), 1));
        assert_eq!(total("sos_commands/memory/free_-g", &gigabytes), (Some(125 << 30), 0));
        assert_eq!(total("free_-m", &row("487 100 200 0 187 300")), (Some(487 << 20), 0));
        assert_eq!(total("free.txt", &row("3.7Gi 217Mi 3.2Gi 11Mi 267Mi 3.2Gi")), (Some(3_972_844_748), 0));
        assert_eq!(
            total("free.txt", &row("3953999872 228167680 3444916224 12115968 280920064 3470938112")),
            (Some(3_953_999_872), 0)
        );
    }
}
