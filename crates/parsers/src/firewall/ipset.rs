//! `ipset save` and `ipset list`, 6.x and 7.x. Sets of a document without members are empty.

use std::collections::BTreeMap;

use bundlescope_facts::{IpSet, Text};

use crate::document::{Document, Line, Parsed};
use crate::format::{Format, Hint, Match};

/// The format.
pub(crate) static IPSET: Format = Format { name: "ipset", collect: "ipset save", kinds: &["ipset"], detect, parse };

fn is_type(word: &str) -> bool {
    word.split_once(':').is_some_and(|(method, _)| matches!(method, "hash" | "bitmap" | "list"))
}

fn detect(hint: &Hint<'_>) -> Match {
    let named = hint.subject.starts_with("ipset");
    let mut lines = hint.head.lines().filter(|line| !line.trim().is_empty());
    let Some(first) = lines.next() else { return Match::No };
    let mut words = first.split_whitespace();
    let saved = words.next() == Some("create") && words.nth(1).is_some_and(is_type);
    let listed = first.starts_with("Name: ")
        && lines.next().and_then(|line| line.strip_prefix("Type: ")).is_some_and(|kind| is_type(kind.trim()));
    match (saved || listed, named) {
        (true, true) => Match::Both,
        (true, false) => Match::Content,
        _ => Match::No,
    }
}

struct Reading<'a> {
    set: IpSet,
    first: Line<'a>,
    last: Line<'a>,
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut sets: Vec<Reading<'_>> = Vec::new();
    let mut by_name: BTreeMap<Text, usize> = BTreeMap::new();
    let mut members = false;
    for line in document.lines() {
        let text = line.text.trim();
        let mut words = text.split_whitespace();
        match words.next() {
            None => members = false,
            Some("create" | "-N") => match (words.next(), words.next()) {
                (Some(name), Some(kind)) if is_type(kind) => open(&mut sets, &mut by_name, name, kind, line),
                _ => parsed.problem(document, line.number, "expected `create SET TYPE`, found no set type"),
            },
            Some("add" | "-A") => {
                let name = words.next().unwrap_or_default();
                let element = words.collect::<Vec<_>>().join(" ");
                match by_name.get(name).and_then(|at| sets.get_mut(*at)) {
                    Some(reading) if !element.is_empty() => add(reading, &element, line),
                    _ => parsed.problem(
                        document,
                        line.number,
                        format!("expected a member of a set created above, found {text:?}"),
                    ),
                }
            }
            Some("Name:") => {
                members = false;
                open(&mut sets, &mut by_name, words.next().unwrap_or_default(), "", line);
            }
            Some("Type:") => {
                if let Some(reading) = sets.last_mut() {
                    (reading.set.set_type, reading.last) = (words.next().unwrap_or_default().into(), line);
                }
            }
            Some("Members:") => members = true,
            Some("Revision:" | "Header:" | "Size" | "References:" | "Number") => {}
            Some(_) => match sets.last_mut().filter(|_| members) {
                Some(reading) => add(reading, text, line),
                None => {
                    parsed.problem(document, line.number, "expected `create`, `add`, or the fields of `ipset list`")
                }
            },
        }
    }
    for reading in sets {
        parsed.fact(document, reading.first, reading.last, reading.set);
    }
    parsed
}

fn open<'a>(sets: &mut Vec<Reading<'a>>, by_name: &mut BTreeMap<Text, usize>, name: &str, kind: &str, line: Line<'a>) {
    by_name.insert(name.into(), sets.len());
    let set = IpSet { name: name.into(), set_type: kind.into(), ..IpSet::default() };
    sets.push(Reading { set, first: line, last: line });
}

fn add<'a>(reading: &mut Reading<'a>, element: &str, line: Line<'a>) {
    // Counters and timeouts are no part of the member; `nomatch` turns its meaning.
    let mut words = element.split_whitespace();
    let key = words.next().unwrap_or_default();
    let nomatch = words.any(|word| word == "nomatch");
    reading.set.members.push(if nomatch { format!("{key} nomatch").into() } else { key.into() });
    reading.last = line;
}

#[cfg(test)]
mod tests {
    use bundlescope_facts::Data;

    use super::*;

    fn sets(text: &str) -> Vec<(String, String, Vec<String>)> {
        let parsed = parse(&Document::new("ipset_save", text.as_bytes()));
        assert_eq!(parsed.problems, []);
        parsed
            .facts
            .iter()
            .filter_map(|fact| match &fact.data {
                Data::IpSet(set) => {
                    let members = set.members.iter().map(ToString::to_string).collect();
                    Some((set.name.to_string(), set.set_type.to_string(), members))
                }
                _ => None,
            })
            .collect()
    }

    #[test]
    fn saved_and_listed_sets_are_the_same() {
        let saved = "create a hash:net family inet\nadd a 10.0.0.0/8\nadd a 10.1.0.0/16 nomatch\ncreate b bitmap:port range 0-65535\n";
        let listed = "Name: a\nType: hash:net\nRevision: 7\nHeader: family inet\nSize in memory: 504\nReferences: 1\nNumber of entries: 2\nMembers:\n10.0.0.0/8\n10.1.0.0/16 nomatch\n\nName: b\nType: bitmap:port\nHeader: range 0-65535\nMembers:\n";
        assert_eq!(sets(saved), sets(listed));
        assert_eq!(sets(saved)[0].2, ["10.0.0.0/8", "10.1.0.0/16 nomatch"]);
        assert_eq!(sets(saved)[1].2, Vec::<String>::new());
    }

    #[test]
    fn a_member_of_no_set_is_told() {
        let parsed = parse(&Document::new("x", b"create a hash:ip\nadd b 10.0.0.1\n"));
        assert_eq!(parsed.problems[0].line, 2);
    }
}
