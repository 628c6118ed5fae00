//! What the match modules print behind the destination, turned into their options.
//!
//! Follows the `print` functions of iptables 1.4 to 1.8 (extensions/libxt_*.c, libipt_*.c, libip6t_*.c), which are not
//! made to be read back: some negate with `! ` in front, some with `!` in the value, and strings are not escaped.

use super::scan::Scan;
use super::words::Words;

/// Conntrack's options with one value, as printed.
const CONNTRACK: &[&str] = &[
    "ctstate",
    "ctproto",
    "ctorigsrc",
    "ctorigdst",
    "ctreplsrc",
    "ctrepldst",
    "ctorigsrcport",
    "ctorigdstport",
    "ctreplsrcport",
    "ctrepldstport",
    "ctstatus",
    "ctexpire",
    "ctdir",
];

/// Words with which a module's text begins; where one stands, an unknown text before it has ended.
const STARTS: &[&str] = &[
    "/*",
    "tcp",
    "udp",
    "udplite",
    "sctp",
    "dccp",
    "multiport",
    "icmp",
    "icmptype",
    "ipv6-icmp",
    "ipv6-icmptype",
    "state",
    "ADDRTYPE",
    "mark",
    "connmark",
    "limit:",
    "source",
    "destination",
    "match-set",
    "MAC",
    "PHYSDEV",
    "PKTTYPE",
    "length",
    "TTL",
    "HL",
    "tos",
    "DSCP",
    "ECN",
    "owner",
    "recent:",
    "statistic",
    "#conn",
    "connbytes",
    "policy",
    "STRING",
    "TIME",
    "u32",
    "quota:",
    "helper",
    "realm",
    "tcpmss",
    "socket",
    "rpfilter",
    "cpu",
    "connlabel",
];

/// Reads one module's text from the front. False when it is none that is known; then nothing is taken.
pub(super) fn read(scan: &mut Scan<'_>, words: &mut Words) -> bool {
    if scan.comment(words) {
        return true;
    }
    let (start, mark) = (scan.clone(), words.mark());
    let negated = scan.eat("!");
    let Some(word) = scan.word() else {
        *scan = start;
        return false;
    };
    let known = module(word, negated, scan, words).is_some();
    if !known {
        *scan = start;
        words.reset(mark);
    }
    known
}

/// Whether a module's text begins with this word.
pub(super) fn starts(word: &str) -> bool {
    STARTS.contains(&word) || CONNTRACK.contains(&word)
}

