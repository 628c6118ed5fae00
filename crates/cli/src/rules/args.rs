//! The arguments of the commands for rule authors.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::args::Reading;

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
