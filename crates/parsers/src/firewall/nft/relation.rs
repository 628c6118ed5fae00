//! The right side of a test, and the test that both sides make.

use std::net::IpAddr;
use std::ops::RangeInclusive;

use bundlescope_facts::Text;
use bundlescope_facts::firewall::{AddressRange, CtState, Direction, Elements, Key, Match, Test};

use super::super::rule_syntax::{value, words as names};
use super::expression::{Operand, Part, key};
use super::lex::Cursor;
use super::{elements, words};

/// What a part is compared with.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Right {
    /// A value, a range, or flags as written.
    Word(String),
    /// Elements written in the rule.
    List(Vec<(Text, Text)>),
    /// A set of the table.
    Named(Text),
}

/// Operator and right side.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Relation {
    /// Bits looked at: `& 0xff` in front of the operator, `/ fin,syn` behind the value.
    mask: Option<String>,
    /// `==`, `!=`, `<`, …; empty when none is written.
    operator: &'static str,
    right: Right,
}

/// Reads what follows the operands; `count` of them are concatenated.
pub(super) fn read(cursor: &mut Cursor<'_, '_>, count: usize) -> Option<Relation> {
    let mut mask = None;
    if matches!(cursor.peek(), "&" | "and") {
        cursor.word();
        mask = Some(flags(cursor)?);
    }
    let operator = match cursor.peek() {
        "==" | "eq" => "==",
        "!=" | "ne" => "!=",
        "<" | "lt" => "<",
        ">" | "gt" => ">",
        "<=" | "le" => "<=",
        ">=" | "ge" => ">=",
        "!" => "!",
        _ => "",
    };
    if !operator.is_empty() {
        cursor.word();
    }
    let right = right(cursor, count)?;
    if cursor.eat("/") {
        mask = Some(flags(cursor)?);
    }
    Some(Relation { mask, operator, right })
}

/// A set, by name or in braces, or a value.
pub(super) fn right(cursor: &mut Cursor<'_, '_>, count: usize) -> Option<Right> {
    if let Some(tokens) = cursor.braces() {
        return Some(Right::List(elements::read(tokens)));
    }
    if let Some(name) = cursor.peek().strip_prefix('@') {
        cursor.word();
        return Some(Right::Named(name.into()));
    }
    let next = cursor.look(0)?;
    // iptables-nft's translations may lack the value: `ct status ! counter`.
    const VERDICTS: &[&str] =
        &["counter", "accept", "drop", "return", "jump", "goto", "comment", "log", "reject", "xt"];
    if !next.quoted && VERDICTS.contains(&next.text) {
        return None;
    }
    let mut text = if next.text.starts_with('(') { flags(cursor)? } else { cursor.word()?.to_owned() };
    loop {
        let join = match cursor.peek() {
            "," => ",",
            "|" => "|",
            "-" => "-",
            "." if count > 1 => " . ",
            _ => break,
        };
        cursor.word();
        text.push_str(join);
        text.push_str(cursor.word()?);
    }
    Some(Right::Word(text))
}

/// One word, or `( a | b )`.
fn flags(cursor: &mut Cursor<'_, '_>) -> Option<String> {
    let mut text = cursor.word()?.to_owned();
    if text.starts_with('(') {
        while !text.ends_with(')') {
            text.push_str(cursor.word()?);
        }
        text = text.trim_matches(['(', ')']).to_owned();
    }
    Some(text)
}

impl Right {
    /// As a set lookup takes it.
    pub(super) fn elements(self) -> Elements {
        match self {
            Self::Word(word) => Elements::Inline(vec![(word.into(), "".into())]),
            Self::List(list) => Elements::Inline(list),
            Self::Named(name) => Elements::Named(name),
        }
    }
}

