//! Documents of the network that no rule matches on: recognised, so that they are not searched as if they were logs, and no fact is
//! made of them. `ethtool -a`, `-c`, `-g`, `-m`, `-P`, `-T`, `--show-priv-flags` and what else it prints; /proc/net/{igmp,igmp6,dev_mcast,netlink,packet,
//! protocols,unix,softnet_stat}, /proc/net/sctp/*, /proc/net/netfilter/nfnetlink_queue; `nmcli connection show NAME`,
//! `nmcli general`; ifcfg files; `teamdctl DEV state dump`, `ovs-vsctl show`, `wg show`, `ip mroute`, `ip vrf`, `ip nexthop`, `bridge mdb`,
//! `host -C`, `ufw app info`, and the lists of firewall-cmd.

use crate::document::{Document, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words::{most_lines, subject_is};

/// The format.
pub(crate) static DETAIL: Format =
    Format { name: "network-detail", collect: "", kinds: &[], detect, parse: |_: &Document<'_>| Parsed::default() };

/// How documents begin whose first line is always the same words, runs of blanks squeezed.
const HEADINGS: &[&str] = &[
    // ethtool.
    "Pause parameters for ",
    "Coalesce parameters for ",
    "Ring parameters for ",
    "Channel parameters for ",
    "Time stamping parameters for ",
    "Private flags for ",
    "EEE settings for ",
    "EEE Settings for ",
    "RX flow hash indirection table for ",
    "ethtool: bad command line argument(s)",
    // /proc/net.
    "Idx Device : Count Querier",
    "sk Eth Pid Groups Rmem",
    "sk RefCnt Type Proto Iface",
    "protocol size sockets memory press",
    "Num RefCount Protocol Flags Type St Inode",
    "ENDPT SOCK STY SST",
    "ASSOC SOCK STY SST",
    "ADDR ASSOC_ID HB_ACT RTO",
    // NetworkManager.
    "RUNNING VERSION STATE STARTUP CONNECTIVITY",
    "STATE CONNECTIVITY WIFI-HW WIFI",
    "PERMISSION VALUE",
];

/// The first line that is not a complaint of the tool, its blanks squeezed.
fn heading(head: &str) -> String {
    let complaint = |line: &&str| line.starts_with("Cannot get ") || line.starts_with("netlink error");
    let mut lines = head.lines().filter(|line| !line.trim().is_empty());
    let line = lines.clone().find(|line| !complaint(line)).or_else(|| lines.next()).unwrap_or_default();
    line.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}

fn detect(hint: &Hint<'_>) -> Match {
    let heading = heading(hint.head);
    let headed = HEADINGS.iter().any(|known| heading.starts_with(known))
        || hint.head.lines().all(|line| line.starts_with("Cannot get ") && line.contains(": Operation not supported"));
    let content = headed
        || module(&heading)
        || connection(hint.head)
        || app(hint.head)
        || most_lines(hint.head, queue)
        || most_lines(hint.head, member)
        || most_lines(hint.head, softnet)
        || most_lines(hint.head, wireguard) && hint.head.contains("\t(none)\t")
        || heading.starts_with("interface: ") && hint.head.contains("public key: ")
        || heading.starts_with("setup: ") && hint.head.contains("runner: ")
        || ovs(hint.head)
        || host_soa(hint.head)
        || ifcfg(hint.head);
    Match::of(content, named(hint)).max(if named(hint) { Match::Path } else { Match::No })
}

fn named(hint: &Hint<'_>) -> bool {
    const COMMANDS: &[&[&str]] = &[
        &["ip", "mroute"],
        &["ip", "nexthop"],
        &["ip", "netconf"],
        &["ip", "ntable"],
        &["ip", "addrlabel"],
        &["ip", "token"],
        &["ip", "tcp_metrics"],
        &["ethtool"],
        &["ip", "vrf"],
        &["ip", "tunnel"],
        &["ip", "xfrm"],
        &["ip", "macsec"],
        &["bridge", "mdb"],
        &["nmcli", "general"],
        &["ufw", "app"],
        &["wg"],
        &["teamdctl"],
        &["ovs-vsctl"],
        &["ovs-ofctl"],
    ];
    const FILES: &[&str] = &[
        "igmp",
        "igmp6",
        "dev_mcast",
        "netlink",
        "packet",
        "protocols",
        "unix",
        "softnet_stat",
        "ptype",
        "psched",
        "mcfilter",
        "mcfilter6",
        "ip_mr_cache",
        "ip_mr_vif",
        "ip6_mr_cache",
        "ip6_mr_vif",
        "fib_trie",
        "fib_triestat",
        "connector",
        "wireless",
        "ip6_flowlabel",
        "anycast6",
        "rt6_stats",
        "rt_cache",
        "udp_diag",
        "xfrm_stat",
        "ip_tables_matches",
        "ip_tables_names",
        "ip_tables_targets",
        "ip6_tables_matches",
        "ip6_tables_names",
        "ip6_tables_targets",
        "nf_conntrack_expect",
    ];
    let file = hint.subject.strip_prefix("/proc/net/");
    let lists = ["--list-ports", "--list-rich-rules", "--list-services", "--list-sources", "--get-"];
    COMMANDS.iter().any(|words| subject_is(hint.subject, words))
        || file.is_some_and(|file| {
            FILES.contains(&file)
                || ["sctp/", "stat/", "netfilter/", "dev_snmp6/"].iter().any(|folder| file.starts_with(folder))
        })
        || hint.subject.starts_with("/etc/sysconfig/network-scripts/ifcfg-")
        || subject_is(hint.subject, &["firewall-cmd"]) && lists.iter().any(|list| hint.subject.contains(list))
}

/// `Identifier : 0x03 (SFP)` of `ethtool -m`.
fn module(heading: &str) -> bool {
    heading.starts_with("Identifier : 0x")
}

/// `connection.id:   ens33` of `nmcli connection show NAME`.
fn connection(head: &str) -> bool {
    let mut lines = head.lines().filter(|line| !line.trim().is_empty());
    lines.next().is_some_and(|line| line.starts_with("connection.id:"))
        && lines.next().is_some_and(|line| line.starts_with("connection.uuid:"))
}

/// `Profile: OpenSSH`, `Title: …` of `ufw app info`.
fn app(head: &str) -> bool {
    let mut lines = head.lines().filter(|line| !line.trim().is_empty());
    lines.next().is_some_and(|line| line.starts_with("Profile: "))
        && lines.next().is_some_and(|line| line.starts_with("Title: "))
}

/// A row of nfnetlink_queue: nine numbers, the second of which, the port of the socket, may be negative; 65535 is the most that is copied.
fn queue(line: &str) -> bool {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    words.len() == 9 && words.iter().all(|word| word.parse::<i64>().is_ok()) && words.get(8) == Some(&"1")
}

/// A row of dev_mcast: index, interface, two counters and the address without colons.
fn member(line: &str) -> bool {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let [index, _, users, global, address] = words[..] else { return false };
    [index, users, global].iter().all(|word| word.parse::<u32>().is_ok())
        && address.len() == 12
        && address.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A row of softnet_stat: nine and more words of eight hexadecimal digits.
fn softnet(line: &str) -> bool {
    let mut words = line.split_ascii_whitespace();
    words.clone().count() >= 9 && words.all(|word| word.len() == 8 && word.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// A row of `wg show all dump`: an interface and keys of 32 bytes in Base64.
fn wireguard(line: &str) -> bool {
    let mut cells = line.split('\t').skip(1);
    cells.next().is_some_and(|key| key.len() == 44 && key.ends_with('=')) && cells.count() >= 3
}

/// The database of Open vSwitch: its id, then bridges below it.
fn ovs(head: &str) -> bool {
    let mut lines = head.lines();
    let id = lines.next().is_some_and(|line| line.len() == 36 && line.matches('-').count() == 4);
    id && lines.next().is_some_and(|line| line.starts_with("    Bridge ") || line.starts_with("    Manager "))
}

/// `Nameserver 192.36.125.2:` of `host -C`.
fn host_soa(head: &str) -> bool {
    head.starts_with("Nameserver ") && head.contains(" has SOA record ")
}

/// A file of an interface in /etc/sysconfig/network-scripts.
fn ifcfg(head: &str) -> bool {
    let lines = || head.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let has =
        |key: &str| lines().any(|line| line.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with('=')));
    let settings = lines().all(|line| {
        line.split_once('=').is_some_and(|(key, _)| {
            let key = key.trim();
            key.starts_with(|c: char| c.is_ascii_uppercase())
                && key.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
        })
    });
    settings && (has("DEVICE") || has("NAME") || has("TYPE")) && (has("BOOTPROTO") || has("ONBOOT"))
}
