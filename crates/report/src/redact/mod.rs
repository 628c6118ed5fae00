//! Masks what looks like a password, a token or a private key, so that a report can be passed on.
//!
//! Reports show excerpts of a customer's files, and those hold environments, command lines and URLs. Each secret becomes
//! `[masked 1]`, `[masked 2]`, …: the same value has the same number everywhere in one report, so that "both containers use
//! one password" stays visible. The number is the order of first appearance and not a hash, since a short hash of a weak
//! password is enough to guess it. Addresses, names and ports stay: they are the evidence.

mod find;

use std::collections::BTreeMap;

use bundlescope_engine::{BundleDiff, Diagnosis, Evidence, Finding, Fix};
use bundlescope_facts::{Text, Value};

/// Masks the secrets of one report.
#[derive(Debug, Default)]
pub struct Redactor {
    numbers: BTreeMap<String, usize>,
    across: find::Across,
}

impl Redactor {
    /// The text with its secrets masked; lines are taken one after the other, so that the body of a private key is
    /// recognised by the line that begins it.
    ///
    /// ```
    /// use bundlescope_report::Redactor;
    ///
    /// let mut redactor = Redactor::default();
    /// assert_eq!(redactor.mask("POSTGRES_PASSWORD=hunter2x"), "POSTGRES_PASSWORD=[masked 1]");
    /// assert_eq!(redactor.mask("psql postgres://app:hunter2x@10.0.0.5/app"), "psql postgres://app:[masked 1]@10.0.0.5/app");
    /// assert_eq!(redactor.mask("password authentication failed for user \"app\""),
    ///     "password authentication failed for user \"app\"");
    /// assert_eq!(redactor.count(), 1);
    /// ```
    pub fn mask(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for (index, line) in text.split('\n').enumerate() {
            if index > 0 {
                out.push('\n');
            }
            self.line(line, &mut out);
        }
        self.across = find::Across::default();
        out
    }

    /// Number of different secrets that were masked.
    pub fn count(&self) -> u64 {
        self.numbers.len() as u64
    }

    fn line(&mut self, line: &str, out: &mut String) {
        let mut from = 0;
        for span in find::secrets(line, &mut self.across) {
            let (Some(before), Some(secret)) = (line.get(from..span.start), line.get(span.clone())) else { continue };
            out.push_str(before);
            out.push_str(&self.token(secret));
            from = span.end;
        }
        out.push_str(line.get(from..).unwrap_or_default());
    }

    /// What stands for a secret, the same wherever it stands.
    fn token(&mut self, secret: &str) -> String {
        let next = self.numbers.len() + 1;
        let number = *self.numbers.entry(secret.to_owned()).or_insert(next);
        format!("[masked {number}]")
    }

    fn string(&mut self, text: &mut String) {
        *text = self.mask(text);
    }

    fn text(&mut self, text: &mut Text) {
        let masked = self.mask(text);
        if *masked != **text {
            *text = masked.into();
        }
    }

    /// A value of a field with its secrets masked; `name` is the field's, which may tell that the value is one.
    pub fn value(&mut self, name: &str, value: &mut Value) {
        match value {
            Value::Text(text) if find::names_a_secret(name) && find::is_secret(text) => {
                *text = self.token(text).into();
            }
            Value::Text(text) => self.text(text),
            Value::List(values) => {
                let mut behind = false;
                for value in values {
                    let option = value.as_text().is_some_and(find::is_option);
                    // `["--token", "x"]`: the option says what its value is.
                    self.value(if std::mem::replace(&mut behind, option) { "password" } else { name }, value);
                }
            }
            Value::Map(map) => {
                // `{name: DB_PASSWORD, value: x}`: one member names what the other holds.
                let named = map.get("name").and_then(Value::as_text).is_some_and(find::names_a_secret);
                map.iter_mut().for_each(|(name, value)| {
                    self.value(if named && &**name == "value" { "password" } else { name }, value);
                });
            }
            _ => {}
        }
    }

    /// A JSON value with the secrets in its texts masked. It recurses: nothing that nests as deep as a bundle wants may be
    /// given to it.
    pub fn json(&mut self, value: serde_json::Value) -> serde_json::Value {
        self.member("", value)
    }

