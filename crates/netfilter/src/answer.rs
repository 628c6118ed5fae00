//! The answer to a probe, in the form of `bundlescope probe --format json`.

use std::net::IpAddr;

use bundlescope_facts::Text;
use serde::{Serialize, Serializer};

/// What the client sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It reaches a listener, and the answer comes back.
    Delivered,
    /// It reaches an address with no listener there: reset, or port unreachable.
    Refused,
    /// A rule answers.
    Rejected,
    /// Silence.
    Dropped,
    /// No route, or a neighbour that cannot exist.
    Unroutable,
    /// The handshake succeeds, then nothing passes.
    Stalled,
    /// docker-proxy accepts and finds nobody behind it.
    Closed,
    /// The bundle does not hold what decides.
    Unknown,
}

impl Verdict {
    /// The word in reports and rules.
    pub fn word(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Refused => "refused",
            Self::Rejected => "rejected",
            Self::Dropped => "dropped",
            Self::Unroutable => "unroutable",
            Self::Stalled => "stalled",
            Self::Closed => "closed",
            Self::Unknown => "unknown",
        }
    }
}

/// What was reached.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reached {
    /// Name of the host; absent for a machine outside the bundle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<Text>,
    /// Container; absent for the host itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container: Option<Text>,
    /// Address behind all translations.
    pub address: IpAddr,
    /// Port behind all translations; absent for pings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// Name of the listening process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process: Option<Text>,
}

/// Kind of what decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DecidedKind {
    /// A firewall rule.
    Rule,
    /// The policy of a base chain.
    Policy,
    /// A listener, or that there is none.
    Listener,
    /// A route, or that there is none.
    Route,
    /// A kernel setting.
    Sysctl,
    /// A neighbour that does not answer.
    Neighbour,
}

/// A rule's number, counted from 1, or the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleNumber {
    /// Position in the chain.
    Number(usize),
    /// The policy of the base chain.
    Policy,
}

impl Serialize for RuleNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(number) => serializer.serialize_u64(*number as u64),
            Self::Policy => serializer.serialize_str("policy"),
        }
    }
}

/// What decided.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DecidedBy {
    /// Kind.
    pub kind: DecidedKind,
    /// Table of a rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<Text>,
    /// Chain of a rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chain: Option<Text>,
    /// Number of a rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleNumber>,
    /// The rule as its document has it, or what was decided in words.
    pub text: Text,
    /// Document that states it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document: Option<Text>,
    /// Line in the document, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
}

/// Where the packet was when a chain decided about it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct At {
    /// Hook, in upper case.
    pub hook: &'static str,
    /// Interface by which it came; empty for packets of the host itself.
    pub in_interface: Text,
    /// Interface by which it would leave; empty for local input.
    pub out_interface: Text,
    /// Source address as it was there, translations included.
    pub source: IpAddr,
    /// Destination address as it was there.
    pub destination: IpAddr,
    /// Destination port as it was there; 0 for pings.
    pub destination_port: u16,
    /// Base chain that led to the decision, and the rule of it that did: its number, or the policy.
    pub base: (Text, RuleNumber),
}

/// How the first packet left the host for a machine outside.
#[derive(Debug, Clone, PartialEq)]
pub struct Left {
    /// Interface of the host.
    pub interface: Text,
    /// Source address on the wire.
    pub source: IpAddr,
    /// The source was translated on the way.
    pub translated: bool,
}

/// One step on the way.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PathEntry {
    /// Hook, or `route`, `bridge`, `nat`, `socket`, `packet` for what happens between hooks.
    pub hook: Text,
    /// Table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<Text>,
    /// Chain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chain: Option<Text>,
    /// Number of the rule; `policy` where the base chain ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleNumber>,
    /// Target of the rule, or the policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<Text>,
    /// Which packet: `fwd`, `rep`, `ack`, `dat`, `err`, `pfwd`, `prep`.
    pub packet: &'static str,
    /// Container in whose network namespace it happens; absent for the host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container: Option<Text>,
    /// The rule's text, or what happens in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<Text>,
    /// Document that states it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document: Option<Text>,
    /// Line in the document, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
}

/// The answer to a [`Flow`](crate::Flow).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Answer {
    /// What the client sees.
    pub verdict: Verdict,
    /// Which packet died; absent when none did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub packet: Option<&'static str>,
    /// How a rejection or refusal looks to the client, as a word of `--reject-with`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reject_with: Option<String>,
    /// What was reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reached: Option<Reached>,
    /// What decided; absent for `delivered`, and where nothing that the bundle holds did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<DecidedBy>,
    /// Where the packet was when a rule or a policy decided about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<At>,
    /// How the first packet left the host for a machine outside, when it did.
    #[serde(skip)]
    pub left: Option<Left>,
    /// Every step of every packet.
    pub path: Vec<PathEntry>,
    /// What the bundle did not say and was assumed; for `unknown`, what decides.
    pub assumed: Vec<String>,
    /// For `unknown`: commands whose output would tell.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<&'static str>,
    /// What may stop the connection all the same, where nobody has looked.
    #[serde(skip)]
    pub unlisted: Vec<Unlisted>,
    /// For `unknown` because tables were not captured: the verdict if they are empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub if_unseen_tables_are_empty: Option<Verdict>,
}

/// What may stop a packet and stands in no document, although those that were captured say nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unlisted {
    /// Tables of nft itself: `iptables-save` leaves them out.
    Native,
    /// Tables of iptables-legacy: neither iptables-nft nor nft shows them.
    Legacy,
    /// Switches of the kernel: forwarding is taken to be on where containers run.
    Settings,
}

impl Unlisted {
    /// The command that shows them.
    pub const fn command(self) -> &'static str {
        match self {
            Self::Native => "nft list ruleset",
            Self::Legacy => "iptables-legacy-save",
            Self::Settings => "sysctl -a",
        }
    }
}

impl Answer {
    /// The path for people: one line a step, with document and line where there is one.
    pub fn lines(&self) -> Vec<String> {
        self.path.iter().map(line).collect()
    }
}

fn line(entry: &PathEntry) -> String {
    let text = entry.text.as_deref().unwrap_or_default();
    let place = match (&entry.document, entry.line) {
        (Some(document), Some(line)) => format!("  ({document}:{line})"),
        _ => String::new(),
    };
    let whose = entry.container.as_ref().map(|name| format!(" [{name}]")).unwrap_or_default();
    match (&entry.table, &entry.chain, entry.rule) {
        (Some(table), Some(chain), Some(RuleNumber::Number(number))) => {
            format!("  {}{whose} {table} {chain} {number}: {text}{place}", entry.hook)
        }
        (Some(table), Some(chain), _) => {
            let target = entry.target.as_deref().unwrap_or("ACCEPT");
            format!("  {}{whose} {table} {chain} policy {target}{place}", entry.hook)
        }
        _ if &*entry.hook == "packet" => format!("{}{whose}: {text}", entry.packet),
        _ => format!("  {}{whose} {text}{place}", entry.hook),
    }
}
