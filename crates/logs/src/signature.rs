//! Signatures and the set that the scanner runs.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bundlescope_facts::{COMPOUND_GROUPS, FieldType, KindSpec, Text, Value, kind_spec};
use jiff::SignedDuration;
use regex::bytes::{Regex, RegexBuilder};
use regex_syntax::hir::{Hir, HirKind};

use crate::literal;
use crate::prefilter::Prefilter;
use crate::trace::{Counter, SignatureCost};

/// Beyond this a pattern would take megabytes, and a thousand steps a byte: `(a{100}){100}`, `[^x]{0,9000}`.
const MAX_WEIGHT: u64 = 5_000;

/// A signature as the scanner wants it; made from a rule file's `signature:`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Signature {
    /// Id of the rule file.
    pub id: Text,
    /// Kind of the event that it emits, such as `connection_failure`.
    pub event: Text,
    /// Fields with fixed values, for every pattern.
    pub fields: Vec<(Text, Value)>,
    /// Types of captured fields, where the event is not a declared one; the others are texts.
    pub types: Vec<(Text, FieldType)>,
    /// Patterns, any of which makes an event.
    pub patterns: Vec<Pattern>,
    /// Only logs of containers whose name matches this regular expression.
    pub container: Option<Text>,
    /// Only documents whose path matches this regular expression.
    pub document: Option<Text>,
}

/// One wording of a signature.
///
/// Named groups fill the event's fields and are typed by its declaration (`facts::EVENTS`): a port is a number from 1
/// to 65535, a `host` that is an address also fills `address`, an `error` in an operating system's words becomes the
/// declared word. Two groups stand for several fields: `url` (`redis://:x@cache:6380/0`) and `endpoint` (`cache:6379`,
/// `[::1]:80`) fill `host` and `port`; the port of a URL without one is its scheme's. An empty group is absent, and a
/// value that does not fit its type is absent too.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pattern {
    /// Regular expression over the record's text, matched on bytes: lines are separated by `\n`, escapes of JSON and
    /// logfmt are undone.
    pub regex: Text,
    /// What later records of the log must say, one after the other; fields that two of them state must agree. The event
    /// is made of the last one, with the fields of all.
    pub then: Vec<Text>,
    /// Time from the first record to the last one at most; records without a time do not meet it.
    pub within: Option<SignedDuration>,
    /// Lines from the first record to the last one at most.
    pub within_lines: Option<u32>,
    /// Fields with fixed values for this pattern; they go before those of the signature.
    pub fields: Vec<(Text, Value)>,
    /// For a group, the values that stand for captured texts. Compared without regard to ASCII case.
    pub map: Vec<(Text, Vec<(Text, Value)>)>,
}

/// Why a signature cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureError {
    /// Id of the signature.
    pub signature: Text,
    /// Index of the pattern, when it is a pattern's fault.
    pub pattern: Option<usize>,
    /// Lowercase fragment: what is wrong and what to do.
    pub message: String,
}

impl fmt::Display for SignatureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pattern {
            Some(index) => write!(f, "signature {}, pattern {}: {}", self.signature, index + 1, self.message),
            None => write!(f, "signature {}: {}", self.signature, self.message),
        }
    }
}

impl std::error::Error for SignatureError {}

/// Signatures compiled for one pass over logs. Shared by any number of scanners.
#[derive(Debug)]
pub struct SignatureSet {
    pub(crate) wordings: Vec<Wording>,
    pub(crate) sequences: Vec<Sequence>,
    /// Patterns without a literal, which every record is tried with.
    pub(crate) everywhere: Vec<usize>,
    slow: Vec<(Text, usize)>,
    pub(crate) limits: Vec<Limits>,
    pub(crate) prefilter: Prefilter,
    /// The signature whose failures are told.
    pub(crate) traced: Option<usize>,
    /// What each wording takes; empty unless it is measured.
    pub(crate) counters: Vec<Counter>,
}

