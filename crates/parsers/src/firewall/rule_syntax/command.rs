//! A whole iptables command: `iptables -t nat -I PREROUTING 1 …`, or a line of a restore file.

use bundlescope_facts::{Backend, Family, Text};

use super::token::{Cursor, Quoting, tokens};
use super::{RuleSpec, SyntaxError, read_rule};

/// What a command changes.
#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    /// `ip6tables` or `iptables`.
    pub family: Family,
    /// `iptables-legacy` and `iptables-nft` tell; otherwise unknown.
    pub backend: Backend,
    /// Table, `filter` unless named.
    pub table: Text,
    /// What is done to it.
    pub verb: Verb,
}

/// What is done to a table.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Verb {
    /// `-A`: a rule behind the last.
    Append {
        /// Chain.
        chain: Text,
        /// Rule.
        rule: Box<RuleSpec>,
    },
    /// `-I`: a rule that takes a number, counted from 1.
    Insert {
        /// Chain.
        chain: Text,
        /// Number that the rule gets.
        number: u32,
        /// Rule.
        rule: Box<RuleSpec>,
    },
    /// `-R`: a rule in place of another.
    Replace {
        /// Chain.
        chain: Text,
        /// Number of the rule, counted from 1.
        number: u32,
        /// Rule.
        rule: Box<RuleSpec>,
    },
    /// `-D CHAIN NUMBER`.
    DeleteNumber {
        /// Chain.
        chain: Text,
        /// Number of the rule, counted from 1.
        number: u32,
    },
    /// `-D CHAIN RULE`: the first rule with the same steps.
    DeleteRule {
        /// Chain.
        chain: Text,
        /// Rule.
        rule: Box<RuleSpec>,
    },
    /// `-P`.
    Policy {
        /// Built-in chain.
        chain: Text,
        /// `ACCEPT` or `DROP`.
        policy: Text,
    },
    /// `-N`.
    NewChain(Text),
    /// `-F`: every rule of one chain or of all.
    Flush(Option<Text>),
    /// `-X`: one user chain or all.
    DeleteChain(Option<Text>),
    /// `-Z` and other commands that change no rule.
    Nothing,
}

/// Reads a command line as a shell would, `sudo` and a path in front allowed.
///
/// Errors: not an iptables command that changes something, or a rule that iptables would not take.
pub fn parse_command(line: &str) -> Result<Command, SyntaxError> {
    let mut cursor = Cursor::new(tokens(line, Quoting::Shell));
    loop {
        let Some(word) = cursor.next() else {
            return Err(SyntaxError(format!("expected an iptables command, found {line:?}")));
        };
        let program = word.text.rsplit('/').next().unwrap_or_default();
        if program == "sudo" {
            continue;
        }
        let (family, rest) = match (program.strip_prefix("ip6tables"), program.strip_prefix("iptables")) {
            (Some(rest), _) => (Family::Ip6, rest),
            (_, Some(rest)) => (Family::Ip, rest),
            _ => return Err(SyntaxError(format!("expected an iptables command, found {:?}", word.text))),
        };
        let backend = match rest {
            "" => Backend::Unknown,
            "-legacy" => Backend::Legacy,
            "-nft" => Backend::Nft,
            _ => return Err(SyntaxError(format!("expected iptables or ip6tables, found {program:?}"))),
        };
        let (command, problems) = read_command(&mut cursor, family, backend);
        return match (command, problems.into_iter().next()) {
            (_, Some(problem)) => Err(SyntaxError(problem)),
            (None, None) => Err(SyntaxError("expected -A, -I, -D, -R, -P, -N, -F or -X".to_owned())),
            (Some(command), None) => Ok(command),
        };
    }
}

/// Reads a line of a restore file, such as `-A INPUT -j DROP`, keeping what could be read of a rule that is not well formed.
pub(in crate::firewall) fn read_line(line: &str, family: Family) -> (Option<Verb>, Vec<String>) {
    let mut cursor = Cursor::new(tokens(line, Quoting::Save));
    let (command, problems) = read_command(&mut cursor, family, Backend::Unknown);
    (command.map(|command| command.verb), problems)
}

