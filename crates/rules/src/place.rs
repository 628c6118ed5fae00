//! Where a part of a scalar's value stands in the file: indentation, folding, doubled quotes and escapes are stepped over.

use std::ops::Range;

/// The bytes of the written scalar that a part of its value takes; `None` when they cannot be told.
///
/// Characters that are not blank stand in the file in the order in which they stand in the value, whatever the style.
pub(crate) fn written(scalar: &str, value: &str, part: Range<usize>) -> Option<Range<usize>> {
    let style = scalar.chars().next()?;
    let mut at = match style {
        '"' | '\'' => 1,
        '|' | '>' => scalar.find('\n')? + 1,
        _ => 0,
    };
    let mut start = None;
    let mut end = at;
    for (offset, c) in value.char_indices() {
        if offset >= part.end {
            break;
        }
        if c.is_whitespace() {
            continue;
        }
        let length = loop {
            let (found, length) = character(scalar.get(at..)?, style)?;
            match found {
                Some(found) if found == c => break length,
                Some(_) => return None,
                None => at += length,
            }
        };
        if offset >= part.start {
            start = start.or(Some(at));
            end = at + length;
        }
        at += length;
    }
    start.map(|start| start..end)
}

/// The next character of a written scalar and the bytes that it takes there; blanks are no character.
fn character(rest: &str, style: char) -> Option<(Option<char>, usize)> {
    let first = rest.chars().next()?;
    let visible = |c: char, length: usize| (if c.is_whitespace() { None } else { Some(c) }, length);
    if style == '\'' && rest.starts_with("''") {
        return Some((Some('\''), 2));
    }
    if style != '"' || first != '\\' {
        return Some(visible(first, first.len_utf8()));
    }
    let escape = rest.get(1..)?.chars().next()?;
    let coded = |digits: usize| {
        let code = u32::from_str_radix(rest.get(2..2 + digits)?, 16).ok()?;
        Some(visible(char::from_u32(code)?, 2 + digits))
    };
    match escape {
        'x' => coded(2),
        'u' => coded(4),
        'U' => coded(8),
        'n' | 't' | 'r' | 'v' | 'f' | 'N' | '_' | 'L' | 'P' | ' ' | '\t' | '\n' | '\r' => {
            Some((None, 1 + escape.len_utf8()))
        }
        '0' => Some((Some('\0'), 2)),
        'a' => Some((Some('\u{7}'), 2)),
        'b' => Some((Some('\u{8}'), 2)),
        'e' => Some((Some('\u{1b}'), 2)),
        other => Some((Some(other), 1 + other.len_utf8())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown<'s>(scalar: &'s str, value: &str, part: &str) -> Option<&'s str> {
        let start = value.rfind(part)?;
        scalar.get(written(scalar, value, start..start + part.len())?)
    }

    #[test]
    fn parts_are_found_in_every_style() {
        assert_eq!(shown("plain {{ x }}", "plain {{ x }}", "x"), Some("x"));
        assert_eq!(shown("'it''s {{ x }}'", "it's {{ x }}", "x"), Some("x"));
        assert_eq!(shown(r#""a\t\"b\" \u00e9 {{ x }}""#, "a\t\"b\" é {{ x }}", "{{ x"), Some("{{ x"));
        assert_eq!(shown("|\n  one\n  two {{ x }}\n", "one\ntwo {{ x }}\n", "{{ x }}"), Some("{{ x }}"));
        assert_eq!(shown(">-\n  one\n  two\n\n  three", "one two\nthree", "three"), Some("three"));
        assert_eq!(shown("\"a\\\n  b\"", "ab", "b"), Some("b"));
        assert_eq!(shown("'x'", "y", "y"), None);
    }
}
