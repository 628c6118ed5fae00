//! Reads the trailing text of a listing's rule from left to right.

use super::words::Words;

/// The text that has not been read yet.
#[derive(Debug, Clone)]
pub(super) struct Scan<'a> {
    rest: &'a str,
    last: &'a str,
}

impl<'a> Scan<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { rest: text.trim(), last: "" }
    }

    /// Everything that has not been read.
    pub(super) fn rest(&self) -> &'a str {
        self.rest
    }

    /// The word that was taken last.
    pub(super) fn last(&self) -> &'a str {
        self.last
    }

    /// Takes a word.
    pub(super) fn word(&mut self) -> Option<&'a str> {
        let end = self.rest.find(char::is_whitespace).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest.trim_start();
        self.last = word;
        (!word.is_empty()).then_some(word)
    }

    /// Takes the next word when it is `word`.
    pub(super) fn eat(&mut self, word: &str) -> bool {
        let same = self.peek() == word;
        if same {
            self.word();
        }
        same
    }

    /// The next word.
    pub(super) fn peek(&self) -> &'a str {
        self.rest.split_whitespace().next().unwrap_or_default()
    }

    /// Takes `word`, or nothing.
    pub(super) fn expect(&mut self, word: &str) -> Option<()> {
        self.eat(word).then_some(())
    }

    /// Takes a value that may follow a separate `!`.
    pub(super) fn value(&mut self) -> Option<String> {
        match self.word()? {
            "!" => Some(format!("!{}", self.word()?)),
            word => Some(word.to_owned()),
        }
    }

    /// Takes the next word when it passes.
    pub(super) fn value_if(&mut self, pass: impl Fn(&str) -> bool) -> Option<&'a str> {
        if pass(self.peek()) { self.word() } else { None }
    }

    /// Takes a value behind `prefix`, to which some versions attach it: `tos match0x10/0xff`.
    pub(super) fn attached(&mut self, prefix: &str) -> Option<String> {
        match self.word()?.strip_prefix(prefix)? {
            "" => self.value(),
            value => Some(value.to_owned()),
        }
    }

    /// Takes a text in double quotes. Nothing inside is escaped, so the quote that ends it is the last one before
    /// `end`, or the next one when there is no `end`.
    pub(super) fn quoted(&mut self, end: Option<&str>) -> Option<&'a str> {
        let inside = self.rest.strip_prefix('"')?;
        let at = match end {
            Some(end) => inside.find(&format!("\"{end}")).or_else(|| inside.rfind('"')),
            None => inside.rfind('"'),
        };
        let (text, rest) = inside.split_at(at.unwrap_or(inside.len()));
        self.rest = rest.strip_prefix('"').unwrap_or(rest).trim_start();
        Some(text)
    }

    /// Takes a comment: `/* text */`.
    pub(super) fn comment(&mut self, words: &mut Words) -> bool {
        let Some(inside) = self.rest.strip_prefix("/*") else { return false };
        let (text, rest) = inside.split_once("*/").unwrap_or((inside, ""));
        self.rest = rest.trim_start();
        let text = text.strip_prefix(' ').unwrap_or(text);
        words.new_module("comment");
        words.pair(false, "--comment", text.strip_suffix(' ').unwrap_or(text));
        true
    }

    /// Takes words until one of which `stop` holds.
    pub(super) fn until(&mut self, stop: impl Fn(&str) -> bool) -> &'a str {
        let start = self.rest;
        while !self.rest.is_empty() && !stop(self.peek()) {
            self.word();
        }
        start[..start.len() - self.rest.len()].trim_end()
    }
}