/// Where a signature applies.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    pub(crate) id: Text,
    container: Option<Regex>,
    document: Option<Regex>,
}

impl Limits {
    /// True when the signature applies to this log.
    pub(crate) fn admit(&self, document: &str, container: Option<&str>) -> bool {
        self.document.as_ref().is_none_or(|regex| regex.is_match(document.as_bytes()))
            && self.container.as_ref().is_none_or(|regex| container.is_some_and(|name| regex.is_match(name.as_bytes())))
    }
}

/// Records that must follow each other.
#[derive(Debug)]
pub(crate) struct Sequence {
    /// Number of records.
    pub(crate) steps: usize,
    pub(crate) within: Option<SignedDuration>,
    pub(crate) within_lines: Option<u32>,
}

/// One pattern, compiled.
#[derive(Debug)]
pub(crate) struct Wording {
    /// Index of its signature.
    pub(crate) signature: usize,
    /// Kind of event.
    pub(crate) event: Text,
    /// Declaration of the kind, when it is a documented one.
    pub(crate) spec: Option<&'static KindSpec>,
    /// Fixed fields, the pattern's own before the signature's.
    pub(crate) fields: Vec<(Text, Value)>,
    pub(crate) map: Vec<(Text, Vec<(Text, Value)>)>,
    pub(crate) types: Vec<(Text, FieldType)>,
    /// The sequence whose step it is, and which, counted from 0.
    pub(crate) step: Option<(usize, usize)>,
    pub(crate) source: Text,
    /// Position among the patterns of its signature.
    pub(crate) number: usize,
    regex: OnceLock<Option<Regex>>,
}

impl Wording {
    /// The expression, compiled when it is first needed: most never are.
    pub(crate) fn regex(&self) -> Option<&Regex> {
        self.regex.get_or_init(|| build(&self.source).ok()).as_ref()
    }
}

impl SignatureSet {
    /// Compiles signatures, or reports every mistake in every one of them.
    pub fn compile(signatures: Vec<Signature>) -> Result<Self, Vec<SignatureError>> {
        let mut errors = Vec::new();
        let (mut wordings, mut limits, mut literals) = (Vec::new(), Vec::new(), Vec::new());
        let (mut sequences, mut everywhere, mut slow) = (Vec::new(), Vec::new(), Vec::new());
        for (index, signature) in signatures.into_iter().enumerate() {
            let mut fail = |pattern, message: String| {
                errors.push(SignatureError { signature: signature.id.clone(), pattern, message });
            };
            let mut restriction = |what: &str, source: &Option<Text>| {
                source.as_ref().and_then(|source| {
                    build(source).map_err(|error| fail(None, format!("the {what} pattern: {error}"))).ok()
                })
            };
            limits.push(Limits {
                id: signature.id.clone(),
                container: restriction("container", &signature.container),
                document: restriction("document", &signature.document),
            });
            if signature.patterns.is_empty() {
                fail(None, "has no patterns, so it can never match".to_owned());
            }
            let spec = kind_spec(&signature.event);
            for (number, pattern) in signature.patterns.iter().enumerate() {
                let sources: Vec<&Text> = std::iter::once(&pattern.regex).chain(&pattern.then).collect();
                let parsed: Result<Vec<Hir>, String> = sources.iter().map(|source| parse(source)).collect();
                let parsed = match parsed {
                    Ok(parsed) => parsed,
                    Err(message) => {
                        fail(Some(number), message);
                        continue;
                    }
                };
                let mut fields = pattern.fields.clone();
                let own: BTreeSet<Text> = fields.iter().map(|(name, _)| name.clone()).collect();
                fields.extend(signature.fields.iter().filter(|(name, _)| !own.contains(name)).cloned());
                let groups = parsed.iter().flat_map(group_names).collect();
                for problem in check_fields(spec, &fields, &pattern.map, &groups) {
                    fail(Some(number), problem);
                }
                let sequence = (sources.len() > 1).then_some(sequences.len());
                if sequence.is_some() {
                    let steps = sources.len();
                    sequences.push(Sequence { steps, within: pattern.within, within_lines: pattern.within_lines });
                }
                for (step, (source, hir)) in sources.iter().zip(&parsed).enumerate() {
                    match literal::required(hir) {
                        Some(required) => {
                            literals.extend(required.into_iter().map(|literal| (literal, wordings.len())));
                        }
                        None => {
                            everywhere.push(wordings.len());
                            slow.push((signature.id.clone(), number));
                        }
                    }
                    // Fixed fields are those of the event, which the last step makes.
                    let last = step + 1 == sources.len();
                    wordings.push(Wording {
                        signature: index,
                        event: signature.event.clone(),
                        spec,
                        fields: if last { fields.clone() } else { Vec::new() },
                        map: pattern.map.clone(),
                        types: signature.types.clone(),
                        step: sequence.map(|sequence| (sequence, step)),
                        source: (*source).clone(),
                        number,
                        regex: OnceLock::new(),
                    });
                }
            }
        }
        slow.dedup();
        let prefilter = match Prefilter::new(&literals) {
            Ok(prefilter) if errors.is_empty() => prefilter,
            Ok(_) => return Err(errors),
            Err(message) => {
                errors.push(SignatureError { signature: Text::from(""), pattern: None, message });
                return Err(errors);
            }
        };
        Ok(Self { wordings, sequences, everywhere, slow, limits, prefilter, traced: None, counters: Vec::new() })
    }

