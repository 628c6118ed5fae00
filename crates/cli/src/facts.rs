//! `bundlescope facts`: what can a rule match on here?

use std::collections::BTreeSet;
use std::fmt::Write;
use std::process::ExitCode;

use bundlescope_analysis::{Loaded, Rulebook};
use bundlescope_engine::DocumentInfo;
use bundlescope_facts::{Fact, KINDS, Value, kind_spec};
use bundlescope_report::{Redactor, escape_active};
use bundlescope_rules::nearest;
use serde_json::{Map, json};

use crate::args::{Facts, FactsFormat};
use crate::{Failure, packs, print, progress};

pub(crate) fn run(args: &Facts) -> Result<ExitCode, Failure> {
    let rules = packs::load_with_drafts(&args.reading)?;
    let loaded = progress::load(&args.bundle, &rules, &args.reading).map_err(Failure::unreadable)?;
    let out = match &args.kind {
        None => documents(&loaded, args.format),
        Some(kind) => {
            let facts: Vec<&Fact> = loaded.facts.iter().filter(|fact| fact.kind() == kind).collect();
            if facts.is_empty()
                && kind_spec(kind).is_none()
                && rules.pack().signatures().iter().all(|signature| *signature.event != **kind)
            {
                return Err(unknown_kind(kind, &rules));
            }
            list(&facts, args.format, &mut (!args.reading.no_redact).then(Redactor::default))
        }
    };
    print(&out)?;
    Ok(ExitCode::SUCCESS)
}

fn unknown_kind(kind: &str, rules: &Rulebook) -> Failure {
    let events: BTreeSet<&str> = rules.pack().signatures().iter().map(|signature| &*signature.event).collect();
    let known: Vec<&str> = KINDS.iter().map(|spec| spec.name).chain(events).collect();
    let meant = nearest(kind, known.iter().copied()).map(|name| format!(", did you mean `{name}`?"));
    let meant = meant.unwrap_or_default();
    Failure::usage(format!("no kind of fact is called `{kind}`{meant}\nkinds are {}", known.join(", ")))
}

/// One row a document: what it was taken for and what it gave.
fn documents(loaded: &Loaded, format: FactsFormat) -> String {
    let rows = loaded.documents.iter();
    let json = rows.clone().map(|document| {
        json!({
            "document": &*document.path,
            "node": &*document.node,
            "taken_for": &*document.taken_for,
            "recognised": document.is_recognised(),
            "bytes": document.bytes,
            "facts": document.facts,
            "problems": document.problems,
        })
    });
    match format {
        FactsFormat::Json => escape_active(&format!("{:#}\n", serde_json::Value::Array(json.collect()))),
        FactsFormat::Jsonl => json.map(|row| escape_active(&format!("{row}\n"))).collect(),
        FactsFormat::Table => {
            let width = rows.clone().map(|document| document.taken_for.len()).max().unwrap_or_default().max(9);
            let mut out = format!("FACTS PROBLEMS  {:<width$}  DOCUMENT\n", "TAKEN FOR");
            for document in rows {
                // Writing to a string cannot fail.
                let _ = writeln!(
                    out,
                    "{:>5} {:>8}  {:<width$}  {}",
                    document.facts,
                    document.problems,
                    document.taken_for,
                    bundlescope_report::plain(&document.path)
                );
            }
            totals(&mut out, &loaded.documents);
            let mut kinds: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
            for fact in &loaded.facts {
                *kinds.entry(fact.kind()).or_default() += 1;
            }
            let _ = writeln!(out, "\nFACTS  KIND (list them with --kind)");
            for (kind, number) in kinds {
                let _ = writeln!(out, "{number:>5}  {}", bundlescope_report::plain(kind));
            }
            out
        }
    }
}

/// How many documents were what, and by name those that nothing knew.
fn totals(out: &mut String, documents: &[DocumentInfo]) {
    let count = |is: &dyn Fn(&DocumentInfo) -> bool| documents.iter().filter(|document| is(document)).count();
    let taken = |name: &'static str| move |document: &DocumentInfo| &*document.taken_for == name;
    let unknown: Vec<&DocumentInfo> = documents.iter().filter(|document| !document.is_recognised()).collect();
    let others = ["log", "empty", "link"];
    let parsed = count(&|document| document.is_recognised() && !others.contains(&&*document.taken_for));
    let (logs, empty, links) = (count(&taken("log")), count(&taken("empty")), count(&taken("link")));
    let _ = writeln!(
        out,
        "\n{} documents: {parsed} parsed, {logs} logs, {empty} empty, {links} links, {} not recognised",
        documents.len(),
        unknown.len()
    );
    let facts: u64 = documents.iter().map(|document| document.facts).sum();
    let problems: u64 = documents.iter().map(|document| document.problems).sum();
    let _ = writeln!(out, "{facts} facts and events, {problems} problems");
    if unknown.is_empty() {
        return;
    }
    out.push_str("\nNOT RECOGNISED (text is searched like a log)\n     BYTES  DOCUMENT\n");
    for document in unknown {
        let _ = writeln!(out, "{:>10}  {}", document.bytes, bundlescope_report::plain(&document.path));
    }
}

/// The facts of one kind with their sources, secrets masked where there is something to mask them.
fn list(facts: &[&Fact], format: FactsFormat, redactor: &mut Option<Redactor>) -> String {
    match format {
        FactsFormat::Json => {
            let all = serde_json::Value::Array(facts.iter().map(|fact| object(fact, redactor)).collect());
            escape_active(&format!("{all:#}\n"))
        }
        FactsFormat::Jsonl => {
            facts.iter().map(|fact| escape_active(&format!("{}\n", object(fact, redactor)))).collect()
        }
        FactsFormat::Table => {
            let mut out = String::new();
            for fact in facts {
                let _ =
                    writeln!(out, "{}:{}", bundlescope_report::plain(&fact.source.document), fact.source.first_line);
                for (name, value) in fields(fact, redactor) {
                    let text = serde_json::to_string(&value).unwrap_or_default();
                    let _ =
                        writeln!(out, "    {}: {}", bundlescope_report::plain(&name), bundlescope_report::plain(&text));
                }
            }
            out
        }
    }
}

fn object(fact: &Fact, redactor: &mut Option<Redactor>) -> serde_json::Value {
    let mut object = Map::new();
    object.insert("kind".into(), fact.kind().into());
    object.insert("node".into(), fact.node.as_ref().into());
    for (name, value) in fields(fact, redactor) {
        object.insert(name, json!(value));
    }
    object.insert(
        "source".into(),
        json!({"document": &*fact.source.document, "line": fact.source.first_line, "end_line": fact.source.last_line}),
    );
    serde_json::Value::Object(object)
}

/// The fields that state something.
fn fields(fact: &Fact, redactor: &mut Option<Redactor>) -> Vec<(String, Value)> {
    let stated = fact.fields().into_iter().filter(|(_, value)| !is_empty(value));
    let mut fields: Vec<(String, Value)> = stated.map(|(name, value)| (name.to_string(), value)).collect();
    let Some(redactor) = redactor else { return fields };
    // Variables and settings name themselves in one field and their value in another.
    let about = fields.iter().find(|(name, _)| matches!(name.as_str(), "name" | "key" | "setting" | "variable"));
    let about = about.and_then(|(_, value)| value.as_text()).unwrap_or_default().to_owned();
    for (name, value) in &mut fields {
        redactor.value(if name == "value" { &about } else { name }, value);
    }
    fields
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::List(list) => list.is_empty(),
        Value::Map(map) => map.is_empty(),
        _ => false,
    }
}
