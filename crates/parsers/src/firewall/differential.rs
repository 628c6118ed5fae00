//! Every command's print of one ruleset says what iptables-save says.
//!
//! The rulesets and prints are in `fixtures/firewall`; its README says how they were made.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bundlescope_facts::firewall::{Action, Match, Step, Steps, Test};
use bundlescope_facts::{Data, FirewallChain, FirewallRule, FirewallTable, IpSet};

use crate::document::{Document, Parsed};
use crate::{Identity, identify};

pub(super) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/firewall")
}

/// Reads a document by content and checks what it was taken for.
pub(super) fn read(format: &str, path: &str, text: &str) -> Parsed {
    let Identity::Format(found) = identify(path, text.as_bytes()).identity else { panic!("{path} is not recognised") };
    assert_eq!(found.name, format, "{path}");
    found.read(&Document::new(path, text.as_bytes()))
}

pub(super) fn rules(parsed: &Parsed) -> Vec<&FirewallRule> {
    let facts = parsed.facts.iter();
    facts
        .filter_map(|fact| if let Data::FirewallRule(rule) = &fact.data { Some(rule.as_ref()) } else { None })
        .collect()
}

pub(super) fn chains(parsed: &Parsed) -> Vec<&FirewallChain> {
    let facts = parsed.facts.iter();
    facts
        .filter_map(|fact| if let Data::FirewallChain(chain) = &fact.data { Some(chain.as_ref()) } else { None })
        .collect()
}

pub(super) fn tables(parsed: &Parsed) -> Vec<&FirewallTable> {
    let facts = parsed.facts.iter();
    facts
        .filter_map(|fact| if let Data::FirewallTable(table) = &fact.data { Some(table.as_ref()) } else { None })
        .collect()
}

/// The steps without the texts of what is not modelled: each command words them its own way.
fn compared(steps: &Steps, interfaces: bool) -> Vec<Step> {
    let keep = |step: &&Step| match step {
        Step::Match(Match { test: Test::Unknowable { module, .. }, .. }) => &**module != "interface",
        Step::Match(Match { test: Test::InInterface(_) | Test::OutInterface(_), .. }) => interfaces,
        _ => true,
    };
    let bare = |step: &Step| match step {
        Step::Match(Match { negated, test: Test::Unknowable { module, .. } }) => {
            let test = Test::Unknowable { module: module.clone(), text: "".into() };
            Step::Match(Match { negated: *negated, test })
        }
        Step::Action(Action::Unknown(_)) => Step::Action(Action::Unknown("".into())),
        other => other.clone(),
    };
    steps.0.iter().filter(keep).map(bare).collect()
}

type Place = (String, String, u32);

fn by_place(parsed: &Parsed) -> BTreeMap<Place, FirewallRule> {
    let place = |rule: &FirewallRule| (rule.table.to_string(), rule.chain.to_string(), rule.number);
    rules(parsed).into_iter().map(|rule| (place(rule), rule.clone())).collect()
}

fn each_dump(check: impl Fn(&Path, &BTreeMap<Place, FirewallRule>)) {
    let mut count = 0;
    for ruleset in ["every-match", "every-match6", "counters"] {
        for backend in ["legacy", "nft"] {
            let folder = folder().join(ruleset).join(backend);
            let save = std::fs::read_to_string(folder.join("save")).unwrap();
            let parsed = read("iptables-save", "x", &save);
            assert_eq!(parsed.problems, []);
            check(&folder, &by_place(&parsed));
            count += 1;
        }
    }
    assert_eq!(count, 6);
}

/// Names that only the machine knows that printed them: users, groups.
const NAMES: &[&str] = &["--uid-owner", "--gid-owner"];

#[test]
fn listings_and_specs_say_what_iptables_save_says() {
    each_dump(|folder, saved| {
        for table in ["filter", "nat", "mangle", "raw"] {
            for form in ["S", "Sv", "L", "nL", "nvL", "nvxL-numbers"] {
                let file = folder.join(format!("{table}-{form}"));
                let Ok(text) = std::fs::read_to_string(&file) else { continue };
                let format = if form.starts_with('S') { "iptables-S" } else { "iptables-L" };
                let parsed = read(format, "x.txt", &text);
                assert_eq!(parsed.problems, [], "{}", file.display());
                let found: Vec<_> = tables(&parsed).iter().map(|table| table.table.to_string()).collect();
                assert_eq!(found, [table], "{}", file.display());
                let listed = by_place(&parsed);
                let wanted = saved.iter().filter(|(place, _)| place.0 == table);
                assert_eq!(listed.len(), wanted.clone().count(), "{}", file.display());
                for (place, saved) in wanted {
                    let listed = &listed[place];
                    let interfaces = !matches!(form, "L" | "nL");
                    if form == "L" && NAMES.iter().any(|name| saved.text.contains(name)) {
                        continue;
                    }
                    let (left, right) = (compared(&listed.steps, interfaces), compared(&saved.steps, interfaces));
                    assert_eq!(left, right, "{}: {} / {}", file.display(), saved.text, listed.text);
                    if matches!(form, "Sv" | "nvxL-numbers") {
                        assert_eq!((listed.packets, listed.bytes), (saved.packets, saved.bytes));
                    }
                }
            }
        }
    });
}

