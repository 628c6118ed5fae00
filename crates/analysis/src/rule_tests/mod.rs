//! Runs the tests that stand inside rule files, through everything that a real bundle goes through.

mod compare;
mod coverage;
mod vacuous;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bundlescope_bundle::Input;
use bundlescope_engine::{Diagnosis, Part};
use bundlescope_facts::{Fact, Text, Value};
use bundlescope_logs::{Scanner, SignatureSet};
use bundlescope_rules::{Rule, RuleTest, Signature, SignatureTest};
use rayon::prelude::*;
use serde::Serialize;

use crate::intake::{take_in, take_overlaid, take_texts};
use crate::loaded::{Loaded, Options};
use crate::signatures::Rulebook;

pub use vacuous::{impossible_tests, vacuous_tests};

/// How an outcome differs from what the test expects, in the words of ast-grep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Fault {
    /// Something that should be there is not: the rule does not report what it is made for.
    Missing,
    /// Something is there that should not be: the rule reports what is healthy.
    Noisy,
    /// Something is there, but different.
    Wrong,
}

impl Fault {
    /// The word for people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Missing => "Missing",
            Self::Noisy => "Noisy",
            Self::Wrong => "Wrong",
        }
    }
}

/// What is wrong with the outcome of a test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mistake {
    /// How it differs.
    pub fault: Fault,
    /// The key of `expect` that differs, such as `message`; `event` for a signature.
    pub key: Text,
    /// What differs, for people: `message`, `event 2, port`.
    pub what: String,
    /// What the test says; empty where it says that nothing should be there.
    pub expected: String,
    /// What came out; empty where nothing did.
    pub found: String,
}

/// The outcome of one test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestOutcome {
    /// Id of the rule or signature.
    pub rule: Text,
    /// File of the rule.
    pub path: Text,
    /// Line of the test in that file, counted from 1.
    pub line: usize,
    /// Position of the test in its file, counted from 0.
    pub position: usize,
    /// Name of the test.
    pub test: Text,
    /// The test expects that something is found.
    pub positive: bool,
    /// Why it was not run, when it was not.
    pub skipped: Option<String>,
    /// Empty when the test passed.
    pub mistakes: Vec<Mistake>,
    /// What came out.
    pub actual: Actual,
    /// How long it took; a bundle that several tests share is counted for the first one.
    pub time: Duration,
}

impl TestOutcome {
    /// `Reported` or `Validated` for a test that passed: the rule reports what it is made for, or is silent where it
    /// should be. `Missing`, `Noisy` or `Wrong` for one that failed, `Skipped` for one that was not run.
    pub fn status(&self) -> &'static str {
        if self.skipped.is_some() {
            return "Skipped";
        }
        match (self.mistakes.iter().map(|mistake| mistake.fault).min(), self.positive) {
            (Some(fault), _) => fault.word(),
            (None, true) => "Reported",
            (None, false) => "Validated",
        }
    }

    /// The test was run and does not hold.
    pub fn failed(&self) -> bool {
        !self.mistakes.is_empty()
    }
}

/// What came out of a test, for whoever writes it into the test.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Actual {
    /// Findings of the rule, or events of the signature.
    pub fires: u64,
    /// The rule was undecided.
    pub undecided: bool,
    /// Kinds of documents that are missing.
    pub missing: Vec<Text>,
    /// Titles of the findings.
    pub titles: Vec<String>,
    /// Messages of the findings.
    pub messages: Vec<String>,
    /// `document:line` of the evidence.
    pub evidence: Vec<String>,
    /// Commands that are offered.
    pub commands: Vec<String>,
    /// Subjects of the findings, by name.
    pub subjects: BTreeMap<Text, Vec<Text>>,
    /// Events of a signature: their fields as text.
    pub events: Vec<BTreeMap<Text, Text>>,
}

/// Which tests are run, and how.
#[derive(Clone, Copy)]
pub struct TestOptions<'o> {
    /// The folder to which the bundles of tests are relative; tests with a bundle are skipped where there is none.
    pub base: Option<&'o Path>,
    /// Whether a test is run, by the id of its rule and its own name.
    pub wanted: &'o (dyn Fn(&str, &str) -> bool + Sync),
    /// Find out what the tests put to use.
    pub coverage: bool,
}

