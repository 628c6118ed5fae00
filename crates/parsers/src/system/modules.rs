//! Loaded modules of the kernel: `lsmod` and /proc/modules.

use bundlescope_facts::{KernelModule, Text};

use crate::document::{Document, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words;

/// `lsmod`.
pub(crate) static LSMOD: Format =
    Format { name: "lsmod", collect: "lsmod", kinds: &["kernel_module"], detect: detect_lsmod, parse };

/// /proc/modules.
pub(crate) static PROC_MODULES: Format = Format {
    name: "proc-modules",
    collect: "cat /proc/modules",
    kinds: &["kernel_module"],
    detect: detect_modules,
    parse,
};

/// `Module                  Size  Used by`, with `Not tainted` behind it in old versions.
fn titles(line: &str) -> bool {
    let mut words = line.split_ascii_whitespace();
    words.next() == Some("Module")
        && words.next() == Some("Size")
        && words.next() == Some("Used")
        && words.next() == Some("by")
}

fn names(list: &str) -> Vec<Text> {
    list.split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty() && *name != "-" && *name != "[permanent]")
        .map(Text::from)
        .collect()
}

/// `bridge 151336 1 br_netfilter`; `binfmt_misc 24576 1 - Live 0xffffffffc0ab4000 (O)` in /proc/modules.
fn module(line: &str) -> Option<KernelModule> {
    let mut words = words::Words::new(line);
    let (name, size, uses) = (words.next()?, words.next()?, words.next()?);
    let uses = match uses {
        // Modules cannot be unloaded, and nothing is counted.
        "-" => -1,
        count => count.parse().ok()?,
    };
    let mut found = KernelModule { name: name.into(), size: size.parse().ok()?, uses, ..KernelModule::default() };
    let rest = words.rest();
    if rest.contains(" 0x") {
        found.used_by = names(words.next()?);
        let state = words.next().filter(|state| matches!(*state, "Live" | "Loading" | "Unloading"))?;
        found.state = Some(state.into());
    } else {
        // `[permanent]` and names with blanks behind the commas of old versions.
        found.used_by = names(rest);
        if found.used_by.iter().any(|name| name.contains(' ')) {
            return None;
        }
    }
    Some(found)
}

fn detect_lsmod(hint: &Hint<'_>) -> Match {
    let content = hint.head.lines().find(|line| !line.trim().is_empty()).is_some_and(titles);
    match (content, words::subject_is(hint.subject, &["lsmod"])) {
        (true, true) => Match::Both,
        (true, false) => Match::Content,
        _ => Match::No,
    }
}

fn detect_modules(hint: &Hint<'_>) -> Match {
    let content = words::most_lines(hint.head, |line| module(line).is_some_and(|module| module.state.is_some()));
    match (content, hint.subject == "/proc/modules") {
        (true, true) => Match::Both,
        (true, false) => Match::Content,
        _ => Match::No,
    }
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    for line in document.lines().filter(|line| !line.text.trim().is_empty() && !titles(line.text)) {
        match module(line.text) {
            Some(module) => parsed.line_fact(document, line, module),
            None => parsed.problem(document, line.number, "expected the name, size and uses of a module; line skipped"),
        }
    }
    parsed
}
