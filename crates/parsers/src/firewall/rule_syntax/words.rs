//! Names that iptables takes or prints instead of numbers.

use super::services;

/// Number of a protocol, by number or by the names of /etc/protocols; `Some(0)` for `all`.
pub(in crate::firewall) fn protocol(word: &str) -> Option<u8> {
    if let Ok(number) = word.parse() {
        return Some(number);
    }
    let number = match word.to_ascii_lowercase().as_str() {
        "all" | "any" | "ip" => 0,
        "icmp" => 1,
        "igmp" => 2,
        "ipencap" | "ipip" | "ipv4" => 4,
        "tcp" => 6,
        "egp" => 8,
        "igp" => 9,
        "udp" => 17,
        "dccp" => 33,
        "ipv6" => 41,
        "ipv6-route" => 43,
        "ipv6-frag" => 44,
        "rsvp" => 46,
        "gre" => 47,
        "esp" | "ipsec-esp" => 50,
        "ah" | "ipsec-ah" => 51,
        "icmpv6" | "ipv6-icmp" | "icmp6" => 58,
        "ipv6-nonxt" => 59,
        "ipv6-opts" => 60,
        "eigrp" => 88,
        "ospf" => 89,
        "pim" => 103,
        "ipcomp" => 108,
        "vrrp" | "carp" => 112,
        "l2tp" => 115,
        "sctp" => 132,
        "mh" | "mobility-header" | "ipv6-mh" => 135,
        "udplite" => 136,
        _ => return None,
    };
    Some(number)
}

/// Port of a service, by number or by the names of /etc/services.
pub(in crate::firewall) fn port(word: &str) -> Option<u16> {
    word.parse().ok().or_else(|| services::number(word))
}

/// Type and codes of an ICMP type by name (iptables' libxt_icmp.h); `None` as type for `any`.
pub(in crate::firewall) fn icmp_type(word: &str, version6: bool) -> Option<(Option<u8>, u8, u8)> {
    let (kind, code) = if version6 {
        match word {
            "destination-unreachable" => (1, None),
            "no-route" => (1, Some(0)),
            "communication-prohibited" => (1, Some(1)),
            "beyond-scope" => (1, Some(2)),
            "address-unreachable" => (1, Some(3)),
            "port-unreachable" => (1, Some(4)),
            "failed-policy" => (1, Some(5)),
            "reject-route" => (1, Some(6)),
            "packet-too-big" => (2, None),
            "time-exceeded" | "ttl-exceeded" => (3, None),
            "ttl-zero-during-transit" => (3, Some(0)),
            "ttl-zero-during-reassembly" => (3, Some(1)),
            "parameter-problem" => (4, None),
            "bad-header" => (4, Some(0)),
            "unknown-header-type" => (4, Some(1)),
            "unknown-option" => (4, Some(2)),
            "echo-request" | "ping" => (128, None),
            "echo-reply" | "pong" => (129, None),
            "mld-listener-query" => (130, None),
            "mld-listener-report" => (131, None),
            "mld-listener-done" | "mld-listener-reduction" => (132, None),
            "router-solicitation" => (133, None),
            "router-advertisement" => (134, None),
            "neighbour-solicitation" | "neighbor-solicitation" => (135, None),
            "neighbour-advertisement" | "neighbor-advertisement" => (136, None),
            "redirect" => (137, None),
            _ => return numeric_icmp(word),
        }
    } else {
        match word {
            "any" => return Some((None, 0, 255)),
            "echo-reply" | "pong" => (0, None),
            "destination-unreachable" => (3, None),
            "network-unreachable" => (3, Some(0)),
            "host-unreachable" => (3, Some(1)),
            "protocol-unreachable" => (3, Some(2)),
            "port-unreachable" => (3, Some(3)),
            "fragmentation-needed" => (3, Some(4)),
            "source-route-failed" => (3, Some(5)),
            "network-unknown" => (3, Some(6)),
            "host-unknown" => (3, Some(7)),
            "network-prohibited" => (3, Some(9)),
            "host-prohibited" => (3, Some(10)),
            "TOS-network-unreachable" => (3, Some(11)),
            "TOS-host-unreachable" => (3, Some(12)),
            "communication-prohibited" => (3, Some(13)),
            "host-precedence-violation" => (3, Some(14)),
            "precedence-cutoff" => (3, Some(15)),
            "source-quench" => (4, None),
            "redirect" => (5, None),
            "network-redirect" => (5, Some(0)),
            "host-redirect" => (5, Some(1)),
            "TOS-network-redirect" => (5, Some(2)),
            "TOS-host-redirect" => (5, Some(3)),
            "echo-request" | "ping" => (8, None),
            "router-advertisement" => (9, None),
            "router-solicitation" => (10, None),
            "time-exceeded" | "ttl-exceeded" => (11, None),
            "ttl-zero-during-transit" => (11, Some(0)),
            "ttl-zero-during-reassembly" => (11, Some(1)),
            "parameter-problem" => (12, None),
            "ip-header-bad" => (12, Some(0)),
            "required-option-missing" => (12, Some(1)),
            "timestamp-request" => (13, None),
            "timestamp-reply" => (14, None),
            "address-mask-request" => (17, None),
            "address-mask-reply" => (18, None),
            _ => return numeric_icmp(word),
        }
    };
    Some((Some(kind), code.unwrap_or(0), code.unwrap_or(255)))
}

