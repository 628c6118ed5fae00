//! `nmcli device`, `nmcli device show` and `nmcli connection`, NetworkManager 0.9.9 to 1.5x.

use bundlescope_facts::{NmConnection, NmDevice, Text};

use crate::document::{Document, Line, Parsed};
use crate::format::{Format, Hint, Match};
use crate::table::Table;
use crate::words;

/// `nmcli device` and `nmcli connection`.
pub(crate) static NMCLI: Format = Format {
    name: "nmcli",
    collect: "nmcli device; nmcli connection",
    kinds: &["nm_device", "nm_connection"],
    detect,
    parse,
};

/// `nmcli device show`.
pub(crate) static NMCLI_SHOW: Format = Format {
    name: "nmcli-device-show",
    collect: "nmcli device show",
    kinds: &["nm_device"],
    detect: detect_show,
    parse: parse_show,
};

fn is_device_header(line: &str) -> bool {
    line.split_ascii_whitespace().take(3).eq(["DEVICE", "TYPE", "STATE"])
}

fn is_connection_header(line: &str) -> bool {
    line.split_ascii_whitespace().take(3).eq(["NAME", "UUID", "TYPE"])
}

fn is_noise(line: &str) -> bool {
    line.starts_with("Warning: ") || line.starts_with("Error: ") || line.starts_with("TextFileProvider(")
}

fn told(line: &&str) -> bool {
    !line.trim().is_empty() && !is_noise(line)
}

fn detect(hint: &Hint<'_>) -> Match {
    let first = hint.head.lines().find(told).unwrap_or_default();
    Match::of(is_device_header(first) || is_connection_header(first), words::subject_is(hint.subject, &["nmcli"]))
}

/// A cell that says something.
fn cell(text: &str) -> Option<Text> {
    (!text.is_empty() && text != "--").then(|| text.into())
}

fn parse(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut table: Option<(Table<'_>, bool)> = None;
    for line in document.lines().filter(|line| told(&line.text)) {
        if is_device_header(line.text) || is_connection_header(line.text) {
            table = Some((Table::titles(line.text), is_device_header(line.text)));
            continue;
        }
        let row = table.as_ref().and_then(|(table, devices)| Some((table.row(line.text, &[])?, *devices)));
        match row {
            Some((row, true)) if !row.get("DEVICE").is_empty() && !row.get("STATE").is_empty() => {
                let found = NmDevice {
                    interface: row.get("DEVICE").into(),
                    device_type: cell(row.get("TYPE")),
                    state: cell(row.get("STATE")),
                    connection: cell(row.get("CONNECTION")),
                    ..NmDevice::default()
                };
                parsed.line_fact(document, line, found);
            }
            Some((row, false)) if row.get("UUID").len() == 36 => {
                let found = NmConnection {
                    name: row.get("NAME").into(),
                    uuid: cell(row.get("UUID")),
                    connection_type: cell(row.get("TYPE")),
                    interface: cell(row.get("DEVICE")),
                };
                parsed.line_fact(document, line, found);
            }
            _ => match connection(line.text).filter(|_| table.as_ref().is_some_and(|(_, devices)| !devices)) {
                Some(found) => parsed.line_fact(document, line, found),
                None => parsed.problem(document, line.number, "expected a row of the table above; line skipped"),
            },
        }
    }
    parsed
}

/// A row whose name is longer than its column: the UUID tells where it ends.
fn connection(line: &str) -> Option<NmConnection> {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let is_uuid = |word: &str| word.len() == 36 && word.bytes().filter(|byte| *byte == b'-').count() == 4;
    let at = words.iter().position(|word| is_uuid(word)).filter(|at| *at > 0)?;
    let (name, _) = line.split_once(words[at])?;
    Some(NmConnection {
        name: name.trim().into(),
        uuid: cell(words[at]),
        connection_type: words.get(at + 1).and_then(|word| cell(word)),
        interface: words.get(at + 2).and_then(|word| cell(word)),
    })
}

fn key(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once(':')?;
    let good = key.contains('.') && !key.contains(' ') && key.starts_with(|c: char| c.is_ascii_uppercase());
    good.then(|| (key, value.trim()))
}

fn detect_show(hint: &Hint<'_>) -> Match {
    let content = hint.head.lines().find(told).is_some_and(|line| line.starts_with("GENERAL.DEVICE:"));
    Match::of(content, words::subject_is(hint.subject, &["nmcli"]))
}

fn parse_show(document: &Document<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut open: Option<(Line<'_>, Line<'_>, NmDevice)> = None;
    for line in document.lines().filter(|line| told(&line.text)) {
        let Some((key, value)) = key(line.text) else {
            parsed.problem(document, line.number, "expected a key such as `GENERAL.STATE:`; line skipped");
            continue;
        };
        if key == "GENERAL.DEVICE" {
            if let Some((first, last, done)) = open.take() {
                parsed.fact(document, first, last, done);
            }
            open = Some((line, line, NmDevice { interface: value.into(), ..NmDevice::default() }));
            continue;
        }
        let Some((_, last, found)) = &mut open else {
            parsed.problem(document, line.number, "expected `GENERAL.DEVICE:` first; line skipped");
            continue;
        };
        *last = line;
        let base = key.split('[').next().unwrap_or(key);
        match base {
            "GENERAL.TYPE" => found.device_type = cell(value),
            "GENERAL.HWADDR" => found.mac = words::mac(value),
            "GENERAL.MTU" => found.mtu = words::number(value),
            // `100 (connected)`, `10 (unmanaged)`.
            "GENERAL.STATE" => {
                let state = value.split_once('(').and_then(|(_, state)| state.split(')').next()).unwrap_or(value);
                found.state = cell(state);
            }
            "GENERAL.CONNECTION" => found.connection = cell(value),
            "IP4.ADDRESS" | "IP6.ADDRESS" => found.addresses.extend(cell(value)),
            "IP4.GATEWAY" | "IP6.GATEWAY" => found.gateways.extend(words::address(value)),
            "IP4.DNS" | "IP6.DNS" => found.nameservers.extend(words::address(value)),
            _ => {}
        }
    }
    if let Some((first, last, done)) = open {
        parsed.fact(document, first, last, done);
    }
    parsed
}
