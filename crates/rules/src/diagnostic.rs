//! What is wrong in a rule file, where, and what to do about it.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use serde::{Serialize, Serializer};

use crate::codes::Code;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The rule cannot be used.
    Error,
    /// The rule can be used, but is probably not what was meant.
    Warning,
}

/// One mistake of one rule file.
#[derive(Debug, Clone)]
pub struct Diagnostic {
    /// What kind of mistake it is.
    pub code: &'static Code,
    /// Path of the file, as it was given.
    pub path: Arc<str>,
    /// Bytes of the file that are wrong.
    pub span: Range<usize>,
    /// What is wrong, in a sentence without a full stop.
    pub message: String,
    /// What stands under the caret.
    pub label: String,
    /// What to do.
    pub help: Option<String>,
    /// The whole file.
    pub(crate) text: Arc<str>,
}

impl Diagnostic {
    /// Line and column of the first character, counted from 1; columns count characters.
    pub fn position(&self) -> (usize, usize) {
        position(&self.text, self.span.start)
    }

    /// Whether it is an error or a warning.
    pub fn severity(&self) -> Severity {
        if self.code.warning { Severity::Warning } else { Severity::Error }
    }

    /// Draws it for people: title, snippet with a caret, help. Plain text without colours.
    pub fn render(&self) -> String {
        let level = if self.code.warning { Level::WARNING } else { Level::ERROR };
        let snippet = Snippet::source(&*self.text)
            .path(&*self.path)
            .annotation(AnnotationKind::Primary.span(self.caret()).label(self.label.as_str()));
        let mut group = level.primary_title(self.message.as_str()).id(self.code.id).element(snippet);
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        Renderer::plain().decor_style(DecorStyle::Ascii).render(&[group])
    }

    /// The first line of the span, so that a mistake in a long block does not draw the block.
    fn caret(&self) -> Range<usize> {
        let text = self.text.get(self.span.clone()).unwrap_or_default();
        let line = text.lines().next().unwrap_or_default().trim_end();
        self.span.start..self.span.start + line.len()
    }
}

/// `file:line:column: error[BS0001]: message`.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column) = self.position();
        let word = if self.code.warning { "warning" } else { "error" };
        write!(f, "{}:{line}:{column}: {word}[{}]: {}", self.path, self.code.id, self.message)
    }
}

/// For editors: an object with `code`, `severity`, `file`, `line`, `column`, `end_line`, `end_column`, `message`,
/// `label`, `help`.
impl Serialize for Diagnostic {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Shape<'a> {
            code: &'a str,
            severity: Severity,
            file: &'a str,
            line: usize,
            column: usize,
            end_line: usize,
            end_column: usize,
            message: &'a str,
            label: &'a str,
            help: Option<&'a str>,
        }
        let (line, column) = self.position();
        let (end_line, end_column) = position(&self.text, self.span.end);
        let shape = Shape {
            code: self.code.id,
            severity: self.severity(),
            file: &self.path,
            line,
            column,
            end_line,
            end_column,
            message: &self.message,
            label: &self.label,
            help: self.help.as_deref(),
        };
        shape.serialize(serializer)
    }
}

fn position(text: &str, offset: usize) -> (usize, usize) {
    // Editors do not show a byte-order mark.
    let before = text.get(..offset).unwrap_or(text).trim_start_matches('\u{feff}');
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}
