//! Makes findings of the rows that fire.

use std::collections::{BTreeMap, BTreeSet};

use bundlescope_facts::{Fact, Source, Text, Value, event_spec};
use bundlescope_rules::{Condition, Confidence, FixStep, Pattern, Rule, RuleRole, Severity, Template, UNKNOWN};
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

/// Rows of one finding for which commands are offered.
const MAX_TOGETHER: usize = 64;

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
    type Group<'r> = Vec<(BTreeMap<Text, Value>, &'r Row)>;
    let mut groups: BTreeMap<(Text, String), Group<'_>> = BTreeMap::new();
    for row in rows {
        let subjects: BTreeMap<Text, Value> = join
            .rule
            .subjects
            .iter()
            .map(|(name, operand)| (name.clone(), join.operand(operand, row)))
            .filter(|(_, value)| !value.is_null())
            .collect();
        let apart = subjects.iter().filter(|(name, _)| !join.rule.together.contains(name));
        let key: String = apart.map(|(name, value)| format!("{name}={value}\u{1f}")).collect();
        groups.entry((node(join, row), key)).or_default().push((subjects, row));
    }
    groups
        .into_iter()
        .take(MAX_FINDINGS)
        .filter_map(|((node, key), group)| {
            let rows: Vec<&Row> = group.iter().map(|(_, row)| *row).collect();
            // A group holds at least the row that made it.
            let told = telling(join, renderer, &rows)?;
            let together = Together::of(&join.rule.together, &group, told);
            Some(draft(join, renderer, node, &key, &together, told, &rows))
        })
        .collect()
}

/// What the rows of one finding are about.
struct Together<'r> {
    /// One value of each subject, or all of those that may differ.
    subjects: BTreeMap<Text, Value>,
    /// For texts: every value of what may differ.
    all: BTreeMap<Text, Vec<Value>>,
    /// A row for each set of values that may differ, first the one that is told.
    rows: Vec<&'r Row>,
    /// Sets of values beyond those.
    more: usize,
}

