//! What is known of a bundle before any rule is asked, and the two entry points.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use bundlescope_bundle::{Input, Limits, OpenError};
use bundlescope_engine::{
    BundleInfo, Coverage, Diagnosis, DocumentInfo, Explanation, Part, RuleCost, Unexplained, World, evaluate,
};
use bundlescope_facts::{EVENTS, Fact, Problem, Text};
use bundlescope_netfilter::Network;
use bundlescope_rules::Pack;
use jiff::Timestamp;

use crate::intake::{Bounds, Intake, Outcome, take_in, take_texts};
use crate::names::Names;
use crate::prober::ModelProber;
use crate::quotes::Quotes;
use crate::signatures::Rulebook;
use crate::{canonical, captured, coverage, enrich, hosts, kubectl_rows, listening, packet_traces, picture, reasons};

/// Limits, and damages, that the header of a report names; the others are counted. All damages are among the problems.
const TOLD: usize = 10;

/// How a bundle is read.
#[derive(Debug, Clone)]
pub struct Options {
    /// How much is read at most.
    pub limits: Limits,
    /// How much of it is kept.
    pub bounds: Bounds,
    /// Threads, at least one; the outcome does not depend on it.
    pub threads: usize,
    /// Grows by the bytes that are read from disk or standard input, for a progress bar in another thread.
    pub watch: Arc<AtomicU64>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            bounds: Bounds::default(),
            threads: std::thread::available_parallelism().map_or(2, usize::from),
            watch: Arc::default(),
        }
    }
}

/// A bundle that was read.
#[derive(Debug)]
pub struct Loaded {
    /// The bundle itself.
    pub bundle: BundleInfo,
    /// Every fact and event, in the order of the documents; derived ones at the end.
    pub facts: Vec<Fact>,
    /// Every document and what it was taken for.
    pub documents: Vec<DocumentInfo>,
    /// What could not be read.
    pub problems: Vec<Problem>,
    /// The hosts' networks.
    pub network: Network,
    unexplained: Vec<Unexplained>,
    quotes: Quotes,
    coverage: Coverage,
    now: Option<Timestamp>,
}

/// Reads a bundle; an error means that it cannot be read at all.
pub fn load(input: &Input, rules: &Rulebook, options: &Options) -> Result<Loaded, OpenError> {
    let intake = take_in(input, options, &rules.signatures)?;
    Ok(Loaded::new(intake, &rules.pack))
}

/// Takes texts, as (path, content), for the documents of a bundle.
pub fn load_texts(files: &[(Text, Text)], rules: &Rulebook) -> Loaded {
    Loaded::new(take_texts(files, &rules.signatures), &rules.pack)
}

/// Reads a bundle and names what is wrong; an error means that it cannot be read at all.
pub fn analyze(input: &Input, rules: &Rulebook, options: &Options) -> Result<Diagnosis, OpenError> {
    Ok(load(input, rules, options)?.diagnose(&rules.pack))
}

impl Loaded {
    pub(crate) fn new(intake: Intake, pack: &Pack) -> Self {
        let Intake { summary, mut outcomes, links, wordings } = intake;
        // The order in which an archive holds its documents says nothing.
        outcomes.sort_by(|a, b| a.path.cmp(&b.path));
        for outcome in &mut outcomes {
            outcome.partial = summary.partial.contains(&outcome.path);
        }
        let names = Names::learn(outcomes.iter().flat_map(|outcome| &outcome.facts));
        for outcome in &mut outcomes {
            if let Some(container) = outcome.container.as_mut()
                && let Some(name) = names.name(container)
            {
                *container = name.clone();
            }
            for fact in &mut outcome.facts {
                names.settle(fact);
            }
        }
        let (hosts, nodes) = hosts::assign(&mut outcomes);
        canonical::prefer_tools(&mut outcomes, &nodes);
        let mut facts: Vec<Fact> = outcomes.iter_mut().flat_map(|outcome| std::mem::take(&mut outcome.facts)).collect();
        canonical::reduce(&mut facts);
        kubectl_rows::make_events(&mut facts);
        packet_traces::add_traces(&mut facts);
        listening::add_listeners(&mut facts);
        enrich::add_dependencies(&mut facts);
        enrich::complete_events(&mut facts);
        let events: BTreeSet<Text> = EVENTS
            .iter()
            .map(|event| Text::from(event.name))
            .chain(pack.signatures().iter().map(|signature| signature.event.clone()))
            .collect();
        let mut coverage = coverage::of(&outcomes, &nodes, &facts, &events.into_iter().collect::<Vec<_>>());
        reasons::add(&mut coverage, &outcomes, &nodes, &facts);
        for outcome in &outcomes {
            coverage.add_document(outcome.path.clone());
        }
        if !summary.complete {
            coverage.set_incomplete();
        }
        let captured = captured::time(&facts);
        let unexplained = wordings.finish(&outcomes, &nodes, &names);
        let hits = summary.limits.iter().map(|hit| format!("{}: {} (limit {})", hit.document, hit.message, hit.limit));
        let damage = summary.problems.iter().map(|problem| format!("{}: {}", problem.document, problem.message));
        let limits = told(hits, "limits").chain(told(damage, "problems")).collect();
        let mut problems = summary.problems;
        let mut quotes = Quotes::default();
        let documents = outcomes
            .into_iter()
            .zip(nodes)
            .map(|(outcome, node)| document(outcome, node, &mut problems, &mut quotes))
            .chain(links.into_iter().map(|(path, _)| DocumentInfo {
                path,
                taken_for: "link".into(),
                ..DocumentInfo::default()
            }))
            .collect();
        let bundle = BundleInfo {
            name: summary.name,
            sha256: summary.sha256,
            captured_at: captured.as_ref().map(|(_, text)| text.clone()),
            hosts,
            documents: summary.documents,
            bytes: summary.bytes,
            complete: summary.complete,
            limits,
            masked: 0,
        };
        let network = Network::from_facts(&facts);
        Self {
            bundle,
            facts,
            documents,
            problems,
            network,
            unexplained,
            quotes,
            coverage,
            now: captured.map(|(time, _)| time),
        }
    }

