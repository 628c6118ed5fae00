//! Fills templates with what a row matched.

use std::collections::{BTreeMap, BTreeSet};

use bundlescope_facts::{Fact, Text, Value};
use bundlescope_rules::{PROBE, Purpose, Rule, Template, environment};
use minijinja::Environment;
use minijinja::value::Value as Filled;

use crate::index::field;
use crate::join::{Join, Matched, Row, answer_field};

/// How deep values are handed to templates; deeper parts are left out.
const MAX_DEPTH: usize = 32;

/// Characters of one rendered text; the rest is cut.
const MAX_CHARS: usize = 20_000;

/// The two environments, made once.
pub(crate) struct Renderer {
    text: Environment<'static>,
    command: Environment<'static>,
}

impl Renderer {
    pub(crate) fn new() -> Self {
        Self { text: environment(Purpose::Text), command: environment(Purpose::Command) }
    }

    /// Text for people. A template that fails shows its reason instead, so that the finding is not lost.
    pub(crate) fn text(
        &self,
        template: &Template,
        join: &Join<'_, '_>,
        row: &Row,
        all: &BTreeMap<Text, Vec<Value>>,
    ) -> String {
        let context = context(&template.names, join, row, all);
        let rendered = match self.text.render_str(&template.source, context) {
            Ok(text) => text,
            Err(error) => format!("(this text could not be made: {error})"),
        };
        let trimmed = rendered.trim();
        match trimmed.char_indices().nth(MAX_CHARS) {
            Some((end, _)) => format!("{}…", &trimmed[..end]),
            None => trimmed.to_owned(),
        }
    }

    /// A command; `None` when a value of it is not known.
    pub(crate) fn command(&self, template: &Template, join: &Join<'_, '_>, row: &Row) -> Option<String> {
        let context = context(&template.names, join, row, &BTreeMap::new());
        let rendered = self.command.render_str(&template.source, context).ok()?;
        let command = rendered.trim();
        (!command.is_empty() && command.len() <= MAX_CHARS).then(|| command.to_owned())
    }

    /// Whether an expression is true.
    pub(crate) fn holds(&self, expression: &Template, join: &Join<'_, '_>, row: &Row) -> Result<bool, String> {
        let context = context(&expression.names, join, row, &BTreeMap::new());
        let compiled = self.text.compile_expression(&expression.source).map_err(|error| error.to_string())?;
        compiled.eval(context).map(|value| value.is_true()).map_err(|error| error.to_string())
    }
}

/// The names that a template looks up, and no others: a container's whole environment is not copied for its name.
/// `all` has every value of what the rows of one finding may differ in.
fn context(names: &BTreeSet<Text>, join: &Join<'_, '_>, row: &Row, all: &BTreeMap<Text, Vec<Value>>) -> Filled {
    let mut wanted: BTreeMap<&str, Option<BTreeSet<&str>>> = BTreeMap::new();
    for name in names {
        let (head, rest) = name.split_once('.').map_or((&**name, None), |(head, rest)| (head, Some(rest)));
        let part = rest.map(|rest| rest.split_once('.').map_or(rest, |(part, _)| part));
        match (wanted.entry(head).or_insert_with(|| Some(BTreeSet::new())), part) {
            (Some(parts), Some(part)) => {
                parts.insert(part);
            }
            (all, None) => *all = None,
            (None, _) => {}
        }
    }
    let entries = wanted.into_iter().filter_map(|(head, parts)| {
        let alias = join.rule.when.iter().position(|condition| &*condition.alias == head);
        let value = match alias.and_then(|position| row.matched.get(position)) {
            Some(matched) => object(join, matched.as_ref()?, parts.as_ref()),
            None if head == "all" && !all.is_empty() => {
                let of = |values: &Vec<Value>| values.iter().map(|value| filled(value, 0)).collect::<Filled>();
                Filled::from_pairs(all.iter().map(|(name, values)| (name.to_string(), of(values))))
            }
            None => {
                let slot = join.rule.variables.iter().position(|variable| &*variable.name == head)?;
                filled(row.slots.get(slot)?, 0)
            }
        };
        Some((head.to_owned(), value))
    });
    Filled::from_pairs(entries)
}

/// What a condition matched, as an object with the wanted fields, or all.
fn object(join: &Join<'_, '_>, matched: &Matched, parts: Option<&BTreeSet<&str>>) -> Filled {
    let all: Vec<Text>;
    let names: Vec<&str> = match parts {
        Some(parts) => parts.iter().copied().collect(),
        None => {
            all = field_names(join, matched);
            all.iter().map(|name| &**name).collect()
        }
    };
    Filled::from_pairs(names.into_iter().map(|name| {
        let value = match matched {
            Matched::Probe(answer) => {
                let value = answer_field(answer, name);
                match &value {
                    // The network model writes these commands and quotes what needs it.
                    Value::Text(command) if name.ends_with("_command") => Filled::from_safe_string(command.to_string()),
                    _ => filled(&value, 0),
                }
            }
            other => filled(&join.value_of(other, name), 0),
        };
        (name.to_owned(), value)
    }))
}

fn field_names(join: &Join<'_, '_>, matched: &Matched) -> Vec<Text> {
    let of_fact = |fact: &Fact| {
        let own = fact.fields().into_iter().map(|(name, _)| name);
        own.chain(["node", "document", "line"].map(Text::from)).filter(|name| !field(fact, name).is_null()).collect()
    };
    match matched {
        Matched::Fact(id) => join.index.fact(*id).map(of_fact).unwrap_or_default(),
        Matched::Probe(_) => PROBE.fields.iter().map(|field| field.name.into()).collect(),
        Matched::Count(..) => vec!["count".into(), "value".into()],
        Matched::All(parts) => parts.first().map(|part| field_names(join, part)).unwrap_or_default(),
    }
}

/// A value for templates; what is not stated is undefined there.
fn filled(value: &Value, depth: usize) -> Filled {
    if depth > MAX_DEPTH {
        return Filled::UNDEFINED;
    }
    match value {
        Value::Null => Filled::UNDEFINED,
        Value::Bool(value) => Filled::from(*value),
        Value::Int(value) => Filled::from(*value),
        Value::Float(value) => Filled::from(*value),
        Value::Text(value) => Filled::from(&**value),
        Value::List(items) => items.iter().map(|item| filled(item, depth + 1)).collect(),
        Value::Map(map) => {
            Filled::from_pairs(map.iter().map(|(key, value)| (key.to_string(), filled(value, depth + 1))))
        }
    }
}

/// The variables of a row as a sentence of evidence: `c=api, port=5432`.
pub(crate) fn bindings(rule: &Rule, row: &Row) -> String {
    let named = rule
        .variables
        .iter()
        .zip(&row.slots)
        .skip(1)
        .filter(|(variable, value)| variable.value.is_none() && !variable.local && !value.is_null());
    named.map(|(variable, value)| format!("{}={value}", variable.name)).collect::<Vec<_>>().join(", ")
}
