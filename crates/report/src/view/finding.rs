//! One finding with its evidence, its packets' paths and its remedy.

use bundlescope_engine::{Evidence, Finding, Fix};
use serde::Serialize;

use super::packet::ProbeView;
use super::paths::Paths;
use crate::json::role_word;
use crate::plain::{plain, plain_line};
use crate::words::Words;

/// Lines of one piece of evidence that a report shows at most; the rest is counted.
const MOST_LINES: usize = 40;
/// Lines of one piece of evidence that are looked at.
const MOST_READ: usize = 10_000;
/// Of lines that prove together, such as a trace, the first ones and the last ones are shown.
const ENDS: (usize, usize) = (3, 7);
/// Letters of one line that a report shows at most; the rest is counted.
const MOST_LETTERS: usize = 1_000;

/// A finding as it is shown.
#[derive(Debug, Serialize)]
pub(crate) struct FindingView {
    /// `1`, and `1.2` for what is nested.
    pub(crate) number: String,
    /// Unique in the report; letters, digits, `-` and `_`.
    pub(crate) anchor: String,
    pub(crate) rule: String,
    pub(crate) role: &'static str,
    /// `critical cause`.
    pub(crate) kind: String,
    /// In words.
    pub(crate) severity: String,
    /// The severity where it is one of the five, else `info`: safe as a class name.
    pub(crate) level: &'static str,
    /// `high confidence`.
    pub(crate) confidence: String,
    pub(crate) title: String,
    pub(crate) message: String,
    pub(crate) about: String,
    pub(crate) customer: String,
    pub(crate) references: Vec<ReferenceView>,
    pub(crate) host: String,
    pub(crate) evidence: Vec<EvidenceView>,
    pub(crate) fix: Vec<FixView>,
    pub(crate) probes: Vec<ProbeView>,
    /// What this finding explains.
    pub(crate) children: Vec<FindingView>,
    /// The text for a ticket, where the form shows one.
    pub(crate) ticket: String,
}

/// A link of the rule.
#[derive(Debug, Serialize)]
pub(crate) struct ReferenceView {
    pub(crate) text: String,
    /// True when it may become a link: `https://` and nothing that could end it.
    pub(crate) link: bool,
}

/// Lines that prove something.
#[derive(Debug, Serialize)]
pub(crate) struct EvidenceView {
    /// `document:line`.
    pub(crate) place: String,
    pub(crate) label: String,
    /// `5 records`: how many say the same; empty where it is one.
    pub(crate) count: String,
    pub(crate) lines: Vec<LineView>,
    /// Other places that state the same.
    pub(crate) also: Vec<String>,
    /// Lines left out behind the last one.
    pub(crate) left_out: usize,
}

/// A line of a document.
#[derive(Debug, Serialize)]
pub(crate) struct LineView {
    /// Its number; `None` where the evidence is the document as a whole.
    pub(crate) number: Option<u32>,
    pub(crate) text: String,
    /// True for the lines that prove, false for those around them.
    pub(crate) hit: bool,
}

/// One step of a remedy.
#[derive(Debug, Serialize)]
pub(crate) struct FixView {
    pub(crate) say: String,
    pub(crate) run: Option<String>,
    pub(crate) proved: bool,
    /// Why the command is withheld.
    pub(crate) reason: Option<String>,
}

impl FindingView {
    pub(super) fn new(finding: &Finding, anchor: String, paths: &Paths, w: &Words) -> Self {
        Self {
            number: String::new(),
            anchor,
            rule: plain_line(&finding.rule),
            role: role_word(finding.role),
            kind: format!("{} {}", w.severity(&finding.severity), w.role(role_word(finding.role))),
            severity: w.severity(&finding.severity),
            level: ["critical", "high", "medium", "low"]
                .into_iter()
                .find(|level| *level == &*finding.severity)
                .unwrap_or("info"),
            confidence: w.confidence(&finding.confidence),
            title: plain_line(finding.title.trim()),
            message: plain(finding.message.trim()),
            about: plain(finding.about.trim()),
            customer: plain(finding.customer.trim()),
            references: finding.references.iter().map(|reference| self::reference(reference)).collect(),
            host: plain_line(&finding.node),
            evidence: finding.evidence.iter().map(|piece| evidence(piece, paths, w)).collect(),
            fix: finding.fix.iter().map(fix).collect(),
            probes: finding.probes.iter().map(|probe| ProbeView::new(probe, paths, w)).collect(),
            children: Vec::new(),
            ticket: String::new(),
        }
    }
}

impl EvidenceView {
    /// The lines with their numbers, `>` before those that prove; for Markdown.
    pub(crate) fn drawn(&self, w: &Words) -> String {
        let digits = self.lines.iter().filter_map(|line| line.number).max().map_or(0, |n| n.to_string().len());
        let mut out = String::new();
        for line in &self.lines {
            let number = line.number.map_or_else(String::new, |number| number.to_string());
            let mark = if line.hit { '>' } else { ' ' };
            out.push_str(format!("{mark} {number:>digits$} | {}", line.text).trim_end());
            out.push('\n');
        }
        if self.left_out > 0 {
            out.push_str(&format!("  {} {}\n", self.left_out, w.more));
        }
        out
    }
}

fn reference(reference: &str) -> ReferenceView {
    let text = plain_line(reference);
    let link = reference.strip_prefix("https://").is_some_and(|rest| {
        !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~:/?#@!$&()*+,;=%".contains(&b))
    });
    ReferenceView { text, link }
}

