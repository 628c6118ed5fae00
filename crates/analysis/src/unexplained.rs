//! Joins the errors that no signature knows, log by log in the order of the bundle, into those of the bundle.
//!
//! Wordings are joined while the bundle is read, and of many the frequent ones stay, so that memory does not grow with
//! the number of logs. The order of the bundle decides which, not that in which the logs were read.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use bundlescope_engine::Unexplained;
use bundlescope_facts::Text;
use bundlescope_logs::ErrorCluster;
use jiff::Timestamp;

use crate::intake::{LogErrors, Outcome};
use crate::names::Names;

/// Wordings of one bundle that are told, the most frequent first.
const MAX_TOLD: usize = 100;
/// Wordings that are kept while the bundle is read; half of them, the most frequent, stay when there are more.
const MAX_KEPT: usize = 20_000;
/// Containers that one of them names.
const MAX_CONTAINERS: usize = 20;

/// What is known of one wording.
#[derive(Debug)]
struct Wording {
    example: String,
    count: u64,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    containers: Vec<Text>,
    /// Document of the first record, by path, and its line.
    at: (Text, u32),
}

impl Wording {
    fn of(cluster: ErrorCluster, container: Option<Text>, document: Text) -> Self {
        Self {
            example: cluster.example,
            count: cluster.count,
            first: cluster.first,
            last: cluster.last,
            containers: container.or(cluster.container).into_iter().collect(),
            at: (document, cluster.line),
        }
    }

    /// Takes in the same wording of another log; the first record of both is the one to show.
    fn join(&mut self, mut later: Self) {
        if later.at < self.at {
            std::mem::swap(self, &mut later);
        }
        // A log that was collected twice says everything twice.
        let copy =
            later.first.is_some() && (self.count, self.first, self.last) == (later.count, later.first, later.last);
        if !copy {
            self.count += later.count;
        }
        self.first = match (self.first, later.first) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        self.last = self.last.max(later.last);
        for name in later.containers {
            if self.containers.len() < MAX_CONTAINERS && !self.containers.contains(&name) {
                self.containers.push(name);
            }
        }
    }
}

/// The wordings of the bundle by where they were logged, a root of documents or a host, and by their template.
#[derive(Debug, Default)]
pub(crate) struct Wordings(BTreeMap<(Text, String), Wording>);

impl Wordings {
    /// Takes in the errors of the logs of one document, the next one in the order of the bundle.
    pub(crate) fn add(&mut self, document: &Text, root: &Text, errors: Vec<LogErrors>) {
        for LogErrors { container, clusters } in errors {
            for mut cluster in clusters {
                let template = std::mem::take(&mut cluster.template);
                self.put((root.clone(), template), Wording::of(cluster, container.clone(), document.clone()));
            }
        }
        if self.0.len() > MAX_KEPT {
            let rank = |one: &Wording| (Reverse(one.count), one.at.clone());
            let mut order: Vec<_> = self.0.values().map(rank).collect();
            let (_, least, _) = order.select_nth_unstable(MAX_KEPT / 2 - 1);
            self.0.retain(|_, one| rank(one) <= *least);
        }
    }

    fn put(&mut self, key: (Text, String), wording: Wording) {
        match self.0.entry(key) {
            Entry::Vacant(place) => {
                place.insert(wording);
            }
            Entry::Occupied(mut known) => known.get_mut().join(wording),
        }
    }

    /// The wordings by host, the most frequent first, their containers by name; the outcomes are sorted by path.
    pub(crate) fn finish(self, outcomes: &[Outcome], nodes: &[Text], names: &Names) -> Vec<Unexplained> {
        let mut by_host = Self::default();
        for ((_, template), mut wording) in self.0 {
            for name in &mut wording.containers {
                if let Some(known) = names.name(name) {
                    *name = known.clone();
                }
            }
            let index = outcomes.binary_search_by(|outcome| outcome.path.cmp(&wording.at.0));
            let host = index.ok().and_then(|index| nodes.get(index)).cloned().unwrap_or_default();
            by_host.put((host, template), wording);
        }
        let told = |((host, template), wording): ((Text, String), Wording)| {
            let Wording { example, count, first, last, mut containers, at: (document, line) } = wording;
            containers.sort();
            containers.dedup();
            let signature = String::new();
            Unexplained { template, example, count, first, last, host, containers, document, line, signature }
        };
        let mut all: Vec<Unexplained> = by_host.0.into_iter().map(told).collect();
        // Stable: equal counts stay in the order of hosts and wordings.
        all.sort_by_key(|one| Reverse(one.count));
        all.truncate(MAX_TOLD);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(clusters: impl Iterator<Item = (String, u64)>) -> Vec<LogErrors> {
        let clusters = clusters.zip(1..).map(|((template, count), line)| ErrorCluster {
            example: template.clone(),
            template,
            count,
            first: None,
            last: None,
            container: None,
            line,
        });
        vec![LogErrors { container: Some("api".into()), clusters: clusters.collect() }]
    }

    /// However many wordings there are, memory is bounded, and those of all logs together that are frequent are told.
    #[test]
    fn of_many_wordings_the_frequent_stay() {
        let mut wordings = Wordings::default();
        let root = Text::from("");
        for log in 0..1_000_usize {
            let rare = (0..30).map(|n| (format!("rare {log} {n}"), 2));
            let common = (0..3).map(|n| (format!("common {n}"), 1 + n));
            wordings.add(&format!("{log:04}.log").into(), &root, errors(rare.chain(common)));
            assert!(wordings.0.len() <= MAX_KEPT, "{}", wordings.0.len());
        }
        let told = wordings.finish(&[], &[], &Names::default());
        assert_eq!(told.len(), MAX_TOLD);
        let first: Vec<_> = told.iter().take(4).map(|one| (one.template.as_str(), one.count, one.line)).collect();
        assert_eq!(first[..3], [("common 2", 3_000, 33), ("common 1", 2_000, 32), ("common 0", 1_000, 31)]);
        assert_eq!((first[3].1, &told[3].containers), (2, &vec![Text::from("api")]));
    }

    /// A log that was collected twice, below one root or two of one host, is counted once where its times show that.
    #[test]
    fn a_log_collected_twice_is_counted_once() {
        let mut wordings = Wordings::default();
        let at = |second: i64| Timestamp::from_second(second).ok();
        let mut outcomes = Vec::new();
        for (path, root) in [("b/1.log", "b"), ("b/2.log", "b"), ("a/1.log", "a")] {
            let mut errors = errors([("license expired".to_owned(), 5)].into_iter());
            errors[0].clusters[0].first = at(1);
            errors[0].clusters[0].last = at(2);
            wordings.add(&path.into(), &root.into(), errors);
            outcomes.push(Outcome { path: path.into(), ..Outcome::default() });
        }
        outcomes.sort_by(|a, b| a.path.cmp(&b.path));
        let told = wordings.finish(&outcomes, &["web1".into(), "web1".into(), "web1".into()], &Names::default());
        let [one] = &told[..] else { panic!("{told:?}") };
        assert_eq!((one.count, one.first, one.last, &*one.host, &*one.document), (5, at(1), at(2), "web1", "a/1.log"));
    }
}
