//! Wrong files of every sort as authors write them: the caret stands under the very token, and the help is right.
//!
//! In each text `«…»` marks the token that is wrong; the marks are taken out before the file is checked.

use bundlescope_rules::{Pack, RuleFile, RuleSource};

/// What is wrong, its code, what the help says, and the file.
type Case = (&'static str, &'static str, &'static str, &'static str);

const CASES: &[Case] = &include!("places/cases.in");

/// A rule or signature of which a case gives only a part is completed with these.
const REST: &[(&str, &str)] = &[
    ("title:", "title: t\n"),
    ("severity:", "severity: low\n"),
    ("message:", "message: m\n"),
    ("status:", "status: draft\n"),
];

fn completed(text: &str) -> String {
    let mut whole = text.to_owned();
    if text.starts_with("id: ")
        && !text.contains("\nsignature:")
        && !text.contains("\nemit:")
        && !text.contains("#whole")
    {
        let missing = REST.iter().filter(|(key, _)| !text.lines().any(|line| line.replace('«', "").starts_with(key)));
        missing.for_each(|(_, line)| whole += line);
    }
    whole
}

#[test]
fn the_caret_stands_under_the_token_and_the_help_is_right() {
    let mut wrong = String::new();
    for (name, code, help, marked) in CASES {
        let marked = completed(marked);
        let (Some(start), Some(end)) = (marked.find('«'), marked.find('»')) else { panic!("{name}: no mark") };
        let token = &marked[start + '«'.len_utf8()..end];
        let text = marked.replace(['«', '»'], "");
        let line = text[..start].matches('\n').count() + 1;
        let column = text[..start].rsplit('\n').next().unwrap_or("").chars().count() + 1;
        let file = RuleFile { path: "x.yaml".into(), text: text.clone() };
        let (_, found) =
            Pack::load_sources(&[RuleSource { name: "x".into(), version: String::new(), files: vec![file] }]);
        let drawn: Vec<String> = found.iter().map(|d| d.render()).collect();
        let right = found.iter().any(|diagnostic| {
            let caret = text.get(diagnostic.span.clone()).unwrap_or("").lines().next().unwrap_or("");
            diagnostic.code.id == *code
                && diagnostic.position() == (line, column)
                && (caret == token || token.is_empty())
                && diagnostic.help.as_deref().unwrap_or("").contains(help)
        });
        let others = found.iter().filter(|d| d.code.id != *code).count();
        if !right || others > 0 || found.iter().any(|d| d.help.is_none()) {
            wrong += &format!(
                "## {name}: wanted {code} at {line}:{column} `{token}` with `{help}`\n{}\n\n",
                drawn.join("\n\n")
            );
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(CASES.len() >= 60);
}
