//! What yum, dnf, apt, dpkg, apk and zypper print when they fail, in transcripts of `apt-get install`, `yum install` and the like.
//!
//! A failure is one line, or one with the line below it that says why. Other lines are progress; the whole document is also handed on
//! as text, so that signatures see it.

mod apt;
mod yum;

use bundlescope_facts::{PackageFailure, PackageFailureReason as Reason, Text};

use crate::document::{Document, Line, LogPart, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words;

/// The format.
pub(crate) static TRANSCRIPT: Format = Format {
    name: "package-transcript",
    collect: "yum makecache; apt-get update",
    kinds: &["package_failure"],
    detect,
    parse,
};

/// Lines that only package managers print, when all goes well and when not.
const MARKS: &[&str] = &[
    "Reading package lists...",
    "Building dependency tree",
    "Loaded plugins: ",
    "Last metadata expiration check: ",
    "Resolving Dependencies",
    "--> Running transaction check",
    "Dependencies resolved.",
    "Updating Subscription Management repositories.",
    "Updating and loading repositories:",
    "Hit:1 ",
    "Get:1 ",
    "Err:1 ",
    "Ign:1 ",
    "fetch http://dl-cdn.alpinelinux.org",
    "fetch https://dl-cdn.alpinelinux.org",
];

/// Programs whose output this is.
const PROGRAMS: &[&str] = &["yum", "dnf", "microdnf", "apt", "apt-get", "apk", "zypper", "dpkg"];

fn detect(hint: &Hint<'_>) -> Match {
    let named = PROGRAMS.iter().any(|program| words::subject_is(hint.subject, &[program]));
    let marked = hint.head.lines().take(60).any(|line| MARKS.iter().any(|mark| line.starts_with(mark)));
    let failed = (marked || named) && hint.head.lines().any(|line| of_line(line, None).is_some());
    let first = hint.head.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    // A failure alone, as a script keeps it.
    let alone = of_line(first, None).is_some_and(|failure| failure.reason != Reason::Other)
        && hint.head.lines().filter(|line| !line.trim().is_empty()).count() <= 40;
    match Match::of(marked || failed || alone, named) {
        // Progress alone, in a document of any kind.
        Match::Content if !failed && !alone => Match::Path,
        found => found,
    }
}

/// The failure that a line of another program's message states.
pub(crate) fn of_message(line: &str) -> Option<PackageFailure> {
    of_line(line, None).filter(|failure| failure.reason != Reason::Other)
}

/// The failure that a line states; `next` is the line below.
pub(crate) fn of_line(line: &str, next: Option<&str>) -> Option<PackageFailure> {
    let text = line.trim_end();
    if text.len() > 4000 {
        return None;
    }
    let found = apt::failure(text, next).or_else(|| yum::failure(text, next))?;
    Some(PackageFailure { message: text.trim().into(), ..found })
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut lines = document.lines().peekable();
    let mut first_line: Option<Line<'_>> = None;
    while let Some(line) = lines.next() {
        first_line.get_or_insert(line);
        let next = lines.peek().copied();
        let Some(failure) = of_line(line.text, next.map(|next| next.text)) else { continue };
        // What the line below says belongs to it.
        let alone = of_line(line.text, None);
        let told_below = alone.as_ref() != Some(&failure) || line.text.starts_with("Err:");
        let last = next.filter(|_| told_below).unwrap_or(line);
        parsed.fact(document, line, last, failure);
    }
    if let Some(first) = first_line {
        parsed.logs.push(LogPart {
            container: document.container.clone(),
            pod: None,
            is_log: false,
            first_line: first.number,
            span: (0, document.bytes.len()),
        });
    }
    parsed
}

/// A failure of that kind and nothing else.
fn failed(reason: Reason) -> PackageFailure {
    PackageFailure { reason, ..PackageFailure::default() }
}

/// The host of a URL.
fn host(url: &str) -> Option<Text> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', ' ']).next()?;
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match authority.strip_prefix('[') {
        Some(inner) => inner.split(']').next()?,
        None => authority.split(':').next()?,
    };
    Some(host.trim_matches(|c: char| !c.is_ascii_alphanumeric())).filter(|host| !host.is_empty()).map(Text::from)
}

/// The first URL of a text.
fn url(text: &str) -> Option<&str> {
    let at = ["http://", "https://", "ftp://"].iter().filter_map(|scheme| text.find(scheme)).min()?;
    let rest = &text[at..];
    let end =
        rest.find(|c: char| c.is_whitespace() || matches!(c, '\'' | '"' | ',' | ')' | ']' | '>')).unwrap_or(rest.len());
    Some(rest[..end].trim_end_matches([':', '.', ';']))
}

/// Why something could not be fetched, in the words of curl and of apt.
fn fetch_reason(text: &str) -> Reason {
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if has(&["404", "Not Found", "NotFound"]) {
        Reason::NotFound
    } else if has(&["403", "401", "Forbidden", "Unauthorized"]) {
        Reason::Forbidden
    } else if has(&[
        "Could not resolve",
        "Couldn't resolve",
        "resolving",
        "DNS lookup error",
        "curl#6 ",
        "Name or service not known",
    ]) {
        Reason::RepositoryNameNotFound
    } else if has(&["ertificate", "SSL", "TLS", "curl#60", "curl#35", "issuer"]) {
        Reason::CertificateRejected
    } else if has(&["Hash Sum mismatch", "unexpected size", "does not match", "checksum", "Checksum", "File not valid"])
    {
        Reason::MetadataMismatch
    } else if has(&["NO_PUBKEY", "GPG", "signature", "signed"]) {
        Reason::SignatureRejected
    } else {
        Reason::RepositoryUnreachable
    }
}

/// Words in quotes: `'docker-ce'`.
fn quoted(text: &str) -> Option<&str> {
    let at = text.find(['\'', '"', '‘', '`'])?;
    let rest = text[at..].trim_start_matches(['\'', '"', '‘', '`']);
    let end = rest.find(['\'', '"', '’'])?;
    Some(&rest[..end]).filter(|inner| !inner.is_empty())
}

#[cfg(test)]
mod tests;
