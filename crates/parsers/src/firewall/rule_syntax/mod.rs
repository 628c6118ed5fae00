//! The options of one iptables rule, as `iptables-save`, `iptables -S`, restore files and command lines write them.
//!
//! Follows iptables(8) and iptables-extensions(8) of 1.4 to 1.8, the old syntax with `!` behind the option included.
//! What is well formed but cannot be modelled becomes [`Test::Unknowable`] or [`Action::Unknown`], so that a rule
//! never disappears; what is not well formed is also told.

mod command;
mod matches;
pub(super) mod services;
mod targets;
mod token;
pub(super) mod value;
pub(super) mod words;

use std::fmt;

use bundlescope_facts::firewall::{Action, Match, Side, Step, Steps, Test};
use bundlescope_facts::{Family, Text};

pub(super) use command::read_line;
pub use command::{Command, Verb, parse_command};
use token::{Cursor, Quoting};

/// A rule without its place: the fields that a listing shows, and what it tests and does.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RuleSpec {
    /// Target as written; absent for a rule that only counts.
    pub target: Option<Text>,
    /// Protocol as written, `!` in front when negated; absent for all.
    pub protocol: Option<Text>,
    /// Source as written, `!` in front when negated; absent for all.
    pub source: Option<Text>,
    /// Destination as written, `!` in front when negated; absent for all.
    pub destination: Option<Text>,
    /// Input interface, `!` in front when negated; absent for all.
    pub in_interface: Option<Text>,
    /// Output interface, `!` in front when negated; absent for all.
    pub out_interface: Option<Text>,
    /// Destination ports as written, `!` in front when negated; absent for all.
    pub destination_ports: Option<Text>,
    /// Comments, joined by a blank when there are several.
    pub comment: Option<Text>,
    /// Packets of `-c PACKETS BYTES`.
    pub packets: Option<u64>,
    /// Bytes of `-c PACKETS BYTES`.
    pub bytes: Option<u64>,
    /// What the rule tests and does, in iptables' order: addresses, interfaces, protocol, match modules, target.
    pub steps: Steps,
}

/// Why a rule is not well formed: a lowercase fragment that names the word and what was expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError(pub String);

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SyntaxError {}

/// Takes the options of one rule apart, without `-A CHAIN`: `-i docker0 -p tcp --dport 5432 -j ACCEPT`.
///
/// `family` decides what addresses, ICMP types and REJECT's default look like; [`Family::Ip6`] for ip6tables.
/// Errors: a word that iptables does not know or a value that it would not take.
pub fn parse_rule_spec(text: &str, family: Family) -> Result<RuleSpec, SyntaxError> {
    let mut cursor = Cursor::new(token::tokens(text, Quoting::Save));
    let (spec, problems) = read_rule(&mut cursor, family);
    match problems.into_iter().next() {
        Some(problem) => Err(SyntaxError(problem)),
        None => Ok(spec),
    }
}

/// One option as written.
#[derive(Debug)]
struct Opt {
    /// Full name without its dashes.
    name: &'static str,
    negated: bool,
    values: Vec<String>,
}

impl Opt {
    fn value(&self) -> &str {
        self.values.first().map_or("", String::as_str)
    }
}

/// A match module or a target, with the options that were given to it.
#[derive(Debug)]
struct Extension {
    name: String,
    target: bool,
    options: Vec<Opt>,
    /// Everything behind its name, for modules of which only the text is kept.
    text: String,
}

impl Extension {
    fn known(&self) -> &'static [&'static str] {
        if self.target { targets::options(&self.name) } else { matches::options(&self.name) }
    }

    /// Takes any option: a module whose options are not listed here.
    fn takes_any(&self) -> bool {
        self.known().is_empty() && (!self.target || targets::is_extension(&self.name))
    }
}

/// Rule options being read.
struct Reader {
    version6: bool,
    spec: RuleSpec,
    base: Vec<Match>,
    extensions: Vec<Extension>,
    goto: Option<String>,
    target: Option<String>,
    problems: Vec<String>,
}

/// Reads to the end of the line; what is wrong is returned beside what could be read.
fn read_rule(cursor: &mut Cursor, family: Family) -> (RuleSpec, Vec<String>) {
    let mut reader = Reader {
        version6: family == Family::Ip6,
        spec: RuleSpec::default(),
        base: Vec::new(),
        extensions: Vec::new(),
        goto: None,
        target: None,
        problems: Vec::new(),
    };
    reader.read(cursor);
    reader.finish()
}

/// Modules in which the owner of an option is looked for: iptables takes 255 words, a hostile line has millions.
const MOST_MODULES: usize = 64;