    fn member(&mut self, name: &str, value: serde_json::Value) -> serde_json::Value {
        use serde_json::Value as Json;
        match value {
            Json::String(text) => {
                let mut value = Value::Text(text.into());
                self.value(name, &mut value);
                serde_json::to_value(&value).unwrap_or_default()
            }
            Json::Array(items) => {
                let mut behind = false;
                let item = |item: Json| {
                    let option = item.as_str().is_some_and(find::is_option);
                    self.member(if std::mem::replace(&mut behind, option) { "password" } else { name }, item)
                };
                items.into_iter().map(item).collect()
            }
            Json::Object(map) => {
                let named = map.get("name").and_then(Json::as_str).is_some_and(find::names_a_secret);
                let member = |(name, value): (String, Json)| {
                    let value = self.member(if named && name == "value" { "password" } else { &name }, value);
                    (name, value)
                };
                map.into_iter().map(member).collect()
            }
            other => other,
        }
    }

    /// Masks the secrets in everything that comes from the bundle's texts, and counts them in the header.
    pub fn diagnosis(&mut self, diagnosis: &mut Diagnosis) {
        diagnosis.findings.iter_mut().for_each(|finding| self.finding(finding));
        diagnosis.suppressed.iter_mut().for_each(|one| self.finding(&mut one.finding));
        for undecided in &mut diagnosis.undecided {
            self.string(&mut undecided.because);
            undecided.missing.iter_mut().filter_map(|missing| missing.why.as_mut()).for_each(|why| self.string(why));
        }
        for one in &mut diagnosis.not_applicable {
            self.string(&mut one.because);
        }
        for problem in &mut diagnosis.problems {
            self.string(&mut problem.message);
        }
        for moment in &mut diagnosis.timeline.moments {
            self.text(&mut moment.text);
        }
        for one in &mut diagnosis.unexplained {
            for text in [&mut one.template, &mut one.example, &mut one.signature] {
                self.string(text);
            }
        }
        diagnosis.bundle.limits.iter_mut().for_each(|limit| self.string(limit));
        diagnosis.bundle.masked = self.count();
    }

    /// Masks the secrets in a comparison of two bundles.
    pub fn diff(&mut self, diff: &mut BundleDiff) {
        diff.findings.iter_mut().for_each(|diff| self.finding(&mut diff.finding));
        for change in &mut diff.changes {
            self.string(&mut change.what);
            for field in &mut change.fields {
                // The last part of `env.DB_PASSWORD` names what is in it.
                let name = field.field.rsplit('.').next().unwrap_or_default().to_owned();
                for text in [&mut field.old, &mut field.new] {
                    let mut value = Value::Text(text.as_str().into());
                    self.value(&name, &mut value);
                    *text = value.to_string();
                }
            }
        }
    }

    fn finding(&mut self, finding: &mut Finding) {
        for text in [&mut finding.title, &mut finding.message, &mut finding.customer] {
            self.string(text);
        }
        for (name, value) in &mut finding.subjects {
            self.value(name, value);
        }
        finding.evidence.iter_mut().for_each(|evidence| self.evidence(evidence));
        finding.fix.iter_mut().for_each(|fix| self.fix(fix));
        for probe in &mut finding.probes {
            let answer = &mut probe.answer;
            answer.path.iter_mut().chain(&mut answer.assumed).for_each(|text| self.string(text));
            self.value("", &mut answer.value);
        }
    }

    fn evidence(&mut self, evidence: &mut Evidence) {
        self.string(&mut evidence.excerpt);
        if let Some(context) = &mut evidence.context {
            context.lines.iter_mut().for_each(|line| {
                let mut masked = String::new();
                self.line(line, &mut masked);
                *line = masked.into();
            });
            self.across = find::Across::default();
        }
        evidence.sought.iter_mut().for_each(|text| self.text(text));
    }

    fn fix(&mut self, fix: &mut Fix) {
        self.string(&mut fix.say);
        for text in [&mut fix.run, &mut fix.reason].into_iter().flatten() {
            self.string(text);
        }
    }
}
