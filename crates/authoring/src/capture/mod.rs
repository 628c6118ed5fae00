//! A test of a rule from a bundle: only the lines that mattered, nothing that points to the customer, and still the same
//! answer.

mod addresses;
mod anonymise;
mod reduce;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use bundlescope_analysis::{Limits, Loaded, Rulebook, TestOptions, TestRun, load_texts, run_tests};
use bundlescope_bundle::{Entry, Input, OpenError, Sink};
use bundlescope_engine::Explanation;
use bundlescope_facts::{Fact, Text};
use bundlescope_rules::{Fragment, Pack, RuleFile, RuleSource, RuleText};

use self::anonymise::{Classes, Mapping};
use crate::update::update;

/// Analyses that one capture may cost; what is left then is kept as it is.
const MAX_TRIALS: usize = 4_000;

/// Bytes of one document that can become part of a test.
const MAX_DOCUMENT: u64 = 8 << 20;

/// Bytes of all documents.
const MAX_TOTAL: usize = 96 << 20;

/// Events of a signature that its test shows.
const MAX_EVENTS: usize = 3;

/// What is asked for.
#[derive(Debug, Clone, Default)]
pub struct CaptureWish {
    /// Id of the rule or signature.
    pub id: String,
    /// Name of the test.
    pub name: Option<String>,
    /// Capture that the rule stays silent.
    pub silent: bool,
}

/// A rule file with one more test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Captured {
    /// Path of the rule file.
    pub path: String,
    /// Its text with the test.
    pub text: String,
    /// The test alone, as it stands in the file.
    pub test: String,
    /// Remarks for people: what was done, and what could not be.
    pub notes: Vec<String>,
}

/// The documents of a bundle that are text, as (path, content).
pub fn read_texts(input: &Input, limits: &Limits) -> Result<Vec<(Text, Text)>, OpenError> {
    let mut texts = Texts::default();
    bundlescope_bundle::read(input, limits, &mut texts)?;
    Ok(texts.documents)
}

#[derive(Default)]
struct Texts {
    documents: Vec<(Text, Text)>,
    bytes: usize,
}

impl Sink for Texts {
    fn document(&mut self, entry: &Entry, content: &mut dyn Read) {
        let mut bytes = Vec::new();
        // An error ends the content, which `bundle` reports itself.
        let _ = content.take(MAX_DOCUMENT + 1).read_to_end(&mut bytes);
        if bytes.is_empty() || bytes.len() as u64 > MAX_DOCUMENT || self.bytes + bytes.len() > MAX_TOTAL {
            return;
        }
        if let Ok(text) = String::from_utf8(bytes) {
            self.bytes += text.len();
            self.documents.push((entry.path.clone(), text.into()));
        }
    }

    fn link(&mut self, _: &Text, _: &str) {}
}

/// Adds a test to the file of a rule or signature, made of what a bundle holds. An error says why there is none.
pub fn capture(sources: &[RuleSource], documents: &[(Text, Text)], wish: &CaptureWish) -> Result<Captured, String> {
    let (pack, _) = Pack::load_sources(sources);
    let path = pack.rule(&wish.id).map(|rule| rule.path.to_string());
    let is_rule = path.is_some();
    let signature = pack.signatures().iter().find(|signature| *signature.id == *wish.id);
    let path = path.or_else(|| signature.map(|signature| signature.path.to_string()));
    let path = path.ok_or_else(|| format!("there is no rule or signature `{}`", wish.id))?;
    let file = sources.iter().flat_map(|source| &source.files).rfind(|file| file.path == path);
    let file = file.ok_or_else(|| format!("{path} is not among the rule files"))?;
    let documents: Vec<Document> =
        documents.iter().map(|(p, t)| Document { path: p.clone(), text: t.clone() }).collect();
    let mut notes = Vec::new();
    let mut test = if is_rule {
        let whole = Capture::new(&pack, wish)?;
        let files = whole.files(documents, &mut notes)?;
        let files = files.into_iter().map(|file| (file.path.to_string(), Fragment::Text(file.text.to_string())));
        vec![("files".to_owned(), Fragment::Map(files.collect()))]
    } else {
        vec![("log".to_owned(), Fragment::Text(log_of(file, documents, wish, &mut notes)?))]
    };
    let mut text = RuleText::new(&file.text)?;
    let name = free_name(&text, wish);
    test.insert(0, ("name".to_owned(), Fragment::Text(name.clone())));
    let empty = if is_rule { Fragment::Map(Vec::new()) } else { Fragment::List(Vec::new()) };
    test.push(("expect".to_owned(), Fragment::Flow(Box::new(empty))));
    text.append("tests", &Fragment::Map(test))?;
    let text = expecting(sources, &path, text.text(), &wish.id, &name, wish)?;
    let test = text.get(file.text.trim_end().len()..).unwrap_or_default().trim_matches('\n').to_owned();
    Ok(Captured { path, text, test, notes })
}

