//! What holds for every format, and with that for every format that is added: tested over the fixtures of all families, the
//! outputs of other projects and whole bundles.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "a failing test says where")]

mod documents;
mod forms;
mod hostile;
mod insights;
mod sources;
#[path = "../support/mod.rs"]
mod support;
