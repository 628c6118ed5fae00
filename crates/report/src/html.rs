//! The diagnosis as one HTML file that works offline, without JavaScript and on paper.
//!
//! The page loads nothing: style and script stand in it, and its content security policy allows those two by their
//! hashes and nothing else. The template escapes every value; what it inserts unescaped is made here.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use bundlescope_engine::Diagnosis;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, Error, HtmlEscape, UndefinedBehavior};
use sha2::{Digest, Sha256};

use crate::markdown::render_finding;
use crate::picture::{self, Flow};
use crate::plain::plain_line;
use crate::prose::{Piece, pieces};
use crate::view::{StepView, View};
use crate::words::{self, WORDS, Words};

const STYLE: &str = include_str!("../templates/report.css");
const SCRIPT: &str = include_str!("../templates/report.js");
const PAGE: &str = include_str!("../templates/report.html");

static OWN: LazyLock<Template> = LazyLock::new(|| Template {
    environment: environment(STYLE, &WORDS, cfg!(debug_assertions)),
    page: PAGE.to_owned(),
    words: None,
});

/// What the HTML report looks like and in which words it speaks: the brand and the language of a vendor.
///
/// Escaping of what comes from a bundle stays on whatever the template says, unless the template itself marks a value
/// as `safe`; the content security policy allows the template's own style and the report's own script.
#[derive(Debug)]
pub struct Template {
    environment: Environment<'static>,
    page: String,
    /// Its own words; ours where it has none.
    words: Option<Words>,
}

/// The files of a template; what is missing is that of the report.
#[derive(Debug, Clone, Default)]
pub struct TemplateFiles {
    /// `report.html`: the page, in the language of Jinja.
    pub page: Option<String>,
    /// `report.css`: its style.
    pub style: Option<String>,
    /// `words.json`: words by their names, an object; words that it does not name stay.
    pub words: Option<String>,
}

impl Template {
    /// A template of its files. An error begins with the name of the file, and the line where there is one.
    pub fn new(files: TemplateFiles) -> Result<Self, String> {
        let style = files.style.as_deref().unwrap_or(STYLE);
        if let Some(at) = style.to_ascii_lowercase().find("</") {
            let line = style[..at].matches('\n').count() + 1;
            return Err(format!("report.css:{line}: `</` would end the style; write it as `<\\/`"));
        }
        let words = files.words.as_deref().map(words::overlaid).transpose()?;
        // A misspelt name in somebody's own page is told; ours is held by the tests.
        let strict = cfg!(debug_assertions) || files.page.is_some();
        let environment = environment(style, words.as_ref().unwrap_or(&WORDS), strict);
        let template = Self { environment, page: files.page.unwrap_or(PAGE.to_owned()), words };
        template.environment.template_from_named_str("report.html", &template.page).map_err(|error| told(&error))?;
        Ok(template)
    }
}

/// A mistake in a page with its line.
fn told(error: &Error) -> String {
    let line = error.line().map(|line| format!(":{line}")).unwrap_or_default();
    let detail = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
    format!("{}{line}: {}{detail}", error.name().unwrap_or("report.html"), error.kind())
}

fn environment(style: &str, words: &Words, strict: bool) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build().unwrap_or_default());
    // A misspelt name fails every test; a released report shows nothing in its place.
    environment.set_undefined_behavior(if strict { UndefinedBehavior::Strict } else { UndefinedBehavior::Lenient });
    environment.add_filter("prose", |text: &str| Value::from_safe_string(prose(text)));
    environment.add_filter("line", |text: &str| Value::from_safe_string(line(text)));
    environment.add_global("style", Value::from_safe_string(style.to_owned()));
    environment.add_global("script", Value::from_safe_string(SCRIPT.to_owned()));
    environment.add_global("policy", policy(style));
    environment.add_global("w", Value::from(Serde(words)));
    environment
}

/// The diagnosis as a self-contained HTML page.
pub fn render_html(diagnosis: &Diagnosis) -> String {
    // The template is a constant that the tests render with every branch taken; a failure would be a mistake in it,
    // never a property of a bundle. Even then a report says so instead of ending the program.
    render_html_with(diagnosis, &OWN)
        .unwrap_or_else(|error| format!("<!doctype html><title>error</title><p>{}</p>\n", HtmlEscape(&error)))
}

/// The same with a template of one's own; an error names the line of the page that cannot be rendered.
pub fn render_html_with(diagnosis: &Diagnosis, template: &Template) -> Result<String, String> {
    let w = template.words.as_ref().unwrap_or(&WORDS);
    let mut view = View::new(diagnosis, w);
    for finding in &mut view.findings {
        finding.ticket = render_finding(finding, "##", w);
    }
    draw(diagnosis, &mut view, w);
    page(&view, template).map_err(|error| told(&error))
}

/// Findings whose packets are drawn; a report with more is read by its lists.
const MOST_DRAWN: usize = 60;
/// Broken connections on the network map.
const MOST_FLOWS: usize = 24;

