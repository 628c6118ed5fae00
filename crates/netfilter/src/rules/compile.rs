//! Facts of one namespace in, rules that can be followed out.

use std::collections::HashMap;
use std::net::IpAddr;

use bundlescope_facts::firewall::{Action, AddressRange, Side, Step as FactStep, Steps, Test};
use bundlescope_facts::{
    Backend, Data, Fact, Family, FirewallChain, FirewallForm, FirewallRule, FirewallTable, Source, Text,
};

use super::select;
use super::{Chain, Firewall, Hook, Policy, Rule, Ruleset, Step, Table};

/// A table as one document showed it.
#[derive(Debug, Clone)]
pub(crate) struct Shown<'a> {
    pub(crate) document: Text,
    pub(crate) name: Text,
    pub(crate) family: Family,
    pub(crate) backend: Backend,
    pub(crate) form: FirewallForm,
    pub(crate) saved: bool,
    pub(crate) complete: bool,
    pub(crate) compat: bool,
    pub(crate) dormant: bool,
    pub(crate) source: Source,
    pub(crate) chains: Vec<ShownChain<'a>>,
    by_name: HashMap<Text, usize>,
}

/// A chain as one document showed it.
#[derive(Debug, Clone)]
pub(crate) struct ShownChain<'a> {
    pub(crate) name: Text,
    pub(crate) fact: Option<(&'a FirewallChain, &'a Source)>,
    pub(crate) rules: Vec<(&'a FirewallRule, &'a Source)>,
}

/// Collects the facts of one namespace in the order of their documents.
#[derive(Debug, Default)]
pub(crate) struct Builder<'a> {
    pub(crate) shown: Vec<Shown<'a>>,
    current: HashMap<(Text, Text, Family, Backend), usize>,
}

