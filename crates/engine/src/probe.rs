//! The question that a rule puts to the network model, and what it answers.

use bundlescope_facts::{Source, Text, Value};

/// Would a new connection from here to there be delivered?
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ProbeQuestion {
    /// Host whose model is asked; empty for the only one.
    pub node: Text,
    /// Container name, `host`, or an outside address.
    pub from: Text,
    /// Name or address.
    pub to: Text,
    /// `tcp`, `udp`, `icmp`.
    pub proto: Text,
    /// Destination port; 0 for icmp.
    pub port: u16,
}

/// The model's answer.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ProbeAnswer {
    /// The question, with names resolved.
    pub question: ProbeQuestion,
    /// `delivered`, `refused`, `rejected`, `dropped`, `unroutable`, `stalled`, `closed`, `unknown`.
    pub verdict: Text,
    /// Everything a rule may name: `verdict`, `packet`, `reject_with`, `rule.text`, `rule.number`, `rule.table`,
    /// `rule.chain`, `decided_by.kind`, `in_interface`, `out_interface`, `source` (address), `destination`,
    /// `reached.container`, `reached.address`, `reached.port`, `reached.process`, `hook`, `assumed`.
    pub value: Value,
    /// The lines that decide.
    pub evidence: Vec<Source>,
    /// What else tells the story, with what it shows: who listens on the port that is asked.
    pub related: Vec<(Text, Source)>,
    /// One line of text per step of the packet's path, for people.
    pub path: Vec<String>,
    /// For `unknown`: formats that the bundle would have to hold, as (kind, collect command).
    pub missing: Vec<(Text, String)>,
    /// For `delivered`: what may stop the connection all the same, and no document shows.
    pub unlisted: Vec<Unlisted>,
    /// What the bundle did not say and was assumed.
    pub assumed: Vec<String>,
}

/// Something that may decide and that no document shows: a rule that asks for it has no answer.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Unlisted {
    /// The field of the answer that would tell it, such as `rule.native`.
    pub path: Text,
    /// What the field would hold.
    pub value: Value,
    /// The format that would show it.
    pub kind: Text,
    /// The command that collects it.
    pub collect: String,
}

/// Answers probes; implemented by the analysis over the network model.
pub trait Prober: Sync {
    /// Answers one question.
    fn probe(&self, question: &ProbeQuestion) -> ProbeAnswer;

    /// The same world after a command, to prove a fix; `Err` says why the command cannot be simulated.
    fn after<'a>(&'a self, node: &str, command: &str) -> Result<Simulated<'a>, String>;
}

/// A changed world.
pub type Simulated<'a> = Box<dyn Prober + 'a>;
