//! What is behind a mistake of YAML syntax: readers notice it late, and authors want to see where it began.

use std::ops::Range;

/// A mistake as it is told: where, what, and what to do.
pub(crate) struct Told {
    pub(crate) span: Range<usize>,
    pub(crate) message: String,
    pub(crate) help: String,
}

/// Finds the cause of a mistake that the reader met at a place.
pub(crate) fn told(text: &str, span: Range<usize>, message: &str) -> Told {
    let as_it_is = |help: &str| Told { span: span.clone(), message: message.to_owned(), help: help.to_owned() };
    let rest = text.get(span.start..).unwrap_or_default();
    let line_start = text.get(..span.start).unwrap_or_default().rfind('\n').map_or(0, |at| at + 1);
    let line = text.get(line_start..).unwrap_or_default().lines().next().unwrap_or_default();
    if message.contains("tab") {
        let tab = line.find('\t').map_or(span.start, |at| line_start + at);
        return Told {
            span: tab..(tab + 1).min(text.len()),
            message: message.to_owned(),
            help: "indent with spaces".into(),
        };
    }
    if message.contains("multiple YAML documents") {
        let mark = text.get(..span.start).unwrap_or_default().rfind("\n---").map_or(span.start, |at| at + 1);
        return Told {
            span: mark..(mark + 3).min(text.len()),
            message: "a second document begins".to_owned(),
            help: "one rule a file: put each into a file of its own".to_owned(),
        };
    }
    if let Some(found) = template(text, &span, line_start, line) {
        return found;
    }
    if message.contains("misplaced bracket") {
        return as_it_is("this `}` or `]` closes nothing: remove it, or open it before");
    }
    if let Some(bracket) = message.strip_prefix("mismatched bracket '").and_then(|rest| rest.chars().next()) {
        let close = if bracket == '[' { ']' } else { '}' };
        return as_it_is(&format!("close it with `{close}`"));
    }
    let late = [
        "expected ','",
        "illegal placement",
        "quoted scalar",
        "end of stream",
        "not allowed",
        "expected key",
        "flow",
        "unexpected end",
    ];
    if late.iter().any(|part| message.contains(part))
        && let Some(found) = open(text, span.start)
    {
        return found;
    }
    if message.contains("mapping values are not allowed") {
        return colon(text, &span, line_start, line)
            .unwrap_or_else(|| as_it_is("put a text that holds `: ` in quotes"));
    }
    if message.contains("tag") {
        let before = text.get(line_start..span.start).unwrap_or_default();
        let at = before.rfind('!').map_or(span.start, |at| line_start + at);
        let length = text.get(at..).unwrap_or_default().find(char::is_whitespace).unwrap_or(1);
        return Told {
            span: at..at + length,
            message: message.to_owned(),
            help: "put a text that begins with `!` in quotes".into(),
        };
    }
    if message.contains("simple key") || message.contains("could not find expected ':'") {
        let word = rest.split(['\n', '{', '[']).next().unwrap_or_default().trim_end();
        let glued = word.split_once(':').is_some_and(|(_, value)| !value.is_empty() && !value.starts_with(' '));
        let help = if glued {
            "put a blank behind the colon: `key: value`"
        } else {
            "write `key: value`, with a colon behind the key"
        };
        return Told {
            span: span.start..span.start + word.len(),
            message: "a key and its value are expected".to_owned(),
            help: help.into(),
        };
    }
    if let Some(first) = rest.chars().next()
        && (message.contains("unexpected character")
            || message.contains("anchor")
            || message.contains("cannot start any token"))
    {
        let help = match rest.get(..2).unwrap_or_default() {
            ">=" => "operators are words: `ge`".to_owned(),
            "<=" => "operators are words: `le`".to_owned(),
            ">:" => "operators are words: `gt`".to_owned(),
            "<:" => "operators are words: `lt`".to_owned(),
            "!=" => "operators are words: `not`".to_owned(),
            "==" | "=:" => "operators are words: `is`".to_owned(),
            _ => format!("put a text that begins with `{first}` in quotes"),
        };
        let message =
            if message.contains("anchor") { format!("`{first}` has a meaning in YAML") } else { message.to_owned() };
        return Told { span: span.start..span.start + first.len_utf8(), message, help };
    }
    if message.contains("expected key") || message.contains("expected block end") || message.contains("'-' indicator") {
        let indent = line.len() - line.trim_start().len();
        let key = line.trim_start().split([':', ' ']).next().unwrap_or_default();
        let start = if span.start < line_start + indent { line_start + indent } else { span.start };
        let length = if start == line_start + indent { key.len().max(1) } else { 1 };
        return Told {
            span: start..(start + length).min(text.len()),
            message: message.to_owned(),
            help: "what belongs together is indented by the same number of spaces; look at the lines above".to_owned(),
        };
    }
    if message.contains("merge key") {
        return as_it_is("write the fields out");
    }
    if message.contains("expected string scalar") {
        return as_it_is("keys are plain texts; put a text that begins with `{` or `[` in quotes");
    }
    as_it_is("check indentation, brackets and quotes; a text with special characters stands in quotes")
}

