//! Reads rule packs from disk, on top of the built-in one.

use std::fs;
use std::path::{Path, PathBuf};

use bundlescope_analysis::Rulebook;
use bundlescope_rules::{Diagnostic, DiagnosticSeverity, Pack, RuleFile, RuleSource};

use crate::Failure;
use crate::args::Reading;

/// The built-in pack with the given ones on top; later packs override rules of the same id. Drafts are among them.
pub(crate) fn load(packs: &[PathBuf]) -> Result<Rulebook, Failure> {
    let (pack, diagnostics) = read_all(packs, true)?;
    rulebook(pack, &diagnostics)
}

/// The rules that a bundle is read with: packs, what the site changes, and drafts when they are asked for.
pub(crate) fn load_for(reading: &Reading) -> Result<Rulebook, Failure> {
    load_with(reading, reading.drafts)
}

/// The same with drafts, for whoever writes them.
pub(crate) fn load_with_drafts(reading: &Reading) -> Result<Rulebook, Failure> {
    load_with(reading, true)
}

fn load_with(reading: &Reading, drafts: bool) -> Result<Rulebook, Failure> {
    let (mut pack, mut diagnostics) = read_all(&reading.packs, !reading.no_default_rules)?;
    if let Some(path) = &reading.site {
        diagnostics.extend(pack.apply_site(&site(path)?));
    }
    if !drafts {
        pack.leave_out_drafts();
    }
    rulebook(pack, &diagnostics)
}

fn read_all(packs: &[PathBuf], built_in: bool) -> Result<(Pack, Vec<Diagnostic>), Failure> {
    let mut sources = if built_in { vec![bundlescope_rules::embedded()] } else { Vec::new() };
    for pack in packs {
        sources.push(read(pack)?);
    }
    Ok(Pack::load_sources(&sources))
}

/// A site file.
pub(crate) fn site(path: &Path) -> Result<RuleFile, Failure> {
    let text = fs::read_to_string(path)
        .map_err(|error| Failure::rules(format!("{}: cannot read the site file: {error}", path.display())))?;
    Ok(RuleFile { path: path.display().to_string(), text })
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