    /// The set with the failures of one signature told: each record that holds a longer text of its patterns and is none of its
    /// events becomes a fact of the kind [`NEAR_MATCH`](crate::NEAR_MATCH). `None` when there is no such signature.
    pub fn traced(mut self, id: &str) -> Option<Self> {
        let traced = self.limits.iter().position(|limits| &*limits.id == id)?;
        let mut literals = Vec::new();
        for (index, wording) in self.wordings.iter().enumerate() {
            // A record that lacks the text by which the pattern is searched may still hold another one of it.
            let of = |hir: Hir| match wording.signature == traced {
                true => literal::every(&hir),
                false => literal::required(&hir).unwrap_or_default(),
            };
            let found = parse(&wording.source).map(of).unwrap_or_default();
            literals.extend(found.into_iter().map(|literal| (literal, index)));
        }
        self.prefilter = Prefilter::new(&literals).ok()?;
        self.traced = Some(traced);
        Some(self)
    }

    /// The set with what each signature takes counted.
    #[must_use]
    pub fn measured(mut self) -> Self {
        self.counters = self.wordings.iter().map(|_| Counter::default()).collect();
        self
    }

    /// What each signature of a measured set took so far, the slowest first.
    pub fn costs(&self) -> Vec<SignatureCost> {
        let costs = self.limits.iter().enumerate().map(|(index, limits)| {
            let own = self.wordings.iter().zip(&self.counters).filter(|(wording, _)| wording.signature == index);
            let zero = SignatureCost { signature: limits.id.clone(), time: Duration::ZERO, records: 0, matches: 0 };
            own.fold(zero, |mut cost, (_, counter)| {
                cost.time += Duration::from_nanos(counter.nanoseconds.load(Ordering::Relaxed));
                cost.records += counter.records.load(Ordering::Relaxed);
                cost.matches += counter.matches.load(Ordering::Relaxed);
                cost
            })
        });
        let mut costs: Vec<SignatureCost> = costs.collect();
        costs.sort_by(|a, b| b.time.cmp(&a.time).then_with(|| a.signature.cmp(&b.signature)));
        costs
    }

    /// The patterns that need no literal, by signature and index: they are tried on every record of every log that their
    /// signature admits, which is slow.
    pub fn slow(&self) -> &[(Text, usize)] {
        &self.slow
    }

    /// Number of patterns in the set.
    pub fn len(&self) -> usize {
        self.wordings.len()
    }

