//! The firewall of a namespace, ready to be followed: tables of every backend merged, chains resolved, hooks in order.

mod compile;
mod edit;
mod select;

use bundlescope_facts::firewall::{Action, Match};
use bundlescope_facts::{Backend, Family, Source, Text};

pub(crate) use compile::{Builder, compile_steps};
pub use edit::EditError;

/// Where in a packet's way rules are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Hook {
    Prerouting,
    Input,
    Forward,
    Output,
    Postrouting,
}

impl Hook {
    /// The hook of that name, in any case.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Some(match word.to_ascii_uppercase().as_str() {
            "PREROUTING" => Self::Prerouting,
            "INPUT" => Self::Input,
            "FORWARD" => Self::Forward,
            "OUTPUT" => Self::Output,
            "POSTROUTING" => Self::Postrouting,
            _ => return None,
        })
    }

    /// As iptables writes it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Prerouting => "PREROUTING",
            Self::Input => "INPUT",
            Self::Forward => "FORWARD",
            Self::Output => "OUTPUT",
            Self::Postrouting => "POSTROUTING",
        }
    }
}

/// A step of a rule with its chains resolved.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Step {
    Match(Match),
    Act(Action),
    /// Index of the chain, and its name for the path.
    Jump(usize, Text),
    Goto(usize, Text),
}

/// A rule.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rule {
    pub(crate) text: Text,
    pub(crate) target: Option<Text>,
    pub(crate) source: Source,
    pub(crate) steps: Vec<Step>,
}

/// Policy of a base chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Policy {
    Accept,
    Drop,
}

/// A chain.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Chain {
    pub(crate) table: usize,
    pub(crate) name: Text,
    pub(crate) hook: Option<Hook>,
    pub(crate) priority: i32,
    pub(crate) nat: bool,
    /// Marks set here make the host look the route up again.
    pub(crate) reroutes: bool,
    pub(crate) policy: Policy,
    pub(crate) source: Source,
    pub(crate) rules: Vec<Rule>,
    /// Rules by the single destination address that they want; see [`compile::index`].
    pub(crate) index: Option<compile::Index>,
}

/// A table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Table {
    pub(crate) name: Text,
    pub(crate) backend: Backend,
    /// Family of an nft table; `Ip` or `Ip6` for iptables.
    pub(crate) family: Family,
    /// A table of nft itself, not of iptables.
    pub(crate) native: bool,
}

/// A base chain at a hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Base {
    pub(crate) priority: i32,
    pub(crate) chain: usize,
}

/// The rules for one address family.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ruleset {
    pub(crate) tables: Vec<Table>,
    pub(crate) chains: Vec<Chain>,
    /// Base chains that are not of type nat, by hook, lowest priority first.
    pub(crate) bases: [Vec<Base>; 5],
    /// Base chains of type nat, by hook.
    pub(crate) nat: [Vec<Base>; 5],
    /// Tables of iptables of which no document tells whether they hold rules.
    pub(crate) unseen: Vec<&'static str>,
    /// What was taken for granted when documents were merged.
    pub(crate) notes: Vec<String>,
    /// Rules beside these that the documents would not show.
    pub(crate) unlisted: Vec<crate::Unlisted>,
}

impl Ruleset {
    /// Base chains of a hook that are not of type nat.
    pub(crate) fn bases(&self, hook: Hook) -> &[Base] {
        self.bases.get(hook as usize).map_or(&[], Vec::as_slice)
    }

    /// Base chains of type nat of a hook.
    pub(crate) fn nat(&self, hook: Hook) -> &[Base] {
        self.nat.get(hook as usize).map_or(&[], Vec::as_slice)
    }

    /// The table of a chain.
    pub(crate) fn table_of(&self, chain: usize) -> Option<&Table> {
        self.tables.get(self.chains.get(chain)?.table)
    }

    /// Sorts base chains into their hooks; call after building or changing.
    pub(crate) fn register(&mut self) {
        self.bases = Default::default();
        self.nat = Default::default();
        for (index, chain) in self.chains.iter().enumerate() {
            let Some(hook) = chain.hook else { continue };
            let lists = if chain.nat { &mut self.nat } else { &mut self.bases };
            if let Some(list) = lists.get_mut(hook as usize) {
                list.push(Base { priority: chain.priority, chain: index });
            }
        }
        for list in self.bases.iter_mut().chain(&mut self.nat) {
            list.sort_by_key(|base| base.priority);
        }
    }
}

/// The firewall of a namespace.
#[derive(Debug, Clone, Default)]
pub(crate) struct Firewall {
    pub(crate) v4: Ruleset,
    pub(crate) v6: Ruleset,
}

impl Firewall {
    /// The rules for a family.
    pub(crate) fn rules(&self, v6: bool) -> &Ruleset {
        if v6 { &self.v6 } else { &self.v4 }
    }

    /// The same, to be changed.
    pub(crate) fn rules_mut(&mut self, v6: bool) -> &mut Ruleset {
        if v6 { &mut self.v6 } else { &mut self.v4 }
    }
}
