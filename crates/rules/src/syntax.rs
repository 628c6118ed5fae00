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
    if let Some(found) = template(text, &span, line_start, line).or_else(|| quoted(text, &span, line, message)) {
        return found;
    }
    if let Some(found) = between(text, span.start, message) {
        return found;
    }
    if message.contains("misplaced bracket") {
        return as_it_is("this `}` or `]` closes nothing: remove it, or open it before");
    }
    if let Some(bracket) = message.strip_prefix("mismatched bracket '").and_then(|rest| rest.chars().next()) {
        let close = if bracket == '[' { ']' } else { '}' };
        let (opened, closed) = (count(line, &['[', '{']), count(line, &[']', '}']));
        return match scan(text, text.len()).wrong {
            // As many are closed as are opened: one of them is of the wrong kind.
            Some(at) if opened <= closed => Told {
                span: at..at + 1,
                message: format!("a `{bracket}` is closed by `{}`", &text[at..=at]),
                help: format!("write `{close}`"),
            },
            _ => Told {
                span: span.start..span.start + 1,
                message: format!("the `{bracket}` is not closed"),
                help: format!("close it with `{close}`"),
            },
        };
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
    if message.contains("block sequence entries are not allowed") {
        return as_it_is("a list begins on the next line, indented, each item with `- `; in one line write `[a, b]`");
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
            help: match text.get(at + 1..at + length).unwrap_or_default() {
                word if !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase()) => {
                    format!("put a text that begins with `!` in quotes; what is not `{word}` is `{{ not: {word} }}`")
                }
                _ => "put a text that begins with `!` in quotes".to_owned(),
            },
        };
    }
    if message.contains("simple key") || message.contains("could not find expected ':'") {
        let word = rest.split(['\n', '{', '[']).next().unwrap_or_default().trim_end();
        if let Some(key) = block_above(text, line_start) {
            return Told {
                span: span.start..span.start + word.len().max(1),
                message: "a key and its value are expected".to_owned(),
                help: format!(
                    "if it belongs to the text of `{key}:`, indent it like the lines above; a key is `key: value`"
                ),
            };
        }
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
            || message.contains("expected comment or line break")
            || message.contains("cannot start any token"))
    {
        let help = match rest.get(..2).unwrap_or_default() {
            two if matches!(first, '>' | '<') && two.ends_with(|c: char| c.is_ascii_digit()) => {
                format!("operators are words: `{{ {}: NUMBER }}`", if first == '>' { "gt" } else { "lt" })
            }
            ">=" => "operators are words: `ge`".to_owned(),
            "<=" => "operators are words: `le`".to_owned(),
            ">:" => "operators are words: `gt`".to_owned(),
            "<:" => "operators are words: `lt`".to_owned(),
            "!=" => "operators are words: `not`".to_owned(),
            "==" | "=:" => "operators are words: `is`".to_owned(),
            _ => format!("put a text that begins with `{first}` in quotes"),
        };
        let message = if message.contains("anchor") || message.contains("line break") {
            format!("`{first}` has a meaning in YAML")
        } else {
            message.to_owned()
        };
        return Told { span: span.start..span.start + first.len_utf8(), message, help };
    }
    if message.contains("expected key") || message.contains("expected block end") || message.contains("'-' indicator") {
        let indent = line.len() - line.trim_start().len();
        let before = text.get(line_start..span.start).unwrap_or_default().trim_end();
        if before.ends_with(['}', ']', '"', '\'']) && !rest.trim_start().is_empty() && before.len() > indent {
            let behind = rest.lines().next().unwrap_or_default().trim_end();
            return Told {
                span: span.start..span.start + behind.len().max(1),
                message: "something stands behind the end of the value".to_owned(),
                help: "remove it, or put the whole text in quotes".to_owned(),
            };
        }
        let key = line.trim_start().split([':', ' ']).next().unwrap_or_default();
        let start = if span.start < line_start + indent { line_start + indent } else { span.start };
        let length = if start == line_start + indent { key.len().max(1) } else { 1 };
        return Told {
            span: start..(start + length).min(text.len()),
            message: message.to_owned(),
            help: match key.strip_prefix('-') {
                Some(word) if !word.is_empty() => format!("put a blank behind the dash: `- {word}:`"),
                _ => {
                    "what belongs together is indented by the same number of spaces; look at the lines above".to_owned()
                }
            },
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
    let above = text.get(..line_start).unwrap_or_default().trim_end();
    let begins = value.ends_with(':') || value.ends_with('-') || value.trim().is_empty() && above.ends_with(':');
    let start = line_start + at;
    let close = line.get(at..)?.rfind("}}").or_else(|| line.get(at..)?.rfind("%}")).map_or(2, |end| end + 2);
    let near = (start..=line_start + line.len()).contains(&span.start)
        || span.start > start && scan(text, span.start).outer >= Some(start);
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

/// What is wrong with a quoted text: it ends too early, or holds a backslash that means nothing.
fn quoted(text: &str, span: &Range<usize>, line: &str, message: &str) -> Option<Told> {
    if message.contains("trailing content after") {
        let mark = if message.contains("single") { '\'' } else { '"' };
        let at = text.get(..span.start)?.rfind(mark)?;
        let help = match mark {
            '"' => "a quote inside of such a text is `\\\"`; or put the text in single quotes",
            _ => "a quote inside of such a text is `''`; or put the text in double quotes",
        };
        return Some(Told {
            span: at..at + 1,
            message: "the text ends at this quote, and more follows".to_owned(),
            help: help.to_owned(),
        });
    }
    if message.contains("escape") {
        const ESCAPES: &str = "0abtnvfre \"/\\N_LPxuU\n\t";
        let rest = text.get(span.start..)?;
        let (mut at, mut known) = (0, true);
        while known {
            at += rest.get(at..)?.find('\\')?;
            known = rest.get(at + 1..)?.chars().next().is_none_or(|c| ESCAPES.contains(c));
            at += if known { 2 } else { 0 };
        }
        let length = 1 + rest.get(at + 1..)?.chars().next().map_or(0, char::len_utf8);
        let start = span.start + at;
        let sequence = text.get(start..start + length)?;
        let quotes = line.matches('\'').count() == 0;
        let help = if quotes {
            "put the text in single quotes, in which a backslash is a backslash".to_owned()
        } else {
            format!("write `\\{sequence}`, or put the text in single quotes")
        };
        return Some(Told {
            span: start..start + length,
            message: format!("`{sequence}` means nothing in double quotes"),
            help,
        });
    }
    None
}

/// What is wrong between two entries of a map or list in braces, when the bracket was opened on the same line.
fn between(text: &str, at: usize, message: &str) -> Option<Told> {
    let told = |span: Range<usize>, message: &str, help: &str| {
        Some(Told { span, message: message.to_owned(), help: help.to_owned() })
    };
    if !message.contains("flow") {
        return None;
    }
    let inner = scan(text, at).inner?;
    let line = text.get(inner..at)?;
    if line.contains('\n') {
        return None;
    }
    match text.as_bytes().get(at)? {
        b',' => told(at..at + 1, "nothing stands between two commas", "remove one of them"),
        b'{' if line.ends_with('$') => told(
            at - 1..at + text.get(at..)?.find('}').map_or(1, |end| end + 1),
            "a `{` has a meaning in YAML",
            "a variable is written without braces: `$name`",
        ),
        b':' => {
            let start = at - line.chars().rev().take_while(|c| !c.is_whitespace() && !",;{[".contains(*c)).count();
            let before = text.get(inner..start)?.trim_end();
            if before.ends_with(';') || text.as_bytes().get(start) == Some(&b';') {
                let mark = inner + before.len() - 1;
                return told(mark..mark + 1, "entries are separated by commas", "write `,` instead of `;`");
            }
            told(start..at, "a comma is missing before this key", "separate the entries by commas")
        }
        _ => None,
    }
}

/// The key of the block text that ends right above a line.
fn block_above(text: &str, line_start: usize) -> Option<&str> {
    let mut lines = text.get(..line_start)?.lines().rev().filter(|line| !line.trim().is_empty());
    let line = lines.find(|line| !line.starts_with([' ', '\t']))?;
    let (key, value) = line.split_once(':')?;
    value.trim().starts_with(['|', '>']).then_some(key.trim())
}

fn count(line: &str, brackets: &[char]) -> usize {
    line.matches(brackets).count()
}

/// A bracket or a quote that is still open where the reader gave up.
fn open(text: &str, until: usize) -> Option<Told> {
    let start = scan(text, until).outer?;
    let (message, help) = match text.as_bytes().get(start)? {
        b'[' => ("the `[` is not closed", "close it with `]`"),
        b'{' => ("the `{` is not closed", "close it with `}`"),
        b'\'' => ("the quote is not closed", "close it with `'`; inside of such a text write `''` for a quote"),
        _ => ("the quote is not closed", "close it with `\"`"),
    };
    Some(Told { span: start..start + 1, message: message.to_owned(), help: help.to_owned() })
}

/// What is open at a place.
#[derive(Default)]
struct Scan {
    /// The outermost bracket, or the quote.
    outer: Option<usize>,
    /// The innermost bracket.
    inner: Option<usize>,
    /// A bracket that closes one of the other kind; nothing is looked at behind it.
    wrong: Option<usize>,
}

/// What is opened and closed up to a place, by a reader that knows quotes, comments and block texts.
fn scan(text: &str, until: usize) -> Scan {
    let found = |quote: Option<(usize, u8)>, open: &[(usize, u8)], wrong: Option<usize>| Scan {
        outer: quote.or_else(|| open.first().copied()).map(|(start, _)| start),
        inner: open.last().map(|(start, _)| *start),
        wrong,
    };
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
                return found(quote, &open, None);
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
                        let last = open.last().copied();
                        return Scan { outer: last.map(|(start, _)| start), ..found(None, &open, Some(place)) };
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
    found(quote, &open, None)
}
