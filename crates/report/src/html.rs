//! The diagnosis as one HTML file that works offline, without JavaScript and on paper.
//!
//! The page loads nothing: style and script stand in it, and its content security policy allows those two by their
//! hashes and nothing else. The template escapes every value; what it inserts unescaped is made here.

use std::sync::LazyLock;

use bundlescope_engine::Diagnosis;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, Error, HtmlEscape, UndefinedBehavior};
use sha2::{Digest, Sha256};

use crate::markdown::render_finding;
use crate::prose::{Piece, pieces};
use crate::view::View;
use crate::words::WORDS;

const STYLE: &str = include_str!("../templates/report.css");
const SCRIPT: &str = include_str!("../templates/report.js");
const PAGE: &str = include_str!("../templates/report.html");

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build().unwrap_or_default());
    // A misspelt name fails every test; a released report shows nothing in its place.
    let strict = cfg!(debug_assertions);
    environment.set_undefined_behavior(if strict { UndefinedBehavior::Strict } else { UndefinedBehavior::Lenient });
    environment.add_filter("prose", |text: &str| Value::from_safe_string(prose(text)));
    environment.add_filter("line", |text: &str| Value::from_safe_string(line(text)));
    environment.add_global("style", Value::from_safe_string(STYLE.to_owned()));
    environment.add_global("script", Value::from_safe_string(SCRIPT.to_owned()));
    environment.add_global("policy", policy());
    environment.add_global("w", Value::from(Serde(&WORDS)));
    environment
});

/// The diagnosis as a self-contained HTML page.
pub fn render_html(diagnosis: &Diagnosis) -> String {
    let mut view = View::new(diagnosis);
    for finding in &mut view.findings {
        finding.ticket = render_finding(finding, "##");
    }
    // The template is a constant that the tests render with every branch taken; a failure would be a mistake in it,
    // never a property of a bundle. Even then a report says so instead of ending the program.
    page(&view).unwrap_or_else(|error| {
        format!("<!doctype html><title>error</title><p>{}</p>\n", HtmlEscape(&error.to_string()))
    })
}

fn page(view: &View) -> Result<String, Error> {
    let mut html = ENVIRONMENT.template_from_named_str("report.html", PAGE)?.render(Value::from(Serde(view)))?;
    html.push('\n');
    Ok(html)
}

/// What the page may do: its own style and script, by hash.
fn policy() -> String {
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        base64(&Sha256::digest(STYLE)),
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
    fn prose_is_escaped_inside_and_outside_of_code() {
        assert_eq!(prose("a <b> `<i>` \"\n\nnext"), "<p>a &lt;b&gt; <code>&lt;i&gt;</code> &quot;</p><p>next</p>");
    }
}
