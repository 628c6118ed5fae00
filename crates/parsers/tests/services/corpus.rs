//! Conformance: what other projects' parsers read from the same outputs, compared field by field.

use std::collections::BTreeMap;

use crate::support::corpus::{Case, Rows, compare, corpus, facts, jc, rows, text};

#[test]
fn systemctl_list_units() {
    let Some(corpus) = corpus() else { return };
    let fields = ["name", "load", "active", "sub", "description"];
    let mut cases = Vec::new();
    for (name, bytes, json) in jc(&corpus, "systemctl") {
        let expected: Rows = json
            .as_array()
            .unwrap()
            .iter()
            .map(|row| {
                BTreeMap::from([
                    ("name", text(row, "unit")),
                    ("load", text(row, "load")),
                    ("active", text(row, "active")),
                    ("sub", text(row, "sub")),
                    ("description", text(row, "description")),
                ])
            })
            .collect();
        let found = rows(&facts("document", &bytes, &["unit"]), &fields);
        cases.push(Case { name, found, expected });
    }
    compare(cases);
}

#[test]
fn systemctl_list_unit_files() {
    let Some(corpus) = corpus() else { return };
    let mut cases = Vec::new();
    for (name, bytes, json) in jc(&corpus, "systemctl_luf") {
        let row =
            |row: &serde_json::Value| BTreeMap::from([("name", text(row, "unit_file")), ("state", text(row, "state"))]);
        let expected: Rows = json.as_array().unwrap().iter().map(row).collect();
        let found = rows(&facts("document", &bytes, &["unit_file"]), &["name", "state"]);
        cases.push(Case { name, found, expected });
    }
    compare(cases);
}

#[test]
fn ntpq_peers() {
    let Some(corpus) = corpus() else { return };
    let mut cases = Vec::new();
    for (name, bytes, json) in jc(&corpus, "ntpq") {
        let expected: Rows = json
            .as_array()
            .unwrap()
            .iter()
            .map(|row| {
                // ntpq tells how far the source is ahead of the clock, in milliseconds.
                let seconds = |key: &str, sign: f64| {
                    let number: f64 = format!("{}e-3", row[key]).parse().unwrap();
                    (0.0 + sign * number).to_string()
                };
                BTreeMap::from([
                    // jc joins what the cut left of a second name.
                    ("name", text(row, "remote").replacen("_(", " (", 1)),
                    ("refid", text(row, "refid")),
                    ("stratum", text(row, "st")),
                    ("reach", text(row, "reach")),
                    ("offset", seconds("offset", -1.0)),
                    ("error", seconds("jitter", 1.0)),
                ])
            })
            .collect();
        let fields = ["name", "refid", "stratum", "reach", "offset", "error"];
        let found = rows(&facts("document", &bytes, &["time_source"]), &fields);
        cases.push(Case { name, found, expected });
    }
    compare(cases);
}

#[test]
fn timedatectl_clock() {
    let Some(corpus) = corpus() else { return };
    let mut cases = Vec::new();
    for (name, bytes, json) in jc(&corpus, "timedatectl").into_iter().filter(|(name, ..)| !name.contains("timesync")) {
        let either = |keys: [&str; 3]| {
            keys.iter().map(|key| text(&json, key)).find(|value| !value.is_empty()).unwrap_or_default()
        };
        let expected = vec![BTreeMap::from([
            ("synchronized", either(["system_clock_synchronized", "ntp_synchronized", ""])),
            (
                "service_active",
                either(["ntp_service", "ntp_enabled", "systemd-timesyncd.service_active"]).replace("active", "true"),
            ),
            ("rtc_local", text(&json, "rtc_in_local_tz")),
        ])];
        let found = rows(&facts("document", &bytes, &["clock_sync"]), &["synchronized", "service_active", "rtc_local"]);
        cases.push(Case { name, found, expected });
    }
    compare(cases);
}

/// What is read of both is the same list of keywords and values.
#[test]
fn ssh_configurations() {
    let Some(corpus) = corpus() else { return };
    for parser in ["sshd_conf", "ssh_conf"] {
        for (name, bytes, json) in jc(&corpus, parser) {
            let path = if parser == "sshd_conf" { "etc/ssh/sshd_config" } else { "etc/ssh/ssh_config" };
            let found = facts(path, &bytes, &["ssh_setting"]);
            // jc splits some values into lists and numbers; the keywords and the number of settings tell.
            let hosts: Vec<&serde_json::Value> = match &json {
                serde_json::Value::Array(hosts) => hosts.iter().collect(),
                one => vec![one],
            };
            for host in hosts {
                for key in host
                    .as_object()
                    .unwrap()
                    .keys()
                    .filter(|key| !matches!(key.as_str(), "host" | "host_list" | "match" | "match_list"))
                {
                    // jc takes some values apart.
                    let key = key.split('_').next().unwrap();
                    let known = found.iter().any(|fact| fact.get("key").to_string() == key);
                    assert!(known, "{name}: {key} is missing");
                }
            }
        }
    }
}
