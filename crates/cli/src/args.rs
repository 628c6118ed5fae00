//! The command line.

use std::fmt::{self, Display};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::rules::args as rules;

/// Reads a customer's support bundle offline and names the cause, with the lines that prove it and a checked fix.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 ran, nothing at or above --fail-on; 1 findings at or above it; 2 usage; \
3 the bundle cannot be read at all; 4 a rule file is wrong; 5 a rule test failed.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Name the cause of what is wrong in a bundle
    Analyze(Analyze),
    /// Write the HTML report of a bundle beside it, and print its path
    Open(Open),
    /// Tell what is new, gone and changed between two bundles
    Diff(Diff),
    /// Show what a rule can match on in a bundle
    Facts(Facts),
    /// Ask whether a connection would be delivered, and what decides
    Probe(Probe),
    /// List the ports that containers use, as installation requirements, with the rules that allow them
    Ports(Ports),
    /// For rule authors: check, test, explain, begin, capture and document rules
    #[command(subcommand)]
    Rules(Rules),
}

impl Command {
    /// How bundles are read, of a command that reads some.
    pub(crate) fn reading(&self) -> Option<&Reading> {
        match self {
            Self::Analyze(args) => Some(&args.reading),
            Self::Open(args) => Some(&args.reading),
            Self::Diff(args) => Some(&args.reading),
            Self::Facts(args) => Some(&args.reading),
            Self::Probe(args) => Some(&args.reading),
            Self::Ports(args) => Some(&args.reading),
            Self::Rules(Rules::Explain(args)) => Some(&args.reading),
            Self::Rules(Rules::Capture(args)) => Some(&args.reading),
            Self::Rules(Rules::Profile(args)) => Some(&args.reading),
            Self::Rules(_) => None,
        }
    }
}

/// How bundles are read; the same for every command that reads one.
#[derive(Debug, Args)]
pub(crate) struct Reading {
    /// Rule packs to add; rules of the same id replace the built-in ones
    #[arg(long = "rules", value_name = "DIR")]
    pub(crate) packs: Vec<PathBuf>,
    /// Leave the built-in pack out
    #[arg(long)]
    pub(crate) no_default_rules: bool,
    /// Parameters, severities and suppressions of this site
    #[arg(long, value_name = "FILE")]
    pub(crate) site: Option<PathBuf>,
    /// Evaluate drafts too
    #[arg(long)]
    pub(crate) drafts: bool,
    /// Threads to use [default: all cores]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<usize>,
    /// Read at most this many bytes of unpacked documents (suffixes K, M, G)
    #[arg(long, value_name = "BYTES", value_parser = bytes)]
    pub(crate) max_bytes: Option<u64>,
    /// Read at most this many bytes of one document (suffixes K, M, G)
    #[arg(long, value_name = "BYTES", value_parser = bytes)]
    pub(crate) max_document: Option<u64>,
    /// Read at most this many archive entries
    #[arg(long, value_name = "N")]
    pub(crate) max_entries: Option<u64>,
    /// Open archives inside archives down to this depth
    #[arg(long, value_name = "N")]
    pub(crate) max_depth: Option<u32>,
    /// Read at most this many bytes of one archive header (suffixes K, M, G)
    #[arg(long, value_name = "BYTES", value_parser = bytes)]
    pub(crate) max_header: Option<u64>,
    /// Show passwords, tokens and private keys, which are masked otherwise
    #[arg(long)]
    pub(crate) no_redact: bool,
    /// Show no progress
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// Stop unpacking what grows by more than this factor
    #[arg(long, value_name = "N")]
    pub(crate) max_ratio: Option<u64>,
    /// Read for at most this long (suffixes s, m, h); what was read until then is analysed
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) max_time: Option<Duration>,
    /// Parse documents of at most this many bytes, and search larger ones like logs (suffixes K, M, G) [default: 16M]
    #[arg(long, value_name = "BYTES", value_parser = bytes)]
    pub(crate) max_parse: Option<u64>,
    /// Keep at most this many facts of a bundle [default: 150000]
    #[arg(long, value_name = "N")]
    pub(crate) max_facts: Option<u64>,
    /// Read in a process of its own, for analyze in one for each bundle: one that crashes, or needs too much, is an error and
    /// costs nothing else
    #[arg(long)]
    pub(crate) isolate: bool,
    /// With --isolate: memory of the process (suffixes K, M, G) [default: 2G]
    #[arg(long, value_name = "BYTES", value_parser = bytes, requires = "isolate")]
    pub(crate) max_memory: Option<u64>,
    /// With --isolate: end a process that runs for longer (suffixes s, m, h) [default: 1h]
    #[arg(long, value_name = "TIME", value_parser = duration, requires = "isolate")]
    pub(crate) max_run: Option<Duration>,
    /// The part of a worker process in an isolated run; only the program itself passes it on
    #[arg(long, hide = true, value_name = "BUNDLE:WIDTH:COLOUR")]
    pub(crate) worker: Option<Worker>,
}

