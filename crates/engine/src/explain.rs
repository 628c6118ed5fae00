//! Tells of one rule which condition left how many candidates, and how near the nearest came.

use std::cell::Cell;

use bundlescope_facts::{Text, Value};
use bundlescope_rules::{Condition, FieldCondition, Pack, Pattern};
use serde::Serialize;

use crate::answer::{Stage, answer};
use crate::evaluate::{emitted, first_fact};
use crate::index::{Index, field};
use crate::join::{Join, Matched, ProbeCache, Row, answer_field};
use crate::render::{Renderer, bindings};
use crate::world::World;

/// Rows that are tried in search of the nearest candidate.
const MAX_ROWS: usize = 20;

/// Facts of one kind that are tried for each row.
const MAX_FACTS: usize = 20_000;

/// Why a rule did or did not fire.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// Rule id.
    pub rule: Text,
    /// `fired`, `undecided` or `clear`.
    pub answer: &'static str,
    /// The conditions that were looked at, in the order in which they were.
    pub conditions: Vec<ConditionReport>,
    /// Combinations that `where` sorted out.
    pub filtered: usize,
    /// Conditions of `unless` that sorted combinations out.
    pub blocked: Vec<Blocker>,
    /// Combinations that fire.
    pub fired: usize,
    /// Why the answer may be incomplete.
    pub problems: Vec<String>,
}

/// What one condition did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConditionReport {
    /// Its alias.
    pub alias: Text,
    /// Line of the rule file, counted from 1.
    pub line: usize,
    /// What it asks for, such as `container` or `probe`.
    pub asks: Text,
    /// Facts of that kind that there are; absent for probes and compound conditions.
    pub facts: Option<usize>,
    /// Combinations before it.
    pub before: usize,
    /// Combinations after it.
    pub after: usize,
    /// Combinations that could not be decided because evidence is missing.
    pub undecided: usize,
    /// When nothing was left: what came nearest.
    pub nearest: Option<Nearest>,
}

/// A condition of `unless` that matched.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Blocker {
    /// Line of the rule file, counted from 1.
    pub line: usize,
    /// What it asks for, such as `container` or `probe`.
    pub asks: Text,
    /// Combinations that it sorted out.
    pub combinations: usize,
    /// What it matched first: `document:line` of a fact, or the question and verdict of a probe.
    pub matched: String,
}

/// A candidate that failed a condition.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Nearest {
    /// Document of the candidate; empty for a probe.
    pub document: Text,
    /// Line of the candidate, counted from 1; 0 for a probe.
    pub line: u32,
    /// The field that differs.
    pub field: Text,
    /// What the condition wants of it, as written.
    pub wanted: Text,
    /// What the candidate has; empty where nothing is stated.
    pub found: String,
    /// How many conditions on fields it meets, and how many there are.
    pub meets: (usize, usize),
    /// The variables at that point, as `c=api, port=443`.
    pub bindings: String,
    /// For a probe: the way of the packet, a line for each step.
    pub path: Vec<String>,
}

/// Evaluates one rule and keeps what happened. `None` when the pack has no such rule.
pub fn explain(pack: &Pack, world: &World<'_>, id: &str) -> Option<Explanation> {
    let mut index = Index::new(world.facts);
    let probes = ProbeCache::default();
    let renderer = Renderer::new();
    for rule in pack.rules() {
        let join = Join { rule, world, index: &index, probes: &probes, checks: Cell::new(0) };
        if &*rule.id == id {
            let answer = answer(&join, &renderer, true);
            return Some(Explanation {
                rule: rule.id.clone(),
                answer: match (answer.rows.is_empty(), answer.stuck.is_empty()) {
                    (false, _) => "fired",
                    (true, false) => "undecided",
                    (true, true) => "clear",
                },
                conditions: answer.stages.iter().filter_map(|stage| report(&join, stage)).collect(),
                filtered: answer.filtered,
                blocked: answer.blocked.iter().filter_map(|(at, found)| blocker(&join, *at, found)).collect(),
                fired: answer.rows.len(),
                problems: answer.problems.into_iter().collect(),
            });
        }
        // Rules that emit facts come before those that use them.
        if let Some(emit) = &rule.emit {
            let rows = answer(&join, &renderer, false).rows;
            for fact in emitted(&join, emit, &rows) {
                index.add(fact);
            }
        }
    }
    None
}

