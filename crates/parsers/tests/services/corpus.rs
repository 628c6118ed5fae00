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
    compare("jc: systemctl list units", cases);
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
    compare("jc: systemctl list unit files", cases);
}

#[test]
fn systemctl_list_sockets() {
    let Some(corpus) = corpus() else { return };
    let fields = ["listen", "unit", "activates"];
    let mut cases = Vec::new();
    for (name, bytes, json) in jc(&corpus, "systemctl_ls") {
        let row = |row: &serde_json::Value| {
            let present = fields.iter().filter(|field| !row[**field].is_null());
            present.map(|field| (*field, text(row, field))).collect::<BTreeMap<_, _>>()
        };
        let expected: Rows = json.as_array().unwrap().iter().map(row).collect();
        let found = rows(&facts("document", &bytes, &["socket_unit"]), &fields);
        cases.push(Case { name, found, expected });
    }
    compare("jc: systemctl list sockets", cases);
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
    compare("jc: ntpq peers", cases);
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
    compare("jc: timedatectl clock", cases);
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

#[test]
fn dpkg_list() {
    let Some(corpus) = corpus() else { return };
    let mut cases = Vec::new();
    for (name, bytes, json) in jc(&corpus, "dpkg_l") {
        let expected: Rows = json
            .as_array()
            .unwrap()
            .iter()
            .map(|row| {
                let (name, _) =
                    row["name"].as_str().unwrap().split_once(':').unwrap_or((row["name"].as_str().unwrap(), ""));
                BTreeMap::from([
                    ("name", name.to_owned()),
                    ("version", text(row, "version")),
                    ("arch", text(row, "architecture")),
                    // jc joins words otherwise than dpkg.
                    ("state", text(row, "status").replace(' ', "-").replace("trigger-await", "triggers-awaited")),
                ])
            })
            .collect();
        let found = rows(&facts("document", &bytes, &["package"]), &["name", "version", "arch", "state"]);
        cases.push(Case { name, found, expected });
    }
    compare("jc: dpkg list", cases);
}

#[test]
fn rpm_tags() {
    let Some(corpus) = corpus() else { return };
    let mut cases = Vec::new();
    for (name, bytes, json) in jc(&corpus, "rpm_qai") {
        let row = |row: &serde_json::Value| {
            BTreeMap::from([
                ("name", text(row, "name")),
                ("epoch", text(row, "epoch")),
                ("version", text(row, "version")),
                ("release", text(row, "release")),
                ("arch", text(row, "architecture").replace("(none)", "")),
            ])
        };
        let expected: Rows = json.as_array().unwrap().iter().map(row).collect();
        let found = rows(&facts("document", &bytes, &["package"]), &["name", "epoch", "version", "release", "arch"]);
        cases.push(Case { name, found, expected });
    }
    compare("jc: rpm tags", cases);
}

#[test]
fn certificates() {
    let Some(corpus) = corpus() else { return };
    let mut cases = Vec::new();
    for (name, bytes, json) in jc(&corpus, "x509_cert") {
        let expected: Rows = json
            .as_array()
            .unwrap()
            .iter()
            .map(|row| {
                let inner = &row["tbs_certificate"];
                let stamp = |key: &str| text(&inner["validity"], key).replace("+00:00", "Z");
                let extensions = inner["extensions"].as_array().map(Vec::as_slice).unwrap_or_default();
                let names = extensions.iter().find(|extension| extension["extn_id"] == "subject_alt_name");
                // Names of mail addresses are none that a server has.
                let names: Vec<String> = names
                    .and_then(|extension| extension["extn_value"].as_array())
                    .map(|names| {
                        names
                            .iter()
                            .filter_map(|name| name.as_str())
                            .filter(|name| !name.contains('@'))
                            .map(str::to_owned)
                            .collect()
                    })
                    .unwrap_or_default();
                BTreeMap::from([
                    ("common_name", text(&inner["subject"], "common_name")),
                    ("not_before", stamp("not_before_iso")),
                    ("not_after", stamp("not_after_iso")),
                    ("dns_names", names.join(" ")),
                ])
            })
            .collect();
        let found =
            rows(&facts(&name, &bytes, &["certificate"]), &["common_name", "not_before", "not_after", "dns_names"]);
        cases.push(Case { name, found, expected });
    }
    compare("jc: certificates", cases);
}

/// Every play of the lab: what failed where, and the recap of each host.
#[test]
fn ansible_plays() {
    let Some(corpus) = corpus() else { return };
    let read = |path: &str| {
        let bytes = std::fs::read(corpus.join("ansible_lab").join(path)).unwrap();
        let found = facts("document", &bytes, &["ansible_failure", "ansible_recap", "ansible_error"]);
        let told = found.iter().map(|fact| {
            let of = |field: &str| fact.get(field).to_string();
            match fact.kind() {
                "ansible_failure" => {
                    format!("{} {} {} ignored={}", of("host"), of("reason"), of("task"), of("ignored"))
                }
                "ansible_recap" => {
                    format!("{} ok={} failed={} unreachable={}", of("host"), of("ok"), of("failed"), of("unreachable"))
                }
                _ => format!("error {}:{}", of("file"), of("line")),
            }
        });
        told.collect::<Vec<_>>()
    };
    for version in ["core_2.15", "core_2.19"] {
        assert_eq!(
            read(&format!("{version}/ansible-playbook_unreachable.txt")),
            [
                "db1 unreachable ping ignored=false",
                "app1 failed ignore this ignored=true",
                "app1 ok=2 failed=0 unreachable=0",
                "app2 ok=1 failed=0 unreachable=0",
                "db1 ok=0 failed=0 unreachable=1",
            ],
            "{version}"
        );
        assert_eq!(
            read(&format!("{version}/ansible-playbook_rescue.txt")),
            [
                "app1 failed fetch package ignored=false",
                "app1 failed missing file ignored=false",
                "app1 ok=1 failed=1 unreachable=0"
            ]
        );
        for name in ["fail_cmd", "-v_fail_cmd"] {
            assert_eq!(
                read(&format!("{version}/ansible-playbook_{name}.txt")),
                [
                    "app2 failed wait for database port ignored=false",
                    "app1 failed run migration ignored=false",
                    "app1 ok=1 failed=1 unreachable=0",
                    "app2 ok=1 failed=1 unreachable=0",
                ]
            );
        }
        assert_eq!(read(&format!("{version}/ansible-playbook_syntax.txt")), ["error /srv/deploy/syntax.yml:4"]);
        assert_eq!(read(&format!("{version}/ansible_-m_ping.txt")), ["db1 unreachable  ignored=false"]);
        assert_eq!(read(&format!("{version}/ansible-playbook_undefined.txt")).len(), 4);
        assert_eq!(read(&format!("{version}/ansible-playbook_ok.txt")).len(), 2);
    }
}
