//! Which names a rule has, and what they stand for.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use bundlescope_facts::{FieldType, Text, Value};

use crate::model::{Rule, Variable};
use crate::vocabulary::{PROBE, Vocabulary};

/// What an alias stands for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Shape {
    /// A fact of that kind.
    Kind(Text),
    /// A probe's answer.
    Probe,
    /// A number of facts of that kind.
    Count(Text),
}

/// The names of one rule.
#[derive(Debug, Default)]
pub(crate) struct Scope {
    /// Every variable by slot.
    pub(crate) variables: Vec<Variable>,
    /// Slots that have a value at this point.
    pub(crate) bound: BTreeSet<usize>,
    /// Aliases of the conditions so far, with their position in `when`.
    pub(crate) aliases: Vec<(Text, Vec<Shape>)>,
    /// All aliases of the rule, also those that follow.
    pub(crate) reserved: BTreeSet<String>,
    /// Where each variable stands first.
    pub(crate) places: BTreeMap<usize, Range<usize>>,
    /// How often each variable stands elsewhere.
    pub(crate) uses: BTreeMap<usize, usize>,
    /// Aliases of which conditions name a field.
    pub(crate) named: BTreeSet<String>,
}

impl Scope {
    pub(crate) fn new() -> Self {
        let mut scope = Self::default();
        scope.add("node", None);
        scope.bound.insert(Rule::NODE);
        scope
    }

    /// A new variable.
    pub(crate) fn add(&mut self, name: &str, value: Option<Value>) -> usize {
        let slot = self.variables.len();
        if value.is_some() {
            self.bound.insert(slot);
        }
        self.variables.push(Variable { name: name.into(), value, local: false });
        slot
    }

    /// A variable stands once more.
    pub(crate) fn used(&mut self, slot: usize) {
        *self.uses.entry(slot).or_default() += 1;
    }

    pub(crate) fn slot(&self, name: &str) -> Option<usize> {
        self.variables.iter().position(|variable| &*variable.name == name)
    }

    pub(crate) fn alias(&self, name: &str) -> Option<(usize, &[Shape])> {
        let position = self.aliases.iter().position(|(alias, _)| &**alias == name)?;
        self.aliases.get(position).map(|(_, shapes)| (position, shapes.as_slice()))
    }

    /// Names of the variables that have a value.
    pub(crate) fn bound_names(&self) -> Vec<&str> {
        self.bound.iter().filter_map(|slot| self.variables.get(*slot)).map(|variable| &*variable.name).collect()
    }

    /// Gives up what was bound since, so that it is only seen inside.
    pub(crate) fn leave(&mut self, bound_before: BTreeSet<usize>) {
        let inner: Vec<usize> = self.bound.difference(&bound_before).copied().collect();
        for slot in inner {
            if let Some(variable) = self.variables.get_mut(slot) {
                variable.local = true;
            }
        }
        self.bound = bound_before;
    }
}

/// The type of a field of what an alias stands for: it must be known in one of the shapes.
pub(crate) fn field_of(vocabulary: &Vocabulary, shapes: &[Shape], path: &str) -> Result<FieldType, Option<String>> {
    let mut last = Err(None);
    for shape in shapes {
        let found = match shape {
            Shape::Kind(kind) => vocabulary.field_type(kind, path),
            Shape::Probe => vocabulary.field_type(PROBE.name, path),
            Shape::Count(_) if matches!(path, "count" | "value") => Ok(FieldType::Float),
            Shape::Count(kind) => vocabulary.field_type(kind, path),
        };
        if found.is_ok() {
            return found;
        }
        last = found;
    }
    last
}

/// Where the first unknown part of a path begins, in the shape that knows most of it.
pub(crate) fn known_prefix(vocabulary: &Vocabulary, shapes: &[Shape], path: &str) -> usize {
    let of_shape = |shape: &Shape| match shape {
        Shape::Kind(kind) | Shape::Count(kind) => vocabulary.known_prefix(kind, path),
        Shape::Probe => vocabulary.known_prefix(PROBE.name, path),
    };
    shapes.iter().map(of_shape).max().unwrap_or(0)
}