#[derive(Debug, Args)]
pub(crate) struct Analyze {
    /// Folders, archives, or - for standard input
    #[arg(required = true, value_name = "BUNDLE")]
    pub(crate) bundles: Vec<PathBuf>,
    /// Form of the report; with several bundles json is one line for each, and html, sarif and junit are refused
    #[arg(long, value_enum, default_value_t = ReportFormat::Text)]
    pub(crate) format: ReportFormat,
    /// Write the report to a file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Brand and words of the html report: a folder with report.html, report.css or words.json, see the README
    #[arg(long, value_name = "DIR")]
    pub(crate) template: Option<PathBuf>,
    /// Also tell on standard error what each rule and signature took; the report stays the same
    #[arg(long)]
    pub(crate) profile: bool,
    /// Exit with 1 when there is a finding of this severity or above
    #[arg(long, value_enum, value_name = "SEVERITY")]
    pub(crate) fail_on: Option<Severity>,
    /// With --isolate: so many bundles at a time; reports keep the order of the bundles
    #[arg(long, value_name = "N", default_value_t = 1, requires = "isolate")]
    pub(crate) jobs: usize,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

#[derive(Debug, Args)]
pub(crate) struct Open {
    /// A folder or an archive
    pub(crate) bundle: PathBuf,
    /// Write here instead of beside the bundle
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Brand and words of the report, see the README
    #[arg(long, value_name = "DIR")]
    pub(crate) template: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// The bundle from before: a folder, an archive, or - for standard input
    pub(crate) old: PathBuf,
    /// The bundle of today
    pub(crate) new: PathBuf,
    /// Form of the comparison
    #[arg(long, value_enum, default_value_t = DiffFormat::Text)]
    pub(crate) format: DiffFormat,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DiffFormat {
    Text,
    Json,
    Markdown,
}

/// What a worker process is told besides the arguments of the run that it is a part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Worker {
    /// Which of the bundles it analyses, counted from 0.
    pub(crate) bundle: usize,
    /// Columns of a text report.
    pub(crate) width: usize,
    /// Whether a text report has colours.
    pub(crate) colour: bool,
}

impl FromStr for Worker {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let read = || {
            let mut parts = text.split(':');
            let bundle = parts.next()?.parse().ok()?;
            let width = parts.next()?.parse().ok()?;
            let colour = parts.next()?.parse().ok()?;
            parts.next().is_none().then_some(Self { bundle, width, colour })
        };
        read().ok_or_else(|| format!("expected BUNDLE:WIDTH:COLOUR such as 0:80:false, got `{text}`"))
    }
}

impl Display for Worker {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}:{}", self.bundle, self.width, self.colour)
    }
}

#[derive(Debug, Args)]
pub(crate) struct Facts {
    /// A folder, an archive, or - for standard input
    pub(crate) bundle: PathBuf,
    /// List the facts of this kind instead of the documents
    #[arg(long)]
    pub(crate) kind: Option<String>,
    /// Form of the list
    #[arg(long, value_enum, default_value_t = FactsFormat::Table)]
    pub(crate) format: FactsFormat,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

#[derive(Debug, Args)]
pub(crate) struct Probe {
    /// A folder, an archive, or - for standard input
    pub(crate) bundle: PathBuf,
    /// Where the connection comes from: a container's name, id or address, `host`, or an outside address
    #[arg(long, value_name = "FROM", required_unless_present = "flows")]
    pub(crate) from: Option<String>,
    /// Where it goes: HOST:PORT, a name or an address; no port for icmp
    #[arg(long, value_name = "TO", required_unless_present = "flows")]
    pub(crate) to: Option<String>,
    /// Protocol
    #[arg(long, value_enum, default_value_t = Protocol::Tcp)]
    pub(crate) proto: Protocol,
    /// The host that is asked, when the bundle holds several
    #[arg(long, value_name = "NODE")]
    pub(crate) host: Option<String>,
    /// Read many questions from a file of JSON lines, - for standard input; answers come in the same order
    #[arg(long, value_name = "FILE", conflicts_with_all = ["from", "to"])]
    pub(crate) flows: Option<PathBuf>,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t = ProbeFormat::Text)]
    pub(crate) format: ProbeFormat,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

