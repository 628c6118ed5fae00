//! Facts in a fixed order, and hash indexes over them that are built when first asked for.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use bundlescope_facts::{Fact, Text, Value};

/// Position of a fact in the fixed order; facts that rules emit follow those of documents.
pub(crate) type Id = u32;

/// What equality compares. Whole numbers are equal to their text, so that a captured port joins a listener's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Key {
    Bool(bool),
    Int(i64),
    Text(Text),
}

impl Key {
    /// The key of a scalar; values without one equal nothing.
    pub(crate) fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Null | Value::List(_) | Value::Map(_) => None,
            Value::Bool(value) => Some(Self::Bool(*value)),
            Value::Int(value) => Some(Self::Int(*value)),
            Value::Float(value) if value.fract() == 0.0 && value.abs() < 9.0e15 => Some(Self::Int(*value as i64)),
            Value::Float(value) => Some(Self::Text(value.to_string().into())),
            Value::Text(text) => Some(match canonical_int(text) {
                Some(int) => Self::Int(int),
                None => Self::Text(text.clone()),
            }),
        }
    }
}

/// The number that a text is the usual writing of: no sign `+`, no leading zeros, no blanks.
fn canonical_int(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let usual = match digits.as_bytes() {
        [b'0'] => digits.len() == text.len(),
        [b'1'..=b'9', rest @ ..] => rest.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    if usual { text.parse().ok() } else { None }
}

/// The keys of a value: those of its elements for a list.
pub(crate) fn keys(value: &Value) -> Vec<Key> {
    match value {
        Value::List(items) => items.iter().filter_map(Key::of).collect(),
        other => Key::of(other).into_iter().collect(),
    }
}

/// The value of a field; a path through a list of records gives the values of all of them.
pub(crate) fn field(fact: &Fact, path: &str) -> Value {
    let found = fact.get(path);
    if !found.is_null() {
        return found;
    }
    let Some((head, rest)) = path.split_once('.') else { return Value::Null };
    match fact.get(head) {
        Value::List(items) => {
            let parts: Vec<Value> = items.iter().map(|item| item.at(rest)).filter(|part| !part.is_null()).collect();
            if parts.is_empty() { Value::Null } else { Value::List(parts) }
        }
        _ => Value::Null,
    }
}

type Postings = Rc<HashMap<Key, Vec<Id>>>;

/// All facts.
pub(crate) struct Index<'w> {
    base: Vec<&'w Fact>,
    derived: Vec<Fact>,
    /// Node and content of the derived facts.
    emitted: HashSet<String>,
    by_kind: HashMap<Text, Rc<Vec<Id>>>,
    by_field: RefCell<HashMap<Text, HashMap<Text, Postings>>>,
    /// Kinds and nodes of which there is a fact, with the container whose view it is.
    seen: BTreeSet<(Text, Text, Option<Text>)>,
}

impl<'w> Index<'w> {
    pub(crate) fn new(facts: &'w [Fact]) -> Self {
        let mut base: Vec<&Fact> = facts.iter().collect();
        // The order in which documents were read must not show in what comes out.
        base.sort_by(|a, b| {
            (&a.node, &a.source)
                .cmp(&(&b.node, &b.source))
                .then_with(|| a.kind().cmp(b.kind()))
                .then_with(|| format!("{:?}", a.data).cmp(&format!("{:?}", b.data)))
        });
        let mut index = Self {
            base,
            derived: Vec::new(),
            emitted: HashSet::new(),
            by_kind: HashMap::new(),
            by_field: RefCell::default(),
            seen: BTreeSet::new(),
        };
        let mut kinds: HashMap<Text, Vec<Id>> = HashMap::new();
        for (position, fact) in index.base.iter().enumerate() {
            let Ok(id) = Id::try_from(position) else { break };
            match kinds.get_mut(fact.kind()) {
                Some(ids) => ids.push(id),
                None => {
                    kinds.insert(fact.kind().into(), vec![id]);
                }
            }
            let place = (Text::from(fact.kind()), fact.node.clone(), container_of(fact));
            if !index.seen.contains(&place) {
                index.seen.insert(place);
            }
        }
        index.by_kind = kinds.into_iter().map(|(kind, ids)| (kind, Rc::new(ids))).collect();
        index
    }

