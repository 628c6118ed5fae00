//! A container's places on networks, as the container's own record tells them.

use bundlescope_facts::{Endpoint, Fact, Text};

use crate::Parsed;
use crate::json::Fields;

/// The container whose record it is.
pub(super) struct Owner {
    pub(super) name: Text,
    pub(super) id: Text,
}

/// One fact per entry of `NetworkSettings.Networks`. Docker before 1.9 knows one network only, the default bridge,
/// and writes its values beside.
pub(super) fn of_container(record: Fields<'_, '_>, owner: &Owner, parsed: &mut Parsed) {
    let settings = record.object("NetworkSettings");
    if settings.has("Networks") {
        for (network, entry) in settings.object("Networks").entries() {
            let data = Endpoint { network: network.into(), ..endpoint(entry, owner) };
            parsed.facts.push(Fact::new(entry.source(), data));
        }
    } else if settings.text("IPAddress").is_some() {
        let source = settings.get("IPAddress").source_to(settings.get("IPPrefixLen"));
        let data = Endpoint { network: "bridge".into(), ..endpoint(settings, owner) };
        parsed.facts.push(Fact::new(source, data));
    }
}

fn endpoint(entry: Fields<'_, '_>, owner: &Owner) -> Endpoint {
    let address = entry.address("IPAddress");
    Endpoint {
        container: owner.name.clone(),
        container_id: owner.id.clone(),
        network: Text::default(),
        network_id: entry.text("NetworkID"),
        prefix: entry.int("IPPrefixLen").filter(|_| address.is_some()),
        address,
        gateway: entry.address("Gateway"),
        address6: entry.address("GlobalIPv6Address"),
        mac: entry.text("MacAddress").map(|mac| mac.to_lowercase().into()),
        aliases: entry.texts("Aliases"),
        dns_names: entry.texts("DNSNames"),
    }
}
