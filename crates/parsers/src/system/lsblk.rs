//! `lsblk`: tree, list, `-f`, columns of choice, pairs (`-P`) and JSON (`-J`).

use bundlescope_facts::{BlockDevice, Data, Fact, Text, Value};

use crate::document::{Document, Line, Parsed};
use crate::format::{Format, Hint, Match};
use crate::json::{self, Fields};
use crate::words;

use super::table::{Columns, branch, pairs, unescape};
use super::units::size;

/// The format.
pub(crate) static LSBLK: Format = Format { name: "lsblk", collect: "lsblk", kinds: &["block_device"], detect, parse };

/// The titles of the command's own columns, or, where the command is known to be lsblk, of any that its options ask for.
fn titles(line: &str, named: bool) -> Option<Columns<'_>> {
    let columns = Columns::new(line);
    let first = columns.names().next();
    let known = columns.has("MAJ:MIN") || columns.has("FSTYPE") && (columns.has("UUID") || columns.has("MOUNTPOINT"));
    let plain = columns.names().all(|title| title.bytes().all(|byte| !byte.is_ascii_lowercase()));
    let chosen = named && columns.has("NAME") && plain && columns.names().count() > 1;
    (first == Some("NAME") && known && !columns.has("TARGET") || chosen).then_some(columns)
}

fn is_pairs(line: &str) -> bool {
    line.contains("NAME=\"")
        && (line.contains("MAJ:MIN=\"") || line.contains("MAJ_MIN=\"") || line.contains("FSTYPE=\""))
}

fn detect(hint: &Hint<'_>) -> Match {
    let json = hint.head.trim_start().starts_with('{') && hint.head.contains("\"blockdevices\"");
    let named = words::subject_is(hint.subject, &["lsblk"]);
    // `-n` leaves the titles out.
    let bare = named && words::most_lines(hint.head, |line| by_order(line).is_some() || branch(line).starts_with('/'));
    let titled = hint.head.lines().take(10).any(|line| titles(line, named).is_some() || is_pairs(line));
    match (json || titled || bare, named) {
        (true, true) => Match::Both,
        (true, false) => Match::Content,
        _ => Match::No,
    }
}

/// A device by the names of its columns.
fn device<'v>(get: impl Fn(&str) -> Option<&'v str>) -> Option<BlockDevice> {
    let text = |name: &str| get(name).filter(|value| !value.is_empty()).map(Text::from);
    let size = match get("SIZE").filter(|value| !value.is_empty()) {
        Some(value) => Some(size(value)?),
        None => None,
    };
    let read_only = match get("RO") {
        Some("1") => Some(true),
        Some("0") => Some(false),
        Some("") | None => None,
        Some(_) => return None,
    };
    Some(BlockDevice {
        name: text("NAME")?,
        device_type: text("TYPE"),
        parent: text("PKNAME"),
        size,
        read_only,
        fs_type: text("FSTYPE"),
        // In pairs several places have a line end between them.
        mounts: ["MOUNTPOINT", "MOUNTPOINTS"].iter().filter_map(|name| get(name)).flat_map(places).collect(),
        model: text("MODEL").map(|model| model.trim().into()),
    })
}

/// Places where a device is mounted, one a line; `-r` writes `\x0a` for the line end.
fn places(cell: &str) -> Vec<Text> {
    let cell = unescape(cell);
    cell.lines().map(str::trim).filter(|place| !place.is_empty()).map(Text::from).collect()
}

/// How deep a name stands in the tree, and the name. A kernel name of device mapper may follow in old versions.
fn place(cell: &str) -> (usize, &str) {
    let name = branch(cell);
    let art = cell.chars().count() - name.chars().count();
    (art / 2, name)
}

/// `vda 252:0 0 9G 0 disk /`: the columns that lsblk prints without options, by their order.
fn by_order(line: &str) -> Option<(usize, BlockDevice)> {
    let at = line.split_ascii_whitespace().find(|word| {
        let numbers = word.split_once(':').map(|(a, b)| (a.parse::<u32>(), b.parse::<u32>()));
        matches!(numbers, Some((Ok(_), Ok(_))))
    })?;
    let at = line.find(&format!(" {at} ")).map(|before| (before, before + 1 + at.len()))?;
    let (front, rest) = (line.get(..at.0)?, line.get(at.1..)?);
    let (depth, name) = place(front.trim_end());
    let mut words = words::Words::new(rest);
    let (removable, bytes, read_only, device_type) = (words.next()?, words.next()?, words.next()?, words.next());
    if !matches!(removable, "0" | "1") || !matches!(read_only, "0" | "1") || name.is_empty() {
        return None;
    }
    Some((
        depth,
        BlockDevice {
            name: name.into(),
            device_type: device_type.map(Text::from),
            size: Some(size(bytes)?),
            read_only: Some(read_only == "1"),
            mounts: places(words.rest()),
            ..BlockDevice::default()
        },
    ))
}

