//! Progress on standard error, only where it is a terminal and nobody asked for quiet.

use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bundlescope_analysis::{Loaded, OpenError, Rulebook};
use indicatif::{ProgressBar, ProgressState, ProgressStyle};

use crate::analyze;
use crate::args::Reading;

/// A bundle of this size takes long enough for a bar with its speed and its end.
const BIG: u64 = 16 << 20;

/// Reads a bundle and shows how far it is.
pub(crate) fn load(bundle: &Path, rules: &Rulebook, reading: &Reading) -> Result<Loaded, OpenError> {
    let options = analyze::options(reading);
    let bar = bar(bundle, reading, &options.watch);
    let loaded = bundlescope_analysis::load(&analyze::input(bundle), rules, &options);
    bar.finish_and_clear();
    loaded
}

/// A spinner with the bundle's name, for what reads it in its own way.
pub(crate) fn spinner(bundle: &Path, reading: &Reading) -> ProgressBar {
    bar(bundle, reading, &Arc::default())
}

/// With speed and remaining time where the bundle is big; of standard input without an end, how much came.
fn bar(bundle: &Path, reading: &Reading, watch: &Arc<AtomicU64>) -> ProgressBar {
    if reading.quiet || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let size = size(bundle);
    let watch = Arc::clone(watch);
    let template = match size {
        Some(size) if size < BIG => "{spinner} {msg} {elapsed}",
        _ => "{spinner} {msg} {far}",
    };
    let far = move |state: &ProgressState, out: &mut dyn std::fmt::Write| {
        // A line that cannot be drawn is drawn the next time.
        let _ = out.write_str(&far(watch.load(Ordering::Relaxed), size, state.elapsed()));
    };
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner());
    let name = bundle.display().to_string();
    let bar = ProgressBar::new_spinner()
        .with_style(style.with_key("far", far))
        .with_message(format!("reading {}", name.escape_debug()));
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

/// Bytes that will be read: of the file, or of all files of the folder; standard input tells where it is a file.
fn size(bundle: &Path) -> Option<u64> {
    let bundle = if bundle.as_os_str() == "-" { Path::new("/dev/stdin") } else { bundle };
    let about = std::fs::metadata(bundle).ok()?;
    if about.is_file() {
        return Some(about.len());
    }
    if !about.is_dir() {
        return None;
    }
    let (mut bytes, mut folders) = (0_u64, vec![bundle.to_owned()]);
    while let Some(folder) = folders.pop() {
        // What cannot be listed cannot be read either, and links are not followed.
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(about) if about.is_dir() => folders.push(entry.path()),
                Ok(about) if about.is_file() => bytes = bytes.saturating_add(about.len()),
                _ => {}
            }
        }
    }
    Some(bytes)
}

/// `40 % of 1200 MB, 85 MB/s, 9 s left`; the time left once there is something to tell it from. `480 MB, 85 MB/s` where
/// the end is not known.
fn far(read: u64, size: Option<u64>, elapsed: Duration) -> String {
    let millis = elapsed.as_millis().max(1);
    let speed = u128::from(read) * 1000 / millis;
    let Some(size) = size else { return format!("{} MB, {} MB/s", read / 1_000_000, speed / 1_000_000) };
    let percent = u128::from(read.min(size)) * 100 / u128::from(size.max(1));
    let mut out = format!("{percent} % of {} MB, {} MB/s", size / 1_000_000, speed / 1_000_000);
    if millis > 1_000 && speed > 0 {
        out.push_str(&format!(", {} s left", u128::from(size.saturating_sub(read)) / speed));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_it_is_is_told_with_speed_and_end() {
        let of = |read, seconds| far(read, Some(1_200_000_000), Duration::from_secs(seconds));
        assert_eq!(of(0, 0), "0 % of 1200 MB, 0 MB/s");
        assert_eq!(of(400_000_000, 4), "33 % of 1200 MB, 100 MB/s, 8 s left");
        assert_eq!(of(1_300_000_000, 10), "100 % of 1200 MB, 130 MB/s, 0 s left");
        assert_eq!(far(480_000_000, None, Duration::from_secs(4)), "480 MB, 120 MB/s");
    }

    #[test]
    fn a_folder_is_as_large_as_its_files() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("a/b")).unwrap();
        std::fs::write(folder.path().join("a/b/c"), [0; 700]).unwrap();
        std::fs::write(folder.path().join("d"), [0; 70]).unwrap();
        assert_eq!(size(folder.path()), Some(770));
        assert_eq!(size(&folder.path().join("d")), Some(70));
        assert_eq!(size(&folder.path().join("nothing")), None);
    }
}
