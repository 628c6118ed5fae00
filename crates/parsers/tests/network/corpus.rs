//! Conformance: what other projects' parsers read from the same outputs, compared field by field.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::support::corpus::*;

#[test]
fn netstat_sockets() {
    let Some(corpus) = corpus() else { return };
    let fields = ["proto", "address", "port", "process", "pid"];
    let mut cases = Vec::new();
    for (name, bytes, json) in jc(&corpus, "netstat") {
        let listens = |row: &&Json| {
            let inet = row["kind"] == "network" && matches!(row["transport_protocol"].as_str(), Some("tcp" | "udp"));
            let state = row["state"].as_str();
            inet && (state == Some("LISTEN") || (state.is_none() && row["foreign_port"] == "*"))
        };
        let Some(json) = json.as_array() else { continue };
        let expected: Rows = json
            .iter()
            .filter(listens)
            .map(|row| {
                let host = text(row, "local_address");
                let port = text(row, "local_port_num");
                BTreeMap::from([
                    ("proto", text(row, "transport_protocol")),
                    ("address", if host == "*" { "0.0.0.0".into() } else { address(&host) }),
                    ("port", port),
                    ("process", text(row, "program_name")),
                    ("pid", text(row, "pid")),
                ])
            })
            .collect();
        let mut found = rows(&facts("netstat.txt", &bytes, &["listener"]), &fields);
        let mut expected = expected;
        for (found, expected) in found.iter_mut().zip(&mut expected) {
            // jc keeps what the tool cut, names that it was not given numbers for, and hosts by name.
            if found["address"].is_empty() || expected["address"].is_empty() {
                found.insert("address", expected["address"].clone());
            }
            if expected["port"].is_empty() {
                expected.insert("port", found["port"].clone());
            }
        }
        cases.push(Case { name, found, expected });
    }
    compare("jc: netstat sockets", cases);
}

#[test]
fn netstat_and_route_tables() {
    let Some(corpus) = corpus() else { return };
    let mut cases = Vec::new();
    for parser in ["route", "netstat"] {
        for (name, bytes, json) in jc(&corpus, parser) {
            let Some(json) = json.as_array() else { continue };
            let routes = json.iter().filter(|row| {
                row["iface"].is_string() && (row.get("genmask").is_some() || row.get("next_hop").is_some())
            });
            let expected: Rows = routes
                .filter_map(|row| {
                    let v6 = row.get("next_hop").is_some();
                    let destination = text(row, "destination");
                    let destination = match (v6, destination.as_str()) {
                        (true, "[::]/0") => "::/0".to_owned(),
                        (true, word) => {
                            // net-tools prints `::/96` as `0.0.0.0/96`.
                            let bare = word.replace(['[', ']'], "");
                            let network = bare.parse::<ipnet::IpNet>().or_else(|_| format!("::{bare}").parse());
                            network.ok()?.to_string()
                        }
                        (false, word) => {
                            let word = if word == "default" { "0.0.0.0" } else { word };
                            ipnet::Ipv4Net::with_netmask(word.parse().ok()?, text(row, "genmask").parse().ok()?)
                                .ok()?
                                .to_string()
                        }
                    };
                    let gateway = text(row, if v6 { "next_hop" } else { "gateway" });
                    // Names were given instead of addresses; such routes are left out.
                    let named = address(&gateway).is_empty() && gateway != "*" && !gateway.starts_with("[::]");
                    let gateway = if matches!(gateway.as_str(), "0.0.0.0" | "::" | "*" | "[::]") {
                        String::new()
                    } else {
                        address(&gateway)
                    };
                    (!named).then(|| {
                        BTreeMap::from([
                            ("destination", destination),
                            ("gateway", gateway),
                            ("interface", text(row, "iface")),
                        ])
                    })
                })
                .collect();
            let found =
                rows(&facts(&format!("{parser}.txt"), &bytes, &["route"]), &["destination", "gateway", "interface"]);
            cases.push(Case { name: format!("{parser} {name}"), found, expected });
        }
    }
    compare("jc: netstat and route tables", cases);
}

