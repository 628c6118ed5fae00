//! Named sets: ipsets and the sets and maps of nft.

use std::collections::BTreeMap;
use std::net::IpAddr;

use bundlescope_facts::{Family, IpSet, Source, Text, Value};

/// A set.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NamedSet {
    /// Parts of the type: `hash:ip,port` is `ip`, `port`.
    pub(crate) parts: Vec<Text>,
    pub(crate) list: bool,
    pub(crate) members: Vec<Text>,
    /// Values of a map by the text of their keys.
    pub(crate) data: BTreeMap<Text, Text>,
    pub(crate) source: Source,
}

/// Every set of a host.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sets {
    ipsets: BTreeMap<Text, NamedSet>,
    nft: BTreeMap<(Family, Text, Text), NamedSet>,
}

impl Sets {
    pub(crate) fn add(&mut self, set: &IpSet, source: &Source) {
        let (kind, parts) = set.set_type.split_once(':').unwrap_or(("", &set.set_type));
        let data = match &set.data {
            Value::Map(map) => map.iter().map(|(key, value)| (key.clone(), value.to_string().into())).collect(),
            _ => BTreeMap::new(),
        };
        let named = NamedSet {
            parts: parts.split(',').map(Text::from).collect(),
            list: kind == "list",
            members: set.members.clone(),
            data,
            source: source.clone(),
        };
        match &set.table {
            Some(table) => {
                let key = (set.family.unwrap_or_default(), table.clone(), set.name.clone());
                self.nft.entry(key).or_insert(named);
            }
            None => {
                self.ipsets.entry(set.name.clone()).or_insert(named);
            }
        }
    }

    pub(crate) fn ipset(&self, name: &str) -> Option<&NamedSet> {
        self.ipsets.get(name)
    }

    pub(crate) fn nft(&self, family: Family, table: &Text, name: &Text) -> Option<&NamedSet> {
        self.nft.get(&(family, table.clone(), name.clone()))
    }
}

/// True when `address` is what `text` writes: an address, a prefix, or a range `a-b`.
pub(crate) fn address_matches(text: &str, address: IpAddr) -> bool {
    if let Some((low, high)) = text.split_once('-') {
        return match (low.trim().parse::<IpAddr>(), high.trim().parse::<IpAddr>()) {
            (Ok(low), Ok(high)) => low.is_ipv4() == address.is_ipv4() && (low..=high).contains(&address),
            _ => false,
        };
    }
    match text.split_once('/') {
        Some(_) => text.parse::<ipnet::IpNet>().is_ok_and(|net| net.contains(&address)),
        None => text.parse() == Ok(address),
    }
}

/// True when `port` is what `text` writes: a number or a range `a-b`.
pub(crate) fn port_matches(text: &str, port: u16) -> bool {
    match text.split_once('-') {
        Some((low, high)) => {
            matches!((low.trim().parse(), high.trim().parse()), (Ok(low), Ok(high)) if (low..=high).contains(&port))
        }
        None => text.trim().parse() == Ok(port),
    }
}

/// One part of a packet that an ipset looks at.
#[derive(Debug, Clone)]
pub(crate) enum Part {
    Address(IpAddr),
    /// Protocol name and port; for sets of type `…,port`.
    Port(&'static str, u16),
    Device(Text),
    Mark(u32),
    Mac(Text),
}

/// True when an element of an ipset covers the parts. Follows ipset(8): `net` elements are prefixes, `port` elements
/// `[proto:]port`, tcp by default.
pub(crate) fn element_matches(element: &str, parts: &[Part], bitmap_port: bool) -> bool {
    let written: Vec<&str> = element.split(',').collect();
    written.len() == parts.len()
        && written.iter().zip(parts).all(|(text, part)| match part {
            Part::Address(address) => address_matches(text, *address),
            Part::Port(proto, port) => match text.split_once(':') {
                Some((written_proto, range)) => written_proto == *proto && port_matches(range, *port),
                None => (bitmap_port || *proto == "tcp") && port_matches(text, *port),
            },
            Part::Device(name) => text.trim_start_matches("physdev:") == &**name,
            Part::Mark(mark) => parse_number(text) == Some(*mark),
            Part::Mac(mac) => text.eq_ignore_ascii_case(mac),
        })
}

/// A number in decimal or hexadecimal.
pub(crate) fn parse_number(text: &str) -> Option<u32> {
    match text.trim().strip_prefix("0x") {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => text.trim().parse().ok(),
    }
}
