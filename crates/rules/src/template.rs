//! Templates and expressions: the language of messages, commands and `where:`.

use std::collections::BTreeSet;
use std::ops::Range;

use bundlescope_facts::Text;
use minijinja::value::{Value, ValueKind};
use minijinja::{Environment, Error, ErrorKind, Output, State, UndefinedBehavior};

use crate::suggest;

/// What stands in a message where a value is not known.
pub const UNKNOWN: &str = "(unknown)";

/// Steps that one template may take, so that a loop in a rule cannot hold the analysis up.
const FUEL: u64 = 1_000_000;

/// A checked template or expression.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Template {
    /// As written.
    pub source: Text,
    /// Names that it looks up, dotted as written: `failure.port`, `c`.
    pub names: BTreeSet<Text>,
}

/// For what a template is rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Text for people: an unknown value shows as [`UNKNOWN`].
    Text,
    /// A command: an unknown value is an error, and every value is quoted for a POSIX shell where it needs it.
    Command,
}

/// The environment in which templates are checked and rendered.
pub fn environment(purpose: Purpose) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_fuel(Some(FUEL));
    environment.set_undefined_behavior(UndefinedBehavior::Chainable);
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    environment.add_filter("bytes", bytes);
    environment.add_filter("words", words);
    match purpose {
        Purpose::Text => environment.set_formatter(format_text),
        Purpose::Command => environment.set_formatter(format_command),
    }
    environment
}

fn format_text(out: &mut Output<'_>, _: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    let written = match value.kind() {
        ValueKind::Undefined | ValueKind::None => out.write_str(UNKNOWN),
        ValueKind::Seq | ValueKind::Iterable => {
            let items: Vec<String> = value.try_iter()?.map(|item| item.to_string()).collect();
            out.write_str(&items.join(", "))
        }
        _ => out.write_str(&value.to_string()),
    };
    written.map_err(Error::from)
}

fn format_command(out: &mut Output<'_>, _: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => {
            Err(Error::new(ErrorKind::UndefinedError, "a value of the command is not known"))
        }
        // Whoever marks a value as safe has quoted it already, such as the commands that a probe suggests.
        _ if value.is_safe() => out.write_str(&value.to_string()).map_err(Error::from),
        _ => out.write_str(&shell_quoted(&value.to_string())).map_err(Error::from),
    }
}

/// Quotes a word for a POSIX shell, unless it consists of harmless characters only.
fn shell_quoted(word: &str) -> String {
    let harmless = |c: char| c.is_ascii_alphanumeric() || "_./:@%+=,-".contains(c);
    if !word.is_empty() && word.chars().all(harmless) {
        return word.to_owned();
    }
    // Control characters have no business in a command that somebody pastes into a terminal.
    let plain: String = word.chars().filter(|c| !c.is_control()).collect();
    format!("'{}'", plain.replace('\'', r"'\''"))
}

/// `{{ size | bytes }}`: a number of bytes in the largest fitting power of 1024.
fn bytes(value: Value) -> Value {
    let Some(count) = value.as_i64() else {
        return value;
    };
    let mut rest = count as f64;
    let mut unit = "B";
    for next in ["KiB", "MiB", "GiB", "TiB"] {
        if rest.abs() < 1024.0 {
            break;
        }
        rest /= 1024.0;
        unit = next;
    }
    Value::from(if unit == "B" { format!("{count} B") } else { format!("{rest:.1} {unit}") })
}

/// `{{ failure.error | words }}`: the words that people use for how a connection failed, and for other values that are
/// written with underscores.
fn words(value: Value) -> Value {
    let Some(word) = value.as_str() else {
        return value;
    };
    let said = match word {
        "refused" => "connection refused",
        "timed_out" => "timed out",
        "no_route" => "no route to host",
        "unreachable" => "network unreachable",
        "reset" => "connection reset",
        "closed" => "connection closed",
        "name_not_found" => "name not found",
        "name_lookup_failed" => "no answer from DNS",
        "address_in_use" => "address in use",
        "address_not_available" => "cannot assign requested address",
        "other" => "connection failed",
        // Only single words are names of ours; anything else is a text that a program wrote.
        _ if word.contains(|c: char| !c.is_ascii_lowercase() && c != '_') => return value,
        _ => return Value::from(word.replace('_', " ")),
    };
    Value::from(said)
}

