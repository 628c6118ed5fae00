//! Compares two bundles: which findings came and went, and what changed in the state of the hosts behind them.
//!
//! Only state is compared, not what changes by itself: no counters, process ids, times or logs. What one of the bundles
//! does not show is told as such and never as a change.

use std::collections::{BTreeMap, BTreeSet};

use bundlescope_engine::{BundleDiff, Change, ChangeKind, Diagnosis, Fate, FieldChange, FindingDiff, NotCompared};
use bundlescope_facts::{Data, Fact, Text, Value};
use bundlescope_rules::Pack;

use crate::Loaded;

/// Changes that are told.
const MAX_CHANGES: usize = 2_000;

/// How facts of a kind are told apart, and what about them is compared.
struct Spec {
    kind: &'static str,
    /// Fields that name the thing; facts that agree in them are about the same.
    identity: &'static [&'static str],
    watched: &'static [&'static str],
}

const fn spec(kind: &'static str, identity: &'static [&'static str], watched: &'static [&'static str]) -> Spec {
    Spec { kind, identity, watched }
}

/// In the order in which changes are told.
const SPECS: &[Spec] = &[
    spec("firewall_chain", &["container", "family", "table", "chain"], &["policy"]),
    spec("firewall_rule", &["container", "family", "table", "chain", "text"], &[]),
    spec("ipset", &["family", "table", "name"], &["set_type", "members"]),
    spec("route", &["container", "table", "destination", "metric"], &["kind", "gateway", "interface", "source", "mtu"]),
    spec(
        "policy_rule",
        &["container", "priority", "not", "from", "to", "input_interface", "mark", "action", "table"],
        &[],
    ),
    spec("address", &["container", "interface", "address"], &["prefix"]),
    spec("interface", &["container", "name"], &["up", "carrier", "mtu", "master"]),
    spec("sysctl", &["container", "key", "configured"], &["value"]),
    spec("container", &["name"], CONTAINER),
    spec("network", &["name"], &["id", "driver", "subnets", "gateways", "internal", "icc", "masquerade", "options"]),
    spec("endpoint", &["network", "container"], &["address", "gateway", "aliases"]),
    spec("published_port", &["container", "proto", "container_port", "host_address", "host_port"], &["active"]),
    spec("listener", &["container", "proto", "address", "port"], &["process"]),
    spec("resolver", &["container", "document"], &["nameservers", "search", "options"]),
    spec("daemon_config", &["document"], &["settings"]),
    spec("unit", &["container", "name"], &["active", "result", "file_state"]),
    spec("os_release", &[], &["id", "version", "version_id"]),
    spec("kernel", &[], &["release"]),
    spec("kernel_module", &["name"], &[]),
];

const CONTAINER: &[&str] = &[
    "id",
    "image",
    "status",
    "started",
    "exit_code",
    "oom_killed",
    "error",
    "health",
    "network_mode",
    "restart_policy",
    "env",
    "command",
    "extra_hosts",
    "dns",
    "mounts",
    "memory_limit",
    "privileged",
];

/// Settings of the kernel that count something.
const COUNTERS: &[&str] = &[
    "kernel.random.",
    "fs.dentry-state",
    "fs.file-nr",
    "fs.inode-nr",
    "fs.inode-state",
    "kernel.ns_last_pid",
    "kernel.pty.nr",
    "net.netfilter.nf_conntrack_count",
    "fs.aio-nr",
    "kernel.tainted",
    "dev.cdrom.info",
    "fs.quota.",
    "net.ipv4.tcp_mem",
    "kernel.sched_domain",
];

/// Compares two bundles under the same rules.
pub fn diff(old: Loaded, new: Loaded, pack: &Pack) -> BundleDiff {
    let host = Hosts::of(&old, &new);
    let (changes, not_compared) = changes(&old.facts, &new.facts, &host);
    let (old, new) = (old.diagnose(pack), new.diagnose(pack));
    let findings = findings(&old, &new);
    let mut evidence: BTreeMap<(&str, &str, u32), Vec<&Text>> = BTreeMap::new();
    for diff in findings.iter().filter(|diff| matches!(diff.fate, Fate::New | Fate::Gone)) {
        let side = if diff.fate == Fate::New { "new" } else { "old" };
        for piece in &diff.finding.evidence {
            evidence.entry((side, &piece.document, piece.line)).or_default().push(&diff.finding.id);
        }
    }
    let mut changes: Vec<Change> = changes
        .into_iter()
        .map(|mut draft| {
            let of = |side: &'static str, place: &Option<(Text, u32)>| {
                let found = place.as_ref().and_then(|(document, line)| evidence.get(&(side, &**document, *line)));
                found.into_iter().flatten().map(|id| (*id).clone()).collect::<Vec<_>>()
            };
            let ids: BTreeSet<Text> = of("old", &draft.old).into_iter().chain(of("new", &draft.new)).collect();
            draft.change.findings = ids.into_iter().collect();
            draft.change
        })
        .collect();
    // Stable: otherwise in the order of kinds, hosts and names.
    changes.sort_by_key(|change| change.findings.is_empty());
    let left_out = changes.len().saturating_sub(MAX_CHANGES) as u64;
    changes.truncate(MAX_CHANGES);
    BundleDiff { old: old.bundle, new: new.bundle, findings, changes, left_out, not_compared }
}

/// Under which name the hosts of both bundles go.
struct Hosts {
    /// Each bundle is about one host, whatever its name.
    single: Option<Text>,
}

impl Hosts {
    fn of(old: &Loaded, new: &Loaded) -> Self {
        let single = match (&old.bundle.hosts[..], &new.bundle.hosts[..]) {
            ([] | [_], [name]) => Some(name.clone()),
            ([name], []) => Some(name.clone()),
            ([], []) => Some(Text::default()),
            _ => None,
        };
        Self { single }
    }

    fn name(&self, node: &Text) -> Text {
        self.single.as_ref().unwrap_or(node).clone()
    }
}

/// New, moved, gone and unchanged findings.
fn findings(old: &Diagnosis, new: &Diagnosis) -> Vec<FindingDiff> {
    let mut left: Vec<Option<&_>> = old.findings.iter().map(Some).collect();
    let mut take = |same: &dyn Fn(&bundlescope_engine::Finding) -> bool| {
        left.iter_mut().find(|slot| slot.is_some_and(same)).and_then(Option::take)
    };
    // Those of the same id first, so that none of them is taken for one that moved.
    let mut fates: Vec<Option<(Fate, Text)>> = new
        .findings
        .iter()
        .map(|finding| take(&|known| known.id == finding.id).map(|_| (Fate::Unchanged, Text::default())))
        .collect();
    for (fate, finding) in fates.iter_mut().zip(&new.findings).filter(|(fate, _)| fate.is_none()) {
        let moved = take(&|known| known.rule == finding.rule && known.subjects == finding.subjects);
        *fate = moved.map(|known| (Fate::Moved, known.node.clone()));
    }
    let mut all: Vec<FindingDiff> = new
        .findings
        .iter()
        .zip(fates)
        .map(|(finding, fate)| {
            let (fate, from) = fate.unwrap_or((Fate::New, Text::default()));
            FindingDiff { fate, finding: finding.clone(), from }
        })
        .collect();
    let gone = left.into_iter().flatten();
    all.extend(gone.map(|finding| FindingDiff { fate: Fate::Gone, finding: finding.clone(), from: Text::default() }));
    // Stable: within each fate the order of the diagnoses.
    all.sort_by_key(|diff| diff.fate);
    all
}

/// A change with the places that state it.
struct Draft {
    change: Change,
    old: Option<(Text, u32)>,
    new: Option<(Text, u32)>,
}

/// Facts of one host and kind that one document form shows, by what they are about.
type Rows<'f> = BTreeMap<Vec<String>, Vec<&'f Fact>>;
/// By the index of the spec, host and group.
type Groups<'f> = BTreeMap<(usize, Text, String), Rows<'f>>;

fn changes(old: &[Fact], new: &[Fact], hosts: &Hosts) -> (Vec<Draft>, Vec<NotCompared>) {
    let (olds, news) = (groups(old, hosts), groups(new, hosts));
    let (shown_old, shown_new) = (shown(old, hosts), shown(new, hosts));
    let mut drafts = Vec::new();
    let mut not_compared = BTreeSet::new();
    let keys: BTreeSet<_> = olds.keys().chain(news.keys()).collect();
    let none = Rows::new();
    for key in keys {
        let (index, host, group) = key;
        let Some(spec) = SPECS.get(*index) else { continue };
        let known = |rows: &Groups<'_>, shown: &BTreeSet<_>| {
            rows.contains_key(key) || shown.contains(&(*index, host.clone(), group.clone()))
        };
        match (known(&olds, &shown_old), known(&news, &shown_new)) {
            (true, true) => {
                let (a, b) = (olds.get(key).unwrap_or(&none), news.get(key).unwrap_or(&none));
                compare(spec, host, a, b, &mut drafts);
            }
            (old_known, _) => {
                let what = if group.is_empty() { spec.kind.to_owned() } else { format!("{} ({group})", spec.kind) };
                let missing_in = if old_known { "new" } else { "old" };
                not_compared.insert(NotCompared {
                    host: host.clone(),
                    what: what.into(),
                    missing_in: missing_in.into(),
                });
            }
        }
    }
    (drafts, not_compared.into_iter().collect())
}

