//! Joins the conditions of a rule: rows of bindings go in, longer rows come out.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use bundlescope_facts::{Fact, Text, Value};
use bundlescope_rules::{
    Aggregate, Condition, CountPattern, FactPattern, FieldCondition, Operand, Pattern, ProbePattern, Rule, Test,
};
use jiff::Timestamp;

use crate::compare;
use crate::index::{Id, Index, Key, field, keys, seen_by_container};
use crate::matching::{Bindings, bind, holds};
use crate::world::World;
use crate::{Missing, ProbeAnswer, ProbeQuestion, Unlisted};

/// Rows that one rule may hold at a time.
pub(crate) const MAX_ROWS: usize = 100_000;

/// Facts that one rule may look at.
pub(crate) const MAX_CHECKS: u64 = 5_000_000;

/// Matches of an optional condition that are kept.
const MAX_OPTIONAL: usize = 50;

/// What one condition matched.
#[derive(Debug, Clone)]
pub(crate) enum Matched {
    /// A fact.
    Fact(Id),
    /// A probe's answer.
    Probe(Rc<ProbeAnswer>),
    /// A number of facts.
    Count(Rc<Vec<Id>>, f64),
    /// What the conditions of an `all` matched.
    All(Vec<Matched>),
}

/// Bindings that agree with the conditions so far.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// Values of the variables; `Null` where not bound yet.
    pub(crate) slots: Vec<Value>,
    /// What each condition matched, by position in `when`.
    pub(crate) matched: Vec<Option<Matched>>,
}

impl Row {
    /// The row after a condition.
    pub(crate) fn with(&self, position: usize, slots: Vec<Value>, matched: Matched) -> Self {
        let mut all = self.matched.clone();
        if let Some(place) = all.get_mut(position) {
            *place = Some(matched);
        }
        Self { slots, matched: all }
    }
}

/// What became of a row at one condition.
#[derive(Default)]
pub(crate) struct Step {
    /// The ways in which it goes on.
    pub(crate) found: Vec<(Vec<Value>, Matched)>,
    /// What would have to be there to tell.
    pub(crate) missing: BTreeSet<Missing>,
}

impl Step {
    /// A row that goes on with what was matched and without new values.
    fn of(row: &Row, matched: Matched) -> Self {
        Self { found: vec![(row.slots.clone(), matched)], missing: BTreeSet::new() }
    }
}

/// Probes that were asked, by their question.
pub(crate) type ProbeCache = RefCell<HashMap<(Text, Text, Text, Text, u16), Rc<ProbeAnswer>>>;

/// One rule at work.
pub(crate) struct Join<'a, 'w> {
    pub(crate) rule: &'a Rule,
    pub(crate) world: &'a World<'w>,
    pub(crate) index: &'a Index<'w>,
    pub(crate) probes: &'a ProbeCache,
    /// Facts looked at so far.
    pub(crate) checks: Cell<u64>,
    /// How many it may look at.
    pub(crate) limit: Cell<u64>,
}

/// A row while it is extended: its variables and what was matched.
struct View<'r, 'a, 'w> {
    join: &'r Join<'a, 'w>,
    matched: &'r [Option<Matched>],
}

impl Bindings for View<'_, '_, '_> {
    fn operand(&self, operand: &Operand, slots: &[Value]) -> Value {
        match operand {
            Operand::Value(value) => value.clone(),
            Operand::Network(network) => network.to_string().into(),
            Operand::Address(address) => address.to_string().into(),
            Operand::Time(time) => time.to_string().into(),
            Operand::Variable(slot) => slots.get(*slot).cloned().unwrap_or_default(),
            Operand::Field { condition, path } => match self.matched.get(*condition) {
                Some(Some(matched)) => self.join.value_of(matched, path),
                _ => Value::Null,
            },
        }
    }

    fn now(&self) -> Option<Timestamp> {
        self.join.world.now
    }
}

impl<'a, 'w> Join<'a, 'w> {
    /// A rule that has looked at nothing yet.
    pub(crate) fn new(rule: &'a Rule, world: &'a World<'w>, index: &'a Index<'w>, probes: &'a ProbeCache) -> Self {
        Self { rule, world, index, probes, checks: Cell::new(0), limit: Cell::new(MAX_CHECKS) }
    }