/// A template that stands without quotes: YAML takes its braces for a map.
fn template(text: &str, span: &Range<usize>, line_start: usize, line: &str) -> Option<Told> {
    let at = line.find("{{").or_else(|| line.find("{%"))?;
    let value = line.get(..at)?.trim_end();
    let begins = value.ends_with(':') || value.ends_with('-');
    let start = line_start + at;
    let close = line.get(at..)?.rfind("}}").or_else(|| line.get(at..)?.rfind("%}")).map_or(2, |end| end + 2);
    let near = (start..=line_start + line.len()).contains(&span.start)
        || span.start > start && open_at(text, span.start) >= Some(start);
    (begins && near).then(|| Told {
        span: start..start + close,
        message: "a template stands without quotes, so that YAML takes its braces for a map".to_owned(),
        help: format!(
            "put the text in quotes: '{}'",
            line.get(at..).unwrap_or_default().trim_end().replace('\'', "''")
        ),
    })
}

/// A colon in a text, or a key that is indented further than its neighbours.
fn colon(text: &str, span: &Range<usize>, line_start: usize, line: &str) -> Option<Told> {
    let indent = line.len() - line.trim_start().len();
    let before = line.get(..span.start.checked_sub(line_start)?)?;
    let key = before.trim();
    let above = text.get(..line_start)?.trim_end().rsplit('\n').next()?;
    let above_indent = above.len() - above.trim_start().len();
    let alone = !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
    (alone && indent > above_indent).then(|| Told {
        span: line_start + indent..line_start + indent + key.len(),
        message: "a key is indented further than the one above".to_owned(),
        help: "indent it like the line above, by the same number of spaces".to_owned(),
    })
}

/// A bracket or a quote that is still open where the reader gave up.
fn open(text: &str, until: usize) -> Option<Told> {
    let start = open_at(text, until)?;
    let (message, help) = match text.as_bytes().get(start)? {
        b'[' => ("the `[` is not closed", "close it with `]`"),
        b'{' => ("the `{` is not closed", "close it with `}`"),
        b'\'' => ("the quote is not closed", "close it with `'`; inside of such a text write `''` for a quote"),
        _ => ("the quote is not closed", "close it with `\"`"),
    };
    Some(Told { span: start..start + 1, message: message.to_owned(), help: help.to_owned() })
}

/// Where the outermost bracket or the quote begins that is open at a place: what is opened and closed by a reader that
/// knows quotes, comments and block texts.
fn open_at(text: &str, until: usize) -> Option<usize> {
    let mut open: Vec<(usize, u8)> = Vec::new();
    let mut quote: Option<(usize, u8)> = None;
    // Lines that are indented further than this one belong to a block text.
    let mut block: Option<usize> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let indent = line.len() - line.trim_start_matches(' ').len();
        if let Some(least) = block {
            if line.trim().is_empty() || indent > least {
                at += line.len();
                continue;
            }
            block = None;
        }
        // What stands directly before, to tell a value that begins from a character inside of one.
        let mut before = b' ';
        let mut fresh = true;
        let bytes = line.as_bytes();
        let mut skip = false;
        for (offset, byte) in bytes.iter().copied().enumerate() {
            let place = at + offset;
            if place >= until {
                return quote.or_else(|| open.first().copied()).map(|(start, _)| start);
            }
            if skip {
                skip = false;
                continue;
            }
            if let Some((_, mark)) = quote {
                if byte == b'\\' && mark == b'"' {
                    skip = true;
                } else if byte == mark {
                    // Two in a row are one inside.
                    if mark == b'\'' && bytes.get(offset + 1) == Some(&b'\'') {
                        skip = true;
                    } else {
                        quote = None;
                    }
                }
                before = byte;
                continue;
            }
            match byte {
                b'#' if before.is_ascii_whitespace() => break,
                b'\'' | b'"' if fresh => quote = Some((place, byte)),
                b'[' | b'{' if fresh || !open.is_empty() => open.push((place, byte)),
                b']' | b'}' if !open.is_empty() => {
                    let fits = matches!((open.last(), byte), (Some((_, b'[')), b']') | (Some((_, b'{')), b'}'));
                    if !fits {
                        return open.last().map(|(start, _)| *start);
                    }
                    open.pop();
                }
                b'|' | b'>' if fresh && open.is_empty() => {
                    block = Some(indent);
                    break;
                }
                _ => {}
            }
            // A value begins behind an indicator; blanks do not change that.
            if !byte.is_ascii_whitespace() {
                fresh = match byte {
                    b':' | b'-' => matches!(bytes.get(offset + 1), Some(b' ' | b'\n')),
                    b',' | b'[' | b'{' => !open.is_empty(),
                    _ => false,
                };
            }
            before = byte;
        }
        at += line.len();
    }
    quote.or_else(|| open.first().copied()).map(|(start, _)| start)
}
