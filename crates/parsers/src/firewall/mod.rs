//! Formats of the firewall family.

mod blocks;
mod emit;
mod firewalld;
mod firewalld_xml;
mod ipset;
mod iptables_save;
mod listing;
mod nft;
mod origin;
mod rule_syntax;
mod spec;
mod tables;
mod trace;
mod ufw;

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
    &ufw::UFW,
    &ufw::UFW_CONF,
    &firewalld::ZONES,
    &firewalld::DIRECT,
    &firewalld::STATE,
    &firewalld::CONF,
    &firewalld_xml::ZONE_XML,
    &firewalld_xml::DIRECT_XML,
    &trace::NFT_TRACE,
    &trace::XTABLES_TRACE,
];

#[cfg(test)]
mod differential;
