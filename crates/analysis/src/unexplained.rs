//! Joins the errors that no signature knows, log by log in the order of the bundle, into those of the bundle.

use std::collections::BTreeMap;

use bundlescope_engine::Unexplained;
use bundlescope_facts::Text;

use crate::intake::{LogErrors, Outcome};
use crate::names::Names;

/// Wordings of one bundle that are kept, the most frequent first.
const MAX_KEPT: usize = 100;
/// Containers that one of them names.
const MAX_CONTAINERS: usize = 20;

/// The errors of all logs, the most frequent first; takes them out of the outcomes.
pub(crate) fn merge(outcomes: &mut [Outcome], nodes: &[Text], names: &Names) -> Vec<Unexplained> {
    let mut merged: BTreeMap<(Text, String), Unexplained> = BTreeMap::new();
    for (outcome, node) in outcomes.iter_mut().zip(nodes) {
        for LogErrors { container, clusters } in std::mem::take(&mut outcome.errors) {
            for cluster in clusters {
                let name = container.clone().or(cluster.container);
                let name = name.map(|name| names.name(&name).cloned().unwrap_or(name));
                let one = merged.entry((node.clone(), cluster.template.clone())).or_insert_with(|| Unexplained {
                    template: cluster.template,
                    example: cluster.example,
                    host: node.clone(),
                    document: outcome.path.clone(),
                    line: cluster.line,
                    ..Unexplained::default()
                });
                // A log that was collected twice says everything twice.
                let copy = cluster.first.is_some()
                    && (one.count, one.first, one.last) == (cluster.count, cluster.first, cluster.last);
                if !copy {
                    one.count += cluster.count;
                }
                one.first = match (one.first, cluster.first) {
                    (Some(a), Some(b)) => Some(a.min(b)),
                    (a, b) => a.or(b),
                };
                one.last = one.last.max(cluster.last);
                if let Some(name) = name.filter(|name| !one.containers.contains(name))
                    && one.containers.len() < MAX_CONTAINERS
                {
                    one.containers.push(name);
                }
            }
        }
    }
    let mut all: Vec<Unexplained> = merged.into_values().collect();
    all.iter_mut().for_each(|one| one.containers.sort());
    // Stable: equal counts stay in the order of hosts and wordings.
    all.sort_by_key(|one| std::cmp::Reverse(one.count));
    all.truncate(MAX_KEPT);
    all
}
