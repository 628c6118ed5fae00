//! Rejections, closed ports, docker-proxy: what comes back has to get through as well.

use crate::world::World;

#[test]
fn a_rejection_is_related_and_must_get_out() {
    let mut world = World::new();
    for (with, proto) in [("icmp-host-prohibited", "udp"), ("tcp-reset", "tcp")] {
        let reject = format!("-A INPUT -p {proto} -j REJECT --reject-with {with}");
        world.filter(&reject);
        let question = format!("192.0.2.77 {proto} 192.0.2.10:9");
        let answer = world.ask(&question);
        assert_eq!((answer.verdict.word(), answer.reject_with.as_deref()), ("rejected", Some(with)));
        world.rules(&format!("*filter\n:INPUT ACCEPT\n:OUTPUT DROP\n{reject}\n-A OUTPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT\nCOMMIT\n"));
        assert_eq!(world.verdict(&question), "dropped fwd filter INPUT 1", "{with}");
        world.rules(&format!("*filter\n:INPUT ACCEPT\n:OUTPUT DROP\n{reject}\n-A OUTPUT -m conntrack --ctstate RELATED -j ACCEPT\nCOMMIT\n"));
        assert_eq!(world.ask(&question).verdict.word(), "rejected", "{with}");
    }
}

#[test]
fn a_reset_over_a_bridge_skips_output_and_an_icmp_error_does_not() {
    let mut world = World::new();
    let drop_out = "*filter\n:INPUT ACCEPT\n:FORWARD ACCEPT\n:OUTPUT DROP\n";
    world.rules(&format!("{drop_out}-A FORWARD -p tcp -j REJECT --reject-with tcp-reset\nCOMMIT\n"));
    assert_eq!(world.verdict("c1 tcp 172.18.0.2:80"), "rejected fwd filter FORWARD 1");
    world.rules(&format!("{drop_out}-A FORWARD -p tcp -j REJECT\nCOMMIT\n"));
    assert_eq!(world.verdict("c1 tcp 172.18.0.2:80"), "dropped fwd filter FORWARD 1");
}

#[test]
fn a_closed_tcp_port_answers_established_and_a_closed_udp_port_related() {
    let mut world = World::new();
    let only = |state: &str| {
        format!("*filter\n:INPUT ACCEPT\n:OUTPUT DROP\n-A OUTPUT -m conntrack --ctstate {state} -j ACCEPT\nCOMMIT\n")
    };
    world.rules(&only("ESTABLISHED"));
    assert_eq!(world.verdict("192.0.2.77 tcp 192.0.2.10:9"), "refused listener");
    assert_eq!(world.verdict("192.0.2.77 udp 192.0.2.10:9"), "dropped err filter OUTPUT policy");
    world.rules(&only("RELATED"));
    assert_eq!(world.verdict("192.0.2.77 tcp 192.0.2.10:9"), "dropped err filter OUTPUT policy");
    assert_eq!(world.verdict("192.0.2.77 udp 192.0.2.10:9"), "refused listener");
}

#[test]
fn errors_about_translated_packets_are_translated_back() {
    let mut world = World::new();
    world.rules("*nat\n:PREROUTING ACCEPT\n:POSTROUTING ACCEPT\n-A PREROUTING -p udp -m udp --dport 5353 -j DNAT --to-destination 172.17.0.2:9\n-A POSTROUTING -o docker0 -j MASQUERADE\nCOMMIT\n*filter\n:FORWARD ACCEPT\nCOMMIT\n");
    let answer = world.ask("192.0.2.77 udp 192.0.2.10:5353");
    assert_eq!((answer.verdict.word(), answer.reject_with.as_deref()), ("refused", Some("icmp-port-unreachable")));
}

