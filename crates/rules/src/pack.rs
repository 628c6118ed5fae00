//! Rule packs: sets of rule files that are loaded together.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use bundlescope_facts::{Text, Value};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::check::{Checker, outline, rule, signature};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::model::{Rule, Signature};
use crate::order;
use crate::template::{Purpose, environment};
use crate::vocabulary::Vocabulary;
use crate::yaml::{self, Node, Yaml};

/// One rule file, as read.
#[derive(Debug, Clone)]
pub struct RuleFile {
    /// Path for messages, relative to its pack.
    pub path: String,
    /// Content.
    pub text: String,
}

/// A named set of rule files.
#[derive(Debug, Clone)]
pub struct RuleSource {
    /// Name of the pack, such as `core`.
    pub name: String,
    /// Version of the pack; may be empty.
    pub version: String,
    /// Its files; the order does not matter.
    pub files: Vec<RuleFile>,
}

impl RuleSource {
    /// Name and version, as the pack's own `pack.yaml` tells them.
    fn manifest(&self) -> (String, String) {
        let file = self.files.iter().find(|file| is_manifest(&file.path));
        let tree = file.and_then(|file| yaml::parse(&file.text).0);
        let text = |name: &str| match tree.as_ref().map(|tree| &tree.value) {
            Some(Yaml::Map(entries)) => {
                entries.iter().find(|(key, _)| key.name == name).and_then(|(_, node)| match &node.value {
                    Yaml::Text(text) => Some(text.clone()),
                    _ => None,
                })
            }
            _ => None,
        };
        (text("name").unwrap_or_else(|| self.name.clone()), text("version").unwrap_or_else(|| self.version.clone()))
    }

    /// Name, version and the first digits of a hash of the content: `core 0.1.0 (1f3a0b2c)`.
    pub fn identity(&self) -> String {
        let mut files: Vec<&RuleFile> = self.files.iter().collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let mut hash = Sha256::new();
        for file in files {
            for part in [&file.path, &file.text] {
                hash.update((part.len() as u64).to_le_bytes());
                hash.update(part.as_bytes());
            }
        }
        let mut digits = String::new();
        for byte in hash.finalize().iter().take(4) {
            // Writing to a String cannot fail.
            let _ = write!(digits, "{byte:02x}");
        }
        let (name, version) = self.manifest();
        let version = if version.is_empty() { version } else { format!(" {version}") };
        format!("{name}{version} ({digits})")
    }
}

/// The file that names a pack holds no rule.
fn is_manifest(path: &str) -> bool {
    path.rsplit('/').next() == Some("pack.yaml")
}

/// Checked rules and signatures, ready to be evaluated.
#[derive(Debug, Clone, Default)]
pub struct Pack {
    id: String,
    rules: Vec<Rule>,
    signatures: Vec<Signature>,
}

impl Pack {
    /// Loads one set of files. Rules without mistakes are usable even when others have some.
    pub fn load(files: Vec<RuleFile>) -> (Self, Vec<Diagnostic>) {
        Self::load_sources(&[RuleSource { name: "rules".into(), version: String::new(), files }])
    }

