//! Bytes to nodes: the syntax, and what to do where it is broken.

use std::borrow::Cow;

/// Containers inside containers. Docker nests about ten deep, Kubernetes schemas about thirty.
pub(crate) const MAX_DEPTH: usize = 128;

/// A value and its place: the offsets of its first byte and of the byte behind it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node<'a> {
    /// Offset of the first byte in the document's bytes.
    pub(crate) start: u32,
    /// Offset of the byte behind the last one.
    pub(crate) end: u32,
    /// What stands there.
    pub(crate) value: Value<'a>,
}

/// A JSON value. Numbers stay as written, because not all of them fit into `f64`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as written.
    Number(&'a str),
    /// Text with its escapes resolved.
    Text(Cow<'a, str>),
    /// Elements in order.
    Array(Vec<Node<'a>>),
    /// Members in order, duplicates included.
    Object(Vec<Member<'a>>),
}

/// A name and its value in an object.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Member<'a> {
    /// Offset of the quote that opens the name.
    pub(crate) start: u32,
    /// The name with its escapes resolved.
    pub(crate) key: Cow<'a, str>,
    /// Its value.
    pub(crate) value: Node<'a>,
}

impl<'a> Node<'a> {
    /// The members, none when this is not an object.
    pub(crate) fn members(&self) -> &[Member<'a>] {
        match &self.value {
            Value::Object(members) => members,
            _ => &[],
        }
    }

    /// The elements, none when this is not an array.
    pub(crate) fn items(&self) -> &[Node<'a>] {
        match &self.value {
            Value::Array(items) => items,
            _ => &[],
        }
    }

    /// The member of that name. Of duplicates the last one counts, as in Go's encoding/json.
    pub(crate) fn member(&self, key: &str) -> Option<&Member<'a>> {
        self.members().iter().rev().find(|member| member.key == key)
    }

    /// True when the object has a member of that name, be it `null`.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.member(key).is_some()
    }
}

/// The first record of a document's beginning, as far as it goes; `None` when no JSON begins within its first lines.
/// For recognising a format by the keys of its objects.
pub(crate) fn first_record(head: &str) -> Option<Node<'_>> {
    const PREAMBLE_LINES: usize = 10;
    let begins = |line: &str| line.trim_start_matches('\u{feff}').trim_start().starts_with(['{', '[']);
    if !head.lines().filter(|line| !line.trim().is_empty()).take(PREAMBLE_LINES).any(begins) {
        return None;
    }
    let mut reader = Reader::new(head.as_bytes());
    let mut record = reader.next()?;
    while let Value::Array(items) = record.value {
        record = items.into_iter().next()?;
    }
    Some(record)
}

/// Something that is not JSON, and where.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Damage {
    /// Offset in the document's bytes.
    pub(crate) at: u32,
    /// A lowercase fragment.
    pub(crate) message: String,
}

/// Yields the records of a document, and gathers what is wrong with its syntax.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Inside a top-level array.
    in_array: bool,
    /// Distance of the current record from its line's start, when only blanks stand before it.
    indent: Option<usize>,
    /// Member of a top-level object whose elements are records of their own, so that a long list is not held at once.
    list: Option<&'static str>,
    /// The object and its list, while the elements of the list are handed out.
    envelope: Vec<Frame<'a>>,
    /// Reading goes on at an element of that list, and not behind one.
    at_element: bool,
    pub(super) damages: Vec<Damage>,
}

/// A container that is not closed yet.
enum Frame<'a> {
    Array(u32, Vec<Node<'a>>),
    Object(u32, Vec<Member<'a>>, Option<(u32, Cow<'a, str>)>),
}

