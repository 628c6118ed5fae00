//! `bundlescope rules profile`, and `analyze --profile`: what each rule and each signature takes.

use std::fmt::Write;
use std::process::ExitCode;
use std::time::Duration;

use bundlescope_analysis::{Loaded, Rulebook};
use bundlescope_report::{escape_active, plain};
use serde_json::json;

use super::args::{Form, Profile};
use crate::{Failure, packs, print, progress};

pub(crate) fn run(args: &Profile) -> Result<ExitCode, Failure> {
    let rules = packs::load_with_drafts(&args.reading)?.measured();
    let loaded = progress::load(&args.bundle, &rules, &args.reading).map_err(Failure::unreadable)?;
    match args.format {
        Form::Text => print(&plain(&table(&loaded, &rules, args.top)))?,
        Form::Json => print(&escape_active(&format!("{:#}\n", as_json(&loaded, &rules))))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Milliseconds with three digits behind the point.
fn milliseconds(time: Duration) -> String {
    format!("{:.3}", time.as_secs_f64() * 1000.0)
}

/// The slowest first; the rest in a line.
pub(crate) fn table(loaded: &Loaded, rules: &Rulebook, top: usize) -> String {
    let top = if top == 0 { usize::MAX } else { top };
    let mut out = String::new();
    let costs = loaded.profile(rules.pack());
    let total: Duration = costs.iter().map(|cost| cost.time).sum();
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{} rules took {} ms\n", costs.len(), milliseconds(total));
    let _ = writeln!(out, "{:>10}  {:>8}  {:>7}  {:>8}  RULE", "MS", "CHECKS", "MATCHES", "FINDINGS");
    for cost in costs.iter().take(top) {
        let _ = writeln!(
            out,
            "{:>10}  {:>8}  {:>7}  {:>8}  {}",
            milliseconds(cost.time),
            cost.checks,
            cost.matches,
            cost.findings,
            cost.rule
        );
    }
    let costs = rules.signature_costs();
    let total: Duration = costs.iter().map(|cost| cost.time).sum();
    let _ = writeln!(out, "\n{} signatures took {} ms\n", costs.len(), milliseconds(total));
    let _ = writeln!(out, "{:>10}  {:>8}  {:>7}  SIGNATURE", "MS", "RECORDS", "MATCHES");
    for cost in costs.iter().take(top) {
        let time = milliseconds(cost.time);
        let _ = writeln!(out, "{time:>10}  {:>8}  {:>7}  {}", cost.records, cost.matches, cost.signature);
    }
    out
}

fn as_json(loaded: &Loaded, rules: &Rulebook) -> serde_json::Value {
    let microseconds = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    let costs = loaded.profile(rules.pack()).into_iter().map(|cost| {
        json!({
            "rule": &*cost.rule, "microseconds": microseconds(cost.time), "checks": cost.checks,
            "matches": cost.matches, "findings": cost.findings,
        })
    });
    let signatures = rules.signature_costs().into_iter().map(|cost| {
        json!({
            "signature": &*cost.signature, "microseconds": microseconds(cost.time), "records": cost.records,
            "matches": cost.matches,
        })
    });
    json!({"format": 1, "rules": costs.collect::<Vec<_>>(), "signatures": signatures.collect::<Vec<_>>()})
}
