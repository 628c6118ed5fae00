//! `iptables -S` and `ip6tables -S`, with or without the counters of `-v`, of one or several tables.
//!
//! Reads iptables 1.4 to 1.8, both backends: policies, user-defined chains, rules in the words of iptables-save.

use bundlescope_facts::{Family, FirewallForm, Text};

use super::blocks::Blocks;
use super::emit::{Chain, Row, hook};
use super::rule_syntax::{Verb, read_line};
use crate::document::{Document, Line, Parsed};
use crate::format::{Format, Hint, Match};

/// The format.
pub(crate) static IPTABLES_SPEC: Format = Format {
    name: "iptables-S",
    collect: "iptables -S -v; iptables -t nat -S -v",
    kinds: &["firewall_table", "firewall_chain", "firewall_rule"],
    detect,
    parse,
};

fn detect(hint: &Hint<'_>) -> Match {
    let lines = || hint.head.lines().map(str::trim).take(2000);
    let policies = lines().filter(|line| policy(line).is_some()).take(2).count();
    let rules = lines().any(|line| line.starts_with("-A ") || line.starts_with("-N "));
    let table = lines().any(|line| line.starts_with('*') || line == "COMMIT");
    let mut told = lines().filter(|line| !line.is_empty());
    let one = told.next().is_some_and(|line| line.starts_with("-N ")) && told.all(|line| line.starts_with("-A "));
    let named = hint.subject.contains("tables") || hint.path.contains("tables");
    match policies {
        _ if table => Match::No,
        1.. if named => Match::Both,
        // An empty table has nothing but policies.
        2.. => Match::Content,
        1 if rules => Match::Content,
        // One chain alone: `iptables -S DOCKER-USER`.
        0 if one => Match::of(true, named),
        0 if rules && named => Match::Path,
        _ => Match::No,
    }
}

/// A line that sets the policy of a built-in chain.
struct Policy<'a> {
    chain: &'a str,
    policy: &'a str,
    counters: Option<(u64, u64)>,
}

/// `-P INPUT DROP -c 12 3400`.
fn policy(line: &str) -> Option<Policy<'_>> {
    let mut words = line.split_whitespace();
    let ("-P", chain, policy) = (words.next()?, words.next()?, words.next()?) else { return None };
    hook(chain)?;
    let counters = match words.next() {
        Some("-c") => Some((words.next()?.parse().ok()?, words.next()?.parse().ok()?)),
        _ => None,
    };
    Some(Policy { chain, policy, counters })
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut blocks = Blocks::new(&document.path, family(document));
    for line in document.lines() {
        read(line, document, &mut blocks, &mut parsed);
    }
    blocks.finish(FirewallForm::Spec, document, &mut parsed);
    parsed
}

fn read<'a>(line: Line<'a>, document: &Document<'a>, blocks: &mut Blocks<'a>, parsed: &mut Parsed) {
    let text = line.text.trim();
    if text.is_empty() {
        return;
    }
    if let Some(Policy { chain, policy, counters }) = policy(text) {
        let (packets, bytes) = (counters.map(|(packets, _)| packets), counters.map(|(_, bytes)| bytes));
        let name = chain.into();
        blocks.open(Chain {
            name,
            line,
            policy: Some(policy.into()),
            packets,
            bytes,
            references: None,
            rows: Vec::new(),
        });
        return;
    }
    let user_chain =
        |name: Text| Chain { name, line, policy: None, packets: None, bytes: None, references: None, rows: Vec::new() };
    if !["-N ", "-A "].iter().any(|sign| text.starts_with(sign)) {
        if !blocks.outside(text) {
            parsed.problem(document, line.number, format!("expected -P, -N or -A of iptables -S, found {text:?}"));
        }
        return;
    }
    let (verb, problems) = read_line(text, blocks.family());
    for problem in problems {
        parsed.problem(document, line.number, problem);
    }
    match verb {
        Some(Verb::NewChain(name)) => blocks.open(user_chain(name)),
        Some(Verb::Append { chain, rule }) => {
            if blocks.named(&chain).is_none() {
                blocks.open(user_chain(chain.clone()));
            }
            if let Some(chain) = blocks.named(&chain) {
                chain.rows.push(Row { line, text: text.into(), spec: *rule });
                blocks.reaches(line);
            }
        }
        _ => {}
    }
}

/// Rules of ip6tables name IPv6 addresses or ICMPv6.
fn family(document: &Document<'_>) -> Family {
    let six = document.lines().take(5000).find_map(|line| {
        line.text.split_whitespace().find_map(|word| match word {
            "ipv6-icmp" | "icmp6" | "--icmpv6-type" => Some(true),
            "icmp" | "--icmp-type" => Some(false),
            _ => {
                let address = word.split('/').next().unwrap_or(word);
                address.parse::<std::net::IpAddr>().ok().map(|address| address.is_ipv6())
            }
        })
    });
    if six == Some(true) { Family::Ip6 } else { Family::Ip }
}
