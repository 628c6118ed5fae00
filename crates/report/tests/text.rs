//! What the terminal shows.

mod support;

use bundlescope_report::{TextOptions, render_text};
use unicode_width::UnicodeWidthStr;

#[test]
fn the_text_at_80_columns() {
    for (name, diagnosis) in support::all() {
        insta::assert_snapshot!(format!("text_{name}"), render_text(&diagnosis, &TextOptions::default()));
    }
}

#[test]
fn colour_only_adds_escape_codes() {
    let diagnosis = support::story();
    let coloured = render_text(&diagnosis, &TextOptions { width: 80, colour: true });
    let mut bare = String::new();
    let mut rest = coloured.as_str();
    while let Some((before, after)) = rest.split_once("\x1b[") {
        bare.push_str(before);
        rest = after.split_once('m').expect("every escape code is a colour").1;
    }
    bare.push_str(rest);
    assert_ne!(bare, coloured);
    assert_eq!(bare, render_text(&diagnosis, &TextOptions { width: 80, colour: false }));
}

#[test]
fn only_commands_pass_the_margin_and_they_stay_whole() {
    let diagnosis = support::story();
    let command = diagnosis.findings[0].fix[0].run.clone().unwrap();
    for width in [40, 60, 80, 132] {
        let text = render_text(&diagnosis, &TextOptions { width, colour: false });
        assert!(text.lines().any(|line| line.trim() == command), "at {width}:\n{text}");
        for line in text.lines().filter(|line| line.trim() != command) {
            assert!(line.width() <= width, "{} columns at {width}: {line}", line.width());
        }
    }
}