fn blocker(join: &Join<'_, '_>, position: usize, (combinations, matched): &(usize, Matched)) -> Option<Blocker> {
    let condition = join.rule.unless.get(position)?;
    let (asks, _) = asks(join, condition);
    let text = |path: &str| join.value_of(matched, path).to_string();
    let matched = match first_fact(join, matched) {
        Some(fact) => format!("{}:{}", fact.source.document, fact.source.first_line),
        None => format!("{} to {}:{} is {}", text("from"), text("to"), text("port"), text("verdict")),
    };
    Some(Blocker { line: condition.line, asks, combinations: *combinations, matched })
}

/// What a condition asks for, and how many facts of that kind there are.
fn asks(join: &Join<'_, '_>, condition: &Condition) -> (Text, Option<usize>) {
    match &condition.pattern {
        Pattern::Fact(fact) => (fact.kind.clone(), Some(join.index.of_kind(&fact.kind).len())),
        Pattern::Count(count) => {
            (format!("count of {}", count.fact.kind).into(), Some(join.index.of_kind(&count.fact.kind).len()))
        }
        Pattern::Probe(_) => ("probe".into(), None),
        Pattern::Any(_) => ("any".into(), None),
        Pattern::All(_) => ("all".into(), None),
    }
}

fn report(join: &Join<'_, '_>, stage: &Stage) -> Option<ConditionReport> {
    let condition = join.rule.when.get(stage.position)?;
    let (asks, facts) = asks(join, condition);
    let nothing_left = stage.after == 0 && stage.undecided == 0;
    Some(ConditionReport {
        alias: condition.alias.clone(),
        line: condition.line,
        asks,
        facts,
        before: stage.before,
        after: stage.after,
        undecided: stage.undecided,
        nearest: if nothing_left { nearest(join, condition, &stage.rows) } else { None },
    })
}

/// The candidate that meets the most conditions on fields, the first one among equals.
fn nearest(join: &Join<'_, '_>, condition: &Condition, rows: &[Row]) -> Option<Nearest> {
    let mut best: Option<Nearest> = None;
    type Place<'p> = (Text, u32, &'p [String]);
    let mut offer = |fields: &[FieldCondition], row: &Row, place: Place<'_>, value: &dyn Fn(&str) -> Value| {
        let failing: Vec<&FieldCondition> =
            fields.iter().filter(|field| !join.meets_field(field, &value(&field.path), row)).collect();
        let meets = (fields.len() - failing.len(), fields.len());
        if let Some(first) = failing.first()
            && best.as_ref().is_none_or(|best| meets.0 > best.meets.0)
        {
            best = Some(Nearest {
                document: place.0,
                line: place.1,
                field: first.path.clone(),
                wanted: first.written.clone(),
                found: value(&first.path).to_string(),
                meets,
                bindings: bindings(join.rule, row),
                path: place.2.to_vec(),
            });
        }
    };
    for row in rows.iter().take(MAX_ROWS) {
        match &condition.pattern {
            Pattern::Fact(pattern) => {
                for id in join.index.of_kind(&pattern.kind).iter().take(MAX_FACTS) {
                    let Some(fact) = join.index.fact(*id) else { continue };
                    let place: Place<'_> = (fact.source.document.clone(), fact.source.first_line, &[]);
                    offer(&pattern.fields, row, place, &|path| field(fact, path));
                }
            }
            Pattern::Probe(pattern) => {
                if let Some(answer) = join.question(pattern, row).map(|question| join.ask(question)) {
                    offer(&pattern.fields, row, (Text::default(), 0, &answer.path), &|path| {
                        answer_field(&answer, path)
                    });
                }
            }
            Pattern::Any(_) | Pattern::All(_) | Pattern::Count(_) => {}
        }
    }
    best
}
