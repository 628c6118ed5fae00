//! Hand-made facts, and a prober that answers from a table.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::collections::BTreeMap;

use bundlescope_engine::{Coverage, Evaluation, ProbeAnswer, ProbeQuestion, Prober, Simulated, World, evaluate};
use bundlescope_facts::{Container, Fact, Listener, Occurrences, Source, Text, Value};
use bundlescope_rules::{Pack, RuleFile};

/// Answers by `from to:port`; `after` knows what each command changes.
#[derive(Default)]
pub(crate) struct Table {
    pub(crate) answers: BTreeMap<String, ProbeAnswer>,
    pub(crate) after: BTreeMap<String, BTreeMap<String, ProbeAnswer>>,
}

impl Prober for Table {
    fn probe(&self, question: &ProbeQuestion) -> ProbeAnswer {
        let key = format!("{} {}:{}", question.from, question.to, question.port);
        let unknown = || ProbeAnswer {
            verdict: "unknown".into(),
            missing: vec![("iptables-save".into(), "iptables-save -c".into())],
            ..ProbeAnswer::default()
        };
        let answer = self.answers.get(&key).cloned().unwrap_or_else(unknown);
        ProbeAnswer { question: question.clone(), ..answer }
    }

    fn after<'a>(&'a self, _: &str, command: &str) -> Result<Simulated<'a>, String> {
        match self.after.get(command) {
            Some(answers) => Ok(Box::new(Table { answers: answers.clone(), after: BTreeMap::new() })),
            None => Err(format!("cannot simulate `{command}`")),
        }
    }
}

pub(crate) fn map<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::Map(entries.into_iter().map(|(key, value)| (Text::from(key), value)).collect())
}

pub(crate) fn verdict(verdict: &str) -> ProbeAnswer {
    ProbeAnswer { verdict: verdict.into(), value: map([("verdict", verdict.into())]), ..ProbeAnswer::default() }
}

pub(crate) fn on(node: &str, mut fact: Fact) -> Fact {
    fact.node = node.into();
    fact
}

pub(crate) fn container(name: &str, running: bool) -> Fact {
    let container = Container { name: name.into(), running, ..Container::default() };
    Fact::new(Source::lines(format!("{name}.json"), 1, 9), container)
}

pub(crate) fn listener(port: u16, address: &str, line: u32) -> Fact {
    let listener = Listener { port, address: address.parse().ok(), ..Listener::default() };
    Fact::new(Source::lines("netstat.txt", line, line), listener)
}

pub(crate) fn failure(container: &str, host: &str, port: i64, line: u32) -> Fact {
    let fields = [
        ("container", Value::from(container)),
        ("host", host.into()),
        ("port", Value::Int(port)),
        ("error", "timed_out".into()),
        ("ongoing", true.into()),
    ];
    let fields = fields.into_iter().map(|(name, value)| (Text::from(name), value)).collect();
    let mut fact =
        Fact::dynamic(Source::lines(format!("logs/{container}.log"), line, line), "connection_failure", fields);
    fact.occurrences = Some(Occurrences { count: 7, first: None, last: None, last_line: line + 10 });
    fact
}

/// A pack of these texts, which must be without errors.
pub(crate) fn pack(texts: &[&str]) -> Pack {
    let files =
        texts.iter().enumerate().map(|(n, text)| RuleFile { path: format!("rules/{n}.yaml"), text: (*text).into() });
    let (pack, diagnostics) = Pack::load(files.collect());
    let errors = diagnostics.iter().filter(|diagnostic| !diagnostic.code.warning);
    let drawn: Vec<String> = errors.map(|diagnostic| diagnostic.render()).collect();
    assert!(drawn.is_empty(), "{}", drawn.join("\n"));
    pack
}

pub(crate) fn run(texts: &[&str], facts: &[Fact], prober: &dyn Prober) -> Evaluation {
    run_with(texts, facts, prober, &Coverage::default())
}

pub(crate) fn run_with(texts: &[&str], facts: &[Fact], prober: &dyn Prober, coverage: &Coverage) -> Evaluation {
    evaluate(&pack(texts), &World { facts, prober, coverage, now: "2026-11-21T12:00:00Z".parse().ok() })
}

/// Everything that matters of an evaluation, as text.
pub(crate) fn shown(evaluation: &Evaluation) -> String {
    let mut out = String::new();
    for finding in &evaluation.findings {
        let subjects: Vec<String> = finding.subjects.iter().map(|(name, value)| format!("{name}={value}")).collect();
        out += &format!(
            "{} @{} [{}]\n  {} | {}\n",
            finding.id,
            finding.node,
            subjects.join(" "),
            finding.title,
            finding.message
        );
        for evidence in &finding.evidence {
            out += &format!("  {}:{} {} x{}\n", evidence.document, evidence.line, evidence.label, evidence.count);
        }
        for fix in &finding.fix {
            out += &format!("  fix: {} -> {:?} proved={}\n", fix.say, fix.run, fix.proved);
        }
        if !finding.explains.is_empty() {
            out += &format!("  explains {}\n", finding.explains.join(", "));
        }
    }
    for undecided in &evaluation.undecided {
        let missing: Vec<String> = undecided.missing.iter().map(|m| format!("{}: {}", m.kind, m.collect)).collect();
        out += &format!("? {} because {:?} missing [{}]\n", undecided.rule, undecided.because, missing.join(", "));
    }
    out += &format!("clear {:?}\n", evaluation.clear);
    for problem in &evaluation.problems {
        out += &format!("! {} {}\n", problem.document, problem.message);
    }
    out
}

/// A rule with these conditions and a message.
pub(crate) fn rule(id: &str, body: &str) -> String {
    let head = if body.contains("\nmessage:") || body.starts_with("message:") { "" } else { "message: m\n" };
    format!("id: {id}\ntitle: t\nseverity: high\n{head}{body}\n")
}
