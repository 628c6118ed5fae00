//! New pieces of YAML.

use bundlescope_facts::{Text, Value};

/// A piece of YAML that is written into a rule file.
#[derive(Debug, Clone, PartialEq)]
pub enum Fragment {
    /// A text. One of several lines becomes a block where blocks are allowed.
    Text(String),
    /// A scalar, or a list or map of scalars, on one line.
    Value(Value),
    /// A list, one item a line.
    List(Vec<Fragment>),
    /// A map, one entry a line.
    Map(Vec<(String, Fragment)>),
    /// A list or a map on one line.
    Flow(Box<Fragment>),
}

impl Fragment {
    /// Texts as a list on one line; a single one stands alone.
    pub fn texts(texts: &[String]) -> Self {
        match texts {
            [one] => Self::Flow(Box::new(Self::Text(one.clone()))),
            several => Self::Flow(Box::new(Self::List(several.iter().map(|text| Self::Text(text.clone())).collect()))),
        }
    }

    /// As the value of a key whose entries or items are indented by `indent` columns: on its line, or below it.
    pub fn lines(&self, indent: usize) -> String {
        self.block(indent)
    }

    /// On one line.
    pub(super) fn flow(&self) -> String {
        match self {
            Self::Text(text) => scalar(text),
            Self::Value(value) => of_value(value),
            Self::Flow(inner) => inner.flow(),
            Self::List(items) => format!("[{}]", items.iter().map(Self::flow).collect::<Vec<_>>().join(", ")),
            Self::Map(entries) if entries.is_empty() => "{}".to_owned(),
            Self::Map(entries) => {
                let entries: Vec<String> =
                    entries.iter().map(|(key, value)| format!("{}: {}", scalar(key), value.flow())).collect();
                format!("{{ {} }}", entries.join(", "))
            }
        }
    }

    /// Behind a key or a dash in a block: what follows on the same line, and the lines below it, which are indented by
    /// `indent` columns.
    pub(super) fn block(&self, indent: usize) -> String {
        let pad = " ".repeat(indent);
        match self {
            Self::Text(text) => literal(text, indent).unwrap_or_else(|| scalar(text)),
            Self::List(items) if !items.is_empty() => {
                items.iter().map(|item| format!("\n{pad}- {}", item.behind_dash(indent + 2))).collect()
            }
            Self::Map(entries) if !entries.is_empty() => {
                entries.iter().map(|entry| format!("\n{pad}{}", written(entry, indent))).collect()
            }
            other => other.flow(),
        }
    }

    /// As an item of a block list whose content begins in column `indent`.
    pub(super) fn behind_dash(&self, indent: usize) -> String {
        match self {
            Self::Map(entries) if !entries.is_empty() => {
                let lines: Vec<String> = entries.iter().map(|entry| written(entry, indent)).collect();
                lines.join(&format!("\n{}", " ".repeat(indent)))
            }
            other => other.block(indent),
        }
    }
}

/// An entry of a block map in column `indent`.
fn written((key, value): &(String, Fragment), indent: usize) -> String {
    let value = value.block(indent + 2);
    let space = if value.starts_with('\n') { "" } else { " " };
    format!("{}:{space}{value}", scalar(key))
}

fn of_value(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Float(value) => value.to_string(),
        Value::Text(text) => scalar(text),
        Value::List(items) => format!("[{}]", items.iter().map(of_value).collect::<Vec<_>>().join(", ")),
        Value::Map(map) if map.is_empty() => "{}".to_owned(),
        Value::Map(map) => {
            let one = |(key, value): (&Text, &Value)| format!("{}: {}", scalar(key), of_value(value));
            format!("{{ {} }}", map.iter().map(one).collect::<Vec<_>>().join(", "))
        }
    }
}

/// A text as a scalar on one line that may stand anywhere: plain where nobody could take it for something else, quoted
/// otherwise.
///
/// ```
/// use bundlescope_rules::scalar;
///
/// assert_eq!(scalar("api-1"), "api-1");
/// assert_eq!(scalar("5432"), "\"5432\"");
/// assert_eq!(scalar(r"a\d"), r"'a\d'");
/// assert_eq!(scalar("two\nlines"), r#""two\nlines""#);
/// ```
pub fn scalar(text: &str) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    quoted(text)
}

/// A text in quotes: double ones, unless it holds what they would have to escape.
pub(super) fn quoted(text: &str) -> String {
    if text.chars().any(|c| is_escaped(c) || c == '\n') || !text.contains(['"', '\\']) {
        let mut out = String::from("\"");
        for c in text.chars() {
            match c {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                '\t' => out.push_str("\\t"),
                '\r' => out.push_str("\\r"),
                c if is_escaped(c) && u32::from(c) <= 0xffff => out.push_str(&format!("\\u{:04x}", u32::from(c))),
                c if is_escaped(c) => out.push_str(&format!("\\U{:08x}", u32::from(c))),
                c => out.push(c),
            }
        }
        out.push('"');
        return out;
    }
    format!("'{}'", text.replace('\'', "''"))
}

