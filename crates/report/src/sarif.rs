//! The findings as SARIF 2.1.0 (OASIS Standard, 27 March 2020), for code-scanning services and viewers.

use std::collections::{BTreeMap, BTreeSet};

use bundlescope_engine::{Diagnosis, Evidence, Finding};
use serde_json::{Value, json};

use crate::json::{escape_active, role_word};
use crate::plain::{plain, plain_line};

/// The diagnosis as SARIF 2.1.0, ending with a newline.
///
/// Every finding is a result; its first evidence is the location, the others are related locations. What could not be
/// read or checked stands among the notifications of the invocation.
pub fn render_sarif(diagnosis: &Diagnosis) -> String {
    // By what is shown: the schema wants each once.
    let mut rules: BTreeMap<String, &Finding> = BTreeMap::new();
    let suppressed = diagnosis.suppressed.iter().map(|suppressed| &suppressed.finding);
    for finding in diagnosis.findings.iter().chain(suppressed) {
        rules.entry(plain_line(&finding.rule)).or_insert(finding);
    }
    let index: BTreeMap<&str, usize> = rules.keys().enumerate().map(|(index, rule)| (rule.as_str(), index)).collect();
    let described: Vec<Value> = rules.iter().map(|(id, finding)| rule(id, finding)).collect();
    let place = |finding: &Finding| index.get(&*plain_line(&finding.rule)).copied();
    let suppressed = diagnosis.suppressed.iter().map(|suppressed| {
        let mut result = result(&suppressed.finding, place(&suppressed.finding));
        let why = format!("{} ({}, until {})", suppressed.reason, suppressed.author, suppressed.until);
        result["suppressions"] = json!([{ "kind": "external", "status": "accepted", "justification": plain(&why) }]);
        result
    });
    let results: Vec<Value> =
        diagnosis.findings.iter().map(|finding| result(finding, place(finding))).chain(suppressed).collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "bundlescope",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": described,
            }},
            "invocations": [{ "executionSuccessful": true, "toolExecutionNotifications": notifications(diagnosis) }],
            "results": results,
        }],
    });
    let mut sarif = serde_json::to_string_pretty(&log).unwrap_or_default();
    sarif.push('\n');
    escape_active(&sarif)
}

fn rule(id: &str, finding: &Finding) -> Value {
    let mut rule = json!({ "id": id });
    if !finding.about.trim().is_empty() {
        rule["fullDescription"] = json!({ "text": plain(finding.about.trim()) });
    }
    rule
}

fn result(finding: &Finding, rule: Option<usize>) -> Value {
    let level = match &*finding.severity {
        "critical" | "high" => "error",
        "medium" => "warning",
        _ => "note",
    };
    let text = [finding.title.trim(), finding.message.trim()].join("\n");
    let mut result = json!({
        "ruleId": plain_line(&finding.rule),
        "level": level,
        "message": { "text": message(text.trim()) },
        "locations": finding.evidence.iter().take(1).map(location).collect::<Vec<_>>(),
        "relatedLocations": related(&finding.evidence),
        "partialFingerprints": { "bundlescopeFinding/v1": &*finding.id },
        "properties": {
            "role": role_word(finding.role),
            "severity": &*finding.severity,
            "confidence": &*finding.confidence,
            "host": &*finding.node,
        },
    });
    if let Some(rule) = rule {
        result["ruleIndex"] = rule.into();
    }
    result
}

/// The places besides the first; the schema wants each once.
fn related(evidence: &[Evidence]) -> Vec<Value> {
    let mut seen = BTreeSet::new();
    evidence
        .iter()
        .skip(1)
        .filter(|piece| seen.insert((&piece.document, piece.line, piece.end_line, &piece.label, &piece.excerpt)))
        .map(location)
        .collect()
}

fn location(evidence: &Evidence) -> Value {
    let mut place = json!({ "artifactLocation": { "uri": uri(&evidence.document) } });
    if evidence.line > 0 {
        place["region"] = json!({
            "startLine": evidence.line,
            "endLine": evidence.end_line.max(evidence.line),
            "snippet": { "text": plain(&evidence.excerpt) },
        });
    }
    let mut location = json!({ "physicalLocation": place });
    if !evidence.label.is_empty() {
        location["message"] = json!({ "text": message(&evidence.label) });
    }
    location
}

fn notifications(diagnosis: &Diagnosis) -> Vec<Value> {
    let limits = diagnosis
        .bundle
        .limits
        .iter()
        .map(|limit| json!({ "level": "warning", "message": { "text": message(limit) } }));
    let undecided = diagnosis.undecided.iter().map(|question| {
        let collect: Vec<&str> = question.missing.iter().map(|missing| missing.collect.as_str()).collect();
        let text = format!("{} could not be checked; collect: {}", question.rule, collect.join("; "));
        json!({ "level": "note", "message": { "text": message(&text) } })
    });
    let problems = diagnosis.problems.iter().map(|problem| {
        let mut place = json!({ "artifactLocation": { "uri": uri(&problem.document) } });
        if problem.line > 0 {
            place["region"] = json!({ "startLine": problem.line });
        }
        json!({
            "level": "note",
            "message": { "text": message(&problem.message) },
            "locations": [{ "physicalLocation": place }],
        })
    });
    limits.chain(undecided).chain(problems).collect()
}

/// Plain text of a message: brackets would make links (3.11.6), braces placeholders (3.11.5).
fn message(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in plain(text).chars() {
        match c {
            '[' | ']' | '\\' => out.extend(['\\', c]),
            '{' | '}' => out.extend([c, c]),
            _ => out.push(c),
        }
    }
    out
}

/// A path as a relative URI reference (RFC 3986): what is not unreserved is percent-encoded, and a path that begins
/// with a slash or looks like a scheme cannot leave the bundle.
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.trim_start_matches('/').bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_references() {
        assert_eq!(uri("app/logs/api 1.log"), "app/logs/api%201.log");
        assert_eq!(uri("//evil.example/x"), "evil.example/x");
        assert_eq!(uri("javascript:alert(1)#é"), "javascript%3Aalert%281%29%23%C3%A9");
    }

    #[test]
    fn messages_hold_no_links_and_no_placeholders() {
        assert_eq!(message("[x](http://e) {0} \\ \x1b"), "\\[x\\](http://e) {{0}} \\\\ \\\\x1b");
    }
}
