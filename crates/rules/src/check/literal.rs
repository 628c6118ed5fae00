//! Fixed values: read by the type of the field that they are compared with.

use std::net::IpAddr;

use bundlescope_facts::{FieldType, Value};
use ipnet::IpNet;
use jiff::{SignedDuration, Timestamp};

use super::Checker;
use crate::codes;
use crate::suggest;
use crate::vocabulary::{describe, element};
use crate::yaml::{Node, Yaml};

impl Checker<'_> {
    /// The value of a scalar for a field of that type.
    pub(crate) fn literal(&mut self, node: &Node, ty: FieldType) -> Option<Value> {
        let ty = element(ty);
        let wrong = |checker: &mut Self, help: Option<String>| {
            let written = checker.text.get(node.span.clone()).unwrap_or_default().lines().next().unwrap_or_default();
            let message = format!("the field holds {}, and `{written}` is not", describe(ty));
            checker.report(&codes::WRONG_TYPE, node.span.clone(), message, "wrong type", help);
            None
        };
        let quoted = || {
            let written = self.text.get(node.span.clone()).unwrap_or_default();
            Some(format!("put it in quotes: '{written}'"))
        };
        match (ty, &node.value) {
            (_, Yaml::Null) => wrong(self, Some("to ask for a value that is not there, write `absent: true`".into())),
            (_, Yaml::List(_) | Yaml::Map(_)) => {
                self.wrong_shape(node, "the value", "a scalar");
                None
            }
            (FieldType::Any, value) => Some(plain(value)),
            (FieldType::Record([first, ..]), _) => {
                wrong(self, Some(format!("name a part of it with a dotted path: `FIELD.{}`", first.name)))
            }
            (FieldType::Map(_) | FieldType::Record(_), _) => {
                wrong(self, Some("name a part of it with a dotted path, such as `env.DATABASE_URL`".into()))
            }
            (FieldType::Text, Yaml::Text(text)) => Some(text.as_str().into()),
            (FieldType::Text, Yaml::Int(_)) => Some(self.text.get(node.span.clone()).unwrap_or_default().trim().into()),
            (FieldType::Text, _) => {
                let help = quoted();
                wrong(self, help)
            }
            (FieldType::Integer, Yaml::Int(int)) => Some(Value::Int(*int)),
            (FieldType::Integer, Yaml::Float(float)) if float.fract() == 0.0 && float.abs() < 9.0e15 => {
                Some(Value::Int(*float as i64))
            }
            (FieldType::Integer, Yaml::Float(_)) => wrong(self, Some("write a whole number".into())),
            (FieldType::Integer | FieldType::Float, Yaml::Text(text)) => match measure(text) {
                Some(number) => Some(Value::Int(number)),
                None if numeric(text).is_some() => {
                    let help = numeric(text);
                    wrong(self, help)
                }
                None if text.starts_with(|c: char| c.is_ascii_digit()) && text.parse::<f64>().is_err() => {
                    let message = format!("`{text}` is neither a number, a size nor a duration");
                    let units = "units are B, kB, MB, GB, TB, KiB, MiB, GiB, TiB, K, M, G, T for sizes, and ms, s, m, h, d, w \
                                for durations";
                    let help = match unit(text) {
                        Some(meant) => format!("did you mean {meant}? {units}"),
                        None => units.to_owned(),
                    };
                    self.report(&codes::BAD_MEASURE, node.span.clone(), message, "unknown unit", Some(help));
                    None
                }
                None => {
                    let help = if text.parse::<f64>().is_ok() {
                        format!("write {text} without quotes")
                    } else {
                        "write a number, a size such as `512MiB`, or a duration such as `5m`".to_owned()
                    };
                    wrong(self, Some(help))
                }
            },
            (FieldType::Float, Yaml::Int(int)) => Some(Value::Float(*int as f64)),
            (FieldType::Float, Yaml::Float(float)) => Some(Value::Float(*float)),
            (FieldType::Bool, Yaml::Bool(value)) => Some(Value::Bool(*value)),
            (FieldType::Bool, Yaml::Text(text)) => {
                let help = match text.as_str() {
                    "yes" | "on" | "Yes" | "On" | "y" => Some("write true".to_owned()),
                    "no" | "off" | "No" | "Off" | "n" => Some("write false".to_owned()),
                    "true" | "false" => Some(format!("write {text} without quotes")),
                    "True" | "TRUE" => Some("write true".to_owned()),
                    "False" | "FALSE" => Some("write false".to_owned()),
                    _ => Some("write true or false".to_owned()),
                };
                wrong(self, help)
            }
            (FieldType::Address, Yaml::Text(text)) => match text.parse::<IpAddr>() {
                Ok(address) => Some(address.to_string().into()),
                Err(_) => wrong(self, Some(addressed(text))),
            },
            (FieldType::Network, Yaml::Text(_)) => self.network(node).map(|network| network.to_string().into()),
            (FieldType::Time, Yaml::Text(_)) => self.time(node).map(|time| time.to_string().into()),
            (FieldType::Word(words), Yaml::Text(text)) => {
                if words.contains(&text.as_str()) {
                    return Some(text.as_str().into());
                }
                let help = suggest::help(text, "allowed", words.iter().copied());
                let message = format!("the field is never `{text}`");
                self.report(&codes::WRONG_WORD, node.span.clone(), message, "not one of its words", help);
                None
            }
            (FieldType::Bool, _) => wrong(self, Some("write true or false".into())),
            (FieldType::Word(words), _) => wrong(self, Some(format!("allowed: {}", words.join(", ")))),
            _ => wrong(self, Some(format!("write {}", describe(ty)))),
        }
    }

    /// A network in CIDR notation.
    pub(crate) fn network(&mut self, node: &Node) -> Option<IpNet> {
        let text = self.text(node, "a network")?;
        let parsed = text.parse::<IpNet>().ok();
        if let Some(network) = parsed
            && network.trunc() != network
        {
            let help = Some(format!(
                "write `{}`, or `{}/{}` for the address alone",
                network.trunc(),
                network.addr(),
                network.max_prefix_len()
            ));
            let message = format!("`{text}` is an address inside of a network, and not where the network begins");
            self.report(&codes::BAD_NETWORK, node.span.clone(), message, "bits behind the prefix", help);
        }
        if parsed.is_none() {
            let help = match text.parse::<IpAddr>() {
                Ok(IpAddr::V4(_)) => Some(format!("for a single address write `{text}/32`")),
                Ok(IpAddr::V6(_)) => Some(format!("for a single address write `{text}/128`")),
                Err(_) if matches!(text.as_ref(), "private" | "rfc1918" | "RFC1918" | "internal") => {
                    Some("write the networks: `[10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16]`".to_owned())
                }
                Err(_) => Some(match text.split_once('/').map(|(address, _)| address.parse::<IpAddr>()) {
                    Some(Ok(IpAddr::V4(address))) => format!("behind `{address}/` stands a number from 0 to 32"),
                    Some(Ok(IpAddr::V6(address))) => format!("behind `{address}/` stands a number from 0 to 128"),
                    _ => "write it like `10.0.0.0/8`".to_owned(),
                }),
            };
            let message = format!("`{text}` is not an address range");
            self.report(&codes::BAD_NETWORK, node.span.clone(), message, "not in CIDR notation", help);
        }
        parsed
    }

    /// A point in time.
    pub(crate) fn time(&mut self, node: &Node) -> Option<Timestamp> {
        let text = self.text(node, "a time")?;
        let parsed = text.parse::<Timestamp>().ok();
        if parsed.is_none() {
            let message = format!("`{text}` is not a time");
            let help = Some(moment(&text));
            self.report(&codes::BAD_MEASURE, node.span.clone(), message, "not RFC 3339", help);
        }
        parsed
    }

    /// A duration with its unit.
    pub(crate) fn duration(&mut self, node: &Node) -> Option<SignedDuration> {
        let text = self.text(node, "a duration")?;
        let parsed = duration(&text);
        if parsed.is_none() {
            let message = format!("`{text}` is not a duration");
            let help = Some(match spelt_out(&text) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => "write a number and a unit: `30s`, `5m`, `2h`, `1d`".to_owned(),
            });
            self.report(&codes::BAD_MEASURE, node.span.clone(), message, "not a duration", help);
        }
        parsed
    }
}