    /// The row before the first condition: parameters only.
    pub(crate) fn start(&self) -> Row {
        let value = |variable: &bundlescope_rules::Variable| variable.value.clone().unwrap_or_default();
        Row { slots: self.rule.variables.iter().map(value).collect(), matched: vec![None; self.rule.when.len()] }
    }

    /// True when the rule has looked at more facts than it may.
    pub(crate) fn exhausted(&self) -> bool {
        self.checks.get() >= self.limit.get()
    }

    /// The value of an operand in a finished row.
    pub(crate) fn operand(&self, operand: &Operand, row: &Row) -> Value {
        View { join: self, matched: &row.matched }.operand(operand, &row.slots)
    }

    /// A field of what a condition matched.
    pub(crate) fn value_of(&self, matched: &Matched, path: &str) -> Value {
        match matched {
            Matched::Fact(id) => self.index.fact(*id).map(|fact| field(fact, path)).unwrap_or_default(),
            Matched::Probe(answer) => answer_field(answer, path),
            Matched::Count(_, value) if matches!(path, "count" | "value") => whole(*value),
            Matched::Count(ids, _) => {
                ids.first().and_then(|id| self.index.fact(*id)).map(|fact| field(fact, path)).unwrap_or_default()
            }
            Matched::All(parts) => parts.first().map(|part| self.value_of(part, path)).unwrap_or_default(),
        }
    }

    /// Every way in which a row meets a condition.
    pub(crate) fn step(&self, condition: &Condition, row: &Row) -> Step {
        match &condition.pattern {
            Pattern::Fact(fact) => self.fact(fact, row),
            Pattern::Probe(probe) => self.probe(probe, row),
            Pattern::Count(count) => self.count(count, row),
            // The checker bounds the depth of `any` and `all`.
            Pattern::Any(alternatives) => {
                let mut all = Step::default();
                for alternative in alternatives {
                    let step = self.step(alternative, row);
                    all.missing.extend(step.missing);
                    all.found.extend(step.found);
                }
                if !all.found.is_empty() {
                    all.missing.clear();
                }
                // Several alternatives may hold by one fact.
                let mut seen = HashSet::new();
                all.found.retain(|(slots, matched)| match matched {
                    Matched::Fact(id) => seen.insert((*id, slots.iter().map(Key::of).collect::<Vec<_>>())),
                    _ => true,
                });
                all
            }
            Pattern::All(conditions) => self.all(conditions, row),
            Pattern::Every(conditions) => self.every(conditions, row),
            Pattern::None(conditions) => {
                let step = self.all(conditions, row);
                match (step.found.is_empty(), step.missing.is_empty()) {
                    (true, true) => Step::of(row, Matched::All(Vec::new())),
                    (true, false) => Step { found: Vec::new(), missing: step.missing },
                    (false, _) => Step::default(),
                }
            }
            Pattern::Optional(condition) => {
                let found = self.step(condition, row).found.into_iter().take(MAX_OPTIONAL);
                Step::of(row, Matched::All(found.map(|(_, matched)| matched).collect()))
            }
        }
    }

    /// What meets the first condition, all of which must meet the others too.
    fn every(&self, conditions: &[Condition], row: &Row) -> Step {
        let Some((set, demands)) = conditions.split_first() else { return Step::default() };
        let members = self.step(set, row);
        if members.found.is_empty() {
            return Step { found: Vec::new(), missing: members.missing };
        }
        let (mut parts, mut missing) = (Vec::new(), BTreeSet::new());
        for (slots, member) in members.found {
            let step = self.all(demands, &Row { slots, matched: row.matched.clone() });
            if step.found.is_empty() && step.missing.is_empty() {
                return Step::default();
            }
            missing.extend(step.missing);
            parts.push(member);
            parts.extend(step.found.into_iter().next().map(|(_, matched)| matched));
        }
        if missing.is_empty() { Step::of(row, Matched::All(parts)) } else { Step { found: Vec::new(), missing } }
    }