/// Why reading a record ended early.
enum Broken {
    /// Something is wrong; the damage is noted already.
    Damage,
    /// An element of the list is complete.
    Element,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        let (list, envelope, at_element) = (None, Vec::new(), false);
        let mut reader =
            Self { bytes, at: 0, in_array: false, indent: None, list, envelope, at_element, damages: Vec::new() };
        if u32::try_from(bytes.len()).is_err() {
            reader.bytes = &bytes[..u32::MAX as usize];
            reader.damage(0, "only the first 4 GiB are read");
        }
        if bytes.starts_with(b"\xef\xbb\xbf") {
            reader.at = 3;
        }
        reader
    }

    /// Hands out the elements of this member of a top-level object as records, and what else the object holds behind
    /// them.
    pub(super) fn with_list(mut self, key: &'static str) -> Self {
        self.list = Some(key);
        self
    }

    /// The object whose list the last record stands in, as far as it was read; `None` for a record of its own.
    pub(super) fn envelope(&self) -> Option<&[Member<'a>]> {
        match self.envelope.first() {
            Some(Frame::Object(_, members, _)) => Some(members),
            _ => None,
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    /// The offset as it is kept in nodes; the constructor limits the length to what fits.
    fn offset(at: usize) -> u32 {
        u32::try_from(at).unwrap_or(u32::MAX)
    }

    fn damage(&mut self, at: usize, message: impl Into<String>) {
        self.damages.push(Damage { at: Self::offset(at), message: message.into() });
    }

    /// Notes what was expected instead of the byte at the current place.
    fn expected<T>(&mut self, what: &str) -> Result<T, Broken> {
        let message = match self.peek() {
            None => format!("the document ends where {what} is expected"),
            Some(byte @ 0x21..=0x7e) => format!("`{}` stands where {what} is expected", byte as char),
            Some(byte) => format!("byte 0x{byte:02x} stands where {what} is expected"),
        };
        self.damage(self.at, message);
        Err(Broken::Damage)
    }

    /// Goes to the next line on which a record can begin: `{` in the column of the broken one, or `{` or `[` in the first.
    fn resync(&mut self) {
        while let Some(step) = memchr::memchr(b'\n', &self.bytes[self.at..]) {
            self.at += step + 1;
            let line = &self.bytes[self.at..];
            if matches!(line, [b'{' | b'[', ..]) {
                self.in_array = false;
                self.envelope.clear();
                return;
            }
            if let Some(indent) = self.indent.filter(|_| self.in_array || !self.envelope.is_empty())
                && line.get(indent) == Some(&b'{')
                && line[..indent].iter().all(|byte| matches!(byte, b' ' | b'\t'))
            {
                self.at += indent;
                self.at_element = !self.envelope.is_empty();
                return;
            }
        }
        self.at = self.bytes.len();
        self.in_array = false;
        self.envelope.clear();
    }

    /// Notes how far from its line's start the record that begins here stands.
    fn note_indent(&mut self) {
        let before = &self.bytes[..self.at];
        let blanks = before.iter().rev().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let starts_line = before.len() == blanks || before[before.len() - blanks - 1] == b'\n';
        self.indent = starts_line.then_some(blanks);
    }

    /// Reads one value. What was read of it before a damage is returned, unless it is a scalar.
    fn record(&mut self) -> (Option<Node<'a>>, Result<(), Broken>) {
        self.note_indent();
        let mut stack: Vec<Frame<'a>> = std::mem::take(&mut self.envelope);
        let mut done: Option<Node<'a>> = None;
        let outcome = self.value(&mut stack, &mut done);
        if matches!(outcome, Err(Broken::Element)) {
            self.envelope = stack;
            return (done, Ok(()));
        }
        // Closes what a damage left open, so that the values before it count. Of a list the element alone is closed: the
        // next one may be whole.
        let keep = if self.is_list(&stack) { 2 } else { 0 };
        while stack.len() > keep
            && let Some(frame) = stack.pop()
        {
            let node = self.close(frame);
            if stack.len() == keep {
                done = Some(node);
            } else {
                Self::put(&mut stack, &mut done, node);
            }
        }
        self.envelope = stack;
        (done, outcome)
    }

    /// True when these frames begin with an object and the list in it whose elements are records.
    fn is_list(&self, stack: &[Frame<'a>]) -> bool {
        let (Some(list), [Frame::Object(_, _, Some((_, key))), Frame::Array(..), ..]) = (self.list, stack) else {
            return false;
        };
        key == list
    }

    /// Goes on behind an element of the list: to the next one, or, in which case it is returned, to the end of the object.
    fn advance(&mut self) -> Result<Option<Node<'a>>, Broken> {
        let mut stack = std::mem::take(&mut self.envelope);
        let mut done = None;
        let mut outcome = self.separators(&mut stack, &mut done);
        if outcome.is_ok() && self.is_list(&stack) && stack.len() == 2 {
            self.envelope = stack;
            return Ok(None);
        }
        // The list has ended; the members behind it are few.
        if outcome.is_ok() && !stack.is_empty() {
            outcome = self.value(&mut stack, &mut done);
        }
        if matches!(outcome, Err(Broken::Element)) {
            self.envelope = stack;
            return Ok(done);
        }
        while let Some(frame) = stack.pop() {
            let node = self.close(frame);
            Self::put(&mut stack, &mut done, node);
        }
        outcome.map(|()| done)
    }

    fn close(&self, frame: Frame<'a>) -> Node<'a> {
        let end = Self::offset(self.at);
        match frame {
            Frame::Array(start, items) => Node { start, end, value: Value::Array(items) },
            Frame::Object(start, members, _) => Node { start, end, value: Value::Object(members) },
        }
    }

    /// Hands a finished value to the container that it stands in.
    fn put(stack: &mut [Frame<'a>], done: &mut Option<Node<'a>>, node: Node<'a>) {
        match stack.last_mut() {
            None => *done = Some(node),
            Some(Frame::Array(_, items)) => items.push(node),
            Some(Frame::Object(_, members, key)) => {
                if let Some((start, key)) = key.take() {
                    members.push(Member { start, key, value: node });
                }
            }
        }
    }

    fn value(&mut self, stack: &mut Vec<Frame<'a>>, done: &mut Option<Node<'a>>) -> Result<(), Broken> {
        loop {
            self.blanks();
            if stack.len() == 2 && self.is_list(stack) {
                self.note_indent();
            }
            let start = Self::offset(self.at);
            match self.peek() {
                Some(b'{' | b'[') if stack.len() >= MAX_DEPTH => {
                    self.damage(self.at, format!("values nest more than {MAX_DEPTH} deep"));
                    return Err(Broken::Damage);
                }
                Some(b'{') => {
                    self.at += 1;
                    stack.push(Frame::Object(start, Vec::new(), None));
                    if !self.closes(b'}') {
                        self.key(stack)?;
                        continue;
                    }
                }
                Some(b'[') => {
                    self.at += 1;
                    stack.push(Frame::Array(start, Vec::new()));
                    if !self.closes(b']') {
                        continue;
                    }
                }
                _ => {
                    let value = self.scalar(stack.is_empty())?;
                    let node = Node { start, end: Self::offset(self.at), value };
                    Self::put(stack, done, node);
                    if stack.is_empty() {
                        return Ok(());
                    }
                }
            }
            self.separators(stack, done)?;
            if stack.is_empty() {
                return Ok(());
            }
        }
    }

    /// Takes the closing bracket when it comes next.
    fn closes(&mut self, bracket: u8) -> bool {
        self.blanks();
        self.peek() == Some(bracket)
    }

    /// Behind a value: closes containers, and stops where the next value begins.
    fn separators(&mut self, stack: &mut Vec<Frame<'a>>, done: &mut Option<Node<'a>>) -> Result<(), Broken> {
        loop {
            if stack.len() == 2
                && self.is_list(stack)
                && let Some(Frame::Array(_, items)) = stack.last_mut()
                && let Some(element) = items.pop()
            {
                *done = Some(element);
                return Err(Broken::Element);
            }
            let object = match stack.last() {
                None => return Ok(()),
                Some(Frame::Object(..)) => true,
                Some(Frame::Array(..)) => false,
            };
            let bracket = if object { b'}' } else { b']' };
            self.blanks();
            let next = self.peek();
            if next == Some(b',') {
                self.at += 1;
                self.blanks();
                if self.peek() != Some(bracket) {
                    return if object { self.key(stack) } else { Ok(()) };
                }
                self.damage(self.at, format!("a comma stands before `{}`", bracket as char));
            }
            if self.peek() == Some(bracket) {
                self.at += 1;
                if let Some(frame) = stack.pop() {
                    let node = self.close(frame);
                    Self::put(stack, done, node);
                }
            } else if next == Some(b'"') && object {
                // The commonest mistake in a file written by hand.
                self.damage(self.at, "a comma is missing before this name");
                return self.key(stack);
            } else {
                return self.expected(if object { "`,` or `}`" } else { "`,` or `]`" });
            }
        }
    }

    /// Reads a name and its colon.
    fn key(&mut self, stack: &mut [Frame<'a>]) -> Result<(), Broken> {
        let start = Self::offset(self.at);
        if self.peek() != Some(b'"') {
            return self.expected("a name in quotes");
        }
        let name = self.text()?;
        self.blanks();
        if self.peek() != Some(b':') {
            return self.expected("`:`");
        }
        self.at += 1;
        if let Some(Frame::Object(_, _, key)) = stack.last_mut() {
            *key = Some((start, name));
        }
        Ok(())
    }

    fn scalar(&mut self, alone: bool) -> Result<Value<'a>, Broken> {
        let start = self.at;
        match self.peek() {
            Some(b'"') => return Ok(Value::Text(self.text()?)),
            Some(b'-' | b'0'..=b'9') => {
                let number = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E');
                while self.peek().is_some_and(number) {
                    self.at += 1;
                }
            }
            Some(b'a'..=b'z') => {
                while self.peek().is_some_and(|byte| byte.is_ascii_lowercase()) {
                    self.at += 1;
                }
            }
            _ => return self.expected("a value"),
        }
        // The last digits may be cut off as well.
        if self.at == self.bytes.len() && !alone {
            return self.expected("`,` or a closing bracket");
        }
        let word = std::str::from_utf8(&self.bytes[start..self.at]).unwrap_or_default();
        match word {
            "null" => Ok(Value::Null),
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            _ if word.parse::<f64>().is_ok() && !word.starts_with(|c: char| c.is_ascii_lowercase()) => {
                Ok(Value::Number(word))
            }
            _ => {
                self.at = start;
                self.expected("a value")
            }
        }
    }

    /// Reads text in quotes. A line end inside means that the closing quote is lost.
    fn text(&mut self) -> Result<Cow<'a, str>, Broken> {
        let open = self.at;
        let bytes = self.bytes;
        self.at += 1;
        let mut start = self.at;
        let mut owned = String::new();
        loop {
            let Some(step) = memchr::memchr3(b'"', b'\\', b'\n', &bytes[self.at..]) else {
                self.at = bytes.len();
                return self.expected("the end of text");
            };
            self.at += step;
            let piece = String::from_utf8_lossy(&bytes[start..self.at]);
            match bytes[self.at] {
                b'"' => {
                    self.at += 1;
                    if owned.is_empty() {
                        return Ok(piece);
                    }
                    owned.push_str(&piece);
                    return Ok(Cow::Owned(owned));
                }
                b'\\' => {
                    owned.push_str(&piece);
                    owned.push(self.escape());
                    start = self.at;
                }
                _ => {
                    self.damage(open, "the quote that closes this text is missing on its line");
                    return Err(Broken::Damage);
                }
            }
        }
    }

    /// Reads an escape, of which the current byte is the backslash.
    fn escape(&mut self) -> char {
        let code = self.bytes.get(self.at + 1).copied();
        let short = match code {
            Some(byte @ (b'"' | b'\\' | b'/')) => Some(byte as char),
            Some(b'b') => Some('\u{8}'),
            Some(b'f') => Some('\u{c}'),
            Some(b'n') => Some('\n'),
            Some(b'r') => Some('\r'),
            Some(b't') => Some('\t'),
            _ => None,
        };
        if let Some(short) = short {
            self.at += 2;
            return short;
        }
        let unit = |at: usize| -> Option<u32> {
            let digits = self.bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
            let digits = std::str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'))?;
            u32::from_str_radix(digits, 16).ok()
        };
        let (scalar, length) = match (unit(self.at), unit(self.at + 6)) {
            (Some(high @ 0xd800..=0xdbff), Some(low @ 0xdc00..=0xdfff)) => {
                (char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00)), 12)
            }
            (Some(single), _) => (char::from_u32(single), 6),
            (None, _) => {
                self.damage(self.at, "an escape that JSON does not know");
                (Some('\\'), 1)
            }
        };
        self.at += length;
        scalar.unwrap_or(char::REPLACEMENT_CHARACTER)
    }
}

