//! Formats of the firewall family.

mod blocks;
mod emit;
mod ipset;
mod iptables_save;
mod listing;
mod nft;
mod origin;
mod rule_syntax;
mod spec;
mod tables;

pub use rule_syntax::{Command, RuleSpec, SyntaxError, Verb, parse_command, parse_rule_spec};

use crate::format::Format;

/// Every format of the family, the more specific ones first.
pub(crate) static FORMATS: &[&Format] = &[
    &iptables_save::IPTABLES_SAVE,
    &listing::IPTABLES_LIST,
    &spec::IPTABLES_SPEC,
    &nft::NFT,
    &nft::NFT_JSON,
    &ipset::IPSET,
];

#[cfg(test)]
mod differential;
