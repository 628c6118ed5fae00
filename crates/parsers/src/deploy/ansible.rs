//! `ansible-playbook` and `ansible`, versions 1.9 to 2.20: results that failed, the recap, and errors that stopped Ansible itself; on a
//! terminal, in colours, or in the file of `log_path`. Results stand in JSON on one line or several, or in YAML below
//! (`result_format=yaml`, the callbacks `yaml` and `debug`).

mod result;

use std::borrow::Cow;

use bundlescope_facts::{AnsibleError, AnsibleFailure, AnsibleRecap, Text};

use crate::document::{Document, Line, Parsed};
use crate::format::{Format, Hint, Match};
use crate::packages;
use crate::words;
use result::Outcome;

/// The format.
pub(crate) static PLAYBOOK: Format = Format {
    name: "ansible-playbook",
    collect: "ansible-playbook …",
    kinds: &["ansible_failure", "ansible_recap", "ansible_error", "package_failure"],
    detect,
    parse,
};

/// A line without colours and without what `log_path` puts before it:
/// `2026-11-30 21:01:21,426 p=16461 u=root n=ansible INFO| `, or a build server: `[2026-11-30T21:01:21.426Z] `.
fn bare(line: &str) -> Cow<'_, str> {
    let line = if line.contains('\u{1b}') { Cow::Owned(without_colours(line)) } else { Cow::Borrowed(line) };
    let built = line.strip_prefix('[').and_then(|rest| rest.split_once("] ")).filter(|(stamp, _)| {
        stamp.len() < 32
            && stamp.starts_with(|c: char| c.is_ascii_digit())
            && stamp.bytes().all(|b| b.is_ascii_digit() || b"-:.,TZ+ ".contains(&b))
    });
    if let Some((_, rest)) = built {
        return Cow::Owned(rest.to_owned());
    }
    let stamped = line.starts_with(|c: char| c.is_ascii_digit()) && line.contains(" p=");
    match line.split_once("| ").filter(|(before, _)| stamped && before.len() < 120) {
        Some((_, rest)) => Cow::Owned(rest.trim_start().to_owned()),
        None => line,
    }
}

fn without_colours(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find('\u{1b}') {
        plain.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let end = after.find(|c: char| c.is_ascii_alphabetic()).map_or(after.len(), |end| end + 1);
        rest = &after[end..];
    }
    plain.push_str(rest);
    plain
}

/// `TASK [docker : ensure …] ****`: the word before the bracket and what is in it.
fn header(line: &str) -> Option<(&str, &str)> {
    let word = [
        "PLAY RECAP",
        "PLAY",
        "TASK:",
        "TASK",
        "RUNNING HANDLER",
        "HANDLER",
        "NOTIFIED:",
        "GATHERING FACTS",
        "PLAYBOOK:",
    ]
    .into_iter()
    .find(|word| line.starts_with(word))?;
    let rest = line[word.len()..].trim_end();
    let starred = rest.ends_with("***");
    let rest = rest.trim_end_matches('*').trim();
    match word {
        "PLAY RECAP" | "GATHERING FACTS" => (starred || rest.is_empty()).then_some((word, "")),
        "PLAYBOOK:" => starred.then_some((word, rest)),
        _ => {
            let inner = rest.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
            match inner {
                Some(inner) => Some((word, inner)),
                None => (starred && rest.is_empty()).then_some((word, "")),
            }
        }
    }
}

/// The host, whom it was delegated to, the item, and `UNREACHABLE` or `FAILED`, with what is behind the arrow.
struct Head<'a> {
    host: &'a str,
    delegated_to: Option<&'a str>,
    item: Option<&'a str>,
    unreachable: bool,
    /// Byte at which the result begins.
    rest: &'a str,
}

