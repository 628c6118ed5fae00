//! `systemctl status`, of one unit, of several, or of all (`--all`): what is known of each unit, its processes, and the end of its log, which
//! is handed on as a log.
//!
//! The words are those of systemd's `systemctl-show.c`; before systemd 215 a unit's line has no dot, and outside UTF-8 dots and
//! branches are `*`, `|-` and `` `- ``.

use bundlescope_facts::{Text, Unit};

use super::{LOAD, is_unit};
use crate::document::{Document, Line, LogPart, Parsed};
use crate::format::{Format, Hint, Match};
use crate::system::zoned_time;
use crate::words;

/// The format.
pub(crate) static STATUS: Format = Format {
    name: "systemctl-status",
    collect: "systemctl status --all --no-pager -l",
    kinds: &["unit"],
    detect,
    parse,
};

/// What may stand before the name of a unit.
const DOTS: [&str; 7] = ["● ", "○ ", "× ", "↻ ", "◌ ", "* ", "x "];

/// The unit that a line heads, and its description.
fn head(line: &str) -> Option<(&str, Option<&str>)> {
    let line = line.trim_end();
    let dotted = DOTS.iter().find_map(|dot| line.strip_prefix(dot));
    let rest = dotted.unwrap_or(line);
    let (name, description) = match rest.split_once(" - ") {
        Some((name, description)) => (name, Some(description.trim())),
        None => (rest, None),
    };
    (is_unit(name) && !name.contains(' ')).then_some((name, description))
}

/// `Unit x.service could not be found.`, the only answer about a unit that is not there.
fn missing(line: &str) -> Option<&str> {
    line.trim_end().strip_prefix("Unit ")?.strip_suffix(" could not be found.").filter(|name| is_unit(name))
}

/// `   Loaded: loaded (…)`.
fn is_loaded(line: &str) -> bool {
    line.trim_start().starts_with("Loaded: ") && line.starts_with(' ')
}

fn detect(hint: &Hint<'_>) -> Match {
    let mut previous_is_head = false;
    let mut content = false;
    // The first unit may come behind the state of the system with its tree of control groups.
    for line in hint.head.lines() {
        if previous_is_head && is_loaded(line) {
            content = true;
            break;
        }
        previous_is_head = head(line).is_some() || line.starts_with("Warning: The unit file");
    }
    let named = words::subject_is(hint.subject, &["systemctl", "status"]);
    let first = hint.head.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    // In any other text the first unit stands at the top.
    let top = head(first).is_some()
        || DOTS.iter().any(|dot| first.starts_with(dot)) && hint.head.contains("\n    State: ")
        || first.starts_with("Warning: ");
    Match::of(content && (top || named) || missing(first).is_some(), named)
}

/// What a key of a unit is followed by.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Below {
    /// Anything that continues the value.
    Value,
    DropIns,
    Group,
    Condition,
}

/// A unit whose lines are being read.
struct Open<'a> {
    unit: Unit,
    first: Line<'a>,
    last: Line<'a>,
    below: Below,
    folder: String,
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut reader = Reader { open: None, system: false, log: None };
    let mut lines = document.lines().peekable();
    let mut blank = true;
    while let Some(line) = lines.next() {
        let text = line.text.trim_end();
        if text.is_empty() {
            reader.close(document, &mut parsed);
            blank = true;
            continue;
        }
        let loaded_next = lines.peek().is_some_and(|next| is_loaded(next.text));
        let dotted = DOTS.iter().any(|dot| text.starts_with(dot));
        if let Some((name, description)) = head(text).filter(|_| loaded_next || dotted && blank) {
            reader.close(document, &mut parsed);
            reader.end_log(document, &mut parsed, line.start);
            reader.system = false;
            let description = description.filter(|description| *description != name).map(Text::from);
            reader.open = Some(Open {
                unit: Unit { name: name.into(), description, container: document.container.clone(), ..Unit::default() },
                first: line,
                last: line,
                below: Below::Value,
                folder: String::new(),
            });
        } else if let Some(name) = missing(text) {
            let unit = Unit {
                name: name.into(),
                load: Some("not-found".into()),
                container: document.container.clone(),
                ..Unit::default()
            };
            parsed.line_fact(document, line, unit);
        } else if dotted && blank && text.split_once(' ').is_some_and(|(_, host)| !host.trim().contains(' ')) {
            // `● web1`: the state of the system.
            reader.close(document, &mut parsed);
            reader.end_log(document, &mut parsed, line.start);
            reader.system = true;
        } else if reader.open.is_some() {
            reader.property(document, &mut parsed, line);
        } else if !reader.system && !is_pager(text) && reader.log.is_none() && !text.starts_with("Warning: ") {
            reader.log = Some(line);
        }
        blank = false;
    }
    reader.close(document, &mut parsed);
    let end = document.offset + document.bytes.len() as u64;
    reader.end_log(document, &mut parsed, end);
    parsed
}

