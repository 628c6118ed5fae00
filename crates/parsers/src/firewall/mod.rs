//! Formats of the firewall family.

mod iptables_save;
mod rule_syntax;

pub use rule_syntax::{Command, RuleSpec, SyntaxError, Verb, parse_command, parse_rule_spec};

use crate::format::Format;

/// Every format of the family, the more specific ones first.
pub(crate) static FORMATS: &[&Format] = &[&iptables_save::IPTABLES_SAVE];
