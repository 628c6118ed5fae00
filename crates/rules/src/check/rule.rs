//! A rule file as a whole.

use std::collections::{BTreeMap, BTreeSet};

use bundlescope_facts::{FieldType, Text};

use super::condition::KEYWORDS;
use super::scope::Scope;
use super::texts::Names;
use super::unused::Named;
use super::{Checker, Entries};
use crate::codes;
use crate::keys;
use crate::model::{
    Condition, Confidence, Emit, FactPattern, Operand, Pattern, Rule, RuleRole, RuleTest, Severity, Status,
};
use crate::suggest;
use crate::yaml::{Node, Yaml};

/// Reads a rule; `None` when a mistake leaves nothing to evaluate.
pub(crate) fn rule(checker: &mut Checker<'_>, entries: Entries<'_>) -> Option<Rule> {
    checker.known_keys(entries, "a rule", keys::RULE);
    let id = checker.id(entries)?;
    let mut scope = Scope::new();
    if let Some(params) = entries.get("params") {
        checker.params(params, &mut scope);
    }
    let applies_to = entries.get("applies_to").map(|node| checker.applies_to(node, &mut scope)).unwrap_or_default();
    let (when, broken) = checker.when(entries, &mut scope);
    let unless = checker.unless(entries, &mut scope);
    let named = |local: bool| {
        let variables = scope.variables.iter().filter(|variable| variable.local == local);
        variables.map(|variable| variable.name.clone()).collect()
    };
    let together = entries.get("together").map(|node| checker.texts(node, "`together`")).unwrap_or_default();
    let names = Names {
        aliases: scope.aliases.iter().cloned().collect(),
        variables: named(false),
        local: named(true),
        broken,
        together,
    };
    let filters = match entries.get("where") {
        Some(Node { value: Yaml::List(items), .. }) => {
            items.iter().filter_map(|item| checker.named(item, "an expression of `where`", &names, true)).collect()
        }
        Some(node) => checker.named(node, "`where`", &names, true).into_iter().collect(),
        None => Vec::new(),
    };
    let emit = entries.get("emit").and_then(|node| checker.emit(node, &mut scope));
    let needs_text = entries.get("emit").is_none();
    let text = |checker: &mut Checker<'_>, name: &str, needed: bool| match entries.get(name) {
        Some(node) => {
            let what = format!("`{name}`");
            if let Yaml::Text(written) = &node.value
                && (written.trim().is_empty() || name == "title" && written.trim().contains('\n'))
            {
                let (problem, help) = match written.trim().is_empty() {
                    true => ("is empty", "say in a sentence what was found"),
                    false => ("has more than one line", "put the rest into `message`"),
                };
                let span = node.span.clone();
                checker.report(&codes::WRONG_SHAPE, span, format!("{what} {problem}"), problem, Some(help.to_owned()));
            }
            checker.named_template(node, &what, &names)
        }
        None => {
            if needed && !checker.misspelt(entries, name, keys::RULE) {
                checker.missing_key(checker.head(entries), "a rule", name, "say in a sentence what was found");
            }
            None
        }
    };
    let title = text(checker, "title", needs_text);
    let message = text(checker, "message", needs_text);
    let customer = text(checker, "customer", false);
    let word = |name: &str| entries.get(name);
    let severity =
        word("severity").and_then(|node| checker.word(node, "`severity`", Severity::WORDS, Severity::from_word));
    if entries.get("severity").is_none() && needs_text && !checker.misspelt(entries, "severity", keys::RULE) {
        let help = format!("one of {}", Severity::WORDS.join(", "));
        checker.missing_key(checker.head(entries), "a rule", "severity", &help);
    }
    let confidence = word("confidence")
        .and_then(|node| checker.word(node, "`confidence`", Confidence::WORDS, Confidence::from_word));
    let status = word("status").and_then(|node| checker.word(node, "`status`", Status::WORDS, Status::from_word));
    let role = word("role").and_then(|node| checker.word(node, "`role`", RuleRole::WORDS, RuleRole::from_word));
    let cause = word("cause").and_then(|node| {
        let cause = checker.text(node, "`cause`")?;
        checker.name(&node.span.clone(), &cause, "a cause", '-').then_some(cause)
    });
    let cause = cause.unwrap_or_else(|| id.clone());
    let about = word("about").and_then(|node| {
        checker.no_template(node, "`about`");
        checker.text(node, "`about`")
    });
    let about = about.unwrap_or_default();
    let references = word("references").map(|node| checker.links(node)).unwrap_or_default();
    let across_nodes =
        word("across_nodes").and_then(|node| checker.boolean(node, "`across_nodes`")).unwrap_or_default();
    let explains = checker.references_to(entries, "explains", true);
    let supersedes = checker.references_to(entries, "supersedes", false);
    let collect = entries.get("collect").map(|node| checker.collect(node)).unwrap_or_default();
    let fix = entries.get("fix").map(|node| checker.fix(node, &mut scope, &names)).unwrap_or_default();
    checker.proofs(entries, &when, &fix);
    let subjects = checker.subjects(entries, &mut scope);
    checker.together(entries, &subjects);
    let tests = entries
        .get("tests")
        .map(|node| checker.rule_tests(node, &subjects.iter().map(|(name, _)| &**name).collect::<Vec<_>>()))
        .unwrap_or_default();
    if status == Some(Status::Deprecated)
        && let Some(node) = entries.get("status")
    {
        let help = "name it in `supersedes:` of the rule that takes its place, or remove the file".to_owned();
        let message = format!("`{id}` is deprecated");
        checker.report(&codes::DEPRECATED, node.span.clone(), message, "about to go", Some(help));
    }
    let ok = checker.diagnostics.iter().all(|diagnostic| diagnostic.code.warning);
    if ok && needs_text && status != Some(Status::Draft) {
        let fires = |test: &RuleTest| test.expect.fires.is_some_and(|number| number > 0);
        let silent = |test: &RuleTest| test.expect.fires == Some(0) || test.expect.undecided == Some(true);
        checker.tested(entries, tests.iter().any(fires), tests.iter().any(silent));
    }
    if ok {
        let texts = [&title, &message, &customer].into_iter().flatten();
        let steps = fix.iter().flat_map(|step| std::iter::once(&step.say).chain(&step.run));
        let templates = texts.chain(&filters).chain(steps);
        let heads = templates.flat_map(|template| &template.names);
        let texts = heads.map(|name| name.split('.').next().unwrap_or_default().to_owned()).collect();
        checker.unused(entries, &scope, &Named { texts, when: &when });
    }
    ok.then(|| Rule {
        id,
        path: checker.path.clone(),
        title: title.unwrap_or_default(),
        severity: severity.unwrap_or(Severity::Info),
        confidence: confidence.unwrap_or(Confidence::Medium),
        status: status.unwrap_or(Status::Stable),
        role: role.unwrap_or(RuleRole::Cause),
        cause,
        about,
        references,
        applies_to,
        domain: None,
        when,
        unless,
        filters,
        explains,
        supersedes,
        message: message.unwrap_or_default(),
        customer,
        fix,
        collect,
        subjects,
        together: names.together,
        emit,
        variables: scope.variables,
        across_nodes,
        tests,
    })
}

