//! What other tools take in: SARIF and CSV.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking and says what it skips"
)]

#[path = "support/harmless.rs"]
mod harmless;
mod support;

use bundlescope_report::{render_csv, render_sarif};

#[test]
fn the_sarif() {
    insta::assert_snapshot!("sarif_story", render_sarif(&support::story()));
    insta::assert_snapshot!("sarif_undecided", render_sarif(&support::undecided()));
}

#[test]
fn the_sarif_of_every_diagnosis_is_of_its_schema() {
    for (_, diagnosis) in support::all() {
        harmless::assert_sarif(&render_sarif(&diagnosis));
    }
}

#[test]
fn the_csv() {
    insta::assert_snapshot!("csv_story", render_csv(&support::story()));
    assert_eq!(render_csv(&support::healthy()).lines().count(), 1);
}
