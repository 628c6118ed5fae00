//! What a ticket shows.

mod support;

use bundlescope_report::render_markdown;

#[test]
fn the_markdown() {
    for (name, diagnosis) in support::all() {
        insta::assert_snapshot!(format!("markdown_{name}"), render_markdown(&diagnosis));
    }
}
