//! A pack as pages that anybody can read: static HTML without scripts, one file a rule, working from a folder.

mod words;

use std::collections::BTreeMap;

use bundlescope_analysis::TestOutcome;
use bundlescope_facts::{EVENTS, FieldSpec, FieldType, KINDS, KindSpec};
use bundlescope_report::{plain, plain_line};
use bundlescope_rules::{Pack, Rule, Signature};
use minijinja::{Environment, context};
use serde::Serialize;

use self::words::Line;

const TEMPLATES: [(&str, &str); 5] = [
    ("base.html", include_str!("base.html")),
    ("index.html", include_str!("index.html")),
    ("rule.html", include_str!("rule.html")),
    ("signature.html", include_str!("signature.html")),
    ("facts.html", include_str!("facts.html")),
];

/// One file of the site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Path inside the site's folder.
    pub path: String,
    /// Its content.
    pub content: String,
}

/// The pages of a pack. The outcomes of its tests are the examples: what a rule really says of them. An error names a
/// page that cannot be made. Only files whose path is `wanted` get a page.
pub fn site(pack: &Pack, outcomes: &[TestOutcome], wanted: &dyn Fn(&str) -> bool) -> Result<Vec<Page>, String> {
    let mut environment = Environment::new();
    for (name, source) in TEMPLATES {
        environment.add_template(name, source).map_err(|error| error.to_string())?;
    }
    environment.add_filter("plain", |text: &str| plain(text));
    environment.add_filter("line", |text: &str| plain_line(text));
    let mut rules: Vec<&Rule> = pack.rules().iter().filter(|rule| wanted(&rule.path)).collect();
    rules.sort_by(|a, b| a.id.cmp(&b.id));
    let mut signatures: Vec<&Signature> =
        pack.signatures().iter().filter(|signature| wanted(&signature.path)).collect();
    signatures.sort_by(|a, b| a.id.cmp(&b.id));
    let mut pages = Vec::new();
    let mut add = |path: String, template: &str, context: minijinja::Value| -> Result<(), String> {
        let depth = path.matches('/').count();
        let context = context! { root => "../".repeat(depth), pack => pack.id(), ..context };
        let template = environment.get_template(template).map_err(|error| error.to_string())?;
        let content = template.render(context).map_err(|error| format!("{path}: {error:#}"))?;
        pages.push(Page { path, content });
        Ok(())
    };
    add("index.html".into(), "index.html", index(&rules, &signatures))?;
    for rule in &rules {
        add(format!("rules/{}.html", rule.id), "rule.html", rule_page(rule, outcomes))?;
    }
    for signature in &signatures {
        add(format!("signatures/{}.html", signature.id), "signature.html", signature_page(signature, outcomes))?;
    }
    let kinds: Vec<Kind> = KINDS.iter().map(|spec| kind(spec, false)).collect();
    let events: Vec<Kind> = EVENTS.iter().map(|spec| kind(spec, true)).collect();
    add(
        "facts.html".into(),
        "facts.html",
        context! { title => "Facts and events", kinds => served(&kinds), events => served(&events) },
    )?;
    // The same with the documents that state each kind, for those who read Markdown.
    pages.push(Page { path: "vocabulary.md".into(), content: bundlescope_analysis::vocabulary() });
    Ok(pages)
}

/// A value of ours for a template.
fn served(value: &impl Serialize) -> minijinja::Value {
    minijinja::Value::from(minijinja::value::Serde(value))
}

/// The folder in which a rule file lies.
fn area(path: &str) -> String {
    let mut parts = path.rsplit('/');
    parts.next();
    parts.next().unwrap_or("rules").to_owned()
}

#[derive(Serialize)]
struct Entry {
    id: String,
    title: String,
    severity: &'static str,
    status: &'static str,
    cause: String,
    role: &'static str,
}

fn entry(rule: &Rule) -> Entry {
    Entry {
        id: rule.id.to_string(),
        title: titled(rule),
        severity: rule.severity.word(),
        status: rule.status.word(),
        cause: rule.cause.to_string(),
        role: rule.role.word(),
    }
}

/// The title with its templates as names: `{{ c }}` is read as `c`.
fn titled(rule: &Rule) -> String {
    if rule.title.source.is_empty() {
        return rule.id.replace('-', " ");
    }
    rule.title.source.replace("{{ ", "‹").replace(" }}", "›")
}

fn index(rules: &[&Rule], signatures: &[&Signature]) -> minijinja::Value {
    let mut areas: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    let mut causes: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    let mut severities: BTreeMap<(bundlescope_rules::Severity, &str), Vec<Entry>> = BTreeMap::new();
    for rule in rules {
        areas.entry(area(&rule.path)).or_default().push(entry(rule));
        if rule.emit.is_none() {
            causes.entry(rule.cause.to_string()).or_default().push(entry(rule));
            severities.entry((rule.severity, rule.severity.word())).or_default().push(entry(rule));
        }
    }
    let areas: Vec<(String, Vec<Entry>)> = areas.into_iter().collect();
    let causes: Vec<(String, Vec<Entry>)> = causes.into_iter().collect();
    let severities: Vec<(&str, Vec<Entry>)> = severities.into_iter().map(|((_, word), rules)| (word, rules)).collect();
    let signatures: Vec<_> = signatures
        .iter()
        .map(|signature| {
            context! { id => &*signature.id, title => &*signature.title, event => &*signature.event }
        })
        .collect();
    context! {
        title => "Rules",
        areas => served(&areas),
        causes => served(&causes),
        severities => served(&severities),
        signatures,
    }
}

