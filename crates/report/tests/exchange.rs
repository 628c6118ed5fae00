//! What other tools take in: SARIF and CSV.

mod support;

use bundlescope_report::{render_csv, render_sarif};

#[test]
fn the_sarif() {
    insta::assert_snapshot!("sarif_story", render_sarif(&support::story()));
    insta::assert_snapshot!("sarif_undecided", render_sarif(&support::undecided()));
}

#[test]
fn the_csv() {
    insta::assert_snapshot!("csv_story", render_csv(&support::story()));
    assert_eq!(render_csv(&support::healthy()).lines().count(), 1);
}
