//! Every word that a report adds of its own, in one place.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::plain::plain_line;

/// One text of a report: ours, or that of a template.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Word(Cow<'static, str>);

impl Word {
    /// The text with a number in the place of `{}`.
    pub(crate) fn with(&self, count: impl fmt::Display) -> String {
        self.replacen("{}", &count.to_string(), 1)
    }
}

impl Deref for Word {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Word {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self)
    }
}

/// Declares a group of words: the type, and the English texts, the only language that stands in the program.
macro_rules! words {
    ($(#[$about:meta])* $type:ident { $($name:ident: $text:literal,)* } $(with { $($inner:ident: $group:ident,)* })?) => {
        $(#[$about])*
        #[derive(Debug, Serialize, Deserialize)]
        pub(crate) struct $type {
            $(pub(crate) $name: Word,)*
            $($(pub(crate) $inner: $group,)*)?
        }

        impl $type {
            const ENGLISH: Self = Self {
                $($name: Word(Cow::Borrowed($text)),)*
                $($($inner: $group::ENGLISH,)*)?
            };
        }
    };
}

words! {
    /// The words of a language; names say where each stands.
    Words {
        language: "en",
        report_title: "Diagnosis",
        bundle: "Bundle",
        hosts: "Hosts",
        captured: "Captured",
        unknown: "unknown",
        documents: "Documents",
        folder: "Folder",
        recognised: "recognised",
        completeness: "Completeness",
        complete: "complete",
        incomplete: "Incomplete",
        incomplete_means: "What was not found was not found in the part that could be read.",
        rules: "Rules",
        masked: "Masked",
        findings: "Findings",
        cause: "cause",
        symptom: "symptom",
        note: "note",
        evidence: "Evidence",
        more_evidence: "more places in the bundle say the same",
        also_in: "also in",
        withheld: "No command",
        packet_path: "Packet",
        stops_here: "stops here",
        not_known_further: "not known further",
        assumed: "Assumed",
        fix: "Fix",
        proved: "proved by simulation on this bundle",
        not_proved: "not simulated",
        explains: "Explains",
        about: "About this",
        for_customer: "For the customer",
        for_ticket: "For the ticket",
        undecided: "Could not be checked",
        no_subject: "Nothing to check",
        no_subject_intro: "The bundle holds nothing of what these are about.",
        named_elsewhere: "more, by name in the other formats",
        undecided_intro: "The bundle does not hold what decides these. Ask for the output of:",
        decides: "decides",
        clear: "Checked and clear",
        clear_intro: "The bundle contradicts these causes.",
        suppressed: "Suppressed",
        suppressed_intro: "Found, and accepted by the site.",
        until: "until",
        not_applicable: "For other products and versions",
        drafts: "Drafts, not evaluated",
        problems: "Could not be read",
        problems_intro: "Parts of documents that no parser understood; facts in them are missing above.",
        more: "more",
        taken_for: "Taken for",
        size: "Size",
        facts: "Facts",
        host: "Host",
        path: "Path",
        contents: "Contents",
        skip: "Skip to the findings",
        rule: "Rule",
        nothing_found: "No check found a cause in this bundle.",
        link_here: "Link to this finding",
        made_by: "Made by bundlescope",
        timeline: "Timeline",
        timeline_intro: "All times in UTC, as each host's clock had them.",
        in_words: "In words",
        first_sign: "first sign of the cause",
        clock_ahead: "ahead of its reference",
        clock_behind: "behind its reference",
        clock_synchronized: "synchronised, shift not told",
        clock_unsynchronized: "not synchronised, shift not told",
        clock_unknown: "shift of the clock not in the bundle",
        clocks: "Clocks",
        network: "Network map",
        no_network: "without a network",
        internal: "internal",
        picture_packet: "Down on the left what the client sends, up on the right what comes back; each step leads to its line. The list of steps says the same.",
        picture_network: "Hosts with their networks and the containers on them; broken connections are red. The list below says the same.",
        picture_timeline: "A row for each container or host, the time from left to right. The table below says the same.",
        unexplained: "Unexplained errors",
        unexplained_intro: "Error-like log records that no signature knows, by wording. They may be the cause of something, or noise.",
        start_rule: "A signature to start a rule from",
        time: "Time",
        what: "What",
        who: "Who",
        where_: "Where",
        zoom: "Zoom",
        to: "to",
        diff_old: "Before",
        diff_new: "Now",
        diff_incomplete: "One of the bundles is incomplete: what it does not show may be in the part that could not be read.",
        diff_new_findings: "New findings",
        diff_moved_findings: "Moved findings",
        diff_gone_findings: "Findings that are gone",
        diff_unchanged_findings: "Unchanged findings",
        diff_behind: "What changed behind new and gone findings",
        diff_changes: "What else changed on the hosts",
        diff_no_changes: "Nothing that both bundles show has changed on the hosts.",
        diff_not_compared: "Could not be compared",
        diff_missing_in: "not in the bundle from",
        diff_was_on: "was on",
        diff_added: "added",
        diff_removed: "removed",
        diff_changed: "changed",
        diff_recreated: "recreated",
        diff_nothing: "(none)",
        diff_field: "{} more field",
        diff_fields: "{} more fields",
        diff_count_new_one: "{} new finding",
        diff_count_new: "{} new findings",
        diff_count_moved: "{} moved",
        diff_count_gone: "{} gone",
        diff_count_unchanged: "{} unchanged",
        diff_count_behind_one: "{} change behind them",
        diff_count_behind: "{} changes behind them",
        diff_count_other: "{} others",
        diff_evidence_of: "proves",
        // With `{}` in the place of the number.
        records: "{} records",
        times_one: "{} time",
        times: "{} times",
        problems_one: "{} problem",
        problems_many: "{} problems",
        masked_one: "{} secret (--no-redact shows it)",
        masked_many: "{} secrets (--no-redact shows them)",
        steps: "{} steps",
        nothing_wrong: "Nothing wrong found",
        nothing_wrong_in_part: "Nothing wrong found in the part read",
        likely_one: "{} likely cause",
        likely_many: "{} likely causes",
        contributing: "{} contributing",
        no_cause_one: "No cause established for {} symptom",
        no_cause_many: "No cause established for {} symptoms",
        without_cause_one: "{} symptom without an established cause",
        without_cause_many: "{} symptoms without an established cause",
        notes_one: "{} note",
        notes_many: "{} notes",
        clear_one: "{} check clear",
        clear_many: "{} checks clear",
        could_not_run: "{} could not run",
        no_subject_count: "{} with nothing to check",
    }
    with {
        severities: Severities,
        confidences: Confidences,
        verdicts: Verdicts,
        packets: Packets,
        script: ScriptWords,
    }
}

words! {
    /// How bad a finding is.
    Severities {
        critical: "critical",
        high: "high",
        medium: "medium",
        low: "low",
        info: "info",
    }
}

words! {
    /// How sure a finding is.
    Confidences {
        high: "high confidence",
        medium: "medium confidence",
        low: "low confidence",
    }
}

words! {
    /// What becomes of a packet.
    Verdicts {
        delivered: "delivered",
        refused: "refused",
        rejected: "rejected",
        dropped: "dropped",
        unroutable: "unroutable",
        stalled: "stalled",
        closed: "closed",
        unknown: "unknown",
    }
}

words! {
    /// The packets of a simulated connection; the names are those of the probe's answer.
    Packets {
        fwd: "first packet",
        rep: "answer",
        ack: "acknowledgement",
        dat: "data",
        err: "error sent back",
        pfwd: "first packet from docker-proxy",
        prep: "answer to docker-proxy",
    }
}

words! {
    /// Words that only the script of the HTML report shows.
    ScriptWords {
        copy: "Copy",
        copied: "Copied",
        search: "Search findings and evidence",
        severity: "Severity",
        host: "Host",
        all: "all",
        shown: "shown",
        filter: "Filter findings",
        problems_only: "only problems",
    }
}

/// English, the only language so far.
pub(crate) static WORDS: Words = Words::ENGLISH;

/// The words with those of a JSON object in their place; a mistake is told with the line.
pub(crate) fn overlaid(json: &str) -> Result<Words, String> {
    let mut words = serde_json::to_value(&WORDS).unwrap_or_default();
    let own: Json = serde_json::from_str(json).map_err(|error| format!("words.json:{}: {error}", error.line()))?;
    let Json::Object(own) = own else { return Err("words.json:1: expected an object of words by name".to_owned()) };
    overlay(&mut words, own, json)?;
    // It has every name of ours, and nothing but texts.
    serde_json::from_value(words).map_err(|error| format!("words.json: {error}"))
}

fn overlay(words: &mut Json, own: serde_json::Map<String, Json>, json: &str) -> Result<(), String> {
    let line = |name: &str| {
        let at = json.find(&format!("\"{name}\"")).unwrap_or_default();
        json[..at].matches('\n').count() + 1
    };
    for (name, value) in own {
        let names: Vec<String> = words.as_object().into_iter().flat_map(|words| words.keys().cloned()).collect();
        match (words.get_mut(&name), value) {
            (Some(word @ Json::String(_)), Json::String(text)) => *word = Json::String(text),
            (Some(inner @ Json::Object(_)), Json::Object(own)) => overlay(inner, own, json)?,
            (Some(Json::Object(_)), _) => return Err(format!("words.json:{}: `{name}` is not an object", line(&name))),
            (Some(_), _) => return Err(format!("words.json:{}: `{name}` is not a text", line(&name))),
            (None, _) => {
                let close = names.iter().min_by_key(|known| distance(known, &name));
                let close = close.filter(|known| distance(known, &name) <= 2);
                let meant = close.map(|known| format!(", did you mean `{known}`?")).unwrap_or_default();
                return Err(format!(
                    "words.json:{}: no word is called `{}`{meant}",
                    line(&name),
                    crate::plain_line(&name)
                ));
            }
        }
    }
    Ok(())
}

/// How many letters differ, by place and length; enough for a slip of the keys.
fn distance(a: &str, b: &str) -> usize {
    let same_start = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a.as_bytes()[same_start..], &b.as_bytes()[same_start..]);
    let same_end = a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count();
    a.len().max(b.len()) - same_end
}

/// `1 check`, `2 checks`.
pub(crate) fn counted(count: usize, one: &Word, many: &Word) -> String {
    if count == 1 { one } else { many }.with(count)
}

/// How many secrets are masked; nothing where none is.
pub(crate) fn masked(count: u64, w: &Words) -> String {
    match count {
        0 => String::new(),
        count => counted(usize::try_from(count).unwrap_or(usize::MAX), &w.masked_one, &w.masked_many),
    }
}

impl Words {
    /// A severity in words; one that is none of the five as it is.
    pub(crate) fn severity(&self, name: &str) -> String {
        let s = &self.severities;
        let words =
            [("critical", &s.critical), ("high", &s.high), ("medium", &s.medium), ("low", &s.low), ("info", &s.info)];
        named(name, &words)
    }

    /// A confidence in words.
    pub(crate) fn confidence(&self, name: &str) -> String {
        let c = &self.confidences;
        named(name, &[("high", &c.high), ("medium", &c.medium), ("low", &c.low)])
    }

    /// The verdict of a probe in words.
    pub(crate) fn verdict(&self, name: &str) -> String {
        let v = &self.verdicts;
        let words = [
            ("delivered", &v.delivered),
            ("refused", &v.refused),
            ("rejected", &v.rejected),
            ("dropped", &v.dropped),
            ("unroutable", &v.unroutable),
            ("stalled", &v.stalled),
            ("closed", &v.closed),
            ("unknown", &v.unknown),
        ];
        named(name, &words)
    }

    /// A packet of a simulated connection in words; `None` for what is none.
    pub(crate) fn packet(&self, name: &str) -> Option<&str> {
        let p = &self.packets;
        Some(match name {
            "fwd" => &p.fwd,
            "rep" => &p.rep,
            "ack" => &p.ack,
            "dat" => &p.dat,
            "err" => &p.err,
            "pfwd" => &p.pfwd,
            "prep" => &p.prep,
            _ => return None,
        })
    }

    /// What a finding is to the diagnosis.
    pub(crate) fn role(&self, role: &str) -> &str {
        match role {
            "cause" => &self.cause,
            "symptom" => &self.symptom,
            _ => &self.note,
        }
    }
}

fn named(name: &str, words: &[(&str, &Word)]) -> String {
    match words.iter().find(|(known, _)| *known == name) {
        Some((_, word)) => word.to_string(),
        None => plain_line(name),
    }
}

/// What the verdict line is made of.
pub(crate) struct Tally {
    /// Causes that explain something seen, or the first cause where none does.
    pub(crate) likely: usize,
    /// Causes besides.
    pub(crate) contributing: usize,
    /// Symptoms that no cause explains.
    pub(crate) unexplained: usize,
    /// Things worth knowing.
    pub(crate) notes: usize,
    /// Rules that the evidence contradicts.
    pub(crate) clear: usize,
    /// Rules that could not be decided, though something in the bundle raises the question.
    pub(crate) undecided: usize,
    /// Rules about things that the bundle holds nothing of.
    pub(crate) no_subject: usize,
    /// False when part of the bundle could not be read.
    pub(crate) complete: bool,
}

impl Tally {
    /// The verdict in one line: `1 likely cause, 2 contributing; 41 checks clear, 7 could not run`.
    pub(crate) fn line(&self, w: &Words) -> String {
        let mut found = Vec::new();
        if self.likely > 0 {
            found.push(counted(self.likely, &w.likely_one, &w.likely_many));
        }
        if self.contributing > 0 {
            found.push(w.contributing.with(self.contributing));
        }
        if self.unexplained > 0 {
            found.push(match self.likely {
                0 => counted(self.unexplained, &w.no_cause_one, &w.no_cause_many),
                _ => counted(self.unexplained, &w.without_cause_one, &w.without_cause_many),
            });
        }
        if found.is_empty() {
            found.push(if self.complete { &w.nothing_wrong } else { &w.nothing_wrong_in_part }.to_string());
        }
        if self.notes > 0 {
            found.push(counted(self.notes, &w.notes_one, &w.notes_many));
        }
        let mut checks = vec![counted(self.clear, &w.clear_one, &w.clear_many)];
        if self.undecided > 0 {
            checks.push(w.could_not_run.with(self.undecided));
        }
        if self.no_subject > 0 {
            checks.push(w.no_subject_count.with(self.no_subject));
        }
        format!("{}; {}", found.join(", "), checks.join(", "))
    }
}

/// Bytes for people: `812 B`, `1.2 MB` (powers of ten).
pub(crate) fn bytes(count: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if count < 1000 {
        return format!("{count} B");
    }
    // Tenths of the unit, rounded down, in whole numbers so that the output is the same everywhere.
    let mut tenths = count / 100;
    let mut unit = UNITS[0];
    for larger in &UNITS[1..] {
        if tenths < 10_000 {
            break;
        }
        tenths /= 1000;
        unit = larger;
    }
    match tenths {
        0..1000 => format!("{}.{} {unit}", tenths / 10, tenths % 10),
        _ => format!("{} {unit}", tenths / 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_for_people() {
        let shown = [0, 999, 1000, 1234, 99_999, 100_000, 999_999, 1_000_000, 12_345_678_901].map(bytes);
        assert_eq!(shown, ["0 B", "999 B", "1.0 kB", "1.2 kB", "99.9 kB", "100 kB", "999 kB", "1.0 MB", "12.3 GB"]);
    }
}
