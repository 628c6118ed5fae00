//! `bundlescope rules docs`.

use std::fs;
use std::process::ExitCode;

use bundlescope_analysis::{TestOptions, run_tests};
use bundlescope_authoring::site;
use bundlescope_rules::Pack;

use super::args::Docs;
use super::{ids_of, named, sources};
use crate::packs::count;
use crate::{Failure, packs, print};

pub(crate) fn run(args: &Docs) -> Result<ExitCode, Failure> {
    let (sources, base) = sources(&args.paths)?;
    let (pack, diagnostics) = Pack::load_sources(&sources);
    let rules = packs::rulebook(pack, &diagnostics)?;
    let paths = named(&args.paths, &sources);
    let ids = ids_of(rules.pack(), &paths);
    let wanted = |id: &str, _: &str| ids.contains(id);
    let run = run_tests(&rules, &TestOptions { base: base.as_deref(), wanted: &wanted, coverage: false });
    let pages = site(rules.pack(), &run.outcomes, &|path| paths.contains(path)).map_err(Failure::rules)?;
    for page in &pages {
        // Ids consist of letters, digits and dashes, so no page lies outside the folder.
        let path = args.output.join(&page.path);
        let problem = |error: std::io::Error| Failure::usage(format!("{}: cannot write: {error}", path.display()));
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(problem)?;
        }
        fs::write(&path, &page.content).map_err(problem)?;
    }
    let index = args.output.join("index.html");
    print(&format!("wrote {}; begin with {}\n", count(pages.len(), "page"), index.display()))?;
    Ok(ExitCode::SUCCESS)
}