fn groups<'f>(facts: &'f [Fact], hosts: &Hosts) -> Groups<'f> {
    let mut groups: Groups<'f> = BTreeMap::new();
    for fact in facts.iter().filter(|fact| compared(fact)) {
        let Some(index) = SPECS.iter().position(|spec| spec.kind == fact.kind()) else { continue };
        let Some(spec) = SPECS.get(index) else { continue };
        let identity = spec.identity.iter().map(|field| identity(fact, field)).collect();
        let rows = groups.entry((index, hosts.name(&fact.node), group(fact))).or_default();
        rows.entry(identity).or_default().push(fact);
    }
    groups
}

/// A field that names a thing. A document goes by its last name, as the folders of two bundles have two names.
fn identity(fact: &Fact, field: &str) -> String {
    let value = fact.get(field);
    match (field, &value) {
        (_, Value::Null) => String::new(),
        // What is not printed is zero.
        ("metric", Value::Int(0)) => String::new(),
        ("document", Value::Text(path)) => path.rsplit('/').next().unwrap_or_default().to_owned(),
        _ => value.to_string(),
    }
}

/// What documents show as a whole: a table of a firewall by the command that prints it.
fn group(fact: &Fact) -> String {
    let firewall = |container: &Option<Text>, family: &str, backend: &str, form: &str, table: &str| {
        let inside = container.as_ref().map(|name| format!(" in {name}")).unwrap_or_default();
        format!("{form} {family} {backend} {table}{inside}")
    };
    match &fact.data {
        Data::FirewallRule(it) => {
            firewall(&it.container, it.family.word(), it.backend.word(), it.form.word(), &it.table)
        }
        Data::FirewallChain(it) => {
            firewall(&it.container, it.family.word(), it.backend.word(), it.form.word(), &it.table)
        }
        Data::FirewallTable(it) => {
            firewall(&it.container, it.family.word(), it.backend.word(), it.form.word(), &it.table)
        }
        _ => match fact.get("container") {
            // What a container's own commands show; what names a container is the host's.
            Value::Text(name)
                if !matches!(fact.data, Data::Endpoint(_) | Data::PublishedPort(_)) && !name.is_empty() =>
            {
                format!("in {name}")
            }
            _ => String::new(),
        },
    }
}

