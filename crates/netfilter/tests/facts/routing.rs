//! Routing decisions, reverse path filter, martians, neighbours, hairpins.

use crate::world::World;

const MARK_OUT: &str = "*mangle\n:OUTPUT ACCEPT\n-A OUTPUT -p tcp -m tcp --dport 80 -j MARK --set-xmark 0x1/0xffffffff\n\
                        -A OUTPUT -p udp -j MARK --set-xmark 0x1/0xffffffff\nCOMMIT\n*filter\n:OUTPUT ACCEPT\nCOMMIT\n";

#[test]
fn the_reverse_path_filter_takes_the_larger_of_all_and_device() {
    let mut world = World::new();
    // 172.18.0.9 does not come by eth0; without the filter the packet gets in, and only its answer finds nobody.
    assert_ne!(world.verdict("172.18.0.9 tcp 192.0.2.10:80"), "dropped fwd sysctl");
    world.sysctl("net.ipv4.conf.all.rp_filter = 0").sysctl("net.ipv4.conf.eth0.rp_filter = 1");
    assert_eq!(world.verdict("172.18.0.9 tcp 192.0.2.10:80"), "dropped fwd sysctl");
    world.sysctl("net.ipv4.conf.all.rp_filter = 2");
    // Loose is the larger: any route back will do, and then the answer finds nobody.
    assert_ne!(world.verdict("172.18.0.9 tcp 192.0.2.10:80"), "dropped fwd sysctl");
}

#[test]
fn own_addresses_do_not_come_from_outside() {
    let world = World::new();
    let answer = world.ask("172.17.0.1 tcp 192.0.2.10:80");
    assert_eq!(answer.verdict.word(), "dropped");
    assert_eq!(&*answer.decided_by.unwrap().text, "172.17.0.1 is an own address and cannot come from eth0");
}

#[test]
fn loopback_addresses_need_route_localnet() {
    let mut world = World::new();
    assert_eq!(world.verdict("192.0.2.77 tcp 127.0.0.1:80"), "dropped fwd sysctl");
    world.sysctl("net.ipv4.conf.eth0.route_localnet = 1");
    assert_eq!(world.verdict("192.0.2.77 tcp 127.0.0.1:80"), "delivered");
}

#[test]
fn routes_that_refuse_answer_or_swallow() {
    let mut world = World::new();
    let base = world.documents.iter().find(|(path, _)| path.ends_with("ip_route.txt")).unwrap().1.clone();
    let routes = format!("{base}blackhole 203.0.113.0/28\nprohibit 203.0.113.16/28\nunreachable 203.0.113.32/28\n");
    world.set("network/ip_route.txt", &routes);
    assert_eq!(world.verdict("c1 tcp 203.0.113.1:80"), "dropped fwd route");
    for (address, word) in [("203.0.113.17", "icmp-admin-prohibited"), ("203.0.113.33", "icmp-host-unreachable")] {
        let answer = world.ask(&format!("c1 tcp {address}:80"));
        assert_eq!((answer.verdict.word(), answer.reject_with.as_deref()), ("unroutable", Some(word)));
    }
    world.set("network/ip_route.txt", base.split_once('\n').unwrap().1);
    let answer = world.ask("c1 tcp 203.0.113.1:80");
    assert_eq!((answer.verdict.word(), answer.reject_with.as_deref()), ("unroutable", Some("icmp-net-unreachable")));
}

#[test]
fn marks_of_mangle_output_route_again() {
    let mut world = World::new();
    world.rules(MARK_OUT);
    world.set("network/ip_rule.txt", "0:\tfrom all lookup local\n100:\tfrom all fwmark 0x1 lookup 100\n32766:\tfrom all lookup main\n32767:\tfrom all lookup default\n");
    let base = world.documents.iter().find(|(path, _)| path.ends_with("ip_route.txt")).unwrap().1.clone();
    // Table 100 was not captured.
    assert_eq!(world.verdict("host tcp 198.51.100.7:80"), "unknown");
    let local = "local 127.0.0.1 dev lo table local proto kernel scope host src 127.0.0.1\n";
    world.set("network/ip_route_show_table_all.txt", &format!("{base}{local}unreachable default table 100\n"));
    // TCP tries on in silence, a datagram's sender is told.
    assert_eq!(world.verdict("host tcp 198.51.100.7:80"), "dropped fwd route");
    assert_eq!(world.verdict("host udp 198.51.100.7:53"), "unroutable fwd route");
}

