//! Whatever stands in a rule file: the checker answers, points into the file, and draws it.

use bundlescope_rules::{Pack, RuleFile};
use proptest::prelude::*;

const RULE: &str = "\
id: a
status: draft
title: '{{ näme }} ends'
severity: high
params: { limit: 3 }
when:
  failure: { connection_failure: { container: $c, host: $name, port: { gt: $limit, is: $port } } }
  server: { container: { name: $name, env.X: { matches: '(?<url>é+)' }, running: false } }
  n: { count: { listener: { port: $port }, ge: 1 } }
  one: { any: [ { endpoint: { container: $c } }, { all: [ { endpoint: { network: $c } } ] } ] }
  path: { probe: { from: $c, to: $name, port: $port, verdict: [dropped] } }
unless: [ { container: { name: $c } } ]
where: ['port > limit']
explains: [connection_failure]
message: |
  {{ server.exit_code }}
  {% if c %}x{% endif %}
fix: [ { say: x, run: 'y {{ c }}', proves: { probe: { from: $c, to: $name, port: 1, verdict: delivered } } } ]
";

fn check(text: &str) {
    let (_, found) = Pack::load(vec![RuleFile { path: "x.yaml".into(), text: text.into() }]);
    for diagnostic in found {
        assert!(text.get(diagnostic.span.clone()).is_some(), "{} {:?}", diagnostic, diagnostic.span);
        assert!(diagnostic.render().contains(diagnostic.code.id));
        assert!(serde_json::to_string(&diagnostic).is_ok());
    }
}

/// Pieces that mean something to YAML, to templates or to this language.
const PIECES: &[&str] = &[
    "",
    " ",
    "\n",
    "\t",
    "\r\n",
    ":",
    ": ",
    "- ",
    "{",
    "}",
    "[",
    "]",
    "'",
    "\"",
    "&a ",
    "*a",
    "<<: ",
    "!!str ",
    "!x ",
    "|",
    ">",
    "#",
    "---\n",
    "...",
    "$",
    "$$",
    "$c",
    "$server.name",
    "{{",
    "}}",
    "{%",
    "%}",
    "null",
    "~",
    "yes",
    "1e999",
    ".nan",
    "0x10",
    "é",
    "\u{0}",
    "\u{feff}",
    "when:",
    "any: [",
    "count:",
    "probe:",
    "emit: { x: { a: $c } }\n",
    "signature: { event: e, patterns: [ { match: '(?<a>x)' } ] }\n",
    "99999999999999999999",
    "-1",
    "(?<p>",
    "in_subnet: 1.2.3.4/33",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_rule_with_pieces_replaced(
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..6, prop::sample::select(PIECES)), 1..4),
    ) {
        let mut text = RULE.to_owned();
        for (place, length, piece) in edits {
            let starts: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
            if starts.is_empty() {
                break;
            }
            let from = place.index(starts.len());
            let to = starts.get(from + length).copied().unwrap_or(text.len());
            text.replace_range(starts[from]..to, piece);
        }
        check(&text);
    }

    #[test]
    fn any_text(text in "\\PC{0,200}") {
        check(&text);
    }

    #[test]
    fn any_value_of_any_key(key in prop::sample::select(&["id", "title", "when", "unless", "where", "fix", "tests", "emit", "explains", "subjects", "params", "collect", "signature"][..]), piece in prop::collection::vec(prop::sample::select(PIECES), 0..5)) {
        check(&format!("{key}: {}\n{RULE}", piece.concat()));
        check(&format!("id: b\n{key}: {}\n", piece.concat()));
    }
}

#[test]
fn the_rule_itself_is_nearly_right() {
    let (_, found) = Pack::load(vec![RuleFile { path: "x.yaml".into(), text: RULE.into() }]);
    let told: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["x.yaml:3:13: error[BS0019]: `title` cannot be read: unexpected character"]);
}
