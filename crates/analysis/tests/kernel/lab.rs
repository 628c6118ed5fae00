//! A host in network namespaces: two bridges with containers, a machine outside.

use std::io::{BufRead, BufReader, Write};
use std::net::IpAddr;
use std::process::{Child, Command, Stdio};

use bundlescope_facts::Proto;
use bundlescope_netfilter::{Flow, From};

use crate::actors::{self, Seen};
use crate::rules::{Plan, PlannedFlow};

/// Whether hosts can be built here; `Err` says what is missing.
pub(crate) fn possible() -> Result<(), String> {
    let probe = format!("bsprobe{}", std::process::id());
    let run = |program: &str, args: &[&str]| {
        let output = Command::new(program).args(args).output().map_err(|error| format!("{program}: {error}"))?;
        if output.status.success() {
            Ok(())
        } else {
            Err(format!("{program} {}: {}", args.join(" "), String::from_utf8_lossy(&output.stderr)))
        }
    };
    run("ip", &["netns", "add", &probe])?;
    let checks = ["iptables-legacy-save", "iptables-nft-save", "ip6tables-legacy-save", "bridge"];
    let mut result = run("ip", &["netns", "exec", &probe, "ip", "link", "add", "probe0", "type", "bridge"]);
    for check in checks {
        let args: &[&str] = if check == "bridge" { &["link"] } else { &[] };
        result = result.and_then(|()| run("ip", &[&["netns", "exec", &probe, check], args].concat()));
    }
    let nf = ["netns", "exec", &probe, "sysctl", "-n", "net.bridge.bridge-nf-call-iptables"];
    result = result.and_then(|()| run("ip", &nf));
    let _ = run("ip", &["netns", "del", &probe]);
    result
}

/// The host, its containers and the machine outside; gone when dropped.
pub(crate) struct Lab {
    prefix: String,
    v6: bool,
    nft: bool,
    servers: Vec<Child>,
}

const NAMES: [&str; 5] = ["h", "c1", "c2", "c3", "o"];

impl Lab {
    /// Builds the host and loads its rules.
    pub(crate) fn build(seed: u64, plan: &Plan) -> Result<Self, String> {
        let prefix = format!("bs{}x{seed}", std::process::id());
        let mut lab = Self { prefix, v6: plan.v6, nft: plan.nft, servers: Vec::new() };
        lab.clean();
        for name in NAMES {
            lab.sh(&format!("ip netns add {}", lab.ns(name)))?;
            lab.inside(name, "ip link set lo up")?;
            // Many errors at once are the test's own doing.
            lab.inside(
                name,
                "sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0 net.ipv4.icmp_msgs_per_sec=100000 net.ipv4.icmp_msgs_burst=10000",
            )?;
        }
        lab.wire()?;
        let on = |value: bool| u8::from(value);
        let settings = [
            format!("net.ipv4.ip_forward={}", on(plan.forward)),
            format!("net.ipv6.conf.all.forwarding={}", on(plan.forward)),
            format!("net.bridge.bridge-nf-call-iptables={}", on(plan.bridge_nf)),
            format!("net.bridge.bridge-nf-call-ip6tables={}", on(plan.bridge_nf)),
            format!("net.ipv4.conf.all.rp_filter={}", plan.rp_filter),
            format!("net.ipv4.conf.br0.route_localnet={}", on(plan.route_localnet)),
        ];
        for setting in settings {
            lab.inside("h", &format!("sysctl -qw {setting}"))?;
        }
        for port in ["p1", "p2", "p3"] {
            let state = if plan.hairpin { "on" } else { "off" };
            lab.inside("h", &format!("bridge link set dev {port} hairpin {state}"))?;
        }
        lab.load(&plan.restore)?;
        lab.serve()?;
        Ok(lab)
    }