/// Where braces begin that the template does not close.
pub(crate) fn opened(source: &str, message: &str, expression: bool) -> Option<usize> {
    if expression {
        return None;
    }
    for (open, close) in [("{{", "}}"), ("{%", "%}")] {
        let mut rest = 0;
        while let Some(at) = source.get(rest..)?.find(open).map(|at| rest + at) {
            let inner = source.get(at + 2..)?;
            let next = inner.find(open).unwrap_or(inner.len());
            match inner.find(close) {
                Some(end) if end < next => rest = at + 2 + end,
                _ => return Some(at),
            }
        }
    }
    if !message.contains("end of input") {
        return None;
    }
    // The last block that is opened and has no end behind it.
    let opens = ["if", "for"].into_iter().filter_map(|word| {
        let ends = source.matches(&format!("end{word}")).count();
        let mut starts = source.match_indices("{%").filter(|(at, _)| {
            source.get(at + 2..).unwrap_or_default().trim_start_matches(['-', ' ']).starts_with(word)
        });
        starts.nth(ends).map(|(at, _)| at)
    });
    opens.max()
}

/// What is unknown according to a message: the word, what it would be, and those that there are.
pub(crate) fn known(message: &str) -> Option<(&str, &'static str, &'static [&'static str])> {
    const STATEMENTS: &[&str] = &["if", "elif", "else", "endif", "for", "endfor", "set", "raw", "endraw"];
    if let Some(word) = message.strip_prefix("unknown statement ") {
        return Some((word, "statements", STATEMENTS));
    }
    let said = message.strip_suffix(" is unknown")?;
    match said.split_once(' ') {
        Some(("filter", word)) => Some((word, "filters", FILTERS)),
        Some(("test", word)) => Some((word, "tests", TESTS)),
        Some((_, word)) => Some((word, "functions", FUNCTIONS)),
        None => Some((said, "functions", FUNCTIONS)),
    }
}

const FUNCTIONS: &[&str] = &["range", "dict", "namespace"];

/// A piece of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Text that is shown as it is.
    Text(Range<usize>),
    /// The inside of `{{ … }}`.
    Value(Range<usize>),
    /// The inside of `{% … %}`.
    Statement(Range<usize>),
}

/// The pieces of a template; comments are none, and what stands between `raw` and `endraw` is text that means itself.
pub(crate) fn pieces(source: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut at = 0;
    while at < source.len() {
        let rest = source.get(at..).unwrap_or_default();
        let Some(open) = ["{{", "{%", "{#"].iter().filter_map(|mark| rest.find(mark)).min() else { break };
        if open > 0 {
            pieces.push(Piece::Text(at..at + open));
        }
        let inside = at + open + 2;
        let mark = rest.get(open..open + 2).unwrap_or_default();
        let close = match mark {
            "{{" => "}}",
            "{%" => "%}",
            _ => "#}",
        };
        let end = inside + closed(source.get(inside..).unwrap_or_default(), close);
        let piece = source.get(inside..end).unwrap_or_default();
        at = (end + 2).min(source.len());
        match mark {
            "{{" => pieces.push(Piece::Value(inside..end)),
            "{%" if piece.trim_matches([' ', '-']) == "raw" => {
                let rest = source.get(at..).unwrap_or_default();
                at += rest.find("endraw").map_or(rest.len(), |end| end + rest[end..].find("%}").map_or(0, |to| to + 2));
            }
            "{%" => pieces.push(Piece::Statement(inside..end)),
            _ => {}
        }
    }
    if at < source.len() {
        pieces.push(Piece::Text(at..source.len()));
    }
    pieces
}

/// Where a tag ends, texts in quotes left aside.
fn closed(inside: &str, close: &str) -> usize {
    let mut quote = None;
    for (at, c) in inside.char_indices() {
        match quote {
            Some(mark) if c == mark => quote = None,
            Some(_) => {}
            None if inside.get(at..).is_some_and(|rest| rest.starts_with(close)) => return at,
            None if c == '"' || c == '\'' => quote = Some(c),
            None => {}
        }
    }
    inside.len()
}

/// Where a template or an expression looks a name up, dotted as written.
pub(crate) fn lookup(source: &str, name: &str, expression: bool) -> Option<Range<usize>> {
    let tags: Vec<Range<usize>> = if expression {
        std::iter::once(0..source.len()).collect()
    } else {
        let inside = |piece| match piece {
            Piece::Value(range) | Piece::Statement(range) => Some(range),
            Piece::Text(_) => None,
        };
        pieces(source).into_iter().filter_map(inside).collect()
    };
    let part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    tags.into_iter().find_map(|tag| {
        let inside = source.get(tag.clone())?;
        let mut quote = None;
        for (at, c) in inside.char_indices() {
            if let Some(mark) = quote {
                quote = (c != mark).then_some(mark);
                continue;
            }
            if c == '"' || c == '\'' {
                quote = Some(c);
                continue;
            }
            let before = inside.get(..at)?.chars().next_back();
            let behind = inside.get(at..)?.strip_prefix(name).map(|rest| rest.chars().next());
            if !part(before)
                && before != Some('.')
                && let Some(next) = behind
                && !part(next)
            {
                return Some(tag.start + at..tag.start + at + name.len());
            }
        }
        None
    })
}

