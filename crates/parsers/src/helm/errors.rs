//! What helm says when it fails (helm 2 to 4).

use bundlescope_facts::{HelmError, Text};

use crate::format::{Format, Match};
use crate::{Document, Line, Parsed};

/// An output that is an error.
pub(super) static ERRORS: Format = Format {
    name: "helm-error",
    collect: "",
    kinds: &["helm_error"],
    detect: |hint| {
        let known =
            |line: &str| of_line(line).is_some_and(|error| error.operation.is_some() || &*error.reason != "other");
        let helm = hint.subject.starts_with("helm");
        let mut lines = hint.head.lines().filter(|line| !line.trim().is_empty()).take(5);
        match (helm, lines.clone().any(known)) {
            (true, true) => Match::Both,
            (false, true) if hint.head.trim_start().starts_with("Error: ") => Match::Content,
            (true, false) if lines.any(|line| line.starts_with("Error: ")) => Match::Content,
            _ => Match::No,
        }
    },
    parse,
};

/// Words of helm's messages and the reason that they stand for; the first that fits counts.
const REASONS: &[(&str, &str)] = &[
    ("another operation (install/upgrade/rollback) is in progress", "operation-in-progress"),
    ("cannot re-use a name that is still in use", "name-in-use"),
    ("a release named ", "name-in-use"),
    ("has no deployed releases", "release-not-found"),
    ("release: not found", "release-not-found"),
    ("release not loaded", "release-not-found"),
    ("release: already exists", "name-in-use"),
    ("failed to download", "download-failed"),
    ("failed to fetch", "download-failed"),
    ("could not find protocol handler", "download-failed"),
    ("not a valid chart repository", "download-failed"),
    ("no cached repo found", "download-failed"),
    ("no repositories to show", "no-repositories"),
    ("no repositories configured", "no-repositories"),
    ("no repositories found", "no-repositories"),
    ("repo \"", "chart-not-found"),
    ("chart not found", "chart-not-found"),
    ("no chart name found", "chart-not-found"),
    ("no chart version found", "chart-not-found"),
    ("Chart.yaml file is missing", "invalid-chart"),
    ("chart.metadata", "invalid-chart"),
    ("Chart.yaml", "invalid-chart"),
    ("chart metadata", "invalid-chart"),
    ("missing in charts/ directory", "invalid-chart"),
    ("chart dependencies", "invalid-chart"),
    ("chart(s) linted", "invalid-chart"),
    ("YAML parse error", "invalid-chart"),
    ("parse error at", "invalid-chart"),
    ("execution error at", "invalid-chart"),
    ("template:", "invalid-chart"),
    ("unable to build kubernetes objects", "invalid-chart"),
    ("library charts are not installable", "invalid-chart"),
    ("values don't meet the specifications", "invalid-values"),
    ("failed parsing --set", "invalid-values"),
    ("timed out waiting for the condition", "timeout"),
    ("context deadline exceeded", "timeout"),
    ("Kubernetes cluster unreachable", "unreachable"),
    ("could not find tiller", "unreachable"),
    ("could not find a ready tiller pod", "unreachable"),
    ("connection refused", "unreachable"),
    ("already exists", "already-exists"),
    ("cannot be imported into the current release", "already-exists"),
    ("requires at least", "arguments"),
    ("requires exactly", "arguments"),
    ("accepts no arguments", "arguments"),
    ("must either provide a name", "arguments"),
    ("unknown flag", "arguments"),
    ("unknown command", "arguments"),
    ("path \"", "chart-not-found"),
];

/// The error that a line begins.
pub(super) fn of_line(line: &str) -> Option<HelmError> {
    let message = line.strip_prefix("Error: ").or_else(|| line.strip_prefix("\"helm "))?;
    let message = if line.starts_with("Error: ") { message } else { line };
    let (operation, rest) = match message.split_once(" FAILED: ") {
        Some((operation, rest)) if operation.bytes().all(|byte| byte.is_ascii_uppercase()) => {
            (Some(Text::from(operation)), rest)
        }
        _ => (None, message),
    };
    let reason = REASONS.iter().find(|(words, _)| rest.contains(words)).map_or("other", |(_, reason)| reason);
    Some(HelmError { operation, reason: reason.into(), message: message.trim_end().into() })
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut open: Option<(Line<'_>, Line<'_>, HelmError, String)> = None;
    for line in document.lines() {
        if let Some(error) = of_line(line.text) {
            if let Some((first, last, data, message)) = open.take() {
                parsed.fact(document, first, last, HelmError { message: message.into(), ..data });
            }
            let message = error.message.to_string();
            open = Some((line, line, error, message));
        } else if line.text.trim().is_empty() || line.text.starts_with("Usage:") {
            // Help and hints follow behind a blank line.
            if let Some((first, last, data, message)) = open.take() {
                parsed.fact(document, first, last, HelmError { message: message.into(), ..data });
            }
        } else if let Some((_, last, _, message)) = &mut open {
            message.push('\n');
            message.push_str(line.text.trim_end());
            *last = line;
        }
    }
    if let Some((first, last, data, message)) = open {
        parsed.fact(document, first, last, HelmError { message: message.into(), ..data });
    }
    parsed
}