/// The test; `None` when it is one that is not modelled.
pub(super) fn test(operands: &[Operand], relation: &Relation) -> Option<Match> {
    let negated = matches!(relation.operator, "!=" | "!");
    let whole = |test| Some(Match { negated, test });
    let lookup = || {
        if relation.mask.is_some() || !matches!(relation.operator, "" | "==" | "!=") {
            return None;
        }
        let keys: Vec<_> = operands.iter().map(key).collect();
        whole(Test::In { keys, elements: relation.right.clone().elements() })
    };
    let [operand] = operands else { return lookup() };
    if let Some(special) = special(operand, relation) {
        return special;
    }
    match &relation.right {
        Right::Named(_) => lookup(),
        Right::List(list) => {
            let tests: Option<Vec<_>> = list.iter().map(|(key, _)| one(operand, "", None, key)).collect();
            match tests.filter(|_| relation.mask.is_none()) {
                Some(tests) => whole(any(tests)),
                None => lookup().filter(|_| matches!(operand.part, Part::Key(_))),
            }
        }
        Right::Word(word) => match one(operand, relation.operator, relation.mask.as_deref(), word) {
            Some(test) => whole(test),
            None => lookup().filter(|_| matches!(operand.part, Part::Key(_))),
        },
    }
}

/// One test that holds when any of these does; lists of addresses, ports and states are one test.
fn any(tests: Vec<Test>) -> Test {
    let mut merged: Vec<Test> = Vec::new();
    for test in tests {
        match (merged.last_mut(), test) {
            (Some(Test::Address(side, all)), Test::Address(other, more)) if *side == other => all.extend(more),
            (Some(Test::Port(side, all)), Test::Port(other, more)) if *side == other => all.extend(more),
            (Some(Test::CtState(all)), Test::CtState(more)) => all.extend(more),
            (Some(Test::AddrType { types: all, .. }), Test::AddrType { types: more, .. }) => all.extend(more),
            (_, test) => merged.push(test),
        }
    }
    match <[Test; 1]>::try_from(merged) {
        Ok([only]) => only,
        Err(tests) => Test::AnyOf(tests.into_iter().map(|test| Match { negated: false, test }).collect()),
    }
}

/// Parts whose tests do not follow the common form. The inner `None` says that the test is not modelled.
fn special(operand: &Operand, relation: &Relation) -> Option<Option<Match>> {
    let word = match &relation.right {
        Right::Word(word) => Some(word.as_str()),
        _ => None,
    };
    let not = relation.operator == "!=";
    let whole = |negated, test| Some(Some(Match { negated, test }));
    let zero = word.and_then(words::number) == Some(0);
    match &operand.part {
        Part::TcpFlags => Some(tcp_flags(relation)),
        Part::FragmentOffset => match (relation.mask.as_deref().and_then(words::number), zero) {
            (Some(0x1fff), true) => whole(!not, Test::Fragment),
            _ => Some(None),
        },
        Part::ReversePath { loose, mark } => {
            let found = match word {
                Some("0" | "missing" | "false") => false,
                Some("1" | "exists" | "true") => true,
                _ => return Some(None),
            };
            let (loose, validmark) = (*loose, *mark);
            whole(false, Test::RpFilter { loose, validmark, accept_local: false, invert: found == not })
        }
        Part::Never => whole(not == (word == Some("missing")), Test::Always),
        Part::TcpOption(option) => whole((word == Some("missing")) != not, Test::TcpOption(*option)),
        Part::SocketTransparent => {
            let off = matches!(word, Some("0" | "false"));
            whole(off != not, Test::Socket { transparent: true, nowildcard: false })
        }
        // `ct state & (established | related) != 0` of old versions.
        Part::Key(Key::CtState) | Part::CtStatus if relation.mask.is_some() => {
            let flags = relation.mask.as_deref().and_then(|mask| one(operand, "", None, mask));
            let same = word == relation.mask.as_deref() && !word.is_some_and(|word| word.contains(['|', ',']));
            match flags {
                Some(test) if zero => whole(!not, test),
                Some(test) if same => whole(not, test),
                _ => Some(None),
            }
        }
        Part::Other(_) => Some(None),
        _ => None,
    }
}

