//! Targets: their options, and the actions that they stand for.

use bundlescope_facts::firewall::{Action, AddressRange, Direction, NatRange};

use super::{Extension, value, words};

/// Extension targets that change nothing that decides where a packet goes.
const PASSING: &[&str] = &[
    "LOG",
    "ULOG",
    "NFLOG",
    "TRACE",
    "TCPMSS",
    "TCPOPTSTRIP",
    "CHECKSUM",
    "CLASSIFY",
    "DSCP",
    "TOS",
    "TTL",
    "HL",
    "AUDIT",
    "ECN",
    "SECMARK",
    "CONNSECMARK",
    "IDLETIMER",
    "LED",
    "RATEEST",
    "SET",
    "TEE",
    "ACCOUNT",
    "IPMARK",
];

/// Extension targets whose effect is not modelled.
const UNKNOWN: &[&str] = &[
    "SYNPROXY",
    "CLUSTERIP",
    "HMARK",
    "DNPT",
    "SNPT",
    "TARPIT",
    "DELUDE",
    "MIRROR",
    "SAME",
    "ECHO",
    "CHAOS",
    "STEAL",
    "SYSRQ",
];

/// Options of the targets that are modelled; empty for the others.
pub(super) fn options(target: &str) -> &'static [&'static str] {
    match target {
        "REJECT" => &["reject-with"],
        "MARK" => &["set-mark", "set-xmark", "and-mark", "or-mark", "xor-mark"],
        "CONNMARK" => &[
            "set-mark",
            "set-xmark",
            "and-mark",
            "or-mark",
            "xor-mark",
            "save-mark",
            "restore-mark",
            "nfmask",
            "ctmask",
            "mask",
        ],
        "DNAT" => &["to-destination", "random", "persistent"],
        "SNAT" => &["to-source", "random", "random-fully", "persistent"],
        "MASQUERADE" => &["to-ports", "random", "random-fully"],
        "REDIRECT" => &["to-ports", "random"],
        "NETMAP" => &["to"],
        "CT" => &["notrack", "helper", "ctevents", "expevents", "zone", "zone-orig", "zone-reply", "timeout"],
        "TPROXY" => &["on-port", "on-ip", "tproxy-mark"],
        _ => &[],
    }
}

/// How many values an option takes at most.
pub(super) fn arity(option: &str) -> usize {
    match option {
        "save-mark" | "restore-mark" | "random" | "random-fully" | "persistent" | "notrack" => 0,
        "" => usize::MAX,
        _ => 1,
    }
}

/// A target that is not a chain and takes options that are not listed here.
pub(super) fn is_extension(target: &str) -> bool {
    PASSING.contains(&target) || UNKNOWN.contains(&target) || target == "NFQUEUE" || target == "QUEUE"
}