    /// True when there are no patterns; the scanner then only counts lines and reads times.
    pub fn is_empty(&self) -> bool {
        self.wordings.is_empty()
    }
}

/// Byte-oriented: classes are ASCII, and text that is not UTF-8 is matched as it is.
fn build(source: &str) -> Result<Regex, String> {
    RegexBuilder::new(source).unicode(false).build().map_err(|error| error.to_string())
}

fn parse(source: &str) -> Result<Hir, String> {
    let hir = regex_syntax::ParserBuilder::new()
        .unicode(false)
        .utf8(false)
        .build()
        .parse(source)
        .map_err(|error| error.to_string())?;
    if weight(&hir, 0) > MAX_WEIGHT {
        return Err("its repetitions multiply to a huge expression: use `*` or smaller counts".to_owned());
    }
    Ok(hir)
}

/// About how many states the expression has.
fn weight(hir: &Hir, depth: u32) -> u64 {
    if depth > 256 {
        return MAX_WEIGHT + 1;
    }
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) | HirKind::Class(_) => 1,
        HirKind::Literal(literal) => literal.0.len() as u64,
        HirKind::Capture(capture) => weight(&capture.sub, depth + 1),
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or(repetition.min.saturating_add(1)).max(1);
            weight(&repetition.sub, depth + 1).saturating_mul(times.into())
        }
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().fold(0, |sum, part| sum.saturating_add(weight(part, depth + 1)))
        }
    }
}

fn group_names(hir: &Hir) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut open = vec![hir];
    while let Some(hir) = open.pop() {
        match hir.kind() {
            HirKind::Capture(capture) => {
                names.extend(capture.name.as_ref().map(|name| name.to_string()));
                open.push(&capture.sub);
            }
            HirKind::Repetition(repetition) => open.push(&repetition.sub),
            HirKind::Concat(parts) | HirKind::Alternation(parts) => open.extend(parts),
            _ => {}
        }
    }
    names
}

/// Names that the event does not have, and fixed values that do not fit.
fn check_fields(
    spec: Option<&KindSpec>,
    fields: &[(Text, Value)],
    map: &[(Text, Vec<(Text, Value)>)],
    groups: &BTreeSet<String>,
) -> Vec<String> {
    let mut problems = Vec::new();
    for (group, _) in map {
        if !groups.contains(&**group) {
            problems.push(format!("`map` names `{group}`, but the pattern has no group of that name"));
        }
    }
    let Some(spec) = spec else { return problems };
    let known = || spec.fields.iter().map(|field| field.name).collect::<Vec<_>>().join(", ");
    for name in groups {
        if !COMPOUND_GROUPS.contains(&name.as_str()) && spec.field(name).is_none() {
            problems.push(format!("`{}` has no field `{name}`; it has {}", spec.name, known()));
        }
    }
    let fixed = fields.iter().map(|(name, value)| (name, value));
    let mapped = map.iter().flat_map(|(name, values)| values.iter().map(move |(_, value)| (name, value)));
    for (name, value) in fixed.chain(mapped) {
        match spec.field(name) {
            None => problems.push(format!("`{}` has no field `{name}`; it has {}", spec.name, known())),
            Some(field) if !fits(field.ty, value) => {
                problems.push(format!("`{value}` is no value of the field `{name}` of `{}`", spec.name));
            }
            Some(_) => {}
        }
    }
    problems
}

fn fits(ty: FieldType, value: &Value) -> bool {
    match ty {
        FieldType::Integer => matches!(value, Value::Int(_)),
        FieldType::Float => matches!(value, Value::Int(_) | Value::Float(_)),
        FieldType::Bool => matches!(value, Value::Bool(_)),
        FieldType::Text => matches!(value, Value::Text(_)),
        FieldType::Address => value.as_text().is_some_and(|text| text.parse::<std::net::IpAddr>().is_ok()),
        FieldType::Word(words) => value.as_text().is_some_and(|text| words.contains(&text)),
        _ => true,
    }
}