/// What a pager leaves: `lines 1-12/12 (END)`.
fn is_pager(line: &str) -> bool {
    line.starts_with("lines ") && line.contains('-') || line == "(END)"
}

struct Reader<'a> {
    open: Option<Open<'a>>,
    /// Inside the state of the system, of which nothing is read.
    system: bool,
    /// First line of the log behind a unit.
    log: Option<Line<'a>>,
}

impl<'a> Reader<'a> {
    fn close(&mut self, document: &Document<'a>, parsed: &mut Parsed) {
        if let Some(open) = self.open.take() {
            parsed.fact(document, open.first, open.last, open.unit);
        }
    }

    fn end_log(&mut self, document: &Document<'a>, parsed: &mut Parsed, end: u64) {
        let Some(first) = self.log.take() else { return };
        let at = |position: u64| usize::try_from(position.saturating_sub(document.offset)).unwrap_or(usize::MAX);
        parsed.logs.push(LogPart {
            container: document.container.clone(),
            pod: None,
            is_log: false,
            first_line: first.number,
            span: (at(first.start), at(end)),
        });
    }

    fn property(&mut self, document: &Document<'a>, parsed: &mut Parsed, line: Line<'a>) {
        let Some(open) = &mut self.open else { return };
        let text = line.text.trim();
        if !line.text.starts_with([' ', '\t']) {
            // The log follows without a blank line in some pagers; a unit's own lines are indented.
            self.close(document, parsed);
            self.log.get_or_insert(line);
            return;
        }
        open.last = line;
        match text.split_once(": ").or_else(|| text.strip_suffix(':').map(|key| (key, ""))) {
            Some((key, value)) if is_key(key) => {
                if !open.set(key, value.trim()) {
                    parsed.problem(
                        document,
                        line.number,
                        format!("cannot read the value of `{key}` of {}", open.unit.name),
                    );
                }
            }
            _ => open.continued(text),
        }
    }
}

/// The keys of `systemctl status`; anything else continues the line above.
fn is_key(key: &str) -> bool {
    const KEYS: &[&str] = &[
        "Loaded",
        "Drop-In",
        "Transient",
        "Active",
        "Until",
        "Duration",
        "Triggers",
        "TriggeredBy",
        "Trigger",
        "Condition",
        "Assert",
        "start condition failed",
        "Device",
        "Follow",
        "Following",
        "Where",
        "What",
        "Docs",
        "Listen",
        "Accepted",
        "Process",
        "Main PID",
        "Control",
        "Control PID",
        "Cntrl PID",
        "Status",
        "Error",
        "IP",
        "IO",
        "Tasks",
        "FD Store",
        "Memory",
        "Mem peak",
        "CPU",
        "CGroup",
        "Invocation",
        "Result",
        "Refs",
        "Follows",
        "Part Of",
        "Names",
    ];
    KEYS.contains(&key)
}

