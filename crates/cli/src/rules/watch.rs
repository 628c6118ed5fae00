//! `bundlescope rules watch`: checks and tests again whenever a file changes. Ctrl-C ends it.
//!
//! The files are looked at every so often instead of asking the system for news: that works on every file system, a few
//! hundred small files cost nothing, and an editor that replaces a file by a new one is seen as well.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use bundlescope_analysis::{TestOptions, TestOutcome, run_tests};
use bundlescope_report::plain;
use bundlescope_rules::Pack;

use super::args::Watch;
use super::{ids_of, sources, test};
use crate::packs::{count, is_error};
use crate::{Failure, packs, print};

/// Each file and its text.
type Snapshot = BTreeMap<String, String>;

pub(crate) fn run(args: &Watch) -> Result<ExitCode, Failure> {
    let mut known = Snapshot::new();
    loop {
        let now = snapshot(&args.paths)?;
        let changed = changed(&known, &now);
        if !changed.is_empty() {
            let (text, sound) = round(&args.paths, &changed)?;
            print(&plain(&text))?;
            if args.once {
                return Ok(ExitCode::from(sound));
            }
            known = now;
        } else if args.once {
            return Ok(ExitCode::SUCCESS);
        }
        std::thread::sleep(Duration::from_millis(args.interval.max(50)));
    }
}

fn snapshot(paths: &[PathBuf]) -> Result<Snapshot, Failure> {
    let mut files = Snapshot::new();
    for path in paths {
        // While an editor saves, a file may be gone for a moment.
        if let Ok(source) = packs::read(path) {
            files.extend(source.files.into_iter().map(|file| (file.path, file.text)));
        }
    }
    if files.is_empty() {
        return Err(Failure::rules("none of the named files is there"));
    }
    Ok(files)
}

/// The files that are new, or hold something else.
fn changed(known: &Snapshot, now: &Snapshot) -> Vec<String> {
    let gone = known.keys().filter(|path| !now.contains_key(*path));
    let different = now.iter().filter(|(path, text)| known.get(*path) != Some(text)).map(|(path, _)| path);
    different.chain(gone).cloned().collect()
}

/// Checks all files and tests those that changed; the text for people, and the exit code of it.
fn round(paths: &[PathBuf], changed: &[String]) -> Result<(String, u8), Failure> {
    let (sources, base) = sources(paths)?;
    let (pack, diagnostics) = Pack::load_sources(&sources);
    let named = |path: &str| changed.iter().any(|changed| changed == path);
    let mut out = String::new();
    for diagnostic in diagnostics.iter().filter(|found| is_error(found) || named(&found.path)) {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{}\n", diagnostic.render());
    }
    let errors = diagnostics.iter().filter(|found| is_error(found)).count();
    let files = if changed.len() == 1 { changed.concat() } else { count(changed.len(), "file") };
    if errors > 0 {
        let _ = writeln!(out, "{files}: {}", count(errors, "error"));
        return Ok((out, 4));
    }
    let rules = packs::rulebook(pack, &diagnostics)?;
    let ids = ids_of(rules.pack(), &changed.iter().map(String::as_str).collect());
    let wanted = |id: &str, _: &str| ids.contains(id);
    let run = run_tests(&rules, &TestOptions { base: base.as_deref(), wanted: &wanted, coverage: false });
    let _ = write!(out, "{files}\n{}", test::as_text(&run, false));
    Ok((out, if run.outcomes.iter().any(TestOutcome::failed) { 5 } else { 0 }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_changed_and_removed_files_are_seen() {
        let files = |pairs: &[(&str, &str)]| -> Snapshot {
            pairs.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
        };
        let before = files(&[("a", "1"), ("b", "2"), ("c", "3")]);
        let after = files(&[("a", "1"), ("b", "5"), ("d", "4")]);
        assert_eq!(changed(&before, &after), ["b", "d", "c"]);
        assert!(changed(&after, &after).is_empty());
        assert_eq!(changed(&Snapshot::new(), &before).len(), 3);
    }
}
