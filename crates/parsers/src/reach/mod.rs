//! Formats of attempts to reach something, by hand or by a script, and of what captures show of them.

mod arping;
mod dial;
mod dns;
mod hops;
mod ping;
mod tcpdump;

use crate::format::Format;

/// Every format of the family, the more specific ones first.
pub(crate) static FORMATS: &[&Format] = &[
    &tcpdump::TCPDUMP,
    &ping::PING,
    &arping::ARPING,
    &hops::TRACEROUTE,
    &hops::MTR,
    &dns::DIG,
    &dns::NSLOOKUP,
    &dial::DIAL,
];