/// What to write instead of a text for a number; nothing when it is a measure.
fn numeric(text: &str) -> Option<String> {
    if let Some((operator, value)) = super::likeness::operator(text) {
        return Some(format!("operators are keys: `{{ {operator}: {value} }}`"));
    }
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if let Some((low, high)) = text.split_once('-').or_else(|| text.split_once("..")).or_else(|| text.split_once(':'))
        && digits(low.trim())
        && digits(high.trim())
    {
        return Some(format!("write a range as `{{ ge: {}, le: {} }}`", low.trim(), high.trim()));
    }
    if let Some((port, proto)) = text.split_once('/')
        && digits(port)
        && matches!(proto, "tcp" | "udp")
    {
        return Some(format!("write `port: {port}, proto: {proto}`"));
    }
    let parts: Vec<&str> = text.split(',').map(str::trim).collect();
    if parts.len() > 1 && parts.iter().all(|part| digits(part)) {
        return Some(format!("several values make a list: `[{}]`", parts.join(", ")));
    }
    const SERVICES: &[(&str, u16)] = &[
        ("http", 80),
        ("https", 443),
        ("ssh", 22),
        ("dns", 53),
        ("domain", 53),
        ("postgres", 5432),
        ("postgresql", 5432),
        ("mysql", 3306),
        ("redis", 6379),
        ("mongodb", 27017),
        ("mongo", 27017),
        ("amqp", 5672),
        ("rabbitmq", 5672),
        ("smtp", 25),
        ("ldap", 389),
        ("ldaps", 636),
        ("kafka", 9092),
        ("elasticsearch", 9200),
        ("ntp", 123),
        ("nfs", 2049),
    ];
    let service = SERVICES.iter().find(|(name, _)| *name == text.to_ascii_lowercase());
    service.map(|(_, port)| format!("write a number: `{port}`"))
}