#[test]
fn an_address_that_no_container_has_is_not_reached() {
    let world = World::new();
    assert_eq!(world.verdict("host tcp 172.17.0.250:80"), "unroutable fwd neighbour");
    let answer = world.ask("192.0.2.77 tcp 172.17.0.250:80");
    assert_eq!((answer.verdict.word(), answer.reject_with.as_deref()), ("unroutable", Some("icmp-host-unreachable")));
}

#[test]
fn a_loopback_source_is_not_answered_by_neighbours() {
    let mut world = World::new();
    let nat = "*nat\n:OUTPUT ACCEPT\n:POSTROUTING ACCEPT\n-A OUTPUT -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80\n";
    world.rules(&format!("{nat}COMMIT\n*filter\n:INPUT ACCEPT\nCOMMIT\n"));
    assert_eq!(world.verdict("host tcp 127.0.0.1:8080"), "unroutable fwd neighbour");
    let masquerade = "-A POSTROUTING -o docker0 -m addrtype --src-type LOCAL -j MASQUERADE\n";
    world.rules(&format!("{nat}{masquerade}COMMIT\n*filter\n:INPUT ACCEPT\nCOMMIT\n"));
    // The answer comes in by docker0 and is for 127.0.0.1 again.
    assert_eq!(world.verdict("host tcp 127.0.0.1:8080"), "dropped rep sysctl");
    world.sysctl("net.ipv4.conf.docker0.route_localnet = 1");
    assert_eq!(world.verdict("host tcp 127.0.0.1:8080"), "delivered");
}

#[test]
fn a_hairpin_needs_the_port_and_the_masquerade() {
    let mut world = World::new();
    let nat = "*nat\n:PREROUTING ACCEPT\n:POSTROUTING ACCEPT\n-A PREROUTING -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80\n";
    let masquerade = "-A POSTROUTING -s 172.17.0.2/32 -d 172.17.0.2/32 -p tcp -m tcp --dport 80 -j MASQUERADE\n";
    let filter = "COMMIT\n*filter\n:FORWARD ACCEPT\nCOMMIT\n";
    let ports = |state: &str| {
        ["vetha", "vethb"].map(|name| format!("5: {name}@if6: <BROADCAST,UP,LOWER_UP> mtu 1500 master docker0 state forwarding priority 32 cost 2 \n    hairpin {state} guard off root_block off fastleave off learning on flood on mcast_flood on\n")).concat()
    };
    world.rules(&format!("{nat}{masquerade}{filter}")).set("network/bridge_-d_link.txt", &ports("off"));
    assert_eq!(world.verdict("c1 tcp 192.0.2.10:8080"), "dropped fwd route");
    // Another container's port needs no hairpin.
    assert_eq!(world.verdict("c2 tcp 192.0.2.10:8080"), "delivered");
    world.set("network/bridge_-d_link.txt", &ports("on"));
    assert_eq!(world.verdict("c1 tcp 192.0.2.10:8080"), "delivered");
    world.rules(&format!("{nat}{filter}"));
    let answer = world.ask("c1 tcp 192.0.2.10:8080");
    assert_eq!(answer.verdict.word(), "dropped");
    assert!(answer.decided_by.unwrap().text.contains("is an own address"));
}

#[test]
fn without_bridge_nf_the_answer_comes_from_the_wrong_address() {
    let mut world = World::new();
    world.sysctl("net.bridge.bridge-nf-call-iptables = 0");
    world.rules("*nat\n:PREROUTING ACCEPT\n-A PREROUTING -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.3:80\nCOMMIT\n*filter\n:FORWARD ACCEPT\nCOMMIT\n");
    let answer = world.ask("c1 tcp 192.0.2.10:8080");
    assert_eq!((answer.verdict.word(), answer.packet), ("dropped", Some("rep")));
    assert_eq!(
        &*answer.decided_by.unwrap().text,
        "the answer comes from 172.17.0.3, where the client expects 192.0.2.10"
    );
}

#[test]
fn a_bridged_translation_needs_forwarding() {
    let mut world = World::new();
    world.sysctl("net.ipv4.ip_forward = 0");
    world.rules("*nat\n:PREROUTING ACCEPT\n-A PREROUTING -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.3:80\nCOMMIT\n*filter\n:FORWARD ACCEPT\nCOMMIT\n");
    assert_eq!(world.verdict("c1 tcp 192.0.2.10:8080"), "dropped fwd sysctl");
}