/// Puts the pictures into the view.
fn draw(diagnosis: &Diagnosis, view: &mut View, w: &Words) {
    for finding in view.findings.iter_mut().take(MOST_DRAWN) {
        let places: Vec<String> = finding.evidence.iter().map(|piece| piece.place.clone()).collect();
        let anchor = &finding.anchor;
        for (number, probe) in finding.probes.iter_mut().enumerate().take(2) {
            // A step leads to the excerpt of its line, or to its place in the list.
            let link = |index: usize, step: &StepView| match places.iter().position(|place| *place == step.place) {
                Some(at) => format!("{anchor}-e{at}"),
                None => format!("{anchor}-p{number}-s{index}"),
            };
            probe.picture = picture::packet(probe, &format!("{anchor}-w{number}"), w, link);
        }
    }
    view.timeline_picture = picture::timeline(&diagnosis.timeline, crate::view::sign(diagnosis), w);
    view.network_picture = picture::network(&diagnosis.network, &flows(diagnosis, w), w);
}

/// The connections that the findings' probes say are broken, each once.
fn flows(diagnosis: &Diagnosis, w: &Words) -> Vec<Flow> {
    let mut seen = BTreeSet::new();
    let answers = diagnosis.findings.iter().flat_map(|finding| &finding.probes).map(|probe| &probe.answer);
    let broken = answers.filter(|answer| !matches!(&*answer.verdict, "delivered" | "unknown"));
    let flows = broken.map(|answer| {
        let question = &answer.question;
        let port = if question.port == 0 { String::new() } else { format!("{}/", question.port) };
        Flow {
            host: plain_line(&question.node),
            from: plain_line(&question.from),
            to: plain_line(&question.to),
            reached: answer.value.at("reached.container").as_text().map(plain_line).unwrap_or_default(),
            label: plain_line(&format!("{port}{} {}", question.proto, w.verdict(&answer.verdict))),
        }
    });
    flows
        .filter(|flow| seen.insert([&flow.host, &flow.from, &flow.to, &flow.label].map(Clone::clone)))
        .take(MOST_FLOWS)
        .collect()
}

fn page(view: &View, template: &Template) -> Result<String, Error> {
    let page = template.environment.template_from_named_str("report.html", &template.page)?;
    let mut html = page.render(Value::from(Serde(view)))?;
    html.push('\n');
    Ok(html)
}

/// What the page may do: its own style and script, by hash.
fn policy(style: &str) -> String {
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        base64(&Sha256::digest(style)),
        base64(&Sha256::digest(SCRIPT))
    )
}

/// Base64 with padding (RFC 4648), for the hashes of the policy.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().fold(0u32, |group, byte| group << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for digit in 0..4 {
            if digit <= chunk.len() {
                // Six bits index sixty-four digits.
                out.push(char::from(DIGITS[(group >> (18 - 6 * digit) & 63) as usize]));
            } else {
                out.push('=');
            }
        }
    }
    out
}

/// A rule's prose: every line a paragraph, words between backticks code.
fn prose(text: &str) -> String {
    text.lines().filter(|text| !text.trim().is_empty()).map(|text| format!("<p>{}</p>", line(text))).collect()
}

/// One line of it, without a paragraph around it.
fn line(text: &str) -> String {
    pieces(text)
        .into_iter()
        .map(|piece| match piece {
            Piece::Text(text) => HtmlEscape(text).to_string(),
            Piece::Code(code) => format!("<code>{}</code>", HtmlEscape(code)),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_rfc() {
        let encoded = ["", "f", "fo", "foo", "foob", "fooba", "foobar"].map(|text| base64(text.as_bytes()));
        assert_eq!(encoded, ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"]);
        assert_eq!(base64(&[0xff, 0xfe, 0xfd]), "//79");
    }

    #[test]
    fn mistakes_in_a_template_are_told_with_their_line() {
        let of = |page: &str, style: &str, words: &str| {
            let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
            let template = Template::new(TemplateFiles { page: some(page), style: some(style), words: some(words) })?;
            render_html_with(&Diagnosis::default(), &template)
        };
        let error = |page: &str, style: &str, words: &str| of(page, style, words).unwrap_err();
        assert!(
            error("<p>\n{% if %}", "", "").starts_with("report.html:2: syntax error"),
            "{}",
            error("<p>\n{% if %}", "", "")
        );
        assert!(error("\n\n{{ nmae }}", "", "").starts_with("report.html:3: undefined value"));
        assert!(error("", "a{}\n</style>", "").starts_with("report.css:2: "));
        assert_eq!(
            error("", "", "{\n \"fixx\": \"x\"}"),
            "words.json:2: no word is called `fixx`, did you mean `fix`?"
        );
        assert!(error("", "", "{\n\n oops").starts_with("words.json:3: "));
        assert!(error("", "", "{\"fix\": 3}").starts_with("words.json:1: `fix` is not a text"));
        let branded =
            of("{{ w.fix }} {{ w.script.copy }} <b>{{ name }}</b> {{ policy }}", "a{}", "{\"fix\": \"<Abhilfe>\"}");
        let branded = branded.unwrap();
        assert!(branded.starts_with("&lt;Abhilfe&gt; Copy <b></b> default-src"), "{branded}");
        assert!(branded.contains(&base64(&Sha256::digest("a{}"))));
    }

    #[test]
    fn prose_is_escaped_inside_and_outside_of_code() {
        assert_eq!(prose("a <b> `<i>` \"\n\nnext"), "<p>a &lt;b&gt; <code>&lt;i&gt;</code> &quot;</p><p>next</p>");
    }
}