const BASE: &[&str] = &[
    "protocol",
    "source",
    "src",
    "destination",
    "dst",
    "in-interface",
    "out-interface",
    "jump",
    "goto",
    "match",
    "fragments",
    "set-counters",
    "ipv4",
    "ipv6",
    "wait",
    "verbose",
    "numeric",
    "line-numbers",
    "exact",
];

impl Reader {
    fn read(&mut self, cursor: &mut Cursor) {
        while cursor.peek().is_some() {
            let negated = cursor.take_not();
            let Some(token) = cursor.next() else { break };
            let mut word = token.text;
            if token.quoted || !word.starts_with('-') || word.len() < 2 {
                self.unreadable(&word);
                continue;
            }
            // `--dport=80` and `-ptcp` are getopt's other forms.
            if let Some((name, value)) = word.split_once('=').filter(|_| word.starts_with("--")) {
                cursor.unread(value.to_owned());
                word = name.to_owned();
            } else if !word.starts_with("--") && word.len() > 2 && word.is_char_boundary(2) {
                cursor.unread(word[2..].to_owned());
                word.truncate(2);
            }
            let before = self.problems.len();
            self.option(&word, negated, cursor);
            if self.problems.len() > before {
                self.unknown_test(&word);
            }
        }
    }

    /// A word that belongs to no option: the rule may have said anything here.
    fn unreadable(&mut self, word: &str) {
        self.problems.push(format!("expected an option of iptables, found {word:?}"));
        self.unknown_test(word);
    }

    fn unknown_test(&mut self, word: &str) {
        let test = Test::Unknowable { module: "unreadable".into(), text: word.into() };
        self.base.push(Match { negated: false, test });
    }

    fn option(&mut self, word: &str, mut negated: bool, cursor: &mut Cursor) {
        let long = word.strip_prefix("--");
        let base = match (word, long) {
            ("-p", _) => Some("protocol"),
            ("-s", _) => Some("source"),
            ("-d", _) => Some("destination"),
            ("-i", _) => Some("in-interface"),
            ("-o", _) => Some("out-interface"),
            ("-j", _) => Some("jump"),
            ("-g", _) => Some("goto"),
            ("-m", _) => Some("match"),
            ("-f", _) => Some("fragments"),
            ("-c", _) => Some("set-counters"),
            ("-4", _) => Some("ipv4"),
            ("-6", _) => Some("ipv6"),
            ("-w", _) => Some("wait"),
            ("-v", _) => Some("verbose"),
            ("-n", _) => Some("numeric"),
            ("-x", _) => Some("exact"),
            // `-m policy` has a `--proto` of its own.
            (_, Some("proto")) if !self.extensions.iter().any(|extension| extension.known().contains(&"proto")) => {
                Some("protocol")
            }
            (_, Some(name)) => BASE.iter().copied().find(|base| *base == name),
            _ => None,
        };
        if let Some(base) = base {
            return self.base_option(base, negated, cursor);
        }
        let Some(name) = long else {
            return self.problems.push(format!("expected an option of iptables, found {word:?}"));
        };
        // The old syntax has the exclamation mark between option and value.
        if cursor.peek().is_some_and(|token| !token.quoted && token.text == "!") {
            cursor.take_not();
            match cursor.take_value() {
                Some(value) => {
                    cursor.unread(value);
                    negated = true;
                }
                None => cursor.unread_not(),
            }
        }
        let owner = self.owner(name);
        if owner.is_none()
            && let Some(base) = unique_prefix(BASE, name)
        {
            return self.base_option(base, negated, cursor);
        }
        let mut values = Vec::new();
        let Some((index, full)) = owner else {
            while cursor.take_value().is_some() {}
            return self
                .problems
                .push(format!("expected an option of the match modules or target before it, found {word:?}"));
        };
        let Some(extension) = self.extensions.get_mut(index) else { return };
        let most = if extension.target { targets::arity(full) } else { matches::arity(full) };
        while values.len() < most
            && let Some(value) = cursor.take_value()
        {
            values.push(value);
        }
        let not = if negated { "! " } else { "" };
        let gap = if extension.text.is_empty() { "" } else { " " };
        extension.text.push_str(&format!("{gap}{not}{word}"));
        for value in &values {
            extension.text.push(' ');
            extension.text.push_str(value);
        }
        extension.options.push(Opt { name: full, negated, values });
    }

    /// The extension that takes the option, the one loaded last first, and the option's full name.
    fn owner(&self, name: &str) -> Option<(usize, &'static str)> {
        let newest_first = || self.extensions.iter().enumerate().rev().take(MOST_MODULES);
        let exact = newest_first().find_map(|(index, extension)| {
            Some((index, extension.known().iter().copied().find(|known| *known == name)?))
        });
        exact
            .or_else(|| {
                newest_first().find_map(|(index, extension)| Some((index, unique_prefix(extension.known(), name)?)))
            })
            .or_else(|| newest_first().find(|(_, extension)| extension.takes_any()).map(|(index, _)| (index, "")))
    }

