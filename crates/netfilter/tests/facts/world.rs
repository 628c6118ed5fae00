//! A small Docker host as its commands show it.

use bundlescope_facts::{Fact, Proto};
use bundlescope_netfilter::{Answer, Flow, From, Network};
use bundlescope_parsers::{Document, Identity, identify};

const IP_ADDR: &str = "\
1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
    inet 127.0.0.1/8 scope host lo
    inet6 ::1/128 scope host
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default qlen 1000
    link/ether 36:f6:21:83:36:92 brd ff:ff:ff:ff:ff:ff
    inet 192.0.2.10/24 brd 192.0.2.255 scope global eth0
    inet6 2001:db8::10/64 scope global
3: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default
    link/ether 52:a9:2d:ca:02:63 brd ff:ff:ff:ff:ff:ff
    inet 172.17.0.1/16 brd 172.17.255.255 scope global docker0
    inet6 fd00:17::1/64 scope global
4: br-1: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default
    link/ether 1a:5b:52:66:9c:2b brd ff:ff:ff:ff:ff:ff
    inet 172.18.0.1/16 brd 172.18.255.255 scope global br-1
5: vetha@if6: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue master docker0 state UP group default
7: vethb@if8: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue master docker0 state UP group default
9: vethc@if10: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue master br-1 state UP group default
";

const IP_ROUTE: &str = "\
default via 192.0.2.1 dev eth0
172.17.0.0/16 dev docker0 proto kernel scope link src 172.17.0.1
172.18.0.0/16 dev br-1 proto kernel scope link src 172.18.0.1
192.0.2.0/24 dev eth0 proto kernel scope link src 192.0.2.10
";

