//! Makes visible what would act on a terminal or on the order of letters instead of being read.

/// The text with every control character, escape sequence, bidirectional control and invisible format character
/// written out (`\x1b`, `\u{202e}`); line ends become `\n` and tabs are expanded to every eighth column.
///
/// ```
/// use bundlescope_report::plain;
///
/// assert_eq!(plain("\x1b[2Jgone\r\nok"), "\\x1b[2Jgone\nok");
/// assert_eq!(plain("a\u{202e}cod.exe"), "a\\u{202e}cod.exe");
/// ```
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut column = 0;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\n' => {
                out.push('\n');
                column = 0;
                continue;
            }
            '\r' if chars.peek() == Some(&'\n') => continue,
            '\t' => {
                let stop = 8 - column % 8;
                out.extend(std::iter::repeat_n(' ', stop));
                column += stop;
                continue;
            }
            _ => {}
        }
        let before = out.len();
        push_visible(&mut out, c);
        // What was written out is ASCII; anything else is one letter for the tab stops.
        column += if out.len() - before == c.len_utf8() { 1 } else { out.len() - before };
    }
    out
}

/// Like [`plain`], for what has to stay on one line: names, titles, paths. Line ends are written out as well.
pub fn plain_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push(' '),
            _ => push_visible(&mut out, c),
        }
    }
    out
}

fn push_visible(out: &mut String, c: char) {
    if !is_active(c) {
        out.push(c);
    } else if c.is_ascii() {
        out.push_str(&format!("\\x{:02x}", u32::from(c)));
    } else {
        out.push_str(&format!("\\u{{{:x}}}", u32::from(c)));
    }
}

/// True for characters that act instead of being seen: C0 and C1 controls, line and paragraph separators, and the
/// format characters (Unicode category Cf and other default-ignorable ones) that reorder or hide text, and
/// noncharacters.
///
/// Variation selectors after a letter are left alone: they choose a glyph and cannot hide one.
pub(crate) fn is_active(c: char) -> bool {
    let code = u32::from(c);
    c.is_control()
        // Noncharacters, which HTML does not allow.
        || code & 0xfffe == 0xfffe
        || matches!(
            code,
            0xad | 0x34f
                | 0x600..=0x605
                | 0x61c
                | 0x6dd
                | 0x70f
                | 0x890..=0x891
                | 0x8e2
                | 0x115f..=0x1160
                | 0x17b4..=0x17b5
                | 0x180b..=0x180f
                | 0x200b..=0x200f
                | 0x2028..=0x202e
                | 0x2060..=0x206f
                | 0x3164
                | 0xfdd0..=0xfdef
                | 0xfeff
                | 0xffa0
                | 0xfff0..=0xfffb
                | 0x110bd
                | 0x110cd
                | 0x13430..=0x1343f
                | 0x1bca0..=0x1bca3
                | 0x1d173..=0x1d17a
                | 0xe0000..=0xe0fff
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tabs_keep_columns_and_line_ends_survive() {
        assert_eq!(plain("a\tb\n\tc"), "a       b\n        c");
        assert_eq!(plain("lone \r here"), "lone \\x0d here");
        assert_eq!(plain("\u{9b}31m \u{7f}"), "\\u{9b}31m \\x7f");
    }

    #[test]
    fn a_line_stays_one_line() {
        assert_eq!(plain_line("a\nb\r\tc\u{2028}d"), "a\\nb\\r c\\u{2028}d");
    }

    #[test]
    fn ordinary_text_of_any_script_is_untouched() {
        for text in ["naïve – “ok”", "日本語", "עברית", "emoji ❤\u{fe0f}", ""] {
            assert_eq!(plain(text), text);
        }
    }
}
