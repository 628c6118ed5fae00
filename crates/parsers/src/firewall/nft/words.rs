//! Names that nft prints and the numbers that `-n` prints instead.
//!
//! From nft's datatype tables: src/ct.c, src/fib.c, src/proto.c, src/meta.c, src/reject (nft 0.8 to 1.1).

use bundlescope_facts::Text;
use bundlescope_facts::firewall::CtState;

use super::super::rule_syntax::value;

/// A number in decimal or hexadecimal.
pub(super) fn number(word: &str) -> Option<u32> {
    // nft never writes octal.
    if word.starts_with("0x") { value::number(word) } else { word.parse().ok() }
}

/// Bits of `ct state` and their names (`enum ip_conntrack_info` shifted as NF_CT_STATE_BIT does).
const STATES: &[(&str, u32, CtState)] = &[
    ("invalid", 1, CtState::Invalid),
    ("established", 2, CtState::Established),
    ("related", 4, CtState::Related),
    ("new", 8, CtState::New),
    ("untracked", 64, CtState::Untracked),
];

/// `established`, `0x2`, `related,established`.
pub(super) fn states(text: &str) -> Option<Vec<CtState>> {
    let mut states = Vec::new();
    for word in text.split([',', '|']).map(str::trim).filter(|word| !word.is_empty()) {
        match STATES.iter().find(|(name, ..)| *name == word) {
            Some((_, _, state)) => states.push(*state),
            None => {
                let bits = number(word)?;
                states.extend(STATES.iter().filter(|(_, bit, _)| bits & bit != 0).map(|(.., state)| *state));
            }
        }
    }
    (!states.is_empty()).then_some(states)
}

/// Name of a state as iptables writes it.
pub(super) fn status(text: &str) -> Option<Vec<Text>> {
    const STATUS: &[(&str, u32, &str)] = &[
        ("expected", 1, "EXPECTED"),
        ("seen-reply", 2, "SEEN_REPLY"),
        ("assured", 4, "ASSURED"),
        ("confirmed", 8, "CONFIRMED"),
        ("snat", 16, "SNAT"),
        ("dnat", 32, "DNAT"),
    ];
    let mut names = Vec::new();
    for word in text.split([',', '|']).map(str::trim).filter(|word| !word.is_empty()) {
        match STATUS.iter().find(|(name, ..)| *name == word) {
            Some((.., name)) => names.push(Text::from(*name)),
            None => {
                let bits = number(word)?;
                names.extend(STATUS.iter().filter(|(_, bit, _)| bits & bit != 0).map(|(.., name)| Text::from(*name)));
            }
        }
    }
    (!names.is_empty()).then_some(names)
}

/// Address types of `fib … type` in upper case.
pub(super) fn address_type(word: &str) -> Option<Text> {
    const TYPES: &[&str] =
        &["unspec", "unicast", "local", "broadcast", "anycast", "multicast", "blackhole", "unreachable", "prohibit"];
    let name = match number(word) {
        Some(number) => TYPES.get(usize::try_from(number).ok()?).copied()?,
        None => TYPES.iter().copied().find(|name| *name == word)?,
    };
    Some(name.to_ascii_uppercase().into())
}

/// `unicast` (nft says `host`), `broadcast`, `multicast`.
pub(super) fn packet_type(word: &str) -> Option<&'static str> {
    Some(match word {
        "0" | "host" | "unicast" => "unicast",
        "1" | "broadcast" => "broadcast",
        "2" | "multicast" => "multicast",
        "3" | "other" => "other",
        _ => return None,
    })
}

/// ICMP or ICMPv6 type.
pub(super) fn icmp_type(word: &str, six: bool) -> Option<u8> {
    if let Ok(number) = word.parse() {
        return Some(number);
    }
    Some(if six {
        match word {
            "destination-unreachable" => 1,
            "packet-too-big" => 2,
            "time-exceeded" => 3,
            "parameter-problem" => 4,
            "echo-request" => 128,
            "echo-reply" => 129,
            "mld-listener-query" => 130,
            "mld-listener-report" => 131,
            "mld-listener-done" | "mld-listener-reduction" => 132,
            "nd-router-solicit" => 133,
            "nd-router-advert" => 134,
            "nd-neighbor-solicit" => 135,
            "nd-neighbor-advert" => 136,
            "nd-redirect" => 137,
            "router-renumbering" => 138,
            "ind-neighbor-solicit" => 141,
            "ind-neighbor-advert" => 142,
            "mld2-listener-report" => 143,
            _ => return None,
        }
    } else {
        match word {
            "echo-reply" => 0,
            "destination-unreachable" => 3,
            "source-quench" => 4,
            "redirect" => 5,
            "echo-request" => 8,
            "router-advertisement" => 9,
            "router-solicitation" => 10,
            "time-exceeded" => 11,
            "parameter-problem" => 12,
            "timestamp-request" => 13,
            "timestamp-reply" => 14,
            "info-request" => 15,
            "info-reply" => 16,
            "address-mask-request" => 17,
            "address-mask-reply" => 18,
            _ => return None,
        }
    })
}

