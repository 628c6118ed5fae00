//! `docker events`: lines since Docker 1.10, the older lines before, and JSON (`--format json`, the API).

use std::collections::BTreeMap;

use bundlescope_facts::{DockerEvent, Fact, Text};
use jiff::Timestamp;

use crate::json::Fields;
use crate::{Document, Parsed};

const OBJECTS: &[&str] = &[
    "container",
    "network",
    "image",
    "volume",
    "daemon",
    "plugin",
    "service",
    "node",
    "secret",
    "config",
    "builder",
    "pod",
    "system",
    "machine",
];

/// Reads lines of events; others become problems.
pub(super) fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        match event(line.text) {
            Some(event) if concerns_exec(&event.action) => {}
            Some(event) => parsed.line_fact(document, line, event),
            None => parsed.problem(document, line.number, "not an event such as `TIME container start ID (name=web)`"),
        }
    }
    parsed
}

/// True when the line is an event.
pub(super) fn is_event(line: &str) -> bool {
    event(line).is_some()
}

/// Reads `TIME TYPE ACTION[: DETAIL] ID (NAME=VALUE, …)`, or the form before Docker 1.10,
/// `TIME ID: (from IMAGE) ACTION`.
fn event(line: &str) -> Option<DockerEvent> {
    let line = line.trim();
    let (time, rest) = line.split_once(' ')?;
    let (time, rest): (Timestamp, &str) = match time.parse() {
        Ok(time) => (time, rest),
        // Podman writes the time as Go does: `2026-11-30 20:39:20.540914011 +0000 UTC`.
        Err(_) => {
            let (end, _) = line.match_indices(' ').nth(3)?;
            (super::cells::time_exact(&line[..end])?, &line[end + 1..])
        }
    };
    let (object, rest) = rest.split_once(' ')?;
    if let Some(id) = object.strip_suffix(':') {
        let (image, action) = match rest.strip_prefix("(from ") {
            Some(from) => from.split_once(") ").map(|(image, action)| (Some(image), action))?,
            None if is_id(id) => (None, rest),
            None => return None,
        };
        let attributes = image.map(|image| (Text::from("image"), Text::from(image))).into_iter().collect();
        return Some(stated(Some(time), "container", action, id, attributes));
    }
    if !OBJECTS.contains(&object) {
        return None;
    }
    let (before, inside) = rest.split_once(" (").unwrap_or((rest, ")"));
    // Podman writes `system refresh`, and the id and the name of an image, of which a failed pull has only the latter.
    let mut words = before.split(' ');
    if object == "system" && words.clone().count() == 1 {
        return Some(stated(Some(time), object, before, "", BTreeMap::new()));
    }
    if object == "image"
        && let (Some(action), Some(id), Some(name), None) = (words.next(), words.next(), words.next(), words.next())
    {
        let attributes = [(Text::from("name"), Text::from(name))].into_iter().collect();
        return Some(stated(Some(time), object, action, id, attributes));
    }
    let (action, id) = before.rsplit_once(' ')?;
    let mut attributes: BTreeMap<Text, Text> = BTreeMap::new();
    let mut last: Option<Text> = None;
    for piece in inside.strip_suffix(')')?.split(", ").filter(|piece| !piece.is_empty()) {
        match (piece.split_once('='), &last) {
            (Some((name, value)), _) => {
                let name = Text::from(name);
                attributes.insert(name.clone(), value.into());
                last = Some(name);
            }
            // A comma inside a value.
            (None, Some(name)) => {
                if let Some(value) = attributes.get_mut(name) {
                    *value = format!("{value}, {piece}").into();
                }
            }
            (None, None) => {}
        }
    }
    Some(stated(Some(time), object, action, id, attributes))
}

