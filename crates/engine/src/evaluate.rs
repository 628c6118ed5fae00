//! All rules of a pack against one world.

use std::collections::{BTreeMap, BTreeSet};

use bundlescope_facts::{Fact, Problem, Source, Text, Value, event_spec};
use bundlescope_rules::{Confidence, Emit, Pack, Rule};

use crate::answer::{Answer, Stuck, answer};
use crate::arrange::arrange;
use crate::finding::{Draft, MAX_FINDINGS, findings};
use crate::index::{Id, Index};
use crate::join::{Join, Matched, ProbeCache, Row};
use crate::render::{Renderer, bindings};
use crate::scope::{Domains, scope};
use crate::suppress::suppress;
use crate::world::World;
use crate::{Finding, Missing, NotApplicable, Role, Suppressed, Undecided};

/// Facts that one rule may emit.
const MAX_EMITTED: usize = 10_000;

/// What the rules say about a world.
#[derive(Debug, Clone, Default)]
pub struct Evaluation {
    /// Likeliest root cause first; symptoms follow the cause that explains them.
    pub findings: Vec<Finding>,
    /// Rules that could not be decided. Those with something that makes the question worth asking come first; the
    /// others have an empty `because` and could not be run at all. Left out are those that ask only about failures of
    /// which a sure cause was found.
    pub undecided: Vec<Undecided>,
    /// Ids of the rules that the evidence contradicts, in order.
    pub clear: Vec<Text>,
    /// Findings that the site has accepted.
    pub suppressed: Vec<Suppressed>,
    /// Rules that are for other products or versions, by id.
    pub not_applicable: Vec<NotApplicable>,
    /// Rules that were cut short, and suppressions that no longer hold. The document is the rule or site file.
    pub problems: Vec<Problem>,
    /// Facts that rules emitted.
    pub derived: Vec<Fact>,
    /// How many facts and probes were looked at, which is what evaluation costs.
    pub checks: u64,
}

/// Evaluates every rule. Never fails and always ends: what one rule may look at is bounded, and a rule that hits the
/// bound is reported among the problems.
pub fn evaluate(pack: &Pack, world: &World<'_>) -> Evaluation {
    let mut index = Index::new(world.facts);
    let probes = ProbeCache::default();
    let renderer = Renderer::new();
    let mut evaluation = Evaluation::default();
    let mut drafts = Vec::new();
    let mut asking = Vec::new();
    let mut domains = Domains::default();
    for rule in pack.rules() {
        let join = Join::new(rule, world, &index, &probes);
        let scope = scope(&join, &mut domains);
        if let Err(because) = scope {
            if rule.emit.is_none() {
                evaluation.not_applicable.push(NotApplicable { rule: rule.id.clone(), because });
            }
            continue;
        }
        let mut answer = answer(&join, &renderer, false);
        if let Ok(Some(nodes)) = &scope {
            let inside = |row: &Row| match row.slots.get(Rule::NODE) {
                Some(Value::Text(node)) => nodes.contains(node),
                _ => true,
            };
            answer.rows.retain(inside);
            answer.stuck.retain(|stuck| inside(&stuck.row));
        }
        evaluation.checks = evaluation.checks.saturating_add(join.checks.get());
        evaluation.problems.extend(problems(rule, &answer));
        if let Some(emit) = &rule.emit {
            let emitted = emitted(&join, emit, &answer.rows);
            for fact in emitted {
                index.add(fact);
            }
            continue;
        }
        let found = findings(&join, &renderer, &answer.rows);
        if found.len() >= MAX_FINDINGS {
            let message = format!("more than {MAX_FINDINGS} findings, of which the others are left out");
            evaluation.problems.push(Problem { document: rule.path.clone(), line: 0, message });
        }
        match undecided(&join, &answer.stuck) {
            Some(undecided) => asking.push((undecided, events(&join, &answer.stuck))),
            None if found.is_empty() => evaluation.clear.push(rule.id.clone()),
            None => {}
        }
        drafts.extend(found);
    }
    evaluation.undecided = open_questions(asking, &drafts);
    evaluation.findings = arrange(drafts);
    suppress(pack.site(), world.now, &mut evaluation);
    evaluation.undecided.sort_by(|a, b| (a.because.is_empty(), &a.rule).cmp(&(b.because.is_empty(), &b.rule)));
    evaluation.clear.sort();
    evaluation.not_applicable.sort_by(|a, b| a.rule.cmp(&b.rule));
    evaluation.problems.sort();
    evaluation.derived = index.derived();
    evaluation
}

fn problems(rule: &Rule, answer: &Answer) -> Vec<Problem> {
    let problem = |message: &String| Problem { document: rule.path.clone(), line: 0, message: message.clone() };
    answer.problems.iter().map(problem).collect()
}

