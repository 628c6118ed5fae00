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
            (FieldType::Integer | FieldType::Float, Yaml::Text(text)) => match measure(text) {
                Some(number) => Some(Value::Int(number)),
                None => {
                    let help = if text.parse::<i64>().is_ok() {
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
                    _ => None,
                };
                wrong(self, help)
            }
            (FieldType::Address, Yaml::Text(text)) => match text.parse::<IpAddr>() {
                Ok(address) => Some(address.to_string().into()),
                Err(_) => wrong(self, Some("for a range of addresses use `in_subnet:`".into())),
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
            _ => wrong(self, None),
        }
    }

    /// A network in CIDR notation.
    pub(crate) fn network(&mut self, node: &Node) -> Option<IpNet> {
        let text = self.text(node, "a network")?;
        let parsed = text.parse::<IpNet>().ok();
        if parsed.is_none() {
            let help = match text.parse::<IpAddr>() {
                Ok(IpAddr::V4(_)) => Some(format!("for a single address write `{text}/32`")),
                Ok(IpAddr::V6(_)) => Some(format!("for a single address write `{text}/128`")),
                Err(_) => Some("write it like `10.0.0.0/8`".to_owned()),
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
            let help = Some("write it like `2026-01-31T12:00:00Z`".to_owned());
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
            let help = Some("write a number and a unit: `30s`, `5m`, `2h`, `1d`".to_owned());
            self.report(&codes::BAD_MEASURE, node.span.clone(), message, "not a duration", help);
        }
        parsed
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
