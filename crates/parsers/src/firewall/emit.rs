//! Chains and rules on their way from a listing or a list of specs to facts.

use bundlescope_facts::{Backend, Family, FirewallChain, FirewallForm, FirewallRule, FirewallTable, Text};

use super::rule_syntax::RuleSpec;
use crate::document::{Document, Line, Parsed};

/// Built-in chains of iptables and their hooks.
pub(super) const HOOKS: &[(&str, &str)] = &[
    ("PREROUTING", "prerouting"),
    ("INPUT", "input"),
    ("FORWARD", "forward"),
    ("OUTPUT", "output"),
    ("POSTROUTING", "postrouting"),
];

/// The hook of a built-in chain of iptables.
pub(super) fn hook(chain: &str) -> Option<&'static str> {
    HOOKS.iter().find(|(name, _)| *name == chain).map(|(_, hook)| *hook)
}

/// A rule and the line that states it.
#[derive(Debug)]
pub(super) struct Row<'a> {
    pub(super) line: Line<'a>,
    /// As `-A CHAIN …`.
    pub(super) text: Text,
    pub(super) spec: RuleSpec,
}

/// A chain as printed.
#[derive(Debug)]
pub(super) struct Chain<'a> {
    pub(super) name: Text,
    pub(super) line: Line<'a>,
    pub(super) policy: Option<Text>,
    pub(super) packets: Option<u64>,
    pub(super) bytes: Option<u64>,
    pub(super) references: Option<u32>,
    pub(super) rows: Vec<Row<'a>>,
}

/// A table as printed.
#[derive(Debug)]
pub(super) struct Table<'a> {
    pub(super) name: Text,
    pub(super) family: Family,
    pub(super) backend: Backend,
    pub(super) form: FirewallForm,
    pub(super) first: Line<'a>,
    pub(super) last: Line<'a>,
    pub(super) chains: Vec<Chain<'a>>,
}

impl<'a> Table<'a> {
    /// Adds the table's facts: the table, then each chain with its rules.
    pub(super) fn emit(self, document: &Document<'a>, parsed: &mut Parsed) {
        let (family, backend, form) = (self.family, self.backend, self.form);
        let table = FirewallTable {
            table: self.name.clone(),
            family,
            backend,
            form,
            container: document.container.clone(),
            ..FirewallTable::default()
        };
        parsed.fact(document, self.first, self.last, table);
        for chain in self.chains {
            let fact = FirewallChain {
                table: self.name.clone(),
                chain: chain.name.clone(),
                family,
                backend,
                form,
                policy: chain.policy,
                hook: hook(&chain.name).map(Text::from),
                packets: chain.packets,
                bytes: chain.bytes,
                references: chain.references,
                container: document.container.clone(),
                ..FirewallChain::default()
            };
            parsed.line_fact(document, chain.line, fact);
            for (number, row) in (1..).zip(chain.rows) {
                let spec = row.spec;
                let fact = FirewallRule {
                    table: self.name.clone(),
                    chain: chain.name.clone(),
                    number,
                    text: row.text,
                    family,
                    backend,
                    form,
                    saved: false,
                    target: spec.target,
                    protocol: spec.protocol,
                    source: spec.source,
                    destination: spec.destination,
                    in_interface: spec.in_interface,
                    out_interface: spec.out_interface,
                    destination_ports: spec.destination_ports,
                    comment: spec.comment,
                    packets: spec.packets,
                    bytes: spec.bytes,
                    handle: None,
                    steps: spec.steps,
                    container: document.container.clone(),
                };
                parsed.line_fact(document, row.line, fact);
            }
        }
    }
}
