//! Every word that a report adds of its own, in one place.

use minijinja::value::{Serde, Value};
use serde::Serialize;
use serde_json::Value as Json;

/// The words of a language; field names say where each stands.
#[derive(Debug, Serialize)]
pub(crate) struct Words {
    pub(crate) report_title: &'static str,
    pub(crate) bundle: &'static str,
    pub(crate) hosts: &'static str,
    pub(crate) captured: &'static str,
    pub(crate) unknown: &'static str,
    pub(crate) documents: &'static str,
    pub(crate) folder: &'static str,
    pub(crate) recognised: &'static str,
    pub(crate) completeness: &'static str,
    pub(crate) complete: &'static str,
    pub(crate) incomplete: &'static str,
    pub(crate) incomplete_means: &'static str,
    pub(crate) rules: &'static str,
    pub(crate) masked: &'static str,
    pub(crate) findings: &'static str,
    pub(crate) cause: &'static str,
    pub(crate) symptom: &'static str,
    pub(crate) note: &'static str,
    pub(crate) confidence: &'static str,
    pub(crate) evidence: &'static str,
    pub(crate) more_evidence: &'static str,
    pub(crate) records: &'static str,
    pub(crate) also_in: &'static str,
    pub(crate) withheld: &'static str,
    pub(crate) packet_path: &'static str,
    pub(crate) stops_here: &'static str,
    pub(crate) not_known_further: &'static str,
    pub(crate) assumed: &'static str,
    pub(crate) fix: &'static str,
    pub(crate) proved: &'static str,
    pub(crate) not_proved: &'static str,
    pub(crate) explains: &'static str,
    pub(crate) about: &'static str,
    pub(crate) for_customer: &'static str,
    pub(crate) for_ticket: &'static str,
    pub(crate) undecided: &'static str,
    pub(crate) undecided_intro: &'static str,
    pub(crate) nothing_about: &'static str,
    pub(crate) decides: &'static str,
    pub(crate) clear: &'static str,
    pub(crate) clear_intro: &'static str,
    pub(crate) suppressed: &'static str,
    pub(crate) suppressed_intro: &'static str,
    pub(crate) until: &'static str,
    pub(crate) not_applicable: &'static str,
    pub(crate) drafts: &'static str,
    pub(crate) problems: &'static str,
    pub(crate) problems_intro: &'static str,
    pub(crate) more: &'static str,
    pub(crate) taken_for: &'static str,
    pub(crate) size: &'static str,
    pub(crate) facts: &'static str,
    pub(crate) host: &'static str,
    pub(crate) path: &'static str,
    pub(crate) contents: &'static str,
    pub(crate) skip: &'static str,
    pub(crate) rule: &'static str,
    pub(crate) nothing_found: &'static str,
    pub(crate) link_here: &'static str,
    pub(crate) made_by: &'static str,
    pub(crate) timeline: &'static str,
    pub(crate) timeline_intro: &'static str,
    pub(crate) in_words: &'static str,
    pub(crate) first_sign: &'static str,
    pub(crate) clock_ahead: &'static str,
    pub(crate) clock_behind: &'static str,
    pub(crate) clock_synchronized: &'static str,
    pub(crate) clock_unsynchronized: &'static str,
    pub(crate) clock_unknown: &'static str,
    pub(crate) clocks: &'static str,
    pub(crate) network: &'static str,
    pub(crate) no_network: &'static str,
    pub(crate) internal: &'static str,
    pub(crate) picture_packet: &'static str,
    pub(crate) picture_network: &'static str,
    pub(crate) picture_timeline: &'static str,
    pub(crate) unexplained: &'static str,
    pub(crate) unexplained_intro: &'static str,
    pub(crate) start_rule: &'static str,
    pub(crate) time: &'static str,
    pub(crate) what: &'static str,
    pub(crate) who: &'static str,
    pub(crate) where_: &'static str,
    pub(crate) zoom: &'static str,
    pub(crate) to: &'static str,
    pub(crate) diff_old: &'static str,
    pub(crate) diff_new: &'static str,
    pub(crate) diff_incomplete: &'static str,
    pub(crate) diff_new_findings: &'static str,
    pub(crate) diff_moved_findings: &'static str,
    pub(crate) diff_gone_findings: &'static str,
    pub(crate) diff_unchanged_findings: &'static str,
    pub(crate) diff_behind: &'static str,
    pub(crate) diff_changes: &'static str,
    pub(crate) diff_no_changes: &'static str,
    pub(crate) diff_not_compared: &'static str,
    pub(crate) diff_missing_in: &'static str,
    pub(crate) diff_was_on: &'static str,
    pub(crate) diff_added: &'static str,
    pub(crate) diff_removed: &'static str,
    pub(crate) diff_changed: &'static str,
    pub(crate) diff_recreated: &'static str,
    pub(crate) diff_nothing: &'static str,
    pub(crate) diff_evidence_of: &'static str,
    pub(crate) script: ScriptWords,
}

