//! Conformance of links and what passed them: ethtool, nmcli, netstat -i, the statistics of ifconfig, and genie's ifconfig and route.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::support::corpus::*;

#[test]
fn links_of_ethtool() {
    let Some(corpus) = corpus() else { return };
    let mut cases = Vec::new();
    for (name, bytes, json) in jc(&corpus, "ethtool") {
        // Modules are recognised, but no fact is made of them.
        if json["link_detected"].is_null() {
            continue;
        }
        let known = |word: String| if word.starts_with("Unknown") { String::new() } else { word };
        let expected = BTreeMap::from([
            ("interface", text(&json, "name")),
            ("speed", known(text(&json, "speed")).trim_end_matches("Mb/s").to_owned()),
            ("duplex", known(text(&json, "duplex"))),
            ("port", text(&json, "port")),
            ("link_detected", text(&json, "link_detected")),
        ]);
        let fields = ["interface", "speed", "duplex", "port", "link_detected"];
        let found = rows(&facts("ethtool.txt", &bytes, &["ethernet_link"]), &fields);
        cases.push(Case { name, found, expected: vec![expected] });
    }
    compare("jc: ethtool", cases);
}

#[test]
fn devices_and_connections_of_network_manager() {
    let Some(corpus) = corpus() else { return };
    let mut cases = Vec::new();
    // Of the settings of one connection no fact is made.
    let tables = jc(&corpus, "nmcli").into_iter().filter(|(name, ..)| !name.contains("connection-show"));
    for (name, bytes, json) in tables {
        let json = json.as_array().unwrap();
        let devices = json.iter().filter(|row| row["device"].is_string() && row["uuid"].is_null());
        let expected: Rows = devices
            .map(|row| {
                let shown = row["hwaddr"].is_string() || row["mtu"].is_number();
                let numbered = |key: &str| {
                    let mut values: Vec<String> = Vec::new();
                    for version in ["ip4", "ip6"] {
                        values.extend((1..9).map(|at| text(row, &format!("{version}_{key}_{at}"))));
                    }
                    values.retain(|value| !value.is_empty());
                    values.join(" ")
                };
                BTreeMap::from([
                    ("interface", text(row, "device")),
                    ("device_type", text(row, "type")),
                    ("state", if shown { text(row, "state_text") } else { text(row, "state") }),
                    ("connection", text(row, "connection")),
                    ("mac", text(row, "hwaddr").to_lowercase()),
                    ("mtu", text(row, "mtu")),
                    ("addresses", numbered("address")),
                    ("nameservers", numbered("dns")),
                ])
            })
            .collect();
        let fields = ["interface", "device_type", "state", "connection", "mac", "mtu", "addresses", "nameservers"];
        if !expected.is_empty() {
            let found = rows(&facts("nmcli.txt", &bytes, &["nm_device"]), &fields);
            cases.push(Case { name: name.clone(), found, expected });
        }
        let connections = json.iter().filter(|row| row["uuid"].is_string() && row["name"].is_string());
        let expected: Rows = connections
            .map(|row| {
                BTreeMap::from([
                    ("name", text(row, "name")),
                    ("uuid", text(row, "uuid")),
                    ("connection_type", text(row, "type")),
                    ("interface", text(row, "device")),
                ])
            })
            .collect();
        if !expected.is_empty() {
            let fields = ["name", "uuid", "connection_type", "interface"];
            let found = rows(&facts("nmcli.txt", &bytes, &["nm_connection"]), &fields);
            cases.push(Case { name, found, expected });
        }
    }
    let folder = corpus.join("ntc_linux/nmcli_connection_show");
    let yml = std::fs::read_to_string(folder.join("linux_nmcli_connection_show.yml")).unwrap();
    let bytes = std::fs::read(folder.join("linux_nmcli_connection_show.raw")).unwrap();
    let expected = ntc_records(&yml)
        .iter()
        .map(|row| {
            BTreeMap::from([
                ("name", row["name"].clone()),
                ("uuid", row["uuid"].clone()),
                ("connection_type", row["type"].clone()),
                ("interface", row["device"].clone()),
            ])
        })
        .collect();
    let fields = ["name", "uuid", "connection_type", "interface"];
    let found = rows(&facts("nmcli_connection.txt", &bytes, &["nm_connection"]), &fields);
    cases.push(Case { name: "ntc nmcli".into(), found, expected });
    compare("jc: nmcli, with ntc", cases);
}

