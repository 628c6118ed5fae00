//! Changes to rules, for proving fixes.

use std::collections::HashMap;
use std::fmt;

use bundlescope_facts::firewall::Steps;
use bundlescope_facts::{Source, Text};

use super::compile::index;
use super::{Policy, Rule, Ruleset, compile_steps};

/// Why a change cannot be made: a lowercase fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditError(pub String);

impl fmt::Display for EditError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for EditError {}

impl Ruleset {
    /// Index of a chain of an iptables table.
    pub(crate) fn find_chain(&self, table: &str, chain: &str) -> Result<usize, EditError> {
        let found = self.chains.iter().enumerate().find(|(index, candidate)| {
            &*candidate.name == chain && self.table_of(*index).is_some_and(|found| &*found.name == table)
        });
        found.map(|(index, _)| index).ok_or_else(|| EditError(format!("no chain {chain} in table {table}")))
    }

    /// Puts a rule at a position counted from 1; behind the last when there is none.
    pub(crate) fn insert(
        &mut self,
        (table, chain): (&str, &str),
        number: Option<usize>,
        steps: &Steps,
        target: Option<Text>,
        text: Text,
    ) -> Result<(), EditError> {
        let at = self.find_chain(table, chain)?;
        let Some(of_table) = self.chains.get(at).map(|chain| chain.table) else { return Ok(()) };
        let names: HashMap<Text, usize> = self
            .chains
            .iter()
            .enumerate()
            .filter(|(_, chain)| chain.table == of_table)
            .map(|(index, chain)| (chain.name.clone(), index))
            .collect();
        let rule = Rule { text, target, source: Source::default(), steps: compile_steps(steps, &names) };
        let Some(slot) = self.chains.get_mut(at) else { return Ok(()) };
        let position = number.map_or(slot.rules.len(), |number| number.saturating_sub(1));
        if position > slot.rules.len() {
            return Err(EditError(format!(
                "{chain} has {} rules, so there is no place {}",
                slot.rules.len(),
                position + 1
            )));
        }
        slot.rules.insert(position, rule);
        slot.index = index(&slot.rules);
        Ok(())
    }

    /// Removes the rule with that number, counted from 1.
    pub(crate) fn delete(&mut self, table: &str, chain: &str, number: usize) -> Result<(), EditError> {
        let at = self.find_chain(table, chain)?;
        let Some(slot) = self.chains.get_mut(at) else { return Ok(()) };
        let position = number.checked_sub(1).filter(|position| *position < slot.rules.len());
        let position = position.ok_or_else(|| EditError(format!("{chain} has no rule {number}")))?;
        slot.rules.remove(position);
        slot.index = index(&slot.rules);
        Ok(())
    }

    /// Removes the first rule with these steps.
    pub(crate) fn delete_like(&mut self, table: &str, chain: &str, steps: &Steps) -> Result<(), EditError> {
        let at = self.find_chain(table, chain)?;
        let Some(of_table) = self.chains.get(at).map(|chain| chain.table) else { return Ok(()) };
        let names: HashMap<Text, usize> = self
            .chains
            .iter()
            .enumerate()
            .filter(|(_, chain)| chain.table == of_table)
            .map(|(index, chain)| (chain.name.clone(), index))
            .collect();
        let wanted = compile_steps(steps, &names);
        let position = self.chains.get(at).and_then(|chain| chain.rules.iter().position(|rule| rule.steps == wanted));
        let position = position.ok_or_else(|| EditError(format!("{chain} has no such rule")))?;
        self.delete(table, chain, position + 1)
    }

    /// Sets the policy of a base chain.
    pub(crate) fn set_policy(&mut self, table: &str, chain: &str, policy: Policy) -> Result<(), EditError> {
        let at = self.find_chain(table, chain)?;
        match self.chains.get_mut(at) {
            Some(slot) if slot.hook.is_some() => {
                slot.policy = policy;
                Ok(())
            }
            _ => Err(EditError(format!("{chain} is not a built-in chain and has no policy"))),
        }
    }

    /// Removes every rule of a chain, or of all chains of a table.
    pub(crate) fn flush(&mut self, table: &str, chain: Option<&str>) -> Result<(), EditError> {
        if let Some(chain) = chain {
            self.find_chain(table, chain)?;
        }
        let tables = &self.tables;
        for slot in &mut self.chains {
            let of_table = tables.get(slot.table).is_some_and(|found| &*found.name == table);
            if of_table && chain.is_none_or(|chain| &*slot.name == chain) {
                slot.rules.clear();
                slot.index = None;
            }
        }
        Ok(())
    }
}
