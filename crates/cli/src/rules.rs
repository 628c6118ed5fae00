//! `bundlescope rules`: for rule authors.

pub(crate) mod args;
mod capture;
mod check;
mod docs;
mod explain;
mod fmt;
mod new;
pub(crate) mod profile;
mod test;
mod watch;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bundlescope_report::plain;
use bundlescope_rules::{Pack, RuleSource};

use crate::args::Rules;
use crate::packs::count;
use crate::{Failure, packs, print};

pub(crate) fn run(args: &Rules) -> Result<ExitCode, Failure> {
    match args {
        Rules::Check(args) => check::run(args),
        Rules::Schema => schema(),
        Rules::Test(args) => test::run(args),
        Rules::Explain(args) => explain::run(args),
        Rules::New(args) => new::run(args),
        Rules::Capture(args) => capture::run(args),
        Rules::Docs(args) => docs::run(args),
        Rules::Watch(args) => watch::run(args),
        Rules::Fmt(args) => fmt::run(args),
        Rules::Profile(args) => profile::run(args),
        Rules::List { packs } => list(packs),
        Rules::Vocabulary => {
            print(&bundlescope_analysis::vocabulary())?;
            Ok(ExitCode::SUCCESS)
        }
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

/// The paths of the files that were named; the built-in pack is only loaded for what other rules need of it, unless
/// nothing was named.
fn named<'s>(paths: &[PathBuf], sources: &'s [RuleSource]) -> BTreeSet<&'s str> {
    let own = sources.iter().skip(usize::from(!paths.is_empty()));
    own.flat_map(|source| source.files.iter().map(|file| &*file.path)).collect()
}

/// The ids of the rules and signatures that stand in these files.
fn ids_of<'p>(pack: &'p Pack, paths: &BTreeSet<&str>) -> BTreeSet<&'p str> {
    let rules = pack.rules().iter().map(|rule| (&*rule.id, &*rule.path));
    let all = rules.chain(pack.signatures().iter().map(|signature| (&*signature.id, &*signature.path)));
    all.filter(|(_, path)| paths.contains(path)).map(|(id, _)| id).collect()
}

/// The schema as it is published in `rules/schema.json`.
fn schema() -> Result<ExitCode, Failure> {
    let text = serde_json::to_string_pretty(&bundlescope_rules::schema()).unwrap_or_default();
    print(&format!("{text}\n"))?;
    Ok(ExitCode::SUCCESS)
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
