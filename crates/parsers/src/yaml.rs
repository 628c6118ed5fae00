//! YAML that keeps its positions: the one reader for every YAML document of a bundle, with the nodes of [`crate::json`],
//! so that one reader of objects serves both syntaxes.
//!
//! The library gives events with their places (it is the one below `serde_yaml`, which stops at the first mistake and has
//! no places for maps). A stranger's YAML is bounded: nesting to 128 levels, aliases to what [`MAX_COPIED`] bytes hold,
//! and reading ends at [`MAX_DAMAGES`] mistakes. What stands before a mistake is used, and reading goes on at the next
//! element of the same list or at the next document.
//!
//! Plain scalars are what YAML 1.2 says: `yes` and `0644` are text. Merge keys (`<<`) are resolved, because compose files
//! have them. Bytes that are not UTF-8 are read as `?`.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};

use crate::json::{Damage, Fields, MAX_DEPTH, Member, Node, Records, Value, read_records};
use crate::{Document, Parsed};

/// Bytes that the copies of anchored values may take, all together in one document.
const MAX_COPIED: usize = 8 << 20;

/// Mistakes after which the rest of a document is not read.
const MAX_DAMAGES: usize = 50;

/// Hands out the records of a document as [`crate::json::read_items`] does: YAML documents, the elements of a list at the
/// top, and those of `items` in a map at the top.
pub(crate) fn read_items(
    document: &Document<'_>,
    parsed: &mut Parsed,
    each: impl FnMut(Fields<'_, '_>, &str, &mut Parsed),
) {
    let text = utf8(document.bytes);
    read_records(document, &mut Reader::new(&text), parsed, each);
}

/// The bytes as text of the same length.
fn utf8(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => {
            let mut text = String::with_capacity(bytes.len());
            for chunk in bytes.utf8_chunks() {
                text.push_str(chunk.valid());
                chunk.invalid().iter().for_each(|_| text.push('?'));
            }
            Cow::Owned(text)
        }
    }
}

/// A list or a map that is not closed yet.
struct Frame<'a> {
    start: u32,
    anchor: usize,
    open: Open<'a>,
}

enum Open<'a> {
    List(Vec<Node<'a>>),
    /// Members, and the key whose value is read.
    Map(Vec<Member<'a>>, Option<(u32, Cow<'a, str>)>),
}

