//! Chains in the order of a document, gathered into the tables that the document does not name.

use std::collections::HashMap;

use bundlescope_facts::{Backend, Family, FirewallForm, Text};

use super::emit::{Chain, Table};
use super::origin::{self, Origin};
use super::tables;
use crate::document::{Document, Line, Parsed};

/// Chains that belong to one table.
#[derive(Debug, Default)]
struct Block<'a> {
    /// What the lines before it said.
    origin: Origin,
    first: Option<Line<'a>>,
    last: Option<Line<'a>>,
    chains: Vec<Chain<'a>>,
    by_name: HashMap<Text, usize>,
}

/// Gathers the chains of a document.
#[derive(Debug)]
pub(super) struct Blocks<'a> {
    path: Origin,
    family: Family,
    current: Block<'a>,
    done: Vec<Block<'a>>,
}

impl<'a> Blocks<'a> {
    /// A document at this path, whose addresses are of this family.
    pub(super) fn new(path: &str, family: Family) -> Self {
        let path = origin::read(path);
        let family = path.family.filter(|family| *family == Family::Ip6).unwrap_or(family);
        Self { path, family, current: Block::default(), done: Vec::new() }
    }

    /// The family of the rules that come now.
    pub(super) fn family(&self) -> Family {
        self.current.origin.family.unwrap_or(self.family)
    }

    /// The chain to which rules belong now.
    pub(super) fn chain(&mut self) -> Option<&mut Chain<'a>> {
        self.current.chains.last_mut()
    }

    /// The chain of that name in the table of now.
    pub(super) fn named(&mut self, name: &str) -> Option<&mut Chain<'a>> {
        let at = *self.current.by_name.get(name)?;
        self.current.chains.get_mut(at)
    }

    /// Stretches the table's source up to this line.
    pub(super) fn reaches(&mut self, line: Line<'a>) {
        self.current.last = Some(line);
    }

    /// A line that is no part of a chain: a prompt, a heading, a warning. False when it is none of these.
    pub(super) fn outside(&mut self, text: &str) -> bool {
        let lower = text.to_ascii_lowercase();
        if lower.contains("-legacy tables present") {
            // Only iptables-nft warns of the other backend.
            self.path.backend = Some(Backend::Nft);
            return true;
        }
        let command = lower.contains("tables ") || lower.contains("tables-");
        if !command && !lower.contains("table") && !text.starts_with(['#', '=', '-', '*', '+', '$', '[']) {
            return false;
        }
        let mut origin = origin::read(text);
        if command && origin.table.is_none() && origin.family.is_some() && text.contains(" -") {
            origin.table = Some("filter");
        }
        if origin.table.is_some() || origin.family.is_some() {
            self.close();
            self.current.origin = origin;
        }
        true
    }

    /// A chain begins. One that cannot share a table with the chains before it begins another table.
    pub(super) fn open(&mut self, chain: Chain<'a>) {
        let last = self.current.chains.last().map(|last| &*last.name);
        if last.is_some_and(|last| tables::begins_another(last, &chain.name)) {
            let family = self.current.origin.family;
            self.close();
            self.current.origin.family = family;
        }
        self.current.first.get_or_insert(chain.line);
        self.current.last = Some(chain.line);
        self.current.by_name.insert(chain.name.clone(), self.current.chains.len());
        self.current.chains.push(chain);
    }

    fn close(&mut self) {
        let block = std::mem::take(&mut self.current);
        if !block.chains.is_empty() {
            self.done.push(block);
        }
    }

    /// Says which table each block is and adds the facts.
    pub(super) fn finish(mut self, form: FirewallForm, document: &Document<'a>, parsed: &mut Parsed) {
        self.close();
        let alone = self.done.len() == 1;
        for block in self.done {
            let (Some(first), Some(last)) = (block.first, block.last) else { continue };
            let name = match (block.origin.table, self.path.table) {
                (Some(table), _) => table,
                // A path names the table of the only one; of several it may name the first.
                (None, Some(table)) if alone && tables::may_be(table, &block.chains) => table,
                _ => tables::infer(&block.chains),
            };
            let missing = tables::missing(name, &block.chains);
            if !missing.is_empty() {
                let message = format!("expected the whole table {name}, found no chain {}", missing.join(", "));
                parsed.problem(document, first.number, message);
            }
            let table = Table {
                name: name.into(),
                family: block.origin.family.unwrap_or(self.family),
                backend: block.origin.backend.or(self.path.backend).unwrap_or_default(),
                form,
                first,
                last,
                chains: block.chains,
            };
            table.emit(document, parsed);
        }
    }
}
