//! Statements: verdicts, translations, marks, and what changes nothing.

use bundlescope_facts::Family;
use bundlescope_facts::firewall::{Action, AddressRange, Direction, Key, NatRange, Side};

use super::super::rule_syntax::value;
use super::expression::{self, Operand, Part};
use super::lex::Cursor;
use super::rule::{Builder, is_statement};
use super::{relation, words};

/// Takes a statement from the front. False when none begins here; then nothing is taken.
pub(super) fn statement(rule: &mut Builder, cursor: &mut Cursor<'_, '_>) -> bool {
    let (before, start) = (cursor.clone(), cursor.at());
    let word = cursor.peek();
    cursor.next();
    match word {
        "accept" => rule.act("ACCEPT", Action::Accept),
        "drop" => rule.act("DROP", Action::Drop),
        "return" => rule.act("RETURN", Action::Return),
        "continue" | "break" | ";" => {}
        "jump" | "goto" => {
            let chain = cursor.word().unwrap_or_default();
            rule.act(chain, if word == "jump" { Action::Jump(chain.into()) } else { Action::Goto(chain.into()) });
        }
        "counter" => counter(rule, cursor),
        "comment" => {
            if let Some(text) = cursor.word() {
                rule.spec.comment = Some(text.into());
            }
        }
        "reject" => reject(rule, cursor),
        "log" => log(rule, cursor),
        "limit" | "quota" => {
            rule.skip(cursor);
            rule.unknowable(word, cursor.since(start));
        }
        "last" => {
            rule.skip(cursor);
        }
        "queue" => {
            rule.skip(cursor);
            rule.act("NFQUEUE", Action::Queue);
        }
        "masquerade" | "redirect" => {
            let range = if cursor.eat("to") { ports_of(cursor) } else { Some(NatRange::default()) };
            let random = nat_flags(cursor);
            match (range, word) {
                (Some(range), "masquerade") => rule.act("MASQUERADE", Action::Masquerade(NatRange { random, ..range })),
                (Some(range), _) => rule.act("REDIRECT", Action::Redirect(NatRange { random, ..range })),
                (None, _) => {
                    rule.skip(cursor);
                    rule.act(if word == "redirect" { "REDIRECT" } else { "MASQUERADE" }, unknown(cursor, start));
                }
            }
        }
        "snat" | "dnat" => translate(rule, word, cursor, start),
        "notrack" => rule.act("NOTRACK", Action::NoTrack),
        "tproxy" => {
            family_word(rule, cursor);
            cursor.eat("to");
            match cursor.word().and_then(value::nat_range) {
                Some(range) => {
                    let address = range.addresses.map(|(first, _)| first);
                    let port = range.ports.map(|ports| *ports.start());
                    rule.act("TPROXY", Action::Tproxy { address, port, mark: (0, 0) });
                }
                None => {
                    rule.skip(cursor);
                    rule.act("TPROXY", unknown(cursor, start));
                }
            }
        }
        "dup" => {
            cursor.eat("to");
            cursor.next();
            if cursor.eat("device") {
                cursor.next();
            }
            rule.act("TEE", Action::Pass("TEE".into()));
        }
        "fwd" | "synproxy" => {
            rule.skip(cursor);
            rule.act(&word.to_ascii_uppercase(), unknown(cursor, start));
        }
        "flow" | "reset" => {
            cursor.next();
            rule.skip(cursor);
            rule.act(word, Action::Pass(word.into()));
        }
        "meter" => {
            while !cursor.is_empty() && cursor.peek() != "{" {
                cursor.next();
            }
            cursor.braces();
            rule.unknowable("hashlimit", cursor.since(start));
        }
        "add" | "update" | "delete" | "set" => change_set(rule, cursor, start),
        "xt" => {
            let kind = cursor.word().unwrap_or_default();
            let name = cursor.word().unwrap_or_default();
            xtables(rule, name, kind == "target");
        }
        _ => {
            if let Some(name) = word.strip_prefix("xt_") {
                xtables(rule, name, name.starts_with(|c: char| c.is_ascii_uppercase()));
            } else if matches!(word, "ct" | "tcp") && assigned_object(rule, word, cursor, start) {
            } else {
                *cursor = before;
                return false;
            }
        }
    }
    true
}

fn unknown(cursor: &Cursor<'_, '_>, start: usize) -> Action {
    Action::Unknown(cursor.since(start).into())
}

