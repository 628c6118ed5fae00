//! What no output may hold, as a browser, a Markdown renderer, an XML reader and a spreadsheet see it; and the strings to
//! try it with.
#![allow(dead_code, reason = "each test file uses its part")]

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::LazyLock;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{BufferQueue, StartTag, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};
use pulldown_cmark::{Event, Options, Parser, Tag};

/// Strings of our own, so that the test says something where the shared lists are missing.
pub(crate) const OWN: &[&str] = &[
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "</pre></code></style></title><svg/onload=alert(1)>",
    "<!-- ",
    "--> ]]>",
    "&lt;b&gt; &#x3c;",
    "{{ 7 * 7 }} {% raw %}",
    "javascript:alert(1)",
    "https://evil.example/\" onclick=\"alert(1)",
    "![x](//evil.example/p.png) [y](javascript:x)",
    "[x]: javascript:alert(1)",
    "```\n<b>\n~~~\n    indented",
    "`` ` ``` `",
    "| a | b |\n|---|---|\n# heading\n- item\n1. one\n> quote\n***",
    "@everyone #1 https://evil.example www.evil.example a@b.example",
    "\x1b]0;owned\x07\x1b[2J\u{9b}31m\u{7f}\r\x08",
    "\u{202e}txt.exe\u{2066}\u{200f}\u{feff}\u{fffe}\u{2028}\u{e0041}",
    "\0",
    "",
    " ",
    "\n",
];

/// Ours and, where `BUNDLESCOPE_SHARED` points to them, the public lists.
pub(crate) fn strings() -> Vec<String> {
    let mut strings: Vec<String> = OWN.iter().map(|text| (*text).to_owned()).collect();
    let Some(shared) = std::env::var_os("BUNDLESCOPE_SHARED") else {
        eprintln!("SKIPPED the public lists of hostile strings: BUNDLESCOPE_SHARED is not set");
        return strings;
    };
    let lists = PathBuf::from(shared).join("evil/lists");
    for name in ["blns.json", "report-xss-own.json", "csv-formula-own.json", "terminal-escapes.json"] {
        let json = std::fs::read(lists.join(name)).expect(name);
        let json: Vec<serde_json::Value> = serde_json::from_slice(&json).expect(name);
        strings.extend(json.iter().map(|item| item.as_str().or(item["value"].as_str()).expect(name).to_owned()));
    }
    for name in ["xss-payloadbox.txt", "csv-formula-payloadbox.txt"] {
        let text = std::fs::read(lists.join(name)).expect(name);
        strings.extend(String::from_utf8_lossy(&text).lines().map(str::to_owned));
    }
    strings
}

pub(crate) fn assert_harmless(form: &str, out: &str) {
    let active = |c: char| {
        c != '\n' && c.is_control()
            || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
    };
    if let Some(at) = out.find(active) {
        let around: String = out[at..].chars().take(40).collect();
        panic!("{form} holds {:?}", around);
    }
}

/// Tags with their attributes as a browser's tokenizer sees them.
#[derive(Default)]
pub(crate) struct Seen {
    /// `tag` and `tag attribute`.
    pub(crate) kinds: BTreeSet<String>,
    /// Attribute values that name a place.
    pub(crate) places: Vec<String>,
    /// Elements that may stand once only, each time they came.
    pub(crate) singles: Vec<String>,
    /// Values of `id`.
    pub(crate) ids: Vec<String>,
    /// Open elements.
    pub(crate) open: Vec<String>,
    pub(crate) faults: Vec<String>,
}

#[derive(Default)]
struct Sink(RefCell<Seen>);

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, line: u64) -> TokenSinkResult<()> {
        let mut seen = self.0.borrow_mut();
        match token {
            Token::TagToken(tag) if tag.kind == StartTag => {
                let name = tag.name.to_string();
                seen.kinds.insert(name.clone());
                for attribute in &tag.attrs {
                    let (key, value) = (attribute.name.local.to_string(), attribute.value.to_string());
                    seen.kinds.insert(format!("{name} {key}"));
                    match key.as_str() {
                        "href" | "src" | "action" => seen.places.push(value),
                        "id" => seen.ids.push(value),
                        _ => {}
                    }
                }
                // A picture is foreign content: its elements close themselves, and its titles hold what any element does.
                let foreign = name == "svg" || seen.open.iter().any(|open| open == "svg");
                if ["html", "head", "body", "style", "script", "title", "base", "main", "footer"]
                    .contains(&name.as_str())
                    && !foreign
                {
                    seen.singles.push(name.clone());
                }
                let void = ["meta", "br", "input"].contains(&name.as_str()) || foreign && tag.self_closing;
                if !void {
                    seen.open.push(name.clone());
                }
                match name.as_str() {
                    _ if foreign => {}
                    "title" => return TokenSinkResult::RawData(RawKind::Rcdata),
                    "style" => return TokenSinkResult::RawData(RawKind::Rawtext),
                    "script" => return TokenSinkResult::RawData(RawKind::ScriptData),
                    _ => {}
                }
            }
            Token::TagToken(tag) => {
                let name = tag.name.to_string();
                if seen.open.pop().as_deref() != Some(&name) {
                    seen.faults.push(format!("line {line}: </{name}> closes nothing"));
                }
            }
            Token::CommentToken(text) => seen.faults.push(format!("line {line}: comment {text}")),
            Token::ParseError(error) => seen.faults.push(format!("line {line}: {error}")),
            Token::NullCharacterToken => seen.faults.push(format!("line {line}: NUL")),
            Token::DoctypeToken(_) | Token::CharacterTokens(_) | Token::EOFToken => {}
        }
        TokenSinkResult::Continue
    }
}

