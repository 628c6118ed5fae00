//! Joins the conditions on facts in the order of their selectivity, whatever order a rule is written in.

use std::collections::BTreeSet;

use bundlescope_rules::{Condition, FactPattern, Operand, Pattern, Rule, Test};

use crate::answer::{operands, slots_of};
use crate::index::{Id, seen_by_container};
use crate::join::{Join, MAX_ROWS, Matched, Row};

/// The rows that meet every condition, as the written order finds them; `None` when there are more combinations than
/// are tried.
///
/// The conditions on facts that join among themselves are joined first, each time the one that leaves least. That gives
/// the sets of facts; for each, all conditions are then taken in written order, so that values and evidence are those
/// of the author's order.
pub(crate) fn joined(join: &Join<'_, '_>) -> Option<Vec<Row>> {
    let when = &join.rule.when;
    let mut left = early(when);
    let mut rows = vec![join.start()];
    while !rows.is_empty()
        && let Some(at) = cheapest(join, rows.first()?, &left)
    {
        let position = left.remove(at);
        let Some(fact) = when.get(position).and_then(fact_of) else { continue };
        let mut after = Vec::new();
        for row in &rows {
            for id in join.candidates(fact, row).iter() {
                let Some(found) = join.index.fact(*id) else { continue };
                let states = join.meets(fact, found, row);
                after.extend(states.into_iter().map(|slots| row.with(position, slots, Matched::Fact(*id))));
            }
            if after.len() > MAX_ROWS || join.exhausted() {
                return None;
            }
        }
        rows = after;
    }
    let chosen = |row: &Row| -> Vec<Option<Id>> {
        let id = |matched: &Option<Matched>| match matched {
            Some(Matched::Fact(id)) => Some(*id),
            _ => None,
        };
        row.matched.iter().map(id).collect()
    };
    // Sorted by the facts in written order, which is the order in which the written order finds them.
    let sets: BTreeSet<Vec<Option<Id>>> = rows.iter().map(chosen).collect();
    let mut found = Vec::new();
    for set in sets {
        let mut rows = vec![join.start()];
        for (position, condition) in when.iter().enumerate() {
            let mut after = Vec::new();
            for row in &rows {
                let fixed = set.get(position).copied().flatten().zip(fact_of(condition));
                match fixed.and_then(|(id, fact)| Some((id, fact, join.index.fact(id)?))) {
                    Some((id, fact, known)) => {
                        let states = join.meets(fact, known, row);
                        after.extend(states.into_iter().map(|slots| row.with(position, slots, Matched::Fact(id))));
                    }
                    None => {
                        let step = join.step(condition, row);
                        after.extend(step.found.into_iter().map(|(slots, got)| row.with(position, slots, got)));
                    }
                }
            }
            rows = after;
        }
        found.extend(rows);
        if found.len() > MAX_ROWS || join.exhausted() {
            return None;
        }
    }
    Some(found)
}

fn fact_of(condition: &Condition) -> Option<&FactPattern> {
    match &condition.pattern {
        Pattern::Fact(fact) => Some(fact),
        _ => None,
    }
}

/// The positions of the conditions on facts that need nothing that only other conditions bind.
fn early(when: &[Condition]) -> Vec<usize> {
    let (mut bound, mut elsewhere) = (BTreeSet::from([Rule::NODE]), BTreeSet::new());
    let mut early = Vec::new();
    for (position, condition) in when.iter().enumerate() {
        let mut slots = slots_of(condition);
        match fact_of(condition) {
            Some(fact) if slots.is_disjoint(&elsewhere) && asks_early(fact, &early) => {
                slots.extend(captured(fact));
                bound.extend(slots);
                early.push(position);
            }
            Some(fact) => {
                elsewhere.extend(slots.into_iter().chain(captured(fact)).filter(|slot| !bound.contains(slot)))
            }
            None => elsewhere.extend(slots.into_iter().filter(|slot| !bound.contains(slot))),
        }
    }
    early
}

