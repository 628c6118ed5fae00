//! Nothing that a stranger puts into a bundle acts: in every field, in every form.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking and says what it skips"
)]

mod support;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::PathBuf;

use bundlescope_engine::{Diagnosis, Finding};
use bundlescope_facts::{Text, Value};
use bundlescope_report::{
    TextOptions, render_csv, render_html, render_json, render_junit, render_markdown, render_markdown_short,
    render_sarif, render_text,
};
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{BufferQueue, StartTag, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};
use pulldown_cmark::{Event, Options, Parser};

/// Strings of our own, so that the test says something where the shared lists are missing.
const OWN: &[&str] = &[
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
fn strings() -> Vec<String> {
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

/// A finding of the model's shape with the string in place of every text.
fn poisoned(model: &Finding, bad: &str) -> Finding {
    let text = Text::from(bad);
    let mut finding = model.clone();
    for field in [
        &mut finding.id,
        &mut finding.rule,
        &mut finding.cause,
        &mut finding.severity,
        &mut finding.confidence,
        &mut finding.node,
    ] {
        *field = text.clone();
    }
    for field in [&mut finding.title, &mut finding.message, &mut finding.about, &mut finding.customer] {
        *field = bad.to_owned();
    }
    finding.references = vec![text.clone()];
    finding.subjects = [(text.clone(), Value::Text(text.clone()))].into();
    for evidence in &mut finding.evidence {
        evidence.document = text.clone();
        evidence.excerpt = bad.to_owned();
        evidence.label = text.clone();
        if let Some(context) = &mut evidence.context {
            context.lines.fill(text.clone());
        }
    }
    for fix in &mut finding.fix {
        fix.say = bad.to_owned();
        fix.run = fix.run.as_ref().map(|_| bad.to_owned());
    }
    for probe in &mut finding.probes {
        probe.alias = text.clone();
        let answer = &mut probe.answer;
        for field in [
            &mut answer.question.node,
            &mut answer.question.from,
            &mut answer.question.to,
            &mut answer.question.proto,
            &mut answer.verdict,
        ] {
            *field = text.clone();
        }
        answer.value = Value::Text(text.clone());
        answer.path.fill(bad.to_owned());
        answer.assumed.fill(bad.to_owned());
    }
    finding
}

/// Adds a host, a moment, a clock and an unexplained error with the string in place of every text.
fn poison_scene(all: &mut Diagnosis, story: &Diagnosis, bad: &str) {
    let text = Text::from(bad);
    let mut host = story.network.hosts[0].clone();
    host.host = text.clone();
    host.addresses.fill(text.clone());
    host.routes.fill(text.clone());
    for network in &mut host.networks {
        for field in [&mut network.name, &mut network.driver, &mut network.bridge] {
            *field = text.clone();
        }
        network.subnets.fill(text.clone());
        for container in &mut network.containers {
            for field in [&mut container.name, &mut container.address, &mut container.status] {
                *field = text.clone();
            }
            container.ports.fill(text.clone());
        }
    }
    // First, as a map draws so many hosts only.
    all.network.hosts.insert(0, host);
    let mut moment = story.timeline.moments[1].clone();
    for field in [&mut moment.host, &mut moment.container, &mut moment.text, &mut moment.document, &mut moment.finding]
    {
        *field = text.clone();
    }
    all.timeline.moments.insert(0, moment);
    let mut clock = story.timeline.clocks[0].clone();
    (clock.host, clock.document) = (text.clone(), text.clone());
    all.timeline.clocks.insert(0, clock);
    let mut error = story.unexplained[0].clone();
    for field in [&mut error.template, &mut error.example, &mut error.signature] {
        *field = bad.to_owned();
    }
    (error.host, error.document) = (text.clone(), text.clone());
    error.containers.fill(text);
    all.unexplained.insert(0, error);
}

/// Diagnoses in which every text is hostile.
fn hostile() -> Vec<Diagnosis> {
    let (mut story, undecided) = (support::story(), support::undecided());
    // One of everything is enough, as every text is hostile.
    for finding in &mut story.findings {
        finding.evidence.truncate(1);
        for evidence in &mut finding.evidence {
            if let Some(context) = &mut evidence.context {
                context.first_line = evidence.line;
                context.lines.truncate(2);
            }
        }
        for probe in &mut finding.probes {
            probe.answer.path.truncate(2);
        }
    }
    let of = |part: &[String]| {
        let mut all = story.clone();
        all.undecided = undecided.undecided.clone();
        all.findings.clear();
        for bad in part {
            let text = Text::from(bad.as_str());
            let mut cause = poisoned(&story.findings[0], bad);
            let mut symptom = poisoned(&story.findings[1], bad);
            // Nested, so that what stands under a cause is poisoned as well.
            symptom.id = format!("{bad} symptom").into();
            cause.explains = vec![symptom.id.clone(), text.clone()];
            all.findings.extend([cause, symptom]);
            poison_scene(&mut all, &story, bad);
            all.clear.push(text.clone());
            all.bundle.hosts.push(text.clone());
            all.bundle.limits.push(bad.clone());
            let mut document = all.documents[0].clone();
            (document.path, document.node, document.taken_for) = (text.clone(), text.clone(), text.clone());
            all.documents.push(document);
            let mut problem = all.problems[0].clone();
            (problem.document, problem.message) = (text.clone(), bad.clone());
            all.problems.push(problem);
            let mut question = all.undecided[0].clone();
            (question.rule, question.cause, question.because) = (text.clone(), text.clone(), bad.clone());
            (question.missing[0].kind, question.missing[0].collect) = (text.clone(), bad.clone());
            all.undecided.push(question);
        }
        let first = part.first().cloned().unwrap_or_default();
        (all.bundle.name, all.bundle.sha256, all.rules) = (first.clone(), first.clone(), first.clone());
        all.bundle.captured_at = Some(first);
        all.bundle.complete = false;
        all
    };
    // The header shows one string only, so ours get a report each.
    let strings: Vec<String> = strings().into_iter().collect::<BTreeSet<_>>().into_iter().collect();
    let alone = OWN.iter().map(|text| of(&[(*text).to_owned()]));
    alone.chain(strings.chunks(400).map(of)).collect()
}

fn assert_harmless(form: &str, out: &str) {
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
struct Seen {
    /// `tag` and `tag attribute`.
    kinds: BTreeSet<String>,
    /// Attribute values that name a place.
    places: Vec<String>,
    /// Elements that may stand once only, each time they came.
    singles: Vec<String>,
    /// Values of `id`.
    ids: Vec<String>,
    /// Open elements.
    open: Vec<String>,
    faults: Vec<String>,
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

fn tokenize(html: &str) -> Seen {
    let tokenizer = Tokenizer::new(Sink::default(), TokenizerOpts { exact_errors: true, ..TokenizerOpts::default() });
    let queue = BufferQueue::default();
    queue.push_back(StrTendril::from(html));
    // Scripts are never reported as such by the sink, so one call takes it all.
    let _ = tokenizer.feed(&queue);
    assert!(queue.is_empty());
    tokenizer.end();
    tokenizer.sink.0.take()
}

#[test]
fn html_holds_the_template_s_elements_and_no_others() {
    let mut known = BTreeSet::new();
    let mut full = support::story();
    full.undecided = support::undecided().undecided;
    full.bundle.complete = false;
    full.bundle.limits = vec!["limit".into()];
    let more = full.findings[0].evidence[0].clone();
    full.findings[0].evidence.extend([more.clone(), more]);
    for diagnosis in support::all().into_iter().map(|(_, diagnosis)| diagnosis).chain([full]) {
        known.append(&mut tokenize(&render_html(&diagnosis)).kinds);
    }
    for (index, diagnosis) in hostile().into_iter().enumerate() {
        let html = render_html(&diagnosis);
        support::keep(&format!("hostile-{index}"), &html);
        let seen = tokenize(&html);
        let unexpected: Vec<&String> = seen.kinds.difference(&known).collect();
        assert!(unexpected.is_empty(), "{unexpected:?} in the report of {:?}", diagnosis.bundle.name);
        assert_eq!(seen.faults, [""; 0], "{:?}", diagnosis.bundle.name);
        assert_eq!(seen.open, [""; 0]);
        assert_eq!(seen.singles, ["html", "head", "title", "style", "body", "main", "footer", "script"]);
        let ids: BTreeSet<&String> = seen.ids.iter().collect();
        assert_eq!(ids.len(), seen.ids.len(), "an id stands twice");
        for place in &seen.places {
            match place.strip_prefix('#') {
                Some(id) => assert!(ids.contains(&id.to_owned()), "{place} leads nowhere"),
                None => assert!(place.starts_with("https://") && !place.contains(['"', '<', ' ']), "{place}"),
            }
        }
        assert_harmless("html", &html);
    }
}

#[test]
fn text_holds_no_control_character_but_the_newline() {
    for diagnosis in hostile() {
        assert_harmless("text", &render_text(&diagnosis, &TextOptions::default()));
        let coloured = render_text(&diagnosis, &TextOptions { width: 80, colour: true });
        for code in coloured.split('\x1b').skip(1) {
            let code = code.split_once('m').expect("a colour ends").0;
            assert!(code.strip_prefix('[').is_some_and(|code| code.bytes().all(|b| b.is_ascii_digit() || b == b';')));
        }
    }
}

#[test]
fn markdown_renders_headings_lists_and_text_only() {
    for diagnosis in hostile() {
        let markdown = render_markdown(&diagnosis);
        assert_harmless("markdown", &markdown);
        let flavour = Options::ENABLE_TABLES
            | Options::ENABLE_FOOTNOTES
            | Options::ENABLE_TASKLISTS
            | Options::ENABLE_STRIKETHROUGH
            | Options::ENABLE_MATH
            | Options::ENABLE_GFM
            | Options::ENABLE_WIKILINKS;
        use pulldown_cmark::Tag;
        for event in Parser::new_ext(&markdown, flavour) {
            match event {
                Event::Text(_) | Event::Code(_) | Event::End(_) | Event::SoftBreak => {}
                Event::Start(
                    Tag::Paragraph | Tag::Heading { .. } | Tag::List(_) | Tag::Item | Tag::Strong | Tag::CodeBlock(_),
                ) => {}
                other => panic!("{other:?} in the report of {:?}", diagnosis.bundle.name),
            }
        }
        let short = render_markdown_short(&diagnosis);
        assert_harmless("short markdown", &short);
        for event in Parser::new_ext(&short, flavour) {
            let fine = matches!(
                event,
                Event::Text(_)
                    | Event::Code(_)
                    | Event::End(_)
                    | Event::SoftBreak
                    | Event::Start(Tag::Paragraph | Tag::List(_) | Tag::Item | Tag::Strong)
            );
            assert!(fine, "{event:?} in the report of {:?}", diagnosis.bundle.name);
        }
    }
}

#[test]
fn junit_is_xml_that_holds_a_case_for_each_answer() {
    for diagnosis in hostile() {
        let xml = render_junit(&diagnosis);
        assert_harmless("junit", &xml);
        // In XML every `<` begins a tag, and the tags are those of the format.
        let mut cases = 0;
        for tag in xml.split('<').skip(1) {
            let name = tag.split(|c: char| c.is_whitespace() || c == '>').next().unwrap_or_default();
            let known = ["?xml", "testsuites", "testsuite", "testcase", "properties", "property", "failure", "skipped"];
            let bare = name.trim_start_matches('/').trim_end_matches('/');
            assert!(known.contains(&bare), "<{tag}");
            cases += usize::from(name == "testcase");
        }
        assert_eq!(cases, diagnosis.findings.len() + diagnosis.undecided.len() + diagnosis.clear.len());
    }
}

#[test]
fn json_stays_json_with_the_exact_values() {
    for diagnosis in hostile() {
        let json = render_json(&diagnosis);
        assert_harmless("json", &json);
        let read: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
        for (finding, read) in diagnosis.findings.iter().zip(read["findings"].as_array().expect("findings")) {
            assert_eq!(read["title"], finding.title);
            assert_eq!(read["evidence"][0]["document"], &*finding.evidence[0].document);
        }
    }
}

#[test]
fn csv_holds_no_formula_and_every_row_its_cells() {
    for diagnosis in hostile() {
        let csv = render_csv(&diagnosis);
        assert_harmless("csv", &csv.replace("\r\n", "\n"));
        let mut rows = csv.split("\r\n").skip(1);
        for row in rows.by_ref().take(diagnosis.findings.len()) {
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
        }
        assert_eq!(rows.collect::<Vec<_>>(), [""], "nothing but the rows of the findings");
    }
}

#[test]
fn sarif_stays_json_with_relative_places() {
    for diagnosis in hostile() {
        let sarif = render_sarif(&diagnosis);
        assert_harmless("sarif", &sarif);
        let read: serde_json::Value = serde_json::from_str(&sarif).expect("it is JSON");
        let results = read["runs"][0]["results"].as_array().expect("results");
        assert_eq!(results.len(), diagnosis.findings.len());
        for result in results {
            let uri = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
            let uri = uri.as_str().expect("a location");
            assert!(!uri.starts_with('/') && !uri.contains([':', '\\', '<', ' ', '"']), "{uri}");
        }
    }
}
