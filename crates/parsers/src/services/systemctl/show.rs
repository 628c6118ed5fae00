//! `systemctl show`: properties as `Name=value`, a blank line between units. Properties that every unit has with the same value are many,
//! so those are kept that say how a unit is and what bounds it.

use bundlescope_facts::{Text, Unit, UnitSetting};

use super::asked;
use crate::document::{Document, Line, Parsed};
use crate::format::{Format, Hint, Match};
use crate::system::zoned_time;
use crate::words;

/// The format.
pub(crate) static SHOW: Format = Format {
    name: "systemctl-show",
    collect: "systemctl show docker.service",
    kinds: &["unit", "unit_setting"],
    detect,
    parse,
};

/// Properties that are kept as settings; all that begin with `Limit` and `Exec` are too.
const SETTINGS: &[&str] = &[
    "After",
    "Before",
    "BindsTo",
    "CPUAccounting",
    "CPUQuotaPerSecUSec",
    "CPUShares",
    "Conflicts",
    "EnvironmentFile",
    "EnvironmentFiles",
    "Group",
    "KillMode",
    "KillSignal",
    "MemoryHigh",
    "MemoryLimit",
    "MemoryMax",
    "OOMPolicy",
    "OOMScoreAdjust",
    "PartOf",
    "PrivateNetwork",
    "PrivateTmp",
    "ProtectHome",
    "ProtectSystem",
    "Requires",
    "Requisite",
    "Restart",
    "RestartUSec",
    "Slice",
    "StartLimitBurst",
    "StartLimitIntervalUSec",
    "StartupCPUShares",
    "TasksMax",
    "TimeoutStartUSec",
    "TimeoutStopUSec",
    "Type",
    "User",
    "WantedBy",
    "Wants",
    "WorkingDirectory",
];

/// `Name=value` whose name is one of systemd's.
fn property(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once('=')?;
    let named =
        key.starts_with(|c: char| c.is_ascii_uppercase()) && key.bytes().all(|byte| byte.is_ascii_alphanumeric());
    named.then_some((key, value))
}

fn detect(hint: &Hint<'_>) -> Match {
    let has = |keys: &[&str]| hint.head.lines().take(400).any(|line| keys.iter().any(|key| line.starts_with(key)));
    let own = has(&["Id=", "Names="])
        && has(&[
            "ActiveState=",
            "SubState=",
            "LoadState=",
            "UnitFileState=",
            "WantedBy=",
            "LimitNOFILE=",
            "FragmentPath=",
        ]);
    let properties = words::most_lines(hint.head, |line| property(line).is_some());
    let named = words::subject_is(hint.subject, &["systemctl", "show"]);
    Match::of(properties && (own || named), named)
}

/// The properties of one unit with their lines.
#[derive(Default)]
struct Block<'a> {
    properties: Vec<(&'a str, &'a str, Line<'a>)>,
    /// Lines of the first and the last property.
    bounds: Option<(Line<'a>, Line<'a>)>,
}

impl<'a> Block<'a> {
    fn get(&self, key: &str) -> Option<&'a str> {
        self.properties
            .iter()
            .find(|(name, ..)| *name == key)
            .map(|(_, value, _)| *value)
            .filter(|value| !value.is_empty())
    }

    fn text(&self, key: &str) -> Option<Text> {
        self.get(key).filter(|value| *value != "[not set]").map(Text::from)
    }

    fn number<T: std::str::FromStr>(&self, key: &str) -> Option<T> {
        self.get(key).and_then(|value| value.parse().ok())
    }

    fn close(&mut self, document: &Document<'a>, parsed: &mut Parsed, nameless: Option<&str>) {
        let block = std::mem::take(self);
        let Some((first, last)) = block.bounds else { return };
        let name = block
            .get("Id")
            .or_else(|| block.get("Names").and_then(|names| names.split_ascii_whitespace().next()))
            .or(nameless)
            .map(Text::from);
        let own = ["Id", "Names", "ActiveState", "LoadState", "SubState", "UnitFileState"];
        if let Some(name) = name.clone().filter(|_| own.iter().any(|key| block.get(key).is_some())) {
            let since = match block.get("ActiveState") {
                Some("active" | "reloading") => "ActiveEnterTimestamp",
                Some("inactive" | "failed") => "InactiveEnterTimestamp",
                _ => "StateChangeTimestamp",
            };
            // `ExecMainCode` is that of siginfo: 1 exited, 2 killed, 3 dumped.
            let (exit_code, signal) = match (block.get("ExecMainCode"), block.number::<i64>("ExecMainStatus")) {
                (Some("1" | "exited"), code) => (code, None),
                (Some("2" | "3" | "killed" | "dumped"), Some(signal)) => (None, Some(Text::from(signal.to_string()))),
                _ => (None, None),
            };
            let unit = Unit {
                name,
                description: block.text("Description"),
                load: block.text("LoadState"),
                active: block.text("ActiveState"),
                sub: block.text("SubState"),
                file_state: block.text("UnitFileState"),
                preset: block.text("UnitFilePreset"),
                file: block.text("FragmentPath"),
                drop_ins: block.get("DropInPaths").map(list).unwrap_or_default(),
                result: block.text("Result").filter(|result| &**result != "success"),
                exit_code,
                signal,
                main_pid: block.number("MainPID").filter(|pid| *pid != 0),
                since: block.get(since).and_then(zoned_time),
                restarts: block.number("NRestarts"),
                status_text: block.text("StatusText"),
                container: document.container.clone(),
                ..Unit::default()
            };
            parsed.fact(document, first, last, unit);
        }
        for (key, value, line) in block.properties {
            let kept = SETTINGS.contains(&key)
                || key.starts_with("Limit")
                || key.starts_with("Exec") && value.starts_with('{');
            if !kept && key != "Environment" {
                continue;
            }
            let setting = |variable: Option<&str>, value: &str| UnitSetting {
                unit: name.clone(),
                section: None,
                key: key.into(),
                variable: variable.map(Text::from),
                value: value.into(),
                file: None,
            };
            if key == "Environment" {
                for pair in crate::services::unit_file::assignments(value) {
                    if let Some((variable, value)) = pair.split_once('=') {
                        parsed.line_fact(document, line, setting(Some(variable), value));
                    }
                }
            } else {
                parsed.line_fact(document, line, setting(None, value));
            }
        }
    }
}

fn list(value: &str) -> Vec<Text> {
    value.split_ascii_whitespace().map(Text::from).collect()
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let named = asked(&document.subject, "show");
    let mut names = named.iter();
    let mut block = Block::default();
    for line in document.lines() {
        if line.text.trim().is_empty() {
            if block.bounds.is_some() {
                block.close(document, &mut parsed, names.next().map(String::as_str));
            }
            continue;
        }
        match property(line.text) {
            Some((key, value)) => {
                block.properties.push((key, value, line));
                block.bounds = Some((block.bounds.map_or(line, |(first, _)| first), line));
            }
            None => {
                parsed.problem(document, line.number, "expected `Name=value` as systemctl show prints it; line skipped")
            }
        }
    }
    block.close(document, &mut parsed, names.next().map(String::as_str));
    parsed
}
