//! Two bundles compared, as text, Markdown and JSON.

use std::collections::BTreeSet;

use bundlescope_engine::{BundleDiff, BundleInfo, Change, ChangeKind, Fate, FindingDiff};
use serde_json::json;

use crate::escape::{code, text};
use crate::json::{escape_active, role_word};
use crate::plain::plain_line;
use crate::view::captured;
use crate::words::{WORDS, Word, counted};
use crate::wrap::wrap;

/// Items of one list before the rest is only counted.
const MOST: usize = 60;
/// Letters of a value that are shown.
const LETTERS: usize = 200;

/// The comparison as JSON, format 1 of its own.
pub fn render_diff_json(diff: &BundleDiff) -> String {
    let bundle = |info: &BundleInfo| {
        json!({
            "name": info.name,
            "sha256": info.sha256,
            "captured_at": info.captured_at,
            "hosts": info.hosts,
            "complete": info.complete,
        })
    };
    let finding = |diff: &FindingDiff| {
        let FindingDiff { fate, finding, from } = diff;
        let evidence = finding.evidence.iter().map(|piece| {
            json!({"document": piece.document, "line": piece.line, "end_line": piece.end_line, "excerpt": piece.excerpt})
        });
        json!({
            "fate": fate,
            "id": finding.id,
            "rule": finding.rule,
            "cause": finding.cause,
            "role": role_word(finding.role),
            "severity": finding.severity,
            "title": finding.title,
            "host": finding.node,
            "from": from,
            "evidence": evidence.collect::<Vec<_>>(),
        })
    };
    let value = json!({
        "format": 1,
        "tool": { "version": env!("CARGO_PKG_VERSION") },
        "old": bundle(&diff.old),
        "new": bundle(&diff.new),
        "findings": diff.findings.iter().map(finding).collect::<Vec<_>>(),
        "changes": diff.changes,
        "left_out": diff.left_out,
        "not_compared": diff.not_compared,
    });
    let mut out = serde_json::to_string_pretty(&value).unwrap_or_default();
    out.push('\n');
    escape_active(&out)
}

/// The comparison as text, so many columns wide.
pub fn render_diff_text(diff: &BundleDiff, width: usize) -> String {
    Page { out: String::new(), width: width.max(40), markdown: false }.render(diff)
}

/// The comparison as Markdown.
pub fn render_diff_markdown(diff: &BundleDiff) -> String {
    Page { out: String::new(), width: usize::MAX, markdown: true }.render(diff)
}

/// What tells changes apart.
type Key = (ChangeKind, String, String, String);

fn key(change: &Change) -> Key {
    (
        change.change,
        change.host.to_string(),
        change.kind.to_string(),
        format!("{} {} {}", change.what, change.old, change.new),
    )
}

