//! Formats of the deploy family: what Ansible, Docker Compose and mdt print, and the registry's answers.

mod ansible;
mod compose;
mod mdt;
mod registry;

use crate::document::{Document, LogPart, Parsed};
use crate::format::Format;

/// Every format of the family, the more specific ones first.
pub(crate) static FORMATS: &[&Format] = &[&ansible::PLAYBOOK, &mdt::MDT, &compose::COMPOSE_UP, &registry::REGISTRY];

/// Hands the whole document on, so that signatures see it too: as a log where its path says that it is one.
fn hand_on(document: &Document<'_>, parsed: &mut Parsed) {
    parsed.logs.push(LogPart {
        container: document.container.clone(),
        pod: None,
        is_log: crate::layout::place(&document.path).log,
        first_line: document.first_line,
        span: (0, document.bytes.len()),
    });
}
