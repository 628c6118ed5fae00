//! Why evidence that a rule lacks was not collected, as far as the bundle tells.

use bundlescope_engine::{ConditionReport, Explanation, Lacking};

use crate::loaded::Loaded;

/// Reasons that are told of one missing document.
const MAX_REASONS: usize = 3;

/// Completes what an explanation says of missing documents.
pub(crate) fn fill(explanation: &mut Explanation, loaded: &Loaded) {
    let mut open: Vec<&mut ConditionReport> = explanation.conditions.iter_mut().collect();
    while let Some(report) = open.pop() {
        for lacking in &mut report.missing {
            lacking.because = because(lacking, loaded);
        }
        open.extend(report.parts.iter_mut());
    }
}

/// What the collector says of the command, and documents that stand in its place and hold nothing readable.
fn because(lacking: &Lacking, loaded: &Loaded) -> Vec<String> {
    let mut words = lacking.collect.split_whitespace().filter(|word| !word.starts_with('-'));
    let program = words.next().unwrap_or_default();
    // `docker inspect` is another document than `docker info`.
    let command = match (program, words.next()) {
        ("docker" | "kubectl" | "ip" | "nft", Some(verb)) => format!("{program} {verb}"),
        _ => program.to_owned(),
    };
    let flat = |text: &str| text.to_ascii_lowercase().replace(['_', '-', '.', '/'], " ");
    let (command, kind) = (flat(&command), flat(&lacking.kind));
    let about = |text: &str| {
        let text = flat(text);
        (!command.is_empty() && text.contains(&command)) || (!kind.is_empty() && text.contains(&kind))
    };
    let mut reasons = Vec::new();
    for fact in &loaded.facts {
        let place = format!("{}:{}", fact.source.document, fact.source.first_line);
        let text = |name: &str| fact.get(name).as_text().unwrap_or_default().to_owned();
        match fact.kind() {
            "collection_error" if about(&text("subject")) || about(&fact.source.document) => {
                reasons.push(format!("{place}: {}", text("error").trim()));
            }
            "collected_command" if about(&text("command")) => {
                let code = fact.get("exit_code").as_int().filter(|code| *code != 0);
                match (text("error"), code) {
                    (error, _) if !error.is_empty() => reasons.push(format!("{place}: {}", error.trim())),
                    (_, Some(code)) => reasons.push(format!("{place}: `{}` ended with {code}", text("command"))),
                    _ => {}
                }
            }
            _ => {}
        }
    }
    for document in &loaded.documents {
        if matches!(&*document.taken_for, "empty" | "text" | "binary") && about(&document.path) {
            let what = match &*document.taken_for {
                "empty" => "is empty",
                "binary" => "is binary",
                _ => "is there, but its format is not known",
            };
            reasons.push(format!("{} {what}", document.path));
        }
    }
    reasons.dedup();
    reasons.truncate(MAX_REASONS);
    reasons
}
