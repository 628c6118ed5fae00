//! Reads rule packs from disk, on top of the built-in one.

use std::fs;
use std::path::{Path, PathBuf};

use bundlescope_analysis::Rulebook;
use bundlescope_rules::{Diagnostic, DiagnosticSeverity, Pack, RuleFile, RuleSource};

use crate::Failure;

/// The built-in pack with the given ones on top; later packs override rules of the same id.
pub(crate) fn load(packs: &[PathBuf]) -> Result<Rulebook, Failure> {
    let mut sources = vec![bundlescope_rules::embedded()];
    for pack in packs {
        sources.push(read(pack)?);
    }
    let (pack, diagnostics) = Pack::load_sources(&sources);
    rulebook(pack, &diagnostics)
}

/// Rules without a mistake; every mistake of every file is told at once.
pub(crate) fn rulebook(pack: Pack, diagnostics: &[Diagnostic]) -> Result<Rulebook, Failure> {
    let errors: Vec<String> = diagnostics.iter().filter(|found| is_error(found)).map(Diagnostic::render).collect();
    let errors = match Rulebook::new(pack) {
        Ok(rulebook) if errors.is_empty() => return Ok(rulebook),
        Ok(_) => errors,
        Err(refused) => errors.into_iter().chain(refused).collect(),
    };
    Err(Failure::rules(format!("{} in rule files\n{}", count(errors.len(), "mistake"), errors.join("\n\n"))))
}

pub(crate) fn is_error(diagnostic: &Diagnostic) -> bool {
    diagnostic.severity() == DiagnosticSeverity::Error
}

/// The rule files of a folder at any depth, or one file.
pub(crate) fn read(path: &Path) -> Result<RuleSource, Failure> {
    let mut found = Vec::new();
    collect(path, 0, &mut found)?;
    if found.is_empty() {
        return Err(Failure::rules(format!("{}: no rule files (*.yaml) in this folder", path.display())));
    }
    let mut files = Vec::new();
    for file in found {
        let text = fs::read_to_string(&file)
            .map_err(|error| Failure::rules(format!("{}: cannot read the rule file: {error}", file.display())))?;
        files.push(RuleFile { path: file.display().to_string(), text });
    }
    let name = path.file_stem().map_or_else(|| "rules".to_owned(), |name| name.to_string_lossy().into_owned());
    Ok(RuleSource { name, version: String::new(), files })
}

fn collect(path: &Path, depth: u32, found: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let problem = |error: std::io::Error| Failure::rules(format!("{}: cannot read rules: {error}", path.display()));
    if !fs::metadata(path).map_err(problem)?.is_dir() {
        found.push(path.to_owned());
        return Ok(());
    }
    // Links may make a folder its own descendant; no pack is nested so deeply.
    if depth > 16 {
        return Ok(());
    }
    for entry in fs::read_dir(path).map_err(problem)? {
        let entry = entry.map_err(problem)?.path();
        let is_rule = entry.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
        if entry.is_dir() || is_rule {
            collect(&entry, depth + 1, found)?;
        }
    }
    Ok(())
}

/// The ids of all rules and signatures.
pub(crate) fn ids(pack: &Pack) -> Vec<String> {
    let rules = pack.rules().iter().map(|rule| rule.id.to_string());
    rules.chain(pack.signatures().iter().map(|signature| signature.id.to_string())).collect()
}

/// `1 mistake`, `2 mistakes`.
pub(crate) fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}
