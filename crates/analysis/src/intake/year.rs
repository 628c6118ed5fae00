//! The year of stamps that have none.

/// The year of stamps that have none, where a path tells it.
pub(super) type Year = Option<i16>;

/// The year of the last date in a path: collectors put the day of the capture into the names of bundles and folders
/// (`sosreport-web1-2026-11-21-abcdef`), log rotation that of the log (`messages-20261121`).
pub(super) fn year_in(path: &str) -> Year {
    let digits = |text: &[u8]| -> Option<i16> {
        text.iter().try_fold(0, |number, byte| Some(number * 10 + i16::from((*byte as char).to_digit(10)? as u8)))
    };
    let date = |text: &[u8]| -> Year {
        let year = digits(text.get(..4)?).filter(|year| (2000..2100).contains(year))?;
        let gap = usize::from(matches!(text.get(4)?, b'-' | b'_' | b'.'));
        let month = digits(text.get(4 + gap..6 + gap)?)?;
        let same = gap == 0 || text.get(4) == text.get(7);
        let day = digits(text.get(6 + 2 * gap..8 + 2 * gap)?)?;
        (same && (1..=12).contains(&month) && (1..=31).contains(&day)).then_some(year)
    };
    let bytes = path.as_bytes();
    let fresh = |at: &usize| at.checked_sub(1).and_then(|before| bytes.get(before)).is_none_or(|b| !b.is_ascii_digit());
    (0..bytes.len()).rev().filter(fresh).find_map(|at| date(bytes.get(at..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_in_a_path_tells_the_year() {
        for (path, year) in [
            ("sosreport-web1-2026-11-21-abcdef/var/log/messages", Some(2026)),
            ("supportbundle_20261121T013602Z.tar.gz", Some(2026)),
            ("sos-2026-01-02/var/log/messages-20251228", Some(2025)),
            ("logs/2024.05.06/app", Some(2024)),
            ("var/log/1202611210", None),
            ("var/log/2026-1121", None),
            ("v2026/13/01", None),
            ("app-20261399.log", None),
            ("", None),
        ] {
            assert_eq!(year_in(path), year, "{path}");
        }
    }
}
