//! Formats of the docker family.

use crate::format::Format;

/// Every format of the family, the more specific ones first.
pub(crate) static FORMATS: &[&Format] = &[];