fn evidence(evidence: &Evidence, paths: &Paths, w: &Words) -> EvidenceView {
    let end_line = evidence.end_line.max(evidence.line);
    let is_hit = |number: u32| evidence.line <= number && number <= end_line;
    let around = evidence.context.as_ref().filter(|context| {
        let behind = u64::from(context.first_line) + context.lines.len() as u64;
        context.first_line <= evidence.line && u64::from(evidence.line) < behind
    });
    let mut lines: Vec<LineView> = match around {
        Some(context) => numbered(context.first_line, context.lines.iter().map(|line| &**line))
            .map(|(number, line)| LineView { number: Some(number), text: shown(line), hit: is_hit(number) })
            .take(MOST_READ)
            .collect(),
        None => numbered(evidence.line, evidence.excerpt.trim_end().lines())
            .map(|(number, line)| LineView {
                number: (evidence.line > 0).then_some(number),
                text: shown(line),
                hit: true,
            })
            .take(MOST_READ)
            .collect(),
    };
    let total = around.map_or_else(|| evidence.excerpt.trim_end().lines().count(), |context| context.lines.len());
    let total = total.saturating_sub(pick(evidence, &mut lines));
    let total = total.saturating_sub(fold(&mut lines, w));
    lines.truncate(MOST_LINES);
    EvidenceView {
        place: paths.place(&evidence.document, evidence.line, end_line),
        also: evidence.also.iter().map(|place| paths.shown(place)).collect(),
        label: plain_line(&evidence.label),
        count: if evidence.count > 1 { w.records.with(evidence.count) } else { String::new() },
        left_out: total.saturating_sub(lines.len()),
        lines,
    }
}

/// Of a long stretch leaves the lines that hold what the rule asked for, those beside them, and marks in the gaps.
/// Returns how many lines went.
fn pick(evidence: &Evidence, lines: &mut Vec<LineView>) -> usize {
    let before = lines.len();
    let holds: Vec<bool> = lines.iter().map(|line| line.hit && evidence.holds(&line.text)).collect();
    let long = evidence.end_line.saturating_sub(evidence.line) >= Evidence::FEW;
    if !long || !holds.contains(&true) {
        return 0;
    }
    let near = |index: usize| (index.saturating_sub(1)..=index + 1).any(|at| holds.get(at) == Some(&true));
    let mut picked: Vec<LineView> = Vec::new();
    for (index, line) in std::mem::take(lines).into_iter().enumerate() {
        if near(index) {
            picked.push(LineView { hit: holds.get(index) == Some(&true), ..line });
        } else if picked.last().is_some_and(|last| last.number.is_some()) {
            picked.push(LineView { number: None, text: "...".into(), hit: false });
        }
    }
    if picked.last().is_some_and(|last| last.number.is_none()) {
        picked.pop();
    }
    *lines = picked;
    before.saturating_sub(lines.len())
}

/// Of a long run of lines that prove together leaves both ends: a trace says where it began, and what it came to, and
/// what is between them would push all other proof out of sight. Returns how many lines went.
fn fold(lines: &mut Vec<LineView>, w: &Words) -> usize {
    let before = lines.len();
    let Some(first) = lines.iter().position(|line| line.hit) else { return 0 };
    let run = lines.iter().skip(first).take_while(|line| line.hit).count();
    let (head, tail) = ENDS;
    if run <= head + tail + 2 {
        return 0;
    }
    let gap = LineView { number: None, text: format!("... {} {}", run - head - tail, w.more), hit: false };
    lines.splice(first + head..first + run - tail, [gap]);
    before - lines.len()
}

fn numbered<'a>(first: u32, lines: impl Iterator<Item = &'a str>) -> impl Iterator<Item = (u32, &'a str)> {
    lines.enumerate().map(move |(index, line)| (first.saturating_add(u32::try_from(index).unwrap_or(u32::MAX)), line))
}

/// A line of a document, cut where it is absurdly long.
fn shown(line: &str) -> String {
    let line = line.trim_end_matches(['\r', '\n']);
    let head = match line.char_indices().nth(MOST_LETTERS) {
        Some((end, _)) => &line[..end],
        None => line,
    };
    let mut out = plain(head).replace('\n', "\\n");
    if head.len() < line.len() {
        out.push_str(&format!(" [{} more bytes]", line.len() - head.len()));
    }
    out
}

fn fix(fix: &Fix) -> FixView {
    FixView {
        say: plain(fix.say.trim()),
        run: fix.run.as_deref().map(|run| plain(run.trim_end())).filter(|run| !run.is_empty()),
        proved: fix.proved,
        reason: fix.reason.as_deref().map(plain_line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::WORDS;

    #[test]
    fn of_a_long_trace_both_ends_are_shown() {
        let line = |number: u32| LineView {
            number: Some(number),
            text: format!("line {number}"),
            hit: (4..=60).contains(&number),
        };
        let mut lines: Vec<LineView> = (1..=63).map(line).collect();
        let went = fold(&mut lines, &WORDS);
        let shown: Vec<Option<u32>> = lines.iter().map(|line| line.number).collect();
        let expected = (1..=6).map(Some).chain([None]).chain((54..=63).map(Some));
        assert_eq!(shown, expected.collect::<Vec<_>>());
        assert_eq!((went + lines.len(), lines[6].text.as_str()), (63, "... 47 more"));
        let mut short: Vec<LineView> = (1..=12).map(line).collect();
        assert_eq!(fold(&mut short, &WORDS), 0);
    }
}
