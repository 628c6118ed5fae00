//! Environments: `env`, `printenv`, /proc/PID/environ, /etc/environment, and what profile files export.

use bundlescope_facts::{Environment, Text};

use crate::document::{Document, Line, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words;

/// `env` and `printenv`.
pub(crate) static ENV: Format =
    Format { name: "env", collect: "env", kinds: &["environment"], detect: detect_env, parse: parse_env };

/// /etc/environment, /etc/profile, /etc/profile.d.
pub(crate) static PROFILE: Format = Format {
    name: "profile",
    collect: "cat /etc/environment /etc/profile.d/*",
    kinds: &["environment"],
    detect: detect_profile,
    parse: parse_profile,
};

/// `NAME=value`; functions of bash have names such as `BASH_FUNC_which%%`.
fn variable(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once('=')?;
    let plain = name.strip_suffix("%%").or_else(|| name.strip_suffix("()")).unwrap_or(name);
    let good = plain.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && plain.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'));
    good.then_some((name, value))
}

fn detect_env(hint: &Hint<'_>) -> Match {
    let has = |start: &str| hint.head.lines().any(|line| line.starts_with(start));
    let content = has("PATH=/")
        && ["HOME=/", "PWD=/", "SHLVL=", "HOSTNAME=", "LANG="].iter().any(|start| has(start))
        && !hint.head.lines().any(|line| line.starts_with(['#', '[']));
    let some = hint.head.lines().next().is_some_and(|line| variable(line).is_some());
    let path = ["env", "printenv"].iter().any(|command| words::subject_is(hint.subject, &[command]));
    match (content, path) {
        (true, true) => Match::Both,
        (true, false) if words::most_lines(hint.head, |line| variable(line).is_some()) => Match::Content,
        (false, true) if some => Match::Both,
        _ => Match::No,
    }
}

fn parse_env(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut open: Option<(Line<'_>, Line<'_>, &str, String)> = None;
    let close = |parsed: &mut Parsed, open: Option<(Line<'_>, Line<'_>, &str, String)>| {
        if let Some((first, last, name, value)) = open {
            let container = document.container.clone();
            parsed.fact(
                document,
                first,
                last,
                Environment { name: name.into(), value: value.into(), file: None, container },
            );
        }
    };
    for line in document.lines() {
        match (variable(line.text), &mut open) {
            (Some((name, value)), _) => {
                close(&mut parsed, open.take());
                open = Some((line, line, name, value.to_owned()));
            }
            (None, None) if line.text.trim().is_empty() => {}
            (None, None) => parsed.problem(document, line.number, "expected `NAME=value`; line skipped"),
            // A value of several lines; blank ones at the end are none of it.
            (None, Some(_)) if line.text.is_empty() => {}
            (None, Some((_, last, _, value))) => {
                for _ in last.number..line.number {
                    value.push('\n');
                }
                value.push_str(line.text);
                *last = line;
            }
        }
    }
    close(&mut parsed, open);
    parsed
}

fn is_profile(subject: &str) -> bool {
    matches!(subject, "/etc/environment" | "/etc/profile" | "/etc/bashrc" | "/etc/bash.bashrc" | "/etc/default/locale")
        || subject.starts_with("/etc/profile.d/")
        || subject.starts_with("/etc/environment.d/")
}

fn detect_profile(hint: &Hint<'_>) -> Match {
    let file = is_profile(hint.subject);
    if file { Match::Path } else { Match::No }
}

/// The assignments of a line: `export A=b C="d e"`, `A=b`; quotes taken off. `None` when it is no assignment.
fn assignments(line: &str) -> Option<Vec<(&str, String)>> {
    let line = line.trim();
    let mut rest =
        line.strip_prefix("export ").or_else(|| line.strip_prefix("declare -x ")).unwrap_or(line).trim_start();
    let mut found = Vec::new();
    while !rest.is_empty() && !rest.starts_with('#') {
        if rest.starts_with(';') {
            rest = rest[1..].trim_start();
            rest = rest.strip_prefix("export ").unwrap_or(rest).trim_start();
            // `export A` behind the assignment.
            if variable(rest).is_none() {
                break;
            }
            continue;
        }
        let (name, behind) = variable(rest).filter(|(name, _)| !name.contains([' ', '%', '(']))?;
        let (value, behind) = word(behind)?;
        found.push((name, value));
        rest = behind.trim_start();
    }
    (!found.is_empty()).then_some(found)
}

/// A word of a shell and what follows it; `None` when a quote stays open.
fn word(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut quote = None;
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match (quote, character) {
            (None, '"' | '\'') => quote = Some(character),
            (Some(open), _) if character == open => quote = None,
            (None | Some('"'), '\\') => value.push(characters.next()?.1),
            (None, ' ' | '\t' | ';') => return Some((value, &text[at..])),
            (None, '(' | ')' | '|' | '&' | '<' | '>') if !value.ends_with('$') && !value.contains("$(") => return None,
            _ => value.push(character),
        }
    }
    quote.is_none().then_some((value, ""))
}

fn parse_profile(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    // Only /etc/environment holds nothing but assignments; the others are programs for a shell.
    let plain = document.subject.starts_with("/etc/environment");
    for line in document.lines().filter(|line| !line.text.trim().is_empty() && !line.text.trim_start().starts_with('#'))
    {
        match assignments(line.text) {
            Some(found) => {
                for (name, value) in found {
                    let file = Some(Text::clone(&document.subject));
                    let container = document.container.clone();
                    parsed.line_fact(
                        document,
                        line,
                        Environment { name: name.into(), value: value.into(), file, container },
                    );
                }
            }
            None if plain => parsed.problem(document, line.number, "expected `NAME=value`; line skipped"),
            None => {}
        }
    }
    parsed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assignments_lose_their_quotes() {
        let of = |line: &str| {
            assignments(line).map(|found| {
                found.into_iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" | ")
            })
        };
        assert_eq!(
            of("export HTTP_PROXY=\"http://proxy.corp:3128\""),
            Some("HTTP_PROXY=http://proxy.corp:3128".into())
        );
        assert_eq!(of("  export A=1 B='x y'  # both"), Some("A=1 | B=x y".into()));
        assert_eq!(of("NO_PROXY=localhost,127.0.0.1; export NO_PROXY"), Some("NO_PROXY=localhost,127.0.0.1".into()));
        assert_eq!(of("PATH=$PATH:/opt/bin"), Some("PATH=$PATH:/opt/bin".into()));
        for code in ["if [ \"$A\" = b ]; then", "for i in /etc/profile.d/*.sh; do", "a=\"b", "pathmunge () {", "fi"] {
            assert_eq!(of(code), None, "{code}");
        }
    }
}
