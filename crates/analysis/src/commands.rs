//! The command lines of fixes: suggested from a probe's answer, and taken apart so that they can be simulated.

use bundlescope_facts::{Family, Proto, Text};
use bundlescope_netfilter::{Answer, At, Change, RuleNumber};
use bundlescope_parsers::firewall::{RuleSpec, Verb, parse_command};

use crate::shell;

/// The command that lets exactly these packets pass ahead of what stops them, already quoted for a shell. `None` where
/// what decides is not a table of iptables.
pub(crate) fn allow(answer: &Answer, at: &At, proto: Proto) -> Option<String> {
    let by = answer.decided_by.as_ref()?;
    let (chain, number) = &at.base;
    let table = by.table.as_deref()?;
    if !is_iptables(answer) {
        return None;
    }
    let mut command = program(at).to_owned();
    if table != "filter" {
        command.push_str(&format!(" -t {table}"));
    }
    match number {
        RuleNumber::Number(number) => command.push_str(&format!(" -I {chain} {number}")),
        RuleNumber::Policy => command.push_str(&format!(" -A {chain}")),
    }
    let interface = |option: &str, name: &str| {
        if name.is_empty() { String::new() } else { format!(" {option} {name}") }
    };
    if matches!(answer.packet, Some("fwd" | "pfwd") | None) {
        let output = if at.hook == "INPUT" { "" } else { &at.out_interface };
        command.push_str(&interface("-i", &at.in_interface));
        command.push_str(&interface("-o", output));
        if at.in_interface.is_empty() {
            command.push_str(&format!(" -d {}", at.destination));
        }
        command.push_str(&format!(" -p {}", proto.word()));
        if proto != Proto::Icmp {
            command.push_str(&format!(" --dport {}", at.destination_port));
        }
    } else {
        // Answers and later packets: what any stateful firewall lets pass.
        command.push_str(" -m conntrack --ctstate RELATED,ESTABLISHED");
    }
    command.push_str(" -j ACCEPT");
    Some(command)
}

/// The command that takes the deciding rule out. `None` for policies, for rules of a firewall manager, which would put
/// them back, and where it is not a table of iptables.
pub(crate) fn remove(answer: &Answer, at: &At) -> Option<String> {
    let by = answer.decided_by.as_ref()?;
    let (table, chain) = (by.table.as_deref()?, by.chain.as_deref()?);
    let managed =
        ["ufw", "IN_", "FWD", "FWDI", "FWDO", "KUBE-", "DOCKER-ISOLATION", "DOCKER-INTERNAL", "cali-", "FLANNEL"];
    if !is_iptables(answer) || managed.iter().any(|prefix| chain.starts_with(prefix)) || chain == "DOCKER" {
        return None;
    }
    let spec = by.text.strip_prefix("-A ")?;
    let table = if table == "filter" { String::new() } else { format!(" -t {table}") };
    Some(format!("{}{table} -D {spec}", program(at)))
}

fn program(at: &At) -> &'static str {
    if at.destination.is_ipv6() { "ip6tables" } else { "iptables" }
}

/// iptables can change the table that decides: its rules are shown in iptables' words.
fn is_iptables(answer: &Answer) -> bool {
    answer.decided_by.as_ref().is_some_and(|by| {
        let builtin = matches!(by.table.as_deref(), Some("filter" | "nat" | "mangle" | "raw" | "security"));
        builtin && (by.text.starts_with("-A ") || by.rule == Some(RuleNumber::Policy))
    })
}

/// The changes that a command makes; `Err` says why it cannot be simulated.
pub(crate) fn changes(command: &str) -> Result<Vec<Change>, String> {
    let words = shell::words(command).ok_or("it is more than one simple command")?;
    let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
    if words.first() == Some(&"sudo") {
        words.remove(0);
    }
    match words.first() {
        Some(&"sysctl") => sysctl(&words),
        Some(&"ip") => route(&words),
        Some(name) if name.contains("tables") => iptables(command.trim_start_matches("sudo ")),
        Some(name) => Err(format!("the effect of `{name}` is not simulated")),
        None => Err("there is no command".into()),
    }
}

fn sysctl(words: &[&str]) -> Result<Vec<Change>, String> {
    let settings = words.iter().skip(1).filter(|word| !word.starts_with('-'));
    let changes: Option<Vec<Change>> = settings
        .map(|setting| {
            let (key, value) = setting.split_once('=')?;
            Some(Change::SetSysctl { key: key.trim().replace('/', ".").into(), value: value.trim().into() })
        })
        .collect();
    changes.filter(|changes| !changes.is_empty()).ok_or_else(|| "expected `sysctl -w key=value`".into())
}

fn route(words: &[&str]) -> Result<Vec<Change>, String> {
    let help = || "expected `ip route add|del NETWORK [via ROUTER] dev INTERFACE [table TABLE]`".to_owned();
    let words: Vec<&str> = words.iter().skip(1).copied().filter(|word| !word.starts_with('-')).collect();
    let [object, verb, network, rest @ ..] = words.as_slice() else { return Err(help()) };
    if !["route", "r", "ro"].contains(object) {
        return Err(help());
    }
    let network = if *network == "default" { "0.0.0.0/0" } else { network };
    let destination = network
        .parse::<ipnet::IpNet>()
        .or_else(|_| network.parse::<std::net::IpAddr>().map(ipnet::IpNet::from))
        .map_err(|_| help())?;
    let option = |name: &str| rest.iter().position(|word| *word == name).and_then(|at| rest.get(at + 1)).copied();
    let table = option("table").map(Into::into);
    match *verb {
        "del" | "delete" => Ok(vec![Change::DeleteRoute { destination, table }]),
        "add" | "replace" => Ok(vec![Change::AddRoute {
            destination,
            gateway: option("via").and_then(|router| router.parse().ok()),
            interface: option("dev").ok_or_else(help)?.into(),
            table,
        }]),
        _ => Err(help()),
    }
}

fn iptables(command: &str) -> Result<Vec<Change>, String> {
    let command = parse_command(command).map_err(|error| error.to_string())?;
    let v6 = command.family == Family::Ip6;
    let table = command.table;
    let insert = |chain: Text, number: Option<usize>, rule: &RuleSpec| Change::InsertRule {
        v6,
        table: table.clone(),
        chain,
        number,
        steps: rule.steps.clone(),
        target: rule.target.clone(),
        text: "the rule of the fix".into(),
    };
    let delete =
        |chain: Text, number: u32| Change::DeleteRule { v6, table: table.clone(), chain, number: number as usize };
    Ok(match command.verb {
        Verb::Append { chain, rule } => vec![insert(chain, None, &rule)],
        Verb::Insert { chain, number, rule } => vec![insert(chain, Some(number as usize), &rule)],
        Verb::Replace { chain, number, rule } => {
            vec![delete(chain.clone(), number), insert(chain, Some(number as usize), &rule)]
        }
        Verb::DeleteNumber { chain, number } => vec![delete(chain, number)],
        Verb::DeleteRule { chain, rule } => {
            vec![Change::DeleteRuleLike { v6, table: table.clone(), chain, steps: rule.steps }]
        }
        Verb::Policy { chain, policy } => {
            vec![Change::SetPolicy { v6, table: table.clone(), chain, accept: &*policy == "ACCEPT" }]
        }
        Verb::Flush(chain) => vec![Change::Flush { v6, table: table.clone(), chain }],
        Verb::Nothing => Vec::new(),
        _ => return Err("the effect of making or deleting chains is not simulated".into()),
    })
}
