//! Names of entries: a Unicode field, else UTF-8, else code page 437.

use super::record::Record;
use crate::names::{Name, name};

/// The upper half of code page 437.
const CP437: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";

/// The name of an entry, and whether it is a folder's.
///
/// Names that are valid UTF-8 are read as such without the flag for it too: most writers on Unix do not set it. Backslashes
/// of names without a slash are separators unless the entry was made on Unix, as old .NET versions wrote them.
pub(super) fn entry_name(record: &Record) -> (Name, bool) {
    let mut raw = match &record.unicode_name {
        Some(unicode) => unicode.clone(),
        None if record.is_utf8() || std::str::from_utf8(&record.name).is_ok() => record.name.clone(),
        None => from_cp437(&record.name).into_bytes(),
    };
    if !raw.contains(&b'/') && !matches!(record.host, Some(3 | 19)) {
        for byte in &mut raw {
            if *byte == b'\\' {
                *byte = b'/';
            }
        }
    }
    let is_folder = raw.ends_with(b"/") || record.mode & 0xf000 == 0x4000;
    (name(&raw), is_folder)
}

fn from_cp437(raw: &[u8]) -> String {
    raw.iter()
        .map(|byte| match byte.checked_sub(0x80) {
            Some(upper) => CP437.chars().nth(usize::from(upper)).unwrap_or(char::REPLACEMENT_CHARACTER),
            None => char::from(*byte),
        })
        .collect()
}
