//! Evidence: the lines that a fact names hold what it says.

use std::path::Path;

use bundlescope_facts::{Fact, Value};
use bundlescope_parsers::{Document, Identity, Parsed, identify};

use crate::{fixtures, read};

/// Fields that are concluded or taken from the path, and the words that stand for others.
fn concluded(kind: &str, field: &str) -> bool {
    matches!(
        (kind, field),
        // Which command, which family, which table where none is printed.
        (_, "container") | ("listener", "proto") | ("connection", "proto" | "state") | ("route", "kind" | "table") | ("policy_rule", "version" | "action")
            // `tun type tap` and `Link encap:Ethernet` name the kind in other words; so do flags the state of a neighbour.
            | ("interface", "link_kind" | "peer") | ("neighbour", "state") | ("bridge_port", "hairpin")
            // The path names them.
            | ("sysctl", "key") | ("collection_error", "subject")
            // Sizes are in bytes whatever the unit printed; a time is in UTC.
            | ("filesystem", "size" | "used" | "available" | "inodes" | "inodes_free") | ("capture_time", "time")
            // A mask with dots, a metric that is 0.
            | ("address", "prefix" | "scope") | ("os_release", "id")
    )
}

fn scalars(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Null | Value::Bool(_) => {}
        Value::List(values) => values.iter().for_each(|value| scalars(value, found)),
        Value::Map(map) => map.values().for_each(|value| scalars(value, found)),
        scalar => found.push(scalar.to_string()),
    }
}

/// True when the lines hold the scalar, or what it is the normal form of.
fn states(evidence: &str, scalar: &str) -> bool {
    let lower = evidence.to_ascii_lowercase();
    if lower.contains(&scalar.to_ascii_lowercase()) {
        return true;
    }
    // Ports by name, marks in hexadecimal.
    let number: Option<u64> = scalar.parse().ok();
    if number.is_some_and(|number| lower.contains(&format!("{number:#x}")) || lower.contains(&format!("0x0{number:x}")))
    {
        return true;
    }
    let names = [
        "ssh",
        "domain",
        "http",
        "smtp",
        "postgresql",
        "ldap",
        "bootp",
        "ntp",
        "mysql",
        "sunrpc",
        "mdns",
        "dhcp",
        "https",
        "rpcbind",
        "docker",
        "swarm",
        "redis",
        "ms-sql",
        "ipp",
        "webcache",
        "epmd",
        "amqp",
        "imap",
        "pop3",
        "snmp",
        "nfs",
    ];
    if number.is_some() && names.iter().any(|name| lower.contains(name)) {
        return true;
    }
    // An address in another spelling.
    if let Ok(address) = scalar.parse::<std::net::IpAddr>() {
        let mut words = lower.split(|c: char| !(c.is_ascii_hexdigit() || c == ':' || c == '.'));
        if words.any(|word| word.parse::<std::net::IpAddr>().is_ok_and(|written| written.to_canonical() == address)) {
            return true;
        }
    }
    // Wildcards, the default route, a network with host bits or without its prefix, the loopback by name.
    let wild = matches!(scalar, "0.0.0.0" | "::" | "0.0.0.0/0" | "::/0" | "127.0.0.1" | "::1");
    if wild && ["*", "default", "::", "0.0.0.0", "localhost"].iter().any(|word| lower.contains(word)) {
        return true;
    }
    if let Some((network, _)) = scalar.split_once('/') {
        let start = network.trim_end_matches(".0").trim_end_matches("::").trim_end_matches(":0");
        return lower.contains(start);
    }
    // A key of /proc/sys or with slashes; a MAC with dashes.
    lower.replace('/', ".").contains(&scalar.to_ascii_lowercase())
}

fn check(name: &str, bytes: &[u8], parsed: &Parsed) {
    let lines: Vec<&str> = std::str::from_utf8(bytes).unwrap_or_default().lines().collect();
    if lines.is_empty() {
        return;
    }
    for fact in &parsed.facts {
        let Fact { source, data, .. } = fact;
        let evidence = lines[source.first_line as usize - 1..source.last_line as usize].join("\n");
        let spec = data.spec().unwrap();
        for field in spec.fields.iter().filter(|field| !concluded(spec.name, field.name)) {
            let mut found = Vec::new();
            scalars(&data.get(field.name), &mut found);
            for scalar in found {
                assert!(
                    states(&evidence, &scalar),
                    "{name}:{}: {}.{} = {scalar} is not in:\n{evidence}",
                    source.first_line,
                    spec.name,
                    field.name
                );
            }
        }
    }
}

#[test]
fn every_value_of_a_fixture_stands_in_its_lines() {
    for (name, bytes) in fixtures() {
        check(&name, &bytes, &read(&name, &bytes).1);
    }
}

#[test]
fn every_value_of_the_corpus_stands_in_its_lines() {
    let Ok(shared) = std::env::var("BUNDLESCOPE_SHARED") else {
        eprintln!("SKIPPED: BUNDLESCOPE_SHARED is not set, so the outputs of other projects were not read");
        return;
    };
    let mut checked = 0;
    for folder in ["jc", "ntc_linux", "genie_linux", "facter_fixtures", "insights"] {
        visit(&Path::new(&shared).join("corpus").join(folder), &mut |path, bytes| {
            let Identity::Format(format) = identify("document", bytes).identity else { return };
            let ours = [
                "ip-",
                "bridge",
                "ss",
                "netstat",
                "route",
                "ifconfig",
                "arp",
                "brctl",
                "resolv",
                "hosts",
                "sysctl",
                "df",
                "os-",
                "uname",
                "timedatectl",
                "conntrack",
            ];
            if ours.iter().any(|start| format.name.starts_with(start)) {
                check(path, bytes, &(format.parse)(&Document::new("document", bytes)));
                checked += 1;
            }
        });
    }
    assert!(checked > 150, "only {checked} documents were recognised");
}

fn visit(folder: &Path, each: &mut impl FnMut(&str, &[u8])) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            visit(&path, each);
        } else if let Ok(bytes) = std::fs::read(&path) {
            each(&path.to_string_lossy(), &bytes);
        }
    }
}