/// `512mb` as it is written here.
fn unit(text: &str) -> Option<String> {
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = text.split_at(split);
    let letter = match unit.trim().to_ascii_lowercase().as_str() {
        "k" | "kb" | "kib" | "ko" | "kbyte" | "kbytes" | "kilobytes" => "k",
        "m" | "mb" | "mib" | "mo" | "mbyte" | "mbytes" | "megabytes" => "M",
        "g" | "gb" | "gib" | "go" | "gbyte" | "gbytes" | "gigabytes" => "G",
        "t" | "tb" | "tib" | "to" | "tbyte" | "tbytes" | "terabytes" => "T",
        "b" | "byte" | "bytes" => return Some(format!("`{number}B`")),
        _ => return spelt_out(text).map(|meant| format!("`{meant}`")),
    };
    Some(format!(
        "`{number}{}iB` (powers of 1024) or `{number}{letter}B` (powers of 1000)",
        letter.to_ascii_uppercase()
    ))
}

/// What to write instead of a text for an address.
fn addressed(text: &str) -> String {
    if text.contains('/') {
        return "for a range of addresses use `in_subnet:`".to_owned();
    }
    if let Some(inner) = text.strip_prefix('[').and_then(|rest| rest.split(']').next())
        && inner.parse::<IpAddr>().is_ok()
    {
        return format!("write it without brackets: '{inner}'");
    }
    if let Some((address, port)) = text.rsplit_once(':')
        && address.parse::<IpAddr>().is_ok()
    {
        return format!("write the address alone, `{address}`, and `{port}` into the field of the port");
    }
    if matches!(text, "*" | "any" | "all") {
        return "all addresses are `0.0.0.0` for IPv4 and `'::'` for IPv6: `['0.0.0.0', '::']`".to_owned();
    }
    if text.ends_with(".*") {
        let known: Vec<&str> = text.split('.').take_while(|part| *part != "*").collect();
        let zeros = vec!["0"; 4_usize.saturating_sub(known.len())];
        let all: Vec<&str> = known.iter().copied().chain(zeros).collect();
        return format!("write `{{ in_subnet: {}/{} }}`", all.join("."), known.len() * 8);
    }
    if text == "localhost" {
        return "write an address such as `127.0.0.1` or `10.0.0.1`; names are never in this field".to_owned();
    }
    "write an address such as `10.0.0.1`; names are never in this field".to_owned()
}

/// What to write instead of a text for a time.
fn moment(text: &str) -> String {
    let usual = "write it like `2026-01-31T12:00:00Z`";
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if duration(text).is_some() {
        return format!("{usual}; for a time that is at most so long before the capture, write `{{ within: {text} }}`");
    }
    if matches!(text, "yesterday" | "today" | "now") {
        return format!("{usual}; for a time shortly before the capture, write `{{ within: 1d }}`");
    }
    let (day, clock) = text.split_once([' ', 'T']).unwrap_or((text, "00:00:00"));
    if day.len() == 10 && day.split('-').count() == 3 && day.split('-').all(digits) {
        let clock = clock.trim().trim_end_matches('Z');
        let clock = if clock.split(':').count() == 2 { format!("{clock}:00") } else { clock.to_owned() };
        let meant = format!("{day}T{clock}Z");
        if meant.parse::<Timestamp>().is_ok() {
            return format!("did you mean `{meant}`? {usual}");
        }
    }
    usual.to_owned()
}

