//! The literals that a log must contain for a pattern to match.
//!
//! A pattern is looked for only in records that contain one of its literals, so every match must contain one of them,
//! whatever the framing did to the text: literals are cut at every character that JSON, logfmt or a terminal may write
//! differently, and they are compared without regard to ASCII case.

use std::collections::BTreeSet;

use regex_syntax::hir::{Class, Hir, HirKind};

/// Shorter literals stand in every other line, and the search looks at three groups of five bytes.
pub(crate) const SHORTEST: usize = 7;
/// Literals of one pattern at most; an alternation may have many.
const MOST: usize = 64;
/// Texts of an expression that are written out at most.
const FEW: usize = 64;
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
    " service ",
    " accepted ",
    " accept ",
    " checkpoint ",
    " complete ",
    " completed ",
    " write ",
    " added ",
    " loading ",
    " reading ",
    " info ",
    " plugin ",
    " message ",
    " user ",
    " session ",
    " started ",
    " starting ",
    " running ",
    " status ",
    " version ",
    " memory ",
    " process ",
    " thread ",
    " value ",
    " update ",
    " created ",
    " finished ",
    " success",
    " response ",
    " returned ",
    " handler ",
    " config",
    " container ",
    " listening on ",
    " closed ",
    " enabled ",
    " disabled ",
    " module ",
    " kernel: ",
    " system",
    " device ",
    " file ",
    " open ",
    " read ",
    " null",
];

/// The literals, lower-cased, one of which every match contains; `None` when there is no usable set.
pub(crate) fn required(hir: &Hir) -> Option<Vec<Vec<u8>>> {
    best(hir, 0)
}

/// Every literal of an expression that is long enough to be searched, lower-cased, whether a match must contain it or not.
pub(crate) fn every(hir: &Hir) -> Vec<Vec<u8>> {
    let mut all = required(hir).unwrap_or_default();
    let mut open = vec![hir];
    while let Some(hir) = open.pop() {
        match hir.kind() {
            HirKind::Literal(literal) => all.extend(pieces(&[literal.0.to_ascii_lowercase()]).into_iter().flatten()),
            HirKind::Capture(capture) => open.push(&capture.sub),
            HirKind::Repetition(repetition) => open.push(&repetition.sub),
            HirKind::Concat(parts) | HirKind::Alternation(parts) => open.extend(parts),
            _ => {}
        }
    }
    all.sort_unstable();
    all.dedup();
    all.truncate(MOST);
    all
}

fn best(hir: &Hir, depth: u32) -> Option<Vec<Vec<u8>>> {
    if depth > MAX_DEPTH {
        return None;
    }
    if let Some(texts) = texts(hir, depth) {
        return pieces(&texts);
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
            let mut run = vec![Vec::new()];
            for part in parts {
                let more = texts(part, depth + 1);
                if let Some(longer) = more.as_ref().and_then(|more| joined(&run, more)) {
                    run = longer;
                    continue;
                }
                candidates.extend(pieces(&run));
                run = more.unwrap_or_else(|| vec![Vec::new()]);
                candidates.extend(best(part, depth + 1));
            }
            candidates.extend(pieces(&run));
            candidates.into_iter().max_by_key(|set| score(set))
        }
        _ => None,
    }
}

/// All texts that an expression matches, apart from case, when they are few.
fn texts(hir: &Hir, depth: u32) -> Option<Vec<Vec<u8>>> {
    if depth > MAX_DEPTH {
        return None;
    }
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Some(vec![Vec::new()]),
        HirKind::Literal(literal) => Some(vec![literal.0.to_ascii_lowercase()]),
        HirKind::Class(class) => few_characters(class),
        HirKind::Capture(capture) => texts(&capture.sub, depth + 1),
        HirKind::Repetition(repetition) if (repetition.min, repetition.max) == (0, Some(1)) => {
            let mut all = texts(&repetition.sub, depth + 1)?;
            all.push(Vec::new());
            (all.len() <= FEW).then_some(all)
        }
        HirKind::Concat(parts) => {
            let mut all = vec![Vec::new()];
            for part in parts {
                all = joined(&all, &texts(part, depth + 1)?)?;
            }
            Some(all)
        }
        HirKind::Alternation(branches) => {
            let mut all = Vec::new();
            for branch in branches {
                all.extend(texts(branch, depth + 1)?);
            }
            (all.len() <= FEW).then_some(all)
        }
        HirKind::Repetition(_) => None,
    }
}

