//! `nft list ruleset`, also with `-a`, `-n`, `-s`, and files that `nft -f` loads.
//!
//! Reads nft 0.8 to 1.1: tables of every family with their chains, sets and maps; rules of people, Docker, firewalld,
//! and those of iptables-nft in nft's translation, whose untranslated parts (`xt match "string"`) only have a name.
//! Everything that is not modelled becomes a [`Test::Unknowable`](bundlescope_facts::firewall::Test::Unknowable) or an
//! [`Action::Unknown`](bundlescope_facts::firewall::Action::Unknown) with its text.

mod action;
mod blocks;
mod elements;
mod expression;
mod expression_json;
mod json;
mod lex;
mod relation;
mod rule;
mod table;
mod words;

use bundlescope_facts::Family;

pub(crate) use json::NFT_JSON;

use crate::document::{Document, Parsed};
use crate::format::{Format, Hint, Match};

/// The format.
pub(crate) static NFT: Format = Format {
    name: "nft",
    collect: "nft -a list ruleset",
    kinds: &["firewall_table", "firewall_chain", "firewall_rule", "ipset"],
    detect,
    parse,
};

fn detect(hint: &Hint<'_>) -> Match {
    let table = hint.head.lines().take(5000).any(|line| {
        let mut words = line.split_whitespace();
        let family = matches!(words.next(), Some("table")).then(|| words.next()).flatten();
        family.is_some_and(|family| Family::from_word(family).is_some()) && line.contains('{')
    });
    let named = hint.subject.contains("nft") || hint.path.contains("nft");
    match (table, named) {
        (true, true) => Match::Both,
        (true, false) => Match::Content,
        _ => Match::No,
    }
}

/// Files that are loaded at boot.
fn is_saved(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.ends_with(".conf") || path.contains("etc/nftables") || path.contains("etc/sysconfig/nftables")
}

fn parse(document: &Document<'_>) -> Parsed {
    read(document, false)
}

/// Reads a ruleset; `cut` when it is known to lack its end.
fn read(document: &Document<'_>, cut: bool) -> Parsed {
    let reader = blocks::Reader::read(document);
    let saved = is_saved(&document.path) || is_saved(&document.subject);
    let name = document.path.rsplit('/').next().unwrap_or_default();
    // What shows one table or chain does not tell of the others.
    let one_table = ["list_table", "list table", "list_chain", "list chain"].iter().any(|sign| name.contains(sign));
    let complete = !(saved || one_table || cut || reader.cut);
    let (tables, mut parsed) = (reader.tables, reader.parsed);
    for table in tables {
        table.emit(document, saved, complete, &mut parsed);
    }
    parsed
}

#[cfg(test)]
mod tests;
