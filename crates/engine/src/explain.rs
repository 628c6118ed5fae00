//! Tells of one rule which condition left how many candidates, and how near the nearest came.

use std::collections::BTreeSet;

use bundlescope_facts::{Text, Value};
use bundlescope_rules::{Condition, Pack, Pattern};
use serde::Serialize;

use crate::answer::{Stage, answer};
use crate::evaluate::{emitted, first_fact};
use crate::finding::findings;
use crate::index::Index;
use crate::join::{Join, Matched, ProbeCache, Row, answer_field};
use crate::near::{Nearest, nearest};
use crate::render::{Renderer, bindings};
use crate::scope::{Domains, scope};
use crate::world::World;
use crate::{Finding, Missing, ProbeAnswer};

/// Rows of which the missing evidence and the probes are told.
const MAX_ROWS: usize = 20;

/// Probes that are told of one condition.
const MAX_PROBES: usize = 3;

/// Findings that are told in full.
const MAX_FIRINGS: usize = 10;

/// Why a rule did or did not fire.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// Rule id.
    pub rule: Text,
    /// `fired`, `undecided`, `clear`, or `not applicable` for a rule that is for other versions.
    pub answer: &'static str,
    /// The conditions that were looked at, in the order in which they were.
    pub conditions: Vec<ConditionReport>,
    /// Conditions that were not looked at, because nothing was left.
    pub untried: Vec<Untried>,
    /// Expressions of `where`.
    pub filters: Vec<Filter>,
    /// Combinations that `where` sorted out.
    pub filtered: usize,
    /// Conditions of `unless` that sorted combinations out.
    pub blocked: Vec<Blocker>,
    /// Combinations that fire.
    pub fired: usize,
    /// What they are told as.
    pub firings: Vec<Firing>,
    /// Facts that the rule yields instead of findings.
    pub emitted: usize,
    /// Why the answer may be incomplete.
    pub problems: Vec<String>,
}

/// What one condition did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConditionReport {
    /// Its alias; empty for one inside `any` or `all`.
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
    /// The evidence that is missing.
    pub missing: Vec<Lacking>,
    /// When nothing was left: what came nearest.
    pub nearest: Option<Nearest>,
    /// The probes that it asked.
    pub probes: Vec<Asked>,
    /// The conditions that an `any` or `all` is made of.
    pub parts: Vec<ConditionReport>,
}

/// A condition that was not looked at.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Untried {
    /// Its alias.
    pub alias: Text,
    /// Line of the rule file, counted from 1.
    pub line: usize,
    /// What it asks for.
    pub asks: Text,
}

/// Evidence that is missing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Lacking {
    /// Document kind, such as `iptables-save`.
    pub kind: Text,
    /// Command that collects it.
    pub collect: String,
    /// Why it was not collected, where the collector tells.
    pub because: Vec<String>,
}

/// A question to the network model and what it answered.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Asked {
    /// `api to 10.0.0.1:5432/tcp on web1`.
    pub question: String,
    /// The answer.
    pub verdict: Text,
    /// The way of the packet, a line for each step.
    pub path: Vec<String>,
    /// What the bundle did not say and was assumed.
    pub assumed: Vec<String>,
}

/// An expression of `where`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Filter {
    /// As written.
    pub expression: Text,
    /// Combinations for which it is not true; each expression is asked about all of them.
    pub sorted_out: usize,
    /// The variables of the first one, as `c=api, port=443`.
    pub bindings: String,
    /// The names in the expression with their values there, as `disk.size=5`.
    pub values: Vec<String>,
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

/// One finding, as the rule made it: before others explain or supersede it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Firing {
    /// What it is about, as `c=api, port=443`.
    pub subjects: String,
    /// Rendered title.
    pub title: String,
    /// Rendered message.
    pub message: String,
    /// `document:line` with what each shows.
    pub evidence: Vec<Shown>,
    /// The steps of the remedy.
    pub fix: Vec<Remedy>,
}

/// A piece of evidence.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Shown {
    /// Path inside the bundle.
    pub document: Text,
    /// First line, counted from 1.
    pub line: u32,
    /// What it shows.
    pub label: Text,
}

/// A step of the remedy and whether it was proved.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Remedy {
    /// What to do.
    pub say: String,
    /// The command that is offered.
    pub run: Option<String>,
    /// It was simulated, and works.
    pub proved: bool,
    /// Why the command is withheld.
    pub reason: Option<String>,
}

/// Runs `ask` with the rule of that id, after the rules before it have emitted their facts. `None` when the pack has no
/// such rule.
pub(crate) fn with_rule<T>(
    pack: &Pack,
    world: &World<'_>,
    id: &str,
    ask: impl FnOnce(&Join<'_, '_>, &Renderer) -> T,
) -> Option<T> {
    let mut index = Index::new(world.facts);
    let probes = ProbeCache::default();
    let renderer = Renderer::new();
    for rule in pack.rules() {
        let join = Join::new(rule, world, &index, &probes);
        if &*rule.id == id {
            return Some(ask(&join, &renderer));
        }
        if let Some(emit) = &rule.emit {
            let rows = answer(&join, &renderer, false).rows;
            for fact in emitted(&join, emit, &rows) {
                index.add(fact);
            }
        }
    }
    None
}