/// `8`, `3/1`; 255 stands for any type, as the kernel keeps it.
fn numeric_icmp(word: &str) -> Option<(Option<u8>, u8, u8)> {
    let (kind, code) = match word.split_once('/') {
        Some((kind, code)) => (kind.parse().ok()?, Some(code.parse().ok()?)),
        None => (word.parse().ok()?, None),
    };
    let kind = if kind == 255 { None } else { Some(kind) };
    Some((kind, code.unwrap_or(0), code.unwrap_or(255)))
}

/// Canonical form of a `--reject-with` word (iptables' libipt_REJECT.c and libip6t_REJECT.c).
pub(in crate::firewall) fn reject(word: &str, version6: bool) -> Option<&'static str> {
    Some(match (word, version6) {
        ("tcp-reset" | "tcp-rst", _) => "tcp-reset",
        ("icmp-net-unreachable" | "net-unreach", false) => "icmp-net-unreachable",
        ("icmp-host-unreachable" | "host-unreach", false) => "icmp-host-unreachable",
        ("icmp-proto-unreachable" | "proto-unreach", false) => "icmp-proto-unreachable",
        ("icmp-port-unreachable" | "port-unreach", false) => "icmp-port-unreachable",
        ("icmp-net-prohibited" | "net-prohib", false) => "icmp-net-prohibited",
        ("icmp-host-prohibited" | "host-prohib", false) => "icmp-host-prohibited",
        ("icmp-admin-prohibited" | "admin-prohib", false) => "icmp-admin-prohibited",
        ("icmp6-no-route" | "no-route", true) => "icmp6-no-route",
        ("icmp6-adm-prohibited" | "adm-prohibited", true) => "icmp6-adm-prohibited",
        ("icmp6-addr-unreachable" | "addr-unreach", true) => "icmp6-addr-unreachable",
        ("icmp6-port-unreachable" | "port-unreach", true) => "icmp6-port-unreachable",
        ("icmp6-policy-fail" | "policy-fail", true) => "icmp6-policy-fail",
        ("icmp6-reject-route" | "reject-route", true) => "icmp6-reject-route",
        _ => return None,
    })
}

/// Bit of a TCP flag in the header's flags byte.
pub(in crate::firewall) fn tcp_flag(word: &str) -> Option<u8> {
    Some(match word {
        "FIN" => 0x01,
        "SYN" => 0x02,
        "RST" => 0x04,
        "PSH" => 0x08,
        "ACK" => 0x10,
        "URG" => 0x20,
        "ALL" => 0x3f,
        "NONE" => 0,
        _ => return None,
    })
}
