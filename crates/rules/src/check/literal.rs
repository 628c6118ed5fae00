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
            (FieldType::Integer, Yaml::Float(float)) if float.fract() == 0.0 && float.abs() < 9.0e15 => {
                Some(Value::Int(*float as i64))
            }
            (FieldType::Integer, Yaml::Float(_)) => wrong(self, Some("write a whole number".into())),
            (FieldType::Integer | FieldType::Float, Yaml::Text(text)) => match measure(text) {
                Some(number) => Some(Value::Int(number)),
                None if text.starts_with(|c: char| c.is_ascii_digit()) && text.parse::<f64>().is_err() => {
                    let message = format!("`{text}` is neither a number, a size nor a duration");
                    let help = "units are B, kB, MB, GB, TB, KiB, MiB, GiB, TiB, K, M, G, T for sizes, and ms, s, m, h, d, w \
                                for durations";
                    self.report(&codes::BAD_MEASURE, node.span.clone(), message, "unknown unit", Some(help.into()));
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
                Err(_) if text.contains('/') => wrong(self, Some("for a range of addresses use `in_subnet:`".into())),
                Err(_) => {
                    wrong(self, Some("write an address such as `10.0.0.1`; names are never in this field".into()))
                }
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
        if parsed.is_none() {
            let help = match text.parse::<IpAddr>() {
                Ok(IpAddr::V4(_)) => Some(format!("for a single address write `{text}/32`")),
                Ok(IpAddr::V6(_)) => Some(format!("for a single address write `{text}/128`")),
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
            let help = Some(match spelt_out(&text) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => "write a number and a unit: `30s`, `5m`, `2h`, `1d`".to_owned(),
            });
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
