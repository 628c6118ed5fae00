//! The values of options: addresses, ports, marks, translations.

use std::net::IpAddr;
use std::ops::RangeInclusive;

use bundlescope_facts::firewall::{AddressRange, NatRange};

use super::words;

/// A number in decimal, hexadecimal (`0x`) or octal (leading `0`), as strtoul(3) reads it.
pub(in crate::firewall) fn number(text: &str) -> Option<u32> {
    let parsed = if let Some(hex) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        u64::from_str_radix(hex, 16)
    } else if text.len() > 1 && text.starts_with('0') {
        u64::from_str_radix(&text[1..], 8)
    } else {
        text.parse()
    };
    parsed.ok().and_then(|value| u32::try_from(value).ok())
}

/// `value` or `value/mask`; the mask is all ones by default.
pub(in crate::firewall) fn mark(text: &str) -> Option<(u32, u32)> {
    match text.split_once('/') {
        Some((value, mask)) => Some((number(value)?, number(mask)?)),
        None => Some((number(text)?, u32::MAX)),
    }
}

/// `80`, `1000:2000`, `:1023`, `1024:`, and `1000-2000` as some tools write it.
pub(in crate::firewall) fn port_range(text: &str) -> Option<RangeInclusive<u16>> {
    if let Some(single) = words::port(text) {
        return Some(single..=single);
    }
    let (low, high) = text.split_once(':').or_else(|| text.split_once('-'))?;
    let low = if low.is_empty() { 0 } else { words::port(low)? };
    let high = if high.is_empty() { u16::MAX } else { words::port(high)? };
    Some(low..=high)
}

/// `80,443,1000:2000`.
pub(in crate::firewall) fn port_list(text: &str) -> Option<Vec<RangeInclusive<u16>>> {
    text.split(',').map(port_range).collect()
}

/// `10`, `10:20`, `:20`, `10:` within the limits of the type.
pub(in crate::firewall) fn length_range(text: &str) -> Option<RangeInclusive<u32>> {
    match text.split_once(':') {
        Some((low, high)) => {
            let low = if low.is_empty() { 0 } else { number(low)? };
            let high = if high.is_empty() { u32::MAX } else { number(high)? };
            Some(low..=high)
        }
        None => number(text).map(|value| value..=value),
    }
}

/// `10.0.0.1`, `10.0.0.0/8`, `10.0.0.0/255.0.0.0`, `2001:db8::/32`.
pub(in crate::firewall) fn masked(text: &str) -> Option<AddressRange> {
    let (address, mask) = match text.split_once('/') {
        Some((address, mask)) => (address, Some(mask)),
        None => (text, None),
    };
    // 1.8 still takes `10/8` for 10.0.0.0/8, and old files use it.
    let address: IpAddr = match address.parse() {
        Ok(address) => address,
        Err(_) => short_ipv4(address)?,
    };
    let bits: u8 = if address.is_ipv4() { 32 } else { 128 };
    let mask = match mask {
        None => prefix_mask(address, bits),
        Some(mask) => match mask.parse::<u8>() {
            Ok(prefix) if prefix <= bits => prefix_mask(address, prefix),
            Ok(_) => return None,
            Err(_) => mask.parse::<IpAddr>().ok().filter(|mask| mask.is_ipv4() == address.is_ipv4())?,
        },
    };
    Some(AddressRange::Masked { address: apply_mask(address, mask), mask })
}

/// Several of them, separated by commas.
pub(in crate::firewall) fn masked_list(text: &str) -> Option<Vec<AddressRange>> {
    text.split(',').map(masked).collect()
}

/// `10.0.0.1-10.0.0.9` or one address.
pub(in crate::firewall) fn between(text: &str) -> Option<AddressRange> {
    let (first, last) = address_pair(text)?;
    Some(AddressRange::Between { first, last })
}

fn address_pair(text: &str) -> Option<(IpAddr, IpAddr)> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last): (IpAddr, IpAddr) = (bare(first).parse().ok()?, bare(last).parse().ok()?);
    (first.is_ipv4() == last.is_ipv4()).then_some((first, last))
}

/// IPv6 addresses stand in brackets where a port may follow: `[a]`, `[a]-[b]` or `[a-b]`.
fn bare(address: &str) -> &str {
    address.trim_matches(['[', ']'])
}

fn short_ipv4(text: &str) -> Option<IpAddr> {
    let mut octets = [0u8; 4];
    let mut count = 0;
    for part in text.split('.') {
        *octets.get_mut(count)? = part.parse().ok()?;
        count += 1;
    }
    (count < 4).then(|| IpAddr::from(octets))
}