/// A name that no test of the file has yet.
fn free_name(file: &RuleText, wish: &CaptureWish) -> String {
    let base = wish.name.clone().unwrap_or_else(|| {
        if wish.silent { "a bundle where it stays silent".into() } else { "captured from a bundle".into() }
    });
    let taken = file.test_names();
    let mut names = std::iter::once(base.clone()).chain((2..).map(|number| format!("{base} ({number})")));
    names.find(|name| !taken.contains(name)).unwrap_or(base)
}

/// The file in which the new test expects what comes out of it, which is made sure of.
fn expecting(
    sources: &[RuleSource],
    path: &str,
    text: &str,
    id: &str,
    name: &str,
    wish: &CaptureWish,
) -> Result<String, String> {
    let run = |text: &str| -> Result<TestRun, String> {
        let mut changed = sources.to_vec();
        for file in changed.iter_mut().flat_map(|source| &mut source.files).filter(|file| file.path == path) {
            text.clone_into(&mut file.text);
        }
        let (pack, _) = Pack::load_sources(&changed);
        let rules = Rulebook::new(pack).map_err(|errors| errors.join("; "))?;
        let wanted = |rule: &str, test: &str| rule == id && test == name;
        Ok(run_tests(&rules, &TestOptions { base: None, wanted: &wanted, coverage: false }))
    };
    let first = run(text)?;
    let outcomes: Vec<_> = first.outcomes.iter().collect();
    let fires = outcomes.iter().map(|outcome| outcome.actual.fires).sum::<u64>();
    if wish.silent && fires > 0 {
        return Err("the test would report something, so it does not show silence".to_owned());
    }
    if !wish.silent && fires == 0 {
        return Err(
            "other rules supersede the finding, so the test would show nothing; capture the one that is reported"
                .to_owned(),
        );
    }
    let (text, _) = update(text, &outcomes)?;
    let second = run(&text)?;
    match second.outcomes.iter().find(|outcome| outcome.failed()) {
        Some(outcome) => Err(format!("the captured test does not hold: {:?}", outcome.mistakes)),
        None => Ok(text),
    }
}

/// A document of a test.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Document {
    path: Text,
    text: Text,
}

/// What a test has to go on showing.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Target {
    /// A finding: its subjects, message and commands.
    Fires { subjects: String, message: String, commands: Vec<String> },
    /// How far the rule comes before it stops, and at what.
    Silent(Vec<String>),
}

/// One capture at work.
struct Capture {
    rules: Rulebook,
    id: String,
    silent: bool,
}

impl Capture {
    fn new(pack: &Pack, wish: &CaptureWish) -> Result<Self, String> {
        // The rule alone, with those that make facts for others.
        let mut pack = pack.clone();
        let needed = pack.rules().iter().filter(|rule| rule.emit.is_some() || *rule.id == *wish.id);
        let needed: BTreeSet<Text> = needed.map(|rule| rule.id.clone()).collect();
        pack.retain(&needed);
        let rules = Rulebook::new(pack).map_err(|errors| errors.join("; "))?;
        Ok(Self { rules, id: wish.id.clone(), silent: wish.silent })
    }

    fn load(&self, files: &[Document]) -> Loaded {
        let files: Vec<(Text, Text)> = files.iter().map(|file| (file.path.clone(), file.text.clone())).collect();
        load_texts(&files, &self.rules)
    }

    fn explain(&self, loaded: &Loaded) -> Option<Explanation> {
        loaded.explain(self.rules.pack(), &self.id)
    }

