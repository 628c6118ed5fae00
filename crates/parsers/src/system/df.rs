//! `df`: `-h`, `-H`, `-k`, `-m`, `-B`, `-P`, `-i`, `-T`, `-a`, `--output`; GNU, in English, German, French, Spanish, Italian and
//! Portuguese, and busybox; also `findmnt -D`.

use bundlescope_facts::{FileSystem, Text};

use crate::document::{Document, Line, Parsed};
use crate::format::{Format, Hint, Match};
use crate::words;

use super::units::{in_powers, size};

/// The format.
pub(crate) static DF: Format = Format { name: "df", collect: "df -k; df -i", kinds: &["filesystem"], detect, parse };

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Type,
    Size,
    Used,
    Available,
    UsedPercent,
    Inodes,
    InodesUsed,
    InodesFree,
    InodesPercent,
    Other,
}

/// The columns between the source and the mount point, and bytes in a block.
#[derive(Debug, Clone)]
struct Header {
    columns: Vec<Column>,
    block: u64,
    /// Units of sizes are powers of this: 1000 for `-H`.
    base: u64,
}

/// How the header begins and ends, by language.
const ENDS: &[(&str, &str)] = &[
    ("Filesystem", "Mounted on"),
    ("Dateisystem", "Eingehängt auf"),
    ("Sys. de fichiers", "Monté sur"),
    ("S.ficheros", "Montado en"),
    ("File system", "Montato su"),
    ("Sist. Arq.", "Montado em"),
    // `findmnt -D`.
    ("SOURCE", "TARGET"),
];

fn detect(hint: &Hint<'_>) -> Match {
    let mut lines = hint.head.lines().filter(|line| !line.trim().is_empty()).take(6);
    let content = lines.by_ref().skip_while(|line| line.contains("df: ")).take(1).any(|line| header(line).is_some());
    match (content, words::subject_is(hint.subject, &["df"])) {
        (true, true) => Match::Both,
        (true, false) => Match::Content,
        (false, true) if hint.head.trim_start().starts_with("Filesystem ") => Match::Path,
        _ => Match::No,
    }
}

/// `Filesystem [Type] 1K-blocks Used Available Use% Mounted on`, in the languages of [`ENDS`].
fn header(line: &str) -> Option<Header> {
    let line = line.trim();
    let inner = ENDS.iter().find_map(|(start, end)| line.strip_prefix(start)?.strip_suffix(end))?;
    let mut header = Header { columns: Vec::new(), block: 1, base: 1024 };
    let mut words = inner.split_ascii_whitespace();
    while let Some(word) = words.next() {
        header.columns.push(match word {
            "Type" | "FSTYPE" | "Typ" | "Tipo" => Column::Type,
            "Size" | "SIZE" | "Größe" | "Taille" | "Tamaño" | "Dim." | "Tam." => Column::Size,
            "Used" | "USED" | "Benutzt" | "Utilisé" | "Usados" | "Usati" | "Usado" => Column::Used,
            "Available" | "Avail" | "AVAIL" | "Verfügbar" | "Verf." | "Disponible" | "Dispo" | "Disponibles"
            | "Disp" | "Disponib." | "Dispon." | "Disponível" | "Disp." => Column::Available,
            "Use%" | "USE%" | "Verw%" | "Uti%" | "Uso%" | "Capacity" | "Kapazität" | "Capacité" | "Capacidad"
            | "Capacità" | "Capacid." => Column::UsedPercent,
            "Inodes" | "Inœuds" | "Nodos-i" | "Inode" | "Inós" => Column::Inodes,
            "IUsed" | "IBenutzt" | "IUtil." | "NUsados" | "IUsati" | "IUsado" => Column::InodesUsed,
            "IFree" | "IFrei" | "ILibre" | "NLibres" | "ILiberi" | "ILivre" => Column::InodesFree,
            "IUse%" | "IUti%" | "NUso%" | "IUso%" => Column::InodesPercent,
            // `blocs de 1K`.
            "blocs" | "bloques" | "Blocos" => {
                words.next().filter(|word| *word == "de")?;
                header.block = size(words.next()?)?;
                Column::Size
            }
            _ => match ["-blocks", "-Blöcke", "-blocchi"].iter().find_map(|end| word.strip_suffix(end)) {
                Some(unit) => {
                    header.block = size(unit)?;
                    Column::Size
                }
                None => Column::Other,
            },
        });
    }
    header.columns.iter().any(|column| matches!(column, Column::UsedPercent | Column::InodesPercent)).then_some(header)
}

/// A number that a column may leave out.
fn cell(column: Column, word: &str, base: u64) -> Option<Option<u64>> {
    match column {
        Column::Type | Column::Other => Some(None),
        _ if word == "-" => Some(None),
        Column::UsedPercent | Column::InodesPercent => Some(Some(word.strip_suffix('%')?.parse().ok()?)),
        _ => Some(Some(in_powers(word, 1, base)?)),
    }
}

fn row(line: &str, header: &Header) -> Option<FileSystem> {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let count = header.columns.len();
    // The source may hold blanks, and so may the mount point: the columns stand where they all can be read.
    let start = (1..words.len().saturating_sub(count)).take(16).find(|start| {
        header.columns.iter().zip(&words[*start..]).all(|(column, word)| cell(*column, word, header.base).is_some())
    })?;
    let mut found = FileSystem {
        source: words[..start].join(" ").into(),
        mount: words[start + count..].join(" ").into(),
        ..FileSystem::default()
    };
    for (column, word) in header.columns.iter().zip(&words[start..]) {
        let value = cell(*column, word, header.base).flatten();
        let bytes = value.and_then(|value| value.checked_mul(header.block));
        match column {
            Column::Type => found.fs_type = Some(Text::from(*word)),
            Column::Size => found.size = bytes,
            Column::Used => found.used = bytes,
            Column::Available => found.available = bytes,
            Column::UsedPercent => found.used_percent = value,
            Column::Inodes => found.inodes = value,
            Column::InodesFree => found.inodes_free = value,
            Column::InodesPercent => found.inodes_used_percent = value,
            Column::InodesUsed | Column::Other => {}
        }
    }
    Some(found)
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut current: Option<Header> = None;
    let mut wrapped: Option<Line<'_>> = None;
    let options = document.subject.split_ascii_whitespace().filter(|word| word.starts_with('-'));
    let powers_of_1000 = |word: &str| word == "--si" || !word.starts_with("--") && word.contains('H');
    let base = if options.into_iter().any(powers_of_1000) { 1000 } else { 1024 };
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        if let Some(found) = header(line.text) {
            current = Some(Header { base, ..found });
            continue;
        }
        let Some(header) = &current else {
            if !line.text.contains("df: ") {
                parsed.problem(
                    document,
                    line.number,
                    "expected the header that begins with `Filesystem`; line skipped",
                );
            }
            continue;
        };
        // Old versions break the line behind a long source.
        let (first, text) = match wrapped.take() {
            Some(before) => (before, format!("{} {}", before.text, line.text)),
            None => (line, line.text.to_owned()),
        };
        match row(&text, header) {
            Some(found) => {
                parsed.fact(document, first, line, FileSystem { container: document.container.clone(), ..found })
            }
            None if text.split_ascii_whitespace().count() == 1 => wrapped = Some(line),
            None if text.starts_with("total ") || text.starts_with("df: ") => {}
            None => parsed.problem(
                document,
                line.number,
                "expected a file system with the columns of the header; line skipped",
            ),
        }
    }
    if let Some(line) = wrapped {
        parsed.problem(document, line.number, "a file system without its numbers; line skipped");
    }
    parsed
}
