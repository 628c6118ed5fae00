//! Tables whose columns stand under their titles: what Go's tabwriter prints for docker and kubectl.

/// The titles of a table and where their columns begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Table<'a> {
    /// Title and first column, counted in characters as tabwriter does.
    columns: Vec<(&'a str, usize)>,
}

/// The cells of one line, in the order of the titles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row<'t, 'a> {
    table: &'t Table<'a>,
    cells: Vec<&'a str>,
}

impl<'a> Table<'a> {
    /// Reads a line of titles, which are at least two blanks apart.
    pub(crate) fn titles(line: &'a str) -> Self {
        Self { columns: pieces(line) }
    }

    /// True when there is a column of that title.
    pub(crate) fn has(&self, title: &str) -> bool {
        self.columns.iter().any(|(name, _)| *name == title)
    }

    /// The first title.
    pub(crate) fn first(&self) -> Option<&'a str> {
        self.columns.first().map(|(name, _)| *name)
    }

    /// The titles.
    pub(crate) fn names(&self) -> Vec<&'a str> {
        self.columns.iter().map(|(name, _)| *name).collect()
    }

    /// Number of columns.
    pub(crate) fn len(&self) -> usize {
        self.columns.len()
    }

    /// Takes a line apart as [`Table::row`] does, into cells that `fits` takes: a line that only happens to have blanks
    /// before the columns of the titles is told by the blanks between its cells.
    pub(crate) fn row_that<'t>(
        &'t self,
        line: &'a str,
        optional: &[&str],
        fits: impl Fn(&Row<'_, '_>) -> bool,
    ) -> Option<Row<'t, 'a>> {
        let row = |cells| Row { table: self, cells };
        let aligned = self.aligned(line).map(row);
        let by_starts = || self.by_starts(line, optional).map(row).filter(|row| fits(row));
        let by_blanks = || self.by_blanks(line, optional).map(row).filter(|row| fits(row));
        aligned.filter(|row| fits(row)).or_else(by_starts).or_else(by_blanks)
    }

    /// Takes a line apart. `optional` are titles whose cells may be empty: where a line has lost its alignment (text
    /// replaced by an anonymiser) its cells are told by the blanks between them, and the last of these may be missing.
    pub(crate) fn row(&self, line: &'a str, optional: &[&str]) -> Option<Row<'_, 'a>> {
        let aligned = self.aligned(line).or_else(|| self.by_starts(line, optional));
        let cells = aligned.or_else(|| self.by_blanks(line, optional))?;
        Some(Row { table: self, cells })
    }

    /// Cells by position; `None` when a column does not begin behind a blank.
    fn aligned(&self, line: &'a str) -> Option<Vec<&'a str>> {
        let mut starts = Vec::with_capacity(self.columns.len());
        let mut wanted = self.columns.iter().map(|(_, start)| *start).peekable();
        let mut previous = ' ';
        for (count, (offset, character)) in line.char_indices().enumerate() {
            while wanted.peek() == Some(&count) {
                if previous != ' ' {
                    return None;
                }
                starts.push(offset);
                wanted.next();
            }
            previous = character;
        }
        starts.resize(self.columns.len(), line.len());
        let ends = starts.iter().skip(1).copied().chain([line.len()]);
        Some(starts.iter().zip(ends).map(|(start, end)| line.get(*start..end).unwrap_or_default().trim()).collect())
    }

    /// Cells that begin under their titles although one is wider than its column; `None` when one begins elsewhere, or
    /// one that is not optional is missing.
    fn by_starts(&self, line: &'a str, optional: &[&str]) -> Option<Vec<&'a str>> {
        let mut found = pieces(line).into_iter().peekable();
        let cells = self.columns.iter().map(|(name, start)| match found.next_if(|(_, column)| column == start) {
            Some((cell, _)) => Some(cell),
            None => optional.contains(name).then_some(""),
        });
        let cells = cells.collect::<Option<Vec<_>>>()?;
        found.peek().is_none().then_some(cells)
    }

    /// Cells by the blanks between them.
    fn by_blanks(&self, line: &'a str, optional: &[&str]) -> Option<Vec<&'a str>> {
        let mut cells: Vec<_> = pieces(line).into_iter().map(|(cell, _)| cell).collect();
        let missing = self.columns.len().checked_sub(cells.len())?;
        let candidates = self.columns.iter().enumerate().filter(|(_, (name, _))| optional.contains(name));
        let candidates: Vec<_> = candidates.map(|(at, _)| at).collect();
        let absent = candidates.len().checked_sub(missing)?;
        for at in candidates.into_iter().skip(absent) {
            cells.insert(at.min(cells.len()), "");
        }
        (cells.len() == self.columns.len()).then_some(cells)
    }
}

impl<'a> Row<'_, 'a> {
    /// True when there is a column of that title.
    pub(crate) fn has(&self, title: &str) -> bool {
        self.table.has(title)
    }

    /// The cell under a title; empty when there is no such column.
    pub(crate) fn get(&self, title: &str) -> &'a str {
        let at = self.table.columns.iter().position(|(name, _)| *name == title);
        at.and_then(|at| self.cells.get(at)).copied().unwrap_or_default()
    }
}

