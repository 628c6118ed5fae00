//! `bundlescope diff`: it worked yesterday; what is different?

use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;

use bundlescope_report::{Redactor, render_diff_json, render_diff_markdown, render_diff_text};

use crate::args::{Diff, DiffFormat};
use crate::{Failure, analyze, packs, print, progress};

pub(crate) fn run(args: &Diff) -> Result<ExitCode, Failure> {
    if args.old.as_os_str() == "-" && args.new.as_os_str() == "-" {
        return Err(Failure::usage("`-`, standard input, can be read once only"));
    }
    let rules = packs::load_for(&args.reading)?;
    let read = |bundle: &Path| progress::load(bundle, &rules, &args.reading).map_err(Failure::unreadable);
    let mut diff = bundlescope_analysis::diff(read(&args.old)?, read(&args.new)?, rules.pack());
    if !args.reading.no_redact {
        Redactor::default().diff(&mut diff);
    }
    print(&match args.format {
        DiffFormat::Text => {
            render_diff_text(&diff, analyze::width(std::io::stdout().is_terminal(), args.reading.worker))
        }
        DiffFormat::Json => render_diff_json(&diff),
        DiffFormat::Markdown => render_diff_markdown(&diff),
    })?;
    Ok(ExitCode::SUCCESS)
}
