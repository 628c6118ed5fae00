//! A signature from one line of a log: the fixed words stay, what changes from line to line becomes a capture.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use bundlescope_analysis::{Rulebook, load_texts};
use bundlescope_facts::{COMPOUND_GROUPS, Fact, Text, Value, event_spec};
use bundlescope_rules::{Fragment, Pack, RuleFile, RuleSource, format, scalar};
use regex::Regex;

use crate::update::{NOT_OWN, typed};

/// Bytes of a message that the pattern covers.
const MAX_MESSAGE: usize = 400;

/// What is asked for.
#[derive(Debug, Clone, Default)]
pub struct SignatureWish {
    /// Id of the new signature.
    pub id: String,
    /// Its title; made from the id where there is none.
    pub title: Option<String>,
    /// Kind of its events; found out where there is none.
    pub event: Option<String>,
    /// The line, as the log has it.
    pub line: String,
    /// Lines that look alike and are healthy.
    pub healthy: Vec<String>,
}

/// A rule file and what its author should know about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// The text of the file.
    pub text: String,
    /// Remarks for people.
    pub notes: Vec<String>,
}

/// What a piece of a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece {
    Url,
    Endpoint,
    Address,
    Time,
    Id,
    Place,
    Duration,
    Quoted,
    Path,
    Number,
    Error,
}

macro_rules! pieces {
    ($($piece:ident: $pattern:literal,)*) => {
        /// In the order in which they are tried at one place.
        static PIECES: LazyLock<Vec<(Piece, Regex)>> =
            LazyLock::new(|| [$((Piece::$piece, $pattern)),*].into_iter().filter_map(|(piece, pattern)| {
                Some((piece, Regex::new(pattern).ok()?))
            }).collect());
    };
}