/// Groups that documents show although they may hold nothing.
fn shown(facts: &[Fact], hosts: &Hosts) -> BTreeSet<(usize, Text, String)> {
    let mut shown = BTreeSet::new();
    for fact in facts {
        let kinds: &[&str] = match &fact.data {
            Data::FirewallTable(table) if !table.saved => &["firewall_rule", "firewall_chain"],
            Data::ListenerList(_) => &["listener"],
            // A container without ports and networks is still shown.
            Data::Container(container) if container.inspected => &["published_port", "endpoint"],
            _ => continue,
        };
        for kind in kinds {
            if let Some(index) = SPECS.iter().position(|spec| spec.kind == *kind) {
                let group = if fact.kind() == "container" { String::new() } else { group(fact) };
                shown.insert((index, hosts.name(&fact.node), group));
            }
        }
    }
    shown
}

/// Whether a fact is state that stays until somebody changes it.
fn compared(fact: &Fact) -> bool {
    let passing = |name: &str| name.starts_with("veth");
    match &fact.data {
        Data::FirewallRule(rule) => !rule.saved,
        Data::FirewallChain(chain) => !chain.saved && chain.policy.is_some(),
        Data::Route(route) => !matches!(route.kind.word(), "local" | "broadcast" | "multicast" | "anycast"),
        Data::Address(address) => !passing(&address.interface),
        Data::Interface(interface) => !passing(&interface.name),
        Data::Sysctl(sysctl) => !COUNTERS.iter().any(|counter| sysctl.key.starts_with(counter)),
        // Clients of datagrams hold such ports for a moment.
        Data::Listener(listener) => !(listener.proto.word() == "udp" && listener.port >= 32_768),
        Data::Unit(unit) => [".service", ".socket", ".mount", ".timer"].iter().any(|end| unit.name.ends_with(end)),
        _ => true,
    }
}