#[test]
fn ss_sockets() {
    let Some(corpus) = corpus() else { return };
    let mut cases = Vec::new();
    for (name, bytes, json) in jc(&corpus, "ss") {
        let inet = json.as_array().unwrap().iter().filter(|row| matches!(row["netid"].as_str(), Some("tcp" | "udp")));
        let expected: Rows = inet
            .filter(|row| matches!(row["state"].as_str(), Some("LISTEN" | "UNCONN")))
            .map(|row| {
                BTreeMap::from([
                    ("proto", text(row, "netid")),
                    ("address", text(row, "local_address")),
                    ("port", text(row, "local_port_num")),
                ])
            })
            .collect();
        let mut found = rows(&facts("ss.txt", &bytes, &["listener"]), &["proto", "address", "port"]);
        let mut expected = expected;
        for (found, expected) in found.iter_mut().zip(&mut expected) {
            if expected["port"].is_empty() {
                expected.insert("port", found["port"].clone());
            }
            // What `*` means depends on the version, which the unit tests cover.
            let wild = if matches!(expected["address"].as_str(), "*" | "0.0.0.0" | "[::]" | "::") {
                "*".to_owned()
            } else {
                address(&expected["address"])
            };
            expected.insert("address", wild);
            if matches!(found["address"].as_str(), "0.0.0.0" | "::") {
                found.insert("address", "*".into());
            }
        }
        cases.push(Case { name, found, expected });
    }
    compare("jc: ss sockets", cases);
}

#[test]
fn ip_routes() {
    let Some(corpus) = corpus() else { return };
    let fields = ["destination", "gateway", "interface", "protocol", "metric", "source", "scope"];
    let mut cases = Vec::new();
    for (name, bytes, json) in jc(&corpus, "ip_route") {
        let expected = json.as_array().unwrap().iter().map(|row| {
            let destination = text(row, "ip");
            let destination = match destination.as_str() {
                "default" => "0.0.0.0/0".to_owned(),
                word if word.contains('/') => word.to_owned(),
                word => format!("{word}/32"),
            };
            let of = |key: &str| text(row, key);
            BTreeMap::from([
                ("destination", destination),
                ("gateway", of("via")),
                ("interface", of("dev")),
                ("protocol", of("proto")),
                ("metric", of("metric")),
                ("source", of("src")),
                ("scope", of("scope")),
            ])
        });
        cases.push(Case {
            name,
            expected: expected.collect(),
            found: rows(&facts("ip_route.txt", &bytes, &["route"]), &fields),
        });
    }
    compare("jc: ip routes", cases);
}

#[test]
fn ifconfig_interfaces() {
    let Some(corpus) = corpus() else { return };
    let mut cases = Vec::new();
    for (name, bytes, json) in jc(&corpus, "ifconfig") {
        let expected = json.as_array().unwrap().iter().map(|row| {
            let name = text(row, "name");
            BTreeMap::from([
                ("name", name),
                ("mtu", text(row, "mtu")),
                ("mac", text(row, "mac_addr").to_lowercase()),
                ("flags", text(row, "state").trim().to_owned()),
            ])
        });
        let expected = expected.collect();
        cases.push(Case {
            name: name.clone(),
            expected,
            found: rows(&facts("ifconfig.txt", &bytes, &["interface"]), &["name", "mtu", "mac", "flags"]),
        });
        let mut addresses = Rows::new();
        for row in json.as_array().unwrap() {
            for one in row["ipv4"].as_array().into_iter().flatten() {
                let prefix = text(one, "mask")
                    .parse::<std::net::Ipv4Addr>()
                    .map(|mask| u32::from(mask).leading_ones().to_string())
                    .unwrap_or_else(|_| "32".into());
                addresses.push(BTreeMap::from([
                    ("interface", text(row, "name")),
                    ("address", text(one, "address")),
                    ("prefix", prefix),
                ]));
            }
            for one in row["ipv6"].as_array().into_iter().flatten() {
                addresses.push(BTreeMap::from([
                    ("interface", text(row, "name")),
                    ("address", text(one, "address")),
                    ("prefix", text(one, "mask")),
                ]));
            }
        }
        cases.push(Case {
            name,
            expected: addresses,
            found: rows(&facts("ifconfig.txt", &bytes, &["address"]), &["interface", "address", "prefix"]),
        });
    }
    compare("jc: ifconfig interfaces", cases);
}

