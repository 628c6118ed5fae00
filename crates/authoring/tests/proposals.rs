//! Proposed signatures of real lines and of arbitrary ones.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may panic")]

use bundlescope_analysis::{Rulebook, TestOptions, run_tests};
use bundlescope_authoring::{SignatureWish, signature};
use bundlescope_rules::{Pack, RuleFile, format};
use proptest::prelude::*;

/// Loads a proposed file and runs its tests.
fn holds(text: &str, line: &str) {
    let (pack, diagnostics) = Pack::load(vec![RuleFile { path: "new.yaml".into(), text: text.to_owned() }]);
    assert!(diagnostics.is_empty(), "{line}\n{text}\n{}", diagnostics[0].render());
    let rules = Rulebook::new(pack).unwrap_or_else(|errors| panic!("{line}\n{text}\n{errors:?}"));
    let run = run_tests(&rules, &TestOptions { base: None, wanted: &|_, _| true, coverage: false });
    assert!(
        !run.outcomes.is_empty() && run.outcomes.iter().all(|outcome| !outcome.failed()),
        "{text}\n{:?}",
        run.outcomes
    );
    // What is written is laid out as the formatter has it, so nobody's first commit is a layout.
    assert_eq!(format(text).as_deref(), Ok(text));
}

fn wish(line: &str) -> SignatureWish {
    SignatureWish { id: "a-new-one".into(), line: line.to_owned(), ..SignatureWish::default() }
}

#[test]
fn every_line_of_the_packs_own_tests_gets_a_signature_that_finds_it() {
    let (pack, _) = Pack::load_sources(&[bundlescope_rules::embedded()]);
    let (mut made, mut refused) = (0, Vec::new());
    for test in pack.signatures().iter().flat_map(|signature| &signature.tests) {
        for line in test.log.lines().filter(|line| line.len() > 20).take(2) {
            match signature(&wish(line)) {
                Ok(proposal) => {
                    holds(&proposal.text, line);
                    made += 1;
                }
                Err(error) => refused.push(format!("{line}\n  {error}")),
            }
        }
    }
    // Some lines have no words of their own, and the end of a trace is no record.
    assert!(made > 100 && refused.len() * 10 < made, "{made} made, refused:\n{}", refused.join("\n"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_line_gets_a_sound_signature_or_a_reason(line in r#"[ -~\t]{0,30}(error|failed to open|[a-z]{7,12}) [ -~é]{0,60}"#) {
        match signature(&wish(&line)) {
            Ok(proposal) => holds(&proposal.text, &line),
            Err(error) => prop_assert!(!error.is_empty()),
        }
    }
}