/// Words that only the script of the HTML report shows.
#[derive(Debug, Serialize)]
pub(crate) struct ScriptWords {
    pub(crate) copy: &'static str,
    pub(crate) copied: &'static str,
    pub(crate) search: &'static str,
    pub(crate) severity: &'static str,
    pub(crate) host: &'static str,
    pub(crate) all: &'static str,
    pub(crate) shown: &'static str,
    pub(crate) filter: &'static str,
    pub(crate) problems_only: &'static str,
}

/// English, the only language so far.
pub(crate) static WORDS: Words = Words {
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
    confidence: "confidence",
    evidence: "Evidence",
    more_evidence: "more places in the bundle say the same",
    records: "records",
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
    nothing_about: "the bundle holds nothing of what these are about",
    undecided_intro: "The bundle does not hold what decides these. Ask for the output of:",
    decides: "decides",
    clear: "Checked and clear",
    clear_intro: "The bundle contradicts these causes.",
    suppressed: "Suppressed",
    suppressed_intro: "Found, and accepted by the site.",
    until: "until",
    not_applicable: "For other versions",
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
    diff_evidence_of: "proves",
    script: ScriptWords {
        copy: "Copy",
        copied: "Copied",
        search: "Search findings and evidence",
        severity: "Severity",
        host: "Host",
        all: "all",
        shown: "shown",
        filter: "Filter findings",
        problems_only: "only problems",
    },
};

/// The words with those of a JSON object in their place; a mistake is told with the line.
pub(crate) fn overlaid(json: &str) -> Result<Value, String> {
    let mut words = serde_json::to_value(&WORDS).unwrap_or_default();
    let own: Json = serde_json::from_str(json).map_err(|error| format!("words.json:{}: {error}", error.line()))?;
    let Json::Object(own) = own else { return Err("words.json:1: expected an object of words by name".to_owned()) };
    overlay(&mut words, own, json)?;
    Ok(Value::from(Serde(words)))
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
pub(crate) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// How many secrets are masked; nothing where none is.
pub(crate) fn masked(count: u64) -> String {
    if count == 0 {
        return String::new();
    }
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    format!("{} (--no-redact shows them)", counted(count, "secret", "secrets"))
}

/// A packet of a simulated connection in words; the short names are those of the probe's answer.
pub(crate) fn packet(name: &str) -> Option<&'static str> {
    Some(match name {
        "fwd" => "first packet",
        "rep" => "answer",
        "ack" => "acknowledgement",
        "dat" => "data",
        "err" => "error sent back",
        "pfwd" => "first packet from docker-proxy",
        "prep" => "answer to docker-proxy",
        _ => return None,
    })
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
    /// Rules that could not be decided.
    pub(crate) undecided: usize,
    /// False when part of the bundle could not be read.
    pub(crate) complete: bool,
}

impl Tally {
    /// The verdict in one line: `1 likely cause, 2 contributing; 41 checks clear, 7 could not run`.
    pub(crate) fn line(&self) -> String {
        let mut found = Vec::new();
        if self.likely > 0 {
            found.push(counted(self.likely, "likely cause", "likely causes"));
        }
        if self.contributing > 0 {
            found.push(format!("{} contributing", self.contributing));
        }
        if self.unexplained > 0 {
            let symptoms = counted(self.unexplained, "symptom", "symptoms");
            found.push(match self.likely {
                0 => format!("No cause established for {symptoms}"),
                _ => format!("{symptoms} without an established cause"),
            });
        }
        if found.is_empty() {
            let found_nothing =
                if self.complete { "Nothing wrong found" } else { "Nothing wrong found in the part read" };
            found.push(found_nothing.to_owned());
        }
        if self.notes > 0 {
            found.push(counted(self.notes, "note", "notes"));
        }
        let mut checks = vec![format!("{} clear", counted(self.clear, "check", "checks"))];
        if self.undecided > 0 {
            checks.push(format!("{} could not run", self.undecided));
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
