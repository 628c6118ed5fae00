//! Each code has a page under `rules/codes/` with a wrong example, what is told of it, and the right form. The pages
//! are made by this test (`UPDATE_CODES=1`) and held against it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failing test may panic")]

use std::collections::BTreeSet;
use std::path::Path;

use bundlescope_rules::{CODES, Diagnostic, Pack, RuleFile, RuleSource};

/// A code, a wrong file, the right one. `#pack` begins a `pack.yaml`, `#site` a site file for the rule of [`SITE_RULE`].
const EXAMPLES: &[(&str, &str, &str)] = &include!("codes/examples.in");

/// The rule that the examples of site files are about.
const SITE_RULE: &str = "id: disk-full\nstatus: draft\ntitle: '{{ mount }} is full'\nseverity: high\nmessage: m\nparams: { limit: 90 }\nwhen:\n  disk: { filesystem: { mount: $mount, used_percent: { ge: $limit } } }\n";

fn told(text: &str) -> Vec<Diagnostic> {
    let file = |path: &str, text: &str| RuleFile { path: path.into(), text: text.into() };
    let load = |files| Pack::load_sources(&[RuleSource { name: "x".into(), version: String::new(), files }]);
    if let Some(text) = text.strip_prefix("#site\n") {
        let (mut pack, found) = load(vec![file("disk-full.yaml", SITE_RULE)]);
        return found
            .into_iter()
            .filter(|d| !d.code.warning)
            .chain(pack.apply_site(&file("site.yaml", text)))
            .collect();
    }
    if let Some(text) = text.strip_prefix("#pack\n") {
        return load(vec![file("pack.yaml", text)]).1;
    }
    // Two files of one example.
    if let Some((one, two)) = text.split_once("#two\n") {
        return load(vec![file("a.yaml", one), file("b.yaml", two)]).1;
    }
    let path = if text.contains("exited.yaml") { "exited.yaml" } else { "example.yaml" };
    let (pack, mut found) = load(vec![file(path, text)]);
    // What only whoever scans logs or runs tests can tell.
    if text.contains("E\\d+$") {
        found.extend(pack.about_pattern(
            "shop-error",
            0,
            "the pattern needs no fixed text, so that every record of every log is tried with it",
            true,
        ));
    }
    if text.contains("this file is called") && path == "exited.yaml" {
        found.extend(pack.misnamed());
    }
    if text.contains("bundle: fixtures/redis-gone") {
        let rule = pack.rules().first().unwrap();
        found.push(pack.missing_bundle(rule, &rule.tests[0]));
    }
    if text.contains("- name: nothing at all") {
        let line = text.lines().position(|line| line.contains("- name: nothing at all")).unwrap() + 1;
        found.push(pack.vacuous_test(
            "example.yaml",
            line,
            "nothing in the documents of `nothing at all` meets any demand of `when`",
        ));
    }
    found
}

fn page(code: &bundlescope_rules::Code, wrong: &str, right: &str) -> String {
    let drawn: Vec<String> = told(wrong).iter().map(|d| d.render()).collect();
    let plain = |text: &str| {
        let text = text.trim_start_matches("#site\n").trim_start_matches("#pack\n");
        text.replace("#two\n", "```\n\nand in another file\n\n```yaml\n")
    };
    format!(
        "# {}: {}\n\n{}{}\n\n## Wrong\n\n```yaml\n{}```\n\n```text\n{}\n```\n\n## Right\n\n```yaml\n{}```\n",
        code.id,
        code.title,
        if code.warning { "A warning: the rule can be used all the same. " } else { "" },
        code.explanation,
        plain(wrong),
        drawn.join("\n\n"),
        plain(right),
    )
}

#[test]
fn every_code_has_a_page_with_a_true_example() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules/codes");
    let update = std::env::var_os("UPDATE_CODES").is_some();
    let mut stale = Vec::new();
    for code in CODES {
        let Some((_, wrong, right)) = EXAMPLES.iter().find(|(id, ..)| *id == code.id) else {
            panic!("{} has no example", code.id);
        };
        let found: BTreeSet<&str> = told(wrong).iter().map(|d| d.code.id).collect();
        assert_eq!(
            found,
            BTreeSet::from([code.id]),
            "{}: {:?}",
            code.id,
            told(wrong).iter().map(|d| d.render()).collect::<Vec<_>>()
        );
        let left = told(right);
        assert!(left.is_empty(), "{}: {}", code.id, left.iter().map(|d| d.render()).collect::<Vec<_>>().join("\n"));
        let (path, text) = (folder.join(format!("{}.md", code.id)), page(code, wrong, right));
        if update {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&path, &text).unwrap();
        }
        if std::fs::read_to_string(&path).unwrap_or_default() != text {
            stale.push(code.id);
        }
    }
    assert!(stale.is_empty(), "pages that are not current, make them with UPDATE_CODES=1: {stale:?}");
    let pages = std::fs::read_dir(&folder).unwrap().count();
    assert_eq!(pages, CODES.len(), "one page for each code");
}