#[test]
fn redirect_takes_the_first_address_of_the_device() {
    let mut world = World::new();
    world.rules("*nat\n:PREROUTING ACCEPT\n:OUTPUT ACCEPT\n-A PREROUTING -p tcp -m tcp --dport 99 -j REDIRECT --to-ports 80\n-A OUTPUT -p tcp -m tcp --dport 99 -j REDIRECT --to-ports 80\nCOMMIT\n*filter\n:INPUT ACCEPT\nCOMMIT\n");
    let reached = |question: &str| world.ask(question).reached.unwrap().address.to_string();
    assert_eq!(reached("c1 tcp 198.51.100.7:99"), "172.17.0.1");
    assert_eq!(reached("host tcp 198.51.100.7:99"), "127.0.0.1");
}

/// `ip -o addr` of the same host: addresses, and neither kinds nor masters of interfaces.
const ONE_LINE: &str = "\
1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever
2: eth0    inet 192.0.2.10/24 brd 192.0.2.255 scope global eth0\\       valid_lft forever preferred_lft forever
";

#[test]
fn the_gateway_of_a_container_is_its_bridge() {
    let mut world = World::new();
    world.filter("-A INPUT -i docker0 -p tcp -m tcp --dport 80 -j DROP");
    let docker0 = "3: docker0    inet 172.17.0.1/16 brd 172.17.255.255 scope global docker0\\       valid_lft forever preferred_lft forever\n";
    world.set("network/ip_addr.txt", &format!("{ONE_LINE}{docker0}"));
    assert_eq!(world.verdict("c1 tcp 172.17.0.1:80"), "dropped fwd filter INPUT 1");
    assert_eq!(world.verdict("c1 tcp 192.0.2.10:80"), "dropped fwd filter INPUT 1");
    assert_eq!(world.verdict("c1 tcp 172.17.0.3:80"), "delivered");
}

#[test]
fn a_container_without_a_known_bridge_is_not_outside_the_host() {
    let mut world = World::new();
    world.filter("-A INPUT -p tcp -m tcp --dport 80 -j DROP");
    world.set("network/ip_addr.txt", ONE_LINE);
    let answer = world.ask("c1 tcp 192.0.2.10:80");
    assert_eq!(answer.verdict.word(), "unknown");
}

#[test]
fn nothing_leaves_by_an_interface_without_a_carrier_or_that_is_down() {
    for (flags, why) in [("NO-CARRIER,BROADCAST,MULTICAST,UP", "has no carrier"), ("BROADCAST,MULTICAST", "is down")] {
        let mut world = World::new();
        world.change(
            "network/ip_addr.txt",
            "2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP>",
            &format!("2: eth0: <{flags}>"),
        );
        let answer = world.ask("c1 tcp 192.0.2.77:80");
        assert_eq!(answer.verdict.word(), "unroutable", "{why}");
        assert_eq!(answer.decided_by.map(|by| by.text.to_string()), Some(format!("eth0 {why}")));
        // Its own address is reached all the same.
        assert_eq!(world.ask("c1 tcp 192.0.2.10:80").verdict.word(), "delivered", "{why}");
    }
}

#[test]
fn a_bridge_that_is_down_takes_nothing_from_its_containers() {
    let mut world = World::new();
    world.change("network/ip_addr.txt", "4: br-1: <BROADCAST,MULTICAST,UP,LOWER_UP>", "4: br-1: <BROADCAST,MULTICAST>");
    assert_eq!(world.verdict("c3 tcp 192.0.2.77:80"), "unroutable fwd neighbour");
    assert_eq!(world.ask("c1 tcp 192.0.2.77:80").verdict.word(), "delivered");
}

#[test]
fn a_container_of_which_only_a_list_tells_may_be_on_any_bridge() {
    let mut world = World::new();
    let rows = "CONTAINER ID   IMAGE     COMMAND   CREATED         STATUS         PORTS     NAMES\n46124634c661   app:1.4   \"app\"     2 minutes ago   Up 2 minutes             worker\n";
    world.set("docker/docker_ps_-a.txt", rows);
    world.set("network/ip_addr.txt", &World::ip_addr().replace("br-1", "br-0123456789ab"));
    world.change("network/ip_route.txt", "br-1", "br-0123456789ab");
    world.filter("-A INPUT ! -i eth0 -j DROP");
    let answer = world.ask("worker tcp 192.0.2.10:80");
    assert_eq!(answer.verdict.word(), "dropped");
    assert!(
        answer.assumed.iter().any(|text| text.starts_with("worker is connected to a bridge")),
        "{:?}",
        answer.assumed
    );
    // Where it makes a difference, nothing is claimed.
    world.filter("-A INPUT -i docker0 -j DROP");
    let answer = world.ask("worker tcp 192.0.2.10:80");
    assert_eq!(answer.verdict.word(), "unknown");
    assert!(
        answer.assumed.iter().any(|text| text.contains("which of Docker's networks worker is")),
        "{:?}",
        answer.assumed
    );
}