/// The mask of a prefix, in the family of `address`.
pub(in crate::firewall) fn prefix_mask(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(_) => IpAddr::from(u32::MAX.checked_shl(32 - u32::from(prefix.min(32))).unwrap_or(0).to_be_bytes()),
        IpAddr::V6(_) => {
            IpAddr::from(u128::MAX.checked_shl(128 - u32::from(prefix.min(128))).unwrap_or(0).to_be_bytes())
        }
    }
}

/// The bits of `address` under `mask`; `address` itself when the families differ.
pub(in crate::firewall) fn apply_mask(address: IpAddr, mask: IpAddr) -> IpAddr {
    match (address, mask) {
        (IpAddr::V4(address), IpAddr::V4(mask)) => IpAddr::V4((u32::from(address) & u32::from(mask)).into()),
        (IpAddr::V6(address), IpAddr::V6(mask)) => IpAddr::V6((u128::from(address) & u128::from(mask)).into()),
        _ => address,
    }
}

/// `10.0.0.1`, `10.0.0.1-10.0.0.9:80-90`, `:8080`, `[fd00::2]:80`, with a base port behind `/`.
pub(in crate::firewall) fn nat_range(text: &str) -> Option<NatRange> {
    let (addresses, ports) = if text.starts_with('[') {
        match text.rsplit_once(']') {
            Some((addresses, rest)) => (format!("{addresses}]"), rest.strip_prefix(':').map(str::to_owned)),
            None => return None,
        }
    } else if text.matches(':').count() > 1 {
        (text.to_owned(), None)
    } else {
        match text.split_once(':') {
            Some((addresses, ports)) => (addresses.to_owned(), Some(ports.to_owned())),
            None => (text.to_owned(), None),
        }
    };
    let mut range = NatRange::default();
    if !addresses.is_empty() {
        range.addresses = Some(address_pair(&addresses)?);
    }
    if let Some(ports) = ports.filter(|ports| !ports.is_empty()) {
        let (ports, base) = match ports.split_once('/') {
            Some((ports, base)) => (ports.to_owned(), Some(words::port(base)?)),
            None => (ports, None),
        };
        range.ports = Some(nat_ports(&ports)?);
        range.base_port = base;
    }
    Some(range)
}

/// `80` or `80-90`.
pub(in crate::firewall) fn nat_ports(text: &str) -> Option<RangeInclusive<u16>> {
    match text.split_once('-') {
        Some((low, high)) => Some(words::port(low)?..=words::port(high)?),
        None => words::port(text).map(|port| port..=port),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap_or(IpAddr::from([0, 0, 0, 0]))
    }

    #[test]
    fn masks_may_have_any_form() {
        let masked_as = |address: &str, mask: &str| Some(AddressRange::Masked { address: ip(address), mask: ip(mask) });
        assert_eq!(masked("10.1.2.3/8"), masked_as("10.0.0.0", "255.0.0.0"));
        assert_eq!(masked("10/8"), masked_as("10.0.0.0", "255.0.0.0"));
        assert_eq!(masked("10.0.0.1/255.0.0.255"), masked_as("10.0.0.1", "255.0.0.255"));
        assert_eq!(masked("fe80::1/10"), masked_as("fe80::", "ffc0::"));
        assert_eq!(masked("10.0.0.1/33"), None);
        assert_eq!(masked("0.0.0.0/0"), masked_as("0.0.0.0", "0.0.0.0"));
    }

    #[test]
    fn translations_name_addresses_and_ports() {
        let range = nat_range("10.0.0.1-10.0.0.9:2000-2010/1000");
        assert_eq!(
            range,
            Some(NatRange {
                addresses: Some((ip("10.0.0.1"), ip("10.0.0.9"))),
                ports: Some(2000..=2010),
                base_port: Some(1000),
                random: false
            })
        );
        assert_eq!(nat_range("[fd00::2]:80").and_then(|range| range.addresses), Some((ip("fd00::2"), ip("fd00::2"))));
        assert_eq!(nat_range("fd00::2").and_then(|range| range.ports), None);
        assert_eq!(nat_range(":8080").map(|range| (range.addresses, range.ports)), Some((None, Some(8080..=8080))));
    }

    #[test]
    fn marks_mask_all_bits_unless_told() {
        assert_eq!(mark("0x4000/0x4000"), Some((0x4000, 0x4000)));
        assert_eq!(mark("17"), Some((17, u32::MAX)));
        assert_eq!(mark("0xfffffffff"), None);
    }
}