fn tcp_flags(relation: &Relation) -> Option<Match> {
    let whole = |negated, test| Some(Match { negated, test });
    let exact = |mask, set| Test::TcpFlags { mask, set };
    let not = relation.operator == "!=";
    let word = match &relation.right {
        Right::Word(word) => word,
        Right::List(list) => {
            let tests: Option<Vec<_>> =
                list.iter().map(|(key, _)| words::tcp_flags(key).map(|set| exact(0xff, set))).collect();
            return whole(not, any(tests?));
        }
        Right::Named(_) => return None,
    };
    let set = words::tcp_flags(word)?;
    match (&relation.mask, relation.operator) {
        (Some(mask), "" | "==" | "!=") => whole(not, exact(words::tcp_flags(mask)?, set)),
        (None, "!") => whole(false, exact(set, 0)),
        (None, "==" | "!=") => whole(not, exact(0xff, set)),
        // Flags without an operator: any of them.
        (None, "") => whole(true, exact(set, 0)),
        _ => None,
    }
    .map(|found| match found {
        // One flag is more readable the other way round.
        Match { negated: true, test: Test::TcpFlags { mask, set: 0 } } if mask.is_power_of_two() => {
            Match { negated: false, test: Test::TcpFlags { mask, set: mask } }
        }
        other => other,
    })
}

/// The test that the part equals `word`, or is below or above it.
fn one(operand: &Operand, operator: &str, mask: Option<&str>, word: &str) -> Option<Test> {
    let ordered = matches!(operator, "<" | ">" | "<=" | ">=");
    let equal = || (!ordered && mask.is_none()).then_some(());
    Some(match &operand.part {
        Part::Key(key @ (Key::InInterface | Key::OutInterface)) | Part::Device(key) => {
            equal()?;
            if matches!(operand.part, Part::Device(_)) && words::number(word).is_some() {
                return None;
            }
            let name = match word.strip_suffix('*') {
                // A backslash makes the star part of the name.
                Some(start) => {
                    start.strip_suffix('\\').map_or_else(|| format!("{start}+"), |start| format!("{start}*"))
                }
                None => word.to_owned(),
            };
            if *key == Key::InInterface { Test::InInterface(name.into()) } else { Test::OutInterface(name.into()) }
        }
        Part::Key(Key::Protocol) => {
            equal()?;
            Test::Protocol(names::protocol(word)?)
        }
        Part::CtProtocol => {
            equal()?;
            Test::CtProtocol(names::protocol(word)?)
        }
        Part::Key(Key::Version) => {
            equal()?;
            match word {
                "ip" | "ipv4" | "2" | "4" | "0x0800" => Test::Version(4),
                "ip6" | "ipv6" | "10" | "6" | "0x86dd" => Test::Version(6),
                _ => return None,
            }
        }
        Part::Key(Key::Address(side)) => Test::Address(*side, vec![address(word, mask, ordered)?]),
        Part::Key(Key::CtAddress(direction, side)) => {
            Test::CtAddress(*direction, *side, vec![address(word, mask, ordered)?])
        }
        Part::Key(Key::Port(side)) => Test::Port(*side, vec![ports(operator, mask, word)?]),
        Part::Key(Key::CtPort(direction, side)) => Test::CtPort(*direction, *side, vec![ports(operator, mask, word)?]),
        Part::Key(Key::CtState) => {
            equal()?;
            Test::CtState(words::states(word)?)
        }
        Part::Key(Key::CtDirection) => {
            equal()?;
            match word {
                "original" | "0" => Test::CtDirection(Direction::Original),
                "reply" | "1" => Test::CtDirection(Direction::Reply),
                _ => return None,
            }
        }
        Part::CtStatus => {
            equal()?;
            status(words::status(word)?)
        }
        Part::Key(key @ (Key::Mark | Key::ConnMark)) if !ordered => {
            let value = words::number(word)?;
            let mask = match mask {
                Some(mask) => words::number(mask)?,
                None => u32::MAX,
            };
            if *key == Key::Mark { Test::Mark { value, mask } } else { Test::ConnMark { value, mask } }
        }
        Part::AddrType { side, limit_in, limit_out } => {
            equal()?;
            let types = word.split(',').map(words::address_type).collect::<Option<Vec<_>>>()?;
            Test::AddrType { side: *side, types, limit_in: *limit_in, limit_out: *limit_out }
        }
        Part::Key(Key::IcmpType) | Part::Icmp6Type => {
            equal()?;
            Test::Icmp { kind: Some(words::icmp_type(word, operand.part == Part::Icmp6Type)?), codes: 0..=255 }
        }
        Part::IcmpCode => {
            equal()?;
            let six = operand.version == Some(6);
            let (low, high) = match words::icmp_code(word, six) {
                Some(code) => (code, code),
                None => {
                    let (low, high) = word.split_once('-')?;
                    (words::icmp_code(low, six)?, words::icmp_code(high, six)?)
                }
            };
            Test::Icmp { kind: None, codes: low..=high }
        }
        Part::Key(Key::PktType) => {
            equal()?;
            Test::PktType(words::packet_type(word)?.into())
        }
        Part::Key(Key::Mac) => {
            equal()?;
            Test::Mac(word.to_ascii_lowercase().into())
        }
        Part::TcpMss => Test::TcpMss(range(operator, mask, word, u16::MAX, |word| word.parse().ok())?),
        Part::Length => Test::Length(range(operator, mask, word, u32::MAX, words::number)?),
        Part::Hops => Test::Ttl(range(operator, mask, word, u8::MAX, |word| word.parse().ok())?),
        Part::Dscp => {
            equal()?;
            Test::Tos { value: words::dscp(word)? << 2, mask: 0xfc }
        }
        Part::User => {
            equal()?;
            Test::OwnerUser(owner(word))
        }
        Part::Group => {
            equal()?;
            Test::OwnerGroup(owner(word))
        }
        _ => return None,
    })
}