/// Yields the records of a text.
struct Reader<'a> {
    text: &'a str,
    parser: Parser<'a, StrInput<'a>>,
    /// Where the text that the parser reads begins and ends.
    piece: (usize, usize),
    stack: Vec<Frame<'a>>,
    anchors: HashMap<usize, Node<'a>>,
    copied: usize,
    /// The byte behind the last scalar, which ends what is closed there.
    end: u32,
    /// What stood around a list that was left because of a mistake in one of its elements.
    left: Vec<Member<'a>>,
    damages: Vec<Damage>,
    mistakes: usize,
    ended: bool,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        let text = if u32::try_from(text.len()).is_ok() { text } else { "" };
        let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Self {
            text,
            parser: parser(&text[start..]),
            piece: (start, text.len()),
            stack: Vec::new(),
            anchors: HashMap::new(),
            copied: 0,
            end: 0,
            left: Vec::new(),
            damages: Vec::new(),
            mistakes: 0,
            ended: false,
        }
    }

    fn damage(&mut self, at: usize, message: impl Into<String>) {
        self.damages.push(Damage { at: u32::try_from(at).unwrap_or(u32::MAX), message: message.into() });
    }

    /// The bytes that an event takes.
    fn place(&self, span: &Span) -> (u32, u32) {
        let offset = |at: Option<usize>| {
            let at = self.piece.0 + at.unwrap_or_default();
            u32::try_from(at.min(self.piece.1)).unwrap_or(u32::MAX)
        };
        (offset(span.start.byte_offset()), offset(span.end.byte_offset()))
    }

    /// True when the elements of the list that is open in the second place, or in the first, are records.
    fn in_list(&self) -> Option<usize> {
        match &*self.stack {
            [Frame { open: Open::List(_), .. }, ..] => Some(1),
            [Frame { open: Open::Map(_, Some((_, key))), .. }, Frame { open: Open::List(_), .. }, ..]
                if key == "items" =>
            {
                Some(2)
            }
            _ => None,
        }
    }

    /// Puts a finished value where it belongs. A record is returned.
    fn put(&mut self, node: Node<'a>) -> Option<Node<'a>> {
        self.end = self.end.max(node.end);
        if self.stack.is_empty() || self.in_list() == Some(self.stack.len()) {
            return Some(node);
        }
        match self.stack.last_mut().map(|frame| &mut frame.open) {
            Some(Open::List(items)) => items.push(node),
            Some(Open::Map(members, key)) => match key.take() {
                Some((start, key)) => members.push(Member { start, key, value: node }),
                None => {
                    let name = match node.value {
                        Value::Text(text) => text,
                        Value::Number(number) => Cow::Borrowed(number),
                        Value::Bool(flag) => Cow::Borrowed(if flag { "true" } else { "false" }),
                        Value::Null => Cow::Borrowed("null"),
                        Value::Array(_) | Value::Object(_) => {
                            self.damages.push(Damage { at: node.start, message: "a key is not text".into() });
                            Cow::Borrowed("?")
                        }
                    };
                    if let Some(Frame { open: Open::Map(_, key), .. }) = self.stack.last_mut() {
                        *key = Some((node.start, name));
                    }
                }
            },
            None => {}
        }
        None
    }

    /// Closes the innermost list or map.
    fn close(&mut self, anchored: bool) -> Option<Node<'a>> {
        let frame = self.stack.pop()?;
        let value = match frame.open {
            Open::List(items) => Value::Array(items),
            Open::Map(members, _) => Value::Object(merged(members)),
        };
        let node = Node { start: frame.start, end: self.end.max(frame.start), value };
        if anchored {
            self.keep(frame.anchor, &node);
        }
        // The elements of a list at the top were records.
        if self.stack.is_empty() && matches!(node.value, Value::Array(_)) {
            return None;
        }
        self.put(node)
    }

    /// Keeps a copy of an anchored value.
    fn keep(&mut self, anchor: usize, node: &Node<'a>) {
        if anchor != 0 && self.afford(node) {
            self.anchors.insert(anchor, node.clone());
        }
    }

    /// Counts a copy, and says whether it may still be made.
    fn afford(&mut self, node: &Node<'_>) -> bool {
        self.copied = self.copied.saturating_add(cost(node));
        self.copied <= MAX_COPIED
    }

    fn open(&mut self, span: &Span, anchor: usize, open: Open<'a>) -> Result<(), (usize, String)> {
        let (start, _) = self.place(span);
        if self.stack.len() >= MAX_DEPTH {
            return Err((start as usize, format!("values nest more than {MAX_DEPTH} deep")));
        }
        self.end = self.end.max(start);
        self.stack.push(Frame { start, anchor, open });
        Ok(())
    }

    /// Takes one event. An error ends the piece that is read.
    fn event(&mut self, event: Event<'a>, span: &Span) -> Result<Option<Node<'a>>, (usize, String)> {
        let (start, end) = self.place(span);
        Ok(match event {
            Event::Scalar(text, style, anchor, tag) => {
                let node = Node { start, end, value: scalar(text, style, tag.as_deref()) };
                self.keep(anchor, &node);
                self.put(node)
            }
            Event::SequenceStart(_, anchor, _) => {
                self.open(span, anchor, Open::List(Vec::new()))?;
                None
            }
            Event::MappingStart(_, anchor, _) => {
                self.open(span, anchor, Open::Map(Vec::new(), None))?;
                None
            }
            // Flow collections end with a bracket, which belongs to them.
            Event::SequenceEnd | Event::MappingEnd => {
                if matches!(self.text.as_bytes().get(start as usize), Some(b']' | b'}')) {
                    self.end = self.end.max(end);
                }
                self.close(true)
            }
            Event::Alias(anchor) => {
                let Some(found) = self.anchors.get(&anchor).cloned() else {
                    let over = self.copied > MAX_COPIED;
                    let what = if over { "aliases that expand to too much" } else { "an alias of what holds it" };
                    return Err((start as usize, format!("{what} cannot be read")));
                };
                if !self.afford(&found) {
                    return Err((start as usize, "aliases that expand to too much cannot be read".into()));
                }
                self.put(Node { start, end, value: found.value })
            }
            // What an anonymiser wrote in the place of a value, `***HIDDEN***`, looks like an alias.
            Event::UnresolvedAlias(_) => {
                let text = self.text.get(start as usize..end as usize).unwrap_or_default();
                self.put(Node { start, end, value: Value::Text(Cow::Borrowed(text)) })
            }
            Event::DocumentStart(..) => {
                self.anchors.clear();
                self.copied = 0;
                None
            }
            _ => None,
        })
    }

    /// Leaves the piece after a mistake: closes what is open, and goes to where reading can go on.
    fn leave(&mut self, at: usize, message: String) -> Option<Node<'a>> {
        self.damage(at, message);
        self.mistakes += 1;
        let list = self.in_list();
        // The column of the list's dashes, where its elements stand on lines of their own.
        let dash = list.and_then(|depth| self.stack.get(depth - 1)).and_then(|frame| self.dash(frame.start as usize));
        let mut record = None;
        let keep = list.unwrap_or_default();
        // A bracket that is not closed takes in what follows, so that the mistake shows far behind it: reading goes on
        // behind the beginning of the element.
        let behind = list.and_then(|depth| self.stack.get(depth)).map_or(at, |element| at.min(element.start as usize));
        while self.stack.len() > keep {
            record = self.close(false);
        }
        if let [Frame { open: Open::Map(members, _), .. }, ..] = &mut *self.stack {
            self.left = std::mem::take(members);
        }
        self.stack.clear();
        self.anchors.clear();
        if self.mistakes >= MAX_DAMAGES {
            self.damage(at, "the document has too many mistakes; the rest is not read");
            self.ended = true;
            return record;
        }
        match self.next_piece(behind, dash) {
            Some((start, end)) => {
                self.piece = (start, end);
                self.parser = parser(&self.text[start..end]);
            }
            None => self.ended = true,
        }
        record
    }

    /// The column of the dash with which the line at this offset begins.
    fn dash(&self, at: usize) -> Option<usize> {
        let line = self.text.get(..at)?.rfind('\n').map_or(0, |end| end + 1);
        let line = &self.text[line..];
        let blanks = line.len() - line.trim_start_matches(' ').len();
        line[blanks..].starts_with('-').then_some(blanks)
    }

    /// Behind `at`: the next elements of the list whose dashes stand in that column, or the next document.
    fn next_piece(&mut self, at: usize, dash: Option<usize>) -> Option<(usize, usize)> {
        // `at` may be the end of the text or stand inside a character.
        let mut start = memchr::memchr(b'\n', self.text.as_bytes().get(at..)?).map(|end| at + end + 1)?;
        loop {
            let line = &self.text[start..];
            if line.starts_with("---") {
                self.left.clear();
                return Some((start, self.text.len()));
            }
            let indent = line.len() - line.trim_start_matches(' ').len();
            if dash == Some(indent) && line[indent..].starts_with("- ") {
                // The elements end where a line stands further left.
                let mut end = start;
                for line in self.text[start..].split_inclusive('\n') {
                    let blanks = line.len() - line.trim_start_matches(' ').len();
                    let inside = blanks > indent || blanks == indent && line[blanks..].starts_with('-');
                    if line.starts_with("---") || !(inside || line.trim().is_empty()) {
                        break;
                    }
                    end += line.len();
                }
                return Some((start, end));
            }
            start += memchr::memchr(b'\n', line.as_bytes())? + 1;
        }
    }
}