impl<'r> Together<'r> {
    fn of(names: &[Text], group: &[(BTreeMap<Text, Value>, &'r Row)], told: &'r Row) -> Self {
        let first = group.iter().find(|(_, row)| std::ptr::eq(*row, told)).or(group.first());
        let mut subjects = first.map(|(subjects, _)| subjects.clone()).unwrap_or_default();
        let (mut all, mut rows, mut more) = (BTreeMap::new(), vec![told], 0);
        if names.is_empty() {
            return Self { subjects, all, rows, more };
        }
        let of = |subjects: &BTreeMap<Text, Value>| -> String {
            names.iter().map(|name| format!("{}\u{1f}", subjects.get(name).unwrap_or(&Value::Null))).collect()
        };
        let mut seen = BTreeSet::from([of(&subjects)]);
        for (other, row) in group.iter().take(MAX_ROWS) {
            match seen.insert(of(other)) {
                true if rows.len() < MAX_TOGETHER => rows.push(row),
                true => more += 1,
                false => {}
            }
        }
        for name in names {
            let mut values: Vec<Value> = Vec::new();
            for value in group.iter().take(MAX_ROWS).filter_map(|(subjects, _)| subjects.get(name)) {
                if !values.contains(value) {
                    values.push(value.clone());
                }
            }
            values.sort_by(|a, b| match (a, b) {
                (Value::Int(a), Value::Int(b)) => a.cmp(b),
                _ => a.to_string().cmp(&b.to_string()),
            });
            if values.len() > 1 {
                subjects.insert(name.clone(), Value::List(values.clone()));
            }
            all.insert(name.clone(), values);
        }
        Self { subjects, all, rows, more }
    }
}

/// The row that the texts are made of: the first of those that leave least unknown. Several documents may state one
/// fact, and a list's row says less than an inspect.
fn telling<'r>(join: &Join<'_, '_>, renderer: &Renderer, rows: &[&'r Row]) -> Option<&'r Row> {
    let first = *rows.first()?;
    let unknown = |row: &&&Row| {
        let texts = [&join.rule.title, &join.rule.message].map(|text| renderer.text(text, join, row, &BTreeMap::new()));
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
    together: &Together<'_>,
    told: &Row,
    rows: &[&Row],
) -> Draft {
    let rule = join.rule;
    let mut gathered = Gathered::default();
    // The row that the texts speak of first: its evidence is shown, and what says the same is only named.
    let others = rows.iter().copied().filter(|row| !std::ptr::eq(*row, told));
    for row in std::iter::once(told).chain(others).take(MAX_ROWS) {
        for (position, matched) in row.matched.iter().enumerate() {
            if let Some(matched) = matched {
                let alias = rule.when.get(position).map(|condition| condition.alias.clone()).unwrap_or_default();
                let sought = rule.when.get(position).map(|condition| sought(join, condition, matched, &alias));
                let pattern = rule.when.get(position).map(|condition| &condition.pattern);
                gathered.optional = matches!(pattern, Some(Pattern::Optional(_)));
                gathered.add(join, matched, &alias, &sought.unwrap_or_default());
            }
        }
    }
    let text = |template: &Template| renderer.text(template, join, told, &together.all);
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
        title: text(&rule.title),
        message: text(&rule.message),
        about: rule.about.trim().to_owned(),
        customer: rule.customer.as_ref().map(text).unwrap_or_default(),
        references: rule.references.clone(),
        fix: rule.fix.iter().map(|step| fixes(join, renderer, step, together)).collect(),
        evidence: gathered.evidence(),
        probes: gathered.probes,
        explains: Vec::new(),
        node,
        subjects: together.subjects.clone(),
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

/// A step of the remedy, with a command for each of the values that one finding is about.
fn fixes(join: &Join<'_, '_>, renderer: &Renderer, step: &FixStep, together: &Together<'_>) -> Fix {
    let mut each = together.rows.iter().map(|row| fix(join, renderer, step, row, &together.all));
    let Some(mut first) = each.next() else {
        return Fix { say: String::new(), run: None, proved: false, reason: None };
    };
    for other in each {
        match (&mut first.run, other.run) {
            (Some(run), Some(more)) => {
                if !run.split('\n').any(|line| *line == more) {
                    run.push('\n');
                    run.push_str(&more);
                }
                first.proved &= other.proved;
            }
            // Commands for a part of what is told would leave the rest as it is.
            (Some(_), None) => return Fix { say: first.say, run: None, proved: false, reason: other.reason },
            (None, _) => {}
        }
    }
    if first.run.is_some() && together.more > 0 {
        first.say.push_str(&format!(" Commands for {} more are not shown.", together.more));
    }
    first
}

/// A step of the remedy; its command only when it is proved, or needs no proof.
fn fix(join: &Join<'_, '_>, renderer: &Renderer, step: &FixStep, row: &Row, all: &BTreeMap<Text, Vec<Value>>) -> Fix {
    let say = renderer.text(&step.say, join, row, all);
    let withheld = |reason: String| Fix { say: say.clone(), run: None, proved: false, reason: Some(reason) };
    let Some(template) = &step.run else { return Fix { say, run: None, proved: false, reason: None } };
    let Some(command) = renderer.command(template, join, row) else {
        return withheld("the bundle does not hold every value that the command needs".into());
    };
    let Some(proof) = &step.proves else { return Fix { say, run: Some(command), proved: false, reason: None } };
    let Some(question) = join.question(proof, row) else {
        return withheld("the bundle does not hold what the command would have to be checked with".into());
    };
    let after = match join.world.prober.after(&question.node, &command) {
        Ok(after) => after,
        Err(error) => return withheld(format!("the command could not be checked: {error}")),
    };
    let answer = after.probe(&question);
    if !join.answers(proof, &answer, row).is_empty() {
        return Fix { say, run: Some(command), proved: true, reason: None };
    }
    withheld(if &*answer.verdict != "unknown" {
        format!("with the command the connection would still be {}", answer.verdict)
    } else if let Some((_, collect)) = answer.missing.first() {
        format!("the command could not be checked, because the output of `{collect}` is not in the bundle")
    } else {
        match answer.assumed.iter().find_map(|text| text.strip_prefix("not known: ")) {
            Some(what) => format!("the command could not be checked, because the bundle does not tell {what}"),
            None => "the command could not be checked with what the bundle holds".to_owned(),
        }
    })
}

/// The pod or node that a fact of a cluster is about, told apart from containers by a slash.
fn kubernetes_object(fact: &Fact) -> Option<Text> {
    let text = |field: &str| fact.get(field).as_text().map(str::to_owned);
    let (kind, name) = match fact.kind() {
        "pod" => ("pod".to_owned(), text("name")?),
        "kube_node" => ("node".to_owned(), text("name")?),
        "kube_event" => (text("object_kind")?, text("object")?),
        _ => return None,
    };
    Some(format!("{kind}/{name}").into())
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
    related: Vec<Evidence>,
    /// With what each says.
    stated: Vec<(String, Evidence)>,
    logged: Vec<(String, Evidence)>,
    /// What is added now comes from an optional condition.
    optional: bool,
    /// What optional conditions found: it stands behind what the finding rests on.
    welcome: Vec<(String, Evidence)>,
}

impl Gathered {
    fn add(&mut self, join: &Join<'_, '_>, matched: &Matched, alias: &Text, sought: &[Text]) {
        match matched {
            Matched::Fact(id) => self.fact(join, *id, sought),
            Matched::Count(ids, _) => ids.iter().take(MAX_EVIDENCE).for_each(|id| self.fact(join, *id, sought)),
            // The checker bounds the depth of `all`.
            Matched::All(parts) => parts.iter().for_each(|part| self.add(join, part, alias, sought)),
            Matched::Probe(answer) => {
                let known = self.probes.iter().any(|probe| probe.answer.question == answer.question);
                if !known && self.probes.len() < MAX_PROBES {
                    self.probes.push(ProbePath { alias: alias.clone(), answer: (**answer).clone() });
                }
                if !known {
                    self.deciding.extend(deciding(answer));
                    self.related.extend(answer.related.iter().map(|(label, source)| quoted(label.clone(), source)));
                }
            }
        }
    }

    fn fact(&mut self, join: &Join<'_, '_>, id: Id, sought: &[Text]) {
        let Some(fact) = join.index.fact(id) else { return };
        if !self.facts.insert(id) {
            return;
        }
        let event = fact.occurrences.is_some() || event_spec(fact.kind()).is_some();
        let container = if fact.kind() == "container" { fact.get("name") } else { fact.get("container") };
        // The finding is not about those that an optional condition names.
        if let Value::Text(container) = container
            && !self.optional
        {
            self.containers.insert(container);
        }
        if let Some(object) = kubernetes_object(fact) {
            self.containers.insert(object);
        }
        let said = statement(fact, event);
        let piece = Evidence { sought: sought.to_vec(), ..stated(fact, event) };
        if event {
            self.events.insert(id, fact.kind().into());
            let time = fact.occurrences.and_then(|occurrences| occurrences.first);
            self.time = match (self.time, time) {
                (Some(known), Some(time)) => Some(known.min(time)),
                (known, time) => known.or(time),
            };
            let list = if self.optional { &mut self.welcome } else { &mut self.logged };
            list.push((said, piece));
        } else if self.optional {
            self.welcome.push((said, piece));
        } else {
            self.stated.push((said, piece));
        }
    }

    /// What decides, what the client says, what else plays a part; each statement once, with the other places that
    /// make it.
    fn evidence(&mut self) -> Vec<Evidence> {
        let place = |piece: &Evidence| (piece.document.clone(), piece.line);
        let mut shown: Vec<Evidence> = Vec::new();
        let mut places: BTreeMap<(Text, u32), usize> = BTreeMap::new();
        let mut statements: BTreeMap<String, usize> = BTreeMap::new();
        let unnamed = |piece: Evidence| (String::new(), piece);
        let related = std::mem::take(&mut self.related);
        let all = std::mem::take(&mut self.deciding).into_iter().map(unnamed);
        let all = all.chain(std::mem::take(&mut self.logged)).chain(related.into_iter().map(unnamed));
        let welcome = std::mem::take(&mut self.welcome);
        for (said, mut piece) in all.chain(std::mem::take(&mut self.stated)).chain(welcome) {
            if places.contains_key(&place(&piece)) {
                continue;
            }
            match statements.get(&said).copied().filter(|_| !said.is_empty()) {
                Some(at) => {
                    // Positions in `statements` are those of `shown`.
                    let first = &mut shown[at];
                    if handier(&piece) > handier(first) {
                        std::mem::swap(first, &mut piece);
                        first.also = std::mem::take(&mut piece.also);
                    }
                    places.insert(place(first), at);
                    places.insert(place(&piece), at);
                    first.also.push(format!("{}:{}", piece.document, piece.line).into());
                }
                None if shown.len() < MAX_EVIDENCE => {
                    places.insert(place(&piece), shown.len());
                    statements.insert(said, shown.len());
                    shown.push(piece);
                }
                None => {}
            }
        }
        shown
    }
}

/// The values that a condition asks for in a fact, and those that the rule's texts show of it.
fn sought(join: &Join<'_, '_>, condition: &Condition, matched: &Matched, alias: &str) -> Vec<Text> {
    let Pattern::Fact(pattern) = &condition.pattern else { return Vec::new() };
    let shown = [&join.rule.title, &join.rule.message].into_iter().flat_map(|text| &text.names);
    let shown = shown.filter_map(|name| name.strip_prefix(alias)?.strip_prefix('.'));
    let paths: BTreeSet<&str> = pattern.fields.iter().map(|field| &*field.path).chain(shown).collect();
    let values = paths.into_iter().map(|path| join.value_of(matched, path));
    let scalar = values.filter(|value| !matches!(value, Value::Null | Value::List(_) | Value::Map(_)));
    scalar.map(|value| Text::from(value.to_string())).filter(|value| value.len() < 200 && &**value != "false").collect()
}

/// What a fact says, so that two documents that say the same are told apart from two that do not.
fn statement(fact: &Fact, event: bool) -> String {
    let named = |names: &[&str]| names.iter().map(|name| format!("{}\u{1f}", fact.get(name))).collect::<String>();
    let said = match fact.kind() {
        // How often and when it was logged depends on how the log was collected.
        _ if event => named(&["container", "host", "address", "port", "error", "reason", "target"]),
        "container" => named(&["name", "status", "exit_code"]),
        "endpoint" => named(&["container", "network"]),
        "network" | "interface" => named(&["name", "container"]),
        "listener" => named(&["proto", "address", "port", "container"]),
        // Everything that it states.
        _ => fact.fields().into_iter().map(|(name, value)| format!("{name}={value}\u{1f}")).collect(),
    };
    format!("{}\u{1f}{}\u{1f}{said}", fact.node, fact.kind())
}

/// Which of two places that say the same is better to look at: plain rather than packed, and lines rather than one
/// line that holds a whole list.
fn handier(piece: &Evidence) -> (bool, bool) {
    let document = &*piece.document;
    let packed = [".gz", ".xz", ".zst", ".bz2"].iter().any(|end| document.ends_with(end));
    (!packed, piece.end_line > piece.line || !document.ends_with(".json"))
}

/// The lines that state a fact.
fn stated(fact: &Fact, event: bool) -> Evidence {
    let (line, end_line) = (fact.source.first_line, fact.source.last_line.max(fact.source.first_line));
    let excerpt = fact.excerpt.as_ref().map(|excerpt| {
        let before = line.saturating_sub(excerpt.first_line) as usize;
        let lines = (end_line - line) as usize + 1;
        excerpt.lines.iter().skip(before).take(lines).map(|line| &**line).collect::<Vec<_>>().join("\n")
    });
    Evidence {
        end_line,
        excerpt: excerpt.unwrap_or_default(),
        context: fact.excerpt.clone(),
        count: fact.occurrences.map_or(1, |occurrences| occurrences.count.max(1)),
        ..quoted(label(fact, event), &fact.source)
    }
}

/// What a fact shows, in plain words.
fn label(fact: &Fact, event: bool) -> Text {
    let of = |what: &str, name: &str| match fact.get(name).as_text() {
        Some(name) if !name.is_empty() => format!("{what} {name}"),
        _ => what.split(" of ").next().unwrap_or(what).to_owned(),
    };
    let label = match fact.kind() {
        _ if event => of("log of", "container"),
        "container" => of("state of", "name"),
        "endpoint" => of("network of", "container"),
        "network" => of("Docker network", "name"),
        "listener" => of("listens on the port: inside", "container"),
        "published_port" => of("published port of", "container"),
        "filesystem" => of("file system", "mount"),
        "interface" => of("interface", "name"),
        "route" => "route".to_owned(),
        "sysctl" => "kernel setting".to_owned(),
        "daemon_config" | "docker_daemon" => "Docker's settings".to_owned(),
        other => other.replace('_', " "),
    };
    match (fact.kind(), fact.get("container").as_text()) {
        ("listener", None | Some("")) => "listens on the port".into(),
        _ => label.into(),
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
    answer.evidence.iter().map(move |source| quoted(label.clone(), source))
}

/// A place whose lines are filled in later.
fn quoted(label: Text, source: &Source) -> Evidence {
    Evidence {
        document: source.document.clone(),
        line: source.first_line,
        end_line: source.last_line.max(source.first_line),
        excerpt: String::new(),
        context: None,
        label,
        count: 1,
        also: Vec::new(),
        sought: Vec::new(),
    }
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