    /// The rows that meet all of several conditions.
    fn all(&self, conditions: &[Condition], row: &Row) -> Step {
        let mut rows = vec![(row.slots.clone(), Vec::new())];
        let mut missing = BTreeSet::new();
        for condition in conditions {
            let mut next = Vec::new();
            for (slots, parts) in rows {
                let row = Row { slots, matched: row.matched.clone() };
                let step = self.step(condition, &row);
                missing.extend(step.missing);
                for (slots, matched) in step.found {
                    if next.len() < MAX_ROWS {
                        let mut parts: Vec<Matched> = parts.clone();
                        parts.push(matched);
                        next.push((slots, parts));
                    }
                }
            }
            rows = next;
        }
        if !rows.is_empty() {
            missing.clear();
        }
        let found = rows.into_iter().map(|(slots, parts)| (slots, Matched::All(parts))).collect();
        Step { found, missing }
    }

    /// The variables after each way in which a fact meets its pattern.
    pub(crate) fn meets(&self, pattern: &FactPattern, fact: &Fact, row: &Row) -> Vec<Vec<Value>> {
        self.checks.set(self.checks.get() + 1);
        let mut slots = row.slots.clone();
        if !self.rule.across_nodes
            && let Some(node) = slots.get_mut(Rule::NODE)
        {
            match node {
                Value::Null => *node = Value::Text(fact.node.clone()),
                Value::Text(node) if *node == fact.node => {}
                _ => return Vec::new(),
            }
        }
        let view = View { join: self, matched: &row.matched };
        let mut states = vec![slots];
        for condition in &pattern.fields {
            let value = field(fact, &condition.path);
            states = match states.as_slice() {
                [slots] => bind(&view, &condition.test, &value, slots),
                several => several.iter().flat_map(|slots| bind(&view, &condition.test, &value, slots)).collect(),
            };
            if states.is_empty() {
                break;
            }
        }
        states
    }

    /// Whether a value alone meets the condition on it.
    pub(crate) fn meets_field(&self, condition: &FieldCondition, value: &Value, row: &Row) -> bool {
        let view = View { join: self, matched: &row.matched };
        !bind(&view, &condition.test, value, &row.slots).is_empty()
    }

    fn fact(&self, pattern: &FactPattern, row: &Row) -> Step {
        let mut step = Step::default();
        for id in self.candidates(pattern, row).iter() {
            if self.exhausted() || step.found.len() > MAX_ROWS {
                break;
            }
            let Some(fact) = self.index.fact(*id) else { continue };
            let states = self.meets(pattern, fact, row);
            step.found.extend(states.into_iter().map(|slots| (slots, Matched::Fact(*id))));
        }
        if step.found.is_empty() {
            step.missing = self.uncollected(pattern, row);
        }
        step
    }

    /// The facts that may match: those that the most selective equality leaves.
    pub(crate) fn candidates(&self, pattern: &FactPattern, row: &Row) -> Rc<Vec<Id>> {
        let view = View { join: self, matched: &row.matched };
        let mut best: Option<Vec<Id>> = None;
        let mut consider = |condition: &FieldCondition, wanted: Vec<Key>| {
            let postings = self.index.by_field(&pattern.kind, &condition.path);
            let total: usize = wanted.iter().map(|key| postings.get(key).map_or(0, Vec::len)).sum();
            if best.as_ref().is_none_or(|best| total < best.len()) {
                let mut ids: Vec<Id> = wanted.iter().filter_map(|key| postings.get(key)).flatten().copied().collect();
                if wanted.len() > 1 {
                    ids.sort_unstable();
                    ids.dedup();
                }
                best = Some(ids);
            }
        };
        for condition in &pattern.fields {
            let tests = match &condition.test {
                Test::All(tests) => tests.as_slice(),
                test => std::slice::from_ref(test),
            };
            for test in tests {
                match test {
                    Test::Is(operand) => {
                        let wanted = view.operand(operand, &row.slots);
                        let unbound = wanted.is_null() && matches!(operand, Operand::Variable(_));
                        if !unbound {
                            consider(condition, keys(&wanted));
                        }
                    }
                    Test::AnyOf(operands) => {
                        let mut wanted: Vec<Key> = Vec::new();
                        for operand in operands {
                            wanted.extend(keys(&view.operand(operand, &row.slots)));
                        }
                        wanted.sort();
                        wanted.dedup();
                        consider(condition, wanted);
                    }
                    _ => {}
                }
            }
        }
        match best {
            Some(ids) => Rc::new(ids),
            None => self.index.of_kind(&pattern.kind),
        }
    }

