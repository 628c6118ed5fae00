//! The beginning of a rule about kinds of facts.

use std::collections::BTreeSet;

use bundlescope_facts::{EVENTS, Fact, FieldSpec, FieldType, KINDS, Text, Value, kind_spec};
use bundlescope_rules::{Pack, format, nearest, scalar};
use regex::Regex;

use crate::propose::{Proposal, titled};

/// Characters of an example value.
const MAX_EXAMPLE: usize = 40;

/// Columns of a comment.
const WIDTH: usize = 110;

/// A rule file that asks for a fact of each of these kinds, joined by the fields that they share. The fields of each kind
/// stand in comments, with what the given facts hold. An error says which kind there is not.
pub fn rule(id: &str, title: Option<&str>, kinds: &[String], pack: &Pack, facts: &[Fact]) -> Result<Proposal, String> {
    let title = title.map_or_else(|| titled(id), str::to_owned);
    let mut asked: Vec<Vec<(String, String)>> = Vec::new();
    let mut all: Vec<Vec<Field>> = Vec::new();
    for kind in kinds {
        let fields = fields_of(kind, pack)?;
        let mut own: Vec<(String, String)> = Vec::new();
        for field in fields.iter().filter(|field| field.scalar) {
            let variable = variable(kind, &field.name);
            let earlier = all.iter().zip(kinds).position(|(known, other)| {
                known
                    .iter()
                    .any(|other_field| other_field.scalar && self::variable(other, &other_field.name) == variable)
            });
            // What two kinds share joins them, when its name says that it is the same thing.
            let Some(earlier) = earlier.filter(|_| JOINS.contains(&variable.as_str())) else { continue };
            own.push((field.name.clone(), variable.clone()));
            if let (Some(conditions), Some(other)) = (asked.get_mut(earlier), kinds.get(earlier)) {
                let name =
                    if variable == "container" && other == "container" { "name".to_owned() } else { variable.clone() };
                if !conditions.iter().any(|(_, known)| *known == variable) {
                    conditions.push((name, variable));
                }
            }
        }
        if own.is_empty() {
            let telling = |field: &&Field| field.scalar && ["name", "mount", "path"].contains(&field.name.as_str());
            let first = fields.iter().find(telling).or_else(|| fields.iter().find(|field| field.scalar));
            own.extend(first.map(|field| (field.name.clone(), self::variable(kind, &field.name))));
        }
        asked.push(own);
        all.push(fields);
    }
    let variables: BTreeSet<String> = asked.iter().flatten().map(|(_, variable)| variable.clone()).collect();
    let mut when = String::new();
    let mut aliases: Vec<String> = Vec::new();
    let mut shown = Vec::new();
    for ((kind, fields), conditions) in kinds.iter().zip(&all).zip(&asked) {
        let alias = alias(kind, &aliases, &variables);
        for line in documented(kind, fields, facts) {
            when += &format!("  # {line}\n");
        }
        let conditions_text: Vec<String> =
            conditions.iter().map(|(name, variable)| format!("{name}: ${variable}")).collect();
        when += &format!("  {alias}: {{ {kind}: {{ {} }} }}\n", conditions_text.join(", "));
        shown.extend(conditions.iter().map(|(_, variable)| format!("{variable} {{{{ {variable} }}}}")));
        aliases.push(alias);
    }
    shown.sort();
    shown.dedup();
    let text = format!(
        "id: {}\ntitle: {}\nseverity: medium\nconfidence: medium\nstatus: draft\nabout: >-\n  What this is and why it happens, for the person who reads the report.\nwhen:\n{when}message: {}\n\
         # `bundlescope rules capture {id} BUNDLE --rules FILE` adds a test that fires, and with --silent one that does not.\n",
        scalar(id),
        scalar(&title),
        scalar(&format!("Say what was seen: {}.", shown.join(", "))),
    );
    let notes = vec!["fill in `when:` and the texts; the comments tell the fields, and may go".to_owned()];
    Ok(Proposal { text: format(&text).unwrap_or(text), notes })
}

/// Names that mean the same thing in every kind.
const JOINS: &[&str] = &["container", "network", "interface", "port", "address", "host", "mount", "pod", "namespace"];

/// The variable that a field is bound to.
fn variable(kind: &str, field: &str) -> String {
    if kind == "container" && field == "name" { "container".to_owned() } else { field.to_owned() }
}

/// A field of a kind.
struct Field {
    name: String,
    scalar: bool,
    about: String,
}

