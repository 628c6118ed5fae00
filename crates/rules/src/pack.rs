//! Rule packs: sets of rule files that are loaded together.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::ops::Range;
use std::sync::Arc;
use std::time::SystemTime;

use bundlescope_facts::{Text, Value};
use jiff::Timestamp;
use minijinja::Environment;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::check::{Checker, Manifest, manifest, outline, rule, signature, site};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::model::{Domain, Rule, RuleTest, Signature, Status};
use crate::order;
use crate::site::Site;
use crate::suggest;
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
        let told = file.map(|file| read_manifest(file, &Vocabulary::default()).0).unwrap_or_default();
        (told.name.unwrap_or_else(|| self.name.clone()), told.version.unwrap_or_else(|| self.version.clone()))
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

/// What the manifest says, and what is wrong in it.
fn read_manifest(file: &RuleFile, vocabulary: &Vocabulary) -> (Manifest, Vec<Diagnostic>) {
    let (tree, mut diagnostics) = tree_of(file);
    let environment = environment(Purpose::Text);
    let mut checker = Checker::new(file.path.as_str().into(), file.text.as_str().into(), vocabulary, &environment);
    let told = tree.map(|tree| manifest(&mut checker, &tree, env!("CARGO_PKG_VERSION"))).unwrap_or_default();
    diagnostics.append(&mut checker.diagnostics);
    (told, diagnostics)
}

/// The tree of a file and the mistakes of its YAML.
fn tree_of(file: &RuleFile) -> (Option<Node>, Vec<Diagnostic>) {
    let (tree, mistakes) = yaml::parse(&file.text);
    if mistakes.is_empty() {
        return (tree, Vec::new());
    }
    let (path, text): (Arc<str>, Arc<str>) = (file.path.as_str().into(), file.text.as_str().into());
    let told = mistakes.into_iter().map(|mistake| Diagnostic {
        code: if mistake.duplicate { &codes::DUPLICATE_KEY } else { &codes::SYNTAX },
        path: path.clone(),
        label: if mistake.duplicate { "stands here again".into() } else { "here".into() },
        span: mistake.span,
        message: mistake.message,
        help: mistake.help,
        text: text.clone(),
    });
    (tree, told.collect())
}

/// A file that was read: the position of its pack, its path, its text, its tree.
type File = (usize, Arc<str>, Arc<str>, Node);

/// What one file holds.
enum Checked {
    Rule(Box<Rule>),
    Signature(Box<Signature>),
}

