//! Conditions on fields: scalars, lists, operators, variables.

use std::collections::BTreeSet;
use std::ops::Range;

use bundlescope_facts::{FieldType, Text, Value};

use super::Checker;
use super::likeness::Field;
use super::scope::{Family, Scope, field_of, known_prefix};
use crate::codes;
use crate::model::{Comparison, FieldCondition, Operand, Test};
use crate::suggest;
use crate::vocabulary::{describe, element};
use crate::yaml::{Key, Node, Yaml};

const OPERATORS: &[&str] = &[
    "is",
    "not",
    "any_of",
    "none_of",
    "gt",
    "ge",
    "lt",
    "le",
    "matches",
    "contains",
    "starts_with",
    "ends_with",
    "in_subnet",
    "overlaps",
    "contains_address",
    "within",
    "of",
    "before",
    "after",
    "absent",
];

/// The help for an order of names.
const NAMED: &str = "operators that fit: is, not, any_of, none_of, contains, starts_with, ends_with, matches, absent";

/// What a scalar says when it begins with `$`.
enum Reference<'t> {
    None,
    Variable(&'t str),
    Field(&'t str, &'t str),
}

fn reference(text: &str) -> Reference<'_> {
    let Some(name) = text.strip_prefix('$') else {
        return Reference::None;
    };
    if !name.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_') {
        return Reference::None;
    }
    match name.split_once('.') {
        Some((alias, path)) => Reference::Field(alias, path),
        None => Reference::Variable(name),
    }
}