/// Every text of the first set followed by every one of the second.
fn joined(first: &[Vec<u8>], second: &[Vec<u8>]) -> Option<Vec<Vec<u8>>> {
    if first.len() * second.len() > FEW {
        return None;
    }
    Some(first.iter().flat_map(|head| second.iter().map(move |tail| [&head[..], tail].concat())).collect())
}

/// `[Cc]` is the letter c, `[- ]` is two texts.
fn few_characters(class: &Class) -> Option<Vec<Vec<u8>>> {
    let ranges: Vec<(u32, u32)> = match class {
        Class::Bytes(class) => class.ranges().iter().map(|r| (r.start().into(), r.end().into())).collect(),
        Class::Unicode(class) => class.ranges().iter().map(|r| (r.start().into(), r.end().into())).collect(),
    };
    let mut characters = Vec::new();
    for (start, end) in ranges {
        if end - start >= 4 {
            return None;
        }
        for code in start..=end {
            characters.push(vec![u8::try_from(code).ok()?.to_ascii_lowercase()]);
        }
    }
    characters.sort_unstable();
    characters.dedup();
    (!characters.is_empty() && characters.len() <= 4).then_some(characters)
}

/// Of each text the best piece between the characters that may be escaped.
fn pieces(texts: &[Vec<u8>]) -> Option<Vec<Vec<u8>>> {
    let mut all: Vec<Vec<u8>> = Vec::new();
    for text in texts {
        let piece = text
            .split(|byte| may_be_escaped(*byte))
            .filter(|piece| piece.len() >= SHORTEST && piece.trim_ascii().len() + 1 >= SHORTEST)
            .max_by_key(|piece| rarity(piece))?;
        all.push(piece.to_vec());
    }
    all.sort_unstable();
    all.dedup();
    Some(all)
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

/// The groups of bytes that stand in every log.
#[derive(Debug)]
pub(crate) struct CommonGroups {
    size: usize,
    groups: BTreeSet<&'static [u8]>,
}

impl CommonGroups {
    /// Groups of `size` bytes.
    pub(crate) fn of(size: usize) -> Self {
        Self { size, groups: COMMON.iter().flat_map(|word| word.as_bytes().windows(size)).collect() }
    }

    /// Where `count` neighbouring groups begin that are rarest in logs.
    pub(crate) fn rarest(&self, literal: &[u8], count: usize) -> usize {
        let rarities: Vec<i32> = literal.windows(self.size).map(|group| self.rarity(group)).collect();
        let worst = rarities.windows(count).enumerate().map(|(at, part)| (part.iter().min(), at));
        worst.max_by_key(|(rarity, at)| (*rarity, std::cmp::Reverse(*at))).map_or(0, |(_, at)| at)
    }

    /// How rare some bytes are, from the frequency of letters and from the words that stand in every log.
    fn rarity(&self, group: &[u8]) -> i32 {
        let letters: i32 = group
            .iter()
            .map(|byte| match byte {
                b' ' | b'e' | b't' | b'a' | b'o' | b'i' | b'n' | b's' | b'r' | b'0' | b'1' | b'2' => 1,
                b'l' | b'd' | b'c' | b'u' | b'm' | b'p' | b'f' | b'g' | b'h' | b'.' | b':' | b'-' | b'=' => 2,
                b'3'..=b'9' => 2,
                _ => 4,
            })
            .sum();
        if self.groups.contains(group) { letters - 6 } else { letters }
    }
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
        assert_eq!(literals(r"(?<e>ECONNREFUSED|ETIMEDOUT) \d+"), some(&["econnrefused ", "etimedout "]));
        assert_eq!(literals(r"\d+ (?:ECONNREFUSED|\d+)"), None);
        assert_eq!(literals(r"(?:timed out)?\d+"), None);
    }

    #[test]
    fn never_across_what_a_logger_may_escape() {
        assert_eq!(literals(r#"Get "http://h/": dial tcp"#), some(&[": dial tcp"]));
        assert_eq!(literals("line one\nline number two"), some(&["line number two"]));
    }
}
