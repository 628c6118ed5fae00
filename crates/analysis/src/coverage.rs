//! Which kinds of facts a bundle holds, so that "not there" and "not collected" stay apart.

use bundlescope_engine::Coverage;
use bundlescope_facts::{Fact, Text};
use bundlescope_parsers::Format;

use crate::intake::Outcome;

/// Events come from logs; this is what has to be collected for any of them.
pub(crate) const LOGS: (&str, &str) = ("container-logs", "docker logs --timestamps CONTAINER");

/// What a document of that format tells only when it was asked to: `docker ps` names no networks of its own accord, so
/// it does not say that there are none.
const WHEN_ASKED: [(&str, &str); 1] = [("docker-ps", "endpoint")];

fn kinds(format: &Format) -> impl Iterator<Item = &'static str> {
    format.kinds.iter().copied().filter(|kind| !WHEN_ASKED.contains(&(format.name, *kind)))
}

/// What was collected where. A document counts when its parser could read something in it. One that was read in part only
/// does not say that something is not there.
pub(crate) fn of(outcomes: &[Outcome], nodes: &[Text], facts: &[Fact], events: &[Text]) -> Coverage {
    let mut coverage = Coverage::default();
    for format in bundlescope_parsers::all() {
        for kind in format.kinds {
            coverage.add_producer(*kind, format.name, format.collect);
        }
    }
    for kind in events {
        coverage.add_producer(kind.clone(), LOGS.0, LOGS.1);
    }
    for (outcome, node) in outcomes.iter().zip(nodes) {
        let format: Option<&Format> = bundlescope_parsers::all().find(|format| format.name == outcome.taken_for);
        if outcome.partial {
            for kind in format.iter().flat_map(|format| format.kinds) {
                coverage.add_partial(node.clone(), *kind, outcome.container.clone());
            }
            // Any document is searched for events.
            for kind in events {
                coverage.add_partial(node.clone(), kind.clone(), outcome.container.clone());
            }
        }
        if let Some(format) = format.filter(|_| outcome.stated > 0 || outcome.problems.is_empty()) {
            for kind in kinds(format) {
                coverage.add(node.clone(), kind, outcome.container.clone());
            }
        }
        for (name, container) in &outcome.sections {
            let format = bundlescope_parsers::all().find(|format| format.name == *name);
            for kind in format.into_iter().flat_map(kinds) {
                coverage.add(node.clone(), kind, container.clone());
            }
        }
        if outcome.taken_for == "log" {
            for kind in events {
                coverage.add(node.clone(), kind.clone(), outcome.container.clone());
                coverage.add(node.clone(), kind.clone(), None);
            }
        }
    }
    for fact in facts {
        let container = fact.get("container").as_text().map(Text::from);
        coverage.add(fact.node.clone(), Text::from(fact.kind()), container);
    }
    coverage
}