#[derive(Debug, Args)]
pub(crate) struct Ports {
    /// A folder, an archive, or - for standard input
    pub(crate) bundle: PathBuf,
    /// Compare with a list of declared requirements: lines such as "- internal communication on ports 5432 and 6379"
    #[arg(long, value_name = "FILE")]
    pub(crate) requirements: Option<PathBuf>,
    /// Form of the list
    #[arg(long, value_enum, default_value_t = PortsFormat::Text)]
    pub(crate) format: PortsFormat,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PortsFormat {
    Text,
    Markdown,
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Rules {
    /// Report every mistake of every rule file
    Check(rules::Check),
    /// Run the tests inside the rule files
    Test(rules::Test),
    /// Tell condition by condition why a rule fired, did not fire, or is undecided; or what a signature nearly matched
    Explain(rules::Explain),
    /// Begin a rule about kinds of facts, or a signature for a line of a log
    New(rules::New),
    /// Make a small, anonymous test of a bundle and add it to the rule file
    Capture(rules::Capture),
    /// Write the rules as pages for people: static HTML that works from a folder
    Docs(rules::Docs),
    /// Check and test again whenever a rule file changes, until Ctrl-C
    Watch(rules::Watch),
    /// Lay rule files out canonically; comments stay
    Fmt(rules::Fmt),
    /// Tell what each rule and each signature takes on a bundle, the slowest first
    Profile(rules::Profile),
    /// Print the JSON Schema of rule files, for editors
    Schema,
    /// List the rules with their titles
    List {
        /// Rule packs to add to the built-in one
        #[arg(long = "rules", value_name = "DIR")]
        packs: Vec<PathBuf>,
    },
    /// Print every kind of fact and event with its fields, and the documents that state it, as Markdown
    Vocabulary,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    Text,
    Json,
    Markdown,
    /// Verdict, first proof and first remedy of each finding, for a comment in a ticket
    MarkdownShort,
    Html,
    Sarif,
    Csv,
    /// JUnit XML, for pipelines
    Junit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FactsFormat {
    Table,
    Json,
    Jsonl,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProbeFormat {
    Text,
    Json,
    Jsonl,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Protocol {
    Tcp,
    Udp,
    Icmp,
}

impl Protocol {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Icmp => "icmp",
        }
    }
}

/// Ordered from the least severe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Severity {
    Info,
    Low,
    Medium,
    High,
    Critical,
}

/// A number of bytes with an optional binary suffix.
fn bytes(text: &str) -> Result<u64, String> {
    let (digits, factor) = match text.as_bytes().last() {
        Some(b'K' | b'k') => (&text[..text.len() - 1], 1 << 10),
        Some(b'M' | b'm') => (&text[..text.len() - 1], 1 << 20),
        Some(b'G' | b'g') => (&text[..text.len() - 1], 1 << 30),
        _ => (text, 1),
    };
    let number: u64 = digits.parse().map_err(|_| format!("expected a number of bytes such as 500M, got `{text}`"))?;
    number.checked_mul(factor).ok_or_else(|| format!("`{text}` is too large"))
}

/// A time with a unit; a bare number counts seconds.
fn duration(text: &str) -> Result<Duration, String> {
    let (digits, factor) = match text.as_bytes().last() {
        Some(b's') => (&text[..text.len() - 1], 1),
        Some(b'm') => (&text[..text.len() - 1], 60),
        Some(b'h') => (&text[..text.len() - 1], 3600),
        _ => (text, 1),
    };
    let number: f64 = digits.parse().map_err(|_| format!("expected a time such as 90s or 10m, got `{text}`"))?;
    Duration::try_from_secs_f64(number * f64::from(factor)).map_err(|_| format!("`{text}` is no time that can pass"))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
        assert_eq!(bytes("3G"), Ok(3 << 30));
        assert!(bytes("3T").is_err());
        assert!(bytes("99999999999G").is_err());
        assert_eq!(duration("1.5m"), Ok(Duration::from_secs(90)));
        assert!(duration("-1s").is_err());
        assert!(duration("soon").is_err());
    }

    #[test]
    fn a_worker_is_told_its_part_in_one_word() {
        let worker = Worker { bundle: 3, width: 120, colour: true };
        assert_eq!(worker.to_string().parse(), Ok(worker));
        assert!("3:120".parse::<Worker>().is_err());
        assert!("3:120:true:1".parse::<Worker>().is_err());
    }
}