/// `ct count over 10`, `ct original zone set 5` and what begins like a test and is none.
fn assigned_object(rule: &mut Builder, word: &str, cursor: &mut Cursor<'_, '_>, start: usize) -> bool {
    if word == "ct" && cursor.eat("count") {
        cursor.eat("over");
        cursor.next();
        rule.unknowable("connlimit", cursor.since(start));
        return true;
    }
    let direction = match cursor.peek() {
        "original" => Some(Direction::Original),
        "reply" => Some(Direction::Reply),
        _ => None,
    };
    let at = usize::from(direction.is_some());
    let is = |ahead: usize, word: &str| cursor.look(at + ahead).is_some_and(|token| token.is(word));
    if word != "ct" || !is(0, "zone") || !is(1, "set") {
        return false;
    }
    for _ in 0..at + 2 {
        cursor.next();
    }
    let zone = cursor.word().and_then(words::number).and_then(|zone| u16::try_from(zone).ok());
    match zone {
        Some(zone) => rule.act("CT", Action::Zone { zone, direction }),
        None => {
            rule.skip(cursor);
            rule.act("CT", unknown(cursor, start));
        }
    }
    true
}

fn counter(rule: &mut Builder, cursor: &mut Cursor<'_, '_>) {
    if cursor.eat("name") {
        cursor.next();
        return;
    }
    if cursor.eat("packets") {
        rule.spec.packets = cursor.word().and_then(|word| word.parse().ok()).or(rule.spec.packets);
    }
    if cursor.eat("bytes") {
        rule.spec.bytes = cursor.word().and_then(|word| word.parse().ok()).or(rule.spec.bytes);
    }
}

fn reject(rule: &mut Builder, cursor: &mut Cursor<'_, '_>) {
    let start = cursor.at();
    let default = match rule.family {
        Family::Ip => "icmp-port-unreachable",
        Family::Ip6 => "icmp6-port-unreachable",
        _ => "icmpx-port-unreachable",
    };
    let answer = if cursor.eat("with") {
        match cursor.word() {
            Some("tcp") => {
                cursor.eat("reset");
                Some("tcp-reset")
            }
            Some(kind) => {
                cursor.eat("type");
                match kind {
                    "icmp" => rule.require_version(4),
                    "icmpv6" => rule.require_version(6),
                    _ => {}
                }
                cursor.word().and_then(|word| words::reject(kind, word))
            }
            None => None,
        }
    } else {
        Some(default)
    };
    match answer {
        Some(answer) => rule.act("REJECT", Action::Reject(answer.into())),
        None => rule.act("REJECT", Action::Unknown(format!("reject {}", cursor.since(start)).into())),
    }
}

fn log(rule: &mut Builder, cursor: &mut Cursor<'_, '_>) {
    let mut name = "LOG";
    loop {
        match cursor.peek() {
            "prefix" | "snaplen" | "queue-threshold" => {
                cursor.next();
                cursor.next();
            }
            "group" => {
                name = "NFLOG";
                cursor.next();
                cursor.next();
            }
            "level" => {
                cursor.next();
                if cursor.word() == Some("audit") {
                    name = "AUDIT";
                }
            }
            "flags" => {
                cursor.next();
                let what = cursor.word();
                if matches!(what, Some("tcp" | "ip")) {
                    cursor.next();
                }
            }
            _ => break,
        }
    }
    rule.act(name, Action::Pass(name.into()));
}

/// `:80-90`; a map of ports is not modelled.
fn ports_of(cursor: &mut Cursor<'_, '_>) -> Option<NatRange> {
    value::nat_range(cursor.peek().strip_prefix(':').map(|_| cursor.peek())?).inspect(|_| {
        cursor.next();
    })
}

/// True when the choice is random.
fn nat_flags(cursor: &mut Cursor<'_, '_>) -> bool {
    let mut random = false;
    loop {
        let word = cursor.peek();
        if word == "," {
            cursor.next();
            continue;
        }
        let flags: Vec<_> = word.split(',').collect();
        if word.is_empty() || !flags.iter().all(|flag| matches!(*flag, "random" | "fully-random" | "persistent")) {
            return random;
        }
        random |= flags.iter().any(|flag| flag.contains("random"));
        cursor.next();
    }
}

/// `ip` or `ip6` in front of `to`: the kernel passes over the statement for packets of the other family.
fn family_word(rule: &mut Builder, cursor: &mut Cursor<'_, '_>) {
    let version = match cursor.peek() {
        "ip" => 4,
        "ip6" => 6,
        _ => return,
    };
    // `dnat ip daddr map …` of old versions begins with a part of the packet.
    if cursor.look(1).is_some_and(|next| ["to", "prefix", "interval", "addr"].contains(&next.text)) {
        cursor.next();
        rule.require_version(version);
    }
}

