//! `bundlescope open`: the HTML report beside the bundle.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::args::Open;
use crate::{Failure, analyze, brand, packs, print, progress};

pub(crate) fn run(args: &Open) -> Result<ExitCode, Failure> {
    let rules = packs::load_for(&args.reading)?;
    let output = match &args.output {
        Some(path) => path.clone(),
        None => beside(&args.bundle)?,
    };
    if let Some(folder) = &args.template {
        brand::template(folder).map_err(Failure::usage)?;
    }
    let loaded = progress::load(&args.bundle, &rules, &args.reading).map_err(Failure::unreadable)?;
    let diagnosis = analyze::finished(loaded.diagnose(rules.pack()), &args.reading);
    let html = brand::html(&diagnosis, args.template.as_deref()).map_err(Failure::usage)?;
    fs::write(&output, html)
        .map_err(|error| Failure::usage(format!("{}: cannot write: {error}; name a file with -o", output.display())))?;
    print(&format!("{}\n", bundlescope_report::plain_line(&output.display().to_string())))?;
    Ok(ExitCode::SUCCESS)
}

/// `bundle.tar.gz` has its report in `bundle.tar.gz.html`: a report never takes the place of a file of the bundle.
fn beside(bundle: &Path) -> Result<PathBuf, Failure> {
    // `.` and `..` have a name once they are resolved.
    let whole = match bundle.file_name() {
        Some(_) => bundle.to_owned(),
        None => fs::canonicalize(bundle)
            .map_err(|error| Failure::unreadable(format!("{}: cannot be read: {error}", bundle.display())))?,
    };
    match whole.file_name().filter(|name| *name != "-") {
        Some(name) => {
            let mut file = name.to_owned();
            file.push(".html");
            Ok(whole.with_file_name(file))
        }
        None => Err(Failure::usage("a bundle without a name has no place beside it; name a file with -o")),
    }
}
