//! Takes the documents as they pass by and has them read: one thread decompresses, the others parse and scan.
//!
//! Each document goes to one worker through a bounded queue, so that memory stays bounded whatever the bundle's size,
//! and the outcomes are put back into the bundle's order, so that nothing depends on the number of threads.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::mpsc::{Receiver, channel, sync_channel};
use std::thread;

use bundlescope_bundle::{Entry, Input, LimitHit, Limits, OpenError, Sink, Summary};
use bundlescope_facts::{Fact, Problem, Text};
use bundlescope_logs::{ErrorCluster, SignatureSet};

use self::overlay::Overlay;
use self::reader::Reader;
use self::worker::work;
use self::year::{Year, year_in};
use crate::loaded::Options;
use crate::unexplained::Wordings;

mod overlay;
mod reader;
mod worker;
mod year;

/// Chunks that wait for one worker.
const QUEUE: usize = 16;

/// How much of what was read is kept as facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Bytes of the largest document that is parsed; a larger one is searched like a log.
    pub parse_bytes: usize,
    /// Facts of one bundle; those beyond it are left out.
    pub facts: usize,
}

impl Default for Bounds {
    /// So many facts take some 150 MB.
    fn default() -> Self {
        Self { parse_bytes: 16 << 20, facts: 150_000 }
    }
}

/// What became of one document.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) path: Text,
    /// Part of the path that stands for the host.
    pub(crate) root: Text,
    /// Container whose view or log it is.
    pub(crate) container: Option<Text>,
    /// Format, or `log`, `text`, `binary`, `empty`.
    pub(crate) taken_for: &'static str,
    pub(crate) bytes: u64,
    pub(crate) facts: Vec<Fact>,
    /// The formats of its sections, where it holds the outputs of several commands, and in whose view they are.
    pub(crate) sections: Vec<(&'static str, Option<Text>)>,
    /// Number of facts and events that it gave, which stays when they are taken out.
    pub(crate) stated: usize,
    pub(crate) problems: Vec<Problem>,
    /// Whether a part of it was not read as what it is.
    pub(crate) partial: bool,
    /// Error-like lines of its logs that no signature knows, until those of the bundle take them in.
    pub(crate) errors: Vec<LogErrors>,
    /// The bytes, of parsed documents that are small enough.
    pub(crate) kept: Option<Vec<u8>>,
}

/// The error-like lines of one log that no signature knows.
#[derive(Debug)]
pub(crate) struct LogErrors {
    /// Container whose log it is.
    pub(crate) container: Option<Text>,
    pub(crate) clusters: Vec<ErrorCluster>,
}

/// Everything that was read, in the bundle's order.
#[derive(Debug)]
pub(crate) struct Intake {
    pub(crate) summary: Summary,
    pub(crate) outcomes: Vec<Outcome>,
    /// Links as (path, target).
    pub(crate) links: Vec<(Text, Text)>,
    /// Error-like lines of all logs that no signature knows.
    pub(crate) wordings: Wordings,
}

/// Reads a bundle from disk or standard input.
pub(crate) fn take_in(input: &Input, options: &Options, signatures: &SignatureSet) -> Result<Intake, OpenError> {
    let year = match input {
        Input::Path(path) => path.file_name().and_then(|name| year_in(&name.to_string_lossy())),
        Input::Stdin => None,
    };
    take(signatures, options.threads, options.bounds, year, |sink| {
        bundlescope_bundle::read_watched(input, &options.limits, sink, &options.watch)
    })
}

/// Reads a bundle in which these texts stand for the documents of the same path, or beside them, as the tests of rules
/// have it.
pub(crate) fn take_overlaid(
    input: &Input,
    limits: &Limits,
    files: &[(Text, Text)],
    signatures: &SignatureSet,
) -> Result<Intake, OpenError> {
    take(signatures, 1, Bounds::default(), None, |sink| {
        let mut overlay = Overlay { sink, files: files.to_vec() };
        let summary = bundlescope_bundle::read(input, limits, &mut overlay)?;
        overlay.finish();
        Ok(summary)
    })
}

