//! Breaks text into lines of a width, counted in terminal columns.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The words of every line of `text`, set into lines of at most `width` columns; a word that is wider is broken.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = Vec::new();
    for paragraph in text.trim_end().split('\n') {
        let mut line = String::new();
        let mut used = 0;
        for word in paragraph.split(' ').filter(|word| !word.is_empty()) {
            let wide = word.width();
            if used > 0 && used + 1 + wide > width {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            if used > 0 {
                line.push(' ');
                used += 1;
            }
            if wide <= width {
                line.push_str(word);
                used += wide;
                continue;
            }
            let mut pieces = chop(word, width);
            if let Some(last) = pieces.pop() {
                lines.append(&mut pieces);
                used = last.width();
                line = last;
            }
        }
        lines.push(line);
    }
    lines
}

/// The text cut into pieces of at most `width` columns, spaces kept; at least one piece.
pub(crate) fn chop(text: &str, width: usize) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut used = 0;
    for c in text.chars() {
        let wide = c.width().unwrap_or(0);
        if used + wide > width.max(1) && used > 0 {
            pieces.push(String::new());
            used = 0;
        }
        if let Some(piece) = pieces.last_mut() {
            piece.push(c);
        }
        used += wide;
    }
    pieces
}

/// The text cut to `width` columns, with `...` where something is missing.
pub(crate) fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut first = chop(text, width.saturating_sub(3)).swap_remove(0);
    first.push_str("...");
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_set_and_long_ones_broken() {
        assert_eq!(wrap("aa bb cc", 5), ["aa bb", "cc"]);
        assert_eq!(wrap("one\n\ntwo\n", 9), ["one", "", "two"]);
        assert_eq!(wrap("x abcdefgh y", 4), ["x", "abcd", "efgh", "y"]);
        assert_eq!(wrap("", 9), [""]);
    }

    #[test]
    fn columns_count_and_not_letters() {
        assert_eq!(wrap("日本 語", 5), ["日本", "語"]);
        assert_eq!(cut("日本語日本語", 9), "日本語...");
        assert_eq!(cut("short", 9), "short");
    }
}
