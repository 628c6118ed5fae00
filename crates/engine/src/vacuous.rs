//! Whether a world holds anything that a rule asks for.

use bundlescope_rules::{Condition, FactPattern, Pattern, Rule};

use crate::index::{Index, field};
use crate::join::{Join, ProbeCache, Row};
use crate::world::World;

/// Whether no fact meets any demand of any condition of `when`: the rule says nothing about such a world, whatever its
/// conditions demand. A fact that meets one demand and fails another is a look-alike.
pub fn meets_nothing(rule: &Rule, world: &World<'_>) -> bool {
    let index = Index::new(world.facts);
    let probes = ProbeCache::default();
    let join = Join::new(rule, world, &index, &probes);
    let start = join.start();
    let mut conditions: Vec<&Condition> = rule.when.iter().collect();
    while let Some(condition) = conditions.pop() {
        match &condition.pattern {
            Pattern::Fact(fact) if looks_alike(&join, fact, &start) => return false,
            Pattern::Count(count) if looks_alike(&join, &count.fact, &start) => return false,
            Pattern::Count(count) => conditions.extend(&count.with),
            Pattern::Any(inner) | Pattern::All(inner) | Pattern::Every(inner) | Pattern::None(inner) => {
                conditions.extend(inner);
            }
            Pattern::Optional(inner) => conditions.push(inner),
            // A probe asks about what other conditions have found.
            Pattern::Fact(_) | Pattern::Probe(_) => {}
        }
    }
    true
}

/// Whether a bundle of somebody's system says nothing of a rule: no fact meets any demand of it, and what its first
/// condition asks for was not even collected. A healthy system on which that was looked for and not found is a look-alike.
pub fn says_nothing(rule: &Rule, world: &World<'_>) -> bool {
    let mut first = rule.when.first();
    while let Some(condition) = first {
        first = match &condition.pattern {
            Pattern::Fact(fact) if world.coverage.anywhere(&fact.kind) => return false,
            Pattern::Count(count) if world.coverage.anywhere(&count.fact.kind) => return false,
            Pattern::Any(inner) | Pattern::All(inner) | Pattern::Every(inner) | Pattern::None(inner) => inner.first(),
            Pattern::Optional(inner) => Some(inner),
            Pattern::Fact(_) | Pattern::Count(_) | Pattern::Probe(_) => None,
        };
    }
    meets_nothing(rule, world)
}

/// Whether some fact of the kind meets a demand on it, or the kind is all that is asked for.
fn looks_alike(join: &Join<'_, '_>, pattern: &FactPattern, start: &Row) -> bool {
    join.index.of_kind(&pattern.kind).iter().filter_map(|id| join.index.fact(*id)).any(|fact| {
        pattern.fields.is_empty()
            || pattern.fields.iter().any(|demand| join.meets_field(demand, &field(fact, &demand.path), start))
    })
}
