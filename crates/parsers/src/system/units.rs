//! Sizes and durations as commands print them, in bytes and seconds.

/// `12`, `4.7G`, `512K`, `1kB`, `3.7Gi`, `28.7g`: with a unit, powers of 1024; without one, the number as it is.
pub(super) fn size(word: &str) -> Option<u64> {
    scaled(word, 1)
}

/// The same where a number without a unit is of `unit` bytes: `7809.9` MiB.
pub(super) fn scaled(word: &str, unit: u64) -> Option<u64> {
    in_powers(word, unit, 1024)
}

/// The same with units that are powers of `base`: of 1000 for `df -H` and `free --si`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "checked to be finite and positive; sizes with a fraction are rounded anyway"
)]
pub(super) fn in_powers(word: &str, unit: u64, base: u64) -> Option<u64> {
    if let Ok(number) = word.parse::<u64>() {
        return number.checked_mul(unit);
    }
    let number = word.strip_suffix('B').unwrap_or(word);
    let number = number.strip_suffix('i').unwrap_or(number);
    let (number, unit) = match number.char_indices().last()? {
        (_, last) if last.is_ascii_digit() => (number, if number.len() == word.len() { unit } else { 1 }),
        (at, last) => {
            let power = "BKMGTPEZ".find(last.to_ascii_uppercase())?;
            (&number[..at], base.checked_pow(u32::try_from(power).ok()?)?)
        }
    };
    // What Rust reads as a number and no command prints: signs, exponents, `inf`.
    if !number.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b',')) {
        return None;
    }
    let number = number.replace(',', ".").parse::<f64>().ok()?;
    let bytes = number * unit as f64;
    (bytes < u64::MAX as f64).then_some(bytes as u64)
}

/// A number with a fraction, in notations with a comma too; no exponents and no signs.
pub(super) fn fraction(word: &str) -> Option<f64> {
    let plain = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b','));
    if plain { word.replace(',', ".").parse().ok() } else { None }
}

/// CPU time in seconds: `0:03`, `533:33`, `00:55:22`, `1-02:03:04`, `6:51.26`, busybox's `1h23` and `3d12`.
pub(super) fn cpu_time(word: &str) -> Option<u64> {
    for (sign, unit, below) in [('h', 3600, 60), ('d', 86_400, 3600)] {
        if let Some((front, rest)) = word.split_once(sign) {
            return front.parse::<u64>().ok()?.checked_mul(unit)?.checked_add(rest.parse::<u64>().ok()? * below);
        }
    }
    let (days, clock) = match word.split_once('-') {
        Some((days, clock)) => (days.parse::<u64>().ok()?, clock),
        None => (0, word),
    };
    let clock = match clock.split_once('.') {
        Some((clock, hundredths)) if hundredths.bytes().all(|byte| byte.is_ascii_digit()) => clock,
        Some(_) => return None,
        None => clock,
    };
    let mut seconds = 0u64;
    let mut parts = 0;
    for part in clock.split(':') {
        let number = part.parse::<u32>().ok()?;
        // Only the first part may pass 60.
        if parts > 0 && number > 60 {
            return None;
        }
        seconds = seconds.checked_mul(60)?.checked_add(number.into())?;
        parts += 1;
    }
    (2..=3).contains(&parts).then_some(())?;
    days.checked_mul(86_400)?.checked_add(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_in_bytes() {
        let sizes = [("12", 12), ("4K", 4096), ("3.5Gi", 3_758_096_384), ("0B", 0), ("1.2m", 1_258_291), ("1kB", 1024)];
        for (word, bytes) in sizes {
            assert_eq!(size(word), Some(bytes), "{word}");
        }
        assert_eq!(scaled("7809.9", 1 << 20), Some(8_189_273_702));
        assert_eq!(scaled("512", 1024), Some(524_288));
        for word in ["", "-", "-1", "1e3", "inf", "NaN", "x", "K", "1.2.3", "12%", "i", "B"] {
            assert_eq!(size(word), None, "{word}");
        }
    }

    #[test]
    fn times_are_in_seconds() {
        let times = [
            ("0:03", 3),
            ("533:33", 32_013),
            ("00:55:22", 3322),
            ("1-02:03:04", 93_784),
            ("6:51.26", 411),
            ("1h23", 4980),
            ("3d12", 302_400),
        ];
        for (word, seconds) in times {
            assert_eq!(cpu_time(word), Some(seconds), "{word}");
        }
        for word in ["", "-", "3", "1:99", "a:b", "1:2:3:4", "1:02.x"] {
            assert_eq!(cpu_time(word), None, "{word}");
        }
    }
}
