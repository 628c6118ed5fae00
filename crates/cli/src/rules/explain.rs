//! `bundlescope rules explain`.

use std::fmt::Write;
use std::process::ExitCode;

use bundlescope_analysis::{NearMatch, SignatureTrace};
use bundlescope_engine::{Asked, ConditionReport, Explanation, Firing, Nearest};
use bundlescope_report::{Redactor, escape_active, plain, wrap};
use bundlescope_rules::nearest;

use super::args::{Explain, Form};
use crate::packs::count;
use crate::{Failure, packs, print, progress};

/// Columns of a line.
const WIDTH: usize = 80;

/// Events of a signature that are told.
const MAX_EVENTS: usize = 10;

pub(crate) fn run(args: &Explain) -> Result<ExitCode, Failure> {
    let mut rules = packs::load_with_drafts(&args.reading)?;
    let is_rule = rules.pack().rule(&args.rule).is_some();
    if !is_rule {
        let ids: Vec<String> = packs::ids(rules.pack());
        rules = rules.traced(&args.rule).ok_or_else(|| {
            let meant = nearest(&args.rule, ids.iter().map(String::as_str));
            let meant = meant.map(|id| format!("; did you mean `{id}`?")).unwrap_or_default();
            Failure::usage(format!(
                "there is no rule or signature `{}`{meant}\n`bundlescope rules list` lists them",
                args.rule
            ))
        })?;
    }
    let loaded = progress::load(&args.bundle, &rules, &args.reading).map_err(Failure::unreadable)?;
    let none = || Failure::usage(format!("there is no rule `{}`", args.rule));
    let (text, json) = if is_rule {
        let explanation = loaded.explain(rules.pack(), &args.rule).ok_or_else(none)?;
        (told(&explanation), serde_json::to_value(&explanation))
    } else {
        let trace = loaded.trace(&rules, &args.rule).ok_or_else(none)?;
        (traced(&trace), serde_json::to_value(&trace))
    };
    let mut redactor = Redactor::default();
    let json = json.unwrap_or_default();
    let (text, json) = if args.reading.no_redact { (text, json) } else { (redactor.mask(&text), redactor.json(json)) };
    match args.format {
        Form::Text => print(&plain(&text))?,
        Form::Json => print(&escape_active(&format!("{json:#}\n")))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Adds a text in lines of at most 80 columns; all but the first are indented two columns more.
fn line(out: &mut String, indent: usize, text: &str) {
    let width = WIDTH.saturating_sub(indent + 2).max(20);
    for (number, piece) in wrap(text, width).into_iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{}{piece}", " ".repeat(if number == 0 { indent } else { indent + 2 }));
    }
}

/// The explanation for people.
fn told(explanation: &Explanation) -> String {
    let mut out = String::new();
    let answer = match explanation.answer {
        "fired" if explanation.firings.is_empty() => format!("emits {}", count(explanation.emitted, "fact")),
        "fired" => format!("fired, {}", count(explanation.firings.len(), "finding")),
        "undecided" => "undecided, because evidence is missing".to_owned(),
        "clear" => "clear, it did not fire".to_owned(),
        other => other.to_owned(),
    };
    let _ = writeln!(out, "{}: {answer}\n", explanation.rule);
    for condition in &explanation.conditions {
        condition_told(&mut out, 0, condition);
    }
    for untried in &explanation.untried {
        line(&mut out, 0, &format!("- {}: {} (line {}): not looked at", untried.alias, untried.asks, untried.line));
    }
    for filter in explanation.filters.iter().filter(|filter| filter.sorted_out > 0) {
        let sorted = count(filter.sorted_out, "combination");
        line(&mut out, 0, &format!("- where `{}`: not true for {sorted}", filter.expression));
        let values = if filter.values.is_empty() { &filter.bindings } else { &filter.values.join(", ") };
        line(&mut out, 4, &format!("the first: {values}"));
    }
    for blocker in &explanation.blocked {
        let sorted = count(blocker.combinations, "combination");
        line(&mut out, 0, &format!("- unless {} (line {}): holds for {sorted}", blocker.asks, blocker.line));
        line(&mut out, 4, &format!("it matched {}", blocker.matched));
    }
    for firing in &explanation.firings {
        firing_told(&mut out, firing);
    }
    for problem in &explanation.problems {
        line(&mut out, 0, &format!("problem: {problem}"));
    }
    out
}

fn condition_told(out: &mut String, indent: usize, condition: &ConditionReport) {
    let name = if condition.alias.is_empty() { String::new() } else { format!("{}: ", condition.alias) };
    let facts = condition.facts.map(|facts| format!(", {} in the bundle", count(facts, "fact"))).unwrap_or_default();
    line(out, indent, &format!("- {name}{} (line {}){facts}", condition.asks, condition.line));
    let left = match condition.after {
        0 => "none left".to_owned(),
        after => format!("{after} behind it"),
    };
    let stuck = if condition.undecided > 0 { format!(", {} undecided", condition.undecided) } else { String::new() };
    line(out, indent + 4, &format!("{} before it, {left}{stuck}", count(condition.before, "combination")));
    for part in &condition.parts {
        condition_told(out, indent + 4, part);
    }
    if let Some(nearest) = &condition.nearest {
        nearest_told(out, indent + 4, condition, nearest);
    }
    for lacking in &condition.missing {
        line(out, indent + 4, &format!("missing: {}; collect it with `{}`", lacking.kind, lacking.collect));
        for because in &lacking.because {
            line(out, indent + 6, &format!("the collector says: {because}"));
        }
    }
    for asked in &condition.probes {
        probe_told(out, indent + 4, asked);
    }
}

fn probe_told(out: &mut String, indent: usize, asked: &Asked) {
    line(out, indent, &format!("asked {}: {}", asked.question, asked.verdict));
    for step in &asked.path {
        line(out, indent + 2, step);
    }
    for assumed in &asked.assumed {
        line(out, indent + 2, &format!("assumed: {assumed}"));
    }
}

/// What came nearest: `port is 8443, wanted 443`.
fn nearest_told(out: &mut String, indent: usize, condition: &ConditionReport, nearest: &Nearest) {
    let place = if nearest.line > 0 { format!(" {}:{}", nearest.document, nearest.line) } else { String::new() };
    let (met, all) = nearest.meets;
    if condition.asks.starts_with("count of ") {
        line(out, indent, &format!("the number is {}, wanted {}", nearest.found, nearest.wanted));
    } else {
        line(out, indent, &format!("nearest{place} meets {met} of {all} conditions:"));
        let found = if nearest.found.is_empty() { "not stated" } else { &nearest.found };
        let wanted = match &nearest.value {
            Some(value) => format!("{value} ({})", nearest.wanted),
            None => nearest.wanted.to_string(),
        };
        line(out, indent + 2, &format!("{} is {found}, wanted {wanted}", nearest.field));
    }
    match (&nearest.joins, nearest.partners, &nearest.value) {
        (Some(joins), Some(0), Some(value)) => {
            let text = format!("no {} has {} {value}, which comes from `{joins}`", condition.asks, nearest.field);
            line(out, indent + 2, &text);
        }
        (Some(joins), Some(partners), Some(value)) => {
            let has = format!("{} with {} {value}", count(partners, &condition.asks), nearest.field);
            line(
                out,
                indent + 2,
                &format!("the value comes from `{joins}`; there is {has}, which fails another field"),
            );
        }
        _ => {}
    }
    if !nearest.bindings.is_empty() {
        line(out, indent + 2, &format!("for {}", nearest.bindings));
    }
}

fn firing_told(out: &mut String, firing: &Firing) {
    let _ = writeln!(out);
    line(out, 0, &firing.title);
    line(out, 2, &format!("subjects: {}", firing.subjects));
    line(out, 2, &format!("message: {}", firing.message));
    for piece in &firing.evidence {
        line(out, 2, &format!("evidence: {}:{} ({})", piece.document, piece.line, piece.label));
    }
    for fix in &firing.fix {
        line(out, 2, &format!("fix: {}", fix.say));
        if let Some(run) = &fix.run {
            // A command is pasted: it is not broken into lines.
            let proof = if fix.proved { " (proved: simulated, and it works)" } else { "" };
            let _ = writeln!(out, "    run{proof}:\n      {run}");
        }
        if let Some(reason) = &fix.reason {
            line(out, 4, &format!("no command: {reason}"));
        }
    }
}

/// What a signature made of the bundle.
fn traced(trace: &SignatureTrace) -> String {
    let mut out = String::new();
    let events = count(trace.events.len(), "event");
    let searched = count(trace.documents, "document");
    let _ = writeln!(out, "{}: {events} of the kind {} in {searched}\n", trace.signature, trace.event);
    for event in trace.events.iter().take(MAX_EVENTS) {
        line(&mut out, 0, &format!("- {}:{}", event.document, event.line));
        line(&mut out, 4, &event.fields.join(", "));
    }
    if trace.events.len() > MAX_EVENTS {
        line(&mut out, 0, &format!("- and {} more", trace.events.len() - MAX_EVENTS));
    }
    if trace.near.is_empty() {
        line(&mut out, 0, "No other record holds a text that its patterns require.");
        return out;
    }
    let nearly = count(trace.near.len(), "record");
    let _ = writeln!(out, "\n{nearly} with a text of the patterns that did not become its event:");
    trace.near.iter().for_each(|near| near_told(&mut out, near));
    out
}

fn near_told(out: &mut String, near: &NearMatch) {
    line(out, 0, &format!("- {}:{}, pattern {}", near.document, near.line, near.pattern));
    match near.reason.as_str() {
        "restricted" => line(out, 4, "the signature does not apply to this document or container"),
        "other_signature" => line(out, 4, &format!("the signature `{}` says more about it", near.by)),
        _ => {
            line(out, 4, &format!("matched up to: `{}`", near.matched));
            line(out, 4, &format!("the pattern wants: `{}`", near.wanted));
            let found =
                if near.found.is_empty() { "the end of the record".into() } else { format!("`{}`", near.found) };
            line(out, 4, &format!("the record has: {found}"));
        }
    }
}