fn module(word: &str, negated: bool, scan: &mut Scan<'_>, words: &mut Words) -> Option<()> {
    match word {
        "tcp" | "udp" | "udplite" | "sctp" | "dccp" => ports(word, scan, words)?,
        "multiport" => {
            let option = match scan.word()? {
                "sports" => "--sports",
                "dports" => "--dports",
                "ports" => "--ports",
                _ => return None,
            };
            let value = scan.value()?;
            words.new_module("multiport");
            words.maybe_negated(option, &value);
        }
        "icmp" | "icmptype" => icmp("icmp", "--icmp-type", word == "icmptype", scan, words)?,
        "ipv6-icmp" | "ipv6-icmptype" => {
            icmp("icmp6", "--icmpv6-type", word == "ipv6-icmptype", scan, words)?;
        }
        "state" => {
            let value = scan.word()?;
            words.new_module("state");
            words.pair(negated, "--state", value);
        }
        word if CONNTRACK.contains(&word) => {
            let value = scan.word()?;
            words.module("conntrack");
            words.pair(negated, &format!("--{word}"), value);
        }
        "ADDRTYPE" => {
            scan.expect("match")?;
            words.new_module("addrtype");
            loop {
                if scan.eat("src-type") {
                    words.maybe_negated("--src-type", &scan.value()?);
                } else if scan.eat("dst-type") {
                    words.maybe_negated("--dst-type", &scan.value()?);
                } else if scan.eat("limit-in") {
                    words.option(false, "--limit-iface-in");
                } else if scan.eat("limit-out") {
                    words.option(false, "--limit-iface-out");
                } else {
                    break;
                }
            }
        }
        "mark" | "connmark" | "MARK" | "CONNMARK" => {
            scan.expect("match")?;
            let value = scan.value()?;
            words.new_module(if word.eq_ignore_ascii_case("mark") { "mark" } else { "connmark" });
            words.maybe_negated("--mark", &value);
        }
        "source" | "destination" => {
            scan.expect("IP")?;
            scan.expect("range")?;
            let value = scan.value()?;
            words.module("iprange");
            words.maybe_negated(if word == "source" { "--src-range" } else { "--dst-range" }, &value);
        }
        "match-set" => {
            let (name, flags) = (scan.word()?, scan.word()?);
            words.new_module("set");
            words.pair(negated, "--match-set", name);
            words.value(flags);
            set_options(scan, words);
        }
        "MAC" => {
            let value = scan.value()?;
            words.new_module("mac");
            words.maybe_negated("--mac-source", &value);
        }
        "PHYSDEV" => {
            scan.expect("match")?;
            words.new_module("physdev");
            dashed(scan, words);
        }
        "socket" => {
            words.new_module("socket");
            dashed(scan, words);
        }
        "PKTTYPE" => {
            let negated = match scan.word()? {
                "=" => false,
                "!=" => true,
                _ => return None,
            };
            let value = scan.word()?;
            words.new_module("pkttype");
            words.pair(negated, "--pkt-type", value);
        }
        "length" => {
            let value = scan.value()?;
            words.new_module("length");
            words.maybe_negated("--length", &value);
        }
        "TTL" | "HL" => hops(word, scan, words)?,
        "tos" | "TOS" => {
            let value = scan.attached("match")?;
            words.new_module("tos");
            // `match!Minimize-Delay` has a blank behind the mark in some versions.
            let value = if value == "!" { format!("!{}", scan.word()?) } else { value };
            words.maybe_negated("--tos", &value);
        }
        "DSCP" => {
            scan.expect("match")?;
            let value = scan.value()?;
            words.new_module("dscp");
            words.maybe_negated("--dscp", &value);
        }
        "owner" => {
            let (option, value) = match (scan.word()?, scan.word()?) {
                ("UID", "match") => ("--uid-owner", Some(scan.word()?)),
                ("GID", "match") => ("--gid-owner", Some(scan.word()?)),
                ("socket", "exists") => ("--socket-exists", None),
                _ => return None,
            };
            words.module("owner");
            words.option(negated, option);
            // iptables-save never prints a name.
            if let Some(value) = value {
                words.value(if value == "root" { "0" } else { value });
            }
        }
        "tcpmss" => {
            scan.expect("match")?;
            let value = scan.value()?;
            words.new_module("tcpmss");
            words.maybe_negated("--mss", &value);
        }
        "rpfilter" => {
            const OPTIONS: &[&str] = &["loose", "validmark", "accept-local", "invert"];
            let printed = scan.until(|word| !OPTIONS.contains(&word));
            words.new_module("rpfilter");
            for option in OPTIONS.iter().filter(|option| printed.split_whitespace().any(|word| word == **option)) {
                words.option(false, &format!("--{option}"));
            }
        }
        _ => return super::unknowable::module(word, negated, scan, words),
    }
    Some(())
}

/// `tcp spt:53 dpts:!1000:2000 flags:0x17/0x02 option=!5`; nothing behind `tcp` is an old print of `-m tcp`.
fn ports(protocol: &str, scan: &mut Scan<'_>, words: &mut Words) -> Option<()> {
    words.new_module(match protocol {
        "tcp" => "tcp",
        "udp" => "udp",
        "udplite" => "udplite",
        "sctp" => "sctp",
        _ => "dccp",
    });
    loop {
        let start = scan.clone();
        let Some(word) = scan.word() else { break };
        let pair = word.split_once(':').or_else(|| word.split_once('='));
        match pair {
            Some(("spt" | "spts", value)) => words.maybe_negated("--sport", value),
            Some(("dpt" | "dpts", value)) => words.maybe_negated("--dport", value),
            Some(("flags", value)) => {
                let (negated, value) = value.strip_prefix('!').map_or((false, value), |value| (true, value));
                let (mask, set) = value.split_once('/')?;
                words.option(negated, "--tcp-flags");
                words.value(&flags(mask)?);
                words.value(&flags(set)?);
            }
            Some(("option", value)) => words.maybe_negated("--tcp-option", value),
            // Chunk types of sctp and packet types of dccp follow bare.
            None if protocol == "sctp" && matches!(word, "any" | "all" | "only") => {
                words.pair(false, "--chunk-types", word);
                words.value(scan.word()?);
            }
            None if protocol == "dccp" && is_dccp_types(word) => words.pair(false, "--dccp-types", word),
            _ => {
                *scan = start;
                break;
            }
        }
    }
    Some(())
}