/// `dnat [ip] to 10.0.0.2:80`, `dnat to tcp dport map @ports`.
fn translate(rule: &mut Builder, word: &str, cursor: &mut Cursor<'_, '_>, start: usize) {
    let (target, side) = if word == "dnat" { ("DNAT", Side::Destination) } else { ("SNAT", Side::Source) };
    family_word(rule, cursor);
    let mut whole = true;
    // `prefix` replaces networks; `addr . port` only names the types of the map behind it.
    while matches!(cursor.peek(), "prefix" | "interval" | "addr" | "port" | ".") {
        whole &= !matches!(cursor.peek(), "prefix");
        cursor.next();
    }
    cursor.eat("to");
    let mapped = cursor.clone();
    let operands = expression::read_all(cursor);
    if !operands.is_empty() && cursor.eat("map") {
        let keys = operands.iter().map(expression::key).collect();
        for operand in &operands {
            rule.require(operand);
        }
        if let Some(right) = relation::right(cursor, operands.len()) {
            if cursor.eat(":") {
                cursor.next();
                whole = false;
            }
            nat_flags(cursor);
            let action =
                if whole { Action::NatMap { side, keys, elements: right.elements() } } else { unknown(cursor, start) };
            return rule.act(target, action);
        }
    }
    *cursor = mapped;
    let range = cursor.look(0).filter(|_| whole && !is_statement(cursor.peek())).and_then(|token| {
        // `10.0.0.2 : 80` of old versions stands apart.
        let port = (cursor.look(1)?.is(":")).then(|| cursor.look(2)).flatten();
        port.map(|port| format!("{}:{}", token.text, port.text))
    });
    let range = match range {
        Some(text) => {
            (0..3).for_each(|_| {
                cursor.next();
            });
            value::nat_range(&text)
        }
        None if whole => cursor.word().and_then(nat_range),
        None => None,
    };
    match range {
        Some(range) => {
            let range = NatRange { random: nat_flags(cursor), ..range };
            rule.act(target, if word == "dnat" { Action::Dnat(range) } else { Action::Snat(range) });
        }
        None => {
            while !cursor.is_empty() && !matches!(cursor.peek(), "accept" | "counter" | "comment" | "log") {
                if cursor.braces().is_none() {
                    cursor.next();
                }
            }
            rule.act(target, unknown(cursor, start));
        }
    }
}

fn nat_range(text: &str) -> Option<NatRange> {
    value::nat_range(text).filter(|range| range.addresses.is_some() || range.ports.is_some())
}

/// `add @blocked { ip saddr timeout 1m limit rate 3/minute }`: conditional when something in it is.
fn change_set(rule: &mut Builder, cursor: &mut Cursor<'_, '_>, start: usize) {
    let mut conditional = false;
    while !cursor.is_empty() && cursor.peek() != "{" && !matches!(cursor.peek(), "accept" | "drop" | "counter") {
        cursor.next();
    }
    if let Some(tokens) = cursor.braces() {
        conditional = tokens.iter().any(|token| token.is("limit") || token.is("quota") || token.is("count"));
    } else if cursor.peek().starts_with('@') {
        cursor.next();
    }
    if conditional {
        rule.unknowable("hashlimit", cursor.since(start));
    } else {
        rule.act("SET", Action::Pass("SET".into()));
    }
}

/// A match or target of iptables-nft that nft cannot translate: only its name is known.
fn xtables(rule: &mut Builder, name: &str, target: bool) {
    if !target {
        if name != "comment" {
            rule.unknowable(name, "nft does not show its options");
        }
        return;
    }
    let action = match name {
        "MASQUERADE" => Action::Masquerade(NatRange::default()),
        "ACCEPT" => Action::Accept,
        "DROP" => Action::Drop,
        "RETURN" => Action::Return,
        "NOTRACK" => Action::NoTrack,
        "QUEUE" | "NFQUEUE" => Action::Queue,
        "REJECT" if rule.family == Family::Ip6 => Action::Reject("icmp6-port-unreachable".into()),
        "REJECT" => Action::Reject("icmp-port-unreachable".into()),
        "LOG" | "ULOG" | "NFLOG" | "TRACE" | "TCPMSS" | "TCPOPTSTRIP" | "CHECKSUM" | "CLASSIFY" | "DSCP" | "TOS"
        | "TTL" | "HL" | "AUDIT" | "ECN" | "SECMARK" | "CONNSECMARK" | "IDLETIMER" | "LED" | "RATEEST" | "SET"
        | "TEE" => Action::Pass(name.into()),
        _ => Action::Unknown(format!("{name}: nft does not show its options").into()),
    };
    rule.act(name, action);
}

