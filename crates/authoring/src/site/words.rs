//! Conditions of a rule in plain words.

use bundlescope_rules::{
    Aggregate, Comparison, Condition, CountPattern, FactPattern, FieldCondition, Operand, Pattern, ProbePattern, Rule,
    Test,
};
use serde::Serialize;

/// A line of an indented list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Line {
    /// Levels of indentation.
    pub(super) depth: usize,
    /// What it says.
    pub(super) text: String,
}

/// A condition and what it is made of.
pub(super) fn condition(rule: &Rule, condition: &Condition, depth: usize, out: &mut Vec<Line>) {
    let name = if condition.alias.is_empty() { String::new() } else { format!("{}: ", condition.alias) };
    let inner = |head: &str, parts: &[Condition], out: &mut Vec<Line>| {
        out.push(Line { depth, text: format!("{name}{head}") });
        // The checker bounds the depth of `any` and `all`.
        parts.iter().for_each(|part| self::condition(rule, part, depth + 1, out));
    };
    match &condition.pattern {
        Pattern::Fact(fact) => out.push(Line { depth, text: format!("{name}there is {}", of_fact(rule, fact)) }),
        Pattern::Probe(probe) => out.push(Line { depth, text: format!("{name}{}", of_probe(rule, probe)) }),
        Pattern::Count(count) if count.with.is_empty() => {
            out.push(Line { depth, text: format!("{name}{}", of_count(rule, count)) });
        }
        Pattern::Count(count) => {
            inner(&format!("{}, counting those with all of these:", of_count(rule, count)), &count.with, out);
        }
        Pattern::Any(parts) => inner("one of these:", parts, out),
        Pattern::All(parts) => inner("all of these:", parts, out),
        Pattern::Every(parts) => inner("each match of the first of these meets the others:", parts, out),
        Pattern::None(parts) => inner("nothing meets all of these:", parts, out),
        Pattern::Optional(part) => inner("where it is so, also:", std::slice::from_ref(&**part), out),
    }
}

fn of_fact(rule: &Rule, fact: &FactPattern) -> String {
    let kind = fact.kind.replace('_', " ");
    let article = if kind.starts_with(['a', 'e', 'i', 'o']) { "an" } else { "a" };
    let fields = of_fields(rule, &fact.fields);
    if fields.is_empty() { format!("{article} {kind}") } else { format!("{article} {kind} whose {fields}") }
}

fn of_fields(rule: &Rule, fields: &[FieldCondition]) -> String {
    let fields: Vec<String> = fields.iter().map(|field| format!("{} {}", field.path, of_test(rule, field))).collect();
    listed(&fields, "and")
}

fn of_probe(rule: &Rule, probe: &ProbePattern) -> String {
    let port = probe.port.as_ref().map(|port| format!(" port {}", operand(rule, port))).unwrap_or_default();
    let ends = format!("from {} to {}{port}", operand(rule, &probe.from), operand(rule, &probe.to));
    let fields = of_fields(rule, &probe.fields);
    let proto = operand(rule, &probe.proto);
    if fields.is_empty() {
        return format!("a new {proto} connection {ends} is asked of the network model");
    }
    format!("for a new {proto} connection {ends} the {fields}")
}

fn of_count(rule: &Rule, count: &CountPattern) -> String {
    let what = match &count.aggregate {
        Aggregate::Count => "the number of".to_owned(),
        Aggregate::Distinct(path) => format!("the number of different values of {path} of"),
        Aggregate::Sum(path) => format!("the sum of {path} of"),
        Aggregate::Max(path) => format!("the largest {path} of"),
        Aggregate::Min(path) => format!("the smallest {path} of"),
    };
    let fact = of_fact(rule, &count.fact);
    let fact = fact.trim_start_matches("an ").trim_start_matches("a ");
    let compare: Vec<String> = count
        .compare
        .iter()
        .map(|(comparison, with)| format!("{} {}", of_comparison(*comparison), operand(rule, with)))
        .collect();
    format!("{what} facts “{fact}” {}", listed(&compare, "and"))
}

fn of_comparison(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Gt => "is greater than",
        Comparison::Ge => "is at least",
        Comparison::Lt => "is less than",
        Comparison::Le => "is at most",
        Comparison::Eq => "is",
    }
}

fn of_test(rule: &Rule, field: &FieldCondition) -> String {
    test(rule, &field.test).unwrap_or_else(|| format!("satisfies {}", field.written))
}

fn test(rule: &Rule, condition: &Test) -> Option<String> {
    let one = |with: &Operand| operand(rule, with);
    let several = |with: &[Operand]| listed(&with.iter().map(one).collect::<Vec<_>>(), "or");
    Some(match condition {
        Test::Is(with) => format!("is {}", one(with)),
        Test::AnyOf(with) => format!("is {}", several(with)),
        Test::Not(inner) => {
            let inner = test(rule, inner)?;
            match inner.strip_prefix("is ") {
                Some(rest) => format!("is not {rest}"),
                None => format!("is nothing that {inner}"),
            }
        }
        Test::All(tests) => listed(&tests.iter().map(|inner| test(rule, inner)).collect::<Option<Vec<_>>>()?, "and"),
        Test::Compare(comparison, with) => format!("{} {}", of_comparison(*comparison), one(with)),
        Test::Matches(regex, _) => format!("matches {}", regex.as_str()),
        Test::Contains(with) => format!("contains {}", one(with)),
        Test::StartsWith(with) => format!("starts with {}", one(with)),
        Test::EndsWith(with) => format!("ends with {}", one(with)),
        Test::InSubnet(with) => format!("lies in {}", several(with)),
        Test::Overlaps(with) => format!("overlaps {}", several(with)),
        Test::ContainsAddress(with) => format!("holds the address {}", one(with)),
        Test::Before(with) => format!("is before {}", one(with)),
        Test::After(with) => format!("is after {}", one(with)),
        Test::Absent(true) => "is not stated".to_owned(),
        Test::Absent(false) => "is stated".to_owned(),
        Test::Within(..) => return None,
    })
}

fn operand(rule: &Rule, with: &Operand) -> String {
    match with {
        Operand::Value(value) => value.to_string(),
        Operand::Network(network) => network.to_string(),
        Operand::Address(address) => address.to_string(),
        Operand::Time(time) => time.to_string(),
        Operand::Variable(slot) => match rule.variables.get(*slot) {
            Some(variable) => match &variable.value {
                Some(value) => format!("{} ({value} unless told otherwise)", variable.name),
                None => format!("${}", variable.name),
            },
            None => String::new(),
        },
        Operand::Field { condition, path } => {
            let alias = rule.when.get(*condition).map(|condition| &*condition.alias).unwrap_or_default();
            format!("${alias}.{path}")
        }
    }
}

/// `a, b and c`.
fn listed(items: &[String], last: &str) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., end] => format!("{} {last} {end}", first.join(", ")),
    }
}
