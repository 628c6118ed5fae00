//! flannel: the subnet of a node (/run/flannel/subnet.env, all versions) and the cluster's network (net-conf.json).

use bundlescope_facts::{Fact, FlannelNetwork, FlannelSubnet, Text};

use crate::format::{Format, Hint, Match};
use crate::json::{self, Fields};
use crate::{Document, Parsed};

/// `FLANNEL_NETWORK=10.244.0.0/16`, …
pub(super) static SUBNET: Format = Format {
    name: "flannel-subnet",
    collect: "cat /run/flannel/subnet.env",
    kinds: &["flannel_subnet"],
    detect: |hint| {
        let own = |line: &str| line.starts_with("FLANNEL_") && line.contains('=');
        named(crate::words::most_lines(hint.head, own), hint, "subnet.env")
    },
    parse: parse_subnet,
};

/// `{"Network": "10.244.0.0/16", "Backend": {"Type": "vxlan"}}`.
pub(super) static NETWORK: Format = Format {
    name: "flannel-network",
    collect: "kubectl get configmap -n kube-flannel kube-flannel-cfg -o yaml",
    kinds: &["flannel_network"],
    detect: |hint| {
        let content = hint.head.contains("\"Backend\"")
            && json::first_record(hint.head).is_some_and(|record| {
                let typed = record.member("Backend").is_some_and(|backend| backend.value.has("Type"));
                (record.has("Network") || record.has("IPv6Network")) && typed
            });
        named(content, hint, "net-conf.json")
    },
    parse: |document| {
        let mut parsed = Parsed::default();
        json::read(document, &mut parsed, network);
        parsed
    },
};

fn named(content: bool, hint: &Hint<'_>, name: &str) -> Match {
    match (content, hint.path.ends_with(name)) {
        (true, true) => Match::Both,
        (true, false) => Match::Content,
        _ => Match::No,
    }
}

/// flannel's configuration.
pub(super) fn network(record: Fields<'_, '_>, parsed: &mut Parsed) {
    let backend = record.object("Backend");
    let data = FlannelNetwork {
        network: record.text("Network").or_else(|| record.text("IPv6Network")),
        backend: backend.text("Type"),
        port: backend.int("Port"),
        vni: backend.int("VNI"),
    };
    parsed.facts.push(Fact::new(record.source(), data));
}

fn parse_subnet(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut data = FlannelSubnet::default();
    let (mut first, mut last) = (None, None);
    for line in document.lines().filter(|line| !line.text.trim().is_empty() && !line.text.starts_with('#')) {
        let Some((key, value)) = line.text.split_once('=') else {
            parsed.problem(document, line.number, "expected a variable such as FLANNEL_SUBNET=10.244.1.1/24");
            continue;
        };
        let value = value.trim().trim_matches('"');
        let text = Some(value).filter(|value| !value.is_empty()).map(Text::from);
        match key.trim() {
            "FLANNEL_NETWORK" => data.network = text,
            "FLANNEL_SUBNET" => data.subnet = text,
            "FLANNEL_MTU" => match value.parse() {
                Ok(mtu) => data.mtu = Some(mtu),
                Err(_) => parsed.problem(document, line.number, "FLANNEL_MTU is no number"),
            },
            "FLANNEL_IPMASQ" => data.masquerade = value.parse().ok(),
            "FLANNEL_IPV6_NETWORK" | "FLANNEL_IPV6_SUBNET" => {}
            _ => {
                parsed.problem(document, line.number, "a variable that flannel does not write");
                continue;
            }
        }
        first.get_or_insert(line);
        last = Some(line);
    }
    if let (Some(first), Some(last)) = (first, last) {
        parsed.fact(document, first, last, data);
    }
    parsed
}
