//! Rows of kubectl that a person copied into a text without the titles above them: a signature finds them, and rules about events
//! take them like those of a whole table.

use bundlescope_facts::{Fact, KubeEvent, Text};

/// Makes events of the rows that a signature reads.
pub(crate) fn make_events(facts: &mut [Fact]) {
    for fact in facts.iter_mut().filter(|fact| fact.kind() == "kubectl_row") {
        let text = |field: &str| fact.get(field).as_text().map(Text::from);
        let times = fact.occurrences.as_ref().and_then(|seen| u32::try_from(seen.count).ok());
        let event = KubeEvent {
            event_type: Some("Warning".into()),
            object_kind: text("object_kind").unwrap_or_default(),
            object: text("object").unwrap_or_default(),
            reason: text("reason").unwrap_or_default(),
            message: text("message").unwrap_or_default(),
            times: times.map(Into::into),
            ..KubeEvent::default()
        };
        fact.occurrences = None;
        fact.data = event.into();
    }
}
