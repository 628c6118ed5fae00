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
