//! What rules are evaluated against.

use std::collections::{BTreeMap, BTreeSet};

use bundlescope_facts::{Fact, Text};
use jiff::Timestamp;

use crate::Prober;

/// Everything that is known of a bundle.
#[derive(Clone, Copy)]
pub struct World<'w> {
    /// Every fact, events included, in any order.
    pub facts: &'w [Fact],
    /// Answers probes.
    pub prober: &'w dyn Prober,
    /// Which kinds of facts were collected where.
    pub coverage: &'w Coverage,
    /// Time of the capture, for conditions such as `within: 1h`.
    pub now: Option<Timestamp>,
}

/// Which kinds of facts were collected, and what has to be collected for those that were not.
///
/// A kind of which there is a fact counts as collected on that node. The others need an entry, because a document may
/// well state that there is nothing: an empty `docker network ls` is collected and holds no network.
///
/// ```
/// use bundlescope_engine::Coverage;
///
/// let mut coverage = Coverage::default();
/// coverage.add_producer("listener", "ss", "ss -tulpn");
/// coverage.add("web1", "listener", None);
/// assert!(coverage.holds("web1", "listener", None));
/// assert!(!coverage.holds("web2", "listener", None));
/// assert_eq!(coverage.missing("listener").len(), 1);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Coverage {
    collected: BTreeMap<Text, BTreeSet<(Text, Option<Text>)>>,
    producers: BTreeMap<Text, Vec<(Text, String)>>,
    reasons: BTreeMap<(Text, Text), String>,
    partial: BTreeMap<Text, BTreeSet<(Text, Option<Text>)>>,
    documents: BTreeSet<Text>,
    incomplete: bool,
}

impl Coverage {
    /// A document of a format that states facts of that kind was read on that node; for what was seen in a container's
    /// namespace, or its log, with the container's name.
    pub fn add(&mut self, node: impl Into<Text>, kind: impl Into<Text>, container: Option<Text>) {
        self.collected.entry(kind.into()).or_default().insert((node.into(), container));
    }

    /// A document that states facts of that kind was read in part only: what is not in it may be there all the same.
    pub fn add_partial(&mut self, node: impl Into<Text>, kind: impl Into<Text>, container: Option<Text>) {
        self.partial.entry(kind.into()).or_default().insert((node.into(), container));
    }

    /// Whether a document that could state that kind, on that node and for that container where these are named, was read in
    /// part only.
    pub fn partly(&self, node: Option<&str>, kind: &str, container: Option<&str>) -> bool {
        self.partial.get(kind).is_some_and(|places| {
            places.iter().any(|(known, of)| {
                node.is_none_or(|node| **known == *node)
                    && (container.is_none() || of.is_none() || of.as_deref() == container)
            })
        })
    }

    /// A document by its path, whether or not anything could be read in it.
    pub fn add_document(&mut self, path: impl Into<Text>) {
        self.documents.insert(path.into());
    }

    /// Not all of the bundle was read, so that what was not found may be there all the same.
    pub fn set_incomplete(&mut self) {
        self.incomplete = true;
    }

    /// Whether all of the bundle was read.
    pub fn is_complete(&self) -> bool {
        !self.incomplete
    }

    /// The paths of the documents, in order.
    pub fn documents(&self) -> impl Iterator<Item = &str> {
        self.documents.iter().map(|path| &**path)
    }

    /// A format that states facts of that kind, and the command that collects it. The first one is asked for.
    pub fn add_producer(&mut self, kind: impl Into<Text>, format: impl Into<Text>, collect: impl Into<String>) {
        let producers = self.producers.entry(kind.into()).or_default();
        let producer = (format.into(), collect.into());
        if !producers.contains(&producer) {
            producers.push(producer);
        }
    }

    /// Why the output of that format, or of that program, is not there on that node, for people.
    pub fn add_reason(&mut self, node: impl Into<Text>, format: impl Into<Text>, why: impl Into<String>) {
        self.reasons.entry((node.into(), format.into())).or_insert_with(|| why.into());
    }

    /// Why the output of that format is not there on that node, or on the first node of which it is told.
    pub fn why(&self, node: Option<&str>, format: &str) -> Option<&str> {
        match node {
            Some(node) => self.reasons.get(&(Text::from(node), Text::from(format))).map(String::as_str),
            None => self.reasons.iter().find(|((_, of), _)| &**of == format).map(|(_, why)| why.as_str()),
        }
    }

    /// Whether that kind was collected on that node, and for that container where one is named.
    pub fn holds(&self, node: &str, kind: &str, container: Option<&str>) -> bool {
        let Some(places) = self.collected.get(kind) else { return false };
        places.contains(&(Text::from(node), container.map(Text::from)))
    }

    /// Whether that kind was collected on that node in anyone's view.
    pub fn on(&self, node: &str, kind: &str) -> bool {
        self.collected.get(kind).is_some_and(|places| places.iter().any(|(known, _)| &**known == node))
    }

    /// Whether that kind was collected on any node.
    pub fn anywhere(&self, kind: &str) -> bool {
        self.collected.get(kind).is_some_and(|places| !places.is_empty())
    }

    /// What would have to be collected for that kind: formats and their commands. Empty for kinds that no document
    /// states by itself, which never count as missing.
    pub fn missing(&self, kind: &str) -> &[(Text, String)] {
        self.producers.get(kind).map(Vec::as_slice).unwrap_or_default()
    }
}
