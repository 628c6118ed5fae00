//! What the deployer mdt prints (`mdt deploy`, `mdt-cli`): its own failures, records of its Python loggers, and the helm commands that it ran.

use bundlescope_facts::{DeployFailure, Text};

use crate::document::{Document, Line, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words;

/// The format.
pub(crate) static MDT: Format =
    Format { name: "mdt", collect: "mdt deploy kube-cluster", kinds: &["deploy_failure"], detect, parse };

/// Bytes after which a text in quotes is taken for one that is never closed.
const LONGEST: usize = 4096;

/// `2019-01-30 17:25:03,369 - ericsson.mdt.cli.commands.cfg - ERROR - cfg -Failed to …`, with or without its time.
fn record(text: &str) -> Option<(&str, &str)> {
    let (before, message) =
        ["ERROR", "CRITICAL"].iter().find_map(|level| text.split_once(&format!(" - {level} - ")))?;
    let logger = before.rsplit(" - ").next().unwrap_or(before).trim();
    let named = !logger.is_empty()
        && logger.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
    named.then_some((logger, message.trim()))
}

/// `Deploying Kube cluster failed: …`.
fn operation(text: &str) -> Option<(&str, &str)> {
    let (operation, rest) = text.split_once(" failed: ")?;
    let known = ["Deploying ", "Scaling ", "Resetting ", "Deleting ", "Upgrading ", "Loading ", "Initializing "];
    (operation.len() < 80 && known.iter().any(|start| operation.starts_with(start))).then_some((operation, rest.trim()))
}

/// `HTTPConnectionPool(host='mdt-api-products', port=8060)` of Python's urllib3.
fn pool(text: &str) -> (Option<Text>, Option<u16>) {
    let Some((_, rest)) = text.split_once("ConnectionPool(host='") else { return (None, None) };
    let host = rest.split('\'').next().filter(|host| !host.is_empty()).map(Text::from);
    let digits = rest.split_once("port=").map_or("", |(_, port)| port);
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    (host, digits[..end].parse().ok())
}

fn failure(text: &str) -> Option<DeployFailure> {
    let text = text.trim();
    let (operation, inner) = operation(text).map_or((None, text), |(operation, rest)| (Some(operation), rest));
    let cli = inner.strip_prefix("mdt-cli command failed: ");
    let inner = cli.unwrap_or(inner);
    let (logger, message) = record(inner).map_or((None, inner), |(logger, message)| (Some(logger), message));
    // Records of other programs' loggers look alike.
    let own = operation.is_some() || cli.is_some() || logger.is_some_and(|logger| logger.contains("mdt"));
    // `registry - list_containers - INFO - ERROR: There is no HA Docker registry, …`.
    let (logger, message) = match text.split_once(" - INFO - ERROR: ") {
        Some((before, message)) if !own => (before.trim_start_matches("- ").split(" - ").next(), message),
        _ if own => (logger, message),
        _ => return None,
    };
    let (host, port) = pool(message);
    Some(DeployFailure {
        tool: if cli.is_some() || logger.is_some_and(|logger| logger.contains(".cli.")) { "mdt-cli" } else { "mdt" }
            .into(),
        operation: operation.map(Text::from),
        component: logger.map(Text::from),
        host,
        port,
        message: message.into(),
    })
}

/// `- error: 'Helm command ''/usr/local/bin/helm3 upgrade etcd …`, a text in quotes that goes on in the lines below.
fn is_helm(text: &str) -> bool {
    text.trim_start().trim_start_matches("- ").starts_with("error: 'Helm command ")
}

fn detect(hint: &Hint<'_>) -> Match {
    let named = ["mdt", "mdt-cli"].iter().any(|program| words::subject_is(hint.subject, &[program]));
    let content = hint.head.lines().take(400).any(|line| is_helm(line) || failure(line).is_some());
    Match::of(content, named)
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut lines = document.lines().peekable();
    while let Some(line) = lines.next() {
        if is_helm(line.text) {
            let (mut text, mut last) = (line.text.trim().trim_start_matches("- ").to_owned(), line);
            while text.len() < LONGEST
                && !closed(&text)
                && let Some(next) = lines.next_if(|next: &Line<'_>| next.text.starts_with(' '))
            {
                text.push(' ');
                text.push_str(next.text.trim());
                last = next;
            }
            parsed.fact(document, line, last, helm(&text));
        } else if let Some(failure) = failure(line.text) {
            parsed.line_fact(document, line, failure);
        }
    }
    super::hand_on(document, &mut parsed);
    parsed
}

/// The text's quotes are closed; two in a row stand for one inside.
fn closed(text: &str) -> bool {
    text.ends_with('\'') && text.matches('\'').count().is_multiple_of(2)
}

fn helm(text: &str) -> DeployFailure {
    let inner = text.trim_start_matches("error: '").trim_end_matches('\'').replace("''", "'");
    let operation = inner.strip_prefix("Helm command '").and_then(|rest| rest.split('\'').next()).map(Text::from);
    let message = inner.split_once("Error: ").map_or(inner.as_str(), |(_, message)| message);
    DeployFailure { tool: "helm".into(), operation, message: message.into(), ..DeployFailure::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_operators_notes_quote() {
        let text = "Deploying Kube cluster failed: mdt-cli command failed: 2019-01-30 17:25:03,369 - ericsson.mdt.cli.commands.cfg - ERROR - \
                    cfg -Failed to get bundle configurations: HTTPConnectionPool(host='mdt-api-products', port=8060): Max retries exceeded\n\
                    Deploying pattern failed: too many values to unpack\n\
                    - registry - list_containers - INFO - ERROR: There is no HA Docker registry, deploy Kube cluster before get container\n\
                    - error: 'Helm command ''/usr/local/bin/helm3 upgrade etcd helm_repo/etcd --version\n    4.3.8 --install'' returned non-zero exit status 1. \
                    Error: b''Error: failed to download \"helm_repo/etcd\"'''\n";
        let parsed = parse(&Document::new("notes", text.as_bytes()));
        let told: Vec<String> = parsed
            .facts
            .iter()
            .map(|fact| {
                ["tool", "operation", "component", "host", "port"].map(|field| fact.get(field).to_string()).join("|")
            })
            .collect();
        assert_eq!(
            told,
            [
                "mdt-cli|Deploying Kube cluster|ericsson.mdt.cli.commands.cfg|mdt-api-products|8060",
                "mdt|Deploying pattern|||",
                "mdt||registry||",
                "helm|/usr/local/bin/helm3 upgrade etcd helm_repo/etcd --version 4.3.8 --install|||",
            ]
        );
        assert_eq!(parsed.facts[1].get("message").to_string(), "too many values to unpack");
        assert_eq!(parsed.facts[3].source.last_line, 5);
    }

    #[test]
    fn records_of_other_programs_are_not_claimed() {
        for line in ["2019-01-30 17:25:03,369 - app.db - ERROR - down", "Starting failed: x", "Deploying went well"] {
            assert_eq!(failure(line), None, "{line}");
        }
    }
}