    /// What to collect when nothing matched because nothing was collected; empty when something was.
    fn uncollected(&self, pattern: &FactPattern, row: &Row) -> BTreeSet<Missing> {
        let coverage = self.world.coverage;
        let kind = &*pattern.kind;
        let Some((format, command)) = coverage.missing(kind).first() else { return BTreeSet::new() };
        let container = self.container_asked(pattern, row);
        let node = row.slots.get(Rule::NODE).and_then(Value::as_text).filter(|_| !self.rule.across_nodes);
        let collected = match node {
            _ if coverage.partly(node, kind, container.as_deref()) => false,
            Some(node) => {
                let stated = self.index.has(kind, node, container.as_deref());
                // Only what containers see for themselves is missing for one of them and there for another.
                let anyone = !seen_by_container(kind) && coverage.on(node, kind);
                stated || anyone || coverage.holds(node, kind, container.as_deref())
            }
            _ => coverage.anywhere(kind) || !self.index.of_kind(kind).is_empty(),
        };
        if collected && !self.only_listed(pattern, node) {
            return BTreeSet::new();
        }
        let collect = self.rule.collect.get(kind).map_or_else(|| command.clone(), ToString::to_string);
        BTreeSet::from([self.missing(format.clone(), collect, row)])
    }

    /// Whether the pattern asks for what only an inspect tells, and there are none but rows of lists.
    fn only_listed(&self, pattern: &FactPattern, node: Option<&str>) -> bool {
        let inspected = |field: &bundlescope_rules::FieldCondition| {
            &*field.path == "inspected" && matches!(&field.test, Test::Is(Operand::Value(Value::Bool(true))))
        };
        pattern.fields.iter().any(inspected)
            && !self
                .index
                .of_kind(&pattern.kind)
                .iter()
                .filter_map(|id| self.index.fact(*id))
                .any(|fact| node.is_none_or(|node| *fact.node == *node) && fact.get("inspected") == Value::Bool(true))
    }

    /// The container in whose view the pattern asks for a fact.
    fn container_asked(&self, pattern: &FactPattern, row: &Row) -> Option<Text> {
        if !seen_by_container(&pattern.kind) {
            return None;
        }
        let condition = pattern.fields.iter().find(|condition| &*condition.path == "container")?;
        match &condition.test {
            Test::Is(operand) => match (View { join: self, matched: &row.matched }).operand(operand, &row.slots) {
                Value::Text(container) => Some(container),
                _ => None,
            },
            _ => None,
        }
    }

    /// The question of a probe; `None` when its parts make none.
    pub(crate) fn question(&self, pattern: &ProbePattern, row: &Row) -> Option<ProbeQuestion> {
        let text = |operand: &Operand| match self.operand(operand, row) {
            Value::Null | Value::Map(_) => None,
            // A list, such as several addresses, is asked by its first element.
            Value::List(items) => items.first().map(|item| Text::from(item.to_string())),
            value => Some(Text::from(value.to_string())),
        };
        let port = match &pattern.port {
            Some(operand) => {
                let number = compare::number(&self.operand(operand, row))?;
                (0.0..=65535.0).contains(&number).then_some(number as u16)?
            }
            None => 0,
        };
        let node = match &pattern.node {
            Some(operand) => text(operand)?,
            None => match row.slots.get(Rule::NODE) {
                Some(Value::Text(node)) => node.clone(),
                _ => Text::default(),
            },
        };
        Some(ProbeQuestion {
            node,
            from: text(&pattern.from)?,
            to: text(&pattern.to)?,
            proto: text(&pattern.proto)?,
            port,
        })
    }

    /// The answer to a question, asked once.
    pub(crate) fn ask(&self, question: ProbeQuestion) -> Rc<ProbeAnswer> {
        let ProbeQuestion { node, from, to, proto, port } = question.clone();
        let key = (node, from, to, proto, port);
        if let Some(answer) = self.probes.borrow().get(&key) {
            return answer.clone();
        }
        let answer = Rc::new(self.world.prober.probe(&question));
        self.probes.borrow_mut().insert(key, answer.clone());
        answer
    }

