//! JSON that keeps its positions: the one reader for every JSON document of a bundle.
//!
//! `serde_json` gives neither the place of a value nor what stands before a damage, and a fact needs both. This reader
//! takes what customers really send: one document, several concatenated (`docker inspect a; docker inspect b`), JSON
//! lines, text before or after (`Error: No such object: x`), a file cut in the middle. What stands before a damage is
//! used, a problem names its line, and reading goes on where the next record begins. Time is linear, nesting is limited
//! to 128 levels, and only one record is held at a time.
//!
//! A **record** is an element of a top-level array, or a top-level value that is not an array. [`read`] hands out one
//! after the other as [`Fields`]: typed access in which `null` is like absent and a value of the wrong type is absent
//! too, but becomes a problem that names its path.
//!
//! ```text
//! json::read(document, &mut parsed, |record, parsed| {
//!     let state = record.object("State");
//!     let data = Container { pid: state.int("Pid"), started: state.time("StartedAt"), ..Container::default() };
//!     parsed.facts.push(Fact::new(state.source(), data));
//! });
//! ```

mod fields;
mod reader;
#[cfg(test)]
mod reader_tests;

pub(crate) use fields::{Fields, Records, read, read_items, read_records};
pub(crate) use reader::{Damage, MAX_DEPTH, Member, Node, Value, first_record};
