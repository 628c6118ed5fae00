//! nsswitch.conf(5).

use bundlescope_facts::{NameService, Text};

use crate::document::{Document, Parsed};
use crate::format::{Format, Hint, Match};

/// The format.
pub(crate) static NSSWITCH: Format =
    Format { name: "nsswitch.conf", collect: "cat /etc/nsswitch.conf", kinds: &["name_service"], detect, parse };

const DATABASES: &[&str] = &[
    "aliases",
    "automount",
    "bootparams",
    "ethers",
    "group",
    "group_compat",
    "gshadow",
    "hosts",
    "initgroups",
    "ipnodes",
    "netgroup",
    "netmasks",
    "networks",
    "passwd",
    "passwd_compat",
    "protocols",
    "publickey",
    "rpc",
    "services",
    "shadow",
    "shadow_compat",
    "subid",
    "sudoers",
];

fn entry(line: &str) -> Option<(&str, &str)> {
    let text = line.split('#').next().unwrap_or_default();
    let (database, services) = text.split_once(':')?;
    let database = database.trim();
    DATABASES.contains(&database).then_some((database, services))
}

fn detect(hint: &Hint<'_>) -> Match {
    let mut lines = hint.head.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let count = hint.head.lines().filter(|line| entry(line).is_some()).count();
    let content = count >= 3 && lines.all(|line| entry(line).is_some());
    let named = hint.subject.ends_with("nsswitch.conf");
    if named && count > 0 { Match::Both } else { Match::of(content, named) }
}

/// Services and actions; an action may hold blanks: `[NOTFOUND=return SUCCESS=merge]`.
fn services(text: &str) -> Vec<Text> {
    let (mut found, mut rest) = (Vec::new(), text.trim());
    while !rest.is_empty() {
        let end = if rest.starts_with('[') {
            rest.find(']').map_or(rest.len(), |at| at + 1)
        } else {
            rest.find(|c: char| c.is_ascii_whitespace() || c == '[').unwrap_or(rest.len())
        };
        let (word, after) = rest.split_at(end);
        found.push(word.into());
        rest = after.trim_start();
    }
    found
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    for line in document.lines() {
        if line.text.split('#').next().unwrap_or_default().trim().is_empty() {
            continue;
        }
        match entry(line.text) {
            Some((database, text)) => {
                let services = services(text);
                parsed.line_fact(document, line, NameService { database: database.into(), services });
            }
            None => {
                parsed.problem(document, line.number, "expected a database such as `hosts: files dns`; line skipped")
            }
        }
    }
    parsed
}
