//! Which table a block of chains is: listings do not say it.

use super::emit::{Chain, HOOKS, hook};

/// Built-in chains of each table, in the order in which they are told apart.
///
/// `nat` has no INPUT before Linux 2.6.36.
const BUILT_IN: &[(&str, &[&str])] = &[
    ("filter", &["INPUT", "FORWARD", "OUTPUT"]),
    ("nat", &["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"]),
    ("mangle", &["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"]),
    ("raw", &["PREROUTING", "OUTPUT"]),
    ("security", &["INPUT", "FORWARD", "OUTPUT"]),
];

/// Whether `chain` cannot be of the same table as the chain before it.
///
/// iptables lists built-in chains first and in the order of the hooks, then the others.
pub(super) fn begins_another(last: &str, chain: &str) -> bool {
    let place = |name: &str| HOOKS.iter().position(|(built_in, _)| *built_in == name);
    match (place(last), place(chain)) {
        (Some(last), Some(next)) => next <= last,
        (None, Some(_)) => true,
        (_, None) => false,
    }
}

/// Whether the table may have these chains.
pub(super) fn may_be(table: &str, chains: &[Chain<'_>]) -> bool {
    let Some((_, built_in)) = BUILT_IN.iter().find(|(name, _)| *name == table) else { return false };
    chains.iter().filter(|chain| hook(&chain.name).is_some()).all(|chain| built_in.contains(&&*chain.name))
}

/// Built-in chains of the table that are not shown, INPUT of `nat` aside: `iptables -L INPUT` shows only a part.
pub(super) fn missing(table: &str, chains: &[Chain<'_>]) -> Vec<&'static str> {
    let built_in = BUILT_IN.iter().find(|(name, _)| *name == table).map_or(&[][..], |(_, built_in)| built_in);
    let shown = |name: &str| chains.iter().any(|chain| &*chain.name == name) || (table, name) == ("nat", "INPUT");
    built_in.iter().copied().filter(|name| !shown(name)).collect()
}

/// The likeliest table, by targets that only one table takes, then by the chains.
pub(super) fn infer(chains: &[Chain<'_>]) -> &'static str {
    let targets = chains.iter().flat_map(|chain| &chain.rows).filter_map(|row| row.spec.target.as_deref());
    for target in targets {
        let table = match target {
            "DNAT" | "SNAT" | "MASQUERADE" | "REDIRECT" | "NETMAP" => "nat",
            "TPROXY" | "TTL" | "HL" | "ECN" => "mangle",
            "NOTRACK" | "CT" => "raw",
            // REJECT is refused elsewhere.
            "REJECT" => "filter",
            _ => continue,
        };
        if may_be(table, chains) {
            return table;
        }
    }
    let has = |name: &str| chains.iter().any(|chain| &*chain.name == name);
    match (has("PREROUTING"), has("FORWARD"), has("POSTROUTING")) {
        (true, true, _) | (_, true, true) => "mangle",
        (_, false, true) => "nat",
        (true, false, false) if has("INPUT") => "nat",
        (true, false, false) => "raw",
        _ => "filter",
    }
}
