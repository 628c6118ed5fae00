//! `bundlescope rules test`.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::process::ExitCode;

use bundlescope_analysis::{Exercised, Mistake, TestOptions, TestOutcome, TestRun, run_tests};
use bundlescope_authoring::{junit, update};
use bundlescope_report::{escape_active, plain, wrap};
use bundlescope_rules::Pack;
use serde_json::json;

use super::args::Test;
use super::{ids_of, named, sources};
use crate::{Failure, aside, packs, print};

/// Columns of a line.
const WIDTH: usize = 80;

pub(crate) fn run(args: &Test) -> Result<ExitCode, Failure> {
    if args.update && args.paths.is_empty() {
        return Err(Failure::usage("name the rule files or folders whose tests are to be updated"));
    }
    let mut run = tested(args)?;
    if args.update && updated(&run)? {
        run = tested(args)?;
    }
    if let Some(path) = &args.junit {
        let text = junit(&run.outcomes).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
        fs::write(path, text).map_err(|error| Failure::usage(format!("{}: cannot write: {error}", path.display())))?;
    }
    print(&if args.json { escape_active(&as_json(&run)) } else { plain(&as_text(&run, args.verbose)) })?;
    Ok(ExitCode::from(if run.outcomes.iter().any(TestOutcome::failed) { 5 } else { 0 }))
}

/// Runs the tests of the named files.
fn tested(args: &Test) -> Result<TestRun, Failure> {
    let (sources, base) = sources(&args.paths)?;
    let (pack, diagnostics) = Pack::load_sources(&sources);
    let rules = packs::rulebook(pack, &diagnostics)?;
    let ids = ids_of(rules.pack(), &named(&args.paths, &sources));
    let filter = args.filter.as_deref();
    let wanted =
        |id: &str, test: &str| filter.is_none_or(|text| id.contains(text) || test.contains(text)) && ids.contains(id);
    Ok(run_tests(&rules, &TestOptions { base: base.as_deref(), wanted: &wanted, coverage: args.coverage }))
}

/// Writes what came out into the files; whether anything changed.
fn updated(run: &TestRun) -> Result<bool, Failure> {
    let mut files: BTreeMap<&str, Vec<&TestOutcome>> = BTreeMap::new();
    for outcome in &run.outcomes {
        files.entry(&*outcome.path).or_default().push(outcome);
    }
    let mut any = false;
    for (path, outcomes) in files {
        let problem = |error: String| Failure::rules(format!("{path}: the tests cannot be updated: {error}"));
        let before = fs::read_to_string(path).map_err(|error| problem(error.to_string()))?;
        let (after, changed) = update(&before, &outcomes).map_err(problem)?;
        if changed.is_empty() {
            continue;
        }
        any = true;
        fs::write(path, after).map_err(|error| problem(error.to_string()))?;
        aside(&format!("{path}: updated {}", changed.join(", ")));
    }
    Ok(any)
}

/// How many tests passed, failed and were not run.
fn counts(run: &TestRun) -> (usize, usize, usize) {
    let failed = run.outcomes.iter().filter(|outcome| outcome.failed()).count();
    let skipped = run.outcomes.iter().filter(|outcome| outcome.skipped.is_some()).count();
    (run.outcomes.len() - failed - skipped, failed, skipped)
}

pub(crate) fn as_text(run: &TestRun, verbose: bool) -> String {
    let mut out = String::new();
    for outcome in &run.outcomes {
        // Writing to a string cannot fail.
        if let Some(reason) = &outcome.skipped {
            let _ = writeln!(out, "Skipped    {}: {}: {reason}", outcome.rule, outcome.test);
        } else if outcome.failed() {
            let _ = writeln!(out, "{:<10} {}: {}", outcome.status(), outcome.rule, outcome.test);
            let _ = writeln!(out, "  at {}:{}", outcome.path, outcome.line);
            outcome.mistakes.iter().for_each(|mistake| difference(&mut out, mistake));
        } else if verbose {
            let _ = writeln!(out, "{:<10} {}: {}", outcome.status(), outcome.rule, outcome.test);
        }
    }
    if !run.coverage.is_empty() {
        gaps(&mut out, &run.coverage);
    }
    let (passed, failed, skipped) = counts(run);
    let _ = writeln!(out, "{passed} passed, {failed} failed, {skipped} skipped");
    out
}

