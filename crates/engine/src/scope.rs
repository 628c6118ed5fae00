//! For which hosts a rule is made: `applies_to`, and the domain of its pack.

use std::collections::{BTreeMap, BTreeSet};

use bundlescope_facts::{Text, Value};
use bundlescope_rules::{Domain, FactPattern, Rule};

use crate::index::field;
use crate::join::{Join, Row};

/// The hosts to which a rule applies, `None` for all; or why it applies to none.
///
/// A host of which nothing is known of a kind is not excluded by it: what was not collected says nothing.
pub(crate) fn scope(join: &Join<'_, '_>, domains: &mut Domains) -> Result<Option<BTreeSet<Text>>, String> {
    if let Some(domain) = join.rule.domain.as_deref()
        && !*domains.0.entry(domain.name.clone()).or_insert_with(|| has_trace(join, domain))
    {
        return Err(format!("nothing in the bundle is of {}", domain.name));
    }
    if join.rule.applies_to.is_empty() {
        return Ok(None);
    }
    let mut because = None;
    let mut inside = BTreeSet::new();
    let nodes = join.index.nodes();
    for node in &nodes {
        match join.rule.applies_to.iter().find_map(|pattern| excluded(join, pattern, node)) {
            Some(reason) => because = because.or(Some(reason)),
            None => drop(inside.insert(node.clone())),
        }
    }
    match because {
        Some(because) if inside.is_empty() => Err(because),
        _ => Ok(Some(inside)),
    }
}

/// Which domains the bundle has anything of, found out once each.
#[derive(Debug, Default)]
pub(crate) struct Domains(BTreeMap<Text, bool>);

/// Whether anything in the bundle is of that domain: a fact, or a document by its name. What was not read may be of any.
fn has_trace(join: &Join<'_, '_>, domain: &Domain) -> bool {
    let row = join.start();
    let stated = |pattern: &FactPattern| {
        let ids = join.index.of_kind(&pattern.kind);
        ids.iter().filter_map(|id| join.index.fact(*id)).any(|fact| !join.meets(pattern, fact, &row).is_empty())
    };
    !join.world.coverage.is_complete()
        || domain.traces.iter().any(stated)
        || join.world.coverage.documents().any(|path| domain.is_in(path))
}

/// Why a pattern excludes a host: the first fact of the kind, and the field that differs.
fn excluded(join: &Join<'_, '_>, pattern: &FactPattern, node: &Text) -> Option<String> {
    let mut row = join.start();
    if let Some(place) = row.slots.get_mut(Rule::NODE) {
        *place = Value::Text(node.clone());
    }
    let mut first = None;
    for id in join.index.of_kind(&pattern.kind).iter() {
        let Some(fact) = join.index.fact(*id).filter(|fact| fact.node == *node) else { continue };
        if !join.meets(pattern, fact, &row).is_empty() {
            return None;
        }
        first = first.or(Some(fact));
    }
    let fact = first?;
    let differs = |row: &Row| {
        let test = pattern.fields.iter().find(|test| !join.meets_field(test, &field(fact, &test.path), row))?;
        let value = field(fact, &test.path);
        let stated = if value.is_null() { "not stated".to_owned() } else { value.to_string() };
        Some(format!("{}.{} is {stated}, and the rule is for {}", pattern.kind, test.path, test.written))
    };
    let reason = differs(&row).unwrap_or_else(|| format!("no {} fits", pattern.kind));
    Some(format!("{reason} ({}:{})", fact.source.document, fact.source.first_line))
}
