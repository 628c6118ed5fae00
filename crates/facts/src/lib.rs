//! The vocabulary of Bundlescope: every fact that a parser may emit and that a rule may name.
//!
//! A [`Fact`] is one typed row that a document states: a listener, a firewall rule, a container. It carries its
//! [`Source`], so that every conclusion can be traced to the lines that prove it. A kind of fact is a plain struct
//! declared with [`fact_kind!`]; the declaration also yields its [`KindSpec`], from which the documentation and the
//! JSON Schema of the rule language are generated.
//!
//! This crate holds no logic: it neither reads documents nor draws conclusions.
//!
//! ```
//! use bundlescope_facts::{Data, Fact, Listener, Proto, Source, Value};
//!
//! let fact = Fact::new(
//!     Source::lines("netstat.txt", 3, 3),
//!     Listener { proto: Proto::Tcp, port: 5432, process: Some("postgres".into()), ..Listener::default() },
//! );
//! assert_eq!(fact.kind(), "listener");
//! assert_eq!(fact.get("port"), Value::Int(5432));
//! assert!(matches!(fact.data, Data::Listener(_)));
//! ```

mod event;
mod fact;
pub mod firewall;
mod kinds;
mod macros;
mod schema;
mod source;
mod value;

pub use event::{COMPOUND_GROUPS, EVENTS, ORIGIN_FIELDS, event_spec};
pub use fact::{Fact, Occurrences};
pub use kinds::*;
pub use schema::{Field, FieldSpec, FieldType, KindSpec};
pub use source::{Excerpt, Problem, Source};
pub use value::Value;

/// Cheaply cloned immutable text; the same name is usually shared by many facts.
pub type Text = std::sync::Arc<str>;
