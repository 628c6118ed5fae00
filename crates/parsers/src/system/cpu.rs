//! The processors: `lscpu` as text and JSON, /proc/cpuinfo of x86, ARM, POWER and s390.

use std::collections::BTreeSet;

use bundlescope_facts::{Cpu, Fact, Text};

use crate::document::{Document, Line, Parsed};
use crate::format::{Format, Hint, Match};
use crate::json::{self, Fields};
use crate::words;

/// `lscpu`.
pub(crate) static LSCPU: Format =
    Format { name: "lscpu", collect: "lscpu", kinds: &["cpu"], detect: detect_lscpu, parse: parse_lscpu };

/// /proc/cpuinfo.
pub(crate) static CPUINFO: Format = Format {
    name: "cpuinfo",
    collect: "cat /proc/cpuinfo",
    kinds: &["cpu"],
    detect: detect_cpuinfo,
    parse: parse_cpuinfo,
};

/// `CPU(s):                2`.
fn entry(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(':')?;
    Some((name.trim(), value.trim()))
}

/// Puts a value of lscpu into its field. `None` where a number was expected.
fn set(cpu: &mut Cpu, name: &str, value: &str) -> Option<()> {
    let number = || value.parse::<u32>().ok();
    let text = || Some(Text::from(value)).filter(|text| !text.is_empty() && &**text != "-");
    match name {
        "CPU(s)" => cpu.count = Some(number()?),
        "Socket(s)" if value != "-" => cpu.sockets = Some(number()?),
        "Core(s) per socket" if value != "-" => cpu.cores_per_socket = Some(number()?),
        "Thread(s) per core" => cpu.threads_per_core = Some(number()?),
        "Model name" => cpu.model = text(),
        "Vendor ID" => cpu.vendor = text(),
        "Architecture" => cpu.architecture = text(),
        "Hypervisor vendor" => cpu.hypervisor = text(),
        _ => {}
    }
    Some(())
}

fn is_json(head: &str) -> bool {
    head.trim_start().starts_with('{') && head.contains("\"lscpu\"")
}

fn detect_lscpu(hint: &Hint<'_>) -> Match {
    let first = hint.head.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let text = first.starts_with("Architecture:") && hint.head.contains("CPU op-mode(s)");
    match (text || is_json(hint.head), words::subject_is(hint.subject, &["lscpu"])) {
        (true, true) => Match::Both,
        (true, false) => Match::Content,
        _ => Match::No,
    }
}

fn parse_lscpu(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    if document.bytes.trim_ascii_start().starts_with(b"{") {
        json::read(document, &mut parsed, |record, parsed| {
            let mut cpu = Cpu::default();
            json_entries(record.list("lscpu"), &mut cpu, 0);
            parsed.facts.push(Fact::new(record.source(), cpu));
        });
        return parsed;
    }
    let mut cpu = Cpu::default();
    let mut range: Option<(Line<'_>, Line<'_>)> = None;
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        let read = entry(line.text).and_then(|(name, value)| {
            let before = cpu.clone();
            set(&mut cpu, name, value)?;
            Some(before != cpu)
        });
        match read {
            Some(true) => range = Some((range.map_or(line, |(first, _)| first), line)),
            Some(false) => {}
            // A long value, such as the flags, goes on below itself.
            None if range.is_some() && line.text.starts_with(&" ".repeat(16)) => {}
            None => parsed.problem(document, line.number, "expected `Name: value`; line skipped"),
        }
    }
    if let Some((first, last)) = range {
        parsed.fact(document, first, last, cpu);
    }
    parsed
}

fn json_entries<'t, 'a: 't>(entries: impl Iterator<Item = Fields<'t, 'a>>, cpu: &mut Cpu, depth: u8) {
    for entry in entries {
        let name = entry.text("field").unwrap_or_default();
        let value = entry.text("data").unwrap_or_default();
        // A number that is none is left out: JSON says nothing of its lines here.
        let _ = set(cpu, name.trim_end_matches(':'), &value);
        if depth < 8 && entry.has("children") {
            let children: Vec<Fields<'t, 'a>> = entry.list("children").collect();
            json_entries(children.into_iter(), cpu, depth + 1);
        }
    }
}

fn detect_cpuinfo(hint: &Hint<'_>) -> Match {
    let names: Vec<&str> = hint.head.lines().take(40).filter_map(entry).map(|(name, _)| name).collect();
    let has = |name: &str| names.contains(&name);
    let content = has("processor") && (has("model name") || has("cpu") || has("CPU implementer") || has("BogoMIPS"))
        || has("# processors") && has("vendor_id");
    match (content, hint.subject.ends_with("cpuinfo")) {
        (true, true) => Match::Both,
        (true, false) => Match::Content,
        _ => Match::No,
    }
}

fn parse_cpuinfo(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut cpu = Cpu::default();
    let mut packages = BTreeSet::new();
    let mut processors = 0u32;
    let mut siblings = None;
    let mut range: Option<(Line<'_>, Line<'_>)> = None;
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        let Some((name, value)) = entry(line.text) else {
            parsed.problem(document, line.number, "expected `name : value`; line skipped");
            continue;
        };
        match name {
            "processor" => processors = processors.saturating_add(1),
            "# processors" => match value.parse() {
                Ok(count) => cpu.count = Some(count),
                Err(_) => parsed.problem(document, line.number, "expected a number of processors; line skipped"),
            },
            "model name" | "cpu" if cpu.model.is_none() => cpu.model = Some(value.into()),
            "vendor_id" if cpu.vendor.is_none() => cpu.vendor = Some(value.into()),
            "physical id" => {
                packages.insert(value);
            }
            "cpu cores" if cpu.cores_per_socket.is_none() => cpu.cores_per_socket = value.parse().ok(),
            "siblings" if siblings.is_none() => siblings = value.parse::<u32>().ok(),
            _ => continue,
        }
        range = Some((range.map_or(line, |(first, _)| first), line));
    }
    if processors > 0 && cpu.count.is_none() {
        cpu.count = Some(processors);
    }
    cpu.sockets = u32::try_from(packages.len()).ok().filter(|count| *count > 0);
    cpu.threads_per_core = siblings
        .zip(cpu.cores_per_socket)
        .and_then(|(threads, cores)| threads.checked_div(cores))
        .filter(|threads| *threads > 0);
    match range {
        Some((first, last)) => parsed.fact(document, first, last, cpu),
        None => parsed.problem(document, 0, "expected a line `processor`"),
    }
    parsed
}
