use bundlescope_facts::firewall::{Action, Elements, Key, Side, Step, Test};
use bundlescope_facts::{Data, FirewallRule, IpSet};

use super::*;
use crate::firewall::differential::{chains, folder, read, rules, tables};

/// One rule in a chain of an inet table.
fn rule(text: &str) -> FirewallRule {
    let document = format!("table inet t {{\n\tchain c {{\n\t\t{text}\n\t}}\n}}\n");
    let parsed = read("nft", "x", &document);
    assert_eq!(parsed.problems, [], "{text}");
    rules(&parsed)[0].clone()
}

fn sets(parsed: &Parsed) -> Vec<&IpSet> {
    let facts = parsed.facts.iter();
    facts.filter_map(|fact| if let Data::IpSet(set) = &fact.data { Some(set.as_ref()) } else { None }).collect()
}

fn actions(rule: &FirewallRule) -> Vec<&Action> {
    rule.steps.actions().collect()
}

#[test]
fn tables_chains_and_sets_are_facts() {
    let text = std::fs::read_to_string(folder().join("native/nft")).unwrap();
    let parsed = read("nft", "12-nft.txt", &text);
    assert_eq!(parsed.problems, []);
    let tables: Vec<_> = tables(&parsed)
        .into_iter()
        .map(|table| (table.family.word(), &*table.table, table.compat, table.dormant, table.complete))
        .collect();
    assert_eq!(
        tables,
        [
            ("inet", "filter", false, false, true),
            ("inet", "nat", false, false, true),
            ("ip", "dormant", false, true, true),
            ("bridge", "br", false, false, true),
            ("arp", "a", false, false, true),
            ("netdev", "n", false, false, true),
        ]
    );
    let base: Vec<_> = chains(&parsed)
        .into_iter()
        .filter_map(|chain| Some((&*chain.chain, chain.hook.as_deref()?, chain.priority?, chain.policy.as_deref()?)))
        .collect();
    assert_eq!(
        base,
        [
            ("input", "input", 0, "DROP"),
            ("forward", "forward", 10, "ACCEPT"),
            ("output", "output", -145, "ACCEPT"),
            ("early", "prerouting", -310, "ACCEPT"),
            ("prerouting", "prerouting", -100, "ACCEPT"),
            ("postrouting", "postrouting", 100, "ACCEPT"),
            ("x", "input", 0, "DROP"),
            ("forward", "forward", 0, "ACCEPT"),
            ("input", "input", 0, "ACCEPT"),
            ("ingress", "ingress", -500, "ACCEPT"),
        ]
    );
    let numeric = std::fs::read_to_string(folder().join("native/nft-n")).unwrap();
    for (named, numeric) in rules(&parsed).into_iter().zip(rules(&read("nft", "x", &numeric))) {
        let with_text = |step: &Step| matches!(step, Step::Match(found) if matches!(found.test, Test::Unknowable { .. } | Test::In { .. }));
        if !named.steps.0.iter().any(with_text) && !named.text.contains("vmap") {
            assert_eq!(named.steps, numeric.steps, "{}", named.text);
        }
    }
}

#[test]
fn sets_keep_their_elements_without_what_hangs_on_them() {
    let text = std::fs::read_to_string(folder().join("sets/nft")).unwrap();
    let parsed = read("nft", "x", &text);
    assert_eq!(parsed.problems, []);
    let found = sets(&parsed);
    let set = |name: &str| *found.iter().find(|set| &*set.name == name).unwrap();
    let members = |name: &str| set(name).members.iter().map(|member| member.to_string()).collect::<Vec<_>>();
    assert_eq!(members("timed"), ["10.0.0.1", "10.0.0.2"]);
    assert_eq!(members("counted"), ["10.0.0.1", "10.0.0.2"]);
    assert_eq!(members("plain").len(), 6);
    assert_eq!(members("nets"), ["10.0.0.0/8", "172.16.0.1-172.16.0.9"]);
    assert_eq!(members("names"), ["br-*", "eth0"]);
    assert_eq!(members("empty"), [""; 0]);
    assert_eq!(members("concat"), ["10.0.0.0/8 . tcp . 80-90", "10.0.0.1 . udp . 53"]);
    assert_eq!(&*set("to-port").set_type, "ipv4_addr . inet_service");
    let bundlescope_facts::Value::Map(data) = &set("verdicts").data else { panic!() };
    assert_eq!(data["10.0.0.2"], bundlescope_facts::Value::Text("jump other".into()));
}

#[test]
fn a_rule_has_the_columns_that_a_listing_has() {
    let found = rule(
        r#"iifname "br-*" oifname != "docker0" ip saddr 10.0.0.0/8 ip daddr != 10.0.0.1 tcp dport { 80, 90-99 } counter packets 5 bytes 300 drop comment "no web" # handle 7"#,
    );
    let shown: Vec<_> = [
        "target",
        "protocol",
        "source",
        "destination",
        "in_interface",
        "out_interface",
        "destination_ports",
        "comment",
    ]
    .iter()
    .map(|field| found.get(field))
    .collect();
    let wanted = ["DROP", "tcp", "10.0.0.0/8", "!10.0.0.1/32", "br-+", "!docker0", "80,90:99", "no web"];
    assert_eq!(shown, wanted.map(|word| bundlescope_facts::Value::Text(word.into())));
    assert_eq!((found.packets, found.bytes, found.handle), (Some(5), Some(300), Some(7)));
    assert!(found.text.ends_with("drop comment \"no web\""));
}