/// The filters that rules may use; a test holds them against the environment.
pub(crate) const FILTERS: &[&str] = &[
    "abs",
    "batch",
    "bool",
    "bytes",
    "capitalize",
    "default",
    "dictsort",
    "first",
    "float",
    "groupby",
    "indent",
    "int",
    "items",
    "join",
    "last",
    "length",
    "list",
    "lower",
    "max",
    "min",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "round",
    "select",
    "selectattr",
    "slice",
    "sort",
    "split",
    "string",
    "sum",
    "title",
    "trim",
    "unique",
    "upper",
    "words",
];

/// The tests (`x is TEST`) that rules may use.
pub(crate) const TESTS: &[&str] = &[
    "defined",
    "undefined",
    "none",
    "number",
    "integer",
    "float",
    "string",
    "boolean",
    "sequence",
    "mapping",
    "iterable",
    "odd",
    "even",
    "divisibleby",
    "startingwith",
    "endingwith",
    "true",
    "false",
    "eq",
    "ne",
    "gt",
    "ge",
    "lt",
    "le",
    "in",
];

/// Why a template cannot be used.
pub(crate) struct Broken {
    pub(crate) message: String,
    /// Line within the template, counted from 1.
    pub(crate) line: usize,
    /// Bytes of the template that are wrong; empty where that is not known.
    pub(crate) range: Range<usize>,
}

/// What to do about a template that cannot be read.
pub(crate) fn help(source: &str, broken: &Broken, expression: bool) -> String {
    if let Some((word, what, known)) = known(&broken.message) {
        if word == "endif" || word == "endfor" {
            return format!("no `{{% {} %}}` is open here: remove it, or open one before", &word[3..]);
        }
        let help = suggest::help(word, what, known.iter().copied());
        return help.unwrap_or_else(|| format!("{what}: {}", known.join(", ")));
    }
    let word = source.get(broken.range.clone()).unwrap_or_default();
    let rest = source.get(broken.range.start..).unwrap_or_default();
    let first = if broken.range.is_empty() { None } else { rest.chars().next() };
    match first {
        Some('$') => {
            let shape = if expression { "`name`" } else { "`{{ name }}`" };
            return format!("names stand without a dollar here: a name such as {shape}");
        }
        Some('&') => return "write `and`".to_owned(),
        Some('|') if rest.starts_with("||") || source.contains("||") => return "write `or`".to_owned(),
        Some('?') => return "write `a if condition else b`".to_owned(),
        Some('!') if !rest.starts_with("!=") => return "write `not`".to_owned(),
        Some('=') if !rest.starts_with("==") && expression => {
            return "compare with `==`; an expression stands without braces".to_owned();
        }
        Some('=') if !rest.starts_with("==") => return "compare with `==`".to_owned(),
        _ => {}
    }
    if ["AND", "OR", "NOT", "IF", "ELSE"].contains(&word) {
        return format!("write `{}`", word.to_ascii_lowercase());
    }
    if broken.message.contains("non-existing template") {
        return "a text stands for itself: it cannot include others".to_owned();
    }
    if expression {
        return "an expression compares names with values, such as `port > 1024 and c != 'db'`; it stands without braces"
            .to_owned();
    }
    if source.contains("{{.") || source.contains("{{ .") {
        return "braces that are meant as they are stand between `{% raw %}` and `{% endraw %}`".to_owned();
    }
    let (open, close) = (source.matches("{{").count(), source.matches("}}").count());
    if open != close {
        return "close each `{{` with `}}`".to_owned();
    }
    if source.matches("{%").count() != source.matches("%}").count() {
        return "close each `{%` with `%}`".to_owned();
    }
    if source.contains("{% if") && !source.contains("endif") {
        return "end the `if` with `{% endif %}`".to_owned();
    }
    if source.contains("{% for") && !source.contains("endfor") {
        return "end the `for` with `{% endfor %}`".to_owned();
    }
    if broken.message.ends_with("expected in") {
        return "a loop is written `{% for item in alias.field %}…{% endfor %}`".to_owned();
    }
    "inside `{{ … }}` stands a name such as `c` or `alias.field`, perhaps with a filter: `{{ size | bytes }}`"
        .to_owned()
}

