//! The arguments of the commands for rule authors.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::args::Reading;

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// Rule files or folders [default: the built-in pack]
    pub(crate) paths: Vec<PathBuf>,
    /// Form of the mistakes; json is one object a line, for editors
    #[arg(long, value_enum, default_value_t = Form::Text)]
    pub(crate) format: Form,
    /// The same as --format json
    #[arg(long, hide = true)]
    pub(crate) json: bool,
    /// Leave the built-in pack out
    #[arg(long)]
    pub(crate) no_default_rules: bool,
    /// A site file to check too
    #[arg(long, value_name = "FILE")]
    pub(crate) site: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Test {
    /// Rule files or folders [default: the built-in pack]
    pub(crate) paths: Vec<PathBuf>,
    /// Only tests whose own name or whose rule's id contains this
    #[arg(long, value_name = "TEXT")]
    pub(crate) filter: Option<String>,
    /// List every test with its outcome, not only those that failed
    #[arg(short, long)]
    pub(crate) verbose: bool,
    /// Also tell which conditions, alternatives, exceptions and patterns no test puts to use
    #[arg(long)]
    pub(crate) coverage: bool,
    /// Write what came out into the tests that failed, and into those with `expect: {}`; comments and layout stay
    #[arg(long)]
    pub(crate) update: bool,
    /// Also write the outcomes as a JUnit file
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    /// Print the outcomes as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// Id of the rule or signature
    pub(crate) rule: String,
    /// A folder, an archive, or - for standard input
    pub(crate) bundle: PathBuf,
    /// Form of the explanation
    #[arg(long, value_enum, default_value_t = Form::Text)]
    pub(crate) format: Form,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    Text,
    Json,
}

#[derive(Debug, Args)]
#[command(after_help = "It needs an id, and --from-log or --fact; on a terminal it asks for what is missing.")]
pub(crate) struct New {
    /// Id of the new rule or signature: lower-case letters, digits and dashes; the file is called the same
    pub(crate) id: Option<String>,
    /// Title, one line
    #[arg(long)]
    pub(crate) title: Option<String>,
    /// Propose a signature for this line of a log: pattern, captures, and the test that finds the line
    #[arg(long, value_name = "LINE", conflicts_with = "facts")]
    pub(crate) from_log: Option<String>,
    /// With --from-log: the kind of event [default: found out of the line]
    #[arg(long, value_name = "KIND", requires = "from_log")]
    pub(crate) event: Option<String>,
    /// With --from-log: a line that looks alike and is healthy
    #[arg(long, value_name = "LINE", requires = "from_log")]
    pub(crate) healthy: Vec<String>,
    /// Begin a rule about this kind of fact or event; given twice, they are joined by what they share
    #[arg(long = "fact", value_name = "KIND")]
    pub(crate) facts: Vec<String>,
    /// With --fact: a bundle whose facts are shown as examples
    #[arg(long, value_name = "BUNDLE", requires = "facts")]
    pub(crate) bundle: Option<PathBuf>,
    /// Folder of the new file
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) dir: PathBuf,
    /// Rule packs whose events can be asked for
    #[arg(long = "rules", value_name = "DIR")]
    pub(crate) packs: Vec<PathBuf>,
    /// Print the file instead of writing it
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Capture {
    /// Id of the rule or signature
    pub(crate) rule: String,
    /// A folder or an archive
    pub(crate) bundle: PathBuf,
    /// Name of the test [default: captured from a bundle]
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Capture that the rule stays silent on this bundle, although it comes near
    #[arg(long)]
    pub(crate) silent: bool,
    /// Print the test instead of writing it into the rule file
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

#[derive(Debug, Args)]
pub(crate) struct Docs {
    /// Rule files or folders [default: the built-in pack]
    pub(crate) paths: Vec<PathBuf>,
    /// Folder to write the pages into; it is made when there is none
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Watch {
    /// Rule files or folders
    #[arg(required = true)]
    pub(crate) paths: Vec<PathBuf>,
    /// Milliseconds between two looks at the files
    #[arg(long, value_name = "MS", default_value_t = 500)]
    pub(crate) interval: u64,
    /// Check and test once, and end
    #[arg(long)]
    pub(crate) once: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Fmt {
    /// Rule files or folders
    #[arg(required = true)]
    pub(crate) paths: Vec<PathBuf>,
    /// Write nothing; name the files that are laid out otherwise, and end with 4 when there is one
    #[arg(long)]
    pub(crate) check: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Profile {
    /// A folder, an archive, or - for standard input
    pub(crate) bundle: PathBuf,
    /// Form of the table
    #[arg(long, value_enum, default_value_t = Form::Text)]
    pub(crate) format: Form,
    /// Rules and signatures that are listed, the slowest first; 0 for all
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) top: usize,
    #[command(flatten)]
    pub(crate) reading: Reading,
}
