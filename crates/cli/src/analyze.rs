//! `bundlescope analyze`.

use std::fs;
use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;

use bundlescope_analysis::{Options, Rulebook};
use bundlescope_bundle::Input;
use bundlescope_engine::Diagnosis;
use bundlescope_report::{
    Redactor, TextOptions, render_csv, render_json, render_json_line, render_junit, render_markdown,
    render_markdown_short, render_sarif, render_text,
};
use clap::ValueEnum;

use crate::args::{Analyze, Reading, ReportFormat, Severity, Worker};
use crate::rules::profile;
use crate::{Failure, aside, brand, complain, isolate, packs, print, progress};

pub(crate) fn run(args: &Analyze) -> Result<ExitCode, Failure> {
    let several = args.bundles.len() > 1;
    if several && matches!(args.format, ReportFormat::Html | ReportFormat::Sarif | ReportFormat::Junit) {
        return Err(Failure::usage("a report of this format is about one bundle; call it once for each, or use json"));
    }
    if args.bundles.iter().filter(|bundle| bundle.as_os_str() == "-").count() > 1 {
        return Err(Failure::usage("`-`, standard input, can be read once only"));
    }
    let terminal = args.output.is_none() && std::io::stdout().is_terminal();
    let style = TextOptions { width: width(terminal, args.reading.worker), colour: terminal && wants_colour() };
    if let Some(folder) = &args.template {
        if args.format != ReportFormat::Html {
            return Err(Failure::usage("--template is about the html report; say --format html"));
        }
        // A mistake in it is told once, and before any bundle is read.
        brand::template(folder).map_err(Failure::usage)?;
    }
    if let Some(worker) = args.reading.worker {
        return isolate::work(args, worker);
    }
    let mut collected = Collected::default();
    if args.reading.isolate {
        isolate::each(args, &style, |result| collected.add(result, args))?;
    } else {
        let rules = packs::load_for(&args.reading)?;
        let rules = if args.profile { rules.measured() } else { rules };
        for bundle in &args.bundles {
            let result = report(bundle, &rules, args, &style);
            collected.add(result, args)?;
        }
    }
    collected.finish(args)
}

/// The report of one bundle, and whether it reaches `--fail-on`.
pub(crate) struct Report {
    pub(crate) text: String,
    pub(crate) reached: bool,
    /// What is told on standard error beside it, such as the profile; may be empty.
    pub(crate) beside: String,
}

/// Analyses one of the bundles; an error says why there is no report of it.
pub(crate) fn report(bundle: &Path, rules: &Rulebook, args: &Analyze, style: &TextOptions) -> Result<Report, String> {
    let loaded = progress::load(bundle, rules, &args.reading).map_err(|error| error.to_string())?;
    // Measured beside the analysis, so that the report cannot depend on it.
    let beside = if args.profile { profile::table(&loaded, rules, 20) } else { String::new() };
    let diagnosis = finished(loaded.diagnose(rules.pack()), &args.reading);
    let reached = args.fail_on.is_some_and(|limit| worst(&diagnosis).is_some_and(|found| found >= limit));
    Ok(Report { text: render(&diagnosis, args, style)?, reached, beside })
}

/// The diagnosis as it is shown: with its secrets masked, and with signatures to begin with for errors that nothing
/// explains, which are made of what is shown and so hold no secret either.
pub(crate) fn finished(mut diagnosis: Diagnosis, reading: &Reading) -> Diagnosis {
    /// Errors that get one; those further down are seldom looked at.
    const MOST: usize = 20;
    if !reading.no_redact {
        Redactor::default().diagnosis(&mut diagnosis);
    }
    for one in diagnosis.unexplained.iter_mut().take(MOST) {
        one.signature = bundlescope_authoring::signature_of(&one.example).unwrap_or_default();
    }
    diagnosis
}

/// The reports of a run, printed as they come or kept for one file.
#[derive(Default)]
struct Collected {
    kept: String,
    written: bool,
    reached: bool,
    unreadable: bool,
}

impl Collected {
    fn add(&mut self, result: Result<Report, String>, args: &Analyze) -> Result<(), Failure> {
        match result {
            Ok(Report { mut text, reached, beside }) => {
                if !beside.is_empty() {
                    aside(&beside);
                }
                self.reached |= reached;
                if args.format == ReportFormat::Csv && self.written {
                    // One table with one header.
                    text = text.split_once('\n').map_or_else(String::new, |(_, rows)| rows.to_owned());
                }
                self.written = true;
                if args.output.is_some() {
                    self.kept.push_str(&text);
                    return Ok(());
                }
                print(&text)
            }
            // The other bundles are still worth reading.
            Err(message) => {
                self.unreadable = true;
                complain(&message);
                Ok(())
            }
        }
    }

    fn finish(self, args: &Analyze) -> Result<ExitCode, Failure> {
        if let Some(path) = &args.output
            && !self.kept.is_empty()
        {
            fs::write(path, &self.kept)
                .map_err(|error| Failure::usage(format!("{}: cannot write: {error}", path.display())))?;
        }
        Ok(ExitCode::from(if self.unreadable { 3 } else { u8::from(self.reached) }))
    }
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
    limits.header_bytes = reading.max_header.unwrap_or(limits.header_bytes);
    limits.ratio = reading.max_ratio.unwrap_or(limits.ratio);
    limits.time = reading.max_time.or(limits.time);
    let bounds = &mut options.bounds;
    let count =
        |count: Option<u64>, usual: usize| count.map_or(usual, |count| usize::try_from(count).unwrap_or(usize::MAX));
    bounds.parse_bytes = count(reading.max_parse, bounds.parse_bytes);
    bounds.facts = count(reading.max_facts, bounds.facts);
    options.threads = reading.threads.unwrap_or(options.threads).max(1);
    options
}

fn worst(diagnosis: &Diagnosis) -> Option<Severity> {
    diagnosis.findings.iter().filter_map(|finding| Severity::from_str(&finding.severity, true).ok()).max()
}

/// The report; of one of several bundles in a form that can follow another one.
fn render(diagnosis: &Diagnosis, args: &Analyze, style: &TextOptions) -> Result<String, String> {
    Ok(match args.format {
        ReportFormat::Text => render_text(diagnosis, style),
        ReportFormat::Json if args.bundles.len() > 1 => render_json_line(diagnosis),
        ReportFormat::Json => render_json(diagnosis),
        ReportFormat::Markdown => render_markdown(diagnosis),
        ReportFormat::MarkdownShort => render_markdown_short(diagnosis),
        ReportFormat::Html => brand::html(diagnosis, args.template.as_deref())?,
        ReportFormat::Sarif => render_sarif(diagnosis),
        ReportFormat::Csv => render_csv(diagnosis),
        ReportFormat::Junit => render_junit(diagnosis),
    })
}

/// Colours unless the user asked for none: <https://no-color.org>.
fn wants_colour() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// The terminal's width, or what COLUMNS says it is; 80 columns elsewhere. A worker is told.
pub(crate) fn width(terminal: bool, worker: Option<Worker>) -> usize {
    if let Some(worker) = worker {
        return worker.width;
    }
    if !terminal {
        return 80;
    }
    let told = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let asked = || terminal_size::terminal_size().map(|(terminal_size::Width(columns), _)| usize::from(columns));
    told.or_else(asked).unwrap_or(80).clamp(60, 200)
}