    fn probe(&self, pattern: &ProbePattern, row: &Row) -> Step {
        let Some(question) = self.question(pattern, row) else { return Step::default() };
        self.checks.set(self.checks.get() + 1);
        let answer = self.ask(question);
        let states = self.answers(pattern, &answer, row);
        let wants_unknown = pattern.fields.is_empty()
            || pattern.fields.iter().any(|condition| {
                let view = View { join: self, matched: &row.matched };
                &*condition.path == "verdict" && holds(&view, &condition.test, &"unknown".into(), &row.slots)
            });
        if &*answer.verdict == "unknown" && !wants_unknown {
            return Step { found: Vec::new(), missing: self.unknown(&answer, row) };
        }
        if states.is_empty() {
            return Step { found: Vec::new(), missing: self.unlisted(pattern, &answer, row) };
        }
        let found = states.into_iter().map(|slots| (slots, Matched::Probe(answer.clone()))).collect();
        Step { found, missing: BTreeSet::new() }
    }

    /// The variables after each way in which an answer meets the conditions on it.
    pub(crate) fn answers(&self, pattern: &ProbePattern, answer: &ProbeAnswer, row: &Row) -> Vec<Vec<Value>> {
        let view = View { join: self, matched: &row.matched };
        let mut states = vec![row.slots.clone()];
        for condition in &pattern.fields {
            let value = answer_field(answer, &condition.path);
            states = states.iter().flat_map(|slots| bind(&view, &condition.test, &value, slots)).collect();
        }
        states
    }

    /// What would show the rule that is asked for, when it may stand where nobody has looked.
    fn unlisted(&self, pattern: &ProbePattern, answer: &ProbeAnswer, row: &Row) -> BTreeSet<Missing> {
        let view = View { join: self, matched: &row.matched };
        let asked = |unlisted: &&Unlisted| {
            pattern
                .fields
                .iter()
                .any(|field| field.path == unlisted.path && holds(&view, &field.test, &unlisted.value, &row.slots))
        };
        let unlisted = answer.unlisted.iter().filter(asked);
        unlisted.map(|unlisted| self.missing(unlisted.kind.clone(), unlisted.collect.clone(), row)).collect()
    }

    /// What the bundle would have to hold for an answer.
    fn unknown(&self, answer: &ProbeAnswer, row: &Row) -> BTreeSet<Missing> {
        let mut missing: BTreeSet<Missing> =
            answer.missing.iter().map(|(kind, collect)| self.missing(kind.clone(), collect.clone(), row)).collect();
        if missing.is_empty() {
            let collect = self.rule.collect.get("probe").map_or_else(|| answer.assumed.join("; "), ToString::to_string);
            missing.insert(Missing { kind: "probe".into(), collect, why: None });
        }
        missing
    }

    /// What is missing, with what the collector says about it on the host that is asked about.
    fn missing(&self, kind: Text, collect: String, row: &Row) -> Missing {
        let node = row.slots.get(Rule::NODE).and_then(Value::as_text).filter(|_| !self.rule.across_nodes);
        let why = self.world.coverage.why(node, &kind).map(str::to_owned);
        Missing { kind, collect, why }
    }