impl Checker<'_> {
    /// The conditions on the fields of one kind. Those that bind variables come first, so that the others may use
    /// them in whatever order they are written.
    pub(crate) fn fields(
        &mut self,
        entries: &[(Key, Node)],
        kind: &str,
        skip: &[&str],
        scope: &mut Scope,
        bind: bool,
    ) -> Vec<FieldCondition> {
        let mut known = Vec::new();
        for (key, node) in entries {
            if skip.contains(&key.name.as_str()) {
                continue;
            }
            match self.vocabulary.field_type(kind, &key.name) {
                Ok(ty) => known.push((key, node, ty)),
                Err(help) => {
                    let message = format!("{kind} has no field `{}`", key.name);
                    let help = super::shape::glued(&key.name).or_else(|| outside(&key.name)).or(help);
                    let known = self.vocabulary.known_prefix(kind, &key.name);
                    let span = self.part_of(&key.span, &key.name, known);
                    self.report(&codes::UNKNOWN_FIELD, span, message, "unknown field", help);
                    // What it would bind is bound all the same, so that one mistake is not told twice.
                    let behind = key.name.split_once(['=', ':']).map(|(_, value)| value.trim());
                    if let Some(text) = node.as_text().or(behind)
                        && let Reference::Variable(name) = reference(text)
                    {
                        let slot = scope.slot(name).unwrap_or_else(|| scope.add(name, None));
                        scope.bound.insert(slot);
                    }
                }
            }
        }
        known.sort_by_key(|(_, node, _)| !binds(node));
        known
            .into_iter()
            .filter_map(|(key, node, ty)| {
                let own = Family::of(ty, &key.name);
                let joined = self.joined(node, own, &key.name, scope);
                let test = self.test(node, (ty, &key.name), scope, bind);
                if let Some(slot) = joined {
                    scope.families.entry(slot).or_insert(own);
                } else if let Some(Test::Is(Operand::Variable(slot))) = test {
                    scope.families.entry(slot).or_insert(own);
                }
                let test = test?;
                self.likeness(node, Field { kind, path: &key.name, ty });
                self.consistent(node, &test, ty, &key.name);
                let written = self.text.get(node.span.clone()).unwrap_or_default();
                let written: Vec<&str> = written.split_whitespace().collect();
                Some(FieldCondition { path: key.name.as_str().into(), test, written: written.join(" ").into() })
            })
            .collect()
    }

    /// Tells of a join that can never hold: the variable holds values of another sort. The slot of the variable.
    fn joined(&mut self, node: &Node, own: Family, path: &str, scope: &Scope) -> Option<usize> {
        let Reference::Variable(name) = reference(node.as_text()?) else { return None };
        let slot = scope.slot(name)?;
        let held = *scope.families.get(&slot)?;
        if !held.meets(own) {
            let message = format!("`${name}` holds {}, and `{path}` holds {}", held.words(), own.words());
            let help = format!("the two are never equal; give one of them a variable of its own, such as `${name}_2`");
            self.report(&codes::WRONG_TYPE, node.span.clone(), message, "never equal", Some(help));
        }
        Some(slot)
    }

    /// Tells of a variable or a field of another condition that is of the wrong sort for an operator.
    fn suits(&mut self, node: &Node, wanted: &[Family], scope: &Scope) {
        let Some(text) = node.as_text() else { return };
        let held = match reference(text) {
            Reference::Variable(name) => scope.slot(name).and_then(|slot| scope.families.get(&slot).copied()),
            Reference::Field(alias, path) => scope
                .alias(alias)
                .and_then(|(_, shapes)| field_of(self.vocabulary, shapes, path).ok())
                .map(|ty| Family::of(ty, path)),
            Reference::None => None,
        };
        let Some(held) = held.filter(|held| *held != Family::Any && !wanted.contains(held)) else { return };
        let Some(first) = wanted.first() else { return };
        let message = format!("`{text}` holds {}, and {} is needed", held.words(), first.words());
        let help = match first {
            Family::Time => {
                "name a time, such as `$alias.first` or `$alias.last` of an event, or `$alias.started`".to_owned()
            }
            Family::Network => "name a field that holds an address or a network".to_owned(),
            _ => "name a field that holds a number".to_owned(),
        };
        self.report(&codes::WRONG_TYPE, node.span.clone(), message, "wrong type", Some(help));
    }

    /// Warns when the demands on one field contradict each other.
    fn consistent(&mut self, node: &Node, test: &Test, ty: FieldType, name: &str) {
        let what = format!("`{name}`");
        match (&node.value, test) {
            (Yaml::Map(entries), Test::All(tests)) => {
                let keys = entries.iter().map(|(key, _)| key).filter(|key| key.name != "of");
                let demands: Vec<_> = keys.map(|key| key.span.clone()).zip(tests.iter().cloned()).collect();
                self.contradictions(&demands, ty, &what);
            }
            // One operator alone.
            (Yaml::Map(entries), _) => {
                let key = entries.iter().map(|(key, _)| key).find(|key| key.name != "of");
                let span = key.map_or(node.span.clone(), |key| key.span.clone());
                self.contradictions(&[(span, test.clone())], ty, &what);
            }
            _ => self.contradictions(&[(node.span.clone(), test.clone())], ty, &what),
        }
    }

    fn test(&mut self, node: &Node, field: (FieldType, &str), scope: &mut Scope, bind: bool) -> Option<Test> {
        let (ty, path) = field;
        match &node.value {
            Yaml::List(items) => {
                if items.is_empty() {
                    return self.empty_list(node);
                }
                Some(Test::AnyOf(items.iter().filter_map(|item| self.operand(item, ty, scope)).collect()))
            }
            Yaml::Map(entries) => {
                let mut tests = Vec::new();
                let mut good = true;
                for (key, value) in entries {
                    if key.name == "of" {
                        if !entries.iter().any(|(key, _)| key.name == "within") {
                            let help = Some("write `{ within: 5m, of: $time }`".to_owned());
                            let message = "`of` stands beside `within`";
                            self.report(&codes::UNKNOWN_OPERATOR, key.span.clone(), message, "without `within`", help);
                            good = false;
                        }
                        continue;
                    }
                    match self.operator(key, value, entries, (ty, path), scope, bind) {
                        Some(test) => tests.push(test),
                        None => good = false,
                    }
                }
                if entries.is_empty() {
                    self.wrong_shape(node, "the condition", "a value or operators");
                    good = false;
                }
                match (good, tests.len()) {
                    (true, 1) => tests.pop(),
                    (true, _) => Some(Test::All(tests)),
                    (false, _) => None,
                }
            }
            _ => self.is(node, ty, scope, bind),
        }
    }

    /// The span of a part of a name from a byte on; the whole where it is not written plainly.
    pub(crate) fn part_of(&self, span: &Range<usize>, name: &str, from: usize) -> Range<usize> {
        let written = self.text.get(span.clone()).unwrap_or_default();
        let rest = name.get(from..).unwrap_or_default();
        let part = rest.split('.').next().unwrap_or_default();
        match written.find(name) {
            Some(at) if !part.is_empty() => {
                let start = span.start + at + from;
                start..start + part.len()
            }
            _ => span.clone(),
        }
    }

    /// Equality; an unbound variable is bound here.
    fn is(&mut self, node: &Node, ty: FieldType, scope: &mut Scope, bind: bool) -> Option<Test> {
        if let Yaml::Text(text) = &node.value
            && let Reference::Variable(name) = reference(text)
            && bind
        {
            return self.variable(node, name, scope).map(|slot| {
                scope.bound.insert(slot);
                Test::Is(Operand::Variable(slot))
            });
        }
        self.operand(node, ty, scope).map(Test::Is)
    }

    /// The slot of a variable that may be new.
    fn variable(&mut self, node: &Node, name: &str, scope: &mut Scope) -> Option<usize> {
        if let Some(slot) = scope.slot(name) {
            scope.used(slot);
            return Some(slot);
        }
        let span = match node.as_text() {
            Some(text) if text.starts_with('$') => self.behind_dollar(node, name),
            _ => self.group_within(node, name),
        };
        if !self.name(&span, name, "the name of a variable", '_') {
            return None;
        }
        if scope.reserved.contains(name) {
            let message = format!("`{name}` is both a variable and an alias");
            let help = Some("give one of them another name: templates could not tell them apart".to_owned());
            self.report(&codes::NAME_CLASH, span.clone(), message, "also an alias", help);
        }
        let slot = scope.add(name, None);
        let whole = node.as_text().is_some_and(|text| text.starts_with('$'));
        scope.places.insert(slot, if whole { node.span.clone() } else { span });
        Some(slot)
    }

    /// A value that is there when the condition is evaluated: fixed, a bound variable, or a field of an alias.
    pub(crate) fn operand(&mut self, node: &Node, ty: FieldType, scope: &mut Scope) -> Option<Operand> {
        let Yaml::Text(text) = &node.value else {
            return self.literal(node, ty).map(Operand::Value);
        };
        match reference(text) {
            Reference::Variable(name) => match scope.slot(name) {
                Some(slot) if scope.bound.contains(&slot) => {
                    scope.used(slot);
                    self.parameter_fits(node, slot, ty, scope);
                    Some(Operand::Variable(slot))
                }
                Some(slot) if scope.variables.get(slot).is_some_and(|variable| variable.local) => {
                    let help = "what `optional`, `every`, `none` and `unless` bind is only known in them, and what `any` \
                                binds only when every alternative does; name a field of the alias instead";
                    let message = format!("`${name}` does not always have a value here");
                    let span = node.span.clone();
                    self.report(&codes::UNBOUND, span, message, "only bound in a part", Some(help.to_owned()));
                    None
                }
                _ => {
                    let help = if scope.alias(name).is_some() {
                        Some(format!("`{name}` is an alias; name a field of it, such as `${name}.node`"))
                    } else {
                        suggest::help(name, "bound here", scope.bound_names())
                            .map(|help| help.replace('`', "").replace("did you mean ", "did you mean $"))
                    };
                    let span = node.span.clone();
                    self.report(&codes::UNBOUND, span, format!("nothing binds `${name}` before"), "not bound", help);
                    None
                }
            },
            Reference::Field(alias, path) => {
                let Some((condition, shapes)) = scope.alias(alias) else {
                    let known: Vec<&str> = scope.aliases.iter().map(|(alias, _)| &**alias).collect();
                    let help = if scope.reserved.contains(alias) {
                        Some(format!("`{alias}` matches later; move its condition up"))
                    } else {
                        suggest::help(alias, "aliases so far", known)
                    };
                    let message = format!("no earlier condition is called `{alias}`");
                    self.report(&codes::UNBOUND, node.span.clone(), message, "unknown alias", help);
                    return None;
                };
                match field_of(self.vocabulary, shapes, path) {
                    Ok(_) => {
                        scope.named.insert(alias.to_owned());
                        Some(Operand::Field { condition, path: path.into() })
                    }
                    Err(help) => {
                        let message = format!("`{alias}` has no field `{path}`");
                        let known = known_prefix(self.vocabulary, shapes, path);
                        let span = self.part_of(&node.span, text, alias.len() + 2 + known);
                        self.report(&codes::UNKNOWN_FIELD, span, message, "unknown field", help);
                        None
                    }
                }
            }
            Reference::None if text.contains("{{") => {
                let inner = text.trim().trim_start_matches("{{").trim_end_matches("}}").trim();
                let help = Some(format!("write `${inner}` to compare with what an earlier condition matched"));
                let message = "templates are not filled in here";
                self.report(&codes::TEMPLATE_IN_CONDITION, node.span.clone(), message, "stays as it is", help);
                None
            }
            Reference::None => match text.strip_prefix('$') {
                Some(rest) if rest.starts_with('$') => Some(Operand::Value(rest.into())),
                Some(rest) => {
                    let inner = rest.trim_start_matches('{').trim_end_matches('}');
                    let named =
                        !inner.is_empty() && inner.chars().all(|c| c.is_ascii_alphabetic() || c == '_' || c == '.');
                    let help = match named {
                        true => format!("write `${inner}`"),
                        false => {
                            format!("a variable is `$name`; a text that begins with a dollar is written `$${rest}`")
                        }
                    };
                    let message = format!("`{text}` names no variable");
                    self.report(&codes::BAD_NAME, node.span.clone(), message, "no name", Some(help));
                    None
                }
                None => self.literal(node, ty).map(Operand::Value),
            },
        }
    }

    fn operator(
        &mut self,
        key: &Key,
        value: &Node,
        siblings: &[(Key, Node)],
        field: (FieldType, &str),
        scope: &mut Scope,
        bind: bool,
    ) -> Option<Test> {
        let (ty, path) = field;
        let one = element(ty);
        let any = one == FieldType::Any;
        let text = any || matches!(one, FieldType::Text | FieldType::Word(_));
        let number = matches!(one, FieldType::Integer | FieldType::Float);
        let address = text || matches!(one, FieldType::Address | FieldType::Network);
        let time = any || one == FieldType::Time;
        let fits = |checker: &mut Self, good: bool, wanted: &str| {
            if !good {
                let message = format!("`{}` needs {wanted}, and the field holds {}", key.name, describe(ty));
                let help = Some(operators_for(ty));
                checker.report(&codes::WRONG_OPERATOR, key.span.clone(), message, "does not fit the field", help);
            }
            good
        };
        match key.name.as_str() {
            "is" => self.is(value, ty, scope, bind),
            "any_of" | "none_of" if matches!(&value.value, Yaml::List(items) if items.is_empty()) => {
                self.empty_list(value)
            }
            "any_of" => Some(Test::AnyOf(self.operands(value, ty, scope))),
            "none_of" => Some(Test::Not(Box::new(Test::AnyOf(self.operands(value, ty, scope))))),
            "not" => self.test(value, field, scope, false).map(|test| Test::Not(Box::new(test))),
            "gt" | "ge" | "lt" | "le" => {
                let comparison = comparison(&key.name)?;
                let name = Family::of(one, path) == Family::Name;
                let wanted = "a number, a version or a time";
                if name {
                    let message = format!("`{}` needs {wanted}, and `{path}` holds names", key.name);
                    let help = Some(NAMED.to_owned());
                    self.report(&codes::WRONG_OPERATOR, key.span.clone(), message, "does not fit the field", help);
                    return None;
                }
                fits(self, number || text || time, wanted).then_some(())?;
                if number {
                    self.suits(value, &[Family::Number], scope);
                } else if one == FieldType::Time {
                    self.suits(value, &[Family::Time], scope);
                } else if one == FieldType::Text && !path.contains('.') {
                    self.version(value)?;
                }
                self.operand(value, one, scope).map(|operand| Test::Compare(comparison, operand))
            }
            "matches" => {
                fits(self, address || time, "text").then_some(())?;
                self.matches(value, scope, bind)
            }
            "contains" => {
                let list = matches!(ty, FieldType::List(_));
                fits(self, text || list, "text or a list").then_some(())?;
                self.operand(value, if list { one } else { FieldType::Text }, scope).map(Test::Contains)
            }
            "starts_with" => {
                fits(self, address || time, "text").then_some(())?;
                self.operand(value, FieldType::Text, scope).map(Test::StartsWith)
            }
            "ends_with" => {
                fits(self, address || time, "text").then_some(())?;
                self.operand(value, FieldType::Text, scope).map(Test::EndsWith)
            }
            "in_subnet" => {
                fits(self, address, "an address or a network").then_some(())?;
                Some(Test::InSubnet(self.networks(value, scope)))
            }
            "overlaps" => {
                fits(self, address, "a network").then_some(())?;
                Some(Test::Overlaps(self.networks(value, scope)))
            }
            "contains_address" => {
                fits(self, text || one == FieldType::Network, "a network").then_some(())?;
                self.operand(value, FieldType::Address, scope).map(Test::ContainsAddress)
            }
            "within" => {
                fits(self, time, "a time").then_some(())?;
                let duration = self.span_of_time(value, scope)?;
                let of = match siblings.iter().find(|(key, _)| key.name == "of") {
                    Some((_, node)) => Some(self.moment(node, scope)?),
                    None => None,
                };
                Some(Test::Within(duration, of))
            }
            "before" => {
                fits(self, time, "a time").then_some(())?;
                self.moment(value, scope).map(Test::Before)
            }
            "after" => {
                fits(self, time, "a time").then_some(())?;
                self.moment(value, scope).map(Test::After)
            }
            "absent" => self.boolean(value, "`absent`").map(Test::Absent),
            _ => {
                // `port: { number: 80 }` and the like: a part of the field, written as a map.
                let part = self.vocabulary.part(ty, &key.name);
                let help = match part {
                    true => Some(format!("a part of the field is named with a dot: `{path}.{}: …`", key.name)),
                    false => suggest::help(&key.name, "operators", OPERATORS.iter().copied()),
                };
                let message = format!("there is no operator `{}`", key.name);
                self.report(&codes::UNKNOWN_OPERATOR, key.span.clone(), message, "unknown operator", help);
                None
            }
        }
    }

    /// A list of no values.
    fn empty_list<T>(&mut self, node: &Node) -> Option<T> {
        let help =
            Some("list at least one value; to ask for a value that is not there, write `{ absent: true }`".to_owned());
        self.report(&codes::NOTHING_TO_MATCH, node.span.clone(), "the list of values is empty", "no value", help);
        None
    }

    fn operands(&mut self, node: &Node, ty: FieldType, scope: &mut Scope) -> Vec<Operand> {
        match &node.value {
            Yaml::List(items) => items.iter().filter_map(|item| self.operand(item, ty, scope)).collect(),
            _ => self.operand(node, ty, scope).into_iter().collect(),
        }
    }

    /// Networks, fixed or by variable.
    fn networks(&mut self, node: &Node, scope: &mut Scope) -> Vec<Operand> {
        let items = match &node.value {
            Yaml::List(items) => items.as_slice(),
            _ => std::slice::from_ref(node),
        };
        let mut networks = Vec::new();
        for item in items {
            let refers = matches!(&item.value, Yaml::Text(text) if !matches!(reference(text), Reference::None));
            if refers {
                self.suits(item, &[Family::Network, Family::Address, Family::Name], scope);
                networks.extend(self.operand(item, FieldType::Any, scope));
            } else {
                networks.extend(self.network(item).map(Operand::Network));
            }
        }
        networks
    }

    /// A duration in seconds, fixed or by a parameter.
    fn span_of_time(&mut self, node: &Node, scope: &mut Scope) -> Option<Operand> {
        let refers = matches!(&node.value, Yaml::Text(text) if !matches!(reference(text), Reference::None));
        if refers {
            return self.operand(node, FieldType::Float, scope);
        }
        self.duration(node).map(|duration| Operand::Value(Value::Float(duration.as_secs_f64())))
    }

    /// Tells of a parameter whose value is of another type than what it is compared with.
    fn parameter_fits(&mut self, node: &Node, slot: usize, ty: FieldType, scope: &Scope) {
        let Some(value) = scope.variables.get(slot).and_then(|variable| variable.value.as_ref()) else { return };
        let numeric = matches!(element(ty), FieldType::Integer | FieldType::Float);
        if numeric && !matches!(value, Value::Int(_) | Value::Float(_)) {
            let message = format!("the parameter is `{value}`, and the field holds {}", describe(ty));
            let help =
                Some("give the parameter a number, a size such as `512MiB`, or a duration such as `5m`".to_owned());
            self.report(&codes::WRONG_TYPE, node.span.clone(), message, "wrong type", help);
        }
    }

    /// A time, fixed or by variable.
    fn moment(&mut self, node: &Node, scope: &mut Scope) -> Option<Operand> {
        let refers = matches!(&node.value, Yaml::Text(text) if !matches!(reference(text), Reference::None));
        if refers {
            self.suits(node, &[Family::Time], scope);
            self.operand(node, FieldType::Time, scope)
        } else {
            self.time(node).map(Operand::Time)
        }
    }

    fn matches(&mut self, node: &Node, scope: &mut Scope, bind: bool) -> Option<Test> {
        let pattern = self.text(node, "a regular expression")?;
        if pattern.is_empty() {
            let help = Some("ask with `{ absent: false }` that there is a value".to_owned());
            self.report(
                &codes::NOTHING_TO_MATCH,
                node.span.clone(),
                "the expression is empty",
                "matches anything",
                help,
            );
            return None;
        }
        let regex = self.regex(node, &pattern)?;
        let mut captures = Vec::new();
        for name in regex.capture_names().flatten().map(Text::from).collect::<BTreeSet<_>>() {
            if !bind {
                let message = format!("the group `{name}` cannot bind a variable inside `not`");
                let help = Some("use `(?:…)` for a group without a name".to_owned());
                self.report(&codes::UNBOUND, self.group_within(node, &name), message, "binds nothing", help);
                return None;
            }
            let slot = self.variable(node, &name, scope)?;
            scope.bound.insert(slot);
            captures.push((name, slot));
        }
        Some(Test::Matches(regex, captures))
    }
}

