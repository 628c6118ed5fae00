//! What one test of a rule says of one packet.

mod lookup;
mod tests;

use bundlescope_facts::{Family, Text};

use crate::conntrack::Conn;
use crate::model::Host;
use crate::packet::Packet;

pub(crate) use lookup::{nat_value, value_of};
pub(crate) use tests::{in_ranges, passes};

/// Where and how a packet meets a rule.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) host: &'a Host,
    pub(crate) namespace: usize,
    pub(crate) v6: bool,
    pub(crate) packet: &'a Packet,
    pub(crate) conn: Option<&'a Conn>,
    /// Name of the input device; empty where there is none.
    pub(crate) input: &'a str,
    /// Name of the output device; empty where there is none.
    pub(crate) output: &'a str,
    /// Port of the bridge by which it leaves.
    pub(crate) port_out: Option<usize>,
    /// Family and name of the nft table whose sets are meant.
    pub(crate) table: (Family, &'a Text),
    /// The rule is one of nft itself.
    pub(crate) native: bool,
}

/// What a test says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    Yes,
    No,
    /// It does not apply to such packets: the rule does not match, negated or not.
    Never,
    /// The bundle does not tell; what it depends on.
    Unknown(String),
}

impl Outcome {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}