    fn ns(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    fn sh(&self, line: &str) -> Result<String, String> {
        let output = Command::new("sh").args(["-c", line]).output().map_err(|error| error.to_string())?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        Err(format!("{line}: {}", String::from_utf8_lossy(&output.stderr)))
    }

    fn inside(&self, name: &str, line: &str) -> Result<String, String> {
        self.sh(&format!("ip netns exec {} {line}", self.ns(name)))
    }

    fn wire(&self) -> Result<(), String> {
        for (bridge, subnet) in [("br0", 17), ("br1", 18)] {
            self.inside("h", &format!("ip link add {bridge} type bridge"))?;
            self.inside("h", &format!("ip addr add 172.{subnet}.0.1/16 brd + dev {bridge}"))?;
            self.inside("h", &format!("ip addr add fd00:{subnet}::1/64 dev {bridge} nodad"))?;
            self.inside("h", &format!("ip link set {bridge} up"))?;
        }
        for (number, bridge, subnet, last) in [(1, "br0", 17, 2), (2, "br0", 17, 3), (3, "br1", 18, 2)] {
            let name = format!("c{number}");
            self.pair(&format!("p{number}"), &name)?;
            self.inside("h", &format!("ip link set p{number} master {bridge}"))?;
            self.address(&name, "eth0", &format!("172.{subnet}.0.{last}/16"), &format!("fd00:{subnet}::{last}/64"))?;
            self.inside(&name, &format!("ip route add default via 172.{subnet}.0.1"))?;
            self.inside(&name, &format!("ip -6 route add default via fd00:{subnet}::1"))?;
        }
        self.pair("eth0", "o")?;
        self.address("h", "eth0", "192.0.2.10/24", "fd00:19::10/64")?;
        self.address("o", "eth0", "192.0.2.1/24", "fd00:19::1/64")?;
        // The machine outside is the host's router, and knows the way to its containers.
        self.inside("h", "ip route add default via 192.0.2.1")?;
        self.inside("h", "ip -6 route add default via fd00:19::1")?;
        self.inside("o", "ip route add 172.16.0.0/12 via 192.0.2.10")?;
        self.inside("o", "ip -6 route add fd00::/16 via fd00:19::10")?;
        self.introduce()
    }

    /// Neighbours know each other: IPv6 asks for them by packets that the rules would see as well.
    fn introduce(&self) -> Result<(), String> {
        let mac = |name: &str, device: &str| -> Result<String, String> {
            Ok(self.inside(name, &format!("cat /sys/class/net/{device}/address"))?.trim().to_owned())
        };
        let links = [("br0", "c1", 17, 2), ("br0", "c2", 17, 3), ("br1", "c3", 18, 2), ("eth0", "o", 19, 1)];
        for (device, name, subnet, last) in links {
            let (here, there) = (mac("h", device)?, mac(name, "eth0")?);
            let own = if name == "o" { "10".to_owned() } else { "1".to_owned() };
            self.inside("h", &format!("ip -6 neigh replace fd00:{subnet}::{last} lladdr {there} dev {device}"))?;
            self.inside(name, &format!("ip -6 neigh replace fd00:{subnet}::{own} lladdr {here} dev eth0"))?;
        }
        for (name, other, last) in [("c1", "c2", 3), ("c2", "c1", 2)] {
            let there = mac(other, "eth0")?;
            self.inside(name, &format!("ip -6 neigh replace fd00:17::{last} lladdr {there} dev eth0"))?;
        }
        Ok(())
    }

    /// A cable: `port` on the host, eth0 in the other namespace.
    fn pair(&self, port: &str, other: &str) -> Result<(), String> {
        let (host, other) = (self.ns("h"), self.ns(other));
        self.sh(&format!("ip netns exec {host} ip link add {port} type veth peer name eth0 netns {other}"))?;
        self.sh(&format!("ip netns exec {host} ip link set {port} up && ip netns exec {other} ip link set eth0 up"))?;
        Ok(())
    }

    fn address(&self, name: &str, device: &str, v4: &str, v6: &str) -> Result<(), String> {
        self.inside(name, &format!("ip addr add {v4} brd + dev {device}"))?;
        self.inside(name, &format!("ip addr add {v6} dev {device} nodad"))?;
        Ok(())
    }

    fn tool(&self) -> String {
        let family = if self.v6 { "ip6tables" } else { "iptables" };
        format!("{family}-{}", if self.nft { "nft" } else { "legacy" })
    }

    fn load(&self, restore: &str) -> Result<(), String> {
        let mut text = restore.to_owned();
        // Longer names first; `@@` marks an address in front of a port.
        for name in ["net0", "net1", "host", "gw0", "gw1", "out", "c1", "c2", "c3"] {
            let address = self.address_of(name);
            let bracketed = if self.v6 { format!("[{address}]") } else { address.clone() };
            text = text.replace(&format!("@@@{name}"), &bracketed).replace(&format!("@{name}"), &address);
        }
        let mut child = Command::new("ip")
            .args(["netns", "exec", &self.ns("h"), &format!("{}-restore", self.tool())])
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| error.to_string())?;
        child.stdin.take().ok_or("no stdin")?.write_all(text.as_bytes()).map_err(|error| error.to_string())?;
        let output = child.wait_with_output().map_err(|error| error.to_string())?;
        if output.status.success() {
            Ok(())
        } else {
            Err(format!("{}\n{text}", String::from_utf8_lossy(&output.stderr)))
        }
    }

