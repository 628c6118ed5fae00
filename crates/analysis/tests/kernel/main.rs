//! The probe against the kernel of this machine: hosts with random rules are built in network namespaces, flows are
//! really sent, and what the client saw is compared with the probe's answer for what the host's own commands show.
//!
//! Needs root, iproute2, iptables and network namespaces; says so and does nothing elsewhere. `KERNEL_CASES` sets the
//! number of hosts (4 by default), `KERNEL_SEED` the first seed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

mod actors;
mod lab;
mod rules;

use bundlescope_facts::Fact;
use bundlescope_netfilter::{Answer, Flow, Network, Verdict};
use bundlescope_parsers::{Document, Identity, identify};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngSeed, TestRunner};

use actors::Seen;
use lab::Lab;

/// What a client can tell apart.
fn visible(answer: &Answer) -> Option<Seen> {
    Some(match answer.verdict {
        Verdict::Delivered => Seen::Answer,
        Verdict::Refused => Seen::Refused,
        Verdict::Rejected => match answer.reject_with.as_deref() {
            Some("tcp-reset" | "icmp-port-unreachable" | "icmp6-port-unreachable") => Seen::Refused,
            _ => Seen::Error,
        },
        Verdict::Dropped => Seen::Silence,
        Verdict::Stalled => Seen::Connected,
        Verdict::Unroutable => Seen::Error,
        Verdict::Closed | Verdict::Unknown => return None,
    })
}

/// What decides, whichever command shows it.
fn place(answer: &Answer) -> (&'static str, Option<(String, String)>) {
    let by = answer.decided_by.as_ref();
    let rule = by.and_then(|by| Some((by.table.as_ref()?.to_string(), by.chain.as_ref()?.to_string())));
    (answer.verdict.word(), rule)
}

fn facts(documents: &[(String, String)]) -> Vec<Fact> {
    let mut facts = Vec::new();
    for (path, text) in documents {
        let identified = identify(path, text.as_bytes());
        if let Identity::Format(format) = identified.identity {
            let document =
                Document { container: identified.container, ..Document::new(path.as_str(), text.as_bytes()) };
            facts.extend(format.read(&document).facts);
        }
    }
    facts
}

#[test]
fn random_hosts() {
    if let Err(reason) = lab::possible() {
        eprintln!("SKIPPED: {reason}");
        return;
    }
    let number = |name: &str, default| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    let (cases, first) = (number("KERNEL_CASES", 4), number("KERNEL_SEED", 1));
    let (mut compared, mut unknown, mut wrong) = (0, 0, Vec::new());
    for seed in first..first + cases {
        let config = Config { rng_seed: RngSeed::Fixed(seed), ..Config::default() };
        let mut runner = TestRunner::new(config);
        let plan = rules::plan().new_tree(&mut runner).expect("a plan").current();
        let lab = match Lab::build(seed, &plan) {
            Ok(lab) => lab,
            Err(error) => panic!("seed {seed}: {error}"),
        };
        let documents = lab.capture();
        let network = Network::from_facts(&facts(&documents));
        let host = network.host("").expect("one host");
        let others: Vec<(&str, Network)> = lab
            .other_forms()
            .into_iter()
            .map(|(form, rules)| {
                let rest = documents.iter().filter(|(path, _)| !path.contains("-save")).cloned();
                (form, Network::from_facts(&facts(&rest.chain(rules).collect::<Vec<_>>())))
            })
            .collect();
        let asked: Vec<Flow> = plan.flows.iter().map(|flow| lab.flow(flow)).collect();
        let seen = lab.send(&asked);
        for (flow, seen) in asked.iter().zip(seen) {
            let answer = host.probe(flow);
            compared += 1;
            for (form, network) in &others {
                let other = network.host("").expect("one host").probe(flow);
                // nft's JSON names iptables' own matches without their options, and its text tells less than all
                // of `--ctstate DNAT`: such rules are open questions there.
                let open = other.verdict == Verdict::Unknown
                    || other.verdict == answer.verdict
                        && other.assumed.iter().any(|text| text.starts_with("not known"));
                let hidden = form.starts_with("nft") && open;
                if place(&other) != place(&answer) && !hidden {
                    wrong.push(format!(
                        "seed {seed}: {flow:?}\n  {:?} by iptables-save, {:?} by {form}\n{:?}\n{}",
                        place(&answer),
                        place(&other),
                        other.assumed,
                        other.lines().join("\n")
                    ));
                }
            }
            let Some(expected) = visible(&answer) else {
                unknown += 1;
                continue;
            };
            // A neighbour that does not exist takes the kernel seconds to find out.
            let patient = expected == Seen::Error && answer.verdict == Verdict::Unroutable && seen == Seen::Silence;
            // When the answer is rejected, the client's second attempt belongs to a connection that has seen an answer,
            // and may meet the same rule: it learns after a second what the probe tells of the first attempt.
            let again = answer.packet == Some("rep")
                && answer.decided_by.as_ref().is_some_and(|by| by.text.contains("REJECT"))
                && matches!(seen, Seen::Refused | Seen::Error);
            if expected != seen && !patient && !again {
                let dump = documents.iter().filter(|(path, _)| path.contains("save")).map(|(_, text)| text.as_str());
                wrong.push(format!(
                    "seed {seed}: {flow:?}\n  the client saw {seen:?}, the probe says {} {:?}\n{}\n{}",
                    answer.verdict.word(),
                    answer.decided_by,
                    answer.lines().join("\n"),
                    if std::env::var_os("KERNEL_DUMP").is_some() {
                        dump.collect::<Vec<_>>().join("\n")
                    } else {
                        String::new()
                    },
                ));
            }
        }
    }
    println!("{compared} flows compared, {unknown} not answered, {} differ", wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// Not a test of its own: what runs inside the namespaces, started by [`random_hosts`].
#[test]
fn actor() {
    actors::run();
}
