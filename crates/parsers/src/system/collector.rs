//! What collectors say of their own work: sosreport's manifest.json, version.txt and sos.log, troubleshoot's `*-info.json` and
//! `*-errors.json`, the index.json, error.json and VERSION.json of classic Replicated bundles, and outputs that hold nothing but
//! the shell's complaint.

use bundlescope_facts::{BundleTool, CollectedCommand, CollectionError, Fact, Text};

use crate::document::{Document, Parsed};
use crate::format::{Format, Hint, Match};
use crate::json::{self, Fields, Value};
use crate::layout;

/// `sos_reports/manifest.json`, sos 4.0 and later.
pub(crate) static SOS_MANIFEST: Format = Format {
    name: "sos-manifest",
    collect: "sos report",
    kinds: &["collected_command", "collection_error", "bundle_tool"],
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

/// index.json of the classic support-bundle tool (2018 to 2025): which collector made which document.
pub(crate) static INDEX: Format = Format {
    name: "support-bundle-index",
    collect: "support-bundle generate",
    kinds: &["collected_command"],
    detect: detect_index,
    parse: parse_index,
};

/// VERSION.json of that tool, version.txt of sosreport.
pub(crate) static TOOL: Format = Format {
    name: "bundle-version",
    collect: "support-bundle generate",
    kinds: &["bundle_tool"],
    detect: detect_tool,
    parse: parse_tool,
};

/// `sos_logs/sos.log`: the commands that sosreport skipped or gave up, which the manifest does not name.
pub(crate) static SOS_LOG: Format = Format {
    name: "sos-log",
    collect: "sos report",
    kinds: &["collection_error"],
    detect: |hint| {
        let logged = |line: &str| line.contains(": [plugin:") || line.contains(": [archive:");
        let place = hint.path.ends_with("sos_logs/sos.log");
        if place && hint.head.lines().take(200).any(logged) { Match::Both } else { Match::No }
    },
    parse: parse_sos_log,
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
        if let Some(version) = record.text("version") {
            let tool = BundleTool { name: "sos".into(), version: Some(version) };
            parsed.facts.push(Fact::new(record.get("version").source(), tool));
        }
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
    Some((subject.map(|subject| command_of(&subject)), record.text("error")?))
}

/// The command or file that a path inside the bundle stands for, where the layout tells; otherwise the path.
fn command_of(path: &str) -> Text {
    if !path.contains('/') {
        return path.into();
    }
    let subject = layout::place(path.trim_start_matches('/')).subject;
    if subject.is_empty() { path.into() } else { subject.into() }
}

fn detect_index(hint: &Hint<'_>) -> Match {
    if !hint.head.trim_start().starts_with('[') || !hint.head.contains("\"path\"") {
        return Match::No;
    }
    let named = hint.path.rsplit('/').next() == Some("index.json");
    let record = json::first_record(hint.head);
    let with = |key: &str| record.as_ref().is_some_and(|record| record.has(key));
    match (with("path") && !with("error"), with("spec") && with("size"), named) {
        (true, true, true) => Match::Both,
        (true, true, false) => Match::Content,
        (true, false, true) => Match::Both,
        _ => Match::No,
    }
}

fn parse_index(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    json::read(document, &mut parsed, |record, parsed| {
        // `{"os.run-command": {"name": "ps", "args": ["fauxwww"], …}}`, of which there is one beside its description.
        let spec = record.object("spec");
        let Some((_, run)) = spec.entries().find(|(name, _)| name.contains("command")) else { return };
        let Some(name) = run.text("name") else { return };
        let words: Vec<Text> = std::iter::once(name).chain(run.texts("args")).collect();
        let data = CollectedCommand {
            command: words.join(" ").into(),
            exit_code: None,
            output: record.text("path"),
            truncated: false,
            error: None,
        };
        parsed.facts.push(Fact::new(record.source(), data));
    });
    parsed
}

fn detect_tool(hint: &Hint<'_>) -> Match {
    let name = hint.path.rsplit('/').next().unwrap_or_default();
    if name == "version.txt" && hint.head.starts_with("sosreport: ") {
        return Match::Both;
    }
    if name == "VERSION.json" && hint.head.trim_start().starts_with('{') {
        let told = json::first_record(hint.head)
            .is_some_and(|record| ["Version", "GitSHA", "bundleVersion"].iter().any(|key| record.has(key)));
        return if told { Match::Both } else { Match::No };
    }
    Match::No
}

fn parse_tool(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    if let Some(line) = document.lines().next()
        && let Some(version) = line.text.strip_prefix("sosreport: ")
    {
        let tool = BundleTool { name: "sos".into(), version: Some(version.trim().into()) };
        parsed.line_fact(document, line, tool);
        return parsed;
    }
    json::read(document, &mut parsed, |record, parsed| {
        let version = record.text("Version").or_else(|| record.text("bundleVersion"));
        let tool = BundleTool { name: "support-bundle".into(), version };
        parsed.facts.push(Fact::new(record.source_of(&["Version", "bundleVersion", "GitSHA"]), tool));
    });
    parsed
}

fn parse_sos_log(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    for line in document.lines() {
        // `… WARNING: [plugin:networking] skipped command 'ss -peaonmi': required kmods missing: udp_diag.`
        let Some((_, said)) = line.text.split_once("[plugin:").and_then(|(_, rest)| rest.split_once("] ")) else {
            continue;
        };
        let skipped = said.strip_prefix("skipped command '");
        let stopped = said.strip_prefix("command '").filter(|rest| rest.contains("' timed out after "));
        let Some((command, why)) = skipped.or(stopped).and_then(|rest| rest.split_once('\'')) else { continue };
        let why = why.trim_start_matches([':', ' ']);
        let error = if skipped.is_some() { format!("skipped: {why}") } else { why.to_owned() };
        parsed.line_fact(document, line, CollectionError { subject: command.into(), error: error.into() });
    }
    parsed
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
    // kubectl and what uses its configuration.
    "The connection to the server",
    "Unable to connect to the server",
    "Error from server",
    "Kubernetes cluster unreachable",
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identify::{Identity, identify};

    fn read(path: &str, text: &str) -> (&'static str, Vec<String>) {
        let Identity::Format(format) = identify(path, text.as_bytes()).identity else { return ("", Vec::new()) };
        let parsed = format.read(&Document::new(path, text.as_bytes()));
        assert_eq!(parsed.problems, []);
        let shown = |fact: &Fact| {
            let fields = fact.fields().into_iter().filter(|(_, value)| !value.is_null());
            fields.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
        };
        (format.name, parsed.facts.iter().map(shown).collect())
    }

    #[test]
    fn a_classic_index_names_the_commands() {
        let text = r#"[
          {"path": "/VERSION.json", "format": "", "size": 88, "spec": {"description": "Version", "output_dir": "/", "version": {}}},
          {"path": "default/commands/ps/stdout", "format": "", "size": 45811,
           "spec": {"os.run-command": {"output_dir": "default/commands/ps", "name": "ps", "args": ["fauxwww"]}}}]"#;
        let expected = (
            "support-bundle-index",
            vec!["command=ps fauxwww output=default/commands/ps/stdout truncated=false".to_owned()],
        );
        assert_eq!(read("bundle/index.json", text), expected);
        assert_eq!(read("anything.txt", text), expected);
    }

    #[test]
    fn the_tool_and_its_version_are_told() {
        let text = "{\n  \"Version\": \"0.18.1\",\n  \"GitSHA\": \"b26d5c0\"\n}\n";
        assert_eq!(
            read("VERSION.json", text),
            ("bundle-version", vec!["name=support-bundle version=0.18.1".to_owned()])
        );
        let expected = ("bundle-version", vec!["name=sos version=4.4".to_owned()]);
        assert_eq!(read("sosreport-a-2026/version.txt", "sosreport: 4.4"), expected);
    }

    #[test]
    fn errors_name_the_command_of_their_path() {
        let text = r#"[{"path": "default/commands/iptables-save/stdout", "error": "exec: executable file not found in $PATH"}]"#;
        let expected = "subject=iptables-save error=exec: executable file not found in $PATH".to_owned();
        assert_eq!(read("error.json", text), ("collection-errors", vec![expected]));
    }

    #[test]
    fn sos_says_what_it_skipped_and_gave_up() {
        let text = "2026-11-21 01:36:15,900 INFO: [plugin:networking] collecting output of 'ip -o addr'\n\
                    2026-11-21 01:36:16,011 WARNING: [plugin:networking] skipped command 'ss -peaonmi': required kmods missing: udp_diag.\n\
                    2026-11-21 01:41:16,011 WARNING: [plugin:docker] command 'docker ps -a' timed out after 300s\n";
        let expected = [
            "subject=ss -peaonmi error=skipped: required kmods missing: udp_diag.",
            "subject=docker ps -a error=timed out after 300s",
        ];
        let expected = expected.map(str::to_owned).to_vec();
        assert_eq!(read("sosreport-a-2026/sos_logs/sos.log", text), ("sos-log", expected));
    }
}
