//! Conformance of what tells whether something can be reached: ping, traceroute, tracepath, dig.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::support::corpus::*;

/// A number as the vocabulary prints it.
fn float(json: &Json, key: &str) -> String {
    json[key].as_f64().map(|number| number.to_string()).unwrap_or_default()
}

#[test]
fn pings() {
    let Some(corpus) = corpus() else { return };
    let fields = ["host", "address", "sent", "received", "loss", "outcome"];
    let mut cases = Vec::new();
    for (name, bytes, json) in jc(&corpus, "ping") {
        let received = json["packets_received"].as_u64().unwrap_or(0);
        let mut found = rows(&facts("ping.txt", &bytes, &["reachability"]), &fields);
        for row in &mut found {
            row.insert("loss", row["loss"].parse::<f64>().map(|loss| loss.to_string()).unwrap_or_default());
        }
        let expected = BTreeMap::from([
            ("host", text(&json, "destination")),
            ("address", address(&text(&json, "destination_ip"))),
            ("sent", text(&json, "packets_transmitted")),
            ("received", text(&json, "packets_received")),
            ("loss", float(&json, "packet_loss_percent")),
            // jc does not tell why nothing came back.
            ("outcome", if received > 0 { "reached".to_owned() } else { found[0]["outcome"].clone() }),
        ]);
        assert!(received > 0 || found[0]["outcome"] != "reached", "{name}: nothing came back");
        cases.push(Case { name, found, expected: vec![expected] });
    }
    compare("jc: pings", cases);
}

#[test]
fn paths() {
    let Some(corpus) = corpus() else { return };
    let mut cases = Vec::new();
    for (name, bytes, json) in jc(&corpus, "traceroute") {
        let hops: Vec<String> = json["hops"]
            .as_array()
            .unwrap()
            .iter()
            .map(|hop| {
                let probes = hop["probes"].as_array().unwrap();
                let mut named = probes.iter().filter(|probe| probe["ip"].is_string() || probe["name"].is_string());
                let first = named.next();
                first.map_or_else(
                    || "*".to_owned(),
                    |probe| if probe["ip"].is_string() { text(probe, "ip") } else { text(probe, "name") },
                )
            })
            .collect();
        let expected = BTreeMap::from([
            ("host", text(&json, "destination_name")),
            ("address", address(&text(&json, "destination_ip"))),
            ("hops", hops.join(" ")),
        ]);
        let mut found = rows(&facts("traceroute.txt", &bytes, &["reachability"]), &["host", "address", "hops"]);
        // A router whose name stands in the place of its address (`Internal (Internal)`) jc leaves out.
        found.iter_mut().for_each(|row| drop(row.insert("hops", row["hops"].replace("Internal", "*"))));
        cases.push(Case { name, found, expected: vec![expected] });
    }
    for (name, bytes, json) in jc(&corpus, "tracepath") {
        let mut hops: Vec<(u64, String)> = Vec::new();
        for hop in json["hops"].as_array().unwrap().iter().filter(|hop| hop["host"] != "[LOCALHOST]") {
            let number = hop["ttl"].as_u64().unwrap();
            let host = if hop["host"].is_string() { text(hop, "host") } else { "*".to_owned() };
            match hops.last_mut().filter(|(last, _)| *last == number) {
                Some((_, seen)) if seen == "*" => *seen = host,
                Some(_) => {}
                None => hops.push((number, host)),
            }
        }
        let hops: Vec<String> = hops.into_iter().map(|(_, host)| host).collect();
        let expected = BTreeMap::from([("mtu", text(&json, "pmtu")), ("hops", hops.join(" "))]);
        let found = rows(&facts("tracepath.txt", &bytes, &["reachability"]), &["mtu", "hops"]);
        cases.push(Case { name, found, expected: vec![expected] });
    }
    compare("jc: traceroute and tracepath", cases);
}

#[test]
fn lookups() {
    let Some(corpus) = corpus() else { return };
    let fields = ["name", "record_type", "outcome", "server", "answers"];
    let mut cases = Vec::new();
    for (name, bytes, json) in jc(&corpus, "dig") {
        // `+axfr`, `+short` and `+noall +answer` name no question; what `+qr` sent is no answer.
        let response =
            |row: &&Json| row["question"].is_object() && text(row, "flags").split(' ').any(|flag| flag == "qr");
        let asked = json.as_array().unwrap().iter().filter(response);
        let expected: Rows = asked
            .map(|row| {
                let status = text(row, "status");
                let records = row["answer"].as_array().into_iter().flatten();
                // Signatures are left out, and jc leaves the quotes of texts out.
                let records = records.filter(|record| record["type"] != "RRSIG");
                let answers: Vec<String> = records.map(|record| text(record, "data")).collect();
                let outcome = match status.as_str() {
                    "NOERROR" if answers.is_empty() => "no_data",
                    "NOERROR" => "answered",
                    "NXDOMAIN" => "name_not_found",
                    "SERVFAIL" => "server_failure",
                    "REFUSED" => "refused",
                    _ => "other",
                };
                let without_dot = |text: &str| text.trim_end_matches('.').to_owned();
                BTreeMap::from([
                    ("name", without_dot(&text(&row["question"], "name"))),
                    ("record_type", text(&row["question"], "type")),
                    ("outcome", outcome.to_owned()),
                    ("server", address(text(row, "server").split('#').next().unwrap())),
                    ("answers", answers.iter().map(|answer| without_dot(answer)).collect::<Vec<_>>().join(" ")),
                ])
            })
            .collect();
        if !expected.is_empty() {
            let mut found = rows(&facts("dig.txt", &bytes, &["name_lookup"]), &fields);
            found.iter_mut().for_each(|row| drop(row.insert("answers", row["answers"].replace('"', ""))));
            cases.push(Case { name, found, expected });
        }
    }
    compare("jc: dig", cases);
}
