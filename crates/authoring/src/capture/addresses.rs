//! Addresses of a customer as addresses that are set aside for documentation, with what they have to do with each other.
//!
//! IPv4 blocks become the three of RFC 5737 in turn, and when these are used up, or too small, parts of the benchmarking
//! range of RFC 2544; IPv6 sites become /48 networks of the range of RFC 3849, hardware addresses those of RFC 7042.
//! An address keeps its place in its block, so whatever contained, equalled or followed it still does. What is the same
//! everywhere stays: loopback, link-local, multicast, and the private ranges from which Docker takes its networks.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;
use std::sync::LazyLock;

use ipnet::Ipv4Net;
use regex::{Captures, Regex};

/// An address or a network; candidates only, what does not parse stays.
static ADDRESS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?x)
        (?P<mac>\b[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}\b)
        | (?P<six>[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:]*:[0-9A-Fa-f.]{0,15})
        | (?P<four>\b\d{1,3}(?:\.\d{1,3}){3}\b(?:/\d{1,2}\b)?)",
    )
    .ok()
});

/// Addresses that are known and what stands for them.
#[derive(Debug, Clone, Default)]
pub(super) struct Addresses {
    blocks: Vec<(Ipv4Net, Ipv4Net)>,
    sites: BTreeMap<[u8; 6], u16>,
    cards: BTreeMap<String, u8>,
    /// Blocks for which there was no room.
    pub(super) kept: Vec<String>,
}

