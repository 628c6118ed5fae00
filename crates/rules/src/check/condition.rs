//! Conditions: facts, probes, `any`, `all`, `count`.

use std::collections::BTreeSet;

use bundlescope_facts::{FieldType, Text, Value};

use super::field::{comparison, fixed};
use super::scope::{Scope, Shape};
use super::{Checker, Entries};
use crate::codes;
use crate::model::{Aggregate, Comparison, Condition, CountPattern, FactPattern, Operand, Pattern, ProbePattern, Test};
use crate::suggest;
use crate::vocabulary::{PROBE, describe, element};
use crate::yaml::{Key, Node, Yaml};

/// What may stand in the place of a kind of fact.
pub(crate) const KEYWORDS: &[&str] = &["probe", "any", "all", "count", "every", "none", "optional"];

/// How deep conditions may nest.
const MAX_DEPTH: usize = 8;

impl Checker<'_> {
    /// One condition, `{kind: fields}`.
    pub(crate) fn condition(
        &mut self,
        node: &Node,
        alias: &str,
        scope: &mut Scope,
        depth: usize,
    ) -> Option<(Condition, Vec<Shape>)> {
        if let Yaml::Map(entries) = &node.value
            && let [(first, _), (second, _), ..] = entries.as_slice()
        {
            self.several(first, second, entries, alias);
            return None;
        }
        let Yaml::Map(entries) = &node.value else {
            let help = match &node.value {
                Yaml::List(_) => "several conditions stand in `any: [ … ]` or `all: [ … ]`".to_owned(),
                Yaml::Text(text) if scope.reserved.contains(text) => {
                    format!(
                        "`{text}` is the name of a condition; conditions are written out here: `{{ container: {{ name: $c }} }}`"
                    )
                }
                _ => "write the kind of fact and its fields: `{ container: { name: $c } }`".to_owned(),
            };
            let message = "a condition must be a map with one key";
            self.report(&codes::WRONG_SHAPE, self.place_of(node), message, "no condition", Some(help));
            return None;
        };
        let Some((key, body)) = entries.first() else {
            let help = "name a kind of fact: `{ container: { name: $c } }`".to_owned();
            let message = "a condition asks for nothing";
            self.report(&codes::NOTHING_TO_MATCH, node.span.clone(), message, "no kind of fact", Some(help));
            return None;
        };
        let line = self.line(key.span.start);
        let (pattern, shapes) = match key.name.as_str() {
            "probe" => (Pattern::Probe(self.probe(key, body, scope)?), vec![Shape::Probe]),
            "count" => {
                let count = self.count(key, body, scope, depth)?;
                let shape = Shape::Count(count.fact.kind.clone());
                (Pattern::Count(count), vec![shape])
            }
            "any" | "all" | "every" | "none" | "optional" if depth >= MAX_DEPTH => {
                let message = format!("conditions nest deeper than {MAX_DEPTH}");
                let help = Some("make a rule with `emit:` of the inner part".to_owned());
                self.report(&codes::WRONG_SHAPE, key.span.clone(), message, "too deep", help);
                return None;
            }
            "any" => self.any(body, scope, depth)?,
            "all" => self.all(body, scope, depth)?,
            "every" => self.every(key, body, scope, depth)?,
            "none" => self.none(body, scope, depth)?,
            "optional" => {
                let before = scope.bound.clone();
                let inner = self.condition(body, "", scope, depth + 1);
                // What it binds has no value when it does not hold.
                scope.leave(before);
                let (condition, shapes) = inner?;
                (Pattern::Optional(Box::new(condition)), shapes)
            }
            _ => {
                let fact = self.fact(key, body, scope, true)?;
                let shape = Shape::Kind(fact.kind.clone());
                (Pattern::Fact(fact), vec![shape])
            }
        };
        Some((Condition { alias: alias.into(), pattern, line }, shapes))
    }

    /// Tells of a second key: a second condition, or a field that stands where its kind should.
    fn several(&mut self, first: &Key, second: &Key, entries: &[(Key, Node)], alias: &str) {
        let known = |name: &str| self.vocabulary.knows_kind(name) || KEYWORDS.contains(&name);
        let names: Vec<&str> = entries.iter().map(|(key, _)| key.name.as_str()).collect();
        if known(&first.name) && known(&second.name) {
            let message = format!("a condition asks for one thing, and `{}` is a second", second.name);
            let help = if alias.is_empty() { "make it a condition of its own" } else { "give it an alias of its own" };
            self.report(&codes::WRONG_SHAPE, second.span.clone(), message, "one too many", Some(help.to_owned()));
            return;
        }
        // `failure: { connection_failure: { container: $c }, host: $h }`
        if let Some((_, Node { value: Yaml::Map(_), .. })) = entries.first()
            && known(&first.name)
            && self.vocabulary.field_type(&first.name, &second.name).is_ok()
        {
            let message = format!("`{}` stands beside `{}`, not in it", second.name, first.name);
            let help = format!("move it into the braces: `{}: {{ …, {}: … }}`", first.name, second.name);
            self.report(&codes::WRONG_SHAPE, second.span.clone(), message, "outside of the fields", Some(help));
            return;
        }
        let help = match self.vocabulary.kinds_with(&names).as_slice() {
            [] => "name the kind first: `{ container: { name: $c } }`".to_owned(),
            kinds => {
                let kinds: Vec<&str> = kinds.iter().take(5).copied().collect();
                format!("name the kind first, as in `{}: {{ … }}`; with these fields: {}", kinds[0], kinds.join(", "))
            }
        };
        let message = "a condition names the kind of fact before its fields";
        self.report(&codes::WRONG_SHAPE, first.span.clone(), message, "a field, not a kind", Some(help));
    }

    fn fact(&mut self, key: &Key, body: &Node, scope: &mut Scope, bind: bool) -> Option<FactPattern> {
        if !self.vocabulary.knows_kind(&key.name) {
            let known = self.vocabulary.kinds().chain(KEYWORDS.iter().copied());
            let help = self.instead_of_kind(&key.name, body);
            let help =
                help.or_else(|| suggest::nearest(&key.name, known).map(|name| format!("did you mean `{name}`?")));
            let help = help.or_else(|| Some("`bundlescope facts` lists the kinds that a bundle holds".to_owned()));
            let message = format!("there is no kind of fact `{}`", key.name);
            self.report(&codes::UNKNOWN_KIND, key.span.clone(), message, "unknown kind", help);
            return None;
        }
        let entries = match &body.value {
            Yaml::Null => &[],
            _ => self.map(body, "the fields of a condition")?.entries,
        };
        let fields = self.fields(entries, &key.name, &[], scope, bind);
        Some(FactPattern { kind: key.name.as_str().into(), fields })
    }

    /// What to write instead of a word that is no kind of fact.
    fn instead_of_kind(&self, name: &str, body: &Node) -> Option<String> {
        let told = match name {
            "unless" | "not" | "missing" | "absent" | "without" => {
                "what must not be there stands in `none: { … }`, or below `unless:` beside `when:`"
            }
            "exists" | "exist" | "has" | "present" | "some" | "fact" => {
                "leave it out: a condition asks for a fact that is there, `{ container: { name: $c } }`"
            }
            "or" | "any_of" | "one_of" => "write `any: [ … ]`",
            "and" | "all_of" => "write `all: [ … ]`",
            "maybe" | "optionally" => "write `optional: { … }`",
            "for_all" | "forall" | "each" | "foreach" => "write `every: [ set, demand ]`",
            "where" | "expression" | "if" => "expressions stand below `where:` beside `when:`",
            "within" | "before" | "after" => {
                "it stands in a field that holds a time: `{ container: { started: { within: 5m } } }`"
            }
            "sum" | "max" | "min" | "distinct" | "number" => {
                "write `count: { KIND: { … }, sum: FIELD, ge: 3 }`, with `sum`, `max`, `min` or `distinct`"
            }
            _ => "",
        };
        if !told.is_empty() {
            return Some(told.to_owned());
        }
        // `- server: { container: … }`
        let (inner, _) = body.entries().first()?;
        let known = self.vocabulary.knows_kind(&inner.name) || KEYWORDS.contains(&inner.name.as_str());
        (known && body.entries().len() == 1).then(|| {
            format!(
                "conditions in a list have no names of their own: leave `{name}:` out, `{{ {}: {{ … }} }}`",
                inner.name
            )
        })
    }

    /// A probe's question and the conditions on its answer.
    pub(crate) fn probe(&mut self, key: &Key, body: &Node, scope: &mut Scope) -> Option<ProbePattern> {
        let entries = self.map(body, "a probe")?;
        let mut question = |name: &str, ty: FieldType| {
            let node = entries.get(name)?;
            self.operand(node, ty, scope)
        };
        let from = question("from", FieldType::Text);
        let to = question("to", FieldType::Text);
        let port = question("port", FieldType::Integer);
        let node = question("node", FieldType::Text);
        let proto = match entries.get("proto") {
            Some(_) => question("proto", FieldType::Word(&["tcp", "udp", "icmp"])),
            None => Some(Operand::Value("tcp".into())),
        };
        let span = (key.span.start, key.span.end);
        for name in ["from", "to"] {
            if entries.get(name).is_none() {
                self.missing_key(
                    span,
                    "a probe",
                    name,
                    "from where, to where: `probe: { from: $c, to: $h, port: $p }`",
                );
            }
        }
        self.asked(entries, scope);
        let icmp = proto.as_ref().and_then(fixed).is_some_and(|proto| proto.as_text() == Some("icmp"));
        if entries.get("port").is_none() && !icmp {
            self.missing_key(span, "a probe", "port", "only `proto: icmp` needs no port");
        }
        if icmp && let Some((key, _)) = entries.entries.iter().find(|(key, _)| key.name == "port") {
            let help = Some("leave it out, or ask with `proto: tcp`".to_owned());
            let message = "`proto: icmp` has no ports";
            self.report(&codes::WRONG_SHAPE, key.span.clone(), message, "means nothing here", help);
        }
        if let Some(Operand::Value(Value::Int(number))) = &port
            && !(1..=65_535).contains(number)
            && let Some(node) = entries.get("port")
        {
            let help = Some("ports are numbers from 1 to 65535".to_owned());
            self.report(&codes::WRONG_TYPE, node.span.clone(), format!("{number} is not a port"), "no port", help);
        }
        let skip = ["from", "to", "port", "node", "proto"];
        let fields = self.fields(entries.entries, PROBE.name, &skip, scope, true);
        Some(ProbePattern { from: from?, to: to?, proto: proto?, port, node, fields })
    }

    /// Tells of names and addresses of a probe that are written in another way than they are known.
    fn asked(&mut self, entries: Entries<'_>, scope: &Scope) {
        for name in ["from", "to"] {
            let Some(node) = entries.get(name) else { continue };
            self.name_of(node, scope);
            let Some(text) = node.as_text().filter(|text| !text.starts_with('$')) else { continue };
            let port = text.rsplit_once(':').filter(|(host, port)| !host.contains(':') && port.parse::<u16>().is_ok());
            let help = match port {
                Some((host, port)) => format!("write `{name}: {host}` and `port: {port}`"),
                None if text.contains("://") => "write the host alone, and the port as `port:`".to_owned(),
                None => continue,
            };
            let message = format!("`{text}` is no name of a container or host, and no address");
            self.report(&codes::WRONG_TYPE, node.span.clone(), message, "more than a name", Some(help));
        }
    }

    fn any(&mut self, body: &Node, scope: &mut Scope, depth: usize) -> Option<(Pattern, Vec<Shape>)> {
        let items = self.list(body, "`any`")?;
        let before = scope.bound.clone();
        let mut conditions = Vec::new();
        let mut shapes = Vec::new();
        let mut everywhere: Option<BTreeSet<usize>> = None;
        let mut anywhere = before.clone();
        for item in items {
            scope.bound.clone_from(&before);
            if let Some((condition, shape)) = self.condition(item, "", scope, depth + 1) {
                conditions.push(condition);
                shapes.extend(shape);
            }
            anywhere.extend(&scope.bound);
            everywhere = Some(match everywhere {
                Some(slots) => slots.intersection(&scope.bound).copied().collect(),
                None => scope.bound.clone(),
            });
        }
        // A variable that only some alternatives bind has no value in the others.
        let everywhere = everywhere.unwrap_or_else(|| before.clone());
        scope.bound = anywhere;
        scope.leave(everywhere);
        if items.is_empty() {
            return self.no_conditions(body, "`any`");
        }
        Some((Pattern::Any(conditions), shapes))
    }

    fn all(&mut self, body: &Node, scope: &mut Scope, depth: usize) -> Option<(Pattern, Vec<Shape>)> {
        let items = self.list(body, "`all`")?;
        let mut conditions = Vec::new();
        let mut first = Vec::new();
        for item in items {
            if let Some((condition, shape)) = self.condition(item, "", scope, depth + 1) {
                if conditions.is_empty() {
                    first = shape;
                }
                conditions.push(condition);
            }
        }
        if items.is_empty() {
            return self.no_conditions(body, "`all`");
        }
        Some((Pattern::All(conditions), first))
    }

    fn no_conditions<T>(&mut self, node: &Node, what: &str) -> Option<T> {
        let help = format!("list conditions: `{}: [ {{ container: {{ name: $c }} }} ]`", what.trim_matches('`'));
        let message = format!("{what} lists no condition");
        self.report(&codes::NOTHING_TO_MATCH, node.span.clone(), message, "no condition", Some(help));
        None
    }

    /// The set, of which there is at least one, and what each of it must meet.
    fn every(&mut self, key: &Key, body: &Node, scope: &mut Scope, depth: usize) -> Option<(Pattern, Vec<Shape>)> {
        let items = self.list(body, "`every`")?;
        let before = scope.bound.clone();
        let mut conditions = Vec::new();
        let mut first = Vec::new();
        for item in items {
            if let Some((condition, shape)) = self.condition(item, "", scope, depth + 1) {
                if conditions.is_empty() {
                    first = shape;
                }
                conditions.push(condition);
            }
        }
        scope.leave(before);
        if items.len() < 2 {
            let message = "`every` needs a set and what each of it must meet";
            let help = "list at least two conditions: `every: [ { endpoint: { container: $c } }, { probe: … } ]`";
            self.report(
                &codes::MISSING_KEY,
                key.span.clone(),
                message,
                "a set without a demand",
                Some(help.to_owned()),
            );
            return None;
        }
        (conditions.len() == items.len()).then_some((Pattern::Every(conditions), first))
    }

    fn none(&mut self, body: &Node, scope: &mut Scope, depth: usize) -> Option<(Pattern, Vec<Shape>)> {
        // One condition may stand alone.
        let items = match &body.value {
            Yaml::Map(_) => std::slice::from_ref(body),
            _ => self.list(body, "`none`")?,
        };
        let before = scope.bound.clone();
        let mut conditions = Vec::new();
        for item in items {
            conditions.extend(self.condition(item, "", scope, depth + 1).map(|(condition, _)| condition));
        }
        scope.leave(before);
        if items.is_empty() {
            return self.no_conditions(body, "`none`");
        }
        (conditions.len() == items.len()).then_some((Pattern::None(conditions), Vec::new()))
    }

    fn count(&mut self, key: &Key, body: &Node, scope: &mut Scope, depth: usize) -> Option<CountPattern> {
        const KEYS: &[&str] = &["gt", "ge", "lt", "le", "is", "distinct", "sum", "max", "min", "with"];
        let entries = self.map(body, "`count`")?;
        let mut facts = entries.entries.iter().filter(|(key, _)| !KEYS.contains(&key.name.as_str()));
        let Some((kind, fields)) = facts.next() else {
            let help = "name what is counted: `count: { container: { status: exited }, ge: 3 }`";
            self.missing_key((key.span.start, key.span.end), "`count`", "KIND", help);
            return None;
        };
        let mut unknown = false;
        for (other, _) in facts {
            let second = self.vocabulary.knows_kind(&other.name);
            unknown |= !second;
            let help = match second {
                true => Some("make a `count` of its own of it".to_owned()),
                false => suggest::help(&other.name, "besides the fact", KEYS.iter().copied()),
            };
            let message = match second {
                true => format!("`count` takes one kind of fact, and `{}` is a second", other.name),
                false => format!("`count` has no key `{}`", other.name),
            };
            self.report(&codes::UNKNOWN_KEY, other.span.clone(), message, "unexpected", help);
        }
        let before = scope.bound.clone();
        let fact = self.fact(kind, fields, scope, true);
        let mut with = Vec::new();
        if let Some(node) = entries.get("with")
            && let Some(items) = self.list(node, "`with`")
        {
            if items.is_empty() {
                self.no_conditions::<()>(node, "`with`");
            }
            for item in items {
                with.extend(self.condition(item, "", scope, depth + 1).map(|(condition, _)| condition));
            }
            // Variables tie the fact to these, and make no groups.
            scope.leave(before);
        }
        let mut compare = Vec::new();
        let mut numbers = Vec::new();
        let mut aggregate = Aggregate::Count;
        // A comparison inside of the fields is told there.
        let inside = fields.entries().iter().any(|(key, _)| comparison(&key.name).is_some());
        let mut compared = unknown || inside;
        for (key, node) in entries.entries {
            if let Some(comparison) = comparison(&key.name) {
                compared = true;
                let whole = !entries.entries.iter().any(|(key, _)| ["sum", "max", "min"].contains(&key.name.as_str()));
                let ty = if whole { FieldType::Integer } else { FieldType::Float };
                let operand = self.operand(node, ty, scope);
                if let Some(operand) = &operand {
                    numbers.push((key.span.clone(), Test::Compare(comparison, operand.clone())));
                }
                compare.extend(operand.map(|operand| (comparison, operand)));
                continue;
            }
            let make: fn(Text) -> Aggregate = match key.name.as_str() {
                "distinct" => Aggregate::Distinct,
                "sum" => Aggregate::Sum,
                "max" => Aggregate::Max,
                "min" => Aggregate::Min,
                _ => continue,
            };
            let Some(field) = self.text(node, "a field") else {
                continue;
            };
            match self.vocabulary.field_type(&kind.name, &field) {
                Ok(_) if aggregate != Aggregate::Count => {
                    let message = format!("`count` computes one thing, and `{}` is a second", key.name);
                    let help = Some("make a `count` of its own of it".to_owned());
                    self.report(&codes::WRONG_SHAPE, key.span.clone(), message, "one too many", help);
                }
                Ok(_) => aggregate = make(field),
                Err(_) if !self.vocabulary.knows_kind(&kind.name) => {}
                Err(help) => {
                    let message = format!("{} has no field `{field}`", kind.name);
                    self.report(&codes::UNKNOWN_FIELD, node.span.clone(), message, "unknown field", help);
                }
            }
            let numeric = |ty: FieldType| matches!(element(ty), FieldType::Integer | FieldType::Float | FieldType::Any);
            if key.name != "distinct"
                && let Ok(ty) = self.vocabulary.field_type(&kind.name, node_text(node))
                && !numeric(ty)
            {
                let message = format!("`{}` needs a number, and the field holds {}", key.name, describe(ty));
                let help = Some("name a field that holds a number, or count different values with `distinct:`".into());
                self.report(&codes::WRONG_OPERATOR, node.span.clone(), message, "no number", help);
            }
        }
        if aggregate == Aggregate::Count || matches!(aggregate, Aggregate::Distinct(_)) {
            // A number of things is a whole number that is not negative.
            numbers.push((key.span.clone(), Test::Compare(Comparison::Ge, Operand::Value(Value::Int(0)))));
        }
        self.contradictions(&numbers, FieldType::Integer, "the number");
        if compare.is_empty() && !compared {
            let help = "compare the number with `ge`, `gt`, `le`, `lt` or `is`";
            self.missing_key((key.span.start, key.span.end), "`count`", "ge", help);
        }
        Some(CountPattern { fact: fact?, with, aggregate, compare })
    }
}

fn node_text(node: &Node) -> &str {
    match &node.value {
        Yaml::Text(text) => text,
        _ => "",
    }
}
