//! The blocks of a ruleset: tables, and what stands in them.

use std::collections::BTreeMap;

use super::lex::{Statement, Token, words};
use super::table::{Chain, Set, Table};
use crate::document::{Document, Line, Parsed};

/// Words with which a block inside a table begins.
const OBJECTS: &[&str] =
    &["chain", "set", "map", "flowtable", "counter", "quota", "limit", "ct", "secmark", "synproxy", "tunnel"];

/// Tokens that the variables of one document may add.
const MOST_SUBSTITUTED: usize = 1_000_000;

/// Where the reader is.
#[derive(Debug)]
enum Place<'a> {
    Top,
    Table,
    Chain(Chain<'a>),
    Set(Set),
    /// A block that says nothing about packets, with the depth of blocks inside.
    Other(usize),
}

/// Gathers statements into tables.
pub(super) struct Reader<'a, 'd> {
    document: &'d Document<'a>,
    place: Place<'a>,
    table: Option<Table<'a>>,
    pub(super) tables: Vec<Table<'a>>,
    pub(super) parsed: Parsed,
    /// The statement being gathered.
    tokens: Vec<Token<'a>>,
    first: Option<Line<'a>>,
    depth: usize,
    variables: BTreeMap<&'a str, Vec<Token<'a>>>,
    substituted: usize,
    /// nft said that iptables-nft manages the table that comes now.
    managed: bool,
    /// A block was not closed.
    pub(super) cut: bool,
}

impl<'a, 'd> Reader<'a, 'd> {
    /// Reads the whole document.
    pub(super) fn read(document: &'d Document<'a>) -> Self {
        let mut reader = Self {
            document,
            place: Place::Top,
            table: None,
            tables: Vec::new(),
            parsed: Parsed::default(),
            tokens: Vec::new(),
            first: None,
            depth: 0,
            variables: BTreeMap::new(),
            substituted: 0,
            managed: false,
            cut: false,
        };
        let mut last = None;
        for line in document.lines() {
            reader.line(line);
            last = Some(line);
        }
        if let Some(line) = last {
            reader.end(line);
        }
        reader
    }

    fn line(&mut self, line: Line<'a>) {
        if line.text.trim_start().starts_with('#') && line.text.contains("is managed by iptables-nft") {
            self.managed = true;
            return;
        }
        let words = words(line.text);
        let alone = self.tokens.is_empty();
        let count = words.tokens.len();
        for (index, token) in words.tokens.iter().enumerate() {
            // Only a statement that has its line for itself is shown as it is written.
            let text = (alone && index + 1 == count).then_some(words.text);
            self.token(*token, line, words.handle, text);
        }
        let continued = self.tokens.last().is_some_and(|token| token.is("\\") || token.is(","));
        if self.depth == 0 && !continued && !self.is_head() {
            let text = if alone { words.text.to_owned() } else { String::new() };
            self.flush(line, words.handle, text);
        } else if self.tokens.last().is_some_and(|token| token.is("\\")) {
            self.tokens.pop();
        }
    }

    /// Whether the tokens begin a block, so that a `{` opens it.
    fn is_head(&self) -> bool {
        match (&self.place, self.tokens.first()) {
            (Place::Top, Some(first)) => {
                first.is("table")
                    || (matches!(first.text, "add" | "create")
                        && self.tokens.get(1).is_some_and(|next| next.is("table")))
            }
            (Place::Table, Some(first)) => !first.quoted && OBJECTS.contains(&first.text),
            _ => false,
        }
    }

    fn token(&mut self, token: Token<'a>, line: Line<'a>, handle: Option<u64>, text: Option<&'a str>) {
        if let Place::Other(depth) = &mut self.place {
            if token.is("{") {
                *depth += 1;
            } else if token.is("}") {
                match depth.checked_sub(1) {
                    Some(less) => *depth = less,
                    None => self.place = Place::Table,
                }
            }
            return;
        }
        if self.tokens.is_empty() {
            self.first = Some(line);
        }
        if token.is("{") && self.depth == 0 && self.is_head() {
            return self.open(line);
        }
        if token.is("{") {
            self.depth += 1;
        } else if token.is("}") {
            match self.depth.checked_sub(1) {
                Some(less) => self.depth = less,
                None => {
                    self.flush(line, handle, String::new());
                    return self.close(line);
                }
            }
        } else if token.is(";") && self.depth == 0 {
            let text = text.unwrap_or_default().trim_end_matches(';').trim_end();
            // Several statements on one line have no text of their own.
            let text = if text.contains(';') { "" } else { text };
            return self.flush(line, handle, text.to_owned());
        }
        match token.text.strip_prefix('$').filter(|_| !token.quoted).and_then(|name| self.variables.get(name)) {
            Some(value) if self.substituted + value.len() <= MOST_SUBSTITUTED => {
                self.substituted += value.len();
                self.tokens.extend(value);
            }
            _ => self.tokens.push(token),
        }
    }

