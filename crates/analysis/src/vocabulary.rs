//! The page about the vocabulary: every kind and event with its fields, made from the types and the list of formats.

use std::fmt::Write;

use bundlescope_facts::{EVENTS, FieldSpec, FieldType, KINDS, KindSpec};
use bundlescope_rules::PROBE;

/// The vocabulary as Markdown: what rules may name, with types and units, and the documents that state it, each with the
/// command that collects it. `bundlescope rules vocabulary` prints it.
pub fn vocabulary() -> String {
    let mut out = String::from(
        "# The vocabulary\n\n\
         Every kind of fact and event that a rule may name, its fields with their types and units, and the documents that state\n\
         it. Made from the types by `bundlescope rules vocabulary > rules/VOCABULARY.md`; a test compares.\n\n\
         Every field may be absent. Besides their own fields all facts have `node` (the host), `document` and `line` (where it\n\
         stands); events have `count`, `first` and `last` (how many records say it, and when), and where the log or its path tells it\n\
         `namespace` and `pod`, and of the first record `unit`, `program` and `program_pid`.\n\n\
         ## Kinds\n\n",
    );
    for kind in KINDS {
        let _ = writeln!(out, "- [`{}`](#{})", kind.name, anchor(kind.name));
    }
    out.push_str("\n## Events\n\nSignatures read them from logs: those of containers (`docker logs --timestamps CONTAINER`) and of the host.\n\n");
    for event in EVENTS {
        let _ = writeln!(out, "- [`{}`](#{})", event.name, anchor(event.name));
    }
    let _ = writeln!(out, "- [`{}`](#{}), which is asked and not read", PROBE.name, anchor(PROBE.name));
    for kind in KINDS {
        section(&mut out, kind);
        sources(&mut out, kind.name);
    }
    for event in EVENTS.iter().chain([&PROBE]) {
        section(&mut out, event);
    }
    out
}

fn anchor(name: &str) -> String {
    name.to_lowercase()
}

fn section(out: &mut String, kind: &KindSpec) {
    // Writing to a string cannot fail.
    let _ = write!(out, "\n### {}\n\n{}\n\n| field | type | what it is |\n|---|---|---|\n", kind.name, text(kind.doc));
    rows(out, "", kind.fields);
}

/// One row for each field; those of records follow under their path.
fn rows(out: &mut String, above: &str, fields: &[FieldSpec]) {
    for field in fields {
        let name = format!("{above}{}", field.name);
        let _ = writeln!(out, "| `{name}` | {} | {} |", shown(field.ty), text(field.doc).replace('|', "\\|"));
        // Types hold each other by value, so their depth is bounded.
        if let Some((inner, between)) = record(field.ty) {
            rows(out, &format!("{name}{between}"), inner);
        }
    }
}

/// The fields of a record, or of the records of a list or map, with what stands between the two names.
fn record(ty: FieldType) -> Option<(&'static [FieldSpec], &'static str)> {
    match ty {
        FieldType::Record(fields) => Some((fields, ".")),
        FieldType::List(inner) | FieldType::Map(inner) => record(*inner),
        _ => None,
    }
}

fn shown(ty: FieldType) -> String {
    match ty {
        FieldType::Text => "text".into(),
        FieldType::Integer => "whole number".into(),
        FieldType::Float => "number".into(),
        FieldType::Bool => "true or false".into(),
        FieldType::Address => "IP address".into(),
        FieldType::Network => "network in CIDR notation".into(),
        FieldType::Time => "time, RFC 3339".into(),
        FieldType::Word(words) => words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", "),
        FieldType::List(inner) => format!("list: {}", shown(*inner)),
        FieldType::Map(inner) => format!("by name: {}", shown(*inner)),
        FieldType::Record(_) => "record".into(),
        FieldType::Any => "any".into(),
    }
}

/// The formats that state facts of a kind.
fn sources(out: &mut String, kind: &str) {
    let formats: Vec<_> = bundlescope_parsers::all().filter(|format| format.kinds.contains(&kind)).collect();
    if formats.is_empty() {
        out.push_str("\nDerived from other facts.\n");
        return;
    }
    out.push_str("\nStated by:\n\n");
    for format in formats {
        let command = match format.collect {
            "" => String::new(),
            collect => format!(": `{collect}`"),
        };
        let _ = writeln!(out, "- {}{command}", format.name);
    }
}

/// Lines of documentation as one paragraph.
fn text(lines: &[&str]) -> String {
    lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_has_its_fields_and_its_documents() {
        let page = vocabulary();
        for kind in KINDS.iter().chain(EVENTS.iter().collect::<Vec<_>>().iter()) {
            assert!(page.contains(&format!("\n### {}\n", kind.name)), "{}", kind.name);
        }
        assert!(page.contains("| `mounts.destination` | text | Path in the container. |"));
        assert!(page.contains("- iptables-save: `iptables-save"));
        assert!(page.lines().filter(|line| line.starts_with("| `")).all(|line| line.ends_with(" |")));
    }
}