#[test]
fn traffic_of_interfaces() {
    let Some(corpus) = corpus() else { return };
    let mut cases = Vec::new();
    for (name, bytes, json) in jc(&corpus, "netstat") {
        let rows_of = |json: &Json| -> Rows {
            let interfaces = json.as_array().into_iter().flatten().filter(|row| row["kind"] == "interface");
            interfaces
                .map(|row| {
                    BTreeMap::from([
                        ("interface", text(row, "iface")),
                        ("rx_packets", text(row, "rx_ok")),
                        ("rx_errors", text(row, "rx_err")),
                        ("rx_dropped", text(row, "rx_drp")),
                        ("rx_overruns", text(row, "rx_ovr")),
                        ("tx_packets", text(row, "tx_ok")),
                        ("tx_errors", text(row, "tx_err")),
                        ("tx_dropped", text(row, "tx_drp")),
                    ])
                })
                .collect()
        };
        let expected = rows_of(&json);
        if !expected.is_empty() {
            let fields: Vec<&'static str> = expected[0].keys().copied().collect();
            let found = rows(&facts("netstat.txt", &bytes, &["interface_traffic"]), &fields);
            cases.push(Case { name, found, expected });
        }
    }
    for (name, bytes, json) in jc(&corpus, "ifconfig") {
        let fields = [
            "interface",
            "rx_packets",
            "rx_bytes",
            "rx_errors",
            "rx_dropped",
            "tx_packets",
            "tx_bytes",
            "tx_errors",
            "tx_dropped",
            "carrier_errors",
            "collisions",
        ];
        let expected = json.as_array().unwrap().iter().map(|row| {
            let key = |field: &str| match field {
                "interface" => "name".to_owned(),
                "carrier_errors" => "tx_carrier".to_owned(),
                "collisions" => "tx_collisions".to_owned(),
                other => other.to_owned(),
            };
            fields.iter().map(|field| (*field, text(row, &key(field)))).collect()
        });
        let expected = expected.collect();
        let found = rows(&facts("ifconfig.txt", &bytes, &["interface_traffic"]), &fields);
        cases.push(Case { name, found, expected });
    }
    compare("jc: traffic of interfaces", cases);
}

#[test]
fn interfaces_and_routes_of_genie() {
    let Some(corpus) = corpus() else { return };
    let folder = corpus.join("genie_linux");
    let read = |command: &str, name: &str| {
        let folder = folder.join(command).join("cli/equal");
        let json = std::fs::read(folder.join(format!("{name}_expected.json"))).unwrap();
        let json: Json = serde_json::from_slice(&json).unwrap();
        (std::fs::read(folder.join(format!("{name}_output.txt"))).unwrap(), json)
    };
    let mut cases = Vec::new();
    for name in ["golden_output", "golden_output_two", "golden_output_interface"] {
        let (bytes, json) = read("Ifconfig", name);
        let expected: Rows = json
            .as_object()
            .unwrap()
            .iter()
            .map(|(interface, row)| BTreeMap::from([("name", interface.clone()), ("mtu", text(row, "mtu"))]))
            .collect();
        let mut found = rows(&facts("ifconfig.txt", &bytes, &["interface"]), &["name", "mtu"]);
        let mut expected = expected;
        found.sort();
        expected.sort();
        cases.push(Case { name: format!("Ifconfig {name}"), found, expected });
    }
    for command in ["Route", "ShowNetworkStatusRoute"] {
        let (bytes, json) = read(command, "golden_output");
        let mut expected = Rows::new();
        for (destination, routes) in json["routes"].as_object().unwrap() {
            for mask in routes["mask"].as_object().unwrap().iter() {
                let (mask, hops) = mask;
                for hop in hops["nexthop"].as_object().unwrap().values() {
                    let start = if destination == "default" { "0.0.0.0" } else { destination.as_str() };
                    let network = ipnet::Ipv4Net::with_netmask(start.parse().unwrap(), mask.parse().unwrap()).unwrap();
                    let gateway = address(&text(hop, "gateway"));
                    // A router by name is told as a problem.
                    if gateway.is_empty() && text(hop, "gateway") != "*" {
                        continue;
                    }
                    expected.push(BTreeMap::from([
                        ("destination", network.to_string()),
                        ("gateway", if gateway == "0.0.0.0" { String::new() } else { gateway }),
                        ("interface", text(hop, "interface")),
                    ]));
                }
            }
        }
        let mut found = rows(&facts("route.txt", &bytes, &["route"]), &["destination", "gateway", "interface"]);
        found.sort();
        expected.sort();
        cases.push(Case { name: command.to_owned(), found, expected });
    }
    compare("genie: ifconfig and routes", cases);
}
