//! One rule of a listing, put together again and taken apart.

use std::net::IpAddr;

use bundlescope_facts::firewall::{Match, Step, Steps, Test};
use bundlescope_facts::{Family, Text};

use super::super::rule_syntax::{RuleSpec, Verb, read_line};
use super::row::Row;
use super::scan::Scan;
use super::words::{self, Words};
use super::{matches, targets};

/// A rule with what could not be read of it.
pub(super) struct Rule {
    /// As `-A CHAIN …`.
    pub(super) text: Text,
    pub(super) spec: RuleSpec,
    pub(super) problems: Vec<String>,
}

/// Whether the word may stand in the protocol column: a number or a name of /etc/protocols, perhaps negated.
pub(super) fn is_protocol(word: &str) -> bool {
    let word = word.strip_prefix('!').unwrap_or(word);
    !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.' | '_'))
}

/// Reads a rule of `chain`.
pub(super) fn read(row: &Row<'_>, chain: &str, family: Family) -> Rule {
    let mut words = Words::default();
    address("-s", row.source, family, &mut words);
    address("-d", row.destination, family, &mut words);
    let interfaces = [("-i", row.in_interface), ("-o", row.out_interface)];
    for (option, interface) in interfaces {
        if let Some(name) = interface.filter(|name| !matches!(*name, "*" | "any")) {
            words.maybe_negated(option, name);
        }
    }
    if !matches!(row.protocol, "0" | "all") {
        let (negated, name) = row.protocol.strip_prefix('!').map_or((false, row.protocol), |name| (true, name));
        words.pair(negated, "-p", words::protocol(name));
    }
    match row.fragments {
        "-f" => words.option(false, "-f"),
        "!f" => words.option(true, "-f"),
        _ => {}
    }
    let mut scan = Scan::new(row.details);
    let goto = scan.eat("[goto]");
    let mut target = Words::default();
    while !scan.rest().is_empty() {
        if matches::read(&mut scan, &mut words) || targets::read(row.target, &mut scan, &mut target) {
            continue;
        }
        let first = scan.word().unwrap_or_default();
        let more = scan.until(matches::starts);
        let gap = if more.is_empty() { "" } else { " " };
        words.unknowable("", &format!("[{first}{gap}{more}]"));
    }
    let mut problems: Vec<String> = Vec::new();
    for test in &words.unknowable {
        if let Test::Unknowable { module, text } = test
            && module.is_empty()
        {
            problems.push(format!("expected what a match module or {:?} prints, found {text:?}", row.target));
        }
    }
    let (mut spec, mut text) = (words.spec, words.text);
    if !row.target.is_empty() {
        let jump = if goto { "-g" } else { "-j" };
        join(&mut spec, &[jump, row.target, &target.spec]);
        join(&mut text, &[jump, row.target, &target.text]);
    }
    let (verb, found) = read_line(&format!("-A {chain} {spec}"), family);
    problems.extend(found);
    let mut rule = match verb {
        Some(Verb::Append { rule, .. }) => *rule,
        _ => RuleSpec::default(),
    };
    (rule.packets, rule.bytes) = (row.packets, row.bytes);
    let mut unknown: Vec<Test> = words.unknowable;
    if row.in_interface.is_none() {
        let text = "a listing without -v does not show it".into();
        unknown.push(Test::Unknowable { module: "interface".into(), text });
    }
    let unknown = unknown.into_iter().map(|test| Step::Match(Match { negated: false, test }));
    let steps = std::mem::take(&mut rule.steps.0);
    let (tests, actions): (Vec<_>, Vec<_>) = steps.into_iter().partition(|step| matches!(step, Step::Match(_)));
    rule.steps = Steps(tests.into_iter().chain(unknown).chain(actions).collect());
    let gap = if text.is_empty() { "" } else { " " };
    Rule { text: format!("-A {chain}{gap}{text}").into(), spec: rule, problems }
}

/// A line that is a rule and says nothing that could be read.
pub(super) fn unreadable(line: &str, chain: &str) -> Rule {
    let test = Test::Unknowable { module: "unreadable".into(), text: line.into() };
    let action = bundlescope_facts::firewall::Action::Unknown(line.into());
    let steps = Steps(vec![Step::Match(Match { negated: false, test }), Step::Action(action)]);
    let spec = RuleSpec { steps, ..RuleSpec::default() };
    Rule { text: format!("-A {chain} [{line}]").into(), spec, problems: Vec::new() }
}

fn join(text: &mut String, parts: &[&str]) {
    for part in parts.iter().filter(|part| !part.is_empty()) {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(part);
    }
}

/// An address, or the name that a listing without `-n` prints for one.
fn address(option: &str, column: &str, family: Family, words: &mut Words) {
    let (negated, printed) = column.strip_prefix('!').map_or((false, column), |rest| (true, rest));
    if !negated && matches!(printed, "anywhere" | "0.0.0.0/0" | "::/0") {
        return;
    }
    let (name, mask) = printed.split_once('/').map_or((printed, None), |(name, mask)| (name, Some(mask)));
    if let Ok(address) = name.parse::<IpAddr>() {
        // iptables-save always writes the mask.
        return match mask {
            Some(_) => words.pair(negated, option, printed),
            None if address.is_ipv4() => words.pair(negated, option, &format!("{printed}/32")),
            None => words.pair(negated, option, &format!("{printed}/128")),
        };
    }
    // /etc/hosts and /etc/networks of every distribution agree on these.
    let known = match (name, family) {
        ("localhost", Family::Ip6) => Some("::1"),
        ("localhost", _) => Some("127.0.0.1"),
        ("anywhere", Family::Ip6) => Some("::"),
        ("anywhere", _) => Some("0.0.0.0"),
        ("default", Family::Ip) => Some("0.0.0.0"),
        ("loopback", Family::Ip) => Some("127.0.0.0"),
        ("link-local", Family::Ip) => Some("169.254.0.0"),
        ("base-address.mcast.net", Family::Ip) => Some("224.0.0.0"),
        ("all-systems.mcast.net", Family::Ip) => Some("224.0.0.1"),
        _ => None,
    };
    match (known, mask) {
        (Some(address), Some(mask)) => words.pair(negated, option, &format!("{address}/{mask}")),
        (Some(address), None) if name == "anywhere" => words.pair(negated, option, &format!("{address}/0")),
        (Some(address), None) => {
            let bits = if family == Family::Ip6 { 128 } else { 32 };
            words.pair(negated, option, &format!("{address}/{bits}"));
        }
        (None, _) => {
            let not = if negated { "! " } else { "" };
            words.unknowable("address", &format!("{not}{option} {printed}"));
        }
    }
}