#[test]
fn a_sure_verdict_tells_when_its_rule_is_not() {
    let mut world = World::new();
    world.rules("*filter\n:INPUT DROP\n-A INPUT -m string --algo bm --string x -j DROP\nCOMMIT\n");
    let answer = world.ask("192.0.2.77 tcp 192.0.2.10:80");
    assert_eq!(answer.verdict.word(), "dropped");
    let told = answer.assumed.iter().find(|text| text.starts_with("not known which decides")).unwrap();
    assert!(told.contains("`-A INPUT -m string --algo bm --string x -j DROP` or "), "{told}");
    assert!(told.contains(":INPUT DROP"), "{told}");
}

#[test]
fn nobody_answers_an_error_with_an_error() {
    let mut world = World::new();
    world.filter("-A OUTPUT -j REJECT");
    assert_eq!(world.verdict("host udp 198.51.100.7:53"), "dropped fwd filter OUTPUT 1");
}

const PROXY: &str = "\
Netid State  Recv-Q Send-Q Local Address:Port Peer Address:PortProcess
tcp   LISTEN 0      4096         0.0.0.0:8080      0.0.0.0:*    users:((\"docker-proxy\",pid=9,fd=4))
";
const PUBLISHED: &str = "*nat\n:PREROUTING ACCEPT\n:OUTPUT ACCEPT\n:DOCKER -\n-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80\nCOMMIT\n";

#[test]
fn docker_proxy_hands_on_to_the_container_of_its_dnat_rule() {
    let mut world = World::new();
    world.set("network/ss_-lntup.txt", PROXY);
    world.rules(&format!("{PUBLISHED}*filter\n:OUTPUT ACCEPT\nCOMMIT\n"));
    let answer = world.ask("c3 tcp 192.0.2.10:8080");
    assert_eq!(answer.verdict.word(), "delivered");
    assert_eq!(answer.reached.unwrap().container.as_deref(), Some("c1"));
}

#[test]
fn behind_docker_proxy_a_drop_stalls_and_a_closed_port_closes() {
    let mut world = World::new();
    world.set("network/ss_-lntup.txt", PROXY);
    world.rules(&format!(
        "{PUBLISHED}*filter\n:OUTPUT ACCEPT\n-A OUTPUT -o docker0 -p tcp -m tcp --dport 80 -j DROP\nCOMMIT\n"
    ));
    assert_eq!(world.verdict("c3 tcp 192.0.2.10:8080"), "stalled pfwd filter OUTPUT 1");
    world.rules(&format!("{}*filter\n:OUTPUT ACCEPT\nCOMMIT\n", PUBLISHED.replace("0.2:80", "0.2:81")));
    assert_eq!(world.ask("c3 tcp 192.0.2.10:8080").verdict.word(), "closed");
}

#[test]
fn dockerd_keeps_a_published_port_and_accepts_nothing() {
    let mut world = World::new();
    let published = r#""NetworkSettings":{"Ports":{"80/tcp":[{"HostIp":"0.0.0.0","HostPort":"8080"}]},"#;
    let inspect = world.documents.iter().find(|(path, _)| path == "docker/docker_inspect.json").unwrap().1.clone();
    let plain = r#""NetworkSettings":{"#;
    let inspect = inspect.replacen(plain, published, 1);
    world.set("docker/docker_inspect.json", &inspect);
    world.set(
        "network/ss_-lntup.txt",
        "Netid State  Recv-Q Send-Q Local Address:Port Peer Address:PortProcess\ntcp   LISTEN 0      4096         0.0.0.0:8080        0.0.0.0:*    users:((\"dockerd\",pid=1,fd=4))\n",
    );
    assert_eq!(world.verdict("c3 tcp 192.0.2.10:8080"), "stalled dat listener");
    world.rules("*nat\n:PREROUTING ACCEPT\n-A PREROUTING -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80\nCOMMIT\n*filter\n:FORWARD ACCEPT\nCOMMIT\n");
    assert_eq!(world.ask("c3 tcp 192.0.2.10:8080").verdict.word(), "delivered");
}