fn fields_of(kind: &str, pack: &Pack) -> Result<Vec<Field>, String> {
    let mut fields: Vec<Field> =
        kind_spec(kind).map(|spec| spec.fields.iter().map(declared).collect()).unwrap_or_default();
    if !fields.is_empty() {
        return Ok(fields);
    }
    let group = Regex::new(r"\(\?P?<([A-Za-z_]\w*)>").map_err(|error| error.to_string())?;
    let mut named: BTreeSet<String> = BTreeSet::new();
    for signature in pack.signatures().iter().filter(|signature| &*signature.event == kind) {
        named.extend(signature.fields.iter().map(|(name, _)| name.to_string()));
        for pattern in &signature.patterns {
            named.extend(pattern.fields.iter().map(|(name, _)| name.to_string()));
            for found in group.captures_iter(&pattern.regex) {
                match &found[1] {
                    "url" | "endpoint" => named.extend(["host".to_owned(), "port".to_owned()]),
                    name => {
                        named.insert(name.to_owned());
                    }
                }
            }
        }
    }
    for rule in pack.rules() {
        if let Some(emit) = rule.emit.as_ref().filter(|emit| &*emit.kind == kind) {
            named.extend(emit.fields.iter().map(|(name, _)| name.to_string()));
        }
    }
    if named.is_empty() {
        let events: BTreeSet<&str> = pack.signatures().iter().map(|signature| &*signature.event).collect();
        let all = KINDS.iter().copied().chain(EVENTS).map(|spec| spec.name).chain(events);
        let meant = nearest(kind, all).map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
        return Err(format!("there is no kind of fact `{kind}`{meant}"));
    }
    fields.extend(named.into_iter().map(|name| Field {
        name,
        scalar: true,
        about: "of a signature or a rule.".into(),
    }));
    if fields.iter().all(|field| field.name != "container") {
        // Whose log it is, events know by themselves.
        fields.push(Field { name: "container".into(), scalar: true, about: "text. Container whose log it is.".into() });
    }
    Ok(fields)
}

fn declared(field: &FieldSpec) -> Field {
    let (word, scalar) = match field.ty {
        FieldType::Text => ("text".to_owned(), true),
        FieldType::Integer => ("whole number".to_owned(), true),
        FieldType::Float => ("number".to_owned(), true),
        FieldType::Bool => ("true or false".to_owned(), false),
        FieldType::Address => ("address".to_owned(), true),
        FieldType::Network => ("network".to_owned(), true),
        FieldType::Time => ("time".to_owned(), false),
        FieldType::Word(words) => (words.join(", "), true),
        FieldType::List(_) => ("list".to_owned(), false),
        FieldType::Map(_) => ("map".to_owned(), false),
        FieldType::Record(_) => ("record".to_owned(), false),
        FieldType::Any => ("anything".to_owned(), false),
    };
    let doc: Vec<&str> = field.doc.iter().map(|line| line.trim()).collect();
    Field { name: field.name.to_owned(), scalar, about: format!("{word}. {}", doc.join(" ")) }
}

/// A short name for what a condition matches, which no other one and no variable has.
fn alias(kind: &str, taken: &[String], variables: &BTreeSet<String>) -> String {
    let short = kind.rsplit('_').next().unwrap_or(kind).to_owned();
    let free = |name: &String| !taken.contains(name) && !variables.contains(name);
    let mut names = std::iter::once(short.clone())
        .chain(std::iter::once(format!("the_{short}")))
        .chain((2..).map(|number| format!("{short}{number}")));
    names.find(free).unwrap_or(short)
}

/// The fields of a kind, a line each, with an example where there is one.
fn documented(kind: &str, fields: &[Field], facts: &[Fact]) -> Vec<String> {
    let of_kind: Vec<&Fact> = facts.iter().filter(|fact| fact.kind() == kind).collect();
    let doc = kind_spec(kind).map(|spec| spec.doc.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" "));
    let mut lines = wrapped(&format!("{kind}: {}", doc.unwrap_or_else(|| "an event of a signature.".to_owned())), "  ");
    for field in fields {
        let value = of_kind.iter().map(|fact| fact.get(&field.name)).find(|value| !empty(value));
        let example = value.map(|value| format!(" Here: {}", example(&value))).unwrap_or_default();
        lines.extend(wrapped(&format!("  {}: {}{example}", field.name, field.about), "    "));
    }
    lines
}

fn empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::List(items) => items.is_empty(),
        Value::Map(map) => map.is_empty(),
        _ => false,
    }
}

fn example(value: &Value) -> String {
    let text: Text = value.to_string().replace(|c: char| c.is_control(), " ").into();
    match text.char_indices().nth(MAX_EXAMPLE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_string(),
    }
}

/// A comment in lines of its own, all but the first indented.
fn wrapped(text: &str, indent: &str) -> Vec<String> {
    let own = text.len() - text.trim_start().len();
    let mut lines = bundlescope_report::wrap(text, WIDTH).into_iter();
    let first = lines.next().map(|line| format!("{}{line}", " ".repeat(own)));
    first.into_iter().chain(lines.map(|line| format!("{indent}{line}"))).collect()
}
