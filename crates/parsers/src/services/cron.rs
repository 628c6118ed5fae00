//! crontab(5): `crontab -l`, /etc/crontab, /etc/cron.d/*, /var/spool/cron/*. System tables have a user in front of the command.

use bundlescope_facts::{CronJob, Text};

use crate::document::{Document, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words::{self, Words};

/// The format.
pub(crate) static CRONTAB: Format =
    Format { name: "crontab", collect: "crontab -l", kinds: &["cron_job"], detect, parse };

const NICKNAMES: &[&str] =
    &["@reboot", "@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];

/// Months and days of the week.
const NAMED: &[&str] = &[
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec", "mon", "tue", "wed", "thu",
    "fri", "sat", "sun",
];

/// A field of a schedule: `*`, `*/5`, `1-5`, `0,30`, `mon-fri`, cronie's `~`.
fn is_field(word: &str, names: bool) -> bool {
    let digit = word.bytes().any(|byte| byte.is_ascii_digit() || byte == b'*');
    let signs = word.bytes().all(|byte| {
        byte.is_ascii_digit() || matches!(byte, b'*' | b'/' | b',' | b'-' | b'~') || names && byte.is_ascii_alphabetic()
    });
    // No field of a schedule counts further than the minutes of an hour.
    let counts = word.split(|c: char| !c.is_ascii_digit()).filter(|digits| !digits.is_empty());
    let small = counts.into_iter().all(|digits| digits.parse::<u8>().is_ok_and(|number| number < 60));
    let whole = !word.starts_with(['-', '/', ',']) && !word.ends_with(['-', '/', ',']);
    signs
        && small
        && whole
        && (digit || names && word.split([',', '-']).all(|name| NAMED.contains(&name.to_ascii_lowercase().as_str())))
}

/// The schedule and what is behind it.
fn schedule(line: &str) -> Option<(String, &str)> {
    let mut words = Words::new(line);
    let first = words.next()?;
    if NICKNAMES.contains(&first) {
        return Some((first.into(), words.rest())).filter(|(_, rest)| !rest.is_empty());
    }
    let mut fields = vec![first.trim_start_matches('-')];
    fields.extend(words.by_ref().take(4));
    let good = fields.len() == 5 && fields.iter().enumerate().all(|(at, field)| is_field(field, at >= 3));
    (good && !words.rest().is_empty()).then(|| (fields.join(" "), words.rest()))
}

/// `MAILTO=root`, `PATH = /bin`.
fn is_variable(line: &str) -> bool {
    line.split_once('=').is_some_and(|(name, _)| {
        let name = name.trim().trim_matches(['"', '\'']);
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })
}

/// Whether the table has a column of users, by its place or its comment.
fn has_users(subject: &str, lines: impl Iterator<Item = String>) -> bool {
    if words::subject_is(subject, &["crontab"]) || subject.contains("spool/cron") {
        return false;
    }
    subject.starts_with("/etc/cron")
        || lines.into_iter().any(|line| {
            let line = line.to_ascii_lowercase();
            line.starts_with('#')
                && (line.contains("user command") || line.contains("user-name") || line.contains("user\tcommand"))
        })
}

fn detect(hint: &Hint<'_>) -> Match {
    let mut lines = hint.head.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let jobs = hint.head.lines().filter(|line| !line.starts_with('#') && schedule(line).is_some()).count();
    let named = words::subject_is(hint.subject, &["crontab"])
        || hint.subject == "/etc/crontab"
        || hint.subject.starts_with("/etc/cron.d/")
        || hint.subject.contains("spool/cron");
    let content = jobs > 0 && lines.all(|line| schedule(line).is_some() || is_variable(line));
    match (content, named) {
        (false, true) if jobs > 0 => Match::Both,
        _ => Match::of(content, named),
    }
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let comments = document.lines().filter(|line| line.text.starts_with('#')).map(|line| line.text.to_owned());
    let users = has_users(&document.subject, comments);
    // A user's own table is named for the user.
    let owner = document.subject.contains("spool/cron").then(|| document.subject.rsplit('/').next()).flatten();
    for line in document.lines() {
        let text = line.text.trim();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        match schedule(text) {
            Some((schedule, rest)) => {
                let mut words = Words::new(rest);
                let user = if users { words.next() } else { None };
                let command = words.rest();
                if command.is_empty() {
                    parsed.problem(
                        document,
                        line.number,
                        "expected a user and a command behind the schedule; line skipped",
                    );
                    continue;
                }
                let user = user.or(owner).map(Text::from);
                parsed.line_fact(document, line, CronJob { schedule: schedule.into(), user, command: command.into() });
            }
            None if is_variable(text) => {}
            None => parsed.problem(
                document,
                line.number,
                "expected five fields of a schedule and a command, such as `0 5 * * 1 /bin/backup`; line skipped",
            ),
        }
    }
    parsed
}
