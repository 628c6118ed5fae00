//! The events below a description.

use bundlescope_facts::{Fact, KubeEvent};

use crate::table::Table;
use crate::{Document, Line, Parsed};

use super::super::tables::age;
use super::{Description, Entry, text};

/// The table of events of an object of this kind and name, and the lines over which the last column of one goes on.
pub(super) fn events(
    of: &Description<'_>,
    (kind, name): (&str, &str),
    rows: &[Entry<'_>],
    document: &Document<'_>,
    parsed: &mut Parsed,
) {
    let mut lines = rows.iter();
    let Some(titles) = lines.next() else { return };
    let table = Table::titles(titles.line.text);
    let mut found: Vec<(Line<'_>, Line<'_>, KubeEvent, String)> = Vec::new();
    for entry in lines {
        let Some(row) = table
            .row(entry.line.text, &["SubObjectPath", "SubobjectPath"])
            .filter(|row| matches!(row.get("Type"), "Normal" | "Warning"))
        else {
            if entry.text().starts_with("--") {
                continue;
            }
            // Further lines of a message do not stand under the titles.
            match found.last_mut() {
                Some((_, last, _, message)) => {
                    message.push('\n');
                    message.push_str(entry.text());
                    *last = entry.line;
                }
                None => parsed.problem(document, entry.line.number, "not an event under the titles above"),
            }
            continue;
        };
        // `80s (x370 over 81m)`; until 1.8 there were columns for that.
        let shown = if row.get("Age").is_empty() { row.get("LastSeen") } else { row.get("Age") };
        let (last, rest) = shown.split_once(' ').unwrap_or((shown, ""));
        let times = rest.strip_prefix("(x").and_then(|rest| rest.split([' ', ')']).next()?.parse().ok());
        // `kubelet, node-1` until 1.18.
        let (component, node) = row.get("From").split_once(',').unwrap_or((row.get("From"), ""));
        let event = KubeEvent {
            namespace: of.namespace(),
            event_type: text(row.get("Type")),
            object_kind: kind.into(),
            object: name.into(),
            reason: row.get("Reason").into(),
            times: times.or_else(|| row.get("Count").parse().ok()).or(Some(1)),
            age: age(last),
            component: text(component),
            on_node: text(node),
            ..KubeEvent::default()
        };
        found.push((entry.line, entry.line, event, row.get("Message").to_owned()));
    }
    for (first, last, event, message) in found {
        let event = KubeEvent { message: message.into(), ..event };
        parsed.facts.push(Fact::new(document.source(first, last), event));
    }
}