    pub(crate) fn coverage(&self) -> &Coverage {
        &self.coverage
    }

    pub(crate) fn now(&self) -> Option<Timestamp> {
        self.now
    }

    /// Answers probes about the hosts of the bundle.
    pub fn prober(&self) -> ModelProber<'_> {
        ModelProber::new(self)
    }

    /// Says condition by condition why a rule answered as it did; `None` when there is no such rule.
    pub fn explain(&self, pack: &Pack, rule: &str) -> Option<Explanation> {
        self.asked(|world| bundlescope_engine::explain(pack, world, rule))
    }

    /// Which parts of a rule this bundle puts to use; `None` when there is no such rule.
    pub fn exercise(&self, pack: &Pack, rule: &str) -> Option<Vec<Part>> {
        self.asked(|world| bundlescope_engine::exercise(pack, world, rule))
    }

    /// What each rule takes, the slowest first.
    pub fn profile(&self, pack: &Pack) -> Vec<RuleCost> {
        self.asked(|world| bundlescope_engine::profile(pack, world))
    }

    fn asked<T>(&self, ask: impl FnOnce(&World<'_>) -> T) -> T {
        let prober = self.prober();
        ask(&World { facts: &self.facts, prober: &prober, coverage: &self.coverage, now: self.now })
    }

    /// Evaluates the rules.
    pub fn diagnose(mut self, pack: &Pack) -> Diagnosis {
        let mut evaluation = {
            let prober = self.prober();
            let world = World { facts: &self.facts, prober: &prober, coverage: &self.coverage, now: self.now };
            evaluate(pack, &world)
        };
        let suppressed = evaluation.suppressed.iter_mut().map(|suppressed| &mut suppressed.finding);
        for finding in evaluation.findings.iter_mut().chain(suppressed) {
            for evidence in &mut finding.evidence {
                self.quotes.fill(evidence);
            }
        }
        self.problems.append(&mut evaluation.problems);
        let timeline = picture::timeline(&self.facts, &evaluation.findings, self.now);
        Diagnosis {
            bundle: self.bundle,
            rules: pack.id().to_owned(),
            findings: evaluation.findings,
            undecided: evaluation.undecided,
            clear: evaluation.clear,
            suppressed: evaluation.suppressed,
            not_applicable: evaluation.not_applicable,
            drafts: pack.drafts().to_vec(),
            problems: self.problems,
            documents: self.documents,
            network: picture::network(&self.facts),
            timeline,
            unexplained: self.unexplained,
        }
    }
}

/// The first few of many, and how many more there are.
fn told(mut all: impl Iterator<Item = String>, what: &str) -> impl Iterator<Item = String> {
    let first: Vec<String> = all.by_ref().take(TOLD).collect();
    let more = all.count();
    first.into_iter().chain((more > 0).then(|| format!("{more} more {what}")))
}

fn document(outcome: Outcome, node: Text, problems: &mut Vec<Problem>, quotes: &mut Quotes) -> DocumentInfo {
    let info = DocumentInfo {
        path: outcome.path.clone(),
        node,
        taken_for: outcome.taken_for.into(),
        bytes: outcome.bytes,
        facts: outcome.stated as u64,
        problems: outcome.problems.len() as u64,
    };
    problems.extend(outcome.problems);
    if let Some(bytes) = outcome.kept {
        quotes.keep(outcome.path, bytes);
    }
    info
}
