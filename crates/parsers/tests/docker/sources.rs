//! Evidence: the lines that a fact names hold what it says.

use std::collections::BTreeSet;

use bundlescope_facts::{Fact, Value};
use bundlescope_parsers::Parsed;

use crate::{fixtures, read};

/// Fields that a fact takes from elsewhere in its document, or that are concluded and not written: the evidence of a
/// container is its state, that of an endpoint its entry, and so on. All others must stand in the lines.
fn elsewhere(kind: &str, status_written: bool, field: &str) -> bool {
    match kind {
        // `docker ps` writes `Up 3 hours` for `running`, and Docker before 1.9 only flags.
        "container" if field == "status" => !status_written,
        "container" => !matches!(field, "exit_code" | "oom_killed" | "error" | "health" | "status_text" | "pid"),
        "endpoint" => matches!(field, "container" | "container_id" | "network_id" | "gateway") || field == "network",
        "published_port" => matches!(field, "container" | "active"),
        "network" => matches!(field, "bridge" | "icc" | "masquerade" | "options" | "containers" | "containers_listed"),
        // What is wrong with it, otherwise its version: tested where it is read.
        "docker_daemon" => true,
        "daemon_config" => field != "settings",
        "image" => field != "id",
        "docker_event" => field == "time",
        "container_usage" => field != "cpu_percent",
        "docker_disk_usage" => matches!(field, "size" | "reclaimable"),
        "swarm_task" => !matches!(field, "state" | "desired_state" | "error"),
        "swarm_node" => !matches!(field, "state" | "message" | "address"),
        "swarm_service" => field != "name",
        "volume" => field == "created",
        "collection_error" => field == "subject",
        _ => false,
    }
}

/// Every scalar in a value.
fn scalars(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Null => {}
        Value::List(values) => values.iter().for_each(|value| scalars(value, found)),
        Value::Map(map) => map.iter().for_each(|(key, value)| {
            found.push(key.to_string());
            scalars(value, found);
        }),
        scalar => found.push(scalar.to_string()),
    }
}

/// True when the lines hold the scalar as written or escaped, or a network with host bits that it is without them.
fn states(evidence: &str, scalar: &str) -> bool {
    let same = |word: &str| word.parse::<ipnet::IpNet>().is_ok_and(|network| network.trunc().to_string() == scalar);
    let escaped = serde_json::to_string(scalar).unwrap().trim_matches('"').to_lowercase();
    evidence.contains(&scalar.to_lowercase()) || evidence.contains(&escaped) || evidence.split('"').any(same)
}

/// Checks every fact of a document and returns the fields that were found in their lines.
pub(crate) fn check(name: &str, bytes: &[u8], parsed: &Parsed) -> BTreeSet<String> {
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<&str> = text.lines().collect();
    let mut checked = BTreeSet::new();
    for Fact { source, data, .. } in &parsed.facts {
        let spec = data.spec().unwrap();
        let within = &lines[source.first_line as usize - 1..source.last_line as usize];
        let evidence = within.join("\n").to_lowercase();
        let (start, end) = (source.span.0 as usize, source.span.1 as usize);
        assert_eq!(text[start..end].lines().count(), within.len(), "{name}: span and lines of {data:?}");
        let written = data.get("inspected") == Value::Bool(true) && evidence.contains("\"status\"");
        for field in spec.fields.iter().filter(|field| !elsewhere(spec.name, written, field.name)) {
            let mut found = Vec::new();
            scalars(&data.get(field.name), &mut found);
            for scalar in found.iter().filter(|scalar| !matches!(scalar.as_str(), "true" | "false" | "inspected")) {
                checked.insert(format!("{}.{}", spec.name, field.name));
                assert!(states(&evidence, scalar), "{name}: {}.{} {scalar}", spec.name, field.name);
            }
        }
    }
    checked
}

#[test]
fn the_lines_of_a_fact_hold_what_it_says() {
    let mut checked = BTreeSet::new();
    for (name, bytes) in fixtures() {
        checked.append(&mut check(&name, &bytes, &read(&bytes).1));
    }
    for expected in
        ["container.exit_code", "endpoint.address", "published_port.host_port", "network.subnets", "docker_event.id"]
    {
        assert!(checked.contains(expected), "nothing was checked of {expected}");
    }
}

#[test]
fn the_evidence_of_a_container_is_short() {
    for (name, bytes) in fixtures().into_iter().filter(|(name, _)| name.starts_with("inspect-")) {
        let (_, parsed) = read(&bytes);
        let source = &parsed.facts.iter().find(|fact| fact.kind() == "container").unwrap().source;
        assert!(source.last_line - source.first_line < 15, "{name}: {source:?}");
    }
}
