//! `bundlescope analyze`.

use std::fs;
use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;

use bundlescope_analysis::{Options, analyze};
use bundlescope_bundle::Input;
use bundlescope_engine::Diagnosis;
use bundlescope_report::{
    TextOptions, render_csv, render_html, render_json, render_json_line, render_markdown, render_sarif, render_text,
};
use clap::ValueEnum;

use crate::args::{Analyze, Reading, ReportFormat, Severity};
use crate::{Failure, complain, packs, print, progress};

pub(crate) fn run(args: &Analyze) -> Result<ExitCode, Failure> {
    let several = args.bundles.len() > 1;
    if several && matches!(args.format, ReportFormat::Html | ReportFormat::Sarif) {
        return Err(Failure::usage("a report of this format is about one bundle; call it once for each, or use json"));
    }
    if args.bundles.iter().filter(|bundle| bundle.as_os_str() == "-").count() > 1 {
        return Err(Failure::usage("`-`, standard input, can be read once only"));
    }
    let rules = packs::load(&args.reading.packs)?;
    let options = options(&args.reading);
    let (mut reached, mut unreadable, mut written, mut out) = (false, false, false, String::new());
    for bundle in &args.bundles {
        let bar = progress::spinner(&bundle.display().to_string());
        let result = analyze(&input(bundle), &rules, &options);
        bar.finish_and_clear();
        match result {
            Ok(diagnosis) => {
                reached |= args.fail_on.is_some_and(|limit| worst(&diagnosis).is_some_and(|found| found >= limit));
                let mut report = render(&diagnosis, args, several);
                if args.format == ReportFormat::Csv && written {
                    // One table with one header.
                    report = report.split_once('\n').map_or_else(String::new, |(_, rows)| rows.to_owned());
                }
                written = true;
                if args.output.is_some() {
                    out.push_str(&report);
                } else {
                    print(&report)?;
                }
            }
            // The other bundles are still worth reading.
            Err(error) => {
                unreadable = true;
                complain(&error.to_string());
            }
        }
    }
    if let Some(path) = &args.output
        && !out.is_empty()
    {
        fs::write(path, &out).map_err(|error| Failure::usage(format!("{}: cannot write: {error}", path.display())))?;
    }
    Ok(ExitCode::from(if unreadable { 3 } else { u8::from(reached) }))
}

/// `-` is standard input.
pub(crate) fn input(path: &Path) -> Input {
    if path.as_os_str() == "-" { Input::Stdin } else { Input::Path(path.to_owned()) }
}

pub(crate) fn options(reading: &Reading) -> Options {
    let mut options = Options::default();
    let limits = &mut options.limits;
    limits.total_bytes = reading.max_bytes.unwrap_or(limits.total_bytes);
    limits.document_bytes = reading.max_document.unwrap_or(limits.document_bytes);
    limits.entries = reading.max_entries.unwrap_or(limits.entries);
    limits.depth = reading.max_depth.unwrap_or(limits.depth);
    options.threads = reading.threads.unwrap_or(options.threads).max(1);
    options
}

fn worst(diagnosis: &Diagnosis) -> Option<Severity> {
    diagnosis.findings.iter().filter_map(|finding| Severity::from_str(&finding.severity, true).ok()).max()
}

/// The report; of one of several bundles in a form that can follow another one.
fn render(diagnosis: &Diagnosis, args: &Analyze, several: bool) -> String {
    match args.format {
        ReportFormat::Text => {
            let terminal = args.output.is_none() && std::io::stdout().is_terminal();
            let colour = terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
            render_text(diagnosis, &TextOptions { width: width(terminal), colour })
        }
        ReportFormat::Json if several => render_json_line(diagnosis),
        ReportFormat::Json => render_json(diagnosis),
        ReportFormat::Markdown => render_markdown(diagnosis),
        ReportFormat::Html => render_html(diagnosis),
        ReportFormat::Sarif => render_sarif(diagnosis),
        ReportFormat::Csv => render_csv(diagnosis),
    }
}

/// The terminal's width where it is told, 80 columns elsewhere.
fn width(terminal: bool) -> usize {
    let told = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    if terminal { told.unwrap_or(80).clamp(60, 200) } else { 80 }
}
