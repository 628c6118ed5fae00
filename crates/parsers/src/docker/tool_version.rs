//! The version of a tool in its first line: `docker --version`, `podman --version`, `docker compose version` and
//! `docker-compose version`, which names its libraries below.

use bundlescope_facts::ToolVersion;

use crate::format::{Format, Hint, Match};
use crate::words::subject_is;
use crate::{Document, Parsed};

/// The format.
pub(super) static TOOL_VERSION: Format = Format {
    name: "tool-version",
    collect: "docker --version; docker compose version",
    kinds: &["tool_version"],
    detect,
    parse,
};

/// How the line begins, and the tool.
const STARTS: &[(&str, &str)] = &[
    ("Docker version ", "docker"),
    ("podman version ", "podman"),
    ("Docker Compose version ", "docker compose"),
    ("docker-compose version ", "docker-compose"),
];

/// `Docker version 28.2.2, build e6534b4`, `Docker Compose version v2.17.2`, `docker-compose version: 1.8.0`.
fn version(line: &str) -> Option<ToolVersion> {
    let (rest, tool) = STARTS.iter().find_map(|(start, tool)| {
        let colon = format!("{}: ", start.trim_end());
        Some((line.strip_prefix(start).or_else(|| line.strip_prefix(&*colon))?, *tool))
    })?;
    let (version, build) =
        rest.trim().split_once(", build ").map_or((rest.trim(), None), |(v, build)| (v, Some(build)));
    let version = version.trim_start_matches('v');
    let plain = version.starts_with(|c: char| c.is_ascii_digit()) && !version.contains(char::is_whitespace);
    plain.then(|| ToolVersion { tool: tool.into(), version: version.into(), build: build.map(Into::into) })
}

/// A library of docker-compose 1.
fn library(line: &str) -> bool {
    ["docker-py version: ", "CPython version: ", "OpenSSL version: "].iter().any(|start| line.starts_with(start))
}

fn detect(hint: &Hint<'_>) -> Match {
    let mut lines = hint.head.lines().map(str::trim).filter(|line| !line.is_empty());
    let content = lines.next().is_some_and(|line| version(line).is_some())
        && lines.all(|line| version(line).is_some() || library(line));
    let named = ["docker", "docker-compose", "podman"].iter().any(|tool| subject_is(hint.subject, &[tool]));
    Match::of(content, named)
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        match version(line.text.trim()) {
            Some(found) => parsed.line_fact(document, line, found),
            None if library(line.text.trim()) => {}
            None => parsed.problem(document, line.number, "expected a tool and its version; line skipped"),
        }
    }
    parsed
}
