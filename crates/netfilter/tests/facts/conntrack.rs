//! States, NAT both ways, tracking left out, marks.

use crate::world::World;

#[test]
fn a_port_opened_without_its_answers_kills_the_answer() {
    let mut world = World::new();
    world.rules("*filter\n:INPUT ACCEPT\n:FORWARD DROP\n:OUTPUT ACCEPT\n-A FORWARD -p tcp -m tcp --dport 80 -j ACCEPT\nCOMMIT\n");
    assert_eq!(world.verdict("c1 tcp 172.18.0.2:80"), "dropped rep filter FORWARD policy");
}

#[test]
fn a_rule_on_established_lets_connect_succeed_and_hang() {
    let mut world = World::new();
    world.filter("-A INPUT -m conntrack --ctstate ESTABLISHED -j DROP");
    assert_eq!(world.verdict("192.0.2.77 tcp 192.0.2.10:80"), "stalled ack filter INPUT 1");
}

#[test]
fn the_servers_first_data_belongs_to_the_connection() {
    let mut world = World::new();
    world.rules("*filter\n:INPUT DROP\n-A INPUT -p tcp -m tcp --tcp-flags SYN,ACK SYN,ACK -j ACCEPT\nCOMMIT\n");
    assert_eq!(world.verdict("host tcp 198.51.100.7:80"), "stalled rep filter INPUT policy");
}

#[test]
fn forward_sees_container_addresses_both_ways() {
    let mut world = World::new();
    let nat = "*nat\n:POSTROUTING ACCEPT\n-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE\nCOMMIT\n";
    world.rules(&format!("{nat}*filter\n:FORWARD ACCEPT\n-A FORWARD -i eth0 -d 172.17.0.2/32 -j DROP\nCOMMIT\n"));
    assert_eq!(world.verdict("c1 tcp 198.51.100.7:80"), "dropped rep filter FORWARD 1");
    world.rules(&format!("{nat}*filter\n:FORWARD ACCEPT\n-A FORWARD -d 192.0.2.10/32 -j DROP\nCOMMIT\n"));
    assert_eq!(world.verdict("c1 tcp 198.51.100.7:80"), "delivered");
}

#[test]
fn ctstate_dnat_takes_whatever_was_translated() {
    let mut world = World::new();
    world.rules(
        "*nat\n:PREROUTING ACCEPT\n-A PREROUTING -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80\nCOMMIT\n\
         *filter\n:FORWARD DROP\n-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED,DNAT -j ACCEPT\nCOMMIT\n",
    );
    assert_eq!(world.verdict("192.0.2.77 tcp 192.0.2.10:8080"), "delivered");
    assert_eq!(world.verdict("192.0.2.77 tcp 172.17.0.2:80"), "dropped fwd filter FORWARD policy");
}

#[test]
fn tests_of_the_entry_fail_without_one_negated_or_not() {
    let mut world = World::new();
    let raw = "*raw\n:PREROUTING ACCEPT\n-A PREROUTING -i eth0 -j CT --notrack\nCOMMIT\n";
    for test in [
        "-m connmark ! --mark 0x7",
        "-m connmark --mark 0x0",
        "-m conntrack ! --ctorigdst 1.2.3.4",
        "-m conntrack --ctdir ORIGINAL",
    ] {
        world.rules(&format!("{raw}*filter\n:INPUT ACCEPT\n-A INPUT {test} -j DROP\nCOMMIT\n"));
        assert_eq!(world.verdict("192.0.2.77 udp 192.0.2.10:53"), "delivered", "{test}");
    }
    world.rules(&format!("{raw}*filter\n:INPUT ACCEPT\n-A INPUT -m conntrack --ctstate UNTRACKED -j DROP\nCOMMIT\n"));
    assert_eq!(world.verdict("192.0.2.77 udp 192.0.2.10:53"), "dropped fwd filter INPUT 1");
}