/// The action of a target with its options.
pub(super) fn action(target: &Extension, version6: bool) -> Result<Action, String> {
    let option = |name: &str| target.options.iter().find(|option| option.name == name);
    let text = |name: &str| option(name).map(|option| option.value());
    let expected = |what: &str| format!("expected {what} behind -j {}, found {:?}", target.name, target.text);
    Ok(match target.name.as_str() {
        "ACCEPT" => Action::Accept,
        "DROP" => Action::Drop,
        "RETURN" => Action::Return,
        "QUEUE" | "NFQUEUE" => Action::Queue,
        "NOTRACK" => Action::NoTrack,
        "REJECT" => {
            let default = if version6 { "icmp6-port-unreachable" } else { "icmp-port-unreachable" };
            let word = text("reject-with").unwrap_or(default);
            Action::Reject(words::reject(word, version6).ok_or_else(|| expected("a word of --reject-with"))?.into())
        }
        "MARK" => {
            let (value, mask) = mark_change(target).ok_or_else(|| expected("a mark"))?;
            Action::SetMark { value, mask }
        }
        "CONNMARK" => connmark(target).ok_or_else(|| expected("a mark"))?,
        "DNAT" => {
            let range = text("to-destination").and_then(value::nat_range).ok_or_else(|| expected("a destination"))?;
            Action::Dnat(random(target, range))
        }
        "SNAT" => {
            let range = text("to-source").and_then(value::nat_range).ok_or_else(|| expected("a source"))?;
            Action::Snat(random(target, range))
        }
        "MASQUERADE" | "REDIRECT" => {
            let ports = match text("to-ports") {
                Some(ports) => Some(value::nat_ports(ports).ok_or_else(|| expected("ports"))?),
                None => None,
            };
            let range = random(target, NatRange { ports, ..NatRange::default() });
            if target.name == "REDIRECT" { Action::Redirect(range) } else { Action::Masquerade(range) }
        }
        "NETMAP" => match text("to").and_then(value::masked) {
            Some(AddressRange::Masked { address, mask }) => Action::Netmap { address, mask },
            _ => return Err(expected("a network")),
        },
        "CT" => ct(target).ok_or_else(|| expected("a zone"))?,
        "TPROXY" => {
            let port = match text("on-port") {
                Some(port) => words::port(port).ok_or_else(|| expected("a port"))?,
                None => 0,
            };
            let address = match text("on-ip") {
                Some(address) => Some(address.parse().map_err(|_| expected("an address"))?),
                None => None,
            };
            let mark = match text("tproxy-mark") {
                Some(mark) => value::mark(mark).ok_or_else(|| expected("a mark"))?,
                None => (0, 0),
            };
            let address = address.filter(|address: &std::net::IpAddr| !address.is_unspecified());
            Action::Tproxy { address, port: (port != 0).then_some(port), mark }
        }
        name if PASSING.contains(&name) => Action::Pass(name.into()),
        name if UNKNOWN.contains(&name) => Action::Unknown(format!("{name} {}", target.text).trim_end().into()),
        chain => Action::Jump(chain.into()),
    })
}

fn random(target: &Extension, range: NatRange) -> NatRange {
    NatRange { random: target.options.iter().any(|option| option.name.starts_with("random")), ..range }
}

/// Value and mask in the form of `--set-xmark`: `(mark & !mask) ^ value`.
fn mark_change(target: &Extension) -> Option<(u32, u32)> {
    target.options.iter().find_map(|option| {
        let number = || value::number(option.value());
        match option.name {
            "set-xmark" => value::mark(option.value()),
            // `set-mark` clears the mask and ORs the value: bits of the value are cleared before they are toggled.
            "set-mark" => value::mark(option.value()).map(|(value, mask)| (value, mask | value)),
            "and-mark" => number().map(|bits| (0, !bits)),
            "or-mark" => number().map(|bits| (bits, bits)),
            "xor-mark" => number().map(|bits| (bits, 0)),
            _ => None,
        }
    })
}

fn connmark(target: &Extension) -> Option<Action> {
    let has = |name: &str| target.options.iter().any(|option| option.name == name);
    let mask = |name: &str| match target.options.iter().find(|option| option.name == name || option.name == "mask") {
        Some(option) => value::number(option.value()),
        None => Some(u32::MAX),
    };
    if has("save-mark") {
        return Some(Action::SaveMark { nfmask: mask("nfmask")?, ctmask: mask("ctmask")? });
    }
    if has("restore-mark") {
        return Some(Action::RestoreMark { nfmask: mask("nfmask")?, ctmask: mask("ctmask")? });
    }
    let (value, mask) = mark_change(target)?;
    Some(Action::SetConnMark { value, mask })
}

fn ct(target: &Extension) -> Option<Action> {
    for option in &target.options {
        let direction = match option.name {
            "notrack" => return Some(Action::NoTrack),
            "zone" => None,
            "zone-orig" => Some(Direction::Original),
            "zone-reply" => Some(Direction::Reply),
            _ => continue,
        };
        // `--zone mark` takes the zone from the packet mark.
        if option.value() == "mark" {
            return Some(Action::Unknown("CT --zone mark".into()));
        }
        let zone = value::number(option.value()).and_then(|zone| u16::try_from(zone).ok())?;
        return Some(Action::Zone { zone, direction });
    }
    Some(Action::Pass("CT".into()))
}
