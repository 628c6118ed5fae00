//! Tables whose cells stand below or beside their titles, left or right aligned, and may be empty: lsof, lsblk, findmnt.

/// Titles of one word each, with the characters that they cover.
#[derive(Debug)]
pub(super) struct Columns<'a> {
    titles: Vec<Word<'a>>,
}

/// A word, the byte at which it begins, and the characters that it covers.
type Word<'a> = (&'a str, usize, usize, usize);

fn words(line: &str) -> Vec<Word<'_>> {
    let mut found = Vec::new();
    let mut open: Option<(usize, usize)> = None;
    let mut count = 0;
    for (offset, character) in line.char_indices() {
        if character.is_ascii_whitespace() {
            if let Some((start, column)) = open.take() {
                found.push((&line[start..offset], start, column, count));
            }
        } else {
            open.get_or_insert((offset, count));
        }
        count += 1;
    }
    if let Some((start, column)) = open {
        found.push((&line[start..], start, column, count));
    }
    found
}

impl<'a> Columns<'a> {
    /// Reads a line of titles.
    pub(super) fn new(line: &'a str) -> Self {
        Self { titles: words(line) }
    }

    /// True when there is a column of that title.
    pub(super) fn has(&self, title: &str) -> bool {
        self.titles.iter().any(|(name, ..)| *name == title)
    }

    /// The titles.
    pub(super) fn names(&self) -> impl Iterator<Item = &'a str> {
        self.titles.iter().map(|(name, ..)| *name)
    }

    /// The cells of a line by title; absent ones are empty. A word that one blank parts from the word before belongs to the
    /// same cell, unless it stands below another title. `None` when a word stands below no title or below two, or when two
    /// words that are further apart stand below one: then the line has lost its alignment.
    pub(super) fn row<'l>(&self, line: &'l str) -> Option<Cells<'a, 'l>> {
        let last = self.titles.len().checked_sub(1)?;
        let mut cells: Vec<(&'a str, &'l str)> = self.titles.iter().map(|(name, ..)| (*name, "")).collect();
        // The column of the word before, where its cell begins, and the character behind it.
        let mut before: Option<(usize, usize, usize)> = None;
        for (word, offset, start, end) in words(line) {
            let mut below = self.titles.iter().enumerate().filter(|(_, (.., from, to))| start < *to && *from < end);
            let joined = before.filter(|(.., behind)| start == behind + 1).map(|(at, ..)| at);
            let at = match (below.next(), below.next()) {
                (Some((at, _)), None) => at,
                (Some(_), Some(_)) => return None,
                // Behind the last title, behind the word before, or between the first two titles.
                (None, _) if self.titles.get(last).is_some_and(|(.., to)| start >= *to) => last,
                (None, _) => match joined {
                    Some(at) => at,
                    None if self.titles.get(1).is_none_or(|(.., from, _)| end <= *from) => 0,
                    None => return None,
                },
            };
            let begin = match before {
                Some((column, begin, _)) if column == at && (joined.is_some() || at == last || at == 0) => begin,
                _ if cells.get(at)?.1.is_empty() => offset,
                _ => return None,
            };
            cells.get_mut(at)?.1 = line.get(begin..offset + word.len())?;
            before = Some((at, begin, end));
        }
        Some(Cells(cells))
    }
}

/// The cells of one line.
#[derive(Debug)]
pub(super) struct Cells<'t, 'l>(Vec<(&'t str, &'l str)>);

impl<'l> Cells<'_, 'l> {
    /// The cell below a title, when it holds anything.
    pub(super) fn get(&self, title: &str) -> Option<&'l str> {
        self.0.iter().find(|(name, _)| *name == title).map(|(_, cell)| *cell).filter(|cell| !cell.is_empty())
    }
}

/// A name without the branches of the tree before it: `│ ├─/sys`, `` |-vda1 ``.
pub(super) fn branch(cell: &str) -> &str {
    cell.trim_start_matches([' ', '|', '`', '-', '│', '├', '└', '─', '┬', '┌', '┈', '▶'])
}

/// `NAME="sda" SIZE="149G"`: names and values; `\x20` and the like in a value is undone.
pub(super) fn pairs(line: &str) -> Vec<(&str, String)> {
    let mut pairs = Vec::new();
    let mut rest = line.trim();
    while let Some((name, after)) = rest.split_once("=\"") {
        let Some((value, behind)) = after.split_once('"') else { break };
        pairs.push((name.trim(), unescape(value)));
        rest = behind;
    }
    pairs
}

/// Undoes `\x20` and its like, which util-linux writes in pairs and in raw tables.
pub(super) fn unescape(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut rest = value;
    while let Some((front, behind)) = rest.split_once("\\x") {
        text.push_str(front);
        match behind.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok()).filter(u8::is_ascii) {
            Some(code) => {
                text.push(char::from(code));
                rest = behind.get(2..).unwrap_or_default();
            }
            None => {
                text.push_str("\\x");
                rest = behind;
            }
        }
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const TITLES: &str = "COMMAND    PID  TID    USER   FD   NAME";

    #[test]
    fn cells_stand_below_their_titles_and_may_be_empty() {
        let columns = Columns::new(TITLES);
        let cells = columns.row("systemd      1         root  14u  /var/log/a b (deleted)").unwrap();
        assert_eq!((cells.get("PID"), cells.get("TID"), cells.get("USER")), (Some("1"), None, Some("root")));
        assert_eq!((cells.get("FD"), cells.get("NAME")), (Some("14u"), Some("/var/log/a b (deleted)")));
        assert_eq!(columns.names().count(), 6);
    }

    #[test]
    fn a_line_that_is_not_aligned_is_refused() {
        let columns = Columns::new(TITLES);
        assert!(columns.row("systemd     1  9      root  14u  /var/log").is_none());
        assert!(columns.row("averyveryverylongname      1    root").is_none());
    }
}