    fn count(&self, pattern: &CountPattern, row: &Row) -> Step {
        let mut groups: BTreeMap<Vec<Option<Key>>, Group> = BTreeMap::new();
        for id in self.candidates(&pattern.fact, row).iter() {
            if self.exhausted() {
                break;
            }
            let Some(fact) = self.index.fact(*id) else { continue };
            for slots in self.meets(&pattern.fact, fact, row) {
                let with = match pattern.with.as_slice() {
                    [] => Step::of(row, Matched::All(Vec::new())),
                    with => self.all(with, &Row { slots: slots.clone(), matched: row.matched.clone() }),
                };
                // Variables make groups, unless they tie the fact to further conditions.
                let slots = if pattern.with.is_empty() { slots } else { row.slots.clone() };
                let key = slots.iter().map(Key::of).collect();
                let group = groups.entry(key).or_insert_with(|| Group { slots, ..Group::default() });
                if !with.found.is_empty() {
                    group.sure.push(*id);
                    group.perhaps.push(*id);
                } else if !with.missing.is_empty() {
                    group.perhaps.push(*id);
                    group.missing.extend(with.missing);
                }
            }
        }
        let mut step = Step::default();
        if groups.is_empty() {
            step.missing = self.uncollected(&pattern.fact, row);
            if !step.missing.is_empty() {
                return step;
            }
            // Nothing there is a count of nothing, unless the groups have no names.
            if !pattern.with.is_empty() || !makes_groups(&pattern.fact, &row.slots) {
                groups.insert(Vec::new(), Group { slots: row.slots.clone(), ..Group::default() });
            }
        }
        let view = View { join: self, matched: &row.matched };
        let holds = |value: Option<f64>| {
            value.is_some_and(|value| {
                pattern.compare.iter().all(|(comparison, operand)| {
                    let wanted = compare::number(&view.operand(operand, &row.slots));
                    wanted.and_then(|wanted| value.partial_cmp(&wanted)).is_some_and(|order| comparison.holds(order))
                })
            })
        };
        for Group { slots, sure, perhaps, missing } in groups.into_values() {
            let value = self.aggregate(&pattern.aggregate, &sure);
            // What is not known counts only where it would make a difference.
            if !missing.is_empty() && holds(value) != holds(self.aggregate(&pattern.aggregate, &perhaps)) {
                step.missing.extend(missing);
            } else if holds(value) {
                step.found.push((slots, Matched::Count(Rc::new(sure), value.unwrap_or_default())));
            }
        }
        step
    }

    fn aggregate(&self, aggregate: &Aggregate, ids: &[Id]) -> Option<f64> {
        let facts = || ids.iter().filter_map(|id| self.index.fact(*id));
        let numbers = |path: &Text| {
            let path = path.clone();
            facts().filter_map(move |fact| compare::number(&field(fact, &path)))
        };
        match aggregate {
            Aggregate::Count => {
                let seen = |fact: &Fact| fact.occurrences.map_or(1, |occurrences| occurrences.count.max(1));
                Some(facts().map(seen).fold(0_u64, u64::saturating_add) as f64)
            }
            Aggregate::Distinct(path) => {
                let values: BTreeSet<Key> = facts().flat_map(|fact| keys(&field(fact, path))).collect();
                Some(values.len() as f64)
            }
            Aggregate::Sum(path) => Some(numbers(path).sum()),
            Aggregate::Max(path) => numbers(path).reduce(f64::max),
            Aggregate::Min(path) => numbers(path).reduce(f64::min),
        }
    }
}

/// Counted facts that share the values of the variables.
#[derive(Default)]
struct Group {
    slots: Vec<Value>,
    /// Those that meet everything.
    sure: Vec<Id>,
    /// These, and those of which it cannot be told.
    perhaps: Vec<Id>,
    missing: BTreeSet<Missing>,
}

/// Whether a pattern binds variables that have no value yet.
fn makes_groups(pattern: &FactPattern, slots: &[Value]) -> bool {
    let unbound = |slot: &usize| slots.get(*slot).is_none_or(Value::is_null);
    let mut tests: Vec<&Test> = pattern.fields.iter().map(|condition| &condition.test).collect();
    while let Some(test) = tests.pop() {
        match test {
            Test::Is(Operand::Variable(slot)) if unbound(slot) => return true,
            Test::Matches(_, groups) if groups.iter().any(|(_, slot)| unbound(slot)) => return true,
            Test::All(inner) => tests.extend(inner),
            _ => {}
        }
    }
    false
}

/// A field of an answer, or of its question.
pub(crate) fn answer_field(answer: &ProbeAnswer, path: &str) -> Value {
    let found = answer.value.at(path);
    if !found.is_null() {
        return found;
    }
    match path {
        "verdict" => Value::Text(answer.verdict.clone()),
        "from" => Value::Text(answer.question.from.clone()),
        "to" => Value::Text(answer.question.to.clone()),
        "proto" => Value::Text(answer.question.proto.clone()),
        "port" => Value::Int(answer.question.port.into()),
        "node" => Value::Text(answer.question.node.clone()),
        "assumed" => Value::List(answer.assumed.iter().map(|text| text.as_str().into()).collect()),
        _ => Value::Null,
    }
}

/// A number as a value: whole where it is whole.
pub(crate) fn whole(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() < 9.0e15 { Value::Int(number as i64) } else { Value::Float(number) }
}
