//! What troubleshoot.sh (0.9 to 0.133) found by asking: its analysis, and the collectors that probe something live. All of it
//! becomes [`CheckResult`](bundlescope_facts::CheckResult)s, but for what it tells of a host, which has kinds of its own. Objects
//! of the cluster are the kubernetes family's.

mod host;
mod probes;

use bundlescope_facts::{CheckResult, Fact, Text};

use crate::Parsed;
use crate::format::{Format, Match};
use crate::json::{self, Fields, Value};

/// Every format of the family.
pub(crate) static FORMATS: &[&Format] = &[
    &ANALYSIS,
    &PREFLIGHT,
    &SKIPPED,
    &probes::GOLDPINGER,
    &probes::REGISTRY,
    &probes::DATABASE,
    &probes::HTTP,
    &probes::EXISTS,
    &probes::STATUS,
    &host::HOST,
];

const KINDS: &[&str] = &["check_result"];

/// analysis.json.
static ANALYSIS: Format = Format {
    name: "troubleshoot-analysis",
    collect: "kubectl support-bundle",
    kinds: KINDS,
    detect: |hint| {
        if !hint.head.contains("\"insight\"") {
            return Match::No;
        }
        let found = json::first_record(hint.head).is_some_and(|record| record.has("insight") && record.has("severity"));
        named(found, hint.path.ends_with("analysis.json"))
    },
    parse: |document| {
        let mut parsed = Parsed::default();
        json::read(document, &mut parsed, |record, parsed| {
            let insight = record.object("insight");
            let severity = record.text("severity").or_else(|| insight.text("severity"));
            let data = CheckResult {
                name: insight.text("primary").or_else(|| record.text("name")).unwrap_or_default(),
                outcome: match severity.as_deref() {
                    Some("error") => "fail",
                    Some("warn") => "warn",
                    Some("debug" | "info") => "pass",
                    _ => "skip",
                }
                .into(),
                message: insight.text("detail").or_else(|| record.text("error")),
                check: "analysis".into(),
            };
            parsed.facts.push(Fact::new(record.source(), data));
        });
        parsed
    },
};

/// What `preflight --format json` prints: results by outcome.
static PREFLIGHT: Format = Format {
    name: "troubleshoot-preflight",
    collect: "kubectl preflight --interactive=false --format=json",
    kinds: KINDS,
    detect: |hint| {
        if !hint.head.contains("\"title\"") || !hint.head.contains("\"message\"") {
            return Match::No;
        }
        let found = json::first_record(hint.head).is_some_and(|record| {
            let listed = |key: &str| {
                record.member(key).and_then(|list| list.value.items().first()).is_some_and(|first| first.has("title"))
            };
            ["pass", "warn", "fail"].iter().any(|key| listed(key))
        });
        named(found, false)
    },
    parse: |document| {
        let mut parsed = Parsed::default();
        json::read(document, &mut parsed, |record, parsed| {
            for outcome in ["fail", "warn", "pass"] {
                for result in record.list(outcome) {
                    let data = CheckResult {
                        name: result.text("title").unwrap_or_default(),
                        outcome: outcome.into(),
                        message: result.text("message"),
                        check: "preflight".into(),
                    };
                    parsed.facts.push(Fact::new(result.source(), data));
                }
            }
        });
        parsed
    },
};

/// skipped-collectors.json.
static SKIPPED: Format = Format {
    name: "troubleshoot-skipped",
    collect: "kubectl support-bundle",
    kinds: KINDS,
    detect: |hint| {
        let json = hint.head.trim_start().starts_with(['[', '{']);
        if json && hint.path.ends_with("skipped-collectors.json") { Match::Both } else { Match::No }
    },
    parse: |document| {
        let mut parsed = Parsed::default();
        json::read(document, &mut parsed, |record, parsed| {
            let one = |keys: &[&str]| keys.iter().find_map(|key| record.get(key).as_text()).map(Text::from);
            // A list of errors, which older versions write as one text.
            let errors = ["errors", "error", "reason", "message"].iter().find_map(|key| {
                let texts: Vec<&str> = record.get(key).items().filter_map(Fields::as_text).collect();
                if texts.is_empty() { record.get(key).as_text().map(Text::from) } else { Some(texts.join("; ").into()) }
            });
            let data = CheckResult {
                name: one(&["collector", "name", "title"]).unwrap_or_default(),
                outcome: "skip".into(),
                message: errors,
                check: "collector".into(),
            };
            if !data.name.is_empty() {
                parsed.facts.push(Fact::new(record.source(), data));
            }
        });
        parsed
    },
};

/// The match of a document whose content, and perhaps its path, says what it is.
fn named(content: bool, path: bool) -> Match {
    match (content, path) {
        (true, true) => Match::Both,
        (true, false) => Match::Content,
        _ => Match::No,
    }
}

/// True when the first record is an object with these members.
fn has_all(head: &str, keys: &[&str]) -> bool {
    head.trim_start().starts_with('{')
        && json::first_record(head)
            .is_some_and(|record| matches!(record.value, Value::Object(_)) && keys.iter().all(|key| record.has(key)))
}

#[cfg(test)]
mod tests;
