//! A table of nft on its way to facts.

use std::collections::BTreeMap;

use bundlescope_facts::{
    Backend, Fact, Family, FirewallChain, FirewallForm, FirewallRule, FirewallTable, IpSet, Source, Text, Value,
};

use super::super::emit::hook;
use super::super::origin::TABLES;
use super::lex::{Cursor, Statement, Token, join};
use super::{elements, rule, words};
use crate::document::{Document, Line, Parsed};

/// A table.
#[derive(Debug)]
pub(super) struct Table<'a> {
    pub(super) family: Family,
    name: Text,
    first: Line<'a>,
    pub(super) last: Line<'a>,
    managed: bool,
    pub(super) dormant: bool,
    pub(super) chains: Vec<Chain<'a>>,
    pub(super) sets: Vec<Set>,
}

/// A chain.
#[derive(Debug)]
pub(super) struct Chain<'a> {
    name: Text,
    /// From the line that opens it to the one with its hook and policy.
    first: Line<'a>,
    last: Line<'a>,
    hook: Option<Text>,
    kind: Option<Text>,
    priority: Option<i32>,
    policy: Option<Text>,
    /// Names of priorities mean other numbers in the bridge family.
    bridge: bool,
    rules: Vec<Statement<'a>>,
}

/// A set or map.
#[derive(Debug)]
pub(super) struct Set {
    name: Text,
    map: bool,
    kind: String,
    elements: Vec<(Text, Text)>,
    first_line: u32,
    pub(super) last_line: u32,
}

impl<'a> Table<'a> {
    /// The head of a table: `inet filter`, or `filter` of IPv4.
    pub(super) fn open(head: &[&str], line: Line<'a>, managed: bool) -> Option<Self> {
        let (family, name) = match head {
            [family, name] => (Family::from_word(family)?, *name),
            [name] => (Family::Ip, *name),
            _ => return None,
        };
        let name = name.into();
        let (chains, sets) = (Vec::new(), Vec::new());
        Some(Self { family, name, first: line, last: line, managed, dormant: false, chains, sets })
    }

    /// iptables-nft made it: its name, and built-in chains on their hooks.
    fn is_compat(&self) -> bool {
        let mut base = self.chains.iter().filter_map(|chain| Some((chain, chain.hook.as_deref()?)));
        let built_in = base.all(|(chain, on)| hook(&chain.name) == Some(on));
        matches!(self.family, Family::Ip | Family::Ip6) && TABLES.contains(&&*self.name) && (self.managed || built_in)
    }

    /// Adds the facts of the table.
    pub(super) fn emit(self, document: &Document<'a>, saved: bool, complete: bool, parsed: &mut Parsed) {
        let compat = self.is_compat();
        let Self { family, name: table, .. } = self;
        let (backend, form, container) = (Backend::Nft, FirewallForm::Nft, document.container.clone());
        let fact = FirewallTable {
            table: table.clone(),
            family,
            backend,
            form,
            saved,
            compat,
            dormant: self.dormant,
            complete,
            container: container.clone(),
        };
        parsed.fact(document, self.first, self.last, fact);
        for set in self.sets {
            let source = Source::lines(document.path.clone(), set.first_line, set.last_line);
            parsed.facts.push(Fact::new(source, set.fact(table.clone(), family)));
        }
        for chain in self.chains {
            let fact = FirewallChain {
                table: table.clone(),
                chain: chain.name.clone(),
                family,
                backend,
                form,
                saved,
                // Without a policy a base chain accepts.
                policy: chain.policy.or_else(|| chain.hook.is_some().then(|| "ACCEPT".into())),
                hook: chain.hook,
                priority: chain.priority,
                chain_type: chain.kind,
                container: container.clone(),
                ..FirewallChain::default()
            };
            parsed.fact(document, chain.first, chain.last, fact);
            for (number, statement) in (1..).zip(chain.rules) {
                let spec = rule::read(&statement.tokens, family, compat);
                let fact = FirewallRule {
                    table: table.clone(),
                    chain: chain.name.clone(),
                    number,
                    text: statement.text.into(),
                    family,
                    backend,
                    form,
                    saved,
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
                    handle: statement.handle,
                    steps: spec.steps,
                    container: container.clone(),
                };
                parsed.fact(document, statement.first, statement.last, fact);
            }
        }
    }
}

impl<'a> Chain<'a> {
    pub(super) fn new(name: &str, line: Line<'a>, family: Option<Family>) -> Self {
        let bridge = family == Some(Family::Bridge);
        Self {
            name: name.into(),
            first: line,
            last: line,
            hook: None,
            kind: None,
            priority: None,
            policy: None,
            bridge,
            rules: Vec::new(),
        }
    }

    /// `type filter hook input priority filter`, `policy drop`, or a rule.
    pub(super) fn statement(&mut self, statement: Statement<'a>) {
        let mut cursor = Cursor::new(&statement.tokens);
        match cursor.peek() {
            "type" => {
                self.last = statement.last;
                cursor.next();
                self.kind = cursor.word().map(Text::from);
                while !cursor.is_empty() {
                    if cursor.eat("hook") {
                        self.hook = cursor.word().map(Text::from);
                    } else if cursor.eat("priority") {
                        let rest: Vec<_> = std::iter::from_fn(|| cursor.word()).collect();
                        self.priority = words::priority(&rest, self.bridge);
                    } else {
                        cursor.next();
                    }
                }
            }
            "policy" => {
                self.last = statement.last;
                cursor.next();
                self.policy = cursor.word().map(|word| word.to_ascii_uppercase().into());
            }
            "comment" if self.rules.is_empty() && statement.tokens.len() == 2 => {}
            "flags" | "devices" | "device" => {}
            _ => self.rules.push(statement),
        }
    }
}

impl Set {
    pub(super) fn new(name: &str, map: bool, line: u32) -> Self {
        Self { name: name.into(), map, kind: String::new(), elements: Vec::new(), first_line: line, last_line: line }
    }

    /// `type ipv4_addr . inet_service : verdict`, `elements = { … }`.
    pub(super) fn property(&mut self, tokens: &[Token<'_>]) {
        match tokens {
            [first, rest @ ..] if first.is("type") || first.is("typeof") => {
                let key = rest.split(|token| token.is(":")).next().unwrap_or_default();
                self.kind = join(key);
            }
            [first, equals, open, inside @ .., _] if first.is("elements") && equals.is("=") && open.is("{") => {
                self.elements.extend(elements::read(inside));
            }
            _ => {}
        }
    }

    fn fact(self, table: Text, family: Family) -> IpSet {
        let members = self.elements.iter().map(|(key, _)| key.clone()).collect();
        let data = if self.map {
            let pairs: BTreeMap<_, _> =
                self.elements.into_iter().map(|(key, value)| (key, Value::Text(value))).collect();
            Value::Map(pairs)
        } else {
            Value::Null
        };
        IpSet { name: self.name, set_type: self.kind.into(), table: Some(table), family: Some(family), members, data }
    }
}
