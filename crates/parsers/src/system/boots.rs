//! `journalctl --list-boots`: when the host was started, as far as its journal goes back. systemd writes titles since version 252, and
//! before that a dash between the two times.

use bundlescope_facts::Boot;

use crate::document::{Document, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words::{Words, subject_is};

use super::date::zoned_time;

/// The format.
pub(crate) static BOOTS: Format =
    Format { name: "journalctl-list-boots", collect: "journalctl --list-boots", kinds: &["boot"], detect, parse };

fn is_titles(line: &str) -> bool {
    line.split_ascii_whitespace().eq(["IDX", "BOOT", "ID", "FIRST", "ENTRY", "LAST", "ENTRY"])
}

fn detect(hint: &Hint<'_>) -> Match {
    let content = hint
        .head
        .lines()
        .find(|line| !line.trim().is_empty())
        .is_some_and(|line| is_titles(line) || boot(line).is_some());
    Match::of(content, subject_is(hint.subject, &["journalctl"]))
}

/// `  0 38719c16c4dc4634a2c1c17e5b026dba Sat 2026-11-21 01:42:09 UTC Sat 2026-11-21 01:42:12 UTC`. Zones that stand for several
/// offsets leave the times out.
fn boot(line: &str) -> Option<Boot> {
    let mut words = Words::new(line);
    let index = words.next()?.parse().ok()?;
    let id = words.next().filter(|id| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    let rest = words.rest().replace('—', " ");
    let stamp: Vec<&str> = rest.split_ascii_whitespace().collect();
    let (first, last) = stamp.split_at_checked(4).filter(|(_, last)| last.len() == 4)?;
    Some(Boot {
        index,
        id: id.into(),
        first_time: zoned_time(&first.join(" ")),
        last_time: zoned_time(&last.join(" ")),
    })
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    for line in document.lines().filter(|line| !line.text.trim().is_empty() && !is_titles(line.text)) {
        match boot(line.text) {
            Some(found) => parsed.line_fact(document, line, found),
            None => {
                parsed.problem(document, line.number, "expected a boot with its first and last entry; line skipped")
            }
        }
    }
    parsed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Identity, identify};

    /// The form of `journal_print_boot` before systemd 252.
    #[test]
    fn boots_without_titles_are_told_by_their_ids() {
        let text = "-1 38719c16c4dc4634a2c1c17e5b026dba Mon 2026-11-16 08:00:00 UTC—Fri 2026-11-20 18:00:00 UTC\n \
            0 08719c16c4dc4634a2c1c17e5b026dbb Sat 2026-11-21 01:42:09 UTC—Sat 2026-11-21 01:42:12 UTC\n";
        let Identity::Format(format) = identify("boots.txt", text.as_bytes()).identity else { panic!() };
        let parsed = format.read(&Document::new("boots.txt", text.as_bytes()));
        let shown: Vec<_> = parsed.facts.iter().map(|fact| fact.data.get("last_time").to_string()).collect();
        assert_eq!(shown, ["2026-11-20T18:00:00Z", "2026-11-21T01:42:12Z"]);
        assert!(parsed.problems.is_empty());
    }

    /// What journalctl of systemd 252 prints.
    #[test]
    fn boots_are_facts_and_no_log() {
        let text = "IDX BOOT ID                          FIRST ENTRY                 LAST ENTRY\n  \
            0 38719c16c4dc4634a2c1c17e5b026dba Sat 2026-11-21 01:42:09 UTC Sat 2026-11-21 01:42:12 UTC\n";
        for path in ["journalctl_--list-boots.txt", "sosreport-a/sos_commands/logs/journalctl_--list-boots", "document"]
        {
            let Identity::Format(format) = identify(path, text.as_bytes()).identity else { panic!("{path}") };
            let parsed = format.read(&Document::new(path, text.as_bytes()));
            let shown: Vec<_> = parsed
                .facts
                .iter()
                .map(|fact| (fact.data.get("index").to_string(), fact.data.get("first_time").to_string()))
                .collect();
            assert_eq!(shown, [("0".to_owned(), "2026-11-21T01:42:09Z".to_owned())], "{path}");
            assert!(parsed.problems.is_empty());
        }
    }
}
