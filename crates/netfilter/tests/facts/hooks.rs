//! Which hooks a packet passes, and with which devices.

use crate::world::World;

#[test]
fn a_container_meets_input_for_every_address_of_the_host() {
    let mut world = World::new();
    world.filter("-A INPUT -i docker0 -p tcp -m tcp --dport 80 -j DROP\n-A FORWARD -j DROP");
    for address in ["172.17.0.1", "172.18.0.1", "192.0.2.10"] {
        assert_eq!(world.verdict(&format!("c1 tcp {address}:80")), "dropped fwd filter INPUT 1", "{address}");
    }
}

#[test]
fn containers_on_one_bridge_meet_forward_only_with_bridge_nf() {
    let mut world = World::new();
    world.filter("-A FORWARD -i docker0 -o docker0 -j DROP");
    assert_eq!(world.verdict("c1 tcp 172.17.0.3:80"), "dropped fwd filter FORWARD 1");
    world.sysctl("net.bridge.bridge-nf-call-iptables = 0");
    assert_eq!(world.verdict("c1 tcp 172.17.0.3:80"), "delivered");
}

#[test]
fn bridged_packets_need_no_forwarding_and_routed_ones_do() {
    let mut world = World::new();
    world.sysctl("net.ipv4.ip_forward = 0");
    assert_eq!(world.verdict("c1 tcp 172.17.0.3:80"), "delivered");
    assert_eq!(world.verdict("c1 tcp 172.18.0.2:80"), "dropped fwd sysctl");
    assert_eq!(world.verdict("c1 tcp 198.51.100.7:80"), "dropped fwd sysctl");
}

#[test]
fn published_ports_bypass_input_and_show_the_container_port() {
    let mut world = World::new();
    world.rules(
        "*nat\n:PREROUTING ACCEPT\n-A PREROUTING -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80\nCOMMIT\n\
         *filter\n:INPUT DROP\n:FORWARD ACCEPT\n-A FORWARD -p tcp -m tcp --dport 8080 -j DROP\n-A FORWARD -p tcp -m tcp --dport 80 -j RETURN\nCOMMIT\n",
    );
    let answer = world.ask("192.0.2.77 tcp 192.0.2.10:8080");
    assert_eq!(answer.verdict.word(), "delivered");
    let reached = answer.reached.unwrap();
    assert_eq!((reached.container.as_deref(), reached.port), (Some("c1"), Some(80)));
}

#[test]
fn only_the_original_destination_port_shows_what_was_published() {
    let mut world = World::new();
    let nat = "*nat\n:PREROUTING ACCEPT\n-A PREROUTING -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80\nCOMMIT\n";
    world.rules(&format!(
        "{nat}*filter\n:FORWARD ACCEPT\n-A FORWARD -m conntrack --ctorigdstport 8080 --ctdir ORIGINAL -j DROP\nCOMMIT\n"
    ));
    assert_eq!(world.verdict("192.0.2.77 tcp 192.0.2.10:8080"), "dropped fwd filter FORWARD 1");
}

#[test]
fn no_device_has_the_empty_name() {
    let mut world = World::new();
    // OUTPUT has no input device, INPUT no output device; chains called from both see it.
    world.filter(":USER -\n-A INPUT -j USER\n-A USER ! -o eth0 -p tcp -j DROP");
    assert_eq!(world.verdict("192.0.2.77 tcp 192.0.2.10:80"), "dropped fwd filter USER 1");
    world.filter(":USER -\n-A INPUT -j USER\n-A USER -o eth0 -j DROP");
    assert_eq!(world.verdict("192.0.2.77 tcp 192.0.2.10:80"), "delivered");
    world.filter(":USER -\n-A INPUT -j USER\n-A USER -o + -j DROP");
    assert_eq!(world.verdict("192.0.2.77 tcp 192.0.2.10:80"), "dropped fwd filter USER 1");
}