    /// What the documents show; every finding, or how the rule stays silent.
    fn shown(&self, explanation: &Explanation) -> Vec<Target> {
        if self.silent {
            if !explanation.firings.is_empty() {
                return Vec::new();
            }
            let reached = explanation.conditions.iter().map(|condition| condition.alias.to_string());
            let last = explanation.conditions.last().and_then(|condition| condition.nearest.as_ref());
            let stopped = last.map(|nearest| format!("stops at {} by {:?}", nearest.field, nearest.meets));
            let blocked = explanation.blocked.iter().map(|blocker| format!("unless in line {}", blocker.line));
            let filtered = explanation.filters.iter().filter(|filter| filter.sorted_out > 0);
            let filtered = filtered.map(|filter| format!("where {}", filter.expression));
            let answer = std::iter::once(explanation.answer.to_owned());
            return vec![Target::Silent(answer.chain(reached).chain(stopped).chain(blocked).chain(filtered).collect())];
        }
        let firing = |firing: &bundlescope_engine::Firing| Target::Fires {
            subjects: firing.subjects.clone(),
            message: firing.message.clone(),
            commands: firing.fix.iter().filter_map(|fix| fix.run.clone()).collect(),
        };
        explanation.firings.iter().map(firing).collect()
    }

    /// The documents of the test.
    fn files(&self, documents: Vec<Document>, notes: &mut Vec<String>) -> Result<Vec<Document>, String> {
        let loaded = self.load(&documents);
        let explanation = self.explain(&loaded).ok_or_else(|| format!("there is no rule `{}`", self.id))?;
        let targets = self.shown(&explanation);
        let Some(target) = targets.first().cloned() else {
            return Err(if self.silent {
                "the rule fires on this bundle, so there is no silence to capture".to_owned()
            } else {
                format!(
                    "the rule does not fire on the texts of this bundle, it is {}: `bundlescope rules explain` says why; \
                     --silent captures that it does not",
                    explanation.answer
                )
            });
        };
        if self.silent && !is_near(&explanation) {
            return Err("nothing in this bundle comes near the rule: a test of it would pass with any rule".to_owned());
        }
        if targets.len() > 1 {
            notes.push(format!("the rule fires {} times here; the first finding is captured", targets.len()));
        }
        let before: BTreeMap<Text, (Text, u64)> = loaded
            .documents
            .iter()
            .map(|document| (document.path.clone(), (document.taken_for.clone(), document.problems)))
            .collect();
        let mut trials = 0;
        let mut good = |files: &[Document]| {
            trials += 1;
            trials <= MAX_TRIALS && self.same(files, &target, &before)
        };
        let (all, lines) = (documents.len(), count_lines(&documents));
        let documents = self.reduced(documents, &explanation, &mut good);
        notes.push(format!(
            "{} of {all} documents and {} of {lines} lines are left",
            documents.len(),
            count_lines(&documents)
        ));
        if trials > MAX_TRIALS {
            notes.push(format!("stopped after {MAX_TRIALS} trials: what is left may be larger than it need be"));
        }
        self.anonymised(documents, &loaded, &target, &before, notes)
    }

    /// Whether documents still show the target, and are still read as what they were.
    fn same(&self, files: &[Document], target: &Target, before: &BTreeMap<Text, (Text, u64)>) -> bool {
        let loaded = self.load(files);
        let read = loaded.documents.iter().all(|document| match before.get(&document.path) {
            Some((taken_for, problems)) => {
                let loose = |name: &str| matches!(name, "log" | "text");
                (*taken_for == document.taken_for || loose(taken_for) && loose(&document.taken_for))
                    && document.problems <= *problems
            }
            None => true,
        });
        read && self.explain(&loaded).is_some_and(|explanation| self.shown(&explanation).contains(target))
    }