fn read_command(cursor: &mut Cursor, family: Family, backend: Backend) -> (Option<Command>, Vec<String>) {
    let mut table = Text::from("filter");
    let mut family = family;
    while let Some(word) = cursor.next() {
        let text = word.text.as_str();
        let attached = |short: &str| text.strip_prefix(short).filter(|_| !text.starts_with("--")).map(str::to_owned);
        match text {
            "-w" | "--wait" => {
                if cursor.peek().is_some_and(|token| token.text.parse::<u32>().is_ok()) {
                    cursor.next();
                }
                continue;
            }
            "-t" | "--table" => {
                match cursor.take_value() {
                    Some(name) => table = name.into(),
                    None => return (None, vec!["expected a table behind -t".to_owned()]),
                }
                continue;
            }
            "-4" | "--ipv4" => {
                family = Family::Ip;
                continue;
            }
            "-6" | "--ipv6" => {
                family = Family::Ip6;
                continue;
            }
            "-v" | "-n" | "-x" | "--verbose" | "--numeric" | "--line-numbers" => continue,
            _ => {}
        }
        if let Some(name) = text.strip_prefix("--table=").map(str::to_owned).or_else(|| attached("-t")) {
            table = name.into();
            continue;
        }
        let (verb, problems) = verb(text, cursor, family);
        return (verb.map(|verb| Command { family, backend, table, verb }), problems);
    }
    (None, Vec::new())
}

fn verb(word: &str, cursor: &mut Cursor, family: Family) -> (Option<Verb>, Vec<String>) {
    let chain = cursor.take_value().map(Text::from);
    let missing = || (None, vec![format!("expected a chain behind {word}")]);
    match word {
        "-F" | "--flush" => return (Some(Verb::Flush(chain)), Vec::new()),
        "-X" | "--delete-chain" => return (Some(Verb::DeleteChain(chain)), Vec::new()),
        "-Z" | "--zero" | "-L" | "--list" | "-S" | "--list-rules" | "-C" | "--check" => {
            return (Some(Verb::Nothing), Vec::new());
        }
        _ => {}
    }
    let Some(chain) = chain else { return missing() };
    let mut number = || {
        let given = cursor.peek().and_then(|token| token.text.parse::<u32>().ok());
        if given.is_some() {
            cursor.next();
        }
        given
    };
    match word {
        "-N" | "--new-chain" => (Some(Verb::NewChain(chain)), Vec::new()),
        "-P" | "--policy" => match cursor.take_value() {
            Some(policy) => (Some(Verb::Policy { chain, policy: policy.into() }), Vec::new()),
            None => (None, vec!["expected ACCEPT or DROP behind -P CHAIN".to_owned()]),
        },
        "-A" | "--append" => {
            let (rule, problems) = read_rule(cursor, family);
            (Some(Verb::Append { chain, rule: Box::new(rule) }), problems)
        }
        "-I" | "--insert" => {
            let number = number().unwrap_or(1);
            let (rule, problems) = read_rule(cursor, family);
            (Some(Verb::Insert { chain, number, rule: Box::new(rule) }), problems)
        }
        "-R" | "--replace" => match number() {
            Some(number) => {
                let (rule, problems) = read_rule(cursor, family);
                (Some(Verb::Replace { chain, number, rule: Box::new(rule) }), problems)
            }
            None => (None, vec!["expected a rule number behind -R CHAIN".to_owned()]),
        },
        "-D" | "--delete" => match number() {
            Some(number) => (Some(Verb::DeleteNumber { chain, number }), Vec::new()),
            None => {
                let (rule, problems) = read_rule(cursor, family);
                (Some(Verb::DeleteRule { chain, rule: Box::new(rule) }), problems)
            }
        },
        _ => (None, vec![format!("expected a command such as -A or -I, found {word:?}")]),
    }
}
