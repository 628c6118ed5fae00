//! Rule files as texts that people keep: changed at exact places, and laid out canonically, comments included.
//!
//! Whatever is changed is read again afterwards, so that a change that would alter anything else is refused.

mod comments;
mod edit;
mod format;
mod fragment;
mod order;

pub use edit::{RuleText, Step};
pub use format::format;
pub use fragment::{Fragment, scalar};

use crate::yaml::{Node, Yaml};

/// Whether two trees say the same, wherever their parts stand and in whatever order keys come.
fn same(a: &Node, b: &Node) -> bool {
    match (&a.value, &b.value) {
        (Yaml::List(a), Yaml::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Yaml::Map(a), Yaml::Map(b)) => {
            a.len() == b.len()
                && a.iter().all(|(key, value)| {
                    b.iter().find(|(other, _)| other.name == key.name).is_some_and(|(_, other)| same(value, other))
                })
        }
        (a, b) => a == b,
    }
}

/// Column of a byte, counted in bytes from 0.
fn column(text: &str, at: usize) -> usize {
    let before = text.get(..at).unwrap_or_default();
    before.len() - before.rfind('\n').map_or(0, |end| end + 1)
}

/// The end of the line that holds a byte, without its line end.
fn line_end(text: &str, at: usize) -> usize {
    text.get(at..).and_then(|rest| rest.find('\n')).map_or(text.len(), |length| at + length)
}

/// The header of a block scalar (`|`, `>-`, `|2`) in the text between a key or dash and its value.
fn block_header(gap: &str) -> Option<&str> {
    let gap = gap.trim_start_matches([':', ' ', '-']);
    let header = gap.split([' ', '\n', '\r']).next()?;
    let known = header.starts_with(['|', '>']) && header.chars().skip(1).all(|c| matches!(c, '+' | '-' | '0'..='9'));
    known.then_some(header)
}