/// `net.ipv4.conf.eth0.rp_filter` and its like.
fn of_interface(key: &str) -> bool {
    key.strip_prefix("net.ipv").is_some_and(|rest| rest.contains(".conf.") || rest.contains(".neigh."))
}

fn compare(spec: &Spec, host: &Text, old: &Rows<'_>, new: &Rows<'_>, drafts: &mut Vec<Draft>) {
    let keys: BTreeSet<&Vec<String>> = old.keys().chain(new.keys()).collect();
    let place = |fact: &Fact| (fact.source.document.clone(), fact.source.first_line);
    for key in keys {
        let (a, b) = (old.get(key).map_or(&[][..], Vec::as_slice), new.get(key).map_or(&[][..], Vec::as_slice));
        let of = |change: ChangeKind, old: Option<&Fact>, new: Option<&Fact>, fields: Vec<FieldChange>| {
            let (old, new) = (old.map(place), new.map(place));
            let told = |place: &Option<(Text, u32)>| {
                place.as_ref().map_or_else(Text::default, |(document, line)| format!("{document}:{line}").into())
            };
            let change = Change {
                change,
                kind: spec.kind.into(),
                host: host.clone(),
                what: what(spec, key),
                fields,
                old: told(&old),
                new: told(&new),
                findings: Vec::new(),
            };
            Draft { change, old, new }
        };
        if spec.kind == "firewall_rule" {
            // A chain may hold a rule twice, and each of them counts.
            a.iter().skip(b.len()).for_each(|fact| drafts.push(of(ChangeKind::Removed, Some(fact), None, Vec::new())));
            b.iter().skip(a.len()).for_each(|fact| drafts.push(of(ChangeKind::Added, None, Some(fact), Vec::new())));
            continue;
        }
        // The settings of an interface come and go with it, which is told of the interface itself.
        if spec.kind == "sysctl" && (a.is_empty() || b.is_empty()) && key.iter().any(|part| of_interface(part)) {
            continue;
        }
        match (telling(a), telling(b)) {
            (Some(fact), None) => drafts.push(of(ChangeKind::Removed, Some(fact), None, Vec::new())),
            (None, Some(fact)) => drafts.push(of(ChangeKind::Added, None, Some(fact), Vec::new())),
            (Some(a), Some(b)) => {
                let fields = fields(spec, a, b);
                if !fields.is_empty() {
                    drafts.push(of(ChangeKind::Changed, Some(a), Some(b), fields));
                }
            }
            (None, None) => {}
        }
    }
    if spec.kind == "firewall_rule" {
        orders(host, old, new, drafts);
    }
}