/// Evaluates one rule and keeps what happened. `None` when the pack has no such rule.
pub fn explain(pack: &Pack, world: &World<'_>, id: &str) -> Option<Explanation> {
    with_rule(pack, world, id, explained)
}

fn explained(join: &Join<'_, '_>, renderer: &Renderer) -> Explanation {
    let rule = join.rule;
    let mut answer = answer(join, renderer, true);
    let tried: BTreeSet<usize> = answer.stages.iter().map(|stage| stage.position).collect();
    let untried = rule.when.iter().enumerate().filter(|(position, _)| !tried.contains(position));
    let untried = untried.map(|(_, condition)| Untried {
        alias: condition.alias.clone(),
        line: condition.line,
        asks: asks(join, condition).0,
    });
    let last = answer.stages.last().filter(|_| tried.len() == rule.when.len());
    let finished = last.map(|stage| continued(join, stage.position, &stage.rows)).unwrap_or_default();
    let mut firings: Vec<Firing> = Vec::new();
    let mut yields = 0;
    // A rule for other versions is explained all the same, and told to be one.
    let scope = scope(join, &mut Domains::default());
    let outside = scope.is_err();
    answer.problems.extend(scope.err().map(|because| format!("the rule does not apply: {because}")));
    match &rule.emit {
        Some(emit) => yields = emitted(join, emit, &answer.rows).len(),
        None => {
            let drafts = findings(join, renderer, &answer.rows);
            firings.extend(drafts.into_iter().take(MAX_FIRINGS).map(|draft| firing(draft.finding)));
        }
    }
    Explanation {
        rule: rule.id.clone(),
        answer: match (answer.rows.is_empty(), answer.stuck.is_empty()) {
            _ if outside => "not applicable",
            (false, _) => "fired",
            (true, false) => "undecided",
            (true, true) => "clear",
        },
        conditions: answer.stages.iter().filter_map(|stage| staged(join, stage)).collect(),
        untried: untried.collect(),
        filters: filters(join, renderer, &finished),
        filtered: answer.filtered,
        blocked: answer.blocked.iter().filter_map(|(at, found)| blocker(join, *at, found)).collect(),
        fired: answer.rows.len(),
        firings,
        emitted: yields,
        problems: answer.problems.into_iter().collect(),
    }
}

fn firing(finding: Finding) -> Firing {
    let subjects: Vec<String> = finding.subjects.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let shown = finding.evidence.into_iter();
    let shown = shown.map(|piece| Shown { document: piece.document, line: piece.line, label: piece.label });
    let fix = finding.fix.into_iter();
    let fix = fix.map(|fix| Remedy { say: fix.say, run: fix.run, proved: fix.proved, reason: fix.reason });
    Firing {
        subjects: subjects.join(", "),
        title: finding.title,
        message: finding.message,
        evidence: shown.collect(),
        fix: fix.collect(),
    }
}

/// The rows that go on behind a condition.
pub(crate) fn continued(join: &Join<'_, '_>, position: usize, rows: &[Row]) -> Vec<Row> {
    let Some(condition) = join.rule.when.get(position) else { return Vec::new() };
    let mut after = Vec::new();
    for row in rows {
        for (slots, matched) in join.step(condition, row).found {
            let mut matches = row.matched.clone();
            if let Some(place) = matches.get_mut(position) {
                *place = Some(matched);
            }
            after.push(Row { slots, matched: matches });
        }
    }
    after
}

fn filters(join: &Join<'_, '_>, renderer: &Renderer, rows: &[Row]) -> Vec<Filter> {
    let one = |expression: &bundlescope_rules::Template| {
        let failing: Vec<&Row> =
            rows.iter().filter(|row| !renderer.holds(expression, join, row).unwrap_or(false)).collect();
        let values = failing.first().map(|row| {
            let named = expression.names.iter().map(|name| (name, named(join, row, name)));
            named.map(|(name, value)| format!("{name}={}", stated(&value))).collect()
        });
        Filter {
            expression: expression.source.clone(),
            sorted_out: failing.len(),
            bindings: failing.first().map(|row| bindings(join.rule, row)).unwrap_or_default(),
            values: values.unwrap_or_default(),
        }
    };
    join.rule.filters.iter().map(one).collect()
}

/// A value as people read it; what is not stated says so.
fn stated(value: &Value) -> String {
    if value.is_null() { "(not stated)".to_owned() } else { value.to_string() }
}

