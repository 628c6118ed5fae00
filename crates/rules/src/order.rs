//! The order of evaluation: rules that emit facts come before those that use them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bundlescope_facts::Text;

use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::model::{Condition, Pattern, Rule};

/// Every kind of fact that conditions name.
pub(crate) fn kinds(conditions: &[Condition], into: &mut BTreeSet<Text>) {
    for condition in conditions {
        match &condition.pattern {
            Pattern::Fact(fact) => {
                into.insert(fact.kind.clone());
            }
            Pattern::Count(count) => {
                into.insert(count.fact.kind.clone());
                kinds(&count.with, into);
            }
            // The checker bounds the depth.
            Pattern::Any(inner) | Pattern::All(inner) | Pattern::Every(inner) | Pattern::None(inner) => {
                kinds(inner, into);
            }
            Pattern::Optional(inner) => kinds(std::slice::from_ref(&**inner), into),
            Pattern::Probe(_) => {}
        }
    }
}

/// Sorts the rules; those that depend on their own facts are reported and left out.
pub(crate) fn stratified(rules: Vec<Rule>, texts: &BTreeMap<Arc<str>, Arc<str>>) -> (Vec<Rule>, Vec<Diagnostic>) {
    let mut left: Vec<(Rule, BTreeSet<Text>)> = rules
        .into_iter()
        .map(|rule| {
            let mut needs = BTreeSet::new();
            kinds(&rule.when, &mut needs);
            kinds(&rule.unless, &mut needs);
            (rule, needs)
        })
        .collect();
    let mut ordered = Vec::new();
    loop {
        // Kinds that rules still to come will make.
        let made: BTreeSet<Text> =
            left.iter().filter_map(|(rule, _)| rule.emit.as_ref().map(|emit| emit.kind.clone())).collect();
        let (ready, waiting): (Vec<_>, Vec<_>) = left.into_iter().partition(|(_, needs)| needs.is_disjoint(&made));
        let progress = !ready.is_empty();
        ordered.extend(ready.into_iter().map(|(rule, _)| rule));
        left = waiting;
        if left.is_empty() || !progress {
            break;
        }
    }
    let emitters: Vec<Text> =
        left.iter().filter(|(rule, _)| rule.emit.is_some()).map(|(rule, _)| rule.id.clone()).collect();
    let diagnostics = left
        .iter()
        .filter(|(rule, _)| rule.emit.is_some())
        .map(|(rule, _)| {
            let text = texts.get(&rule.path).cloned().unwrap_or_else(|| "".into());
            let start = text.find("\nemit:").map_or(0, |at| at + 1);
            Diagnostic {
                code: &codes::EMIT_CYCLE,
                path: rule.path.clone(),
                span: start..(start + 4).min(text.len()),
                message: format!("`{}` needs facts that depend on its own", rule.id),
                label: "emits what it needs".into(),
                help: Some(format!("rules of the circle: {}", emitters.join(", "))),
                text,
            }
        })
        .collect();
    (ordered, diagnostics)
}

/// Tells of rules that name each other in a circle, under a key such as `explains`.
pub(crate) fn circles(
    rules: &[Rule],
    key: &str,
    names: impl Fn(&Rule) -> &[Text],
    texts: &BTreeMap<Arc<str>, Arc<str>>,
) -> Vec<Diagnostic> {
    let mut named: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for rule in rules.iter().filter(|rule| !names(rule).is_empty()) {
        named.entry(&rule.id).or_default().extend(names(rule).iter().map(|name| &**name));
    }
    // Whoever names nobody that is left is in no circle, and neither is whoever is named by nobody that is left.
    let mut inside = left(&named);
    let mut turned: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (from, to) in named.iter().filter(|(from, _)| inside.contains(**from)) {
        for to in to.iter().filter(|to| inside.contains(**to)) {
            turned.entry(to).or_default().insert(from);
        }
    }
    inside = left(&turned);
    let members: Vec<&str> = inside.iter().map(String::as_str).collect();
    let told = rules.iter().filter(|rule| inside.contains(&*rule.id)).filter_map(|rule| {
        let next = names(rule).iter().find(|name| inside.contains(&***name))?;
        let text = texts.get(&rule.path).cloned().unwrap_or_else(|| "".into());
        let from = text.find(&format!("\n{key}:")).map_or(0, |at| at + 1);
        let start = text.get(from..)?.find(&**next).map_or(from, |at| from + at);
        Some(Diagnostic {
            code: &codes::CIRCULAR,
            path: rule.path.clone(),
            span: start..(start + next.len()).min(text.len()),
            message: format!("`{}` and `{next}` name each other in `{key}`", rule.id),
            label: "a circle".into(),
            help: Some(format!("keep one direction; rules of the circle: {}", members.join(", "))),
            text,
        })
    });
    told.collect()
}

/// What is left of a graph when those that lead to nobody are taken away, again and again.
fn left(edges: &BTreeMap<&str, BTreeSet<&str>>) -> BTreeSet<String> {
    let mut open: BTreeMap<&str, usize> =
        edges.iter().map(|(from, to)| (*from, to.iter().filter(|to| edges.contains_key(**to)).count())).collect();
    let mut led: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (from, to) in edges {
        to.iter().for_each(|to| led.entry(to).or_default().push(from));
    }
    let mut done: Vec<&str> = open.iter().filter(|(_, count)| **count == 0).map(|(from, _)| *from).collect();
    while let Some(name) = done.pop() {
        open.remove(name);
        for from in led.get(name).into_iter().flatten() {
            if let Some(count) = open.get_mut(from) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    done.push(from);
                }
            }
        }
    }
    open.into_keys().map(str::to_owned).collect()
}
