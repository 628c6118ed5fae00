//! Makes findings of the rows that fire.

use std::collections::{BTreeMap, BTreeSet};

use bundlescope_facts::{Fact, Text, Value, event_spec};
use bundlescope_rules::{Confidence, FixStep, Rule, RuleRole, Severity, UNKNOWN};
use jiff::Timestamp;

use crate::index::Id;
use crate::join::{Join, Matched, Row, answer_field};
use crate::render::Renderer;
use crate::{Evidence, Finding, Fix, ProbeAnswer, ProbePath, Role};

/// Pieces of evidence that one finding shows.
const MAX_EVIDENCE: usize = 30;

/// Rows whose evidence one finding gathers.
const MAX_ROWS: usize = 200;

/// Findings of one rule on one bundle; more say nothing more.
pub(crate) const MAX_FINDINGS: usize = 1_000;

/// Rows of one finding that are tried for its texts.
const MAX_TOLD: usize = 16;

/// Probes that one finding shows.
const MAX_PROBES: usize = 4;

/// A finding and what decides its place among the others.
pub(crate) struct Draft {
    pub(crate) finding: Finding,
    /// What its rule explains: rules and kinds of events.
    pub(crate) explains: Vec<Text>,
    /// Rules that give way to it.
    pub(crate) supersedes: Vec<Text>,
    /// Every fact that took part.
    pub(crate) facts: BTreeSet<Id>,
    /// The events among them, with their kinds.
    pub(crate) events: BTreeMap<Id, Text>,
    /// Containers that took part, by name.
    pub(crate) containers: BTreeSet<Text>,
    /// Time of the earliest event.
    pub(crate) time: Option<Timestamp>,
    pub(crate) severity: Severity,
    pub(crate) confidence: Confidence,
}

/// One finding for each set of subjects; rows about the same subjects add their evidence.
pub(crate) fn findings(join: &Join<'_, '_>, renderer: &Renderer, rows: &[Row]) -> Vec<Draft> {
    // By host and subjects, the latter as text and as values.
    type Group<'r> = (BTreeMap<Text, Value>, Vec<&'r Row>);
    let mut groups: BTreeMap<(Text, String), Group<'_>> = BTreeMap::new();
    for row in rows {
        let subjects: BTreeMap<Text, Value> = join
            .rule
            .subjects
            .iter()
            .map(|(name, operand)| (name.clone(), join.operand(operand, row)))
            .filter(|(_, value)| !value.is_null())
            .collect();
        let key: String = subjects.iter().map(|(name, value)| format!("{name}={value}\u{1f}")).collect();
        groups.entry((node(join, row), key)).or_insert_with(|| (subjects, Vec::new())).1.push(row);
    }
    groups
        .into_iter()
        .take(MAX_FINDINGS)
        .filter_map(|((node, key), (subjects, rows))| {
            // A group holds at least the row that made it.
            let told = telling(join, renderer, &rows)?;
            Some(draft(join, renderer, node, &key, subjects, told, &rows))
        })
        .collect()
}

/// The row that the texts are made of: the first of those that leave least unknown. Several documents may state one
/// fact, and a list's row says less than an inspect.
fn telling<'r>(join: &Join<'_, '_>, renderer: &Renderer, rows: &[&'r Row]) -> Option<&'r Row> {
    let first = *rows.first()?;
    let unknown = |row: &&&Row| {
        let texts = [&join.rule.title, &join.rule.message].map(|text| renderer.text(text, join, row));
        texts.iter().map(|text| text.matches(UNKNOWN).count()).sum::<usize>()
    };
    if rows.len() == 1 || unknown(&&first) == 0 {
        return Some(first);
    }
    rows.iter().take(MAX_TOLD).min_by_key(unknown).copied()
}

fn draft(
    join: &Join<'_, '_>,
    renderer: &Renderer,
    node: Text,
    key: &str,
    subjects: BTreeMap<Text, Value>,
    told: &Row,
    rows: &[&Row],
) -> Draft {
    let rule = join.rule;
    let mut gathered = Gathered::default();
    for row in rows.iter().take(MAX_ROWS) {
        for (position, matched) in row.matched.iter().enumerate() {
            if let Some(matched) = matched {
                let alias = rule.when.get(position).map(|condition| condition.alias.clone()).unwrap_or_default();
                gathered.add(join, matched, &alias);
            }
        }
    }
    let finding = Finding {
        id: format!("{}-{:08x}", rule.id, hash(&[&rule.id, &node, key])).into(),
        rule: rule.id.clone(),
        cause: rule.cause.clone(),
        role: match rule.role {
            RuleRole::Cause => Role::Cause,
            RuleRole::Symptom => Role::Symptom,
            RuleRole::Note => Role::Note,
        },
        severity: rule.severity.word().into(),
        confidence: rule.confidence.word().into(),
        title: renderer.text(&rule.title, join, told),
        message: renderer.text(&rule.message, join, told),
        about: rule.about.trim().to_owned(),
        customer: rule.customer.as_ref().map(|text| renderer.text(text, join, told)).unwrap_or_default(),
        references: rule.references.clone(),
        fix: rule.fix.iter().map(|step| fix(join, renderer, step, told)).collect(),
        evidence: gathered.evidence(),
        probes: gathered.probes,
        explains: Vec::new(),
        node,
        subjects,
    };
    Draft {
        finding,
        explains: rule.explains.clone(),
        supersedes: rule.supersedes.clone(),
        facts: gathered.facts,
        events: gathered.events,
        containers: gathered.containers,
        time: gathered.time,
        severity: rule.severity,
        confidence: rule.confidence,
    }
}