type Heading = (Fate, fn() -> &'static Word);

/// In the order in which they are told: what is new first, as it is what broke.
const HEADINGS: [Heading; 4] = [
    (Fate::New, || &WORDS.diff_new_findings),
    (Fate::Moved, || &WORDS.diff_moved_findings),
    (Fate::Gone, || &WORDS.diff_gone_findings),
    (Fate::Unchanged, || &WORDS.diff_unchanged_findings),
];

/// The ids of what it explains.
fn explains(one: &FindingDiff) -> Vec<&str> {
    one.finding.explains.iter().map(|id| &**id).collect()
}

/// `2 new findings, 1 gone; 1 change behind them, 65 others`.
fn verdict(diff: &BundleDiff) -> String {
    let count = |fate: Fate| diff.findings.iter().filter(|one| one.fate == fate).count();
    let mut parts = vec![counted(count(Fate::New), &WORDS.diff_count_new_one, &WORDS.diff_count_new)];
    for (fate, word) in [
        (Fate::Moved, &WORDS.diff_count_moved),
        (Fate::Gone, &WORDS.diff_count_gone),
        (Fate::Unchanged, &WORDS.diff_count_unchanged),
    ] {
        if count(fate) > 0 {
            parts.push(word.with(count(fate)));
        }
    }
    let behind = diff.changes.iter().filter(|change| !change.findings.is_empty()).count();
    let other = diff.changes.len() - behind + usize::try_from(diff.left_out).unwrap_or(usize::MAX);
    let behind = counted(behind, &WORDS.diff_count_behind_one, &WORDS.diff_count_behind);
    format!("{}; {behind}, {}", parts.join(", "), WORDS.diff_count_other.with(other))
}

/// Text or Markdown: both are headings and lists, and differ in what has to be escaped.
struct Page {
    out: String,
    width: usize,
    markdown: bool,
}

impl Page {
    fn render(mut self, diff: &BundleDiff) -> String {
        let told = |info: &BundleInfo| match &info.captured_at {
            Some(time) => format!("{} ({})", info.name, captured(time)),
            None => info.name.clone(),
        };
        self.item(0, &format!("{}: {}", WORDS.diff_old, told(&diff.old)), None);
        self.item(0, &format!("{}: {}", WORDS.diff_new, told(&diff.new)), None);
        if !diff.old.complete || !diff.new.complete {
            self.item(0, &WORDS.diff_incomplete, None);
        }
        self.blank();
        let verdict = verdict(diff);
        if self.markdown {
            self.line(&format!("**{verdict}**"));
        } else {
            wrap(&verdict, self.width).iter().for_each(|row| self.line(row));
        }
        let mut told = BTreeSet::new();
        for (fate, heading) in HEADINGS {
            let those: Vec<&FindingDiff> = diff.findings.iter().filter(|diff| diff.fate == fate).collect();
            if those.is_empty() {
                continue;
            }
            self.heading(heading(), those.len());
            // What a finding of the list explains stands under it.
            let ids: BTreeSet<&str> = those.iter().map(|one| &*one.finding.id).collect();
            let nested: BTreeSet<&str> =
                those.iter().flat_map(|one| explains(one)).filter(|id| ids.contains(id)).collect();
            let heads: Vec<&&FindingDiff> = those.iter().filter(|one| !nested.contains(&*one.finding.id)).collect();
            for one in heads.iter().take(MOST) {
                self.finding(one);
                self.behind(one, diff, &mut told);
                let below = explains(one);
                for child in those.iter().filter(|child| below.contains(&&*child.finding.id)) {
                    self.item(1, &format!("{}: {}", WORDS.explains, child.finding.title), None);
                    self.behind(child, diff, &mut told);
                }
            }
            self.rest(heads.len());
        }
        let rest = |change: &&Change| !told.contains(&key(change));
        let (behind, other): (Vec<&Change>, Vec<&Change>) =
            diff.changes.iter().filter(rest).partition(|change| !change.findings.is_empty());
        if !behind.is_empty() {
            self.heading(&WORDS.diff_behind, behind.len());
            for change in behind.iter().take(MOST) {
                self.change(0, change);
                for id in change.findings.iter().take(4) {
                    self.item(1, &format!("{} {id}", WORDS.diff_evidence_of), None);
                }
            }
            self.rest(behind.len());
        }
        self.others(&other, diff.left_out);
        if diff.changes.is_empty() {
            self.blank();
            self.line(&WORDS.diff_no_changes);
        }
        if !diff.not_compared.is_empty() {
            self.heading(&WORDS.diff_not_compared, diff.not_compared.len());
            for one in diff.not_compared.iter().take(MOST) {
                let side = if &*one.missing_in == "old" { &WORDS.diff_old } else { &WORDS.diff_new };
                let host = if one.host.is_empty() { String::new() } else { format!("{}: ", one.host) };
                self.item(0, &format!("{host}{} ({} {})", one.what, WORDS.diff_missing_in, side.to_lowercase()), None);
            }
            self.rest(diff.not_compared.len());
        }
        self.out
    }

    /// What changed behind a finding, and what to do about a new one.
    fn behind(&mut self, one: &FindingDiff, diff: &BundleDiff, told: &mut BTreeSet<Key>) {
        const MOST_BEHIND: usize = 6;
        let id = &one.finding.id;
        for change in diff.changes.iter().filter(|change| change.findings.contains(id)).take(MOST_BEHIND) {
            if told.insert(key(change)) {
                self.change(1, change);
            }
        }
        if one.fate == Fate::New
            && let Some(fix) = one.finding.fix.first()
        {
            let proved = if fix.proved { format!(" ({})", WORDS.proved) } else { String::new() };
            self.item(1, &format!("{}: {}{proved}", WORDS.fix, fix.say.trim()), None);
            // A command is never broken, so that it can be copied.
            for run in fix.run.iter().flat_map(|run| run.lines()).take(MOST_BEHIND) {
                let run = plain_line(run);
                let line = if self.markdown { format!("    {}", code(&run)) } else { format!("        {run}") };
                self.line(&line);
            }
        }
    }

    /// Changes that no finding speaks of, by kind: how many, and the first of each.
    fn others(&mut self, changes: &[&Change], left_out: u64) {
        const MOST_OF_A_KIND: usize = 10;
        if changes.is_empty() {
            return;
        }
        self.heading(&WORDS.diff_changes, changes.len());
        let mut kinds: Vec<(&str, Vec<&Change>)> = Vec::new();
        for change in changes {
            match kinds.iter_mut().find(|(kind, _)| *kind == &*change.kind) {
                Some((_, those)) => those.push(change),
                None => kinds.push((&change.kind, vec![change])),
            }
        }
        for (kind, those) in kinds {
            let words = [
                (ChangeKind::Changed, &WORDS.diff_changed),
                (ChangeKind::Added, &WORDS.diff_added),
                (ChangeKind::Removed, &WORDS.diff_removed),
            ];
            let count = |kind: ChangeKind| those.iter().filter(|change| change.change == kind).count();
            let counts = words.map(|(kind, word)| (count(kind), word));
            let counts = counts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}"));
            self.item(0, &format!("{kind}: {}", counts.collect::<Vec<_>>().join(", ")), None);
            // What is another value says more than what came and went with a device or a container.
            let changed = those.iter().filter(|change| change.change == ChangeKind::Changed);
            let came_and_went = those.iter().filter(|change| change.change != ChangeKind::Changed);
            changed.chain(came_and_went).take(MOST_OF_A_KIND).for_each(|change| self.change(1, change));
            if those.len() > MOST_OF_A_KIND {
                self.item(1, &format!("{} {}", those.len() - MOST_OF_A_KIND, WORDS.more), None);
            }
        }
        if left_out > 0 {
            self.item(0, &format!("{left_out} {}", WORDS.more), None);
        }
    }

    fn blank(&mut self) {
        self.out.push('\n');
    }

    fn heading(&mut self, heading: &str, count: usize) {
        self.blank();
        let mark = if self.markdown { "## " } else { "" };
        self.out.push_str(&format!("{mark}{heading} ({count})\n"));
        if self.markdown {
            self.blank();
        }
    }

    fn line(&mut self, line: &str) {
        self.out.push_str(line);
        self.out.push('\n');
    }

    /// An item of a list, with what is code behind it.
    fn item(&mut self, depth: usize, words: &str, place: Option<&str>) {
        let indent = "  ".repeat(depth);
        let words = plain_line(words);
        if self.markdown {
            let place = place.map(|place| format!(" {}", code(&plain_line(place)))).unwrap_or_default();
            self.out.push_str(&format!("{indent}- {}{place}\n", text(&words)));
            return;
        }
        let place = place.map(|place| format!(" ({})", plain_line(place))).unwrap_or_default();
        let rows = wrap(&format!("{words}{place}"), self.width.saturating_sub(indent.len() + 4));
        for (row, line) in rows.iter().enumerate() {
            self.line(&format!("{indent}  {} {line}", if row == 0 { '-' } else { ' ' }));
        }
    }

    fn rest(&mut self, total: usize) {
        if total > MOST {
            self.item(0, &format!("{} {}", total - MOST, WORDS.more), None);
        }
    }

    fn finding(&mut self, diff: &FindingDiff) {
        let FindingDiff { fate, finding, from } = diff;
        let mut words = format!("{} [{} {}]", finding.title, finding.severity, role_word(finding.role));
        if !finding.node.is_empty() {
            words.push_str(&format!(" {}", finding.node));
        }
        if *fate == Fate::Moved {
            words.push_str(&format!(" ({} {from})", WORDS.diff_was_on));
        }
        let place = finding.evidence.first().map(|piece| format!("{}:{}", piece.document, piece.line));
        self.item(0, &words, place.as_deref().filter(|_| *fate != Fate::Unchanged));
    }

    fn change(&mut self, depth: usize, change: &Change) {
        let word = match change.change {
            ChangeKind::Added => &WORDS.diff_added,
            ChangeKind::Removed => &WORDS.diff_removed,
            ChangeKind::Changed => &WORDS.diff_changed,
        };
        let host = if change.host.is_empty() { String::new() } else { format!("{}: ", change.host) };
        let place = if change.new.is_empty() { &change.old } else { &change.new };
        let recreated = &*change.kind == "container" && change.fields.iter().any(|field| &*field.field == "id");
        let word = if recreated { &WORDS.diff_recreated } else { word };
        self.item(depth, &format!("{host}{word}: {}", change.what), Some(place));
        const FIELDS: usize = 12;
        for field in change.fields.iter().take(FIELDS) {
            // Secrets are masked in whole values, so they are cut here and not before.
            let or_none = |value: &str| match value.char_indices().nth(LETTERS) {
                _ if value.is_empty() => WORDS.diff_nothing.to_string(),
                Some((end, _)) => format!("{}…", &value[..end]),
                None => value.to_owned(),
            };
            self.item(depth + 1, &format!("{}: {} -> {}", field.field, or_none(&field.old), or_none(&field.new)), None);
        }
        if change.fields.len() > FIELDS {
            let more = counted(change.fields.len() - FIELDS, &WORDS.diff_field, &WORDS.diff_fields);
            self.item(depth + 1, &more, None);
        }
    }
}
