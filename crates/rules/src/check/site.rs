//! A site file: what one site changes about the rules of the loaded packs.

use std::collections::{BTreeMap, BTreeSet};

use bundlescope_facts::{Text, Value};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::literal::plain;
use super::{Checker, Entries};
use crate::codes;
use crate::model::{Confidence, Rule, Severity};
use crate::site::{Override, Site, Suppression};
use crate::suggest;
use crate::yaml::{Key, Node, Yaml};

/// The keys of a suppression.
const SUPPRESSION: &[&str] = &["rule", "node", "subjects", "reason", "author", "until"];

/// Reads a site file. What it names must exist in the rules.
pub(crate) fn site(checker: &mut Checker<'_>, tree: &Node, rules: &[Rule]) -> Site {
    let mut site = Site::default();
    let Some(entries) = checker.map(tree, "a site file") else { return site };
    if let Some((key, _)) =
        entries.entries.iter().find(|(key, _)| matches!(key.name.as_str(), "when" | "signature" | "tests"))
    {
        let help = "a site file has `rules:`, `suppress:` and `drafts:`; rules are loaded with `--rules`".to_owned();
        checker.report(
            &codes::WRONG_SHAPE,
            key.span.clone(),
            "this is a rule file, and no site file",
            "of a rule",
            Some(help),
        );
        return site;
    }
    checker.known_keys(entries, "a site file", &["rules", "suppress", "drafts"]);
    site.drafts = entries.get("drafts").and_then(|node| checker.boolean(node, "`drafts`")).unwrap_or_default();
    if let Some(node) = entries.get("rules")
        && let Some(overrides) = checker.map(node, "`rules`")
    {
        for (key, node) in overrides.entries {
            site.rules
                .extend(checker.override_of(key, node, rules).map(|found| (Text::from(key.name.as_str()), found)));
        }
    }
    if let Some(node) = entries.get("suppress")
        && let Some(items) = checker.list(node, "`suppress`")
    {
        site.suppressions.extend(items.iter().filter_map(|item| checker.suppression(item, rules)));
        checker.repeated(&site.suppressions, items);
    }
    site
}