/// The host that a row is about: the one that all its facts share, or that of the first.
fn node(join: &Join<'_, '_>, row: &Row) -> Text {
    if let Some(Value::Text(node)) = row.slots.get(Rule::NODE) {
        return node.clone();
    }
    let first = row.matched.iter().flatten().find_map(|matched| match join.value_of(matched, "node") {
        Value::Text(node) => Some(node),
        _ => None,
    });
    first.unwrap_or_default()
}

/// A step of the remedy; its command only when it is proved, or needs no proof.
fn fix(join: &Join<'_, '_>, renderer: &Renderer, step: &FixStep, row: &Row) -> Fix {
    let say = renderer.text(&step.say, join, row);
    let run = step.run.as_ref().and_then(|run| renderer.command(run, join, row));
    let Some(proof) = &step.proves else { return Fix { say, run, proved: false } };
    let proved = run.as_ref().is_some_and(|command| {
        let Some(question) = join.question(proof, row) else { return false };
        let Ok(after) = join.world.prober.after(&question.node, command) else { return false };
        let answer = after.probe(&question);
        !join.answers(proof, &answer, row).is_empty()
    });
    Fix { say, run: run.filter(|_| proved), proved }
}

/// What the rows of one finding matched.
#[derive(Default)]
struct Gathered {
    facts: BTreeSet<Id>,
    events: BTreeMap<Id, Text>,
    containers: BTreeSet<Text>,
    time: Option<Timestamp>,
    probes: Vec<ProbePath>,
    deciding: Vec<Evidence>,
    stated: Vec<Evidence>,
    logged: Vec<Evidence>,
}

impl Gathered {
    fn add(&mut self, join: &Join<'_, '_>, matched: &Matched, alias: &Text) {
        match matched {
            Matched::Fact(id) => self.fact(join, *id),
            Matched::Count(ids, _) => ids.iter().take(MAX_EVIDENCE).for_each(|id| self.fact(join, *id)),
            // The checker bounds the depth of `all`.
            Matched::All(parts) => parts.iter().for_each(|part| self.add(join, part, alias)),
            Matched::Probe(answer) => {
                let known = self.probes.iter().any(|probe| probe.answer.question == answer.question);
                if !known && self.probes.len() < MAX_PROBES {
                    self.probes.push(ProbePath { alias: alias.clone(), answer: (**answer).clone() });
                }
                if !known {
                    self.deciding.extend(deciding(answer));
                }
            }
        }
    }

    fn fact(&mut self, join: &Join<'_, '_>, id: Id) {
        let Some(fact) = join.index.fact(id) else { return };
        if !self.facts.insert(id) {
            return;
        }
        let event = fact.occurrences.is_some() || event_spec(fact.kind()).is_some();
        let container = if fact.kind() == "container" { fact.get("name") } else { fact.get("container") };
        if let Value::Text(container) = container {
            self.containers.insert(container);
        }
        if event {
            self.events.insert(id, fact.kind().into());
            let time = fact.occurrences.and_then(|occurrences| occurrences.first);
            self.time = match (self.time, time) {
                (Some(known), Some(time)) => Some(known.min(time)),
                (known, time) => known.or(time),
            };
            self.logged.push(stated(fact));
        } else {
            self.stated.push(stated(fact));
        }
    }

    /// The most telling first, each place once.
    fn evidence(&mut self) -> Vec<Evidence> {
        let mut places = BTreeSet::new();
        let all = std::mem::take(&mut self.deciding).into_iter();
        let all = all.chain(std::mem::take(&mut self.stated)).chain(std::mem::take(&mut self.logged));
        all.filter(|evidence| places.insert((evidence.document.clone(), evidence.line, evidence.end_line)))
            .take(MAX_EVIDENCE)
            .collect()
    }
}

/// The lines that state a fact.
fn stated(fact: &Fact) -> Evidence {
    let (line, end_line) = (fact.source.first_line, fact.source.last_line.max(fact.source.first_line));
    let excerpt = fact.excerpt.as_ref().map(|excerpt| {
        let before = line.saturating_sub(excerpt.first_line) as usize;
        let lines = (end_line - line) as usize + 1;
        excerpt.lines.iter().skip(before).take(lines).map(|line| &**line).collect::<Vec<_>>().join("\n")
    });
    Evidence {
        document: fact.source.document.clone(),
        line,
        end_line,
        excerpt: excerpt.unwrap_or_default(),
        context: fact.excerpt.clone(),
        label: fact.kind().replace('_', " ").into(),
        count: fact.occurrences.map_or(1, |occurrences| occurrences.count.max(1)),
    }
}

/// The lines that decide a packet's fate.
fn deciding(answer: &ProbeAnswer) -> impl Iterator<Item = Evidence> {
    let label: Text = match answer_field(answer, "decided_by.kind").as_text() {
        Some("rule") => "firewall rule that decides",
        Some("policy") => "firewall policy that decides",
        Some("route") => "route that decides",
        Some("listener") => "listener that decides",
        Some("sysctl") => "kernel setting that decides",
        Some("neighbour") => "neighbour that decides",
        _ => "decides the packet's way",
    }
    .into();
    answer.evidence.iter().map(move |source| Evidence {
        document: source.document.clone(),
        line: source.first_line,
        end_line: source.last_line.max(source.first_line),
        excerpt: String::new(),
        context: None,
        label: label.clone(),
        count: 1,
    })
}

/// FNV-1a over the parts, folded to 32 bits: the same on every machine and in every version.
fn hash(parts: &[&str]) -> u32 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for part in parts {
        for byte in part.bytes().chain([0]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    // Both halves fit in 32 bits.
    ((hash >> 32) ^ (hash & 0xffff_ffff)) as u32
}