    fn address_of(&self, name: &str) -> String {
        let (v4, v6) = match name {
            "c1" => ("172.17.0.2", "fd00:17::2"),
            "c2" => ("172.17.0.3", "fd00:17::3"),
            "c3" => ("172.18.0.2", "fd00:18::2"),
            "gw0" => ("172.17.0.1", "fd00:17::1"),
            "gw1" => ("172.18.0.1", "fd00:18::1"),
            "host" => ("192.0.2.10", "fd00:19::10"),
            "out" => ("192.0.2.1", "fd00:19::1"),
            "net0" => ("172.17.0.0/16", "fd00:17::/64"),
            "net1" => ("172.18.0.0/16", "fd00:18::/64"),
            _ => ("127.0.0.1", "::1"),
        };
        if self.v6 { v6.to_owned() } else { v4.to_owned() }
    }

    fn serve(&mut self) -> Result<(), String> {
        let any = if self.v6 { "::" } else { "0.0.0.0" };
        for name in NAMES {
            // Machines outside answer whatever they are asked: the bundle does not tell, and the probe says so.
            let ports: &[u16] = if name == "o" { &[80, 81, 443, 8080] } else { &[80, 8080] };
            // A datagram is answered from the address that it was sent to only by a socket bound to that address.
            let own: &[&str] = match name {
                "h" => &["host", "gw0", "gw1", "lo"],
                "o" => &["out"],
                other => &[other],
            };
            let udp = |port: &u16| -> String {
                own.iter().map(|own| format!("serve udp {} {port};", self.address_of(own))).collect()
            };
            let script: String = ports.iter().map(|port| format!("serve tcp {any} {port};{}", udp(port))).collect();
            let mut child = actors::start(&self.ns(name), &script).map_err(|error| error.to_string())?;
            let output = child.stdout.take().ok_or("no stdout")?;
            let ready = BufReader::new(output).lines().map_while(Result::ok).any(|line| line.contains("READY"));
            self.servers.push(child);
            if !ready {
                return Err(format!("the servers of {name} do not start"));
            }
        }
        Ok(())
    }

    /// What a collector would print on this host.
    pub(crate) fn capture(&self) -> Vec<(String, String)> {
        let run = |name: &str, line: &str| self.inside(name, line).expect("a command of the capture");
        let keys = "net.ipv4.ip_forward|net.bridge.bridge-nf|rp_filter|route_localnet|accept_local|conf.all.forwarding";
        let mut documents = vec![
            ("network/ip_addr.txt".to_owned(), run("h", "ip addr")),
            ("network/ip_route_show_table_all.txt".to_owned(), run("h", "ip route show table all")),
            ("network/ip_-6_route_show_table_all.txt".to_owned(), run("h", "ip -6 route show table all")),
            ("network/ip_rule.txt".to_owned(), run("h", "ip rule")),
            ("network/bridge_-d_link.txt".to_owned(), run("h", "bridge -d link")),
            ("network/ss_-lntup.txt".to_owned(), run("h", "ss -lntup")),
            ("system/sysctl_-a.txt".to_owned(), run("h", &format!("sysctl -a 2>/dev/null | grep -E '{keys}'"))),
            (
                format!("network/{}-save.txt", self.tool().replace("-legacy", "").replace("-nft", "")),
                run("h", &format!("{}-save", self.tool())),
            ),
            ("docker/docker_inspect.json".to_owned(), self.inspect()),
        ];
        for name in ["c1", "c2", "c3"] {
            documents.push((format!("docker/exec/{name}/ss_-lntup.txt"), run(name, "ss -lntup")));
        }
        documents
    }

