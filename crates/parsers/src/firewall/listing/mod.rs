//! `iptables -L` and `ip6tables -L`, with or without `-n`, `-v`, `-x`, `--line-numbers`, of one or several tables.
//!
//! Reads iptables 1.4 to 1.8, both backends. A listing is made to be looked at: it leaves out interfaces without `-v`,
//! it may print names for addresses, and it does not say which table it shows. What it leaves out becomes a
//! [`Test::Unknowable`](bundlescope_facts::firewall::Test::Unknowable), so that no rule seems to match everything.
//! Each rule is put together again in the words of iptables-save and taken apart as such.

mod matches;
mod row;
mod rule;
mod scan;
mod targets;
mod unknowable;
mod words;

use bundlescope_facts::{Family, FirewallForm, Text};

use super::blocks::Blocks;
use super::emit::{Chain, Row};
use crate::document::{Document, Line, Parsed};
use crate::format::{Format, Hint, Match};
use row::Columns;
pub(super) use words::protocol as protocol_name;

/// The format.
pub(crate) static IPTABLES_LIST: Format = Format {
    name: "iptables-L",
    collect: "iptables -t filter -nvxL --line-numbers; iptables -t nat -nvxL --line-numbers",
    kinds: &["firewall_table", "firewall_chain", "firewall_rule"],
    detect,
    parse,
};

fn detect(hint: &Hint<'_>) -> Match {
    let lines = || hint.head.lines().take(5000);
    let chain = lines().any(|line| Heading::read(line).is_some());
    let columns = lines().any(|line| Columns::read(line).is_some());
    let named = hint.subject.contains("tables") || hint.path.contains("tables");
    match (chain, columns) {
        (true, true) if named => Match::Both,
        (true, true) => Match::Content,
        // A listing of an empty chain may be cut behind its first line.
        (true, false) if named => Match::Path,
        _ => Match::No,
    }
}

/// `Chain INPUT (policy DROP 12 packets, 3K bytes)`, `Chain DOCKER (2 references)`.
#[derive(Debug, PartialEq, Eq)]
struct Heading<'a> {
    chain: &'a str,
    policy: Option<&'a str>,
    packets: Option<u64>,
    bytes: Option<u64>,
    references: Option<u32>,
}

impl<'a> Heading<'a> {
    fn read(line: &'a str) -> Option<Self> {
        let (chain, rest) = line.trim().strip_prefix("Chain ")?.split_once(" (")?;
        let inside = rest.split(')').next().unwrap_or(rest);
        if chain.is_empty() || chain.contains(char::is_whitespace) {
            return None;
        }
        let mut heading = Self { chain, policy: None, packets: None, bytes: None, references: None };
        if let Some(policy) = inside.strip_prefix("policy ") {
            let mut words = policy.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty());
            heading.policy = words.next();
            heading.packets = words.next().and_then(row::counter);
            heading.bytes = words.nth(1).and_then(row::counter);
        } else {
            let count = inside.split_once(" references")?.0;
            heading.references = count.trim().parse().ok();
        }
        Some(heading)
    }
}

struct Reader<'a, 'd> {
    document: &'d Document<'a>,
    columns: Option<Columns>,
    /// The line before was empty.
    ended: bool,
    blocks: Blocks<'a>,
    parsed: Parsed,
}

fn parse(document: &Document<'_>) -> Parsed {
    let blocks = Blocks::new(&document.path, family(document));
    let mut reader = Reader { document, columns: None, ended: false, blocks, parsed: Parsed::default() };
    for line in document.lines() {
        reader.line(line);
    }
    reader.blocks.finish(FirewallForm::List, document, &mut reader.parsed);
    reader.parsed
}

/// IPv6 listings show `::/0` where others show `0.0.0.0/0`.
fn family(document: &Document<'_>) -> Family {
    let is_six = |line: Line<'_>| {
        line.text.split_whitespace().map(|word| word.trim_start_matches('!')).find_map(|word| {
            let address = word.split('/').next().unwrap_or(word);
            address.parse::<std::net::IpAddr>().ok().map(|address| address.is_ipv6())
        })
    };
    let six = document.lines().take(5000).filter(|line| Heading::read(line.text).is_none()).find_map(is_six);
    if six == Some(true) { Family::Ip6 } else { Family::Ip }
}

impl<'a> Reader<'a, '_> {
    fn line(&mut self, line: Line<'a>) {
        let text = line.text.trim_end();
        if text.trim().is_empty() {
            self.ended = true;
            return;
        }
        let ended = std::mem::take(&mut self.ended);
        if let Some(heading) = Heading::read(text) {
            return self.heading(&heading, line);
        }
        if let Some(columns) = Columns::read(text) {
            self.columns = Some(columns);
            return;
        }
        let Some(columns) = self.columns.filter(|_| self.blocks.chain().is_some()) else {
            self.blocks.outside(text);
            return;
        };
        match row::Row::read(text, columns) {
            // `# iptables -t nat -L` would otherwise pass for a rule of a listing without counters.
            Ok(row) if rule::is_protocol(row.protocol) && !row.source.starts_with('-') => self.rule(&row, line),
            _ if self.blocks.outside(text) => {}
            // An empty line ends a chain: what follows is not of iptables.
            _ if ended => self.columns = None,
            result => {
                let expected = result.err().unwrap_or("a protocol");
                let message = format!("expected {expected} in a rule of iptables -L, found {text:?}");
                self.parsed.problem(self.document, line.number, message);
                // The rule is there, whatever it says.
                if let Some(chain) = self.blocks.chain() {
                    let rule = rule::unreadable(text.trim(), &chain.name);
                    chain.rows.push(Row { line, text: rule.text, spec: rule.spec });
                    self.blocks.reaches(line);
                }
            }
        }
    }

    fn heading(&mut self, heading: &Heading<'_>, line: Line<'a>) {
        self.columns = None;
        self.blocks.open(Chain {
            name: heading.chain.into(),
            line,
            policy: heading.policy.map(Text::from),
            packets: heading.packets,
            bytes: heading.bytes,
            references: heading.references,
            rows: Vec::new(),
        });
    }

    fn rule(&mut self, row: &row::Row<'_>, line: Line<'a>) {
        let family = self.blocks.family();
        let Some(chain) = self.blocks.chain() else { return };
        let rule = rule::read(row, &chain.name, family);
        for problem in rule.problems {
            self.parsed.problem(self.document, line.number, problem);
        }
        // Numbers that jump tell of lines that are missing.
        let expected = chain.rows.len() + 1;
        if let Some(number) = row.number
            && u32::try_from(expected) != Ok(number)
        {
            let message = format!("expected rule {expected} of {}, found number {number}", chain.name);
            self.parsed.problem(self.document, line.number, message);
        }
        chain.rows.push(Row { line, text: rule.text, spec: rule.spec });
        self.blocks.reaches(line);
    }
}

#[cfg(test)]
mod tests;