/// ICMP or ICMPv6 code.
pub(super) fn icmp_code(word: &str, six: bool) -> Option<u8> {
    if let Ok(number) = word.parse() {
        return Some(number);
    }
    Some(match (word, six) {
        ("net-unreachable", false) => 0,
        ("host-unreachable", false) => 1,
        ("prot-unreachable", false) => 2,
        ("port-unreachable", false) => 3,
        ("frag-needed", false) => 4,
        ("net-prohibited", false) => 9,
        ("host-prohibited", false) => 10,
        ("admin-prohibited", false) => 13,
        ("no-route", true) => 0,
        ("admin-prohibited", true) => 1,
        ("addr-unreachable", true) => 3,
        ("port-unreachable", true) => 4,
        ("policy-fail", true) => 5,
        ("reject-route", true) => 6,
        _ => return None,
    })
}

/// The answer of `reject with KIND [type] WORD`, in the words of iptables.
pub(super) fn reject(kind: &str, word: &str) -> Option<&'static str> {
    let code = || match kind {
        "icmpx" => match word {
            "no-route" => Some(0),
            "port-unreachable" => Some(1),
            "host-unreachable" => Some(2),
            "admin-prohibited" => Some(3),
            _ => word.parse().ok(),
        },
        _ => icmp_code(word, kind == "icmpv6"),
    };
    Some(match (kind, code()?) {
        ("icmp", 0) => "icmp-net-unreachable",
        ("icmp", 1) => "icmp-host-unreachable",
        ("icmp", 2) => "icmp-proto-unreachable",
        ("icmp", 3) => "icmp-port-unreachable",
        ("icmp", 9) => "icmp-net-prohibited",
        ("icmp", 10) => "icmp-host-prohibited",
        ("icmp", 13) => "icmp-admin-prohibited",
        ("icmpv6", 0) => "icmp6-no-route",
        ("icmpv6", 1) => "icmp6-adm-prohibited",
        ("icmpv6", 3) => "icmp6-addr-unreachable",
        ("icmpv6", 4) => "icmp6-port-unreachable",
        ("icmpv6", 5) => "icmp6-policy-fail",
        ("icmpv6", 6) => "icmp6-reject-route",
        ("icmpx", 0) => "icmpx-no-route",
        ("icmpx", 1) => "icmpx-port-unreachable",
        ("icmpx", 2) => "icmpx-host-unreachable",
        ("icmpx", 3) => "icmpx-admin-prohibited",
        _ => return None,
    })
}

/// Flags of TCP in a list: `fin,syn`, `0x1,0x2`, `(fin | syn)`.
pub(super) fn tcp_flags(text: &str) -> Option<u8> {
    let mut flags = 0;
    let inside = |c: char| matches!(c, ',' | '|' | '(' | ')') || c.is_whitespace();
    for word in text.split(inside).filter(|word| !word.is_empty()) {
        flags |= match word {
            "fin" => 0x01,
            "syn" => 0x02,
            "rst" => 0x04,
            "psh" => 0x08,
            "ack" => 0x10,
            "urg" => 0x20,
            "ecn" => 0x40,
            "cwr" => 0x80,
            _ => u8::try_from(number(word)?).ok()?,
        };
    }
    Some(flags)
}

/// Number of a TCP option.
pub(super) fn tcp_option(word: &str) -> Option<u8> {
    Some(match word {
        "eol" => 0,
        "nop" | "noop" => 1,
        "maxseg" => 2,
        "window" => 3,
        "sack-perm" | "sack-permitted" => 4,
        "sack" | "sack0" => 5,
        "timestamp" => 8,
        "md5sig" => 19,
        "mptcp" => 30,
        "fastopen" => 34,
        _ => word.parse().ok()?,
    })
}

/// Differentiated services code point.
pub(super) fn dscp(word: &str) -> Option<u8> {
    let digit = |at: usize| word.as_bytes().get(at).filter(|byte| byte.is_ascii_digit()).map(|byte| byte - b'0');
    let value = match word {
        "ef" => 46,
        "lephb" | "le" => 1,
        "va" => 44,
        _ if word.starts_with("cs") => digit(2)?.min(7) * 8,
        _ if word.starts_with("af") => digit(2)?.min(7) * 8 + digit(3)?.min(3) * 2,
        _ => u8::try_from(number(word)?).ok()?,
    };
    (value < 64).then_some(value)
}

/// Priority of a base chain: `filter`, `-150`, `mangle + 5`.
pub(super) fn priority(words: &[&str], bridge: bool) -> Option<i32> {
    let base: i32 = match (*words.first()?, bridge) {
        ("raw", _) => -300,
        ("mangle", _) => -150,
        ("dstnat", false) => -100,
        ("filter", false) => 0,
        ("security", _) => 50,
        ("srcnat", false) => 100,
        ("dstnat", true) => -300,
        ("filter", true) => -200,
        ("out", _) => 100,
        ("srcnat", true) => 300,
        (word, _) => word.parse().ok()?,
    };
    let offset: i32 = match words.get(1..3) {
        Some(["+", offset]) => offset.parse().ok()?,
        Some(["-", offset]) => offset.parse::<i32>().ok()?.checked_neg()?,
        _ => 0,
    };
    base.checked_add(offset)
}