impl Addresses {
    /// Learns every address of these texts.
    pub(super) fn learn<'t>(texts: impl Iterator<Item = &'t str>) -> Self {
        let mut addresses = Self::default();
        let Some(regex) = ADDRESS.as_ref() else { return addresses };
        let mut networks: Vec<Ipv4Net> = Vec::new();
        for text in texts {
            for found in regex.captures_iter(text) {
                if let Some(net) = found.name("four").and_then(|four| network(four.as_str())) {
                    if !is_common(net.network()) && !networks.contains(&net) {
                        networks.push(net);
                    }
                } else if let Some(six) = found.name("six").and_then(|six| Ipv6Addr::from_str(six.as_str()).ok()) {
                    if is_site(six) {
                        let next = u16::try_from(addresses.sites.len()).unwrap_or(u16::MAX);
                        addresses.sites.entry(site(six)).or_insert(next);
                    }
                } else if let Some(mac) = found.name("mac").map(|mac| mac.as_str().to_ascii_lowercase()) {
                    addresses.card(&mac);
                }
            }
        }
        addresses.place(&networks);
        addresses
    }

    /// Finds a block for each of the largest networks.
    fn place(&mut self, networks: &[Ipv4Net]) {
        // A network that holds nearly everything is nobody's.
        let nets = networks.iter().filter(|net| (8..32).contains(&net.prefix_len())).copied();
        let mut blocks: Vec<Ipv4Net> = Vec::new();
        let single = networks.iter().filter(|net| net.prefix_len() == 32).filter_map(|net| widened(*net, 24));
        for net in nets.chain(single) {
            if blocks.iter().any(|block| block.contains(&net)) {
                continue;
            }
            blocks.retain(|block| !net.contains(block));
            blocks.push(net);
        }
        let documentation = [[192, 0, 2, 0], [198, 51, 100, 0], [203, 0, 113, 0]].map(Ipv4Addr::from);
        let mut small = documentation.into_iter();
        // 198.18.0.0/15, counted in /24.
        let mut next: u32 = 0;
        for block in blocks {
            let prefix = block.prefix_len().min(24);
            let start = match (prefix, small.next().filter(|_| prefix == 24)) {
                (24, Some(start)) => Some(u32::from(start)),
                (16.., _) => {
                    let size = 1_u32 << (24 - prefix);
                    let at = next.div_ceil(size) * size;
                    (at + size <= 512).then(|| {
                        next = at + size;
                        u32::from(Ipv4Addr::new(198, 18, 0, 0)) + (at << 8)
                    })
                }
                _ => None,
            };
            // The place inside the /24 stays as well.
            let target =
                start.map(|start| start | (u32::from(block.network()) & 0xff & u32::from(Ipv4Addr::new(0, 0, 0, 255))));
            match target.and_then(|start| Ipv4Net::new(Ipv4Addr::from(start), block.prefix_len()).ok()) {
                Some(target) => self.blocks.push((block, target)),
                None => self.kept.push(block.to_string()),
            }
        }
    }

    fn card(&mut self, mac: &str) -> u8 {
        let next = u8::try_from(self.cards.len()).unwrap_or(u8::MAX);
        *self.cards.entry(mac.to_owned()).or_insert(next)
    }

    /// The text with what stands for its addresses.
    pub(super) fn replace(&self, text: &str) -> String {
        let Some(regex) = ADDRESS.as_ref() else { return text.to_owned() };
        let one = |found: &Captures<'_>| {
            let whole = &found[0];
            if found.name("four").is_some() {
                return self.four(whole).unwrap_or_else(|| whole.to_owned());
            }
            if found.name("mac").is_some() {
                let known = self.cards.get(&whole.to_ascii_lowercase());
                let plain = ["00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff"].contains(&whole.to_ascii_lowercase().as_str());
                return match known {
                    Some(number) if !plain => format!("00:00:5e:00:53:{number:02x}"),
                    _ => whole.to_owned(),
                };
            }
            match Ipv6Addr::from_str(whole) {
                Ok(address) => self.six(address).map_or_else(|| whole.to_owned(), |address| address.to_string()),
                Err(_) => whole.to_owned(),
            }
        };
        regex.replace_all(text, one).into_owned()
    }

    fn four(&self, whole: &str) -> Option<String> {
        let (address, length) = whole.split_once('/').map_or((whole, None), |(a, l)| (a, Some(l)));
        let address = Ipv4Addr::from_str(address).ok()?;
        let (from, to) = self.blocks.iter().find(|(from, _)| from.contains(&address))?;
        let offset = u32::from(address) - u32::from(from.network());
        let moved = Ipv4Addr::from(u32::from(to.network()).checked_add(offset)?);
        Some(length.map_or_else(|| moved.to_string(), |length| format!("{moved}/{length}")))
    }

    fn six(&self, address: Ipv6Addr) -> Option<Ipv6Addr> {
        let mut bytes = address.octets();
        let known = self.sites.get(&site(address)).filter(|_| is_site(address));
        let own_card = bytes.get(11..13) == Some(&[0xff, 0xfe]);
        let local = address.is_unicast_link_local();
        if known.is_none() && !(local && own_card) {
            return None;
        }
        if let Some(number) = known {
            bytes[..6].copy_from_slice(&[0x20, 0x01, 0x0d, 0xb8, 0, 0]);
            bytes[4..6].copy_from_slice(&number.to_be_bytes());
        }
        if own_card {
            // An interface's identifier tells its hardware address.
            let card = bytes[15];
            bytes[8..].copy_from_slice(&[0x02, 0x00, 0x5e, 0xff, 0xfe, 0x00, 0x53, card]);
        }
        Some(Ipv6Addr::from(bytes))
    }
}

/// An address as a network of one, or a network.
fn network(text: &str) -> Option<Ipv4Net> {
    let net = match text.split_once('/') {
        Some(_) => Ipv4Net::from_str(text).ok()?,
        None => Ipv4Net::new(Ipv4Addr::from_str(text).ok()?, 32).ok()?,
    };
    // An address of an interface with its length is about its network.
    Some(net.trunc())
}

fn widened(net: Ipv4Net, length: u8) -> Option<Ipv4Net> {
    Ipv4Net::new(net.network(), length).ok().map(|net| net.trunc())
}

/// What says nothing about whose it is.
fn is_common(address: Ipv4Addr) -> bool {
    let [a, b, ..] = address.octets();
    address.is_unspecified()
        || address.is_loopback()
        || address.is_link_local()
        || a >= 224
        || a == 0
        // Docker's default address pools, and everybody's home.
        || (a == 172 && (16..32).contains(&b))
        || (a == 192 && b == 168)
        // Versions and resolvers that everybody knows.
        || [[8, 8, 8, 8], [8, 8, 4, 4], [1, 1, 1, 1], [9, 9, 9, 9]].contains(&address.octets())
        || is_documentation(IpAddr::V4(address))
}

