//! One packet's way through namespaces, hooks, routes and bridges.

mod bridge;
mod hooks;
mod nat;
mod reject;
mod route;

use std::collections::BTreeSet;

use bundlescope_facts::Source;

use crate::answer::{At, Left};
use crate::branch::Branches;
use crate::conntrack::ConnTable;
use crate::model::Host;
use crate::packet::{Packet, Tuple};
use crate::rules::Hook;

pub(crate) use reject::{error_packet, reset};

/// Which packet of the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leg {
    /// The first.
    Fwd,
    /// Its answer.
    Rep,
    /// The client's acknowledgement.
    Ack,
    /// The client's first data.
    Dat,
    /// An error on its way back.
    Err,
    /// docker-proxy's own connection, and its answer.
    ProxyFwd,
    ProxyRep,
}

impl Leg {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Fwd => "fwd",
            Self::Rep => "rep",
            Self::Ack => "ack",
            Self::Dat => "dat",
            Self::Err => "err",
            Self::ProxyFwd => "pfwd",
            Self::ProxyRep => "prep",
        }
    }
}

/// A rule, or with `rule` absent the policy of a base chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) namespace: usize,
    pub(crate) v6: bool,
    pub(crate) chain: usize,
    pub(crate) rule: Option<usize>,
}

/// What decided about a packet.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Decider {
    Place(Place),
    Listener,
    Route,
    Sysctl,
    Neighbour,
}

/// Why a packet did not get further.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cause {
    pub(crate) decider: Decider,
    /// For people; a rule's own text is looked up where it is shown.
    pub(crate) text: String,
    pub(crate) source: Option<Source>,
    /// Where the packet was, when a chain decided.
    pub(crate) at: Option<Box<At>>,
}

impl Cause {
    pub(crate) fn new(decider: Decider, text: impl Into<String>, source: Option<&Source>) -> Self {
        Self { decider, text: text.into(), source: source.cloned(), at: None }
    }

    pub(crate) fn place(place: Place) -> Self {
        Self { decider: Decider::Place(place), text: String::new(), source: None, at: None }
    }
}

/// How an answer made on the way sets out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Via {
    /// Like any packet of that namespace.
    Output(usize),
    /// Straight out of a bridge port, past OUTPUT and POSTROUTING.
    Port(usize),
}

/// What became of a packet.
#[derive(Debug, Clone)]
pub(crate) enum Fate {
    /// It reached the sockets of a namespace.
    Arrived { namespace: usize, packet: Packet },
    /// It left the host by this interface of the host.
    Left { device: usize, packet: Packet },
    /// Gone without a word.
    Lost(Cause),
    /// The sender itself is told that there is no way.
    Unroutable(Cause),
    /// Refused with an answer that is yet to travel: the word of `--reject-with`; `unroutable` when no rule said so.
    Answered { cause: Cause, word: String, unroutable: bool, answer: Box<Packet>, via: Via },
    /// The bundle does not tell.
    Unknown { reason: String, missing: Vec<&'static str> },
}

/// One thing that happened to a packet, for the path.
#[derive(Debug, Clone)]
pub(crate) enum Event {
    /// A packet sets out.
    Packet { leg: Leg, tuple: Tuple, namespace: Option<usize> },
    /// A rule matched, or a base chain ended.
    Rule { place: Place, hook: Hook },
    /// NAT changed the packet.
    Nat { hook: Hook, before: Tuple, after: Tuple },
    /// A routing decision.
    Route { text: String, source: Option<Source> },
    /// A hop over a bridge.
    Bridge { text: String },
    /// It reached a listener, or nobody.
    Socket { text: String, source: Option<Source> },
}

/// A run of one conversation.
pub(crate) struct Sim<'a, 'b> {
    pub(crate) host: &'a Host,
    pub(crate) tables: Vec<ConnTable>,
    pub(crate) events: Vec<Event>,
    pub(crate) branches: &'b mut Branches,
    pub(crate) assumed: BTreeSet<String>,
    /// Tables that no document shows at hooks that packets passed.
    pub(crate) unseen: BTreeSet<&'static str>,
    /// What may stop the packet where nobody has looked.
    pub(crate) unlisted: BTreeSet<crate::Unlisted>,
    pub(crate) leg: Leg,
    /// How the first packet left the host for outside.
    pub(crate) left: Option<Left>,
    hops: u32,
}

/// More hops than any packet lives.
const MOST_HOPS: u32 = 64;

impl<'a, 'b> Sim<'a, 'b> {
    pub(crate) fn new(host: &'a Host, branches: &'b mut Branches) -> Self {
        Self {
            host,
            tables: vec![ConnTable::default(); host.namespaces.len()],
            events: Vec::new(),
            branches,
            assumed: BTreeSet::new(),
            unseen: BTreeSet::new(),
            unlisted: BTreeSet::new(),
            leg: Leg::Fwd,
            left: None,
            hops: 0,
        }
    }

    /// Notes that a packet sets out, from a namespace or from outside.
    pub(crate) fn begin(&mut self, leg: Leg, packet: &Packet, namespace: Option<usize>) {
        self.leg = leg;
        self.hops = 0;
        self.events.push(Event::Packet { leg, tuple: packet.tuple.clone(), namespace });
    }

    /// Counts a hop; the fate of a packet that goes round in circles.
    fn hop(&mut self) -> Option<Fate> {
        self.hops += 1;
        (self.hops > MOST_HOPS).then(|| {
            Fate::Lost(Cause::new(Decider::Route, "the packet goes round in circles until its hops are used up", None))
        })
    }
}