impl Open<'_> {
    fn set(&mut self, key: &str, value: &str) -> bool {
        self.below = Below::Value;
        match key {
            "Loaded" => return self.loaded(value),
            "Active" => return self.active(value),
            "Drop-In" => {
                self.below = Below::DropIns;
                self.folder = value.to_owned();
            }
            "Process" | "Main PID" | "Cntrl PID" | "Control PID" | "Control" => return self.process(key, value),
            "Status" => {
                let inner = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
                self.unit.status_text = Some(inner.into()).filter(|text: &Text| !text.is_empty());
            }
            "Condition" | "Assert" => {
                self.below = Below::Condition;
                if let Some((_, condition)) = value.split_once("; ").filter(|(_, rest)| rest.contains("was not met")) {
                    self.unit.failed_condition = Some(condition.into());
                }
            }
            "CGroup" => self.below = Below::Group,
            _ => {}
        }
        true
    }

    /// `loaded (/lib/systemd/system/x.service; enabled; preset: enabled)`, `masked (Reason: Unit x is masked.)`.
    fn loaded(&mut self, value: &str) -> bool {
        let (load, rest) = value.split_once(' ').unwrap_or((value, ""));
        if !LOAD.contains(&load) {
            return false;
        }
        self.unit.load = Some(load.into());
        let inner = rest.trim().strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or_default();
        let mut parts = inner.split("; ");
        if let Some(first) = parts.next().filter(|first| first.starts_with('/')) {
            self.unit.file = Some(first.into());
        }
        for part in parts {
            match part.split_once("preset: ") {
                Some(("" | "vendor ", preset)) => self.unit.preset = Some(preset.into()),
                _ => {
                    self.unit.file_state.get_or_insert(part.into());
                }
            }
        }
        true
    }

    /// `failed (Result: exit-code) since Mon 2026-11-30 20:27:54 UTC; 40s ago`.
    fn active(&mut self, value: &str) -> bool {
        let (state, since) = match value.split_once(" since ") {
            Some((state, since)) => (state, Some(since)),
            None => (value, None),
        };
        let mut words = state.split_ascii_whitespace();
        let Some(active) = words.next().filter(|word| super::ACTIVE.contains(word)) else { return false };
        self.unit.active = Some(active.into());
        let rest = state[active.len()..].trim();
        for part in rest.split(") (").map(|part| part.trim_matches(['(', ')'])).filter(|part| !part.is_empty()) {
            match part.strip_prefix("Result: ") {
                Some("success") => {}
                Some(result) => self.unit.result = Some(result.into()),
                // Behind the state a freezer's state may stand.
                None => {
                    self.unit.sub.get_or_insert(part.into());
                }
            }
        }
        if self.unit.sub.is_none() && active == "failed" {
            self.unit.sub = Some("failed".into());
        }
        self.unit.since = since.and_then(|since| {
            let stamp = since.split(';').next().unwrap_or_default();
            zoned_time(stamp)
        });
        true
    }

    /// `93 ExecStart=/bin/x (code=exited, status=3)`, `93 (code=killed, signal=KILL)`, `87 (bash)`.
    fn process(&mut self, key: &str, value: &str) -> bool {
        let (pid, rest) = value.split_once(' ').unwrap_or((value, ""));
        let Ok(pid) = pid.parse::<i64>() else { return false };
        let main = key == "Main PID";
        if main {
            self.unit.main_pid = Some(pid);
        }
        let Some((_, end)) = rest.rsplit_once("(code=") else { return true };
        let mut parts = end.trim_end_matches(')').split(", ");
        parts.next();
        let Some((kind, how)) = parts.next().and_then(|part| part.split_once('=')) else { return true };
        match kind {
            "status" => {
                let code: Option<i64> = how.split('/').next().and_then(|code| code.parse().ok());
                // A helper that failed tells more than a main process that did not start.
                if main || code != Some(0) {
                    self.unit.exit_code = code;
                }
                code.is_some()
            }
            "signal" => {
                self.unit.signal = Some(how.split('/').next_back().unwrap_or(how).into());
                true
            }
            _ => true,
        }
    }

    fn continued(&mut self, text: &str) {
        let branch = text.trim_start_matches(['│', '├', '└', '─', '|', '`', '-', ' ']);
        match self.below {
            Below::Value => {}
            Below::DropIns if text.len() > branch.len() => {
                let files = branch.split(", ").filter(|name| !name.is_empty());
                self.unit.drop_ins.extend(files.map(|name| Text::from(format!("{}/{name}", self.folder))));
            }
            Below::DropIns => self.folder = text.to_owned(),
            Below::Condition => {
                if text.contains("was not met") {
                    let condition = branch.split(" was not met").next().unwrap_or(branch);
                    self.unit.failed_condition = Some(condition.into());
                }
            }
            Below::Group => {
                if let Some((pid, command)) = branch.split_once(' ')
                    && text.len() > branch.len()
                    && pid.bytes().all(|byte| byte.is_ascii_digit())
                {
                    self.unit.processes.push(command.trim().into());
                }
            }
        }
    }
}
