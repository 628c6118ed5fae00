//! Formats.
use crate::format::Format;

/// Every format of the family.
pub(crate) static FORMATS: &[&Format] = &[];
