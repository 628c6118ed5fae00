//! The input and output of every parser.

use bundlescope_facts::{Data, Fact, Problem, Source, Text};

/// One document, wholly in memory.
#[derive(Debug, Clone)]
pub struct Document<'a> {
    /// Path inside the bundle.
    pub path: Text,
    /// The command or file that the path, or the heading of a section, stands for: `ip -6 route`, `/etc/hosts`. Empty where
    /// nothing is told.
    pub subject: Text,
    /// Its bytes. Not necessarily UTF-8.
    pub bytes: &'a [u8],
    /// Container whose view of the world this is (`docker exec db ss -tln`); absent for the host.
    pub container: Option<Text>,
    /// Number of the first line, when the bytes are a section of a larger document.
    pub first_line: u32,
    /// Position of the first byte, when the bytes are a section of a larger document.
    pub offset: u64,
    /// Blanks that begin every line, as where an output was pasted into a text; [`Document::lines`] leaves them out.
    pub indent: usize,
}

/// One line of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// Number, counted from 1.
    pub number: u32,
    /// Text without the line end. Bytes that are not UTF-8 end the text; the parser sees what comes before.
    pub text: &'a str,
    /// First byte in the document.
    pub start: u64,
    /// The byte behind the last one, the line end not included.
    pub end: u64,
}

impl<'a> Document<'a> {
    /// A whole document as seen on the host.
    pub fn new(path: impl Into<Text>, bytes: &'a [u8]) -> Self {
        let path = path.into();
        let subject = crate::layout::place(&path).subject.into();
        Self { path, subject, bytes, container: None, first_line: 1, offset: 0, indent: common_indent(bytes) }
    }

    /// The lines, with LF or CR LF ends.
    pub fn lines(&self) -> impl Iterator<Item = Line<'a>> + use<'a> {
        // A byte order mark is not text.
        let mark = if self.bytes.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
        let (mut number, mut start, bytes) = (self.first_line, mark, self.bytes);
        let (offset, indent) = (self.offset, self.indent);
        std::iter::from_fn(move || {
            if start >= bytes.len() {
                return None;
            }
            let end = memchr::memchr(b'\n', &bytes[start..]).map_or(bytes.len(), |at| start + at);
            let mut raw = &bytes[start..end];
            if let [rest @ .., b'\r'] = raw {
                raw = rest;
            }
            // Lines of blanks alone may be shorter.
            let skipped = indent.min(raw.len());
            raw = &raw[skipped..];
            let text = match std::str::from_utf8(raw) {
                Ok(text) => text,
                // The bytes up to the error are valid, so the second conversion cannot fail.
                Err(error) => std::str::from_utf8(&raw[..error.valid_up_to()]).unwrap_or_default(),
            };
            let line = Line {
                number,
                text,
                start: offset + (start + skipped) as u64,
                end: offset + (start + skipped + raw.len()) as u64,
            };
            number = number.saturating_add(1);
            start = end + 1;
            Some(line)
        })
    }

    /// The source of a fact that these two lines and those between them state. Which of them stands first does not
    /// matter: pastes and tools that write to two streams at once bring lines out of order.
    pub fn source(&self, one: Line<'_>, other: Line<'_>) -> Source {
        let (first, last) = if one.number <= other.number { (one, other) } else { (other, one) };
        Source {
            document: self.path.clone(),
            first_line: first.number,
            last_line: last.number,
            span: (first.start, last.end),
        }
    }
}

/// What some editors put before UTF-8.
pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Blanks that begin every line that holds anything; 0 for nearly every document, which its first line tells.
pub(crate) fn common_indent(bytes: &[u8]) -> usize {
    let mut common = usize::MAX;
    for line in bytes.split(|byte| *byte == b'\n') {
        if let Some(blanks) = line.iter().position(|byte| !byte.is_ascii_whitespace()) {
            common = common.min(blanks);
        }
        if common == 0 {
            return 0;
        }
    }
    if common == usize::MAX { 0 } else { common }
}

/// What one document says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Parsed {
    /// Facts in the document's order.
    pub facts: Vec<Fact>,
    /// What could not be read; the first [`Parsed::MOST_PROBLEMS`] of it.
    pub problems: Vec<Problem>,
    /// How much else could not be read.
    pub more_problems: u64,
    /// Parts that may hold messages of programs, for whoever searches logs.
    pub logs: Vec<LogPart>,
    /// Of a document that holds the outputs of several commands: the formats that were read of it, and in whose view.
    pub sections: Vec<(&'static str, Option<Text>)>,
}

/// A pod, as paths and headings of its logs name it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PodName {
    /// Namespace; absent where only the pod is named.
    pub namespace: Option<Text>,
    /// Name.
    pub name: Text,
}

impl PodName {
    /// A pod by its namespace and its name.
    pub(crate) fn new(namespace: &str, name: &str) -> Self {
        Self { namespace: Some(namespace.into()).filter(|name: &Text| !name.is_empty()), name: name.into() }
    }
}

/// A part of a document that no parser reads: the output of `docker logs`, or something unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogPart {
    /// Container that wrote it.
    pub container: Option<Text>,
    /// Pod of that container.
    pub pod: Option<PodName>,
    /// It is a log by its heading, and not only of no known format.
    pub is_log: bool,
    /// Number of its first line in the document.
    pub first_line: u32,
    /// Where its bytes begin and end in the document.
    pub span: (usize, usize),
}

impl Parsed {
    /// Problems that are kept one by one: a hostile document could have millions, and a person reads a few.
    pub const MOST_PROBLEMS: usize = 1000;

    /// Adds a fact that one line states.
    pub fn line_fact(&mut self, document: &Document<'_>, line: Line<'_>, data: impl Into<Data>) {
        self.fact(document, line, line, data);
    }

    /// Adds a fact that the lines from `first` to `last` state.
    pub fn fact(&mut self, document: &Document<'_>, first: Line<'_>, last: Line<'_>, data: impl Into<Data>) {
        self.facts.push(Fact::new(document.source(first, last), data));
    }

    /// Adds a problem; `message` is a lowercase fragment that says what was expected.
    pub fn problem(&mut self, document: &Document<'_>, line: u32, message: impl Into<String>) {
        if self.problems.len() < Self::MOST_PROBLEMS {
            self.problems.push(Problem { document: document.path.clone(), line, message: message.into() });
        } else {
            self.more_problems += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_know_their_place_even_with_carriage_returns_and_no_final_newline() {
        let document = Document { first_line: 10, offset: 100, ..Document::new("x", b"ab\r\n\nc\xff\xffd") };
        let lines: Vec<_> = document.lines().map(|l| (l.number, l.text, l.start, l.end)).collect();
        assert_eq!(lines, [(10, "ab", 100, 102), (11, "", 104, 104), (12, "c", 105, 109)]);
    }

    #[test]
    fn blanks_that_begin_every_line_are_left_out() {
        let document = Document::new("x", b"  a\n\n    b\n \n");
        let lines: Vec<_> = document.lines().map(|l| (l.number, l.text, l.start)).collect();
        assert_eq!(lines, [(1, "a", 2), (2, "", 4), (3, "  b", 7), (4, "", 12)]);
    }
}