/// Chains in which the rules that both bundles have stand in another order.
fn orders(host: &Text, old: &Rows<'_>, new: &Rows<'_>, drafts: &mut Vec<Draft>) {
    type Chain = (String, Vec<(u32, usize)>);
    let both: Vec<&Vec<String>> = old.keys().filter(|key| new.contains_key(*key)).collect();
    let sequence = |rows: &Rows<'_>| {
        let mut chains: BTreeMap<String, Chain> = BTreeMap::new();
        for (index, key) in both.iter().enumerate() {
            for fact in rows.get(*key).into_iter().flatten().take(1) {
                let Data::FirewallRule(rule) = &fact.data else { continue };
                let place = format!("{}:{}", fact.source.document, fact.source.first_line);
                let chain = chains.entry(format!("{} of {}", rule.chain, rule.table)).or_insert((place, Vec::new()));
                chain.1.push((rule.number, index));
            }
        }
        chains.values_mut().for_each(|(_, rules)| rules.sort_unstable());
        chains
    };
    let (olds, news) = (sequence(old), sequence(new));
    for (name, (old_place, old_rules)) in &olds {
        let Some((new_place, new_rules)) = news.get(name) else { continue };
        if old_rules.iter().map(|(_, rule)| rule).eq(new_rules.iter().map(|(_, rule)| rule)) {
            continue;
        }
        let text = |rules: &[(u32, usize)]| {
            let texts = rules.iter().filter_map(|(_, index)| both.get(*index)?.last());
            texts.map(String::as_str).collect::<Vec<_>>().join("; ")
        };
        let change = Change {
            change: ChangeKind::Changed,
            kind: "firewall_rule".into(),
            host: host.clone(),
            what: format!("order of the rules in {name}"),
            fields: vec![FieldChange { field: "number".into(), old: text(old_rules), new: text(new_rules) }],
            old: old_place.as_str().into(),
            new: new_place.as_str().into(),
            findings: Vec::new(),
        };
        drafts.push(Draft { change, old: None, new: None });
    }
}

/// Of several facts about one thing the one that says most.
fn telling<'f>(facts: &[&'f Fact]) -> Option<&'f Fact> {
    let inspected = |fact: &&&Fact| fact.get("inspected") == Value::Bool(true);
    facts.iter().find(inspected).or(facts.first()).copied()
}

fn fields(spec: &Spec, old: &Fact, new: &Fact) -> Vec<FieldChange> {
    let mut changes = Vec::new();
    let full = |fact: &Fact| fact.get("inspected") != Value::Bool(false);
    for field in spec.watched {
        let (a, b) = (old.get(field), new.get(field));
        // A list's row does not tell everything.
        let told = full(old) && full(new) || matches!(*field, "id" | "image" | "status");
        if a == b || !told {
            continue;
        }
        match (&a, &b) {
            (Value::Text(a), Value::Text(b)) if *field == "id" && (a.starts_with(&**b) || b.starts_with(&**a)) => {}
            (Value::Map(a), Value::Map(b)) => {
                let names: BTreeSet<&Text> = a.keys().chain(b.keys()).collect();
                for name in names {
                    let (a, b) = (a.get(name).unwrap_or(&Value::Null), b.get(name).unwrap_or(&Value::Null));
                    if a != b {
                        changes.push(change(&format!("{field}.{name}"), a, b));
                    }
                }
            }
            _ => changes.push(change(field, &a, &b)),
        }
    }
    changes
}

fn change(field: &str, old: &Value, new: &Value) -> FieldChange {
    let told = |value: &Value| if value.is_null() { String::new() } else { value.to_string() };
    FieldChange { field: field.into(), old: told(old), new: told(new) }
}

