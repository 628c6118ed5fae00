//! systemctl(1), systemd 208 to 258.

mod answers;
mod json;
mod list;
mod show;
mod status;
mod triggers;

pub(crate) use answers::ANSWERS;
pub(crate) use json::JSON;
pub(crate) use list::{LIST_UNIT_FILES, LIST_UNITS};
pub(crate) use show::SHOW;
pub(crate) use status::STATUS;
pub(crate) use triggers::{LIST_SOCKETS, LIST_TIMERS};

/// Suffixes of the names of units.
const SUFFIXES: &[&str] = &[
    ".service",
    ".socket",
    ".target",
    ".mount",
    ".automount",
    ".swap",
    ".timer",
    ".path",
    ".slice",
    ".scope",
    ".device",
    ".snapshot",
];

/// The values of `LoadState`.
const LOAD: &[&str] = &["loaded", "not-found", "bad-setting", "error", "masked", "merged", "stub"];

/// The values of `ActiveState`.
const ACTIVE: &[&str] =
    &["active", "reloading", "inactive", "failed", "activating", "deactivating", "maintenance", "refreshing"];

/// The values of `UnitFileState`.
const FILE_STATES: &[&str] = &[
    "enabled",
    "enabled-runtime",
    "linked",
    "linked-runtime",
    "alias",
    "masked",
    "masked-runtime",
    "static",
    "disabled",
    "indirect",
    "generated",
    "transient",
    "bad",
    "invalid",
];

/// True for `docker.service` and the like; long names may be cut in the middle.
pub(in crate::services) fn is_unit(word: &str) -> bool {
    SUFFIXES.iter().any(|suffix| word.len() > suffix.len() && word.ends_with(suffix))
}

/// The names that a command line asks about: `systemctl status -l docker`.
fn asked(subject: &str, verb: &str) -> Vec<String> {
    let words = subject.split_ascii_whitespace().skip_while(|word| *word != verb).skip(1);
    let names = words.filter(|word| !word.starts_with('-'));
    names.map(|name| if is_unit(name) { name.to_owned() } else { format!("{name}.service") }).collect()
}
