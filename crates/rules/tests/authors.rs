//! What authors get wrong in whole files: one change of a good file is told once, under the very token, with help that
//! is right.
//!
//! In each changed text `«` stands before the token that is wrong, and `»` behind it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use bundlescope_rules::{Diagnostic, Pack, RuleFile, RuleSource};

/// A rule without a mistake.
const RULE: &str = include_str!("places/rule.yaml");

/// A signature without a mistake.
const SIGNATURE: &str = include_str!("places/signature.yaml");

/// What is wrong, its code, how the help begins, the good file, the line from which on something is replaced (counted
/// from 0), how many lines are, and by what.
type Case = (&'static str, &'static str, &'static str, &'static str, usize, usize, &'static str);

const CASES: &[Case] = &include!("places/authors.in");

/// A `pack.yaml`, a site file, and one for a rule with the parameter `limit: 90`.
const PACK: &str = "pack.yaml";
const SITE: &str = "site.yaml";
const SITE_WITH_PARAMETER: &str = "site.yaml with a parameter";

/// What is wrong, its code, how the help begins, which file it is, and the file.
const SITES: &[(&str, &str, &str, &str, &str)] = &include!("places/sites.in");

fn load(files: &[(&str, &str)]) -> (Pack, Vec<Diagnostic>) {
    let files = files.iter().map(|(path, text)| RuleFile { path: (*path).into(), text: (*text).into() }).collect();
    Pack::load_sources(&[RuleSource { name: "x".into(), version: String::new(), files }])
}

/// Whether exactly this is told; otherwise what is.
fn wrong(name: &str, code: &str, help: &str, marked: &str, found: &[Diagnostic]) -> String {
    let Some(start) = marked.find('«') else { panic!("{name}: no mark") };
    let line = marked[..start].matches('\n').count() + 1;
    let column = marked[..start].rsplit('\n').next().unwrap_or("").chars().count() + 1;
    let right = match found {
        [one] => {
            one.code.id == code
                && one.position() == (line, column)
                && one.help.as_deref().unwrap_or("").starts_with(help)
        }
        _ => false,
    };
    if right {
        return String::new();
    }
    let drawn: Vec<String> = found.iter().map(Diagnostic::render).collect();
    format!("## {name}: wanted {code} at {line}:{column} with `{help}`\n{}\n\n", drawn.join("\n\n"))
}

#[test]
fn the_files_that_are_changed_are_right() {
    for (path, text) in [("redis-exited.yaml", RULE), ("shop-error.yaml", SIGNATURE)] {
        let (pack, found) = load(&[(path, text)]);
        assert!(found.is_empty() && pack.misnamed().is_empty(), "{path}");
    }
}

#[test]
fn one_change_is_told_once_where_it_is() {
    let mut all = String::new();
    for (name, code, help, good, at, removed, put) in CASES {
        let lines: Vec<&str> = good.split('\n').collect();
        let changed: Vec<&str> =
            lines[..*at].iter().copied().chain(put.split('\n')).chain(lines[at + removed..].iter().copied()).collect();
        let marked = changed.join("\n");
        let (_, found) = load(&[("x.yaml", &marked.replace(['«', '»'], ""))]);
        all += &wrong(name, code, help, &marked, &found);
    }
    assert!(all.is_empty(), "{all}");
    assert!(CASES.len() > 250);
}

#[test]
fn mistakes_of_packs_and_sites_are_told_where_they_are() {
    let mut all = String::new();
    for (name, code, help, file, marked) in SITES {
        let text = marked.replace(['«', '»'], "");
        let found = if *file == PACK {
            load(&[(PACK, &text), ("redis-exited.yaml", RULE)]).1
        } else {
            let parameter = RULE
                .replace("when:\n", "params: { limit: 90 }\nwhen:\n")
                .replace("running: false", "running: false, exit_code: { le: $limit }");
            let rule = if *file == SITE_WITH_PARAMETER { parameter.as_str() } else { RULE };
            let (mut pack, mut found) = load(&[("redis-exited.yaml", rule)]);
            let site = RuleFile { path: SITE.into(), text };
            found.extend(pack.apply_site(&site));
            found.extend(pack.ended_suppressions(&site, std::time::SystemTime::now()));
            found
        };
        all += &wrong(name, code, help, marked, &found);
    }
    assert!(all.is_empty(), "{all}");
    assert!(SITES.len() >= 25);
}

#[test]
fn rules_that_name_each_other_are_told_at_both() {
    let other = RULE.replace("id: redis-exited", "id: other").replace("[connection_failure]", "[redis-exited]");
    let rule = RULE.replace("[connection_failure]", "[other]");
    let (_, found) = load(&[("other.yaml", &other), ("redis-exited.yaml", &rule)]);
    let told: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "other.yaml:14:12: error[BS0028]: `other` and `redis-exited` name each other in `explains`",
            "redis-exited.yaml:14:12: error[BS0028]: `redis-exited` and `other` name each other in `explains`",
        ]
    );
    // A chain is no circle.
    let end = RULE.replace("id: redis-exited", "id: end");
    let chain = other.replace("[redis-exited]", "[end]");
    assert!(load(&[("end.yaml", &end), ("other.yaml", &chain), ("redis-exited.yaml", &rule)]).1.is_empty());
}