/// Reads a template, or an expression; unknown filters, tests and functions are mistakes too.
pub(crate) fn check(environment: &Environment<'_>, source: &str, expression: bool) -> Result<Template, Broken> {
    let broken = |error: &Error| {
        let message = match error.detail() {
            Some(detail) => detail.to_owned(),
            None => error.kind().to_string(),
        };
        let range = error.range().filter(|range| range.end <= source.len()).unwrap_or(0..0);
        Broken { message, line: error.line().unwrap_or(1), range }
    };
    let unknown = |error: &Error| {
        use ErrorKind::{TemplateNotFound, UnknownFilter, UnknownFunction, UnknownTest};
        matches!(error.kind(), UnknownFilter | UnknownTest | UnknownFunction | TemplateNotFound)
    };
    let globals: BTreeSet<&str> = environment.globals().map(|(name, _)| name).collect();
    let names = if expression {
        let compiled = environment.compile_expression(source).map_err(|error| broken(&error))?;
        // A trial without values meets the filters; whatever else goes wrong is for lack of values.
        if let Err(error) = compiled.eval(())
            && unknown(&error)
        {
            return Err(broken(&error));
        }
        compiled.undeclared_variables(true)
    } else {
        let compiled = environment.template_from_str(source).map_err(|error| broken(&error))?;
        if let Err(error) = compiled.render(())
            && unknown(&error)
        {
            return Err(broken(&error));
        }
        compiled.undeclared_variables(true)
    };
    let names = names
        .into_iter()
        .filter(|name| !globals.contains(name.split('.').next().unwrap_or_default()))
        .map(Text::from)
        .collect();
    Ok(Template { source: source.into(), names })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_never_lets_a_value_out_of_its_word() {
        let render = |word: &str| {
            let context = Value::from_pairs([("x", Value::from(word))]);
            environment(Purpose::Command).render_str("run {{ x }}", context)
        };
        assert_eq!(render("br-1a2b").unwrap(), "run br-1a2b");
        assert_eq!(render("a; rm -rf /").unwrap(), "run 'a; rm -rf /'");
        assert_eq!(render("it's\n").unwrap(), r"run 'it'\''s'");
        assert!(environment(Purpose::Command).render_str("run {{ y.z }}", ()).is_err());
    }

    #[test]
    fn text_shows_what_is_not_known() {
        let context = Value::from_pairs([("l", Value::from(vec!["a", "b"])), ("n", Value::from(1_610_612_736_i64))]);
        let text = environment(Purpose::Text).render_str("{{ l }} {{ n | bytes }} {{ x.y.z }}", context).unwrap();
        assert_eq!(text, "a, b 1.5 GiB (unknown)");
    }

    #[test]
    fn errors_are_told_in_words() {
        let render = |error: &str| {
            let context = Value::from_pairs([("e", Value::from(error))]);
            environment(Purpose::Text).render_str("{{ e | words }}", context).unwrap()
        };
        let said = ["refused", "timed_out", "name_not_found", "scram_failed", "no pg_hba.conf"].map(render);
        assert_eq!(said, ["connection refused", "timed out", "name not found", "scram failed", "no pg_hba.conf"]);
        assert_eq!(environment(Purpose::Text).render_str("{{ a.b | words }}", ()).unwrap(), UNKNOWN);
    }

    #[test]
    fn the_filters_and_tests_that_are_suggested_exist() {
        let environment = environment(Purpose::Text);
        for filter in FILTERS {
            let source = format!("{{{{ x | {filter} }}}}");
            let found = check(&environment, &source, false);
            assert!(!found.is_err_and(|broken| broken.message.contains("unknown")), "{filter}");
        }
        for test in TESTS {
            let source = format!("x is {test}(1)");
            let found = check(&environment, &source, true);
            assert!(!found.is_err_and(|broken| broken.message.contains("unknown")), "{test}");
        }
    }

    #[test]
    fn names_are_found_where_they_are_looked_up() {
        let source = "port {# port #} {{ 'port' }} {{ a.port }} {% if port %}{% raw %}{{ x }}{% endraw %}";
        let found = lookup(source, "port", false).unwrap();
        assert_eq!(found.start, source.rfind("port").unwrap());
        assert_eq!(lookup(source, "x", false), None);
        assert_eq!(lookup("a > 3 and b.c == 'd'", "b.c", true), Some(10..13));
    }

    #[test]
    fn an_endless_loop_ends() {
        let source = "{% for a in range(10000) %}{% for b in range(10000) %}x{% endfor %}{% endfor %}";
        assert!(environment(Purpose::Text).render_str(source, ()).is_err());
    }
}
