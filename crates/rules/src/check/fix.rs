//! Remedies and their proofs.

use super::Checker;
use super::rule::Names;
use super::scope::Scope;
use crate::codes;
use crate::model::FixStep;
use crate::yaml::Node;

impl Checker<'_> {
    pub(crate) fn fix(&mut self, node: &Node, scope: &mut Scope, names: &Names) -> Vec<FixStep> {
        let Some(items) = self.list(node, "`fix`") else {
            return Vec::new();
        };
        items.iter().filter_map(|item| self.step(item, scope, names)).collect()
    }

    fn step(&mut self, node: &Node, scope: &mut Scope, names: &Names) -> Option<FixStep> {
        let entries = self.map(node, "a step of `fix`")?;
        self.known_keys(entries, "a step of `fix`", &["say", "run", "proves", "risk"]);
        let say = match entries.get("say") {
            Some(say) => self.named_template(say, "`say`", names),
            None => {
                self.missing_key(entries.span, "a step of `fix`", "say", "say in a sentence what to do");
                None
            }
        };
        let run = entries.get("run").and_then(|run| self.named_template(run, "`run`", names));
        let risk = entries.get("risk").and_then(|risk| self.text(risk, "`risk`"));
        let mut proves = None;
        if let Some(node) = entries.get("proves") {
            if entries.get("run").is_none() {
                let message = "`proves` without `run`: there is no command to simulate";
                self.report(&codes::BAD_FIX, node.span.clone(), message, "proves nothing", None);
            }
            if let Some((key, body)) = self.single(node, "`proves`") {
                if key.name == "probe" {
                    proves = self.probe(key, body, scope);
                    if proves.as_ref().is_some_and(|probe| probe.fields.is_empty()) {
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
}