    /// As few documents, and as little of each, as show the target.
    fn reduced(
        &self,
        documents: Vec<Document>,
        explanation: &Explanation,
        good: &mut dyn FnMut(&[Document]) -> bool,
    ) -> Vec<Document> {
        // What the finding quotes is often all that it needs.
        let mut quoted: BTreeSet<&str> = BTreeSet::new();
        for firing in &explanation.firings {
            quoted.extend(firing.evidence.iter().map(|piece| &*piece.document));
        }
        let first: Vec<Document> =
            documents.iter().filter(|document| quoted.contains(&*document.path)).cloned().collect();
        let documents = if !first.is_empty() && good(&first) { first } else { documents };
        let mut documents = minimal_documents(documents, good);
        for position in 0..documents.len() {
            let Some(document) = documents.get(position).cloned() else { continue };
            let mut with = |text: Text| {
                let mut changed = documents.clone();
                if let Some(place) = changed.get_mut(position) {
                    place.text = text;
                }
                good(&changed).then_some(changed)
            };
            if let Some(changed) = smaller(&document, &mut with) {
                documents = changed;
            }
        }
        // Less of one may make another one needless.
        minimal_documents(documents, good)
    }

    /// The documents without what points to somebody; as much of that as the rule bears.
    fn anonymised(
        &self,
        documents: Vec<Document>,
        bundle: &Loaded,
        target: &Target,
        before: &BTreeMap<Text, (Text, u64)>,
        notes: &mut Vec<String>,
    ) -> Result<Vec<Document>, String> {
        let pairs: Vec<(String, String)> =
            documents.iter().map(|file| (file.path.to_string(), file.text.to_string())).collect();
        let mapping = Mapping::learn(&pairs, bundle);
        let attempt = |mapping: &Mapping, classes: Classes| -> Option<Vec<Document>> {
            let new = |text: &str| Text::from(mapping.apply(text, classes));
            let changed: Vec<Document> =
                documents.iter().map(|file| Document { path: new(&file.path), text: new(&file.text) }).collect();
            let paths: BTreeSet<&Text> = changed.iter().map(|file| &file.path).collect();
            let before = before.iter().map(|(path, state)| (new(path), state.clone())).collect();
            let target = match target {
                Target::Silent(_) => target.clone(),
                Target::Fires { subjects, message, commands } => Target::Fires {
                    subjects: mapping.apply(subjects, classes),
                    message: mapping.apply(message, classes),
                    commands: commands.iter().map(|command| mapping.apply(command, classes)).collect(),
                },
            };
            (paths.len() == changed.len() && self.same(&changed, &target, &before)).then_some(changed)
        };
        let all = Classes { names: true, ids: true, addresses: true };
        let mut kept: Vec<String> = mapping.kept_networks().to_vec();
        let mut found = attempt(&mapping, all);
        if found.is_none() {
            // Some names may be what the rule asks for: take each that it bears.
            let mut names: BTreeSet<String> = BTreeSet::new();
            found = attempt(&mapping.only(&names), all);
            if found.is_some() {
                for name in mapping.names() {
                    names.insert(name.clone());
                    match attempt(&mapping.only(&names), all) {
                        Some(documents) => found = Some(documents),
                        None => {
                            names.remove(&name);
                            kept.push(format!("the name {name}"));
                        }
                    }
                }
            }
        }
        let weaker = [
            (Classes { addresses: false, ..all }, "addresses"),
            (Classes { names: false, ..all }, "names"),
            (Classes { names: false, addresses: false, ids: true }, "names and addresses"),
            (Classes { names: false, addresses: false, ids: false }, "names, addresses and ids"),
        ];
        for (classes, what) in weaker {
            if found.is_none() {
                found = attempt(&mapping, classes);
                if found.is_some() {
                    kept.push(what.to_owned());
                }
            }
        }
        if !kept.is_empty() {
            notes.push(format!(
                "not made anonymous, because the rule depends on it or there is no room: {}",
                kept.join(", ")
            ));
        }
        notes.push("read the test before you share it: free text may still tell whose bundle it was".to_owned());
        found.ok_or_else(|| {
            "the rule depends on something that looks like a password or a token, which is not written into tests"
                .to_owned()
        })
    }
}

/// Whether a silent rule came so far that its silence means something.
fn is_near(explanation: &Explanation) -> bool {
    let first = explanation.conditions.first();
    explanation.conditions.len() > 1
        || !explanation.blocked.is_empty()
        || first.is_some_and(|condition| condition.nearest.is_some() || condition.after > 0)
}

fn count_lines(documents: &[Document]) -> usize {
    documents.iter().map(|document| document.text.lines().count()).sum()
}

