//! One rule against the world: which rows fire, which are stuck for want of evidence.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bundlescope_facts::Value;
use bundlescope_rules::{Condition, FactPattern, Operand, Pattern, Rule, Test};

use crate::Missing;
use crate::index::Key;
use crate::join::{Join, MAX_CHECKS, MAX_ROWS, Matched, Row};
use crate::render::Renderer;
use crate::select::{joined, may_lack};

/// Stuck rows that are kept; the rest would say the same.
const MAX_STUCK: usize = 1_000;

/// Rows that are kept for each condition when an explanation is wanted.
const MAX_KEPT: usize = 100;

/// A row that goes on only when more is known.
#[derive(Debug, Clone)]
pub(crate) struct Stuck {
    pub(crate) row: Row,
    pub(crate) missing: BTreeSet<Missing>,
}

/// How many rows one condition took and left.
#[derive(Debug, Clone)]
pub(crate) struct Stage {
    /// Position of the condition in `when`.
    pub(crate) position: usize,
    /// Number of rows before it.
    pub(crate) before: usize,
    /// Some of them, when they were asked for.
    pub(crate) rows: Vec<Row>,
    /// Number of rows after it.
    pub(crate) after: usize,
    /// Rows that lack evidence.
    pub(crate) undecided: usize,
}

/// What became of a rule.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// Rows that fire.
    pub(crate) rows: Vec<Row>,
    /// Rows that might fire if more were known.
    pub(crate) stuck: Vec<Stuck>,
    /// Each condition that was looked at.
    pub(crate) stages: Vec<Stage>,
    /// Rows that an expression of `where` sorted out.
    pub(crate) filtered: usize,
    /// Rows that each condition of `unless` sorted out, by its position, with the first match.
    pub(crate) blocked: BTreeMap<usize, (usize, Matched)>,
    /// Why the answer may be incomplete, or an expression could not be computed.
    pub(crate) problems: BTreeSet<String>,
}

/// Facts that one rule may look at for what is missing only.
const MAX_ASIDE: u64 = 500_000;

/// Evaluates a rule. `keep` keeps the rows before each condition, for explanations.
///
/// What fires is found by joining the most selective conditions first. What is missing depends on the order in which
/// the author asks, so that the conditions are taken in written order where something may be missing.
pub(crate) fn answer(join: &Join<'_, '_>, renderer: &Renderer, keep: bool) -> Answer {
    let joined = joined(join);
    let mut answer = Answer::default();
    if keep || joined.is_none() || may_lack(join) {
        // With the answer at hand, only what is missing is looked for.
        let aside = if joined.is_some() { MAX_ASIDE } else { MAX_CHECKS };
        join.limit.set(join.checks.get().saturating_add(aside));
        answer = in_order(join, keep);
        if joined.is_some() && (!answer.stuck.is_empty() || answer.stages.len() == join.rule.when.len()) {
            answer.problems.clear();
        }
        join.limit.set(join.checks.get().saturating_add(MAX_CHECKS));
    }
    let mut rows = joined.unwrap_or_else(|| std::mem::take(&mut answer.rows));
    let before = rows.len();
    rows.retain(|row| passes(join, renderer, row, &mut answer.problems));
    answer.filtered = before - rows.len();
    rows.retain(|row| match blocked(join, row) {
        Some((position, matched)) => {
            answer.blocked.entry(position).or_insert((0, matched)).0 += 1;
            false
        }
        None => true,
    });
    answer.stuck.retain(|stuck| blocked(join, &stuck.row).is_none() && !covered(&stuck.row, &rows));
    answer.rows = rows;
    answer
}

/// The conditions in written order.
fn in_order(join: &Join<'_, '_>, keep: bool) -> Answer {
    let mut answer = Answer::default();
    let mut rows = vec![join.start()];
    let mut left: VecDeque<usize> = (0..join.rule.when.len()).collect();
    while let Some(position) = next(join, &rows, &mut left) {
        let Some(condition) = join.rule.when.get(position) else { continue };
        let mut after = Vec::new();
        let mut undecided = 0;
        for row in &rows {
            let step = join.step(condition, row);
            if step.found.is_empty() && !step.missing.is_empty() {
                undecided += 1;
                if answer.stuck.len() < MAX_STUCK {
                    answer.stuck.push(Stuck { row: row.clone(), missing: step.missing });
                }
            }
            after.extend(step.found.into_iter().map(|(slots, matched)| row.with(position, slots, matched)));
            if after.len() >= MAX_ROWS || join.exhausted() {
                after.truncate(MAX_ROWS);
                let message = format!("stopped at condition `{}`: more combinations than are tried", condition.alias);
                answer.problems.insert(message);
                break;
            }
        }
        let kept = if keep { rows.iter().take(MAX_KEPT).cloned().collect() } else { Vec::new() };
        answer.stages.push(Stage { position, before: rows.len(), rows: kept, after: after.len(), undecided });
        rows = after;
        if rows.is_empty() {
            break;
        }
    }
    answer.rows = rows;
    answer
}

