//! The literals that a log must contain for a pattern to match.
//!
//! A pattern is looked for only in records that contain one of its literals, so every match must contain one of them,
//! whatever the framing did to the text: literals are cut at every character that JSON, logfmt or a terminal may write
//! differently, and they are compared without regard to ASCII case.

use regex_syntax::hir::{Class, Hir, HirKind};

/// Shorter literals stand in every other line.
pub(crate) const SHORTEST: usize = 4;
/// Literals of one pattern at most; an alternation may have many.
const MOST: usize = 64;
/// Beyond this length a literal does not become rarer.
const LONG_ENOUGH: usize = 24;
/// Patterns nest no deeper than the parser lets them.
const MAX_DEPTH: u32 = 256;
/// Words that stand in many healthy lines; a literal that is part of one of these says little.
const COMMON: &[&str] = &[
    " connection ",
    " connections ",
    "connected",
    " connect ",
    " failed: ",
    " error: ",
    "error ",
    " timeout",
    " server ",
    " http",
    "://",
    "exception: ",
    " (os ",
    " for ",
    " from ",
    " with ",
    " while ",
    " to ",
    " not ",
    " could ",
    " host ",
    " port ",
    " address ",
    " level=",
    " client ",
    " request ",
    " certificate ",
    " database ",
    " upstream ",
    " socket ",
];

/// The literals, lower-cased, one of which every match contains; `None` when there is no usable set.
pub(crate) fn required(hir: &Hir) -> Option<Vec<Vec<u8>>> {
    best(hir, 0)
}

fn best(hir: &Hir, depth: u32) -> Option<Vec<Vec<u8>>> {
    if depth > MAX_DEPTH {
        return None;
    }
    if let Some(run) = exact(hir, depth) {
        return from_run(&run);
    }
    match hir.kind() {
        HirKind::Capture(capture) => best(&capture.sub, depth + 1),
        HirKind::Repetition(repetition) if repetition.min > 0 => best(&repetition.sub, depth + 1),
        HirKind::Alternation(branches) => {
            let mut all = Vec::new();
            for branch in branches {
                all.extend(best(branch, depth + 1)?);
            }
            all.sort_unstable();
            all.dedup();
            (all.len() <= MOST).then_some(all)
        }
        HirKind::Concat(parts) => {
            let mut candidates = Vec::new();
            let mut run = Vec::new();
            for part in parts {
                match exact(part, depth + 1) {
                    Some(more) => run.extend(more),
                    None => {
                        candidates.extend(from_run(&std::mem::take(&mut run)));
                        candidates.extend(best(part, depth + 1));
                    }
                }
            }
            candidates.extend(from_run(&run));
            candidates.into_iter().max_by_key(|set| score(set))
        }
        _ => None,
    }
}

/// The text of an expression that matches exactly one text, apart from case.
fn exact(hir: &Hir, depth: u32) -> Option<Vec<u8>> {
    if depth > MAX_DEPTH {
        return None;
    }
    match hir.kind() {
        HirKind::Literal(literal) => Some(literal.0.to_ascii_lowercase()),
        HirKind::Class(class) => one_letter(class).map(|byte| vec![byte]),
        HirKind::Capture(capture) => exact(&capture.sub, depth + 1),
        HirKind::Concat(parts) => {
            let mut run = Vec::new();
            for part in parts {
                run.extend(exact(part, depth + 1)?);
            }
            Some(run)
        }
        _ => None,
    }
}

/// `[Cc]` is the letter c.
fn one_letter(class: &Class) -> Option<u8> {
    let mut letters = Vec::new();
    match class {
        Class::Bytes(bytes) => {
            for range in bytes.ranges() {
                letters.push((range.start() == range.end()).then_some(range.start())?);
            }
        }
        Class::Unicode(characters) => {
            for range in characters.ranges() {
                letters.push((range.start() == range.end()).then(|| u8::try_from(range.start()).ok())??);
            }
        }
    }
    match letters[..] {
        [upper, lower] if upper.is_ascii_uppercase() && upper.to_ascii_lowercase() == lower => Some(lower),
        _ => None,
    }
}

/// The best piece of a text between the characters that may be escaped.
fn from_run(run: &[u8]) -> Option<Vec<Vec<u8>>> {
    run.split(|byte| may_be_escaped(*byte))
        .filter(|piece| piece.trim_ascii().len() >= SHORTEST)
        .map(|piece| vec![piece.to_vec()])
        .max_by_key(|set| score(set))
}

/// Characters that some logger writes as an escape: quotes, JSON in HTML-safe form, slashes in PHP, all but ASCII.
fn may_be_escaped(byte: u8) -> bool {
    !(b' '..=b'~').contains(&byte) || matches!(byte, b'"' | b'\'' | b'`' | b'\\' | b'/' | b'<' | b'>' | b'&' | b'+')
}

/// How rarely a set stands in a log: its worst literal counts, and few are better than many.
pub(crate) fn score(set: &[Vec<u8>]) -> usize {
    let worst = set.iter().map(|literal| rarity(literal)).min().unwrap_or_default();
    worst * 4 - set.len().min(worst * 2)
}

fn rarity(literal: &[u8]) -> usize {
    let padded = [b" ", literal, b" "].concat();
    let text = String::from_utf8_lossy(&padded);
    let common: usize = COMMON.iter().filter(|word| text.contains(**word)).map(|word| word.trim().len()).sum();
    let word = literal.trim_ascii();
    if COMMON.iter().any(|common| common.as_bytes().windows(word.len()).any(|part| part == word)) {
        return 1;
    }
    literal.len().min(LONG_ENOUGH).saturating_sub(common / 2).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literals(pattern: &str) -> Option<Vec<String>> {
        let hir = regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build().parse(pattern).unwrap();
        required(&hir).map(|set| set.into_iter().map(|l| String::from_utf8(l).unwrap()).collect())
    }

    fn some(expected: &[&str]) -> Option<Vec<String>> {
        Some(expected.iter().map(|s| (*s).to_owned()).collect())
    }

    #[test]
    fn the_rarest_piece_of_a_sequence() {
        assert_eq!(literals(r"x (?<host>\w+) is the server running on"), some(&[" is the server running on"]));
        assert_eq!(literals(r"(?i)No Such Host"), some(&["no such host"]));
        assert_eq!(literals(r"(?:dial tcp )+x"), some(&["dial tcp "]));
    }

    #[test]
    fn an_alternation_needs_one_of_each_branch() {
        assert_eq!(literals(r"(?<e>ECONNREFUSED|ETIMEDOUT) \d+"), some(&["econnrefused", "etimedout"]));
        assert_eq!(literals(r"\d+ (?:ECONNREFUSED|\d+)"), None);
        assert_eq!(literals(r"(?:timed out)?\d+"), None);
    }

    #[test]
    fn never_across_what_a_logger_may_escape() {
        assert_eq!(literals(r#"Get "http://h/": dial tcp"#), some(&[": dial tcp"]));
        assert_eq!(literals("line one\nline number two"), some(&["line number two"]));
    }
}
