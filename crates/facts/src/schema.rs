//! What a kind of fact looks like: its fields, their types and their documentation.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use jiff::Timestamp;

use crate::{Text, Value};

/// The type of a field, as rule authors see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldType {
    /// Any text.
    Text,
    /// A whole number.
    Integer,
    /// A number with a fraction.
    Float,
    /// `true` or `false`.
    Bool,
    /// An IPv4 or IPv6 address.
    Address,
    /// An address range in CIDR notation.
    Network,
    /// A point in time, RFC 3339 in UTC.
    Time,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Several values of one type.
    List(&'static FieldType),
    /// Values of one type by name.
    Map(&'static FieldType),
    /// A record with fields of its own.
    Record(&'static [FieldSpec]),
    /// A value of any shape.
    Any,
}

/// One field of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldSpec {
    /// The name that rules use.
    pub name: &'static str,
    /// The type of its values; every field may also be absent.
    pub ty: FieldType,
    /// Documentation, one line of the declaration each.
    pub doc: &'static [&'static str],
}

/// One kind of fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KindSpec {
    /// The name that rules use.
    pub name: &'static str,
    /// Documentation, one line of the declaration each; the first says which documents produce the kind.
    pub doc: &'static [&'static str],
    /// Its fields, besides the common ones (`node`, `time`, `count`, `first`, `last`).
    pub fields: &'static [FieldSpec],
}

impl KindSpec {
    /// The field of that name.
    pub fn field(&self, name: &str) -> Option<&'static FieldSpec> {
        self.fields.iter().find(|field| field.name == name)
    }
}

/// A Rust type that can stand in a field.
pub trait Field {
    /// How rule authors see the type.
    const TYPE: FieldType;
    /// The value for rules and reports.
    fn value(&self) -> Value;
}

impl Field for Text {
    const TYPE: FieldType = FieldType::Text;
    fn value(&self) -> Value {
        Value::Text(self.clone())
    }
}

impl Field for bool {
    const TYPE: FieldType = FieldType::Bool;
    fn value(&self) -> Value {
        Value::Bool(*self)
    }
}

impl Field for f64 {
    const TYPE: FieldType = FieldType::Float;
    fn value(&self) -> Value {
        Value::Float(*self)
    }
}

macro_rules! integers {
    ($($ty:ty),*) => {$(
        impl Field for $ty {
            const TYPE: FieldType = FieldType::Integer;
            fn value(&self) -> Value {
                // Values above i64::MAX do not occur in what commands print; they saturate.
                Value::Int(i64::try_from(*self).unwrap_or(i64::MAX))
            }
        }
    )*};
}
integers!(u8, u16, u32, u64, i32, i64);

macro_rules! canonical_text {
    ($($ty:ty => $field:ident),*) => {$(
        impl Field for $ty {
            const TYPE: FieldType = FieldType::$field;
            fn value(&self) -> Value {
                Value::Text(self.to_string().into())
            }
        }
    )*};
}
canonical_text!(IpAddr => Address, IpNet => Network, Timestamp => Time);

impl<T: Field> Field for Option<T> {
    const TYPE: FieldType = T::TYPE;
    fn value(&self) -> Value {
        self.as_ref().map_or(Value::Null, Field::value)
    }
}

impl<T: Field> Field for Vec<T> {
    const TYPE: FieldType = FieldType::List(&T::TYPE);
    fn value(&self) -> Value {
        Value::List(self.iter().map(Field::value).collect())
    }
}

impl<T: Field> Field for BTreeMap<Text, T> {
    const TYPE: FieldType = FieldType::Map(&T::TYPE);
    fn value(&self) -> Value {
        Value::Map(self.iter().map(|(key, value)| (key.clone(), value.value())).collect())
    }
}

impl Field for Value {
    const TYPE: FieldType = FieldType::Any;
    fn value(&self) -> Value {
        self.clone()
    }
}
