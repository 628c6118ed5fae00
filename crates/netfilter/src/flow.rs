//! The question: would a new connection from here to there be delivered?

use std::net::IpAddr;

use bundlescope_facts::{Proto, Text};

/// Where a connection starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum From {
    /// A container by name, id (also shortened) or address.
    Container(Text),
    /// A process of the host itself, perhaps bound to one of its addresses.
    Host {
        /// Source address that the process bound.
        bound: Option<IpAddr>,
    },
    /// A machine elsewhere.
    Outside {
        /// Its address.
        address: IpAddr,
        /// Interface by which its packets come; by the route to it where absent.
        input: Option<Text>,
    },
}

/// A new connection, datagram or ping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// Where it starts.
    pub from: From,
    /// TCP, UDP or ICMP echo; SCTP is followed like UDP.
    pub proto: Proto,
    /// Destination address.
    pub to: IpAddr,
    /// Destination port; not used for ICMP.
    pub port: u16,
    /// Source port; a port of the ephemeral range where absent.
    pub sport: Option<u16>,
}
