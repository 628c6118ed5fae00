//! Evidence: the lines that a fact names hold what it says.

use std::path::Path;

use bundlescope_facts::{Fact, Value};
use bundlescope_parsers::Parsed;

/// Every scalar in a value.
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

/// The lines of each fact hold the scalars of its fields, but for those that `concluded(kind, field)` excepts.
pub(crate) fn check(name: &str, bytes: &[u8], parsed: &Parsed, concluded: impl Fn(&str, &str) -> bool) {
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

/// Every file below a folder.
pub(crate) fn visit(folder: &Path, each: &mut impl FnMut(&str, &[u8])) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            visit(&path, each);
        } else if let Ok(bytes) = std::fs::read(&path) {
            each(&path.to_string_lossy(), &bytes);
        }
    }
}