#[test]
fn old_forms_mean_the_same() {
    let same = |old: &str, new: &str| assert_eq!(rule(old).steps, rule(new).steps, "{old}");
    same("tcp flags & (fin | syn | rst | ack) == syn accept", "tcp flags syn / fin,syn,rst,ack accept");
    same("tcp flags & (fin|syn) == fin|syn drop", "tcp flags fin,syn / fin,syn drop");
    same("ct state & (established | related) != 0 accept", "ct state established,related accept");
    same("ct state {established,related} accept", "ct state { established, related } accept");
    same("ct state established, related accept", "ct state established,related accept");
    same("mark and 0xff == 0x1 accept", "meta mark & 0x000000ff == 0x00000001 accept");
    same("iif lo accept", "iifname \"lo\" accept");
    same("reject with icmpx type admin-prohibited", "reject with icmpx admin-prohibited");
    same("dnat ip to 10.0.0.1 : 80", "dnat ip to 10.0.0.1:80");
    same("meta mark set mark or 0x4000", "meta mark set meta mark | 0x00004000");
    same("meta l4proto tcp @th,16,16 80 accept", "tcp dport 80 accept");
    same("ip protocol 6 tcp dport 80 accept", "ip protocol tcp tcp dport 80 accept");
    same("ct status & (snat|dnat) != 0 accept", "ct status snat,dnat accept");
}

#[test]
fn maps_decide_and_translate() {
    let found = rule("iifname . ip saddr vmap { \"eth0\" . 10.0.0.1 : jump x, * : drop }");
    let elements = Elements::Inline(vec![("eth0 . 10.0.0.1".into(), "jump x".into()), ("*".into(), "drop".into())]);
    let keys = vec![Key::InInterface, Key::Address(Side::Source)];
    assert_eq!(actions(&found), [&Action::VerdictMap { keys, elements }]);
    let found = rule("dnat ip to ip daddr . tcp dport map @published");
    let keys = vec![Key::Address(Side::Destination), Key::Port(Side::Destination)];
    let elements = Elements::Named("published".into());
    assert_eq!(actions(&found), [&Action::NatMap { side: Side::Destination, keys, elements }]);
}

#[test]
fn what_is_not_known_stays_in_the_rule() {
    let found = rule("frobnicate the 5 tcp dport 80 mangle-it accept");
    let texts: Vec<_> = found
        .steps
        .matches()
        .filter_map(|test| if let Test::Unknowable { text, .. } = &test.test { Some(text.to_string()) } else { None })
        .collect();
    assert_eq!(texts, ["frobnicate the 5", "mangle-it"]);
    assert_eq!(actions(&found), [&Action::Accept]);
    assert_eq!(
        actions(&rule("snat ip prefix to ip saddr map { 10.0.0.0/24 : 192.0.2.0/24 }")),
        [&Action::Unknown("snat ip prefix to ip saddr map { 10.0.0.0/24 : 192.0.2.0/24 }".into())]
    );
}

#[test]
fn xtables_of_an_nft_without_their_translation() {
    let document = "table ip nat {\n\tchain POSTROUTING {\n\t\ttype nat hook postrouting priority srcnat; policy accept;\n\
                    \t\toifname != \"docker0\" ip saddr 172.17.0.0/16 # xt_comment counter packets 7 bytes 420 # xt_MASQUERADE # handle 9\n\
                    \t\tmeta l4proto tcp xt match \"multiport\" counter packets 0 bytes 0 xt target \"DNAT\"\n\t}\n}\n";
    let parsed = read("nft", "nft_-a_list_ruleset", document);
    assert!(tables(&parsed)[0].compat);
    let found = rules(&parsed);
    assert!(matches!(actions(found[0])[..], [Action::Masquerade(_)]));
    assert_eq!((found[0].handle, found[0].packets, found[0].target.as_deref()), (Some(9), Some(7), Some("MASQUERADE")));
    assert!(matches!(actions(found[1])[..], [Action::Unknown(_)]));
    assert!(
        found[1]
            .steps
            .matches()
            .any(|test| matches!(&test.test, Test::Unknowable { module, .. } if &**module == "multiport"))
    );
}

#[test]
fn a_configuration_is_what_should_be() {
    let document = "#!/usr/sbin/nft -f\nflush ruleset\ndefine lan = { 10.0.0.0/8, 192.168.0.0/16 }\ntable inet filter {\n\
                    \tchain input { type filter hook input priority 0; policy drop; ip saddr $lan accept; iif lo accept }\n}\n";
    let parsed = read("nft", "etc/nftables.conf", document);
    assert_eq!(parsed.problems, []);
    assert!(tables(&parsed)[0].saved && !tables(&parsed)[0].complete);
    assert_eq!(chains(&parsed)[0].policy.as_deref(), Some("DROP"));
    let texts: Vec<_> = rules(&parsed).iter().map(|rule| rule.text.to_string()).collect();
    assert_eq!(texts, ["ip saddr { 10.0.0.0/8, 192.168.0.0/16 } accept", "iif lo accept"]);
}

