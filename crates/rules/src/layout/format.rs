//! The canonical layout.
//!
//! Two spaces a level, lists indented below their key, keys of the language in the guide's order, maps and lists that
//! were written on one line stay there while they fit, double quotes unless they would have to escape, single quotes
//! around regular expressions. Comments stay
//! with what they stand before or behind.

use super::comments::Comments;
use super::fragment::{literal, quoted};
use super::order::Place;
use super::{block_header, same};
use crate::yaml::{self, Key, Node, Yaml};

/// Columns of a map or a list on one line.
const WIDTH: usize = 120;

/// The text in its canonical layout.
///
/// An error says why it cannot be laid out: it is no YAML, or it holds something whose layout would change its meaning,
/// such as anchors.
///
/// ```
/// let text = "severity: high  # for now\nid:   'x'\n";
/// assert_eq!(bundlescope_rules::format(text).as_deref(), Ok("id: \"x\"\nseverity: high # for now\n"));
/// ```
pub fn format(text: &str) -> Result<String, String> {
    let (tree, mistakes) = yaml::parse(text);
    let tree = match (tree, mistakes.first()) {
        (Some(tree), None) => tree,
        (_, Some(mistake)) => return Err(mistake.message.clone()),
        (None, None) => return Err("the file is empty".to_owned()),
    };
    let comments = Comments::of(text, &tree);
    let number = comments.number;
    let mut writer = Writer { text, comments, out: String::new() };
    let footer = std::mem::take(&mut writer.comments.footer);
    match &tree.value {
        Yaml::Map(entries) if !entries.is_empty() => {
            let first = entries.first().map_or(0, |(key, _)| key.span.start);
            writer.head(first);
            writer.map(entries, 0, Place::Root, false);
        }
        _ => return Err("a rule file is a map of keys".to_owned()),
    }
    let mut out = writer.out;
    for line in footer {
        out.push_str(line.trim_end());
        out.push('\n');
    }
    let (again, _) = yaml::parse(&out);
    let kept = again.as_ref().is_some_and(|again| same(&tree, again) && Comments::of(&out, again).number == number);
    if kept {
        Ok(out)
    } else {
        Err("it holds something whose layout cannot be changed safely, such as an anchor or an unusual comment"
            .to_owned())
    }
}

struct Writer<'t> {
    text: &'t str,
    comments: Comments,
    out: String,
}