/// What a listing leaves out or words differently, so that the text cannot be the same.
const WORDED_DIFFERENTLY: &[&str] = &[
    " bpf ",
    " cluster ",
    " comment ",
    " connlabel ",
    " hashlimit ",
    " string ",
    " time ",
    " u32 ",
    " dccp ",
    " sctp ",
    "NOTRACK",
    "CLASSIFY",
    " IDLETIMER ",
    " LOG ",
    " RATEEST ",
    " mh ",
    " frag ",
    " rt ",
    " hbh ",
    " dst ",
    "icmp6",
];

#[test]
fn a_listed_rule_is_shown_in_the_words_of_iptables_save() {
    each_dump(|folder, saved| {
        for table in ["filter", "nat", "mangle", "raw"] {
            let Ok(text) = std::fs::read_to_string(folder.join(format!("{table}-nvL"))) else { continue };
            for (place, listed) in by_place(&read("iptables-L", "x.txt", &text)) {
                let saved = &saved[&place];
                if WORDED_DIFFERENTLY.iter().any(|word| saved.text.contains(word)) {
                    continue;
                }
                assert_eq!(listed.text, saved.text);
            }
        }
    });
}

/// The steps in an order of their own: nft tests in another order than iptables-save writes. A protocol that is tested
/// twice counts once, since nft drops what a port already says.
fn unordered(steps: &Steps) -> Vec<String> {
    let mut steps: Vec<_> = compared(steps, true).iter().map(|step| format!("{step:?}")).collect();
    steps.sort();
    steps.dedup();
    steps
}

/// What nft translates into something else, or into less than the rule says.
const TRANSLATED: &[&str] = &[
    "--icmp-type any",
    "--ports ",
    "! --ctstatus NONE",
    "--ctstate DNAT",
    "! --src-type LOCAL --dst-type",
    " ecn ",
    " connbytes ",
    " cluster ",
    " connlabel ",
    " dccp ",
];

#[test]
fn nft_says_of_iptables_nft_what_iptables_save_says() {
    each_dump(|folder, saved| {
        for form in ["nft", "nft-a", "nft-s", "nft-n"] {
            let Ok(text) = std::fs::read_to_string(folder.join(form)) else { continue };
            let parsed = read("nft", "x.txt", &text);
            assert_eq!(parsed.problems, []);
            assert!(tables(&parsed).iter().all(|table| table.compat && table.complete));
            let shown = by_place(&parsed);
            assert_eq!(shown.len(), saved.len());
            for (place, saved) in saved {
                let shown = &shown[place];
                // Of a match or target that it cannot translate nft prints the name alone.
                if shown.text.contains("xt match") || shown.text.contains("xt target") {
                    continue;
                }
                if TRANSLATED.iter().any(|word| saved.text.contains(word)) {
                    continue;
                }
                let (left, right) = (unordered(&shown.steps), unordered(&saved.steps));
                assert_eq!(left, right, "{form}: {} / {}", shown.text, saved.text);
                if form != "nft-s" && form != "nft-j" {
                    assert_eq!((shown.packets, shown.bytes), (saved.packets, saved.bytes));
                }
                assert_eq!(shown.handle.is_some(), form == "nft-a");
                // `CT --notrack` and `NOTRACK` are one to nft.
                if saved.target.as_deref() != Some("CT") {
                    assert_eq!(shown.target, saved.target, "{}", shown.text);
                }
            }
        }
    });
}

#[test]
fn ipset_list_says_what_ipset_save_says() {
    let sets = |name: &str| -> Vec<_> {
        let text = std::fs::read_to_string(folder().join("ipset").join(name)).unwrap();
        let parsed = read("ipset", "sets.txt", &text);
        assert_eq!(parsed.problems, []);
        let facts = parsed.facts.iter();
        let sets = facts.filter_map(|fact| if let Data::IpSet(set) = &fact.data { Some(set.clone()) } else { None });
        // A timeout goes on counting between the two commands.
        let member = |member: &bundlescope_facts::Text| member.split(" timeout ").next().unwrap().to_owned();
        let plain = |set: Box<IpSet>| {
            let mut members: Vec<_> = set.members.iter().map(member).collect();
            members.sort();
            (set.name, set.set_type, members)
        };
        sets.map(plain).collect()
    };
    let (saved, listed) = (sets("save"), sets("list"));
    assert_eq!(saved, listed);
    assert_eq!(saved.len(), 10);
    assert_eq!(saved[0].2, ["10.0.0.0/8", "192.168.1.1", "192.168.2.0/24 nomatch"]);
}
