//! `bundlescope rules capture`.

use std::fs;
use std::process::ExitCode;

use bundlescope_authoring::{CaptureWish, capture, read_texts};
use bundlescope_report::plain;

use super::args::Capture;
use crate::{Failure, aside, packs, print, progress, verbatim};

pub(crate) fn run(args: &Capture) -> Result<ExitCode, Failure> {
    // Tells every mistake of the packs before anything is read.
    let rules = packs::load_with_drafts(&args.reading)?;
    let mut sources = vec![bundlescope_rules::embedded()];
    for pack in &args.reading.packs {
        sources.push(packs::read(pack)?);
    }
    let built_in = sources.first().map(|source| source.files.clone()).unwrap_or_default();
    let id = &args.rule;
    let path = rules.pack().rule(id).map(|rule| rule.path.clone());
    let path = path.or_else(|| rules.pack().signatures().iter().find(|s| *s.id == **id).map(|s| s.path.clone()));
    let Some(path) = path else {
        return Err(Failure::usage(format!(
            "there is no rule or signature `{id}`; name its file or folder with --rules"
        )));
    };
    if !args.dry_run && built_in.iter().any(|file| *file.path == *path) {
        return Err(Failure::usage(format!(
            "`{id}` is built in: name the folder of its file with --rules, or print the test with --dry-run"
        )));
    }
    let bar = progress::spinner(&args.bundle, &args.reading);
    let limits = crate::analyze::options(&args.reading).limits;
    let texts = read_texts(&crate::analyze::input(&args.bundle), &limits).map_err(Failure::unreadable);
    let wish = CaptureWish { id: id.clone(), name: args.name.clone(), silent: args.silent };
    let captured = texts.and_then(|texts| capture(&sources, &texts, &wish).map_err(Failure::usage));
    bar.finish_and_clear();
    let captured = captured?;
    for note in &captured.notes {
        aside(&format!("note: {note}"));
    }
    if args.dry_run {
        print(&format!("{}\n", verbatim(&captured.test)))?;
        return Ok(ExitCode::SUCCESS);
    }
    fs::write(&captured.path, &captured.text)
        .map_err(|error| Failure::usage(format!("{}: cannot write: {error}", captured.path)))?;
    print(&format!("added a test to {}\n", plain(&captured.path)))?;
    Ok(ExitCode::SUCCESS)
}
