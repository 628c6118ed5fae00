//! `nft -j list ruleset`, put into the words of `nft list ruleset` and read as such.
//!
//! The schema is that of libnftables-json(5), version 1; nft 0.9 to 1.1 write it. What a rule says in another way
//! becomes a word that the rule's reader does not know, so that it stays in the rule.

use std::collections::HashMap;

use bundlescope_facts::Source;

use super::expression_json as expression;
use crate::document::{Document, Parsed};
use crate::format::{Format, Hint, Match};
use crate::json::{self, Fields};

/// The format.
pub(crate) static NFT_JSON: Format = Format {
    name: "nft-json",
    collect: "nft -j -a list ruleset",
    kinds: &["firewall_table", "firewall_chain", "firewall_rule", "ipset"],
    detect,
    parse,
};

fn detect(hint: &Hint<'_>) -> Match {
    let nftables = hint.head.trim_start().strip_prefix('{').is_some_and(|rest| {
        let key = rest.trim_start().strip_prefix("\"nftables\"");
        key.is_some_and(|rest| rest.trim_start().starts_with(':'))
    });
    if nftables { Match::Both } else { Match::No }
}

/// A line of the text and the object that says it.
type Said = (String, Source);

#[derive(Default)]
struct Chain {
    head: Option<Said>,
    base: Option<Said>,
    rules: Vec<Said>,
}

#[derive(Default)]
struct Table {
    head: Option<Said>,
    flags: Vec<Said>,
    sets: Vec<Said>,
    chains: Vec<Chain>,
    by_name: HashMap<String, usize>,
}

#[derive(Default)]
struct Ruleset {
    tables: Vec<Table>,
    by_name: HashMap<(String, String), usize>,
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut ruleset = Ruleset::default();
    json::read(document, &mut parsed, |record, _| {
        for item in record.list("nftables") {
            for (kind, object) in item.entries() {
                ruleset.add(kind, object);
            }
        }
    });
    let cut = !parsed.problems.is_empty();
    let (text, sources) = ruleset.text();
    let shown =
        Document { container: document.container.clone(), ..Document::new(document.path.clone(), text.as_bytes()) };
    let mut read = super::read(&shown, cut);
    let place = |line: u32| sources.get(usize::try_from(line).ok()?.checked_sub(1)?);
    for fact in &mut read.facts {
        if let Some(source) = place(fact.source.first_line) {
            fact.source = source.clone();
        }
    }
    for problem in &mut read.problems {
        problem.line = place(problem.line).map_or(0, |source| source.first_line);
    }
    parsed.facts.extend(read.facts);
    parsed.problems.extend(read.problems);
    parsed
}

/// A word that the text form reads as one name.
fn name(text: &str) -> String {
    format!("\"{}\"", text.replace(['"', '\n', '\r'], " "))
}

impl Ruleset {
    fn table(&mut self, object: Fields<'_, '_>, table: &str) -> &mut Table {
        let family = object.word("family").to_owned();
        let next = self.tables.len();
        let at = *self.by_name.entry((family.clone(), table.to_owned())).or_insert(next);
        if at == next {
            let head = format!("table {} {} {{", name(&family), name(table));
            self.tables.push(Table { head: Some((head, object.source())), ..Table::default() });
        }
        // `at` is an index that was stored when its table was pushed; tables are never removed from the vector.
        &mut self.tables[at]
    }

    fn add(&mut self, kind: &str, object: Fields<'_, '_>) {
        let source = object.source();
        match kind {
            "table" => {
                let flags = object.texts("flags");
                let table = self.table(object, object.word("name"));
                for flag in flags {
                    table.flags.push((format!("flags {}", name(&flag)), source.clone()));
                }
            }
            "chain" => {
                let chain = self.table(object, object.word("table")).chain(object.word("name"), &source);
                if object.has("hook") {
                    let priority = object.int::<i32>("prio").unwrap_or_default();
                    let (kind, hook) = (object.word("type"), object.word("hook"));
                    let policy = object.text("policy").unwrap_or_else(|| "accept".into());
                    let text = format!(
                        "type {} hook {} priority {priority}; policy {};",
                        name(kind),
                        name(hook),
                        name(&policy)
                    );
                    chain.base = Some((text, source));
                }
            }
            "rule" => {
                let mut text = String::new();
                for statement in object.list("expr") {
                    for (kind, value) in statement.entries() {
                        expression::statement(kind, value, &mut text);
                    }
                }
                if let Some(comment) = object.text("comment") {
                    text.push_str(&format!(" comment {}", name(&comment)));
                }
                if let Some(handle) = object.int::<u64>("handle") {
                    text.push_str(&format!(" # handle {handle}"));
                }
                self.table(object, object.word("table"))
                    .chain(object.word("chain"), &source)
                    .rules
                    .push((text.trim_start().to_owned(), source));
            }
            "set" | "map" => {
                let mut text = format!("{kind} {} {{ type ", name(object.word("name")));
                expression::set_type(object.get("type"), &mut text);
                text.push_str("; elements = { ");
                expression::elements(object.get("elem"), &mut text);
                text.push_str(" } }");
                self.table(object, object.word("table")).sets.push((text, source));
            }
            _ => {}
        }
    }

    /// The text, and what says each of its lines.
    fn text(self) -> (String, Vec<Source>) {
        let (mut text, mut sources) = (String::new(), Vec::new());
        let mut line = |(said, source): Said| {
            text.push_str(&said.replace(['\n', '\r'], " "));
            text.push('\n');
            sources.push(source);
        };
        for table in self.tables {
            let Some(head) = table.head else { continue };
            let end = ("}".to_owned(), head.1.clone());
            line(head);
            table.flags.into_iter().chain(table.sets).for_each(&mut line);
            for chain in table.chains {
                let Some(head) = chain.head else { continue };
                let end = ("}".to_owned(), head.1.clone());
                line(head);
                chain.base.into_iter().chain(chain.rules).for_each(&mut line);
                line(end);
            }
            line(end);
        }
        (text, sources)
    }
}

impl Table {
    fn chain(&mut self, chain: &str, source: &Source) -> &mut Chain {
        let next = self.chains.len();
        let at = *self.by_name.entry(chain.to_owned()).or_insert(next);
        if at == next {
            let head = format!("chain {} {{", name(chain));
            self.chains.push(Chain { head: Some((head, source.clone())), ..Chain::default() });
        }
        // `at` is an index that was stored when its chain was pushed; chains are never removed from the vector.
        &mut self.chains[at]
    }
}
