//! The diagnosis as every form for people shows it: nested, numbered, counted, and free of control characters.
//!
//! All text in a view has passed [`plain`] or [`plain_line`]; the forms still escape it for their own syntax.

use bundlescope_engine::{Diagnosis, DocumentInfo, NotApplicable, Suppressed, Undecided};
use bundlescope_facts::Problem;
use serde::Serialize;

use crate::plain::{plain, plain_line};
use crate::words::{self, Tally, Words};

mod finding;
mod packet;
mod paths;
mod scene;
mod tree;

pub(crate) use finding::{EvidenceView, FindingView};
pub(crate) use packet::{ProbeView, StepView};
use paths::Paths;
pub(crate) use scene::sign;
use scene::{HostView, MomentView, UnexplainedView};

/// A whole report.
#[derive(Debug, Serialize)]
pub(crate) struct View {
    pub(crate) name: String,
    pub(crate) sha256: String,
    pub(crate) hosts: Vec<String>,
    pub(crate) captured: String,
    pub(crate) complete: bool,
    pub(crate) limits: Vec<String>,
    /// How many secrets are masked; empty where none is.
    pub(crate) masked: String,
    pub(crate) rules: String,
    pub(crate) version: &'static str,
    /// Folder in which every document lies, left out of their paths below; empty where there is none.
    pub(crate) folder: String,
    /// `57 (1.2 MB), 54 recognised`.
    pub(crate) counts: String,
    pub(crate) verdict: String,
    /// `bad`, `unsure` or `good`: how the verdict line is coloured.
    pub(crate) tone: &'static str,
    /// Findings that no other finding explains; the others are nested in them.
    pub(crate) findings: Vec<FindingView>,
    pub(crate) total: usize,
    pub(crate) collect: Vec<CollectView>,
    pub(crate) undecided: Vec<UndecidedView>,
    /// Rules among `undecided`.
    pub(crate) open: usize,
    /// Rules that could not be run, and that nothing in the bundle asks for.
    pub(crate) no_subject: Vec<String>,
    pub(crate) clear: Vec<String>,
    pub(crate) suppressed: Vec<SuppressedView>,
    /// Rules with what the bundle shows instead of what they are for.
    pub(crate) not_applicable: Vec<UndecidedView>,
    pub(crate) drafts: Vec<String>,
    pub(crate) problems: Vec<ProblemView>,
    pub(crate) documents: Vec<DocumentView>,
    pub(crate) moments: Vec<MomentView>,
    pub(crate) moments_left_out: u64,
    /// What is known of each host's clock.
    pub(crate) clocks: Vec<String>,
    pub(crate) network: Vec<HostView>,
    pub(crate) unexplained: Vec<UnexplainedView>,
    /// Pictures, where the form shows them.
    pub(crate) timeline_picture: String,
    pub(crate) network_picture: String,
}

/// A command that the customer should run, and what its output would decide.
#[derive(Debug, Serialize)]
pub(crate) struct CollectView {
    pub(crate) command: String,
    pub(crate) kind: String,
    /// Why its output is not there already, as the collector says.
    pub(crate) why: Vec<String>,
    pub(crate) decides: Vec<String>,
}

/// Rules that could not be decided for one reason.
#[derive(Debug, Serialize)]
pub(crate) struct UndecidedView {
    pub(crate) rules: Vec<String>,
    pub(crate) because: String,
}

/// A finding that the site has accepted.
#[derive(Debug, Serialize)]
pub(crate) struct SuppressedView {
    pub(crate) title: String,
    pub(crate) rule: String,
    pub(crate) host: String,
    pub(crate) reason: String,
    pub(crate) author: String,
    pub(crate) until: String,
    /// `scratch disks are full by design (ops@example.org, until 2027-01-31)`.
    pub(crate) why: String,
}

/// Something that could not be read.
#[derive(Debug, Serialize)]
pub(crate) struct ProblemView {
    pub(crate) place: String,
    pub(crate) message: String,
}

/// What became of a document.
#[derive(Debug, Serialize)]
pub(crate) struct DocumentView {
    pub(crate) path: String,
    pub(crate) host: String,
    pub(crate) taken_for: String,
    pub(crate) bytes: String,
    pub(crate) facts: u64,
    pub(crate) problems: u64,
    pub(crate) recognised: bool,
}

