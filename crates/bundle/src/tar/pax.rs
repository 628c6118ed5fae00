//! PAX extension records (POSIX pax, "Extended Header"): `LENGTH KEY=VALUE\n`, the length counting all of it.

/// The records that the reader uses.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Records {
    pub(super) path: Option<Vec<u8>>,
    pub(super) link: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    pub(super) sparse: Sparse,
}

/// GNU's sparse files in PAX archives, versions 0.0, 0.1 and 1.0.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Sparse {
    /// The name; the header has a made-up one.
    pub(super) name: Option<Vec<u8>>,
    /// Size with holes.
    pub(super) real_size: Option<u64>,
    /// Version 1.0: the map precedes the data.
    pub(super) map_in_data: bool,
}

impl Records {
    /// Adds the records of `data`. What stands before a mistake counts.
    pub(super) fn read(&mut self, mut data: &[u8]) -> Result<(), &'static str> {
        const BAD: &str = "a PAX header has records that cannot be read";
        // Some writers pad the data with zeros.
        while !data.is_empty() && data.first() != Some(&0) {
            let space = data.iter().take(20).position(|byte| *byte == b' ').ok_or(BAD)?;
            let (digits, _) = data.split_at_checked(space).ok_or(BAD)?;
            let length = decimal(digits).and_then(|length| usize::try_from(length).ok()).ok_or(BAD)?;
            let (record, rest) = data.split_at_checked(length).ok_or(BAD)?;
            let text = record.get(space + 1..).and_then(|text| text.strip_suffix(b"\n")).ok_or(BAD)?;
            let equals = text.iter().position(|byte| *byte == b'=').ok_or(BAD)?;
            let (key, value) = text.split_at_checked(equals).ok_or(BAD)?;
            self.set(key, value.get(1..).unwrap_or_default()).ok_or(BAD)?;
            data = rest;
        }
        Ok(())
    }

    /// `None` when a number cannot be read. An empty value unsets.
    fn set(&mut self, key: &[u8], value: &[u8]) -> Option<()> {
        let text = || (!value.is_empty()).then(|| value.to_vec());
        match key {
            b"path" => self.path = text(),
            b"linkpath" => self.link = text(),
            b"size" => {
                self.size = if value.is_empty() { None } else { Some(decimal(value).filter(|size| *size < 1 << 62)?) }
            }
            b"GNU.sparse.name" => self.sparse.name = text(),
            b"GNU.sparse.realsize" | b"GNU.sparse.size" => self.sparse.real_size = Some(decimal(value)?),
            b"GNU.sparse.major" => self.sparse.map_in_data = value == b"1",
            _ => {}
        }
        Some(())
    }
}

fn decimal(text: &[u8]) -> Option<u64> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}