fn parser(text: &str) -> Parser<'_, StrInput<'_>> {
    let mut options = granit_parser::options! {
        emit_unresolved_aliases: true,
        // What the reader does not keep need not be nested deeper by the library either.
        flow_nesting_limit: MAX_DEPTH + 1,
        block_nesting_limit: MAX_DEPTH + 1,
    };
    options.set_emit_comments(false);
    Parser::new_from_str_with_options(text, options)
}

/// The value of a scalar: only a plain one can be anything but text.
fn scalar<'a>(text: Cow<'a, str>, style: ScalarStyle, tag: Option<&Tag>) -> Value<'a> {
    let plain = style == ScalarStyle::Plain && tag.is_none_or(|tag| tag.core_suffix() != Some("str"));
    if !plain {
        return Value::Text(text);
    }
    match text.as_ref() {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    match text {
        Cow::Borrowed(word) if is_number(word) => Value::Number(word),
        text => Value::Text(text),
    }
}

/// A number as JSON writes them.
fn is_number(word: &str) -> bool {
    let digits = word.strip_prefix('-').unwrap_or(word);
    let octal = digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.");
    let form = digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-'));
    form && !octal && word.parse::<f64>().is_ok()
}

/// Resolves merge keys: what the map itself says counts.
fn merged(members: Vec<Member<'_>>) -> Vec<Member<'_>> {
    if members.iter().all(|member| member.key != "<<") {
        return members;
    }
    let (merges, mut members): (Vec<_>, Vec<_>) = members.into_iter().partition(|member| member.key == "<<");
    let mut known: HashSet<String> = members.iter().map(|member| member.key.to_string()).collect();
    for merge in merges {
        let maps = match merge.value.value {
            Value::Array(items) => items,
            _ => vec![merge.value],
        };
        for map in maps {
            if let Value::Object(more) = map.value {
                members.extend(more.into_iter().filter(|member| known.insert(member.key.to_string())));
            }
        }
    }
    members
}

/// Bytes that a copy of a value takes, roughly. The nesting is limited.
fn cost(node: &Node<'_>) -> usize {
    const NODE: usize = 64;
    let text = |text: &Cow<'_, str>| if matches!(text, Cow::Owned(_)) { text.len() } else { 0 };
    NODE + match &node.value {
        Value::Text(value) => text(value),
        Value::Array(items) => items.iter().map(cost).sum(),
        Value::Object(members) => members.iter().map(|member| NODE + text(&member.key) + cost(&member.value)).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}

/// The library's message, in the form of ours.
fn message(error: &ScanError) -> String {
    let info = error.info();
    let mut letters = info.chars();
    let first = letters.next().map(|first| first.to_ascii_lowercase());
    format!("not YAML: {}{}", first.map(String::from).unwrap_or_default(), letters.as_str())
}

impl<'a> Records<'a> for Reader<'a> {
    fn next_record(&mut self) -> Option<Node<'a>> {
        while !self.ended {
            let outcome = match self.parser.next_event() {
                None => {
                    // Behind the elements of a list more documents may follow.
                    let end = self.piece.1;
                    match self.next_piece(end.saturating_sub(1), None).filter(|_| end < self.text.len()) {
                        Some((start, end)) => {
                            self.piece = (start, end);
                            self.parser = parser(&self.text[start..end]);
                        }
                        None => self.ended = true,
                    }
                    continue;
                }
                Some(Ok((event, span))) => self.event(event, &span),
                Some(Err(error)) => {
                    let at = self.piece.0 + error.marker().byte_offset().unwrap_or_default();
                    Err((at.min(self.piece.1), message(&error)))
                }
            };
            let record = match outcome {
                Ok(record) => record,
                Err((at, message)) => self.leave(at, message),
            };
            if let Some(record) = record.filter(|record| record.value != Value::Null) {
                return Some(record);
            }
        }
        None
    }

    fn take_damages(&mut self) -> Vec<Damage> {
        std::mem::take(&mut self.damages)
    }

    fn envelope(&self) -> Option<&[Member<'a>]> {
        match &*self.stack {
            [Frame { open: Open::Map(members, _), .. }, _, ..] => Some(members),
            [Frame { open: Open::List(_), .. }, ..] if !self.left.is_empty() => Some(&self.left),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
