//! `pack.yaml`: the name of a pack, its version, and the program that it needs.

use super::{Checker, Entries};
use crate::codes;
use crate::yaml::Node;

/// What a pack says of itself.
#[derive(Debug, Clone, Default)]
pub(crate) struct Manifest {
    pub(crate) name: Option<String>,
    pub(crate) version: Option<String>,
}

/// Reads the manifest of a pack.
pub(crate) fn manifest(checker: &mut Checker<'_>, tree: &Node, program: &str) -> Manifest {
    let mut manifest = Manifest::default();
    let Some(entries) = checker.map(tree, "`pack.yaml`") else { return manifest };
    checker.known_keys(entries, "`pack.yaml`", &["name", "version", "requires", "about"]);
    let mut text = |name: &str| entries.get(name).and_then(|node| checker.text(node, &format!("`{name}`")));
    manifest.name = text("name").map(|name| name.to_string());
    manifest.version = text("version").map(|version| version.to_string());
    text("about");
    if entries.get("name").is_none() {
        checker.missing_key(checker.head(entries), "a pack", "name", "add `name: NAME`");
    }
    requires(checker, entries, program);
    manifest
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