/// `fatal: [h -> d]: FAILED! => …`, `failed: [h] (item=x) => …`, `h | UNREACHABLE! => …`, `h | FAILED | rc=1 >>`.
fn head(line: &str) -> Option<Head<'_>> {
    let Some(after) = line.strip_prefix("fatal: [").or_else(|| line.strip_prefix("failed: [")) else {
        return ad_hoc(line);
    };
    let (names, after) = after.split_once(']')?;
    let (host, delegated_to) = match names.split_once(" -> ") {
        Some((host, other)) => (host, Some(other)),
        None => (names, None),
    };
    let after = after.trim_start_matches(':').trim_start();
    let unreachable = after.starts_with("UNREACHABLE!");
    let item =
        after.strip_prefix("=> ").unwrap_or(after).strip_prefix("(item=").and_then(|rest| rest.split_once(") => "));
    let (item, rest) = match item {
        Some((item, rest)) => (Some(item), rest),
        None => (None, after.split_once("=>").map_or("", |(_, rest)| rest)),
    };
    Some(Head { host, delegated_to, item, unreachable, rest: rest.trim() })
}

fn ad_hoc(line: &str) -> Option<Head<'_>> {
    let (host, rest) = line.split_once(" | ")?;
    if host.is_empty() || host.contains([' ', '\t']) {
        return None;
    }
    let unreachable = rest.starts_with("UNREACHABLE!");
    let failed = rest.starts_with("FAILED! => ") || rest.starts_with("FAILED | rc=");
    let rest = match rest.split_once("=>").or_else(|| rest.split_once(">>")) {
        Some((_, rest)) => rest.trim(),
        None => "",
    };
    (unreachable || failed).then_some(Head { host, delegated_to: None, item: None, unreachable, rest })
}

/// `ERROR! …` until 2.18, `[ERROR]: …` since.
fn error(line: &str) -> Option<&str> {
    let message = line.strip_prefix("ERROR! ").or_else(|| line.strip_prefix("[ERROR]: "))?;
    // What a task failed with is said again by its result.
    (!message.starts_with("Task failed")).then_some(message)
}

fn detect(hint: &Hint<'_>) -> Match {
    let named = ["ansible-playbook", "ansible"].iter().any(|program| words::subject_is(hint.subject, &[program]));
    let content = hint.head.lines().take(1000).any(|line| {
        let line = bare(line);
        let starred = line.ends_with("***") && header(&line).is_some();
        let result = head(&line).is_some_and(|head| head.rest.starts_with('{') || head.rest.starts_with("changed="));
        // An item of a loop that failed has no mark.
        let item = line.starts_with("failed: [") && line.contains(" (item=");
        starred || result && (line.contains("FAILED! => ") || line.contains("UNREACHABLE! => ") || item)
    });
    let first = hint.head.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let stopped = error(first).is_some()
        && (named
            || hint.head.contains("\nOrigin: ")
            || hint.head.contains("The error appears to be in ")
            || hint.head.contains("playbook"));
    Match::of(content || stopped, named)
}

/// Where in a play the lines are.
#[derive(Default)]
struct Place {
    play: Option<Text>,
    role: Option<Text>,
    task: Option<Text>,
    recap: bool,
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let lines: Vec<Line<'_>> = document.lines().collect();
    let mut place = Place::default();
    // Index of the first fact of the host whose results came last, for `...ignoring`.
    let mut latest: Option<(Text, usize)> = None;
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        at += 1;
        let text = bare(line.text);
        if let Some((word, inner)) = header(&text) {
            place.enter(word, inner);
            latest = None;
        } else if let Some(head) = head(&text) {
            let outcome = Outcome::read(document, &lines, at - 1, head.rest, &mut parsed);
            let last = lines.get(outcome.last).copied().unwrap_or(*line);
            at = outcome.last + 1;
            if latest.as_ref().is_none_or(|(host, _)| **host != *head.host) {
                latest = Some((head.host.into(), parsed.facts.len()));
            }
            for failure in outcome.messages().filter_map(packages::failure_of) {
                parsed.fact(document, *line, last, failure);
            }
            let failure = AnsibleFailure {
                host: head.host.into(),
                delegated_to: head.delegated_to.map(|other| other.split('(').next().unwrap_or(other).into()),
                task: place.task.clone(),
                role: place.role.clone(),
                play: place.play.clone(),
                item: head.item.map(Text::from),
                reason: if head.unreachable { "unreachable" } else { "failed" }.into(),
                ..outcome.failure
            };
            parsed.fact(document, *line, last, failure);
        } else if text.trim_end() == "...ignoring" {
            if let Some((_, from)) = &latest {
                for fact in parsed.facts.iter_mut().skip(*from) {
                    if let bundlescope_facts::Data::AnsibleFailure(failure) = &mut fact.data {
                        failure.ignored = true;
                    }
                }
            }
            latest = None;
        } else if place.recap && text.contains(" ok=") {
            match recap(&text) {
                Some(recap) => parsed.line_fact(document, *line, recap),
                None => parsed.problem(
                    document,
                    line.number,
                    "expected the recap of a host such as `web1 : ok=2 changed=1 unreachable=0 failed=0`; line skipped",
                ),
            }
        } else if let Some(message) = error(&text) {
            let (file, number, last) = origin(&lines[at..]).unwrap_or((None, None, *line));
            let error = AnsibleError { message: message.trim().into(), file, line: number };
            parsed.fact(document, *line, last, error);
        }
    }
    super::hand_on(document, &mut parsed);
    parsed
}

