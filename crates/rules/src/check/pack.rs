//! `pack.yaml`: the name of a pack, its version, the program that it needs, and the domains of its rules.

use super::scope::Scope;
use super::{Checker, Entries};
use crate::codes;
use crate::model::Domain;
use crate::yaml::Node;

/// The keys of the manifest.
const KEYS: &[&str] = &["name", "version", "requires", "about", "domains"];

/// What a pack says of itself.
#[derive(Debug, Clone, Default)]
pub(crate) struct Manifest {
    pub(crate) name: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) domains: Vec<Domain>,
}

/// Reads the manifest of a pack.
pub(crate) fn manifest(checker: &mut Checker<'_>, tree: &Node, program: &str) -> Manifest {
    let mut manifest = Manifest::default();
    let Some(entries) = checker.map(tree, "`pack.yaml`") else { return manifest };
    checker.known_keys(entries, "`pack.yaml`", KEYS);
    let mut text = |name: &str| entries.get(name).and_then(|node| checker.text(node, &format!("`{name}`")));
    manifest.name = text("name").map(|name| name.to_string());
    manifest.version = text("version").map(|version| version.to_string());
    text("about");
    if let (Some(name), Some(node)) = (&manifest.name, entries.get("name")) {
        let good = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if name.is_empty() || !name.chars().all(good) {
            let plain: String =
                name.trim().chars().map(|c| if good(c) { c.to_ascii_lowercase() } else { '-' }).collect();
            let help = Some(format!("write `{}`", plain.trim_matches('-')));
            let message = format!("`{name}` cannot be the name of a pack");
            checker.report(&codes::BAD_NAME, node.span.clone(), message, "letters, digits, `-`, `_` and `.`", help);
        }
    }
    if let (Some(version), Some(node)) = (&manifest.version, entries.get("version"))
        && !version.trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit())
    {
        let message = format!("`{version}` is not a version");
        let help = Some("a version begins with a number, such as `version: \"3.2\"`".to_owned());
        checker.report(&codes::BAD_MEASURE, node.span.clone(), message, "not a version", help);
    }
    if entries.get("name").is_none() && !checker.misspelt(entries, "name", KEYS) {
        checker.missing_key(checker.head(entries), "a pack", "name", "add `name: NAME`");
    }
    requires(checker, entries, program);
    manifest.domains = entries.get("domains").map(|node| domains(checker, node)).unwrap_or_default();
    manifest
}

/// What rules are about by where they lie, and what shows that a bundle has anything of it.
fn domains(checker: &mut Checker<'_>, node: &Node) -> Vec<Domain> {
    let Some(items) = checker.list(node, "`domains`") else { return Vec::new() };
    let mut domains = Vec::new();
    for item in items {
        let Some(entries) = checker.map(item, "a domain") else { continue };
        checker.known_keys(entries, "a domain", &["name", "rules", "traces", "documents"]);
        for (key, help) in [
            ("name", "add `name: NAME`, as reports call it"),
            ("rules", "name its rule files: `rules: ['kubernetes/*']`"),
            (
                "traces",
                "name the facts that show it: `traces: { pod: {}, container: { name: { starts_with: k8s_ } } }`",
            ),
        ] {
            if entries.get(key).is_none() {
                checker.missing_key(checker.head(entries), "a domain", key, help);
            }
        }
        let mut texts =
            |key: &str| entries.get(key).map(|node| checker.texts(node, &format!("`{key}`"))).unwrap_or_default();
        let (rules, documents) = (texts("rules"), texts("documents"));
        let name = entries.get("name").and_then(|node| checker.text(node, "`name`")).unwrap_or_default();
        let mut scope = Scope::new();
        let traces =
            entries.get("traces").map(|node| checker.fact_patterns(node, "traces", &mut scope)).unwrap_or_default();
        domains.push(Domain { name, traces, documents, rules });
    }
    domains
}

fn requires(checker: &mut Checker<'_>, entries: Entries<'_>, program: &str) {
    let Some(node) = entries.get("requires") else { return };
    let Some(wanted) = checker.text(node, "`requires`") else { return };
    let Some(least) = numbers(wanted.trim().trim_start_matches(">=").trim()) else {
        let message = format!("`{wanted}` is not a version of the program");
        let help = Some(format!("write the least version, such as `requires: '{program}'`"));
        checker.report(&codes::BAD_MEASURE, node.span.clone(), message, "not a version", help);
        return;
    };
    if numbers(program).is_some_and(|own| own < least) {
        let message = format!("the pack needs version {wanted} of the program, and this one is {program}");
        let help = Some("use a newer program, or an older version of the pack".to_owned());
        checker.report(&codes::TOO_NEW, node.span.clone(), message, "too new", help);
    }
}

/// The three numbers of a version; those that are not written are 0.
fn numbers(version: &str) -> Option<[u64; 3]> {
    let mut numbers = [0; 3];
    let mut parts = version.split('.');
    for (place, part) in numbers.iter_mut().zip(parts.by_ref()) {
        *place = part.parse().ok()?;
    }
    parts.next().is_none().then_some(numbers)
}
