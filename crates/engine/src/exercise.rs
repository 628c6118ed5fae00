//! Which parts of a rule a world puts to use: what the tests of a rule together leave out is not tested.

use bundlescope_rules::{Condition, Pack, Pattern, Rule};
use serde::Serialize;

use crate::answer::answer;
use crate::explain::{asks, continued, with_rule};
use crate::join::{Join, Row};
use crate::render::Renderer;
use crate::world::World;

/// Rows of `all` that are followed.
const MAX_ROWS: usize = 100;

/// A part of a rule and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// `when`, `any`, `all`, `unless`, `where`, or `pattern` of a signature.
    pub kind: &'static str,
    /// Line of the rule file, counted from 1; 0 for an expression of `where`.
    pub line: usize,
    /// Its alias and what it asks for, or the expression.
    pub what: String,
    /// It held for some combination.
    pub held: bool,
    /// It did not hold for some combination that got there.
    pub failed: bool,
}

impl Part {
    /// What no test shows of it; `None` when it was put to use.
    pub fn gap(&self) -> Option<&'static str> {
        match (self.kind, self.held, self.failed) {
            ("unless" | "pattern", false, _) => Some("never matches"),
            ("when" | "any" | "all", false, _) => Some("never holds"),
            ("where", false, _) => Some("is never true"),
            ("where", _, false) => Some("is never false"),
            _ => None,
        }
    }
}

/// Every part of a rule, in the order of its file, with what this world does with it. `None` when the pack has no such
/// rule. The parts are the same for every world.
pub fn exercise(pack: &Pack, world: &World<'_>, id: &str) -> Option<Vec<Part>> {
    with_rule(pack, world, id, exercised)
}

fn exercised(join: &Join<'_, '_>, renderer: &Renderer) -> Vec<Part> {
    let rule = join.rule;
    let answer = answer(join, renderer, true);
    let mut before: Vec<Vec<Row>> = vec![Vec::new(); rule.when.len()];
    for stage in &answer.stages {
        if let Some(rows) = before.get_mut(stage.position) {
            rows.clone_from(&stage.rows);
        }
    }
    let finished = match answer.stages.last() {
        Some(stage) if answer.stages.len() == rule.when.len() => continued(join, stage.position, &stage.rows),
        _ => Vec::new(),
    };
    let mut parts = Vec::new();
    for (condition, rows) in rule.when.iter().zip(&before) {
        visit(join, "when", condition, rows, &mut parts);
    }
    let kept = filtered(join, renderer, rule, &finished, &mut parts);
    for condition in &rule.unless {
        visit(join, "unless", condition, &kept, &mut parts);
    }
    parts
}

/// Adds the expressions of `where`, and returns the rows that satisfy all of them.
fn filtered(join: &Join<'_, '_>, renderer: &Renderer, rule: &Rule, rows: &[Row], parts: &mut Vec<Part>) -> Vec<Row> {
    let holds = |expression, row: &Row| renderer.holds(expression, join, row).unwrap_or(false);
    for expression in &rule.filters {
        parts.push(Part {
            kind: "where",
            line: 0,
            what: expression.source.to_string(),
            held: rows.iter().any(|row| holds(expression, row)),
            failed: rows.iter().any(|row| !holds(expression, row)),
        });
    }
    rows.iter().filter(|row| rule.filters.iter().all(|expression| holds(expression, row))).cloned().collect()
}

/// Adds a condition and what it is made of.
fn visit(join: &Join<'_, '_>, kind: &'static str, condition: &Condition, rows: &[Row], parts: &mut Vec<Part>) {
    let steps: Vec<bool> = rows.iter().take(MAX_ROWS).map(|row| !join.step(condition, row).found.is_empty()).collect();
    let (asks, _) = asks(join, condition);
    let what = if condition.alias.is_empty() { asks.to_string() } else { format!("{}: {asks}", condition.alias) };
    let (held, failed) = (steps.contains(&true), steps.contains(&false));
    parts.push(Part { kind, line: condition.line, what, held, failed });
    // The checker bounds the depth of `any` and `all`.
    match &condition.pattern {
        Pattern::Any(inner) => inner.iter().for_each(|part| visit(join, "any", part, rows, parts)),
        Pattern::Optional(inner) => visit(join, "optional", inner, rows, parts),
        Pattern::All(inner) | Pattern::Every(inner) | Pattern::None(inner) => {
            let kind = match &condition.pattern {
                Pattern::Every(_) => "every",
                Pattern::None(_) => "none",
                _ => "all",
            };
            let mut rows: Vec<Row> = rows.iter().take(MAX_ROWS).cloned().collect();
            for part in inner {
                visit(join, kind, part, &rows, parts);
                let step = |row: &Row| {
                    let matched = row.matched.clone();
                    let found = join.step(part, row).found.into_iter();
                    found.map(move |(slots, _)| Row { slots, matched: matched.clone() }).collect::<Vec<_>>()
                };
                rows = rows.iter().flat_map(step).take(MAX_ROWS).collect();
            }
        }
        _ => {}
    }
}