#[test]
fn notrack_of_the_first_packet_makes_its_answer_invalid() {
    let mut world = World::new();
    world.rules(
        "*raw\n:PREROUTING ACCEPT\n:OUTPUT ACCEPT\n-A OUTPUT -p tcp -m tcp --dport 80 -j CT --notrack\nCOMMIT\n\
         *filter\n:INPUT ACCEPT\n-A INPUT -m conntrack --ctstate INVALID -j DROP\nCOMMIT\n",
    );
    assert_eq!(world.verdict("host tcp 198.51.100.7:80"), "dropped rep filter INPUT 1");
}

#[test]
fn untracked_packets_are_not_translated() {
    let mut world = World::new();
    let nat = "*nat\n:PREROUTING ACCEPT\n-A PREROUTING -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80\nCOMMIT\n";
    world.rules(&format!(
        "*raw\n:PREROUTING ACCEPT\n-A PREROUTING -j CT --notrack\nCOMMIT\n{nat}*filter\n:INPUT ACCEPT\nCOMMIT\n"
    ));
    assert_eq!(world.verdict("192.0.2.77 tcp 192.0.2.10:8080"), "refused listener");
}

#[test]
fn a_zone_makes_strangers_of_answers() {
    let mut world = World::new();
    let filter = "*filter\n:INPUT ACCEPT\n-A INPUT -m conntrack --ctstate INVALID -j DROP\nCOMMIT\n";
    world.rules(&format!("*raw\n:OUTPUT ACCEPT\n-A OUTPUT -o eth0 -j CT --zone 7\nCOMMIT\n{filter}"));
    assert_eq!(world.verdict("host tcp 198.51.100.7:80"), "dropped rep filter INPUT 1");
    world.rules(&format!("*raw\n:PREROUTING ACCEPT\n:OUTPUT ACCEPT\n-A OUTPUT -o eth0 -j CT --zone 7\n-A PREROUTING -i eth0 -j CT --zone 7\nCOMMIT\n{filter}"));
    assert_eq!(world.verdict("host tcp 198.51.100.7:80"), "delivered");
    world.rules(&format!("*raw\n:OUTPUT ACCEPT\n-A OUTPUT -o eth0 -j CT --helper ftp\nCOMMIT\n{filter}"));
    assert_eq!(world.verdict("host tcp 198.51.100.7:80"), "delivered");
}

#[test]
fn marks_follow_xmark_and_the_connection_keeps_them() {
    let mut world = World::new();
    world.rules(
        "*mangle\n:PREROUTING ACCEPT\n:OUTPUT ACCEPT\n-A PREROUTING -i eth0 -m conntrack --ctstate NEW -j MARK --set-xmark 0x10/0xff\n\
         -A PREROUTING -m conntrack --ctstate NEW -j CONNMARK --save-mark --nfmask 0xffffffff --ctmask 0xffffffff\n\
         -A OUTPUT -j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff\nCOMMIT\n\
         *filter\n:OUTPUT ACCEPT\n-A OUTPUT -m mark --mark 0x10/0xf0 -j DROP\nCOMMIT\n",
    );
    assert_eq!(world.verdict("192.0.2.77 tcp 192.0.2.10:80"), "dropped rep filter OUTPUT 1");
    assert_eq!(world.verdict("c1 tcp 192.0.2.10:80"), "delivered");
}

#[test]
fn netmap_and_snat_are_undone_for_answers() {
    let mut world = World::new();
    world.rules("*nat\n:PREROUTING ACCEPT\n:POSTROUTING ACCEPT\n-A PREROUTING -d 203.0.113.0/24 -j NETMAP --to 172.17.0.0/24\n-A POSTROUTING -o docker0 -j SNAT --to-source 172.17.0.1\nCOMMIT\n*filter\n:FORWARD ACCEPT\nCOMMIT\n");
    let answer = world.ask("192.0.2.77 tcp 203.0.113.2:80");
    assert_eq!(answer.verdict.word(), "delivered");
    assert_eq!(answer.reached.unwrap().container.as_deref(), Some("c1"));
}
