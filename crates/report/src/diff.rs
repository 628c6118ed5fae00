//! Two bundles compared, as text, Markdown and JSON.

use bundlescope_engine::{BundleDiff, BundleInfo, Change, ChangeKind, Fate, FindingDiff};
use serde_json::json;

use crate::escape::{code, text};
use crate::json::{escape_active, role_word};
use crate::plain::plain_line;
use crate::words::{WORDS, counted};
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

/// Text or Markdown: both are headings and lists, and differ in what has to be escaped.
struct Page {
    out: String,
    width: usize,
    markdown: bool,
}

impl Page {
    fn render(mut self, diff: &BundleDiff) -> String {
        let told = |info: &BundleInfo| match &info.captured_at {
            Some(time) => format!("{} ({time})", info.name),
            None => info.name.clone(),
        };
        self.item(0, &format!("{}: {}", WORDS.diff_old, told(&diff.old)), None);
        self.item(0, &format!("{}: {}", WORDS.diff_new, told(&diff.new)), None);
        if !diff.old.complete || !diff.new.complete {
            self.item(0, WORDS.diff_incomplete, None);
        }
        for (fate, heading) in [
            (Fate::New, WORDS.diff_new_findings),
            (Fate::Moved, WORDS.diff_moved_findings),
            (Fate::Gone, WORDS.diff_gone_findings),
            (Fate::Unchanged, WORDS.diff_unchanged_findings),
        ] {
            let those: Vec<&FindingDiff> = diff.findings.iter().filter(|diff| diff.fate == fate).collect();
            if those.is_empty() {
                continue;
            }
            self.heading(heading, those.len());
            for diff in those.iter().take(MOST) {
                self.finding(diff);
            }
            self.rest(those.len());
        }
        let (behind, other): (Vec<&Change>, Vec<&Change>) =
            diff.changes.iter().partition(|change| !change.findings.is_empty());
        for (heading, changes) in [(WORDS.diff_behind, behind), (WORDS.diff_changes, other)] {
            if !changes.is_empty() {
                self.heading(heading, changes.len());
                changes.iter().take(MOST).for_each(|change| self.change(change));
                self.rest(changes.len());
            }
        }
        if diff.left_out > 0 {
            self.item(0, &format!("{} {}", diff.left_out, WORDS.more), None);
        }
        if diff.changes.is_empty() {
            self.blank();
            self.line(WORDS.diff_no_changes);
        }
        if !diff.not_compared.is_empty() {
            self.heading(WORDS.diff_not_compared, diff.not_compared.len());
            for one in diff.not_compared.iter().take(MOST) {
                let side = if &*one.missing_in == "old" { WORDS.diff_old } else { WORDS.diff_new };
                let host = if one.host.is_empty() { String::new() } else { format!("{}: ", one.host) };
                self.item(0, &format!("{host}{} ({} {})", one.what, WORDS.diff_missing_in, side.to_lowercase()), None);
            }
            self.rest(diff.not_compared.len());
        }
        self.out
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

    fn change(&mut self, change: &Change) {
        let word = match change.change {
            ChangeKind::Added => WORDS.diff_added,
            ChangeKind::Removed => WORDS.diff_removed,
            ChangeKind::Changed => WORDS.diff_changed,
        };
        let host = if change.host.is_empty() { String::new() } else { format!("{}: ", change.host) };
        let place = if change.new.is_empty() { &change.old } else { &change.new };
        let recreated = &*change.kind == "container" && change.fields.iter().any(|field| &*field.field == "id");
        let word = if recreated { WORDS.diff_recreated } else { word };
        self.item(0, &format!("{host}{word}: {}", change.what), Some(place));
        const FIELDS: usize = 12;
        for field in change.fields.iter().take(FIELDS) {
            // Secrets are masked in whole values, so they are cut here and not before.
            let or_none = |value: &str| match value.char_indices().nth(LETTERS) {
                _ if value.is_empty() => WORDS.diff_nothing.to_owned(),
                Some((end, _)) => format!("{}…", &value[..end]),
                None => value.to_owned(),
            };
            self.item(1, &format!("{}: {} -> {}", field.field, or_none(&field.old), or_none(&field.new)), None);
        }
        if change.fields.len() > FIELDS {
            self.item(1, &counted(change.fields.len() - FIELDS, "more field", "more fields"), None);
        }
        for id in change.findings.iter().take(4) {
            self.item(1, &format!("{} {id}", WORDS.diff_evidence_of), None);
        }
    }
}
