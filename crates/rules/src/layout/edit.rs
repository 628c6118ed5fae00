//! Changes at exact places of a rule file; everything else stays as it was written.

use super::fragment::Fragment;
use super::{block_header, column, line_end};
use crate::yaml::{self, Node, Yaml};

/// One step of a path into a rule file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'s> {
    /// The value of a key.
    Key(&'s str),
    /// An item of a list, counted from 0.
    Item(usize),
}

/// A rule file whose text is changed in place.
#[derive(Debug, Clone)]
pub struct RuleText {
    text: String,
    tree: Node,
}

impl RuleText {
    /// Takes the text of a rule file; an error says why it is no YAML.
    pub fn new(text: &str) -> Result<Self, String> {
        match yaml::parse(text) {
            (Some(tree), mistakes) if mistakes.is_empty() => Ok(Self { text: text.to_owned(), tree }),
            (_, mistakes) => Err(mistakes.into_iter().next().map_or_else(String::new, |mistake| mistake.message)),
        }
    }

    /// The text as it is now.
    pub fn text(&self) -> &str {
        &self.text
    }

    fn find(&self, path: &[Step<'_>]) -> Option<&Node> {
        path.iter().try_fold(&self.tree, |node, step| match (step, &node.value) {
            (Step::Key(name), Yaml::Map(entries)) => {
                entries.iter().find(|(key, _)| key.name == *name).map(|(_, value)| value)
            }
            (Step::Item(position), Yaml::List(items)) => items.get(*position),
            _ => None,
        })
    }

    /// Whether there is something at a path.
    pub fn has(&self, path: &[Step<'_>]) -> bool {
        self.find(path).is_some()
    }

    /// Whether the file holds a signature.
    pub fn is_signature(&self) -> bool {
        self.has(&[Step::Key("signature")])
    }

    /// Whether a map without entries, or nothing, stands at a path.
    pub fn is_empty(&self, path: &[Step<'_>]) -> bool {
        match self.find(path).map(|node| &node.value) {
            Some(Yaml::Map(entries)) => entries.is_empty(),
            Some(Yaml::Null) => true,
            _ => false,
        }
    }

    fn entry(&self, path: &[Step<'_>], key: &str) -> Option<&Node> {
        match &self.find(path)?.value {
            Yaml::Map(entries) => entries.iter().find(|(known, _)| known.name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The texts of an entry: a list of them, or a single one; empty where there is none.
    pub fn texts(&self, path: &[Step<'_>], key: &str) -> Vec<String> {
        let text = |node: &Node| match &node.value {
            Yaml::Text(text) => Some(text.clone()),
            Yaml::Int(number) => Some(number.to_string()),
            _ => None,
        };
        match self.entry(path, key) {
            Some(Node { value: Yaml::List(items), .. }) => items.iter().filter_map(text).collect(),
            Some(node) => text(node).into_iter().collect(),
            None => Vec::new(),
        }
    }

    /// The keys of the map in an entry.
    pub fn keys(&self, path: &[Step<'_>], key: &str) -> Vec<String> {
        self.entry(path, key).map(names).unwrap_or_default()
    }

    /// The keys of the map at a position of a list.
    pub fn item_keys(&self, path: &[Step<'_>], position: usize) -> Vec<String> {
        match self.find(path).map(|node| &node.value) {
            Some(Yaml::List(items)) => items.get(position).map(names).unwrap_or_default(),
            _ => Vec::new(),
        }
    }

    /// The names of the tests.
    pub fn test_names(&self) -> Vec<String> {
        let name = |item: &Node| match &item.value {
            Yaml::Map(entries) => entries.iter().find_map(|(key, value)| match &value.value {
                Yaml::Text(text) if key.name == "name" => Some(text.clone()),
                _ => None,
            }),
            _ => None,
        };
        match self.find(&[Step::Key("tests")]).map(|node| &node.value) {
            Some(Yaml::List(items)) => items.iter().filter_map(name).collect(),
            _ => Vec::new(),
        }
    }

    /// Takes away an entry of the map at a path; nothing happens where there is none.
    pub fn remove(&mut self, path: &[Step<'_>], key: &str) -> Result<(), String> {
        let map = self.find(path).ok_or("there is no such place in the file")?;
        let Yaml::Map(entries) = &map.value else { return Err("only a map has entries".to_owned()) };
        let Some(position) = entries.iter().position(|(known, _)| known.name == key) else { return Ok(()) };
        // The position is that of an entry.
        let (name, value) = &entries[position];
        let end = value.span.end.max(name.span.end);
        let before = position.checked_sub(1).and_then(|before| entries.get(before));
        let mut text = self.text.clone();
        if entries.len() == 1 {
            text.replace_range(map.span.clone(), "{}");
        } else if self.is_flow(map) {
            match (before, entries.get(position + 1)) {
                (Some((_, before)), _) => text.replace_range(before.span.end..end, ""),
                (None, Some((next, _))) => text.replace_range(name.span.start..next.span.start, ""),
                (None, None) => {}
            }
        } else if let (0, Some((next, _))) = (position, entries.get(1)) {
            // A dash may stand before the first key.
            text.replace_range(name.span.start..next.span.start, "");
        } else {
            let start = self.text.get(..name.span.start).and_then(|before| before.rfind('\n')).unwrap_or(0);
            text.replace_range(start..line_end(&self.text, end), "");
        }
        self.accept(text)
    }

    /// Gives an entry of the map at a path a value, which stands on one line; adds the entry where there is none.
    pub fn set(&mut self, path: &[Step<'_>], key: &str, value: &Fragment) -> Result<(), String> {
        let map = self.find(path).ok_or("there is no such place in the file")?;
        let Yaml::Map(entries) = &map.value else { return Err("only a map has entries".to_owned()) };
        let written = value.flow();
        let mut text = self.text.clone();
        let known = entries.iter().find(|(known, _)| known.name == key);
        match (known, entries.last()) {
            (Some((name, old)), _) => {
                let gap = text.get(name.span.end..old.span.start).unwrap_or_default();
                let comment = gap.find(" #").and_then(|at| gap.get(at..)).and_then(|rest| rest.lines().next());
                // A comment of its own line stays between the key and the new value.
                let own_line = gap.lines().skip(1).any(|line| line.trim_start().starts_with('#'));
                if own_line && block_header(gap).is_none() {
                    text.replace_range(old.span.clone(), &written);
                } else {
                    let comment = comment.unwrap_or_default().to_owned();
                    text.replace_range(name.span.end..old.span.end, &format!(": {written}{comment}"));
                }
            }
            (None, Some((_, last))) if self.is_flow(map) => {
                text.insert_str(last.span.end, &format!(", {}: {written}", super::scalar(key)));
            }
            (None, Some((name, last))) => {
                let indent = entries.first().map_or(0, |(first, _)| column(&self.text, first.span.start));
                let at = line_end(&self.text, last.span.end.max(name.span.end));
                text.insert_str(at, &format!("\n{}{}: {written}", " ".repeat(indent), super::scalar(key)));
            }
            (None, None) => {
                let only = Fragment::Flow(Box::new(Fragment::Map(vec![(key.to_owned(), value.clone())])));
                text.replace_range(map.span.clone(), &only.flow());
            }
        }
        self.accept(text)
    }

    /// Puts another value in the place of what stands at a path; a block is written below its key.
    pub fn replace(&mut self, path: &[Step<'_>], value: &Fragment) -> Result<(), String> {
        let (Some(Step::Key(name)), parents) = (path.last(), path.get(..path.len().saturating_sub(1))) else {
            return Err("only an entry of a map can be replaced".to_owned());
        };
        let map = self.find(parents.unwrap_or_default()).ok_or("there is no such place in the file")?;
        let Yaml::Map(entries) = &map.value else { return Err("only a map has entries".to_owned()) };
        let (key, old) = entries.iter().find(|(key, _)| key.name == *name).ok_or("there is no such key")?;
        let indent = column(&self.text, key.span.start);
        let written = if self.is_flow(map) { value.flow() } else { value.block(indent + 2) };
        let space = if written.starts_with('\n') { "" } else { " " };
        let mut text = self.text.clone();
        text.replace_range(key.span.end..old.span.end.max(key.span.end + 1), &format!(":{space}{written}"));
        self.accept(text)
    }

    /// Adds an item to the end of the list of a top-level key, which is made where there is none.
    pub fn append(&mut self, key: &str, item: &Fragment) -> Result<(), String> {
        let mut text = self.text.clone();
        let list = self.find(&[Step::Key(key)]);
        let (at, indent) = match list.map(|node| (&node.value, self.is_flow(node), node)) {
            Some((Yaml::List(items), false, _)) if !items.is_empty() => {
                let first = items.first().map_or(0, |item| item.span.start);
                let dash = self.text.get(..first).and_then(|before| before.rfind('-')).unwrap_or(0);
                let last = items.last().map_or(0, |item| item.span.end);
                (line_end(&self.text, last), column(&self.text, dash))
            }
            Some((Yaml::List(items), true, node)) if items.is_empty() => {
                let before = self.text.get(..node.span.start).unwrap_or_default().trim_end().len();
                text.replace_range(before..node.span.end, "");
                (before, 2)
            }
            Some((Yaml::Null, _, _)) => {
                let Yaml::Map(entries) = &self.tree.value else { return Err("a rule file is a map".to_owned()) };
                let end = entries.iter().find(|(known, _)| known.name == key).map_or(0, |(known, _)| known.span.end);
                (line_end(&self.text, end), 2)
            }
            Some(_) => return Err(format!("`{key}` is written on one line: write its items on lines of their own")),
            None => {
                let end = text.trim_end().len();
                text.truncate(end);
                if end > 0 {
                    text.push('\n');
                }
                text.push_str(key);
                text.push(':');
                let at = text.len();
                text.push('\n');
                (at, 2)
            }
        };
        text.insert_str(at, &format!("\n{}- {}", " ".repeat(indent), item.behind_dash(indent + 2)));
        if !text.ends_with('\n') {
            text.push('\n');
        }
        self.accept(text)
    }

    fn is_flow(&self, node: &Node) -> bool {
        self.text.get(node.span.clone()).is_some_and(|source| source.starts_with(['{', '[']))
    }

    /// A change that cannot be read back is not made.
    fn accept(&mut self, text: String) -> Result<(), String> {
        let next = Self::new(&text).map_err(|error| format!("the change would not be readable: {error}"))?;
        *self = next;
        Ok(())
    }
}

/// The keys of a map.
fn names(node: &Node) -> Vec<String> {
    match &node.value {
        Yaml::Map(entries) => entries.iter().map(|(key, _)| key.name.clone()).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use bundlescope_facts::Value;

    use super::*;

    const FILE: &str = "\
id: x # the name
tests:
  # the first
  - name: one
    bundle: a
    expect: { fires: 1, message: \"old\" } # as it was
  - name: two
    bundle: b
    expect:
      fires: 2
      message: >-
        long
        text
      # places
      evidence:
        - a.log:1
";

    fn expect(test: usize) -> [Step<'static>; 3] {
        [Step::Key("tests"), Step::Item(test), Step::Key("expect")]
    }

    #[test]
    fn values_change_where_they_stand_and_nothing_else_does() {
        let mut file = RuleText::new(FILE).unwrap();
        file.set(&expect(0), "message", &Fragment::texts(&["new: \"x\"".into()])).unwrap();
        file.set(&expect(0), "evidence", &Fragment::texts(&["a.log:2".into(), "b:3".into()])).unwrap();
        file.set(&expect(1), "message", &Fragment::texts(&["short".into()])).unwrap();
        file.set(&expect(1), "evidence", &Fragment::texts(&["b.log:7".into()])).unwrap();
        file.set(&expect(1), "undecided", &Fragment::Value(Value::Bool(true))).unwrap();
        let wanted = FILE
            .replace("message: \"old\" }", "message: 'new: \"x\"', evidence: [a.log:2, b:3] }")
            .replace("message: >-\n        long\n        text", "message: short")
            .replace("evidence:\n        - a.log:1\n", "evidence: b.log:7\n      undecided: true\n");
        assert_eq!(file.text(), wanted);
    }

    #[test]
    fn entries_are_taken_away_with_their_line_or_their_comma() {
        let mut file = RuleText::new(FILE).unwrap();
        file.remove(&expect(0), "message").unwrap();
        file.remove(&expect(1), "message").unwrap();
        file.remove(&expect(1), "nothing").unwrap();
        let wanted =
            FILE.replace(", message: \"old\" }", " }").replace("      message: >-\n        long\n        text\n", "");
        assert_eq!(file.text(), wanted);
        file.remove(&expect(0), "fires").unwrap();
        file.remove(&expect(1), "fires").unwrap();
        assert!(file.text().contains("    expect: {} # as it was\n"), "{}", file.text());
        assert!(file.text().contains("    expect:\n      evidence:\n"), "{}", file.text());
    }

    #[test]
    fn an_item_is_added_where_the_list_ends() {
        let item = Fragment::Map(vec![
            ("name".into(), Fragment::Text("three".into())),
            ("expect".into(), Fragment::Flow(Box::new(Fragment::Map(vec![])))),
        ]);
        let mut file = RuleText::new(FILE).unwrap();
        file.append("tests", &item).unwrap();
        assert_eq!(file.text(), format!("{FILE}  - name: three\n    expect: {{}}\n"));
        for (before, after) in [
            ("id: x\n", "id: x\ntests:\n  - name: three\n    expect: {}\n"),
            ("id: x\ntests: []\n", "id: x\ntests:\n  - name: three\n    expect: {}\n"),
            ("id: x\ntests:\n", "id: x\ntests:\n  - name: three\n    expect: {}\n"),
            (
                "tests:\n- name: a\n  expect: {} # e\nid: x",
                "tests:\n- name: a\n  expect: {} # e\n- name: three\n  expect: {}\nid: x\n",
            ),
        ] {
            let mut file = RuleText::new(before).unwrap();
            file.append("tests", &item).unwrap();
            assert_eq!(file.text(), after);
        }
    }

    #[test]
    fn an_empty_map_is_filled_and_a_value_replaced() {
        let mut file = RuleText::new("tests:\n  - name: a\n    log: x\n    expect: {}\n").unwrap();
        file.set(&expect(0), "fires", &Fragment::Value(Value::Int(1))).unwrap();
        assert!(file.text().ends_with("expect: { fires: 1 }\n"));
        let events = Fragment::List(vec![Fragment::Flow(Box::new(Fragment::Map(vec![(
            "host".into(),
            Fragment::Text("db".into()),
        )])))]);
        file.replace(&expect(0), &events).unwrap();
        assert_eq!(file.text(), "tests:\n  - name: a\n    log: x\n    expect:\n      - { host: db }\n");
        assert!(file.set(&[Step::Key("nowhere")], "a", &events).is_err());
    }
}