impl Writer<'_> {
    fn source(&self, node: &Node) -> &str {
        self.text.get(node.span.clone()).unwrap_or_default()
    }

    /// A comment at the top that a blank line parts from the first key is about the file, not about the key.
    fn head(&mut self, first: usize) {
        let Some(lines) = self.comments.leading.get_mut(&first) else { return };
        if let Some(blank) = lines.iter().rposition(String::is_empty) {
            let head: Vec<String> = lines.drain(..=blank).collect();
            let head = head.iter().skip_while(|line| line.is_empty());
            head.for_each(|line| {
                self.out.push_str(line);
                self.out.push('\n');
            });
        }
    }

    fn leading(&mut self, token: usize, indent: usize) {
        for line in self.comments.leading.remove(&token).unwrap_or_default() {
            // No blank line begins a file, or follows another one.
            if line.is_empty() && (self.out.is_empty() || self.out.ends_with("\n\n")) {
                continue;
            }
            if !line.is_empty() {
                self.out.push_str(&" ".repeat(indent));
                self.out.push_str(&line);
            }
            self.out.push('\n');
        }
    }

    fn trailing(&mut self, span: std::ops::Range<usize>) {
        for comment in self.comments.take_trailing(span) {
            self.out.push(' ');
            self.out.push_str(&comment);
        }
        self.out.push('\n');
    }

    /// A block map; `first_inline` when a dash stands before its first key already.
    fn map(&mut self, entries: &[(Key, Node)], indent: usize, place: Place, first_inline: bool) {
        let mut sorted: Vec<(usize, &(Key, Node))> = entries.iter().enumerate().collect();
        if place.is_ordered() {
            sorted.sort_by_key(|(position, (key, _))| (place.rank(&key.name), *position));
        }
        for (number, (_, (key, value))) in sorted.into_iter().enumerate() {
            if number > 0 || !first_inline {
                self.leading(key.span.start, indent);
                self.out.push_str(&" ".repeat(indent));
            }
            let name = self.scalar(self.text.get(key.span.clone()).unwrap_or_default(), &key.name, false);
            self.out.push_str(&name);
            self.out.push(':');
            let below = if place == Place::Other { Place::Other } else { place.below(&key.name) };
            self.value(key, value, indent, below);
        }
    }

    /// What follows a colon, to the end of the line or below it.
    fn value(&mut self, key: &Key, value: &Node, indent: usize, place: Place) {
        let regex = is_regex(key);
        let key = &key.span;
        if let Some(line) = self.inline(key.end, value, indent, regex) {
            if !line.is_empty() {
                self.out.push(' ');
                self.out.push_str(&line);
            }
            let end = value.span.end.max(key.end);
            self.trailing(key.start..end);
            return;
        }
        self.trailing(key.start..key.end);
        match &value.value {
            Yaml::Map(entries) => {
                self.map(entries, indent + 2, place, false);
            }
            Yaml::List(items) => self.list(items, indent + 2, place),
            // Scalars are inline.
            _ => {}
        }
    }

    fn list(&mut self, items: &[Node], indent: usize, place: Place) {
        for item in items {
            let token = first_token(item);
            self.leading(token, indent);
            self.out.push_str(&" ".repeat(indent));
            self.out.push_str("- ");
            let before = self.text.get(..item.span.start).unwrap_or_default();
            let dash = before.rfind('-').unwrap_or(0);
            if let Some(line) = self.inline(dash + 1, item, indent, false) {
                self.out.push_str(&line);
                self.trailing(item.span.start..item.span.end.max(item.span.start + 1));
                continue;
            }
            match &item.value {
                Yaml::Map(entries) => self.map(entries, indent + 2, place, true),
                Yaml::List(inner) => {
                    self.out.truncate(self.out.trim_end_matches(' ').len());
                    self.out.push('\n');
                    self.list(inner, indent + 2, place);
                }
                _ => {}
            }
        }
    }

    /// A value that begins on its key's line; `None` for block maps and lists.
    fn inline(&self, gap_start: usize, value: &Node, indent: usize, regex: bool) -> Option<String> {
        let source = self.source(value);
        match &value.value {
            Yaml::Map(entries) if !entries.is_empty() && !source.starts_with('*') => {
                self.one_line(value, indent, regex)
            }
            Yaml::List(items) if !items.is_empty() && !source.starts_with('*') => self.one_line(value, indent, regex),
            Yaml::Map(_) | Yaml::List(_) => Some(source.to_owned()),
            Yaml::Text(text) => {
                let gap = self.text.get(gap_start..value.span.start).unwrap_or_default();
                match block_header(gap) {
                    Some(header) if header.starts_with('|') => literal(text, indent + 2).or_else(|| Some(quoted(text))),
                    Some(header) => Some(self.folded(header, value, text, indent + 2)),
                    None if source.contains('\n') => Some(reindented(source, indent + 2)),
                    None => Some(self.scalar(source, text, regex)),
                }
            }
            _ => Some(source.to_owned()),
        }
    }

    /// A folded block with its lines as the author broke them.
    fn folded(&self, header: &str, value: &Node, text: &str, indent: usize) -> String {
        let old = super::column(self.text, value.span.start);
        let mut out = header.to_owned();
        for (number, line) in self.source(value).split('\n').enumerate() {
            let line = line.trim_end_matches('\r');
            let cut = if number == 0 { 0 } else { line.len() - line.trim_start_matches(' ').len() };
            let line = line.get(cut.min(old)..).unwrap_or_default();
            out.push('\n');
            if !line.is_empty() {
                out.push_str(&" ".repeat(indent));
                out.push_str(line);
            }
        }
        if header.contains('+') {
            let ends = text.len() - text.trim_end_matches('\n').len();
            out.push_str(&"\n".repeat(ends.saturating_sub(1)));
        }
        out
    }

    /// A map or list that was written on one line and fits there.
    fn one_line(&self, value: &Node, indent: usize, regex: bool) -> Option<String> {
        let source = self.source(value);
        if !source.starts_with(['{', '[']) || self.comments.inside(self.text, &value.span) {
            return None;
        }
        let line = self.flow(value, regex)?;
        // What stands before it on the line is at least its indentation.
        (indent + line.chars().count() <= WIDTH).then_some(line)
    }

    fn flow(&self, node: &Node, regex: bool) -> Option<String> {
        let source = self.source(node);
        Some(match &node.value {
            _ if source.starts_with('*') => source.to_owned(),
            Yaml::Map(entries) if entries.is_empty() => "{}".to_owned(),
            Yaml::Map(entries) => {
                let mut parts = Vec::new();
                for (key, value) in entries {
                    let name = self.scalar(self.text.get(key.span.clone()).unwrap_or_default(), &key.name, false);
                    let value = self.flow(value, is_regex(key))?;
                    parts.push(if value.is_empty() { format!("{name}:") } else { format!("{name}: {value}") });
                }
                format!("{{ {} }}", parts.join(", "))
            }
            Yaml::List(items) => {
                format!("[{}]", items.iter().map(|item| self.flow(item, regex)).collect::<Option<Vec<_>>>()?.join(", "))
            }
            Yaml::Text(text) => {
                if source.contains('\n') {
                    return Some(quoted(text));
                }
                self.scalar(source, text, regex)
            }
            _ => source.to_owned(),
        })
    }

    /// A scalar of one line: as written, quotes made uniform.
    fn scalar(&self, source: &str, text: &str, regex: bool) -> String {
        if !source.starts_with(['"', '\'']) || source.contains('\n') {
            return source.to_owned();
        }
        let double = quoted(text);
        // What needs no escape in double quotes needs none in single ones.
        if regex && double.starts_with('"') && !double.contains('\\') {
            return format!("'{}'", text.replace('\'', "''"));
        }
        double
    }
}