    /// The same rules as other commands show them: name of the form, and its documents.
    pub(crate) fn other_forms(&self) -> Vec<(&'static str, Vec<(String, String)>)> {
        let run = |line: &str| self.inside("h", line).expect("a command of the capture");
        let tool = self.tool();
        let plain = tool.replace("-legacy", "").replace("-nft", "");
        let tables = ["raw", "mangle", "nat", "filter"];
        let each = |arguments: &str, name: &str| -> Vec<(String, String)> {
            let document = |table: &&str| {
                (format!("network/{plain}_-t_{table}_{name}.txt"), run(&format!("{tool} -t {table} {arguments}")))
            };
            tables.iter().map(document).collect()
        };
        let mut forms = vec![("-L", each("-nvL --line-numbers", "-nvL_--line-numbers")), ("-S", each("-S", "-S"))];
        if self.nft {
            forms.push(("nft", vec![("network/nft_list_ruleset.txt".to_owned(), run("nft list ruleset"))]));
            forms.push(("nft -j", vec![("network/nft_-j_list_ruleset.json".to_owned(), run("nft -j list ruleset"))]));
        }
        forms
    }

    /// Docker would say this of the containers.
    fn inspect(&self) -> String {
        let one = |name: &str, subnet: u8, last: u8| {
            let id = name.repeat(32);
            format!(
                r#"{{"Id":"{id}","Name":"/{name}","State":{{"Status":"running","Running":true,"Pid":7}},"Config":{{"Image":"app"}},
                "HostConfig":{{"NetworkMode":"n{subnet}"}},"NetworkSettings":{{"Networks":{{"n{subnet}":{{"NetworkID":"","EndpointID":"",
                "Gateway":"172.{subnet}.0.1","IPAddress":"172.{subnet}.0.{last}","IPPrefixLen":16,
                "IPv6Gateway":"fd00:{subnet}::1","GlobalIPv6Address":"fd00:{subnet}::{last}","GlobalIPv6PrefixLen":64}}}}}}}}"#
            )
        };
        format!("[{},{},{}]", one("c1", 17, 2), one("c2", 17, 3), one("c3", 18, 2))
    }

    /// The flow in the probe's terms.
    pub(crate) fn flow(&self, planned: &PlannedFlow) -> Flow {
        let address = |name: &str| -> IpAddr { self.address_of(name).parse().expect("an address") };
        let from = match planned.from {
            "host" => From::Host { bound: None },
            "out" => From::Outside { address: address("out"), input: Some("eth0".into()) },
            name => From::Container(name.into()),
        };
        let proto = if planned.udp { Proto::Udp } else { Proto::Tcp };
        // The machine outside has a loopback address of its own.
        let to = match (planned.from, planned.to) {
            ("out", "out" | "lo") => "host",
            (from, "lo") if from != "host" => "gw0",
            (_, to) => to,
        };
        Flow { from, proto, to: address(to), port: planned.port, sport: None }
    }

    /// Sends the flows, those of one sender at once.
    pub(crate) fn send(&self, flows: &[Flow]) -> Vec<Seen> {
        let sender = |flow: &Flow| match &flow.from {
            From::Host { .. } => "h".to_owned(),
            From::Outside { .. } => "o".to_owned(),
            From::Container(name) => name.to_string(),
        };
        let mut seen = vec![Seen::Silence; flows.len()];
        let any = if self.v6 { "::" } else { "0.0.0.0" };
        let mut asking = Vec::new();
        for name in NAMES {
            let mine: Vec<usize> = (0..flows.len()).filter(|at| sender(&flows[*at]) == name).collect();
            if mine.is_empty() {
                continue;
            }
            let script: String = mine
                .iter()
                .map(|at| {
                    let flow = &flows[*at];
                    format!("ask {} {any} 0 {} {};", flow.proto.word(), flow.to, flow.port)
                })
                .collect();
            asking.push((mine, actors::start(&self.ns(name), &script).expect("a client")));
        }
        for (mine, child) in asking {
            let answers = actors::finish(child);
            assert_eq!(answers.len(), mine.len(), "every client answers");
            for (at, answer) in mine.into_iter().zip(answers) {
                seen[at] = answer;
            }
        }
        seen
    }

    fn clean(&self) {
        for name in NAMES {
            let _ = self.sh(&format!("ip netns del {} 2>/dev/null", self.ns(name)));
        }
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        for server in &mut self.servers {
            drop(server.stdin.take());
            let _ = server.wait();
        }
        self.clean();
    }
}
