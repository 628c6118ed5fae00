//! Words of the nft language.

use crate::document::Line;

/// One word, or one of `{`, `}` and `;`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'a> {
    /// The word without its quotes.
    pub(super) text: &'a str,
    /// It stood in quotes, so it is a name and no keyword.
    pub(super) quoted: bool,
}

impl<'a> Token<'a> {
    /// A bare word of that text.
    pub(super) fn is(&self, word: &str) -> bool {
        !self.quoted && self.text == word
    }
}

/// What a line holds.
#[derive(Debug, Default)]
pub(super) struct Words<'a> {
    pub(super) tokens: Vec<Token<'a>>,
    /// Of `# handle 5`.
    pub(super) handle: Option<u64>,
    /// Text in front of that comment.
    pub(super) text: &'a str,
}

/// Splits a line at blanks; quotes hold words together, braces, semicolons and a comma at a word's end stand alone.
///
/// `# xt_NAME` is what nft without libxtables prints for a match or target of iptables-nft; the rule goes on behind it.
pub(super) fn words(text: &str) -> Words<'_> {
    let mut words = Words { text: text.trim(), ..Words::default() };
    let mut rest = text.trim();
    while let Some(first) = rest.chars().next() {
        if first.is_whitespace() {
            rest = rest.trim_start();
            continue;
        }
        if first == '"' {
            let inside = &rest[1..];
            let end = inside.find('"').unwrap_or(inside.len());
            words.tokens.push(Token { text: &inside[..end], quoted: true });
            rest = inside.get(end + 1..).unwrap_or_default();
            continue;
        }
        if first == '#' {
            let comment = rest[1..].trim_start();
            if comment.starts_with("xt_") {
                rest = comment;
                continue;
            }
            if let Some(handle) = comment.strip_prefix("handle ") {
                words.handle = handle.trim().parse().ok();
            }
            let before = text.trim().len() - rest.len();
            words.text = text.trim().get(..before).unwrap_or_default().trim_end();
            return words;
        }
        let end = match first {
            '{' | '}' | ';' | ',' => 1,
            _ => rest.find(|c: char| c.is_whitespace() || matches!(c, '{' | '}' | ';' | '"')).unwrap_or(rest.len()),
        };
        let word = &rest[..end];
        rest = &rest[end..];
        match word.strip_suffix(',').filter(|word| !word.is_empty()) {
            Some(word) => {
                words.tokens.push(Token { text: word, quoted: false });
                words.tokens.push(Token { text: ",", quoted: false });
            }
            None => words.tokens.push(Token { text: word, quoted: false }),
        }
    }
    words
}

/// Tokens that belong together: a rule, a property, the head of a block, or a `}`.
#[derive(Debug)]
pub(super) struct Statement<'a> {
    pub(super) tokens: Vec<Token<'a>>,
    pub(super) first: Line<'a>,
    pub(super) last: Line<'a>,
    pub(super) handle: Option<u64>,
    /// The line as written, or the tokens where it does not stand alone on one line.
    pub(super) text: String,
}

/// The words of a rule, read from left to right.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'t, 'a> {
    tokens: &'t [Token<'a>],
    at: usize,
}

impl<'t, 'a> Cursor<'t, 'a> {
    pub(super) fn new(tokens: &'t [Token<'a>]) -> Self {
        Self { tokens, at: 0 }
    }

    /// The token that is `ahead` of the next one.
    pub(super) fn look(&self, ahead: usize) -> Option<Token<'a>> {
        self.tokens.get(self.at + ahead).copied()
    }

    /// The next bare word; empty at the end and before a quoted one.
    pub(super) fn peek(&self) -> &'a str {
        self.look(0).filter(|token| !token.quoted).map_or("", |token| token.text)
    }

    pub(super) fn next(&mut self) -> Option<Token<'a>> {
        let token = self.look(0);
        self.at += usize::from(token.is_some());
        token
    }

    /// Takes a word, quoted or not.
    pub(super) fn word(&mut self) -> Option<&'a str> {
        self.next().map(|token| token.text)
    }

    /// Takes the next word when it is `word`.
    pub(super) fn eat(&mut self, word: &str) -> bool {
        let same = self.look(0).is_some_and(|token| token.is(word));
        self.at += usize::from(same);
        same
    }

    pub(super) fn is_empty(&self) -> bool {
        self.at >= self.tokens.len()
    }

    /// Where it stands, for [`Cursor::since`].
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// The text of the tokens from `start` to here.
    pub(super) fn since(&self, start: usize) -> String {
        join(self.tokens.get(start..self.at).unwrap_or_default())
    }

    /// Takes a block in braces; the cursor stands on `{`. Nested blocks are part of it.
    pub(super) fn braces(&mut self) -> Option<&'t [Token<'a>]> {
        if !self.eat("{") {
            return None;
        }
        let (start, mut depth) = (self.at, 1usize);
        while let Some(token) = self.next() {
            if token.is("{") {
                depth += 1;
            } else if token.is("}") {
                depth -= 1;
                if depth == 0 {
                    return self.tokens.get(start..self.at - 1);
                }
            }
        }
        self.tokens.get(start..self.at)
    }
}

/// The tokens as nft would print them.
pub(super) fn join(tokens: &[Token<'_>]) -> String {
    let mut text = String::new();
    for token in tokens {
        if !(text.is_empty() || token.is(",") || token.is(";")) {
            text.push(' ');
        }
        if token.quoted {
            text.push('"');
        }
        text.push_str(token.text);
        if token.quoted {
            text.push('"');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_falls_into_words() {
        let words = words("\tip saddr { 10.0.0.1, 10.0.0.2 } tcp dport {80,443} comment \"a # b; {\" # handle 7");
        let texts: Vec<_> = words.tokens.iter().map(|token| token.text).collect();
        assert_eq!(
            texts,
            [
                "ip", "saddr", "{", "10.0.0.1", ",", "10.0.0.2", "}", "tcp", "dport", "{", "80,443", "}", "comment",
                "a # b; {"
            ]
        );
        assert_eq!(words.handle, Some(7));
        assert_eq!(words.text, "ip saddr { 10.0.0.1, 10.0.0.2 } tcp dport {80,443} comment \"a # b; {\"");
        assert_eq!(join(&words.tokens[..7]), "ip saddr { 10.0.0.1, 10.0.0.2 }");
    }

    #[test]
    fn a_rule_goes_on_behind_an_expression_of_xtables() {
        let words = words("meta l4proto tcp # xt_multiport counter packets 0 bytes 0 # xt_DNAT # handle 5");
        let texts: Vec<_> = words.tokens.iter().map(|token| token.text).collect();
        assert_eq!(
            texts,
            ["meta", "l4proto", "tcp", "xt_multiport", "counter", "packets", "0", "bytes", "0", "xt_DNAT"]
        );
        assert_eq!(words.handle, Some(5));
    }
}
