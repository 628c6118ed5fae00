//! The candidate that came nearest to a condition, and the field that keeps it out.

use bundlescope_facts::{Text, Value};
use bundlescope_rules::{Comparison, Condition, CountPattern, FieldCondition, Operand, Pattern, Test};
use serde::Serialize;

use crate::index::{Key, field};
use crate::join::{Join, Matched, Row, answer_field, whole};
use crate::render::bindings;

/// Rows that are tried in search of the nearest candidate.
const MAX_ROWS: usize = 20;

/// Facts of one kind that are tried for each row.
const MAX_FACTS: usize = 20_000;

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
    /// What that stands for: the value of a variable; absent where it says so itself.
    pub value: Option<String>,
    /// For a join: the earlier condition from which the value comes.
    pub joins: Option<Text>,
    /// What the candidate has; empty where nothing is stated.
    pub found: String,
    /// For a join: how many facts of the kind have that value at all.
    pub partners: Option<usize>,
    /// How many conditions on fields it meets, and how many there are.
    pub meets: (usize, usize),
    /// The variables at that point, as `c=api, port=443`.
    pub bindings: String,
    /// For a probe: the way of the packet, a line for each step.
    pub path: Vec<String>,
}

/// Something that may be the nearest.
struct Candidate<'c> {
    document: Text,
    line: u32,
    path: &'c [String],
    value: &'c dyn Fn(&str) -> Value,
}

/// The candidate that meets the most conditions on fields; among equals the one that meets the most joins, as these say
/// which thing is meant, then the one whose value is most like what is wanted, then the first one.
pub(crate) fn nearest(join: &Join<'_, '_>, condition: &Condition, rows: &[Row]) -> Option<Nearest> {
    let mut best: Option<((usize, usize, u64), Nearest)> = None;
    let mut offer = |fields: &[FieldCondition], row: &Row, candidate: Candidate<'_>| {
        let failing: Vec<&FieldCondition> = fields
            .iter()
            .filter(|condition| !join.meets_field(condition, &(candidate.value)(&condition.path), row))
            .collect();
        let meets = fields.len() - failing.len();
        let Some(first) = failing.first() else { return };
        let wanted = operand_of(&first.test).map(|operand| join.operand(operand, row));
        let found = (candidate.value)(&first.path);
        let like = wanted.as_ref().map_or(0, |wanted| likeness(&found, wanted));
        let joined = |condition: &&FieldCondition| !failing.iter().any(|field| std::ptr::eq(*field, *condition));
        let joined = fields.iter().filter(joined).filter(|condition| join_of(join, &condition.test).is_some()).count();
        let rank = (meets, joined, like);
        if best.as_ref().is_some_and(|(best, _)| rank <= *best) {
            return;
        }
        let joins = join_of(join, &first.test);
        let value = wanted.filter(|wanted| joins.is_some() && !wanted.is_null()).map(|wanted| wanted.to_string());
        let nearest = Nearest {
            document: candidate.document,
            line: candidate.line,
            field: first.path.clone(),
            wanted: first.written.clone(),
            value,
            joins,
            found: found.to_string(),
            partners: None,
            meets: (meets, fields.len()),
            bindings: bindings(join.rule, row),
            path: candidate.path.to_vec(),
        };
        best = Some((rank, nearest));
    };
    for row in rows.iter().take(MAX_ROWS) {
        match &condition.pattern {
            Pattern::Fact(pattern) => {
                for id in join.index.of_kind(&pattern.kind).iter().take(MAX_FACTS) {
                    let Some(fact) = join.index.fact(*id) else { continue };
                    let candidate = Candidate {
                        document: fact.source.document.clone(),
                        line: fact.source.first_line,
                        path: &[],
                        value: &|path| field(fact, path),
                    };
                    offer(&pattern.fields, row, candidate);
                }
            }
            Pattern::Probe(pattern) => {
                if let Some(answer) = join.question(pattern, row).map(|question| join.ask(question)) {
                    let value = |path: &str| answer_field(&answer, path);
                    let candidate = Candidate { document: Text::default(), line: 0, path: &answer.path, value: &value };
                    offer(&pattern.fields, row, candidate);
                }
            }
            Pattern::Count(pattern) => return counted(join, pattern, row),
            Pattern::Any(_) | Pattern::All(_) | Pattern::Every(_) | Pattern::None(_) | Pattern::Optional(_) => {}
        }
    }
    let (_, mut nearest) = best?;
    if let (Pattern::Fact(pattern), Some(value), true) = (&condition.pattern, &nearest.value, nearest.joins.is_some()) {
        let key = Key::of(&Value::from(value.as_str()));
        let postings = join.index.by_field(&pattern.kind, &nearest.field);
        nearest.partners = Some(key.and_then(|key| postings.get(&key).map(Vec::len)).unwrap_or(0));
    }
    Some(nearest)
}

