//! `bundlescope rules`: for rule authors.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bundlescope_analysis::{Mistake, Rulebook, TestOutcome, load, run_tests};
use bundlescope_engine::Explanation;
use bundlescope_report::{escape_active, plain};
use bundlescope_rules::{Pack, RuleSource};

use crate::args::{Reading, Rules};
use crate::packs::{count, is_error};
use crate::{Failure, packs, print};

pub(crate) fn run(args: &Rules) -> Result<ExitCode, Failure> {
    match args {
        Rules::Check { paths, json } => check(paths, *json),
        Rules::Test { paths, filter } => test(paths, filter.as_deref()),
        Rules::Explain { rule, bundle, reading } => explain(rule, bundle, reading),
        Rules::List { packs } => list(packs),
    }
}

/// The named packs, or the built-in one, each with the folder to which the bundles of its tests are relative.
fn sources(paths: &[PathBuf]) -> Result<(Vec<RuleSource>, Option<PathBuf>), Failure> {
    if paths.is_empty() {
        // In a checkout the built-in pack's bundles are at hand.
        let checkout = Path::new("fixtures").is_dir().then(|| PathBuf::from("."));
        return Ok((vec![bundlescope_rules::embedded()], checkout));
    }
    // Rules may use the events of the built-in signatures.
    let mut sources = vec![bundlescope_rules::embedded()];
    for path in paths {
        sources.push(packs::read(path)?);
    }
    let base = paths.first().map(|path| {
        let folder = if path.is_dir() { path.clone() } else { path.parent().map_or_else(PathBuf::new, Path::to_owned) };
        if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder }
    });
    Ok((sources, base))
}

fn check(paths: &[PathBuf], json: bool) -> Result<ExitCode, Failure> {
    let (sources, _) = sources(paths)?;
    let (pack, diagnostics) = Pack::load_sources(&sources);
    let mut out = String::new();
    for diagnostic in &diagnostics {
        // Writing to a string cannot fail.
        let _ = if json {
            writeln!(out, "{}", serde_json::to_string(diagnostic).unwrap_or_default())
        } else {
            writeln!(out, "{}\n", diagnostic.render())
        };
    }
    let (rules, known) = (pack.rules().len(), pack.signatures().len());
    let signatures = Rulebook::new(pack).err().unwrap_or_default();
    for error in &signatures {
        let _ = if json {
            writeln!(out, "{}", serde_json::json!({ "severity": "error", "message": error }))
        } else {
            writeln!(out, "error: {error}\n")
        };
    }
    let errors = diagnostics.iter().filter(|diagnostic| is_error(diagnostic)).count() + signatures.len();
    if !json {
        let _ = writeln!(
            out,
            "{} and {} checked: {}, {}",
            count(rules, "rule"),
            count(known, "signature"),
            count(errors, "error"),
            count(diagnostics.iter().filter(|diagnostic| !is_error(diagnostic)).count(), "warning")
        );
    }
    print(&if json { escape_active(&out) } else { plain(&out) })?;
    Ok(ExitCode::from(if errors > 0 { 4 } else { 0 }))
}

fn test(paths: &[PathBuf], filter: Option<&str>) -> Result<ExitCode, Failure> {
    let (sources, base) = sources(paths)?;
    let (pack, diagnostics) = Pack::load_sources(&sources);
    let rules = packs::rulebook(pack, &diagnostics)?;
    let pack = rules.pack();
    let named: Vec<&str> =
        sources.last().map_or_else(Vec::new, |source| source.files.iter().map(|f| &*f.path).collect());
    let of_pack = |id: &str| {
        let path = pack.rule(id).map(|rule| &rule.path);
        let path = path.or_else(|| pack.signatures().iter().find(|s| &*s.id == id).map(|s| &s.path));
        paths.is_empty() || path.is_some_and(|path| named.contains(&&**path))
    };
    let wanted = |id: &str| filter.is_none_or(|filter| id.contains(filter)) && of_pack(id);
    let outcomes = run_tests(&rules, base.as_deref(), wanted);
    let mut out = String::new();
    for outcome in outcomes.iter().filter(|outcome| !outcome.mistakes.is_empty()) {
        show(&mut out, outcome);
    }
    for outcome in &outcomes {
        if let Some(reason) = &outcome.skipped {
            let _ = writeln!(out, "skipped {}: {}: {reason}", outcome.rule, outcome.test);
        }
    }
    let failed = outcomes.iter().filter(|outcome| !outcome.mistakes.is_empty()).count();
    let skipped = outcomes.iter().filter(|outcome| outcome.skipped.is_some()).count();
    let _ = writeln!(out, "{} passed, {failed} failed, {skipped} skipped", outcomes.len() - failed - skipped);
    print(&plain(&out))?;
    Ok(ExitCode::from(if failed > 0 { 5 } else { 0 }))
}

