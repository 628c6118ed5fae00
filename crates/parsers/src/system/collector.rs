//! What collectors say of their own work: sosreport's manifest.json, troubleshoot's `*-info.json` and `*-errors.json`, the classic
//! error.json, and outputs that hold nothing but the shell's complaint.

use bundlescope_facts::{CollectedCommand, CollectionError, Fact, Text};

use crate::document::{Document, Parsed};
use crate::format::{Format, Hint, Match};
use crate::json::{self, Fields, Value};

/// `sos_reports/manifest.json`, sos 4.0 and later.
pub(crate) static SOS_MANIFEST: Format = Format {
    name: "sos-manifest",
    collect: "sos report",
    kinds: &["collected_command", "collection_error"],
    detect: detect_manifest,
    parse: parse_manifest,
};

/// `host-collectors/run-host/NAME-info.json`.
pub(crate) static RUN_INFO: Format = Format {
    name: "run-info",
    collect: "kubectl support-bundle",
    kinds: &["collected_command"],
    detect: detect_info,
    parse: parse_info,
};

/// error.json, `*-errors.json`, `*-error.json`.
pub(crate) static ERRORS: Format = Format {
    name: "collection-errors",
    collect: "kubectl support-bundle",
    kinds: &["collection_error"],
    detect: detect_errors,
    parse: parse_errors,
};

/// An output that says why there is none.
pub(crate) static COMPLAINT: Format = Format {
    name: "failed-command",
    collect: "",
    kinds: &["collection_error"],
    detect: detect_complaint,
    parse: parse_complaint,
};

fn detect_manifest(hint: &Hint<'_>) -> Match {
    let keys = ["\"components\"", "\"cmdline\"", "\"policy\""];
    let content = hint.head.trim_start().starts_with('{')
        && keys.iter().all(|key| hint.head.contains(key))
        && hint.head.contains("\"report\"");
    match (content, hint.path.ends_with("manifest.json")) {
        (true, true) => Match::Both,
        (true, false) => Match::Content,
        _ => Match::No,
    }
}

fn parse_manifest(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    json::read(document, &mut parsed, |record, parsed| {
        for (name, plugin) in record.object("components").object("report").object("plugins").entries() {
            for command in plugin.list("commands") {
                let data = CollectedCommand {
                    command: command.text("exec").unwrap_or_default(),
                    exit_code: command.int("return_code"),
                    output: command.text("filepath"),
                    truncated: command.bool("truncated") == Some(true),
                    error: None,
                };
                parsed.facts.push(Fact::new(command.source(), data));
            }
            if plugin.bool("timeout_hit") == Some(true) {
                let data = CollectionError { subject: name.into(), error: "timeout_hit".into() };
                parsed.facts.push(Fact::new(plugin.source_up_to(plugin.get("timeout_hit")), data));
            }
        }
    });
    parsed
}

fn detect_info(hint: &Hint<'_>) -> Match {
    if !hint.head.trim_start().starts_with('{') {
        return Match::No;
    }
    let content = json::first_record(hint.head)
        .is_some_and(|record| record.has("command") && record.has("exitCode") && record.has("error"));
    match (content, hint.path.ends_with("-info.json")) {
        (true, true) => Match::Both,
        (true, false) => Match::Content,
        _ => Match::No,
    }
}

fn parse_info(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    json::read(document, &mut parsed, |record, parsed| {
        let data = CollectedCommand {
            command: record.text("command").unwrap_or_default(),
            exit_code: record.int("exitCode"),
            output: None,
            truncated: false,
            error: record.text("error"),
        };
        parsed.facts.push(Fact::new(record.source_of(&["command", "exitCode", "error"]), data));
    });
    parsed
}

fn is_errors_name(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    matches!(name, "error.json" | "errors.json") || name.ends_with("-errors.json") || name.ends_with("-error.json")
}

fn detect_errors(hint: &Hint<'_>) -> Match {
    if !is_errors_name(hint.path) || !hint.head.trim_start().starts_with(['[', '{']) {
        return Match::No;
    }
    let fits = json::first_record(hint.head)
        .is_none_or(|record| matches!(record.value, Value::Text(_)) || record.has("error"));
    if fits { Match::Both } else { Match::No }
}

fn parse_errors(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let name = document.path.rsplit('/').next().unwrap_or_default();
    let of_path = name.trim_end_matches(".json").trim_end_matches("-errors").trim_end_matches("-error");
    json::read(document, &mut parsed, |record, parsed| {
        let Some((subject, error)) = error(record) else { return };
        parsed.facts.push(Fact::new(
            record.source(),
            CollectionError { subject: subject.unwrap_or_else(|| of_path.into()), error },
        ));
    });
    parsed
}

/// A text alone, or `{"path"|"collector": …, "error": …}`.
fn error(record: Fields<'_, '_>) -> Option<(Option<Text>, Text)> {
    if let Some(Value::Text(_)) = record.node().map(|node| &node.value) {
        return record.str().map(|error| (None, error.into()));
    }
    let subject = ["path", "collector", "name"].iter().find_map(|key| record.text(key));
    Some((subject, record.text("error")?))
}

/// What shells, Docker and the tools themselves print when there is nothing to print.
const COMPLAINTS: &[&str] = &[
    "command not found",
    ": not found",
    "executable file not found",
    "No such file or directory",
    "Permission denied",
    "permission denied",
    "Operation not permitted",
    "you must be root",
    "Cannot connect to the Docker daemon",
    "is not running",
    "No such container",
    "can't initialize iptables table",
    "timed out",
    "System has not been booted with systemd",
    "Failed to connect to bus",
    "Cannot talk to daemon",
    "Unable to talk to NTP daemon",
];

fn complaint(head: &str) -> Option<&str> {
    let mut lines = head.lines().filter(|line| !line.trim().is_empty());
    let first = lines.next()?;
    let short = first.len() < 500 && lines.count() <= 3;
    (short && !first.starts_with(['{', '[']) && COMPLAINTS.iter().any(|words| first.contains(words))).then_some(first)
}

fn detect_complaint(hint: &Hint<'_>) -> Match {
    // Only where a command's output is expected: the same words are everyday ones in logs.
    let command = !hint.subject.is_empty() && !hint.subject.contains("logs") && !hint.subject.starts_with('/');
    if command && complaint(hint.head).is_some() { Match::Content } else { Match::No }
}

fn parse_complaint(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    if let Some(line) = document.lines().find(|line| !line.text.trim().is_empty()) {
        parsed.line_fact(
            document,
            line,
            CollectionError { subject: document.subject.clone(), error: line.text.trim().into() },
        );
    }
    parsed
}
