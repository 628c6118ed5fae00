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
    let circles = circles(&left);
    let diagnostics = left
        .iter()
        .filter_map(|(rule, _)| Some((rule, circles.iter().find(|circle| circle.first() == Some(&rule.id))?)))
        .map(|(rule, circle)| {
            let text = texts.get(&rule.path).cloned().unwrap_or_else(|| "".into());
            let start = text.find("\nemit:").map_or(0, |at| at + 1);
            Diagnostic {
                code: &codes::EMIT_CYCLE,
                path: rule.path.clone(),
                span: start..(start + 4).min(text.len()),
                message: format!("`{}` needs facts that depend on its own", rule.id),
                label: "emits what it needs".into(),
                help: Some(match circle.len() {
                    1 => "a circle of one, which asks for what it emits: choose another name".to_owned(),
                    _ => format!("rules of the circle: {}", circle.join(", ")),
                }),
                text,
            }
        })
        .collect();
    (ordered, diagnostics)
}

/// The circles among rules that emit facts, each told once: who needs whom, over others too, and is needed in turn.
fn circles(left: &[(Rule, BTreeSet<Text>)]) -> Vec<Vec<Text>> {
    let emitted = |rule: &Rule| rule.emit.as_ref().map(|emit| emit.kind.clone());
    // What each kind is made of, directly at first.
    let mut makers: BTreeMap<Text, Vec<usize>> = BTreeMap::new();
    for (at, (rule, _)) in left.iter().enumerate() {
        if let Some(kind) = emitted(rule) {
            makers.entry(kind).or_default().push(at);
        }
    }
    let reaches = |from: usize| {
        let mut seen = BTreeSet::new();
        let mut open = vec![from];
        while let Some(at) = open.pop() {
            let needs = left.get(at).into_iter().flat_map(|(_, needs)| needs);
            for next in needs.filter_map(|kind| makers.get(kind)).flatten() {
                if seen.insert(*next) {
                    open.push(*next);
                }
            }
        }
        seen
    };
    let reached: Vec<BTreeSet<usize>> = (0..left.len()).map(reaches).collect();
    let goes = |from: usize, to: usize| reached.get(from).is_some_and(|seen| seen.contains(&to));
    let mut told: BTreeSet<usize> = BTreeSet::new();
    let mut circles = Vec::new();
    for at in (0..left.len()).filter(|at| goes(*at, *at)) {
        if told.contains(&at) {
            continue;
        }
        let circle: BTreeSet<usize> = (0..left.len()).filter(|other| goes(at, *other) && goes(*other, at)).collect();
        circles.push(circle.iter().filter_map(|at| left.get(*at)).map(|(rule, _)| rule.id.clone()).collect());
        told.extend(circle);
    }
    circles
}