/// A record of `docker events --format json` or of the API.
pub(super) fn record(record: Fields<'_, '_>, parsed: &mut Parsed) {
    let actor = record.object("Actor");
    let seconds = record.int::<i64>("time");
    let time = match record.int::<i64>("timeNano") {
        Some(nanoseconds) => Timestamp::from_nanosecond(i128::from(nanoseconds)).ok(),
        None => seconds.and_then(|seconds| Timestamp::from_second(seconds).ok()),
    };
    let action = record.text("Action").or_else(|| record.text("status")).unwrap_or_default();
    if concerns_exec(&action) {
        return;
    }
    let id = actor.text("ID").or_else(|| record.text("id")).unwrap_or_default();
    let object = record.text("Type").unwrap_or_else(|| "container".into());
    let data = stated(time, &object, &action, &id, actor.map("Attributes"));
    parsed.facts.push(Fact::new(record.source(), data));
}

/// A record of `podman events --format json`.
pub(super) fn podman(record: Fields<'_, '_>, parsed: &mut Parsed) {
    let action = record.text("Status").unwrap_or_default();
    if concerns_exec(&action) {
        return;
    }
    let named = ["Name", "Image"].iter().zip(["name", "image"]);
    let mut attributes = record.map("Attributes");
    attributes.extend(named.filter_map(|(key, name)| Some((Text::from(name), record.text(key)?))));
    let id = record.text("ID").unwrap_or_default();
    let object = record.text("Type").unwrap_or_else(|| "container".into());
    let mut data = stated(record.time("Time"), &object, &action, &id, attributes);
    data.exit_code = data.exit_code.or_else(|| record.int("ContainerExitCode"));
    parsed.facts.push(Fact::new(record.source(), data));
}

fn stated(
    time: Option<Timestamp>,
    object: &str,
    action: &str,
    id: &str,
    attributes: BTreeMap<Text, Text>,
) -> DockerEvent {
    let (action, detail) = match action.split_once(':') {
        Some((action, detail)) => (action, Some(detail.trim()).filter(|detail| !detail.is_empty())),
        None => (action, None),
    };
    DockerEvent {
        time,
        object: object.into(),
        action: action.into(),
        detail: detail.map(Text::from),
        id: id.into(),
        name: attributes.get("name").cloned(),
        exit_code: attributes.get("exitCode").and_then(|code| code.parse().ok()),
        attributes,
    }
}

/// `exec_create: CMD`, `exec_start: CMD`, `exec_die`: the health checks' noise.
fn concerns_exec(action: &str) -> bool {
    action.starts_with("exec_")
}

fn is_id(text: &str) -> bool {
    text.len() >= 12 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_lines_are_read() {
        let die = event("2017-01-05T00:36:09.840186338+08:00 container die 0fdb (exitCode=143, image=a, b, name=test)")
            .unwrap();
        assert_eq!((&*die.object, &*die.action, &*die.id, die.exit_code), ("container", "die", "0fdb", Some(143)));
        assert_eq!(die.attributes.get("image").map(|image| &**image), Some("a, b"));
        assert_eq!(die.time, "2017-01-04T16:36:09.840186338Z".parse().ok());
        let health = event("2026-11-21T01:46:49Z container health_status: unhealthy abc (name=db)").unwrap();
        assert_eq!((&*health.action, health.detail.as_deref()), ("health_status", Some("unhealthy")));
        let old = event("2014-09-03T15:49:29.999999999Z 4386fb97867d: (from ubuntu:12.04) stop").unwrap();
        assert_eq!((&*old.action, &*old.id, old.attributes.len()), ("stop", "4386fb97867d", 1));
        assert_eq!(event("2026-11-21T01:46:49Z level=info msg=hello"), None);
        assert_eq!(event("2026-11-21T01:46:49Z container started"), None);
    }

    #[test]
    fn exec_events_are_left_out() {
        let text = "2026-11-21T01:46:49Z container exec_create: sh -c true abc (name=db)\n2026-11-21T01:46:50Z container oom abc (name=db)\n";
        let parsed = parse(&Document::new("events.txt", text.as_bytes()));
        assert_eq!(parsed.facts.len(), 1);
        assert_eq!(parsed.facts[0].source.first_line, 2);
        assert_eq!(parsed.problems, []);
    }
}
