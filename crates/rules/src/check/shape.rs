//! What to write instead of something that has the wrong shape, stands in the wrong place, or is badly named.

use crate::keys;
use crate::yaml::{Node, Yaml};

/// What to write instead of a node of the wrong shape.
pub(super) fn help(node: &Node, what: &str, wanted: &str) -> String {
    let name = what.trim_matches('`');
    let key = if name.contains(' ') { "key" } else { name };
    if node.value == Yaml::Null {
        return match (wanted, what) {
            ("a map", "`pack.yaml`") => "write the name of the pack: `name: NAME`".to_owned(),
            ("a map", "a rule file") => "begin the file with `id: NAME`".to_owned(),
            ("a map", "a site file") => "write `rules:` or `suppress:`".to_owned(),
            ("a map" | "a list", _) if what.starts_with('`') => {
                format!("indent with spaces what belongs below `{key}:`, or write a value behind it")
            }
            _ => "write a value, or leave the key out".to_owned(),
        };
    }
    match (wanted, &node.value) {
        ("a map", _) if what == "a rule file" => "begin the file with `id: NAME`; one rule a file".to_owned(),
        ("a map", Yaml::Text(text)) if what == "the fields of a condition" && text.contains(|c: char| c.is_ascii_digit()) => {
            "write the fields in braces: `docker_daemon: { version: { ge: '20.10' } }`".to_owned()
        }
        ("a map", _) if what == "the fields of a condition" => {
            "write the fields in braces: `container: { name: $c }`".to_owned()
        }
        ("a map", _) if what == "what is different about a rule" => {
            "write what is different in braces: `{ enabled: false }`, `{ severity: low }`".to_owned()
        }
        ("a map", _) if what == "a step of `fix`" => "write `- say: SENTENCE`, and below it `run: COMMAND`".to_owned(),
        ("a map", Yaml::Text(_)) if what == "a pattern" => "write `- match: EXPRESSION`: it is a `{ name: value }`".to_owned(),
        ("a map", Yaml::List(items)) if what == "`subjects`" => {
            let names = items.iter().filter_map(Node::as_text).map(|name| name.trim_start_matches('$'));
            let entries: Vec<String> = names.map(|name| format!("{name}: ${name}")).collect();
            format!("leave out the dashes and name each: `{key}: {{ {} }}`", entries.join(", "))
        }
        ("a map", Yaml::List(items)) if items.is_empty() => format!("write `{key}: {{ name: value }}`"),
        ("a map", Yaml::List(_)) => "leave out the dashes: the entries are `name: value`, not `- value`".to_owned(),
        ("a map", _) if what.starts_with('`') => format!("write `{key}:` and below it, indented, `name: value`"),
        ("a map", _) => "write it as `{ name: value }`".to_owned(),
        ("a list", Yaml::Text(text)) if key == "patterns" => format!("write `patterns: [{{ match: '{text}' }}]`"),
        ("a list of conditions" | "a list", Yaml::Map(_)) => {
            format!("begin each item with `- `, or put it in brackets: `{key}: [{{ … }}]`")
        }
        ("a list of conditions" | "a list", _) => {
            format!("begin each item with `- `, or put them in brackets: `{key}: [a, b]`")
        }
        ("a map with one key", _) if key == "proves" => {
            "write the probe that must answer so: `proves: { probe: { from: $c, to: $h, port: $p, verdict: delivered } }`"
                .to_owned()
        }
        ("a map with one key", _) => "write one `kind: { field: value }`".to_owned(),
        ("text", Yaml::Bool(_)) => "put it in quotes".to_owned(),
        ("text", Yaml::Map(_)) => "a text that begins with `{` stands in quotes".to_owned(),
        ("text", Yaml::List(_)) => "write one text; one that begins with `[` stands in quotes".to_owned(),
        ("true or false", Yaml::Text(text)) => match text.to_ascii_lowercase().as_str() {
            "yes" | "on" | "y" | "true" => "write true, without quotes".to_owned(),
            "no" | "off" | "n" | "false" => "write false, without quotes".to_owned(),
            _ => "write true or false, without quotes".to_owned(),
        },
        ("true or false", _) => "write true or false, without quotes".to_owned(),
        ("a whole number", _) => "write a number without quotes, such as 1".to_owned(),
        ("a scalar", _) => "write a single value".to_owned(),
        (wanted, _) => format!("write {wanted}"),
    }
}