#[test]
fn arp_tables() {
    let Some(corpus) = corpus() else { return };
    let mut cases = Vec::new();
    for parser in ["arp", "proc_net_arp"] {
        for (name, bytes, json) in jc(&corpus, parser) {
            let entries = json.as_array().unwrap().iter().map(|row| {
                let unresolved = text(row, "hwaddress").is_empty() || row["Flags"] == "0x0";
                let (ip, mac, iface) = if parser == "arp" {
                    ("address", "hwaddress", "iface")
                } else {
                    ("IP_address", "HW_address", "Device")
                };
                let mac = if unresolved && parser == "arp" { String::new() } else { text(row, mac) };
                BTreeMap::from([("address", address(&text(row, ip))), ("mac", mac), ("interface", text(row, iface))])
            });
            // Neighbours by name are left out.
            let expected = entries.filter(|row| !row["address"].is_empty()).collect();
            let path = if parser == "arp" { "arp.txt" } else { "proc/net/arp" };
            let mut found = rows(&facts(path, &bytes, &["neighbour"]), &["address", "mac", "interface"]);
            found
                .iter_mut()
                .filter(|row| row["mac"].is_empty() && parser != "arp")
                .for_each(|row| drop(row.insert("mac", "00:00:00:00:00:00".into())));
            cases.push(Case { name, expected, found });
        }
    }
    compare("jc: arp tables", cases);
}

#[test]
fn file_systems() {
    let Some(corpus) = corpus() else { return };
    let mut cases = Vec::new();
    for (name, bytes, json) in jc(&corpus, "df") {
        let expected = json.as_array().unwrap().iter().map(|row| {
            let blocks = row["1k_blocks"].as_u64().or(row["1024_blocks"].as_u64());
            let size = blocks.map(|blocks| (blocks * 1024).to_string()).unwrap_or_else(|| text(row, "size"));
            let percent = if row["capacity_percent"].is_null() { "use_percent" } else { "capacity_percent" };
            BTreeMap::from([
                ("source", text(row, "filesystem")),
                ("mount", text(row, "mounted_on")),
                ("size", size),
                ("used_percent", text(row, percent)),
            ])
        });
        // jc cuts long names of devices, as the tool would have.
        let expected = expected.collect();
        cases.push(Case {
            name,
            expected,
            found: rows(&facts("df.txt", &bytes, &["filesystem"]), &["source", "mount", "size", "used_percent"]),
        });
    }
    compare("jc: file systems", cases);
}

#[test]
fn names_and_settings() {
    let Some(corpus) = corpus() else { return };
    let mut cases = Vec::new();
    for (name, bytes, json) in jc(&corpus, "hosts") {
        let expected = json
            .as_array()
            .unwrap()
            .iter()
            .map(|row| BTreeMap::from([("address", address(&text(row, "ip"))), ("names", text(row, "hostname"))]));
        cases.push(Case {
            name,
            expected: expected.collect(),
            found: rows(&facts("etc/hosts", &bytes, &["hosts_entry"]), &["address", "names"]),
        });
    }
    for (name, bytes, json) in jc(&corpus, "resolve_conf") {
        let mut search = if json["search"].is_array() { text(&json, "search") } else { text(&json, "domain") };
        let found = rows(&facts("etc/resolv.conf", &bytes, &["resolver"]), &["nameservers", "search", "options"]);
        // Of several lines the last one counts, as resolv.conf(5) says, where jc gives all of them together.
        if search.ends_with(&found[0]["search"]) && !found[0]["search"].is_empty() {
            search = found[0]["search"].clone();
        }
        let expected = vec![BTreeMap::from([
            ("nameservers", text(&json, "nameservers")),
            ("search", search),
            ("options", text(&json, "options")),
        ])];
        cases.push(Case { name, expected, found });
    }
    for (name, bytes, json) in jc(&corpus, "os_release") {
        let expected = vec![BTreeMap::from([
            ("id", text(&json, "ID")),
            ("version", text(&json, "VERSION_ID")),
            ("pretty_name", text(&json, "PRETTY_NAME")),
            ("id_like", text(&json, "ID_LIKE")),
        ])];
        cases.push(Case {
            name,
            expected,
            found: rows(
                &facts("etc/os-release", &bytes, &["os_release"]),
                &["id", "version", "pretty_name", "id_like"],
            ),
        });
    }
    for (name, bytes, json) in jc(&corpus, "uname") {
        // Another kernel's name, and single options.
        if json["kernel_name"] != "Linux" {
            continue;
        }
        let expected = vec![BTreeMap::from([("name", text(&json, "node_name"))])];
        cases.push(Case { name, expected, found: rows(&facts("uname.txt", &bytes, &["hostname"]), &["name"]) });
    }
    for (name, bytes, json) in jc(&corpus, "timedatectl") {
        let Some(epoch) = json["epoch_utc"].as_i64() else { continue };
        let time = jiff::Timestamp::from_second(epoch).unwrap().to_string();
        cases.push(Case {
            name,
            expected: vec![BTreeMap::from([("time", time)])],
            found: rows(&facts("timedatectl.txt", &bytes, &["capture_time"]), &["time"]),
        });
    }
    compare("jc: names and settings", cases);
}