    /// The fact at a position that this index gave out.
    pub(crate) fn fact(&self, id: Id) -> Option<&Fact> {
        let position = id as usize;
        match self.base.get(position) {
            Some(fact) => Some(fact),
            None => self.derived.get(position - self.base.len()),
        }
    }

    /// Adds a fact that a rule emitted, unless an equal one was emitted before.
    pub(crate) fn add(&mut self, fact: Fact) {
        if !self.emitted.insert(format!("{}\0{:?}", fact.node, fact.data)) {
            return;
        }
        let kind = Text::from(fact.kind());
        let Ok(id) = Id::try_from(self.base.len() + self.derived.len()) else { return };
        self.by_field.borrow_mut().remove(&kind);
        self.seen.insert((kind.clone(), fact.node.clone(), container_of(&fact)));
        Rc::make_mut(self.by_kind.entry(kind).or_default()).push(id);
        self.derived.push(fact);
    }

    pub(crate) fn derived(self) -> Vec<Fact> {
        self.derived
    }

    /// All facts of a kind, in order.
    pub(crate) fn of_kind(&self, kind: &str) -> Rc<Vec<Id>> {
        self.by_kind.get(kind).cloned().unwrap_or_default()
    }

    /// The facts of a kind by the value of a field.
    pub(crate) fn by_field(&self, kind: &str, path: &str) -> Postings {
        if let Some(postings) = self.by_field.borrow().get(kind).and_then(|fields| fields.get(path)) {
            return postings.clone();
        }
        let mut postings: HashMap<Key, Vec<Id>> = HashMap::new();
        for id in self.of_kind(kind).iter() {
            let Some(fact) = self.fact(*id) else { continue };
            for key in keys(&field(fact, path)) {
                let ids = postings.entry(key).or_default();
                if ids.last() != Some(id) {
                    ids.push(*id);
                }
            }
        }
        let postings = Rc::new(postings);
        self.by_field.borrow_mut().entry(kind.into()).or_default().insert(path.into(), postings.clone());
        postings
    }

    /// Every host of which there is a fact.
    pub(crate) fn nodes(&self) -> BTreeSet<Text> {
        self.seen.iter().map(|(_, node, _)| node.clone()).collect()
    }

    /// Whether there is a fact of that kind on that node, seen by that container or by the host.
    pub(crate) fn has(&self, kind: &str, node: &str, container: Option<&str>) -> bool {
        self.seen.contains(&(kind.into(), node.into(), container.map(Text::from)))
    }
}

/// The container whose namespace or log a fact is about; only for kinds that are seen by a container or by the host.
fn container_of(fact: &Fact) -> Option<Text> {
    if !seen_by_container(fact.kind()) {
        return None;
    }
    match fact.get("container") {
        Value::Text(container) => Some(container),
        _ => None,
    }
}

/// Whether a document states that kind of the host or of one container: its namespaces, its files, its log. The
/// vocabulary says so of the field `container`; events that only signatures know come from logs.
pub(crate) fn seen_by_container(kind: &str) -> bool {
    match bundlescope_facts::kind_spec(kind).map(|spec| spec.field("container")) {
        Some(Some(field)) => field.doc.iter().any(|line| line.contains("absent for the host")),
        Some(None) => false,
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_equal_their_usual_writing_only() {
        let key = |text: &str| Key::of(&text.into());
        assert_eq!(key("5432"), Key::of(&Value::Int(5432)));
        assert_eq!(key("-1"), Key::of(&Value::Int(-1)));
        assert_eq!(key("0"), Key::of(&Value::Float(0.0)));
        for other in ["05432", "+1", "-0", "1 ", "", "-", "99999999999999999999"] {
            assert_eq!(key(other), Some(Key::Text(other.into())), "{other}");
        }
    }

    #[test]
    fn the_vocabulary_says_which_kinds_containers_see() {
        for kind in ["listener", "resolver", "route", "filesystem", "connection_failure", "vendor_event"] {
            assert!(seen_by_container(kind), "{kind}");
        }
        for kind in ["container", "endpoint", "published_port", "dependency", "network", "os_release"] {
            assert!(!seen_by_container(kind), "{kind}");
        }
    }
}