/// Checked rules and signatures, ready to be evaluated.
#[derive(Debug, Clone, Default)]
pub struct Pack {
    id: String,
    rules: Vec<Rule>,
    signatures: Vec<Signature>,
    site: Site,
    drafts: Vec<Text>,
    /// The rule files by path, for what is found out later.
    texts: BTreeMap<Text, Text>,
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
        let mut trees: Vec<File> = Vec::new();
        for (source, pack) in sources.iter().enumerate() {
            let mut files: Vec<&RuleFile> = pack.files.iter().filter(|file| !is_manifest(&file.path)).collect();
            files.sort_by(|a, b| a.path.cmp(&b.path));
            // Reading YAML is most of the work, and files do not depend on each other.
            let parsed: Vec<_> = files.par_iter().map(|file| tree_of(file)).collect();
            for (file, (tree, told)) in files.into_iter().zip(parsed) {
                diagnostics.extend(told);
                if let Some(tree) = tree {
                    outline(&tree, &mut vocabulary);
                    trees.push((source, file.path.as_str().into(), file.text.as_str().into(), tree));
                }
            }
        }
        // The domains of a pack may name events of its signatures, so that these are read first.
        let mut domains: Vec<Vec<Arc<Domain>>> = Vec::new();
        for pack in sources {
            let mut of_pack = Vec::new();
            for file in pack.files.iter().filter(|file| is_manifest(&file.path)) {
                let (manifest, told) = read_manifest(file, &vocabulary);
                diagnostics.extend(told);
                of_pack.extend(manifest.domains.into_iter().map(Arc::new));
            }
            domains.push(of_pack);
        }
        // Rules and signatures have ids of their own, because nothing names a signature.
        let mut seen: BTreeMap<(usize, bool, Text), Arc<str>> = BTreeMap::new();
        let mut taken: BTreeMap<usize, Arc<str>> = BTreeMap::new();
        for (at, (source, path, _, tree)) in trees.iter().enumerate() {
            let Some((is_signature, id)) = identity(tree) else { continue };
            match seen.entry((*source, is_signature, id)) {
                Entry::Occupied(other) => {
                    taken.insert(at, other.get().clone());
                }
                Entry::Vacant(free) => {
                    free.insert(path.clone());
                }
            }
        }
        let check = |environment: &mut Environment<'static>, (at, file): (usize, &File)| {
            let (_, path, text, tree) = file;
            let mut checker = Checker::new(path.clone(), text.clone(), &vocabulary, environment);
            let mut checked = None;
            if let Some(entries) = checker.map(tree, "a rule file") {
                if let Some(other) = taken.get(&at)
                    && let Some(node) = entries.get("id")
                {
                    let help = Some(format!("the other one is {other}"));
                    let message =
                        format!("the id `{}` stands in two files", checker.text(node, "`id`").unwrap_or_default());
                    checker.report(&codes::DUPLICATE_ID, node.span.clone(), message, "already taken", help);
                }
                checked = if entries.get("signature").is_some() {
                    signature(&mut checker, entries).map(Box::new).map(Checked::Signature)
                } else {
                    rule(&mut checker, entries).map(Box::new).map(Checked::Rule)
                };
            }
            (checked, checker.diagnostics)
        };
        let checked: Vec<_> =
            trees.par_iter().enumerate().map_init(|| environment(Purpose::Text), |e, file| check(e, file)).collect();
        let mut rules: BTreeMap<Text, Rule> = BTreeMap::new();
        let mut signatures: BTreeMap<Text, Signature> = BTreeMap::new();
        for ((checked, told), (source, path, ..)) in checked.into_iter().zip(&trees) {
            diagnostics.extend(told);
            match checked {
                Some(Checked::Rule(mut rule)) => {
                    rule.domain = domains.get(*source).into_iter().flatten().find(|domain| domain.has(path)).cloned();
                    rules.insert(rule.id.clone(), *rule);
                }
                Some(Checked::Signature(signature)) => drop(signatures.insert(signature.id.clone(), *signature)),
                None => {}
            }
        }
        let rules: Vec<Rule> = rules.into_values().collect();
        let texts: BTreeMap<Arc<str>, Arc<str>> = trees.into_iter().map(|(_, path, text, _)| (path, text)).collect();
        let (rules, cycles) = order::stratified(rules, &texts);
        diagnostics.extend(cycles);
        diagnostics.extend(order::circles(&rules, "explains", |rule| &rule.explains, &texts));
        diagnostics.extend(order::circles(&rules, "supersedes", |rule| &rule.supersedes, &texts));
        sort(&mut diagnostics);
        let id = sources.iter().map(RuleSource::identity).collect::<Vec<_>>().join(", ");
        let signatures: Vec<Signature> = signatures.into_values().collect();
        let kept: BTreeSet<&Text> =
            rules.iter().map(|rule| &rule.path).chain(signatures.iter().map(|s| &s.path)).collect();
        let texts = texts.into_iter().filter(|(path, _)| kept.contains(path)).collect();
        (Self { id, rules, signatures, site: Site::default(), drafts: Vec::new(), texts }, diagnostics)
    }

    /// Applies what a site changes: parameters, severities, suppressions. What it names must exist in the rules.
    pub fn apply_site(&mut self, file: &RuleFile) -> Vec<Diagnostic> {
        let (tree, mut diagnostics) = tree_of(file);
        let Some(tree) = tree else { return diagnostics };
        let (vocabulary, environment) = (Vocabulary::default(), environment(Purpose::Text));
        let mut checker = Checker::new(file.path.as_str().into(), file.text.as_str().into(), &vocabulary, &environment);
        let site = site(&mut checker, &tree, &self.rules);
        diagnostics.append(&mut checker.diagnostics);
        sort(&mut diagnostics);
        for rule in &mut self.rules {
            let Some(other) = site.rules.get(&rule.id) else { continue };
            rule.severity = other.severity.unwrap_or(rule.severity);
            rule.confidence = other.confidence.unwrap_or(rule.confidence);
            for variable in rule.variables.iter_mut().filter(|variable| variable.value.is_some()) {
                variable.value = other.params.get(&variable.name).cloned().or(variable.value.take());
            }
        }
        let enabled = |rule: &Rule| site.rules.get(&rule.id).and_then(|other| other.enabled) != Some(false);
        self.rules.retain(enabled);
        self.site = site;
        diagnostics
    }

    /// What the site says; empty unless one was applied.
    pub fn site(&self) -> &Site {
        &self.site
    }

    /// The drafts that were left out, by id.
    pub fn drafts(&self) -> &[Text] {
        &self.drafts
    }

    /// Leaves out the drafts, unless the site wants them.
    pub fn leave_out_drafts(&mut self) {
        if self.site.drafts {
            return;
        }
        let draft = |rule: &Rule| rule.status == Status::Draft;
        self.drafts = self.rules.iter().filter(|rule| draft(rule)).map(|rule| rule.id.clone()).collect();
        let signatures = self.signatures.iter().filter(|signature| signature.status == Status::Draft);
        self.drafts.extend(signatures.map(|signature| signature.id.clone()));
        self.rules.retain(|rule| !draft(rule));
        self.signatures.retain(|signature| signature.status != Status::Draft);
    }

    /// A diagnostic about a pattern of a signature that whoever scans logs has found out; `None` when there is no such
    /// pattern.
    pub fn about_pattern(&self, signature: &str, pattern: usize, message: &str, slow: bool) -> Option<Diagnostic> {
        let signature = self.signatures.iter().find(|known| &*known.id == signature)?;
        let pattern = signature.patterns.get(pattern)?;
        let (code, label, help) = if slow {
            let help =
                "write out some words that the record always has: seven characters in a row or more, in each branch";
            (&codes::NO_LITERAL, "no fixed text", help)
        } else {
            (&codes::BAD_REGEX, "in this expression", "use smaller counts, or `*`")
        };
        Some(self.diagnostic(code, &signature.path, pattern.span.clone(), message, label, help))
    }

    /// A diagnostic about a test that shows nothing, by the line on which the test begins.
    pub fn vacuous_test(&self, path: &str, line: usize, message: &str) -> Diagnostic {
        let text = self.texts.get(path).cloned().unwrap_or_else(|| "".into());
        let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
        let content = text.get(start..).unwrap_or_default().lines().next().unwrap_or_default();
        let indent = content.len() - content.trim_start_matches([' ', '-']).len();
        let span = start + indent..start + content.trim_end().len().max(indent);
        let help = "let it hold what the rule asks for except what makes the difference";
        self.diagnostic(&codes::VACUOUS_TEST, &path.into(), span, message, "shows nothing", help)
    }

    /// Warnings about files that are not called like their rules; for authors alone, as it does no harm.
    pub fn misnamed(&self) -> Vec<Diagnostic> {
        let rules = self.rules.iter().map(|rule| (&rule.id, &rule.path));
        let all = rules.chain(self.signatures.iter().map(|signature| (&signature.id, &signature.path)));
        let told = all.filter_map(|(id, path)| {
            let file = path.rsplit(['/', '\\']).next()?;
            let stem = file.strip_suffix(".yaml").or_else(|| file.strip_suffix(".yml"))?;
            if *stem == **id {
                return None;
            }
            let text = self.texts.get(path)?;
            let key = if text.starts_with("id:") { 0 } else { text.find("\nid:").map_or(0, |at| at + 1) };
            let start = text.get(key..)?.find(&**id).map_or(key, |at| key + at);
            let message = format!("the file is called `{file}`, and holds `{id}`");
            let help = format!("call the file `{id}.yaml`, or the rule `{stem}`");
            Some(self.diagnostic(&codes::FILE_NAME, path, start..start + id.len(), &message, "another name", &help))
        });
        told.collect()
    }

    /// A diagnostic about the bundle of a test that is not there.
    pub fn missing_bundle(&self, rule: &Rule, test: &RuleTest) -> Diagnostic {
        let path = test.bundle.as_deref().unwrap_or_default();
        let message = format!("there is no bundle `{path}`");
        let help = "name a folder or an archive by its path from the folder of the pack, or give the test `files:`";
        self.diagnostic(&codes::NO_BUNDLE, &rule.path, test.places.bundle.clone(), &message, "not there", help)
    }

    /// A diagnostic about a kind of document in `missing:` that there is not. `known` are those that there are.
    pub fn unknown_document(&self, rule: &Rule, test: &RuleTest, at: usize, known: &[&str]) -> Option<Diagnostic> {
        let kind = test.expect.missing.get(at)?;
        let span = test.places.missing.get(at)?.clone();
        let message = format!("no parser reads a document `{kind}`");
        let help = suggest::help(kind, "such as", known.iter().copied())
            .unwrap_or_else(|| "the answer of `rules explain` names the documents that are missing".to_owned());
        Some(self.diagnostic(&codes::WRONG_TEST, &rule.path, span, &message, "unknown document", &help))
    }

    /// Warnings about the suppressions of the site that have ended at that time.
    pub fn ended_suppressions(&self, site: &RuleFile, now: SystemTime) -> Vec<Diagnostic> {
        let Ok(now) = Timestamp::try_from(now) else { return Vec::new() };
        let ended = self.site.suppressions.iter().filter(|one| one.end <= now);
        let told = ended.map(|one| {
            let start: usize = site.text.split_inclusive('\n').take(one.line.saturating_sub(1)).map(str::len).sum();
            let rest = site.text.get(start..).unwrap_or_default();
            let at = rest.find(&*one.until).map_or(start, |at| start + at);
            Diagnostic {
                code: &codes::DEAD_SUPPRESSION,
                path: site.path.as_str().into(),
                span: at..(at + one.until.len()).min(site.text.len()),
                message: format!("the suppression of `{}` has ended", one.rule),
                label: "in the past".to_owned(),
                help: Some("remove it, or decide anew and give it a later end".to_owned()),
                text: site.text.as_str().into(),
            }
        });
        told.collect()
    }

    fn diagnostic(
        &self,
        code: &'static codes::Code,
        path: &Text,
        span: Range<usize>,
        message: &str,
        label: &str,
        help: &str,
    ) -> Diagnostic {
        Diagnostic {
            code,
            path: path.clone(),
            span,
            message: message.to_owned(),
            label: label.to_owned(),
            help: Some(help.to_owned()),
            text: self.texts.get(path).cloned().unwrap_or_else(|| "".into()),
        }
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

/// The order in which mistakes are told: by file, then by place.
fn sort(diagnostics: &mut [Diagnostic]) {
    diagnostics.sort_by(|a, b| {
        let key = |d: &Diagnostic| (d.path.clone(), d.span.start, d.code.id, d.message.clone());
        key(a).cmp(&key(b))
    });
}

/// Whether a file holds a signature, and its id.
fn identity(tree: &Node) -> Option<(bool, Text)> {
    let Yaml::Map(entries) = &tree.value else { return None };
    let signature = entries.iter().any(|(key, _)| key.name == "signature");
    let (_, id) = entries.iter().find(|(key, _)| key.name == "id")?;
    match &id.value {
        Yaml::Text(id) => Some((signature, id.as_str().into())),
        Yaml::Int(id) => Some((signature, id.to_string().into())),
        _ => None,
    }
}