impl Checker<'_> {
    /// The first line of a file, where what is missing is told.
    pub(crate) fn head(&self, entries: Entries<'_>) -> (usize, usize) {
        entries.entries.first().map_or(entries.span, |(key, _)| (key.span.start, key.span.end))
    }

    pub(crate) fn id(&mut self, entries: Entries<'_>) -> Option<Text> {
        let Some(node) = entries.get("id") else {
            let stem = self.path.rsplit('/').next().unwrap_or_default().trim_end_matches(".yaml").to_owned();
            self.missing_key(self.head(entries), "a rule file", "id", &format!("begin the file with `id: {stem}`"));
            return None;
        };
        let id = self.text(node, "`id`")?;
        self.name(&node.span.clone(), &id, "an id", '-').then_some(id)
    }

    fn params(&mut self, node: &Node, scope: &mut Scope) {
        let Some(entries) = self.map(node, "`params`") else {
            return;
        };
        for (key, value) in entries.entries {
            if !self.name(&key.span, &key.name, "the name of a parameter", '_') {
                continue;
            }
            if key.name == "node" {
                let help = Some("`node` is the host: choose another name".to_owned());
                self.report(
                    &codes::NAME_CLASH,
                    key.span.clone(),
                    "`node` cannot be a parameter",
                    "already taken",
                    help,
                );
                continue;
            }
            if let Some(value) = self.parameter(value) {
                let slot = scope.add(&key.name, Some(value));
                scope.places.insert(slot, key.span.clone());
            }
        }
    }

    /// Which products and versions the rule is for: kinds of facts with conditions on their fields.
    fn applies_to(&mut self, node: &Node, scope: &mut Scope) -> Vec<FactPattern> {
        self.fact_patterns(node, "applies_to", scope)
    }

    /// Kinds of facts with conditions on their fields.
    pub(crate) fn fact_patterns(&mut self, node: &Node, what: &str, scope: &mut Scope) -> Vec<FactPattern> {
        let Some(entries) = self.map(node, &format!("`{what}`")) else {
            return Vec::new();
        };
        let mut patterns = Vec::new();
        for (key, body) in entries.entries {
            let before = scope.bound.clone();
            let told = self.diagnostics.len();
            let written =
                Node { span: key.span.start..body.span.end, value: Yaml::Map(vec![(key.clone(), body.clone())]) };
            if KEYWORDS.contains(&key.name.as_str()) {
                let message = format!("`{what}` asks for facts only");
                let help = Some(format!("name kinds: `{what}: {{ docker_daemon: {{ version: {{ ge: '20.10' }} }} }}`"));
                self.report(&codes::WRONG_SHAPE, key.span.clone(), message, "not a kind of fact", help);
            } else if let Some((Condition { pattern: Pattern::Fact(fact), .. }, _)) =
                self.condition(&written, "", scope, 0)
            {
                patterns.push(fact);
            }
            // It is asked for each host by itself, so that nothing could join what it binds.
            if self.diagnostics.len() == told
                && let Some(slot) = scope.bound.difference(&before).next()
                && let (Some(variable), Some(place)) = (scope.variables.get(*slot), scope.places.get(slot))
            {
                let message = format!("`{what}` binds no variable, and `${}` is one", variable.name);
                let help = "ask for a value, or for `{ absent: false }`; what conditions share belongs into `when`";
                self.report(&codes::UNBOUND, place.clone(), message, "binds nothing", Some(help.to_owned()));
            }
            scope.leave(before);
        }
        patterns
    }

    fn when(&mut self, entries: Entries<'_>, scope: &mut Scope) -> (Vec<Condition>, BTreeSet<String>) {
        let mut conditions = Vec::new();
        let mut broken = BTreeSet::new();
        let Some(node) = entries.get("when") else {
            broken.extend(template_names(entries));
            if self.misspelt(entries, "when", keys::RULE) {
                return (conditions, broken);
            }
            self.missing_key(self.head(entries), "a rule", "when", "name the facts that must be there");
            return (conditions, broken);
        };
        // Conditions that are not indented are told as unknown keys, with that help.
        let beside = entries.entries.iter().skip_while(|(key, _)| key.name != "when").nth(1);
        if node.value == Yaml::Null && beside.is_some_and(|(key, _)| !keys::RULE.contains(&key.name.as_str())) {
            broken.extend(template_names(entries));
            return (conditions, broken);
        }
        let Some(when) = self.map(node, "`when`") else {
            broken.extend(template_names(entries));
            return (conditions, broken);
        };
        if when.entries.is_empty() {
            let help = Some("name the facts that must be there: `c: { container: { name: $c } }`".to_owned());
            self.report(&codes::NOTHING_TO_MATCH, node.span.clone(), "`when` is empty", "no condition", help);
        }
        scope.reserved = when.entries.iter().map(|(key, _)| key.name.clone()).collect();
        for (key, body) in when.entries {
            let good = self.name(&key.span, &key.name, "an alias", '_');
            let parameter = |slot: usize| scope.variables.get(slot).is_some_and(|variable| variable.value.is_some());
            if good && (key.name == "node" || scope.slot(&key.name).is_some_and(parameter)) {
                let other = if key.name == "node" { "the host" } else { "a parameter" };
                let message = format!("`{}` is both an alias and {other}", key.name);
                let help = Some("choose another name for the alias".to_owned());
                self.report(&codes::NAME_CLASH, key.span.clone(), message, "already taken", help);
            }
            let told = self.diagnostics.len();
            match self.condition(body, &key.name, scope, 0) {
                Some((condition, shapes)) => {
                    conditions.push(condition);
                    scope.aliases.push((key.name.as_str().into(), shapes));
                }
                None => {
                    broken.insert(key.name.clone());
                }
            }
            if self.diagnostics.len() > told {
                broken.extend(variables_in(body));
            }
        }
        (conditions, broken)
    }

    fn unless(&mut self, entries: Entries<'_>, scope: &mut Scope) -> Vec<Condition> {
        let Some(node) = entries.get("unless") else {
            return Vec::new();
        };
        let Some(items) = self.list(node, "`unless`") else {
            return Vec::new();
        };
        let asked: Vec<&Node> =
            entries.get("when").map(Node::entries).unwrap_or_default().iter().map(|(_, node)| node).collect();
        let mut conditions = Vec::new();
        for item in items {
            let before = scope.bound.clone();
            conditions.extend(self.condition(item, "", scope, 0).map(|(condition, _)| condition));
            scope.leave(before);
            // What `when` asks for holds always, so an exception that asks for no more holds always too.
            if asked.iter().any(|node| implies(node, item)) {
                let message = "the rule can never fire: `when` asks for what `unless` excludes";
                let help = Some("ask for more in `unless`, or drop one of the two".to_owned());
                self.report(&codes::NEVER_HOLDS, item.span.clone(), message, "holds whenever `when` does", help);
            }
        }
        conditions
    }

    fn emit(&mut self, node: &Node, scope: &mut Scope) -> Option<Emit> {
        let (key, body) = self.single(node, "`emit`")?;
        self.name(&key.span, &key.name, "a kind", '_');
        if bundlescope_facts::kind_spec(&key.name).is_some() {
            let message = format!("`{}` is a kind that parsers or signatures make", key.name);
            let help = Some("choose another name".to_owned());
            self.report(&codes::NAME_CLASH, key.span.clone(), message, "already taken", help);
        }
        let fields = self.map(body, "the fields of `emit`")?;
        let fields = fields
            .entries
            .iter()
            .filter_map(|(key, value)| Some((key.name.as_str().into(), self.operand(value, FieldType::Any, scope)?)))
            .collect();
        Some(Emit { kind: key.name.as_str().into(), fields })
    }

    fn subjects(&mut self, entries: Entries<'_>, scope: &mut Scope) -> Vec<(Text, Operand)> {
        let Some(node) = entries.get("subjects") else {
            let named = |(slot, variable): (usize, &crate::model::Variable)| {
                let own = slot != Rule::NODE && variable.value.is_none() && !variable.local;
                own.then(|| (variable.name.clone(), Operand::Variable(slot)))
            };
            return scope.variables.iter().enumerate().filter_map(named).collect();
        };
        let Some(subjects) = self.map(node, "`subjects`") else {
            return Vec::new();
        };
        let mut found = Vec::new();
        for (key, value) in subjects.entries {
            let Some(operand) = self.operand(value, FieldType::Any, scope) else { continue };
            self.name_of(value, scope);
            found.push((key.name.as_str().into(), operand));
        }
        found
    }

    /// What `together` names are subjects.
    fn together(&mut self, entries: Entries<'_>, subjects: &[(Text, Operand)]) {
        let Some(node) = entries.get("together") else { return };
        for item in node.items() {
            let Some(name) = item.as_text().filter(|name| !subjects.iter().any(|(known, _)| **known == **name)) else {
                continue;
            };
            let help = suggest::help(name, "subjects of the rule", subjects.iter().map(|(name, _)| &**name));
            let message = format!("`{name}` is no subject of this rule");
            self.report(&codes::UNKNOWN_NAME, item.span.clone(), message, "no subject", help);
        }
    }

    fn collect(&mut self, node: &Node) -> BTreeMap<Text, Text> {
        let Some(entries) = self.map(node, "`collect`") else {
            return BTreeMap::new();
        };
        let mut collect = BTreeMap::new();
        for (key, value) in entries.entries {
            if key.name != "probe" && !self.vocabulary.knows_kind(&key.name) {
                let help = suggest::nearest(&key.name, self.vocabulary.kinds());
                let help = help.map(|name| format!("did you mean `{name}`?"));
                let help = help.or_else(|| Some("name the kind of fact that the command collects".to_owned()));
                let message = format!("there is no kind of fact `{}`", key.name);
                self.report(&codes::UNKNOWN_KIND, key.span.clone(), message, "unknown kind", help);
            }
            if let Some(command) = self.text(value, "a command") {
                collect.insert(key.name.as_str().into(), command);
            }
        }
        collect
    }
}