/// Whether the fields of other conditions that a pattern names are those of facts that are joined early too.
fn asks_early(fact: &FactPattern, early: &[usize]) -> bool {
    let mut all = true;
    for field in &fact.fields {
        operands(&field.test, &mut |operand| {
            if let Operand::Field { condition, .. } = operand {
                all &= early.contains(condition);
            }
        });
    }
    all
}

/// The variables that regular expressions of a pattern bind.
fn captured(fact: &FactPattern) -> Vec<usize> {
    let mut slots = Vec::new();
    let mut tests: Vec<&Test> = fact.fields.iter().map(|field| &field.test).collect();
    while let Some(test) = tests.pop() {
        match test {
            Test::Matches(_, groups) => slots.extend(groups.iter().map(|(_, slot)| *slot)),
            Test::All(inner) => tests.extend(inner),
            Test::Not(inner) => tests.push(inner),
            _ => {}
        }
    }
    slots
}

/// Where in the list of positions the condition stands that leaves the fewest facts to look at; of equal ones the
/// first. Only those count whose comparisons are with known values.
fn cheapest(join: &Join<'_, '_>, row: &Row, left: &[usize]) -> Option<usize> {
    let cost = |position: usize| {
        let fact = join.rule.when.get(position).and_then(fact_of)?;
        ready(fact, row).then(|| join.candidates(fact, row).len())
    };
    let costs = left.iter().enumerate().filter_map(|(at, position)| Some((cost(*position)?, at)));
    costs.min().map(|(_, at)| at)
}

/// Whether everything is known that a pattern compares with, except what it binds itself.
fn ready(fact: &FactPattern, row: &Row) -> bool {
    let mut own: BTreeSet<usize> = captured(fact).into_iter().collect();
    let mut tests: Vec<&Test> = fact.fields.iter().map(|field| &field.test).collect();
    let mut others = Vec::new();
    while let Some(test) = tests.pop() {
        match test {
            Test::Is(Operand::Variable(slot)) => drop(own.insert(*slot)),
            Test::All(inner) => tests.extend(inner),
            other => others.push(other),
        }
    }
    let mut all = true;
    for test in others {
        operands(test, &mut |operand| match operand {
            Operand::Variable(slot) => {
                all &= own.contains(slot) || row.slots.get(*slot).is_some_and(|value| !value.is_null());
            }
            Operand::Field { condition, .. } => all &= matches!(row.matched.get(*condition), Some(Some(_))),
            _ => {}
        });
    }
    all
}

/// Whether something that the rule asks for may not have been collected, or not be known.
pub(crate) fn may_lack(join: &Join<'_, '_>) -> bool {
    let nodes = join.index.nodes();
    let lacks = |fact: &FactPattern| {
        let kind = &*fact.kind;
        if join.world.coverage.missing(kind).is_empty() {
            return false;
        }
        let of_container = seen_by_container(kind) && fact.fields.iter().any(|field| &*field.path == "container");
        let collected = |node: &str| {
            join.index.has(kind, node, None)
                || !seen_by_container(kind) && join.world.coverage.on(node, kind)
                || join.world.coverage.holds(node, kind, None)
        };
        // Rows of lists do not tell what an inspect does.
        let of_inspect = fact.fields.iter().any(|field| &*field.path == "inspected");
        of_container || of_inspect || nodes.is_empty() || !nodes.iter().all(|node| collected(node))
    };
    let mut conditions: Vec<&Condition> = join.rule.when.iter().collect();
    while let Some(condition) = conditions.pop() {
        let lacking = match &condition.pattern {
            Pattern::Fact(fact) => lacks(fact),
            Pattern::Count(count) => {
                conditions.extend(&count.with);
                lacks(&count.fact)
            }
            Pattern::Probe(_) => true,
            Pattern::Any(inner) | Pattern::All(inner) | Pattern::Every(inner) | Pattern::None(inner) => {
                conditions.extend(inner);
                false
            }
            // What is only welcome is never missed.
            Pattern::Optional(_) => false,
        };
        if lacking {
            return true;
        }
    }
    false
}