fn show(out: &mut String, outcome: &TestOutcome) {
    let _ = writeln!(out, "{}:{}: {}: {}", outcome.path, outcome.line, outcome.rule, outcome.test);
    for mistake in &outcome.mistakes {
        let _ = match mistake {
            Mistake::Missing(what) => writeln!(out, "  Missing: {what}"),
            Mistake::Noisy(what) => writeln!(out, "  Noisy: {what}"),
            Mistake::Wrong { what, expected, found } => {
                writeln!(out, "  Wrong {what}\n    expected: {expected}\n    found:    {found}")
            }
        };
    }
}

fn explain(rule: &str, bundle: &Path, reading: &Reading) -> Result<ExitCode, Failure> {
    let rules = packs::load(&reading.packs)?;
    let loaded =
        load(&crate::analyze::input(bundle), &rules, &crate::analyze::options(reading)).map_err(Failure::unreadable)?;
    let explanation = loaded
        .explain(rules.pack(), rule)
        .ok_or_else(|| Failure::usage(format!("there is no rule `{rule}`; `bundlescope rules list` lists them")))?;
    print(&plain(&told(&explanation)))?;
    Ok(ExitCode::SUCCESS)
}

/// The explanation for people.
fn told(explanation: &Explanation) -> String {
    let mut out = format!("{}: {}\n", explanation.rule, explanation.answer);
    for condition in &explanation.conditions {
        // Writing to a string cannot fail.
        let facts =
            condition.facts.map_or_else(String::new, |facts| format!(", {} in the bundle", count(facts, "fact")));
        let _ = writeln!(
            out,
            "  {} (line {}): {}{facts}: {} -> {}{}",
            condition.alias,
            condition.line,
            condition.asks,
            condition.before,
            count(condition.after, "combination"),
            if condition.undecided > 0 { format!(", {} undecided", condition.undecided) } else { String::new() }
        );
        if let Some(nearest) = &condition.nearest {
            let place =
                if nearest.line > 0 { format!(" {}:{}", nearest.document, nearest.line) } else { String::new() };
            let found = if nearest.found.is_empty() { "nothing" } else { &nearest.found };
            let (met, all) = nearest.meets;
            let _ = writeln!(
                out,
                "    nearest{place} ({}) meets {met} of {all}: {} is {found}, wanted {}",
                nearest.bindings, nearest.field, nearest.wanted
            );
            for step in &nearest.path {
                let _ = writeln!(out, "      {step}");
            }
        }
    }
    let _ = writeln!(
        out,
        "  `where` sorted out {}, `unless` {}; {} fired",
        explanation.filtered,
        explanation.blocked.len(),
        count(explanation.fired, "combination")
    );
    for problem in &explanation.problems {
        let _ = writeln!(out, "  {problem}");
    }
    out
}

fn list(packs: &[PathBuf]) -> Result<ExitCode, Failure> {
    let rules = packs::load(packs)?;
    let pack = rules.pack();
    let mut out = String::new();
    for rule in pack.rules() {
        let _ = writeln!(out, "{:<9} {:<44} {}", rule.severity.word(), rule.id, rule.title.source);
    }
    let _ = writeln!(out, "{} in {}", count(pack.rules().len(), "rule"), pack.id());
    print(&plain(&out))?;
    Ok(ExitCode::SUCCESS)
}