    fn base_option(&mut self, name: &str, mut negated: bool, cursor: &mut Cursor) {
        match name {
            "ipv4" | "ipv6" | "verbose" | "numeric" | "line-numbers" | "exact" => return,
            "wait" => {
                let number = cursor.peek().is_some_and(|token| token.text.parse::<u32>().is_ok());
                if number {
                    cursor.next();
                }
                return;
            }
            "fragments" => return self.base.push(Match { negated, test: Test::Fragment }),
            _ => {}
        }
        negated |= cursor.take_not();
        let Some(mut value) = cursor.take_value() else {
            return self.problems.push(format!("expected a value behind {name}, found none"));
        };
        if let Some(rest) = value.strip_prefix('!').filter(|rest| !rest.is_empty()) {
            (negated, value) = (true, rest.to_owned());
        }
        let shown = || Some(Text::from(if negated { format!("!{value}") } else { value.clone() }));
        match name {
            "protocol" => {
                self.spec.protocol = shown();
                match words::protocol(&value) {
                    Some(0) if negated => self.base.push(Match { negated: true, test: Test::Always }),
                    Some(0) => self.spec.protocol = None,
                    Some(number) => self.base.push(Match { negated, test: Test::Protocol(number) }),
                    None => self.problems.push(format!("expected a protocol name or number, found {value:?}")),
                }
                if let Some(module) = words::protocol(&value).and_then(matches::implied) {
                    self.load(module.to_owned(), false);
                }
            }
            "source" | "src" => {
                self.spec.source = shown();
                self.address(Side::Source, negated, &value);
            }
            "destination" | "dst" => {
                self.spec.destination = shown();
                self.address(Side::Destination, negated, &value);
            }
            "in-interface" => {
                self.spec.in_interface = shown();
                self.base.push(Match { negated, test: Test::InInterface(value.into()) });
            }
            "out-interface" => {
                self.spec.out_interface = shown();
                self.base.push(Match { negated, test: Test::OutInterface(value.into()) });
            }
            "match" => self.load(value, false),
            "jump" => {
                self.spec.target = Some(value.as_str().into());
                self.load(value.clone(), true);
                self.target = Some(value);
            }
            "goto" => {
                self.spec.target = Some(value.as_str().into());
                self.goto = Some(value);
            }
            "set-counters" => {
                self.spec.packets = value.parse().ok();
                self.spec.bytes = cursor.take_value().and_then(|bytes| bytes.parse().ok());
            }
            _ => {}
        }
    }

    fn address(&mut self, side: Side, negated: bool, value: &str) {
        match value::masked_list(value) {
            Some(ranges) => self.base.push(Match { negated, test: Test::Address(side, ranges) }),
            None => self.problems.push(format!("expected an address with an optional mask, found {value:?}")),
        }
    }

    fn load(&mut self, name: String, target: bool) {
        // `-p tcp … -m tcp` names the module that the protocol has loaded; several comments are several.
        let again = !target && !matches::repeats(&name);
        if again && self.extensions.iter().any(|extension| !extension.target && extension.name == name) {
            return;
        }
        self.extensions.push(Extension { name, target, options: Vec::new(), text: String::new() });
    }

    fn finish(mut self) -> (RuleSpec, Vec<String>) {
        let mut tests = std::mem::take(&mut self.base);
        let mut action = self.goto.take().map(|chain| Action::Goto(chain.into()));
        for extension in &self.extensions {
            if extension.target {
                match targets::action(extension, self.version6) {
                    Ok(found) => action = Some(found),
                    Err(problem) => {
                        action = Some(Action::Unknown(format!("{} {}", extension.name, extension.text).into()));
                        self.problems.push(problem);
                    }
                }
            } else if let Err(problem) = matches::tests(extension, self.version6, &mut tests, &mut self.spec) {
                let test =
                    Test::Unknowable { module: extension.name.as_str().into(), text: extension.text.as_str().into() };
                tests.push(Match { negated: false, test });
                self.problems.push(problem);
            }
        }
        self.spec.steps = Steps(tests.into_iter().map(Step::Match).chain(action.map(Step::Action)).collect());
        (self.spec, self.problems)
    }
}

/// The only option that starts with `name`, as getopt_long(3) completes it.
fn unique_prefix(options: &[&'static str], name: &str) -> Option<&'static str> {
    let mut found = options.iter().copied().filter(|option| name.len() > 1 && option.starts_with(name));
    match (found.next(), found.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