fn is_documentation(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            matches!((a, b, c), (192, 0, 2) | (198, 51, 100) | (203, 0, 113)) || (a == 198 && (b == 18 || b == 19))
        }
        IpAddr::V6(address) => address.segments()[..2] == [0x2001, 0x0db8],
    }
}

/// Global and unique local addresses.
fn is_site(address: Ipv6Addr) -> bool {
    let first = address.octets()[0];
    ((first & 0xe0) == 0x20 || (first & 0xfe) == 0xfc) && !is_documentation(IpAddr::V6(address))
}

fn site(address: Ipv6Addr) -> [u8; 6] {
    let [a, b, c, d, e, f, ..] = address.octets();
    [a, b, c, d, e, f]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_a_network_holds_it_still_holds(
            base in any::<u32>(), length in 16_u8..30, inside in proptest::collection::vec(any::<u32>(), 1..6), other in any::<u32>(),
        ) {
            let net = Ipv4Net::new(Ipv4Addr::from(base), length).unwrap().trunc();
            let hosts = inside.iter().map(|bits| Ipv4Addr::from(u32::from(net.network()) | (bits & !u32::from(net.netmask()))));
            let hosts: Vec<Ipv4Addr> = hosts.collect();
            let text = format!("{net} {} {}", hosts.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "), Ipv4Addr::from(other));
            let moved = moved(&text);
            let mut words = moved.split(' ');
            let new: Ipv4Net = words.next().unwrap().parse().unwrap();
            prop_assert_eq!(new.prefix_len(), length);
            let after: Vec<Ipv4Addr> = words.map(|word| word.parse().unwrap()).collect();
            for (old, new_host) in hosts.iter().zip(&after) {
                prop_assert!(new.contains(new_host), "{} -> {}", text, moved);
                // The place inside stays, and so do equality and order.
                prop_assert_eq!(u32::from(*old) - u32::from(net.network()), u32::from(*new_host) - u32::from(new.network()));
            }
            let stranger = after.last().unwrap();
            prop_assert_eq!(net.contains(&Ipv4Addr::from(other)), new.contains(stranger), "{} -> {}", text, moved);
        }
    }

    fn moved(text: &str) -> String {
        Addresses::learn(std::iter::once(text)).replace(text)
    }

    #[test]
    fn networks_keep_what_they_hold() {
        assert_eq!(
            moved("10.32.184.0/24 gw 10.32.184.1, host 10.32.184.40:5432, other 81.2.69.142"),
            "192.0.2.0/24 gw 192.0.2.1, host 192.0.2.40:5432, other 198.51.100.142"
        );
        assert_eq!(moved("10.1.0.0/16 via 10.1.7.9/24, 10.1.7.0/24"), "198.18.0.0/16 via 198.18.7.9/24, 198.18.7.0/24");
        assert_eq!(moved("10.9.8.64/26 10.9.8.70"), "192.0.2.64/26 192.0.2.70");
    }

    #[test]
    fn what_is_the_same_everywhere_stays() {
        for text in
            ["127.0.0.1:80", "0.0.0.0/0", "172.17.0.1/16", "255.255.255.0", "::1", "fe80::1", "fd::", "12:30:45", "::"]
        {
            assert_eq!(moved(text), text);
        }
    }

    #[test]
    fn sites_and_cards_are_replaced_consistently() {
        assert_eq!(
            moved("2a02:8071:1:5::7 2a02:8071:1:6::8/64 fe80::216:3eff:fe12:3456 00:16:3e:12:34:56"),
            "2001:db8:0:5::7 2001:db8:0:6::8/64 fe80::200:5eff:fe00:5356 00:00:5e:00:53:00"
        );
        assert_eq!(moved("FF:FF:FF:FF:FF:FF"), "FF:FF:FF:FF:FF:FF");
    }

    #[test]
    fn what_does_not_fit_is_kept_and_said() {
        let addresses = Addresses::learn(std::iter::once("10.0.0.0/8 and 10.1.2.3"));
        assert_eq!(addresses.replace("10.0.0.0/8 and 10.1.2.3"), "10.0.0.0/8 and 10.1.2.3");
        assert_eq!(addresses.kept, ["10.0.0.0/8"]);
    }
}
