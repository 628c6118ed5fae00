//! Formats of attempts to reach something, by hand or by a script.

use crate::format::Format;

/// Every format of the family, the more specific ones first.
pub(crate) static FORMATS: &[&Format] = &[];
