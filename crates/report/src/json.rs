//! The diagnosis as JSON, format 1: versioned and additive (`schema/diagnosis-1.schema.json`).

use std::collections::BTreeMap;

use bundlescope_engine::{
    Diagnosis, DocumentInfo, Evidence, Finding, NetworkMap, NotApplicable, ProbePath, Role, Suppressed, Timeline,
    Undecided, Unexplained,
};
use bundlescope_facts::{Excerpt, Problem, Text, Value};
use serde::Serialize;

use crate::plain::is_active;

/// The diagnosis as JSON, two spaces of indentation, ending with a newline.
///
/// Values are exact. Characters on which a terminal would act are written as `\u` escapes, so that printing the
/// output is harmless.
pub fn render_json(diagnosis: &Diagnosis) -> String {
    let report = Report::from(diagnosis);
    // Strings, numbers and maps with text keys always serialize; an error could come only from a writer.
    let mut json = serde_json::to_string_pretty(&report).unwrap_or_default();
    json.push('\n');
    escape_active(&json)
}

/// The same on one line, for streams of diagnoses (JSON lines).
pub fn render_json_line(diagnosis: &Diagnosis) -> String {
    let mut json = serde_json::to_string(&Report::from(diagnosis)).unwrap_or_default();
    json.push('\n');
    escape_active(&json)
}

/// JSON text in which characters on which a terminal would act are `\u` escapes; line ends stay.
///
/// Outside of strings JSON holds ASCII only, and inside them serde_json has escaped C0 controls already.
///
/// ```
/// assert_eq!(bundlescope_report::escape_active("\"\u{9b}2J\"\n"), "\"\\u009b2J\"\n");
/// ```
pub fn escape_active(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if c != '\n' && is_active(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(c);
        }
    }
    out
}

#[derive(Serialize)]
struct Report<'a> {
    format: u32,
    tool: Tool<'a>,
    bundle: Bundle<'a>,
    findings: Vec<JsonFinding<'a>>,
    undecided: Vec<JsonUndecided<'a>>,
    clear: &'a [Text],
    suppressed: Vec<JsonSuppressed<'a>>,
    not_applicable: Vec<JsonNotApplicable<'a>>,
    drafts: &'a [Text],
    problems: &'a [Problem],
    documents: Vec<JsonDocument<'a>>,
    network: &'a NetworkMap,
    timeline: &'a Timeline,
    unexplained: &'a [Unexplained],
}

#[derive(Serialize)]
struct Tool<'a> {
    version: &'static str,
    rules: &'a str,
}

#[derive(Serialize)]
struct Bundle<'a> {
    name: &'a str,
    sha256: &'a str,
    captured_at: Option<&'a str>,
    hosts: &'a [Text],
    documents: u64,
    bytes: u64,
    complete: bool,
    limits: &'a [String],
    masked: u64,
}

#[derive(Serialize)]
struct JsonFinding<'a> {
    id: &'a str,
    rule: &'a str,
    cause: &'a str,
    role: &'static str,
    severity: &'a str,
    confidence: &'a str,
    title: &'a str,
    message: &'a str,
    host: &'a str,
    subjects: &'a BTreeMap<Text, Value>,
    evidence: Vec<JsonEvidence<'a>>,
    fix: Vec<JsonFix<'a>>,
    explains: &'a [Text],
    about: &'a str,
    customer: &'a str,
    references: &'a [Text],
    probes: Vec<JsonProbe<'a>>,
}

#[derive(Serialize)]
struct JsonEvidence<'a> {
    document: &'a str,
    line: u32,
    end_line: u32,
    excerpt: &'a str,
    label: &'a str,
    count: u64,
    context: Option<&'a Excerpt>,
    also_in: &'a [Text],
}

#[derive(Serialize)]
struct JsonFix<'a> {
    say: &'a str,
    run: Option<&'a str>,
    proved: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

#[derive(Serialize)]
struct JsonProbe<'a> {
    alias: &'a str,
    host: &'a str,
    from: &'a str,
    to: &'a str,
    proto: &'a str,
    port: u16,
    verdict: &'a str,
    path: &'a [String],
    assumed: &'a [String],
    details: &'a Value,
}

#[derive(Serialize)]
struct JsonUndecided<'a> {
    rule: &'a str,
    cause: &'a str,
    missing: Vec<JsonMissing<'a>>,
    because: &'a str,
}

#[derive(Serialize)]
struct JsonSuppressed<'a> {
    finding: JsonFinding<'a>,
    reason: &'a str,
    author: &'a str,
    until: &'a str,
}

#[derive(Serialize)]
struct JsonNotApplicable<'a> {
    rule: &'a str,
    because: &'a str,
}

