//! Turns the bytes of one document into facts and problems.
//!
//! One file per format under a family folder. A parser never fails: a line that it cannot read becomes a
//! [`Problem`](bundlescope_facts::Problem) beside the facts of the other lines. Parsers do no I/O.
//!
//! [`identify`] says what a document is, by its path and by its first bytes; [`Format::read`] reads it.
//!
//! ```
//! use bundlescope_parsers::{Document, Identity, identify};
//!
//! let bytes = b"nameserver 10.0.0.2\nsearch corp.example\n";
//! let Identity::Format(format) = identify("etc/resolv.conf", bytes).identity else { panic!("not recognised") };
//! let parsed = format.read(&Document::new("etc/resolv.conf", bytes));
//! assert_eq!(parsed.facts[0].kind(), "resolver");
//! ```

mod deploy;
mod docker;
mod document;
pub mod firewall;
mod format;
mod helm;
mod identify;
mod json;
mod kubernetes;
mod layout;
mod network;
mod packages;
mod reach;
mod services;
mod system;
mod table;
mod terminal;
mod tls;
mod troubleshoot;
mod words;
mod yaml;

pub use document::{Document, Line, LogPart, Parsed, PodName};
pub use format::{FAMILIES, Format, Hint, Match, all};
pub use identify::{Identified, Identity, identify};
