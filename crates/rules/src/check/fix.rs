//! Remedies and their proofs.

use super::scope::Scope;
use super::texts::Names;
use super::{Checker, Entries};
use crate::codes;
use crate::keys;
use crate::model::{Condition, FixStep, Operand, Pattern, ProbePattern, Test};
use crate::yaml::{Node, Yaml};

impl Checker<'_> {
    pub(crate) fn fix(&mut self, node: &Node, scope: &mut Scope, names: &Names) -> Vec<FixStep> {
        let Some(items) = self.list(node, "`fix`") else {
            return Vec::new();
        };
        items.iter().filter_map(|item| self.step(item, scope, names)).collect()
    }

    fn step(&mut self, node: &Node, scope: &mut Scope, names: &Names) -> Option<FixStep> {
        let entries = self.map(node, "a step of `fix`")?;
        self.known_keys(entries, "a step of `fix`", keys::STEP);
        let say = match entries.get("say") {
            Some(say) => self.named_template(say, "`say`", names),
            None if self.misspelt(entries, "say", keys::STEP) => None,
            None => {
                self.missing_key(entries.span, "a step of `fix`", "say", "say in a sentence what to do");
                None
            }
        };
        let run = entries.get("run").and_then(|run| self.named_template(run, "`run`", names));
        let risk = entries.get("risk").and_then(|risk| {
            self.no_template(risk, "`risk`");
            self.text(risk, "`risk`")
        });
        let mut proves = None;
        if let Some(node) = entries.get("proves") {
            if entries.get("run").is_none() {
                let message = "`proves` without `run`: there is no command to simulate";
                let help = Some("add the command with `run:`".to_owned());
                self.report(&codes::BAD_FIX, node.span.clone(), message, "proves nothing", help);
            }
            if let Some((key, body)) = self.single(node, "`proves`") {
                if key.name == "probe" {
                    proves = self.probe(key, body, scope);
                    if proves.as_ref().is_some_and(|probe| probe.fields.is_empty()) && body.get("verdict").is_none() {
                        let message = "the probe asks for no verdict, so it proves nothing";
                        let help = Some("add `verdict: delivered`".to_owned());
                        self.report(&codes::BAD_FIX, key.span.clone(), message, "no verdict", help);
                    }
                } else {
                    let help = Some("write `proves: { probe: { … } }`".to_owned());
                    let message = "only a probe can prove a remedy";
                    self.report(&codes::BAD_FIX, key.span.clone(), message, "not a probe", help);
                }
            }
        }
        Some(FixStep { say: say?, run, proves, risk })
    }

    /// Tells of a proof that asks for what a probe of `when` has found already: it proves that nothing changes.
    pub(crate) fn proofs(&mut self, entries: Entries<'_>, when: &[Condition], fix: &[FixStep]) {
        let Some(Node { value: Yaml::List(items), .. }) = entries.get("fix") else { return };
        for step in fix {
            let Some(proof) = &step.proves else { continue };
            let asked = when.iter().filter_map(|condition| match &condition.pattern {
                Pattern::Probe(probe) => Some(probe),
                _ => None,
            });
            let question = |probe: &ProbePattern| format!("{:?}", (&probe.from, &probe.to, &probe.proto, &probe.port));
            let so = |probe: &ProbePattern| verdicts(probe).unwrap_or_default();
            let same = |probe: &&ProbePattern| {
                question(probe) == question(proof)
                    && !so(proof).is_empty()
                    && so(proof).iter().all(|verdict| so(probe).contains(verdict))
            };
            if !asked.into_iter().any(|probe| same(&probe)) {
                continue;
            }
            // The step whose text this is.
            let own = items.iter().filter_map(|item| value_at(item, &["proves", "probe", "verdict"]));
            let words = so(proof);
            let place = own.into_iter().find(|node| match &node.value {
                Yaml::Text(text) => words.iter().any(|word| word == text),
                Yaml::List(items) => items.len() == words.len(),
                _ => false,
            });
            let Some(span) = place.map(|node| node.span.clone()) else { continue };
            let message = "the connection is so already, before the command";
            let help = Some("ask for what the remedy is to bring about: `verdict: delivered`".to_owned());
            self.report(&codes::BAD_FIX, span, message, "proves that nothing changes", help);
        }
    }
}

/// The verdicts that a probe allows, when it names them.
fn verdicts(probe: &ProbePattern) -> Option<Vec<String>> {
    let condition = probe.fields.iter().find(|condition| &*condition.path == "verdict")?;
    let text = |operand: &Operand| match operand {
        Operand::Value(value) => Some(value.to_string()),
        _ => None,
    };
    match &condition.test {
        Test::Is(operand) => Some(vec![text(operand)?]),
        Test::AnyOf(operands) => operands.iter().map(text).collect(),
        _ => None,
    }
}

fn value_at<'n>(node: &'n Node, path: &[&str]) -> Option<&'n Node> {
    path.iter().try_fold(node, |node, name| match &node.value {
        Yaml::Map(entries) => entries.iter().find(|(key, _)| key.name == *name).map(|(_, value)| value),
        _ => None,
    })
}