/// The position of the condition to take next: the first in written order, unless that would combine everything with
/// everything while another one joins.
fn next(join: &Join<'_, '_>, rows: &[Row], left: &mut VecDeque<usize>) -> Option<usize> {
    let pattern = |position: usize| match &join.rule.when.get(position)?.pattern {
        Pattern::Fact(fact) => Some(fact),
        _ => None,
    };
    let row = rows.first()?;
    let first = *left.front()?;
    if let Some(fact) = pattern(first)
        && rows.len() > 1
        && !joins(fact, row)
        && rows.len().saturating_mul(join.index.of_kind(&fact.kind).len()) > MAX_ROWS
    {
        let better = left.iter().position(|position| pattern(*position).is_some_and(|fact| joins(fact, row)));
        if let Some(better) = better {
            return left.remove(better);
        }
    }
    left.pop_front()
}

/// Whether an equality with something known selects the facts, and everything else that it compares with is known.
fn joins(fact: &FactPattern, row: &Row) -> bool {
    let known = |operand: &Operand| match operand {
        Operand::Variable(slot) => row.slots.get(*slot).is_some_and(|value| !value.is_null()),
        Operand::Field { condition, .. } => matches!(row.matched.get(*condition), Some(Some(_))),
        _ => true,
    };
    let mut selects = false;
    let mut tests: Vec<&Test> = fact.fields.iter().map(|condition| &condition.test).collect();
    while let Some(test) = tests.pop() {
        match test {
            Test::Is(operand @ Operand::Variable(_)) => selects |= known(operand),
            Test::Is(operand @ Operand::Field { .. }) if known(operand) => selects = true,
            Test::All(inner) => tests.extend(inner),
            other => {
                let mut all = true;
                operands(other, &mut |operand| all &= known(operand));
                if !all {
                    return false;
                }
            }
        }
    }
    selects
}

/// Every operand of a test.
pub(crate) fn operands(test: &Test, visit: &mut dyn FnMut(&Operand)) {
    let mut tests = vec![test];
    while let Some(test) = tests.pop() {
        match test {
            Test::Is(operand)
            | Test::Compare(_, operand)
            | Test::Contains(operand)
            | Test::StartsWith(operand)
            | Test::EndsWith(operand)
            | Test::ContainsAddress(operand)
            | Test::Before(operand)
            | Test::After(operand)
            | Test::Within(operand, None) => visit(operand),
            Test::Within(seconds, Some(of)) => {
                visit(seconds);
                visit(of);
            }
            Test::AnyOf(several) | Test::InSubnet(several) | Test::Overlaps(several) => {
                several.iter().for_each(&mut *visit);
            }
            Test::Not(inner) => tests.push(inner),
            Test::All(inner) => tests.extend(inner),
            Test::Matches(..) | Test::Absent(_) => {}
        }
    }
}

fn passes(join: &Join<'_, '_>, renderer: &Renderer, row: &Row, problems: &mut BTreeSet<String>) -> bool {
    join.rule.filters.iter().all(|expression| match renderer.holds(expression, join, row) {
        Ok(holds) => holds,
        Err(error) => {
            problems.insert(format!("`where: {}` could not be computed: {error}", expression.source));
            false
        }
    })
}

/// The first condition of `unless` that matches, and what it matched. One whose evidence was not collected does not: a finding that is otherwise
/// proved is not held back by what nobody can know.
fn blocked(join: &Join<'_, '_>, row: &Row) -> Option<(usize, Matched)> {
    join.rule.unless.iter().enumerate().find_map(|(position, condition)| {
        let known = slots_of(condition).into_iter().all(|slot| {
            let outer = join.rule.variables.get(slot).is_some_and(|variable| !variable.local);
            !outer || slot == Rule::NODE || row.slots.get(slot).is_some_and(|value| !value.is_null())
        });
        if !known {
            return None;
        }
        join.step(condition, row).found.into_iter().next().map(|(_, matched)| (position, matched))
    })
}

/// The variables that a condition names.
pub(crate) fn slots_of(condition: &Condition) -> BTreeSet<usize> {
    let mut slots = BTreeSet::new();
    let mut conditions = vec![condition];
    let mut visit = |operand: &Operand| {
        if let Operand::Variable(slot) = operand {
            slots.insert(*slot);
        }
    };
    while let Some(condition) = conditions.pop() {
        match &condition.pattern {
            Pattern::Any(inner) | Pattern::All(inner) | Pattern::Every(inner) | Pattern::None(inner) => {
                conditions.extend(inner);
            }
            Pattern::Optional(inner) => conditions.push(inner),
            Pattern::Fact(fact) => fact.fields.iter().for_each(|field| operands(&field.test, &mut visit)),
            Pattern::Count(count) => {
                conditions.extend(&count.with);
                count.fact.fields.iter().for_each(|field| operands(&field.test, &mut visit));
                count.compare.iter().for_each(|(_, operand)| visit(operand));
            }
            Pattern::Probe(probe) => {
                probe.fields.iter().for_each(|field| operands(&field.test, &mut visit));
                let parts =
                    [Some(&probe.from), Some(&probe.to), Some(&probe.proto), probe.port.as_ref(), probe.node.as_ref()];
                parts.into_iter().flatten().for_each(&mut visit);
            }
        }
    }
    slots
}

/// Whether a row that fires says the same about everything that a stuck row knows.
fn covered(stuck: &Row, fired: &[Row]) -> bool {
    let known = |value: &&Value| !value.is_null();
    let any = stuck.slots.iter().skip(1).any(|value| known(&value));
    any && fired.iter().take(MAX_STUCK).any(|row| {
        stuck.slots.iter().zip(&row.slots).filter(|(value, _)| known(value)).all(|(a, b)| Key::of(a) == Key::of(b))
    })
}
