//! `ip rule` as text, IPv4 and IPv6 (`ip/iprule.c` of iproute2).

use bundlescope_facts::{Data, PolicyRule, Text};

use crate::document::{Document, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words::{self, Words};

/// The format.
pub(crate) static IP_RULE: Format =
    Format { name: "ip-rule", collect: "ip rule; ip -6 rule", kinds: &["policy_rule"], detect, parse };

fn detect(hint: &Hint<'_>) -> Match {
    let named = words::subject_is(hint.subject, &["ip", "rule"]);
    let content = words::most_lines(hint.head, |line| rule(line).is_some());
    match (content, named) {
        (true, true) => Match::Both,
        (true, false) => Match::Content,
        _ => Match::No,
    }
}

/// `32765: not from 10.0.0.0/8 fwmark 0x1/0xff lookup 100`. The second part is false when a word was not understood.
fn rule(text: &str) -> Option<(PolicyRule, bool)> {
    let (priority, rest) = text.split_once(':')?;
    let mut rule = PolicyRule { priority: priority.parse().ok()?, ..PolicyRule::default() };
    let mut words = Words::new(rest);
    rule.not = words.eat("not");
    if words.peek() != Some("from") {
        return None;
    }
    let (mut complete, mut action) = (true, None::<Text>);
    while let Some(word) = words.next() {
        match word {
            "from" => rule.from = words.next().and_then(words::network),
            "to" => rule.to = words.next().and_then(words::network),
            "iif" | "dev" => rule.input_interface = words.next().map(Text::from),
            "oif" => rule.output_interface = words.next().map(Text::from),
            "fwmark" => {
                let word = words.next()?;
                let (mark, mask) = word.split_once('/').map_or((word, None), |(mark, mask)| (mark, Some(mask)));
                rule.mark = words::number(mark);
                rule.mark_mask = mask.and_then(words::number);
            }
            "tos" | "dsfield" | "dscp" => rule.tos = words.next().and_then(words::number),
            // `-N` writes numbers for names.
            "ipproto" => rule.protocol = words.next().map(|name| name.trim_start_matches("ipproto-").into()),
            "sport" => rule.source_ports = range(words.next()?),
            "dport" => rule.destination_ports = range(words.next()?),
            "uidrange" => rule.uids = range(words.next()?),
            "lookup" | "table" => {
                action = Some("lookup".into());
                rule.table = words.next().map(|name| super::ip_route::table_name(name).into());
            }
            "suppress_prefixlength" => rule.suppress_prefix = words.next().and_then(words::number),
            "goto" => {
                action = Some(word.into());
                rule.goto = words.next().and_then(words::number);
            }
            "nop" | "blackhole" | "unreachable" | "prohibit" => action = Some(word.into()),
            // The same by their numbers, with `-N` (linux/rtnetlink.h).
            "6" => action = Some("blackhole".into()),
            "7" => action = Some("unreachable".into()),
            "8" => action = Some("prohibit".into()),
            // A rule of a VRF: the device's table, which the rule does not name.
            "l3mdev" => {}
            "proto" | "protocol" | "suppress_ifgroup" | "suppress_group" | "realms" | "tun_id" | "map-to"
            | "flowlabel" | "priority" => {
                words.next();
            }
            "[detached]" | "[unresolved]" | "masquerade" | "unicast" | "local" | "" => {}
            _ => complete = false,
        }
    }
    if rule.table.as_deref() == Some("[l3mdev-table]") {
        rule.table = Some("l3mdev-table".into());
    }
    rule.action = action?;
    let network = rule.from.or(rule.to);
    rule.version = network.map(|network| if matches!(network, ipnet::IpNet::V6(_)) { 6 } else { 4 });
    Some((rule, complete))
}

/// `80` or `80-90`: lowest and highest.
fn range<T: std::str::FromStr + TryFrom<u64> + Copy>(word: &str) -> Vec<T> {
    let (low, high) = word.split_once('-').unwrap_or((word, word));
    match (words::number(low), words::number(high)) {
        (Some(low), Some(high)) => vec![low, high],
        _ => Vec::new(),
    }
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        match rule(line.text.trim()) {
            Some((rule, complete)) => {
                if !complete {
                    parsed.problem(
                        document,
                        line.number,
                        "a word of this rule is not known; the rest of the line was read",
                    );
                }
                parsed.line_fact(document, line, PolicyRule { container: document.container.clone(), ..rule });
            }
            None => parsed.problem(
                document,
                line.number,
                "expected a rule such as `0: from all lookup local`; line skipped",
            ),
        }
    }
    settle_versions(document, &mut parsed);
    parsed
}

/// A list is of one family: an option tells it, or one rule's address, or the rule for the table `default`, which IPv6 does not have,
/// and without an option the command lists IPv4.
pub(super) fn settle_versions(document: &Document<'_>, parsed: &mut Parsed) {
    let rules = || {
        parsed
            .facts
            .iter()
            .filter_map(|fact| if let Data::PolicyRule(rule) = &fact.data { Some(rule.as_ref()) } else { None })
    };
    let asked = |flag: &str| document.subject.split_ascii_whitespace().any(|word| word == flag);
    let version = if asked("-6") {
        Some(6)
    } else if asked("-4") || rules().any(|rule| rule.table.as_deref() == Some("default")) {
        Some(4)
    } else {
        rules().find_map(|rule| rule.version).or(words::subject_is(&document.subject, &["ip", "rule"]).then_some(4))
    };
    for fact in &mut parsed.facts {
        if let Data::PolicyRule(rule) = &mut fact.data {
            rule.version = rule.version.or(version);
        }
    }
}