/// What a file would not show, or not keep.
fn is_escaped(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(u32::from(c), 0x85 | 0xa0 | 0x2028 | 0x2029 | 0x200b..=0x200f | 0x202a..=0x202e | 0x2060..=0x206f
            | 0xfeff | 0xfff0..=0xffff)
}

/// A word, or words with single blanks, that YAML reads as text wherever it stands.
fn is_plain(text: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || "_-./$".contains(c);
    let first = text.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_' || c == '$' || c == '/');
    let reserved = ["true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf"];
    let single = text.split(' ').all(|part| !part.is_empty());
    // `host:port` stands plain: only a colon before a blank or a bracket is a key's.
    let colons = text.split(':').skip(1).all(|rest| rest.chars().next().is_some_and(word));
    first
        && single
        && colons
        && text.chars().all(|c| word(c) || c == ' ' || c == ':')
        && !reserved.contains(&text.to_ascii_lowercase().as_str())
}

/// Several lines as a block; `None` where a block would not give the same text back.
pub(super) fn literal(text: &str, indent: usize) -> Option<String> {
    let content = text.trim_end_matches('\n');
    let ends = text.len() - content.len();
    if !text.contains('\n') || content.is_empty() || text.chars().any(|c| is_escaped(c) && c != '\t') {
        return None;
    }
    let chomp = match ends {
        0 => "-",
        1 => "",
        _ => "+",
    };
    // The block's indentation is that of its first line that is not blank.
    let first = content.split('\n').find(|line| !line.trim_matches(' ').is_empty()).unwrap_or_default();
    let ambiguous = first.starts_with([' ', '\t']) || content.starts_with([' ', '\n', '\t']);
    let pad = " ".repeat(indent);
    // An indicator counts from the parent's column, which is two less.
    let mut out = format!("|{}{chomp}", if ambiguous { "2" } else { "" });
    for line in content.split('\n') {
        out.push('\n');
        if !line.is_empty() {
            out.push_str(&pad);
            out.push_str(line);
        }
    }
    out.push_str(&"\n".repeat(ends.saturating_sub(1)));
    Some(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::yaml::{Yaml, parse};

    fn read(text: &str) -> Option<Yaml> {
        match parse(text).0?.value {
            Yaml::Map(mut entries) => entries.pop().map(|(_, node)| node.value),
            _ => None,
        }
    }

    proptest! {
        #[test]
        fn a_text_comes_back_from_every_place(text in r"[ -~\n\té\u{a0}\u{202e}\u{1}]{0,40}") {
            let fragment = Fragment::Text(text.clone());
            for written in [
                format!("k: {}\n", fragment.flow()),
                format!("k: {}\n", fragment.block(2)),
            ] {
                prop_assert_eq!(read(&written), Some(Yaml::Text(text.clone())), "{}", written);
            }
            for written in [
                format!("k: {{ a: {} }}\n", fragment.flow()),
                format!("k:{}\n", Fragment::Map(vec![("a".into(), fragment.clone())]).block(2)),
            ] {
                let Some(Yaml::Map(entries)) = read(&written) else { panic!("{written}") };
                prop_assert_eq!(&entries[0].1.value, &Yaml::Text(text.clone()), "{}", written);
            }
            let written = format!("k:{}\n", Fragment::List(vec![fragment.clone(), fragment]).block(2));
            let Some(Yaml::List(items)) = read(&written) else { panic!("{written}") };
            prop_assert_eq!(&items[1].value, &Yaml::Text(text));
        }
    }

    #[test]
    fn what_yaml_would_take_for_something_else_is_quoted() {
        for (text, written) in [
            ("app/logs/api.log", "app/logs/api.log"),
            ("api.log:12", "api.log:12"),
            ("true", "\"true\""),
            ("1.5", "\"1.5\""),
            ("", "\"\""),
            ("a: b", "\"a: b\""),
            ("say \"x\"", "'say \"x\"'"),
            ("it's \\d", "'it''s \\d'"),
        ] {
            assert_eq!(scalar(text), written);
        }
    }

    #[test]
    fn maps_and_lists_stand_as_the_pack_writes_them() {
        let test = Fragment::Map(vec![
            ("name".into(), Fragment::Text("a name".into())),
            ("files".into(), Fragment::Map(vec![("a.log".into(), Fragment::Text("x\ny\n".into()))])),
            (
                "expect".into(),
                Fragment::Flow(Box::new(Fragment::Map(vec![("fires".into(), Fragment::Value(Value::Int(1)))]))),
            ),
        ]);
        let written = format!("  - {}\n", test.behind_dash(4));
        let wanted = "  - name: a name\n    files:\n      a.log: |\n        x\n        y\n    expect: { fires: 1 }\n";
        assert_eq!(written, wanted);
    }
}
