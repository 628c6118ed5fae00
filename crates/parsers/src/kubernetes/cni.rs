//! Network configuration of the container network interface: /etc/cni/net.d/*.conf and *.conflist (CNI 0.1 to 1.1).

use bundlescope_facts::{CniNetwork, Fact};

use crate::Parsed;
use crate::format::{Format, Match};
use crate::json::{self, Fields};

/// A `.conflist`, or a `.conf` of one plugin.
pub(super) static CNI: Format = Format {
    name: "cni-network",
    collect: "cat /etc/cni/net.d/*",
    kinds: &["cni_network"],
    detect: |hint| {
        if !hint.head.trim_start().starts_with('{') || !hint.head.contains("\"type\"") {
            return Match::No;
        }
        let content = json::first_record(hint.head).is_some_and(|record| {
            record.has("cniVersion") && (record.has("plugins") || record.has("type"))
                || hint.path.contains("/cni/net.d/")
                    && record.has("name")
                    && (record.has("plugins") || record.has("type"))
        });
        match (content, hint.path.contains("/cni/net.d/")) {
            (true, true) => Match::Both,
            (true, false) => Match::Content,
            _ => Match::No,
        }
    },
    parse: |document| {
        let mut parsed = Parsed::default();
        json::read(document, &mut parsed, network);
        parsed
    },
};

/// A network: a list of plugins, or one.
pub(super) fn network(record: Fields<'_, '_>, parsed: &mut Parsed) {
    let mut data = CniNetwork { name: record.text("name").unwrap_or_default(), ..CniNetwork::default() };
    if record.has("plugins") {
        record.list("plugins").for_each(|plugin| self::plugin(plugin, &mut data));
    } else {
        plugin(record, &mut data);
    }
    parsed.facts.push(Fact::new(record.source(), data));
}

fn plugin(plugin: Fields<'_, '_>, data: &mut CniNetwork) {
    data.plugins.extend(plugin.text("type"));
    // flannel and others hand a configuration on to another plugin.
    for part in [plugin, plugin.object("delegate")] {
        data.bridge = data.bridge.take().or_else(|| part.text("bridge"));
        data.mtu = data.mtu.or_else(|| part.int("mtu"));
        let ipam = part.object("ipam");
        data.subnets.extend(ipam.text("subnet"));
        for range in ipam.list("ranges").flat_map(Fields::items) {
            data.subnets.extend(range.text("subnet"));
        }
    }
}
