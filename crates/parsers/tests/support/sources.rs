//! Evidence: the lines that a fact names hold what it says.

use std::path::Path;

use bundlescope_facts::{Fact, Value};
use bundlescope_parsers::Parsed;

/// Every scalar in a value. Switches are written in too many words, and keys of records are ours.
pub(crate) fn scalars(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Null | Value::Bool(_) => {}
        Value::List(values) => values.iter().for_each(|value| scalars(value, found)),
        Value::Map(map) => map.values().for_each(|value| scalars(value, found)),
        scalar => found.push(scalar.to_string()),
    }
}

/// Names that are printed for ports and protocols.
const NAMES: &[(&str, &str)] = &[
    ("22", "ssh"),
    ("25", "smtp"),
    ("53", "domain"),
    ("67", "bootp"),
    ("68", "bootp"),
    ("80", "http"),
    ("111", "sunrpc"),
    ("111", "rpcbind"),
    ("110", "pop3"),
    ("123", "ntp"),
    ("143", "imap"),
    ("161", "snmp"),
    ("389", "ldap"),
    ("443", "https"),
    ("546", "dhcp"),
    ("631", "ipp"),
    ("1433", "ms-sql"),
    ("2049", "nfs"),
    ("2375", "docker"),
    ("2377", "swarm"),
    ("3306", "mysql"),
    ("4369", "epmd"),
    ("5353", "mdns"),
    ("5432", "postgresql"),
    ("5672", "amqp"),
    ("6379", "redis"),
    ("8080", "webcache"),
];

/// True when the text, in lower case, holds the scalar, or what it is the normal form of.
pub(crate) fn states(text: &str, scalar: &str) -> bool {
    let scalar = scalar.strip_prefix('!').unwrap_or(scalar);
    let lower = scalar.to_lowercase();
    if text.contains(&lower) {
        return true;
    }
    // Escaped in JSON.
    let escaped = serde_json::to_string(&lower).unwrap();
    if text.contains(escaped.trim_matches('"')) {
        return true;
    }
    // Folded over several lines of YAML.
    let folded = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    if lower.contains(' ') && folded(text).contains(&folded(&lower)) {
        return true;
    }
    // Marks in hexadecimal, ports by name.
    if let Ok(number) = scalar.parse::<u64>()
        && (text.contains(&format!("{number:#x}"))
            || text.contains(&format!("0x0{number:x}"))
            || NAMES.iter().any(|(of, name)| *of == scalar && text.contains(name)))
    {
        return true;
    }
    // Hexadecimal digits of /proc/net: addresses in the byte order of the processor or as written, ports and prefixes.
    if in_proc_digits(text, scalar) {
        return true;
    }
    // A number with trailing zeros, or a whole one that is written with a fraction.
    if scalar.parse::<f64>().is_ok()
        && words(text).any(|word| word.parse::<f64>().is_ok_and(|number| number.to_string() == scalar))
    {
        return true;
    }
    // An address in another spelling; wildcards, and the loopback by name.
    if let Ok(address) = scalar.parse::<std::net::IpAddr>()
        && addresses(text)
            .any(|word| word.parse::<std::net::IpAddr>().is_ok_and(|written| written.to_canonical() == address))
    {
        return true;
    }
    let wild = matches!(scalar, "0.0.0.0" | "::" | "0.0.0.0/0" | "::/0" | "127.0.0.1" | "127.0.0.1/32" | "::1");
    if wild && ["*", "default", "::", "0.0.0.0", "localhost"].iter().any(|word| text.contains(word)) {
        return true;
    }
    // A network with host bits, with its mask, or shortened.
    if let Ok(network) = scalar.parse::<ipnet::IpNet>() {
        let same = |word: &str| word.parse::<ipnet::IpNet>().is_ok_and(|written| written.trunc() == network);
        let start = network.network().to_string();
        let short = start.trim_end_matches(".0").trim_end_matches("::").trim_end_matches(":0");
        let named = scalar == "127.0.0.0/8" && text.contains("loopback");
        return named || addresses(text).any(same) || text.contains(short);
    }
    // A time in another zone or precision: its minutes and seconds stand.
    if let Ok(time) = scalar.parse::<jiff::Timestamp>() {
        let clock = time.strftime("%M:%S").to_string();
        return text.contains(&clock) || text.contains(&time.as_second().to_string());
    }
    // A key of /proc/sys or with slashes; parts that stand apart, such as `soft:hard`, `name:tag` and `! -s NETWORK`.
    let mut parts = lower.split([':', ',', '!', '@', '/']).filter(|part| !part.is_empty()).peekable();
    text.replace('/', ".").contains(&lower)
        || lower.contains([':', ',', '!', '@', '/']) && parts.peek().is_some() && parts.all(|part| text.contains(part))
}

fn in_proc_digits(text: &str, scalar: &str) -> bool {
    if let Ok(number) = scalar.parse::<u32>() {
        return number <= 0xff && words(text).any(|word| word == format!("{number:02x}"))
            || words(text).any(|word| word == format!("{number:08x}") || word.ends_with(&format!(":{number:04x}")));
    }
    let address = scalar.split('/').next().unwrap_or_default();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    match address.parse() {
        Ok(std::net::IpAddr::V4(address)) => {
            let mut bytes = address.octets();
            let written = hex(&bytes);
            bytes.reverse();
            text.contains(&written) || text.contains(&hex(&bytes))
        }
        Ok(std::net::IpAddr::V6(address)) => {
            let mut bytes = address.octets();
            let written = hex(&bytes);
            bytes.chunks_mut(4).for_each(<[u8]>::reverse);
            text.contains(&written) || text.contains(&hex(&bytes))
        }
        Err(_) => false,
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_whitespace() || ",;()[]{}\"%".contains(c))
}

fn addresses(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_hexdigit() || ":./".contains(c)))
}

/// A document in lower case, and without the escapes of Go's JSON, of iptables-save and of /proc.
pub(crate) fn normal(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes).to_lowercase();
    text.replace("\\u003c", "<")
        .replace("\\u003e", ">")
        .replace("\\u0026", "&")
        .replace("\\'", "'")
        .replace("\\040", " ")
        .replace("\\011", "\t")
}

/// The lines of each fact hold the scalars of its fields, but for those that `concluded(kind, field)` excepts.
pub(crate) fn check(name: &str, bytes: &[u8], parsed: &Parsed, concluded: impl Fn(&str, &str) -> bool) {
    let text = normal(bytes);
    let lines: Vec<&str> = text.lines().collect();
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