/// Pieces that are two or more blanks (or a tab) apart, with the character at which each begins.
fn pieces(line: &str) -> Vec<(&str, usize)> {
    let mut pieces = Vec::new();
    let mut open: Option<(usize, usize)> = None;
    let (mut blanks, mut end) = (0, 0);
    for (count, (offset, character)) in line.char_indices().enumerate() {
        if character == ' ' || character == '\t' {
            blanks += if character == '\t' { 2 } else { 1 };
            if blanks >= 2
                && let Some((start, column)) = open.take()
            {
                pieces.push((&line[start..end], column));
            }
        } else {
            blanks = 0;
            open.get_or_insert((offset, count));
            end = offset + character.len_utf8();
        }
    }
    if let Some((start, column)) = open {
        pieces.push((&line[start..end], column));
    }
    pieces
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TITLES: &str = "CONTAINER ID   COMMAND      PORTS      NAMES";

    #[test]
    fn cells_stand_under_their_titles_whatever_they_hold() {
        let table = Table::titles(TITLES);
        let row = table.row("837095368f00   \"a…  b\"                 orders", &[]).unwrap();
        assert_eq!((row.get("CONTAINER ID"), row.get("COMMAND")), ("837095368f00", "\"a…  b\""));
        assert_eq!((row.get("PORTS"), row.get("NAMES"), row.get("SIZE")), ("", "orders", ""));
        assert!(table.has("CONTAINER ID") && !table.has("ID"));
    }

    #[test]
    fn a_cell_wider_than_its_column_leaves_the_others_in_place() {
        let table = Table::titles("NAME    NODE    DESIRED STATE   CURRENT STATE           ERROR           PORTS");
        let line = "web.1           Running         Pending 3 minutes ago   \"no suitable node (scheduling constraints not satisfied)\"";
        let row = table.row(line, &["NODE", "ERROR", "PORTS"]).unwrap();
        assert_eq!(row.get("NODE"), "");
        assert_eq!(row.get("DESIRED STATE"), "Running");
        assert_eq!(row.get("CURRENT STATE"), "Pending 3 minutes ago");
        assert!(row.get("ERROR").ends_with("satisfied)\""));
    }

    #[test]
    fn a_line_without_alignment_is_told_by_its_blanks() {
        let table = Table::titles(TITLES);
        let row = table.row("837095368f00-longer   sh   orders", &["PORTS"]).unwrap();
        assert_eq!((row.get("COMMAND"), row.get("PORTS"), row.get("NAMES")), ("sh", "", "orders"));
        assert_eq!(table.row("Cannot connect to the Docker daemon", &["PORTS"]), None);
    }

    proptest! {
        #[test]
        fn cells_are_parts_of_their_line(titles in "[A-Z ]{0,40}", line in "[a-z …\t]{0,60}") {
            let table = Table::titles(&titles);
            if let Some(row) = table.row(&line, &[]) {
                prop_assert_eq!(row.cells.len(), table.columns.len());
                prop_assert!(row.cells.iter().all(|cell| line.contains(cell)));
            }
        }
    }
}
