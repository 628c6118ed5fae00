//! Undoes the escapes of JSON, logfmt, Go's `%q` and Python's and JavaScript's string literals.

/// How many layers of quoting are undone: an error quoted by a library, by a logfmt value, by a JSON string.
const LAYERS: usize = 3;

/// Appends `text` without its backslash escapes.
///
/// The text is taken as it stands, quotes and all: an escaped line end becomes a line end, an escaped quote a quote.
/// Layers of quoting are undone while there are any.
pub(crate) fn unescape(text: &mut Vec<u8>) {
    for _ in 0..LAYERS {
        let Some(first) = memchr::memchr(b'\\', text) else { return };
        let tail = text.split_off(first);
        one_layer(&tail, text);
    }
}

/// Reads a JSON string whose opening quote was already taken: its value and the index behind the closing quote.
///
/// A string that is not closed, such as a line cut by a collector, ends with the text.
pub(crate) fn json_string(text: &[u8]) -> (Vec<u8>, usize) {
    let mut end = 0;
    while let Some(at) = memchr::memchr2(b'"', b'\\', text.get(end..).unwrap_or_default()) {
        end += at;
        if text.get(end) == Some(&b'"') {
            break;
        }
        end += 2;
    }
    let closed = text.get(end) == Some(&b'"');
    let inner = text.get(..end).unwrap_or(text);
    let mut value = Vec::with_capacity(inner.len());
    one_layer(inner, &mut value);
    (value, if closed { end + 1 } else { text.len() })
}

fn one_layer(text: &[u8], out: &mut Vec<u8>) {
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        let (plain, escape) = rest.split_at(at);
        out.extend_from_slice(plain);
        let used = match escape.get(1) {
            Some(b'n') => push(out, b'\n'),
            Some(b't') => push(out, b'\t'),
            Some(b'r') => push(out, b'\r'),
            Some(&byte @ (b'"' | b'\\' | b'/' | b'\'')) => push(out, byte),
            Some(b'u') => match hex(escape.get(2..6)) {
                Some(code) => {
                    let character = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
                    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                    6
                }
                None => push(out, b'\\') - 1,
            },
            Some(b'x') => match hex(escape.get(2..4)).and_then(|code| u8::try_from(code).ok()) {
                Some(byte) => push(out, byte) + 2,
                None => push(out, b'\\') - 1,
            },
            _ => push(out, b'\\') - 1,
        };
        rest = escape.get(used..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
}

/// Appends one byte for an escape of two.
fn push(out: &mut Vec<u8>, byte: u8) -> usize {
    out.push(byte);
    2
}

fn hex(digits: Option<&[u8]>) -> Option<u32> {
    let digits = digits?;
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// Removes terminal colour codes and other CSI and OSC sequences.
pub(crate) fn strip_ansi(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr::memchr(0x1b, rest) {
        let (plain, sequence) = rest.split_at(at);
        out.extend_from_slice(plain);
        let used = match sequence.get(1) {
            // CSI: parameters up to a final byte @ … ~.
            Some(b'[') => {
                sequence.iter().skip(2).position(|b| (0x40..=0x7e).contains(b)).map_or(sequence.len(), |p| p + 3)
            }
            // OSC: up to BEL or ESC \.
            Some(b']') => sequence.iter().skip(2).position(|b| *b == 7 || *b == 0x1b).map_or(sequence.len(), |p| p + 3),
            Some(_) => 2,
            None => 1,
        };
        rest = sequence.get(used..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        unescape(&mut bytes);
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn layers_of_quoting_are_undone() {
        assert_eq!(
            plain(r#"{"msg":"err=\"Get \\\"http://db:80/\\\": dial\\n\""}"#),
            "{\"msg\":\"err=\"Get \"http://db:80/\": dial\n\"\"}"
        );
        assert_eq!(plain(r"\u003curllib3\u003e \x41 Can\'t"), "<urllib3> A Can't");
    }

    #[test]
    fn what_is_no_escape_stays() {
        assert_eq!(plain(r"C:\Windows \u12 \x4 end\"), r"C:\Windows \u12 \x4 end\");
    }

    #[test]
    fn a_json_string_ends_at_its_quote_or_with_the_line() {
        assert_eq!(json_string(br#"a\"b\n","x"#), (b"a\"b\n".to_vec(), 7));
        assert_eq!(json_string(br"cut\"), (b"cut\\".to_vec(), 4));
    }

    #[test]
    fn colours_go() {
        assert_eq!(strip_ansi(b"\x1b[31;1merror\x1b[0m \x1b]0;t\x07x\x1b"), b"error x");
    }
}
