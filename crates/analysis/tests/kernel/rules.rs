//! Random hosts: switches, rules for every table, flows.

use proptest::prelude::*;
use proptest::sample::select;

/// A host to be built.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// By iptables-nft instead of iptables-legacy.
    pub(crate) nft: bool,
    /// ip6tables and IPv6 flows instead of IPv4.
    pub(crate) v6: bool,
    pub(crate) forward: bool,
    pub(crate) bridge_nf: bool,
    pub(crate) hairpin: bool,
    pub(crate) rp_filter: u8,
    pub(crate) route_localnet: bool,
    /// Rule lines by table, with chain declarations.
    pub(crate) restore: String,
    pub(crate) flows: Vec<PlannedFlow>,
}

/// Ends are named; the lab knows their addresses.
#[derive(Debug, Clone)]
pub(crate) struct PlannedFlow {
    pub(crate) from: &'static str,
    pub(crate) to: &'static str,
    pub(crate) udp: bool,
    pub(crate) port: u16,
}

const PORTS: &[u16] = &[80, 81, 443, 8080];

/// A rule of a table; `@name` stands for an address of the lab.
fn matches() -> impl Strategy<Value = String> {
    let address = select(vec!["@c1", "@c2", "@c3", "@gw0", "@gw1", "@host", "@out", "@net0", "@net1"]);
    let device = select(vec!["br0", "br1", "eth0", "lo", "b+", "e+"]);
    let not = || prop_oneof![3 => Just(""), 1 => Just("! ")];
    let one = prop_oneof![
        3 => (not(), select(vec!["-s", "-d"]), address).prop_map(|(not, side, address)| format!("{not}{side} {address}")),
        2 => (not(), device).prop_map(|(not, device)| format!("{not}-i {device}")),
        2 => (not(), select(vec!["br0", "br1", "eth0", "lo"])).prop_map(|(not, device)| format!("{not}-o {device}")),
        3 => (select(vec!["tcp", "udp"]), not(), select(PORTS)).prop_map(|(proto, not, port)| format!("-p {proto} -m {proto} {not}--dport {port}")),
        1 => select(vec!["tcp", "udp"]).prop_map(|proto| format!("-p {proto}")),
        1 => Just("-p tcp -m tcp --tcp-flags SYN,ACK SYN,ACK".to_owned()),
        3 => (not(), select(vec!["NEW", "ESTABLISHED", "RELATED,ESTABLISHED", "INVALID", "UNTRACKED", "DNAT", "SNAT"]))
            .prop_map(|(not, state)| format!("-m conntrack {not}--ctstate {state}")),
        1 => select(vec!["ORIGINAL", "REPLY"]).prop_map(|way| format!("-m conntrack --ctdir {way}")),
        1 => (not(), select(vec!["0x1/0x3", "0x2/0x3", "0x0/0x3"])).prop_map(|(not, mark)| format!("-m mark {not}--mark {mark}")),
        1 => (not(), select(vec!["0x1", "0x0"])).prop_map(|(not, mark)| format!("-m connmark {not}--mark {mark}")),
        1 => (select(vec!["--src-type", "--dst-type"]), select(vec!["LOCAL", "UNICAST"]))
            .prop_map(|(side, kind)| format!("-m addrtype {side} {kind}")),
        1 => Just("-p tcp -m multiport --dports 80,8000:9000".to_owned()),
    ];
    proptest::collection::vec(one, 0..3).prop_map(merge)
}

/// An option may stand once in a rule: the first of each kind stays.
fn merge(parts: Vec<String>) -> String {
    let mut kept: Vec<String> = Vec::new();
    for part in parts {
        let kind = |part: &str| part.trim_start_matches("! ").split(' ').next().unwrap_or_default().to_owned();
        let proto = |part: &str| part.contains("-p ");
        let clash = kept.iter().any(|other| kind(other) == kind(&part) && kind(other) != "-m")
            || (proto(&part) && kept.iter().any(|other| proto(other)))
            || (part.starts_with("-m conntrack") && kept.iter().any(|other| other.starts_with("-m conntrack")));
        if !clash {
            kept.push(part);
        }
    }
    kept.join(" ")
}

/// A rule of `chain`; devices that the hook does not have are taken out, as iptables refuses them.
fn rule(chain: &'static str, target: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    (matches(), target).prop_map(move |(matches, target)| {
        let (no_in, no_out) = match chain {
            "PREROUTING" | "INPUT" => (false, true),
            "OUTPUT" | "POSTROUTING" => (true, false),
            _ => (false, false),
        };
        let mut words: Vec<&str> = matches.split(' ').filter(|word| !word.is_empty()).collect();
        for (option, gone) in [("-i", no_in), ("-o", no_out)] {
            if let Some(at) = words.iter().position(|word| gone && *word == option) {
                words.drain(at..(at + 2).min(words.len()));
                if at > 0 && words[at - 1] == "!" {
                    words.remove(at - 1);
                }
            }
        }
        format!("-A {chain} {} {target}\n", words.join(" "))
    })
}

fn rules(chain: &'static str, most: usize, target: BoxedStrategy<String>) -> BoxedStrategy<String> {
    proptest::collection::vec(rule(chain, target), 0..=most).prop_map(|rules| rules.concat()).boxed()
}

fn words(words: &'static [&'static str]) -> BoxedStrategy<String> {
    select(words).prop_map(str::to_owned).boxed()
}

