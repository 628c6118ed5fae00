//! The author's guide is true: every example of it loads, and it names every key, operator and code.

use bundlescope_rules::{CODES, Pack, RuleFile};

const GUIDE: &str = include_str!("../../../rules/README.md");

/// What an example that is only a part of a rule is put into.
const REST: &[(&str, &str)] = &[
    ("id:", "id: example\n"),
    ("status:", "status: draft\n"),
    ("title:", "title: t\n"),
    ("severity:", "severity: low\n"),
    ("message:", "message: m\n"),
];

fn examples() -> Vec<String> {
    let mut examples = Vec::new();
    let mut rest = GUIDE;
    while let Some(start) = rest.find("```yaml\n") {
        let body = &rest[start + 8..];
        let end = body.find("```").unwrap_or(body.len());
        examples.push(body[..end].to_owned());
        rest = &body[end..];
    }
    examples
}

#[test]
fn every_example_loads() {
    let examples = examples();
    assert!(examples.len() >= 10);
    for example in examples {
        let mut text = String::new();
        if !example.starts_with("id:") {
            let missing = REST.iter().filter(|(key, _)| !example.lines().any(|line| line.starts_with(key)));
            text.extend(missing.map(|(_, line)| *line));
        }
        text += &example;
        let (pack, diagnostics) = Pack::load(vec![RuleFile { path: "guide.yaml".into(), text }]);
        let drawn: Vec<String> = diagnostics.iter().map(|diagnostic| diagnostic.render()).collect();
        assert!(drawn.is_empty(), "{example}\n{}", drawn.join("\n"));
        assert_eq!(pack.rules().len() + pack.signatures().len(), 1);
    }
}

#[test]
fn the_guide_names_every_code_key_and_operator() {
    for code in CODES {
        assert!(GUIDE.contains(&format!("| {} |", code.id)), "{} {}", code.id, code.title);
    }
    // An unknown key and an unknown operator are answered with the list of those that there are.
    let listed = |text: &str, start: &str| {
        let (_, found) = Pack::load(vec![RuleFile { path: "x".into(), text: text.into() }]);
        let help = found.iter().find_map(|diagnostic| diagnostic.help.as_deref()?.strip_prefix(start)).unwrap_or("");
        help.split(", ").map(str::to_owned).collect::<Vec<_>>()
    };
    let keys = listed("qqqqqqqqqqqq: 1\n", "keys: ");
    assert!(keys.len() > 15);
    for key in keys {
        assert!(GUIDE.contains(&format!("{key}:")), "{key}");
    }
    let operators = listed("id: x\nwhen: { c: { container: { name: { qqqqqqq: 1 } } } }\n", "operators: ");
    assert!(operators.len() > 15);
    for operator in operators {
        assert!(GUIDE.contains(&format!("`{operator}`")), "{operator}");
    }
}
