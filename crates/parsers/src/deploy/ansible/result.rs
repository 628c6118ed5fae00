//! The result behind an arrow: JSON or YAML.

use bundlescope_facts::{AnsibleFailure, Text};

use super::{head, header};
use crate::document::{Document, Line, Parsed};
use crate::json::{self, Fields};

/// What a result says, and the index of its last line.
pub(super) struct Outcome {
    pub(super) failure: AnsibleFailure,
    pub(super) last: usize,
}

impl Outcome {
    /// Reads the result that begins on the line of that index with `rest`, which is what the line has behind its arrow.
    pub(super) fn read(
        document: &Document<'_>,
        lines: &[Line<'_>],
        at: usize,
        rest: &str,
        parsed: &mut Parsed,
    ) -> Self {
        let mut outcome = Self { failure: AnsibleFailure::default(), last: at };
        if rest.starts_with('{') {
            outcome.json(document, lines, at, parsed);
        } else if rest.is_empty() || rest.starts_with("changed=") {
            outcome.yaml(lines, at);
        } else {
            // `fatal: [h] => SSH Error: …` of 1.x.
            outcome.failure.message = rest.into();
        }
        let failure = &mut outcome.failure;
        if failure.message.is_empty() {
            failure.message = failure.stderr.clone().unwrap_or_default();
        }
        failure.undefined = undefined(&failure.message);
        outcome
    }

    /// The texts that may hold another program's words.
    pub(super) fn messages(&self) -> impl Iterator<Item = &str> {
        let stderr = self.failure.stderr.as_deref().unwrap_or_default();
        self.failure.message.lines().chain(stderr.lines())
    }

    fn json(&mut self, document: &Document<'_>, lines: &[Line<'_>], at: usize, parsed: &mut Parsed) {
        let Some(first) = lines.get(at) else { return };
        let Some(open) = first.text.find("=> {").map(|at| at + 3) else { return };
        let mut depth = Depth::default();
        let mut end = first.end;
        for (index, line) in lines.iter().enumerate().skip(at) {
            // A result that is cut ends where the next thing begins.
            if index > at && (header(line.text).is_some() || head(line.text).is_some() || line.text.is_empty()) {
                break;
            }
            self.last = index;
            end = line.end;
            let from = if index == at { open } else { 0 };
            if let Some(closed) = depth.closes(line.text.get(from..).unwrap_or_default()) {
                end = line.start + (from + closed) as u64;
                break;
            }
        }
        let start = first.start + open as u64;
        let index = |position: u64| usize::try_from(position.saturating_sub(document.offset)).unwrap_or(usize::MAX);
        let Some(bytes) = document.bytes.get(index(start)..index(end)) else { return };
        let inner = Document { bytes, first_line: first.number, offset: start, ..document.clone() };
        let mut read = false;
        json::read(&inner, parsed, |record, _| {
            if !std::mem::replace(&mut read, true) {
                self.fields(record);
            }
        });
    }