#[test]
fn kernel_settings() {
    let Some(corpus) = corpus() else { return };
    for (name, bytes, json) in jc(&corpus, "sysctl") {
        let found: BTreeMap<String, String> = facts("sysctl.txt", &bytes, &["sysctl"])
            .iter()
            .map(|fact| (fact.get("key").to_string(), fact.get("value").to_string()))
            .collect();
        let blanks = |text: &str| text.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
        let expected = json.as_object().unwrap();
        assert!(expected.len() > 800);
        for (key, value) in expected {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let found = &found[&key.replace('/', ".")];
            // A key that is printed on several lines has its last one here, and all of them there.
            assert!(
                blanks(&value).contains(&blanks(found)) || value.parse::<f64>().ok() == found.parse().ok(),
                "{name}: {key} is {found}, expected {value}"
            );
        }
    }
}

#[test]
fn ip_addresses_and_links_of_ntc() {
    let Some(corpus) = corpus() else { return };
    let mut cases = Vec::new();
    for command in ["ip_address_show", "ip_link_show"] {
        let mut files: Vec<_> = std::fs::read_dir(corpus.join("ntc_linux").join(command))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        for raw in files.iter().filter(|path| path.extension().is_some_and(|ending| ending == "raw")) {
            let records = ntc_records(&std::fs::read_to_string(raw.with_extension("yml")).unwrap());
            let bytes = std::fs::read(raw).unwrap();
            let name = raw.file_name().unwrap().to_string_lossy().into_owned();
            let of = |row: &BTreeMap<String, String>, key: &str| row.get(key).cloned().unwrap_or_default();
            let interfaces = facts(&format!("{command}.txt"), &bytes, &["interface"]);
            let expected = records.iter().map(|row| {
                // Tunnels have an address in the place of the MAC.
                let mac = of(row, "mac_address");
                let mac = if mac.matches(':').count() >= 5 { mac } else { String::new() };
                BTreeMap::from([
                    ("name", of(row, "interface").split('@').next().unwrap_or_default().to_owned()),
                    ("mtu", of(row, "mtu")),
                    ("mac", mac),
                    ("state", of(row, "state")),
                    ("flags", of(row, "flags").replace(',', " ")),
                ])
            });
            cases.push(Case {
                name: name.clone(),
                expected: expected.collect(),
                found: rows(&interfaces, &["name", "mtu", "mac", "state", "flags"]),
            });
            let mut pairs = Rows::new();
            for row in &records {
                for (addresses, masks) in [("ip_addresses", "ip_masks"), ("ipv6_addresses", "ipv6_masks")] {
                    for (one, prefix) in
                        of(row, addresses).split_ascii_whitespace().zip(of(row, masks).split_ascii_whitespace())
                    {
                        pairs.push(BTreeMap::from([("address", address(one)), ("prefix", prefix.to_owned())]));
                    }
                }
            }
            if command == "ip_address_show" {
                let mut found = rows(&facts("ip_addr.txt", &bytes, &["address"]), &["address", "prefix"]);
                found.sort();
                pairs.sort();
                cases.push(Case { name, expected: pairs, found });
            }
        }
    }
    compare("ntc: ip addresses and links", cases);
}