/// What a thing is, in words.
fn what(spec: &Spec, key: &[String]) -> String {
    let part = |field: &str| {
        let at = spec.identity.iter().position(|name| *name == field)?;
        key.get(at).filter(|value| !value.is_empty()).map(String::as_str)
    };
    let inside = match spec.kind {
        "endpoint" | "published_port" => String::new(),
        _ => part("container").map(|name| format!(" in {name}")).unwrap_or_default(),
    };
    let of = |field: &str| part(field).unwrap_or_default();
    let told = match spec.kind {
        "firewall_chain" => format!("chain {} of {}", of("chain"), of("table")),
        "firewall_rule" => format!("{} ({} of {})", of("text"), of("chain"), of("table")),
        "route" => {
            let metric = part("metric").map(|metric| format!(" metric {metric}")).unwrap_or_default();
            let table = part("table").filter(|table| *table != "main").map(|table| format!(" table {table}"));
            format!("route {}{metric}{}", of("destination"), table.unwrap_or_default())
        }
        "sysctl" if of("configured") == "true" => format!("configured {}", of("key")),
        "sysctl" => of("key").to_owned(),
        "endpoint" => format!("{} on network {}", of("container"), of("network")),
        "published_port" => {
            let host =
                [part("host_address"), part("host_port")].into_iter().flatten().collect::<Vec<_>>().join(" port ");
            format!("port {}/{} of {} at {host}", of("container_port"), of("proto"), of("container"))
        }
        "listener" => format!("listener {} {} port {}", of("proto"), of("address"), of("port")),
        kind => {
            let named = spec.identity.iter().filter(|field| **field != "container").filter_map(|field| part(field));
            let named: Vec<&str> = named.filter(|value| *value != "false").collect();
            format!("{} {}", kind.replace('_', " "), named.join(" "))
        }
    };
    format!("{}{inside}", told.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Rulebook, load_texts};

    fn rules() -> Rulebook {
        Rulebook::new(Pack::load_sources(&[]).0).unwrap()
    }

    fn compared(old: &[(&str, &str)], new: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
        let rules = rules();
        let load = |files: &[(&str, &str)]| {
            let files: Vec<(Text, Text)> = files.iter().map(|(path, text)| ((*path).into(), (*text).into())).collect();
            load_texts(&files, &rules)
        };
        let diff = diff(load(old), load(new), rules.pack());
        let told = diff.changes.iter().map(|change| {
            let fields: Vec<String> =
                change.fields.iter().map(|field| format!("{}: {} -> {}", field.field, field.old, field.new)).collect();
            format!("{:?} {} [{}] {} {}", change.change, change.what, fields.join(", "), change.old, change.new)
        });
        let missing = diff.not_compared.iter().map(|one| format!("{} in {}", one.what, one.missing_in));
        (told.collect(), missing.collect())
    }

    const RULES: &str =
        "*filter\n:INPUT ACCEPT [1:2]\n-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n-A INPUT -i lo -j ACCEPT\nCOMMIT\n";

    #[test]
    fn rules_that_came_and_went_and_changed_places() {
        let new = RULES.replace("[1:2]", "[7:9]").replace("-A INPUT -i lo", "-A INPUT -j DROP\n-A INPUT -i lo");
        let (told, missing) = compared(&[("iptables-save", RULES)], &[("iptables-save", &new)]);
        assert_eq!(told, ["Added -A INPUT -j DROP (INPUT of filter) []  iptables-save:4"]);
        assert_eq!(missing, [""; 0]);
        let turned = "*filter\n:INPUT DROP [1:2]\n-A INPUT -i lo -j ACCEPT\n-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\nCOMMIT\n";
        let (told, _) = compared(&[("iptables-save", RULES)], &[("iptables-save", turned)]);
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].contains("chain INPUT of filter [policy: ACCEPT -> DROP]"), "{told:?}");
        assert!(told[1].contains("order of the rules in INPUT of filter"), "{told:?}");
    }

    #[test]
    fn what_one_bundle_does_not_show_did_not_change() {
        let (told, missing) = compared(&[("iptables-save", RULES)], &[("sysctl-a", "net.ipv4.ip_forward = 1\n")]);
        assert_eq!(told, [""; 0]);
        assert!(missing.iter().any(|one| one.starts_with("firewall_rule") && one.ends_with("in new")), "{missing:?}");
        assert!(missing.iter().any(|one| one == "sysctl in old"), "{missing:?}");
    }

    #[test]
    fn routes_and_settings() {
        let route = |gateway: &str| {
            format!("default via {gateway} dev eth0 \n10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.5 \n")
        };
        let (told, _) = compared(
            &[("ip_route", &route("10.0.0.1")), ("sysctl_-a", "net.ipv4.ip_forward = 1\nfs.file-nr = 1 0 9\n")],
            &[("ip_route", &route("10.0.0.2")), ("sysctl_-a", "net.ipv4.ip_forward = 0\nfs.file-nr = 2 0 9\n")],
        );
        assert_eq!(
            told,
            [
                "Changed route 0.0.0.0/0 [gateway: 10.0.0.1 -> 10.0.0.2] ip_route:1 ip_route:1",
                "Changed net.ipv4.ip_forward [value: 1 -> 0] sysctl_-a:1 sysctl_-a:1"
            ]
        );
    }
}