    fn problem(&mut self, line: Line<'_>, message: impl Into<String>) {
        self.parsed.problem(self.document, line.number, message);
    }

    /// A `{` behind the head of a block.
    fn open(&mut self, line: Line<'a>) {
        let head = std::mem::take(&mut self.tokens);
        let word = |at: usize| head.get(at).map_or("", |token| token.text);
        let first = self.first.take().unwrap_or(line);
        match (&self.place, word(0)) {
            (Place::Top, _) => {
                let skip = usize::from(word(0) != "table") + 1;
                let names: Vec<_> = head.iter().skip(skip).map(|token| token.text).collect();
                match Table::open(&names, first, std::mem::take(&mut self.managed)) {
                    Some(table) => self.table = Some(table),
                    None => self.problem(line, format!("expected `table FAMILY NAME`, found {:?}", names.join(" "))),
                }
                self.place = Place::Table;
            }
            (_, "chain") => {
                let family = self.table.as_ref().map(|table| table.family);
                self.place = Place::Chain(Chain::new(word(1), first, family));
            }
            (_, kind @ ("set" | "map")) => self.place = Place::Set(Set::new(word(1), kind == "map", first.number)),
            _ => self.place = Place::Other(0),
        }
    }

    fn close(&mut self, line: Line<'a>) {
        match std::mem::replace(&mut self.place, Place::Table) {
            Place::Top => {
                self.place = Place::Top;
                self.problem(line, "expected a table, found a closing brace");
            }
            Place::Table => {
                self.place = Place::Top;
                if let Some(mut table) = self.table.take() {
                    table.last = line;
                    self.tables.push(table);
                }
            }
            Place::Chain(chain) => {
                if let Some(table) = &mut self.table {
                    table.chains.push(chain);
                }
            }
            Place::Set(mut set) => {
                set.last_line = line.number;
                if let Some(table) = &mut self.table {
                    table.sets.push(set);
                }
            }
            Place::Other(_) => {}
        }
    }

    /// A statement is complete.
    fn flush(&mut self, line: Line<'a>, handle: Option<u64>, text: String) {
        self.depth = 0;
        if self.tokens.is_empty() {
            return;
        }
        let tokens = std::mem::take(&mut self.tokens);
        let first = self.first.take().unwrap_or(line);
        let text = if text.is_empty() { super::lex::join(&tokens) } else { text };
        let statement = Statement { tokens, first, last: line, handle, text };
        match &mut self.place {
            Place::Top => self.command(&statement),
            Place::Table => {
                if let Some(table) = &mut self.table
                    && statement.tokens.first().is_some_and(|token| token.is("flags"))
                {
                    table.dormant |=
                        statement.tokens.iter().any(|token| token.text.split(',').any(|flag| flag == "dormant"));
                }
                self.define(&statement);
            }
            Place::Chain(chain) => chain.statement(statement),
            Place::Set(set) => set.property(&statement.tokens),
            Place::Other(_) => {}
        }
    }

    /// `define lan = { 10.0.0.0/8 }`. True when it is one.
    fn define(&mut self, statement: &Statement<'a>) -> bool {
        match statement.tokens.as_slice() {
            [define, name, equals, value @ ..] if define.is("define") && equals.is("=") => {
                self.variables.insert(name.text, value.to_vec());
                true
            }
            _ => false,
        }
    }

    /// A line outside of tables.
    fn command(&mut self, statement: &Statement<'a>) {
        let word = |at: usize| statement.tokens.get(at).map_or("", |token| token.text);
        if self.define(statement) {
            return;
        }
        match word(0) {
            // What a configuration does before it makes its tables, and an empty table.
            "flush" | "include" | "destroy" | "delete" | "table" | "undefine" | "redefine" => {}
            "add" | "create" if word(1) == "table" => {}
            "add" | "insert" | "create" | "replace" => {
                let message =
                    format!("expected a table in braces, found the command {:?}: it is not followed", statement.text);
                self.problem(statement.first, message);
            }
            // Prompts and headings of a paste.
            _ if self.tables.is_empty() || statement.text.contains("nft ") => {}
            _ => {
                let message = format!("expected `table FAMILY NAME {{`, found {:?}", statement.text);
                self.problem(statement.first, message);
            }
        }
    }

    /// Closes what the document left open.
    fn end(&mut self, line: Line<'a>) {
        self.flush(line, None, String::new());
        if matches!(self.place, Place::Top) {
            return;
        }
        self.cut = true;
        self.problem(line, "expected a closing brace: the ruleset is cut off");
        // A chain or set, then its table.
        for _ in 0..2 {
            if let Place::Other(depth) = &mut self.place {
                *depth = 0;
            }
            if !matches!(self.place, Place::Top) {
                self.close(line);
            }
        }
    }
}
