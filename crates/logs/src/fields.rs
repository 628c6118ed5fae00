//! From the groups that a pattern captured to the fields of an event.

use std::collections::BTreeMap;
use std::net::IpAddr;

use bundlescope_facts::{FieldType, Text, Value};
use jiff::{SignedDuration, Timestamp};
use regex::bytes::Captures;

use crate::signature::Wording;
use crate::words;

/// Fields of one event.
pub(crate) type Fields = BTreeMap<Text, Value>;

/// Longest text that is kept of a captured group.
const MAX_TEXT: usize = 300;

/// Ports that URLs of these schemes mean when they name none (IANA, and the documentation of each project).
const SCHEMES: &[(&str, i64)] = &[
    ("http", 80),
    ("https", 443),
    ("ws", 80),
    ("wss", 443),
    ("postgres", 5432),
    ("postgresql", 5432),
    ("mysql", 3306),
    ("mariadb", 3306),
    ("redis", 6379),
    ("rediss", 6379),
    ("mongodb", 27017),
    ("amqp", 5672),
    ("amqps", 5671),
    ("nats", 4222),
    ("ldap", 389),
    ("ldaps", 636),
    ("sqlserver", 1433),
    ("ftp", 21),
    ("ssh", 22),
    ("smtp", 25),
];

/// Makes the fields of one match.
pub(crate) fn of_match(wording: &Wording, names: &[Option<&str>], captures: &Captures<'_>) -> Fields {
    let mut fields = Fields::new();
    for (name, group) in names.iter().zip(captures.iter()) {
        let (Some(name), Some(group)) = (name, group) else { continue };
        let text = String::from_utf8_lossy(group.as_bytes());
        let text = text.trim();
        if text.is_empty() {
            continue;
        }
        let mapped = wording.map.iter().find(|(mapped, _)| **mapped == **name).and_then(|(_, values)| {
            values.iter().find(|(from, _)| from.eq_ignore_ascii_case(text)).map(|(_, to)| to.clone())
        });
        match (*name, mapped) {
            (_, Some(value)) => put(&mut fields, name, value),
            ("url", None) => from_url(text, &mut fields),
            ("endpoint", None) => from_endpoint(text, &mut fields),
            (_, None) => {
                let declared = wording.spec.and_then(|spec| spec.field(name)).map(|field| field.ty);
                let stated = || wording.types.iter().find(|(typed, _)| **typed == **name).map(|(_, ty)| *ty);
                let ty = declared.or_else(stated).unwrap_or_else(|| default_type(name));
                put(&mut fields, name, typed(name, text, ty));
            }
        }
    }
    for (name, value) in &wording.fields {
        fields.entry(name.clone()).or_insert_with(|| value.clone());
    }
    complete_address(wording, &mut fields);
    fields
}

/// Adds a field; the first group that states it wins, so alternatives of a pattern may share a name's meaning.
fn put(fields: &mut Fields, name: &str, value: Value) {
    if !value.is_null() && !fields.contains_key(name) {
        fields.insert(name.into(), value);
    }
}

/// Types for kinds that are not declared.
fn default_type(name: &str) -> FieldType {
    match name {
        "port" | "pid" => FieldType::Integer,
        "address" => FieldType::Address,
        _ => FieldType::Text,
    }
}

fn typed(name: &str, text: &str, ty: FieldType) -> Value {
    match ty {
        FieldType::Integer => match text.parse::<i64>() {
            Ok(value) if name != "port" || (1..=65535).contains(&value) => Value::Int(value),
            Ok(_) => Value::Null,
            Err(_) => size(text).map_or(Value::Null, Value::Int),
        },
        FieldType::Float => {
            let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
            let duration = || text.parse::<SignedDuration>().ok().map(|duration| duration.as_secs_f64());
            number.or_else(duration).map_or(Value::Null, Value::Float)
        }
        FieldType::Time => text.parse::<Timestamp>().map_or(Value::Null, |time| Value::from(time.to_string())),
        FieldType::Network => network(text).map_or(Value::Null, Value::from),
        FieldType::Bool => text.parse::<bool>().map_or(Value::Null, Value::Bool),
        FieldType::Address => address(text).map_or(Value::Null, |address| Value::from(address.to_string())),
        FieldType::Word(words) => words::word(text, words).map_or(Value::Null, Value::from),
        _ if name == "host" || name == "resolver" => host(text),
        _ => {
            let line = text.lines().next().unwrap_or_default().trim_end();
            Value::from(line.chars().take(MAX_TEXT).collect::<String>())
        }
    }
}

/// A number of bytes with its unit: `512MiB`, `1.5 GB`, `64k`.
fn size(text: &str) -> Option<i64> {
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let number: f64 = text.get(..split)?.parse().ok()?;
    let unit = text.get(split..)?.trim().to_ascii_lowercase();
    let power = |letter: Option<char>| match letter {
        Some('k') => Some(1),
        Some('m') => Some(2),
        Some('g') => Some(3),
        Some('t') => Some(4),
        _ => None,
    };
    let factor = match (unit.as_str(), power(unit.chars().next()), unit.get(1..)) {
        ("b" | "bytes", _, _) => 1.0,
        (_, Some(power), Some("b")) => 1000f64.powi(power),
        (_, Some(power), Some("" | "ib" | "i")) => 1024f64.powi(power),
        _ => return None,
    };
    // The cast saturates.
    Some((number * factor) as i64)
}