/// What the tests of a rule or signature put to use together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exercised {
    /// Id of the rule or signature.
    pub rule: Text,
    /// File of the rule.
    pub path: Text,
    /// Every part of it.
    pub parts: Vec<Part>,
}

/// The outcomes of a run.
#[derive(Debug, Clone, Default)]
pub struct TestRun {
    /// One for each test, signatures first, in the order of ids and files.
    pub outcomes: Vec<TestOutcome>,
    /// What was put to use, where it was asked for.
    pub coverage: Vec<Exercised>,
}

/// Runs tests, on all cores; what comes out does not depend on how many there are.
pub fn run_tests(rules: &Rulebook, options: &TestOptions<'_>) -> TestRun {
    let pack = rules.pack();
    let mut run = TestRun::default();
    for signature in pack.signatures() {
        let tests: Vec<(usize, &SignatureTest)> = wanted(options, &signature.id, &signature.tests, |test| &test.name);
        run.outcomes.extend(tests.iter().map(|(position, test)| logged(rules, signature, *position, test)));
        if options.coverage && !tests.is_empty() {
            run.coverage.push(coverage::of_signature(signature, tests.iter().map(|(_, test)| *test)));
        }
    }
    // Tests that use a bundle as it is share it, so that it is read once and only as long as it is needed.
    let mut jobs: Vec<Vec<Chosen<'_>>> = Vec::new();
    let mut shared: BTreeMap<&Text, usize> = BTreeMap::new();
    let mut number = 0;
    for rule in pack.rules() {
        for (position, test) in wanted(options, &rule.id, &rule.tests, |test| &test.name) {
            let chosen = Chosen { number, rule, position, test };
            number += 1;
            match &test.bundle {
                Some(bundle) if test.files.is_empty() => {
                    let job = *shared.entry(bundle).or_insert_with(|| {
                        jobs.push(Vec::new());
                        jobs.len() - 1
                    });
                    // Every value of `shared` is a position in `jobs`.
                    jobs[job].push(chosen);
                }
                _ => jobs.push(vec![chosen]),
            }
        }
    }
    let done: Vec<Vec<Done>> = jobs.par_iter().map(|job| run_job(rules, options, job)).collect();
    let mut done: Vec<Done> = done.into_iter().flatten().collect();
    done.sort_by_key(|done| done.number);
    let mut parts: BTreeMap<Text, Exercised> = BTreeMap::new();
    for Done { outcome, exercised, .. } in done {
        if let Some(exercised) = exercised {
            let (rule, path) = (outcome.rule.clone(), outcome.path.clone());
            let known = parts.entry(rule.clone()).or_insert_with(|| Exercised { rule, path, parts: Vec::new() });
            coverage::merge(&mut known.parts, exercised);
        }
        run.outcomes.push(outcome);
    }
    run.coverage.extend(parts.into_values());
    run
}

/// The tests of one file that are wanted, with their positions.
fn wanted<'t, T>(options: &TestOptions<'_>, id: &str, tests: &'t [T], name: fn(&T) -> &Text) -> Vec<(usize, &'t T)> {
    tests.iter().enumerate().filter(|(_, test)| (options.wanted)(id, name(test))).collect()
}

/// A test of a rule that is run.
struct Chosen<'r> {
    number: usize,
    rule: &'r Rule,
    position: usize,
    test: &'r RuleTest,
}

/// A test that was run.
struct Done {
    number: usize,
    outcome: TestOutcome,
    exercised: Option<Vec<Part>>,
}