/// What `meta mark set …` and others assign; the cursor stands behind `set`.
pub(super) fn assignment(rule: &mut Builder, operand: &Operand, cursor: &mut Cursor<'_, '_>, start: usize) {
    let passing = match &operand.part {
        Part::Key(Key::Mark) => return mark(rule, false, cursor, start),
        Part::Key(Key::ConnMark) => return mark(rule, true, cursor, start),
        Part::Dscp if operand.text.starts_with("ip ") => Some("DSCP"),
        // The translation of a TOS target, in IPv4 too, is `ip6 dscp`.
        Part::Dscp => Some("TOS"),
        Part::Hops => Some("TTL"),
        Part::TcpMss => Some("TCPMSS"),
        Part::Key(Key::PktType) => Some("PKTTYPE"),
        Part::Never if operand.text.starts_with("ct ") => Some("CT"),
        Part::Other("conntrack") => Some("CT"),
        Part::Other("meta" | "ecn") if operand.text.contains("nftrace") => Some("TRACE"),
        Part::Other("meta" | "ecn") => Some("CLASSIFY"),
        _ => None,
    };
    // The value may hold words with which something else begins: `set rt mtu`, `set ip6 dscp and 0x04`.
    while !cursor.is_empty() && !is_statement(cursor.peek()) {
        cursor.next();
        if !matches!(cursor.peek(), "and" | "or" | "xor" | "&" | "|" | "^" | "dscp" | "mtu" | "0x04") {
            break;
        }
    }
    match passing {
        Some(name) => rule.act(name, Action::Pass(name.into())),
        None => {
            rule.skip(cursor);
            rule.act("set", unknown(cursor, start));
        }
    }
}

/// `meta mark set mark and 0xffffff00 xor 0x1`: the old value under a mask, with bits toggled.
fn mark(rule: &mut Builder, connection: bool, cursor: &mut Cursor<'_, '_>, start: usize) {
    let base = match (cursor.peek(), cursor.look(1).map_or("", |token| token.text)) {
        ("meta", "mark") => {
            cursor.next();
            Some(false)
        }
        ("mark", _) => Some(false),
        ("ct", "mark") => {
            cursor.next();
            Some(true)
        }
        _ => None,
    };
    let word = cursor.word().unwrap_or_default();
    let (mut keep, mut toggle) = match base {
        Some(_) => (u32::MAX, 0),
        None => (0, words::number(word).unwrap_or_default()),
    };
    let mut known = base.is_some() || words::number(word).is_some();
    let mut previous = "";
    loop {
        let operator = cursor.peek();
        if !matches!(operator, "and" | "or" | "xor" | "&" | "|" | "^" | "<<" | ">>") {
            break;
        }
        cursor.next();
        let bits = cursor.word().and_then(words::number);
        let Some(bits) = bits else {
            known = false;
            break;
        };
        match operator {
            // iptables' translation of a CONNMARK puts the mask behind the bits that it does not concern.
            "and" if rule.compat && previous == "xor" => keep &= bits,
            "and" | "&" => (keep, toggle) = (keep & bits, toggle & bits),
            "or" | "|" => (keep, toggle) = (keep & !bits, (toggle & !bits) | bits),
            "xor" | "^" => toggle ^= bits,
            _ => known = false,
        }
        previous = operator;
    }
    let action = match (known, base, connection) {
        (true, None, true) => Action::SetConnMark { value: toggle, mask: u32::MAX },
        (true, None, false) => Action::SetMark { value: toggle, mask: u32::MAX },
        (true, Some(true), true) => Action::SetConnMark { value: toggle, mask: !keep },
        (true, Some(false), false) => Action::SetMark { value: toggle, mask: !keep },
        (true, Some(false), true) if toggle == 0 => {
            // iptables keeps the other bits of the connection's mark, which its translation does not say.
            Action::SaveMark { nfmask: keep, ctmask: if rule.compat { keep } else { u32::MAX } }
        }
        (true, Some(true), false) if toggle == 0 => {
            Action::RestoreMark { nfmask: if rule.compat { keep } else { u32::MAX }, ctmask: keep }
        }
        _ => {
            rule.skip_value(cursor);
            unknown(cursor, start)
        }
    };
    // iptables restores a mark with the target that also saves it.
    let connection = connection || matches!(action, Action::RestoreMark { .. });
    rule.act(if connection { "CONNMARK" } else { "MARK" }, action);
}

impl Builder {
    /// Goes on to the next statement: a value may hold parts of the packet (`ip saddr map @marks`).
    fn skip_value(&mut self, cursor: &mut Cursor<'_, '_>) {
        while !cursor.is_empty() && !is_statement(cursor.peek()) {
            if cursor.braces().is_none() {
                cursor.next();
            }
        }
    }
}

/// An address range as a listing shows it.
pub(super) fn shown_range(range: &AddressRange) -> String {
    match range {
        AddressRange::Between { first, last } => format!("{first}-{last}"),
        AddressRange::Masked { address, mask } => {
            let prefixes = if address.is_ipv4() { 0..=32 } else { 0..=128 };
            let prefix = prefixes.into_iter().find(|prefix| value::prefix_mask(*address, *prefix) == *mask);
            prefix.map_or_else(|| format!("{address}/{mask}"), |prefix| format!("{address}/{prefix}"))
        }
    }
}
