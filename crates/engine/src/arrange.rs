//! The order in which a triager reads findings: causes first, symptoms below the cause that explains them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use bundlescope_facts::Text;
use bundlescope_rules::Severity;
use jiff::Timestamp;

use crate::finding::Draft;
use crate::{Finding, Role};

/// Drops what is superseded, nests what is explained, and sorts.
pub(crate) fn arrange(drafts: Vec<Draft>) -> Vec<Finding> {
    let mut drafts = surviving(drafts);
    drafts.sort_by(|a, b| a.finding.id.cmp(&b.finding.id));
    let explained = explained(&drafts);
    for (draft, children) in drafts.iter_mut().zip(&explained) {
        draft.finding.explains.clear();
        draft.finding.explains.extend(children.iter().map(|(_, id)| id.clone()));
    }
    let counts: Vec<usize> = explained.iter().map(Vec::len).collect();
    let parents: BTreeSet<usize> = explained.iter().flatten().map(|(child, _)| *child).collect();
    let mut order: Vec<usize> = (0..drafts.len()).collect();
    // Both vectors are as long as `drafts`, and `order` holds its positions.
    order.sort_by_cached_key(|position| rank(&drafts[*position], counts[*position]));
    let mut placed = BTreeSet::new();
    let mut sequence = Vec::new();
    // Tops first; what only stands in a circle of explanations follows at the end.
    let tops = order.iter().filter(|position| !parents.contains(position)).chain(&order);
    for top in tops {
        place(*top, &order, &explained, &mut placed, &mut sequence);
    }
    let mut findings: Vec<Option<Finding>> = drafts.into_iter().map(|draft| Some(draft.finding)).collect();
    sequence.into_iter().filter_map(|position| findings.get_mut(position).and_then(Option::take)).collect()
}

/// Puts a finding into the sequence and what it explains behind it.
fn place(
    top: usize,
    order: &[usize],
    explained: &[Vec<(usize, Text)>],
    placed: &mut BTreeSet<usize>,
    sequence: &mut Vec<usize>,
) {
    let mut stack = vec![top];
    while let Some(position) = stack.pop() {
        if !placed.insert(position) {
            continue;
        }
        sequence.push(position);
        let children: BTreeSet<usize> =
            explained.get(position).into_iter().flatten().map(|(child, _)| *child).collect();
        if !children.is_empty() {
            stack.extend(order.iter().rev().filter(|position| children.contains(position)));
        }
    }
}

/// What decides the place: real causes, then unexplained symptoms, then what does little harm, then notes; among them
/// severity, confidence, symptoms explained, time; then their names, so that the order is always the same.
fn rank(draft: &Draft, explains: usize) -> impl Ord {
    let harmless = draft.severity >= Severity::Low;
    let group = match draft.finding.role {
        Role::Cause if !harmless => 0,
        Role::Symptom if !harmless => 1,
        Role::Cause | Role::Symptom => 2,
        Role::Note => 3,
    };
    let time = draft.time.unwrap_or(Timestamp::MAX);
    let finding = &draft.finding;
    let subjects: Vec<String> = finding.subjects.values().map(ToString::to_string).collect();
    let name = (finding.rule.clone(), finding.node.clone(), subjects, finding.id.clone());
    (group, draft.severity, draft.confidence, Reverse(explains), time, name)
}

/// Leaves out findings that another one supersedes because both are about the same thing. One that is left out itself
/// supersedes nothing; findings that supersede each other all stay.
fn surviving(mut drafts: Vec<Draft>) -> Vec<Draft> {
    let mut by_rule: BTreeMap<&Text, Vec<usize>> = BTreeMap::new();
    for (position, draft) in drafts.iter().enumerate() {
        by_rule.entry(&draft.finding.rule).or_default().push(position);
    }
    // By position: those that it supersedes, and how many that are still open supersede it.
    let mut below: Vec<Vec<usize>> = vec![Vec::new(); drafts.len()];
    let mut above: Vec<usize> = vec![0; drafts.len()];
    for (position, draft) in drafts.iter().enumerate() {
        for other in draft.supersedes.iter().filter_map(|rule| by_rule.get(rule)).flatten() {
            // All positions are those of `drafts`, as long as which the other vectors are.
            if *other != position && same_thing(draft, &drafts[*other]) {
                below[position].push(*other);
                above[*other] += 1;
            }
        }
    }
    let mut open: Vec<usize> = (0..drafts.len()).filter(|position| above[*position] == 0).collect();
    let mut dropped: BTreeSet<usize> = BTreeSet::new();
    let mut heirs: Vec<(usize, usize)> = Vec::new();
    while let Some(position) = open.pop() {
        let survives = !dropped.contains(&position);
        for other in &below[position] {
            if survives {
                dropped.insert(*other);
                heirs.push((position, *other));
            }
            above[*other] -= 1;
            if above[*other] == 0 {
                open.push(*other);
            }
        }
    }
    // What explained a symptom still does, through the finding to which it gave way.
    for (heir, left) in heirs {
        let (facts, events) = (drafts[left].facts.clone(), drafts[left].events.clone());
        drafts[heir].facts.extend(facts);
        drafts[heir].events.extend(events);
    }
    let kept = |(position, draft)| (!dropped.contains(&position)).then_some(draft);
    drafts.into_iter().enumerate().filter_map(kept).collect()
}

/// Both saw one event; or, where one of them saw none, both concern one container of one host, or one pod or node of a cluster.
fn same_thing(a: &Draft, b: &Draft) -> bool {
    if !a.events.is_empty() && !b.events.is_empty() {
        return a.events.keys().any(|event| b.events.contains_key(event));
    }
    a.finding.node == b.finding.node && !a.containers.is_disjoint(&b.containers)
}

/// For each draft the positions and ids of those that it explains: they share a fact with it, and it names their rule,
/// or they are symptoms and the shared fact is an event of a kind that it names.
fn explained(drafts: &[Draft]) -> Vec<Vec<(usize, Text)>> {
    let mut by_fact: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (position, draft) in drafts.iter().enumerate() {
        for fact in &draft.facts {
            by_fact.entry(*fact).or_default().push(position);
        }
    }
    drafts
        .iter()
        .enumerate()
        .map(|(position, draft)| {
            let mut children = BTreeSet::new();
            if draft.explains.is_empty() {
                return Vec::new();
            }
            for fact in &draft.facts {
                let kind = draft.events.get(fact);
                for other in by_fact.get(fact).into_iter().flatten().filter(|other| **other != position) {
                    // The positions in `by_fact` are those of `drafts`.
                    let child = &drafts[*other];
                    let by_rule = draft.explains.contains(&child.finding.rule);
                    let by_event =
                        child.finding.role == Role::Symptom && kind.is_some_and(|kind| draft.explains.contains(kind));
                    if by_rule || by_event {
                        children.insert(*other);
                    }
                }
            }
            children.into_iter().map(|child| (child, drafts[child].finding.id.clone())).collect()
        })
        .collect()
}
