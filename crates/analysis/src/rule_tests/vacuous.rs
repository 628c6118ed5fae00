//! Tests that show nothing: they would pass without the rule.

use std::path::Path;

use bundlescope_engine::{World, meets_nothing, says_nothing};
use bundlescope_rules::{Diagnostic, Rule, RuleTest, Status};
use rayon::prelude::*;

use super::{at_hand, loaded};
use crate::signatures::Rulebook;

/// Warns of look-alikes that hold no fact that meets any demand of the rule: whatever the rule were, it would not fire
/// on them. Only files for which `wanted` holds are looked at. Tests whose bundle is not at hand below `base` are passed
/// over, and so are those of drafts.
pub fn vacuous_tests(rules: &Rulebook, base: Option<&Path>, wanted: impl Fn(&str) -> bool + Sync) -> Vec<Diagnostic> {
    let stable = rules.pack.rules().iter().filter(|rule| rule.status != Status::Draft && wanted(&rule.path));
    let silent = |test: &&RuleTest| test.expect.fires == Some(0) && test.expect.undecided != Some(true);
    let mut tests: Vec<(&Rule, &RuleTest)> =
        stable.flat_map(|rule| rule.tests.iter().filter(silent).map(move |test| (rule, test))).collect();
    // Tests of one bundle follow each other, so that it is read once.
    let shared = |test: &RuleTest| test.bundle.clone().filter(|_| test.files.is_empty());
    tests.sort_by_key(|(_, test)| shared(test));
    let jobs: Vec<&[(&Rule, &RuleTest)]> =
        tests.chunk_by(|(_, one), (_, other)| shared(one).is_some() && shared(one) == shared(other)).collect();
    let shows_nothing = |job: &&[(&Rule, &RuleTest)]| -> Vec<Diagnostic> {
        let Some(loaded) = job.first().and_then(|(_, test)| loaded(rules, base, test).ok()) else { return Vec::new() };
        let prober = loaded.prober();
        let world = World { facts: &loaded.facts, prober: &prober, coverage: loaded.coverage(), now: loaded.now() };
        let vacuous = job.iter().filter(|(rule, test)| match shared(test) {
            Some(_) => says_nothing(rule, &world),
            None => meets_nothing(rule, &world),
        });
        let told = vacuous.map(|(rule, test)| {
            let message = format!("nothing in the documents of `{}` meets any demand of `when`", test.name);
            rules.pack.vacuous_test(&rule.path, test.line, &message)
        });
        told.collect()
    };
    jobs.par_iter().flat_map_iter(shows_nothing).collect()
}

/// Tells what of tests only whoever reads bundles can know: a bundle that is not there, and kinds of documents in
/// `missing:` that no parser reads. Only files for which `wanted` holds are looked at.
pub fn impossible_tests(rules: &Rulebook, base: Option<&Path>, wanted: impl Fn(&str) -> bool) -> Vec<Diagnostic> {
    let pack = &rules.pack;
    let mut known: Vec<&str> = bundlescope_parsers::all().map(|format| format.name).collect();
    known.extend([crate::coverage::LOGS.0, "probe"]);
    known.extend(crate::prober::DOCUMENTS);
    let mut found = Vec::new();
    for rule in pack.rules().iter().filter(|rule| wanted(&rule.path)) {
        for test in &rule.tests {
            let absent = |bundle: &bundlescope_facts::Text| at_hand(base, bundle).is_none();
            if test.bundle.as_ref().is_some_and(absent) {
                found.push(pack.missing_bundle(rule, test));
            }
            let unknown = |at: &usize| test.expect.missing.get(*at).is_some_and(|kind| !known.contains(&&**kind));
            let unknown = (0..test.expect.missing.len()).filter(unknown);
            found.extend(unknown.filter_map(|at| pack.unknown_document(rule, test, at, &known)));
        }
    }
    found
}
