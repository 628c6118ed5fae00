//! `bundlescope rules check`.

use std::fmt::Write;
use std::process::ExitCode;
use std::time::SystemTime;

use bundlescope_analysis::{Rulebook, impossible_tests, vacuous_tests};
use bundlescope_report::{escape_active, plain};
use bundlescope_rules::{Diagnostic, Pack, RuleSource};

use super::args::{Check, Form};
use crate::packs::{count, is_error};
use crate::{Failure, packs, print};

/// Tells every mistake of every file, in the order of files and places.
pub(crate) fn run(args: &Check) -> Result<ExitCode, Failure> {
    let (mut sources, base) = super::sources(&args.paths)?;
    let own = sources.clone();
    if args.no_default_rules && !args.paths.is_empty() {
        sources.remove(0);
    }
    // The built-in pack holds for itself.
    let named = super::named(&args.paths, &own);
    let (mut pack, mut found) = Pack::load_sources(&sources);
    if let Some(site) = &args.site {
        let site = packs::site(site)?;
        found.extend(pack.apply_site(&site));
        found.extend(pack.ended_suppressions(&site, SystemTime::now()));
    }
    found.extend(Rulebook::check(&pack));
    found.extend(pack.misnamed());
    let (rules, signatures) = (pack.rules().len(), pack.signatures().len());
    if let Ok(rulebook) = Rulebook::new(pack) {
        found.extend(impossible_tests(&rulebook, base.as_deref(), |path| named.contains(path)));
        found.extend(vacuous_tests(&rulebook, base.as_deref(), |path| named.contains(path)));
    }
    // Warnings about the built-in pack are no matter of who checks another one.
    found.retain(|found| {
        is_error(found) || named.contains(&*found.path) || args.site.is_some() && !own_file(&own, found)
    });
    found.sort_by(|a, b| {
        let key = |d: &Diagnostic| (d.path.clone(), d.span.start, d.code.id, d.message.clone());
        key(a).cmp(&key(b))
    });
    let errors = found.iter().filter(|diagnostic| is_error(diagnostic)).count();
    let json = args.json || args.format == Form::Json;
    let mut out = String::new();
    for diagnostic in &found {
        // Writing to a string cannot fail.
        let _ = if json {
            writeln!(out, "{}", serde_json::to_string(diagnostic).unwrap_or_default())
        } else {
            writeln!(out, "{}\n", diagnostic.render())
        };
    }
    if !json {
        let _ = writeln!(
            out,
            "{} and {} checked: {}, {}",
            count(rules, "rule"),
            count(signatures, "signature"),
            count(errors, "error"),
            count(found.len() - errors, "warning")
        );
    }
    print(&if json { escape_active(&out) } else { plain(&out) })?;
    Ok(ExitCode::from(if errors > 0 { 4 } else { 0 }))
}

/// Whether a diagnostic is about a file of a pack, and not about the site file.
fn own_file(sources: &[RuleSource], found: &Diagnostic) -> bool {
    sources.iter().flat_map(|source| &source.files).any(|file| *file.path == *found.path)
}