impl Place {
    fn enter(&mut self, word: &str, inner: &str) {
        let named = Some(inner).filter(|inner| !inner.is_empty()).map(Text::from);
        match word {
            "PLAY RECAP" => *self = Self { recap: true, ..Self::default() },
            "PLAY" => *self = Self { play: named, ..Self::default() },
            "GATHERING FACTS" => {
                self.role = None;
                self.task = Some("GATHERING FACTS".into());
            }
            "PLAYBOOK:" => {}
            _ => {
                // `role : task`; before 2.0 `role | task`.
                let separator = if word.ends_with(':') { " | " } else { " : " };
                let (role, task) = match inner.split_once(separator) {
                    Some((role, task)) => (Some(Text::from(role)), Some(Text::from(task))),
                    None => (None, named),
                };
                (self.role, self.task) = (role, task);
            }
        }
    }
}

/// `web1   : ok=2    changed=1    unreachable=0    failed=0`.
fn recap(line: &str) -> Option<AnsibleRecap> {
    let (host, rest) = line.split_once(" : ").or_else(|| line.split_once(": "))?;
    let mut recap = AnsibleRecap { host: host.trim().into(), ..AnsibleRecap::default() };
    let mut found = 0;
    for word in rest.split_ascii_whitespace() {
        let (key, number) = word.split_once('=')?;
        let number: u64 = number.parse().ok()?;
        match key {
            "ok" => recap.ok = number,
            "changed" => recap.changed = number,
            "unreachable" => recap.unreachable = number,
            "failed" => recap.failed = number,
            "skipped" => recap.skipped = Some(number),
            "rescued" => recap.rescued = Some(number),
            "ignored" => recap.ignored = Some(number),
            _ => return None,
        }
        found += usize::from(matches!(key, "ok" | "changed" | "unreachable" | "failed"));
    }
    (found == 4 && !recap.host.is_empty()).then_some(recap)
}

/// The place that the lines below an error name: `Origin: /srv/site.yml:4:26`, `The error appears to be in '/srv/site.yml': line 4, …`.
fn origin<'a>(below: &[Line<'a>]) -> Option<(Option<Text>, Option<u64>, Line<'a>)> {
    below.iter().take(15).take_while(|line| error(line.text).is_none()).find_map(|line| {
        let text = line.text.trim();
        if let Some(rest) = text.strip_prefix("Origin: ") {
            let mut parts = rest.rsplitn(3, ':');
            let (_, number, file) = (parts.next()?, parts.next()?, parts.next()?);
            return Some((Some(file.into()), Some(number.parse().ok()?), *line));
        }
        let (_, rest) =
            text.split_once("appears to be in '").or_else(|| text.split_once("appears to have been in '"))?;
        let (file, rest) = rest.split_once("': line ")?;
        let number = rest.split(|c: char| !c.is_ascii_digit()).next()?;
        Some((Some(file.into()), Some(number.parse().ok()?), *line))
    })
}

#[cfg(test)]
mod tests;
