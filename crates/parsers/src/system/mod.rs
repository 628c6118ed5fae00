//! Formats of the system family.

mod collector;
mod date;
mod df;
mod hostname;
mod os_release;
mod transcript;

use crate::format::Format;

pub(crate) use date::zoned_time;
pub(crate) use transcript::TRANSCRIPT;

/// Every format of the family, the more specific ones first.
pub(crate) static FORMATS: &[&Format] = &[
    &os_release::OS_RELEASE,
    &df::DF,
    &date::DATE,
    &date::TIMEDATECTL,
    &date::TIMEDATECTL_SHOW,
    &date::TIMESYNC,
    &hostname::UNAME,
    &hostname::HOSTNAMECTL,
    &hostname::HOSTNAME,
    &collector::SOS_MANIFEST,
    &collector::RUN_INFO,
    &collector::INDEX,
    &collector::TOOL,
    &collector::SOS_LOG,
    &collector::ERRORS,
    &collector::COMPLAINT,
];