#[test]
fn a_ruleset_that_is_cut_off_is_read_up_to_there() {
    let parsed = read(
        "nft",
        "x",
        "table ip filter {\n\tchain INPUT {\n\t\ttype filter hook input priority 0; policy drop;\n\t\ttcp dport 22 acc",
    );
    let told: Vec<_> = parsed.problems.iter().map(|problem| (problem.line, problem.message.as_str())).collect();
    assert_eq!(told, [(4, "expected a closing brace: the ruleset is cut off")]);
    assert!(!tables(&parsed)[0].complete);
    assert_eq!(rules(&parsed).len(), 1);
}

#[test]
fn json_says_what_the_text_says() {
    let places = |rule: &&FirewallRule| (rule.table.to_string(), rule.chain.to_string(), rule.number);
    for ruleset in ["native", "sets"] {
        let text = std::fs::read_to_string(folder().join(ruleset).join("nft-a")).unwrap();
        let json = std::fs::read_to_string(folder().join(ruleset).join("nft-j")).unwrap();
        let (text, json) = (read("nft", "x", &text), read("nft-json", "nft.txt", &json));
        assert_eq!(json.problems, []);
        assert_eq!(rules(&text).len(), rules(&json).len());
        assert_eq!(tables(&text), tables(&json));
        assert_eq!(chains(&text), chains(&json));
        let mut shown = rules(&json);
        shown.sort_by_key(places);
        let mut wanted = rules(&text);
        wanted.sort_by_key(places);
        for (shown, wanted) in shown.into_iter().zip(wanted) {
            assert_eq!(shown.handle, wanted.handle);
            let with_text = |step: &Step| match step {
                Step::Match(found) => matches!(found.test, Test::Unknowable { .. } | Test::In { .. }),
                Step::Action(action) => matches!(action, Action::Unknown(_) | Action::NatMap { .. }),
            };
            if !wanted.steps.0.iter().any(with_text) {
                assert_eq!(shown.steps, wanted.steps, "{} / {}", shown.text, wanted.text);
            }
        }
        for (shown, wanted) in sets(&json).into_iter().zip(sets(&text)) {
            assert_eq!(shown.name, wanted.name);
            // Types and marks are written in another way.
            if !matches!(&*shown.name, "typed" | "marks" | "to-mark") {
                assert_eq!(shown, wanted);
            }
        }
        assert!(json.facts.iter().all(|fact| fact.source.first_line == 1 && fact.source.span.1 > fact.source.span.0));
    }
}

#[test]
fn docker_goldens_are_read_wholly() {
    let Ok(shared) = std::env::var("BUNDLESCOPE_SHARED") else {
        eprintln!("SKIPPED: BUNDLESCOPE_SHARED is not set, Docker's nft goldens are not read");
        return;
    };
    let mut count = 0;
    for entry in std::fs::read_dir(format!("{shared}/corpus/moby/nft_bridge_golden")).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let parsed = read("nft", "nft.txt", &text);
        assert_eq!(parsed.problems, [], "{}", path.display());
        for rule in rules(&parsed) {
            let known = rule.steps.0.iter().all(|step| match step {
                Step::Match(found) => !matches!(found.test, Test::Unknowable { .. }),
                Step::Action(action) => !matches!(action, Action::Unknown(_)),
            });
            assert!(known, "{}: {:?}", rule.text, rule.steps);
        }
        count += 1;
    }
    assert!(count > 100);
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..400)) {
        let parsed = parse(&Document::new("x", &bytes));
        proptest::prop_assert!(parsed.facts.is_empty() || !bytes.is_empty());
    }

    #[test]
    fn words_of_nft_in_any_order(words in proptest::collection::vec(proptest::sample::select(vec![
        "ip", "saddr", "daddr", "tcp", "dport", "flags", "meta", "mark", "set", "ct", "state", "original", "jhash", "vmap", "map",
        "@s", "{", "}", ",", ":", ".", ";", "!=", "==", "&", "(fin", "|", "syn)", "/", "10.0.0.0/8", "80-90", "0x1", "\"eth0\"", "é*",
        "dnat", "to", "snat", "jump", "x", "counter", "packets", "limit", "rate", "log", "prefix", "xt", "match", "# xt_DNAT", "fib",
        "type", "numgen", "random", "mod", "reject", "with", "icmp", "add", "redirect", ":80", "\n", "\\", "$lan", "chain", "table",
    ]), 0..40)) {
        let text = format!("table inet t {{\n chain c {{\n  {}\n }}\n}}", words.join(" "));
        let parsed = parse(&Document::new("x", text.as_bytes()));
        proptest::prop_assert!(!parsed.facts.is_empty());
    }
}
