//! Tests that show nothing: they would pass without the rule.

use std::path::Path;

use bundlescope_bundle::Input;
use bundlescope_engine::{World, meets_nothing};
use bundlescope_rules::{Diagnostic, Rule, RuleTest, Status};
use rayon::prelude::*;

use crate::intake::{take_overlaid, take_texts};
use crate::loaded::{Loaded, Options};
use crate::signatures::Rulebook;

/// Warns of look-alikes that hold no fact that meets any demand of the rule: whatever the rule were, it would not fire
/// on them. Only files for which `wanted` holds are looked at. Tests whose bundle is not at hand below `base` are passed
/// over, and so are those of drafts.
pub fn vacuous_tests(rules: &Rulebook, base: Option<&Path>, wanted: impl Fn(&str) -> bool + Sync) -> Vec<Diagnostic> {
    let stable = rules.pack.rules().iter().filter(|rule| rule.status != Status::Draft && wanted(&rule.path));
    let silent = |test: &&RuleTest| test.expect.fires == Some(0) && test.expect.undecided != Some(true);
    let tests: Vec<(&Rule, &RuleTest)> =
        stable.flat_map(|rule| rule.tests.iter().filter(silent).map(move |test| (rule, test))).collect();
    let shows_nothing = |(rule, test): &(&Rule, &RuleTest)| {
        let loaded = loaded(rules, base, test)?;
        let prober = loaded.prober();
        let world = World { facts: &loaded.facts, prober: &prober, coverage: loaded.coverage(), now: loaded.now() };
        meets_nothing(rule, &world).then(|| {
            let message = format!("nothing in the documents of `{}` meets any demand of `when`", test.name);
            rules.pack.vacuous_test(&rule.path, test.line, &message)
        })
    };
    tests.par_iter().filter_map(shows_nothing).collect()
}

/// What the test's documents hold; `None` where its bundle is not at hand, or is a whole one, which holds plenty.
fn loaded(rules: &Rulebook, base: Option<&Path>, test: &RuleTest) -> Option<Loaded> {
    let intake = match &test.bundle {
        None => take_texts(&test.files, &rules.signatures),
        Some(_) if test.files.is_empty() => return None,
        Some(bundle) => {
            let input = Input::Path(base?.join(&**bundle));
            take_overlaid(&input, &Options::default().limits, &test.files, &rules.signatures).ok()?
        }
    };
    Some(Loaded::new(intake, &rules.pack))
}