pub(crate) fn comparison(word: &str) -> Option<Comparison> {
    match word {
        "gt" => Some(Comparison::Gt),
        "ge" => Some(Comparison::Ge),
        "lt" => Some(Comparison::Lt),
        "le" => Some(Comparison::Le),
        "is" => Some(Comparison::Eq),
        _ => None,
    }
}

/// What to do about a word that belongs around the fields of a condition.
fn outside(name: &str) -> Option<String> {
    match name {
        "gt" | "ge" | "lt" | "le" | "is" => Some(format!(
            "a number of facts is compared behind the fields: `count: {{ KIND: {{ … }}, {name}: 3 }}`; a field as `FIELD: {{ {name}: 3 }}`"
        )),
        _ => OPERATORS.contains(&name).then(|| format!("operators stand in a field: `FIELD: {{ {name}: … }}`")),
    }
}

/// The operators that fit a type, as help.
fn operators_for(ty: FieldType) -> String {
    let fit = match element(ty) {
        FieldType::Bool => return "write the value alone: true or false".to_owned(),
        FieldType::Integer | FieldType::Float => "is, not, any_of, none_of, gt, ge, lt, le, absent",
        FieldType::Address => "is, not, any_of, none_of, in_subnet, overlaps, matches, starts_with, absent",
        FieldType::Network => "is, not, any_of, none_of, in_subnet, overlaps, contains_address, matches, absent",
        FieldType::Time => "within, before, after, gt, ge, lt, le, absent",
        FieldType::Map(_) | FieldType::Record(_) => {
            return "name a part of it with a dotted path, such as `env.DATABASE_URL`".to_owned();
        }
        _ => "is, not, any_of, none_of, contains, starts_with, ends_with, matches, gt, ge, lt, le, absent",
    };
    format!("operators that fit: {fit}")
}

/// Whether a condition on a field can bind a variable.
fn binds(node: &Node) -> bool {
    match &node.value {
        Yaml::Text(text) => matches!(reference(text), Reference::Variable(_)),
        Yaml::Map(entries) => entries.iter().any(|(key, value)| match key.name.as_str() {
            "is" => binds(value),
            "matches" => matches!(&value.value, Yaml::Text(text) if text.contains("(?<") || text.contains("(?P<")),
            _ => false,
        }),
        _ => false,
    }
}

/// The value of a fixed scalar, for places without a type.
pub(crate) fn fixed(operand: &Operand) -> Option<&Value> {
    match operand {
        Operand::Value(value) => Some(value),
        _ => None,
    }
}