impl Checker<'_> {
    /// Whether a fixed text can be ordered as a version or a time.
    pub(crate) fn version(&mut self, node: &Node) -> Option<()> {
        let Yaml::Text(text) = &node.value else { return Some(()) };
        if text.starts_with('$') || text.contains("{{") || text.parse::<Timestamp>().is_ok() {
            return Some(());
        }
        let plain = text.strip_prefix('v').unwrap_or(text);
        let part = |part: &str| !matches!(part, "x" | "X" | "*" | "");
        let begins = plain.starts_with(|c: char| c.is_ascii_digit());
        let sound = plain.chars().all(|c| c.is_ascii_alphanumeric() || ".-+~_:".contains(c));
        if begins && sound && plain.split(['.', '-']).all(part) {
            return Some(());
        }
        let message = format!("`{text}` is not a version");
        let help = match super::likeness::operator(text) {
            Some((_, value)) => format!("write the version alone: '{value}'"),
            None if begins => {
                let known: Vec<&str> = plain.split(['.', '-']).take_while(|one| part(one)).collect();
                format!("a version ends where nothing more is known: '{}'", known.join("."))
            }
            None => "a version begins with a number, such as '20.10'".to_owned(),
        };
        self.report(&codes::BAD_MEASURE, node.span.clone(), message, "not a version", Some(help));
        None
    }
}

/// A scalar as the value that it looks like.
pub(crate) fn plain(value: &Yaml) -> Value {
    match value {
        Yaml::Bool(value) => Value::Bool(*value),
        Yaml::Int(value) => Value::Int(*value),
        Yaml::Float(value) => Value::Float(*value),
        Yaml::Text(value) => value.as_str().into(),
        Yaml::Null | Yaml::List(_) | Yaml::Map(_) => Value::Null,
    }
}

/// `5 minutes` as it is written here.
fn spelt_out(text: &str) -> Option<String> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let unit = match text.get(digits..)?.trim().to_ascii_lowercase().as_str() {
        "sec" | "secs" | "second" | "seconds" | "s" => "s",
        "mins" | "minute" | "minutes" | "m" => "m",
        "hr" | "hrs" | "hour" | "hours" | "h" => "h",
        "day" | "days" | "d" => "d",
        "wk" | "week" | "weeks" | "w" => "w",
        "millis" | "msec" | "milliseconds" | "ms" => "ms",
        _ => return None,
    };
    (digits > 0).then(|| format!("{}{unit}", &text[..digits]))
}

/// `1h30m`, `250ms`: numbers, each with a unit.
fn duration(text: &str) -> Option<SignedDuration> {
    let mut rest = text.trim();
    let mut total = SignedDuration::ZERO;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: i64 = rest.get(..digits)?.parse().ok()?;
        rest = rest.get(digits..)?.trim_start();
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let milliseconds = match rest.get(..letters)? {
            "ms" => 1,
            "s" => 1_000,
            "m" | "min" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "w" => 604_800_000,
            _ => return None,
        };
        rest = rest.get(letters..)?.trim_start();
        total = total.checked_add(SignedDuration::from_millis(number.checked_mul(milliseconds)?))?;
    }
    Some(total)
}

/// The number that a text with a unit stands for.
pub(crate) fn measured(text: &str) -> Option<Value> {
    measure(text).map(Value::Int)
}

/// A size in bytes or a duration in seconds, for fields that hold whole numbers.
fn measure(text: &str) -> Option<i64> {
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let number: f64 = text.get(..split)?.parse().ok()?;
    let factor: f64 = match text.get(split..)?.trim() {
        "B" => 1.0,
        "kB" => 1e3,
        "MB" => 1e6,
        "GB" => 1e9,
        "TB" => 1e12,
        "K" | "KiB" => 1024.0,
        "M" | "MiB" => 1_048_576.0,
        "G" | "GiB" => 1_073_741_824.0,
        "T" | "TiB" => 1_099_511_627_776.0,
        "%" => 1.0,
        _ => return duration(text).map(|duration| duration.as_secs()),
    };
    let product = number * factor;
    // The cast saturates, and is exact for every size that occurs.
    product.is_finite().then_some(product as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_those_of_the_tools() {
        assert_eq!(measure("512MiB"), Some(512 << 20));
        assert_eq!(measure("1.5 GB"), Some(1_500_000_000));
        assert_eq!(measure("5m"), Some(300));
        assert_eq!(measure("90%"), Some(90));
        assert_eq!(measure("5 parsecs"), None);
        assert_eq!(measure("5432"), None);
        assert_eq!(duration("1h30m"), Some(SignedDuration::from_secs(5400)));
        assert_eq!(duration("9999999999999999999h"), None);
        assert_eq!(duration("m"), None);
    }
}