impl<'a> Builder<'a> {
    /// Takes a firewall fact; others are ignored.
    pub(crate) fn add(&mut self, fact: &'a Fact) {
        let document = fact.source.document.clone();
        match &fact.data {
            Data::FirewallTable(table) => {
                let key = (document, table.table.clone(), table.family, table.backend);
                self.current.insert(key, self.shown.len());
                self.shown.push(shown(table, &fact.source));
            }
            Data::FirewallChain(chain) => {
                let at = self.table(document, &chain.table, chain.family, chain.backend, chain.form, chain.saved, fact);
                if let Some(shown) = self.shown.get_mut(at) {
                    let slot = shown.chain(&chain.chain);
                    slot.fact = Some((chain, &fact.source));
                }
            }
            Data::FirewallRule(rule) => {
                let at = self.table(document, &rule.table, rule.family, rule.backend, rule.form, rule.saved, fact);
                if let Some(shown) = self.shown.get_mut(at) {
                    shown.chain(&rule.chain).rules.push((rule, &fact.source));
                }
            }
            _ => {}
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of a table's identity")]
    fn table(
        &mut self,
        document: Text,
        name: &Text,
        family: Family,
        backend: Backend,
        form: FirewallForm,
        saved: bool,
        fact: &'a Fact,
    ) -> usize {
        let next = self.shown.len();
        let at = *self.current.entry((document, name.clone(), family, backend)).or_insert(next);
        if at == next {
            let table = FirewallTable { table: name.clone(), family, backend, form, saved, ..FirewallTable::default() };
            self.shown.push(shown(&table, &fact.source));
        }
        at
    }

    /// The firewall of the namespace. `required`: a table that no document shows is not taken for empty.
    pub(crate) fn build(&self, required: bool) -> Firewall {
        Firewall { v4: self.family(false, required), v6: self.family(true, required) }
    }

    fn family(&self, v6: bool, required: bool) -> Ruleset {
        let selected = select::select(&self.shown, v6, required);
        let mut rules = Ruleset {
            unseen: selected.unseen,
            notes: selected.notes,
            unlisted: selected.unlisted,
            ..Ruleset::default()
        };
        for (shown, backend, native) in selected.tables {
            add_table(&mut rules, shown, backend, native);
        }
        rules.register();
        rules
    }
}

fn shown<'a>(table: &FirewallTable, source: &Source) -> Shown<'a> {
    Shown {
        document: source.document.clone(),
        name: table.table.clone(),
        family: table.family,
        backend: table.backend,
        form: table.form,
        saved: table.saved,
        complete: table.complete,
        compat: table.compat,
        dormant: table.dormant,
        source: source.clone(),
        chains: Vec::new(),
        by_name: HashMap::new(),
    }
}

impl<'a> Shown<'a> {
    fn chain(&mut self, name: &Text) -> &mut ShownChain<'a> {
        let next = self.chains.len();
        let at = *self.by_name.entry(name.clone()).or_insert(next);
        if at == next {
            self.chains.push(ShownChain { name: name.clone(), fact: None, rules: Vec::new() });
        }
        // `at` was stored when its chain was pushed; chains are never removed.
        &mut self.chains[at]
    }
}

fn add_table(rules: &mut Ruleset, shown: &Shown<'_>, backend: Backend, native: bool) {
    let table = rules.tables.len();
    rules.tables.push(Table { name: shown.name.clone(), backend, family: shown.family, native });
    let first = rules.chains.len();
    let mut by_name: HashMap<Text, usize> = HashMap::new();
    for (offset, chain) in shown.chains.iter().enumerate() {
        by_name.insert(chain.name.clone(), first + offset);
        rules.chains.push(declare(chain, table, shown, native));
    }
    for (offset, chain) in shown.chains.iter().enumerate() {
        let compiled: Vec<Rule> = chain
            .rules
            .iter()
            .map(|(rule, source)| Rule {
                text: rule.text.clone(),
                target: rule.target.clone(),
                source: (*source).clone(),
                steps: compile_steps(&rule.steps, &by_name),
            })
            .collect();
        if let Some(slot) = rules.chains.get_mut(first + offset) {
            slot.index = index(&compiled);
            slot.rules = compiled;
        }
    }
}

fn declare(chain: &ShownChain<'_>, table: usize, shown: &Shown<'_>, native: bool) -> Chain {
    let fact = chain.fact.map(|(fact, _)| fact);
    let hook = if native {
        fact.and_then(|fact| fact.hook.as_deref()).and_then(Hook::from_word)
    } else {
        Hook::from_word(&chain.name)
    };
    let kind = fact.and_then(|fact| fact.chain_type.as_deref());
    let nat = if native { kind == Some("nat") } else { &*shown.name == "nat" };
    let priority = match fact.and_then(|fact| fact.priority).filter(|_| native) {
        Some(priority) => priority,
        None => match &*shown.name {
            "raw" => -300,
            "mangle" => -150,
            "security" => 50,
            "nat" if matches!(hook, Some(Hook::Prerouting | Hook::Output)) => -100,
            "nat" => 100,
            _ => 0,
        },
    };
    let output = hook == Some(Hook::Output);
    let reroutes = output && if native { kind == Some("route") } else { &*shown.name == "mangle" };
    let drop = fact.and_then(|fact| fact.policy.as_deref()).is_some_and(|policy| policy.eq_ignore_ascii_case("drop"));
    let source = match (chain.fact, chain.rules.first()) {
        (Some((_, source)), _) => source.clone(),
        (None, Some((_, source))) => (*source).clone(),
        (None, None) => shown.source.clone(),
    };
    Chain {
        table,
        name: chain.name.clone(),
        hook: hook.filter(|_| !shown.dormant),
        priority,
        nat,
        reroutes,
        policy: if drop { Policy::Drop } else { Policy::Accept },
        source,
        rules: Vec::new(),
        index: None,
    }
}

/// Resolves chains by name. A chain that the document does not show makes the rule's outcome unknown.
pub(crate) fn compile_steps(steps: &Steps, chains: &HashMap<Text, usize>) -> Vec<Step> {
    let resolve = |name: &Text, make: fn(usize, Text) -> Step| match chains.get(name) {
        Some(chain) => make(*chain, name.clone()),
        None => Step::Act(Action::Unknown(name.clone())),
    };
    let mut compiled: Vec<Step> = steps
        .0
        .iter()
        .map(|step| match step {
            FactStep::Match(test) => Step::Match(test.clone()),
            FactStep::Action(Action::Jump(name)) => resolve(name, Step::Jump),
            FactStep::Action(Action::Goto(name)) => resolve(name, Step::Goto),
            FactStep::Action(action) => Step::Act(action.clone()),
        })
        .collect();
    // What cannot be known is asked last, so that the rule's other tests may make it unnecessary. Only tests in
    // front of the first action may change places.
    let tests = compiled.iter().take_while(|step| matches!(step, Step::Match(_))).count();
    if let Some(front) = compiled.get_mut(..tests) {
        front.sort_by_key(|step| match step {
            Step::Match(found) => cost(&found.test),
            _ => 0,
        });
    }
    compiled
}

fn cost(test: &Test) -> u8 {
    match test {
        Test::Address(..) | Test::Protocol(_) => 0,
        Test::Port(..) | Test::InInterface(_) | Test::OutInterface(_) => 1,
        Test::Unknowable { .. } => 9,
        Test::OwnerUser(_) | Test::OwnerGroup(_) | Test::Mac(_) | Test::Set { .. } | Test::Length(_) => 8,
        _ => 2,
    }
}

/// Chains shorter than this are simply gone through.
const INDEX_FROM: usize = 32;

/// Which rules of a long chain can concern a destination address.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Index {
    /// Rules that want exactly this destination, ascending.
    by_destination: HashMap<IpAddr, Vec<u32>>,
    /// Rules that say something else of the destination, ascending.
    others: Vec<u32>,
}

impl Index {
    /// The rules for a destination, ascending, starting at `from`.
    pub(crate) fn next(&self, destination: IpAddr, from: usize) -> Option<usize> {
        let from = u32::try_from(from).ok()?;
        let after = |list: &[u32]| list.get(list.partition_point(|rule| *rule < from)).copied();
        let exact = self.by_destination.get(&destination).and_then(|list| after(list));
        let other = after(&self.others);
        let next = match (exact, other) {
            (Some(a), Some(b)) => a.min(b),
            (a, b) => a.or(b)?,
        };
        usize::try_from(next).ok()
    }
}

/// kube-proxy's chains hold thousands of rules for one service address each.
pub(crate) fn index(rules: &[Rule]) -> Option<Index> {
    if rules.len() < INDEX_FROM {
        return None;
    }
    let mut found = Index { by_destination: HashMap::new(), others: Vec::new() };
    for (number, rule) in (0u32..).zip(rules) {
        let single = rule.steps.iter().take_while(|step| matches!(step, Step::Match(_))).find_map(|step| match step {
            Step::Match(test) if !test.negated => match &test.test {
                Test::Address(Side::Destination, ranges) => match ranges.as_slice() {
                    [AddressRange::Masked { address, mask }] if is_host_mask(*mask) => Some(*address),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        });
        match single {
            Some(address) => found.by_destination.entry(address).or_default().push(number),
            None => found.others.push(number),
        }
    }
    Some(found)
}

fn is_host_mask(mask: IpAddr) -> bool {
    match mask {
        IpAddr::V4(mask) => u32::from(mask) == u32::MAX,
        IpAddr::V6(mask) => u128::from(mask) == u128::MAX,
    }
}
