//! Conditions: facts, probes, `any`, `all`, `count`.

use std::collections::BTreeSet;

use bundlescope_facts::{FieldType, Text};

use super::Checker;
use super::field::{comparison, fixed};
use super::scope::{Scope, Shape};
use crate::codes;
use crate::model::{Aggregate, Condition, CountPattern, FactPattern, Operand, Pattern, ProbePattern};
use crate::suggest;
use crate::vocabulary::PROBE;
use crate::yaml::{Key, Node, Yaml};

/// How deep `any` and `all` may nest.
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
            && let [_, (second, _), ..] = entries.as_slice()
        {
            let message = format!("a condition asks for one thing, and `{}` is a second", second.name);
            let help = if alias.is_empty() { "make it a condition of its own" } else { "give it an alias of its own" };
            self.report(&codes::WRONG_SHAPE, second.span.clone(), message, "one too many", Some(help.to_owned()));
            return None;
        }
        let (key, body) = self.single(node, "a condition")?;
        let line = self.line(key.span.start);
        let (pattern, shapes) = match key.name.as_str() {
            "probe" => (Pattern::Probe(self.probe(key, body, scope)?), vec![Shape::Probe]),
            "count" => {
                let count = self.count(key, body, scope)?;
                let shape = Shape::Count(count.fact.kind.clone());
                (Pattern::Count(count), vec![shape])
            }
            "any" | "all" if depth >= MAX_DEPTH => {
                let message = format!("conditions nest deeper than {MAX_DEPTH}");
                self.report(&codes::WRONG_SHAPE, key.span.clone(), message, "too deep", None);
                return None;
            }
            "any" => self.any(body, scope, depth)?,
            "all" => self.all(body, scope, depth)?,
            _ => {
                let fact = self.fact(key, body, scope, true)?;
                let shape = Shape::Kind(fact.kind.clone());
                (Pattern::Fact(fact), vec![shape])
            }
        };
        Some((Condition { alias: alias.into(), pattern, line }, shapes))
    }

    fn fact(&mut self, key: &Key, body: &Node, scope: &mut Scope, bind: bool) -> Option<FactPattern> {
        if !self.vocabulary.knows_kind(&key.name) {
            let known = self.vocabulary.kinds().chain(["probe", "any", "all", "count"]);
            let help = suggest::nearest(&key.name, known).map(|name| format!("did you mean `{name}`?"));
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
        let icmp = proto.as_ref().and_then(fixed).is_some_and(|proto| proto.as_text() == Some("icmp"));
        if entries.get("port").is_none() && !icmp {
            self.missing_key(span, "a probe", "port", "only `proto: icmp` needs no port");
        }
        let skip = ["from", "to", "port", "node", "proto"];
        let fields = self.fields(entries.entries, PROBE.name, &skip, scope, true);
        Some(ProbePattern { from: from?, to: to?, proto: proto?, port, node, fields })
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
            self.wrong_shape(body, "`any`", "a list of conditions");
            return None;
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
            self.wrong_shape(body, "`all`", "a list of conditions");
            return None;
        }
        Some((Pattern::All(conditions), first))
    }

    fn count(&mut self, key: &Key, body: &Node, scope: &mut Scope) -> Option<CountPattern> {
        const KEYS: &[&str] = &["gt", "ge", "lt", "le", "is", "distinct", "sum", "max", "min"];
        let entries = self.map(body, "`count`")?;
        let mut facts = entries.entries.iter().filter(|(key, _)| !KEYS.contains(&key.name.as_str()));
        let Some((kind, fields)) = facts.next() else {
            let help = "name what is counted: `count: { container: { status: exited }, ge: 3 }`";
            self.missing_key((key.span.start, key.span.end), "`count`", "KIND", help);
            return None;
        };
        for (other, _) in facts {
            let help = suggest::help(&other.name, "besides the fact", KEYS.iter().copied());
            let message = format!("`count` takes one kind of fact, and `{}` is a second", other.name);
            self.report(&codes::UNKNOWN_KEY, other.span.clone(), message, "unexpected", help);
        }
        let fact = self.fact(kind, fields, scope, true);
        let mut compare = Vec::new();
        let mut aggregate = Aggregate::Count;
        for (key, node) in entries.entries {
            if let Some(comparison) = comparison(&key.name) {
                compare.extend(self.operand(node, FieldType::Float, scope).map(|operand| (comparison, operand)));
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
                Ok(_) => aggregate = make(field),
                Err(_) if !self.vocabulary.knows_kind(&kind.name) => {}
                Err(help) => {
                    let message = format!("{} has no field `{field}`", kind.name);
                    self.report(&codes::UNKNOWN_FIELD, node.span.clone(), message, "unknown field", help);
                }
            }
        }
        if compare.is_empty() {
            let help = "compare the number with `ge`, `gt`, `le`, `lt` or `is`";
            self.missing_key((key.span.start, key.span.end), "`count`", "ge", help);
        }
        Some(CountPattern { fact: fact?, aggregate, compare })
    }
}