/// Runs the tests of one bundle.
fn run_job(rules: &Rulebook, options: &TestOptions<'_>, job: &[Chosen<'_>]) -> Vec<Done> {
    let mut start = Instant::now();
    let loaded = match job.first() {
        Some(first) => loaded(rules, options.base, first.test),
        None => return Vec::new(),
    };
    let loaded = match loaded {
        Ok(loaded) => loaded,
        Err(reason) => {
            let skipped = |chosen: &Chosen<'_>| Done {
                number: chosen.number,
                outcome: outcome(chosen, Some(reason.clone()), Vec::new(), Actual::default(), Duration::ZERO),
                exercised: None,
            };
            return job.iter().map(skipped).collect();
        }
    };
    let exercise = |chosen: &Chosen<'_>| match options.coverage {
        true => loaded.exercise(&rules.pack, &chosen.rule.id),
        false => None,
    };
    let exercised: Vec<_> = job.iter().map(exercise).collect();
    let diagnosis: Diagnosis = loaded.diagnose(&rules.pack);
    let one = |(chosen, exercised): (&Chosen<'_>, _)| {
        let actual = compare::actual(&diagnosis, chosen.rule);
        let mistakes = compare::rule(&diagnosis, chosen.rule, &chosen.test.expect);
        let outcome = outcome(chosen, None, mistakes, actual, start.elapsed());
        start = Instant::now();
        Done { number: chosen.number, outcome, exercised }
    };
    job.iter().zip(exercised).map(one).collect()
}

fn outcome(
    chosen: &Chosen<'_>,
    skipped: Option<String>,
    mistakes: Vec<Mistake>,
    actual: Actual,
    time: Duration,
) -> TestOutcome {
    let Chosen { rule, position, test, .. } = chosen;
    TestOutcome {
        rule: rule.id.clone(),
        path: rule.path.clone(),
        line: test.line,
        position: *position,
        test: test.name.clone(),
        positive: test.expect.fires != Some(0),
        skipped,
        mistakes,
        actual,
        time,
    }
}

/// How many folders above that of the pack a test's bundle is looked for in: rules and bundles often stand side by side
/// in a repository.
const ABOVE: usize = 4;

/// Where the bundle of a test is: below the folder of the pack, or below one that this is in.
fn at_hand(base: Option<&Path>, bundle: &str) -> Option<PathBuf> {
    let base = base?;
    let whole = base.canonicalize().ok()?;
    let found = whole.ancestors().take(ABOVE + 1).map(|folder| folder.join(bundle)).find(|path| path.exists())?;
    // As it was named, where that does.
    Some(if base.join(bundle).exists() { base.join(bundle) } else { found })
}

/// The bundle of a test, read.
fn loaded(rules: &Rulebook, base: Option<&Path>, test: &RuleTest) -> Result<Loaded, String> {
    let intake = match &test.bundle {
        None => take_texts(&test.files, &rules.signatures),
        Some(bundle) => {
            let Some(path) = at_hand(base, bundle) else { return Err(format!("the bundle {bundle} is not at hand")) };
            let input = Input::Path(path);
            let options = Options { threads: 1, ..Options::default() };
            let intake = if test.files.is_empty() {
                take_in(&input, &options, &rules.signatures)
            } else {
                take_overlaid(&input, &options.limits, &test.files, &rules.signatures)
            };
            intake.map_err(|error| error.to_string())?
        }
    };
    Ok(Loaded::new(intake, &rules.pack))
}

fn logged(rules: &Rulebook, signature: &Signature, position: usize, test: &SignatureTest) -> TestOutcome {
    let start = Instant::now();
    let events = events_of(&rules.signatures, signature, test);
    TestOutcome {
        rule: signature.id.clone(),
        path: signature.path.clone(),
        line: test.line,
        position,
        test: test.name.clone(),
        positive: !test.expect.is_empty(),
        skipped: None,
        mistakes: compare::events(&events, test),
        actual: Actual { fires: events.len() as u64, events: events.iter().map(told).collect(), ..Actual::default() },
        time: start.elapsed(),
    }
}

/// The fields of an event that a test may name.
fn told(event: &Fact) -> BTreeMap<Text, Text> {
    let fields = event.fields().into_iter().filter(|(_, value)| !matches!(value, Value::Null));
    fields.map(|(name, value)| (name, value.to_string().into())).collect()
}

/// The events that the signature alone makes of the test's log.
fn events_of(set: &SignatureSet, signature: &Signature, test: &SignatureTest) -> Vec<Fact> {
    let mut scanner = Scanner::new(set, "test.log".into(), None);
    scanner.feed(test.log.as_bytes());
    scanner.finish().events.into_iter().filter(|event| *event.kind() == *signature.event).collect()
}
