//! The tests inside rule files: read here, run by whoever can analyse bundles.

use std::collections::BTreeMap;

use bundlescope_facts::{Text, Value};

use super::literal::plain;
use super::{Checker, Entries};
use crate::codes::{self, Code};
use crate::keys;
use crate::model::{Expect, RuleTest, SignatureTest, TestPlaces};
use crate::suggest;
use crate::yaml::{Key, Node, Yaml};

impl Checker<'_> {
    /// Warns of a file whose tests do not show both sides.
    pub(crate) fn tested(&mut self, entries: Entries<'_>, positive: bool, negative: bool) {
        let head = self.head(entries);
        let mut warn = |code: &'static Code, help: &str| {
            self.report(code, head.0..head.1, code.title, "in this file", Some(help.to_owned()));
        };
        if !positive {
            warn(&codes::NO_POSITIVE_TEST, "add to `tests:` what it is made for");
        }
        if !negative {
            warn(&codes::NO_NEGATIVE_TEST, "add to `tests:` a healthy look-alike");
        }
    }

    pub(crate) fn rule_tests(&mut self, node: &Node, subjects: &[&str]) -> Vec<RuleTest> {
        let Some(items) = self.list(node, "`tests`") else {
            return Vec::new();
        };
        self.different_names(items);
        items.iter().filter_map(|item| self.rule_test(item, subjects)).collect()
    }

    /// Warns of tests that are called the same.
    fn different_names(&mut self, items: &[Node]) {
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        for name in items.iter().filter_map(|item| item.get("name")) {
            let Some(text) = name.as_text() else { continue };
            if let Some(line) = seen.get(text) {
                let message = format!("two tests are called `{text}`");
                let help = Some(format!("the other one is in line {line}; say what makes the difference"));
                self.report(&codes::SAME_TEST, name.span.clone(), message, "again", help);
            } else {
                seen.insert(text, self.line(name.span.start));
            }
        }
    }

    /// Warns of a path that no document of a bundle has.
    fn document_path(&mut self, key: &Key) {
        let path = key.name.as_str();
        let parts = || path.split('/').filter(|part| !matches!(*part, "" | "." | ".."));
        let plain = parts().collect::<Vec<_>>().join("/");
        let (message, help) = if path.contains('\\') {
            (format!("`{path}` holds a backslash"), format!("write `{}`", path.replace('\\', "/")))
        } else if path.split('/').any(|part| part == "..") {
            (format!("`{path}` leads out of the bundle"), format!("write a path inside of it: `{plain}`"))
        } else if path.starts_with('/') {
            (format!("`{path}` is no path inside of a bundle"), format!("leave the first slash out: `{plain}`"))
        } else if plain != path || plain.is_empty() {
            (format!("`{path}` is no path of a document"), format!("write it plainly: `{plain}`"))
        } else {
            return;
        };
        self.report(&codes::BAD_PATH, key.span.clone(), message, "no such path", Some(help));
    }

    fn rule_test(&mut self, node: &Node, subjects: &[&str]) -> Option<RuleTest> {
        let entries = self.map(node, "a test")?;
        self.known_keys(entries, "a test", keys::RULE_TEST);
        let line = self.line(node.span.start);
        let name = self.test_name(node)?;
        let mut files = Vec::new();
        let mut misplaced = false;
        if let Some(node) = entries.get("files")
            && let Some(map) = self.map(node, "`files`")
        {
            for (key, value) in map.entries {
                if keys::RULE_TEST.contains(&key.name.as_str()) && !matches!(value.value, Yaml::Text(_)) {
                    let message = format!("`{}` stands below `files`", key.name);
                    let help = Some("indent it like `files:`, by the same number of spaces".to_owned());
                    self.report(&codes::WRONG_SHAPE, key.span.clone(), message, "indented too far", help);
                    misplaced = true;
                    continue;
                }
                self.document_path(key);
                files.extend(self.text(value, "the content of a file").map(|text| (key.name.as_str().into(), text)));
            }
        }
        let bundle = entries.get("bundle").and_then(|node| self.filled(node, "`bundle`"));
        let told = entries.get("bundle").is_some() || entries.get("log").is_some();
        if entries.get("files").is_none() && !told && !self.misspelt(entries, "files", keys::RULE_TEST) {
            self.missing_key(entries.span, "a test", "files", "give it `files:` or a `bundle:`");
        }
        let Some(node) = entries.get("expect") else {
            if !misplaced && !self.misspelt(entries, "expect", keys::RULE_TEST) {
                self.missing_key(entries.span, "a test", "expect", "write `expect: { fires: 1 }`");
            }
            return None;
        };
        let expect = self.expect(node)?;
        let span = |node: Option<&Node>| node.map(|node| node.span.clone()).unwrap_or_default();
        let places = TestPlaces {
            bundle: span(entries.get("bundle")),
            missing: node
                .get("missing")
                .map(Node::items)
                .unwrap_or_default()
                .iter()
                .map(|item| item.span.clone())
                .collect(),
        };
        self.possible(node, &expect, subjects, bundle.is_none().then_some(files.as_slice()));
        Some(RuleTest { name, files, bundle, expect, line, places })
    }

    fn test_name(&mut self, node: &Node) -> Option<Text> {
        let entries = self.map(node, "a test")?;
        match entries.get("name") {
            Some(name) => self.filled(name, "`name`"),
            None => {
                self.missing_key(entries.span, "a test", "name", "say what it shows");
                None
            }
        }
    }

    fn expect(&mut self, node: &Node) -> Option<Expect> {
        let entries = self.map(node, "`expect`")?;
        self.known_keys(entries, "`expect`", keys::EXPECT);
        let mut expect = Expect::default();
        if let Some(node) = entries.get("fires") {
            match node.value {
                Yaml::Int(number) if number >= 0 => expect.fires = u64::try_from(number).ok(),
                _ => self.wrong_shape(node, "`fires`", "a whole number"),
            }
        }
        expect.undecided = entries.get("undecided").and_then(|node| self.boolean(node, "`undecided`"));
        let mut texts =
            |name: &str| entries.get(name).map(|node| self.texts(node, &format!("`{name}`"))).unwrap_or_default();
        expect.missing = texts("missing");
        expect.message = texts("message");
        expect.title = texts("title");
        expect.evidence = texts("evidence");
        expect.run = texts("run");
        if let Some(node) = entries.get("subjects") {
            expect.subjects = self.values(node, "`subjects`").into_iter().collect();
        }
        Some(expect)
    }

    /// Tells of expectations that cannot come true, whatever the rule does.
    fn possible(&mut self, node: &Node, expect: &Expect, subjects: &[&str], files: Option<&[(Text, Text)]>) {
        let Some(entries) = self.map(node, "`expect`") else { return };
        if entries.entries.is_empty() {
            let help =
                Some("write `fires: 1` or `fires: 0`, or let `bundlescope rules test --update` fill it in".to_owned());
            let message = "the test expects nothing, so that it always passes";
            self.report(&codes::VACUOUS_TEST, node.span.clone(), message, "nothing expected", help);
        }
        if expect.fires == Some(0) {
            let of_findings = ["message", "title", "evidence", "run", "subjects"];
            for (key, _) in entries.entries.iter().filter(|(key, _)| of_findings.contains(&key.name.as_str())) {
                let message = format!("where nothing fires there is no `{}`", key.name);
                let help = Some("drop it, or expect `fires: 1`".to_owned());
                self.report(&codes::WRONG_TEST, key.span.clone(), message, "of no finding", help);
            }
        }
        if let Some(Node { value: Yaml::Map(named), .. }) = entries.get("subjects") {
            for (key, _) in named.iter().filter(|(key, _)| !subjects.contains(&key.name.as_str())) {
                let help = suggest::help(&key.name, "subjects of the rule", subjects.iter().copied());
                let message = format!("findings of the rule have no subject `{}`", key.name);
                self.report(&codes::WRONG_TEST, key.span.clone(), message, "no subject", help);
            }
        }
        let items = match entries.get("evidence") {
            Some(Node { value: Yaml::List(items), .. }) => items.as_slice(),
            Some(node) => std::slice::from_ref(node),
            None => &[],
        };
        for item in items {
            let Yaml::Text(text) = &item.value else { continue };
            let place = text.rsplit_once(':').filter(|(_, line)| line.parse::<u32>().is_ok_and(|line| line > 0));
            let Some((document, line)) = place else {
                let document = text.rsplit_once(':').filter(|(_, line)| line.parse::<u32>().is_ok());
                let document = document.map_or(text.trim_end_matches(':'), |(document, _)| document);
                let help = Some(format!("write the document and the line, counted from 1: `{document}:1`"));
                let message = format!("`{text}` is not a place of evidence");
                self.report(&codes::WRONG_TEST, item.span.clone(), message, "not `document:line`", help);
                continue;
            };
            let Some(files) = files else { continue };
            let fits = |path: &str| path == document || path.ends_with(&format!("/{document}"));
            let Some((_, content)) = files.iter().find(|(path, _)| fits(path)) else {
                let help = suggest::help(document, "its documents", files.iter().map(|(path, _)| &**path));
                let message = format!("the test has no document `{document}`");
                self.report(&codes::WRONG_TEST, item.span.clone(), message, "no such document", help);
                continue;
            };
            let lines = content.lines().count().max(1);
            if line.parse::<usize>().is_ok_and(|line| line > lines) {
                let message = format!("`{document}` has no line {line}");
                let help = Some(format!("it has {lines}"));
                self.report(&codes::WRONG_TEST, item.span.clone(), message, "no such line", help);
            }
        }
    }

    /// Scalars by name.
    pub(crate) fn values(&mut self, node: &Node, what: &str) -> Vec<(Text, Value)> {
        let Some(entries) = self.map(node, what) else {
            return Vec::new();
        };
        entries
            .entries
            .iter()
            .filter_map(|(key, value)| match &value.value {
                Yaml::List(_) | Yaml::Map(_) => {
                    self.wrong_shape(value, &format!("`{}`", key.name), "a scalar");
                    None
                }
                scalar => Some((key.name.as_str().into(), plain(scalar))),
            })
            .collect()
    }

    /// The tests of a signature whose events have these fields.
    pub(crate) fn signature_tests(&mut self, node: &Node, fields: &[&str]) -> Vec<SignatureTest> {
        let Some(items) = self.list(node, "`tests`") else {
            return Vec::new();
        };
        self.different_names(items);
        items.iter().filter_map(|item| self.signature_test(item, fields)).collect()
    }

    fn signature_test(&mut self, node: &Node, fields: &[&str]) -> Option<SignatureTest> {
        let entries = self.map(node, "a test")?;
        self.known_keys(entries, "a test of a signature", keys::SIGNATURE_TEST);
        let name = self.test_name(node)?;
        let log = match entries.get("log") {
            Some(log) => self.text(log, "`log`"),
            None if entries.get("files").is_some() || self.misspelt(entries, "log", keys::SIGNATURE_TEST) => None,
            None => {
                self.missing_key(entries.span, "a test", "log", "give it the lines of a log");
                None
            }
        };
        let Some(node_expect) = entries.get("expect") else {
            self.missing_key(entries.span, "a test", "expect", "list the events, or write `expect: []`");
            return None;
        };
        let items = match &node_expect.value {
            Yaml::Map(entries) => {
                let counts = entries.iter().any(|(key, _)| key.name == "fires");
                let help = match counts {
                    true => "list the events, `[{ host: db }]`; none is `[]`",
                    false => "put the event in brackets: `expect: [{ … }]`",
                };
                let message = "`expect` must be a list of events, not a map";
                self.report(
                    &codes::WRONG_SHAPE,
                    node_expect.span.clone(),
                    message,
                    "expected a list",
                    Some(help.to_owned()),
                );
                return None;
            }
            _ => self.list(node_expect, "`expect`")?,
        };
        for (key, _) in items.iter().flat_map(Node::entries) {
            if !fields.is_empty() && !fields.contains(&key.name.as_str()) {
                let help = suggest::help(&key.name, "fields of the event", fields.iter().copied());
                let message = format!("the event has no field `{}`", key.name);
                self.report(&codes::WRONG_TEST, key.span.clone(), message, "no such field", help);
            }
        }
        let expect: Vec<BTreeMap<Text, Value>> =
            items.iter().map(|item| self.values(item, "an expected event").into_iter().collect()).collect();
        Some(SignatureTest { name, log: log?, expect, line: self.line(node.span.start) })
    }
}
