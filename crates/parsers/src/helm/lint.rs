//! `helm lint` (helm 2 to 4).

use bundlescope_facts::{HelmLint, Text};

use crate::format::Format;
use crate::{Document, Line, Parsed};

use super::sure;

/// What is wrong with charts.
pub(super) static LINT: Format = Format {
    name: "helm-lint",
    collect: "helm lint CHART",
    kinds: &["helm_lint", "helm_error"],
    detect: |hint| {
        let begins = |line: &str| line.starts_with("==> Linting ");
        let leveled = |line: &str| level(line).is_some();
        let counted = |line: &str| line.contains("chart(s) linted, ");
        let lines = || hint.head.lines();
        sure(lines().take(10).any(begins) && (lines().any(leveled) || lines().any(counted)), hint)
    },
    parse,
};

/// `[ERROR] templates/: …`.
fn level(line: &str) -> Option<(&'static str, &str)> {
    [("[INFO] ", "info"), ("[WARNING] ", "warning"), ("[ERROR] ", "error")]
        .into_iter()
        .find_map(|(start, level)| Some((level, line.strip_prefix(start)?)))
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut chart: Option<Text> = None;
    let mut open: Option<(Line<'_>, Line<'_>, HelmLint, String)> = None;
    let close = |open: &mut Option<(Line<'_>, Line<'_>, HelmLint, String)>, parsed: &mut Parsed| {
        if let Some((first, last, data, message)) = open.take() {
            parsed.fact(document, first, last, HelmLint { message: message.trim().into(), ..data });
        }
    };
    for line in document.lines() {
        if let Some((level, rest)) = level(line.text) {
            close(&mut open, &mut parsed);
            let (path, message) = rest.split_once(": ").or_else(|| rest.split_once(':')).unwrap_or(("", rest));
            let path = Some(path.trim()).filter(|path| !path.is_empty()).map(Text::from);
            let data = HelmLint { chart: chart.clone(), level: level.into(), path, ..HelmLint::default() };
            open = Some((line, line, data, message.to_owned()));
        } else if let Some(path) = line.text.strip_prefix("==> Linting ") {
            close(&mut open, &mut parsed);
            chart = Some(path.trim().into());
        } else if line.text.starts_with(['\t', ' ']) && !line.text.trim().is_empty() {
            match &mut open {
                Some((_, last, _, message)) => {
                    message.push('\n');
                    message.push_str(line.text.trim());
                    *last = line;
                }
                None => parsed.problem(document, line.number, "expected a message of helm lint before this line"),
            }
        } else {
            close(&mut open, &mut parsed);
            let summary = line.text.contains("chart(s) linted, ") || line.text.starts_with("Lint OK");
            if summary || line.text.trim().is_empty() {
                continue;
            }
            match super::errors::of_line(line.text) {
                Some(error) => parsed.line_fact(document, line, error),
                None => parsed.problem(document, line.number, "expected a message of helm lint, such as `[WARNING] …`"),
            }
        }
    }
    close(&mut open, &mut parsed);
    parsed
}