/// A number that does not satisfy a `count`.
fn counted(join: &Join<'_, '_>, pattern: &CountPattern, row: &Row) -> Option<Nearest> {
    let any = Condition {
        alias: Text::default(),
        pattern: Pattern::Count(CountPattern { compare: Vec::new(), ..pattern.clone() }),
        line: 0,
    };
    let found = join.step(&any, row).found;
    let number = found.iter().map(|(_, matched)| if let Matched::Count(_, value) = matched { *value } else { 0.0 });
    let largest = number.reduce(f64::max)?;
    let word = |comparison: &Comparison| match comparison {
        Comparison::Gt => "gt",
        Comparison::Ge => "ge",
        Comparison::Lt => "lt",
        Comparison::Le => "le",
        Comparison::Eq => "is",
    };
    let wanted = pattern.compare.iter();
    let wanted = wanted.map(|(comparison, operand)| format!("{}: {}", word(comparison), join.operand(operand, row)));
    Some(Nearest {
        document: Text::default(),
        line: 0,
        field: "value".into(),
        wanted: wanted.collect::<Vec<_>>().join(", ").into(),
        value: None,
        joins: None,
        found: whole(largest).to_string(),
        partners: None,
        meets: (0, 1),
        bindings: bindings(join.rule, row),
        path: Vec::new(),
    })
}

/// The operand of a test that compares with one thing.
fn operand_of(test: &Test) -> Option<&Operand> {
    match test {
        Test::Is(operand)
        | Test::Compare(_, operand)
        | Test::Contains(operand)
        | Test::StartsWith(operand)
        | Test::EndsWith(operand)
        | Test::ContainsAddress(operand)
        | Test::Before(operand)
        | Test::After(operand) => Some(operand),
        // The checker bounds how deep tests nest.
        Test::Not(inner) => operand_of(inner),
        Test::All(tests) => tests.iter().find_map(operand_of),
        _ => None,
    }
}

/// The condition from which the other side of a test comes.
fn join_of(join: &Join<'_, '_>, test: &Test) -> Option<Text> {
    match operand_of(test)? {
        Operand::Variable(slot) => {
            let binds = |condition: &&Condition| binds(condition, *slot);
            join.rule.when.iter().find(binds).map(|condition| condition.alias.clone())
        }
        Operand::Field { condition, .. } => join.rule.when.get(*condition).map(|condition| condition.alias.clone()),
        _ => None,
    }
}

/// Whether a condition gives a variable its value.
fn binds(condition: &Condition, slot: usize) -> bool {
    let field = |field: &FieldCondition| match &field.test {
        Test::Is(Operand::Variable(known)) => *known == slot,
        Test::Matches(_, groups) => groups.iter().any(|(_, known)| *known == slot),
        Test::All(tests) => tests.iter().any(|test| match test {
            Test::Is(Operand::Variable(known)) => *known == slot,
            Test::Matches(_, groups) => groups.iter().any(|(_, known)| *known == slot),
            _ => false,
        }),
        _ => false,
    };
    match &condition.pattern {
        Pattern::Fact(fact) => fact.fields.iter().any(field),
        Pattern::Probe(probe) => probe.fields.iter().any(field),
        Pattern::Count(count) => count.fact.fields.iter().any(field),
        Pattern::Any(inner) | Pattern::All(inner) => inner.iter().any(|part| binds(part, slot)),
        // What these bind is only known in them.
        Pattern::Every(_) | Pattern::None(_) | Pattern::Optional(_) => false,
    }
}

/// How much a value is like another one: numbers by their distance, texts by what they begin and end with.
fn likeness(found: &Value, wanted: &Value) -> u64 {
    let best = |value: &Value| match (value, wanted) {
        (Value::Null, _) | (_, Value::Null) => 0,
        (Value::Int(a), Value::Int(b)) => u64::MAX / 2 - a.abs_diff(*b).min(u64::MAX / 4),
        (a, b) => {
            let (a, b) = (a.to_string(), b.to_string());
            let ahead = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
            let behind = a.bytes().rev().zip(b.bytes().rev()).take_while(|(a, b)| a == b).count();
            1 + (ahead + behind) as u64
        }
    };
    match found {
        Value::List(items) => items.iter().map(best).max().unwrap_or(0),
        value => best(value),
    }
}
