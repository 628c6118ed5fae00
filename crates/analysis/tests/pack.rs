//! The built-in rules load without a warning, and every test in them passes.

use std::path::Path;

use bundlescope_analysis::{Rulebook, TestOptions, run_tests};
use bundlescope_rules::Pack;

#[test]
fn the_built_in_pack_is_sound_and_passes_its_tests() {
    let (pack, diagnostics) = Pack::load_sources(&[bundlescope_rules::embedded()]);
    let told: Vec<String> = diagnostics.iter().map(ToString::to_string).collect();
    assert!(told.is_empty(), "{}", told.join("\n"));
    let rules = Rulebook::new(pack).unwrap();
    let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let options = TestOptions { base: Some(&base), wanted: &|_, _| true, coverage: false };
    let outcomes = run_tests(&rules, &options).outcomes;
    let failed: Vec<String> =
        outcomes.iter().filter(|outcome| !outcome.mistakes.is_empty()).map(|outcome| format!("{outcome:#?}")).collect();
    assert!(failed.is_empty(), "{} of {} tests:\n{}", failed.len(), outcomes.len(), failed.join("\n"));
    assert!(outcomes.iter().all(|outcome| outcome.skipped.is_none()));
}
