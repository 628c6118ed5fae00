//! One rule: tests and statements from left to right.

use bundlescope_facts::firewall::{Action, Key, Match, Side, Step, Test};
use bundlescope_facts::{Family, Text};

use super::super::rule_syntax::RuleSpec;
use super::expression::{self, Operand, Part};
use super::lex::{Cursor, Token};
use super::{action, relation};

/// Words with which a statement begins: what stands before one has ended.
const STATEMENTS: &[&str] = &[
    "accept",
    "drop",
    "continue",
    "return",
    "jump",
    "goto",
    "counter",
    "comment",
    "reject",
    "log",
    "limit",
    "quota",
    "queue",
    "masquerade",
    "snat",
    "dnat",
    "redirect",
    "notrack",
    "tproxy",
    "dup",
    "fwd",
    "synproxy",
    "meter",
    "flow",
    "add",
    "update",
    "delete",
    "set",
    "xt",
    "reset",
    "last",
    "break",
];

/// Whether a statement begins with this word.
pub(super) fn is_statement(word: &str) -> bool {
    STATEMENTS.contains(&word) || word.starts_with("xt_")
}

/// Reads a rule of a table.
pub(super) fn read(tokens: &[Token<'_>], family: Family, compat: bool) -> RuleSpec {
    let mut builder = Builder { family, compat, spec: RuleSpec::default(), version: None, protocol: None };
    let mut cursor = Cursor::new(tokens);
    while !cursor.is_empty() {
        builder.step(&mut cursor);
    }
    builder.spec
}

/// A rule in the making.
pub(super) struct Builder {
    pub(super) family: Family,
    /// The table is of iptables-nft, and what nft prints is its translation of iptables' own expressions.
    pub(super) compat: bool,
    pub(super) spec: RuleSpec,
    version: Option<u8>,
    protocol: Option<u8>,
}

impl Builder {
    fn step(&mut self, cursor: &mut Cursor<'_, '_>) {
        let start = cursor.at();
        let quoted = cursor.look(0).is_some_and(|token| token.quoted);
        if !quoted && (action::statement(self, cursor) || self.expression(cursor)) {
            return;
        }
        // Nothing that is known: it ends where something known begins.
        if cursor.at() == start {
            cursor.next();
        }
        self.skip(cursor);
        self.unknowable("", cursor.since(start));
    }

    /// Goes to the next word with which something begins. What stands in braces belongs to what is passed over.
    pub(super) fn skip(&mut self, cursor: &mut Cursor<'_, '_>) {
        while !cursor.is_empty() && !is_statement(cursor.peek()) && !expression::begins(cursor.peek()) {
            if cursor.braces().is_none() {
                cursor.next();
            }
        }
    }

    /// A test, a verdict map, or an assignment.
    fn expression(&mut self, cursor: &mut Cursor<'_, '_>) -> bool {
        let start = cursor.at();
        let operands = expression::read_all(cursor);
        let Some(first) = operands.first() else { return false };
        if cursor.eat("set") {
            action::assignment(self, first, cursor, start);
            return true;
        }
        for operand in &operands {
            self.require(operand);
        }
        if cursor.eat("vmap") {
            let keys = operands.iter().map(expression::key).collect();
            match relation::right(cursor, operands.len()) {
                Some(right) => self.act("vmap", Action::VerdictMap { keys, elements: right.elements() }),
                None => self.act("vmap", Action::Unknown(cursor.since(start).into())),
            }
            return true;
        }
        let module = match &first.part {
            Part::Other(module) => module,
            _ => "",
        };
        match relation::read(cursor, operands.len()) {
            Some(relation) => match relation::test(&operands, &relation) {
                // Of `--ctstate RELATED,DNAT` and `! --ctstate DNAT` the translation leaves `ct status dnat` alone.
                Some(Match { test: Test::CtState(_), .. }) if self.compat && first.part == Part::CtStatus => {
                    self.unknowable("conntrack", cursor.since(start));
                }
                Some(test) => {
                    self.record(&test);
                    self.test(test);
                }
                None => self.unknowable(module, cursor.since(start)),
            },
            None => {
                self.skip(cursor);
                self.unknowable(module, cursor.since(start));
            }
        }
        true
    }

    /// What a part takes for granted: `tcp dport` is of tcp, `ip saddr` of IPv4.
    pub(super) fn require(&mut self, operand: &Operand) {
        // A test of the version itself needs no other.
        if let Some(version) = operand.version.filter(|_| operand.part != Part::Key(Key::Version)) {
            self.require_version(version);
        }
        if let Some(protocol) = operand.protocol.filter(|protocol| self.protocol != Some(*protocol)) {
            self.protocol = Some(protocol);
            self.spec.protocol.get_or_insert_with(|| protocol_name(protocol));
            self.test(Match { negated: false, test: Test::Protocol(protocol) });
        }
    }

    /// Only packets of this family go on, in a table that sees both.
    pub(super) fn require_version(&mut self, version: u8) {
        if !matches!(self.family, Family::Ip | Family::Ip6) && self.version != Some(version) {
            self.version = Some(version);
            self.test(Match { negated: false, test: Test::Version(version) });
        }
    }

    /// Fills the columns that a listing of iptables has.
    fn record(&mut self, found: &Match) {
        let not = if found.negated { "!" } else { "" };
        let shown = |text: &str| Some(Text::from(format!("{not}{text}")));
        match &found.test {
            Test::Protocol(protocol) => {
                if !found.negated {
                    self.protocol = Some(*protocol);
                }
                self.spec.protocol = shown(&protocol_name(*protocol));
            }
            Test::Version(version) if !found.negated => self.version = Some(*version),
            Test::InInterface(name) => self.spec.in_interface = shown(name),
            Test::OutInterface(name) => self.spec.out_interface = shown(name),
            Test::Address(side, ranges) => {
                let ranges: Vec<_> = ranges.iter().map(action::shown_range).collect();
                let column = if *side == Side::Source { &mut self.spec.source } else { &mut self.spec.destination };
                *column = shown(&ranges.join(","));
            }
            Test::Port(Side::Destination, ports) => {
                let range = |range: &std::ops::RangeInclusive<u16>| {
                    if range.start() == range.end() {
                        range.start().to_string()
                    } else {
                        format!("{}:{}", range.start(), range.end())
                    }
                };
                let ports: Vec<_> = ports.iter().map(range).collect();
                self.spec.destination_ports = shown(&ports.join(","));
            }
            _ => {}
        }
    }

    pub(super) fn test(&mut self, test: Match) {
        self.spec.steps.0.push(Step::Match(test));
    }

    pub(super) fn unknowable(&mut self, module: &str, text: impl Into<Text>) {
        self.test(Match { negated: false, test: Test::Unknowable { module: module.into(), text: text.into() } });
    }

    /// An action, and the name that iptables has for it.
    pub(super) fn act(&mut self, target: &str, action: Action) {
        // What only passes on does not hide the verdict behind it.
        if !matches!(action, Action::Pass(_)) || self.spec.target.is_none() {
            self.spec.target = Some(target.into());
        }
        self.spec.steps.0.push(Step::Action(action));
    }
}

/// The name that iptables writes, or the number.
fn protocol_name(protocol: u8) -> Text {
    super::super::listing::protocol_name(&protocol.to_string()).into()
}
