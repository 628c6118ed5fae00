use super::*;
use crate::firewall::differential::{chains, read, rules, tables};

const HEADER: &str = " pkts bytes target     prot opt in     out     source               destination         ";

/// A listing of some chains; that others are missing is not its subject.
fn listing(lines: &[&str]) -> Parsed {
    let mut parsed = read("iptables-L", "firewall.txt", &lines.join("\n"));
    parsed.problems.retain(|problem| !problem.message.starts_with("expected the whole table"));
    parsed
}

#[test]
fn a_part_of_a_table_is_told() {
    let parsed = read("iptables-L", "x", &format!("Chain INPUT (policy DROP 0 packets, 0 bytes)\n{HEADER}\n"));
    let told: Vec<_> = parsed.problems.iter().map(|problem| (problem.line, problem.message.as_str())).collect();
    assert_eq!(told, [(1, "expected the whole table filter, found no chain FORWARD, OUTPUT")]);
}

fn table_names(parsed: &Parsed) -> Vec<(String, Family)> {
    tables(parsed).iter().map(|table| (table.table.to_string(), table.family)).collect()
}

#[test]
fn chains_have_policies_counters_and_references() {
    let parsed = listing(&[
        "Chain INPUT (policy DROP 12M packets, 3G bytes)",
        HEADER,
        "",
        "Chain DOCKER (2 references)",
        HEADER,
    ]);
    let found: Vec<_> = chains(&parsed)
        .iter()
        .map(|chain| (chain.chain.to_string(), chain.policy.clone(), chain.packets, chain.bytes, chain.references))
        .collect();
    assert_eq!(
        found,
        [
            ("INPUT".to_owned(), Some("DROP".into()), Some(12_000_000), Some(3_000_000_000), None),
            ("DOCKER".to_owned(), None, None, None, Some(2)),
        ]
    );
    assert_eq!(chains(&parsed)[0].hook.as_deref(), Some("input"));
}

#[test]
fn a_rule_knows_its_line_and_its_columns() {
    let parsed = listing(&[
        "Chain FORWARD (policy DROP 0 packets, 0 bytes)",
        HEADER,
        "    5   300 DOCKER     all  --  *      !docker0  10.0.0.0/8          !172.17.0.2           tcp dpt:80 /* web */",
    ]);
    let rule = rules(&parsed)[0];
    assert_eq!(
        &*rule.text,
        "-A FORWARD -s 10.0.0.0/8 ! -d 172.17.0.2/32 ! -o docker0 -m tcp --dport 80 -m comment --comment web -j DOCKER"
    );
    assert_eq!(
        (rule.out_interface.as_deref(), rule.destination.as_deref()),
        (Some("!docker0"), Some("!172.17.0.2/32"))
    );
    assert_eq!((rule.target.as_deref(), rule.comment.as_deref(), rule.number), (Some("DOCKER"), Some("web"), 1));
    assert_eq!((rule.packets, rule.bytes), (Some(5), Some(300)));
    assert_eq!(parsed.facts[2].source.first_line, 3);
}

#[test]
fn several_tables_in_one_document_are_told_apart() {
    let chain = |name: &str| format!("Chain {name} (policy ACCEPT 0 packets, 0 bytes)\n{HEADER}\n");
    let all = |names: &[&str]| names.iter().map(|name| chain(name)).collect::<String>();
    let filter = all(&["INPUT", "FORWARD", "OUTPUT"]) + "Chain DOCKER (0 references)\n" + HEADER + "\n";
    let nat = all(&["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"]);
    let mangle = all(&["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"]);
    let raw = all(&["PREROUTING", "OUTPUT"]);
    let parsed = read("iptables-L", "firewall.txt", &(filter.clone() + &nat + &mangle + &raw));
    let names: Vec<_> = table_names(&parsed).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["filter", "nat", "mangle", "raw"]);

    let headed = format!("Table: security\n{filter}# ip6tables -t nat -L -n -v\n{nat}=== mangle ===\n{mangle}");
    let parsed = read("iptables-L", "firewall.txt", &headed);
    let six = |name: &str| (name.to_owned(), Family::Ip6);
    assert_eq!(
        table_names(&parsed),
        [("security".to_owned(), Family::Ip), six("nat"), ("mangle".to_owned(), Family::Ip)]
    );
}

#[test]
fn the_path_names_the_table_unless_the_chains_contradict() {
    let security = "Chain INPUT (policy ACCEPT)\ntarget     prot opt source               destination\n";
    let table = |path: &str| table_names(&read("iptables-L", path, security))[0].0.clone();
    assert_eq!(table("sos_commands/firewall_tables/iptables_-t_security_-nvL"), "security");
    assert_eq!(table("iptables_-t_raw_-nvL"), "filter");
    assert_eq!(table("firewall_tables/iptables_-vnxL"), "filter");
}

