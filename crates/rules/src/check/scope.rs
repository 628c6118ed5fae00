//! Which names a rule has, and what they stand for.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use bundlescope_facts::{FieldType, Text, Value};

use crate::model::{Rule, Variable};
use crate::vocabulary::{PROBE, Vocabulary, element};

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

/// What sort of values a variable or a field holds, as far as it matters whether two of them can meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    Number,
    Bool,
    Address,
    Network,
    Time,
    /// Names of things.
    Name,
    /// Text that may write anything.
    Any,
}

impl Family {
    pub(crate) fn of(ty: FieldType, path: &str) -> Self {
        match element(ty) {
            // What maps hold are texts that write numbers, addresses, and so on.
            _ if path.contains('.') => Self::Any,
            FieldType::Integer | FieldType::Float => Self::Number,
            FieldType::Bool => Self::Bool,
            FieldType::Address => Self::Address,
            FieldType::Network => Self::Network,
            FieldType::Time => Self::Time,
            FieldType::Word(_) => Self::Name,
            FieldType::Text if NAMES.contains(&path) => Self::Name,
            _ => Self::Any,
        }
    }

    /// Whether one could equal the other.
    pub(crate) fn meets(self, other: Self) -> bool {
        use Family::{Address, Any, Name, Network};
        self == other
            || matches!((self, other), (Any, _) | (_, Any))
            || matches!((self, other), (Name, Address | Network) | (Address | Network, Name))
    }

    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Number => "a number",
            Self::Bool => "true or false",
            Self::Address => "an address",
            Self::Network => "a network",
            Self::Time => "a time",
            Self::Name => "a name",
            Self::Any => "text",
        }
    }
}

/// Fields of texts that never write a number or a time.
const NAMES: &[&str] = &[
    "name",
    "container",
    "host",
    "hostname",
    "node",
    "image",
    "network",
    "interface",
    "user",
    "process",
    "namespace",
    "service",
    "table",
    "chain",
    "mount",
    "database",
    "status",
    "health",
    "restart_policy",
    "network_mode",
    "error",
];

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
    /// What variables hold, where it is known.
    pub(crate) families: BTreeMap<usize, Family>,
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
