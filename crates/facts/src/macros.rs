//! The declarations from which kinds, their documentation and their field access are made.

/// Declares a kind of fact: a struct and its [`KindSpec`](crate::KindSpec).
///
/// The doc comments become the documentation that rule authors read, so they name units and sources.
#[macro_export]
macro_rules! fact_kind {
    (
        $(#[doc = $doc:literal])*
        $name:literal: $ty:ident {
            $( $(#[doc = $field_doc:literal])* $field:ident: $field_ty:ty, )*
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, PartialEq, Default)]
        pub struct $ty {
            $( $(#[doc = $field_doc])* pub $field: $field_ty, )*
        }

        impl $ty {
            /// What rule authors may name of this kind.
            pub const SPEC: $crate::KindSpec = $crate::KindSpec {
                name: $name,
                doc: &[$($doc),*],
                fields: &[$(
                    $crate::FieldSpec {
                        name: stringify!($field),
                        ty: <$field_ty as $crate::Field>::TYPE,
                        doc: &[$($field_doc),*],
                    },
                )*],
            };

            /// The value of the field with that name; `Null` for any other name.
            pub fn get(&self, field: &str) -> $crate::Value {
                match field {
                    $( stringify!($field) => $crate::Field::value(&self.$field), )*
                    _ => $crate::Value::Null,
                }
            }
        }
    };
}

/// Declares a record that stands in a field of a kind.
#[macro_export]
macro_rules! fact_record {
    (
        $(#[doc = $doc:literal])*
        $ty:ident {
            $( $(#[doc = $field_doc:literal])* $field:ident: $field_ty:ty, )*
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, PartialEq, Default)]
        pub struct $ty {
            $( $(#[doc = $field_doc])* pub $field: $field_ty, )*
        }

        impl $crate::Field for $ty {
            const TYPE: $crate::FieldType = $crate::FieldType::Record(&[$(
                $crate::FieldSpec {
                    name: stringify!($field),
                    ty: <$field_ty as $crate::Field>::TYPE,
                    doc: &[$($field_doc),*],
                },
            )*]);
            fn value(&self) -> $crate::Value {
                $crate::Value::Map(
                    [$( ($crate::Text::from(stringify!($field)), $crate::Field::value(&self.$field)), )*]
                        .into_iter()
                        .collect(),
                )
            }
        }
    };
}

/// Declares a closed set of words that stands in a field.
#[macro_export]
macro_rules! fact_words {
    (
        $(#[doc = $doc:literal])*
        $ty:ident {
            $( $(#[$word_attr:meta])* $variant:ident = $word:literal, )*
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub enum $ty {
            $( $(#[$word_attr])* $variant, )*
        }

        impl $ty {
            /// Every word, in declaration order.
            pub const WORDS: &'static [&'static str] = &[$($word),*];

            /// The word as documents, rules and reports write it.
            pub fn word(self) -> &'static str {
                match self {
                    $( Self::$variant => $word, )*
                }
            }

            /// The variant of that word.
            pub fn from_word(word: &str) -> Option<Self> {
                match word {
                    $( $word => Some(Self::$variant), )*
                    _ => None,
                }
            }
        }

        impl std::fmt::Display for $ty {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.word())
            }
        }

        impl $crate::Field for $ty {
            const TYPE: $crate::FieldType = $crate::FieldType::Word(Self::WORDS);
            fn value(&self) -> $crate::Value {
                $crate::Value::Text(self.word().into())
            }
        }
    };
}