impl View {
    /// Looks at a diagnosis, in the words of a language.
    pub(crate) fn new(diagnosis: &Diagnosis, w: &Words) -> Self {
        let bundle = &diagnosis.bundle;
        let paths = Paths::new(&diagnosis.documents);
        let findings = tree::nest(&diagnosis.findings, &paths, w);
        let mut anchors = std::collections::BTreeMap::new();
        for (finding, anchor) in diagnosis.findings.iter().zip(tree::anchors(&diagnosis.findings)) {
            anchors.entry(&*finding.id).or_insert(anchor);
        }
        let (asked, no_subject) = asked(diagnosis);
        let tally = tree::tally(&findings, diagnosis, asked.len());
        let known = |document: &&DocumentInfo| document.is_recognised() && !document.is_link();
        let recognised = diagnosis.documents.iter().filter(known).count();
        let mut counts = format!("{} ({})", bundle.documents, words::bytes(bundle.bytes));
        if !diagnosis.documents.is_empty() {
            counts.push_str(&format!(", {recognised} {}", w.recognised));
        }
        if !diagnosis.problems.is_empty() {
            counts.push_str(&format!(
                ", {}",
                words::counted(diagnosis.problems.len(), &w.problems_one, &w.problems_many)
            ));
        }
        Self {
            name: plain_line(&bundle.name),
            sha256: plain_line(&bundle.sha256),
            hosts: bundle.hosts.iter().map(|host| plain_line(host)).collect(),
            captured: bundle.captured_at.as_deref().map_or_else(|| w.unknown.to_string(), captured),
            complete: bundle.complete,
            limits: bundle.limits.iter().map(|limit| plain_line(limit)).collect(),
            masked: words::masked(bundle.masked, w),
            rules: plain_line(&diagnosis.rules),
            version: env!("CARGO_PKG_VERSION"),
            folder: paths.folder(),
            counts,
            verdict: tally.line(w),
            tone: tone(&tally, diagnosis),
            findings,
            total: diagnosis.findings.len(),
            collect: collect(&asked),
            undecided: undecided(&asked, &paths),
            open: asked.len(),
            no_subject: no_subject.iter().map(|question| plain_line(&question.rule)).collect(),
            clear: diagnosis.clear.iter().map(|rule| plain_line(rule)).collect(),
            suppressed: diagnosis.suppressed.iter().map(|one| suppressed(one, w)).collect(),
            not_applicable: not_applicable(&diagnosis.not_applicable),
            drafts: diagnosis.drafts.iter().map(|rule| plain_line(rule)).collect(),
            problems: problems(&diagnosis.problems, &paths, w),
            documents: diagnosis.documents.iter().map(|one| document(one, &paths)).collect(),
            moments: scene::moments(diagnosis, &anchors, &paths, w),
            moments_left_out: diagnosis.timeline.left_out,
            clocks: scene::clocks(&diagnosis.timeline.clocks, &paths, w),
            network: scene::hosts(&diagnosis.network.hosts, w),
            unexplained: scene::unexplained(&diagnosis.unexplained, &paths, w),
            timeline_picture: String::new(),
            network_picture: String::new(),
        }
    }
}

fn tone(tally: &Tally, diagnosis: &Diagnosis) -> &'static str {
    // Without a single log, or a single check that could be made, nothing was found because little was looked at.
    let logs = diagnosis.documents.is_empty() || diagnosis.documents.iter().any(|one| &*one.taken_for == "log");
    match tally {
        Tally { likely: 1.., .. } => "bad",
        Tally { unexplained: 1.., .. } | Tally { undecided: 1.., .. } | Tally { complete: false, .. } => "unsure",
        Tally { clear: 0, no_subject: 1.., .. } => "unsure",
        _ if !logs => "unsure",
        _ => "good",
    }
}

/// When the bundle was taken, to the second: `2026-11-21 01:36:08 UTC`, or with the shift that it was told with.
pub(crate) fn captured(told: &str) -> String {
    let pieces = told.split_once('T').filter(|_| told.parse::<jiff::Timestamp>().is_ok());
    let Some((date, time)) = pieces else { return plain_line(told) };
    let zone = time.find(['Z', 'z', '+', '-']).unwrap_or(time.len());
    let (clock, zone) = time.split_at(zone);
    let clock = clock.split('.').next().unwrap_or(clock);
    let zone = if zone.eq_ignore_ascii_case("z") { "UTC" } else { zone };
    plain_line(&format!("{date} {clock} {zone}"))
}