pieces! {
    Url: r#"[A-Za-z][A-Za-z0-9+.-]*://[^\s"'<>,;)\]}]+"#,
    Time: r"\d{4}[-/]\d{2}[-/]\d{2}[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d+)?(?: ?(?:Z|[A-Z]{3,4}|[+-]\d{2}:?\d{2})\b)?|\d{2}:\d{2}:\d{2}(?:[.,]\d+)?",
    Id: r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|(?:[0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}|0x[0-9a-fA-F]+",
    Place: r"[\w./-]+\.(?:go|py|java|kt|rs|js|ts|rb|php|c|cc|cpp|cs):\d+(?::\d+)?",
    Endpoint: r"\[[0-9a-fA-F:.]+\]:\d{1,5}|(?:[A-Za-z0-9_-]+\.)*[A-Za-z0-9_-]*[A-Za-z][A-Za-z0-9_-]*:\d{2,5}|\d{1,3}(?:\.\d{1,3}){3}:\d{1,5}",
    Address: r"\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F]{1,4}:[0-9a-fA-F:]*:[0-9a-fA-F]{1,4}",
    Duration: r"(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h|d))+",
    Quoted: r#""[^"]*"|'[^']*'|`[^`]*`"#,
    Path: r"(?:/[\w.@+-]+){2,}/?",
    Id: r"[0-9a-f]{8,64}",
    Number: r"-?\d+(?:\.\d+)?",
}

/// A signature file for one line, with a test that the line passes.
///
/// An error says why no signature can be made of the line.
pub fn signature(wish: &SignatureWish) -> Result<Proposal, String> {
    let proposal = propose(wish)?;
    let notes = known_already(&wish.line).into_iter().chain(proposal.notes).collect();
    Ok(Proposal { notes, ..proposal })
}

/// A signature file for a line that no signature knows, under a name made of its words; nothing where none can be made.
pub fn signature_of(line: &str) -> Option<String> {
    const WORDS: usize = 4;
    let message = said(line);
    let small = |word: &&str| word.len() > 2 && word.bytes().all(|b| b.is_ascii_alphabetic());
    let words = begun(&message).split(|c: char| !c.is_ascii_alphanumeric()).filter(small).take(WORDS);
    let id = words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-");
    let id = if id.is_empty() { "new-signature".to_owned() } else { id };
    propose(&SignatureWish { id, line: line.to_owned(), ..SignatureWish::default() }).ok().map(|proposal| proposal.text)
}

fn propose(wish: &SignatureWish) -> Result<Proposal, String> {
    let message = begun(&said(&wish.line)).to_owned();
    if message.trim().is_empty() {
        return Err("the line says nothing besides its time and level".to_owned());
    }
    let mut notes = Vec::new();
    let event = wish.event.clone().unwrap_or_else(|| event_of(&message, &wish.id));
    let parts = cut(&message, &event);
    let (pattern, captures) = written(&message, &parts, &event);
    let title = wish.title.clone().unwrap_or_else(|| titled(&wish.id));
    let mut text = format!(
        "id: {}\ntitle: {}\nstatus: draft\nabout: >-\n  The wording of the program that logs it, and the version where it was seen.\nsignature:\n  event: {}\n",
        scalar(&wish.id),
        scalar(&title),
        scalar(&event)
    );
    text += &format!("  patterns:\n    - match: {}\n", single_quoted(&pattern));
    let head = text.clone();
    let events = scan(&head, &wish.line, &event)?;
    let Some(found) = events.first() else {
        return Err(format!("no pattern could be made that finds the line again; the one that was tried: {pattern}"));
    };
    let expected: Vec<Fragment> = vec![Fragment::Flow(Box::new(Fragment::Map(fields(found))))];
    text += &format!("tests:\n  - name: as it was logged\n    log: {}\n", log_text(&wish.line));
    text += &format!("    expect:{}\n", Fragment::List(expected).lines(6));
    if wish.healthy.is_empty() {
        text += "  # Add a line that looks alike and is healthy, so that the pattern is known to leave it alone:\n";
        text += "  # - name: a healthy look-alike\n  #   log: \"…\"\n  #   expect: []\n";
        notes.push("add a healthy look-alike to its tests: `--healthy LINE` does it from the start".to_owned());
    }
    for (number, line) in wish.healthy.iter().enumerate() {
        if !scan(&head, line, &event)?.is_empty() {
            return Err(format!("the pattern also finds the healthy line `{line}`; the pattern: {pattern}"));
        }
        let name = if number == 0 { String::new() } else { format!(" {}", number + 1) };
        text += &format!("  - name: a healthy look-alike{name}\n    log: {}\n    expect: []\n", log_text(line));
    }
    if captures.is_empty() {
        notes.push("nothing in the line looked like a value that changes; name what does: (?<name>…)".to_owned());
    }
    Ok(Proposal { text: format(&text).unwrap_or(text), notes })
}

/// A title from an id.
pub(crate) fn titled(id: &str) -> String {
    let words = id.replace(['-', '_'], " ");
    let mut chars = words.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// A log as a scalar or a block.
fn log_text(line: &str) -> String {
    Fragment::Text(if line.ends_with('\n') { line.to_owned() } else { format!("{line}\n") }).lines(6)
}

/// A pattern in single quotes, which leave backslashes alone.
fn single_quoted(pattern: &str) -> String {
    format!("'{}'", pattern.replace('\'', "''"))
}

/// Of a structured record the text that a person wrote: the longest of its messages; of other lines what stands behind
/// the framing.
fn said(line: &str) -> String {
    let names = ["msg", "message", "error", "err", "reason", "exception", "log", "detail"];
    let braces = line.find('{').and_then(|start| line.get(start..));
    if let Some(Ok(serde_json::Value::Object(map))) = braces.map(|text| serde_json::from_str(text.trim())) {
        // `err` may be a record with a message of its own.
        let inner = map.values().filter_map(serde_json::Value::as_object);
        let texts =
            std::iter::once(&map).chain(inner).flat_map(|map| names.iter().filter_map(|name| map.get(*name)?.as_str()));
        if let Some(longest) = texts.max_by_key(|text| text.len()) {
            // The JSON of container logs holds the line of the program.
            return bundlescope_logs::message(longest);
        }
    }
    let pair = Regex::new(r#"(?:^|\s)(?:msg|message|error|err|reason)="((?:[^"\\]|\\.)*)""#).ok();
    let pairs = pair.iter().flat_map(|pair| pair.captures_iter(line)).filter_map(|found| found.get(1));
    match pairs.map(|text| text.as_str()).max_by_key(|text| text.len()) {
        Some(longest) => longest.replace("\\n", "\n").replace("\\t", "\t").replace("\\\"", "\"").replace("\\\\", "\\"),
        None => bundlescope_logs::message(line),
    }
}

/// The first line of a message without the time and the level that its program put before it.
fn begun(message: &str) -> &str {
    let line = message.lines().next().unwrap_or_default();
    let cut = line.char_indices().nth(MAX_MESSAGE).map_or(line.len(), |(end, _)| end);
    let mut rest = line.get(..cut).unwrap_or_default();
    let levels = ["trace", "debug", "info", "notice", "warn", "warning", "error", "err", "fatal", "critical", "panic"];
    let time = PIECES.iter().find(|(piece, _)| *piece == Piece::Time).map(|(_, regex)| regex);
    loop {
        let trimmed = rest.trim_start_matches([' ', '\t', '-', '|', '[', ']', ':', ',']);
        let stamp = time.and_then(|regex| regex.find(trimmed)).filter(|found| found.start() == 0);
        let word = trimmed.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
        let level = levels.contains(&word.to_ascii_lowercase().as_str())
            && (trimmed.get(word.len()..).is_some_and(|behind| behind.starts_with([']', ':', '|']))
                || word.chars().all(|c| c.is_ascii_uppercase()));
        // `[1]` behind a time is the process.
        let process = trimmed.find(']').filter(|end| *end > 0 && trimmed[..*end].bytes().all(|b| b.is_ascii_digit()));
        let end = match (stamp, process) {
            (Some(found), _) => found.end(),
            (None, Some(end)) => end,
            (None, None) if level => word.len(),
            (None, None) => return trimmed,
        };
        rest = trimmed.get(end..).unwrap_or_default();
    }
}

/// Whether a built-in signature makes an event of the line already.
fn known_already(line: &str) -> Vec<String> {
    static BUILT_IN: LazyLock<Option<Rulebook>> =
        LazyLock::new(|| Rulebook::new(Pack::load_sources(&[bundlescope_rules::embedded()]).0).ok());
    let Some(rules) = BUILT_IN.as_ref() else { return Vec::new() };
    let loaded = load_texts(&[("app.log".into(), line.into())], rules);
    let events = loaded.facts.iter().filter(|fact| fact.occurrences.is_some());
    let told = events.map(|fact| {
        let own: Vec<String> = own_fields(fact).iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!(
            "the built-in signatures already make a `{}` of this line ({}); rules can use that",
            fact.kind(),
            own.join(", ")
        )
    });
    told.collect()
}

/// The event that a line is about: a failed connection where it says so, otherwise one of its own.
fn event_of(message: &str, id: &str) -> String {
    let target = PIECES.iter().any(|(piece, regex)| {
        matches!(piece, Piece::Url | Piece::Endpoint | Piece::Address) && regex.is_match(message)
    });
    if target && bundlescope_logs::error_phrase(message).is_some() {
        return "connection_failure".to_owned();
    }
    id.replace('-', "_")
}

/// The pieces of a message that change, in order.
fn cut(message: &str, event: &str) -> Vec<(std::ops::Range<usize>, Piece)> {
    let error = (event == "connection_failure").then(|| bundlescope_logs::error_phrase(message)).flatten();
    let mut parts: Vec<(std::ops::Range<usize>, Piece)> = Vec::new();
    let mut at = 0;
    let word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    while at < message.len() {
        if let Some(range) = error.as_ref().filter(|range| range.start == at) {
            parts.push((range.clone(), Piece::Error));
            at = range.end.max(at + 1);
            continue;
        }
        let rest = message.get(at..).unwrap_or_default();
        let fresh = !word(message.get(..at).and_then(|before| before.chars().next_back()));
        let found = PIECES.iter().filter(|_| fresh).find_map(|(piece, regex)| {
            let found = regex.find(rest).filter(|found| found.start() == 0)?;
            // A sentence's full stop is no part of a URL.
            let text =
                if *piece == Piece::Url { found.as_str().trim_end_matches(['.', ':', ',']) } else { found.as_str() };
            let end = at + text.len();
            // A piece ends where a word does, and an id has digits and letters.
            let whole = matches!(piece, Piece::Url | Piece::Quoted)
                || !word(message.get(end..).and_then(|behind| behind.chars().next()));
            let mixed = text.bytes().any(|b| b.is_ascii_digit()) && text.bytes().any(|b| b.is_ascii_alphabetic());
            let plain_id = *piece == Piece::Id && !text.contains(['-', ':']) && !mixed;
            let inside = error.as_ref().is_some_and(|error| error.start < end && error.start > at);
            (whole && !plain_id && !inside && text.len() > usize::from(*piece == Piece::Quoted) * 2)
                .then_some((at..end, *piece))
        });
        match found {
            Some((range, piece)) => {
                at = range.end;
                parts.push((range, piece));
            }
            None => at += rest.chars().next().map_or(1, char::len_utf8),
        }
    }
    parts
}

/// The pattern, and the names of its groups.
fn written(message: &str, parts: &[(std::ops::Range<usize>, Piece)], event: &str) -> (String, BTreeSet<String>) {
    let spec = event_spec(event);
    let mut names: BTreeSet<String> = BTreeSet::new();
    let mut out = String::new();
    let mut from = 0;
    for (range, piece) in parts {
        out += &literal(message.get(from..range.start).unwrap_or_default());
        from = range.end;
        let text = message.get(range.clone()).unwrap_or_default();
        let quote = if *piece == Piece::Quoted { text.get(..1).unwrap_or_default() } else { "" };
        let body = match piece {
            Piece::Url => r#"[^\s"',;]+"#.to_owned(),
            Piece::Endpoint => r"[^\s,;]+:\d+".to_owned(),
            Piece::Address => "[0-9a-fA-F.:]+".to_owned(),
            Piece::Quoted => format!("[^{quote}]*"),
            Piece::Path => r"/[^\s,;:]*".to_owned(),
            Piece::Number if text.contains('.') => r"-?\d+(?:\.\d+)?".to_owned(),
            Piece::Number => r"-?\d+".to_owned(),
            Piece::Duration => r"\S+".to_owned(),
            Piece::Error => regex::escape(text),
            Piece::Time => r"[0-9TZ:.,/ +-]+".to_owned(),
            Piece::Id | Piece::Place => r"\S+".to_owned(),
        };
        let name = name_of(message, range, *piece);
        let allowed = |name: &String| match spec {
            Some(spec) => COMPOUND_GROUPS.contains(&name.as_str()) || spec.field(name).is_some(),
            None => true,
        };
        // `url` and `endpoint` both fill host and port, so one of them is enough.
        let taken = |name: &str| {
            names.contains(name)
                || (COMPOUND_GROUPS.contains(&name) && COMPOUND_GROUPS.iter().any(|other| names.contains(*other)))
        };
        let name = name.map(|name| match spec {
            None if taken(&name) => {
                (2..).map(|number| format!("{name}{number}")).find(|name| !names.contains(name)).unwrap_or(name)
            }
            _ => name,
        });
        match name.filter(|name| allowed(name) && !taken(name)) {
            Some(name) => {
                out += &format!("{quote}(?<{name}>{body}){quote}");
                names.insert(name);
            }
            None => out += &format!("{quote}(?:{body}){quote}"),
        }
    }
    out += &literal(message.get(from..).unwrap_or_default().trim_end());
    (out, names)
}

/// A fixed text as a regular expression that can be read: control characters are written out.
fn literal(text: &str) -> String {
    let mut out = String::new();
    for c in regex::escape(text).chars() {
        match c {
            '\t' => out.push_str(r"\t"),
            c if c.is_ascii_control() => out.push_str(&format!(r"\x{:02x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

/// A name for what a piece says: its kind, the word before it, or the unit behind it.
fn name_of(message: &str, range: &std::ops::Range<usize>, piece: Piece) -> Option<String> {
    let fixed = match piece {
        Piece::Url => "url",
        Piece::Endpoint => "endpoint",
        Piece::Address => "address",
        Piece::Path => "path",
        Piece::Error => "error",
        Piece::Duration => "duration",
        Piece::Time | Piece::Place => return None,
        Piece::Id | Piece::Quoted | Piece::Number => "",
    };
    if !fixed.is_empty() {
        return Some(fixed.to_owned());
    }
    let usable = |word: &str| {
        let plain = word.len() > 1 && word.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        let small = [
            "of", "in", "at", "to", "for", "the", "is", "was", "with", "after", "by", "on", "and", "or", "from", "got",
            "has", "not", "only", "than", "than", "as", "be", "been", "are", "a", "an", "every", "within",
        ];
        plain && !small.contains(&word) && !Fact::COMMON_FIELDS.contains(&word)
    };
    // A word names what stands directly behind it: `code 5`, `user=joe`, `database "orders"`.
    let before = message.get(..range.start).unwrap_or_default();
    let before = before.trim_end_matches(['=', '#', ' ', ':']);
    let near = range.start - before.len() <= 2;
    let before =
        before.rsplit(|c: char| !(c.is_alphanumeric() || c == '_')).next().filter(|_| near).unwrap_or_default();
    let behind = message.get(range.end..).unwrap_or_default().trim_start();
    let behind = behind.split(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap_or_default();
    let (before, behind) = (before.to_ascii_lowercase(), behind.to_ascii_lowercase());
    let fallback = match piece {
        Piece::Id => "id",
        Piece::Quoted => "name",
        _ => "value",
    };
    // `5 attempts`, but `code 5`.
    let order = if piece == Piece::Number && behind.ends_with('s') { [&behind, &before] } else { [&before, &behind] };
    let unit = piece == Piece::Number;
    let word = order.into_iter().enumerate().find(|(position, word)| usable(word) && (*position == 0 || unit));
    Some(word.map_or_else(|| fallback.to_owned(), |(_, word)| word.clone()))
}

/// The events that the proposed file makes of a line, beside the built-in signatures.
fn scan(file: &str, line: &str, event: &str) -> Result<Vec<Fact>, String> {
    let own = RuleSource {
        name: "new".into(),
        version: String::new(),
        files: vec![RuleFile { path: "new.yaml".into(), text: file.to_owned() }],
    };
    let (pack, diagnostics) = Pack::load_sources(&[own]);
    let errors: Vec<String> = diagnostics
        .iter()
        .filter(|found| found.severity() == bundlescope_rules::DiagnosticSeverity::Error)
        .map(ToString::to_string)
        .collect();
    if let Some(error) = errors.first() {
        return Err(error.clone());
    }
    // A pattern without a text to search for would have to be tried on every record.
    if let Some(found) = Rulebook::check(&pack).first() {
        return Err(format!("{}: {}", found.message, found.help.as_deref().unwrap_or_default()));
    }
    let rules = Rulebook::new(pack).map_err(|errors| errors.join("; "))?;
    let loaded = load_texts(&[("app.log".into(), line.into())], &rules);
    Ok(loaded.facts.into_iter().filter(|fact| fact.kind() == event && fact.occurrences.is_some()).collect())
}

/// The fields of an event that its record states.
fn own_fields(event: &Fact) -> Vec<(Text, Value)> {
    let fields = event.fields().into_iter();
    fields.filter(|(name, value)| !value.is_null() && !NOT_OWN.contains(&&**name)).collect()
}

fn fields(event: &Fact) -> Vec<(String, Fragment)> {
    own_fields(event).into_iter().map(|(name, value)| (name.to_string(), typed(&value.to_string().into()))).collect()
}
