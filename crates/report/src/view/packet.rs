//! A probe's packets, step by step, and where they end.

use bundlescope_engine::{ProbeAnswer, ProbePath};
use serde::Serialize;

use super::paths::Paths;
use crate::plain::plain_line;
use crate::words::{WORDS, Words};

/// A packet's path.
#[derive(Debug, Serialize)]
pub(crate) struct ProbeView {
    pub(crate) from: String,
    pub(crate) to: String,
    /// `5432/tcp`, `icmp`.
    pub(crate) port: String,
    /// In words.
    pub(crate) verdict: String,
    /// `good`, `unsure` or `bad`: how the verdict is coloured.
    pub(crate) tone: &'static str,
    /// `27 steps`.
    pub(crate) length: String,
    pub(crate) steps: Vec<StepView>,
    pub(crate) assumed: Vec<String>,
    /// The way as a picture, where the form shows one.
    pub(crate) picture: String,
}

/// One step of a path.
#[derive(Debug, Serialize)]
pub(crate) struct StepView {
    pub(crate) text: String,
    /// `packet` for the line that says which packet the steps below belong to; `pass`, `break` where a packet ends
    /// against the sender's wish, `arrive`, `unknown`.
    pub(crate) state: &'static str,
    /// For `packet`: it goes back to the sender.
    pub(crate) back: bool,
    /// `document:line` that the step names; empty where it names none.
    pub(crate) place: String,
}

impl ProbeView {
    pub(super) fn new(probe: &ProbePath, paths: &Paths, w: &Words) -> Self {
        let answer = &probe.answer;
        let proto = plain_line(&answer.question.proto);
        let end = match &*answer.verdict {
            "delivered" => "arrive",
            "unknown" => "unknown",
            _ => "break",
        };
        let last = last_step(answer);
        let length = answer.path.iter().filter(|line| packet(line, w).is_none()).count();
        let step = |(index, line): (usize, &String)| match packet(line, w) {
            Some(heading) => StepView {
                text: plain_line(&heading),
                state: "packet",
                back: ["rep", "err", "prep"]
                    .iter()
                    .any(|name| line.strip_prefix(name).is_some_and(|rest| rest.starts_with([':', ' ']))),
                place: String::new(),
            },
            None => {
                let text = paths.shorten(line.trim());
                let place = text.strip_suffix(')').and_then(|text| Some(text.rsplit_once("  (")?.1.to_owned()));
                let state = if Some(index) == last { end } else { "pass" };
                StepView { text, state, back: false, place: place.unwrap_or_default() }
            }
        };
        Self {
            from: plain_line(&answer.question.from),
            to: plain_line(&answer.question.to),
            port: match answer.question.port {
                0 => proto,
                port => format!("{port}/{proto}"),
            },
            verdict: w.verdict(&answer.verdict),
            tone: match end {
                "arrive" => "good",
                "unknown" => "unsure",
                _ => "bad",
            },
            length: w.steps.with(length),
            steps: answer.path.iter().enumerate().map(step).collect(),
            assumed: answer.assumed.iter().map(|assumed| paths.shorten(assumed)).collect(),
            picture: String::new(),
        }
    }

    /// The steps with their numbers, `x` before the one at which the packet ends; for Markdown.
    pub(crate) fn drawn(&self, w: &Words) -> String {
        let mut out = String::new();
        let mut number = 0;
        for step in &self.steps {
            let (mark, note) = match step.state {
                "packet" => {
                    out.push_str(&format!("{}\n", step.text));
                    continue;
                }
                "break" => ('x', &*w.stops_here),
                "unknown" => ('?', &*w.not_known_further),
                "arrive" => ('=', ""),
                _ => ('|', ""),
            };
            number += 1;
            let arrow = if note.is_empty() { "" } else { "  <- " };
            out.push_str(&format!("{mark} {number:>2} {}{arrow}{note}\n", step.text));
        }
        out
    }
}

/// `fwd [api]: 172.17.0.2:49152 -> …` with the packet's name in words; `None` for a step, which is indented.
fn packet(line: &str, w: &Words) -> Option<String> {
    let end = line.find(|c: char| !c.is_ascii_lowercase())?;
    let name = w.packet(&line[..end])?;
    matches!(line.as_bytes().get(end), Some(b':' | b' ')).then(|| format!("{name}{}", &line[end..]))
}

/// The step at which the verdict falls: the one that names the deciding line, or else the last one before the error
/// that is sent back, or else the last one.
fn last_step(answer: &ProbeAnswer) -> Option<usize> {
    let path = &answer.path;
    let is_step = |line: &String| packet(line, &WORDS).is_none();
    let named = answer.evidence.first().and_then(|source| {
        let place = format!("({}:{})", source.document, source.first_line);
        path.iter().rposition(|line| is_step(line) && line.ends_with(&place))
    });
    let before_error = || {
        let error = path.iter().rposition(|line| line.starts_with("err:") || line.starts_with("err "))?;
        path.get(..error)?.iter().rposition(is_step)
    };
    named.or_else(before_error).or_else(|| path.iter().rposition(is_step))
}

#[cfg(test)]
mod tests {
    use bundlescope_facts::Source;

    use super::*;

    fn states(verdict: &str, path: &[&str], evidence: &[Source]) -> Vec<&'static str> {
        let answer = ProbeAnswer {
            verdict: verdict.into(),
            path: path.iter().map(|line| (*line).to_owned()).collect(),
            evidence: evidence.to_vec(),
            ..ProbeAnswer::default()
        };
        let view = ProbeView::new(&ProbePath { alias: "path".into(), answer }, &Paths::new(&[]), &WORDS);
        view.steps.iter().map(|step| step.state).collect()
    }

    #[test]
    fn the_break_is_at_the_deciding_line_and_not_in_the_answer_to_it() {
        let path = ["fwd [api]: a -> b", "  INPUT filter INPUT 6: -j REJECT  (x:15)", "err: b -> a", "  route own"];
        let deciding = [Source::lines("x", 15, 15)];
        assert_eq!(states("rejected", &path, &deciding), ["packet", "break", "packet", "pass"]);
        // Nothing names a line, as with a missing listener: what stands before the error.
        assert_eq!(states("refused", &path, &[]), ["packet", "break", "packet", "pass"]);
    }

    #[test]
    fn what_arrives_ends_at_the_last_step() {
        assert_eq!(
            states("delivered", &["fwd: a", "  one", "rep: b", "  two"], &[]),
            ["packet", "pass", "packet", "arrive"]
        );
        assert_eq!(states("unknown", &["fwd: a", "  one"], &[]), ["packet", "unknown"]);
        assert_eq!(states("dropped", &[], &[]), [""; 0]);
    }
}
