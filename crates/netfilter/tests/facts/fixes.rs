//! Changes that are made to the model to prove that they help.

use bundlescope_facts::Family;
use bundlescope_netfilter::Change;
use bundlescope_parsers::firewall::parse_rule_spec;

use crate::world::{World, flow, short};

fn after(world: &World, changes: &[Change], question: &str) -> Result<String, String> {
    let network = world.network();
    let host = network.host("").unwrap().after(changes).map_err(|error| error.to_string())?;
    Ok(short(&host.probe(&flow(question))))
}

fn insert(chain: &str, number: Option<usize>, rule: &str) -> Change {
    let spec = parse_rule_spec(rule, Family::Ip).unwrap();
    Change::InsertRule {
        v6: false,
        table: "filter".into(),
        chain: chain.into(),
        number,
        steps: spec.steps,
        target: spec.target,
        text: format!("-A {chain} {rule}").into(),
    }
}

const QUESTION: &str = "c1 tcp 172.17.0.1:80";

#[test]
fn a_rule_helps_only_in_front_of_the_one_that_drops() {
    let mut world = World::new();
    world.filter("-A INPUT -i lo -j ACCEPT\n-A INPUT -j DROP");
    let open = "-i docker0 -p tcp -m tcp --dport 80 -j ACCEPT";
    assert_eq!(after(&world, &[], QUESTION), Ok("dropped fwd filter INPUT 2".to_owned()));
    assert_eq!(after(&world, &[insert("INPUT", Some(2), open)], QUESTION), Ok("delivered".to_owned()));
    assert_eq!(after(&world, &[insert("INPUT", None, open)], QUESTION), Ok("dropped fwd filter INPUT 2".to_owned()));
    assert_eq!(
        after(&world, &[insert("INPUT", Some(9), open)], QUESTION),
        Err("INPUT has 2 rules, so there is no place 9".to_owned())
    );
    assert_eq!(
        after(&world, &[insert("NONE", Some(1), open)], QUESTION),
        Err("no chain NONE in table filter".to_owned())
    );
    // The world itself stays as it was.
    assert_eq!(world.verdict(QUESTION), "dropped fwd filter INPUT 2");
}

#[test]
fn rules_are_deleted_by_number_and_by_words() {
    let mut world = World::new();
    world.filter("-A INPUT -p tcp -j DROP");
    let (table, chain) = ("filter".into(), "INPUT".into());
    let by_number = Change::DeleteRule { v6: false, table, chain, number: 1 };
    assert_eq!(after(&world, std::slice::from_ref(&by_number), QUESTION), Ok("delivered".to_owned()));
    assert_eq!(after(&world, &[by_number.clone(), by_number], QUESTION), Err("INPUT has no rule 1".to_owned()));
    let steps = parse_rule_spec("-p tcp -j DROP", Family::Ip).unwrap().steps;
    let by_words = Change::DeleteRuleLike { v6: false, table: "filter".into(), chain: "INPUT".into(), steps };
    assert_eq!(after(&world, &[by_words], QUESTION), Ok("delivered".to_owned()));
}

#[test]
fn policies_settings_and_routes() {
    let mut world = World::new();
    world.rules("*filter\n:INPUT DROP\n:FORWARD ACCEPT\nCOMMIT\n").sysctl("net.ipv4.ip_forward = 0");
    let policy = Change::SetPolicy { v6: false, table: "filter".into(), chain: "INPUT".into(), accept: true };
    assert_eq!(after(&world, &[policy], QUESTION), Ok("delivered".to_owned()));
    let forward = Change::SetSysctl { key: "net.ipv4.ip_forward".into(), value: "1".into() };
    let routed = "c1 tcp 172.18.0.2:80";
    assert_eq!(after(&world, &[], routed), Ok("dropped fwd sysctl".to_owned()));
    assert_eq!(after(&world, &[forward], routed), Ok("delivered".to_owned()));
    let destination = "0.0.0.0/0".parse().unwrap();
    let gone = Change::DeleteRoute { destination, table: None };
    assert_eq!(
        after(&world, std::slice::from_ref(&gone), "host tcp 198.51.100.7:80"),
        Ok("unroutable fwd route".to_owned())
    );
    let back =
        Change::AddRoute { destination, gateway: "192.0.2.1".parse().ok(), interface: "eth0".into(), table: None };
    assert_ne!(after(&world, &[gone, back], "host tcp 198.51.100.7:80"), Ok("unroutable fwd route".to_owned()));
}