fn by_columns(columns: &Columns<'_>, line: &str) -> Option<(usize, BlockDevice)> {
    let cells = columns.row(line)?;
    let (depth, name) = place(cells.get("NAME")?);
    // Where columns are not aligned, what follows would be taken for a part of the name.
    if name.split_once(' ').is_some_and(|(_, rest)| !rest.starts_with('(')) {
        return None;
    }
    let found = device(|title| if title == "NAME" { Some(name) } else { cells.get(title) })?;
    Some((depth, found))
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    if document.bytes.trim_ascii_start().starts_with(b"{") {
        json::read(document, &mut parsed, |record, parsed| {
            for item in record.list("blockdevices") {
                json_device(item, None, parsed, 0);
            }
        });
        return parsed;
    }
    let named = words::subject_is(&document.subject, &["lsblk"]);
    let mut current: Option<(Columns<'_>, bool)> = None;
    // The names of the devices above, one for each depth, and the place of the last device.
    let mut above: Vec<Text> = Vec::new();
    for line in document.lines().filter(|line| !line.text.trim().is_empty()) {
        if let Some(columns) = titles(line.text, named) {
            let usual: Vec<&str> = columns.names().take(6).collect();
            let usual = usual == ["NAME", "MAJ:MIN", "RM", "SIZE", "RO", "TYPE"] && columns.names().count() <= 7;
            current = Some((columns, usual));
            above.clear();
            continue;
        }
        if line.text.starts_with("lsblk: ") {
            // It says that it left out a device.
            parsed.problem(document, line.number, line.text.trim());
            continue;
        }
        if is_pairs(line.text) {
            let pairs = pairs(line.text);
            let get = |name: &str| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| &**value);
            match device(get) {
                Some(device) => parsed.line_fact(document, line, device),
                None => parsed.problem(document, line.number, "expected `NAME=\"…\" SIZE=\"…\" …`; line skipped"),
            }
            continue;
        }
        let found = match &current {
            Some((columns, false)) => by_columns(columns, line.text),
            Some((_, true)) | None => by_order(line.text),
        };
        if let Some((depth, mut device)) = found {
            above.truncate(depth);
            device.parent = device.parent.or_else(|| above.last().cloned());
            above.push(device.name.clone());
            parsed.line_fact(document, line, device);
        } else if !further_place(&mut parsed, line) {
            parsed.problem(document, line.number, "expected a device with the columns of the titles; line skipped");
        }
    }
    parsed
}

/// Adds another place of the device above, which stands alone in its line below `MOUNTPOINTS`. False when it is none.
fn further_place(parsed: &mut Parsed, line: Line<'_>) -> bool {
    let place = branch(line.text.trim_end());
    let alone = line.text.len() > place.len() && place.starts_with(['/', '[']);
    let Some(fact) = parsed.facts.last_mut().filter(|_| alone) else { return false };
    let Data::BlockDevice(device) = &mut fact.data else { return false };
    device.mounts.push(place.into());
    fact.source.last_line = line.number;
    fact.source.span.1 = line.end;
    true
}

fn json_device(item: Fields<'_, '_>, parent: Option<&Text>, parsed: &mut Parsed, depth: u8) {
    let text = |key: &str| item.text(key).filter(|value| !value.is_empty());
    // Numbers and flags were texts before util-linux 2.33.
    let size = match item.get("size").value() {
        Value::Int(bytes) => u64::try_from(bytes).ok(),
        Value::Text(text) => size(&text),
        _ => None,
    };
    let mounts = item.list("mountpoints").filter_map(|place| place.as_text().map(Text::from));
    let Some(name) = text("name") else { return };
    let found = BlockDevice {
        name: name.clone(),
        device_type: text("type"),
        parent: parent.cloned().or_else(|| text("pkname")),
        size,
        read_only: match item.get("ro").value() {
            Value::Bool(read_only) => Some(read_only),
            Value::Text(flag) => Some(&*flag == "1"),
            _ => None,
        },
        fs_type: text("fstype"),
        mounts: text("mountpoint").into_iter().chain(mounts).collect(),
        model: text("model").map(|model| model.trim().into()),
    };
    let keys = ["name", "type", "size", "ro", "fstype", "mountpoint", "mountpoints", "model", "pkname"];
    parsed.facts.push(Fact::new(item.source_of(&keys), found));
    if depth < 64 {
        for child in item.list("children") {
            json_device(child, Some(&name), parsed, depth + 1);
        }
    }
}
