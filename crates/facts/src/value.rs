//! The values that fields hold, as rules and reports see them.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use serde::ser::{SerializeMap, SerializeSeq};

use crate::Text;

/// The value of a field.
///
/// Addresses, networks and times are text in their canonical form (`10.0.0.1`, `10.0.0.0/8`, RFC 3339), so that
/// equality joins them; operators such as `in_subnet` parse them when asked.
#[derive(Debug, Clone, PartialEq, PartialOrd, Default)]
pub enum Value {
    /// Nothing was stated.
    #[default]
    Null,
    /// Yes or no.
    Bool(bool),
    /// A whole number, in the unit that the field's documentation names.
    Int(i64),
    /// A number with a fraction.
    Float(f64),
    /// Text, also addresses, networks and times.
    Text(Text),
    /// Several values, in the document's order.
    List(Vec<Value>),
    /// Named values.
    Map(BTreeMap<Text, Value>),
}

impl Value {
    /// True when nothing was stated.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The text, when this is text.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The whole number, when this is one.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(int) => Some(*int),
            _ => None,
        }
    }

    /// The value at a dotted path below this one; `Null` where the path leads nowhere.
    ///
    /// A path is matched greedily from its longest first segment, because keys such as Docker labels contain dots.
    pub fn at(&self, path: &str) -> Value {
        let Self::Map(map) = self else { return Self::Null };
        if let Some(value) = map.get(path) {
            return value.clone();
        }
        let mut end = path.len();
        while let Some(dot) = path[..end].rfind('.') {
            if let Some(inner) = map.get(&path[..dot]) {
                let found = inner.at(&path[dot + 1..]);
                if !found.is_null() {
                    return found;
                }
            }
            end = dot;
        }
        Self::Null
    }
}

/// Plain text as a message shows it: no quotes around text, lists separated by commas.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => Ok(()),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Float(value) => write!(f, "{value}"),
            Self::Text(value) => f.write_str(value),
            Self::List(values) => {
                for (index, value) in values.iter().enumerate() {
                    if index > 0 {
                        f.write_str(", ")?;
                    }
                    write!(f, "{value}")?;
                }
                Ok(())
            }
            Self::Map(map) => {
                for (index, (key, value)) in map.iter().enumerate() {
                    if index > 0 {
                        f.write_str(", ")?;
                    }
                    write!(f, "{key}={value}")?;
                }
                Ok(())
            }
        }
    }
}

impl Serialize for Value {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Int(value) => serializer.serialize_i64(*value),
            Self::Float(value) => serializer.serialize_f64(*value),
            Self::Text(value) => serializer.serialize_str(value),
            Self::List(values) => {
                let mut seq = serializer.serialize_seq(Some(values.len()))?;
                for value in values {
                    seq.serialize_element(value)?;
                }
                seq.end()
            }
            Self::Map(map) => {
                let mut out = serializer.serialize_map(Some(map.len()))?;
                for (key, value) in map {
                    out.serialize_entry(&**key, value)?;
                }
                out.end()
            }
        }
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.into())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value.into())
    }
}

impl From<Text> for Value {
    fn from(value: Text) -> Self {
        Self::Text(value)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(entries: &[(&str, Value)]) -> Value {
        Value::Map(entries.iter().map(|(k, v)| (Text::from(*k), v.clone())).collect())
    }

    #[test]
    fn a_path_may_cross_keys_that_contain_dots() {
        let labels = map(&[("com.example.tier", "web".into())]);
        let value = map(&[("labels", labels)]);
        assert_eq!(value.at("labels.com.example.tier"), "web".into());
        assert_eq!(value.at("labels.com.example"), Value::Null);
        assert_eq!(value.at("nothing.here"), Value::Null);
    }

    #[test]
    fn display_is_what_a_message_shows() {
        let list = Value::List(vec![Value::Int(80), "x".into(), Value::Null]);
        assert_eq!(list.to_string(), "80, x, ");
    }
}