#[test]
fn what_a_listing_does_not_show_is_not_known() {
    let parsed = listing(&[
        "Chain INPUT (policy ACCEPT)",
        "num  target     prot opt source               destination",
        "1    DROP       all  --  gateway.example      anywhere             ",
    ]);
    let rule = rules(&parsed)[0];
    let modules: Vec<_> = rule
        .steps
        .matches()
        .map(|test| match &test.test {
            bundlescope_facts::firewall::Test::Unknowable { module, .. } => module.to_string(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(modules, ["address", "interface"]);
    assert_eq!(&*rule.text, "-A INPUT -s gateway.example -j DROP");
    assert_eq!(parsed.problems, []);
}

#[test]
fn what_cannot_be_read_is_told_and_keeps_its_place() {
    let parsed = listing(&[
        "Chain INPUT (policy ACCEPT 0 packets, 0 bytes)",
        HEADER,
        "    0     0 ACCEPT     6    --  *      *       0.0.0.0/0            0.0.0.0/0            frobnicate 5 tcp dpt:22",
        "    0     0 ACC",
        "    0     0 DROP       0    --  *      *       0.0.0.0/0            0.0.0.0/0           ",
    ]);
    let told: Vec<_> = parsed.problems.iter().map(|problem| (problem.line, problem.message.as_str())).collect();
    assert_eq!(
        told,
        [
            (3, "expected what a match module or \"ACCEPT\" prints, found \"[frobnicate 5]\""),
            (4, "expected a protocol in a rule of iptables -L, found \"    0     0 ACC\""),
        ]
    );
    let texts: Vec<_> = rules(&parsed).iter().map(|rule| (rule.number, rule.text.to_string())).collect();
    assert_eq!(
        texts,
        [
            (1, "-A INPUT -p tcp [frobnicate 5] -m tcp --dport 22 -j ACCEPT".to_owned()),
            (2, "-A INPUT [0     0 ACC]".to_owned()),
            (3, "-A INPUT -j DROP".to_owned()),
        ]
    );
}

#[test]
fn an_empty_line_ends_a_chain() {
    let parsed = listing(&[
        "Chain INPUT (policy ACCEPT 0 packets, 0 bytes)",
        HEADER,
        "    0     0 DROP       0    --  *      *       0.0.0.0/0            0.0.0.0/0           ",
        "",
        "Collected by the support team, see the other files.",
        "-P INPUT ACCEPT",
    ]);
    assert_eq!(parsed.problems, []);
    assert_eq!(rules(&parsed).len(), 1);
}

#[test]
fn names_of_addresses_that_every_host_has() {
    let parsed = listing(&[
        "Chain INPUT (policy ACCEPT 0 packets, 0 bytes)",
        HEADER,
        "    0     0 DROP       all  --  any    any     default              base-address.mcast.net/4",
        "    0     0 DROP       all  --  any    any     localhost           !anywhere            ",
    ]);
    let texts: Vec<_> = rules(&parsed).iter().map(|rule| rule.text.to_string()).collect();
    assert_eq!(
        texts,
        ["-A INPUT -s 0.0.0.0/32 -d 224.0.0.0/4 -j DROP", "-A INPUT -s 127.0.0.1/32 ! -d 0.0.0.0/0 -j DROP"]
    );
}

#[test]
fn prints_of_older_versions() {
    let parsed = listing(&[
        "Chain INPUT (policy ACCEPT 0 packets, 0 bytes)",
        HEADER,
        "    0     0 ACCEPT     icmp --  *      *       0.0.0.0/0            0.0.0.0/0           icmp type 8 code 0 ",
        "    0     0 ACCEPT     tcp  --  *      *       0.0.0.0/0            0.0.0.0/0           state NEW tcp dpt:22 ",
        "    0     0 LOG        all  --  *      *       0.0.0.0/0            0.0.0.0/0           LOG flags 0 level 4 prefix `drop: ' ",
        "    0     0 MARK       all  --  *      *       0.0.0.0/0            0.0.0.0/0           MARK match 0x1 MARK set 0x2",
    ]);
    assert_eq!(parsed.problems, []);
    let texts: Vec<_> = rules(&parsed).iter().map(|rule| rule.text.to_string()).collect();
    assert_eq!(
        texts,
        [
            "-A INPUT -p icmp -m icmp --icmp-type 8/0 -j ACCEPT",
            "-A INPUT -p tcp -m state --state NEW -m tcp --dport 22 -j ACCEPT",
            "-A INPUT -j LOG --log-prefix \"drop: \"",
            "-A INPUT -m mark --mark 0x1 -j MARK --set-xmark 0x2/0xffffffff",
        ]
    );
}

proptest::proptest! {
    #[test]
    fn no_line_makes_it_panic(lines in proptest::collection::vec("[ -~\u{e9}]{0,60}", 0..12), detail in "[ -~]{0,80}") {
        let text = format!(
            "Chain INPUT (policy ACCEPT 0 packets, 0 bytes)\n{HEADER}\n    0     0 LOG 6 -- * * 0.0.0.0/0 0.0.0.0/0 {detail}\n{}",
            lines.join("\n")
        );
        let parsed = read("iptables-L", "x", &text);
        proptest::prop_assert!(rules(&parsed).iter().all(|rule| rule.text.starts_with("-A INPUT")));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..400)) {
        let parsed = parse(&Document::new("x", &bytes));
        proptest::prop_assert!(parsed.facts.is_empty() || !bytes.is_empty());
    }

    #[test]
    fn words_of_listings_in_any_order(words in proptest::collection::vec(proptest::sample::select(vec![
        "tcp", "dpt:80", "ctstate", "NEW", "!", "ADDRTYPE", "match", "dst-type", "LOCAL", "/*", "*/", "limit:", "avg", "recent:",
        "owner", "UID", "STRING", "\"x\"", "ALGO", "name", "policy", "dir", "to:1.2.3.4", "reject-with", "[goto]", "flags:0x17/0x02",
        "MARK", "set", "0x1", "match-set", "a", "src", "icmptype", "8", "code", "#conn", "src/24", ">", "é", "--physdev-in",
    ]), 0..20)) {
        let text = format!(
            "Chain INPUT (policy ACCEPT 0 packets, 0 bytes)\n{HEADER}\n    0     0 DNAT 6 -- * * 0.0.0.0/0 0.0.0.0/0 {}",
            words.join(" ")
        );
        proptest::prop_assert_eq!(rules(&read("iptables-L", "x", &text)).len(), 1);
    }
}
