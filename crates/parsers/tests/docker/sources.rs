//! Evidence: the lines that a fact names hold what it says.

use std::collections::BTreeSet;

use bundlescope_facts::{Fact, Value};

use crate::{fixtures, read};

/// Fields that a fact takes from elsewhere in its document, or that are concluded and not written: the evidence of a
/// container is its state, that of an endpoint its entry, and so on. All others must stand in the lines.
fn elsewhere(kind: &str, inspected: bool, field: &str) -> bool {
    match kind {
        // `docker ps` writes `Up 3 hours` for `running`.
        "container" if field == "status" => !inspected,
        "container" => !matches!(field, "exit_code" | "oom_killed" | "error" | "health" | "status_text" | "pid"),
        "endpoint" => matches!(field, "container" | "container_id" | "network_id" | "gateway") || field == "network",
        "published_port" => matches!(field, "container" | "active"),
        "network" => matches!(field, "bridge" | "icc" | "masquerade" | "options" | "containers" | "containers_listed"),
        "docker_daemon" => !matches!(field, "version" | "swarm_error"),
        "daemon_config" => field != "settings",
        "image" => {
            matches!(field, "env" | "command" | "exposed_ports" | "size" | "created" | "architecture" | "os" | "tags")
        }
        "docker_event" => field == "time",
        "container_usage" => matches!(field, "memory" | "memory_limit"),
        "docker_disk_usage" => matches!(field, "size" | "reclaimable"),
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

#[test]
fn the_lines_of_a_fact_hold_what_it_says() {
    let mut checked = BTreeSet::new();
    for (name, bytes) in fixtures() {
        let text = String::from_utf8(bytes.clone()).unwrap();
        let (_, parsed) = read(&bytes);
        for fact in &parsed.facts {
            let Fact { source, data, .. } = fact;
            let lines: Vec<&str> = text
                .lines()
                .skip(source.first_line as usize - 1)
                .take((source.last_line - source.first_line + 1) as usize)
                .collect();
            let evidence = lines.join("\n").to_lowercase();
            let (start, end) = (source.span.0 as usize, source.span.1 as usize);
            assert!(text[start..end].lines().count() == lines.len(), "{name}: span and lines of {fact:?}");
            for field in data
                .spec()
                .unwrap()
                .fields
                .iter()
                .filter(|field| !elsewhere(fact.kind(), name.starts_with("inspect"), field.name))
            {
                let mut found = Vec::new();
                scalars(&data.get(field.name), &mut found);
                for scalar in found.iter().filter(|scalar| !matches!(scalar.as_str(), "true" | "false")) {
                    checked.insert(format!("{}.{}", fact.kind(), field.name));
                    assert!(
                        evidence.contains(&scalar.to_lowercase()),
                        "{name}: {}.{} {scalar}",
                        fact.kind(),
                        field.name
                    );
                }
            }
        }
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