#[test]
fn the_output_device_is_that_before_dnat() {
    let mut world = World::new();
    let nat = "*nat\n:OUTPUT ACCEPT\n-A OUTPUT -d 192.0.2.10/32 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80\nCOMMIT\n";
    world.rules(&format!("{nat}*filter\n:OUTPUT ACCEPT\n-A OUTPUT -o docker0 -j DROP\nCOMMIT\n"));
    assert_eq!(world.verdict("host tcp 192.0.2.10:8080"), "delivered");
    world.rules(&format!("{nat}*filter\n:OUTPUT ACCEPT\n-A OUTPUT -o lo -j DROP\nCOMMIT\n"));
    assert_eq!(world.verdict("host tcp 192.0.2.10:8080"), "dropped fwd filter OUTPUT 1");
}

#[test]
fn over_lo_raw_and_mangle_run_again_and_nat_does_not() {
    let mut world = World::new();
    world.rules("*raw\n:PREROUTING ACCEPT\n-A PREROUTING -i lo -p tcp -m tcp --dport 80 -j DROP\nCOMMIT\n*filter\n:INPUT ACCEPT\nCOMMIT\n");
    assert_eq!(world.verdict("host tcp 127.0.0.1:80"), "dropped fwd raw PREROUTING 1");
    world.rules("*nat\n:PREROUTING ACCEPT\n-A PREROUTING -p tcp -m tcp --dport 80 -j DNAT --to-destination 172.17.0.2:9\nCOMMIT\n*filter\n:INPUT ACCEPT\nCOMMIT\n");
    assert_eq!(world.verdict("host tcp 127.0.0.1:80"), "delivered");
}

#[test]
fn physdev_knows_the_port_of_bridged_packets() {
    let mut world = World::new();
    world.filter("-A FORWARD -m physdev --physdev-is-bridged -j DROP");
    assert_eq!(world.verdict("c1 tcp 172.17.0.3:80"), "dropped fwd filter FORWARD 1");
    assert_eq!(world.verdict("c1 tcp 172.18.0.2:80"), "delivered");
    world.filter("-A INPUT -m physdev --physdev-in veth+ -j DROP");
    assert_eq!(world.verdict("c1 tcp 172.17.0.1:80"), "dropped fwd filter INPUT 1");
}

#[test]
fn goto_returns_to_the_callers_caller() {
    let mut world = World::new();
    world.filter(":A -\n:B -\n-A INPUT -j A\n-A INPUT -p tcp -j DROP\n-A A -g B\n-A A -j ACCEPT\n-A B -j RETURN");
    assert_eq!(world.verdict("192.0.2.77 tcp 192.0.2.10:80"), "dropped fwd filter INPUT 2");
    world.rules("*filter\n:INPUT DROP\n:B -\n-A INPUT -g B\n-A INPUT -j ACCEPT\nCOMMIT\n");
    assert_eq!(world.verdict("192.0.2.77 tcp 192.0.2.10:80"), "dropped fwd filter INPUT policy");
}

#[test]
fn chains_that_call_each_other_end() {
    let mut world = World::new();
    world.filter(":A -\n:B -\n-A INPUT -j A\n-A A -j B\n-A B -j A");
    assert_eq!(world.verdict("192.0.2.77 tcp 192.0.2.10:80"), "unknown");
    world.filter(":A -\n:B -\n-A INPUT -j A\n-A A -g B\n-A B -g A");
    assert_eq!(world.verdict("192.0.2.77 tcp 192.0.2.10:80"), "unknown");
}

#[test]
fn accept_ends_its_table_only() {
    let mut world = World::new();
    world.rules("*mangle\n:INPUT ACCEPT\n-A INPUT -j ACCEPT\nCOMMIT\n*filter\n:INPUT DROP\nCOMMIT\n");
    assert_eq!(world.verdict("192.0.2.77 tcp 192.0.2.10:80"), "dropped fwd filter INPUT policy");
}