/// The facts that a rule yields, once each. Their source is that of the first fact that was matched.
pub(crate) fn emitted(join: &Join<'_, '_>, emit: &Emit, rows: &[Row]) -> Vec<Fact> {
    let mut facts: BTreeMap<String, Fact> = BTreeMap::new();
    for row in rows {
        let fields: BTreeMap<Text, _> = emit
            .fields
            .iter()
            .map(|(name, operand)| (name.clone(), join.operand(operand, row)))
            .filter(|(_, value)| !value.is_null())
            .collect();
        let origin = row.matched.iter().flatten().find_map(|matched| first_fact(join, matched));
        let source = origin.map_or_else(Source::default, |fact| fact.source.clone());
        let mut fact = Fact::dynamic(source, emit.kind.clone(), fields);
        if let Some(origin) = origin {
            fact.node = origin.node.clone();
            fact.excerpt.clone_from(&origin.excerpt);
        }
        let key = format!("{}{:?}", fact.node, fact.data);
        if facts.len() < MAX_EMITTED || facts.contains_key(&key) {
            facts.entry(key).or_insert(fact);
        }
    }
    facts.into_values().collect()
}

/// The first fact among what a condition matched.
pub(crate) fn first_fact<'j>(join: &'j Join<'_, '_>, matched: &Matched) -> Option<&'j Fact> {
    match matched {
        Matched::Fact(id) => join.index.fact(*id),
        Matched::Count(ids, _) => ids.first().and_then(|id| join.index.fact(*id)),
        Matched::All(parts) => parts.iter().find_map(|part| first_fact(join, part)),
        Matched::Probe(_) => None,
    }
}

/// The undecided rules without those that ask about nothing but events for which a sure cause was found: what they
/// would collect explains nothing more.
fn open_questions(asking: Vec<(Undecided, BTreeSet<Id>)>, drafts: &[Draft]) -> Vec<Undecided> {
    let sure = |draft: &&Draft| {
        draft.finding.role == Role::Cause && draft.confidence == Confidence::High && !draft.explains.is_empty()
    };
    let explained: BTreeSet<Id> = drafts.iter().filter(sure).flat_map(|draft| draft.events.keys().copied()).collect();
    let open = |events: &BTreeSet<Id>| events.is_empty() || !events.is_subset(&explained);
    asking.into_iter().filter(|(_, events)| open(events)).map(|(undecided, _)| undecided).collect()
}

/// The events that stuck rows have matched.
fn events(join: &Join<'_, '_>, stuck: &[Stuck]) -> BTreeSet<Id> {
    let matched = stuck.iter().flat_map(|stuck| stuck.row.matched.iter().flatten());
    let event = |matched: &Matched| match matched {
        Matched::Fact(id) => join.index.fact(*id).filter(|fact| event_spec(fact.kind()).is_some()).map(|_| *id),
        _ => None,
    };
    matched.filter_map(event).collect()
}

/// One entry for a rule whose rows are stuck; those that something was seen for count, and where there are none, the
/// rule could not be run.
fn undecided(join: &Join<'_, '_>, stuck: &[Stuck]) -> Option<Undecided> {
    let seen: Vec<&Stuck> = stuck.iter().filter(|stuck| stuck.row.matched.iter().any(Option::is_some)).collect();
    let counted: Vec<&Stuck> = if seen.is_empty() { stuck.iter().collect() } else { seen.clone() };
    let missing: BTreeSet<Missing> = counted.iter().flat_map(|stuck| stuck.missing.iter().cloned()).collect();
    if counted.is_empty() {
        return None;
    }
    let reasons: BTreeSet<String> = seen.iter().filter_map(|stuck| reason(join, &stuck.row)).collect();
    let mut because: Vec<String> = reasons.iter().take(3).cloned().collect();
    if reasons.len() > because.len() {
        because.push(format!("and {} more", reasons.len() - because.len()));
    }
    Some(Undecided {
        rule: join.rule.id.clone(),
        cause: join.rule.cause.clone(),
        because: because.join("; "),
        missing: missing.into_iter().collect(),
    })
}

/// What was seen, where, and about whom.
fn reason(join: &Join<'_, '_>, row: &Row) -> Option<String> {
    let fact = row.matched.iter().flatten().find_map(|matched| first_fact(join, matched))?;
    let bindings = bindings(join.rule, row);
    let about = if bindings.is_empty() { String::new() } else { format!(" ({bindings})") };
    let kind = fact.kind().replace('_', " ");
    Some(format!("{kind} in {}:{}{about}", fact.source.document, fact.source.first_line))
}