pub(crate) fn tokenize(html: &str) -> Seen {
    let tokenizer = Tokenizer::new(Sink::default(), TokenizerOpts { exact_errors: true, ..TokenizerOpts::default() });
    let queue = BufferQueue::default();
    queue.push_back(StrTendril::from(html));
    // Scripts are never reported as such by the sink, so one call takes it all.
    let _ = tokenizer.feed(&queue);
    assert!(queue.is_empty());
    tokenizer.end();
    tokenizer.sink.0.take()
}

/// As GitHub and GitLab render it: headings, lists, emphasis and text, and nothing else.
pub(crate) fn assert_markdown(form: &str, markdown: &str) {
    assert_harmless(form, markdown);
    let flavour = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_MATH
        | Options::ENABLE_GFM
        | Options::ENABLE_WIKILINKS;
    for event in Parser::new_ext(markdown, flavour) {
        match event {
            Event::Text(_) | Event::Code(_) | Event::End(_) | Event::SoftBreak => {}
            Event::Start(
                Tag::Paragraph | Tag::Heading { .. } | Tag::List(_) | Tag::Item | Tag::Strong | Tag::CodeBlock(_),
            ) => {}
            other => panic!("{form} holds {other:?}"),
        }
    }
}

/// In XML every `<` begins a tag, and the tags are those of the format. Returns the number of cases.
pub(crate) fn assert_junit(xml: &str) -> usize {
    assert_harmless("junit", xml);
    let mut cases = 0;
    for tag in xml.split('<').skip(1) {
        let name = tag.split(|c: char| c.is_whitespace() || c == '>').next().unwrap_or_default();
        let known = ["?xml", "testsuites", "testsuite", "testcase", "properties", "property", "failure", "skipped"];
        let bare = name.trim_start_matches('/').trim_end_matches('/');
        assert!(known.contains(&bare), "<{tag}");
        cases += usize::from(name == "testcase");
    }
    cases
}

/// No cell is a formula, and every row has its cells. Returns the number of rows.
pub(crate) fn assert_csv(csv: &str) -> usize {
    assert_harmless("csv", &csv.replace("\r\n", "\n"));
    let rows = csv.strip_suffix("\r\n").expect("a last line").split("\r\n").skip(1);
    let mut count = 0;
    for row in rows {
        let (mut cells, mut quoted, mut cell) = (Vec::new(), false, String::new());
        for c in row.chars() {
            match c {
                '"' => quoted = !quoted,
                ',' if !quoted => cells.push(std::mem::take(&mut cell)),
                _ => cell.push(c),
            }
        }
        cells.push(cell);
        assert_eq!((cells.len(), quoted), (15, false), "{row}");
        for cell in cells {
            assert!(!cell.trim_start().starts_with(['=', '+', '-', '@']), "{cell:?} is calculated");
        }
        count += 1;
    }
    count
}

/// It is JSON that the schema of OASIS accepts. Returns it.
pub(crate) fn assert_sarif(sarif: &str) -> serde_json::Value {
    static SCHEMA: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
        // Its expression for languages has a bracket too many, which JavaScript forgives.
        let schema = include_str!("../schemas/sarif-2.1.0.json").replace("[a-zA-Z]{2}]?$", "[a-zA-Z]{2}?$");
        let schema = serde_json::from_str(&schema).expect("the schema is JSON");
        jsonschema::validator_for(&schema).expect("the schema can be compiled")
    });
    assert_harmless("sarif", sarif);
    let value = serde_json::from_str(sarif).expect("it is JSON");
    let faults: Vec<String> =
        SCHEMA.iter_errors(&value).take(5).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(faults.is_empty(), "{faults:#?}");
    value
}
