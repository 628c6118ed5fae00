use std::net::IpAddr;

use bundlescope_facts::firewall::{AddressRange, CtState, NatRange};

use super::*;

fn spec(text: &str) -> RuleSpec {
    parse_rule_spec(text, Family::Ip).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn tests(text: &str) -> Vec<(bool, Test)> {
    spec(text).steps.matches().map(|found| (found.negated, found.test.clone())).collect()
}

fn action(text: &str) -> Option<Action> {
    spec(text).steps.actions().next().cloned()
}

fn masked(address: [u8; 4], mask: [u8; 4]) -> Vec<AddressRange> {
    vec![AddressRange::Masked { address: IpAddr::from(address), mask: IpAddr::from(mask) }]
}

#[test]
fn a_rule_of_docker() {
    let found = spec("-d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 5432 -j ACCEPT");
    assert_eq!(found.destination.as_deref(), Some("172.17.0.2/32"));
    assert_eq!(found.in_interface.as_deref(), Some("!docker0"));
    assert_eq!(found.destination_ports.as_deref(), Some("5432"));
    assert_eq!(
        found.steps.0,
        [
            Step::Match(Match {
                negated: false,
                test: Test::Address(Side::Destination, masked([172, 17, 0, 2], [255; 4]))
            }),
            Step::Match(Match { negated: true, test: Test::InInterface("docker0".into()) }),
            Step::Match(Match { negated: false, test: Test::OutInterface("docker0".into()) }),
            Step::Match(Match { negated: false, test: Test::Protocol(6) }),
            Step::Match(Match { negated: false, test: Test::Port(Side::Destination, vec![5432..=5432]) }),
            Step::Action(Action::Accept),
        ]
    );
}

#[test]
fn the_exclamation_mark_may_stand_behind_the_option() {
    let old = tests("-s ! 10.0.0.0/8 -p tcp --dport ! 80:90 -m state --state ! NEW");
    let new = tests("! -s 10.0.0.0/8 -p tcp ! --dport 80:90 -m state ! --state NEW");
    assert_eq!(old, new);
    assert_eq!(new[2], (true, Test::Port(Side::Destination, vec![80..=90])));
    // Here it belongs to the next option.
    assert_eq!(tests("-p tcp --syn ! -d 10.0.0.1"), tests("-p tcp ! -d 10.0.0.1 --syn"));
}

#[test]
fn every_form_of_getopt() {
    assert_eq!(spec("-ptcp --dport=80 -jACCEPT"), spec("-p tcp -m tcp --dport 80 -j ACCEPT"));
    assert_eq!(
        action("-j DNAT --to 10.0.0.2:80"),
        Some(Action::Dnat(NatRange {
            addresses: Some((IpAddr::from([10, 0, 0, 2]), IpAddr::from([10, 0, 0, 2]))),
            ports: Some(80..=80),
            base_port: None,
            random: false
        }))
    );
    assert_eq!(spec("--protocol tcp --destination-port https"), spec("-p tcp --dport 443").with_ports("https"));
}

impl RuleSpec {
    fn with_ports(mut self, ports: &str) -> Self {
        self.destination_ports = Some(ports.into());
        self
    }
}

#[test]
fn marks_take_the_form_of_xmark() {
    for (text, value, mask) in [
        ("--set-xmark 0x4000/0x4000", 0x4000, 0x4000),
        ("--set-mark 0x1/0xf0", 0x1, 0xf1),
        ("--set-mark 7", 7, u32::MAX),
        ("--and-mark 0xfffffffe", 0, 1),
        ("--or-mark 0x4000", 0x4000, 0x4000),
        ("--xor-mark 0x1", 1, 0),
    ] {
        assert_eq!(action(&format!("-j MARK {text}")), Some(Action::SetMark { value, mask }), "{text}");
    }
    assert_eq!(
        action("-j CONNMARK --restore-mark --nfmask 0xf --ctmask 0xff"),
        Some(Action::RestoreMark { nfmask: 0xf, ctmask: 0xff })
    );
    assert_eq!(tests("-m connmark ! --mark 0x1/0x3"), [(true, Test::ConnMark { value: 1, mask: 3 })]);
}

#[test]
fn a_comment_is_no_option_and_several_are_joined() {
    let found = spec(r#"-m comment --comment "it\'s -j DROP inside" -m comment --comment b -j ACCEPT"#);
    assert_eq!(found.comment.as_deref(), Some("it's -j DROP inside b"));
    assert_eq!(found.steps.0, [Step::Action(Action::Accept)]);
}

#[test]
fn what_a_bundle_cannot_tell_keeps_its_words() {
    let limit = Test::Unknowable { module: "limit".into(), text: "--limit 3/min --limit-burst 10".into() };
    assert_eq!(tests("-m limit --limit 3/min --limit-burst 10 -j LOG --log-prefix \"[UFW BLOCK] \""), [(false, limit)]);
    assert_eq!(tests("-m statistic --mode nth --every 1 --packet 0"), [(false, Test::Always)]);
    assert_eq!(tests("-m statistic --mode random ! --probability 1.0"), [(true, Test::Always)]);
    assert!(matches!(&tests("-m statistic --mode random --probability 0.5")[0].1, Test::Unknowable { .. }));
    assert_eq!(tests("-m recent --set --name SSH --rsource"), [(false, Test::Always)]);
    assert!(matches!(&tests("-m recent --update --seconds 60 --hitcount 4 --name SSH")[0].1, Test::Unknowable { .. }));
}

#[test]
fn targets_of_each_kind() {
    assert_eq!(action("-j REJECT"), Some(Action::Reject("icmp-port-unreachable".into())));
    assert_eq!(
        parse_rule_spec("-j REJECT", Family::Ip6).ok().and_then(|spec| spec.steps.actions().next().cloned()),
        Some(Action::Reject("icmp6-port-unreachable".into()))
    );
    assert_eq!(action("-j REJECT --reject-with host-prohib"), Some(Action::Reject("icmp-host-prohibited".into())));
    assert_eq!(action("-g IN_public"), Some(Action::Goto("IN_public".into())));
    assert_eq!(action("-j CT --notrack"), Some(Action::NoTrack));
    assert_eq!(action("-j CT --zone 7"), Some(Action::Zone { zone: 7, direction: None }));
    assert_eq!(action("-j TCPMSS --clamp-mss-to-pmtu"), Some(Action::Pass("TCPMSS".into())));
    assert_eq!(action("-j NFQUEUE --queue-num 1 --queue-bypass"), Some(Action::Queue));
    assert_eq!(action("-j DOCKER-USER"), Some(Action::Jump("DOCKER-USER".into())));
    assert_eq!(action("-p tcp --dport 80"), None);
}

#[test]
fn states_flags_and_types() {
    assert_eq!(
        tests("-m conntrack --ctstate RELATED,ESTABLISHED,DNAT"),
        [(false, Test::CtState(vec![CtState::Related, CtState::Established, CtState::Dnat]))]
    );
    assert_eq!(tests("-p tcp --syn")[1], (false, Test::TcpFlags { mask: 0x17, set: 0x02 }));
    assert_eq!(tests("-p tcp ! --tcp-flags FIN,SYN,RST,ACK SYN")[1], (true, Test::TcpFlags { mask: 0x17, set: 0x02 }));
    assert_eq!(tests("-p icmp --icmp-type echo-request")[1], (false, Test::Icmp { kind: Some(8), codes: 0..=255 }));
    assert_eq!(tests("-p icmp --icmp-type 3/4")[1], (false, Test::Icmp { kind: Some(3), codes: 4..=4 }));
    assert_eq!(
        tests("-m addrtype --dst-type LOCAL --limit-iface-in"),
        [(
            false,
            Test::AddrType { side: Side::Destination, types: vec!["LOCAL".into()], limit_in: true, limit_out: false }
        )]
    );
}

#[test]
fn mistakes_are_told_by_their_word() {
    let error = |text: &str| parse_rule_spec(text, Family::Ip).map_err(|error| error.0);
    assert_eq!(
        error("-s <private_ip> -j DROP"),
        Err("expected an address with an optional mask, found \"<private_ip>\"".to_owned())
    );
    assert_eq!(error("-p tpc"), Err("expected a protocol name or number, found \"tpc\"".to_owned()));
    assert_eq!(
        error("-p tcp --dports 80"),
        Err("expected an option of the match modules or target before it, found \"--dports\"".to_owned())
    );
    assert_eq!(error("-j"), Err("expected a value behind jump, found none".to_owned()));
}

#[test]
fn a_command_line() {
    let command =
        parse_command("sudo /usr/sbin/iptables -w -t nat -I PREROUTING 3 -p tcp --dport 80 -j REDIRECT --to-port 8080");
    let command = command.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((&*command.table, command.family), ("nat", Family::Ip));
    let Verb::Insert { chain, number, rule } = command.verb else { panic!("{:?}", command.verb) };
    assert_eq!((&*chain, number, rule.target.as_deref()), ("PREROUTING", 3, Some("REDIRECT")));
    assert!(matches!(parse_command("ip6tables -P INPUT DROP").map(|c| c.verb), Ok(Verb::Policy { .. })));
    assert!(matches!(parse_command("iptables -D INPUT 7").map(|c| c.verb), Ok(Verb::DeleteNumber { number: 7, .. })));
    assert!(parse_command("rm -rf /").is_err());
    assert!(parse_command("iptables").is_err());
}