impl<'a> Iterator for Reader<'a> {
    type Item = Node<'a>;

    fn next(&mut self) -> Option<Node<'a>> {
        loop {
            self.blanks();
            if !self.envelope.is_empty() {
                let goes_on = if std::mem::take(&mut self.at_element) { Ok(None) } else { self.advance() };
                match goes_on {
                    // An element follows.
                    Ok(None) => {}
                    Ok(Some(envelope)) => return Some(envelope),
                    Err(_) => {
                        self.resync();
                        continue;
                    }
                }
                let (record, outcome) = self.record();
                if outcome.is_err() {
                    self.resync();
                }
                if record.is_some() {
                    return record;
                }
                continue;
            }
            let Some(byte) = self.peek() else {
                if self.in_array {
                    self.damage(self.at, "the document ends inside a list");
                    self.in_array = false;
                }
                return None;
            };
            match (byte, self.in_array) {
                (b'[', false) => {
                    self.at += 1;
                    self.in_array = true;
                    continue;
                }
                (b']', true) => {
                    self.at += 1;
                    self.in_array = false;
                    continue;
                }
                (b',', true) => {
                    self.at += 1;
                    continue;
                }
                (b'{', _) | (_, true) => {}
                (_, false) if self.bytes[self.at..].starts_with(b"null") => {
                    self.at += 4;
                    continue;
                }
                (_, false) => {
                    let line = &self.bytes[self.at..];
                    let line = &line[..memchr::memchr(b'\n', line).unwrap_or(line.len()).min(60)];
                    let shown = String::from_utf8_lossy(line);
                    self.damage(self.at, format!("`{}` is not JSON and was skipped", shown.trim_end()));
                    self.resync();
                    continue;
                }
            }
            let (record, outcome) = self.record();
            if outcome.is_err() {
                self.resync();
            }
            if record.is_some() {
                return record;
            }
        }
    }
}