#[derive(Serialize)]
struct JsonMissing<'a> {
    kind: &'a str,
    collect: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
}

#[derive(Serialize)]
struct JsonDocument<'a> {
    path: &'a str,
    host: &'a str,
    taken_for: &'a str,
    bytes: u64,
    facts: u64,
    problems: u64,
}

impl<'a> From<&'a Diagnosis> for Report<'a> {
    fn from(diagnosis: &'a Diagnosis) -> Self {
        let bundle = &diagnosis.bundle;
        Self {
            format: 1,
            tool: Tool { version: env!("CARGO_PKG_VERSION"), rules: &diagnosis.rules },
            bundle: Bundle {
                name: &bundle.name,
                sha256: &bundle.sha256,
                captured_at: bundle.captured_at.as_deref(),
                hosts: &bundle.hosts,
                documents: bundle.documents,
                bytes: bundle.bytes,
                complete: bundle.complete,
                limits: &bundle.limits,
                masked: bundle.masked,
            },
            findings: diagnosis.findings.iter().map(finding).collect(),
            undecided: diagnosis.undecided.iter().map(undecided).collect(),
            clear: &diagnosis.clear,
            suppressed: diagnosis.suppressed.iter().map(suppressed).collect(),
            not_applicable: diagnosis.not_applicable.iter().map(not_applicable).collect(),
            drafts: &diagnosis.drafts,
            problems: &diagnosis.problems,
            documents: diagnosis.documents.iter().map(document).collect(),
            network: &diagnosis.network,
            timeline: &diagnosis.timeline,
            unexplained: &diagnosis.unexplained,
        }
    }
}

fn suppressed(suppressed: &Suppressed) -> JsonSuppressed<'_> {
    JsonSuppressed {
        finding: finding(&suppressed.finding),
        reason: &suppressed.reason,
        author: &suppressed.author,
        until: &suppressed.until,
    }
}

fn not_applicable(rule: &NotApplicable) -> JsonNotApplicable<'_> {
    JsonNotApplicable { rule: &rule.rule, because: &rule.because }
}

fn finding(finding: &Finding) -> JsonFinding<'_> {
    JsonFinding {
        id: &finding.id,
        rule: &finding.rule,
        cause: &finding.cause,
        role: role_word(finding.role),
        severity: &finding.severity,
        confidence: &finding.confidence,
        title: &finding.title,
        message: &finding.message,
        host: &finding.node,
        subjects: &finding.subjects,
        evidence: finding.evidence.iter().map(evidence).collect(),
        fix: finding
            .fix
            .iter()
            .map(|fix| JsonFix {
                say: &fix.say,
                run: fix.run.as_deref(),
                proved: fix.proved,
                reason: fix.reason.as_deref(),
            })
            .collect(),
        explains: &finding.explains,
        about: &finding.about,
        customer: &finding.customer,
        references: &finding.references,
        probes: finding.probes.iter().map(probe).collect(),
    }
}

/// The word for a role in JSON and as a CSS class.
pub(crate) fn role_word(role: Role) -> &'static str {
    match role {
        Role::Cause => "cause",
        Role::Symptom => "symptom",
        Role::Note => "note",
    }
}

fn evidence(evidence: &Evidence) -> JsonEvidence<'_> {
    JsonEvidence {
        document: &evidence.document,
        line: evidence.line,
        end_line: evidence.end_line,
        excerpt: &evidence.excerpt,
        label: &evidence.label,
        count: evidence.count,
        context: evidence.context.as_ref(),
        also_in: &evidence.also,
    }
}

fn probe(probe: &ProbePath) -> JsonProbe<'_> {
    let answer = &probe.answer;
    JsonProbe {
        alias: &probe.alias,
        host: &answer.question.node,
        from: &answer.question.from,
        to: &answer.question.to,
        proto: &answer.question.proto,
        port: answer.question.port,
        verdict: &answer.verdict,
        path: &answer.path,
        assumed: &answer.assumed,
        details: &answer.value,
    }
}

fn undecided(undecided: &Undecided) -> JsonUndecided<'_> {
    JsonUndecided {
        rule: &undecided.rule,
        cause: &undecided.cause,
        missing: undecided
            .missing
            .iter()
            .map(|missing| JsonMissing { kind: &missing.kind, collect: &missing.collect, why: missing.why.as_deref() })
            .collect(),
        because: &undecided.because,
    }
}

fn document(document: &DocumentInfo) -> JsonDocument<'_> {
    JsonDocument {
        path: &document.path,
        host: &document.node,
        taken_for: &document.taken_for,
        bytes: document.bytes,
        facts: document.facts,
        problems: document.problems,
    }
}