/// Numbers, or the names of RFC 4340.
fn is_dccp_types(word: &str) -> bool {
    let names =
        ["REQUEST", "RESPONSE", "DATA", "ACK", "DATAACK", "CLOSEREQ", "CLOSE", "RESET", "SYNC", "SYNCACK", "INVALID"];
    let is_type = |word: &str| names.contains(&word) || word.parse::<u8>().is_ok();
    word.split(',').all(is_type)
}

/// `0x17` or `FIN,SYN,RST,ACK` by name; `NONE` for none.
fn flags(text: &str) -> Option<String> {
    let Some(hex) = text.strip_prefix("0x") else { return Some(text.to_owned()) };
    let bits = u8::from_str_radix(hex, 16).ok()?;
    let names = [("FIN", 1), ("SYN", 2), ("RST", 4), ("PSH", 8), ("ACK", 16), ("URG", 32)];
    let names: Vec<_> = names.iter().filter(|(_, bit)| bits & bit != 0).map(|(name, _)| *name).collect();
    Some(if names.is_empty() { "NONE".to_owned() } else { names.join(",") })
}

/// `icmptype 3 code 4`, `icmp type 8`, `icmp !type 8`, `icmp echo-request`, `icmp !echo-request`.
fn icmp(module: &'static str, option: &str, typed: bool, scan: &mut Scan<'_>, words: &mut Words) -> Option<()> {
    let mut negated = false;
    let kind = if typed {
        scan.word()?
    } else {
        let mut word = scan.word()?;
        if let Some(rest) = word.strip_prefix('!') {
            negated = true;
            word = if rest.is_empty() { scan.word()? } else { rest };
        }
        if word == "type" { scan.word()? } else { word }
    };
    // The kernel keeps 255 for any type.
    let any = module == "icmp" && kind == "255";
    let mut value = if any { "any" } else { kind }.to_owned();
    if scan.eat("code") {
        value = format!("{value}/{}", scan.word()?);
    } else if scan.eat("codes") {
        // iptables has no option for a range of codes; only all of them are printed so.
        scan.word()?;
    }
    words.new_module(module);
    words.pair(negated, option, &value);
    Some(())
}

/// `TTL match TTL == 64`.
fn hops(name: &str, scan: &mut Scan<'_>, words: &mut Words) -> Option<()> {
    scan.expect("match")?;
    scan.expect(name)?;
    let (relation, value) = (scan.word()?, scan.word()?);
    let (module, name) = if name == "TTL" { ("ttl", "ttl") } else { ("hl", "hl") };
    let (negated, relation) = match relation {
        "==" => (false, "eq"),
        "!=" => (true, "eq"),
        "<" => (false, "lt"),
        ">" => (false, "gt"),
        _ => return None,
    };
    words.new_module(module);
    words.pair(negated, &format!("--{name}-{relation}"), value);
    Some(())
}

/// Options that are printed as they are given: `--physdev-in veth1 ! --physdev-is-bridged`.
fn dashed(scan: &mut Scan<'_>, words: &mut Words) {
    loop {
        let start = scan.clone();
        let negated = scan.eat("!");
        match scan.word().filter(|word| word.starts_with("--")) {
            Some(option) => words.option(negated, option),
            None => return *scan = start,
        }
        if matches!(scan.last(), "--physdev-in" | "--physdev-out")
            && let Some(value) = scan.word()
        {
            words.value(value);
        }
    }
}

fn set_options(scan: &mut Scan<'_>, words: &mut Words) {
    loop {
        let start = scan.clone();
        let negated = scan.eat("!");
        match scan.word() {
            Some(option @ ("return-nomatch" | "update-counters" | "update-subcounters")) => {
                words.option(negated, &format!("--{option}"));
            }
            Some(option @ ("packets-eq" | "packets-lt" | "packets-gt" | "bytes-eq" | "bytes-lt" | "bytes-gt")) => {
                words.option(negated, &format!("--{option}"));
                if let Some(value) = scan.word() {
                    words.value(value);
                }
            }
            _ => return *scan = start,
        }
    }
}
