//! `helm list`, `helm history` and `helm status` as text.

use bundlescope_facts::{HelmRelease, Text};

use crate::format::Format;
use crate::table::Table;
use crate::{Document, Parsed};

use super::{state, sure, time};

/// `helm list` and `helm history`.
pub(super) static TABLES: Format = Format {
    name: "helm-list",
    collect: "helm list --all --all-namespaces",
    kinds: &["helm_release", "helm_error"],
    detect: |hint| {
        let known = |line: &str| titles(line).is_some() || without_titles(line).is_some();
        sure(hint.head.lines().filter(|line| !line.trim().is_empty()).take(5).any(known), hint)
    },
    parse: parse_tables,
};

/// `helm status`, and what installing and upgrading print.
pub(super) static STATUS: Format = Format {
    name: "helm-status",
    collect: "helm status RELEASE",
    kinds: &["helm_release"],
    detect: |hint| {
        let begins = |start: &str| hint.head.lines().take(30).any(|line| line.starts_with(start));
        let state = hint.head.lines().take(30).find_map(|line| line.strip_prefix("STATUS: ")).and_then(state);
        let dated = begins("LAST DEPLOYED: ") || begins("DEPLOYED_AT: ");
        sure(state.is_some() && dated && begins("NAMESPACE: "), hint)
    },
    parse: parse_status,
};

/// The cells of a line: between tabs, which helm's tables have beside blanks.
fn cells(line: &str) -> Vec<&str> {
    line.split('\t').map(str::trim).collect()
}

/// The titles of `helm list` or `helm history`.
fn titles(line: &str) -> Option<Vec<&str>> {
    let titles = if line.contains('\t') { cells(line) } else { Table::titles(line).names() };
    let all = |wanted: &[&str]| wanted.iter().all(|title| titles.contains(title));
    (all(&["REVISION", "UPDATED", "STATUS", "CHART"])).then_some(titles)
}

/// What `--no-headers` leaves: the columns of `helm list` with tabs between them.
fn without_titles(line: &str) -> Option<Vec<&str>> {
    let cells = cells(line);
    let known = cells.len() == TITLES.len() && cells.get(2)?.parse::<u64>().is_ok() && state(cells.get(4)?).is_some();
    known.then_some(cells)
}

const TITLES: &[&str] = &["NAME", "NAMESPACE", "REVISION", "UPDATED", "STATUS", "CHART", "APP VERSION"];

fn parse_tables(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut current: Option<(Vec<&str>, Option<Table<'_>>)> = None;
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        if let Some(found) = titles(line.text) {
            // Where blanks were put for tabs, the columns stand under their titles.
            current = Some((found, (!line.text.contains('\t')).then(|| Table::titles(line.text))));
            continue;
        }
        if let Some(error) = super::errors::of_line(line.text) {
            parsed.line_fact(document, line, error);
            continue;
        }
        // `WARNING: Kubernetes configuration file is group-readable.`
        if line.text.starts_with("WARNING: ") {
            continue;
        }
        let (titles, cells) = match &current {
            Some((titles, Some(table))) => (
                titles.clone(),
                table.row(line.text, &["APP VERSION"]).map(|row| titles.iter().map(|title| row.get(title)).collect()),
            ),
            Some((titles, None)) => (titles.clone(), Some(cells(line.text))),
            None => (TITLES.to_vec(), without_titles(line.text)),
        };
        let get = |title: &str| {
            let at = titles.iter().position(|name| *name == title)?;
            cells.as_ref()?.get(at).copied().filter(|cell| !cell.is_empty())
        };
        let text = |title: &str| get(title).map(Text::from);
        let revision = get("REVISION").and_then(|cell| cell.parse().ok());
        let Some((revision, status)) = revision.zip(get("STATUS").and_then(state)) else {
            parsed.problem(document, line.number, "expected a release with its revision and its status");
            continue;
        };
        let data = HelmRelease {
            name: text("NAME"),
            namespace: text("NAMESPACE"),
            revision: Some(revision),
            status: Some(status),
            chart: text("CHART"),
            app_version: text("APP VERSION"),
            updated: get("UPDATED").and_then(time),
            description: text("DESCRIPTION"),
        };
        parsed.line_fact(document, line, data);
    }
    parsed
}

fn parse_status(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut data = HelmRelease::default();
    let (mut first, mut last, mut chart, mut version) = (None, None, None, None);
    for line in document.lines() {
        let Some((key, value)) = line.text.split_once(':') else { continue };
        let value = value.trim();
        let text = Some(value).filter(|value| !value.is_empty()).map(Text::from);
        match key {
            "NAME" | "RELEASE NAME" if data.name.is_none() => data.name = text,
            "LAST DEPLOYED" | "DEPLOYED_AT" => data.updated = time(value),
            "NAMESPACE" => data.namespace = text,
            "STATUS" => match state(value) {
                Some(state) => data.status = Some(state),
                None => parsed.problem(document, line.number, "a status that helm does not have"),
            },
            "REVISION" => data.revision = value.parse().ok(),
            "CHART" => chart = text,
            "VERSION" => version = text,
            "APP_VERSION" => data.app_version = text,
            "DESCRIPTION" => data.description = text,
            // What follows are the vendor's notes, and objects.
            "NOTES" | "RESOURCES" | "HOOKS" | "MANIFEST" | "USER-SUPPLIED VALUES" | "TEST SUITE" => break,
            _ => continue,
        }
        first.get_or_insert(line);
        last = Some(line);
    }
    data.chart = match (chart, version) {
        (Some(chart), Some(version)) => Some(format!("{chart}-{version}").into()),
        (chart, _) => chart,
    };
    if let (Some(first), Some(last)) = (first, last) {
        parsed.fact(document, first, last, data);
    }
    parsed
}