fn rule_page(rule: &Rule, outcomes: &[TestOutcome]) -> minijinja::Value {
    let listed = |conditions: &[bundlescope_rules::Condition]| {
        let mut lines: Vec<Line> = Vec::new();
        conditions.iter().for_each(|condition| words::condition(rule, condition, 0, &mut lines));
        served(&lines)
    };
    let fix: Vec<_> = rule
        .fix
        .iter()
        .map(|step| {
            context! {
                say => &*step.say.source,
                run => step.run.as_ref().map(|run| run.source.to_string()),
                proved => step.proves.is_some(),
                risk => step.risk.as_ref().map(ToString::to_string),
            }
        })
        .collect();
    let own = |outcome: &&TestOutcome| outcome.rule == rule.id && outcome.skipped.is_none() && !outcome.failed();
    let example = outcomes.iter().filter(own).find(|outcome| outcome.actual.fires > 0).and_then(|outcome| {
        let test = rule.tests.get(outcome.position)?;
        let files: Vec<(String, String)> =
            test.files.iter().map(|(path, text)| (path.to_string(), text.to_string())).collect();
        Some(context! {
            name => &*outcome.test,
            bundle => test.bundle.as_ref().map(ToString::to_string),
            files,
            titles => outcome.actual.titles.clone(),
            messages => outcome.actual.messages.clone(),
            evidence => outcome.actual.evidence.clone(),
            commands => outcome.actual.commands.clone(),
        })
    });
    let silent = outcomes.iter().filter(own).filter(|outcome| outcome.actual.fires == 0);
    let silent: Vec<String> = silent.map(|outcome| outcome.test.to_string()).collect();
    let parameters: Vec<(String, String)> = rule
        .variables
        .iter()
        .filter_map(|variable| Some((variable.name.to_string(), variable.value.as_ref()?.to_string())))
        .collect();
    let collect: Vec<(String, String)> =
        rule.collect.iter().map(|(kind, command)| (kind.to_string(), command.to_string())).collect();
    context! {
        title => titled(rule),
        rule => served(&entry(rule)),
        confidence => rule.confidence.word(),
        area => area(&rule.path),
        about => rule.about.trim(),
        references => rule.references.iter().map(ToString::to_string).collect::<Vec<_>>(),
        when => listed(&rule.when),
        unless => listed(&rule.unless),
        filters => rule.filters.iter().map(|filter| filter.source.to_string()).collect::<Vec<_>>(),
        emit => rule.emit.as_ref().map(|emit| emit.kind.to_string()),
        explains => rule.explains.iter().map(ToString::to_string).collect::<Vec<_>>(),
        supersedes => rule.supersedes.iter().map(ToString::to_string).collect::<Vec<_>>(),
        message => &*rule.message.source,
        customer => rule.customer.as_ref().map(|customer| customer.source.to_string()),
        fix, parameters, collect, example, silent,
    }
}

fn signature_page(signature: &Signature, outcomes: &[TestOutcome]) -> minijinja::Value {
    let patterns: Vec<_> = signature
        .patterns
        .iter()
        .map(|pattern| {
            let fields: Vec<String> = pattern.fields.iter().map(|(name, value)| format!("{name}: {value}")).collect();
            context! { regex => &*pattern.regex, fields }
        })
        .collect();
    let samples: Vec<_> = signature
        .tests
        .iter()
        .enumerate()
        .filter_map(|(position, test)| {
            let outcome =
                outcomes.iter().find(|outcome| outcome.rule == signature.id && outcome.position == position)?;
            let events: Vec<String> = outcome
                .actual
                .events
                .iter()
                .map(|event| {
                    let fields = event.iter().filter(|(name, _)| !crate::update::NOT_OWN.contains(&&***name));
                    fields.map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join(", ")
                })
                .collect();
            Some(context! { name => &*test.name, log => &*test.log, events })
        })
        .collect();
    let texts = |list: &[bundlescope_facts::Text]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
    let fields: Vec<String> = signature.fields.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    context! {
        title => &*signature.title,
        id => &*signature.id,
        event => &*signature.event,
        documented => EVENTS.iter().any(|spec| *spec.name == *signature.event),
        status => signature.status.word(),
        about => signature.about.trim(),
        documents => texts(&signature.documents),
        containers => texts(&signature.containers),
        fields, patterns, samples,
    }
}

#[derive(Serialize)]
struct Kind {
    name: &'static str,
    event: bool,
    doc: String,
    fields: Vec<(&'static str, String, String)>,
}

fn kind(spec: &KindSpec, event: bool) -> Kind {
    let text = |lines: &[&str]| lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ");
    let field = |field: &FieldSpec| (field.name, of_type(field.ty), text(field.doc));
    Kind { name: spec.name, event, doc: text(spec.doc), fields: spec.fields.iter().map(field).collect() }
}

fn of_type(ty: FieldType) -> String {
    match ty {
        FieldType::Text => "text".into(),
        FieldType::Integer => "whole number".into(),
        FieldType::Float => "number".into(),
        FieldType::Bool => "true or false".into(),
        FieldType::Address => "address".into(),
        FieldType::Network => "network".into(),
        FieldType::Time => "time".into(),
        FieldType::Word(words) => words.join(" | "),
        // Types are declared in the program and nest a few levels.
        FieldType::List(inner) => format!("list of {}", of_type(*inner)),
        FieldType::Map(inner) => format!("map of {}", of_type(*inner)),
        FieldType::Record(fields) => {
            let names: Vec<&str> = fields.iter().map(|field| field.name).collect();
            format!("record of {}", names.join(", "))
        }
        FieldType::Any => "anything".into(),
    }
}