/// What a name of a template stands for in a row.
fn named(join: &Join<'_, '_>, row: &Row, name: &str) -> Value {
    let (head, path) = name.split_once('.').unwrap_or((name, ""));
    let alias = join.rule.when.iter().position(|condition| &*condition.alias == head);
    match alias.and_then(|position| row.matched.get(position)) {
        Some(Some(matched)) => join.value_of(matched, path),
        Some(None) => Value::Null,
        None => {
            let slot = join.rule.variables.iter().position(|variable| &*variable.name == head);
            slot.and_then(|slot| row.slots.get(slot)).cloned().unwrap_or_default()
        }
    }
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
pub(crate) fn asks(join: &Join<'_, '_>, condition: &Condition) -> (Text, Option<usize>) {
    match &condition.pattern {
        Pattern::Fact(fact) => (fact.kind.clone(), Some(join.index.of_kind(&fact.kind).len())),
        Pattern::Count(count) => {
            (format!("count of {}", count.fact.kind).into(), Some(join.index.of_kind(&count.fact.kind).len()))
        }
        Pattern::Probe(_) => ("probe".into(), None),
        Pattern::Any(_) => ("any".into(), None),
        Pattern::All(_) => ("all".into(), None),
        Pattern::Every(_) => ("every".into(), None),
        Pattern::None(_) => ("none".into(), None),
        Pattern::Optional(_) => ("optional".into(), None),
    }
}

fn staged(join: &Join<'_, '_>, stage: &Stage) -> Option<ConditionReport> {
    let condition = join.rule.when.get(stage.position)?;
    let mut report = report(join, condition, &stage.rows);
    (report.before, report.after, report.undecided) = (stage.before, stage.after, stage.undecided);
    Some(report)
}

/// What a condition does to these rows.
fn report(join: &Join<'_, '_>, condition: &Condition, rows: &[Row]) -> ConditionReport {
    let (asks, facts) = asks(join, condition);
    let steps: Vec<_> = rows.iter().take(MAX_ROWS).map(|row| join.step(condition, row)).collect();
    let after: usize = steps.iter().map(|step| step.found.len()).sum();
    let stuck = steps.iter().filter(|step| step.found.is_empty() && !step.missing.is_empty());
    let missing: BTreeSet<&Missing> = stuck.clone().flat_map(|step| &step.missing).collect();
    let undecided = stuck.count();
    let parts = match &condition.pattern {
        Pattern::Any(inner) => inner.iter().map(|part| report(join, part, rows)).collect(),
        Pattern::All(inner) | Pattern::Every(inner) | Pattern::None(inner) => chained(join, inner, rows),
        Pattern::Optional(inner) => vec![report(join, inner, rows)],
        _ => Vec::new(),
    };
    ConditionReport {
        alias: condition.alias.clone(),
        line: condition.line,
        asks,
        facts,
        before: rows.len(),
        after,
        undecided,
        missing: missing.into_iter().map(lacking).collect(),
        nearest: if after == 0 && undecided == 0 { nearest(join, condition, rows) } else { None },
        probes: asked(join, condition, rows),
        parts,
    }
}

fn lacking(missing: &Missing) -> Lacking {
    Lacking {
        kind: missing.kind.clone(),
        collect: missing.collect.clone(),
        because: missing.why.iter().cloned().collect(),
    }
}

/// The parts of an `all`, each asked about what the ones before it left.
fn chained(join: &Join<'_, '_>, parts: &[Condition], rows: &[Row]) -> Vec<ConditionReport> {
    let mut rows: Vec<Row> = rows.iter().take(MAX_ROWS).cloned().collect();
    let mut reports = Vec::new();
    for part in parts {
        reports.push(report(join, part, &rows));
        let step = |row: &Row| {
            let found = join.step(part, row).found;
            let matched = row.matched.clone();
            found.into_iter().map(move |(slots, _)| Row { slots, matched: matched.clone() }).collect::<Vec<_>>()
        };
        rows = rows.iter().flat_map(step).take(MAX_ROWS).collect();
        if rows.is_empty() {
            break;
        }
    }
    reports
}

/// The questions that a condition puts to the network model.
fn asked(join: &Join<'_, '_>, condition: &Condition, rows: &[Row]) -> Vec<Asked> {
    let Pattern::Probe(pattern) = &condition.pattern else { return Vec::new() };
    let mut seen: Vec<Asked> = Vec::new();
    for row in rows {
        if seen.len() >= MAX_PROBES {
            break;
        }
        let Some(question) = join.question(pattern, row) else { continue };
        let answer = join.ask(question);
        let asked = Asked {
            question: question_text(&answer),
            verdict: answer.verdict.clone(),
            path: answer.path.clone(),
            assumed: answer.assumed.clone(),
        };
        if !seen.contains(&asked) {
            seen.push(asked);
        }
    }
    seen
}

fn question_text(answer: &ProbeAnswer) -> String {
    let text = |path: &str| answer_field(answer, path).to_string();
    let port = if answer.question.port == 0 { String::new() } else { format!(":{}", answer.question.port) };
    let node = if answer.question.node.is_empty() { String::new() } else { format!(" on {}", answer.question.node) };
    format!("{} to {}{port}/{}{node}", text("from"), text("to"), answer.question.proto)
}
