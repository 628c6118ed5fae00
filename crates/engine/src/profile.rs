//! What each rule costs.

use std::time::{Duration, Instant};

use bundlescope_facts::Text;
use bundlescope_rules::Pack;

use crate::answer::answer;
use crate::evaluate::emitted;
use crate::finding::findings;
use crate::index::Index;
use crate::join::{Join, ProbeCache};
use crate::render::Renderer;
use crate::world::World;

/// What one rule took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleCost {
    /// Rule id.
    pub rule: Text,
    /// Time for its conditions, probes, texts and proofs. A probe or an index that an earlier rule needed too is paid
    /// by that one.
    pub time: Duration,
    /// Facts that were looked at and probes that were asked.
    pub checks: u64,
    /// Combinations that fired.
    pub matches: usize,
    /// Findings, or facts for a rule that emits some.
    pub findings: usize,
}

/// Evaluates every rule once more and measures it; the slowest first. What it finds is what `evaluate` finds.
pub fn profile(pack: &Pack, world: &World<'_>) -> Vec<RuleCost> {
    let mut index = Index::new(world.facts);
    let probes = ProbeCache::default();
    let renderer = Renderer::new();
    let mut costs = Vec::new();
    for rule in pack.rules() {
        let join = Join::new(rule, world, &index, &probes);
        let start = Instant::now();
        let answer = answer(&join, &renderer, false);
        let (found, facts) = match &rule.emit {
            Some(emit) => {
                let facts = emitted(&join, emit, &answer.rows);
                (facts.len(), facts)
            }
            None => (findings(&join, &renderer, &answer.rows).len(), Vec::new()),
        };
        let time = start.elapsed();
        let cost = RuleCost {
            rule: rule.id.clone(),
            time,
            checks: join.checks.get(),
            matches: answer.rows.len(),
            findings: found,
        };
        costs.push(cost);
        for fact in facts {
            index.add(fact);
        }
    }
    costs.sort_by(|a, b| b.time.cmp(&a.time).then_with(|| a.rule.cmp(&b.rule)));
    costs
}