fn minimal_documents(documents: Vec<Document>, good: &mut dyn FnMut(&[Document]) -> bool) -> Vec<Document> {
    let positions: Vec<usize> = (0..documents.len()).collect();
    let pick = |kept: &[usize]| -> Vec<Document> {
        kept.iter().filter_map(|position| documents.get(*position).cloned()).collect()
    };
    let kept = reduce::minimal(positions, &mut |kept| good(&pick(kept)));
    pick(&kept)
}

/// A document with less in it, as `with` accepts it: JSON by its parts, other text by its lines.
fn smaller(document: &Document, with: &mut dyn FnMut(Text) -> Option<Vec<Document>>) -> Option<Vec<Document>> {
    let mut best = None;
    if let Ok(value @ (serde_json::Value::Array(_) | serde_json::Value::Object(_))) =
        serde_json::from_str::<serde_json::Value>(&document.text)
    {
        let pretty = |value: &serde_json::Value| Text::from(format!("{value:#}\n"));
        if with(pretty(&value)).is_some() {
            let small = reduce::minimal_json(value, &mut |value| with(pretty(value)).is_some());
            return with(pretty(&small));
        }
    }
    let lines: Vec<&str> = document.text.split_inclusive('\n').collect();
    let kept = reduce::minimal(lines, &mut |lines| {
        let changed = if lines.is_empty() { None } else { with(lines.concat().into()) };
        let good = changed.is_some();
        best = changed.or(best.take());
        good
    });
    if kept.is_empty() { best } else { with(kept.concat().into()).or(best) }
}

/// The records of a bundle that become events of a signature, as a log.
fn log_of(
    file: &RuleFile,
    documents: Vec<Document>,
    wish: &CaptureWish,
    notes: &mut Vec<String>,
) -> Result<String, String> {
    if wish.silent {
        return Err(
            "a line that a signature leaves alone is best written by hand, or with `rules new --healthy`".to_owned()
        );
    }
    let (pack, _) = Pack::load(vec![file.clone()]);
    let rules = Rulebook::new(pack).map_err(|errors| errors.join("; "))?;
    let files: Vec<(Text, Text)> = documents.iter().map(|file| (file.path.clone(), file.text.clone())).collect();
    let loaded = load_texts(&files, &rules);
    let events: Vec<&Fact> = loaded.facts.iter().filter(|fact| fact.occurrences.is_some()).collect();
    // Events that state other fields show other wordings.
    let mut seen: BTreeSet<Vec<Text>> = BTreeSet::new();
    let mut log = String::new();
    for event in &events {
        let names: Vec<Text> =
            event.fields().into_iter().filter(|(_, value)| !value.is_null()).map(|(name, _)| name).collect();
        let document = documents.iter().find(|document| document.path == event.source.document);
        let Some(document) = document.filter(|_| seen.len() < MAX_EVENTS && seen.insert(names)) else { continue };
        let (first, last) = (event.source.first_line as usize, event.source.last_line as usize);
        for line in document.text.lines().take(last).skip(first.saturating_sub(1)) {
            log.push_str(line);
            log.push('\n');
        }
    }
    if log.is_empty() {
        return Err(
            "no record of this bundle is an event of the signature: `bundlescope rules explain` says what came near"
                .to_owned(),
        );
    }
    let mapping = Mapping::learn(&[("log".into(), log.clone())], &loaded);
    let count = |log: &str| {
        let loaded = load_texts(&[("test.log".into(), log.into())], &rules);
        loaded.facts.iter().filter(|fact| fact.occurrences.is_some()).count()
    };
    let all = Classes { names: true, ids: true, addresses: true };
    let none = Classes { names: false, ids: false, addresses: false };
    let wanted = count(&log);
    notes.push(format!("{} of {} events are shown", wanted.min(MAX_EVENTS), events.len()));
    for (classes, note) in [(all, None), (none, Some("names, ids and addresses are kept: the pattern depends on them"))]
    {
        let changed = mapping.apply(&log, classes);
        if count(&changed) == wanted {
            notes.extend(note.map(str::to_owned));
            return Ok(changed);
        }
    }
    Err("the pattern depends on something that looks like a password or a token".to_owned())
}