fn owner(word: &str) -> Text {
    if word == "root" { "0".into() } else { word.into() }
}

/// Translations are states, as `--ctstate DNAT` has them.
fn status(names: Vec<Text>) -> Test {
    let mut states = Vec::new();
    let mut others = Vec::new();
    for name in names {
        match &*name {
            "SNAT" => states.push(CtState::Snat),
            "DNAT" => states.push(CtState::Dnat),
            _ => others.push(name),
        }
    }
    match (states.is_empty(), others.is_empty()) {
        (_, true) => Test::CtState(states),
        (true, false) => Test::CtStatus(others),
        (false, false) => any(vec![Test::CtState(states), Test::CtStatus(others)]),
    }
}

/// `10.0.0.0/8`, `10.0.0.1-10.0.0.9`, or equal under a mask.
pub(super) fn address(word: &str, mask: Option<&str>, ordered: bool) -> Option<AddressRange> {
    if ordered {
        return None;
    }
    if let Some(mask) = mask {
        let (address, mask): (IpAddr, IpAddr) = (word.parse().ok()?, mask.parse().ok()?);
        return (address.is_ipv4() == mask.is_ipv4())
            .then(|| AddressRange::Masked { address: value::apply_mask(address, mask), mask });
    }
    if word.contains('-') { value::between(word) } else { value::masked(word) }
}

fn ports(operator: &str, mask: Option<&str>, word: &str) -> Option<RangeInclusive<u16>> {
    range(operator, mask, word, u16::MAX, names::port)
}

/// Numbers between two ends; `<` and `>` leave out their end.
fn range<T: Copy + Default + TryFrom<u64>>(
    operator: &str,
    mask: Option<&str>,
    word: &str,
    most: T,
    read: impl Fn(&str) -> Option<T>,
) -> Option<RangeInclusive<T>>
where
    u64: From<T>,
{
    if mask.is_some() {
        return None;
    }
    // Names of services have dashes, too.
    let Some(value) = read(word) else {
        let (low, high) = word.split_once('-')?;
        return operator.trim_matches(['=', '!']).is_empty().then_some(read(low)?..=read(high)?);
    };
    let step = |by: i8| u64::from(value).checked_add_signed(i64::from(by)).and_then(|value| T::try_from(value).ok());
    Some(match operator {
        "<" => T::default()..=step(-1)?,
        "<=" => T::default()..=value,
        ">" => step(1)?..=most,
        ">=" => value..=most,
        _ => value..=value,
    })
}