const LISTENERS: &str = "\
Netid State  Recv-Q Send-Q Local Address:Port Peer Address:PortProcess
tcp   LISTEN 0      4096         0.0.0.0:80        0.0.0.0:*    users:((\"server\",pid=1,fd=4))
udp   UNCONN 0      0            0.0.0.0:53        0.0.0.0:*    users:((\"server\",pid=1,fd=5))
";

/// A host to be changed piece by piece.
pub(crate) struct World {
    pub(crate) documents: Vec<(String, String)>,
}

fn container(name: &str, bridge: &str, address: &str, gateway: &str, v6: &str) -> String {
    let id = name.repeat(32);
    format!(
        r#"{{"Id":"{id}","Name":"/{name}","State":{{"Status":"running","Running":true,"Pid":7}},"Config":{{"Image":"app"}},
        "HostConfig":{{"NetworkMode":"{bridge}"}},"NetworkSettings":{{"Networks":{{"{bridge}":{{"NetworkID":"","EndpointID":"",
        "Gateway":"{gateway}","IPAddress":"{address}","IPPrefixLen":16,"GlobalIPv6Address":"{v6}","GlobalIPv6PrefixLen":64}}}}}}}}"#
    )
}

impl World {
    /// c1 and c2 on docker0, c3 on br-1; every namespace listens on tcp/80 and udp/53; forwarding and bridge-nf are on.
    pub(crate) fn new() -> Self {
        let inspect = format!(
            "[{},{},{}]",
            container("c1", "bridge", "172.17.0.2", "172.17.0.1", "fd00:17::2"),
            container("c2", "bridge", "172.17.0.3", "172.17.0.1", "fd00:17::3"),
            container("c3", "n1", "172.18.0.2", "172.18.0.1", "")
        );
        let mut world = Self { documents: Vec::new() };
        world.set("network/ip_addr.txt", IP_ADDR);
        world.set("network/ip_route.txt", IP_ROUTE);
        world.set("network/ss_-lntup.txt", LISTENERS);
        world.set("docker/docker_inspect.json", &inspect);
        for name in ["c1", "c2", "c3"] {
            world.set(&format!("docker/exec/{name}/ss_-lntup.txt"), LISTENERS);
        }
        world.sysctl("net.ipv4.ip_forward = 1").sysctl("net.bridge.bridge-nf-call-iptables = 1");
        world.rules("*filter\n:INPUT ACCEPT\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\nCOMMIT\n");
        world
    }

    /// Puts a document in place of the one of that path.
    pub(crate) fn set(&mut self, path: &str, text: &str) -> &mut Self {
        self.documents.retain(|(other, _)| other != path);
        self.documents.push((path.to_owned(), text.to_owned()));
        self
    }

    /// What `ip addr` shows of the host.
    pub(crate) fn ip_addr() -> &'static str {
        IP_ADDR
    }

    /// Replaces a text that the document holds.
    pub(crate) fn change(&mut self, path: &str, from: &str, to: &str) -> &mut Self {
        let (_, text) = self.documents.iter().find(|(other, _)| other == path).unwrap();
        assert!(text.contains(from), "{from}");
        let text = text.replace(from, to);
        self.set(path, &text)
    }

    /// Adds a setting; a later one of the same key counts.
    pub(crate) fn sysctl(&mut self, line: &str) -> &mut Self {
        let path = "system/sysctl_-a.txt";
        let key = line.split(' ').next().unwrap();
        let old =
            self.documents.iter().find(|(other, _)| other == path).map(|(_, text)| text.clone()).unwrap_or_default();
        let kept: String =
            old.lines().filter(|other| !other.starts_with(key)).map(|other| format!("{other}\n")).collect();
        self.set(path, &format!("{kept}{line}\n"))
    }

    /// The dump of all tables.
    pub(crate) fn rules(&mut self, save: &str) -> &mut Self {
        self.set("network/iptables-save.txt", &format!("# Generated by iptables-save v1.8.9 on Sat\n{save}"))
    }

    /// Rules of table filter only, policies ACCEPT.
    pub(crate) fn filter(&mut self, rules: &str) -> &mut Self {
        self.rules(&format!("*filter\n:INPUT ACCEPT\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\n{rules}\nCOMMIT\n"))
    }

    pub(crate) fn facts(&self) -> Vec<Fact> {
        let mut facts = Vec::new();
        for (path, text) in &self.documents {
            let identified = identify(path, text.as_bytes());
            let Identity::Format(format) = identified.identity else { panic!("{path} is not recognised") };
            let document =
                Document { container: identified.container, ..Document::new(path.as_str(), text.as_bytes()) };
            let parsed = format.read(&document);
            assert_eq!(parsed.problems, [], "{path}");
            facts.extend(parsed.facts);
        }
        facts
    }

    pub(crate) fn network(&self) -> Network {
        Network::from_facts(&self.facts())
    }

    /// Asks by words: `c1 tcp 172.17.0.3:80`, `host udp [::1]:53`, `192.0.2.77 icmp 192.0.2.10`.
    pub(crate) fn ask(&self, question: &str) -> Answer {
        self.network().host("").unwrap().probe(&flow(question))
    }

    /// Verdict, packet, and rule as `table chain number`.
    pub(crate) fn verdict(&self, question: &str) -> String {
        short(&self.ask(question))
    }
}

/// `dropped fwd filter INPUT 1`, `delivered`.
pub(crate) fn short(answer: &Answer) -> String {
    let mut words = vec![answer.verdict.word().to_owned()];
    words.extend(answer.packet.map(str::to_owned));
    if let Some(by) = &answer.decided_by {
        words.extend(by.table.iter().chain(&by.chain).map(|word| word.to_string()));
        match by.rule {
            Some(bundlescope_netfilter::RuleNumber::Number(number)) => words.push(number.to_string()),
            Some(bundlescope_netfilter::RuleNumber::Policy) => words.push("policy".to_owned()),
            None => words.push(serde_json::to_value(by.kind).unwrap().as_str().unwrap().to_owned()),
        }
    }
    words.join(" ")
}

/// The flow of a question in words.
pub(crate) fn flow(question: &str) -> Flow {
    let words: Vec<&str> = question.split(' ').collect();
    let from = match words[0] {
        "host" => From::Host { bound: None },
        name => match name.parse() {
            Ok(address) => From::Outside { address, input: Some("eth0".into()) },
            Err(_) => From::Container(name.into()),
        },
    };
    let proto = Proto::from_word(words[1]).unwrap();
    let (to, port) = match words[2].parse::<std::net::SocketAddr>() {
        Ok(to) => (to.ip(), to.port()),
        Err(_) => (words[2].parse().unwrap(), 0),
    };
    Flow { from, proto, to, port, sport: Some(40000) }
}
