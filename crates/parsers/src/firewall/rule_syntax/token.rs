//! Splits a rule into words as iptables-restore or a shell does.

/// One word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    /// The word without its quotes.
    pub(super) text: String,
    /// Some of it stood in quotes, so it is a value even when it looks like an option.
    pub(super) quoted: bool,
}

/// Who wrote the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quoting {
    /// `iptables-save`: double quotes only, a backslash escapes inside them (`add_param_to_argv` in iptables' xshared.c).
    Save,
    /// A command line: single quotes and backslashes outside quotes as well.
    Shell,
}

/// Splits `text`. An unterminated quote ends with the line.
pub(super) fn tokens(text: &str, quoting: Quoting) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut word = String::new();
    let (mut open, mut started, mut quoted) = (None, false, false);
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (open, c) {
            (Some('"'), '\\') => word.extend(chars.next()),
            (Some(quote), c) if c == quote => open = None,
            (Some(_), c) => word.push(c),
            (None, '"') => (open, started, quoted) = (Some('"'), true, true),
            (None, '\'') if quoting == Quoting::Shell => (open, started, quoted) = (Some('\''), true, true),
            (None, '\\') if quoting == Quoting::Shell => {
                word.extend(chars.next());
                (started, quoted) = (true, true);
            }
            (None, c) if c.is_whitespace() => {
                if started {
                    tokens.push(Token { text: std::mem::take(&mut word), quoted });
                    (started, quoted) = (false, false);
                }
            }
            (None, c) => {
                word.push(c);
                started = true;
            }
        }
    }
    if started {
        tokens.push(Token { text: word, quoted });
    }
    tokens
}

/// The words of one rule, read from left to right.
#[derive(Debug)]
pub(super) struct Cursor {
    tokens: Vec<Token>,
    at: usize,
}

impl Cursor {
    pub(super) fn new(tokens: Vec<Token>) -> Self {
        Self { tokens, at: 0 }
    }

    /// The next word, without taking it.
    pub(super) fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    /// Takes the next word.
    pub(super) fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += usize::from(token.is_some());
        token
    }

    /// Takes the next word when it is a bare `!`.
    pub(super) fn take_not(&mut self) -> bool {
        let not = self.peek().is_some_and(|token| !token.quoted && token.text == "!");
        self.at += usize::from(not);
        not
    }

    /// Takes the next word when it cannot be an option.
    pub(super) fn take_value(&mut self) -> Option<String> {
        let value =
            self.peek().is_some_and(|token| token.quoted || !(token.text.starts_with('-') || token.text == "!"));
        if value { self.next().map(|token| token.text) } else { None }
    }

    /// Gives back the `!` that was just taken.
    pub(super) fn unread_not(&mut self) {
        self.at = self.at.saturating_sub(1);
    }

    /// Puts a word before the next one: the value of `--option=value` or `-pvalue`.
    pub(super) fn unread(&mut self, text: String) {
        self.tokens.insert(self.at, Token { text, quoted: true });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str, quoting: Quoting) -> Vec<String> {
        tokens(text, quoting).into_iter().map(|token| token.text).collect()
    }

    #[test]
    fn quotes_as_iptables_save_writes_them() {
        let text = r#"-m comment --comment "pod\'s \"x\" -j DROP \\" -j ACCEPT"#;
        assert_eq!(
            words(text, Quoting::Save),
            ["-m", "comment", "--comment", r#"pod's "x" -j DROP \"#, "-j", "ACCEPT"]
        );
    }

    #[test]
    fn a_shell_knows_single_quotes_and_a_save_file_does_not() {
        assert_eq!(words("it's 'a b'", Quoting::Save), ["it's", "'a", "b'"]);
        assert_eq!(words(r"'a b' c\ d", Quoting::Shell), ["a b", "c d"]);
    }

    #[test]
    fn an_open_quote_ends_with_the_line() {
        assert_eq!(words("\"a b", Quoting::Save), ["a b"]);
        assert_eq!(words("\"\" x", Quoting::Save), ["", "x"]);
    }
}