fn filter() -> impl Strategy<Value = String> {
    let verdict =
        words(&["-j ACCEPT", "-j ACCEPT", "-j ACCEPT", "-j DROP", "-j RETURN", "-j USER", "-g USER", "-j REJECT"]);
    let user = words(&["-j ACCEPT", "-j DROP", "-j RETURN", ""]);
    let policy = || select(vec!["ACCEPT", "ACCEPT", "DROP"]);
    let chains = (
        rules("INPUT", 4, verdict.clone()),
        rules("FORWARD", 5, verdict.clone()),
        rules("OUTPUT", 3, verdict),
        rules("USER", 3, user),
    );
    (policy(), policy(), policy(), chains).prop_map(|(input, forward, output, (a, b, c, d))| {
        format!("*filter\n:INPUT {input}\n:FORWARD {forward}\n:OUTPUT {output}\n:USER -\n{a}{b}{c}{d}COMMIT\n")
    })
}

fn mangle() -> impl Strategy<Value = String> {
    let target = || {
        words(&[
            "-j MARK --set-xmark 0x1/0x3",
            "-j MARK --set-xmark 0x2/0xffffffff",
            "-j CONNMARK --save-mark --nfmask 0xffffffff --ctmask 0xffffffff",
            "-j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff",
            "-j RETURN",
        ])
    };
    let chains = (
        rules("PREROUTING", 2, target()),
        rules("INPUT", 1, target()),
        rules("FORWARD", 1, target()),
        rules("OUTPUT", 1, target()),
        rules("POSTROUTING", 1, target()),
    );
    chains.prop_map(|(a, b, c, d, e)| {
        format!("*mangle\n:PREROUTING ACCEPT\n:INPUT ACCEPT\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\n:POSTROUTING ACCEPT\n{a}{b}{c}{d}{e}COMMIT\n")
    })
}

fn raw() -> impl Strategy<Value = String> {
    let target = || words(&["-j CT --notrack", "-j ACCEPT", "-j RETURN", "-j DROP"]);
    // Connection tracking has not looked yet: only rules without it are tried here, most hosts have none.
    prop_oneof![
        3 => Just("*raw\n:PREROUTING ACCEPT\n:OUTPUT ACCEPT\nCOMMIT\n".to_owned()),
        1 => (rules("PREROUTING", 1, target()), rules("OUTPUT", 1, target()))
            .prop_map(|(a, b)| format!("*raw\n:PREROUTING ACCEPT\n:OUTPUT ACCEPT\n{a}{b}COMMIT\n")),
    ]
}

fn nat() -> impl Strategy<Value = String> {
    let published = (
        select(vec!["-m addrtype --dst-type LOCAL ", "-d @host ", ""]),
        select(PORTS),
        select(vec!["@c1", "@c2", "@c3"]),
        select(PORTS),
    )
        .prop_map(|(whom, port, to, inner)| {
            format!("{whom}-p tcp -m tcp --dport {port} -j DNAT --to-destination @@{to}:{inner}\n")
        });
    let redirect = select(PORTS).prop_map(|port| format!("-p tcp -m tcp --dport {port} -j REDIRECT --to-ports 80\n"));
    let dnat = || proptest::collection::vec(prop_oneof![4 => published.clone(), 1 => redirect.clone()], 0..3);
    let masquerade = words(&[
        "-s @net0 ! -o br0 -j MASQUERADE",
        "-s @net1 ! -o br1 -j MASQUERADE",
        "-j MASQUERADE",
        "-o br0 -m addrtype --src-type LOCAL -j MASQUERADE",
        "-s @c1 -d @c1 -p tcp -m tcp --dport 80 -j MASQUERADE",
        "-s @net0 -o eth0 -j SNAT --to-source @host",
    ]);
    (dnat(), dnat(), proptest::collection::vec(masquerade, 0..4)).prop_map(|(pre, out, post)| {
        let lines = |chain: &str, rules: Vec<String>| -> String {
            rules.iter().map(|rule| format!("-A {chain} {}\n", rule.trim_end())).collect()
        };
        format!(
            "*nat\n:PREROUTING ACCEPT\n:INPUT ACCEPT\n:OUTPUT ACCEPT\n:POSTROUTING ACCEPT\n{}{}{}COMMIT\n",
            lines("PREROUTING", pre),
            lines("OUTPUT", out),
            lines("POSTROUTING", post)
        )
    })
}

fn flow() -> impl Strategy<Value = PlannedFlow> {
    let from = select(vec!["c1", "c2", "c3", "host", "out", "out"]);
    let to = select(vec!["c1", "c2", "c3", "gw0", "gw1", "host", "out", "lo"]);
    (from, to, prop::bool::weighted(0.3), select(PORTS)).prop_map(|(from, to, udp, port)| PlannedFlow {
        from,
        to,
        udp,
        port,
    })
}

/// A whole host with its flows.
pub(crate) fn plan() -> impl Strategy<Value = Plan> {
    let switches = (any::<bool>(), prop::bool::weighted(0.3), prop::bool::weighted(0.9), any::<bool>(), any::<bool>());
    let more = (select(vec![0u8, 0, 1, 2]), prop::bool::weighted(0.3));
    let tables = (raw(), mangle(), nat(), filter());
    (switches, more, tables, proptest::collection::vec(flow(), 40)).prop_map(|(switches, more, tables, flows)| {
        let (nft, v6, forward, bridge_nf, hairpin) = switches;
        let (rp_filter, route_localnet) = more;
        let (raw, mangle, nat, filter) = tables;
        let restore = format!("{raw}{mangle}{nat}{filter}");
        Plan { nft, v6, forward, bridge_nf, hairpin, rp_filter, route_localnet, restore, flows }
    })
}