/// Whether a condition of `when` asks for everything that an exception asks for, written the same.
fn implies(asked: &Node, exception: &Node) -> bool {
    let one = |node: &Node| match &node.value {
        Yaml::Map(entries) => match entries.as_slice() {
            [(key, body)] => Some((key.name.clone(), body.entries().to_vec())),
            _ => None,
        },
        _ => None,
    };
    let (Some((kind, all)), Some((other, some))) = (one(asked), one(exception)) else { return false };
    kind == other
        && !KEYWORDS.contains(&kind.as_str())
        && !some.is_empty()
        && some
            .iter()
            .all(|(key, wanted)| all.iter().any(|(known, node)| known.name == key.name && alike(node, wanted)))
}

/// Whether two nodes hold the same. The depth is that of the YAML reader.
fn alike(a: &Node, b: &Node) -> bool {
    match (&a.value, &b.value) {
        (Yaml::List(a), Yaml::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(a, b)),
        (Yaml::Map(a), Yaml::Map(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|((k, a), (l, b))| k.name == l.name && alike(a, b))
        }
        (a, b) => a == b,
    }
}

/// Every word of a rule's texts: what they name cannot be told from what `when` would have bound.
fn template_names(entries: Entries<'_>) -> BTreeSet<String> {
    let texts = entries.entries.iter().filter_map(|(_, node)| node.as_text());
    let words = texts.flat_map(|text| text.split(|c: char| !c.is_alphanumeric() && c != '_'));
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// The variables that the scalars below a node name. The depth is that of the YAML reader.
fn variables_in(node: &Node) -> Vec<String> {
    match &node.value {
        Yaml::Text(text) => text.strip_prefix('$').map(str::to_owned).into_iter().collect(),
        Yaml::List(items) => items.iter().flat_map(variables_in).collect(),
        Yaml::Map(entries) => entries.iter().flat_map(|(_, value)| variables_in(value)).collect(),
        _ => Vec::new(),
    }
}