/// A mistake with what was expected above what came out, and the place from which on they differ.
fn difference(out: &mut String, mistake: &Mistake) {
    let _ = writeln!(out, "  {}: {}", mistake.fault.word(), mistake.what);
    for (mark, text) in [('-', &mistake.expected), ('+', &mistake.found)] {
        let lines = wrap(text, WIDTH - 6).into_iter().filter(|line| !line.is_empty() || !text.is_empty());
        for line in lines.filter(|_| !text.is_empty()) {
            let _ = writeln!(out, "    {mark} {line}");
        }
    }
    if mistake.found.is_empty() {
        let _ = writeln!(out, "    + (nothing)");
        return;
    }
    let agrees = common(&mistake.expected, &mistake.found);
    if matches!(&*mistake.key, "message" | "title" | "run") && agrees > 3 {
        let (same, differs) = mistake.expected.split_at(agrees);
        let tail: String = same.chars().rev().take(30).collect::<Vec<_>>().into_iter().rev().collect();
        let next: String = differs.chars().take(30).collect();
        let _ = writeln!(out, "    differs behind `{}`: `{}`", tail.trim_start(), next.trim_end());
    }
}

/// Bytes of the longest beginning of the expected text that occurs in the other one.
fn common(expected: &str, found: &str) -> usize {
    let mut length = 0;
    for (at, c) in expected.char_indices() {
        let end = at + c.len_utf8();
        if !found.contains(&expected[..end]) {
            break;
        }
        length = end;
    }
    length
}

/// What no test puts to use.
fn gaps(out: &mut String, coverage: &[Exercised]) {
    let (mut all, mut used) = (0, 0);
    let mut told = String::new();
    for exercised in coverage {
        let gaps: Vec<_> = exercised.parts.iter().filter_map(|part| Some((part, part.gap()?))).collect();
        all += exercised.parts.len();
        used += exercised.parts.len() - gaps.len();
        if gaps.is_empty() {
            continue;
        }
        let _ = writeln!(told, "{} ({})", exercised.rule, exercised.path);
        for (part, gap) in gaps {
            let line = if part.line > 0 { format!("line {}: ", part.line) } else { String::new() };
            let text = format!("{line}`{}` {} {gap}", part.kind, part.what);
            for (number, piece) in wrap(&text, WIDTH - 4).into_iter().enumerate() {
                let _ = writeln!(told, "{}{piece}", if number == 0 { "  " } else { "    " });
            }
        }
    }
    if !told.is_empty() {
        let _ = writeln!(out, "Not put to use by any test:\n{told}");
    }
    let _ = writeln!(out, "{used} of {all} conditions and patterns are put to use");
}

fn as_json(run: &TestRun) -> String {
    let (passed, failed, skipped) = counts(run);
    let tests: Vec<_> = run
        .outcomes
        .iter()
        .map(|outcome| {
            json!({
                "rule": &*outcome.rule,
                "test": &*outcome.test,
                "file": &*outcome.path,
                "line": outcome.line,
                "status": outcome.status().to_ascii_lowercase(),
                "mistakes": outcome.mistakes,
                "skipped": outcome.skipped,
            })
        })
        .collect();
    let coverage: Vec<_> = run
        .coverage
        .iter()
        .map(|exercised| {
            let parts = exercised.parts.iter().map(|part| {
                json!({
                    "kind": part.kind, "line": part.line, "what": part.what, "held": part.held, "failed": part.failed,
                    "gap": part.gap(),
                })
            });
            json!({"rule": &*exercised.rule, "file": &*exercised.path, "parts": parts.collect::<Vec<_>>()})
        })
        .collect();
    let mut all = json!({"format": 1, "passed": passed, "failed": failed, "skipped": skipped, "tests": tests});
    if let (Some(all), false) = (all.as_object_mut(), coverage.is_empty()) {
        all.insert("coverage".into(), coverage.into());
    }
    format!("{all:#}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_agree_up_to_the_first_letter_that_does_not_occur() {
        assert_eq!(common("api asks cach: x", "so api asks cache:1"), "api asks cach".len());
        assert_eq!(common("é", "x"), 0);
    }
}