/// Reads a bundle that consists of these texts, as the tests of rules have it.
pub(crate) fn take_texts(files: &[(Text, Text)], signatures: &SignatureSet) -> Intake {
    let intake = take::<Infallible>(signatures, 1, Bounds::default(), None, |sink| {
        let mut summary = Summary { complete: true, ..Summary::default() };
        for (path, text) in files {
            sink.document(&Entry { path: path.clone(), size: None }, &mut text.as_bytes());
            summary.documents += 1;
            summary.bytes += text.len() as u64;
        }
        Ok(summary)
    });
    match intake {
        Ok(intake) => intake,
    }
}

/// Runs the workers while `read` feeds the sink.
fn take<E>(
    signatures: &SignatureSet,
    threads: usize,
    bounds: Bounds,
    year: Year,
    read: impl FnOnce(&mut dyn Sink) -> Result<Summary, E>,
) -> Result<Intake, E> {
    let workers = threads.saturating_sub(1).max(1);
    let (done, outcomes) = channel();
    thread::scope(|scope| {
        let mut queues = Vec::with_capacity(workers);
        let (give_back, spare) = channel();
        for _ in 0..workers {
            let (queue, jobs) = sync_channel(QUEUE);
            queues.push(queue);
            let (done, give_back) = (done.clone(), give_back.clone());
            scope.spawn(move || work(&jobs, signatures, &done, &give_back));
        }
        drop(give_back);
        let collector = scope.spawn(move || collect(&outcomes, bounds.facts));
        let mut reader = Reader::new(queues, spare, done, bounds.parse_bytes, year);
        let summary = read(&mut reader);
        // Closing the queues ends the workers, and these the collector.
        let links = reader.finish();
        let (outcomes, wordings, hits) = match collector.join() {
            Ok(collected) => collected,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        let mut summary = summary?;
        let partial = outcomes.iter().filter(|outcome| outcome.partial);
        summary.partial.extend(partial.map(|outcome| outcome.path.clone()));
        summary.complete &= hits.is_empty();
        summary.limits.extend(hits);
        Ok(Intake { summary, outcomes, links, wordings })
    })
}

/// Puts the outcomes into the bundle's order, and leaves out the facts beyond `most`: in that order, so that the number of
/// threads decides nothing. Returns the limits that were hit as well.
fn collect(outcomes: &Receiver<(usize, Outcome)>, most: usize) -> (Vec<Outcome>, Wordings, Vec<LimitHit>) {
    let mut early = BTreeMap::new();
    let mut collected: Vec<Outcome> = Vec::new();
    let (mut left, mut full) = (most, false);
    let (mut wordings, mut hits) = (Wordings::default(), Vec::new());
    for (index, outcome) in outcomes {
        early.insert(index, outcome);
        while let Some(mut outcome) = early.remove(&collected.len()) {
            if let Some(note) = outcome.problems.first().filter(|_| outcome.partial) {
                let (document, message) = (note.document.clone(), note.message.clone());
                hits.push(LimitHit { limit: "parse_bytes", document, message });
            }
            if outcome.facts.len() > left {
                outcome.facts.truncate(left);
                outcome.facts.shrink_to_fit();
                outcome.partial = true;
                if !std::mem::replace(&mut full, true) {
                    let message =
                        format!("the bundle states more than {most} facts; the rest was left out from here on");
                    hits.push(LimitHit { limit: "facts", document: outcome.path.clone(), message });
                }
            }
            left -= outcome.facts.len();
            wordings.add(&outcome.path, &outcome.root, std::mem::take(&mut outcome.errors));
            collected.push(outcome);
        }
    }
    // Outcomes behind a gap that a panic left; the panic goes on after this.
    collected.extend(early.into_values());
    (collected, wordings, hits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bundlescope_logs::{Pattern, Signature};

    fn read(path: &str, text: &str) -> Vec<Fact> {
        let pattern = Pattern {
            regex: r"dial tcp (?<endpoint>\S+): connect: (?<error>connection refused)".into(),
            ..Pattern::default()
        };
        let signature = Signature {
            id: "go".into(),
            event: "connection_failure".into(),
            patterns: vec![pattern],
            ..Signature::default()
        };
        let set = SignatureSet::compile(vec![signature]).unwrap();
        let intake = take_texts(&[(path.into(), text.into())], &set);
        intake.outcomes.into_iter().flat_map(|outcome| outcome.facts).collect()
    }

    /// Facts beyond the limit are left out in the bundle's order, whatever order the workers end in.
    #[test]
    fn facts_beyond_the_limit_are_told_and_left_out_in_order() {
        let address = |index: usize| -> (usize, Outcome) {
            let data = bundlescope_facts::Data::from(bundlescope_facts::Address::default());
            let facts = vec![Fact::new(bundlescope_facts::Source::default(), data); 2];
            let path = Text::from(format!("{index}.txt"));
            let outcome = Outcome { path, taken_for: "test", stated: 2, facts, ..Outcome::default() };
            (index, outcome)
        };
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
            let (sender, receiver) = channel();
            order.into_iter().for_each(|index| sender.send(address(index)).unwrap());
            drop(sender);
            let (outcomes, _, hits) = collect(&receiver, 3);
            let left: Vec<(usize, bool)> = outcomes.iter().map(|o| (o.facts.len(), o.partial)).collect();
            assert_eq!(left, [(2, false), (1, true), (0, true)], "{order:?}");
            assert_eq!(hits.len(), 1);
            assert_eq!((hits[0].limit, &*hits[0].document), ("facts", "1.txt"));
        }
    }

    /// A document of a known format that is too large to be parsed is searched as a log, and said to be a limit.
    #[test]
    fn a_document_too_large_to_be_parsed_is_searched_and_told() {
        let line = "dial tcp 10.0.0.1:6379: connect: connection refused\n";
        let rules = "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n".repeat(Bounds::default().parse_bytes / 40);
        let text = format!("*filter\n:INPUT ACCEPT [0:0]\n{rules}COMMIT\n{line}");
        let pattern = Pattern { regex: r"dial tcp (?<endpoint>\S+): connect".into(), ..Pattern::default() };
        let signature =
            Signature { id: "go".into(), event: "refused".into(), patterns: vec![pattern], ..Signature::default() };
        let set = SignatureSet::compile(vec![signature]).unwrap();
        let intake = take_texts(&[("iptables-save.txt".into(), text.into())], &set);
        let [outcome] = &intake.outcomes[..] else { panic!("{}", intake.outcomes.len()) };
        assert_eq!((outcome.taken_for, outcome.partial), ("text", true));
        assert!(outcome.facts.iter().any(|fact| fact.kind() == "refused"));
        assert_eq!(intake.summary.limits.iter().map(|hit| hit.limit).collect::<Vec<_>>(), ["parse_bytes"]);
        assert!(!intake.summary.complete && intake.summary.partial.contains("iptables-save.txt"));
    }

    #[test]
    fn a_stamp_without_a_year_gets_that_of_the_folder() {
        let line = "Nov 21 01:36:02 web1 api[1]: dial tcp 10.0.0.1:6379: connect: connection refused\n";
        let facts = read("sosreport-web1-2025-11-21-ab/var/log/messages", line);
        let first = facts.iter().find_map(|fact| fact.occurrences?.first).unwrap();
        assert_eq!(first.to_string(), "2025-11-21T01:36:02Z");
    }

    #[test]
    fn logs_inside_a_transcript_are_read_with_their_lines_and_containers() {
        let text = "# ip route\ndefault via 10.0.0.1 dev eth0\n# docker logs api\nstarting\n\
                    dial tcp 10.0.0.1:6379: connect: connection refused\n# ip neigh\n10.0.0.1 dev eth0 lladdr 02:00:00:00:00:01 STALE\n";
        let facts = read("notes.txt", text);
        let event = facts.iter().find(|fact| fact.kind() == "connection_failure").unwrap();
        assert_eq!((event.source.first_line, event.get("container").as_text()), (5, Some("api")));
        let (start, end) = event.source.span;
        assert_eq!(&text[start as usize..end as usize], "dial tcp 10.0.0.1:6379: connect: connection refused");
        let log = facts.iter().find(|fact| fact.kind() == "log").unwrap();
        assert_eq!((log.source.first_line, log.source.last_line), (4, 5));
        assert_eq!(log.get("lines").as_int(), Some(2));
        assert!(facts.iter().any(|fact| fact.kind() == "neighbour"));
    }
}