impl Checker<'_> {
    fn override_of(&mut self, key: &Key, node: &Node, rules: &[Rule]) -> Option<Override> {
        let Some(rule) = rules.iter().find(|rule| *rule.id == *key.name) else {
            let help = nearest_rule(&key.name, rules);
            let message = format!("there is no rule `{}`", key.name);
            self.report(&codes::UNKNOWN_RULE, key.span.clone(), message, "unknown rule", help);
            return None;
        };
        let entries = self.map(node, "what is different about a rule")?;
        // A parameter that stands beside `params`.
        let parameter = |key: &Key| rule.variables.iter().any(|v| v.value.is_some() && *v.name == *key.name);
        if let Some((key, _)) = entries.entries.iter().find(|(key, _)| parameter(key)) {
            let message = format!("the parameter `{}` stands beside `params`, not in it", key.name);
            let help = Some(format!("write `params: {{ {}: … }}`", key.name));
            self.report(&codes::UNKNOWN_KEY, key.span.clone(), message, "unknown key", help);
            return None;
        }
        self.known_keys(entries, "a rule of a site", &["severity", "confidence", "enabled", "params"]);
        let severity = entries.get("severity");
        let severity = severity.and_then(|node| self.word(node, "`severity`", Severity::WORDS, Severity::from_word));
        let confidence = entries.get("confidence");
        let confidence =
            confidence.and_then(|node| self.word(node, "`confidence`", Confidence::WORDS, Confidence::from_word));
        let enabled = entries.get("enabled").and_then(|node| self.boolean(node, "`enabled`"));
        let mut params = BTreeMap::new();
        if let Some(node) = entries.get("params")
            && let Some(values) = self.map(node, "`params`")
        {
            for (key, node) in values.entries {
                params.extend(self.parameter_of(key, node, rule).map(|value| (Text::from(key.name.as_str()), value)));
            }
        }
        Some(Override { severity, confidence, enabled, params })
    }

    fn parameter_of(&mut self, key: &Key, node: &Node, rule: &Rule) -> Option<Value> {
        let known = rule.variables.iter().filter_map(|variable| Some((&*variable.name, variable.value.as_ref()?)));
        let Some((_, default)) = known.clone().find(|(name, _)| *name == key.name) else {
            let help = suggest::help(&key.name, "its parameters", known.map(|(name, _)| name))
                .unwrap_or_else(|| "the rule has no `params:`".to_owned());
            let message = format!("`{}` has no parameter `{}`", rule.id, key.name);
            self.report(&codes::UNKNOWN_RULE, key.span.clone(), message, "unknown parameter", Some(help));
            return None;
        };
        let value = self.parameter(node)?;
        let kind = |value: &Value| match value {
            Value::Int(_) | Value::Float(_) => "a number",
            Value::Bool(_) => "true or false",
            _ => "text",
        };
        if kind(&value) != kind(default) {
            let message = format!("the parameter `{}` of `{}` holds {}", key.name, rule.id, kind(default));
            let help = Some(format!("its default is `{default}`"));
            self.report(&codes::WRONG_TYPE, node.span.clone(), message, "wrong type", help);
            return None;
        }
        Some(value)
    }

    /// The value of a parameter: a scalar; a size is a number of bytes and a duration a number of seconds.
    pub(crate) fn parameter(&mut self, node: &Node) -> Option<Value> {
        match &node.value {
            Yaml::Null | Yaml::List(_) | Yaml::Map(_) => {
                self.wrong_shape(node, "a parameter", "a scalar");
                None
            }
            Yaml::Text(text) => Some(super::literal::measured(text).unwrap_or_else(|| text.as_str().into())),
            scalar => Some(plain(scalar)),
        }
    }

    fn suppression(&mut self, node: &Node, rules: &[Rule]) -> Option<Suppression> {
        let entries = self.map(node, "a suppression")?;
        self.known_keys(entries, "a suppression", SUPPRESSION);
        let line = self.line(node.span.start);
        let rule = self.wanted(entries, "rule", "name the rule whose findings are accepted");
        let reason = self.wanted(entries, "reason", "say why the finding is accepted");
        let author = self.wanted(entries, "author", "say who accepted it");
        let until = self.wanted(entries, "until", "say when it ends, such as `until: 2027-01-31`");
        let node_name = entries.get("node").and_then(|node| self.text(node, "`node`"));
        let mut subjects = BTreeMap::new();
        if let Some(node) = entries.get("subjects") {
            subjects.extend(
                self.values(node, "`subjects`").into_iter().map(|(name, value)| (name, value.to_string().into())),
            );
        }
        let end = entries.get("until").zip(until.as_ref()).and_then(|(node, until)| self.end_of(node, until));
        let id = rule?;
        match rules.iter().find(|rule| rule.id == id) {
            None => {
                let help = nearest_rule(&id, rules);
                let message = format!("there is no rule `{id}`, so that nothing is suppressed");
                let span = entries.get("rule").map_or(node.span.clone(), |node| node.span.clone());
                self.report(&codes::DEAD_SUPPRESSION, span, message, "unknown rule", help);
            }
            Some(rule) => self.subjects_of(entries, rule),
        }
        Some(Suppression {
            rule: id,
            node: node_name,
            subjects,
            reason: reason?,
            author: author?,
            until: until?,
            end: end?,
            path: self.path.clone(),
            line,
        })
    }

    /// Warns of suppressions that cover the same findings.
    fn repeated(&mut self, suppressions: &[Suppression], items: &[Node]) {
        for (at, one) in suppressions.iter().enumerate() {
            let same = |other: &&Suppression| {
                other.rule == one.rule && other.node == one.node && other.subjects == one.subjects
            };
            let Some(first) = suppressions.iter().take(at).find(same) else { continue };
            let node =
                items.iter().find(|item| self.line(item.span.start) == one.line).and_then(|item| item.get("rule"));
            let Some(span) = node.map(|node| node.span.clone()) else { continue };
            let message = format!("line {} suppresses the same findings of `{}`", first.line, one.rule);
            let help = Some("keep one of them".to_owned());
            self.report(&codes::DEAD_SUPPRESSION, span, message, "again", help);
        }
    }

    /// Tells of subjects that findings of the rule do not have.
    fn subjects_of(&mut self, entries: Entries<'_>, rule: &Rule) {
        let Some(Node { value: Yaml::Map(subjects), .. }) = entries.get("subjects") else { return };
        let known: BTreeSet<&str> = rule.subjects.iter().map(|(name, _)| &**name).collect();
        for (key, _) in subjects.iter().filter(|(key, _)| !known.contains(key.name.as_str())) {
            let help = suggest::help(&key.name, "its subjects", known.iter().copied());
            let message = format!("findings of `{}` have no subject `{}`", rule.id, key.name);
            self.report(&codes::UNKNOWN_RULE, key.span.clone(), message, "unknown subject", help);
        }
    }

    fn wanted(&mut self, entries: Entries<'_>, name: &str, help: &str) -> Option<Text> {
        match entries.get(name) {
            Some(node) => self.filled(node, &format!("`{name}`")),
            None if self.misspelt(entries, name, SUPPRESSION) => None,
            None => {
                self.missing_key(entries.span, "a suppression", name, help);
                None
            }
        }
    }

    /// The end of a day in UTC, or the time.
    fn end_of(&mut self, node: &Node, until: &str) -> Option<Timestamp> {
        if let Ok(date) = until.parse::<Date>()
            && until.len() == 10
        {
            let next = date.tomorrow().ok()?;
            return next.to_zoned(TimeZone::UTC).ok().map(|start| start.timestamp());
        }
        let parsed = until.parse::<Timestamp>().ok();
        if parsed.is_none() {
            let message = format!("`{until}` is neither a day nor a time");
            let usual = "write it like `2027-01-31`, or `2027-01-31T12:00:00Z`";
            let parts: Vec<&str> = until.split(['.', '/', '-']).collect();
            let meant = match parts.as_slice() {
                [day, month, year] if year.len() == 4 => Some(format!("{year}-{month:0>2}-{day:0>2}")),
                _ => None,
            };
            let meant = meant.filter(|meant| meant.parse::<Date>().is_ok());
            let help = Some(match meant {
                Some(meant) => format!("did you mean `{meant}`? {usual}"),
                None if until.len() == 10 && parts.len() == 3 => format!("there is no such day; {usual}"),
                None => format!("every suppression ends; {usual}"),
            });
            self.report(&codes::BAD_MEASURE, node.span.clone(), message, "not a day", help);
        }
        parsed
    }
}

fn nearest_rule(name: &str, rules: &[Rule]) -> Option<String> {
    let found = suggest::nearest(name, rules.iter().map(|rule| &*rule.id));
    Some(found.map_or_else(
        || "`bundlescope rules list` lists the rules".to_owned(),
        |found| format!("did you mean `{found}`?"),
    ))
}
