//! Strips log framings into records and runs all signatures in one pass.
//!
//! A [`Scanner`] reads one log as a stream, in pieces of any size, in bounded memory. The literals that the patterns of
//! all signatures require are searched at once in the raw bytes; only around a hit are framings taken off, lines joined
//! into a record and regular expressions run. Equal events of a document are merged.
//!
//! It does not know where logs lie nor what the events mean: it opens nothing, and rules draw the conclusions.
//!
//! ```
//! use bundlescope_facts::Value;
//! use bundlescope_logs::{Pattern, Scanner, Signature, SignatureSet};
//!
//! let pattern = Pattern { regex: r"dial tcp (?<endpoint>\S+): connect: (?<error>connection refused)".into(), ..Pattern::default() };
//! let signature = Signature {
//!     id: "go-net".into(),
//!     event: "connection_failure".into(),
//!     fields: vec![("client".into(), "go-net".into())],
//!     patterns: vec![pattern],
//!     ..Signature::default()
//! };
//! let set = SignatureSet::compile(vec![signature]).expect("the pattern is valid");
//!
//! let mut scanner = Scanner::new(&set, "logs/api.log".into(), Some("api".into()));
//! scanner.feed(b"2026-11-21T01:36:02Z level=error err=\"dial tcp 10.0.0.1:6379: connect: connec");
//! scanner.feed(b"tion refused\"\n");
//! let scanned = scanner.finish();
//!
//! assert_eq!(scanned.events[0].get("port"), Value::Int(6379));
//! assert_eq!(scanned.events[0].get("error"), Value::from("refused"));
//! assert_eq!(scanned.log.get("lines"), Value::Int(1));
//! ```

mod errors;
mod fields;
mod framing;
mod literal;
mod memo;
mod merge;
mod ongoing;
mod prefilter;
mod record;
mod scanner;
mod sequence;
mod signature;
mod time;
mod trace;
mod unescape;
mod words;

pub use errors::ErrorCluster;
pub use scanner::{NEAR_MATCH, Scanned, Scanner};
pub use signature::{Pattern, Signature, SignatureError, SignatureSet};
pub use trace::SignatureCost;
pub use words::error_phrase;

/// What a pattern is matched against when a log consists of this text: its first record without framing (times, levels
/// of known loggers, the JSON of container logs) and escapes.
///
/// ```
/// let line = "2026-11-21T01:36:02.123456789Z stderr F cannot open /var/lib/app: permission denied";
/// assert_eq!(bundlescope_logs::message(line), "cannot open /var/lib/app: permission denied");
/// ```
pub fn message(text: &str) -> String {
    let record = record::around(text.as_bytes(), 0, None);
    String::from_utf8_lossy(&record.text).trim_end().to_owned()
}