/// Keys whose text is a regular expression.
fn is_regex(key: &Key) -> bool {
    matches!(key.name.as_str(), "match" | "matches")
}

/// Where the first key or scalar of a node begins.
fn first_token(node: &Node) -> usize {
    match &node.value {
        Yaml::Map(entries) => entries.first().map_or(node.span.start, |(key, _)| key.span.start),
        Yaml::List(items) => items.first().map_or(node.span.start, first_token),
        _ => node.span.start,
    }
}

/// A scalar of several lines without a header: the indentation of its further lines means nothing.
fn reindented(source: &str, indent: usize) -> String {
    let mut out = String::new();
    for (number, line) in source.split('\n').enumerate() {
        if number > 0 {
            out.push('\n');
        }
        let line = if number > 0 { line.trim_start_matches([' ', '\t']) } else { line };
        let line = line.trim_end_matches(['\r', ' ', '\t']);
        if number > 0 && !line.is_empty() {
            out.push_str(&" ".repeat(indent));
        }
        out.push_str(line);
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_layout_is_canonical() {
        let text = "\
# What this file is about.

title:   'T'   # said to people
id: x


# Begins with what is rare.
when:
    # the failure
    failure: {connection_failure: {container: $c ,  port: 5432}}   # in a log
    server:
        any:
            - {listener: {port: 5432}}
            # or so
            - container:
                name: $c
message: >-
      Two
      lines.
tests:
- expect: {fires: 1}   # once
  name: \"it's\"
  files:
    a.log: |
          first
            second
# The end.
";
        let wanted = "\
# What this file is about.

id: x
title: \"T\" # said to people

# Begins with what is rare.
when:
  # the failure
  failure: { connection_failure: { container: $c, port: 5432 } } # in a log
  server:
    any:
      - { listener: { port: 5432 } }
      # or so
      - container:
          name: $c
message: >-
  Two
  lines.
tests:
  - name: \"it's\"
    files:
      a.log: |
        first
          second
    expect: { fires: 1 } # once
# The end.
";
        assert_eq!(format(text).unwrap(), wanted);
        assert_eq!(format(wanted).unwrap(), wanted);
    }

    #[test]
    fn what_does_not_fit_on_a_line_is_broken_up() {
        let long = "x".repeat(70);
        let text = format!("when: {{ a: {{ container: {{ name: {long}, image: {long} }} }} }}\n");
        let wanted = format!("when:\n  a:\n    container:\n      name: {long}\n      image: {long}\n");
        assert_eq!(super::format(&text).unwrap(), wanted);
    }

    #[test]
    fn the_built_in_pack_stays_what_it_is() {
        for file in crate::embedded().files {
            let once = format(&file.text).unwrap_or_else(|error| panic!("{}: {error}", file.path));
            assert_eq!(format(&once).as_ref(), Ok(&once), "{}", file.path);
        }
    }

    #[test]
    fn what_is_no_rule_file_is_refused() {
        for text in ["", "- a\n", "a: [1\n", "a: &x { b: 1 }\nc: *x\n", "just text\n"] {
            if let Ok(out) = format(text) {
                assert_eq!(format(&out), Ok(out.clone()), "{text}");
            }
        }
        assert!(format("a: [1\n").is_err());
        assert!(format("- a\n").is_err());
    }

    fn mangled() -> impl Strategy<Value = String> {
        let files = crate::embedded().files;
        let number = files.len();
        (0..number, proptest::collection::vec((0_usize..4000, 0_usize..6), 0..6)).prop_map(move |(file, edits)| {
            let mut text = files[file].text.clone();
            for (at, what) in edits {
                let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
                let at = at % lines.len();
                match what {
                    0 => lines[at].push_str("   # a remark"),
                    1 => lines.insert(at, "# a line".into()),
                    2 => lines.insert(at, String::new()),
                    3 => lines[at].push_str("  "),
                    4 => lines[at] = lines[at].replace(", ", " ,  "),
                    _ => lines[at] = lines[at].replace('\'', "\""),
                }
                text = lines.join("\n") + "\n";
            }
            text
        })
    }

    proptest! {
        #[test]
        fn layout_is_idempotent_and_keeps_what_the_file_says(text in mangled()) {
            if let Ok(once) = format(&text) {
                prop_assert_eq!(format(&once), Ok(once.clone()));
                let (a, b) = (yaml::parse(&text).0.unwrap(), yaml::parse(&once).0.unwrap());
                prop_assert!(same(&a, &b));
            }
        }

        #[test]
        fn any_text_is_laid_out_or_refused(text in "[a-z:{}\\[\\], \\n#'\"|>&*-]{0,60}") {
            if let Ok(once) = format(&text) {
                prop_assert_eq!(format(&once), Ok(once.clone()), "{:?}", text);
            }
        }
    }
}