/// Where a key belongs that is right in another kind of file or map.
pub(super) fn of_other_file(key: &str, what: &str) -> Option<String> {
    match what {
        "a signature file" if keys::SIGNATURE.contains(&key) => Some(format!("`{key}` belongs below `signature:`")),
        "a signature file" if keys::RULE.contains(&key) => {
            Some(format!("a signature makes events only; `{key}` belongs to a rule that asks for the event"))
        }
        "a rule" if keys::SIGNATURE.contains(&key) => Some(format!("`{key}` belongs below `signature:`")),
        "`signature`" if ["id", "title", "about", "status", "tests", "references"].contains(&key) => {
            Some(format!("`{key}:` stands beside `signature:`, not below it"))
        }
        "`signature`" if key == "match" => Some("write `patterns: [{ match: … }]`".to_owned()),
        "a test" if key == "log" => Some("a rule is tested with documents: `files: { app.log: … }`".to_owned()),
        "a test of a signature" if matches!(key, "files" | "bundle") => {
            Some("a signature is tested with lines of a log: `log: …`".to_owned())
        }
        "a test" | "a test of a signature" if keys::EXPECT.contains(&key) => {
            Some(format!("`{key}` belongs below `expect:`"))
        }
        "a step of `fix`" if matches!(key, "probe" | "verdict") => Some(format!("`{key}` belongs below `proves:`")),
        "a rule" if keys::EXPECT.contains(&key) || matches!(key, "files" | "bundle" | "expect") => {
            Some(format!("`{key}` belongs below `tests:`, to a test"))
        }
        "a rule" if matches!(key, "say" | "run" | "proves" | "risk") => Some(format!("`{key}` belongs below `fix:`")),
        "a rule" if matches!(key, "enabled" | "disabled") => Some(
            "a rule is switched off in a site file: `rules: { ID: { enabled: false } }`; see also `status`".to_owned(),
        ),
        "a rule" if matches!(key, "version" | "author" | "authors" | "date" | "tags") => Some(
            "rules have no such entry; the version is that of the pack, and the rest belongs into `about` or a comment"
                .to_owned(),
        ),
        _ => None,
    }
}

/// `name:value` and `name = value`: a key that holds what should stand behind it.
pub(super) fn glued(key: &str) -> Option<String> {
    let (name, value) = key.split_once(['=', ':'])?;
    let (name, value) = (name.trim(), value.trim());
    let word = |text: &str| text.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-' || c == '.');
    (!name.is_empty() && word(name)).then(|| match value {
        "" => format!("write `{name}: value`"),
        value => format!("put a colon and a blank between them: `{name}: {value}`"),
    })
}

/// What a name that is not allowed could be instead.
pub(super) fn good_name(name: &str, separator: char) -> String {
    let name = name.rsplit('/').next().unwrap_or(name).trim_end_matches(".yaml").trim_end_matches(".yml");
    let mut plain = String::new();
    let mut small = false;
    for c in name.chars() {
        if c.is_ascii_alphanumeric() {
            // `RedisExited`
            if c.is_ascii_uppercase() && small {
                plain.push(separator);
            }
            plain.push(c.to_ascii_lowercase());
        } else if !plain.ends_with(separator) && !plain.is_empty() {
            plain.push(separator);
        }
        small = c.is_ascii_lowercase();
    }
    let plain = plain.trim_matches(separator);
    match plain.chars().next() {
        None => "write letters, digits and no blanks".to_owned(),
        Some(c) if c.is_ascii_digit() => format!("begin with a letter: `r{separator}{plain}`"),
        _ => format!("write `{plain}`"),
    }
}