    fn fields(&mut self, record: Fields<'_, '_>) {
        let shown = |key: &str| {
            let value = record.get(key).value();
            Some(Text::from(value.to_string())).filter(|text| !text.is_empty())
        };
        let failure = &mut self.failure;
        failure.message = ["msg", "message", "reason", "censored", "module_stderr", "exception"]
            .iter()
            .find_map(|key| shown(key))
            .unwrap_or_default();
        failure.exit_code = record.get("rc").value().as_int();
        // The words of a command that was given as a list.
        failure.command = match record.get("cmd").value() {
            bundlescope_facts::Value::List(words) => {
                Some(words.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ").into())
            }
            other => Some(Text::from(other.to_string())).filter(|text| !text.is_empty()),
        };
        failure.stderr = shown("stderr");
        failure.attempts = record.get("attempts").value().as_int().and_then(|number| u64::try_from(number).ok());
    }

    /// The lines below, as far as they are indented: `key: value`, quoted or folded texts, `|-` blocks, lists.
    fn yaml(&mut self, lines: &[Line<'_>], at: usize) {
        let mut base = None;
        let mut entries: Vec<(&str, Vec<&str>)> = Vec::new();
        let mut index = at + 1;
        while let Some(line) = lines.get(index) {
            let text = line.text;
            let blank = text.trim().is_empty();
            if !blank && !text.starts_with(' ') {
                break;
            }
            // A blank line ends the result unless indented lines go on behind it.
            if blank && lines.get(index + 1).is_none_or(|next| !next.text.starts_with(' ')) {
                break;
            }
            let indent = text.len() - text.trim_start().len();
            let base = *base.get_or_insert(indent);
            let key = text.get(base..).filter(|_| indent == base).and_then(key_of);
            match (key, entries.last_mut()) {
                (Some((key, value)), _) => entries.push((key, vec![value])),
                (None, Some((_, values))) => values.push(text),
                (None, None) => {}
            }
            if !blank {
                self.last = index;
            }
            index += 1;
        }
        let failure = &mut self.failure;
        for (key, values) in entries {
            let text = scalar(&values);
            let some = Some(Text::from(text.as_str())).filter(|text| !text.is_empty());
            match key {
                "msg" | "reason" if failure.message.is_empty() => failure.message = text.into(),
                "rc" => failure.exit_code = text.parse().ok(),
                "cmd" => failure.command = some,
                "stderr" | "module_stderr" if failure.stderr.is_none() => failure.stderr = some,
                "attempts" => failure.attempts = text.parse().ok(),
                _ => {}
            }
        }
    }
}

/// `key: value`, of a plain key.
fn key_of(text: &str) -> Option<(&str, &str)> {
    let (key, value) = text.split_once(':')?;
    let plain = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    (plain && (value.is_empty() || value.starts_with(' '))).then(|| (key, value.trim()))
}

/// A scalar of YAML from the text behind its key and the lines below it.
fn scalar(values: &[&str]) -> String {
    let (first, below) = values.split_first().map_or(("", &[][..]), |(first, below)| (*first, below));
    if matches!(first, "|" | "|-" | "|+" | ">" | ">-" | ">+") {
        let indent =
            below.iter().filter(|line| !line.trim().is_empty()).map(|line| line.len() - line.trim_start().len()).min();
        let lines: Vec<&str> = below.iter().map(|line| line.get(indent.unwrap_or(0)..).unwrap_or_default()).collect();
        return lines.join("\n").trim_end().to_owned();
    }
    if first.is_empty() && below.iter().any(|line| line.trim_start().starts_with("- ")) {
        let items = below.iter().map(|line| line.trim()).map(|line| line.strip_prefix("- ").unwrap_or(line));
        return items.map(unquoted).collect::<Vec<_>>().join(" ");
    }
    let mut whole = first.to_owned();
    for line in below {
        // A blank line in a folded text stands for a break.
        if line.trim().is_empty() {
            whole.push('\n');
        } else {
            if !whole.is_empty() && !whole.ends_with('\n') {
                whole.push(' ');
            }
            whole.push_str(line.trim());
        }
    }
    unquoted(&whole)
}

fn unquoted(text: &str) -> String {
    if let Some(inner) = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')) {
        return inner.replace("''", "'");
    }
    if text.len() > 1 && text.starts_with('"') && text.ends_with('"') {
        return serde_json::from_str(text).unwrap_or_else(|_| text[1..text.len() - 1].to_owned());
    }
    text.to_owned()
}

/// How deep a JSON text is open.
#[derive(Default)]
struct Depth {
    depth: usize,
    quoted: bool,
    escaped: bool,
}

impl Depth {
    /// Goes over a line; tells the byte behind the end of the text that was opened, when it ends in it.
    fn closes(&mut self, line: &str) -> Option<usize> {
        for (at, byte) in line.bytes().enumerate() {
            if self.escaped {
                self.escaped = false;
            } else if self.quoted {
                match byte {
                    b'\\' => self.escaped = true,
                    b'"' => self.quoted = false,
                    _ => {}
                }
            } else {
                match byte {
                    b'"' => self.quoted = true,
                    b'{' | b'[' => self.depth += 1,
                    b'}' | b']' => {
                        self.depth = self.depth.saturating_sub(1);
                        if self.depth == 0 {
                            return Some(at + 1);
                        }
                    }
                    _ => {}
                }
            }
        }
        None
    }
}

/// The variable or attribute that a message calls undefined: `'db_host' is undefined`, `'dict object' has no attribute 'address'`.
fn undefined(message: &str) -> Option<Text> {
    if let Some((_, rest)) = message.split_once(" has no attribute '") {
        return rest.split('\'').next().map(Text::from);
    }
    let (before, _) = message.split_once("' is undefined")?;
    before.rsplit('\'').next().filter(|name| !name.is_empty()).map(Text::from)
}