    /// Loads several packs. A rule of a later one replaces that of the same id of an earlier one.
    pub fn load_sources(sources: &[RuleSource]) -> (Self, Vec<Diagnostic>) {
        let mut diagnostics = Vec::new();
        let mut vocabulary = Vocabulary::default();
        let mut trees: Vec<(usize, Arc<str>, Arc<str>, Node)> = Vec::new();
        for (source, pack) in sources.iter().enumerate() {
            let mut files: Vec<&RuleFile> = pack.files.iter().filter(|file| !is_manifest(&file.path)).collect();
            files.sort_by(|a, b| a.path.cmp(&b.path));
            // Reading YAML is nearly all of the work, and files do not depend on each other.
            let parsed: Vec<_> = files.par_iter().map(|file| yaml::parse(&file.text)).collect();
            for (file, (tree, mistakes)) in files.into_iter().zip(parsed) {
                let (path, text): (Arc<str>, Arc<str>) = (file.path.as_str().into(), file.text.as_str().into());
                diagnostics.extend(mistakes.into_iter().map(|mistake| Diagnostic {
                    code: if mistake.duplicate { &codes::DUPLICATE_KEY } else { &codes::SYNTAX },
                    path: path.clone(),
                    label: if mistake.duplicate { "stands here again".into() } else { "here".into() },
                    span: mistake.span,
                    message: mistake.message,
                    help: mistake.help.map(str::to_owned),
                    text: text.clone(),
                }));
                if let Some(tree) = tree {
                    outline(&tree, &mut vocabulary);
                    trees.push((source, path, text, tree));
                }
            }
        }
        let mut rules: BTreeMap<Text, Rule> = BTreeMap::new();
        let mut signatures: BTreeMap<Text, Signature> = BTreeMap::new();
        // Rules and signatures have ids of their own, because nothing names a signature.
        let mut seen: BTreeMap<(usize, bool, Text), Arc<str>> = BTreeMap::new();
        let environment = environment(Purpose::Text);
        for (source, path, text, tree) in &trees {
            let mut checker = Checker::new(path.clone(), text.clone(), &vocabulary, &environment);
            if let Some(entries) = checker.map(tree, "a rule file") {
                let is_signature = entries.get("signature").is_some();
                if let Some(node) = entries.get("id")
                    && let Some(id) = checker.text(node, "`id`")
                {
                    if let Some(other) = seen.get(&(*source, is_signature, id.clone())) {
                        let help = Some(format!("the other one is {other}"));
                        let message = format!("the id `{id}` stands in two files");
                        checker.report(&codes::DUPLICATE_ID, node.span.clone(), message, "already taken", help);
                    } else {
                        seen.insert((*source, is_signature, id), path.clone());
                    }
                }
                if is_signature {
                    if let Some(signature) = signature(&mut checker, entries) {
                        signatures.insert(signature.id.clone(), signature);
                    }
                } else if let Some(rule) = rule(&mut checker, entries) {
                    rules.insert(rule.id.clone(), rule);
                }
            }
            diagnostics.append(&mut checker.diagnostics);
        }
        let rules: Vec<Rule> = rules.into_values().collect();
        let texts: BTreeMap<Arc<str>, Arc<str>> = trees.into_iter().map(|(_, path, text, _)| (path, text)).collect();
        let (rules, cycles) = order::stratified(rules, &texts);
        diagnostics.extend(cycles);
        diagnostics.sort_by(|a, b| {
            let key = |d: &Diagnostic| (d.path.clone(), d.span.start, d.code.id, d.message.clone());
            key(a).cmp(&key(b))
        });
        let id = sources.iter().map(RuleSource::identity).collect::<Vec<_>>().join(", ");
        (Self { id, rules, signatures: signatures.into_values().collect() }, diagnostics)
    }

    /// Identity of the packs: names, versions and content hashes.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The rules, in an order in which those that emit facts precede those that use them.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The rule of that id.
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| &*rule.id == id)
    }

    /// The signatures, by id.
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// Keeps the rules of these ids only.
    pub fn retain(&mut self, ids: &BTreeSet<Text>) {
        self.rules.retain(|rule| ids.contains(&rule.id));
    }

    /// Gives a parameter of a rule another value; false when the rule has no such parameter.
    pub fn set_parameter(&mut self, rule: &str, name: &str, value: Value) -> bool {
        let rule = self.rules.iter_mut().find(|known| &*known.id == rule);
        let variables = rule.into_iter().flat_map(|rule| rule.variables.iter_mut());
        for variable in variables {
            if &*variable.name == name && variable.value.is_some() {
                variable.value = Some(value);
                return true;
            }
        }
        false
    }
}