/// The questions that something in the bundle raises, and the others. A host without a cluster is not asked for the
/// cluster's pods; a bundle that decides nothing at all is asked for everything.
fn asked(diagnosis: &Diagnosis) -> (Vec<&Undecided>, Vec<&Undecided>) {
    let bare = diagnosis.findings.is_empty() && diagnosis.clear.is_empty();
    diagnosis.undecided.iter().partition(|question| bare || !question.because.is_empty())
}

/// Each command once, the one that decides most first.
fn collect(asked: &[&Undecided]) -> Vec<CollectView> {
    type Decides<'a> = (Vec<&'a str>, std::collections::BTreeSet<String>);
    let mut commands: std::collections::BTreeMap<(&str, &str), Decides<'_>> = std::collections::BTreeMap::new();
    for question in asked {
        for missing in &question.missing {
            let (decides, why) = commands.entry((&missing.collect, &missing.kind)).or_default();
            why.extend(missing.why.as_deref().map(plain_line));
            if decides.last() != Some(&&*question.rule) {
                decides.push(&question.rule);
            }
        }
    }
    let mut views: Vec<CollectView> = commands
        .into_iter()
        .map(|((command, kind), (mut rules, why))| {
            rules.sort_unstable();
            rules.dedup();
            CollectView {
                command: plain(command.trim_end()),
                kind: plain_line(kind),
                why: why.into_iter().collect(),
                decides: rules.into_iter().map(plain_line).collect(),
            }
        })
        .collect();
    // Stable: equal counts stay in the order of the commands.
    views.sort_by_key(|view| std::cmp::Reverse(view.decides.len()));
    views
}

/// Each reason once; those that something was seen for come first, as in the diagnosis.
fn suppressed(suppressed: &Suppressed, w: &Words) -> SuppressedView {
    let (reason, author, until) =
        (plain_line(&suppressed.reason), plain_line(&suppressed.author), plain_line(&suppressed.until));
    SuppressedView {
        why: format!("{reason} ({author}, {} {until})", w.until),
        title: plain_line(&suppressed.finding.title),
        rule: plain_line(&suppressed.finding.rule),
        host: plain_line(&suppressed.finding.node),
        reason,
        author,
        until,
    }
}

/// Each reason once, with the rules that it keeps out.
fn not_applicable(rules: &[NotApplicable]) -> Vec<UndecidedView> {
    let mut reasons: std::collections::BTreeMap<&str, Vec<String>> = std::collections::BTreeMap::new();
    for rule in rules {
        reasons.entry(&rule.because).or_default().push(plain_line(&rule.rule));
    }
    reasons.into_iter().map(|(because, rules)| UndecidedView { rules, because: plain_line(because) }).collect()
}

fn undecided(undecided: &[&Undecided], paths: &Paths) -> Vec<UndecidedView> {
    let mut views: Vec<UndecidedView> = Vec::new();
    let mut reasons: std::collections::BTreeMap<String, usize> = std::collections::BTreeMap::new();
    for question in undecided {
        let because = paths.within(plain(question.because.trim_end()));
        let rule = plain_line(&question.rule);
        match reasons.get(&because).and_then(|at| views.get_mut(*at)) {
            Some(view) => view.rules.push(rule),
            None => {
                reasons.insert(because.clone(), views.len());
                views.push(UndecidedView { rules: vec![rule], because });
            }
        }
    }
    views
}

/// Problems of a document that say the same stand together.
fn problems(problems: &[Problem], paths: &Paths, w: &Words) -> Vec<ProblemView> {
    const MOST_LINES: usize = 8;
    problems
        .chunk_by(|a, b| a.document == b.document && a.message == b.message)
        .filter_map(|same| {
            let first = same.first()?;
            let mut place = paths.place(&first.document, first.line, first.line);
            for problem in same.iter().skip(1).take(MOST_LINES) {
                place.push_str(&format!(", {}", problem.line));
            }
            if same.len() > MOST_LINES + 1 {
                place.push_str(&format!(", {} {}", same.len() - MOST_LINES - 1, w.more));
            }
            Some(ProblemView { place, message: plain_line(&first.message) })
        })
        .collect()
}

fn document(document: &DocumentInfo, paths: &Paths) -> DocumentView {
    DocumentView {
        path: paths.shown(&document.path),
        host: plain_line(&document.node),
        taken_for: plain_line(&document.taken_for),
        bytes: words::bytes(document.bytes),
        facts: document.facts,
        problems: document.problems,
        recognised: document.is_recognised(),
    }
}
