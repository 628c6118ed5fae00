//! Names of a rule to which nothing refers.

use std::collections::BTreeSet;

use super::scope::Scope;
use super::{Checker, Entries};
use crate::codes;
use crate::model::{Condition, Operand, Pattern, Rule, Test};
use crate::yaml::{Node, Yaml};

/// What a rule names, and what it binds.
pub(crate) struct Named<'r> {
    /// First parts of the names in its texts, commands and expressions.
    pub(crate) texts: BTreeSet<String>,
    /// Its conditions.
    pub(crate) when: &'r [Condition],
}

impl Checker<'_> {
    /// Warns of parameters, variables and aliases that nothing refers to.
    pub(crate) fn unused(&mut self, entries: Entries<'_>, scope: &Scope, named: &Named<'_>) {
        let stated = entries.get("subjects").is_some() || entries.get("emit").is_some();
        let mut alone: BTreeSet<usize> = BTreeSet::new();
        for (slot, variable) in scope.variables.iter().enumerate() {
            let uses = scope.uses.get(&slot).copied().unwrap_or(0);
            if slot == Rule::NODE || uses > 0 || named.texts.contains(&*variable.name) {
                continue;
            }
            alone.insert(slot);
            if variable.value.is_some() {
                let span = scope.places.get(&slot).cloned().unwrap_or_default();
                let help = Some(format!("compare a field with `${}`, or leave the parameter out", variable.name));
                let message = format!("nothing uses the parameter `{}`", variable.name);
                self.report(&codes::UNUSED, span, message, "not used", help);
            } else if stated && !variable.local {
                // Without `subjects:` each variable tells findings apart.
                let Some(span) = scope.places.get(&slot).cloned() else { continue };
                let help = "leave the field out, ask with `absent: false` that it is there, or name it in `subjects:`";
                let message = format!("nothing uses the variable `${}`", variable.name);
                self.report(&codes::UNUSED, span, message, "not used", Some(help.to_owned()));
            }
        }
        if named.when.len() < 2 {
            return;
        }
        let Some(Node { value: Yaml::Map(aliases), .. }) = entries.get("when") else { return };
        for condition in named.when {
            let alias = &*condition.alias;
            let Pattern::Fact(fact) = &condition.pattern else { continue };
            let idle = |test: &Test| match test {
                Test::Is(Operand::Variable(slot)) => alone.contains(slot),
                Test::Absent(false) => true,
                _ => false,
            };
            let refers = named.texts.contains(alias) || scope.named.contains(alias);
            if !refers && fact.fields.iter().all(|field| idle(&field.test)) {
                let Some((key, _)) = aliases.iter().find(|(key, _)| key.name == alias) else { continue };
                let help = format!(
                    "any {} of the host meets it: join it with another condition by a variable, ask for a value, or name \
                     it in a text",
                    fact.kind
                );
                let message = format!("nothing uses `{alias}`, and it asks for nothing");
                self.report(&codes::UNUSED, key.span.clone(), message, "not used", Some(help));
            }
        }
    }
}
