//! Formats of the helm family: releases, checks of charts, errors (helm 2 to 4).

mod errors;
mod lint;
mod records;
mod release;
mod tables;

use bundlescope_facts::Text;
use jiff::Timestamp;

use crate::format::{Format, Hint, Match};

/// Every format of the family, the more specific ones first.
pub(crate) static FORMATS: &[&Format] = &[
    &release::STATUS,
    &release::TABLES,
    &tables::REPOSITORIES,
    &tables::DEPENDENCIES,
    &tables::CHARTS,
    &records::JSON,
    &records::YAML,
    &lint::LINT,
    &errors::ERRORS,
];

/// The match of a document whose content is, or is not, of a format.
fn sure(content: bool, hint: &Hint<'_>) -> Match {
    match (content, hint.subject.starts_with("helm")) {
        (true, true) => Match::Both,
        (true, false) => Match::Content,
        (false, _) => Match::No,
    }
}

/// States of a release, as helm 3 writes them.
const STATES: &[&str] = &[
    "unknown",
    "deployed",
    "deleted",
    "uninstalled",
    "superseded",
    "failed",
    "deleting",
    "uninstalling",
    "pending-install",
    "pending-upgrade",
    "pending-rollback",
];

/// A state; helm 2 writes `PENDING_INSTALL`.
fn state(word: &str) -> Option<Text> {
    let word = word.trim().to_ascii_lowercase().replace('_', "-");
    STATES.contains(&word.as_str()).then(|| word.into())
}

/// A point in time with its zone: `2024-05-01 10:00:00.123 +0000 UTC`, RFC 3339. What has no zone tells no point in time.
fn time(text: &str) -> Option<Timestamp> {
    if let Ok(time) = text.trim().parse() {
        return Some(time);
    }
    let mut words = text.split_ascii_whitespace();
    let (date, time, zone) = (words.next()?, words.next()?, words.next()?);
    Timestamp::strptime("%Y-%m-%d %H:%M:%S%.f %z", format!("{date} {time} {zone}")).ok()
}