/// A network in CIDR notation, as written.
fn network(text: &str) -> Option<&str> {
    let (base, prefix) = text.split_once('/')?;
    let most = if base.parse::<IpAddr>().ok()?.is_ipv4() { 32 } else { 128 };
    prefix.parse::<u8>().ok().filter(|prefix| *prefix <= most).map(|_| text)
}

/// An address, in brackets or not, with an IPv6 zone or not; an IPv4 address mapped into IPv6 is the IPv4 address.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim_start_matches('[').trim_end_matches(']');
    let text = text.split('%').next().unwrap_or(text);
    text.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

/// A host as written, when it can be one: no socket path, no placeholder.
fn host(text: &str) -> Value {
    if let Some(address) = address(text) {
        return Value::from(address.to_string());
    }
    let name = text.trim_matches(['[', ']']);
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    let usable = name.len() <= 253 && name.chars().all(plain) && name.chars().any(char::is_alphanumeric);
    if usable { Value::from(name.trim_end_matches('.')) } else { Value::Null }
}

/// `scheme://user:password@host:port/path`; the credentials are not kept.
fn from_url(text: &str, fields: &mut Fields) {
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) => (scheme, rest),
        None => ("", text.trim_start_matches('/')),
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let authority = authority.rsplit('@').next().unwrap_or_default();
    // A list of hosts, as MongoDB and Kafka write it, is reduced to its first.
    from_endpoint(authority.split(',').next().unwrap_or_default(), fields);
    let scheme = scheme.rsplit(':').next().unwrap_or_default().split('+').next().unwrap_or_default();
    if let Some((_, port)) = SCHEMES.iter().find(|(known, _)| scheme.eq_ignore_ascii_case(known)) {
        put(fields, "port", Value::Int(*port));
    }
}

/// `host:port`, `[::1]:port`, `host`, `::1`, Java's `name/10.0.0.1:port`.
fn from_endpoint(text: &str, fields: &mut Fields) {
    let text = text.trim();
    if let Some(whole) = address(text) {
        put(fields, "host", Value::from(whole.to_string()));
        return;
    }
    let (host_part, port) = match text.rsplit_once(':') {
        Some((before, port)) if port.bytes().all(|b| b.is_ascii_digit()) => (before, port),
        _ => (text, ""),
    };
    let (name, resolved) = host_part.split_once('/').unwrap_or((host_part, ""));
    if let Some(resolved) = address(resolved) {
        put(fields, "address", Value::from(resolved.to_string()));
    }
    put(fields, "host", host(name));
    put(fields, "port", typed("port", port, FieldType::Integer));
}

/// A host that is an address fills `address`; an address without a host is the host.
fn complete_address(wording: &Wording, fields: &mut Fields) {
    let declared = |name: &str| wording.spec.is_none_or(|spec| spec.field(name).is_some());
    if declared("address")
        && !fields.contains_key("address")
        && let Some(host) = fields.get("host").and_then(Value::as_text).filter(|host| address(host).is_some())
    {
        fields.insert("address".into(), Value::Text(host.into()));
    }
    if !fields.contains_key("host")
        && wording.spec.is_some_and(|spec| spec.field("host").is_some())
        && let Some(address) = fields.get("address").cloned()
    {
        fields.insert("host".into(), address);
    }
    if !declared("address") {
        fields.remove("address");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(how: fn(&str, &mut Fields), text: &str) -> String {
        let mut fields = Fields::new();
        how(text, &mut fields);
        let text = |name: &str| fields.get(name).map(Value::to_string).unwrap_or_default();
        format!("{}|{}|{}", text("host"), text("address"), text("port"))
    }

    #[test]
    fn urls() {
        for (url, expected) in [
            ("http://idp:8080/", "idp||8080"),
            ("https://vault/x?y=1", "vault||443"),
            ("redis://:secret@cache/0", "cache||6379"),
            ("jdbc:postgresql://db/main", "db||5432"),
            ("postgresql+psycopg2://u:p@db:5433/x", "db||5433"),
            ("amqp://guest@[fd00::5]:5672//", "fd00::5||5672"),
            ("mongodb://a:1,b:2/db", "a||1"),
            ("http://%2Fvar%2Frun.sock/", "||80"),
        ] {
            assert_eq!(split(from_url, url), expected, "{url}");
        }
    }

    #[test]
    fn endpoints() {
        for (endpoint, expected) in [
            ("10.0.0.1:6379", "10.0.0.1||6379"),
            ("[::1]:80", "::1||80"),
            ("::1", "::1||"),
            ("db", "db||"),
            ("db/172.18.0.2:5432", "db|172.18.0.2|5432"),
            ("cache/<unresolved>:6379", "cache||6379"),
            ("/172.18.0.2:5432", "|172.18.0.2|5432"),
            ("db:99999", "db||"),
        ] {
            assert_eq!(split(from_endpoint, endpoint), expected, "{endpoint}");
        }
    }
}
